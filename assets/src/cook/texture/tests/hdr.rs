//! Light beyond the displayable range.

use super::*;
use crate::format::texture_format::TextureFormat;
use crate::settings::texture::{HdrHandling, TextureIntent, TexturePreset};

fn light() -> Image {
    rgba32f(2, 2, |x, y| [10.0 * x as f32, 1.0, 0.25 * y as f32, 1.0])
}

fn hdr(output_format: OutputFormat, change: impl FnOnce(&mut TextureSettings)) -> TextureSettings {
    let mut settings = plain(output_format);
    change(&mut settings);
    settings
}

#[test]
fn which_outputs_take_light() {
    use HdrHandling::{Error, KeepFloat, TonemapAuto};
    use OutputFormat as F;
    let result = |format, handling, bake, intent| {
        let settings = hdr(format, |s| {
            s.hdr_handling = handling;
            s.bake_hdr = bake;
            s.intent = intent;
        });
        cook_in_tiles(light(), &settings, 512).map(|cooked| cooked.shape().format())
    };
    let (data, env) = (TextureIntent::Data, TextureIntent::HdrEnvironment);
    for format in [F::Rgba8, F::Rgba8Srgb, F::Bc7, F::Bc7Srgb] {
        let stored = Ok(format.texture_format());
        assert_eq!(result(format, TonemapAuto, false, data), stored);
        assert_eq!(result(format, TonemapAuto, true, data), stored);
        assert_eq!(result(format, Error, true, data), stored);
        assert!(matches!(
            result(format, Error, false, data),
            Err(TextureError::HdrRequiresFloatFormat { .. })
        ));
        assert_eq!(
            result(format, KeepFloat, false, data),
            Ok(TextureFormat::Rgba32Float)
        );
        assert_eq!(
            result(format, KeepFloat, false, env),
            Ok(TextureFormat::Rgba32Float)
        );
        // An environment is baked only when that is said.
        assert!(matches!(
            result(format, TonemapAuto, false, env),
            Err(TextureError::HdrRequiresFloatFormat { .. })
        ));
        assert_eq!(result(format, TonemapAuto, true, env), stored);
    }
    for handling in [Error, TonemapAuto, KeepFloat] {
        assert_eq!(
            result(F::Rgba16F, handling, false, env),
            Ok(TextureFormat::Rgba16Float)
        );
        assert_eq!(
            result(F::Rgba32F, handling, false, data),
            Ok(TextureFormat::Rgba32Float)
        );
    }
}

#[test]
fn the_error_names_its_way_out() {
    let settings = hdr(OutputFormat::Bc7Srgb, |s| {
        s.intent = TextureIntent::HdrEnvironment;
    });
    let error = prepared(light(), &settings).unwrap_err();
    let diagnostic = error.diagnostic().unwrap();
    assert_eq!(diagnostic.code.id(), "texture.hdr_needs_float");
    assert!(diagnostic.message.contains("`hdr_env`") && diagnostic.message.contains("`bc7_srgb`"));
    assert!(diagnostic.remedy().contains("bake_hdr"));
}

#[test]
fn ordinary_pictures_are_no_light() {
    // A panorama in an 8-bit file needs no baking to be stored in 8 bits.
    let settings = hdr(OutputFormat::Rgba8, |s| {
        s.intent = TextureIntent::HdrEnvironment;
    });
    assert!(prepared(photo(4, 4), &settings).is_ok());
}

/// The curve, written down once more.
fn filmic(x: f64) -> f64 {
    (x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14)).clamp(0.0, 1.0)
}

fn srgb(linear: f64) -> f64 {
    if linear <= 0.003_130_8 {
        linear * 12.92
    } else {
        1.055 * linear.powf(1.0 / 2.4) - 0.055
    }
}

