//! Context switches and wake-ups.
//!
//! A context switch is picking the next task and exchanging registers and address space. Two processes on one core
//! that do nothing but yield are made to switch by their yields; the kernel counts the switches, so that a yield which
//! changes nothing is not taken for one. A wake-up is making a blocked task runnable: waking threads of the idle class
//! on the waker's own core, which therefore can't run yet, costs the waker exactly that. Round trips between two
//! processes contain both and are reported under names of their own. Left out: the caches a task finds cold after a
//! switch, and load balancing.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous};
use rustix::thread::{futex, sched_yield};

use super::super::bench::Bench;
use super::super::host::{no_thread, pin};
use super::super::timing::{Samples, elapsed_ns, looped, runs, try_runs};
use crate::costs::Unit;
use crate::probe::sandbox::{Child, pipe};

pub const GIVES: &[(&str, Unit)] = &[
    ("context_switch", Unit::Ns),
    ("wake_up", Unit::Ns),
    ("wake_up_other_core", Unit::Ns),
    ("pipe_round_trip_same_core", Unit::Ns),
    ("pipe_round_trip_other_core", Unit::Ns),
    ("futex_round_trip_same_core", Unit::Ns),
    ("futex_round_trip_other_core", Unit::Ns),
];

/// Memory that forked processes share with us, until the cell ends.
#[derive(Default)]
struct Shared {
    word: [AtomicU32; 2],
    count: AtomicU64,
}

fn shared() -> Result<&'static Shared, String> {
    let (both, len) = (ProtFlags::READ | ProtFlags::WRITE, size_of::<Shared>());
    // SAFETY: a new shared mapping, zeroed, page-aligned, never unmapped; zeros are a valid `Shared`.
    unsafe { mmap_anonymous(std::ptr::null_mut(), len, both, MapFlags::SHARED).map(|p| &*p.cast::<Shared>()) }
        .map_err(|e| format!("mapping shared memory: {e}"))
}

pub fn run(bench: &mut Bench) -> Result<(), String> {
    bench.doing("context switch");
    let samples = switches(bench);
    let method = "two processes yield to each other on one core: time less the yields' own cost, by the kernel's count of switches";
    bench.put_or_missing("context_switch", samples, method);

    bench.doing("wake-up");
    let samples = wakes(bench, bench.cpus.main, true);
    let method =
        "futex wake of blocked threads of the idle class on the waker's core, less a futex wake that wakes nobody";
    bench.put_or_missing("wake_up", samples, method);
    let samples = bench.cpus.partner().and_then(|cpu| wakes(bench, cpu, false));
    let method = "the same with threads on another core: what the waker pays, the interrupt to that core included";
    bench.put_or_missing("wake_up_other_core", samples, method);

    let same = Ok(bench.cpus.main);
    for (what, name, cpu) in [("same core", "same_core", same), ("across cores", "other_core", bench.cpus.partner())] {
        bench.doing(&format!("pipe round trip, {what}"));
        let samples = cpu.clone().and_then(|cpu| pipes(bench, cpu));
        let method = format!("one byte to another process and one back through two pipes, {what}, both blocking");
        bench.put_or_missing(&format!("pipe_round_trip_{name}"), samples, method);
        bench.doing(&format!("futex round trip, {what}"));
        let samples = cpu.and_then(|cpu| futexes(bench, cpu));
        let method = format!("two processes wake each other and wait, {what}");
        bench.put_or_missing(&format!("futex_round_trip_{name}"), samples, method);
    }
    Ok(())
}

fn forked(body: impl FnOnce()) -> Result<Child, String> {
    let child = Child::spawn(|| {
        body();
        0
    });
    child.map_err(|e| format!("forking a partner: {e}"))
}

/// How often this process has been switched away from.
fn switched() -> u64 {
    // SAFETY: all zeros is a valid rusage, and the kernel fills it in.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &raw mut usage);
        usage
    };
    (usage.ru_nvcsw + usage.ru_nivcsw) as u64
}

fn switches(bench: &Bench) -> Result<Samples, String> {
    let effort = bench.effort();
    let alone = looped(&effort, sched_yield).median();
    let shared = shared()?;
    let _partner = forked(|| {
        loop {
            sched_yield();
            shared.count.fetch_add(1, SeqCst);
        }
    })?;
    // Until the partner runs.
    let start = Instant::now();
    while shared.count.load(SeqCst) < 100 {
        if start.elapsed() > Duration::from_millis(500) {
            return Err("the partner process never ran".to_owned());
        }
        sched_yield();
    }
    let yields = 1000;
    try_runs(&effort, || {
        let (switched_before, theirs_before) = (switched(), shared.count.load(SeqCst));
        let start = Instant::now();
        (0..yields).for_each(|_| sched_yield());
        let time = elapsed_ns(start);
        let theirs = shared.count.load(SeqCst) - theirs_before;
        // Away from us and back to us.
        let switches = 2 * (switched() - switched_before);
        if switches < 10 {
            return Err("yielding leads to no switches on this kernel".to_owned());
        }
        Ok((time - alone * (yields + theirs) as f64).max(0.0) / switches as f64)
    })
}

