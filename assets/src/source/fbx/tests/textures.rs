//! Which file a texture means, and where it is looked for.

use super::{
    ascii::{ROOT, property},
    *,
};
use crate::source::scene::{ImageData, TextureSlot};

/// The letters "not an image" in base 64.
const EMBEDDED: &str = "bm90IGFuIGltYWdl";

/// A material for each pair of relative and absolute path.
fn with_paths(paths: &[(&str, &str)]) -> Ascii {
    let mut file = Ascii::default();
    for (relative, absolute) in paths {
        let material = file.material("Material", "phong", "");
        file.texture(material, "DiffuseColor", relative, absolute, "");
    }
    file.node("Node", ROOT, "");
    file
}

fn searches(file: &Ascii) -> Vec<TextureSearch> {
    let scene = try_read(&file.build(), &FbxOptions::default()).unwrap();
    scene.searches().to_vec()
}

fn candidates(relative: &str, absolute: &str) -> Vec<String> {
    let searches = searches(&with_paths(&[(relative, absolute)]));
    let candidates = searches[0].candidates.iter();
    candidates.map(ToString::to_string).collect()
}

#[test]
fn the_authored_path_is_tried_first_then_the_usual_places() {
    let list = candidates("maps\\Wood.png", "D:\\project\\source\\maps\\Wood.png");
    assert_eq!(
        list,
        [
            "maps/Wood.png",
            "project/source/maps/Wood.png",
            "source/maps/Wood.png",
            "Wood.png",
            "scene.fbm/Wood.png",
            "textures/Wood.png",
            "texture/Wood.png",
            "tex/Wood.png",
            "images/Wood.png",
            "materials/Wood.png",
            "../textures/Wood.png",
            "../Wood.png",
        ]
    );
}

#[test]
fn paths_of_other_machines_are_tried_by_their_ends() {
    let list = candidates("..\\..\\art\\wood.png", "/home/somebody/art/wood.png");
    assert_eq!(list[..2], ["../../art/wood.png", "art/wood.png"]);
    assert!(list.contains(&"somebody/art/wood.png".to_owned()));
    // An absolute path is no path from the folder of the file, whatever the file calls it.
    let list = candidates("C:\\art\\wood.png", "C:\\art\\wood.png");
    assert_eq!(list[..2], ["art/wood.png", "wood.png"]);
    let list = candidates("", "/art/wood.png");
    assert_eq!(list[..2], ["art/wood.png", "wood.png"]);
    let list = candidates("wood.png", "");
    assert_eq!(list[0], "wood.png");
}

#[test]
fn hostile_paths_lead_nowhere_else() {
    for (relative, absolute) in [
        ("/etc/passwd", ""),
        ("..\\..\\..\\..\\etc\\passwd", ""),
        ("\\\\host\\share\\a.png", ""),
        ("C:..\\a.png", "file:///etc/passwd"),
        ("....//a.png", "a\u{1}.png"),
    ] {
        for path in candidates(relative, absolute) {
            assert!(
                !path.starts_with('/') && !path.contains([':', '\\']),
                "{path}"
            );
        }
    }
}

#[test]
fn one_file_is_one_image() {
    let mut file = with_paths(&[
        ("a/x.png", ""),
        ("a\\x.png", ""),
        ("./a//x.png", ""),
        ("b/x.png", ""),
    ]);
    let material = file.material("Last", "phong", "");
    for slot in ["DiffuseColor", "EmissiveColor"] {
        file.texture(material, slot, "a/x.png", "", "");
    }
    let scene = scene(&file);
    let identities: Vec<_> = scene
        .images()
        .iter()
        .map(|image| image.identity.as_str())
        .collect();
    assert_eq!(identities, ["a/x.png", "b/x.png"]);
    let names: Vec<_> = scene
        .images()
        .iter()
        .map(|image| image.name.as_str())
        .collect();
    assert_eq!(names, ["x.png", "x.png"]);
    let of = |material: usize| {
        let binding = scene.materials()[material]
            .textures
            .get(TextureSlot::BaseColor);
        binding.unwrap().image
    };
    assert_eq!([0, 1, 2, 3, 4].map(of), [0, 0, 0, 1, 0].map(ImageId));
}

