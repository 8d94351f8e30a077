//! The window: what bevy and egui are for. Nothing below this knows them.
//!
//! | part | what it does |
//! |---|---|
//! | [`session`] | the open scenario: reads it, runs it in the background, reads it again when it changes |
//! | [`recording`] | a run, and what is looked up in it over and over |
//! | [`index`] | the trace of a run by time and by stack |
//! | [`playback`] | where the picture stands in time, and how it moves |
//! | [`scene`] | the cutaway |
//! | [`letters`] | the mark of each column |
//! | [`lanes`] | the swim lanes |
//! | [`export`] | the picture as a file, a run as a page |
//! | [`exporter`] | the same from the window, in the background |
//! | [`panels`] | everything around the picture: pure functions from state to commands |
//! | [`machine_page`] | this computer: its layers, what it costs, how far the simulation is from it |
//! | [`command`] | what keys and buttons ask for, in one table |
//! | [`keyboard`] | which keys are commands, which belong to the widget that has the focus |
//! | `typed` | keys in the order in which they were pressed |
//! | [`rows`] | lists that are one stop for Tab and are walked by arrows |
//! | [`overlay`] | menus, sheets and questions: who has the keyboard, and who gets it back |
//! | [`cursor`] | walking the picture by keyboard |
//! | [`access`] | the picture for screen readers |
//! | `markdown` | running text with strong words and links |
//! | `present` | the big picture for a room |
//! | [`events`], [`totals`], [`so_far`] | what happened, as a list, as sums so far, as tables of one part |
//! | [`versus`] | two runs beside each other |
//! | [`names`] | how parts and stacks are called on the screen |
//! | [`shell`] | all of it as plain data, and what each command does to it |
//! | `teach` | how a walkthrough is led |
//! | [`knobs`] | what comes at the stops of a number that is turned |
//! | [`frame`] | where everything stands in the window |
//! | [`hint`] | the line that says what is pointed at |
//! | [`glossary`] | the words of the field |
//! | [`look`] | what the inspector shows |
//! | [`damage`], `painted` | painting only what changed, without a graphics processor, and whether it was painted |
//! | [`theme`] | every colour and text size |
//!
//! Only [`run`] with its plugins, `typed` and `painted` know bevy.

pub mod access;
pub mod command;
pub mod cursor;
pub mod damage;
mod display;
pub mod events;
pub mod export;
pub mod exporter;
#[cfg(target_os = "linux")]
mod focus;
mod fonts;
pub mod frame;
pub mod glossary;
pub mod hint;
pub mod index;
pub mod keyboard;
pub mod knobs;
pub mod lanes;
pub mod letters;
pub mod look;
pub mod machine_page;
mod markdown;
pub mod names;
pub mod overlay;
mod painted;
pub mod panels;
pub mod playback;
mod present;
pub mod recording;
mod reload;
pub mod rows;
pub mod scene;
pub mod selection;
pub mod session;
pub mod settings;
mod shading;
pub mod shell;
pub mod shot;
pub mod so_far;
mod teach;
pub mod theme;
pub mod totals;
mod typed;
pub mod versus;
pub mod walk;
mod window;

pub use display::display_available;
pub use window::{AppError, Options, run};
