//! The disk below the probe's folder, without the page cache (`O_DIRECT`).
//!
//! Each request is timed by itself: the distribution is the device's, and the kernel's way there and back, which the
//! profile takes off. In a guest the device is the layer below's. Channels follow from Little's law: what many requests
//! at once get done, times how long one alone takes. How many small and how many large reads get done when many are in
//! flight gives the part that all of them pass one after the other: a time for each and a bandwidth. One that serves
//! requests one by one and tells of all of them together is found out by the times at which reads that were begun
//! together are completed. Left out: what a full or aged device does, and its write cache. The file is of random bytes,
//! small against the disk, and removed at the end.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::io::{pread, pwrite};

use super::super::Plan;
use super::super::aio::Reads;
use super::super::bench::Bench;
use super::super::device_reads::DeviceReads;
use super::super::memory_region::{Chance, PAGE, Pages, Region};
use super::super::timing::{Samples, elapsed_ns};
use crate::costs::Unit;
use crate::probe::cleanup::is_memory;

pub const GIVES: &[(&str, Unit)] = &[
    ("direct_read_4k", Unit::Ns),
    ("direct_write_4k", Unit::Ns),
    ("fsync", Unit::Ns),
    ("disk_batch", Unit::Count),
    ("disk_channels", Unit::Count),
    ("disk_request", Unit::Ns),
    ("disk_bandwidth", Unit::BytesPerSecond),
];

