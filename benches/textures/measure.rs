//! Clocks.

use std::time::Duration;

/// The CPU time that this thread has used so far.
fn thread_time() -> Duration {
    // SAFETY: an all-zero `timespec` is a valid value of this plain C structure.
    let mut time: libc::timespec = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a local value of the right type.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// The CPU seconds of one run on this thread.
pub fn seconds(run: impl FnOnce()) -> f64 {
    let before = thread_time();
    run();
    (thread_time() - before).as_secs_f64()
}

/// The value in the middle.
pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Runs two things in turn; returns the seconds in the middle of each, and the ratio in the middle.
pub fn side_by_side(
    rounds: usize,
    mut ours: impl FnMut(),
    mut bare: impl FnMut(),
) -> (f64, f64, f64) {
    ours();
    bare();
    let (mut a, mut b, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let (one, other) = (seconds(&mut ours), seconds(&mut bare));
        a.push(one);
        b.push(other);
        ratios.push(one / other);
    }
    (median(&mut a), median(&mut b), median(&mut ratios))
}
