//! Control groups: making, entering and removing one, and what a quota of processor time really does.
//!
//! A process that only computes runs in a cgroup that may use 20 ms of every 50 ms. It notes when it stood still: the
//! kernel hands out the quota in slices and takes it back at timer ticks, so a stretch of running is not exactly the
//! quota; the difference is the slack. Left out: several processors sharing one quota, bursts, weights.

use std::time::{Duration, Instant};

use super::super::Plan;
use super::super::bench::Bench;
use super::super::timing::{Samples, elapsed_ns, try_runs};
use crate::costs::Unit;
use crate::probe::sandbox::cgroups::{Cgroup, Place, find};
use crate::probe::sandbox::in_child;

pub const GIVES: &[(&str, Unit)] = &[
    ("cgroup_create", Unit::Ns),
    ("cgroup_enter", Unit::Ns),
    ("cgroup_remove", Unit::Ns),
    ("quota_period", Unit::Ns),
    ("quota_run", Unit::Ns),
    ("quota_slack", Unit::Ns),
    ("quota_stall", Unit::Ns),
];

/// Microseconds.
const QUOTA: u64 = 20_000;
const PERIOD: u64 = 50_000;

pub fn run(bench: &mut Bench) -> Result<(), String> {
    match find(false) {
        Ok(place) => lives(bench, &place)?,
        Err(because) => {
            GIVES[..3].iter().for_each(|(name, unit)| bench.missing(name, *unit, because.clone()));
        }
    }
    bench.doing("a quota of processor time");
    let place = find(true)?;
    throttled(bench, &place)
}

fn lives(bench: &mut Bench, place: &Place) -> Result<(), String> {
    let scratch = bench.scratch()?;
    let (mut enters, mut removes) = (Vec::new(), Vec::new());
    let creates = try_runs(&bench.effort(), || {
        let cgroup = Cgroup::new(place, scratch, "life")?;
        let created = cgroup.took.as_nanos() as f64;
        enters.push(in_child(|| {
            let start = Instant::now();
            cgroup.enter().map(|()| elapsed_ns(start)).map_err(|e| format!("entering a cgroup: {e}"))
        })?);
        let start = Instant::now();
        drop(cgroup);
        removes.push(elapsed_ns(start));
        Ok::<f64, String>(created)
    })?;
    let place = format!("in {}, version {:?}", place.folder.display(), place.version);
    bench.put_ns("cgroup_create", &creates, format!("mkdir of a cgroup {place}"));
    let call = bench.known("system_call").unwrap_or(0.0);
    bench.put_ns("cgroup_enter", &Samples::of_runs(enters).minus(call), "a process moves itself into an empty cgroup");
    bench.put_ns("cgroup_remove", &Samples::of_runs(removes), "rmdir of a cgroup whose last process has just ended");
    Ok(())
}

fn throttled(bench: &mut Bench, place: &Place) -> Result<(), String> {
    let cgroup = Cgroup::new(place, bench.scratch()?, "quota")?;
    cgroup.limit_cpu(QUOTA, PERIOD).map_err(|e| format!("limiting a cgroup's processor time: {e}"))?;
    let long = Duration::from_millis(if bench.plan == Plan::Quick { 520 } else { 6_000 });
    // Pairs: running, then standing still, in nanoseconds.
    let stretches: Vec<(f64, f64)> = in_child(|| {
        cgroup.enter().map_err(|e| format!("entering a cgroup: {e}"))?;
        Ok(compute(long))
    })?;
    drop(cgroup);
    // The first began in the middle of a period.
    let whole = stretches.get(1..).unwrap_or_default();
    if whole.len() < 3 {
        return Err("a process in a cgroup with a quota was hardly ever held: the quota has no effect here".to_owned());
    }
    let of = |f: fn(&(f64, f64)) -> f64| Samples::of_events(whole.iter().map(f).collect());
    let rule = "a process that only computes, with a quota of 20 ms in 50 ms:";
    bench.put_ns("quota_period", &of(|&(run, stall)| run + stall), format!("{rule} from one start to the next"));
    bench.put_ns("quota_run", &of(|&(run, _)| run), format!("{rule} how long it runs at a stretch"));
    bench.put_ns("quota_stall", &of(|&(_, stall)| stall), format!("{rule} how long it stands still"));
    let slack = of(|&(run, _)| (run - QUOTA as f64 * 1000.0).abs());
    bench.put_ns("quota_slack", &slack, format!("{rule} by how much a stretch differs from the quota"));
    Ok(())
}

/// Computes for `long` and notes the stretches of running and of standing still. A stall is longer than half of what
/// the quota leaves of the period; shorter gaps are other processes' turns.
fn compute(long: Duration) -> Vec<(f64, f64)> {
    let stall = Duration::from_micros((PERIOD - QUOTA) / 2);
    let begin = Instant::now();
    let (mut since, mut last, mut stretches) = (begin, begin, Vec::new());
    while last.duration_since(begin) < long {
        let now = Instant::now();
        if now.duration_since(last) > stall {
            stretches.push((last.duration_since(since).as_nanos() as f64, now.duration_since(last).as_nanos() as f64));
            since = now;
        }
        last = now;
    }
    stretches
}
