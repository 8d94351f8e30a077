//! Writing a trace as Perfetto's TrackEvent protobuf, which <https://ui.perfetto.dev> and `trace_processor` open.
//!
//! What is in it: a track for each core of the hardware and each vCPU (as threads of the hardware and of the virtual
//! machines), one for each device and for other parts that work without a processor, and one for the operations of
//! each stack, with every hop of an operation, waits included, as slices inside it. Flows join the hops of one
//! operation across the tracks. Slices carry the crossing, the part, the cost's count, and the exact picoseconds.
//!
//! Perfetto counts nanoseconds; times are rounded down, begins and ends alike, so that what fits together still
//! does. What overlaps on one track (a disk that serves two requests) is spread over tracks of the same name, which
//! the viewer shows as one.
//!
//! Left out: counters, and everything of the format that Strata has no use for. The messages and field numbers are
//! those of `protos/perfetto/trace/` in Perfetto's repository.

mod lanes;
pub(crate) mod messages;

use std::collections::HashMap;
use std::io::{self, Write};

use prost::Message;

use super::{Crossing, Hop, JourneyId, Trace};
use crate::engine::Time;
use lanes::{Group, Slice, groups};
use messages::{
    DebugAnnotation, DebugAnnotationName, EventName, InternedData, InternedString, Packet, ProcessDescriptor,
    ThreadDescriptor, TraceMessage, TrackDescriptor, TrackEvent,
};

/// The names of what hops refer to by number.
#[derive(Clone, Debug, Default)]
pub struct Labels {
    /// Each part's name and its path from the hardware up, by [`super::ComponentId`].
    pub parts: Vec<(String, String)>,
    /// By [`super::StackId`].
    pub stacks: Vec<String>,
    /// Each processor's name, and the stack that a vCPU belongs to, by [`super::CpuId`]; the hardware's cores first.
    pub cpus: Vec<(String, Option<super::StackId>)>,
    /// How many of the processors are cores of the hardware.
    pub cores: u16,
    /// The texts of operations, by [`super::Journey::label`].
    pub operations: Vec<String>,
}

/// All packets are of one sequence: a writer's promise that its interned names go together.
const SEQUENCE: u32 = 1;
const STATE_CLEARED: u32 = 1;
const NEEDS_STATE: u32 = 2;
const SLICE_BEGIN: i32 = 1;
const SLICE_END: i32 = 2;

/// Writes `trace` to `out`. What had not ended when the run ended is drawn up to `until`.
pub fn write(labels: &Labels, trace: &Trace, until: Time, out: &mut impl Write) -> io::Result<()> {
    let mut writer = Writer { out, labels, trace, names: Names::default(), next_uuid: 1 };
    writer.packet(Packet {
        timestamp: Some(0),
        sequence_flags: Some(STATE_CLEARED),
        interned_data: Some(InternedData::default()),
        ..Packet::default()
    })?;
    let groups = groups(labels, trace, until);
    let mut processes = HashMap::new();
    for group in &groups {
        let process = match processes.get(&group.process) {
            Some(uuid) => *uuid,
            None => {
                let uuid = writer.process(processes.len(), &group.process)?;
                processes.insert(group.process.clone(), uuid);
                uuid
            }
        };
        writer.group(group, process, processes.len())?;
    }
    writer.out.flush()
}

struct Writer<'a, W> {
    out: &'a mut W,
    labels: &'a Labels,
    trace: &'a Trace,
    names: Names,
    next_uuid: u64,
}

/// Texts that have been given a number, each written once.
#[derive(Default)]
struct Names {
    events: HashMap<String, u64>,
    annotations: HashMap<String, u64>,
    values: HashMap<String, u64>,
    new: InternedData,
}

impl Names {
    fn event(&mut self, name: &str) -> u64 {
        intern(&mut self.events, name, |iid, name| self.new.event_names.push(EventName { iid, name }))
    }

    fn annotation(&mut self, name: &str) -> u64 {
        intern(&mut self.annotations, name, |iid, name| {
            self.new.debug_annotation_names.push(DebugAnnotationName { iid, name });
        })
    }

    fn value(&mut self, text: &str) -> u64 {
        intern(&mut self.values, text, |iid, text| {
            let value = InternedString { iid, str: text.map(String::into_bytes) };
            self.new.debug_annotation_string_values.push(value);
        })
    }
}

fn intern(known: &mut HashMap<String, u64>, text: &str, mut add: impl FnMut(Option<u64>, Option<String>)) -> u64 {
    if let Some(iid) = known.get(text) {
        return *iid;
    }
    let iid = known.len() as u64 + 1;
    known.insert(text.to_owned(), iid);
    add(Some(iid), Some(text.to_owned()));
    iid
}

