//! How far the simulation is from this computer: the same work simulated and really done.
//!
//! Each [`Work`] is described once. `real` does it on this host, in a process, a container or a virtual machine of its
//! own; `predict` simulates it with the costs that the probe measured. The two know nothing of each other's numbers,
//! and no work is one of the probe's own measurements: those feed the profile. What the simulated machine has no
//! mechanism for is measured all the same and reported as not predicted, with the mechanism that is missing.
//!
//! This room knows the probe's tools and the simulated machine; they still meet in a cost profile alone.

mod figure;
mod predict;
#[cfg(target_os = "linux")]
mod real;
mod work;

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Instant;

use serde::{Deserialize, Serialize};

pub use figure::{Figure, Statistic, Told};
pub use predict::Ground;
pub use work::{Facts, Forks, GuestWork, Place, Route, Unit, Work};

use crate::costs::{Profile, Quantiles};
use crate::probe::measure::quantile;

/// The most samples of a work that a report keeps of each side.
pub const MOST_SAMPLES: usize = 200;

/// The median error that a validation may have.
pub const TOLERANCE: f64 = 0.15;

/// The table: every work, predicted and measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Processor, processors, kernel, hypervisor.
    pub host: String,
    /// The cost profile's id and what it says of its machine.
    pub costs: String,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// Someone stopped it before the end.
    pub cancelled: bool,
    /// The share of this computer's processors that other programs used meanwhile, where it is known. Much of it makes
    /// what was measured unfair to the prediction, which has the machine to itself.
    pub others: Option<f64>,
    /// The median of the errors' sizes; none where nothing could be compared.
    pub median_error: Option<f64>,
    /// Whether that is at most [`TOLERANCE`].
    pub passed: bool,
    /// One entry a work.
    pub workloads: Vec<Workload>,
}

/// One work, predicted and measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Workload {
    /// What is done.
    pub name: String,
    /// What the values count.
    pub unit: Unit,
    /// Which statistic of the samples the values are.
    pub statistic: Statistic,
    /// By the simulation.
    pub predicted: Option<f64>,
    /// On this host.
    pub measured: Option<f64>,
    /// Predicted over measured, less one: +0.1 is a tenth too much.
    pub error: Option<f64>,
    /// How the simulated samples vary.
    pub spread_predicted: Option<Quantiles>,
    /// How the measured samples vary.
    pub spread_measured: Option<Quantiles>,
    /// What was simulated, at most [`MOST_SAMPLES`] that are distributed as all are, rising.
    pub samples_predicted: Vec<f64>,
    /// What was measured, likewise.
    pub samples_measured: Vec<f64>,
    /// Why there is no prediction.
    pub not_predicted: Option<String>,
    /// Why it could not be done here.
    pub not_measured: Option<String>,
}

/// Where a validation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress<'a> {
    /// What is being done now.
    pub doing: &'a str,
    /// The works that are done.
    pub done: usize,
    /// All of them.
    pub of: usize,
}

