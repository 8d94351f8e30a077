//! What was measured, as plain data: the part of the report that text, JSON, the app and cost profiles are made from.

use serde::{Deserialize, Serialize};

use super::Plan;
use crate::costs::{Primitive, Profile, Provenance, Quantiles, Unit};

/// Everything one run of the measurements found out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// How thorough it was.
    pub plan: Plan,
    /// Processor, number of processors, kernel: what a reader needs to judge the numbers.
    pub host: String,
    /// The day (UTC), as `2026-11-23`.
    pub when: String,
    /// How long the whole run took, in seconds.
    pub seconds: f64,
    /// Someone stopped it before the end; what was not reached says so.
    pub cancelled: bool,
    /// The computer is itself a virtual machine: its kernel's costs hold exits to the layer below.
    #[serde(default)]
    pub in_guest: bool,
    /// One entry a name, in the order of measuring; the primitives that can't be measured come last, with the reason.
    pub measurements: Vec<Measurement>,
}

/// One name: a value, or why there is none.
///
/// In JSON it is one flat object with `primitive, value, unit, spread, runs, method, stable, not_measured`; without a
/// value, `value`, `spread` and `stable` are null and `not_measured` is the reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "Flat", try_from = "Flat")]
pub struct Measurement {
    /// A [`Primitive::name`] where the number is exactly that primitive, else a name of its own.
    pub primitive: String,
    /// What the value counts.
    pub unit: Unit,
    /// The value, or why there is none.
    pub outcome: Outcome,
}

/// How a measurement ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// There is a number.
    Measured(Measured),
    /// There is none.
    NotMeasured {
        /// Why, and what would make it possible.
        because: String,
    },
}

/// A number and how it came about.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// The median over the runs.
    pub value: f64,
    /// How the runs varied; for latencies measured one by one, how the events varied.
    pub spread: Quantiles,
    /// The number of runs (or events).
    pub runs: u32,
    /// What was done, what was subtracted.
    pub method: String,
    /// Whether the runs agree well enough to be believed.
    pub stability: Stability,
}

/// Whether a measurement's runs agree with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stability {
    /// They do.
    Stable,
    /// They don't: something else was running, or the mechanism itself varies. Measure again on an idle machine.
    Unstable,
}

#[derive(Serialize, Deserialize)]
struct Flat {
    primitive: String,
    value: Option<f64>,
    unit: Unit,
    spread: Option<Quantiles>,
    runs: u32,
    method: String,
    stable: Option<bool>,
    not_measured: Option<String>,
}

impl From<Measurement> for Flat {
    fn from(m: Measurement) -> Flat {
        let Measurement { primitive, unit, outcome } = m;
        match outcome {
            Outcome::Measured(m) => Flat {
                primitive,
                value: Some(m.value),
                unit,
                spread: Some(m.spread),
                runs: m.runs,
                method: m.method,
                stable: Some(m.stability == Stability::Stable),
                not_measured: None,
            },
            Outcome::NotMeasured { because } => Flat {
                primitive,
                value: None,
                unit,
                spread: None,
                runs: 0,
                method: String::new(),
                stable: None,
                not_measured: Some(because),
            },
        }
    }
}

impl TryFrom<Flat> for Measurement {
    type Error = String;

    fn try_from(flat: Flat) -> Result<Measurement, String> {
        let outcome = match (flat.value, flat.spread, flat.not_measured) {
            (Some(value), Some(spread), None) => Outcome::Measured(Measured {
                value,
                spread,
                runs: flat.runs,
                method: flat.method,
                stability: if flat.stable == Some(true) { Stability::Stable } else { Stability::Unstable },
            }),
            (None, None, Some(because)) => Outcome::NotMeasured { because },
            _ => return Err(format!("\"{}\" needs either value and spread, or not_measured", flat.primitive)),
        };
        Ok(Measurement { primitive: flat.primitive, unit: flat.unit, outcome })
    }
}

impl Measurement {
    /// A name without a value.
    pub fn missing(primitive: &str, unit: Unit, because: impl Into<String>) -> Measurement {
        Measurement { primitive: primitive.to_owned(), unit, outcome: Outcome::NotMeasured { because: because.into() } }
    }

    /// The number, if there is one.
    pub fn measured(&self) -> Option<&Measured> {
        match &self.outcome {
            Outcome::Measured(measured) => Some(measured),
            Outcome::NotMeasured { .. } => None,
        }
    }
}

/// The parts of a CPUID exit round trip in the cost profile.
const CPUID_EXIT: [Primitive; 4] =
    [Primitive::VmExit, Primitive::VmEntry, Primitive::ExitDispatch, Primitive::HandleCpuid];

impl Report {
    /// The entry called `name`, if the report has one.
    pub fn get(&self, name: &str) -> Option<&Measurement> {
        self.measurements.iter().find(|m| m.primitive == name)
    }

    /// The value called `name`, in its unit, if it was measured.
    pub fn value(&self, name: &str) -> Option<f64> {
        self.get(name)?.measured().map(|m| m.value)
    }