#[test]
fn files_that_are_found_become_external() {
    let file = with_paths(&[
        ("a/X.png", ""),
        ("b/x.png", ""),
        ("c.png", ""),
        ("d.png", ""),
    ]);
    let scene = try_read(&file.build(), &FbxOptions::default()).unwrap();
    assert_eq!(scene.searches().len(), 4);
    let path = |text: &str| SourcePath::new(text).unwrap();
    let refusal = Diagnostic::new(codes::TEXTURE_NOT_FOUND, "elsewhere");
    let found = BTreeMap::from([
        (ImageId(0), Ok(path("t/x.png"))),
        // The same file after all.
        (ImageId(1), Ok(path("t/x.png"))),
        (ImageId(3), Err(refusal.clone())),
    ]);
    let scene = scene.resolve(&found).unwrap();
    let [x, c, d] = scene.images() else {
        panic!("{} images", scene.images().len());
    };
    assert!(matches!(&x.data, ImageData::External(found) if *found == path("t/x.png")));
    let missing = |data: &ImageData| match data {
        ImageData::Missing(diagnostic) => (**diagnostic).clone(),
        data => panic!("{data:?}"),
    };
    let told = missing(&c.data);
    assert_eq!(told.code.id(), "fbx.texture.not_found");
    assert!(
        told.message.contains("the texture `c.png` was not found"),
        "{told}"
    );
    assert!(told.message.contains("`textures/c.png`"), "{told}");
    assert_eq!(told.object.as_deref(), Some("materials[2] Material"));
    assert_eq!(missing(&d.data), refusal);
    let images: Vec<_> = scene
        .materials()
        .iter()
        .map(|material| material.textures.get(TextureSlot::BaseColor).unwrap().image)
        .collect();
    assert_eq!(images, [0, 0, 1, 2].map(ImageId));
}

#[test]
fn what_must_not_be_read_is_named() {
    let searches = searches(&with_paths(&[("..\\wood.png", "")]));
    assert_eq!(searches[0].absolute, None);
    let [a, b] = ["../wood.png", "wood.png"].map(|path| SourcePath::new(path).unwrap());
    let told = searches[0].not_found(&[a.clone(), b], std::slice::from_ref(&a));
    assert!(
        told.message.ends_with(
            "looked, seen from the folder of the file and without regard to case, for `wood.png`; not \
             looked for, because it is outside of the folders that may be read: `../wood.png`"
        ),
        "{told}"
    );
    let told = searches[0].not_found(std::slice::from_ref(&a), std::slice::from_ref(&a));
    assert!(!told.message.contains("looked,"), "{told}");
}

#[test]
fn the_absolute_path_is_told() {
    for (relative, absolute, told) in [
        ("a.png", "/art/a.png", Some("/art/a.png")),
        ("a.png", "D:\\art\\a.png", Some("D:\\art\\a.png")),
        ("\\\\host\\a.png", "", Some("\\\\host\\a.png")),
        ("a.png", "b.png", None),
    ] {
        let searches = searches(&with_paths(&[(relative, absolute)]));
        assert_eq!(searches[0].absolute.as_deref(), told);
    }
}

#[test]
fn embedded_files_stay_in_the_document() {
    let mut file = Ascii::default();
    let material = file.material("Material", "phong", "");
    let texture = file.texture(
        material,
        "DiffuseColor",
        "maps\\a.png",
        "D:\\maps\\a.png",
        "",
    );
    file.embed(texture, "maps\\a.png", "D:\\maps\\a.png", EMBEDDED);
    let scene = try_read(&file.build(), &FbxOptions::default()).unwrap();
    assert_eq!(scene.searches(), []);
    let scene = scene.resolve(&BTreeMap::new()).unwrap();
    let [image] = scene.images() else {
        panic!("one image");
    };
    assert_eq!(
        (image.identity.as_str(), image.name.as_str()),
        ("embedded:maps/a.png", "a.png")
    );
    let ImageData::Embedded(bytes) = &image.data else {
        panic!("{:?}", image.data);
    };
    let bytes = bytes.clone();
    // The bytes outlive the scene.
    drop(scene);
    assert_eq!(&*bytes, b"not an image");
}

#[test]
fn embedded_files_of_one_name_stay_apart() {
    let mut file = Ascii::default();
    let contents = [
        ("D:\\1\\a.png", EMBEDDED),
        ("D:\\2\\a.png", "b3RoZXI="),
        ("D:\\1\\a.png", EMBEDDED),
    ];
    for (absolute, content) in contents {
        let material = file.material("Material", "phong", "");
        let texture = file.texture(material, "DiffuseColor", "a.png", absolute, "");
        file.embed(texture, "a.png", absolute, content);
    }
    let scene = scene(&file);
    let contents: Vec<_> = scene
        .images()
        .iter()
        .map(|image| match &image.data {
            ImageData::Embedded(bytes) => bytes.to_vec(),
            data => panic!("{data:?}"),
        })
        .collect();
    assert_eq!(contents, [b"not an image".to_vec(), b"other".to_vec()]);
    let identities: Vec<_> = scene
        .images()
        .iter()
        .map(|image| image.identity.as_str())
        .collect();
    assert_eq!(identities[0], "embedded:a.png");
    assert_ne!(identities[0], identities[1]);
}

