//! A profile: every primitive's cost on one kind of machine, read from RON.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::LazyLock;

use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::{Cost, Primitive, Provenance, Quantiles, Unit};
use crate::near::{nearest, shortened};
use crate::syntax::{meant, offset, words};

/// Longer messages are told in part, in characters: a file may have a name of a megabyte.
const LONGEST_MESSAGE: usize = 300;

const XEON_2017: &str = include_str!("../../assets/profiles/xeon-2017.ron");

/// What every primitive costs on one kind of machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The name in scenario files and on the command line: `xeon-2017`.
    pub id: String,
    /// The name for people: "2017 Xeon server".
    pub title: String,
    /// The machine: processor, kernel, mitigations.
    pub machine: String,
    /// By [`Primitive::name`].
    #[serde(deserialize_with = "each_once")]
    pub costs: BTreeMap<String, Cost>,
}

/// Reads the costs; of one that stands there twice, nobody could say which is meant.
fn each_once<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Cost>, D::Error> {
    struct Costs;
    impl<'de> Visitor<'de> for Costs {
        type Value = BTreeMap<String, Cost>;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a map from names to costs")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<BTreeMap<String, Cost>, A::Error> {
            let mut costs = BTreeMap::new();
            while let Some((name, cost)) = map.next_entry::<String, Cost>()? {
                match costs.entry(name) {
                    Entry::Vacant(free) => free.insert(cost),
                    Entry::Occupied(taken) => {
                        let said = format!("the cost of \"{}\" stands twice: keep one of them", taken.key());
                        return Err(A::Error::custom(said));
                    }
                };
            }
            Ok(costs)
        }
    }
    deserializer.deserialize_map(Costs)
}

/// Why a profile can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// The text is not RON of the right shape.
    #[error("line {line}, column {column}: {message}")]
    Syntax {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What is wrong, and what to do about it.
        message: String,
    },
    /// A primitive has no cost.
    #[error("the profile \"{profile}\" gives no cost for \"{primitive}\": add it, with its provenance")]
    Missing {
        /// The profile's id.
        profile: String,
        /// The primitive's name.
        primitive: &'static str,
    },
    /// A cost belongs to no primitive.
    #[error("the profile \"{profile}\" has a cost for \"{name}\", which is no primitive{hint}")]
    Unknown {
        /// The profile's id.
        profile: String,
        /// The name as written.
        name: String,
        /// `; did you mean "…"?`, or nothing.
        hint: String,
    },
    /// A value is not a number at or above zero, or has the wrong unit, or its quantiles fall.
    #[error("the profile \"{profile}\", \"{primitive}\": {problem}")]
    Value {
        /// The profile's id.
        profile: String,
        /// The primitive's name.
        primitive: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// The id is empty or too long.
    #[error("the profile's id has {characters} characters: write one of 1 to 64, as in \"my-server\"")]
    Id {
        /// How many.
        characters: usize,
    },
    /// No profile has this id.
    #[error("no cost profile is called \"{name}\"; there are: {known}")]
    NoSuchProfile {
        /// The id asked for.
        name: String,
        /// The ids there are.
        known: String,
    },
}

