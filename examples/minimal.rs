//! The smallest app that imports something: spawn a request, observe its end.
//!
//! Look for: one line for the texture, and the folder `target/minimal-cooked`.
#![expect(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "an example shows what it does"
)]

use bevy_app::prelude::*;
use bevy_ecs::prelude::*;
use bevy_kiln::{plugin::run_headless, prelude::*};

fn main() -> AppExit {
    App::new()
        .add_plugins((TaskPoolPlugin::default(), ImportPlugin::default()))
        .add_systems(Startup, import)
        .set_runner(run_headless)
        .run()
}

fn import(mut commands: Commands) {
    commands
        .spawn(
            ImportRequest::new("examples/content/wood_albedo.png")
                .into_container("target/minimal-cooked"),
        )
        .observe(finish);
}

fn finish(done: On<ImportFinished>, mut exit: MessageWriter<AppExit>) {
    for diagnostic in &done.report.diagnostics {
        eprintln!("{diagnostic}");
    }
    for product in &done.report.products {
        println!("{product:?}");
    }
    exit.write(if done.report.success {
        AppExit::Success
    } else {
        AppExit::error()
    });
}
