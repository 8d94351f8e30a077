//! Damaged scenarios, cost profiles, captured computers and saved reports: whatever is in them, no panic, no hang, and
//! sums that hold.
//!
//! `cargo test` tries some hundred of each. For more, at least this many seconds each, and with another beginning:
//! `STRATA_FUZZ_SECONDS=60 STRATA_FUZZ_SEED=7 cargo test --test fuzz -- --nocapture`. For hours and on many threads
//! there is `benches/fuzz.rs`. A failure tells where the input lies that failed.

#[path = "support/fuzz.rs"]
mod fuzz;

use std::time::{Duration, Instant};

use fuzz::{Chance, TARGETS};

/// Keeps the input if its run fails.
struct Kept<'a>(&'a str, &'a [u8]);

impl Drop for Kept<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let path = std::env::temp_dir().join(format!("strata-fuzz-{}", self.0.replace(' ', "-")));
            let kept = std::fs::write(&path, self.1);
            eprintln!("{}: failed with {} ({kept:?})", self.0, path.display());
        }
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|value| value.parse().ok())
}

/// Tries a target as often as the environment asks for.
fn tries(name: &str, at_least: u64) {
    let seconds = Duration::from_secs(number("STRATA_FUZZ_SECONDS").unwrap_or(0));
    let seed = number("STRATA_FUZZ_SEED").unwrap_or(1);
    let mut target = TARGETS.iter().find(|target| target.0 == name).unwrap().1();
    let mut chance = Chance(seed);
    let (since, mut slowest, mut n) = (Instant::now(), Duration::ZERO, 0);
    while n < at_least || since.elapsed() < seconds {
        let input = target.make(&mut chance);
        let began = Instant::now();
        let kept = Kept(name, &input);
        let said = target.run(&input);
        drop(kept);
        slowest = slowest.max(began.elapsed());
        target.learn(input, said);
        n += 1;
    }
    let (kinds, took) = (target.kinds(), since.elapsed().as_secs_f64());
    eprintln!("{name}: {n} tries from seed {seed} in {took:.0} s, {kinds} kinds of answers, the slowest {slowest:?}");
    assert!(kinds > 10, "{name}: only {kinds} kinds of answers: it does not come far");
}

#[test]
fn damaged_scenarios_are_told_or_run_with_sums_that_hold() {
    tries("scenarios", 2000);
}

#[test]
fn damaged_cost_profiles_are_told_or_can_be_simulated_with() {
    tries("cost profiles", 300);
}

#[test]
fn damaged_files_of_a_kernel_give_an_inventory() {
    tries("inventories", 500);
}

#[test]
fn damaged_captures_are_told_or_give_an_inventory() {
    tries("captures", 300);
}

#[test]
fn damaged_reports_are_told_or_give_costs_to_simulate_with() {
    tries("saved reports", 500);
}
