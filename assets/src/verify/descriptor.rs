//! Checks that every asset descriptor has to pass, whatever its type.

use sha2::{Digest, Sha256};

use super::{Findings, digest_without, index::AssetFact, is_zero, number};
use crate::{diagnostic::codes::verify as codes, format::name::read_name};

/// Bytes of the common header.
const HEADER: usize = 95;
/// Where the content hash is.
const HASH: usize = 67;

/// Checks the bytes of a descriptor against its index entry.
pub fn check(asset: &AssetFact, bytes: &[u8], findings: &mut Findings) {
    let object = asset.virtual_path.as_str();
    let mut wrong = |message: String| findings.add(codes::DESCRIPTOR, object, message);
    if bytes.len() as u64 != asset.size {
        wrong(format!(
            "{} bytes instead of the {} of the index",
            bytes.len(),
            asset.size
        ));
    }
    if bytes.len() < HEADER {
        wrong(format!(
            "{} bytes are too few for a header of {HEADER}",
            bytes.len()
        ));
        return;
    }
    if bytes[0] != asset.asset_type {
        wrong(format!(
            "the header says type {}, the index {}",
            bytes[0], asset.asset_type
        ));
    }
    if read_name(&bytes[1..65]).is_none() {
        wrong("the name is not UTF-8, or not followed by NUL to its end".to_owned());
    }
    let version = if asset.asset_type == 3 { 2 } else { 1 };
    if bytes[65] != version {
        wrong(format!("version {} instead of {version}", bytes[65]));
    }
    if !is_zero(bytes, 79, 16) {
        wrong("reserved bytes of the header are not zero".to_owned());
    }
    let stored = number(bytes, HASH, 8);
    let actual = number(&digest_without(bytes, HASH), 0, 8);
    if stored != 0 && stored != actual {
        let text =
            format!("the descriptor has the hash {actual:016x}, its header says {stored:016x}");
        findings.add(codes::HASH, object, text);
    }
    let digest: [u8; 32] = Sha256::digest(bytes).into();
    if asset.digest != [0; 32] && asset.digest != digest {
        findings.add(
            codes::HASH,
            object,
            "SHA-256 of the descriptor is not the one of the index",
        );
    }
}
