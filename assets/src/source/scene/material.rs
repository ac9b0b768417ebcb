//! Materials: the values of the stored record, before they are clamped and encoded.

use super::{ImageId, TextureRole};

/// One material. Numbers are as authored; the cooker clamps them.
#[derive(Clone, Debug, PartialEq)]
pub struct MaterialSource {
    /// The authored name; may be empty, need not be unique.
    pub name: String,
    /// What kind of surface it is, apart from its alpha mode.
    pub domain: MaterialDomain,
    /// What alpha means.
    pub alpha_mode: AlphaMode,
    /// The alpha below which nothing is drawn, for [`AlphaMode::Masked`].
    pub alpha_cutoff: f32,
    /// Whether back faces are drawn.
    pub double_sided: bool,
    /// Whether light does not matter.
    pub unlit: bool,
    /// Linear RGBA.
    pub base_color: [f32; 4],
    /// Strength of the normal map.
    pub normal_scale: f32,
    /// 0 for dielectrics, 1 for metals.
    pub metalness: f32,
    /// Roughness, or glossiness with [`Self::roughness_as_glossiness`].
    pub roughness: f32,
    /// Whether roughness, and its texture, are really glossiness.
    pub roughness_as_glossiness: bool,
    /// Strength of the occlusion texture.
    pub ambient_occlusion: f32,
    /// Linear RGB, strength multiplied in; may exceed 1.
    pub emissive: [f32; 3],
    /// Index of refraction.
    pub ior: f32,
    /// Strength of the specular reflection of dielectrics.
    pub specular: f32,
    /// Linear RGB.
    pub sheen_color: [f32; 3],
    /// Strength of the clear coat.
    pub clearcoat: f32,
    /// Roughness of the clear coat.
    pub clearcoat_roughness: f32,
    /// Transmitted share of the light.
    pub transmission: f32,
    /// Thickness of the volume below the surface, in metres.
    pub thickness: f32,
    /// Linear RGB that white light turns to over [`Self::attenuation_distance`].
    pub attenuation_color: [f32; 3],
    /// In metres; 0 for no attenuation.
    pub attenuation_distance: f32,
    /// How metalness and roughness textures are packed.
    pub orm_policy: OrmPolicy,
    /// The textures.
    pub textures: MaterialTextures,
}

impl Default for MaterialSource {
    /// A white, rough, opaque dielectric.
    fn default() -> Self {
        Self {
            name: String::new(),
            domain: MaterialDomain::Opaque,
            alpha_mode: AlphaMode::Opaque,
            alpha_cutoff: 0.5,
            double_sided: false,
            unlit: false,
            base_color: [1.0; 4],
            normal_scale: 1.0,
            metalness: 0.0,
            roughness: 1.0,
            roughness_as_glossiness: false,
            ambient_occlusion: 1.0,
            emissive: [0.0; 3],
            ior: 1.5,
            specular: 1.0,
            sheen_color: [0.0; 3],
            clearcoat: 0.0,
            clearcoat_roughness: 0.0,
            transmission: 0.0,
            thickness: 0.0,
            attenuation_color: [1.0; 3],
            attenuation_distance: 0.0,
            orm_policy: OrmPolicy::Auto,
            textures: MaterialTextures::default(),
        }
    }
}

/// What kind of surface a material is for, before its alpha mode is considered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MaterialDomain {
    /// A surface; [`AlphaMode`] turns it into a masked or blended one.
    #[default]
    Opaque,
    /// A decal.
    Decal,
    /// A part of the user interface.
    UserInterface,
    /// A post-processing pass.
    PostProcess,
}

/// What alpha means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AlphaMode {
    /// Nothing.
    #[default]
    Opaque,
    /// Drawn or not, by a cutoff.
    Masked,
    /// Mixed with what is behind.
    Blended,
}

/// Whether metalness and roughness textures are taken as one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OrmPolicy {
    /// If they are one image with one transform.
    #[default]
    Auto,
    /// They must be.
    ForcePacked,
    /// Never.
    ForceSeparate,
}

