//! `strata run`: simulate without a window.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::output::{failure, note, print, print_json};
use super::progress::{self, Progress};
use super::report::{Report, limit_note, partial_note};
use super::{Failure, Format, Verdict, costs, tables};
use crate::costs::Profile;
use crate::engine::Time;
use crate::files::{self, WriteError};
use crate::machine::{End, Outcome};
use crate::probe::{interrupt, saved};
use crate::scenario::{Scenario, find, library, write_perfetto};

/// What `run` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A scenario file, or the id of a built-in scenario
    scenario: String,
    /// How to write the report
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    report: Format,
    /// Stop at this simulated time, as in "2 ms"
    #[arg(long, value_name = "TIME", value_parser = until, allow_hyphen_values = true)]
    until: Option<Time>,
    /// What all chance comes from, instead of the scenario's seed
    #[arg(long, value_name = "N", value_parser = seed, allow_hyphen_values = true)]
    seed: Option<u64>,
    /// A cost profile: its id, "measured", or the path of a file
    #[arg(long, value_name = "PROFILE")]
    costs: Option<String>,
    /// Write the trace to this file; <https://ui.perfetto.dev> opens it
    #[arg(long, value_name = "OUT")]
    trace: Option<PathBuf>,
    /// Stop after so many events, instead of 50 million
    #[arg(long, value_name = "N", value_parser = events, allow_hyphen_values = true)]
    events: Option<u64>,
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

    /// How a command about this run ends: stopped before anything else, since a part of a run proves nothing.
    pub(super) fn verdict(&self, report: &Report) -> Verdict {
        match (self.outcome.end, report.passed()) {
            (End::Cancelled, _) => Verdict::Interrupted,
            (_, true) => Verdict::Fine,
            (_, false) => Verdict::Failed,
        }
    }
}

/// What to change about a scenario before it runs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Changes<'a> {
    pub until: Option<Time>,
    pub seed: Option<u64>,
    pub costs: Option<&'a str>,
    pub keep_trace: bool,
    /// Where a trace becomes too long, go on without it instead of ending there.
    pub partial_trace: bool,
    /// Whether Ctrl-C ends the run and what was simulated by then is used; else it ends the program.
    pub listens: bool,
    /// After how many events to stop, if not after [`RunOptions::max_events`].
    pub events: Option<u64>,
}

/// The most hops that a command keeps: some hundred megabytes.
const MOST_HOPS: usize = 3_000_000;

/// A time to stop at, as a file takes it: not zero.
pub(super) fn until(text: &str) -> Result<Time, String> {
    match text.parse::<Time>() {
        Ok(Time::ZERO) => Err("nothing happens in no time; give a time above zero".to_owned()),
        Ok(time) => Ok(time),
        Err(error) => Err(error.to_string()),
    }
}

/// A seed, as a file takes it.
pub(super) fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("a seed is a whole number from 0 to {}", u64::MAX))
}

/// A number of events to stop after.
pub(super) fn events(text: &str) -> Result<u64, String> {
    let plain = text.replace('_', "");
    plain
        .parse()
        .ok()
        .filter(|n| *n > 0)
        .ok_or_else(|| format!("write a whole number of events from 1 to {}", u64::MAX))
}

/// The files that a command about a scenario reads: nothing is to be written over them.
pub(super) fn inputs(scenario: &str, costs: Option<&str>) -> Vec<PathBuf> {
    let built_in = library().iter().any(|built_in| built_in.id == scenario);
    let scenario = (!built_in).then(|| PathBuf::from(scenario));
    let saved = saved::folder().ok().map(|folder| saved::profile_in(&folder));
    scenario.into_iter().chain(costs.map(PathBuf::from)).chain(saved).collect()
}

/// The same as [`files::write`] takes them.
pub(super) fn paths(inputs: &[PathBuf]) -> Vec<&Path> {
    inputs.iter().map(PathBuf::as_path).collect()
}

/// The error of a file that was not written, with advice.
pub(super) fn not_written(what: &str, error: &WriteError) -> Failure {
    failure(format!("can't write {what}: {error}"), Some(error.advice().to_owned()))
}

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
    // The steps of a container's start beside a boot are told from its hops.
    options.keep_trace = changes.keep_trace || scenario.spec.boots();
    options.max_hops = MOST_HOPS;
    options.partial_trace = changes.partial_trace;
    options.max_events = changes.events.unwrap_or(options.max_events);
    let listening = changes.listens.then(interrupt::listen);
    let stop = listening.as_ref().map(|listening| listening.flag());
    let mut progress = Progress::new(&scenario.id, scenario.until, stop);
    let start = Instant::now();
    let outcome = scenario.run(&profile, &options, |now, events| progress.at(now, events));
    let outcome = outcome.map_err(|error| failure(error.to_string(), None))?;
    let wall = start.elapsed();
    drop(progress);
    drop(listening);
    limit_note(&outcome).into_iter().chain(partial_note(&outcome)).for_each(|text| note(&text));
    Ok(Made { scenario, profile, outcome, wall })
}

pub(super) fn run(arguments: &Arguments) -> Result<Verdict, Failure> {
    let changes = Changes {
        until: arguments.until,
        seed: arguments.seed,
        costs: arguments.costs.as_deref(),
        keep_trace: arguments.trace.is_some(),
        partial_trace: true,
        listens: true,
        events: arguments.events,
    };
    let inputs = inputs(&arguments.scenario, changes.costs);
    if let Some(path) = &arguments.trace {
        // Before the run, which may take a while.
        files::may_write(path, &paths(&inputs)).map_err(|error| not_written("the trace", &error))?;
    }
    let made = make(read(&arguments.scenario)?, changes)?;
    if let Some(path) = &arguments.trace {
        write_trace(&made, path, &inputs)?;
    }
    let report = made.report();
    match arguments.report {
        Format::Text => print(&tables::run(&made.scenario, &made.outcome, &report))?,
        Format::Json => print_json(&report)?,
    }
    Ok(made.verdict(&report))
}

fn write_trace(made: &Made, path: &Path, inputs: &[PathBuf]) -> Result<(), Failure> {
    if made.outcome.end == End::Cancelled {
        note("interrupted: the trace of what was simulated is being written; interrupt again to end at once");
    }
    let bar = progress::written("writing the trace");
    let result = files::write(path, &paths(inputs), |out| write_perfetto(&made.outcome, &mut bar.wrap_write(out)));
    bar.finish_and_clear();
    result.map_err(|error| not_written("the trace", &error))
}
