//! What Strata says of a computer that was captured with `strata gather`:
//!
//! ```sh
//! cargo run --no-default-features --example host -- FOLDER...
//! ```
//!
//! Prints the layers with their evidence, and the limits in force. Nothing is measured.

use std::path::Path;
use std::process::ExitCode;

use strata::probe::inventory::{Root, take};
use strata::visible::visible;

fn main() -> ExitCode {
    let folders: Vec<String> = std::env::args().skip(1).collect();
    if folders.is_empty() {
        eprintln!("usage: host FOLDER...");
        return ExitCode::from(2);
    }
    for folder in &folders {
        match Root::load(Path::new(folder)) {
            Ok(root) => println!("{}:\n{}", visible(folder), visible(&take(&root).to_text(true))),
            Err(error) => {
                eprintln!("{}", visible(&error.to_string()));
                return ExitCode::from(2);
            }
        }
    }
    ExitCode::SUCCESS
}
