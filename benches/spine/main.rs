//! Measures the spine: `cargo bench --bench spine [-- NAME ..]`.
//!
//! Comparisons are ratios, taken side by side in one run, because machines are noisy. The names are
//! `photos`, `small`, `memory`, `idle`, `tick`, `queued` and `cancel`; without one, all are measured.
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measures")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark that cannot be set up has nothing to say"
)]

mod app;
mod bare;
mod measure;
mod queue;
mod sources;
mod throughput;

use std::env;

fn main() {
    let mut names: Vec<String> = env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with("--"))
        .collect();
    if let [child, folder, budget] = names.as_slice()
        && child == "memory-child"
    {
        throughput::memory_child(folder, budget.parse().unwrap());
        return;
    }
    if names.is_empty() {
        names = [
            "photos", "small", "memory", "idle", "tick", "queued", "cancel",
        ]
        .map(str::to_owned)
        .to_vec();
    }
    println!("{:<58} {:>12}  target", "what", "measured");
    for name in names {
        match name.as_str() {
            "photos" => throughput::photos(),
            "small" => throughput::small(),
            "memory" => throughput::memory(),
            "idle" => app::idle(),
            "tick" => app::tick(),
            "queued" => queue::queued(),
            "cancel" => app::cancel(),
            other => println!("{other}: no such measurement"),
        }
    }
}
