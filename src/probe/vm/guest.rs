//! What is in the guest's memory: page tables, descriptor tables, and the programs.
//!
//! The whole of memory is mapped to itself, by 4 KiB or 2 MiB pages; beyond it, everything up to 1 GiB (so that an
//! address without memory can be written to: MMIO) and the local interrupt controller. All tables lie in the first
//! MiB, what programs walk through begins at [`DATA`].

use crate::probe::measure::{LINE, PAGE, Pages};

/// The port on which a program says that it is done.
pub const DONE_PORT: u16 = 0x10;
/// The port on which [`Program::Halt`] says that an interrupt has woken it.
pub const AWAKE_PORT: u16 = 0x12;
/// Where [`Program::Mmio`] writes: mapped, but without memory.
pub const MMIO: u64 = 0x3000_0000;
/// Where the memory begins that programs may walk through.
pub const DATA: usize = 2 << 20;
/// The interrupt that wakes [`Program::Halt`].
pub const VECTOR: u8 = 0x40;
/// The local interrupt controller's register for the end of an interrupt.
pub const APIC_EOI: u64 = 0xfee0_00b0;

/// Where the tables lie.
pub const PML4: u64 = 0x1000;
const PDPT: u64 = 0x2000;
const PD: u64 = 0x3000;
const PD_APIC: u64 = 0x4000;
pub const IDT: u64 = 0x5000;
pub const GDT: u64 = 0x6000;
pub const STACK_TOP: u64 = 0x8000;
const CODE: u64 = 0x9000;
const HANDLER: u64 = 0x9800;
const PAGE_TABLES: u64 = 0x1_0000;

/// The most memory whose page tables fit below 1 MiB.
pub const MOST_MEMORY: usize = 256 << 20;

/// Loads in a turn of [`Program::Loads`].
pub const LOADS: u32 = 14;

/// Turns of the empty loop between two exits of [`Program::Mixed`]; one cycle each.
pub const MIXED_TURNS: u32 = 500;

const PRESENT_WRITABLE: u64 = 0b11;
const UNCACHED: u64 = 0b1_1000;
const LARGE: u64 = 0b1000_0000;

/// Where [`Program::Scramble`] begins: any number but 0.
pub const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

/// What the guest can do, each `count` times (register R15), then an OUT to the port that means done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// Nothing: it is done at once.
    First,
    /// An addition, a decrement, a jump.
    Compute,
    /// CPUID, which the hypervisor answers in the kernel.
    Cpuid,
    /// OUT to a port that only the user-space program below knows.
    Port,
    /// A write to an address without memory.
    Mmio,
    /// CPUID, then [`MIXED_TURNS`] turns of an empty loop.
    Mixed,
    /// A step of a walk along pointers that begins at the address in RAX.
    Walk,
    /// HLT until an interrupt comes, then an OUT that says so; for ever.
    Halt,
    /// Six times two additions and a jump to what follows.
    Blocks,
    /// Fourteen loads from the address in RAX.
    Loads,
    /// The number in RAX scrambled by shifts and exclusive-ors, multiplied, and added up one of two ways of the same
    /// length, as the product has it.
    Scramble,
    /// OUT as in [`Program::Port`], then an addition, a rotation and an exclusive-or.
    Outs,
}

impl Program {
    /// All of them.
    pub const ALL: [Program; 12] = [
        Program::First,
        Program::Compute,
        Program::Cpuid,
        Program::Port,
        Program::Mmio,
        Program::Mixed,
        Program::Walk,
        Program::Halt,
        Program::Blocks,
        Program::Loads,
        Program::Scramble,
        Program::Outs,
    ];

    /// Instructions in one turn of its loop.
    pub const fn instructions(self) -> u32 {
        match self {
            Program::First => 1,
            Program::Cpuid => 4,
            Program::Blocks => 20,
            Program::Loads => LOADS + 2,
            Program::Mixed => 5 + 2 * MIXED_TURNS,
            Program::Scramble => 16,
            Program::Outs => 6,
            Program::Compute | Program::Port | Program::Mmio | Program::Walk | Program::Halt => 3,
        }
    }

