//! cgroup v2 `cpu.max`: at most a quota of CPU time in each period.
//!
//! Real: CFS bandwidth control hands a group's quota to processors in slices of 5 ms; a processor whose slice is
//! used up asks for another, and throttles the group when there is none until the period timer refills the
//! quota. A group inside another needs quota of both: it is throttled with the outermost one that has none. Burst lets
//! unused quota be saved up. `cpu.stat` counts periods, those in which a group was throttled, and how long it was, summed
//! over processors.
//! Modelled: all of that, with slices that end at the period's end, so that no slice is carried into the next
//! period (Linux lets up to one slice per processor be). A slice is as long as all limits around a task allow, and is
//! charged to each. A processor that ran for longer than it was granted, as its timer was late or a limit came up while
//! it ran, owes the rest: it is taken from the pools, and from those of the next period if they are empty (Linux: a
//! negative `runtime_remaining`). Tasks are held one by one, as a processor comes to them, where Linux holds a group's whole queue; who is
//! held has to pass all limits again when it is let through. Left out: the 1 ms that Linux leaves on a processor,
//! throttling deferred to the return to user mode. More: Linux, Documentation/scheduler/sched-bwc.rst.

use crate::costs::Primitive;
use crate::engine::Time;
use crate::trace::{CpuId, Crossing, Token, Wait};

use crate::machine::frame::{At, GroupId, IrqKind, Kind, Pc, TaskId};
use crate::machine::journal::Ride;
use crate::machine::spec::CpuMax;
use crate::machine::state::{KernelId, Limit, TaskState, Timer};
use crate::machine::turn::Turn;

/// Linux's `sched_cfs_bandwidth_slice_us`.
const BANDWIDTH_SLICE: Time = Time::ms(5);

/// Less is not granted: it would be over before the timer is set for its end.
const LEAST_GRANT: Time = Time::us(1);

impl Limit {
    /// One that begins at `now`, with all of its quota.
    pub fn new(max: CpuMax, now: Time) -> Limit {
        let mut limit = Limit {
            max,
            pool: max.quota,
            owed: Time::ZERO,
            period: 0,
            throttled: Vec::new(),
            refill_at: None,
            used: Time::ZERO,
            used_before: Time::ZERO,
            most_used: Time::ZERO,
            most_owed: Time::ZERO,
            changed_in: None,
            periods: 0,
            throttled_periods: 0,
            throttled_time: Time::ZERO,
        };
        limit.period = limit.period_at(now);
        limit
    }

    fn period_at(&self, at: Time) -> u64 {
        at.as_ps() / self.max.period.as_ps().max(1)
    }

    /// When the period after the one at `now` begins.
    fn next_period(&self, now: Time) -> Time {
        self.max.period.times(self.period_at(now) + 1)
    }

    /// Begins a new period's accounts if one has begun.
    fn refill(&mut self, now: Time) {
        let period = self.period_at(now);
        if period > self.period {
            let saved = if period == self.period + 1 { self.pool } else { self.max.burst };
            self.pool = self.max.quota + saved.min(self.max.burst);
            self.period = period;
            let owed = std::mem::take(&mut self.owed);
            self.used = owed.min(self.pool);
            self.owe(owed);
            self.used_before = std::mem::take(&mut self.used);
        }
    }

    /// Takes what was used without a grant from the pool, or from the next period's if there is nothing left.
    fn owe(&mut self, used: Time) {
        let paid = used.min(self.pool);
        self.pool = self.pool - paid;
        self.owed += used - paid;
        self.most_owed = self.most_owed.max(self.owed);
    }

    /// `used` has run until `now`; `overrun` of it was not granted.
    fn charge(&mut self, used: Time, overrun: Time, now: Time) {
        // What ends exactly where a period ends belongs to that period, even if the next one's accounts are open.
        let last_moment = now - Time::ps(1);
        self.refill(last_moment);
        let current = self.period_at(last_moment) >= self.period;
        let account = if current { &mut self.used } else { &mut self.used_before };
        self.periods += u64::from(*account == Time::ZERO);
        // What is owed is used in the period that pays for it.
        let unpaid = overrun - self.pool;
        *account += used - unpaid;
        // The period in which the limit was changed has no one quota.
        let of = if current { self.period } else { self.period.saturating_sub(1) };
        if self.changed_in.is_none_or(|changed| changed < of) {
            self.most_used = self.most_used.max(*account);
        }
        self.owe(overrun);
    }

    /// What may be granted at once; nothing if that is hardly anything.
    fn grantable(&self, now: Time) -> Time {
        let most = self.pool.min(self.next_period(now) - now);
        if most < LEAST_GRANT.min(self.max.quota) { Time::ZERO } else { most }
    }
}

