//! Kernels that imitate Linux, programs that are translated, and what a kernel says of itself.

use super::*;

// Fails where nothing is an imitation, or versions are not read.
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
        let found = of(&root, LayerKind::Kernel);
        assert_eq!((&*found.name, found.confidence), (kernel, Confidence::Certain));
        assert_eq!(of(&root, LayerKind::Container).name, container);
        assert_eq!(of(&root, LayerKind::Namespaces).confidence, Confidence::Unknown);
        let sure = take(&root).limits.into_iter().any(|limit| limit.confidence == Confidence::Certain);
        assert!(!sure, "{base}: a limit of the imitation's own is not certain");
    }
    // A release that merely holds the letters.
    let root = with("gce-metal", &[(release, "6.8.0-ishtar\n")]);
    assert_eq!(layer(&root, LayerKind::Kernel).name, "Linux 6.8.0-ishtar");
}

// Fails where nothing is an imitation, and where only one of the two is read.
#[test]
fn other_systems_layers_for_linux_programs_are_known_by_their_version_or_by_their_proc() {
    let version = "/proc/version";
    let freebsd = "Linux version 5.15.0 (des@freebsd.org) (gcc version 4.2.1 20070831 prerelease [FreeBSD]) #4\n";
    let linprocfs = "22 1 0:1 / / rw - zfs zroot/ROOT rw\n24 22 0:2 / /proc rw - linprocfs linprocfs rw\n";
    for (files, kernel) in [
        (vec![(version, freebsd)], "FreeBSD, imitates Linux 6.4.0-150700.53-default"),
        (
            vec![(version, ""), ("/proc/self/mountinfo", linprocfs), ("/proc/sys/kernel/osrelease", "5.15.0\n")],
            "FreeBSD, imitates Linux 5.15.0",
        ),
        (
            vec![(version, "Linux version 4.20.69-ish\n"), ("/proc/sys/kernel/osrelease", "4.20.69-ish\n")],
            "iSH, imitates Linux 4.20.69-ish",
        ),
    ] {
        let root = with("gce-metal", &files);
        let found = of(&root, LayerKind::Kernel);
        assert_eq!((&*found.name, found.confidence), (kernel, Confidence::Certain), "{found:?}");
        assert!(of(&root, LayerKind::Container).present, "{kernel}: what its programs see is not the machine's");
        assert!(take(&root).limits.iter().all(|limit| limit.confidence != Confidence::Certain), "{kernel}");
    }
}

// Fails where CPUID is taken for that of the kernel's own hypervisor, and where one without a known name is none.
#[test]
fn user_mode_linux_in_a_virtual_machine_has_that_one_s_hypervisor_below() {
    for (letters, below) in [(b"KVMKVMKVM\0\0\0", "KVM below"), (b"VMwareVMware", "VMware below")] {
        let mut root = host("uml-on-bare-metal");
        signed(&mut root, 0x4000_0000, letters);
        assert_eq!(layer(&root, LayerKind::Hypervisor).name, "User Mode Linux");
        assert_eq!(layer(&root, LayerKind::OuterHypervisor).name, below);
    }
    // One that signs with a name in no list, or with none, is there all the same.
    let signed_with = |letters: &[u8; 12]| {
        let mut root = host("uml-on-bare-metal");
        signed(&mut root, 0x4000_0000, letters);
        root
    };
    for root in [signed_with(b"Abracadabra!"), signed_with(&[0; 12])] {
        let found = of(&root, LayerKind::OuterHypervisor);
        assert_eq!((found.present, &*found.name), (true, "an unknown hypervisor below"), "{found:?}");
        let inner = of(&root, LayerKind::Hypervisor);
        assert!(inner.evidence.iter().any(|line| line.contains("something without a known name")), "{inner:?}");
    }
    // Two names of one hypervisor are one layer.
    let mut root = signed_with(b"Microsoft Hv");
    signed(&mut root, 0x4000_0100, b"KVMKVMKVM\0\0\0");
    let found = of(&root, LayerKind::OuterHypervisor);
    assert_eq!((&*found.name, &*found.detail), ("KVM below", ""));
    assert!(!of(&host("uml-on-bare-metal"), LayerKind::OuterHypervisor).present);
    let clean = host("uml-on-bare-metal").scrubbed();
    assert!(!take(&clean).to_text(true).contains("laptop"), "the host's name is somebody's own");
}

// Fails where all 64 are counted.
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

// Fails where uname is not asked.
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

/// CPUID of a program that is translated: a signature, and the bit.
fn translated(base: &str, arch: &str, files: &[(&str, &str)]) -> Root {
    let mut root = with(base, files);
    root.set_fact("arch", arch);
    root
}

