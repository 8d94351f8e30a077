//! What is wrong with the shape of a RON text, in words for the one who wrote it. What the library itself says is in the
//! terms of Rust's types, which no author knows.

use ron::Error;
use ron::error::Position;

use crate::near::did_you_mean;

/// What is wrong, and what to do about it.
pub(crate) type Words = (String, Option<String>);

/// Where a place lies, in bytes: ron counts lines and columns (in characters) from 1.
pub(crate) fn offset(text: &str, position: Position) -> usize {
    let line: usize = text.split_inclusive('\n').take(position.line.saturating_sub(1)).map(str::len).sum();
    let rest = &text[line..];
    line + rest.char_indices().nth(position.col.saturating_sub(1)).map_or(rest.len(), |(i, _)| i)
}

/// Characters that editors and keyboards put in place of those that RON means, or that are not seen.
pub(crate) fn meant(c: char) -> Option<(&'static str, &'static str)> {
    Some(match c {
        '“' | '”' | '„' | '‟' | '«' | '»' | '″' | '＂' | '‘' | '’' | '‚' | '‛' | '‹' | '›' | '′' | '´' | '`' => {
            ("a typographic quotation mark", "write a straight one, as in \"reader\"")
        }
        '–' | '—' | '−' | '‐' | '‑' => ("a dash", "write a plain \"-\""),
        '：' => ("a wide colon", "write a plain \":\""),
        '，' | '、' => ("a wide comma", "write a plain \",\""),
        '（' | '）' | '［' | '］' | '｛' | '｝' => ("a wide bracket", "write a plain one"),
        '\u{a0}' | '\u{202f}' | '\u{3000}' => ("a special blank", "write a plain one"),
        c if crate::visible::is_hidden(c) && !c.is_whitespace() => {
            ("a character that is not seen", "take it out, or write the line anew")
        }
        _ => return None,
    })
}

