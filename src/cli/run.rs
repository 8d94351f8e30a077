//! `strata run`: simulate without a window.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::output::{failure, note, print, print_json};
use super::progress::Progress;
use super::report::{Report, limit_note};
use super::{Failure, Format, Verdict, costs, tables};
use crate::costs::Profile;
use crate::engine::Time;
use crate::machine::Outcome;
use crate::scenario::{Scenario, find, write_perfetto};

/// What `run` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A scenario file, or the id of a built-in scenario
    scenario: String,
    /// How to write the report
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    report: Format,
    /// Stop at this simulated time, as in "2 ms"
    #[arg(long, value_name = "TIME")]
    until: Option<Time>,
    /// What all chance comes from, instead of the scenario's seed
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// A cost profile: its id, "measured", or the path of a file
    #[arg(long, value_name = "PROFILE")]
    costs: Option<String>,
    /// Write the trace to this file; <https://ui.perfetto.dev> opens it
    #[arg(long, value_name = "OUT")]
    trace: Option<PathBuf>,
}

/// A run that has been made, and how.
pub(super) struct Made {
    pub scenario: Scenario,
    pub profile: Profile,
    pub outcome: Outcome,
    pub wall: Duration,
}

impl Made {
    pub(super) fn report(&self) -> Report {
        Report::new(&self.scenario, &self.profile.id, &self.outcome, self.wall)
    }
}

/// What to change about a scenario before it runs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Changes<'a> {
    pub until: Option<Time>,
    pub seed: Option<u64>,
    pub costs: Option<&'a str>,
    pub keep_trace: bool,
}

/// The most hops that a command keeps: some hundred megabytes.
const MOST_HOPS: usize = 3_000_000;

/// Reads and checks a scenario.
pub(super) fn read(id_or_path: &str) -> Result<Scenario, Failure> {
    let source = find(id_or_path).map_err(|error| Box::new(error) as Failure)?;
    Scenario::parse(&source).map_err(|error| Box::new(error) as Failure)
}

/// Runs a scenario, with progress.
pub(super) fn make(mut scenario: Scenario, changes: Changes) -> Result<Made, Failure> {
    scenario.seed = changes.seed.unwrap_or(scenario.seed);
    scenario.until = changes.until.or(scenario.until);
    let profile = costs::choose(changes.costs, &scenario.costs)?;
    let mut options = scenario.options();
    options.keep_trace = changes.keep_trace;
    options.max_hops = MOST_HOPS;
    let mut progress = Progress::new(&scenario.id, scenario.until);
    let start = Instant::now();
    let outcome = scenario.run(&profile, &options, |now, events| progress.at(now, events));
    let wall = start.elapsed();
    drop(progress);
    if let Some(text) = limit_note(&outcome) {
        note(&text);
    }
    Ok(Made { scenario, profile, outcome, wall })
}

pub(super) fn run(arguments: &Arguments) -> Result<Verdict, Failure> {
    let changes = Changes {
        until: arguments.until,
        seed: arguments.seed,
        costs: arguments.costs.as_deref(),
        keep_trace: arguments.trace.is_some(),
    };
    let made = make(read(&arguments.scenario)?, changes)?;
    if let Some(path) = &arguments.trace {
        write_trace(&made, path)?;
    }
    let report = made.report();
    match arguments.report {
        Format::Text => print(&tables::run(&made.scenario, &report))?,
        Format::Json => print_json(&report)?,
    }
    Ok(if report.passed() { Verdict::Fine } else { Verdict::Failed })
}

fn write_trace(made: &Made, path: &std::path::Path) -> Result<(), Failure> {
    let wrong = |error: std::io::Error| {
        let help = Some("give the path of a file in a folder that can be written to".to_owned());
        failure(format!("can't write the trace to {}: {error}", path.display()), help)
    };
    let file = std::fs::File::create(path).map_err(wrong)?;
    let mut out = std::io::BufWriter::new(file);
    write_perfetto(&made.outcome, &mut out).map_err(wrong)
}
