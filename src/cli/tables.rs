//! The text reports: tables with three significant digits and units.

use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{CellAlignment, Table};

use super::boots::{BootReport, PartReport};
use super::report::{CpuMaxReport, GroupReport, Report, StackMemoryReport, StackReport, SwapReport, UtilizationReport};
use crate::amounts::bytes;
use crate::engine::Time;
use crate::machine::Outcome;
use crate::scenario::{Kind, Scenario, Value};
use crate::trace::{Change, ChangeKind, Ended, ExitReason, Layer};
use crate::visible::one_line;

/// A table whose first `left` columns are texts and the rest numbers.
pub(super) fn table(header: &[String], rows: impl IntoIterator<Item = Vec<String>>, left: usize) -> Table {
    // Made visible here, so that the columns are as wide as what is shown.
    let shown = |row: &[String]| row.iter().map(|cell| one_line(cell).into_owned()).collect::<Vec<_>>();
    let mut table = Table::new();
    table.load_preset(UTF8_HORIZONTAL_ONLY).set_header(shown(header)).add_rows(rows.into_iter().map(|row| shown(&row)));
    for column in table.column_iter_mut().skip(left) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// A time from picoseconds, or a dash for none.
pub(super) fn time(ps: u64) -> String {
    if ps == 0 { "–".to_owned() } else { Time(ps).to_string() }
}

/// A count, or a dash for none.
pub(super) fn count(n: u64) -> String {
    if n == 0 { "–".to_owned() } else { n.to_string() }
}

fn headers(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// The text report of a run.
pub(super) fn run(scenario: &Scenario, outcome: &Outcome, report: &Report) -> String {
    let mut text = format!(
        "{}\n{} simulated, {} events, seed {}, costs {}, trace {}\n\n",
        one_line(&scenario.title),
        Time(report.simulated_ps),
        report.events,
        report.seed,
        one_line(&report.costs),
        report.trace_hash
    );
    text += &format!("How long an operation takes\n{}\n\n", latencies(&report.stacks));
    if report.stacks.iter().any(|stack| !stack.latency_ps.exact) {
        text += "Percentiles of so many operations are at most one part in a thousand too large.\n\n";
    }
    text += &format!("Where the time of all operations goes\n{}\n\n", ledger(&report.stacks));
    text += &format!("What was done for it\n{}\n", counters(&report.stacks));
    if !report.boots.is_empty() {
        text += &format!("\nHow it started\n{}\n", boots(&report.boots));
    }
    text += &format!("\nHow busy the hardware was\n{}\n", utilization(&report.utilization));
    text += &format!("\nWho has the memory at the end\n{}\n", memory(report));
    text += &swap(report);
    if let Some(table) = groups(&report.groups) {
        text += &format!("\nWhat cgroups shared and limited\n{table}\n");
    }
    if let Some(changes) = changes(outcome) {
        text += &format!("\nWhat came, changed and went\n{changes}");
    }
    if let Some(table) = exits(&report.stacks) {
        text += &format!("\nWhy guests were left\n{table}\n");
    }
    if !report.expectations.is_empty() {
        text += &format!("\nExpectations\n{}", expectations(scenario, report));
    }
    if !scenario.leaves_out.is_empty() {
        text += "\nWhat this model leaves out\n";
        scenario.leaves_out.iter().for_each(|line| text += &format!("- {line}\n"));
    }
    text
}

fn latencies(stacks: &[StackReport]) -> Table {
    let header = headers(&["stack", "kind", "operations", "median", "95 %", "99 %", "longest", "mean", "per second"]);
    let row = |s: &StackReport| {
        let l = &s.latency_ps;
        let rate = Value { amount: s.throughput_per_s, kind: Kind::Count };
        let mut row = vec![s.name.clone(), s.kind.clone(), count(s.operations)];
        row.extend([l.p50, l.p95, l.p99, l.max, l.mean].map(time));
        row.push(rate.to_string());
        row
    };
    table(&header, stacks.iter().map(row), 2)
}

/// One line per stack, one column per layer that any of them was in.
fn ledger(stacks: &[StackReport]) -> Table {
    let of = |s: &StackReport, layer: &Layer| s.ledger_ps.get(layer.key()).copied().unwrap_or(0);
    let layers: Vec<Layer> =
        Layer::ALL.into_iter().filter(|layer| stacks.iter().any(|stack| of(stack, layer) > 0)).collect();
    let mut header = headers(&["stack"]);
    header.extend(layers.iter().map(|layer| layer.label().to_owned()));
    header.push("sum".to_owned());
    let row = |s: &StackReport| {
        let mut row = vec![s.name.clone()];
        row.extend(layers.iter().map(|layer| time(of(s, layer))));
        row.push(time(s.latency_ps.total));
        row
    };
    table(&header, stacks.iter().map(row), 1)
}

fn counters(stacks: &[StackReport]) -> Table {
    let header = headers(&[
        "stack",
        "core time",
        "system calls",
        "context switches",
        "page faults",
        "interrupts",
        "VM exits",
        "throttles",
        "memory",
    ]);
    let row = |s: &StackReport| {
        let exits = s.exits.values().sum();
        let counts = [s.system_calls, s.context_switches, s.page_faults, s.interrupts, exits, s.throttles];
        let mut row = vec![s.name.clone(), time(s.busy_ps)];
        row.extend(counts.map(count));
        row.push(if s.memory_bytes == 0 { "–".to_owned() } else { bytes(s.memory_bytes) });
        row
    };
    table(&header, stacks.iter().map(row), 1)
}

/// So many cores have a line each; of more than these, one line tells of all.
const CORES_APART: usize = 8;

/// Each row's memory of the host, which add up to all there is.
fn memory(report: &Report) -> Table {
    let header = headers(&["whose", "promised", "resident", "at most", "in swap", "page cache in it"]);
    let none = || "–".to_owned();
    let of_host = |name: &str, has: u64| vec![name.to_owned(), none(), bytes(has), none(), none(), none()];
    let stacks = report.stacks.iter().map(|stack| {
        let StackMemoryReport { promised, resident, peak, swapped, page_cache } = stack.memory;
        let amounts = [promised, resident, peak, swapped, page_cache];
        std::iter::once(stack.name.clone()).chain(amounts.map(bytes)).collect()
    });
    let host = &report.memory;
    let rest = [("others", host.others), ("page cache", host.page_cache), ("kernel", host.kernel), ("free", host.free)];
    let rows = stacks.chain(rest.map(|(name, has)| of_host(name, has)));
    table(&header, rows.chain([of_host("all", host.all)]), 1)
}

/// The cgroups that say anything: with a name, a limit, a weight of their own. Nothing if there are none.
fn groups(groups: &[GroupReport]) -> Option<Table> {
    let named = |group: &GroupReport| groups.iter().any(|inner| inner.parent.as_ref() == Some(&group.path));
    let says = |group: &&GroupReport| {
        group.cpu_max.is_some() || group.cpu_weight != 100 || group.parent.is_some() || named(group)
    };
    let row = |group: &GroupReport| {
        let limit = group.cpu_max.as_ref();
        let max = |max: &CpuMaxReport| format!("{} / {}", Time(max.quota_ps), Time(max.period_ps));
        let of = |what: fn(&CpuMaxReport) -> u64| limit.map_or(0, what);
        vec![
            group.path.clone(),
            group.parent.clone().unwrap_or_else(|| "–".to_owned()),
            group.cpu_weight.to_string(),
            limit.map_or_else(|| "–".to_owned(), max),
            time(group.usage_ps),
            count(of(|max| max.nr_periods)),
            count(of(|max| max.nr_throttled)),
            time(of(|max| max.throttled_ps)),
        ]
    };
    let rows: Vec<_> = groups.iter().filter(says).map(row).collect();
    let header =
        headers(&["cgroup", "in", "cpu.weight", "cpu.max", "used", "periods", "throttled in", "throttled for"]);
    (!rows.is_empty()).then(|| table(&header, rows, 2))
}

/// What was swapped on the host; empty where nothing can be.
fn swap(report: &Report) -> String {
    let SwapReport { size, used, written, read } = report.memory.swap;
    if size == 0 {
        return String::new();
    }
    let [size, used, written, read] = [size, used, written, read].map(bytes);
    format!("\nSwap: {used} of {size} used, {written} written, {read} read back\n")
}

fn utilization(used: &[UtilizationReport]) -> Table {
    let header = headers(&["part", "what", "busy", "share", "requests", "data"]);
    let row = |name: String, u: &UtilizationReport, share: f64| {
        let what = if u.kind == "disk" {
            "serving"
        } else if u.kind == "core" {
            "working"
        } else {
            u.kind
        };
        let share = format!("{:.1} %", 100.0 * share);
        vec![name, what.to_owned(), time(u.busy_ps), share, count(u.requests), bytes(u.bytes)]
    };
    let (cores, devices): (Vec<_>, Vec<_>) = used.iter().partition(|u| u.kind == "core");
    let mut rows: Vec<Vec<String>> = match cores.len() {
        0..=CORES_APART => cores.iter().map(|u| row(u.name.clone(), u, u.share)).collect(),
        n => {
            let all = UtilizationReport { busy_ps: cores.iter().map(|u| u.busy_ps).sum(), ..cores[0].clone() };
            let share = cores.iter().map(|u| u.share).sum::<f64>() / n as f64;
            vec![row(format!("{n} cores together"), &all, share)]
        }
    };
    rows.extend(
        devices.iter().filter(|u| u.requests > 0 || u.kind != "receiving").map(|u| row(u.name.clone(), u, u.share)),
    );
    table(&header, rows, 2)
}

/// The boots beside each other, and then step by step.
fn boots(boots: &[BootReport]) -> String {
    let took = |ps: Option<u64>| ps.map_or("not over".to_owned(), time);
    let mut order: Vec<&BootReport> = boots.iter().collect();
    order.sort_by_key(|boot| boot.took_ps.unwrap_or(u64::MAX));
    let sums = order.iter().map(|boot| {
        let sum = |of: fn(&PartReport) -> u64| boot.parts.iter().map(of).sum::<u64>();
        let exits = sum(|part| part.exits.values().sum());
        let read = sum(|part| part.bytes);
        let read = if read == 0 { "–".to_owned() } else { bytes(read) };
        let reads = count(sum(|part| part.reads));
        vec![boot.path.clone(), boot.kind.to_owned(), took(boot.took_ps), reads, read, count(exits)]
    });
    let sums = table(&headers(&["what", "kind", "until it was up", "reads", "data", "VM exits"]), sums, 2);
    let rows = boots.iter().flat_map(|boot| {
        boot.parts.iter().map(|part| {
            let exits = part.exits.iter().map(|(reason, n)| format!("{reason} {n}")).collect::<Vec<_>>().join(", ");
            let read = if part.bytes == 0 { "–".to_owned() } else { bytes(part.bytes) };
            vec![boot.path.clone(), part.name.clone(), exits, took(part.took_ps), count(part.reads), read]
        })
    });
    let parts = table(&headers(&["what", "step", "VM exits by reason", "time", "reads", "data"]), rows, 3);
    format!("{sums}\n\n{parts}")
}

/// So many lines are told.
const CHANGES: usize = 60;

/// Nothing if everything was up at time zero and stayed until its program ended.
fn changes(outcome: &Outcome) -> Option<String> {
    let by_itself = |what: &ChangeKind| *what == ChangeKind::Ended(Ended::Finished);
    if outcome.changes.iter().all(|change| by_itself(&change.what)) {
        return None;
    }
    let row = |change: &Change| {
        let topology = &outcome.topology;
        let node = topology.nodes.get(change.node as usize).map(|node| &node.path);
        let group = || topology.groups.get(change.group()? as usize).map(|group| &group.path);
        let path = node.or_else(group).map_or("", String::as_str);
        vec![change.at.to_string(), path.to_owned(), change.what.label()]
    };
    // Boots have a table of their own.
    let boots = |what: &ChangeKind| matches!(what, ChangeKind::Booting(_) | ChangeKind::Booted { .. });
    let told: Vec<&Change> = outcome.changes.iter().filter(|change| !boots(&change.what)).collect();
    let table = table(&headers(&["at", "what", "what happened"]), told.iter().take(CHANGES).copied().map(row), 3);
    let left_out = told.len().saturating_sub(CHANGES);
    let more = if left_out > 0 { format!("{left_out} later ones are not shown.\n") } else { String::new() };
    Some(format!("{table}\n{more}"))
}

/// Nothing if no VM exited.
fn exits(stacks: &[StackReport]) -> Option<Table> {
    let of = |s: &StackReport, reason: &ExitReason| s.exits.get(reason.key()).copied().unwrap_or(0);
    let reasons: Vec<ExitReason> =
        ExitReason::ALL.into_iter().filter(|reason| stacks.iter().any(|stack| of(stack, reason) > 0)).collect();
    if reasons.is_empty() {
        return None;
    }
    let mut header = headers(&["stack"]);
    header.extend(reasons.iter().map(|reason| reason.label().to_owned()));
    let rows = stacks.iter().filter(|stack| !stack.exits.is_empty()).map(|s| {
        let mut row = vec![s.name.clone()];
        row.extend(reasons.iter().map(|reason| count(of(s, reason))));
        row
    });
    Some(table(&header, rows, 1))
}

/// One line each: whether it holds, what is expected, what came out.
pub(super) fn expectations(scenario: &Scenario, report: &Report) -> String {
    let pairs = scenario.expectations.iter().zip(&report.expectations);
    let line = |(expectation, result): (&crate::scenario::Expectation, &super::report::ExpectationReport)| {
        let mark = if result.passed { "ok    " } else { "FAILED" };
        let value = Value { amount: result.value.unwrap_or(f64::NAN), kind: expectation.quantity.kind() };
        format!("{mark} {}: {value}\n", one_line(&result.text))
    };
    pairs.map(line).collect()
}
