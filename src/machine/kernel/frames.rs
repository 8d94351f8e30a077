//! Whose each frame of a kernel's memory is, and what happens when none is left.
//!
//! Real (Linux, mm/page_alloc.c, vmscan.c, oom_kill.c): each frame is free, the kernel's own, in the page cache, or mapped
//! by somebody. An allocation that finds none free takes back pages of the page cache, those first that were used longest
//! ago; then pages of programs, if there is a swap area (`swap.rs`); if there are none to take either, the kernel kills the process with the highest score, which is the pages that it
//! has, and whoever asked waits until that one has given them back. A guest's memory is its device model's.
//! Modelled: that. A kernel keeps a 64th of its memory for itself: 64 bytes (`struct page`) for each frame of 4 KiB. One that
//! boots fills them in its boot, which is their frames' first touch; before, they are not there. The page cache gives up the
//! ends of files. What belongs to whom moves by [`State::charge`] and [`State::give_back`] alone.
//! Left out: write-back (a page of the cache is given up as if it were clean), kswapd and watermarks, oom_score_adj, page tables and
//! other memory of a kernel that grows, frames of the kernel below for what a guest's kernel keeps for itself. A page that
//! a device fills has its frame when the guest copies from it, in the device's place.

use crate::costs::Primitive;
use crate::trace::{ChangeKind, Crossing, Token};

use crate::machine::frame::{At, Exit, Kind, Owner, Pc, ProcessId, TaskId};
use crate::machine::hardware::paging::page_bytes;
use crate::machine::ids::{KernelId, VmId};
use crate::machine::journal::Ride;
use crate::machine::plan::MachinePlan;
use crate::machine::spec::HugePages;
use crate::machine::state::{Kernel, Process, Resident, Signal, State, TaskState};
use crate::machine::turn::Turn;

/// What the records of so many bytes of memory take: 64 (`struct page`) for each frame of 4 KiB.
pub fn records(memory: u64) -> u64 {
    whole(memory / 64)
}

/// Bytes of whole pages.
fn whole(bytes: u64) -> u64 {
    bytes.next_multiple_of(page_bytes(false))
}

impl Kernel {
    /// Bytes that it keeps for itself, what it has taken in its boot aside.
    pub fn own(&self) -> u64 {
        self.records
    }

    /// Bytes of frames in its page cache.
    pub fn in_cache(&self) -> u64 {
        self.cached.iter().map(|bytes| whole(*bytes)).sum()
    }

    /// Bytes of frames that somebody else than the kernel itself needs: if it is a guest's, the kernel below has to have
    /// as many for it.
    pub fn in_use(&self) -> u64 {
        self.allocated + self.in_cache()
    }

    /// Bytes of frames that nobody has.
    pub fn free(&self) -> u64 {
        self.memory.saturating_sub(self.own() + self.in_use())
    }

    /// Bytes of a file that its page cache can hold.
    fn room_for(&self, file: usize) -> u64 {
        whole(self.cached[file]) + self.free() / page_bytes(false) * page_bytes(false)
    }

    /// Nothing is in its page cache any more.
    pub fn forget_cache(&mut self) {
        self.cached.iter_mut().chain(&mut self.dirty).for_each(|bytes| *bytes = 0);
    }

    /// Takes up to `bytes` more than are free from the page cache, from the files used longest ago. Returns how many pages
    /// that were.
    fn reclaim(&mut self, bytes: u64) -> u64 {
        let mut lacking = bytes.saturating_sub(self.free());
        let mut pages = 0;
        while lacking > 0 {
            let files = (0..self.cached.len()).filter(|file| self.cached[*file] > 0);
            let Some(oldest) = files.min_by_key(|file| self.used[*file]) else { break };
            let has = whole(self.cached[oldest]);
            let taken = whole(lacking).min(has);
            self.cached[oldest] = has - taken;
            self.dirty[oldest] = self.dirty[oldest].min(has - taken);
            pages += taken / page_bytes(false);
            lacking = lacking.saturating_sub(taken);
        }
        pages
    }
}

impl State {
    /// Free frames become somebody's.
    pub fn charge(&mut self, kernel: KernelId, owner: Owner, bytes: u64) {
        self.kernel_mut(kernel).allocated += bytes;
        if let Some(resident) = self.resident_of(kernel, owner) {
            resident.now += bytes;
            resident.peak = resident.peak.max(resident.now);
        }
        match owner {
            Owner::Kernel => self.kernel_mut(kernel).kept += bytes,
            Owner::Process(id) => self.process_mut(id).space.owned += bytes,
            Owner::Guest(id) => {
                let vm = self.vm_mut(id);
                (vm.backed, vm.asked) = (vm.backed + bytes, vm.asked.saturating_sub(bytes));
            }
        }
    }

