//! What is around this process: containers of all kinds, and what only looks like one.

use super::*;

// Fails where the distribution is looked for first, or not at all.
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

// Fails where the numbers are not read.
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

/// A host of the machine's own, whose pid 1 may be asked or not, with another root.
fn rooted(line: &str, asked: bool) -> Root {
    let mounts =
        format!("22 1 0:30 {line}\n24 22 0:22 / /sys rw - sysfs s rw\n30 24 0:26 / /sys/fs/cgroup rw - cgroup2 c rw\n");
    let mut root = with("gce-metal", &[("/proc/self/mountinfo", &mounts)]);
    if !asked {
        for kind in ["cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"] {
            root.insert(format!("/proc/1/ns/{kind}"), Entry::Refused("permission denied".into()));
        }
    }
    root
}

// Fails where no root is the system's own.
#[test]
fn a_root_that_the_system_itself_puts_together_is_no_container_s() {
    for line in [
        "/ / ro - overlay composefs ro,lowerdir=/run/ostree/.private/cfsroot-lower::/sysroot/ostree/repo/objects",
        "/ostree/deploy/fedora-coreos/deploy/0123456789abcdef.0 / rw - xfs /dev/vda4 rw",
        "/ / rw - overlay LiveOS_rootfs rw,lowerdir=/run/rootfsbase,upperdir=/run/overlayfs,workdir=/run/ovlwork",
        "/ / rw - overlay overlay rw,lowerdir=/run/live/rootfs/filesystem.squashfs/,upperdir=/run/live/overlay/rw",
        "/ / rw - overlay overlayroot rw,lowerdir=/media/root-ro,upperdir=/media/root-rw/overlay",
        "/ / rw - overlay /cow rw,lowerdir=/rofs,upperdir=/cow/upper,workdir=/cow/work",
        "/ / rw - overlay overlayfs:/overlay rw,lowerdir=/,upperdir=/overlay/upper,workdir=/overlay/work",
        "/@rootfs / rw - btrfs /dev/sda2 rw,subvol=/@rootfs",
    ] {
        for asked in [true, false] {
            let found = of(&rooted(line, asked), LayerKind::Container);
            assert_eq!((found.present, found.confidence), (false, Confidence::Certain), "{line}, {asked}: {found:?}");
        }
        // A service with a user namespace of its own is none either.
        let mut root = rooted(line, true);
        root.insert("/proc/self/ns/user", Entry::Link("user:[4026532700]".into()));
        assert!(!of(&root, LayerKind::Container).present, "{line}");
    }
    // Any root that pid 1 of the machine has too.
    let odd = "/ / rw - overlay whatever rw,lowerdir=/a,upperdir=/b,workdir=/c";
    assert_eq!(of(&rooted(odd, true), LayerKind::Container).confidence, Confidence::Certain);
}

/// A container with these mounts, groups and namespaces, and files of its own.
pub(super) fn boxed(mounts: &str, groups: &str, kinds: &[&str], files: &[&str]) -> Root {
    let mut root =
        with("gce-metal", &[("/proc/self/mountinfo", mounts), ("/proc/self/cgroup", groups), ("/proc/2/comm", "")]);
    root.insert("/proc/1/cgroup", text(groups));
    contained(&mut root, kinds);
    files.iter().for_each(|path| root.insert(*path, Entry::Exists));
    root
}

const ALL: [&str; 5] = ["pid", "mnt", "uts", "ipc", "cgroup"];

// Fails where mounts, or paths of groups, name nobody.
#[test]
fn runtimes_are_named_by_what_they_mount_and_where_they_put_their_groups() {
    let root = |options: &str| format!("900 899 0:60 / / rw - overlay overlay rw,{options}\n");
    let kata = "900 899 0:60 /containers/0123456789ab/rootfs / rw - virtiofs kataShared rw\n".to_owned();
    for (mounts, groups, files, name) in [
        (kata.clone(), "0::/\n", vec![], "Kata container"),
        (kata, "0::/kubepods/besteffort/pod1/0123456789ab\n", vec![], "Kubernetes pod in Kata"),
        (root("lowerdir=/var/lib/buildkit/runc-overlayfs/snapshots/1/fs"), "0::/\n", vec![], "BuildKit container"),
        (
            root("lowerdir=/var/lib/singularity/mnt/session/overlay-lowerdir:/x"),
            "0::/\n",
            vec!["/.singularity.d"],
            "Apptainer container",
        ),
        (
            root("lowerdir=/var/lib/docker/overlay2/l/A"),
            "5:memory:/ecs/0123456789abcdef/0123456789abcdef\n",
            vec!["/.dockerenv"],
            "Amazon ECS task",
        ),
        (root("lowerdir=/var/lib/x"), "5:memory:/mesos/0123456789abcdef\n", vec![], "Mesos container"),
        (root("lowerdir=/home/me/.local/share/docker/overlay2/l/A"), "0::/\n", vec![], "Docker container"),
        (root("lowerdir=/data/l/1"), "5:memory:/lxc/100/ns/docker/0123456789ab\n", vec![], "Docker container in LXC"),
        (
            "900 899 0:60 /var/lib/docker/vfs/dir/0123456789ab / rw - ext4 /dev/sda1 rw\n".into(),
            "0::/\n",
            vec![],
            "Docker container",
        ),
    ] {
        let found = of(&boxed(&mounts, groups, &ALL, &files), LayerKind::Container);
        assert_eq!((&*found.name, found.confidence), (name, Confidence::Certain), "{found:?}");
    }
}

