//! Timers, and interrupts as a program sees them.
//!
//! Arming a timer that lies far off is the set-up of any sleep; one that is due before all others must also be
//! programmed into the processor's timer. Both are armed when they are not: arming one that is, and first, programs the
//! processor's timer twice, for the kernel first takes it out. Now and then the kernel's own tick is due before even the
//! near one, which then is not programmed: those armings are dropped, and the runs that hold hardly any other. How late a sleeper wakes contains everything on the way: the interrupt, its
//! handler, leaving the idle state, the wake-up, the switch. An inter-processor interrupt is sent with `membarrier`,
//! which asks another core for a memory barrier and waits for it; the gap that it leaves in a loop on that core is
//! what an interrupt takes from the program it interrupts. The kernel sends none to a core that runs something else at
//! the moment, so a call counts only if the loop saw its gap meanwhile. Left out: device interrupts.

use std::ops::RangeInclusive;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

use rustix::thread::{ClockId, NanosleepRelativeResult, clock_nanosleep_relative};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};

use super::super::Plan;
use super::super::bench::Bench;
use super::super::host::{hypervisor, no_thread, pin};
use super::super::timing::{Effort, Rest, Samples, clock_cost, elapsed_ns, try_runs};
use crate::costs::Unit;

pub const GIVES: &[(&str, Unit)] = &[
    ("sleep_setup", Unit::Ns),
    ("timer_program", Unit::Ns),
    ("timer_program_in_guest", Unit::Ns),
    ("timer_latency", Unit::Ns),
    ("ipi_round_trip", Unit::Ns),
    ("interrupt_gap", Unit::Ns),
];

pub fn run(bench: &mut Bench) -> Result<(), String> {
    let call = bench.needed("system_call")?;
    let effort = bench.effort();
    let timer =
        timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC).map_err(|e| format!("timerfd: {e}"))?;
    let far = armings(&timer, &effort, FAR, 0.0)?;
    bench.put_ns("sleep_setup", &far.clone().minus(call), "arming a timer that is due in an hour, less a system call");
    let near = first_alone(armings(&timer, &effort, NEAR, far.median())?);
    let near =
        Rest::of("arming a timer that is due before all others", &near).less("arming one that is not", far.median());
    let method = "arming a timer that is due before all others, less arming one that is not; neither was armed before";
    let (here, absent, because) = match hypervisor() {
        None => ("timer_program", "timer_program_in_guest", "this host is bare hardware"),
        Some(_) => (
            "timer_program_in_guest",
            "timer_program",
            "in a guest, programming the timer can be a VM exit; see \"timer_program_in_guest\"",
        ),
    };
    bench.put_rest(here, Ok(near), method);
    bench.missing(absent, Unit::Ns, because);

    bench.doing("timer latency");
    let late = latency(bench);
    bench.put_ns("timer_latency", &late, "how late a sleep of 200 us ends, with the least timer slack");

    bench.doing("inter-processor interrupt");
    match interrupts(bench) {
        Ok((round_trips, gaps)) => {
            let method = "membarrier with one running thread on another core, call by call, those in which the thread \
                          saw a gap: interrupt, acknowledgement, less a system call";
            bench.put_ns("ipi_round_trip", &round_trips.minus(call), method);
            bench.put_ns("interrupt_gap", &gaps, "the gap that this interrupt leaves in a loop on the other core");
        }
        Err(because) => {
            bench.missing("ipi_round_trip", Unit::Ns, because.clone());
            bench.missing("interrupt_gap", Unit::Ns, because);
        }
    }
    Ok(())
}

/// Nanoseconds until a timer is due that is not first, and one that nearly always is: the tick comes once in one to ten
/// milliseconds. It is taken back long before.
const FAR: i64 = 3_600_000_000_000;
const NEAR: i64 = 50_000;

