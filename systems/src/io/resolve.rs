//! From the source of a request to a reader and a path.

use bevy_asset::{AssetPath, AssetServer, io::AssetSourceId};
use bevy_ecs::prelude::*;
use bevy_kiln_assets::diagnostic::{Diagnostic, codes};
use std::{path::PathBuf, sync::Arc};

use super::{
    asset_reader::AssetSourceReader,
    file_reader::FileReader,
    reader::{SourceReader, SourceRef},
    scope::SourceScope,
};
use crate::cache::{Footprint, RecordingReader};

/// Where sources are read from: plain paths in the file system, `source://path` in an asset source.
#[derive(Resource, Clone)]
pub struct SourceReaders {
    root: PathBuf,
    assets: Option<AssetServer>,
    footprint: Option<Arc<Footprint>>,
}

impl SourceReaders {
    /// Plain paths are relative to `root`; asset sources are those of the server.
    pub fn new(root: PathBuf, assets: Option<AssetServer>) -> Self {
        Self {
            root,
            assets,
            footprint: None,
        }
    }

    /// The same readers, which note what is looked at in the file system.
    pub(crate) fn recording(&self, footprint: Arc<Footprint>) -> Self {
        Self {
            footprint: Some(footprint),
            ..self.clone()
        }
    }

    /// The reader and path of a source.
    ///
    /// # Errors
    /// `io.not_found` for an asset source that the app does not have.
    pub fn resolve(&self, source: &str) -> Result<SourceRef, Diagnostic> {
        if !source.contains("://") {
            let files: Arc<dyn SourceReader> = Arc::new(FileReader);
            return Ok(SourceRef {
                reader: match &self.footprint {
                    Some(footprint) => Arc::new(RecordingReader::new(files, footprint.clone())),
                    None => files,
                },
                path: self.root.join(source),
                bytes: None,
            });
        }
        let failed =
            |message: String| Diagnostic::new(codes::io::NOT_FOUND, message).source(source);
        let Some(server) = &self.assets else {
            return Err(failed(
                "this app has no asset server, and so no asset sources".to_owned(),
            ));
        };
        let path = AssetPath::try_parse(source).map_err(|error| failed(error.to_string()))?;
        let id = path.source().clone_owned();
        server
            .get_source(id.clone())
            .map_err(|error| failed(error.to_string()))?;
        Ok(SourceRef {
            path: path.path().to_owned(),
            reader: self.asset_reader(server, id),
            bytes: None,
        })
    }

    /// Assets can change without a trace.
    fn asset_reader(
        &self,
        server: &AssetServer,
        id: AssetSourceId<'static>,
    ) -> Arc<dyn SourceReader> {
        if let Some(footprint) = &self.footprint {
            footprint.lose();
        }
        Arc::new(AssetSourceReader::new(server.clone(), id))
    }

    /// What the source of a request may refer to: with `roots`, if it is a file, or anything in its
    /// asset source.
    pub fn scope<'a>(
        &self,
        source: &str,
        location: &SourceRef,
        roots: impl Iterator<Item = &'a PathBuf>,
    ) -> SourceScope {
        if source.contains("://") {
            SourceScope::assets(location)
        } else {
            SourceScope::files(location, roots.map(|root| self.root.join(root)))
        }
    }
}
