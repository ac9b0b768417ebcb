//! Codes of the glTF adapter.

codes! {
    PARSE_FAILED = "gltf.parse_failed", Error,
        "The file is damaged, or is no glTF.",
        "Export the file again; the message says where it is damaged.";
    READ_FAILED = "gltf.read_failed", Error,
        "A file that the source refers to could not be read.",
        "Put the file beside the source, or allow its folder; see the message for its path.";
    UNSUPPORTED_VERSION = "gltf.unsupported_version", Error,
        "The file is of a version of glTF other than 2.0.",
        "Export the file as glTF 2.0.";
    LIMIT_EXCEEDED = "gltf.limit_exceeded", Error,
        "The file asks for more memory than is reasonable.",
        "Split the file, or raise the limit that the message names if the file is trusted.";
    EXTENSION_REQUIRED = "gltf.extension.required", Error,
        "The file requires an extension that is not supported.",
        "Export the file without the extension.";
    EXTENSION_IGNORED = "gltf.extension.ignored", Info,
        "The file uses an extension that is not supported; what it says is left out.",
        "Nothing, if the result looks right; else export the file without the extension.";
    DANGLING_REFERENCE = "gltf.dangling_reference", Error,
        "The file refers to an object that does not exist.",
        "Export the file again.";
    NODE_HIERARCHY = "gltf.node.hierarchy", Error,
        "The nodes are no tree: one has several parents, or is below itself.",
        "Export the file again.";
    BUFFER_URI = "gltf.buffer.uri", Error,
        "A buffer has a URI that is not read: an absolute path, a URL, or none at all.",
        "Export the file with relative paths, or as `.glb`.";
    BUFFER_DATA_URI = "gltf.buffer.data_uri", Error,
        "The embedded data of a buffer is not base64.",
        "Export the file again.";
    BUFFER_TOO_SHORT = "gltf.buffer.too_short", Error,
        "A buffer has less data than it says.",
        "Export the file again; its `.bin` file may belong to another version of it.";
    BUFFER_NO_DATA = "gltf.buffer.no_data", Error,
        "Data is taken from a buffer that has none.",
        "Export the file again.";
    BUFFER_VIEW = "gltf.buffer_view", Error,
        "A part of a buffer is not inside of it.",
        "Export the file again.";
    MESHOPT = "gltf.meshopt", Error,
        "Data that was compressed with meshoptimizer is damaged.",
        "Compress the file again.";
    DRACO = "gltf.draco", Error,
        "Data that was compressed with Draco is damaged.",
        "Compress the file again.";
    ACCESSOR = "gltf.accessor", Error,
        "Vertices, indices or matrices are not inside of their buffer, or are of the wrong type.",
        "Export the file again.";
    PRIMITIVE_TYPE = "gltf.primitive.type", Error,
        "A primitive is not made of triangles.",
        "Remove points and lines from the mesh, or set `ignore_non_mesh_primitives`.";
    PRIMITIVE_SKIPPED = "gltf.primitive.skipped", Info,
        "Points and lines are skipped.",
        "Nothing; set `ignore_non_mesh_primitives` to false to make them an error.";
    MISSING_INDICES = "gltf.missing_indices", Warning,
        "A primitive has no indices; its vertices are taken in their order.",
        "Nothing, or export the mesh with indices to share vertices.";
    MORPH_TARGETS_IGNORED = "gltf.morph_targets_ignored", Info,
        "Morph targets are ignored; the mesh has its base shape.",
        "Apply the shape that is wanted before the export.";
    ANIMATIONS_IGNORED = "gltf.animations_ignored", Info,
        "Animations are ignored.",
        "Nothing; nodes and joints are as the file places them.";
    SKIN_UNUSED = "gltf.skin_unused", Warning,
        "A mesh has joints and weights but no skin, or a skin but no joints and weights: it is not skinned.",
        "Bind the mesh to its skeleton again, or remove the skin.";
    LOD_SKIPPED = "gltf.lod_skipped", Warning,
        "A level of detail could not be kept.",
        "Give each level a mesh of its own, on a node without children.";
    SCENES_IGNORED = "gltf.scenes_ignored", Info,
        "The file has several scenes; one of them is imported.",
        "Make the scene that is wanted the default one, or export it alone.";
    NODES_UNUSED = "gltf.nodes_unused", Info,
        "Some nodes are not part of the scene that is imported.",
        "Nothing, or add the nodes to the scene.";
    CAMERA_INVALID = "gltf.camera", Warning,
        "A camera has no projection and was left out.",
        "Export the camera again.";
    LIGHT_INVALID = "gltf.light", Warning,
        "A light is of an unknown type and was left out.",
        "Export the light as a point, spot or directional light.";
    MATERIAL_INVALID = "gltf.material", Warning,
        "A part of a material makes no sense and was left out.",
        "Export the material again.";
    MATERIAL_APPROXIMATED = "gltf.material.approximated", Info,
        "A material is described by specular and glossiness, which are turned into metalness and roughness.",
        "Nothing, or convert the material to metalness and roughness before the export.";
    MATERIAL_TEXTURE_UNUSED = "gltf.material.texture_unused", Info,
        "A material has textures that there is no slot for.",
        "Nothing, or bake the textures into others.";
    IMAGE_MISSING = "gltf.image.missing", Warning,
        "A texture has no image.",
        "Export the file with its images.";
    IMAGE_MISSING_URI = "gltf.image.missing_uri", Warning,
        "An image has neither data nor a URI.",
        "Export the file with its images.";
    IMAGE_URI = "gltf.image.uri", Warning,
        "An image has a URI that is not read: an absolute path or a URL.",
        "Export the file with relative paths, or as `.glb`.";
    IMAGE_DATA_URI = "gltf.image.data_uri", Warning,
        "The embedded data of an image is not base64.",
        "Export the file again.";
    IMAGE_FORMAT = "gltf.image.format", Warning,
        "A texture has its image in a format that is not read only.",
        "Export the file with PNG, JPEG or WebP images.";
}
