//! Making processes, starting containers and virtual machines, interpreted guests, and instructions for devices: which
//! mechanisms each sets off, and how often.

mod support;

use strata::costs::{Primitive, Profile};
use strata::engine::Time;
use strata::machine::spec::*;
use strata::machine::{self, Outcome, RunOptions};
use strata::trace::{Layer, OperationKind, StackId, What};
use support::*;

const PROGRAM: Image = Image { bytes: 4096, segments: 4 };
const START: ContainerStart =
    ContainerStart { rootless: false, cgroup: true, network: StartNetwork::Host, written: 16 << 10, image: PROGRAM };

fn run(node: NodeSpec, body: Vec<Operation>) -> Outcome {
    let spec = Spec { host: host(2), programs: vec![program(repeat(1, body))], stacks: vec![node], script: Vec::new() };
    machine::run(&spec, &Profile::xeon_2017().table(), 7, &RunOptions::default(), |_, _| true).unwrap()
}

fn in_process(body: Vec<Operation>) -> Outcome {
    run(NodeSpec::Process(process("app", 0)), body)
}

/// In so many virtual machines inside one another.
fn in_vms(depth: usize, technique: Technique, body: Vec<Operation>) -> Outcome {
    let inside = |node, _| NodeSpec::Vm(VmSpec { technique, preallocated: true, ..vm("vm", 1, vec![node]) });
    run((0..depth).fold(NodeSpec::Process(process("app", 0)), inside), body)
}

/// How often a mechanism was used.
fn uses(outcome: &Outcome, primitive: Primitive) -> u64 {
    let hops = &outcome.trace.as_ref().expect("the trace is kept").hops;
    let of = hops.iter().filter(|hop| hop.stack == StackId(0) && hop.what == What::Pay(primitive));
    of.map(|hop| u64::from(hop.count)).sum()
}

fn latency(outcome: &Outcome, kind: OperationKind) -> u64 {
    outcome.stats[0].latency_of(kind).expect("it was done").total
}

fn touch(pages: u64) -> Operation {
    Operation::Memory { working_set: pages * 4096, accesses: 1, huge_pages: false }
}

fn fork(vfork: bool, pages: u64, exec: Option<Image>) -> Operation {
    Operation::Fork { vfork, writes: pages * 4096, exec }
}

#[test]
fn fork_copies_the_entry_of_each_touched_page_and_vfork_copies_nothing() {
    for pages in [1, 10, 500] {
        let copied = in_process(vec![touch(pages), fork(false, 0, None)]);
        assert_eq!(uses(&copied, Primitive::CopyPageEntry), pages);
        // Its parent has them still.
        assert_eq!(uses(&copied, Primitive::LeavePage), pages);
        assert_eq!(uses(&copied, Primitive::UnmapPage), 0);
        assert_eq!(uses(&copied, Primitive::CopyAddressSpace), 1);
        let lent = in_process(vec![touch(pages), fork(true, 0, None)]);
        for primitive in [Primitive::CopyPageEntry, Primitive::LeavePage, Primitive::CopyAddressSpace] {
            assert_eq!(uses(&lent, primitive), 0, "{}", primitive.name());
        }
        assert!(latency(&lent, OperationKind::Fork) < latency(&copied, OperationKind::Fork));
    }
}

#[test]
fn a_child_copies_each_page_that_it_writes_to_and_none_that_is_lent() {
    let faults = |vfork| in_process(vec![fork(vfork, 3, None)]).stats[0].page_faults;
    assert_eq!((faults(false), faults(true)), (3, 0));
    let outcome = in_process(vec![touch(5), fork(false, 3, None)]);
    let of = |primitive| uses(&outcome, primitive);
    // What it has written to is its own, the rest its parent's.
    assert_eq!([Primitive::Copy4k, Primitive::UnmapPage, Primitive::LeavePage].map(of), [3, 3, 2]);
}

#[test]
fn a_program_that_is_executed_is_mapped_and_faulted_in_by_its_size() {
    let large = Image { bytes: 1 << 20, segments: 7 };
    for (image, faults) in [(PROGRAM, 1), (large, 16)] {
        for outcome in [in_process(vec![Operation::Exec(image)]), in_process(vec![fork(true, 0, Some(image))])] {
            assert_eq!(uses(&outcome, Primitive::FileFault), faults);
            assert_eq!(uses(&outcome, Primitive::MapSegment), u64::from(image.segments));
        }
    }
}

#[test]
fn what_exec_gives_up_a_later_fork_does_not_copy() {
    let outcome = in_process(vec![touch(100), Operation::Exec(PROGRAM), fork(false, 0, None)]);
    // The program's own page is the page cache's too.
    assert_eq!((uses(&outcome, Primitive::UnmapPage), uses(&outcome, Primitive::LeavePage)), (100, 1));
    assert_eq!(uses(&outcome, Primitive::CopyPageEntry), 1);
}

