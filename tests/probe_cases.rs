//! Hosts of the kinds that detectors get wrong: each is one of the captured hosts with a few things changed, and the
//! line that is right there.
//!
//! The hosts from public reports have their golden reports in `tests/fixtures/hosts`; here are others of each kind, so
//! that it is the mechanism that is right and not one case.
#![cfg(all(target_os = "linux", any(target_arch = "x86", target_arch = "x86_64")))]

use std::path::{Path, PathBuf};

use strata::probe::gather;
use strata::probe::inventory::{Confidence, Entry, Inventory, Layer, LayerKind, Limit, Resource, Root, take};

fn hosts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/hosts")
}

fn host(name: &str) -> Root {
    Root::load(&hosts().join(name)).unwrap()
}

fn text(content: &str) -> Entry {
    Entry::File { bytes: content.into(), whole: true }
}

/// A host with some files replaced; an empty one is taken away.
fn with(name: &str, files: &[(&str, &str)]) -> Root {
    let mut root = host(name);
    for (path, content) in files {
        root.insert(*path, if content.is_empty() { Entry::Refused("taken out".into()) } else { text(content) });
    }
    root
}

fn layer(root: &Root, kind: LayerKind) -> Layer {
    take(root).layer(kind).unwrap_or_else(|| panic!("no {kind:?}")).clone()
}

fn limit(root: &Root, resource: Resource) -> Limit {
    take(root).limits.into_iter().find(|limit| limit.resource == resource).unwrap()
}

/// CPUID's twelve letters at a leaf, with the bit of hypervisors.
fn signed(root: &mut Root, leaf: u32, letters: &[u8; 12]) {
    let mut cpuid = root.cpuid().clone();
    let word = |at: usize| u32::from_le_bytes([letters[at], letters[at + 1], letters[at + 2], letters[at + 3]]);
    cpuid.set(leaf, 0, [leaf + 1, word(0), word(4), word(8)]);
    let [a, b, c, d] = cpuid.get(1, 0).unwrap();
    cpuid.set(1, 0, [a, b, c | 1 << 31, d]);
    root.set_cpuid(cpuid);
}

const VENDOR: &str = "/sys/class/dmi/id/sys_vendor";
const PRODUCT: &str = "/sys/class/dmi/id/product_name";

// Limits.

#[test]
fn another_group_s_mount_is_never_this_one_s_limit() {
    let mounts =
        |lines: &str| format!("22 1 8:2 / / rw - ext4 /dev/sda2 rw\n24 22 0:22 / /sys rw - sysfs s rw\n{lines}");
    // Bound anywhere, before or after the own one; and a folder of the own tree below it.
    for lines in [
        "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 c rw\n31 22 0:26 /B /root/m rw - cgroup2 c rw\n",
        "31 22 0:26 /B /root/m rw - cgroup2 c rw\n30 24 0:26 / /sys/fs/cgroup rw - cgroup2 c rw\n",
        "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 c rw\n31 22 0:26 /A/child /root/m rw - cgroup2 c rw\n",
        "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 c rw\n31 22 0:26 /AA /root/m rw - cgroup2 c rw\n",
    ] {
        let root = with(
            "gce-metal",
            &[
                ("/proc/self/mountinfo", &mounts(lines)),
                ("/proc/self/cgroup", "0::/A\n"),
                ("/sys/fs/cgroup/A/memory.max", "268435456\n"),
                ("/root/m/memory.max", "67108864\n"),
            ],
        );
        let memory = limit(&root, Resource::Memory);
        assert_eq!((memory.value, memory.confidence), (Some(268435456.0), Confidence::Certain), "{lines}");
        assert_eq!(memory.set_at.as_deref(), Some("/sys/fs/cgroup/A"));
    }
    // None that shows it: unknown, and where the mounts are.
    let only = mounts("31 22 0:26 /B /root/m rw - cgroup2 c rw\n");
    let root = with(
        "gce-metal",
        &[("/proc/self/mountinfo", &only), ("/proc/self/cgroup", "0::/A\n"), ("/root/m/memory.max", "67108864\n")],
    );
    let memory = limit(&root, Resource::Memory);
    assert_eq!((memory.value, memory.confidence, &*memory.text), (None, Confidence::Unknown, "unknown"));
    assert!(memory.evidence.iter().any(|line| line.contains("/root/m from /B down")), "{memory:?}");
}

