//! A system call: SYSCALL, the kernel's entry code with its mitigations, dispatch, exit code, SYSRET.
//!
//! Measured: `getgid`, which does no more than look up a number of its own, in a loop, less the loop. (`getppid` takes
//! an eighth more: it looks for the parent under a lock of its own.) It is subtracted from nearly everything, so that a
//! body that costs something would be missing everywhere else. If this process already runs under seccomp filters or a
//! tracer, their cost is in it. Left out: the body of any real call, and the virtual system calls that never enter the
//! kernel (the clock is read that way: `clock_read`).

use std::hint::black_box;
use std::time::Instant;

use super::super::bench::Bench;
use super::super::small_file::read_small;
use super::super::timing::{Samples, looped};
use crate::costs::Unit;

pub const GIVES: &[(&str, Unit)] = &[("system_call", Unit::Ns), ("clock_read", Unit::Ns)];

/// `getgid`, without the C library: where the kernel empties the processor's return predictor on its way out, every
/// return from a library function after a call would be a wrong guess, and part of what is measured.
#[inline(always)]
fn getgid() {
    black_box(rustix::process::getgid());
}

/// A loop around nothing but a call: what has to be subtracted from loops around system calls.
pub fn empty_loop(bench: &Bench) -> Samples {
    #[inline(never)]
    fn nothing(x: u64) -> u64 {
        black_box(x)
    }
    looped(&bench.effort(), || nothing(black_box(1)))
}

/// A call in a loop, less the loop.
pub fn measure<T>(bench: &Bench, call: impl FnMut() -> T) -> Samples {
    let empty = empty_loop(bench).median();
    looped(&bench.effort(), call).minus(empty)
}

pub fn run(bench: &mut Bench) -> Result<(), String> {
    let status = read_small("/proc/self/status").unwrap_or_default();
    let filtered = status.lines().any(|l| l.starts_with("Seccomp:") && !l.ends_with('0'));
    let note = if filtered { "; this process already runs under seccomp, which is included" } else { "" };
    let samples = measure(bench, getgid);
    bench.put_ns("system_call", &samples, format!("getgid in a loop, less an empty loop{note}"));

    bench.doing("reading the clock");
    let clock = looped(&bench.effort(), Instant::now);
    bench.put_ns("clock_read", &clock, "clock_gettime(CLOCK_MONOTONIC) in a loop, as the C library offers it");
    Ok(())
}
