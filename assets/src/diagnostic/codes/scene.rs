//! Codes of the `scene` area.

codes! {
    TRANSFORM_SANITIZED = "scene.transform_sanitized", Warning,
        "The transform of a node is not finite or not affine; what can be stored takes its place.",
        "Reset the transform of the node in the authoring tool.";
    TRANSFORM_SHEARED = "scene.transform_sheared", Warning,
        "The transform of a node is sheared; nodes hold translation, rotation and scale only.",
        "Do not rotate below unequal scales, or apply the scale to the mesh before the export.";
    PRUNING_SINGULAR = "scene.pruning.singular", Warning,
        "A node was moved up to a parent whose transform in the world has no inverse.",
        "Check the scale of the parent: one of its factors is 0.";
    GEOMETRY_KEY_MISSING = "scene.geometry_key_missing", Error,
        "A node shows a mesh whose geometry does not exist.",
        "See the diagnostics of the mesh for why it was not cooked.";
    CAMERA_ADJUSTED = "scene.camera.adjusted", Warning,
        "A camera cannot project with its values; the nearest that can takes their place.",
        "Set the clipping planes and the angle of view of the camera again.";
    LIGHT_ADJUSTED = "scene.light.adjusted", Warning,
        "A light has values that lights cannot have; the nearest that they can takes their place.",
        "Set colour, intensity, range and angles of the light again.";
    ENVIRONMENT_RECORD_TOO_SMALL = "scene.environment.record_too_small", Error,
        "A record of the environment is shorter than its header.",
        "Give the whole record, with its header of system and size.";
    ENVIRONMENT_RECORD_SIZE_INVALID = "scene.environment.record_size_invalid", Error,
        "The size in the header of an environment record cannot be right.",
        "Write the size of the whole record into its header.";
    ENVIRONMENT_RECORD_SIZE_MISMATCH = "scene.environment.record_size_mismatch", Error,
        "A record of the environment is shorter than its header says.",
        "Give the whole record.";
    ENVIRONMENT_RECORD_INVALID = "scene.environment.record_invalid", Error,
        "A field of an environment record has a value that it cannot have.",
        "Correct the field that the message names.";
    NAME_TRUNCATED = "scene.name_truncated", Info,
        "The name of the scene is longer than the 63 bytes that a descriptor holds and was cut.",
        "Nothing; the path of the asset keeps the whole name.";
    SERIALIZE_FAILED = "scene.serialize_failed", Error,
        "The descriptor of the scene could not be written.",
        "Split the scene, if it is very large; else this is a bug: report it with the source file.";
}
