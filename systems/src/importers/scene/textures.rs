//! Which textures a scene needs: one for each image and way to cook it.

use bevy_kiln_assets::{
    cook::texture::TextureError,
    diagnostic::{Diagnostic, codes},
    settings::{
        overrides::TextureOverrides,
        texture::{AlphaUse, TextureOptions, TextureSettings},
    },
    source::scene::{
        AlphaMode, ImageData, ImageId, ImageSource, MaterialId, MaterialSource, SceneSource,
        TextureRole, TextureSlot,
    },
};
use std::collections::{BTreeSet, HashMap, HashSet};

/// The textures of a scene in the order of their first use: materials in file order, and in each the
/// slots in the order of the stored record.
#[derive(Debug, Default)]
pub(super) struct SceneTextures {
    pub(super) list: Vec<SceneTexture>,
    /// The texture of each slot of each material.
    bindings: Vec<[Option<u32>; TextureSlot::ALL.len()]>,
}

/// An image, and how it is cooked.
#[derive(Debug)]
pub(super) struct SceneTexture {
    pub(super) image: ImageId,
    pub(super) settings: TextureSettings,
    /// `<identity>::<label>`, with a number from the second texture on that is called so.
    pub(super) name: String,
}

impl SceneTextures {
    /// Chooses the textures of a scene.
    ///
    /// # Errors
    /// The contradictions in the settings, each with the first texture that has it.
    pub(super) fn choose(
        scene: &SceneSource,
        tuning: &TextureOptions,
        overrides: &TextureOverrides,
    ) -> Result<Self, Vec<Diagnostic>> {
        let mut chooser = Chooser {
            scene,
            tuning,
            overrides,
            known: HashMap::new(),
            copies: HashMap::new(),
            chosen: Self::default(),
        };
        let mut wrong: Vec<Diagnostic> = Vec::new();
        let mut said = HashSet::new();
        for material in scene.materials() {
            let mut slots = [None; TextureSlot::ALL.len()];
            for (slot, binding) in material.textures.assigned() {
                match chooser.texture(material, binding.image, binding.role) {
                    Ok(texture) => slots[slot as usize] = Some(texture),
                    // What is wrong with one is most often wrong with all.
                    Err(diagnostic) => wrong.extend(
                        said.insert(diagnostic.message.clone())
                            .then_some(diagnostic),
                    ),
                }
            }
            chooser.chosen.bindings.push(slots);
        }
        if wrong.is_empty() {
            Ok(chooser.chosen)
        } else {
            Err(wrong)
        }
    }

    /// The texture of a slot.
    pub(super) fn of(&self, material: MaterialId, slot: TextureSlot) -> Option<u32> {
        *self.bindings.get(material.index())?.get(slot as usize)?
    }

    /// The textures of a material, each once.
    pub(super) fn of_material(&self, material: MaterialId) -> BTreeSet<u32> {
        let slots = self.bindings.get(material.index()).into_iter().flatten();
        slots.copied().flatten().collect()
    }
}

struct Chooser<'a> {
    scene: &'a SceneSource,
    tuning: &'a TextureOptions,
    overrides: &'a TextureOverrides,
    /// By identity of the image and JSON of the settings.
    known: HashMap<(&'a str, String), u32>,
    /// How many textures have a name.
    copies: HashMap<String, u32>,
    chosen: SceneTextures,
}

impl Chooser<'_> {
    fn texture(
        &mut self,
        material: &MaterialSource,
        id: ImageId,
        role: TextureRole,
    ) -> Result<u32, Diagnostic> {
        // A scene has no binding to an image that it does not have.
        let image = &self.scene.images()[id.index()];
        let chosen = names(image).find_map(|name| self.overrides.find(name));
        let settings = self
            .tuning
            .resolve_role(role, chosen, alpha_use(material))
            .map_err(|error| {
                let error = TextureError::from(error).diagnostic().unwrap_or_else(|| {
                    Diagnostic::new(codes::texture::DESC_INVALID, error.to_string())
                });
                error.object(format!("{}::{}", image.identity, role.label()))
            })?;
        let key = serde_json::to_string(&settings).unwrap_or_default();
        let list = &mut self.chosen.list;
        let next = list.len() as u32;
        let texture = *self.known.entry((&image.identity, key)).or_insert(next);
        if texture == next {
            let mut name = format!("{}::{}", image.identity, role.label());
            let copies = self.copies.entry(name.clone()).or_default();
            *copies += 1;
            if *copies > 1 {
                name += &format!("#{copies}");
            }
            list.push(SceneTexture {
                image: id,
                settings,
                name,
            });
        }
        Ok(texture)
    }
}

