//! What programs and virtual machines do at a moment, by the trace alone: in which ring a program's instructions run, or
//! why none do; how many of a machine's vCPUs are in non-root mode.
//!
//! - A program is in **ring 3** while a processor of its own kernel does its own instructions, and in **ring 0** while one
//!   does its kernel's for it: the same hops that light a core's ring.
//! - It is **asleep** from when its operation is with a device, a back end, a partner or a timer until its kernel has
//!   switched back to it; from the wake-up to that switch it **waits for a CPU**.
//! - It is **stopped** while its kernel's vCPU is out of guest mode on its behalf.
//! - A vCPU is in **non-root mode** while a core does a hop of its, or of a vCPU within its machine.
//!
//! Left out: threads of a program that have no operation under way.

use std::collections::BTreeMap;

use super::doing::Standing;
use super::state::{States, is_device, kernel_of, machine_of, sleeps};
use crate::app::index::Index;
use crate::costs::Primitive;
use crate::engine::Time;
use crate::machine::{ComponentKind, Topology};
use crate::trace::{ComponentId, CpuId, ExitReason, Hop, HopId, JourneyId, Trace, Wait, What};

/// So many hops back it is looked for what a thread did last in its own kernel.
const BACK: usize = 1024;

/// What the vCPUs of a virtual machine do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inside {
    /// How many cores run its code in non-root mode.
    pub running: usize,
    /// How many vCPUs it has.
    pub vcpus: usize,
    /// Why the one left that is out for the shortest time, if none runs.
    pub out: Option<ExitReason>,
}

impl Inside {
    /// In the title of its wall; empty before it has run.
    pub fn label(&self) -> String {
        match (self.running, self.vcpus, self.out) {
            (0, 0 | 1, Some(reason)) => format!("out: {}", reason.label()),
            (0, 0 | 1, None) => String::new(),
            (_, 0 | 1, _) => "non-root mode".to_owned(),
            (running, vcpus, _) => format!("{running} of {vcpus} in non-root mode"),
        }
    }
}

impl States {
    /// What the programs do that have operations under way: each thing once.
    pub fn programs(
        &self,
        topology: &Topology,
        (trace, index): (&Trace, &Index),
        time: Time,
    ) -> BTreeMap<ComponentId, Vec<Standing>> {
        let mut found: BTreeMap<ComponentId, Vec<Standing>> = BTreeMap::new();
        for journey in index.under_way(trace, time) {
            let Some((app, standing)) = self.standing(topology, (trace, index), journey, time) else { continue };
            let all = found.entry(app).or_default();
            if let Err(at) = all.binary_search(&standing) {
                all.insert(at, standing);
            }
        }
        found
    }

    /// The program whose operation it is, and what its thread does.
    pub(super) fn standing(
        &self,
        topology: &Topology,
        (trace, index): (&Trace, &Index),
        journey: JourneyId,
        time: Time,
    ) -> Option<(ComponentId, Standing)> {
        let app = self.program(topology, (trace, index), journey)?;
        let standing = standing(topology, (trace, index), (app, journey), time)?;
        let early = standing == Standing::Asleep && self.rings(topology, (trace, index), (app, journey), time);
        Some((app, if early { Standing::Stopped } else { standing }))
    }

    /// Whether the doorbell of an operation has led its processor out, and that has not gone on yet: only then will its
    /// thread lie down.
    fn rings(
        &self,
        topology: &Topology,
        (trace, index): (&Trace, &Index),
        (app, journey): (ComponentId, JourneyId),
        time: Time,
    ) -> bool {
        let (Some(own), Some(at)) = (kernel_of(topology, app), index.hop_at(trace, journey, time)) else {
            return false;
        };
        let thread = Thread { topology, trace, own, before: &[] };
        let hops = index.hops(journey).iter().take(at + 1).rev().take(BACK).map(|id| &trace.hops[id.index()]);
        let last = hops.into_iter().find(|hop| thread.is_on_own(hop));
        last.is_some_and(|hop| {
            let out = self.out(hop.cpu, time);
            out.is_some_and(|(since, reason)| reason == ExitReason::Doorbell && since >= hop.start)
        })
    }

    /// The program whose operation it is: where it began or ends, else the first of its stack.
    pub(super) fn program(
        &self,
        topology: &Topology,
        (trace, index): (&Trace, &Index),
        journey: JourneyId,
    ) -> Option<ComponentId> {
        let hops = index.hops(journey);
        let app = |id: Option<&HopId>| {
            let part = trace.hops.get(id?.index())?.component;
            topology.component(part).filter(|part| part.kind == ComponentKind::App).map(|_| part)
        };
        let stack = trace.journeys.get(journey.index())?.stack;
        app(hops.last()).or_else(|| app(hops.first())).or_else(|| self.first_app(stack))
    }

