//! The report of a run: what `--report json` writes, and what the text tables are made from. Its fields are stable
//! and described in `docs/report.md`.

use std::time::Duration;

use indexmap::IndexMap;
use serde::Serialize;

use super::boots::BootReport;
use crate::engine::Time;
use crate::machine::{
    End, GroupInfo, GroupUse, LifeSpan, MemoryUse, Outcome, Presences, StackMemory, SwapUse, Utilization,
};
use crate::scenario::Scenario;
use crate::trace::{ComponentId, ExitReason, Latency, Layer, OperationKind, StackStats};

/// One run.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Report {
    /// The scenario's id.
    pub scenario: String,
    /// The seed that was used.
    pub seed: u64,
    /// The cost profile's id.
    pub costs: String,
    /// The hash over every hop, as 16 hexadecimal digits.
    pub trace_hash: String,
    /// Simulated time.
    pub simulated_ps: u64,
    /// Events handled.
    pub events: u64,
    /// Seconds that the run took here.
    pub wall_s: f64,
    /// Events per second that the run made here.
    pub events_per_s: f64,
    /// Why the run ended: `finished`, `until`, `event_limit`, `hop_limit`, `time_limit`, `cancelled`.
    pub end: &'static str,
    /// In the order of the file.
    pub stacks: Vec<StackReport>,
    /// The host's memory at the end of the run.
    pub memory: MemoryReport,
    /// Boots of machines, and the starts of containers beside them; missing where nothing boots.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub boots: Vec<BootReport>,
    /// Cgroups; missing where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupReport>,
    /// Cores, disks and links.
    pub utilization: Vec<UtilizationReport>,
    /// In the order of the file.
    pub expectations: Vec<ExpectationReport>,
}

/// A cgroup, with the figures of its `cpu.stat`.
#[derive(Clone, Debug, Serialize)]
pub(super) struct GroupReport {
    /// As a script names it.
    pub path: String,
    /// The one that it lies in; `None` for its kernel's root.
    pub parent: Option<String>,
    pub cpu_weight: u32,
    pub usage_ps: u64,
    pub cpu_max: Option<CpuMaxReport>,
}

/// A cgroup's limit, and how it held.
#[derive(Clone, Debug, Serialize)]
pub(super) struct CpuMaxReport {
    pub quota_ps: u64,
    pub period_ps: u64,
    pub burst_ps: u64,
    pub nr_periods: u64,
    pub nr_throttled: u64,
    pub throttled_ps: u64,
}

/// A core, a disk, or one direction of a link.
#[derive(Clone, Debug, Serialize)]
pub(super) struct UtilizationReport {
    pub name: String,
    pub kind: &'static str,
    pub busy_ps: u64,
    pub share: f64,
    pub requests: u64,
    pub bytes: u64,
}

/// The host's memory, in bytes; with what is resident for the stacks it adds up to `all`.
#[derive(Clone, Debug, Serialize)]
pub(super) struct MemoryReport {
    pub all: u64,
    pub kernel: u64,
    pub page_cache: u64,
    pub others: u64,
    pub free: u64,
    pub swap: SwapReport,
}

/// The host's swap area, in bytes: how large it is, what is used of it, and what has been written and read.
#[derive(Clone, Debug, Serialize)]
pub(super) struct SwapReport {
    pub size: u64,
    pub used: u64,
    pub written: u64,
    pub read: u64,
}

/// A stack's memory, in bytes.
#[derive(Clone, Debug, Serialize)]
pub(super) struct StackMemoryReport {
    pub promised: u64,
    pub resident: u64,
    pub peak: u64,
    pub swapped: u64,
    pub page_cache: u64,
}

/// One stack.
#[derive(Clone, Debug, Serialize)]
pub(super) struct StackReport {
    pub name: String,
    pub kind: String,
    pub operations: u64,
    pub throughput_per_s: f64,
    pub latency_ps: Latency,
    pub busy_ps: u64,
    pub ledger_ps: IndexMap<&'static str, u64>,
    pub exits: IndexMap<&'static str, u64>,
    pub system_calls: u64,
    pub context_switches: u64,
    pub page_faults: u64,
    pub interrupts: u64,
    pub throttles: u64,
    pub start_ps: u64,
    pub lives: Vec<LifeReport>,
    pub memory_bytes: u64,
    pub memory: StackMemoryReport,
    pub image_bytes: u64,
    pub operations_by_kind: IndexMap<&'static str, KindReport>,
}

