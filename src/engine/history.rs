//! Going back as easily as forward: snapshots at intervals, and running forward again from the nearest one.

use super::{Model, Simulation, Time};

/// A simulation with snapshots of its past.
///
/// The first `interval` events lie between two snapshots; when more than `limit` snapshots are kept, every second
/// one is dropped and the interval doubles, so memory stays bounded and a seek replays at most one interval. The same
/// happens when they would take more than a given number of bytes.
#[derive(Clone, Debug)]
pub struct History<M: Model> {
    /// Where the simulation stands now.
    current: Simulation<M>,
    /// Ascending by event count. The first is the beginning and is never dropped.
    snapshots: Vec<Simulation<M>>,
    interval: u64,
    limit: usize,
    most_bytes: usize,
    /// What was given by hand, in the order of time.
    inputs: Vec<(Time, M::Event)>,
}

impl<M: Model> History<M> {
    /// A history that starts where `simulation` stands and keeps a snapshot each `interval` events, at most `limit`
    /// of them (at least two).
    pub fn new(simulation: Simulation<M>, interval: u64, limit: usize) -> Self {
        History {
            snapshots: vec![simulation.clone()],
            current: simulation,
            interval: interval.max(1),
            limit: limit.max(2),
            most_bytes: usize::MAX,
            inputs: Vec::new(),
        }
    }

    /// Gives the simulation an input for `at`, and goes to just before that. If it lies in the past, what came after is
    /// undone, and what was given by hand for then is forgotten. Returns for when it was given.
    pub fn give(&mut self, at: Time, event: M::Event, sink: &mut M::Sink) -> Time {
        let before = Time(at.as_ps().saturating_sub(1));
        self.seek(before, sink);
        self.inputs.truncate(self.inputs.partition_point(|(given, _)| *given < at));
        // The first one is the beginning.
        let kept = self.snapshots.partition_point(|snapshot| snapshot.now() < at).max(1);
        self.snapshots.truncate(kept);
        // What it was given for later is still pending in it.
        if self.current.given() > self.inputs.len() {
            self.snapshots.truncate(self.snapshots.partition_point(|s| s.given() <= self.inputs.len()).max(1));
            self.current = self.snapshots[self.snapshots.len() - 1].clone();
            self.give_again();
            self.run_until(before, sink);
        }
        let at = self.current.give(at, event);
        self.inputs.push((at, event));
        at
    }

    /// What was given by hand, in the order of time.
    pub fn inputs(&self) -> &[(Time, M::Event)] {
        &self.inputs
    }

    /// What the current state has not been given yet.
    fn give_again(&mut self) {
        for &(at, event) in &self.inputs[self.current.given().min(self.inputs.len())..] {
            self.current.give(at, event);
        }
    }

    /// The same, but its snapshots take about `bytes` at most: never fewer than the first and the latest.
    pub fn within(self, bytes: usize) -> Self {
        History { most_bytes: bytes, ..self }
    }

    /// How many snapshots are kept.
    pub fn snapshots(&self) -> usize {
        self.snapshots.len()
    }

    /// The simulation as it stands.
    pub fn current(&self) -> &Simulation<M> {
        &self.current
    }

    /// Handles the next event, keeping a snapshot where one is due. Returns false when nothing is left.
    pub fn step(&mut self, sink: &mut M::Sink) -> bool {
        if !self.current.step(sink) {
            return false;
        }
        let newest = self.snapshots.last().map_or(0, Simulation::events);
        if self.current.events() >= newest + self.interval {
            self.snapshots.push(self.current.clone());
            let most = (self.most_bytes / self.current.bytes().max(1)).clamp(2, self.limit);
            while self.snapshots.len() > most {
                let mut index = 0;
                self.snapshots.retain(|_| {
                    index += 1;
                    index % 2 == 1
                });
                self.interval *= 2;
            }
        }
        true
    }

    /// Handles every event up to and including `until`.
    pub fn run_until(&mut self, until: Time, sink: &mut M::Sink) {
        while self.current.next_at().is_some_and(|at| at <= until) {
            self.step(sink);
        }
    }

    /// Goes to the state after exactly `events` events, backwards or forwards. Stops early where the run ends.
    pub fn seek_event(&mut self, events: u64, sink: &mut M::Sink) {
        self.restore(|snapshot| snapshot.events() <= events, events < self.current.events());
        while self.current.events() < events && self.step(sink) {}
    }

    /// Goes to the state after every event up to and including `time`: the same as running until then.
    pub fn seek(&mut self, time: Time, sink: &mut M::Sink) {
        self.restore(|snapshot| snapshot.now() <= time, time < self.current.now());
        self.run_until(time, sink);
    }

    /// Undoes the last `n` events.
    pub fn step_back(&mut self, n: u64, sink: &mut M::Sink) {
        let target = self.current.events().saturating_sub(n);
        self.seek_event(target, sink);
    }

    /// Restores the latest snapshot that is not too late: always when going back, and when going forward only if it
    /// saves work.
    fn restore(&mut self, early_enough: impl Fn(&Simulation<M>) -> bool, going_back: bool) {
        let index = self.snapshots.partition_point(|snapshot| early_enough(snapshot)).saturating_sub(1);
        let snapshot = &self.snapshots[index];
        if going_back || snapshot.events() > self.current.events() {
            self.current = snapshot.clone();
            self.give_again();
        }
    }
}
