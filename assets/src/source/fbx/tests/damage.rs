//! Damaged files, limits and cancellation.

use super::{
    ascii::{Geometry, ROOT, placed, property},
    document::load,
    *,
};
use crate::{cook::pace::Cancelled, diagnostic::Code, source::scene::MeshLoadError};
use std::{collections::BTreeSet, ops::Range};

/// A scene with something of everything.
fn everything() -> Vec<u8> {
    let mut file = Ascii::default();
    let geometry = Geometry::cuboid([0.0; 3], [100.0; 3]);
    let (node, mesh) = file.mesh(
        "Box",
        ROOT,
        &placed([1.0, 2.0, 3.0], [4.0; 3], [1.0; 3]),
        &geometry,
    );
    let material = file.material(
        "Material",
        "phong",
        &property("Shininess", "Number", &[25.0]),
    );
    file.connect(material, node);
    let texture = file.texture(material, "DiffuseColor", "a.png", "", "");
    file.embed(texture, "a.png", "", "bm90IGFuIGltYWdl");
    let joint = file.node_of("LimbNode", "Joint", node, "");
    let skin = file.skin(mesh);
    let identity = DMat4::IDENTITY.to_cols_array();
    file.cluster(skin, joint, &[(0, 1.0), (7, 0.5)], identity, identity);
    let camera = file.node_of("Camera", "Camera", node, "");
    file.attribute(camera, "Camera", "");
    let light = file.node_of("Light", "Light", camera, "");
    file.attribute(light, "Light", "");
    let group = file.node_of("LodGroup", "Group", ROOT, "");
    file.attribute(group, "LodGroup", "");
    for _ in 0..2 {
        file.mesh("Level", group, "", &geometry);
    }
    file.build()
}

/// Memory for damaged files.
fn limits() -> FbxLimits {
    FbxLimits {
        max_bytes: 32 << 20,
        ..FbxLimits::default()
    }
}

/// Reads a file and decodes all of its meshes. Whatever happens, it is a result.
fn survive(bytes: &[u8]) -> bool {
    let options = FbxOptions {
        limits: limits(),
        ..FbxOptions::default()
    };
    let scene = match try_read(bytes, &options) {
        Ok(scene) => scene.resolve(&BTreeMap::new()).unwrap(),
        Err(error) => {
            let diagnostic = error.diagnostic().unwrap();
            assert!(diagnostic.is_error() && !diagnostic.message.is_empty());
            return false;
        }
    };
    for mesh in scene.meshes() {
        let mut pace = Pace::uninterrupted(CancelFlag::new());
        match block_on(mesh.loader.load(&mut pace)) {
            Ok(decoded) => {
                let parts = decoded.mesh.lods.iter().flat_map(|lod| &lod.parts);
                let (mut vertices, mut indices) = (0, 0);
                for part in parts {
                    vertices += part.streams.positions.len() as u64;
                    indices += part.indices.len() as u64;
                    let count = part.streams.positions.len() as u32;
                    assert!(part.indices.iter().all(|index| *index < count));
                }
                assert!(vertices <= mesh.size.vertices && indices <= mesh.size.indices);
            }
            Err(MeshLoadError::Failed(diagnostics)) => {
                assert!(diagnostics.iter().any(Diagnostic::is_error));
            }
            Err(MeshLoadError::Cancelled(_)) => panic!("nobody cancelled"),
        }
    }
    for image in scene.images() {
        if let crate::source::scene::ImageData::Embedded(bytes) = &image.data {
            assert!(bytes.len() < 1 << 20);
        }
    }
    true
}

/// Numbers that look random, and are the same each time.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        // Splitmix64, by Sebastiano Vigna.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}

/// Files to damage: our own, and five of the corpus.
fn victims() -> Vec<(String, Vec<u8>)> {
    let names = [
        "maya_game_sausage_6100_binary.fbx",
        "maya_transformed_skin_7700_binary.fbx",
        "maya_lod_group_7500_binary.fbx",
        "blender_293_embedded_textures_7400_binary.fbx",
        "maya_textured_cube_7500_ascii.fbx",
    ];
    let mut victims = vec![("everything".to_owned(), everything())];
    for name in names {
        victims.extend(corpus_file(name).map(|bytes| (name.to_owned(), bytes)));
    }
    victims
}

