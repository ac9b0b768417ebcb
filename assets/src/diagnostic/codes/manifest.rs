//! Codes of manifests.

codes! {
    OPEN_FAILED = "manifest.open_failed", Error,
        "The manifest could not be read.",
        "Check the path and the permissions of the file.";
    PARSE_FAILED = "manifest.parse_failed", Error,
        "The manifest is not a document of its format.",
        "Mend the place that is named: JSON without comments and trailing commas, or RON in a file that ends in .ron.";
    VERSION_UNSUPPORTED = "manifest.version_unsupported", Error,
        "The manifest is written for another version of this tool.",
        "Use a tool that knows this version, or write the manifest for version 1.";
    SCHEMA = "manifest.schema", Error,
        "The manifest has something that its schema does not allow.",
        "See what is allowed; `kiln schema` prints the whole schema, for editors too.";
    DUPLICATE_KEY = "manifest.duplicate_key", Error,
        "An object has the same key twice.",
        "Remove one of them; which one counts would be a guess.";
    JOB_INVALID = "manifest.job_invalid", Error,
        "A job cannot be run as it is written; it was left out.",
        "Change what the message names.";
    NO_MATCH = "manifest.no_match", Error,
        "No file fits the pattern of a source.",
        "Check the pattern and the folder; only files whose extension fits the type of the job are found.";
    UNUSED_PROPERTY = "manifest.unused_property", Warning,
        "A setting does nothing in a job of this type.",
        "Remove it, or check the type of the job.";
    LIMIT_UNUSED = "manifest.limit_unused", Warning,
        "A limit of the manifest does nothing in an app that runs already.",
        "Set it where the app makes its pools, or cook the manifest with `kiln cook`.";
}
