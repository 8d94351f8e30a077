//! Virtual network devices: what a packet pays on its way out of a container.
//!
//! Network namespaces of the probe's own are joined four ways: by one veth pair; by one whose far end is a bridge's
//! port, to the bridge's own address; through a third namespace that routes, without and with address translation. A
//! datagram of one byte is sent in the one and received in the other by the same thread (the kernel carries it all the
//! way in the sender's context); differences of these ways are the hops.
//!
//! Each hop is what it adds to a way, so that their sum over a way is the way's, and nothing is in two of them. A veth
//! pair stands in for loopback's device, whose queue is in the costs of sockets: `veth_hop` is what it takes more. A
//! packet that is routed goes through a second device's queue; nothing stands in for that one, so `forward_hop` has
//! it. The bridge adds no queue between its port and the namespace that it stands in; up to that and down from it are
//! not quite the same, and half of both counts. It is measured before there are rules in that namespace, for where the
//! kernel shows bridged packets to such rules (br_netfilter) it would pay for them as well.
//!
//! Everything disappears with the process. Left out: large packets and segmentation offload, several flows, the rules a
//! real host has, the way from one port of a bridge to another.

use std::io;
use std::net::{Ipv4Addr, UdpSocket};
use std::time::Duration;

use super::super::bench::Bench;
use super::super::timing::{Effort, Rest, Samples, looped};
use crate::costs::Unit;
use crate::probe::sandbox::links::{Net, pair, pass_on};
use crate::probe::sandbox::namespaces::{become_root_inside, is_privileged};
use crate::probe::sandbox::netlink;

pub const GIVES: &[(&str, Unit)] = &[
    ("veth_hop", Unit::Ns),
    ("bridge_hop", Unit::Ns),
    ("forward_hop", Unit::Ns),
    ("nat_hop", Unit::Ns),
    ("veth_create", Unit::Ns),
    ("bridge_create", Unit::Ns),
];

pub fn run(bench: &mut Bench) -> Result<(), String> {
    if !is_privileged() {
        become_root_inside()?;
    }
    let effort = bench.effort();
    let text = |what: &'static str| move |e: io::Error| format!("{what}: {e}");
    let make = || -> io::Result<[Net; 3]> { Ok([Net::new()?, Net::new()?, Net::new()?]) };
    let [a, b, middle] = make().map_err(text("making network namespaces"))?;
    a.within(|| netlink::up("lo")).map_err(text("switching lo on"))?;
    let local = Ipv4Addr::LOCALHOST;
    let loopback = way(&effort, &a, &a, local, local).map_err(text("UDP on loopback"))?.median();

    let sent = "a datagram of one byte sent and received by one thread";
    let (near, far) = (Ipv4Addr::new(10, 1, 0, 1), Ipv4Addr::new(10, 1, 0, 2));
    pair(&a, "direct", near, &b, "direct", Some(far)).map_err(text("making a veth pair"))?;
    let direct = way(&effort, &a, &b, near, far).map_err(text("UDP through a veth pair"))?;
    // Before and after, so that a drift of the processor's frequency cancels.
    let again = way(&effort, &a, &a, local, local).map_err(text("UDP on loopback"))?.median();
    let veth = Rest::of("a datagram through a veth pair", &direct).less("loopback", (loopback + again) / 2.0);
    let two_pairs = direct.median() + veth.samples.median();
    bench.put_rest("veth_hop", Ok(veth), &format!("{sent} through a veth pair, less through loopback"));

    bench.doing("bridge");
    let samples = bridged(&effort, &a, &middle).map_err(text("a bridge"));
    let method = format!(
        "{sent} through a veth pair to the address of a bridge and back, half of both, less through a veth pair"
    );
    let whole = "a datagram through a veth pair to a bridge's address";
    let bridge = samples.map(|samples| Rest::of(whole, &samples).less("one through a veth pair", direct.median()));
    bench.put_rest("bridge_hop", bridge, &method);

    bench.doing("making network devices");
    let (veths, bridges) = creations(&effort, &a, &b).map_err(text("making devices"))?;
    bench.put_ns("veth_create", &veths, "making a veth pair across two namespaces");
    bench.put_ns("bridge_create", &bridges, "making a bridge");

    bench.doing("routing and address translation");
    let plain = routed(&effort, &a, &b, &middle).map_err(text("routing"));
    let method =
        format!("{sent} through two veth pairs and a routing namespace, less through one pair and \"veth_hop\"");
    let pairs = "one through two veth pairs, which is one pair and a \"veth_hop\"";
    let forward = plain.as_ref().map(|samples| Rest::of("a routed datagram", samples).less(pairs, two_pairs));
    bench.put_rest("forward_hop", forward.map_err(Clone::clone), &method);
    let translated = plain.and_then(|plain| {
        let missing = |e| format!("this kernel has no nf_tables with masquerading ({e})");
        middle.within(netlink::masquerade).map_err(missing)?;
        let samples = way(&effort, &a, &b, ROUTED[0], ROUTED[1]).map_err(text("address translation"))?;
        Ok(Rest::of("a datagram that is routed and masqueraded", &samples).less("a routed one", plain.median()))
    });
    let method =
        format!("{sent} through a routing namespace that masquerades (connection tracking, nf_tables), less without");
    bench.put_rest("nat_hop", translated, &method);
    Ok(())
}

