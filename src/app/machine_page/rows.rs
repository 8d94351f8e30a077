//! What the plot of costs shows: for each mechanism what was measured here, and what others have published.

use super::labels::{group, label};
use crate::costs::{Cost, Primitive, Profile, Provenance, Published, Quantiles, Unit, published};
use crate::probe::measure::{Outcome, Report, Stability};

/// Rows of the short list: a label, and the measurements that it stands for, of which the first with a value is shown.
const MAIN: &[(&str, &[&str])] = &[
    ("system call", &["system_call"]),
    ("+ one seccomp filter", &["seccomp_filter"]),
    ("page-fault handler", &["page_fault"]),
    ("context switch, same core", &["context_switch"]),
    ("pipe round trip, two cores", &["pipe_round_trip_other_core"]),
    ("CPUID: a VM exit", &["exit_cpuid", "cpuid_exit_below"]),
    ("port I/O to user space", &["exit_port", "emulated_port"]),
    ("4 KiB read, cached", &["cached_read_4k"]),
    ("4 KiB read, disk", &["direct_read_4k"]),
    ("fork, exit, wait", &["fork_exit_wait"]),
    ("exec, a new program", &["exec_image"]),
    ("TCP round trip, two cores", &["tcp_round_trip_other_core"]),
    ("network namespace", &["namespace_net"]),
    ("container, first instruction", &["container_user_start", "container_root_start"]),
    ("VM, first exit", &["vm_start"]),
];

/// A number measured here.
#[derive(Clone, Debug, PartialEq)]
pub struct Here {
    /// The median, in the row's unit.
    pub value: f64,
    /// How the runs varied.
    pub spread: Option<Quantiles>,
    /// The number of runs; 0 where only the profile was kept.
    pub runs: u32,
    /// What was done, and what was subtracted.
    pub method: String,
    /// Whether the runs agreed.
    pub stable: bool,
}

/// A number or a range from elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub struct Elsewhere {
    /// The least, in the row's unit.
    pub low: f64,
    /// The greatest.
    pub high: f64,
    /// Its provenance in a word: `literature`, `derived`, `assumed`.
    pub word: &'static str,
    /// The source, formula or reason.
    pub source: String,
}

/// One row of the plot.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The measurement's name in reports.
    pub name: String,
    /// Its name for people.
    pub label: String,
    /// What it belongs to; empty in the short list.
    pub group: &'static str,
    /// What its values count.
    pub unit: Unit,
    /// What was measured here, or why nothing was.
    pub here: Result<Here, String>,
    /// What others say, published figures before what a profile assumes.
    pub elsewhere: Vec<Elsewhere>,
}

impl Row {
    /// From the least to the greatest of the best that others say, and what that is: published, else derived from what
    /// was, else assumed.
    pub fn range(&self) -> Option<(f64, f64, &'static str)> {
        ["literature", "derived", "assumed"].into_iter().find_map(|word| {
            let some = self.elsewhere.iter().filter(|e| e.word == word).map(|e| (e.low, e.high));
            some.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))).map(|(low, high)| (low, high, word))
        })
    }
}

/// The rows of the short list.
pub fn main_rows(report: Option<&Report>, profile: Option<&Profile>) -> Vec<Row> {
    let (base, figures) = (Profile::xeon_2017(), published());
    let row = |&(label, names): &(&str, &[&str])| {
        let measured = names.iter().find(|name| here(name, &base, report, profile).is_ok());
        let name = measured.or(names.first()).copied().unwrap_or_default();
        let interpreted = if name.starts_with("emulated_") { ", interpreted" } else { "" };
        Row {
            name: name.to_owned(),
            label: format!("{label}{interpreted}"),
            group: "",
            unit: Unit::Ns,
            here: here(name, &base, report, profile),
            elsewhere: elsewhere(name, Unit::Ns, &base, &figures),
        }
    };
    MAIN.iter().map(row).collect()
}

