//! Materials: every value that has a field in the stored record.

use super::{
    document::{Document, Material},
    report::{Report, about},
    specular_glossiness::{self, MetallicRoughness},
    texture::{ImageKey, Images, TextureUse, image_of},
};
use crate::{
    diagnostic::{Diagnostic, codes::gltf as codes},
    source::scene::{
        AlphaMode, MaterialSource, MaterialTextures, TextureBinding, TextureRole, TextureSlot,
    },
};
use gltf::json::{self, extensions::material as extensions, validation::Checked};
use serde::{Deserialize, de::DeserializeOwned};

/// A texture in a slot, before images have ids.
#[derive(Clone, Copy, Debug)]
struct Bound {
    slot: TextureSlot,
    role: TextureRole,
    image: ImageKey,
    uv_set: u32,
    transform: crate::source::scene::UvTransform,
}

/// A material whose textures are still to be found.
pub(super) struct MaterialPlan {
    source: MaterialSource,
    bound: Vec<Bound>,
}

impl MaterialPlan {
    /// Reads a material.
    ///
    /// # Errors
    /// References that lead nowhere.
    pub(super) fn new(
        document: &Document,
        index: usize,
        material: &Material,
        report: &mut Report,
    ) -> Result<Self, Diagnostic> {
        let object = format!("materials[{index}]");
        let mut reader = Reader {
            document,
            object,
            plan: Self {
                source: MaterialSource {
                    name: material.name.clone().unwrap_or_default(),
                    alpha_cutoff: material.alpha_cutoff.unwrap_or(0.5),
                    double_sided: material.double_sided,
                    emissive: material.emissive_factor,
                    ..MaterialSource::default()
                },
                bound: Vec::new(),
            },
            unused: Vec::new(),
            report,
        };
        reader.read(material)?;
        reader.tell_unused();
        Ok(reader.plan)
    }

    /// The images that it uses.
    pub(super) fn images(&self) -> impl Iterator<Item = ImageKey> + '_ {
        self.bound.iter().map(|bound| bound.image)
    }

    /// The sets of texture coordinates that it uses, the most important first.
    pub(super) fn uv_sets(&self) -> Vec<u32> {
        self.bound.iter().map(|bound| bound.uv_set).collect()
    }

    /// The material with its images.
    pub(super) fn finish(mut self, images: &Images) -> MaterialSource {
        let mut textures = MaterialTextures::default();
        for bound in self.bound {
            let binding = images.id(bound.image).map(|image| TextureBinding {
                image,
                role: bound.role,
                // No file has so many sets; those that have could not be told apart by the record.
                uv_set: u8::try_from(bound.uv_set).unwrap_or(u8::MAX),
                transform: bound.transform,
            });
            textures.set(bound.slot, binding);
        }
        self.source.textures = textures;
        self.source
    }
}

/// `KHR_materials_clearcoat`.
#[derive(Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Clearcoat {
    clearcoat_factor: f32,
    clearcoat_texture: Option<json::texture::Info>,
    clearcoat_roughness_factor: f32,
    clearcoat_roughness_texture: Option<json::texture::Info>,
    clearcoat_normal_texture: Option<json::material::NormalTexture>,
}

impl Default for Clearcoat {
    fn default() -> Self {
        Self {
            clearcoat_factor: 0.0,
            clearcoat_texture: None,
            clearcoat_roughness_factor: 0.0,
            clearcoat_roughness_texture: None,
            clearcoat_normal_texture: None,
        }
    }
}

/// `KHR_materials_sheen`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Sheen {
    sheen_color_factor: [f32; 3],
    sheen_color_texture: Option<json::texture::Info>,
    sheen_roughness_texture: Option<json::texture::Info>,
}

struct Reader<'a> {
    document: &'a Document,
    object: String,
    plan: MaterialPlan,
    /// Textures that the record has no slot for.
    unused: Vec<&'static str>,
    report: &'a mut Report,
}