/// Does `works`, really and simulated with `profile`.
///
/// `in_guest` says that this computer is a virtual machine: the simulated one then stands in one too, so that what this
/// kernel hands to the layer below is an exit there as here. When `cancel` becomes true, the work under way is broken
/// off, done or simulated, and left out of the report.
/// The calling thread must live until the end: the processes that work die with it.
pub fn run(
    profile: &Profile,
    works: &[Work],
    in_guest: bool,
    progress: &mut dyn FnMut(Progress),
    cancel: &AtomicBool,
) -> Report {
    let start = Instant::now();
    let mut before = Load::now();
    let host = Host::new(cancel);
    let (interpreted, facts) = (host.interprets_guests(), host.facts(works));
    let native = !interpreted && works.contains(&Work::Guest(GuestWork::Compute));
    let arithmetic = if native { host.native_arithmetic() } else { Err("no work asked for it".to_owned()) };
    let (costs, cores) = (profile.table(), cores());
    let ground = Ground { costs, in_guest, cores, interpreted, arithmetic, facts, stop: cancel };
    let mut workloads = Vec::new();
    for work in works {
        if cancel.load(Relaxed) {
            break;
        }
        let name = work.name();
        progress(Progress { doing: &name, done: workloads.len(), of: works.len() });
        let told = |samples: Vec<f64>| Told::of(&samples, work.statistic());
        let measured = host.measure(*work).map(told);
        let predicted = host.apart(|| ground.predict(*work).map(told));
        if cancel.load(Relaxed) {
            // What was broken off has too few samples to be told.
            break;
        }
        workloads.push(workload(*work, name, measured, predicted));
    }
    let mut sizes: Vec<f64> = workloads.iter().filter_map(|w| w.error).map(f64::abs).collect();
    sizes.sort_by(f64::total_cmp);
    let median_error = quantile(&sizes, 0.5);
    let cancelled = cancel.load(Relaxed);
    Report {
        host: host.describe(),
        costs: format!("{} ({})", profile.id, profile.machine),
        seconds: start.elapsed().as_secs_f64(),
        cancelled,
        others: before.as_mut().and_then(|before| before.others_since()),
        median_error,
        passed: median_error.is_some_and(|error| error <= TOLERANCE) && !cancelled,
        workloads,
    }
}

/// How many cores the simulated machine has: as many as this one has processors, where a work can tell the difference.
/// Two of them at least, for works that pass something from one to another.
fn cores() -> u16 {
    const MOST_THREADS: usize = 8;
    let here = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    here.clamp(2, MOST_THREADS) as u16
}

fn workload(work: Work, name: String, measured: Result<Told, String>, predicted: Result<Told, String>) -> Workload {
    let figure = |told: &Result<Told, String>| told.as_ref().ok().and_then(|told| told.figure);
    let (real, simulated) = (figure(&measured), figure(&predicted));
    let error = |p: Figure, m: Figure| (m.value > 0.0).then(|| p.value / m.value - 1.0);
    let why = |figure: Option<Figure>, told: &Result<Told, String>| match (figure, told) {
        (Some(_), _) => None,
        (None, Err(why)) => Some(why.clone()),
        (None, Ok(_)) => Some("it gave no sample".to_owned()),
    };
    Workload {
        name,
        unit: work.unit(),
        statistic: work.statistic(),
        predicted: simulated.map(|f| f.value),
        measured: real.map(|f| f.value),
        error: simulated.zip(real).and_then(|(p, m)| error(p, m)),
        spread_predicted: simulated.map(|f| f.spread),
        spread_measured: real.map(|f| f.spread),
        not_predicted: why(simulated, &predicted),
        not_measured: why(real, &measured),
        samples_predicted: predicted.map_or(Vec::new(), |told| told.samples),
        samples_measured: measured.map_or(Vec::new(), |told| told.samples),
    }
}

#[cfg(target_os = "linux")]
use real::{Host, Load};

/// Where nothing can be really done.
#[cfg(not(target_os = "linux"))]
struct Host;

#[cfg(not(target_os = "linux"))]
impl Host {
    fn new(_: &AtomicBool) -> Host {
        Host
    }
    fn describe(&self) -> String {
        format!("{} on {}", std::env::consts::OS, std::env::consts::ARCH)
    }
    fn measure(&self, _: Work) -> Result<Vec<f64>, String> {
        Err(format!("the works need Linux; this is {}", std::env::consts::OS))
    }
    fn apart<T>(&self, body: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
        body()
    }
    fn interprets_guests(&self) -> bool {
        false
    }
    fn native_arithmetic(&self) -> Result<f64, String> {
        Err(format!("the works need Linux; this is {}", std::env::consts::OS))
    }
    fn facts(&self, _: &[Work]) -> Facts {
        Facts::default()
    }
}

#[cfg(not(target_os = "linux"))]
struct Load;

#[cfg(not(target_os = "linux"))]
impl Load {
    fn now() -> Option<Load> {
        None
    }
    fn others_since(&mut self) -> Option<f64> {
        None
    }
}
