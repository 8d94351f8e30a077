//! Bytes: what moves more of them takes longer, by what a copy, a pass of the network stack and a wire take.

mod support;

use strata::costs::{Primitive, Profile, Table};
use strata::engine::Time;
use strata::machine::spec::*;
use strata::machine::{self, Outcome, RunOptions};
use strata::trace::What;
use support::*;

fn costs() -> Table {
    Profile::xeon_2017().table()
}

/// One operation of one stack.
fn once(operation: Operation, stack: NodeSpec) -> Outcome {
    let spec = Spec {
        host: host(4),
        programs: vec![program(repeat(1, vec![operation]))],
        stacks: vec![stack],
        script: Vec::new(),
    };
    machine::run(&spec, &costs(), 7, &RunOptions::default(), |_, _| true).unwrap()
}

fn on_host(operation: Operation) -> Outcome {
    once(operation, NodeSpec::Process(process("app", 0)))
}

fn in_vm(operation: Operation, backend: Backend) -> Outcome {
    let inside = vec![NodeSpec::Process(process("app", 0))];
    once(operation, NodeSpec::Vm(VmSpec { backend, ..vm("vm", 1, inside) }))
}

fn took(outcome: &Outcome) -> Time {
    let journeys = &outcome.trace.as_ref().unwrap().journeys;
    journeys[0].latency().expect("it has ended")
}

fn uses(outcome: &Outcome, of: Primitive) -> u64 {
    let paid = outcome.trace.as_ref().unwrap().hops.iter().filter(|hop| hop.what == What::Pay(of));
    paid.map(|hop| u64::from(hop.count)).sum()
}

fn request(send: u64, receive: u64, peer: Peer) -> Operation {
    Operation::Request { send, receive, think: Time::ZERO.into(), peer }
}

/// So many pages at this price.
fn pages(bytes: u64, of: Primitive) -> Time {
    Time(costs().get(of)).times(bytes / 4096)
}

#[test]
fn a_gibibyte_over_loopback_takes_as_long_as_its_copies_and_its_passes() {
    let whole = on_host(request(GIB, 1, Peer::Local));
    let small = took(&on_host(request(1, 1, Peer::Local)));
    let copies = pages(GIB, Primitive::Copy4kMemory);
    // Both ends work at the same time, and the journey goes with the last segment.
    assert!(took(&whole) > copies && took(&whole) < small + copies.times(2), "{} of {copies}", took(&whole));
    // And one pass for the answer.
    assert_eq!(uses(&whole, Primitive::SocketSend), GIB / (64 << 10) + 1);
    assert_eq!(uses(&whole, Primitive::Copy4kMemory), 2 * GIB / 4096);
}

#[test]
fn what_lies_in_no_cache_is_copied_more_slowly_by_the_byte() {
    let read = |bytes| on_host(Operation::Read { file: "data".to_owned(), bytes, cache: Cache::Warm });
    let (small, large) = (read(1 << 20), read(64 << 20));
    assert_eq!([Primitive::Copy4k, Primitive::Copy4kMemory].map(|of| uses(&small, of)), [256, 0]);
    assert_eq!([Primitive::Copy4k, Primitive::Copy4kMemory].map(|of| uses(&large, of)), [0, 64 * 256]);
    assert!(took(&large) > took(&small).times(2 * 64));
    // A part of a page takes its part of the time.
    let [half, page] = [2048, 4096].map(|bytes| took(&read(bytes)));
    assert_eq!((page - half).as_ps(), costs().get(Primitive::Copy4k) / 2);
}

#[test]
fn a_long_message_is_on_the_wire_while_the_rest_of_it_is_copied() {
    const LONG: u64 = 64 << 20;
    let wire = Time::ns(LONG / 1448 * 1538 * 8 / 10);
    for (send, receive) in [(LONG, 1), (1, LONG)] {
        let outcome = on_host(request(send, receive, Peer::Remote));
        let took = took(&outcome);
        assert!(took > wire && took.as_ps() < wire.as_ps() / 10 * 11, "{took} of {wire} on the wire");
        let segments = send.div_ceil(64 << 10);
        assert_eq!(uses(&outcome, Primitive::SocketSend), segments);
        assert_eq!(uses(&outcome, Primitive::NicTransmit), segments);
        let frames = (receive / (64 << 10)) * (64u64 << 10).div_ceil(1448);
        assert_eq!(uses(&outcome, Primitive::NicReceive), frames.max(1));
    }
}

