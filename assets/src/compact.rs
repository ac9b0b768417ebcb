//! Compaction: a container made anew from itself.
//!
//! A container only ever grows: what an earlier cook has left behind stays in the tables and data files,
//! because indices are promises. Compaction takes the jobs of the [catalogue](crate::format::catalog) in
//! their order and lets each of them ask for its places again, with the rules that emission has: the
//! fallback texture first, equal content once, the next aligned offset. What nobody asks for is dropped.
//! The result is what a fresh cook of the same jobs would write, byte for byte.

use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    ops::Range,
};
use thiserror::Error;

use crate::format::{
    asset_header::{HASH_RANGE, seal},
    buffer_table::BufferEntry,
    catalog::{Catalog, CatalogTarget},
    geometry::{GeometryDescriptor, GeometryFormatError, MeshData, MeshRecord},
    ids::{AssetKey, BufferIndex, ContentHash, TextureIndex},
    index::{AssetRecord, AssetType},
    job_record::{JobContent, JobKey, Runs},
    material::{MaterialDescriptor, MaterialFormatError},
    texture_payload::FallbackTexture,
    texture_table::TextureEntry,
};

/// A container, without its data.
#[derive(Clone, Copy, Debug)]
pub struct Content<'a> {
    /// The texture table.
    pub textures: &'a [TextureEntry],
    /// The buffer table.
    pub buffers: &'a [BufferEntry],
    /// The assets.
    pub assets: &'a [AssetRecord],
    /// The catalogue.
    pub catalog: &'a Catalog,
}

/// Why a container cannot be made anew from itself.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CompactError {
    /// Nothing says which job something belongs to: another tool has made it.
    #[error("no job of the catalogue has put {0} here")]
    Unclaimed(String),
    /// Something belongs to a job that is dropped, although one that is kept needs it.
    #[error("{what} is what another job has made of it last; cook the job `{job}` again")]
    Overwritten {
        /// What it is.
        what: String,
        /// The job that needs it.
        job: String,
    },
    /// The catalogue says something that cannot be.
    #[error("the job `{0}` has something that is not in the container")]
    Inconsistent(String),
    /// A descriptor that cannot be read.
    #[error("{path}: {reason}")]
    Descriptor {
        /// Its path.
        path: String,
        /// The rule that it breaks.
        reason: String,
    },
    /// No job is left.
    #[error("no job of the container is to be kept")]
    NothingLeft,
}

/// Where the bytes of a resource come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A range of the data file as it is.
    Old(Range<u64>),
    /// These bytes.
    New(Vec<u8>),
}

/// A resource at its new place.
#[derive(Clone, Debug, PartialEq)]
pub struct Moved<T> {
    /// Where its bytes come from.
    pub origin: Origin,
    /// Its new entry.
    pub entry: T,
}

/// How a table changes.
#[derive(Clone, Debug, PartialEq)]
pub struct MovedTable<T> {
    /// What is left, in the new order.
    pub entries: Vec<Moved<T>>,
    /// The end of the new data file.
    pub end: u64,
    /// The new index of each old one that is left.
    places: HashMap<u32, u32>,
}

impl<T> Default for MovedTable<T> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            end: 0,
            places: HashMap::new(),
        }
    }
}

impl<T> MovedTable<T> {
    /// Finds the next place for an old index, if it has none yet.
    fn place(&mut self, old: u32, alignment: u32, size: u32, make: impl FnOnce(u64) -> Moved<T>) {
        if self.places.contains_key(&old) {
            return;
        }
        let offset = self.end.next_multiple_of(u64::from(alignment.max(1)));
        // What is left is a part of what is there, whose offsets fit.
        self.places.insert(old, self.entries.len() as u32);
        self.end = offset + u64::from(size);
        self.entries.push(make(offset));
    }

    /// Whether bytes and entries are those of the old table, which has this many.
    fn is_unmoved(&self, old: usize, in_place: impl Fn(usize, &Moved<T>) -> bool) -> bool {
        self.entries.len() == old
            && (self.entries.iter().enumerate()).all(|(i, moved)| in_place(i, moved))
    }
}

