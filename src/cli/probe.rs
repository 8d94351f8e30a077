//! `strata probe`: what this computer is made of, and what its mechanisms cost.

use std::time::Instant;

use comfy_table::{Table, TableComponent};
use serde::Serialize;

use super::output::{failure, note, print, print_json};
use super::steps::{Shown, Steps};
use super::tables::table;
use super::{Failure, Format, Verdict};
use crate::amounts::bytes;
use crate::costs::{Primitive, Profile, Quantiles, Unit};
use crate::engine::Time;
use crate::probe::inventory::{self, Inventory, Root};
use crate::probe::measure::{self, Measured, Measurement, Outcome, Plan, Progress, Stability};
use crate::probe::{interrupt, saved};

/// What `probe` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Measure for less than 10 seconds; this is the default
    #[arg(long, conflicts_with = "full")]
    quick: bool,
    /// Measure for up to 2 minutes: more things, with less noise
    #[arg(long)]
    full: bool,
    /// How to write the report
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    report: Format,
    /// Keep the costs: simulations then use them, unless they are asked for others
    #[arg(long)]
    save: bool,
    /// How to show progress
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    progress: Shown,
}

/// The report of a probe; its fields are stable and described in `docs/probe.md`.
#[derive(Debug, Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    inventory: &'a Inventory,
    host: &'a str,
    when: &'a str,
    plan: Plan,
    seconds: f64,
    cancelled: bool,
    measurements: Vec<Line<'a>>,
}

/// One measurement, or why there is none.
#[derive(Debug, Serialize)]
struct Line<'a> {
    primitive: &'a str,
    /// Whether simulations use it as a cost.
    cost: bool,
    value: Option<f64>,
    unit: &'static str,
    spread: Option<Quantiles>,
    runs: u32,
    method: &'a str,
    /// Only of what is computed from other measurements.
    #[serde(skip_serializing_if = "Option::is_none")]
    formula: Option<&'a str>,
    stable: Option<bool>,
    not_measured: Option<&'a str>,
}

pub(super) fn probe(arguments: &Arguments) -> Result<Verdict, Failure> {
    let plan = if arguments.full { Plan::Full } else { Plan::Quick };
    if arguments.save {
        saved::may_save().map_err(not_saved)?;
    }
    let mut inventory = inventory::take(&Root::host());
    // On this thread, which lives to the end: the measuring processes die with the thread that made them.
    let measured = measure(plan, measure::began(), arguments.progress);
    if let Some(exit) = measured.value("cpuid_exit_below").or_else(|| measured.value("cpuid")) {
        inventory.add_exit_cost(exit);
    }
    match arguments.report {
        Format::Json => print_json(&report(&inventory, &measured))?,
        Format::Text => print(&text(&inventory, &measured))?,
    }
    if measured.cancelled {
        note("Stopped before the end: what was not reached says \"cancelled\". Nothing was saved.");
        return Ok(Verdict::Interrupted);
    }
    if arguments.save {
        save(&measured)?;
    }
    Ok(Verdict::Fine)
}

/// Measures, showing what, until the end or Ctrl-C. The plan's time counts from `began`.
pub(super) fn measure(plan: Plan, began: Instant, shown: Shown) -> measure::Report {
    let mut steps = Steps::new("measuring", shown);
    let listening = interrupt::listen();
    measure::run(plan, began, &mut |at: Progress| steps.at(at.doing, at.done, at.of), listening.flag())
}

/// Keeps the costs, unless there are none: what was saved before is better than nothing.
fn save(measured: &measure::Report) -> Result<(), Failure> {
    let is_cost = |m: &&Measurement| Primitive::from_name(&m.primitive).is_some();
    if !measured.measurements.iter().filter(is_cost).any(|m| m.measured().is_some()) {
        let reasons = reasons(&measured.measurements);
        let first = reasons.keys().next().copied().unwrap_or("nothing was tried");
        return Err(failure(
            "no cost could be measured here, so nothing is saved; what was saved before is as it was",
            Some(format!("the first reason is: {first}. Free what it needs, or measure as another user")),
        ));
    }
    let profile = measured.profile(&Profile::xeon_2017());
    let path = saved::save(&profile, measured).map_err(not_saved)?;
    note(&format!(
        "Saved to {}: {} of {} costs are this computer's, the rest keep their published values. Simulations use it \
         from now on; --costs {} goes back.",
        path.display(),
        profile.own(),
        profile.costs.len(),
        Profile::BUILT_IN.first().unwrap_or(&"xeon-2017"),
    ));
    Ok(())
}

