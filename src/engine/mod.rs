//! The discrete-event engine: simulated time, an ordered event queue, random streams, a run loop and history.
//!
//! It knows nothing of computers. A [`Model`] is plain data that is cloned for a snapshot and hashed for
//! comparison; an event is a small `Copy` value; handling one event changes the model, schedules more events and
//! writes what happened to a sink.
//!
//! Guarantees:
//! - Events are handled in the order (time, sequence number). Two events at the same instant run in the order in
//!   which they were scheduled, on every machine.
//! - Time is an unsigned count of picoseconds and never runs backwards.
//! - [`History::seek`] and [`History::step_back`] restore the model bit for bit: they restore a snapshot and run
//!   forward again, which gives the same state because nothing outside the model decides anything.

mod distribution;
mod history;
mod queue;
mod random;
mod run;
mod stable_hash;
mod time;

pub use distribution::Distribution;
pub use history::History;
pub use queue::Queue;
pub use random::Stream;
pub use run::{Model, Scheduler, Simulation};
pub use stable_hash::StableHasher;
pub(crate) use time::is_a_word;
pub use time::{Time, TimeError};
