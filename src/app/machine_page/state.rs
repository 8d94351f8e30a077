//! Everything that the page knows, what is under way, and what a command does to it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::child::{Child, Ended};
use super::comparison::Comparison;
use super::rows::{self, Row};
use crate::costs::Profile;
use crate::files;
use crate::probe::inventory::{self, Inventory, LayerKind, Root};
use crate::probe::live::{Gauge, Reading};
use crate::probe::measure::{Plan, Report};
use crate::probe::saved;
use crate::validate;

/// What the page may start and where it finds what was saved. By default nothing and nowhere, as in tests.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// The program that measures: this one.
    pub program: Option<PathBuf>,
    /// The folder of measured costs.
    pub data: Option<PathBuf>,
}

impl Places {
    /// This program and this platform's folder.
    pub fn own() -> Places {
        let program = std::env::current_exe().map_err(|error| tracing::warn!("this program's own file: {error}")).ok();
        Places { program, data: saved::folder().ok() }
    }
}

/// What was saved by the last measurement.
#[derive(Clone, Debug, Default)]
pub struct Saved {
    /// The costs that simulations use.
    pub profile: Option<Profile>,
    /// All that was found out.
    pub report: Option<Report>,
    /// When.
    pub when: Option<SystemTime>,
    /// Why it can't be used, if it can't.
    pub trouble: Option<String>,
}

/// What a child does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Task {
    /// `strata probe --save`.
    Measure(Plan),
    /// `strata validate`, of all works or of one.
    Compare(Option<String>),
}

/// Something that went wrong, or was stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What happened.
    pub title: String,
    /// What the program said.
    pub said: String,
    /// What to do next.
    pub help: String,
    /// Whether it is a failure.
    pub alarm: bool,
}

/// The field for the exported profile's path, and what came of it.
#[derive(Clone, Debug, Default)]
pub struct Export {
    /// Where to.
    pub path: String,
    /// Done, or why not.
    pub outcome: Option<Result<String, String>>,
    /// There is a file at this path, and the next click replaces it.
    pub replace: Option<String>,
}

/// What the counters did in the last second.
#[derive(Clone, Debug, Default)]
pub struct Live {
    before: Option<(Instant, Reading)>,
    /// When somebody last did something here.
    stirred: Option<Instant>,
    /// By [`Gauge::ALL`]: how fast each rose, or why that is unknown.
    pub rates: Option<[Result<f64, String>; 4]>,
}

/// The page.
#[derive(Debug, Default)]
pub struct MachinePage {
    /// What may be started, and where things are kept.
    pub places: Places,
    /// The layers, once they have been looked at.
    pub inventory: Option<Inventory>,
    /// What was measured before.
    pub saved: Saved,
    /// Predicted and real.
    pub comparison: Comparison,
    /// What went wrong or was stopped last.
    pub notice: Option<Notice>,
    /// A quick measurement was asked for, which would replace a full one: the next request is done.
    pub replace_full: bool,
    /// What the kernel counts.
    pub live: Live,
    /// The layer whose evidence stays open.
    pub opened: Option<LayerKind>,
    /// Whether it is told what would change `/dev/kvm`.
    pub kvm_help: bool,
    /// All costs instead of the short list.
    pub all_costs: bool,
    /// Whether what is no time is listed: sizes, rates, counts.
    pub all_sizes: bool,
    /// The work whose distributions are drawn.
    pub work: Option<String>,
    /// Whether it is told why predictions are off.
    pub why: bool,
    /// Exporting the profile.
    pub export: Export,
    pub(super) rows: Vec<Row>,
    pub(super) sizes: Vec<Row>,
    rows_of: Option<bool>,
    task: Option<(Task, Child)>,
    looked: bool,
    found: Arc<Mutex<Option<Inventory>>>,
    wake: Option<egui::Context>,
}

/// How often counters are read.
pub const LIVE: Duration = Duration::from_secs(1);
/// For so long after the last key or movement.
pub const AT_REST: Duration = Duration::from_secs(10);

impl MachinePage {
    /// A page that knows nothing yet.
    pub fn new() -> MachinePage {
        MachinePage { export: Export { path: export_path(), ..Export::default() }, ..MachinePage::default() }
    }

    /// Tells the page what it may start and where things are kept, and lets it read what was saved there.
    pub fn settle(&mut self, places: Places) {
        self.places = places;
        self.read_saved();
        if let Some(folder) = &self.places.data {
            self.comparison = Comparison::load(folder, self.saved.when);
        }
    }