/// One life of a stack, or of something that stands in it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct LifeReport {
    /// As a script names it.
    pub path: String,
    /// When it began to be started; 0 for what is up at time zero.
    pub from_ps: u64,
    /// When it was up.
    pub up_ps: Option<u64>,
    /// When it had ended.
    pub end_ps: Option<u64>,
    /// Why it ended.
    pub end: Option<&'static str>,
}

/// The operations of one kind.
#[derive(Clone, Debug, Serialize)]
pub(super) struct KindReport {
    pub operations: u64,
    pub latency_ps: Latency,
}

/// One expectation.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ExpectationReport {
    pub text: String,
    pub value: Option<f64>,
    pub passed: bool,
}

impl Report {
    /// The report of `outcome`, which took `wall` to simulate with the costs called `costs`.
    pub(super) fn new(scenario: &Scenario, costs: &str, outcome: &Outcome, wall: Duration) -> Report {
        let wall_s = wall.as_secs_f64();
        let component = |life: LifeSpan| Some((life, outcome.topology.nodes.get(life.node as usize)?.component));
        let lives = Presences::new(&outcome.topology, &outcome.changes).lives();
        let lives: Vec<(LifeSpan, ComponentId)> = lives.into_iter().filter_map(component).collect();
        let stacks = outcome.topology.stacks.iter().zip(&outcome.stats);
        Report {
            scenario: scenario.id.clone(),
            seed: scenario.seed,
            costs: costs.to_owned(),
            trace_hash: format!("{:016x}", outcome.trace_hash),
            simulated_ps: outcome.simulated.as_ps(),
            events: outcome.events,
            wall_s,
            events_per_s: if wall_s > 0.0 { outcome.events as f64 / wall_s } else { 0.0 },
            end: end_key(outcome.end),
            stacks: stacks.map(|(info, stats)| stack(info, stats, &lives, outcome)).collect(),
            memory: memory(outcome),
            boots: super::boots::boots(outcome),
            groups: groups(outcome),
            utilization: outcome.utilization.iter().map(|used| utilization(used, outcome)).collect(),
            expectations: scenario
                .check(outcome)
                .into_iter()
                .map(|checked| ExpectationReport {
                    text: checked.text,
                    value: checked.value.finite(),
                    passed: checked.passed,
                })
                .collect(),
        }
    }

    /// Whether every expectation holds.
    pub(super) fn passed(&self) -> bool {
        self.expectations.iter().all(|expectation| expectation.passed)
    }
}

fn utilization(used: &Utilization, outcome: &Outcome) -> UtilizationReport {
    let part = outcome.topology.component(used.component);
    let (busy, simulated) = (used.busy.as_ps(), outcome.simulated.as_ps());
    UtilizationReport {
        name: part.map_or(String::new(), |part| part.name.clone()),
        kind: used.of.key(),
        busy_ps: busy,
        share: if simulated > 0 { busy as f64 / simulated as f64 } else { 0.0 },
        requests: used.requests,
        bytes: used.bytes,
    }
}

fn groups(outcome: &Outcome) -> Vec<GroupReport> {
    let all = &outcome.topology.groups;
    let path = |number: u32| all.get(number as usize).map(|group| group.path.clone());
    let report = |(info, used): (&GroupInfo, &GroupUse)| GroupReport {
        path: info.path.clone(),
        parent: info.parent.and_then(path),
        cpu_weight: used.cpu_weight,
        usage_ps: used.used.as_ps(),
        cpu_max: used.limit.map(|limit| CpuMaxReport {
            quota_ps: limit.max.quota.as_ps(),
            period_ps: limit.max.period.as_ps(),
            burst_ps: limit.max.burst.as_ps(),
            nr_periods: limit.periods,
            nr_throttled: limit.throttled_periods,
            throttled_ps: limit.throttled_time.as_ps(),
        }),
    };
    all.iter().zip(&outcome.groups).map(report).collect()
}

fn memory(outcome: &Outcome) -> MemoryReport {
    let MemoryUse { all, kernel, page_cache, free, others, swap, .. } = outcome.memory;
    let SwapUse { size, used, written, read } = swap;
    MemoryReport { all, kernel, page_cache, others, free, swap: SwapReport { size, used, written, read } }
}

fn memory_of(info: &crate::machine::StackInfo, outcome: &Outcome) -> StackMemoryReport {
    let index = outcome.topology.stacks.iter().position(|stack| stack.component == info.component);
    let memory = index.and_then(|index| outcome.memory.stacks.get(index)).copied().unwrap_or_default();
    let StackMemory { promised, resident, peak, swapped, page_cache } = memory;
    StackMemoryReport { promised, resident, peak, swapped, page_cache }
}