    /// Its machine code.
    fn code(self) -> &'static [u8] {
        match self {
            // out 0x10, al; hlt
            Program::First => &[0xe6, 0x10, 0xf4],
            // add rax, rbx; dec r15; jnz; out 0x10, al; hlt
            Program::Compute => &[0x48, 0x01, 0xd8, 0x49, 0xff, 0xcf, 0x75, 0xf8, 0xe6, 0x10, 0xf4],
            // xor eax, eax; cpuid; dec r15; jnz; ...
            Program::Cpuid => &[0x31, 0xc0, 0x0f, 0xa2, 0x49, 0xff, 0xcf, 0x75, 0xf7, 0xe6, 0x10, 0xf4],
            // out 0x11, al; dec r15; jnz; ...
            Program::Port => &[0xe6, 0x11, 0x49, 0xff, 0xcf, 0x75, 0xf9, 0xe6, 0x10, 0xf4],
            // mov [rbx], eax; dec r15; jnz; ...
            Program::Mmio => &[0x89, 0x03, 0x49, 0xff, 0xcf, 0x75, 0xf9, 0xe6, 0x10, 0xf4],
            // xor eax, eax; cpuid; mov ecx, 500; dec ecx; jnz to there; dec r15; jnz; ...
            Program::Mixed => &[
                0x31, 0xc0, 0x0f, 0xa2, 0xb9, 0xf4, 0x01, 0, 0, 0xff, 0xc9, 0x75, 0xfc, 0x49, 0xff, 0xcf, 0x75, 0xee,
                0xe6, 0x10, 0xf4,
            ],
            // mov rax, [rax]; dec r15; jnz; ...
            Program::Walk => &[0x48, 0x8b, 0x00, 0x49, 0xff, 0xcf, 0x75, 0xf8, 0xe6, 0x10, 0xf4],
            // add rax, rbx; inc rcx; jmp to the next; ... dec r15; jnz; ...
            Program::Blocks => &[
                0x48, 0x01, 0xd8, 0x48, 0xff, 0xc1, 0xeb, 0, 0x48, 0x01, 0xd8, 0x48, 0xff, 0xc1, 0xeb, 0, 0x48, 0x01,
                0xd8, 0x48, 0xff, 0xc1, 0xeb, 0, 0x48, 0x01, 0xd8, 0x48, 0xff, 0xc1, 0xeb, 0, 0x48, 0x01, 0xd8, 0x48,
                0xff, 0xc1, 0xeb, 0, 0x48, 0x01, 0xd8, 0x48, 0xff, 0xc1, 0xeb, 0, 0x49, 0xff, 0xcf, 0x75, 0xcb, 0xe6,
                0x10, 0xf4,
            ],
            // mov rdx, [rax]; ... dec r15; jnz; ...
            Program::Loads => &[
                0x48, 0x8b, 0x10, 0x48, 0x8b, 0x10, 0x48, 0x8b, 0x10, 0x48, 0x8b, 0x10, 0x48, 0x8b, 0x10, 0x48, 0x8b,
                0x10, 0x48, 0x8b, 0x10, 0x48, 0x8b, 0x10, 0x48, 0x8b, 0x10, 0x48, 0x8b, 0x10, 0x48, 0x8b, 0x10, 0x48,
                0x8b, 0x10, 0x48, 0x8b, 0x10, 0x48, 0x8b, 0x10, 0x49, 0xff, 0xcf, 0x75, 0xd1, 0xe6, 0x10, 0xf4,
            ],
            // mov rdx, rax; shl rdx, 13; xor rax, rdx; mov rdx, rax; shr rdx, 7; xor rax, rdx; mov rdx, rax;
            // shl rdx, 17; xor rax, rdx; imul rdx, rax; test edx, edx; js to the second way;
            // add rcx, rdx; jmp to the end; xor rcx, rax; rol rcx, 1; dec r15; jnz; ...
            Program::Scramble => &[
                0x48, 0x89, 0xc2, 0x48, 0xc1, 0xe2, 0x0d, 0x48, 0x31, 0xd0, 0x48, 0x89, 0xc2, 0x48, 0xc1, 0xea, 0x07,
                0x48, 0x31, 0xd0, 0x48, 0x89, 0xc2, 0x48, 0xc1, 0xe2, 0x11, 0x48, 0x31, 0xd0, 0x48, 0x0f, 0xaf, 0xd0,
                0x85, 0xd2, 0x78, 0x05, 0x48, 0x01, 0xd1, 0xeb, 0x06, 0x48, 0x31, 0xc1, 0x48, 0xd1, 0xc1, 0x49, 0xff,
                0xcf, 0x75, 0xca, 0xe6, 0x10, 0xf4,
            ],
            // out 0x11, al; add rax, rbx; ror rax, 7; xor rcx, rax; dec r15; jnz; ...
            Program::Outs => &[
                0xe6, 0x11, 0x48, 0x01, 0xd8, 0x48, 0xc1, 0xc8, 0x07, 0x48, 0x31, 0xc1, 0x49, 0xff, 0xcf, 0x75, 0xef,
                0xe6, 0x10, 0xf4,
            ],
            // sti; hlt; out 0x12, al; jmp to hlt
            Program::Halt => &[0xfb, 0xf4, 0xe6, 0x12, 0xeb, 0xfb],
        }
    }

    /// The address of its first instruction.
    pub const fn entry(self) -> u64 {
        CODE + (self as u64) * LINE as u64
    }
}

