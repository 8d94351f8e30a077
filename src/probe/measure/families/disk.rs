//! The disk below the probe's folder, without the page cache (`O_DIRECT`).
//!
//! Each request is timed by itself: the distribution is the device's, and the kernel's way there and back, which the
//! profile takes off. In a guest the device is the layer below's. Channels follow from Little's law: what many requests
//! at once get done, times how long one alone takes. How many small and how many large reads get done when many ask at
//! once gives the part that all of them pass one after the other: a time for each and a bandwidth. Left out: what a full or aged device does, and its write
//! cache. The file is of random bytes, small against the disk, and removed at the end.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

use rustix::io::{pread, pwrite};

use super::super::Plan;
use super::super::cell::Bench;
use super::super::memory_region::{Chance, PAGE, Pages, Region};
use super::super::timing::{Samples, elapsed_ns};
use crate::costs::Unit;
use crate::probe::cleanup::is_memory;

pub const GIVES: &[(&str, Unit)] = &[
    ("direct_read_4k", Unit::Ns),
    ("direct_write_4k", Unit::Ns),
    ("fsync", Unit::Ns),
    ("disk_channels", Unit::Count),
    ("disk_request", Unit::Ns),
    ("disk_bandwidth", Unit::BytesPerSecond),
];

/// What must stay free on the disk beside the probe's file.
const LEAVE_FREE: u64 = 1 << 30;
const MIB: usize = 1 << 20;
/// Bytes of a read whose time is mostly the transfer.
const LARGE: usize = 256 << 10;

pub fn run(bench: &mut Bench) -> Result<(), String> {
    let folder = bench.folder()?.to_owned();
    if is_memory(&folder) {
        return Err(format!("{} is in memory, not on a disk; set TMPDIR to a folder on a disk", folder.display()));
    }
    let quick = bench.plan == Plan::Quick;
    let (size, share) =
        if quick { (32 * MIB, Duration::from_millis(250)) } else { (256 * MIB, Duration::from_secs(4)) };
    let space = rustix::fs::statvfs(&folder).map_err(|e| format!("asking for free space: {e}"))?;
    refuse_full(&folder, space.f_bavail.saturating_mul(space.f_frsize), size)?;
    bench.doing("writing a file to read from");
    let mut buffer = Region::new(MIB, Pages::Small)?;
    let file = write_file(&folder.join("disk"), size, &mut buffer)?;
    let disk = Disk { file: &file, blocks: size / PAGE, share };

    bench.doing("direct 4 KiB reads");
    let reads = disk.each(&mut buffer, |file, page, at| pread(file, page, at))?;
    bench.put_ns("direct_read_4k", &reads, "one O_DIRECT read of 4 KiB at a random place, one after the other");

    bench.doing("direct 4 KiB writes");
    let writes = disk.each(&mut buffer, |file, page, at| pwrite(file, page, at))?;
    bench.put_ns("direct_write_4k", &writes, "one O_DIRECT write of 4 KiB at a random place, one after the other");

    bench.doing("fsync");
    let syncs = disk.each(&mut buffer, |file, page, at| {
        let written = pwrite(file, page, at)?;
        rustix::fs::fsync(file)?;
        Ok(written)
    })?;
    bench.put_ns("fsync", &syncs, "write of 4 KiB at a random place and fsync, one after the other");

    bench.doing("requests served at the same time");
    let small = reads.median();
    let depth = if quick { 16 } else { 32 };
    let per_ns = disk.together(depth, PAGE)?;
    let channels = Samples::of_events(per_ns.iter().map(|rate| (rate * small).round().max(1.0)).collect());
    let method = format!("Little's law: direct reads a second by {depth} threads at once, times the time of one alone");
    let rate = Samples::of_events(per_ns.clone()).median() * 1e9;
    let formula = format!("{rate:.0} reads a second by {depth} threads, times {small:.0} ns of \"direct_read_4k\"");
    bench.put_derived("disk_channels", Unit::Count, &channels, &method, formula);
    let each = Samples::of_events(per_ns.iter().filter(|&&rate| rate > 0.0).map(|rate| 1.0 / rate).collect());
    let method =
        format!("time for each of the 4 KiB that {depth} threads read at once: what no request can be faster than");
    bench.put_ns("disk_request", &each, method);

    bench.doing("disk bandwidth");
    let large = Disk { blocks: size / LARGE, ..disk }.together(8, LARGE)?;
    let one = each.median();
    let per_second =
        large.iter().filter(|&&rate| rate > 0.0).map(|rate| (LARGE - PAGE) as f64 * 1e9 / (1.0 / rate - one).max(1.0));
    let method = "what the time for each of the 256 KiB that 8 threads read at once is more than \"disk_request\"";
    let formula = format!(
        "{} bytes in {:.0} ns of a read of {LARGE} among 8 threads, less {one:.0} ns of \"disk_request\"",
        LARGE - PAGE,
        1.0 / Samples::of_events(large.clone()).median()
    );
    let per_second = Samples::of_events(per_second.collect());
    bench.put_derived("disk_bandwidth", Unit::BytesPerSecond, &per_second, method, formula);
    Ok(())
}

