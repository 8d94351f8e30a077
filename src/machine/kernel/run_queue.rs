//! Run queues: on each processor one for each group that has threads there.
//!
//! Real (Linux, kernel/sched/fair.c): each cgroup has on each processor a queue (`cfs_rq`) and an entity
//! (`sched_entity`), which stands in its parent's queue like a thread. A queue is ordered by weighted virtual run time, each
//! has its own. The entity's weight is the group's `cpu.weight` times what of the group's load is queued on this
//! processor (`calc_group_shares`), so that a group's share does not depend on how many threads it has. Who is to run
//! is found from the root's queue down; run time is charged from the thread up.
//! Modelled: that, with nice weights inside a group, and weights that follow whenever the load of a processor's queue
//! changes or its group is charged there. A queue is there as long as threads of its group belong to the processor, asleep
//! ones too; when the last of them moves, it takes the queue's place in the order along.
//! Left out: loads averaged over time (PELT): a share follows from what is queued at the moment; real-time groups,
//! `cpu.idle`, core scheduling. More: Linux, Documentation/scheduler/sched-design-CFS.rst, and admin-guide/cgroup-v2.rst.

use crate::engine::Time;
use crate::trace::CpuId;

use super::queue::{Entity, Queue};
use super::scheduler::{NICE_0, SLICE};
use crate::machine::frame::{GroupId, TaskId};
use crate::machine::state::{Cpu, Group, State};

/// Weights are kept in so many parts of one, as on 64-bit Linux (`scale_load`): a share of a small group is not rounded
/// to nothing.
const PARTS: u64 = 1024;
/// The least share of a group on a processor: a sixteenth of an even one. It bounds how fast virtual run time passes.
const LEAST_SHARE: u64 = 16;

/// The load of a thread of this weight.
fn load_of(weight: u32) -> u64 {
    u64::from(weight.max(1)) * PARTS
}

/// The weight that Linux makes of `cpu.weight`: 100 is nice 0's.
fn load_of_group(weight: u32) -> u64 {
    (u64::from(weight) * u64::from(NICE_0) + 50) / 100 * PARTS
}

/// Run time as a queue's order counts it: the heavier who runs, the slower it passes.
fn weighted(used: Time, load: u64) -> u64 {
    let weighted = u128::from(used.as_ps()) * u128::from(load_of(NICE_0)) / u128::from(load.max(1));
    u64::try_from(weighted).unwrap_or(u64::MAX)
}

/// The weight on a processor of a group of which `here` of the load `all` is queued there.
fn share(weight: u32, here: u64, all: u64, cpus: u16) -> u64 {
    if here == 0 {
        return 0;
    }
    let whole = load_of_group(weight);
    let part = u128::from(whole) * u128::from(here) / u128::from(all.max(here));
    u64::try_from(part).unwrap_or(whole).max(least_share(weight, cpus))
}

fn least_share(weight: u32, cpus: u16) -> u64 {
    let parts = if cpus > 1 { LEAST_SHARE * u64::from(cpus) } else { 1 };
    (load_of_group(weight) / parts).max(1)
}

/// How many times faster than the clock virtual run time may pass for a group.
pub fn stretch(weight: u32, cpus: u16) -> u64 {
    load_of(NICE_0).div_ceil(least_share(weight, cpus))
}

impl Queue {
    /// Its threads are never further behind than who runs and who is next.
    fn advance(&mut self, running: u64) {
        let least = self.ready.first().map_or(running, |&(first, _)| first.min(running));
        self.min_vruntime = self.min_vruntime.max(least);
    }

    fn weigh(&mut self, old: u64, new: u64) {
        self.load = (self.load + new).saturating_sub(old);
    }
}

impl Cpu {
    /// A group's queue here; the root's for `None`. There is none for a group that has no threads here.
    pub fn queue(&self, group: Option<GroupId>) -> Option<&Queue> {
        match group {
            None => Some(&self.root),
            Some(id) => self.queues.get(&id),
        }
    }

    pub fn queue_mut(&mut self, group: Option<GroupId>) -> Option<&mut Queue> {
        match group {
            None => Some(&mut self.root),
            Some(id) => self.queues.get_mut(&id),
        }
    }

    /// Threads that wait here.
    pub fn waiting(&self) -> usize {
        self.root.tasks as usize
    }
}

impl State {
    pub fn group_of(&self, task: TaskId) -> Option<GroupId> {
        self.process_of(task).group
    }

    fn queue_mut(&mut self, cpu: CpuId, group: Option<GroupId>) -> Option<&mut Queue> {
        self.cpu_mut(cpu).queue_mut(group)
    }

