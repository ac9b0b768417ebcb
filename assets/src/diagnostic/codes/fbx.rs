//! Codes of FBX files.

codes! {
    PARSE_FAILED = "fbx.parse_failed", Error,
        "The file is not FBX, is cut off, or cannot be parsed.",
        "Export the file again, as FBX 2014 or later.";
    LIMIT_EXCEEDED = "fbx.limit_exceeded", Error,
        "The file asks for more memory, or has deeper hierarchies, than the limits allow.",
        "Split the scene, or raise `fbx_limits` in the settings if the file can be trusted.";
    INVALID_CUSTOM_UNIT_SCALE = "fbx.invalid_custom_unit_scale", Error,
        "The factor of the custom unit policy is no factor.",
        "Set `unit_scale` to a number above 0.";
    SPACE = "fbx.space", Info,
        "Axes and unit of the file were converted to those of the engine.",
        "Nothing; if the scene comes out turned or scaled, correct axes and unit in the export.";
    AXIS_UNKNOWN = "fbx.axis_unknown", Warning,
        "The file does not say completely which way its axes point; the usual ones were assumed.",
        "Export the file again with a program that writes its axes.";
    UNIT_UNKNOWN = "fbx.unit_unknown", Warning,
        "The unit of the file is no length; centimetres were assumed.",
        "Export the file again with a valid unit, or set `unit_policy` to `custom`.";
    PARSER_WARNING = "fbx.parser_warning", Warning,
        "The parser found something wrong in the file and went on.",
        "Export the file again, with the newest version of the exporter.";
    ANIMATIONS_IGNORED = "fbx.animations_ignored", Info,
        "The file has animations; nothing is made of them.",
        "Nothing has to be done.";
    BLEND_SHAPES_IGNORED = "fbx.blend_shapes_ignored", Info,
        "The file has blend shapes; meshes have their basic shape.",
        "Nothing, or apply the shapes before the export.";
    NON_MESH_GEOMETRY = "fbx.non_mesh_geometry", Warning,
        "Geometry that is not made of polygons was left out.",
        "Convert it to polygons before the export.";
    NON_MESH_REFUSED = "fbx.non_mesh_refused", Error,
        "The file has geometry that is not made of polygons, which the settings forbid.",
        "Convert it to polygons, or set `ignore_non_mesh_primitives`.";
    COLOR_SETS = "fbx.color_sets", Warning,
        "The mesh has several sets of vertex colours; vertices hold one.",
        "Keep the one set that is needed.";
    SKINS = "fbx.skins", Warning,
        "The mesh has several skins; vertices follow one.",
        "Merge the skins before the export.";
    SKIN_METHOD = "fbx.skin_method", Info,
        "The skin blends dual quaternions; the engine blends matrices.",
        "Nothing, or use classic linear skinning to see the same in the modelling program.";
    SKIN_UNWEIGHTED = "fbx.skin_unweighted", Warning,
        "Some vertices of a skinned mesh follow no joint; they follow the first one.",
        "Bind all vertices of the mesh to the skeleton.";
    LOD_LEVELS_DROPPED = "fbx.lod_levels_dropped", Warning,
        "The group has more levels of detail than a geometry can hold; the last were left out.",
        "Remove levels until 8 are left.";
    LOD_GROUP_UNSUPPORTED = "fbx.lod_group_unsupported", Warning,
        "The levels of detail cannot become one mesh; only the first was kept.",
        "Skin all levels or none, and do not scale them to nothing.";
    LIGHT_UNSUPPORTED_TYPE = "fbx.light.unsupported_type", Warning,
        "The engine does not have lights of this shape; it becomes a point light.",
        "Use point, spot or directional lights.";
    OPACITY_TEXTURE_IGNORED = "fbx.material.opacity_texture", Warning,
        "The opacity is in an image of its own, which a material cannot hold.",
        "Put the opacity into the alpha channel of the base colour's image.";
    BUMP_MAP_IGNORED = "fbx.material.bump_map", Warning,
        "The material has a map of heights instead of a normal map; it was left out.",
        "Convert it to a normal map; if it is one, end its name with `_normal`.";
    TEXTURE_PATH_MISSING = "fbx.texture.path_missing", Warning,
        "A texture neither names a file nor embeds one; its slot stays empty.",
        "Assign a file to the texture, or embed media in the export.";
    TEXTURE_NOT_FOUND = "fbx.texture.not_found", Warning,
        "The file of a texture is in none of the places where it was looked for.",
        "Put the file beside the FBX file or into a folder `textures` there, or embed media.";
    TEXTURE_LAYERS = "fbx.texture.layers", Warning,
        "A texture is made of layers; only the first one is used.",
        "Bake the layers into one image.";
    TEXTURE_TRANSFORM = "fbx.texture.transform", Warning,
        "The transform of a texture cannot be stored exactly.",
        "Apply the transform to the texture coordinates of the mesh.";
}