/// # Errors
/// Writing `size` bytes would leave less than [`LEAVE_FREE`] of the `free` ones.
fn refuse_full(folder: &Path, free: u64, size: usize) -> Result<(), String> {
    let wanted = size as u64 + LEAVE_FREE;
    if free >= wanted {
        return Ok(());
    }
    Err(format!(
        "the disk of {} is nearly full ({} MiB free); free {} MiB, or set TMPDIR to another disk",
        folder.display(),
        free >> 20,
        (wanted - free).div_ceil(1 << 20)
    ))
}

fn write_file(path: &Path, size: usize, buffer: &mut Region) -> Result<File, String> {
    let failed = |e: io::Error| format!("{}: {e}", path.display());
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(true).mode(0o600);
    let file = options.custom_flags(libc::O_DIRECT).open(path).map_err(|e| {
        format!("this file system does not do direct input and output (opening {} with O_DIRECT: {e})", path.display())
    })?;
    let mut chance = Chance(3);
    for at in (0..size).step_by(buffer.size()) {
        // Random, so that nothing below can compress it or store it once.
        buffer
            .bytes_mut()
            .chunks_exact_mut(8)
            .for_each(|c| c.copy_from_slice(&(chance.below(usize::MAX) as u64).to_le_bytes()));
        let written = pwrite(&file, buffer.bytes_mut(), at as u64).map_err(|e| failed(e.into()))?;
        if written != buffer.size() {
            return Err(format!("{}: only {written} bytes of a block were written", path.display()));
        }
    }
    rustix::fs::fsync(&file).map_err(|e| failed(e.into()))?;
    Ok(file)
}

#[derive(Clone, Copy)]
struct Disk<'a> {
    file: &'a File,
    blocks: usize,
    share: Duration,
}

type Transfer = fn(&File, &mut [u8], u64) -> rustix::io::Result<usize>;

impl Disk<'_> {
    /// Transfers of a page at random places, one after the other, until the time is up; each one's time.
    fn each(&self, buffer: &mut Region, transfer: Transfer) -> Result<Samples, String> {
        let block = PAGE;
        let mut chance = Chance(17);
        let (begin, mut values) = (Instant::now(), Vec::new());
        while values.len() < 50_000 && (values.len() < 9 || begin.elapsed() < self.share) {
            let at = (chance.below(self.blocks) * block) as u64;
            let start = Instant::now();
            let done = transfer(self.file, &mut buffer.bytes_mut()[..block], at);
            values.push(elapsed_ns(start));
            match done {
                Ok(bytes) if bytes == block => {}
                Ok(bytes) => return Err(format!("the disk transferred {bytes} of {block} bytes")),
                Err(error) => return Err(format!("direct transfer of {block} bytes: {error}")),
            }
        }
        Ok(Samples::of_events(values))
    }

    /// Reads of `block` bytes by `depth` threads at once: requests per nanosecond, in each of several stretches of time.
    fn together(&self, depth: usize, block: usize) -> Result<Vec<f64>, String> {
        let done = AtomicU64::new(0);
        let stop = std::sync::atomic::AtomicBool::new(false);
        let stretch = self.share / 9;
        std::thread::scope(|scope| {
            for thread in 0..depth {
                let (done, stop) = (&done, &stop);
                scope.spawn(move || {
                    let Ok(mut buffer) = Region::new(block, Pages::Small) else { return };
                    let mut chance = Chance(1000 + thread as u64);
                    while !stop.load(SeqCst) {
                        let at = (chance.below(self.blocks) * block) as u64;
                        if pread(self.file, buffer.bytes_mut(), at).is_ok() {
                            done.fetch_add(1, SeqCst);
                        }
                    }
                });
            }
            std::thread::sleep(stretch);
            let rates = (0..8).map(|_| {
                let (start, before) = (Instant::now(), done.load(SeqCst));
                std::thread::sleep(stretch);
                (done.load(SeqCst) - before) as f64 / elapsed_ns(start)
            });
            let rates: Vec<f64> = rates.collect();
            stop.store(true, SeqCst);
            if rates.iter().all(|&rate| rate == 0.0) { Err("no read succeeded".to_owned()) } else { Ok(rates) }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nearly_full_disk_is_refused_and_the_message_says_what_to_do() {
        let refuse = |free| refuse_full(Path::new("/there"), free, 32 * MIB);
        assert_eq!(refuse(LEAVE_FREE + 32 * MIB as u64), Ok(()));
        let message = refuse(LEAVE_FREE).unwrap_err();
        assert!(
            message.contains("/there") && message.contains("free 32 MiB") && message.contains("TMPDIR"),
            "{message}"
        );
    }
}
