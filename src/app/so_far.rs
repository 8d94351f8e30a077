//! What has been done at a part up to the moment shown, as tables: why guests were left, what a page cache could answer,
//! who has run on which processor, and what work was done here. The same counts as in the report, for the run so far.

use super::names::name;
use super::recording::Recording;
use crate::engine::Time;
use crate::machine::listing::Listing;
use crate::machine::{ComponentKind, Topology};
use crate::trace::exits::Spent;
use crate::trace::{ComponentId, CpuId, ExitReason, StackId};

/// The tables of a part at `now`.
pub fn tables(recording: &Recording, id: ComponentId, now: Time) -> Vec<Listing> {
    let topology = recording.topology();
    let Some(part) = topology.component(id) else { return Vec::new() };
    let mut tables = Vec::new();
    match part.kind {
        ComponentKind::Hypervisor | ComponentKind::VirtualMachine | ComponentKind::VirtualHardware => {
            tables.extend(exits(recording, &vcpus(topology, id), now));
        }
        ComponentKind::HypervisorPart if part.name == "exits" => {
            let vcpus = part.parent.map_or(Vec::new(), |floor| vcpus(topology, floor));
            tables.extend(exits(recording, &vcpus, now));
        }
        ComponentKind::Core => {
            let cpu: Vec<CpuId> = part.cpu.into_iter().collect();
            if part.stack.is_some() {
                tables.extend(exits(recording, &cpu, now));
            }
            tables.push(ran(recording, &cpu, now));
        }
        ComponentKind::KernelPart if part.name == "scheduler" => {
            let kernel = part.parent;
            let cpus = (0..topology.cpus.len() as u16).map(CpuId);
            let own: Vec<CpuId> = cpus.filter(|cpu| Some(topology.cpus[cpu.index()].kernel) == kernel).collect();
            tables.push(ran(recording, &own, now));
        }
        _ => {}
    }
    tables.extend(recording.tallies.cache(id, now).map(|(hits, misses)| {
        let share = |n: usize| match hits + misses {
            0 => "–".to_owned(),
            all => format!("{:.0} %", n as f64 * 100.0 / all as f64),
        };
        let rows = [("in the cache", hits), ("not there", misses)];
        let rows = rows.map(|(what, n)| vec![what.to_owned(), n.to_string(), share(n)]);
        Listing::new("Reads so far", &["What they asked for was", "Reads", "Share"]).filled(rows)
    }));
    let done = recording.tallies.done_at(id, now);
    if !done.is_empty() {
        let rows = done
            .into_iter()
            .map(|(primitive, uses, time)| vec![primitive.label().to_owned(), uses.to_string(), time.to_string()]);
        tables.push(Listing::new("Done here so far", &["What", "Uses", "Time"]).filled(rows));
    }
    tables
}

/// The vCPUs of a machine, or of all machines that stand on a hypervisor; not of machines within those.
fn vcpus(topology: &Topology, id: ComponentId) -> Vec<CpuId> {
    let parent = |id: ComponentId| topology.component(id).and_then(|part| part.parent);
    let belongs = |cpu: &CpuId| {
        let hardware = topology.cpus.get(cpu.index()).and_then(|cpu| parent(cpu.kernel));
        let wall = hardware.and_then(parent);
        [hardware, wall, wall.and_then(parent)].contains(&Some(id))
    };
    (topology.cores..topology.cpus.len() as u16).map(CpuId).filter(belongs).collect()
}

/// By reason, and by vCPU where there are several.
fn exits(recording: &Recording, vcpus: &[CpuId], now: Time) -> Vec<Listing> {
    let spent = |vcpu: CpuId, reason: ExitReason| recording.exits.spent(vcpu, reason, now);
    let add = |all: Spent, one: Spent| Spent { count: all.count + one.count, time: all.time + one.time };
    let cells = |label: String, all: Spent| {
        let mean = Time(all.time.as_ps().checked_div(all.count).unwrap_or(0));
        vec![label, all.count.to_string(), all.time.to_string(), mean.to_string()]
    };
    let of_reason = |reason: ExitReason| vcpus.iter().map(|&vcpu| spent(vcpu, reason)).fold(Spent::default(), add);
    let reasons: Vec<(ExitReason, Spent)> = ExitReason::ALL.map(|reason| (reason, of_reason(reason))).to_vec();
    let whole = reasons.iter().map(|(_, one)| *one).fold(Spent::default(), add);
    let header = ["Reason", "Exits", "Time out", "Mean"];
    let rows =
        reasons.iter().filter(|(_, one)| one.count > 0).map(|(reason, one)| cells(reason.label().to_owned(), *one));
    let sum = (whole.count > 0).then(|| cells("in all".to_owned(), whole));
    let note = "Time out is until the guest goes on: after HLT that is mostly sleep.";
    let by_reason = Listing::new("Exits so far", &header).noted(note).filled(rows.chain(sum));
    if vcpus.len() < 2 {
        return vec![by_reason];
    }
    let topology = recording.topology();
    let of_vcpu = |vcpu: CpuId| ExitReason::ALL.iter().map(|&reason| spent(vcpu, reason)).fold(Spent::default(), add);
    let rows = vcpus.iter().map(|&vcpu| {
        let label = topology.cpus.get(vcpu.index()).map_or(String::new(), |cpu| name(&cpu.name));
        cells(label, of_vcpu(vcpu))
    });
    vec![by_reason, Listing::new("Exits so far, by vCPU", &["vCPU", "Exits", "Time out", "Mean"]).filled(rows)]
}

/// Who has run on these processors, and for how long.
fn ran(recording: &Recording, cpus: &[CpuId], now: Time) -> Listing {
    let topology = recording.topology();
    let rows = cpus.iter().flat_map(|&cpu| {
        let processor = topology.cpus.get(cpu.index()).map_or(String::new(), |cpu| name(&cpu.name));
        let mut ran = recording.tallies.ran_on(cpu, now);
        ran.sort_by_key(|(stack, time)| (std::cmp::Reverse(*time), *stack));
        ran.into_iter().map(move |(stack, time)| {
            let share = time.as_ps() as f64 * 100.0 / now.as_ps().max(1) as f64;
            vec![whose(topology, stack), processor.clone(), time.to_string(), format!("{share:.0} %")]
        })
    });
    Listing::new("Ran so far", &["On behalf of", "Processor", "Time", "Share"]).filled(rows)
}

fn whose(topology: &Topology, stack: StackId) -> String {
    topology.stacks.get(stack.index()).map_or("the host".to_owned(), |stack| name(&stack.name))
}
