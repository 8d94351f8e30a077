//! What a family of measurements works with: it says what it does, reports what came out, and asks what is known.
//!
//! It writes to a pipe, one line of JSON for each measurement and each change of what is being measured; the cell's
//! other side reads them.

use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::OwnedFd;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Plan;
use super::host::Cpus;
use super::report::{Measured, Measurement, Outcome};
use super::timing::{Effort, Rest, Samples};
use crate::costs::Unit;
use crate::probe::cleanup::Scratch;
use crate::probe::sandbox::write_all;

/// What a cell says.
#[derive(Serialize, Deserialize)]
pub enum Line {
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

impl<'a> Bench<'a> {
    /// One that writes to `out`.
    pub(super) fn new(
        plan: Plan,
        cpus: Cpus,
        known: &'a BTreeMap<String, f64>,
        scratch: Option<&'a Scratch>,
        out: OwnedFd,
    ) -> Bench<'a> {
        Bench { plan, cpus, known, scratch, put: BTreeMap::new(), told: BTreeSet::new(), out }
    }

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

    pub(super) fn say(&self, line: &Line) {
        let mut text = serde_json::to_vec(line).unwrap_or_default();
        text.push(b'\n');
        // If nobody reads any more, the reader has killed this cell or is about to.
        let _ = write_all(&self.out, &text);
    }
}
