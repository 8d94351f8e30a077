//! Running a machine: forward once, counting and keeping what happened, then anywhere in time.

use crate::costs::Table;
use crate::engine::{History, Simulation, Time};
use crate::trace::{BootPart, Change, Recorder, StackStats, Trace};

use super::spec::Spec;
use super::{GroupUse, Machine, MemoryUse, SpecError, Topology, Utilization};

/// Events between two snapshots: a seek replays no more than these.
const SNAPSHOT_INTERVAL: u64 = 65_536;
/// Snapshots kept before every second one is dropped.
const SNAPSHOTS: usize = 128;
/// About the most bytes that all snapshots take: a machine of thousands of stacks has fewer of them.
const SNAPSHOT_BYTES: usize = 1 << 30;

/// How far to run and what to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunOptions {
    /// Stop after the last event at or before this instant.
    pub until: Time,
    /// Keep every hop (48 bytes each), not only the statistics.
    pub keep_trace: bool,
    /// Stop after so many events: the guard against programs without end.
    pub max_events: u64,
    /// Keep no more hops than this: the guard of the memory.
    pub max_hops: usize,
    /// When so many hops are kept, go on without keeping the rest, instead of ending the run there.
    pub partial_trace: bool,
}

impl Default for RunOptions {
    /// Until nothing is left to happen, with the trace, at most 50 million events and 20 million hops (1 GB).
    fn default() -> Self {
        RunOptions {
            until: Time::MAX,
            keep_trace: true,
            max_events: 50_000_000,
            max_hops: 20_000_000,
            partial_trace: false,
        }
    }
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Nothing was left to happen: every program has ended.
    Finished,
    /// The time asked for was reached.
    Until,
    /// [`RunOptions::max_events`] was reached.
    EventLimit,
    /// [`RunOptions::max_hops`] was reached, and a partial trace was not asked for.
    HopLimit,
    /// The next event lies beyond what the counts of simulated time can hold.
    TimeLimit,
    /// The caller's progress function said stop.
    Cancelled,
}

/// A run that has been made.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The parts that the hops refer to.
    pub topology: Topology,
    /// The hops and journeys, if they were kept.
    pub trace: Option<Trace>,
    /// What came, changed and went, in the order of time.
    pub changes: Vec<Change>,
    /// The parts of all boots.
    pub boots: Vec<BootPart>,
    /// One per stack, in the order of [`Topology::stacks`].
    pub stats: Vec<StackStats>,
    /// Picoseconds that each hardware core was busy.
    pub core_busy: Vec<u64>,
    /// How busy each core, disk and link was.
    pub utilization: Vec<Utilization>,
    /// What each cgroup had used at the end, in the order of [`Topology::groups`].
    pub groups: Vec<GroupUse>,
    /// Who has what of the host's memory at the end.
    pub memory: MemoryUse,
    /// The hash over every hop.
    pub trace_hash: u64,
    /// How far simulated time came.
    pub simulated: Time,
    /// How many events were handled.
    pub events: u64,
    /// Why it ended.
    pub end: End,
    /// The machine at the end, and the way back to any earlier moment.
    pub history: History<Machine>,
}

/// Builds the machine that `spec` describes and runs it. `progress` is called now and then with the simulated time
/// and the number of events; the run stops when it returns false.
///
/// # Errors
/// As [`Machine::new`].
pub fn run(
    spec: &Spec,
    costs: &Table,
    seed: u64,
    options: &RunOptions,
    mut progress: impl FnMut(Time, u64) -> bool,
) -> Result<Outcome, SpecError> {
    let (machine, topology, first) = Machine::new(spec, costs, seed)?;
    let end_of_time = machine.end_of_time();
    let mut recorder = Recorder::new(topology.stacks.len(), usize::from(topology.cores), options.keep_trace);
    recorder.max_hops = options.max_hops;
    let mut history =
        History::new(Simulation::new(machine, first), SNAPSHOT_INTERVAL, SNAPSHOTS).within(SNAPSHOT_BYTES);
    let end = loop {
        match history.current().next_at() {
            None => break End::Finished,
            Some(at) if at > options.until => break End::Until,
            Some(at) if at > end_of_time => break End::TimeLimit,
            Some(_) => {}
        }
        let events = history.current().events();
        if events >= options.max_events {
            break End::EventLimit;
        }
        if !options.partial_trace && recorder.is_full() {
            break End::HopLimit;
        }
        if events % 65_536 == 0 && !progress(history.current().now(), events) {
            break End::Cancelled;
        }
        history.step(&mut recorder);
    };
    let current = history.current();
    let simulated = match end {
        End::Until => options.until,
        End::Finished => current.model.last_end(),
        _ => current.now(),
    };
    let memory = current.model.memory_use(topology.stacks.len());
    Ok(Outcome {
        topology,
        trace_hash: current.model.trace_hash(),
        utilization: current.model.utilization(simulated),
        groups: current.model.group_use(simulated),
        memory,
        simulated,
        events: current.events(),
        end,
        trace: recorder.trace,
        changes: recorder.changes,
        boots: recorder.boots.parts,
        stats: recorder.stats,
        core_busy: recorder.core_busy,
        history,
    })
}
