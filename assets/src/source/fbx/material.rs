//! Materials: physically based ones as they are, classic ones as far as they mean something.

use super::{
    document::Document,
    images::Images,
    maps::{color, number, opacity, opacity_texture, single_number, texture},
};
use crate::{
    diagnostic::{Code, codes::fbx as codes},
    settings::texture::TexturePreset,
    source::scene::{AlphaMode, ImageId, MaterialSource, TextureBinding, TextureRole, TextureSlot},
};
use ufbx::{Material, ShaderType, Texture};

/// The name of the material of a file that has none.
const DEFAULT_NAME: &str = "M_Default";

/// All materials of a file, in its order. A file with meshes and without materials gets one.
pub(super) fn materials(document: &Document, images: &mut Images) -> Vec<MaterialSource> {
    let scene = &document.scene;
    if scene.materials.is_empty() && !scene.meshes.is_empty() {
        return vec![MaterialSource {
            name: DEFAULT_NAME.to_owned(),
            ..MaterialSource::default()
        }];
    }
    let materials = (&scene.materials).into_iter().enumerate();
    materials
        .map(|(index, material)| {
            let object = format!("materials[{index}] {}", material.element.name);
            let mut reader = MaterialReader {
                document,
                images,
                material,
                object,
                result: values(document, material),
            };
            reader.bind_textures();
            reader.result
        })
        .collect()
}

/// Everything but the textures.
fn values(document: &Document, material: &Material) -> MaterialSource {
    let (fbx, pbr, features) = (&material.fbx, &material.pbr, &material.features);
    let default = MaterialSource::default();
    let unit = |value: f32| value.clamp(0.0, 1.0);

    let (base, base_alpha) = match color(&pbr.base_color) {
        Some(base) => (base, unit(pbr.base_color.value_vec4.w as f32)),
        None => (color(&fbx.diffuse_color).unwrap_or([1.0; 3]), 1.0),
    };
    let base = visible_through(
        base,
        texture(&pbr.base_color).or(texture(&fbx.diffuse_color)),
    );
    let base_factor = number(&pbr.base_factor).or(number(&fbx.diffuse_factor));
    let base_factor = unit(base_factor.unwrap_or(1.0));
    let [r, g, b] = base.map(|x| unit(x * base_factor));

    // Below 1 by a rounding error is opaque.
    let opacity = opacity(material);
    let is_transparent = opacity < 1.0 - 1e-4;
    let (alpha_mode, alpha) = if is_transparent {
        (AlphaMode::Blended, unit(base_alpha * opacity))
    } else {
        (AlphaMode::Opaque, unit(base_alpha * base_factor))
    };

    let is_glossy = features.roughness_as_glossiness.enabled;
    let roughness = if is_glossy {
        number(&pbr.glossiness)
    } else {
        number(&pbr.roughness)
    };

    let emission = color(&pbr.emission_color).or(color(&fbx.emission_color));
    let emission_texture = texture(&pbr.emission_color).or(texture(&fbx.emission_color));
    let emission = visible_through(emission.unwrap_or([0.0; 3]), emission_texture);
    let emission_factor = number(&pbr.emission_factor).or(number(&fbx.emission_factor));
    let emissive = emission.map(|x| x * emission_factor.unwrap_or(1.0));

    let is_physical = features.pbr.enabled;
    let weighted = |enabled: bool, value: Option<f32>| match enabled && is_physical {
        true => unit(value.unwrap_or(0.0)),
        false => 0.0,
    };
    let sheen = weighted(
        features.sheen.enabled,
        number(&pbr.sheen_factor).or_else(|| color(&pbr.sheen_color).map(|_| 1.0)),
    );
    let transmission = weighted(
        features.transmission.enabled,
        number(&pbr.transmission_factor),
    );
    let depth = number(&pbr.transmission_depth).filter(|depth| *depth > 0.0 && transmission > 0.0);
    let ior = number(&pbr.specular_ior).filter(|_| features.ior.enabled && is_physical);
    MaterialSource {
        name: material.element.name.as_ref().to_owned(),
        alpha_mode,
        double_sided: features.double_sided.enabled,
        unlit: features.unlit.enabled,
        base_color: [r, g, b, alpha],
        metalness: number(&pbr.metalness).map_or(default.metalness, unit),
        roughness: roughness.map_or(default.roughness, unit),
        roughness_as_glossiness: is_glossy,
        ambient_occlusion: number(&pbr.ambient_occlusion).map_or(default.ambient_occlusion, unit),
        emissive,
        ior: ior.map_or(default.ior, |ior| ior.max(1.0)),
        specular: specular(material),
        sheen_color: color(&pbr.sheen_color)
            .unwrap_or([1.0; 3])
            .map(|x| unit(x * sheen)),
        clearcoat: weighted(features.coat.enabled, number(&pbr.coat_factor)),
        clearcoat_roughness: weighted(features.coat.enabled, coat_roughness(material)),
        transmission,
        attenuation_color: match (depth, color(&pbr.transmission_color)) {
            (Some(_), Some(color)) => color.map(unit),
            _ => default.attenuation_color,
        },
        attenuation_distance: depth.map_or(default.attenuation_distance, |depth| {
            document.space.length(f64::from(depth)) as f32
        }),
        ..default
    }
}

