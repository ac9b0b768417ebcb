//! Reading scene descriptors.

use super::{
    DIRECTORY_ENTRY_BYTES, DirectionalLightRecord, EnvironmentRecord, OrthographicCameraRecord,
    PerspectiveCameraRecord, PointLightRecord, RenderableRecord, SceneComponents, SceneDescriptor,
    SceneFormatError, SceneRecords, SpotLightRecord, StringTable, component::Component,
};
use crate::format::{
    asset_header::AssetHeader, bytes::ByteReader, index::AssetType, record::Stored,
};

/// Part of a descriptor, and the largest end of any part so far.
struct Parts<'a> {
    bytes: &'a [u8],
    end: usize,
}

impl<'a> Parts<'a> {
    fn take(
        &mut self,
        offset: u64,
        len: u64,
        what: &'static str,
    ) -> Result<&'a [u8], SceneFormatError> {
        let error = SceneFormatError::Range(what);
        let start = usize::try_from(offset).map_err(|_| error)?;
        let len = usize::try_from(len).map_err(|_| error)?;
        let end = start.checked_add(len).ok_or(error)?;
        let part = self.bytes.get(start..end).ok_or(error)?;
        self.end = self.end.max(end);
        Ok(part)
    }

    fn records<T: Stored>(
        &mut self,
        offset: u64,
        count: u32,
        found: u32,
        what: &'static str,
    ) -> Result<Vec<T>, SceneFormatError> {
        if found as usize != T::BYTES {
            return Err(SceneFormatError::RecordSize {
                what,
                found,
                expected: T::BYTES,
            });
        }
        let part = self.take(offset, u64::from(count) * T::BYTES as u64, what)?;
        let mut reader = ByteReader::new(part);
        let records = (0..count).map(|_| T::read(&mut reader));
        Ok(records.collect::<Result<_, _>>()?)
    }
}

impl SceneDescriptor {
    /// Reads a descriptor, to the last byte. The parts may be in any order, as loaders take them; tables
    /// of unknown components are left out.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn parse(bytes: &[u8]) -> Result<Self, SceneFormatError> {
        let mut reader = ByteReader::new(bytes);
        let header = AssetHeader::read(AssetType::Scene, &mut reader)?;
        let (nodes_at, node_count, node_size) = (reader.u64()?, reader.u32()?, reader.u32()?);
        let (strings_at, strings_len) = (reader.u32()?, reader.u32()?);
        let (directory_at, table_count) = (reader.u64()?, reader.u32()?);
        reader.take(125)?;
        let mut parts = Parts {
            bytes,
            end: reader.offset(),
        };
        let nodes = parts.records(nodes_at, node_count, node_size, "nodes")?;
        let strings = parts.take(u64::from(strings_at), u64::from(strings_len), "strings")?;
        let strings = StringTable::parse(strings).ok_or(SceneFormatError::Strings)?;
        let components = if table_count == 0 {
            SceneComponents::default()
        } else {
            read_tables(&mut parts, directory_at, table_count)?
        };
        let environment = read_environment(bytes, parts.end)?;
        Self::new(SceneRecords {
            header,
            nodes,
            strings,
            components,
            environment,
        })
    }
}

fn read_tables(
    parts: &mut Parts<'_>,
    directory_at: u64,
    table_count: u32,
) -> Result<SceneComponents, SceneFormatError> {
    let len = u64::from(table_count) * DIRECTORY_ENTRY_BYTES as u64;
    let mut directory = ByteReader::new(parts.take(directory_at, len, "tables")?);
    let mut components = SceneComponents::default();
    for _ in 0..table_count {
        let table_type = directory.u32()?;
        let (offset, count, size) = (directory.u64()?, directory.u32()?, directory.u32()?);
        macro_rules! read {
            ($($record:ident $list:ident),*) => {
                match table_type {
                    $( $record::TYPE => {
                        if !components.$list.is_empty() {
                            return Err(SceneFormatError::DuplicateTable(table_type));
                        }
                        components.$list = parts.records(offset, count, size, "components")?;
                    } )*
                    _ => {
                        let len = u64::from(count) * u64::from(size);
                        parts.take(offset, len, "components")?;
                    }
                }
            };
        }
        read!(
            RenderableRecord renderables,
            PerspectiveCameraRecord perspective_cameras,
            OrthographicCameraRecord orthographic_cameras,
            DirectionalLightRecord directional_lights,
            PointLightRecord point_lights,
            SpotLightRecord spot_lights
        );
    }
    Ok(components)
}

/// The environment block: what begins where all other parts have ended.
fn read_environment(
    bytes: &[u8],
    start: usize,
) -> Result<Vec<EnvironmentRecord>, SceneFormatError> {
    let mut reader = ByteReader::at(bytes, start);
    let (stored, count) = (reader.u32()?, reader.u32()?);
    reader.take(8)?;
    let actual = bytes.len() - start;
    if stored as usize != actual {
        return Err(SceneFormatError::Block { stored, actual });
    }
    let mut environment = Vec::new();
    for _ in 0..count {
        let rest = bytes.get(reader.offset()..).unwrap_or_default();
        let record = EnvironmentRecord::parse(rest)?;
        reader.take(record.stored_bytes())?;
        environment.push(record);
    }
    let actual = reader.offset() - start;
    if stored as usize != actual {
        return Err(SceneFormatError::Block { stored, actual });
    }
    Ok(environment)
}
