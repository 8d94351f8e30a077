//! Demand paging, and loads that go through caches, TLB and page walks.
//!
//! Real: a first touch faults into the kernel, which allocates and clears a page. In a VM that page of guest-physical
//! memory may have no frame yet: clearing it is an EPT violation, and the kernel below allocates one in turn. Transparent
//! huge pages (Linux, Documentation/admin-guide/mm/transhuge.rst) are given to who has asked for them by madvise(), as
//! device models do for a guest's memory, or to everybody with a large area: 2 MiB are cleared at the first touch of any
//! byte of them, and where no such page is free a small one is given.
//! Modelled: every fault on its own; allocation from memory that was never used before; a guest's kernel fills one page of
//! the kernel below after the other, so that one violation gives it 512 pages; loads at random over the working set,
//! counted by cache level and TLB reach; what happens when there is none left is told in `frames.rs` and `swap.rs`.
//! Left out: fragmentation, khugepaged, pages that are split again, page sharing, ballooning, NUMA, prefetching,
//! page-table pages themselves.

use crate::costs::Primitive;
use crate::trace::{Crossing, Token, What};

use crate::machine::frame::{At, Exit, Frame, Kind, Owner, Pc, TaskId, steps};
use crate::machine::hardware::paging;
use crate::machine::spec::HugePages;
use crate::machine::turn::Turn;

steps! {
    /// Loads from a working set: its first touches, then the loads by where they are served.
    enum LoadStep { Touch, Handler, Map, Back, L1, L2, L3, Memory, Walks, Done }
}

steps! {
    /// [`Kind::Touch`].
    enum TouchStep { Touch, Handler, Map }
}

steps! {
    /// [`Kind::Populate`].
    pub enum PopulateStep {
        Clear,
        /// Where a page begins that is overwritten anyway.
        Allocate,
        /// In a guest, the frames of the kernel below.
        Back,
    }
}

impl Turn<'_> {
    /// The first touches of the working set, then the loads.
    pub fn step_memory(&mut self, at: At, task: TaskId, working_set: u64, accesses: u64, huge: bool, pc: Pc) {
        let parts = self.s.kernel_of(at.cpu).parts;
        // A large area is one in which a page of 2 MiB lies.
        let always =
            self.s.kernel_of(at.cpu).huge_pages == HugePages::Always && working_set >= paging::page_bytes(true);
        let page = paging::page_bytes(huge || always && self.has_room(at, paging::page_bytes(true)));
        let huge = huge || always;
        let mut load = |index: usize, next: LoadStep| {
            let loads = paging::loads(&self.f.costs, working_set, accesses, huge, self.nested_pages(at.cpu));
            let (primitive, count) = loads[index];
            if count == 0 {
                return self.goto(at, next);
            }
            let component = match primitive {
                Primitive::PageWalkReference | Primitive::NestedWalkReference => parts.hw_memory,
                _ => self.user_component(at),
            };
            let left = self.f.time(primitive).times(count);
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            self.spend(at, next, What::Pay(primitive), left, count, component, Crossing::None, Token::Instruction);
        };
        match LoadStep::of(pc) {
            LoadStep::L1 => load(0, LoadStep::L2),
            LoadStep::L2 => load(1, LoadStep::L3),
            LoadStep::L3 => load(2, LoadStep::Memory),
            LoadStep::Memory => load(3, LoadStep::Walks),
            LoadStep::Walks => load(4, LoadStep::Done),
            LoadStep::Touch if self.is_doomed(task) => self.unwind(task),
            LoadStep::Touch if self.s.process_of(task).space.touched < working_set => {
                let (primitive, crossing) = (Primitive::Exception, Crossing::PageFault);
                self.pay(at, LoadStep::Handler, primitive, 1, parts.memory, crossing, Token::PageFault);
            }
            LoadStep::Touch => self.goto(at, LoadStep::Back),
            LoadStep::Back => {
                self.goto(at, LoadStep::L1);
                self.bring_back(at, task, working_set, accesses);
            }
            LoadStep::Handler => {
                let primitive = Primitive::PageFault;
                self.pay(at, LoadStep::Map, primitive, 1, parts.memory, Crossing::None, Token::PageFault);
            }
            LoadStep::Map => {
                self.goto(at, LoadStep::Touch);
                let space = self.s.space_mut(task);
                space.touched += page;
                space.entries += 1;
                space.own_entries += 1;
                let owner = Owner::Process(self.s.task(task).process);
                self.push(at, Kind::Populate { owner, bytes: page });
            }
            LoadStep::Done => self.end_operation(at),
        }
    }

    /// [`Kind::Touch`]: page after page faults and is cleared.
    pub fn step_touch(&mut self, at: At, bytes: u64, frame: Frame) {
        let (memory, page) = (self.s.kernel_of(at.cpu).parts.memory, paging::page_bytes(false));
        let pay = |turn: &mut Self, next: TouchStep, primitive, crossing| {
            turn.pay(at, next, primitive, 1, memory, crossing, Token::PageFault);
        };
        match TouchStep::of(frame.pc) {
            TouchStep::Touch if u64::from(frame.count) >= bytes.div_ceil(page) => self.pop(at),
            TouchStep::Touch => pay(self, TouchStep::Handler, Primitive::Exception, Crossing::PageFault),
            TouchStep::Handler => pay(self, TouchStep::Map, Primitive::PageFault, Crossing::None),
            TouchStep::Map => {
                self.again(at, TouchStep::Touch);
                if let Some(task) = self.task_of(at) {
                    let owner = Owner::Process(self.s.task(task).process);
                    self.push(at, Kind::Populate { owner, bytes: page });
                }
            }
        }
    }

    /// [`Kind::Populate`]: a newly allocated page is cleared; in a VM it may have no frame yet.
    pub fn step_populate(&mut self, at: At, owner: Owner, bytes: u64, pc: Pc) {
        let kernel_id = self.s.cpu(at.cpu).kernel;
        match PopulateStep::of(pc) {
            PopulateStep::Clear | PopulateStep::Allocate if !self.has_room(at, bytes) => self.find_room(at, bytes),
            PopulateStep::Clear => {
                let component = self.s.kernel(kernel_id).parts.memory;
                let count = u32::try_from(bytes / paging::page_bytes(false)).unwrap_or(u32::MAX);
                let (next, primitive) = (PopulateStep::Allocate, Primitive::ZeroPage);
                self.pay(at, next, primitive, count, component, Crossing::None, Token::PageFault);
            }
            PopulateStep::Allocate => {
                self.goto(at, PopulateStep::Back);
                self.s.charge(kernel_id, owner, bytes);
                self.warm_owner(owner);
            }
            PopulateStep::Back => {
                let kernel = self.s.kernel(kernel_id);
                let in_use = kernel.in_use();
                let (Some(id), Some(thread)) = (kernel.vm, self.s.thread_of(at.cpu)) else { return self.pop(at) };
                let page = self.s.page_below(id);
                let vm = self.s.vm_mut(id);
                // What the kernel below is already asked for counts as there.
                if in_use <= vm.backed + vm.asked + vm.swapped {
                    return self.pop(at);
                }
                vm.asked += page;
                self.exit_guest(thread, Exit::EptViolation(page), false, at.ride);
            }
        }
    }
}
