//! Damaged files, limits and cancellation.

use super::samples::{self, Png};
use super::*;
use crate::source::image::reader::SourceReader;
use proptest::prelude::*;
use std::io::{BufRead, Read};

#[test]
fn samples_decode() {
    for (name, format, bytes) in samples::all() {
        let info = probed(&bytes).unwrap();
        let image = decoded(&bytes);
        assert_eq!(info.format, format, "{name}");
        assert_eq!(
            (info.width, info.height),
            (image.width(), image.height()),
            "{name}"
        );
        assert!(info.decoded_bytes() >= image.texels().len() as u64);
    }
}

#[test]
fn a_prefix_gives_the_same_header_or_asks_for_more() {
    for (name, _, bytes) in samples::all() {
        let whole = probed(&bytes).unwrap();
        let mut complete = false;
        for len in 1..=bytes.len() {
            match probed(&bytes[..len]) {
                Ok(info) => {
                    assert_eq!(info, whole, "{name} at {len}");
                    complete = true;
                }
                Err(ImageError::NeedMoreBytes { at_least }) => {
                    assert!(!complete && at_least > len as u64, "{name} at {len}");
                }
                Err(other) => panic!("{name} at {len}: {other}"),
            }
        }
        assert!(complete);
    }
}

#[test]
fn every_truncation_is_an_error() {
    for (name, _, bytes) in samples::all() {
        for len in 0..bytes.len() {
            let error = decode(
                &bytes[..len],
                name,
                &ImageLimits::default(),
                &options(false),
                &CancelFlag::new(),
            )
            .expect_err(&format!("{name} cut at {len} of {}", bytes.len()));
            assert!(
                matches!(
                    error,
                    ImageError::Empty
                        | ImageError::UnknownFormat { .. }
                        | ImageError::Truncated { .. }
                        | ImageError::Corrupt { .. }
                ),
                "{name} cut at {len}: {error:?}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    /// Damage is an error or another picture, never a panic; and probing agrees with decoding.
    #[test]
    fn damage_never_panics(
        which in any::<prop::sample::Index>(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        keep_grey in any::<bool>(),
    ) {
        let mut all = samples::all();
        let (_, _, mut bytes) = all.swap_remove(which.index(all.len()));
        for (at, value) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= value;
        }
        let limits = ImageLimits { max_decoded_bytes: 64 << 20, ..ImageLimits::default() };
        match decode(&bytes, "damaged", &limits, &options(keep_grey), &CancelFlag::new()) {
            Ok(image) => {
                let info = probe(&bytes, "damaged", &limits).unwrap();
                prop_assert_eq!((info.width, info.height), (image.width(), image.height()));
            }
            Err(ImageError::NeedMoreBytes { .. }) => prop_assert!(false, "there is no more"),
            Err(error) => prop_assert!(error.diagnostic().is_some()),
        }
    }

    /// So is anything else that begins like a picture.
    #[test]
    fn noise_never_panics(which in any::<prop::sample::Index>(), keep in 0usize..64, noise in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut all = samples::all();
        let (_, _, mut bytes) = all.swap_remove(which.index(all.len()));
        bytes.truncate(keep);
        bytes.extend(noise);
        let limits = ImageLimits { max_decoded_bytes: 64 << 20, ..ImageLimits::default() };
        let _ = decode(&bytes, "noise", &limits, &options(false), &CancelFlag::new());
    }
}

#[test]
fn text_is_refused_whatever_its_name() {
    let error = failure(b"This is no image.\n");
    assert_eq!(error.code().unwrap().id(), "texture.image.unknown_format");
    assert!(matches!(failure(b"x"), ImageError::UnknownFormat { .. }));
    assert_eq!(failure(b""), ImageError::Empty);
}

#[test]
fn a_raised_flag_stops_decoding() {
    let cancel = CancelFlag::new();
    cancel.cancel();
    for (name, _, bytes) in samples::all() {
        let result = decode(
            &bytes,
            name,
            &ImageLimits::default(),
            &options(false),
            &cancel,
        );
        assert!(matches!(result, Err(ImageError::Cancelled(_))), "{name}");
    }
}

#[test]
fn reading_stops_soon_after_the_flag_is_raised() {
    let bytes = vec![7; 100_000];
    let cancel = CancelFlag::new();
    let mut reader = SourceReader::new(&bytes, &cancel);
    let mut buffer = [0; 1000];
    reader.read_exact(&mut buffer).unwrap();
    cancel.cancel();
    let read = std::iter::from_fn(|| reader.read_exact(&mut buffer).ok()).count();
    assert!(read <= 5, "{read} more reads");
    let mut reader = SourceReader::new(&bytes, &cancel);
    assert!(reader.fill_buf().is_err());
}

#[test]
fn the_end_of_the_source_is_remembered() {
    let cancel = CancelFlag::new();
    let mut reader = SourceReader::new(&[1, 2, 3], &cancel);
    let mut buffer = [0; 3];
    reader.read_exact(&mut buffer).unwrap();
    assert!(!reader.hit_end());
    assert!(reader.read_exact(&mut buffer).is_err());
    assert!(reader.hit_end());
}

#[test]
fn limits_are_settings() {
    let limits: ImageLimits = serde_json::from_str(r#"{"max_width": 4}"#).unwrap();
    assert_eq!(limits.max_height, 16384);
    let bytes = Png::new(5, 1, 8, 0, vec![0; 5]).encode();
    assert!(matches!(
        probe(&bytes, "x", &limits),
        Err(ImageError::TooLarge {
            what: "width",
            value: 5,
            limit: 4,
            ..
        })
    ));
}

/// Files of a sample collection, where there is one: each decodes, or says why not.
#[test]
fn a_corpus_is_read_without_panics() {
    let Ok(corpus) = std::env::var("KILN_CORPUS") else {
        return;
    };
    for folder in ["textures", "malformed"] {
        let entries = std::fs::read_dir(std::path::Path::new(&corpus).join(folder)).unwrap();
        for entry in entries {
            let path = entry.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            let name = path.display().to_string();
            let result = decode(
                &bytes,
                &name,
                &ImageLimits::default(),
                &options(false),
                &CancelFlag::new(),
            );
            let is_panic = matches!(result, Err(ImageError::DecoderPanicked { .. }));
            assert!(!is_panic, "{name}");
            if folder == "textures" {
                assert!(result.is_ok(), "{name}: {:?}", result.err());
            }
        }
    }
}
