//! What else the world has: hosts of the same kinds that no report in the table has told of, tried to see that the
//! mechanisms hold.

use super::containers::boxed;
use super::limits::{TOP, grouped};
use super::*;

/// The name and the certainty of a line.
fn told(root: &Root, kind: LayerKind) -> (String, Confidence) {
    let found = of(root, kind);
    (found.name, found.confidence)
}

fn said(name: &str, confidence: Confidence) -> (String, Confidence) {
    (name.to_owned(), confidence)
}

// Fails where the numbers are not read.
#[test]
fn a_container_of_virtuozzo_in_a_virtual_machine_is_told_with_both_layers() {
    let release = "3.10.0-1160.90.1.vz7.200.7";
    let mut root = with(
        "kvm-guest-qemu",
        &[
            ("/proc/self/status", "Name:\tcat\nenvID:\t101\n"),
            ("/proc/sys/kernel/osrelease", release),
            ("/proc/2/comm", "kthreadd/101\n"),
        ],
    );
    root.insert("/proc/vz", Entry::Exists);
    assert_eq!(told(&root, LayerKind::Container), said("OpenVZ container", Confidence::Certain));
    assert_eq!(told(&root, LayerKind::Hypervisor), said("KVM guest", Confidence::Certain));
}

// Fails where a path has to begin with "kubepods".
#[test]
fn pods_are_pods_wherever_the_kubelet_keeps_its_groups() {
    let mounts = "900 899 0:60 / / rw - overlay overlay rw,lowerdir=/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/1/fs\n";
    for groups in [
        // kind and others that run nodes as containers: the kubelet's groups lie below a slice of its own.
        "0::/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod1.slice/cri-containerd-0123456789ab.scope\n",
        "5:memory:/docker/0123456789ab/kubelet/kubepods/burstable/pod1/0123456789ab\n",
        // A kubelet with --cgroup-root.
        "0::/edge.slice/edge-kubepods.slice/edge-kubepods-besteffort.slice/crio-0123456789ab.scope\n",
        "0::/kubepods.slice/kubepods-pod1.slice/crio-0123456789ab.scope/container\n",
    ] {
        let found = of(&boxed(mounts, groups, &["pid", "mnt", "uts", "ipc"], &[]), LayerKind::Container);
        assert_eq!((&*found.name, found.confidence), ("Kubernetes pod", Confidence::Certain), "{groups}: {found:?}");
    }
}

// Fails where a runtime is named as often as it is met.
#[test]
fn a_container_in_a_container_of_one_runtime_is_named_once() {
    let overlay = "900 899 0:60 / / rw - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/A\n";
    let groups = "5:memory:/docker/0123456789ab/docker/cdef01234567\n0::/docker/0123456789ab/docker/cdef01234567\n";
    let root = boxed(overlay, groups, &["pid", "mnt", "uts", "ipc"], &["/.dockerenv"]);
    assert_eq!(told(&root, LayerKind::Container), said("Docker container", Confidence::Certain));
}

// Fails where mounts are not read.
#[test]
fn an_unprivileged_container_of_proxmox_is_lxc_s() {
    let mounts = "900 850 7:0 / / rw - ext4 /dev/loop0 rw\n\
                  910 900 0:45 /proc/cpuinfo /proc/cpuinfo rw - fuse.lxcfs lxcfs rw\n\
                  920 900 0:28 / /sys/fs/cgroup rw - cgroup2 none rw\n";
    let mut root = boxed(mounts, "0::/\n", &["pid", "mnt", "uts", "ipc", "cgroup", "user"], &[]);
    root.insert("/proc/self/uid_map", text("         0     100000      65536\n"));
    root.insert("/run/systemd/container", text("lxc\n"));
    assert_eq!(told(&root, LayerKind::Container), said("LXC container", Confidence::Certain));
}

// Fails where any root that is no disk's counts for layers, and that pid 1 has it too for nothing.
#[test]
fn roots_that_a_system_keeps_in_memory_or_in_a_pool_are_the_machine_s_own() {
    for line in [
        "22 1 0:30 / / rw - tmpfs none rw,size=4g\n",
        "22 1 0:30 / / rw - zfs rpool/ROOT/ubuntu_x rw,xattr\n",
        "22 1 0:30 / / ro - erofs /dev/mapper/root ro\n",
        "22 1 0:30 / / rw - rootfs rootfs rw\n",
        // A folder of a real disk, without a line for the root: chroot(2).
        "40 22 0:22 / /sys rw - sysfs s rw\n41 22 0:5 / /proc rw - proc p rw\n",
    ] {
        let root = with("gce-metal", &[("/proc/self/mountinfo", line)]);
        assert_eq!(told(&root, LayerKind::Container), said("no container", Confidence::Certain), "{line}");
    }
}