#[test]
fn a_mount_that_another_one_covers_is_not_read() {
    let mounts = "22 1 8:2 / / rw - ext4 /dev/sda2 rw\n24 22 0:22 / /sys rw - sysfs s rw\n\
                  30 24 0:26 / /sys/fs/cgroup rw - cgroup2 c rw\n31 30 0:26 /B /sys/fs/cgroup rw - cgroup2 c rw\n\
                  32 22 0:26 / /cg rw - cgroup2 c rw\n";
    let root = with(
        "gce-metal",
        &[
            ("/proc/self/mountinfo", mounts),
            ("/proc/self/cgroup", "0::/A\n"),
            ("/sys/fs/cgroup/memory.max", "67108864\n"),
            ("/cg/A/memory.max", "268435456\n"),
        ],
    );
    assert_eq!(limit(&root, Resource::Memory).set_at.as_deref(), Some("/cg/A"));
}

#[test]
fn odd_letters_in_mount_points_and_in_groups_hide_no_limit() {
    for (written, folder) in [
        ("/mnt/a\\040b", "/mnt/a b"),
        ("/mnt/a\\134b", "/mnt/a\\b"),
        ("/mnt/a\\011b", "/mnt/a\tb"),
        ("/mnt/caf\\303\\251", "/mnt/café"),
    ] {
        let mounts =
            format!("22 1 8:2 / / rw - ext4 /dev/sda2 rw\n30 22 0:26 /my\\040jobs {written} rw - cgroup2 c rw\n");
        let root = with(
            "gce-metal",
            &[
                ("/proc/self/mountinfo", &mounts),
                ("/proc/self/cgroup", "0::/my jobs/one\n"),
                (&format!("{folder}/one/memory.max"), "268435456\n"),
            ],
        );
        assert_eq!(limit(&root, Resource::Memory).value, Some(268435456.0), "{written}");
        // And the same after the names were taken out.
        let clean = root.scrubbed();
        assert_eq!(limit(&clean, Resource::Memory).value, Some(268435456.0), "{written}");
        assert!(!take(&clean).to_text(true).contains("my jobs"), "{written}");
    }
}

#[test]
fn what_means_no_limit_depends_on_the_word_and_the_page() {
    let memory = |arch: &str, number: &str| {
        let mut root = with("v1-32-bit-no-limit", &[("/sys/fs/cgroup/memory/memory.limit_in_bytes", number)]);
        root.set_fact("arch", arch);
        limit(&root, Resource::Memory).value
    };
    for (arch, number) in [
        ("arm", "8796093018112"),
        ("mips", "35184372072448"),
        ("powerpc", "140737488289792"),
        ("x86", "9223372036854771712"),
        ("x86_64", "9223372036854771712"),
        ("aarch64", "9223372036854710272"),
        ("x86_64", "9223372036854775807"),
        ("x86_64", "18446744073709551615"),
    ] {
        assert_eq!(memory(arch, number), None, "{number} on {arch}");
    }
    // A limit of nearly 8 TiB is one where a word has 64 bits, and any other number is one everywhere.
    assert_eq!(memory("x86_64", "8796093018112"), Some(8796093018112.0));
    assert_eq!(memory("arm", "8796093018113"), Some(8796093018113.0));
}

#[test]
fn the_kernel_s_own_sum_of_limits_outweighs_what_can_be_seen() {
    let stat = "/sys/fs/cgroup/memory/memory.stat";
    let own = "/sys/fs/cgroup/memory/memory.limit_in_bytes";
    let said = |lines: &str, number: &str| {
        let root = with("v1-hierarchical-memory-limit", &[(stat, lines), (own, number)]);
        (limit(&root, Resource::Memory), limit(&root, Resource::Swap))
    };
    let (memory, _) = said("hierarchical_memory_limit 4294967296\n", "8589934592\n");
    assert_eq!((memory.value, memory.set_at, memory.confidence), (Some(4294967296.0), None, Confidence::Certain));
    let (memory, _) = said("hierarchical_memory_limit 8589934592\n", "8589934592\n");
    assert_eq!(memory.set_at.as_deref(), Some("/sys/fs/cgroup/memory"));
    let (memory, swap) = said("hierarchical_memory_limit 1073741824\nhierarchical_memsw_limit 3221225472\n", "-1\n");
    assert_eq!((memory.value, swap.value), (Some(1073741824.0), Some(2147483648.0)));
    // A hierarchy that is switched off: the limit of the group above does not bind.
    let (memory, _) = said("hierarchical_memory_limit 9223372036854771712\n", "9223372036854771712\n");
    assert_eq!((memory.value, memory.confidence), (None, Confidence::Certain));
}