    /// The least virtual run time in the queue of a thread's group: where somebody new begins.
    pub fn min_vruntime(&self, cpu: CpuId, group: Option<GroupId>) -> u64 {
        self.cpu(cpu).queue(group).map_or(0, |queue| queue.min_vruntime)
    }

    fn vruntime_mut(&mut self, cpu: CpuId, entity: Entity) -> Option<&mut u64> {
        match entity {
            Entity::Task(task) => Some(&mut self.task_mut(task).vruntime),
            Entity::Group(id) => self.queue_mut(cpu, Some(id)).map(|queue| &mut queue.vruntime),
        }
    }

    fn vruntime(&self, cpu: CpuId, entity: Entity) -> Option<u64> {
        match entity {
            Entity::Task(task) => Some(self.task(task).vruntime),
            Entity::Group(id) => self.cpu(cpu).queue(Some(id)).map(|queue| queue.vruntime),
        }
    }

    fn load(&self, cpu: CpuId, entity: Entity) -> u64 {
        match entity {
            Entity::Task(task) => load_of(self.task(task).weight),
            Entity::Group(id) => self.cpu(cpu).queue(Some(id)).map_or(0, |queue| queue.weight),
        }
    }

    /// Whether a thread has been taken out of its queue on a processor to run there.
    pub fn is_out_to_run(&self, cpu: CpuId, task: TaskId) -> bool {
        let queue = self.cpu(cpu).queue(self.group_of(task));
        queue.is_some_and(|queue| queue.running == Some(Entity::Task(task)))
    }

    /// A thread belongs to its processor from now on, and its groups have queues there.
    pub fn join(&mut self, task: TaskId) {
        let cpu = self.task(task).cpu;
        let mut group = self.group_of(task);
        while let Some(id) = group {
            let parent = self.group(id).parent;
            let vruntime = self.min_vruntime(cpu, parent);
            let queue = self.cpu_mut(cpu).queues.entry(id);
            queue.or_insert_with(|| Queue { vruntime, ..Queue::default() }).members += 1;
            group = parent;
        }
    }

    /// A thread that is in no queue has no processor any more.
    pub fn leave(&mut self, task: TaskId) {
        let cpu = self.task(task).cpu;
        let mut group = self.group_of(task);
        while let Some(id) = group {
            if let Some(queue) = self.queue_mut(cpu, group) {
                queue.members -= 1;
                if queue.members == 0 {
                    self.cpu_mut(cpu).queues.remove(&id);
                }
            }
            group = self.group(id).parent;
        }
    }

    /// A thread that is in no queue belongs to another processor from now on. Virtual run time is relative to a queue; a
    /// group that leaves nobody behind and is not there yet moves as a whole.
    pub fn move_task(&mut self, task: TaskId, to: CpuId) {
        let from = std::mem::replace(&mut self.task_mut(task).cpu, to);
        if from == to {
            return;
        }
        let mut moved = Some(Entity::Task(task));
        let mut group = self.group_of(task);
        loop {
            let parent = group.and_then(|id| self.group(id).parent);
            let old = self.min_vruntime(from, group);
            let next = group.and_then(|id| self.move_member(id, parent, from, to));
            let new = self.min_vruntime(to, group);
            if let Some(vruntime) = moved.and_then(|entity| self.vruntime_mut(to, entity)) {
                *vruntime = vruntime.saturating_sub(old).saturating_add(new);
            }
            if group.is_none() {
                return;
            }
            (moved, group) = (next, parent);
        }
    }

    /// A group has a thread less on one processor and one more on another. Returns the group if it comes new there, with
    /// its virtual run time as on the old one.
    fn move_member(&mut self, id: GroupId, parent: Option<GroupId>, from: CpuId, to: CpuId) -> Option<Entity> {
        let begins = self.min_vruntime(from, parent);
        let left = self.cpu_mut(from).queues.get_mut(&id)?;
        left.members -= 1;
        let min_vruntime = left.min_vruntime;
        let whole = if left.members == 0 { self.cpu_mut(from).queues.remove(&id) } else { None };
        if let Some(there) = self.cpu_mut(to).queues.get_mut(&id) {
            there.members += 1;
            return None;
        }
        let queue = whole.unwrap_or(Queue { min_vruntime, vruntime: begins, ..Queue::default() });
        self.cpu_mut(to).queues.insert(id, Queue { members: 1, ..queue });
        Some(Entity::Group(id))
    }