#[test]
fn memory_that_a_child_gives_back_needs_no_new_frames_of_the_host() {
    // Each child copies ten pages; the guest's memory has no frames in the beginning, and gets them one by one.
    let inside = vec![NodeSpec::Process(process("app", 0))];
    let vm = VmSpec { huge_pages: HugePages::Never, ..vm("vm", 1, inside) };
    let spec = Spec {
        host: HostSpec { huge_pages: HugePages::Never, ..host(2) },
        programs: vec![program(repeat(3, vec![fork(false, 10, None)]))],
        stacks: vec![NodeSpec::Vm(vm)],
        script: Vec::new(),
    };
    let outcome = machine::run(&spec, &Profile::xeon_2017().table(), 1, &RunOptions::default(), |_, _| true).unwrap();
    assert_eq!(uses(&outcome, Primitive::HandleEptViolation), 10);
}

#[test]
fn a_containers_start_makes_each_namespace_once_and_what_its_network_and_user_need() {
    let start =
        |rootless, network| in_process(vec![Operation::StartContainer(ContainerStart { rootless, network, ..START })]);
    use Primitive::*;
    let always = [NamespaceMnt, NamespacePid, NamespaceUts, NamespaceIpc, NamespaceCgroup, MountOverlay, PivotRoot];
    let plain = start(false, StartNetwork::Host);
    assert!(always.iter().all(|&primitive| uses(&plain, primitive) == 1));
    assert!([NamespaceUser, NamespaceNet, VethCreate].iter().all(|&primitive| uses(&plain, primitive) == 0));
    assert_eq!(uses(&start(true, StartNetwork::Host), NamespaceUser), 1);
    let bridged = start(false, StartNetwork::Bridge);
    assert_eq!((uses(&bridged, NamespaceNet), uses(&bridged, VethCreate)), (1, 1));
    let time = |outcome: &Outcome| latency(outcome, OperationKind::StartContainer);
    for cgroup in [true, false] {
        let outcome = in_process(vec![Operation::StartContainer(ContainerStart { cgroup, ..START })]);
        let uses = [CgroupCreate, CgroupEnter].map(|primitive| uses(&outcome, primitive));
        assert_eq!(uses, [u64::from(cgroup); 2]);
    }
    let own = start(false, StartNetwork::Own);
    assert!(time(&plain) < time(&own) && time(&own) < time(&bridged));
}

#[test]
fn both_forks_of_a_containers_start_copy_what_is_touched_and_its_processes_copy_what_they_write_to() {
    let outcome = in_process(vec![touch(50), Operation::StartContainer(START)]);
    assert_eq!((uses(&outcome, Primitive::CopyPageEntry), uses(&outcome, Primitive::Copy4k)), (2 * 50, 4));
}

#[test]
fn one_containers_start_follows_the_other_and_takes_no_longer_for_it() {
    let body = vec![Operation::StartContainer(START); 5];
    for cpu in [None, Some(0)] {
        let outcome = run(NodeSpec::Process(ProcessSpec { cpu, ..process("app", 0) }), body.clone());
        let journeys = &outcome.trace.as_ref().expect("the trace is kept").journeys;
        let times: Vec<u64> = journeys.iter().filter_map(|j| j.latency()).map(|time| time.as_ps()).collect();
        assert_eq!(times.len(), 5);
        // A tick of the scheduler may fall into one.
        assert!(times.iter().all(|time| *time < times[0] + times[0] / 100), "{times:?}");
        // Each ends before the next one begins, on nobody's time.
        assert!(journeys.windows(2).all(|pair| pair[1].start > pair[0].end));
    }
}

#[test]
fn a_virtual_machines_start_touches_the_memory_that_is_written_and_makes_each_processor() {
    let start = |technique| in_process(vec![Operation::StartVm(VmStart { written: 20 * 4096, vcpus: 3, technique })]);
    for technique in [Technique::Hardware, Technique::Interpreted] {
        let outcome = start(technique);
        assert_eq!(outcome.stats[0].page_faults, 20);
        assert_eq!(uses(&outcome, Primitive::KvmCreateVcpu), 3);
        assert_eq!(uses(&outcome, Primitive::KvmSupportedCpuid), 1);
        let hardware = u64::from(technique == Technique::Hardware);
        // Five pages without frames, and the first instruction's own exit.
        assert_eq!(uses(&outcome, Primitive::VmExit), 6 * hardware);
        assert_eq!(uses(&outcome, Primitive::EmulatedInstruction), 1 - hardware);
        assert_eq!(uses(&outcome, Primitive::ExitToUserSpace), hardware);
        assert_eq!(uses(&outcome, Primitive::EmulatedExitToUserSpace), 1 - hardware);
    }
}

