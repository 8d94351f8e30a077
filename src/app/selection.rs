//! What is selected in the window: state of its own, which the shell keeps and the inspector looks at.

use crate::trace::{ComponentId, JourneyId, StackId};

/// What the inspector shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Selection {
    /// Whatever is under way in one stack.
    Follow(StackId),
    /// One journey.
    Journey(JourneyId),
    /// One part of the machine.
    Part(ComponentId),
    /// Nothing chosen yet: the column that is followed, or the first of the scenario.
    #[default]
    Auto,
}
