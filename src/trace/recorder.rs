//! Collects hops as they happen: always the statistics, and the hops themselves if they are to be kept.

use super::{Boots, Change, Hop, HopId, Journey, JourneyId, Layer, StackStats};

/// Everything that happened in a run, in the order in which hops ended; or its beginning, if there was no room.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// By [`HopId`].
    pub hops: Vec<Hop>,
    /// By [`JourneyId`].
    pub journeys: Vec<Journey>,
    /// How many later hops there was no room for. If there are any, journeys that began after the last kept hop are
    /// missing as well.
    pub left_out: u64,
}

impl Trace {
    /// The hops of a journey, first to last.
    pub fn hops_of(&self, journey: JourneyId) -> Vec<HopId> {
        let mut ids = Vec::new();
        let mut at = self.journeys.get(journey.index()).map_or(HopId::NONE, |j| j.last_hop);
        while let Some(hop) = self.hops.get(at.index()) {
            if hop.journey != journey {
                break;
            }
            ids.push(at);
            at = hop.cause;
        }
        ids.reverse();
        ids
    }
}

/// Where the machine writes what happens.
#[derive(Clone, Debug)]
pub struct Recorder {
    /// The hops and journeys, if they are kept.
    pub trace: Option<Trace>,
    /// One per stack.
    pub stats: Vec<StackStats>,
    /// Busy time of each hardware core, in picoseconds.
    pub core_busy: Vec<u64>,
    /// How many hops are kept at most; later ones are only counted.
    pub max_hops: usize,
    /// What came, changed and went.
    pub changes: Vec<Change>,
    /// The boots.
    pub boots: Boots,
}

impl Recorder {
    /// Statistics for so many stacks and cores; the hops as well if `keep`.
    pub fn new(stacks: usize, cores: usize, keep: bool) -> Recorder {
        Recorder {
            trace: keep.then(Trace::default),
            stats: (0..stacks).map(|_| StackStats::one_of(stacks)).collect(),
            core_busy: vec![0; cores],
            max_hops: usize::MAX,
            changes: Vec::new(),
            boots: Boots::default(),
        }
    }

    /// A recorder that keeps nothing, for replays after a seek.
    pub fn discard() -> Recorder {
        Recorder::new(0, 0, false)
    }

    /// Whether hops are kept and as many of them as may be.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.trace.as_ref().is_some_and(|trace| trace.hops.len() >= self.max_hops)
    }

    /// Takes what came, changed or went.
    pub fn change(&mut self, change: &Change) {
        self.boots.change(change);
        self.changes.push(*change);
    }

    /// Takes one hop.
    #[inline]
    pub fn hop(&mut self, hop: &Hop) {
        let full = self.is_full();
        if let Some(trace) = &mut self.trace {
            if full {
                trace.left_out += 1;
            } else {
                let id = HopId(trace.hops.len() as u32);
                trace.hops.push(*hop);
                if let Some(journey) = trace.journeys.get_mut(hop.journey.index()) {
                    journey.last_hop = id;
                }
            }
        }
        self.boots.hop(hop);
        if let Some(busy) = self.core_busy.get_mut(hop.core.index()) {
            *busy += hop.duration().as_ps();
        }
        if let Some(stats) = self.stats.get_mut(hop.stack.index()) {
            stats.hop(hop);
        }
    }

    /// Takes the beginning of a journey. Journeys begin in the order of their ids.
    #[inline]
    pub fn begin(&mut self, journey: Journey) {
        if let Some(stats) = self.stats.get_mut(journey.stack.index()) {
            stats.begin(&journey);
        }
        let full = self.is_full();
        if let Some(trace) = &mut self.trace
            && !full
        {
            trace.journeys.push(journey);
        }
    }

    /// Takes the end of a journey, with its ledger by [`Layer`] in picoseconds.
    #[inline]
    pub fn end(&mut self, id: JourneyId, journey: &Journey, ledger: &[u64; Layer::ALL.len()]) {
        if let Some(trace) = &mut self.trace
            && let Some(kept) = trace.journeys.get_mut(id.index())
        {
            kept.end = journey.end;
        }
        if let Some(stats) = self.stats.get_mut(journey.stack.index()) {
            stats.end(journey, ledger);
        }
    }
}
