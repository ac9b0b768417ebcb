//! What every asset descriptor is emitted with: identity, bytes, hashes.

use super::{
    hash::sha256,
    pace::{Cancelled, Pace},
};
use crate::{
    diagnostic::Diagnostic,
    format::{
        asset_header::{seal, store_hash},
        ids::{AssetKey, ContentHash},
        index::AssetType,
        layout::descriptor_paths,
        path::{PathError, RelativePath, VirtualPath},
    },
};

/// Where the key of an asset comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// Its virtual path: the same asset has the same key in every run.
    VirtualPath,
    /// Random bytes, which the caller has drawn.
    Random([u8; 16]),
}

/// Who an asset is: its name, its key, and where it is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssetIdentity {
    name: String,
    asset_type: AssetType,
    key: AssetKey,
    path: RelativePath,
    virtual_path: VirtualPath,
}

impl AssetIdentity {
    /// The identity of the asset with a name that is unique among assets of its type, such as the
    /// naming service gives out.
    ///
    /// # Errors
    /// A [`PathError`] when the name makes no valid path.
    pub fn new(asset_type: AssetType, name: &str, key: KeySource) -> Result<Self, PathError> {
        let (path, virtual_path) = descriptor_paths(asset_type, name)?;
        let key = match key {
            KeySource::VirtualPath => virtual_path.key(),
            KeySource::Random(bytes) => AssetKey::of_random_bytes(bytes),
        };
        Ok(Self {
            name: name.to_owned(),
            asset_type,
            key,
            path,
            virtual_path,
        })
    }

    /// The whole name. The descriptor holds what fits of it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The type.
    pub fn asset_type(&self) -> AssetType {
        self.asset_type
    }

    /// The key.
    pub fn key(&self) -> AssetKey {
        self.key
    }

    /// The file of the descriptor, such as `Materials/Robot/Paint.omat`.
    pub fn path(&self) -> &RelativePath {
        &self.path
    }

    /// The path under which it is looked up, such as `/.cooked/Materials/Robot/Paint.omat`.
    pub fn virtual_path(&self) -> &VirtualPath {
        &self.virtual_path
    }
}

/// A finished descriptor, ready to be emitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookedAsset {
    /// Its key.
    pub key: AssetKey,
    /// Its type.
    pub asset_type: AssetType,
    /// The file.
    pub path: RelativePath,
    /// The path under which it is looked up.
    pub virtual_path: VirtualPath,
    /// The descriptor.
    pub bytes: Vec<u8>,
    /// The hash that is stored in it; [`ContentHash::NONE`] when hashing is off.
    pub content_hash: ContentHash,
    /// SHA-256 of the descriptor, for the index; zero when hashing is off.
    pub digest: [u8; 32],
    /// Warnings and infos.
    pub diagnostics: Vec<Diagnostic>,
}

impl CookedAsset {
    /// A descriptor whose hash field is zero, and stays so.
    fn unsealed(identity: &AssetIdentity, bytes: Vec<u8>, diagnostics: Vec<Diagnostic>) -> Self {
        Self {
            key: identity.key,
            asset_type: identity.asset_type,
            path: identity.path.clone(),
            virtual_path: identity.virtual_path.clone(),
            bytes,
            content_hash: ContentHash::NONE,
            digest: [0; 32],
            diagnostics,
        }
    }

    /// Completes a small descriptor, whose hash field is zero.
    pub(super) fn sealed(
        identity: &AssetIdentity,
        bytes: Vec<u8>,
        hashing: bool,
        diagnostics: Vec<Diagnostic>,
    ) -> Self {
        let mut asset = Self::unsealed(identity, bytes, diagnostics);
        if hashing {
            (asset.content_hash, asset.digest) = seal(&mut asset.bytes);
        }
        asset
    }

    /// Completes a descriptor that may be large.
    pub(super) async fn sealed_at_pace(
        identity: &AssetIdentity,
        bytes: Vec<u8>,
        hashing: bool,
        diagnostics: Vec<Diagnostic>,
        pace: &mut Pace,
    ) -> Result<Self, Cancelled> {
        let mut asset = Self::unsealed(identity, bytes, diagnostics);
        if hashing {
            asset.content_hash = ContentHash::from_digest(&sha256(&asset.bytes, pace).await?);
            store_hash(&mut asset.bytes, asset.content_hash);
            asset.digest = sha256(&asset.bytes, pace).await?;
        }
        Ok(asset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cook::pace::CancelFlag;
    use futures_lite::future::block_on;

    #[test]
    fn identities_follow_the_worked_examples() {
        for (asset_type, name, path, key) in [
            (
                AssetType::Material,
                "Box/M_Red",
                "Materials/Box/M_Red.omat",
                "495e0f3a-0ee7-a3fb-bdab-e4ad41a56cca",
            ),
            (
                AssetType::Geometry,
                "Box/G_Cube",
                "Geometry/Box/G_Cube.ogeo",
                "ec2fdb62-0c28-20c8-f258-45ee0d9cdeb9",
            ),
            (
                AssetType::Scene,
                "Box",
                "Scenes/Box.oscene",
                "7203fda7-fcfc-fbb2-e1a0-f44961d869bb",
            ),
        ] {
            let identity = AssetIdentity::new(asset_type, name, KeySource::VirtualPath).unwrap();
            assert_eq!(identity.path().as_str(), path);
            assert_eq!(identity.virtual_path().as_str(), format!("/.cooked/{path}"));
            assert_eq!(identity.key().to_string(), key);
            let random = AssetIdentity::new(asset_type, name, KeySource::Random([7; 16])).unwrap();
            assert_eq!(
                random.key().to_string(),
                "07070707-0707-4707-8707-070707070707"
            );
            assert_eq!(random.path(), identity.path());
        }
        assert!(AssetIdentity::new(AssetType::Scene, "../x", KeySource::VirtualPath).is_err());
    }

    #[test]
    fn both_ways_to_seal_agree() {
        let identity = AssetIdentity::new(AssetType::Scene, "x", KeySource::VirtualPath).unwrap();
        let bytes = vec![0; 200_000];
        let mut pace = Pace::uninterrupted(CancelFlag::new());
        for hashing in [true, false] {
            let small = CookedAsset::sealed(&identity, bytes.clone(), hashing, Vec::new());
            let large = CookedAsset::sealed_at_pace(
                &identity,
                bytes.clone(),
                hashing,
                Vec::new(),
                &mut pace,
            );
            assert_eq!(block_on(large), Ok(small.clone()));
            assert_eq!(small.content_hash == ContentHash::NONE, !hashing);
            assert_eq!(small.digest == [0; 32], !hashing);
            assert_eq!(small.bytes == bytes, !hashing);
        }
    }
}
