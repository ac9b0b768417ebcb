//! Codes of containers.

codes! {
    LOCKED = "container.locked", Error,
        "Another process or another app has the container open.",
        "Wait until it is finished, or cook into another folder.";
    CORRUPT = "container.corrupt", Error,
        "What is on disk is not a valid container.",
        "Run `kiln verify` to see what is wrong; move the folder away to cook it afresh.";
    IO = "container.io", Error,
        "A file of the container could not be read or written; the container is as it was committed.",
        "See the system's error: free space, fix permissions, then import again.";
    VIRTUAL_PATH_TAKEN = "container.virtual_path_taken", Error,
        "Two assets claim one virtual path.",
        "Give one of them another name.";
    TABLE_FULL = "container.table_full", Error,
        "A resource table has no room for another entry.",
        "Cook into a second container.";
    INDEX_TOO_LARGE = "container.index_too_large", Error,
        "The index does not fit its 32-bit offsets.",
        "Cook into a second container.";
}
