//! `.oscene`: a scene descriptor, its nodes and their names, tables of components, the environment.
//!
//! The parts follow each other without gaps, in this order: the descriptor, nodes, strings, the directory
//! of the component tables that are not empty, the tables, the environment block. All offsets count from
//! the first byte of the descriptor.

mod component;
mod environment;
mod node;
mod read;
#[cfg(test)]
mod tests;

pub use component::{
    AttenuationModel, DirectionalLightRecord, LightCommon, LightMobility, OrthographicCameraRecord,
    PerspectiveCameraRecord, PointLightRecord, RenderableRecord, ShadowResolution, SpotLightRecord,
};
pub use environment::{
    EnvironmentError, EnvironmentRecord, ExposureMode, Fog, FogModel, OtherEnvironment,
    PostProcessVolume, SkyAtmosphere, SkyLight, SkyLightSource, SkySphere, SkySphereSource,
    ToneMapper, VolumetricClouds,
};
pub use node::{NodeFlags, NodeRecord, StringTable};

use thiserror::Error;

use super::{
    asset_header::{AssetHeader, HeaderError},
    bytes::{ByteWriter, OutOfBytes},
    ids::AssetKey,
    index::AssetType,
    record::{RecordError, Stored},
};
use component::Component;

const DESCRIPTOR_BYTES: usize = 256;
const DIRECTORY_ENTRY_BYTES: usize = 20;
const BLOCK_HEADER_BYTES: usize = 16;

/// What a scene descriptor is made of, unchecked.
#[derive(Clone, Debug, PartialEq)]
pub struct SceneRecords {
    /// The header.
    pub header: AssetHeader,
    /// The nodes, at least one; parents before their children.
    pub nodes: Vec<NodeRecord>,
    /// The names of the nodes.
    pub strings: StringTable,
    /// The components, each list in the order of its nodes.
    pub components: SceneComponents,
    /// The environment.
    pub environment: Vec<EnvironmentRecord>,
}

/// The components of a scene. Each list is in ascending order of its nodes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SceneComponents {
    /// Geometries.
    pub renderables: Vec<RenderableRecord>,
    /// Cameras with a vanishing point.
    pub perspective_cameras: Vec<PerspectiveCameraRecord>,
    /// Cameras without one.
    pub orthographic_cameras: Vec<OrthographicCameraRecord>,
    /// Parallel lights.
    pub directional_lights: Vec<DirectionalLightRecord>,
    /// Point lights.
    pub point_lights: Vec<PointLightRecord>,
    /// Spot lights.
    pub spot_lights: Vec<SpotLightRecord>,
}

/// Does something with each list of components, in canonical order.
macro_rules! each_list {
    ($components:expr, $list:ident => $do:expr) => {{
        let components = $components;
        let $list = &components.renderables;
        $do;
        let $list = &components.perspective_cameras;
        $do;
        let $list = &components.orthographic_cameras;
        $do;
        let $list = &components.directional_lights;
        $do;
        let $list = &components.point_lights;
        $do;
        let $list = &components.spot_lights;
        $do;
    }};
}

/// A scene descriptor. It can only be made by [`SceneDescriptor::new`] and [`SceneDescriptor::parse`].
#[derive(Clone, Debug, PartialEq)]
pub struct SceneDescriptor {
    records: SceneRecords,
}

