//! Waking a processor that is idle: what it costs the one who wakes, and how long the woken takes.
//!
//! A processor without work halts, and what halts with it sinks deeper the longer it lasts: the core into deeper idle
//! states; in a guest the hypervisor first polls, then gives the core away, and where that hypervisor is a guest too,
//! the next one does the same. Measured: a thread on another core sleeps in a futex; after so many microseconds it is
//! woken, and reads the clock as its first act. Both times contain a system call, the kernel's wake-up and a context
//! switch; the parts that are not seen apart are derived in the profile. The shortest idle time gives the shallowest
//! state, the longest one the deepest; between them the medians are fitted by the curve that the simulated machine has:
//! flat, then rising with the logarithm of the idle time, then flat. Left out: what is not told by the idle time alone.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

use rustix::thread::futex;

use super::super::Plan;
use super::super::bench::Bench;
use super::super::host::{no_thread, pin};
use super::super::timing::{Samples, elapsed_ns};
use crate::costs::Unit;

pub const GIVES: &[(&str, Unit)] = &[
    ("idle_wake", Unit::Ns),
    ("idle_wake_paid", Unit::Ns),
    ("idle_wake_50us", Unit::Ns),
    ("idle_wake_125us", Unit::Ns),
    ("idle_wake_300us", Unit::Ns),
    ("idle_wake_800us", Unit::Ns),
    ("idle_wake_2ms", Unit::Ns),
    ("idle_wake_deep", Unit::Ns),
    ("idle_shallow_until", Unit::Ns),
    ("idle_deep_after", Unit::Ns),
];

/// For how many microseconds the other processor is idle before it is woken, each about 2.5 times the one before; and
/// the name of what is measured then.
const IDLE: [(u64, &str); 7] = [
    (20, "idle_wake"),
    (50, "idle_wake_50us"),
    (125, "idle_wake_125us"),
    (300, "idle_wake_300us"),
    (800, "idle_wake_800us"),
    (2_000, "idle_wake_2ms"),
    (5_000, "idle_wake_deep"),
];

/// A deep state whose wakes cost less than this many times those of the shallow one is none.
const DEEPER: f64 = 1.25;

pub fn run(bench: &mut Bench) -> Result<(), String> {
    let cpu = bench.cpus.partner()?;
    let count = if bench.plan == Plan::Quick { 30 } else { 300 };
    let mut medians = Vec::new();
    wakes(cpu, count, |(idle, name), wakes| {
        let method = format!(
            "from waking a thread of another core, idle for {idle} us, to the thread's first act: a system call, a \
             wake-up, an interrupt, leaving the idle state, a context switch"
        );
        let woken = Samples::of_events(wakes.woken);
        medians.push((idle as f64 * 1000.0, woken.median()));
        bench.put_ns(name, &woken, method);
        if medians.len() == 1 {
            let method = format!("what the same costs the thread that wakes; the core was idle for {idle} us");
            bench.put_ns("idle_wake_paid", &Samples::of_events(wakes.paid), method);
        }
    })?;
    let Some((from, to)) = bends(&medians) else {
        let longest = IDLE[IDLE.len() - 1].0;
        for name in ["idle_shallow_until", "idle_deep_after"] {
            bench.missing(
                name,
                Unit::Ns,
                format!("no deeper state: a core that was idle for {longest} us wakes as fast"),
            );
        }
        return Ok(());
    };
    let method = "from where the wakes' medians rise, by the best fit of a line over the logarithm of the idle time";
    bench.put_ns("idle_shallow_until", &Samples::of_events(vec![from]), method);
    let method = "up to where the wakes' medians rise, by the same fit";
    bench.put_ns("idle_deep_after", &Samples::of_events(vec![to]), method);
    Ok(())
}

/// Between which idle times the way back from idle grows: of all pairs of those that were tried the one whose curve
/// (flat, rising with the logarithm, flat) is nearest to the medians. `None` if it does not grow.
fn bends(medians: &[(f64, f64)]) -> Option<(f64, f64)> {
    let (&(_, low), &(_, high)) = (medians.first()?, medians.last()?);
    if high < DEEPER * low {
        return None;
    }
    let off = |from: f64, to: f64| {
        let curve = |idle: f64| low + (high - low) * ((idle / from).ln() / (to / from).ln()).clamp(0.0, 1.0);
        medians.iter().map(|&(idle, median)| (curve(idle) / median).ln().powi(2)).sum::<f64>()
    };
    let times = medians.iter().map(|&(idle, _)| idle);
    let pairs = times.clone().flat_map(|from| times.clone().filter(move |&to| to > from).map(move |to| (from, to)));
    pairs.min_by(|a, b| off(a.0, a.1).total_cmp(&off(b.0, b.1)))
}