#[test]
fn a_set_of_processors_is_compared_with_the_machine_s_and_not_with_what_lxcfs_makes_up() {
    let (set, online) = ("/sys/fs/cgroup/cpuset.cpus.effective", "/sys/devices/system/cpu/online");
    let present = "/sys/devices/system/cpu/present";
    let value = |name: &str, files: &[(&str, &str)]| limit(&with(name, files), Resource::Cpuset).value;
    assert_eq!(value("lxcfs-virtual-online", &[(set, "2,6\n"), (online, "0-1\n")]), Some(2.0));
    assert_eq!(value("lxcfs-virtual-online", &[(set, "0-1\n"), (online, "0-1\n"), (present, "0-7\n")]), Some(2.0));
    assert_eq!(value("lxcfs-virtual-online", &[(set, "0-7\n"), (online, "0-7\n"), (present, "0-7\n")]), None);
    // Without lxcfs: as many, but others; and more than are there, which is no limit.
    let own = "/sys/fs/cgroup/system.slice/name1.service/cpuset.cpus.effective";
    assert_eq!(value("gce-metal", &[(own, "192-383\n")]), Some(192.0));
    assert_eq!(value("gce-metal", &[(own, "0-255\n")]), None);
}

// What a machine without a hypervisor has too.

#[test]
fn a_cloud_s_names_and_virtio_functions_prove_no_virtual_machine() {
    for (vendor, product) in [
        ("Alibaba Cloud", "Alibaba Cloud ECS"),
        ("Tencent Cloud", "BMG5t"),
        ("Scaleway", "EM-B112X-SSD"),
        ("Google", "Google Compute Engine"),
        ("Amazon EC2", "c7i.metal-24xl"),
        ("Oracle Corporation", "ORACLE SERVER X9-2c"),
    ] {
        let root = with("bluefield-virtio-on-bare-metal", &[(VENDOR, vendor), (PRODUCT, product)]);
        let found = layer(&root, LayerKind::Hypervisor);
        assert_eq!((found.present, found.confidence), (false, Confidence::Likely), "{product}: {found:?}");
        assert!(layer(&root, LayerKind::Firmware).name.starts_with("firmware"), "{product}");
        let kvm = layer(&root, LayerKind::KvmDevice);
        assert!(!kvm.detail.contains("nested"), "{kvm:?}");
    }
    // What CPUID costs settles it, both ways.
    let mut inventory = take(&host("bluefield-virtio-on-bare-metal"));
    inventory.add_exit_cost(40.0);
    assert_eq!(inventory.layer(LayerKind::Hypervisor).unwrap().confidence, Confidence::Certain);
    let mut inventory = take(&host("bluefield-virtio-on-bare-metal"));
    inventory.add_exit_cost(1500.0);
    assert!(inventory.layer(LayerKind::Hypervisor).unwrap().present);
}

#[test]
fn what_only_virtual_machines_have_still_shows_one_that_hides_its_bit() {
    for (vendor, product) in [("QEMU", "Standard PC"), ("VMware, Inc.", "VMware7,1"), ("innotek GmbH", "VirtualBox")] {
        let root = with("bluefield-virtio-on-bare-metal", &[(VENDOR, vendor), (PRODUCT, product)]);
        let found = layer(&root, LayerKind::Hypervisor);
        assert_eq!((found.present, found.confidence), (true, Confidence::Conflict), "{product}: {found:?}");
        let mut inventory = take(&root);
        inventory.add_exit_cost(40.0);
        assert!(!inventory.layer(LayerKind::Hypervisor).unwrap().present, "hardware catches every CPUID of a guest");
    }
    // SMBIOS' own bit, which root may read.
    let mut raw = vec![0, 0x1a, 0, 0];
    raw.resize(19, 0);
    raw.push(1 << 4);
    let mut root = host("gce-metal");
    root.insert("/sys/firmware/dmi/entries/0-0/raw", Entry::File { bytes: raw, whole: true });
    assert_eq!(layer(&root, LayerKind::Hypervisor).confidence, Confidence::Conflict);
}