/// What arming the timer takes while it is not armed, less `other`.
fn armings(timer: &OwnedFd, effort: &Effort, due: i64, other: f64) -> Result<Samples, String> {
    const TIMES: usize = 65;
    let set = |nanoseconds: i64| {
        let value = Timespec { tv_sec: nanoseconds / 1_000_000_000, tv_nsec: nanoseconds % 1_000_000_000 };
        let once = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value: value };
        timerfd_settime(timer, TimerfdTimerFlags::empty(), &once).map_err(|e| format!("arming a timer: {e}"))
    };
    let clock = clock_cost();
    let one = || {
        set(0)?;
        let start = Instant::now();
        set(due)?;
        Ok((elapsed_ns(start) - clock).max(0.0))
    };
    try_runs(effort, || {
        let times = (0..TIMES).map(|_| one()).collect::<Result<Vec<f64>, String>>()?;
        Ok(first_alone(Samples::of_events(times).minus(other)).middle())
    })
}

/// Those in which the timer was first: the others took hardly more than one that is far off.
fn first_alone(times: Samples) -> Samples {
    let least = times.median() / 4.0;
    times.above(least)
}

fn latency(bench: &Bench) -> Samples {
    const SLEEP: i64 = 200_000;
    // Only this process's; without it the kernel may add 50 us to save power.
    let _ = rustix::thread::set_current_timer_slack(std::num::NonZeroU64::new(1));
    let count = if bench.plan == Plan::Quick { 200 } else { 3000 };
    let request = Timespec { tv_sec: 0, tv_nsec: SLEEP };
    let one = || {
        let start = Instant::now();
        match clock_nanosleep_relative(ClockId::Monotonic, &request) {
            NanosleepRelativeResult::Ok => Some((elapsed_ns(start) - SLEEP as f64).max(0.0)),
            _ => None,
        }
    };
    Samples::of_events((0..count).filter_map(|_| one()).collect())
}

/// Asks all other cores that run this process for a memory barrier, and waits for them.
fn membarrier(command: libc::c_int) -> Result<(), String> {
    // SAFETY: takes three integers, changes nothing but the order of memory accesses.
    let result = unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) };
    if result < 0 { Err(format!("membarrier: {}", std::io::Error::last_os_error())) } else { Ok(()) }
}

/// The last gap in the watching loop, as its two ends in nanoseconds; 0 until there is one.
#[derive(Default)]
struct Gap {
    from: AtomicU64,
    to: AtomicU64,
}

/// A longer gap is the turn of another program.
const MOST_GAP: u64 = 50_000;
/// Nanoseconds that a turn of the loop takes at least: a clock that counts in longer steps shows many that take none.
const LEAST_TURN: u64 = 25;
/// How long the loop may take to notice its gap once the barrier is done.
const NOTICED: u64 = 20_000;
/// Fewer interrupts than this are none to judge by.
const LEAST_CALLS: usize = 30;

/// Round trips and the gaps that they left, in nanoseconds; of the calls in which there was an interrupt.
fn interrupts(bench: &Bench) -> Result<(Samples, Samples), String> {
    let (cpu, effort) = (bench.cpus.partner()?, bench.effort());
    membarrier(libc::MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED)?;
    let (ready, stop, gap, begin) = (AtomicBool::new(false), AtomicBool::new(false), Gap::default(), Instant::now());
    std::thread::scope(|scope| {
        let (is_ready, stopped, seen) = (&ready, &stop, &gap);
        let pinned = move || -> Result<u64, String> {
            pin(cpu).map_err(|e| format!("pinning to CPU {cpu}: {e}"))?;
            is_ready.store(true, SeqCst);
            Ok(watch(begin, stopped, seen))
        };
        let watcher = std::thread::Builder::new().spawn_scoped(scope, pinned).map_err(no_thread)?;
        while !ready.load(SeqCst) && !watcher.is_finished() {
            std::hint::spin_loop();
        }
        std::thread::sleep(Duration::from_millis(1));
        let counted = called(&effort, begin, &gap);
        stop.store(true, SeqCst);
        let least = watcher.join().map_err(|_| "the watching thread panicked".to_owned())??;
        let Calls { of, seen } = counted?;
        if seen.len() < LEAST_CALLS.max(of / 10) {
            return Err(format!(
                "in only {} of {of} calls the other core (CPU {cpu}) ran this program: it is busy; measure again on an \
                 idle computer",
                seen.len()
            ));
        }
        let (round_trips, gaps) = seen.into_iter().map(|(call, gap)| (call, gap.saturating_sub(least) as f64)).unzip();
        Ok((Samples::of_events(round_trips), Samples::of_events(gaps)))
    })
}

