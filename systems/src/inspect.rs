//! Looking into a container on disk: what is in it, and its textures as pictures.
//!
//! Nothing is changed, locked or recovered: what is shown is what the index says at this moment.

use bevy_kiln_assets::{
    cook::pace::CancelFlag,
    diagnostic::{Diagnostic, codes},
    format::{
        buffer_table::{BufferElements, BufferEntry},
        catalog::{Catalog, CatalogEntry, CatalogTarget},
        ids::ContentHash,
        index::ContainerIndex,
        layout::{CATALOG_FILE, FileKind, INDEX_FILE},
        texture_format::TextureFormat,
        texture_shape::{TextureShape, TextureType},
        texture_table::TextureEntry,
    },
    unpack::{self, picture},
};
use serde::Serialize;
use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use crate::io::error::FileError;

/// A texture of a container.
#[derive(Clone, Debug, Serialize)]
pub struct TextureSummary {
    /// Its place in the texture table.
    pub index: u32,
    /// Its names and sources in the catalogue; equal content has several.
    pub names: Vec<NamedSource>,
    /// The type.
    pub texture_type: TextureType,
    /// The format.
    pub format: TextureFormat,
    /// Of mip 0.
    pub width: u32,
    /// Of mip 0.
    pub height: u32,
    /// Of mip 0; 1 unless 3D.
    pub depth: u16,
    /// Array layers; six for each cube.
    pub layers: u16,
    /// Mip levels.
    pub mips: u16,
    /// Bytes of the payload.
    pub bytes: u64,
    /// The content hash.
    pub content_hash: ContentHash,
}

/// What the catalogue says of a resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NamedSource {
    /// The name.
    pub name: String,
    /// The source.
    pub source: String,
}

/// A buffer of a container.
#[derive(Clone, Debug, Serialize)]
pub struct BufferSummary {
    /// Its place in the buffer table.
    pub index: u32,
    /// The bits of its usage.
    pub usage: u32,
    /// What its elements are: a format, a stride, or bytes.
    pub elements: String,
    /// Its bytes.
    pub bytes: u64,
    /// The content hash.
    pub content_hash: ContentHash,
}

/// An asset of a container.
#[derive(Clone, Debug, Serialize)]
pub struct AssetSummary {
    /// `material`, `geometry` or `scene`.
    pub asset: &'static str,
    /// Its virtual path.
    pub virtual_path: String,
    /// Its key as text.
    pub key: String,
    /// Bytes of the descriptor.
    pub bytes: u64,
}

/// Everything that is in a container.
#[derive(Clone, Debug, Serialize)]
pub struct ContainerSummary {
    /// The textures, by index.
    pub textures: Vec<TextureSummary>,
    /// The buffers, by index.
    pub buffers: Vec<BufferSummary>,
    /// The assets, by key.
    pub assets: Vec<AssetSummary>,
}

/// How textures are shown.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct PictureOptions {
    /// Stops of exposure for floats.
    pub exposure_ev: f32,
    /// Write an OpenEXR file beside each PNG of floats.
    pub exr: bool,
}

impl PictureOptions {
    /// Options with an exposure, and with or without OpenEXR files.
    pub fn new(exposure_ev: f32, exr: bool) -> Self {
        Self { exposure_ev, exr }
    }
}

type Checked<T> = Result<T, Box<Diagnostic>>;

/// A container that is being looked into.
pub struct ContainerReader {
    root: PathBuf,
    index: ContainerIndex,
    textures: Vec<TextureEntry>,
    buffers: Vec<BufferEntry>,
    catalog: Catalog,
}

impl ContainerReader {
    /// Reads the index, the tables and the catalogue of the container at a root.
    ///
    /// # Errors
    /// `verify.missing` when there is no container, `container.corrupt` when it is damaged, or an
    /// error of reading.
    pub fn open(root: &Path) -> Checked<Self> {
        let path = root.join(INDEX_FILE);
        if !path.is_file() {
            let text = "there is no `container.index.bin`";
            let diagnostic = Diagnostic::new(codes::verify::MISSING, text);
            return Err(Box::new(diagnostic.source(root.display().to_string())));
        }
        let index = ContainerIndex::parse(&read(&path)?).map_err(|error| corrupt(&path, error))?;
        let textures = table(
            root,
            &index,
            FileKind::TexturesTable,
            TextureEntry::BYTES,
            TextureEntry::parse,
        )?;
        let buffers = table(
            root,
            &index,
            FileKind::BuffersTable,
            BufferEntry::BYTES,
            BufferEntry::parse,
        )?;
        let path = root.join(CATALOG_FILE);
        // Containers of other tools have no catalogue.
        let catalog = if path.is_file() {
            Catalog::parse(&read(&path)?).map_err(|error| corrupt(&path, error))?
        } else {
            Catalog::default()
        };
        Ok(Self {
            root: root.to_owned(),
            index,
            textures,
            buffers,
            catalog,
        })
    }