#[test]
fn an_out_goes_to_the_device_natively_and_to_a_program_below_in_a_guest() {
    let native = in_process(vec![Operation::Out]);
    assert_eq!((native.stats[0].exits_total(), uses(&native, Primitive::PortWrite)), (0, 1));
    let [one, two] = [1, 2].map(|depth| in_vms(depth, Technique::Hardware, vec![Operation::Out]));
    for guest in [&one, &two] {
        assert_eq!(uses(guest, Primitive::PortWrite), 0);
        assert_eq!(uses(guest, Primitive::EmulateAccess), 1);
        assert_eq!(uses(guest, Primitive::ExitToUserSpace), 1);
    }
    let reason = strata::trace::ExitReason::IoInstruction as usize;
    assert_eq!(one.stats[0].exits[reason], 1);
    let time = |outcome: &Outcome| latency(outcome, OperationKind::Out);
    assert!(
        time(&native) < time(&one) && 2 * time(&one) < time(&two),
        "{} {} {}",
        time(&native),
        time(&one),
        time(&two)
    );
}

#[test]
fn an_interpreted_guest_never_exits_and_pays_for_each_instruction() {
    let body = || vec![Operation::Cycles(5_000), Operation::Cpuid, Operation::SystemCall("getpid".to_owned())];
    let outcome = in_vms(1, Technique::Interpreted, body());
    assert_eq!(outcome.stats[0].exits_total() + uses(&outcome, Primitive::VmEntry), 0);
    let compute = latency(&outcome, OperationKind::Compute);
    let cost = |primitive| Profile::xeon_2017().table().get(primitive);
    assert_eq!(compute, 5_000 * (cost(Primitive::Cycle) + cost(Primitive::EmulatedInstruction)));
    let cpuid = cost(Primitive::EmulatedInstruction) + cost(Primitive::EmulatedCpuid);
    assert_eq!(latency(&outcome, OperationKind::Cpuid), cpuid);
    assert!(outcome.stats[0].ledger[Layer::Hypervisor as usize] > 10 * outcome.stats[0].ledger[Layer::User as usize]);
    // An interpreter that is interpreted: once more for each of its own instructions.
    let twice = latency(&in_vms(2, Technique::Interpreted, body()), OperationKind::Compute);
    let instructions = cost(Primitive::EmulatedInstruction) / cost(Primitive::Cycle);
    assert!(twice > compute * instructions / 2, "{} of {}", Time(twice), Time(compute));
}

#[test]
fn an_out_of_an_interpreted_guest_pays_nothing_of_hardware_assistance() {
    let outcome = in_vms(1, Technique::Interpreted, vec![Operation::Out]);
    let of = |primitive| uses(&outcome, primitive);
    use Primitive::*;
    assert_eq!([EmulatedExitToUserSpace, EmulateAccess].map(of), [1; 2]);
    assert_eq!([VmExit, ExitDispatch, ExitToUserSpace, VmEntry].map(of), [0; 4]);
    let costs = Profile::xeon_2017().table();
    let paid = [EmulatedInstruction, EmulatedExitToUserSpace, EmulateAccess].map(|primitive| costs.get(primitive));
    assert_eq!(latency(&outcome, OperationKind::Out), paid.iter().sum::<u64>());
}

#[test]
fn a_load_is_one_instruction_to_an_interpreter_wherever_it_finds_its_data() {
    let load = |pages: u64, accesses| Operation::Memory { working_set: pages * 4096, accesses, huge_pages: false };
    for pages in [2, 3_000] {
        let outcome = in_vms(1, Technique::Interpreted, vec![load(pages, 10), load(pages, 2_500)]);
        assert_eq!(uses(&outcome, Primitive::EmulatedLoad), 2_510, "{pages} pages");
    }
}

#[test]
fn a_child_that_still_ends_when_the_next_one_is_wanted_loses_no_journey() {
    let image = Image { bytes: 1, segments: 1 };
    let start = ContainerStart { network: StartNetwork::Own, image, ..START };
    let body = vec![Operation::StartContainer(start), fork(true, 0, None), Operation::StartContainer(start)];
    let guest = NodeSpec::Vm(vm("vm", 3, vec![NodeSpec::Container(container("app", 0))]));
    for node in [guest, NodeSpec::Process(process("app", 0))] {
        let outcome = run(node, body.clone());
        assert_eq!(outcome.end, machine::End::Finished);
        let journeys = &outcome.trace.as_ref().expect("the trace is kept").journeys;
        assert!(journeys.len() == 3 && journeys.iter().all(|journey| journey.end != Time::MAX));
    }
}