    /// Somebody's frames become free.
    pub fn give_back(&mut self, kernel: KernelId, owner: Owner, bytes: u64) {
        self.kernel_mut(kernel).allocated -= bytes;
        if let Some(resident) = self.resident_of(kernel, owner) {
            resident.now -= bytes;
        }
        match owner {
            Owner::Kernel => self.kernel_mut(kernel).kept -= bytes,
            Owner::Process(id) => self.process_mut(id).space.owned -= bytes,
            Owner::Guest(id) => self.vm_mut(id).backed -= bytes,
        }
    }

    /// The account of the stack whose frames of the host they are; `None` on other kernels, and for nobody's stack.
    fn resident_of(&mut self, kernel: KernelId, owner: Owner) -> Option<&mut Resident> {
        let stack = match owner {
            _ if kernel != KernelId(0) => return None,
            Owner::Kernel => return None,
            Owner::Process(id) => self.process(id).stack,
            Owner::Guest(id) => self.vm(id).stack,
        };
        self.resident.get_mut(stack.index())
    }

    /// A machine gets the frames that it has from the start, as many of them as there are.
    pub fn preallocate(&mut self, machine: &MachinePlan) {
        let host = self.vm(machine.vm).host;
        let bytes = machine.preallocated.min(self.kernel(host).free());
        self.charge(host, Owner::Guest(machine.vm), bytes);
    }

    /// In pages of how many bytes a machine gets its frames.
    pub fn backing_page(&self, vm: VmId) -> u64 {
        page_bytes(match self.kernel(self.vm(vm).host).huge_pages {
            HugePages::Never => false,
            HugePages::Madvise => self.vm(vm).asks_for_huge,
            HugePages::Always => true,
        })
    }

    /// So many bytes for which a guest is to leave guest mode: a page of the kernel below, which is a small one where no
    /// large one is left, to be had or to be promised.
    pub fn page_below(&self, id: VmId) -> u64 {
        let (vm, page) = (self.vm(id), self.backing_page(id));
        let promised = self.kernel(vm.guest).memory.saturating_sub(vm.backed + vm.asked + vm.swapped);
        page_bytes(page > page_bytes(false) && page <= promised && page <= self.kernel(vm.host).free())
    }

    /// So many bytes of a file have been in a kernel's page cache since before this run, as far as there is room for them:
    /// in a guest, with their frames.
    pub fn was_in_cache(&mut self, id: KernelId, file: usize, bytes: u64) {
        let kernel = self.kernel_mut(id);
        if kernel.cached[file] >= bytes {
            return;
        }
        kernel.cached[file] = kernel.cached[file].max(bytes.min(kernel.room_for(file)));
        let mut id = id;
        while let Some(guest) = self.kernel(id).vm {
            let (vm, in_use) = (self.vm(guest), self.kernel(id).in_use());
            let (below, lacking) = (vm.host, in_use.saturating_sub(vm.backed + vm.asked + vm.swapped));
            let frames = lacking.min(self.kernel(below).free());
            self.vm_mut(guest).asked += frames;
            self.charge(below, Owner::Guest(guest), frames);
            id = below;
        }
    }

    /// A kernel whose frames are not what their owners have together, in words. There is never one.
    pub fn frames_adrift(&self) -> Option<String> {
        let mut had: Vec<u64> = self.kernels.iter().map(|kernel| kernel.kept).collect();
        for (_, process) in self.processes.iter() {
            had[usize::from(process.kernel.0)] += process.space.owned;
        }
        for vm in &self.vms {
            had[usize::from(vm.host.0)] += vm.backed;
        }
        let adrift = |(index, kernel): (usize, &Kernel)| {
            let sum = kernel.own() + had[index] + kernel.in_cache() + kernel.free();
            (sum != kernel.memory || had[index] != kernel.allocated).then(|| {
                format!(
                    "kernel {index}: {} owned, {} given out, {sum} of {}",
                    had[index], kernel.allocated, kernel.memory
                )
            })
        };
        self.kernels.iter().enumerate().find_map(adrift)
    }

    /// The pages that a process has, a machine's memory and what lies in the swap area among them (`oom_badness`).
    pub fn score(&self, process: &Process) -> u64 {
        let guest = process.vm.map_or(0, |vm| self.vm(vm).backed + self.vm(vm).swapped);
        (process.space.owned + process.space.swapped + guest) / page_bytes(false)
    }

    /// Whether who was killed for memory has not given it back yet.
    fn still_has_memory(&self, victim: ProcessId) -> bool {
        self.processes.has(victim.0) && self.score(self.process(victim)) > 0
    }

