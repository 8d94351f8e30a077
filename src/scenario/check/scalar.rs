//! Numbers and texts with units: read, or told what they should have been.

use std::ops::RangeInclusive;

use crate::engine::Time;
use crate::scenario::file::Loose;
use crate::scenario::locate::Node;
use crate::scenario::problem::Problems;
use crate::scenario::units;

/// The longest duration of one operation.
const LONGEST: Time = Time::s(86_400);

/// A whole number in `range`; its lower end stands in for a mistake.
pub(super) fn whole(value: &Loose, at: &Node, what: &str, range: RangeInclusive<u64>, problems: &mut Problems) -> u64 {
    let (low, high) = (*range.start(), *range.end());
    let mistake = match value {
        Loose::Whole(n) => match u64::try_from(*n) {
            Ok(n) if range.contains(&n) => return n,
            _ if *n < 0 => format!("{what} is {n}: it can't be negative"),
            _ => format!("{what} is {n}"),
        },
        // As it is written: what is too large to be read as a whole number has been rounded.
        Loose::Real(_) if is_whole(problems.written(&at.span)) => format!("{what} is {}", problems.written(&at.span)),
        Loose::Real(n) => format!("{what} is {n}, not a whole number"),
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
    let time = time(value, at, what, problems);
    if time > LONGEST {
        let help = Some("one duration may be a day (86400 s) at most".to_owned());
        problems.add(at.span.clone(), format!("{what} of {value} is too long"), help);
    }
    time
}

/// A time with its unit.
pub(super) fn time(value: &Loose, at: &Node, what: &str, problems: &mut Problems) -> Time {
    match value {
        Loose::Text(text) => text.parse().unwrap_or_else(|error: crate::engine::TimeError| {
            problems.add(at.span.clone(), format!("{what}: {error}"), None);
            Time::ZERO
        }),
        number => {
            let help = format!("write a text with a unit, as in \"{number} us\"");
            problems.add(at.span.clone(), format!("{what} is {number}, without a unit"), Some(help));
            Time::ZERO
        }
    }
}

/// Bytes, with their unit, in `range`.
pub(super) fn size(value: &Loose, at: &Node, what: &str, range: RangeInclusive<u64>, problems: &mut Problems) -> u64 {
    let bytes = with_unit(value, at, what, ("4 KiB", "KiB"), units::size, problems);
    match bytes {
        None => *range.start(),
        Some(bytes) if range.contains(&bytes) => bytes,
        Some(_) => {
            let help = format!("write a size from {} to {}", size_text(*range.start()), size_text(*range.end()));
            problems.add(at.span.clone(), format!("{what} is {value}"), Some(help));
            *range.start()
        }
    }
}

/// Bits per second, with their unit.
pub(super) fn bandwidth(value: &Loose, at: &Node, what: &str, problems: &mut Problems) -> u64 {
    let bits = with_unit(value, at, what, ("10 Gbit/s", "Gbit/s"), units::bandwidth, problems);
    match bits {
        Some(bits) if (1_000..=10_000_000_000_000).contains(&bits) => bits,
        None => 1_000,
        Some(_) => {
            let help = Some("write a bandwidth from \"1 kbit/s\" to \"10000 Gbit/s\"".to_owned());
            problems.add(at.span.clone(), format!("{what} is {value}"), help);
            1_000
        }
    }
}

fn with_unit(
    value: &Loose,
    at: &Node,
    what: &str,
    (example, unit): (&str, &str),
    read: impl Fn(&str) -> Result<u64, String>,
    problems: &mut Problems,
) -> Option<u64> {
    match value {
        Loose::Text(text) => {
            read(text).map_err(|error| problems.add(at.span.clone(), format!("{what}: {error}"), None)).ok()
        }
        Loose::Whole(n) if *n < 0 => {
            let help = Some(format!("write a text with a unit, as in \"{example}\""));
            problems.add(at.span.clone(), format!("{what} is {n}: it can't be negative"), help);
            None
        }
        number => {
            let help = Some(format!("write a text with a unit, as in \"{number} {unit}\""));
            problems.add(at.span.clone(), format!("{what} is {number}, without a unit"), help);
            None
        }
    }
}

/// Bytes in the unit that a person would choose: "4 GiB".
pub(super) fn size_text(bytes: u64) -> String {
    let units = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];
    for (name, shift) in units {
        let value = bytes as f64 / (1u64 << shift) as f64;
        if value >= 1.0 {
            let text = format!("{value:.1}");
            return format!("{} {name}", text.trim_end_matches(".0"));
        }
    }
    format!("{bytes} B")
}
