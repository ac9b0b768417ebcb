//! Texture slots: packing, indices, and the one transform of texture coordinates.

use super::{MaterialError, Notes, numbers::Numbers};
use crate::{
    diagnostic::codes::material as codes,
    format::{ids::TextureIndex, material::MaterialValues},
    source::scene::{
        MaterialSource, OrmPolicy, TextureBinding, TextureRole, TextureSlot, UvTransform,
    },
};

/// Whether metalness and roughness are taken from one texture.
pub(super) fn is_packed(material: &MaterialSource) -> Result<bool, MaterialError> {
    match (material.orm_policy, obstacle(material)) {
        (OrmPolicy::ForceSeparate, _) => Ok(false),
        (OrmPolicy::Auto, obstacle) => Ok(obstacle.is_none()),
        (OrmPolicy::ForcePacked, None) => Ok(true),
        (OrmPolicy::ForcePacked, Some(obstacle)) => Err(MaterialError::NotPacked(obstacle)),
    }
}

/// Why metalness and roughness cannot be taken from one texture. Occlusion does not matter.
fn obstacle(material: &MaterialSource) -> Option<&'static str> {
    let slot = |slot| material.textures.get(slot);
    let Some(metallic) = slot(TextureSlot::Metallic) else {
        return Some("metalness has no texture");
    };
    let Some(roughness) = slot(TextureSlot::Roughness) else {
        return Some("roughness has no texture");
    };
    let holds_both = |binding: &TextureBinding| {
        matches!(
            binding.role,
            TextureRole::MetallicRoughness | TextureRole::OcclusionRoughnessMetallic
        )
    };
    if metallic.image != roughness.image {
        Some("they have two images")
    } else if metallic.role != roughness.role || !holds_both(metallic) {
        Some("their image is not cooked for both")
    } else if metallic.uv_set != roughness.uv_set {
        Some("they have two sets of texture coordinates")
    } else if metallic.transform != roughness.transform {
        Some("they have two transforms of texture coordinates")
    } else {
        None
    }
}

/// Fills in the indices of textures.
pub(super) fn bind(
    material: &MaterialSource,
    is_packed: bool,
    texture: &dyn Fn(TextureSlot) -> TextureIndex,
    values: &mut MaterialValues,
) {
    let packed = material
        .textures
        .get(TextureSlot::Metallic)
        .filter(|_| is_packed)
        .map(|metallic| (metallic.image, texture(TextureSlot::Metallic)));
    for (slot, binding) in material.textures.assigned() {
        values.textures[slot as usize] = match (slot, packed) {
            (TextureSlot::Metallic | TextureSlot::Roughness, Some((_, index))) => index,
            // Occlusion is in the packed image only if the material says that it is.
            (TextureSlot::AmbientOcclusion, Some((image, index))) if image == binding.image => {
                index
            }
            _ => texture(slot),
        };
    }
}

/// Fills in the transform and the set of the first filled slot, which are those of all slots.
pub(super) fn transform(
    material: &MaterialSource,
    values: &mut MaterialValues,
    notes: &mut Notes<'_>,
) {
    let mut numbers = Numbers { notes };
    let mut first: Option<(TextureSlot, Placement)> = None;
    let mut others = Vec::new();
    for (slot, binding) in material.textures.assigned() {
        let placement = Placement::of(slot, binding, &mut numbers);
        match first {
            None => first = Some((slot, placement)),
            Some((_, stored)) if stored != placement => others.push(slot.name()),
            Some(_) => {}
        }
    }
    let Some((slot, Placement { uv_set, transform })) = first else {
        return;
    };
    values.uv_set = uv_set;
    values.uv_scale = transform.scale;
    values.uv_rotation = transform.rotation;
    values.uv_offset = transform.offset;
    if !others.is_empty() {
        let message = format!(
            "all slots get the transform and the set {uv_set} of `{}`; others are authored for `{}`",
            slot.name(),
            others.join("`, `")
        );
        notes.note(codes::UV_TRANSFORM_DIFFERS, message);
    }
}

/// Which texture coordinates a slot uses, and how.
#[derive(Clone, Copy, PartialEq)]
struct Placement {
    uv_set: u8,
    transform: UvTransform,
}

impl Placement {
    fn of(slot: TextureSlot, binding: &TextureBinding, numbers: &mut Numbers<'_, '_>) -> Self {
        let UvTransform {
            scale: [scale_x, scale_y],
            rotation,
            offset: [offset_x, offset_y],
        } = binding.transform;
        let what = format!("uv_transform of {}", slot.name());
        let values = [scale_x, scale_y, rotation, offset_x, offset_y];
        let identity = [1.0, 1.0, 0.0, 0.0, 0.0];
        let [scale_x, scale_y, rotation, offset_x, offset_y] =
            numbers.all_finite(&what, values, identity);
        Self {
            uv_set: binding.uv_set,
            transform: UvTransform {
                scale: [scale_x, scale_y],
                rotation,
                offset: [offset_x, offset_y],
            },
        }
    }
}
