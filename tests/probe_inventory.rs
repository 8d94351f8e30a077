//! The inventory of captured hosts, of broken ones, and of the one this runs on.
//!
//! `tests/fixtures/hosts/*` are captured or written by hand (each `MANIFEST.md` says which). Each has a golden report
//! beside it. After a change that is meant: `INSTA_UPDATE=always cargo test --test probe_inventory`, then read the
//! difference.
#![cfg(all(target_os = "linux", any(target_arch = "x86", target_arch = "x86_64")))]

use proptest::prelude::*;
use std::path::{Path, PathBuf};
use strata::probe::gather;
use strata::probe::inventory::{
    Confidence, Cpuid, DiskUse, Entry, Inventory, LayerKind, Limit, READ_LIMIT, Resource, Root, take,
};

fn hosts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/hosts")
}

fn inventory(host: &str) -> Inventory {
    take(&Root::load(&hosts().join(host)).unwrap())
}

fn named(host: &str, kind: LayerKind) -> (String, Confidence) {
    let inventory = inventory(host);
    let layer = inventory.layer(kind).unwrap_or_else(|| panic!("{host} has no {kind:?}"));
    (layer.name.clone(), layer.confidence)
}

#[test]
fn every_kind_of_host_is_reported_as_its_golden_report_says() {
    let mut names: Vec<String> = std::fs::read_dir(hosts())
        .unwrap()
        .map(|item| item.unwrap())
        .filter(|item| item.file_type().unwrap().is_dir())
        .map(|item| item.file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert!(names.len() >= 9, "only {names:?}");
    for name in names {
        let manifest = std::fs::read_to_string(hosts().join(&name).join("MANIFEST.md")).unwrap();
        assert!(
            manifest.contains("Captured") || manifest.contains("Written by hand"),
            "{name}: MANIFEST.md must say whether the tree was captured or written by hand"
        );
        insta::with_settings!({ snapshot_path => hosts().join(&name), prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!("report", inventory(&name).to_text(true));
        });
    }
}

#[test]
fn a_marker_file_in_a_vm_image_is_not_taken_for_a_container() {
    for host in ["microvm-captured", "nested-kvm"] {
        assert_eq!(named(host, LayerKind::Container), ("no container".into(), Confidence::Conflict), "{host}");
        let inventory = inventory(host);
        let evidence = &inventory.layer(LayerKind::Container).unwrap().evidence;
        assert!(
            evidence.iter().any(|line| line.contains("/.dockerenv") && line.contains("not confirmed")),
            "{evidence:?}"
        );
        assert_eq!(named(host, LayerKind::Hypervisor), ("KVM guest".into(), Confidence::Certain), "{host}");
    }
}

#[test]
fn a_marker_on_any_plain_host_turns_no_container_into_a_conflict_and_nothing_more() {
    for host in ["bare-metal-intel", "kvm-guest-qemu", "firecracker", "xen-hvm", "hyperv-nested"] {
        for marker in ["/.dockerenv", "/run/.containerenv", "/dev/.lxc"] {
            let mut root = Root::load(&hosts().join(host)).unwrap();
            root.insert(marker, Entry::Exists);
            let inventory = take(&root);
            let layer = inventory.layer(LayerKind::Container).unwrap();
            assert_eq!((layer.present, layer.confidence), (false, Confidence::Conflict), "{host} with {marker}");
        }
    }
}

#[test]
fn a_container_without_any_marker_is_still_found() {
    for host in [
        "docker-cgroup-v1",
        "docker-cgroup-v2",
        "podman-rootless",
        "lxc",
        "wsl2",
        "kubernetes-pod",
        "kubernetes-pod-v2",
        "kubernetes-agent-v2",
        "systemd-nspawn",
    ] {
        let whole = Root::load(&hosts().join(host)).unwrap();
        let mut root = whole.clone();
        for path in whole.paths() {
            if ["/.dockerenv", "/run/", "/dev/lxd", "/proc/1/environ"].iter().any(|marker| path.starts_with(marker)) {
                root.insert(path, Entry::Refused("taken out".into()));
            }
        }
        let inventory = take(&root);
        assert!(inventory.layer(LayerKind::Container).unwrap().present, "{host}");
    }
}

#[test]
fn namespaces_that_anybody_may_make_are_not_a_container_of_the_marker_s_runtime() {
    let (name, confidence) = named("unshare-captured", LayerKind::Container);
    assert_eq!((&*name, confidence), ("pid and user namespaces of its own", Confidence::Likely));
    let inventory = inventory("unshare-captured");
    let evidence = &inventory.layer(LayerKind::Container).unwrap().evidence;
    assert!(evidence.iter().any(|line| line.contains("/.dockerenv") && line.contains("not confirmed")), "{evidence:?}");
}

#[test]
fn a_stray_marker_does_not_name_a_container_that_something_else_made() {
    let mut root = Root::load(&hosts().join("microvm-captured")).unwrap();
    for kind in ["pid", "user", "cgroup", "mnt", "uts", "ipc"] {
        root.insert(format!("/proc/self/ns/{kind}"), Entry::Link(format!("{kind}:[4026532181]")));
    }
    let inventory = take(&root);
    let layer = inventory.layer(LayerKind::Container).unwrap();
    assert!(layer.present && layer.name.starts_with("container of unknown kind"), "{layer:?}");
    assert_eq!(layer.confidence, Confidence::Likely);
}

#[test]
fn the_tightest_limit_wins_wherever_on_the_path_it_is_set() {
    let inventory = inventory("lxc");
    let limit = |resource| inventory.limits.iter().find(|limit| limit.resource == resource).unwrap();
    let memory = limit(Resource::Memory);
    assert_eq!(memory.value, Some(1073741824.0));
    assert_eq!(memory.set_at.as_deref(), Some("/sys/fs/cgroup/system.slice/name1.service"));
    assert_eq!(limit(Resource::Cpuset).set_at.as_deref(), Some("/sys/fs/cgroup"));
    // What the container's creator set above its own cgroup namespace cannot be seen, and the line must not claim it.
    assert_eq!(memory.confidence, Confidence::Likely);
}

fn text(content: &str) -> Entry {
    Entry::File { bytes: content.into(), whole: true }
}

fn limit(root: &Root, resource: Resource) -> Limit {
    take(root).limits.into_iter().find(|limit| limit.resource == resource).unwrap()
}

#[test]
fn a_looser_limit_on_a_disk_nearer_the_root_does_not_hide_a_tighter_one() {
    let mut root = Root::load(&hosts().join("bare-metal-intel")).unwrap();
    let (slice, app) = ("/sys/fs/cgroup/user.slice", "user-1000.slice/user@1000.service/app.slice");
    root.insert(format!("{slice}/io.max"), text("259:0 rbps=104857600 wbps=max riops=max wiops=max\n"));
    let low = "259:0 rbps=1048576 wbps=max riops=max wiops=max\n8:0 rbps=max wbps=2097152 riops=max wiops=max\n";
    root.insert(format!("{slice}/{app}/io.max"), text(low));
    let io = limit(&root, Resource::Io);
    assert_eq!(io.text, "8:0 write 2 MiB/s; 259:0 read 1 MiB/s");
    assert_eq!(io.set_at.as_deref(), Some(&*format!("{slice}/{app}")));
    assert!(io.is_set() && io.value.is_none());

    // Each device and kind from another level: then each names its own.
    let io = limit(&Root::load(&hosts().join("kubernetes-agent-v2")).unwrap(), Resource::Io);
    let of: Vec<_> = io.devices.iter().map(|d| (d.device.as_str(), d.kind, d.per_second)).collect();
    assert_eq!(
        of,
        [
            ("252:0", DiskUse::ReadBytes, 1 << 20),
            ("252:0", DiskUse::WriteOperations, 500),
            ("252:16", DiskUse::WriteBytes, 5 << 20)
        ]
    );
    assert!(io.devices[0].set_at.ends_with(".scope") && io.devices[1].set_at.ends_with("kubepods.slice"));
    assert_eq!(io.set_at, None);
}

#[test]
fn cgroup_v1_says_which_kind_of_use_of_a_disk_it_limits() {
    let mut root = Root::load(&hosts().join("docker-cgroup-v1")).unwrap();
    root.insert("/sys/fs/cgroup/blkio/blkio.throttle.read_bps_device", text(""));
    root.insert("/sys/fs/cgroup/blkio/blkio.throttle.write_bps_device", text("259:0 1048576\n"));
    root.insert("/sys/fs/cgroup/blkio/blkio.throttle.write_iops_device", text("259:0 100\n"));
    assert_eq!(limit(&root, Resource::Io).text, "259:0 write 1 MiB/s; 259:0 write 100 operations/s");
}

#[test]
fn cgroup_v1_does_not_count_memory_as_swap() {
    let mut root = Root::load(&hosts().join("docker-cgroup-v1")).unwrap();
    assert_eq!(limit(&root, Resource::Swap).value, Some((512 << 20) as f64));
    // No limit on memory is a number beyond any memory, and no limit on both together is too.
    for file in ["memory.limit_in_bytes", "memory.memsw.limit_in_bytes"] {
        root.insert(format!("/sys/fs/cgroup/memory/{file}"), text("9223372036854771712\n"));
    }
    assert_eq!(limit(&root, Resource::Swap).text, "none");
}

#[test]
fn arm_guests_are_named_by_what_names_them_and_not_by_a_bit_they_lack() {
    for (vendor, product, name) in [
        ("QEMU", "KVM Virtual Machine", "KVM guest"),
        ("QEMU", "QEMU Virtual Machine", "a virtual machine, hypervisor not named"),
        ("Apple Inc.", "Apple Virtualization Generic Platform", "Apple Virtualization guest"),
        ("VMware, Inc.", "VMware20,1", "VMware guest"),
        ("Parallels International GmbH.", "Parallels ARM Virtual Machine", "Parallels guest"),
        ("Microsoft Corporation", "Virtual Machine", "Hyper-V guest"),
        ("Amazon EC2", "m6g.large", "a virtual machine, hypervisor not named"),
    ] {
        let mut root = Root::load(&hosts().join("arm64-kvm-guest")).unwrap();
        root.insert("/sys/class/dmi/id/sys_vendor", text(vendor));
        root.insert("/sys/class/dmi/id/product_name", text(product));
        let inventory = take(&root);
        let layer = inventory.layer(LayerKind::Hypervisor).unwrap();
        assert_eq!((&*layer.name, layer.confidence), (name, Confidence::Likely), "{vendor} {product}");
        assert!(!layer.evidence.iter().any(|line| line.contains("bit is off")), "{layer:?}");
    }
}

#[test]
fn amazon_s_metal_instances_are_told_from_the_others_by_their_size() {
    let hypervisor = |host: &str, vendor: &str, product: &str| {
        let mut root = Root::load(&hosts().join(host)).unwrap();
        root.insert("/sys/class/dmi/id/sys_vendor", text(vendor));
        root.insert("/sys/class/dmi/id/product_name", text(product));
        // Amazon's cards are in both.
        root.insert("/sys/bus/pci/devices", Entry::Dir(vec!["0".into()]));
        for (file, value) in [("vendor", "0x1d0f"), ("device", "0xec20"), ("class", "0x020000")] {
            root.insert(format!("/sys/bus/pci/devices/0/{file}"), text(value));
        }
        take(&root).layer(LayerKind::Hypervisor).unwrap().clone()
    };
    for metal in ["m6g.metal", "c8g.metal-24xl"] {
        assert!(!hypervisor("arm64-ec2-graviton", "Amazon EC2", metal).present, "{metal}");
        assert!(!hypervisor("bare-metal-intel", "Amazon EC2", metal).present, "{metal}");
    }
    assert!(hypervisor("arm64-ec2-graviton", "Amazon EC2", "m6g.large").present);
    let hidden = hypervisor("bare-metal-intel", "Amazon EC2", "m6i.large");
    assert_eq!((hidden.present, hidden.confidence), (true, Confidence::Conflict));
}

#[test]
fn a_device_for_guests_is_no_contradiction_where_nothing_tells_what_the_processor_offers() {
    assert_eq!(named("arm64-board", LayerKind::Hypervisor), ("no hypervisor".into(), Confidence::Likely));
    assert_eq!(named("arm64-board", LayerKind::KvmDevice), ("/dev/kvm can be opened".into(), Confidence::Certain));
}

#[test]
fn what_manages_the_machine_has_the_machine_s_own_firmware() {
    for (host, name) in [("xen-dom0", "Xen dom0"), ("hyperv-root", "Hyper-V root partition")] {
        assert_eq!(named(host, LayerKind::Hypervisor), (name.into(), Confidence::Certain));
        assert_eq!(named(host, LayerKind::Firmware), ("firmware: UEFI".into(), Confidence::Certain));
        let at = |kind| inventory(host).layers.iter().position(|layer| layer.layer == kind).unwrap();
        assert!(at(LayerKind::Firmware) < at(LayerKind::Hypervisor), "{host}: the firmware started the hypervisor");
    }
    // Xen's file system need not be mounted for that, nor need the processor trap CPUID.
    let mut root = Root::load(&hosts().join("xen-dom0")).unwrap();
    root.insert("/proc/xen/capabilities", Entry::Refused("permission denied".into()));
    root.set_cpuid(Root::load(&hosts().join("bare-metal-intel")).unwrap().cpuid().clone());
    assert_eq!(take(&root).layer(LayerKind::Hypervisor).unwrap().name, "Xen dom0");
}

#[test]
fn a_machine_managed_from_above_that_is_virtual_itself_has_a_hypervisor_below() {
    let mut root = Root::load(&hosts().join("xen-dom0")).unwrap();
    root.insert("/sys/class/dmi/id/sys_vendor", text("QEMU"));
    let inventory = take(&root);
    assert_eq!(inventory.layer(LayerKind::Hypervisor).unwrap().name, "Xen dom0");
    assert_eq!(inventory.layer(LayerKind::OuterHypervisor).unwrap().confidence, Confidence::Possible);
    assert_eq!(inventory.layer(LayerKind::Firmware).unwrap().name, "virtual firmware: UEFI");
}

#[test]
fn a_guest_of_hyper_v_that_may_create_partitions_is_not_the_root() {
    // Create partitions; that and manage processors, but isolated; neither.
    for privileges in [1, 1 | 1 << 12 | 1 << 22, 1 << 12, 0] {
        let mut root = Root::load(&hosts().join("hyperv-nested")).unwrap();
        let mut cpuid = root.cpuid().clone();
        cpuid.set(0x4000_0003, 0, [0xae7f, privileges, 0, 0]);
        root.set_cpuid(cpuid);
        let inventory = take(&root);
        assert_eq!(inventory.layer(LayerKind::Hypervisor).unwrap().name, "Hyper-V guest", "{privileges:#x}");
        assert!(inventory.layer(LayerKind::Firmware).unwrap().name.starts_with("virtual"), "{privileges:#x}");
    }
}

#[test]
fn mount_and_network_namespaces_are_known_to_be_later_ones_where_the_first_have_fixed_numbers() {
    let of = |release: &str, mnt: &str, net: &str| {
        let mut root = Root::load(&hosts().join("kvm-guest-qemu")).unwrap();
        root.insert("/proc/sys/kernel/osrelease", text(release));
        root.insert("/proc/self/ns/mnt", Entry::Link(format!("mnt:[{mnt}]")));
        root.insert("/proc/self/ns/net", Entry::Link(format!("net:[{net}]")));
        take(&root).layer(LayerKind::Namespaces).unwrap().clone()
    };
    let (first_mnt, first_net) = ("4026531832", "4026531833");
    assert_eq!(of("6.18.44", "4026532181", first_net).name, "own namespaces: mnt");
    assert_eq!(of("7.0.1-arch1", "4026532181", "4026532190").name, "own namespaces: mnt, net");
    // A kernel that does so under another version.
    assert_eq!(of("6.12.0", first_mnt, "4026532181").name, "own namespaces: net");
    let old = of("6.9.3", "4026532181", "4026532190");
    assert!(old.detail.contains("not known: mnt, net"), "{old:?}");
    for layer in [of("6.18.44", "4026532181", first_net), of("6.18.44", first_mnt, first_net)] {
        assert!(!layer.evidence.iter().any(|line| line.contains("before Linux 6.18")), "{layer:?}");
    }
}

#[test]
fn an_imitated_interface_is_not_taken_for_its_owner() {
    assert_eq!(named("kvm-guest-hyperv-interface", LayerKind::Hypervisor), ("KVM guest".into(), Confidence::Certain));
}

#[test]
fn contradicting_signs_of_a_hypervisor_are_shown_as_conflict() {
    let mut root = Root::load(&hosts().join("kvm-guest-qemu")).unwrap();
    for field in ["sys_vendor", "product_name"] {
        root.insert(
            format!("/sys/class/dmi/id/{field}"),
            Entry::File { bytes: b"VMware, Inc.\n".to_vec(), whole: true },
        );
    }
    let inventory = take(&root);
    let layer = inventory.layer(LayerKind::Hypervisor).unwrap();
    assert_eq!(layer.confidence, Confidence::Conflict, "{layer:?}");
    assert!(layer.name.contains("KVM") && layer.name.contains("VMware"));
}

#[test]
fn an_unknown_hypervisor_stays_unknown_with_its_raw_signature() {
    let mut root = Root::load(&hosts().join("firecracker")).unwrap();
    let text: String =
        root.cpuid().to_text().lines().filter(|line| !line.starts_with("4000")).map(|l| format!("{l}\n")).collect();
    let mut cpuid = Cpuid::from_text(&text).unwrap();
    let letters = |text: &[u8; 4]| u32::from_le_bytes(*text);
    cpuid.set(0x4000_0000, 0, [0x4000_0000, letters(b"Abra"), letters(b"cada"), letters(b"bra!")]);
    root.set_cpuid(cpuid);
    root.insert("/sys/devices/system/clocksource/clocksource0/available_clocksource", Entry::Exists);
    let inventory = take(&root);
    let layer = inventory.layer(LayerKind::Hypervisor).unwrap();
    assert!(layer.evidence.iter().any(|line| line.contains("Abracadabra!")), "{layer:?}");
    assert!(layer.name.contains("unknown") && layer.confidence == Confidence::Unknown, "{layer:?}");
}

#[test]
fn what_an_exit_costs_settles_what_reading_could_not() {
    let outer = |inventory: &Inventory| inventory.layer(LayerKind::OuterHypervisor).unwrap().confidence;
    let mut nested = inventory("microvm-captured");
    assert_eq!(outer(&nested), Confidence::Possible);
    nested.add_exit_cost(5600.0);
    assert_eq!(outer(&nested), Confidence::Likely);

    let mut metal = inventory("bare-metal-intel");
    metal.add_exit_cost(60.0);
    assert_eq!(metal.layer(LayerKind::Hypervisor).unwrap().confidence, Confidence::Certain);
    let mut hidden = inventory("bare-metal-intel");
    hidden.add_exit_cost(1200.0);
    assert_eq!(hidden.layer(LayerKind::Hypervisor).unwrap().confidence, Confidence::Conflict);
}

#[test]
fn the_report_has_the_fields_that_readers_of_the_json_rely_on() {
    for item in std::fs::read_dir(hosts()).unwrap() {
        let host = item.unwrap().file_name().into_string().unwrap();
        let json = serde_json::to_value(inventory(&host)).unwrap();
        let layers = json["layers"].as_array().unwrap();
        assert_eq!(layers[0]["layer"], "processor");
        assert_eq!(layers.last().unwrap()["layer"], "process");
        for layer in layers {
            assert!(layer["name"].is_string() && layer["confidence"].is_string(), "{layer}");
            assert!(!layer["evidence"].as_array().unwrap().is_empty(), "{host}: no evidence for {layer}");
        }
        assert_eq!(json["limits"].as_array().unwrap().len(), 7);
    }
}

#[test]
fn every_line_has_evidence_however_little_could_be_read() {
    let mut roots: Vec<(String, Root)> = Vec::new();
    for item in std::fs::read_dir(hosts()).unwrap() {
        let name = item.unwrap().file_name().into_string().unwrap();
        let whole = Root::load(&hosts().join(&name)).unwrap();
        for arch in ["x86_64", "aarch64"] {
            for gone in [vec!["/sys/"], vec!["/proc/"], vec!["/sys/", "/proc/"], vec!["/"]] {
                for refused in [false, true] {
                    let mut root = Root::default();
                    root.set_fact("system", "linux");
                    root.set_fact("arch", arch);
                    for path in whole.paths() {
                        match (gone.iter().any(|prefix| path.starts_with(prefix)), whole.get(path)) {
                            (false, Some(entry)) => root.insert(path, entry.clone()),
                            (true, _) if refused => root.insert(path, Entry::Refused("permission denied".into())),
                            _ => {}
                        }
                    }
                    roots.push((format!("{name} as {arch} without {gone:?}"), root));
                }
            }
        }
    }
    for system in ["macos", "windows"] {
        let mut root = Root::default();
        root.set_fact("system", system);
        root.set_fact("arch", "aarch64");
        roots.push((system.into(), root));
    }
    for (name, root) in roots {
        for layer in take(&root).layers {
            assert!(!layer.evidence.is_empty(), "{name}: no evidence for {layer:?}");
        }
    }
}

#[test]
fn an_empty_host_is_unknown_and_not_bare_metal() {
    let mut root = Root::default();
    root.set_fact("system", "linux");
    let inventory = take(&root);
    for kind in
        [LayerKind::Processor, LayerKind::Kernel, LayerKind::Namespaces, LayerKind::Container, LayerKind::Cgroups]
    {
        assert_eq!(inventory.layer(kind).unwrap().confidence, Confidence::Unknown, "{kind:?}");
    }
    assert_eq!(inventory.layer(LayerKind::Hypervisor).unwrap().confidence, Confidence::Unknown);
}

#[test]
fn other_systems_say_not_measured_instead_of_guessing() {
    let mut root = Root::default();
    root.set_fact("system", "macos");
    root.set_fact("processor", "Apple M3");
    let inventory = take(&root);
    assert_eq!(inventory.layer(LayerKind::Processor).unwrap().name, "Apple M3");
    assert_eq!(inventory.layer(LayerKind::Container).unwrap().confidence, Confidence::NotMeasured);
    assert!(inventory.limits.is_empty());
}

// The host this runs on: only what must hold everywhere.

#[test]
fn the_real_host_has_every_layer_with_evidence() {
    let inventory = take(&Root::host());
    assert_eq!(inventory.layers.first().unwrap().layer, LayerKind::Processor);
    assert_eq!(inventory.layers.last().unwrap().layer, LayerKind::Process);
    assert!(inventory.layers.iter().all(|layer| !layer.evidence.is_empty()), "{}", inventory.to_text(true));
}

#[test]
fn a_gathered_host_is_judged_like_the_host_itself() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("host");
    gather::save(&folder).unwrap();
    let (live, gathered) = (take(&Root::host()), take(&Root::load(&folder).unwrap()));
    let verdicts = |inventory: &Inventory| -> Vec<_> {
        inventory.layers.iter().map(|layer| (layer.layer, layer.name.clone(), layer.confidence)).collect()
    };
    assert_eq!(verdicts(&live), verdicts(&gathered));
    let limits = |inventory: &Inventory| -> Vec<_> {
        inventory.limits.iter().map(|limit| (limit.resource, limit.value)).collect()
    };
    assert_eq!(limits(&live), limits(&gathered));
}

