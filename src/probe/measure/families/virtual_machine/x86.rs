//! The measurements of the family, on x86-64: the only processor for which there is a guest.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

use super::GIVES;
use crate::costs::Unit;
use crate::probe::measure::bench::Bench;
use crate::probe::measure::host::{no_thread, pin};
use crate::probe::measure::memory_region::{Chance, LINE, PAGE, Pages, Region};
use crate::probe::measure::timing::{Effort, Samples, elapsed_ns, per_iteration};
use crate::probe::vm::{LOADS, Machine, Pace, Program, Start, turns};

/// Memory of a machine that is only started.
const LEAST_MEMORY: usize = 2 << 20;

/// Memory of the machine: 32 MiB to walk through.
const MEMORY: usize = 34 << 20;

pub(super) fn run(bench: &mut Bench) -> Result<(), String> {
    let text = |e: crate::probe::vm::VmError| e.to_string();
    let (mut machine, _) = Machine::new(MEMORY, Pages::Small).map_err(text)?;
    let effort = bench.effort();

    bench.doing("the same loop inside and outside a VM");
    let pace = Pace::of(&effort, &mut machine)?;
    let (ratio, interpreted) = (pace.ratio(), pace.is_interpreted());
    bench.put_ns("native_loop", &pace.outside, "an addition, a decrement and a jump, in this process");
    let names = if interpreted { &EMULATED } else { &ASSISTED };
    let verdict = if interpreted {
        format!("; {ratio:.0} times the host's time: this host's /dev/kvm interprets its guests")
    } else {
        format!("; {ratio:.2} times the host's time: the guest runs on the processor")
    };
    bench.put_ns(names.computing, &pace.inside, format!("the same three instructions in a guest{verdict}"));
    if interpreted {
        classes(bench, &effort, &mut machine)?;
    }

    for (program, name, what) in [
        (Program::Cpuid, names.cpuid, "CPUID in a guest, answered in the kernel"),
        (Program::Port, names.port, "OUT in a guest, on to this program and back"),
        (Program::Mmio, names.mmio, "a write without memory in a guest, on to this program and back"),
    ] {
        bench.doing(what);
        let samples = turns(&effort, &mut machine, program, 0)?;
        bench.put_ns(name, &samples, format!("{what}, in a loop of {} instructions", program.instructions()));
        if program == Program::Cpuid && interpreted {
            let others = bench.needed("emulated_instruction").map(|one| one * f64::from(program.instructions()));
            let method = "the same loop, less as many times \"emulated_instruction\" as it has instructions";
            bench.put_or_missing("emulated_cpuid", others.map(|others| samples.clone().minus(others)), method);
        }
        if program == Program::Port && !interpreted {
            let kernel = bench.needed(names.cpuid)?;
            let method = "an OUT's exit to this program, less a CPUID's exit to the kernel";
            bench.put_ns("exit_to_user_space", &samples.minus(kernel), method);
        }
    }

    bench.doing("waking a halted guest");
    let woken = wake(bench, &mut machine, bench.known(names.port).unwrap_or(0.0) / 2.0);
    let method = "from sending an interrupt to a guest in HLT until it has run its handler and written to a port, less half an OUT";
    bench.put_or_missing(names.halt, woken, method);

    for (pages, native, guest) in
        [(Pages::Small, "native_walk_4k", names.walk_4k), (Pages::Huge, "native_walk_2m", names.walk_2m)]
    {
        bench.doing("the same walk through memory inside and outside a VM");
        if let Err(because) = walks(bench, pages, native, guest) {
            bench.missing(guest, Unit::Ns, because);
        }
    }

    parts(bench)?;
    starts(bench)?;
    let because = if interpreted {
        format!(
            "this host's /dev/kvm interprets its guests ({ratio:.0} times slower than the host): only costs of emulation are here"
        )
    } else {
        "this host's /dev/kvm runs its guests on the processor".to_owned()
    };
    bench.missing_rest(GIVES, &because);
    Ok(())
}

/// The names under which the two kinds of KVM are filed.
struct Names {
    computing: &'static str,
    cpuid: &'static str,
    port: &'static str,
    mmio: &'static str,
    halt: &'static str,
    walk_4k: &'static str,
    walk_2m: &'static str,
}

