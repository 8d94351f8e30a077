//! Swim lanes: what each core, vCPU and device did, over time.
//!
//! A [`Lane`] is an index over the trace's hops. Drawing one costs as much as it is wide, not as it is long: what is
//! narrower than a pixel is added up by blocks.

mod arrows;
mod axis;
mod draw;
mod given;
mod index;
mod lane;
mod panel;
mod rows;
mod view;

pub use axis::{tick_label, ticks};
pub use draw::{Column, columns};
pub use given::{Lanes, LanesResponse};
pub use index::{Group, Lane, LaneKind, heads, lanes};
pub use panel::{LanesState, lanes_ui};
pub use rows::{Arrangement, Row};
pub use view::Window;
