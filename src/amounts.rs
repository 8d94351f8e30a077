//! Amounts written for people. Durations write themselves ([`crate::engine::Time`]); what stands in columns of figures
//! has its own digits there.

/// Bytes in the greatest binary unit of which there is at least one: "4 KiB", "1.25 MiB", "7.8 GiB". With two decimals
/// where those are exact, else rounded to one.
pub fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let of = |power: usize| bytes as f64 / (1u64 << (10 * power)) as f64;
    // ilog2 of a u64 is at most 63, so that there are at most six powers.
    let mut power = (bytes.max(1).ilog2() / 10) as usize;
    // What is rounded up to 1024 is one of the next.
    if power < 6 && (of(power) * 10.0).round() >= 10_240.0 {
        power += 1;
    }
    let value = of(power);
    let exact = (value * 100.0).fract() == 0.0;
    let value = if exact { value } else { (value * 10.0).round() / 10.0 };
    format!("{value} {}", UNITS[power])
}

/// A number with thin spaces between thousands: "1 204".
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_as_a_person_would() {
        for (amount, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1 KiB"),
            (4096, "4 KiB"),
            (1_310_720, "1.25 MiB"),
            (1_073_741_823, "1 GiB"),
            (8_356_777_984, "7.8 GiB"),
            (u64::MAX, "16 EiB"),
        ] {
            assert_eq!(bytes(amount), text);
        }
    }

    #[test]
    fn thousands_are_set_apart_and_nothing_else() {
        for (number, text) in [(0, "0"), (999, "999"), (1204, "1\u{202f}204"), (1_000_000, "1\u{202f}000\u{202f}000")] {
            assert_eq!(grouped(number), text);
        }
    }
}
