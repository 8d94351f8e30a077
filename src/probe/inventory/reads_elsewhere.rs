//! What can be read where there is no `/proc`: CPUID on x86, and what the operating system says of itself.

use super::{Cpuid, Root};
use sysinfo::{CpuRefreshKind, RefreshKind, System};

impl Root {
    /// Reads this host.
    pub fn host() -> Root {
        let mut root = Root::default();
        root.set_cpuid(Cpuid::host());
        root.set_fact("system", std::env::consts::OS);
        root.set_fact("arch", std::env::consts::ARCH);
        let system = System::new_with_specifics(RefreshKind::nothing().with_cpu(CpuRefreshKind::nothing()));
        if let Some(cpu) = system.cpus().first() {
            root.set_fact("processor", cpu.brand());
        }
        root.set_fact("cpus", system.cpus().len().to_string());
        if let Some(name) = System::long_os_version() {
            root.set_fact("kernel", name);
        }
        root
    }

    /// There are no counters to read.
    pub(in crate::probe) fn live() -> Root {
        Root::default()
    }
}
