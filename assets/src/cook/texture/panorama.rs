//! Equirectangular panoramas: projecting them onto the faces of a cube.
//!
//! The middle of the panorama looks towards +Z, a quarter to the right of it towards +X, and its upper
//! edge towards +Y. Faces are made a row at a time, and no face is ever held as a whole.

use super::cube::gpu_vector;
use super::maths::atan2;
use super::read::TexelReader;
use super::write::{unweigh, weigh};
use crate::{settings::texture::MipFilter, source::image::CubeFace};
use std::f64::consts::PI;

/// One texel in linear light.
type Texel = [f32; 4];

/// How the panorama is read between its texels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sampling {
    /// Between the nearest four.
    Bilinear,
    /// Catmull-Rom between the nearest sixteen.
    Bicubic,
}

/// A panorama that faces are made of.
#[derive(Debug)]
pub(super) struct Panorama {
    texels: Vec<u8>,
    texel_bytes: usize,
    width: usize,
    height: usize,
    /// To linear light.
    reader: TexelReader,
    /// Whether colours count by their alpha.
    weighted: bool,
    sampling: Sampling,
    face_size: u32,
    /// Samples along each edge of a texel of a face.
    samples: u32,
}

impl Panorama {
    /// A panorama of `width` x `height` texels, read by `reader` as linear light, for faces of
    /// `face_size`.
    ///
    /// A face that is smaller than a quarter of the width shows more than one texel of the panorama in
    /// each of its own: as many samples are averaged then.
    pub(super) fn new(
        texels: Vec<u8>,
        (width, height): (u32, u32),
        reader: TexelReader,
        weighted: bool,
        filter: MipFilter,
        face_size: u32,
    ) -> Self {
        let ratio = u64::from(width).div_ceil((u64::from(face_size) * 4).max(1));
        Self {
            texels,
            texel_bytes: reader.texel_bytes(),
            width: width as usize,
            height: height as usize,
            reader,
            weighted,
            sampling: match filter {
                MipFilter::Box => Sampling::Bilinear,
                MipFilter::Kaiser | MipFilter::Lanczos => Sampling::Bicubic,
            },
            face_size,
            // At most 2^32 / 4 texels; more than 64 x 64 samples would change nothing that is seen.
            samples: ratio.clamp(1, 64) as u32,
        }
    }

    /// What a texel of a face costs, in texels that are read.
    pub(super) fn cost(&self) -> usize {
        let reads = match self.sampling {
            Sampling::Bilinear => 4,
            Sampling::Bicubic => 16,
        };
        reads * (self.samples * self.samples) as usize
    }

    /// Computes texels of row `y` of a face, from `x` on: as many as `out` holds, in linear light.
    pub(super) fn project(&self, face: CubeFace, y: u32, x: u32, out: &mut [Texel]) {
        let size = f64::from(self.face_size);
        let step = 1.0 / f64::from(self.samples);
        let share = (step * step) as f32;
        for (x, out) in (x..).zip(out) {
            let mut sum = [0.0; 4];
            for j in 0..self.samples {
                for i in 0..self.samples {
                    let u = (f64::from(x) + (f64::from(i) + 0.5) * step) / size;
                    let v = (f64::from(y) + (f64::from(j) + 0.5) * step) / size;
                    let texel = self.sample(gpu_vector(face, u, v));
                    for c in 0..4 {
                        sum[c] += texel[c] * share;
                    }
                }
            }
            if self.weighted {
                unweigh(sum.as_mut_slice());
            }
            *out = sum;
        }
    }

    /// What is seen in a direction.
    fn sample(&self, [x, y, z]: [f64; 3]) -> Texel {
        let longitude = atan2(x, z);
        let latitude = atan2(y, (x * x + z * z).sqrt());
        let column = (longitude / PI + 1.0) * 0.5 * self.width as f64 - 0.5;
        let row = (0.5 - latitude / PI) * self.height as f64 - 0.5;
        let (left, above) = (column.floor(), row.floor());
        let (fx, fy) = ((column - left) as f32, (row - above) as f32);
        let (left, above) = (left as i64, above as i64);
        match self.sampling {
            Sampling::Bilinear => self.blend(left, above, [1.0 - fx, fx], [1.0 - fy, fy]),
            Sampling::Bicubic => self.blend(left - 1, above - 1, catmull_rom(fx), catmull_rom(fy)),
        }
    }

    /// The weighted sum of `N` x `N` texels.
    fn blend<const N: usize>(&self, left: i64, top: i64, wx: [f32; N], wy: [f32; N]) -> Texel {
        let mut sum = [0.0; 4];
        for (j, wy) in (0..).zip(wy) {
            let y = (top + j).clamp(0, self.height as i64 - 1) as usize;
            let mut texels = [[0.0; 4]; N];
            self.read(left, y, &mut texels);
            if self.weighted {
                weigh(texels.as_flattened_mut());
            }
            for (texel, wx) in texels.iter().zip(wx) {
                for c in 0..4 {
                    sum[c] += texel[c] * (wx * wy);
                }
            }
        }
        sum
    }

    /// Reads texels of a row, around the back of the panorama where it ends.
    fn read<const N: usize>(&self, left: i64, y: usize, out: &mut [Texel; N]) {
        let row = y * self.width;
        let width = self.width as i64;
        if left >= 0 && left + N as i64 <= width {
            let start = (row + left as usize) * self.texel_bytes;
            let source = &self.texels[start..start + N * self.texel_bytes];
            self.reader.read(source, out.as_flattened_mut());
            return;
        }
        for (x, out) in (left..).zip(out) {
            let start = (row + x.rem_euclid(width) as usize) * self.texel_bytes;
            let source = &self.texels[start..start + self.texel_bytes];
            self.reader.read(source, out);
        }
    }
}