    /// What is in it.
    pub fn summary(&self) -> ContainerSummary {
        let textures = (0..self.textures.len() as u32).filter_map(|index| self.texture(index));
        let buffers = self.buffers.iter().zip(0..);
        ContainerSummary {
            textures: textures.collect(),
            buffers: buffers
                .map(|(entry, index)| BufferSummary {
                    index,
                    usage: entry.usage().bits(),
                    elements: match entry.elements() {
                        BufferElements::Typed(format) => format!("{format:?}"),
                        BufferElements::Structured(stride) => format!("{stride} bytes each"),
                        BufferElements::Raw => "bytes".to_owned(),
                    },
                    bytes: entry.size_bytes().into(),
                    content_hash: entry.content_hash(),
                })
                .collect(),
            assets: self
                .index
                .assets()
                .iter()
                .map(|asset| AssetSummary {
                    asset: asset.asset_type().label(),
                    virtual_path: asset.virtual_path().to_string(),
                    key: asset.key().to_string(),
                    bytes: asset.size(),
                })
                .collect(),
        }
    }

    /// What is known of one texture.
    pub fn texture(&self, index: u32) -> Option<TextureSummary> {
        let entry = self.textures.get(index as usize)?;
        let shape = entry.shape();
        Some(TextureSummary {
            index,
            names: self
                .texture_lines()
                .filter(|(target, _)| *target == index)
                .map(|(_, line)| NamedSource {
                    name: line.name().to_owned(),
                    source: line.source().to_owned(),
                })
                .collect(),
            texture_type: shape.texture_type(),
            format: shape.format(),
            width: shape.width(),
            height: shape.height(),
            depth: shape.depth(),
            layers: shape.layers(),
            mips: shape.mips(),
            bytes: entry.size_bytes().into(),
            content_hash: entry.content_hash(),
        })
    }

    /// The shape of a texture.
    pub fn shape(&self, index: u32) -> Option<TextureShape> {
        let entry = self.textures.get(index as usize)?;
        Some(*entry.shape())
    }

    fn texture_lines(&self) -> impl Iterator<Item = (u32, &CatalogEntry)> {
        self.catalog
            .entries()
            .filter_map(|line| match line.target() {
                Some(CatalogTarget::Texture(index)) => Some((index.0, line)),
                _ => None,
            })
    }

    /// The textures that a text names: an index, or a name or source of the catalogue.
    ///
    /// # Errors
    /// `container.no_such_texture` when there is none.
    pub fn find_textures(&self, wanted: &str) -> Checked<Vec<u32>> {
        let mut found: Vec<u32> = self
            .texture_lines()
            .filter(|(_, line)| line.name() == wanted || line.source() == wanted)
            .map(|(index, _)| index)
            .collect();
        if found.is_empty()
            && let Ok(index) = wanted.parse::<u32>()
            && (index as usize) < self.textures.len()
        {
            found.push(index);
        }
        found.sort_unstable();
        found.dedup();
        if found.is_empty() {
            let text = format!(
                "there is no texture `{wanted}` among {}",
                self.textures.len()
            );
            let diagnostic = Diagnostic::new(codes::container::NO_SUCH_TEXTURE, text);
            return Err(Box::new(diagnostic.source(self.root.display().to_string())));
        }
        Ok(found)
    }

    /// The payload of a texture.
    ///
    /// # Errors
    /// `container.no_such_texture`, `container.corrupt`, or an error of reading.
    pub fn payload(&self, index: u32) -> Checked<Vec<u8>> {
        let Some(entry) = self.textures.get(index as usize) else {
            return Err(self
                .find_textures(&index.to_string())
                .err()
                .unwrap_or_else(|| {
                    let text = format!("there is no texture {index}");
                    Box::new(Diagnostic::new(codes::container::NO_SUCH_TEXTURE, text))
                }));
        };
        let path = self
            .index
            .file(FileKind::TexturesData)
            .map_or(FileKind::TexturesData.default_path(), |file| {
                file.path.as_str()
            });
        let path = self.root.join(path);
        let failed = |error: std::io::Error| file_error(&path, &error);
        let mut file = File::open(&path).map_err(failed)?;
        file.seek(SeekFrom::Start(entry.data_offset()))
            .map_err(failed)?;
        let mut payload = Vec::new();
        // No more than there is, whatever the table says.
        file.take(entry.size_bytes().into())
            .read_to_end(&mut payload)
            .map_err(failed)?;
        Ok(payload)
    }