impl Profile {
    /// The ids of the profiles that come with the program.
    pub const BUILT_IN: &'static [&'static str] = &["xeon-2017"];

    /// The id of the profile that the probe measured on this computer.
    pub const THIS_HOST: &'static str = "this-host";

    /// The literature profile that is used where nothing was measured: a 2017 two-socket Xeon server.
    pub fn xeon_2017() -> Profile {
        // The text is a constant of the program: parsing it gives the same each time, and the test
        // `the_embedded_profile_is_complete` does it.
        Profile::parse(XEON_2017).expect("the embedded profile is valid: tested below")
    }

    /// A built-in profile by its id.
    pub fn built_in(id: &str) -> Result<Profile, ProfileError> {
        match id {
            "xeon-2017" => Ok(Profile::xeon_2017()),
            _ => Err(ProfileError::NoSuchProfile { name: id.to_owned(), known: Self::BUILT_IN.join(", ") }),
        }
    }

    /// Reads and checks a profile.
    ///
    /// # Errors
    /// The text is no profile, or a cost is missing, unknown or no number.
    pub fn parse(text: &str) -> Result<Profile, ProfileError> {
        let profile = Profile::read(text)?;
        profile.check()?;
        Ok(profile)
    }

    /// As [`Profile::parse`], for a profile that another version of this program has written: a cost that it does not
    /// know is taken from [`Profile::xeon_2017`], with that one's provenance, and one that is no longer used is left out.
    ///
    /// # Errors
    /// The text is no profile, or a cost is no number.
    pub fn parse_of_any_version(text: &str) -> Result<Profile, ProfileError> {
        let mut profile = Profile::read(text)?;
        profile.costs.retain(|name, _| Primitive::from_name(name).is_some());
        for (name, cost) in Profile::xeon_2017().costs {
            profile.costs.entry(name).or_insert(cost);
        }
        profile.check()?;
        Ok(profile)
    }

    fn read(text: &str) -> Result<Profile, ProfileError> {
        ron::from_str(text).map_err(|error| {
            let place = text[offset(text, error.span.start)..].trim_start().chars().next();
            let (wrong, help) = match place.and_then(|c| Some((c, meant(c)?))) {
                Some((c, (what, help))) => (format!("\"{c}\" is {what}"), Some(help.to_owned())),
                None => words(&error.code),
            };
            let help = help.map_or(String::new(), |help| format!("; {help}"));
            let (line, column) = (error.span.start.line, error.span.start.col);
            ProfileError::Syntax { line, column, message: shortened(wrong + &help, LONGEST_MESSAGE) }
        })
    }

    /// Every primitive has a sane cost, and there are no others.
    fn check(&self) -> Result<(), ProfileError> {
        let characters = self.id.chars().count();
        if !(1..=64).contains(&characters) {
            return Err(ProfileError::Id { characters });
        }
        for name in self.costs.keys() {
            if Primitive::from_name(name).is_none() {
                let near = nearest(name, Primitive::ALL.iter().map(|primitive| primitive.name()));
                let hint = near.map_or(String::new(), |near| format!("; did you mean \"{near}\"?"));
                let name = shortened(name.clone(), 64);
                return Err(ProfileError::Unknown { profile: self.id.clone(), name, hint });
            }
        }
        for &primitive in Primitive::ALL {
            let missing = || ProfileError::Missing { profile: self.id.clone(), primitive: primitive.name() };
            let cost = self.costs.get(primitive.name()).ok_or_else(missing)?;
            let wrong = |problem: String| ProfileError::Value {
                profile: self.id.clone(),
                primitive: primitive.name(),
                problem,
            };
            if cost.unit != primitive.unit() {
                return Err(wrong(format!("the unit is {:?} and must be {:?}", cost.unit, primitive.unit())));
            }
            let sane = |v: f64| v.is_finite() && (0.0..=1e15).contains(&v);
            if !sane(cost.value) {
                return Err(wrong(format!("{:?} is not a number from 0 to 1e15", cost.value)));
            }
            if let Some(q) = &cost.spread {
                let points = [q.min, q.p50, q.p90, q.p99, q.max];
                if !points.iter().all(|&v| sane(v)) || !points.is_sorted() {
                    return Err(wrong("the quantiles must rise from min to max".to_owned()));
                }
            }
        }
        Ok(())
    }

    /// The cost of `primitive`.
    pub fn cost(&self, primitive: Primitive) -> &Cost {
        // `check` has proved that every primitive is there; profiles are only made by reading one and by `set`.
        &self.costs[primitive.name()]
    }

    /// How many costs are not those of [`Profile::xeon_2017`]: of a probe's profile, the measured ones and those that
    /// follow from what was measured.
    pub fn own(&self) -> usize {
        // The window asks for every picture.
        static PUBLISHED: LazyLock<Profile> = LazyLock::new(Profile::xeon_2017);
        self.costs.iter().filter(|(name, cost)| PUBLISHED.costs.get(*name) != Some(cost)).count()
    }

    /// Replaces one cost, for measured profiles and for experiments.
    pub fn set(&mut self, primitive: Primitive, value: f64, spread: Option<Quantiles>, provenance: Provenance) {
        self.costs.insert(primitive.name().to_owned(), Cost { value, unit: primitive.unit(), spread, provenance });
    }

    /// The profile as RON, as [`Profile::parse`] reads it.
    pub fn to_ron(&self) -> String {
        ron::ser::to_string_pretty(self, ron::ser::PrettyConfig::default()).unwrap_or_default()
    }

    /// The numbers alone, as integers, for the simulation.
    pub fn table(&self) -> Table {
        let mut table = Table { values: [0; Primitive::ALL.len()], quantiles: Vec::new() };
        for &primitive in Primitive::ALL {
            let cost = self.cost(primitive);
            let scale = if cost.unit == Unit::Ns { 1_000.0 } else { 1.0 };
            table.values[primitive as usize] = integer(cost.value * scale);
            if let (Unit::Ns, Some(q)) = (cost.unit, &cost.spread) {
                let points = [q.min, q.p50, q.p90, q.p99, q.max];
                table.quantiles.push((primitive, points.map(|v| integer(v * scale))));
            }
        }
        table
    }
}

