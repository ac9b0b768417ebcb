//! FBX scenes, binary and ASCII, of versions 3.0 to 7.7.
//!
//! [`read`] parses a file through `ufbx` and tells the scene in neutral form. Meshes and embedded images
//! stay in the parsed document, which their loaders share, and are decoded when their work item runs.
//! Nothing is read from any other file: where textures may be is told as [`TextureSearch`]es, and
//! whoever may read files says what was found, with [`FbxScene::resolve`].

mod component;
mod document;
mod error;
mod geometry;
mod images;
mod limits;
mod lods;
mod maps;
mod material;
mod meshes;
mod nodes;
mod normals;
mod search;
mod skin;
mod space;
#[cfg(test)]
mod tests;
mod triangles;
mod uv;

pub use error::FbxError;
pub use limits::FbxLimits;
pub use search::TextureSearch;

use crate::{
    cook::pace::CancelFlag,
    diagnostic::{Diagnostic, codes::fbx as codes},
    naming::scene_name,
    settings::scene::UnitScale,
    source::{
        path::SourcePath,
        scene::{IgnoredContent, ImageData, ImageId, SceneParts, SceneSource},
    },
};
use document::{Document, parse};
use images::Images;
use meshes::MeshList;
use space::{Space, SpaceReport, axis_name};
use std::{collections::BTreeMap, sync::Arc};
use ufbx::Scene;

/// How a file is read.
#[derive(Clone, Debug, PartialEq)]
pub struct FbxOptions {
    /// The unit of the scene.
    pub units: UnitScale,
    /// Whether meshes without normals get some, by their smoothing groups. The cooker would only give
    /// them flat ones.
    pub generate_normals: bool,
    /// Whether geometry other than polygons is an error; if not, it is left out.
    pub refuse_non_triangles: bool,
    /// How much the file may ask for.
    pub limits: FbxLimits,
}

impl Default for FbxOptions {
    fn default() -> Self {
        Self {
            units: UnitScale::default(),
            generate_normals: true,
            refuse_non_triangles: false,
            limits: FbxLimits::default(),
        }
    }
}

/// Whether the first bytes of a file are those of an FBX file.
///
/// Binary files have a signature. ASCII files do not: most begin with a comment that names the format,
/// the others with the section that FBX files begin with.
pub fn recognizes(head: &[u8]) -> bool {
    if head.starts_with(b"Kaydara FBX Binary") {
        return true;
    }
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let lines = head.split(|byte| matches!(byte, b'\n' | b'\r'));
    let mut lines = lines
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty());
    let comments = lines.by_ref().take(MAX_COMMENTS);
    for line in comments {
        match line.strip_prefix(b";") {
            Some(comment) if comment.trim_ascii_start().starts_with(b"FBX") => return true,
            Some(_) => {}
            None => return line.starts_with(b"FBXHeaderExtension:"),
        }
    }
    false
}

/// Lines of comments at the beginning of an ASCII file that are looked at.
const MAX_COMMENTS: usize = 64;

/// A scene whose textures are still to be found.
#[derive(Clone, Debug)]
pub struct FbxScene {
    parts: SceneParts,
    searches: Vec<TextureSearch>,
}

/// Reads a file. `source` names it in diagnostics; its last part without the extension is the name of
/// the scene.
///
/// # Errors
/// [`FbxError`] when the file cannot be parsed within the limits, or the flag was raised.
pub fn read(
    bytes: &[u8],
    source: &str,
    options: &FbxOptions,
    cancel: &CancelFlag,
) -> Result<FbxScene, FbxError> {
    let scene = parse(bytes, &options.limits, cancel)?;
    let (space, report) = Space::of(&scene, options.units)?;
    let document = Arc::new(Document {
        scene,
        space,
        source: source.to_owned(),
    });
    let mut notes = Vec::new();
    report_space(&document, &report, &mut notes);
    report_warnings(&document, &mut notes);
    let ignored = report_ignored(&document, &mut notes);
    if let Some(message) = non_mesh_geometry(&document.scene) {
        if options.refuse_non_triangles {
            return Err(FbxError::NonMeshGeometry(message));
        }
        notes.push(document.note(codes::NON_MESH_GEOMETRY, message));
    }

    let mut images = Images::new(document.clone());
    let materials = material::materials(&document, &mut images);
    cancel.check()?;
    let mut mesh_list = MeshList::new(&document);
    let mut hierarchy = nodes::hierarchy(&document, &mut mesh_list, cancel)?;
    cancel.check()?;
    let (meshes, mesh_notes) =
        mesh_list.finish(&document, &mut hierarchy.nodes, options.generate_normals);
    notes.append(&mut images.notes);
    notes.extend(mesh_notes);
    notes.append(&mut hierarchy.notes);

    let file = source.rsplit(['/', '\\']).next().unwrap_or(source);
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let parts = SceneParts {
        name: scene_name(stem),
        nodes: hierarchy.nodes,
        meshes,
        materials,
        images: images.list,
        cameras: hierarchy.cameras,
        lights: hierarchy.lights,
        ignored,
        diagnostics: notes,
    };
    Ok(FbxScene {
        parts,
        searches: images.searches,
    })
}

