//! `kiln.catalog.json`: which source became which resource.
//!
//! The format has no name for a standalone texture, so this file beside the index maps every
//! source and name to its index or key, with the content hash and the resolved settings. Loaders
//! ignore files that the index does not name; the file is committed together with the index.
//!
//! Below the lines it tells what each job has put into the container, in the order of the jobs: by that
//! the container can be made again from itself, without what is dead ([`compact`](crate::compact)).

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};
use thiserror::Error;

use super::{
    ids::{AssetKey, BufferIndex, ContentHash, TextureIndex},
    job_record::{JobContent, JobKey, Runs},
    payload_layout::PackingPolicy,
};

/// The version that is written; others are refused.
pub(crate) const VERSION: u32 = 1;

/// What a line is about. The order of the fields is the order of the lines.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CatalogKey {
    source: Arc<str>,
    kind: &'static str,
    name: Arc<str>,
}

/// Where the product is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CatalogTarget {
    /// An index of the texture table.
    Texture(TextureIndex),
    /// An index of the buffer table.
    Buffer(BufferIndex),
    /// The text form of an asset key.
    Asset(String),
}

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogEntry {
    source: Arc<str>,
    kind: &'static str,
    name: Arc<str>,
    target: Option<CatalogTarget>,
    content_hash: ContentHash,
    settings: Option<Settings>,
    encoder: Option<String>,
}

/// Settings as JSON, as they are written: nobody here has to know what is in them.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
struct Settings(Arc<RawValue>);

impl PartialEq for Settings {
    fn eq(&self, other: &Self) -> bool {
        self.0.get() == other.0.get()
    }
}

impl Eq for Settings {}

const KINDS: [&str; 5] = ["texture", "buffer", "material", "geometry", "scene"];

impl CatalogEntry {
    /// A line about a texture that has no place yet.
    pub fn texture(source: &str, name: &str) -> Self {
        Self::new("texture", source, name)
    }

    /// A line about a standalone buffer that has no place yet.
    pub fn buffer(source: &str, name: &str) -> Self {
        Self::new("buffer", source, name)
    }

    /// A line about an asset: `material`, `geometry` or `scene`.
    pub fn asset(asset_type: super::index::AssetType, source: &str, name: &str) -> Self {
        Self::new(asset_type.label(), source, name)
    }

    fn new(kind: &'static str, source: &str, name: &str) -> Self {
        Self {
            source: source.into(),
            kind,
            name: name.into(),
            target: None,
            content_hash: ContentHash::NONE,
            settings: None,
            encoder: None,
        }
    }

    /// The line with another target and content hash.
    pub(crate) fn moved(&self, target: CatalogTarget, hash: ContentHash) -> Self {
        Self {
            target: Some(target),
            content_hash: hash,
            ..self.clone()
        }
    }

    /// Adds the content hash.
    #[must_use]
    pub fn with_hash(mut self, hash: ContentHash) -> Self {
        self.content_hash = hash;
        self
    }

    /// Adds the settings that the product was made with.
    #[must_use]
    pub fn with_settings(mut self, settings: &impl Serialize) -> Self {
        // Settings are plain data; one that could not be written would be left out.
        let written = to_raw_value(settings).ok();
        self.settings = written.map(|settings| Settings(settings.into()));
        self
    }

    /// Adds encoder, version and instruction-set class.
    #[must_use]
    pub fn with_encoder(mut self, encoder: Option<&str>) -> Self {
        self.encoder = encoder.map(str::to_owned);
        self
    }

    /// The source.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The kind of the product.
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// Everything else that the line says, as text: where two lines differ, their texts do.
    pub fn content(&self) -> String {
        let settings = self
            .settings
            .as_ref()
            .map_or("", |settings| settings.0.get());
        format!(
            "{:?} {:016x} {settings} {:?}",
            self.target, self.content_hash.0, self.encoder
        )
    }

    /// The content hash.
    pub fn content_hash(&self) -> ContentHash {
        self.content_hash
    }

    /// Where the product is.
    pub fn target(&self) -> Option<&CatalogTarget> {
        self.target.as_ref()
    }

    /// The line of a texture that has its place.
    pub fn at_texture(self, index: TextureIndex) -> (CatalogKey, Self) {
        self.at(CatalogTarget::Texture(index))
    }

    /// The line of a buffer that has its place.
    pub fn at_buffer(self, index: BufferIndex) -> (CatalogKey, Self) {
        self.at(CatalogTarget::Buffer(index))
    }

    /// The line of an asset.
    pub fn at_asset(self, key: AssetKey) -> (CatalogKey, Self) {
        self.at(CatalogTarget::Asset(key.to_string()))
    }

    fn at(mut self, target: CatalogTarget) -> (CatalogKey, Self) {
        self.target = Some(target);
        let key = CatalogKey {
            source: self.source.clone(),
            kind: self.kind,
            name: self.name.clone(),
        };
        (key, self)
    }
}

