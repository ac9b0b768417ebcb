//! The same work in a plain loop: parse, share vertices, tangents, order, write.

use bevy_mikktspace::{Geometry, TangentSpace, generate_tangents};
use meshopt::{
    VertexDataAdapter, generate_vertex_remap, optimize_overdraw_in_place,
    optimize_vertex_cache_in_place, optimize_vertex_fetch, remap_index_buffer, remap_vertex_buffer,
};
use std::{fs::File, io::Write, path::Path};

/// A vertex as it is stored: position, normal, texture coordinates, tangent, bitangent, colour.
type Vertex = [f32; 18];

struct Corners(Vec<Vertex>);

impl Geometry for Corners {
    fn num_faces(&self) -> usize {
        self.0.len() / 3
    }

    fn num_vertices_of_face(&self, _: usize) -> usize {
        3
    }

    fn position(&self, face: usize, corner: usize) -> [f32; 3] {
        let v = &self.0[3 * face + corner];
        [v[0], v[1], v[2]]
    }

    fn normal(&self, face: usize, corner: usize) -> [f32; 3] {
        let v = &self.0[3 * face + corner];
        [v[3], v[4], v[5]]
    }

    fn tex_coord(&self, face: usize, corner: usize) -> [f32; 2] {
        let v = &self.0[3 * face + corner];
        [v[6], v[7]]
    }

    fn set_tangent(&mut self, space: Option<TangentSpace>, face: usize, corner: usize) {
        let Some([x, y, z, w]) = space.map(|space| space.tangent_encoded()) else {
            return;
        };
        let v = &mut self.0[3 * face + corner];
        let n = [v[3], v[4], v[5]];
        let b = [
            n[1] * z - n[2] * y,
            n[2] * x - n[0] * z,
            n[0] * y - n[1] * x,
        ];
        v[8..11].copy_from_slice(&[x, y, z]);
        v[11..14].copy_from_slice(&b.map(|c| c * w));
    }
}

/// Cooks every mesh of a `.glb` and writes what comes out.
pub fn cook(source: &Path, target: &Path) {
    let bytes = std::fs::read(source).unwrap();
    let file = gltf::Gltf::from_slice(&bytes).unwrap();
    let blob = file.blob.as_deref().unwrap();
    let mut out = File::create(target).unwrap();
    for primitive in file.meshes().flat_map(|mesh| mesh.primitives()) {
        let reader = primitive.reader(|_| Some(blob));
        let positions: Vec<[f32; 3]> = reader.read_positions().unwrap().collect();
        let normals: Vec<[f32; 3]> = reader.read_normals().unwrap().collect();
        let uvs: Vec<[f32; 2]> = reader.read_tex_coords(0).unwrap().into_f32().collect();
        let corners = reader.read_indices().unwrap().into_u32().map(|index| {
            let index = index as usize;
            let ([x, y, z], [nx, ny, nz], [u, v]) = (positions[index], normals[index], uvs[index]);
            let turned = [x, -z, y, nx, -nz, ny, u, v];
            let mut vertex = [0.0; 18];
            vertex[..8].copy_from_slice(&turned);
            vertex[14..].copy_from_slice(&[1.0; 4]);
            vertex
        });
        let mut corners = Corners(corners.collect());
        generate_tangents(&mut corners).unwrap();
        let (count, remap) = generate_vertex_remap(&corners.0, None);
        let mut indices = remap_index_buffer(None, corners.0.len(), &remap);
        let vertices = remap_vertex_buffer(&corners.0, count, &remap);
        optimize_vertex_cache_in_place(&mut indices, count);
        let raw: &[u8] = bytemuck::cast_slice(&vertices);
        let adapter = VertexDataAdapter::new(raw, size_of::<Vertex>(), 0).unwrap();
        optimize_overdraw_in_place(&mut indices, &adapter, 1.05);
        let vertices = optimize_vertex_fetch(&mut indices, &vertices);
        out.write_all(bytemuck::cast_slice(&vertices)).unwrap();
        out.write_all(bytemuck::cast_slice(&indices)).unwrap();
    }
    out.sync_all().unwrap();
}
