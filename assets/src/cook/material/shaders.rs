//! Shader references: those that were asked for, or those of the engine's forward pass.

use super::{MaterialError, Notes};
use crate::{
    diagnostic::codes::material as codes,
    format::{
        material::{MaterialFlags, ShaderReference, ShaderStage},
        name::FixedName,
        path::RelativePath,
    },
};

/// A shader that a material is to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShaderRequest<'a> {
    /// The number of the stage: 1 to 14, see [`ShaderStage`].
    pub stage: u8,
    /// The source file: a relative path with `/`.
    pub source_path: &'a str,
    /// The function.
    pub entry_point: &'a str,
    /// Preprocessor text such as `ALPHA_TEST=1`.
    pub defines: &'a str,
    /// The hash of the shader; 0 when it is not known.
    pub hash: u64,
}

/// The most shaders that are looked at: the stages have 32 bits.
const MAX_SHADERS: usize = 32;

/// The references, in the order of their stages.
pub(super) fn references(
    requests: Option<&[ShaderRequest<'_>]>,
    flags: MaterialFlags,
    notes: &mut Notes<'_>,
) -> Result<Vec<ShaderReference>, MaterialError> {
    let defaults;
    let requests = match requests {
        Some(requests) => requests,
        None => {
            defaults = forward_pass(flags);
            &defaults
        }
    };
    match requests.len() {
        0 => return Err(MaterialError::NoShaders),
        1..=MAX_SHADERS => {}
        count => return Err(MaterialError::TooManyShaders(count)),
    }
    let mut references = requests
        .iter()
        .map(|request| reference(request, notes))
        .collect::<Result<Vec<_>, _>>()?;
    references.sort_by_key(|reference| reference.stage);
    for pair in references.windows(2) {
        if pair[0].stage == pair[1].stage {
            return Err(MaterialError::DuplicateStage(pair[0].stage.id()));
        }
    }
    Ok(references)
}

fn forward_pass(flags: MaterialFlags) -> [ShaderRequest<'static>; 2] {
    let is_tested = flags.contains(MaterialFlags::ALPHA_TEST);
    [
        ShaderRequest {
            stage: ShaderStage::Vertex.id(),
            source_path: "Passes/Forward/ForwardMesh_VS.hlsl",
            entry_point: "VS",
            defines: "",
            hash: 0,
        },
        ShaderRequest {
            stage: ShaderStage::Pixel.id(),
            source_path: "Passes/Forward/ForwardMesh_PS.hlsl",
            entry_point: "PS",
            defines: if is_tested { "ALPHA_TEST=1" } else { "" },
            hash: 0,
        },
    ]
}

fn reference(
    request: &ShaderRequest<'_>,
    notes: &mut Notes<'_>,
) -> Result<ShaderReference, MaterialError> {
    let stage =
        ShaderStage::from_id(request.stage).ok_or(MaterialError::ShaderStage(request.stage))?;
    let error = |reason: String| MaterialError::ShaderReference {
        stage: request.stage,
        path: request.source_path.to_owned(),
        entry: request.entry_point.to_owned(),
        reason,
    };
    RelativePath::new(request.source_path).map_err(|reason| error(reason.to_string()))?;
    if request.entry_point.is_empty() {
        return Err(error("a function must not be empty".to_owned()));
    }
    if request.entry_point.contains('\0') || request.defines.contains('\0') {
        return Err(error("a NUL cannot be stored".to_owned()));
    }
    Ok(ShaderReference {
        stage,
        source_path: field("source path", request.source_path, stage, notes),
        entry_point: field("entry point", request.entry_point, stage, notes),
        defines: field("defines", request.defines, stage, notes),
        hash: request.hash,
    })
}

fn field<const N: usize>(
    what: &str,
    text: &str,
    stage: ShaderStage,
    notes: &mut Notes<'_>,
) -> FixedName<N> {
    if !FixedName::<N>::fits(text) {
        let message = format!(
            "the {what} of stage {} has {} bytes, more than {}",
            stage.id(),
            text.len(),
            N - 1
        );
        notes.note(codes::SHADER_REF_TRUNCATED, message);
    }
    FixedName::cut(text)
}
