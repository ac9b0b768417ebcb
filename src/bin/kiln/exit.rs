//! Exit statuses: what scripts may rely on.

use std::process::ExitCode;

/// Everything asked for was done.
pub const SUCCESS: u8 = 0;
/// At least one import failed, or a container is not valid.
pub const FAILED: u8 = 1;
/// The command line is not valid; nothing was done.
pub const USAGE: u8 = 2;
/// Interrupted by Ctrl+C or a termination signal; what was committed stays.
pub const INTERRUPTED: u8 = 130;

/// Prints what `clap` has to say: help and version are no errors.
pub fn usage(error: &clap::Error) -> ExitCode {
    // Nothing can be done about a closed terminal.
    let _ = error.print();
    ExitCode::from(if error.use_stderr() { USAGE } else { SUCCESS })
}