impl FbxScene {
    /// The textures in files of their own.
    pub fn searches(&self) -> &[TextureSearch] {
        &self.searches
    }

    /// The scene. `found` says for images where their files are, or why there are none; images that turn
    /// out to be one file become one image. What it says nothing of stays missing: then
    /// [`ImageData::Missing`] tells where it was looked for.
    ///
    /// # Errors
    /// [`FbxError::Scene`] when there are more things than can be numbered.
    pub fn resolve(
        self,
        found: &BTreeMap<ImageId, Result<SourcePath, Diagnostic>>,
    ) -> Result<SceneSource, FbxError> {
        let mut parts = self.parts;
        let mut of_path: BTreeMap<SourcePath, ImageId> = BTreeMap::new();
        let mut kept = Vec::with_capacity(parts.images.len());
        let mut ids = Vec::with_capacity(parts.images.len());
        for (index, mut image) in (0..).zip(parts.images) {
            // No more images than before, which were numbered.
            let id = ImageId(kept.len() as u32);
            match found.get(&ImageId(index)) {
                Some(Ok(path)) => {
                    let first = *of_path.entry(path.clone()).or_insert(id);
                    ids.push(first);
                    if first != id {
                        continue;
                    }
                    image.data = ImageData::External(path.clone());
                }
                Some(Err(diagnostic)) => {
                    ids.push(id);
                    image.data = ImageData::Missing(Box::new(diagnostic.clone()));
                }
                None => ids.push(id),
            }
            kept.push(image);
        }
        parts.images = kept;
        for material in &mut parts.materials {
            material.textures.renumber(|image| ids[image.index()]);
        }
        Ok(SceneSource::new(parts)?)
    }
}

fn report_space(document: &Document, report: &SpaceReport, notes: &mut Vec<Diagnostic>) {
    if let Some(up) = report.assumed_up {
        let message = format!(
            "the file does not say which axes point right, up and to the front; taken as right-handed \
             with {} up",
            axis_name(up)
        );
        notes.push(document.note(codes::AXIS_UNKNOWN, message));
    }
    if let Some(meters) = report.assumed_unit {
        let unit = document.scene.settings.unit_meters;
        let message = format!("the unit is {unit} m; taken as {meters} m");
        notes.push(document.note(codes::UNIT_UNKNOWN, message));
    }
    notes.push(document.note(codes::SPACE, report.summary.clone()));
}

/// What the parser had to repair.
fn report_warnings(document: &Document, notes: &mut Vec<Diagnostic>) {
    for warning in &document.scene.metadata.warnings {
        let count = match warning.count {
            0 | 1 => String::new(),
            count => format!(" ({count} times)"),
        };
        let message = format!("{}{count}", warning.description);
        let mut note = document.note(codes::PARSER_WARNING, message);
        let element = document.scene.elements.get(warning.element_id as usize);
        if let Some(element) = element {
            note = note.object(format!("{:?} {}", element.type_, element.name));
        }
        notes.push(note);
    }
}

/// Animations and blend shapes.
fn report_ignored(document: &Document, notes: &mut Vec<Diagnostic>) -> IgnoredContent {
    let scene = &document.scene;
    let animations = (&scene.anim_stacks).into_iter().filter(|stack| {
        let mut layers = (&stack.layers).into_iter();
        layers.any(|layer| !layer.anim_values.is_empty())
    });
    // The parser numbers elements with 32 bits.
    let ignored = IgnoredContent {
        animations: animations.count() as u32,
        morph_targets: scene.blend_shapes.len() as u32,
        ..IgnoredContent::default()
    };
    if ignored.animations > 0 {
        let message = format!("{} animations were left out", ignored.animations);
        notes.push(document.note(codes::ANIMATIONS_IGNORED, message));
    }
    if ignored.morph_targets > 0 {
        let message = format!("{} blend shapes were left out", ignored.morph_targets);
        notes.push(document.note(codes::BLEND_SHAPES_IGNORED, message));
    }
    ignored
}

/// Geometry that is not made of polygons, in words.
fn non_mesh_geometry(scene: &Scene) -> Option<String> {
    let kinds = [
        (scene.nurbs_surfaces.len(), "NURBS surfaces"),
        (scene.nurbs_trim_surfaces.len(), "trimmed NURBS surfaces"),
        (scene.nurbs_curves.len(), "NURBS curves"),
        (scene.line_curves.len(), "lines"),
        (scene.procedural_geometries.len(), "procedural geometries"),
    ];
    let found: Vec<_> = kinds
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, kind)| format!("{count} {kind}"))
        .collect();
    (!found.is_empty()).then(|| format!("not made of polygons: {}", found.join(", ")))
}
