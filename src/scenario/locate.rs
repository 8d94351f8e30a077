//! Where things stand in a RON text: a tree of byte spans beside the values that ron reads.
//!
//! ron tells places only for mistakes in the shape of a text. For mistakes in what it means (a name that nothing
//! has, memory that isn't there) the check walks this tree along with the file: [`Node::key`] and [`Node::item`] go
//! down one level. Where the two should ever disagree, the place told is the nearest one above.
//!
//! For a text whose shape is wrong, the tree tells what could be left out of it ([`Node::enclosing`]), so that what is
//! wrong behind the first mistake can be told too; [`Tree::sound`] says whether brackets and commas can be trusted.
//!
//! A file of 4 MiB may be two million values, so a value takes some dozens of bytes here.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::ops::Range;

/// A value in the text.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// Its bytes.
    pub span: Range<usize>,
    /// Where its bracket opens, if it has one.
    open: Option<u32>,
    /// Its parts, in order: the key, if they are keyed, and the value.
    parts: Box<[(Option<Key>, Node)]>,
    /// Whether it is `Some(…)`, which may stand around any value that can be left out.
    optional: bool,
    /// The places of its parts by their words, from the first path that leads here on.
    words: OnceCell<Box<Words>>,
}

/// Places of parts; of those with the same word, of the first.
#[derive(Debug, Default)]
struct Words {
    /// By key.
    keys: HashMap<Box<str>, usize>,
    /// Of those without a key, by the name before their bracket.
    names: HashMap<Box<str>, usize>,
}

/// The tree of a text that ron may not have been able to read.
pub(super) struct Tree {
    /// Its outermost value.
    pub root: Node,
    /// Whether each bracket is closed by its like, and each part but the last followed by a comma.
    pub sound: bool,
}

/// A part of a list, a map or brackets with fields, as [`Node::enclosing`] finds it.
pub(super) struct Part<'a> {
    /// All of it, key and value.
    pub span: Range<usize>,
    /// Its key, if it has one.
    pub key: Option<&'a str>,
    /// Where the bracket opens in which it lies.
    pub open: usize,
}

#[derive(Debug)]
struct Key {
    text: Box<str>,
    span: Range<u32>,
}

impl Key {
    fn span(&self) -> Range<usize> {
        self.span.start as usize..self.span.end as usize
    }
}

/// No text is longer than is read of a file, which is far less than 4 GiB.
fn short(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

impl Node {
    /// The tree of a text that ron has read.
    pub fn of(text: &str) -> Node {
        Tree::of(text).root
    }

    /// The parts in which the place `at` lies, outermost first, and where the innermost bracket around it opens.
    pub fn enclosing(&self, at: usize) -> (Vec<Part<'_>>, Option<usize>) {
        let mut parts = Vec::new();
        let mut node = self;
        let mut bracket = None;
        while let Some(open) = node.open().filter(|open| *open < at) {
            bracket = Some(open);
            // In order, so the last one that begins at or before the place.
            let after = node.parts.partition_point(|(key, value)| start_of(key.as_ref(), value) <= at);
            let Some((key, value)) = after.checked_sub(1).and_then(|i| node.parts.get(i)) else { break };
            if value.span.end <= at {
                break;
            }
            let span = start_of(key.as_ref(), value)..value.span.end;
            parts.push(Part { span, key: key.as_ref().map(|key| &*key.text), open });
            node = value;
        }
        (parts, bracket)
    }

    /// The value of a field or map key; this node itself if it isn't there.
    pub fn key(&self, key: &str) -> &Node {
        let node = self.without_some();
        let found = node.parts.iter().find(|(k, _)| k.as_ref().is_some_and(|k| *k.text == *key));
        found.map_or(node, |(_, node)| node)
    }

    /// The `index`th part, keyed or not.
    pub fn item(&self, index: usize) -> &Node {
        let node = self.without_some();
        node.parts.get(index).map_or(node, |(_, node)| node)
    }

    /// What stands in `Some(…)`, or this node itself.
    pub fn without_some(&self) -> &Node {
        match &self.parts[..] {
            [(None, inside)] if self.optional => inside.without_some(),
            _ => self,
        }
    }

    /// The value at a path of words: keys of maps, fields of brackets, names of what stands in a list (`Read`; the first
    /// of several), or places in it from 1. What has one part without a name, as `Compute("1 ms")`, stands for that part.
    /// `Err` has the word that leads nowhere.
    pub fn at_path<'p>(&self, text: &str, path: &'p str) -> Result<&Node, &'p str> {
        let mut node = self;
        for word in path.split('/').map(str::trim) {
            node = node.without_some();
            let words = node.words(text);
            let place = word.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
            let placed = || place.filter(|i| node.parts.get(*i).is_some_and(|(key, _)| key.is_none()));
            let found = words.keys.get(word).copied().or_else(placed).or_else(|| words.names.get(word).copied());
            node = &node.parts[found.ok_or(word)?].1;
        }
        while let [(None, only)] = &node.parts[..] {
            node = only;
        }
        Ok(node)
    }

    fn words(&self, text: &str) -> &Words {
        self.words.get_or_init(|| {
            let mut words = Words::default();
            for (i, (key, value)) in self.parts.iter().enumerate() {
                match (key, value.name(text)) {
                    (Some(key), _) => words.keys.entry(key.text.clone()).or_insert(i),
                    (None, Some(name)) => words.names.entry(name.into()).or_insert(i),
                    (None, None) => continue,
                };
            }
            Box::new(words)
        })
    }

    fn open(&self) -> Option<usize> {
        self.open.map(|open| open as usize)
    }

    /// The name before its bracket: `Read` of `Read(…)`.
    pub fn name<'t>(&self, text: &'t str) -> Option<&'t str> {
        let name = text.get(self.span.start..self.open()?)?.trim();
        (!name.is_empty()).then_some(name)
    }

    /// A place within a value, for what only the check takes apart.
    pub fn within(span: Range<usize>) -> Node {
        Node { span, ..Node::default() }
    }

    /// Whether it is a single number or text.
    pub fn is_scalar(&self) -> bool {
        self.open.is_none()
    }

    /// The place of the `index`th part's key.
    pub fn key_span(&self, index: usize) -> Range<usize> {
        self.without_some().parts.get(index).and_then(|(k, _)| k.as_ref()).map_or(self.span.clone(), Key::span)
    }
}

