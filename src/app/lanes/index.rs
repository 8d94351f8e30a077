//! Which hops lie on which lane, in order of time, with sums by block for what is too narrow to draw.

use crate::app::{letters, names};
use crate::engine::Time;
use crate::machine::{ComponentKind, Topology};
use crate::trace::{ComponentId, CpuId, Hop, HopId, Layer, StackId, Trace};

/// Whose lane it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LaneKind {
    /// A core of the hardware or a vCPU.
    Cpu(CpuId),
    /// A device.
    Device(ComponentId),
    /// All cores and devices together.
    Hardware,
    /// Everything that was done, or waited for, on behalf of a stack.
    Stack(StackId),
}

/// Lanes that belong together, and fold together: those of the hardware, and those of each stack.
pub type Group = Option<StackId>;

/// One lane: hops in order of their beginnings.
#[derive(Clone, Debug)]
pub struct Lane {
    /// "core 0", "vm vCPU 1", "nvme0".
    pub name: String,
    /// Whose it is.
    pub kind: LaneKind,
    /// What it folds into.
    pub group: Group,
    hops: Vec<HopId>,
    /// The latest end of this hop and all before it: ascending, where ends alone may not be (devices overlap).
    reach: Vec<Time>,
    /// Picoseconds by layer in each block of [`Lane::BLOCK`] hops.
    blocks: Vec<[u64; Layer::ALL.len()]>,
}

/// All lanes of a run: cores, vCPUs, then those devices of the hardware that did something.
pub fn lanes(topology: &Topology, trace: &Trace) -> Vec<Lane> {
    let cpus = topology.cpus.len();
    let mut of_cpu: Vec<Vec<HopId>> = vec![Vec::new(); cpus];
    let mut of_device: Vec<Vec<HopId>> = vec![Vec::new(); topology.components.len()];
    for (i, hop) in trace.hops.iter().enumerate().filter(|(_, hop)| !hop.is_wait() && hop.end > hop.start) {
        let id = HopId(i as u32);
        if let Some(lane) = of_cpu.get_mut(hop.core.index()) {
            lane.push(id);
        }
        if hop.cpu != hop.core
            && let Some(lane) = of_cpu.get_mut(hop.cpu.index())
        {
            lane.push(id);
        }
        if hop.core.some().is_none()
            && let Some(lane) = of_device.get_mut(hop.component.index())
        {
            lane.push(id);
        }
    }
    let cpu_lanes = of_cpu.into_iter().enumerate().map(|(i, hops)| {
        let group = topology.cpus[i].stack;
        Lane::new(cpu_name(topology, i), LaneKind::Cpu(CpuId(i as u16)), group, hops, trace)
    });
    let device_lanes = of_device.into_iter().enumerate().filter_map(|(i, hops)| {
        let component = &topology.components[i];
        let device = matches!(component.kind, ComponentKind::Disk | ComponentKind::Nic);
        (device && !hops.is_empty())
            .then(|| Lane::new(component.name.clone(), LaneKind::Device(ComponentId(i as u32)), None, hops, trace))
    });
    cpu_lanes.chain(device_lanes).collect()
}

/// What groups fold into: the hardware as a whole, and each stack with all that is done or waited for on its behalf.
pub fn heads(topology: &Topology, trace: &Trace) -> Vec<Lane> {
    let mut hardware = Vec::new();
    let mut of_stack: Vec<Vec<HopId>> = vec![Vec::new(); topology.stacks.len()];
    for (i, hop) in trace.hops.iter().enumerate().filter(|(_, hop)| hop.end > hop.start) {
        let id = HopId(i as u32);
        if let Some(lane) = of_stack.get_mut(hop.stack.index()) {
            lane.push(id);
        }
        if !hop.is_wait() {
            hardware.push(id);
        }
    }
    let hardware = Lane::new("hardware".to_owned(), LaneKind::Hardware, None, hardware, trace);
    let stacks = of_stack.into_iter().enumerate().map(|(i, hops)| {
        let (stack, name) = (StackId(i as u32), names::name(&topology.stacks[i].name));
        Lane::new(format!("{}  {name}", letters::letter(stack)), LaneKind::Stack(stack), Some(stack), hops, trace)
    });
    std::iter::once(hardware).chain(stacks).collect()
}

