//! Numbers as a person writes them: three significant digits and a unit, zeros kept, so that they can stand in columns.

use crate::validate::Unit;

/// Units of time, by how many nanoseconds they are.
const TIMES: [(f64, &str); 5] = [(1e-3, "ps"), (1.0, "ns"), (1e3, "µs"), (1e6, "ms"), (1e9, "s")];
/// Units of what happens in a second.
const RATES: [(f64, &str); 4] = [(1.0, "/s"), (1e3, "k/s"), (1e6, "M/s"), (1e9, "G/s")];
/// Units of bytes in a second.
const BANDWIDTHS: [(f64, &str); 4] = [(1.0, "B/s"), (1e3, "kB/s"), (1e6, "MB/s"), (1e9, "GB/s")];

/// Nanoseconds: "3.80 µs".
pub fn duration(ns: f64) -> String {
    match ns.max(0.0) {
        0.0 => "0 ns".to_owned(),
        ns => in_unit(ns, &TIMES),
    }
}

/// What a work is measured in: a time or a rate.
pub fn amount(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Ns => duration(value),
        Unit::PerSecond => in_unit(value, &RATES),
    }
}

/// "35.1 GB/s".
pub fn bandwidth(bytes_per_second: f64) -> String {
    in_unit(bytes_per_second, &BANDWIDTHS)
}

/// Three significant digits: "3.80", "50.0", "1040".
fn three(value: f64) -> String {
    let digits = match value {
        v if v >= 99.95 => 0,
        v if v >= 9.995 => 1,
        _ => 2,
    };
    format!("{value:.digits$}")
}

/// In the first unit in which the rounded value stays below 1000. A single thing of the smallest unit is never cut.
fn in_unit(value: f64, units: &[(f64, &str)]) -> String {
    let fits = units.iter().find(|(size, _)| value / size < 999.5).or(units.last());
    let (size, name) = fits.copied().unwrap_or((1.0, ""));
    let value = value / size;
    let whole = name == "ps";
    format!("{} {name}", if whole { format!("{value:.0}") } else { three(value) })
}

/// Two or three round values between `from` and `to`, each with its label, all in one unit.
pub fn ticks(from: f64, to: f64, unit: Unit) -> Vec<(f64, String)> {
    let step = round_up((to - from) / 4.0);
    if !(step > 0.0 && step.is_finite()) {
        return Vec::new();
    }
    let units: &[(f64, &str)] = match unit {
        Unit::Ns => &TIMES,
        Unit::PerSecond => &RATES,
    };
    let (size, name) = units.iter().rev().find(|(size, _)| to >= *size).copied().unwrap_or(units[0]);
    // So many digits that two ticks never read the same.
    let digits = (-(step / size).log10() + 1e-9).ceil().clamp(0.0, 9.0) as usize;
    let first = (from / step).ceil() as i64;
    let last = (to / step).floor() as i64;
    (first..=last).map(|i| i as f64 * step).map(|at| (at, format!("{:.digits$} {name}", at / size))).collect()
}

/// The next of 1, 2 and 5 times a power of ten.
fn round_up(value: f64) -> f64 {
    let power = 10f64.powf(value.log10().floor());
    [1.0, 2.0, 5.0].into_iter().map(|step| step * power).find(|step| *step >= value * 0.999).unwrap_or(10.0 * power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_three_digits_and_a_unit() {
        let written: Vec<String> = [0.0, 0.276, 17.0, 999.6, 2574.4, 3800.0, 50_000.0, 2e9].map(duration).to_vec();
        assert_eq!(written, ["0 ns", "276 ps", "17.0 ns", "1.00 µs", "2.57 µs", "3.80 µs", "50.0 µs", "2.00 s"]);
        let rates: Vec<String> = [9.0, 614.0, 2630.0, 14_300.0].map(|rate| amount(rate, Unit::PerSecond)).to_vec();
        assert_eq!(rates, ["9.00 /s", "614 /s", "2.63 k/s", "14.3 k/s"]);
        assert_eq!(bandwidth(35.127e9), "35.1 GB/s");
    }

    #[test]
    fn ticks_are_round_and_told_apart() {
        let labels = |from, to| ticks(from, to, Unit::Ns).into_iter().map(|(_, label)| label).collect::<Vec<_>>();
        assert_eq!(labels(8_100.0, 13_400.0), ["10 µs", "12 µs"]);
        assert_eq!(labels(100_200_000.0, 100_900_000.0), ["100.2 ms", "100.4 ms", "100.6 ms", "100.8 ms"]);
        assert_eq!(labels(0.0, 40.0), ["0 ns", "10 ns", "20 ns", "30 ns", "40 ns"]);
        assert!(labels(1.0, 1.0).is_empty() && labels(f64::NAN, 1.0).is_empty());
        assert_eq!(ticks(1000.0, 2500.0, Unit::PerSecond)[0].1, "1.0 k/s");
    }
}