// Fails where a root that is not the machine's own is enough for a container.
#[test]
fn a_service_with_an_image_of_its_own_for_a_root_is_no_container() {
    // systemd's RootImage= and PrivateUsers=: it sees the machine's processes, and no runtime has made it.
    for (line, kinds) in [
        ("900 899 7:3 / / ro - squashfs /dev/loop3 ro\n", &["mnt"][..]),
        ("900 899 7:3 / / rw - ext4 /dev/loop3 rw\n", &["mnt", "user"][..]),
    ] {
        let mut root = boxed(line, "0::/system.slice/app.service\n", &[], &[]);
        root.insert("/proc/2/comm", text("kthreadd\n"));
        for (at, kind) in kinds.iter().enumerate() {
            root.insert(
                format!("/proc/self/ns/{kind}"),
                Entry::Link(format!("{kind}:[{}]", 4026532700u64 + at as u64)),
            );
        }
        assert!(!of(&root, LayerKind::Container).present, "{line}");
    }
}

// Fails where mounts are not read.
#[test]
fn containers_of_clusters_that_keep_the_machine_s_processes_are_found() {
    // Pyxis and Charliecloud: namespaces for users and mounts, the root a folder.
    for line in [
        "900 899 259:1 /enroot-data/user-1000/pyxis_7 / rw - ext4 /dev/nvme0n1p1 rw\n",
        "900 899 0:44 /user.ch/mnt/img / ro - fuse.squashfuse /home/me/img.sqfs ro\n",
    ] {
        let mut root = boxed(line, "0::/system.slice/slurmstepd.scope/job_7/step_0/user/task_0\n", &[], &[]);
        root.insert("/proc/2/comm", text("kthreadd\n"));
        for (at, kind) in ["mnt", "user"].iter().enumerate() {
            root.insert(
                format!("/proc/self/ns/{kind}"),
                Entry::Link(format!("{kind}:[{}]", 4026532700u64 + at as u64)),
            );
        }
        let found = of(&root, LayerKind::Container);
        assert_eq!((found.present, found.confidence), (true, Confidence::Likely), "{found:?}");
    }
}

// Fails where the kernel's own word is not read, and then is no more than a conflict.
#[test]
fn a_paravirtual_guest_of_xen_without_names_and_without_a_bit_is_xen_s() {
    // As at providers who used Xen before processors could help: the processor's own CPUID, no DMI, an old kernel.
    let mut root = host("xen-dom0");
    let mut cpuid = root.cpuid().clone();
    let [a, b, c, d] = cpuid.get(1, 0).unwrap();
    cpuid.set(1, 0, [a, b, c & !(1 << 31), d]);
    (0..6).for_each(|leaf| cpuid.set(0x4000_0000 + leaf, 0, [0; 4]));
    root.set_cpuid(cpuid);
    root.insert("/proc/xen/capabilities", text("\n"));
    root.insert("/sys/hypervisor/properties/features", text("000003ff\n"));
    let hidden: Vec<String> = root.paths().filter(|p| p.starts_with("/sys/class/dmi")).map(str::to_owned).collect();
    hidden.into_iter().for_each(|path| root.insert(path, Entry::Refused("taken out".into())));
    let found = of(&root, LayerKind::Hypervisor);
    // A bit that is off contradicts nothing there: the kernel itself names the interface that it was started by.
    assert_eq!((found.present, &*found.name, found.confidence), (true, "Xen guest", Confidence::Likely), "{found:?}");
    assert!(!of(&root, LayerKind::Firmware).name.starts_with("firmware"), "a guest has no firmware of the machine's");
}

// Fails where nothing manages the machine.
#[test]
fn a_container_in_xen_s_first_domain_is_in_the_first_domain_still() {
    let mut root = host("xen-dom0");
    // /proc/xen is empty there.
    root.insert("/proc/xen/capabilities", Entry::Refused("taken out".into()));
    root.insert("/proc/2/comm", Entry::Refused("taken out".into()));
    root.insert("/proc/self/mountinfo", text(
        "900 850 0:70 /rootfs / rw - zfs default/containers/name1 rw\n910 900 0:45 /proc/cpuinfo /proc/cpuinfo rw - fuse.lxcfs lxcfs rw\n",
    ));
    contained(&mut root, &["pid", "mnt", "uts", "ipc", "cgroup"]);
    assert_eq!(told(&root, LayerKind::Hypervisor).0, "Xen dom0");
    assert_eq!(told(&root, LayerKind::Container), said("LXC container", Confidence::Certain));
}

// Fails without Xen's signature.
#[test]
fn instances_of_each_cloud_are_guests_of_what_signs() {
    for (letters, vendor, product, name) in [
        (b"KVMKVMKVM\0\0\0", "Amazon EC2", "m5.large", "KVM guest"),
        (b"XenVMMXenVMM", "Xen", "HVM domU", "Xen guest"),
        (b"Microsoft Hv", "Microsoft Corporation", "Virtual Machine", "Hyper-V guest"),
        (b"KVMKVMKVM\0\0\0", "Google", "Google Compute Engine", "KVM guest"),
        (b"KVMKVMKVM\0\0\0", "QEMU", "Standard PC (i440FX + PIIX, 1996)", "KVM guest"),
        (b"KVMKVMKVM\0\0\0", "Alibaba Cloud", "Alibaba Cloud ECS", "KVM guest"),
        (b"KVMKVMKVM\0\0\0", "DigitalOcean", "Droplet", "KVM guest"),
        (b"VMwareVMware", "VMware, Inc.", "VMware20,1", "VMware guest"),
    ] {
        let mut root = with("capabilities-beyond-the-last", &[(VENDOR, vendor), (PRODUCT, product)]);
        signed(&mut root, 0x4000_0000, letters);
        assert_eq!(told(&root, LayerKind::Hypervisor), said(name, Confidence::Certain), "{vendor} {product}");
        assert!(of(&root, LayerKind::Firmware).name.starts_with("virtual firmware"), "{vendor} {product}");
    }
}