#[test]
fn without_a_bit_a_cloud_s_name_alone_makes_a_guest_possible_and_no_more() {
    let of = |vendor: &str, product: &str| {
        let mut root = with("arm64-board", &[(VENDOR, vendor), (PRODUCT, product)]);
        for path in ["/dev/kvm", "/proc/device-tree/model", "/proc/device-tree/compatible"] {
            root.insert(path, Entry::Refused("taken out".into()));
        }
        layer(&root, LayerKind::Hypervisor)
    };
    for (vendor, product) in [("Google", "Google Compute Engine"), ("Alibaba Cloud", "Alibaba Cloud ECS")] {
        assert_eq!(of(vendor, product).confidence, Confidence::Possible, "{product}");
    }
    assert_eq!(of("Ampere", "Altra").name, "no hypervisor seen");
    assert_eq!(of("QEMU", "KVM Virtual Machine").confidence, Confidence::Likely);
}

// Signatures.

#[test]
fn each_published_signature_names_its_maker_in_a_whole_host() {
    for (letters, name) in [
        (b"KVMKVMKVM\0\0\0", "KVM guest"),
        (b"Linux KVM Hv", "KVM guest"),
        (b"Microsoft Hv", "Hyper-V guest"),
        (b"VMwareVMware", "VMware guest"),
        (b"XenVMMXenVMM", "Xen guest"),
        (b"TCGTCGTCGTCG", "QEMU without an accelerator guest"),
        (b"VBoxVBoxVBox", "VirtualBox guest"),
        (b"bhyve bhyve ", "bhyve guest"),
        (b"BHyVE BHyVE ", "bhyve guest"),
        (b" prl hyperv ", "Parallels guest"),
        (b"prl hyperv  ", "Parallels guest"),
        (b" lrpepyh  vr", "Parallels guest"),
        (b"ACRNACRNACRN", "ACRN guest"),
        (b" QNXQVMBSQG ", "QNX guest"),
        (b"___ NVMM ___", "NetBSD NVMM guest"),
        (b"OpenBSDVMM58", "OpenBSD vmm guest"),
        (b"UnisysSpar64", "Unisys s-Par guest"),
        (b"SRESRESRESRE", "LMHS guest"),
        (b"Jailhouse\0\0\0", "Jailhouse guest"),
        (b"Apple VZ\0\0\0\0", "Apple Virtualization guest"),
    ] {
        let mut root = host("capabilities-beyond-the-last");
        signed(&mut root, 0x4000_0000, letters);
        let found = layer(&root, LayerKind::Hypervisor);
        assert_eq!((&*found.name, found.confidence), (name, Confidence::Certain));
    }
}

#[test]
fn who_signs_with_another_s_name_is_known_by_its_own() {
    for (letters, vendor, product, name, confidence) in [
        (b"KVMKVMKVM\0\0\0", "innotek GmbH", "VirtualBox", "VirtualBox guest", Confidence::Certain),
        (b"Microsoft Hv", "Parallels Software", "Parallels Virtual Platform", "Parallels guest", Confidence::Certain),
        (b"Microsoft Hv", "Xen", "HVM domU", "Xen guest", Confidence::Certain),
        (b"Microsoft Hv", "Microsoft Corporation", "Virtual Machine", "Hyper-V guest", Confidence::Certain),
        (b"Abracadabra!", "BHYVE", "BHYVE", "bhyve guest", Confidence::Likely),
    ] {
        let mut root = with("parallels-kvm-signature", &[(VENDOR, vendor), (PRODUCT, product)]);
        root.insert("/sys/class/dmi/id/board_vendor", text("a board\n"));
        root.insert("/sys/devices/system/clocksource/clocksource0/available_clocksource", text("tsc\n"));
        signed(&mut root, 0x4000_0000, letters);
        let found = layer(&root, LayerKind::Hypervisor);
        assert_eq!((&*found.name, found.confidence), (name, confidence), "{vendor} {product}");
    }
}

