//! Knobs: numbers of a scenario that can be turned, to see what comes of it.
//!
//! A knob turns numbers of the file, or costs. Turning numbers of the file makes another text, which is read and checked
//! like any; turning a cost makes another profile, which says of that cost that it was set by hand. So a turned run is an
//! ordinary run of an ordinary scenario, and nothing else has to know of knobs.
//!
//! A knob has stops rather than every value between its ends: so what comes at each can be computed, and looked at
//! together. Left out: turning two knobs at once.

use std::fmt;
use std::ops::Range;

use super::quantity::{Quantity, Value};
use super::{Scenario, ScenarioErrors, Source, units};
use crate::costs::{Primitive, Profile, Provenance, Quantiles, Unit};
use crate::engine::Time;
use crate::machine::{RunOptions, SpecError};

/// Where a knob stands: the step, or one more than the last for the page at the end, and which of its knobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnobPlace {
    /// The step.
    pub scene: usize,
    /// Which of its knobs.
    pub knob: usize,
}

/// A number of the scenario that can be turned.
#[derive(Clone, Debug, PartialEq)]
pub struct Knob {
    /// What it is called: "quota".
    pub name: String,
    /// What to look for while turning it, in Markdown.
    pub say: Option<String>,
    /// What it turns.
    pub turns: Vec<Turn>,
    /// The smallest value.
    pub from: Setting,
    /// The largest.
    pub to: Setting,
    /// What comes of it.
    pub shows: Quantity,
    /// What that is called, where the quantity's own words are too many.
    pub shown_as: Option<String>,
}

impl Knob {
    /// What comes of it, in words.
    pub fn result(&self) -> String {
        self.shown_as.clone().unwrap_or_else(|| self.shows.to_string())
    }
}

/// Something that a knob turns.
#[derive(Clone, Debug, PartialEq)]
pub enum Turn {
    /// A number of the file.
    Written {
        /// Where it stands.
        span: Range<usize>,
        /// What it is.
        value: Setting,
    },
    /// What one use of a mechanism costs.
    Cost(Primitive),
}

/// What a knob's values count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Picoseconds.
    Time,
    /// Bytes.
    Size,
    /// Bits per second.
    Bandwidth,
    /// A whole number.
    Whole,
    /// Any number.
    Real,
}

/// A value of a knob.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// In the smallest unit of its measure.
    pub amount: f64,
    /// As a file has it, without quotation marks: "50 ms", "4".
    pub written: String,
    /// What it counts.
    pub measure: Measure,
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written.replace(" us", " µs"))
    }
}

impl Setting {
    /// Reads a value: a number, or a text with a unit.
    pub(super) fn read(written: &str) -> Option<Setting> {
        let written = written.trim();
        let of = |amount: f64, measure| Some(Setting { amount, written: written.to_owned(), measure });
        if let Ok(n) = written.parse::<u64>() {
            return of(n as f64, Measure::Whole);
        }
        if let Ok(n) = written.parse::<f64>() {
            return n.is_finite().then(|| of(n, Measure::Real)).flatten();
        }
        if let Ok(time) = written.parse::<Time>() {
            return of(time.as_ps() as f64, Measure::Time);
        }
        if let Ok(bytes) = units::size(written) {
            return of(bytes as f64, Measure::Size);
        }
        units::bandwidth(written).ok().and_then(|bits| of(bits as f64, Measure::Bandwidth))
    }

    /// The unit that it is written in.
    fn unit(&self) -> &str {
        self.written.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '_').trim()
    }

    /// How many of the smallest unit one of its unit is.
    fn scale(&self) -> f64 {
        Setting::read(&format!("1 {}", self.unit())).map_or(1.0, |one| one.amount.max(1.0))
    }

    /// As it stands in a file.
    fn literal(&self) -> String {
        match self.measure {
            Measure::Whole | Measure::Real => self.written.clone(),
            _ => format!("\"{}\"", self.written),
        }
    }
}

/// The values of a knob under some costs.
#[derive(Clone, Debug, PartialEq)]
pub struct Stops {
    /// Rising.
    pub settings: Vec<Setting>,
    /// Which is the one that the file, or the profile, has.
    pub home: usize,
}

/// A scenario with one of its knobs turned.
#[derive(Clone, Debug)]
pub struct Turned {
    /// The scenario.
    pub scenario: Scenario,
    /// Its text.
    pub source: Source,
    /// The costs.
    pub profile: Profile,
}

