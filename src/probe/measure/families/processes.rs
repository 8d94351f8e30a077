//! Making processes and threads.
//!
//! Fork copies the page tables of the process that calls it, so its cost grows with that process: the cell that
//! measures is small. `exec` is measured with the smallest program there is, and as the difference to a fork without
//! it. Left out: what a loader and shared libraries add to a real program's start.

use std::ffi::CString;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};

use super::super::cell::Bench;
use super::super::timing::{Samples, looped};
use crate::costs::Unit;
use crate::probe::sandbox::{Child, payload};

pub const GIVES: &[(&str, Unit)] =
    &[("fork_exit_wait", Unit::Ns), ("exec", Unit::Ns), ("thread", Unit::Ns), ("signal_kill", Unit::Ns)];

pub fn run(bench: &mut Bench) -> Result<(), String> {
    let effort = bench.effort();
    let wait = |child: std::io::Result<Child>| child.and_then(Child::wait);
    wait(Child::spawn(|| 0)).map_err(|e| format!("forking: {e}"))?;
    let fork = looped(&effort, || wait(Child::spawn(|| 0)));
    bench.put_ns("fork_exit_wait", &fork, "fork of this small process, the child exits at once, wait");

    bench.doing("a process that is killed");
    let killed = looped(&effort, || wait(Child::spawn(fault)));
    let method = "fork, the child reads address 0 and is killed for it, wait; less the same with a child that exits";
    bench.put_ns("signal_kill", &killed.minus(fork.median()), method);

    bench.doing("exec");
    let executed = exec(bench).map(|samples| samples.minus(fork.median()));
    let method = "fork, exec of a static program of 160 bytes that exits at once, wait; less the same without exec";
    bench.put_or_missing("exec", executed, method);

    bench.doing("thread");
    let thread = looped(&effort, || std::thread::spawn(|| {}).join());
    bench.put_ns("thread", &thread, "a thread is made, does nothing, and is joined");
    Ok(())
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

fn exec(bench: &Bench) -> Result<Samples, String> {
    let program = payload::elf().ok_or("there is no tiny program for this processor")?;
    let path = bench.folder()?.join("payload");
    let written = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o700).open(&path);
    written
        .and_then(|mut file| file.write_all(&program))
        .and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(0o700)))
        .map_err(|e| format!("writing {}: {e}", path.display()))?;
    let path = CString::new(path.into_os_string().into_encoded_bytes()).map_err(|e| e.to_string())?;
    let arguments = [path.as_ptr(), std::ptr::null()];
    let environment = [std::ptr::null()];
    let start = || {
        let child = Child::spawn(|| {
            // SAFETY: all three are valid and end with null; on success this does not return.
            unsafe { libc::execve(path.as_ptr(), arguments.as_ptr(), environment.as_ptr()) };
            1
        });
        child.and_then(Child::wait)
    };
    match start() {
        Ok(crate::probe::sandbox::Exit::Code(0)) => Ok(looped(&bench.effort(), start)),
        _ => {
            Err("the temporary folder is mounted so that nothing in it may be executed; set TMPDIR elsewhere"
                .to_owned())
        }
    }
}
