//! Page faults: the processor traps, the kernel finds the mapping, provides a page, and returns.
//!
//! Measured per page, each touched once: fresh anonymous memory (a zeroed page), a cached file's page mapped (no page
//! is made), a copy on write, a huge page. The primitive is the handler alone: the anonymous fault less the trap and
//! less zeroing 4 KiB. Left out: major faults, which wait for a device, and faults that several threads of a process
//! take at the same time.

use std::fs::File;
use std::io::Write;
use std::time::Instant;

use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap, munmap};

use super::super::bench::Bench;
use super::super::memory_region::{HUGE, PAGE, Pages, Region};
use super::super::timing::{Rest, Samples, elapsed_ns, per_event, try_runs};
use super::processes::minor_faults;
use crate::costs::Unit;

pub const GIVES: &[(&str, Unit)] = &[
    ("page_fault", Unit::Ns),
    ("page_fault_anonymous", Unit::Ns),
    ("page_fault_file", Unit::Ns),
    ("file_fault", Unit::Ns),
    ("page_fault_copy_on_write", Unit::Ns),
    ("page_fault_huge", Unit::Ns),
];

/// Pages touched in a run.
const COUNT: usize = 1024;

pub fn run(bench: &mut Bench) -> Result<(), String> {
    let effort = bench.effort();
    let region = std::cell::RefCell::new(Region::untouched(COUNT * PAGE, Pages::Small)?);
    let anonymous = per_event(
        &effort,
        COUNT as u64,
        || region.borrow_mut().forget_pages(),
        || touch(region.borrow().as_ptr(), COUNT * PAGE, PAGE),
    );
    bench.put_ns(
        "page_fault_anonymous",
        &anonymous,
        "first write to each page of fresh memory: trap, handler, zeroing",
    );
    let rest = Ok(Rest::of("\"page_fault_anonymous\"", &anonymous));
    let rest = rest.and_then(|rest| bench.less(rest, "exception")).and_then(|rest| bench.less(rest, "zero_4k"));
    bench.put_rest("page_fault", rest, "first write to each page of fresh memory, less the trap and the zeroing");

    bench.doing("page fault, huge page");
    match Region::untouched(16 * HUGE, Pages::Huge) {
        Ok(region) => {
            let region = std::cell::RefCell::new(region);
            let huge = per_event(
                &effort,
                16,
                || region.borrow_mut().forget_pages(),
                || touch(region.borrow().as_ptr(), 16 * HUGE, HUGE),
            );
            // Touched by the last run.
            let given = region.borrow().check_huge();
            let method = "first write to each 2 MiB of fresh memory that the kernel gives as huge pages";
            bench.put_or_missing("page_fault_huge", given.map(|()| huge), method);
        }
        Err(because) => bench.missing("page_fault_huge", Unit::Ns, because),
    }

    bench.doing("page fault, file");
    let path = bench.folder()?.join("mapped");
    let failed = |e: std::io::Error| format!("writing a file to map: {e}");
    File::create(&path).and_then(|mut f| f.write_all(&vec![7; COUNT * PAGE])).map_err(failed)?;
    let file = File::open(&path).map_err(failed)?;
    let samples = by_count(bench, &file, |_| {}, |at| look(at, COUNT * PAGE));
    let method =
        "first read of the pages of a mapped, cached file, by the kernel's count of faults; one maps neighbours too";
    let whole = samples.clone().map(|samples| Rest::of("\"page_fault_file\"", &samples));
    bench.put_or_missing("page_fault_file", samples, method);
    bench.put_rest("file_fault", whole.and_then(|whole| bench.less(whole, "exception")), method);

    bench.doing("page fault, copy on write");
    let samples = by_count(bench, &file, |at| look(at, COUNT * PAGE), |at| touch(at, COUNT * PAGE, PAGE));
    let method = "first write to each page of a private file mapping that was read before: trap, handler, copy";
    bench.put_or_missing("page_fault_copy_on_write", samples, method);
    Ok(())
}

/// Writes one byte in every `step`.
fn touch(at: *mut u8, len: usize, step: usize) {
    for offset in (0..len).step_by(step) {
        // SAFETY: the callers pass mappings of their own, writable and at least `len` long.
        unsafe { at.add(offset).write_volatile(1) };
    }
}

/// Reads one byte in every page.
fn look(at: *mut u8, len: usize) {
    for offset in (0..len).step_by(PAGE) {
        // SAFETY: as in `touch`, readable.
        std::hint::black_box(unsafe { at.add(offset).read_volatile() });
    }
}

fn map(file: &File) -> Result<*mut u8, String> {
    let (len, both) = (COUNT * PAGE, ProtFlags::READ | ProtFlags::WRITE);
    // SAFETY: a new private mapping where the kernel likes; the file is ours and is not shortened.
    let at = unsafe { mmap(std::ptr::null_mut(), len, both, MapFlags::PRIVATE, file, 0) };
    let at = at.map_err(|e| format!("mapping a file: {e}"))?;
    Ok(at.cast())
}

fn unmap(at: *mut u8) {
    // SAFETY: made by `map` and not used any more; can't fail on a mapping that exists.
    let _ = unsafe { munmap(at.cast(), COUNT * PAGE) };
}

/// Forgets the mapping's pages, prepares, then times `body` and divides by the faults that the kernel counted.
fn by_count(bench: &Bench, file: &File, prepare: fn(*mut u8), body: fn(*mut u8)) -> Result<Samples, String> {
    let at = map(file)?;
    let samples = try_runs(&bench.effort(), || {
        // SAFETY: the mapping is ours; private copies are dropped, its pages come back from the file.
        let _ = unsafe { madvise(at.cast(), COUNT * PAGE, Advice::LinuxDontNeed) };
        prepare(at);
        let before = minor_faults();
        let start = Instant::now();
        body(at);
        let time = elapsed_ns(start);
        match minor_faults() - before {
            0 => Err("the kernel counted no fault".to_owned()),
            faults => Ok(time / faults as f64),
        }
    });
    unmap(at);
    samples
}
