//! Making processes and threads.
//!
//! What a process's life is made of is found by programs that differ in one part: a child that shares memory and one
//! that has a copy; copies of little memory and of much; programs of few segments and of many, none of them the one
//! that a validation starts. Each whole life is measured on one processor, and the switches and wake-ups in it, known
//! from before, are subtracted. Left out: what a loader and shared libraries add to a real program's start.

use std::ffi::CString;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::time::Instant;

use super::super::bench::Bench;
use super::super::host::no_thread;
use super::super::memory_region::{PAGE, Pages, Region};
use super::super::timing::{Rest, Samples, clock_cost, elapsed_ns, looped, per_event, try_runs};
use crate::costs::Unit;
use crate::probe::sandbox::counts::{self, Of};
use crate::probe::sandbox::{Child, Lender, payload};

pub const GIVES: &[(&str, Unit)] = &[
    ("fork_exit_wait", Unit::Ns),
    ("vfork_exit_wait", Unit::Ns),
    ("create_task", Unit::Ns),
    ("copy_address_space", Unit::Ns),
    ("copy_page_entry", Unit::Ns),
    ("drop_address_space", Unit::Ns),
    ("unmap_page", Unit::Ns),
    ("leave_page", Unit::Ns),
    ("exit_task", Unit::Ns),
    ("exec_image", Unit::Ns),
    ("map_segment", Unit::Ns),
    ("thread", Unit::Ns),
    ("signal_kill", Unit::Ns),
];

/// Pages of the memory that is copied and unmapped.
const COUNT: usize = 4096;
/// Segments of the two programs that are executed.
const FEW: u16 = 4;
const MANY: u16 = 36;

pub fn run(bench: &mut Bench) -> Result<(), String> {
    let effort = bench.effort();
    let wait = |child: io::Result<Child>| child.and_then(Child::wait);
    wait(Child::spawn(|| 0)).map_err(|e| format!("forking: {e}"))?;
    let pages = counts::anonymous_pages().map(|pages| pages as f64);
    let before = minor_faults();
    let mut forks = 0;
    let fork = looped(&effort, || {
        forks += 1;
        wait(Child::spawn(|| 0))
    });
    let faults = (minor_faults() - before) as f64 / f64::from(forks.max(1));
    bench.put_ns("fork_exit_wait", &fork, "fork of this small process, the child exits at once, wait");

    bench.doing("a process that is killed");
    let killed = looped(&effort, || wait(Child::spawn(fault)));
    let method = "fork, the child reads address 0 and is killed for it, wait; less the same with a child that exits";
    let rest = Rest::of("a child that is killed", &killed).less("\"fork_exit_wait\"", fork.median());
    bench.put_rest("signal_kill", Ok(rest), method);

    bench.doing("thread");
    let one = || std::thread::Builder::new().spawn(|| {}).map(std::thread::JoinHandle::join);
    let thread = one().map_err(no_thread).map(|_| looped(&effort, one));
    bench.put_or_missing("thread", thread, "a thread is made, does nothing, and is joined");

    bench.doing("a process that shares memory");
    let failed = |e: io::Error| format!("making a process that shares memory: {e}");
    let mut lender = Lender::default();
    lender.end(true).and_then(|child| child.wait()).map_err(failed)?;
    let lent = looped(&effort, || lender.end(true).and_then(|child| child.wait()));
    bench.put_ns("vfork_exit_wait", &lent, "a child on shared memory exits at once, wait");
    let clone = creating(bench, || {
        let start = Instant::now();
        let child = lender.end(false)?;
        let time = elapsed_ns(start);
        child.wait().map(|_| time)
    })
    .map_err(failed)?;
    let whole = "clone of a child on shared memory";
    let created = bench.less(Rest::of(whole, &clone), "system_call").and_then(|rest| bench.less(rest, "wake_up"));
    let method = "clone of a child on shared memory until the parent goes on, less the call and the child's wake-up";
    bench.put_rest("create_task", created, method);

    bench.doing("copying an address space");
    let copied = |bench: &Bench| {
        creating(bench, || {
            let start = Instant::now();
            let child = Child::spawn(|| 0)?;
            let time = elapsed_ns(start);
            child.wait().map(|_| time)
        })
    };
    let little = copied(bench).map_err(failed)?;
    let mut region = Region::new(COUNT * PAGE, Pages::Small)?;
    let much = copied(bench).map_err(failed)?;
    let method = "fork until the parent goes on, with 4,096 touched pages and without: the difference, a page";
    let difference = Rest::of("fork with the pages", &much).less("fork without", little.median());
    let difference = difference.each_of(COUNT as f64, "pages");
    let entry = difference.samples.median();
    bench.put_rest("copy_page_entry", Ok(difference), method);
    let pages = pages?;
    let method = "fork of this small process until the parent goes on, less clone of a child on shared memory and a \"copy_page_entry\" for each page of its memory";
    let rest = Rest::of("fork", &little).less(whole, clone.median());
    bench.put_rest(
        "copy_address_space",
        Ok(rest.less(&inherited("\"copy_page_entry\"", pages), pages * entry)),
        method,
    );
    // What a child gives back without having been its only user.
    let whole = looped(&effort, || wait(Child::spawn(|| 0)));
    let rest = Rest::of("fork, exit and wait with the pages", &whole).less("\"fork_exit_wait\"", fork.median());
    let rest = rest.each_of(COUNT as f64, "pages").less("\"copy_page_entry\"", entry);
    let shared_page = rest.samples.median();
    let method = "fork, the child exits at once, wait, with 4,096 touched pages and without: the difference, a page, less its copy";
    bench.put_rest("leave_page", Ok(rest), method);

    bench.doing("unmapping pages");
    let touched = std::cell::RefCell::new(&mut region);
    let unmapped = per_event(
        &effort,
        COUNT as u64,
        || touched.borrow_mut().bytes_mut().chunks_mut(PAGE).for_each(|page| page[0] = 1),
        || touched.borrow_mut().forget_pages(),
    );
    bench.put_ns("unmap_page", &unmapped, "giving back 4,096 touched pages in one call, a page");

    bench.doing("ends of processes");
    let ended = [(3.0, "system_call"), (3.0, "wake_up"), (2.0, "context_switch"), (1.0, "create_task")]
        .into_iter()
        .try_fold(Rest::of("\"vfork_exit_wait\"", &lent), |rest, (times, part)| bench.less_many(rest, times, part));
    let method =
        "a child on shared memory that exits at once, less its system calls, wake-ups, context switches and making it";
    bench.put_rest("exit_task", ended, method);
    let shared = inherited("copying and giving back one", pages);
    let rest = Rest::of("\"fork_exit_wait\"", &fork).less("\"vfork_exit_wait\"", lent.median());
    let rest = rest.less(&shared, pages * (entry + shared_page));
    let dropped = ["exception", "page_fault", "copy_4k"]
        .into_iter()
        .try_fold(rest, |rest, part| bench.less_many(rest, faults, part))
        .and_then(|rest| bench.less(rest, "copy_address_space"));
    let method = "fork, exit and wait, less the same on shared memory, what copying the address space takes, the faults that the kernel counted, and the pages that the child had from its parent: by fork, exit and wait with 4,096 pages more";
    bench.put_rest("drop_address_space", dropped, method);

    bench.doing("exec");
    match (executed(bench, &mut lender, FEW), executed(bench, &mut lender, MANY)) {
        (Ok(few), Ok(many)) => {
            let [most, least] = [MANY, FEW].map(|segments| format!("a program of {segments} segments"));
            let segment = Rest::of(&most, &many).less(&least, few.median());
            let segment = segment.each_of(f64::from(MANY - FEW), "segments");
            let method = format!("exec of static programs of {MANY} and of {FEW} segments: the difference, a segment");
            bench.put_rest("map_segment", Ok(segment), &method);
            let rest = Rest::of(&least, &few).less("\"vfork_exit_wait\"", lent.median());
            let rest = [(f64::from(FEW), "map_segment"), (2.0, "system_call"), (1.0, "page_fault_file")]
                .into_iter()
                .try_fold(rest, |rest, (times, part)| bench.less_many(rest, times, part))
                // Lost in the noise, it stays in exec, so that the sum is what was measured.
                .map(|rest| match bench.known("drop_address_space") {
                    Some(dropped) => rest.less("\"drop_address_space\"", dropped),
                    None => rest,
                });
            let method = format!(
                "a child on shared memory executes a static program of {FEW} segments that exits at once, wait; less the same without exec, and what else exec does"
            );
            bench.put_rest("exec_image", rest, &method);
        }
        (Err(because), _) | (_, Err(because)) => {
            ["map_segment", "exec_image"].iter().for_each(|name| bench.missing(name, Unit::Ns, because.clone()));
        }
    }
    Ok(())
}

