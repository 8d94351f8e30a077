//! Costs that no program sees apart: what is left of a measured whole when its other parts are taken off.
//!
//! Each line names the whole, and the parts that the simulated machine pays on the same way. What stays is the cost of
//! the part that is looked for, and whatever this computer does there beside: of a guest the layers below are in it.
//! Parts that are published and not measured make the rest wrong by as much as they are wrong themselves, but the sum
//! is what was measured. Every such cost says so in its provenance.

use super::report::Report;
use crate::costs::{Primitive, Primitive::*, Profile, Provenance, Quantiles};

/// One cost, a part of something measured.
struct Rest {
    cost: Primitive,
    /// The measurement that contains it,
    of: &'static str,
    /// times this,
    times: f64,
    /// less these.
    less: &'static [Primitive],
}

const fn rest(cost: Primitive, of: &'static str, less: &'static [Primitive]) -> Rest {
    Rest { cost, of, times: 1.0, less }
}

/// On any computer.
const EVERYWHERE: &[Rest] = &[
    Rest { cost: SocketSend, of: "tcp_send_receive", times: 0.5, less: &[SystemCall] },
    Rest { cost: SocketReceive, of: "tcp_send_receive", times: 0.5, less: &[SystemCall] },
];

/// Where the kernel that was measured runs on the hardware.
const ON_HARDWARE: &[Rest] = &[
    rest(IdleExit, "idle_wake", WAKE),
    rest(IdleExitDeep, "idle_wake_deep", WAKE),
    rest(DiskRead4k, "direct_read_4k", DIRECT),
    rest(DiskWrite4k, "direct_write_4k", DIRECT),
];

/// Where it runs in a guest: a write of the timer or of the interrupt command register is an exit.
const IN_GUEST: &[Rest] = &[
    rest(HandleMsr, "timer_program_in_guest", &[VmExit, ExitDispatch, TimerProgram, VmEntry]),
    rest(HandleIcr, "idle_wake_paid", &[SystemCall, WakeUp, VmExit, ExitDispatch, WakeUp, IpiSend, VmEntry]),
    rest(IdleExit, "idle_wake", WAKE_IN_GUEST),
    rest(IdleExitDeep, "idle_wake_deep", WAKE_IN_GUEST),
    rest(DiskRead4k, "direct_read_4k", DIRECT),
    rest(DiskWrite4k, "direct_write_4k", DIRECT),
];

/// From a system call that wakes a task of another, idle core to that task.
const WAKE: &[Primitive] = &[SystemCall, WakeUp, IpiSend, IpiDelivery, InterruptEntry, ContextSwitch];

/// The same in a guest: the interrupt is an exit, whose handler wakes the other virtual processor's thread.
const WAKE_IN_GUEST: &[Primitive] = &[
    SystemCall,
    WakeUp,
    VmExit,
    ExitDispatch,
    HandleIcr,
    WakeUp,
    IpiSend,
    IpiDelivery,
    InterruptEntry,
    ContextSwitch,
    InjectInterrupt,
    VmEntry,
    InterruptEntry,
    ContextSwitch,
];

/// A direct read or write, the device aside; meanwhile the core idles.
const DIRECT: &[Primitive] = &[
    SystemCall,
    FileLookup,
    BlockSubmit,
    NvmeSubmit,
    IdleExit,
    InterruptEntry,
    NvmeComplete,
    BlockComplete,
    WakeUp,
    ContextSwitch,
];

impl Report {
    /// Sets what can be derived from this report's wholes and from the costs that `profile` has by now.
    pub(super) fn derive(&self, profile: &mut Profile) {
        let in_guest = self.in_guest;
        EVERYWHERE.iter().chain(if in_guest { IN_GUEST } else { ON_HARDWARE }).for_each(|r| self.set_rest(r, profile));
        self.set_page_walk_reference(in_guest, profile);
    }

    fn set_rest(&self, rest: &Rest, profile: &mut Profile) {
        let Some(whole) = self.get(rest.of).and_then(|m| m.measured()) else { return };
        let parts: f64 = rest.less.iter().map(|&part| profile.cost(part).value).sum();
        let left = |value: f64| (value * rest.times - parts).max(0.0);
        let q = whole.spread;
        let spread = [q.min, q.p50, q.p90, q.p99, q.max].map(left);
        let [min, p50, p90, p99, max] = spread;
        let names: Vec<&str> = rest.less.iter().map(|part| part.name()).collect();
        let share = if rest.times == 1.0 { String::new() } else { format!(" x {}", rest.times) };
        let none = if left(whole.value) > 0.0 { "" } else { "; nothing was left" };
        let formula = format!(
            "{:.0} ns{share} of \"{}\" ({}), less {}{none}; on {}, {}",
            whole.value,
            rest.of,
            whole.method,
            names.join(", "),
            self.host,
            self.when
        );
        let spread = Quantiles { min, p50, p90, p99, max };
        profile.set(rest.cost, left(whole.value), Some(spread), Provenance::Derived(formula));
    }

    /// Of a walk under nested paging (4 + 4 levels) it is a 24th, of one on the hardware a quarter.
    fn set_page_walk_reference(&self, in_guest: bool, profile: &mut Profile) {
        let Some(walk) = self.get("page_walk").and_then(|m| m.measured()) else { return };
        let references = if in_guest { 24.0 } else { 4.0 };
        let formula = format!(
            "{:.1} ns of \"page_walk\" ({}) / {references} references; on {}, {}",
            walk.value, walk.method, self.host, self.when
        );
        profile.set(PageWalkReference, walk.value / references, None, Provenance::Derived(formula));
    }
}
