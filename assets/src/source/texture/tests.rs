//! DDS and KTX2 files, written here byte by byte.

use super::*;
use crate::source::image::PixelFormat;
use proptest::prelude::*;
use std::io::Write;

/// What a DDS file is made of.
#[derive(Clone)]
struct Dds {
    size: (u32, u32, u32),
    mips: u32,
    flags: u32,
    four_cc: [u8; 4],
    bits: u32,
    masks: [u32; 4],
    caps2: u32,
    /// DXGI format, dimension, flags, elements.
    dx10: Option<[u32; 4]>,
    data: Vec<u8>,
}

impl Dds {
    fn four_cc(code: &[u8; 4], width: u32, height: u32, mips: u32, data: Vec<u8>) -> Self {
        Self {
            size: (width, height, 0),
            mips,
            flags: 4,
            four_cc: *code,
            bits: 0,
            masks: [0; 4],
            caps2: 0,
            dx10: None,
            data,
        }
    }

    fn dx10(format: u32, width: u32, height: u32, mips: u32, data: Vec<u8>) -> Self {
        Self {
            dx10: Some([format, 3, 0, 1]),
            ..Self::four_cc(b"DX10", width, height, mips, data)
        }
    }

    fn masked(flags: u32, bits: u32, masks: [u32; 4], width: u32, data: Vec<u8>) -> Self {
        Self {
            flags,
            bits,
            masks,
            ..Self::four_cc(&[0; 4], width, 1, 1, data)
        }
    }

    fn encode(&self) -> Vec<u8> {
        let (width, height, depth) = self.size;
        let mut words = vec![124, 0x1007, height, width, 0, depth, self.mips];
        words.extend([0; 11]);
        words.extend([32, self.flags, u32::from_le_bytes(self.four_cc), self.bits]);
        words.extend(self.masks);
        words.extend([0x1000, self.caps2, 0, 0, 0]);
        let mut out = b"DDS ".to_vec();
        if let Some([format, dimension, misc, elements]) = self.dx10 {
            words.extend([format, dimension, misc, elements, 0]);
        }
        out.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        out.extend(&self.data);
        out
    }
}

/// What a KTX2 file is made of.
#[derive(Clone)]
struct Ktx2 {
    format: u32,
    /// Width, height, depth, layers, faces.
    size: [u32; 5],
    scheme: u32,
    metadata: Vec<u8>,
    /// Mip 0 first.
    levels: Vec<Vec<u8>>,
}

impl Ktx2 {
    fn new(format: u32, size: [u32; 5], levels: Vec<Vec<u8>>) -> Self {
        Self {
            format,
            size,
            scheme: 0,
            metadata: Vec::new(),
            levels,
        }
    }

    fn encode(&self) -> Vec<u8> {
        let [width, height, depth, layers, faces] = self.size;
        let mut out = b"\xABKTX 20\xBB\r\n\x1A\n".to_vec();
        let index = 80 + self.levels.len() * 24;
        let mut word = |value: u32| out.extend(value.to_le_bytes());
        for value in [self.format, 1, width, height, depth, layers, faces] {
            word(value);
        }
        word(self.levels.len() as u32);
        word(self.scheme);
        // A descriptor of 44 bytes, then the metadata.
        word(index as u32);
        word(44);
        word(index as u32 + 44);
        word(self.metadata.len() as u32);
        out.extend([0; 16]);
        let packed: Vec<Vec<u8>> = self.levels.iter().map(|level| self.pack(level)).collect();
        // The smallest level comes first.
        let mut at = index + 44 + self.metadata.len();
        let mut offsets = vec![0; packed.len()];
        for (offset, level) in offsets.iter_mut().zip(&packed).rev() {
            *offset = at;
            at += level.len();
        }
        for ((offset, packed), level) in offsets.iter().zip(&packed).zip(&self.levels) {
            out.extend((*offset as u64).to_le_bytes());
            out.extend((packed.len() as u64).to_le_bytes());
            out.extend((level.len() as u64).to_le_bytes());
        }
        let mut descriptor = 44u32.to_le_bytes().to_vec();
        descriptor.extend([0, 0, 0, 0, 2, 0, 40, 0, 1, 1, 1, 0]);
        descriptor.resize(44, 0);
        out.extend(descriptor);
        out.extend(&self.metadata);
        for level in packed.iter().rev() {
            out.extend(level);
        }
        out
    }

