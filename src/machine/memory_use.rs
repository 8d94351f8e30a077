//! Who has what of the host's memory.

use super::Machine;
use super::ids::KernelId;
use super::kernel::swap_area::Swap;
use super::state::{Phase, Process};

/// The host's memory at a moment, in bytes: `kernel`, `page_cache`, `free`, `others` and what is resident for the stacks
/// add up to `all`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryUse {
    /// All there is.
    pub all: u64,
    /// What the host's kernel keeps for itself.
    pub kernel: u64,
    /// Its page cache.
    pub page_cache: u64,
    /// What nobody has.
    pub free: u64,
    /// Processes that are no stack's.
    pub others: u64,
    /// Its swap area: bytes that there are, bytes that are used, and bytes written to it and read from it so far.
    pub swap: SwapUse,
    /// By [`crate::trace::StackId`].
    pub stacks: Vec<StackMemory>,
}

/// A swap area, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SwapUse {
    /// How large it is.
    pub size: u64,
    /// How much of it holds pages.
    pub used: u64,
    /// Written to it so far.
    pub written: u64,
    /// Read from it so far.
    pub read: u64,
}

/// The memory of a stack, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StackMemory {
    /// What it was told that it has: a virtual machine's memory; 0 of what shares its kernel's.
    pub promised: u64,
    /// Frames of the host that are its alone.
    pub resident: u64,
    /// The most that these were so far.
    pub peak: u64,
    /// Its pages in the host's swap area.
    pub swapped: u64,
    /// The page caches of the kernels in it.
    pub page_cache: u64,
}

impl Machine {
    /// Who has what of the host's memory.
    pub fn memory_use(&self, stacks: usize) -> MemoryUse {
        let state = &self.state;
        let host = state.kernel(KernelId(0));
        let mut of = vec![StackMemory::default(); stacks];
        let mut others = 0;
        let on_host = |process: &&Process| process.kernel == KernelId(0);
        for process in state.processes.iter().map(|(_, process)| process).filter(on_host) {
            match of.get_mut(process.stack.index()) {
                Some(stack) => {
                    stack.resident += process.space.owned;
                    stack.swapped += process.space.swapped;
                }
                None => others += process.space.owned,
            }
        }
        for vm in &state.vms {
            let Some(stack) = of.get_mut(vm.stack.index()) else { continue };
            let guest = state.kernel(vm.guest);
            stack.page_cache += guest.in_cache();
            if vm.host == KernelId(0) {
                stack.resident += vm.backed;
                stack.swapped += vm.swapped;
                if state.life(vm.node).phase != Phase::Down {
                    stack.promised += guest.memory;
                }
            }
        }
        for (stack, resident) in of.iter_mut().zip(&state.resident) {
            stack.peak = resident.peak;
        }
        let (kernel, page_cache, free) = (host.own() + host.kept, host.in_cache(), host.free());
        let Swap { size, used, written, read, .. } = host.swap;
        let swap = SwapUse { size, used, written, read };
        MemoryUse { all: host.memory, kernel, page_cache, free, others, swap, stacks: of }
    }
}