// Two hypervisors at once.

#[test]
fn under_xen_s_paravirtual_guests_the_signature_is_that_of_the_layer_below() {
    for (letters, below) in [
        (b"KVMKVMKVM\0\0\0", "KVM below"),
        (b"Microsoft Hv", "Hyper-V below"),
        (b"Abracadabra!", "an unknown hypervisor below"),
    ] {
        let mut root = host("xen-pv-in-vmware");
        signed(&mut root, 0x4000_0000, letters);
        let inventory = take(&root);
        let (inner, outer) =
            (inventory.layer(LayerKind::Hypervisor).unwrap(), inventory.layer(LayerKind::OuterHypervisor).unwrap());
        assert_eq!((&*inner.name, &*outer.name), ("Xen guest", below));
        assert_eq!(outer.confidence, Confidence::Certain);
        let at = |kind| inventory.layers.iter().position(|layer| layer.layer == kind).unwrap();
        assert!(at(LayerKind::OuterHypervisor) < at(LayerKind::Hypervisor));
    }
    // The first domain is paravirtual too; a guest with hardware's help sees Xen's own signature, and then nothing else.
    let mut root = with("xen-pv-in-vmware", &[("/sys/hypervisor/properties/features", "00000f7f\n")]);
    assert_eq!(layer(&root, LayerKind::Hypervisor).name, "Xen dom0");
    assert_eq!(layer(&root, LayerKind::OuterHypervisor).name, "VMware below");
    root = host("xen-hvm");
    assert_ne!(layer(&root, LayerKind::OuterHypervisor).confidence, Confidence::Certain);
}

// Other architectures.

#[test]
fn a_mainframe_s_own_list_of_layers_is_taken_at_its_word() {
    let of = |list: &str| {
        let root = with("s390x-kvm-in-zvm", &[("/proc/sysinfo", list)]);
        let outer = take(&root).layer(LayerKind::OuterHypervisor).unwrap().clone();
        (layer(&root, LayerKind::Hypervisor), outer)
    };
    let head = "Manufacturer: IBM\nType: 8561\nLPAR Name: X\n";
    let (inner, outer) = of(&format!("{head}VM00 Name: A\nVM00 Control Program: z/VM    7.3.0\n"));
    assert_eq!((&*inner.name, inner.confidence, &*outer.name), ("z/VM guest", Confidence::Certain, "PR/SM below"));
    let (inner, outer) = of(&format!(
        "{head}VM02 Control Program: z/VM 7.3.0\nVM00 Control Program: z/VM 6.4.0\nVM01 Control Program: z/VM 7.1.0\n"
    ));
    assert_eq!((&*inner.name, &*outer.name), ("z/VM guest", "z/VM 7.1.0 below"));
    assert!(outer.detail.contains("z/VM 7.3.0"), "{outer:?}");
    let (inner, _) = of(head);
    assert_eq!((&*inner.name, inner.confidence), ("a logical partition of PR/SM", Confidence::Certain));
    assert_eq!(
        layer(&with("s390x-kvm-in-zvm", &[("/proc/sysinfo", head)]), LayerKind::Processor).name,
        "IBM z15 (8561)"
    );
}

#[test]
fn power_and_others_are_told_by_their_device_trees() {
    let compatible = "/proc/device-tree/compatible";
    let model = "/proc/device-tree/model";
    let node = "/proc/device-tree/hypervisor/compatible";
    for (base, files, name, confidence) in [
        ("ppc64le-qemu", vec![(node, "linux,kvm")], "KVM guest", Confidence::Certain),
        ("ppc64le-qemu", vec![(compatible, "ibm,powernv"), (model, "8335-GTH")], "no hypervisor", Confidence::Certain),
        (
            "ppc64le-qemu",
            vec![(compatible, "qemu,powernv9\0ibm,powernv"), (model, "IBM PowerNV (emulated by qemu)")],
            "QEMU guest",
            Confidence::Certain,
        ),
        (
            "powervm-lpar",
            vec![(compatible, "IBM,9080-HEX"), (model, "IBM,9080-HEX")],
            "PowerVM partition",
            Confidence::Certain,
        ),
        ("loongarch-model-name", vec![(node, "xen,xen-4.19\0xen,xen")], "Xen guest", Confidence::Certain),
        ("loongarch-model-name", vec![(node, "acme,hv")], "acme,hv guest", Confidence::Certain),
        (
            "loongarch-model-name",
            vec![(compatible, "linux,dummy-loongson3")],
            "a virtual machine, hypervisor not named",
            Confidence::Likely,
        ),
        (
            "loongarch-model-name",
            vec![(compatible, "sifive,hifive-unmatched-a00")],
            "no hypervisor seen",
            Confidence::Possible,
        ),
    ] {
        let root = with(base, &files);
        let found = layer(&root, LayerKind::Hypervisor);
        assert_eq!((&*found.name, found.confidence), (name, confidence), "{base} with {files:?}: {found:?}");
        let named = files
            .iter()
            .any(|(_, text)| found.evidence.iter().any(|line| line.contains(text.split('\0').next().unwrap())));
        assert!(named, "{files:?} is no evidence: {found:?}");
    }
}

