//! The names of a container's files and folders.

use super::{
    index::AssetType,
    path::{PathError, RelativePath, VirtualPath},
};

/// The file that is written last and makes everything else visible.
pub const INDEX_FILE: &str = "container.index.bin";
/// The catalogue beside it, which loaders ignore.
pub const CATALOG_FILE: &str = "kiln.catalog.json";

/// A kind of resource file. The value is its id in the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
pub enum FileKind {
    /// `buffers.table`
    BuffersTable = 1,
    /// `buffers.data`
    BuffersData = 2,
    /// `textures.table`
    TexturesTable = 3,
    /// `textures.data`
    TexturesData = 4,
}

impl FileKind {
    /// Every kind, by id.
    pub const ALL: [Self; 4] = [
        Self::BuffersTable,
        Self::BuffersData,
        Self::TexturesTable,
        Self::TexturesData,
    ];

    /// The kind with an id.
    pub fn from_id(id: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u16 == id)
    }

    /// The id in the index.
    pub fn id(self) -> u16 {
        self as u16
    }

    /// Where the file is, relative to the root.
    pub fn default_path(self) -> &'static str {
        match self {
            Self::BuffersTable => "Resources/buffers.table",
            Self::BuffersData => "Resources/buffers.data",
            Self::TexturesTable => "Resources/textures.table",
            Self::TexturesData => "Resources/textures.data",
        }
    }
}

impl AssetType {
    /// The folder of descriptors of this type.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Material => "Materials",
            Self::Geometry => "Geometry",
            Self::Scene => "Scenes",
        }
    }

    /// The extension of descriptors of this type.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Material => "omat",
            Self::Geometry => "ogeo",
            Self::Scene => "oscene",
        }
    }
}

/// Where the descriptor of an asset is: its file and its virtual path under `/.cooked`.
///
/// # Errors
/// A [`PathError`] when the name makes no valid path.
pub fn descriptor_paths(
    asset_type: AssetType,
    name: &str,
) -> Result<(RelativePath, VirtualPath), PathError> {
    let file = RelativePath::new(format!(
        "{}/{name}.{}",
        asset_type.folder(),
        asset_type.extension()
    ))?;
    let mount = VirtualPath::new("/.cooked")?;
    let path = VirtualPath::mounted(&mount, &file);
    Ok((file, path))
}
