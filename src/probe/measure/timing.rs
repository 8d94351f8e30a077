//! How a number is taken: warm up, lengthen a run until the clock's own cost vanishes in it, repeat, take the median.
//!
//! The rules are lmbench's and kvm-unit-tests': raise the number of iterations until one run lasts a set minimum,
//! subtract the clock's cost, repeat, report the median with the spread of the runs. Nothing here knows what is
//! measured. Left out: removal of outliers. The median does not need it, and the spread should show them.

use std::time::{Duration, Instant};

use super::report::Stability;
use crate::costs::Quantiles;

/// How long and how often to measure one thing.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// A run is lengthened until it lasts this long.
    pub run: Duration,
    /// How many runs to take.
    pub runs: usize,
    /// After this time no further run is begun, once there are five.
    pub limit: Duration,
}

impl Effort {
    /// For points of a curve, of which there are many and no one matters alone.
    pub fn coarse(self) -> Effort {
        Effort { run: self.run / 4, runs: 7, limit: self.limit / 8 }
    }
}

/// Fewer runs than this have no spread worth the name.
const LEAST_RUNS: usize = 5;

/// What several runs of one measurement gave, in the order of the runs.
#[derive(Clone, Debug, Default)]
pub struct Samples {
    values: Vec<f64>,
    events: bool,
}

impl Samples {
    /// One value a run: their spread says how far the measurement can be trusted.
    pub fn of_runs(values: Vec<f64>) -> Samples {
        Samples { values, events: false }
    }

    /// One value an event: their spread is the mechanism's own distribution.
    pub fn of_events(values: Vec<f64>) -> Samples {
        Samples { values, events: true }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The samples themselves, in order.
    pub fn into_values(self) -> Vec<f64> {
        self.values
    }

    /// The median; 0 without samples.
    pub fn median(&self) -> f64 {
        quantile(&self.sorted(), 0.5).unwrap_or(0.0)
    }

    /// The mean of the middle half: as deaf to outliers as the median, and finer than the clock's steps; 0 without samples.
    pub fn middle(&self) -> f64 {
        let sorted = self.sorted();
        let middle = &sorted[sorted.len() / 4..sorted.len() - sorted.len() / 4];
        if middle.is_empty() { 0.0 } else { middle.iter().sum::<f64>() / middle.len() as f64 }
    }

    /// The same samples without those below `least`.
    pub fn above(mut self, least: f64) -> Samples {
        self.values.retain(|value| *value >= least);
        self
    }

    /// The same samples, each less `cost`, never below zero.
    pub fn minus(mut self, cost: f64) -> Samples {
        self.values.iter_mut().for_each(|v| *v = (*v - cost).max(0.0));
        self
    }

    /// The same samples, each times `factor`.
    pub fn times(mut self, factor: f64) -> Samples {
        self.values.iter_mut().for_each(|v| *v *= factor);
        self
    }

    /// The distribution; all 0 without samples.
    pub fn spread(&self) -> Quantiles {
        spread(&self.sorted()).unwrap_or_default()
    }

    /// Runs are unstable if their middle half spans more than a tenth of the median; runs and events alike if the
    /// medians of the first and the second half of the time differ by more than a tenth, or there are too few.
    pub fn stability(&self) -> Stability {
        let sorted = self.sorted();
        let at = |q| quantile(&sorted, q).unwrap_or(0.0);
        let tolerance = 0.10 * at(0.5);
        let middle_half = at(0.75) - at(0.25);
        let (first, second) = self.values.split_at(self.values.len() / 2);
        let half = |values: &[f64]| Samples::of_runs(values.to_vec()).median();
        let drift = (half(first) - half(second)).abs();
        let agrees = drift <= tolerance && (self.events || middle_half <= tolerance);
        if agrees && self.len() >= LEAST_RUNS { Stability::Stable } else { Stability::Unstable }
    }

    fn sorted(&self) -> Vec<f64> {
        let mut sorted = self.values.clone();
        sorted.sort_by(f64::total_cmp);
        sorted
    }
}

/// What is left of a measured whole when parts that are known are taken off, with the formula that says so.
///
/// For costs that no program sees apart. What is only the measurement's own, the clock, the loop and the system call
/// that carries what is measured, is taken off by [`Samples::minus`].
#[derive(Clone, Debug)]
pub struct Rest {
    /// What is left, run by run.
    pub samples: Samples,
    /// The whole and the parts, with their values.
    pub formula: String,
}

impl Rest {
    /// All of a whole.
    pub fn of(whole: &str, samples: &Samples) -> Rest {
        Rest { samples: samples.clone(), formula: format!("{} of {whole}", told(samples.median())) }
    }

