//! "My machine": what this computer is made of, what its mechanisms cost, and how far the simulation is from it.
//!
//! | part | what it does |
//! |---|---|
//! | [`state`] | everything that the page knows, what is under way, and what a command does to it |
//! | [`child`] | this program started a second time, to measure |
//! | [`rows`] | what was measured, beside what was published |
//! | [`comparison`] | what `strata validate` found, kept line by line |
//! | `page` | where everything stands |
//! | `layers` | the stack of layers with its evidence |
//! | `actions` | the buttons, what is under way, what went wrong |
//! | `counters` | what the kernel counts, while the page is open |
//! | `costs` | the plot of costs |
//! | `sizes` | what was measured that is no time |
//! | `amounts` and `labels` | numbers with their units, words for what was measured |
//! | `works` and `histogram` | predicted and real |
//! | `export` | where the numbers go |
//!
//! Nothing is read before the page is opened, and nothing is measured before somebody asks.

mod actions;
mod amounts;
pub mod child;
pub mod comparison;
mod costs;
mod counters;
mod detail;
mod export;
mod hints;
mod histogram;
mod labels;
mod layers;
mod page;
pub mod rows;
mod sizes;
pub mod state;
mod works;

pub use page::machine_ui;
pub use state::{MachinePage, Places};