/// A mistake in words, whatever the file is.
pub(crate) fn words(error: &Error) -> Words {
    let inside = |outer: &Option<String>| outer.as_ref().map_or(String::new(), |outer| format!(" in {outer}"));
    let told = |message: &str, help: &str| (message.to_owned(), (!help.is_empty()).then(|| help.to_owned()));
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
            (format!("the field \"{field}\" is missing{}", inside(outer)), Some(format!("add {field}: …")))
        }
        Error::DuplicateStructField { field, outer } => {
            let message = format!("the field \"{field}\" stands twice{}", inside(outer));
            (message, Some("keep one of them".to_owned()))
        }
        Error::ExpectedDifferentStructName { expected, found } => {
            (format!("expected {expected}(…), found {found}"), Some(format!("write {expected} there")))
        }
        Error::ExpectedStructName(name) => {
            (format!("expected {name}(…)"), Some(format!("write {name} before the bracket")))
        }
        Error::ExpectedNamedStructLike(name) => {
            let help = "write its fields in brackets, as in (name: value)";
            (format!("expected {name}(…)"), Some(help.replacen('(', &format!("{name}("), 1)))
        }
        Error::InvalidValueForType { expected, found } => {
            (format!("expected {}, found {}", wanted(expected), given(found)), None)
        }
        Error::ExpectedDifferentLength { expected, found } => {
            let message = format!("{} here", counted(*found));
            let needed = expected.split(|c: char| !c.is_ascii_digit()).find_map(|digits| digits.parse::<usize>().ok());
            (message, needed.map(|needed| format!("write {needed}")))
        }
        Error::ExpectedIdentifier => {
            told("expected a name", "is a bracket or a comma missing before this, or one too many?")
        }
        Error::InvalidIdentifier(word) | Error::SuggestRawIdentifier(word) => (
            format!("\"{word}\" is no name"),
            Some("a name begins with a letter and has letters, digits and _".to_owned()),
        ),
        Error::ExceededRecursionLimit => told("brackets lie too deep in one another", ""),
        Error::Eof => told("the text ends too early", "is a closing bracket or quotation mark missing?"),
        Error::ExpectedComma
        | Error::ExpectedArrayEnd
        | Error::ExpectedMapEnd
        | Error::ExpectedStructLikeEnd
        | Error::ExpectedOptionEnd => {
            told("expected a comma or a closing bracket", "is a comma or a quotation mark missing before this?")
        }
        Error::ExpectedMapColon => told("expected a colon", "fields and names are written as name: value"),
        Error::ExpectedString | Error::ExpectedByteString => {
            told("expected a text in quotation marks", "write it as in \"reader\"")
        }
        Error::ExpectedStringEnd => told("this text is never closed", "is a quotation mark missing behind it?"),
        Error::ExpectedArray => told("expected a list in square brackets", "as in [1, 2]"),
        Error::ExpectedMap => told("expected a map in braces", "as in { \"name\": value }"),
        Error::ExpectedStructLike => told("expected something in brackets", "as in (name: value)"),
        Error::ExpectedBoolean => told("expected true or false", ""),
        Error::ExpectedOption => told("expected Some(…) or None", "write the value itself, or leave its field out"),
        Error::ExpectedUnit => told("expected ()", ""),
        Error::ExpectedChar | Error::ExpectedByteLiteral => {
            told("expected one character in single quotation marks", "as in 'a'")
        }
        Error::ExpectedInteger | Error::ExpectedFloat => told("expected a number", "write digits, as in 2 or 0.5"),
        Error::FloatUnderscore | Error::UnderscoreAtBeginning => {
            told("this number has a \"_\" where none may stand", "write its digits without it")
        }
        Error::IntegerOutOfBounds => told("this number is too large", ""),
        Error::InvalidIntegerDigit { digit, base } => {
            (format!("\"{digit}\" is no digit of a number to the base {base}"), None)
        }
        Error::InvalidEscape(_) => told(
            "this backslash begins nothing that is known",
            "write \\\\ for a backslash itself, \\\" for a quotation mark",
        ),
        Error::NoSuchExtension(name) => {
            (format!("no extension of RON is called \"{name}\""), Some("take the line out".to_owned()))
        }
        Error::ExpectedAttribute | Error::ExpectedAttributeEnd => {
            told("this line can't be read", "take it out: nothing has to stand before the first name")
        }
        Error::UnclosedBlockComment | Error::UnclosedLineComment => {
            told("this comment is never closed", "write */ at its end")
        }
        Error::TrailingCharacters => told("there is more text after the end", "is a bracket closed too early?"),
        Error::UnexpectedChar(c) => (format!("\"{c}\" is not expected here"), None),
        // Said by a reader of this program's own, in its words.
        Error::Message(message) => (message.clone(), None),
        Error::ExpectedRangeSyntax | Error::ExpectedRawValue | Error::Fmt | Error::Io(_) | Error::Utf8Error(_) => {
            told("this can't be read", "")
        }
        _ => told("this can't be read", ""),
    }
}

/// One of a library's words for types, as an author would say it.
fn wanted(type_of: &str) -> String {
    let last = |name: &str| format!("{}(…)", name.rsplit("::").next().unwrap_or(name));
    for lead in ["struct variant ", "tuple variant ", "newtype variant ", "tuple struct ", "struct "] {
        if let Some(name) = type_of.strip_prefix(lead) {
            return last(name);
        }
    }
    let number = |name: &str| {
        let size = name.strip_prefix(['u', 'i', 'f']);
        size.is_some_and(|size| size == "size" || size.parse::<u8>().is_ok())
    };
    match type_of {
        "a string" => "a text in quotation marks".to_owned(),
        "a sequence" => "a list in square brackets".to_owned(),
        "a map" => "a map in braces".to_owned(),
        "a boolean" => "true or false".to_owned(),
        name if number(name) => "a number".to_owned(),
        other => match other.strip_prefix("enum ") {
            Some(name) => format!("a word for the {}", name.to_lowercase()),
            None => other.to_owned(),
        },
    }
}

