//! GIF, WebP, QOI, TIFF, PNM and Photoshop.

use super::writers::{Psd, Tiff, gif, gif_with_a_small_picture, qoi, webp};
use super::*;
use half::f16;

fn codes(image: &Image) -> Vec<&'static str> {
    image.warnings().iter().map(|w| w.code.id()).collect()
}

#[test]
fn of_a_gif_the_first_picture_is_read() {
    let one = decoded(&gif(1));
    assert_eq!(
        (one.width(), one.height(), one.format()),
        (4, 3, PixelFormat::Rgba8)
    );
    assert!(
        one.texels()
            .as_chunks()
            .0
            .iter()
            .all(|t| *t == [200, 0, 10, 255])
    );
    assert!(codes(&one).is_empty());
    let several = decoded(&gif(3));
    assert_eq!(several.texels(), one.texels());
    assert_eq!(codes(&several), ["texture.image.animated"]);
}

#[test]
fn a_small_picture_of_a_gif_has_its_place_on_the_screen() {
    let image = decoded(&gif_with_a_small_picture());
    let mut expected = [[0u8; 4]; 6];
    expected[4] = [255, 0, 0, 255];
    assert_eq!(image.texels(), expected.concat());
    // A picture that does not fit is refused before it is decoded.
    let mut wide = gif_with_a_small_picture();
    wide[24] = 200;
    assert!(matches!(failure(&wide), ImageError::Corrupt { .. }));
}

#[test]
fn webp_and_qoi_keep_every_texel() {
    let texels: Vec<u8> = (0..7 * 5 * 4).map(|i| (i * 37 % 251) as u8).collect();
    let image = decoded(&webp(7, 5, &texels));
    assert_eq!((image.width(), image.height()), (7, 5));
    assert_eq!(image.texels(), texels);
    assert!(!image.is_opaque());
    let image = decoded(&qoi(7, 5, &texels));
    assert_eq!(image.texels(), texels);
}

#[test]
fn a_qoi_by_hand() {
    // RGB, a run of two more, an index, a difference of one in blue.
    let mut file = b"qoif\0\0\0\x05\0\0\0\x01\x03\0".to_vec();
    file.extend([0xFE, 10, 20, 30]);
    file.push(0xC0 | 1);
    file.push((10 * 3 + 20 * 5 + 30 * 7 + 255 * 11) as u8 % 64);
    file.push(0x40 | 2 << 4 | 2 << 2 | 3);
    file.extend([0, 0, 0, 0, 0, 0, 0, 1]);
    let image = decoded(&file);
    let c = [10, 20, 30, 255];
    assert_eq!(image.texels(), [c, c, c, c, [10, 20, 31, 255]].concat());
    assert!(image.is_opaque());
    // The pixels that it claims to have must be there before they are allocated.
    let mut vast = file.clone();
    vast[4..8].copy_from_slice(&16000u32.to_be_bytes());
    vast[8..12].copy_from_slice(&16000u32.to_be_bytes());
    assert!(matches!(failure(&vast), ImageError::Truncated { .. }));
}

#[test]
fn portable_maps_of_every_kind() {
    let grey = decoded_grey(b"P5\n# made by hand\n3 1\n255\n\x00\x80\xFF");
    assert_eq!(
        (grey.format(), grey.texels()),
        (PixelFormat::R8, &[0, 128, 255][..])
    );
    // Fewer levels are spread over all.
    let few = decoded_grey(b"P2 2 1 3 1 3");
    assert_eq!(few.texels(), [85, 255]);
    let wide = decoded_grey(b"P5 2 1 65535 \x12\x34\xFF\xFF");
    assert_eq!(wide.format(), PixelFormat::R16);
    assert_eq!(words(wide.texels()), [0x1234, 0xFFFF]);
    let color = decoded(b"P6 1 2 255\n\x01\x02\x03\x04\x05\x06");
    assert_eq!(color.texels(), [1, 2, 3, 255, 4, 5, 6, 255]);
    assert_eq!(decoded(b"P3\n1 1\n255\n1 2 3\n").texels(), [1, 2, 3, 255]);
    // One is black.
    assert_eq!(decoded_grey(b"P1\n3 1\n1 0 1").texels(), [0, 255, 0]);
    assert_eq!(decoded_grey(b"P4\n3 1\n\xA0").texels(), [0, 255, 0]);
    let pam = b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 4\nMAXVAL 65535\nTUPLTYPE RGB_ALPHA\nENDHDR\n\0\x01\0\x02\0\x03\0\x04";
    let image = decoded(pam);
    assert_eq!(image.format(), PixelFormat::Rgba16);
    assert_eq!(words(image.texels()), [1, 2, 3, 4]);
}

