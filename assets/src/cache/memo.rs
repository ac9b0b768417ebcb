//! The memo of a container: what each job was made of, so that the next run can see that nothing changed.
//!
//! ```text
//! "KILNMEMO", version (u32), BLAKE3 of the rest (32)
//! the root of the container, with its length
//! BLAKE3 of the index of the container (32), that of its catalogue (32), that of the order of
//!            its jobs (32)
//! texts      a count, then each text with its length; records name them by number
//! records    a count, then each record
//! ```
//!
//! Numbers are little-endian. Whatever is wrong with a memo, it is as if there were none.

use super::{
    CACHE_VERSION,
    fields::{put, take, take_text},
    segment::hash,
};
use crate::format::bytes::{ByteReader, ByteWriter};
use std::{collections::HashMap, sync::Arc};

const MAGIC: [u8; 8] = *b"KILNMEMO";

/// What is known of a container and its jobs.
#[derive(Clone, Debug, Default)]
pub struct Memo {
    /// Where the container is.
    pub root: String,
    /// The BLAKE3 hash of the index file.
    pub container: [u8; 32],
    /// The BLAKE3 hash of the catalogue.
    pub catalog: [u8; 32],
    /// The hash of the order of the jobs that a manifest gave last; zero if none has.
    pub sequence: [u8; 32],
    /// The jobs that the container was made by, in no particular order.
    pub records: Vec<JobRecord>,
}

/// A job that was committed.
#[derive(Clone, Debug, PartialEq)]
pub struct JobRecord {
    /// Which job it is, whatever its settings: see [`JobRecord::subject`].
    pub subject: [u8; 16],
    /// The source, for people.
    pub source: String,
    /// The name that was asked for; empty if none was.
    pub name: String,
    /// Everything that was asked for, as JSON.
    pub settings: Arc<str>,
    /// What it was made with: see [`environment`](super::environment::environment).
    pub environment: Arc<str>,
    /// The name of the format.
    pub format: Arc<str>,
    /// Everything that was read or looked for.
    pub inputs: Vec<Input>,
    /// What it put into the container: hashes of the names of things, and of what they are.
    pub outputs: Vec<Output>,
    /// What there was to tell, in a form that the report knows.
    pub report: Vec<u8>,
}

/// Something that a job put into the container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Output {
    /// A hash of its name. Jobs that share one write to the same place.
    pub name: u64,
    /// A hash of what it is.
    pub value: u64,
}

/// A path, and what was there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The path.
    pub path: String,
    /// What was there.
    pub found: Found,
}

/// What was at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Nothing,
    /// A file that was read.
    File {
        /// What the file system said of it.
        stamp: Stamp,
        /// The BLAKE3 hash of all of it; nothing if not all of it was read.
        hash: Option<[u8; 32]>,
    },
    /// A file or folder that was looked at, not into.
    Thing {
        /// Whether it is a folder.
        is_folder: bool,
        /// The size of a file.
        size: u64,
    },
    /// A folder that was searched for names, whatever their case.
    Names {
        /// What the file system said of it; zero if that says nothing.
        stamp: Stamp,
        /// What was asked for, with the hash of all names that were like it.
        asked: Vec<(String, [u8; 32])>,
    },
    /// A folder that was listed.
    Listing {
        /// What the file system said of it; zero if that says nothing.
        stamp: Stamp,
        /// The hash of all names.
        names: [u8; 32],
    },
}

/// What a file system says of a file, and changes when the file is changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// Bytes.
    pub size: u64,
    /// When it was changed, in nanoseconds since 1970.
    pub modified: i64,
    /// Which file it is.
    pub inode: u64,
}

impl JobRecord {
    /// Which job it is, whatever its settings.
    pub fn subject<'a>(parts: impl IntoIterator<Item = &'a str>) -> [u8; 16] {
        let mut all = Vec::new();
        for part in parts {
            all.extend((part.len() as u64).to_le_bytes());
            all.extend(part.as_bytes());
        }
        let mut subject = [0; 16];
        subject.copy_from_slice(&hash([all.as_slice()])[..16]);
        subject
    }
}

/// A hash of names, independent of where one ends and the next begins.
pub fn names_hash<'a>(names: impl IntoIterator<Item = &'a str>) -> [u8; 32] {
    let mut all = Vec::new();
    for name in names {
        all.extend((name.len() as u64).to_le_bytes());
        all.extend(name.as_bytes());
    }
    hash([all.as_slice()])
}

/// Texts that many records share, each once.
#[derive(Default)]
struct Texts<'a> {
    list: Vec<&'a str>,
    numbers: HashMap<&'a str, u32>,
}

impl<'a> Texts<'a> {
    fn number(&mut self, text: &'a str) -> u32 {
        // A memo has fewer texts than 32 bits can number.
        let next = self.list.len() as u32;
        *self.numbers.entry(text).or_insert_with(|| {
            self.list.push(text);
            next
        })
    }
}

