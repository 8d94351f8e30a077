//! What is wrong with a file of JSON that Strata wrote itself and somebody or something has changed since.
//!
//! Such a file isn't written by hand: what helps is where it is damaged, not which of its fields the parser missed.

use serde::de::DeserializeOwned;
use serde_json::error::Category;

/// The contents of a file that Strata wrote.
///
/// # Errors
/// Where it is not as Strata writes it, in words that follow "the file … can't be used: ".
pub fn parse_json<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        match error.classify() {
            Category::Eof if text.trim().is_empty() => "it is empty".to_owned(),
            Category::Eof => format!("it ends too early, in line {line}"),
            Category::Syntax | Category::Io => format!("line {line}, column {column} is no JSON"),
            Category::Data => format!("what ends at line {line}, column {column} is not as Strata writes it"),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_file_is_told_by_the_place_of_its_damage_and_not_in_a_parsers_words() {
        let said = |text: &str| parse_json::<Vec<u8>>(text).unwrap_err();
        assert_eq!(said(" \n"), "it is empty");
        assert_eq!(said("[1,\n2"), "it ends too early, in line 2");
        assert_eq!(said("[1,\n2;]"), "line 2, column 2 is no JSON");
        assert_eq!(said("[1,\n\"2\"]"), "what ends at line 2, column 3 is not as Strata writes it");
        assert_eq!(parse_json::<Vec<u8>>("[1, 2]"), Ok(vec![1, 2]));
    }
}
