//! cgroup v2 `cpu.max`: at most a quota of CPU time in each period.
//!
//! Real: CFS bandwidth control hands a group's quota to processors in slices of 5 ms; a processor whose slice is
//! used up asks for another, and throttles the group's tasks when there is none until the period timer refills the
//! quota. Burst lets unused quota be saved up.
//! Modelled: all of that, with slices that end at the period's end, so that no slice is carried into the next
//! period (Linux lets up to one slice per processor be). Left out: hierarchies of limits, the 1 ms that Linux
//! leaves on a processor, throttling deferred to the return to user mode. More: Linux,
//! Documentation/scheduler/sched-bwc.rst.

use crate::costs::Primitive;
use crate::engine::Time;
use crate::trace::{CpuId, Crossing, Token, Wait};

use crate::machine::frame::{At, GroupId, IrqKind, Kind, Pc, TaskId};
use crate::machine::journal::Ride;
use crate::machine::spec::CpuMax;
use crate::machine::state::{Cpu, Group, KernelId, TaskState, Timer};
use crate::machine::turn::Turn;

/// Linux's `sched_cfs_bandwidth_slice_us`.
const BANDWIDTH_SLICE: Time = Time::ms(5);

/// When a processor's timer is to refill a group; [`Time::MAX`] if it isn't.
fn next_refill(cpu: &Cpu, group: GroupId) -> Time {
    let of = |(_, timer): &&(Time, Timer)| *timer == Timer::Refill(group);
    cpu.timers.iter().find(of).map_or(Time::MAX, |(due, _)| *due)
}

/// When the period after the one at `now` begins.
fn next_period(group: &Group, now: Time) -> Time {
    group.max.period.times(now.as_ps() / group.max.period.as_ps().max(1) + 1)
}

