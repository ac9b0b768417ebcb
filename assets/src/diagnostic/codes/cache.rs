//! Codes of the cache.

codes! {
    UNWRITABLE = "cache.unwritable", Warning,
        "What was cooked could not be kept in the cache; the container is complete.",
        "Free space or fix permissions, choose another folder with `--cache-dir`, or cook with `--no-cache`.";
}
