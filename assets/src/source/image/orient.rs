//! Turning pictures: Exif orientation and mirrored rows.

use super::ImageError;
use super::pixels::allocate;
use image::metadata::Orientation;

/// Whether an orientation swaps width and height.
pub(super) fn transposes(orientation: Orientation) -> bool {
    match orientation {
        Orientation::Rotate90
        | Orientation::Rotate270
        | Orientation::Rotate90FlipH
        | Orientation::Rotate270FlipH => true,
        Orientation::NoTransforms
        | Orientation::Rotate180
        | Orientation::FlipHorizontal
        | Orientation::FlipVertical => false,
    }
}

/// Mirrors the rows: the last one becomes the first.
pub(super) fn flip_rows(texels: &mut [u8], row_bytes: usize) {
    let half = texels.len() / row_bytes / 2 * row_bytes;
    let (upper, rest) = texels.split_at_mut(half);
    let lower = rest.chunks_exact_mut(row_bytes).rev();
    for (a, b) in upper.chunks_exact_mut(row_bytes).zip(lower) {
        a.swap_with_slice(b);
    }
}

/// Mirrors every row in itself.
fn flip_columns<const N: usize>(texels: &mut [u8], width: usize) {
    for row in texels.chunks_exact_mut(width * N) {
        row.as_chunks_mut::<N>().0.reverse();
    }
}

/// Turns a picture of `width` x `height` texels upright. The caller swaps its dimensions if
/// [`transposes`] says so.
pub(super) fn turn(
    texels: Vec<u8>,
    width: usize,
    height: usize,
    texel_bytes: usize,
    orientation: Orientation,
) -> Result<Vec<u8>, ImageError> {
    match texel_bytes {
        1 => turn_texels::<1>(texels, width, height, orientation),
        2 => turn_texels::<2>(texels, width, height, orientation),
        8 => turn_texels::<8>(texels, width, height, orientation),
        16 => turn_texels::<16>(texels, width, height, orientation),
        _ => turn_texels::<4>(texels, width, height, orientation),
    }
}

fn turn_texels<const N: usize>(
    mut texels: Vec<u8>,
    width: usize,
    height: usize,
    orientation: Orientation,
) -> Result<Vec<u8>, ImageError> {
    if !transposes(orientation) {
        if matches!(
            orientation,
            Orientation::FlipHorizontal | Orientation::Rotate180
        ) {
            flip_columns::<N>(&mut texels, width);
        }
        if matches!(
            orientation,
            Orientation::FlipVertical | Orientation::Rotate180
        ) {
            flip_rows(&mut texels, width * N);
        }
        return Ok(texels);
    }
    // Upright column x is a stored row, from the top or from the bottom; upright row y is a stored
    // column, from the left or from the right.
    let rows_from_bottom = matches!(
        orientation,
        Orientation::Rotate90 | Orientation::Rotate270FlipH
    );
    let columns_from_right = matches!(
        orientation,
        Orientation::Rotate270 | Orientation::Rotate270FlipH
    );
    let mut out = allocate(texels.len() as u64)?;
    let source = texels.as_chunks::<N>().0;
    let rows = out.chunks_exact_mut(height * N);
    for (y, row) in rows.enumerate() {
        let column = if columns_from_right { width - 1 - y } else { y };
        for (x, texel) in row.as_chunks_mut::<N>().0.iter_mut().enumerate() {
            let stored_row = if rows_from_bottom { height - 1 - x } else { x };
            *texel = source[stored_row * width + column];
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{DynamicImage, GrayImage};

    #[test]
    fn all_eight_orientations_agree_with_the_image_crate() {
        let (width, height) = (3usize, 2usize);
        let stored: Vec<u8> = (0..6).collect();
        for exif in 1..=8 {
            let orientation = Orientation::from_exif(exif).unwrap();
            let mut expected =
                DynamicImage::ImageLuma8(GrayImage::from_raw(3, 2, stored.clone()).unwrap());
            expected.apply_orientation(orientation);
            let turned = turn(stored.clone(), width, height, 1, orientation).unwrap();
            assert_eq!(turned, expected.as_bytes(), "{orientation:?}");
            assert_eq!(transposes(orientation), expected.width() == 2);
            let wide: Vec<u8> = stored
                .iter()
                .flat_map(|&v| [v, v + 10, v + 20, v + 30])
                .collect();
            let turned = turn(wide, width, height, 4, orientation).unwrap();
            assert!(
                turned
                    .chunks(4)
                    .map(|t| t[0])
                    .eq(expected.as_bytes().iter().copied())
            );
        }
    }

    #[test]
    fn odd_numbers_of_rows_keep_the_middle() {
        let mut texels = vec![1, 2, 3, 4, 5, 6];
        flip_rows(&mut texels, 2);
        assert_eq!(texels, [5, 6, 3, 4, 1, 2]);
    }
}
