//! The profile measured on this computer, where it is kept, reading and writing it; and the report that it was made
//! from, which knows more than a profile: spreads, runs, whole round trips, and why something has no value.
//!
//! A RON and a JSON file in the platform's data folder (`~/.local/share/strata/measured.ron` and `.json` on Linux, below
//! `XDG_DATA_HOME` if that is set). A killed probe leaves either the old one or the new one ([`files::write`]). The
//! profile alone decides what simulations cost; a report that is missing or broken only leaves less to show. One that
//! lies there is that of the profile beside it, whatever happened on the way: the old one goes before the profile
//! changes, and the new one comes after it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use super::measure::Report;
use crate::costs::{Profile, ProfileError};
use crate::files::{self, ReadError, WriteError};

/// A profile is some tens of KiB; nothing larger is read.
const MOST_BYTES: u64 = 4 << 20;

/// The saved profile can't be read or written.
#[derive(Debug, thiserror::Error)]
pub enum SavedError {
    /// The platform names no folder for data.
    #[error("this system names no folder for a program's data; set HOME or XDG_DATA_HOME")]
    NoPlace,
    /// The file can't be read.
    #[error("reading the saved cost profile {path}: {source}; \"strata probe --save\" writes a new one")]
    Read {
        /// Where.
        path: PathBuf,
        /// Why.
        source: ReadError,
    },
    /// The file is there and is no profile.
    #[error("the saved cost profile {path} can't be used: {source}; \"strata probe --save\" writes a new one")]
    Broken {
        /// Where.
        path: PathBuf,
        /// What is wrong with it.
        source: ProfileError,
    },
    /// The report is there and can't be understood.
    #[error("the saved report {path} can't be used: {why}; \"strata probe --save\" writes a new one")]
    BrokenReport {
        /// Where.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The file can't be written.
    #[error("the costs are not saved: {source}; {}", to_do(.source))]
    Write {
        /// Where, and why not.
        #[from]
        source: WriteError,
    },
}

/// What helps against an error of writing, where the path is not the user's choice.
fn to_do(error: &WriteError) -> &'static str {
    let WriteError::Io { source, .. } = error else { return "set XDG_DATA_HOME to another folder, or take that away" };
    match source.kind() {
        io::ErrorKind::FileTooLarge => error.advice(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "make room, or set XDG_DATA_HOME to a folder on another disk"
        }
        _ => "set XDG_DATA_HOME to a folder that you may write to",
    }
}

/// The folder in which the profile and the report are kept.
///
/// # Errors
/// The platform names no folder for data.
pub fn folder() -> Result<PathBuf, SavedError> {
    let dirs = etcetera::choose_base_strategy().map_err(|_| SavedError::NoPlace)?;
    Ok(dirs.data_dir().join("strata"))
}

/// The profile's file in a folder.
pub fn profile_in(folder: &Path) -> PathBuf {
    folder.join("measured.ron")
}

/// The report's file in a folder.
pub fn report_in(folder: &Path) -> PathBuf {
    folder.join("measured.json")
}

/// The profile measured on this computer; `None` if it was never saved.
///
/// # Errors
/// There is one and it can't be used.
pub fn load() -> Result<Option<Profile>, SavedError> {
    // Without a place nothing was ever saved.
    folder().map_or(Ok(None), |folder| load_from(&profile_in(&folder)))
}

/// What the computer is that `profile` was measured on and what this one is, if they are not the same kind: another
/// processor, or the one is a virtual machine and the other is not. A new kernel makes no other computer.
pub fn elsewhere(profile: &Profile) -> Option<(&str, String)> {
    #[cfg(target_os = "linux")]
    {
        let here = super::measure::describe();
        let foreign = profile.id == Profile::THIS_HOST && !super::measure::is_same_computer(&profile.machine, &here);
        foreign.then_some((&profile.machine, here))
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = profile;
        None
    }
}

/// Whether [`save`] would begin to write, to be asked before measuring.
///
/// # Errors
/// The folder can't be made or written to, or something is there that is not to be overwritten.
pub fn may_save() -> Result<(), SavedError> {
    may_save_to(&folder()?)
}

fn may_save_to(folder: &Path) -> Result<(), SavedError> {
    let missing = |path: &&Path| !path.as_os_str().is_empty() && path.symlink_metadata().is_err();
    let paths = match folder.ancestors().take_while(missing).last() {
        // The folder that would be made first.
        Some(first) => vec![first.to_owned()],
        None => vec![profile_in(folder), report_in(folder)],
    };
    for path in paths {
        files::may_write(&path, &[])?;
    }
    Ok(())
}

/// Keeps `profile` as the one of this computer, in place of an earlier one, and the report that it was made from; where
/// the profile is now.
///
/// # Errors
/// The folder or a file can't be written. Where there is no room, both are as they were.
pub fn save(profile: &Profile, report: &Report) -> Result<PathBuf, SavedError> {
    save_to(&folder()?, profile, report)
}

