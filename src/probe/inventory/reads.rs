//! Everything the inventory reads from a Linux host. This list is the whole of it.
//!
//! All of it is small files of `/proc` and `/sys`, links of `/proc/{self,1}/ns`, the existence of marker files and the
//! permissions of device nodes. Regular files only, opened without following anything that could block, at most
//! [`READ_LIMIT`] bytes each. What is not there is left out; what may not be read is noted with the reason.

use super::container::{INSTANCES, MARKERS};
use super::kvm_device::MODULES;
use super::root::NAMES_LIMIT;
use super::{Cpuid, Entry, READ_LIMIT, Root, cgroup, device_tree, firmware, limits, mainframe, namespaces};
use crate::probe::live;
use rustix::fs::{Access, AtFlags, CWD, FileType, Mode, OFlags};
use std::io::{ErrorKind, Read};

/// Files whose content is read, at their full path.
const FILES: &[&str] = &[
    "/proc/cmdline",
    "/proc/cpuinfo",
    "/proc/device-tree/compatible",
    "/proc/device-tree/hypervisor/compatible",
    "/proc/device-tree/model",
    "/proc/meminfo",
    "/proc/self/cgroup",
    "/proc/self/mountinfo",
    "/proc/self/status",
    "/proc/self/uid_map",
    "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
    "/proc/sys/kernel/cap_last_cap",
    "/proc/sys/kernel/osrelease",
    "/proc/sys/kernel/ostype",
    "/proc/sys/kernel/unprivileged_userns_clone",
    "/proc/sys/kernel/version",
    "/proc/sys/user/max_user_namespaces",
    mainframe::SYSINFO,
    "/proc/version",
    "/proc/xen/capabilities",
    "/proc/1/cgroup",
    "/proc/1/comm",
    "/proc/1/environ",
    "/proc/2/comm",
    "/run/.containerenv",
    "/run/host/container-manager",
    "/run/systemd/container",
    "/sys/devices/system/clocksource/clocksource0/available_clocksource",
    "/sys/devices/system/clocksource/clocksource0/current_clocksource",
    "/sys/devices/system/cpu/cpu0/topology/core_cpus_list",
    "/sys/devices/system/cpu/cpu0/topology/core_siblings_list",
    "/sys/devices/system/cpu/cpu0/topology/package_cpus_list",
    "/sys/devices/system/cpu/cpu0/topology/thread_siblings_list",
    "/sys/devices/jailhouse/enabled",
    "/sys/devices/system/cpu/online",
    "/sys/devices/system/cpu/present",
    "/sys/devices/system/node/online",
    "/sys/firmware/efi/fw_platform_size",
    "/sys/hypervisor/guest_type",
    "/sys/hypervisor/properties/features",
    "/sys/hypervisor/type",
];

/// Files of which only the header is read.
const HEADERS: &[(&str, usize)] = &[
    ("/sys/firmware/acpi/tables/DSDT", 36),
    ("/sys/firmware/acpi/tables/FACP", 36),
    (firmware::SMBIOS, firmware::SMBIOS_LENGTH),
];

/// Folders whose names are listed, with the files read in each of the things listed.
const FOLDERS: &[(&str, &[&str])] = &[
    ("/sys/bus/acpi/devices", &[]),
    ("/sys/bus/pci/devices", &["vendor", "device", "class"]),
    ("/sys/bus/virtio/devices", &["device"]),
    ("/sys/bus/vmbus/devices", &[]),
    ("/sys/bus/xen/devices", &[]),
    ("/sys/block", &[]),
    ("/sys/class/net", &[]),
    ("/sys/devices/system/cpu/cpu0/cache", &["level", "type", "size", "shared_cpu_list"]),
    ("/sys/firmware", &[]),
];

/// Folders whose existence alone says something.
const PRESENCE: &[&str] = &[
    "/proc/bc",
    "/proc/iSeries",
    "/proc/vz",
    "/sys/firmware/efi",
    "/sys/firmware/qemu_fw_cfg",
    "/sys/firmware/qemu_fw_cfg/rev",
    "/sys/module",
];

/// Device nodes whose permissions are looked at; none is opened.
const NODES: &[&str] = &[
    "/dev/kvm",
    "/dev/mshv",
    "/dev/vhost-net",
    "/dev/net/tun",
    "/dev/fuse",
    "/dev/dxg",
    "/dev/dri/renderD128",
    "/dev/nvidia0",
    "/dev/sev-guest",
    "/dev/tdx_guest",
];

impl Root {
    /// Reads this host. Needs no privilege; what a privilege would have shown is noted as refused.
    pub fn host() -> Root {
        let mut root = Root { cpuid: Cpuid::host(), ..Root::default() };
        root.set_fact("system", std::env::consts::OS);
        root.set_fact("arch", std::env::consts::ARCH);
        // Where /proc hides them, this call still tells.
        let uname = rustix::system::uname();
        root.set_fact("release", uname.release().to_string_lossy());
        root.set_fact("version", uname.version().to_string_lossy());
        root.set_fact("uid", rustix::process::geteuid().as_raw().to_string());
        // The one variable of this process's environment that is looked at.
        if let Ok(value) = std::env::var("container") {
            root.set_fact("container", value);
        }
        for path in FILES {
            read_file(&mut root, path, READ_LIMIT);
        }
        for field in firmware::DMI {
            read_file(&mut root, &format!("/sys/class/dmi/id/{field}"), READ_LIMIT);
        }
        for &(path, length) in HEADERS {
            read_file(&mut root, path, length);
        }
        for (folder, files) in FOLDERS {
            for name in list(&mut root, folder) {
                for file in *files {
                    read_file(&mut root, &format!("{folder}/{name}/{file}"), READ_LIMIT);
                }
            }
        }
        let vulnerabilities = "/sys/devices/system/cpu/vulnerabilities";
        for name in list(&mut root, vulnerabilities) {
            read_file(&mut root, &format!("{vulnerabilities}/{name}"), READ_LIMIT);
        }
        for (module, parameters) in MODULES {
            let folder = format!("/sys/module/{module}");
            presence(&mut root, &folder);
            for parameter in *parameters {
                read_file(&mut root, &format!("{folder}/parameters/{parameter}"), READ_LIMIT);
            }
        }
        PRESENCE.iter().chain(device_tree::PRESENCE).for_each(|path| presence(&mut root, path));
        device_tree_names(&mut root);
        for path in MARKERS.iter().map(|(path, _)| path).chain(INSTANCES) {
            if !root.exists(path) {
                presence(&mut root, path);
            }
        }
        NODES.iter().for_each(|path| node(&mut root, path));
        for who in ["self", "1"] {
            for kind in ["cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"] {
                link(&mut root, &format!("/proc/{who}/ns/{kind}"));
            }
        }
        cgroups(&mut root);
        root
    }

