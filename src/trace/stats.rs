//! What is counted per stack: latencies, the ledger, exits, system calls, switches.

use serde::Serialize;

use super::{Crossing, ExitReason, Hop, Journey, Layer, OperationKind};
use crate::engine::Time;

/// A distribution of latencies in picoseconds, exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Latency {
    /// The sum over all journeys: what the ledger adds up to.
    pub total: u64,
    /// The total over the number of journeys, rounded down.
    pub mean: u64,
    /// The median.
    pub p50: u64,
    /// 95 in a hundred are at or below.
    pub p95: u64,
    /// 99 in a hundred are at or below.
    pub p99: u64,
    /// The longest.
    pub max: u64,
}

/// Of sorted latencies.
fn latency(sorted: &[u64]) -> Latency {
    // The nearest-rank percentile: the least value that so many per cent are at or below.
    let at = |percent: usize| sorted.get((sorted.len() * percent).div_ceil(100).max(1) - 1).copied().unwrap_or(0);
    let total: u64 = sorted.iter().sum();
    Latency {
        total,
        mean: total.checked_div(sorted.len() as u64).unwrap_or(0),
        p50: at(50),
        p95: at(95),
        p99: at(99),
        max: sorted.last().copied().unwrap_or(0),
    }
}

/// The counts of one stack.
#[derive(Clone, Debug, Default)]
pub struct StackStats {
    /// Every latency in picoseconds, by kind of operation, in the order of arrival.
    latencies: [Vec<u64>; OperationKind::ALL.len()],
    /// When its first journey began.
    first_start: Option<Time>,
    /// When its latest journey so far ended.
    last_end: Time,
    /// Journeys under way.
    under_way: u64,
    /// Journeys that ended.
    pub operations: u64,
    /// Picoseconds by [`Layer`], of the journeys that ended. Their sum is the latency total.
    pub ledger: [u64; Layer::ALL.len()],
    /// Picoseconds that cores worked on this stack's behalf, background work included.
    pub busy: u64,
    /// VM exits by [`ExitReason`], background included, at every level of nesting.
    pub exits: [u64; ExitReason::ALL.len()],
    /// System calls by its programs and its device models.
    pub system_calls: u64,
    /// Switches to another task, in any kernel, on its behalf.
    pub context_switches: u64,
    /// Page faults taken.
    pub page_faults: u64,
    /// Interrupts taken by any kernel on its behalf.
    pub interrupts: u64,
    /// Times that one of its tasks was throttled.
    pub throttles: u64,
}

impl StackStats {
    pub(super) fn hop(&mut self, hop: &Hop) {
        if hop.core.some().is_some() {
            self.busy += hop.duration().as_ps();
        }
        match hop.crossing {
            Crossing::None => {}
            Crossing::VmExit(reason) => self.exits[reason as usize] += 1,
            Crossing::SystemCall => self.system_calls += 1,
            Crossing::ContextSwitch => self.context_switches += 1,
            Crossing::PageFault => self.page_faults += 1,
            Crossing::Interrupt => self.interrupts += 1,
            Crossing::Throttle => self.throttles += 1,
            _ => {}
        }
    }

    pub(super) fn begin(&mut self, journey: &Journey) {
        self.first_start.get_or_insert(journey.start);
        self.under_way += 1;
    }

    pub(super) fn end(&mut self, journey: &Journey, ledger: &[u64; Layer::ALL.len()]) {
        let latency = (journey.end - journey.start).as_ps();
        self.operations += 1;
        self.under_way -= 1;
        self.last_end = self.last_end.max(journey.end);
        self.latencies[journey.kind as usize].push(latency);
        for (sum, ps) in self.ledger.iter_mut().zip(ledger) {
            *sum += ps;
        }
    }

    /// The latency of all operations.
    pub fn latency(&self) -> Latency {
        let mut all = self.latencies.concat();
        all.sort_unstable();
        latency(&all)
    }

    /// The latency of one kind of operation; `None` if there was none.
    pub fn latency_of(&self, kind: OperationKind) -> Option<Latency> {
        let mut sorted = self.latencies[kind as usize].clone();
        sorted.sort_unstable();
        (!sorted.is_empty()).then(|| latency(&sorted))
    }

    /// How many operations of one kind ended.
    pub fn operations_of(&self, kind: OperationKind) -> u64 {
        self.latencies[kind as usize].len() as u64
    }

    /// How long it had something to do in a run that came as far as `simulated`: from its first journey's beginning to
    /// its last one's end, or to the end of the run if one was still under way.
    pub fn active(&self, simulated: Time) -> Time {
        let end = if self.under_way > 0 { simulated } else { self.last_end };
        end - self.first_start.unwrap_or(end)
    }

    /// Operations per second of the time that it was [`active`](Self::active), so that a stack that is done early is
    /// not slower for what the others still do. 0 if it took no time.
    pub fn throughput(&self, simulated: Time) -> f64 {
        match self.active(simulated) {
            Time::ZERO => 0.0,
            active => self.operations as f64 / active.as_secs_f64(),
        }
    }

    /// All exits, whatever the reason.
    pub fn exits_total(&self) -> u64 {
        self.exits.iter().sum()
    }
}
