//! The trace by time: which journeys are under way at a moment, of a stack or of all, which hop each of them is in, and
//! how much of its ledger has been spent. Built once; every question is answered in the logarithm of the trace's length.

use std::collections::{BTreeMap, HashMap};

use crate::engine::Time;
use crate::trace::{Crossing, ExitReason, Hop, HopId, JourneyId, Layer, StackId, Token, Trace};

/// So many hops share one saved sum of the ledger.
const STRIDE: usize = 64;

/// So many equal exits of a journey are no loop yet.
pub const LOOP: usize = 3;

/// The journeys of one stack.
#[derive(Clone, Debug, Default)]
struct OfStack {
    /// In the order of starting.
    journeys: Vec<JourneyId>,
    /// The latest end of this journey and of all before it.
    reach: Vec<Time>,
}

/// The index of one trace.
#[derive(Clone, Debug, Default)]
pub struct Index {
    /// The hops of journey `j` are `hops[first[j]..first[j + 1]]`, in order.
    first: Vec<u32>,
    hops: Vec<HopId>,
    /// The ledger of a journey before its hop `i * STRIDE`; journey `j`'s sums begin at `first_sum[j]`.
    sums: Vec<[u64; Layer::ALL.len()]>,
    first_sum: Vec<u32>,
    /// A binary tree over journeys with the latest end in each half: leaf `j` is at `leaves + j`.
    latest: Vec<Time>,
    leaves: usize,
    by_stack: Vec<OfStack>,
    /// What is no stack's: the host's own, as it boots.
    of_host: OfStack,
    /// The layers that occur.
    pub layers: Vec<Layer>,
    /// The shapes of tokens that occur.
    pub tokens: Vec<Token>,
    /// By journey: why it exits most often, and which of its hops those exits are. Only of those that exit more often
    /// than [`LOOP`].
    loops: HashMap<JourneyId, (ExitReason, Vec<u32>)>,
}

impl Index {
    /// Reads the whole trace once.
    pub fn new(trace: &Trace, stacks: usize) -> Index {
        let count = trace.journeys.len();
        let mut first = vec![0u32; count + 1];
        let of_journey = |hop: &&Hop| hop.journey.index() < count;
        for hop in trace.hops.iter().filter(of_journey) {
            first[hop.journey.index() + 1] += 1;
        }
        for j in 0..count {
            first[j + 1] += first[j];
        }
        let mut next = first.clone();
        let mut hops = vec![HopId(0); first.last().copied().unwrap_or(0) as usize];
        for (i, hop) in trace.hops.iter().enumerate().filter(|(_, hop)| of_journey(hop)) {
            let slot = &mut next[hop.journey.index()];
            hops[*slot as usize] = HopId(i as u32);
            *slot += 1;
        }
        let mut index = Index { first, hops, by_stack: vec![OfStack::default(); stacks], ..Index::default() };
        index.sum_ledgers(trace);
        index.find_loops(trace);
        index.build_tree(trace);
        for (j, journey) in trace.journeys.iter().enumerate() {
            let list = match journey.stack {
                StackId::NONE => Some(&mut index.of_host),
                stack => index.by_stack.get_mut(stack.index()),
            };
            if let Some(list) = list {
                list.journeys.push(JourneyId(j as u32));
                list.reach.push(list.reach.last().map_or(journey.end, |reach| journey.end.max(*reach)));
            }
        }
        index.layers = Layer::ALL.into_iter().filter(|&l| trace.hops.iter().any(|h| h.layer == l)).collect();
        for token in trace.hops.iter().map(|hop| hop.token) {
            if !index.tokens.contains(&token) {
                index.tokens.push(token);
            }
        }
        index
    }

    fn find_loops(&mut self, trace: &Trace) {
        let mut loops = HashMap::new();
        for journey in (0..trace.journeys.len() as u32).map(JourneyId) {
            let mut exits: BTreeMap<ExitReason, Vec<u32>> = BTreeMap::new();
            for (i, id) in (0u32..).zip(self.hops(journey)) {
                if let Crossing::VmExit(reason) = trace.hops[id.index()].crossing {
                    exits.entry(reason).or_default().push(i);
                }
            }
            let most = exits.into_iter().max_by_key(|(_, exits)| exits.len());
            loops.extend(most.filter(|(_, exits)| exits.len() > LOOP).map(|most| (journey, most)));
        }
        self.loops = loops;
    }

    /// Why a journey exits most often, how many of those exits have begun at its hop `position`, and how many there are;
    /// `None` where they are too few for a loop.
    pub fn exits_of(&self, journey: JourneyId, position: usize) -> Option<(ExitReason, usize, usize)> {
        let (reason, exits) = self.loops.get(&journey)?;
        Some((*reason, exits.partition_point(|&exit| exit as usize <= position), exits.len()))
    }

