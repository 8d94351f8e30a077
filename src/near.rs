//! What a name was probably meant to be, and the lists of what there is.

/// Names longer than this, in characters, are no names, and are not compared.
const LONGEST_NAME: usize = 64;
/// Of more names than this, the rest are not compared.
const MOST_COMPARED: usize = 1024;
/// As many characters of names are listed.
const LONGEST_LIST: usize = 1100;

/// The one of `known` that `name` was probably meant to be: the same but for case and kind of dash, or a few slips
/// away, or the only one that it abbreviates.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let short = |name: &str| name.len() <= 4 * LONGEST_NAME && name.chars().count() <= LONGEST_NAME;
    if !short(name) {
        return None;
    }
    let folded = |name: &str| name.to_lowercase().replace(['_', ' '], "-");
    let name = folded(name);
    let length = name.chars().count();
    let known = known.filter(|known| !known.is_empty() && short(known)).take(MOST_COMPARED);
    let scored = known.clone().filter_map(|known| {
        let folded = folded(known);
        let other = folded.chars().count();
        let most = slips(length.min(other));
        let slips = (length.abs_diff(other) <= most).then(|| strsim::osa_distance(&folded, &name))?;
        (slips <= most).then_some((slips, known))
    });
    if let Some((_, near)) = scored.min_by_key(|(slips, _)| *slips) {
        return Some(near);
    }
    let mut longer = known.filter(|known| length >= 3 && folded(known).starts_with(&name));
    longer.next().filter(|_| longer.next().is_none())
}

/// How many letters of a word of so many may be wrong, missing, too many or exchanged for it to be a slip.
fn slips(length: usize) -> usize {
    match length {
        0 | 1 => 0,
        2..=5 => 1,
        6..=8 => 2,
        _ => 3,
    }
}

/// `did you mean "vm"?`, or `there are: …`, for a name that is none of `known`.
pub(crate) fn did_you_mean<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> Option<String> {
    if let Some(near) = nearest(name, known.clone()) {
        return Some(format!("did you mean \"{near}\"?"));
    }
    let mut known = known.filter(|name| !name.is_empty()).map(|name| shortened(name.to_owned(), LONGEST_NAME));
    let mut list = known.next()?;
    let mut listed = 1;
    let mut left = 0;
    for name in known {
        if left > 0 || list.len() + name.len() > LONGEST_LIST {
            left += 1;
        } else {
            list += ", ";
            list += &name;
            listed += 1;
        }
    }
    match (listed, left) {
        (1, 0) => Some(format!("there is only {list}")),
        (_, 0) => Some(format!("there are: {list}")),
        _ => Some(format!("there are: {list}, and {left} more")),
    }
}

/// A text with its middle left out where it is longer than `most` characters: what is wrong stands at its ends.
pub(crate) fn shortened(text: String, most: usize) -> String {
    if text.chars().count() <= most {
        return text;
    }
    let end: Vec<char> = text.chars().rev().take(most / 3).collect();
    let start = text.chars().take(most - most / 3 - 1);
    start.chain(std::iter::once('…')).chain(end.into_iter().rev()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
        nearest(name, known.iter().copied())
    }

    #[test]
    fn only_a_slip_or_an_abbreviation_is_taken_for_what_was_meant() {
        let fields = ["cpu_max", "memory", "hypervisor", "vm", "Read", "StartContainer", "StartVm"];
        for (name, near) in [
            ("cpus_max", "cpu_max"),
            ("cpu-max", "cpu_max"),
            ("CPU_MAX", "cpu_max"),
            ("raed", "Read"),
            ("hypervizor", "hypervisor"),
            ("hyper", "hypervisor"),
            ("mem", "memory"),
            ("vn", "vm"),
            ("StartContaner", "StartContainer"),
        ] {
            assert_eq!(meant(name, &fields), Some(near), "{name}");
        }
        for name in ["pids_max", "io_max", "memory_max", "Start", "x", "", "disk", "Write"] {
            assert_eq!(meant(name, &fields), None, "{name}");
        }
        assert_eq!(meant("a", &["b"]), None);
    }

    #[test]
    fn a_list_of_choices_names_all_of_them_or_says_how_many_are_left_out() {
        let few: Vec<String> = (0..40).map(|i| format!("Operation{i}")).collect();
        let told = did_you_mean("zzz", few.iter().map(String::as_str)).unwrap();
        assert!(few.iter().all(|name| told.contains(name)) && !told.contains("more"), "{told}");
        let many: Vec<String> = (0..5000).map(|i| format!("stack {i}")).collect();
        let told = did_you_mean("zzz", many.iter().map(String::as_str)).unwrap();
        let listed = told.matches("stack").count();
        assert!(told.ends_with(&format!("and {} more", 5000 - listed)) && told.len() < 1200, "{told}");
        assert_eq!(did_you_mean("zzz", ["one"].into_iter()).as_deref(), Some("there is only one"));
        assert_eq!(did_you_mean("zzz", std::iter::empty()), None);
    }
}