/// Cases for each file; more with `KILN_DAMAGE_CASES`.
fn cases() -> usize {
    let wish = std::env::var("KILN_DAMAGE_CASES").ok();
    wish.and_then(|wish| wish.parse().ok()).unwrap_or(60)
}

#[test]
fn files_that_are_cut_off() {
    for (name, bytes) in victims() {
        assert!(survive(&bytes), "{name}");
        let mut noise = Noise(1);
        for case in 0..cases() {
            // Every length at the beginning, where the header is, then any.
            let len = if case < 40 {
                case
            } else {
                noise.below(bytes.len())
            };
            survive(&bytes[..len]);
        }
    }
}

#[test]
fn files_with_other_bytes() {
    for (index, (_, bytes)) in (0..).zip(victims()) {
        let mut noise = Noise(index);
        let mut intact = 0;
        for _ in 0..cases() {
            let mut damaged = bytes.clone();
            for _ in 0..=noise.below(8) {
                let at = noise.below(damaged.len());
                damaged[at] = noise.next() as u8;
            }
            intact += usize::from(survive(&damaged));
        }
        assert!(intact > 0, "some damage does not matter");
    }
}

/// Text survives byte changes badly; here what is changed are its numbers.
#[test]
fn files_with_other_numbers() {
    let text = String::from_utf8(everything()).unwrap();
    let is_number = |c: char| c.is_ascii_digit() || matches!(c, '-' | '.');
    let mut numbers: Vec<Range<usize>> = Vec::new();
    for (at, _) in text.char_indices().filter(|(_, c)| is_number(*c)) {
        match numbers.last_mut() {
            Some(last) if last.end == at => last.end += 1,
            _ => numbers.push(at..at + 1),
        }
    }
    let values = [
        "0",
        "-1",
        "1",
        "2",
        "7",
        "1e308",
        "-1e308",
        "nan",
        "inf",
        "2147483647",
        "-2147483648",
        "4294967295",
        "9223372036854775807",
        "0.00001",
        "",
    ];
    let mut noise = Noise(7);
    for _ in 0..4 * cases() {
        let mut damaged = text.clone();
        let mut changed = BTreeSet::new();
        for _ in 0..=noise.below(3) {
            changed.insert(noise.below(numbers.len()));
        }
        // From behind, so that places stay where they are.
        for number in changed.into_iter().rev() {
            damaged.replace_range(numbers[number].clone(), values[noise.below(values.len())]);
        }
        survive(damaged.as_bytes());
    }
}

#[test]
fn other_formats_are_told_from_fbx() {
    let obj = b"o Box\nv 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n";
    let words = b"This is a letter, not a scene.";
    let files: [&[u8]; 5] = [b"", b"\0\0\0\0", obj, words, b"glTF\x02\0\0\0"];
    for bytes in files {
        let error = try_read(bytes, &FbxOptions::default()).unwrap_err();
        assert_eq!(error.code().unwrap().id(), "fbx.parse_failed", "{bytes:?}");
        assert!(!recognizes(bytes));
    }
}

#[test]
fn heads_are_recognised() {
    for head in [
        &b"Kaydara FBX Binary  \x00\x1a\x00"[..],
        b"; FBX 7.4.0 project file\n; ----",
        b"\xef\xbb\xbf; FBX 6.1.0 project file",
        b"\r\n;FBX 7.7.0 project file\r\n",
        b"; Created by somebody\n; on a Monday\n\nFBXHeaderExtension:  {",
        b"  FBXHeaderExtension: {",
    ] {
        assert!(recognizes(head), "{head:?}");
    }
    for head in [
        &b""[..],
        b"FBX",
        b"; a comment",
        b"Objects:  {",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xfe",
    ] {
        assert!(!recognizes(head), "{head:?}");
    }
}