fn not_saved(error: saved::SavedError) -> Failure {
    failure(error.to_string(), None)
}

fn report<'a>(inventory: &'a Inventory, measured: &'a measure::Report) -> Report<'a> {
    Report {
        inventory,
        host: &measured.host,
        when: &measured.when,
        plan: measured.plan,
        seconds: measured.seconds,
        cancelled: measured.cancelled,
        measurements: measured.measurements.iter().map(line).collect(),
    }
}

fn line(measurement: &Measurement) -> Line<'_> {
    let measured = measurement.measured();
    Line {
        primitive: &measurement.primitive,
        cost: Primitive::from_name(&measurement.primitive).is_some(),
        value: measured.map(|m| m.value),
        unit: unit_key(measurement.unit),
        spread: measured.map(|m| m.spread),
        runs: measured.map_or(0, |m| m.runs),
        method: measured.map_or("", |m| &m.method),
        formula: measured.and_then(|m| m.formula.as_deref()),
        stable: measured.map(|m| m.stability == Stability::Stable),
        not_measured: match &measurement.outcome {
            Outcome::Measured(_) => None,
            Outcome::NotMeasured { because } => Some(because),
        },
    }
}

fn unit_key(unit: Unit) -> &'static str {
    match unit {
        Unit::Ns => "ns",
        Unit::Count => "count",
        Unit::BytesPerSecond => "bytes_per_second",
    }
}

fn text(inventory: &Inventory, measured: &measure::Report) -> String {
    let mut text = inventory.to_text(false);
    text += &format!("\nMeasured on {}, {}, in {:.1} s\n", measured.host, measured.when, measured.seconds);
    text += &format!("{}\n", values(measured));
    text += "Published: the 2017 server that simulations use where nothing was measured.\n";
    let reasons = reasons(&measured.measurements);
    if !reasons.is_empty() {
        text += "\nNot measured\n";
        reasons.iter().for_each(|(because, names)| text += &format!("- {}: {because}\n", names.join(", ")));
    }
    text
}

fn values(measured: &measure::Report) -> Table {
    let published = Profile::xeon_2017();
    let header = ["what", "median", "least", "90 %", "99 %", "runs", "published", ""].map(str::to_owned);
    let row = |(m, v): (&Measurement, &Measured)| {
        let amount = |value| amount(value, m.unit);
        let beside = Primitive::from_name(&m.primitive).map(|p| amount(published.cost(p).value));
        let remark = if v.stability == Stability::Unstable { "unstable" } else { "" };
        let q = v.spread;
        let mut row = vec![m.primitive.clone()];
        row.extend([v.value, q.min, q.p90, q.p99].map(amount));
        row.extend([v.runs.to_string(), beside.unwrap_or_default(), remark.to_owned()]);
        row
    };
    let mut table = table(&header, measured.measurements.iter().filter_map(|m| Some((m, m.measured()?))).map(row), 1);
    without_lines(&mut table);
    table
}

/// Takes the lines between rows away: in a long table they double its length.
pub(super) fn without_lines(table: &mut Table) {
    table.remove_style(TableComponent::HorizontalLines).remove_style(TableComponent::MiddleIntersections);
}

/// A value with three significant digits and its unit.
fn amount(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Ns => Time((value * 1000.0).round() as u64).to_string(),
        Unit::Count if value >= 1024.0 => bytes(value as u64).trim_end_matches('B').trim().to_owned(),
        Unit::Count => format!("{value:.0}"),
        Unit::BytesPerSecond => format!("{}/s", bytes(value as u64)),
    }
}

/// Each reason once, with the names that it explains.
fn reasons(measurements: &[Measurement]) -> indexmap::IndexMap<&str, Vec<&str>> {
    let mut reasons: indexmap::IndexMap<&str, Vec<&str>> = indexmap::IndexMap::new();
    for m in measurements {
        if let Outcome::NotMeasured { because } = &m.outcome {
            reasons.entry(because).or_default().push(&m.primitive);
        }
    }
    reasons
}