#[test]
fn gathering_refuses_a_folder_that_holds_something() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("mine"), "").unwrap();
    let error = gather::save(dir.path()).unwrap_err();
    assert!(error.to_string().contains("not empty"), "{error}");
}

#[test]
fn a_host_that_could_not_be_written_whole_leaves_nothing_that_is_in_the_way_of_another_try() {
    let dir = tempfile::tempdir().unwrap();
    let mut root = Root::load(&hosts().join("kvm-guest-qemu")).unwrap();
    // Two lines, so that it needs a file of its own; and no file system takes such a name.
    let name = format!("/zzz/{}", "x".repeat(5000));
    root.insert(&*name, text("one\ntwo\n"));
    let (new, mine) = (dir.path().join("new/host"), dir.path().join("mine"));
    std::fs::create_dir(&mine).unwrap();
    for folder in [&new, &mine] {
        let error = root.save(folder).unwrap_err();
        assert!(error.to_string().contains("choose a folder"), "{error}");
    }
    assert!(!dir.path().join("new").exists(), "what it made must go");
    assert!(mine.exists(), "what was there before must stay");
    root.insert(&*name, Entry::Exists);
    root.save(&mine).unwrap();
}

#[test]
fn only_plain_files_of_a_bounded_size_are_taken_for_a_captured_host() {
    for name in ["facts.txt", "cpuid.txt"] {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("facts.txt"), "fact system linux\n").unwrap();
        let place = dir.path().join(name);
        let _ = std::fs::remove_file(&place);
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, &place, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        let (tell, told) = std::sync::mpsc::channel();
        let folder = dir.path().to_owned();
        std::thread::spawn(move || tell.send(Root::load(&folder).map_err(|error| error.to_string())));
        let answer = told.recv_timeout(std::time::Duration::from_secs(10)).expect("nobody writes into that pipe");
        assert!(answer.unwrap_err().contains("not a plain file"), "{name}");

        std::fs::remove_file(&place).unwrap();
        std::fs::write(&place, "# a comment\n".repeat(READ_LIMIT / 10)).unwrap();
        assert!(Root::load(dir.path()).unwrap_err().to_string().contains("larger"), "{name}");
    }
}

