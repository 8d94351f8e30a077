//! Waking a processor that is idle: what it costs the one who wakes, and how long the woken takes.
//!
//! A processor without work halts, and what halts with it sinks deeper the longer it lasts: the core into deeper idle
//! states; in a guest the hypervisor first polls, then gives the core away, and where that hypervisor is a guest too,
//! the next one does the same. Measured: a thread on another core sleeps in a futex; after so many microseconds it is
//! woken, and reads the clock as its first act. Both times contain a system call, the kernel's wake-up and a context
//! switch; the parts that are not seen apart are derived in the profile. The shortest idle time gives the shallow
//! state. Times whose wakes are nearer to those after the longest idle time than to it give the deep one. Left out:
//! more than two depths.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

use rustix::thread::futex;

use super::super::Plan;
use super::super::cell::Bench;
use super::super::host::pin;
use super::super::timing::{Samples, elapsed_ns};
use crate::costs::Unit;

pub const GIVES: &[(&str, Unit)] = &[
    ("idle_wake", Unit::Ns),
    ("idle_wake_deep", Unit::Ns),
    ("idle_wake_paid", Unit::Ns),
    ("idle_deep_after", Unit::Ns),
];

/// For how many microseconds the other processor is idle before it is woken.
const IDLE: [u64; 6] = [20, 60, 200, 600, 2_000, 5_000];

/// A deep state whose wakes cost less than this many times those of the shallow one is none.
const DEEPER: f64 = 1.25;

pub fn run(bench: &mut Bench) -> Result<(), String> {
    let cpu = bench.cpus.partner()?;
    let count = if bench.plan == Plan::Quick { 30 } else { 300 };
    let wakes = wakes(cpu, count)?;
    let [shallow, .., deepest] = &wakes;
    let method = format!(
        "from waking a thread of another core, idle for {} us, to the thread's first act: a system call, a wake-up, \
         an interrupt, leaving the idle state, a context switch",
        IDLE[0]
    );
    bench.put_ns("idle_wake", &Samples::of_events(shallow.woken.clone()), method);
    let method = format!("what the same costs the thread that wakes; the core was idle for {} us", IDLE[0]);
    bench.put_ns("idle_wake_paid", &Samples::of_events(shallow.paid.clone()), method);

    let median = |wakes: &Wakes| Samples::of_events(wakes.woken.clone()).median();
    let (low, high) = (median(shallow), median(deepest));
    if high < DEEPER * low {
        let because = format!("no deeper state: a core that was idle for {} us wakes as fast", IDLE[IDLE.len() - 1]);
        bench.missing("idle_wake_deep", Unit::Ns, because.clone());
        bench.missing("idle_deep_after", Unit::Ns, because);
        return Ok(());
    }
    let border = (low * high).sqrt();
    // The last time that is still nearer to the shallow state: the bend lies between it and the next.
    let last = wakes.iter().rposition(|wakes| median(wakes) < border).unwrap_or(0).min(IDLE.len() - 2);
    let deep: Vec<f64> = wakes[last + 1..].iter().flat_map(|wakes| &wakes.woken).copied().collect();
    let method = format!("as \"idle_wake\", of a core that was idle for {} to {} us", IDLE[last + 1], IDLE[5]);
    bench.put_ns("idle_wake_deep", &Samples::of_events(deep), method);
    let (before, after) = (IDLE[last] as f64 * 1000.0, IDLE[last + 1] as f64 * 1000.0);
    let bend = (before * after).sqrt();
    let method = "between the longest idle time whose wakes cost about those of the shortest and the next one";
    bench.put_ns("idle_deep_after", &Samples::of_events(vec![before, bend, bend, bend, after]), method);
    Ok(())
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

fn wakes(cpu: usize, count: usize) -> Result<[Wakes; IDLE.len()], String> {
    let private = futex::Flags::PRIVATE;
    let begin = Instant::now();
    // When the woken acted; 0 until then.
    let (state, acted) = (AtomicU32::new(AWAKE), AtomicU64::new(0));
    std::thread::scope(|scope| {
        let (state, acted) = (&state, &acted);
        let sleeper = scope.spawn(move || {
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
        });
        let mut all: [Wakes; IDLE.len()] = Default::default();
        for (wakes, idle) in all.iter_mut().zip(IDLE) {
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
        }
        state.store(END, SeqCst);
        let _ = futex::wake(state, private, 1);
        let ended = sleeper.join().map_err(|_| "the sleeping thread panicked".to_owned())?;
        ended.map_err(|e| format!("pinning to CPU {cpu}: {e}"))?;
        Ok(all)
    })
}