/// Why there is no such descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SceneFormatError {
    /// A header that cannot be read.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// A field that cannot be read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// An environment record that cannot be read.
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
    /// No node.
    #[error("there is no node")]
    NoNodes,
    /// More than a number of 32 bits can count.
    #[error("there are more {0} than 32 bits can count")]
    TooMany(&'static str),
    /// A node whose parent comes after it.
    #[error("node {node} has parent {parent}, which comes after it")]
    Parent {
        /// The node.
        node: usize,
        /// Its parent.
        parent: u32,
    },
    /// A name outside of the string table.
    #[error("the name of node {0} is not in the string table")]
    Name(usize),
    /// A number that is not finite.
    #[error("a number of {what} {index} is not finite")]
    NotFinite {
        /// What has it.
        what: &'static str,
        /// Which one.
        index: usize,
    },
    /// A component of a node that does not exist.
    #[error("a component is at node {node} of {nodes}")]
    Node {
        /// The node.
        node: u32,
        /// How many nodes there are.
        nodes: usize,
    },
    /// Components that are not in the order of their nodes.
    #[error("components are not in the order of their nodes")]
    Unsorted,
    /// A renderable without geometry.
    #[error("the renderable at node {0} has no geometry")]
    NoGeometry(u32),
    /// A light with more shadow cascades than there are.
    #[error("a light has {0} shadow cascades, more than 4")]
    Cascades(u32),
    /// A part outside of the descriptor.
    #[error("the {0} are outside of the descriptor")]
    Range(&'static str),
    /// Records of another size.
    #[error("the records of the {what} have {found} bytes, not {expected}")]
    RecordSize {
        /// Which records.
        what: &'static str,
        /// As stored.
        found: u32,
        /// As it must be.
        expected: usize,
    },
    /// A string table that is not UTF-8 with NUL at both ends.
    #[error("the string table is not UTF-8 that begins and ends with NUL")]
    Strings,
    /// A table of components that is there twice.
    #[error("there are two tables of components of type {0:#x}")]
    DuplicateTable(u32),
    /// An environment block that does not end where its records do, or not with the descriptor.
    #[error("the environment block of {stored} bytes does not end where it must, after {actual}")]
    Block {
        /// As its header says.
        stored: u32,
        /// As it must be.
        actual: usize,
    },
}

impl From<OutOfBytes> for SceneFormatError {
    fn from(error: OutOfBytes) -> Self {
        Self::Record(error.into())
    }
}

impl SceneDescriptor {
    /// Checks the rules.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn new(records: SceneRecords) -> Result<Self, SceneFormatError> {
        if records.nodes.is_empty() {
            return Err(SceneFormatError::NoNodes);
        }
        count(records.nodes.len(), "nodes")?;
        for (index, node) in records.nodes.iter().enumerate() {
            if node.parent_index as usize > index {
                return Err(SceneFormatError::Parent {
                    node: index,
                    parent: node.parent_index,
                });
            }
            if !records.strings.has(node.name_offset) {
                return Err(SceneFormatError::Name(index));
            }
            check_finite(node, "node", index)?;
        }
        let components = &records.components;
        each_list!(components, list => check_components(list, records.nodes.len())?);
        for renderable in &components.renderables {
            if renderable.geometry == AssetKey::NONE {
                return Err(SceneFormatError::NoGeometry(renderable.node_index));
            }
        }
        for light in &components.directional_lights {
            if light.cascade_count > 4 {
                return Err(SceneFormatError::Cascades(light.cascade_count));
            }
        }
        for (index, record) in records.environment.iter().enumerate() {
            if !record.is_finite() {
                let what = "environment record";
                return Err(SceneFormatError::NotFinite { what, index });
            }
        }
        count(block_bytes(&records.environment), "bytes of environment")?;
        // Strings may begin at 4 GiB, in a scene of sixty million nodes.
        count(strings_offset(&records), "bytes of nodes")?;
        count(records.strings.as_bytes().len(), "bytes of strings")?;
        Ok(Self { records })
    }

    /// What it is made of.
    pub fn records(&self) -> &SceneRecords {
        &self.records
    }

    /// The stored form. The content hash is the one of the header; see
    /// [`seal`](super::asset_header::seal).
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for piece in self.pieces() {
            bytes.extend_from_slice(&piece);
        }
        bytes
    }

    /// The stored form in pieces of some ten kilobytes, the strings in one: for scenes so large that
    /// others want a turn in between.
    pub fn pieces(&self) -> impl Iterator<Item = Vec<u8>> {
        let SceneComponents {
            renderables,
            perspective_cameras,
            orthographic_cameras,
            directional_lights,
            point_lights,
            spot_lights,
        } = &self.records.components;
        std::iter::once_with(|| self.head())
            .chain(pieces_of(&self.records.nodes))
            .chain(std::iter::once_with(|| self.strings_and_directory()))
            .chain(pieces_of(renderables))
            .chain(pieces_of(perspective_cameras))
            .chain(pieces_of(orthographic_cameras))
            .chain(pieces_of(directional_lights))
            .chain(pieces_of(point_lights))
            .chain(pieces_of(spot_lights))
            .chain(std::iter::once_with(|| self.environment_block()))
    }

    fn head(&self) -> Vec<u8> {
        let SceneRecords {
            header,
            nodes,
            strings,
            components,
            ..
        } = &self.records;
        let mut tables = 0;
        each_list!(components, list => tables += u32::from(!list.is_empty()));
        let mut out = ByteWriter::with_capacity(DESCRIPTOR_BYTES);
        header.write(AssetType::Scene, &mut out);
        // The counts were checked.
        out.u64(DESCRIPTOR_BYTES as u64)
            .u32(nodes.len() as u32)
            .u32(NodeRecord::BYTES as u32)
            .u32(strings_offset(&self.records) as u32)
            .u32(strings.as_bytes().len() as u32)
            .u64(match tables {
                0 => 0,
                _ => directory_offset(&self.records) as u64,
            })
            .u32(tables)
            .zeros(125);
        out.finish()
    }

    fn strings_and_directory(&self) -> Vec<u8> {
        let components = &self.records.components;
        let mut table_at = directory_offset(&self.records);
        each_list!(components, list => if !list.is_empty() {
            table_at += DIRECTORY_ENTRY_BYTES;
        });
        let mut out = ByteWriter::default();
        out.bytes(self.records.strings.as_bytes());
        each_list!(components, list => write_entry(list, &mut table_at, &mut out));
        out.finish()
    }

    fn environment_block(&self) -> Vec<u8> {
        let environment = &self.records.environment;
        let bytes = block_bytes(environment);
        let mut out = ByteWriter::with_capacity(bytes);
        out.u32(bytes as u32).u32(environment.len() as u32).zeros(8);
        for record in environment {
            record.write(&mut out);
        }
        out.finish()
    }
}

