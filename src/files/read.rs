//! Reading a whole file, guarded: nothing that is too large or no plain file gets in, and nothing that has to be waited
//! for. Some files of the kernel look plain and block (`/proc/kmsg`, until there is a message).

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Why a file can't be read. The path is the caller's to tell.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is no such file.
    #[error("there is no such file")]
    NotFound,
    /// A folder, a pipe, a device, or a stream that only looks like a file.
    #[error("it is {0}, not a plain file")]
    NotAFile(&'static str),
    /// More than the limit.
    #[error("it is larger than {} MiB, the most that is read", .0 >> 20)]
    TooLarge(u64),
    /// Not UTF-8 text.
    #[error("line {line}, column {column}: byte {byte:#04x} is not text (UTF-8)")]
    NotText {
        /// From 1.
        line: usize,
        /// In characters, from 1.
        column: usize,
        /// The first byte that isn't text.
        byte: u8,
    },
    /// What the system says.
    #[error("{}", super::said(.0))]
    Io(io::Error),
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> ReadError {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => ReadError::NotFound,
            io::ErrorKind::WouldBlock => ReadError::NotAFile("a stream that has no end"),
            _ => ReadError::Io(error),
        }
    }
}

/// The whole of a plain file of at most `most` bytes.
///
/// # Errors
/// There is none, it is no plain file or too large, or the system refuses.
pub fn read(path: &Path, most: u64) -> Result<Vec<u8>, ReadError> {
    match read_start(path, most)? {
        (bytes, true) => Ok(bytes),
        (_, false) => Err(ReadError::TooLarge(most)),
    }
}

/// The first `most` bytes of a plain file, and whether that is all of it.
///
/// # Errors
/// There is none, it is no plain file, or the system refuses.
pub fn read_start(path: &Path, most: u64) -> Result<(Vec<u8>, bool), ReadError> {
    // Asked before opening, since opening alone sets some devices off, and again behind it, since a path can change.
    is_plain(&std::fs::metadata(path)?)?;
    let file = open(path)?;
    is_plain(&file.metadata()?)?;
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    let whole = bytes.len() as u64 <= most;
    // What is in memory is no longer than an address.
    bytes.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    Ok((bytes, whole))
}

/// As [`read`], as text. A byte-order mark, with which some editors begin a file, is no part of it.
///
/// # Errors
/// As [`read`], and where the file is not UTF-8.
pub fn read_text(path: &Path, most: u64) -> Result<String, ReadError> {
    let mut text = String::from_utf8(read(path, most)?).map_err(|error| not_text(&error))?;
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    Ok(text)
}

fn is_plain(about: &std::fs::Metadata) -> Result<(), ReadError> {
    match about.file_type() {
        kind if kind.is_file() => Ok(()),
        kind if kind.is_dir() => Err(ReadError::NotAFile("a folder")),
        _ => Err(ReadError::NotAFile("a pipe or a device")),
    }
}

/// Opens a file to be read without waiting.
#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new().read(true).custom_flags(NONBLOCK).open(path)
}

#[cfg(target_os = "linux")]
const NONBLOCK: i32 = libc::O_NONBLOCK;
/// The BSDs and macOS.
#[cfg(all(unix, not(target_os = "linux")))]
const NONBLOCK: i32 = 4;

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

fn not_text(error: &std::string::FromUtf8Error) -> ReadError {
    let at = error.utf8_error().valid_up_to();
    let bytes = error.as_bytes();
    let before = String::from_utf8_lossy(&bytes[..at]);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    // `valid_up_to` is below the length when decoding failed.
    ReadError::NotText { line, column, byte: bytes.get(at).copied().unwrap_or(0) }
}