fn save_to(folder: &Path, profile: &Profile, report: &Report) -> Result<PathBuf, SavedError> {
    make(folder)?;
    let (profile_path, report_path) = (profile_in(folder), report_in(folder));
    let text = serde_json::to_string(report).map_err(|error| not_written(&report_path, io::Error::other(error)))?;
    let mut prepared = [(&profile_path, profile.to_ron()), (&report_path, text)]
        .map(|(path, text)| files::prepare(path, &[], |file| file.write_all(text.as_bytes())));
    for file in prepared.iter_mut().flatten() {
        file.name()?;
    }
    let [new_profile, new_report] = prepared;
    let (new_profile, new_report) = (new_profile?, new_report?);
    match fs::remove_file(&report_path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(not_written(&report_path, error).into()),
        _ => {}
    }
    new_profile.put()?;
    new_report.put()?;
    Ok(profile_path)
}

/// Makes the folder, if it is missing.
fn make(folder: &Path) -> Result<(), SavedError> {
    fs::create_dir_all(folder).map_err(|error| not_written(folder, error).into())
}

/// The profile in a file; `None` if there is no such file. What another version of this program did not measure has
/// its published cost.
///
/// # Errors
/// There is one and it can't be used.
pub fn load_from(path: &Path) -> Result<Option<Profile>, SavedError> {
    let Some(text) = read(path)? else { return Ok(None) };
    Profile::parse_of_any_version(&text)
        .map(Some)
        .map_err(|source| SavedError::Broken { path: path.to_owned(), source })
}

/// The report in a file; `None` if there is no such file.
///
/// # Errors
/// There is one and it can't be used.
pub fn load_report_from(path: &Path) -> Result<Option<Report>, SavedError> {
    let Some(text) = read(path)? else { return Ok(None) };
    files::parse_json(&text).map(Some).map_err(|why| SavedError::BrokenReport { path: path.to_owned(), why })
}

fn read(path: &Path) -> Result<Option<String>, SavedError> {
    match files::read_text(path, MOST_BYTES) {
        Ok(text) => Ok(Some(text)),
        Err(ReadError::NotFound) => Ok(None),
        Err(source) => Err(SavedError::Read { path: path.to_owned(), source }),
    }
}

fn not_written(path: &Path, source: io::Error) -> WriteError {
    WriteError::Io { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saved_profile_is_read_back_and_nothing_but_its_report_lies_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let new = folder.path().join("new");
        let path = profile_in(&new);
        assert_eq!(load_from(&path).unwrap(), None);
        for when in ["2026-01-01", "2026-01-02"] {
            may_save_to(&new).unwrap();
            assert_eq!(save_to(&new, &Profile::xeon_2017(), &report(when)).unwrap(), path);
            assert_eq!(load_from(&path).unwrap(), Some(Profile::xeon_2017()));
            assert_eq!(load_report_from(&report_in(&new)).unwrap().unwrap().when, when);
            assert_eq!(fs::read_dir(&new).unwrap().count(), 2);
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_may_not_be_replaced_is_told_before_anything_is_measured_and_both_stay() {
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = folder.path().join("elsewhere");
        for name in ["measured.ron", "measured.json"] {
            let data = folder.path().join(name).join("strata");
            save_to(&data, &Profile::xeon_2017(), &report("2026-01-01")).unwrap();
            let (old, link) = (data.join("old"), data.join(name));
            fs::rename(&link, &old).unwrap();
            std::os::unix::fs::symlink(&elsewhere, &link).unwrap();
            for refused in [may_save_to(&data), save_to(&data, &Profile::xeon_2017(), &report("new")).map(drop)] {
                let said = refused.unwrap_err().to_string();
                assert!(said.contains(name) && said.contains("symbolic link"), "{said}");
            }
            let there = fs::read_dir(&data).unwrap().count();
            assert_eq!((there, elsewhere.exists()), (3, false), "{name}");
        }
    }

    fn report(when: &str) -> Report {
        Report {
            plan: crate::probe::measure::Plan::Quick,
            host: "a computer".to_owned(),
            when: when.to_owned(),
            seconds: 1.0,
            cancelled: false,
            in_guest: false,
            measurements: Vec::new(),
        }
    }

    #[test]
    fn a_broken_profile_is_named_with_its_place_and_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("measured.ron");
        for text in ["", "(", "(id: 3)", "\u{0}\u{1}", &"(".repeat(100_000)] {
            fs::write(&path, text).unwrap();
            let said = load_from(&path).unwrap_err().to_string();
            assert!(said.contains("measured.ron") && said.contains("strata probe --save"), "{said}");
        }
        fs::write(&path, "{}").unwrap();
        let said = load_report_from(&path).unwrap_err().to_string();
        assert!(said.contains("measured.ron") && said.contains("strata probe --save"), "{said}");
        fs::write(&path, [0xff, 0xfe]).unwrap();
        assert!(matches!(load_from(&path), Err(SavedError::Read { .. })));
        assert!(matches!(load_from(folder.path()), Err(SavedError::Read { .. })));
    }
}
