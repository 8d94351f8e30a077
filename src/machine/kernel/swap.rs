//! Swap: pages of programs and guests that lie on a disk, so that others have their frames.
//!
//! Real (Linux, mm/vmscan.c, swapfile.c, memory.c): when nothing of the page cache is left to take, pages that have not been
//! used for longest are taken out of their page tables, a cluster of 32 at a time, and written to an area of a disk; who
//! needs the memory waits for that (direct reclaim). Whoever touches such a page faults, and waits until it has been read
//! back: a major fault. When the area is full as well, the out-of-memory killer comes (`frames.rs`).
//! Modelled: that, on the kernel's first disk. The order is by process: the one whose memory was used longest ago gives
//! first. Which pages a program touches is chance, so the pages that have to come back are as many as it touches, by the
//! share of its memory that lies in the area. A guest's memory is its device model's: a page of it that is touched in the
//! guest leaves the guest by an EPT violation, and the kernel below reads it back. A machine whose memory was there from
//! the start has it locked (huge pages).
//! Left out: kswapd, which does the same ahead of time; reading ahead; the swap cache (a page that comes back gives up its
//! place on the disk); zswap; a guest's kernel and page cache; a machine two levels up.

use crate::costs::Primitive;
use crate::engine::Time;
use crate::trace::{Crossing, Token};

use crate::machine::frame::{At, Exit, Frame, Kind, Owner, Pc, ProcessId, TaskId, steps};
use crate::machine::hardware::paging::page_bytes;
use crate::machine::ids::KernelId;
use crate::machine::state::{RequestKind, State, VmId};
use crate::machine::turn::Turn;

use super::memory::PopulateStep;
use super::swap_area::Swap;

/// Pages that are written out at once: Linux's SWAP_CLUSTER_MAX.
const CLUSTER: u64 = 32;
/// The kernel's disk that has the area.
const DISK: u16 = 0;

steps! {
    /// [`Kind::SwapOut`].
    enum OutStep { Unmap, Submit, Wait }
}

steps! {
    /// [`Kind::SwapIn`].
    enum InStep { Touch, Fault, Handler, Take, Submit, Wait }
}

/// How many different pages of `pages` are touched by so many accesses at random: `pages` x (1 - (1 - 1/`pages`)^`accesses`),
/// in whole numbers, so that it is the same on every computer.
fn distinct(pages: u64, accesses: u64) -> u64 {
    if pages == 0 {
        return 0;
    }
    let one = 1u128 << 63;
    let (mut missed, mut factor, mut left) = (one, one * u128::from(pages - 1) / u128::from(pages), accesses);
    while left > 0 {
        if left & 1 == 1 {
            missed = (missed * factor) >> 63;
        }
        factor = (factor * factor) >> 63;
        left >>= 1;
    }
    // No more than `pages`.
    ((one - missed) * u128::from(pages)).div_ceil(one) as u64
}

impl State {
    /// A process has used its memory.
    pub fn warm(&mut self, id: ProcessId, now: Time) {
        let process = self.process_mut(id);
        let before = std::mem::replace(&mut process.space.used, now);
        let kernel = process.kernel;
        let swap = &mut self.kernel_mut(kernel).swap;
        if swap.size > 0 {
            swap.coldest.remove(&(before, id));
            swap.coldest.insert((now, id));
        }
    }

    /// What a process has in the area is given up: it ends, or executes another program.
    pub fn leave_swap(&mut self, id: ProcessId) {
        let process = self.process_mut(id);
        let (kernel, used) = (process.kernel, process.space.used);
        let bytes = std::mem::take(&mut process.space.swapped);
        let swap = &mut self.kernel_mut(kernel).swap;
        swap.used -= bytes;
        swap.coldest.remove(&(used, id));
    }

    /// What a machine has in the area is given up.
    pub fn guest_leaves_swap(&mut self, vm: VmId) {
        let of = self.vm_mut(vm);
        let (host, bytes) = (of.host, std::mem::take(&mut of.swapped));
        self.kernel_mut(host).swap.used -= bytes;
    }

    /// Whose frames can be taken of a process, and how many bytes of them there are: its own, or those of the machine whose
    /// device model it is.
    fn to_take(&self, id: ProcessId) -> Option<(Owner, u64)> {
        let process = self.process(id);
        match process.vm {
            Some(vm) if self.vm(vm).backed >= page_bytes(false) && !self.vm(vm).locked => {
                Some((Owner::Guest(vm), self.vm(vm).backed))
            }
            _ if process.space.owned >= page_bytes(false) => Some((Owner::Process(id), process.space.owned)),
            _ => None,
        }
    }

    /// The process of a kernel whose memory was used longest ago, of those that have some. Those that have none are not
    /// looked at again before they use memory.
    fn coldest(&mut self, kernel: KernelId) -> Option<(Owner, u64)> {
        loop {
            let &(used, id) = self.kernel(kernel).swap.coldest.first()?;
            match self.to_take(id) {
                Some(found) => return Some(found),
                None => self.kernel_mut(kernel).swap.coldest.remove(&(used, id)),
            };
        }
    }

