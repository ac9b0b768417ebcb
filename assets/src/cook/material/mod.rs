//! The material cooker: from authored values and cooked textures to a material descriptor.

mod error;
mod numbers;
mod shaders;
#[cfg(test)]
mod tests;
mod textures;

pub use error::MaterialError;
pub use shaders::ShaderRequest;

use super::{
    asset::{AssetIdentity, CookedAsset},
    notes::Notes,
};
use crate::{
    diagnostic::{Diagnostic, codes::material as codes},
    format::{
        asset_header::{AssetHeader, AssetName},
        ids::TextureIndex,
        material::{MaterialDescriptor, MaterialDomain, MaterialFlags, MaterialParts},
    },
    source::scene::{AlphaMode, MaterialDomain as Purpose, MaterialSource, TextureSlot},
};

/// What is to be cooked, besides the material itself.
#[derive(Clone, Copy, Debug)]
pub struct MaterialRequest<'a> {
    /// Who the material is.
    pub identity: &'a AssetIdentity,
    /// Names the source of diagnostics.
    pub source_id: &'a str,
    /// Its shaders, in any order; `None` for those of the engine's forward pass.
    pub shaders: Option<&'a [ShaderRequest<'a>]>,
    /// Whether hashes are stored.
    pub content_hashing: bool,
}

/// Cooks a material. `texture` gives the index of the texture of a slot; it is asked for filled slots
/// only.
///
/// # Errors
/// The warnings so far, and the first error as the last entry.
pub fn cook_material(
    material: &MaterialSource,
    request: &MaterialRequest<'_>,
    texture: &dyn Fn(TextureSlot) -> TextureIndex,
) -> Result<CookedAsset, Vec<Diagnostic>> {
    let mut notes = Notes {
        source: request.source_id,
        object: request.identity.name(),
        list: Vec::new(),
    };
    match describe(material, request, texture, &mut notes) {
        Ok(descriptor) => Ok(CookedAsset::sealed(
            request.identity,
            descriptor.to_bytes(),
            request.content_hashing,
            notes.list,
        )),
        Err(error) => {
            notes.note(error.code(), error.to_string());
            Err(notes.list)
        }
    }
}

fn describe(
    material: &MaterialSource,
    request: &MaterialRequest<'_>,
    texture: &dyn Fn(TextureSlot) -> TextureIndex,
    notes: &mut Notes<'_>,
) -> Result<MaterialDescriptor, MaterialError> {
    let name = request.identity.name();
    if !AssetName::fits(name) {
        let message = format!("`{name}` has {} bytes, more than 63", name.len());
        notes.note(codes::NAME_TRUNCATED, message);
    }
    if material.roughness_as_glossiness && material.textures.get(TextureSlot::Roughness).is_some() {
        let message = "the `roughness` slot holds glossiness";
        notes.note(codes::GLOSSINESS_TEXTURE, message);
    }
    let is_packed = textures::is_packed(material)?;
    let flags = flags(material, is_packed);
    let mut values = numbers::values(material, notes);
    textures::bind(material, is_packed, texture, &mut values);
    textures::transform(material, &mut values, notes);
    let shaders = shaders::references(request.shaders, flags, notes)?;
    Ok(MaterialDescriptor::new(MaterialParts {
        header: AssetHeader::new(name),
        domain: domain(material),
        flags,
        values,
        shaders,
    })?)
}

fn flags(material: &MaterialSource, is_packed: bool) -> MaterialFlags {
    [
        (!material.textures.any(), MaterialFlags::NO_TEXTURE_SAMPLING),
        (material.double_sided, MaterialFlags::DOUBLE_SIDED),
        (
            material.alpha_mode == AlphaMode::Masked,
            MaterialFlags::ALPHA_TEST,
        ),
        (material.unlit, MaterialFlags::UNLIT),
        (is_packed, MaterialFlags::ORM_PACKED),
    ]
    .into_iter()
    .filter(|(is_set, _)| *is_set)
    .fold(MaterialFlags::NONE, |flags, (_, flag)| flags.with(flag))
}

/// Alpha turns a surface into another kind of surface; decals and the like stay what they are.
fn domain(material: &MaterialSource) -> MaterialDomain {
    match (material.domain, material.alpha_mode) {
        (Purpose::Opaque, AlphaMode::Opaque) => MaterialDomain::Opaque,
        (Purpose::Opaque, AlphaMode::Masked) => MaterialDomain::Masked,
        (Purpose::Opaque, AlphaMode::Blended) => MaterialDomain::AlphaBlended,
        (Purpose::Decal, _) => MaterialDomain::Decal,
        (Purpose::UserInterface, _) => MaterialDomain::UserInterface,
        (Purpose::PostProcess, _) => MaterialDomain::PostProcess,
    }
}
