//! Transparent huge pages: who gets memory in pages of 2 MiB, and what that saves.

mod support;

use strata::costs::{Primitive, Profile, Table};
use strata::engine::Time;
use strata::machine::spec::*;
use strata::machine::{self, Outcome, RunOptions};
use strata::trace::{Crossing, Ended, ExitReason, What};
use support::*;

const MIB: u64 = 1 << 20;

fn costs() -> Table {
    Profile::xeon_2017().table()
}

/// 64 MiB in small pages, touched and then used.
fn touches() -> Operation {
    Operation::Memory { working_set: 64 * MIB, accesses: 10_000, huge_pages: false }
}

fn run(memory: u64, huge_pages: HugePages, stack: NodeSpec) -> Outcome {
    let spec = Spec {
        host: HostSpec { memory, huge_pages, ..host(2) },
        programs: vec![program(repeat(2, vec![touches()]))],
        stacks: vec![stack],
        script: Vec::new(),
    };
    let options = RunOptions { until: Time::s(10), ..RunOptions::default() };
    machine::run(&spec, &costs(), 7, &options, |_, _| true).unwrap()
}

fn in_vm() -> NodeSpec {
    NodeSpec::Vm(VmSpec { memory: GIB, ..vm("vm", 1, vec![NodeSpec::Process(process("app", 0))]) })
}

fn violations(outcome: &Outcome) -> usize {
    let hops = &outcome.trace.as_ref().unwrap().hops;
    hops.iter().filter(|hop| hop.crossing == Crossing::VmExit(ExitReason::EptViolation)).count()
}

fn faults(outcome: &Outcome) -> usize {
    let hops = &outcome.trace.as_ref().unwrap().hops;
    hops.iter().filter(|hop| hop.crossing == Crossing::PageFault).count()
}

fn uses(outcome: &Outcome, of: Primitive) -> u64 {
    let paid = outcome.trace.as_ref().unwrap().hops.iter().filter(|hop| hop.what == What::Pay(of));
    paid.map(|hop| u64::from(hop.count)).sum()
}

#[test]
fn a_guest_on_large_pages_leaves_guest_mode_once_for_512_of_its_own() {
    let large = run(16 * GIB, HugePages::Madvise, in_vm());
    let small = run(16 * GIB, HugePages::Never, in_vm());
    let pages = 64 * MIB / 4096;
    assert_eq!([&large, &small].map(violations), [64 / 2, pages as usize]);
    // The guest's kernel faults and clears as before, and below as much is cleared either way.
    assert_eq!(faults(&large), faults(&small));
    assert_eq!([&large, &small].map(|of| uses(of, Primitive::ZeroPage)), [2 * pages, 2 * pages]);
    assert_eq!([&large, &small].map(|of| of.memory.stacks[0].resident), [64 * MIB, 64 * MIB]);
    // What it reads stands in large pages as well.
    let read = Operation::Read { file: "data".to_owned(), bytes: 8 * MIB, cache: Cache::Cold };
    let reading = Spec {
        host: host(2),
        programs: vec![program(repeat(1, vec![read]))],
        stacks: vec![in_vm()],
        script: Vec::new(),
    };
    let outcome = machine::run(&reading, &costs(), 7, &RunOptions::default(), |_, _| true).unwrap();
    assert_eq!(violations(&outcome), 4);
}

#[test]
fn a_process_gets_large_pages_by_itself_only_where_everybody_does() {
    let app = || NodeSpec::Process(process("app", 0));
    let pages = (64 * MIB / 4096) as usize;
    let modes = [HugePages::Never, HugePages::Madvise, HugePages::Always];
    assert_eq!(modes.map(|mode| faults(&run(16 * GIB, mode, app()))), [pages, pages, 32]);
    // In a guest it is the guest's kernel that says so.
    let always = VmSpec { huge_pages: HugePages::Always, memory: GIB, ..vm("vm", 1, vec![app()]) };
    let outcome = run(16 * GIB, HugePages::Never, NodeSpec::Vm(always));
    assert_eq!((faults(&outcome), violations(&outcome)), (32, pages));
}

#[test]
fn a_walk_is_shorter_by_a_level_of_the_table_below() {
    let references = |mode| uses(&run(16 * GIB, mode, in_vm()), Primitive::NestedWalkReference);
    assert_eq!(references(HugePages::Madvise) * 24, references(HugePages::Never) * 19);
}

#[test]
fn where_no_large_page_is_left_a_small_one_does() {
    // The host's kernel has one of its 64 MiB for itself: 31 large pages, and half a MiB in small ones.
    let (host_memory, wanted) = (64 * MIB, 62 * MIB + MIB / 2);
    let body = Operation::Memory { working_set: wanted, accesses: 10, huge_pages: false };
    let spec = Spec {
        host: HostSpec { memory: host_memory, ..host(1) },
        programs: vec![program(repeat(1, vec![body]))],
        stacks: vec![NodeSpec::Vm(VmSpec {
            memory: 70 * MIB,
            ..vm("vm", 1, vec![NodeSpec::Process(process("app", 0))])
        })],
        script: Vec::new(),
    };
    let outcome = machine::run(&spec, &costs(), 7, &RunOptions::default(), |_, _| true).unwrap();
    let ended = outcome.changes.iter().find_map(|change| match change.what {
        strata::trace::ChangeKind::Ended(why) => Some(why),
        _ => None,
    });
    assert!(matches!(ended, None | Some(Ended::Finished)), "{ended:?}");
    assert_eq!(violations(&outcome), 31 + 128);
    assert_eq!(outcome.memory.stacks[0].resident, wanted);
}
