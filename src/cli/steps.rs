//! Progress through a list of things to do: a bar for people, or a line of JSON for each for a program that started
//! this one.

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::output::note;
use crate::visible::one_line;

/// How progress is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Shown {
    /// A bar, where the standard error is a terminal
    #[default]
    Bar,
    /// One JSON object a line on the standard error; the program then ends with the one that started it
    Json,
}

/// A line of progress. Described in `docs/probe.md`.
#[derive(Serialize)]
struct Line<'a> {
    stage: &'a str,
    doing: &'a str,
    done: usize,
    of: usize,
}

/// Shows how far something has come.
pub(super) struct Steps {
    stage: &'static str,
    bar: Option<ProgressBar>,
}

impl Steps {
    /// For a `stage` such as "measuring".
    pub(super) fn new(stage: &'static str, shown: Shown) -> Steps {
        match shown {
            Shown::Bar => Steps { stage, bar: Some(bar(stage)) },
            Shown::Json => {
                crate::probe::interrupt::end_with_parent();
                Steps { stage, bar: None }
            }
        }
    }

    /// `done` of `of` are done; `doing` is next.
    pub(super) fn at(&mut self, doing: &str, done: usize, of: usize) {
        match &self.bar {
            Some(bar) => {
                bar.set_length(of as u64);
                bar.set_position(done as u64);
                bar.set_message(one_line(doing).into_owned());
            }
            // Names and numbers always become JSON.
            None => note(&serde_json::to_string(&Line { stage: self.stage, doing, done, of }).unwrap_or_default()),
        }
    }
}

impl Drop for Steps {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar(stage: &str) -> ProgressBar {
    let bar = ProgressBar::new(0).with_prefix(stage.to_owned());
    let style = ProgressStyle::with_template("{prefix} [{bar:30}] {pos} of {len}: {msg}");
    bar.set_style(style.map(|style| style.progress_chars("=> ")).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}
