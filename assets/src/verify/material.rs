//! Checks of material descriptors.

use super::{
    Findings,
    descriptor::References,
    field::{self, Field, Row},
    float,
    index::AssetFact,
    is_zero, number,
};
use crate::{diagnostic::codes::verify as codes, format::name::read_name};

const DESCRIPTOR: usize = 256;
const REFERENCE: usize = 424;

/// The fields after the header, without flags, stages and texture slots.
pub(super) const FIELDS: &[Row] = &[
    (95, "material_domain", Field::Byte(6)),
    (96, "flags", Field::Number(0x1f)),
    (100, "shader_stages", Field::Any(4)),
    (104, "base_color", Field::Floats(4)),
    (120, "normal_scale", Field::Floats(1)),
    // Three shares in 16 bits, where every number is one.
    (
        124,
        "metalness, roughness, ambient_occlusion",
        Field::Any(6),
    ),
    (130, "textures", Field::Any(48)),
    (178, "emissive_factor", Field::Any(6)),
    (184, "alpha_cutoff", Field::Any(2)),
    (186, "ior", Field::Floats(1)),
    (190, "specular_factor", Field::Any(2)),
    (192, "sheen_color_factor", Field::Any(6)),
    (198, "clearcoat, transmission, thickness", Field::Any(8)),
    (206, "attenuation_color", Field::Any(6)),
    (212, "attenuation_distance", Field::Floats(1)),
    (216, "uv_scale, uv_offset, uv_rotation", Field::Floats(5)),
    (236, "uv_set", Field::Any(1)),
    (237, "reserved", Field::Zeros(19)),
];

const SLOTS: [&str; 12] = [
    "base_color",
    "normal",
    "metallic",
    "roughness",
    "ambient_occlusion",
    "emissive",
    "specular",
    "sheen_color",
    "clearcoat",
    "clearcoat_normal",
    "transmission",
    "thickness",
];

pub(super) fn check(
    asset: &AssetFact,
    bytes: &[u8],
    references: &References<'_>,
    findings: &mut Findings,
) {
    let object = asset.virtual_path.as_str();
    if bytes.len() < DESCRIPTOR {
        let text = format!("{} bytes are too few for a material", bytes.len());
        findings.add(codes::DESCRIPTOR, object, text);
        return;
    }
    field::check(bytes, FIELDS, |message| {
        findings.add(codes::DESCRIPTOR, object, message);
    });
    check_ranges(object, bytes, findings);
    check_slots(object, bytes, references, findings);
    check_shaders(object, bytes, findings);
}

/// Numbers that loaders take, but that no material means.
fn check_ranges(object: &str, bytes: &[u8], findings: &mut Findings) {
    let mut loose = |message: String| findings.add(codes::DESCRIPTOR_FORM, object, message);
    if bytes[95] == 0 {
        loose("the material has no domain".to_owned());
    }
    for (name, at, count, least, most) in [
        ("base_color", 104, 4, 0.0, 1.0),
        ("normal_scale", 120, 1, 0.0, f32::MAX),
        ("ior", 186, 1, 1.0, f32::MAX),
        ("attenuation_distance", 212, 1, 0.0, f32::MAX),
    ] {
        let values = (0..count).map(|i| float(bytes, at + 4 * i));
        if let Some(value) = values
            .clone()
            .find(|value| value.is_finite() && !(least..=most).contains(value))
        {
            loose(format!("`{name}` is {value}"));
        }
    }
    for (name, at, is_limited) in [
        ("emissive_factor", 178, false),
        ("sheen_color_factor", 192, true),
        ("attenuation_color", 206, true),
    ] {
        for channel in 0..3 {
            let half = number(bytes, at + 2 * channel, 2);
            if half & 0x7c00 == 0x7c00 {
                let text = format!("`{name}` is not finite");
                findings.add(codes::DESCRIPTOR, object, text);
            } else if is_limited && (half & 0x7fff > 0x3c00 || half & 0x8000 != 0 && half != 0x8000)
            {
                let text = format!("`{name}` is not between 0 and 1");
                findings.add(codes::DESCRIPTOR_FORM, object, text);
            }
        }
    }
}

fn check_slots(object: &str, bytes: &[u8], references: &References<'_>, findings: &mut Findings) {
    let slots: [u64; 12] = std::array::from_fn(|slot| number(bytes, 130 + 4 * slot, 4));
    let flags = number(bytes, 96, 4);
    for (name, index) in SLOTS.into_iter().zip(slots) {
        if index == 0xffff_ffff {
            let text = format!("`{name}` has the error texture");
            findings.add(codes::ERROR_TEXTURE, object, text);
        } else if index != 0 && index >= references.textures as u64 {
            let text = format!("`{name}` has texture {index} of {}", references.textures);
            findings.add(codes::REFERENCE, object, text);
        }
        if flags & 1 != 0 && index != 0 {
            let text = format!("no texture is sampled, but `{name}` has texture {index}");
            findings.add(codes::DESCRIPTOR, object, text);
        }
    }
    let [_, _, metallic, roughness, ..] = slots;
    if flags & 0x10 != 0 && metallic != roughness {
        let text = format!(
            "metalness and roughness are packed, but have the textures {metallic} and {roughness}"
        );
        findings.add(codes::DESCRIPTOR, object, text);
    }
}

fn check_shaders(object: &str, bytes: &[u8], findings: &mut Findings) {
    let stages = number(bytes, 100, 4);
    let mut wrong = |message: String| findings.add(codes::DESCRIPTOR, object, message);
    if stages & !0x7ffe != 0 {
        wrong(format!("shader stages {stages:#x} are not known"));
    }
    let expected = DESCRIPTOR + REFERENCE * stages.count_ones() as usize;
    if bytes.len() != expected {
        wrong(format!(
            "{} bytes instead of {expected} for shader stages {stages:#x}",
            bytes.len()
        ));
    }
    let set = (0..32).filter(|stage| stages >> stage & 1 != 0);
    for (stage, reference) in set.zip(bytes[DESCRIPTOR..].chunks_exact(REFERENCE)) {
        if u64::from(reference[0]) != stage {
            wrong(format!(
                "the shader reference of stage {stage} says stage {}",
                reference[0]
            ));
        }
        if !is_zero(reference, 1, 7) {
            wrong(format!(
                "reserved bytes of the shader reference of stage {stage} are not zero"
            ));
        }
        for (name, at, len, is_needed) in [
            ("source_path", 8, 120, true),
            ("entry_point", 128, 32, true),
            ("defines", 160, 256, false),
        ] {
            match read_name(&reference[at..at + len]) {
                None => wrong(format!(
                    "`{name}` of stage {stage} is not UTF-8, or not followed by NUL to its end"
                )),
                Some("") if is_needed => wrong(format!("`{name}` of stage {stage} is empty")),
                Some(_) => {}
            }
        }
    }
    if stages == 0 {
        findings.add(codes::DESCRIPTOR_FORM, object, "the material has no shader");
    }
}