/// A colour that its texture is multiplied with. Where there is a texture, programs leave black behind
/// it, which would hide the texture.
fn visible_through(color: [f32; 3], texture: Option<&Texture>) -> [f32; 3] {
    match texture {
        Some(_) if color == [0.0; 3] => [1.0; 3],
        _ => color,
    }
}

fn coat_roughness(material: &Material) -> Option<f32> {
    let pbr = &material.pbr;
    if material.features.coat_roughness_as_glossiness.enabled {
        number(&pbr.coat_glossiness).map(|gloss| 1.0 - gloss)
    } else {
        number(&pbr.coat_roughness)
    }
}

fn specular(material: &Material) -> f32 {
    let (fbx, pbr) = (&material.fbx, &material.pbr);
    let factor = if is_lambert(material) {
        0.5
    } else {
        let factor = number(&pbr.specular_factor).or(number(&fbx.specular_factor));
        factor.unwrap_or(1.0).clamp(0.0, 1.0)
    };
    let color = color(&pbr.specular_color).or(color(&fbx.specular_color));
    let strongest = color.map_or(1.0, |[r, g, b]| r.max(g).max(b));
    (factor * strongest).clamp(0.0, 1.0)
}

/// Lambert surfaces have no highlight, which a dielectric with half the usual one comes close to.
fn is_lambert(material: &Material) -> bool {
    let name = material.element.name.as_bytes();
    material.shader_type == ShaderType::FbxLambert
        || matches!(material.shading_model_name.as_ref(), "Lambert" | "lambert")
        || name
            .get(..7)
            .is_some_and(|start| start.eq_ignore_ascii_case(b"lambert"))
}

/// Binds the textures of one material.
struct MaterialReader<'a> {
    document: &'a Document,
    images: &'a mut Images,
    material: &'a Material,
    object: String,
    result: MaterialSource,
}

impl<'a> MaterialReader<'a> {
    fn bind_textures(&mut self) {
        let material = self.material;
        let (fbx, pbr, features) = (&material.fbx, &material.pbr, &material.features);
        let base = texture(&pbr.base_color).or(texture(&fbx.diffuse_color));
        self.bind(TextureSlot::BaseColor, TextureRole::BaseColor, base);
        self.bind_opacity();
        let normals = self.normal_map();
        self.bind(TextureSlot::Normal, TextureRole::Normal, normals);
        if normals.is_some() {
            let strength = single_number(&pbr.normal_map).or(number(&fbx.bump_factor));
            self.result.normal_scale = strength.unwrap_or(1.0).max(0.0);
        }
        let emission = texture(&pbr.emission_color).or(texture(&fbx.emission_color));
        self.bind(TextureSlot::Emissive, TextureRole::Emissive, emission);

        let is_glossy = features.roughness_as_glossiness.enabled;
        let roughness = texture(match is_glossy {
            true => &pbr.glossiness,
            false => &pbr.roughness,
        });
        let (metalness, occlusion) = (texture(&pbr.metalness), texture(&pbr.ambient_occlusion));
        self.bind_packable(metalness, roughness.filter(|_| !is_glossy), occlusion);
        if is_glossy {
            self.bind(TextureSlot::Roughness, TextureRole::Roughness, roughness);
        }

        let specular = texture(&pbr.specular_factor)
            .or(texture(&pbr.specular_color))
            .or(texture(&fbx.specular_factor))
            .or(texture(&fbx.specular_color))
            .filter(|_| !is_lambert(material));
        self.bind(TextureSlot::Specular, TextureRole::Specular, specular);
        let is_physical = features.pbr.enabled;
        let if_enabled = |enabled: bool, map| texture(map).filter(|_| enabled && is_physical);
        let sheen = if_enabled(features.sheen.enabled, &pbr.sheen_color);
        self.bind(TextureSlot::SheenColor, TextureRole::SheenColor, sheen);
        let coat = if_enabled(features.coat.enabled, &pbr.coat_factor);
        self.bind(TextureSlot::Clearcoat, TextureRole::Clearcoat, coat);
        let normal = if_enabled(features.coat.enabled, &pbr.coat_normal);
        self.bind(
            TextureSlot::ClearcoatNormal,
            TextureRole::ClearcoatNormal,
            normal,
        );
        let transmission = if_enabled(features.transmission.enabled, &pbr.transmission_factor);
        self.bind(
            TextureSlot::Transmission,
            TextureRole::Transmission,
            transmission,
        );
    }

