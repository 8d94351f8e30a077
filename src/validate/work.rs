//! The works: what is done, in which unit it is told, and how much of it.

use serde::{Deserialize, Serialize};

use super::Statistic;

/// What a workload's values count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Nanoseconds for one.
    Ns,
    /// How many a second.
    PerSecond,
}

/// In what a program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A plain process.
    Process,
    /// Namespaces of its own and one seccomp filter, for real also a cgroup where the user has one.
    Container,
}

/// Which way a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// The loopback device.
    Loopback,
    /// From a container's network namespace to a further one: a veth pair to a bridge, in whose namespace packets are
    /// routed and their address is translated, and another veth pair.
    Translated,
}

/// What a guest does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuestWork {
    /// Numbers scrambled, multiplied, and added up one of two ways as they come.
    Compute,
    /// An exit and a little work. Where the hardware runs the guest, CPUID and 500 cycles. Where it is interpreted, and
    /// CPUID is an instruction among others, an OUT, which leaves for the program below, and five instructions.
    Exits,
    /// Dependent random loads over [`WALK_BYTES`].
    Walk,
}

/// What this program is like where it works: counted on this host, never timed. A simulation begins with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// What it does in [`Work::ForkExec`].
    pub fork_exec: Forks,
    /// What it does in [`Work::ContainerStart`].
    pub container: Forks,
    /// Containers are an ordinary user's here, in a user namespace.
    pub rootless: bool,
    /// They get a cgroup.
    pub cgroup: bool,
}

/// What is copied by the forks of a work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forks {
    /// Pages of memory that who forks has of its own.
    pub pages: u64,
    /// Pages that who forks and its children write to, or look at for the first time, until the program is executed: the
    /// faults that the kernel counts.
    pub faults: u64,
}

impl Default for Facts {
    fn default() -> Self {
        let small = Forks { pages: 100, faults: 8 };
        Facts { fork_exec: small, container: Forks { faults: 30, ..small }, rootless: false, cgroup: true }
    }
}

/// One work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// [`ROUND_CYCLES`] cycles of arithmetic and two system calls that do next to nothing.
    Calls(Place),
    /// A byte to another process through a pipe, and one back.
    #[allow(missing_docs)]
    PingPong { place: Place, across: bool },
    /// By how much a sleep of a millisecond is too long.
    Late,
    /// Chunks of [`CHUNK_CYCLES`] a second, under a quota of so many per cent.
    Throughput(u64),
    /// A chunk of three times as many cycles, a short sleep, and again, from end to end, under a quota of so many per
    /// cent.
    Periodic(u64),
    /// Reads of [`READ_BYTES`] of a file in the page cache, by so many threads at once.
    CachedReads(u16),
    /// Reads of [`READ_BYTES`] at random places, past the page cache, so many at once.
    DirectReads(u16),
    /// Dependent random loads over [`WALK_BYTES`].
    Walk,
    /// A byte over TCP to a process on another core, and one back.
    RoundTrip(Route),
    /// A small static program started and waited for.
    ForkExec,
    /// From nothing to the first instruction in a container.
    ContainerStart,
    /// From nothing to the first exit of a virtual machine.
    VmStart,
    /// In a virtual machine.
    Guest(GuestWork),
}

/// Cycles of arithmetic between the system calls of [`Work::Calls`].
pub const ROUND_CYCLES: u64 = 600;
/// Cycles of a chunk of work: about a millisecond.
pub const CHUNK_CYCLES: u64 = 3_000_000;
/// Nanoseconds that [`Work::Periodic`] sleeps between its chunks: it asks for nine tenths of a processor.
pub const PERIODIC_SLEEP: u64 = 250_000;
/// Nanoseconds of a quota's period.
pub const PERIOD: u64 = 100_000_000;
/// Bytes of a read.
pub const READ_BYTES: usize = 16 << 10;
/// Nanoseconds for which direct reads go on.
pub const DIRECT_TIME: u64 = 700_000_000;
/// Nanoseconds of the windows in which they are counted.
pub const DIRECT_WINDOW: u64 = 50_000_000;
/// The same of cached reads. There are so many of them that less time can be simulated; the windows are shorter for it.
pub const CACHED_WINDOW: u64 = 10_000_000;
/// Bytes that a walk goes over.
pub const WALK_BYTES: usize = 24 << 20;

