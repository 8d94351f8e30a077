//! Damaged scenarios, cost profiles and captured computers: whatever is in them, no panic, no hang, and sums that hold.
//!
//! `cargo test` tries some hundred of each. For more, at least this many seconds each, and with another beginning:
//! `STRATA_FUZZ_SECONDS=3600 STRATA_FUZZ_SEED=7 cargo test --release --no-default-features --test fuzz -- --nocapture`.
//! A failure tells the seed and the number of its try, with which it repeats.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use strata::costs::Profile;
use strata::machine::RunOptions;
use strata::probe::inventory::{self, Root};
use strata::scenario::{Scenario, Source, library, write_perfetto};

/// What a text is likely to be damaged by.
const MARKS: &[u8] = b"()[]{}\":,0123456789-.\\/*#ra\n \0";

/// A fixed sequence of numbers (PCG's linear congruence), so that a failure repeats.
struct Chance(u64);

impl Chance {
    /// Below `below`.
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below.max(1)
    }

    fn of<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.next(choices.len())]
    }

    /// One to four changes to a text.
    fn damaged(&mut self, text: &[u8], words: &[&str]) -> Vec<u8> {
        let mut text = text.to_vec();
        for _ in 0..=self.next(4) {
            let at = self.next(text.len() + 1);
            let end = (at + self.next(40)).min(text.len());
            match self.next(9) {
                0 => text.truncate(at),
                1 => drop(text.drain(at..end)),
                2 | 3 => drop(text.splice(at..end, self.of(words).bytes())),
                4 => drop(text.splice(at..at, self.of(words).bytes())),
                5 => {
                    let copy = text[at..end].to_vec();
                    let to = self.next(text.len() + 1);
                    drop(text.splice(to..to, copy));
                }
                6 if at < text.len() => text[at] = self.next(256) as u8,
                _ if at < text.len() => text[at] = MARKS[self.next(MARKS.len())],
                _ => {}
            }
        }
        text
    }
}

/// Tells which try it was if it fails.
struct Try<'a>(&'a str, u64, u64);

impl Drop for Try<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}: failed with STRATA_FUZZ_SEED={} at try {}", self.0, self.1, self.2);
        }
    }
}

/// Tries `one` as often as the environment asks for, each time with a chance of its own.
fn tries(what: &str, at_least: u64, mut one: impl FnMut(&mut Chance)) {
    let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let seconds = Duration::from_secs(number("STRATA_FUZZ_SECONDS").unwrap_or(0));
    let seed = number("STRATA_FUZZ_SEED").unwrap_or(1);
    let (since, mut slowest, mut n) = (Instant::now(), Duration::ZERO, 0);
    while n < at_least || since.elapsed() < seconds {
        let began = Instant::now();
        let _told = Try(what, seed, n);
        one(&mut Chance((seed << 32) ^ n));
        slowest = slowest.max(began.elapsed());
        n += 1;
    }
    eprintln!("{what}: {n} tries from seed {seed} in {:.0} s, the slowest {slowest:?}", since.elapsed().as_secs_f64());
}

const SCENARIO: &[&str] = &[
    "0",
    "-1",
    "2.0",
    "1e400",
    "18446744073709551616",
    "\"\"",
    "\"0 us\"",
    "\"9999999 TiB\"",
    "\"-1 us\"",
    "Cpuid",
    "Hlt",
    "Forever([Cpuid])",
    "Repeat(times: 18446744073709551615, body: [Cpuid])",
    "Process()",
    "copies: 4096,",
    "threads: 1024,",
    "Vm(memory: \"16 MiB\", stacks: {})",
    "Exits(of: \"vm\")",
    "P99",
    "None",
    "Some(1)",
    "()",
    "“",
    "\u{202e}",
    "\u{1b}[31m",
    "/*",
    "*/",
    "r#\"",
    "'",
    "weight: 1,",
    "vcpus: 64,",
    "cpu: 0,",
    "\u{feff}",
];