    /// Puts a texture into a slot.
    fn bind(&mut self, slot: TextureSlot, role: TextureRole, texture: Option<&Texture>) {
        let Some(texture) = texture else { return };
        let Some(image) = self.images.image(texture, &self.object) else {
            return;
        };
        let transform = self.images.transform(texture, &self.object);
        let binding = TextureBinding {
            image,
            role,
            uv_set: 0,
            transform,
        };
        self.result.textures.set(slot, Some(binding));
    }

    /// Metalness and roughness in one image are one texture, and so is occlusion if it is there as well.
    fn bind_packable(
        &mut self,
        metalness: Option<&Texture>,
        roughness: Option<&Texture>,
        occlusion: Option<&Texture>,
    ) {
        let mut image = |texture: Option<&Texture>| -> Option<ImageId> {
            self.images.image(texture?, &self.object)
        };
        let (metal, rough, occluded) = (image(metalness), image(roughness), image(occlusion));
        let roles = match (metal, rough) {
            (Some(metal), Some(rough)) if metal == rough => match occluded {
                Some(occluded) if occluded == metal => [TextureRole::OcclusionRoughnessMetallic; 3],
                _ => [
                    TextureRole::MetallicRoughness,
                    TextureRole::MetallicRoughness,
                    TextureRole::Occlusion,
                ],
            },
            _ => [
                TextureRole::Metallic,
                TextureRole::Roughness,
                TextureRole::Occlusion,
            ],
        };
        self.bind(TextureSlot::Metallic, roles[0], metalness);
        self.bind(TextureSlot::Roughness, roles[1], roughness);
        self.bind(TextureSlot::AmbientOcclusion, roles[2], occlusion);
    }

    /// The normal map. A map in the slot for bumps is one if its name says so; else it holds heights,
    /// which are no normals.
    fn normal_map(&mut self) -> Option<&'a Texture> {
        let (fbx, pbr) = (&self.material.fbx, &self.material.pbr);
        if let Some(normals) = texture(&pbr.normal_map).or(texture(&fbx.normal_map)) {
            return Some(normals);
        }
        let bumps = texture(&fbx.bump)?;
        let name = self.images.name(bumps);
        if TexturePreset::detect(&name) == Some(TexturePreset::Normal) {
            return Some(bumps);
        }
        let message = format!("`{name}` is a map of heights, which the engine does not have");
        self.note(codes::BUMP_MAP_IGNORED, message);
        None
    }

    /// Opacity is stored as the alpha of the base colour, so only the image of the base colour can hold
    /// it. There it cuts out: blending would have to sort what has holes only.
    fn bind_opacity(&mut self) {
        let Some(opacity) = opacity_texture(self.material) else {
            return;
        };
        let Some(image) = self.images.image(opacity, &self.object) else {
            return;
        };
        let base = self.result.textures.get(TextureSlot::BaseColor);
        if base.is_some_and(|base| base.image == image) {
            if self.result.alpha_mode == AlphaMode::Opaque {
                self.result.alpha_mode = AlphaMode::Masked;
                self.result.base_color[3] = 1.0;
            }
        } else {
            let name = self.images.name(opacity);
            let message = format!(
                "the opacity in `{name}` is not that of the base colour's image and was left out"
            );
            self.note(codes::OPACITY_TEXTURE_IGNORED, message);
        }
    }

    fn note(&mut self, code: Code, message: String) {
        let note = self.document.note(code, message).object(&self.object);
        self.images.notes.push(note);
    }
}
