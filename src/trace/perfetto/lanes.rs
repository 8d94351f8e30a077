//! Which slice lies on which track, so that on one track slices never overlap except by lying in one another.

use std::collections::BTreeMap;

use super::Labels;
use crate::engine::Time;
use crate::trace::{Hop, HopId, JourneyId, Trace};

/// What a slice shows.
#[derive(Clone, Copy, Debug)]
pub(super) enum What<'a> {
    Hop(&'a Hop),
    Journey(JourneyId),
}

/// One slice, and those inside it.
#[derive(Clone, Debug)]
pub(super) struct Slice<'a> {
    pub start: Time,
    pub end: Time,
    pub what: What<'a>,
    /// Whether it is the last hop of its journey.
    pub last: bool,
    /// In order, without overlap.
    pub inside: Vec<Slice<'a>>,
}

/// Tracks of one name.
#[derive(Debug)]
pub(super) struct Group<'a> {
    /// The process that it is shown under.
    pub process: String,
    pub name: String,
    /// Whether its first track is a thread: a processor.
    pub thread: bool,
    /// Whether its slices are joined by flows.
    pub flows: bool,
    /// Slices of one track, in order, without overlap.
    pub lanes: Vec<Vec<Slice<'a>>>,
}

/// By what slices are sorted into groups. The order is the order in the viewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// A core of the hardware, by number.
    Core(u16),
    /// A part that works without a processor.
    Device(u32),
    /// A vCPU, by number.
    Vcpu(u16),
    /// The operations of a stack.
    Operations(u32),
}

/// All tracks with something on them, and all processors.
pub(super) fn groups<'a>(labels: &Labels, trace: &'a Trace, until: Time) -> Vec<Group<'a>> {
    let mut places: BTreeMap<Place, Vec<Slice>> = BTreeMap::new();
    for number in 0..labels.cpus.len() as u16 {
        places.entry(processor(number, labels)).or_default();
    }
    let last = |id: usize, hop: &Hop| {
        trace.journeys.get(hop.journey.index()).is_some_and(|journey| journey.last_hop == HopId(id as u32))
    };
    for (id, hop) in trace.hops.iter().enumerate() {
        let slice = Slice { start: hop.start, end: hop.end, what: What::Hop(hop), last: last(id, hop), inside: vec![] };
        let mut put = |place: Place| places.entry(place).or_default().push(slice.clone());
        match (hop.core.some(), hop.cpu.some()) {
            (None, None) if !hop.is_wait() => put(Place::Device(hop.component.0)),
            (None, None) => {}
            (core, cpu) => {
                core.into_iter().for_each(|core| put(processor(core.0, labels)));
                cpu.filter(|cpu| Some(*cpu) != core).into_iter().for_each(|cpu| put(processor(cpu.0, labels)));
            }
        }
    }
    for (place, slice) in journeys(trace, until) {
        places.entry(place).or_default().push(slice);
    }
    places.into_iter().map(|(place, slices)| group(place, slices, labels)).collect()
}

fn processor(number: u16, labels: &Labels) -> Place {
    if number < labels.cores { Place::Core(number) } else { Place::Vcpu(number) }
}

/// Each journey as a slice with its hops inside.
fn journeys<'a>(trace: &'a Trace, until: Time) -> Vec<(Place, Slice<'a>)> {
    let mut slices: Vec<(Place, Slice)> = trace
        .journeys
        .iter()
        .enumerate()
        .map(|(id, journey)| {
            let end = journey.end.min(until).max(journey.start);
            let what = What::Journey(JourneyId(id as u32));
            (Place::Operations(journey.stack.0), Slice { start: journey.start, end, what, last: false, inside: vec![] })
        })
        .collect();
    for hop in &trace.hops {
        if let Some((_, slice)) = slices.get_mut(hop.journey.index()) {
            slice.inside.push(Slice {
                start: hop.start,
                end: hop.end,
                what: What::Hop(hop),
                last: false,
                inside: vec![],
            });
        }
    }
    for (_, slice) in &mut slices {
        slice.inside.sort_by_key(|inner| (inner.start, inner.end));
        // Hops of a journey follow each other; should one reach beyond, it is cut so that the track stays readable.
        let mut from = slice.start;
        for inner in &mut slice.inside {
            inner.start = inner.start.clamp(from, slice.end);
            inner.end = inner.end.clamp(inner.start, slice.end);
            from = inner.end;
        }
    }
    slices
}

fn group<'a>(place: Place, slices: Vec<Slice<'a>>, labels: &Labels) -> Group<'a> {
    let cpu = |number: u16| labels.cpus.get(usize::from(number));
    let hardware = || "hardware".to_owned();
    let (process, name) = match place {
        Place::Core(n) => (hardware(), cpu(n).map_or_else(|| format!("core {n}"), |(name, _)| name.clone())),
        Place::Vcpu(n) => {
            let stack = cpu(n).and_then(|(_, stack)| *stack).and_then(|stack| labels.stacks.get(stack.index()));
            let process = stack.map_or_else(|| "virtual machines".to_owned(), Clone::clone);
            (process, cpu(n).map_or_else(|| format!("vCPU {n}"), |(name, _)| name.clone()))
        }
        Place::Device(n) => {
            let part = labels.parts.get(n as usize);
            (hardware(), part.map_or_else(|| format!("part {n}"), |(name, _)| name.clone()))
        }
        Place::Operations(n) => {
            let stack = labels.stacks.get(n as usize);
            (stack.map_or_else(|| format!("stack {n}"), Clone::clone), "operations".to_owned())
        }
    };
    let lanes = lanes(slices);
    let thread = matches!(place, Place::Core(_) | Place::Vcpu(_));
    Group { process, name, thread, flows: !matches!(place, Place::Operations(_)), lanes }
}

/// Spreads slices over as many tracks as overlap at once, and at least one.
fn lanes(mut slices: Vec<Slice>) -> Vec<Vec<Slice>> {
    slices.sort_by_key(|slice| (slice.start, slice.end));
    let mut lanes: Vec<Vec<Slice>> = vec![Vec::new()];
    for slice in slices {
        let free = lanes.iter().position(|lane| lane.last().is_none_or(|last| last.end <= slice.start));
        match free {
            Some(index) => lanes[index].push(slice),
            None => lanes.push(vec![slice]),
        }
    }
    lanes
}
