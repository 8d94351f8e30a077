//! The scenarios that come with the program.

/// A scenario inside the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuiltIn {
    /// Its id: the name of its file without `.ron`, and the `id` in it.
    pub id: &'static str,
    /// The file.
    pub source: &'static str,
}

macro_rules! built_in {
    ($($id:literal),* $(,)?) => {
        &[$(BuiltIn { id: $id, source: include_str!(concat!("../../scenarios/", $id, ".ron")) }),*]
    };
}

/// All built-in scenarios, in the order in which a learner meets them. The first is the one that a bare `strata`
/// opens.
pub fn library() -> &'static [BuiltIn] {
    built_in!["one-read", "compute-only", "ping-pong", "throttled", "vm-in-vm"]
}
