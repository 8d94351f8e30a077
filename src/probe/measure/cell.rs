//! Each family of measurements runs in a process of its own: the cell.
//!
//! A cell changes what is its own (its CPU, its namespaces, its seccomp filters) and can crash, hang or be cancelled
//! without any of it reaching the program that asked. It reports over a pipe, one line of JSON for each measurement
//! and each change of what is being measured. When the time is up or someone cancels, the cell and all that it
//! started are killed.

use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Signal, kill_process_group, setpgid};
use serde::{Deserialize, Serialize};

use super::host::Cpus;
use super::report::{Measured, Measurement, Outcome};
use super::timing::{Effort, Rest, Samples};
use super::{Family, Plan};
use crate::costs::Unit;
use crate::probe::cleanup::Scratch;
use crate::probe::sandbox::{Child, Exit, pipe, write_all};

/// What a cell says.
#[derive(Serialize, Deserialize)]
enum Line {
    Doing(String),
    Got(Measurement),
    Failed(String),
}

/// What a family of measurements works with.
pub struct Bench<'a> {
    /// How thorough to be.
    pub plan: Plan,
    /// Where to run.
    pub cpus: Cpus,
    known: &'a BTreeMap<String, f64>,
    scratch: Option<&'a Scratch>,
    put: BTreeMap<String, f64>,
    told: BTreeSet<String>,
    out: OwnedFd,
}

impl Bench<'_> {
    /// How long and how often to measure one thing.
    pub fn effort(&self) -> Effort {
        self.plan.effort()
    }

    /// Says what is being measured now.
    pub fn doing(&mut self, what: &str) {
        self.say(&Line::Doing(what.to_owned()));
    }

    /// Reports the samples as the cost of `name`; as not measured if nothing was left after subtracting.
    pub fn put(&mut self, name: &str, unit: Unit, samples: &Samples, method: impl Into<String>) {
        self.tell(name, unit, samples, method.into(), None);
    }

    /// As [`Bench::put`], for what is computed from several measurements, by this formula.
    pub fn put_derived(&mut self, name: &str, unit: Unit, samples: &Samples, method: &str, formula: String) {
        self.tell(name, unit, samples, method.to_owned(), Some(formula));
    }

    /// Reports the nanoseconds that known parts leave of a whole, or why there are none.
    pub fn put_rest(&mut self, name: &str, rest: Result<Rest, String>, method: &str) {
        match rest {
            Ok(rest) => self.put_derived(name, Unit::Ns, &rest.samples, method, rest.formula),
            Err(because) => self.missing(name, Unit::Ns, because),
        }
    }

    fn tell(&mut self, name: &str, unit: Unit, samples: &Samples, method: String, formula: Option<String>) {
        let value = samples.median();
        if samples.is_empty() || !value.is_finite() {
            return self.missing(name, unit, "no run succeeded");
        }
        if value <= 0.0 {
            return self.missing(
                name,
                unit,
                "smaller than the noise of what had to be subtracted; measure on an idle machine",
            );
        }
        self.put.insert(name.to_owned(), value);
        self.told.insert(name.to_owned());
        let measured = Measured {
            value,
            spread: samples.spread(),
            runs: u32::try_from(samples.len()).unwrap_or(u32::MAX),
            method,
            formula,
            stability: samples.stability(),
        };
        self.say(&Line::Got(Measurement { primitive: name.to_owned(), unit, outcome: Outcome::Measured(measured) }));
    }

    /// Reports nanoseconds.
    pub fn put_ns(&mut self, name: &str, samples: &Samples, method: impl Into<String>) {
        self.put(name, Unit::Ns, samples, method);
    }

    /// Reports why `name` has no value.
    pub fn missing(&mut self, name: &str, unit: Unit, because: impl Into<String>) {
        self.told.insert(name.to_owned());
        self.say(&Line::Got(Measurement::missing(name, unit, because)));
    }

    /// Reports why whatever of `names` has no value yet has none.
    pub fn missing_rest(&mut self, names: &[(&str, Unit)], because: &str) {
        for &(name, unit) in names {
            if !self.told.contains(name) {
                self.missing(name, unit, because);
            }
        }
    }

    /// Nanoseconds, or why there are none.
    pub fn put_or_missing(&mut self, name: &str, samples: Result<Samples, String>, method: impl Into<String>) {
        match samples {
            Ok(samples) => self.put_ns(name, &samples, method),
            Err(because) => self.missing(name, Unit::Ns, because),
        }
    }

    /// What was measured before, here or in an earlier family; `None` if it could not be.
    pub fn known(&self, name: &str) -> Option<f64> {
        self.put.get(name).or_else(|| self.known.get(name)).copied()
    }

    /// What was measured before, to be subtracted.
    ///
    /// # Errors
    /// It was not, so that the caller can't measure either.
    pub fn needed(&self, name: &str) -> Result<f64, String> {
        self.known(name).ok_or_else(|| format!("\"{name}\" has to be subtracted and was not measured"))
    }

    /// `rest` less what was measured as `name`.
    ///
    /// # Errors
    /// It was not, so that the caller can't measure either.
    pub fn less(&self, rest: Rest, name: &str) -> Result<Rest, String> {
        self.less_many(rest, 1.0, name)
    }

    /// `rest` less so many times what was measured as `name`.
    ///
    /// # Errors
    /// As [`Bench::less`].
    pub fn less_many(&self, rest: Rest, times: f64, name: &str) -> Result<Rest, String> {
        let rounded = (times * 10.0).round() / 10.0;
        let part = if times == 1.0 { format!("\"{name}\"") } else { format!("{rounded} x \"{name}\"") };
        Ok(rest.less(&part, times * self.needed(name)?))
    }

    /// The probe's own folder.
    ///
    /// # Errors
    /// There is none.
    pub fn scratch(&self) -> Result<&Scratch, String> {
        self.scratch.ok_or_else(|| "no folder can be written; set TMPDIR to one that can".to_owned())
    }

    /// Where files may be made.
    ///
    /// # Errors
    /// Nowhere.
    pub fn folder(&self) -> Result<&Path, String> {
        self.scratch().map(Scratch::path)
    }

    fn say(&self, line: &Line) {
        let mut text = serde_json::to_vec(line).unwrap_or_default();
        text.push(b'\n');
        // If nobody reads any more, the reader has killed this cell or is about to.
        let _ = write_all(&self.out, &text);
    }
}

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
    let mut bench = Bench { plan, cpus, known, scratch, put: BTreeMap::new(), told: BTreeSet::new(), out };
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