#[test]
fn processors_of_every_kind_have_a_name() {
    for (arch, cpuinfo, name) in [
        ("powerpc64", "processor\t: 0\ncpu\t\t: POWER10 (raw), altivec supported\n\nplatform\t: PowerNV\n", "POWER10"),
        ("powerpc", "processor\t: 0\ncpu\t\t: e500mc\n", "e500mc"),
        (
            "riscv64",
            "processor\t: 0\nhart\t\t: 1\nisa\t\t: rv64imafdch_zicsr\nmmu\t\t: sv39\nuarch\t\t: sifive,u74-mc\n",
            "sifive,u74-mc",
        ),
        ("riscv64", "processor\t: 0\nhart\t\t: 1\nisa\t\t: rv64imafdc_zicsr\n", "RISC-V rv64imafdc"),
        (
            "loongarch64",
            "system type\t: x\n\nprocessor\t: 0\nModel Name\t: Loongson-3A6000\nFeatures\t: lvz\n",
            "Loongson-3A6000",
        ),
        (
            "mips64",
            "system type\t: x\nprocessor\t: 0\ncpu model\t: Cavium Octeon III V0.2  FPU V0.0\n",
            "Cavium Octeon III V0.2  FPU V0.0",
        ),
        ("sparc64", "cpu\t\t: UltraSparc T5 (Niagara5)\n", "UltraSparc T5"),
    ] {
        let mut root = with("loongarch-model-name", &[("/proc/cpuinfo", cpuinfo)]);
        root.set_fact("arch", arch);
        let found = layer(&root, LayerKind::Processor);
        assert_eq!((&*found.name, found.confidence), (name, Confidence::Certain), "{arch}");
    }
}

// Kernels that imitate Linux.

#[test]
fn a_kernel_that_imitates_linux_is_named_and_its_word_on_namespaces_is_not_taken() {
    let release = "/proc/sys/kernel/osrelease";
    let version = "/proc/version";
    for (base, files, kernel, container) in [
        (
            "gvisor",
            vec![(release, "4.4.0\n"), (version, "Linux version 4.4.0 #1 SMP Sun Jan 10 15:06:54 PST 2016\n")],
            "gVisor, imitates Linux 4.4.0",
            "gVisor sandbox",
        ),
        (
            "wsl2",
            vec![(release, "4.4.0-19041-Microsoft\n"), (version, "Linux version 4.4.0-19041-Microsoft\n")],
            "WSL 1, imitates Linux 4.4.0-19041-Microsoft",
            "WSL 1 distribution",
        ),
        (
            "gce-metal",
            vec![(release, "6.6.15-starnix\n")],
            "Starnix, imitates Linux 6.6.15-starnix",
            "a Linux environment of Starnix",
        ),
        (
            "gce-metal",
            vec![(version, "Linux version 3.10.0 (x@y) (gcc) BrandZ virtual linux\n"), (release, "3.10.0\n")],
            "illumos, imitates Linux 3.10.0",
            "a Linux environment of illumos",
        ),
    ] {
        let root = with(base, &files);
        let found = layer(&root, LayerKind::Kernel);
        assert_eq!((&*found.name, found.confidence), (kernel, Confidence::Certain));
        assert_eq!(layer(&root, LayerKind::Container).name, container);
        assert_eq!(layer(&root, LayerKind::Namespaces).confidence, Confidence::Unknown);
        let sure = take(&root).limits.into_iter().any(|limit| limit.confidence == Confidence::Certain);
        assert!(!sure, "{base}: a limit of the imitation's own is not certain");
    }
    // A release that merely holds the letters.
    let root = with("gce-metal", &[(release, "6.8.0-ishtar\n")]);
    assert_eq!(layer(&root, LayerKind::Kernel).name, "Linux 6.8.0-ishtar");
}

