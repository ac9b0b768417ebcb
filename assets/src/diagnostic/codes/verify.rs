//! Codes of the verifier.

codes! {
    MISSING = "verify.missing", Error,
        "There is no container at this place.",
        "Check the path; a container has a `container.index.bin` in its root.";
    INDEX = "verify.index", Error,
        "The index breaks a rule of its format.",
        "Cook the container again; it is damaged, or was written by a broken tool.";
    INDEX_FORM = "verify.index_form", Warning,
        "The index is valid, but not in the form that this tool writes.",
        "Nothing need be done; cooking into the container rewrites the index.";
    FILE = "verify.file", Error,
        "A file that the index names is missing, or is not what the index says.",
        "Cook the container again; a file was changed or lost.";
    UNNAMED_FILE = "verify.unnamed_file", Warning,
        "The index does not name this file.",
        "Remove the file if nothing else needs it; loaders ignore it.";
    TABLE = "verify.table", Error,
        "An entry of a resource table breaks a rule of its format.",
        "Cook the container again; it is damaged, or was written by a broken tool.";
    TABLE_FORM = "verify.table_form", Warning,
        "An entry of a resource table is valid, but not where this tool would place it.",
        "Nothing need be done.";
    RANGE = "verify.range", Error,
        "Bytes of a resource are outside of the data file, or belong to two resources.",
        "Cook the container again; it is damaged.";
    PADDING = "verify.padding", Error,
        "Bytes that belong to nothing are not zero.",
        "Cook the container again; it is damaged, or was written by a broken tool.";
    PAYLOAD = "verify.payload", Error,
        "A texture payload breaks a rule of its format.",
        "Cook the texture again; it is damaged, or was written by a broken tool.";
    FALLBACK = "verify.fallback", Error,
        "The first texture is not the fallback texture.",
        "Cook the container again into another folder.";
    HASH = "verify.hash", Error,
        "Content does not have the hash that is stored for it.",
        "Cook the source again; the bytes have changed since they were written.";
    DESCRIPTOR = "verify.descriptor", Error,
        "An asset descriptor breaks a rule of its format.",
        "Cook the asset again; it is damaged, or was written by a broken tool.";
    DESCRIPTOR_FORM = "verify.descriptor_form", Warning,
        "An asset descriptor can be loaded, but is not in the form that this tool writes.",
        "Nothing need be done; cooking the asset again rewrites its descriptor.";
    REFERENCE = "verify.reference", Error,
        "An asset descriptor refers to something that the container does not have.",
        "Cook the source of the asset again, with everything that it uses.";
    ERROR_TEXTURE = "verify.error_texture", Warning,
        "A material has the error texture, because a texture of it was not cooked.",
        "Mend the texture and cook the source of the material again.";
    GEOMETRY = "verify.geometry", Error,
        "The buffers of a geometry contradict its descriptor.",
        "Cook the source of the geometry again; it is damaged, or was written by a broken tool.";
    GEOMETRY_FORM = "verify.geometry_form", Warning,
        "The buffers of a geometry can be drawn, but are not as this tool would write them.",
        "Nothing need be done, if it looks right.";
    UNREFERENCED = "verify.unreferenced", Warning,
        "Buffers are used by no geometry: those of earlier versions, most likely.",
        "Nothing need be done; `kiln compact` drops what no job of the container needs any more.";
    PAK = "verify.pak", Error,
        "A PAK file breaks a rule of its format.",
        "Pack the container again; the file is damaged, or was written by a broken tool.";
    PAK_FORM = "verify.pak_form", Warning,
        "A PAK file can be loaded, but is not in the form that this tool writes.",
        "Nothing need be done; packing the container again gives the usual form.";
    CATALOG = "verify.catalog", Error,
        "The catalogue contradicts the container.",
        "Cook the sources again; the catalogue was changed or is of another container.";
}
