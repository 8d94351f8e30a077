//! A byte over TCP to another process and one back: over loopback, and out of a network namespace.
//!
//! The way out is a container's: a veth pair to a bridge in a second namespace, which routes and masquerades, and from
//! there over another veth pair to a third namespace, where the other process listens. That one has no route to the
//! container's addresses: an answer finds its way because the translation works, or not at all.

use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::rc::Rc;
use std::time::Duration;

use super::calls::exchange;
use crate::probe::sandbox::links::{Net, pair, pass_on};
use crate::probe::sandbox::namespaces::{become_root_inside, is_privileged};
use crate::probe::sandbox::netlink;
use crate::validate::Route;

/// The container, and the bridge, which is its gateway.
const NEAR: Ipv4Addr = Ipv4Addr::new(10, 8, 0, 1);
const BRIDGE: Ipv4Addr = Ipv4Addr::new(10, 8, 0, 254);
/// The other end of the second veth pair, and the one that whatever goes there seems to come from.
const FAR: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 1);
const OUTSIDE: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 254);

/// Nanoseconds of a round trip to a process on `cpu`.
pub fn round_trip(route: Route, cpu: usize) -> Result<Vec<f64>, String> {
    // Held until the end: what nobody holds and no process is in, as the namespace between, the kernel takes down.
    let nets = if route == Route::Translated { Some(Nets::new()?) } else { None };
    let (near, far) = match &nets {
        Some(nets) => across(nets)?,
        None => connected(None).map_err(|e| format!("a connection over loopback: {e}"))?,
    };
    let far = Rc::new(far);
    exchange(&near, &near, Rc::clone(&far), far, cpu)
}

/// The three network namespaces on the way.
struct Nets {
    container: Net,
    host: Net,
    world: Net,
}

impl Nets {
    /// Three that are joined to nothing.
    fn new() -> Result<Nets, String> {
        if !is_privileged() {
            become_root_inside()?;
        }
        let make = || Ok(Nets { container: Net::new()?, host: Net::new()?, world: Net::new()? });
        make().map_err(|e: io::Error| format!("making network namespaces: {e}"))
    }

    /// Joins them.
    fn join(&self) -> io::Result<()> {
        let Nets { container, host, world } = self;
        host.within(|| netlink::make_bridge("bridge"))?;
        pair(container, "veth", NEAR, host, "port", None)?;
        host.within(|| {
            netlink::join("port", "bridge")?;
            netlink::add_address("bridge", BRIDGE)?;
            netlink::up("bridge")?;
            pass_on()
        })?;
        container.within(|| netlink::add_default_route(BRIDGE))?;
        pair(world, "veth", FAR, host, "outside", Some(OUTSIDE))
    }
}

/// A connection from the container to the far namespace.
fn across(nets: &Nets) -> Result<(TcpStream, TcpStream), String> {
    nets.join().map_err(|e| format!("joining network namespaces: {e}"))?;
    nets.host.within(netlink::masquerade).map_err(|e| format!("{UNTRANSLATED} ({e})"))?;
    // A bridge's port takes a moment to work.
    let tried = (0..3).find_map(|_| connected(Some(nets)).ok());
    tried.map_or_else(|| connected(Some(nets)), Ok).map_err(|e| format!("a connection over veth, bridge and NAT: {e}"))
}

/// Milliseconds after which what was sent and not acknowledged is lost.
const UNANSWERED: u32 = 5_000;
const UNTRANSLATED: &str = "this kernel has no nf_tables with masquerading";

/// A connection from the container to the far namespace; over loopback without any.
fn connected(nets: Option<&Nets>) -> io::Result<(TcpStream, TcpStream)> {
    let listen = || TcpListener::bind((nets.map_or(Ipv4Addr::LOCALHOST, |_| FAR), 0));
    let listener = nets.map_or_else(listen, |nets| nets.world.within(listen))?;
    let to = listener.local_addr()?;
    let connect = || TcpStream::connect_timeout(&to, Duration::from_secs(2));
    let asking = nets.map_or_else(connect, |nets| nets.container.within(connect))?;
    let (answering, _) = listener.accept()?;
    for end in [&asking, &answering] {
        end.set_nodelay(true)?;
        rustix::net::sockopt::set_socket_linger(end, Some(Duration::ZERO))?;
        // A way that has broken is an error by then, and not only after a quarter of an hour.
        rustix::net::sockopt::set_tcp_user_timeout(end, UNANSWERED)?;
    }
    Ok((asking, answering))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::sandbox::in_child;

    /// Whether this host allows it at all.
    fn refused(why: &str) -> bool {
        why.starts_with(UNTRANSLATED)
            || why.starts_with("making network namespaces")
            || why.starts_with("user namespace")
    }

    #[test]
    fn the_far_end_sees_the_address_of_the_namespace_between_and_not_the_containers() {
        let seen = in_child(|| {
            let nets = match Nets::new() {
                Ok(nets) => nets,
                Err(why) => return Ok(Err(why)),
            };
            match across(&nets) {
                Ok((near, far)) => {
                    let address =
                        |end: io::Result<std::net::SocketAddr>| end.map(|at| at.ip()).map_err(|e| e.to_string());
                    Ok(Ok((address(near.local_addr())?, address(far.peer_addr())?)))
                }
                Err(why) if why.starts_with(UNTRANSLATED) => Ok(Err(why)),
                Err(why) => Err(why),
            }
        });
        match seen.unwrap() {
            Ok(seen) => assert_eq!(seen, (NEAR.into(), OUTSIDE.into())),
            Err(why) => println!("skipped: {why}"),
        }
    }

    #[test]
    fn the_namespaces_on_the_way_last_as_long_as_the_measurement() {
        let cpu = crate::probe::measure::Cpus::choose().main;
        match in_child(|| round_trip(Route::Translated, cpu)) {
            Ok(samples) => assert!(samples.len() > 4),
            Err(why) if refused(&why) => println!("skipped: {why}"),
            Err(why) => panic!("{why}"),
        }
    }
}