    /// Nobody who comes back from a sleep is further behind than a slice, and no group.
    pub fn catch_up(&mut self, cpu: CpuId, task: TaskId) {
        let mut entity = Entity::Task(task);
        let mut group = self.group_of(task);
        loop {
            let least = self.min_vruntime(cpu, group).saturating_sub(SLICE.as_ps());
            if let Some(vruntime) = self.vruntime_mut(cpu, entity) {
                *vruntime = least.max(*vruntime);
            }
            let Some(id) = group else { return };
            // It stands in its parent's queue already, by this virtual run time.
            if self.load(cpu, Entity::Group(id)) > 0 {
                return;
            }
            (entity, group) = (Entity::Group(id), self.group(id).parent);
        }
    }

    /// A thread is ready in its group's queue on its processor, and each group around it in its parent's.
    pub fn insert(&mut self, task: TaskId) {
        let of = self.task(task);
        let (cpu, movable) = (of.cpu, u32::from(!of.pinned));
        let mut entity = Entity::Task(task);
        let (mut old, mut new) = (0, load_of(of.weight));
        let mut group = self.group_of(task);
        loop {
            let vruntime = self.vruntime(cpu, entity).unwrap_or_default();
            let Some(queue) = self.queue_mut(cpu, group) else { return };
            queue.tasks += 1;
            queue.movable += movable;
            queue.weigh(old, new);
            // Otherwise it is there already, or runs.
            if old == 0 {
                queue.ready.insert((vruntime, entity));
            }
            let Some(id) = group else { return };
            self.group_mut(id).weigh(old, new);
            (old, new) = self.reweigh(cpu, id);
            (entity, group) = (Entity::Group(id), self.group(id).parent);
        }
    }

    /// A thread that runs or is ready leaves its queue, and each group around it that has nobody left its parent's. Groups
    /// of what ran that have somebody left are ready again.
    pub fn remove(&mut self, task: TaskId) {
        let of = self.task(task);
        let (cpu, movable) = (of.cpu, u32::from(!of.pinned));
        let ran = self.is_out_to_run(cpu, task);
        let mut entity = Entity::Task(task);
        let (mut old, mut new) = (load_of(of.weight), 0);
        let mut group = self.group_of(task);
        loop {
            let vruntime = self.vruntime(cpu, entity).unwrap_or_default();
            let Some(queue) = self.queue_mut(cpu, group) else { return };
            queue.weigh(old, new);
            if ran {
                queue.running = None;
                if new > 0 {
                    queue.ready.insert((vruntime, entity));
                }
            } else {
                queue.tasks -= 1;
                queue.movable -= movable;
                if new == 0 {
                    queue.ready.remove(&(vruntime, entity));
                }
            }
            let Some(id) = group else { return };
            self.group_mut(id).weigh(old, new);
            (old, new) = self.reweigh(cpu, id);
            (entity, group) = (Entity::Group(id), self.group(id).parent);
        }
    }

    /// The weight of a group on a processor follows what is queued there: before, and now.
    fn reweigh(&mut self, cpu: CpuId, id: GroupId) -> (u64, u64) {
        let group = self.group(id);
        let (weight, all, cpus) = (group.weight, group.load, self.kernel(group.kernel).cpus);
        let Some(queue) = self.queue_mut(cpu, Some(id)) else { return (0, 0) };
        let new = share(weight, queue.load, all, cpus);
        (std::mem::replace(&mut queue.weight, new), new)
    }

    /// Another `cpu.weight` of a group: its weight follows on each processor, and with it the shares of the groups around.
    pub fn set_weight(&mut self, id: GroupId, weight: u32) {
        self.group_mut(id).weight = weight;
        for cpu in self.kernel(self.group(id).kernel).cpu_ids() {
            let mut group = Some(id);
            while let Some(id) = group {
                let (old, new) = self.reweigh(cpu, id);
                group = self.group(id).parent;
                if let Some(queue) = self.queue_mut(cpu, group).filter(|_| old != new) {
                    queue.weigh(old, new);
                    if let Some(parent) = group {
                        self.group_mut(parent).weigh(old, new);
                    }
                }
            }
        }
    }

    /// The thread that is to run next on a processor: from the root's queue down, the first of each.
    pub fn pick(&mut self, cpu: CpuId) -> Option<TaskId> {
        let mut group = None;
        let task = loop {
            match self.cpu(cpu).queue(group)?.ready.first()?.1 {
                Entity::Task(task) => break task,
                Entity::Group(id) => group = Some(id),
            }
        };
        self.take_out(task);
        Some(task)
    }