/// A container as it is to be.
#[derive(Clone, Debug)]
pub struct Compaction<'a> {
    content: Content<'a>,
    /// The textures that are left.
    pub textures: MovedTable<TextureEntry>,
    /// The buffers that are left.
    pub buffers: MovedTable<BufferEntry>,
    /// The assets that are left, with their old digests.
    pub assets: Vec<&'a AssetRecord>,
    /// Jobs that are dropped.
    pub dropped: Vec<JobKey>,
    /// Jobs that were to be kept, but are not in the container.
    pub missing: Vec<JobKey>,
    kept: Vec<(&'a JobKey, &'a JobContent)>,
}

/// A descriptor at its new place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovedDescriptor {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Whether they are not those that it had.
    pub changed: bool,
    /// The hash that is stored in it.
    pub content_hash: ContentHash,
    /// Its SHA-256, or zeros if the index had none.
    pub digest: [u8; 32],
}

impl<'a> Compaction<'a> {
    /// Finds the new places. With `keep`, only these jobs stay, in this order; else all of them, in the
    /// order of the catalogue.
    ///
    /// # Errors
    /// A [`CompactError`]; nothing can be said of the container then.
    pub fn new(content: Content<'a>, keep: Option<&[JobKey]>) -> Result<Self, CompactError> {
        let catalog = content.catalog;
        check_claims(&content)?;
        let mut compaction = Self {
            content,
            textures: MovedTable::default(),
            buffers: MovedTable::default(),
            assets: Vec::new(),
            dropped: Vec::new(),
            missing: Vec::new(),
            kept: Vec::new(),
        };
        match keep {
            None => compaction.kept = catalog.jobs().collect(),
            Some(keep) => {
                let stored: HashMap<&JobKey, &'a JobKey> =
                    catalog.jobs().map(|(key, _)| (key, key)).collect();
                let mut known = HashSet::new();
                for key in keep {
                    match (stored.get(key), catalog.job(key)) {
                        (Some(stored), Some(content)) if known.insert(key) => {
                            compaction.kept.push((*stored, content));
                        }
                        (None, _) => compaction.missing.push(key.clone()),
                        _ => {}
                    }
                }
                let dropped = catalog.jobs().filter(|(key, _)| !known.contains(key));
                compaction.dropped = dropped.map(|(key, _)| key.clone()).collect();
            }
        }
        if compaction.kept.is_empty() {
            return Err(CompactError::NothingLeft);
        }
        for (key, job) in compaction.kept.clone() {
            compaction.place(key, job)?;
        }
        compaction.find_assets()?;
        Ok(compaction)
    }

    /// Lets a job ask for its places again.
    fn place(&mut self, key: &JobKey, job: &JobContent) -> Result<(), CompactError> {
        let Content {
            textures, buffers, ..
        } = self.content;
        let inside = |runs: &Runs, len: usize| runs.max().is_none_or(|max| (max as usize) < len);
        if !inside(&job.textures, textures.len()) || !inside(&job.buffers, buffers.len()) {
            return Err(CompactError::Inconsistent(key.to_string()));
        }
        if !job.textures.is_empty() {
            self.place_fallback();
        }
        for old in job.textures.iter() {
            let entry = &textures[old as usize];
            let alignment = u32::from(TextureEntry::ALIGNMENT);
            self.textures
                .place(old, alignment, entry.size_bytes(), |offset| Moved {
                    origin: Origin::Old(range(entry.data_offset(), entry.size_bytes())),
                    entry: TextureEntry::new(
                        offset,
                        entry.shape(),
                        entry.size_bytes(),
                        entry.content_hash(),
                    ),
                });
        }
        for old in job.buffers.iter() {
            let entry = &buffers[old as usize];
            let usual = entry.usual_alignment();
            let alignment = job.alignments.get(&old).copied().unwrap_or(usual);
            self.buffers
                .place(old, alignment, entry.size_bytes(), |offset| Moved {
                    origin: Origin::Old(range(entry.data_offset(), entry.size_bytes())),
                    entry: entry.moved_to(offset),
                });
        }
        Ok(())
    }