#[test]
fn portable_maps_must_hold_their_samples() {
    assert!(matches!(
        failure(b"P6 16000 16000 255\n123"),
        ImageError::Truncated { .. }
    ));
    assert!(matches!(
        failure(b"P3 16000 16000 255\n1 2 3"),
        ImageError::Truncated { .. }
    ));
    assert!(matches!(
        probed(b"P5 99999 1 255\n"),
        Err(ImageError::TooLarge { .. })
    ));
    assert!(matches!(
        probed(b"P5 1 1 0\n"),
        Err(ImageError::Corrupt { .. })
    ));
    assert!(matches!(
        probed(b"P5 1 1 70000\n"),
        Err(ImageError::Corrupt { .. })
    ));
    assert!(matches!(
        probed(b"P5 1 -1 255\n"),
        Err(ImageError::Corrupt { .. })
    ));
    assert!(matches!(
        probed(b"P5 99999999999 1 255\n"),
        Err(ImageError::Corrupt { .. })
    ));
    assert!(matches!(
        probed(b"P5 1 1 25"),
        Err(ImageError::NeedMoreBytes { .. })
    ));
}

#[test]
fn tiffs_keep_their_precision() {
    let grey = decoded_grey(&Tiff::new(2, 1, 8, 1, vec![7, 200]).encode());
    assert_eq!(
        (grey.format(), grey.texels()),
        (PixelFormat::R8, &[7, 200][..])
    );
    let data = [0x1234u16, 0xFFFF]
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .collect();
    let wide = decoded_grey(&Tiff::new(2, 1, 16, 1, data).encode());
    assert_eq!(words(wide.texels()), [0x1234, 0xFFFF]);
    let mut big = Tiff::new(2, 1, 16, 1, vec![0x12, 0x34, 0xFF, 0xFF]);
    big.big_endian = true;
    assert_eq!(decoded_grey(&big.encode()).texels(), wide.texels());
    big.large = true;
    assert_eq!(decoded_grey(&big.encode()).texels(), wide.texels());
    let data = [0.25f32, 1000.0]
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .collect();
    let mut float = Tiff::new(2, 1, 32, 1, data);
    float.sample_format = 3;
    let image = decoded(&float.encode());
    assert_eq!(image.format(), PixelFormat::Rgba32F);
    assert_eq!(
        floats(image.texels()),
        [0.25, 0.25, 0.25, 1.0, 1000.0, 1000.0, 1000.0, 1.0]
    );
    let data = [0.5f32, 2.0, -1.0]
        .iter()
        .flat_map(|&v| f16::from_f32(v).to_le_bytes())
        .collect();
    let mut half = Tiff::new(1, 1, 16, 3, data);
    half.sample_format = 3;
    assert_eq!(
        floats(decoded(&half.encode()).texels()),
        [0.5, 2.0, -1.0, 1.0]
    );
    let data = [u32::MAX, 0].iter().flat_map(|v| v.to_le_bytes()).collect();
    let integers = decoded(&Tiff::new(2, 1, 32, 1, data).encode());
    assert_eq!(floats(integers.texels())[..5], [1.0, 1.0, 1.0, 1.0, 0.0]);
}

#[test]
fn tiffs_of_every_kind_of_colour() {
    let rgb = decoded(&Tiff::new(1, 2, 8, 3, vec![1, 2, 3, 4, 5, 6]).encode());
    assert_eq!(rgb.texels(), [1, 2, 3, 255, 4, 5, 6, 255]);
    assert!(rgb.is_opaque());
    let rgba = decoded(&Tiff::new(1, 1, 8, 4, vec![1, 2, 3, 4]).encode());
    assert_eq!(rgba.texels(), [1, 2, 3, 4]);
    assert!(!rgba.is_opaque());
    let grey_alpha = decoded_grey(&Tiff::new(1, 1, 8, 2, vec![9, 4]).encode());
    assert_eq!(
        (grey_alpha.format(), grey_alpha.texels()),
        (PixelFormat::Rg8, &[9, 4][..])
    );
    // Colours that are multiplied by their alpha are divided by it.
    let mut associated = Tiff::new(2, 1, 8, 4, vec![50, 100, 25, 100, 0, 0, 0, 0]);
    associated.extra = Some(1);
    assert_eq!(
        decoded(&associated.encode()).texels(),
        [128, 255, 64, 100, 0, 0, 0, 0]
    );
    let mut planar = Tiff::new(2, 1, 8, 3, Vec::new());
    planar.planar = true;
    planar.strips = vec![vec![1, 2], vec![3, 4], vec![5, 6]];
    assert_eq!(
        decoded(&planar.encode()).texels(),
        [1, 3, 5, 255, 2, 4, 6, 255]
    );
    let mut white = Tiff::new(2, 1, 8, 1, vec![0, 255]);
    white.photometric = 0;
    assert_eq!(decoded_grey(&white.encode()).texels(), [255, 0]);
    // Three texels of two bits.
    let bits = Tiff::new(3, 1, 2, 1, vec![0b00_01_11_00]);
    assert_eq!(decoded_grey(&bits.encode()).texels(), [0, 85, 255]);
    // No ink but half of the black.
    let mut cmyk = Tiff::new(1, 1, 8, 4, vec![0, 0, 255, 51]);
    (cmyk.photometric, cmyk.extra) = (5, None);
    let image = decoded(&cmyk.encode());
    assert_eq!(image.texels(), [204, 204, 0, 255]);
    assert_eq!(codes(&image), ["texture.image.cmyk"]);
}