impl Turn<'_> {
    /// The running task has used `used` of its group's quota.
    pub fn charge_group(&mut self, cpu: CpuId, group: GroupId, used: Time) {
        let grant = &mut self.s.cpu_mut(cpu).grant;
        *grant = *grant - used;
        // What ends exactly where a period ends belongs to that period, even if the next one's accounts are open.
        let last_moment = self.now - Time::ps(1);
        self.refill_at(group, last_moment);
        let group = self.s.group_mut(group);
        let current = last_moment.as_ps() / group.max.period.as_ps().max(1) >= group.period;
        let account = if current { &mut group.used } else { &mut group.used_before };
        *account += used;
        // The period in which the limit was changed has no one quota.
        let of = if current { group.period } else { group.period.saturating_sub(1) };
        if group.changed_in.is_none_or(|changed| changed < of) {
            group.most_used = group.most_used.max(*account);
        }
    }

    /// Begins a new period's accounts if one has begun.
    fn refill(&mut self, group: GroupId) {
        self.refill_at(group, self.now);
    }

    fn refill_at(&mut self, group: GroupId, now: Time) {
        let group = self.s.group_mut(group);
        let period = now.as_ps() / group.max.period.as_ps().max(1);
        if period > group.period {
            let saved = if period == group.period + 1 { group.pool } else { group.max.burst };
            group.pool = group.max.quota + saved.min(group.max.burst);
            group.period = period;
            group.used_before = std::mem::take(&mut group.used);
        }
    }

    /// Gives a processor some of the quota of a task's group. False: there is none, the task must wait.
    pub fn grant(&mut self, cpu_id: CpuId, task: TaskId) -> bool {
        let Some(group_id) = self.s.process_of(task).group else { return true };
        self.refill(group_id);
        let now = self.now;
        let cpu = self.s.cpu(cpu_id);
        let held = cpu.current == task && cpu.grant > Time::ZERO;
        if held && cpu.grant_period == self.s.group(group_id).period {
            return true;
        }
        let group = self.s.group_mut(group_id);
        let granted = group.pool.min(BANDWIDTH_SLICE).min(next_period(group, now) - now);
        group.pool = group.pool - granted;
        let period = group.period;
        let cpu = self.s.cpu_mut(cpu_id);
        cpu.grant = granted;
        cpu.grant_period = period;
        granted > Time::ZERO
    }

    /// What the task did not use goes back.
    pub fn return_grant(&mut self, cpu: CpuId, task: TaskId) {
        let unused = std::mem::take(&mut self.s.cpu_mut(cpu).grant);
        if let Some(group) = self.s.process_of(task).group {
            self.refill(group);
            let period = self.s.cpu(cpu).grant_period;
            let group = self.s.group_mut(group);
            // A grant of an earlier period is worth nothing any more.
            if period == group.period {
                group.pool += unused;
            }
        }
    }

    /// The timer ends the current task's grant.
    pub fn arm_quota(&mut self, cpu_id: CpuId) {
        let cpu = self.s.cpu(cpu_id);
        let Some(task) = cpu.current.some() else { return };
        if self.s.process_of(task).group.is_some() {
            let due = self.now + cpu.grant;
            let cpu = self.s.cpu_mut(cpu_id);
            cpu.timers.remove(&(cpu.quota_at, Timer::Quota));
            cpu.timers.insert((due, Timer::Quota));
            cpu.quota_at = due;
            self.push_program_timer(cpu_id);
        }
    }

    /// A task waits at the valve until the next period.
    pub fn throttle(&mut self, task_id: TaskId) {
        let Some(group_id) = self.s.process_of(task_id).group else { return };
        let now = self.now;
        let cpu_id = self.s.task(task_id).cpu;
        self.set_wait(task_id, Wait::Throttled);
        let component = self.s.group(group_id).component;
        let ride = self.s.task(task_id).frames.last().map(|frame| frame.ride);
        if let Some(ride) = ride {
            self.s.journal.wait(self.sink, ride, Wait::Throttled, Some(component), now);
        }
        self.s.task_mut(task_id).state = TaskState::Throttled;
        let group = self.s.group_mut(group_id);
        group.throttled.push(task_id);
        if !group.refill_armed {
            group.refill_armed = true;
            let due = next_period(group, now);
            self.s.cpu_mut(cpu_id).timers.insert((due, Timer::Refill(group_id)));
            self.push_program_timer(cpu_id);
        }
    }

    /// The limit is another from now on: a new period begins, with all of its quota. What was granted before is used up
    /// outside of the account of this first period.
    pub fn set_cpu_max(&mut self, at: At, id: GroupId, max: CpuMax) {
        let now = self.now;
        let group = self.s.group_mut(id);
        group.max = max;
        (group.pool, group.period) = (max.quota, now.as_ps() / max.period.as_ps().max(1));
        (group.used, group.used_before, group.most_used) = (Time::ZERO, Time::ZERO, Time::ZERO);
        group.changed_in = Some(group.period);
        group.refill_armed = false;
        let throttled = std::mem::take(&mut group.throttled);
        let unattributed = At { ride: Ride::NONE, ..at };
        for task in throttled.into_iter().rev() {
            self.s.task_mut(task).state = TaskState::Blocked;
            let ride = self.s.task(task).frames.last().map_or(Ride::NONE, |frame| frame.ride);
            self.push(At { ride, ..at }, Kind::Wake(task));
        }
        for cpu_id in self.s.kernel_of(at.cpu).cpu_ids() {
            let cpu = self.s.cpu_mut(cpu_id);
            // It was of the old limit's period.
            cpu.timers.remove(&(next_refill(cpu, id), Timer::Refill(id)));
            let Some(current) = cpu.current.some() else { continue };
            if self.s.process_of(current).group == Some(id) {
                let cpu = self.s.cpu_mut(cpu_id);
                cpu.grant = Time::ZERO;
                if cpu_id == at.cpu {
                    cpu.reschedule = true;
                } else {
                    self.push(unattributed, Kind::SendIpi(cpu_id, IrqKind::Reschedule(current)));
                }
            }
        }
    }

    /// The groups of a kernel that is no more have held nobody and used nothing.
    pub fn reset_groups(&mut self, kernel: KernelId) {
        let of = |group: &&mut Group| group.kernel == kernel;
        for group in self.s.groups.iter_mut().filter(of) {
            group.throttled.clear();
            group.refill_armed = false;
        }
    }

    /// A period begins: the throttled tasks are let through.
    pub fn unthrottle(&mut self, at: At, group_id: GroupId) {
        self.refill(group_id);
        let group = self.s.group_mut(group_id);
        group.refill_armed = false;
        let tasks = std::mem::take(&mut group.throttled);
        let component = self.s.kernel_of(at.cpu).parts.scheduler;
        let mut at = at;
        let ride = tasks.first().and_then(|&task| self.s.task(task).frames.last().map(|frame| frame.ride));
        if let Some(ride) = ride {
            at.ride = ride;
        }
        if tasks.is_empty() {
            return;
        }
        for task in tasks.into_iter().rev() {
            self.s.task_mut(task).state = TaskState::Blocked;
            let ride = self.s.task(task).frames.last().map_or(Ride::NONE, |frame| frame.ride);
            self.push(At { ride, ..at }, Kind::Wake(task));
        }
        self.pay(at, Pc::default(), Primitive::CpuMaxRefill, 1, component, Crossing::None, Token::Instruction);
    }
}