    /// The fallback is the first texture, and made as the last cook would make it.
    fn place_fallback(&mut self) {
        let old = &self.content.textures[0];
        let made = self.content.catalog.fallback().map(|form| {
            let fallback = FallbackTexture::new(form.packing, form.hashed);
            (fallback.entry(old.data_offset()), fallback.into_payload())
        });
        match made {
            Some((entry, payload)) if entry != *old => {
                self.textures
                    .place(0, 1, entry.size_bytes(), |offset| Moved {
                        origin: Origin::New(payload),
                        entry: TextureEntry::new(
                            offset,
                            entry.shape(),
                            entry.size_bytes(),
                            entry.content_hash(),
                        ),
                    });
            }
            _ => self.textures.place(0, 1, old.size_bytes(), |offset| Moved {
                origin: Origin::Old(range(old.data_offset(), old.size_bytes())),
                entry: TextureEntry::new(offset, old.shape(), old.size_bytes(), old.content_hash()),
            }),
        }
    }

    /// Finds the assets that the kept jobs have, and checks that all lines lead somewhere.
    fn find_assets(&mut self) -> Result<(), CompactError> {
        let catalog = self.content.catalog;
        let by_key: HashMap<String, &'a AssetRecord> = (self.content.assets.iter())
            .map(|asset| (asset.key().to_string(), asset))
            .collect();
        let mut live: BTreeMap<AssetKey, &'a AssetRecord> = BTreeMap::new();
        for (key, job) in &self.kept {
            for line in &job.lines {
                let inconsistent = || CompactError::Inconsistent(key.to_string());
                let entry = catalog.entry(line).ok_or_else(inconsistent)?;
                let found = match entry.target() {
                    Some(CatalogTarget::Texture(index)) => {
                        self.textures.places.contains_key(&index.0)
                    }
                    Some(CatalogTarget::Buffer(index)) => {
                        self.buffers.places.contains_key(&index.0)
                    }
                    Some(CatalogTarget::Asset(asset)) => {
                        let asset = by_key.get(asset).ok_or_else(inconsistent)?;
                        live.insert(asset.key(), *asset);
                        true
                    }
                    None => return Err(inconsistent()),
                };
                if !found {
                    return Err(CompactError::Overwritten {
                        what: format!("{} ({})", entry.source(), entry.name()),
                        job: key.to_string(),
                    });
                }
            }
        }
        self.assets = live.into_values().collect();
        Ok(())
    }

    /// How many jobs are left.
    pub fn job_count(&self) -> usize {
        self.kept.len()
    }

    /// Whether textures and buffers stay where they are.
    pub fn is_unmoved(&self) -> (bool, bool) {
        let Content {
            textures, buffers, ..
        } = self.content;
        (
            self.textures
                .is_unmoved(textures.len(), |i, moved| moved.entry == textures[i]),
            self.buffers
                .is_unmoved(buffers.len(), |i, moved| moved.entry == buffers[i]),
        )
    }

    /// A descriptor whose indices are the new ones. `bytes` are those of the file.
    ///
    /// # Errors
    /// [`CompactError::Descriptor`], or [`CompactError::Overwritten`] when it refers to something that is
    /// dropped.
    pub fn descriptor(
        &self,
        asset: &AssetRecord,
        bytes: Vec<u8>,
    ) -> Result<MovedDescriptor, CompactError> {
        let invalid = |reason: String| CompactError::Descriptor {
            path: asset.path().to_string(),
            reason,
        };
        let mut moved = match asset.asset_type() {
            AssetType::Material => self.material(asset, &bytes, &invalid)?,
            AssetType::Geometry => self.geometry(asset, &bytes, &invalid)?,
            // Scenes refer to geometries and materials by their keys, which stay.
            AssetType::Scene => None,
        };
        let stored = bytes
            .get(HASH_RANGE)
            .and_then(|field| field.try_into().ok())
            .map(u64::from_le_bytes)
            .ok_or_else(|| invalid("it is shorter than a header".to_owned()))?;
        let Some(new) = moved.as_mut().filter(|new| **new != bytes) else {
            return Ok(MovedDescriptor {
                bytes,
                changed: false,
                content_hash: ContentHash(stored),
                digest: *asset.digest(),
            });
        };
        let mut bytes = std::mem::take(new);
        let (content_hash, digest) = if stored == 0 {
            (ContentHash::NONE, Sha256::digest(&bytes).into())
        } else {
            bytes[HASH_RANGE].fill(0);
            seal(&mut bytes)
        };
        let unknown = *asset.digest() == [0; 32];
        Ok(MovedDescriptor {
            bytes,
            changed: true,
            content_hash,
            digest: if unknown { [0; 32] } else { digest },
        })
    }

