//! Which limits are in force: which mounts show them, what means "none", what a set of processors is measured by.

use super::*;

// Fails where every mount is taken to show this group.
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

// Fails where no mount covers another.
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

// Fails where only the mount that lies next below is looked at.
#[test]
fn however_many_mounts_lie_between_what_covers_the_lowest_covers_all() {
    for count in [1, 63, 64, 70, 500] {
        let between: String = (0..count)
            .map(|at| {
                let parent = if at == 0 { 24 } else { 99 + at };
                format!("{} {parent} 0:{at} / /sys/fs/cgroup rw - tmpfs t rw\n", 100 + at)
            })
            .collect();
        let own = format!("900 {} 0:26 / /sys/fs/cgroup rw - cgroup2 c rw\n", 99 + count);
        let seen = |more: &str| {
            let files = [("/sys/fs/cgroup/A/memory.max", "67108864\n"), ("/cg/A/memory.max", "268435456\n")];
            in_force(&grouped("0::/A\n", &format!("{TOP}{between}{own}{more}"), &files), Resource::Memory)
        };
        let memory = seen("");
        assert_eq!((memory.value, memory.set_at.as_deref()), (Some(67108864.0), Some("/sys/fs/cgroup/A")), "{count}");
        // Over a folder above all of them: what its files say is another file system's.
        let over = "901 24 0:77 / /sys/fs rw - tmpfs t rw\n";
        let memory = seen(over);
        assert_eq!((memory.value, memory.confidence), (None, Confidence::Unknown), "{count}: {memory:?}");
        let memory = seen(&format!("{over}902 22 0:26 / /cg rw - cgroup2 c rw\n"));
        assert_eq!((memory.value, memory.set_at.as_deref()), (Some(268435456.0), Some("/cg/A")), "{count}");
    }
}

// Fails where the limits of groups above are read in one's own mount only.
#[test]
fn an_agent_with_the_machine_s_tree_beside_its_own_knows_the_limit_above_it() {
    // As agents in a container of v1 have both: their own group at the usual place, and the machine's tree elsewhere.
    let own = "/docker/0123456789ab";
    let mounts = format!(
        "{TOP}30 24 0:30 {own} /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n\
         40 22 8:1 / /hostfs ro - ext4 /dev/sda1 rw\n41 40 0:30 / /hostfs/sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"
    );
    let of_files =
        |files: &[(&str, &str)]| in_force(&grouped(&format!("5:memory:{own}\n"), &mounts, files), Resource::Memory);
    let limit = "memory.limit_in_bytes";
    let (below, above) =
        (format!("/sys/fs/cgroup/memory/{limit}"), format!("/hostfs/sys/fs/cgroup/memory/docker/{limit}"));
    let memory = of_files(&[(&below, "536870912\n"), (&above, "268435456\n")]);
    assert_eq!((memory.value, memory.confidence), (Some(268435456.0), Confidence::Certain));
    assert_eq!(memory.set_at.as_deref(), Some("/hostfs/sys/fs/cgroup/memory/docker"));
    let memory = of_files(&[(&below, "536870912\n"), (&above, "9223372036854771712\n")]);
    assert_eq!((memory.value, memory.set_at.as_deref()), (Some(536870912.0), Some("/sys/fs/cgroup/memory")));
    // The other containers' groups below the same folder are nobody's here.
    let other = format!("/hostfs/sys/fs/cgroup/memory/docker/cdef01234567/{limit}");
    let memory = of_files(&[(&below, "536870912\n"), (&other, "4194304\n")]);
    assert_eq!(memory.value, Some(536870912.0));
}