#[test]
fn user_mode_linux_in_a_virtual_machine_has_that_one_s_hypervisor_below() {
    for (letters, below) in [(b"KVMKVMKVM\0\0\0", "KVM below"), (b"VMwareVMware", "VMware below")] {
        let mut root = host("uml-on-bare-metal");
        signed(&mut root, 0x4000_0000, letters);
        assert_eq!(layer(&root, LayerKind::Hypervisor).name, "User Mode Linux");
        assert_eq!(layer(&root, LayerKind::OuterHypervisor).name, below);
    }
    let clean = host("uml-on-bare-metal").scrubbed();
    assert!(!take(&clean).to_text(true).contains("laptop"), "the host's name is somebody's own");
}

// WSL 2.

#[test]
fn containers_in_a_wsl2_distribution_are_found_and_the_distribution_alone_is_none() {
    let root = "900 899 0:60 / / rw - overlay overlay rw,lowerdir=";
    let cgroup = "910 909 0:30 / /sys/fs/cgroup ro - cgroup2 cgroup rw\n";
    let file = |folder: &str, name: &str| format!("9 900 8:33 {folder}/{name} /etc/{name} rw - ext4 /dev/sdd rw\n");
    let files = |folder: &str| ["resolv.conf", "hostname", "hosts"].map(|name| file(folder, name)).concat();
    let podman = format!("{root}/data/pods/overlay/l/A\n{cgroup}{}", files("/run/x/overlay-containers/0001/userdata"));
    let docker = format!("{root}/var/lib/docker/overlay2/l/A\n{cgroup}{}", files("/var/lib/docker/containers/0001"));
    let unknown = format!("{root}/data/layers/1\n{cgroup}");
    for (mounts, name) in [
        (podman, "Podman container"),
        (docker, "Docker container"),
        (unknown, "container of unknown kind, Docker by its markers"),
    ] {
        let root = with("docker-data-root-moved-in-wsl2", &[("/proc/self/mountinfo", &mounts)]);
        assert_eq!(layer(&root, LayerKind::Container).name, name);
    }
    assert_eq!(layer(&host("wsl2"), LayerKind::Container).name, "WSL2 distribution");
}

// Small ones.

#[test]
fn capabilities_are_counted_among_those_that_the_kernel_knows() {
    let said = |set: &str, last: &str| {
        let status = format!("CapEff:\t{set}\nCapBnd:\t{set}\n");
        let root = with("gce-metal", &[("/proc/self/status", &status), ("/proc/sys/kernel/cap_last_cap", last)]);
        layer(&root, LayerKind::Process).detail
    };
    assert!(said("fffffffffffffeff", "").contains("all capabilities but setpcap"));
    assert!(said("0000001fffffffff", "36\n").contains("all capabilities ·"));
    assert!(said("0000001ffffffdff", "36\n").contains("all capabilities but linux_immutable"));
    assert!(said("00000000a80425fb", "40\n").contains("14 of 41 capabilities"));
    assert!(said("000003ffffffffff", "41\n").contains("all capabilities ·"));
}

#[test]
fn a_proc_that_shows_processes_only_leaves_the_kernel_to_uname() {
    let mut root = host("proc-subset-pid");
    assert_eq!(layer(&root, LayerKind::Kernel).confidence, Confidence::Unknown);
    root.set_fact("release", "5.14.0-427.el9.x86_64");
    let kernel = layer(&root, LayerKind::Kernel);
    assert_eq!((&*kernel.name, kernel.confidence), ("Linux 5.14.0-427.el9.x86_64", Confidence::Certain));
    let mut root = host("gvisor");
    root.insert("/proc/sys/kernel/osrelease", Entry::Refused("permission denied".into()));
    root.set_fact("release", "4.19.0-gvisor");
    assert_eq!(layer(&root, LayerKind::Kernel).name, "gVisor, imitates Linux 4.19.0-gvisor");
}

