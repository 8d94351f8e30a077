//! What needs the `app` feature: the window, and pictures without a window. Without the feature, or without a
//! display, the walkthrough is played in the terminal.

use std::path::PathBuf;

use super::output::note;
use super::{Failure, Verdict, play};
use crate::engine::Time;

/// What `shot` takes.
#[derive(Debug, clap::Args)]
pub(super) struct ShotArguments {
    /// A scenario file, or the id of a built-in scenario
    pub scenario: String,
    /// The simulated time of the picture, as in "90us"
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub at: Time,
    /// The PNG file to write
    #[arg(long, value_name = "PNG")]
    pub out: PathBuf,
    /// Width and height in pixels
    #[arg(long, value_name = "WxH", default_value = "1600x1000", value_parser = size)]
    pub size: (u32, u32),
    /// Dark on light instead of light on dark
    #[arg(long)]
    pub light: bool,
    /// The stack whose column is followed, by its name
    #[arg(long, value_name = "STACK")]
    pub follow: Option<String>,
}

pub(super) fn size(text: &str) -> Result<(u32, u32), String> {
    let wrong = || format!("\"{text}\" is not a size: write width x height from 320x200 to 8192x8192, as in 1600x1000");
    let (width, height) = text.split_once('x').ok_or_else(wrong)?;
    let size = (width.parse().map_err(|_| wrong())?, height.parse().map_err(|_| wrong())?);
    let sane = (320..=8192).contains(&size.0) && (200..=8192).contains(&size.1);
    if sane { Ok(size) } else { Err(wrong()) }
}

/// `strata` and `strata FILE`.
pub(super) fn open(file: Option<&str>) -> Result<Verdict, Failure> {
    window(file.unwrap_or(crate::scenario::library()[0].id))
}

#[cfg(not(feature = "app"))]
fn window(scenario: &str) -> Result<Verdict, Failure> {
    let why =
        "This build has no window (cargo build --features app makes one): playing the walkthrough in the terminal.";
    in_terminal(scenario, why)
}

/// Plays the walkthrough, having said why not in a window; what can't be read is told alone.
fn in_terminal(scenario: &str, why: &str) -> Result<Verdict, Failure> {
    super::run::read(scenario)?;
    note(why);
    play::play_scenario(scenario, None, false)
}

#[cfg(not(feature = "app"))]
pub(super) fn shot(_arguments: &ShotArguments) -> Result<Verdict, Failure> {
    let help = Some("build it with: cargo build --release --features app".to_owned());
    Err(super::output::failure("this build can't draw: it was made without the feature \"app\"", help))
}

/// The window; where there can be none, one line that says why, and the terminal.
#[cfg(feature = "app")]
fn window(scenario: &str) -> Result<Verdict, Failure> {
    let options = crate::app::Options { open: Some(scenario.to_owned()), measured: super::costs::measured_or_none() };
    match crate::app::run(options) {
        Ok(()) => Ok(Verdict::Fine),
        Err(why) => {
            in_terminal(scenario, &format!("No window ({why}): playing the walkthrough in the terminal instead."))
        }
    }
}

#[cfg(feature = "app")]
pub(super) fn shot(arguments: &ShotArguments) -> Result<Verdict, Failure> {
    use crate::app::scene::View;
    use crate::app::shot::{Shot, ShotError, shot};
    use crate::app::theme::Theme;

    let inputs = super::run::inputs(&arguments.scenario, None);
    let told = |error: crate::files::WriteError| super::run::not_written("the picture", &error);
    crate::files::may_write(&arguments.out, &super::run::paths(&inputs)).map_err(told)?;
    let scenario = super::run::read(&arguments.scenario)?;
    let made = super::run::make(scenario, super::run::Changes { keep_trace: true, ..Default::default() })?;
    let Some(trace) = &made.outcome.trace else {
        return Err(super::output::failure("the run kept no trace to draw", None));
    };
    let follow =
        arguments.follow.as_ref().map(|name| super::output::column(name, &made.outcome.topology)).transpose()?;
    let presences = crate::machine::Presences::new(&made.outcome.topology, &made.outcome.changes);
    let picture = Shot {
        topology: &made.outcome.topology,
        trace,
        presences: &presences,
        profile: &made.profile,
        title: &made.scenario.title,
        time: arguments.at,
        size: arguments.size,
        theme: if arguments.light { Theme::light() } else { Theme::dark() },
        view: View::default(),
        selection: None,
        reduced_motion: false,
        seed: made.scenario.seed,
        end: made.outcome.simulated,
        follow,
        topic: crate::scenario::Topic::default(),
    };
    shot(&picture, &arguments.out).map_err(|why| match why {
        ShotError::NotWritten(error) => told(error),
        other => super::output::failure(other.to_string(), None),
    })?;
    Ok(Verdict::Fine)
}