    fn pack(&self, level: &[u8]) -> Vec<u8> {
        match self.scheme {
            2 => ruzstd::encoding::compress_to_vec(
                level,
                ruzstd::encoding::CompressionLevel::Fastest,
            ),
            3 => {
                let level_of_effort = flate2::Compression::default();
                let mut out = flate2::write::ZlibEncoder::new(Vec::new(), level_of_effort);
                out.write_all(level).unwrap();
                out.finish().unwrap()
            }
            _ => level.to_vec(),
        }
    }
}

fn bytes(count: usize) -> Vec<u8> {
    (0..count).map(|i| (i * 7 % 251) as u8).collect()
}

/// A DXT1 file of 8 x 4 texels with all levels.
pub(crate) fn dds_sample() -> Vec<u8> {
    Dds::four_cc(b"DXT1", 8, 4, 4, bytes(16 + 8 + 8 + 8)).encode()
}

/// An array of two cubes of one texel.
pub(crate) fn dx10_sample() -> Vec<u8> {
    let mut dds = Dds::dx10(28, 1, 1, 1, bytes(12 * 4));
    dds.dx10 = Some([28, 3, 4, 2]);
    dds.encode()
}

/// A KTX2 file of 5 x 3 texels with all levels, under a supercompression.
pub(crate) fn ktx2_sample(scheme: u32) -> Vec<u8> {
    let levels = vec![bytes(60), bytes(8), bytes(4)];
    let mut ktx2 = Ktx2::new(37, [5, 3, 0, 0, 1], levels);
    ktx2.scheme = scheme;
    ktx2.encode()
}

fn read(bytes: &[u8]) -> StoredTexture<'_> {
    StoredTexture::read(bytes, &ImageLimits::default(), &CancelFlag::new()).unwrap()
}

fn refused(bytes: &[u8]) -> ImageError {
    let limits = ImageLimits::default();
    StoredTexture::read(bytes, &limits, &CancelFlag::new()).unwrap_err()
}

fn image(texture: &StoredTexture<'_>, layer: u16, mip: u16, slice: u32) -> Image {
    texture
        .unpack(layer, mip, slice, &CancelFlag::new())
        .unwrap()
}

#[test]
fn four_letters_name_block_formats() {
    use TextureFormat as F;
    for (code, format, block) in [
        (b"DXT1", F::Bc1UNorm, 8),
        (b"DXT3", F::Bc2UNorm, 16),
        (b"DXT5", F::Bc3UNorm, 16),
        (b"ATI1", F::Bc4UNorm, 8),
        (b"BC4S", F::Bc4SNorm, 8),
        (b"ATI2", F::Bc5UNorm, 16),
        (b"BC5S", F::Bc5SNorm, 16),
    ] {
        // 5 x 3 texels are two blocks; the other levels are one each.
        let data = bytes(block * 4);
        let file = Dds::four_cc(code, 5, 3, 3, data.clone()).encode();
        let texture = read(&file);
        let info = texture.info();
        assert_eq!(info.format(), Some(format));
        assert_eq!((info.width(), info.height(), info.mips()), (5, 3, 3));
        assert_eq!(info.color_space(), None);
        assert_eq!(texture.subresource(0, 0).unwrap(), &data[..2 * block]);
        assert_eq!(
            texture.subresource(0, 1).unwrap(),
            &data[2 * block..3 * block]
        );
        assert_eq!(texture.subresource(0, 2).unwrap(), &data[3 * block..]);
        assert!(texture.subresource(0, 3).is_none() && texture.subresource(1, 0).is_none());
        assert_eq!(image(&texture, 0, 0, 0).width(), 5);
    }
    let float = Dds::four_cc(&113u32.to_le_bytes(), 1, 1, 1, bytes(8)).encode();
    assert_eq!(read(&float).info().format(), Some(F::Rgba16Float));
    match refused(&Dds::four_cc(b"YUY2", 4, 4, 1, bytes(32)).encode()) {
        ImageError::Unsupported { feature, .. } => assert!(feature.contains("YUY2")),
        other => panic!("{other}"),
    }
}