impl Work {
    /// All of them, in the order of the table.
    pub fn all() -> Vec<Work> {
        use Place::{Container, Process};
        let mut all = vec![
            Work::Calls(Process),
            Work::Calls(Container),
            Work::PingPong { place: Process, across: false },
            Work::PingPong { place: Container, across: false },
            Work::PingPong { place: Process, across: true },
            Work::Late,
        ];
        all.extend([20, 50, 80].into_iter().flat_map(|percent| [Work::Throughput(percent), Work::Periodic(percent)]));
        all.extend([1, 2, 4, 8].map(Work::CachedReads));
        all.extend([1, 2, 4, 8].map(Work::DirectReads));
        all.push(Work::Walk);
        all.extend([Route::Loopback, Route::Translated].map(Work::RoundTrip));
        all.extend([Work::ForkExec, Work::ContainerStart, Work::VmStart]);
        all.extend([GuestWork::Compute, GuestWork::Exits, GuestWork::Walk].map(Work::Guest));
        all
    }

    /// The works whose name is `text`, else those whose names have it in them, whatever the case of its letters.
    pub fn called(text: &str) -> Vec<Work> {
        let all = Work::all();
        let exactly: Vec<Work> = all.iter().copied().filter(|work| work.name() == text).collect();
        if !exactly.is_empty() {
            return exactly;
        }
        let text = text.to_lowercase();
        all.into_iter().filter(|work| work.name().to_lowercase().contains(&text)).collect()
    }

    /// What it is, for people.
    pub fn name(self) -> String {
        let place = |place| if place == Place::Process { "process" } else { "container" };
        match self {
            Work::Calls(at) => format!("system calls and arithmetic, {}", place(at)),
            Work::PingPong { place: at, across } => {
                format!("ping-pong through pipes, {}, {}", place(at), if across { "two cores" } else { "one core" })
            }
            Work::Late => "sleep of 1 ms: how late".to_owned(),
            Work::Throughput(percent) => format!("quota {percent} %: chunks of 3 million cycles"),
            Work::Periodic(percent) => format!("quota {percent} %: a periodic task's 99th percentile"),
            Work::CachedReads(depth) => format!("cached reads of 16 KiB, depth {depth}"),
            Work::DirectReads(depth) => format!("direct reads of 16 KiB, depth {depth}"),
            Work::Walk => "random loads over 24 MiB".to_owned(),
            Work::RoundTrip(Route::Loopback) => "TCP round trip, loopback, two cores".to_owned(),
            Work::RoundTrip(Route::Translated) => "TCP round trip, veth, bridge and NAT, two cores".to_owned(),
            Work::ForkExec => "fork, exec and wait".to_owned(),
            Work::ContainerStart => "container start".to_owned(),
            Work::VmStart => "VM creation to first exit".to_owned(),
            Work::Guest(GuestWork::Compute) => "guest: arithmetic with branches".to_owned(),
            Work::Guest(GuestWork::Exits) => "guest: exits and a little work".to_owned(),
            Work::Guest(GuestWork::Walk) => "guest: random loads over 24 MiB".to_owned(),
        }
    }

    /// The unit of its values.
    pub fn unit(self) -> Unit {
        match self {
            Work::Throughput(_) | Work::CachedReads(_) | Work::DirectReads(_) => Unit::PerSecond,
            _ => Unit::Ns,
        }
    }

    /// The statistic that is compared.
    pub fn statistic(self) -> Statistic {
        match self {
            Work::Throughput(_) | Work::CachedReads(_) | Work::DirectReads(_) => Statistic::Mean,
            Work::Periodic(_) => Statistic::P99,
            _ => Statistic::Median,
        }
    }
}