/// One of a library's words for what it found, as an author would say it.
fn given(found: &str) -> String {
    for (theirs, ours) in [
        ("the unsigned integer ", "the number "),
        ("the signed integer ", "the number "),
        ("the floating point number ", "the number "),
        ("the boolean ", ""),
        ("the UTF-8 character ", "the character "),
        ("the string ", "the text "),
    ] {
        if let Some(value) = found.strip_prefix(theirs) {
            return format!("{ours}{}", value.trim_matches('`'));
        }
    }
    match found {
        "a sequence" => "a list".to_owned(),
        "a unit value" => "empty brackets".to_owned(),
        "an enum" | "a unit variant" => "a word".to_owned(),
        "a map" | "an optional value" => found.to_owned(),
        _ => "something in brackets".to_owned(),
    }
}

fn counted(values: usize) -> String {
    match values {
        0 => "there is no value".to_owned(),
        1 => "there is only one value".to_owned(),
        n => format!("there are {n} values"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only read")]
    struct Everything {
        number: u16,
        real: f64,
        text: String,
        list: Vec<u8>,
        map: std::collections::BTreeMap<String, u8>,
        truth: bool,
        pair: (u8, u8),
        word: Word,
        letter: char,
        nothing: (),
        option: Option<u8>,
    }

    #[derive(Debug, serde::Deserialize)]
    #[allow(dead_code, reason = "only read")]
    enum Word {
        Plain,
        One(u8),
        Two(u8, u8),
        Fields { a: u8 },
    }

    #[test]
    fn no_mistake_of_shape_is_told_in_the_librarys_words() {
        let right = [
            ("number", "1"),
            ("real", "1.0"),
            ("text", "\"a\""),
            ("list", "[1]"),
            ("map", "{ \"a\": 1 }"),
            ("truth", "true"),
            ("pair", "(1, 2)"),
            ("word", "Plain"),
            ("letter", "'a'"),
            ("nothing", "()"),
            ("option", "Some(1)"),
        ];
        let values = [
            "",
            "1",
            "-1",
            "1.5",
            "70000",
            "1_",
            "_1",
            "0b12",
            "0xg",
            "1e",
            "'a'",
            "'ab'",
            "\"a\"",
            "\"\\q\"",
            "\"\\u{110000}\"",
            "r#\"a",
            "b\"a\"",
            "[]",
            "[1",
            "[1 2]",
            "{}",
            "{ 1: 2 }",
            "{ \"a\" 1 }",
            "{ \"a\": 1",
            "(",
            "()",
            "(1)",
            "(1, 2, 3)",
            "(1, 2",
            "true",
            "True",
            "Plain",
            "Plain(1)",
            "One",
            "One()",
            "One(1, 2)",
            "Two(1)",
            "Two",
            "Fields",
            "Fields()",
            "Fields(a: 1, a: 1)",
            "Fields(b: 1)",
            "Nothing",
            "None",
            "Some",
            "Some(1",
            "Some(\"a\")",
            "r#a",
            "/* a",
            "1..2",
            "inf",
            "#",
        ];
        let mut told = 0;
        for (field, _) in right {
            for value in values {
                let write =
                    |(name, kept): &(&str, &str)| format!("{name}: {}", if *name == field { value } else { kept });
                let text = format!("({})", right.iter().map(write).collect::<Vec<_>>().join(", "));
                let Err(error) = ron::from_str::<Everything>(&text) else { continue };
                told += 1;
                let (message, help) = words(&error.code);
                let own = |message: &str| {
                    ["Expected", "Unexpected", "expected closing"].iter().any(|word| message.contains(word))
                };
                assert!(!own(&message) && message.is_ascii() || message.contains('…'), "{text}: {message}");
                let theirs =
                    ["`", "struct", "variant", "identifier", "integer", "enum", "sequence", "unit", "std", "Unclosed"];
                let said = format!("{message} {}", help.unwrap_or_default());
                assert!(!theirs.iter().any(|word| said.contains(word)), "{text}: {said}");
                assert!(message != "this can't be read", "{text}: {:?}", error.code);
            }
        }
        assert!(told > 300, "{told}");
        for text in ["#![enable(nothing)] ()", "#![enable] ()", "() more", "#![", ")"] {
            let error = ron::from_str::<()>(text).unwrap_err();
            assert!(
                !words(&error.code).0.contains("Expected") && words(&error.code).0 != "this can't be read",
                "{text}"
            );
        }
    }
}
