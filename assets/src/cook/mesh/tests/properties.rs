//! What holds for all meshes: cooking changes the order of triangles and nothing else about them.

use super::*;
use crate::source::scene::InfluenceSet;
use proptest::prelude::*;

/// A triangle by its bits, beginning at its smallest vertex, so that only the winding counts.
type Bits = [([u32; 18], [u32; 8]); 3];

fn canonical(mut triangle: Bits) -> Bits {
    let first = (0..3).min_by_key(|&i| triangle[i]).unwrap();
    triangle.rotate_left(first);
    triangle
}

/// The cooked triangles of each material, sorted.
fn cooked(lod: &BuiltLod) -> Vec<(Option<MaterialId>, Vec<Bits>)> {
    let vertices = vertices(lod);
    let own = match lod.joint_count {
        Some(_) => influences(lod),
        None => vec![Influences::default(); vertices.len()],
    };
    (0..lod.submeshes.len())
        .map(|index| {
            let corners = corners(lod, index);
            let mut triangles: Vec<Bits> = corners
                .as_chunks::<3>()
                .0
                .iter()
                .map(|t| canonical(t.map(|c| (*vertices[c].bits(), *own[c].bits()))))
                .collect();
            triangles.sort_unstable();
            (lod.submeshes[index].material, triangles)
        })
        .collect()
}

/// The triangles of the source, each corner written out by hand.
fn authored(source: &MeshSource) -> Vec<(Option<MaterialId>, Vec<Bits>)> {
    let mut triangles: std::collections::BTreeMap<(bool, Option<MaterialId>), Vec<Bits>> =
        std::collections::BTreeMap::new();
    let is_skinned = matches!(source.kind, MeshKind::Skinned(_));
    for part in &source.lods[0].parts {
        let streams = &part.streams;
        let vertex = |index: &u32| {
            let i = *index as usize;
            let mut vertex = Vertex::at(streams.positions[i]);
            if let Some(normals) = &streams.normals {
                vertex.normal = normals[i];
            }
            if let Some(texcoords) = &streams.texcoords {
                vertex.texcoord = texcoords[i];
            }
            if let Some(colors) = &streams.colors {
                vertex.color = colors[i];
            }
            if let Some(TangentStream::Frames {
                tangents,
                bitangents,
            }) = &streams.tangents
            {
                vertex.tangent = tangents[i];
                vertex.bitangent = bitangents[i];
            }
            let mut own = Influences::default();
            if is_skinned && let Some(set) = streams.influences.first() {
                own.joints = set.joints[i].map(u32::from);
                own.weights = set.weights[i];
            }
            (*vertex.bits(), *own.bits())
        };
        for range in &part.ranges {
            let first = range.first_index as usize;
            let indices = &part.indices[first..first + range.index_count as usize];
            let key = (range.material.is_none(), range.material);
            let list = triangles.entry(key).or_default();
            for triangle in indices.as_chunks::<3>().0 {
                list.push(canonical(triangle.each_ref().map(vertex)));
            }
        }
    }
    triangles
        .into_iter()
        .map(|((_, material), mut list)| {
            list.sort_unstable();
            (material, list)
        })
        .collect()
}

/// Parts with all attributes authored, from few values, so that many vertices are equal and many differ
/// in one attribute only: seams.
fn authored_part() -> impl Strategy<Value = MeshPart> {
    let unit = prop::sample::select(vec![[1.0f32, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, -1.0]]);
    let small = || (0..3i32).prop_map(|x| x as f32);
    let weights = prop::sample::select(vec![
        ([2u16, 0, 0, 0], [1.0f32, 0.0, 0.0, 0.0]),
        ([1, 3, 0, 0], [0.75, 0.25, 0.0, 0.0]),
        ([0, 1, 2, 3], [0.25; 4]),
    ]);
    let vertex = (
        [small(), small(), small()],
        unit.clone(),
        [small(), small()],
        (unit.clone(), unit),
        prop::sample::select(vec![[1.0f32; 4], [0.0, 0.5, 1.0, 1.0]]),
        weights,
    );
    let vertices = prop::collection::vec(vertex, 1..30);
    let triangles = prop::collection::vec(any::<[prop::sample::Index; 3]>(), 1..40);
    let materials = prop::collection::vec(prop::option::of(0..4u32), 1..5);
    (vertices, triangles, materials).prop_map(|(vertices, triangles, materials)| {
        let streams = VertexStreams {
            positions: vertices.iter().map(|v| v.0).collect(),
            normals: Some(vertices.iter().map(|v| v.1).collect()),
            texcoords: Some(vertices.iter().map(|v| v.2).collect()),
            tangents: Some(TangentStream::Frames {
                tangents: vertices.iter().map(|v| v.3.0).collect(),
                bitangents: vertices.iter().map(|v| v.3.1).collect(),
            }),
            colors: Some(vertices.iter().map(|v| v.4).collect()),
            influences: vec![InfluenceSet {
                joints: vertices.iter().map(|v| v.5.0).collect(),
                weights: vertices.iter().map(|v| v.5.1).collect(),
            }],
        };
        let count = triangles.len() as u32;
        let ranges = (0..materials.len() as u32)
            .map(|i| {
                let runs = materials.len() as u32;
                let (start, end) = (count * i / runs, count * (i + 1) / runs);
                TriangleRange {
                    first_index: 3 * start,
                    index_count: 3 * (end - start),
                    material: materials[i as usize].map(MaterialId),
                }
            })
            .filter(|range| range.index_count > 0)
            .collect();
        MeshPart {
            indices: triangles
                .iter()
                .flatten()
                .map(|index| index.index(vertices.len()) as u32)
                .collect(),
            streams: Arc::new(streams),
            ranges,
        }
    })
}

