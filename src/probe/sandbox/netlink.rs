//! Network devices, addresses and routes, by messages to the kernel (netlink), as `ip` and `nft` send them.
//!
//! Only ever used in network namespaces of the probe's own. A message is a header, a fixed part, and attributes that
//! may nest; the kernel answers each with an error number. Left out: everything but what one packet's way through a
//! veth pair, a bridge, a router and an address translation needs. The kernel may load its modules for these.

use std::ffi::CString;
use std::io;
use std::net::Ipv4Addr;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

/// A message being written.
struct Message(Vec<u8>);

const HEADER: usize = 16;
const CREATE: u16 = (libc::NLM_F_REQUEST | libc::NLM_F_ACK | libc::NLM_F_CREATE | libc::NLM_F_EXCL) as u16;
const CHANGE: u16 = (libc::NLM_F_REQUEST | libc::NLM_F_ACK) as u16;

impl Message {
    fn new(kind: u16, flags: u16, fixed: &[u8]) -> Message {
        let mut bytes = vec![0; 4];
        bytes.extend_from_slice(&kind.to_ne_bytes());
        bytes.extend_from_slice(&flags.to_ne_bytes());
        bytes.extend_from_slice(&[0; 8]);
        bytes.extend_from_slice(fixed);
        Message(bytes)
    }

    fn attribute(mut self, kind: u16, value: &[u8]) -> Message {
        self.0.extend_from_slice(&((4 + value.len()) as u16).to_ne_bytes());
        self.0.extend_from_slice(&kind.to_ne_bytes());
        self.0.extend_from_slice(value);
        self.0.resize(self.0.len().next_multiple_of(4), 0);
        self
    }

    fn text(self, kind: u16, value: &str) -> Message {
        self.attribute(kind, &[value.as_bytes(), &[0]].concat())
    }

    /// An attribute that holds others, which `inside` writes after `fixed`.
    fn nest(self, kind: u16, fixed: &[u8], inside: impl FnOnce(Message) -> Message) -> Message {
        let nested = inside(Message(fixed.to_vec()));
        self.attribute(kind | libc::NLA_F_NESTED as u16, &nested.0)
    }

    fn done(mut self) -> Vec<u8> {
        let length = (self.0.len() as u32).to_ne_bytes();
        self.0[..4].copy_from_slice(&length);
        self.0
    }
}

/// Sends messages that ask for `answers` acknowledgements, in the current network namespace.
fn send(protocol: libc::c_int, messages: &[u8], answers: usize) -> io::Result<()> {
    // SAFETY: plain calls with integers; the descriptor is new and ours.
    let socket = unsafe {
        let fd = libc::socket(libc::AF_NETLINK, libc::SOCK_RAW | libc::SOCK_CLOEXEC, protocol);
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        OwnedFd::from_raw_fd(fd)
    };
    let sent = rustix::net::send(&socket, messages, rustix::net::SendFlags::empty())?;
    if sent != messages.len() {
        return Err(io::Error::from(io::ErrorKind::WriteZero));
    }
    let mut taken = 0;
    while taken < answers {
        let mut buffer = [0u8; 8192];
        let received = rustix::io::retry_on_intr(|| rustix::io::read(&socket, &mut buffer))?;
        let mut rest = &buffer[..received];
        while rest.len() >= HEADER + 4 {
            let word = |at: usize| i32::from_ne_bytes([rest[at], rest[at + 1], rest[at + 2], rest[at + 3]]);
            let (length, error) = (word(0) as usize, word(HEADER));
            if u16::from_ne_bytes([rest[4], rest[5]]) == libc::NLMSG_ERROR as u16 {
                if error != 0 {
                    return Err(io::Error::from_raw_os_error(-error));
                }
                taken += 1;
            }
            rest = rest.get(length.next_multiple_of(4).max(HEADER)..).unwrap_or_default();
        }
    }
    Ok(())
}

fn route_message(message: Message) -> io::Result<()> {
    send(libc::NETLINK_ROUTE, &message.done(), 1)
}

/// `struct ifinfomsg`: family, type, index, flags, mask of flags to change.
fn link(index: u32, flags: u32) -> [u8; 16] {
    let mut fixed = [0; 16];
    fixed[4..8].copy_from_slice(&index.to_ne_bytes());
    fixed[8..12].copy_from_slice(&flags.to_ne_bytes());
    fixed[12..16].copy_from_slice(&flags.to_ne_bytes());
    fixed
}

/// The number of the device called `name` in the current network namespace.
fn index(name: &str) -> io::Result<u32> {
    let text = CString::new(name)?;
    // SAFETY: a valid string.
    match unsafe { libc::if_nametoindex(text.as_ptr()) } {
        0 => Err(io::Error::last_os_error()),
        index => Ok(index),
    }
}