impl Turn<'_> {
    /// The groups of the running task have used so much, and the limited ones so much of their quotas.
    pub fn charge_groups(&mut self, cpu: CpuId, task: TaskId, used: Time) {
        let now = self.now;
        let grant = &mut self.s.cpu_mut(cpu).grant;
        let overrun = used - *grant;
        *grant = *grant - used;
        let mut next = self.s.group_of(task);
        while let Some(id) = next {
            let group = self.s.group_mut(id);
            group.used += used;
            if let Some(limit) = &mut group.limit {
                limit.charge(used, overrun, now);
            }
            next = group.parent;
        }
    }

    /// The limits around a task, from the innermost out.
    fn each_limit(&mut self, task: TaskId, mut tell: impl FnMut(GroupId, &mut Limit)) {
        let mut next = self.s.group_of(task);
        while let Some(id) = next {
            let group = self.s.group_mut(id);
            if let Some(limit) = &mut group.limit {
                tell(id, limit);
            }
            next = group.parent;
        }
    }

    /// Whether there is any limit around a task.
    pub fn is_limited(&self, task: TaskId) -> bool {
        let groups = std::iter::successors(self.s.group_of(task), |id| self.s.group(*id).parent);
        groups.into_iter().any(|id| self.s.group(id).limit.is_some())
    }

    /// Gives a processor some of the quota of each limit around a task.
    ///
    /// # Errors
    /// The outermost of them that has nothing left: there the task must wait.
    pub fn grant(&mut self, cpu_id: CpuId, task: TaskId) -> Result<(), GroupId> {
        let now = self.now;
        let cpu = self.s.cpu(cpu_id);
        let (held, granted_at) = (cpu.current == task && cpu.grant >= LEAST_GRANT, cpu.granted_at);
        let (mut limited, mut same_periods, mut ends) = (false, true, Time::MAX);
        self.each_limit(task, |_, limit| {
            limit.refill(now);
            limited = true;
            same_periods &= limit.period == limit.period_at(granted_at);
            ends = ends.min(limit.next_period(now));
        });
        // What interrupts took of the time since must not carry it over the end of a period.
        if !limited || held && same_periods && now + self.s.cpu(cpu_id).grant <= ends {
            return Ok(());
        }
        self.return_grant(cpu_id, task);
        let (mut granted, mut empty) = (BANDWIDTH_SLICE, None);
        self.each_limit(task, |id, limit| {
            granted = granted.min(limit.grantable(now));
            if limit.grantable(now) == Time::ZERO {
                empty = Some(id);
            }
        });
        if let Some(group) = empty {
            return Err(group);
        }
        self.each_limit(task, |_, limit| limit.pool = limit.pool - granted);
        let cpu = self.s.cpu_mut(cpu_id);
        (cpu.grant, cpu.granted_at) = (granted, now);
        Ok(())
    }

    /// What the task did not use goes back.
    pub fn return_grant(&mut self, cpu: CpuId, task: TaskId) {
        let now = self.now;
        let cpu = self.s.cpu_mut(cpu);
        let (unused, granted_at) = (std::mem::take(&mut cpu.grant), cpu.granted_at);
        self.each_limit(task, |_, limit| {
            limit.refill(now);
            // A grant of an earlier period is worth nothing any more.
            if limit.period_at(granted_at) == limit.period {
                limit.pool += unused;
            }
        });
    }

    /// The timer ends the current task's grant.
    pub fn arm_quota(&mut self, cpu_id: CpuId) {
        let cpu = self.s.cpu(cpu_id);
        let Some(task) = cpu.current.some() else { return };
        if self.is_limited(task) {
            let due = self.now + cpu.grant;
            let cpu = self.s.cpu_mut(cpu_id);
            cpu.timers.remove(&(cpu.quota_at, Timer::Quota));
            cpu.timers.insert((due, Timer::Quota));
            cpu.quota_at = due;
            self.push_program_timer(cpu_id);
        }
    }

    /// A task, which is in no queue, waits at a group's valve until the group's next period.
    pub fn throttle(&mut self, task_id: TaskId, group_id: GroupId) {
        let now = self.now;
        let cpu_id = self.s.task(task_id).cpu;
        self.set_wait(task_id, Wait::Throttled);
        let component = self.s.group(group_id).component;
        let ride = self.s.task(task_id).frames.last().map(|frame| frame.ride);
        if let Some(ride) = ride {
            self.s.journal.wait(self.sink, ride, Wait::Throttled, Some(component), now);
        }
        self.s.task_mut(task_id).state = TaskState::Throttled;
        self.s.hold(cpu_id, group_id, now);
        let Some(limit) = &mut self.s.group_mut(group_id).limit else { return };
        limit.throttled.push(task_id);
        if limit.refill_at.is_none() {
            let due = limit.next_period(now);
            limit.refill_at = Some((cpu_id, due));
            self.s.cpu_mut(cpu_id).timers.insert((due, Timer::Refill(group_id)));
            self.push_program_timer(cpu_id);
        }
    }

    /// Lets through whom a group holds: each is woken, in the order in which they came.
    fn let_through(&mut self, at: At, group_id: GroupId) {
        let now = self.now;
        let Some(limit) = &mut self.s.group_mut(group_id).limit else { return };
        let throttled = std::mem::take(&mut limit.throttled);
        for task in throttled.into_iter().rev() {
            let of = self.s.task_mut(task);
            of.state = TaskState::Blocked;
            let cpu = of.cpu;
            self.s.let_go(cpu, group_id, now);
            let ride = self.ride_of_held(task);
            if !self.s.journal.carries(ride) {
                self.set_wait(task, Wait::RunQueue);
            }
            self.push(At { ride, ..at }, Kind::Wake(task));
        }
    }

    /// The journey that the waking of a held task is part of: its own. Threads of a device model may be at work on
    /// several; they keep them.
    fn ride_of_held(&self, task: TaskId) -> Ride {
        match self.s.process_of(task).vm {
            Some(_) => Ride::NONE,
            None => self.s.task(task).frames.last().map_or(Ride::NONE, |frame| frame.ride),
        }
    }

    /// The limit is another from now on: a new period begins, with all of its quota. What was granted before goes back to
    /// the limits around; what a processor runs until it learns of the new one was not granted.
    pub fn set_cpu_max(&mut self, at: At, id: GroupId, max: CpuMax) {
        let now = self.now;
        self.settle_charges(self.s.group(id).kernel);
        self.let_through(at, id);
        let runs = |cpu: &CpuId| self.s.cpu(*cpu).queue(Some(id)).is_some_and(|queue| queue.running.is_some());
        let running: Vec<CpuId> = self.s.kernel_of(at.cpu).cpu_ids().filter(runs).collect();
        for cpu_id in &running {
            let cpu = self.s.cpu(*cpu_id);
            if let Some(task) = cpu.current.some().or(cpu.next.some()) {
                self.return_grant(*cpu_id, task);
            }
        }
        let fresh = Limit::new(max, now);
        let before = self.s.group_mut(id).limit.take();
        let refill = before.as_ref().and_then(|limit| limit.refill_at);
        let (periods, throttled_periods, throttled_time) =
            before.map_or((0, 0, Time::ZERO), |old| (old.periods, old.throttled_periods, old.throttled_time));
        let changed_in = Some(fresh.period);
        self.s.group_mut(id).limit = Some(Limit { changed_in, periods, throttled_periods, throttled_time, ..fresh });
        if let Some((cpu, due)) = refill {
            // It was of the old limit's period.
            self.s.cpu_mut(cpu).timers.remove(&(due, Timer::Refill(id)));
        }
        let unattributed = At { ride: Ride::NONE, ..at };
        for cpu_id in running {
            // Whoever is still being switched to asks for quota when the switch is done.
            let Some(current) = self.s.cpu(cpu_id).current.some() else { continue };
            if cpu_id == at.cpu {
                self.s.cpu_mut(cpu_id).reschedule = true;
            } else {
                self.push(unattributed, Kind::SendIpi(cpu_id, IrqKind::Reschedule(current)));
            }
        }
    }

    /// The groups of a kernel that is no more have held nobody and used nothing.
    pub fn reset_groups(&mut self, kernel: KernelId) {
        for group in self.s.groups.iter_mut().filter(|group| group.kernel == kernel) {
            group.load = 0;
            if let Some(limit) = &mut group.limit {
                limit.throttled.clear();
                limit.refill_at = None;
            }
        }
    }

    /// A period begins: the throttled tasks are let through.
    pub fn unthrottle(&mut self, at: At, group_id: GroupId) {
        let now = self.now;
        let Some(limit) = &mut self.s.group_mut(group_id).limit else { return };
        limit.refill(now);
        limit.refill_at = None;
        let Some(&first) = limit.throttled.first() else { return };
        limit.throttled_periods += 1;
        let component = self.s.kernel_of(at.cpu).parts.scheduler;
        let at = At { ride: self.ride_of_held(first), ..at };
        self.let_through(at, group_id);
        self.pay(at, Pc::default(), Primitive::CpuMaxRefill, 1, component, Crossing::None, Token::Instruction);
    }
}
