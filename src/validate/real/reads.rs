//! Programs that read from the page cache and from the disk.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rustix::io::{pread, pwrite};

use super::EFFORT;
use crate::probe::cleanup::is_memory;
use crate::probe::measure::{Chance, DeviceReads, Pages, Region, elapsed_ns, looped, no_thread};
use crate::validate::figure::rates;
use crate::validate::work::READ_BYTES;

/// Bytes of the file that is read past the page cache.
const FILE: usize = 64 << 20;
const BLOCK: usize = 1 << 20;
const LONG: Duration = Duration::from_millis(700);

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
    let file = write_file(&folder.join("direct"))?;
    let ends = Mutex::new(Vec::new());
    let counted = DeviceReads::count();
    let start = Instant::now();
    std::thread::scope(|scope| {
        for thread in 0..depth {
            let (file, ends) = (&file, &ends);
            let read = move || {
                let mine = reader(file, u64::from(thread), start);
                ends.lock().unwrap_or_else(std::sync::PoisonError::into_inner).extend(mine);
            };
            // Those that were made end by themselves.
            std::thread::Builder::new().spawn_scoped(scope, read).map_err(no_thread)?;
        }
        Ok::<(), String>(())
    })?;
    let ends = ends.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    counted.reached((ends.len() * READ_BYTES) as u64, folder)?;
    Ok(rates(&ends, 50e6))
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

/// A file of random bytes, so that nothing below can compress it or store it once.
fn write_file(path: &Path) -> Result<File, String> {
    let failed = |e: io::Error| format!("{}: {e}", path.display());
    let direct = rustix::fs::OFlags::DIRECT.bits() as i32;
    let mut options = OpenOptions::new();
    let options = options.read(true).write(true).create(true).truncate(true).mode(0o600).custom_flags(direct);
    let file = options.open(path).map_err(failed)?;
    let mut buffer = Region::new(BLOCK, Pages::Small)?;
    let mut chance = Chance(3);
    for at in (0..FILE).step_by(BLOCK) {
        let words = buffer.bytes_mut().chunks_exact_mut(8);
        words.for_each(|word| word.copy_from_slice(&(chance.below(usize::MAX) as u64).to_le_bytes()));
        if pwrite(&file, buffer.bytes_mut(), at as u64).map_err(|e| failed(e.into()))? != BLOCK {
            return Err(format!("{}: a block was written in part only", path.display()));
        }
    }
    rustix::fs::fsync(&file).map_err(|e| failed(e.into()))?;
    Ok(file)
}
