//! How much of its quota a cgroup has used in the period that a moment lies in, from the trace alone.
//!
//! Real: `cpu.stat` counts the CPU time that a group's tasks have used; `cpu.max` compares it with the quota in each
//! period. Here: the time for which a stack's work is on processors of the kernel that the group belongs to, from the
//! hops. Left out: telling apart two limited groups of the same stack and kernel, since hops do not say whose group
//! they are charged to; those have no gauge. Work that interrupts a group's task, which no group pays for, is counted
//! if it is done on behalf of the same stack.

use std::collections::BTreeMap;

use crate::engine::Time;
use crate::machine::{ComponentKind, CpuLimit, Topology};
use crate::trace::{ComponentId, CpuId, Hop, StackId, Trace};

/// One group's use of processors over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Gauge {
    /// The group.
    pub valve: ComponentId,
    /// What it had to begin with.
    limit: CpuLimit,
    /// Where the number of processors in use changes: since when, the CPU time used before, and how many are used.
    steps: Vec<(Time, Time, i32)>,
}

/// The quota and period that a group's note states: "cpu.max 50 ms / 100 ms · 50 %".
pub fn limit(note: &str) -> Option<CpuLimit> {
    let times = note.strip_prefix("cpu.max ")?.split(" · ").next()?;
    let (quota, period) = times.split_once(" / ")?;
    let (quota, period): (Time, Time) = (quota.parse().ok()?, period.parse().ok()?);
    (quota > Time::ZERO && period > Time::ZERO).then_some(CpuLimit { since: Time::ZERO, quota, period })
}

/// The gauges of all groups whose use the trace tells.
pub fn gauges(topology: &Topology, trace: &Trace) -> Vec<Gauge> {
    let mut owners: BTreeMap<(StackId, ComponentId), Vec<ComponentId>> = BTreeMap::new();
    for (id, component) in topology.iter().filter(|(_, component)| component.kind == ComponentKind::Cgroup) {
        if let (Some(stack), Some(kernel)) = (component.stack, kernel_of(topology, id)) {
            owners.entry((stack, kernel)).or_default().push(id);
        }
    }
    let alone = owners.into_iter().filter_map(|(owner, valves)| match valves[..] {
        [valve] => Some((owner, valve)),
        _ => None,
    });
    alone
        .filter_map(|((stack, kernel), valve)| {
            let limit = limit(&topology.component(valve)?.note)?;
            let on = |cpu: CpuId| topology.cpus.get(cpu.index()).is_some_and(|cpu| cpu.kernel == kernel);
            let runs = |hop: &&Hop| hop.stack == stack && !hop.is_wait() && (on(hop.cpu) || on(hop.core));
            Some(Gauge { valve, limit, steps: steps(trace.hops.iter().filter(runs)) })
        })
        .collect()
}

fn kernel_of(topology: &Topology, mut id: ComponentId) -> Option<ComponentId> {
    loop {
        let component = topology.component(id)?;
        if component.kind == ComponentKind::Kernel {
            return Some(id);
        }
        id = component.parent?;
    }
}

/// The changes in how many processors are used; hops that follow each other at once make none.
fn steps<'a>(hops: impl Iterator<Item = &'a Hop>) -> Vec<(Time, Time, i32)> {
    let mut changes: Vec<(Time, i32)> = hops.flat_map(|hop| [(hop.start, 1), (hop.end, -1)]).collect();
    changes.sort_unstable();
    let (mut steps, mut since, mut used, mut running) = (Vec::new(), Time::ZERO, Time::ZERO, 0);
    for group in changes.chunk_by(|a, b| a.0 == b.0) {
        let (at, change) = (group[0].0, group.iter().map(|(_, change)| change).sum::<i32>());
        if change == 0 {
            continue;
        }
        used += (at - since).times(u64::try_from(running).unwrap_or(0));
        (since, running) = (at, running + change);
        steps.push((since, used, running));
    }
    steps
}

impl Gauge {
    /// The CPU time used up to `time`.
    fn used(&self, time: Time) -> Time {
        let step = self.steps.partition_point(|(since, _, _)| *since <= time).checked_sub(1);
        step.and_then(|step| self.steps.get(step)).map_or(Time::ZERO, |&(since, used, running)| {
            used + (time - since).times(u64::try_from(running).unwrap_or(0))
        })
    }

    /// The share of the quota that is used at `time`, from 0 to 1: it begins anew with each period. The moment at
    /// which a period ends belongs to the next one. `changed` is the limit that was written since, if one was: a new
    /// quota begins where it was written.
    pub fn share(&self, time: Time, changed: Option<CpuLimit>) -> f32 {
        let limit = changed.unwrap_or(self.limit);
        let begun = limit.period.times(time.as_ps() / limit.period.as_ps().max(1)).max(limit.since);
        let used = self.used(time) - self.used(begun);
        (used.as_ps() as f64 / limit.quota.as_ps().max(1) as f64).min(1.0) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gauge_fills_with_what_runs_and_begins_anew_with_each_period() {
        let ms = Time::ms;
        // Two processors from 0 to 20 ms, one to 30 ms, and one again from 60 ms on.
        let steps = vec![
            (ms(0), ms(0), 2),
            (ms(20), ms(40), 1),
            (ms(30), ms(50), 0),
            (ms(60), ms(50), 1),
            (ms(150), ms(140), 0),
        ];
        let limit = CpuLimit { since: ms(0), quota: ms(50), period: ms(100) };
        let gauge = Gauge { valve: ComponentId(0), limit, steps };
        let share = |at: u64, changed: Option<CpuLimit>| (gauge.share(ms(at), changed) * 100.0).round();
        let shares = [0, 10, 20, 30, 55, 100, 125, 199, 200, 900].map(|at| share(at, None));
        assert_eq!(shares, [0.0, 40.0, 80.0, 100.0, 100.0, 0.0, 50.0, 100.0, 0.0, 0.0]);
        // Another limit is full where it is written, and counts by its own quota.
        let changed = CpuLimit { since: ms(110), quota: ms(20), period: ms(100) };
        assert_eq!([110, 115, 130].map(|at| share(at, Some(changed))), [0.0, 25.0, 100.0]);
    }

    #[test]
    fn a_limit_is_read_from_its_note() {
        let written = CpuLimit { since: Time::ZERO, quota: Time::ms(50), period: Time::ms(100) };
        assert_eq!(limit(&written.note()), Some(written));
        for note in ["", "cpu.max 50 %", "cpu.max 0 ps / 100 ms · 0 %", "memory.max 1 GiB"] {
            assert_eq!(limit(note), None, "{note}");
        }
    }
}