// Fails where escapes are left in.
#[test]
fn odd_letters_in_mount_points_and_in_groups_hide_no_limit() {
    for (written, folder) in [
        ("/mnt/a\\040b", "/mnt/a b"),
        ("/mnt/a\\134b", "/mnt/a\\b"),
        ("/mnt/a\\011b", "/mnt/a\tb"),
        ("/mnt/a\\012b", "/mnt/a\nb"),
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

// Fails where the kernel's own sum is taken for a limit whatever it is.
#[test]
fn a_sum_of_no_limits_is_none_on_32_bits_too() {
    let said = |arch: &str, memory: &str, together: &str| {
        let stat = format!("hierarchical_memory_limit {memory}\nhierarchical_memsw_limit {together}\n");
        let none = "8796093018112\n";
        let mut root = with(
            "v1-32-bit-no-limit",
            &[
                ("/sys/fs/cgroup/memory/memory.limit_in_bytes", none),
                ("/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes", none),
                ("/sys/fs/cgroup/memory/memory.stat", &stat),
            ],
        );
        root.set_fact("arch", arch);
        (in_force(&root, Resource::Memory).value, in_force(&root, Resource::Swap).value)
    };
    assert_eq!(said("arm", "8796093018112", "8796093018112"), (None, None));
    assert_eq!(said("arm", "268435456", "8796093018112"), (Some(268435456.0), None));
    assert_eq!(said("arm", "268435456", "805306368"), (Some(268435456.0), Some(536870912.0)));
}

// Fails where one number means none.
#[test]
fn what_means_no_limit_depends_on_the_word_and_the_page() {
    let memory = |arch: &str, number: &str| {
        let files = [("/sys/fs/cgroup/memory/memory.limit_in_bytes", number), ("/proc/cpuinfo", "")];
        let mut root = with("v1-32-bit-no-limit", &files);
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

// Fails where memory.stat is not read.
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

// Fails where lxcfs is not looked for.
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

/// A host whose groups and mounts are these, with these files.
pub(super) fn grouped(groups: &str, mounts: &str, files: &[(&str, &str)]) -> Root {
    let mut root = with("gce-metal", &[("/proc/self/cgroup", groups), ("/proc/self/mountinfo", mounts)]);
    files.iter().for_each(|(path, content)| root.insert(*path, text(content)));
    root
}

pub(super) const TOP: &str = "22 1 8:2 / / rw - ext4 /dev/sda2 rw\n24 22 0:22 / /sys rw - sysfs s rw\n";

// Fails where levels that are hidden are not told of.
#[test]
fn an_agent_in_a_cgroup_namespace_reads_its_own_limit_among_those_of_all_it_watches() {
    // As cAdvisor or a node agent: its own group, the machine's whole tree, and what others' roots show of theirs.
    let mounts = format!(
        "{TOP}30 24 0:26 / /sys/fs/cgroup ro - cgroup2 c rw\n40 22 8:1 / /rootfs ro - ext4 /dev/sda1 rw\n\
         41 40 0:26 /../../.. /rootfs/sys/fs/cgroup ro - cgroup2 c rw\n\
         42 40 0:26 /../other /rootfs/var/lib/x/merged/sys/fs/cgroup ro - cgroup2 c rw\n"
    );
    let mut root = grouped(
        "0::/\n",
        &mounts,
        &[
            ("/sys/fs/cgroup/memory.max", "536870912\n"),
            ("/sys/fs/cgroup/cpu.max", "150000 100000\n"),
            ("/rootfs/var/lib/x/merged/sys/fs/cgroup/memory.max", "67108864\n"),
            ("/rootfs/var/lib/x/merged/sys/fs/cgroup/cpu.max", "10000 100000\n"),
        ],
    );
    contained(&mut root, &["cgroup"]);
    let memory = in_force(&root, Resource::Memory);
    assert_eq!((memory.value, memory.set_at.as_deref()), (Some(536870912.0), Some("/sys/fs/cgroup")));
    assert_eq!(memory.confidence, Confidence::Likely, "three levels are not seen");
    assert_eq!(in_force(&root, Resource::Cpu).text, "1.5 cores (150000 µs each 100000 µs)");
}

// Fails where every mount is taken to show this group.
#[test]
fn a_group_beside_the_one_that_is_mounted_has_unknown_limits() {
    // As a scheduler moves what it runs to a group of its own, beside that of the container it runs in.
    let mounts = format!(
        "{TOP}30 24 0:30 /system.slice/docker-54.scope /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n\
         31 24 0:31 /system.slice/docker-54.scope /sys/fs/cgroup/cpuset ro - cgroup cgroup rw,cpuset\n"
    );
    let root = grouped(
        "5:memory:/nomad/shared\n3:cpuset:/nomad/shared\n",
        &mounts,
        &[
            ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "67108864\n"),
            ("/sys/fs/cgroup/memory/memory.stat", "hierarchical_memory_limit 67108864\n"),
            ("/sys/fs/cgroup/cpuset/cpuset.cpus", "3\n"),
        ],
    );
    for resource in [Resource::Memory, Resource::Cpuset] {
        let limit = in_force(&root, resource);
        assert_eq!((limit.value, limit.confidence, &*limit.text), (None, Confidence::Unknown, "unknown"));
        let why = limit.evidence.iter().any(|line| line.contains("mounted only where it shows other groups"));
        assert!(why, "{limit:?}");
    }
}

// Fails where memory.stat is not read.
#[test]
fn a_service_in_a_container_with_systemd_is_bound_by_the_container_s_limit() {
    let mounts = format!("{TOP}30 24 0:30 /docker/0123456789ab /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
    let own = "/sys/fs/cgroup/memory/system.slice/app.service";
    let root = grouped(
        "5:memory:/docker/0123456789ab/system.slice/app.service\n",
        &mounts,
        &[
            ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "1073741824\n"),
            ("/sys/fs/cgroup/memory/system.slice/memory.limit_in_bytes", "9223372036854771712\n"),
            (&format!("{own}/memory.limit_in_bytes"), "2147483648\n"),
            (&format!("{own}/memory.stat"), "cache 1\nhierarchical_memory_limit 1073741824\n"),
        ],
    );
    let memory = in_force(&root, Resource::Memory);
    assert_eq!((memory.value, memory.confidence), (Some(1073741824.0), Confidence::Certain));
    assert_eq!(memory.set_at.as_deref(), Some("/sys/fs/cgroup/memory"));
}

// Fails where all trees are asked for all controllers.
#[test]
fn a_tree_of_v2_that_is_not_mounted_hides_no_limit_of_what_v1_has() {
    // Kernels since 4.5 list v2's group wherever v2 could be mounted.
    let mounts = format!("{TOP}30 24 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
    let root = grouped(
        "4:memory:/batch\n0::/system.slice/x.service\n",
        &mounts,
        &[("/sys/fs/cgroup/memory/batch/memory.limit_in_bytes", "268435456\n")],
    );
    let memory = in_force(&root, Resource::Memory);
    assert_eq!((memory.value, memory.confidence), (Some(268435456.0), Confidence::Certain));
    // Both mounted: what v1 has is limited there, the rest in v2.
    let mounts = format!("{mounts}31 24 0:31 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
    let root = grouped(
        "4:memory:/batch\n0::/user.slice\n",
        &mounts,
        &[
            ("/sys/fs/cgroup/memory/batch/memory.limit_in_bytes", "268435456\n"),
            ("/sys/fs/cgroup/unified/user.slice/memory.max", "1\n"),
            ("/sys/fs/cgroup/unified/user.slice/pids.max", "100\n"),
        ],
    );
    assert_eq!(in_force(&root, Resource::Memory).value, Some(268435456.0));
    assert_eq!(in_force(&root, Resource::Pids).value, Some(100.0));
    // A kernel told to leave memory alone (cgroup_disable=memory) has no group for it, and so no limit.
    let root = grouped("9:pids:/\n", &format!("{TOP}33 24 0:33 / /sys/fs/cgroup/pids rw - cgroup c rw,pids\n"), &[]);
    let memory = in_force(&root, Resource::Memory);
    assert_eq!((&*memory.text, memory.confidence), ("none", Confidence::Certain));
}

// Fails where levels that are hidden are not told of.
#[test]
fn where_only_the_innermost_group_is_mounted_none_is_not_certain() {
    let mounts = format!("{TOP}30 24 0:26 /slurm/job_1/step_0/user/task_0 /sys/fs/cgroup ro - cgroup2 c rw\n");
    let root = grouped("0::/slurm/job_1/step_0/user/task_0\n", &mounts, &[("/sys/fs/cgroup/memory.max", "max\n")]);
    let memory = in_force(&root, Resource::Memory);
    assert_eq!((memory.value, memory.confidence), (None, Confidence::Likely));
}

// Fails where only cgroup mounts are read.
#[test]
fn cpusets_as_android_and_old_systems_mount_them_are_read() {
    let present = ("/sys/devices/system/cpu/present", "0-7\n");
    let online = ("/sys/devices/system/cpu/online", "0-7\n");
    for mount in ["cgroup none rw,cpuset,noprefix,release_agent=/sbin/x", "cpuset none rw", "cpuset cpuset rw"] {
        let mounts = format!("{TOP}50 22 0:20 / /dev/cpuset rw - {mount}\n");
        let files = [present, online, ("/dev/cpuset/background/cpus", "0-3\n"), ("/dev/cpuset/cpus", "0-7\n")];
        let root = grouped("3:cpuset:/background\n", &mounts, &files);
        let set = in_force(&root, Resource::Cpuset);
        assert_eq!(
            (set.value, set.confidence, &*set.text),
            (Some(4.0), Confidence::Certain, "4 CPUs (0-3)"),
            "{mount}"
        );
        assert_eq!(set.set_at.as_deref(), Some("/dev/cpuset/background"));
    }
}

// Fails where a set is counted as it is written.
#[test]
fn processors_that_are_not_there_are_in_no_set() {
    let mounts = format!("{TOP}30 24 0:30 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n");
    let set = |list: &str, online: &str| {
        let files = [("/sys/fs/cgroup/cpuset/a/cpuset.cpus", list), ("/sys/devices/system/cpu/online", online)];
        in_force(&grouped("3:cpuset:/a\n", &mounts, &files), Resource::Cpuset).text
    };
    assert_eq!(set("2-255\n", "0-7\n"), "6 CPUs (2-7)");
    assert_eq!(set("0,2,4,6\n", "0-3,6-7\n"), "3 CPUs (0,2,6)");
    assert_eq!(set("0-255\n", "0-7\n"), "none");
    assert_eq!(set("\n", "0-7\n"), "none");
}

// Fails where lxcfs is not looked for.
#[test]
fn a_set_is_not_measured_by_processors_that_lxcfs_makes_up_from_a_quota() {
    let (set, online) = ("/sys/fs/cgroup/cpuset.cpus.effective", "/sys/devices/system/cpu/online");
    let mut root = with("lxcfs-virtual-online", &[(set, "0-7\n"), (online, "0-1\n")]);
    root.insert("/sys/fs/cgroup/cpu.max", text("200000 100000\n"));
    assert_eq!(in_force(&root, Resource::Cpuset).value, None);
    assert_eq!(in_force(&root, Resource::Cpu).value, Some(2.0));
    assert!(of(&root, LayerKind::Processor).detail.contains("2 processors shown by lxcfs"));
}

// Fails where a folder that is closed counts as seen.
#[test]
fn a_group_that_cannot_be_seen_is_not_taken_for_one_without_limits() {
    let mounts = format!("{TOP}30 24 0:26 / /sys/fs/cgroup rw - cgroup2 c rw\n");
    let folder = "/sys/fs/cgroup/work/mine";
    for why in ["permission denied", "entity not found"] {
        let mut root = grouped("0::/work/mine\n", &mounts, &[("/sys/fs/cgroup/work/memory.max", "max\n")]);
        root.insert(folder, Entry::Refused(why.into()));
        let memory = in_force(&root, Resource::Memory);
        assert_eq!((memory.value, memory.confidence), (None, Confidence::Unknown), "{why}");
        assert!(memory.evidence.iter().any(|line| line.contains(folder)), "{memory:?}");
        // A group above that cannot be seen may set less.
        let mut root = grouped("0::/work/mine\n", &mounts, &[("/sys/fs/cgroup/work/mine/memory.max", "4096\n")]);
        root.insert("/sys/fs/cgroup/work", Entry::Refused(why.into()));
        let memory = in_force(&root, Resource::Memory);
        assert_eq!((memory.value, memory.confidence), (Some(4096.0), Confidence::Likely), "{why}");
    }
}

// Fails where cores are rounded to whole ones.
#[test]
fn quotas_of_all_sizes_are_told_in_cores() {
    let mounts = format!("{TOP}30 24 0:26 / /sys/fs/cgroup rw - cgroup2 c rw\n");
    let text = |quota: &str| {
        in_force(&grouped("0::/a\n", &mounts, &[("/sys/fs/cgroup/a/cpu.max", quota)]), Resource::Cpu).text
    };
    assert_eq!(text("max 100000\n"), "none");
    assert_eq!(text("100000 100000\n"), "1 core (100000 µs each 100000 µs)");
    assert_eq!(text("1000 3000\n"), "0.333 cores (1000 µs each 3000 µs)");
    assert_eq!(text("1000 1000000\n"), "0.001 cores (1000 µs each 1000000 µs)");
    assert_eq!(text("50000\n"), "0.5 cores (50000 µs each 100000 µs)");
    for none in ["max\n", "\n", "-1 100000\n", "0 100000\n", "1000 0\n"] {
        assert_eq!(text(none), "none", "{none}");
    }
}

// Fails where a quota without a period is none.
#[test]
fn a_quota_of_v1_counts_where_its_period_cannot_be_read() {
    let mounts = format!("{TOP}32 24 0:28 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n");
    let (quota, period) = ("/sys/fs/cgroup/cpu/c/cpu.cfs_quota_us", "/sys/fs/cgroup/cpu/c/cpu.cfs_period_us");
    let of_quota = |number: &str, why: Option<&str>| {
        let mut root = grouped("5:cpu:/c\n", &mounts, &[(quota, number)]);
        if let Some(why) = why {
            root.insert(period, Entry::Refused(why.into()));
        }
        in_force(&root, Resource::Cpu)
    };
    for why in [None, Some("permission denied")] {
        let cpu = of_quota("50000\n", why);
        assert_eq!((cpu.value, cpu.confidence), (Some(0.5), Confidence::Likely), "{cpu:?}");
        let told = cpu.evidence.iter().any(|line| line.contains(period) && line.contains(why.unwrap_or("not there")));
        assert!(told && cpu.doubt.is_some_and(|doubt| doubt.contains("period")), "{cpu:?}");
        // No quota has no period.
        let cpu = of_quota("-1\n", why);
        assert_eq!((&*cpu.text, cpu.confidence), ("none", Confidence::Certain), "{cpu:?}");
    }
    // A period that is there, also where files have no controller's name.
    let root = grouped("5:cpu:/c\n", &mounts, &[(quota, "50000\n"), (period, "200000\n")]);
    assert_eq!(in_force(&root, Resource::Cpu).text, "0.25 cores (50000 µs each 200000 µs)");
    let mounts = format!("{TOP}32 22 0:28 / /dev/cpu rw - cgroup none rw,cpu,noprefix\n");
    let files = [("/dev/cpu/c/cfs_quota_us", "50000\n"), ("/dev/cpu/c/cfs_period_us", "200000\n")];
    let cpu = in_force(&grouped("5:cpu:/c\n", &mounts, &files), Resource::Cpu);
    assert_eq!((cpu.value, cpu.confidence), (Some(0.25), Confidence::Certain));
    // Swap is what v1 limits together, less memory: no surer than that is.
    let mounts = format!("{TOP}32 24 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
    let folder = "/sys/fs/cgroup/memory/c";
    let mut root = grouped("5:memory:/c\n", &mounts, &[(&format!("{folder}/memory.memsw.limit_in_bytes"), "4096\n")]);
    root.insert(format!("{folder}/memory.limit_in_bytes"), Entry::Refused("permission denied".into()));
    assert_eq!(in_force(&root, Resource::Swap).confidence, Confidence::Likely);
}

// Fails where it is not told that mounts, or groups, are cut.
#[test]
fn what_lies_beyond_a_list_that_is_cut_makes_nothing_certain() {
    let own = "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 c rw\n";
    let many = |first: u32, count: u32| -> String {
        (first..first + count).map(|id| format!("{id} 22 0:{id} / /m/{id} rw - tmpfs t rw\n")).collect()
    };
    let limited = |mounts: &str| grouped("0::/a\n", mounts, &[("/sys/fs/cgroup/a/memory.max", "67108864\n")]);
    let cut = |layer: &[String]| layer.iter().any(|line| line.contains("/proc/self/mountinfo: cut"));
    // Whole, for comparison.
    let root = limited(&format!("{TOP}{own}{}", many(100, 500)));
    assert_eq!(in_force(&root, Resource::Memory).confidence, Confidence::Certain);
    assert_eq!(of(&root, LayerKind::Container).confidence, Confidence::Certain);
    // More mounts than are looked at, the own one among them: one beyond may cover it.
    let cover = "9999 30 0:77 / /sys/fs/cgroup rw - tmpfs t rw\n";
    let mut roots = vec![limited(&format!("{TOP}{own}{}{cover}", many(100, 5000)))];
    // More bytes than are read; the last line is a part of one.
    let mut bytes = format!("{TOP}{own}{}", many(100, 500)).into_bytes();
    bytes.extend(b"30 24 0:26 / /sys/fs/cg");
    let mut root = limited("");
    root.insert("/proc/self/mountinfo", Entry::File { bytes, whole: false });
    roots.push(root);
    for root in roots {
        let memory = in_force(&root, Resource::Memory);
        assert_eq!((memory.value, memory.confidence), (Some(67108864.0), Confidence::Likely), "{memory:?}");
        assert!(cut(&memory.evidence) && memory.doubt.is_some_and(|doubt| doubt.contains("cut")), "{memory:?}");
        let pids = in_force(&root, Resource::Pids);
        assert_eq!((&*pids.text, pids.confidence), ("none", Confidence::Likely));
        for kind in [LayerKind::Container, LayerKind::Cgroups] {
            let found = of(&root, kind);
            assert!(found.confidence == Confidence::Likely && cut(&found.evidence), "{found:?}");
        }
        assert!(
            take(&root)
                .to_text(false)
                .contains("64 MiB, set at /sys/fs/cgroup/a (the list of mounts or groups is cut)")
        );
    }
    // The own one beyond: not seen, which is not the same as not there.
    let root = limited(&format!("{TOP}{}{own}", many(100, 5000)));
    let memory = in_force(&root, Resource::Memory);
    assert_eq!((memory.value, memory.confidence), (None, Confidence::Unknown));
    assert!(memory.evidence.iter().any(|line| line.contains("not mounted in what was read")), "{memory:?}");
    // More groups than are looked at: a controller that is in none of them may be in one beyond.
    let groups: String = (0..80).map(|id| format!("{id}:name=n{id}:/\n")).collect();
    let pids = format!("{TOP}33 24 0:33 / /sys/fs/cgroup/pids rw - cgroup c rw,pids\n");
    let root = grouped(&format!("{groups}1:pids:/\n"), &pids, &[("/sys/fs/cgroup/pids/pids.max", "7\n")]);
    let limit = in_force(&root, Resource::Pids);
    assert_eq!((limit.value, limit.confidence), (None, Confidence::Unknown), "{limit:?}");
    assert!(limit.evidence.iter().any(|line| line.contains("/proc/self/cgroup: cut")), "{limit:?}");
}

// Fails where levels that are left out count as seen, and where the nearest limit wins.
#[test]
fn a_group_that_lies_deep_is_walked_or_said_to_be_hidden_above() {
    let mounts = format!("{TOP}30 24 0:26 / /sys/fs/cgroup rw - cgroup2 c rw\n");
    let of_depth = |depth: usize| {
        let group: String = (0..depth).map(|level| format!("/l{level}")).collect();
        let files = [
            ("/sys/fs/cgroup/l0/memory.max".to_owned(), "67108864\n"),
            (format!("/sys/fs/cgroup{group}/memory.max"), "134217728\n"),
        ];
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        in_force(&grouped(&format!("0::{group}\n"), &mounts, &files), Resource::Memory)
    };
    let memory = of_depth(40);
    assert_eq!((memory.value, memory.confidence), (Some(67108864.0), Confidence::Certain));
    // Its own limit is seen, and what is far above is not: 128 MiB at most.
    let memory = of_depth(100);
    assert_eq!((memory.value, memory.confidence), (Some(134217728.0), Confidence::Likely));
    assert_eq!(memory.doubt, Some("levels above are hidden"));
}

// Fails where it is not told that a folder is cut.
#[test]
fn a_folder_with_more_devices_than_are_looked_at_is_not_counted_with_certainty() {
    let disks = |count: usize| {
        let mut root = host("bare-metal-intel");
        root.insert("/sys/block", Entry::Dir((0..count).map(|at| format!("sd{at:03}")).collect()));
        of(&root, LayerKind::Devices)
    };
    assert_eq!(disks(255).confidence, Confidence::Certain);
    let found = disks(256);
    assert_eq!(found.confidence, Confidence::Likely);
    assert!(found.evidence.iter().any(|line| line.starts_with("/sys/block: cut")), "{found:?}");
}

// Fails where what lies on a mount is looked for in the whole list.
#[test]
fn thousands_of_mounts_on_one_another_are_judged_without_delay() {
    // Every mount lies on the one before, all of one tree, and a process in many groups: what grows faster than the
    // list takes minutes here.
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || tell.send(limits_under_thousands_of_mounts()));
    let found = told.recv_timeout(std::time::Duration::from_secs(60)).expect("they are judged within a minute");
    assert_eq!(found, [Some(4096.0), Some(4096.0)]);
}

fn limits_under_thousands_of_mounts() -> [Option<f64>; 2] {
    let mounts: String =
        (2..4096).map(|id| format!("{id} {} 0:26 / /sys/fs/cgroup rw - cgroup2 c rw\n", id - 1)).collect();
    let groups = "0::/a\n".repeat(64);
    let on_one = grouped(&groups, &mounts, &[("/sys/fs/cgroup/a/memory.max", "4096\n")]);
    let mounts: String = (2..4096).map(|id| format!("{id} {} 0:26 / /m{id} rw - cgroup2 c rw\n", id - 1)).collect();
    let side_by_side = grouped(&groups, &mounts, &[("/m2/a/memory.max", "4096\n")]);
    [on_one, side_by_side].map(|root| limit(&root, Resource::Memory).value)
}