#[test]
fn damaged_scenarios_are_told_or_run_with_sums_that_hold() {
    let profile = Profile::xeon_2017();
    tries("scenarios", 600, |chance| {
        let built_in = &library()[chance.next(library().len())];
        let text = String::from_utf8_lossy(&chance.damaged(built_in.source.as_bytes(), SCENARIO)).into_owned();
        match Scenario::parse(&Source { name: "damaged.ron".to_owned(), text }) {
            Err(errors) => {
                assert!(!errors.problems.is_empty());
                let mut shown = String::new();
                miette::GraphicalReportHandler::new().render_report(&mut shown, &errors).unwrap();
            }
            Ok(scenario) => {
                let options = RunOptions { max_events: 2_000, ..scenario.options() };
                let outcome = scenario.run(&profile, &options, |_, _| true).unwrap();
                scenario.check(&outcome);
                for stats in &outcome.stats {
                    assert_eq!(stats.ledger.iter().sum::<u64>(), stats.latency().total);
                }
                write_perfetto(&outcome, &mut std::io::sink()).unwrap();
            }
        }
    });
}

#[test]
fn damaged_cost_profiles_are_told_or_can_be_simulated_with() {
    let text = include_str!("../assets/profiles/xeon-2017.ron");
    let words =
        ["0", "-1", "1e15", "1e400", "NaN", "inf", "\"\"", "Count", "Ns", "BytesPerSecond", "(", "spread", "0.0"];
    let scenario = Scenario::parse(&Source { name: "one-read.ron".to_owned(), text: library()[0].source.to_owned() });
    let scenario = scenario.unwrap();
    tries("cost profiles", 300, |chance| {
        let text = String::from_utf8_lossy(&chance.damaged(text.as_bytes(), &words)).into_owned();
        for profile in [Profile::parse(&text), Profile::parse_of_any_version(&text)].into_iter().flatten() {
            let options = RunOptions { max_events: 500, ..scenario.options() };
            let outcome = scenario.run(&profile, &options, |_, _| true).unwrap();
            for stats in &outcome.stats {
                assert_eq!(stats.ledger.iter().sum::<u64>(), stats.latency().total);
            }
        }
    });
}

/// The files of a captured computer that are text of their own.
fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, into);
        } else if !["MANIFEST.md", "report.snap"].iter().any(|name| path.ends_with(name)) {
            into.push(path);
        }
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::write(&to, std::fs::read(entry.path()).unwrap()).unwrap();
        }
    }
}

#[test]
fn damaged_captures_of_computers_are_told_or_give_an_inventory() {
    let words = [
        "0",
        "-1",
        "max",
        "18446744073709551616",
        "\\040",
        "\\777",
        "%00",
        "%ZZ",
        "../..",
        "/",
        " ",
        "\t",
        "- cgroup2 none rw",
        "line ",
        "hex ",
        "link ",
        "dir ",
        "node ",
        "fact ",
        "refused ",
        "cut ",
        "0-4095,4294967295",
        "ffffffff",
        "\n",
    ];
    let all: Vec<PathBuf> = std::fs::read_dir("tests/fixtures/hosts").unwrap().map(|e| e.unwrap().path()).collect();
    let scratch = tempfile::tempdir().unwrap();
    let mut hosts: Vec<Vec<(PathBuf, Vec<u8>)>> = Vec::new();
    for host in &all {
        let to = scratch.path().join(host.file_name().unwrap());
        copy(host, &to);
        let mut paths = Vec::new();
        files(&to, &mut paths);
        paths.sort();
        hosts.push(paths.into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect());
    }
    tries("captures", 300, |chance| {
        let i = chance.next(hosts.len());
        let (path, whole) = &hosts[i][chance.next(hosts[i].len())];
        std::fs::write(path, chance.damaged(whole, &words)).unwrap();
        if let Ok(root) = Root::load(&scratch.path().join(all[i].file_name().unwrap())) {
            let text = inventory::take(&root).to_text(true);
            assert!(!text.is_empty());
        }
        std::fs::write(path, whole).unwrap();
    });
}