#[test]
fn masks_say_where_channels_are() {
    let unpack = |dds: Dds| {
        let file = dds.encode();
        let image = image(&read(&file), 0, 0, 0);
        (image.format(), image.texels().to_vec(), image.is_opaque())
    };
    let rgba = [0xFF, 0xFF00, 0xFF_0000, 0xFF00_0000];
    let bgra = [0xFF_0000, 0xFF00, 0xFF, 0xFF00_0000];
    let data = vec![1, 2, 3, 4];
    let plain = unpack(Dds::masked(0x41, 32, rgba, 1, data.clone()));
    assert_eq!(plain, (PixelFormat::Rgba8, vec![1, 2, 3, 4], false));
    let swapped = unpack(Dds::masked(0x41, 32, bgra, 1, data.clone()));
    assert_eq!(swapped, (PixelFormat::Rgba8, vec![3, 2, 1, 4], false));
    // Without the flag, the fourth byte means nothing.
    let padded = unpack(Dds::masked(0x40, 32, bgra, 1, data));
    assert_eq!(padded, (PixelFormat::Rgba8, vec![3, 2, 1, 255], true));
    let three = [0xFF_0000, 0xFF00, 0xFF, 0];
    let packed = unpack(Dds::masked(0x40, 24, three, 2, vec![1, 2, 3, 4, 5, 6]));
    assert_eq!(packed.1, [3, 2, 1, 255, 6, 5, 4, 255]);
    let five_six_five = [0xF800, 0x7E0, 0x1F, 0];
    let small = unpack(Dds::masked(0x40, 16, five_six_five, 1, vec![0xE0, 0x07]));
    assert_eq!(small.1, [0, 255, 0, 255]);
    let grey = unpack(Dds::masked(0x20000, 8, [0xFF, 0, 0, 0], 2, vec![7, 9]));
    assert_eq!(grey, (PixelFormat::R8, vec![7, 9], true));
    let grey_alpha = unpack(Dds::masked(
        0x20001,
        16,
        [0xFF, 0, 0, 0xFF00],
        1,
        vec![7, 9],
    ));
    assert_eq!(grey_alpha, (PixelFormat::Rg8, vec![7, 9], false));
    // Ten bits each, red in the highest: wider than a byte.
    let ten = [0x3FF0_0000, 0xF_FC00, 0x3FF, 0xC000_0000];
    let wide = unpack(Dds::masked(0x41, 32, ten, 1, vec![0, 0, 0xF0, 0x7F]));
    assert_eq!(wide.0, PixelFormat::Rgba16);
    assert_eq!(wide.1, [255, 255, 0, 0, 0, 0, 0x55, 0x55]);
    for (flags, bits, masks) in [
        (0x40, 8, [0xFF00, 0, 0, 0]),
        (0x40, 32, [0; 4]),
        (0x20000, 8, [0; 4]),
    ] {
        let file = Dds::masked(flags, bits, masks, 1, vec![0; 4]).encode();
        assert!(matches!(refused(&file), ImageError::Corrupt { .. }));
    }
}

#[test]
fn the_second_header_knows_cubes_arrays_volumes_and_spaces() {
    let mut dds = Dds::dx10(99, 4, 4, 1, bytes(16 * 12));
    dds.dx10 = Some([99, 3, 4, 2]);
    let file = dds.encode();
    let texture = read(&file);
    let info = texture.info();
    assert_eq!(info.format(), Some(TextureFormat::Bc7UNormSrgb));
    assert_eq!(info.color_space(), Some(ColorSpace::SRGB));
    assert_eq!(
        (info.texture_type(), info.layers()),
        (TextureType::CubeArray, 12)
    );
    assert_eq!(
        texture.subresource(11, 0).unwrap(),
        &bytes(16 * 12)[16 * 11..]
    );

    // Levels lie inside of layers.
    let mut dds = Dds::dx10(61, 2, 2, 2, bytes(10));
    dds.dx10 = Some([61, 3, 0, 2]);
    let file = dds.encode();
    let texture = read(&file);
    assert_eq!(texture.info().texture_type(), TextureType::D2Array);
    let all = bytes(10);
    assert_eq!(texture.subresource(0, 1).unwrap(), &all[4..5]);
    assert_eq!(texture.subresource(1, 0).unwrap(), &all[5..9]);

    let mut dds = Dds::dx10(61, 2, 2, 2, bytes(9));
    dds.dx10 = Some([61, 4, 0, 1]);
    dds.size.2 = 2;
    let file = dds.encode();
    let texture = read(&file);
    assert_eq!(
        (texture.info().texture_type(), texture.info().depth()),
        (TextureType::D3, 2)
    );
    assert_eq!(image(&texture, 0, 0, 1).texels(), &bytes(9)[4..8]);
    assert_eq!(image(&texture, 0, 1, 0).texels(), &bytes(9)[8..]);
    assert!(texture.unpack(0, 1, 1, &CancelFlag::new()).is_err());
}

