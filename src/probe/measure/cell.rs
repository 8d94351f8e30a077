//! Each family of measurements runs in a process of its own: the cell.
//!
//! A cell changes what is its own (its CPU, its namespaces, its seccomp filters) and can crash, hang or be cancelled
//! without any of it reaching the program that asked. It reports over a pipe, one line of JSON for each measurement
//! and each change of what is being measured. When the time is up or someone cancels, the cell and all that it
//! started are killed.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Signal, kill_process_group, setpgid};

use super::bench::{Bench, Line};
use super::host::Cpus;
use super::report::Measurement;
use super::{Family, Plan};
use crate::probe::cleanup::Scratch;
use crate::probe::sandbox::{Child, Exit, pipe};

/// What a cell may use.
pub struct Allowance<'a> {
    pub plan: Plan,
    pub cpus: Cpus,
    pub known: &'a BTreeMap<String, f64>,
    pub scratch: Option<&'a Scratch>,
    /// When it is killed.
    pub until: Instant,
}

/// What the one who waits for a cell is told and asked.
pub trait Watch {
    /// Something else is being measured.
    fn doing(&mut self, what: &str);
    /// Here is a measurement.
    fn got(&mut self, measurement: Measurement);
    /// Whether to stop; asked about every 20 ms.
    fn cancelled(&self) -> bool;
}

/// How often [`Watch::cancelled`] is asked.
const PATIENCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };

/// Runs one family to its end, and says why it ended early if it did.
pub fn run(family: &Family, allowance: &Allowance, watch: &mut dyn Watch) -> Result<(), String> {
    let (read, write) = pipe().map_err(|e| format!("making a pipe: {e}"))?;
    let child = Child::spawn(|| work(family, allowance, &write)).map_err(|e| format!("forking: {e}"))?;
    drop(write);
    // Both sides set the group, so that it is there whichever comes first; the later one fails harmlessly.
    let _ = setpgid(Some(child.pid()), None);
    // Everything the cell started is in its group; if the group is empty, there is nothing to kill.
    let group = child.pid();
    let failure = match listen(&read, allowance, watch) {
        Ok(failure) => failure,
        Err(why) => {
            let _ = kill_process_group(group, Signal::KILL);
            child.killed(TO_DIE);
            return Err(why);
        }
    };
    match (failure, child.wait()) {
        (Some(failure), _) => Err(failure),
        (None, Ok(Exit::Code(0))) => Ok(()),
        (None, Ok(Exit::Code(code))) => Err(format!("its process ended with code {code}")),
        (None, Ok(Exit::Signal(signal))) => Err(format!("its process was ended by signal {signal}")),
        (None, Err(error)) => Err(format!("waiting for its process: {error}")),
    }
}

/// How long a killed cell is waited for. One that waits for a slow disk takes longer, and is left to die alone.
const TO_DIE: Duration = Duration::from_millis(300);

/// Why something had no time; with what gives it more, if anything does.
pub fn out_of_time(why: &str, plan: Plan) -> String {
    match plan {
        Plan::Quick => format!("{why}; --full allows more"),
        Plan::Full => format!("{why}; measure again on an idle computer"),
    }
}

/// The cell's side.
fn work(family: &Family, allowance: &Allowance, write: &OwnedFd) -> i32 {
    let _ = setpgid(None, None);
    let Ok(out) = write.as_fd().try_clone_to_owned() else { return 1 };
    let Allowance { plan, cpus, known, scratch, .. } = *allowance;
    let mut bench = Bench::new(plan, cpus, known, scratch, out);
    let pinned = cpus.pin_main();
    let result =
        pinned.map_err(|e| format!("pinning to CPU {}: {e}", cpus.main)).and_then(|()| (family.run)(&mut bench));
    if let Err(because) = result {
        bench.say(&Line::Failed(because));
    }
    0
}

/// Reads lines until the cell is done. `Ok(Some)` is the failure that it reported itself.
fn listen(read: &OwnedFd, allowance: &Allowance, watch: &mut dyn Watch) -> Result<Option<String>, String> {
    let mut pending = Vec::new();
    let mut failure = None;
    loop {
        if watch.cancelled() {
            return Err("cancelled".to_owned());
        }
        if Instant::now() >= allowance.until {
            return Err(out_of_time("it took longer than its share of the time", allowance.plan));
        }
        let mut fds = [PollFd::new(read, PollFlags::IN)];
        match poll(&mut fds, Some(&PATIENCE)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => continue,
            Ok(_) => {}
            Err(error) => return Err(format!("waiting for its process: {error}")),
        }
        let mut buffer = [0; 8192];
        let taken = match rustix::io::read(read, &mut buffer) {
            Ok(0) => return Ok(failure),
            Ok(taken) => taken,
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(format!("reading from its process: {error}")),
        };
        pending.extend_from_slice(&buffer[..taken]);
        while let Some(end) = pending.iter().position(|&b| b == b'\n') {
            let line: Vec<u8> = pending.drain(..=end).collect();
            match serde_json::from_slice(&line).map_err(|e| format!("its process said nothing readable: {e}"))? {
                Line::Doing(what) => watch.doing(&what),
                Line::Got(measurement) => watch.got(measurement),
                Line::Failed(because) => failure = Some(because),
            }
        }
    }
}

/// How long a cell may take at most.
pub fn share(family: &Family, plan: Plan) -> Duration {
    match plan {
        Plan::Quick => family.quick,
        Plan::Full => family.full,
    }
}