const ASSISTED: Names = Names {
    computing: "guest_loop",
    cpuid: "exit_cpuid",
    port: "exit_port",
    mmio: "exit_mmio",
    halt: "halt_wake",
    walk_4k: "guest_walk_4k",
    walk_2m: "guest_walk_2m",
};

const EMULATED: Names = Names {
    computing: "emulated_loop",
    cpuid: "emulated_cpuid_loop",
    port: "emulated_port",
    mmio: "emulated_mmio",
    halt: "emulated_halt_wake",
    walk_4k: "emulated_walk_4k",
    walk_2m: "emulated_walk_2m",
};

/// What one instruction of a class takes an interpreter: programs without any other purpose.
fn classes(bench: &mut Bench, effort: &Effort, machine: &mut Machine) -> Result<(), String> {
    bench.doing("instructions that are interpreted");
    let blocks = turns(effort, machine, Program::Blocks, 0)?;
    let one = blocks.times(1.0 / f64::from(Program::Blocks.instructions()));
    let instruction = one.median();
    bench.put_ns("emulated_instruction", &one, "short blocks of two additions and a jump in a guest, an instruction");
    let start = machine.data().0 as u64;
    let others = f64::from(Program::Loads.instructions() - LOADS) * instruction;
    let loads = turns(effort, machine, Program::Loads, start)?.minus(others).times(1.0 / f64::from(LOADS));
    let method = "loads from one address in a guest, a load, less \"l1_hit\"";
    bench.put_ns("emulated_load", &loads.minus(bench.known("l1_hit").unwrap_or(0.0)), method);
    Ok(())
}

fn walks(bench: &mut Bench, pages: Pages, native: &str, guest: &str) -> Result<(), String> {
    let effort = bench.effort();
    let (mut machine, _) = Machine::new(MEMORY, pages).map_err(|e| e.to_string())?;
    let (start, len) = machine.data();
    let mut chance = Chance(5);
    let offsets: Vec<usize> = (0..len / PAGE).map(|i| start + i * PAGE + chance.below(PAGE / LINE) * LINE).collect();
    let memory: &mut Region = machine.memory();
    let size = if pages == Pages::Huge { "2 MiB" } else { "4 KiB" };
    let what = format!("dependent random loads, one in each 4 KiB of {} MiB, on {size} pages", len >> 20);
    let mut walk = memory.chain(&offsets);
    walk.steps(offsets.len() as u64);
    let outside = per_iteration(&effort, |n| walk.steps(n.next_multiple_of(64)));
    bench.put_ns(native, &outside, what.clone());
    memory.lay(&offsets, 0);
    let first = offsets.first().map_or(0, |&o| o as u64);
    let inside = turns(&effort, &mut machine, Program::Walk, first)?;
    bench.put_ns(guest, &inside, format!("the same in a guest: {what}, inside and outside"));
    Ok(())
}

/// From sending the interrupt until the guest's next OUT has arrived, less `out`.
fn wake(bench: &Bench, machine: &mut Machine, out: f64) -> Result<Samples, String> {
    let effort = bench.effort();
    let (cpu, count, broken) =
        (bench.cpus.partner.unwrap_or(bench.cpus.main), AtomicU64::new(0), AtomicBool::new(false));
    machine.prepare(Program::Halt, 1, 0).map_err(|e| e.to_string())?;
    let (mut processor, interrupter) = machine.split();
    let runs = effort.runs as u64;
    std::thread::scope(|scope| {
        let (count, broken) = (&count, &broken);
        let sleep = move || {
            let ready = pin(cpu).is_ok();
            // One more than is measured, to warm up.
            for _ in 0..=runs {
                if !ready || !processor.sleep_until_woken() {
                    broken.store(true, SeqCst);
                    return;
                }
                count.fetch_add(1, SeqCst);
            }
        };
        std::thread::Builder::new().spawn_scoped(scope, sleep).map_err(no_thread)?;
        let mut values = Vec::new();
        for run in 0..=runs {
            // Until the guest sleeps again.
            std::thread::sleep(Duration::from_micros(500));
            let start = Instant::now();
            interrupter.send().map_err(|e| e.to_string())?;
            while count.load(SeqCst) == run {
                if broken.load(SeqCst) {
                    return Err("the guest did not wake as it should".to_owned());
                }
                std::hint::spin_loop();
                if bench.cpus.partner.is_none() {
                    std::thread::yield_now();
                }
            }
            values.push((elapsed_ns(start) - out).max(0.0));
        }
        Ok(Samples::of_events(values.split_off(1)))
    })
}

