//! How stacks and parts are called on the screen: one function for all of them.
//!
//! A name comes from the scenario's author or from the machine: "vm", "container in a vm", "nvme0", "host kernel". On
//! the screen a virtual machine is a "VM", a heading begins with a capital letter, and a name that is an identifier,
//! such as "nvme0", "web-2" or "cpu.max", stays as it is written: `Nvme0` is the name of nothing.

use crate::machine::ComponentKind;

/// A name within a sentence: "the container in a VM".
pub fn name(text: &str) -> String {
    let words: Vec<String> = text.split(' ').map(word).collect();
    words.join(" ")
}

/// A name as a heading: "Container in a VM".
pub fn title(text: &str) -> String {
    let text = name(text);
    let first = text.split(' ').next().unwrap_or_default();
    if is_identifier(first) || first.chars().skip(1).any(char::is_uppercase) {
        return text;
    }
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

/// The place of a part: "hardware › host kernel › block layer".
pub fn path(path: &str) -> String {
    path.split('/').map(name).collect::<Vec<_>>().join(" › ")
}

/// What a part is, in the words that people look for.
pub fn kind(kind: ComponentKind) -> &'static str {
    match kind {
        ComponentKind::Hardware => "hardware, computer",
        ComponentKind::Core => "core, processor, CPU",
        ComponentKind::Memory => "memory, RAM",
        ComponentKind::Disk => "disk, drive, storage",
        ComponentKind::Nic => "network card, NIC",
        ComponentKind::Timer => "timer, clock",
        ComponentKind::Kernel => "kernel, operating system",
        ComponentKind::KernelPart => "part of a kernel",
        ComponentKind::Hypervisor => "hypervisor",
        ComponentKind::HypervisorPart => "part of a hypervisor",
        ComponentKind::DeviceModels => "device model, VMM, QEMU",
        ComponentKind::VirtualMachine => "virtual machine, VM",
        ComponentKind::VirtualHardware => "virtual hardware",
        ComponentKind::Container => "container, namespaces",
        ComponentKind::Cgroup => "cgroup, control group, limit",
        ComponentKind::App => "program, process, app",
        ComponentKind::Firmware => "firmware, BIOS, UEFI, loader",
    }
}

/// Words of scenario files that the field writes otherwise, whatever number follows.
const WRITTEN: [(&str, &str); 7] = [
    ("vms", "VMs"),
    ("vcpu", "vCPU"),
    ("vm", "VM"),
    ("cpu", "CPU"),
    ("nvme", "NVMe"),
    ("sata", "SATA"),
    ("hdd", "HDD"),
];

/// What a word is in the field's own spelling.
fn word(word: &str) -> String {
    for (plain, written) in WRITTEN {
        if let Some(rest) = word.strip_prefix(plain) {
            let ends = rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_digit() || "-_,:;)#".contains(c));
            // A device's name is the kernel's.
            let device = plain != "vms" && plain.len() > 2 && !plain.ends_with("cpu") && !rest.is_empty();
            if ends && !device && !(plain == "cpu" && rest.starts_with('-')) {
                return format!("{written}{rest}");
            }
        }
    }
    word.to_owned()
}

/// Whether a word names something exactly, as devices and files of cgroups are named.
fn is_identifier(word: &str) -> bool {
    word.contains(|c: char| c.is_ascii_digit() || "-_./".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_as_the_field_writes_them() {
        for (plain, within, heading) in [
            ("vm", "VM", "VM"),
            ("container in a vm", "container in a VM", "Container in a VM"),
            ("vm in vm", "VM in VM", "VM in VM"),
            ("vm vCPU 0", "VM vCPU 0", "VM vCPU 0"),
            ("vCPU 1", "vCPU 1", "vCPU 1"),
            ("vm-2", "VM-2", "VM-2"),
            ("vmware", "vmware", "Vmware"),
            ("nvme", "NVMe", "NVMe"),
            ("sata in a vm", "SATA in a VM", "SATA in a VM"),
            ("nvme0", "nvme0", "nvme0"),
            ("eth0", "eth0", "eth0"),
            ("web-2", "web-2", "web-2"),
            ("cpu.max", "cpu.max", "cpu.max"),
            ("host kernel", "host kernel", "Host kernel"),
            ("core 0", "core 0", "Core 0"),
            ("", "", ""),
            ("ärger", "ärger", "Ärger"),
        ] {
            assert_eq!((name(plain).as_str(), title(plain).as_str()), (within, heading), "{plain:?}");
        }
        assert_eq!(path("vm/guest kernel/block layer"), "VM › guest kernel › block layer");
    }
}
