//! What cgroups have used, and how long their limits held them: the figures of `cpu.stat`.

use super::Machine;
use super::frame::GroupId;
use super::spec::CpuMax;
use super::state::{Limit, State};
use crate::engine::Time;
use crate::trace::CpuId;

/// A cgroup at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupUse {
    /// `cpu.weight`.
    pub cpu_weight: u32,
    /// CPU time that its threads, and those of the cgroups in it, have used since the beginning.
    pub used: Time,
    /// Its limit, if it has one.
    pub limit: Option<LimitUse>,
}

/// A cgroup's `cpu.max` at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitUse {
    /// `cpu.max`.
    pub max: CpuMax,
    /// What is left of the current period's quota and not granted to a processor.
    pub left: Time,
    /// CPU time used in the current period, as far as it has been charged.
    pub used: Time,
    /// Periods in which anything of it ran (`nr_periods`).
    pub periods: u64,
    /// Periods at whose end it held somebody (`nr_throttled`).
    pub throttled_periods: u64,
    /// How long it held somebody, summed over processors (`throttled_usec`).
    pub throttled_time: Time,
    /// Threads that it holds.
    pub held: usize,
}

impl Machine {
    /// All cgroups at `now`, in the order of [`super::Topology::groups`].
    pub fn group_use(&self, now: Time) -> Vec<GroupUse> {
        let ids = (0..self.state.groups.len() as u32).map(GroupId);
        ids.map(|id| self.state.group_use(id, now)).collect()
    }
}

impl State {
    pub(super) fn group_use(&self, id: GroupId, now: Time) -> GroupUse {
        let group = self.group(id);
        let cpus = || self.kernel(group.kernel).cpu_ids();
        let uncharged: Time = cpus().map(|cpu| self.uncharged(cpu, id, now)).sum();
        let limit = group.limit.as_ref().map(|limit| {
            let held = cpus().map(|cpu| self.held_for(cpu, id, now)).sum::<Time>();
            limit_use(limit, held)
        });
        GroupUse { cpu_weight: group.weight, used: group.used + uncharged, limit }
    }

    /// How long something of a group has been running on a processor and has not been charged.
    fn uncharged(&self, cpu: CpuId, id: GroupId, now: Time) -> Time {
        let cpu = self.cpu(cpu);
        let runs = cpu.queue(Some(id)).is_some_and(|queue| queue.running.is_some());
        if runs && cpu.charged_from < now { now - cpu.charged_from } else { Time::ZERO }
    }

    /// How long a group has been held on a processor, if it is.
    fn held_for(&self, cpu: CpuId, id: GroupId, now: Time) -> Time {
        let queue = self.cpu(cpu).queue(Some(id)).filter(|queue| queue.held > 0);
        queue.map_or(Time::ZERO, |queue| now - queue.held_since)
    }
}

fn limit_use(limit: &Limit, held: Time) -> LimitUse {
    LimitUse {
        max: limit.max,
        left: limit.pool,
        used: limit.used,
        periods: limit.periods,
        throttled_periods: limit.throttled_periods,
        throttled_time: limit.throttled_time + held,
        held: limit.throttled.len(),
    }
}
