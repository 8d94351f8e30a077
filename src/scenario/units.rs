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
}
