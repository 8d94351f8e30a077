//! Network namespaces of the probe's own, and veth pairs between them. All of it ends with the process.

use std::fs::{self, File};
use std::io;
use std::net::Ipv4Addr;
use std::os::fd::{AsRawFd, RawFd};

use rustix::thread::UnshareFlags;

use super::namespaces::{enter, enter_new, open};
use super::netlink;

/// A network namespace, entered to do something in it.
#[derive(Debug)]
pub struct Net(File);

impl Net {
    /// A new one, which the process is then in.
    ///
    /// # Errors
    /// The kernel refused: the process must be root in its user namespace.
    pub fn new() -> io::Result<Net> {
        enter_new(UnshareFlags::NEWNET)?;
        open("self", "net").map(Net)
    }

    /// Enters it and does `action` there; the process stays in it.
    ///
    /// # Errors
    /// Those of `action`, and that it can't be entered.
    pub fn within<T>(&self, action: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        enter(&self.0)?;
        action()
    }
}

impl AsRawFd for Net {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

/// Lets the current network namespace pass on packets that are for somebody else. The switch is this namespace's own.
///
/// # Errors
/// The kernel refused.
pub fn pass_on() -> io::Result<()> {
    fs::write("/proc/sys/net/ipv4/ip_forward", "1")
}

/// A veth pair across two namespaces, both ends up, with addresses.
///
/// # Errors
/// The kernel refused a step.
pub fn pair(a: &Net, name: &str, near: Ipv4Addr, b: &Net, peer: &str, far: Option<Ipv4Addr>) -> io::Result<()> {
    a.within(|| {
        netlink::make_veth(name, peer, b)?;
        netlink::add_address(name, near)?;
        netlink::up(name)
    })?;
    b.within(|| {
        far.map_or(Ok(()), |far| netlink::add_address(peer, far))?;
        netlink::up(peer)
    })
}
