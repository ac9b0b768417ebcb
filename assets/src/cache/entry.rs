//! Entries: what a cook made, as bytes.

use super::fields::{put, put_diagnostic, take, take_diagnostic};
use crate::{
    diagnostic::Diagnostic,
    format::bytes::{ByteReader, ByteWriter},
    source::scene::SharedBytes,
};

/// What a cook made, apart from what is cheap to make anew: names, places, lines of the catalogue.
#[derive(Clone, Debug, Default)]
pub struct CachedCook {
    /// Facts, in a form that the kind of work knows.
    pub facts: Vec<u8>,
    /// Payloads, in the order of the output.
    pub payloads: Vec<SharedBytes>,
    /// Warnings and infos. They name their source: see [`CacheKey::named`](super::CacheKey::named).
    pub diagnostics: Vec<Diagnostic>,
}

impl CachedCook {
    /// Bytes of memory that it holds.
    pub fn memory(&self) -> u64 {
        let payloads = self.payloads.iter().map(|payload| payload.len() as u64);
        payloads
            .sum::<u64>()
            .saturating_add(self.facts.len() as u64)
    }

    /// The entry in parts, which belong together without anything in between: a head, then the payloads.
    /// `None` when a part is too long for its field.
    pub fn to_parts(&self) -> Option<Vec<SharedBytes>> {
        let mut head = ByteWriter::default();
        put(&mut head, &self.facts)?;
        head.u32(u32::try_from(self.diagnostics.len()).ok()?);
        for diagnostic in &self.diagnostics {
            put_diagnostic(&mut head, diagnostic)?;
        }
        head.u32(u32::try_from(self.payloads.len()).ok()?);
        for payload in &self.payloads {
            head.u64(payload.len() as u64);
        }
        let mut parts = vec![SharedBytes::from_vec(head.finish())];
        parts.extend(self.payloads.iter().cloned());
        Some(parts)
    }

    /// Reads an entry. Payloads share its bytes. `None` when that is not what was written.
    pub fn parse(bytes: &SharedBytes) -> Option<Self> {
        let mut reader = ByteReader::new(bytes);
        let facts = take(&mut reader)?.to_vec();
        let count = reader.u32().ok()?;
        let mut diagnostics = Vec::new();
        for _ in 0..count {
            diagnostics.push(take_diagnostic(&mut reader)?);
        }
        let count = reader.u32().ok()? as usize;
        let mut lengths = Vec::new();
        for _ in 0..count {
            lengths.push(usize::try_from(reader.u64().ok()?).ok()?);
        }
        let mut at = reader.offset();
        let mut payloads = Vec::with_capacity(lengths.len());
        for length in lengths {
            let end = at.checked_add(length)?;
            payloads.push(bytes.slice(at..end)?);
            at = end;
        }
        (at == bytes.len()).then_some(Self {
            facts,
            payloads,
            diagnostics,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Severity, codes};

    fn sample() -> CachedCook {
        let told = Diagnostic::new(codes::texture::COOK_FAILED, "it is dark")
            .severity(Severity::Warning)
            .source("a.png");
        CachedCook {
            facts: vec![1, 2, 3],
            payloads: vec![vec![4; 10].into(), Vec::new().into(), vec![5].into()],
            diagnostics: vec![told],
        }
    }

    fn bytes(cook: &CachedCook) -> Vec<u8> {
        let parts = cook.to_parts().unwrap();
        parts.iter().flat_map(|part| part.to_vec()).collect()
    }

    #[test]
    fn entries_come_back() {
        let back = CachedCook::parse(&bytes(&sample()).into()).unwrap();
        assert_eq!(back.facts, [1, 2, 3]);
        let payloads: Vec<Vec<u8>> = back.payloads.iter().map(|p| p.to_vec()).collect();
        assert_eq!(payloads, [vec![4; 10], vec![], vec![5]]);
        assert_eq!(back.memory(), 14);
        assert_eq!(back.diagnostics, sample().diagnostics);
        assert_eq!(bytes(&back), bytes(&sample()));
    }

    #[test]
    fn no_bytes_panic() {
        let good = bytes(&sample());
        for len in 0..good.len() {
            assert!(CachedCook::parse(&good[..len].to_vec().into()).is_none());
        }
        for at in 0..good.len() {
            for flip in [1, 0x80, 0xff] {
                let mut bad = good.clone();
                bad[at] ^= flip;
                let _ = CachedCook::parse(&bad.into());
            }
        }
    }
}
