//! Text from outside (a scenario, a profile, a file's name, the kernel) made safe to show.
//!
//! A terminal obeys what it is sent: an escape sequence in a title can clear the screen, rename the window, or fill
//! the clipboard, and a bidirectional override makes a name read as another one. Everything that the program writes
//! to a terminal passes through [`visible`] once, at the place where it is written, so that no report has to think of
//! it. What would not be seen, or would act, is written as a RON text would have it: `\u{1b}`.
//!
//! Left out: letters that merely look like others, which no list tells apart.

use std::borrow::Cow;
use std::fmt::Write;

/// Whether a character acts on a terminal or turns the text around it, or is not seen at all: control characters (the
/// end of a line and the tabulator too), marks of direction, separators of lines, characters of no width.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

/// A text of any number of lines, every hidden character in it written out.
pub fn visible(text: &str) -> Cow<'_, str> {
    written_out(text, |c| is_hidden(c) && c != '\n' && c != '\t')
}

/// A text that is to stay on one line: as [`visible`], with ends of lines written out as well.
pub fn one_line(text: &str) -> Cow<'_, str> {
    written_out(text, is_hidden)
}

/// JSON with nothing hidden in it: JSON itself escapes only the first 32 characters. Such characters stand only inside
/// of JSON's strings, but for the ends of lines between them.
pub fn visible_json(json: &str) -> Cow<'_, str> {
    if !json.contains(|c| is_hidden(c) && c != '\n') {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if is_hidden(c) && c != '\n' {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                // Writing to a String can't fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

fn written_out(text: &str, hidden: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' if hidden(c) => out.push_str("\\n"),
            '\r' if hidden(c) => out.push_str("\\r"),
            _ if hidden(c) => {
                // Writing to a String can't fail.
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_on_a_terminal_is_written_out_and_nothing_else() {
        assert_eq!(visible("a\u{1b}[31m\u{9b}2J\u{7}\u{7f}"), "a\\u{1b}[31m\\u{9b}2J\\u{7}\\u{7f}");
        assert_eq!(
            visible("gpj\u{202e}.exe \u{2066}x\u{2069}\u{2028}"),
            "gpj\\u{202e}.exe \\u{2066}x\\u{2069}\\u{2028}"
        );
        assert_eq!(visible("one\r\ntwo\tthree\n"), "one\\r\ntwo\tthree\n");
        assert_eq!(one_line("one\r\ntwo"), "one\\r\\ntwo");
        for plain in ["plain", "é “ü” 日本語 👩‍💻 …", "two\nlines", ""] {
            assert!(matches!(visible(plain), Cow::Borrowed(same) if same == plain), "{plain}");
        }
    }

    #[test]
    fn json_says_the_same_after_it_was_made_visible() {
        let text = "a\u{1b}\u{9b}\u{202e}\u{e0041}\n\"\\é";
        let json = serde_json::to_string_pretty(&[text]).unwrap();
        let shown = visible_json(&json);
        assert!(!shown.contains(|c| is_hidden(c) && c != '\n'), "{shown}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&shown).unwrap(), [text]);
    }
}