    /// What a virtual machine's vCPUs do; `None` where it is interpreted, and has no mode of its own.
    pub fn inside(&self, topology: &Topology, trace: &Trace, machine: ComponentId, time: Time) -> Option<Inside> {
        let (hardware, _) = topology.children(machine).find(|(_, part)| part.kind == ComponentKind::VirtualHardware)?;
        let vcpus: Vec<CpuId> = topology.children(hardware).filter_map(|(_, part)| part.cpu).collect();
        if vcpus.iter().any(|&vcpu| self.is_interpreted(vcpu)) {
            return None;
        }
        let within = |cpu: CpuId| {
            let own = machine_of(topology, cpu);
            let mut out = std::iter::successors(own, |id| topology.component(*id)?.parent);
            out.any(|id| id == machine)
        };
        let running = self.running(trace, time).filter(|hop| hop.cpu != hop.core && within(hop.cpu)).count();
        let out = vcpus.iter().filter_map(|&vcpu| self.out(vcpu, time)).max_by_key(|(since, _)| *since);
        Some(Inside { running, vcpus: vcpus.len(), out: out.map(|(_, reason)| reason) })
    }
}

/// What the thread does whose operation it is.
fn standing(
    topology: &Topology,
    (trace, index): (&Trace, &Index),
    (app, journey): (ComponentId, JourneyId),
    time: Time,
) -> Option<Standing> {
    let own = kernel_of(topology, app)?;
    let at = index.hop_at(trace, journey, time)?;
    let hops = index.hops(journey);
    let hop = trace.hops.get(hops.get(at)?.index())?;
    let thread = Thread { topology, trace, own, before: &hops[..at] };
    Some(match hop.what {
        What::Wait(Wait::Throttled) => Standing::Throttled,
        What::Wait(Wait::RunQueue) if kernel_of(topology, hop.component) == Some(own) => Standing::Ready,
        What::Wait(wait) if sleeps(What::Wait(wait)) => Standing::Asleep,
        _ if is_device(topology, hop.component) => Standing::Asleep,
        What::UserCode | What::Return => Standing::User,
        What::Pay(Primitive::ContextSwitch) if thread.is_on_own(hop) => Standing::Ready,
        _ => match thread.last() {
            Last::Slept => Standing::Asleep,
            Last::Woken => Standing::Ready,
            Last::Awake if thread.is_on_own(hop) && super::state::ring(topology, hop) == 3 => Standing::User,
            Last::Awake if thread.is_on_own(hop) => Standing::Kernel,
            Last::Awake if matches!(hop.what, What::Wait(Wait::Interrupted | Wait::GuestMode)) => Standing::Interrupted,
            Last::Awake => Standing::Stopped,
        },
    })
}

/// Whether a back end has been told: it carries the operation from there on, and whoever asked lies down.
fn handed_over(what: What) -> bool {
    matches!(what, What::Pay(Primitive::HandleDoorbell))
}

/// What has last been decided about a thread.
enum Last {
    Awake,
    Slept,
    Woken,
}

struct Thread<'a> {
    topology: &'a Topology,
    trace: &'a Trace,
    /// The program's kernel.
    own: ComponentId,
    /// The hops before the one that it is in.
    before: &'a [HopId],
}

impl Thread<'_> {
    /// Whether a hop is done on a processor of the program's own kernel.
    fn is_on_own(&self, hop: &Hop) -> bool {
        let kernel = self.topology.cpus.get(hop.cpu.index()).map(|cpu| cpu.kernel);
        kernel == Some(self.own)
    }

    fn last(&self) -> Last {
        let mut woken = false;
        for hop in self.before.iter().rev().take(BACK).map(|id| &self.trace.hops[id.index()]) {
            match hop.what {
                What::Pay(Primitive::ContextSwitch) | What::UserCode if self.is_on_own(hop) => return Last::Awake,
                What::Pay(Primitive::WakeUp) if self.is_on_own(hop) => woken = true,
                what if sleeps(what) || handed_over(what) || is_device(self.topology, hop.component) => {
                    return if woken { Last::Woken } else { Last::Slept };
                }
                _ => {}
            }
        }
        Last::Awake
    }
}
