//! Pixels in memory: allocation that can fail, widening in place, and repair of numbers.

use super::ImageError;
use crate::{
    cook::pace::{CancelFlag, Cancelled},
    diagnostic::{Diagnostic, codes::texture as codes},
};

/// Zeroed memory for pixels.
pub(in crate::source) fn allocate(bytes: u64) -> Result<Vec<u8>, ImageError> {
    let refused = || ImageError::OutOfMemory { bytes };
    let len = usize::try_from(bytes).map_err(|_| refused())?;
    // Asking first costs nothing; `vec!` would end the process instead of saying no.
    Vec::<u8>::new()
        .try_reserve_exact(len)
        .map_err(|_| refused())?;
    Ok(vec![0; len])
}

/// How the channels of a decoder become those of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Widen {
    /// As they are.
    Keep,
    /// Grey into all three colours, alpha one.
    GreyToRgba,
    /// Grey into all three colours, alpha kept.
    GreyAlphaToRgba,
    /// Alpha one added.
    RgbToRgba,
}

/// Widens `pixels` texels of `C`-byte channels in place: the buffer holds the narrow texels at its
/// beginning and has room for the wide ones. `one` is full alpha.
pub(super) fn widen<const C: usize>(
    buffer: &mut [u8],
    pixels: usize,
    how: Widen,
    one: [u8; C],
    cancel: &CancelFlag,
) -> Result<(), Cancelled> {
    let narrow = match how {
        Widen::Keep => return Ok(()),
        Widen::GreyToRgba => 1,
        Widen::GreyAlphaToRgba => 2,
        Widen::RgbToRgba => 3,
    };
    // From the end, because a wide texel covers the narrow ones that follow its own; in blocks that are set
    // aside, so that the inner loops run forwards and without a check for each channel.
    let mut aside = [[[0; C]; 3]; BLOCK];
    let aside = aside.as_flattened_mut();
    let mut end = pixels;
    while end > 0 {
        if end.is_multiple_of(1 << 16) || end == pixels {
            cancel.check()?;
        }
        let start = (end - 1) / BLOCK * BLOCK;
        let aside = &mut aside[..(end - start) * narrow];
        let source = &buffer[start * narrow * C..end * narrow * C];
        aside.as_flattened_mut().copy_from_slice(source);
        let target = buffer[start * 4 * C..end * 4 * C].as_chunks_mut::<C>().0;
        let target = target.as_chunks_mut::<4>().0.iter_mut();
        match how {
            Widen::Keep => {}
            Widen::GreyToRgba => {
                for (wide, &grey) in target.zip(&*aside) {
                    *wide = [grey, grey, grey, one];
                }
            }
            Widen::GreyAlphaToRgba => {
                for (wide, &[grey, alpha]) in target.zip(aside.as_chunks().0) {
                    *wide = [grey, grey, grey, alpha];
                }
            }
            Widen::RgbToRgba => {
                for (wide, &[r, g, b]) in target.zip(aside.as_chunks().0) {
                    *wide = [r, g, b, one];
                }
            }
        }
        end = start;
    }
    Ok(())
}

/// Texels that are widened at a time.
const BLOCK: usize = 256;

/// What stands for infinity: the largest half float, so that it survives every float format.
const INFINITE: f32 = 65504.0;
/// Larger values are no light; they would overflow when they are averaged.
const LARGEST: f32 = 1e30;

/// Replaces what is not finite, and counts it: NaN by zero, infinity by [`INFINITE`].
pub(super) fn repair_floats(texels: &mut [u8], cancel: &CancelFlag) -> Result<u64, Cancelled> {
    let mut repaired = 0;
    for part in texels.chunks_mut(1 << 20) {
        cancel.check()?;
        for bytes in part.as_chunks_mut::<4>().0 {
            let value = f32::from_le_bytes(*bytes);
            if value.abs() <= LARGEST {
                continue;
            }
            let replacement = if value.is_nan() {
                0.0
            } else {
                INFINITE.copysign(value)
            };
            *bytes = replacement.to_le_bytes();
            repaired += 1;
        }
    }
    Ok(repaired)
}