impl<W: Write> Writer<'_, W> {
    fn packet(&mut self, mut packet: Packet) -> io::Result<()> {
        packet.trusted_packet_sequence_id = Some(SEQUENCE);
        // A trace is a list of packets: one after the other is the same as all in one message.
        self.out.write_all(&TraceMessage { packet: vec![packet] }.encode_to_vec())
    }

    fn uuid(&mut self) -> u64 {
        self.next_uuid += 1;
        self.next_uuid
    }

    fn descriptor(&mut self, descriptor: TrackDescriptor) -> io::Result<()> {
        self.packet(Packet { timestamp: Some(0), track_descriptor: Some(descriptor), ..Packet::default() })
    }

    fn process(&mut self, index: usize, name: &str) -> io::Result<u64> {
        let uuid = self.uuid();
        let process = ProcessDescriptor { pid: Some(index as i32 + 1), process_name: Some(name.to_owned()) };
        self.descriptor(TrackDescriptor {
            uuid: Some(uuid),
            process: Some(process),
            sibling_order_rank: Some(index as i32),
            ..TrackDescriptor::default()
        })?;
        Ok(uuid)
    }

    /// A group's tracks, then its slices. `pid` is the process's number.
    fn group(&mut self, group: &Group, process: u64, pid: usize) -> io::Result<()> {
        for (lane, slices) in group.lanes.iter().enumerate() {
            let uuid = self.uuid();
            let thread = (group.thread && lane == 0).then(|| ThreadDescriptor {
                pid: Some(pid as i32),
                tid: Some(1_000_000 + uuid as i64),
                thread_name: Some(group.name.clone()),
            });
            self.descriptor(TrackDescriptor {
                uuid: Some(uuid),
                parent_uuid: Some(process),
                name: thread.is_none().then(|| group.name.clone()),
                thread,
                ..TrackDescriptor::default()
            })?;
            for slice in slices {
                self.slice(slice, group, uuid)?;
            }
        }
        Ok(())
    }

    /// Begins and ends of a slice and of the slices inside it.
    fn slice(&mut self, slice: &Slice, group: &Group, track: u64) -> io::Result<()> {
        let begin = match slice.what {
            lanes::What::Hop(hop) => self.hop_event(hop, group, slice.last),
            lanes::What::Journey(journey) => self.journey_event(journey),
        };
        self.event(slice.start, TrackEvent { r#type: Some(SLICE_BEGIN), ..begin }, track)?;
        for inner in &slice.inside {
            self.slice(inner, group, track)?;
        }
        self.event(slice.end, TrackEvent { r#type: Some(SLICE_END), ..TrackEvent::default() }, track)
    }

    fn event(&mut self, at: Time, event: TrackEvent, track: u64) -> io::Result<()> {
        let new = std::mem::take(&mut self.names.new);
        self.packet(Packet {
            timestamp: Some(at.as_ps() / 1_000),
            sequence_flags: Some(NEEDS_STATE),
            interned_data: (new != InternedData::default()).then_some(new),
            track_event: Some(TrackEvent { track_uuid: Some(track), ..event }),
            ..Packet::default()
        })
    }

    fn hop_event(&mut self, hop: &Hop, group: &Group, last: bool) -> TrackEvent {
        let mut annotations = Vec::new();
        if hop.crossing != Crossing::None {
            annotations.push(self.text("crossing", &hop.crossing.label()));
        }
        if let Some((_, path)) = self.labels.parts.get(hop.component.index()) {
            annotations.push(self.text("part", path));
        }
        if let Some(stack) = self.labels.stacks.get(hop.stack.index()) {
            annotations.push(self.text("stack", stack));
        }
        if let Some(label) = self.operation(hop.journey) {
            annotations.push(self.text("operation", &label));
        }
        if hop.count > 0 {
            annotations.push(self.number("uses", u64::from(hop.count)));
        }
        annotations.push(self.number("start_ps", hop.start.as_ps()));
        annotations.push(self.number("duration_ps", hop.duration().as_ps()));
        let flow = hop.journey.some().filter(|_| group.flows).map(|journey| u64::from(journey.0) + 1);
        TrackEvent {
            name_iid: Some(self.names.event(hop.what.label())),
            categories: vec![hop.layer.key().to_owned()],
            debug_annotations: annotations,
            flow_ids: flow.filter(|_| !last).into_iter().collect(),
            terminating_flow_ids: flow.filter(|_| last).into_iter().collect(),
            ..TrackEvent::default()
        }
    }

    fn journey_event(&mut self, id: JourneyId) -> TrackEvent {
        let label = self.operation(id).unwrap_or_default();
        let number = self.number("journey", u64::from(id.0));
        TrackEvent {
            name_iid: Some(self.names.event(&label)),
            categories: vec!["operation".to_owned()],
            debug_annotations: vec![number],
            ..TrackEvent::default()
        }
    }

    /// The text of an operation: "read(data, 4 KiB)".
    fn operation(&self, id: JourneyId) -> Option<String> {
        let journey = self.trace.journeys.get(id.index())?;
        let label = self.labels.operations.get(usize::from(journey.label));
        Some(label.cloned().unwrap_or_else(|| journey.kind.key().to_owned()))
    }

    fn text(&mut self, name: &str, text: &str) -> DebugAnnotation {
        let (name, value) = (self.names.annotation(name), self.names.value(text));
        DebugAnnotation { name_iid: Some(name), string_value_iid: Some(value), ..DebugAnnotation::default() }
    }

    fn number(&mut self, name: &str, value: u64) -> DebugAnnotation {
        let name = self.names.annotation(name);
        DebugAnnotation { name_iid: Some(name), uint_value: Some(value), ..DebugAnnotation::default() }
    }
}

#[cfg(test)]
mod tests;