#[test]
fn textures_without_a_file_leave_their_slot_empty() {
    let mut file = Ascii::default();
    let material = file.material("Material", "phong", "");
    file.texture(material, "DiffuseColor", "", "", "");
    let scene = scene(&file);
    assert_eq!(codes_of(scene.diagnostics()), ["fbx.texture.path_missing"]);
    assert!(!scene.materials()[0].textures.any());
}

#[test]
fn of_layers_the_first_is_used() {
    let mut file = Ascii::default();
    let material = file.material("Material", "phong", "");
    let body = "LayeredTexture: 100\nBlendModes: *2 {\na: 0,1\n}\nAlphas: *2 {\na: 1,1\n}\n";
    let layered = file.object("LayeredTexture", "LayeredTexture::layers", "", body);
    file.connect_property(layered, material, "DiffuseColor");
    for path in ["bottom.png", "top.png"] {
        let texture = file.object(
            "Texture",
            "Texture::layer",
            "",
            &format!("Type: \"TextureVideoClip\"\nFileName: \"\"\nRelativeFilename: \"{path}\"\n"),
        );
        file.connect(texture, layered);
    }
    let scene = scene(&file);
    assert_eq!(codes_of(scene.diagnostics()), ["fbx.texture.layers"]);
    assert_eq!(scene.images().len(), 1);
    assert!(scene.materials()[0].textures.any());
}

/// Where a texture coordinate of the file ends up in the image, V running down.
fn sampled(properties: &str, [u, v]: [f32; 2]) -> [f32; 2] {
    let mut file = Ascii::default();
    let material = file.material("Material", "phong", "");
    file.texture(material, "DiffuseColor", "a.png", "", properties);
    let scene = scene(&file);
    assert_eq!(codes_of(scene.diagnostics()), [""; 0]);
    let textures = &scene.materials()[0].textures;
    let transform = textures.get(TextureSlot::BaseColor).unwrap().transform;
    let [u, v] = [u * transform.scale[0], (1.0 - v) * transform.scale[1]];
    // Counter-clockwise as it is seen with V running down.
    let (sin, cos) = transform.rotation.sin_cos();
    [
        u * cos + v * sin + transform.offset[0],
        v * cos - u * sin + transform.offset[1],
    ]
}

#[test]
fn transforms_of_textures() {
    let vector = |name, x, y| property(name, "Vector", &[x, y, 0.0]);
    let close = |actual: [f32; 2], expected: [f32; 2]| {
        let off = actual
            .iter()
            .zip(expected)
            .any(|(a, b)| (a - b).abs() > 1e-5);
        assert!(!off, "{actual:?} is not {expected:?}");
    };
    close(sampled("", [0.25, 0.25]), [0.25, 0.75]);
    // Moved to the right and up: what was at (0.25, 0.5) is at (0.5, 1).
    let moved = vector("Translation", 0.25, 0.5);
    close(sampled(&moved, [0.5, 1.0]), [0.25, 0.5]);
    // Repeated twice across and four times up.
    let repeated = property("Scaling", "Vector", &[2.0, 4.0, 1.0]);
    close(sampled(&repeated, [0.5, 0.25]), [1.0, 0.0]);
    close(sampled(&repeated, [0.0, 0.0]), [0.0, 1.0]);
    // Turned by a quarter about the centre: the lower right corner shows what the lower left one did.
    let turned = property("Rotation", "Vector", &[0.0, 0.0, 90.0])
        + &vector("TextureRotationPivot", 0.5, 0.5);
    close(sampled(&turned, [1.0, 0.0]), [0.0, 1.0]);
    close(sampled(&turned, [0.5, 0.5]), [0.5, 0.5]);
    // The centre stays in the balance of Maya's exporter.
    let maya = property("Rotation", "Vector", &[0.0, 0.0, 45.0])
        + &vector("Translation", 0.5, 0.5 - std::f64::consts::FRAC_1_SQRT_2);
    close(sampled(&maya, [0.5, 0.5]), [0.5, 0.5]);
    close(sampled(&maya, [1.0, 0.5]), [0.853_553, 1.0 - 0.146_447]);
}

#[test]
fn transforms_that_cannot_be_stored_are_reported() {
    let mut file = Ascii::default();
    let material = file.material("Material", "phong", "");
    let properties = property("Rotation", "Vector", &[0.0, 0.0, 30.0])
        + &property("Scaling", "Vector", &[1.0, 3.0, 1.0]);
    file.texture(material, "DiffuseColor", "a.png", "", &properties);
    assert_eq!(
        codes_of(scene(&file).diagnostics()),
        ["fbx.texture.transform"]
    );
}
