//! What was read from a host: the only thing the rest of the inventory sees.
//!
//! The real thing is a file system that changes while one looks. Here it is a map from absolute path to what was
//! found there, filled once, from the host or from a captured folder, and then only read.

use super::Cpuid;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// No file is read beyond this many bytes. What is longer is cut, and says so.
pub const READ_LIMIT: usize = 1 << 20;

/// The most names kept of one folder, and things looked into.
pub const NAMES_LIMIT: usize = 256;

/// The most bytes that a one-line value has. The longest real ones are processor lists and DMI strings.
const LINE_LIMIT: usize = 4096;

/// How much of a quoted value an evidence line shows, in characters.
const QUOTE_LIMIT: usize = 160;

/// What was found at one path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A file's bytes, at most [`READ_LIMIT`] of them; `whole` is false where there were more.
    File {
        /// What was read.
        bytes: Vec<u8>,
        /// Whether that was all of it.
        whole: bool,
    },
    /// A symbolic link, and what it says.
    Link(String),
    /// A folder, and the names in it, sorted.
    Dir(Vec<String>),
    /// A device node.
    Node {
        /// `char` or `block`, with its numbers: `char 10:232`.
        device: String,
        /// Permission bits, as in `0660`.
        mode: u32,
        /// Empty where this process may read and write it, else why not.
        refused: String,
    },
    /// Something is there; its content was not read.
    Exists,
    /// It is there, or may be, but could not be read; the reason.
    Refused(String),
}

/// Everything that was read from one host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Root {
    /// By absolute path.
    pub(super) entries: BTreeMap<String, Entry>,
    /// What is not a file: `system`, `arch`, `uid`, `release` and `version` (as uname(2) tells them), `container` (the
    /// variable of that name in this process).
    pub(super) facts: BTreeMap<String, String>,
    /// The processor's own answers.
    pub(super) cpuid: Cpuid,
}

impl Root {
    /// Puts an entry at an absolute path, replacing what was there.
    pub fn insert(&mut self, path: impl Into<String>, entry: Entry) {
        self.entries.insert(path.into(), entry);
    }

    /// Sets a fact that is not a file.
    pub fn set_fact(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.facts.insert(name.into(), value.into());
    }

    /// Replaces the CPUID table.
    pub fn set_cpuid(&mut self, cpuid: Cpuid) {
        self.cpuid = cpuid;
    }

    /// The CPUID table; empty on processors without CPUID.
    pub fn cpuid(&self) -> &Cpuid {
        &self.cpuid
    }

    /// The paths that something is known about, in order.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// What was found at a path.
    pub fn get(&self, path: &str) -> Option<&Entry> {
        self.entries.get(path)
    }

    /// A fact that is not a file.
    pub fn fact(&self, name: &str) -> Option<&str> {
        self.facts.get(name).map(String::as_str)
    }

    /// The kernel's release, as `/proc` or, where that hides it, uname(2) tells it.
    pub(super) fn release(&self) -> Option<String> {
        self.line("/proc/sys/kernel/osrelease").or_else(|| self.fact("release").map(str::to_owned))
    }

    /// A file's text; bytes that are not UTF-8 become the replacement character.
    pub(in crate::probe) fn text(&self, path: &str) -> Option<Cow<'_, str>> {
        self.bytes(path).map(String::from_utf8_lossy)
    }

    /// A file's bytes.
    pub(super) fn bytes(&self, path: &str) -> Option<&[u8]> {
        match self.entries.get(path) {
            Some(Entry::File { bytes, .. }) => Some(bytes),
            _ => None,
        }
    }

    /// A file's first line, trimmed, at most 4 KiB of it; `None` where the file is not there or the line is empty.
    pub(super) fn line(&self, path: &str) -> Option<String> {
        let text = self.text(path)?;
        let line = text.lines().next()?.trim().trim_matches('\0');
        let end = line.floor_char_boundary(LINE_LIMIT);
        (!line.is_empty()).then(|| line[..end].to_owned())
    }

    /// What a link says.
    pub(super) fn link(&self, path: &str) -> Option<&str> {
        match self.entries.get(path) {
            Some(Entry::Link(target)) => Some(target),
            _ => None,
        }
    }

    /// The names in a folder; empty where it is not there.
    pub(super) fn names(&self, path: &str) -> &[String] {
        match self.entries.get(path) {
            Some(Entry::Dir(names)) => names,
            _ => &[],
        }
    }

    /// That a folder may have more names than are kept, where it may.
    pub(super) fn cut(&self, path: &str) -> Option<String> {
        let cut = self.names(path).len() >= NAMES_LIMIT;
        cut.then(|| format!("{path}: cut; there may be more than the {NAMES_LIMIT} that are looked at"))
    }

    /// Whether something is known to be there.
    pub(super) fn exists(&self, path: &str) -> bool {
        !matches!(self.entries.get(path), None | Some(Entry::Refused(_)))
    }

    /// Why something could not be read.
    pub(in crate::probe) fn refused(&self, path: &str) -> Option<&str> {
        match self.entries.get(path) {
            Some(Entry::Refused(why)) => Some(why),
            _ => None,
        }
    }

    /// `path: why nothing is known from there`, for evidence.
    pub(super) fn missing(&self, path: &str) -> String {
        match self.entries.get(path) {
            None => quote(path, "not there"),
            Some(Entry::Refused(why)) => quote(path, why),
            Some(_) => quote(path, "there, but says nothing usable"),
        }
    }

    /// `path: first line`, for evidence; `None` where there is nothing to quote.
    pub(super) fn quoted(&self, path: &str) -> Option<String> {
        self.line(path).map(|line| quote(path, &line))
    }
}

/// One evidence line: what a place says, cut to a readable length, without control characters.
pub(super) fn quote(place: &str, text: &str) -> String {
    format!("{place}: {}", short(text))
}

/// A text cut to a readable length, without control characters.
pub(super) fn short(text: &str) -> String {
    let mut characters = text.chars();
    let mut out: String = characters.by_ref().take(QUOTE_LIMIT).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if characters.next().is_some() {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_huge_or_binary_line_does_not_flood_the_evidence() {
        let line = quote("/proc/x", &"\u{1}é".repeat(5000));
        assert!(line.chars().count() < QUOTE_LIMIT + 20, "{line}");
        assert!(!line.contains('\u{1}'));
    }

    #[test]
    fn a_refused_file_does_not_count_as_there() {
        let mut root = Root::default();
        root.insert("/proc/1/environ", Entry::Refused("permission denied".into()));
        assert!(!root.exists("/proc/1/environ"));
        assert_eq!(root.refused("/proc/1/environ"), Some("permission denied"));
    }
}
