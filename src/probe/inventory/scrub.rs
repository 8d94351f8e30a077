//! Takes out of a captured host what tells one machine or one person from another.
//!
//! Words that the layers' software uses stay (`docker`, `user.slice`, `overlay2`); long hexadecimal ids become
//! `000…1`, `000…2` of the same length; any other word in a path becomes `name1`, `name2`. The same word becomes the
//! same name throughout, in the contents of files and in their own paths, and two words never become one, so that a
//! path in one file still fits that in another: the inventory of what is left says what the inventory of the host says.
//! Files that mix what matters with what does not keep only their known lines.

use super::container::{manager, runtime_of};
use super::mounts::{self, Mount};
use super::{Entry, Root, imitation, kernel, limits, mainframe, process};
use std::collections::{BTreeMap, BTreeSet};

/// Words in paths that are the software's, not the user's.
const WORDS: &[&str] = &[
    "",
    ".",
    "..",
    "proc",
    "sys",
    "dev",
    "etc",
    "run",
    "var",
    "lib",
    "usr",
    "home",
    "root",
    "tmp",
    "mnt",
    "fs",
    "cgroup",
    "unified",
    "systemd",
    "cpu",
    "cpuacct",
    "cpu,cpuacct",
    "cpuset",
    "memory",
    "pids",
    "blkio",
    "devices",
    "freezer",
    "net_cls",
    "net_prio",
    "net_cls,net_prio",
    "perf_event",
    "hugetlb",
    "rdma",
    "misc",
    "docker",
    "overlay2",
    "overlay",
    "overlay-containers",
    "overlay-layers",
    "nerdctl",
    "pod",
    "containers",
    "storage",
    "containerd",
    "io.containerd.snapshotter.v1.overlayfs",
    "io.containerd.runtime.v2.task",
    "snapshots",
    "diff",
    "merged",
    "work",
    "l",
    "rootfs",
    "lxc",
    "lxd",
    "lxcfs",
    "libpod",
    "container",
    "hosts",
    "hostname",
    "resolv.conf",
    ".local",
    "share",
    "user.slice",
    "system.slice",
    "machine.slice",
    "machines",
    "nspawn",
    "propagate",
    "host",
    "incoming",
    "payload",
    "supervisor",
    "kubelet",
    "pods",
    "etc-hosts",
    "sandboxes",
    "io.containerd.grpc.v1.cri",
    "init.scope",
    "app.slice",
    "session.slice",
    "user",
    "init",
    "kubepods",
    "kubepods.slice",
    "besteffort",
    "burstable",
    "shm",
    "pts",
    "mqueue",
    "console",
    "null",
    "zero",
    "full",
    "random",
    "urandom",
    "tty",
    "acpi",
    "kcore",
    "keys",
    "timer_list",
    "scsi",
    "firmware",
    "powercap",
    "bus",
    "irq",
    "sysrq-trigger",
    "cpuinfo",
    "meminfo",
    "stat",
    "uptime",
    "loadavg",
    "swaps",
    "diskstats",
    "slabinfo",
    "interrupts",
    "sched_debug",
    "self",
    "userdata",
    "ecs",
    "mesos",
    "buildkit",
    "runc-overlayfs",
    "singularity",
    "apptainer",
    "session",
    "overlay-lowerdir",
    "kataShared",
    "ostree",
    "deploy",
    "composefs",
    "LiveOS",
    "LiveOS_rootfs",
    "live",
    "rofs",
    "cow",
    "overlayroot",
    "rootfsbase",
    "overlayfs:",
    "sysfs",
    "linprocfs",
    "system",
    "online",
    "devtmpfs",
    "tmpfs",
    "cgroup2",
    "udev",
    "none",
    "default",
];

/// Beginnings of words in paths that are the software's; the rest of the word must be digits or an id.
const PREFIXES: &[&str] = &[
    "docker-",
    "libpod-conmon-",
    "libpod-",
    "cri-containerd-",
    "crio-",
    "lxc.payload.",
    "lxc.monitor.",
    "user-",
    "session-",
    "user@",
    "kubepods-besteffort-pod",
    "kubepods-burstable-pod",
    "kubepods-pod",
    "pod",
    "kubepods-besteffort",
    "kubepods-burstable",
    "libpod_pod_",
    "vd",
    "sd",
    "nvme",
    "dm-",
    "mapper",
    "eth",
    "ens",
    "enp",
    "wlan",
    "wlp",
    "lo",
    "docker",
    "br-",
    "veth",
    "virbr",
    "ifb",
    "tap",
    "tun",
    "bond",
    "loop",
    "zram",
    "ram",
    "sr",
    "md",
    "mmcblk",
    "xvd",
    "nbd",
    "name",
];

