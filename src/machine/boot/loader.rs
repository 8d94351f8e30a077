//! The loader: a program on the disk that reads a kernel, with the firmware's drivers.
//!
//! Real (GRUB 2; the BIOS's interrupt 13h; UEFI's block protocol): the firmware reads the loader's first piece and jumps
//! there. The loader knows file systems, but has no driver for a disk: each read is a call into the firmware, by the BIOS at
//! most 127 sectors at a time and through a buffer below 1 MiB, under UEFI by as much as the loader asks for. It shows a
//! menu, reads kernel and initial RAM disk into memory, and jumps.
//! Modelled: that, from one disk. Left out: its modules one by one, finding the file in its folders, checks of signatures.

use crate::costs::Primitive;
use crate::engine::Time;
use crate::machine::boot::draft::{Act, Draft, Place, Platform, Stage};
use crate::machine::spec::{BootSpec, Firmware};

/// GRUB's own size: its core image behind the boot sector with the modules that it loads; as an EFI application behind
/// the one that is signed for secure boot (shim).
const BIOS_LOADER: u64 = 512 << 10;
const UEFI_LOADER: u64 = (1 << 20) + (2560 << 10);
/// The most that one read fetches.
const BIOS_PIECE: u64 = 64 << 10;
const UEFI_PIECE: u64 = 1 << 20;
/// Its configuration, environment and fonts; each in a few blocks with the folders before it.
const SMALL_READS: u32 = 40;

pub fn parts(spec: &BootSpec, _on: &Platform) -> Vec<Draft> {
    let (own, piece, copied) = match spec.firmware {
        Firmware::None => return Vec::new(),
        Firmware::Bios => (BIOS_LOADER, BIOS_PIECE, true),
        Firmware::Uefi => (UEFI_LOADER, UEFI_PIECE, false),
    };
    let part = |name, acts| Draft { stage: Stage::Loader, name, place: Place::Own, acts };
    let mut first = read(own, piece, copied);
    first.push(Act::Read { bytes: 4 << 10, times: SMALL_READS, polled: true });
    let mut parts = vec![part("loader: itself", first)];
    if spec.menu > Time::ZERO {
        parts.push(part("loader: menu", vec![Act::Sleep(spec.menu)]));
    }
    parts.push(part("loader: reads the kernel", read(spec.kernel, piece, copied)));
    if spec.initrd > 0 {
        parts.push(part("loader: reads the RAM disk", read(spec.initrd, piece, copied)));
    }
    parts
}

/// Reads so many bytes in pieces; the BIOS's driver leaves them below 1 MiB, from where they are copied.
fn read(bytes: u64, piece: u64, copied: bool) -> Vec<Act> {
    let piece = piece.min(bytes).max(512);
    let times = u32::try_from(bytes.div_ceil(piece)).unwrap_or(u32::MAX);
    let mut acts = vec![Act::Fill(bytes), Act::Read { bytes: piece, times, polled: true }];
    if copied {
        acts.push(Act::Work(Primitive::Copy4k, bytes.div_ceil(4096)));
    }
    acts
}
