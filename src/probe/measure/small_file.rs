//! Small files of the kernel's, read whole.

use std::io::{self, Read};

/// No file of `/proc` or `/sys` that is read here is longer.
const MOST: u64 = 1 << 20;

/// Reads a small file under `/proc` or `/sys`.
///
/// # Errors
/// It is not there, may not be read, or is no text.
pub fn read_small(path: &str) -> io::Result<String> {
    let mut text = String::new();
    std::fs::File::open(path)?.take(MOST).read_to_string(&mut text)?;
    Ok(text)
}
