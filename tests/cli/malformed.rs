//! Sources that are no images, or only pretend to be: one diagnostic each, and everything else is
//! cooked as if they were not there.

use crate::common::{
    container, files, images,
    images::{chunk, ihdr, png_of},
    process::{import, run},
};
use std::path::{Path, PathBuf};

/// A file's name, its content, and the code of its diagnostic.
type Case = (&'static str, Vec<u8>, &'static str);

const CORRUPT: &str = "texture.image.corrupt";
const TRUNCATED: &str = "texture.image.truncated";
const TOO_LARGE: &str = "texture.image.too_large";
const UNKNOWN: &str = "texture.image.unknown_format";

fn half(bytes: &[u8]) -> Vec<u8> {
    bytes[..bytes.len() / 2].to_vec()
}

/// A JPEG and an OpenEXR image, from the library: nobody writes those by hand.
fn encoded() -> [Vec<u8>; 2] {
    use image::{DynamicImage, ImageFormat, RgbImage};
    let texels = images::texels(32, 32, 9);
    let picture = DynamicImage::from(RgbImage::from_raw(32, 32, texels).unwrap());
    let encode = |picture: &DynamicImage, format| {
        let mut bytes = std::io::Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    };
    [
        encode(&picture, ImageFormat::Jpeg),
        encode(&picture.to_rgb32f().into(), ImageFormat::OpenExr),
    ]
}

fn cases() -> Vec<Case> {
    let [jpeg, exr] = encoded();
    let picture = images::picture(24, 24, 3);
    let mut bad_crc = picture.clone();
    let middle = bad_crc.len() / 2;
    bad_crc[middle] ^= 0xff;
    let mut no_table = jpeg.clone();
    no_table.truncate(20);
    vec![
        ("empty.png", Vec::new(), UNKNOWN),
        ("one_byte.tga", vec![0], TRUNCATED),
        (
            "text.png",
            b"this is a text and no image\n".to_vec(),
            UNKNOWN,
        ),
        (
            "unheard.of",
            b"nobody knows this format".to_vec(),
            "import.unknown_format",
        ),
        ("half.png", half(&picture), TRUNCATED),
        ("half.jpg", half(&jpeg), TRUNCATED),
        ("half.tga", half(&images::tga(24, 24, 3)), TRUNCATED),
        ("half.bmp", half(&images::bmp(24, 24, 3)), TRUNCATED),
        ("half.hdr", half(&images::hdr(24, 24, 3)), TRUNCATED),
        ("half.exr", half(&exr), TRUNCATED),
        ("header_only.jpg", no_table, TRUNCATED),
        ("bad_crc.png", bad_crc, CORRUPT),
        (
            "no_data.png",
            png_of(&[ihdr(8, 8, 8, 2), chunk(b"IEND", &[])]),
            CORRUPT,
        ),
        (
            "bomb.png",
            png_of(&[ihdr(0x7fff_ffff, 0x7fff_ffff, 16, 6)]),
            TOO_LARGE,
        ),
        (
            "bomb_30000.png",
            png_of(&[ihdr(30_000, 30_000, 1, 0)]),
            TOO_LARGE,
        ),
        ("bomb.bmp", images::bmp(1 << 30, 1 << 30, 0), TOO_LARGE),
        ("bomb.tga", images::tga(u16::MAX, u16::MAX, 0), TOO_LARGE),
        ("bomb.hdr", images::hdr(4_000_000, 4_000_000, 0), TOO_LARGE),
        ("zero_width.png", png_of(&[ihdr(0, 8, 8, 2)]), CORRUPT),
        ("zero_height.bmp", images::bmp(8, 0, 0), CORRUPT),
        ("zero_size.hdr", images::hdr(0, 0, 0), CORRUPT),
        (
            "no_palette.png",
            png_of(&[ihdr(4, 4, 8, 3), chunk(b"IDAT", &[]), chunk(b"IEND", &[])]),
            CORRUPT,
        ),
    ]
}

