//! The panels: pure functions from state to widgets, which hand back what was asked for as [`Command`]s.
//!
//! None of them knows bevy, the window or the session; a test drives them without any of these.
//!
//! [`Command`]: super::command::Command

pub mod costs;
pub mod events;
pub mod inspector;
pub mod knobs;
pub mod library;
pub mod list;
pub mod notice;
pub mod question;
pub mod sandbox;
pub mod shortcuts;
pub mod strip;
pub mod top;
pub mod totals;
pub mod transport;
pub mod tree;
pub mod versus;
pub mod walkthrough;
pub mod widgets;