#[test]
fn a_guests_packets_are_copied_by_its_back_end_and_once_more_by_one_in_user_space() {
    const LONG: u64 = 1 << 20;
    let copies = |outcome: &Outcome| uses(outcome, Primitive::Copy4k) * 4096 / LONG;
    let both = request(LONG, LONG, Peer::Remote);
    assert_eq!(copies(&on_host(both.clone())), 2);
    assert_eq!(copies(&in_vm(both.clone(), Backend::Vhost)), 4);
    assert_eq!(copies(&in_vm(both.clone(), Backend::UserSpace)), 5);
    // A disk's data are not: they go to the guest's memory by themselves.
    let read = Operation::Read { file: "data".to_owned(), bytes: LONG, cache: Cache::Direct };
    assert_eq!(copies(&in_vm(read, Backend::UserSpace)), 0);
}

#[test]
fn a_message_through_a_pipe_costs_its_copies_and_its_pages() {
    let talk = |bytes| on_host(Operation::PingPong { across_cpus: false, bytes });
    let (byte, full) = (talk(1), talk(Operation::PIPE));
    assert_eq!([&byte, &full].map(|of| uses(of, Primitive::PipeTransfer)), [4, 4 * 16]);
    let more = pages(4 * Operation::PIPE, Primitive::Copy4k) + Time(costs().get(Primitive::PipeTransfer)).times(4 * 15);
    assert_eq!(took(&full) - took(&byte), more);
}

#[test]
fn a_machine_that_ends_in_the_middle_of_a_message_leaves_no_request() {
    let app = program(repeat(1, vec![request(256 << 20, 256 << 20, Peer::Remote)]));
    let inside = vec![NodeSpec::Process(process("app", 0))];
    for at in [20, 120, 300] {
        let spec = Spec {
            host: host(4),
            programs: vec![app.clone()],
            stacks: vec![NodeSpec::Vm(vm("vm", 1, inside.clone()))],
            script: vec![(Time::ms(at), Order::Kill("vm".to_owned()))],
        };
        let options = RunOptions { until: Time::s(2), ..RunOptions::default() };
        let outcome = machine::run(&spec, &costs(), 7, &options, |_, _| true).unwrap();
        let model = &outcome.history.current().model;
        assert_eq!((model.leftover(), model.living().requests), (None, 0), "killed at {at} ms");
    }
}

#[test]
fn fsync_waits_for_what_has_been_written_and_for_a_block_of_the_journal_and_for_nothing_twice() {
    let write = Operation::Write { file: "log".to_owned(), bytes: 1 << 20, sync: false };
    let fsync = || Operation::Fsync("log".to_owned());
    let spec = Spec {
        host: host(2),
        programs: vec![program(repeat(1, vec![write, fsync(), fsync(), Operation::Fsync("other".to_owned())]))],
        stacks: vec![NodeSpec::Process(process("app", 0))],
        script: Vec::new(),
    };
    let outcome = machine::run(&spec, &costs(), 7, &RunOptions::default(), |_, _| true).unwrap();
    let took: Vec<Time> =
        outcome.trace.as_ref().unwrap().journeys.iter().filter_map(|journey| journey.latency()).collect();
    let [_, first, again, other] = took[..] else { panic!("{took:?}") };
    // What has been written at the rate of the disk's writes, and each request its service.
    let transfer = Time::ns((1 << 20) * 1_000 / 1_100);
    assert!(first > transfer + Time::us(2 * 15) && first < transfer + Time::us(500), "{first}");
    assert_eq!(uses(&outcome, Primitive::DiskWrite4k), 2);
    assert!(again == other && again < Time::us(1), "{again} {other}");
}
