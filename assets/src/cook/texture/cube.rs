//! Cubes: how six faces lie in one image, and which way each of them looks.

use super::{TextureError, TextureErrorCode};
use crate::{
    cook::pace::{Cancelled, Pace},
    settings::texture::{CubeLayout, CubeSource, TextureSettings},
    source::image::CubeFace,
};

/// Where a face lies in the grid of a layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CubeTile {
    /// Faces to the left of it.
    pub column: u32,
    /// Faces above it.
    pub row: u32,
    /// Whether it stands on its head.
    pub rotated: bool,
}

impl CubeLayout {
    /// The layout of an image with these dimensions, and the edge of its faces.
    pub fn detect(width: u32, height: u32) -> Option<(Self, u32)> {
        let (w, h) = (u64::from(width), u64::from(height));
        if w == 0 || h == 0 {
            return None;
        }
        if w == 6 * h {
            return Some((Self::HorizontalStrip, height));
        }
        if h == 6 * w {
            return Some((Self::VerticalStrip, width));
        }
        if w % 4 == 0 && h % 3 == 0 && w / 4 == h / 3 {
            return Some((Self::HorizontalCross, width / 4));
        }
        if w % 3 == 0 && h % 4 == 0 && w / 3 == h / 4 {
            return Some((Self::VerticalCross, width / 3));
        }
        None
    }

    /// Where a face lies. `None` for [`CubeLayout::Auto`], which is no layout.
    ///
    /// The last tile of a vertical cross is what lies behind the cross when it is unfolded downwards: its
    /// upper edge joins the lower one of -Y, so the face stands on its head there.
    pub fn tile(self, face: CubeFace) -> Option<CubeTile> {
        let layer = u32::from(face.layer());
        let upright = |column, row| CubeTile {
            column,
            row,
            rotated: false,
        };
        Some(match (self, face) {
            (Self::Auto, _) => return None,
            (Self::HorizontalStrip, _) => upright(layer, 0),
            (Self::VerticalStrip, _) => upright(0, layer),
            (_, CubeFace::PositiveX) => upright(2, 1),
            (_, CubeFace::NegativeX) => upright(0, 1),
            (_, CubeFace::PositiveY) => upright(1, 0),
            (_, CubeFace::NegativeY) => upright(1, 2),
            (_, CubeFace::PositiveZ) => upright(1, 1),
            (Self::HorizontalCross, CubeFace::NegativeZ) => upright(3, 1),
            (Self::VerticalCross, CubeFace::NegativeZ) => CubeTile {
                column: 1,
                row: 3,
                rotated: true,
            },
        })
    }
}

/// What is made of a single image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// The image is the texture.
    Plain,
    /// Its tiles are the faces of a cube.
    Layout { layout: CubeLayout, face: u32 },
    /// It is projected onto the faces of a cube.
    Panorama { face: u32 },
}

impl Route {
    /// The route of an image with these dimensions.
    ///
    /// # Errors
    /// [`TextureError::Cube`] when a cube is asked for and the dimensions are not those of its source.
    pub(super) fn new(
        width: u32,
        height: u32,
        settings: &TextureSettings,
    ) -> Result<Self, TextureError> {
        let wrong = |code, expected: &str| {
            Err(TextureError::Cube {
                code,
                width,
                height,
                expected: expected.to_owned(),
            })
        };
        let face = if settings.cube_face_size > 0 {
            settings.cube_face_size
        } else {
            default_face_size(width)
        };
        let detected = CubeLayout::detect(width, height);
        let (w, h) = (f64::from(width), f64::from(height));
        let like_a_panorama = w >= 1.5 * h && w <= 2.5 * h;
        if let Some(asked) = settings.cube.layout() {
            return match detected {
                Some((layout, face)) if asked == CubeLayout::Auto || asked == layout => {
                    Ok(Self::Layout { layout, face })
                }
                _ => wrong(
                    TextureErrorCode::DimensionMismatch,
                    match asked {
                        CubeLayout::Auto => "6:1, 1:6, 4:3 or 3:4 with square faces",
                        CubeLayout::HorizontalStrip => "6:1",
                        CubeLayout::VerticalStrip => "1:6",
                        CubeLayout::HorizontalCross => "4:3 with square faces",
                        CubeLayout::VerticalCross => "3:4 with square faces",
                    },
                ),
            };
        }
        match (settings.cube, detected) {
            (CubeSource::Panorama, _) if like_a_panorama => Ok(Self::Panorama { face }),
            (CubeSource::Panorama, _) => wrong(
                TextureErrorCode::InvalidDimensions,
                "about 2:1, between 1.5:1 and 2.5:1",
            ),
            (CubeSource::Any, Some((layout, face))) => Ok(Self::Layout { layout, face }),
            // Nobody has said that it is a panorama: it has to be 2:1, but for a texel or two of a
            // large image.
            (CubeSource::Any, None) if (w - 2.0 * h).abs() <= (h / 16.0).min(2.0) => {
                Ok(Self::Panorama { face })
            }
            (CubeSource::Any, None) => wrong(
                TextureErrorCode::FileNotFound,
                "six files with the names of faces, a panorama of 2:1, \
                 or a strip or cross of 6:1, 1:6, 4:3 or 3:4",
            ),
            (CubeSource::Suggested, _) if w == 2.0 * h => Ok(Self::Panorama { face }),
            (
                CubeSource::Suggested,
                Some((layout @ (CubeLayout::HorizontalStrip | CubeLayout::VerticalStrip), face)),
            ) => Ok(Self::Layout { layout, face }),
            _ => Ok(Self::Plain),
        }
    }
}