/// The interrupt's handler: `mov dword [r14], 0` (R14 holds [`APIC_EOI`]), then `iretq`.
const HANDLER_CODE: &[u8] = &[0x41, 0xc7, 0x06, 0, 0, 0, 0, 0x48, 0xcf];

/// Writes tables and programs into the guest's `memory`, which is at least [`DATA`] and at most [`MOST_MEMORY`] long.
pub fn furnish(memory: &mut [u8], pages: Pages) {
    let len = memory.len();
    let mut word = |at: u64, value: u64| memory[at as usize..at as usize + 8].copy_from_slice(&value.to_le_bytes());
    word(PML4, PDPT | PRESENT_WRITABLE);
    word(PDPT, PD | PRESENT_WRITABLE);
    word(PDPT + 3 * 8, PD_APIC | PRESENT_WRITABLE);
    for i in 0..512u64 {
        let start = i << 21;
        let entry = if pages == Pages::Small && (start as usize) < len {
            (PAGE_TABLES + i * PAGE as u64) | PRESENT_WRITABLE
        } else {
            start | PRESENT_WRITABLE | LARGE
        };
        word(PD + i * 8, entry);
        // The controller's addresses are in the last GiB below 4.
        word(PD_APIC + i * 8, 3 << 30 | start | PRESENT_WRITABLE | LARGE | UNCACHED);
    }
    if pages == Pages::Small {
        for page in 0..len.div_ceil(PAGE) as u64 {
            word(PAGE_TABLES + page * 8, page << 12 | PRESENT_WRITABLE);
        }
    }
    // A null descriptor, a 64-bit code segment, a data segment.
    word(GDT + 8, 0x00af_9b00_0000_ffff);
    word(GDT + 16, 0x00cf_9300_0000_ffff);
    // An interrupt gate: selector 8, present, type 14. The handler is below 64 KiB, so the upper halves are 0.
    word(IDT + u64::from(VECTOR) * 16, HANDLER | 8 << 16 | 0x8e << 40);
    for program in Program::ALL {
        let (at, code) = (program.entry() as usize, program.code());
        memory[at..at + code.len()].copy_from_slice(code);
    }
    memory[HANDLER as usize..HANDLER as usize + HANDLER_CODE.len()].copy_from_slice(HANDLER_CODE);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_do_not_overlap_and_loops_jump_back_to_their_start() {
        for program in Program::ALL {
            assert!(program.code().len() <= LINE);
            if let Some(at) = program.code().iter().rposition(|&b| b == 0x75) {
                let back = program.code()[at + 1] as i8;
                assert_eq!(at as i64 + 2 + i64::from(back), 0, "{program:?}");
            }
        }
        assert!(Program::ALL.iter().all(|program| program.entry() as usize + LINE <= HANDLER as usize));
    }

    #[test]
    fn small_pages_map_every_address_to_itself() {
        let mut memory = vec![0u8; 8 << 20];
        furnish(&mut memory, Pages::Small);
        let word = |at: u64| u64::from_le_bytes(memory[at as usize..at as usize + 8].try_into().unwrap());
        for address in [0u64, 0x9000, 0x1f_f000, 0x20_0000, 0x7f_f000] {
            let table = word(PD + (address >> 21) * 8);
            assert_eq!(table & LARGE, 0);
            let page = word((table & !0xfff) + (address >> 12 & 511) * 8);
            assert_eq!(page & !0xfff, address);
        }
        assert_eq!(word(PD + (MMIO >> 21) * 8) & LARGE, LARGE);
    }
}