    /// Less a part of so many nanoseconds.
    pub fn less(self, part: &str, value: f64) -> Rest {
        let formula = format!("{}, less {} of {part}", self.formula, told(value));
        Rest { samples: self.samples.minus(value), formula }
    }

    /// The share of each of so many.
    pub fn each_of(self, count: f64, what: &str) -> Rest {
        let formula = format!("{}, each of {count} {what}", self.formula);
        Rest { samples: self.samples.times(1.0 / count), formula }
    }
}

/// Nanoseconds with a digit behind the point where there are few.
fn told(value: f64) -> String {
    if value < 100.0 { format!("{value:.1} ns") } else { format!("{value:.0} ns") }
}

/// The distribution of rising values; `None` without values.
pub fn spread(sorted: &[f64]) -> Option<Quantiles> {
    let at = |q| quantile(sorted, q);
    Some(Quantiles { min: at(0.0)?, p50: at(0.5)?, p90: at(0.9)?, p99: at(0.99)?, max: at(1.0)? })
}

/// The value at `q` (0 to 1) of rising values, linear between neighbours; `None` without values.
pub fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let at = q * last as f64;
    let low = at.floor() as usize;
    let (low, high) = (sorted.get(low)?, sorted.get((low + 1).min(last))?);
    Some(low + (high - low) * (at - at.floor()))
}

/// What two readings of the clock cost, in nanoseconds: the median of many.
pub fn clock_cost() -> f64 {
    let values = (0..255).map(|_| elapsed_ns(Instant::now())).collect();
    Samples::of_runs(values).median()
}

/// Nanoseconds since `start`.
pub fn elapsed_ns(start: Instant) -> f64 {
    start.elapsed().as_nanos() as f64
}

/// The cost of one iteration of `body`, in nanoseconds a run; `body(n)` does `n` iterations.
pub fn per_iteration(effort: &Effort, mut body: impl FnMut(u64)) -> Samples {
    let clock = clock_cost();
    let mut time = |iterations: u64| {
        let start = Instant::now();
        body(iterations);
        (elapsed_ns(start) - clock).max(0.0)
    };
    let goal = effort.run.as_nanos() as f64;
    let mut iterations = 1u64;
    let mut last = time(1);
    while last < goal && iterations < 1 << 40 {
        // At least double; at most what the last run foretells, and a little more.
        let foretold = if last > 0.0 { iterations as f64 * goal / last * 1.1 } else { 0.0 };
        iterations = (foretold as u64).clamp(iterations * 2, iterations * 64);
        last = time(iterations);
    }
    runs(effort, || time(iterations) / iterations as f64)
}

/// The cost of one call of `one`, in nanoseconds a run.
pub fn looped<T>(effort: &Effort, mut one: impl FnMut() -> T) -> Samples {
    per_iteration(effort, |n| {
        for _ in 0..n {
            std::hint::black_box(one());
        }
    })
}

/// The cost of one of the `per` events that `body` sets off, where `prepare` must undo them before each run, unmeasured.
pub fn per_event<T>(effort: &Effort, per: u64, mut prepare: impl FnMut(), mut body: impl FnMut() -> T) -> Samples {
    let clock = clock_cost();
    let mut time = || {
        prepare();
        let start = Instant::now();
        std::hint::black_box(body());
        (elapsed_ns(start) - clock).max(0.0) / per as f64
    };
    time();
    runs(effort, time)
}

