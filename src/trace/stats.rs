//! What is counted per stack: latencies, the ledger, exits, system calls, switches.
//!
//! A report's counts, sums, means and longest values are exact, however long a run is. Percentiles need every latency:
//! up to [`EXACT`] operations of a kind in a stack all of them are kept; from there on they are counted in buckets
//! (HdrHistogram), each at most a thousandth of its values wide, so that memory does not grow with the run. A
//! percentile is then the upper end of its bucket: at most one part in a thousand too large.

use std::sync::OnceLock;

use hdrhistogram::Histogram;
use serde::Serialize;

use super::{Crossing, ExitReason, Hop, Journey, Layer, OperationKind};
use crate::engine::Time;

/// So many operations of a kind in a stack have exact percentiles, in a machine of up to 64 stacks. In larger ones all
/// stacks share what those may keep, down to [`LEAST_EXACT`].
pub const EXACT: usize = 65_536;
/// So many always have.
pub const LEAST_EXACT: usize = 1_024;

/// A distribution of latencies in picoseconds.
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
    /// Whether the percentiles are exact; else they are at most one part in a thousand too large.
    pub exact: bool,
}

/// Which figure of a distribution of latencies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Statistic {
    /// The median.
    #[default]
    P50,
    /// 95 in a hundred are at or below.
    P95,
    /// 99 in a hundred are at or below.
    P99,
    /// The mean.
    Mean,
    /// The longest.
    Max,
    /// The sum of all.
    Total,
}

impl Statistic {
    /// The figure of a distribution.
    pub fn of(self, latency: &Latency) -> u64 {
        match self {
            Statistic::P50 => latency.p50,
            Statistic::P95 => latency.p95,
            Statistic::P99 => latency.p99,
            Statistic::Mean => latency.mean,
            Statistic::Max => latency.max,
            Statistic::Total => latency.total,
        }
    }

    /// In reports: "median latency".
    pub const fn label(self) -> &'static str {
        match self {
            Statistic::P50 => "median latency",
            Statistic::P95 => "95th percentile latency",
            Statistic::P99 => "99th percentile latency",
            Statistic::Mean => "mean latency",
            Statistic::Max => "longest latency",
            Statistic::Total => "total latency",
        }
    }

    /// Of what a bar is that shows it: "the longest of 20".
    pub const fn of_several(self) -> &'static str {
        match self {
            Statistic::P50 => "median",
            Statistic::P95 => "95th percentile",
            Statistic::P99 => "99th percentile",
            Statistic::Mean => "mean",
            Statistic::Max => "longest",
            Statistic::Total => "sum",
        }
    }
}

/// The latencies of one kind of operation.
#[derive(Clone, Debug)]
struct Latencies {
    count: u64,
    total: u64,
    max: u64,
    values: Values,
}

#[derive(Clone, Debug)]
enum Values {
    /// Each, in the order of arrival.
    Each(Vec<u64>),
    /// How many in each bucket.
    Buckets(Box<Histogram<u64>>),
}

impl Default for Latencies {
    fn default() -> Latencies {
        Latencies { count: 0, total: 0, max: 0, values: Values::Each(Vec::new()) }
    }
}

/// An empty histogram whose buckets are a thousandth wide; it grows with the largest value.
fn buckets() -> Histogram<u64> {
    // The only error is more than five significant digits.
    Histogram::new(3).expect("three digits are allowed")
}

/// Counts a value; the histogram grows to hold it.
#[inline]
fn record(histogram: &mut Histogram<u64>, value: u64) {
    // One that grows holds every value: it fails only where numbers of buckets don't fit into memory.
    let _ = histogram.record(value);
}

impl Latencies {
    #[inline]
    fn add(&mut self, latency: u64, exact: usize) {
        self.count += 1;
        self.total += latency;
        self.max = self.max.max(latency);
        match &mut self.values {
            Values::Each(values) if values.len() < exact => values.push(latency),
            Values::Each(values) => {
                let mut histogram = buckets();
                values.iter().chain([&latency]).for_each(|value| record(&mut histogram, *value));
                self.values = Values::Buckets(Box::new(histogram));
            }
            Values::Buckets(histogram) => record(histogram, latency),
        }
    }