#[test]
fn kernels_that_number_their_containers_are_taken_at_their_word() {
    let container = |files: &[(&str, &str)], bc: bool| {
        let mut root = with("openvz6-container", files);
        if bc {
            root.insert("/proc/bc", Entry::Exists);
        }
        layer(&root, LayerKind::Container)
    };
    let status = "/proc/self/status";
    assert_eq!(container(&[], false).name, "OpenVZ container");
    assert_eq!(container(&[(status, "Name:\tcat\n")], false).name, "OpenVZ container");
    assert!(!container(&[(status, "Name:\tcat\nenvID:\t0\n")], true).present);
    assert!(!container(&[(status, "Name:\tcat\n")], true).present);
    let vserver = container(&[(status, "Name:\tcat\nenvID:\t0\nVxID:\t42\n")], true);
    assert_eq!((&*vserver.name, vserver.confidence), ("Linux-VServer container", Confidence::Certain));
}

// Captures.

/// What an inventory says, but for names that were taken out.
fn verdict(inventory: &Inventory) -> Vec<String> {
    let layers = inventory.layers.iter().map(|layer| {
        format!("{:?} {} {} {:?} {}", layer.layer, layer.name, layer.present, layer.confidence, layer.evidence.len())
    });
    let limits = inventory.limits.iter().map(|limit| {
        let set = limit.set_at.is_some();
        format!(
            "{:?} {:?} {} {} {:?} {}",
            limit.resource,
            limit.value,
            limit.devices.len(),
            set,
            limit.confidence,
            limit.evidence.len()
        )
    });
    layers.chain(limits).collect()
}

#[test]
fn a_capture_says_what_the_host_says() {
    for item in std::fs::read_dir(hosts()).unwrap() {
        let name = item.unwrap().file_name().into_string().unwrap();
        let root = host(&name);
        assert_eq!(verdict(&take(&root.scrubbed())), verdict(&take(&root)), "{name}");
    }
    let dir = tempfile::tempdir().unwrap();
    gather::save(&dir.path().join("host")).unwrap();
    let (live, gathered) = (take(&Root::host()), take(&Root::load(&dir.path().join("host")).unwrap()));
    assert_eq!(verdict(&gathered), verdict(&live));
}

#[test]
fn a_folder_s_name_is_in_no_file_of_a_capture_wherever_a_tree_is_mounted() {
    let point = "/mnt/SECRET/chroot/sys/fs/cgroup";
    let mounts = format!(
        "22 1 8:2 / / rw - ext4 /dev/sda2 rw\n40 22 0:9 / /mnt rw - tmpfs none rw\n\
         30 40 0:26 / {point} rw - cgroup2 c rw\n31 40 0:26 /SECRET /mnt/SECRET2 rw - cgroup2 c rw\n"
    );
    let root = with(
        "gce-metal",
        &[
            ("/proc/self/mountinfo", &mounts),
            ("/proc/self/cgroup", "0::/SECRET3/b\n"),
            (&format!("{point}/SECRET3/memory.max"), "268435456\n"),
            (&format!("{point}/SECRET3/b/memory.max"), "max\n"),
        ],
    );
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("host");
    root.scrubbed().save(&folder).unwrap();
    let clean = Root::load(&folder).unwrap();
    assert_eq!(verdict(&take(&clean)), verdict(&take(&root)));
    assert_eq!(limit(&clean, Resource::Memory).value, Some(268435456.0));
    let whole = |path: &Path| std::fs::read_to_string(path).unwrap();
    let said = whole(&folder.join("facts.txt")) + &whole(&folder.join("tree/proc/self/mountinfo"));
    assert!(!said.contains("SECRET"), "{said}");
}

#[test]
fn a_value_that_ends_in_spaces_is_saved_as_it_is() {
    let root = with("gce-metal", &[(PRODUCT, "PowerEdge R640   \n"), (VENDOR, "  Dell \n")]);
    let dir = tempfile::tempdir().unwrap();
    root.save(&dir.path().join("host")).unwrap();
    assert_eq!(Root::load(&dir.path().join("host")).unwrap(), root);
}
