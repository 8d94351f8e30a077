//! Words for what was measured, and the headings under which they stand.

use crate::costs::{Primitive, Unit};

use super::amounts::{bandwidth, duration};
use crate::amounts::bytes;

/// What is measured beside the costs of simulations.
const LABELS: &[(&str, &str)] = &[
    ("clock_read", "read the clock"),
    ("seccomp_bitmap", "seccomp filter that always allows"),
    ("cpuid_exit_below", "CPUID: exit to the layer below"),
    ("memory_read_bandwidth", "memory, read in order"),
    ("memory_write_bandwidth", "memory, written in order"),
    ("page_walk", "page walk, 4 KiB pages"),
    ("page_walk_huge", "page walk, 2 MiB pages"),
    ("cached_read_4k", "read 4 KiB, cached"),
    ("stat", "stat of a known path"),
    ("open_close", "open and close a file"),
    ("page_fault_anonymous", "page fault, fresh memory"),
    ("page_fault_huge", "page fault, fresh 2 MiB page"),
    ("page_fault_file", "page fault, mapped file"),
    ("page_fault_copy_on_write", "page fault, copy on write"),
    ("wake_up_other_core", "wake up a task on another core"),
    ("pipe_round_trip_same_core", "pipe round trip, one core"),
    ("pipe_round_trip_other_core", "pipe round trip, two cores"),
    ("futex_round_trip_same_core", "futex round trip, one core"),
    ("futex_round_trip_other_core", "futex round trip, two cores"),
    ("idle_wake", "wake a core, idle for 20 µs"),
    ("idle_wake_paid", "wake a core, what the waker pays"),
    ("idle_wake_50us", "wake a core, idle for 50 µs"),
    ("idle_wake_125us", "wake a core, idle for 125 µs"),
    ("idle_wake_300us", "wake a core, idle for 300 µs"),
    ("idle_wake_800us", "wake a core, idle for 800 µs"),
    ("idle_wake_2ms", "wake a core, idle for 2 ms"),
    ("idle_wake_deep", "wake a core, idle for 5 ms"),
    ("fork_exit_wait", "fork, exit, wait"),
    ("vfork_exit_wait", "vfork, exit, wait"),
    ("thread", "make and join a thread"),
    ("timer_program_in_guest", "program timer, in a guest"),
    ("timer_latency", "sleep of 200 µs: how late"),
    ("ipi_round_trip", "interrupt another core and back"),
    ("interrupt_gap", "gap that an interrupt leaves"),
    ("tcp_send_receive", "TCP, send and receive a byte"),
    ("udp_send_receive", "UDP, send and receive a byte"),
    ("udp_round_trip_same_core", "UDP round trip, one core"),
    ("tcp_round_trip_same_core", "TCP round trip, one core"),
    ("tcp_round_trip_other_core", "TCP round trip, two cores"),
    ("namespace_user_enter", "enter a user namespace"),
    ("namespace_mnt_enter", "enter a mount namespace"),
    ("namespace_pid_enter", "enter a pid namespace"),
    ("namespace_net_enter", "enter a network namespace"),
    ("namespace_uts_enter", "enter a host-name namespace"),
    ("namespace_ipc_enter", "enter an IPC namespace"),
    ("namespace_cgroup_enter", "enter a cgroup namespace"),
    ("namespace_time", "make a time namespace"),
    ("namespace_time_enter", "enter a time namespace"),
    ("mount_bind", "bind-mount a folder"),
    ("unmount", "unmount"),
    ("overlay_copy_up_4k", "overlay: copy up 4 KiB"),
    ("overlay_copy_up_1m", "overlay: copy up 1 MiB"),
    ("cgroup_remove", "remove a cgroup"),
    ("quota_period", "quota of 20 in 50 ms: a period"),
    ("quota_run", "quota of 20 in 50 ms: runs for"),
    ("quota_stall", "quota of 20 in 50 ms: stands for"),
    ("quota_slack", "quota of 20 in 50 ms: off by"),
    ("bridge_create", "make a bridge"),
    ("direct_read_4k", "read 4 KiB from the disk"),
    ("direct_write_4k", "write 4 KiB to the disk"),
    ("fsync", "write 4 KiB and fsync"),
    ("vm_create", "VM: open /dev/kvm, create it"),
    ("vm_interrupt_controller", "VM: its interrupt controller"),
    ("vm_memory", "VM: its memory"),
    ("vm_processor", "VM: its processor"),
    ("vm_first_exit", "VM: to its first exit"),
    ("vm_start", "VM: start, all of it"),
    ("vm_destroy", "VM: end"),
    ("native_loop", "three instructions, natively"),
    ("native_walk_4k", "load with a page walk, 4 KiB"),
    ("native_walk_2m", "load with a page walk, 2 MiB"),
    ("guest_loop", "three instructions, in a guest"),
    ("guest_walk_4k", "load with a walk in a guest, 4 KiB"),
    ("guest_walk_2m", "load with a walk in a guest, 2 MiB"),
    ("exit_cpuid", "VM exit for CPUID"),
    ("exit_port", "VM exit for a port, to user space"),
    ("exit_mmio", "VM exit for MMIO, to user space"),
    ("halt_wake", "wake a guest that halted"),
    ("emulated_loop", "interpreted: three instructions"),
    ("emulated_walk_4k", "interpreted: a load, 4 KiB pages"),
    ("emulated_walk_2m", "interpreted: a load, 2 MiB pages"),
    ("emulated_cpuid_loop", "interpreted: a loop with CPUID"),
    ("emulated_port", "interpreted: a port, to user space"),
    ("emulated_mmio", "interpreted: MMIO, to user space"),
    ("emulated_halt_wake", "interpreted: wake from halt"),
];

