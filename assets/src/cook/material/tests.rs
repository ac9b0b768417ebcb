//! Materials are cooked, and read back from their bytes at the offsets that the format documents.

use super::*;
use crate::{
    cook::asset::KeySource,
    diagnostic::{Code, Severity},
    format::{
        asset_header::HASH_RANGE,
        ids::{AssetKey, ContentHash},
        index::AssetType,
    },
    source::scene::{ImageId, OrmPolicy, TextureBinding, TextureRole, UvTransform},
};
use half::f16;
use proptest::prelude::*;
use sha2::{Digest, Sha256};

fn identity(name: &str) -> AssetIdentity {
    AssetIdentity::new(AssetType::Material, name, KeySource::VirtualPath).unwrap()
}

/// Slot *n* has the texture 100 + *n*.
fn texture(slot: TextureSlot) -> TextureIndex {
    TextureIndex(100 + slot as u32)
}

fn cook_with(
    material: &MaterialSource,
    shaders: Option<&[ShaderRequest<'_>]>,
) -> Result<CookedAsset, Vec<Diagnostic>> {
    let identity = identity("M_Red");
    let request = MaterialRequest {
        identity: &identity,
        source_id: "box.glb::M_Red::0",
        shaders,
        content_hashing: true,
    };
    cook_material(material, &request, &texture)
}

fn cook(material: &MaterialSource) -> CookedAsset {
    cook_with(material, None).unwrap()
}

fn codes_of(diagnostics: &[Diagnostic]) -> Vec<Code> {
    diagnostics.iter().map(|d| d.code).collect()
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(bytes[at..at + 2].try_into().unwrap())
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn f32_at(bytes: &[u8], at: usize) -> f32 {
    f32::from_bits(u32_at(bytes, at))
}

fn half_at(bytes: &[u8], at: usize) -> f32 {
    f16::from_bits(u16_at(bytes, at)).to_f32()
}

fn slots(bytes: &[u8]) -> [u32; 12] {
    std::array::from_fn(|slot| u32_at(bytes, 130 + 4 * slot))
}

/// Where flags and domain are.
const DOMAIN: usize = 95;
const FLAGS: usize = 96;

fn binding(image: u32, role: TextureRole) -> TextureBinding {
    TextureBinding {
        image: ImageId(image),
        role,
        uv_set: 0,
        transform: UvTransform::IDENTITY,
    }
}

fn with_slots(slots: &[(TextureSlot, TextureBinding)]) -> MaterialSource {
    let mut material = MaterialSource::default();
    for (slot, binding) in slots {
        material.textures.set(*slot, Some(*binding));
    }
    material
}

#[test]
fn the_worked_example() {
    let material = MaterialSource {
        base_color: [1.0, 0.0, 0.0, 1.0],
        ..MaterialSource::default()
    };
    let asset = cook(&material);
    assert_eq!(asset.bytes.len(), 1104);
    assert_eq!(
        asset.key.to_string(),
        "6d840f81-afba-d29f-0ec8-e9b5f15d004b"
    );
    assert_eq!(asset.asset_type, AssetType::Material);
    assert_eq!(asset.path.as_str(), "Materials/M_Red.omat");
    assert_eq!(asset.virtual_path.as_str(), "/.cooked/Materials/M_Red.omat");
    assert_eq!(
        asset.content_hash.0.to_le_bytes()[..4],
        [0x7a, 0xcf, 0x96, 0x2f]
    );
    assert_eq!(asset.digest[..4], [0xc5, 0x99, 0x97, 0xe2]);
    assert_eq!(asset.digest[..], Sha256::digest(&asset.bytes)[..]);
    assert_eq!(asset.diagnostics, []);
}

#[test]
fn the_hash_is_that_of_the_bytes_without_it() {
    let asset = cook(&MaterialSource::default());
    let mut blank = asset.bytes.clone();
    blank[HASH_RANGE].fill(0);
    assert_eq!(asset.bytes[HASH_RANGE], Sha256::digest(&blank)[..8]);
    let identity = identity("M_Red");
    let request = MaterialRequest {
        identity: &identity,
        source_id: "",
        shaders: None,
        content_hashing: false,
    };
    let asset = cook_material(&MaterialSource::default(), &request, &texture).unwrap();
    assert_eq!(asset.bytes, blank);
    assert_eq!(
        (asset.content_hash, asset.digest),
        (ContentHash::NONE, [0; 32])
    );
}

#[test]
fn shares_are_limited_to_0_and_1() {
    type Set = fn(&mut MaterialSource, f32);
    let shares: [(Set, usize); 8] = [
        (|m, v| m.metalness = v, 124),
        (|m, v| m.roughness = v, 126),
        (|m, v| m.ambient_occlusion = v, 128),
        (|m, v| m.alpha_cutoff = v, 184),
        (|m, v| m.specular = v, 190),
        (|m, v| m.clearcoat = v, 198),
        (|m, v| m.clearcoat_roughness = v, 200),
        (|m, v| m.transmission = v, 202),
    ];
    for (set, at) in shares {
        for (value, stored) in [
            (-1.0, 0),
            (0.0, 0),
            (0.5, 0x8000),
            (1.0, 0xffff),
            (2.0, 0xffff),
        ] {
            let mut material = MaterialSource::default();
            set(&mut material, value);
            let asset = cook(&material);
            assert_eq!(u16_at(&asset.bytes, at), stored, "{value} at {at}");
            assert_eq!(asset.diagnostics, []);
        }
    }
    for (value, stored, codes) in [
        (-1.0, 0, &[][..]),
        (0.5, 0x8000, &[]),
        (2.0, 0xffff, &[codes::THICKNESS_RANGE]),
    ] {
        let asset = cook(&MaterialSource {
            thickness: value,
            ..MaterialSource::default()
        });
        assert_eq!(u16_at(&asset.bytes, 204), stored);
        assert_eq!(codes_of(&asset.diagnostics), codes);
    }
}

#[test]
fn other_numbers_are_limited_where_they_must() {
    let material = |value: f32| MaterialSource {
        base_color: [value; 4],
        normal_scale: value,
        ior: value,
        sheen_color: [value; 3],
        attenuation_color: [value; 3],
        attenuation_distance: value,
        emissive: [value; 3],
        ..MaterialSource::default()
    };
    for (value, share, not_negative, ior) in [
        (-1.0, 0.0, 0.0, 1.0),
        (0.5, 0.5, 0.5, 1.0),
        (2.0, 1.0, 2.0, 2.0),
    ] {
        let bytes = cook(&material(value)).bytes;
        for channel in 0..4 {
            assert_eq!(f32_at(&bytes, 104 + 4 * channel), share);
        }
        assert_eq!(f32_at(&bytes, 120), not_negative);
        assert_eq!(f32_at(&bytes, 186), ior);
        assert_eq!(f32_at(&bytes, 212), not_negative);
        for channel in 0..3 {
            assert_eq!(
                half_at(&bytes, 178 + 2 * channel),
                value,
                "emissive is kept"
            );
            assert_eq!(half_at(&bytes, 192 + 2 * channel), share);
            assert_eq!(half_at(&bytes, 206 + 2 * channel), share);
        }
    }
    assert_eq!(half_at(&cook(&material(10.0)).bytes, 178), 10.0);
}

#[test]
fn light_beyond_the_encoding_is_limited_and_said() {
    for (value, stored, warned) in [
        (65519.0, 65504.0, false),
        (65520.0, 65504.0, true),
        (-1e30, -65504.0, true),
    ] {
        let asset = cook(&MaterialSource {
            emissive: [0.0, value, 1.0],
            ..MaterialSource::default()
        });
        assert_eq!(half_at(&asset.bytes, 180), stored);
        assert_eq!(half_at(&asset.bytes, 182), 1.0);
        let codes = if warned {
            vec![codes::EMISSIVE_RANGE]
        } else {
            Vec::new()
        };
        assert_eq!(codes_of(&asset.diagnostics), codes);
    }
}

#[test]
fn numbers_that_are_none_become_the_default() {
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut material = MaterialSource {
            base_color: [0.5, value, 0.5, 0.5],
            normal_scale: value,
            metalness: value,
            roughness: value,
            ambient_occlusion: value,
            emissive: [value; 3],
            alpha_cutoff: value,
            ior: value,
            specular: value,
            sheen_color: [value; 3],
            clearcoat: value,
            clearcoat_roughness: value,
            transmission: value,
            thickness: value,
            attenuation_color: [value; 3],
            attenuation_distance: value,
            ..MaterialSource::default()
        };
        let asset = cook(&material);
        assert_eq!(asset.bytes, cook(&MaterialSource::default()).bytes);
        assert_eq!(codes_of(&asset.diagnostics), [codes::INVALID_NUMBER; 16]);
        let message = format!("`ior` is [{value:?}], and becomes [1.5]");
        assert!(asset.diagnostics.iter().any(|d| d.message == message));
        let mut bound = binding(0, TextureRole::BaseColor);
        bound.transform.rotation = value;
        bound.transform.scale = [2.0, 2.0];
        material = with_slots(&[(TextureSlot::BaseColor, bound)]);
        let asset = cook(&material);
        assert_eq!(f32_at(&asset.bytes, 216), 1.0);
        assert_eq!(codes_of(&asset.diagnostics), [codes::INVALID_NUMBER]);
    }
}

#[test]
fn glossiness_is_turned_round() {
    for (value, stored) in [
        (0.0, 0xffff),
        (0.25, 0xbfff),
        (1.0, 0),
        (2.0, 0),
        (-1.0, 0xffff),
    ] {
        let mut material = MaterialSource {
            roughness: value,
            roughness_as_glossiness: true,
            ..MaterialSource::default()
        };
        let asset = cook(&material);
        assert_eq!(u16_at(&asset.bytes, 126), stored);
        assert_eq!(asset.diagnostics, []);
        let bound = binding(0, TextureRole::Roughness);
        material.textures.set(TextureSlot::Roughness, Some(bound));
        let codes = codes_of(&cook(&material).diagnostics);
        assert_eq!(codes, [codes::GLOSSINESS_TEXTURE]);
    }
}

#[test]
fn alpha_decides_domain_and_test() {
    use AlphaMode::{Blended, Masked, Opaque};
    let table = [
        (Purpose::Opaque, Opaque, 1, 0),
        (Purpose::Opaque, Masked, 3, 4),
        (Purpose::Opaque, Blended, 2, 0),
        (Purpose::Decal, Opaque, 4, 0),
        (Purpose::Decal, Masked, 4, 4),
        (Purpose::Decal, Blended, 4, 0),
        (Purpose::UserInterface, Opaque, 5, 0),
        (Purpose::UserInterface, Masked, 5, 4),
        (Purpose::UserInterface, Blended, 5, 0),
        (Purpose::PostProcess, Opaque, 6, 0),
        (Purpose::PostProcess, Masked, 6, 4),
        (Purpose::PostProcess, Blended, 6, 0),
    ];
    for (domain, alpha_mode, stored, flags) in table {
        let bytes = cook(&MaterialSource {
            domain,
            alpha_mode,
            ..MaterialSource::default()
        })
        .bytes;
        assert_eq!(
            (bytes[DOMAIN], u32_at(&bytes, FLAGS)),
            (stored, 1 | flags),
            "{domain:?} {alpha_mode:?}"
        );
        let defines: &[u8] = if flags == 4 { b"ALPHA_TEST=1\0" } else { b"\0" };
        assert!(bytes[256 + 424 + 160..].starts_with(defines));
    }
}

#[test]
fn cutoffs_out_of_range_matter_to_masked_materials() {
    for (alpha_mode, cutoff, codes) in [
        (AlphaMode::Masked, -0.1, &[codes::ALPHA_CUTOFF_RANGE][..]),
        (AlphaMode::Masked, 1.1, &[codes::ALPHA_CUTOFF_RANGE]),
        (AlphaMode::Masked, 1.0, &[]),
        (AlphaMode::Opaque, 1.1, &[]),
        (AlphaMode::Blended, -0.1, &[]),
    ] {
        let asset = cook(&MaterialSource {
            alpha_mode,
            alpha_cutoff: cutoff,
            ..MaterialSource::default()
        });
        assert_eq!(codes_of(&asset.diagnostics), codes);
        assert_eq!(
            u16_at(&asset.bytes, 184),
            if cutoff < 0.0 { 0 } else { 0xffff }
        );
    }
}

#[test]
fn flags_say_what_was_authored() {
    let bytes = cook(&MaterialSource {
        double_sided: true,
        unlit: true,
        ..MaterialSource::default()
    })
    .bytes;
    assert_eq!(u32_at(&bytes, FLAGS), 0x01 | 0x02 | 0x08);
    for slot in TextureSlot::ALL {
        let bytes = cook(&with_slots(&[(slot, binding(0, TextureRole::BaseColor))])).bytes;
        assert_eq!(u32_at(&bytes, FLAGS), 0);
        let mut expected = [0; 12];
        expected[slot as usize] = 100 + slot as u32;
        assert_eq!(slots(&bytes), expected);
    }
}

/// Metalness, roughness and occlusion in the slots 2, 3 and 4.
fn orm(
    metallic: TextureBinding,
    roughness: TextureBinding,
    ao: Option<TextureBinding>,
) -> MaterialSource {
    let mut material = with_slots(&[
        (TextureSlot::Metallic, metallic),
        (TextureSlot::Roughness, roughness),
    ]);
    material.textures.set(TextureSlot::AmbientOcclusion, ao);
    material
}

#[test]
fn packing_follows_images_and_transforms() {
    let role = TextureRole::MetallicRoughness;
    let packed = binding(7, role);
    let turned = TextureBinding {
        transform: UvTransform {
            rotation: 0.5,
            ..UvTransform::IDENTITY
        },
        ..packed
    };
    let other_set = TextureBinding {
        uv_set: 1,
        ..packed
    };
    let orm_role = binding(7, TextureRole::OcclusionRoughnessMetallic);
    let occlusion = |image| Some(binding(image, TextureRole::Occlusion));
    let all = [102, 102, 102];
    let table = [
        // All in one image; the occlusion of another one; none.
        (orm(orm_role, orm_role, Some(orm_role)), Some(all)),
        (orm(packed, packed, occlusion(7)), Some(all)),
        (orm(packed, packed, occlusion(8)), Some([102, 102, 104])),
        (orm(packed, packed, None), Some([102, 102, 0])),
        // Sets, transforms, images or roles differ.
        (orm(packed, other_set, None), None),
        (orm(packed, turned, None), None),
        (orm(packed, binding(8, role), None), None),
        (orm(packed, orm_role, None), None),
        (
            orm(
                binding(7, TextureRole::Metallic),
                binding(7, TextureRole::Roughness),
                None,
            ),
            None,
        ),
        (orm(turned, turned, None), Some([102, 102, 0])),
    ];
    for (material, packed) in table {
        let bytes = cook(&material).bytes;
        let is_packed = u32_at(&bytes, FLAGS) & 0x10 != 0;
        assert_eq!(is_packed, packed.is_some(), "{:?}", material.textures);
        let has_ao = material
            .textures
            .get(TextureSlot::AmbientOcclusion)
            .is_some();
        let separate = [102, 103, if has_ao { 104 } else { 0 }];
        assert_eq!(slots(&bytes)[2..5], packed.unwrap_or(separate));

        let forced = MaterialSource {
            orm_policy: OrmPolicy::ForcePacked,
            ..material.clone()
        };
        match (cook_with(&forced, None), packed) {
            (Ok(asset), Some(_)) => assert_eq!(asset.bytes, bytes),
            (Err(diagnostics), None) => {
                let error = diagnostics.last().unwrap();
                assert_eq!(error.code, codes::ORM_POLICY);
                assert_eq!(error.severity, Severity::Error);
            }
            (result, _) => panic!("{result:?}"),
        }
        let separated = MaterialSource {
            orm_policy: OrmPolicy::ForceSeparate,
            ..material
        };
        let bytes = cook(&separated).bytes;
        assert_eq!(u32_at(&bytes, FLAGS) & 0x10, 0);
        assert_eq!(slots(&bytes)[2..5], separate);
    }
    let nothing = MaterialSource {
        orm_policy: OrmPolicy::ForcePacked,
        ..MaterialSource::default()
    };
    let diagnostics = cook_with(&nothing, None).unwrap_err();
    assert_eq!(codes_of(&diagnostics), [codes::ORM_POLICY]);
    assert_eq!(diagnostics[0].source.as_deref(), Some("box.glb::M_Red::0"));
    assert_eq!(diagnostics[0].object.as_deref(), Some("M_Red"));
}

#[test]
fn textures_that_failed_keep_their_slot() {
    let material = with_slots(&[
        (TextureSlot::BaseColor, binding(0, TextureRole::BaseColor)),
        (TextureSlot::Normal, binding(1, TextureRole::Normal)),
    ]);
    let identity = identity("M_Red");
    let request = MaterialRequest {
        identity: &identity,
        source_id: "",
        shaders: None,
        content_hashing: true,
    };
    let failed = |slot| match slot {
        TextureSlot::BaseColor => TextureIndex::ERROR,
        _ => TextureIndex::FALLBACK,
    };
    let bytes = cook_material(&material, &request, &failed).unwrap().bytes;
    assert_eq!(slots(&bytes)[..2], [u32::MAX, 0]);
    assert_eq!(u32_at(&bytes, FLAGS), 0, "textures are sampled");
}

#[test]
fn the_first_transform_is_stored_and_others_are_named() {
    let placed = |uv_set, scale| TextureBinding {
        uv_set,
        transform: UvTransform {
            scale: [scale; 2],
            rotation: 0.1,
            offset: [0.25, 0.5],
        },
        ..binding(0, TextureRole::BaseColor)
    };
    let stored = |bytes: &[u8]| {
        let numbers = [216, 220, 224, 228, 232].map(|at| f32_at(bytes, at));
        (bytes[236], numbers)
    };
    let alone = cook(&with_slots(&[(TextureSlot::BaseColor, placed(2, 2.0))]));
    assert_eq!(stored(&alone.bytes), (2, [2.0, 2.0, 0.25, 0.5, 0.1]));
    assert_eq!(alone.diagnostics, []);

    let several = cook(&with_slots(&[
        (TextureSlot::Thickness, placed(1, 2.0)),
        (TextureSlot::Emissive, placed(2, 2.0)),
        (TextureSlot::Normal, binding(1, TextureRole::Normal)),
        (TextureSlot::BaseColor, placed(2, 2.0)),
    ]));
    assert_eq!(stored(&several.bytes), stored(&alone.bytes));
    assert_eq!(
        codes_of(&several.diagnostics),
        [codes::UV_TRANSFORM_DIFFERS]
    );
    assert_eq!(
        several.diagnostics[0].message,
        "all slots get the transform and the set 2 of `base_color`; \
         others are authored for `normal`, `thickness`"
    );
    let none = cook(&MaterialSource::default());
    assert_eq!(stored(&none.bytes), (0, [1.0, 1.0, 0.0, 0.0, 0.0]));
}

fn shader<'a>(stage: u8, path: &'a str, entry: &'a str) -> ShaderRequest<'a> {
    ShaderRequest {
        stage,
        source_path: path,
        entry_point: entry,
        defines: "",
        hash: 0,
    }
}

#[test]
fn shaders_come_in_the_order_of_their_stages() {
    let requests = [shader(7, "p.hlsl", "P"), shader(3, "v.hlsl", "V")];
    let asset = cook_with(&MaterialSource::default(), Some(&requests)).unwrap();
    assert_eq!(u32_at(&asset.bytes, 100), 1 << 3 | 1 << 7);
    assert_eq!((asset.bytes[256], asset.bytes[256 + 424]), (3, 7));
    assert!(asset.bytes[264..].starts_with(b"v.hlsl\0"));
    assert!(asset.bytes[256 + 424 + 128..].starts_with(b"P\0"));
}

#[test]
fn long_texts_of_shaders_are_cut_with_a_word_for_each() {
    let (path, entry, defines) = ("p".repeat(200), "e".repeat(80), "d".repeat(300));
    let request = ShaderRequest {
        stage: 3,
        source_path: &path,
        entry_point: &entry,
        defines: &defines,
        hash: 0x0102,
    };
    let asset = cook_with(&MaterialSource::default(), Some(&[request])).unwrap();
    assert_eq!(
        codes_of(&asset.diagnostics),
        [codes::SHADER_REF_TRUNCATED; 3]
    );
    let shader = &asset.bytes[256..];
    assert_eq!(shader.len(), 424);
    assert_eq!(shader[8..128], [&[b'p'; 119][..], &[0]].concat());
    assert_eq!(shader[128..160], [&[b'e'; 31][..], &[0]].concat());
    assert_eq!(shader[160..416], [&[b'd'; 255][..], &[0]].concat());
    assert_eq!(shader[416..], [2, 1, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn senseless_shaders_are_errors() {
    let error = |requests: &[ShaderRequest<'_>]| {
        let diagnostics = cook_with(&MaterialSource::default(), Some(requests)).unwrap_err();
        diagnostics.last().unwrap().code
    };
    let good = shader(3, "v.hlsl", "V");
    assert_eq!(error(&[]), codes::SHADER_STAGES_MISSING);
    assert_eq!(error(&[good; 33]), codes::SHADER_STAGE_COUNT);
    assert_eq!(error(&[shader(0, "v", "V")]), codes::SHADER_STAGE_INVALID);
    assert_eq!(error(&[shader(15, "v", "V")]), codes::SHADER_STAGE_INVALID);
    assert_eq!(error(&[good, good]), codes::SHADER_STAGE_DUPLICATE);
    for bad in [
        shader(3, "", "V"),
        shader(3, "v", ""),
        shader(3, "../v", "V"),
        shader(3, "a\\v", "V"),
        shader(3, "v", "V\0"),
    ] {
        assert_eq!(error(&[bad]), codes::SHADER_REF_INVALID, "{bad:?}");
    }
}

#[test]
fn long_names_are_cut_and_told() {
    let name = format!("Robot/{}", "ü".repeat(40));
    let identity = identity(&name);
    let request = MaterialRequest {
        identity: &identity,
        source_id: "",
        shaders: None,
        content_hashing: true,
    };
    let asset = cook_material(&MaterialSource::default(), &request, &texture).unwrap();
    assert_eq!(asset.bytes[1..63], name.as_bytes()[..62]);
    assert_eq!(asset.bytes[63..65], [0, 0]);
    assert_eq!(codes_of(&asset.diagnostics), [codes::NAME_TRUNCATED]);
    assert_eq!(asset.diagnostics[0].severity, Severity::Info);
    assert_eq!(asset.path.as_str(), format!("Materials/{name}.omat"));
    assert_eq!(asset.key, AssetKey::of_text(asset.virtual_path.as_str()));
}

proptest! {
    /// Whatever the numbers, the descriptor is one that readers take.
    #[test]
    fn any_numbers_make_a_valid_descriptor(
        numbers in prop::collection::vec(any::<f32>(), 30),
        filled in prop::collection::vec(any::<bool>(), 12),
        images in prop::collection::vec(0..3u32, 12),
        masked in any::<bool>(),
    ) {
        let n = |i: usize| numbers[i];
        let mut material = MaterialSource {
            alpha_mode: if masked { AlphaMode::Masked } else { AlphaMode::Blended },
            alpha_cutoff: n(0),
            base_color: [n(1), n(2), n(3), n(4)],
            normal_scale: n(5),
            metalness: n(6),
            roughness: n(7),
            ambient_occlusion: n(8),
            emissive: [n(9), n(10), n(11)],
            ior: n(12),
            specular: n(13),
            sheen_color: [n(14), n(15), n(16)],
            clearcoat: n(17),
            clearcoat_roughness: n(18),
            transmission: n(19),
            thickness: n(20),
            attenuation_color: [n(21), n(22), n(23)],
            attenuation_distance: n(24),
            ..MaterialSource::default()
        };
        for (i, slot) in TextureSlot::ALL.into_iter().enumerate() {
            let bound = TextureBinding {
                transform: UvTransform {
                    scale: [n(25), n(26)],
                    rotation: n(27),
                    offset: [n(28), n(29)],
                },
                ..binding(images[i], TextureRole::MetallicRoughness)
            };
            material.textures.set(slot, filled[i].then_some(bound));
        }
        let asset = cook(&material);
        prop_assert!(asset.diagnostics.iter().all(|d| d.severity == Severity::Warning));
        let read = MaterialDescriptor::parse(&asset.bytes).unwrap();
        prop_assert_eq!(read.to_bytes(), asset.bytes);
    }
}

/// Everything that the format refuses is settled before; if it were not, this would be told.
#[test]
fn a_descriptor_that_breaks_its_format_would_be_told() {
    let error = MaterialError::from(crate::format::material::MaterialFormatError::NotFinite);
    assert_eq!(error.code().id(), "material.serialize_failed");
}
