//! Programs that read from the page cache and from the disk.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rustix::io::pread;

use super::EFFORT;
use crate::probe::cleanup::is_memory;
use crate::probe::measure::{Chance, Pages, Region, elapsed_ns, looped, write_file};
use crate::validate::figure::rates;
use crate::validate::work::{DIRECT_TIME, DIRECT_WINDOW, READ_BYTES};

/// Bytes of the file that is read past the page cache.
const FILE: usize = 64 << 20;
const BLOCK: usize = 1 << 20;
const LONG: Duration = Duration::from_nanos(DIRECT_TIME);

/// Nanoseconds of a read from the page cache.
pub fn cached(folder: &Path) -> Result<Vec<f64>, String> {
    let path = folder.join("read");
    let failed = |e: io::Error| format!("{}: {e}", path.display());
    File::create(&path).and_then(|mut file| file.write_all(&[5; READ_BYTES])).map_err(failed)?;
    let file = File::open(&path).map_err(failed)?;
    let mut buffer = vec![0u8; READ_BYTES];
    Ok(looped(&EFFORT, || pread(&file, &mut buffer[..], 0)).into_values())
}

/// Reads a second past the page cache, by `depth` threads at once.
pub fn direct(folder: &Path, depth: u16) -> Result<Vec<f64>, String> {
    if is_memory(folder) {
        return Err(format!("{} is in memory, not on a disk; set TMPDIR to a folder on a disk", folder.display()));
    }
    let space = rustix::fs::statvfs(folder).map_err(|e| format!("asking for free space: {e}"))?;
    if space.f_bavail.saturating_mul(space.f_frsize) < (1 << 30) + FILE as u64 {
        return Err(format!("the disk of {} is nearly full; free 1 GiB", folder.display()));
    }
    let file = write_file(&folder.join("direct"), FILE, &mut Region::new(BLOCK, Pages::Small)?)?;
    let ends = Mutex::new(Vec::new());
    let start = Instant::now();
    std::thread::scope(|scope| {
        for thread in 0..depth {
            let (file, ends) = (&file, &ends);
            scope.spawn(move || {
                let mine = reader(file, u64::from(thread), start);
                ends.lock().unwrap_or_else(std::sync::PoisonError::into_inner).extend(mine);
            });
        }
    });
    let ends = ends.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    Ok(rates(&ends, DIRECT_WINDOW as f64))
}

/// Reads at random places until the time is up; when each ended.
fn reader(file: &File, seed: u64, start: Instant) -> Vec<f64> {
    let Ok(mut buffer) = Region::new(READ_BYTES, Pages::Small) else { return Vec::new() };
    let mut chance = Chance(77 + seed);
    let mut ends = Vec::new();
    while start.elapsed() < LONG {
        let at = (chance.below(FILE / READ_BYTES) * READ_BYTES) as u64;
        match pread(file, buffer.bytes_mut(), at) {
            Ok(READ_BYTES) => ends.push(elapsed_ns(start)),
            _ => break,
        }
    }
    ends
}
