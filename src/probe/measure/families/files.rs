//! Files in the page cache, pipes, and copies between kernel and user.
//!
//! All of them are differences of system calls that differ in one mechanism: reading one byte of a cached file, less
//! an empty call, is the way from the descriptor to the cached page; two bytes on two pages less two on one is one page
//! more; 4096 bytes less one byte is the copy; writing a
//! page that is not in the cache yet, less overwriting one, is allocating and adding it. Left out: reading ahead,
//! writing back, paths of many parts.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;

use rustix::fs::{MemfdFlags, ftruncate, memfd_create};
use rustix::io::{pread, pwrite, read, write};

use super::super::bench::Bench;
use super::super::memory_region::PAGE;
use super::super::timing::{Rest, looped, per_event};
use crate::costs::Unit;
use crate::probe::sandbox::pipe;

pub const GIVES: &[(&str, Unit)] = &[
    ("file_lookup", Unit::Ns),
    ("page_lookup", Unit::Ns),
    ("copy_4k", Unit::Ns),
    ("cached_read_4k", Unit::Ns),
    ("zero_4k", Unit::Ns),
    ("page_cache_insert", Unit::Ns),
    ("pipe_transfer", Unit::Ns),
    ("stat", Unit::Ns),
    ("open_close", Unit::Ns),
    ("open_file", Unit::Ns),
];

/// A part of the family: what it measures, and its names.
type Part = (fn(&mut Bench, f64) -> Result<(), String>, std::ops::Range<usize>);

/// The parts, with the range of their names in [`GIVES`]. The first and the last need a folder for a file.
const PARTS: [Part; 5] = [(cached, 0..4), (zeroing, 4..5), (inserting, 5..6), (piping, 6..7), (naming, 7..10)];

pub fn run(bench: &mut Bench) -> Result<(), String> {
    let call = bench.needed("system_call")?;
    for (part, names) in PARTS {
        if let Err(because) = part(bench, call) {
            bench.missing_rest(&GIVES[names], &because);
        }
    }
    Ok(())
}

const PAGES: usize = 64;

/// A file of some pages in the page cache.
fn file(bench: &Bench) -> Result<PathBuf, String> {
    let path = bench.folder()?.join("cached");
    let written = File::create(&path).and_then(|mut file| file.write_all(&[7; PAGES * PAGE]));
    written.map(|()| path).map_err(failed("writing a file"))
}

fn failed(what: &'static str) -> impl Fn(io::Error) -> String {
    move |error| format!("{what}: {error}")
}

fn cached(bench: &mut Bench, call: f64) -> Result<(), String> {
    let effort = bench.effort();
    let file = File::open(file(bench)?).map_err(failed("opening a file"))?;
    let mut buffer = vec![0u8; PAGE];
    let mut at = (0..PAGES).map(|page| (page * PAGE) as u64).cycle();
    let mut next = || at.next().unwrap_or(0);
    let one = looped(&effort, || pread(&file, &mut buffer[..1], next()));
    let whole = looped(&effort, || pread(&file, &mut buffer[..], next()));
    bench.put_ns("cached_read_4k", &whole, "pread of 4096 bytes of a cached file, the system call included");
    bench.put_ns("file_lookup", &one.clone().minus(call), "pread of one byte of a cached file, less a system call");
    let rest = Rest::of("\"cached_read_4k\"", &whole).less("pread of one byte", one.median());
    bench.put_rest("copy_4k", Ok(rest), "pread of 4096 bytes of a cached file, less pread of one byte");
    let within = looped(&effort, || pread(&file, &mut buffer[..2], 0));
    let across = looped(&effort, || pread(&file, &mut buffer[..2], PAGE as u64 - 1));
    let method = "pread of two bytes of a cached file on two pages, less of two bytes on one";
    let rest = Rest::of("pread of two bytes on two pages", &across).less("two on one page", within.median());
    bench.put_rest("page_lookup", Ok(rest), method);
    Ok(())
}

fn zeroing(bench: &mut Bench, _: f64) -> Result<(), String> {
    bench.doing("zeroing");
    let (effort, mut buffer) = (bench.effort(), vec![0u8; PAGE]);
    let zero = File::open("/dev/zero").map_err(failed("opening /dev/zero"))?;
    let one = looped(&effort, || read(&zero, &mut buffer[..1]));
    let whole = looped(&effort, || read(&zero, &mut buffer[..]));
    let method = "read of 4096 bytes of /dev/zero, less read of one byte: the kernel clears user memory";
    let rest = Rest::of("read of 4096 bytes of /dev/zero", &whole).less("read of one byte", one.median());
    bench.put_rest("zero_4k", Ok(rest), method);
    Ok(())
}

fn inserting(bench: &mut Bench, _: f64) -> Result<(), String> {
    bench.doing("adding a page to the page cache");
    let (effort, buffer) = (bench.effort(), vec![0u8; PAGE]);
    let memory = memfd_create("strata-probe", MemfdFlags::CLOEXEC).map_err(|e| failed("memfd_create")(e.into()))?;
    let fill = || (0..256).all(|page| pwrite(&memory, &buffer, page * PAGE as u64) == Ok(PAGE));
    // Shrinking to nothing can't fail on a file of our own without seals.
    let empty = || ftruncate(&memory, 0).unwrap_or_default();
    if !fill() {
        return Err("writing 1 MiB to a file in memory failed: is memory limited?".to_owned());
    }
    let again = per_event(&effort, 256, || {}, fill);
    let fresh = per_event(&effort, 256, empty, fill);
    let method = "writing 256 new pages of a file in memory, less overwriting them";
    let rest = Rest::of("writing a new page", &fresh).less("overwriting it", again.median());
    bench.put_rest("page_cache_insert", Ok(rest), method);
    Ok(())
}

fn piping(bench: &mut Bench, call: f64) -> Result<(), String> {
    bench.doing("pipe");
    let mut byte = [0];
    let (reader, writer) = pipe().map_err(failed("making a pipe"))?;
    let both = looped(&bench.effort(), || (write(&writer, &[1]), read(&reader, &mut byte)));
    let method = "half of writing and reading one byte of a pipe within one thread, less a system call";
    bench.put_ns("pipe_transfer", &both.times(0.5).minus(call), method);
    Ok(())
}

fn naming(bench: &mut Bench, call: f64) -> Result<(), String> {
    bench.doing("names of files");
    let (effort, path) = (bench.effort(), file(bench)?);
    let stat = looped(&effort, || rustix::fs::stat(&path));
    bench.put_ns("stat", &stat, "stat of a file whose path is in the directory cache, the system call included");
    let open = looped(&effort, || File::open(&path));
    bench.put_ns("open_close", &open, "open and close of the same file, both system calls included");
    bench.put_ns("open_file", &open.minus(2.0 * call), "open and close of a file, less two system calls");
    Ok(())
}
