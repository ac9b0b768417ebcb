//! Checks of asset descriptors: what all types share, and then each type by itself.

use sha2::{Digest, Sha256};
use std::collections::HashSet;

use super::{
    Findings, digest_without,
    geometry::BufferUses,
    index::{AssetFact, IndexFacts},
    is_zero, number,
    table::BufferFact,
};
use crate::{
    diagnostic::codes::verify as codes,
    format::{ids::AssetKey, name::read_name},
};

/// Bytes of the common header.
const HEADER: usize = 95;
/// Where the content hash is.
const HASH: usize = 67;

/// What descriptors may refer to.
#[derive(Clone, Debug)]
pub struct References<'a> {
    materials: HashSet<AssetKey>,
    geometries: HashSet<AssetKey>,
    pub(super) textures: usize,
    pub(super) buffers: &'a [Option<BufferFact>],
}

impl<'a> References<'a> {
    /// The assets of an index, and resources by their tables.
    pub fn new(index: &IndexFacts, textures: usize, buffers: &'a [Option<BufferFact>]) -> Self {
        let keys = |asset_type| {
            let assets = index.assets.iter();
            let assets = assets.filter(|asset| asset.asset_type == asset_type);
            assets.map(|asset| asset.key).collect()
        };
        Self {
            materials: keys(1),
            geometries: keys(2),
            textures,
            buffers,
        }
    }

    /// Whether a submesh may have a material: one of the container, a built-in one, or none.
    pub(super) fn has_material(&self, key: AssetKey) -> bool {
        key == AssetKey::NONE
            || &key.0 == b"MAT_DEFAULT_____"
            || &key.0 == b"MAT_DEBUG_______"
            || self.materials.contains(&key)
    }

    /// Whether there is a geometry.
    pub(super) fn has_geometry(&self, key: AssetKey) -> bool {
        self.geometries.contains(&key)
    }
}

/// Checks the bytes of a descriptor against its index entry, and notes which buffers it uses.
pub fn check(
    asset: &AssetFact,
    bytes: &[u8],
    references: &References<'_>,
    uses: &mut BufferUses,
    findings: &mut Findings,
) {
    let is_readable = check_header(asset, bytes, findings);
    match asset.asset_type {
        1 if is_readable => super::material::check(asset, bytes, references, findings),
        2 if is_readable => super::geometry::check(asset, bytes, references, uses, findings),
        3 if is_readable => super::scene::check(asset, bytes, references, findings),
        2 => uses.miss_some(),
        _ => {}
    }
}

/// Checks what all descriptors share; gives whether the rest can be looked at.
fn check_header(asset: &AssetFact, bytes: &[u8], findings: &mut Findings) -> bool {
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
        return false;
    }
    let is_right_type = bytes[0] == asset.asset_type;
    if !is_right_type {
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
    let variant = number(bytes, 75, 4);
    if asset.asset_type == 2 && variant > 0x7f {
        wrong(format!("vertex attributes {variant:#x} are not known"));
    }
    if asset.asset_type != 2 && variant != 0 {
        let text = format!("variant flags are {variant:#x}, not zero");
        findings.add(codes::DESCRIPTOR_FORM, object, text);
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
    is_right_type && bytes[65] == version
}
