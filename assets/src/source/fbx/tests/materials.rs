//! Values of materials: one row for each rule.

use super::{
    ascii::{Geometry, ROOT, integer, property},
    *,
};
use crate::source::scene::{AlphaMode, TextureRole, TextureSlot};

fn number(name: &str, value: f64) -> String {
    property(name, "Number", &[value])
}

fn color(name: &str, value: [f64; 3]) -> String {
    property(name, "Color", &value)
}

fn material_of(name: &str, shading: &str, properties: &str) -> MaterialSource {
    let mut file = Ascii::default();
    file.material(name, shading, properties);
    scene(&file).materials()[0].clone()
}

fn phong(properties: &str) -> MaterialSource {
    material_of("Material", "phong", properties)
}

/// A material of 3ds Max, whose properties carry a prefix and whose kind is a number.
fn physical(properties: &str) -> MaterialSource {
    // Class ids of the physical material.
    let kind = "P: \"3dsMax|ClassIDa\", \"int\", \"Integer\", \"\",1030429932\n\
                P: \"3dsMax|ClassIDb\", \"int\", \"Integer\", \"\",-559038463\n\
                P: \"3dsMax|SuperClassID\", \"int\", \"Integer\", \"\",3072\n";
    let prefixed = properties.replace("P: \"", "P: \"3dsMax|Parameters|");
    material_of("Material", "unknown", &format!("{kind}{prefixed}"))
}

#[test]
fn nothing_said_is_a_white_rough_surface() {
    let material = material_of("Plain", "lambert", "");
    let expected = MaterialSource {
        name: "Plain".to_owned(),
        // Lambert surfaces have half the usual highlight.
        specular: 0.5,
        ..MaterialSource::default()
    };
    assert_eq!(material, expected);
}

#[test]
fn base_colours() {
    let material = phong(&color("DiffuseColor", [0.5, 0.25, 2.0]));
    assert_eq!(material.base_color, [0.5, 0.25, 1.0, 1.0]);
    // The factor multiplies alpha, too.
    let factored = color("DiffuseColor", [0.5, 0.25, 1.0]) + &number("DiffuseFactor", 0.5);
    assert_eq!(phong(&factored).base_color, [0.25, 0.125, 0.5, 0.5]);
    let large = color("DiffuseColor", [0.5; 3]) + &number("DiffuseFactor", 7.0);
    assert_eq!(phong(&large).base_color, [0.5, 0.5, 0.5, 1.0]);
    let physical = physical(
        &(property("base_color", "ColorAndAlpha", &[0.5, 0.25, 0.125, 1.0])
            + &number("base_weight", 0.5)),
    );
    assert_eq!(physical.base_color, [0.25, 0.125, 0.0625, 0.5]);
}

#[test]
fn shininess_becomes_roughness() {
    for (shininess, roughness) in [
        (0.0, 1.0),
        (25.0, 0.5),
        (100.0, 0.0),
        (400.0, 0.0),
        (-1.0, 0.0),
    ] {
        for name in ["Shininess", "ShininessExponent"] {
            let actual = phong(&number(name, shininess)).roughness;
            assert!(
                (actual - roughness).abs() < 1e-6,
                "{name} {shininess}: {actual}"
            );
        }
    }
    assert_eq!(phong("").roughness, 1.0);
}

#[test]
fn emission_is_multiplied_and_not_limited() {
    let both = color("EmissiveColor", [1.0, 0.5, 0.0]) + &number("EmissiveFactor", 8.0);
    assert_eq!(phong(&both).emissive, [8.0, 4.0, 0.0]);
    assert_eq!(phong(&color("EmissiveColor", [0.5; 3])).emissive, [0.5; 3]);
    assert_eq!(phong("").emissive, [0.0; 3]);
}

#[test]
fn specular_strength() {
    let strength = |name: &str, shading: &str, properties: &str| {
        material_of(name, shading, properties).specular
    };
    let (factor, tint) = (
        number("SpecularFactor", 0.5),
        color("SpecularColor", [0.1, 0.8, 0.2]),
    );
    let both = factor.clone() + &tint;
    for (name, shading, properties, expected) in [
        ("M", "phong", "", 1.0),
        ("M", "phong", &factor, 0.5),
        ("M", "phong", &tint, 0.8),
        ("M", "phong", &both, 0.4),
        ("M", "lambert", &factor, 0.5),
        ("M", "Lambert", &both, 0.4),
        ("LAMBERTian", "phong", "", 0.5),
        ("M", "phong", &number("SpecularFactor", 9.0), 1.0),
    ] {
        let actual = strength(name, shading, properties);
        assert!(
            (actual - expected).abs() < 1e-6,
            "{name} {shading} {properties}: {actual}"
        );
    }
}