#[test]
fn cubes_of_the_first_header_have_six_faces() {
    let mut dds = Dds::four_cc(b"DXT1", 4, 4, 1, bytes(48));
    dds.caps2 = 0xFE00;
    assert_eq!(read(&dds.encode()).info().texture_type(), TextureType::Cube);
    dds.caps2 = 0x600;
    assert!(matches!(
        refused(&dds.encode()),
        ImageError::Unsupported { .. }
    ));
    dds.caps2 = 0xFE00;
    dds.size.0 = 8;
    assert!(matches!(refused(&dds.encode()), ImageError::Corrupt { .. }));
}

#[test]
fn dds_files_must_hold_what_they_say() {
    let good = Dds::four_cc(b"DXT1", 8, 8, 1, bytes(32));
    let with = |change: fn(&mut Dds)| {
        let mut dds = good.clone();
        change(&mut dds);
        refused(&dds.encode())
    };
    assert!(matches!(
        with(|d| d.data.truncate(31)),
        ImageError::Truncated { .. }
    ));
    assert!(matches!(with(|d| d.mips = 5), ImageError::Corrupt { .. }));
    assert!(matches!(
        with(|d| d.mips = u32::MAX),
        ImageError::Corrupt { .. }
    ));
    assert!(matches!(with(|d| d.size.0 = 0), ImageError::Corrupt { .. }));
    assert!(matches!(
        with(|d| d.size.0 = 1 << 20),
        ImageError::TooLarge { .. }
    ));
    let mut layers = Dds::dx10(71, 16384, 16384, 1, Vec::new());
    layers.dx10 = Some([71, 3, 0, 60000]);
    assert!(matches!(
        refused(&layers.encode()),
        ImageError::TooLarge { .. }
    ));
    layers.dx10 = Some([71, 3, 4, u32::MAX]);
    assert!(matches!(
        refused(&layers.encode()),
        ImageError::Corrupt { .. }
    ));
    // Integers are read as they are, but they are no picture.
    let file = Dds::dx10(42, 1, 1, 1, bytes(4)).encode();
    let texture = read(&file);
    assert_eq!(texture.info().format(), Some(TextureFormat::R32UInt));
    let error = texture.unpack(0, 0, 0, &CancelFlag::new()).unwrap_err();
    assert!(matches!(error, ImageError::Unsupported { .. }));
}

#[test]
fn ktx2_levels_become_layers() {
    let levels = vec![bytes(6 * 2 * 4), bytes(6 * 2)];
    // Two layers of six faces of 2 x 2 and 1 x 1 texels.
    let levels_of_array = vec![bytes(12 * 4), bytes(12)];
    let file = Ktx2::new(9, [2, 2, 0, 2, 6], levels_of_array.clone()).encode();
    let texture = read(&file);
    let info = texture.info();
    assert_eq!(
        (info.texture_type(), info.layers(), info.mips()),
        (TextureType::CubeArray, 12, 2)
    );
    assert_eq!(info.format(), Some(TextureFormat::R8UNorm));
    assert_eq!(
        texture.subresource(7, 0).unwrap(),
        &levels_of_array[0][28..32]
    );
    assert_eq!(
        texture.subresource(7, 1).unwrap(),
        &levels_of_array[1][7..8]
    );
    // A volume of four slices.
    let file = Ktx2::new(9, [2, 2, 4, 0, 1], vec![bytes(16), bytes(2), bytes(1)]).encode();
    let texture = read(&file);
    assert_eq!(
        (texture.info().texture_type(), texture.info().depth()),
        (TextureType::D3, 4)
    );
    assert_eq!(image(&texture, 0, 0, 3).texels(), &bytes(16)[12..]);
    assert_eq!(image(&texture, 0, 1, 1).texels(), &bytes(2)[1..]);
    assert!(matches!(
        refused(&Ktx2::new(9, [2, 2, 0, 0, 6], levels).encode()),
        ImageError::Corrupt { .. }
    ));
}

