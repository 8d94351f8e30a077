//! What of the machine is there at a time: the topology, and the changes up to then.
//!
//! Every part has its place from the beginning. What comes and goes as one is a [`NodeInfo`]: a process, a container or a
//! virtual machine, with all that lies in it. Nothing here keeps a state: the same changes and the same time give the same
//! answer, forwards and backwards.

use std::collections::BTreeMap;

use super::Topology;
use super::ids::NodeId;
use crate::engine::Time;
use crate::trace::{Change, ChangeKind, ComponentId, Ended};

/// Whether a part is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It has not been started yet.
    NotYet,
    /// Somebody is starting it.
    Starting,
    /// It is up.
    Here,
    /// It has ended.
    Gone(Ended),
}

impl Presence {
    /// In a few words, as on the part's place.
    pub const fn label(self) -> &'static str {
        match self {
            Presence::NotYet => "not started yet",
            Presence::Starting => "starting",
            Presence::Here => "up",
            Presence::Gone(why) => why.label(),
        }
    }
}

/// A cgroup's `cpu.max`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CpuLimit {
    /// Since when.
    pub since: Time,
    /// So much CPU time in each period.
    pub quota: Time,
    /// How long that is.
    pub period: Time,
}

impl CpuLimit {
    /// In a few words: "cpu.max 50 ms / 100 ms · 50 %".
    pub fn note(&self) -> String {
        let percent = self.quota.as_ps() as f64 * 100.0 / self.period.as_ps().max(1) as f64;
        format!("cpu.max {} / {} · {percent:.0} %", self.quota, self.period)
    }
}

/// One life of something: from when it was to be started until it had ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LifeSpan {
    /// The number of the process, container or virtual machine.
    pub node: u32,
    /// When somebody began to start it; [`Time::ZERO`] for what is up at time zero.
    pub from: Time,
    /// When it was up; `None` if it ended before.
    pub up: Option<Time>,
    /// When it ended and why; `None` if it had not at the end of the run.
    pub end: Option<(Time, Ended)>,
}

/// All lives of all parts.
#[derive(Clone, Debug, Default)]
pub struct Presences {
    /// By component: the innermost process, container or virtual machine that it is or lies in.
    owner: Vec<Option<u32>>,
    /// By node: the one around it.
    outer: Vec<Option<u32>>,
    /// By node: from when it is what.
    states: Vec<Vec<(Time, Presence)>>,
    /// By node: from when its cgroup has which quota and period.
    quotas: Vec<Vec<(Time, (Time, Time))>>,
    /// By node, or that of the host: of each part of a boot when it began, and whether it was the kernel's.
    boots: BTreeMap<u32, Vec<(Time, bool)>>,
}

impl Presences {
    /// Reads all changes once.
    pub fn new(topology: &Topology, changes: &[Change]) -> Presences {
        let mut owner: Vec<Option<u32>> = Vec::with_capacity(topology.components.len());
        for component in &topology.components {
            // A parent comes before its children.
            let around = component.parent.and_then(|parent| owner.get(parent.index()).copied().flatten());
            owner.push(component.node.or(around));
        }
        let mut states: Vec<Vec<(Time, Presence)>> = Vec::with_capacity(topology.nodes.len());
        for node in &topology.nodes {
            let outer = node.outer.and_then(|outer| states.get(outer as usize)?.first().copied());
            let up = node.up && outer.is_none_or(|(_, outer)| outer == Presence::Here);
            states.push(vec![(Time::ZERO, if up { Presence::Here } else { Presence::NotYet })]);
        }
        let mut quotas = vec![Vec::new(); topology.nodes.len()];
        let mut boots: BTreeMap<u32, Vec<(Time, bool)>> = BTreeMap::new();
        for change in changes {
            if let ChangeKind::Booting(label) = change.what {
                let part = topology.operations.get(usize::from(label));
                let before = |part: &String| part.starts_with("firmware") || part.starts_with("loader");
                let of_kernel = !part.is_some_and(before);
                boots.entry(change.node).or_default().push((change.at, of_kernel));
            }
            let node = change.node as usize;
            // It is about a cgroup with a name, or about the host.
            if node >= states.len() {
                continue;
            }
            let presence = match change.what {
                ChangeKind::Starting => Presence::Starting,
                ChangeKind::Up => Presence::Here,
                ChangeKind::Ended(why) => Presence::Gone(why),
                ChangeKind::CpuMax { quota, period, .. } => {
                    quotas[node].push((change.at, (quota, period)));
                    continue;
                }
                ChangeKind::CpuWeight(_)
                | ChangeKind::Stopping
                | ChangeKind::Refused(_)
                | ChangeKind::Booting(_)
                | ChangeKind::Booted { .. }
                | ChangeKind::OutOfMemory { .. } => continue,
            };
            states[node].push((change.at, presence));
        }
        Presences { owner, outer: topology.nodes.iter().map(|node| node.outer).collect(), states, quotas, boots }
    }

