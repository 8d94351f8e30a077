//! The open scenario: reading it, running it in the background, and reading it again when its file changes. What
//! can't be read or run is reported beside the last good run, which stays.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::costs::Profile;
use crate::engine::Time;
use crate::machine::{RunOptions, SpecError};
use crate::scenario::{self, KnobPlace, Scenario, Source};

use super::recording::{Recording, TurnedTo};
use super::reload::Watcher;

/// Hops that the app keeps at most: half a gigabyte of them.
const MAX_HOPS: usize = 10_000_000;

/// Something that went wrong with the open scenario, in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trouble {
    /// What happened: "one-read.ron has 2 mistakes".
    pub title: String,
    /// Each with its place, if it has one.
    pub details: Vec<Detail>,
}

/// One thing wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Detail {
    /// "line 12, column 5", or nothing.
    pub place: String,
    /// From 1; 0 if there is no place.
    pub line: usize,
    /// The line of the file.
    pub text: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

/// What a run's thread leaves behind.
type Outcome = Result<Box<Recording>, SpecError>;

/// A run under way.
#[derive(Debug)]
struct Job {
    title: String,
    until: Option<Time>,
    began: Instant,
    reached: Arc<AtomicU64>,
    events: Arc<AtomicU64>,
    cancel: Arc<AtomicBool>,
    result: Arc<Mutex<Option<Outcome>>>,
    thread: JoinHandle<()>,
    /// Whether it is a run with a knob turned.
    turned: bool,
}

/// How far a run under way has come.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// The scenario's title.
    pub title: String,
    /// Simulated time reached.
    pub reached: Time,
    /// Where it will stop, if that is known.
    pub until: Option<Time>,
    /// Events handled.
    pub events: u64,
    /// How long it has been running.
    pub elapsed: Duration,
}

/// The open scenario and its run.
#[derive(Debug, Default)]
pub struct Session {
    /// The last good run.
    pub recording: Option<Box<Recording>>,
    /// The run as the file has it, while one with a knob turned is shown.
    pub untouched: Option<Box<Recording>>,
    /// Whether the run that is shown was changed for another that was there already.
    swapped: bool,
    /// Whether a run has come, since this was last asked, that is as its text has it.
    pub as_written: bool,
    /// What is wrong with the text as it is now.
    pub trouble: Option<Trouble>,
    /// The costs measured on this computer, if there are any.
    pub measured: Option<Profile>,
    path: Option<PathBuf>,
    read: Option<String>,
    job: Option<Job>,
    watcher: Option<Watcher>,
    /// Shared with what works in the background: a file may be opened, and its run begun, before there is a window.
    wake: Arc<OnceLock<egui::Context>>,
}

impl Session {
    /// A session that has nothing open yet.
    pub fn new(measured: Option<Profile>) -> Session {
        Session { measured, ..Session::default() }
    }

    /// Whose window to wake when a run has ended or a file has changed.
    pub fn wake(&mut self, context: &egui::Context) {
        self.wake.get_or_init(|| context.clone());
    }

    /// What draws when something has come in the background.
    pub fn waker(&self) -> Arc<OnceLock<egui::Context>> {
        Arc::clone(&self.wake)
    }

    /// The file that is open, if it is a file and not a built-in scenario.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Opens a built-in scenario by its id, or a file.
    ///
    /// # Errors
    ///
    /// Where neither is called so, or it can't be read: what is open stays.
    pub fn open(&mut self, id_or_path: &str) -> Result<(), Trouble> {
        let source = scenario::find(id_or_path).map_err(|error| load_trouble(&error))?;
        let built_in = scenario::library().iter().any(|b| b.id == id_or_path);
        self.path = (!built_in).then(|| PathBuf::from(id_or_path));
        self.watcher = self.path.as_deref().and_then(|path| self.watch(path));
        self.run(source);
        Ok(())
    }

    /// Reads the open file again.
    pub fn reload(&mut self) {
        match (&self.path, &self.recording) {
            (Some(path), _) => match scenario::find(&path.to_string_lossy()) {
                Ok(source) => self.run(source),
                Err(error) => self.trouble = Some(load_trouble(&error)),
            },
            (None, Some(recording)) => self.run(recording.source.clone()),
            (None, None) => {}
        }
    }

    /// The text that was read last, once: good or broken, it is what the editor is to show.
    pub fn take_text(&mut self) -> Option<String> {
        self.read.take()
    }

    /// Runs a text: in the background; the last good run stays until the new one is there.
    pub fn run(&mut self, source: Source) {
        self.read = Some(source.text.clone());
        let scenario = match Scenario::parse(&source) {
            Ok(scenario) => scenario,
            Err(errors) => return self.trouble = Some(parse_trouble(&errors)),
        };
        let profile = match scenario.costs.resolve(self.measured.clone()) {
            Ok(profile) => profile,
            Err(error) => {
                let detail = Detail { message: error.to_string(), ..Detail::default() };
                let title = format!("{} can't be run", source.name);
                return self.trouble = Some(Trouble { title, details: vec![detail] });
            }
        };
        self.trouble = None;
        self.cancel();
        self.job = Some(self.start(scenario, source, profile, None));
    }

    /// The text that the picture is of.
    pub fn ran(&self) -> Option<&str> {
        self.lesson().map(|run| run.source.text.as_str())
    }

    /// The run that questions are answered by: with no knob turned.
    pub fn lesson(&self) -> Option<&Recording> {
        self.untouched.as_deref().or(self.recording.as_deref())
    }