    /// How much of an area is not what processes and machines have in it, in words. There is never such a thing.
    pub fn swap_adrift(&self) -> Option<String> {
        let mut had: Vec<u64> = self.kernels.iter().map(|kernel| kernel.swap.leaving).collect();
        for (_, process) in self.processes.iter() {
            had[usize::from(process.kernel.0)] += process.space.swapped;
        }
        for vm in &self.vms {
            had[usize::from(vm.host.0)] += vm.swapped;
        }
        let wrong = |(index, swap): (usize, &Swap)| {
            let told = || format!("kernel {index}: {} in swap, {} used of {}", had[index], swap.used, swap.size);
            (had[index] != swap.used || swap.used > swap.size).then(told)
        };
        self.kernels.iter().map(|kernel| &kernel.swap).enumerate().find_map(wrong)
    }
}

impl Turn<'_> {
    /// Somebody's coldest pages are written out, so that there is room; false if there are none, or no place for them.
    pub fn swap_out(&mut self, at: At) -> bool {
        let id = self.s.cpu(at.cpu).kernel;
        let page = page_bytes(false);
        let room = {
            let swap = &self.s.kernel(id).swap;
            (swap.size - swap.used) / page
        };
        if room == 0 {
            return false;
        }
        let Some((owner, bytes)) = self.s.coldest(id) else { return false };
        let bytes = (bytes / page).min(CLUSTER).min(room) * page;
        let swap = &mut self.s.kernel_mut(id).swap;
        (swap.used, swap.leaving) = (swap.used + bytes, swap.leaving + bytes);
        self.push(at, Kind::SwapOut { owner, bytes });
        true
    }

    /// [`Kind::SwapOut`].
    pub fn step_swap_out(&mut self, at: At, owner: Owner, bytes: u64, pc: Pc) {
        let Some(task) = self.task_of(at) else { return self.pop(at) };
        match OutStep::of(pc) {
            OutStep::Unmap => {
                let memory = self.s.kernel_of(at.cpu).parts.memory;
                // No more than a cluster.
                let (primitive, pages) = (Primitive::UnmapPage, (bytes / page_bytes(false)) as u32);
                self.pay(at, OutStep::Submit, primitive, pages, memory, Crossing::None, Token::PageFault);
            }
            OutStep::Submit => {
                self.goto(at, OutStep::Wait);
                let request = self.make_request(at, task, RequestKind::Write, DISK, bytes);
                self.push(at, Kind::SubmitBlock(request));
            }
            OutStep::Wait if self.has_arrived(task) => {
                self.pop(at);
                self.is_out(at, owner, bytes);
            }
            OutStep::Wait => self.block_for_device(task),
        }
    }

    /// Pages have been written: their frames are free, unless their owner has given them back itself meanwhile.
    fn is_out(&mut self, at: At, owner: Owner, bytes: u64) {
        let id = self.s.cpu(at.cpu).kernel;
        let has = match owner {
            Owner::Process(process) if self.s.processes.has(process.0) => self.s.process(process).space.owned,
            Owner::Guest(vm) => self.s.vm(vm).backed,
            _ => 0,
        };
        let out = bytes.min(has);
        let swap = &mut self.s.kernel_mut(id).swap;
        (swap.leaving, swap.used) = (swap.leaving - bytes, swap.used - (bytes - out));
        swap.written += bytes;
        if out == 0 {
            return;
        }
        self.s.give_back(id, owner, out);
        match owner {
            Owner::Process(process) => self.s.process_mut(process).space.swapped += out,
            Owner::Guest(vm) => self.s.vm_mut(vm).swapped += out,
            Owner::Kernel => {}
        }
        self.wake_the_short(at, id);
    }

    /// The pages of a process that so many accesses at random over `bytes` find in the area come back, then those that its
    /// machine's memory lacks on the kernel below.
    pub fn bring_back(&mut self, at: At, task: TaskId, bytes: u64, accesses: u64) {
        let now = self.now;
        let process = self.s.task(task).process;
        self.s.warm(process, now);
        let touched = distinct(bytes.div_ceil(page_bytes(false)), accesses);
        if let Some(vm) = self.s.kernel_of(at.cpu).vm {
            let model = self.s.vm(vm).model;
            if self.s.processes.has(model.0) {
                self.s.warm(model, now);
            }
            let of = self.s.vm_mut(vm);
            let pages = due(touched, of.swapped, of.backed, &mut of.owing);
            if pages > 0 {
                self.push(at, Kind::TouchSwapped { pages });
            }
        }
        let space = &mut self.s.process_mut(process).space;
        let pages = due(touched, space.swapped, space.owned, &mut space.owing);
        if pages > 0 {
            self.push(at, Kind::SwapIn { owner: Owner::Process(process), pages });
        }
    }

    /// Somebody's memory has grown just now.
    pub fn warm_owner(&mut self, owner: Owner) {
        let process = match owner {
            Owner::Process(process) => process,
            Owner::Guest(vm) => self.s.vm(vm).model,
            Owner::Kernel => return,
        };
        if self.s.processes.has(process.0) {
            self.s.warm(process, self.now);
        }
    }

    /// [`Kind::TouchSwapped`]: pages of a guest are touched that the kernel below has written out.
    pub fn step_touch_swapped(&mut self, at: At, pages: u32, frame: Frame) {
        match self.s.thread_of(at.cpu) {
            Some(thread) if frame.count < pages => {
                self.again(at, Pc::default());
                self.exit_guest(thread, Exit::SwappedOut, false, at.ride);
            }
            _ => self.pop(at),
        }
    }

    /// [`Kind::SwapIn`].
    pub fn step_swap_in(&mut self, at: At, owner: Owner, pages: u32, frame: Frame) {
        let Some(task) = self.task_of(at) else { return self.pop(at) };
        let (kernel, page) = (self.s.cpu(at.cpu).kernel, page_bytes(false));
        let memory = self.s.kernel(kernel).parts.memory;
        let pay = |turn: &mut Self, next: InStep, primitive, crossing| {
            turn.pay(at, next, primitive, 1, memory, crossing, Token::PageFault);
        };
        match InStep::of(frame.pc) {
            InStep::Touch if frame.count >= pages => self.pop(at),
            // The exit from guest mode has been the fault.
            InStep::Touch if matches!(owner, Owner::Guest(_)) => self.goto(at, InStep::Take),
            InStep::Touch if self.is_doomed(task) => self.unwind(task),
            InStep::Touch => self.goto(at, InStep::Fault),
            InStep::Fault => pay(self, InStep::Handler, Primitive::Exception, Crossing::PageFault),
            InStep::Handler => pay(self, InStep::Take, Primitive::PageFault, Crossing::None),
            InStep::Take => {
                let swapped = match owner {
                    Owner::Process(process) => &mut self.s.process_mut(process).space.swapped,
                    Owner::Guest(vm) => &mut self.s.vm_mut(vm).swapped,
                    Owner::Kernel => return self.pop(at),
                };
                // Another thread may have brought the last one back.
                if *swapped < page {
                    return self.pop(at);
                }
                *swapped -= page;
                let swap = &mut self.s.kernel_mut(kernel).swap;
                (swap.used, swap.read) = (swap.used - page, swap.read + page);
                self.goto(at, InStep::Submit);
                // It is read into a frame, and needn't be cleared.
                let kind = Kind::Populate { owner, bytes: page };
                self.frames(at.context).push(Frame::at(kind, at.ride, PopulateStep::Allocate));
            }
            InStep::Submit => {
                self.goto(at, InStep::Wait);
                let request = self.make_request(at, task, RequestKind::Read, DISK, page);
                self.push(at, Kind::SubmitBlock(request));
            }
            InStep::Wait if self.has_arrived(task) => self.again(at, InStep::Touch),
            InStep::Wait => self.block_for_device(task),
        }
    }
}

