//! `strata gather`: saves what the inventory reads, so that a bug report becomes a test.

use std::path::PathBuf;

use super::output::{failure, print};
use super::{Failure, Verdict};

/// What `gather` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The folder to write to: new, or empty
    dir: PathBuf,
}

pub(super) fn gather(arguments: &Arguments) -> Result<Verdict, Failure> {
    let dir = &arguments.dir;
    crate::probe::gather::save(dir).map_err(|error| failure(error.to_string(), None))?;
    print(&format!(
        "What the probe reads of this computer is now in {}: plain text, without host names, user names and serial \
         numbers. Read it before you send it on.\n",
        dir.display()
    ))?;
    Ok(Verdict::Fine)
}