/// Beginnings of words that name a runtime, whatever follows.
const RUNTIMES: &[&str] = &[
    "docker-",
    "libpod-",
    "libpod_",
    "cri-containerd-",
    "nerdctl-",
    "crio-",
    "lxc.payload",
    "lxc.monitor",
    "kubepods",
    "systemd-nspawn",
    "garden",
];

/// The options of a mount whose values say something and nothing private; flags are kept, other values are dropped.
const OPTIONS: &[&str] = &[
    "lowerdir", "upperdir", "workdir", "name", "subset", "hidepid", "trans", "aname", "rfdno", "wfdno", "cache",
    "dcache", "mode",
];

/// The names of pid 1 that say something.
const INITS: &[&str] = &[
    "systemd",
    "init",
    "init(Ubuntu)",
    "sh",
    "bash",
    "tini",
    "dumb-init",
    "docker-init",
    "catatonit",
    "sleep",
    "pause",
    "s6-svscan",
    "runit",
    "openrc-init",
    "kthreadd",
];

/// What stands for which word.
#[derive(Default)]
struct Names {
    ids: BTreeMap<String, usize>,
    words: BTreeMap<String, usize>,
    users: BTreeMap<String, usize>,
    /// Numbers of names that are there already, as in what was scrubbed before.
    taken: BTreeSet<usize>,
}

/// The files that name control groups and mounts. They are scrubbed first and in this order, so that each word's number
/// does not depend on what the folders of groups are called.
const FIRST: [&str; 3] = ["/proc/1/cgroup", "/proc/self/cgroup", "/proc/self/mountinfo"];

impl Root {
    /// This host without what tells it from others.
    pub fn scrubbed(&self) -> Root {
        let mut names = Names { taken: taken(self), ..Names::default() };
        let mut out = Root { facts: self.facts.clone(), cpuid: self.cpuid.clone(), ..Root::default() };
        if out.fact("uid").is_some_and(|uid| uid != "0") {
            out.set_fact("uid", "1000");
        }
        let groups: Vec<Mount> = mounts::of(self).into_iter().filter(Mount::is_cgroup).collect();
        let first = FIRST.iter().filter_map(|path| self.entries.get_key_value(*path));
        let rest = self.entries.iter().filter(|(path, _)| !FIRST.contains(&path.as_str()));
        for (path, entry) in first.chain(rest) {
            let clean = match entry {
                Entry::File { bytes, whole } => {
                    let text = String::from_utf8_lossy(bytes);
                    let kept = match path.as_str() {
                        mounts::MOUNTINFO => Some(list_of_mounts(&mut names, &text, *whole)),
                        _ => content(&mut names, path, &text),
                    };
                    // Fewer mounts are kept, but what was not looked at stays away.
                    let whole = *whole && (path != mounts::MOUNTINFO || mounts::cut(self).is_none());
                    Entry::File { bytes: kept.map_or_else(|| bytes.clone(), String::into_bytes), whole }
                }
                Entry::Dir(list) => Entry::Dir(list.iter().map(|name| folder_name(&mut names, path, name)).collect()),
                other => other.clone(),
            };
            let path = match path.rsplit_once('/') {
                // The file's own name is the kernel's.
                Some((folder, file)) if is_of_a_group(&groups, folder, file) => {
                    format!("{}/{file}", names.path(folder))
                }
                _ if is_a_group_unseen(&groups, path, entry) => names.path(path),
                _ => path.clone(),
            };
            out.insert(path, clean);
        }
        if let Some(value) = self.fact("container").filter(|value| !value.is_empty()) {
            out.set_fact("container", names.manager(value));
        }
        out
    }
}

/// Whether this is a file of a control group, whose folder people may have named.
fn is_of_a_group(mounts: &[Mount], folder: &str, file: &str) -> bool {
    // Some mounts have the names without the controller's.
    let is = |name: &str| name == file || name.split_once('.').is_some_and(|(_, rest)| rest == file);
    let known = || [1, 2].into_iter().flat_map(limits::files).any(is);
    mounts.iter().any(|mount| mounts::is_above(&mount.point, folder)) && known()
}

