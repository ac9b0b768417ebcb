//! Making levels: source rows are read, converted and filtered as they come, and written as stored
//! texels.

use super::TextureError;
use super::curve::Curve;
use super::panorama::Panorama;
use super::plan::Plan;
use super::pyramid::{CHANNELS, Pyramid};
use super::read::{TexelReader, flip_green};
use super::survey::Survey;
use super::volume::VolumePyramid;
use super::write::{LARGEST_HALF, TexelWriter, weigh};
use crate::{
    cook::pace::{Cancelled, Pace},
    settings::texture::{ColorSpace, OutputFormat, TextureIntent, TextureSettings},
    source::image::{CubeFace, PixelFormat},
};

/// Texels between two looks at the clock: about a tenth of a millisecond.
const STRETCH: usize = 4096;

/// One level of one layer, before block compression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Level {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) depth: u32,
    /// Tight rows, slice after slice.
    pub(super) texels: Vec<u8>,
}

/// What one layer is made of.
pub(super) enum LayerSource<'a> {
    /// The levels that are there, largest first.
    Levels(Vec<Vec<u8>>),
    /// The slices of each level that is there.
    Slices(Vec<Vec<Vec<u8>>>),
    /// A face of a cube that is projected.
    Face(&'a Panorama, CubeFace),
}

/// Makes the levels of layers, all of one size.
pub(super) struct LevelMaker<'a> {
    plan: &'a Plan,
    settings: &'a TextureSettings,
    format: PixelFormat,
    keeps_texels: bool,
    flips_green: bool,
    /// To rows for the filter.
    filtered: Option<TexelReader>,
    /// To rows for levels that are not filtered, where those need others.
    direct: Option<TexelReader>,
    /// From those rows to the output.
    direct_curve: Curve,
    /// Kept from one layer to the next.
    pyramid: Option<Pyramid>,
    row: Vec<f32>,
    direct_row: Vec<f32>,
    scratch: Vec<f32>,
    since_checkpoint: usize,
}

/// How rows of a layer become texels.
struct Writers {
    /// Of levels that are there.
    base: TexelWriter,
    /// Of levels that are made.
    made: TexelWriter,
}

impl<'a> LevelMaker<'a> {
    pub(super) async fn new(
        plan: &'a Plan,
        settings: &'a TextureSettings,
        format: PixelFormat,
        pace: &mut Pace,
    ) -> Result<Self, Cancelled> {
        let keeps_texels = plan.keeps_texels(format);
        let mut reader =
            async |space| TexelReader::new(format, plan.source, space, plan.tone, pace).await;
        // Rows for the filter, and rows for the first level where it needs others: unconverted if source
        // and output agree, and linear otherwise, since the way from there to 8-bit sRGB is exact and
        // fast.
        let direct_space = if plan.source == plan.target {
            plan.target
        } else {
            ColorSpace::Linear
        };
        let one_row_for_both = direct_space == plan.filter;
        let filters = plan.shape.mips() > plan.authored;
        let filtered = if filters || (!keeps_texels && one_row_for_both) {
            Some(reader(plan.filter).await?)
        } else {
            None
        };
        let direct = if keeps_texels || one_row_for_both {
            None
        } else {
            Some(reader(direct_space).await?)
        };
        let numbers = plan.shape.width() as usize * CHANNELS;
        Ok(Self {
            plan,
            settings,
            format,
            keeps_texels,
            flips_green: settings.intent == TextureIntent::NormalTS && settings.flip_normal_green,
            direct_row: vec![0.0; if direct.is_some() { numbers } else { 0 }],
            filtered,
            direct,
            direct_curve: Curve::between(direct_space, plan.target),
            pyramid: None,
            row: vec![0.0; numbers],
            scratch: Vec::with_capacity(numbers),
            since_checkpoint: 0,
        })
    }

    /// Makes all levels of a layer whose texels are known.
    pub(super) async fn make(
        &mut self,
        source: LayerSource<'_>,
        survey: &Survey,
        pace: &mut Pace,
    ) -> Result<Vec<Level>, TextureError> {
        let writers = self.writers(&source, survey);
        match source {
            LayerSource::Levels(levels) => {
                let mut done = Vec::with_capacity(self.plan.shape.mips().into());
                for (mip, texels) in (0..self.plan.authored).zip(levels) {
                    let rows = Rows::Texels(texels);
                    self.convert(rows, mip, &writers, &mut done, pace).await?;
                }
                Ok(done)
            }
            LayerSource::Face(panorama, face) => {
                let mut done = Vec::with_capacity(self.plan.shape.mips().into());
                let rows = Rows::Projected(panorama, face);
                self.convert(rows, 0, &writers, &mut done, pace).await?;
                Ok(done)
            }
            LayerSource::Slices(levels) => self.volume(levels, &writers, pace).await,
        }
    }