#[test]
fn supercompressed_levels_are_unpacked() {
    for scheme in [0, 2, 3] {
        let file = ktx2_sample(scheme);
        let texture = read(&file);
        for (mip, len) in [60, 8, 4].into_iter().enumerate() {
            assert_eq!(
                texture.subresource(0, mip as u16).unwrap(),
                bytes(len),
                "{scheme}"
            );
        }
    }
    // A level that unpacks to more or to less than it says.
    for scheme in [2, 3] {
        for size in [[5, 2, 0, 0, 1], [5, 4, 0, 0, 1]] {
            let mut ktx2 = Ktx2::new(37, size, vec![bytes(60)]);
            ktx2.scheme = scheme;
            let mut file = ktx2.encode();
            let told = u64::from(size[0] * size[1] * 4);
            file[96..104].copy_from_slice(&told.to_le_bytes());
            assert!(
                matches!(refused(&file), ImageError::Corrupt { .. }),
                "{scheme}"
            );
        }
    }
}

#[test]
fn rows_that_run_upwards_are_turned() {
    let mut ktx2 = Ktx2::new(9, [1, 2, 0, 0, 1], vec![vec![1, 2]]);
    assert_eq!(image(&read(&ktx2.encode()), 0, 0, 0).texels(), [1, 2]);
    ktx2.metadata = b"\x09\0\0\0KTXwri\0ab\0\0\0\x12\0\0\0KTXorientation\0ru\0\0\0".to_vec();
    let file = ktx2.encode();
    let texture = read(&file);
    assert!(texture.info().is_bottom_up());
    assert_eq!(image(&texture, 0, 0, 0).texels(), [2, 1]);
    // What is no metadata says nothing.
    ktx2.metadata = vec![0xFF; 9];
    assert!(!read(&ktx2.encode()).info().is_bottom_up());
}

#[test]
fn what_a_ktx2_cannot_be_is_named() {
    let feature = |format, scheme| {
        let mut ktx2 = Ktx2::new(format, [4, 4, 0, 0, 1], vec![bytes(16)]);
        ktx2.scheme = scheme;
        match refused(&ktx2.encode()) {
            ImageError::Unsupported { feature, .. } => feature,
            other => panic!("{other}"),
        }
    };
    assert!(feature(37, 1).contains("Basis Universal"));
    assert!(feature(157, 0).contains("ASTC"));
    assert!(feature(152, 0).contains("ETC2"));
    assert!(feature(9999, 0).contains("9999"));
    assert!(feature(0, 0).contains("without a Vulkan format"));
    for size in [
        [0, 4, 0, 0, 1],
        [4, 4, 0, 0, 2],
        [4, 0, 2, 0, 1],
        [4, 0, 0, 0, 6],
    ] {
        let file = Ktx2::new(9, size, vec![bytes(16)]).encode();
        assert!(
            matches!(refused(&file), ImageError::Corrupt { .. }),
            "{size:?}"
        );
    }
    let row = Ktx2::new(9, [4, 0, 0, 0, 1], vec![bytes(4)]).encode();
    assert_eq!(read(&row).info().height(), 1);
}

#[test]
fn three_bytes_are_a_texel_too() {
    let file = Ktx2::new(29, [2, 1, 0, 0, 1], vec![vec![1, 2, 3, 4, 5, 6]]).encode();
    let texture = read(&file);
    assert_eq!(texture.info().format(), None);
    assert_eq!(texture.info().color_space(), Some(ColorSpace::SRGB));
    assert_eq!(
        image(&texture, 0, 0, 0).texels(),
        [1, 2, 3, 255, 4, 5, 6, 255]
    );
    let wide = Ktx2::new(84, [1, 1, 0, 0, 1], vec![vec![1, 2, 3, 4, 5, 6]]).encode();
    let image = image(&read(&wide), 0, 0, 0);
    assert_eq!(image.format(), PixelFormat::Rgba16);
    assert_eq!(image.texels(), [1, 2, 3, 4, 5, 6, 255, 255]);
}