/// The wakes after one idle time, in nanoseconds.
#[derive(Clone, Debug, Default)]
struct Wakes {
    /// From the decision to wake to the first act of the woken.
    woken: Vec<f64>,
    /// Until the waker goes on.
    paid: Vec<f64>,
}

/// Not to sleep, to sleep until woken, to end.
const AWAKE: u32 = 0;
const ASLEEP: u32 = 1;
const END: u32 = 2;

/// Wakes a thread on `cpu` `count` times after each idle time, and tells of each.
fn wakes(cpu: usize, count: usize, mut tell: impl FnMut((u64, &str), Wakes)) -> Result<(), String> {
    let private = futex::Flags::PRIVATE;
    let begin = Instant::now();
    // When the woken acted; 0 until then.
    let (state, acted) = (AtomicU32::new(AWAKE), AtomicU64::new(0));
    std::thread::scope(|scope| {
        let (state, acted) = (&state, &acted);
        let sleep = move || {
            let pinned = pin(cpu);
            loop {
                state.compare_exchange(AWAKE, ASLEEP, SeqCst, SeqCst).ok();
                while state.load(SeqCst) == ASLEEP {
                    let _ = futex::wait(state, private, ASLEEP, None);
                }
                if state.load(SeqCst) == END || pinned.is_err() {
                    return pinned;
                }
                acted.store(elapsed_ns(begin).max(1.0) as u64, SeqCst);
                while acted.load(SeqCst) != 0 {
                    std::hint::spin_loop();
                }
            }
        };
        let sleeper = std::thread::Builder::new().spawn_scoped(scope, sleep).map_err(no_thread)?;
        for point in IDLE {
            let (idle, mut wakes) = (point.0, Wakes::default());
            for _ in 0..count {
                while state.load(SeqCst) != ASLEEP && !sleeper.is_finished() {
                    std::hint::spin_loop();
                }
                let asleep = Instant::now();
                while asleep.elapsed() < Duration::from_micros(idle) {
                    std::hint::spin_loop();
                }
                let start = elapsed_ns(begin);
                state.store(AWAKE, SeqCst);
                let _ = futex::wake(state, private, 1);
                let paid = elapsed_ns(begin) - start;
                while acted.load(SeqCst) == 0 && !sleeper.is_finished() {
                    std::hint::spin_loop();
                }
                wakes.woken.push((acted.load(SeqCst) as f64 - start).max(0.0));
                wakes.paid.push(paid);
                // Sleep again.
                acted.store(0, SeqCst);
            }
            if !sleeper.is_finished() {
                tell(point, wakes);
            }
        }
        state.store(END, SeqCst);
        let _ = futex::wake(state, private, 1);
        let ended = sleeper.join().map_err(|_| "the sleeping thread panicked".to_owned())?;
        ended.map_err(|e| format!("pinning to CPU {cpu}: {e}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn medians(of: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
        IDLE.iter().map(|&(idle, _)| (idle as f64 * 1000.0, of(idle as f64 * 1000.0))).collect()
    }

    #[test]
    fn a_step_a_slope_and_nothing_are_told_apart() {
        let step = medians(|idle| if idle < 500_000.0 { 5_000.0 } else { 60_000.0 });
        assert_eq!(bends(&step), Some((300_000.0, 800_000.0)));
        let slope = medians(|idle| 20_000.0 + 10_000.0 * (idle / 20_000.0).ln());
        assert_eq!(bends(&slope), Some((20_000.0, 5_000_000.0)));
        let late = medians(|idle| 20_000.0 + 30_000.0 * (idle / 125_000.0).ln().clamp(0.0, (800.0f64 / 125.0).ln()));
        assert_eq!(bends(&late), Some((125_000.0, 800_000.0)));
        assert_eq!(bends(&medians(|_| 5_000.0)), None);
        assert_eq!(bends(&[]), None);
    }
}
