//! The shape of the text: what ron can't read, in words for an author.

use std::ops::Range;

use ron::Error;
use ron::error::SpannedError;
use ron::extensions::Extensions;

use super::around::{closing, named, needless_name, opened_by, quoted, word_before};
use crate::machine::limits::MAX_DEPTH;
use crate::near::nearest;
use crate::scenario::file::{LOOSE, ScenarioFile};
use crate::scenario::locate::{self, Tree};
use crate::scenario::problem::MOST;
use crate::syntax::{self, Words, meant, offset};

/// How deep brackets may lie in one another. Far above what [`MAX_DEPTH`] needs, far below what the
/// program's own stack bears.
const MAX_BRACKETS: usize = 96;

/// So many bytes are read again, all in all, to find what is wrong behind the first mistake.
const MOST_READ_AGAIN: usize = 8 << 20;

/// A mistake in the shape.
pub(super) struct Mistake {
    pub span: Range<usize>,
    pub message: String,
    pub help: Option<String>,
}

/// What could not be read.
pub(super) struct Unreadable {
    /// What is wrong with its shape: at least one, in the order in which they were found.
    pub mistakes: Vec<Mistake>,
    /// What is left without them, if all of that can be read.
    pub rest: Option<Box<Rest>>,
    /// Whether there may be more that were not looked for: enough have been found, or the text was read often enough.
    pub stopped: bool,
}

/// A text without what could not be read.
pub(super) struct Rest {
    pub file: ScenarioFile,
    patched: Patched,
}

impl Rest {
    /// The text that was read.
    pub fn text(&self) -> &str {
        &self.patched.text
    }

    /// Where in it something was left out or put in.
    pub fn unread(&self) -> Vec<Range<usize>> {
        self.patched.holes.clone()
    }

    /// Where a place of it was in the file.
    pub fn original(&self, at: usize) -> usize {
        self.patched.original(at)
    }
}

/// Reads the text, or tells what is wrong with its shape: the first mistake, and of those behind it what can be told for
/// sure. ron stops at the first, so the part with the mistake is left out, or what is missing put in, and the rest is
/// read again.
pub(super) fn read(text: &str) -> Result<ScenarioFile, Unreadable> {
    let mut error = match parse(text) {
        Ok(file) => return Ok(file),
        Err(error) => error,
    };
    let mut patched = Patched::of(text);
    let mut rest = None;
    let mut tree = Tree::of(text);
    let mut mistakes = vec![mistake(text, &tree, &error)];
    let mut again = MOST_READ_AGAIN / text.len().max(1);
    // A misspelt field is missing under its right name: that is one mistake.
    let mut misspelt = Vec::new();
    // Behind a character that only looks right, nothing is for sure.
    let plain = look_alike(text, &error).is_none();
    while plain && tree.sound && mistakes.len() < MOST {
        if let Error::NoSuchStructField { expected, found, .. } = &error.code {
            misspelt.extend(nearest(found, expected.iter().copied()));
        }
        let Some((next, found)) = patched.without(&tree, &error, &mut again) else { break };
        let found = match found {
            Ok(file) => {
                rest = Some(Box::new(Rest { file, patched: next }));
                break;
            }
            Err(found) => found,
        };
        patched = next;
        // Each may take some hundred megabytes of a large file.
        drop(tree);
        tree = Tree::of(&patched.text);
        error = found;
        if let Error::MissingStructField { field, .. } = &error.code {
            if let Some(i) = misspelt.iter().position(|name| name == field) {
                misspelt.swap_remove(i);
                continue;
            }
            // So is one that was left out because it could not be read.
            if patched.left_out(bracket_of(&patched.text, &tree, &error), field) {
                continue;
            }
        }
        let Mistake { span, message, help } = mistake(&patched.text, &tree, &error);
        let span = patched.original(span.start)..patched.original(span.end);
        if mistakes.iter().any(|told| told.span == span && told.message == message) {
            break;
        }
        mistakes.push(Mistake { span, message, help });
    }
    let stopped = rest.is_none() && (mistakes.len() == MOST || again == 0);
    Err(Unreadable { mistakes, rest, stopped })
}

fn parse(text: &str) -> Result<ScenarioFile, SpannedError> {
    ron::Options::default()
        .with_default_extension(Extensions::IMPLICIT_SOME)
        .with_recursion_limit(MAX_BRACKETS)
        .from_str(text)
}