    /// A ready thread is taken out of its queue to run, and each group around it.
    pub fn take_out(&mut self, task: TaskId) {
        let of = self.task(task);
        let (cpu, movable) = (of.cpu, u32::from(!of.pinned));
        let mut entity = Entity::Task(task);
        let mut group = self.group_of(task);
        loop {
            let vruntime = self.vruntime(cpu, entity).unwrap_or_default();
            let Some(queue) = self.queue_mut(cpu, group) else { return };
            queue.ready.remove(&(vruntime, entity));
            queue.running = Some(entity);
            queue.tasks -= 1;
            queue.movable -= movable;
            let Some(id) = group else { return };
            (entity, group) = (Entity::Group(id), self.group(id).parent);
        }
    }

    /// What runs on a processor has run for so long: it and each group around it are charged, by their weights.
    pub fn charge_run(&mut self, cpu: CpuId, task: TaskId, used: Time) {
        let mut entity = Entity::Task(task);
        let (mut old, mut new) = (0, 0);
        let mut group = self.group_of(task);
        loop {
            // It may have been woken elsewhere since it lay down.
            if self.cpu(cpu).queue(group).is_none_or(|queue| queue.running != Some(entity)) {
                return;
            }
            let passed = weighted(used, if let Entity::Task(_) = entity { self.load(cpu, entity) } else { old });
            let Some(vruntime) = self.vruntime_mut(cpu, entity) else { return };
            *vruntime = vruntime.saturating_add(passed);
            let vruntime = *vruntime;
            let Some(queue) = self.queue_mut(cpu, group) else { return };
            queue.advance(vruntime);
            queue.weigh(old, new);
            let Some(id) = group else { return };
            self.group_mut(id).weigh(old, new);
            (old, new) = self.reweigh(cpu, id);
            (entity, group) = (Entity::Group(id), self.group(id).parent);
        }
    }

    /// Whether what runs on a processor is still the first in its queue, and so is each group around it.
    pub fn is_first(&self, cpu: CpuId, task: TaskId) -> bool {
        let mut entity = Entity::Task(task);
        let mut group = self.group_of(task);
        loop {
            let own = self.vruntime(cpu, entity).unwrap_or_default();
            let first = self.cpu(cpu).queue(group).and_then(|queue| queue.ready.first());
            if first.is_some_and(|&(first, _)| own > first) {
                return false;
            }
            let Some(id) = group else { return true };
            (entity, group) = (Entity::Group(id), self.group(id).parent);
        }
    }

    /// How far what runs on a processor is ahead of a thread that is ready there, in virtual run time of the queue in
    /// which their paths meet. What runs has run for `uncharged` since it was charged.
    pub fn lead(&self, cpu: CpuId, running: TaskId, uncharged: Time, ready: TaskId) -> u64 {
        let climb = |place: &mut (Entity, Option<GroupId>)| {
            if let Some(id) = place.1 {
                *place = (Entity::Group(id), self.group(id).parent);
            }
        };
        let depth = |group: Option<GroupId>| group.map_or(0, |id| self.group(id).depth);
        let mut one = (Entity::Task(running), self.group_of(running));
        let mut other = (Entity::Task(ready), self.group_of(ready));
        while one.1 != other.1 {
            let (from, to) = (depth(one.1), depth(other.1));
            if from >= to {
                climb(&mut one);
            }
            if to >= from {
                climb(&mut other);
            }
        }
        let vruntime = |entity| self.vruntime(cpu, entity).unwrap_or_default();
        let passed = weighted(uncharged, self.load(cpu, one.0));
        vruntime(one.0).saturating_add(passed).saturating_sub(vruntime(other.0))
    }

    /// The first ready thread of a processor that may run elsewhere. A group of which a thread runs comes last.
    pub fn first_movable(&self, cpu: CpuId) -> Option<TaskId> {
        let cpu = self.cpu(cpu);
        let movable = |entity: &Entity| match entity {
            Entity::Task(task) => !self.task(*task).pinned,
            Entity::Group(id) => cpu.queue(Some(*id)).is_some_and(|queue| queue.movable > 0),
        };
        let mut group = None;
        loop {
            let queue = cpu.queue(group).filter(|queue| queue.movable > 0)?;
            let runs = queue.running.filter(|entity| matches!(entity, Entity::Group(_)));
            let mut all = queue.ready.iter().map(|(_, entity)| *entity).chain(runs);
            match all.find(movable)? {
                Entity::Task(task) => return Some(task),
                Entity::Group(id) => group = Some(id),
            }
        }
    }

