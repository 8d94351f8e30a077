//! Measuring what the host's mechanisms cost.
//!
//! [`run`] works through a list of families, one file each, every one in a process of its own (the cell), and returns
//! a [`Report`]: for every name a value with its spread, or the reason why there is none. [`Report::profile`] turns it
//! into a cost profile. A name that is a [`Primitive`](crate::costs::Primitive)'s is exactly that primitive: compound times (a round trip, a
//! start) and costs that mean something else here (CPUID in a guest is an exit) have names of their own, in the
//! families' tables.
//!
//! A new measurement is a file in `families/` (its names and units in `GIVES`, what it does in `run`) and one line in
//! [`FAMILIES`]; what it makes must die with its process or be written down first, as cgroups are.
//!
//! Nothing is changed on the host and nothing is left behind; see [`cleanup`](super::cleanup). It needs no root, and
//! uses what root adds.

#[cfg(target_os = "linux")]
mod aio;
mod bench;
#[cfg(target_os = "linux")]
mod cell;
mod derived;
#[cfg(target_os = "linux")]
mod device_reads;
#[cfg(target_os = "linux")]
mod families;
#[cfg(target_os = "linux")]
mod host;
#[cfg(target_os = "linux")]
mod memory_region;
#[cfg(target_os = "linux")]
mod plan;
mod report;
#[cfg(target_os = "linux")]
mod small_file;
#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
mod timing;
#[cfg(target_os = "linux")]
mod why_not;

#[cfg(not(target_os = "linux"))]
use std::sync::atomic::AtomicBool;
use std::time::Duration;
#[cfg(not(target_os = "linux"))]
use std::time::Instant;

use serde::{Deserialize, Serialize};

#[cfg(target_os = "linux")]
pub use bench::Bench;
#[cfg(target_os = "linux")]
pub use device_reads::DeviceReads;
#[cfg(target_os = "linux")]
pub use families::{FAMILIES, Family, install_seccomp, write_file};
#[cfg(target_os = "linux")]
pub use host::{Cpus, began, describe, is_same_computer, no_thread, pin};
#[cfg(target_os = "linux")]
pub use memory_region::{Chance, HUGE, LINE, PAGE, Pages, Region, Walk};
#[cfg(target_os = "linux")]
pub use plan::{run, run_families};
pub use report::{Measured, Measurement, Outcome, Report, Stability};
pub use timing::{Effort, Samples, elapsed_ns, looped, per_iteration, quantile, spread, try_runs};

#[cfg(not(target_os = "linux"))]
use crate::costs::Primitive;

/// How thorough to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    /// Under 10 seconds.
    Quick,
    /// Under 2 minutes.
    Full,
}

impl Plan {
    /// How long and how often to measure one thing.
    pub fn effort(self) -> Effort {
        match self {
            Plan::Quick => Effort { run: Duration::from_micros(500), runs: 21, limit: Duration::from_millis(60) },
            Plan::Full => Effort { run: Duration::from_millis(4), runs: 61, limit: Duration::from_millis(600) },
        }
    }

    /// When measuring ends, counted from the start of the program, whatever was reached.
    pub fn deadline(self) -> Duration {
        match self {
            Plan::Quick => Duration::from_millis(8_800),
            Plan::Full => Duration::from_secs(112),
        }
    }

    /// When the program no longer waits for what it made to be gone, counted likewise.
    pub fn end(self) -> Duration {
        match self {
            Plan::Quick => Duration::from_millis(9_500),
            Plan::Full => Duration::from_secs(118),
        }
    }
}

/// Where a run stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress<'a> {
    /// What is being measured now, for people: "context switch, two processes".
    pub doing: &'a str,
    /// The families that are done.
    pub done: usize,
    /// All families of this run.
    pub of: usize,
}

/// On systems other than Linux nothing is measured, and the report says so for every primitive.
#[cfg(not(target_os = "linux"))]
pub fn run(plan: Plan, _: Instant, _progress: &mut dyn FnMut(Progress), _cancel: &AtomicBool) -> Report {
    let because = format!("the measurements need Linux; this is {}", std::env::consts::OS);
    let missing = |p: &Primitive| Measurement::missing(p.name(), p.unit(), because.clone());
    let measurements = Primitive::ALL.iter().map(missing).collect();
    let host = format!("{} on {}", std::env::consts::OS, std::env::consts::ARCH);
    Report { plan, host, when: String::new(), seconds: 0.0, cancelled: false, in_guest: false, measurements }
}

/// Now: as good as when this program was started.
#[cfg(not(target_os = "linux"))]
pub fn began() -> Instant {
    Instant::now()
}