/// To the nearest integer.
fn integer(value: f64) -> u64 {
    value.round() as u64
}

/// A profile's numbers as integers: picoseconds for times, plain counts for the rest.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Table {
    #[serde(skip)]
    values: [u64; Primitive::ALL.len()],
    quantiles: Vec<(Primitive, [u64; 5])>,
}

impl Serialize for Primitive {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl Table {
    /// Picoseconds for one use, or the count.
    #[inline(always)]
    pub fn get(&self, primitive: Primitive) -> u64 {
        self.values[primitive as usize]
    }

    /// Sets a value, for the laws' tests: "with all virtualization primitives at zero".
    pub fn set(&mut self, primitive: Primitive, value: u64) {
        self.values[primitive as usize] = value;
        self.quantiles.retain(|(p, _)| *p != primitive);
    }

    /// One use, drawn from the primitive's distribution by a uniform 32-bit number; the value itself where the
    /// profile gives no distribution. Integers only.
    ///
    /// Between the points that are known the distribution is taken as even. Beyond the last hundredth it is an
    /// exponential tail, which from one decade to the next goes on as from 90 to 99 in a hundred, up to the largest
    /// value: that one is a single run's, and an even distribution up to it would let it count for a thousand runs.
    pub fn sample(&self, primitive: Primitive, draw: u32) -> u64 {
        let Some((_, q)) = self.quantiles.iter().find(|(p, _)| *p == primitive) else {
            return self.get(primitive);
        };
        // Points of the distribution function, in 2^-32: 0, 1/2, 9/10, 99/100, 1.
        const AT: [u64; 5] = [0, 1 << 31, 3_865_470_566, 4_252_017_623, 1 << 32];
        let draw = u64::from(draw);
        let i = AT.iter().rposition(|&at| at <= draw).unwrap_or(0).min(3);
        if i == 3 {
            // What is left of the last hundredth, in binary orders of magnitude; a draw is below 2^32, so it is never 0.
            let orders = u128::from(log2(AT[4] - AT[3]) - log2(AT[4] - draw));
            let more = u128::from(q[3] - q[2]) * orders / u128::from(LOG2_OF_10);
            return u64::try_from(more).map_or(q[4], |more| q[3].saturating_add(more).min(q[4]));
        }
        let span = u128::from(q[i + 1] - q[i]) * u128::from(draw - AT[i]) / u128::from(AT[i + 1] - AT[i]);
        q[i] + span as u64
    }
}

/// The binary logarithm of 10, in 2^-32.
const LOG2_OF_10: u64 = 14_267_572_527;

/// The binary logarithm in 2^-32, between powers of two on a straight line, so that it is the same on every machine.
/// 0 of 0.
pub fn log2(value: u64) -> u64 {
    let Some(power) = value.checked_ilog2() else { return 0 };
    let rest = u128::from(value - (1 << power)) << 32 >> power;
    (u64::from(power) << 32) + rest as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_profile_is_complete() {
        let profile = Profile::parse(XEON_2017).unwrap();
        assert_eq!(profile.costs.len(), Primitive::ALL.len());
    }

    #[test]
    fn a_profile_survives_writing_and_reading() {
        let profile = Profile::xeon_2017();
        assert_eq!(Profile::parse(&profile.to_ron()).unwrap(), profile);
    }

    #[test]
    fn a_profile_of_another_version_is_completed_with_what_is_published_and_keeps_what_was_measured() {
        let mut old = Profile::xeon_2017();
        let measured = Provenance::Measured { host: "h".to_owned(), method: "m".to_owned(), when: "w".to_owned() };
        old.set(Primitive::SystemCall, 123.0, None, measured);
        let cost = old.costs.remove("context_switch").unwrap();
        old.costs.insert("no_longer_used".to_owned(), cost);
        let text = old.to_ron();
        assert!(Profile::parse(&text).is_err());
        let read = Profile::parse_of_any_version(&text).unwrap();
        assert_eq!(read.cost(Primitive::SystemCall).value, 123.0);
        assert_eq!(read.cost(Primitive::ContextSwitch), Profile::xeon_2017().cost(Primitive::ContextSwitch));
        assert_eq!(read.costs.len(), Primitive::ALL.len());
        assert!(Profile::parse_of_any_version(&text.replace("123", "-1")).is_err());
    }

    #[test]
    fn a_cost_that_stands_twice_is_told_and_not_chosen_between() {
        let text = XEON_2017.replace("\"seccomp_filter\":", "\"system_call\":");
        let error = Profile::parse(&text).unwrap_err().to_string();
        assert!(error.contains("\"system_call\" stands twice"), "{error}");
        assert!(Profile::parse_of_any_version(&text).is_err());
        // With the same value too, and one that this version does not know.
        let place = |name: &str| XEON_2017.find(name).unwrap();
        let entry = &XEON_2017[place("\"system_call\":")..place("\"seccomp_filter\":")];
        let said = |text: &str| Profile::parse_of_any_version(text).unwrap_err().to_string();
        assert!(said(&XEON_2017.replacen(entry, &entry.repeat(2), 1)).contains("\"system_call\" stands twice"));
        let unknown = entry.replace("system_call", "no_longer_used");
        let twice = XEON_2017.replacen(entry, &(entry.to_owned() + &unknown.repeat(2)), 1);
        assert!(said(&twice).contains("\"no_longer_used\" stands twice"));
    }

    #[test]
    fn a_typographic_quotation_mark_is_named_and_a_long_number_is_not_written_out() {
        let broken = XEON_2017.replacen("\"vm_exit\"", "\u{201c}vm_exit\u{201d}", 1);
        let said = Profile::parse(&broken).unwrap_err().to_string();
        assert!(said.contains("typographic quotation mark"), "{said}");
        let mut profile = Profile::xeon_2017();
        profile.costs.values_mut().for_each(|cost| cost.value = 1e300);
        let said = profile.check().unwrap_err().to_string();
        assert!(said.contains("1e300") && said.len() < 200, "{said}");
    }

    #[test]
    fn a_misspelt_primitive_is_pointed_out() {
        let text = XEON_2017.replace("\"system_call\"", "\"sytem_call\"");
        let error = Profile::parse(&text).unwrap_err().to_string();
        assert!(error.contains("did you mean \"system_call\"?"), "{error}");
    }

    #[test]
    fn samples_stay_within_the_quantiles_and_half_are_below_the_median() {
        let table = Profile::xeon_2017().table();
        let q = table.quantiles.iter().find(|(p, _)| *p == Primitive::DiskRead4k).unwrap().1;
        assert_eq!(table.sample(Primitive::DiskRead4k, 0), q[0]);
        assert_eq!(table.sample(Primitive::DiskRead4k, 1 << 31), q[1]);
        assert!(table.sample(Primitive::DiskRead4k, u32::MAX) <= q[4]);
        let rising: Vec<u64> =
            (0..=4096u64).map(|i| table.sample(Primitive::DiskRead4k, (i * 1_048_575) as u32)).collect();
        assert!(rising.is_sorted());
    }

    #[test]
    fn one_run_that_took_a_hundred_times_as_long_does_not_move_the_mean() {
        let mut profile = Profile::xeon_2017();
        let mut mean = |max: f64| {
            let spread = Quantiles { min: 33e3, p50: 44e3, p90: 57e3, p99: 72e3, max };
            profile.set(Primitive::DiskRead4k, 44e3, Some(spread), Provenance::Assumed("a test".to_owned()));
            let table = profile.table();
            let draws = (0..10_000u64).map(|i| table.sample(Primitive::DiskRead4k, (i * 429_496) as u32));
            draws.sum::<u64>() as f64 / 1e4
        };
        let (plain, outlier) = (mean(100e3), mean(7_500e3));
        assert!(outlier < plain * 1.01, "{plain} {outlier}");
    }
}
