//! How busy cores, disks and links were.

use super::Machine;
use super::state::Cpu;
use crate::engine::Time;
use crate::trace::{ComponentId, CpuId};

/// What a piece of hardware has done so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Utilization {
    /// The part that it is, or of which it is a direction.
    pub component: ComponentId,
    /// Which kind of thing.
    pub of: Hardware,
    /// Time at work.
    pub busy: Time,
    /// Requests served, or packets carried; 0 of a core.
    pub requests: u64,
    /// Bytes moved; 0 of a core.
    pub bytes: u64,
}

/// What can be busy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hardware {
    /// A core that is not idle.
    Core,
    /// A disk with at least one request in service.
    Disk,
    /// A link on which something leaves.
    Sending,
    /// A link on which something arrives.
    Receiving,
}

impl Hardware {
    /// The name in reports.
    pub fn key(self) -> &'static str {
        match self {
            Hardware::Core => "core",
            Hardware::Disk => "disk",
            Hardware::Sending => "sending",
            Hardware::Receiving => "receiving",
        }
    }
}

impl Machine {
    /// How busy each core, each disk and each direction of each link was up to `now`, in the order of the machine's parts.
    pub fn utilization(&self, now: Time) -> Vec<Utilization> {
        let state = &self.state;
        // A virtual machine's are processors as well, whether it is up or not.
        let of_hardware = |cpu: &Cpu| state.kernel(cpu.kernel).vm.is_none();
        let cores = state.cpus.iter().enumerate().filter(|(_, cpu)| of_hardware(cpu)).map(|(index, cpu)| {
            let busy = now - self.idle(CpuId(index as u16), now);
            Utilization { component: cpu.component, of: Hardware::Core, busy, requests: 0, bytes: 0 }
        });
        let disks = state.disks.iter().map(|disk| {
            let under_way = if disk.busy > 0 { now - disk.busy_since } else { Time::ZERO };
            let load = disk.load;
            Utilization {
                component: disk.component,
                of: Hardware::Disk,
                busy: load.busy + under_way,
                requests: load.requests,
                bytes: load.bytes,
            }
        });
        let links = state.nics.iter().flat_map(|nic| {
            [(Hardware::Sending, &nic.sending), (Hardware::Receiving, &nic.receiving)].map(|(of, wire)| Utilization {
                component: nic.component,
                of,
                busy: wire.busy(now),
                requests: wire.load.requests,
                bytes: wire.load.bytes,
            })
        });
        cores.chain(disks).chain(links).collect()
    }
}
