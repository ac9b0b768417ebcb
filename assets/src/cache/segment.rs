//! Segments: files of many entries.
//!
//! A cook of two thousand small textures must not make two thousand files. Each process that cooks appends
//! to a segment of its own:
//!
//! ```text
//! "KILNSEG1"
//! entry*     "KENT", key (32), length of the body (u64), BLAKE3 of the body (32), body
//! listing    key (32), offset of the entry (u64), length of the body (u64)   for each entry
//! trailer    BLAKE3 of the listing (32), number of entries (u64), "KILNEND1"
//! ```
//!
//! Numbers are little-endian. A segment that was not closed has no trailer, and is read entry by entry.

use super::CacheKey;
use crate::format::bytes::{ByteReader, ByteWriter};

/// What a segment begins with.
pub const MAGIC: [u8; 8] = *b"KILNSEG1";
const ENTRY: [u8; 4] = *b"KENT";
const END: [u8; 8] = *b"KILNEND1";

/// Bytes before the body of an entry.
pub const ENTRY_HEAD: usize = 4 + 32 + 8 + 32;
/// Bytes of a line of the listing.
pub const LINE: usize = 32 + 8 + 8;
/// Bytes of the trailer.
pub const TRAILER: usize = 32 + 8 + 8;

/// Where an entry is in its segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryPlace {
    /// The offset of its head.
    pub offset: u64,
    /// The length of its body.
    pub length: u64,
}

impl EntryPlace {
    /// Head and body together.
    pub fn total(&self) -> u64 {
        self.length.saturating_add(ENTRY_HEAD as u64)
    }

    /// Where the next entry begins.
    pub fn end(&self) -> u64 {
        self.offset.saturating_add(self.total())
    }
}

/// The BLAKE3 hash of parts, as if they were one.
pub fn hash<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(part);
    }
    *hasher.finalize().as_bytes()
}

/// The head of an entry with this body.
pub fn entry_head(key: &CacheKey, length: u64, body_hash: &[u8; 32]) -> Vec<u8> {
    let mut head = ByteWriter::with_capacity(ENTRY_HEAD);
    head.bytes(&ENTRY)
        .bytes(&key.0)
        .u64(length)
        .bytes(body_hash);
    head.finish()
}

/// What the head of an entry says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryHead {
    /// The key.
    pub key: CacheKey,
    /// The length of the body.
    pub length: u64,
    body_hash: [u8; 32],
}

impl EntryHead {
    /// Reads a head; `None` when it is none.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let mut reader = ByteReader::new(bytes);
        if reader.array().ok()? != ENTRY {
            return None;
        }
        Some(Self {
            key: CacheKey(reader.array().ok()?),
            length: reader.u64().ok()?,
            body_hash: reader.array().ok()?,
        })
    }

    /// Whether a body is the one that was written.
    pub fn fits(&self, body: &[u8]) -> bool {
        body.len() as u64 == self.length && hash([body]) == self.body_hash
    }
}

/// The listing and the trailer of a segment with these entries.
pub fn footer(entries: &[(CacheKey, EntryPlace)]) -> Vec<u8> {
    let mut out = ByteWriter::with_capacity(entries.len() * LINE + TRAILER);
    for (key, place) in entries {
        out.bytes(&key.0).u64(place.offset).u64(place.length);
    }
    let mut bytes = out.finish();
    let listing = hash([bytes.as_slice()]);
    bytes.extend(listing);
    bytes.extend((entries.len() as u64).to_le_bytes());
    bytes.extend(END);
    bytes
}

/// How long the listing before a trailer is; `None` when that is no trailer of a segment of `total` bytes.
pub fn listing_length(trailer: &[u8], total: u64) -> Option<u64> {
    let mut reader = ByteReader::new(trailer);
    reader.take(32).ok()?;
    let count = reader.u64().ok()?;
    if reader.array().ok()? != END {
        return None;
    }
    let length = count.checked_mul(LINE as u64)?;
    let least = length.checked_add((MAGIC.len() + TRAILER) as u64)?;
    (least <= total).then_some(length)
}

/// Reads a listing that `trailer` ends. `None` when it is not what was written, or names a place outside
/// of the entries.
pub fn parse_listing(listing: &[u8], trailer: &[u8]) -> Option<Vec<(CacheKey, EntryPlace)>> {
    if trailer.get(..32)? != hash([listing]) {
        return None;
    }
    let mut entries = Vec::with_capacity(listing.len() / LINE);
    for line in listing.chunks(LINE) {
        let mut reader = ByteReader::new(line);
        let key = CacheKey(reader.array().ok()?);
        let (offset, length) = (reader.u64().ok()?, reader.u64().ok()?);
        entries.push((key, EntryPlace { offset, length }));
    }
    Some(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layout_is_fixed() {
        let key = CacheKey([7; 32]);
        let body = b"body";
        let head = entry_head(&key, 4, &hash([&body[..]]));
        assert_eq!((head.len(), &head[..4]), (76, &b"KENT"[..]));
        assert_eq!(
            (&head[4..36], &head[36..44]),
            (&[7; 32][..], &[4, 0, 0, 0, 0, 0, 0, 0][..])
        );
        assert_eq!(&head[44..], blake3::hash(body).as_bytes());
        let place = EntryPlace {
            offset: 8,
            length: 4,
        };
        assert_eq!((place.total(), place.end()), (80, 88));
        let footer = footer(&[(key, place)]);
        assert_eq!(footer.len(), 48 + 48);
        assert_eq!(
            footer[32..48],
            [8, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0]
        );
        assert_eq!(&footer[88..], b"KILNEND1");
    }

    #[test]
    fn a_damaged_entry_does_not_fit() {
        let head = entry_head(&CacheKey([7; 32]), 4, &hash([&b"body"[..]]));
        let parsed = EntryHead::parse(&head).unwrap();
        assert!(parsed.fits(b"body") && !parsed.fits(b"bodx") && !parsed.fits(b"bod"));
        assert!(EntryHead::parse(&head[..75]).is_none());
        assert!(EntryHead::parse(b"KENX").is_none());
    }

    #[test]
    fn every_flip_in_a_footer_is_found() {
        let entries: Vec<_> = (0..3)
            .map(|i| {
                let (offset, length) = (8 + i * 100, 24);
                (CacheKey([i as u8; 32]), EntryPlace { offset, length })
            })
            .collect();
        let good = footer(&entries);
        let read = |bytes: &[u8]| {
            let (rest, trailer) = bytes.split_at(bytes.len().checked_sub(TRAILER)?);
            let length = listing_length(trailer, 1 << 20)?;
            let begin = rest.len().checked_sub(length as usize)?;
            parse_listing(&rest[begin..], trailer)
        };
        assert_eq!(read(&good), Some(entries));
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 0x40;
            assert_eq!(read(&bad), None, "byte {at}");
        }
        for len in 0..good.len() {
            assert_eq!(read(&good[..len]), None, "{len} bytes");
        }
    }
}