/// How the fallback texture is made when the container is made anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FallbackForm {
    /// How its rows are packed.
    pub packing: PackingPolicy,
    /// Whether it has a content hash.
    pub hashed: bool,
}

/// All lines, in the order of their keys, and all jobs, in the order in which a fresh cook runs them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalog {
    lines: BTreeMap<CatalogKey, CatalogEntry>,
    jobs: HashMap<JobKey, JobContent>,
    order: Vec<JobKey>,
    fallback: Option<FallbackForm>,
    provisional: bool,
}

/// Why a file is not a catalogue.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CatalogError {
    /// Not JSON, or not of this form.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// Another version.
    #[error("version {0} of the catalogue is not known, only version {VERSION} is")]
    Version(u32),
    /// A kind of product that is not known.
    #[error("`{0}` is not a kind of product")]
    Kind(String),
    /// A content hash that is not a number of 16 hexadecimal digits.
    #[error("`{0}` is not a content hash")]
    Hash(String),
    /// One product twice.
    #[error("the {kind} `{name}` of `{source_name}` is there twice")]
    Duplicate {
        /// What it is.
        kind: String,
        /// Its name.
        name: String,
        /// Its source.
        source_name: String,
    },
    /// What is said of a job cannot be.
    #[error("the content of the job `{0}` is not valid")]
    Job(String),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File<'a> {
    version: u32,
    #[serde(default, skip_serializing_if = "is_false")]
    provisional: bool,
    #[serde(borrow)]
    entries: Vec<Line<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fallback: Option<FallbackForm>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    jobs: Vec<Job<'a>>,
}

/// Numbers are runs; those of lines count the entries from 0.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Job<'a> {
    source: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "is_zero")]
    copy: u32,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    textures: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    buffers: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    alignments: BTreeMap<u32, u32>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    lines: String,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    source: Cow<'a, str>,
    kind: Cow<'a, str>,
    name: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    target: Option<Cow<'a, CatalogTarget>>,
    content_hash: String,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    settings: Option<&'a RawValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    encoder: Option<Cow<'a, str>>,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

impl Catalog {
    /// Adds or replaces a line, and returns the one that was there.
    pub fn insert(&mut self, key: CatalogKey, entry: CatalogEntry) -> Option<CatalogEntry> {
        self.lines.insert(key, entry)
    }

    /// Removes a line.
    pub fn remove(&mut self, key: &CatalogKey) -> Option<CatalogEntry> {
        self.lines.remove(key)
    }

    /// The lines in order.
    pub fn entries(&self) -> impl Iterator<Item = &CatalogEntry> {
        self.lines.values()
    }

    /// The line with a key.
    pub fn entry(&self, key: &CatalogKey) -> Option<&CatalogEntry> {
        self.lines.get(key)
    }

    /// The lines with their keys, in order.
    pub fn lines(&self) -> impl Iterator<Item = (&CatalogKey, &CatalogEntry)> {
        self.lines.iter()
    }

    /// The jobs and what they have put into the container, in the order in which a fresh cook runs them.
    pub fn jobs(&self) -> impl ExactSizeIterator<Item = (&JobKey, &JobContent)> {
        self.order.iter().map(|key| (key, &self.jobs[key]))
    }

    /// What a job has put into the container.
    pub fn job(&self, key: &JobKey) -> Option<&JobContent> {
        self.jobs.get(key)
    }

    /// Says what a job has put into the container, and returns what was said before. A new job is the last
    /// one.
    pub fn put_job(&mut self, key: JobKey, content: JobContent) -> Option<JobContent> {
        let before = self.jobs.insert(key.clone(), content);
        if before.is_none() {
            self.order.push(key);
        }
        before
    }

    /// Forgets a job.
    pub fn take_job(&mut self, key: &JobKey) -> Option<JobContent> {
        let content = self.jobs.remove(key)?;
        // Mostly it is the last one, which is taken back.
        if let Some(place) = self.order.iter().rposition(|known| known == key) {
            self.order.remove(place);
        }
        Some(content)
    }

    /// Puts the jobs that are part of a sequence into its order. Others stay behind the job that they were
    /// behind.
    pub fn arrange(&mut self, sequence: &[JobKey]) {
        let places: HashMap<&JobKey, usize> = sequence.iter().zip(1..).collect();
        let mut groups = vec![Vec::new(); sequence.len() + 1];
        let mut group = 0;
        for key in std::mem::take(&mut self.order) {
            group = places.get(&key).copied().unwrap_or(group);
            groups[group].push(key);
        }
        self.order = groups.into_iter().flatten().collect();
    }