#[test]
fn memory_is_limited() {
    let mut file = Ascii::default();
    let outline: Vec<[f64; 2]> = (0..200_000).map(|i| [f64::from(i), 0.5]).collect();
    file.mesh("Large", ROOT, "", &Geometry::polygon(&outline));
    let bytes = file.build();
    let code_under = |limits: FbxLimits| -> Option<Code> {
        let options = FbxOptions {
            limits,
            ..FbxOptions::default()
        };
        let error = try_read(&bytes, &options).err()?;
        Some(error.code().unwrap())
    };
    assert_eq!(code_under(FbxLimits::default()), None);
    for limits in [
        FbxLimits {
            max_bytes: 1 << 20,
            ..FbxLimits::default()
        },
        FbxLimits {
            max_allocations: 4,
            ..FbxLimits::default()
        },
    ] {
        assert_eq!(code_under(limits), Some(codes::LIMIT_EXCEEDED));
    }
}

#[test]
fn parsing_stops_when_it_is_cancelled() {
    let cancel = CancelFlag::new();
    cancel.cancel();
    let cancelled = Err(FbxError::Cancelled(Cancelled));
    let result = read(&everything(), "scene.fbx", &FbxOptions::default(), &cancel);
    assert_eq!(result.map(|_| ()), cancelled);
    // Also when the flag is raised while the parser is at work: it asks all the time.
    let mut file = Ascii::default();
    let outline: Vec<[f64; 2]> = (0..20_000).map(|i| [f64::from(i), 0.5]).collect();
    file.mesh("Large", ROOT, "", &Geometry::polygon(&outline));
    let result = load(&file.build(), &FbxLimits::default(), &cancel);
    assert_eq!(result.map(|_| ()), cancelled);
}

#[test]
fn what_the_parser_repairs_is_reported() {
    let file = String::from_utf8(everything()).unwrap();
    let twice = file.replace("Model::Joint", "Model::Jo\u{1}int");
    let broken = twice.replace("bm90IGFuIGltYWdl", "?not base 64?");
    let scene = resolved(broken.as_bytes(), &FbxOptions::default());
    assert!(codes_of(scene.diagnostics()).contains(&"fbx.parser_warning"));
}

#[test]
fn animations_and_blend_shapes_are_counted() {
    let mut file = Ascii::default();
    let (node, mesh) = file.mesh("Box", ROOT, "", &Geometry::cuboid([0.0; 3], [1.0; 3]));
    for (take, moves) in [("Walk", true), ("Run", true), ("Empty", false)] {
        let stack = file.object("AnimationStack", &format!("AnimStack::{take}"), "", "");
        let layer = file.object("AnimationLayer", "AnimLayer::Base", "", "");
        file.connect(layer, stack);
        if moves {
            let curves = file.object("AnimationCurveNode", "AnimCurveNode::T", "", "");
            file.connect(curves, layer);
            file.connect_property(curves, node, "Lcl Translation");
        }
    }
    let deformer = file.object("Deformer", "Deformer::", "BlendShape", "Version: 100\n");
    file.connect(deformer, mesh);
    for name in ["Smile", "Frown", "Blink"] {
        let label = format!("SubDeformer::{name}");
        let channel = file.object("Deformer", &label, "BlendShapeChannel", "Version: 100\n");
        file.connect(channel, deformer);
        let body = "Indexes: *1 {\na: 0\n}\nVertices: *3 {\na: 0,1,0\n}\n";
        let shape = file.object("Geometry", &format!("Geometry::{name}"), "Shape", body);
        file.connect(shape, channel);
    }
    let scene = scene(&file);
    let ignored = scene.ignored();
    assert_eq!((ignored.animations, ignored.morph_targets), (2, 3));
    assert_eq!(
        codes_of(scene.diagnostics()),
        ["fbx.animations_ignored", "fbx.blend_shapes_ignored"]
    );
    assert!(scene.diagnostics().iter().all(|note| !note.is_error()));
}