    /// A group's limit holds a thread of a processor from now on.
    pub fn hold(&mut self, cpu: CpuId, id: GroupId, now: Time) {
        if let Some(queue) = self.queue_mut(cpu, Some(id)) {
            queue.held_since = if queue.held == 0 { now } else { queue.held_since };
            queue.held += 1;
        }
    }

    /// A group's limit lets a thread of a processor through. The group was held there until nobody was any more.
    pub fn let_go(&mut self, cpu: CpuId, id: GroupId, now: Time) {
        let Some(queue) = self.queue_mut(cpu, Some(id)) else { return };
        queue.held -= 1;
        let held = if queue.held == 0 { now - queue.held_since } else { Time::ZERO };
        if let Some(limit) = &mut self.group_mut(id).limit {
            limit.throttled_time += held;
        }
    }

    /// What is wrong with a processor's queues, in words: something in one that is not there, or counts that are not those
    /// of what is in it. There is never anything.
    pub fn queues_adrift(&self, id: CpuId) -> Option<String> {
        let cpu = self.cpu(id);
        let groups = std::iter::once(None).chain(cpu.queues.keys().copied().map(Some));
        groups.into_iter().find_map(|group| Some(format!("{} in the queue of {group:?}", self.adrift(id, group)?)))
    }

    fn adrift(&self, id: CpuId, group: Option<GroupId>) -> Option<&'static str> {
        let (cpu, queue) = (self.cpu(id), self.cpu(id).queue(group)?);
        let (mut tasks, mut movable, mut load) = (0, 0, 0);
        let ready = queue.ready.iter().map(|(vruntime, entity)| (Some(*vruntime), *entity));
        for (key, entity) in ready.chain(queue.running.map(|entity| (None, entity))) {
            match entity {
                Entity::Task(task) if !self.lives(task) => return Some("has a thread that has ended"),
                Entity::Task(task) if self.group_of(task) != group => return Some("has a thread of another group"),
                Entity::Task(task) => {
                    tasks += u32::from(key.is_some());
                    movable += u32::from(key.is_some() && !self.task(task).pinned);
                }
                Entity::Group(inner) if self.group(inner).parent != group => return Some("has a group of another"),
                Entity::Group(inner) => {
                    let Some(inner) = cpu.queue(Some(inner)) else { return Some("has a group without threads") };
                    (tasks, movable) = (tasks + inner.tasks, movable + inner.movable);
                    if inner.load == 0 || (key.is_some() && inner.running.is_some()) {
                        return Some("has a group that should not be there");
                    }
                }
            }
            load += self.load(id, entity);
            if key.is_some_and(|key| self.vruntime(id, entity) != Some(key)) {
                return Some("has something in a wrong place");
            }
        }
        if (tasks, movable, load) != (queue.tasks, queue.movable, queue.load) {
            return Some("has counts that are not those of what is");
        }
        let empty = group.is_some() && queue.members == 0;
        empty.then_some("has nobody's place")
    }

    /// A group whose load is not that of its queues, in words. There is never one.
    pub fn loads_adrift(&self) -> Option<String> {
        let mut loads = vec![0u64; self.groups.len()];
        for cpu in &self.cpus {
            cpu.queues.iter().for_each(|(id, queue)| loads[id.index()] += queue.load);
        }
        let wrong = self.groups.iter().zip(&loads).position(|(group, load)| group.load != *load)?;
        Some(format!("group {wrong} has a load of {}, and its queues of {}", self.groups[wrong].load, loads[wrong]))
    }

    /// The threads that wait at a processor, in the order in which they would be picked: of each group in its place.
    pub fn waiting_on(&self, cpu: CpuId) -> Vec<TaskId> {
        let mut tasks = Vec::new();
        self.collect_waiting(self.cpu(cpu), None, &mut tasks);
        tasks
    }

    fn collect_waiting(&self, cpu: &Cpu, group: Option<GroupId>, tasks: &mut Vec<TaskId>) {
        let Some(queue) = cpu.queue(group) else { return };
        let runs = queue.running.filter(|entity| matches!(entity, Entity::Group(_)));
        for entity in runs.into_iter().chain(queue.ready.iter().map(|(_, entity)| *entity)) {
            match entity {
                Entity::Task(task) => tasks.push(task),
                Entity::Group(id) => self.collect_waiting(cpu, Some(id), tasks),
            }
        }
    }
}

impl Group {
    fn weigh(&mut self, old: u64, new: u64) {
        self.load = (self.load + new).saturating_sub(old);
    }
}