fn stack(
    info: &crate::machine::StackInfo,
    stats: &StackStats,
    lives: &[(LifeSpan, ComponentId)],
    outcome: &Outcome,
) -> StackReport {
    let kinds = OperationKind::ALL.iter().filter_map(|kind| {
        let report = KindReport { operations: stats.operations_of(*kind), latency_ps: stats.latency_of(*kind)? };
        Some((kind.key(), report))
    });
    StackReport {
        name: info.name.clone(),
        kind: info.kind.clone(),
        operations: stats.operations,
        throughput_per_s: stats.throughput(outcome.simulated),
        latency_ps: stats.latency(),
        busy_ps: stats.busy,
        ledger_ps: Layer::ALL.iter().map(|layer| (layer.key(), stats.ledger[*layer as usize])).collect(),
        exits: exits(stats),
        system_calls: stats.system_calls,
        context_switches: stats.context_switches,
        page_faults: stats.page_faults,
        interrupts: stats.interrupts,
        throttles: stats.throttles,
        start_ps: started_in(info, lives),
        lives: lives_of(info, lives, outcome),
        memory_bytes: info.memory_bytes,
        memory: memory_of(info, outcome),
        image_bytes: info.image_bytes,
        operations_by_kind: kinds.collect(),
    }
}

/// How long the first start of a stack took; 0 if it was up at time zero, or has never been up.
fn started_in(info: &crate::machine::StackInfo, lives: &[(LifeSpan, ComponentId)]) -> u64 {
    let own = lives.iter().filter(|(_, component)| *component == info.component);
    own.filter_map(|(life, _)| Some((life.up? - life.from).as_ps())).next().unwrap_or(0)
}

/// The lives of a stack and of what stands in it.
fn lives_of(info: &crate::machine::StackInfo, lives: &[(LifeSpan, ComponentId)], outcome: &Outcome) -> Vec<LifeReport> {
    let topology = &outcome.topology;
    let stack = topology.component(info.component).and_then(|component| component.stack);
    let of_stack = |component: &ComponentId| topology.component(*component).and_then(|part| part.stack) == stack;
    let of_stack = lives.iter().filter(|(_, component)| of_stack(component));
    let report = |(life, _): &(LifeSpan, ComponentId)| LifeReport {
        path: topology.nodes.get(life.node as usize).map_or(String::new(), |node| node.path.clone()),
        from_ps: life.from.as_ps(),
        up_ps: life.up.map(Time::as_ps),
        end_ps: life.end.map(|(at, _)| at.as_ps()),
        end: life.end.map(|(_, why)| why.key()),
    };
    of_stack.map(report).collect()
}

/// The reasons that occurred.
fn exits(stats: &StackStats) -> IndexMap<&'static str, u64> {
    let all = ExitReason::ALL.iter().map(|reason| (reason.key(), stats.exits[*reason as usize]));
    all.filter(|(_, count)| *count > 0).collect()
}

fn end_key(end: End) -> &'static str {
    match end {
        End::Finished => "finished",
        End::Until => "until",
        End::EventLimit => "event_limit",
        End::HopLimit => "hop_limit",
        End::TimeLimit => "time_limit",
        End::Cancelled => "cancelled",
    }
}

/// What to say about a run that did not come to its own end.
pub(super) fn limit_note(outcome: &Outcome) -> Option<String> {
    let limit = match outcome.end {
        End::Finished | End::Until => return None,
        End::EventLimit => {
            let so_far = outcome.simulated;
            return Some(format!(
                "limit reached: {} events. This is what was simulated so far: {so_far}. A smaller --until avoids it; \
                 --events raises it.",
                outcome.events
            ));
        }
        End::HopLimit => "the most hops that are kept".to_owned(),
        End::TimeLimit => "the longest time that can be counted for so many threads".to_owned(),
        End::Cancelled => return Some(format!("stopped. This is what was simulated so far: {}.", outcome.simulated)),
    };
    let so_far = outcome.simulated;
    Some(format!("limit reached: {limit}. This is what was simulated so far: {so_far}. A smaller --until avoids it."))
}

/// What to say about a trace that there was no room for.
pub(super) fn partial_note(outcome: &Outcome) -> Option<String> {
    let trace = outcome.trace.as_ref().filter(|trace| trace.left_out > 0)?;
    let (kept, end) = (trace.hops.len(), trace.hops.last().map_or(Time::ZERO, |hop| hop.end));
    let left_out = trace.left_out;
    Some(format!(
        "the trace is partial: it holds the first {kept} hops, up to {end}; {left_out} later ones are counted in the \
         report and not kept. A smaller --until avoids it."
    ))
}