    /// The process of a kernel with the highest score; of equals the oldest. Its kernel's first process is none.
    pub fn most_memory(&self, kernel: KernelId) -> Option<(ProcessId, u64)> {
        let score = |id: &ProcessId| (*id, self.score(self.process(*id)));
        let mortal = self.kernel(kernel).processes.iter().filter(|id| self.process(**id).pid != 1);
        let scores = mortal.map(score).filter(|(_, score)| *score > 0);
        scores.fold(None, |most: Option<(ProcessId, u64)>, next| match most {
            Some(most) if most.1 >= next.1 => Some(most),
            _ => Some(next),
        })
    }
}

impl Turn<'_> {
    /// Whether a kernel has so many bytes free.
    pub fn has_room(&self, at: At, bytes: u64) -> bool {
        self.s.kernel_of(at.cpu).free() >= bytes
    }

    /// Reclaims pages for so many bytes and goes on at `next`; false if there is nothing to reclaim, or no need.
    pub fn take_from_cache(&mut self, at: At, bytes: u64, next: impl Into<Pc>) -> bool {
        let kernel = self.s.cpu(at.cpu).kernel;
        let kernel = self.s.kernel_mut(kernel);
        let memory = kernel.parts.memory;
        match u32::try_from(kernel.reclaim(bytes)).unwrap_or(u32::MAX) {
            0 => false,
            pages => {
                self.pay(at, next, Primitive::UnmapPage, pages, memory, Crossing::None, Token::PageFault);
                true
            }
        }
    }

    /// So many bytes are wanted, and there are not: they are taken from the page cache, or from who has the most.
    pub fn find_room(&mut self, at: At, bytes: u64) {
        let Some(task) = self.task_of(at) else { return self.pop(at) };
        if self.is_doomed(task) {
            return self.unwind(task);
        }
        let here = self.frames(at.context).last().map_or(Pc::default(), |frame| frame.pc);
        if self.take_from_cache(at, bytes, here) {
            return;
        }
        if self.swap_out(at) {
            return;
        }
        let id = self.s.cpu(at.cpu).kernel;
        if !self.s.still_has_memory(self.s.kernel(id).victim) {
            // Its other threads are woken first; then this one looks again, unless it was its own process.
            return self.kill_for_memory(at, id, task);
        }
        let short = &mut self.s.kernel_mut(id).short;
        if !short.contains(&task) {
            short.push(task);
        }
        self.block(task);
    }

    /// Kills the process that has the most; if none has anything, that of `task`, which asks.
    fn kill_for_memory(&mut self, at: At, id: KernelId, task: TaskId) {
        let (victim, score) = self.s.most_memory(id).unwrap_or((self.s.task(task).process, 0));
        let of = self.s.kernel(id).memory / page_bytes(false);
        self.s.kernel_mut(id).victim = victim;
        if let Some(node) = self.s.process(victim).node {
            self.change(node, ChangeKind::OutOfMemory { score, of });
        }
        self.kill(at, victim, Signal::OutOfMemory);
    }

    /// Memory has been given back: who waits for some looks again.
    pub fn wake_the_short(&mut self, at: At, kernel: KernelId) {
        for task in std::mem::take(&mut self.s.kernel_mut(kernel).short) {
            if self.s.lives(task) && self.s.task(task).state == TaskState::Blocked {
                self.push(At { ride: Ride::NONE, ..at }, Kind::Wake(task));
            }
        }
    }

    /// [`Kind::Cache`]: in a guest, what is in the page cache for the first time may have no frame yet.
    pub fn step_cache(&mut self, at: At, file: usize, bytes: u64) {
        let (now, id) = (self.now, self.s.cpu(at.cpu).kernel);
        let kernel = self.s.kernel_mut(id);
        kernel.used[file] = now;
        let (has, wanted) = (kernel.cached[file], bytes.min(kernel.room_for(file)));
        if wanted <= has {
            return self.pop(at);
        }
        let (in_use, guest) = (kernel.in_use(), kernel.vm);
        let (Some(vm), Some(thread)) = (guest, self.s.thread_of(at.cpu)) else {
            self.s.kernel_mut(id).cached[file] = wanted;
            return self.pop(at);
        };
        let page = self.s.page_below(vm);
        let vm = self.s.vm_mut(vm);
        let spare = (vm.backed + vm.asked + vm.swapped).saturating_sub(in_use);
        // What has frames already is there at once; of the rest one page of the kernel below.
        let lacks = spare < page_bytes(false) && whole(has) < whole(wanted);
        let next = whole(has) + if lacks { page } else { spare };
        if lacks {
            vm.asked += page;
        }
        self.s.kernel_mut(id).cached[file] = wanted.min(next);
        if lacks {
            self.exit_guest(thread, Exit::EptViolation(page), false, at.ride);
        }
    }
}