    /// Reads the few files that [`live`] is about.
    pub(in crate::probe) fn live() -> Root {
        let mut root = Root::default();
        for path in ["/proc/stat", "/proc/pressure/cpu", "/proc/self/cgroup", "/proc/self/mountinfo"] {
            read_file(&mut root, path, READ_LIMIT);
        }
        for path in live::groups(&root) {
            read_file(&mut root, &path, READ_LIMIT);
        }
        root
    }
}

/// The one kind of name in the device tree's top folder that says something.
fn device_tree_names(root: &mut Root) {
    const FOLDER: &str = "/proc/device-tree";
    let names: Vec<String> = list(root, FOLDER).into_iter().filter(|name| name.contains("fw-cfg")).collect();
    match names.is_empty() {
        true => drop(root.entries.remove(FOLDER)),
        false => root.insert(FOLDER, Entry::Dir(names)),
    }
}

/// The limit files at every level, which depend on what was read before.
fn cgroups(root: &mut Root) {
    let initial = namespaces::initial(&namespaces::of(root), "cgroup");
    for hierarchy in cgroup::hierarchies(root, initial) {
        for folder in &hierarchy.levels {
            // A group without a file sets no limit; one that cannot be seen may set any.
            if let Err(error) = std::fs::symlink_metadata(folder) {
                root.insert(folder, Entry::Refused(reason(&error)));
                continue;
            }
            for name in limits::files(hierarchy.version) {
                read_file(root, &format!("{folder}/{}", hierarchy.file(name)), READ_LIMIT);
            }
        }
    }
}

/// Reads one regular file, up to a length.
fn read_file(root: &mut Root, path: &str, limit: usize) {
    match try_read(path, limit) {
        Ok(Some(entry)) => root.insert(path, entry),
        Ok(None) => {}
        Err(error) => absent(root, path, &error),
    }
}

fn try_read(path: &str, limit: usize) -> std::io::Result<Option<Entry>> {
    // Opening without blocking: should the place hold a pipe, nobody waits for its writer.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = std::fs::File::from(rustix::fs::openat(CWD, path, flags, Mode::empty())?);
    if !file.metadata()?.is_file() {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    file.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    // Of a header, the header is the whole that was asked for.
    let whole = bytes.len() <= limit || limit < READ_LIMIT;
    bytes.truncate(limit);
    Ok(Some(Entry::File { bytes, whole }))
}

/// Notes why something could not be read, unless it is simply not there.
fn absent(root: &mut Root, path: &str, error: &std::io::Error) {
    let missing = matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory);
    if !missing {
        root.insert(path, Entry::Refused(reason(error)));
    }
}

/// A reason that reads the same in every locale: the kind, in words.
fn reason(error: &std::io::Error) -> String {
    error.kind().to_string()
}

/// Lists a folder; the names come back to be looked into.
fn list(root: &mut Root, path: &str) -> Vec<String> {
    let mut names: Vec<String> = match std::fs::read_dir(path) {
        Ok(items) => items.filter_map(|item| item.ok()?.file_name().into_string().ok()).take(4096).collect(),
        Err(error) => {
            absent(root, path, &error);
            return Vec::new();
        }
    };
    names.sort();
    names.truncate(NAMES_LIMIT);
    root.insert(path, Entry::Dir(names.clone()));
    names
}

fn presence(root: &mut Root, path: &str) {
    match std::fs::symlink_metadata(path) {
        Ok(_) => root.insert(path, Entry::Exists),
        Err(error) => absent(root, path, &error),
    }
}

fn link(root: &mut Root, path: &str) {
    match std::fs::read_link(path) {
        Ok(target) => root.insert(path, Entry::Link(target.to_string_lossy().into_owned())),
        Err(error) => absent(root, path, &error),
    }
}

fn node(root: &mut Root, path: &str) {
    let stat = match rustix::fs::stat(path) {
        Ok(stat) => stat,
        Err(error) => return absent(root, path, &error.into()),
    };
    let kind = match FileType::from_raw_mode(stat.st_mode) {
        FileType::CharacterDevice => "char",
        FileType::BlockDevice => "block",
        _ => return root.insert(path, Entry::Exists),
    };
    let device = format!("{kind} {}:{}", rustix::fs::major(stat.st_rdev), rustix::fs::minor(stat.st_rdev));
    let access = rustix::fs::accessat(CWD, path, Access::READ_OK | Access::WRITE_OK, AtFlags::EACCESS);
    let refused = access.err().map(|error| reason(&error.into())).unwrap_or_default();
    root.insert(path, Entry::Node { device, mode: stat.st_mode & 0o777, refused });
}