/// Whether this is a group's folder, of which is known only that it could not be seen.
fn is_a_group_unseen(mounts: &[Mount], path: &str, entry: &Entry) -> bool {
    let below = |mount: &Mount| mount.point != "/" && mounts::is_above(&mount.point, path);
    matches!(entry, Entry::Refused(_)) && mounts.iter().any(below)
}

/// The numbers of all words that already look like scrubbed ones.
fn taken(root: &Root) -> BTreeSet<usize> {
    let mut out = BTreeSet::new();
    let mut look = |text: &str| {
        for (at, found) in text.match_indices("name") {
            let digits = text[at + found.len()..].split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
            out.extend(digits.parse::<usize>().ok());
        }
    };
    for (path, entry) in &root.entries {
        look(path);
        match entry {
            Entry::Dir(list) => list.iter().for_each(|name| look(name)),
            Entry::File { .. } if FIRST.contains(&path.as_str()) => look(&root.text(path).unwrap_or_default()),
            _ => {}
        }
    }
    out
}

/// What is kept of a file; `None` keeps all of it.
fn content(names: &mut Names, path: &str, text: &str) -> Option<String> {
    let lines = |keep: &mut dyn FnMut(&str) -> Option<String>| -> String {
        text.lines().filter_map(keep).map(|line| line + "\n").collect()
    };
    Some(match path {
        "/proc/cmdline" => {
            let kept: Vec<String> = kernel::parameters_of(text)
                .into_iter()
                .map(|(key, value)| if value.is_empty() { key } else { format!("{key}={value}") })
                .collect();
            kept.join(" ") + "\n"
        }
        "/proc/cpuinfo" => processors(names, text),
        mainframe::SYSINFO => lines(&mut |line| {
            let (key, value) = line.split_once(':')?;
            match key.trim() {
                key if !mainframe::is_of_interest(key) => None,
                key if key.ends_with("Name") => Some(format!("{key}: {}", names.word(value.trim()))),
                _ => Some(line.trim_end().to_owned()),
            }
        }),
        _ if path.ends_with("/memory.stat") => {
            lines(&mut |line| line.starts_with("hierarchical_").then(|| line.to_owned()))
        }
        "/proc/version" => {
            // `Linux version 6.1.0 (user@host) (gcc …) …`; a word that only an imitation has is nobody's own.
            let end = text.find('(').unwrap_or(text.len());
            let mut kept = text[..end].trim().to_owned();
            imitation::telling(&text[end..]).for_each(|word| kept.extend([" ", word]));
            kept + "\n"
        }
        "/proc/meminfo" => lines(&mut |line| line.starts_with("MemTotal:").then(|| line.to_owned())),
        "/proc/self/status" => lines(&mut |line| {
            let (key, _) = line.split_once(':')?;
            let line = if key == "NSpid" { spread(line) } else { line.to_owned() };
            process::STATUS.contains(&key).then_some(line)
        }),
        "/proc/1/environ" => {
            let values = text.split('\0').filter_map(|v| v.trim().strip_prefix("container="));
            values.map(|value| format!("container={}\n", names.manager(value))).collect()
        }
        "/proc/self/uid_map" => lines(&mut |line| Some(id_map(line))),
        "/proc/1/comm" | "/proc/2/comm" if INITS.contains(&text.trim()) => return None,
        "/proc/1/comm" | "/proc/2/comm" => "(some other program)\n".into(),
        "/run/systemd/container" | "/run/host/container-manager" => lines(&mut |line| Some(names.manager(line))),
        "/run/.containerenv" => {
            lines(&mut |line| ["engine=", "rootless="].iter().any(|key| line.starts_with(key)).then(|| line.to_owned()))
        }
        "/proc/self/cgroup" | "/proc/1/cgroup" => lines(&mut |line| {
            let mut parts = line.splitn(3, ':');
            let (id, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
            Some(format!("{id}:{controllers}:{}", names.path(path)))
        }),
        _ => return None,
    })
}

/// How many pid namespaces deep, without the pids.
fn spread(line: &str) -> String {
    let depth = line.split_whitespace().count().saturating_sub(1);
    format!("NSpid:\t{}", vec!["1"; depth].join("\t"))
}

/// An id map with user ids of people replaced by 1000.
fn id_map(line: &str) -> String {
    let mut fields = line.split_whitespace();
    let (Some(inside), Some(outside), Some(count)) = (fields.next(), fields.next(), fields.next()) else {
        return String::new();
    };
    let outside = match outside.parse::<u64>() {
        Ok(1001..100_000) => "1000",
        _ => outside,
    };
    format!("{inside:>10} {outside:>10} {count:>10}")
}

/// The first processor and what all have in common, without serial numbers and names of hosts.
fn processors(names: &mut Names, text: &str) -> String {
    let is_processor = |line: &str| line.split(':').next().is_some_and(|key| key.trim().starts_with("processor"));
    let mut blocks: Vec<Vec<&str>> = vec![Vec::new()];
    for line in text.lines() {
        match (line.trim().is_empty(), blocks.last_mut()) {
            (true, Some(block)) if block.is_empty() => {}
            (true, _) => blocks.push(Vec::new()),
            (false, Some(block)) => block.push(line),
            (false, None) => {}
        }
    }
    blocks.retain(|block| !block.is_empty());
    let first = blocks.iter().position(|block| block.iter().any(|line| is_processor(line)));
    let last = blocks.len().saturating_sub(1);
    let end = first.unwrap_or(0);
    let mut out = String::new();
    for (index, block) in blocks.iter().enumerate() {
        let common = index == last && index > end && !block.iter().any(|line| is_processor(line));
        if index > end && !common {
            continue;
        }
        if !out.is_empty() {
            out.push('\n');
        }
        // s390x lists its processors one a line, each with its identification.
        let mut seen = 0;
        for line in block {
            let numbered = line.starts_with("processor ") && line.contains("identification");
            seen += usize::from(numbered);
            match line.split_once(':').map(|(key, value)| (key.trim(), value.trim())) {
                Some((key, _)) if key.to_ascii_lowercase().starts_with("serial") => {}
                _ if numbered && seen > 1 => {}
                _ if numbered => out.push_str(&format!("{}\n", without_identification(line))),
                Some(("host", host)) => out.push_str(&format!("host\t\t: {}\n", uname(names, host))),
                _ => out.push_str(&format!("{line}\n")),
            }
        }
    }
    out
}

/// `processor 0: version = 00,  identification = 012345,  machine = 2964` without the middle part's number.
fn without_identification(line: &str) -> String {
    let parts = line.split(',').map(|part| match part.contains("identification") {
        true => "  identification = 000000".to_owned(),
        false => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join(",")
}

/// `Linux laptop 5.7.0 x86_64`, as uname prints it: the second word is the host's name.
fn uname(names: &mut Names, text: &str) -> String {
    let words = text.split(' ').enumerate();
    words.map(|(at, word)| if at == 1 { names.word(word) } else { word.to_owned() }).collect::<Vec<_>>().join(" ")
}

/// What is kept of the list of mounts.
fn list_of_mounts(names: &mut Names, text: &str, whole: bool) -> String {
    let wanted: Vec<String> = mounts::lines(text, whole).filter_map(wanted).collect();
    mounts::lines(text, whole).filter_map(|line| mount(names, &wanted, line)).map(|line| line + "\n").collect()
}

/// The mount point of a line of mountinfo that the inventory looks at.
fn wanted(line: &str) -> Option<String> {
    let fields: Vec<&str> = line.split(' ').collect();
    let dash = fields.iter().position(|field| *field == "-")?;
    let (root, point, kind) = (fields.get(3)?, mounts::unescape(fields.get(4)?), fields.get(dash + 1)?);
    let wanted = point == "/"
        || root.contains("/systemd/nspawn/propagate/")
        || mounts::is_cgroup(kind)
        || matches!(*kind, "fuse.lxcfs" | "linprocfs")
        || matches!(point.as_str(), "/proc" | "/sys" | "/dev" | "/etc/hosts" | "/etc/hostname" | "/etc/resolv.conf");
    wanted.then_some(point)
}

/// A line of mountinfo, if the inventory looks at it or it may cover one that it looks at, with its paths scrubbed.
fn mount(names: &mut Names, wanted: &[String], line: &str) -> Option<String> {
    let mut fields: Vec<String> = line.split(' ').map(str::to_owned).collect();
    let dash = fields.iter().position(|field| field == "-")?;
    let point = mounts::unescape(fields.get(4)?);
    if !wanted.iter().any(|below| mounts::is_above(&point, below)) {
        return None;
    }
    for index in [3, 4, dash + 2] {
        if let Some(field) = fields.get_mut(index) {
            *field = mounts::escape(&names.path(&mounts::unescape(field)));
        }
    }
    if let Some(options) = fields.get_mut(dash + 3) {
        let kept: Vec<String> = options
            .split(',')
            .filter_map(|option| match option.split_once('=') {
                Some((key, _)) if !OPTIONS.contains(&key) => None,
                Some((key, value)) if value.contains('/') => {
                    // Of many lower folders the first says whose they are.
                    let value = mounts::unescape(value.split(':').next().unwrap_or(value));
                    Some(format!("{key}={}", mounts::escape(&names.path(&value))))
                }
                _ => Some(option.to_owned()),
            })
            .collect();
        *options = kept.join(",");
    }
    Some(fields.join(" "))
}

fn folder_name(names: &mut Names, folder: &str, name: &str) -> String {
    match folder {
        "/sys/block" | "/sys/class/net" => names.word(name),
        "/sys/bus/vmbus/devices" => names.word(name),
        _ => name.to_owned(),
    }
}

impl Names {
    fn path(&mut self, path: &str) -> String {
        path.split('/').map(|part| self.word(part)).collect::<Vec<_>>().join("/")
    }

    /// What names a runtime, where a runtime wrote it; else it is a word like any other.
    fn manager(&mut self, value: &str) -> String {
        match manager(value) {
            Some((word, _)) => word.to_owned(),
            None if value.trim().is_empty() => String::new(),
            None => self.word(value.trim()),
        }
    }

    fn word(&mut self, word: &str) -> String {
        if WORDS.contains(&word) {
            return word.to_owned();
        }
        let (stem, suffix) = [".scope", ".service", ".slice"]
            .iter()
            .find_map(|suffix| Some((word.strip_suffix(suffix)?, *suffix)))
            .unwrap_or((word, ""));
        let known = PREFIXES.iter().filter_map(|prefix| Some((*prefix, stem.strip_prefix(prefix)?)));
        for (prefix, rest) in known {
            let short = rest.len() <= 5 && rest.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'n' | b's' | b'p'));
            if matches!(prefix, "user-" | "user@") && !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()) {
                // A user's own number is nobody else's business.
                return format!("{prefix}{}{suffix}", self.user(rest));
            }
            if rest.is_empty() || short {
                return format!("{prefix}{rest}{suffix}");
            }
            if is_id(rest) {
                return format!("{prefix}{}{suffix}", self.id(rest));
            }
            if rest.len() == 1 && matches!(prefix, "vd" | "sd" | "xvd") {
                return word.to_owned();
            }
        }
        // A kubelet may write a name of its own before that of its pods.
        if let Some((own, pods)) = stem.split_once("-kubepods").filter(|_| runtime_of(word).is_some()) {
            return format!("{}-{}{suffix}", self.word(own), self.word(&format!("kubepods{pods}")));
        }
        if let Some(prefix) = RUNTIMES.iter().find(|prefix| stem.starts_with(**prefix) && runtime_of(word).is_some()) {
            let rest = stem[prefix.len()..].trim_start_matches(['-', '_', '.', '@']);
            let start = &stem[..stem.len() - rest.len()];
            let rest = if rest.is_empty() { String::new() } else { self.word(rest) };
            return format!("{start}{rest}{suffix}");
        }
        if is_id(stem) {
            return format!("{}{suffix}", self.id(stem));
        }
        format!("name{}{suffix}", self.number(stem))
    }

    /// The number that stands for a word: the next that no word has, nor had before.
    fn number(&mut self, word: &str) -> usize {
        if let Some(number) = self.words.get(word) {
            return *number;
        }
        let number = (1..).find(|number| !self.taken.contains(number)).unwrap_or(0);
        self.taken.insert(number);
        self.words.insert(word.to_owned(), number);
        number
    }

    /// A user's number that counts from 1000.
    fn user(&mut self, user: &str) -> usize {
        let next = 1000 + self.users.len();
        *self.users.entry(user.to_owned()).or_insert(next)
    }

    /// An id of the same length that counts.
    fn id(&mut self, id: &str) -> String {
        let next = self.ids.len() + 1;
        let number = *self.ids.entry(id.to_owned()).or_insert(next);
        format!("{number:0width$x}", width = id.len())
    }
}

