//! The totals of a run so far: what the terminal's report says of the whole run, at any moment of it.
//!
//! Made once from the trace: every count is a sorted list of times, every sum a running one, so that a moment is
//! looked up and not added up.

use crate::engine::Time;
use crate::machine::Topology;
use crate::trace::{Crossing, ExitReason, Layer, Trace};

/// What is counted besides exits.
pub const COUNTED: [&str; 5] = ["System calls", "Context switches", "Page faults", "Interrupts", "Throttles"];

/// One stack's totals at a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Operations that have ended.
    pub operations: u64,
    /// Median, 95 %, 99 %, longest, mean, in picoseconds.
    pub latency: [u64; 5],
    /// Picoseconds by layer, of the operations that have ended.
    pub ledger: [u64; Layer::ALL.len()],
    /// By [`COUNTED`].
    pub counts: [u64; COUNTED.len()],
    /// By [`ExitReason`].
    pub exits: [u64; ExitReason::ALL.len()],
}

#[derive(Clone, Debug, Default)]
struct Stack {
    /// When each operation ended, how long it took, and the ledger of it and all before it.
    ended: Vec<(Time, u64, [u64; Layer::ALL.len()])>,
    counts: [Vec<Time>; COUNTED.len()],
    exits: [Vec<Time>; ExitReason::ALL.len()],
}

/// The totals of one run.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    stacks: Vec<Stack>,
}

impl Totals {
    /// Reads the trace once.
    pub fn new(trace: &Trace, topology: &Topology, end: Time) -> Totals {
        let mut stacks = vec![Stack::default(); topology.stacks.len()];
        let mut ledgers = vec![[0; Layer::ALL.len()]; trace.journeys.len()];
        for hop in &trace.hops {
            if let Some(ledger) = ledgers.get_mut(hop.journey.index()) {
                ledger[hop.layer as usize] += hop.duration().as_ps();
            }
            let Some(stack) = stacks.get_mut(hop.stack.index()) else { continue };
            match hop.crossing {
                Crossing::VmExit(reason) => stack.exits[reason as usize].push(hop.start),
                Crossing::SystemCall => stack.counts[0].push(hop.start),
                Crossing::ContextSwitch => stack.counts[1].push(hop.start),
                Crossing::PageFault => stack.counts[2].push(hop.start),
                Crossing::Interrupt => stack.counts[3].push(hop.start),
                Crossing::Throttle => stack.counts[4].push(hop.start),
                _ => {}
            }
        }
        for (journey, ledger) in trace.journeys.iter().zip(&ledgers) {
            if let Some(stack) = stacks.get_mut(journey.stack.index()).filter(|_| journey.end <= end) {
                stack.ended.push((journey.end, (journey.end - journey.start).as_ps(), *ledger));
            }
        }
        for stack in &mut stacks {
            stack.ended.sort_by_key(|(end, ..)| *end);
            let mut sum = [0; Layer::ALL.len()];
            for (_, _, ledger) in &mut stack.ended {
                sum.iter_mut().zip(ledger.iter()).for_each(|(sum, ps)| *sum += ps);
                *ledger = sum;
            }
            stack.counts.iter_mut().chain(&mut stack.exits).for_each(|times| times.sort_unstable());
        }
        Totals { stacks }
    }

    /// A stack's totals at `now`.
    pub fn at(&self, stack: usize, now: Time) -> Row {
        let Some(stack) = self.stacks.get(stack) else { return Row::default() };
        let ended = &stack.ended[..stack.ended.partition_point(|(end, ..)| *end <= now)];
        let mut sorted: Vec<u64> = ended.iter().map(|(_, latency, _)| *latency).collect();
        sorted.sort_unstable();
        // The nearest-rank percentile, as in the report.
        let rank = |percent: usize| sorted.get((sorted.len() * percent).div_ceil(100).max(1) - 1).copied().unwrap_or(0);
        let mean = sorted.iter().sum::<u64>().checked_div(sorted.len() as u64).unwrap_or(0);
        let so_far = |times: &Vec<Time>| times.partition_point(|time| *time <= now) as u64;
        Row {
            operations: sorted.len() as u64,
            latency: [rank(50), rank(95), rank(99), sorted.last().copied().unwrap_or(0), mean],
            ledger: ended.last().map_or([0; Layer::ALL.len()], |(_, _, ledger)| *ledger),
            counts: std::array::from_fn(|i| so_far(&stack.counts[i])),
            exits: std::array::from_fn(|i| so_far(&stack.exits[i])),
        }
    }
}
