//! From samples to a figure, the same way for what was simulated and what was measured.

use serde::{Deserialize, Serialize};

use crate::costs::Quantiles;
use crate::probe::measure::spread;

/// Which number stands for many samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Statistic {
    /// Half are below.
    Median,
    /// 99 in a hundred are below.
    P99,
    /// Their sum over their number.
    Mean,
}

/// A value and how it varies.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// The statistic asked for.
    pub value: f64,
    /// The samples.
    pub spread: Quantiles,
}

impl Figure {
    /// The figure of `samples`; `None` if there are none.
    pub fn of(samples: &[f64], statistic: Statistic) -> Option<Figure> {
        let mut sorted = samples.to_vec();
        sorted.sort_by(f64::total_cmp);
        let spread = spread(&sorted)?;
        let value = match statistic {
            Statistic::Median => spread.p50,
            Statistic::P99 => spread.p99,
            Statistic::Mean => sorted.iter().sum::<f64>() / sorted.len() as f64,
        };
        Some(Figure { value, spread })
    }
}

/// What is told of samples: their figure, and some of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// None if there was no sample.
    pub figure: Option<Figure>,
    /// At most [`super::MOST_SAMPLES`], rising.
    pub samples: Vec<f64>,
}

impl Told {
    /// What is told of `samples`.
    pub fn of(samples: &[f64], statistic: Statistic) -> Told {
        Told { figure: Figure::of(samples, statistic), samples: thinned(samples, super::MOST_SAMPLES) }
    }
}

/// At most `most` samples that are distributed as all are: in rising order, as many of them below any value, and to
/// three decimals. For drawing; figures are made from all.
pub fn thinned(samples: &[f64], most: usize) -> Vec<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let count = sorted.len().min(most);
    // The middle of each of `count` equal parts.
    let at = |i: usize| sorted[(2 * i + 1) * sorted.len() / (2 * count)];
    (0..count).map(|i| (at(i) * 1000.0).round() / 1000.0).collect()
}

/// Events per second in each window of `window` nanoseconds, from the instants of the events; the first window, in
/// which things start, and the last, which is not whole, are left out.
pub fn rates(instants: &[f64], window: f64) -> Vec<f64> {
    let last = instants.iter().copied().fold(0.0, f64::max);
    let windows = (last / window) as usize;
    let mut counts = vec![0u64; windows + 1];
    instants.iter().filter(|at| **at >= 0.0).for_each(|at| counts[((at / window) as usize).min(windows)] += 1);
    counts.get(1..windows).unwrap_or_default().iter().map(|count| *count as f64 * 1e9 / window).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_leave_out_the_first_window_and_the_last() {
        let instants: Vec<f64> = (0..100).map(|i| f64::from(i) * 1e6).collect();
        assert_eq!(rates(&instants, 1e7), vec![1000.0; 8]);
        assert!(rates(&[], 1e7).is_empty());
        assert!(rates(&[5.0], 1e7).is_empty());
    }

    #[test]
    fn thinned_samples_keep_their_distribution_and_few_are_all_kept() {
        let many: Vec<f64> = (0..10_000).rev().map(f64::from).collect();
        let few = thinned(&many, 100);
        assert_eq!((few.len(), few[0], few[50], few[99]), (100, 50.0, 5050.0, 9950.0));
        assert_eq!(thinned(&[2.0, 1.0, 3.0], 100), [1.0, 2.0, 3.0]);
        assert!(thinned(&[], 100).is_empty());
    }

    #[test]
    fn no_samples_are_no_figure() {
        assert_eq!(Figure::of(&[], Statistic::Mean), None);
        let figure = Figure::of(&[3.0, 1.0, 2.0], Statistic::Median);
        assert_eq!(figure.map(|f| (f.value, f.spread.min, f.spread.max)), Some((2.0, 1.0, 3.0)));
    }
}
