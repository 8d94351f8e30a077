//! What of the machine comes, changes and goes during a run.
//!
//! What stands at time zero is in the topology; from then on each start, end and changed limit is a [`Change`]. What is
//! there at a time follows from the changes up to then ([`crate::machine::Presences`]).

use super::{ComponentId, StackId};
use crate::engine::{StableHasher, Time};

/// Something that came, changed or went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// When.
    pub at: Time,
    /// The number of the process, container or virtual machine: [`crate::machine::Component::node`] of its outermost
    /// part. Of a cgroup with a name, [`Change::GROUPS`] less its number.
    pub node: u32,
    /// Its outermost part.
    pub component: ComponentId,
    /// The stack that it is, or is part of.
    pub stack: StackId,
    /// What happened.
    pub what: ChangeKind,
}

/// What happened to something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// Somebody begins to start it.
    Starting,
    /// It is up: its program's first instruction is next; of a virtual machine, all that stands in it has been started.
    Up,
    /// It has been asked to end.
    Stopping,
    /// It has ended.
    Ended(Ended),
    /// Its cgroup's `cpu.max` is this from now on.
    CpuMax {
        /// CPU time per period.
        quota: Time,
        /// The period.
        period: Time,
        /// What may be saved up.
        burst: Time,
    },
    /// Its cgroup's `cpu.weight` is this from now on.
    CpuWeight(u32),
    /// What was ordered can't be done.
    Refused(Refusal),
    /// Its kernel had no memory left, and this was the process that had the most: it is killed.
    OutOfMemory {
        /// Pages that it had, which is its score.
        score: u64,
        /// Pages that its kernel has in all.
        of: u64,
    },
    /// A part of its boot begins: its name's number among the topology's operation labels.
    Booting(u16),
    /// That part is over.
    Booted {
        /// The part.
        label: u16,
        /// Reads from the machine's disk for it.
        reads: u32,
        /// Their bytes.
        bytes: u64,
    },
}

/// Why something ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Its program came to its end.
    Finished,
    /// It was asked to, and did.
    Stopped,
    /// SIGKILL.
    Killed,
    /// A fault of its own: SIGSEGV.
    Faulted,
    /// Its kernel panicked.
    Panicked,
    /// What it stood on ended.
    WithItsMachine,
    /// The host lost its power.
    PowerCut,
    /// SIGKILL, because its kernel had no memory left.
    OutOfMemory,
}

/// Why an order can't be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It was to be started, and runs.
    Runs,
    /// It does not run.
    DoesNotRun,
    /// The virtual machine that it stands in does not run.
    MachineIsDown,
    /// It has no cgroup of its own, of which a limit or weight could be changed.
    NoLimit,
    /// It stands on another kernel than who wants to start it.
    OtherKernel,
    /// The host has not booted yet.
    NotBooted,
}

impl Ended {
    /// In a few words, as behind "web 2: ".
    pub const fn label(self) -> &'static str {
        match self {
            Ended::Finished => "its program ended",
            Ended::Stopped => "stopped",
            Ended::Killed => "killed",
            Ended::Faulted => "ended by a fault",
            Ended::Panicked => "kernel panic",
            Ended::WithItsMachine => "ended with its machine",
            Ended::PowerCut => "power cut",
            Ended::OutOfMemory => "killed: out of memory",
        }
    }

    /// The key in JSON reports.
    pub const fn key(self) -> &'static str {
        match self {
            Ended::Finished => "finished",
            Ended::Stopped => "stopped",
            Ended::Killed => "killed",
            Ended::Faulted => "faulted",
            Ended::Panicked => "panicked",
            Ended::WithItsMachine => "with_its_machine",
            Ended::PowerCut => "power_cut",
            Ended::OutOfMemory => "out_of_memory",
        }
    }

    /// Whether nobody wanted it.
    pub const fn is_failure(self) -> bool {
        matches!(self, Ended::Killed | Ended::Faulted | Ended::Panicked | Ended::OutOfMemory)
    }
}

impl Refusal {
    /// In words, as behind "web 2: ".
    pub const fn label(self) -> &'static str {
        match self {
            Refusal::Runs => "it runs already",
            Refusal::DoesNotRun => "it does not run",
            Refusal::MachineIsDown => "the virtual machine that it stands in does not run",
            Refusal::NoLimit => "it has no cgroup of its own",
            Refusal::OtherKernel => "it stands on another kernel",
            Refusal::NotBooted => "the host has not booted yet",
        }
    }
}

impl ChangeKind {
    /// In words, as behind "web 2: ".
    pub fn label(self) -> String {
        match self {
            ChangeKind::Starting => "is being started".to_owned(),
            ChangeKind::Up => "is up".to_owned(),
            ChangeKind::Stopping => "is asked to end".to_owned(),
            ChangeKind::Ended(why) => why.label().to_owned(),
            ChangeKind::CpuMax { quota, period, .. } => format!("cpu.max is {quota} in each {period}"),
            ChangeKind::CpuWeight(weight) => format!("cpu.weight is {weight}"),
            ChangeKind::Refused(why) => format!("nothing is done: {}", why.label()),
            ChangeKind::OutOfMemory { score, of } => {
                format!("has {score} of {of} pages, the most, and is killed: its kernel is out of memory")
            }
            ChangeKind::Booting(_) => "boots".to_owned(),
            ChangeKind::Booted { .. } => "has booted one part".to_owned(),
        }
    }

    fn code(self) -> [u64; 4] {
        match self {
            ChangeKind::Starting => [0, 0, 0, 0],
            ChangeKind::Up => [1, 0, 0, 0],
            ChangeKind::Stopping => [2, 0, 0, 0],
            ChangeKind::Ended(why) => [3, why as u64, 0, 0],
            ChangeKind::CpuMax { quota, period, burst } => [4, quota.0, period.0, burst.0],
            ChangeKind::CpuWeight(weight) => [9, u64::from(weight), 0, 0],
            ChangeKind::Refused(why) => [5, why as u64, 0, 0],
            ChangeKind::OutOfMemory { score, of } => [8, score, of, 0],
            ChangeKind::Booting(label) => [6, u64::from(label), 0, 0],
            ChangeKind::Booted { label, reads, bytes } => [7, u64::from(label), u64::from(reads), bytes],
        }
    }
}

impl Change {
    /// Behind all numbers of processes, containers and virtual machines; the host's own is the last of all.
    pub const GROUPS: u32 = u32::MAX - 1;

    /// As many cgroups can be told from what comes and goes.
    pub const MOST_GROUPS: u32 = 1 << 24;

    /// The number of the cgroup with a name that it is about.
    pub fn group(&self) -> Option<u32> {
        Change::GROUPS.checked_sub(self.node).filter(|id| *id <= Change::MOST_GROUPS)
    }

    /// Its part of the trace's hash.
    pub fn hash_into(&self, hasher: &mut StableHasher) {
        hasher.word(self.at.0);
        hasher.word(u64::from(self.node));
        self.what.code().into_iter().for_each(|word| hasher.word(word));
    }
}
