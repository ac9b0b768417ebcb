//! A finished descriptor on its way to the container.

use bevy_kiln_assets::{cook::asset::CookedAsset, format::catalog::CatalogEntry};
use bevy_kiln_components::report::DetailLevel;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::work::{AssetEmission, Cooked, Emission};

/// Wraps a descriptor up. `source` and `name` are for the catalogue.
pub(super) fn descriptor(
    asset: CookedAsset,
    source: &str,
    name: &str,
    settings: Option<&impl Serialize>,
    levels: Vec<DetailLevel>,
) -> Cooked {
    let mut catalog =
        CatalogEntry::asset(asset.asset_type, source, name).with_hash(asset.content_hash);
    if let Some(settings) = settings {
        catalog = catalog.with_settings(settings);
    }
    // The index tells descriptors apart by their digest, whether hashes are stored in them or not.
    let digest = if asset.digest == [0; 32] {
        Sha256::digest(&asset.bytes).into()
    } else {
        asset.digest
    };
    Cooked {
        emissions: vec![Emission::Asset(AssetEmission {
            key: asset.key,
            asset_type: asset.asset_type,
            path: asset.path,
            virtual_path: asset.virtual_path,
            bytes: asset.bytes,
            digest,
            levels,
            catalog,
        })],
        diagnostics: asset.diagnostics,
        ..Cooked::default()
    }
}