#[test]
fn baking_exposes_maps_and_encodes() {
    let texel = [0.18f32, 1.5, 0.0, 0.5];
    let source = || rgba32f(1, 1, |_, _| texel);
    for ev in [0.0f32, 1.0, -2.0] {
        let mapped = |c: usize| filmic(f64::from(texel[c]) * f64::from(ev).exp2());
        let linear = level(
            &cook(source(), &hdr(OutputFormat::Rgba8, |s| s.exposure_ev = ev)),
            0,
        );
        let signal = level(
            &cook(
                source(),
                &hdr(OutputFormat::Rgba8Srgb, |s| s.exposure_ev = ev),
            ),
            0,
        );
        for c in 0..3 {
            assert!(
                (f64::from(linear[c]) - mapped(c) * 255.0).abs() <= 0.51,
                "{ev} {c}"
            );
            assert!(
                (f64::from(signal[c]) - srgb(mapped(c)) * 255.0).abs() <= 0.51,
                "{ev} {c}"
            );
        }
        assert_eq!((linear[3], signal[3]), (128, 128));
        // A float output keeps what was baked, without rounding it to 8 bits.
        let baked = cook(
            source(),
            &hdr(OutputFormat::Rgba32F, |s| {
                s.exposure_ev = ev;
                s.bake_hdr = true;
            }),
        );
        let baked = floats(&level(&baked, 0));
        assert!((f64::from(baked[0]) - mapped(0)).abs() < 1e-6);
    }
}

#[test]
fn exposure_is_for_baking_alone() {
    let settings = hdr(OutputFormat::Rgba32F, |s| s.exposure_ev = 3.0);
    assert_eq!(floats(&level(&cook(light(), &settings), 0))[4], 10.0);
}

#[test]
fn measurements_are_limited_but_never_tone_mapped() {
    let heights = rgba32f(2, 1, |x, _| [[0.5, 2.0][x as usize], 0.0, 0.0, 1.0]);
    let cooked = cook(heights, &TexturePreset::HeightMap.settings());
    assert_eq!(words(&level(&cooked, 0)), [32768, 65535]);
}

#[test]
fn environments_keep_their_light_in_half_floats() {
    let cooked = cook(light(), &TexturePreset::HdrLightProbe.settings());
    assert_eq!(halves(&level(&cooked, 0))[4..8], [10.0, 1.0, 0.0, 1.0]);
    assert_eq!(halves(&level(&cooked, 1)), [5.0, 1.0, 0.125, 1.0]);
    assert!(cooked.warnings().is_empty());
}

#[test]
fn what_no_half_float_holds_is_limited_with_a_warning() {
    let sun = rgba32f(1, 1, |_, _| [1e6, -1e6, 3.0, 1.0]);
    let cooked = cook(sun.clone(), &TexturePreset::HdrLightProbe.settings());
    assert_eq!(halves(&level(&cooked, 0)), [65504.0, -65504.0, 3.0, 1.0]);
    assert_eq!(cooked.warnings().len(), 1);
    assert_eq!(cooked.warnings()[0].code.id(), "texture.half_range");
    assert!(cooked.warnings()[0].message.starts_with("2 values"));
    let exact = cook(sun, &plain(OutputFormat::Rgba32F));
    assert_eq!(floats(&level(&exact, 0)), [1e6, -1e6, 3.0, 1.0]);
    assert!(exact.warnings().is_empty());
}

#[test]
fn ringing_makes_no_negative_light() {
    use crate::settings::texture::MipFilter;
    let sun = |floor: f32| {
        rgba32f(32, 32, move |x, y| {
            let v = if (x, y) == (16, 16) { 5000.0 } else { floor };
            [v, v, v, 1.0]
        })
    };
    let mut settings = TexturePreset::HdrLightProbe.settings();
    settings.mip_filter = MipFilter::Lanczos;
    let cooked = cook(sun(0.1), &settings);
    assert!(halves(&level(&cooked, 1)).iter().all(|v| *v >= 0.0));
    // Unless the source has it.
    let cooked = cook(sun(-0.1), &settings);
    assert!(halves(&level(&cooked, 1)).iter().any(|v| *v < -1.0));
}