// Fails where mounts are not read.
#[test]
fn a_container_that_keeps_the_machine_s_processes_is_still_one() {
    // As toolbox and distrobox make them: --pid host, --ipc host, the user's own id.
    let mounts =
        "900 899 0:60 / / rw - overlay overlay rw,lowerdir=/home/me/.local/share/containers/storage/overlay/l/A\n";
    let mut root =
        boxed(mounts, "0::/user.slice/user-1000.slice/user@1000.service/x.scope\n", &[], &["/run/.containerenv"]);
    for (kind, number) in [("user", 4026532700u64), ("mnt", 4026532701), ("cgroup", 4026532702)] {
        root.insert(format!("/proc/self/ns/{kind}"), Entry::Link(format!("{kind}:[{number}]")));
    }
    let found = of(&root, LayerKind::Container);
    assert_eq!((found.present, &*found.name), (true, "Podman container"), "{found:?}");
}

// Fails where only the release is read.
#[test]
fn a_distribution_of_wsl2_is_known_under_a_kernel_of_any_name() {
    let release = "/proc/sys/kernel/osrelease";
    let root = with("wsl2", &[(release, "6.6.36-mine\n"), ("/proc/version", "Linux version 6.6.36-mine\n")]);
    assert_eq!(of(&root, LayerKind::Container).name, "WSL2 distribution");
    // Containers in it, by mechanisms of their own.
    for (mounts, groups, name) in [
        ("75 70 0:60 / / rw - overlay overlay rw,lowerdir=/data/overlay2/l/A\n", "0::/\n", "Docker container"),
        ("75 70 8:32 /rootfs / rw - ext4 /dev/sdd rw\n", "0::/lxc.payload.one\n", "LXC container"),
        (
            "75 70 8:32 /m/one / rw - ext4 /dev/sdd rw\n76 75 0:9 /systemd/nspawn/propagate/one /run/host/incoming ro - tmpfs t rw\n",
            "0::/\n",
            "systemd-nspawn container",
        ),
    ] {
        for release_text in ["6.6.36-mine\n", "5.15.153.1-microsoft-standard-WSL2\n"] {
            let mut root = with(
                "wsl2",
                &[(release, release_text), ("/proc/self/mountinfo", mounts), ("/proc/self/cgroup", groups)],
            );
            contained(&mut root, &ALL);
            assert_eq!(of(&root, LayerKind::Container).name, name, "{release_text}");
        }
    }
}

// Fails where markers or mounts are not read.
#[test]
fn sandboxes_of_desktops_are_told_as_what_they_are() {
    // bubblewrap, for Flatpak: the root is a folder of a tmpfs.
    let mounts = "900 899 0:60 /newroot / rw - tmpfs tmpfs rw\n901 900 8:1 /usr /usr ro - ext4 /dev/sda1 rw\n";
    let root =
        boxed(mounts, "0::/user.slice/app.slice/app-flatpak-x.scope\n", &["pid", "user", "mnt"], &["/.flatpak-info"]);
    let found = of(&root, LayerKind::Container);
    assert!(found.present && found.name.contains("Flatpak"), "{found:?}");
    // A snap has a mount namespace and nothing more.
    let mounts = "900 899 7:1 / / ro - squashfs /dev/loop1 ro\n";
    let mut root = boxed(mounts, "0::/user.slice/snap.x.scope\n", &[], &[]);
    root.insert("/proc/self/ns/mnt", Entry::Link("mnt:[4026532701]".into()));
    assert!(!of(&root, LayerKind::Container).present);
}

