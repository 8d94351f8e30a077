//! Saves what the inventory reads, so that a bug report becomes a test.
//!
//! A gathered folder holds everything the inventory would read from this host and nothing else, as text: taking the
//! inventory of the folder gives what taking it of the host gives. Names and numbers that tell one machine or one
//! person from another are taken out first: host names, paths of one's own, container and user ids, boot parameters
//! that have nothing to do with layers, environment variables, the builder of the kernel. Serial numbers, MAC
//! addresses and machine ids are never read at all.
//!
//! # The format
//!
//! A folder of plain text, which a person can read before sending it, and edit:
//!
//! - `facts.txt`: one line for each thing that is short: `line PATH TEXT` (a file of one line), `hex PATH BYTES`,
//!   `link PATH TARGET`, `dir PATH NAMES`, `node PATH char 10:232 0660 REASON` (a reason where it may not be opened),
//!   `exists PATH`, `refused PATH REASON`, `cut PATH` (the file was longer), `fact NAME VALUE`. In paths and names `%XX`
//!   stands for a byte that would not fit.
//! - `tree/…`: files of more than one line, at their path.
//! - `cpuid.txt`: the CPUID table, `leaf subleaf: eax ebx ecx edx`.
//!
//! [`Root::load`] reads it back.

use super::inventory::{CaptureError, Root};
use std::path::Path;

/// Reads this host and saves it to a new or empty folder.
///
/// # Errors
/// [`CaptureError::NotEmpty`] where the folder holds anything, [`CaptureError::Write`] where it cannot be written.
pub fn save(dir: &Path) -> Result<(), CaptureError> {
    read().save(dir)
}

/// Reads this host, without what tells it from others.
pub fn read() -> Root {
    Root::host().scrubbed()
}
