//! Each host from a public report, and the lines that are right there, whatever else its golden report says.

use super::*;

use Confidence::{Certain, Likely, Unknown};
use LayerKind::{Container, Firmware, Hypervisor, Kernel, KvmDevice, OuterHypervisor, Process, Processor};

// Fails under each of fifteen mechanisms taken out, one at a time.
#[test]
fn each_host_from_a_public_report_is_told_as_the_report_says_that_it_is() {
    for (name, kind, told, confidence) in [
        ("gce-metal", Hypervisor, "no hypervisor", Likely),
        ("gce-metal", Firmware, "firmware: UEFI", Certain),
        ("bhyve", Hypervisor, "bhyve guest", Certain),
        ("parallels-kvm-signature", Hypervisor, "Parallels guest", Certain),
        ("uml-on-bare-metal", Hypervisor, "User Mode Linux", Certain),
        ("uml-on-bare-metal", Kernel, "User Mode Linux 5.7.10", Certain),
        ("powervm-lpar", Hypervisor, "PowerVM partition", Certain),
        ("powervm-lpar", Processor, "POWER9", Certain),
        ("ppc64le-qemu", Hypervisor, "QEMU guest", Certain),
        ("s390x-kvm-in-zvm", Hypervisor, "KVM guest", Certain),
        ("s390x-kvm-in-zvm", OuterHypervisor, "z/VM 6.3.0 below", Certain),
        ("openvz6-container", Container, "OpenVZ container", Certain),
        ("gvisor", Container, "gVisor sandbox", Certain),
        ("gvisor", Kernel, "gVisor, imitates Linux 4.19.0-gvisor", Certain),
        ("loongarch-model-name", Processor, "Loongson-3C6000/D", Certain),
        ("xen-pv-in-vmware", Hypervisor, "Xen guest", Certain),
        ("xen-pv-in-vmware", OuterHypervisor, "VMware below", Certain),
        ("docker-data-root-moved-in-wsl2", Container, "Docker container", Certain),
        ("bluefield-virtio-on-bare-metal", Hypervisor, "no hypervisor", Likely),
        ("bluefield-virtio-on-bare-metal", Firmware, "firmware: BIOS or UEFI", Likely),
        // That host was captured without uname's answer, which the second has.
        ("proc-subset-pid", Kernel, "unknown kernel", Unknown),
        ("proc-subset-pid-with-uname", Kernel, "Linux 5.14.0-427.el9.x86_64", Certain),
    ] {
        let found = of(&host(name), kind);
        assert_eq!((&*found.name, found.confidence), (told, confidence), "{name}: {found:?}");
    }
    for (name, resource, value) in [
        ("v1-hierarchical-memory-limit", Resource::Memory, Some(4_294_967_296.0)),
        ("v1-other-containers-cgroups-mounted", Resource::Memory, Some(536_870_912.0)),
        ("v1-other-containers-cgroups-mounted", Resource::Cpu, Some(1.0)),
        ("lxcfs-virtual-online", Resource::Cpuset, Some(1.0)),
        ("v1-32-bit-no-limit", Resource::Memory, None),
        ("v1-32-bit-no-limit", Resource::Swap, None),
        ("cgroup-mount-point-with-a-space", Resource::Memory, Some(268_435_456.0)),
    ] {
        let limit = in_force(&host(name), resource);
        assert_eq!(limit.value, value, "{name}: {limit:?}");
        assert_ne!(limit.confidence, Unknown, "{name}");
    }
    for (name, kind, words) in [
        ("uml-on-bare-metal", KvmDevice, "has no KVM"),
        ("bluefield-virtio-on-bare-metal", KvmDevice, "guests can run on AMD-V"),
        ("vulnerability-words", Kernel, "retpolines · 4 mitigated · vulnerable to itlb_multihit (KVM)"),
        ("capabilities-beyond-the-last", Process, "all capabilities but setpcap"),
    ] {
        let found = of(&host(name), kind);
        assert!(found.detail.contains(words), "{name}: {found:?}");
    }
}