    fn material(
        &self,
        asset: &AssetRecord,
        bytes: &[u8],
        invalid: &impl Fn(String) -> CompactError,
    ) -> Result<Option<Vec<u8>>, CompactError> {
        let refused = |error: MaterialFormatError| invalid(error.to_string());
        let material = MaterialDescriptor::parse(bytes).map_err(refused)?;
        let mut parts = material.parts().clone();
        for texture in &mut parts.values.textures {
            if !matches!(*texture, TextureIndex::FALLBACK | TextureIndex::ERROR) {
                let place = self.textures.places.get(&texture.0);
                texture.0 = *place.ok_or_else(|| self.overwritten(asset))?;
            }
        }
        let material = MaterialDescriptor::new(parts).map_err(refused)?;
        Ok(Some(material.to_bytes()))
    }

    fn geometry(
        &self,
        asset: &AssetRecord,
        bytes: &[u8],
        invalid: &impl Fn(String) -> CompactError,
    ) -> Result<Option<Vec<u8>>, CompactError> {
        let refused = |error: GeometryFormatError| invalid(error.to_string());
        let geometry = GeometryDescriptor::parse(bytes).map_err(refused)?;
        let mut parts = geometry.parts().clone();
        for buffer in parts.lods.iter_mut().flat_map(buffers_of) {
            let place = self.buffers.places.get(&buffer.0);
            buffer.0 = *place.ok_or_else(|| self.overwritten(asset))?;
        }
        let geometry = GeometryDescriptor::new(parts).map_err(refused)?;
        Ok(Some(geometry.to_bytes()))
    }

    /// An asset that refers to what no kept job has.
    fn overwritten(&self, asset: &AssetRecord) -> CompactError {
        let target = CatalogTarget::Asset(asset.key().to_string());
        let owner = self.kept.iter().find(|(_, job)| {
            let mut entries = job
                .lines
                .iter()
                .filter_map(|line| self.content.catalog.entry(line));
            entries.any(|entry| entry.target() == Some(&target))
        });
        CompactError::Overwritten {
            what: asset.virtual_path().to_string(),
            job: owner.map_or_else(String::new, |(key, _)| key.to_string()),
        }
    }

    /// The new catalogue. `hashes` are those that are stored in the assets' descriptors.
    pub fn catalog(&self, hashes: &HashMap<String, ContentHash>) -> Catalog {
        let mut catalog = Catalog::default();
        for (key, job) in &self.kept {
            for line in &job.lines {
                let Some(entry) = self.content.catalog.entry(line) else {
                    continue;
                };
                let hash = entry.content_hash();
                let (target, hash) = match entry.target() {
                    Some(CatalogTarget::Texture(index)) => {
                        let place = self.textures.places.get(&index.0).copied();
                        let place = place.unwrap_or(index.0);
                        (CatalogTarget::Texture(TextureIndex(place)), hash)
                    }
                    Some(CatalogTarget::Buffer(index)) => {
                        let place = self.buffers.places.get(&index.0).copied();
                        let place = place.unwrap_or(index.0);
                        (CatalogTarget::Buffer(BufferIndex(place)), hash)
                    }
                    Some(CatalogTarget::Asset(asset)) => {
                        let hash = hashes.get(asset).copied().unwrap_or(hash);
                        (CatalogTarget::Asset(asset.clone()), hash)
                    }
                    None => continue,
                };
                catalog.insert(line.clone(), entry.moved(target, hash));
            }
            let places = |runs: &Runs, places: &HashMap<u32, u32>| -> Runs {
                runs.iter()
                    .filter_map(|old| places.get(&old).copied())
                    .collect()
            };
            let alignments = job.alignments.iter().filter_map(|(old, alignment)| {
                let place = self.buffers.places.get(old)?;
                Some((*place, *alignment))
            });
            let content = JobContent {
                textures: places(&job.textures, &self.textures.places),
                buffers: places(&job.buffers, &self.buffers.places),
                alignments: alignments.collect(),
                lines: job.lines.clone(),
            };
            catalog.put_job((*key).clone(), content);
        }
        let has_textures = !self.textures.entries.is_empty();
        catalog.set_fallback(self.content.catalog.fallback().filter(|_| has_textures));
        catalog
    }
}

