//! Entering new namespaces, with or without being root.
//!
//! A user namespace makes an ordinary user root inside it: there, and nowhere else, it may make the other kinds. The
//! user outside is mapped to root inside, alone. Whatever is made here belongs to the calling process, which must have
//! one thread; a forked child has.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsFd;

use rustix::thread::{UnshareFlags, move_into_link_name_space, unshare_unsafe};

use super::die_with_parent;

/// The kinds of namespaces: the name of the link in `/proc/self/ns`, the flag, and whether only children enter.
pub const KINDS: [(&str, UnshareFlags, bool); 8] = [
    ("user", UnshareFlags::NEWUSER, false),
    ("mnt", UnshareFlags::NEWNS, false),
    ("pid", UnshareFlags::NEWPID, true),
    ("net", UnshareFlags::NEWNET, false),
    ("uts", UnshareFlags::NEWUTS, false),
    ("ipc", UnshareFlags::NEWIPC, false),
    ("cgroup", UnshareFlags::NEWCGROUP, false),
    ("time", UnshareFlags::NEWTIME, true),
];

/// What a container has of its own, besides a user namespace where it needs one.
pub const CONTAINER_KINDS: UnshareFlags = UnshareFlags::NEWNS
    .union(UnshareFlags::NEWPID)
    .union(UnshareFlags::NEWNET)
    .union(UnshareFlags::NEWUTS)
    .union(UnshareFlags::NEWIPC)
    .union(UnshareFlags::NEWCGROUP);

/// Puts this process into new namespaces.
///
/// # Errors
/// The kernel does not have them or does not allow them.
pub fn enter_new(kinds: UnshareFlags) -> io::Result<()> {
    // SAFETY: unsafe only for the table of file descriptors, which no one here asks for.
    Ok(unsafe { unshare_unsafe(kinds.difference(UnshareFlags::FILES)) }?)
}

/// Puts this process into an existing namespace.
///
/// # Errors
/// It may not.
pub fn enter(namespace: &File) -> io::Result<()> {
    Ok(move_into_link_name_space(namespace.as_fd(), None)?)
}

/// Opens a namespace of the process `of`: `self` or a number.
///
/// # Errors
/// The kernel has none of that kind.
pub fn open(of: &str, kind: &str) -> io::Result<File> {
    File::open(format!("/proc/{of}/ns/{kind}"))
}

/// Makes this process root in a user namespace of its own.
///
/// # Errors
/// User namespaces are switched off or forbidden here, with the setting that does so where it is known.
pub fn become_root_inside() -> Result<(), String> {
    let (user, group) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    enter_new(UnshareFlags::NEWUSER).map_err(|e| forbidden(&e))?;
    // The kernel forgets this whenever a process changes who it is.
    die_with_parent().map_err(|e| format!("asking to die with the parent: {e}"))?;
    // A group may only be mapped by someone who has given up setting groups.
    let maps =
        [("setgroups", "deny".to_owned()), ("uid_map", format!("0 {user} 1")), ("gid_map", format!("0 {group} 1"))];
    for (file, text) in maps {
        fs::write(format!("/proc/self/{file}"), text).map_err(|e| format!("user namespace, writing {file}: {e}"))?;
    }
    Ok(())
}

fn forbidden(error: &io::Error) -> String {
    let says = |path: &str, value: &str| fs::read_to_string(path).is_ok_and(|text| text.trim() == value);
    let why = if says("/proc/sys/kernel/unprivileged_userns_clone", "0") {
        "; kernel.unprivileged_userns_clone is 0"
    } else if says("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1") {
        "; kernel.apparmor_restrict_unprivileged_userns is 1: AppArmor allows them to listed programs only"
    } else if says("/proc/sys/user/max_user_namespaces", "0") {
        "; user.max_user_namespaces is 0"
    } else {
        ""
    };
    format!("user namespaces are not allowed here ({error}{why})")
}

/// Whether this process may make namespaces without a user namespace around them.
pub fn is_privileged() -> bool {
    caps::has_cap(None, caps::CapSet::Effective, caps::Capability::CAP_SYS_ADMIN).unwrap_or(false)
}
