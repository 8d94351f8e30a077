//! What is written is read again as the viewer does, and its promises are checked.

use std::collections::{HashMap, HashSet};

use super::*;
use crate::costs::Primitive;
use crate::trace::{ComponentId, CpuId, HopId, Journey, Layer, OperationKind, StackId, Token, Wait, What};

fn labels() -> Labels {
    Labels {
        parts: ["host kernel", "nvme0"].map(|name| (name.to_owned(), format!("hardware/{name}"))).to_vec(),
        stacks: vec!["vm".to_owned()],
        cpus: vec![("core 0".to_owned(), None), ("vm vCPU 0".to_owned(), Some(StackId(0)))],
        cores: 1,
        operations: vec!["read(data, 4 KiB)".to_owned()],
    }
}

fn hop(journey: u32, start: u64, end: u64, what: What, cpu: CpuId, core: CpuId, component: u32) -> Hop {
    Hop {
        start: Time(start),
        end: Time(end),
        journey: JourneyId(journey),
        cause: HopId::NONE,
        count: 1,
        component: ComponentId(component),
        cpu,
        core,
        stack: StackId(0),
        what,
        crossing: Crossing::SystemCall,
        layer: Layer::HostKernel,
        token: Token::SystemCall,
    }
}

/// Two operations at once, whose disk requests overlap, and one that has not ended.
fn trace() -> Trace {
    let none = CpuId::NONE;
    let pay = What::Pay(Primitive::ALL[0]);
    let mut trace = Trace::default();
    for (start, end) in [(0, 9_500), (1_000, 12_000), (12_000, u64::MAX)] {
        trace.journeys.push(Journey {
            stack: StackId(0),
            kind: OperationKind::Read,
            label: 0,
            start: Time(start),
            end: Time(end),
            last_hop: HopId::NONE,
        });
    }
    for hop in [
        hop(0, 0, 1_000, What::UserCode, CpuId(1), CpuId(0), 0),
        hop(1, 1_000, 2_500, pay, CpuId(0), CpuId(0), 0),
        hop(0, 1_000, 9_500, pay, none, none, 1),
        hop(1, 2_500, 3_000, What::Wait(Wait::DeviceQueue), none, none, 1),
        hop(1, 3_000, 12_000, pay, none, none, 1),
    ] {
        let id = HopId(trace.hops.len() as u32);
        trace.journeys[hop.journey.index()].last_hop = id;
        trace.hops.push(hop);
    }
    trace
}

fn packets() -> Vec<Packet> {
    let mut bytes = Vec::new();
    write(&labels(), &trace(), Time(20_000), &mut bytes).unwrap();
    TraceMessage::decode(bytes.as_slice()).unwrap().packet
}

#[test]
fn every_slice_that_begins_ends_and_time_on_a_track_never_runs_back() {
    let mut open: HashMap<u64, usize> = HashMap::new();
    let mut now: HashMap<u64, u64> = HashMap::new();
    let mut slices = 0;
    for packet in packets() {
        let Some(event) = packet.track_event else { continue };
        let track = event.track_uuid.unwrap();
        let at = packet.timestamp.unwrap();
        assert!(*now.get(&track).unwrap_or(&0) <= at);
        now.insert(track, at);
        let depth = open.entry(track).or_default();
        match event.r#type {
            Some(SLICE_BEGIN) => {
                *depth += 1;
                slices += 1;
            }
            _ => *depth = depth.checked_sub(1).expect("an end without a beginning"),
        }
    }
    assert!(open.values().all(|depth| *depth == 0));
    // 3 journeys with 5 hops in them, 2 hops on the core, 1 on the vCPU, 2 on the disk.
    assert_eq!(slices, 3 + 5 + 2 + 1 + 2);
}

#[test]
fn every_track_and_name_is_described_before_it_is_used() {
    let (mut tracks, mut names, mut annotations, mut values) =
        (HashSet::new(), HashSet::new(), HashSet::new(), HashSet::new());
    for packet in packets() {
        assert_eq!(packet.trusted_packet_sequence_id, Some(SEQUENCE));
        if let Some(track) = packet.track_descriptor {
            assert!(track.parent_uuid.is_none_or(|parent| tracks.contains(&parent)));
            assert!(tracks.insert(track.uuid.unwrap()));
        }
        let new = packet.interned_data.unwrap_or_default();
        names.extend(new.event_names.iter().filter_map(|name| name.iid));
        annotations.extend(new.debug_annotation_names.iter().filter_map(|name| name.iid));
        values.extend(new.debug_annotation_string_values.iter().filter_map(|value| value.iid));
        let Some(event) = packet.track_event else { continue };
        assert!(tracks.contains(&event.track_uuid.unwrap()));
        assert!(event.name_iid.is_none_or(|iid| names.contains(&iid)));
        for annotation in event.debug_annotations {
            assert!(annotations.contains(&annotation.name_iid.unwrap()));
            assert!(annotation.string_value_iid.is_none_or(|iid| values.contains(&iid)));
        }
    }
}

#[test]
fn overlapping_requests_lie_on_tracks_of_one_name() {
    let descriptors: Vec<TrackDescriptor> = packets().into_iter().filter_map(|p| p.track_descriptor).collect();
    let named = |name: &str| descriptors.iter().filter(|d| d.name.as_deref() == Some(name)).count();
    assert_eq!(named("nvme0"), 2);
    assert_eq!(descriptors.iter().filter(|d| d.thread.is_some()).count(), 2);
}

#[test]
fn a_flow_ends_where_its_operation_ends() {
    let events: Vec<TrackEvent> = packets().into_iter().filter_map(|p| p.track_event).collect();
    let ends: Vec<u64> = events.iter().flat_map(|event| event.terminating_flow_ids.clone()).collect();
    assert_eq!(ends.len(), 2);
    assert!(events.iter().any(|event| event.flow_ids == [1]));
}
