//! Reading a file range by range.

use bevy_kiln_assets::{
    diagnostic::{Diagnostic, codes::verify as codes},
    verify::Findings,
};
use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    ops::Range,
    path::Path,
};

use crate::io::error::FileError;

/// What ends a check: the diagnostic says why.
pub(super) type Checked<T = ()> = Result<T, Box<Diagnostic>>;

/// Bytes that are read at once where nobody needs more.
const PIECE: u64 = 1 << 20;

/// Reads a whole file.
pub(super) fn read(path: &Path) -> Checked<Vec<u8>> {
    std::fs::read(path).map_err(|error| file_error(path, &error))
}

pub(super) fn file_error(path: &Path, error: &std::io::Error) -> Box<Diagnostic> {
    let error = FileError::system(path, "", error);
    Box::new(error.diagnostic(&path.display().to_string()))
}

/// A file that is read range by range.
pub(super) struct DataFile {
    file: File,
    len: u64,
    /// For messages.
    name: String,
}

impl DataFile {
    pub(super) fn open(path: &Path, name: &str) -> Checked<Self> {
        let file = File::open(path).map_err(|error| file_error(path, &error))?;
        let info = file.metadata().map_err(|error| file_error(path, &error))?;
        Ok(Self {
            file,
            len: info.len(),
            name: name.to_owned(),
        })
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// The bytes of a range, as far as they are inside the file.
    pub(super) fn bytes(&mut self, range: &Range<u64>) -> Checked<Vec<u8>> {
        let mut bytes = Vec::new();
        self.read_into(range, &mut bytes)?;
        Ok(bytes)
    }

    fn read_into(&mut self, range: &Range<u64>, bytes: &mut Vec<u8>) -> Checked {
        let len = range.end.min(self.len).saturating_sub(range.start);
        bytes.clear();
        let read = self
            .file
            .seek(SeekFrom::Start(range.start))
            .and_then(|_| Read::by_ref(&mut self.file).take(len).read_to_end(bytes));
        read.map_err(|error| file_error(Path::new(&self.name), &error))?;
        Ok(())
    }

    /// Hands out the bytes of a range in pieces whose length is a multiple of 64, but for the last one.
    /// `Some` from the receiver ends the reading.
    pub(super) fn pieces<T>(
        &mut self,
        range: &Range<u64>,
        mut receive: impl FnMut(&[u8]) -> Option<T>,
    ) -> Checked<Option<T>> {
        let mut bytes = Vec::new();
        let mut at = range.start;
        while at < range.end {
            let piece = at..range.end.min(at + PIECE);
            self.read_into(&piece, &mut bytes)?;
            let received = receive(&bytes);
            if received.is_some() {
                return Ok(received);
            }
            at = piece.end;
        }
        Ok(None)
    }

    /// Checks that gaps are zero.
    pub(super) fn check_gaps(&mut self, gaps: Vec<Range<u64>>, findings: &mut Findings) -> Checked {
        for gap in gaps {
            let is_zero = self.pieces(&gap, |bytes| {
                bytes.iter().any(|&byte| byte != 0).then_some(())
            })?;
            if is_zero.is_some() {
                let text = format!("bytes {gap:?} belong to nothing and are not zero");
                findings.add(codes::PADDING, "data", text);
            }
        }
        Ok(())
    }
}
