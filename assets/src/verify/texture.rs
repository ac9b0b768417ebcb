//! Checks of texture payloads.

use super::{Findings, digest_without, is_zero, number, table::TextureFact};
use crate::{diagnostic::codes::verify as codes, format::texture_format::TextureFormat};

/// Where one subresource has to be.
struct Expected {
    offset: u64,
    pitch: u64,
    size: u64,
    /// Bytes of a row that hold texels or blocks.
    used: u64,
}

/// Checks a payload against its table entry.
pub fn check(fact: &TextureFact, bytes: &[u8], object: &str, findings: &mut Findings) {
    let mut wrong = |message: String| findings.add(codes::PAYLOAD, object, message);
    if bytes.len() < 28 || &bytes[..4] != b"OTX1" {
        wrong("the payload does not begin with a header".to_owned());
        return;
    }
    let (row_step, step) = match bytes[4] {
        1 => (256, 512),
        2 => (1, 4),
        policy => {
            wrong(format!("packing policy {policy} is not known"));
            return;
        }
    };
    if bytes[5] != 0 {
        wrong(format!("flags are {:#x}, not zero", bytes[5]));
    }
    let count = fact.layers * fact.mips;
    let expected = expected(fact, row_step, step);
    let data = (28 + 12 * count).div_ceil(step) * step;
    let total = data + expected.last().map_or(0, |last| last.offset + last.size);
    for (what, at, len, value) in [
        ("subresource count", 6, 2, count),
        ("total size", 8, 4, total),
        ("layouts offset", 12, 4, 28),
        ("data offset", 16, 4, data),
    ] {
        if number(bytes, at, len) != value {
            wrong(format!(
                "the {what} is {} instead of {value}",
                number(bytes, at, len)
            ));
        }
    }
    if bytes.len() as u64 != total {
        wrong(format!("{} bytes instead of {total}", bytes.len()));
        return;
    }
    for (i, layout) in expected.iter().enumerate() {
        let at = 28 + 12 * i;
        let stored = [
            number(bytes, at, 4),
            number(bytes, at + 4, 4),
            number(bytes, at + 8, 4),
        ];
        if stored != [layout.offset, layout.pitch, layout.size] {
            wrong(format!("subresource {i} is laid out as {stored:?}"));
            return;
        }
    }
    check_padding(bytes, &expected, 28 + 12 * count, data, object, findings);
    check_hash(fact, bytes, object, findings);
}

fn expected(fact: &TextureFact, row_step: u64, step: u64) -> Vec<Expected> {
    let id = fact.format.id();
    let edge = if (50..=63).contains(&id) { 4 } else { 1 };
    let block = u64::from(fact.format.block_bytes());
    let mut all = Vec::new();
    let mut end: u64 = 0;
    for _ in 0..fact.layers {
        let (mut width, mut height, mut depth) = (fact.width, fact.height, fact.depth);
        for _ in 0..fact.mips {
            let used = width.div_ceil(edge) * block;
            let pitch = used.div_ceil(row_step) * row_step;
            let size = pitch
                .saturating_mul(height.div_ceil(edge))
                .saturating_mul(depth);
            let offset = end.div_ceil(step) * step;
            all.push(Expected {
                offset,
                pitch,
                size,
                used,
            });
            end = offset.saturating_add(size);
            (width, height, depth) = ((width / 2).max(1), (height / 2).max(1), (depth / 2).max(1));
        }
    }
    all
}

fn check_padding(
    bytes: &[u8],
    layouts: &[Expected],
    head: u64,
    data: u64,
    object: &str,
    findings: &mut Findings,
) {
    let mut filled = head;
    for layout in layouts {
        let start = data + layout.offset;
        let gap_is_zero = is_zero(bytes, filled as usize, (start - filled) as usize);
        let subresource = &bytes[start as usize..(start + layout.size) as usize];
        let rows_are_padded = subresource
            .chunks_exact(layout.pitch as usize)
            .all(|row| row[layout.used as usize..].iter().all(|&byte| byte == 0));
        if !gap_is_zero || !rows_are_padded {
            findings.add(
                codes::PADDING,
                object,
                format!("padding near byte {start} of the payload is not zero"),
            );
            return;
        }
        filled = start + layout.size;
    }
}

fn check_hash(fact: &TextureFact, bytes: &[u8], object: &str, findings: &mut Findings) {
    let stored = number(bytes, 20, 8);
    if stored != fact.content_hash.0 {
        let text = format!(
            "the header says {stored:016x}, the table {:016x}",
            fact.content_hash.0
        );
        findings.add(codes::HASH, object, text);
    }
    let actual = number(&digest_without(bytes, 20), 0, 8);
    if stored != 0 && stored != actual {
        let text = format!("the payload has the hash {actual:016x}, its header says {stored:016x}");
        findings.add(codes::HASH, object, text);
    }
}

/// Checks that entry 0 is the fallback: one opaque white texel.
pub fn check_fallback(fact: &TextureFact, bytes: &[u8], findings: &mut Findings) {
    let shape = fact.texture_type == 3
        && (fact.width, fact.height, fact.depth, fact.layers, fact.mips) == (1, 1, 1, 1, 1)
        && fact.format == TextureFormat::Rgba8UNorm;
    let texel = number(bytes, 16, 4) as usize;
    if !shape || bytes.get(texel..texel.saturating_add(4)) != Some(&[0xff; 4]) {
        findings.add(
            codes::FALLBACK,
            "textures[0]",
            "entry 0 is not a 1x1 opaque white RGBA8 texture",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        format::{payload_layout::PackingPolicy, texture_payload::FallbackTexture},
        verify::table::{Placement, check_textures, gaps},
    };

    fn fallback(policy: PackingPolicy) -> (Vec<u8>, Vec<u8>) {
        let texture = FallbackTexture::new(policy, true);
        let table = texture.entry(0).to_bytes();
        (table, texture.into_payload())
    }

    fn findings_of(table: &[u8], payload: &[u8]) -> Vec<crate::diagnostic::Diagnostic> {
        let mut findings = Findings::about("test");
        let facts = check_textures(
            table,
            &Placement::DataFile(payload.len() as u64),
            &mut findings,
        );
        if let Some(Some(fact)) = facts.first() {
            check(fact, payload, "textures[0]", &mut findings);
            check_fallback(fact, payload, &mut findings);
        }
        findings.into_diagnostics()
    }

    #[test]
    fn the_fallback_is_clean() {
        for policy in [PackingPolicy::D3d12, PackingPolicy::Tight] {
            let (table, payload) = fallback(policy);
            assert_eq!(findings_of(&table, &payload), []);
        }
    }

    #[test]
    fn every_changed_byte_of_table_and_payload_is_found() {
        let (table, payload) = fallback(PackingPolicy::D3d12);
        for at in 0..table.len() {
            let mut bad = table.clone();
            bad[at] ^= 0x41;
            assert!(!findings_of(&bad, &payload).is_empty(), "table byte {at}");
        }
        for at in 0..payload.len() {
            let mut bad = payload.clone();
            bad[at] ^= 0x41;
            assert!(!findings_of(&table, &bad).is_empty(), "payload byte {at}");
        }
        for len in 0..payload.len() {
            assert!(
                !findings_of(&table, &payload[..len]).is_empty(),
                "{len} bytes"
            );
        }
    }

    #[test]
    fn gaps_are_what_no_range_covers() {
        let ranges = [256..300, 0..44];
        assert_eq!(gaps(ranges.iter(), 310), [44..256, 300..310]);
    }
}
