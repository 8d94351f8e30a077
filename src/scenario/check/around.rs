//! What stands around a place in a text that ron could not read.

use std::ops::Range;

/// The word that ends at `end`, blanks aside.
pub(super) fn named(text: &str, end: usize) -> Option<Range<usize>> {
    let before = text[..end].trim_end();
    let start = before
        .rfind(|c: char| !c.is_alphanumeric() && c != '_')
        .map_or(0, |i| i + before[i..].chars().next().map_or(1, char::len_utf8));
    (start < before.len()).then_some(start..before.len())
}

/// What stands between the quotation marks of which the first is at `at`.
pub(super) fn quoted(text: &str, at: usize) -> Option<&str> {
    let inside = text.get(at..)?.strip_prefix('"')?;
    inside.find('"').map(|end| &inside[..end])
}

/// The last place of `word` that ends at or before `end`: ron stands just behind the word that it did not know.
pub(super) fn word_before(text: &str, end: usize, word: &str) -> Option<Range<usize>> {
    let start = text.get(..end)?.rfind(word)?;
    Some(start..start + word.len())
}

/// The name in front of the bracket that is open at `at`.
pub(super) fn opened_by(text: &str, at: usize) -> Option<&str> {
    let before = text.get(..at)?;
    let mut closed = 0;
    for (i, c) in before.char_indices().rev() {
        match c {
            ')' | ']' | '}' => closed += 1,
            '(' | '[' | '{' if closed > 0 => closed -= 1,
            '(' => {
                let name = before[..i].trim_end();
                let start = name.rfind(|c: char| !c.is_ascii_alphanumeric()).map_or(0, |i| i + 1);
                return name.get(start..);
            }
            '[' | '{' => return None,
            _ => {}
        }
    }
    None
}

/// A name with its colon, in front of a value in brackets that have no names: `time:` of `Compute(time: "2 us")`. `at` is
/// where ron stopped: at the name, or behind it.
pub(super) fn needless_name(text: &str, at: usize) -> Option<Range<usize>> {
    let letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let at = at + text.get(at..)?.find(|c: char| !c.is_whitespace())?;
    let start = if text[at..].starts_with(':') { named(text, at)?.start } else { at };
    let name = text[start..].find(|c| !letter(c)).filter(|length| *length > 0)?;
    let colon = start + name + text[start + name..].find(|c: char| !c.is_whitespace())?;
    let first = text[..start].trim_end().ends_with(['(', ',']);
    let outer = opened_by(text, start).is_some_and(|outer| !outer.is_empty());
    (text[colon..].starts_with(':') && first && outer).then_some(start..colon + 1)
}

/// The bracket that would close the one at `open`.
pub(super) fn closing(text: &str, open: usize) -> Option<char> {
    Some(match text[open..].chars().next()? {
        '[' => ']',
        '{' => '}',
        _ => ')',
    })
}
