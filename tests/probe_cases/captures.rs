//! What is taken out of a capture, and that it says what the host says.

use super::*;

// Fails where mounts are left out of a capture.
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

// Fails where words are kept.
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

// Fails where a word is renamed in one file and not in another.
#[test]
fn one_word_has_one_name_in_roots_sources_options_and_groups() {
    // What somebody called a machine stands in a group, in a folder of layers, in a pool, in a tunnel of systemd-nspawn.
    let mounts = "900 899 0:60 /pool/SECRET/root / rw - zfs tank/SECRET rw\n\
                  901 900 0:61 /systemd/nspawn/propagate/SECRET /run/host/incoming ro - tmpfs t rw\n\
                  902 900 0:62 / /srv/SECRET rw - overlay SECRET rw,lowerdir=/data/SECRET/l/A:/b,upperdir=/c,workdir=/d\n\
                  903 900 0:30 /machine.slice/SECRET /sys/fs/cgroup rw - cgroup2 c rw\n";
    let root = with(
        "systemd-nspawn",
        &[
            ("/proc/self/mountinfo", mounts),
            ("/proc/self/cgroup", "0::/machine.slice/SECRET/payload\n"),
            ("/proc/1/cgroup", "0::/machine.slice/SECRET/payload\n"),
            ("/sys/fs/cgroup/memory.max", "268435456\n"),
            ("/sys/fs/cgroup/payload/memory.max", "max\n"),
        ],
    );
    let inventory = settled(&root);
    assert_eq!(inventory.layer(LayerKind::Container).unwrap().name, "systemd-nspawn container");
    assert_eq!(in_force(&root, Resource::Memory).value, Some(268435456.0));
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("host");
    root.scrubbed().save(&folder).unwrap();
    let whole = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let (facts, list) = (whole("facts.txt"), whole("tree/proc/self/mountinfo"));
    assert!(!facts.contains("SECRET") && !list.contains("SECRET"), "{facts}{list}");
    let name = facts.lines().find_map(|line| line.strip_prefix("line /proc/self/cgroup 0::/machine.slice/"));
    let name = name.and_then(|rest| rest.split('/').next()).unwrap();
    let times = list.split(['/', ' ', ':', '=', ',', '\n']).filter(|word| *word == name).count();
    assert!(times >= 3, "{name} stands {times} times in:\n{list}");
}

// Fails where a pipe counts as a plain file, where opening or reading waits, and where links of a tree are followed.
#[test]
fn a_capture_made_of_links_to_what_blocks_is_refused_and_not_waited_for() {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || tell.send(loaded_with_links()));
    let loaded = told.recv_timeout(std::time::Duration::from_secs(60)).expect("nothing is waited for");
    for (name, target, result) in loaded {
        match (name, result) {
            // No link of a tree is followed.
            ("tree/proc/version", result) => assert_eq!(result, Ok(()), "{name} is {target}"),
            (_, Err(error)) => assert!(error.contains(name), "{name} is {target}: {error}"),
            (_, Ok(())) => panic!("{name} is {target}, and was read"),
        }
    }
}

/// What comes of captures of which one file is a link to something that blocks its reader, or never ends.
fn loaded_with_links() -> Vec<(&'static str, &'static str, Result<(), String>)> {
    let mut out = Vec::new();
    for name in ["facts.txt", "cpuid.txt", "tree/proc/version"] {
        // `/proc/kmsg` is a plain file by its type, and blocks until there is a message. Not everybody may open it.
        for target in ["/proc/kmsg", "/dev/zero", "/dev/tty", "a pipe"] {
            let dir = tempfile::tempdir().unwrap();
            let folder = dir.path().join("host");
            host("gce-metal").save(&folder).unwrap();
            let path = folder.join(name);
            let _ = std::fs::remove_file(&path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            let pipe = dir.path().join("a pipe");
            assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
            // A path that begins at the root stays what it is.
            std::os::unix::fs::symlink(dir.path().join(target), &path).unwrap();
            let loaded = Root::load(&folder).map(|_| ()).map_err(|error| error.to_string());
            out.push((name, target, loaded));
        }
    }
    out
}

// Fails where what is beyond the limits is left out in silence.
#[test]
fn a_capture_too_large_or_too_deep_to_be_read_whole_is_refused() {
    let saved = || {
        let dir = tempfile::tempdir().unwrap();
        host("gce-metal").save(&dir.path().join("host")).unwrap();
        dir
    };
    let dir = saved();
    let deep = dir.path().join("host/tree").join("a/".repeat(90));
    std::fs::create_dir_all(&deep).unwrap();
    let error = Root::load(&dir.path().join("host")).unwrap_err().to_string();
    assert!(error.contains("deeper than 80"), "{error}");
    let dir = saved();
    for number in 0..4097 {
        std::fs::write(dir.path().join(format!("host/tree/{number}")), "a\nb\n").unwrap();
    }
    let error = Root::load(&dir.path().join("host")).unwrap_err().to_string();
    assert!(error.contains("more than 4096 files"), "{error}");
    // As deep as groups are walked, it is read.
    let dir = tempfile::tempdir().unwrap();
    let mut root = host("gce-metal");
    root.insert(format!("/sys/fs/cgroup{}/io.max", "/a".repeat(64)), text("8:0 rbps=1\n8:1 rbps=2\n"));
    root.save(&dir.path().join("host")).unwrap();
    assert_eq!(Root::load(&dir.path().join("host")).unwrap(), root);
}

// Fails where such a value is written as a line.
#[test]
fn a_value_that_ends_in_spaces_is_saved_as_it_is() {
    let root = with("gce-metal", &[(PRODUCT, "PowerEdge R640   \n"), (VENDOR, "  Dell \n")]);
    let dir = tempfile::tempdir().unwrap();
    root.save(&dir.path().join("host")).unwrap();
    assert_eq!(Root::load(&dir.path().join("host")).unwrap(), root);
}

// Fails where what names a runtime is kept as it is.
#[test]
fn what_somebody_calls_a_container_is_in_no_capture() {
    let mut root = with(
        "lxcfs-virtual-online",
        &[
            ("/run/systemd/container", "alice-lab\n"),
            ("/run/host/container-manager", "alice lab\n"),
            ("/proc/1/environ", "HOME=/\0container=alice-shop\0KEY=secret\0"),
        ],
    );
    root.set_fact("container", "alice");
    settled(&root);
    let dir = tempfile::tempdir().unwrap();
    root.scrubbed().save(&dir.path().join("host")).unwrap();
    let facts = std::fs::read_to_string(dir.path().join("host/facts.txt")).unwrap();
    assert!(!facts.contains("alice") && !facts.contains("secret"), "{facts}");
    // A runtime's own word stays, without what somebody added to it.
    root.set_fact("container", "lxc-alice");
    let clean = root.scrubbed();
    assert_eq!(clean.fact("container"), Some("lxc"));
    assert_eq!(clean.scrubbed(), clean);
}
