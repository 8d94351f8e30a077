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
    // Only an interpreted guest gives this whole: a store, a decrement and a jump, and what the device model does.
    rest(
        EmulatedExitToUserSpace,
        "emulated_mmio",
        &[EmulatedLoad, EmulatedInstruction, EmulatedInstruction, EmulateAccess],
    ),
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
        self.set_walk_references(in_guest, profile);
        self.set_copy_from_memory(profile);
    }

    /// What is copied out of memory takes as many of this computer's latencies as of those that are published: that many
    /// lines are under way at once. It is no faster than out of a cache.
    fn set_copy_from_memory(&self, profile: &mut Profile) {
        let Some(latency) = self.value("dram_access") else { return };
        let published = Profile::xeon_2017();
        let times = published.cost(Copy4kMemory).value / published.cost(DramAccess).value;
        let value = (latency * times).max(profile.cost(Copy4k).value);
        let (host, when) = (&self.host, &self.when);
        let formula = format!("{times:.2} x \"dram_access\" ({latency:.0} ns), or copy_4k; on {host}, {when}");
        profile.set(Copy4kMemory, value, None, Provenance::Derived(formula));
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

    /// A walk on the hardware makes 4 references, one under nested paging (4 + 4 levels) 24. In a guest `page_walk` is of
    /// the second kind, and no walk of the first is seen. On bare hardware the walks of the probe's own guest, where the
    /// hardware runs it, contain what the same loads take natively without their walks.
    fn set_walk_references(&self, in_guest: bool, profile: &mut Profile) {
        let Some(walk) = self.get("page_walk").and_then(|m| m.measured()) else { return };
        let mut set = |cost, value: f64, whole: &str, references: f64| {
            let value = value.max(0.0);
            let formula =
                format!("{value:.1} ns of {whole} / {references} references; on {}, {}", self.host, self.when);
            profile.set(cost, value / references, None, Provenance::Derived(formula));
        };
        let page_walk = format!("\"page_walk\" ({})", walk.method);
        if in_guest {
            return set(NestedWalkReference, walk.value, &page_walk, 24.0);
        }
        set(PageWalkReference, walk.value, &page_walk, 4.0);
        if let (Some(inside), Some(outside)) = (self.value("guest_walk_4k"), self.value("native_walk_4k")) {
            let load = (outside - walk.value).max(0.0);
            let whole =
                format!("\"guest_walk_4k\" ({inside:.1} ns), less \"native_walk_4k\" without its walk ({load:.1} ns),");
            set(NestedWalkReference, inside - load, &whole, 24.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::measure::{Measured, Measurement, Outcome, Plan, Stability};

    fn profile(wholes: &[(&str, f64)]) -> Profile {
        let entry = |&(name, value): &(&str, f64)| {
            let spread = Quantiles { min: value, p50: value, p90: value, p99: value, max: value };
            let method = "a test".to_owned();
            let measured = Measured { value, spread, runs: 3, method, stability: Stability::Stable, formula: None };
            Measurement {
                primitive: name.to_owned(),
                unit: crate::costs::Unit::Ns,
                outcome: Outcome::Measured(measured),
            }
        };
        let (host, when) = ("a test".to_owned(), "2026-11-23".to_owned());
        let measurements: Vec<_> = wholes.iter().map(entry).collect();
        let in_guest = measurements.iter().any(|m| m.primitive == "cpuid_exit_below");
        Report { plan: Plan::Quick, host, when, seconds: 0.0, cancelled: false, in_guest, measurements }
            .profile(&Profile::xeon_2017())
    }

    #[test]
    fn a_copy_out_of_memory_takes_this_computers_latencies_and_no_less_than_one_out_of_a_cache() {
        let [slow, fast] = [170.0, 1.0].map(|latency| profile(&[("dram_access", latency), ("copy_4k", 200.0)]));
        let published = Profile::xeon_2017().cost(Copy4kMemory).value;
        assert!((slow.cost(Copy4kMemory).value - 2.0 * published).abs() < 1e-9);
        assert!((fast.cost(Copy4kMemory).value - 200.0).abs() < 1e-9);
    }

    #[test]
    fn a_walk_reference_comes_from_walks_of_as_many_dimensions() {
        let base = Profile::xeon_2017();
        let references = |wholes: &[(&str, f64)]| {
            let profile = profile(wholes);
            [PageWalkReference, NestedWalkReference].map(|cost| profile.cost(cost).value)
        };
        let published = [PageWalkReference, NestedWalkReference].map(|cost| base.cost(cost).value);
        let walk = ("page_walk", 24.0);
        // Bare hardware without KVM, with it, and a guest of either kind of host.
        assert_eq!(references(&[walk]), [6.0, published[1]]);
        let native = [walk, ("exit_cpuid", 1000.0), ("native_walk_4k", 30.0), ("guest_walk_4k", 54.0)];
        assert_eq!(references(&native), [6.0, 2.0]);
        let below = ("cpuid_exit_below", 600.0);
        assert_eq!(references(&[walk, below, ("emulated_walk_4k", 2000.0)]), [published[0], 1.0]);
        let nested = [walk, below, ("exit_cpuid", 7100.0), ("native_walk_4k", 30.0), ("guest_walk_4k", 54.0)];
        assert_eq!(references(&nested), [published[0], 1.0]);
    }
}
