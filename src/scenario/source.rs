//! Finding a scenario: by the id of a built-in one, or by the path of a file.

use std::path::Path;

use super::library;
use crate::files::{self, ReadError};

/// The most bytes that a scenario file may have.
pub const MAX_FILE_BYTES: u64 = 4 << 20;

/// The text of a scenario and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The path as given, or the id of a built-in scenario with `.ron`.
    pub name: String,
    /// The whole text.
    pub text: String,
}

/// Why a scenario can't be read.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum LoadError {
    /// No built-in scenario has this id, and no file this path.
    #[error("no file and no built-in scenario is called \"{name}\"")]
    NotFound {
        /// As given.
        name: String,
        /// What might have been meant.
        #[help]
        help: String,
    },
    /// The file is there and can't be read.
    #[error("can't read \"{name}\": {}", crate::files::said(error))]
    #[diagnostic(help("give the path of a file that you may read"))]
    Io {
        /// The path.
        name: String,
        /// What the system says.
        error: std::io::Error,
    },
    /// A folder, a pipe or a device.
    #[error("\"{name}\" is {what}, not a plain file")]
    #[diagnostic(help("give the path of a scenario file, as in scenarios/one-read.ron"))]
    NotAFile {
        /// The path.
        name: String,
        /// What it is.
        what: &'static str,
    },
    /// More than [`MAX_FILE_BYTES`].
    #[error("\"{name}\" is larger than 4 MiB, the most that a scenario file may be")]
    #[diagnostic(help("is it a scenario? To run many stacks of one kind, give one stack \"copies: 16\""))]
    TooLarge {
        /// The path.
        name: String,
    },
    /// Not UTF-8 text.
    #[error("\"{name}\", line {line}, column {column}: byte {byte:#04x} is not text (UTF-8)")]
    #[diagnostic(help("a scenario is a RON text file; this looks like a binary file or another encoding"))]
    NotText {
        /// The path.
        name: String,
        /// From 1.
        line: usize,
        /// In characters, from 1.
        column: usize,
        /// The first byte that isn't text.
        byte: u8,
    },
}

/// The scenario called `id_or_path`: a built-in one, or a file. What contains a separator or ends in `.ron` is
/// always a file.
pub fn find(id_or_path: &str) -> Result<Source, LoadError> {
    let path = Path::new(id_or_path);
    if let Some(built_in) = library().iter().find(|b| b.id == id_or_path) {
        return Ok(Source { name: format!("{}.ron", built_in.id), text: built_in.source.to_owned() });
    }
    read(path, id_or_path)
}

fn read(path: &Path, name: &str) -> Result<Source, LoadError> {
    let name = name.to_owned();
    match files::read_text(path, MAX_FILE_BYTES) {
        Ok(text) => Ok(Source { name, text }),
        Err(ReadError::NotFound) => Err(LoadError::NotFound { help: suggestion(&name), name }),
        Err(ReadError::NotAFile(what)) => Err(LoadError::NotAFile { name, what }),
        Err(ReadError::TooLarge(_)) => Err(LoadError::TooLarge { name }),
        Err(ReadError::NotText { line, column, byte }) => Err(LoadError::NotText { name, line, column, byte }),
        Err(ReadError::Io(error)) => Err(LoadError::Io { name, error }),
    }
}

/// The nearest built-in id, or all of them.
fn suggestion(name: &str) -> String {
    let stem = Path::new(name).file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    let ids: Vec<&str> = library().iter().map(|b| b.id).collect();
    match crate::near::nearest(&stem, ids.iter().copied()) {
        Some(id) => format!("did you mean the built-in scenario {id}? \"strata list\" shows all"),
        None => format!("the built-in scenarios are {}", ids.join(", ")),
    }
}
