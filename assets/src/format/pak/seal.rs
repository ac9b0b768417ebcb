//! Identity and checksum of a PAK, found while it is written.

use sha2::{Digest, Sha256};

use super::{FRAME_BYTES, PakHeader, PakPlan};
use crate::format::{bytes::ByteWriter, record::Stored};

/// Where the checksum is, counted from the end of the file.
const CRC_FROM_END: u64 = 12;
const CRC_BYTES: u64 = 4;

/// Follows the bytes of a PAK as they are written, zeros between the parts included.
///
/// The identity is made of all bytes, and the checksum of all bytes and the identity, which comes first
/// in the file. So the checksum of the header is found last, and put in front of that of the rest.
pub struct PakSeal {
    header: PakHeader,
    size: u64,
    at: u64,
    /// Over everything, if the identity is derived.
    digest: Option<Sha256>,
    /// Over everything after the header, without the checksum.
    crc: crc32fast::Hasher,
}

/// What is to be written over the zeros of a finished PAK.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The header, to be written at the start of the file.
    pub header: Vec<u8>,
    /// Where the checksum is to be written.
    pub crc_offset: u64,
    /// The checksum.
    pub crc: u32,
    /// The identity.
    pub guid: [u8; 16],
}

impl PakSeal {
    /// Nothing is written yet.
    pub fn new(plan: &PakPlan) -> Self {
        Self {
            header: plan.header,
            size: plan.size(),
            at: 0,
            digest: (plan.header.guid == [0; 16]).then(Sha256::new),
            crc: crc32fast::Hasher::new(),
        }
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        if let Some(digest) = &mut self.digest {
            digest.update(bytes);
        }
        let crc_at = self.size.saturating_sub(CRC_FROM_END);
        for (from, to) in [
            (FRAME_BYTES as u64, crc_at),
            (crc_at + CRC_BYTES, self.size),
        ] {
            // The part of these bytes that is between the two places.
            let clip = |at: u64| at.saturating_sub(self.at).min(bytes.len() as u64) as usize;
            self.crc.update(&bytes[clip(from)..clip(to)]);
        }
        self.at += bytes.len() as u64;
    }

    /// Completes the file, all of whose bytes were taken.
    pub fn finish(self) -> Sealed {
        let mut header = self.header;
        if let Some(digest) = self.digest {
            header.guid.copy_from_slice(&digest.finalize()[..16]);
            if header.guid == [0; 16] {
                header.guid[0] = 1;
            }
        }
        let mut out = ByteWriter::with_capacity(FRAME_BYTES);
        header.write(&mut out);
        let bytes = out.finish();
        let mut crc = crc32fast::Hasher::new();
        crc.update(&bytes);
        crc.combine(&self.crc);
        Sealed {
            header: bytes,
            crc_offset: self.size.saturating_sub(CRC_FROM_END),
            crc: crc.finalize(),
            guid: header.guid,
        }
    }
}
