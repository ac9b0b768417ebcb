//! Codes of containers.

codes! {
    LOCKED = "container.locked", Error,
        "Another process or another app has the container open.",
        "Wait until it is finished, or cook into another folder.";
    CORRUPT = "container.corrupt", Error,
        "What is on disk is not a valid container.",
        "Run `kiln verify` to see what is wrong; move the folder away to cook it afresh.";
    VIRTUAL_PATH_TAKEN = "container.virtual_path_taken", Error,
        "Two assets claim one virtual path.",
        "Give one of them another name.";
    TABLE_FULL = "container.table_full", Error,
        "A resource table has no room for another entry.",
        "Cook into a second container, or raise `max_table_entries` in the settings.";
    NO_SUCH_TEXTURE = "container.no_such_texture", Error,
        "The container has no texture of that index or name.",
        "List the textures with `kiln inspect ROOT`.";
    NOT_SHOWN = "container.not_shown", Warning,
        "A texture cannot be shown as a picture.",
        "Integer and depth formats are no pictures; look at a texture of another format.";
    INDEX_TOO_LARGE = "container.index_too_large", Error,
        "The index cannot be made: it does not fit its 32-bit offsets, or names something twice.",
        "Cook into a second container.";
    NOT_PACKED = "container.not_packed", Error,
        "The container is not valid, and was not packed.",
        "See the findings before this one; mend or cook the container again, then pack it.";
    NOT_COMPACTED = "container.not_compacted", Error,
        "The container is not valid or contradicts itself, and was not compacted.",
        "See the findings before this one; mend or cook the container again, then compact it.";
    COMPACT_UNCLAIMED = "container.compact_unclaimed", Error,
        "The container holds something of which nothing says which job it belongs to.",
        "Cook all of its sources again with this version, into the same container or a new one.";
    COMPACT_EMPTY = "container.compact_empty", Error,
        "None of the jobs of the container is to be kept.",
        "Check that it is the right manifest; delete the folder if nothing of it is needed.";
    NOT_COOKED = "container.not_cooked", Warning,
        "The manifest has a job that the container knows nothing of.",
        "Cook the manifest first, so that the container holds all of it.";
    PACK_TOO_LARGE = "container.pack_too_large", Error,
        "Something of the container, or an option, does not fit the fields of a PAK file.",
        "Split the content into two containers, or leave the option out.";
}
