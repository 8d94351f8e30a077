//! The command line: one file per subcommand, each from arguments to a [`Verdict`].
//!
//! Reports go to the standard output as text or as one JSON object; progress, notes and errors go to the standard
//! error. A reader that closes the pipe early ends the program quietly. The window is in `app`, which this room
//! only starts.

mod boots;
mod check;
mod compare;
mod costs;
mod export;
mod gather;
mod list;
mod output;
mod play;
mod probe;
mod progress;
mod report;
mod run;
mod steps;
mod tables;
mod validate;
mod window;

use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

/// See what happens between your program and the metal.
///
/// Without a subcommand the window opens, on FILE or on the first walkthrough; without a display the walkthrough is
/// played in the terminal.
#[derive(Debug, Parser)]
#[command(name = "strata", version, args_conflicts_with_subcommands = true)]
struct Arguments {
    /// A scenario file, or the id of a built-in scenario
    file: Option<String>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the built-in scenarios
    List(list::Arguments),
    /// Simulate a scenario and report what it cost
    Run(run::Arguments),
    /// Read scenario files, run them and test their expectations
    Check(check::Arguments),
    /// Simulate two scenarios and put their ledgers side by side
    Compare(compare::Arguments),
    /// Play a walkthrough in the terminal
    Play(play::Arguments),
    /// Find out what this computer is made of and what its mechanisms cost
    Probe(probe::Arguments),
    /// Run real workloads on this computer, simulate the same, and compare
    Validate(validate::Arguments),
    /// Save what the probe reads about this computer, without measuring, for a bug report
    Gather(gather::Arguments),
    /// Draw the picture at one time into a PNG file, without a window
    Shot(window::ShotArguments),
    /// Take a run elsewhere: a page that plays in any browser, a picture, an animated file
    Export(export::Arguments),
}

/// How a report is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Tables for people
    #[default]
    Text,
    /// One JSON object
    Json,
}

/// How a command ended, as the exit code tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// 0: all is well.
    Fine = 0,
    /// 1: an expectation or a validation failed.
    Failed = 1,
    /// 2: the input is wrong. The error has been told.
    WrongInput = 2,
    /// 130: stopped by Ctrl-C, as shells say it. What was found so far has been reported.
    Interrupted = 130,
}

impl From<Verdict> for ExitCode {
    fn from(verdict: Verdict) -> ExitCode {
        ExitCode::from(verdict as u8)
    }
}

/// An error that ends a command: already in words for people.
type Failure = Box<dyn miette::Diagnostic>;

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    crate::probe::interrupt::prepare();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return output::tell_usage(&error),
    };
    let result = match arguments.command {
        None => window::open(arguments.file.as_deref()),
        Some(Command::List(arguments)) => list::list(&arguments),
        Some(Command::Run(arguments)) => run::run(&arguments),
        Some(Command::Check(arguments)) => check::check(&arguments),
        Some(Command::Compare(arguments)) => compare::compare(&arguments),
        Some(Command::Play(arguments)) => play::play(&arguments),
        Some(Command::Probe(arguments)) => probe::probe(&arguments),
        Some(Command::Validate(arguments)) => validate::validate(&arguments),
        Some(Command::Gather(arguments)) => gather::save(&arguments),
        Some(Command::Shot(arguments)) => window::shot(&arguments),
        Some(Command::Export(arguments)) => export::export(&arguments),
    };
    result
        .unwrap_or_else(|failure| {
            output::tell(failure.as_ref());
            Verdict::WrongInput
        })
        .into()
}
