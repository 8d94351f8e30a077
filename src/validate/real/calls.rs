//! Programs that compute, call the kernel, talk through pipes, sleep, and walk through memory.

use std::hint::black_box;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use rustix::io::{read, write};
use rustix::process::{getppid, getuid};

use super::EFFORT;
use crate::probe::measure::{LINE, Pages, Region, elapsed_ns, looped, per_iteration, pin};
use crate::probe::sandbox::{Child, pipe};
use crate::validate::work::{ROUND_CYCLES, WALK_BYTES};

/// Cycles of a turn of [`arithmetic`]: three shifts and three exclusive-ors, each waiting for the one before.
const TURN: u64 = 6;

/// Arithmetic that takes `cycles` cycles and that no compiler shortens.
#[inline(never)]
pub fn arithmetic(cycles: u64) {
    let mut x = black_box(0x9e37_79b9_7f4a_7c15u64);
    for _ in 0..cycles / TURN {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
    black_box(x);
}

/// Arithmetic and two system calls, again and again: nanoseconds of a round.
pub fn rounds() -> Vec<f64> {
    looped(&EFFORT, || {
        arithmetic(ROUND_CYCLES);
        (getppid(), getuid())
    })
    .into_values()
}

/// A byte to a process on `cpu` and one back: nanoseconds of a round trip.
pub fn ping_pong(cpu: usize) -> Result<Vec<f64>, String> {
    let failed = |e: std::io::Error| format!("making a pipe: {e}");
    let ((hear, ask), (get, say)) = (pipe().map_err(failed)?, pipe().map_err(failed)?);
    exchange(&ask, &get, hear, say, cpu)
}

/// A byte out by `ask` and one back by `get`, from a process on `cpu` that hears and says: nanoseconds of a round trip.
///
/// The calls are made without a library around them, as they are simulated.
pub fn exchange(
    ask: &impl AsFd,
    get: &impl AsFd,
    hear: impl AsFd,
    say: impl AsFd,
    cpu: usize,
) -> Result<Vec<f64>, String> {
    let pass = |from: BorrowedFd<'_>, to: BorrowedFd<'_>, byte: &mut [u8; 1]| {
        read(from, &mut *byte) == Ok(1) && write(to, byte) == Ok(1)
    };
    let partner = Child::spawn(|| {
        let (ready, mut byte) = (pin(cpu), [0]);
        while ready.is_ok() && pass(hear.as_fd(), say.as_fd(), &mut byte) {}
        1
    });
    let _partner = partner.map_err(|e| format!("forking a partner: {e}"))?;
    // The partner alone has its ends now: when it is gone, reading comes to the end instead of waiting for ever.
    drop((hear, say));
    let (mut byte, mut together) = ([7], true);
    let samples = looped(&EFFORT, || {
        together = together && write(ask, &byte) == Ok(1) && read(get, &mut byte) == Ok(1);
    });
    if together { Ok(samples.into_values()) } else { Err("the partner is gone".to_owned()) }
}

/// By how many nanoseconds a sleep of a millisecond is too long.
pub fn late() -> Vec<f64> {
    const SLEEP: Duration = Duration::from_millis(1);
    // Only this process's; without it the kernel may add 50 us to save power.
    let _ = rustix::thread::set_current_timer_slack(std::num::NonZeroU64::new(1));
    let one = |_| {
        let start = Instant::now();
        std::thread::sleep(SLEEP);
        (elapsed_ns(start) - SLEEP.as_nanos() as f64).max(0.0)
    };
    (0..400).map(one).collect()
}

/// Loads at random over [`WALK_BYTES`], each waiting for the one before: nanoseconds of a load. Each load's place is
/// drawn anew: a fixed cycle through all lines would miss a cache that is a little too small by every load, and the
/// simulated loads are independent. Drawing takes some ten cycles.
pub fn walk() -> Result<Vec<f64>, String> {
    let mut region = Region::new(WALK_BYTES, Pages::Small)?;
    let bytes = region.bytes_mut();
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut steps = |n: u64| {
        for _ in 0..n {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let line = ((u128::from(state) * (WALK_BYTES / LINE) as u128) >> 64) as usize;
            // What was loaded goes into the next place.
            state ^= u64::from(black_box(bytes[line * LINE]));
        }
    };
    steps((WALK_BYTES / LINE) as u64);
    Ok(per_iteration(&EFFORT, steps).into_values())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

    use rustix::thread::CpuSet;

    use super::*;
    use crate::probe::sandbox::in_child_until;
    use crate::validate::Route;
    use crate::validate::real::network::round_trip;

    #[test]
    fn a_partner_that_dies_is_an_error_and_nobody_waits_for_it() {
        // Only where there are so many processors could the partner be pinned to the last.
        const NOWHERE: usize = CpuSet::MAX_CPU - 1;
        let stop = AtomicBool::new(false);
        let (ended, ends) = std::sync::mpsc::channel::<()>();
        std::thread::scope(|scope| {
            let stop = &stop;
            scope.spawn(move || {
                let waited = ends.recv_timeout(Duration::from_secs(60));
                stop.store(waited == Err(std::sync::mpsc::RecvTimeoutError::Timeout), SeqCst);
            });
            let gone = Err("the partner is gone".to_owned());
            assert_eq!(in_child_until(stop, || ping_pong(NOWHERE)), gone);
            assert_eq!(in_child_until(stop, || round_trip(Route::Loopback, NOWHERE)), gone);
            drop(ended);
        });
    }
}
