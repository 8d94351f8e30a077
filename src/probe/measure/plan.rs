//! The run as a whole: families in order, within their time, with progress, to a report.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::cell::{self, Allowance, Watch};
use super::families::{FAMILIES, Family};
use super::host::{self, Cpus};
use super::report::{Measurement, Report};
use super::why_not::why_not;
use super::{Plan, Progress};
use crate::costs::Primitive;
use crate::probe::cleanup::Scratch;

/// Measures everything that `plan` has time for.
///
/// The plan's time counts from `began`: when the program was started, which has read about the host and swept up before
/// it measures. `progress` is called whenever something else is being measured. When `cancel` becomes true, the run ends within
/// about 20 ms and the report has what was measured so far. The calling thread must live until the end: the measuring
/// processes die with it. Best run in a small process: what `fork` costs depends on the size of the one that forks.
pub fn run(plan: Plan, began: Instant, progress: &mut dyn FnMut(Progress), cancel: &AtomicBool) -> Report {
    run_families(plan, began, FAMILIES, progress, cancel)
}

/// As [`run`], with only some of [`FAMILIES`]; what a family subtracts must be measured by one before it.
pub fn run_families(
    plan: Plan,
    began: Instant,
    families: &[Family],
    progress: &mut dyn FnMut(Progress),
    cancel: &AtomicBool,
) -> Report {
    let start = Instant::now();
    let end = began + plan.deadline();
    let scratch = Scratch::new().map_err(|error| tracing::warn!("{error}")).ok();
    let cpus = Cpus::choose();
    let mut run = Run { measurements: Vec::new(), progress, cancel, done: 0, of: families.len() };
    for family in families {
        let known = run.known();
        let until = end.min(Instant::now() + cell::share(family, plan));
        let allowance = Allowance { plan, cpus, known: &known, scratch: scratch.as_ref(), until };
        run.doing(family.title);
        let result = if run.cancelled() {
            Err("cancelled".to_owned())
        } else if Instant::now() >= end {
            Err(cell::out_of_time("the time of this plan was used up before", plan))
        } else {
            cell::run(family, &allowance, &mut run)
        };
        run.complete(family, result);
    }
    run.add_the_unmeasurable();
    if let Some(scratch) = scratch {
        // Even a late end is given a moment: nearly always that is enough.
        scratch.end_by((began + plan.end()).max(Instant::now() + LEAST_END));
    }
    Report {
        plan,
        host: host::describe(),
        when: host::today(),
        seconds: start.elapsed().as_secs_f64(),
        cancelled: cancel.load(Ordering::Relaxed),
        in_guest: host::hypervisor().is_some(),
        measurements: run.measurements,
    }
}

/// How long an end that is late waits at most for cgroups to become empty.
const LEAST_END: Duration = Duration::from_millis(100);

struct Run<'a> {
    measurements: Vec<Measurement>,
    progress: &'a mut dyn FnMut(Progress),
    cancel: &'a AtomicBool,
    done: usize,
    of: usize,
}

impl Run<'_> {
    fn known(&self) -> BTreeMap<String, f64> {
        self.measurements.iter().filter_map(|m| Some((m.primitive.clone(), m.measured()?.value))).collect()
    }

    fn has(&self) -> BTreeSet<&str> {
        self.measurements.iter().map(|m| m.primitive.as_str()).collect()
    }

    /// Whatever the family promised and did not report gets the reason why.
    fn complete(&mut self, family: &Family, result: Result<(), String>) {
        let because = result.err().unwrap_or_else(|| "it does not apply on this system".to_owned());
        let has = self.has();
        let left: Vec<_> = family.gives.iter().filter(|(name, _)| !has.contains(name)).collect();
        let left = left.into_iter().map(|&(name, unit)| Measurement::missing(name, unit, because.clone()));
        self.measurements.extend(left.collect::<Vec<_>>());
        self.done += 1;
    }

    fn add_the_unmeasurable(&mut self) {
        let has = self.has();
        let left: Vec<_> = Primitive::ALL.iter().filter(|p| !has.contains(p.name())).collect();
        self.measurements.extend(left.into_iter().map(|&p| Measurement::missing(p.name(), p.unit(), why_not(p))));
    }
}

impl Watch for Run<'_> {
    fn doing(&mut self, what: &str) {
        (self.progress)(Progress { doing: what, done: self.done, of: self.of });
    }

    fn got(&mut self, measurement: Measurement) {
        self.measurements.push(measurement);
    }

    fn cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }
}