/// One row for everything that is a time, by family.
pub fn all_rows(report: Option<&Report>, profile: Option<&Profile>) -> Vec<Row> {
    rows(report, profile, |unit| unit == Unit::Ns)
}

/// One row for everything that is no time: sizes, rates, counts.
pub fn size_rows(report: Option<&Report>, profile: Option<&Profile>) -> Vec<Row> {
    rows(report, profile, |unit| unit != Unit::Ns)
}

/// All measurements of the report, else all costs, that have such a unit.
fn rows(report: Option<&Report>, profile: Option<&Profile>, wanted: impl Fn(Unit) -> bool) -> Vec<Row> {
    let (base, figures) = (Profile::xeon_2017(), published());
    let mut names: Vec<(String, Unit)> = match report {
        Some(report) => report.measurements.iter().map(|m| (m.primitive.clone(), m.unit)).collect(),
        None => Primitive::ALL.iter().map(|p| (p.name().to_owned(), p.unit())).collect(),
    };
    names.retain(|(_, unit)| wanted(*unit));
    names.sort_by_key(|(name, _)| group(name).0);
    let row = |(name, unit): (String, Unit)| Row {
        label: label(&name),
        group: group(&name).1,
        unit,
        here: here(&name, &base, report, profile),
        elsewhere: elsewhere(&name, unit, &base, &figures),
        name,
    };
    names.into_iter().map(row).collect()
}

fn here(name: &str, base: &Profile, report: Option<&Report>, profile: Option<&Profile>) -> Result<Here, String> {
    let never = || "not measured on this computer yet".to_owned();
    let Some(measurement) = report.and_then(|report| report.get(name)) else {
        return profile.and_then(|profile| kept(profile.costs.get(name)?, base.costs.get(name))).ok_or_else(never);
    };
    match &measurement.outcome {
        // The reasons are written for a terminal.
        Outcome::NotMeasured { because } => Err(because.replace("--full allows", "“Measure, up to 2 min” allows")),
        Outcome::Measured(m) => Ok(Here {
            value: m.value,
            spread: Some(m.spread),
            runs: m.runs,
            method: m.method.clone(),
            stable: m.stability == Stability::Stable,
        }),
    }
}

/// A cost of a profile whose report was not kept: measured, or derived from what was and not as published.
fn kept(cost: &Cost, published: Option<&Cost>) -> Option<Here> {
    let method = match &cost.provenance {
        Provenance::Measured { method, .. } => method,
        Provenance::Derived(formula) if published != Some(cost) => formula,
        _ => return None,
    };
    Some(Here { value: cost.value, spread: cost.spread, runs: 0, method: method.clone(), stable: true })
}