/// Repeats `one`, which measures for itself, as often as `effort` says.
pub fn runs(effort: &Effort, mut one: impl FnMut() -> f64) -> Samples {
    let start = Instant::now();
    let mut values = Vec::with_capacity(effort.runs);
    while values.len() < effort.runs && (values.len() < LEAST_RUNS || start.elapsed() < effort.limit) {
        values.push(one());
    }
    Samples::of_runs(values)
}

/// As [`runs`], for something that can fail; stops at the first error.
pub fn try_runs<E>(effort: &Effort, mut one: impl FnMut() -> Result<f64, E>) -> Result<Samples, E> {
    let start = Instant::now();
    let mut values = Vec::with_capacity(effort.runs);
    while values.len() < effort.runs && (values.len() < LEAST_RUNS || start.elapsed() < effort.limit) {
        values.push(one()?);
    }
    Ok(Samples::of_runs(values))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_rise_and_the_median_ignores_outliers() {
        let samples = Samples::of_runs(vec![5.0, 1.0, 3.0, 2.0, 1e9]);
        assert_eq!(samples.median(), 3.0);
        let q = samples.spread();
        assert!([q.min, q.p50, q.p90, q.p99, q.max].is_sorted());
    }

    #[test]
    fn the_middle_is_finer_than_its_samples_and_ignores_outliers() {
        assert_eq!(Samples::of_events(vec![1e9, 10.0, 20.0, 20.0, 10.0, 20.0, 20.0, 0.0]).middle(), 17.5);
        assert_eq!(Samples::of_events(vec![7.0]).middle(), 7.0);
        assert_eq!(Samples::of_events(Vec::new()).middle(), 0.0);
        assert_eq!(Samples::of_runs(vec![1.0, 2.0, 3.0]).above(2.0).into_values(), [2.0, 3.0]);
    }

    #[test]
    fn runs_that_drift_or_scatter_or_are_few_are_unstable() {
        let stable = |values: &[f64]| Samples::of_runs(values.to_vec()).stability() == Stability::Stable;
        assert!(stable(&[10.0, 10.1, 9.9, 10.0, 10.2, 10.0]));
        assert!(!stable(&[10.0, 10.0, 10.0, 15.0, 15.0, 15.0]));
        assert!(!stable(&[10.0, 20.0, 10.0, 20.0, 10.0, 20.0, 12.0, 18.0]));
        assert!(!stable(&[10.0, 10.0]));
        assert!(!stable(&[]));
    }

    #[test]
    fn subtracting_more_than_was_measured_gives_zero_and_no_negative_cost() {
        assert_eq!(Samples::of_runs(vec![1.0, 2.0]).minus(5.0).spread().min, 0.0);
    }

    #[test]
    fn a_rest_says_of_what_it_is_left_and_by_which_parts() {
        let rest = Rest::of("\"whole\"", &Samples::of_runs(vec![900.0, 1000.0, 1100.0]));
        let rest = rest.less("\"part\"", 40.0).each_of(10.0, "pages");
        assert_eq!(rest.samples.median(), 96.0);
        assert_eq!(rest.formula, "1000 ns of \"whole\", less 40.0 ns of \"part\", each of 10 pages");
    }

    /// No clock of a busy machine decides these two: the one body takes no time at all against a minimum of an hour, the
    /// other sleeps a thousand times longer than the minimum.
    #[test]
    fn iterations_are_raised_while_a_run_is_too_short() {
        let effort = Effort { run: Duration::from_secs(3600), runs: 5, limit: Duration::from_secs(3600) };
        let mut most = 0;
        let samples = per_iteration(&effort, |n| most = most.max(n));
        assert!(most >= 1 << 40, "{most}");
        assert_eq!(samples.len(), 5);
    }

    #[test]
    fn iterations_are_not_raised_once_a_run_is_long_enough() {
        let effort = Effort { run: Duration::from_micros(10), runs: 5, limit: Duration::from_secs(3600) };
        let mut most = 0;
        let samples = per_iteration(&effort, |n| {
            most = most.max(n);
            std::thread::sleep(Duration::from_millis(10));
        });
        assert_eq!((most, samples.len()), (1, 5));
    }
}