impl Memo {
    /// The file: the same memo always gives the same bytes. `None` when something is too long.
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        let mut texts = Texts::default();
        let mut records = ByteWriter::default();
        let mut sorted: Vec<&JobRecord> = self.records.iter().collect();
        sorted.sort_by(|a, b| (a.subject, &a.settings).cmp(&(b.subject, &b.settings)));
        records.u32(u32::try_from(sorted.len()).ok()?);
        for record in sorted {
            records.bytes(&record.subject);
            put(&mut records, record.source.as_bytes())?;
            put(&mut records, record.name.as_bytes())?;
            for text in [&record.settings, &record.environment, &record.format] {
                records.u32(texts.number(text));
            }
            records.u32(u32::try_from(record.inputs.len()).ok()?);
            for input in &record.inputs {
                put_input(&mut records, input)?;
            }
            records.u32(u32::try_from(record.outputs.len()).ok()?);
            for output in &record.outputs {
                records.u64(output.name).u64(output.value);
            }
            put(&mut records, &record.report)?;
        }
        let mut body = ByteWriter::default();
        put(&mut body, self.root.as_bytes())?;
        body.bytes(&self.container)
            .bytes(&self.catalog)
            .bytes(&self.sequence);
        body.u32(u32::try_from(texts.list.len()).ok()?);
        for text in texts.list {
            put(&mut body, text.as_bytes())?;
        }
        body.bytes(&records.finish());
        let body = body.finish();
        let mut file = ByteWriter::with_capacity(body.len() + 44);
        file.bytes(&MAGIC).u32(CACHE_VERSION);
        file.bytes(&hash([body.as_slice()])).bytes(&body);
        Some(file.finish())
    }

    /// Reads a memo; `None` when it is not what was written.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let mut reader = ByteReader::new(bytes);
        if reader.array().ok()? != MAGIC || reader.u32().ok()? != CACHE_VERSION {
            return None;
        }
        let expected: [u8; 32] = reader.array().ok()?;
        let body = bytes.get(reader.offset()..)?;
        if hash([body]) != expected {
            return None;
        }
        let mut reader = ByteReader::new(body);
        let root = take_text(&mut reader)?.to_owned();
        let (container, catalog) = (reader.array().ok()?, reader.array().ok()?);
        let sequence = reader.array().ok()?;
        let mut texts = Vec::new();
        for _ in 0..reader.u32().ok()? {
            texts.push(Arc::from(take_text(&mut reader)?));
        }
        let mut memo = Self {
            root,
            container,
            catalog,
            sequence,
            records: Vec::new(),
        };
        for _ in 0..reader.u32().ok()? {
            memo.records.push(take_record(&mut reader, &texts)?);
        }
        (reader.offset() == body.len()).then_some(memo)
    }
}

fn take_record(reader: &mut ByteReader<'_>, texts: &[Arc<str>]) -> Option<JobRecord> {
    let subject = reader.array().ok()?;
    let source = take_text(reader)?.to_owned();
    let name = take_text(reader)?.to_owned();
    let mut text = || {
        let number = reader.u32().ok()? as usize;
        texts.get(number).cloned()
    };
    let (settings, environment, format) = (text()?, text()?, text()?);
    let mut inputs = Vec::new();
    for _ in 0..reader.u32().ok()? {
        inputs.push(take_input(reader)?);
    }
    let mut outputs = Vec::new();
    for _ in 0..reader.u32().ok()? {
        outputs.push(Output {
            name: reader.u64().ok()?,
            value: reader.u64().ok()?,
        });
    }
    Some(JobRecord {
        subject,
        source,
        name,
        settings,
        environment,
        format,
        inputs,
        outputs,
        report: take(reader)?.to_vec(),
    })
}

fn put_stamp(out: &mut ByteWriter, stamp: &Stamp) {
    out.u64(stamp.size)
        .bytes(&stamp.modified.to_le_bytes())
        .u64(stamp.inode);
}

fn take_stamp(reader: &mut ByteReader<'_>) -> Option<Stamp> {
    Some(Stamp {
        size: reader.u64().ok()?,
        modified: i64::from_le_bytes(reader.array().ok()?),
        inode: reader.u64().ok()?,
    })
}