    /// Takes in what has happened in the background; `open` says whether the page is shown. Returns true if this
    /// computer's costs are new.
    pub fn update(&mut self, context: &egui::Context, open: bool) -> bool {
        if self.wake.is_none() {
            self.wake = Some(context.clone());
        }
        if open {
            self.look();
            let stirs = context.input(|input| !input.events.is_empty());
            if stirs || self.live.stirred.is_none() {
                self.live.stirred = Some(Instant::now());
            }
            self.count();
        } else {
            self.live = Live::default();
        }
        if let Some(inventory) = self.found.lock().unwrap_or_else(PoisonError::into_inner).take() {
            self.inventory = Some(inventory);
        }
        if self.rows_of != Some(self.all_costs) {
            let make = if self.all_costs { rows::all_rows } else { rows::main_rows };
            let (report, profile) = (self.saved.report.as_ref(), self.saved.profile.as_ref());
            self.rows = make(report, profile);
            self.sizes = rows::size_rows(report, profile);
            self.rows_of = Some(self.all_costs);
        }
        let ended = self.task.as_ref().and_then(|(_, child)| child.ended());
        match (ended, &self.task) {
            (Some(ended), Some((task, _))) => {
                let task = task.clone();
                self.task = None;
                self.take_in(&task, ended)
            }
            _ => false,
        }
    }

    /// What is under way, if anything.
    pub fn task(&self) -> Option<(&Task, &Child)> {
        self.task.as_ref().map(|(task, child)| (task, child))
    }

    /// Puts what was saved in place, as if it had been read.
    pub fn set_saved(&mut self, saved: Saved) {
        self.saved = saved;
        self.rows_of = None;
    }

    /// The first time that the page is open, looks at what there is: layers in the background, since some files of
    /// `/proc` and `/sys` take their time.
    fn look(&mut self) {
        if self.looked {
            return;
        }
        self.looked = true;
        if self.inventory.is_none() {
            self.take_inventory();
        }
    }

    fn take_inventory(&self) {
        let (found, wake) = (Arc::clone(&self.found), self.wake.clone());
        let exit = self.saved.report.as_ref().and_then(|r| r.value("cpuid_exit_below").or_else(|| r.value("cpuid")));
        std::thread::spawn(move || {
            let mut inventory = inventory::take(&Root::host());
            if let Some(exit) = exit {
                inventory.add_exit_cost(exit);
            }
            *found.lock().unwrap_or_else(PoisonError::into_inner) = Some(inventory);
            wake.iter().for_each(egui::Context::request_repaint);
        });
    }

    fn read_saved(&mut self) {
        let Some(folder) = &self.places.data else { return };
        let path = saved::profile_in(folder);
        let (profile, trouble) = match saved::load_from(&path) {
            Ok(profile) => (profile, None),
            Err(error) => (None, Some(error.to_string())),
        };
        let report = saved::load_report_from(&saved::report_in(folder));
        let report = report.map_err(|error| tracing::warn!("{error}")).ok().flatten();
        let when = std::fs::metadata(&path).and_then(|about| about.modified()).ok();
        // A report without its profile is of no use to anybody.
        let report = report.filter(|_| profile.is_some());
        self.set_saved(Saved { profile, report, when, trouble });
    }

    /// Whether counters are read at `now`: while something is measured, and while somebody is here. A window that
    /// nobody touches is not drawn again.
    pub fn counts(&self, now: Instant) -> bool {
        let here = self.live.stirred.is_some_and(|at| now.saturating_duration_since(at) < AT_REST);
        self.task.is_some() || here
    }

    /// Reads the counters once a second.
    fn count(&mut self) {
        let due = self.live.before.as_ref().is_none_or(|(at, _)| at.elapsed() + Duration::from_millis(20) >= LIVE);
        if !due {
            return;
        }
        let now = (Instant::now(), Reading::host());
        if let Some((at, before)) = &self.live.before {
            let rate = |gauge| now.1.since(before, now.0 - *at, gauge).map_err(str::to_owned);
            self.live.rates = Some(Gauge::ALL.map(rate));
        }
        self.live.before = Some(now);
    }

    /// Whether a quick measurement would replace a full one, which knows more.
    pub fn quick_replaces_full(&self) -> bool {
        self.saved.report.as_ref().is_some_and(|report| report.plan == Plan::Full)
    }

    /// Starts a child, unless one runs already. A quick measurement asks before it replaces a full one; a work that is
    /// run is the chosen one.
    pub fn start(&mut self, task: Task) {
        if self.task.is_some() {
            return;
        }
        self.notice = None;
        let asked = std::mem::take(&mut self.replace_full);
        if task == Task::Measure(Plan::Quick) && self.quick_replaces_full() && !asked {
            self.replace_full = true;
            return;
        }
        if let Task::Compare(Some(name)) = &task {
            self.work = Some(name.clone());
        }
        let arguments = arguments(&task);
        let wake = self.wake.clone();
        let wake = move || wake.iter().for_each(egui::Context::request_repaint);
        let started = match &self.places.program {
            Some(program) => Child::start(program, &arguments, wake)
                .map_err(|error| format!("{} can't be started: {error}", program.display())),
            None => Err("this program can't find its own file".to_owned()),
        };
        match started {
            Ok(child) => self.task = Some((task, child)),
            Err(said) => {
                let help = format!("Run this in a terminal: strata {}", in_terminal(&task));
                let title = "The measurement could not be started".to_owned();
                self.notice = Some(Notice { title, said, help, alarm: true });
            }
        }
    }

