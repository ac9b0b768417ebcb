//! Codes of jobs and the service.

codes! {
    CANCELED = "import.canceled", Info,
        "The job was cancelled before it was finished.",
        "Submit it again; the container is as if the job had never been submitted.";
    EXCEPTION = "import.exception", Error,
        "A cooker panicked; the panic was caught and only this job failed.",
        "This is a bug of the cooker: report it with the source file and the message.";
    QUEUE_FULL = "import.queue_full", Error,
        "Import queue is full.",
        "Submit fewer jobs at once, or raise `max_queued_jobs` in the settings.";
    SHUTDOWN = "import.shutdown", Error,
        "The import service is shutting down and takes no new jobs.",
        "Submit before the shutdown is requested.";
    UNKNOWN_FORMAT = "import.unknown_format", Error,
        "No importer is registered for this kind of source.",
        "Check the file's content and extension, or register an importer for it.";
    SETTINGS_INVALID = "import.settings_invalid", Error,
        "The settings of the job contradict each other or are out of range.",
        "Change the settings that the message names.";
    WORK_PIPELINE_MISSING = "import.plan.pipeline_missing", Error,
        "A plan contains work of a kind that no pipeline is registered for.",
        "Register the kind of work on the app before it is planned.";
    PLAN_INVALID = "import.plan.invalid", Error,
        "An importer made a plan that cannot be executed.",
        "This is a bug of the importer: report it with the source file and the message.";
    MATERIAL_KEY_MISSING = "import.plan.material_key_missing", Error,
        "A mesh uses a material that it did not announce, and that may not have been cooked.",
        "This is a bug of the importer: report it with the source file and the message.";
    OPTION_UNUSED = "import.option_unused", Info,
        "An option changes nothing for this kind of source.",
        "Remove the option, or give it for single textures.";
    OVERRIDE_UNUSED = "import.override_unused", Warning,
        "Options are given for a texture that the scene does not have.",
        "Check the name or pattern against the names of the images in the scene.";
    EMISSION_INVALID = "import.emission_invalid", Error,
        "A cooker made something that breaks the rules of the container.",
        "This is a bug of the cooker: report it with the source file and the message.";
    DEPENDENCY_FAILED = "import.dependency_failed", Error,
        "The item was skipped because something that it needs has failed.",
        "Mend the failure that is named; this item then follows.";
    COMMIT_FAILED = "import.commit_failed", Error,
        "The container could not be committed; it is as it was before.",
        "See the I/O error: free space, fix permissions, then import again.";
    COMMIT_UNFINISHED = "import.commit_unfinished", Error,
        "The commit is durable, but its files could not be put in place.",
        "See the I/O error, then run `kiln verify` on the container, or import again: either finishes it.";
}
