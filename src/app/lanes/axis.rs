//! The time axis: round ticks, and labels with as many digits as tell neighbours apart.

use crate::engine::Time;

use super::Window;

/// The instants that get a tick: a round step apart, about as many as `most`.
pub fn ticks(window: &Window, most: usize) -> (Time, Vec<Time>) {
    let rough = (window.length() / most.max(1) as f64).max(1.0);
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|s| *s >= rough).unwrap_or(power * 10.0);
    let step = (step as u64).max(1);
    let first = (window.from.max(0.0) as u64).div_ceil(step);
    let last = (window.to.max(0.0) as u64) / step;
    (Time(step), (first..=last).take(1000).map(|n| Time(n.saturating_mul(step))).collect())
}

/// The label of a tick, where ticks are `step` apart and the latest is `latest`: "89.412 µs".
pub fn tick_label(time: Time, step: Time, latest: Time) -> String {
    const UNITS: [(u64, &str, usize); 5] =
        [(1_000_000_000_000, "s", 12), (1_000_000_000, "ms", 9), (1_000_000, "µs", 6), (1_000, "ns", 3), (1, "ps", 0)];
    if time == Time::ZERO {
        return "0".to_owned();
    }
    let (size, unit, places) = UNITS.into_iter().find(|(size, _, _)| latest.as_ps() >= *size).unwrap_or((1, "ps", 0));
    // Digits below the step say nothing.
    let digits = places.saturating_sub(step.as_ps().max(1).ilog10() as usize);
    let text = format!("{:.digits$}", time.as_ps() as f64 / size as f64);
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_labels_tell_them_apart() {
        let window = Window { from: 89_400_000.0, to: 89_412_000.0 };
        let (step, ticks) = ticks(&window, 8);
        assert_eq!(step, Time(2_000));
        let labels: Vec<String> = ticks.iter().map(|&t| tick_label(t, step, Time(89_412_000))).collect();
        assert_eq!(labels[1], "89.402 µs");
        let mut unique = labels.clone();
        unique.dedup();
        assert_eq!(unique, labels);
        assert_eq!(tick_label(Time::us(20), Time::us(20), Time::us(90)), "20 µs");
    }

    #[test]
    fn any_window_has_a_bounded_number_of_ticks() {
        for length in [100.0, 1e3, 7e7, 3.3e12, 1.8e19] {
            let (_, ticks) = ticks(&Window { from: 0.0, to: length }, 8);
            assert!((1..=20).contains(&ticks.len()), "{length}: {}", ticks.len());
        }
    }
}
