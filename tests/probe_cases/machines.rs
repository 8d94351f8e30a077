//! What is below the kernel: signatures, names, devices, other architectures, two hypervisors at once.

use super::*;

// Fails where a cloud's names, virtio functions or a metal instance's type count for a virtual machine.
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

// Fails where what only virtual machines have does not count.
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

// Fails where a cloud's names count for a virtual machine.
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

// Fails where a signature is compared with its padding, and without Xen's.
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

// Fails where nobody imitates.
#[test]
fn who_signs_with_another_s_name_is_known_by_its_own() {
    for (letters, vendor, product, name, confidence) in [
        (b"KVMKVMKVM\0\0\0", "innotek GmbH", "VirtualBox", "VirtualBox guest", Confidence::Certain),
        (b"Microsoft Hv", "Parallels Software", "Parallels Virtual Platform", "Parallels guest", Confidence::Certain),
        (b"Microsoft Hv", "Xen", "HVM domU", "Xen guest", Confidence::Certain),
        (b"Microsoft Hv", "Nutanix", "AHV", "KVM guest", Confidence::Certain),
        (b"Microsoft Hv", "Red Hat", "RHEV Hypervisor", "KVM guest", Confidence::Certain),
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

// Fails where all signs are the nearest layer's.
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

// Fails where /proc/sysinfo is not read.
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

// Fails where no manufacturer is known for an interpreter, and where all are taken at their word.
#[test]
fn a_program_that_interprets_a_mainframe_is_not_the_machine_nor_the_kvm_that_it_says_it_is() {
    let of_list = |list: &str| {
        let root = with("s390x-kvm-in-zvm", &[("/proc/sysinfo", list)]);
        (of(&root, LayerKind::Hypervisor), of(&root, LayerKind::OuterHypervisor))
    };
    // As QEMU's interpreter writes it, with a name and without.
    for name in ["TCGguest", "mine"] {
        let list = format!(
            "Manufacturer:         QEMU            \nType:                 8561\nLPAR Number:          0\n\
             LPAR Name:            QEMU    \n\nVM00 Name:            {name}\nVM00 Control Program: KVM/Linux       \n"
        );
        let (inner, outer) = of_list(&list);
        assert_eq!((&*inner.name, inner.confidence), ("QEMU guest", Confidence::Certain), "{inner:?}");
        assert!(inner.evidence.iter().any(|line| line.contains("QEMU") && line.contains("makes up the partition")));
        assert_eq!((outer.present, outer.confidence), (false, Confidence::Unknown), "no PR/SM: {outer:?}");
    }
    // What it interprets may be a hypervisor of its own.
    let (inner, outer) =
        of_list("Manufacturer: HRC\nType: 2964\nLPAR Name: HERCULES\nVM00 Control Program: z/VM    6.4.0\n");
    assert_eq!((&*inner.name, &*outer.name), ("z/VM guest", "Hercules below"));
    let (inner, _) = of_list("Manufacturer: HRC\nType: 2964\nLPAR Name: HERCULES\n");
    assert_eq!((&*inner.name, inner.confidence), ("Hercules guest", Confidence::Certain));
    // KVM shows its guests the manufacturer of the real machine; one who makes none is not taken at its word.
    let (inner, _) = of_list("Manufacturer: IBM\nType: 8561\nLPAR Name: QEMU\nVM00 Control Program: KVM/Linux\n");
    assert_eq!((&*inner.name, inner.confidence), ("KVM guest", Confidence::Certain));
    for rest in ["", "VM00 Control Program: KVM/Linux\n"] {
        let (inner, _) = of_list(&format!("Manufacturer: ACME\nType: 8561\nLPAR Name: A\n{rest}"));
        assert_eq!(inner.confidence, Confidence::Likely, "{inner:?}");
        assert!(inner.evidence.iter().any(|line| line.contains("ACME")), "{inner:?}");
    }
}

// Fails where the tree is not read.
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
        ("loongarch-model-name", vec![(node, "vmware")], "VMware guest", Confidence::Certain),
        ("loongarch-model-name", vec![(node, "linux,kvm")], "KVM guest", Confidence::Certain),
        ("loongarch-model-name", vec![(node, "gunyah-hypervisor-1.0")], "Gunyah guest", Confidence::Certain),
        (
            "loongarch-model-name",
            vec![(compatible, "riscv-virtio"), (model, "riscv-virtio,qemu")],
            "a virtual machine, hypervisor not named",
            Confidence::Likely,
        ),
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

// Fails where DMI names nobody.
#[test]
fn guests_of_other_architectures_are_told_by_their_tables_where_there_is_no_tree() {
    // QEMU's `virt` with ACPI: the product's name tells whether KVM is used (`hw/riscv/virt.c`, `hw/loongarch/virt.c`).
    for arch in ["riscv64", "loongarch64"] {
        let told = |product: &str| {
            let hidden = [("/proc/device-tree/model", ""), ("/proc/device-tree/compatible", "")];
            let mut root = with("loongarch-model-name", &hidden);
            root.set_fact("arch", arch);
            root.insert(VENDOR, text("QEMU\n"));
            root.insert(PRODUCT, text(product));
            let found = of(&root, LayerKind::Hypervisor);
            (found.name, found.confidence, found.detail)
        };
        let said = |name: &str| (name.to_owned(), Confidence::Likely, "device model: QEMU".to_owned());
        assert_eq!(told("KVM Virtual Machine\n"), said("KVM guest"), "{arch}");
        assert_eq!(told("QEMU Virtual Machine\n"), said("a virtual machine, hypervisor not named"), "{arch}");
    }
}

// Fails where only x86 and ARM have names.
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

/// Another answer of CPUID in a host that has some.
fn answering(root: &mut Root, leaf: u32, registers: [u32; 4]) {
    let mut cpuid = root.cpuid().clone();
    cpuid.set(leaf, 0, registers);
    root.set_cpuid(cpuid);
}

/// Devices on the PCI bus: vendor and class, in hexadecimal.
fn with_cards(root: &mut Root, cards: &[(&str, &str)]) {
    let folder = "/sys/bus/pci/devices";
    root.insert(folder, Entry::Dir((0..cards.len()).map(|at| at.to_string()).collect()));
    for (at, (vendor, class)) in cards.iter().enumerate() {
        for (file, value) in [("vendor", *vendor), ("device", "0x0001"), ("class", *class)] {
            root.insert(format!("{folder}/{at}/{file}"), text(value));
        }
    }
}

// Fails where the first signature is taken.
#[test]
fn a_name_that_somebody_made_up_hides_no_signature_after_it() {
    // As people do so that a graphics driver starts: a vendor id of their own, and KVM's signature behind it.
    for made_up in [b"AuthenticAMD", b"whatever1234", b"Abracadabra!"] {
        for (letters, name) in [(b"KVMKVMKVM\0\0\0", "KVM guest"), (b"XenVMMXenVMM", "Xen guest")] {
            let mut root = host("capabilities-beyond-the-last");
            signed(&mut root, 0x4000_0000, made_up);
            signed(&mut root, 0x4000_0100, letters);
            let found = of(&root, LayerKind::Hypervisor);
            assert_eq!((&*found.name, found.confidence), (name, Confidence::Certain), "{found:?}");
        }
    }
    // Hyper-V's interface, and after it a name that is in no list.
    let mut root = host("capabilities-beyond-the-last");
    signed(&mut root, 0x4000_0000, b"Microsoft Hv");
    signed(&mut root, 0x4000_0100, b"Abracadabra!");
    assert_eq!(of(&root, LayerKind::Hypervisor).name, "unknown hypervisor \"Abracadabra!\"");
    // The interface tells its kind, whatever it is called.
    let mut root = host("capabilities-beyond-the-last");
    signed(&mut root, 0x4000_0000, b"Abracadabra!");
    answering(&mut root, 0x4000_0001, [u32::from_le_bytes(*b"Hv#1"), 0, 0, 0]);
    let found = of(&root, LayerKind::Hypervisor);
    assert_eq!(found.confidence, Confidence::Unknown);
    assert!(found.evidence.iter().any(|line| line.contains("Hyper-V's interface")), "{found:?}");
}

/// A machine that QEMU models, by its tables, with these letters at 0x40000000 and at 0x40000100.
fn modelled(first: &[u8; 12], second: Option<&[u8; 12]>) -> Root {
    let mut root =
        with("kvm-guest-qemu", &[("/sys/devices/system/clocksource/clocksource0/available_clocksource", "tsc\n")]);
    let mut cpuid = root.cpuid().clone();
    for leaf in [0x4000_0000, 0x4000_0001, 0x4000_0100, 0x4000_0101] {
        cpuid.set(leaf, 0, [0; 4]);
    }
    root.set_cpuid(cpuid);
    signed(&mut root, 0x4000_0000, first);
    if let Some(second) = second {
        signed(&mut root, 0x4000_0100, second);
    }
    root
}

// Fails where a paravirtual guest is told by what is left of the names, and not by all of them.
#[test]
fn an_interface_of_xen_s_that_qemu_offers_makes_no_guest_of_xen() {
    // As `-accel kvm,xen-version=…` does: Xen's signature alone, and what the kernel finds of Xen.
    let mut root = modelled(b"XenVMMXenVMM", None);
    root.insert("/sys/hypervisor/type", text("xen\n"));
    let found = of(&root, LayerKind::Hypervisor);
    assert_eq!((&*found.name, found.confidence), ("KVM guest", Confidence::Likely), "{found:?}");
    assert!(found.evidence.iter().any(|line| line.contains("KVM may offer Xen's interface")), "{found:?}");
    // With Hyper-V's before it, and with KVM's behind it.
    for (first, second) in [(b"Microsoft Hv", b"XenVMMXenVMM"), (b"XenVMMXenVMM", b"KVMKVMKVM\0\0\0")] {
        let mut root = modelled(first, Some(second));
        root.insert("/sys/hypervisor/type", text("xen\n"));
        let found = of(&root, LayerKind::Hypervisor);
        assert_eq!((&*found.name, found.confidence), ("KVM guest", Confidence::Likely), "{found:?}");
    }
    // With a provider's names and KVM's clock, which the kernel keeps where it found KVM.
    let mut root = with("capabilities-beyond-the-last", &[(VENDOR, "Tilaa"), (PRODUCT, "VPS")]);
    root.insert("/sys/devices/system/clocksource/clocksource0/available_clocksource", text("kvm-clock tsc\n"));
    signed(&mut root, 0x4000_0000, b"XenVMMXenVMM");
    let found = of(&root, LayerKind::Hypervisor);
    assert_eq!((&*found.name, found.confidence), ("KVM guest", Confidence::Likely), "{found:?}");
    // Xen's own guests have Xen's tables.
    assert_eq!(of(&host("xen-hvm"), LayerKind::Hypervisor).confidence, Confidence::Certain);
}

// Fails where the first signature is taken, and where the leaf behind it is not read.
#[test]
fn a_second_signature_is_never_ignored_nor_a_model_that_the_first_one_does_not_have() {
    // Two names, neither of which is known to offer the other's interface.
    let found = of(&modelled(b"VMwareVMware", Some(b"KVMKVMKVM\0\0\0")), LayerKind::Hypervisor);
    assert_eq!((&*found.name, found.confidence), ("VMware or KVM: which is not clear", Confidence::Conflict));
    // `hv-vendor-id=VMwareVMware`: the leaf behind it says whose interface that name was given to.
    let mut root = modelled(b"VMwareVMware", Some(b"KVMKVMKVM\0\0\0"));
    answering(&mut root, 0x4000_0001, [u32::from_le_bytes(*b"Hv#1"), 0, 0, 0]);
    let found = of(&root, LayerKind::Hypervisor);
    assert_eq!((&*found.name, found.confidence), ("KVM guest", Confidence::Likely), "{found:?}");
    assert!(found.evidence.iter().any(|line| line.contains("Hyper-V's interface under another's name")), "{found:?}");
    // And KVM's own name hidden.
    let mut root = modelled(b"VMwareVMware", None);
    assert_eq!(of(&root, LayerKind::Hypervisor).confidence, Confidence::Conflict, "QEMU's model is not VMware's");
    root = with("capabilities-beyond-the-last", &[]);
    signed(&mut root, 0x4000_0000, b"VMwareVMware");
    assert_eq!(of(&root, LayerKind::Hypervisor).confidence, Confidence::Certain);
    answering(&mut root, 0x4000_0001, [u32::from_le_bytes(*b"Hv#1"), 0, 0, 0]);
    assert_eq!(of(&root, LayerKind::Hypervisor).confidence, Confidence::Conflict, "VMware offers no such interface");
    // Those who offer Hyper-V's interface under their own name lend nothing.
    let mut root = host("capabilities-beyond-the-last");
    signed(&mut root, 0x4000_0000, b"VBoxVBoxVBox");
    answering(&mut root, 0x4000_0001, [u32::from_le_bytes(*b"Hv#1"), 0, 0, 0]);
    let found = of(&root, LayerKind::Hypervisor);
    assert_eq!((&*found.name, found.confidence), ("VirtualBox guest", Confidence::Certain), "{found:?}");
}

// Fails where QEMU's model makes KVM of Hyper-V's name whatever its leaves are.
#[test]
fn hyper_v_s_name_alone_on_qemu_s_model_is_whose_leaves_it_has() {
    let filled = |highest: u32, hardware: Option<[u32; 4]>| {
        let mut root = modelled(b"Microsoft Hv", None);
        let [_, b, c, d] = root.cpuid().get(0x4000_0000, 0).unwrap();
        answering(&mut root, 0x4000_0000, [highest, b, c, d]);
        if let Some(registers) = hardware {
            answering(&mut root, 0x4000_0006, registers);
        }
        of(&root, LayerKind::Hypervisor)
    };
    let none = Some([0; 4]);
    for (highest, hardware, name, confidence, line) in [
        // QEMU's `-cpu host,kvm=off,hv_…`: up to the limits, and further for nested guests and a debugger.
        (0x4000_0005, None, "KVM guest", Confidence::Likely, "leaves to 0x40000005, as QEMU fills them for KVM"),
        (0x4000_000a, none, "KVM guest", Confidence::Likely, "0x40000006 EAX 0x00000000: no hardware in use"),
        (0x4000_0082, none, "KVM guest", Confidence::Likely, "0x40000006 EAX 0x00000000: no hardware in use"),
        // QEMU on Microsoft's own hypervisor, which uses the APIC's, MSRs' and nested paging's help.
        (0x4000_000b, Some([0xf, 0, 0, 0]), "Hyper-V guest", Confidence::Likely, "as Microsoft's tells"),
        (0x4000_0006, Some([0x409, 0, 0, 0]), "Hyper-V guest", Confidence::Likely, "as Microsoft's tells"),
        // Its interface switched off, or the leaves not captured.
        (0x4000_0001, None, "KVM or Hyper-V: which is not clear", Confidence::Possible, "nothing read tells"),
        (0x4000_000c, None, "KVM or Hyper-V: which is not clear", Confidence::Possible, "nothing read tells"),
    ] {
        let found = filled(highest, hardware);
        assert_eq!(
            (&*found.name, found.confidence, found.present),
            (name, confidence, true),
            "{highest:#x}: {found:?}"
        );
        assert!(found.evidence.iter().any(|said| said.contains(line)), "{highest:#x}: {found:?}");
        assert_eq!(found.detail, "device model: QEMU");
    }
    // Whose own model it is needs no leaf for that.
    let mut root =
        with("capabilities-beyond-the-last", &[(VENDOR, "Microsoft Corporation"), (PRODUCT, "Virtual Machine")]);
    signed(&mut root, 0x4000_0000, b"Microsoft Hv");
    assert_eq!(of(&root, LayerKind::Hypervisor).confidence, Confidence::Certain);
}

// Fails where its own tables alone decide, and where what a CPUID costs is not weighed for it.
#[test]
fn firmware_is_no_surer_to_be_an_imitation_than_that_a_hypervisor_is_below() {
    let firmware = |root: &Root| of(root, LayerKind::Firmware);
    // A maker's name on a machine with real tables, while the bit is off; what a CPUID costs settles it.
    for (vendor, product) in [("VMware", "Edge 620"), ("OVHcloud", "KVM over IP")] {
        let root = with("bare-metal-intel", &[(VENDOR, vendor), (PRODUCT, product)]);
        let found = firmware(&root);
        assert_eq!((&*found.name, found.confidence), ("virtual firmware: UEFI", Confidence::Conflict), "{product}");
        let mut inventory = take(&root);
        inventory.add_exit_cost(40.0);
        let found = inventory.layer(LayerKind::Firmware).unwrap();
        assert_eq!((&*found.name, found.confidence), ("firmware: UEFI", Confidence::Likely), "{product}");
    }
    // A bit and nothing else.
    let mut root = host("bare-metal-intel");
    let [a, b, c, d] = root.cpuid().get(1, 0).unwrap();
    answering(&mut root, 1, [a, b, c | 1 << 31, d]);
    let found = firmware(&root);
    assert_eq!((&*found.name, found.confidence), ("virtual firmware: UEFI", Confidence::Possible), "{found:?}");
    assert!(found.present && found.evidence.iter().any(|line| line.contains("no surer")), "{found:?}");
    // Under what manages the machine: only as sure as the hypervisor further down.
    let root = with("hyperv-root", &[(VENDOR, "QEMU"), (PRODUCT, "Standard PC (Q35 + ICH9, 2009)")]);
    let found = firmware(&root);
    assert_eq!((&*found.name, found.confidence), ("virtual firmware: UEFI", Confidence::Possible), "{found:?}");
    // And where both are sure, it is.
    assert_eq!(firmware(&host("hyperv-nested")).confidence, Confidence::Certain);
}

// Fails where devices name nobody, and where nobody imitates.
#[test]
fn virtualbox_with_the_host_s_names_is_known_by_its_board_or_its_devices() {
    // It may be told to show the host's own names, and it signs as KVM.
    let base = || {
        let mut root = with("parallels-kvm-signature", &[(VENDOR, "LENOVO"), (PRODUCT, "20N2S00600")]);
        root.insert("/sys/class/dmi/id/board_vendor", text("Oracle Corporation\n"));
        root
    };
    let mut root = base();
    root.insert("/sys/class/dmi/id/board_name", text("VirtualBox\n"));
    assert_eq!(of(&root, LayerKind::Hypervisor).name, "VirtualBox guest");
    let mut root = base();
    with_cards(&mut root, &[("0x80ee", "0x088000"), ("0x8086", "0x020000")]);
    let found = of(&root, LayerKind::Hypervisor);
    assert_eq!((&*found.name, found.confidence), ("VirtualBox guest", Confidence::Likely));
    // Oracle's cloud has its name on KVM's machines.
    assert_eq!(of(&base(), LayerKind::Hypervisor).name, "KVM guest");
}

// Fails where a device names its maker whatever else is named.
#[test]
fn a_copy_of_somebody_s_device_names_nobody_where_something_else_does() {
    // QEMU with VMware's graphics, and names of the provider's own.
    let mut root = with("parallels-kvm-signature", &[(VENDOR, "Tilaa"), (PRODUCT, "VPS")]);
    root.insert("/sys/class/dmi/id/board_vendor", text("Tilaa\n"));
    with_cards(&mut root, &[("0x15ad", "0x030000"), ("0x1af4", "0x020000")]);
    let found = of(&root, LayerKind::Hypervisor);
    assert_eq!((&*found.name, found.confidence), ("KVM guest", Confidence::Certain));
}

// Fails where devices name nobody.
#[test]
fn a_bus_that_one_hypervisor_has_names_it_where_there_is_no_bit() {
    for (bus, name) in [("vmbus", "Hyper-V guest"), ("xen", "Xen guest")] {
        let mut root = host("arm64-board");
        for path in ["/dev/kvm", "/proc/device-tree/model", "/proc/device-tree/compatible"] {
            root.insert(path, Entry::Refused("taken out".into()));
        }
        root.insert(format!("/sys/bus/{bus}/devices"), Entry::Dir(vec!["name1".into(), "name2".into()]));
        let found = of(&root, LayerKind::Hypervisor);
        assert_eq!((&*found.name, found.confidence), (name, Confidence::Likely), "{found:?}");
    }
}

// Fails where the folder alone counts.
#[test]
fn the_folder_of_a_driver_is_on_any_machine_that_loads_it() {
    let folder = "/sys/firmware/qemu_fw_cfg";
    for base in ["gce-metal", "arm64-board", "bare-metal-intel"] {
        let mut root = host(base);
        let before = of(&root, LayerKind::Hypervisor);
        root.insert(folder, Entry::Exists);
        let after = of(&root, LayerKind::Hypervisor);
        assert_eq!((after.name, after.confidence), (before.name, before.confidence), "{base}");
        // What the driver found is the device.
        root.insert(format!("{folder}/rev"), Entry::Exists);
        assert!(take(&root).layer(LayerKind::Hypervisor).unwrap().evidence.iter().any(|l| l.ends_with("rev: there")));
    }
    let mut root = host("gce-metal");
    root.insert(format!("{folder}/rev"), Entry::Exists);
    assert_eq!(of(&root, LayerKind::Hypervisor).confidence, Confidence::Conflict);
}

// Fails where virtio functions count for a virtual machine.
#[test]
fn makers_of_hypervisors_sell_machines_too() {
    for (vendor, product, board) in [
        ("Microsoft Corporation", "Surface Pro 9", "Surface Pro 9"),
        ("Google", "Eve", "Eve"),
        ("Nutanix", "NX-8035-G7", "X11DPT-B"),
        ("Oracle Corporation", "SUN FIRE X4170 M2 SERVER", "ASSY,MOTHERBOARD,X4170"),
        ("Huawei", "2288H V5", "BC11SPSCB10"),
        ("Apple Inc.", "Macmini8,1", "Mac-7BA5B2DFE22DDD8C"),
        ("Citrix", "NetScaler SDX", "X9DR"),
    ] {
        let files = [(VENDOR, vendor), (PRODUCT, product), ("/sys/class/dmi/id/board_name", board)];
        for base in ["vulnerability-words", "bluefield-virtio-on-bare-metal"] {
            let found = of(&with(base, &files), LayerKind::Hypervisor);
            assert_eq!((found.present, found.confidence), (false, Confidence::Likely), "{product}: {found:?}");
        }
    }
}

// Fails where nothing manages the machine.
#[test]
fn what_divides_a_machine_s_devices_has_the_machine_s_own_firmware() {
    let acrn = |privileged: u32| {
        let mut root = host("bare-metal-intel");
        signed(&mut root, 0x4000_0000, b"ACRNACRNACRN");
        answering(&mut root, 0x4000_0001, [privileged, 0, 0, 0]);
        root
    };
    assert_eq!(of(&acrn(1), LayerKind::Hypervisor).name, "ACRN service VM");
    assert!(of(&acrn(1), LayerKind::Firmware).name.starts_with("firmware"));
    assert_eq!(of(&acrn(0), LayerKind::Hypervisor).name, "ACRN guest");
    assert!(of(&acrn(0), LayerKind::Firmware).name.starts_with("virtual firmware"));
    let enabled = "/sys/devices/jailhouse/enabled";
    let mut root = host("bare-metal-intel");
    root.insert(enabled, text("1\n"));
    assert_eq!(of(&root, LayerKind::Hypervisor).name, "Jailhouse root cell");
    assert!(of(&root, LayerKind::Firmware).name.starts_with("firmware"));
    root.insert(enabled, text("0\n"));
    assert!(!of(&root, LayerKind::Hypervisor).present, "the driver is loaded, and nothing is divided");
}

// Fails where nothing manages the machine.
#[test]
fn xen_s_first_domain_is_known_where_the_processor_s_signature_is_empty() {
    // AMD's processors without CPUID faulting: the bit is set, and no letters follow.
    let mut root = host("xen-dom0");
    let letters: [u8; 12] = [0; 12];
    signed(&mut root, 0x4000_0000, &letters);
    let found = of(&root, LayerKind::Hypervisor);
    assert_eq!((&*found.name, found.confidence), ("Xen dom0", Confidence::Certain));
    assert!(of(&root, LayerKind::Firmware).name.starts_with("firmware"));
}

// Fails where only the tree is read.
#[test]
fn partitions_are_known_without_their_console_and_without_their_tree() {
    let mut root = host("powervm-lpar");
    root.insert("/proc/device-tree/hmc-managed?", Entry::Refused("taken out".into()));
    let found = of(&root, LayerKind::Hypervisor);
    assert_eq!((&*found.name, found.confidence), ("PowerVM partition", Confidence::Likely));
    // A container sees no tree; the end of /proc/cpuinfo has the machine.
    let of_cpuinfo = |arch: &str, tail: &str| {
        let mut root = host("powervm-lpar");
        let hidden: Vec<String> =
            root.paths().filter(|p| p.starts_with("/proc/device-tree")).map(str::to_owned).collect();
        hidden.into_iter().for_each(|path| root.insert(path, Entry::Refused("taken out".into())));
        root.insert("/proc/cpuinfo", text(&format!("processor\t: 0\ncpu\t\t: POWER9, altivec supported\n\n{tail}")));
        root.set_fact("arch", arch);
        let found = of(&root, LayerKind::Hypervisor);
        (found.name, found.confidence)
    };
    let said = |name: &str, confidence| (name.to_owned(), confidence);
    assert_eq!(
        of_cpuinfo("powerpc64", "platform\t: pSeries\nmachine\t\t: CHRP IBM,9009-42A\n"),
        said("PowerVM partition", Confidence::Likely)
    );
    assert_eq!(
        of_cpuinfo("powerpc64", "platform\t: pSeries\nmachine\t\t: CHRP IBM pSeries (emulated by qemu)\n"),
        said("a virtual machine, hypervisor not named", Confidence::Likely)
    );
    assert_eq!(
        of_cpuinfo("powerpc64", "platform\t: PowerNV\nmachine\t\t: PowerNV 8335-GTH\nfirmware\t: OPAL\n"),
        said("no hypervisor", Confidence::Certain)
    );
    assert_eq!(
        of_cpuinfo("powerpc64", "platform\t: PS3\n"),
        said("LV1 of the PlayStation 3 guest", Confidence::Certain)
    );
    assert_eq!(of_cpuinfo("powerpc", "platform\t: PowerMac\nmachine\t\t: PowerMac3,6\n").0, "no hypervisor seen");
}

// Fails where the kind of a SPARC is not read.
#[test]
fn machines_that_always_have_a_hypervisor_in_their_firmware_say_so() {
    for (kind, name, confidence) in [
        ("sun4v", "a logical domain of sun4v's hypervisor", Confidence::Certain),
        ("sun4u", "no hypervisor seen", Confidence::Possible),
    ] {
        let cpuinfo = format!("cpu\t\t: UltraSparc T5 (Niagara5)\nfpu\t\t: integrated\ntype\t\t: {kind}\n");
        let mut root = with("loongarch-model-name", &[("/proc/cpuinfo", &cpuinfo)]);
        root.set_fact("arch", "sparc64");
        let found = of(&root, LayerKind::Hypervisor);
        assert_eq!((&*found.name, found.confidence), (name, confidence), "{kind}");
    }
}