/// Of so many pages touched at random, how many lie in the area: by the share that does. What is left over counts the next
/// time.
fn due(touched: u64, swapped: u64, resident: u64, owing: &mut u64) -> u32 {
    let all = u128::from(swapped) + u128::from(resident);
    if swapped < page_bytes(false) || all == 0 {
        return 0;
    }
    let parts = u128::from(touched) * u128::from(swapped) + u128::from(*owing);
    // Less than `all`, which is memory that there is.
    *owing = u64::try_from(parts % all).unwrap_or(0);
    let there = u128::from(swapped / page_bytes(false));
    u32::try_from((parts / all).min(there)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accesses_at_random_touch_as_many_pages_as_the_formula_says() {
        for (pages, accesses) in
            [(1, 1), (1, 9), (1000, 1), (1000, 1000), (1 << 20, 1 << 20), (1 << 21, 100), (50, 5000)]
        {
            let share = 1.0 - (1.0 - 1.0 / pages as f64).powf(accesses as f64);
            let expected = pages as f64 * share;
            let found = distinct(pages, accesses) as f64;
            assert!((found - expected).abs() <= 1.0 + expected * 1e-6, "{pages}, {accesses}: {found}, {expected}");
        }
        assert_eq!(distinct(0, 10), 0);
        assert_eq!(distinct(10, 0), 0);
    }

    #[test]
    fn pages_that_are_rarely_hit_come_back_all_the_same_in_the_end() {
        let (mut owing, mut back) = (0, 0);
        for _ in 0..1000 {
            back += due(10, 4096 * 5, 4096 * 995, &mut owing);
        }
        // 10 x 0.5 % x 1000
        assert!((49..=50).contains(&back), "{back}");
    }
}