/// Processors and pieces of memory of the machines that are made for their parts alone.
const PARTS_VCPUS: u8 = 3;
const PARTS_SLOTS: u32 = 1;

/// What the parts of a machine cost to make, by machines that run nothing.
fn parts(bench: &mut Bench) -> Result<(), String> {
    bench.doing("making parts of a VM");
    let effort = bench.effort();
    let mut parts: [Vec<f64>; 5] = Default::default();
    let begin = Instant::now();
    while parts[0].len() < effort.runs && (parts[0].len() < 6 || begin.elapsed() < effort.limit * 2) {
        let one = Machine::parts(PARTS_VCPUS, PARTS_SLOTS).map_err(|e| e.to_string())?;
        parts.iter_mut().zip(one).for_each(|(part, value)| part.push(value));
    }
    let described = [
        ("kvm_create_vm", 1.0, "KVM_CREATE_VM, of a machine that runs nothing".to_owned()),
        ("kvm_create_irqchip", 1.0, "KVM_CREATE_IRQCHIP, of a machine that runs nothing".to_owned()),
        ("kvm_memory_slot", PARTS_SLOTS.into(), "its first memory slot, of a page".to_owned()),
        (
            "kvm_supported_cpuid",
            1.0,
            "KVM_GET_SUPPORTED_CPUID; in a guest each CPUID that it executes is an exit to the layer below".to_owned(),
        ),
        (
            "kvm_create_vcpu",
            PARTS_VCPUS.into(),
            format!("{PARTS_VCPUS} processors with CPUID and registers, one of them"),
        ),
    ];
    let call = bench.known("system_call").unwrap_or(0.0);
    for ((name, of, method), mut values) in described.into_iter().zip(parts) {
        // The first one loads what later ones find.
        values.remove(0);
        bench.put_ns(name, &Samples::of_events(values).times(1.0 / of).minus(call), method);
    }
    Ok(())
}

/// Making a machine and running its first instruction, step by step.
fn starts(bench: &mut Bench) -> Result<(), String> {
    bench.doing("making a VM");
    let effort = bench.effort();
    let mut parts: [Vec<f64>; 7] = Default::default();
    let begin = Instant::now();
    while parts[0].len() < effort.runs && (parts[0].len() < 5 || begin.elapsed() < effort.limit * 2) {
        let whole = Instant::now();
        let (mut machine, start) = Machine::new(LEAST_MEMORY, Pages::Small).map_err(|e| e.to_string())?;
        let first = Instant::now();
        machine.run(Program::First, 1, 0).map_err(|e| e.to_string())?;
        let (first, whole) = (elapsed_ns(first), elapsed_ns(whole));
        let end = Instant::now();
        drop(machine);
        let Start { create, controller, memory, processor } = start;
        let all = [create, controller, memory, processor, first, whole, elapsed_ns(end)];
        parts.iter_mut().zip(all).for_each(|(part, value)| part.push(value));
    }
    let described = [
        ("vm_create", "opening /dev/kvm and creating a VM"),
        ("vm_interrupt_controller", "creating its interrupt controller in the kernel"),
        ("vm_memory", "mapping 2 MiB, writing page tables and programs, giving it to the VM"),
        ("vm_processor", "creating a processor, its CPUID, its registers"),
        ("vm_first_exit", "from KVM_RUN to the exit of the guest's first instruction, an OUT"),
        ("vm_start", "all of it: from opening /dev/kvm to the first instruction's exit"),
        ("vm_destroy", "closing the processor and the VM, unmapping its memory"),
    ];
    for ((name, method), mut values) in described.into_iter().zip(parts) {
        // The first one loads what later ones find.
        if values.len() > 5 {
            values.remove(0);
        }
        bench.put_ns(name, &Samples::of_events(values), method);
    }
    Ok(())
}