fn elsewhere(name: &str, unit: Unit, base: &Profile, figures: &[Published]) -> Vec<Elsewhere> {
    let figures = figures.iter().filter(|figure| figure.name == name && unit == Unit::Ns).map(|figure| Elsewhere {
        low: figure.low,
        high: figure.high,
        word: "literature",
        source: figure.source.clone(),
    });
    let cost = base.costs.get(name).filter(|cost| cost.unit == unit && cost.value > 0.0).map(|cost| Elsewhere {
        low: cost.spread.map_or(cost.value, |spread| spread.min.max(0.01)),
        high: cost.spread.map_or(cost.value, |spread| spread.p99),
        word: cost.provenance.word(),
        source: format!("{}: {}", base.title, cost.provenance.detail()),
    });
    figures.chain(cost).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::measure::{Measured, Measurement, Plan};

    fn report(measurements: Vec<Measurement>) -> Report {
        let (host, when) = ("a test".to_owned(), "2026-11-23".to_owned());
        Report { plan: Plan::Quick, host, when, seconds: 0.0, cancelled: false, in_guest: false, measurements }
    }

    fn measured(name: &str, value: f64) -> Measurement {
        let spread = Quantiles { min: value, p50: value, p90: value, p99: value, max: value };
        let (method, stability) = ("test".to_owned(), Stability::Stable);
        let outcome = Outcome::Measured(Measured { value, spread, runs: 3, method, formula: None, stability });
        Measurement { primitive: name.to_owned(), unit: Unit::Ns, outcome }
    }

    fn row(rows: Vec<Row>, name: &str) -> Row {
        rows.into_iter().find(|row| row.name == name).unwrap_or_else(|| panic!("no row {name}"))
    }

    #[test]
    fn without_a_measurement_every_row_says_so_and_shows_what_was_published() {
        let rows = main_rows(None, None);
        assert!(rows.iter().all(|row| row.here.as_ref().is_err_and(|why| why.contains("not measured"))));
        assert_eq!(row(rows, "system_call").range(), Some((51.0, 220.0, "literature")));
        assert_eq!(all_rows(None, None).len(), Primitive::ALL.iter().filter(|p| p.unit() == Unit::Ns).count());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn rows_and_published_figures_stand_beside_names_that_the_probe_gives() {
        let given: Vec<&str> =
            crate::probe::measure::FAMILIES.iter().flat_map(|family| family.gives).map(|(name, _)| *name).collect();
        let figures = published();
        let wanted = MAIN.iter().flat_map(|(_, names)| *names).copied();
        for name in wanted.chain(figures.iter().map(|figure| figure.name.as_str())) {
            assert!(given.contains(&name), "{name}");
        }
    }

    #[test]
    fn an_interpreted_guest_is_never_shown_as_one_on_the_hardware() {
        let report = report(vec![
            Measurement::missing("exit_port", Unit::Ns, "interpreted"),
            measured("emulated_port", 9000.0),
            measured("cpuid_exit_below", 6500.0),
        ]);
        let rows = main_rows(Some(&report), None);
        let port = row(rows.clone(), "emulated_port");
        assert!(port.label.ends_with("interpreted") && port.here.is_ok_and(|here| here.value == 9000.0));
        assert!(row(rows.clone(), "cpuid_exit_below").here.is_ok());
        assert!(row(rows, "exec_image").here.is_err());
    }

    #[test]
    fn what_a_profile_assumes_is_not_called_literature() {
        let rows = all_rows(None, None);
        assert_eq!(row(rows.clone(), "wake_up").range().map(|range| range.2), Some("assumed"));
        assert_eq!(row(rows.clone(), "disk_read_4k").range(), Some((40_000.0, 93_000.0, "derived")));
        let base = Profile::xeon_2017();
        let derived = |p: &&Primitive| matches!(base.cost(**p).provenance, Provenance::Derived(_));
        let only = |p: &&Primitive| p.unit() == Unit::Ns && base.cost(**p).value > 0.0;
        let figures = published();
        let alone = |p: &&Primitive| figures.iter().all(|figure| figure.name != p.name());
        let name = Primitive::ALL.iter().filter(derived).filter(only).find(alone).expect("some").name();
        assert_eq!(row(rows, name).range().map(|range| range.2), Some("derived"), "{name}");
    }

    #[test]
    fn what_is_no_time_stands_in_a_list_of_its_own_beside_what_was_published() {
        let report = report(vec![
            measured("system_call", 100.0),
            Measurement { unit: Unit::BytesPerSecond, ..measured("memory_read_bandwidth", 35e9) },
            Measurement { unit: Unit::Count, ..measured("l1_bytes", 32_768.0) },
            Measurement::missing("tlb_entries_2m", Unit::Count, "too short; --full allows more"),
        ]);
        let rows = size_rows(Some(&report), None);
        assert_eq!(rows.iter().filter(|row| row.here.is_ok()).count(), 2);
        assert!(!row(rows.clone(), "l1_bytes").elsewhere.is_empty());
        let why = row(rows.clone(), "tlb_entries_2m").here.expect_err("not measured");
        assert!(!why.contains("--full") && why.contains("2 min"), "{why}");
        assert!(rows.iter().all(|row| row.name != "system_call"));
        assert!(size_rows(None, None).len() >= 8);
    }
}
