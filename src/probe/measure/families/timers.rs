//! Timers, and interrupts as a program sees them.
//!
//! Arming a timer that lies far off is the set-up of any sleep; one that is due before all others must also be
//! programmed into the processor's timer. How late a sleeper wakes contains everything on the way: the interrupt, its
//! handler, leaving the idle state, the wake-up, the switch. An inter-processor interrupt is sent with `membarrier`,
//! which asks another core for a memory barrier and waits for it; the gap that it leaves in a loop on that core is
//! what an interrupt takes from the program it interrupts. Left out: device interrupts.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, Instant};

use rustix::thread::{ClockId, NanosleepRelativeResult, clock_nanosleep_relative};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};

use super::super::Plan;
use super::super::cell::Bench;
use super::super::host::{hypervisor, pin};
use super::super::timing::{Rest, Samples, elapsed_ns, looped};
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
    let arm = |nanoseconds: i64| {
        let value = Timespec { tv_sec: nanoseconds / 1_000_000_000, tv_nsec: nanoseconds % 1_000_000_000 };
        let once = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value: value };
        timerfd_settime(&timer, TimerfdTimerFlags::empty(), &once)
    };
    let far = looped(&effort, || arm(3_600_000_000_000));
    bench.put_ns("sleep_setup", &far.clone().minus(call), "arming a timer that is due in an hour, less a system call");
    let near = looped(&effort, || arm(150_000));
    let near =
        Rest::of("arming a timer that is due before all others", &near).less("arming one that is not", far.median());
    let method = "arming a timer that is due before all others, less arming one that is not";
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
            let method =
                "membarrier with one running thread on another core: interrupt, acknowledgement, less a system call";
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

fn interrupts(bench: &Bench) -> Result<(Samples, Samples), String> {
    let (cpu, effort) = (bench.cpus.partner()?, bench.effort());
    membarrier(libc::MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED)?;
    let (ready, stop) = (AtomicBool::new(false), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let (is_ready, stopped) = (&ready, &stop);
        let watcher = scope.spawn(move || {
            let pinned = pin(cpu);
            let mut gaps = Vec::with_capacity(1 << 16);
            let mut least = f64::MAX;
            let mut last = Instant::now();
            is_ready.store(true, SeqCst);
            while !stopped.load(SeqCst) {
                let now = Instant::now();
                let gap = now.duration_since(last).as_nanos() as f64;
                last = now;
                least = least.min(gap.max(1.0));
                // A turn of this loop is much shorter than any interrupt, and a time slice of others much longer.
                if gap > 8.0 * least && gap < 50_000.0 && gaps.len() < gaps.capacity() {
                    gaps.push((gap - least).max(0.0));
                }
            }
            pinned.map(|()| gaps)
        });
        while !ready.load(SeqCst) {
            std::hint::spin_loop();
        }
        std::thread::sleep(Duration::from_millis(1));
        let round_trips = looped(&effort, || membarrier(libc::MEMBARRIER_CMD_PRIVATE_EXPEDITED));
        stop.store(true, SeqCst);
        let gaps = watcher.join().map_err(|_| "the watching thread panicked".to_owned())?;
        let gaps = gaps.map_err(|e| format!("pinning to CPU {cpu}: {e}"))?;
        Ok((round_trips, Samples::of_events(gaps)))
    })
}