/// Sources that cannot even be read.
fn unreadable(folder: &Path) -> Vec<(PathBuf, &'static str)> {
    let mut sources = Vec::new();
    let directory = folder.join("directory.png");
    std::fs::create_dir(&directory).unwrap();
    sources.push((directory, "io.is_directory"));
    sources.push((folder.join("missing.png"), "io.not_found"));
    let below_a_file = folder.join("good_0.png").join("x.png");
    sources.push((below_a_file, "io.not_directory"));
    sources.push((folder.join("a".repeat(300)), "io.path_too_long"));
    #[cfg(unix)]
    {
        use std::os::unix::{fs::PermissionsExt, fs::symlink, net::UnixListener};
        let link = folder.join("dangling.png");
        symlink("nowhere", &link).unwrap();
        sources.push((link, "io.not_found"));
        let circle = folder.join("circle.png");
        symlink("circle.png", &circle).unwrap();
        sources.push((circle, "io.unknown"));
        let socket = folder.join("socket.png");
        UnixListener::bind(&socket).unwrap();
        sources.push((socket, "io.not_a_file"));
        let forbidden = folder.join("forbidden.png");
        std::fs::write(&forbidden, images::picture(4, 4, 1)).unwrap();
        std::fs::set_permissions(&forbidden, std::fs::Permissions::from_mode(0o000)).unwrap();
        // Nothing is forbidden to the superuser.
        if std::fs::read(&forbidden).is_err() {
            sources.push((forbidden, "io.access_denied"));
        }
    }
    sources
}

#[test]
fn one_diagnostic_each_and_the_others_are_committed() {
    let folder = tempfile::tempdir().unwrap();
    let good: Vec<PathBuf> = (0..4)
        .map(|i| {
            let path = folder.path().join(format!("good_{i}.png"));
            std::fs::write(&path, images::picture(20, 20, i)).unwrap();
            path
        })
        .collect();
    let mut bad = Vec::new();
    for (name, bytes, code) in cases() {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        bad.push((path, code));
    }
    bad.extend(unreadable(folder.path()));
    assert!(bad.len() > 25);

    // A good one after every few bad ones.
    let mut sources: Vec<PathBuf> = bad.iter().map(|(path, _)| path.clone()).collect();
    for (i, path) in good.iter().enumerate() {
        sources.insert(i * 8 + 3, path.clone());
    }
    let root = folder.path().join("cooked");
    let ran = run(import(&root, &sources).arg("--json")).expect(1);
    let json = ran.json();
    assert_eq!(json["succeeded"], good.len());
    assert_eq!(json["failed"], bad.len());
    for (path, code) in &bad {
        let jobs = json["jobs"].as_array().unwrap();
        let source = path.to_str().unwrap();
        let job = jobs.iter().find(|job| job["source"] == source).unwrap();
        let diagnostics = job["diagnostics"].as_array().unwrap();
        assert_eq!(diagnostics.len(), 1, "{diagnostics:?}");
        assert_eq!(diagnostics[0]["code"], *code, "{source}: {diagnostics:?}");
        assert_eq!(diagnostics[0]["severity"], "error");
        assert_eq!(diagnostics[0]["source"], source);
        assert!(!diagnostics[0]["message"].as_str().unwrap().is_empty());
    }
    let cooked = container::read(&root);
    assert_eq!(cooked.textures.len(), good.len() + 1);

    // The container is the one that the good ones alone would give.
    let alone = folder.path().join("alone");
    run(&mut import(&alone, &good)).expect(0);
    assert!(files(&root) == files(&alone));
}

#[test]
fn content_decides_and_a_wrong_extension_is_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let [jpeg, _] = encoded();
    let source = folder.path().join("photo.png");
    std::fs::write(&source, jpeg).unwrap();
    let root = folder.path().join("cooked");
    let ran = run(import(&root, &[&source]).arg("--json")).expect(0);
    assert_eq!(ran.codes(), ["texture.image.wrong_extension"]);
    assert_eq!(container::read(&root).texture("photo").width, 32);
    let again = run(&mut import(&root, &[&source])).expect(0);
    assert!(again.stderr.contains("JPEG"), "warnings are visible");
    let quiet = run(import(&root, &[&source]).arg("-q")).expect(0);
    assert_eq!(quiet.stderr, "");
}

/// The shared samples, where they are.
#[test]
fn shared_samples_of_damage() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/malformed");
    let Ok(table) = std::fs::read_to_string(samples.join("EXPECT.tsv")) else {
        return;
    };
    let images = [".png", ".jpg", ".exr", ".hdr", ".tga"];
    for line in table.lines().skip(1) {
        let mut columns = line.split('\t');
        let (name, expected) = (columns.next().unwrap(), columns.next().unwrap());
        let is_image = images.iter().any(|extension| name.ends_with(extension));
        // A valid image, which only an import as a cube would refuse.
        if !is_image || name == "skybox_not_a_layout.png" {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("cooked");
        let ran = run(import(&root, &[samples.join(name)]).arg("--json"));
        assert!(!ran.stderr.contains("panicked"), "{name}: {ran:?}");
        assert!(!ran.codes().is_empty(), "{name}: {ran:?}");
        match ran.code() {
            Some(1) => assert!(!root.exists(), "{name}"),
            Some(0) => {
                assert_ne!(expected, "reject", "{name}");
                container::read(&root);
            }
            _ => panic!("{name}: {ran:?}"),
        }
    }
}
