//! Codes of meshes, geometries and names.

codes! {
    MISSING_LODS = "mesh.missing_lods", Error,
        "The mesh has no level of detail.",
        "This is a bug of the importer: report it with the source file.";
    INVALID_LOD_COUNT = "mesh.invalid_lod_count", Error,
        "The mesh has more levels of detail than a geometry can hold.",
        "Remove levels until 8 are left.";
    SETTINGS_INVALID = "mesh.settings_invalid", Error,
        "A geometry setting is out of range.",
        "Change the setting that the message names.";
    PROCEDURAL_UNSUPPORTED = "mesh.procedural_unsupported", Error,
        "A procedural mesh has no vertices to cook.",
        "Convert the mesh to polygons before it is exported.";
    UNSUPPORTED_TYPE = "mesh.unsupported_type", Error,
        "The mesh is of a kind that cannot be cooked.",
        "Convert the mesh to polygons before it is exported.";
    MISSING_POSITIONS = "mesh.missing_positions", Error,
        "The mesh, or a part of it, has no positions.",
        "Export the mesh again; remove empty primitives.";
    MISSING_BUFFERS = "mesh.missing_buffers", Error,
        "The mesh has no triangles, or none that can be drawn.",
        "Remove the mesh, or see the warnings for why its triangles were left out.";
    INVALID_POSITIONS = "mesh.invalid_positions", Warning,
        "Some positions are not finite; the triangles that use them were left out.",
        "Export the mesh again and look for vertices at infinity.";
    INVALID_NORMALS = "mesh.invalid_normals", Warning,
        "Some normals are zero or not finite; the normals of their triangles take their place.",
        "Recalculate the normals before the export, or set `normals_policy` to `recalculate`.";
    INVALID_COLORS = "mesh.invalid_colors", Warning,
        "Some vertex colours are not finite; white takes their place.",
        "Export the mesh again, with finite colours.";
    INVALID_RANGE = "mesh.invalid_range", Error,
        "A run of triangles is empty, is not made of whole triangles, or ends past the indices.",
        "Export the mesh again; triangulate it first.";
    INVALID_INDEX = "mesh.invalid_index", Warning,
        "Some triangles use vertices that do not exist; they were left out.",
        "Export the mesh again.";
    INVALID_INDICES = "mesh.invalid_indices", Error,
        "Indices use vertices that do not exist.",
        "Export the mesh again.";
    NO_FACES = "mesh.no_faces", Error,
        "The mesh has no faces.",
        "Remove the mesh, or give it faces.";
    NO_RANGES = "mesh.no_ranges", Error,
        "The mesh has no face that can be drawn.",
        "Remove the mesh, or give it faces of three corners at least.";
    INVALID_FACE = "mesh.invalid_face", Warning,
        "Faces with fewer than three corners were left out.",
        "Remove loose points and edges before the export.";
    TRIANGULATE_FAILED = "mesh.triangulate_failed", Warning,
        "A polygon could not be cut into triangles and was left out.",
        "Triangulate the mesh before the export.";
    FACE_MATERIAL_MISSING = "mesh.face_material_missing", Warning,
        "Faces have no material; the default material is used.",
        "Assign a material to every face.";
    MATERIAL_SLOT_OOB = "mesh.material_slot_oob", Warning,
        "Triangles use a material that does not exist; the default material is used.",
        "Export the mesh again with its materials.";
    EMPTY_PRIMITIVES = "mesh.empty_primitives", Warning,
        "The mesh has no primitive that can be drawn and was left out.",
        "Remove the mesh, or give it triangles.";
    MISSING_UVS = "mesh.missing_uvs", Warning,
        "Triangles with a textured material have no texture coordinates.",
        "Unwrap the mesh, or remove the textures of its material.";
    INVALID_UVS = "mesh.invalid_uvs", Warning,
        "Some texture coordinates are not finite; 0 takes their place.",
        "Unwrap the mesh again.";
    UV_RANGE_SUSPICIOUS = "mesh.uv_range_suspicious", Warning,
        "Some texture coordinates are very large, beyond what textures can be sampled with accurately.",
        "Move the texture coordinates closer to the origin.";
    UV_SETS = "mesh.uv_sets", Warning,
        "The mesh has several sets of texture coordinates; vertices hold one.",
        "Keep the one set that the materials use.";
    UV_SET_CONFLICT = "mesh.uv_set_conflict", Warning,
        "The textures of a material use different sets of texture coordinates; vertices hold one.",
        "Let all textures of a material use one set.";
    UV_SET_MISSING = "mesh.uv_set_missing", Warning,
        "A material uses a set of texture coordinates that the mesh does not have.",
        "Export the mesh with that set, or let the material use another.";
    UV_SET_SELECTED = "mesh.uv_set_selected", Warning,
        "One of several sets of texture coordinates was selected.",
        "Nothing, if it is the right one; else keep the right one only.";
    NORMALS_MISMATCH = "mesh.normals.mismatch", Warning,
        "There are more or fewer normals than positions; they were left out.",
        "Export the mesh again.";
    TEXCOORDS_MISMATCH = "mesh.texcoords.mismatch", Warning,
        "There are more or fewer texture coordinates than positions; they were left out.",
        "Export the mesh again.";
    TANGENTS_MISMATCH = "mesh.tangents.mismatch", Warning,
        "There are more or fewer tangents than positions; they were left out.",
        "Export the mesh again.";
    COLORS_MISMATCH = "mesh.colors.mismatch", Warning,
        "There are more or fewer vertex colours than positions; they were left out.",
        "Export the mesh again.";
    SKINNING_MISMATCH = "mesh.skinning.mismatch", Warning,
        "There are more or fewer joints and weights than positions, or none where others have them.",
        "Bind all vertices of the mesh to the skeleton and export it again.";
    SKINNING_TRIMMED = "mesh.skinning.trimmed", Warning,
        "Some vertices follow more than four joints; the four strongest were kept.",
        "Limit the influences to four before the export, to choose which ones stay.";
    SKINNING_BUFFERS = "mesh.skinning_buffers", Error,
        "The skinning data of the mesh contradict each other.",
        "Bind the mesh to its skeleton again.";
    SKINNING_BUFFERS_MISMATCH = "mesh.skinning_buffers_mismatch", Error,
        "The mesh uses joints that its skin does not have.",
        "Bind the mesh to its skeleton again.";
    MISSING_SKINNING = "mesh.missing_skinning", Error,
        "A skinned mesh has no joints and weights.",
        "Bind the mesh to its skeleton again, or export it without the skin.";
    MISSING_INVERSE_BIND = "mesh.missing_inverse_bind", Error,
        "A skinned mesh has no inverse bind matrices.",
        "Export the skin with its bind pose.";
    MISSING_JOINT_REMAP = "mesh.missing_joint_remap", Error,
        "A skinned mesh does not say which joints of the skeleton it uses.",
        "This is a bug of the importer: report it with the source file.";
    MISSING_TANGENT_PREREQ = "mesh.missing_tangent_prereq", Warning,
        "Tangents need normals and texture coordinates; without them there are none.",
        "Unwrap the mesh, or set `tangents_policy` to `none` if it has no normal map.";
    COUNT_OVERFLOW = "mesh.count_overflow", Error,
        "The mesh has more vertices, indices or joints than the format can count.",
        "Split the mesh.";
    BUFFER_TOO_LARGE = "mesh.buffer_too_large", Error,
        "A buffer of the mesh is larger than allowed.",
        "Split the mesh, or raise `max_buffer_bytes`.";
    AUX_BUFFER_COUNT = "mesh.aux_buffer_count", Error,
        "A mesh has a number of skinning buffers other than none or four.",
        "This is a bug of the importer: report it with the source file.";
    LOD_GENERATED = "mesh.lod_generated", Info,
        "A level of detail was generated by simplification.",
        "Nothing; lower `lod_max_error` if it looks too different.";
    LOD_STOPPED = "mesh.lod_stopped", Info,
        "Fewer levels of detail than asked for: the mesh cannot be simplified further within the error.",
        "Nothing, or raise `lod_max_error`.";
    BAKE_SKIPPED = "mesh.bake_skipped", Info,
        "The transform of a node could not be moved into the vertices of its mesh and stays on the node.",
        "Nothing, or apply the transform before the export.";
    MIRRORED_COPY = "mesh.mirrored_copy", Info,
        "A mesh is shown by mirrored nodes and by others; its triangles are stored for both.",
        "Nothing, or apply the mirroring before the export to save the second copy.";
    NAME_TRUNCATED = "mesh.name_truncated", Warning,
        "The name of the mesh is longer than the 63 bytes that a descriptor holds and was cut.",
        "Use a shorter name; the path of the asset keeps the whole one.";
    LOD_NAME_TRUNCATED = "mesh.lod_name_truncated", Warning,
        "The name of a level of detail is longer than 63 bytes and was cut.",
        "Use a shorter name.";
    SERIALIZE_FAILED = "mesh.serialize_failed", Error,
        "The descriptor of the geometry could not be written.",
        "This is a bug: report it with the source file and the message.";
    FINALIZE_FAILED = "mesh.finalize_failed", Error,
        "The descriptor of the geometry does not fit its buffers or materials.",
        "This is a bug: report it with the source file and the message.";
    NAME_MADE_VALID = "naming.made_valid", Info,
        "A name would make an invalid path and was changed.",
        "Nothing, or use a name without slashes, backslashes, colons and control characters.";
}
