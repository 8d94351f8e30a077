//! Programs that read from the page cache and from the disk.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rustix::io::pread;

use crate::probe::cleanup::is_memory;
use crate::probe::measure::{Chance, DeviceReads, Pages, Region, elapsed_ns, no_thread, write_file};
use crate::validate::figure::rates;
use crate::validate::work::{CACHED_WINDOW, DIRECT_TIME, DIRECT_WINDOW, READ_BYTES};

/// Bytes of the file that is read past the page cache.
const FILE: usize = 64 << 20;
const BLOCK: usize = 1 << 20;
const LONG: Duration = Duration::from_nanos(DIRECT_TIME);
/// Cached reads between two looks at the clock, which takes nearly as long as one of them in some guests.
const BATCH: usize = 16;

/// Reads a second from the page cache, by `depth` threads at once that read the same.
pub fn cached(folder: &Path, depth: u16) -> Result<Vec<f64>, String> {
    let path = folder.join("read");
    let failed = |e: io::Error| format!("{}: {e}", path.display());
    File::create(&path).and_then(|mut file| file.write_all(&[5; READ_BYTES])).map_err(failed)?;
    let file = File::open(&path).map_err(failed)?;
    let ends = together(depth, |_, start| {
        let mut buffer = vec![0u8; READ_BYTES];
        until_the_end(start, || (0..BATCH).all(|_| pread(&file, &mut buffer[..], 0) == Ok(READ_BYTES)))
    })?;
    Ok(rates(&ends, CACHED_WINDOW as f64).into_iter().map(|batches| batches * BATCH as f64).collect())
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
    let counted = DeviceReads::count();
    let ends = together(depth, |thread, start| {
        let Ok(mut buffer) = Region::new(READ_BYTES, Pages::Small) else { return Vec::new() };
        let mut chance = Chance(77 + thread);
        until_the_end(start, || {
            let at = (chance.below(FILE / READ_BYTES) * READ_BYTES) as u64;
            pread(&file, buffer.bytes_mut(), at) == Ok(READ_BYTES)
        })
    })?;
    counted.reached((ends.len() * READ_BYTES) as u64, folder)?;
    Ok(rates(&ends, DIRECT_WINDOW as f64))
}

/// What `reader` gives in each of `depth` threads at once, which are numbered and begin at the same instant.
///
/// # Errors
/// No thread could be made.
fn together(depth: u16, reader: impl Fn(u64, Instant) -> Vec<f64> + Sync) -> Result<Vec<f64>, String> {
    let ends = Mutex::new(Vec::new());
    let start = Instant::now();
    std::thread::scope(|scope| {
        for thread in 0..depth {
            let (reader, ends) = (&reader, &ends);
            let read = move || {
                let mine = reader(u64::from(thread), start);
                ends.lock().unwrap_or_else(std::sync::PoisonError::into_inner).extend(mine);
            };
            // Those that were made end by themselves.
            std::thread::Builder::new().spawn_scoped(scope, read).map_err(no_thread)?;
        }
        Ok::<(), String>(())
    })?;
    Ok(ends.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
}

/// Does `one` again and again until the time is up or it fails; when each ended.
fn until_the_end(start: Instant, mut one: impl FnMut() -> bool) -> Vec<f64> {
    let mut ends = Vec::new();
    while start.elapsed() < LONG && one() {
        ends.push(elapsed_ns(start));
    }
    ends
}
