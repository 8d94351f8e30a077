//! What a report tells of boots and starts: of each machine its parts, beside the steps of each container's start.

use indexmap::IndexMap;
use serde::Serialize;

use crate::costs::Primitive;
use crate::engine::Time;
use crate::machine::{ComponentKind, Outcome, Presences};
use crate::trace::{BootPart, ExitReason, Hop, OperationKind, What};

/// One boot of a machine, or one start of a container.
#[derive(Clone, Debug, Serialize)]
pub(super) struct BootReport {
    /// As a script names it; `host` for the host.
    pub path: String,
    /// `host`, `vm` or `container`.
    pub kind: &'static str,
    /// When somebody began to start it.
    pub from_ps: u64,
    /// From then until it was up; `null` if it never was.
    pub took_ps: Option<u64>,
    /// In the order of their beginnings; a container's by what is done.
    pub parts: Vec<PartReport>,
}

/// A part of a boot, or steps of a start.
#[derive(Clone, Debug, Serialize)]
pub(super) struct PartReport {
    pub name: String,
    /// How long it took; `null` if it was never over.
    pub took_ps: Option<u64>,
    /// Reads from the machine's disk.
    pub reads: u64,
    pub bytes: u64,
    /// VM exits by reason.
    pub exits: IndexMap<&'static str, u64>,
}

impl PartReport {
    fn plain(name: &str, took: Option<Time>) -> PartReport {
        let (name, took_ps) = (name.to_owned(), took.map(Time::as_ps));
        PartReport { name, took_ps, reads: 0, bytes: 0, exits: IndexMap::new() }
    }
}

/// Nothing unless a machine booted: then that, and each container that was started beside it.
pub(super) fn boots(outcome: &Outcome) -> Vec<BootReport> {
    if outcome.boots.is_empty() {
        return Vec::new();
    }
    let mut reports: Vec<BootReport> = host(outcome).into_iter().collect();
    for life in Presences::new(&outcome.topology, &outcome.changes).lives() {
        let Some(node) = outcome.topology.nodes.get(life.node as usize) else { continue };
        let Some(component) = outcome.topology.component(node.component) else { continue };
        let until = life.end.map_or(Time::MAX, |(end, _)| end);
        let within = |part: &&BootPart| part.node == life.node && part.start >= life.from && part.start <= until;
        let parts: Vec<&BootPart> = outcome.boots.iter().filter(within).collect();
        let (kind, parts) = match component.kind {
            ComponentKind::VirtualMachine if !parts.is_empty() => ("vm", machine(&parts, life.from, life.up, outcome)),
            ComponentKind::Container if life.up.is_some_and(|up| up > life.from) => {
                ("container", container(life.from, node.component, outcome))
            }
            _ => continue,
        };
        let took_ps = life.up.map(|up| (up - life.from).as_ps());
        reports.push(BootReport { path: node.path.clone(), kind, from_ps: life.from.as_ps(), took_ps, parts });
    }
    reports
}

fn host(outcome: &Outcome) -> Option<BootReport> {
    let parts: Vec<&BootPart> = outcome.boots.iter().filter(|part| part.node == BootPart::HOST).collect();
    let (first, last) = (parts.first()?, parts.last()?);
    let took_ps = last.took().map(|took| (last.start + took - first.start).as_ps());
    let from_ps = first.start.as_ps();
    let parts = parts.into_iter().map(|part| booted(part, outcome)).collect();
    Some(BootReport { path: "host".to_owned(), kind: "host", from_ps, took_ps, parts })
}

/// Before its first part the device model makes the machine; after the last one its first process starts the rest.
fn machine(parts: &[&BootPart], from: Time, up: Option<Time>, outcome: &Outcome) -> Vec<PartReport> {
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return Vec::new() };
    let mut rows = vec![PartReport::plain("device model: makes the machine", Some(first.start - from))];
    rows.extend(parts.iter().map(|part| booted(part, outcome)));
    if let (Some(up), true) = (up, last.end != Time::MAX) {
        rows.push(PartReport::plain("what stands in it", Some(up - last.end)));
    }
    rows
}

fn booted(part: &BootPart, outcome: &Outcome) -> PartReport {
    let name = outcome.topology.operations.get(usize::from(part.label)).cloned().unwrap_or_default();
    let exits = ExitReason::ALL.iter().map(|reason| (reason.key(), part.exits[*reason as usize]));
    PartReport {
        name,
        took_ps: part.took().map(Time::as_ps),
        reads: u64::from(part.reads),
        bytes: part.bytes,
        exits: exits.filter(|(_, n)| *n > 0).collect(),
    }
}

/// The hops of the journey that started it, by what is done: nothing if they were not kept.
fn container(from: Time, component: crate::trace::ComponentId, outcome: &Outcome) -> Vec<PartReport> {
    let Some(trace) = &outcome.trace else { return Vec::new() };
    let stack = outcome.topology.component(component).and_then(|part| part.stack);
    let began = |journey: &&(usize, &crate::trace::Journey)| {
        let (_, journey) = journey;
        let near = journey.start <= from && journey.end >= from;
        journey.kind == OperationKind::Start && near && Some(journey.stack) == stack
    };
    let journeys: Vec<_> = trace.journeys.iter().enumerate().collect();
    let Some((id, _)) = journeys.iter().rfind(began) else { return Vec::new() };
    let mut steps: IndexMap<&'static str, Time> = IndexMap::new();
    for hop in trace.hops_of(crate::trace::JourneyId(*id as u32)) {
        let hop = &trace.hops[hop.index()];
        *steps.entry(step(hop)).or_insert(Time::ZERO) += hop.duration();
    }
    steps.into_iter().map(|(name, took)| PartReport::plain(name, Some(took))).collect()
}

fn step(hop: &Hop) -> &'static str {
    use Primitive::*;
    match hop.what {
        What::Wait(_) => "waiting for a processor",
        What::Pay(CgroupCreate | CgroupEnter) => "its cgroup",
        What::Pay(
            NamespaceUser | NamespaceMnt | NamespacePid | NamespaceNet | NamespaceUts | NamespaceIpc | NamespaceCgroup,
        ) => "its namespaces",
        What::Pay(VethCreate) => "its network",
        What::Pay(MountPrivate | MountTmpfs | MountOverlay | MountProc | PivotRoot | DetachMounts | CreateFile) => {
            "its mounts"
        }
        What::Pay(CreateTask | CopyAddressSpace | CopyPageEntry | Copy4k | Copy4kMemory | WakeUp | ContextSwitch) => {
            "forks"
        }
        What::Pay(ExecImage | MapSegment | FileFault | UnmapPage | LeavePage | DropAddressSpace) => "execve",
        What::Pay(SeccompInstall | SeccompFilter) => "its filters",
        _ => "system calls and faults",
    }
}
