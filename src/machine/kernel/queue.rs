//! What a run queue holds: see [`run_queue`](super::run_queue).

use std::collections::BTreeSet;

use crate::engine::Time;
use crate::machine::frame::{GroupId, TaskId};

/// What stands in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entity {
    Task(TaskId),
    Group(GroupId),
}

/// A group's queue on a processor.
#[derive(Clone, Debug, Default, Hash)]
pub struct Queue {
    /// Who is ready, by virtual run time. What runs is not among them.
    pub ready: BTreeSet<(u64, Entity)>,
    /// What was taken out of it to run.
    pub running: Option<Entity>,
    pub min_vruntime: u64,
    /// The load of all that is in it, `running` too.
    pub load: u64,
    /// Threads that are ready in it and below, and those of them that may move.
    pub tasks: u32,
    pub movable: u32,
    /// Threads in it and below that belong to the processor, asleep ones too. Not counted for the root.
    pub members: u32,
    /// Threads that the group's limit holds here, and since when.
    pub held: u32,
    pub held_since: Time,
    /// The group's virtual run time in its parent's queue, and its load there; 0 while nothing in it is ready.
    pub vruntime: u64,
    pub weight: u64,
}
