//! A large FBX file: meshes that differ from each other, in binary, without textures.

/// A node of a binary FBX file.
struct Node {
    name: &'static str,
    properties: Vec<u8>,
    property_count: u32,
    children: Vec<Node>,
}

/// Bytes of what stands before the name of a node, and of the end of a list of nodes.
const NODE_HEAD: usize = 13;

fn node(name: &'static str) -> Node {
    Node {
        name,
        properties: Vec::new(),
        property_count: 0,
        children: Vec::new(),
    }
}

impl Node {
    fn property(mut self, kind: u8, bytes: impl AsRef<[u8]>) -> Self {
        self.properties.push(kind);
        self.properties.extend_from_slice(bytes.as_ref());
        self.property_count += 1;
        self
    }

    fn id(self, id: i64) -> Self {
        self.property(b'L', id.to_le_bytes())
    }

    fn text(self, text: &str) -> Self {
        let len = (text.len() as u32).to_le_bytes();
        self.property(b'S', [&len[..], text.as_bytes()].concat())
    }

    /// An array that is not compressed.
    fn array(self, kind: u8, count: usize, bytes: Vec<u8>) -> Self {
        let head = [count as u32, 0, bytes.len() as u32];
        let head = head.map(u32::to_le_bytes).concat();
        self.property(kind, [head, bytes].concat())
    }

    fn doubles(self, values: &[f64]) -> Self {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes());
        self.array(b'd', values.len(), bytes.collect())
    }

    fn integers(self, values: &[i32]) -> Self {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes());
        self.array(b'i', values.len(), bytes.collect())
    }

    fn with(mut self, children: impl IntoIterator<Item = Node>) -> Self {
        self.children.extend(children);
        self
    }

    fn write(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&[0; NODE_HEAD - 1]);
        out.push(self.name.len() as u8);
        out.extend_from_slice(self.name.as_bytes());
        out.extend_from_slice(&self.properties);
        for child in &self.children {
            child.write(out);
        }
        if !self.children.is_empty() {
            out.extend_from_slice(&[0; NODE_HEAD]);
        }
        let head = [
            out.len() as u32,
            self.property_count,
            self.properties.len() as u32,
        ];
        out[start..start + NODE_HEAD - 1].copy_from_slice(&head.map(u32::to_le_bytes).concat());
    }
}

/// A file with `meshes` sheets of `side` times `side` quads, each with normals and texture coordinates.
pub fn sheets(meshes: usize, side: usize) -> Vec<u8> {
    let mut objects = node("Objects");
    let mut connections = node("Connections");
    let connect = |child: i64, parent: i64| node("C").text("OO").id(child).id(parent);
    for mesh in 0..meshes {
        let (geometry, model) = (1000 + mesh as i64, 1_000_000 + mesh as i64);
        let name = format!("Sheet{mesh}");
        objects.children.push(sheet(geometry, &name, mesh, side));
        let model_node = node("Model").id(model);
        let model_node = model_node.text(&format!("{name}\0\x01Model")).text("Mesh");
        objects.children.push(model_node);
        connections.children.push(connect(model, 0));
        connections.children.push(connect(geometry, model));
    }
    let mut out = b"Kaydara FBX Binary  \0\x1a\0".to_vec();
    out.extend_from_slice(&7400_u32.to_le_bytes());
    objects.write(&mut out);
    connections.write(&mut out);
    out.extend_from_slice(&[0; NODE_HEAD]);
    out
}

fn sheet(id: i64, name: &str, seed: usize, side: usize) -> Node {
    let height = |x: usize, y: usize| ((x * 3 + y * 5 + seed * 7) as f64 * 0.1).sin() * 4.0;
    let corners = || (0..=side).flat_map(move |y| (0..=side).map(move |x| (x, y)));
    let positions: Vec<f64> = corners()
        .flat_map(|(x, y)| [x as f64, y as f64, height(x, y)])
        .collect();
    let uvs: Vec<f64> = corners()
        .flat_map(|(x, y)| [x as f64 / side as f64, y as f64 / side as f64])
        .collect();
    let mut indices = Vec::new();
    let mut polygons = Vec::new();
    let mut normals = Vec::new();
    for (x, y) in (0..side).flat_map(|y| (0..side).map(move |x| (x, y))) {
        let first = (y * (side + 1) + x) as i32;
        let row = side as i32 + 1;
        let quad = [first, first + 1, first + row + 1, first + row];
        indices.extend(quad);
        polygons.extend([quad[0], quad[1], quad[2], !quad[3]]);
        for (x, y) in [(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)] {
            let (dx, dy) = (
                height(x + 1, y) - height(x, y),
                height(x, y + 1) - height(x, y),
            );
            let len = (dx * dx + dy * dy + 1.0).sqrt();
            normals.extend([-dx / len, -dy / len, 1.0 / len]);
        }
    }
    let layer = |name, kind: &str, reference: &str| {
        node(name).property(b'I', 0_i32.to_le_bytes()).with([
            node("Name").text("map1"),
            node("MappingInformationType").text("ByPolygonVertex"),
            node("ReferenceInformationType").text(reference),
            node("Type").text(kind),
        ])
    };
    let used = |kind: &str| {
        node("LayerElement").with([
            node("Type").text(kind),
            node("TypedIndex").property(b'I', 0_i32.to_le_bytes()),
        ])
    };
    let geometry = node("Geometry").id(id);
    let geometry = geometry.text(&format!("{name}\0\x01Geometry")).text("Mesh");
    geometry.with([
        node("Vertices").doubles(&positions),
        node("PolygonVertexIndex").integers(&polygons),
        layer("LayerElementNormal", "", "Direct").with([node("Normals").doubles(&normals)]),
        layer("LayerElementUV", "", "IndexToDirect")
            .with([node("UV").doubles(&uvs), node("UVIndex").integers(&indices)]),
        node("Layer")
            .property(b'I', 0_i32.to_le_bytes())
            .with([used("LayerElementNormal"), used("LayerElementUV")]),
    ])
}