/// Words for something done for each page that a child has from its parent.
fn inherited(what: &str, pages: f64) -> String {
    format!("{what} for each of {pages:.0} pages")
}

/// The mean of a few children a run, each timed until its parent goes on.
fn creating(bench: &Bench, mut one: impl FnMut() -> io::Result<f64>) -> io::Result<Samples> {
    const CHILDREN: usize = 8;
    let clock = clock_cost();
    try_runs(&bench.effort(), || {
        let times = (0..CHILDREN).map(|_| one()).collect::<io::Result<Vec<f64>>>()?;
        Ok((times.iter().sum::<f64>() / CHILDREN as f64 - clock).max(0.0))
    })
}

/// The faults that this process and its children have taken and that no device had to serve.
pub(super) fn minor_faults() -> u64 {
    counts::minor_faults(Of::Own) + counts::minor_faults(Of::Children)
}

/// Dies by the fault that a program dies by which touches what is not its own.
fn fault() -> i32 {
    let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: no core file is to be written; then a read that the kernel answers with SIGSEGV, in a process made for
    // that. The handler that Rust's runtime may have set is taken away first.
    unsafe {
        libc::setrlimit(libc::RLIMIT_CORE, &raw const none);
        libc::signal(libc::SIGSEGV, libc::SIG_DFL);
        std::hint::black_box(std::hint::black_box(std::ptr::without_provenance::<u8>(8)).read_volatile());
    }
    0
}

/// A child on shared memory executes a static program of so many segments, which exits at once.
fn executed(bench: &Bench, lender: &mut Lender, segments: u16) -> Result<Samples, String> {
    let program = payload::with_segments(segments).ok_or("there is no tiny program for this processor")?;
    let path = bench.folder()?.join(format!("payload-{segments}"));
    let written = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o700).open(&path);
    written
        .and_then(|mut file| file.write_all(&program))
        .and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(0o700)))
        .map_err(|e| format!("writing {}: {e}", path.display()))?;
    let path = CString::new(path.into_os_string().into_encoded_bytes()).map_err(|e| e.to_string())?;
    let mut start = || lender.execute(&path).and_then(|child| child.wait());
    match start() {
        Ok(Some(0)) => Ok(looped(&bench.effort(), start)),
        _ => {
            Err("the temporary folder is mounted so that nothing in it may be executed; set TMPDIR elsewhere"
                .to_owned())
        }
    }
}