#[test]
fn opacity_becomes_alpha() {
    let factor = |value| number("TransparencyFactor", value);
    let tint = |value: f64| color("TransparentColor", [value; 3]);
    let table = [
        (String::new(), 1.0),
        (number("Opacity", 0.25), 0.25),
        // Maya writes a factor of 1 for opaque materials.
        (factor(1.0) + &number("Opacity", 1.0), 1.0),
        (factor(1.0), 1.0),
        (factor(1.0) + &tint(0.5), 0.5),
        (factor(0.5) + &tint(1.0), 0.5),
        (tint(0.25), 0.75),
        (
            factor(1.0) + &color("TransparentColor", [0.9, 0.0, 0.0]),
            0.7,
        ),
    ];
    for (properties, opacity) in table {
        let material = phong(&properties);
        let mode = if opacity < 1.0 {
            AlphaMode::Blended
        } else {
            AlphaMode::Opaque
        };
        assert_eq!(material.alpha_mode, mode, "{properties}");
        assert!(
            (material.base_color[3] - opacity).abs() < 1e-6,
            "{properties}"
        );
        // Classic transparency is no refraction.
        assert_eq!(material.transmission, 0.0);
    }
    let factored = number("Opacity", 0.5) + &number("DiffuseFactor", 0.8);
    assert_eq!(
        phong(&factored).base_color[3],
        0.5,
        "blended surfaces are not darkened"
    );
    let cut = physical(&number("cutout", 0.5));
    assert_eq!(
        (cut.alpha_mode, cut.base_color[3]),
        (AlphaMode::Blended, 0.5)
    );
}

#[test]
fn blender_writes_physical_values_as_classic_ones() {
    let mut file = Ascii::default();
    file.creator = "Blender (stable FBX IO) - 3.4.0 - 4.37.1";
    let properties = color("DiffuseColor", [0.5; 3])
        + &number("TransparencyFactor", 0.25)
        + &number("Shininess", 25.0)
        + &number("ReflectionFactor", 0.75)
        + &color("EmissiveColor", [0.5; 3])
        + &number("EmissiveFactor", 3.0);
    file.material("Material", "Phong", &properties);
    let scene = scene(&file);
    let material = &scene.materials()[0];
    assert_eq!(material.metalness, 0.75);
    assert_eq!(material.roughness, 0.5);
    assert_eq!(material.emissive, [1.5; 3]);
    assert_eq!(
        (material.alpha_mode, material.base_color[3]),
        (AlphaMode::Blended, 0.75)
    );
}

#[test]
fn physical_surfaces_keep_what_the_record_holds() {
    let properties = number("metalness", 0.75)
        + &number("roughness", 0.25)
        + &number("trans_ior", 1.75)
        + &number("transparency", 0.5)
        + &number("trans_depth", 20.0)
        + &property("trans_color", "ColorAndAlpha", &[0.5, 0.25, 0.125, 1.0])
        + &number("coating", 0.5)
        + &number("coat_roughness", 0.125)
        + &number("emission", 2.0)
        + &property("emit_color", "ColorAndAlpha", &[1.0, 0.5, 0.25, 1.0]);
    let material = physical(&properties);
    assert_eq!((material.metalness, material.roughness), (0.75, 0.25));
    assert_eq!(material.ior, 1.75);
    assert_eq!(material.transmission, 0.5);
    assert_eq!(material.attenuation_color, [0.5, 0.25, 0.125]);
    // In metres.
    assert!((material.attenuation_distance - 0.2).abs() < 1e-6);
    assert_eq!(
        (material.clearcoat, material.clearcoat_roughness),
        (0.5, 0.125)
    );
    assert_eq!(material.emissive, [2.0, 1.0, 0.5]);
}

#[test]
fn glossiness_is_told_from_roughness() {
    let properties = number("roughness", 0.75) + &integer("roughness_inv", 1);
    let material = physical(&properties);
    assert!(material.roughness_as_glossiness);
    assert_eq!(material.roughness, 0.75);
    let coat = number("coating", 1.0)
        + &number("coat_roughness", 0.75)
        + &integer("coat_roughness_inv", 1);
    assert_eq!(physical(&coat).clearcoat_roughness, 0.25);
}

