//! The table of manifests: what a document may have, and where.

use crate::settings::{
    property::{ObjectRule, Property, Rule},
    scene::SCENE_PROPERTIES,
    texture::TEXTURE_PROPERTIES,
};

/// The version that is understood.
pub const VERSION: u32 = 1;

const ANY: u32 = u32::MAX;

/// The whole document.
pub const MANIFEST: ObjectRule = ObjectRule {
    name: "manifest",
    doc: "What is cooked, and how",
    groups: &[&[
        Property::integer(
            "version",
            VERSION,
            VERSION,
            "Version of this format; 1 is the only one and the default",
        ),
        Property::integer(
            "thread_pool_size",
            1,
            ANY,
            "Threads that cook, by default one for each core",
        ),
        Property::integer(
            "max_in_flight_jobs",
            1,
            ANY,
            "Jobs that may be loaded and cooked at once",
        ),
        Property::new(
            "concurrency",
            Rule::Object(&CONCURRENCY),
            "Limits by kind of work; kinds that are left out keep the defaults",
        ),
        Property::new(
            "defaults",
            Rule::Object(&DEFAULTS),
            "Settings that jobs start from",
        ),
        Property::new(
            "jobs",
            Rule::List(&JOB),
            "What is cooked, in the order of the output",
        ),
    ]],
    required: &["jobs"],
};

/// Limits by kind of work.
const CONCURRENCY: ObjectRule = ObjectRule {
    name: "concurrency",
    doc: "Limits by kind of work",
    groups: &[&[
        Property::new("texture", LIMIT_RULE, "Textures"),
        Property::new("buffer", LIMIT_RULE, "Standalone buffers"),
        Property::new("material", LIMIT_RULE, "Materials"),
        Property::new("mesh_build", LIMIT_RULE, "Vertices and indices of meshes"),
        Property::new("geometry", LIMIT_RULE, "Geometry descriptors"),
        Property::new("scene", LIMIT_RULE, "Scene descriptors"),
    ]],
    required: &[],
};

const LIMIT_RULE: Rule = Rule::Object(&LIMIT);

const LIMIT: ObjectRule = ObjectRule {
    name: "limit",
    doc: "Limits of one kind of work",
    groups: &[&[
        Property::integer("workers", 1, ANY, "Items that may be cooked at once"),
        Property::integer(
            "queue_capacity",
            1,
            ANY,
            "Items that may be read or wait for a worker",
        ),
    ]],
    required: &["workers", "queue_capacity"],
};

const DEFAULTS: ObjectRule = ObjectRule {
    name: "defaults",
    doc: "Settings that jobs start from",
    groups: &[&[
        Property::new(
            "texture",
            Rule::Object(&TEXTURE_SETTINGS),
            "For texture jobs, and for the textures of scenes",
        ),
        Property::new("scene", Rule::Object(&SCENE_SETTINGS), "For scene jobs"),
    ]],
    required: &[],
};

/// Settings of a texture job.
pub const TEXTURE_SETTINGS: ObjectRule = ObjectRule {
    name: "texture_settings",
    doc: "How textures are cooked",
    groups: &[JOB_SETTINGS, CONTENT_HASHING, SOURCES, TEXTURE_PROPERTIES],
    required: &[],
};

/// Settings of a scene job.
pub const SCENE_SETTINGS: ObjectRule = ObjectRule {
    name: "scene_settings",
    doc: "How scenes are cooked",
    groups: &[JOB_SETTINGS, CONTENT_HASHING, SCENE_PROPERTIES, OVERRIDES],
    required: &[],
};

/// Settings of one texture of a scene.
const TEXTURE_OVERRIDE: ObjectRule = ObjectRule {
    name: "texture_override",
    doc: "What one texture of a scene does differently",
    groups: &[CONTENT_HASHING, TEXTURE_PROPERTIES],
    required: &[],
};

/// One job.
pub const JOB: ObjectRule = ObjectRule {
    name: "job",
    doc: "One source, or the sources that a pattern finds",
    groups: &[
        &[
            Property::token("type", &["texture", "fbx", "gltf"], "What the source is"),
            Property::text(
                "source",
                "Path, relative to the folder of the manifest; a pattern of *, **, ? and [..] makes a job \
                 of every file that it finds",
            ),
        ],
        JOB_SETTINGS,
        CONTENT_HASHING,
        SOURCES,
        TEXTURE_PROPERTIES,
        SCENE_PROPERTIES,
        OVERRIDES,
    ],
    required: &["type", "source"],
};

const JOB_SETTINGS: &[Property] = &[
    Property::text("output", "Folder of the container, as an absolute path"),
    Property::text(
        "name",
        "Name of the product in reports and in the catalogue, instead of the stem of the source",
    ),
    Property::flag("verbose", "Whether every step of the job is printed"),
];

const CONTENT_HASHING: &[Property] = &[Property::flag(
    "content_hashing",
    "Whether content hashes are stored, and equal content is shared (default true)",
)];

const SOURCES: &[Property] = &[Property::new(
    "sources",
    Rule::List(&SOURCE_ENTRY),
    "Files that a texture is put together from; they are appended to those of the defaults",
)];

const SOURCE_ENTRY: ObjectRule = ObjectRule {
    name: "source",
    doc: "One file of a texture, and its place",
    groups: &[&[
        Property::text("file", "Path, relative to the folder of the job's source"),
        Property::integer(
            "layer",
            0,
            65535,
            "Array layer, or face of a cube: +X -X +Y -Y +Z -Z",
        ),
        Property::integer("mip", 0, 65535, "Mip level"),
        Property::integer("slice", 0, 65535, "Depth slice of a volume"),
    ]],
    required: &["file"],
};

const OVERRIDES: &[Property] = &[Property::new(
    "texture_overrides",
    Rule::Map(&TEXTURE_OVERRIDE),
    "Settings of single textures of a scene by their path or file name, or a pattern of either",
)];