impl Knob {
    /// The values that it can be set to, the one that stands among them.
    pub fn stops(&self, profile: &Profile) -> Stops {
        let home = self.home(profile);
        let mut settings: Vec<Setting> = round(&self.from, &self.to);
        settings.extend([self.from.clone(), self.to.clone()]);
        settings.retain(|setting| setting.amount != home.amount);
        settings.push(home.clone());
        settings.sort_by(|a, b| a.amount.total_cmp(&b.amount));
        settings.dedup_by(|a, b| a.amount == b.amount);
        let home = settings.iter().position(|setting| setting.amount == home.amount).unwrap_or(0);
        Stops { settings, home }
    }

    /// Where the value stands that it has before it is turned: "in the file".
    pub fn home_is(&self) -> &'static str {
        match self.turns.first() {
            Some(Turn::Cost(_)) => "in the costs",
            _ => "in the file",
        }
    }

    /// The value that stands in the file, or in the profile.
    fn home(&self, profile: &Profile) -> Setting {
        match self.turns.first() {
            Some(Turn::Written { value, .. }) => value.clone(),
            Some(Turn::Cost(primitive)) => {
                let value = profile.cost(*primitive).value;
                match primitive.unit() {
                    Unit::Ns => {
                        let time = Time((value * 1_000.0).round() as u64);
                        Setting { amount: time.as_ps() as f64, written: time.to_string(), measure: Measure::Time }
                    }
                    _ => Setting { amount: value, written: value.to_string(), measure: Measure::Real },
                }
            }
            None => self.from.clone(),
        }
    }

    /// The scenario with the knob at `setting`. `source` is its text.
    ///
    /// # Errors
    /// If what comes is no scenario: the check tries both ends, but what lies between may be wrong too.
    pub fn turned(&self, source: &Source, profile: &Profile, setting: &Setting) -> Result<Turned, ScenarioErrors> {
        let source = Source { name: source.name.clone(), text: self.text(&source.text, setting) };
        let scenario = Scenario::parse(&source)?;
        Ok(Turned { scenario, source, profile: self.profile(profile, setting) })
    }

    /// The text with the knob at `setting`.
    pub(super) fn text(&self, text: &str, setting: &Setting) -> String {
        let spans = self.turns.iter().filter_map(|turn| match turn {
            Turn::Written { span, .. } => Some(span.clone()),
            Turn::Cost(_) => None,
        });
        let mut spans: Vec<Range<usize>> = spans.collect();
        spans.sort_by_key(|span| span.start);
        spans.dedup();
        let literal = setting.literal();
        let (mut turned, mut from) = (String::with_capacity(text.len()), 0);
        for span in spans.into_iter().filter(|span| span.end <= text.len()) {
            turned += &text[from..span.start];
            turned += &literal;
            from = span.end;
        }
        turned + &text[from..]
    }

    /// The costs with the knob at `setting`.
    fn profile(&self, profile: &Profile, setting: &Setting) -> Profile {
        let mut turned = profile.clone();
        for turn in &self.turns {
            let Turn::Cost(primitive) = turn else { continue };
            let cost = profile.cost(*primitive);
            let value = if cost.unit == Unit::Ns { setting.amount / 1_000.0 } else { setting.amount };
            // How it varies goes with it.
            let factor = if cost.value > 0.0 { value / cost.value } else { 1.0 };
            let spread = cost.spread.map(|q| Quantiles {
                min: q.min * factor,
                p50: q.p50 * factor,
                p90: q.p90 * factor,
                p99: q.p99 * factor,
                max: q.max * factor,
            });
            let why =
                format!("set by the knob “{}”; {} has {} {}", self.name, profile.title, cost.value, cost.unit.symbol());
            turned.set(*primitive, value, spread, Provenance::Assumed(why));
        }
        turned
    }

    /// What comes with the knob at `setting`, from a run that keeps no trace. `progress` as in [`Scenario::run`].
    ///
    /// # Errors
    /// As [`Scenario::run`]; `Ok(None)` if no scenario comes of it.
    pub fn value_at(
        &self,
        source: &Source,
        profile: &Profile,
        setting: &Setting,
        progress: impl FnMut(Time, u64) -> bool,
    ) -> Result<Option<Value>, SpecError> {
        let Ok(turned) = self.turned(source, profile, setting) else { return Ok(None) };
        let options = RunOptions { keep_trace: false, ..turned.scenario.options() };
        let outcome = turned.scenario.run(&turned.profile, &options, progress)?;
        Ok(Some(self.shows.value(&outcome)))
    }
}