/// The steps of a container's start.
const STEPS: &[(&str, &str)] = &[
    ("start", "start, all of it"),
    ("user_namespace", "user namespace"),
    ("cgroup", "cgroup"),
    ("namespaces", "the other namespaces"),
    ("init", "its first process"),
    ("private_mounts", "private mounts"),
    ("layers", "image layers"),
    ("overlay", "overlay"),
    ("proc", "/proc"),
    ("pivot_root", "pivot_root"),
    ("hostname", "host name"),
    ("seccomp", "seccomp filter"),
    ("exec", "exec"),
    ("end", "end"),
];

/// A measurement's name as words.
pub fn label(name: &str) -> String {
    if let Some(primitive) = Primitive::from_name(name) {
        return primitive.label().to_owned();
    }
    let step = |prefix: &str, who: &str| {
        let step = name.strip_prefix(prefix)?;
        STEPS.iter().find(|(key, _)| *key == step).map(|(_, words)| format!("{who}: {words}"))
    };
    let known = || LABELS.iter().find(|(key, _)| *key == name).map(|(_, words)| (*words).to_owned());
    known()
        .or_else(|| step("container_user_", "as a user"))
        .or_else(|| step("container_root_", "as root"))
        .unwrap_or_else(|| name.replace('_', " "))
}

/// The heading of a measurement's family and its place among them; costs that nothing measures by itself come last.
#[cfg(target_os = "linux")]
pub fn group(name: &str) -> (usize, &'static str) {
    let families = crate::probe::measure::FAMILIES;
    let of = |family: &crate::probe::measure::Family| family.gives.iter().any(|(given, _)| *given == name);
    let place = families.iter().position(of);
    place.map_or((families.len(), "Seen only as part of others"), |place| (place, families[place].title))
}

/// Elsewhere nothing is measured: one list.
#[cfg(not(target_os = "linux"))]
pub fn group(_: &str) -> (usize, &'static str) {
    (0, "")
}

/// A value with its unit.
pub fn value(name: &str, unit: Unit, value: f64) -> String {
    let count = |what: &str| format!("{value:.0} {what}{}", if value == 1.0 { "" } else { "s" });
    match unit {
        Unit::Ns => duration(value),
        Unit::BytesPerSecond => bandwidth(value),
        Unit::Count if name.ends_with("_bytes") => bytes(value as u64),
        Unit::Count if name.starts_with("tlb_") => match value {
            1.0 => "1 entry".to_owned(),
            _ => format!("{value:.0} entries"),
        },
        Unit::Count if name == "nested_trapped_accesses" => format!("{value:.0}"),
        Unit::Count => count("request"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn everything_that_the_probe_measures_has_words_of_its_own_and_a_heading() {
        let given = crate::probe::measure::FAMILIES.iter().flat_map(|family| family.gives);
        let mut seen = std::collections::BTreeSet::new();
        for (name, _) in given {
            let words = label(name);
            let known = LABELS.iter().any(|(key, _)| key == name) || Primitive::from_name(name).is_some();
            assert!(known || words.starts_with("as "), "{name} has no words");
            assert!(words.chars().count() <= 36, "\"{words}\" is long");
            assert!(seen.insert(words.clone()), "\"{words}\" stands twice");
            assert!(group(name).1 != "Seen only as part of others");
        }
        assert_eq!(group("virtio_fill").1, "Seen only as part of others");
    }

    #[test]
    fn sizes_have_units() {
        assert_eq!(value("l1_bytes", Unit::Count, 32_768.0), "32 KiB");
        assert_eq!(value("tlb_entries_4k", Unit::Count, 3072.0), "3072 entries");
        assert_eq!(value("disk_channels", Unit::Count, 1.0), "1 request");
        assert_eq!(value("disk_bandwidth", Unit::BytesPerSecond, 1.321e9), "1.32 GB/s");
    }
}
