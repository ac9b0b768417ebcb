//! Errors of I/O: a stable kind, the path, and what the system says.

use bevy_kiln_assets::diagnostic::{Code, Diagnostic, codes};
use std::{
    fmt, io,
    path::{Path, PathBuf},
};

/// The kind of an I/O error. The values are part of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum IoErrorKind {
    /// No error.
    Ok = 0,
    /// The file or folder does not exist.
    NotFound = 1,
    /// Permissions forbid it.
    AccessDenied = 2,
    /// The file exists and must not be overwritten.
    AlreadyExists = 3,
    /// A folder where a file is needed.
    IsDirectory = 4,
    /// A file where a folder is needed.
    NotDirectory = 5,
    /// The process or the system has too many files open.
    TooManyOpenFiles = 6,
    /// No space is left on the device.
    NoSpace = 7,
    /// The disk is full (Windows).
    DiskFull = 8,
    /// The file system is read-only.
    ReadOnly = 9,
    /// The path is empty or has forbidden characters.
    InvalidPath = 10,
    /// The path is too long.
    PathTooLong = 11,
    /// The transfer failed.
    IoError = 12,
    /// The operation was cancelled.
    Cancelled = 13,
    /// Anything else.
    Unknown = 14,
}

impl IoErrorKind {
    /// The kind of a POSIX error number.
    pub fn from_errno(errno: i32) -> Self {
        // The numbers are those of Linux; those that other systems number differently are told
        // apart by `std` below.
        match errno {
            2 => Self::NotFound,
            13 => Self::AccessDenied,
            17 => Self::AlreadyExists,
            21 => Self::IsDirectory,
            20 => Self::NotDirectory,
            23 | 24 => Self::TooManyOpenFiles,
            28 => Self::NoSpace,
            30 => Self::ReadOnly,
            36 => Self::PathTooLong,
            5 => Self::IoError,
            125 => Self::Cancelled,
            22 => Self::InvalidPath,
            _ => Self::Unknown,
        }
    }

    /// The kind of a Windows error code.
    pub fn from_windows(code: i32) -> Self {
        match code {
            2 | 3 => Self::NotFound,
            5 => Self::AccessDenied,
            80 | 183 => Self::AlreadyExists,
            267 | 336 => Self::IsDirectory,
            4 => Self::TooManyOpenFiles,
            39 | 112 => Self::DiskFull,
            19 => Self::ReadOnly,
            111 | 206 => Self::PathTooLong,
            995 | 1223 => Self::Cancelled,
            123 | 161 => Self::InvalidPath,
            _ => Self::Unknown,
        }
    }

    /// The kind of an error of `std`.
    pub fn of(error: &io::Error) -> Self {
        match error.raw_os_error() {
            Some(code) if cfg!(windows) => Self::from_windows(code),
            Some(errno) if cfg!(any(target_os = "linux", target_os = "android")) => {
                Self::from_errno(errno)
            }
            _ => match error.kind() {
                io::ErrorKind::NotFound => Self::NotFound,
                io::ErrorKind::PermissionDenied => Self::AccessDenied,
                io::ErrorKind::AlreadyExists => Self::AlreadyExists,
                io::ErrorKind::IsADirectory => Self::IsDirectory,
                io::ErrorKind::NotADirectory => Self::NotDirectory,
                io::ErrorKind::StorageFull => Self::NoSpace,
                io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly,
                io::ErrorKind::InvalidFilename | io::ErrorKind::InvalidInput => Self::InvalidPath,
                io::ErrorKind::UnexpectedEof | io::ErrorKind::WriteZero => Self::IoError,
                io::ErrorKind::Interrupted => Self::Cancelled,
                _ => Self::Unknown,
            },
        }
    }

    /// The diagnostic code of the kind.
    pub fn code(self) -> Code {
        match self {
            Self::NotFound => codes::io::NOT_FOUND,
            Self::AccessDenied => codes::io::ACCESS_DENIED,
            Self::AlreadyExists => codes::io::ALREADY_EXISTS,
            Self::IsDirectory => codes::io::IS_DIRECTORY,
            Self::NotDirectory => codes::io::NOT_DIRECTORY,
            Self::TooManyOpenFiles => codes::io::TOO_MANY_OPEN_FILES,
            Self::NoSpace => codes::io::NO_SPACE,
            Self::DiskFull => codes::io::DISK_FULL,
            Self::ReadOnly => codes::io::READ_ONLY,
            Self::InvalidPath => codes::io::INVALID_PATH,
            Self::PathTooLong => codes::io::PATH_TOO_LONG,
            Self::IoError => codes::io::TRANSFER_FAILED,
            Self::Cancelled => codes::io::CANCELLED,
            Self::Ok | Self::Unknown => codes::io::UNKNOWN,
        }
    }
}

impl fmt::Display for IoErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "OK",
            Self::NotFound => "NotFound",
            Self::AccessDenied => "AccessDenied",
            Self::AlreadyExists => "AlreadyExists",
            Self::IsDirectory => "IsDirectory",
            Self::NotDirectory => "NotDirectory",
            Self::TooManyOpenFiles => "TooManyOpenFiles",
            Self::NoSpace => "NoSpace",
            Self::DiskFull => "DiskFull",
            Self::ReadOnly => "ReadOnly",
            Self::InvalidPath => "InvalidPath",
            Self::PathTooLong => "PathTooLong",
            Self::IoError => "IOError",
            Self::Cancelled => "Cancelled",
            Self::Unknown => "Unknown",
        })
    }
}

