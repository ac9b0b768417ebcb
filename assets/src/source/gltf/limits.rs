//! What a file may ask for.

/// Limits that are checked before memory is taken.
///
/// They are far beyond what tools write. A file of a few kilobytes can ask for gigabytes: with accessors
/// that have no data and are filled with zeros, with a million empty nodes, or with many accessors over
/// the same bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GltfLimits {
    /// Bytes of JSON, embedded data included.
    pub max_json_bytes: u64,
    /// Objects in the JSON: each node, mesh, accessor and so on is one or a few.
    pub max_json_objects: u64,
    /// Values in the JSON.
    pub max_json_values: u64,
    /// Files that buffers are in.
    pub max_files: usize,
    /// Elements of an accessor that has no data of its own.
    pub max_zero_elements: u64,
    /// Vertices of one mesh.
    pub max_mesh_vertices: u64,
    /// Indices of one mesh.
    pub max_mesh_indices: u64,
    /// Bytes that embedded and compressed data may take when it is decoded.
    pub max_decoded_bytes: u64,
}

impl Default for GltfLimits {
    fn default() -> Self {
        Self {
            max_json_bytes: 1 << 30,
            max_json_objects: 4 << 20,
            max_json_values: 64 << 20,
            max_files: 1 << 12,
            max_zero_elements: 1 << 20,
            max_mesh_vertices: 1 << 26,
            max_mesh_indices: 1 << 27,
            max_decoded_bytes: 4 << 30,
        }
    }
}
