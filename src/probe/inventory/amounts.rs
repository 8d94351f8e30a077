//! Amounts as the kernel writes them, and as a person does.
//!
//! The kernel writes sets of processors as lists of ranges, `0-3,8`, and sizes in bytes.
//! Where to read more: cpuset(7), "List format".

/// The most ranges in a list.
const RANGES: usize = 8192;

/// A set of processors, as ranges that neither touch nor overlap, rising.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cpus(Vec<(u64, u64)>);

impl Cpus {
    /// Reads `0-3,8`; `None` where the text is no such list, names none, or more ranges than any kernel has processors.
    pub fn parse(list: &str) -> Option<Cpus> {
        let mut ranges: Vec<(u64, u64)> = Vec::new();
        if list.matches(',').count() > RANGES {
            return None;
        }
        for part in list.trim().split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (from, to) = part.split_once('-').unwrap_or((part, part));
            let (from, to): (u64, u64) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
            (from <= to && to < u64::MAX).then(|| ranges.push((from, to)))?;
        }
        ranges.sort_unstable();
        let mut out: Vec<(u64, u64)> = Vec::new();
        for (from, to) in ranges {
            match out.last_mut() {
                Some((_, end)) if from <= *end + 1 => *end = (*end).max(to),
                _ => out.push((from, to)),
            }
        }
        (!out.is_empty()).then_some(Cpus(out))
    }

    /// The list as the kernel writes it.
    pub fn text(&self) -> String {
        let one = |(from, to): &(u64, u64)| if from == to { from.to_string() } else { format!("{from}-{to}") };
        self.0.iter().map(one).collect::<Vec<_>>().join(",")
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.0.iter().fold(0, |sum: u64, (from, to)| sum.saturating_add((to - from).saturating_add(1)))
    }

    /// Those that are in both sets; `None` if there are none.
    pub fn common(&self, others: &Cpus) -> Option<Cpus> {
        let ranges = self.0.iter().flat_map(|(from, to)| {
            others.0.iter().map(move |(start, end)| (*from.max(start), *to.min(end))).filter(|(from, to)| from <= to)
        });
        let out: Vec<(u64, u64)> = ranges.collect();
        (!out.is_empty()).then_some(Cpus(out))
    }

    /// Whether all of `others` are among them.
    pub fn contain(&self, others: &Cpus) -> bool {
        // Ranges do not touch, so that each of the others has to lie in one of these.
        others.0.iter().all(|(from, to)| self.0.iter().any(|(start, end)| start <= from && to <= end))
    }
}

/// How many processors a list such as `0-3,8` names.
pub fn count_list(list: &str) -> Option<u64> {
    Cpus::parse(list).map(|cpus| cpus.count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_of_processors_are_compared_and_not_only_counted() {
        let set = |list| Cpus::parse(list).unwrap();
        assert_eq!((set("0-3,8").count(), set("0-3,2-5,6").count(), set("7").count()), (5, 7, 1));
        assert!(set("0-7").contain(&set("1-3,5")) && set("0-3,4-7").contain(&set("2-5")));
        assert!(!set("24").contain(&set("0")) && !set("0-3").contain(&set("0-4")));
        assert_eq!(set("2-255").common(&set("0-3,5-7")), Some(set("2-3,5-7")));
        assert_eq!(set("8-9").common(&set("0-7")), None);
        assert_eq!(set("3,0-1, 2,8").text(), "0-3,8");
        for nonsense in ["", ",", "x", "3-1", "0-", "18446744073709551615", "-1"] {
            assert_eq!(Cpus::parse(nonsense), None, "{nonsense}");
        }
    }
}
