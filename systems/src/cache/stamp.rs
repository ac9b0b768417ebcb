//! What the file system says of a file, and how far that can be trusted.
//!
//! A file that is changed twice in one tick of the file system's clock has one time of change for both. So a
//! stamp is only trusted if that time was over when it was taken (Git has the same problem, and calls such
//! files racily clean).

use bevy_kiln_assets::cache::memo::Stamp;
use std::{
    fs::Metadata,
    path::Path,
    time::{Duration, SystemTime},
};

/// The tick of file systems with fine times: the timer interrupt of the kernel, at most 10 ms.
pub(super) const FINE_TICK: Duration = Duration::from_millis(20);

/// The tick of file systems whose times are whole seconds: FAT has two.
const COARSE_TICK: Duration = Duration::from_secs(2);

/// The stamp of a file or folder, with links followed; `None` when it cannot be looked at.
pub(super) fn stamp(path: &Path) -> Option<Stamp> {
    std::fs::metadata(path).ok().map(|info| of(&info))
}

/// The stamp in what was found out about a file.
pub(super) fn of(info: &Metadata) -> Stamp {
    Stamp {
        size: info.len(),
        modified: info.modified().map_or(0, nanos),
        inode: inode(info),
    }
}

#[cfg(unix)]
fn inode(info: &Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt;
    info.ino()
}

#[cfg(not(unix))]
fn inode(_: &Metadata) -> u64 {
    0
}

fn nanos(time: SystemTime) -> i64 {
    let clamp = |nanos: u128| i64::try_from(nanos).unwrap_or(i64::MAX);
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => clamp(since.as_nanos()),
        Err(before) => -clamp(before.duration().as_nanos()),
    }
}

/// Whether the moment of the change was over at `now`, so that any later change has another time.
pub(super) fn is_settled(stamp: &Stamp, now: SystemTime) -> bool {
    let tick = if stamp.modified % 1_000_000_000 == 0 {
        COARSE_TICK
    } else {
        FINE_TICK
    };
    let tick = i64::try_from(tick.as_nanos()).unwrap_or(i64::MAX);
    stamp.modified != 0 && nanos(now).saturating_sub(stamp.modified) > tick
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn young_files_are_not_trusted() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(10_000_123);
        let at = |millis: i64| Stamp {
            size: 1,
            modified: (10_000_123 - millis) * 1_000_000,
            inode: 1,
        };
        assert!(is_settled(&at(21), now) && !is_settled(&at(19), now));
        assert!(!is_settled(&at(-5), now), "from the future");
        // Whole seconds may be all that the file system has.
        assert!(!is_settled(&at(1_123), now) && is_settled(&at(2_123), now));
        assert!(!is_settled(&Stamp::default(), now));
    }

    #[test]
    fn stamps_tell_files_apart() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a"), folder.path().join("b"));
        std::fs::write(&a, "x").unwrap();
        std::fs::write(&b, "x").unwrap();
        let before = stamp(&a).unwrap();
        assert_eq!(stamp(&a), Some(before));
        assert!(cfg!(windows) || stamp(&b) != Some(before));
        std::fs::write(&a, "xy").unwrap();
        assert_ne!(stamp(&a), Some(before));
        assert_eq!(stamp(&folder.path().join("c")), None);
    }
}
