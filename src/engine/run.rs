//! The run loop: takes the earliest event, hands it to the model, counts.

use std::hash::Hash;

use super::{Queue, StableHasher, Time};

/// Something that can be simulated: plain data, and one function from an event to its consequences.
pub trait Model: Clone + Hash {
    /// What can happen. Small: it is copied into the queue.
    type Event: Copy + Hash + std::fmt::Debug;
    /// Where what happened is written. The model never reads it back, so that a replay may leave it out.
    type Sink;

    /// About how many bytes a copy takes.
    fn bytes(&self) -> usize {
        size_of::<Self>()
    }

    /// Whether an event comes from outside: at one instant those are handled first.
    fn is_input(_event: &Self::Event) -> bool {
        false
    }

    /// Handles one event at `scheduler.now()`.
    fn handle(&mut self, event: Self::Event, scheduler: &mut Scheduler<Self::Event>, sink: &mut Self::Sink);
}

/// The clock and the pending events, as a model sees them while it handles one.
#[derive(Clone, Debug, Hash)]
pub struct Scheduler<E> {
    now: Time,
    queue: Queue<E>,
}

impl<E: Copy> Scheduler<E> {
    /// The instant of the event being handled.
    #[inline]
    pub fn now(&self) -> Time {
        self.now
    }

    /// Schedules `event` for `at`, or for now if `at` has passed.
    #[inline]
    pub fn at(&mut self, at: Time, event: E) {
        debug_assert!(at >= self.now, "an event was scheduled in the past");
        self.queue.push(at.max(self.now), event);
    }

    /// Schedules `event` for `delay` from now.
    #[inline]
    pub fn after(&mut self, delay: Time, event: E) {
        self.queue.push(self.now + delay, event);
    }

    /// The pending events, in no particular order.
    pub fn pending(&self) -> impl Iterator<Item = (Time, &E)> {
        self.queue.iter()
    }
}

/// A model, its clock, and how far it has come.
#[derive(Clone, Debug)]
pub struct Simulation<M: Model> {
    /// The simulated state.
    pub model: M,
    scheduler: Scheduler<M::Event>,
    events: u64,
    /// How many inputs it has been given since it began.
    given: usize,
}

impl<M: Model> Simulation<M> {
    /// A simulation at time zero. `first` are the events that set it going.
    pub fn new(model: M, first: impl IntoIterator<Item = (Time, M::Event)>) -> Self {
        let mut queue = Queue::new();
        for (at, event) in first {
            match M::is_input(&event) {
                true => queue.push_input(at, event),
                false => queue.push(at, event),
            }
        }
        Simulation { model, scheduler: Scheduler { now: Time::ZERO, queue }, events: 0, given: 0 }
    }

    /// The instant reached.
    pub fn now(&self) -> Time {
        self.scheduler.now
    }

    /// How many events have been handled.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// About how many bytes a snapshot takes.
    pub fn bytes(&self) -> usize {
        self.model.bytes() + self.scheduler.queue.bytes()
    }

    /// When the next event is due; `None` when nothing is left to happen.
    pub fn next_at(&self) -> Option<Time> {
        self.scheduler.queue.next_at()
    }

    /// Handles the next event. Returns false when there is none.
    #[inline]
    pub fn step(&mut self, sink: &mut M::Sink) -> bool {
        let Some((at, event)) = self.scheduler.queue.pop() else { return false };
        self.scheduler.now = at;
        self.events += 1;
        self.model.handle(event, &mut self.scheduler, sink);
        true
    }

    /// Gives it an input for `at`; or, if that instant has been lived through, for the next one. Returns for when.
    pub fn give(&mut self, at: Time, event: M::Event) -> Time {
        let earliest = if self.events == 0 { Time::ZERO } else { self.scheduler.now + Time::ps(1) };
        let at = at.max(earliest);
        self.scheduler.queue.push_input(at, event);
        self.given += 1;
        at
    }

    /// How many inputs it has been given since it began; those that it began with are not counted.
    pub fn given(&self) -> usize {
        self.given
    }

    /// Handles every event up to and including `until`. The clock then stands at the last event handled.
    pub fn run_until(&mut self, until: Time, sink: &mut M::Sink) {
        while self.next_at().is_some_and(|at| at <= until) {
            self.step(sink);
        }
    }

    /// A hash of the whole state: model, clock and pending events.
    pub fn state_hash(&self) -> u64 {
        let mut hasher = StableHasher::default();
        self.model.hash(&mut hasher);
        self.scheduler.hash(&mut hasher);
        hasher.word(self.events);
        hasher.value()
    }
}