    /// Which of these lines no job has put here.
    pub fn unclaimed<'a>(
        &self,
        lines: impl IntoIterator<Item = &'a CatalogKey>,
    ) -> HashSet<&'a CatalogKey> {
        let mut unclaimed: HashSet<_> = lines.into_iter().collect();
        for content in self.jobs.values() {
            if unclaimed.is_empty() {
                break;
            }
            if content.lines.len() < unclaimed.len() {
                for line in &content.lines {
                    unclaimed.remove(line);
                }
            } else {
                unclaimed.retain(|line| !content.lines.contains(*line));
            }
        }
        unclaimed
    }

    /// How the fallback texture is made, if there was a reason to make one.
    pub fn fallback(&self) -> Option<FallbackForm> {
        self.fallback
    }

    /// Says how the fallback texture is made.
    pub fn set_fallback(&mut self, form: Option<FallbackForm>) {
        self.fallback = form;
    }

    /// Whether the container was committed in the middle of a run, so that its GUID is to be
    /// derived anew by the commit that ends it.
    pub fn is_provisional(&self) -> bool {
        self.provisional
    }

    /// Marks the container as committed in the middle of a run, or at its end.
    pub fn set_provisional(&mut self, provisional: bool) {
        self.provisional = provisional;
    }

    /// The file: the same catalogue always gives the same bytes.
    ///
    /// # Errors
    /// [`CatalogError::Json`] when settings cannot be written as JSON.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CatalogError> {
        let numbers: HashMap<&CatalogKey, u32> = self.lines.keys().zip(0..).collect();
        let file = File {
            version: VERSION,
            provisional: self.provisional,
            entries: self
                .lines
                .values()
                .map(|entry| Line {
                    source: Cow::Borrowed(&entry.source),
                    kind: Cow::Borrowed(entry.kind),
                    name: Cow::Borrowed(&entry.name),
                    target: entry.target.as_ref().map(Cow::Borrowed),
                    content_hash: format!("{:016x}", entry.content_hash.0.swap_bytes()),
                    settings: entry.settings.as_ref().map(|settings| &*settings.0),
                    encoder: entry.encoder.as_deref().map(Cow::Borrowed),
                })
                .collect(),
            fallback: self.fallback,
            jobs: self
                .jobs()
                .map(|(key, content)| Job {
                    source: Cow::Borrowed(key.source()),
                    name: key.name().map(Cow::Borrowed),
                    copy: key.number(),
                    textures: content.textures.to_string(),
                    buffers: content.buffers.to_string(),
                    alignments: content.alignments.clone(),
                    lines: (content.lines.iter())
                        .filter_map(|line| numbers.get(line).copied())
                        .collect::<Runs>()
                        .to_string(),
                })
                .collect(),
        };
        let mut bytes = serde_json::to_vec_pretty(&file)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Reads a catalogue.
    ///
    /// # Errors
    /// The [`CatalogError`] of the first rule that is broken.
    pub fn parse(bytes: &[u8]) -> Result<Self, CatalogError> {
        let file: File = serde_json::from_slice(bytes)?;
        if file.version != VERSION {
            return Err(CatalogError::Version(file.version));
        }
        let mut catalog = Self {
            provisional: file.provisional,
            fallback: file.fallback,
            ..Self::default()
        };
        let mut keys = Vec::with_capacity(file.entries.len());
        for line in file.entries {
            let Some(kind) = KINDS.into_iter().find(|kind| **kind == line.kind) else {
                return Err(CatalogError::Kind(line.kind.into_owned()));
            };
            let key = CatalogKey {
                source: line.source.into(),
                kind,
                name: line.name.into(),
            };
            let hash = u64::from_str_radix(&line.content_hash, 16)
                .map_err(|_| CatalogError::Hash(line.content_hash.clone()))?;
            let entry = CatalogEntry {
                source: key.source.clone(),
                kind,
                name: key.name.clone(),
                target: line.target.map(Cow::into_owned),
                content_hash: ContentHash(hash.swap_bytes()),
                settings: line
                    .settings
                    .map(|settings| Settings(settings.to_owned().into())),
                encoder: line.encoder.map(Cow::into_owned),
            };
            keys.push(key.clone());
            if let Some(twice) = catalog.lines.insert(key, entry) {
                return Err(CatalogError::Duplicate {
                    kind: twice.kind.to_owned(),
                    name: twice.name.to_string(),
                    source_name: twice.source.to_string(),
                });
            }
        }
        for job in file.jobs {
            let key = JobKey::new(job.source, job.name.as_deref()).copy(job.copy);
            let invalid = || CatalogError::Job(key.to_string());
            let runs = |text: &str| Runs::parse(text).ok_or_else(invalid);
            let lines = runs(&job.lines)?;
            if lines.max().is_some_and(|last| last as usize >= keys.len()) {
                return Err(invalid());
            }
            let content = JobContent {
                textures: runs(&job.textures)?,
                buffers: runs(&job.buffers)?,
                alignments: job.alignments,
                lines: lines
                    .iter()
                    .map(|line| keys[line as usize].clone())
                    .collect(),
            };
            if catalog.put_job(key.clone(), content).is_some() {
                return Err(invalid());
            }
        }
        Ok(catalog)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Catalog {
        let mut catalog = Catalog::default();
        for (source, index) in [("b.png", 1), ("a.png", 2)] {
            let (key, entry) = CatalogEntry::texture(source, "wood")
                .with_hash(ContentHash(0x8f35_f467_b6c7_50d5))
                .with_settings(&serde_json::json!({ "quality": "fast" }))
                .with_encoder(Some("intel"))
                .at_texture(TextureIndex(index));
            assert!(catalog.insert(key, entry).is_none());
        }
        let lines = |source: &str| {
            let lines = catalog.lines().map(|(key, _)| key.clone());
            lines.filter(|key| *key.source == *source).collect()
        };
        let (a, b) = (lines("a.png"), lines("b.png"));
        for (source, textures, lines) in [("b.png", "1", b), ("a.png", "2,0-1", a)] {
            let content = JobContent {
                textures: Runs::parse(textures).unwrap(),
                lines,
                ..JobContent::default()
            };
            let key = JobKey::new(source, Some("wood"));
            assert!(catalog.put_job(key, content).is_none());
        }
        catalog.set_fallback(Some(FallbackForm {
            packing: PackingPolicy::Tight,
            hashed: true,
        }));
        catalog
    }

    #[test]
    fn jobs_keep_their_order_and_their_lines() {
        let mut catalog = sample();
        let text = String::from_utf8(catalog.to_bytes().unwrap()).unwrap();
        let (_, jobs) = text.split_once("\"jobs\"").unwrap();
        assert!(jobs.find("b.png").unwrap() < jobs.find("a.png").unwrap());
        assert!(jobs.contains("\"textures\": \"2,0-1\"") && jobs.contains("\"lines\": \"1\""));
        let key = |source: &str| JobKey::new(source, Some("wood"));
        for source in ["new.png", "last.png"] {
            catalog.put_job(key(source), JobContent::default());
        }
        let order = |catalog: &Catalog| -> Vec<String> {
            let sources = catalog.jobs().map(|(key, _)| key.source().to_owned());
            sources.collect()
        };
        assert_eq!(order(&catalog), ["b.png", "a.png", "new.png", "last.png"]);
        catalog.arrange(&[key("a.png"), key("gone.png"), key("last.png"), key("b.png")]);
        assert_eq!(order(&catalog), ["a.png", "new.png", "last.png", "b.png"]);
        catalog.arrange(&[]);
        catalog.arrange(&[key("last.png")]);
        assert_eq!(order(&catalog), ["a.png", "new.png", "last.png", "b.png"]);
        assert!(catalog.take_job(&key("last.png")).is_some());
        assert_eq!(order(&catalog), ["a.png", "new.png", "b.png"]);
        let lines: Vec<CatalogKey> = catalog.lines().map(|(key, _)| key.clone()).collect();
        assert!(catalog.unclaimed(&lines).is_empty());
        catalog.take_job(&key("a.png"));
        let unclaimed = catalog.unclaimed(&lines);
        assert!(unclaimed.len() == 1 && unclaimed.contains(&lines[0]));
    }

    #[test]
    fn lines_are_sorted_and_hashes_read_as_digests() {
        let text = String::from_utf8(sample().to_bytes().unwrap()).unwrap();
        assert!(text.find("a.png").unwrap() < text.find("b.png").unwrap());
        assert!(
            text.contains("\"content_hash\": \"d550c7b667f4358f\""),
            "{text}"
        );
        assert!(text.contains("\"texture\": 2"));
        assert!(text.ends_with("}\n") && !text.contains("provisional"));
        assert_eq!(Catalog::parse(text.as_bytes()).unwrap(), sample());
    }

    #[test]
    fn what_is_wrong_is_refused() {
        let text = String::from_utf8(sample().to_bytes().unwrap()).unwrap();
        for (from, to) in [
            ("\"version\": 1", "\"version\": 2"),
            ("a.png", "b.png"),
            ("\"kind\": \"texture\"", "\"kind\": \"sound\""),
            ("d550c7b667f4358f", "xyz"),
            ("\"encoder\"", "\"encodr\""),
            ("\"lines\": \"1\"", "\"lines\": \"2\""),
            ("\"lines\": \"1\"", "\"lines\": \"-\""),
            ("2,0-1", "2,0-2"),
        ] {
            assert!(
                Catalog::parse(text.replace(from, to).as_bytes()).is_err(),
                "{to}"
            );
        }
        for len in 0..text.len() - 2 {
            assert!(Catalog::parse(&text.as_bytes()[..len]).is_err());
        }
    }
}
