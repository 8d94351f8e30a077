//! Links in the texts of a walkthrough: each must lead somewhere.

use indexmap::IndexSet;
use pulldown_cmark::{Event, Parser, Tag};

use crate::near::nearest;
use crate::scenario::library;
use crate::scenario::locate::Node;
use crate::scenario::problem::Problems;

const HELP: &str = "write \"#id\" for a step, the id of a built-in scenario, or an address that begins with https://";

/// `steps`: the ids of the walkthrough's steps.
pub(super) fn check(text: &str, at: &Node, steps: &IndexSet<&str>, problems: &mut Problems) {
    // Most texts have none; of a text of megabytes that is known sooner.
    if !text.contains("](") {
        return;
    }
    // What is written without escapes stands in the file as it is, in quotation marks.
    let plain = at.span.len() == text.len() + 2;
    for (event, place) in Parser::new(text).into_offset_iter() {
        let Event::Start(Tag::Link { dest_url: target, .. }) = event else { continue };
        let address = ["https://", "http://"].iter().any(|scheme| target.starts_with(scheme));
        if address || library().iter().any(|built_in| built_in.id == &*target) {
            continue;
        }
        let (message, step) = match target.strip_prefix('#') {
            Some(id) if steps.contains(id) => continue,
            Some(id) => (format!("a link leads to the step \"{id}\", which is not there"), Some(id)),
            None => (format!("a link leads to \"{target}\", which is nothing that Strata knows"), None),
        };
        // Of very many links few are told, and looking for what was meant takes longest.
        let help = || {
            let near = match step {
                Some(id) => nearest(id, steps.iter().copied()),
                None => nearest(&target, library().iter().map(|built_in| built_in.id)),
            };
            Some(near.map_or(HELP.to_owned(), |near| format!("did you mean \"{near}\"?")))
        };
        let within = at.span.start + 1 + place.start..at.span.start + 1 + place.end;
        let span = if plain { within } else { at.span.clone() };
        problems.add_with(span, message, help);
    }
}