/// Makes a veth pair: `name` here, `peer` in the network namespace of the descriptor `namespace`.
///
/// # Errors
/// The kernel's.
pub fn make_veth(name: &str, peer: &str, namespace: &impl AsRawFd) -> io::Result<()> {
    const PEER: u16 = 1;
    let namespace: RawFd = namespace.as_raw_fd();
    route_message(Message::new(libc::RTM_NEWLINK, CREATE, &link(0, 0)).text(libc::IFLA_IFNAME, name).nest(
        libc::IFLA_LINKINFO,
        &[],
        |info| {
            info.text(libc::IFLA_INFO_KIND, "veth").nest(libc::IFLA_INFO_DATA, &[], |data| {
                data.nest(PEER, &link(0, 0), |other| {
                    other.text(libc::IFLA_IFNAME, peer).attribute(libc::IFLA_NET_NS_FD, &namespace.to_ne_bytes())
                })
            })
        },
    ))
}

/// Makes a bridge.
///
/// # Errors
/// The kernel's.
pub fn make_bridge(name: &str) -> io::Result<()> {
    let message = Message::new(libc::RTM_NEWLINK, CREATE, &link(0, 0)).text(libc::IFLA_IFNAME, name);
    route_message(message.nest(libc::IFLA_LINKINFO, &[], |info| info.text(libc::IFLA_INFO_KIND, "bridge")))
}

/// Makes `port` a port of the bridge `bridge`.
///
/// # Errors
/// The kernel's.
pub fn join(port: &str, bridge: &str) -> io::Result<()> {
    let message = Message::new(libc::RTM_NEWLINK, CHANGE, &link(index(port)?, 0));
    route_message(message.attribute(libc::IFLA_MASTER, &index(bridge)?.to_ne_bytes()))
}

/// Switches a device on.
///
/// # Errors
/// The kernel's.
pub fn up(name: &str) -> io::Result<()> {
    route_message(Message::new(libc::RTM_NEWLINK, CHANGE, &link(index(name)?, libc::IFF_UP as u32)))
}

/// Gives a device an address in a network of 256.
///
/// # Errors
/// The kernel's.
pub fn add_address(name: &str, address: Ipv4Addr) -> io::Result<()> {
    let mut fixed = [libc::AF_INET as u8, 24, 0, 0, 0, 0, 0, 0];
    fixed[4..].copy_from_slice(&index(name)?.to_ne_bytes());
    let message = Message::new(libc::RTM_NEWADDR, CREATE, &fixed);
    route_message(message.attribute(libc::IFA_LOCAL, &address.octets()).attribute(libc::IFA_ADDRESS, &address.octets()))
}

/// Sends everything else to `gateway`.
///
/// # Errors
/// The kernel's.
pub fn add_default_route(gateway: Ipv4Addr) -> io::Result<()> {
    let (table, protocol, scope, unicast) = (libc::RT_TABLE_MAIN, 4, libc::RT_SCOPE_UNIVERSE, libc::RTN_UNICAST);
    let fixed = [libc::AF_INET as u8, 0, 0, 0, table, protocol, scope, unicast, 0, 0, 0, 0];
    route_message(Message::new(libc::RTM_NEWROUTE, CREATE, &fixed).attribute(libc::RTA_GATEWAY, &gateway.octets()))
}

/// Hides whatever leaves the current network namespace behind the leaving device's address: a table, a chain after
/// routing, one rule.
///
/// # Errors
/// The kernel's: it may have no nf_tables.
pub fn masquerade() -> io::Result<()> {
    const TABLES: u16 = 10 << 8;
    let (batch_begin, batch_end) = (16, 17);
    let fixed = [libc::AF_INET as u8, 0, 0, 0];
    let batch = |kind| Message::new(kind, libc::NLM_F_REQUEST as u16, &[0, 0, 0, 10]).done();
    let new = |kind: u16| Message::new(TABLES | kind, CREATE & !(libc::NLM_F_EXCL as u16), &fixed);
    let table = new(0).text(1, "strata");
    let hook = |inside: Message| inside.attribute(1, &4u32.to_be_bytes()).attribute(2, &100u32.to_be_bytes());
    let chain = new(3).text(1, "strata").text(3, "out").nest(4, &[], hook).text(7, "nat");
    let rule = new(6).text(1, "strata").text(2, "out");
    let rule = rule.nest(4, &[], |list| list.nest(1, &[], |expression| expression.text(1, "masq")));
    let all = [batch(batch_begin), table.done(), chain.done(), rule.done(), batch(batch_end)].concat();
    send(libc::NETLINK_NETFILTER, &all, 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_padded_and_nested_lengths_add_up() {
        let bytes = Message::new(1, 2, &[9; 4]).nest(5, &[], |inside| inside.text(3, "abcd")).done();
        assert_eq!(bytes.len(), 16 + 4 + 4 + 12);
        assert_eq!(bytes[..4], 36u32.to_ne_bytes());
        assert_eq!(bytes[20..22], 16u16.to_ne_bytes());
        assert_eq!(bytes[24..26], 9u16.to_ne_bytes());
    }
}
