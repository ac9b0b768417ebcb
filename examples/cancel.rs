//! Cancels a job while it runs, from another thread.
//!
//! Look for: `import.canceled`, and no container: the job left nothing behind.
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
use std::{path::Path, thread};

const ROOT: &str = "target/cancel-cooked";

fn main() -> AppExit {
    // What an earlier run may have left.
    let _ = std::fs::remove_dir_all(ROOT);
    let app = headless_app(HeadlessSettings::default());
    let client = app.world().resource::<ImportClient>().clone();
    let request = ImportRequest::new("examples/content/wood_albedo.png").into_container(ROOT);
    let control = thread::spawn(move || {
        let job = client.submit(request).expect("the service takes jobs");
        job.cancel();
        let report = job.wait().expect("every accepted job is reported");
        println!(
            "{}: {} {:?}",
            report.source, report.outcome, report.diagnostics
        );
        client.request_shutdown();
        report
    });
    let exit = { app }.run();
    let report = control.join().expect("the thread does not panic");
    println!(
        "container left behind: {}",
        Path::new(ROOT).join("container.index.bin").exists()
    );
    if report.success {
        AppExit::error()
    } else {
        exit
    }
}