impl Reader<'_> {
    fn read(&mut self, material: &Material) -> Result<(), Diagnostic> {
        self.plan.source.alpha_mode = match material.alpha_mode {
            Checked::Valid(json::material::AlphaMode::Opaque) => AlphaMode::Opaque,
            Checked::Valid(json::material::AlphaMode::Mask) => AlphaMode::Masked,
            Checked::Valid(json::material::AlphaMode::Blend) => AlphaMode::Blended,
            Checked::Invalid => {
                let message = "its alpha mode does not exist; opaque is taken";
                self.report
                    .note(codes::MATERIAL_INVALID, &self.object, message);
                AlphaMode::Opaque
            }
        };
        // The order of slots decides which set of texture coordinates and which transform win.
        self.read_surface(material)?;
        self.read_normal(material)?;
        self.read_occlusion(material)?;
        self.bind(
            TextureSlot::Emissive,
            TextureRole::Emissive,
            material.emissive_texture.as_ref().map(TextureUse::of),
        )?;
        self.read_extensions(&material.extensions)
    }

    /// Base colour, metalness and roughness.
    fn read_surface(&mut self, material: &Material) -> Result<(), Diagnostic> {
        let plain = material.pbr_metallic_roughness.as_ref();
        if let Some(glossy) = &material.extensions.pbr_specular_glossiness {
            // What is written for readers that do not know the extension is better than what can be made
            // of it here.
            if !plain.is_some_and(specular_glossiness::is_meant) {
                return self.read_glossy(glossy);
            }
            let message =
                "specular and glossiness are left out in favour of metalness and roughness";
            self.report
                .note(codes::MATERIAL_APPROXIMATED, &self.object, message);
        }
        let Some(plain) = plain else {
            return Ok(());
        };
        let source = &mut self.plan.source;
        source.base_color = plain.base_color_factor.0;
        source.metalness = plain.metallic_factor.0;
        source.roughness = plain.roughness_factor.0;
        let base_color = plain.base_color_texture.as_ref().map(TextureUse::of);
        self.bind(TextureSlot::BaseColor, TextureRole::BaseColor, base_color)?;
        let packed = plain
            .metallic_roughness_texture
            .as_ref()
            .map(TextureUse::of);
        let role = TextureRole::MetallicRoughness;
        self.bind(TextureSlot::Metallic, role, packed)?;
        self.bind(TextureSlot::Roughness, role, packed)
    }

    fn read_glossy(
        &mut self,
        glossy: &extensions::PbrSpecularGlossiness,
    ) -> Result<(), Diagnostic> {
        let MetallicRoughness {
            base_color,
            metalness,
            roughness,
        } = specular_glossiness::convert(
            glossy.diffuse_factor.0,
            glossy.specular_factor.0,
            glossy.glossiness_factor.0,
        );
        let source = &mut self.plan.source;
        source.base_color = base_color;
        source.metalness = metalness;
        source.roughness = roughness;
        let message = "specular and glossiness are converted to metalness and roughness";
        self.report
            .note(codes::MATERIAL_APPROXIMATED, &self.object, message);
        if glossy.specular_glossiness_texture.is_some() {
            self.unused.push("specularGlossinessTexture");
        }
        let diffuse = glossy.diffuse_texture.as_ref().map(TextureUse::of);
        self.bind(TextureSlot::BaseColor, TextureRole::BaseColor, diffuse)
    }

    fn read_normal(&mut self, material: &Material) -> Result<(), Diagnostic> {
        let Some(normal) = &material.normal_texture else {
            return Ok(());
        };
        self.plan.source.normal_scale = normal.scale;
        let texture = self.normal_map(normal);
        self.bind(TextureSlot::Normal, TextureRole::Normal, texture)
    }

    fn normal_map(&mut self, normal: &json::material::NormalTexture) -> Option<TextureUse> {
        let others = normal
            .extensions
            .as_ref()
            .map(|extensions| &extensions.others);
        let texture = TextureUse::with_others(normal.index.value(), normal.tex_coord, others);
        self.valid("KHR_texture_transform", texture)
    }

    fn read_occlusion(&mut self, material: &Material) -> Result<(), Diagnostic> {
        let Some(occlusion) = &material.occlusion_texture else {
            return Ok(());
        };
        self.plan.source.ambient_occlusion = occlusion.strength.0;
        let others = occlusion
            .extensions
            .as_ref()
            .map(|extensions| &extensions.others);
        let texture = TextureUse::with_others(occlusion.index.value(), occlusion.tex_coord, others);
        let texture = self.valid("KHR_texture_transform", texture);
        self.bind(
            TextureSlot::AmbientOcclusion,
            TextureRole::Occlusion,
            texture,
        )?;
        // One image that says all three is cooked once, with all of its channels.
        let image_in = |slot| {
            let mut bound = self.plan.bound.iter();
            bound
                .find(|bound| bound.slot == slot)
                .map(|bound| bound.image)
        };
        let own = image_in(TextureSlot::AmbientOcclusion);
        if own.is_some() && own == image_in(TextureSlot::Metallic) {
            for bound in &mut self.plan.bound {
                if matches!(
                    bound.slot,
                    TextureSlot::AmbientOcclusion | TextureSlot::Metallic | TextureSlot::Roughness
                ) {
                    bound.role = TextureRole::OcclusionRoughnessMetallic;
                }
            }
        }
        Ok(())
    }

    fn read_extensions(&mut self, all: &extensions::Material) -> Result<(), Diagnostic> {
        self.plan.source.unlit = all.unlit.is_some();
        if let Some(strength) = &all.emissive_strength {
            let strength = strength.emissive_strength.0;
            self.plan.source.emissive = self.plan.source.emissive.map(|x| x * strength);
        }
        if let Some(ior) = &all.ior {
            self.plan.source.ior = ior.ior.0;
        }
        if let Some(specular) = &all.specular {
            // The record has one number: the strength, and as much of it as the colour lets through.
            let color = specular.specular_color_factor.0;
            let brightest = color.into_iter().fold(0.0, f32::max);
            self.plan.source.specular = specular.specular_factor.0 * brightest;
            let texture = specular.specular_texture.as_ref().map(TextureUse::of);
            self.bind(TextureSlot::Specular, TextureRole::Specular, texture)?;
            if specular.specular_color_texture.is_some() {
                self.unused.push("specularColorTexture");
            }
        }
        if let Some(sheen) = self.extension::<Sheen>(all, "KHR_materials_sheen") {
            self.plan.source.sheen_color = sheen.sheen_color_factor;
            let texture = sheen.sheen_color_texture.as_ref().map(TextureUse::of);
            self.bind(TextureSlot::SheenColor, TextureRole::SheenColor, texture)?;
            if sheen.sheen_roughness_texture.is_some() {
                self.unused.push("sheenRoughnessTexture");
            }
        }
        if let Some(coat) = self.extension::<Clearcoat>(all, "KHR_materials_clearcoat") {
            self.plan.source.clearcoat = coat.clearcoat_factor;
            self.plan.source.clearcoat_roughness = coat.clearcoat_roughness_factor;
            let texture = coat.clearcoat_texture.as_ref().map(TextureUse::of);
            self.bind(TextureSlot::Clearcoat, TextureRole::Clearcoat, texture)?;
            let normal = coat.clearcoat_normal_texture.as_ref();
            let normal = normal.and_then(|normal| self.normal_map(normal));
            let role = TextureRole::ClearcoatNormal;
            self.bind(TextureSlot::ClearcoatNormal, role, normal)?;
            if coat.clearcoat_roughness_texture.is_some() {
                self.unused.push("clearcoatRoughnessTexture");
            }
        }
        if let Some(transmission) = &all.transmission {
            self.plan.source.transmission = transmission.transmission_factor.0;
            let texture = transmission
                .transmission_texture
                .as_ref()
                .map(TextureUse::of);
            self.bind(
                TextureSlot::Transmission,
                TextureRole::Transmission,
                texture,
            )?;
        }
        if let Some(volume) = &all.volume {
            let source = &mut self.plan.source;
            source.thickness = volume.thickness_factor.0;
            source.attenuation_color = volume.attenuation_color.0;
            // An infinite distance, which is the default, is stored as none.
            let distance = volume.attenuation_distance.0;
            source.attenuation_distance = if distance.is_finite() { distance } else { 0.0 };
            let texture = volume.thickness_texture.as_ref().map(TextureUse::of);
            self.bind(TextureSlot::Thickness, TextureRole::Thickness, texture)?;
        }
        Ok(())
    }

    /// An extension that the `gltf` crate has no type for.
    fn extension<T: DeserializeOwned>(
        &mut self,
        all: &extensions::Material,
        name: &str,
    ) -> Option<T> {
        let value = all.others.get(name)?;
        // Borrowed data is of no use to types that own theirs.
        self.valid(name, serde_json::from_value(value.clone()))
    }

    fn valid<T>(&mut self, name: &str, value: Result<T, serde_json::Error>) -> Option<T> {
        let told = value.map_err(|error| {
            let message = format!("`{name}` is left out: {error}");
            self.report
                .note(codes::MATERIAL_INVALID, &self.object, message);
        });
        told.ok()
    }

    fn bind(
        &mut self,
        slot: TextureSlot,
        role: TextureRole,
        texture: Option<TextureUse>,
    ) -> Result<(), Diagnostic> {
        let Some(TextureUse {
            texture,
            uv_set,
            transform,
        }) = texture
        else {
            return Ok(());
        };
        let image = image_of(self.document, texture, &self.object)?;
        self.plan.bound.push(Bound {
            slot,
            role,
            image,
            uv_set,
            transform,
        });
        Ok(())
    }

    fn tell_unused(&mut self) {
        if !self.unused.is_empty() {
            let message = format!("no slot for {}", self.unused.join(", "));
            let diagnostic = about(codes::MATERIAL_TEXTURE_UNUSED, &self.object, message);
            self.report.push(diagnostic);
        }
    }
}
