//! The big picture for a room: text that can be read from the last row, one key on and one back, and nothing on the
//! screen that is not needed.

use super::shell::Shell;

/// How a room is shown the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Presenting {
    /// The screen is dark: all eyes on the speaker.
    pub blank: bool,
    /// A bright spot follows the pointer.
    pub spotlight: bool,
}

impl Shell {
    /// One thing on, or one back: a clicker has two keys.
    pub(super) fn onward(&mut self, _by: i32) {}
}
