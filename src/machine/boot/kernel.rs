//! The kernel, from its first instruction to its first process.
//!
//! Real (Linux: `arch/x86/boot/compressed`, `start_kernel`, `do_initcalls`, `prepare_namespace`): it unpacks itself, asks
//! the processor what it can do, makes a record for each page of memory, starts the other processors, calls one initializer
//! after the other, and lets each driver look for its devices: on PCI by reading the same registers that the firmware has
//! read, on the old ports by writing and seeing what happens. It unpacks the initial RAM disk, whose programs load the
//! drivers for the root disk, mounts that, and executes the first process.
//! Modelled: that, one thing after the other, with what the drivers' own code demands to be waited for. Left out: probing
//! in parallel, modules one by one, console output, self-tests of ciphers, ACPI's byte code.

use crate::costs::Primitive;
use crate::machine::boot::draft::{Act, Draft, Place, Platform, Stage};
use crate::machine::spec::{BootSpec, Firmware, Image};

/// The record of a page: Linux's `struct page`.
const PER_PAGE: u64 = 64;
/// What a kernel gives itself until its first process runs: areas of each processor, hash tables, slabs, page tables (the
/// sums of those lines in `/proc/meminfo` of a small idle machine, rounded).
const ALLOCATES: u64 = 16 << 20;
/// Leaves of CPUID that each processor is asked for, some several times: `early_identify_cpu`, the caches' levels, the
/// topology, features, the hypervisor's.
const CPUID: u32 = 120;
/// Initializers that a kernel built for many machines has, and one built for a microVM (counts of `initcall_debug`).
const INITIALIZERS: u64 = 2_600;
const FEW_INITIALIZERS: u64 = 900;
/// As the firmware's (`firmware.rs`): the kernel reads the buses again, the windows' sizes included.
const PCI: u32 = 32 * 2;
const PER_FUNCTION: u32 = (64 + 6 * 4) * 2;
const SERVER_FUNCTIONS: u32 = 40;
const VIRTUAL_FUNCTIONS: u32 = 5;
/// Ports of the keyboard's controller, four serial ports, the clock and the interval timer that are tried out: emptying
/// buffers, self-test, loop-back, the scratch register, each written and read back.
const OLD_DEVICES: u32 = 400;
/// The same where nothing but a serial port and a reset line is.
const FEW_DEVICES: u32 = 40;
/// A virtio device: reset, status four times, features in two halves both ways, its configuration, and for each queue its
/// number, size and three addresses in halves.
const VIRTIO: u32 = 60;
/// An AHCI controller with its ports, and an NVMe one: capabilities, configuration, the admin queue, and identifying.
const AHCI: u32 = 200;
const NVME: u32 = 60;
/// A network card: its EEPROM word by word, the link's chip, rings.
const NIC: u32 = 600;
/// Programs of the initial RAM disk: loading modules, waiting for devices, checking and mounting.
const RAM_DISK_PROGRAMS: u32 = 25;
const RAM_DISK_PROGRAM: Image = Image { bytes: 512 << 10, segments: 8 };
/// Times that it waits until all processors have seen a change (an RCU grace period): devices that come, mounts that move.
const GRACE_PERIODS: u64 = 20;
/// The superblock, group descriptors, the journal's head, the root's inode and folder, some inodes on the way to the first
/// process.
const MOUNT_READS: u32 = 16;

pub fn parts(spec: &BootSpec, on: &Platform) -> Vec<Draft> {
    let part = |name, place, acts| Draft { stage: Stage::Kernel, name, place, acts };
    let many = spec.firmware != Firmware::None;
    let mut parts = Vec::new();
    let whole = spec.unpacked.max(spec.kernel);
    if spec.unpacked > spec.kernel {
        let acts = vec![Act::Bytes(Primitive::Unpack, whole), Act::Fill(whole)];
        parts.push(part("kernel: unpacks itself", Place::Memory, acts));
    }
    parts.push(part("kernel: memory and processors", Place::Memory, memory(on, whole, !many)));
    let initializers = if many { INITIALIZERS } else { FEW_INITIALIZERS };
    parts.push(part("kernel: initializers", Place::Tasks, vec![Act::Work(Primitive::Initcall, initializers)]));
    parts.push(part("kernel: drivers and devices", Place::Drivers, drivers(many, on)));
    if spec.initrd > 0 {
        let acts = vec![
            Act::Bytes(Primitive::Unpack, spec.initrd_unpacked),
            Act::Fill(spec.initrd_unpacked),
            Act::Programs(RAM_DISK_PROGRAM, RAM_DISK_PROGRAMS),
            Act::Rest(Primitive::GracePeriod, GRACE_PERIODS),
        ];
        parts.push(part("kernel: RAM disk", Place::Files, acts));
    }
    let mount = vec![Act::Read { bytes: 4 << 10, times: MOUNT_READS, polled: false }];
    parts.push(part("kernel: mounts the root", Place::Files, mount));
    parts
}

fn memory(on: &Platform, whole: u64, loaded: bool) -> Vec<Act> {
    let pages = on.memory >> 12;
    vec![
        Act::Work(Primitive::PageRecord, pages),
        // What a device model has put into memory is new to the nested tables as well.
        Act::Fill(pages * PER_PAGE + ALLOCATES + if loaded { whole } else { 0 }),
        Act::Cpuid(CPUID * u32::from(on.cpus)),
        Act::Work(Primitive::StartProcessor, u64::from(on.cpus) - 1),
    ]
}

/// Each driver looks for its devices. `many`: the machine has what firmware needs: buses, old devices, a screen.
fn drivers(many: bool, on: &Platform) -> Vec<Act> {
    let mut acts = Vec::new();
    if many {
        let others = if on.guest { VIRTUAL_FUNCTIONS } else { SERVER_FUNCTIONS };
        let functions = on.disks() + on.nics + others;
        acts.push(Act::Registers(PCI + functions * PER_FUNCTION));
    }
    acts.push(Act::Registers(if many { OLD_DEVICES } else { FEW_DEVICES }));
    acts.push(Act::Registers(on.virtio * VIRTIO + on.nvme * NVME));
    if on.sata > 0 {
        acts.push(Act::Registers(AHCI));
        acts.push(Act::Rest(Primitive::SataReset, u64::from(on.sata)));
    }
    acts.push(Act::Registers(on.nics * if on.guest { VIRTIO } else { NIC }));
    acts
}
