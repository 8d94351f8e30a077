//! Numbers and texts with units: read, or told what they should have been.

use std::ops::RangeInclusive;

use crate::amounts;
use crate::engine::Time;
use crate::scenario::file::Loose;
use crate::scenario::locate::Node;
use crate::scenario::problem::Problems;
use crate::scenario::units;

/// The longest duration of one operation.
pub(super) const LONGEST: Time = Time::s(86_400);

/// A whole number in `range`; its lower end stands in for a mistake.
pub(super) fn whole(value: &Loose, at: &Node, what: &str, range: RangeInclusive<u64>, problems: &mut Problems) -> u64 {
    let (low, high) = (*range.start(), *range.end());
    if let Some(n) = value.whole().and_then(|n| u64::try_from(n).ok()).filter(|n| range.contains(n)) {
        return n;
    }
    let mistake = match value {
        Loose::Whole(n) if *n < 0 => format!("{what} is {n}: it can't be negative"),
        Loose::Whole(n) => format!("{what} is {n}"),
        // As it is written: what is too large to be read as a whole number has been rounded.
        Loose::Real(n) if *n < 0.0 => format!("{what} is {}: it can't be negative", problems.written(&at.span)),
        Loose::Real(n) if n.fract() == 0.0 || is_whole(problems.written(&at.span)) => {
            format!("{what} is {}", problems.written(&at.span))
        }
        Loose::Real(_) => format!("{what} is {}, not a whole number", problems.written(&at.span)),
        Loose::Text(text) if text.trim().parse::<u64>().is_ok_and(|n| range.contains(&n)) => {
            let help = format!("write {} without quotation marks", text.trim());
            problems.add(at.span.clone(), format!("{what} is a text, not a number"), Some(help));
            return low;
        }
        Loose::Text(text) => format!("{what} is \"{text}\", not a number"),
    };
    let help = match high {
        u64::MAX if matches!(value, Loose::Real(n) if *n > 1e19) || matches!(value, Loose::Whole(n) if *n > 0) => {
            format!("write a whole number from {low} to {high}")
        }
        u64::MAX => format!("write a whole number, {low} or more"),
        _ => format!("write a whole number from {low} to {high}"),
    };
    problems.add(at.span.clone(), mistake, Some(help));
    low
}

fn is_whole(number: &str) -> bool {
    !number.is_empty() && number.chars().all(|c| c.is_ascii_digit() || c == '_')
}

/// A duration of at most a day.
pub(super) fn duration(value: &Loose, at: &Node, what: &str, problems: &mut Problems) -> Time {
    let time = time_in(value, at, what, Time::ZERO..=LONGEST, problems);
    if time > LONGEST {
        let help = Some("one duration may be a day (86400 s) at most".to_owned());
        problems.add(at.span.clone(), format!("{what} of {value} is too long"), help);
    }
    time
}

/// A time with its unit.
pub(super) fn time(value: &Loose, at: &Node, what: &str, problems: &mut Problems) -> Time {
    time_in(value, at, what, Time::ZERO..=Time::MAX, problems)
}

/// A time with its unit. It may lie outside of `range`, which is the caller's to tell; advice never does.
pub(super) fn time_in(
    value: &Loose,
    at: &Node,
    what: &str,
    range: RangeInclusive<Time>,
    problems: &mut Problems,
) -> Time {
    let Loose::Text(text) = value else {
        let units = [("us", 1e6), ("ms", 1e9), ("ns", 1e3), ("s", 1e12), ("ps", 1.0)];
        let range = range.start().0 as f64..=range.end().0 as f64;
        let help = advice(value, &units, &range).unwrap_or_else(|| "as in \"2 us\"".to_owned());
        without_unit(value, at, what, &help, problems);
        return Time::ZERO;
    };
    text.parse().unwrap_or_else(|error: crate::engine::TimeError| {
        let too_long = matches!(error, crate::engine::TimeError::TooLong(_)) && *range.end() < Time::MAX;
        let help = too_long.then(|| format!("write a time from {} to {}", range.start(), range.end()));
        let help = help.or_else(|| units::meant(text, units::TIME_WORDS));
        problems.add(at.span.clone(), format!("{what}: {error}"), help);
        Time::ZERO
    })
}