    /// The distribution of several kinds together; nothing if there were no operations.
    fn of(parts: &[Latencies]) -> Option<Latency> {
        let count: u64 = parts.iter().map(|part| part.count).sum();
        let total: u64 = parts.iter().map(|part| part.total).sum();
        let max = parts.iter().map(|part| part.max).max()?;
        let mean = total.checked_div(count)?;
        let mut each = Vec::new();
        let mut histogram: Option<Histogram<u64>> = None;
        for part in parts {
            match &part.values {
                Values::Each(values) => each.extend_from_slice(values),
                Values::Buckets(values) => match &mut histogram {
                    None => histogram = Some((**values).clone()),
                    // Both grow as needed, so that one always fits into the other.
                    Some(sum) => {
                        let _ = sum.add(&**values);
                    }
                },
            }
        }
        let [p50, p95, p99] = match &mut histogram {
            None => {
                each.sort_unstable();
                // The nearest-rank percentile: the least value that so many per cent are at or below.
                [50, 95, 99].map(|percent: usize| {
                    each.get((each.len() * percent).div_ceil(100).max(1) - 1).copied().unwrap_or(0)
                })
            }
            Some(histogram) => {
                each.iter().for_each(|value| record(histogram, *value));
                [0.50, 0.95, 0.99].map(|quantile| histogram.value_at_quantile(quantile).min(max))
            }
        };
        Some(Latency { total, mean, p50, p95, p99, max, exact: histogram.is_none() })
    }
}

/// All distributions of a stack, computed when somebody asks.
#[derive(Clone, Debug)]
struct Summary {
    all: Option<Latency>,
    kinds: [Option<Latency>; OperationKind::ALL.len()],
}

/// The counts of one stack.
#[derive(Clone, Debug)]
pub struct StackStats {
    /// By kind of operation.
    latencies: [Latencies; OperationKind::ALL.len()],
    /// How many latencies of a kind are kept one by one.
    exact: usize,
    summary: OnceLock<Box<Summary>>,
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

impl Default for StackStats {
    fn default() -> StackStats {
        StackStats::one_of(1)
    }
}

impl StackStats {
    /// The counts of one of so many stacks.
    pub fn one_of(stacks: usize) -> StackStats {
        StackStats {
            latencies: Default::default(),
            exact: (64 * EXACT / stacks.max(1)).clamp(LEAST_EXACT, EXACT),
            summary: OnceLock::new(),
            first_start: None,
            last_end: Time::ZERO,
            under_way: 0,
            operations: 0,
            ledger: [0; Layer::ALL.len()],
            busy: 0,
            exits: [0; ExitReason::ALL.len()],
            system_calls: 0,
            context_switches: 0,
            page_faults: 0,
            interrupts: 0,
            throttles: 0,
        }
    }

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
        self.latencies[journey.kind as usize].add(latency, self.exact);
        self.summary.take();
        for (sum, ps) in self.ledger.iter_mut().zip(ledger) {
            *sum += ps;
        }
    }

    fn summary(&self) -> &Summary {
        self.summary.get_or_init(|| {
            let kind = |i: usize| Latencies::of(&self.latencies[i..=i]);
            Box::new(Summary { all: Latencies::of(&self.latencies), kinds: std::array::from_fn(kind) })
        })
    }

    /// The latency of all operations.
    pub fn latency(&self) -> Latency {
        self.summary().all.unwrap_or(Latency { exact: true, ..Latency::default() })
    }

    /// The latency of one kind of operation; `None` if there was none.
    pub fn latency_of(&self, kind: OperationKind) -> Option<Latency> {
        self.summary().kinds[kind as usize]
    }

