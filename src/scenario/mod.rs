//! Scenario files: one computer, what runs on it, what to look at, and what must come out.
//!
//! A scenario is a RON file that an author can change without a manual. It goes three steps: [`find`] reads a
//! [`Source`], [`Scenario::parse`] turns it into a checked [`Scenario`] or into every problem at once, each with its
//! place and a suggestion, and [`Scenario::run`] simulates it. After parsing nothing can be missing, negative or
//! misspelt, so nothing later has to ask.
//!
//! Predictions ([`answer`]) and expectations ([`Scenario::check`]) share one vocabulary, [`Quantity`]: their values
//! are computed from a run and never written in the file.
//!
//! Left out: drawing, playing, and where the measured cost profile of this computer is kept.

mod asked;
mod check;
mod claims;
mod expect;
mod export;
mod file;
mod knob;
mod library;
mod locate;
mod look_up;
mod numbers;
mod problem;
mod quantity;
mod scale;
mod source;
mod units;
mod walkthrough;

pub use asked::{Asked, Figure, Split, asked};
pub use claims::{CLAIMS, about};
pub use expect::{Bound, Checked, Expectation};
pub use export::write_perfetto;
pub use knob::{Knob, KnobPlace, Measure, Setting, Stops, Turn, Turned};
pub use library::{BuiltIn, library};
pub use look_up::{Parts, look_up};
pub use numbers::{Filled, NUMBER, Number, Numbers};
pub use problem::{Problem, Remark, Remarks, ScenarioErrors};
pub use quantity::{Counter, Holding, Kind, Quantity, Subject, Value, capital};
pub use scale::scaled;
pub use source::{LoadError, MAX_FILE_BYTES, Source, find};
pub use walkthrough::{
    Answer, Boundary, Choice, Closing, Ends, Moment, Pace, Play, Played, Predict, Range, Scene, Step, Topic,
    all_played, answer, played,
};

use crate::costs::{Profile, ProfileError};
use crate::engine::Time;
use crate::machine::{self, Outcome, RunOptions, SpecError, spec::Spec};

/// The number that `format:` must have in a file that this program reads.
pub const FORMAT: u32 = 1;

/// Which costs a scenario asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CostChoice {
    /// What was measured on this computer, if it was; else the literature profile.
    #[default]
    Default,
    /// The built-in profile of this id.
    Profile(String),
}

impl CostChoice {
    /// The profile chosen. `measured` is the one of this computer, if there is one.
    pub fn resolve(&self, measured: Option<Profile>) -> Result<Profile, ProfileError> {
        match self {
            CostChoice::Default => Ok(measured.unwrap_or_else(Profile::xeon_2017)),
            CostChoice::Profile(id) => Profile::built_in(id),
        }
    }
}

/// A checked scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// The name on the command line: lower case, digits and dashes.
    pub id: String,
    /// The name for people.
    pub title: String,
    /// What it teaches, in a sentence.
    pub teaches: String,
    /// The ids of the claims it answers.
    pub claims: Vec<String>,
    /// What all chance comes from.
    pub seed: u64,
    /// Whose costs to run with.
    pub costs: CostChoice,
    /// When to stop, if not when every program has ended.
    pub until: Option<Time>,
    /// The machine and what runs on it.
    pub spec: Spec,
    /// What a learner is led through; may be empty.
    pub walkthrough: Vec<Step>,
    /// What stands after the walkthrough's last step.
    pub closing: Option<Closing>,
    /// What must come out.
    pub expectations: Vec<Expectation>,
    /// What the model leaves out that matters here, each a sentence or two of Markdown.
    pub leaves_out: Vec<String>,
    /// The numbers that its texts name.
    pub numbers: Numbers,
    /// What stands in the file and changes nothing.
    pub remarks: Remarks,
}

impl Scenario {
    /// Reads and checks a file. The error holds every problem found.
    pub fn parse(source: &Source) -> Result<Scenario, ScenarioErrors> {
        check::parse(source)
    }

    /// The options of a run as the scenario asks for it: until its `until`, with the trace.
    pub fn options(&self) -> RunOptions {
        RunOptions { until: self.until.unwrap_or(Time::MAX), ..RunOptions::default() }
    }

    /// Simulates it. `progress` is called now and then with the simulated time and the number of events; the run
    /// stops when it returns false.
    ///
    /// # Errors
    /// Only if `spec` has been changed since the file was read: what a file describes can be built.
    pub fn run(
        &self,
        costs: &Profile,
        options: &RunOptions,
        progress: impl FnMut(Time, u64) -> bool,
    ) -> Result<Outcome, SpecError> {
        machine::run(&self.spec, &costs.table(), self.seed, options, progress)
    }

    /// Tests every expectation against a run.
    pub fn check(&self, outcome: &Outcome) -> Vec<Checked> {
        self.expectations.iter().map(|expectation| expectation.check(outcome)).collect()
    }
}