    fn sum_ledgers(&mut self, trace: &Trace) {
        for j in 0..trace.journeys.len() {
            self.first_sum.push(self.sums.len() as u32);
            let mut ledger = [0; Layer::ALL.len()];
            let range = self.range(JourneyId(j as u32));
            for (i, id) in self.hops[range].iter().enumerate() {
                if i % STRIDE == 0 {
                    self.sums.push(ledger);
                }
                let hop = &trace.hops[id.index()];
                ledger[hop.layer as usize] += hop.duration().as_ps();
            }
        }
    }

    fn build_tree(&mut self, trace: &Trace) {
        self.leaves = trace.journeys.len().next_power_of_two();
        self.latest = vec![Time::ZERO; 2 * self.leaves];
        for (j, journey) in trace.journeys.iter().enumerate() {
            self.latest[self.leaves + j] = journey.end;
        }
        for node in (1..self.leaves).rev() {
            self.latest[node] = self.latest[2 * node].max(self.latest[2 * node + 1]);
        }
    }

    fn range(&self, journey: JourneyId) -> std::ops::Range<usize> {
        match (self.first.get(journey.index()), self.first.get(journey.index() + 1)) {
            (Some(&from), Some(&to)) => from as usize..to as usize,
            _ => 0..0,
        }
    }

    /// A journey's hops, in order.
    pub fn hops(&self, journey: JourneyId) -> &[HopId] {
        &self.hops[self.range(journey)]
    }

    /// The position, among a journey's hops, of the one that it is in at `time`.
    pub fn hop_at(&self, trace: &Trace, journey: JourneyId, time: Time) -> Option<usize> {
        let hops = self.hops(journey);
        hops.partition_point(|id| trace.hops[id.index()].start <= time).checked_sub(1)
    }

    /// The journeys under way at `time`, in the order of starting.
    pub fn under_way(&self, trace: &Trace, time: Time) -> Vec<JourneyId> {
        let started = trace.journeys.partition_point(|j| j.start <= time);
        let mut found = Vec::new();
        self.collect(1, 0, self.leaves, started, time, &mut found);
        found
    }

    fn collect(&self, node: usize, from: usize, width: usize, started: usize, time: Time, found: &mut Vec<JourneyId>) {
        if from >= started || self.latest.get(node).is_none_or(|&end| end <= time) {
            return;
        }
        if width == 1 {
            found.push(JourneyId(from as u32));
            return;
        }
        self.collect(2 * node, from, width / 2, started, time, found);
        self.collect(2 * node + 1, from + width / 2, width / 2, started, time, found);
    }

    /// A stack's journeys, or those of none, that are under way at `time`, at most `limit` of them, latest first.
    pub fn active(&self, trace: &Trace, stack: StackId, time: Time, limit: usize) -> Vec<JourneyId> {
        let list = if stack == StackId::NONE { Some(&self.of_host) } else { self.by_stack.get(stack.index()) };
        let Some(OfStack { journeys, reach }) = list else { return Vec::new() };
        let begun = journeys.partition_point(|j| trace.journeys[j.index()].start <= time);
        let within = (0..begun).rev().take_while(|i| reach[*i] > time).map(|i| journeys[i]);
        within.filter(|j| trace.journeys[j.index()].end > time).take(limit).collect()
    }

    fn of_stack(&self, stack: StackId) -> &[JourneyId] {
        self.by_stack.get(stack.index()).map_or(&[], |list| &list.journeys)
    }

    /// A stack's latest journey that had started at `time`, and its number among the stack's journeys.
    pub fn latest(&self, trace: &Trace, stack: StackId, time: Time) -> Option<(usize, JourneyId)> {
        let list = self.of_stack(stack);
        let at = list.partition_point(|j| trace.journeys[j.index()].start <= time).checked_sub(1)?;
        Some((at, list[at]))
    }

    /// The latest journey of the same stack that ended just as this one began.
    pub fn before(&self, trace: &Trace, journey: JourneyId) -> Option<JourneyId> {
        let own = trace.journeys.get(journey.index())?;
        let list = self.of_stack(own.stack);
        let at = list.partition_point(|j| *j < journey);
        let ended = |j: &&JourneyId| trace.journeys[j.index()].end == own.start;
        list[..at].iter().rev().take(STRIDE).find(ended).copied()
    }

    /// A stack's journeys that had started before `time`, in the order of starting.
    pub fn begun(&self, trace: &Trace, stack: StackId, time: Time) -> &[JourneyId] {
        let list = self.of_stack(stack);
        &list[..list.partition_point(|j| trace.journeys[j.index()].start < time)]
    }

    /// How many stacks there are.
    pub fn stacks(&self) -> usize {
        self.by_stack.len()
    }

    /// A journey's time by layer, up to `time`.
    pub fn ledger(&self, trace: &Trace, journey: JourneyId, time: Time) -> [u64; Layer::ALL.len()] {
        let Some(at) = self.hop_at(trace, journey, time) else { return [0; Layer::ALL.len()] };
        let block = at / STRIDE;
        let mut ledger = self.sums[self.first_sum[journey.index()] as usize + block];
        for id in &self.hops(journey)[block * STRIDE..=at] {
            let hop = &trace.hops[id.index()];
            ledger[hop.layer as usize] += (hop.end.min(time) - hop.start).as_ps();
        }
        ledger
    }
}
