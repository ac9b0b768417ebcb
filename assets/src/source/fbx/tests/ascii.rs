//! Writes ASCII FBX 7.4, so that tests need no files.

use std::fmt::Write;

/// A file in the making: right-handed, +Y up, +Z to the front, centimetres unless said otherwise.
#[derive(Clone)]
pub struct Ascii {
    pub version: u32,
    pub creator: &'static str,
    settings: Vec<String>,
    objects: String,
    connections: String,
    next: u64,
}

/// The root of the hierarchy.
pub const ROOT: u64 = 0;

/// A property with numbers.
pub fn property(name: &str, kind: &str, values: &[f64]) -> String {
    let values: Vec<_> = values.iter().map(ToString::to_string).collect();
    format!(
        "P: \"{name}\", \"{kind}\", \"\", \"A\",{}\n",
        values.join(",")
    )
}

/// A property with a whole number.
pub fn integer(name: &str, value: i32) -> String {
    format!("P: \"{name}\", \"int\", \"Integer\", \"\",{value}\n")
}

/// Local translation, rotation in degrees, and scale.
pub fn placed(translation: [f64; 3], rotation: [f64; 3], scale: [f64; 3]) -> String {
    property("Lcl Translation", "Lcl Translation", &translation)
        + &property("Lcl Rotation", "Lcl Rotation", &rotation)
        + &property("Lcl Scaling", "Lcl Scaling", &scale)
}

fn array<T: ToString>(name: &str, values: impl IntoIterator<Item = T>) -> String {
    let values: Vec<_> = values.into_iter().map(|value| value.to_string()).collect();
    format!(
        "{name}: *{} {{\na: {}\n}}\n",
        values.len(),
        values.join(",")
    )
}

fn flat<const N: usize>(values: &[[f64; N]]) -> impl Iterator<Item = f64> {
    values.iter().flatten().copied()
}