/// What one wake-up costs the waker. With `idle_class`, the woken only run when the waker sleeps.
fn wakes(bench: &Bench, cpu: usize, idle_class: bool) -> Result<Samples, String> {
    const THREADS: usize = 32;
    let effort = bench.effort();
    let private = futex::Flags::PRIVATE;
    let nobody = AtomicU32::new(0);
    let none = looped(&effort, || futex::wake(&nobody, private, 1)).median();
    let words: [AtomicU32; THREADS] = std::array::from_fn(|_| AtomicU32::new(0));
    // How many have gone to sleep since they were woken last, and how many will.
    let (waiting, expected, stop) = (AtomicU32::new(0), AtomicU32::new(THREADS as u32), AtomicU32::new(0));
    let end = || {
        stop.store(1, SeqCst);
        for word in &words {
            // Whoever is not asleep yet finds that the word has changed and does not sleep.
            word.store(1, SeqCst);
            let _ = futex::wake(word, private, 1);
        }
    };
    std::thread::scope(|scope| {
        for word in &words {
            let (waiting, expected, stop) = (&waiting, &expected, &stop);
            let sleep = move || {
                let ready = pin(cpu).is_ok() && (!idle_class || enter_idle_class().is_ok());
                while ready && stop.load(SeqCst) == 0 {
                    if waiting.fetch_add(1, SeqCst) + 1 >= expected.load(SeqCst) {
                        let _ = futex::wake(waiting, private, 1);
                    }
                    // Woken, interrupted or late: all end in another look at `stop`.
                    let _ = futex::wait(word, private, 0, None);
                }
            };
            if let Err(error) = std::thread::Builder::new().spawn_scoped(scope, sleep) {
                end();
                return Err(no_thread(error));
            }
        }
        // Until they are on their way to sleep; the last one may not be there yet. No longer, so that the kernel's code
        // and data are as warm as where one wake-up follows the other.
        let patience = futex::Timespec { tv_sec: 0, tv_nsec: 200_000_000 };
        let settle = |expect: u32| {
            expected.store(expect, SeqCst);
            let start = Instant::now();
            loop {
                let there = waiting.load(SeqCst);
                if there >= expect || start.elapsed() > Duration::from_millis(200) {
                    return;
                }
                let _ = futex::wait(&waiting, private, there, Some(&patience));
            }
        };
        settle(THREADS as u32);
        let samples = runs(&effort, || {
            waiting.store(0, SeqCst);
            expected.store(u32::MAX, SeqCst);
            let start = Instant::now();
            let woken: usize = words.iter().map(|word| futex::wake(word, private, 1).unwrap_or(0)).sum();
            let time = elapsed_ns(start);
            settle(woken as u32);
            // Whoever was not asleep yet costs what waking nobody costs.
            (time - none * THREADS as f64).max(0.0) / woken.max(1) as f64
        });
        end();
        Ok(samples)
    })
}

/// The scheduling class that runs only when nothing else wants to; anyone may enter it.
fn enter_idle_class() -> io::Result<()> {
    let parameter = libc::sched_param { sched_priority: 0 };
    // SAFETY: a valid parameter for the calling thread.
    let result = unsafe { libc::sched_setscheduler(0, libc::SCHED_IDLE, &raw const parameter) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn pipes(bench: &Bench, cpu: usize) -> Result<Samples, String> {
    let error = |e: io::Error| format!("making a pipe: {e}");
    let ((there_read, there_write), (back_read, back_write)) = (pipe().map_err(error)?, pipe().map_err(error)?);
    let pass = |from: &OwnedFd, to: &OwnedFd, byte: &mut [u8; 1]| {
        rustix::io::read(from, &mut *byte) == Ok(1) && rustix::io::write(to, byte) == Ok(1)
    };
    let _partner = forked(|| {
        let mut byte = [0];
        let _ = pin(cpu);
        while pass(&there_read, &back_write, &mut byte) {}
    })?;
    // The partner alone has its ends now: when it is gone, reading comes to the end instead of waiting for ever.
    drop((there_read, back_write));
    let (mut byte, mut together) = ([0], true);
    let samples = looped(&bench.effort(), || {
        together = together
            && rustix::io::write(&there_write, &[1]) == Ok(1)
            && rustix::io::read(&back_read, &mut byte) == Ok(1);
    });
    if together { Ok(samples) } else { Err("the partner process is gone".to_owned()) }
}

fn futexes(bench: &Bench, cpu: usize) -> Result<Samples, String> {
    let flags = futex::Flags::empty();
    let shared = shared()?;
    // Waits until `word` has turned, and turns it back.
    let take = |word: &AtomicU32| {
        while word.compare_exchange(1, 0, SeqCst, SeqCst).is_err() {
            let _ = futex::wait(word, flags, 0, None);
        }
    };
    let give = |word: &AtomicU32| {
        word.store(1, SeqCst);
        let _ = futex::wake(word, flags, 1);
    };
    let _partner = forked(|| {
        let _ = pin(cpu);
        loop {
            take(&shared.word[0]);
            give(&shared.word[1]);
        }
    })?;
    Ok(looped(&bench.effort(), || {
        give(&shared.word[0]);
        take(&shared.word[1]);
    }))
}
