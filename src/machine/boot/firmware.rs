//! The firmware: the first code of a machine, with drivers of its own.
//!
//! Real (UEFI Platform Initialization 1.7; SeaBIOS; OVMF): the processor starts at the top of the address space, in a flash
//! chip. The code copies itself out of the slow chip, sets the memory controller up (on hardware by trying out timings,
//! "training"), clears memory because of its error correction, numbers the buses, lets devices settle for the times that
//! their specifications demand, and looks for something to boot with simple drivers that ask the device again and again
//! instead of waiting for an interrupt. A virtual machine's firmware needs no training and tests no memory, and its flash is
//! memory of the host; its devices are emulated registers.
//! Modelled: that. Left out: system management mode, option ROMs' own work but for the screen's, network boot, settings.

use crate::costs::Primitive;
use crate::machine::boot::draft::{Act, Draft, Place, Platform, Stage};
use crate::machine::spec::{BootSpec, Firmware};

/// The flash image of a server's UEFI, and of OVMF; SeaBIOS's: the sizes of the chips and of the files.
const UEFI_FLASH: u64 = 16 << 20;
const OVMF_FLASH: u64 = 2 << 20;
const BIOS_FLASH: u64 = 256 << 10;
/// What they unpack to: LZMA makes two thirds of code go away.
const UNPACKED: u64 = 3;

/// A read of a function's vendor: address register, data register. 32 devices on a bus are asked, and a server has some
/// buses more.
const ASKED_PER_BUS: u32 = 32 * 2;
const SERVER_BUSES: u32 = 8;
/// What a function's numbering takes: 16 double words of its header, and for each of six windows its size (all ones
/// written, read, address written back), each by two registers.
const PER_FUNCTION: u32 = (16 + 6 * 4) * 2;
/// Functions beside disks and network cards: bridges, timers, USB and management on a server; in QEMU's i440FX the host
/// bridge, ISA, IDE, power management and the screen.
const SERVER_FUNCTIONS: u32 = 40;
const VIRTUAL_FUNCTIONS: u32 = 5;
/// Interrupt controllers, the interval timer, the clock's memory, the keyboard's controller, the serial port: what is
/// written to each to set it up, some ten each, and waiting for the keyboard to answer.
const OLD_DEVICES: u32 = 200;
/// Items that a virtual machine's firmware reads from the device model (fw_cfg): the memory map, the tables of ACPI and
/// SMBIOS, the order of booting. Each is selected and moved by some register accesses.
const CONFIG_ITEMS: u32 = 30;
const PER_ITEM: u32 = 8;
/// The screen's registers for its first mode (sequencer, CRT controller, graphics, attributes, palette), and the letters
/// of a banner.
const SCREEN: u32 = 1_000;
/// The ports of a server's USB hubs that something is plugged into, at least the management controller's keyboard.
const USB_PORTS: u64 = 4;

/// A partition table with its backup, the file allocation table and the folders up to the loader.
const LOOKS: u32 = 12;

pub fn parts(spec: &BootSpec, on: &Platform) -> Vec<Draft> {
    let uefi = match spec.firmware {
        Firmware::None => return Vec::new(),
        Firmware::Uefi => true,
        Firmware::Bios => false,
    };
    let part = |name, acts| Draft { stage: Stage::Firmware, name, place: Place::Own, acts };
    vec![
        part("firmware: out of its chip", own(uefi, on)),
        part("firmware: memory", memory(on)),
        part("firmware: buses and devices", devices(uefi, on)),
        part(
            "firmware: finds the disk",
            vec![
                Act::Registers(on.disks() * 30),
                Act::Read {
                    bytes: if uefi { 4 << 10 } else { 512 },
                    times: if uefi { LOOKS } else { 1 },
                    polled: true,
                },
            ],
        ),
    ]
}

fn own(uefi: bool, on: &Platform) -> Vec<Act> {
    let flash = match (uefi, on.guest) {
        (true, false) => UEFI_FLASH,
        (true, true) => OVMF_FLASH,
        (false, _) => BIOS_FLASH,
    };
    // A guest's chip is memory of the host's.
    let read = match on.guest {
        true => Act::Work(Primitive::Copy4k, flash >> 12),
        false => Act::Bytes(Primitive::FlashRead, flash),
    };
    let mut acts = vec![read, Act::Fill(flash)];
    if uefi {
        acts.extend([Act::Bytes(Primitive::UnpackDense, flash * UNPACKED), Act::Fill(flash * UNPACKED)]);
    }
    acts
}

fn memory(on: &Platform) -> Vec<Act> {
    match on.guest {
        true => vec![Act::Registers(CONFIG_ITEMS * PER_ITEM)],
        false => vec![Act::Work(Primitive::MemoryTraining, 1), Act::Bytes(Primitive::MemoryClear, on.memory)],
    }
}

fn devices(uefi: bool, on: &Platform) -> Vec<Act> {
    let others = if on.guest { VIRTUAL_FUNCTIONS } else { SERVER_FUNCTIONS };
    let buses = if on.guest { 1 } else { SERVER_BUSES };
    // UEFI connects each driver to each device once more, and asks each for its name and protocol.
    let passes = if uefi { 2 } else { 1 };
    let functions = on.disks() + on.nics + others;
    let mut acts = vec![
        Act::Registers((buses * ASKED_PER_BUS + functions * PER_FUNCTION) * passes),
        Act::Registers(OLD_DEVICES),
        Act::Registers(SCREEN),
    ];
    if !on.guest {
        acts.push(Act::Work(Primitive::PcieReady, 1));
        acts.push(Act::Work(Primitive::UsbPort, USB_PORTS));
        acts.push(Act::Work(Primitive::SataReset, u64::from(on.sata)));
    }
    acts
}