#[test]
fn tiffs_with_a_palette() {
    // Three texels of four bits in two rows: colours 0, 15, 1 and 2, 0, 15.
    let mut tiff = Tiff::new(3, 2, 4, 1, vec![0x0F, 0x10, 0x20, 0xF0]);
    tiff.photometric = 3;
    tiff.color_map = vec![0; 48];
    for (color, rgb) in [
        (0, [1u16, 2, 3]),
        (1, [4, 5, 6]),
        (2, [7, 8, 9]),
        (15, [255, 128, 0]),
    ] {
        for (channel, value) in rgb.into_iter().enumerate() {
            tiff.color_map[channel * 16 + color] = value * 257;
        }
    }
    let expected = [
        [1, 2, 3, 255],
        [255, 128, 0, 255],
        [4, 5, 6, 255],
        [7, 8, 9, 255],
        [1, 2, 3, 255],
        [255, 128, 0, 255],
    ];
    for (big_endian, large) in [(false, false), (true, false), (false, true), (true, true)] {
        (tiff.big_endian, tiff.large) = (big_endian, large);
        let image = decoded(&tiff.encode());
        assert_eq!(image.texels(), expected.concat());
        assert!(image.is_opaque() && image.warnings().is_empty());
        // A palette is a picture in colour, also where grey is kept.
        assert_eq!(decoded_grey(&tiff.encode()), image);
    }
    // Writers that forget that the numbers have 16 bits.
    for value in &mut tiff.color_map {
        *value /= 257;
    }
    assert_eq!(decoded(&tiff.encode()).texels(), expected.concat());
    // Bytes; turned to the left.
    let mut bytes = Tiff::new(2, 1, 8, 1, vec![200, 3]);
    (bytes.photometric, bytes.orientation) = (3, 8);
    bytes.color_map = (0..768).map(|i| (i % 256) * 256).collect();
    let image = decoded(&bytes.encode());
    assert_eq!((image.width(), image.height()), (1, 2));
    assert_eq!(image.texels(), [3, 3, 3, 255, 199, 199, 199, 255]);
    // A palette that does not have them all, or is not there.
    bytes.color_map.pop();
    assert!(matches!(
        probed(&bytes.encode()),
        Err(ImageError::Corrupt { .. })
    ));
    bytes.color_map.clear();
    assert!(matches!(
        probed(&bytes.encode()),
        Err(ImageError::Corrupt { .. })
    ));
}

#[test]
fn tiffs_are_turned_upright() {
    let data: Vec<u8> = [1u16, 2, 3, 4, 5, 6]
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .collect();
    let mut tiff = Tiff::new(3, 2, 16, 1, data);
    tiff.orientation = 6;
    let file = tiff.encode();
    let info = probed(&file).unwrap();
    assert_eq!((info.width, info.height), (2, 3));
    let image = decoded_grey(&file);
    assert_eq!((image.width(), image.height()), (2, 3));
    assert_eq!(words(image.texels()), [4, 1, 5, 2, 6, 3]);
    // Wide texels too.
    let wide = decoded(&file);
    assert_eq!(words(wide.texels())[..8], [4, 4, 4, 65535, 1, 1, 1, 65535]);
}