/// Bytes, with their unit, in `range`.
pub(super) fn size(value: &Loose, at: &Node, what: &str, range: RangeInclusive<u64>, problems: &mut Problems) -> u64 {
    let (least, most) = (amounts::bytes(*range.start()), amounts::bytes(*range.end()));
    let Loose::Text(text) = value else {
        let kib = f64::from(1 << 10);
        let units = [("KiB", kib), ("MiB", kib.powi(2)), ("GiB", kib.powi(3)), ("TiB", kib.powi(4)), ("B", 1.0)];
        // So many can only be bytes, as can a page or a block.
        let many = |n: &u64| *n >= 1 << 16 || (*n >= 512 && n.is_power_of_two());
        let bytes = value.whole().and_then(|n| u64::try_from(n).ok()).filter(|n| many(n) && range.contains(n));
        let written = bytes.map(|bytes| format!("as in \"{}\"", exact_size(bytes)));
        let help = written.or_else(|| advice(value, &units, &(*range.start() as f64..=*range.end() as f64)));
        without_unit(value, at, what, &help.unwrap_or_else(|| format!("from \"{least}\" to \"{most}\"")), problems);
        return *range.start();
    };
    match units::size(text) {
        Ok(bytes) if range.contains(&bytes) => return bytes,
        Ok(_) => {
            let help = format!("write a size from {least} to {most}");
            problems.add(at.span.clone(), format!("{what} is {value}"), Some(help));
        }
        Err(error) => {
            problems.add(at.span.clone(), format!("{what}: {error}"), units::meant(text, units::SIZE_WORDS));
        }
    }
    *range.start()
}

/// Bits per second, with their unit.
pub(super) fn bandwidth(value: &Loose, at: &Node, what: &str, problems: &mut Problems) -> u64 {
    let range = 1_000..=10_000_000_000_000;
    let help = "from \"1 kbit/s\" to \"10000 Gbit/s\"";
    let Loose::Text(text) = value else {
        let all = [("bit/s", 1.0), ("Gbit/s", 1e9), ("Mbit/s", 1e6), ("kbit/s", 1e3), ("bit/s", 1.0)];
        let bits = value.whole().is_some_and(|n| n >= 1_000_000);
        let range = *range.start() as f64..=*range.end() as f64;
        let written = advice(value, if bits { &all } else { &all[1..] }, &range);
        without_unit(value, at, what, &written.unwrap_or_else(|| help.to_owned()), problems);
        return 1_000;
    };
    match units::bandwidth(text) {
        Ok(bits) if range.contains(&bits) => return bits,
        Ok(_) => {
            let help = Some(format!("write a bandwidth {help}"));
            problems.add(at.span.clone(), format!("{what} is {value}"), help);
        }
        Err(error) => {
            problems.add(at.span.clone(), format!("{what}: {error}"), units::meant(text, units::BANDWIDTH_WORDS));
        }
    }
    1_000
}

/// The number with the first of `units` with which it lies in `range`.
fn advice(number: &Loose, units: &[(&str, f64)], range: &RangeInclusive<f64>) -> Option<String> {
    let value = match number {
        Loose::Whole(n) => *n as f64,
        Loose::Real(n) => *n,
        Loose::Text(_) => return None,
    };
    let fits = |(_, one): &&(&str, f64)| range.contains(&(value * one)) && value * one >= 1.0;
    units.iter().find(fits).map(|(unit, _)| format!("as in \"{number} {unit}\""))
}

fn without_unit(number: &Loose, at: &Node, what: &str, help: &str, problems: &mut Problems) {
    let negative = matches!(number, Loose::Whole(n) if *n < 0) || matches!(number, Loose::Real(n) if *n < 0.0);
    let why = if negative { ": it can't be negative" } else { ", without a unit" };
    let help = Some(format!("write a text with a unit, {help}"));
    problems.add(at.span.clone(), format!("{what} is {number}{why}"), help);
}

/// Bytes, so written that they are read as exactly as many: "8 GiB", "1025 B".
fn exact_size(bytes: u64) -> String {
    let text = amounts::bytes(bytes);
    if units::size(&text) == Ok(bytes) { text } else { format!("{bytes} B") }
}
