//! Names that an author gives: whether they can be shown and told from others.

use crate::scenario::file::Named;
use crate::scenario::locate::Node;
use crate::scenario::problem::Problems;
use crate::visible::is_hidden;

/// How long a name may be, in characters.
const LONGEST_NAME: usize = 64;

/// Whether a name can be shown and told from others: one that turns the text around it, or is not seen, can't.
pub(super) fn can_be_a_name(name: &str) -> bool {
    !name.trim().is_empty() && name.chars().count() <= LONGEST_NAME && !name.contains(is_hidden)
}

/// The beginning of a name, where all that stands beneath would carry a very long one along.
pub(super) fn beginning(name: &str) -> &str {
    name.char_indices().nth(LONGEST_NAME).map_or(name, |(end, _)| &name[..end])
}

/// Words for what [`can_be_a_name`] refuses.
pub(super) fn no_name(name: &str) -> String {
    let hidden = name.chars().find(|c| is_hidden(*c));
    let why = hidden.map_or(String::new(), |c| format!(": it has the hidden character U+{:04X}", u32::from(c)));
    format!("this can't be a name{why}")
}

/// Tells names that are empty, too long, unprintable or there twice.
pub(super) fn names<T>(named: &Named<T>, at: &Node, problems: &mut Problems) {
    let mut seen = std::collections::HashSet::new();
    for (i, (name, _)) in named.0.iter().enumerate() {
        if !can_be_a_name(name) || name.contains('/') {
            let help = "a name is 1 to 64 characters that can be seen, on one line, without \"/\"";
            problems.add_with(at.key_span(i), no_name(name), || Some(help.to_owned()));
        }
        if !seen.insert(name) {
            let help = Some("give one of them another name".to_owned());
            problems.add(at.key_span(i), format!("the name \"{name}\" stands here for the second time"), help);
        }
    }
}