/// What an image may be called in overrides: its path as it is authored, its name, its identity.
fn names(image: &ImageSource) -> impl Iterator<Item = &str> {
    let path = match &image.data {
        ImageData::External(path) => Some(path.as_str()),
        _ => None,
    };
    path.into_iter().chain([&*image.name, &*image.identity])
}

/// What the alpha of the base colour texture is for. Of a masked material, what is below the cut-off
/// after it was multiplied by the factor is not drawn.
fn alpha_use(material: &MaterialSource) -> AlphaUse {
    match material.alpha_mode {
        AlphaMode::Opaque => AlphaUse::Unused,
        AlphaMode::Masked => AlphaUse::Cutoff(material.alpha_cutoff / material.base_color[3]),
        AlphaMode::Blended => AlphaUse::Blend,
    }
}

/// Infos and warnings about options of the request that change nothing in this scene.
pub(super) fn unused_options(
    scene: &SceneSource,
    tuning: &TextureOptions,
    overrides: &TextureOverrides,
) -> Vec<Diagnostic> {
    let mut told = Vec::new();
    for (given, option) in [
        (tuning.intent.is_some(), "intent"),
        (tuning.color_space.is_some(), "color_space"),
    ] {
        if given {
            let message = format!("`{option}` is up to the material slots of a scene");
            told.push(Diagnostic::new(codes::import::OPTION_UNUSED, message));
        }
    }
    let used: Vec<*const TextureOptions> = scene
        .images()
        .iter()
        .filter_map(|image| names(image).find_map(|name| overrides.find(name)))
        .map(std::ptr::from_ref)
        .collect();
    for (key, options) in overrides.iter() {
        if !used.contains(&std::ptr::from_ref(options)) {
            let message = format!("no image of the scene is called `{key}`");
            told.push(Diagnostic::new(codes::import::OVERRIDE_UNUSED, message));
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy_kiln_assets::source::scene::{
        MaterialTextures, SceneParts, SharedBytes, TextureBinding, UvTransform,
    };

    fn image(name: &str, identity: &str) -> ImageSource {
        ImageSource {
            name: name.to_owned(),
            identity: identity.to_owned(),
            data: ImageData::Embedded(SharedBytes::from_vec(Vec::new())),
            mime: None,
        }
    }

    fn material(slots: &[(TextureSlot, u32, TextureRole)]) -> MaterialSource {
        let mut textures = MaterialTextures::default();
        for &(slot, image, role) in slots {
            let binding = TextureBinding {
                image: ImageId(image),
                role,
                uv_set: 0,
                transform: UvTransform::IDENTITY,
            };
            textures.set(slot, Some(binding));
        }
        MaterialSource {
            textures,
            ..MaterialSource::default()
        }
    }

    fn scene(materials: Vec<MaterialSource>) -> SceneSource {
        let images = vec![
            image("wood", "image:0"),
            image("wood", "image:1"),
            image("stone.png", "image:2"),
        ];
        SceneSource::new(SceneParts {
            materials,
            images,
            ..SceneParts::default()
        })
        .unwrap()
    }

    fn names_of(textures: &SceneTextures) -> Vec<&str> {
        let list = textures.list.iter();
        list.map(|texture| texture.name.as_str()).collect()
    }

    fn choose(scene: &SceneSource) -> SceneTextures {
        SceneTextures::choose(
            scene,
            &TextureOptions::default(),
            &TextureOverrides::default(),
        )
        .unwrap()
    }

    use TextureRole as Role;
    use TextureSlot as Slot;

    #[test]
    fn textures_come_in_the_order_of_their_first_use() {
        let scene = scene(vec![
            material(&[
                (Slot::Emissive, 2, Role::Emissive),
                (Slot::BaseColor, 1, Role::BaseColor),
            ]),
            material(&[(Slot::BaseColor, 0, Role::BaseColor)]),
        ]);
        let textures = choose(&scene);
        assert_eq!(
            names_of(&textures),
            [
                "image:1::base_color",
                "image:2::emissive",
                "image:0::base_color"
            ]
        );
        assert_eq!(textures.of(MaterialId(0), Slot::Emissive), Some(1));
        assert_eq!(textures.of(MaterialId(0), Slot::Normal), None);
        assert_eq!(textures.of_material(MaterialId(0)), BTreeSet::from([0, 1]));
    }

    #[test]
    fn one_image_is_one_texture_for_each_way_to_cook_it() {
        let same = [(Slot::BaseColor, 0, Role::BaseColor)];
        let packed = |role| material(&[(Slot::Metallic, 0, role), (Slot::Roughness, 0, role)]);
        let mut materials: Vec<_> = (0..10).map(|_| material(&same)).collect();
        materials.push(packed(Role::MetallicRoughness));
        materials.push(packed(Role::OcclusionRoughnessMetallic));
        // An image of the same name, but another one.
        materials.push(material(&[(Slot::BaseColor, 1, Role::BaseColor)]));
        let mut cutout = material(&same);
        cutout.alpha_mode = AlphaMode::Masked;
        materials.push(cutout.clone());
        cutout.base_color[3] = 0.8;
        materials.push(cutout);
        let textures = choose(&scene(materials));
        assert_eq!(
            names_of(&textures),
            [
                "image:0::base_color",
                "image:0::metallic_roughness",
                "image:1::base_color",
                "image:0::base_color#2",
                "image:0::base_color#3",
            ]
        );
        let coverage = |texture: usize| textures.list[texture].settings.alpha_coverage;
        assert_eq!(
            (coverage(0), coverage(3), coverage(4)),
            (None, Some(0.5), Some(0.625))
        );
    }

    #[test]
    fn overrides_go_by_path_then_name_then_identity() {
        let scene = scene(vec![material(&[
            (Slot::BaseColor, 0, Role::BaseColor),
            (Slot::Emissive, 1, Role::Emissive),
            (Slot::Normal, 2, Role::Normal),
        ])]);
        let mut overrides = TextureOverrides::default();
        let mut mips = |key: &str, mips| {
            let mut options = TextureOptions::default();
            options.max_mips = Some(mips);
            overrides.set(key, options);
        };
        mips("wood", 3);
        mips("image:1", 4);
        mips("*.png", 5);
        mips("oak*", 6);
        let tuning = TextureOptions::default();
        let textures = SceneTextures::choose(&scene, &tuning, &overrides).unwrap();
        let levels: Vec<u32> = textures
            .list
            .iter()
            .map(|texture| texture.settings.max_mip_levels)
            .collect();
        assert_eq!(levels, [3, 5, 3], "base colour, normal, emissive");
        let told = unused_options(&scene, &tuning, &overrides);
        let told: Vec<&str> = told.iter().map(|told| told.message.as_str()).collect();
        assert_eq!(
            told,
            [
                "no image of the scene is called `image:1`",
                "no image of the scene is called `oak*`"
            ],
            "a name comes before an identity"
        );
    }

    #[test]
    fn options_that_are_up_to_the_slots_are_told() {
        let scene = scene(Vec::new());
        let mut tuning = TextureOptions::default();
        tuning.intent = Some(bevy_kiln_assets::settings::texture::TextureIntent::Data);
        let told = unused_options(&scene, &tuning, &TextureOverrides::default());
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].code, codes::import::OPTION_UNUSED);
        assert!(told[0].message.contains("`intent`"));
    }

    #[test]
    fn contradictions_are_told_once() {
        let wrong = (0..3).map(|_| material(&[(Slot::BaseColor, 0, Role::BaseColor)]));
        let mut tuning = TextureOptions::default();
        tuning.max_mips = Some(0);
        let overrides = TextureOverrides::default();
        let told = SceneTextures::choose(&scene(wrong.collect()), &tuning, &overrides);
        let told = told.unwrap_err();
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].code, codes::texture::DESC_INVALID);
        assert_eq!(told[0].object.as_deref(), Some("image:0::base_color"));
    }
}
