//! What the lanes are drawn from, and what they ask for.

use super::Lane;
use crate::engine::Time;
use crate::machine::Topology;
use crate::trace::{ComponentId, HopId, JourneyId, StackId, Trace};

/// What the pointer asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LanesResponse {
    /// A time to go to.
    pub seek: Option<Time>,
    /// A journey to open.
    pub journey: Option<JourneyId>,
    /// A part to open.
    pub component: Option<ComponentId>,
    /// A column to follow.
    pub follow: Option<StackId>,
}

/// What there is to draw.
#[derive(Clone, Copy, Debug)]
pub struct Lanes<'a> {
    /// Those of cores, vCPUs and devices.
    pub lanes: &'a [Lane],
    /// What they fold into.
    pub heads: &'a [Lane],
    /// Their hops.
    pub trace: &'a Trace,
    /// The names of things.
    pub topology: &'a Topology,
    /// When the run ends.
    pub end: Time,
    /// The time shown.
    pub now: Time,
    /// Whether the playhead is to be kept in view.
    pub playing: bool,
    /// Which run this is: another number, other meshes.
    pub run: u64,
    /// What is looked for, with a number that is another for every search; the rest stands back.
    pub found: Option<(u64, &'a [HopId])>,
    /// The journey whose causes are shown.
    pub journey: Option<JourneyId>,
    /// The column that is followed: its first lane comes into view.
    pub follow: Option<StackId>,
}
