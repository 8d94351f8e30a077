//! The shape of the text: what ron can't read, in words for an author.

use crate::machine::limits::MAX_DEPTH;
use std::ops::Range;

use ron::Error;
use ron::error::{Position, SpannedError};
use ron::extensions::Extensions;

use crate::scenario::file::ScenarioFile;
use crate::scenario::problem::did_you_mean;

/// How deep brackets may lie in one another. Far above what [`MAX_DEPTH`] needs, far below what the
/// program's own stack bears.
const MAX_BRACKETS: usize = 96;

/// A mistake in the shape.
pub(super) struct Mistake {
    pub span: Range<usize>,
    pub message: String,
    pub help: Option<String>,
}

/// Reads the text. ron stops at the first mistake.
pub(super) fn read(text: &str) -> Result<ScenarioFile, Mistake> {
    let options =
        ron::Options::default().with_default_extension(Extensions::IMPLICIT_SOME).with_recursion_limit(MAX_BRACKETS);
    options.from_str(text).map_err(|error| mistake(text, &error))
}

fn mistake(text: &str, error: &SpannedError) -> Mistake {
    let place = offset(text, error.span.start);
    let (message, help) = match &error.code {
        Error::SuggestRawIdentifier(found) if found.starts_with(|c: char| c.is_ascii_digit()) => {
            number_for_a_word(found, opened_by(text, place))
        }
        code => words(code),
    };
    let span = match &error.code {
        Error::NoSuchStructField { found, .. } | Error::NoSuchEnumVariant { found, .. } => {
            word_before(text, offset(text, error.span.end), found)
        }
        Error::DuplicateStructField { field, .. } => word_before(text, offset(text, error.span.end), field),
        _ => None,
    };
    let span = span.unwrap_or_else(|| {
        let (start, end) = (offset(text, error.span.start), offset(text, error.span.end));
        start.min(end)..end.max(start + 1)
    });
    Mistake { span, message, help }
}

/// The last place of `word` that ends at or before `end`: ron stands just behind the word that it did not know.
fn word_before(text: &str, end: usize, word: &str) -> Option<Range<usize>> {
    let start = text.get(..end)?.rfind(word)?;
    Some(start..start + word.len())
}

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

/// The name in front of the bracket that is open at `at`.
fn opened_by(text: &str, at: usize) -> Option<&str> {
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

/// ron counts lines and columns (in characters) from 1.
fn offset(text: &str, position: Position) -> usize {
    let line: usize = text.split_inclusive('\n').take(position.line.saturating_sub(1)).map(str::len).sum();
    let rest = &text[line..];
    line + rest.char_indices().nth(position.col.saturating_sub(1)).map_or(rest.len(), |(i, _)| i)
}

fn words(error: &Error) -> (String, Option<String>) {
    let inside = |outer: &Option<String>| outer.as_ref().map_or(String::new(), |outer| format!(" in {outer}"));
    match error {
        Error::NoSuchStructField { expected, found, outer } => {
            let help = did_you_mean(found, expected.iter().copied());
            (format!("there is no field \"{found}\"{}", inside(outer)), help)
        }
        Error::NoSuchEnumVariant { expected, found, outer } => {
            let outer = outer.as_ref().map_or("value here".to_owned(), |outer| outer.to_lowercase());
            (format!("no {outer} is called \"{found}\""), did_you_mean(found, expected.iter().copied()))
        }
        Error::MissingStructField { field, outer } => {
            let message = format!("the field \"{field}\" is missing{}", inside(outer));
            (message, Some(format!("add {}", example(field))))
        }
        Error::DuplicateStructField { field, outer } => {
            let message = format!("the field \"{field}\" stands twice{}", inside(outer));
            (message, Some("keep one of them".to_owned()))
        }
        Error::ExpectedDifferentStructName { expected, found } => {
            (format!("expected {expected}(…), found {found}"), None)
        }
        Error::ExpectedNamedStructLike("Scenario") => {
            let help = "a scenario file reads Scenario(format: 1, id: …, title: …, host: …, programs: …, stacks: …)";
            ("this is not a scenario".to_owned(), Some(help.to_owned()))
        }
        Error::ExpectedNamedStructLike(name) => {
            (format!("expected {name}(…)"), Some(format!("write its fields in brackets, as in {name}(name: value)")))
        }
        Error::ExpectedIdentifier => {
            let help = "is a bracket or a comma missing before this, or one too many?";
            ("expected a name".to_owned(), Some(help.to_owned()))
        }
        Error::ExceededRecursionLimit => {
            let help = format!("stacks may stand {} deep", MAX_DEPTH);
            ("brackets lie too deep in one another".to_owned(), Some(help))
        }
        Error::Eof => {
            ("the text ends too early".to_owned(), Some("is a closing bracket or quotation mark missing?".to_owned()))
        }
        Error::ExpectedComma | Error::ExpectedArrayEnd | Error::ExpectedMapEnd | Error::ExpectedStructLikeEnd => (
            "expected a comma or a closing bracket".to_owned(),
            Some("is a comma or a quotation mark missing before this?".to_owned()),
        ),
        Error::ExpectedMapColon => {
            ("expected a colon".to_owned(), Some("fields and names are written as name: value".to_owned()))
        }
        Error::ExpectedString => {
            ("expected a text in quotation marks".to_owned(), Some("write it as in \"reader\"".to_owned()))
        }
        Error::ExpectedArray => ("expected a list in square brackets".to_owned(), Some("as in [Cpuid]".to_owned())),
        Error::ExpectedMap => {
            ("expected a map in braces".to_owned(), Some("as in { \"app\": Process(run: \"reader\") }".to_owned()))
        }
        Error::ExpectedBoolean => ("expected true or false".to_owned(), None),
        Error::IntegerOutOfBounds => ("this number is too large".to_owned(), None),
        Error::TrailingCharacters => (
            "there is more text after the scenario's end".to_owned(),
            Some("is a bracket closed too early?".to_owned()),
        ),
        Error::UnexpectedChar(c) => (format!("\"{c}\" is not expected here"), None),
        other => {
            let text = other.to_string();
            let mut letters = text.chars();
            let first = letters.next().map(|c| c.to_lowercase().to_string()).unwrap_or_default();
            (first + letters.as_str(), None)
        }
    }
}

/// How a required field is written.
fn example(field: &str) -> String {
    let value = match field {
        "format" => "1",
        "id" => "\"my-scenario\"",
        "title" => "\"My scenario\"",
        "host" => "Host(cores: 2, memory: \"16 GiB\")",
        "programs" => "{ \"reader\": [Read(file: \"data\", bytes: \"4 KiB\")] }",
        "stacks" => "{ \"process\": Process(run: \"reader\") }",
        "cores" => "2",
        "memory" => "\"4 GiB\"",
        "capacity" => "\"1 TiB\"",
        "bandwidth" => "\"10 Gbit/s\"",
        "quota" => "\"5 ms\"",
        "bytes" | "send" | "receive" => "\"4 KiB\"",
        "working_set" => "\"64 MiB\"",
        "file" => "\"data\"",
        "times" => "20",
        "body" => "[Cpuid]",
        "when" => "Number(2)",
        "label" => "\"twice\"",
        "say" => "\"What is to be seen here\"",
        "of" => "\"process\"",
        _ => return format!("{field}: …"),
    };
    format!("{field}: {value}")
}