/// Name, values, and an index for each corner.
pub type UvSet = (&'static str, Vec<[f64; 2]>, Vec<i32>);

/// A polygon mesh.
#[derive(Clone, Default)]
pub struct Geometry {
    pub vertices: Vec<[f64; 3]>,
    pub polygons: Vec<Vec<i32>>,
    /// One for each corner.
    pub normals: Option<Vec<[f64; 3]>>,
    pub uvs: Vec<UvSet>,
    /// Name, and a value for each corner.
    pub colors: Vec<(&'static str, Vec<[f64; 4]>)>,
    /// One for each polygon.
    pub materials: Option<Vec<i32>>,
    /// Whether each polygon is a hole.
    pub holes: Option<Vec<i32>>,
    /// The smoothing group of each polygon.
    pub smoothing: Option<Vec<i32>>,
    /// The corners where edges begin, and whether each edge is smooth.
    pub edges: Option<(Vec<i32>, Vec<i32>)>,
}

impl Geometry {
    /// A box between two corners, with normals and one UV set.
    pub fn cuboid(min: [f64; 3], max: [f64; 3]) -> Self {
        let corner = |i: usize| std::array::from_fn(|axis| [min, max][i >> axis & 1][axis]);
        let polygons = [
            [0, 4, 6, 2],
            [1, 3, 7, 5],
            [0, 1, 5, 4],
            [2, 6, 7, 3],
            [0, 2, 3, 1],
            [4, 5, 7, 6],
        ];
        let normal = |face: usize| {
            let mut normal = [0.0; 3];
            normal[face / 2] = [-1.0, 1.0][face % 2];
            normal
        };
        Self {
            vertices: (0..8).map(corner).collect(),
            polygons: polygons.iter().map(|polygon| polygon.to_vec()).collect(),
            normals: Some((0..24).map(|corner| normal(corner / 4)).collect()),
            uvs: vec![(
                "map1",
                vec![[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]],
                (0..24).map(|corner| corner % 4).collect(),
            )],
            ..Self::default()
        }
    }

    /// One polygon in the plane of X and Y, counter-clockwise seen from +Z.
    pub fn polygon(outline: &[[f64; 2]]) -> Self {
        Self {
            vertices: outline.iter().map(|[x, y]| [*x, *y, 0.0]).collect(),
            polygons: vec![(0..outline.len() as i32).collect()],
            ..Self::default()
        }
    }

    fn body(&self) -> String {
        let mut body = array("Vertices", flat(&self.vertices));
        let mut corners = Vec::new();
        for polygon in &self.polygons {
            corners.extend_from_slice(polygon);
            if let Some(last) = corners.last_mut() {
                *last = !*last;
            }
        }
        body += &array("PolygonVertexIndex", corners);
        let layer =
            |kind: &str, index: usize, name: &str, mapping: &str, reference: &str, data: &str| {
                format!(
                    "LayerElement{kind}: {index} {{\nVersion: 101\nName: \"{name}\"\n\
                 MappingInformationType: \"{mapping}\"\nReferenceInformationType: \"{reference}\"\n\
                 {data}}}\n"
                )
            };
        let (by_corner, by_polygon) = ("ByPolygonVertex", "ByPolygon");
        if let Some(normals) = &self.normals {
            body += &layer(
                "Normal",
                0,
                "",
                by_corner,
                "Direct",
                &array("Normals", flat(normals)),
            );
        }
        for (index, (name, values, indices)) in self.uvs.iter().enumerate() {
            let data = array("UV", flat(values)) + &array("UVIndex", indices);
            body += &layer("UV", index, name, by_corner, "IndexToDirect", &data);
        }
        for (index, (name, values)) in self.colors.iter().enumerate() {
            let data = array("Colors", flat(values));
            body += &layer("Color", index, name, by_corner, "Direct", &data);
        }
        if let Some(materials) = &self.materials {
            let data = array("Materials", materials);
            body += &layer("Material", 0, "", by_polygon, "IndexToDirect", &data);
        }
        if let Some(smoothing) = &self.smoothing {
            let data = array("Smoothing", smoothing);
            body += &layer("Smoothing", 0, "", by_polygon, "Direct", &data);
        }
        if let Some((edges, smoothing)) = &self.edges {
            body += &array("Edges", edges);
            let data = array("Smoothing", smoothing);
            body += &layer("Smoothing", 0, "", "ByEdge", "Direct", &data);
        }
        if let Some(holes) = &self.holes {
            body += &layer("Hole", 0, "", by_polygon, "Direct", &array("Hole", holes));
        }
        body
    }
}

impl Default for Ascii {
    fn default() -> Self {
        Self {
            version: 7400,
            creator: "FBX SDK/FBX Plugins version 2020.0",
            settings: [
                ("UpAxis", 1),
                ("UpAxisSign", 1),
                ("FrontAxis", 2),
                ("FrontAxisSign", 1),
                ("CoordAxis", 0),
                ("CoordAxisSign", 1),
            ]
            .map(|(name, value)| integer(name, value))
            .into_iter()
            .chain([property("UnitScaleFactor", "double", &[1.0])])
            .collect(),
            objects: String::new(),
            connections: String::new(),
            next: 1000,
        }
    }
}

impl Ascii {
    /// Right, up and front as axis (0 to 2) and sign.
    pub fn axes(mut self, axes: [(i32, i32); 3]) -> Self {
        let names = ["Coord", "Up", "Front"];
        self.settings.truncate(0);
        for (name, (axis, sign)) in names.into_iter().zip(axes) {
            self.settings.push(integer(&format!("{name}Axis"), axis));
            self.settings
                .push(integer(&format!("{name}AxisSign"), sign));
        }
        self.unit(1.0)
    }

    /// +Z up, -Y to the front.
    pub fn z_up(self) -> Self {
        self.axes([(0, 1), (2, 1), (1, -1)])
    }

    /// The unit in centimetres.
    pub fn unit(mut self, centimetres: f64) -> Self {
        self.settings
            .retain(|line| !line.contains("UnitScaleFactor"));
        let unit = property("UnitScaleFactor", "double", &[centimetres]);
        self.settings.push(unit);
        self
    }

    /// Forgets settings whose names contain a text.
    pub fn without(mut self, name: &str) -> Self {
        self.settings.retain(|line| !line.contains(name));
        self
    }

    /// Adds an object.
    pub fn object(&mut self, class: &str, label: &str, kind: &str, body: &str) -> u64 {
        self.next += 1;
        let id = self.next;
        writeln!(
            self.objects,
            "{class}: {id}, \"{label}\", \"{kind}\" {{\n{body}}}"
        )
        .unwrap();
        id
    }

    /// Puts one object into another.
    pub fn connect(&mut self, child: u64, parent: u64) {
        writeln!(self.connections, "C: \"OO\",{child},{parent}").unwrap();
    }

    /// Gives one object to a property of another.
    pub fn connect_property(&mut self, child: u64, parent: u64, name: &str) {
        writeln!(self.connections, "C: \"OP\",{child},{parent}, \"{name}\"").unwrap();
    }

    /// A node.
    pub fn node(&mut self, name: &str, parent: u64, properties: &str) -> u64 {
        self.node_of("Null", name, parent, properties)
    }

    /// A node of a kind.
    pub fn node_of(&mut self, kind: &str, name: &str, parent: u64, properties: &str) -> u64 {
        let body = format!("Version: 232\nProperties70: {{\n{properties}}}\n");
        let node = self.object("Model", &format!("Model::{name}"), kind, &body);
        self.connect(node, parent);
        node
    }

    /// A mesh.
    pub fn geometry(&mut self, name: &str, geometry: &Geometry) -> u64 {
        let label = format!("Geometry::{name}");
        self.object("Geometry", &label, "Mesh", &geometry.body())
    }

    /// A node with a mesh. Returns both.
    pub fn mesh(
        &mut self,
        name: &str,
        parent: u64,
        properties: &str,
        geometry: &Geometry,
    ) -> (u64, u64) {
        let node = self.node_of("Mesh", name, parent, properties);
        let mesh = self.geometry("", geometry);
        self.connect(mesh, node);
        (node, mesh)
    }

    /// What a node is besides a place.
    pub fn attribute(&mut self, node: u64, kind: &str, properties: &str) -> u64 {
        let body = format!("TypeFlags: \"{kind}\"\nProperties70: {{\n{properties}}}\n");
        let attribute = self.object("NodeAttribute", "NodeAttribute::", kind, &body);
        self.connect(attribute, node);
        attribute
    }

    /// A material of a shading model.
    pub fn material(&mut self, name: &str, shading: &str, properties: &str) -> u64 {
        let body = format!(
            "Version: 102\nShadingModel: \"{shading}\"\nProperties70: {{\n{properties}}}\n"
        );
        self.object("Material", &format!("Material::{name}"), "", &body)
    }

    /// A texture in a slot of a material.
    pub fn texture(
        &mut self,
        material: u64,
        slot: &str,
        relative: &str,
        absolute: &str,
        properties: &str,
    ) -> u64 {
        let body = format!(
            "Type: \"TextureVideoClip\"\nFileName: \"{absolute}\"\nRelativeFilename: \"{relative}\"\n\
             Properties70: {{\n{properties}}}\n"
        );
        let texture = self.object("Texture", "Texture::texture", "", &body);
        self.connect_property(texture, material, slot);
        texture
    }

    /// The content of a texture, in base 64.
    pub fn embed(&mut self, texture: u64, relative: &str, absolute: &str, base64: &str) {
        let body = format!(
            "Type: \"Clip\"\nFilename: \"{absolute}\"\nRelativeFilename: \"{relative}\"\n\
             Content: ,\n\"{base64}\"\n"
        );
        let video = self.object("Video", "Video::video", "Clip", &body);
        self.connect(video, texture);
    }

    /// A skin of a mesh, for [`Ascii::cluster`].
    pub fn skin(&mut self, mesh: u64) -> u64 {
        let body = "Version: 101\nLink_DeformAcuracy: 50\n";
        let skin = self.object("Deformer", "Deformer::", "Skin", body);
        self.connect(skin, mesh);
        skin
    }

    /// Binds control points to a node. Matrices are column-major: that of the mesh seen from the node,
    /// and that of the node in the world.
    pub fn cluster(
        &mut self,
        skin: u64,
        node: u64,
        weights: &[(i32, f64)],
        mesh_in_node: [f64; 16],
        node_in_world: [f64; 16],
    ) {
        let body = String::from("Version: 100\n")
            + &array("Indexes", weights.iter().map(|(index, _)| index))
            + &array("Weights", weights.iter().map(|(_, weight)| weight))
            + &array("Transform", mesh_in_node)
            + &array("TransformLink", node_in_world);
        let cluster = self.object("Deformer", "SubDeformer::", "Cluster", &body);
        self.connect(cluster, skin);
        self.connect(node, cluster);
    }

    /// The file.
    pub fn build(&self) -> Vec<u8> {
        format!(
            "; FBX 7.4.0 project file\n\nFBXHeaderExtension:  {{\n\tFBXHeaderVersion: 1003\n\
             \tFBXVersion: {}\n\tCreator: \"{}\"\n}}\nCreator: \"{}\"\n\
             GlobalSettings:  {{\n\tVersion: 1000\n\tProperties70:  {{\n{}\t}}\n}}\n\
             Objects:  {{\n{}}}\nConnections:  {{\n{}}}\n",
            self.version,
            self.creator,
            self.creator,
            self.settings.concat(),
            self.objects,
            self.connections,
        )
        .into_bytes()
    }
}