/// "core 0"; a vCPU with its column's letter before: "C  VM vCPU 0".
fn cpu_name(topology: &Topology, index: usize) -> String {
    let cpu = &topology.cpus[index];
    let letter = cpu.stack.map_or(String::new(), |stack| format!("{}  ", letters::letter(stack)));
    format!("{letter}{}", names::name(&cpu.name))
}

impl Lane {
    const BLOCK: usize = 64;

    fn new(name: String, kind: LaneKind, group: Group, mut hops: Vec<HopId>, trace: &Trace) -> Lane {
        hops.sort_by_key(|id| trace.hops[id.index()].start);
        let mut latest = Time::ZERO;
        let reach = hops.iter().map(|id| {
            latest = latest.max(trace.hops[id.index()].end);
            latest
        });
        let reach = reach.collect();
        let blocks = hops.chunks(Self::BLOCK).map(|block| sum(block, trace)).collect();
        Lane { name, kind, group, hops, reach, blocks }
    }

    /// A lane on which nothing happened.
    #[cfg(test)]
    pub(super) fn empty(kind: LaneKind, group: Group, trace: &Trace) -> Lane {
        Lane::new(format!("{kind:?}"), kind, group, Vec::new(), trace)
    }

    /// The same lane with some of its hops only.
    pub fn only(&self, keep: impl Fn(HopId) -> bool, trace: &Trace) -> Lane {
        let hops = self.hops.iter().copied().filter(|id| keep(*id)).collect();
        Lane::new(self.name.clone(), self.kind, self.group, hops, trace)
    }

    /// How many hops lie on it.
    pub fn len(&self) -> usize {
        self.hops.len()
    }

    /// Whether nothing ever happened on it.
    pub fn is_empty(&self) -> bool {
        self.hops.is_empty()
    }

    /// The id and the hop at `index`.
    pub fn hop<'a>(&self, index: usize, trace: &'a Trace) -> Option<(HopId, &'a Hop)> {
        let id = *self.hops.get(index)?;
        Some((id, trace.hops.get(id.index())?))
    }

    /// The index of the first hop that may end after `time`.
    pub fn first_ending_after(&self, time: Time) -> usize {
        self.reach.partition_point(|&reach| reach <= time)
    }

    /// The index of the first hop that begins at `time` or later.
    pub fn first_starting_at(&self, time: Time, trace: &Trace) -> usize {
        self.hops.partition_point(|id| trace.hops[id.index()].start < time)
    }

    /// Picoseconds by layer in the hops from `from` up to but not including `to`.
    pub fn sum(&self, from: usize, to: usize, trace: &Trace) -> [u64; Layer::ALL.len()] {
        let to = to.min(self.hops.len());
        let (first_block, end_block) = (from.div_ceil(Self::BLOCK), to / Self::BLOCK);
        if from >= to {
            return [0; Layer::ALL.len()];
        }
        if first_block >= end_block {
            return sum(&self.hops[from..to], trace);
        }
        let mut total = sum(&self.hops[from..first_block * Self::BLOCK], trace);
        for block in &self.blocks[first_block..end_block] {
            add(&mut total, block);
        }
        add(&mut total, &sum(&self.hops[end_block * Self::BLOCK..to], trace));
        total
    }

    /// The hop that is under way at `time`.
    pub fn at<'a>(&self, time: Time, trace: &'a Trace) -> Option<(HopId, &'a Hop)> {
        let (id, hop) = self.hop(self.first_ending_after(time), trace)?;
        (hop.start <= time).then_some((id, hop))
    }
}

fn sum(hops: &[HopId], trace: &Trace) -> [u64; Layer::ALL.len()] {
    let mut total = [0; Layer::ALL.len()];
    for hop in hops.iter().filter_map(|id| trace.hops.get(id.index())) {
        total[hop.layer as usize] += hop.duration().as_ps();
    }
    total
}

fn add(total: &mut [u64; Layer::ALL.len()], more: &[u64; Layer::ALL.len()]) {
    for (sum, ps) in total.iter_mut().zip(more) {
        *sum += ps;
    }
}