#[test]
fn kinds_of_tiff_that_are_not_read_are_named() {
    let refuse = |change: fn(&mut Tiff)| {
        let mut tiff = Tiff::new(1, 1, 8, 3, vec![0; 24]);
        change(&mut tiff);
        match probed(&tiff.encode()) {
            Err(ImageError::Unsupported { feature, .. }) => feature,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        refuse(|t| (t.photometric, t.samples, t.bits) = (3, 1, 16)),
        "a palette for 1 channels of 16 bits"
    );
    assert_eq!(refuse(|t| t.photometric = 8), "the colour model 8");
    assert!(refuse(|t| t.bits = 12).contains("12 bits"));
    assert!(refuse(|t| t.sample_format = 2).contains("sample format 2"));
    assert!(refuse(|t| (t.samples, t.photometric) = (3, 1)).contains("3 channels"));
}

#[test]
fn tiffs_whose_strips_are_elsewhere_are_cut_off() {
    let mut tiff = Tiff::new(4, 4, 8, 1, vec![1; 16]);
    let file = tiff.encode();
    assert!(matches!(
        failure(&file[..file.len() - 1]),
        ImageError::Truncated { .. }
    ));
    (tiff.width, tiff.height) = (16000, 16000);
    assert!(matches!(
        failure(&tiff.encode()),
        ImageError::Truncated { .. } | ImageError::Corrupt { .. }
    ));
}

#[test]
fn photoshop_documents_of_every_kind() {
    let plane = |values: &[u8]| values.to_vec();
    let rgb = vec![plane(&[1, 2]), plane(&[3, 4]), plane(&[5, 6])];
    let mut psd = Psd::new(2, 1, 8, 3, rgb.clone());
    let expected = [1, 3, 5, 255, 2, 4, 6, 255];
    for (packed, large) in [(false, false), (true, false), (true, true), (false, true)] {
        (psd.packed, psd.large) = (packed, large);
        let image = decoded(&psd.encode());
        assert_eq!(image.texels(), expected, "packed {packed}, large {large}");
        assert!(image.is_opaque());
    }
    // An alpha channel that was made on purpose.
    let mut with_alpha = rgb;
    with_alpha.push(plane(&[0, 100]));
    let mut psd = Psd::new(2, 1, 8, 3, with_alpha);
    assert_eq!(decoded(&psd.encode()).texels(), [1, 3, 5, 0, 2, 4, 6, 100]);
    // A transparency: 204 is what is left of 153 when half of it is white.
    psd.planes = vec![
        plane(&[204, 9]),
        plane(&[255, 9]),
        plane(&[128, 9]),
        plane(&[127, 0]),
    ];
    psd.layers = -1;
    let texels = decoded(&psd.encode()).texels().to_vec();
    assert_eq!(texels[1..4], [255, 0, 127]);
    assert!(texels[0].abs_diff(153) <= 1, "{}", texels[0]);
    assert_eq!(texels[4..], [9, 9, 9, 0]);
    let grey = decoded_grey(&Psd::new(2, 1, 16, 1, vec![vec![0x12, 0x34, 0xFF, 0xFF]]).encode());
    assert_eq!(
        (grey.format(), words(grey.texels())),
        (PixelFormat::R16, vec![0x1234, 0xFFFF])
    );
    let light = [2.5f32, 0.0]
        .iter()
        .flat_map(|v| v.to_be_bytes())
        .collect::<Vec<u8>>();
    let image = decoded(&Psd::new(2, 1, 32, 1, vec![light]).encode());
    assert_eq!(
        floats(image.texels()),
        [2.5, 2.5, 2.5, 1.0, 0.0, 0.0, 0.0, 1.0]
    );
    // Inverted inks: full yellow, a fifth of black.
    let inks = vec![vec![255], vec![255], vec![0], vec![204]];
    let image = decoded(&Psd::new(1, 1, 8, 4, inks).encode());
    assert_eq!(image.texels(), [204, 204, 0, 255]);
    assert_eq!(codes(&image), ["texture.image.cmyk"]);
}

#[test]
fn photoshop_documents_must_hold_their_planes() {
    let file = Psd::new(2, 2, 8, 1, vec![vec![1; 4]]).encode();
    let mut vast = file.clone();
    vast[14..18].copy_from_slice(&16000u32.to_be_bytes());
    vast[18..22].copy_from_slice(&16000u32.to_be_bytes());
    assert!(matches!(failure(&vast), ImageError::Truncated { .. }));
    let mut indexed = file;
    indexed[25] = 2;
    match failure(&indexed) {
        ImageError::Unsupported { feature, .. } => assert!(feature.contains("Indexed")),
        other => panic!("{other}"),
    }
}