fn any_policy() -> impl Strategy<Value = AttributePolicy> {
    prop::sample::select(vec![
        AttributePolicy::None,
        AttributePolicy::Preserve,
        AttributePolicy::Generate,
        AttributePolicy::Recalculate,
    ])
}

fn skinned(parts: Vec<MeshPart>) -> MeshSource {
    let matrix = std::array::from_fn(|i| if i % 5 == 0 { 1.0 } else { 0.0 });
    MeshSource {
        mirrored: false,
        kind: MeshKind::Skinned(Skin {
            inverse_bind: vec![matrix; 4],
            joint_remap: vec![0, 1, 2, 3],
        }),
        ..mesh(parts)
    }
}

proptest! {
    #[test]
    fn triangles_survive_bit_by_bit(
        parts in prop::collection::vec(authored_part(), 1..4),
        is_skinned: bool,
        optimize: bool,
    ) {
        let source = if is_skinned { skinned(parts) } else { mesh(parts) };
        let settings = GeometrySettings { optimize, ..GeometrySettings::default() };
        let built = try_build(&source, &settings).unwrap();
        prop_assert_eq!(cooked(&built.lods[0]), authored(&source));
    }

    #[test]
    fn optimising_permutes_only(
        parts in prop::collection::vec(authored_part(), 1..3),
        normals in any_policy(),
        tangents in any_policy(),
        drops_normals: bool,
        is_skinned: bool,
    ) {
        let mut parts = parts;
        if drops_normals {
            edit(&mut parts[0], |streams| streams.normals = None);
        }
        let source = if is_skinned { skinned(parts) } else { mesh(parts) };
        let with = |optimize| {
            let settings = GeometrySettings {
                optimize, normals, tangents, ..GeometrySettings::default()
            };
            try_build(&source, &settings).unwrap()
        };
        let (plain, optimized) = (with(false), with(true));
        prop_assert_eq!(cooked(&plain.lods[0]), cooked(&optimized.lods[0]));
        prop_assert_eq!(plain.attributes, optimized.attributes);
        prop_assert_eq!(&plain.diagnostics, &optimized.diagnostics);
        // Normals and tangents are unit vectors wherever they come from.
        for vertex in vertices(&optimized.lods[0]) {
            for axis in [vertex.normal, vertex.tangent, vertex.bitangent] {
                let length = axis.iter().map(|x| x * x).sum::<f32>().sqrt();
                prop_assert!((length - 1.0).abs() < 1e-5, "{:?}", vertex);
            }
        }
    }

    #[test]
    fn cooking_twice_gives_the_same_bytes_at_any_pace(
        parts in prop::collection::vec(authored_part(), 1..3),
        lod_count in 1..4u32,
    ) {
        let source = mesh(parts);
        let settings = GeometrySettings {
            lod_count,
            normals: AttributePolicy::Recalculate,
            tangents: AttributePolicy::Recalculate,
            ..GeometrySettings::default()
        };
        let first = try_build(&source, &settings).unwrap();
        let pace = Pace::sliced(CancelFlag::new(), std::time::Duration::ZERO);
        prop_assert_eq!(first, try_build_at(&source, &settings, pace).unwrap());
    }

    #[test]
    fn any_bits_are_survived(
        words in prop::collection::vec(any::<[u32; 19]>(), 1..12),
        indices in prop::collection::vec(prop_oneof![0..14u32, any::<u32>()], 0..40),
        ranges in prop::collection::vec(
            (prop_oneof![0..40u32, any::<u32>()], prop_oneof![0..40u32, any::<u32>()],
             prop::option::of(prop_oneof![0..12u32, any::<u32>()])),
            0..4,
        ),
        present: [bool; 5],
        normals in any_policy(),
        tangents in any_policy(),
        is_skinned: bool,
        lod_count in 1..3u32,
    ) {
        let float = |bits: u32| f32::from_bits(bits);
        let take = |from: usize| words.iter().map(move |w| [w[from], w[from + 1], w[from + 2]].map(float));
        let take4 = |from: usize| words.iter().map(move |w| {
            [w[from], w[from + 1], w[from + 2], w[from + 3]].map(float)
        });
        let streams = VertexStreams {
            positions: take(0).collect(),
            normals: present[0].then(|| take(3).collect()),
            texcoords: present[1].then(|| take(6).map(|[u, v, _]| [u, v]).collect()),
            tangents: present[2].then(|| TangentStream::Signed(take4(8).collect())),
            colors: present[3].then(|| take4(12).collect()),
            influences: vec![InfluenceSet {
                joints: words.iter().map(|w| [w[16] as u16 % 8, 1, w[17] as u16 % 8, 3]).collect(),
                weights: take4(14).collect(),
            }],
        };
        let part = MeshPart {
            streams: Arc::new(streams),
            indices,
            ranges: ranges.iter().map(|&(first_index, index_count, material)| TriangleRange {
                first_index, index_count, material: material.map(MaterialId),
            }).collect(),
        };
        let mut parts = vec![part.clone()];
        if present[4] {
            parts.push(part);
        }
        let source = if is_skinned { skinned(parts) } else { mesh(parts) };
        let settings = GeometrySettings { normals, tangents, lod_count, ..GeometrySettings::default() };
        match try_build(&source, &settings) {
            Ok(_) => {}
            Err(MeshBuildError::Failed { diagnostics, .. }) => {
                prop_assert!(diagnostics.last().is_some_and(Diagnostic::is_error));
            }
            Err(MeshBuildError::Cancelled(_)) => prop_assert!(false, "nobody cancelled"),
        }
    }
}