    /// How many operations of one kind ended.
    pub fn operations_of(&self, kind: OperationKind) -> u64 {
        self.latencies[kind as usize].count
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{HopId, StackId};

    fn add(stats: &mut StackStats, kind: OperationKind, ps: u64) {
        let journey =
            Journey { stack: StackId(0), kind, label: 0, start: Time(7), end: Time(7 + ps), last_hop: HopId::NONE };
        stats.begin(&journey);
        stats.end(&journey, &[0; Layer::ALL.len()]);
    }

    /// Latencies over nine orders of magnitude, the same each time.
    fn draws(n: u64) -> impl Iterator<Item = u64> {
        (0..n).map(|i| {
            let draw = i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11;
            1_000 + (draw >> (draw % 40)) % 1_000_000_000_000
        })
    }

    #[test]
    fn percentiles_of_long_runs_are_within_a_thousandth_and_all_else_is_exact() {
        let n = 3 * EXACT as u64;
        let mut stats = StackStats::default();
        draws(n).for_each(|ps| add(&mut stats, OperationKind::Read, ps));
        let mut sorted: Vec<u64> = draws(n).collect();
        sorted.sort_unstable();
        let latency = stats.latency();
        assert_eq!((latency.exact, latency.max), (false, sorted[sorted.len() - 1]));
        assert_eq!((latency.total, latency.mean), (sorted.iter().sum(), sorted.iter().sum::<u64>() / n));
        for (percent, told) in [(50, latency.p50), (95, latency.p95), (99, latency.p99)] {
            let right = sorted[(sorted.len() * percent).div_ceil(100) - 1];
            assert!(right <= told && told - right <= right / 1_000 + 1, "{percent}: {told} for {right}");
        }
        assert_eq!(stats.operations_of(OperationKind::Read), n);
        assert_eq!(stats.latency_of(OperationKind::Read), Some(latency));
    }

    #[test]
    fn up_to_the_stated_number_percentiles_are_exact() {
        let mut stats = StackStats::default();
        draws(EXACT as u64).for_each(|ps| add(&mut stats, OperationKind::Read, ps));
        let mut sorted: Vec<u64> = draws(EXACT as u64).collect();
        sorted.sort_unstable();
        let latency = stats.latency();
        assert!(latency.exact);
        assert_eq!(latency.p99, sorted[(sorted.len() * 99).div_ceil(100) - 1]);
        // One more operation is seen, though the figures were asked for before.
        add(&mut stats, OperationKind::Write, u64::from(u32::MAX));
        assert_eq!(stats.latency_of(OperationKind::Write).map(|latency| latency.max), Some(u64::from(u32::MAX)));
        assert_eq!(stats.latency().total, latency.total + u64::from(u32::MAX));
        assert_eq!(StackStats::one_of(4096).exact, LEAST_EXACT);
    }

    #[test]
    fn what_is_kept_one_by_one_is_bounded_for_each_kind_and_in_large_machines() {
        let kept = |stats: &StackStats| -> usize {
            let values = |one: &Latencies| match &one.values {
                Values::Each(values) => values.len(),
                Values::Buckets(_) => 0,
            };
            stats.latencies.iter().map(values).sum()
        };
        // Two kinds, the one far beyond the number, the other at it; and stacks of a large machine.
        for stacks in [1, 64, 1_000, 16_384] {
            let mut stats = StackStats::one_of(stacks);
            let exact = stats.exact;
            assert!(exact <= EXACT && (exact * stacks <= 64 * EXACT || exact == LEAST_EXACT), "{stacks} stacks");
            draws(4 * exact as u64).for_each(|ps| add(&mut stats, OperationKind::Read, ps));
            draws(exact as u64).for_each(|ps| add(&mut stats, OperationKind::Write, ps));
            assert_eq!(kept(&stats), exact, "{stacks} stacks");
            assert_eq!(stats.operations, 5 * exact as u64);
            assert!(!stats.latency_of(OperationKind::Read).unwrap().exact);
            assert!(stats.latency_of(OperationKind::Write).unwrap().exact);
        }
    }
}
