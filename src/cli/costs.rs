//! Whose costs to run with.

use std::path::Path;

use super::Failure;
use super::output::{failure, note};
use crate::costs::{Profile, ProfileError};
use crate::files;
use crate::probe::saved;
use crate::scenario::{CostChoice, MAX_FILE_BYTES};

/// Whether this is no profile's name: it is written as a path, or there is something of that name, whatever it is.
fn is_path(name: &str) -> bool {
    name.ends_with(".ron") || name.contains(['/', '\\']) || Path::new(name).symlink_metadata().is_ok()
}

/// The profile for a run: what `--costs` says (an id or a file), else what the scenario says.
pub(super) fn choose(option: Option<&str>, choice: &CostChoice) -> Result<Profile, Failure> {
    match option {
        Some("measured" | Profile::THIS_HOST) => measured()?.ok_or_else(|| {
            failure("this computer has not been measured yet", Some("\"strata probe --save\" measures it".to_owned()))
        }),
        Some(id) if Profile::BUILT_IN.contains(&id) => known(CostChoice::Profile(id.to_owned()).resolve(None)),
        Some(path) if is_path(path) => read(Path::new(path)),
        Some(name) => Err(failure(
            format!("no cost profile is called \"{name}\""),
            Some(format!("there are: {}, measured, or the path of a profile file", Profile::BUILT_IN.join(", "))),
        )),
        None if *choice == CostChoice::Default => known(choice.resolve(measured_or_none())),
        None => known(choice.resolve(None)),
    }
}

fn known(profile: Result<Profile, ProfileError>) -> Result<Profile, Failure> {
    profile.map_err(|error| failure(error.to_string(), None))
}

/// The profile measured on this computer, if there is one; if it was measured on another one, that is told.
fn measured() -> Result<Option<Profile>, Failure> {
    saved::load().map(|profile| profile.inspect(tell_if_foreign)).map_err(|error| failure(error.to_string(), None))
}

/// As [`measured`]; a broken one is told and passed over, so that a damaged file stops no simulation.
pub(super) fn measured_or_none() -> Option<Profile> {
    let loaded = saved::load().unwrap_or_else(|error| {
        note(&format!("{error}. Simulating with published costs instead."));
        None
    });
    loaded.inspect(tell_if_foreign)
}

fn tell_if_foreign(profile: &Profile) {
    if let Some((there, here)) = saved::elsewhere(profile) {
        note(&format!(
            "The saved costs were measured on another computer: {there}. This is {here}; \"strata probe --save\" \
             measures it."
        ));
    }
}

fn read(path: &Path) -> Result<Profile, Failure> {
    let text = files::read_text(path, MAX_FILE_BYTES).map_err(|error| {
        let help = Some("give the path of a cost profile, as assets/profiles/xeon-2017.ron is one".to_owned());
        failure(format!("can't read the cost profile \"{}\": {error}", path.display()), help)
    })?;
    Profile::parse(&text).map_err(|error| {
        let help = matches!(error, ProfileError::Syntax { .. })
            .then(|| "a cost profile is written as assets/profiles/xeon-2017.ron is".to_owned());
        failure(format!("{}: {error}", path.display()), help)
    })
}
