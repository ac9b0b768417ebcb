//! Giving way, stopping, and the one-call cook.

use super::*;
use crate::settings::texture::ColorSpace;
use std::time::Duration;

/// Polls a future to its end and counts the polls.
pub(super) fn count_polls<F: Future>(future: F) -> (F::Output, usize) {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    let mut polls = 0;
    loop {
        polls += 1;
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return (output, polls);
        }
    }
}

#[test]
fn long_work_gives_way_often_and_changes_nothing() {
    let settings = settings(|s| {
        s.output_format = OutputFormat::Rgba8Srgb;
        s.quality = EncodeQuality::None;
    });
    let mut eager = Pace::sliced(CancelFlag::new(), Duration::ZERO);
    let source = photo(1024, 512);
    let (sliced, polls) = count_polls(prepare(source.clone(), &settings, encoder(), &mut eager));
    let sliced = sliced.unwrap();
    assert!(polls > 128, "{polls} polls for 512 rows of 1024");
    let whole = prepared(source, &settings).unwrap();
    assert_eq!(sliced.levels, whole.levels);

    let tiles = |texture: &PreparedTexture| -> Vec<EncodedTile> {
        let tiles = texture.tiles(4096);
        tiles
            .iter()
            .map(|tile| texture.encode_tile(tile).unwrap())
            .collect()
    };
    let (tiles_a, tiles_b) = (tiles(&sliced), tiles(&whole));
    let (assembled, polls) = count_polls(assemble(Arc::new(sliced), tiles_a, &mut eager));
    assert!(polls > 40, "{polls} polls for 3 MB");
    let expected = block_on(assemble(Arc::new(whole), tiles_b, &mut uninterrupted())).unwrap();
    assert_eq!(assembled.unwrap(), expected);
}

#[test]
fn tables_give_way_too() {
    let wide = image(PixelFormat::Rgba16, 2, 1, vec![0; 16]);
    let settings = settings(|s| s.source_color_space = ColorSpace::SRGB);
    let mut eager = Pace::sliced(CancelFlag::new(), Duration::ZERO);
    let (result, polls) = count_polls(prepare(wide, &settings, encoder(), &mut eager));
    assert!(result.is_ok() && polls >= 64, "{polls}");
}

#[test]
fn a_raised_flag_stops_every_stage() {
    let settings = settings(|s| {
        s.output_format = OutputFormat::Rgba8Srgb;
        s.quality = EncodeQuality::None;
    });
    // In the middle of preparing.
    let cancel = CancelFlag::new();
    let mut pace = Pace::sliced(cancel.clone(), Duration::ZERO);
    let mut future = pin!(prepare(photo(512, 512), &settings, encoder(), &mut pace));
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..10 {
        assert!(future.as_mut().poll(&mut context).is_pending());
    }
    cancel.cancel();
    let Poll::Ready(Err(error)) = future.as_mut().poll(&mut context) else {
        panic!("it went on");
    };
    assert!(error.is_cancelled() && error.diagnostic().is_none());

    // While assembling.
    let texture = prepared(photo(512, 512), &settings).unwrap();
    let tiles = texture
        .tiles(4096)
        .iter()
        .map(|t| texture.encode_tile(t).unwrap())
        .collect();
    let mut pace = Pace::uninterrupted(cancel.clone());
    let result = block_on(assemble(Arc::new(texture), tiles, &mut pace));
    assert!(result.is_err_and(|error| error.is_cancelled()));

    // In the one-call cook.
    let result = cook_blocking(
        &[1, 2, 3],
        "a.png",
        &settings,
        encoder(),
        &ImageLimits::default(),
        &cancel,
    );
    assert!(
        !result.unwrap_err().is_cancelled(),
        "what is no image is no image, cancelled or not"
    );
}

/// An uncompressed 32-bit bitmap, upper left pixel first.
fn bitmap(width: i32, height: i32, texels: &[[u8; 4]]) -> Vec<u8> {
    let mut file = b"BM".to_vec();
    let size = 54 + texels.len() as u32 * 4;
    for number in [size, 0, 54, 40] {
        file.extend(number.to_le_bytes());
    }
    file.extend(width.to_le_bytes());
    file.extend((-height).to_le_bytes());
    file.extend([1, 0, 32, 0]);
    file.resize(54, 0);
    for &[r, g, b, a] in texels {
        file.extend([b, g, r, a]);
    }
    file
}