/// Long hexadecimal, perhaps with dashes or underscores as in UUIDs.
fn is_id(text: &str) -> bool {
    text.len() >= 12 && text.bytes().all(|b| b.is_ascii_hexdigit() || matches!(b, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_names_and_users_do_not_leave_the_machine() {
        let mut names = Names::default();
        let id = "39ff3061ebd86f378ed50f845ddbef98";
        let path = names.path(&format!("/user.slice/user-1234.slice/alice/docker-{id}.scope/{id}"));
        assert!(!path.contains("alice") && !path.contains("39ff") && !path.contains("1234"), "{path}");
        assert!(path.starts_with("/user.slice/user-1000.slice/name1/docker-0"), "{path}");
        assert_eq!(names.path("/alice"), "/name1", "the same word must become the same name");
        assert_eq!(names.word("enx00e04c680001"), "name2", "interface names can hold a MAC address");
    }

    #[test]
    fn a_runtime_is_still_named_by_what_is_left_of_its_words() {
        for word in [
            "docker",
            "lxc",
            "docker-39ff3061ebd86f378ed50f845ddbef98.scope",
            "libpod-39ff3061ebd86f378ed50f845ddbef98.scope",
            "libpod_parent",
            "kubepods.slice",
            "kubepods-besteffort-pod39ff3061_ebd8_6f37.slice",
            "kubepods-guaranteed-custom.slice",
            "kubelet-kubepods.slice",
            "myshop-kubepods-burstable-pod39ff3061_ebd8_6f37.slice",
            "cri-containerd-39ff3061ebd8.scope",
            "nerdctl-myshop.scope",
            "crio-39ff3061ebd8.scope",
            "lxc.payload.myshop",
            "lxc.monitor.myshop",
            "lxc.payload",
            "systemd-nspawn@myshop.service",
            "garden-1234-myshop",
        ] {
            let mut names = Names::default();
            let clean = names.word(word);
            assert_eq!(runtime_of(&clean), runtime_of(word), "{word} became {clean}");
            assert!(!clean.contains("myshop") && !clean.contains("custom"), "{word} became {clean}");
            assert_eq!(Names { taken: [1].into(), ..Names::default() }.word(&clean), clean, "{word}");
        }
    }

    #[test]
    fn two_words_never_become_one() {
        let mut names = Names { taken: [1].into(), ..Names::default() };
        let words =
            ["user-1234.slice", "user-5678.slice", "name1", "alice", "bob", "alice.service", "my cgroups", "a\\b"];
        let clean: BTreeSet<String> = words.iter().map(|word| names.word(word)).collect();
        assert_eq!(clean.len(), words.len(), "{clean:?}");
    }

    #[test]
    fn serial_numbers_and_names_of_hosts_are_taken_out_of_what_processors_say() {
        let mut names = Names::default();
        let text = "vendor_id : IBM/S390\n# processors : 2\n\nprocessor 0: version = 00,  identification = 012345,  \
                    machine = 2964\nprocessor 1: version = 00,  identification = 112345,  machine = 2964\n";
        let kept = processors(&mut names, text);
        assert!(!kept.contains("12345") && kept.contains("machine = 2964"), "{kept}");
        assert_eq!(processors(&mut names, &kept), kept);
        let text = "processor : 0\nvendor_id : User Mode Linux\nhost : Linux laptop 5.7.0 x86_64\n\nprocessor : 1\n";
        let kept = processors(&mut names, text);
        assert!(!kept.contains("laptop") && kept.contains("5.7.0"), "{kept}");
        let text = "processor : 0\nmodel name : ARMv7\n\nprocessor : 1\n\nHardware : BCM\nSerial : 100\nModel : Pi\n";
        assert_eq!(processors(&mut names, text), "processor : 0\nmodel name : ARMv7\n\nHardware : BCM\nModel : Pi\n");
    }

    #[test]
    fn boot_parameters_and_environment_of_no_concern_are_dropped() {
        let mut names = Names::default();
        let kept = content(&mut names, "/proc/cmdline", "root=UUID=1-2 password=x nested_pvm=1 -- --token y");
        assert_eq!(kept.as_deref(), Some("nested_pvm=1\n"));
        let kept = content(&mut names, "/proc/1/environ", "HOME=/home/alice\0container=lxc\0KEY=secret");
        assert_eq!(kept.as_deref(), Some("container=lxc\n"));
    }
}