/// A shader of the glTF kind, as 3ds Max writes it.
#[test]
fn sheen_and_both_sides() {
    let kind = "P: \"3dsMax|ClassIDa\", \"int\", \"Integer\", \"\",943849874\n\
                P: \"3dsMax|ClassIDb\", \"int\", \"Integer\", \"\",1174294043\n\
                P: \"3dsMax|SuperClassID\", \"int\", \"Integer\", \"\",3072\n";
    let flag = |name: &str| format!("P: \"3dsMax|{name}\", \"bool\", \"\", \"\",1\n");
    let properties = kind.to_owned()
        + &flag("main|DoubleSided")
        + &flag("extension|unlit")
        + &flag("extension|enableSheen")
        + &property(
            "3dsMax|extension|sheenColor",
            "ColorAndAlpha",
            &[0.5, 0.25, 0.0, 1.0],
        )
        + &property(
            "3dsMax|main|baseColor",
            "ColorAndAlpha",
            &[0.5, 0.5, 0.5, 1.0],
        );
    let material = material_of("Material", "unknown", &properties);
    assert!(material.double_sided && material.unlit);
    assert_eq!(material.sheen_color, [0.5, 0.25, 0.0]);
    assert_eq!(material.base_color, [0.5, 0.5, 0.5, 1.0]);
}

/// A phong material with textures in slots; the scene and its material.
fn textured(slots: &[(&str, &str)], properties: &str) -> (SceneSource, MaterialSource) {
    let mut file = Ascii::default();
    let material = file.material("Material", "phong", properties);
    let (node, _) = file.mesh("Box", ROOT, "", &Geometry::cuboid([0.0; 3], [1.0; 3]));
    file.connect(material, node);
    for (slot, path) in slots {
        file.texture(material, slot, path, "", "");
    }
    let scene = scene(&file);
    let material = scene.materials()[0].clone();
    (scene, material)
}

/// Slots, roles and the names of images.
fn bound(scene: &SceneSource) -> Vec<(TextureSlot, TextureRole, &str)> {
    let textures = scene.materials()[0].textures.assigned();
    textures
        .map(|(slot, binding)| {
            let image = &scene.images()[binding.image.index()];
            (slot, binding.role, image.name.as_str())
        })
        .collect()
}

#[test]
fn textures_go_into_their_slots() {
    use {TextureRole as Role, TextureSlot as Slot};
    let slots = [
        ("DiffuseColor", "base.png"),
        ("NormalMap", "bumps.png"),
        ("EmissiveColor", "glow.png"),
        ("ShininessExponent", "shiny.png"),
        ("SpecularColor", "spec.png"),
    ];
    let (scene, material) = textured(&slots, "");
    assert_eq!(
        bound(&scene),
        [
            (Slot::BaseColor, Role::BaseColor, "base.png"),
            (Slot::Normal, Role::Normal, "bumps.png"),
            (Slot::Roughness, Role::Roughness, "shiny.png"),
            (Slot::Emissive, Role::Emissive, "glow.png"),
            (Slot::Specular, Role::Specular, "spec.png"),
        ]
    );
    assert_eq!(material.normal_scale, 1.0);
    // Black behind a texture would hide it.
    assert_eq!(material.emissive, [1.0; 3]);
    let black = color("EmissiveColor", [0.0; 3]) + &color("DiffuseColor", [0.0; 3]);
    let (_, material) = textured(&slots, &black);
    assert_eq!(
        (material.emissive, material.base_color),
        ([1.0; 3], [1.0; 4])
    );
    let tinted = color("EmissiveColor", [0.5; 3]) + &color("DiffuseColor", [0.25; 3]);
    let (_, material) = textured(&slots, &tinted);
    assert_eq!(material.emissive, [0.5; 3]);
    assert_eq!(material.base_color, [0.25, 0.25, 0.25, 1.0]);
}

#[test]
fn normal_maps_have_a_strength() {
    let normals = [("NormalMap", "n.png")];
    // Most programs write a vector of zeros beside the texture, which is no strength.
    let vector = property("NormalMap", "Vector3D", &[0.0; 3]);
    let strength = |properties: &str| textured(&normals, properties).1.normal_scale;
    assert_eq!(strength(&vector), 1.0);
    assert_eq!(
        strength(&(vector.clone() + &number("BumpFactor", 0.5))),
        0.5
    );
    assert_eq!(strength(&number("BumpFactor", -1.0)), 0.0);
    assert_eq!(strength(&number("NormalMap", 0.25)), 0.25);
    assert_eq!(
        textured(&[], &number("BumpFactor", 0.0)).1.normal_scale,
        1.0
    );
}