/// A text of which parts have been blanked out, and into which others have been put.
struct Patched {
    text: String,
    /// Where something was put in, and how long it is, in the order in which it was done.
    inserted: Vec<(usize, usize)>,
    /// Where something was blanked out or put in, in this text.
    holes: Vec<Range<usize>>,
    /// The fields and keys that were blanked out, each with the bracket in which it stood.
    without: Vec<(usize, String)>,
}

/// One way to go on behind a mistake.
enum Patch<'a> {
    /// A part, and if it has a key, that, and where the bracket opens in which it lies.
    Blank(Range<usize>, Option<(usize, &'a str)>),
    Insert(usize, String),
}

impl Patched {
    fn of(text: &str) -> Patched {
        Patched { text: text.to_owned(), inserted: Vec::new(), holes: Vec::new(), without: Vec::new() }
    }

    /// Whether the field of the brackets that open at `open` has been blanked out.
    fn left_out(&self, open: Option<usize>, field: &str) -> bool {
        self.without.iter().any(|(at, key)| Some(*at) == open && key == field)
    }

    /// This text without the mistake `error`, and the next mistake, or what was read if there is none. `again`: how often
    /// it may be read.
    fn without(
        &self,
        tree: &Tree,
        error: &SpannedError,
        again: &mut usize,
    ) -> Option<(Patched, Result<ScenarioFile, SpannedError>)> {
        let place = place(&self.text, tree, error);
        let (parts, bracket) = tree.root.enclosing(place.start);
        let missing = match &error.code {
            Error::MissingStructField { field, outer } => {
                let open = self.text[place.end..].find('(').map(|i| place.end + i).or(bracket);
                let written = example(field, outer.as_deref());
                written.zip(open).map(|(written, open)| Patch::Insert(open + 1, format!("{written}, ")))
            }
            _ => None,
        };
        let nameless = needless_value_name(&self.text, error).map(|name| Patch::Blank(name, None));
        let removable = parts.iter().rev().filter(|part| part.key.is_some() || self.text[part.open..].starts_with('['));
        let removed = removable.map(|part| Patch::Blank(part.span.clone(), part.key.map(|key| (part.open, key))));
        for patch in missing.into_iter().chain(nameless).chain(removed) {
            *again = again.checked_sub(1)?;
            let next = self.with(&patch);
            let found = match parse(&next.text) {
                Ok(file) => return Some((next, Ok(file))),
                Err(found) => found,
            };
            let needed = match (&found.code, &patch) {
                (Error::MissingStructField { field, .. }, Patch::Blank(_, Some((_, key)))) => field == key,
                // What was put in is not right there.
                (_, Patch::Insert(at, written)) => {
                    (*at..*at + written.len()).contains(&offset(&next.text, found.span.start))
                }
                _ => false,
            };
            if !needed {
                return Some((next, Err(found)));
            }
        }
        None
    }

    fn with(&self, patch: &Patch) -> Patched {
        let mut text = String::with_capacity(self.text.len() + 64);
        let mut inserted = self.inserted.clone();
        let mut holes = self.holes.clone();
        let mut without = self.without.clone();
        match patch {
            Patch::Blank(span, key) => {
                without.extend(key.map(|(open, key)| (open, key.to_owned())));
                // With the comma behind it.
                let after = locate::after_blank(&self.text, span.end);
                let end = if self.text[after..].starts_with(',') { after + 1 } else { span.end };
                text.push_str(&self.text[..span.start]);
                text.extend(self.text[span.start..end].bytes().map(|b| if b == b'\n' { '\n' } else { ' ' }));
                text.push_str(&self.text[end..]);
                holes.push(span.start..end);
            }
            Patch::Insert(at, written) => {
                text.push_str(&self.text[..*at]);
                text.push_str(written);
                text.push_str(&self.text[*at..]);
                inserted.push((*at, written.len()));
                let moved = |place: usize| if place >= *at { place + written.len() } else { place };
                holes.iter_mut().for_each(|hole| *hole = moved(hole.start)..moved(hole.end));
                holes.push(*at..*at + written.len());
                without.iter_mut().for_each(|(open, _)| *open = moved(*open));
            }
        }
        Patched { text, inserted, holes, without }
    }

    /// Where a place was before anything was put in.
    fn original(&self, mut at: usize) -> usize {
        for (from, length) in self.inserted.iter().rev() {
            at = if at >= from + length { at - length } else { at.min(*from) };
        }
        at
    }
}

fn mistake(text: &str, tree: &Tree, error: &SpannedError) -> Mistake {
    if let Some(mistake) = look_alike(text, error) {
        return mistake;
    }
    if let Some(mistake) =
        goes_on(text, error).or_else(|| mismatched(text, tree, error)).or_else(|| named_value(text, error))
    {
        return mistake;
    }
    let span = place(text, tree, error);
    let (message, help) = match &error.code {
        Error::SuggestRawIdentifier(found) if found.starts_with(|c: char| c.is_ascii_digit()) => {
            number_for_a_word(found, opened_by(text, offset(text, error.span.start)))
        }
        code => here(text, &span, code).unwrap_or_else(|| words(code)),
    };
    Mistake { span, message, help }
}

/// A closing bracket of another kind than the one that is open.
fn mismatched(text: &str, tree: &Tree, error: &SpannedError) -> Option<Mistake> {
    let at = locate::after_blank(text, offset(text, error.span.start));
    let found = text[at..].chars().next().filter(|c| is_syntax(&error.code) && ")]}".contains(*c))?;
    let open = tree.root.enclosing(at).1?;
    let wanted = closing(text, open).filter(|wanted| *wanted != found)?;
    let line = text[..open].matches('\n').count() + 1;
    Some(Mistake {
        span: at..at + 1,
        message: format!("\"{found}\" does not close the \"{}\" of line {line}", &text[open..open + 1]),
        help: Some(format!("write \"{wanted}\" before it, or in its place")),
    })
}

/// A name before a value in brackets that have none, which ron takes for the value.
fn named_value(text: &str, error: &SpannedError) -> Option<Mistake> {
    let name = needless_value_name(text, error)?;
    let outer = opened_by(text, name.start)?;
    Some(Mistake {
        span: name.start..name.end - 1,
        message: format!("what stands in the brackets of {outer} has no name"),
        help: variant(outer).map(|example| format!("write it as in {example}")),
    })
}

fn needless_value_name(text: &str, error: &SpannedError) -> Option<Range<usize>> {
    let for_a_value = match &error.code {
        Error::InvalidValueForType { found, .. } => found.contains("unit"),
        Error::ExpectedString | Error::ExpectedInteger | Error::ExpectedFloat | Error::ExpectedArray => true,
        _ => false,
    };
    needless_name(text, offset(text, error.span.start)).filter(|_| for_a_value)
}

/// What is pointed at.
fn place(text: &str, tree: &Tree, error: &SpannedError) -> Range<usize> {
    let (start, end) = (offset(text, error.span.start), offset(text, error.span.end));
    let span = match &error.code {
        Error::NoSuchStructField { found, .. } | Error::NoSuchEnumVariant { found, .. } => {
            word_before(text, end, found)
        }
        Error::DuplicateStructField { field, .. } => word_before(text, end, field),
        // ron has read all the brackets by then: their name is what to look for.
        Error::MissingStructField { .. } => {
            bracket_of(text, tree, error).map(|open| named(text, open).unwrap_or(open..open + 1))
        }
        Error::ExpectedStructLike => named(text, start),
        Error::InvalidValueForType { .. } if text[start..].starts_with('(') => named(text, start),
        // ron takes a word alone for a value without anything in it.
        Error::InvalidValueForType { found, .. } if found.contains("unit") => named(text, start),
        _ => None,
    };
    span.unwrap_or_else(|| {
        let first = if start < end && !text[start..].starts_with(char::is_whitespace) {
            start
        } else {
            locate::after_blank(text, start)
        };
        let next = text[first..].chars().next();
        let word = |c: char| c.is_alphanumeric() || c == '_';
        // ron may have taken the first letter for the beginning of something else.
        let before = text[..first].trim_end_matches(word).len();
        let first = if next.is_some_and(word) { before } else { first };
        let length = match next {
            Some(c) if word(c) => text[first..].find(|c| !word(c)).unwrap_or(text.len() - first),
            Some(c) => c.len_utf8(),
            None => 0,
        };
        // At the end of the text, the last thing in it.
        if length == 0 { text.trim_end().len()..text.len() } else { first..(first + length).max(end) }
    })
}

/// Where the brackets open in which a field is missing.
fn bracket_of(text: &str, tree: &Tree, error: &SpannedError) -> Option<usize> {
    let start = offset(text, error.span.start);
    tree.root.enclosing(start).1.or(tree.root.enclosing(start.saturating_sub(1)).1)
}

/// A mistake that is only a character that looks like the right one: at the place where ron stopped, or in a text before
/// it that went on past its line because nothing closed it.
fn look_alike(text: &str, error: &SpannedError) -> Option<Mistake> {
    if !is_syntax(&error.code) {
        return None;
    }
    let start = offset(text, error.span.start);
    let plain = |c: char| c.is_whitespace() && meant(c).is_none();
    let first = start + text[start..].find(|c| !plain(c))?;
    let commented = locate::after_blank(text, first);
    for at in [first, commented] {
        if let Some((at, c)) = text[at..].chars().next().map(|c| (at, c))
            && let Some((what, help)) = meant(c)
        {
            return Some(Mistake {
                span: at..at + c.len_utf8(),
                message: format!("\"{c}\" is {what}"),
                help: Some(help.to_owned()),
            });
        }
    }
    let unclosed = locate::strings_before(text, start + 1).last()?;
    let line = text[unclosed.clone()]
        .split('\n')
        .next()
        .filter(|line| line.len() < unclosed.len() || !line[1..].contains('"'))?;
    let (at, c) = line.char_indices().find(|(_, c)| matches!(c, '“' | '”' | '„' | '«' | '»' | '’' | '″' | '＂'))?;
    let at = unclosed.start + at;
    Some(Mistake {
        span: at..at + c.len_utf8(),
        message: format!("\"{c}\" is a typographic quotation mark, and does not end the text before it"),
        help: Some("write a straight one, as in \"reader\"".to_owned()),
    })
}

/// A text in quotation marks that went on over lines to where the next text was to begin: what should have been inside
/// of that follows its end at once.
fn goes_on(text: &str, error: &SpannedError) -> Option<Mistake> {
    let start = offset(text, error.span.start);
    let over = is_syntax(&error.code).then(|| locate::strings_before(text, start + 1).last())??;
    let next = text[over.end..].chars().next()?;
    if over.end > start
        || !text[over.end..start].trim().is_empty()
        || !(next.is_alphanumeric() || "+-_.<".contains(next))
    {
        return None;
    }
    let line = text[over.clone()].lines().next().unwrap_or_default();
    if line.len() == over.len() {
        let message = "something follows the end of this text at once".to_owned();
        let help = "is a quotation mark missing in it, or in front of it?".to_owned();
        return Some(Mistake { span: over, message, help: Some(help) });
    }
    let last = text[..over.end].matches('\n').count() + 1;
    Some(Mistake {
        span: over.start..over.start + line.trim_end().trim_end_matches(',').len(),
        message: format!("this text goes on to line {last}"),
        help: Some("is a quotation mark missing behind it?".to_owned()),
    })
}

/// Whether ron stopped at a character, and not at what something means.
fn is_syntax(code: &Error) -> bool {
    !matches!(
        code,
        Error::Message(_)
            | Error::InvalidValueForType { .. }
            | Error::ExpectedDifferentLength { .. }
            | Error::NoSuchEnumVariant { .. }
            | Error::NoSuchStructField { .. }
            | Error::MissingStructField { .. }
            | Error::DuplicateStructField { .. }
            | Error::ExceededRecursionLimit
    )
}

/// Words for what stands at the place, where that says more than what ron expected.
fn here(text: &str, span: &Range<usize>, code: &Error) -> Option<(String, Option<String>)> {
    let written = text.get(span.clone())?;
    let next = written.chars().next();
    let before = || named(text, span.start).map(|word| &text[word]);
    Some(match (code, next) {
        (Error::ExpectedStructLike, _) => (
            format!("{written} needs something in brackets"),
            variant(written).map(|example| format!("write it as in {example}")),
        ),
        (Error::UnexpectedChar(_), Some(',' | ')' | ']' | '}')) => {
            ("a value is missing before this".to_owned(), Some("write it, or take its name out too".to_owned()))
        }
        (Error::ExpectedIdentifier, Some('"')) => match opened_by(text, span.start) {
            Some(outer) if !outer.is_empty() && !text[..span.start].trim_end().ends_with(':') => (
                format!("what stands in the brackets of {outer} has names"),
                variant(outer).map(|example| format!("write it as in {example}")),
            ),
            _ => {
                let quoted = quoted(text, span.start);
                let example = field_before(text, span.start).and_then(|field| example(field, None));
                let word = quoted.filter(|word| {
                    word.starts_with(char::is_uppercase) && word.chars().all(|c| c.is_alphanumeric() || c == '_')
                });
                let help = match (word, example) {
                    (Some(word), _) => {
                        format!("names of operations and kinds are words: write {}", variant(word).unwrap_or(word))
                    }
                    (None, Some(example)) => format!("write it as in {example}"),
                    (None, None) => "names of operations and kinds are words, as in Cpuid".to_owned(),
                };
                ("expected a word without quotation marks".to_owned(), Some(help))
            }
        },
        (Error::ExpectedIdentifier, Some('(')) => {
            ("a name is missing before this bracket".to_owned(), Some("as in Process(run: \"reader\")".to_owned()))
        }
        (
            Error::ExpectedComma | Error::ExpectedArrayEnd | Error::ExpectedMapEnd | Error::ExpectedStructLikeEnd,
            Some('('),
        ) if before().is_some() => {
            (format!("{} takes nothing in brackets", before().unwrap_or_default()), Some("leave them out".to_owned()))
        }
        (Error::ExpectedStructLikeEnd, Some(_)) if text[..span.start].trim_end().ends_with(',') => {
            ("expected a closing bracket before this".to_owned(), Some("it is one value too many".to_owned()))
        }
        (Error::ExpectedString, Some(c)) if c.is_alphanumeric() || c == '_' => {
            let help = match text[span.end..].trim_start().starts_with('(') {
                true => "write the text alone".to_owned(),
                false => format!("write \"{written}\""),
            };
            ("expected a text in quotation marks".to_owned(), Some(help))
        }
        (Error::ExpectedArray, _) => {
            let example = field_before(text, span.start).and_then(|field| example(field, None));
            let help = example
                .filter(|example| example.contains('['))
                .map_or("as in [Cpuid]".to_owned(), |example| format!("write it as in {example}"));
            ("expected a list in square brackets".to_owned(), Some(help))
        }
        (Error::NoSuchStructField { found, outer: Some(outer), .. }, _)
            if outer != "Scenario" && SECTIONS.contains(&found.as_str()) =>
        {
            let message = format!("{found} is a field of Scenario, and this still stands in the brackets of {outer}");
            (message, Some("is a closing bracket missing before it?".to_owned()))
        }
        (Error::ExpectedDifferentLength { .. }, _) if opened_by(text, span.start).and_then(variant).is_some() => {
            let outer = opened_by(text, span.start).and_then(variant);
            (syntax::words(code).0, outer.map(|example| format!("write it as in {example}")))
        }
        (Error::InvalidValueForType { expected, found }, _)
            if found.contains("map") && text[span.end..].trim_start().starts_with('(') =>
        {
            (format!("expected {expected}, and not {written}(…)"), Some("write the value alone".to_owned()))
        }
        (Error::InvalidValueForType { found, .. }, Some(c)) if found.contains("unit") && c.is_alphabetic() => {
            let example = variant(written).map(str::to_owned);
            let message = match example {
                Some(_) => format!("{written} needs something in brackets"),
                None => format!("expected {LOOSE}, and not the word {written}"),
            };
            (message, example.map(|example| format!("write it as in {example}")))
        }
        (Error::InvalidValueForType { expected, found }, _) if expected == LOOSE => {
            let example = field_before(text, span.start).and_then(|field| example(field, None))?;
            let expected = if example.contains('"') { "a text with a unit" } else { "a number" };
            let error = Error::InvalidValueForType { expected: expected.to_owned(), found: found.clone() };
            (syntax::words(&error).0, Some(format!("write it as in {example}")))
        }
        (Error::ExpectedString | Error::ExpectedChar, Some('\'')) => {
            ("expected a text in double quotation marks".to_owned(), Some("write it as in \"reader\"".to_owned()))
        }
        (Error::ExpectedMap, _) => {
            let example = field_before(text, span.start)
                .and_then(|field| example(field, None))
                .filter(|example| example.contains('{'))?;
            ("expected a map in braces".to_owned(), Some(format!("write it as in {example}")))
        }
        (Error::ExpectedStringEnd, _) => {
            ("this text is never closed".to_owned(), Some("is a quotation mark missing behind it?".to_owned()))
        }
        _ => return None,
    })
}

/// The field or key of which the value begins at `at`.
fn field_before(text: &str, at: usize) -> Option<&str> {
    let before = text[..at].trim_end().strip_suffix(':')?;
    named(text, before.len()).map(|field| &text[field])
}

/// The fields of a scenario that no other brackets have.
const SECTIONS: [&str; 9] =
    ["programs", "host", "walkthrough", "expect", "closing", "script", "claims", "teaches", "until"];

/// A number where one of several words is to stand, inside the brackets of `outer`.
fn number_for_a_word(number: &str, outer: Option<&str>) -> (String, Option<String>) {
    match outer {
        Some("Less") => {
            let help = format!("to compare with a number, write AtMost(…, {number}) or AtLeast(…, {number})");
            ("Less compares two quantities, and this is a number".to_owned(), Some(help))
        }
        _ => (format!("expected a word here, not the number {number}"), None),
    }
}

/// A mistake in the words of a scenario, or else of any file.
fn words(error: &Error) -> Words {
    let told = |message: &str, help: &str| (message.to_owned(), Some(help.to_owned()));
    match error {
        Error::MissingStructField { field, outer } => match example(field, outer.as_deref()) {
            Some(written) => (syntax::words(error).0, Some(format!("add {written}"))),
            None => syntax::words(error),
        },
        Error::ExpectedNamedStructLike("Scenario") => {
            let help = "a scenario file reads Scenario(format: 1, id: …, title: …, host: …, programs: …, stacks: …)";
            told("this is not a scenario", help)
        }
        Error::ExceededRecursionLimit => {
            let help = format!("{MAX_BRACKETS} brackets may lie in one another, and stacks stand {MAX_DEPTH} deep");
            (syntax::words(error).0, Some(help))
        }
        Error::ExpectedArray => (syntax::words(error).0, Some("as in [Cpuid]".to_owned())),
        Error::TrailingCharacters => {
            told("there is more text after the scenario's end", "is a bracket closed too early?")
        }
        other => syntax::words(other),
    }
}

/// How a required field is written, so that it can be read.
fn example(field: &str, outer: Option<&str>) -> Option<String> {
    let value = match (field, outer) {
        ("of" | "to", Some("Ratio" | "Expectation")) => "Busy(of: \"process\")",
        ("format", _) => "1",
        ("id", _) => "\"my-scenario\"",
        ("title", _) => "\"My scenario\"",
        ("host", _) => "Host(cores: 2, memory: \"16 GiB\")",
        ("programs", _) => "{ \"reader\": [Read(file: \"data\", bytes: \"4 KiB\")] }",
        ("stacks", _) => "{ \"process\": Process(run: \"reader\") }",
        ("cores", _) => "2",
        ("memory", _) => "\"4 GiB\"",
        ("disks", _) => "{ \"nvme0\": Nvme(capacity: \"1 TiB\") }",
        ("nics", _) => "{ \"eth0\": Nic(bandwidth: \"10 Gbit/s\") }",
        ("capacity", _) => "\"1 TiB\"",
        ("bandwidth", _) => "\"10 Gbit/s\"",
        ("quota", _) => "\"5 ms\"",
        ("cpu_weight", _) => "100",
        ("bytes" | "send" | "receive", _) => "\"4 KiB\"",
        ("written", _) => "\"1 MiB\"",
        ("working_set", _) => "\"64 MiB\"",
        ("accesses", _) => "1000",
        ("program", _) => "Image(bytes: \"1 MiB\")",
        ("file", _) => "\"data\"",
        ("times", _) => "20",
        ("body", _) => "[Cpuid]",
        ("of", _) => "\"process\"",
        ("layer", _) => "\"user\"",
        ("when", _) => "Number(2)",
        ("label", _) => "\"twice\"",
        ("say", _) => "\"What is to be seen here\"",
        ("ask", _) => "\"How many?\"",
        ("choices", _) => "[Number(1), Number(2)]",
        ("answer", _) => "Exits(of: \"process\")",
        ("what", _) => "VmExit",
        ("per_second", _) => "\"10 us\"",
        ("between", _) => "(1, 2)",
        ("firmware", _) => "Uefi",
        ("per", _) => "Operation(\"read\")",
        ("play", _) => "Until(End)",
        ("pace", _) => "Proportional(per_second: \"10 us\")",
        ("costs", _) => "Profile(\"xeon-2017\")",
        ("hypervisor", _) => "Kvm",
        ("cache", _) => "Cold",
        ("network", _) => "Bridge",
        ("leaves_out", _) => "[\"caches of processors\"]",
        ("claims", _) => "[\"boot\"]",
        ("look_at" | "follow", _) => "[\"vm\"]",
        ("turns", _) => "[\"programs/reader/Repeat/times\"]",
        ("script", _) => "[At(\"1 s\", Stop(\"web\"))]",
        ("expect", _) => "[AtMost(Exits(of: \"process\"), 0)]",
        ("walkthrough", _) => "[Step(title: \"One read\", say: \"What is to be seen here\")]",
        ("knobs", _) => "[Knob(name: \"reads\", turns: [\"programs/reader/Repeat/times\"], from: 1, to: 100)]",
        _ => return None,
    };
    Some(format!("{field}: {value}"))
}

/// How what needs brackets is written.
fn variant(name: &str) -> Option<&'static str> {
    Some(match name {
        "Compute" => "Compute(\"2 us\")",
        "Cycles" => "Cycles(6000)",
        "Memory" => "Memory(working_set: \"64 MiB\", accesses: 1000)",
        "SystemCall" => "SystemCall(\"getpid\")",
        "Read" => "Read(file: \"data\", bytes: \"4 KiB\")",
        "Write" => "Write(file: \"data\", bytes: \"4 KiB\")",
        "Request" => "Request(send: \"100 B\", receive: \"4 KiB\")",
        "PingPong" => "PingPong()",
        "Sleep" => "Sleep(\"1 ms\")",
        "Exponential" => "Exponential(\"2 us\")",
        "Uniform" => "Uniform(\"1 us\", \"3 us\")",
        "Open" => "Open(\"data\")",
        "Fsync" => "Fsync(\"data\")",
        "Fork" => "Fork()",
        "Exec" => "Exec(Image(bytes: \"1 MiB\"))",
        "StartContainer" => "StartContainer(program: Image(bytes: \"1 MiB\"))",
        "StartVm" => "StartVm(written: \"1 MiB\")",
        "Start" => "Start(\"web\")",
        "Stop" => "Stop(\"web\")",
        "Kill" => "Kill(\"web\")",
        "Restart" => "Restart(\"web\")",
        "Panic" => "Panic(\"vm\")",
        "SetWeight" => "SetWeight(of: \"web\", cpu_weight: 300)",
        "SetQuota" => "SetQuota(of: \"web\", quota: \"20 ms\")",
        "At" => "At(\"1 s\", Start(\"web\"))",
        "Repeat" => "Repeat(times: 20, body: [Cpuid])",
        "Forever" => "Forever([Cpuid])",
        "Process" => "Process(run: \"reader\")",
        "Container" => "Container(run: \"reader\")",
        "Vm" => "Vm(memory: \"4 GiB\")",
        "Nvme" => "Nvme(capacity: \"1 TiB\")",
        "SataSsd" => "SataSsd(capacity: \"1 TiB\")",
        "Hdd" => "Hdd(capacity: \"4 TiB\")",
        "Virtio" => "Virtio()",
        "Nic" => "Nic(bandwidth: \"10 Gbit/s\")",
        "Until" => "Until(End)",
        "Time" => "Time(\"90 us\")",
        "Profile" => "Profile(\"xeon-2017\")",
        "Number" => "Number(2)",
        "Between" => "Between(1, 3)",
        "Latency" => "Latency(\"vm\", P50)",
        "VmExitFor" => "VmExitFor(\"hlt\")",
        "Exits" => "Exits(of: \"vm\")",
        "Busy" => "Busy(of: \"process\")",
        "AtMost" => "AtMost(Exits(of: \"process\"), 0)",
        "AtLeast" => "AtLeast(Exits(of: \"vm\"), 1)",
        "Less" => "Less(Latency(\"process\", P50), Latency(\"vm\", P50))",
        "OperationLatency" => "OperationLatency(\"vm\", \"read\", P50)",
        "Operation" => "Operation(\"read\")",
        "Proportional" => "Proportional(per_second: \"10 us\")",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_for_a_missing_field_can_be_read() {
        // Each field once, in the brackets that need it: were one of them not right, the next would not be found.
        let text = r#"Scenario(
            host: Host(disks: { "d": Nvme() }, nics: { "n": Nic() }),
            programs: { "p": [Memory(), Read(), Request(), Repeat(), StartVm(), StartContainer(), Exec(Image())] },
            stacks: { "a": Vm(), "b": Process(cgroup: Cgroup(cpu_max: CpuMax())) },
        )"#;
        let fields = |mistakes: Vec<Mistake>| -> Vec<String> {
            let field = |mistake: Mistake| mistake.message.split('"').nth(1).unwrap().to_owned();
            mistakes.into_iter().map(field).collect()
        };
        let mut told = fields(read(text).err().unwrap().mistakes);
        told.sort();
        assert_eq!(told.len(), MOST, "{told:?}");
        for field in ["accesses", "bandwidth", "bytes", "capacity", "cores", "file", "memory", "working_set"] {
            assert!(told.iter().any(|other| other == field), "{field}: {told:?}");
        }
        let text = r#"Scenario(format: 1, id: "a", title: "A", host: Host(cores: 1, memory: "1 GiB"), programs: {}, stacks: {},
            walkthrough: [Step(predict: Predict(), play: Until(Crossing())), Step(pace: Proportional())],
            expect: [Ratio(), AtLeast(Ledger(), 1)])"#;
        let told = fields(read(text).err().unwrap().mistakes);
        let wanted = ["ask", "answer", "choices", "of", "what", "say", "title", "per_second", "to", "between", "layer"];
        assert!(wanted.iter().all(|field| told.iter().any(|other| other == field)), "{told:?}");
    }

    #[test]
    fn what_was_left_out_is_not_told_to_be_missing() {
        // The field that can't be read is needed, and so is what it stands in; of both it is seen only behind the next
        // mistake that they are not there.
        let text = r#"Scenario(format: 1, id: "a", title: "A", host: Host(cores: [2], memory: "1 GiB"),
            programs: { "p": [Compute(us: "2 us")] }, stacks: { "a": Process("p") })"#;
        let told: Vec<String> = read(text).err().unwrap().mistakes.into_iter().map(|m| m.message).collect();
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(told.iter().all(|said| !said.contains("missing")), "{told:?}");
        // What is missing in other brackets is told, under the same name too.
        let text = r#"Scenario(format: 1, id: "a", title: "A", host: Host(cores: 1, memory: "1 GiB"), programs: {},
            stacks: { "a": Vm(memory: [1], vcpus: {}), "b": Vm() })"#;
        let told: Vec<String> = read(text).err().unwrap().mistakes.into_iter().map(|m| m.message).collect();
        let missing = told.iter().filter(|said| said.contains("\"memory\" is missing")).count();
        assert_eq!((told.len(), missing), (3, 1), "{told:?}");
    }

    #[test]
    fn a_place_keeps_its_number_when_something_is_put_in_before_it() {
        let patched = Patched::of("0123456789");
        let patched = patched.with(&Patch::Blank(6..8, None));
        let patched = patched.with(&Patch::Insert(3, "abc".to_owned())).with(&Patch::Insert(1, "xy".to_owned()));
        assert_eq!(patched.text, "0xy12abc345  89");
        let holes: Vec<&str> = patched.holes.iter().map(|hole| &patched.text[hole.clone()]).collect();
        assert_eq!(holes, ["  ", "abc", "xy"]);
        for (at, digit) in patched.text.char_indices().filter(|(_, c)| c.is_ascii_digit()) {
            assert_eq!(patched.original(at).to_string(), digit.to_string());
        }
        assert_eq!((patched.original(2), patched.original(6)), (1, 3));
    }
}
