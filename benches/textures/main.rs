//! Measures texture cooking: `cargo bench --bench textures [-- NAME ..]`.
//!
//! Everything is measured beside the bare library calls that do the same work, in turn and on the same
//! thread, because machines are noisy. The names are `photos`, `stages` and `quality`; without one, all are
//! measured.
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measures")]
#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot be set up has nothing to say"
)]

mod bare;
mod measure;
mod photographs;
mod photos;
mod quality;
mod stages;

use std::env;

fn main() {
    let mut names: Vec<String> = env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with("--"))
        .collect();
    if names.is_empty() {
        names = ["photos", "stages", "quality"].map(str::to_owned).to_vec();
    }
    for name in names {
        match name.as_str() {
            "photos" => photos::photos(),
            "stages" => stages::stages(),
            "quality" => quality::quality(),
            other => println!("{other}: no such measurement"),
        }
    }
}