/// An error of reading or writing a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileError {
    /// What it is.
    pub kind: IoErrorKind,
    /// Which file; empty when there is none.
    pub path: PathBuf,
    /// What was being done; may be empty.
    pub message: String,
    /// What the system says, if it was the system.
    pub system: Option<String>,
    /// A code that says more than that of the kind.
    pub code: Option<Code>,
}

impl FileError {
    /// An error of the system.
    pub fn system(path: &Path, message: &str, error: &io::Error) -> Self {
        Self {
            kind: IoErrorKind::of(error),
            path: path.to_owned(),
            message: message.to_owned(),
            system: Some(error.to_string()),
            code: None,
        }
    }

    /// An error that we found ourselves.
    pub fn new(kind: IoErrorKind, path: &Path, message: impl Into<String>) -> Self {
        Self {
            kind,
            path: path.to_owned(),
            message: message.into(),
            system: None,
            code: None,
        }
    }

    /// The stable code: that of the kind, unless there is one that says more.
    pub fn code(&self) -> Code {
        self.code.unwrap_or_else(|| self.kind.code())
    }

    /// The diagnostic about a source.
    pub fn diagnostic(&self, source: &str) -> Diagnostic {
        Diagnostic::new(self.code(), self.to_string()).source(source)
    }
}

impl fmt::Display for FileError {
    /// `<Kind>[: '<path>'][ - <message>][ (system: <text>)]`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        if !self.path.as_os_str().is_empty() {
            write!(f, ": '{}'", self.path.display())?;
        }
        if !self.message.is_empty() {
            write!(f, " - {}", self.message)?;
        }
        if let Some(system) = &self.system {
            write!(f, " (system: {system})")?;
        }
        Ok(())
    }
}

impl std::error::Error for FileError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_posix_error_has_its_kind() {
        use IoErrorKind as K;
        let table = [
            (2, K::NotFound),
            (13, K::AccessDenied),
            (17, K::AlreadyExists),
            (21, K::IsDirectory),
            (20, K::NotDirectory),
            (24, K::TooManyOpenFiles),
            (23, K::TooManyOpenFiles),
            (28, K::NoSpace),
            (30, K::ReadOnly),
            (36, K::PathTooLong),
            (5, K::IoError),
            (125, K::Cancelled),
            (22, K::InvalidPath),
            (98, K::Unknown),
            (1, K::Unknown),
        ];
        for (errno, kind) in table {
            assert_eq!(K::from_errno(errno), kind, "errno {errno}");
        }
    }

    #[test]
    fn every_windows_error_has_its_kind() {
        use IoErrorKind as K;
        let table = [
            (2, K::NotFound),
            (3, K::NotFound),
            (5, K::AccessDenied),
            (80, K::AlreadyExists),
            (183, K::AlreadyExists),
            (267, K::IsDirectory),
            (4, K::TooManyOpenFiles),
            (112, K::DiskFull),
            (39, K::DiskFull),
            (19, K::ReadOnly),
            (111, K::PathTooLong),
            (995, K::Cancelled),
            (1223, K::Cancelled),
            (123, K::InvalidPath),
            (161, K::InvalidPath),
            (10048, K::Unknown),
        ];
        for (code, kind) in table {
            assert_eq!(K::from_windows(code), kind, "code {code}");
        }
    }

    #[test]
    fn every_kind_has_its_code() {
        use IoErrorKind as K;
        let table = [
            (K::NotFound, "io.not_found"),
            (K::AccessDenied, "io.access_denied"),
            (K::AlreadyExists, "io.already_exists"),
            (K::IsDirectory, "io.is_directory"),
            (K::NotDirectory, "io.not_directory"),
            (K::TooManyOpenFiles, "io.too_many_open_files"),
            (K::NoSpace, "io.no_space"),
            (K::DiskFull, "io.disk_full"),
            (K::ReadOnly, "io.read_only"),
            (K::InvalidPath, "io.invalid_path"),
            (K::PathTooLong, "io.path_too_long"),
            (K::IoError, "io.transfer_failed"),
            (K::Cancelled, "io.cancelled"),
            (K::Unknown, "io.unknown"),
        ];
        for (kind, code) in table {
            let error = FileError::new(kind, Path::new("a"), "");
            assert_eq!(error.diagnostic("a").code.id(), code);
        }
    }

    #[test]
    fn text_forms() {
        let bare = FileError::new(IoErrorKind::NotFound, Path::new(""), "");
        assert_eq!(bare.to_string(), "NotFound");
        let mut full = FileError::new(IoErrorKind::IoError, Path::new("a/b"), "short read");
        full.system = Some("EIO".to_owned());
        assert_eq!(
            full.to_string(),
            "IOError: 'a/b' - short read (system: EIO)"
        );
        assert_eq!(IoErrorKind::Ok.to_string(), "OK");
    }
}