/// The edge of faces that hold as much as a panorama of this width: a quarter of it, rounded to the
/// nearest power of two, upwards from the middle.
fn default_face_size(width: u32) -> u32 {
    let quarter = (width / 4).max(1);
    let below = 1u32 << quarter.ilog2();
    if quarter - below >= below - below / 2 && below > 1 {
        below << 1
    } else {
        below
    }
}

/// Cuts the tile of a face out of the texels of an image.
pub(super) async fn cut_tile(
    texels: &[u8],
    texel_bytes: usize,
    width: u32,
    tile: CubeTile,
    face: u32,
    out: &mut [u8],
    pace: &mut Pace,
) -> Result<(), Cancelled> {
    let (face, width) = (face as usize, width as usize);
    let row_bytes = face * texel_bytes;
    let left = tile.column as usize * face;
    let top = tile.row as usize * face;
    for (y, out) in out.chunks_exact_mut(row_bytes).enumerate() {
        let source_y = top + if tile.rotated { face - 1 - y } else { y };
        let start = (source_y * width + left) * texel_bytes;
        let source = &texels[start..start + row_bytes];
        if tile.rotated {
            let backwards = source.chunks_exact(texel_bytes).rev();
            for (out, texel) in out.chunks_exact_mut(texel_bytes).zip(backwards) {
                out.copy_from_slice(texel);
            }
        } else {
            out.copy_from_slice(source);
        }
        pace.checkpoint().await?;
    }
    Ok(())
}

/// The centre of a face, and its right and upper directions.
type Basis = [[f64; 3]; 3];

/// How graphics hardware looks at a cube: +Y is up, and each face is seen from the inside.
const fn gpu_basis(face: CubeFace) -> Basis {
    match face {
        CubeFace::PositiveX => [[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]],
        CubeFace::NegativeX => [[-1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]],
        CubeFace::PositiveY => [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, -1.0]],
        CubeFace::NegativeY => [[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]],
        CubeFace::PositiveZ => [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]],
        CubeFace::NegativeZ => [[0.0, 0.0, -1.0], [-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]],
    }
}

/// How the engine looks at a cube: +Z is up.
const fn engine_basis(face: CubeFace) -> Basis {
    match face {
        CubeFace::PositiveX => [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        CubeFace::NegativeX => [[-1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, 1.0]],
        CubeFace::PositiveY => [[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]],
        CubeFace::NegativeY => [[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]],
        CubeFace::PositiveZ => [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, -1.0, 0.0]],
        CubeFace::NegativeZ => [[0.0, 0.0, -1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]],
    }
}

/// `centre + s right + t up`.
fn towards([centre, right, up]: Basis, s: f64, t: f64) -> [f64; 3] {
    std::array::from_fn(|i| centre[i] + s * right[i] + t * up[i])
}

fn normalized(v: [f64; 3]) -> [f64; 3] {
    let length = (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]).sqrt();
    v.map(|x| x / length)
}

/// The direction that the point (`u`, `v`) of a face shows, not normalised; `u` runs to the right and
/// `v` downwards, both from 0 to 1. The convention is that of graphics hardware.
pub(super) fn gpu_vector(face: CubeFace, u: f64, v: f64) -> [f64; 3] {
    towards(gpu_basis(face), 2.0 * u - 1.0, 1.0 - 2.0 * v)
}