    /// Writes every level, layer and slice of a texture into a folder as a PNG of its own, and calls
    /// `written` with each path.
    ///
    /// # Errors
    /// `container.not_shown` when its format is no picture, `container.corrupt` when its payload is
    /// damaged, or an error of writing.
    pub fn write_pictures(
        &self,
        index: u32,
        folder: &Path,
        options: &PictureOptions,
        cancel: &CancelFlag,
        mut written: impl FnMut(&Path),
    ) -> Checked<()> {
        let payload = self.payload(index)?;
        let (Some(entry), Some(summary)) = (self.textures.get(index as usize), self.texture(index))
        else {
            return Ok(());
        };
        let shape = entry.shape();
        let object = format!("textures[{index}]");
        if unpack::pixel_format(shape.format()).is_none() {
            let text = format!("{:?} is no format of pictures", shape.format());
            let diagnostic = Diagnostic::new(codes::container::NOT_SHOWN, text);
            return Err(Box::new(diagnostic.object(object)));
        }
        let view = picture::View {
            exposure_ev: options.exposure_ev,
            signed: is_signed(shape.format()),
        };
        std::fs::create_dir_all(folder).map_err(|error| file_error(folder, &error))?;
        let stem = file_stem(&summary);
        let broken = |error: &dyn std::fmt::Display| {
            let diagnostic = Diagnostic::new(codes::container::CORRUPT, error.to_string());
            Box::new(diagnostic.object(object.clone()))
        };
        for layer in 0..shape.layers() {
            for mip in 0..shape.mips() {
                let (_, _, slices) = shape.mip_size(mip);
                for slice in 0..slices {
                    let image = unpack::payload(&payload, shape, layer, mip, slice, cancel)
                        .map_err(|error| broken(&error))?;
                    let name = format!("{stem}{}", place(&summary, layer, mip, slice));
                    let png = picture::png(&image, view).map_err(|error| broken(&error))?;
                    let path = folder.join(format!("{name}.png"));
                    std::fs::write(&path, png).map_err(|error| file_error(&path, &error))?;
                    written(&path);
                    let exr = if options.exr {
                        picture::exr(&image).map_err(|error| broken(&error))?
                    } else {
                        None
                    };
                    if let Some(exr) = exr {
                        let path = folder.join(format!("{name}.exr"));
                        std::fs::write(&path, exr).map_err(|error| file_error(&path, &error))?;
                        written(&path);
                    }
                }
            }
        }
        Ok(())
    }
}

fn is_signed(format: TextureFormat) -> bool {
    use TextureFormat as F;
    matches!(
        format,
        F::R8SNorm
            | F::Rg8SNorm
            | F::Rgba8SNorm
            | F::R16SNorm
            | F::Rg16SNorm
            | F::Rgba16SNorm
            | F::Bc4SNorm
            | F::Bc5SNorm
    )
}

/// The index, and the first name as far as a file can have it.
fn file_stem(texture: &TextureSummary) -> String {
    let name = match texture.names.first() {
        Some(named) => named.name.as_str(),
        None if texture.index == 0 => "fallback",
        None => "texture",
    };
    let name: String = name
        .chars()
        .take(80)
        .map(|c| {
            if c.is_alphanumeric() || "-_.".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect();
    format!("{:04}_{name}", texture.index)
}

/// The part of a file name that says where in a texture a picture is.
fn place(texture: &TextureSummary, layer: u16, mip: u16, slice: u32) -> String {
    const FACES: [&str; 6] = ["px", "nx", "py", "ny", "pz", "nz"];
    let face = FACES[usize::from(layer % 6)];
    let mut place = match texture.texture_type {
        TextureType::Cube => format!("_{face}"),
        TextureType::CubeArray => format!("_cube{}_{face}", layer / 6),
        _ if texture.layers > 1 => format!("_layer{layer}"),
        _ => String::new(),
    };
    if texture.depth > 1 {
        place += &format!("_slice{slice}");
    }
    if texture.mips > 1 {
        place += &format!("_mip{mip}");
    }
    place
}

fn read(path: &Path) -> Checked<Vec<u8>> {
    std::fs::read(path).map_err(|error| file_error(path, &error))
}

fn file_error(path: &Path, error: &std::io::Error) -> Box<Diagnostic> {
    let error = FileError::system(path, "", error);
    Box::new(error.diagnostic(&path.display().to_string()))
}

fn corrupt(path: &Path, error: impl std::fmt::Display) -> Box<Diagnostic> {
    let diagnostic = Diagnostic::new(codes::container::CORRUPT, error.to_string());
    Box::new(diagnostic.source(path.display().to_string()))
}

fn table<T, E: std::fmt::Display>(
    root: &Path,
    index: &ContainerIndex,
    kind: FileKind,
    entry_bytes: usize,
    parse: impl Fn(&[u8]) -> Result<T, E>,
) -> Checked<Vec<T>> {
    let Some(file) = index.file(kind) else {
        return Ok(Vec::new());
    };
    let path = root.join(file.path.as_str());
    read(&path)?
        .chunks_exact(entry_bytes)
        .enumerate()
        .map(|(i, entry)| {
            parse(entry).map_err(|error| corrupt(&path, format!("entry {i}: {error}")))
        })
        .collect()
}