/// The time of one datagram from `near` in `a` to `far` in `b`, sent and received.
fn way(effort: &Effort, a: &Net, b: &Net, near: Ipv4Addr, far: Ipv4Addr) -> io::Result<Samples> {
    let receiver = b.within(|| UdpSocket::bind((far, 0)))?;
    let sender = a.within(|| UdpSocket::bind((near, 0)))?;
    receiver.set_read_timeout(Some(Duration::from_millis(100)))?;
    sender.connect(receiver.local_addr()?)?;
    let mut byte = [0];
    // The first finds the way: neighbours are asked for their addresses. A bridge's port takes up to a second to work.
    let mut arrived = Err(io::ErrorKind::TimedOut.into());
    for _ in 0..20 {
        sender.send(&[1])?;
        arrived = receiver.recv(&mut byte);
        if arrived.is_ok() {
            break;
        }
    }
    arrived?;
    let mut lost = None;
    let samples = looped(effort, || {
        if lost.is_none() {
            lost = sender.send(&[1]).and_then(|_| receiver.recv(&mut byte)).err();
        }
    });
    lost.map_or(Ok(samples), Err)
}

/// Half of the way to a bridge's address and back.
fn bridged(effort: &Effort, a: &Net, middle: &Net) -> io::Result<Samples> {
    let (near, bridge) = (Ipv4Addr::new(10, 2, 0, 1), Ipv4Addr::new(10, 2, 0, 254));
    middle.within(|| netlink::make_bridge("bridge"))?;
    pair(a, "bridged", near, middle, "port", None)?;
    middle.within(|| {
        netlink::join("port", "bridge")?;
        netlink::add_address("bridge", bridge)?;
        netlink::up("bridge")
    })?;
    let (up, down) = (way(effort, a, middle, near, bridge)?, way(effort, middle, a, bridge, near)?);
    Ok(Samples::of_runs(
        up.into_values().into_iter().zip(down.into_values()).map(|(up, down)| (up + down) / 2.0).collect(),
    ))
}

/// The two ends of the routed way.
const ROUTED: [Ipv4Addr; 2] = [Ipv4Addr::new(10, 3, 0, 1), Ipv4Addr::new(10, 4, 0, 1)];

fn routed(effort: &Effort, a: &Net, b: &Net, middle: &Net) -> io::Result<Samples> {
    for (net, end, port) in [(a, ROUTED[0], "router-a"), (b, ROUTED[1], "router-b")] {
        let [first, second, third, _] = end.octets();
        let router = Ipv4Addr::new(first, second, third, 254);
        pair(net, "routed", end, middle, port, Some(router))?;
        net.within(|| netlink::add_default_route(router))?;
    }
    middle.within(pass_on)?;
    way(effort, a, b, ROUTED[0], ROUTED[1])
}

fn creations(effort: &Effort, a: &Net, b: &Net) -> io::Result<(Samples, Samples)> {
    let start = std::time::Instant::now();
    let (mut veths, mut bridges) = (Vec::new(), Vec::new());
    a.within(|| {
        for number in 0..effort.runs {
            if number >= 5 && start.elapsed() > effort.limit {
                break;
            }
            let (veth, bridge) = (format!("v{number}"), format!("b{number}"));
            let clock = std::time::Instant::now();
            netlink::make_veth(&veth, &veth, b)?;
            veths.push(clock.elapsed().as_nanos() as f64);
            let clock = std::time::Instant::now();
            netlink::make_bridge(&bridge)?;
            bridges.push(clock.elapsed().as_nanos() as f64);
        }
        Ok(())
    })?;
    Ok((Samples::of_runs(veths), Samples::of_runs(bridges)))
}