/// What must stay free on the disk beside the probe's file.
const LEAVE_FREE: u64 = 1 << 30;
const MIB: usize = 1 << 20;
/// So many small reads in flight keep any device busy.
const DEPTH: usize = 32;
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
    let counted = DeviceReads::count();
    let reads = disk.each(&mut buffer, |file, page, at| pread(file, page, at))?;
    counted.reached((reads.len() * PAGE) as u64, &folder)?;
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

    let small = reads.median();
    bench.doing("requests told of together");
    let batch = Samples::of_events(vec![disk.batch(small)? as f64]);
    let method = "reads begun together that are all completed at once, and long after one alone would be; 1: none are";
    bench.put("disk_batch", Unit::Count, &batch, method);

    bench.doing("requests served at the same time");
    let per_ns = disk.together(DEPTH, PAGE)?;
    let channels = Samples::of_events(per_ns.iter().map(|rate| (rate * small).round().max(1.0)).collect());
    let method = format!("Little's law: direct reads a second with {DEPTH} in flight, times the time of one alone");
    let rate = Samples::of_events(per_ns.clone()).median() * 1e9;
    let formula = format!("{rate:.0} reads a second with {DEPTH} in flight, times {small:.0} ns of \"direct_read_4k\"");
    bench.put_derived("disk_channels", Unit::Count, &channels, &method, formula);
    let each = Samples::of_events(per_ns.iter().filter(|&&rate| rate > 0.0).map(|rate| 1.0 / rate).collect());
    let method =
        format!("time for each of the 4 KiB reads of which {DEPTH} are in flight: what no request can be faster than");
    bench.put_ns("disk_request", &each, method);

    bench.doing("disk bandwidth");
    let large = Disk { blocks: size / LARGE, ..disk }.together(8, LARGE)?;
    let one = each.median();
    let per_second =
        large.iter().filter(|&&rate| rate > 0.0).map(|rate| (LARGE - PAGE) as f64 * 1e9 / (1.0 / rate - one).max(1.0));
    let method = "what the time for each of the 256 KiB reads of which 8 are in flight is more than \"disk_request\"";
    let formula = format!(
        "{} bytes in {:.0} ns of a read of {LARGE} of which 8 are in flight, less {one:.0} ns of \"disk_request\"",
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

/// A file of `size` random bytes, so that nothing below can compress it or store it once, written and read past the page
/// cache, by `buffer`s full.
///
/// # Errors
/// The file system refused.
pub fn write_file(path: &Path, size: usize, buffer: &mut Region) -> Result<File, String> {
    let failed = |e: io::Error| format!("{}: {e}", path.display());
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(true).mode(0o600);
    let file = options.custom_flags(libc::O_DIRECT).open(path).map_err(|e| {
        format!("this file system does not do direct input and output (opening {} with O_DIRECT: {e})", path.display())
    })?;
    let mut chance = Chance(3);
    for at in (0..size).step_by(buffer.size()) {
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

    /// Reads of `block` bytes, `depth` always in flight: requests per nanosecond, in each of several stretches of time.
    fn together(&self, depth: usize, block: usize) -> Result<Vec<f64>, String> {
        const STRETCHES: u32 = 9;
        let mut buffer = Region::new(depth * block, Pages::Small)?;
        let mut reads = Reads::new(self.file, &mut buffer, block).map_err(no_aio)?;
        let mut chance = Chance(1000);
        let mut place = || (chance.below(self.blocks) * block) as u64;
        let failed = |e: io::Error| format!("direct reads of {block} bytes, {depth} at once: {e}");
        let all: Vec<(usize, u64)> = (0..depth).map(|part| (part, place())).collect();
        reads.begin(&all).map_err(failed)?;
        let (mut rates, mut done, mut since) = (Vec::new(), 0, Instant::now());
        while rates.len() < STRETCHES as usize {
            let parts = reads.wait().map_err(failed)?;
            done += parts.len();
            let elapsed = elapsed_ns(since);
            if elapsed >= self.share.as_nanos() as f64 / f64::from(STRETCHES) {
                rates.push(done as f64 / elapsed);
                (done, since) = (0, Instant::now());
            }
            let again: Vec<(usize, u64)> = parts.into_iter().map(|part| (part, place())).collect();
            reads.begin(&again).map_err(failed)?;
        }
        // The first filled the device.
        Ok(rates.split_off(1))
    }

    /// How many reads at most the device completes all at once instead of each as it is done; `one` is how long a read
    /// takes alone.
    fn batch(&self, one: f64) -> Result<usize, String> {
        let mut most = 1;
        for count in [8, DEPTH] {
            let (first, last) = self.begun_together(count)?;
            if is_batch(first, last, one) {
                most = count;
            }
        }
        Ok(most)
    }

    /// When the first and the last of `count` reads that were begun together were completed: medians of many runs.
    fn begun_together(&self, count: usize) -> Result<(f64, f64), String> {
        let mut buffer = Region::new(count * PAGE, Pages::Small)?;
        let mut reads = Reads::new(self.file, &mut buffer, PAGE).map_err(no_aio)?;
        let mut chance = Chance(31);
        let failed = |e: io::Error| format!("{count} direct reads at once: {e}");
        let (begin, mut firsts, mut lasts) = (Instant::now(), Vec::new(), Vec::new());
        while lasts.len() < 200 && (lasts.len() < 9 || begin.elapsed() < self.share / 8) {
            let all: Vec<(usize, u64)> =
                (0..count).map(|part| (part, (chance.below(self.blocks) * PAGE) as u64)).collect();
            let start = Instant::now();
            reads.begin(&all).map_err(failed)?;
            let mut done = 0;
            while done < count {
                let parts = reads.wait().map_err(failed)?;
                if done == 0 {
                    firsts.push(elapsed_ns(start));
                }
                done += parts.len();
            }
            lasts.push(elapsed_ns(start));
        }
        Ok((Samples::of_events(firsts).median(), Samples::of_events(lasts).median()))
    }
}

/// Whether reads that were begun together were served one by one and told of together. A device that serves them at the
/// same time tells of all at once too, but hardly later than of `one`; one that serves them one by one and tells of each
/// has the first back long before the last.
fn is_batch(first: f64, last: f64, one: f64) -> bool {
    last < 1.2 * first && last > 1.5 * one
}

fn no_aio(error: io::Error) -> String {
    format!("this kernel gives no asynchronous reads (io_setup: {error}), with which many are kept in flight")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_by_one_and_told_together_is_a_batch() {
        // Measured: a virtual disk with one thread behind it. Eight reads at once, in microseconds.
        assert!(is_batch(194.0, 196.0, 63.0));
        // Many channels; one channel.
        assert!(!is_batch(66.0, 75.0, 63.0) && !is_batch(63.0, 500.0, 63.0));
    }

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