#[test]
fn heights_are_no_normals() {
    let (scene, material) = textured(&[("Bump", "wall_height.png")], "");
    assert_eq!(codes_of(scene.diagnostics()), ["fbx.material.bump_map"]);
    assert!(!material.textures.any());
    let (scene, material) = textured(&[("Bump", "wall_normal.png")], "");
    assert_eq!(codes_of(scene.diagnostics()), [""; 0]);
    assert!(material.textures.get(TextureSlot::Normal).is_some());
}

#[test]
fn opacity_in_the_alpha_of_the_base_colour_cuts_out() {
    let slots = [
        ("DiffuseColor", "leaf.png"),
        ("TransparentColor", "leaf.png"),
    ];
    let (scene, material) = textured(&slots, &number("TransparencyFactor", 1.0));
    assert_eq!(codes_of(scene.diagnostics()), [""; 0]);
    assert_eq!(material.alpha_mode, AlphaMode::Masked);
    assert_eq!((material.alpha_cutoff, material.base_color[3]), (0.5, 1.0));
    assert_eq!(scene.images().len(), 1);
    let glass = [
        ("DiffuseColor", "glass.png"),
        ("TransparencyFactor", "glass.png"),
    ];
    let (_, material) = textured(&glass, &number("Opacity", 0.5));
    assert_eq!(
        (material.alpha_mode, material.base_color[3]),
        (AlphaMode::Blended, 0.5)
    );
}

#[test]
fn opacity_in_an_image_of_its_own_is_left_out_with_a_word() {
    let slots = [
        ("DiffuseColor", "leaf.png"),
        ("TransparentColor", "leaf_mask.png"),
    ];
    let (scene, material) = textured(&slots, "");
    assert_eq!(
        codes_of(scene.diagnostics()),
        ["fbx.material.opacity_texture"]
    );
    assert!(scene.diagnostics()[1].message.contains("leaf_mask.png"));
    assert_eq!(material.alpha_mode, AlphaMode::Opaque);
}

/// Metalness and roughness of physical materials.
fn packed(slots: &[(&str, &str)], properties: &str) -> Vec<(TextureSlot, TextureRole)> {
    let kind = "P: \"3dsMax|ClassIDa\", \"int\", \"Integer\", \"\",-804315648\n\
                P: \"3dsMax|ClassIDb\", \"int\", \"Integer\", \"\",-1099438848\n\
                P: \"3dsMax|SuperClassID\", \"int\", \"Integer\", \"\",3072\n";
    let mut file = Ascii::default();
    let material = file.material("Material", "unknown", &format!("{kind}{properties}"));
    for (slot, path) in slots {
        file.texture(material, &format!("3dsMax|main|{slot}"), path, "", "");
    }
    let scene = scene(&file);
    let roles = scene.materials()[0].textures.assigned();
    roles.map(|(slot, binding)| (slot, binding.role)).collect()
}

#[test]
fn one_image_of_metalness_and_roughness_is_packed() {
    use {TextureRole as Role, TextureSlot as Slot};
    let orm = [("metalness_map", "orm.png"), ("roughness_map", "orm.png")];
    assert_eq!(
        packed(&orm, ""),
        [
            (Slot::Metallic, Role::MetallicRoughness),
            (Slot::Roughness, Role::MetallicRoughness),
        ]
    );
    let with_occlusion = [orm[0], orm[1], ("ao_map", "orm.png")];
    assert_eq!(
        packed(&with_occlusion, ""),
        [
            (Slot::Metallic, Role::OcclusionRoughnessMetallic),
            (Slot::Roughness, Role::OcclusionRoughnessMetallic),
            (Slot::AmbientOcclusion, Role::OcclusionRoughnessMetallic),
        ]
    );
    let apart = [
        ("metalness_map", "m.png"),
        ("roughness_map", "r.png"),
        ("ao_map", "m.png"),
    ];
    assert_eq!(
        packed(&apart, ""),
        [
            (Slot::Metallic, Role::Metallic),
            (Slot::Roughness, Role::Roughness),
            (Slot::AmbientOcclusion, Role::Occlusion),
        ]
    );
    // Glossiness is turned round when it is cooked, so it cannot share an image.
    let glossy = integer("3dsMax|main|useGlossiness", 1);
    assert_eq!(
        packed(&orm, &glossy),
        [
            (Slot::Metallic, Role::Metallic),
            (Slot::Roughness, Role::Roughness)
        ]
    );
}
