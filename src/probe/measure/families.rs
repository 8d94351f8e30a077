//! The list of families, in the order of measuring: what is subtracted comes before what it is subtracted from.

mod caches;
mod cgroups;
mod container;
mod disk;
mod faults;
mod files;
mod idle;
mod instructions;
mod links;
mod loopback;
mod mounts;
mod namespaces;
mod processes;
mod seccomp;
mod switching;
mod system_call;
mod timers;
mod tlb;
mod virtual_machine;

use std::time::Duration;

pub use disk::write_file;

use super::bench::Bench;
use crate::costs::Unit;

/// Measurements that belong together and share a process.
#[derive(Clone, Copy)]
pub struct Family {
    /// What it measures, for people.
    pub title: &'static str,
    /// The names it reports, with their units.
    pub gives: &'static [(&'static str, Unit)],
    /// How long it may take at most in a quick run.
    pub quick: Duration,
    /// How long it may take at most in a full run.
    pub full: Duration,
    /// Measures. What it returns as an error is the reason for every name it has not reported.
    pub run: fn(&mut Bench) -> Result<(), String>,
}

/// Puts this process under a filter that looks at each call and allows it; for the container's start.
pub fn install_seccomp() -> Result<(), String> {
    seccomp::install(seccomp::LOOK_AND_ALLOW)
}

/// One line of the list.
macro_rules! family {
    ($module:ident, $title:literal, quick $quick:literal ms, full $full:literal ms) => {
        Family {
            title: $title,
            gives: $module::GIVES,
            quick: Duration::from_millis($quick),
            full: Duration::from_millis($full),
            run: $module::run,
        }
    };
}

/// All of them.
pub const FAMILIES: &[Family] = &[
    family!(system_call, "system call", quick 600 ms, full 6_000 ms),
    family!(seccomp, "seccomp filters", quick 600 ms, full 6_000 ms),
    family!(instructions, "single instructions", quick 600 ms, full 6_000 ms),
    family!(caches, "caches and memory", quick 1_600 ms, full 12_000 ms),
    family!(tlb, "page walks", quick 1_200 ms, full 8_000 ms),
    family!(files, "cached files", quick 800 ms, full 6_000 ms),
    family!(faults, "page faults", quick 800 ms, full 8_000 ms),
    family!(switching, "context switches and wake-ups", quick 1_500 ms, full 12_000 ms),
    family!(idle, "waking an idle processor", quick 900 ms, full 8_000 ms),
    family!(processes, "processes and threads", quick 800 ms, full 6_000 ms),
    family!(timers, "timers and interrupts", quick 800 ms, full 8_000 ms),
    family!(loopback, "network on loopback", quick 800 ms, full 8_000 ms),
    family!(namespaces, "namespaces", quick 1_000 ms, full 8_000 ms),
    family!(mounts, "mounts and overlays", quick 800 ms, full 6_000 ms),
    family!(cgroups, "control groups and quotas", quick 1_200 ms, full 10_000 ms),
    family!(container, "a real container", quick 1_500 ms, full 10_000 ms),
    family!(links, "virtual network devices", quick 2_500 ms, full 10_000 ms),
    family!(disk, "disk", quick 2_500 ms, full 30_000 ms),
    family!(virtual_machine, "virtual machine", quick 2_500 ms, full 16_000 ms),
];
