//! Progress of a run, shown from its second second on.

#[cfg(feature = "app")]
use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::engine::Time;

/// Watches a run. Nothing is shown in the first second, nor where the standard error is no terminal.
pub(super) struct Progress {
    since: Instant,
    name: String,
    until: Option<Time>,
    stop: Option<&'static AtomicBool>,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// For a run of `name` that ends at `until`, if that is known, and when `stop` is set.
    pub(super) fn new(name: &str, until: Option<Time>, stop: Option<&'static AtomicBool>) -> Progress {
        Progress { since: Instant::now(), name: name.to_owned(), until, stop, bar: None }
    }

    /// Takes how far the run has come. False if it is to stop there.
    pub(super) fn at(&mut self, now: Time, events: u64) -> bool {
        if self.bar.is_none() && self.since.elapsed() > Duration::from_secs(1) {
            self.bar = Some(self.start());
        }
        if let Some(bar) = &self.bar {
            bar.set_position(now.0);
            bar.set_message(format!("{now} simulated, {:.1} million events", events as f64 / 1e6));
        }
        !self.stop.is_some_and(|stop| stop.load(Ordering::Relaxed))
    }

    fn start(&self) -> ProgressBar {
        let (bar, template) = match self.until {
            Some(until) => (ProgressBar::new(until.0), "{prefix} [{bar:30}] {msg}"),
            None => (ProgressBar::new_spinner(), "{prefix} {spinner} {msg}"),
        };
        let style = ProgressStyle::with_template(template).map(|style| style.progress_chars("=> "));
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.with_prefix(self.name.clone())
    }
}

/// Shows how many pictures are drawn, from the second second on.
#[cfg(feature = "app")]
pub(super) struct Drawn {
    since: Instant,
    bar: ProgressBar,
}

#[cfg(feature = "app")]
impl Drawn {
    pub(super) fn new(what: &'static str) -> Drawn {
        let style = ProgressStyle::with_template("{prefix} [{bar:30}] {pos} of {len} pictures");
        let style = style.map(|style| style.progress_chars("=> ")).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::new(0).with_prefix(what).with_style(style);
        bar.set_draw_target(indicatif::ProgressDrawTarget::hidden());
        Drawn { since: Instant::now(), bar }
    }

    /// Takes how many of all are drawn. True: more are wanted.
    pub(super) fn at(&self, done: usize, all: usize) -> bool {
        if self.bar.is_hidden() && self.since.elapsed() > Duration::from_secs(1) && std::io::stderr().is_terminal() {
            self.bar.set_draw_target(indicatif::ProgressDrawTarget::stderr());
        }
        self.bar.set_length(all as u64);
        self.bar.set_position(done as u64);
        true
    }
}

#[cfg(feature = "app")]
impl Drop for Drawn {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Shows how many bytes have been written, where the standard error is a terminal: a long trace takes a while.
pub(super) fn written(what: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix} {spinner} {bytes}");
    ProgressBar::new_spinner().with_prefix(what).with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