// Fails where no program is translated.
#[test]
fn what_a_translator_answers_is_not_taken_for_the_machine() {
    let arm = "processor\t: 0\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU part\t: 0xd0c\nCPU revision\t: 1\n";
    // A container for x86 on an ARM board, by qemu-user: its CPUID has QEMU's signature.
    let mut root = translated("arm64-board", "x86_64", &[("/proc/cpuinfo", arm)]);
    root.set_cpuid(host("capabilities-beyond-the-last").cpuid().clone());
    signed(&mut root, 0x4000_0000, b"TCGTCGTCGTCG");
    assert_eq!(of(&root, LayerKind::Hypervisor).name, "no hypervisor");
    assert_eq!(of(&root, LayerKind::Processor).name, "ARM Neoverse-N1");
    let process = of(&root, LayerKind::Process);
    assert!(process.detail.contains("made for x86_64, translated by"), "{process:?}");
    // What its CPUID costs is the translator's time.
    for cost in [30.0, 900.0, 50_000.0] {
        let mut inventory = take(&root);
        let before = inventory.layer(LayerKind::Hypervisor).unwrap().clone();
        inventory.add_exit_cost(cost);
        let after = inventory.layer(LayerKind::Hypervisor).unwrap();
        assert_eq!((&after.name, after.confidence), (&before.name, before.confidence));
        assert_eq!(after.evidence.len(), before.evidence.len() + 1);
    }
    // The other way: a container for ARM on a PC in KVM.
    let root = translated("kvm-guest-qemu", "aarch64", &[]);
    let mut root = root;
    root.set_cpuid(Default::default());
    assert_eq!(of(&root, LayerKind::Hypervisor).name, "KVM guest");
    assert!(of(&root, LayerKind::Process).detail.contains("made for aarch64, translated by"));
    // Rosetta makes up the processor too, and is found in one hypervisor's machines only.
    let apple = "processor\t: 0\nvendor_id\t: VirtualApple\nmodel name\t: VirtualApple @ 2.50GHz\nflags\t\t: fpu sse\n";
    let root = translated("gce-metal", "x86_64", &[("/proc/cpuinfo", apple), (VENDOR, ""), (PRODUCT, "")]);
    let mut root = root;
    for field in ["board_vendor", "chassis_vendor", "bios_vendor"] {
        root.insert(format!("/sys/class/dmi/id/{field}"), Entry::Refused("taken out".into()));
    }
    assert_eq!(of(&root, LayerKind::Hypervisor).name, "Apple Virtualization guest");
    assert!(of(&root, LayerKind::Process).detail.contains("translated by Rosetta"));
    // A program of 32 bits on its own processor's bigger form is not translated.
    let root = translated("v1-32-bit-no-limit", "arm", &[("/proc/cpuinfo", arm)]);
    assert!(!of(&root, LayerKind::Process).detail.contains("translated"));
    let root = translated("gce-metal", "x86", &[]);
    assert!(!of(&root, LayerKind::Process).detail.contains("translated"));
}

// Fails where nothing is an imitation.
#[test]
fn what_cpuid_costs_under_gvisor_tells_nothing_of_the_machine() {
    let mut inventory = take(&host("gvisor"));
    let before = inventory.layer(LayerKind::Hypervisor).unwrap().clone();
    inventory.add_exit_cost(8_000.0);
    let after = inventory.layer(LayerKind::Hypervisor).unwrap();
    assert_eq!((&after.name, after.confidence, after.present), (&before.name, before.confidence, false));
}

// Fails where uname is not asked.
#[test]
fn imitations_are_known_by_what_uname_says_where_proc_hides_it() {
    let hidden = || {
        let files = [("/proc/version", ""), ("/proc/sys/kernel/osrelease", ""), ("/proc/sys/kernel/version", "")];
        let mut root = with("gce-metal", &files);
        root.set_fact("release", "4.4.0");
        root
    };
    for (version, name) in [
        ("#1 SMP Sun Jan 10 15:06:54 PST 2016", "gVisor, imitates Linux 4.4.0"),
        ("#1237-Microsoft Sat Sep 11 14:32:00 PST 2021", "WSL 1, imitates Linux 4.4.0"),
        ("BrandZ virtual linux", "illumos, imitates Linux 4.4.0"),
        ("#1 SMP PREEMPT_DYNAMIC Debian 6.1.90-1", "Linux 4.4.0"),
    ] {
        let mut root = hidden();
        root.set_fact("version", version);
        assert_eq!(of(&root, LayerKind::Kernel).name, name, "{version}");
    }
    // Microsoft builds kernels that are Linux too.
    for release in
        ["5.15.153.1-microsoft-standard-WSL2", "6.6.57.1-7.azl3", "6.1.58.mshv4", "4.19.43-microsoft-standard"]
    {
        let root = with("gce-metal", &[("/proc/sys/kernel/osrelease", release)]);
        assert_eq!(of(&root, LayerKind::Kernel).name, format!("Linux {release}"));
    }
}

// Fails where the release does not say which there are.
#[test]
fn capabilities_that_an_old_kernel_does_not_know_are_not_missing() {
    let said = |release: &str, set: &str, bound: &str| {
        let status = format!("CapEff:\t{set}\nCapBnd:\t{bound}\n");
        let files = [
            ("/proc/self/status", &*status),
            ("/proc/sys/kernel/cap_last_cap", ""),
            ("/proc/sys/kernel/osrelease", release),
        ];
        of(&with("gce-metal", &files), LayerKind::Process).detail
    };
    for (release, set) in [
        ("4.15.0-213-generic", "0000003fffffffff"),
        ("5.8.0", "000000ffffffffff"),
        ("3.10.0-1160.el7.x86_64", "0000001fffffffff"),
        ("6.1.0", "000001ffffffffff"),
        ("4.18.0-553.el8.x86_64", "000000ffffffffff"),
    ] {
        assert!(said(release, set, set).contains("all capabilities ·"), "{release}: {}", said(release, set, set));
    }
    let few = said("4.15.0", "00000000a80425fb", "0000003fffffffff");
    assert!(few.contains("14 of 38 capabilities"), "{few}");
    let one = said("4.15.0", "0000003ffffffeff", "0000003fffffffff");
    assert!(one.contains("all capabilities but setpcap"), "{one}");
}
