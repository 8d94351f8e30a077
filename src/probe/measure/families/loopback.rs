//! The network stack, on the loopback device: no wire, no driver, all the rest.
//!
//! One thread that sends to itself pays for the whole way down and up again in its own calls: on loopback the kernel
//! receives in the sender's context. That sum is measured; how it splits between sending and receiving is not visible
//! from outside, so the profile gives each half. Round trips to another process contain wake-ups and switches. Left
//! out: segmentation of large writes, loss, congestion. Sockets end with a reset, so that none lingers.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};

use super::super::bench::Bench;
use super::super::host::pin;
use super::super::timing::{Samples, looped};
use crate::costs::Unit;
use crate::probe::sandbox::Child;

pub const GIVES: &[(&str, Unit)] = &[
    ("tcp_send_receive", Unit::Ns),
    ("udp_send_receive", Unit::Ns),
    ("tcp_round_trip_same_core", Unit::Ns),
    ("tcp_round_trip_other_core", Unit::Ns),
    ("udp_round_trip_same_core", Unit::Ns),
];

pub fn run(bench: &mut Bench) -> Result<(), String> {
    let failed = |e: io::Error| format!("sockets on 127.0.0.1: {e}");
    let (mut near, mut far) = connected().map_err(failed)?;
    let mut byte = [0];
    near.write_all(&[1]).and_then(|()| far.read_exact(&mut byte)).map_err(failed)?;
    let both = looped(&bench.effort(), || (near.write(&[1]), far.read(&mut byte)));
    let method =
        "sending one byte over TCP on loopback and receiving it in the same thread, both system calls included";
    bench.put_ns("tcp_send_receive", &both, method);

    bench.doing("UDP on loopback");
    let (one, other) = datagrams().map_err(failed)?;
    one.send(&[1]).and_then(|_| other.recv(&mut byte)).map_err(failed)?;
    let both = looped(&bench.effort(), || (one.send(&[1]), other.recv(&mut byte)));
    let method =
        "sending one byte over UDP on loopback and receiving it in the same thread, both system calls included";
    bench.put_ns("udp_send_receive", &both, method);
    let samples = udp_round_trip(bench, &one, &other);
    let method = "one byte over UDP on loopback to another process on the same core, and back";
    bench.put_or_missing("udp_round_trip_same_core", samples, method);

    for (name, cpu) in
        [("tcp_round_trip_same_core", Ok(bench.cpus.main)), ("tcp_round_trip_other_core", bench.cpus.partner())]
    {
        bench.doing("TCP round trip on loopback");
        let samples = cpu.and_then(|cpu| tcp_round_trip(bench, cpu));
        bench.put_or_missing(name, samples, "one byte over TCP on loopback to another process, and one back");
    }
    Ok(())
}

/// Two ends of a connection that is reset when it ends and never waits to fill a segment.
fn connected() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let near = TcpStream::connect(listener.local_addr()?)?;
    let (far, _) = listener.accept()?;
    for end in [&near, &far] {
        end.set_nodelay(true)?;
        rustix::net::sockopt::set_socket_linger(end, Some(std::time::Duration::ZERO))?;
    }
    Ok((near, far))
}

fn datagrams() -> io::Result<(UdpSocket, UdpSocket)> {
    let (one, other) = (UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?, UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?);
    one.connect(other.local_addr()?)?;
    other.connect(one.local_addr()?)?;
    Ok((one, other))
}

fn partner(cpu: usize, mut echo: impl FnMut() -> io::Result<()>) -> Result<Child, String> {
    let body = || {
        let _ = pin(cpu);
        while echo().is_ok() {}
        0
    };
    Child::spawn(body).map_err(|e| format!("forking a partner: {e}"))
}

fn tcp_round_trip(bench: &Bench, cpu: usize) -> Result<Samples, String> {
    let (mut near, mut far) = connected().map_err(|e| format!("sockets on 127.0.0.1: {e}"))?;
    let mut byte = [0];
    let _partner = partner(cpu, || far.read_exact(&mut byte).and_then(|()| far.write_all(&byte)))?;
    // The partner alone has its end now: when it is gone, the connection is, and nobody waits for ever.
    drop(far);
    let (mut answer, mut lost) = ([0], None);
    let samples = looped(&bench.effort(), || {
        if lost.is_none() {
            lost = near.write_all(&[1]).and_then(|()| near.read_exact(&mut answer)).err();
        }
    });
    lost.map_or(Ok(samples), |e| Err(format!("the partner process is gone: {e}")))
}

fn udp_round_trip(bench: &Bench, one: &UdpSocket, other: &UdpSocket) -> Result<Samples, String> {
    let mut byte = [0];
    let _partner = partner(bench.cpus.main, || other.recv(&mut byte).and_then(|_| other.send(&byte)).map(drop))?;
    let mut answer = [0];
    Ok(looped(&bench.effort(), || (one.send(&[1]), one.recv(&mut answer))))
}
