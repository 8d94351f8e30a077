//! Takes out of a captured host what tells one machine or one person from another.
//!
//! Words that the layers' software uses stay (`docker`, `user.slice`, `overlay2`); long hexadecimal ids become
//! `000…1`, `000…2` of the same length; any other word in a path becomes `name1`, `name2`. The same word becomes the
//! same name throughout, so that a path in one file still fits that in another. Files that mix what matters with
//! what does not keep only their known lines.

use super::{Entry, Root, kernel, process};
use std::collections::BTreeMap;

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
    "sysfs",
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
}

impl Root {
    /// This host without what tells it from others.
    pub fn scrubbed(&self) -> Root {
        let mut names = Names::default();
        let mut out = Root { facts: self.facts.clone(), cpuid: self.cpuid.clone(), ..Root::default() };
        if out.fact("uid").is_some_and(|uid| uid != "0") {
            out.set_fact("uid", "1000");
        }
        for (path, entry) in &self.entries {
            let clean = match entry {
                Entry::File { bytes, whole } => {
                    let text = String::from_utf8_lossy(bytes);
                    let kept = content(&mut names, path, &text);
                    Entry::File { bytes: kept.map_or_else(|| bytes.clone(), String::into_bytes), whole: *whole }
                }
                Entry::Dir(list) => Entry::Dir(list.iter().map(|name| folder_name(&mut names, path, name)).collect()),
                other => other.clone(),
            };
            let path = match path.rsplit_once('/') {
                // The file's own name is the kernel's.
                Some((folder, file)) if path.starts_with("/sys/fs/cgroup/") => format!("{}/{file}", names.path(folder)),
                _ => path.clone(),
            };
            out.insert(path, clean);
        }
        out
    }
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
        "/proc/cpuinfo" => {
            let first = text.lines().take_while(|line| !line.trim().is_empty());
            first
                .filter(|line| !line.to_ascii_lowercase().starts_with("serial"))
                .map(|line| format!("{line}\n"))
                .collect()
        }
        "/proc/version" => {
            // `Linux version 6.1.0 (user@host) (gcc …) …`
            let end = text.find('(').unwrap_or(text.len());
            format!("{}\n", text[..end].trim())
        }
        "/proc/meminfo" => lines(&mut |line| line.starts_with("MemTotal:").then(|| line.to_owned())),
        "/proc/self/status" => lines(&mut |line| {
            let (key, _) = line.split_once(':')?;
            let line = if key == "NSpid" { spread(line) } else { line.to_owned() };
            process::STATUS.contains(&key).then_some(line)
        }),
        "/proc/1/environ" => {
            text.split('\0').map(str::trim).filter(|v| v.starts_with("container=")).map(|v| format!("{v}\n")).collect()
        }
        "/proc/self/uid_map" => lines(&mut |line| Some(id_map(line))),
        "/proc/1/comm" | "/proc/2/comm" if INITS.contains(&text.trim()) => return None,
        "/proc/1/comm" | "/proc/2/comm" => "(some other program)\n".into(),
        "/run/.containerenv" => {
            lines(&mut |line| ["engine=", "rootless="].iter().any(|key| line.starts_with(key)).then(|| line.to_owned()))
        }
        "/proc/self/cgroup" | "/proc/1/cgroup" => lines(&mut |line| {
            let mut parts = line.splitn(3, ':');
            let (id, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
            Some(format!("{id}:{controllers}:{}", names.path(path)))
        }),
        "/proc/self/mountinfo" => lines(&mut |line| mount(names, line)),
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

/// A line of mountinfo, if the inventory looks at it, with its paths scrubbed.
fn mount(names: &mut Names, line: &str) -> Option<String> {
    let mut fields: Vec<String> = line.split(' ').map(str::to_owned).collect();
    let dash = fields.iter().position(|field| field == "-")?;
    let (point, kind) = (fields.get(4)?.clone(), fields.get(dash + 1)?.clone());
    let wanted = point == "/"
        || fields.get(3).is_some_and(|root| root.contains("/systemd/nspawn/propagate/"))
        || kind.starts_with("cgroup")
        || kind == "fuse.lxcfs"
        || matches!(point.as_str(), "/proc" | "/sys" | "/dev" | "/etc/hosts" | "/etc/hostname" | "/etc/resolv.conf");
    if !wanted {
        return None;
    }
    for index in [3, 4, dash + 2] {
        if let Some(field) = fields.get_mut(index) {
            *field = names.path(field);
        }
    }
    if let Some(options) = fields.get_mut(dash + 3) {
        let kept: Vec<String> = options
            .split(',')
            .map(|option| match option.split_once('=') {
                Some((key, value)) if value.contains('/') => {
                    // Of many lower folders the first says whose they are.
                    format!("{key}={}", names.path(value.split(':').next().unwrap_or(value)))
                }
                _ => option.to_owned(),
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

    fn word(&mut self, word: &str) -> String {
        if WORDS.contains(&word) {
            return word.to_owned();
        }
        let (stem, suffix) = [".scope", ".service", ".slice"]
            .iter()
            .find_map(|suffix| Some((word.strip_suffix(suffix)?, *suffix)))
            .unwrap_or((word, ""));
        if let Some((template, instance)) = stem.split_once('@').filter(|(template, _)| *template == "systemd-nspawn") {
            return format!("{template}@{}{suffix}", self.word(instance));
        }
        let known = PREFIXES.iter().filter_map(|prefix| Some((*prefix, stem.strip_prefix(prefix)?)));
        for (prefix, rest) in known {
            if rest.is_empty()
                || (rest.len() <= 5 && rest.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'n' | b's' | b'p')))
            {
                // A user's own number is nobody else's business.
                let rest = if matches!(prefix, "user-" | "user@") { "1000" } else { rest };
                return format!("{prefix}{rest}{suffix}");
            }
            if is_id(rest) {
                return format!("{prefix}{}{suffix}", self.id(rest));
            }
            if rest.len() == 1 && matches!(prefix, "vd" | "sd" | "xvd") {
                return word.to_owned();
            }
        }
        if is_id(stem) {
            return format!("{}{suffix}", self.id(stem));
        }
        let next = self.words.len() + 1;
        format!("name{}{suffix}", *self.words.entry(stem.to_owned()).or_insert(next))
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
    fn boot_parameters_and_environment_of_no_concern_are_dropped() {
        let mut names = Names::default();
        let kept = content(&mut names, "/proc/cmdline", "root=UUID=1-2 password=x nested_pvm=1 -- --token y");
        assert_eq!(kept.as_deref(), Some("nested_pvm=1\n"));
        let kept = content(&mut names, "/proc/1/environ", "HOME=/home/alice\0container=lxc\0KEY=secret");
        assert_eq!(kept.as_deref(), Some("container=lxc\n"));
    }
}
