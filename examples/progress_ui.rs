//! Shows progress as an editor would: from components and messages, while the app ticks.
//!
//! Look for: the percentage of each job never falls, and every job ends once.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use bevy_app::{AppExit, prelude::*};
use bevy_ecs::prelude::*;
use bevy_kiln::{plugin::run_headless, prelude::*};

const SOURCES: [&str; 3] = ["wood_albedo.png", "wood_normal.png", "sky.hdr"];

fn main() -> AppExit {
    App::new()
        .add_plugins((TaskPoolPlugin::default(), ImportPlugin::default()))
        .add_systems(Startup, import)
        .add_systems(Update, (draw, exit_when_done).after(KilnSystems::Last))
        .set_runner(run_headless)
        .run()
}

fn import(mut commands: Commands) {
    for source in SOURCES {
        let path = format!("examples/content/{source}");
        commands.spawn(ImportRequest::new(path).into_container("target/progress-cooked"));
    }
}

/// The components say where every job is; the messages say what has just happened.
fn draw(
    jobs: Query<(&ImportRequest, &JobState, &Progress)>,
    mut steps: MessageReader<ImportProgress>,
) {
    for step in steps.read() {
        if let Ok((request, state, progress)) = jobs.get(step.entity) {
            let percent = (progress.overall() * 100.0) as u32;
            println!(
                "{percent:>3} %  {:<34} {state:<11} {}",
                request.source(),
                step.message
            );
        }
    }
}

fn exit_when_done(
    mut finished: MessageReader<ImportFinished>,
    mut ended: Local<usize>,
    mut failed: Local<bool>,
    mut exit: MessageWriter<AppExit>,
) {
    for end in finished.read() {
        *ended += 1;
        *failed |= !end.report.success;
    }
    if *ended == SOURCES.len() {
        exit.write(if *failed {
            AppExit::error()
        } else {
            AppExit::Success
        });
    }
}
