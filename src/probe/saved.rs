//! The profile measured on this computer, where it is kept, reading and writing it.
//!
//! One RON file in the platform's data folder (`~/.local/share/strata/measured.ron` on Linux, below `XDG_DATA_HOME` if
//! that is set). It is written beside its place and then moved there, so that a killed probe leaves either the old
//! profile or the new one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use crate::costs::{Profile, ProfileError};

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
        source: io::Error,
    },
    /// The file is there and is no profile.
    #[error("the saved cost profile {path} can't be used: {source}; \"strata probe --save\" writes a new one")]
    Broken {
        /// Where.
        path: PathBuf,
        /// What is wrong with it.
        source: ProfileError,
    },
    /// The file can't be written.
    #[error("writing the cost profile {path}: {source}; set XDG_DATA_HOME to a folder that you may write to")]
    Write {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Where the profile is kept.
///
/// # Errors
/// The platform names no folder for data.
pub fn path() -> Result<PathBuf, SavedError> {
    let dirs = etcetera::choose_base_strategy().map_err(|_| SavedError::NoPlace)?;
    Ok(dirs.data_dir().join("strata").join("measured.ron"))
}

/// The profile measured on this computer; `None` if it was never saved.
///
/// # Errors
/// There is one and it can't be used.
pub fn load() -> Result<Option<Profile>, SavedError> {
    // Without a place nothing was ever saved.
    path().map_or(Ok(None), |path| load_from(&path))
}

/// Keeps `profile` as the one of this computer, in place of an earlier one; where it is now.
///
/// # Errors
/// The folder or the file can't be written.
pub fn save(profile: &Profile) -> Result<PathBuf, SavedError> {
    let path = path()?;
    save_to(profile, &path)?;
    Ok(path)
}

fn load_from(path: &Path) -> Result<Option<Profile>, SavedError> {
    let wrong = |source| SavedError::Read { path: path.to_owned(), source };
    let about = match fs::metadata(path) {
        Ok(about) => about,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(wrong(error)),
    };
    if !about.is_file() || about.len() > MOST_BYTES {
        return Err(wrong(io::Error::other("not a plain file of at most 4 MiB")));
    }
    let text = fs::read_to_string(path).map_err(wrong)?;
    Profile::parse(&text).map(Some).map_err(|source| SavedError::Broken { path: path.to_owned(), source })
}

fn save_to(profile: &Profile, path: &Path) -> Result<(), SavedError> {
    let beside = path.with_extension(format!("{}.new", std::process::id()));
    let write = || {
        fs::create_dir_all(path.parent().unwrap_or(path))?;
        fs::write(&beside, profile.to_ron())?;
        fs::rename(&beside, path)
    };
    write().map_err(|source| {
        // What was half written is nobody's; that it was never begun is as good.
        let _ = fs::remove_file(&beside);
        SavedError::Write { path: path.to_owned(), source }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saved_profile_is_read_back_and_nothing_else_lies_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new").join("measured.ron");
        assert_eq!(load_from(&path).unwrap(), None);
        save_to(&Profile::xeon_2017(), &path).unwrap();
        save_to(&Profile::xeon_2017(), &path).unwrap();
        assert_eq!(load_from(&path).unwrap(), Some(Profile::xeon_2017()));
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
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
        fs::write(&path, [0xff, 0xfe]).unwrap();
        assert!(matches!(load_from(&path), Err(SavedError::Read { .. })));
        assert!(matches!(load_from(folder.path()), Err(SavedError::Read { .. })));
    }
}