/// Everything belongs to some job: what no job has put here another tool may need.
fn check_claims(content: &Content<'_>) -> Result<(), CompactError> {
    let catalog = content.catalog;
    let lines = catalog.unclaimed(catalog.lines().map(|(key, _)| key));
    let line = catalog.lines().find(|(key, _)| lines.contains(key));
    if let Some((_, entry)) = line {
        let what = format!("{} ({})", entry.source(), entry.name());
        return Err(CompactError::Unclaimed(what));
    }
    let is_empty =
        content.textures.is_empty() && content.buffers.is_empty() && content.assets.is_empty();
    if catalog.jobs().len() == 0 && !is_empty {
        return Err(CompactError::Unclaimed("what there is".to_owned()));
    }
    Ok(())
}

fn range(offset: u64, size: u32) -> Range<u64> {
    offset..offset.saturating_add(u64::from(size))
}

/// The buffers that a level of detail refers to.
fn buffers_of(mesh: &mut MeshRecord) -> Vec<&mut BufferIndex> {
    match &mut mesh.source {
        MeshData::Standard {
            vertices, indices, ..
        } => vec![vertices, indices],
        MeshData::Procedural { .. } => Vec::new(),
        MeshData::Skinned {
            vertices,
            indices,
            skin,
            ..
        } => vec![
            vertices,
            indices,
            &mut skin.joint_indices,
            &mut skin.joint_weights,
            &mut skin.inverse_bind,
            &mut skin.joint_remap,
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{
        buffer_table::{BufferElements, BufferLayout, BufferUsage},
        catalog::CatalogEntry,
        texture_format::TextureFormat,
        texture_shape::TextureShape,
    };

    /// A container as a test writes it.
    #[derive(Default)]
    struct Written {
        textures: Vec<TextureEntry>,
        buffers: Vec<BufferEntry>,
        catalog: Catalog,
    }

    fn key(job: &str) -> JobKey {
        JobKey::new(job, None)
    }

    impl Written {
        fn texture(&mut self, hash: u64) {
            let shape = TextureShape::image(1, 1, 1, TextureFormat::Rgba8UNorm).unwrap();
            let offset = 1024 * self.textures.len() as u64;
            let entry = TextureEntry::new(offset, &shape, 700, ContentHash(hash));
            self.textures.push(entry);
        }

        fn buffer(&mut self, layout: BufferLayout, size: u32) {
            let offset = 1024 * self.buffers.len() as u64;
            let hash = ContentHash(1 + self.buffers.len() as u64);
            self.buffers
                .push(BufferEntry::new(offset, size, layout, hash));
        }

        /// A job with these textures and buffers, and a line about the last texture.
        fn job(&mut self, job: &str, textures: &str, buffers: &str, line: &str) {
            let mut content = JobContent {
                textures: Runs::parse(textures).unwrap(),
                buffers: Runs::parse(buffers).unwrap(),
                ..JobContent::default()
            };
            if let Some(index) = content.textures.iter().last() {
                let entry = CatalogEntry::texture(line, line);
                let (line, entry) = entry.at_texture(TextureIndex(index));
                content.lines.insert(line.clone());
                self.catalog.insert(line, entry);
            }
            self.catalog.put_job(key(job), content);
        }

        fn compact(&self, keep: Option<&[JobKey]>) -> Result<Compaction<'_>, CompactError> {
            let content = Content {
                textures: &self.textures,
                buffers: &self.buffers,
                assets: &[],
                catalog: &self.catalog,
            };
            Compaction::new(content, keep)
        }
    }

    /// Where something comes from, and where it goes to.
    fn moves<T>(table: &MovedTable<T>, to: impl Fn(&T) -> u64) -> Vec<(u64, u64)> {
        let from = |moved: &Moved<T>| match &moved.origin {
            Origin::Old(range) => range.start,
            Origin::New(_) => u64::MAX,
        };
        let entries = table.entries.iter();
        entries
            .map(|moved| (from(moved), to(&moved.entry)))
            .collect()
    }

    #[test]
    fn jobs_ask_for_their_places_again() {
        let mut written = Written::default();
        (0..5).for_each(|hash| written.texture(hash));
        let odd = BufferLayout::new(BufferUsage::STATIC_STORAGE, BufferElements::Raw, 96);
        for (layout, size) in [
            (BufferLayout::VERTICES, 72),
            (odd, 10),
            (BufferLayout::INDICES, 12),
        ] {
            written.buffer(layout, size);
        }
        written.job("a", "4,2", "2,1", "a");
        written.job("b", "2-3", "", "b");
        let mut content = written.catalog.job(&key("a")).unwrap().clone();
        content.alignments.insert(1, 96);
        written.catalog.put_job(key("a"), content);

        let all = written.compact(None).unwrap();
        let textures = moves(&all.textures, TextureEntry::data_offset);
        // The fallback, then what each job asks for that is not there yet.
        assert_eq!(textures, [(0, 0), (4096, 768), (2048, 1536), (3072, 2304)]);
        assert_eq!(all.textures.end, 2304 + 700);
        let buffers = moves(&all.buffers, BufferEntry::data_offset);
        assert_eq!(buffers, [(2048, 0), (1024, 96)]);
        let catalog = all.catalog(&HashMap::new());
        let jobs: Vec<_> = catalog
            .jobs()
            .map(|(key, job)| {
                (
                    key.source(),
                    job.textures.to_string(),
                    job.buffers.to_string(),
                )
            })
            .collect();
        let text = str::to_owned;
        assert_eq!(
            jobs,
            [
                ("a", text("1-2"), text("0-1")),
                ("b", text("2-3"), text(""))
            ]
        );
        let a = catalog.job(&key("a")).unwrap();
        assert_eq!(a.alignments, BTreeMap::from([(1, 96)]));
        assert_eq!(all.is_unmoved(), (false, false));

        // Another order, and one job less.
        let keep = [key("b"), key("none")];
        let one = written.compact(Some(&keep)).unwrap();
        let textures = moves(&one.textures, TextureEntry::data_offset);
        assert_eq!(textures, [(0, 0), (2048, 768), (3072, 1536)]);
        assert!(one.buffers.entries.is_empty() && one.buffers.end == 0);
        assert_eq!(
            (one.dropped.as_slice(), one.missing.as_slice()),
            (&[key("a")][..], &keep[1..])
        );
        assert_eq!(one.job_count(), 1);
    }

    #[test]
    fn the_fallback_is_made_as_the_last_cook_makes_it() {
        use crate::format::{catalog::FallbackForm, payload_layout::PackingPolicy};
        let mut written = Written::default();
        let fallback = FallbackTexture::new(PackingPolicy::D3d12, true);
        written.textures.push(fallback.entry(0));
        written.texture(1);
        written.job("a", "1", "", "a");
        let form = |packing| FallbackForm {
            packing,
            hashed: true,
        };
        written
            .catalog
            .set_fallback(Some(form(PackingPolicy::D3d12)));
        let same = written.compact(None).unwrap();
        assert_eq!(same.textures.entries[0].origin, Origin::Old(0..768));
        written
            .catalog
            .set_fallback(Some(form(PackingPolicy::Tight)));
        let tight = written.compact(None).unwrap();
        let expected = FallbackTexture::new(PackingPolicy::Tight, true);
        assert_eq!(tight.textures.entries[0].entry, expected.entry(0));
        assert_eq!(
            tight.textures.entries[0].origin,
            Origin::New(expected.into_payload())
        );
        assert_eq!(tight.textures.entries[1].entry.data_offset(), 256);
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        let mut written = Written::default();
        (0..3).for_each(|hash| written.texture(hash));
        assert!(matches!(
            written.compact(None),
            Err(CompactError::Unclaimed(_))
        ));
        written.job("a", "1", "", "shared");
        written.job("b", "2", "", "shared");
        assert!(written.compact(None).is_ok());
        // The line is what `b` has made of it.
        let kept = written.compact(Some(&[key("a")]));
        assert!(
            matches!(&kept, Err(CompactError::Overwritten { job, .. }) if job == "a"),
            "{kept:?}"
        );
        assert!(written.compact(Some(&[key("b")])).is_ok());
        let none = written.compact(Some(&[key("c")]));
        assert!(matches!(none, Err(CompactError::NothingLeft)));
        // Indices that are not there, or that would take for ever to walk over.
        for textures in ["7", "0-4294967295"] {
            let content = JobContent {
                textures: Runs::parse(textures).unwrap(),
                ..JobContent::default()
            };
            written.catalog.put_job(key("c"), content);
            let wrong = written.compact(None);
            assert!(
                matches!(&wrong, Err(CompactError::Inconsistent(job)) if job == "c"),
                "{wrong:?}"
            );
        }
    }
}