#[test]
fn scrubbing_twice_changes_nothing_more_and_saving_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    for item in std::fs::read_dir(hosts()).unwrap() {
        let host = item.unwrap().file_name();
        let root = Root::load(&hosts().join(&host)).unwrap();
        let folder = dir.path().join(&host);
        root.save(&folder).unwrap();
        assert_eq!(Root::load(&folder).unwrap(), root, "{host:?}");
        let once = root.scrubbed();
        assert_eq!(once.scrubbed(), once, "{host:?}");
    }
}

// Broken hosts.

/// A file's content gone wrong.
fn broken() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..300),
        "[\\PC\n:,/= -]{0,200}".prop_map(String::into_bytes),
        (any::<u8>(), 1usize..READ_LIMIT).prop_map(|(byte, length)| vec![byte; length]),
        (prop::collection::vec(any::<u8>(), 1..40), 1usize..5000).prop_map(|(bytes, times)| bytes.repeat(times)),
    ]
}

/// What to do to one of the captured files.
#[derive(Clone, Debug)]
enum Damage {
    Replace(Vec<u8>),
    Cut(prop::sample::Index),
    Flip(prop::sample::Index, u8),
    Repeat(usize),
    Refuse,
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        broken().prop_map(Damage::Replace),
        any::<prop::sample::Index>().prop_map(Damage::Cut),
        (any::<prop::sample::Index>(), any::<u8>()).prop_map(|(at, byte)| Damage::Flip(at, byte)),
        (2usize..200).prop_map(Damage::Repeat),
        Just(Damage::Refuse),
    ]
}

