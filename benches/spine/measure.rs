//! Clocks and tables.

use std::time::{Duration, Instant};

/// Wall and CPU time of one run.
#[derive(Clone, Copy)]
pub struct Cost {
    pub wall: Duration,
    pub cpu: Duration,
}

/// The CPU time that this process has used so far.
pub fn cpu_time() -> Duration {
    // SAFETY: an all-zero `rusage` is a valid value of this plain C structure.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a local value of the right type.
    unsafe { libc::getrusage(libc::RUSAGE_SELF, &raw mut usage) };
    let time =
        |value: libc::timeval| Duration::new(value.tv_sec as u64, value.tv_usec as u32 * 1000);
    time(usage.ru_utime) + time(usage.ru_stime)
}

/// Runs something once.
pub fn cost(run: impl FnOnce()) -> Cost {
    let (wall, cpu) = (Instant::now(), cpu_time());
    run();
    Cost {
        wall: wall.elapsed(),
        cpu: cpu_time() - cpu,
    }
}

/// The value in the middle.
pub fn median<T: PartialOrd + Copy>(values: &mut [T]) -> T {
    values.sort_by(|a, b| a.partial_cmp(b).expect("no NaN is measured"));
    values[values.len() / 2]
}

/// The value that all but a hundredth stay below.
pub fn p99(values: &mut [Duration]) -> Duration {
    values.sort_unstable();
    values[(values.len() - 1) * 99 / 100]
}

/// One line of the table.
pub fn row(what: &str, measured: String, target: &str) {
    println!("{what:<58} {measured:>12}  {target}");
}
