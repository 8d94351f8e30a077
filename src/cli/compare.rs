//! `strata compare`: two runs, their ledgers side by side.

use serde::Serialize;

use super::output::{print, print_json};
use super::report::{Report, StackReport};
use super::run::{Changes, make, read};
use super::{Failure, Format, Verdict, tables};
use crate::engine::Time;
use crate::trace::Layer;
use crate::visible::one_line;

/// What `compare` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A scenario file, or the id of a built-in scenario
    a: String,
    /// The one to compare it with
    b: String,
    /// How to write the report
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    report: Format,
    /// Stop both at this simulated time, as in "2 ms"
    #[arg(long, value_name = "TIME", value_parser = super::run::until, allow_hyphen_values = true)]
    until: Option<Time>,
    /// What all chance comes from in both, instead of each scenario's seed
    #[arg(long, value_name = "N", value_parser = super::run::seed, allow_hyphen_values = true)]
    seed: Option<u64>,
    /// A cost profile for both: its id, "measured", or the path of a file
    #[arg(long, value_name = "PROFILE")]
    costs: Option<String>,
    /// Stop each run after so many events, instead of 50 million
    #[arg(long, value_name = "N", value_parser = super::run::events, allow_hyphen_values = true)]
    events: Option<u64>,
}

#[derive(Serialize)]
struct Comparison {
    a: Report,
    b: Report,
}

pub(super) fn compare(arguments: &Arguments) -> Result<Verdict, Failure> {
    let (a, b) = (read(&arguments.a)?, read(&arguments.b)?);
    let changes = Changes {
        until: arguments.until,
        seed: arguments.seed,
        costs: arguments.costs.as_deref(),
        listens: true,
        events: arguments.events,
        ..Changes::default()
    };
    let (a, b) = (make(a, changes)?, make(b, changes)?);
    let comparison = Comparison { a: a.report(), b: b.report() };
    match arguments.report {
        Format::Json => print_json(&comparison)?,
        Format::Text => print(&text(&comparison))?,
    }
    Ok(a.verdict(&comparison.a).max(b.verdict(&comparison.b)))
}

/// A table for each pair of stacks: those of the same name, or, where no names agree, those in the same place.
fn text(comparison: &Comparison) -> String {
    let Comparison { a, b } = comparison;
    let same_name = |x: &StackReport| b.stacks.iter().find(|y| y.name == x.name);
    let mut pairs: Vec<(&StackReport, &StackReport)> =
        a.stacks.iter().filter_map(|x| same_name(x).map(|y| (x, y))).collect();
    if pairs.is_empty() {
        pairs = a.stacks.iter().zip(&b.stacks).collect();
    }
    let paired =
        |name: &str, second: bool| pairs.iter().any(|(x, y)| if second { y.name == name } else { x.name == name });
    let mut text = format!(
        "A: {} (seed {}, costs {})\nB: {} (seed {}, costs {})\n",
        a.scenario,
        a.seed,
        one_line(&a.costs),
        b.scenario,
        b.seed,
        one_line(&b.costs)
    );
    for (x, y) in &pairs {
        text += &format!("\n{}\n{}\n", pair_title(x, y), pair_table(x, y));
    }
    for (report, second) in [(a, false), (b, true)] {
        let alone: Vec<&str> =
            report.stacks.iter().map(|s| s.name.as_str()).filter(|name| !paired(name, second)).collect();
        if !alone.is_empty() {
            text += &format!("\nOnly in {}: {}\n", if second { "B" } else { "A" }, alone.join(", "));
        }
    }
    text
}

fn pair_title(x: &StackReport, y: &StackReport) -> String {
    if x.name == y.name { x.name.clone() } else { format!("{} (A), {} (B)", x.name, y.name) }
}

/// Times are per operation, so that runs of different lengths can be compared; counts are of the whole run.
fn pair_table(x: &StackReport, y: &StackReport) -> comfy_table::Table {
    let layer_means = Layer::ALL.iter().map(|layer| {
        let of =
            |s: &StackReport| s.ledger_ps.get(layer.key()).and_then(|ps| ps.checked_div(s.operations)).unwrap_or(0);
        row(layer.label(), of(x), of(y), tables::time)
    });
    let figures = |s: &StackReport| [s.latency_ps.mean, s.latency_ps.p50, s.latency_ps.p99];
    let times = rows(["mean, the sum of these", "median", "99 %"], figures(x), figures(y), tables::time);
    let counters = |s: &StackReport| {
        let exits = s.exits.values().sum();
        [s.operations, s.system_calls, s.context_switches, s.page_faults, s.interrupts, exits]
    };
    let names = ["operations", "system calls", "context switches", "page faults", "interrupts", "VM exits"];
    let counts = rows(names, counters(x), counters(y), tables::count);
    let header = ["", "A", "B", "B / A"].map(str::to_owned);
    tables::table(&header, layer_means.chain(times).chain(counts).flatten(), 1)
}

fn rows<const N: usize>(
    labels: [&'static str; N],
    x: [u64; N],
    y: [u64; N],
    text: fn(u64) -> String,
) -> impl Iterator<Item = Option<Vec<String>>> {
    (0..N).map(move |i| row(labels[i], x[i], y[i], text))
}

/// Nothing where both are nothing.
fn row(label: &str, x: u64, y: u64, text: fn(u64) -> String) -> Option<Vec<String>> {
    let ratio = || if x > 0 { format!("{:.3}", y as f64 / x as f64) } else { "–".to_owned() };
    (x > 0 || y > 0).then(|| vec![label.to_owned(), text(x), text(y), ratio()])
}