/// The files of a captured host, which are read again from the text it saves to.
fn file_of(root: &Root, path: &str) -> Option<Vec<u8>> {
    match root.get(path) {
        Some(Entry::File { bytes, .. }) => Some(bytes.clone()),
        _ => None,
    }
}

fn apply(root: &mut Root, path: &str, damage: &Damage) {
    let Some(mut bytes) = file_of(root, path) else { return };
    match damage {
        Damage::Replace(with) => bytes = with.clone(),
        Damage::Cut(at) if !bytes.is_empty() => bytes.truncate(at.index(bytes.len())),
        Damage::Flip(at, with) if !bytes.is_empty() => {
            let index = at.index(bytes.len());
            bytes[index] ^= with;
        }
        Damage::Repeat(times) => {
            bytes = bytes.repeat(*times);
            bytes.truncate(READ_LIMIT);
        }
        Damage::Refuse => return root.insert(path, Entry::Refused("permission denied".into())),
        _ => {}
    }
    root.insert(path, Entry::File { bytes, whole: false });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn truncated_huge_and_binary_files_never_panic_and_never_flood_the_report(
        host in prop::sample::select(vec!["microvm-captured", "docker-cgroup-v1", "lxc", "podman-rootless", "bare-metal-intel"]),
        damages in prop::collection::vec((any::<prop::sample::Index>(), damage()), 1..8),
    ) {
        let mut root = Root::load(&hosts().join(host)).unwrap();
        let paths: Vec<String> = root.paths().filter(|path| file_of(&root, path).is_some()).map(str::to_owned).collect();
        for (which, damage) in &damages {
            apply(&mut root, &paths[which.index(paths.len())], damage);
        }
        let inventory = take(&root);
        prop_assert!(inventory.to_text(true).len() < 2 << 20);
        root.scrubbed();
    }

    #[test]
    fn each_file_that_is_parsed_survives_anything(
        path in prop::sample::select(vec![
            "/proc/cpuinfo", "/proc/cmdline", "/proc/self/mountinfo", "/proc/self/cgroup", "/proc/1/cgroup", "/proc/self/status",
            "/proc/self/uid_map", "/proc/1/environ", "/proc/meminfo", "/sys/firmware/acpi/tables/DSDT",
            "/sys/devices/system/cpu/online", "/sys/fs/cgroup/memory/memory.limit_in_bytes",
            "/sys/fs/cgroup/blkio/blkio.throttle.read_bps_device", "/sys/hypervisor/properties/features",
            "/proc/device-tree/compatible", "/proc/sys/kernel/osrelease",
        ]),
        bytes in broken(),
    ) {
        let mut root = Root::load(&hosts().join("microvm-captured")).unwrap();
        root.insert(path, Entry::File { bytes, whole: true });
        prop_assert!(take(&root).to_text(true).len() < 2 << 20);
        root.scrubbed();
    }

    #[test]
    fn any_answer_of_cpuid_is_taken(
        leaves in prop::collection::vec((
            prop::sample::select(vec![0u32, 1, 4, 7, 0xb, 0x4000_0000, 0x4000_0001, 0x4000_0003, 0x4000_0004, 0x4000_0100,
                0x8000_0000, 0x8000_0001, 0x8000_0002, 0x8000_0003, 0x8000_0004, 0x8000_001d]),
            0u32..4,
            prop::array::uniform4(prop_oneof![Just(0u32), Just(u32::MAX), any::<u32>()]),
        ), 0..30),
        amd in any::<bool>(),
    ) {
        let mut root = Root::load(&hosts().join("bare-metal-intel")).unwrap();
        let mut cpuid = root.cpuid().clone();
        leaves.into_iter().for_each(|(leaf, subleaf, registers)| cpuid.set(leaf, subleaf, registers));
        if amd {
            cpuid.set(0, 0, [0x20, 0x6874_7541, 0x444d_4163, 0x6974_6e65]);
        }
        prop_assert_eq!(Cpuid::from_text(&cpuid.to_text()), Ok(cpuid.clone()));
        root.set_cpuid(cpuid);
        take(&root).to_text(true);
    }

    #[test]
    fn a_damaged_capture_is_an_error_with_its_line_or_a_host_but_never_a_panic(facts in "[a-z%/ :0-9A-Fé\n]{0,300}", table in "[0-9a-f: \n#z]{0,200}") {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("facts.txt"), facts).unwrap();
        std::fs::write(dir.path().join("cpuid.txt"), table).unwrap();
        if let Ok(root) = Root::load(dir.path()) {
            take(&root);
        }
    }
}