/// Records of a piece.
const PIECE: usize = 512;

fn pieces_of<T: Stored>(records: &[T]) -> impl Iterator<Item = Vec<u8>> {
    records.chunks(PIECE).map(|records| {
        let mut out = ByteWriter::with_capacity(records.len() * T::BYTES);
        for record in records {
            record.write(&mut out);
        }
        out.finish()
    })
}

fn count(len: usize, what: &'static str) -> Result<u32, SceneFormatError> {
    u32::try_from(len).map_err(|_| SceneFormatError::TooMany(what))
}

fn check_finite(
    record: &impl Stored,
    what: &'static str,
    index: usize,
) -> Result<(), SceneFormatError> {
    if record.is_finite() {
        Ok(())
    } else {
        Err(SceneFormatError::NotFinite { what, index })
    }
}

fn check_components<T: Component>(list: &[T], nodes: usize) -> Result<(), SceneFormatError> {
    count(list.len(), "components")?;
    if !list.is_sorted_by_key(Component::node) {
        return Err(SceneFormatError::Unsorted);
    }
    // The last one is at the largest node.
    if let Some(node) = list.last().map(Component::node)
        && node as usize >= nodes
    {
        return Err(SceneFormatError::Node { node, nodes });
    }
    for (index, component) in list.iter().enumerate() {
        check_finite(component, "component", index)?;
    }
    Ok(())
}

fn strings_offset(records: &SceneRecords) -> usize {
    DESCRIPTOR_BYTES + records.nodes.len() * NodeRecord::BYTES
}

fn directory_offset(records: &SceneRecords) -> usize {
    strings_offset(records) + records.strings.as_bytes().len()
}

fn block_bytes(environment: &[EnvironmentRecord]) -> usize {
    let records = environment.iter().map(EnvironmentRecord::stored_bytes);
    BLOCK_HEADER_BYTES + records.sum::<usize>()
}

/// Writes the entry of a table, if it is not empty, and moves on to where the next table begins.
fn write_entry<T: Component>(list: &[T], table_at: &mut usize, out: &mut ByteWriter) {
    if !list.is_empty() {
        out.u32(T::TYPE)
            .u64(*table_at as u64)
            .u32(list.len() as u32)
            .u32(T::BYTES as u32);
        *table_at += list.len() * T::BYTES;
    }
}
