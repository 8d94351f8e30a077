//! Reading and writing files that somebody has named: the one way in and the one way out.
//!
//! [`read`] never waits and never takes more than its limit, whatever the path turns out to be. [`write`] leaves either
//! the whole new file or what was there before: on a full disk, at a limit of file sizes, when the program is killed.
//!
//! Left out: what the probe reads of the kernel and the scratch files that it measures with, which nobody has named.

mod json;
mod read;
mod write;

pub use json::parse_json;
pub use read::{ReadError, read, read_start, read_text};
pub use write::{Prepared, WriteError, may_write, prepare, write};

/// What the system says, in its words and without its number, which tells a reader nothing.
pub fn said(error: &std::io::Error) -> String {
    let said = error.to_string();
    said.split(" (os error").next().unwrap_or_default().to_owned()
}