    /// Asks the child to stop; asked again, it stops at once.
    pub fn stop(&mut self) {
        if let Some((_, child)) = &self.task {
            child.stop();
        }
    }

    /// The window goes: whatever runs is stopped.
    pub fn leave(&mut self) {
        self.task = None;
    }

    /// A child has ended. Returns true if this computer's costs are new.
    fn take_in(&mut self, task: &Task, ended: Ended) -> bool {
        let code = ended.status.as_ref().ok().and_then(|status| status.code());
        match (task, code) {
            (Task::Measure(_), Some(0)) => {
                self.read_saved();
                self.comparison.outdate();
                self.take_inventory();
                if ended.stopped {
                    self.notice = Some(stopped("All had been measured by then: the new costs are saved and used"));
                }
                return self.saved.profile.is_some();
            }
            // 1 says that predictions are off, which the table shows.
            (Task::Compare(_), Some(0 | 1 | 130)) => match serde_json::from_str::<validate::Report>(&ended.report) {
                Ok(report) => {
                    self.comparison.add(report);
                    if let Some(folder) = &self.places.data {
                        self.comparison.save(folder);
                    }
                    if ended.stopped {
                        self.notice = Some(stopped("What was compared by then is in the table"));
                    }
                }
                Err(_) if ended.stopped => self.notice = Some(stopped("Nothing had been compared yet")),
                Err(error) => self.notice = Some(failed(task, &ended, &format!("Its report: {error}"))),
            },
            _ if ended.stopped => self.notice = Some(stopped("Nothing was saved; earlier costs stay")),
            _ => self.notice = Some(failed(task, &ended, "")),
        }
        false
    }

    /// Writes the profile to the path in the field; asks before it replaces a file.
    pub fn export_profile(&mut self) {
        let Some(profile) = &self.saved.profile else { return };
        let path = self.export.path.trim().to_owned();
        let replace = self.export.replace.as_deref() == Some(&path);
        (self.export.outcome, self.export.replace) = (None, None);
        let file = Path::new(&path);
        let may = files::may_write(file, &[]);
        if matches!(&may, Ok(true)) && !replace {
            self.export.replace = Some(path);
            return;
        }
        let text = profile.to_ron();
        match may.and_then(|_| files::write(file, &[], |file| file.write_all(text.as_bytes()))) {
            Ok(()) => self.export.outcome = Some(Ok(format!("Written to {path}"))),
            Err(error) => self.export.outcome = Some(Err(format!("{error}; {}", error.advice()))),
        }
    }
}

/// What the child is started with.
fn arguments(task: &Task) -> Vec<String> {
    let mut arguments: Vec<&str> = match task {
        Task::Measure(Plan::Quick) => vec!["probe", "--quick", "--save"],
        Task::Measure(Plan::Full) => vec!["probe", "--full", "--save"],
        Task::Compare(_) => vec!["validate"],
    };
    arguments.extend(["--report", "json", "--progress", "json"]);
    if let Task::Compare(Some(name)) = task {
        arguments.extend(["--only", name]);
    }
    arguments.into_iter().map(str::to_owned).collect()
}

/// The same for a person to type.
fn in_terminal(task: &Task) -> &'static str {
    match task {
        Task::Measure(Plan::Quick) => "probe --quick --save",
        Task::Measure(Plan::Full) => "probe --full --save",
        Task::Compare(_) => "validate",
    }
}

fn stopped(said: &str) -> Notice {
    Notice { title: "Stopped".to_owned(), said: said.to_owned(), help: String::new(), alarm: false }
}

fn failed(task: &Task, ended: &Ended, why: &str) -> Notice {
    let how = match &ended.status {
        Ok(status) => status.to_string(),
        Err(error) => error.clone(),
    };
    let what = if matches!(task, Task::Measure(_)) { "Measuring" } else { "The comparison" };
    let said: Vec<&str> = ended.said.iter().map(String::as_str).chain([why]).filter(|line| !line.is_empty()).collect();
    let help = format!("To see more, run this in a terminal: strata {}", in_terminal(task));
    Notice { title: format!("{what} failed ({how})"), said: said.join("\n"), help, alarm: true }
}

/// Where an exported profile goes unless somebody says otherwise: into the home folder.
fn export_path() -> String {
    let folder = etcetera::home_dir().unwrap_or_default();
    folder.join("strata-costs.ron").display().to_string()
}
