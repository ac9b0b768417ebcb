//! Codes of the `material` area.

codes! {
    INVALID_NUMBER = "material.invalid_number", Warning,
        "A number of the material is not finite; the default takes its place.",
        "Set the value again in the authoring tool and export the material.";
    EMISSIVE_RANGE = "material.emissive_range", Warning,
        "The emissive colour is beyond 65504, the largest number that the material can hold.",
        "Lower the emissive strength.";
    THICKNESS_RANGE = "material.thickness_range", Warning,
        "The volume below the surface is thicker than 1 m, the most that the material can hold.",
        "Nothing, or choose a unit in which the model is smaller.";
    ALPHA_CUTOFF_RANGE = "material.alpha_cutoff_range", Warning,
        "The alpha cutoff of a masked material is not between 0 and 1 and was limited.",
        "Choose a cutoff between 0 and 1.";
    ORM_POLICY = "material.orm_policy", Error,
        "Metalness and roughness must be packed, but are not in one image with one transform.",
        "Bind one image to both, or let the packing policy be `auto`.";
    GLOSSINESS_TEXTURE = "material.glossiness_texture", Warning,
        "The roughness texture holds glossiness; it is bound as it is, without being inverted.",
        "Invert the texture and export the material with roughness.";
    UV_TRANSFORM_DIFFERS = "material.uv_transform_differs", Warning,
        "Textures of the material have different transforms or sets of coordinates; it can hold one.",
        "Give all textures of the material one transform and one set.";
    TEXTURE_MISSING = "material.texture_missing", Warning,
        "A texture of the material does not exist; the error texture takes its place.",
        "See the diagnostics of the texture for why it was not cooked.";
    NAME_TRUNCATED = "material.name_truncated", Info,
        "The name of the material is longer than the 63 bytes that a descriptor holds and was cut.",
        "Nothing; the path of the asset keeps the whole name.";
    SHADER_STAGES_MISSING = "material.shader_stages_missing", Error,
        "The material has no shader.",
        "Give it at least one shader, or leave the choice to the importer.";
    SHADER_STAGE_COUNT = "material.shader_stage_count", Error,
        "The material has more shaders than there are stages.",
        "Give it at most one shader for each stage.";
    SHADER_STAGE_INVALID = "material.shader_stage_invalid", Error,
        "A shader is for a stage that does not exist.",
        "Use the stages 1 (amplification) to 14 (callable).";
    SHADER_STAGE_DUPLICATE = "material.shader_stage_duplicate", Error,
        "The material has two shaders for one stage.",
        "Remove one of them.";
    SHADER_REF_INVALID = "material.shader_ref_invalid", Error,
        "A shader has no file or no function, or names that cannot be stored.",
        "Name the file by a relative path with `/`, and its function.";
    SHADER_REF_TRUNCATED = "material.shader_ref_truncated", Warning,
        "A path, function or definition of a shader is longer than its field and was cut.",
        "Shorten it: 119 bytes for the path, 31 for the function, 255 for the definitions.";
    SERIALIZE_FAILED = "material.serialize_failed", Error,
        "The descriptor of the material could not be written.",
        "This is a bug: report it with the source file and the message.";
}
