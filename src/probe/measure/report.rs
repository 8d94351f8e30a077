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
/// value, `value`, `spread` and `stable` are null and `not_measured` is the reason. One that is computed from others
/// has a `formula` as well.
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
    /// The wholes and parts with their values, where the value is what known parts leave of something measured, or is
    /// computed from several measurements; none where it was measured as it is.
    pub formula: Option<String>,
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    formula: Option<String>,
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
                formula: m.formula,
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
                formula: None,
                stable: None,
                not_measured: Some(because),
            },
        }
    }
}

/// No cost of a computer comes near it, in nanoseconds or bytes a second: a file that says more is damaged.
const MOST: f64 = 1e13;

impl TryFrom<Flat> for Measurement {
    type Error = String;

    fn try_from(flat: Flat) -> Result<Measurement, String> {
        if let (Some(value), Some(q)) = (flat.value, &flat.spread) {
            let points = [q.min, q.p50, q.p90, q.p99, q.max];
            let sane = |v: &f64| (0.0..=MOST).contains(v);
            if !sane(&value) || !points.iter().all(sane) || !points.is_sorted() {
                return Err(format!(
                    "\"{}\" needs numbers from 0 to {MOST:e} that rise from min to max",
                    flat.primitive
                ));
            }
        }
        let outcome = match (flat.value, flat.spread, flat.not_measured) {
            (Some(value), Some(spread), None) => Outcome::Measured(Measured {
                value,
                spread,
                runs: flat.runs,
                method: flat.method,
                formula: flat.formula,
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
    /// What was not measured keeps its value and its provenance; what was computed from measurements is marked
    /// `Derived`. Only a whole exit round trip can be seen, never its four parts, so these are the base's, scaled to the
    /// measured sum. The round trip is the one to the lowest hypervisor there is: of this computer if it is a guest
    /// itself, else of the probe's own guest if the hardware runs it. A guest of a guest makes many such round trips for
    /// one exit; what they leave of it is divided among the costs of nesting. Other costs that are seen only as part of a
    /// whole are what the known parts leave of it.
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
            let (host, method, when) = (self.host.clone(), measured.method.clone(), self.when.clone());
            let provenance = match &measured.formula {
                None => Provenance::Measured { host, method, when },
                Some(formula) => Provenance::Derived(format!("{formula} ({method}); on {host}, {when}")),
            };
            profile.set(primitive, measured.value, Some(measured.spread), provenance);
        }
        self.split_cpuid_exit(base, &mut profile);
        self.split_nested_exit(base, &mut profile);
        self.derive(&mut profile);
        profile
    }

    fn split_cpuid_exit(&self, base: &Profile, profile: &mut Profile) {
        let below =
            self.value("cpuid_exit_below").map(|ns| (ns, "from this computer, itself a guest, to the layer below"));
        let own = || self.value("exit_cpuid").map(|ns| (ns, "by the probe's own guest"));
        let Some((round_trip, whose)) = below.or_else(own) else { return };
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

    /// What nesting costs, where this computer is a guest and the hardware runs the guests that it makes. One CPUID of
    /// such a guest is reflected by the layer below, handled here with some trapped accesses, and its entry merged:
    /// besides this kernel's dispatch and handler, as many round trips to the layer below as there are accesses and two
    /// more. What is left beyond the two is only seen as one sum. It is divided as in the base, the accesses to a whole
    /// number, reflecting and merging to the rest.
    fn split_nested_exit(&self, base: &Profile, profile: &mut Profile) {
        use Primitive::{
            ExitDispatch, HandleCpuid, NestedMerge, NestedReflect, NestedTrappedAccesses, VmEntry, VmExit,
        };
        let (Some(nested), Some(_)) = (self.value("exit_cpuid"), self.value("cpuid_exit_below")) else { return };
        let cost = |profile: &Profile, primitive| profile.cost(primitive).value;
        let round_trip = |profile: &Profile| [VmExit, ExitDispatch, VmEntry].map(|p| cost(profile, p)).iter().sum();
        let (published, here): (f64, f64) = (round_trip(base), round_trip(profile));
        let left = nested - 2.0 * here - cost(profile, ExitDispatch) - cost(profile, HandleCpuid);
        let (reflect, merge) = (cost(base, NestedReflect), cost(base, NestedMerge));
        let accesses = cost(base, NestedTrappedAccesses);
        let whole = accesses * published + reflect + merge;
        if published <= 0.0 || whole <= 0.0 || reflect + merge <= 0.0 || left <= 0.0 {
            return;
        }
        let of_accesses = left * accesses * published / whole;
        let count = if here > 0.0 { (of_accesses / here).floor() } else { 0.0 };
        let rest = (left - count * here) / (reflect + merge);
        let formula = format!(
            "{nested:.0} ns of \"exit_cpuid\", of a guest in this guest, less two exits to the layer below of {here:.0} ns \
             each without a handler, exit_dispatch and handle_cpuid, leave {left:.0} ns: divided as in \"{}\" among whole \
             trapped accesses, an exit each, and nested_reflect and nested_merge, on {}",
            base.id, self.host,
        );
        for (primitive, value) in
            [(NestedTrappedAccesses, count), (NestedReflect, rest * reflect), (NestedMerge, rest * merge)]
        {
            profile.set(primitive, value, None, Provenance::Derived(formula.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, unit: Unit, value: f64) -> Measurement {
        let spread = Quantiles { min: value, p50: value, p90: value, p99: value, max: value };
        let method = "test".to_owned();
        let measured = Measured { value, spread, runs: 3, method, formula: None, stability: Stability::Stable };
        Measurement { primitive: name.to_owned(), unit, outcome: Outcome::Measured(measured) }
    }

    fn report(measurements: Vec<Measurement>) -> Report {
        let (host, when) = ("a test".to_owned(), "2026-11-23".to_owned());
        let in_guest = measurements.iter().any(|m| m.primitive == "cpuid_exit_below");
        Report { plan: Plan::Quick, host, when, seconds: 0.0, cancelled: false, in_guest, measurements }
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
    fn in_a_guest_the_parts_of_an_exit_come_from_its_own_exits_whatever_guests_it_makes() {
        let base = Profile::xeon_2017();
        let sum = |profile: &Profile| CPUID_EXIT.iter().map(|&p| profile.cost(p).value).sum::<f64>();
        let (below, own) = (entry("cpuid_exit_below", Unit::Ns, 600.0), entry("exit_cpuid", Unit::Ns, 7_100.0));
        let interpreter = report(vec![below.clone(), entry("emulated_cpuid", Unit::Ns, 9000.0)]).profile(&base);
        assert!((sum(&interpreter) - 600.0).abs() < 1e-6);
        assert_eq!(interpreter.cost(Primitive::NestedMerge), base.cost(Primitive::NestedMerge));
        let nested = report(vec![below, own.clone()]).profile(&base);
        assert!((sum(&nested) - 600.0).abs() < 1e-6);
        let bare = report(vec![own]).profile(&base);
        assert!((sum(&bare) - 7_100.0).abs() < 1e-6);
        assert_eq!(bare.cost(Primitive::NestedMerge), base.cost(Primitive::NestedMerge));
    }

    #[test]
    fn the_costs_of_nesting_add_up_to_an_exit_of_a_guest_in_this_guest() {
        use Primitive::*;
        let base = Profile::xeon_2017();
        for nested in [1_500.0, 2_500.0, 7_100.0, 30_000.0] {
            let measured = vec![entry("cpuid_exit_below", Unit::Ns, 600.0), entry("exit_cpuid", Unit::Ns, nested)];
            let profile = report(measured).profile(&base);
            let cost = |primitive| profile.cost(primitive).value;
            let round_trip = cost(VmExit) + cost(ExitDispatch) + cost(VmEntry);
            let accesses = cost(NestedTrappedAccesses);
            let sum = (2.0 + accesses) * round_trip
                + [NestedReflect, NestedMerge, ExitDispatch, HandleCpuid].map(cost).iter().sum::<f64>();
            assert!((sum - nested).abs() < 1e-6, "{sum} of {nested} ns");
            assert!(accesses.fract() == 0.0 && cost(NestedReflect) > 0.0 && cost(NestedMerge) > 0.0);
        }
        // Less than the two exits that it must have: nothing can be said.
        let less = report(vec![entry("cpuid_exit_below", Unit::Ns, 600.0), entry("exit_cpuid", Unit::Ns, 900.0)]);
        assert_eq!(less.profile(&base).cost(NestedReflect), base.cost(NestedReflect));
    }

    #[test]
    fn in_a_guest_that_makes_guests_on_the_hardware_something_is_left_of_wholes_with_one_exit() {
        let measured = vec![
            entry("cpuid_exit_below", Unit::Ns, 600.0),
            entry("exit_cpuid", Unit::Ns, 7_100.0),
            entry("timer_program_in_guest", Unit::Ns, 1_000.0),
            entry("idle_wake_paid", Unit::Ns, 3_000.0),
        ];
        let profile = report(measured).profile(&Profile::xeon_2017());
        assert!(profile.cost(Primitive::HandleMsr).value > 300.0 && profile.cost(Primitive::HandleIcr).value > 300.0);
    }

    #[test]
    fn a_cost_that_is_a_rest_is_derived_in_the_profile_and_tells_its_wholes_and_parts() {
        let mut rest = entry("exit_task", Unit::Ns, 1200.0);
        if let Outcome::Measured(measured) = &mut rest.outcome {
            measured.formula = Some("5000 ns of \"vfork_exit_wait\", less 3800 ns of the rest".to_owned());
        }
        let text = serde_json::to_string(&rest).unwrap();
        assert_eq!(serde_json::from_str::<Measurement>(&text).unwrap(), rest);
        let profile = report(vec![rest]).profile(&Profile::xeon_2017());
        let provenance = &profile.cost(Primitive::ExitTask).provenance;
        assert_eq!(provenance.word(), "derived");
        assert!(
            provenance.detail().starts_with("5000 ns of \"vfork_exit_wait\"") && provenance.detail().contains("test")
        );
    }

    #[test]
    fn a_guest_whose_own_exit_was_not_measured_is_still_derived_as_a_guest() {
        let base = Profile::xeon_2017();
        let mut report = report(vec![entry("page_walk", Unit::Ns, 240.0)]);
        let of = |report: &Report, primitive| report.profile(&base).cost(primitive).value;
        assert_eq!(of(&report, Primitive::PageWalkReference), 60.0);
        report.in_guest = true;
        assert_eq!(of(&report, Primitive::NestedWalkReference), 10.0);
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