/// Beyond this ratio of largest to smallest, stops lie at 1, 2 and 5 times powers of ten, or at doublings.
const WIDE: f64 = 12.0;
/// About so many stops lie evenly between the ends.
const EVEN: f64 = 8.0;
/// So many stops at most.
const MOST: usize = 24;

/// Round values between two ends.
fn round(from: &Setting, to: &Setting) -> Vec<Setting> {
    let (low, high) = (from.amount, to.amount);
    let binary = from.measure == Measure::Size && from.unit().contains('i');
    let amounts: Vec<f64> = if low > 0.0 && high / low >= WIDE {
        match (binary, from.measure == Measure::Whole) {
            (false, false) => ones_twos_fives(low, high),
            _ => std::iter::successors(Some(low), |at| Some(at * 2.0)).take_while(|at| *at < high).collect(),
        }
    } else {
        let rough = (high - low) / EVEN / from.scale();
        let step = from.scale() * nice(rough).max(if from.measure == Measure::Whole { 1.0 } else { 0.0 });
        let first = (low / step).floor() as u64;
        (first..).take(MOST).map(|n| n as f64 * step).take_while(|at| *at < high).collect()
    };
    amounts
        .into_iter()
        .filter(|at| (low..high).contains(at))
        .take(MOST)
        .filter_map(|at| written(at, from, to))
        .collect()
}

/// The least of 1, 2 and 5 times a power of ten that is no less.
fn nice(rough: f64) -> f64 {
    let power = 10f64.powi(rough.max(1e-9).log10().floor() as i32);
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|n| n * power).find(|step| *step >= rough * 0.999).unwrap_or(rough)
}

fn ones_twos_fives(low: f64, high: f64) -> Vec<f64> {
    let first = low.log10().floor() as i32;
    let powers = (first..first + MOST as i32).map(|power| 10f64.powi(power)).take_while(|power| *power < high);
    powers.flat_map(|power| [1.0, 2.0, 5.0].map(|n| n * power)).collect()
}

/// A value in the larger of the two ends' units that it has one whole of.
fn written(amount: f64, from: &Setting, to: &Setting) -> Option<Setting> {
    let like = if amount >= to.scale() { to } else { from };
    let number = amount / like.scale();
    let number = if like.measure == Measure::Whole { number.round() } else { (number * 1e6).round() / 1e6 };
    let unit = like.unit();
    let written = if unit.is_empty() { number.to_string() } else { format!("{number} {unit}") };
    Setting::read(&written).map(|setting| Setting { measure: from.measure, ..setting })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(text: &str) -> Setting {
        Setting::read(text).expect("a value")
    }

    fn rounded(from: &str, to: &str) -> String {
        let all = round(&setting(from), &setting(to));
        all.iter().map(|setting| setting.to_string()).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn stops_are_round_values_in_units_that_people_use() {
        assert_eq!(rounded("10 ms", "100 ms"), "20 ms, 40 ms, 60 ms, 80 ms");
        assert_eq!(rounded("5 us", "2 ms"), "5 µs, 10 µs, 20 µs, 50 µs, 100 µs, 200 µs, 500 µs, 1 ms");
        assert_eq!(rounded("4 KiB", "1 MiB"), "4 KiB, 8 KiB, 16 KiB, 32 KiB, 64 KiB, 128 KiB, 256 KiB, 512 KiB");
        assert_eq!(rounded("1", "4"), "1, 2, 3");
        assert_eq!(rounded("0", "40"), "0, 5, 10, 15, 20, 25, 30, 35");
        assert_eq!(rounded("0 ns", "800 ns"), "0 ns, 100 ns, 200 ns, 300 ns, 400 ns, 500 ns, 600 ns, 700 ns");
    }

    #[test]
    fn values_are_read_with_their_units() {
        let measure = |text| Setting::read(text).map(|setting| setting.measure);
        assert_eq!(measure("50 ms"), Some(Measure::Time));
        assert_eq!(measure("4 KiB"), Some(Measure::Size));
        assert_eq!(measure("10 Gbit/s"), Some(Measure::Bandwidth));
        assert_eq!(measure("7"), Some(Measure::Whole));
        assert_eq!(measure("1.5"), Some(Measure::Real));
        assert_eq!(measure("reader"), None);
        assert_eq!(measure("NaN"), None);
    }
}