/// The weights of Catmull and Rom's cubic (a = -1/2) for the four samples around a point that lies `t`
/// beyond the second of them.
fn catmull_rom(t: f32) -> [f32; 4] {
    let (t2, t3) = (t * t, t * t * t);
    [
        -0.5 * t3 + t2 - 0.5 * t,
        1.5 * t3 - 2.5 * t2 + 1.0,
        -1.5 * t3 + 2.0 * t2 + 0.5 * t,
        0.5 * t3 - 0.5 * t2,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cook::{
            pace::{CancelFlag, Pace},
            texture::{block_on, cube::gpu_direction},
        },
        settings::texture::ColorSpace,
        source::image::PixelFormat,
    };

    fn panorama(
        width: u32,
        height: u32,
        filter: MipFilter,
        face_size: u32,
        texel: impl Fn(u32, u32) -> Texel,
    ) -> Panorama {
        let texels = (0..height)
            .flat_map(|y| (0..width).map(move |x| (x, y)))
            .flat_map(|(x, y)| texel(x, y))
            .flat_map(f32::to_le_bytes)
            .collect();
        let mut pace = Pace::uninterrupted(CancelFlag::new());
        let linear = ColorSpace::Linear;
        let reader = TexelReader::new(PixelFormat::Rgba32F, linear, linear, None, &mut pace);
        let reader = block_on(reader).unwrap();
        Panorama::new(texels, (width, height), reader, false, filter, face_size)
    }

    fn face(panorama: &Panorama, face: CubeFace) -> Vec<Texel> {
        let size = panorama.face_size;
        let mut texels = vec![[0.0; 4]; (size * size) as usize];
        for (y, row) in (0..).zip(texels.chunks_mut(size as usize)) {
            panorama.project(face, y, 0, row);
        }
        texels
    }

    #[test]
    fn the_cubic_interpolates_and_its_weights_sum_to_one() {
        assert_eq!(catmull_rom(0.0), [0.0, 1.0, 0.0, 0.0]);
        assert_eq!(catmull_rom(1.0), [0.0, 0.0, 1.0, 0.0]);
        assert_eq!(catmull_rom(0.5), [-0.0625, 0.5625, 0.5625, -0.0625]);
        for i in 0..100 {
            let sum: f32 = catmull_rom(i as f32 / 100.0).iter().sum();
            assert!((sum - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn one_colour_stays_that_colour() {
        for filter in [MipFilter::Box, MipFilter::Kaiser, MipFilter::Lanczos] {
            for size in [16, 4] {
                let panorama = panorama(64, 32, filter, size, |_, _| [1.0, 0.5, 0.0, 1.0]);
                for side in CubeFace::ALL {
                    for texel in face(&panorama, side) {
                        let off = texel.iter().zip([1.0, 0.5, 0.0, 1.0]);
                        assert!(off.into_iter().all(|(a, b)| (a - b).abs() < 1e-5));
                    }
                }
            }
        }
    }

    /// A panorama whose texels hold the direction that they show gives faces whose texels do.
    #[test]
    fn every_face_shows_its_own_directions() {
        let direction = |x: u32, y: u32| {
            let longitude = ((f64::from(x) + 0.5) / 128.0 - 1.0) * PI;
            let latitude = (0.5 - (f64::from(y) + 0.5) / 128.0) * PI;
            let level = latitude.cos();
            [
                (longitude.sin() * level) as f32,
                latitude.sin() as f32,
                (longitude.cos() * level) as f32,
                1.0,
            ]
        };
        for (filter, size, tolerance) in [
            (MipFilter::Box, 32, 2e-3),
            (MipFilter::Kaiser, 32, 2e-3),
            (MipFilter::Box, 8, 2e-2),
        ] {
            let panorama = panorama(256, 128, filter, size, direction);
            for side in CubeFace::ALL {
                let texels = face(&panorama, side);
                for (i, texel) in (0..).zip(&texels) {
                    let at = |i: u32| (f64::from(i) + 0.5) / f64::from(size);
                    let expected = gpu_direction(side, at(i % size), at(i / size));
                    for c in 0..3 {
                        let off = (f64::from(texel[c]) - expected[c]).abs();
                        assert!(off < tolerance, "{filter:?} {side} {i}: {off}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_left_edge_joins_the_right_one() {
        // Bright in the last column only: the middle of the face behind shows half of it.
        let panorama = panorama(8, 4, MipFilter::Box, 1, |x, _| {
            [if x == 7 { 1.0 } else { 0.0 }; 4]
        });
        let mut texel = [[0.0; 4]];
        panorama.project(CubeFace::NegativeZ, 0, 0, &mut texel);
        assert!((texel[0][0] - 0.5).abs() < 0.3, "{texel:?}");
        assert!(panorama.samples == 2 && panorama.sample([0.0, 0.0, -1.0])[0] == 0.5);
    }

    #[test]
    fn small_faces_see_everything() {
        // A dot that lies between the samples of a small face, were there one for each texel.
        let panorama = panorama(256, 128, MipFilter::Box, 4, |x, y| {
            [if (x, y) == (128, 70) { 1.0 } else { 0.0 }; 4]
        });
        let lit: f32 = face(&panorama, CubeFace::PositiveZ)
            .iter()
            .map(|texel| texel[0])
            .sum();
        assert!(lit > 1.0 / 1024.0, "{lit}");
    }
}
