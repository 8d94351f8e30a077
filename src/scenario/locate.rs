//! Where things stand in a RON text: a tree of byte spans beside the values that ron reads.
//!
//! ron tells places only for mistakes in the shape of a text. For mistakes in what it means (a name that nothing
//! has, memory that isn't there) the check walks this tree along with the file: [`Node::key`] and [`Node::item`] go
//! down one level. The tree is built only after ron has read the text, so the text is well-formed and not too deep;
//! where the two should ever disagree, the place told is the nearest one above.

use std::ops::Range;

/// A value in the text.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// Its bytes.
    pub span: Range<usize>,
    /// Its parts, in order: the key, if they are keyed, and the value.
    parts: Vec<(Option<Key>, Node)>,
}

#[derive(Debug)]
struct Key {
    text: String,
    span: Range<usize>,
}

impl Node {
    /// The tree of a text that ron has read.
    pub fn of(text: &str) -> Node {
        let mut reader = Reader { text, at: 0 };
        reader.skip_attributes();
        reader.value()
    }

    /// The value of a field or map key; this node itself if it isn't there.
    pub fn key(&self, key: &str) -> &Node {
        let found = self.parts.iter().find(|(k, _)| k.as_ref().is_some_and(|k| k.text == key));
        found.map_or(self, |(_, node)| node)
    }

    /// The `index`th part, keyed or not.
    pub fn item(&self, index: usize) -> &Node {
        self.parts.get(index).map_or(self, |(_, node)| node)
    }

    /// The place of the `index`th part's key.
    pub fn key_span(&self, index: usize) -> Range<usize> {
        self.parts.get(index).and_then(|(k, _)| k.as_ref()).map_or(self.span.clone(), |key| key.span.clone())
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip_char(&mut self) {
        self.at += self.peek().map_or(0, char::len_utf8);
    }

    /// Skips as long as `keep` holds.
    fn skip_while(&mut self, keep: impl Fn(char) -> bool) {
        while self.peek().is_some_and(&keep) {
            self.skip_char();
        }
    }

    fn skip_past(&mut self, end: &str) {
        self.at = self.rest().find(end).map_or(self.text.len(), |i| self.at + i + end.len());
    }

    /// White space and comments.
    fn skip_blank(&mut self) {
        loop {
            self.skip_while(char::is_whitespace);
            if self.rest().starts_with("//") {
                self.skip_while(|c| c != '\n');
            } else if self.rest().starts_with("/*") {
                self.skip_block_comment();
            } else {
                return;
            }
        }
    }

    /// RON's block comments nest.
    fn skip_block_comment(&mut self) {
        let mut depth = 0usize;
        while self.at < self.text.len() {
            if self.rest().starts_with("/*") {
                depth += 1;
                self.at += 2;
            } else if self.rest().starts_with("*/") {
                depth -= 1;
                self.at += 2;
                if depth == 0 {
                    return;
                }
            } else {
                self.skip_char();
            }
        }
    }

    /// `#![enable(…)]` at the top.
    fn skip_attributes(&mut self) {
        self.skip_blank();
        while self.rest().starts_with("#!") {
            self.skip_past("]");
            self.skip_blank();
        }
    }

    /// The next value. The reader stands behind it afterwards.
    fn value(&mut self) -> Node {
        self.skip_blank();
        let start = self.at;
        let mut parts = Vec::new();
        match self.peek() {
            Some('"') => self.skip_string(),
            Some('\'') => self.skip_char_literal(),
            Some('[' | '{' | '(') => parts = self.parts(),
            Some('r') if self.rest()[1..].starts_with(['"', '#']) => self.skip_raw_string(),
            _ => {
                self.skip_while(|c| !c.is_whitespace() && !"()[]{},:\"/".contains(c));
                let end = self.at;
                self.skip_blank();
                match self.peek() {
                    Some('(') => parts = self.parts(),
                    _ => self.at = end,
                }
            }
        }
        Node { span: start..self.at, parts }
    }

    /// What stands in brackets, the reader being at the opening one.
    fn parts(&mut self) -> Vec<(Option<Key>, Node)> {
        let mut parts = Vec::new();
        self.skip_char();
        loop {
            self.skip_blank();
            let before = self.at;
            match self.peek() {
                None => return parts,
                Some(')' | ']' | '}') => {
                    self.skip_char();
                    return parts;
                }
                Some(',') => self.skip_char(),
                _ => {
                    let first = self.value();
                    self.skip_blank();
                    if self.peek() == Some(':') {
                        self.skip_char();
                        let text = self.text[first.span.clone()].trim_matches('"').to_owned();
                        parts.push((Some(Key { text, span: first.span }), self.value()));
                    } else {
                        parts.push((None, first));
                    }
                    if self.at == before {
                        self.skip_char();
                    }
                }
            }
        }
    }

    fn skip_string(&mut self) {
        self.skip_char();
        while let Some(c) = self.peek() {
            self.skip_char();
            match c {
                '"' => return,
                '\\' => self.skip_char(),
                _ => {}
            }
        }
    }

    fn skip_raw_string(&mut self) {
        self.skip_char();
        let start = self.at;
        self.skip_while(|c| c == '#');
        let end = format!("\"{}", "#".repeat(self.at - start));
        self.skip_char();
        self.skip_past(&end);
    }

    fn skip_char_literal(&mut self) {
        self.skip_char();
        if self.peek() == Some('\\') {
            self.skip_char();
        }
        self.skip_char();
        self.skip_past("'");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_found_by_its_path_past_comments_and_strings() {
        let text = r##"// a comment with ( and "
Scenario(
    title: "a ) \" string", /* another { /* inside */ } */
    raw: r#"with "quotes" ]"#,
    stacks: { "a": Process(run: "x"), "vm": Vm( memory: "1 GiB", stacks: { "a": Process() }, ), },
    list: [Compute ("2 us"), Cpuid, Ratio(of: Latency("vm", P50), between: (1.0, -3.0))],
)"##;
        let root = Node::of(text);
        let at = |node: &Node| &text[node.span.clone()];
        assert_eq!(at(root.key("title")), r#""a ) \" string""#);
        assert_eq!(at(root.key("raw")), r##"r#"with "quotes" ]"#"##);
        assert_eq!(at(root.key("stacks").key("vm").key("memory")), "\"1 GiB\"");
        assert_eq!(at(root.key("stacks").item(1).key("stacks").key("a")), "Process()");
        assert_eq!(&text[root.key("stacks").key_span(1)], "\"vm\"");
        assert_eq!(at(root.key("list").item(0)), "Compute (\"2 us\")");
        assert_eq!(at(root.key("list").item(0).item(0)), "\"2 us\"");
        assert_eq!(at(root.key("list").item(2).key("of").item(1)), "P50");
        assert_eq!(at(root.key("list").item(2).key("between").item(1)), "-3.0");
        assert_eq!(at(root.key("nothing")), at(&root));
    }

    #[test]
    fn a_text_that_ends_too_early_does_not_hang_the_reader() {
        for text in ["", "(", "Scenario(a: [", "{\"a\"", "r#\"", "/* ", "\"", "'", "a:", ")", "(:)", "(a: : b)"] {
            Node::of(text);
        }
    }
}
