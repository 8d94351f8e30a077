//! Single instructions: a cycle, CPUID, and a trap into the kernel and back.
//!
//! A cycle is measured as one addition in a chain of additions that wait for each other. CPUID always leaves a virtual
//! machine: in a guest its cost is an exit of the layer below, filed as `cpuid_exit_below`; only on bare hardware it
//! is the primitive `cpuid`. A fault and back
//! is measured by calling into the page that once held the virtual system calls: reading it faults, and the kernel,
//! seeing the address, answers `time` itself and returns. Left out: hosts on which that page is switched off or is
//! ordinary code. (INT 0x80
//! would not do: since Linux 6.7 its entry asks the interrupt controller who it is, which in a guest can be an exit.)

use super::super::bench::Bench;
use crate::costs::Unit;

pub const GIVES: &[(&str, Unit)] =
    &[("cycle", Unit::Ns), ("cpuid", Unit::Ns), ("cpuid_exit_below", Unit::Ns), ("exception", Unit::Ns)];

#[cfg(target_arch = "x86_64")]
pub fn run(bench: &mut Bench) -> Result<(), String> {
    use super::super::host::hypervisor;
    use super::super::small_file::read_small;
    use super::super::timing::{Samples, looped, per_iteration};
    use crate::probe::sandbox::in_child;

    let adds = per_iteration(&bench.effort(), |n| x86::chain(n.div_ceil(16)));
    bench.put_ns("cycle", &adds, "one addition in a chain of dependent additions, which takes one cycle each");

    bench.doing("CPUID");
    let cpuid = looped(&bench.effort(), x86::cpuid);
    let none = "this host is bare hardware: no layer below is left for CPUID";
    match hypervisor() {
        None => {
            bench.put_ns("cpuid", &cpuid, "CPUID leaf 0 in a loop");
            bench.missing("cpuid_exit_below", Unit::Ns, none);
        }
        Some(name) => {
            let because = format!("in a guest (of {name}) CPUID is a VM exit; see \"cpuid_exit_below\"");
            bench.missing("cpuid", Unit::Ns, because);
            let method = format!("CPUID leaf 0 in a loop: an exit to {name} and back");
            bench.put_ns("cpuid_exit_below", &cpuid, method);
        }
    }

    bench.doing("a fault into the kernel and back");
    let effort = bench.effort();
    let maps =
        read_small("/proc/self/maps").map_err(|e| format!("looking for the vsyscall page in /proc/self/maps: {e}"));
    let faults = maps
        .and_then(|maps| fault_page(&maps))
        .and_then(|()| in_child(|| Ok(looped(&effort, x86::fault).into_values())))
        .map(Samples::of_runs);
    let method = "calling time() in the vsyscall page: a page fault whose handler only reads a clock";
    bench.put_or_missing("exception", faults, method);
    Ok(())
}

/// That this process has a page that once held the virtual system calls, and a call into it faults.
///
/// # Errors
/// It has none, or one that could hold ordinary code: the kernel was told so when it was started.
#[cfg(target_arch = "x86_64")]
fn fault_page(maps: &str) -> Result<(), String> {
    let fault = "the one fault whose handler does nothing, a call into the vsyscall page,";
    match maps.lines().find(|line| line.ends_with("[vsyscall]")) {
        Some(line) if line.contains(" --xp ") => Ok(()),
        Some(_) => {
            Err(format!("{fault} may be none in this kernel: the page can be read (vsyscall=emulate or native)"))
        }
        None => Err(format!("{fault} is switched off in this kernel (vsyscall=none)")),
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::asm;

    /// `turns` times sixteen additions, each waiting for the one before.
    pub fn chain(turns: u64) {
        // SAFETY: touches registers alone.
        unsafe {
            asm!(
                "2:",
                ".rept 16",
                "add {x}, {y}",
                ".endr",
                "dec {turns}",
                "jnz 2b",
                turns = inout(reg) turns.max(1) => _,
                x = inout(reg) 0u64 => _,
                y = in(reg) 1u64,
                options(nomem, nostack),
            );
        }
    }

    /// CPUID, leaf 0, not to be optimized away.
    pub fn cpuid() {
        std::hint::black_box(std::arch::x86_64::__cpuid(0));
    }

    /// Where the virtual system calls once were: `time` is the second of them.
    const TIME: usize = 0xffff_ffff_ff60_0400;

    /// One fault that the kernel answers at once. If it does not after all, the process is ended by a signal, which is
    /// why this runs in a child.
    pub fn fault() {
        // SAFETY: the address and signature are part of the kernel's stable interface.
        let time: extern "C" fn(*mut i64) -> i64 = unsafe { std::mem::transmute(TIME) };
        std::hint::black_box(time(std::ptr::null_mut()));
    }
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::fault_page;

    #[test]
    fn a_page_that_only_executes_faults_and_others_are_named() {
        let page =
            |flags: &str| format!("0-1 r-xp 00000000 00:00 0\nff600000-ff601000 {flags} 0 00:00 0  [vsyscall]\n");
        assert_eq!(fault_page(&page("--xp")), Ok(()));
        assert!(fault_page(&page("r-xp")).unwrap_err().contains("can be read"));
        assert!(fault_page("0-1 r-xp 00000000 00:00 0\n").unwrap_err().contains("vsyscall=none"));
    }
}

#[cfg(not(target_arch = "x86_64"))]
pub fn run(_: &mut Bench) -> Result<(), String> {
    Err(format!("written for x86-64; this is {}", std::env::consts::ARCH))
}