#[test]
fn the_one_call_cook_is_the_sum_of_the_stages() {
    let file = bitmap(
        2,
        2,
        &[[255, 0, 0, 0], [0, 255, 0, 0], [0, 0, 255, 0], [9, 9, 9, 0]],
    );
    let mut settings = plain(OutputFormat::Rgba8);
    let cook_file = |settings: &TextureSettings| {
        cook_blocking(
            &file,
            "dots.bmp",
            settings,
            encoder(),
            &ImageLimits::default(),
            &CancelFlag::new(),
        )
        .unwrap()
    };
    let cooked = cook_file(&settings);
    let red_first = [255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255, 9, 9, 9, 255];
    assert_eq!(level(&cooked, 0), red_first);
    assert_eq!(
        cooked,
        cook(
            image(PixelFormat::Rgba8, 2, 2, red_first.to_vec()),
            &settings
        )
    );
    settings.flip_y = true;
    assert_eq!(level(&cook_file(&settings), 0)[..4], [0, 0, 255, 255]);
    settings.output_format = OutputFormat::Bc7;
    settings.quality = EncodeQuality::Fast;
    let blocks = cook_file(&settings);
    assert!(blocks.payload().len() >= 16);
}

#[test]
fn failures_become_diagnostics() {
    let fail = |bytes: &[u8], settings: &TextureSettings| {
        let error = cook_blocking(
            bytes,
            "x.png",
            settings,
            encoder(),
            &ImageLimits::default(),
            &CancelFlag::new(),
        );
        error.unwrap_err().diagnostic().unwrap()
    };
    let defaults = settings(|_| {});
    assert_eq!(
        fail(b"", &defaults).code.id(),
        "texture.image.unknown_format"
    );
    assert_eq!(
        fail(&[7; 100], &defaults).code.id(),
        "texture.image.unknown_format"
    );
    let contradiction = settings(|s| s.quality = EncodeQuality::None);
    assert_eq!(fail(b"", &contradiction).code.id(), "texture.desc_invalid");
    // JPEG 2000 is known by name.
    let known = fail(b"\xFF\x4F\xFF\x51 and so on", &defaults);
    assert_eq!(known.code.id(), "texture.image.unsupported");
    assert!(known.message.contains("JPEG 2000"), "{}", known.message);
    let told = |error: TextureError| error.diagnostic().unwrap();
    let options = crate::settings::texture::TextureOptions {
        cube_face_size: Some(100),
        ..Default::default()
    };
    let told_of_size = told(options.resolve("sky.hdr").unwrap_err().into());
    assert_eq!(told_of_size.code.id(), "texture.cubemap_face_size_invalid");
    assert!(told_of_size.message.contains("100"));
    let too_much = crate::source::image::ImageError::OutOfMemory { bytes: 1 << 40 };
    assert_eq!(
        told(too_much.into()).code.id(),
        "texture.image.out_of_memory"
    );
    let unmade = TextureError::FormatNotEncoded {
        encoder: "none".to_owned(),
        format: crate::format::texture_format::TextureFormat::Bc2UNorm,
    };
    assert_eq!(told(unmade).code.id(), "texture.encoder_failed");
}

#[test]
fn futures_and_parts_can_travel_between_threads() {
    fn travels<T: Send>(_: &T) {}
    fn is_shared<T: Send + Sync>() {}
    is_shared::<PreparedTexture>();
    is_shared::<EncodedTile>();
    is_shared::<CookedTexture>();
    let (settings, mut pace) = (settings(|_| {}), uninterrupted());
    travels(&prepare(photo(4, 4), &settings, encoder(), &mut pace));
    let texture = Arc::new(prepared(photo(4, 4), &settings).unwrap());
    travels(&assemble(texture, Vec::new(), &mut pace));
}