#[test]
fn all_of_a_texture_is_kept_or_becomes_images() {
    let file = Ktx2::new(9, [2, 2, 0, 2, 6], vec![bytes(48), bytes(12)]).encode();
    let texture = read(&file);
    let encoded = texture.encoded().unwrap();
    assert_eq!(encoded.shape(), &texture.info().stored_shape().unwrap());
    assert_eq!(encoded.subresources().len(), 24);
    assert_eq!(encoded.subresources()[3], bytes(12)[1..2]);
    let mut options = DecodeOptions {
        keep_grey: true,
        ..DecodeOptions::default()
    };
    let set = texture
        .images("a.ktx2", &options, false, &CancelFlag::new())
        .unwrap();
    assert_eq!(
        (set.len(), set.texture_type()),
        (24, Some(TextureType::CubeArray))
    );
    let member = set.get(23).unwrap();
    assert_eq!(member.place, SubresourceId::level(11, 1));
    assert_eq!(member.image.texels(), &bytes(12)[11..]);
    // As colours, and upside down.
    options.keep_grey = false;
    options.flip_y = true;
    let set = texture
        .images("a.ktx2", &options, false, &CancelFlag::new())
        .unwrap();
    let (image, all) = (&set.get(0).unwrap().image, bytes(48));
    assert_eq!(image.format(), PixelFormat::Rgba8);
    assert_eq!(image.texels()[..4], [all[2], all[2], all[2], 255]);
    let volume = Ktx2::new(9, [2, 2, 2, 0, 1], vec![bytes(8), bytes(1)]).encode();
    let places: Vec<_> = read(&volume)
        .info()
        .places()
        .map(|(place, _)| place)
        .collect();
    let level = |mip, slice| SubresourceId {
        layer: 0,
        mip,
        slice,
    };
    assert_eq!(places, [level(0, 0), level(0, 1), level(1, 0)]);
    // What cannot be stored as it is.
    let mut turned = Ktx2::new(9, [1, 2, 0, 0, 1], vec![vec![1, 2]]);
    turned.metadata = b"\x12\0\0\0KTXorientation\0ru\0\0\0".to_vec();
    assert!(read(&turned.encode()).encoded().is_err());
    let three = Ktx2::new(29, [1, 1, 0, 0, 1], vec![vec![1, 2, 3]]).encode();
    assert!(read(&three).info().stored_shape().is_none());
}

#[test]
fn normals_get_back_what_their_format_leaves_out() {
    let normal = |format: u32, texel: Vec<u8>| {
        let file = Ktx2::new(format, [1, 1, 0, 0, 1], vec![texel]).encode();
        let texture = read(&file);
        let options = DecodeOptions::default();
        let set = texture.images("n", &options, true, &CancelFlag::new());
        set.unwrap().get(0).unwrap().image.clone()
    };
    // Straight up: (0, 0, 1).
    assert_eq!(normal(16, vec![128, 128]).texels(), [128, 128, 255, 255]);
    // x = 0.6, y = 0: z = 0.8.
    assert_eq!(normal(16, vec![204, 128]).texels(), [204, 128, 229, 255]);
    // Longer than one: no third component is left.
    assert_eq!(normal(16, vec![255, 255]).texels()[2], 128);
    let wide = [0x8000u16, 0x8000]
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .collect();
    assert_eq!(normal(77, wide).texels()[4..6], [255, 255]);
    // With a sign: (0, -1, 0).
    let image = normal(17, vec![0, 0x81]);
    assert_eq!(image.format(), PixelFormat::Rgba32F);
    let values: Vec<f32> = image
        .texels()
        .as_chunks()
        .0
        .iter()
        .map(|&b| f32::from_le_bytes(b))
        .collect();
    assert_eq!(values, [0.5, 0.0, 0.5, 1.0]);
    // Three channels are what they are.
    assert_eq!(normal(37, vec![1, 2, 3, 4]).texels(), [1, 2, 3, 4]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(800))]

    /// Damage is an error or another texture; whatever is read can be taken apart.
    #[test]
    fn damage_never_panics(
        which in 0usize..5,
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
        cut in any::<prop::sample::Index>(),
        cuts in any::<bool>(),
    ) {
        let mut file = match which {
            0 => dds_sample(),
            1 => dx10_sample(),
            other => ktx2_sample([0, 2, 3][other - 2]),
        };
        for (at, value) in flips {
            // Headers are where damage matters most.
            let at = at.index(file.len().min(160));
            file[at] ^= value;
        }
        if cuts {
            file.truncate(cut.index(file.len()));
        }
        let (cancel, options) = (CancelFlag::new(), DecodeOptions::default());
        let limits = ImageLimits { max_decoded_bytes: 16 << 20, ..ImageLimits::default() };
        if let Ok(texture) = StoredTexture::read(&file, &limits, &cancel) {
            let bytes: usize = (0..texture.info().layers())
                .flat_map(|layer| (0..texture.info().mips()).map(move |mip| (layer, mip)))
                .map(|(layer, mip)| texture.subresource(layer, mip).unwrap().len())
                .sum();
            prop_assert_eq!(bytes as u64, texture.info().data_bytes());
            prop_assert_eq!(texture.encoded().is_ok(), texture.info().stored_shape().is_some());
            if texture.info().data_bytes() < 1 << 16 {
                let _ = texture.images("damaged", &options, true, &cancel);
            }
        }
    }
}