// Fails where DMI names nobody.
#[test]
fn guests_on_arm_are_named_by_their_tables() {
    let of_arm = |files: &[(&str, &str)]| {
        let mut root = with("arm64-board", files);
        for path in ["/dev/kvm", "/proc/device-tree/model", "/proc/device-tree/compatible"] {
            root.insert(path, Entry::Refused("taken out".into()));
        }
        told(&root, LayerKind::Hypervisor)
    };
    for (vendor, product, name) in [
        ("Apple Inc.", "Apple Virtualization Generic Platform", "Apple Virtualization guest"),
        ("VMware, Inc.", "VMware20,1", "VMware guest"),
        ("Parallels International GmbH.", "Parallels ARM Virtual Machine", "Parallels guest"),
        ("Microsoft Corporation", "Virtual Machine", "Hyper-V guest"),
        ("innotek GmbH", "VirtualBox", "VirtualBox guest"),
    ] {
        assert_eq!(of_arm(&[(VENDOR, vendor), (PRODUCT, product)]), said(name, Confidence::Likely), "{product}");
    }
}

// Fails where a set is counted as it is written.
#[test]
fn a_partition_of_the_processors_is_a_limit_for_those_who_are_left_the_rest() {
    // Two of eight processors are given to an isolated partition: everybody else has six.
    let mounts = format!("{TOP}30 24 0:26 / /sys/fs/cgroup rw - cgroup2 c rw\n");
    let present = ("/sys/devices/system/cpu/present", "0-7\n");
    let online = ("/sys/devices/system/cpu/online", "0-7\n");
    let set = |folder: &str, cpus: &'static str| (format!("/sys/fs/cgroup{folder}/cpuset.cpus.effective"), cpus);
    for (group, sets, text) in [
        ("0::/user.slice\n", vec![set("", "0-5\n"), set("/user.slice", "0-5\n")], "6 CPUs (0-5)"),
        ("0::/rt\n", vec![set("", "0-5\n"), set("/rt", "6-7\n")], "2 CPUs (6-7)"),
        ("0::/rt/one\n", vec![set("", "0-5\n"), set("/rt", "6-7\n"), set("/rt/one", "7\n")], "1 CPU (7)"),
        ("0::/user.slice\n", vec![set("", "0-7\n"), set("/user.slice", "0-7\n")], "none"),
    ] {
        let files: Vec<(&str, &str)> =
            sets.iter().map(|(path, cpus)| (path.as_str(), *cpus)).chain([present, online]).collect();
        let root = grouped(group, &mounts, &files);
        assert_eq!(in_force(&root, Resource::Cpuset).text, text, "{group}");
    }
}

// Fails where the nearest limit wins.
#[test]
fn jobs_of_a_scheduler_have_the_limits_of_their_job() {
    let own = "/sys/fs/cgroup/system.slice/slurmstepd.scope/job_7/step_0/user/task_0";
    let mounts = format!("{TOP}30 24 0:26 / /sys/fs/cgroup rw - cgroup2 c rw\n");
    let root = grouped(
        "0::/system.slice/slurmstepd.scope/job_7/step_0/user/task_0\n",
        &mounts,
        &[
            ("/sys/fs/cgroup/system.slice/slurmstepd.scope/job_7/memory.max", "4294967296\n"),
            (&format!("{own}/memory.max"), "8589934592\n"),
            (&format!("{own}/cpu.max"), "max 100000\n"),
        ],
    );
    let memory = in_force(&root, Resource::Memory);
    assert_eq!((memory.value, memory.confidence), (Some(4294967296.0), Confidence::Certain));
    assert!(memory.set_at.is_some_and(|at| at.ends_with("/job_7")));
    assert!(!of(&root, LayerKind::Container).present);
}

// Fails where mounts are not read.
#[test]
fn a_sandbox_of_functions_in_a_small_virtual_machine_is_told_with_both_layers() {
    // As functions run at a cloud: Firecracker, and in it a process in namespaces and another root, without a name.
    let mut root = host("firecracker");
    let mounts = "900 899 0:60 /opt/sandbox / ro - ext4 /dev/vdb ro\n901 900 0:61 / /tmp rw - tmpfs t rw\n";
    root.insert("/proc/self/mountinfo", text(mounts));
    root.insert("/proc/2/comm", Entry::Refused("taken out".into()));
    contained(&mut root, &["pid", "mnt", "uts", "ipc"]);
    let found = of(&root, LayerKind::Container);
    assert!(found.present && found.name.starts_with("container of unknown kind"), "{found:?}");
    assert_eq!(told(&root, LayerKind::Hypervisor).0, "KVM guest");
}
