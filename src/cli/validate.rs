//! `strata validate`: the same work simulated and really done, side by side.

use super::output::{failure, note, print, print_json};
use super::steps::{Shown, Steps};
use super::tables::table;
use super::{Failure, Format, Verdict, costs, probe};
use crate::costs::Profile;
use crate::engine::Time;
use crate::probe::interrupt;
use crate::probe::inventory::{self, LayerKind, Root};
use crate::probe::measure::{Plan, began};
use crate::validate::{self, Progress, Report, TOLERANCE, Unit, Work, Workload};

/// What `validate` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// How to write the report
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    report: Format,
    /// Only these workloads: whole names, or words that are part of names
    #[arg(long, value_name = "NAME", num_args = 1..)]
    only: Vec<String>,
    /// How to show progress
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    progress: Shown,
}

pub(super) fn validate(arguments: &Arguments) -> Result<Verdict, Failure> {
    let works = chosen(&arguments.only)?;
    let profile = profile(arguments.progress);
    let inventory = inventory::take(&Root::host());
    let in_guest = inventory.layer(LayerKind::Hypervisor).is_some_and(|layer| layer.present);
    let mut steps = Steps::new("comparing", arguments.progress);
    let mut show = |at: Progress| steps.at(at.doing, at.done, at.of);
    // On this thread, which lives to the end: the processes that work die with the thread that made them.
    let listening = interrupt::listen();
    let report = validate::run(&profile, &works, in_guest, &mut show, listening.flag());
    drop(listening);
    drop(steps);
    match arguments.report {
        Format::Json => print_json(&report)?,
        Format::Text => print(&text(&report))?,
    }
    Ok(match (report.cancelled, report.passed) {
        (true, _) => Verdict::Interrupted,
        (false, true) => Verdict::Fine,
        (false, false) => Verdict::Failed,
    })
}

/// The workloads asked for, in the order of the table; all of them if none was named.
fn chosen(names: &[String]) -> Result<Vec<Work>, Failure> {
    let all = Work::all();
    if names.is_empty() {
        return Ok(all);
    }
    let mut wanted = Vec::new();
    for name in names {
        let found = Work::called(name);
        if found.is_empty() {
            let known: Vec<String> = all.iter().map(|work| format!("  {}", work.name())).collect();
            let help = format!("there are:\n{}", known.join("\n"));
            return Err(failure(format!("no workload's name has \"{name}\" in it"), Some(help)));
        }
        wanted.extend(found);
    }
    Ok(all.into_iter().filter(|work| wanted.contains(work)).collect())
}

/// The profile that was saved, else one measured now. If that is interrupted, no work is done with it.
fn profile(shown: Shown) -> Profile {
    costs::measured_or_none("Nothing is predicted from it.").unwrap_or_else(|| {
        note("Measuring costs for ten seconds first. \"strata probe --full --save\" gives better ones.");
        probe::measure(Plan::Quick, began(), shown).profile(&Profile::xeon_2017())
    })
}

fn text(report: &Report) -> String {
    let mut text = format!("Predicted and real, on {}\nCosts: {}\n", report.host, report.costs);
    text += &format!("{}\n", rows(&report.workloads));
    text += "Spread: from the least to 90 in a hundred.\n";
    for (label, why) in [
        ("Not predicted", (|w: &Workload| w.not_predicted.clone()) as fn(&Workload) -> Option<String>),
        ("Not measured", |w| w.not_measured.clone()),
    ] {
        let lines: Vec<_> = report.workloads.iter().filter_map(|w| Some((w, why(w)?))).collect();
        if !lines.is_empty() {
            text += &format!("\n{label}\n");
            lines.iter().for_each(|(w, why)| text += &format!("- {}: {why}\n", w.name));
        }
    }
    if let Some(others) = report.others.filter(|others| *others > 0.05) {
        text += &format!(
            "\nOther programs used {:.0} % of this computer meanwhile; the prediction has it to itself. Run this again \
             when it is idle.\n",
            others * 100.0
        );
    }
    if report.cancelled {
        text += "\nStopped before the end: only the works that were done are here.\n";
    }
    text += &match report.median_error {
        Some(error) => format!(
            "\nThe median error is {:.0} %; at most {:.0} % is wanted. In {:.1} s.\n",
            error * 100.0,
            TOLERANCE * 100.0,
            report.seconds
        ),
        None => "\nNothing could be compared.\n".to_owned(),
    };
    text
}

fn rows(workloads: &[Workload]) -> comfy_table::Table {
    let header = ["work", "predicted", "spread", "measured", "spread", "error"].map(str::to_owned);
    let row = |w: &Workload| {
        let amount = |value: Option<f64>| value.map_or("–".to_owned(), |value| amount(value, w.unit));
        let spread = |q: Option<crate::costs::Quantiles>| {
            q.map_or(String::new(), |q| format!("{} – {}", amount(Some(q.min)), amount(Some(q.p90))))
        };
        let error = w.error.map_or(String::new(), |error| format!("{:+.0} %", (error * 100.0).round() + 0.0));
        vec![
            w.name.clone(),
            amount(w.predicted),
            spread(w.spread_predicted),
            amount(w.measured),
            spread(w.spread_measured),
            error,
        ]
    };
    let mut table = table(&header, workloads.iter().map(row), 1);
    probe::without_lines(&mut table);
    table
}

/// A value with three significant digits and its unit.
fn amount(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Ns => Time((value.max(0.0) * 1000.0).round() as u64).to_string(),
        Unit::PerSecond => {
            let (value, kilo) = if value >= 9995.0 { (value / 1000.0, "k") } else { (value, "") };
            let digits = if value >= 99.95 { 0 } else { 1 };
            format!("{value:.digits$}{kilo}/s")
        }
    }
}