    /// Whether something of the machine is ever not there but at its end.
    pub fn anything_starts(&self) -> bool {
        self.states.iter().any(|states| states.len() > 2 || states.first().is_some_and(|(_, s)| *s != Presence::Here))
    }

    /// Whether a part is there at a time. What several share always is.
    pub fn at(&self, part: ComponentId, time: Time) -> Presence {
        let owner = self.owner.get(part.index()).copied().flatten();
        owner.map_or(Presence::Here, |node| self.of(node, time))
    }

    /// The same of a process, container or virtual machine by its number: of what stands in one that is not there, that
    /// one's.
    pub fn of(&self, node: u32, time: Time) -> Presence {
        let outer = self.outer.get(node as usize).copied().flatten();
        match outer.map(|outer| self.of(outer, time)) {
            None | Some(Presence::Here | Presence::Starting) => self.own(node, time),
            Some(around) => around,
        }
    }

    fn own(&self, node: u32, time: Time) -> Presence {
        let Some(states) = self.states.get(node as usize) else { return Presence::Here };
        let at = states.partition_point(|(from, _)| *from <= time).saturating_sub(1);
        states.get(at).map_or(Presence::Here, |(_, presence)| *presence)
    }

    /// Whether a kernel has been loaded: where a machine boots, firmware and loader come before it.
    pub fn is_loaded(&self, kernel: ComponentId, time: Time) -> bool {
        let node = self.owner.get(kernel.index()).copied().flatten().unwrap_or(NodeId::HOST.0);
        let Some(parts) = self.boots.get(&node) else { return true };
        let begun = parts.partition_point(|(from, _)| *from <= time);
        begun.checked_sub(1).is_some_and(|last| parts[last].1)
    }

    /// The quota and period that a cgroup has at a time, if they have been changed by then, and since when.
    pub fn quota(&self, part: ComponentId, time: Time) -> Option<CpuLimit> {
        let node = self.owner.get(part.index()).copied().flatten()?;
        let changes = self.quotas.get(node as usize)?;
        let at = changes.partition_point(|(from, _)| *from <= time).checked_sub(1)?;
        let (since, (quota, period)) = changes[at];
        Some(CpuLimit { since, quota, period })
    }

    /// All lives, in the order of the machine's parts and then of time.
    pub fn lives(&self) -> Vec<LifeSpan> {
        let mut lives = Vec::new();
        for (node, states) in self.states.iter().enumerate() {
            let mut open: Option<LifeSpan> = None;
            for &(at, presence) in states {
                let fresh = LifeSpan { node: node as u32, from: at, up: None, end: None };
                match presence {
                    Presence::NotYet => {}
                    Presence::Starting => open = Some(fresh),
                    Presence::Here => open = Some(LifeSpan { up: Some(at), ..open.unwrap_or(fresh) }),
                    Presence::Gone(why) => {
                        lives.extend(open.take().map(|life| LifeSpan { end: Some((at, why)), ..life }));
                    }
                }
            }
            lives.extend(open);
        }
        lives
    }
}
