//! `strata gather`: saves what the inventory reads, so that a bug report becomes a test.

use std::path::PathBuf;

use super::output::{failure, note, print};
use super::{Failure, Verdict};
use crate::probe::inventory::CaptureError;
use crate::probe::{gather, interrupt};

/// What `gather` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The folder to write to: new, or empty
    dir: PathBuf,
}

pub(super) fn save(arguments: &Arguments) -> Result<Verdict, Failure> {
    let dir = &arguments.dir;
    let host = gather::read();
    // From here on there is something to remove.
    let listening = interrupt::listen();
    match host.save_unless(dir, listening.flag()) {
        Err(CaptureError::Stopped) => {
            note("Stopped before the end: nothing was saved.");
            return Ok(Verdict::Interrupted);
        }
        saved => saved.map_err(|error| failure(error.to_string(), None))?,
    }
    print(&format!(
        "What the probe reads of this computer is now in {}: plain text, without host names, user names and serial \
         numbers. Read it before you send it on.\n",
        dir.display()
    ))?;
    Ok(Verdict::Fine)
}
