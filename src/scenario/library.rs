//! The scenarios that come with the program.

/// A scenario inside the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuiltIn {
    /// Its id: the name of its file without `.ron`, and the `id` in it.
    pub id: &'static str,
    /// The file.
    pub source: &'static str,
}

impl BuiltIn {
    /// Its title: the first that stands in the file.
    pub fn title(&self) -> &'static str {
        let after = self.source.split_once("title: \"").map_or("", |(_, rest)| rest);
        after.split_once('"').map_or(self.id, |(title, _)| title)
    }
}

macro_rules! built_in {
    ($($id:literal),* $(,)?) => {
        &[$(BuiltIn { id: $id, source: include_str!(concat!("../../scenarios/", $id, ".ron")) }),*]
    };
}

/// All built-in scenarios, in the order in which a learner meets them. The first is the one that a bare `strata`
/// opens.
pub fn library() -> &'static [BuiltIn] {
    built_in![
        "one-read",
        "compute-only",
        "ping-pong",
        "throttled",
        "boot",
        "start-time",
        "duplication",
        "address-spaces",
        "memory",
        "page-cache",
        "lives",
        "drivers",
        "no-takeover",
        "vm-in-vm"
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Scenario, Source};

    #[test]
    fn titles_are_those_of_the_files() {
        for built_in in library() {
            let source = Source { name: built_in.id.to_owned(), text: built_in.source.to_owned() };
            assert_eq!(built_in.title(), Scenario::parse(&source).expect("right").title);
        }
    }
}
