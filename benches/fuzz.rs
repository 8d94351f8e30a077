//! Damaged input for hours, on many threads: how many were tried, what failed, the slowest, the most memory.
//!
//! `cargo bench --no-default-features --bench fuzz -- --seconds 600 --threads 8 --seed 7 --only scenarios --keep DIR`
//! With arithmetic that overflows taken for a failure: `--config profile.bench.package.strata.overflow-checks=true`
//! before the `--`. Each argument may be left out. What fails is kept in DIR and run again by `--again FILE --only …`.

#[path = "../tests/support/fuzz.rs"]
mod fuzz;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use fuzz::{Chance, Make, TARGETS, Target};

/// What takes longer hangs.
const HANG: Duration = Duration::from_secs(20);

struct Arguments {
    seconds: u64,
    threads: u64,
    seed: u64,
    only: Option<String>,
    keep: PathBuf,
    again: Option<PathBuf>,
}

fn arguments() -> Result<Arguments, String> {
    let mut found = Arguments {
        seconds: 10,
        threads: std::thread::available_parallelism().map_or(1, |n| n.get() as u64),
        seed: 1,
        only: None,
        keep: std::env::temp_dir().join("strata-fuzz"),
        again: None,
    };
    let mut rest = std::env::args().skip(1).filter(|argument| argument != "--bench");
    while let Some(name) = rest.next() {
        let value = rest.next().ok_or(format!("{name} needs a value"))?;
        let number = || value.parse::<u64>().map_err(|error| format!("{name} {value}: {error}"));
        match name.as_str() {
            "--seconds" => found.seconds = number()?,
            "--threads" => found.threads = number()?.max(1),
            "--seed" => found.seed = number()?,
            "--only" => found.only = Some(value),
            "--keep" => found.keep = value.into(),
            "--again" => found.again = Some(value.into()),
            _ => return Err(format!("no argument is called {name}")),
        }
    }
    Ok(found)
}

/// What all threads of one target have done.
#[derive(Default)]
struct Sum {
    tries: AtomicU64,
    kinds: AtomicU64,
    failures: AtomicU64,
    slowest: AtomicU64,
    over: AtomicBool,
}

/// What a thread is at, so that somebody else can tell if it never ends.
type Now = Mutex<Option<(Instant, Vec<u8>)>>;

fn main() {
    let arguments = match arguments() {
        Ok(arguments) => arguments,
        Err(error) => {
            eprintln!("{error}");
            std::process::exit(2);
        }
    };
    // Failures are told by their inputs, and a thousand backtraces by nobody.
    std::panic::set_hook(Box::new(|_| {}));
    let mut failed = false;
    for (name, make) in TARGETS.iter().filter(|(name, _)| arguments.only.as_deref().is_none_or(|only| only == *name)) {
        if let Some(file) = &arguments.again {
            failed |= again(file, *make);
            continue;
        }
        forget_peak();
        let sum = Sum::default();
        let nows: Vec<Now> = (0..arguments.threads).map(|_| Mutex::new(None)).collect();
        let since = Instant::now();
        std::thread::scope(|scope| {
            for (thread, now) in (0..).zip(&nows) {
                let chance = Chance((arguments.seed << 32) ^ (thread << 20) ^ arguments.seed);
                let (sum, keep) = (&sum, arguments.keep.as_path());
                scope.spawn(move || work(name, make(), chance, now, sum, keep));
            }
            while since.elapsed().as_secs() < arguments.seconds {
                std::thread::sleep(Duration::from_millis(200));
                watch(name, &nows, &arguments.keep);
            }
            sum.over.store(true, Relaxed);
            // Whoever never ends has been told.
            while nows.iter().any(is_at_work) {
                std::thread::sleep(Duration::from_millis(10));
                watch(name, &nows, &arguments.keep);
            }
        });
        let tries = sum.tries.load(Relaxed);
        let seconds = since.elapsed().as_secs_f64();
        println!(
            "{name}: {tries} tries in {seconds:.0} s on {} threads from seed {} ({:.0} a second), {} kinds of answers \
             at most in a thread, {} failures, the slowest {:.1} ms, at most {} MB in all",
            arguments.threads,
            arguments.seed,
            tries as f64 / seconds,
            sum.kinds.load(Relaxed),
            sum.failures.load(Relaxed),
            sum.slowest.load(Relaxed) as f64 / 1e6,
            peak() / 1_000_000,
        );
        failed |= sum.failures.load(Relaxed) > 0;
    }
    std::process::exit(i32::from(failed));
}

/// Runs one input once more, and tells whether it fails.
fn again(file: &Path, make: Make) -> bool {
    let _ = std::panic::take_hook();
    let input = std::fs::read(file).unwrap_or_default();
    let mut target = make();
    let began = Instant::now();
    // Rare checks come round every 64 tries.
    let failed = (0..64).any(|_| catch_unwind(AssertUnwindSafe(|| target.run(&input))).is_err());
    println!("{}: {} after {:?}", file.display(), if failed { "fails" } else { "holds" }, began.elapsed());
    failed
}

fn work(name: &str, mut target: Box<dyn Target>, mut chance: Chance, now: &Now, sum: &Sum, keep: &Path) {
    while !sum.over.load(Relaxed) {
        let input = target.make(&mut chance);
        if let Ok(mut now) = now.lock() {
            *now = Some((Instant::now(), input.clone()));
        }
        let began = Instant::now();
        let ran = catch_unwind(AssertUnwindSafe(|| target.run(&input)));
        sum.slowest.fetch_max(began.elapsed().as_nanos() as u64, Relaxed);
        sum.tries.fetch_add(1, Relaxed);
        match ran {
            Ok(said) => target.learn(input, said),
            Err(_) => {
                let nth = sum.failures.fetch_add(1, Relaxed);
                keep_input(name, nth, &input, keep);
            }
        }
    }
    sum.kinds.fetch_max(target.kinds() as u64, Relaxed);
    if let Ok(mut now) = now.lock() {
        *now = None;
    }
}

fn keep_input(name: &str, nth: u64, input: &[u8], keep: &Path) {
    if nth < 100 {
        let path = keep.join(format!("{}-{nth}", name.replace(' ', "-")));
        let kept = std::fs::create_dir_all(keep).and_then(|()| std::fs::write(&path, input));
        println!("{name}: FAILED with {} ({kept:?})", path.display());
    }
}

fn is_at_work(now: &Now) -> bool {
    now.lock().is_ok_and(|now| now.is_some())
}

/// Ends the program over an input that hangs, which is kept.
fn watch(name: &str, nows: &[Now], keep: &Path) {
    for now in nows {
        let Ok(now) = now.lock() else { continue };
        if let Some((since, input)) = &*now
            && since.elapsed() > HANG
        {
            keep_input(&format!("{name} hang"), 0, input, keep);
            std::process::exit(1);
        }
    }
}

/// The most memory that this process has had since [`forget_peak`], in bytes; 0 where nobody tells.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) << 10
}

fn forget_peak() {
    // Where it can't be forgotten, it is the peak of all targets so far.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}