/// The unit direction that the point (`u`, `v`) of a face shows in the convention of graphics hardware,
/// where +Y is up; `u` runs to the right and `v` downwards, both from 0 to 1. Stored cubes follow it.
pub fn gpu_direction(face: CubeFace, u: f64, v: f64) -> [f64; 3] {
    normalized(gpu_vector(face, u, v))
}

/// The unit direction that the point (`u`, `v`) of a face shows in the engine's world, where +Z is up;
/// `u` runs to the right and `v` upwards, both from 0 to 1.
pub fn engine_direction(face: CubeFace, u: f64, v: f64) -> [f64; 3] {
    normalized(towards(engine_basis(face), 2.0 * u - 1.0, 2.0 * v - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dimensions_tell_the_layout() {
        use CubeLayout as L;
        let cases = [
            (6, 1, Some((L::HorizontalStrip, 1))),
            (1, 6, Some((L::VerticalStrip, 1))),
            (384, 64, Some((L::HorizontalStrip, 64))),
            (1024, 768, Some((L::HorizontalCross, 256))),
            (768, 1024, Some((L::VerticalCross, 256))),
            (4, 3, Some((L::HorizontalCross, 1))),
            (3, 4, Some((L::VerticalCross, 1))),
            (512, 512, None),
            (1024, 512, None),
            (1023, 768, None),
            (0, 0, None),
            (u32::MAX, u32::MAX - 1, None),
        ];
        for (width, height, expected) in cases {
            assert_eq!(L::detect(width, height), expected, "{width}x{height}");
        }
    }

    #[test]
    fn tiles_of_a_layout_are_apart() {
        for (layout, columns, rows) in [
            (CubeLayout::HorizontalStrip, 6, 1),
            (CubeLayout::VerticalStrip, 1, 6),
            (CubeLayout::HorizontalCross, 4, 3),
            (CubeLayout::VerticalCross, 3, 4),
        ] {
            let mut places: Vec<_> = CubeFace::ALL
                .iter()
                .map(|&face| layout.tile(face).unwrap())
                .map(|tile| (tile.column, tile.row))
                .collect();
            assert!(places.iter().all(|&(x, y)| x < columns && y < rows));
            places.sort_unstable();
            places.dedup();
            assert_eq!(places.len(), 6, "{layout}");
        }
        assert_eq!(CubeLayout::Auto.tile(CubeFace::PositiveX), None);
    }

    /// Wherever two tiles of a cross touch, the cube has an edge, and both show it alike.
    #[test]
    fn crosses_are_unfolded_cubes() {
        for layout in [CubeLayout::HorizontalCross, CubeLayout::VerticalCross] {
            let mut joints = 0;
            for a in CubeFace::ALL {
                for b in CubeFace::ALL {
                    let (ta, tb) = (layout.tile(a).unwrap(), layout.tile(b).unwrap());
                    let step = (
                        i64::from(tb.column) - i64::from(ta.column),
                        i64::from(tb.row) - i64::from(ta.row),
                    );
                    let at = |tile: CubeTile, face, u: f64, v: f64| {
                        if tile.rotated {
                            gpu_direction(face, 1.0 - u, 1.0 - v)
                        } else {
                            gpu_direction(face, u, v)
                        }
                    };
                    for k in [0.1, 0.5, 0.8] {
                        let (pa, pb) = match step {
                            (1, 0) => (at(ta, a, 1.0, k), at(tb, b, 0.0, k)),
                            (0, 1) => (at(ta, a, k, 1.0), at(tb, b, k, 0.0)),
                            _ => continue,
                        };
                        joints += 1;
                        for i in 0..3 {
                            assert!((pa[i] - pb[i]).abs() < 1e-12, "{layout} {a} {b}");
                        }
                    }
                }
            }
            assert_eq!(
                joints,
                5 * 3,
                "{layout}: a cube is unfolded along five edges"
            );
        }
    }

    #[test]
    fn directions_hit_the_published_values() {
        let s = 1.0 / 3f64.sqrt();
        let close = |a: [f64; 3], b: [f64; 3]| (0..3).all(|i| (a[i] - b[i]).abs() < 1e-6);
        for face in CubeFace::ALL {
            let centre = gpu_basis(face)[0];
            assert!(close(gpu_direction(face, 0.5, 0.5), centre));
            assert!(close(engine_direction(face, 0.5, 0.5), centre));
            for (u, v) in [(0.0, 0.0), (0.3, 0.9), (1.0, 1.0)] {
                for d in [gpu_direction(face, u, v), engine_direction(face, u, v)] {
                    let length = d.iter().map(|x| x * x).sum::<f64>().sqrt();
                    assert!((length - 1.0).abs() < 1e-6);
                }
            }
        }
        assert_eq!(engine_basis(CubeFace::PositiveX)[1], [0.0, 1.0, 0.0]);
        assert_eq!(engine_basis(CubeFace::PositiveX)[2], [0.0, 0.0, 1.0]);
        assert_eq!(engine_basis(CubeFace::PositiveZ)[1], [1.0, 0.0, 0.0]);
        assert_eq!(engine_basis(CubeFace::PositiveZ)[2], [0.0, -1.0, 0.0]);
        assert!(close(
            engine_direction(CubeFace::PositiveX, 0.0, 0.0),
            [s, -s, -s]
        ));
        // The upper left corner of +X looks up and to +Z.
        assert!(close(
            gpu_direction(CubeFace::PositiveX, 0.0, 0.0),
            [s, s, s]
        ));
    }

    #[test]
    fn faces_are_as_large_as_a_quarter_of_the_panorama() {
        let cases = [
            (64, 16),
            (1024, 256),
            (4096, 1024),
            (1, 1),
            (8, 2),
            (12, 4),
            (1000, 256),
            (6000, 1024),
            (6144, 2048),
            (16384, 4096),
        ];
        for (width, face) in cases {
            assert_eq!(default_face_size(width), face, "{width}");
        }
        assert_eq!(default_face_size(u32::MAX), 1 << 30);
    }

    fn route(cube: CubeSource, width: u32, height: u32) -> Result<Route, TextureErrorCode> {
        let settings = TextureSettings {
            cube,
            ..TextureSettings::default()
        };
        Route::new(width, height, &settings).map_err(|error| error.error_code())
    }

    #[test]
    fn an_image_becomes_what_was_asked_for() {
        use TextureErrorCode as E;
        let layout = |layout, face| Ok(Route::Layout { layout, face });
        let panorama = |face| Ok(Route::Panorama { face });
        for (width, height) in [(64, 64), (64, 32), (60, 10), (40, 30)] {
            assert_eq!(route(CubeSource::Never, width, height), Ok(Route::Plain));
        }
        assert_eq!(route(CubeSource::Suggested, 64, 32), panorama(16));
        assert_eq!(
            route(CubeSource::Suggested, 60, 10),
            layout(CubeLayout::HorizontalStrip, 10)
        );
        // A photograph has the shape of a cross, too.
        assert_eq!(route(CubeSource::Suggested, 40, 30), Ok(Route::Plain));
        assert_eq!(route(CubeSource::Suggested, 64, 33), Ok(Route::Plain));
        assert_eq!(route(CubeSource::Any, 64, 33), panorama(16));
        assert_eq!(
            route(CubeSource::Any, 40, 30),
            layout(CubeLayout::HorizontalCross, 10)
        );
        assert_eq!(route(CubeSource::Any, 64, 64), Err(E::FileNotFound));
        assert_eq!(route(CubeSource::Panorama, 64, 32), panorama(16));
        assert_eq!(route(CubeSource::Panorama, 60, 40), panorama(16));
        assert_eq!(route(CubeSource::Panorama, 100, 40), panorama(32));
        assert_eq!(
            route(CubeSource::Panorama, 32, 32),
            Err(E::InvalidDimensions)
        );
        assert_eq!(
            route(CubeSource::Panorama, 101, 40),
            Err(E::InvalidDimensions)
        );
        assert_eq!(
            route(CubeSource::Layout, 30, 40),
            layout(CubeLayout::VerticalCross, 10)
        );
        assert_eq!(
            route(CubeSource::VerticalCross, 30, 40),
            layout(CubeLayout::VerticalCross, 10)
        );
        assert_eq!(
            route(CubeSource::HorizontalCross, 30, 40),
            Err(E::DimensionMismatch)
        );
        assert_eq!(route(CubeSource::Layout, 64, 32), Err(E::DimensionMismatch));
        let settings = TextureSettings {
            cube: CubeSource::Panorama,
            cube_face_size: 7,
            ..TextureSettings::default()
        };
        assert_eq!(
            Route::new(64, 32, &settings),
            Ok(Route::Panorama { face: 7 })
        );
    }
}
