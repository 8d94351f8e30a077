//! The journeys under way, and how work becomes hops.
//!
//! A journey is carried by exactly one context at a time: a [`Ride`] names the journey and a baton number, and
//! handing the journey over invalidates the older batons. What the former carrier still does (a vCPU finishing its
//! exit, a thread going to sleep) is then recorded on nobody's journey. Between two pieces of work a journey waits
//! for a reason that is set when the wait begins, so its hops follow each other without a gap.

use crate::engine::{StableHasher, Time};
use crate::trace::{
    Change, ComponentId, CpuId, Crossing, Hop, HopId, Journey, JourneyId, Layer, OperationKind, Recorder, StackId,
    Token, Wait, What,
};

/// A claim to carry a journey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ride {
    journey: JourneyId,
    slot: u32,
    baton: u32,
}

impl Ride {
    /// Carries nothing.
    pub const NONE: Ride = Ride { journey: JourneyId::NONE, slot: u32::MAX, baton: 0 };
}

/// A journey under way.
#[derive(Clone, Copy, Debug, Hash)]
struct Active {
    id: JourneyId,
    baton: u32,
    stack: StackId,
    kind: OperationKind,
    label: u16,
    start: Time,
    /// Up to where its time is accounted for.
    accounted: Time,
    last_hop: HopId,
    /// Where it was last, and so where it waits.
    component: ComponentId,
    wait: Wait,
    token: Token,
    ledger: [u64; Layer::ALL.len()],
}

/// The journeys under way and the running hash of the trace.
#[derive(Clone, Debug, Default, Hash)]
pub struct Journal {
    active: Vec<Active>,
    free: Vec<u32>,
    journeys: u32,
    hops: u32,
    last_end: Time,
    hasher: StableHasher,
}

/// Who did a piece of work.
#[derive(Clone, Copy, Debug)]
pub struct Doer {
    pub cpu: CpuId,
    pub core: CpuId,
    /// On whose behalf, if no journey says so.
    pub stack: StackId,
}

impl Doer {
    /// A device: no processor.
    pub const DEVICE: Doer = Doer { cpu: CpuId::NONE, core: CpuId::NONE, stack: StackId::NONE };
}

impl Journal {
    /// The hash over every hop so far.
    pub fn hash(&self) -> u64 {
        self.hasher.value()
    }

    /// About how many bytes a copy takes.
    pub fn bytes(&self) -> usize {
        self.active.len() * size_of::<Active>() + self.free.len() * size_of::<u32>()
    }

    /// Starts a journey at `component`.
    pub fn begin(
        &mut self,
        sink: &mut Recorder,
        stack: StackId,
        kind: OperationKind,
        label: u16,
        component: ComponentId,
        now: Time,
    ) -> Ride {
        let id = JourneyId(self.journeys);
        self.journeys += 1;
        sink.begin(Journey { stack, kind, label, start: now, end: Time::MAX, last_hop: HopId::NONE });
        let slot = self.free.pop().unwrap_or(self.active.len() as u32);
        let baton = self.active.get(slot as usize).map_or(0, |old| old.baton.wrapping_add(1));
        let active = Active {
            id,
            baton,
            stack,
            kind,
            label,
            start: now,
            accounted: now,
            last_hop: HopId::NONE,
            component,
            wait: Wait::RunQueue,
            token: Token::Instruction,
            ledger: [0; Layer::ALL.len()],
        };
        match self.active.get_mut(slot as usize) {
            Some(place) => *place = active,
            None => self.active.push(active),
        }
        Ride { journey: id, slot, baton }
    }

    /// Ends the journey that `ride` carries.
    pub fn end(&mut self, sink: &mut Recorder, ride: Ride, now: Time) {
        self.account_wait(sink, ride, now);
        let Some(active) = self.valid_mut(ride) else { return };
        active.baton = active.baton.wrapping_add(1);
        let journey = Journey {
            stack: active.stack,
            kind: active.kind,
            label: active.label,
            start: active.start,
            end: now,
            last_hop: active.last_hop,
        };
        sink.end(active.id, &journey, &active.ledger);
        self.free.push(ride.slot);
    }

    /// Takes the journey from its carrier: older claims are void, the new one is returned.
    pub fn hand_over(&mut self, ride: Ride) -> Ride {
        match self.valid_mut(ride) {
            Some(active) => {
                active.baton = active.baton.wrapping_add(1);
                Ride { baton: active.baton, ..ride }
            }
            None => Ride::NONE,
        }
    }

