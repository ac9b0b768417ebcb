//! `kiln watch`

use super::CookArgs;
use clap::Args;
use std::time::Duration;

/// `kiln watch`
#[derive(Debug, Args)]
pub struct WatchArgs {
    #[command(flatten)]
    pub cook: CookArgs,
    /// How long nothing may change before it is cooked, in milliseconds
    #[arg(
        long,
        value_name = "MS",
        default_value_t = 200,
        help_heading = "Watching"
    )]
    debounce: u32,
    /// Look at the files every so many milliseconds, where changes are not told, as on network drives
    #[arg(long, value_name = "MS", help_heading = "Watching",
          value_parser = clap::value_parser!(u32).range(1..))]
    poll: Option<u32>,
}

impl WatchArgs {
    /// How long nothing may change before it is cooked.
    pub fn debounce(&self) -> Duration {
        Duration::from_millis(self.debounce.into())
    }

    /// How often files are looked at, if nobody tells of changes.
    pub fn poll(&self) -> Option<Duration> {
        self.poll.map(|poll| Duration::from_millis(poll.into()))
    }
}