    /// Turns a knob to one of its stops and runs again, or goes back to the run that is there.
    pub fn turn(&mut self, place: KnobPlace, stop: usize) {
        let Some(file) = self.lesson() else { return };
        let Some(knob) = file.knobs(place.scene).get(place.knob) else { return };
        let stops = knob.stops(&file.profile);
        let (Some(setting), Some(home)) = (stops.settings.get(stop), stops.settings.get(stops.home)) else { return };
        if stop == stops.home {
            self.cancel();
            self.job = None;
            if let Some(untouched) = self.untouched.take() {
                self.recording = Some(untouched);
                self.swapped = true;
            }
            return;
        }
        let words = format!("{} at {setting}, {} {home}", knob.name, knob.home_is());
        match knob.turned(&file.source, &file.profile, setting) {
            Ok(turned) => {
                let to = TurnedTo { place, stop, words, written: file.written() };
                let source = file.source.clone();
                self.trouble = None;
                self.cancel();
                self.job = Some(self.start(turned.scenario, source, turned.profile, Some(to)));
            }
            Err(errors) => self.trouble = Some(parse_trouble(&errors)),
        }
    }

    fn start(&self, scenario: Scenario, source: Source, profile: Profile, turned: Option<TurnedTo>) -> Job {
        let is_turned = turned.is_some();
        let (reached, events) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let cancel = Arc::new(AtomicBool::new(false));
        let result = Arc::new(Mutex::new(None));
        let (title, until, wake) = (scenario.title.clone(), scenario.until, Arc::clone(&self.wake));
        let (at, handled, stop, slot) =
            (Arc::clone(&reached), Arc::clone(&events), Arc::clone(&cancel), Arc::clone(&result));
        let thread = std::thread::spawn(move || {
            let options = RunOptions { max_hops: MAX_HOPS, ..scenario.options() };
            let outcome = scenario.run(&profile, &options, |time, events| {
                at.store(time.as_ps(), Ordering::Relaxed);
                handled.store(events, Ordering::Relaxed);
                !stop.load(Ordering::Relaxed)
            });
            let recording = outcome.map(|outcome| {
                let mut recording = Recording::new(scenario, source, profile, outcome);
                recording.turned = turned;
                Box::new(recording)
            });
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(recording);
            if let Some(context) = wake.get() {
                context.request_repaint();
            }
        });
        Job { title, until, began: Instant::now(), reached, events, cancel, result, thread, turned: is_turned }
    }

    /// How far the run under way has come, if there is one.
    pub fn progress(&self) -> Option<Progress> {
        self.job.as_ref().map(|job| Progress {
            title: job.title.clone(),
            reached: Time(job.reached.load(Ordering::Relaxed)),
            until: job.until,
            events: job.events.load(Ordering::Relaxed),
            elapsed: job.began.elapsed(),
        })
    }

    /// Stops the run under way where it is; what was simulated so far is shown.
    pub fn cancel(&mut self) {
        if let Some(job) = &self.job {
            job.cancel.store(true, Ordering::Relaxed);
        }
    }

    /// Takes in what has happened in the background. Returns true if there is a new run.
    pub fn update(&mut self) -> bool {
        if self.watcher.as_ref().is_some_and(Watcher::changed) {
            self.reload();
        }
        if std::mem::take(&mut self.swapped) {
            return true;
        }
        let Some(job) = &self.job else { return false };
        let ended = job.thread.is_finished();
        let result = job.result.lock().unwrap_or_else(PoisonError::into_inner).take();
        match result {
            Some(Ok(recording)) => {
                let before = self.recording.replace(recording);
                self.untouched = if job.turned { self.untouched.take().or(before) } else { None };
                self.as_written |= !job.turned;
            }
            Some(Err(error)) => self.trouble = Some(unexpected(&job.title, error.to_string())),
            None if ended => self.trouble = Some(unexpected(&job.title, "This is a mistake in Strata".to_owned())),
            None => return false,
        }
        self.job = None;
        self.trouble.is_none()
    }

    /// Waits until the run under way has ended. For tests and pictures without a window.
    pub fn finish(&mut self) -> bool {
        let mut new = self.swapped && self.update();
        while self.job.is_some() {
            new |= self.update();
            std::thread::sleep(Duration::from_millis(2));
        }
        new
    }

    fn watch(&self, path: &Path) -> Option<Watcher> {
        let wake = Arc::clone(&self.wake);
        match Watcher::new(path, move || wake.get().into_iter().for_each(egui::Context::request_repaint)) {
            Ok(watcher) => Some(watcher),
            Err(error) => {
                tracing::warn!("{} is not watched for changes: {error}", path.display());
                None
            }
        }
    }
}

fn unexpected(scenario: &str, message: String) -> Trouble {
    let title = format!("The simulation of “{scenario}” ended unexpectedly");
    Trouble { title, details: vec![Detail { message, ..Detail::default() }] }
}

fn load_trouble(error: &scenario::LoadError) -> Trouble {
    let help = miette::Diagnostic::help(error).map(|help| help.to_string()).unwrap_or_default();
    let detail = Detail { message: error.to_string(), help, ..Detail::default() };
    Trouble { title: "The scenario can't be opened".to_owned(), details: vec![detail] }
}

fn parse_trouble(errors: &scenario::ScenarioErrors) -> Trouble {
    let details = errors.problems.iter().map(|problem| Detail {
        place: format!("line {}, column {}", problem.line, problem.column),
        line: problem.line,
        text: problem.text.trim().to_owned(),
        message: problem.message.clone(),
        help: problem.help.clone().unwrap_or_default(),
    });
    Trouble { title: errors.to_string().trim_end_matches(':').to_owned(), details: details.collect() }
}
