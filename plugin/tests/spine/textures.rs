//! Texture jobs: of one file, of files beside each other, of files that the request lists.

use crate::common::{Stepper, codes};
use bevy_kiln_assets::{
    cook::pace::CancelFlag,
    format::{texture_format::TextureFormat, texture_shape::TextureType},
    settings::texture::{CubeLayout, MipPolicy, OutputFormat},
    source::image::{self, SubresourceId},
    unpack,
};
use bevy_kiln_components::{
    job::ImportRequest,
    report::{ImportReport, Product},
};
use bevy_kiln_systems::inspect::{ContainerReader, PictureOptions, TextureSummary};
use std::sync::Arc;

/// A picture of one colour, or of the colours of its texels.
fn ppm(width: u32, height: u32, colors: &[[u8; 3]]) -> Vec<u8> {
    let mut file = format!("P6 {width} {height} 255\n").into_bytes();
    for i in 0..(width * height) as usize {
        file.extend(colors[i % colors.len()]);
    }
    file
}

impl Stepper {
    fn write(&self, file: &str, bytes: &[u8]) -> String {
        let path = self.folder.path().join(file);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn path(&self, file: &str) -> String {
        self.folder.path().join(file).to_str().unwrap().to_owned()
    }

    /// A request for texels as they are: RGBA8 without levels.
    fn plain(&self, source: &str) -> ImportRequest {
        let mut request = ImportRequest::new(source).into_container(self.root());
        request.texture.output_format = Some(OutputFormat::Rgba8Srgb);
        request.texture.mip_policy = Some(MipPolicy::None);
        request
    }

    fn import(&mut self, request: ImportRequest) -> Arc<ImportReport> {
        let handle = self.client.submit(request).unwrap();
        let report = self.finish(&handle);
        self.drain();
        report
    }

    /// What the last product of a job is.
    fn product(&self, report: &ImportReport) -> (ContainerReader, TextureSummary) {
        assert!(report.success, "{:?}", report.diagnostics);
        let Some(Product::Texture { index, .. }) = report.products.last() else {
            panic!("{:?}", report.products);
        };
        let reader = ContainerReader::open(&self.root()).unwrap();
        let texture = reader.texture(*index).unwrap();
        (reader, texture)
    }

    /// The first texel of each layer.
    fn corners(&self, report: &ImportReport) -> Vec<[u8; 3]> {
        let (_, texture) = self.product(report);
        (0..texture.layers)
            .map(|layer| self.corner(report, layer, 0, 0))
            .collect()
    }

    fn corner(&self, report: &ImportReport, layer: u16, mip: u16, slice: u32) -> [u8; 3] {
        let (reader, texture) = self.product(report);
        let payload = reader.payload(texture.index).unwrap();
        let shape = reader.shape(texture.index).unwrap();
        let image = unpack::payload(&payload, &shape, layer, mip, slice, &CancelFlag::new());
        *image.unwrap().texels().first_chunk().unwrap()
    }
}

const COLORS: [[u8; 3]; 6] = [
    [10, 0, 0],
    [20, 0, 0],
    [30, 0, 0],
    [40, 0, 0],
    [50, 0, 0],
    [60, 0, 0],
];

#[test]
fn six_files_with_the_names_of_faces_are_a_cube() {
    let mut stepper = Stepper::new();
    let sets = [
        ["_px", "_nx", "_py", "_ny", "_pz", "_nz"],
        ["_posx", "_negx", "_posy", "_negy", "_posz", "_negz"],
        ["_RIGHT", "_left", "_top", "_bottom", "_front", "_back"],
    ];
    for (i, suffixes) in sets.iter().enumerate() {
        for (suffix, color) in suffixes.iter().zip(COLORS) {
            stepper.write(&format!("sky{i}{suffix}.ppm"), &ppm(2, 2, &[color]));
        }
        // One of the faces, and a name that no file has.
        for asked in [format!("sky{i}{}.ppm", suffixes[4]), format!("sky{i}.ppm")] {
            let request = stepper.plain(&stepper.path(&asked)).as_cubemap();
            let report = stepper.import(request);
            let (_, texture) = stepper.product(&report);
            assert_eq!(texture.texture_type, TextureType::Cube, "{asked}");
            assert_eq!((texture.width, texture.layers), (2, 6));
            assert_eq!(stepper.corners(&report), COLORS, "{asked}");
        }
    }
}

#[test]
fn a_cube_without_its_faces_says_what_is_missing() {
    let mut stepper = Stepper::new();
    for suffix in ["_px", "_nx", "_py", "_ny", "_pz"] {
        stepper.write(&format!("sky{suffix}.ppm"), &ppm(2, 2, &[[1, 2, 3]]));
    }
    for asked in ["sky.ppm", "sky_px.ppm"] {
        let request = stepper.plain(&stepper.path(asked)).as_cubemap();
        let report = stepper.import(request);
        assert!(!report.success);
        assert_eq!(codes(&report), ["texture.cubemap_faces_missing"], "{asked}");
    }
    // Without the wish for a cube it is a file that is not there.
    let report = stepper.import(stepper.plain(&stepper.path("sky.ppm")));
    assert_eq!(codes(&report), ["io.not_found"]);
    // A face that is damaged is named.
    stepper.write("sky_nz.ppm", b"P6 2 2 255\n123");
    let report = stepper.import(stepper.plain(&stepper.path("sky.ppm")).as_cubemap());
    assert_eq!(codes(&report), ["texture.image.truncated"]);
    let source = report.diagnostics[0].source.clone().unwrap();
    assert!(source.ends_with("sky_nz.ppm"), "{source}");
}

#[test]
fn strips_crosses_and_panoramas_are_cubes_of_one_file() {
    let mut stepper = Stepper::new();
    let strip = stepper.write("strip.ppm", &ppm(6, 1, &COLORS));
    let mut request = stepper.plain(&strip);
    request.texture.cube_layout = Some(CubeLayout::Auto);
    let report = stepper.import(request);
    assert_eq!(stepper.corners(&report), COLORS);
    // A wish for any cube finds out what the image is.
    let report = stepper.import(stepper.plain(&strip).as_cubemap());
    assert_eq!(stepper.corners(&report), COLORS);
    let panorama = stepper.write("sky.ppm", &ppm(16, 8, &[[90, 90, 90]]));
    let report = stepper.import(stepper.plain(&panorama).as_cubemap());
    let (_, texture) = stepper.product(&report);
    assert_eq!(
        (texture.texture_type, texture.width),
        (TextureType::Cube, 4)
    );
    let square = stepper.write("square.ppm", &ppm(4, 4, &[[1, 1, 1]]));
    let report = stepper.import(stepper.plain(&square).as_cubemap());
    assert_eq!(codes(&report), ["texture.cubemap_faces_missing"]);
}

#[test]
fn listed_files_are_layers_levels_and_slices() {
    let mut stepper = Stepper::new();
    let [a, b, c, d] = [0, 1, 2, 3].map(|i| {
        let size = if i < 2 { 4 } else { 2 };
        stepper.write(&format!("{i}.ppm"), &ppm(size, size, &[COLORS[i]]))
    });
    // The source itself is a name only.
    let mut request = stepper.plain("made/of/others");
    request.texture.mip_policy = Some(MipPolicy::FullChain);
    let request = request
        .with_source(&d, SubresourceId::level(1, 1))
        .with_source(&a, SubresourceId::layer(0))
        .with_source(&b, SubresourceId::layer(1))
        .with_source(&c, SubresourceId::level(0, 1));
    let report = stepper.import(request);
    let (_, texture) = stepper.product(&report);
    assert_eq!(texture.texture_type, TextureType::D2Array);
    assert_eq!((texture.layers, texture.mips, texture.width), (2, 3, 4));
    assert_eq!(texture.names[0].source, "made/of/others");
    assert_eq!(texture.names[0].name, "others");
    for (layer, mip, color) in [(0, 0, 0), (1, 0, 1), (0, 1, 2), (1, 1, 3), (1, 2, 3)] {
        assert_eq!(stepper.corner(&report, layer, mip, 0), COLORS[color]);
    }
    let request = stepper
        .plain("volume")
        .with_source(&a, SubresourceId::slice(1))
        .with_source(&b, SubresourceId::slice(0));
    let report = stepper.import(request);
    let (_, texture) = stepper.product(&report);
    assert_eq!((texture.texture_type, texture.depth), (TextureType::D3, 2));
    assert_eq!(stepper.corner(&report, 0, 0, 0), COLORS[1]);
    assert_eq!(stepper.corner(&report, 0, 0, 1), COLORS[0]);
    // A slice is missing.
    let request = stepper
        .plain("volume")
        .with_source(&a, SubresourceId::slice(0))
        .with_source(&b, SubresourceId::slice(2));
    assert_eq!(codes(&stepper.import(request)), ["texture.cook_failed"]);
}

#[test]
fn listed_files_that_are_not_there_are_named() {
    let mut stepper = Stepper::new();
    let there = stepper.write("a.ppm", &ppm(1, 1, &[[1, 2, 3]]));
    let missing = stepper.path("b.ppm");
    for (first, second) in [(&there, &missing), (&missing, &there)] {
        let request = stepper
            .plain("array")
            .with_source(first, SubresourceId::layer(0))
            .with_source(second, SubresourceId::layer(1));
        let report = stepper.import(request);
        assert!(!report.success);
        assert_eq!(report.diagnostics.len(), 1);
        let diagnostic = &report.diagnostics[0];
        assert!(matches!(
            diagnostic.code.id(),
            "texture.read_failed" | "io.not_found"
        ));
        assert_eq!(diagnostic.source.as_deref(), Some(missing.as_str()));
    }
}

#[test]
fn a_placeholder_takes_the_place_of_what_cannot_be_cooked() {
    let mut stepper = Stepper::new();
    let text = stepper.write("text.png", b"this is no image at all");
    let short = stepper.write("short.ppm", b"P6 4 4 255\n123");
    for source in [&text, &short] {
        let report = stepper.import(stepper.plain(source));
        assert!(!report.success && report.diagnostics[0].is_error());
        assert!(!stepper.root().join("container.index.bin").exists());
    }
    for source in [&text, &short] {
        let report = stepper.import(stepper.plain(source).placeholder_on_failure());
        assert!(report.success, "{:?}", report.diagnostics);
        assert!(codes(&report).contains(&"texture.placeholder_used"));
        assert!(report.diagnostics.iter().all(|d| !d.is_error()));
    }
    let reader = ContainerReader::open(&stepper.root()).unwrap();
    assert_eq!(reader.summary().textures.len(), 1);
}

/// A DDS file of DXT1 blocks.
fn dxt1(width: u32, height: u32, mips: u32, blocks: &[u8]) -> Vec<u8> {
    let mut words = vec![124, 0x1007, height, width, 0, 0, mips];
    words.extend([0; 11]);
    words.extend([32, 4, u32::from_le_bytes(*b"DXT1"), 0, 0, 0, 0, 0]);
    words.extend([0x1000, 0, 0, 0, 0]);
    let mut file = b"DDS ".to_vec();
    file.extend(words.iter().flat_map(|word: &u32| word.to_le_bytes()));
    file.extend(blocks);
    file
}

#[test]
fn blocks_are_kept_unless_something_else_is_asked_for() {
    let mut stepper = Stepper::new();
    // Red, and three smaller levels of white.
    let red = [0x00, 0xF8, 0x00, 0xF8, 0, 0, 0, 0];
    let white = [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0];
    let blocks = [red, red, red, red, white, white, white].concat();
    let file = stepper.write("a.dds", &dxt1(8, 8, 4, &blocks));
    let report = stepper.import(ImportRequest::new(&file).into_container(stepper.root()));
    assert_eq!(codes(&report), ["texture.passed_through"]);
    let (reader, texture) = stepper.product(&report);
    assert_eq!(texture.format, TextureFormat::Bc1UNormSrgb);
    assert_eq!((texture.width, texture.mips), (8, 4));
    let payload = reader.payload(texture.index).unwrap();
    // Two rows of two blocks at a pitch of 256 bytes, then the levels, each at a multiple of 512.
    let data = 512;
    assert_eq!(payload[data..data + 16], blocks[..16]);
    assert_eq!(payload[data + 256..data + 272], blocks[16..32]);
    for level in 0..3 {
        let at = data + 512 * (level + 1);
        assert_eq!(payload[at..at + 8], white);
    }
    // Another format: decoded, with its own levels.
    let mut request = stepper.plain(&file);
    request.texture.mip_policy = Some(MipPolicy::FullChain);
    let report = stepper.import(request);
    assert_eq!(codes(&report), ["texture.cooked_again"]);
    let (_, texture) = stepper.product(&report);
    assert_eq!(
        (texture.format, texture.mips),
        (TextureFormat::Rgba8UNormSrgb, 4)
    );
    assert_eq!(stepper.corner(&report, 0, 0, 0), [255, 0, 0]);
    assert_eq!(stepper.corner(&report, 0, 1, 0), [255, 255, 255]);
    // Damage is an error like any other.
    let cut = stepper.write("b.dds", &dxt1(8, 8, 4, &blocks[..40]));
    let report = stepper.import(ImportRequest::new(&cut).into_container(stepper.root()));
    assert_eq!(codes(&report), ["texture.image.truncated"]);
}

#[test]
fn a_stored_texture_without_its_levels_is_cooked_again_and_says_why() {
    let mut stepper = Stepper::new();
    // Four blocks of red: an 8 x 8 texture with its first level only.
    let block = [0x00, 0xF8, 0x00, 0xF8, 0, 0, 0, 0];
    let path = stepper.write("red.dds", &dxt1(8, 8, 1, &block.repeat(4)));
    let request = ImportRequest::new(&path).into_container(stepper.root());
    let mut one_level = request.clone();
    one_level.texture.mip_policy = Some(MipPolicy::None);
    let report = stepper.import(request);
    assert_eq!(codes(&report), ["texture.cooked_again"]);
    let message = &report.diagnostics[0].message;
    assert!(message.ends_with("it has 1 of 4 levels"), "{message}");
    let (_, texture) = stepper.product(&report);
    assert_eq!(
        (texture.format, texture.mips),
        (TextureFormat::Bc7UNormSrgb, 4)
    );
    let corner = stepper.corner(&report, 0, 3, 0);
    assert!(
        corner[0] >= 253 && corner[1] <= 2 && corner[2] <= 2,
        "{corner:?}"
    );
    // If no others are wanted, it is what is wanted.
    let report = stepper.import(one_level);
    assert_eq!(codes(&report), ["texture.passed_through"]);
    let (_, texture) = stepper.product(&report);
    assert_eq!(
        (texture.format, texture.mips),
        (TextureFormat::Bc1UNormSrgb, 1)
    );
}

#[test]
fn texels_can_be_stored_as_they_were_decoded() {
    let mut stepper = Stepper::new();
    let path = stepper.write("wood_normal.ppm", &ppm(4, 2, &[[9, 8, 7], [1, 2, 3]]));
    let mut request = ImportRequest::new(&path).into_container(stepper.root());
    request.texture.as_decoded = true;
    request.texture.output_format = Some(OutputFormat::Bc7);
    let report = stepper.import(request);
    let (_, texture) = stepper.product(&report);
    assert_eq!(
        (texture.format, texture.mips),
        (TextureFormat::Rgba8UNorm, 3)
    );
    assert_eq!(stepper.corner(&report, 0, 0, 0), [9, 8, 7]);
    assert_eq!(stepper.corner(&report, 0, 2, 0), [5, 5, 5]);
    // A stored texture keeps its blocks, and its colour space if it knows it.
    let block = [0x00, 0xF8, 0x00, 0xF8, 0, 0, 0, 0];
    let path = stepper.write("red.dds", &dxt1(4, 4, 1, &block));
    let mut request = ImportRequest::new(&path).into_container(stepper.root());
    request.texture.as_decoded = true;
    let report = stepper.import(request);
    assert_eq!(codes(&report), ["texture.passed_through"]);
    let (_, texture) = stepper.product(&report);
    assert_eq!(texture.format, TextureFormat::Bc1UNorm);
}

#[test]
fn cooked_textures_can_be_looked_at() {
    let mut stepper = Stepper::new();
    let strip = stepper.write("strip.ppm", &ppm(12, 2, &COLORS));
    let mut request = stepper.plain(&strip).as_cubemap();
    request.texture.mip_policy = Some(MipPolicy::FullChain);
    let report = stepper.import(request);
    let (reader, texture) = stepper.product(&report);
    assert_eq!(reader.find_textures("strip").unwrap(), [texture.index]);
    assert_eq!(reader.find_textures(&strip).unwrap(), [texture.index]);
    assert_eq!(reader.find_textures("1").unwrap(), [texture.index]);
    let error = reader.find_textures("stripe").unwrap_err();
    assert_eq!(error.code.id(), "container.no_such_texture");
    let folder = stepper.folder.path().join("pictures");
    let mut written = Vec::new();
    let (options, cancel) = (PictureOptions::default(), CancelFlag::new());
    let note = |path: &std::path::Path| written.push(path.to_owned());
    reader
        .write_pictures(texture.index, &folder, &options, &cancel, note)
        .unwrap();
    let names: Vec<String> = written
        .iter()
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(names.len(), 12);
    assert_eq!(
        names[..3],
        [
            "0001_strip_px_mip0.png",
            "0001_strip_px_mip1.png",
            "0001_strip_nx_mip0.png"
        ]
    );
    for (layer, path) in written.iter().step_by(2).enumerate() {
        let bytes = std::fs::read(path).unwrap();
        let picture = image::decode(
            &bytes,
            "picture",
            &image::ImageLimits::default(),
            &image::DecodeOptions::default(),
            &cancel,
        );
        let picture = picture.unwrap();
        assert_eq!((picture.width(), picture.height()), (2, 2));
        assert_eq!(
            picture.texels()[..3],
            stepper.corner(&report, layer as u16, 0, 0)
        );
    }
    let summary = reader.summary();
    assert_eq!(summary.textures.len(), 2);
    assert_eq!(summary.textures[0].format, TextureFormat::Rgba8UNorm);
    assert!(summary.buffers.is_empty() && summary.assets.is_empty());
    let nowhere = ContainerReader::open(&folder).err().unwrap();
    assert_eq!(nowhere.code.id(), "verify.missing");
}
