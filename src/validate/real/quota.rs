//! Programs in a cgroup with a quota of processor time.

use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use super::calls::arithmetic;
use crate::probe::cleanup::Scratch;
use crate::probe::measure::{elapsed_ns, pin};
use crate::probe::sandbox::cgroups::{Cgroup, find};
use crate::probe::sandbox::in_child_until;
use crate::validate::figure::rates;
use crate::validate::work::{CHUNK_CYCLES, PERIOD, PERIODIC_SLEEP};

const LONG: Duration = Duration::from_millis(2100);

/// Chunks a second.
pub fn throughput(percent: u64, scratch: &Scratch, cpu: usize, stop: &AtomicBool) -> Result<Vec<f64>, String> {
    limited(percent, scratch, cpu, stop, || {
        let start = Instant::now();
        let mut ends = Vec::new();
        while start.elapsed() < LONG {
            arithmetic(CHUNK_CYCLES);
            ends.push(elapsed_ns(start));
        }
        rates(&ends, PERIOD as f64)
    })
}

/// Nanoseconds from the end of one chunk to the end of the next, of a task that sleeps in between. The kernel may hold
/// it in the middle of a chunk or when it wakes: both make the next end late.
pub fn periodic(percent: u64, scratch: &Scratch, cpu: usize, stop: &AtomicBool) -> Result<Vec<f64>, String> {
    limited(percent, scratch, cpu, stop, || {
        let _ = rustix::thread::set_current_timer_slack(std::num::NonZeroU64::new(1));
        let start = Instant::now();
        let (mut last, mut times) = (start, Vec::new());
        while start.elapsed() < LONG {
            std::thread::sleep(Duration::from_nanos(PERIODIC_SLEEP));
            arithmetic(3 * CHUNK_CYCLES);
            let now = Instant::now();
            times.push(now.duration_since(last).as_nanos() as f64);
            last = now;
        }
        times
    })
}

fn limited(
    percent: u64,
    scratch: &Scratch,
    cpu: usize,
    stop: &AtomicBool,
    work: impl FnOnce() -> Vec<f64>,
) -> Result<Vec<f64>, String> {
    let place = find(true)?;
    let cgroup = Cgroup::new(&place, scratch, "work")?;
    let period = PERIOD / 1000;
    cgroup.limit_cpu(period / 100 * percent, period).map_err(|e| format!("limiting a cgroup's processor time: {e}"))?;
    in_child_until(stop, || {
        pin(cpu).map_err(|e| format!("pinning to CPU {cpu}: {e}"))?;
        cgroup.enter().map_err(|e| format!("entering a cgroup: {e}"))?;
        Ok(work())
    })
}