    /// `base` with every measured primitive in place of its published value.
    ///
    /// What was not measured keeps its value and its provenance. Only a whole exit round trip can be seen, never its
    /// four parts, so these are the base's, scaled to the measured sum, and marked `Derived`. The round trip is that of
    /// the probe's own guest if the hardware runs it, else the one that this computer itself makes as a guest. Other
    /// costs that are seen only as part of a whole are what the known parts leave of it.
    pub fn profile(&self, base: &Profile) -> Profile {
        let mut profile = Profile {
            id: Profile::THIS_HOST.to_owned(),
            title: "This computer".to_owned(),
            machine: self.host.clone(),
            costs: base.costs.clone(),
        };
        for measurement in &self.measurements {
            let Some(primitive) = Primitive::from_name(&measurement.primitive) else { continue };
            let Some(measured) = measurement.measured() else { continue };
            if measurement.unit != primitive.unit() {
                continue;
            }
            let provenance = Provenance::Measured {
                host: self.host.clone(),
                method: measured.method.clone(),
                when: self.when.clone(),
            };
            profile.set(primitive, measured.value, Some(measured.spread), provenance);
        }
        self.split_cpuid_exit(base, &mut profile);
        self.derive(&mut profile);
        profile
    }

    fn split_cpuid_exit(&self, base: &Profile, profile: &mut Profile) {
        let own = self.value("exit_cpuid").map(|ns| (ns, "by the probe's own guest"));
        let below =
            || self.value("cpuid_exit_below").map(|ns| (ns, "from this computer, itself a guest, to the layer below"));
        let Some((round_trip, whose)) = own.or_else(below) else { return };
        let published: f64 = CPUID_EXIT.iter().map(|&p| base.cost(p).value).sum();
        if published <= 0.0 {
            return;
        }
        for primitive in CPUID_EXIT {
            let formula = format!(
                "{:.0} ns in \"{}\", scaled so that the four parts of a CPUID exit add up to the {round_trip:.0} ns measured {whose}, on {}",
                base.cost(primitive).value,
                base.id,
                self.host,
            );
            let value = base.cost(primitive).value * round_trip / published;
            profile.set(primitive, value, None, Provenance::Derived(formula));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, unit: Unit, value: f64) -> Measurement {
        let spread = Quantiles { min: value, p50: value, p90: value, p99: value, max: value };
        let method = "test".to_owned();
        let measured = Measured { value, spread, runs: 3, method, stability: Stability::Stable };
        Measurement { primitive: name.to_owned(), unit, outcome: Outcome::Measured(measured) }
    }

    fn report(measurements: Vec<Measurement>) -> Report {
        let (host, when) = ("a test".to_owned(), "2026-11-23".to_owned());
        Report { plan: Plan::Quick, host, when, seconds: 0.0, cancelled: false, in_guest: false, measurements }
    }

    #[test]
    fn a_profile_keeps_the_literature_value_of_what_was_not_measured() {
        let base = Profile::xeon_2017();
        let report = report(vec![
            entry("system_call", Unit::Ns, 77.0),
            entry("fork_exit_wait", Unit::Ns, 5.0),
            Measurement::missing("wake_up", Unit::Ns, "no second core"),
        ]);
        let profile = report.profile(&base);
        assert_eq!(profile.cost(Primitive::SystemCall).value, 77.0);
        assert_eq!(profile.cost(Primitive::SystemCall).provenance.word(), "measured");
        assert_eq!(profile.cost(Primitive::WakeUp), base.cost(Primitive::WakeUp));
        assert_eq!(Profile::parse(&profile.to_ron()).unwrap(), profile);
    }

    #[test]
    fn the_parts_of_an_exit_add_up_to_what_was_measured_and_emulation_never_gets_there() {
        let base = Profile::xeon_2017();
        let profile = report(vec![entry("exit_cpuid", Unit::Ns, 1000.0)]).profile(&base);
        let sum: f64 = CPUID_EXIT.iter().map(|&p| profile.cost(p).value).sum();
        assert!((sum - 1000.0).abs() < 1e-6);
        let emulated = report(vec![entry("emulated_cpuid", Unit::Ns, 9000.0)]).profile(&base);
        assert!(CPUID_EXIT.iter().all(|&p| emulated.cost(p) == base.cost(p)));
    }

    #[test]
    fn a_guest_whose_own_exit_was_not_measured_is_still_derived_as_a_guest() {
        let base = Profile::xeon_2017();
        let mut report = report(vec![entry("page_walk", Unit::Ns, 240.0)]);
        let of = |report: &Report| report.profile(&base).cost(Primitive::PageWalkReference).value;
        assert_eq!(of(&report), 60.0);
        report.in_guest = true;
        assert_eq!(of(&report), 10.0);
    }

    #[test]
    fn a_measurement_survives_json_and_always_has_every_field() {
        for m in [entry("system_call", Unit::Ns, 77.0), Measurement::missing("wake_up", Unit::Ns, "why")] {
            let text = serde_json::to_string(&m).unwrap();
            for field in ["primitive", "value", "unit", "spread", "runs", "method", "stable", "not_measured"] {
                assert!(text.contains(&format!("\"{field}\":")), "{field} in {text}");
            }
            assert_eq!(serde_json::from_str::<Measurement>(&text).unwrap(), m);
        }
    }
}