    /// Takes the journey that `ride` names from whoever carries it now, if it is still under way.
    pub fn reclaim(&mut self, ride: Ride) -> Ride {
        match self.active.get(ride.slot as usize).filter(|active| active.id == ride.journey) {
            Some(active) => self.hand_over(Ride { baton: active.baton, ..ride }),
            None => Ride::NONE,
        }
    }

    /// From now on the journey waits for `wait`. What it waited for before is written down.
    pub fn wait(&mut self, sink: &mut Recorder, ride: Ride, wait: Wait, component: Option<ComponentId>, now: Time) {
        self.account_wait(sink, ride, now);
        if let Some(active) = self.valid_mut(ride) {
            active.wait = wait;
            if let Some(component) = component {
                active.component = component;
            }
        }
    }

    /// Writes down the wait that ends now, if there was one: work begins.
    pub fn account_wait(&mut self, sink: &mut Recorder, ride: Ride, now: Time) {
        let Some(active) = self.valid_mut(ride) else { return };
        if active.accounted >= now {
            return;
        }
        let crossing = if active.wait == Wait::Throttled { Crossing::Throttle } else { Crossing::None };
        let hop = Hop {
            start: active.accounted,
            end: now,
            journey: active.id,
            cause: active.last_hop,
            count: 0,
            component: active.component,
            cpu: CpuId::NONE,
            core: CpuId::NONE,
            stack: active.stack,
            what: What::Wait(active.wait),
            crossing,
            layer: active.wait.layer(),
            token: active.token,
        };
        self.write(sink, ride, hop);
    }

    /// Writes down a piece of work that began at `start` and ends now.
    #[allow(clippy::too_many_arguments)]
    pub fn work(
        &mut self,
        sink: &mut Recorder,
        ride: Ride,
        doer: Doer,
        what: What,
        count: u32,
        component: ComponentId,
        layer: Layer,
        crossing: Crossing,
        token: Token,
        start: Time,
        end: Time,
    ) {
        let (journey, cause, stack) = match self.valid_mut(ride) {
            Some(active) => (active.id, active.last_hop, active.stack),
            None => (JourneyId::NONE, HopId::NONE, doer.stack),
        };
        let hop = Hop {
            start,
            end,
            journey,
            cause,
            count,
            component,
            cpu: doer.cpu,
            core: doer.core,
            stack,
            what,
            crossing,
            layer,
            token,
        };
        self.write(sink, ride, hop);
    }

    /// Writes down what came, changed or went.
    pub fn change(&mut self, sink: &mut Recorder, change: Change) {
        change.hash_into(&mut self.hasher);
        self.last_end = self.last_end.max(change.at);
        sink.change(&change);
    }

    /// How many journeys are under way.
    pub fn under_way(&self) -> usize {
        self.active.len() - self.free.len()
    }

    fn write(&mut self, sink: &mut Recorder, ride: Ride, hop: Hop) {
        let id = HopId(self.hops);
        self.hops = self.hops.wrapping_add(1);
        hop.hash_into(&mut self.hasher);
        self.last_end = self.last_end.max(hop.end);
        if let Some(active) = self.valid_mut(ride) {
            active.last_hop = id;
            active.accounted = hop.end;
            active.component = hop.component;
            active.token = hop.token;
            active.ledger[hop.layer as usize] += hop.duration().as_ps();
        }
        sink.hop(&hop);
    }

    #[inline]
    fn valid_mut(&mut self, ride: Ride) -> Option<&mut Active> {
        self.active.get_mut(ride.slot as usize).filter(|active| active.baton == ride.baton)
    }

    /// Up to when the journey that `ride` carries is accounted for.
    pub fn accounted(&self, ride: Ride) -> Option<Time> {
        self.active.get(ride.slot as usize).filter(|active| active.baton == ride.baton).map(|active| active.accounted)
    }

    /// Whether `ride` carries a journey.
    pub fn carries(&self, ride: Ride) -> bool {
        self.active.get(ride.slot as usize).is_some_and(|active| active.baton == ride.baton)
    }

    /// Whether both name the same journey, whoever carries it now.
    pub fn same(&self, a: Ride, b: Ride) -> bool {
        a.journey == b.journey && a.journey != JourneyId::NONE
    }

    /// The stack of the journey that `ride` carries.
    pub fn stack(&self, ride: Ride) -> Option<StackId> {
        self.active.get(ride.slot as usize).filter(|active| active.baton == ride.baton).map(|active| active.stack)
    }

    /// When the last hop so far ended.
    pub fn last_end(&self) -> Time {
        self.last_end
    }
}