/// What the user should know of repaired numbers, if there are any.
pub(super) fn repair_warning(repaired: u64, values: usize) -> Option<Diagnostic> {
    (repaired > 0).then(|| {
        Diagnostic::new(
            codes::IMAGE_NON_FINITE,
            format!(
                "{repaired} of {values} values are infinite or not a number; they became 65504 and 0"
            ),
        )
    })
}

/// Makes RGBA8 texels opaque if all of them are fully transparent; says whether it did.
pub(super) fn opaque_if_all_clear(
    texels: &mut [u8],
    cancel: &CancelFlag,
) -> Result<bool, Cancelled> {
    for part in texels.chunks(1 << 20) {
        cancel.check()?;
        if part.as_chunks::<4>().0.iter().any(|texel| texel[3] != 0) {
            return Ok(false);
        }
    }
    for texel in texels.as_chunks_mut::<4>().0 {
        texel[3] = 255;
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widening_in_place_reads_every_texel_before_it_is_overwritten() {
        let cancel = CancelFlag::new();
        let cases: [(Widen, Vec<u8>, Vec<u8>); 3] = [
            (
                Widen::GreyToRgba,
                vec![1, 2],
                vec![1, 1, 1, 255, 2, 2, 2, 255],
            ),
            (
                Widen::GreyAlphaToRgba,
                vec![1, 9, 2, 8],
                vec![1, 1, 1, 9, 2, 2, 2, 8],
            ),
            (
                Widen::RgbToRgba,
                vec![1, 2, 3, 4, 5, 6],
                vec![1, 2, 3, 255, 4, 5, 6, 255],
            ),
        ];
        for (how, mut buffer, expected) in cases {
            buffer.resize(8, 0);
            widen::<1>(&mut buffer, 2, how, [255], &cancel).unwrap();
            assert_eq!(buffer, expected);
        }
        // Longer than what is widened at a time, and no multiple of it.
        let pixels = 2 * BLOCK + 3;
        let colours: Vec<u8> = (0..pixels * 3).map(|i| i as u8).collect();
        let expected: Vec<u8> = colours
            .as_chunks::<3>()
            .0
            .iter()
            .flat_map(|&[r, g, b]| [r, g, b, 255])
            .collect();
        let mut buffer = colours;
        buffer.resize(pixels * 4, 0);
        widen::<1>(&mut buffer, pixels, Widen::RgbToRgba, [255], &cancel).unwrap();
        assert_eq!(buffer, expected);
        let mut wide = vec![1, 0, 2, 0, 3, 0, 0, 0];
        widen::<2>(&mut wide, 1, Widen::RgbToRgba, [255, 255], &cancel).unwrap();
        assert_eq!(wide, [1, 0, 2, 0, 3, 0, 255, 255]);
    }

    #[test]
    fn numbers_that_are_none_are_replaced() {
        let values = [
            f32::NAN,
            f32::INFINITY,
            f32::NEG_INFINITY,
            -2.5,
            1e6,
            f32::MAX,
        ];
        let mut bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        assert_eq!(repair_floats(&mut bytes, &CancelFlag::new()).unwrap(), 4);
        let values: Vec<f32> = bytes
            .as_chunks()
            .0
            .iter()
            .map(|&b| f32::from_le_bytes(b))
            .collect();
        assert_eq!(values, [0.0, 65504.0, -65504.0, -2.5, 1e6, 65504.0]);
    }

    #[test]
    fn memory_that_does_not_exist_is_an_error() {
        let error = allocate(u64::MAX).unwrap_err();
        assert_eq!(error, ImageError::OutOfMemory { bytes: u64::MAX });
        let told = error.diagnostic().unwrap();
        assert_eq!(told.code, codes::IMAGE_OUT_OF_MEMORY);
        assert_eq!(told.code.id(), "texture.image.out_of_memory");
    }
}
