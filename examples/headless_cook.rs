//! Cooks a folder without a window, with futures instead of callbacks.
//!
//! Look for: all files of `examples/content` in `target/headless-cooked`, and an exit status that
//! tells whether all of them were cooked. `kiln verify target/headless-cooked` checks them.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "an example shows what it does, and stops when it cannot go on"
)]

use bevy_app::AppExit;
use bevy_kiln::{
    plugin::{HeadlessSettings, headless_app},
    prelude::*,
};
use futures_lite::future::block_on;
use std::thread;

fn main() -> AppExit {
    let app = headless_app(HeadlessSettings::default());
    let client = app.world().resource::<ImportClient>().clone();
    // Futures may be awaited anywhere but on the thread that ticks the app.
    let cook = thread::spawn(move || {
        let failed = block_on(cook_folder(&client));
        client.request_shutdown();
        failed
    });
    let exit = { app }.run();
    match cook.join() {
        Ok(0) => exit,
        _ => AppExit::error(),
    }
}

/// Cooks every file, and returns how many failed.
async fn cook_folder(client: &ImportClient) -> usize {
    let mut sources: Vec<_> = std::fs::read_dir("examples/content")
        .expect("run it in the root of the repository")
        .flatten()
        .map(|entry| entry.path().display().to_string())
        .collect();
    sources.sort();
    let jobs: Vec<JobHandle> = sources
        .into_iter()
        .map(|source| ImportRequest::new(source).into_container("target/headless-cooked"))
        .map(|request| client.submit(request).expect("the service takes jobs"))
        .collect();
    let mut failed = 0;
    for job in jobs {
        let report = job.await.expect("every accepted job is reported");
        println!("{}: {}", report.source, report.outcome);
        failed += usize::from(!report.success);
    }
    failed
}