// Fails where a mount of lxcfs counts wherever it lies, and where Docker's arrangement of folders is not known.
#[test]
fn lxcfs_on_the_machine_itself_makes_no_container_and_names_none_that_others_made() {
    // Many distributions start it whether or not there is a container.
    for point in ["/var/lib/lxcfs", "/var/snap/lxd/common/var/lib/lxcfs"] {
        let mounts = format!("22 1 8:2 / / rw - ext4 /dev/sda2 rw\n60 22 0:50 / {point} rw - fuse.lxcfs lxcfs rw\n");
        let found = of(&with("gce-metal", &[("/proc/self/mountinfo", &mounts)]), LayerKind::Container);
        assert_eq!((found.present, found.confidence), (false, Confidence::Certain), "{point}: {found:?}");
    }
    // Docker with files of lxcfs mounted by hand, and its folders at a place of their own.
    let file = |name: &str| format!("9 900 8:33 /data/containers/0001/{name} /etc/{name} rw - ext4 /dev/sdd rw\n");
    let mounts = format!(
        "900 899 0:60 / / rw - btrfs /dev/sdd rw,subvol=/x\n\
         901 900 0:50 /proc/meminfo /proc/meminfo rw - fuse.lxcfs lxcfs rw\n{}{}{}",
        file("hosts"),
        file("hostname"),
        file("resolv.conf")
    );
    assert_eq!(of(&boxed(&mounts, "0::/\n", &ALL, &[]), LayerKind::Container).name, "Docker container");
    // LXC, with nothing but that to name it.
    let mounts =
        "900 899 252:0 / / rw - ext4 /dev/dm-0 rw\n901 900 0:50 /proc/meminfo /proc/meminfo rw - fuse.lxcfs l rw\n";
    assert_eq!(of(&boxed(mounts, "0::/\n", &ALL, &[]), LayerKind::Container).name, "LXC container");
}

// Fails where namespaces alone count, and where a name that begins like Garden's does.
#[test]
fn a_service_in_namespaces_that_sees_the_machine_s_processes_is_no_container() {
    let mut root = host("gce-metal");
    for kind in ["user", "cgroup", "mnt", "net", "ipc", "uts"] {
        root.insert(format!("/proc/self/ns/{kind}"), Entry::Link(format!("{kind}:[4026532700]")));
    }
    let found = of(&root, LayerKind::Container);
    assert_eq!((found.present, found.confidence), (false, Confidence::Likely), "{found:?}");
    // A unit whose name begins like a runtime's.
    for group in ["0::/system.slice/gardener.service\n", "0::/system.slice/garden-ci.service\n", "0::/x/gardens\n"] {
        let found = of(&with("gce-metal", &[("/proc/self/cgroup", group)]), LayerKind::Container);
        assert_eq!((found.present, found.confidence), (false, Confidence::Certain), "{group}");
    }
}

// Fails where markers are not read, and where "unknown" is "none".
#[test]
fn a_marker_where_nothing_can_be_read_decides_nothing() {
    let mut root = Root::default();
    root.set_fact("system", "linux");
    root.set_fact("arch", "x86_64");
    root.insert("/.dockerenv", Entry::Exists);
    let found = of(&root, LayerKind::Container);
    assert_eq!((found.present, found.confidence), (false, Confidence::Unknown), "{found:?}");
    assert!(found.detail.contains("/.dockerenv"), "{found:?}");
}

// Fails where a socket of theirs is a marker of containers.
#[test]
fn a_virtual_machine_of_lxd_s_or_incus_is_no_container_for_its_socket() {
    // The agent in the machine makes the socket that containers get from the host.
    for socket in ["/dev/lxd/sock", "/dev/incus/sock"] {
        let mut root = host("kvm-guest-qemu");
        root.insert(socket, Entry::Exists);
        let found = of(&root, LayerKind::Container);
        assert_eq!((found.present, found.confidence), (false, Confidence::Certain), "{found:?}");
        assert!(found.evidence.iter().any(|line| line.starts_with(socket)), "{found:?}");
        // In a container of theirs it still says whose that is, where nothing else does.
        let mounts = "900 899 252:0 /containers/one/rootfs / rw - ext4 /dev/dm-0 rw\n";
        let found = of(&boxed(mounts, "0::/\n", &ALL, &[socket]), LayerKind::Container);
        assert_eq!((found.present, &*found.name), (true, "container of unknown kind, LXC by its markers"), "{found:?}");
        // And a container in such a machine does not see it.
        let mut root = with("docker-cgroup-v2", &[]);
        root.insert(socket, Entry::Refused("permission denied".into()));
        assert_eq!(of(&root, LayerKind::Container).name, of(&host("docker-cgroup-v2"), LayerKind::Container).name);
    }
}

// Fails where options are split after what is escaped in them.
#[test]
fn a_comma_in_the_folder_of_layers_hides_no_runtime() {
    // The kernel writes a comma in a value as \\054, so that it separates nothing.
    for (folder, name) in [
        ("/srv/a\\054b/docker/overlay2/l/A", "Docker container"),
        ("/srv/my\\040data\\054/containers/storage/overlay/l/A", "Podman container"),
    ] {
        let mounts = format!(
            "900 899 0:60 / / rw - overlay overlay rw,lowerdir={folder},upperdir=/x\\0542/diff,workdir=/x\\0542/work\n"
        );
        let found = of(&boxed(&mounts, "0::/\n", &ALL, &[]), LayerKind::Container);
        assert_eq!((&*found.name, found.confidence), (name, Confidence::Certain), "{folder}: {found:?}");
    }
}