fn start_of(key: Option<&Key>, value: &Node) -> usize {
    key.map_or(value.span.start, |key| key.span().start)
}

/// How deep values are followed: far above what ron reads, far below what the program's own stack bears.
const DEEPEST: usize = 128;

impl Tree {
    /// The tree of a text, as far as it has one.
    pub fn of(text: &str) -> Tree {
        let mut reader = Reader { text, at: 0, depth: 0, sound: true };
        reader.skip_attributes();
        let root = reader.value();
        Tree { root, sound: reader.sound }
    }
}

/// The first place from `at` on that is neither blank nor in a comment.
pub(super) fn after_blank(text: &str, at: usize) -> usize {
    let mut reader = Reader { text, at, depth: 0, sound: true };
    reader.skip_blank();
    reader.at
}

/// Where the texts in quotation marks lie that begin before `end`.
pub(super) fn strings_before(text: &str, end: usize) -> impl Iterator<Item = Range<usize>> {
    let mut reader = Reader { text, at: 0, depth: 0, sound: true };
    std::iter::from_fn(move || {
        loop {
            reader.skip_blank();
            let start = reader.at;
            match reader.peek()? {
                _ if start >= end => return None,
                '"' => {
                    reader.skip_string();
                    return Some(start..reader.at);
                }
                '\'' => reader.skip_char_literal(),
                'r' if reader.is_raw_string() => reader.skip_raw_string(),
                c if c.is_alphanumeric() => reader.skip_while(char::is_alphanumeric),
                _ => reader.skip_char(),
            }
        }
    })
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    sound: bool,
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
        let mut open = None;
        let mut parts = Box::default();
        match self.peek() {
            Some('"') => self.skip_string(),
            Some('\'') => self.skip_char_literal(),
            Some('[' | '{' | '(') => (open, parts) = (Some(self.at), self.parts()),
            Some('r') if self.is_raw_string() => self.skip_raw_string(),
            _ => {
                self.skip_while(|c| !c.is_whitespace() && !"()[]{},:\"/".contains(c));
                let end = self.at;
                self.skip_blank();
                match self.peek() {
                    Some('(') => (open, parts) = (Some(self.at), self.parts()),
                    _ => self.at = end,
                }
            }
        }
        self.sound &= self.at > start;
        let optional = open.is_some_and(|open| self.text[start..open].trim_end() == "Some");
        Node { span: start..self.at, open: open.map(short), parts, optional, ..Node::default() }
    }

    fn is_raw_string(&self) -> bool {
        self.rest().strip_prefix('r').is_some_and(|rest| rest.trim_start_matches('#').starts_with('"'))
    }

    /// What stands in brackets, the reader being at the opening one.
    fn parts(&mut self) -> Box<[(Option<Key>, Node)]> {
        let mut parts = Vec::new();
        let closing = match self.peek() {
            Some('[') => ']',
            Some('{') => '}',
            _ => ')',
        };
        self.skip_char();
        if self.depth == DEEPEST {
            // Nothing more is told of such a text.
            (self.sound, self.at) = (false, self.text.len());
            return Box::default();
        }
        self.depth += 1;
        let mut comma = true;
        loop {
            self.skip_blank();
            let before = self.at;
            match self.peek() {
                None => {
                    self.sound = false;
                    break;
                }
                Some(c @ (')' | ']' | '}')) => {
                    self.sound &= c == closing;
                    self.skip_char();
                    break;
                }
                Some(',') => {
                    self.sound &= !comma;
                    comma = true;
                    self.skip_char();
                }
                _ => {
                    self.sound &= comma;
                    comma = false;
                    let first = self.value();
                    self.skip_blank();
                    if self.peek() == Some(':') {
                        self.skip_char();
                        let text = self.text[first.span.clone()].trim_matches('"');
                        // `r#` may stand before the name of a field.
                        let text = text.strip_prefix("r#").unwrap_or(text).into();
                        let span = short(first.span.start)..short(first.span.end);
                        parts.push((Some(Key { text, span }), self.value()));
                    } else {
                        parts.push((None, first));
                    }
                    if self.at == before {
                        self.sound = false;
                        self.skip_char();
                    }
                }
            }
        }
        self.depth -= 1;
        parts.into_boxed_slice()
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
        let path = |path| root.at_path(text, path).map(at);
        assert_eq!(path("stacks/vm/memory"), Ok("\"1 GiB\""));
        assert_eq!(path("list/Compute"), Ok("\"2 us\""));
        assert_eq!(path("list/1"), Ok("\"2 us\""));
        assert_eq!(path("list/Ratio/between/2"), Ok("-3.0"));
        assert_eq!(path("stacks/wm/memory"), Err("wm"));
        assert_eq!(path("list/0"), Err("0"));
    }

    #[test]
    fn a_text_that_ends_too_early_does_not_hang_the_reader() {
        for text in ["", "(", "Scenario(a: [", "{\"a\"", "r#\"", "/* ", "\"", "'", "a:", ")", "(:)", "(a: : b)"] {
            Node::of(text);
        }
    }
}