fn put_input(out: &mut ByteWriter, input: &Input) -> Option<()> {
    put(out, input.path.as_bytes())?;
    match &input.found {
        Found::Nothing => {
            out.u8(0);
        }
        Found::File { stamp, hash } => {
            out.u8(if hash.is_some() { 2 } else { 1 });
            put_stamp(out, stamp);
            out.bytes(hash.as_ref().map_or(&[], |hash| hash.as_slice()));
        }
        Found::Thing { is_folder, size } => {
            out.u8(3).u8(u8::from(*is_folder)).u64(*size);
        }
        Found::Names { stamp, asked } => {
            out.u8(4);
            put_stamp(out, stamp);
            out.u32(u32::try_from(asked.len()).ok()?);
            for (name, like) in asked {
                put(out, name.as_bytes())?;
                out.bytes(like);
            }
        }
        Found::Listing { stamp, names } => {
            out.u8(5);
            put_stamp(out, stamp);
            out.bytes(names);
        }
    }
    Some(())
}

fn take_input(reader: &mut ByteReader<'_>) -> Option<Input> {
    let path = take_text(reader)?.to_owned();
    let found = match reader.u8().ok()? {
        0 => Found::Nothing,
        tag @ (1 | 2) => Found::File {
            stamp: take_stamp(reader)?,
            hash: match tag {
                1 => None,
                _ => Some(reader.array().ok()?),
            },
        },
        3 => Found::Thing {
            is_folder: match reader.u8().ok()? {
                0 => false,
                1 => true,
                _ => return None,
            },
            size: reader.u64().ok()?,
        },
        4 => {
            let stamp = take_stamp(reader)?;
            let mut asked = Vec::new();
            for _ in 0..reader.u32().ok()? {
                let name = take_text(reader)?.to_owned();
                asked.push((name, reader.array().ok()?));
            }
            Found::Names { stamp, asked }
        }
        5 => Found::Listing {
            stamp: take_stamp(reader)?,
            names: reader.array().ok()?,
        },
        _ => return None,
    };
    Some(Input { path, found })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Memo {
        let stamp = Stamp {
            size: 7,
            modified: -5,
            inode: 9,
        };
        let found = [
            Found::Nothing,
            Found::File { stamp, hash: None },
            Found::File {
                stamp,
                hash: Some([3; 32]),
            },
            Found::Thing {
                is_folder: true,
                size: 1,
            },
            Found::Names {
                stamp,
                asked: vec![("wood.png".to_owned(), [4; 32])],
            },
            Found::Listing {
                stamp,
                names: [5; 32],
            },
        ];
        let inputs = found.into_iter().enumerate();
        let record = JobRecord {
            subject: JobRecord::subject(["a.png", ""]),
            source: "a.png".to_owned(),
            name: String::new(),
            settings: "{}".into(),
            environment: "kiln=1".into(),
            format: "texture".into(),
            inputs: inputs
                .map(|(number, found)| Input {
                    path: format!("/p/{number}"),
                    found,
                })
                .collect(),
            outputs: vec![Output { name: 1, value: 2 }],
            report: vec![1, 2, 3],
        };
        let other = JobRecord {
            subject: JobRecord::subject(["b.png", ""]),
            source: "b.png".to_owned(),
            inputs: Vec::new(),
            ..record.clone()
        };
        Memo {
            root: "/cooked".to_owned(),
            container: [8; 32],
            catalog: [9; 32],
            sequence: [10; 32],
            records: vec![record, other],
        }
    }

    #[test]
    fn memos_come_back_and_have_one_form() {
        let bytes = sample().to_bytes().unwrap();
        let back = Memo::parse(&bytes).unwrap();
        assert_eq!(
            (back.container, back.catalog, back.sequence),
            ([8; 32], [9; 32], [10; 32])
        );
        assert_eq!(back.root, "/cooked");
        for record in sample().records {
            assert!(back.records.contains(&record));
        }
        let mut turned = sample();
        turned.records.reverse();
        assert_eq!(turned.to_bytes().unwrap(), bytes);
        // What records share is stored once.
        let text = String::from_utf8_lossy(&bytes);
        assert_eq!(text.matches("kiln=1").count(), 1);
    }

    #[test]
    fn a_damaged_memo_is_none() {
        let good = sample().to_bytes().unwrap();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 0x20;
            assert!(Memo::parse(&bad).is_none(), "byte {at}");
        }
        for len in 0..good.len() {
            assert!(Memo::parse(&good[..len]).is_none(), "{len} bytes");
        }
    }

    #[test]
    fn a_memo_with_a_valid_hash_and_nonsense_in_it_is_none() {
        let good = sample().to_bytes().unwrap();
        for at in 44..good.len() {
            let mut bad = good.clone();
            bad[at] = 0xff;
            let expected = hash([&bad[44..]]);
            bad[12..44].copy_from_slice(&expected);
            // It may be another memo, but nothing panics or takes all memory.
            let _ = Memo::parse(&bad);
        }
    }

    #[test]
    fn names_are_told_apart() {
        assert_ne!(names_hash(["ab", "c"]), names_hash(["a", "bc"]));
        assert_ne!(JobRecord::subject(["ab"]), JobRecord::subject(["a", "b"]));
    }
}
