//! `strata validate`: the same work simulated and really done, side by side.

use indicatif::{ProgressBar, ProgressStyle};

use super::output::{note, print, print_json};
use super::tables::table;
use super::{Failure, Format, Verdict, costs, probe};
use crate::costs::Profile;
use crate::engine::Time;
use crate::probe::interrupt;
use crate::probe::inventory::{self, LayerKind, Root};
use crate::probe::measure::Plan;
use crate::validate::{self, Progress, Report, TOLERANCE, Unit, Workload};

/// What `validate` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// How to write the report
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    report: Format,
}

pub(super) fn validate(arguments: &Arguments) -> Result<Verdict, Failure> {
    let profile = profile();
    let inventory = inventory::take(&Root::host());
    let in_guest = inventory.layer(LayerKind::Hypervisor).is_some_and(|layer| layer.present);
    let bar = ProgressBar::new(0);
    let style = ProgressStyle::with_template("comparing [{bar:30}] {pos} of {len}: {msg}");
    bar.set_style(style.map(|style| style.progress_chars("=> ")).unwrap_or_else(|_| ProgressStyle::default_bar()));
    let mut show = |at: Progress| {
        bar.set_length(at.of as u64);
        bar.set_position(at.done as u64);
        bar.set_message(at.doing.to_owned());
    };
    // On this thread, which lives to the end: the processes that work die with the thread that made them.
    let report = validate::run(&profile, in_guest, &mut show, interrupt::flag());
    bar.finish_and_clear();
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

/// The profile that was saved, else one measured now. If that is interrupted, no work is done with it.
fn profile() -> Profile {
    costs::measured_or_none().unwrap_or_else(|| {
        note("No saved costs: measuring for ten seconds first. \"strata probe --full --save\" gives better ones.");
        probe::measure(Plan::Quick).profile(&Profile::xeon_2017())
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