    fn writers(&self, source: &LayerSource<'_>, survey: &Survey) -> Writers {
        let plan = self.plan;
        let projected = matches!(source, LayerSource::Face(..));
        let base = TexelWriter {
            stored: plan.stored,
            curve: self.direct_curve,
            weighted: false,
            normals: false,
            range: self.float_range(projected && !survey.negative),
        };
        let made = TexelWriter {
            stored: plan.stored,
            curve: Curve::between(plan.filter, plan.target),
            weighted: self.is_weighted(survey),
            normals: plan.normals && self.settings.renormalize_normals,
            range: self.float_range(!survey.negative),
        };
        Writers { base, made }
    }

    fn is_weighted(&self, survey: &Survey) -> bool {
        self.plan.alpha_is_coverage && survey.alpha_varies
    }

    /// The limits of float colours. Filters with negative lobes must not make light that is darker than
    /// none, or brighter than white where the source ends there.
    fn float_range(&self, from_zero: bool) -> (f32, f32) {
        let high = if !self.plan.unbounded {
            1.0
        } else if matches!(self.plan.output, OutputFormat::Rgba16F | OutputFormat::Bc6h) {
            LARGEST_HALF
        } else {
            f32::MAX
        };
        let unsigned = from_zero || self.plan.output == OutputFormat::Bc6h;
        (if unsigned { 0.0 } else { -high }, high)
    }

    /// Converts a level that is there, and makes the smaller ones from it if it is the last.
    async fn convert(
        &mut self,
        mut rows: Rows<'_>,
        mip: u16,
        writers: &Writers,
        done: &mut Vec<Level>,
        pace: &mut Pace,
    ) -> Result<(), TextureError> {
        let plan = self.plan;
        let (width, height, _) = plan.shape.mip_size(mip);
        let texel_bytes = plan.stored.texel_bytes();
        let source_row = width as usize * self.format.texel_bytes();
        let target_row = width as usize * texel_bytes;
        // Texels that do not grow are written over those that have been read.
        let in_place = matches!(rows, Rows::Texels(_)) && target_row <= source_row;
        let mut base = if in_place {
            Vec::new()
        } else {
            allocate(target_row as u64 * u64::from(height))?
        };
        let mips = plan.shape.mips();
        let feeds = mip + 1 == plan.authored && mip + 1 < mips;
        let mut smaller = Vec::new();
        let mut pyramid = None;
        if feeds {
            for mip in mip + 1..mips {
                smaller.push(self.blank_level(mip)?);
            }
            pyramid = Some(self.pyramid.take().unwrap_or_else(|| {
                let levels = u32::from(mips - mip);
                Pyramid::new(self.settings.mip_filter, width, height, levels)
            }));
        }
        let weighted = writers.made.weighted;
        let mut projected = Vec::new();
        for y in 0..height as usize {
            let source = match &mut rows {
                Rows::Texels(texels) => &mut texels[y * source_row..(y + 1) * source_row],
                Rows::Projected(panorama, face) => {
                    self.project(panorama, *face, y as u32, &mut projected, pace)
                        .await?;
                    &mut projected
                }
            };
            self.read(source);
            if !self.keeps_texels {
                let range = y * target_row..(y + 1) * target_row;
                let target = match &mut rows {
                    Rows::Texels(texels) if in_place => &mut texels[range],
                    _ => &mut base[range],
                };
                self.write_direct(width, &writers.base, target);
            } else if let Rows::Projected(..) = rows {
                base[y * target_row..(y + 1) * target_row].copy_from_slice(&projected);
            }
            if let Some(pyramid) = &mut pyramid {
                let row = &mut self.row[..width as usize * CHANNELS];
                if weighted {
                    weigh(row);
                }
                let scratch = &mut self.scratch;
                pyramid.push(row, &mut |step, y, row| {
                    if let Some(level) = smaller.get_mut(step - 1) {
                        let level: &mut Level = level;
                        let bytes = level.width as usize * texel_bytes;
                        let out = &mut level.texels[y * bytes..(y + 1) * bytes];
                        writers.made.write(row, scratch, out);
                    }
                });
            }
            self.rest(width as usize, pace).await?;
        }
        if let Some(mut pyramid) = pyramid {
            pyramid.restart();
            self.pyramid = Some(pyramid);
        }
        if let Rows::Texels(mut texels) = rows
            && in_place
        {
            texels.truncate(target_row * height as usize);
            texels.shrink_to_fit();
            base = texels;
        }
        done.push(Level {
            width,
            height,
            depth: 1,
            texels: base,
        });
        done.append(&mut smaller);
        Ok(())
    }