/// The twelve texture slots, in the order of the stored record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TextureSlot {
    /// Base colour and opacity.
    BaseColor = 0,
    /// Normals.
    Normal = 1,
    /// Metalness.
    Metallic = 2,
    /// Roughness.
    Roughness = 3,
    /// Ambient occlusion.
    AmbientOcclusion = 4,
    /// Emitted colour.
    Emissive = 5,
    /// Specular strength.
    Specular = 6,
    /// Sheen colour.
    SheenColor = 7,
    /// Clear coat strength.
    Clearcoat = 8,
    /// Clear coat normals.
    ClearcoatNormal = 9,
    /// Transmission.
    Transmission = 10,
    /// Thickness.
    Thickness = 11,
}

impl TextureSlot {
    /// All slots, in canonical order.
    pub const ALL: [Self; 12] = [
        Self::BaseColor,
        Self::Normal,
        Self::Metallic,
        Self::Roughness,
        Self::AmbientOcclusion,
        Self::Emissive,
        Self::Specular,
        Self::SheenColor,
        Self::Clearcoat,
        Self::ClearcoatNormal,
        Self::Transmission,
        Self::Thickness,
    ];

    /// The name of the slot in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BaseColor => "base_color",
            Self::Normal => "normal",
            Self::Metallic => "metallic",
            Self::Roughness => "roughness",
            Self::AmbientOcclusion => "ambient_occlusion",
            Self::Emissive => "emissive",
            Self::Specular => "specular",
            Self::SheenColor => "sheen_color",
            Self::Clearcoat => "clearcoat",
            Self::ClearcoatNormal => "clearcoat_normal",
            Self::Transmission => "transmission",
            Self::Thickness => "thickness",
        }
    }
}

/// An image in a slot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TextureBinding {
    /// The image.
    pub image: ImageId,
    /// What it says. Metallic and roughness slots that hold one image of role
    /// [`TextureRole::MetallicRoughness`] are packed.
    pub role: TextureRole,
    /// The authored set of texture coordinates. Cooked vertices keep one set, which the adapter
    /// selects.
    pub uv_set: u8,
    /// How texture coordinates are transformed.
    pub transform: UvTransform,
}

/// Scale, then counter-clockwise rotation about the origin, then offset.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UvTransform {
    /// Factors.
    pub scale: [f32; 2],
    /// Radians.
    pub rotation: f32,
    /// Added last.
    pub offset: [f32; 2],
}

impl UvTransform {
    /// Changes nothing.
    pub const IDENTITY: Self = Self {
        scale: [1.0, 1.0],
        rotation: 0.0,
        offset: [0.0, 0.0],
    };
}

impl Default for UvTransform {
    fn default() -> Self {
        Self::IDENTITY
    }
}

/// At most one binding for each slot.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MaterialTextures([Option<TextureBinding>; 12]);

impl MaterialTextures {
    /// The binding of a slot.
    pub fn get(&self, slot: TextureSlot) -> Option<&TextureBinding> {
        self.0[slot as usize].as_ref()
    }

    /// Fills or empties a slot.
    pub fn set(&mut self, slot: TextureSlot, binding: Option<TextureBinding>) {
        self.0[slot as usize] = binding;
    }

    /// The filled slots, in canonical order.
    pub fn assigned(&self) -> impl Iterator<Item = (TextureSlot, &TextureBinding)> {
        TextureSlot::ALL
            .into_iter()
            .zip(&self.0)
            .filter_map(|(slot, binding)| Some((slot, binding.as_ref()?)))
    }

    /// Gives the images of all bindings other ids.
    pub fn renumber(&mut self, id: impl Fn(ImageId) -> ImageId) {
        for binding in self.0.iter_mut().flatten() {
            binding.image = id(binding.image);
        }
    }

    /// Whether any slot is filled.
    pub fn any(&self) -> bool {
        self.0.iter().any(Option::is_some)
    }
}
