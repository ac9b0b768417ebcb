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
    NO_SUCH_TEXTURE = "container.no_such_texture", Error,
        "The container has no texture of that index or name.",
        "List the textures with `kiln inspect ROOT`.";
    NOT_SHOWN = "container.not_shown", Warning,
        "A texture cannot be shown as a picture.",
        "Integer and depth formats are no pictures; look at a texture of another format.";
    INDEX_TOO_LARGE = "container.index_too_large", Error,
        "The index does not fit its 32-bit offsets.",
        "Cook into a second container.";
}
