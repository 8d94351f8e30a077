//! Demand paging, and loads that go through caches, TLB and page walks.
//!
//! Real: a first touch faults into the kernel, which allocates and clears a page. In a VM that page of guest-physical
//! memory may have no frame yet: clearing it is an EPT violation, and the kernel below allocates one in turn.
//! Modelled: every fault on its own; allocation from memory that was never used before; loads at random over the
//! working set, counted by cache level and TLB reach. Left out: reclaim, swapping, page sharing, ballooning, NUMA,
//! prefetching, page-table pages themselves.

use crate::costs::Primitive;
use crate::trace::{Crossing, ExitReason, Token};

use crate::machine::frame::{At, Frame, Kind, TaskId};
use crate::machine::hardware::paging;
use crate::machine::turn::Turn;

/// The step of [`Kind::Populate`] after clearing: where a page begins that is overwritten anyway.
pub const ALLOCATE: u8 = 1;

impl Turn<'_> {
    /// The first touches of the working set, then the loads.
    pub fn step_memory(&mut self, at: At, task: TaskId, working_set: u64, accesses: u64, huge: bool, pc: u8) {
        let parts = self.s.kernel_of(at.cpu).parts;
        let page = paging::page_bytes(huge);
        match pc {
            0 if self.s.task(task).touched < working_set => {
                let primitive = Primitive::Exception;
                self.pay(at, 1, primitive, 1, parts.memory, Crossing::PageFault, Token::PageFault);
            }
            1 => self.pay(at, 2, Primitive::PageFault, 1, parts.memory, Crossing::None, Token::PageFault),
            2 => {
                self.goto(at, 0);
                let own = self.s.task_mut(task);
                own.touched += page;
                own.entries += 1;
                own.own_entries += 1;
                own.owned += page;
                self.push(at, Kind::Populate(page));
            }
            0 => self.goto(at, 3),
            3..=7 => {
                let loads = paging::loads(&self.f.costs, working_set, accesses, huge, self.walks_nested(at.cpu));
                let (primitive, count) = loads[usize::from(pc - 3)];
                if count == 0 {
                    return self.goto(at, pc + 1);
                }
                let component = match primitive {
                    Primitive::PageWalkReference | Primitive::NestedWalkReference => parts.hw_memory,
                    _ => self.user_component(at),
                };
                let left = self.f.time(primitive).times(count);
                let count = u32::try_from(count).unwrap_or(u32::MAX);
                let what = crate::trace::What::Pay(primitive);
                self.spend(at, pc + 1, what, left, count, component, Crossing::None, Token::Instruction);
            }
            _ => self.end_operation(at),
        }
    }

    /// [`Kind::Touch`]: page after page faults and is cleared.
    pub fn step_touch(&mut self, at: At, bytes: u64, frame: Frame) {
        let (memory, page) = (self.s.kernel_of(at.cpu).parts.memory, paging::page_bytes(false));
        match frame.pc {
            0 if u64::from(frame.count) >= bytes.div_ceil(page) => self.pop(at),
            0 => self.pay(at, 1, Primitive::Exception, 1, memory, Crossing::PageFault, Token::PageFault),
            1 => self.pay(at, 2, Primitive::PageFault, 1, memory, Crossing::None, Token::PageFault),
            _ => {
                self.again(at, 0);
                // Given back with the rest of it before anything else asks for memory.
                self.frames(at.context).push(Frame::new(Kind::Populate(page), at.ride));
                if let Some(task) = self.task_of(at) {
                    self.s.task_mut(task).owned += page;
                }
            }
        }
    }

    /// [`Kind::Populate`]: a newly allocated page is cleared; in a VM it may have no frame yet.
    pub fn step_populate(&mut self, at: At, bytes: u64, pc: u8) {
        let kernel_id = self.s.cpu(at.cpu).kernel;
        match pc {
            0 => {
                let component = self.s.kernel(kernel_id).parts.memory;
                let count = u32::try_from(bytes / paging::page_bytes(false)).unwrap_or(u32::MAX);
                self.pay(at, ALLOCATE, Primitive::ZeroPage, count, component, Crossing::None, Token::PageFault);
            }
            ALLOCATE => {
                self.goto(at, 2);
                let kernel = self.s.kernel_mut(kernel_id);
                kernel.allocated += bytes;
                let allocated = kernel.allocated;
                let (Some(vm), Some(thread)) = (kernel.vm, self.s.thread_of(at.cpu)) else { return };
                let vm = self.s.vm_mut(vm);
                if allocated > vm.backed {
                    vm.backed += bytes;
                    self.exit_guest(thread, ExitReason::EptViolation, false, bytes, at.ride);
                }
            }
            _ => self.pop(at),
        }
    }
}
