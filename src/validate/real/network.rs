//! A byte over TCP to another process and one back: over loopback, and out of a network namespace.

use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::rc::Rc;
use std::time::Duration;

use super::calls::exchange;
use crate::probe::sandbox::links::{Net, pair};
use crate::probe::sandbox::namespaces::{become_root_inside, is_privileged};
use crate::probe::sandbox::netlink;
use crate::validate::Route;

const NEAR: Ipv4Addr = Ipv4Addr::new(10, 8, 0, 1);
const BRIDGE: Ipv4Addr = Ipv4Addr::new(10, 8, 0, 254);

/// Nanoseconds of a round trip to a process on `cpu`.
pub fn round_trip(route: Route, cpu: usize) -> Result<Vec<f64>, String> {
    let failed = |e: io::Error| format!("a connection over {route:?}: {e}");
    if route == Route::Loopback {
        let (near, far) = connected(None, Ipv4Addr::LOCALHOST).map_err(failed)?;
        let far = Rc::new(far);
        return exchange(&near, &near, Rc::clone(&far), far, cpu);
    }
    if !is_privileged() {
        become_root_inside()?;
    }
    let ends = bridged().map_err(failed)?;
    // A bridge's port takes a moment to work.
    let tried = (0..3).find_map(|_| connected(Some(&ends), BRIDGE).ok());
    let (near, far) = tried.map_or_else(|| connected(Some(&ends), BRIDGE).map_err(failed), Ok)?;
    let far = Rc::new(far);
    exchange(&near, &near, Rc::clone(&far), far, cpu)
}

/// A container's network namespace and the one that its bridge stands in.
struct Ends {
    container: Net,
    host: Net,
}

fn bridged() -> io::Result<Ends> {
    let (container, host) = (Net::new()?, Net::new()?);
    host.within(|| netlink::make_bridge("bridge"))?;
    pair(&container, "veth", NEAR, &host, "port", None)?;
    host.within(|| {
        netlink::join("port", "bridge")?;
        netlink::add_address("bridge", BRIDGE)?;
        netlink::up("bridge")?;
        netlink::masquerade()
    })?;
    container.within(|| netlink::add_default_route(BRIDGE))?;
    Ok(Ends { container, host })
}

/// A connection to `address` in the host's namespace, from the container's if there are two.
fn connected(ends: Option<&Ends>, address: Ipv4Addr) -> io::Result<(TcpStream, TcpStream)> {
    let listen = || TcpListener::bind((address, 0));
    let listener = ends.map_or_else(listen, |ends| ends.host.within(listen))?;
    let to = listener.local_addr()?;
    let connect = || TcpStream::connect_timeout(&to, Duration::from_secs(2));
    let asking = ends.map_or_else(connect, |ends| ends.container.within(connect))?;
    let (answering, _) = listener.accept()?;
    for end in [&asking, &answering] {
        end.set_nodelay(true)?;
        rustix::net::sockopt::set_socket_linger(end, Some(Duration::ZERO))?;
    }
    Ok((asking, answering))
}
