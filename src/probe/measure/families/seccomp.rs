//! A seccomp filter: a small BPF program that the kernel runs on each system call of a process.
//!
//! Since Linux 5.11 the kernel works out when a filter allows a call whatever its arguments, and then skips it by one
//! look into a bitmap. Measured, each in a process that never gets rid of its filter again: a filter that has to run
//! because it looks at an argument, and one that the bitmap spares; both less the plain call. Left out: the length of
//! real filters. Docker's has some hundred instructions, walked as a binary tree.

use std::time::Instant;

use rustix::process::getppid;
use rustix::thread::set_no_new_privs;

use super::super::bench::Bench;
use super::super::timing::{Samples, elapsed_ns, try_runs};
use super::system_call;
use crate::costs::Unit;
use crate::probe::sandbox::in_child;

pub const GIVES: &[(&str, Unit)] =
    &[("seccomp_filter", Unit::Ns), ("seccomp_bitmap", Unit::Ns), ("seccomp_install", Unit::Ns)];

const fn instruction(code: u32, jt: u8, jf: u8, k: u32) -> libc::sock_filter {
    libc::sock_filter { code: code as u16, jt, jf, k }
}

const ALLOW: libc::sock_filter = instruction(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW);

/// Allows everything at once.
pub const ALLOW_ALL: &[libc::sock_filter] = &[ALLOW];

/// Looks at the call's number and first argument (offsets 0 and 16 of `seccomp_data`), then allows it anyway.
pub const LOOK_AND_ALLOW: &[libc::sock_filter] = &[
    instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0),
    instruction(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, 2, libc::SYS_getppid as u32),
    instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 16),
    instruction(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, 0, 0),
    ALLOW,
];

/// Puts this process under `filter`, for the rest of its life.
///
/// # Errors
/// The kernel has no seccomp filters.
pub fn install(filter: &[libc::sock_filter]) -> Result<(), String> {
    set_no_new_privs(true).map_err(|e| format!("no_new_privs: {e}"))?;
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_ptr().cast_mut() };
    // SAFETY: the kernel copies `len` instructions from a slice that lives longer than the call.
    let result = unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program, 0, 0) };
    if result != 0 {
        return Err(format!("installing a seccomp filter: {}", std::io::Error::last_os_error()));
    }
    Ok(())
}

pub fn run(bench: &mut Bench) -> Result<(), String> {
    // The call at whose argument the filter looks. Here and not from before, so that drift of the clock frequency does
    // not end up in the difference.
    let plain = system_call::measure(bench, getppid).median();
    let under = |bench: &Bench, filter| {
        let values = in_child(|| {
            install(filter)?;
            Ok(system_call::measure(bench, getppid).into_values())
        });
        values.map(|values| Samples::of_runs(values).minus(plain))
    };
    let looked = under(bench, LOOK_AND_ALLOW);
    bench.put_or_missing(
        "seccomp_filter",
        looked,
        "getppid under one filter of five instructions that must look at an argument, less getppid",
    );
    let spared = under(bench, ALLOW_ALL);
    bench.put_or_missing("seccomp_bitmap", spared, "getppid under one filter that always allows, less getppid");

    bench.doing("installing a seccomp filter");
    let installed = try_runs(&bench.effort(), || {
        in_child(|| {
            // Refused for having no instruction; the first call's page faults are not the mechanism's.
            let _ = install(&[]);
            let start = Instant::now();
            install(LOOK_AND_ALLOW).map(|()| elapsed_ns(start))
        })
    });
    let method = "installing the filter of five instructions, with no_new_privs, less two system calls";
    bench.put_or_missing("seccomp_install", installed.map(|samples| samples.minus(2.0 * plain)), method);
    Ok(())
}
