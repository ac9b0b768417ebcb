//! Codes of reading and writing files: one for each kind of error.

codes! {
    NOT_FOUND = "io.not_found", Error,
        "A file or folder does not exist.",
        "Check the path, and the folder that it is relative to.";
    ACCESS_DENIED = "io.access_denied", Error,
        "Permissions forbid to read or write a file.",
        "Give the user that runs the import access to the file.";
    ALREADY_EXISTS = "io.already_exists", Error,
        "A file exists and must not be overwritten.",
        "Move the file away, or write to another place.";
    IS_DIRECTORY = "io.is_directory", Error,
        "A folder stands where a file is needed.",
        "Name the files inside of the folder.";
    NOT_DIRECTORY = "io.not_directory", Error,
        "A file stands where a folder is needed.",
        "Check the path: one of its parents is a file.";
    TOO_MANY_OPEN_FILES = "io.too_many_open_files", Error,
        "The process or the system has too many files open.",
        "Raise the limit of open files, or import fewer sources at once.";
    NO_SPACE = "io.no_space", Error,
        "No space is left on the device.",
        "Free space and import again; nothing that was committed is lost.";
    DISK_FULL = "io.disk_full", Error,
        "The disk is full.",
        "Free space and import again; nothing that was committed is lost.";
    READ_ONLY = "io.read_only", Error,
        "The file system is read-only.",
        "Cook into a folder on another file system.";
    INVALID_PATH = "io.invalid_path", Error,
        "A path is empty or has characters that the system forbids.",
        "Correct the path.";
    PATH_TOO_LONG = "io.path_too_long", Error,
        "A path is longer than the system allows.",
        "Move the files closer to the root of the file system.";
    TRANSFER_FAILED = "io.transfer_failed", Error,
        "Reading or writing a file failed half way.",
        "Check the disk, and whether another program changes the file.";
    CANCELLED = "io.cancelled", Error,
        "A file operation was cancelled.",
        "Import again if that was not intended.";
    NOT_A_FILE = "io.not_a_file", Error,
        "A source is neither a file nor a folder: a pipe, a socket or a device.",
        "Copy its content into a file first.";
    UNKNOWN = "io.unknown", Error,
        "The system reports an error of another kind.",
        "See the system's own text.";
}
