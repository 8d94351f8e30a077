//! Sizes ("4 KiB") and bandwidths ("10 Gbit/s"). Durations are read by [`crate::engine::Time`].

use crate::engine::is_a_word;

/// Units of memory and files, the binary ones first.
const SIZES: &[(&str, u64)] = &[
    ("B", 1),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("kB", 1_000),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
];

const BANDWIDTHS: &[(&str, u64)] = &[("bit/s", 1), ("kbit/s", 1_000), ("Mbit/s", 1_000_000), ("Gbit/s", 1_000_000_000)];

/// What people write for units, and the unit that they mean by it.
pub(super) type Words = [(&'static str, &'static str)];

/// For sizes.
pub(super) const SIZE_WORDS: &Words = &[
    ("B", "B"),
    ("bytes", "B"),
    ("KiB", "KiB"),
    ("MiB", "MiB"),
    ("GiB", "GiB"),
    ("TiB", "TiB"),
    ("kB", "kB"),
    ("MB", "MB"),
    ("GB", "GB"),
    ("TB", "TB"),
];

/// For bandwidths.
pub(super) const BANDWIDTH_WORDS: &Words = &[
    ("bit/s", "bit/s"),
    ("kbit/s", "kbit/s"),
    ("Mbit/s", "Mbit/s"),
    ("Gbit/s", "Gbit/s"),
    ("bps", "bit/s"),
    ("kbps", "kbit/s"),
    ("Mbps", "Mbit/s"),
    ("Gbps", "Gbit/s"),
];

/// For times.
pub(super) const TIME_WORDS: &Words = &[
    ("ps", "ps"),
    ("ns", "ns"),
    ("us", "us"),
    ("ms", "ms"),
    ("s", "s"),
    ("min", "min"),
    ("nsec", "ns"),
    ("usec", "us"),
    ("msec", "ms"),
    ("sec", "s"),
    ("seconds", "s"),
    ("minutes", "min"),
];

/// `did you mean "8 GiB"?`, for a text whose unit is one slip away from one word only.
pub(super) fn meant(text: &str, words: &Words) -> Option<String> {
    let text = text.trim();
    let (number, written) = text.split_at(text.find(char::is_alphabetic)?);
    if number.trim().is_empty() || written.len() > 16 {
        return None;
    }
    let folded = written.to_lowercase();
    let near = words.iter().filter_map(|(word, unit)| {
        let slips = strsim::osa_distance(&word.to_lowercase(), &folded);
        // One letter for another is no slip.
        (slips <= 1 && slips < word.len().max(folded.len())).then_some((slips, *unit))
    });
    let least = near.clone().map(|(slips, _)| slips).min()?;
    let mut units: Vec<&str> = near.filter(|(slips, _)| *slips == least).map(|(_, unit)| unit).collect();
    units.dedup();
    match units[..] {
        [unit] if unit != written => Some(format!("did you mean \"{} {unit}\"?", number.trim())),
        _ => None,
    }
}

/// Bytes from a text such as `4 KiB`, `1.5 GiB`, `64 B`.
pub(super) fn size(text: &str) -> Result<u64, String> {
    with_unit(text, SIZES, "a size", "\"4 KiB\"")
}

/// Bits per second from a text such as `10 Gbit/s`.
pub(super) fn bandwidth(text: &str) -> Result<u64, String> {
    with_unit(text, BANDWIDTHS, "a bandwidth", "\"10 Gbit/s\"")
}

fn with_unit(text: &str, units: &[(&str, u64)], what: &str, example: &str) -> Result<u64, String> {
    let trimmed = text.trim();
    if trimmed.starts_with('-') {
        return Err(format!("\"{text}\" is negative: {what} is zero or more"));
    }
    let split = trimmed.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_')).unwrap_or(trimmed.len());
    let (number, unit) = (trimmed[..split].replace('_', ""), trimmed[split..].trim());
    let names = || units.iter().map(|(name, _)| *name).filter(|n| *n != "KB").collect::<Vec<_>>().join(", ");
    if number.is_empty() {
        return Err(format!("\"{text}\" has no number: write a number and a unit, as in {example}"));
    }
    if unit.is_empty() {
        return Err(format!("\"{text}\" has no unit: write {what} as in {example}"));
    }
    let scale = units.iter().find(|(name, _)| *name == unit).map(|(_, scale)| u128::from(*scale));
    let digits = || format!("\"{text}\" has no number that can be read: write digits and a point, as in {example}");
    let scale = scale.ok_or_else(|| match is_a_word(unit) {
        true => format!("\"{unit}\" is not a unit of {}: write {}", &what[2..], names()),
        // "1,5 GiB", "0x10 B": only a part of the number was read.
        false => digits(),
    })?;
    let too_large = || format!("\"{text}\" is too large");
    let (whole, fraction) = number.split_once('.').unwrap_or((&number, ""));
    if whole.is_empty() || fraction.contains('.') {
        return Err(digits());
    }
    let mut value: u128 = whole.parse::<u128>().ok().and_then(|n| n.checked_mul(scale)).ok_or_else(too_large)?;
    let mut place = scale * 1_000_000;
    let mut millionths = 0u128;
    for digit in fraction.chars().filter_map(|c| c.to_digit(10)) {
        place /= 10;
        millionths += place * u128::from(digit);
    }
    value += millionths / 1_000_000;
    u64::try_from(value).map_err(|_| too_large())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_read_exactly_or_refused() {
        assert_eq!(size("4 KiB"), Ok(4096));
        assert_eq!(size("1.5 GiB"), Ok(3 << 29));
        assert_eq!(size("80 MB"), Ok(80_000_000));
        assert_eq!(size("0.5 B"), Ok(0));
        assert_eq!(bandwidth("10 Gbit/s"), Ok(10_000_000_000));
        for wrong in ["4", "KiB", "-4 KiB", "4 kib", "1.2.3 MB", ".5 MB", "99999999999999 TiB", "", "4 Kilo"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
        for number in ["1,5 GiB", "0x10 B", "1e9 B", "1.2.3 MB"] {
            assert!(size(number).unwrap_err().starts_with(&format!("\"{number}\" has no number that can be read")));
        }
        assert!(size("4 kib").unwrap_err().contains("KiB"));
    }

    #[test]
    fn a_unit_that_is_nearly_right_is_named_and_a_guess_is_not() {
        let meant = |text, words| meant(text, words).map(|told| told.split('"').nth(1).unwrap_or("").to_owned());
        for (text, words, right) in [
            ("8 GiX", SIZE_WORDS, "8 GiB"),
            ("4kib", SIZE_WORDS, "4 KiB"),
            ("1.5 G", SIZE_WORDS, "1.5 GB"),
            ("10 Gbps", BANDWIDTH_WORDS, "10 Gbit/s"),
            ("10 gbit", BANDWIDTH_WORDS, ""),
            ("3 secs", TIME_WORDS, "3 s"),
            ("2 Us", TIME_WORDS, "2 us"),
            ("2 msecs", TIME_WORDS, "2 ms"),
            ("2 xs", TIME_WORDS, ""),
            ("2 parsecs", TIME_WORDS, ""),
            ("99999999999 TiB", SIZE_WORDS, ""),
            ("GiB", SIZE_WORDS, ""),
            ("4 gigs", SIZE_WORDS, ""),
        ] {
            assert_eq!(meant(text, words).unwrap_or_default(), right, "{text}");
        }
    }
}