/// Looks at the clock all the time and tells of each gap; how long a turn without one takes.
fn watch(begin: Instant, stop: &AtomicBool, gap: &Gap) -> u64 {
    let (mut least, mut last) = (u64::MAX, now(begin));
    while !stop.load(SeqCst) {
        let now = now(begin);
        least = least.min((now - last).max(LEAST_TURN));
        // A turn of this loop is much shorter than any interrupt.
        if now - last > 8 * least {
            gap.from.store(last, SeqCst);
            gap.to.store(now, SeqCst);
        }
        last = now;
    }
    least
}

/// Nanoseconds since `begin`.
fn now(begin: Instant) -> u64 {
    begin.elapsed().as_nanos() as u64
}

/// Barriers, and what those took that left a gap.
struct Calls {
    /// How many there were.
    of: usize,
    /// The time of each with a gap, and the gap.
    seen: Vec<(f64, u64)>,
}

/// Asks for barriers, one by one.
fn called(effort: &Effort, begin: Instant, gap: &Gap) -> Result<Calls, String> {
    let clock = clock_cost();
    let mut calls = Calls { of: 0, seen: Vec::new() };
    while calls.of < 20_000 && (calls.of < 1000 || begin.elapsed() < effort.limit) {
        let from = now(begin);
        let start = Instant::now();
        membarrier(libc::MEMBARRIER_CMD_PRIVATE_EXPEDITED)?;
        let took = (elapsed_ns(start) - clock).max(0.0);
        let to = now(begin);
        while gap.to.load(SeqCst) < from && now(begin) < to + NOTICED {
            std::hint::spin_loop();
        }
        let (gap_to, gap_from) = (gap.to.load(SeqCst), gap.from.load(SeqCst));
        calls.of += 1;
        if is_of(from..=to, gap_from..=gap_to) {
            calls.seen.push((took, gap_to - gap_from));
        }
    }
    Ok(calls)
}

/// Whether a gap lies about a call and is an interrupt's, not that of another program's turn.
fn is_of(call: RangeInclusive<u64>, gap: RangeInclusive<u64>) -> bool {
    let (from, to) = gap.into_inner();
    to >= *call.start() && from <= *call.end() && from <= to && to - from <= MOST_GAP
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_in_which_another_timer_was_due_before_are_dropped() {
        let runs = first_alone(Samples::of_runs(vec![5200.0, 10.0, 5300.0, 0.0, 5100.0]));
        assert_eq!(runs.into_values(), [5200.0, 5300.0, 5100.0]);
    }

    #[test]
    fn a_call_without_an_interrupt_is_told_by_the_gap_that_is_missing() {
        assert!(is_of(1000..=5000, 2000..=3000));
        // The loop notices a little later.
        assert!(is_of(1000..=5000, 4900..=5200));
        // The gap of the call before, one long after, another program's turn, none at all.
        assert!(!is_of(1000..=5000, 400..=900) && !is_of(1000..=5000, 6000..=7000));
        assert!(!is_of(1000..=5000, 500..=4_000_000) && !is_of(1000..=5000, 0..=0));
    }

    #[test]
    fn a_loop_that_does_not_run_gives_no_call() {
        if membarrier(libc::MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED).is_err() {
            return println!("skipped: no membarrier");
        }
        let effort = Effort { run: Duration::ZERO, runs: 1, limit: Duration::ZERO };
        let calls = called(&effort, Instant::now(), &Gap::default()).unwrap();
        assert!(calls.of >= 1000 && calls.seen.is_empty(), "{} of {}", calls.seen.len(), calls.of);
    }
}