    /// Makes all levels of a volume.
    async fn volume(
        &mut self,
        levels: Vec<Vec<Vec<u8>>>,
        writers: &Writers,
        pace: &mut Pace,
    ) -> Result<Vec<Level>, TextureError> {
        let plan = self.plan;
        let mips = plan.shape.mips();
        let texel_bytes = plan.stored.texel_bytes();
        let mut done = Vec::with_capacity(mips.into());
        for mip in 0..mips {
            done.push(self.blank_level(mip)?);
        }
        for (mip, slices) in (0..plan.authored).zip(levels) {
            let (width, height, depth) = plan.shape.mip_size(mip);
            let feeds = mip + 1 == plan.authored && mip + 1 < mips;
            let levels = if feeds { u32::from(mips - mip) } else { 1 };
            let mut pyramid =
                VolumePyramid::new(self.settings.mip_filter, [width, height, depth], levels);
            let (given, smaller) = done.split_at_mut(usize::from(mip) + 1);
            let Some(base) = given.last_mut() else {
                continue;
            };
            let source_row = width as usize * self.format.texel_bytes();
            let target_row = width as usize * texel_bytes;
            let mut targets = base.texels.chunks_exact_mut(target_row);
            for mut slice in slices {
                for source in slice.chunks_exact_mut(source_row) {
                    self.read(source);
                    if let Some(target) = targets.next() {
                        if self.keeps_texels {
                            target.copy_from_slice(source);
                        } else {
                            self.write_direct(width, &writers.base, target);
                        }
                    }
                    if feeds {
                        let row = &mut self.row[..width as usize * CHANNELS];
                        if writers.made.weighted {
                            weigh(row);
                        }
                        pyramid.push(row);
                        self.drain(&mut pyramid, smaller, writers, pace).await?;
                    }
                    self.rest(width as usize, pace).await?;
                }
            }
        }
        Ok(done)
    }

    /// Writes the rows that a pyramid can make now.
    async fn drain(
        &mut self,
        pyramid: &mut VolumePyramid,
        smaller: &mut [Level],
        writers: &Writers,
        pace: &mut Pace,
    ) -> Result<(), Cancelled> {
        let texel_bytes = self.plan.stored.texel_bytes();
        let scratch = &mut self.scratch;
        let mut texels = 0;
        loop {
            let more = pyramid.advance(&mut |step, z, y, row| {
                if let Some(level) = smaller.get_mut(step - 1) {
                    let bytes = level.width as usize * texel_bytes;
                    let at = (z * level.height as usize + y) * bytes;
                    let out = &mut level.texels[at..at + bytes];
                    writers.made.write(row, scratch, out);
                    texels += level.width as usize;
                }
            });
            if !more {
                return Ok(());
            }
            if texels >= STRETCH {
                texels = 0;
                pace.checkpoint().await?;
            }
        }
    }

    /// An empty level.
    fn blank_level(&self, mip: u16) -> Result<Level, TextureError> {
        let (width, height, depth) = self.plan.shape.mip_size(mip);
        let texels = u64::from(width)
            .saturating_mul(height.into())
            .saturating_mul(depth.into());
        Ok(Level {
            width,
            height,
            depth,
            texels: allocate(texels.saturating_mul(self.plan.stored.texel_bytes() as u64))?,
        })
    }

    /// Computes a row of a face as source texels.
    async fn project(
        &mut self,
        panorama: &Panorama,
        face: CubeFace,
        y: u32,
        row: &mut Vec<u8>,
        pace: &mut Pace,
    ) -> Result<(), Cancelled> {
        const PART: usize = 64;
        let width = self.plan.shape.width();
        row.clear();
        for x in (0..width).step_by(PART) {
            let mut part = [[0.0; 4]; PART];
            let part = &mut part[..PART.min((width - x) as usize)];
            panorama.project(face, y, x, part);
            row.extend(part.as_flattened().iter().flat_map(|v| v.to_le_bytes()));
            self.rest(part.len() * panorama.cost(), pace).await?;
        }
        Ok(())
    }

    /// Reads source texels into the working rows.
    fn read(&mut self, source: &mut [u8]) {
        if self.flips_green {
            flip_green(self.format, source);
        }
        let numbers = source.len() / self.format.texel_bytes() * CHANNELS;
        if let Some(filtered) = &self.filtered {
            filtered.read(source, &mut self.row[..numbers]);
        }
        if let Some(direct) = &self.direct {
            direct.read(source, &mut self.direct_row[..numbers]);
        }
    }

    /// Writes the working row of a level that is not filtered.
    fn write_direct(&mut self, width: u32, writer: &TexelWriter, target: &mut [u8]) {
        let row = if self.direct.is_some() {
            &self.direct_row
        } else {
            &self.row
        };
        writer.write(&row[..width as usize * CHANNELS], &mut self.scratch, target);
    }

    /// Counts texels, and looks at the clock now and then.
    async fn rest(&mut self, texels: usize, pace: &mut Pace) -> Result<(), Cancelled> {
        self.since_checkpoint += texels;
        if self.since_checkpoint >= STRETCH {
            self.since_checkpoint = 0;
            pace.checkpoint().await?;
        }
        Ok(())
    }
}

/// Where rows come from.
enum Rows<'a> {
    Texels(Vec<u8>),
    Projected(&'a Panorama, CubeFace),
}

/// Zeroed memory for texels.
pub(super) fn allocate(bytes: u64) -> Result<Vec<u8>, TextureError> {
    let refused = || TextureError::OutOfMemory { bytes };
    let len = usize::try_from(bytes).map_err(|_| refused())?;
    // Asking first costs nothing; `vec!` would end the process instead of saying no.
    Vec::<u8>::new()
        .try_reserve_exact(len)
        .map_err(|_| refused())?;
    Ok(vec![0; len])
}
