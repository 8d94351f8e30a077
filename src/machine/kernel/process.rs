//! Processes: fork, exec, exit and wait.
//!
//! Real: clone makes a task; without CLONE_VM it also copies the list of mappings and the page tables, each private
//! page write-protected in both copies, so that the first write to it faults and copies it. vfork lends the memory
//! instead, and the parent stands still until the child executes a program or ends; posix_spawn does the same. execve
//! makes a new address space, maps the file's segments and leaves the old one; the first touches of what it mapped
//! fault and find the file's pages in the page cache. exit takes the address space down and tells the parent, which
//! sleeps in wait. More: Linux, kernel/fork.c, fs/exec.c, kernel/exit.c.
//! Modelled: all of that, each with its own cost, page by page where it goes by pages. The journey goes with the
//! child, from its making to its end, and back with the news of it; what the parent does meanwhile is nobody's
//! journey. Left out: threads, the parent's own copying after a fork, the flush of other processors' TLBs, dynamic
//! linking, reading the program from the disk, signals, `pids.max`.

use crate::costs::Primitive;
use crate::trace::{Crossing, Token};

use crate::machine::container;
use crate::machine::frame::{At, Frame, Kind, TaskId};
use crate::machine::hardware::paging::page_bytes;
use crate::machine::journal::Ride;
use crate::machine::spec::{Image, Operation};
use crate::machine::state::Link;
use crate::machine::turn::Turn;

/// Bytes of a mapped file that one fault maps: Linux's default fault_around_bytes.
const FAULT_AROUND: u64 = 64 << 10;

/// Steps of [`Kind::Child`].
const BORN: u8 = 0;
const WRITE: u8 = 1;
const COPY_HANDLER: u8 = 2;
const COPY: u8 = 3;
const COPIED: u8 = 4;
const EXEC: u8 = 5;
const RELEASE: u8 = 6;
pub const EXIT: u8 = 7;
const EXIT_FILTERS: u8 = 8;
const EXIT_PAGES: u8 = 9;
const EXIT_TABLES: u8 = 10;
const EXIT_TASK: u8 = 11;
const TELL: u8 = 12;
/// From here on a child starts a container.
const BETWEEN: u8 = 16;

impl Turn<'_> {
    /// The parent's side: clone, and waiting for the child's end. `index` is the operation's.
    pub fn step_fork(&mut self, at: At, task: TaskId, index: u16, vfork: bool, pc: u8) {
        let parts = self.s.kernel_of(at.cpu).parts;
        let pay = |turn: &mut Self, next, primitive, count| {
            turn.pay(at, next, primitive, count, parts.memory, Crossing::None, Token::SystemCall);
        };
        match pc {
            0 => self.enter_kernel(at, 1),
            1 => self.run_filters(at, task, 2),
            2 => self.pay(at, 3, Primitive::CreateTask, 1, parts.scheduler, Crossing::None, Token::SystemCall),
            3 if vfork => self.goto(at, 5),
            3 => pay(self, 4, Primitive::CopyAddressSpace, 1),
            4 => match self.s.task(task).entries {
                0 => self.goto(at, 5),
                entries => pay(self, 5, Primitive::CopyPageEntry, u32::try_from(entries).unwrap_or(u32::MAX)),
            },
            5 => {
                self.goto(at, if vfork { 6 } else { 7 });
                let child = self.s.task(task).partners[Link::Child as usize];
                // A child may still be ending; it looks when it is born again.
                self.s.task_mut(task).errand = index;
                self.push(at, Kind::Send(child));
            }
            // What is lent is not used meanwhile.
            6 if self.s.task(task).messages == 0 => self.block(task),
            6 => {
                self.s.task_mut(task).messages -= 1;
                self.goto(at, 7);
            }
            7 => self.enter_kernel(at, 8),
            8 => self.run_filters(at, task, 9),
            9 if self.s.task(task).messages == 0 => self.block(task),
            _ => {
                self.s.task_mut(task).messages -= 1;
                self.return_and_end(at);
            }
        }
    }

    /// [`Kind::Child`]: a child's whole life, again for each fork.
    pub fn step_child(&mut self, at: At, frame: Frame) {
        let Some(child) = self.task_of(at) else { return self.pop(at) };
        let (own, parts) = (self.s.task(child), self.s.kernel_of(at.cpu).parts);
        let (parent, messages) = (own.partners[0], own.messages);
        let fixed = self.f;
        let program = if frame.pc == BORN { self.s.task(parent).errand } else { own.program };
        let operation = &fixed.operations[usize::from(program)].operation;
        let (vfork, writes, exec, start) = match operation {
            Operation::Fork { vfork, writes, exec } => (*vfork, *writes, *exec, None),
            Operation::StartContainer(start) => (false, start.written, None, Some(start)),
            _ => return self.block(child),
        };
        match frame.pc {
            BORN if messages == 0 => self.block(child),
            BORN => {
                self.goto(at, WRITE);
                let entries = if vfork { 0 } else { self.s.task(parent).entries };
                let own = self.s.task_mut(child);
                own.messages -= 1;
                own.program = program;
                (own.entries, own.own_entries) = (entries, 0);
                let component = self.user_component(at);
                self.return_to_user(at, component);
            }
            WRITE if !vfork && u64::from(frame.count) < writes.div_ceil(page_bytes(false)) => {
                let primitive = Primitive::Exception;
                self.pay(at, COPY_HANDLER, primitive, 1, parts.memory, Crossing::PageFault, Token::PageFault);
            }
            WRITE => {
                if let Some(base) = self.frames(at.context).last_mut() {
                    (base.pc, base.count) = (if start.is_some() { container::FIRST } else { EXEC }, 0);
                }
            }
            COPY_HANDLER => {
                self.pay(at, COPY, Primitive::PageFault, 1, parts.memory, Crossing::None, Token::PageFault);
            }
            COPY => self.pay(at, COPIED, Primitive::Copy4k, 1, parts.memory, Crossing::None, Token::PageFault),
            COPIED => {
                let own = self.s.task_mut(child);
                own.owned += page_bytes(false);
                own.own_entries += 1;
                self.again(at, WRITE);
                let allocate = Kind::Populate(page_bytes(false));
                self.frames(at.context).push(Frame::at(allocate, at.ride, super::memory::ALLOCATE));
            }
            EXEC => match exec {
                Some(image) => self.exec(at, image, vfork, RELEASE),
                None => self.goto(at, EXIT),
            },
            RELEASE => {
                self.goto(at, EXIT);
                if vfork {
                    self.release(at, parent);
                }
            }
            EXIT => self.enter_kernel(at, EXIT_FILTERS),
            EXIT_FILTERS => self.run_filters(at, child, EXIT_PAGES),
            EXIT_PAGES => self.unmap_all(at, child, EXIT_PAGES, EXIT_TABLES),
            EXIT_TABLES if vfork && exec.is_none() => {
                self.goto(at, EXIT_TASK);
                self.release(at, parent);
            }
            EXIT_TABLES => {
                let primitive = Primitive::DropAddressSpace;
                self.pay(at, EXIT_TASK, primitive, 1, parts.memory, Crossing::None, Token::SystemCall);
            }
            EXIT_TASK => {
                self.pay(at, TELL, Primitive::ExitTask, 1, parts.scheduler, Crossing::None, Token::SystemCall);
            }
            BETWEEN..=u8::MAX => {
                if let Some(start) = start {
                    self.step_container(at, child, start, frame);
                }
            }
            _ => {
                if let Some(base) = self.frames(at.context).last_mut() {
                    (base.pc, base.count) = (BORN, 0);
                }
                self.push(at, Kind::Send(parent));
            }
        }
    }

    /// Executes a program in place of memory that is the task's own or `lent`, then goes on at `pc`.
    pub fn exec(&mut self, at: At, image: Image, lent: bool, pc: u8) {
        self.goto(at, pc);
        self.push(at, Kind::Exec { image, lent });
    }

    /// [`Kind::Exec`]: execve, and the first touches of the program.
    pub fn step_exec(&mut self, at: At, image: Image, lent: bool, frame: Frame) {
        let Some(task) = self.task_of(at) else { return self.pop(at) };
        let parts = self.s.kernel_of(at.cpu).parts;
        match frame.pc {
            0 => self.enter_kernel(at, 1),
            1 => self.run_filters(at, task, 2),
            2 => self.pay(at, 3, Primitive::ExecImage, 1, parts.memory, Crossing::None, Token::SystemCall),
            3 => self.unmap_all(at, task, 3, 4),
            // What was lent has other users.
            4 if lent => self.goto(at, 5),
            4 => {
                let primitive = Primitive::DropAddressSpace;
                self.pay(at, 5, primitive, 1, parts.memory, Crossing::None, Token::SystemCall);
            }
            5 => {
                let segments = u32::from(image.segments);
                self.pay(at, 6, Primitive::MapSegment, segments, parts.memory, Crossing::None, Token::SystemCall);
            }
            6 => {
                self.goto(at, 7);
                let component = self.user_component(at);
                self.return_to_user(at, component);
            }
            7 if u64::from(frame.count) < image.bytes.div_ceil(FAULT_AROUND) => {
                let primitive = Primitive::Exception;
                self.pay(at, 8, primitive, 1, parts.memory, Crossing::PageFault, Token::PageFault);
            }
            8 => {
                self.pay(at, 7, Primitive::FileFault, 1, parts.memory, Crossing::None, Token::PageFault);
                self.again(at, 7);
            }
            _ => {
                self.s.task_mut(task).entries = image.bytes.div_ceil(page_bytes(false));
                self.pop(at);
            }
        }
    }

    /// The next round of a step that repeats.
    pub fn again(&mut self, at: At, pc: u8) {
        if let Some(top) = self.frames(at.context).last_mut() {
            top.pc = pc;
            top.count += 1;
        }
    }

    /// A parent that stands still in vfork goes on. Its child keeps the journey.
    fn release(&mut self, at: At, parent: TaskId) {
        self.push(At { ride: Ride::NONE, ..at }, Kind::Send(parent));
    }

    /// Takes all pages out of a task's address space: first, at the step `pc`, those that are its own alone, which its
    /// kernel then has for others; those that something else keeps cost less. Goes on at `next`.
    fn unmap_all(&mut self, at: At, task: TaskId, pc: u8, next: u8) {
        let kernel = self.s.cpu(at.cpu).kernel;
        let own = self.s.task_mut(task);
        let owned = std::mem::take(&mut own.owned);
        let pages = std::mem::take(&mut own.own_entries);
        own.touched = 0;
        let (pc, primitive, pages) = match pages {
            0 => (next, Primitive::LeavePage, std::mem::take(&mut own.entries)),
            pages => {
                own.entries = own.entries.saturating_sub(pages);
                (pc, Primitive::UnmapPage, pages)
            }
        };
        let kernel = self.s.kernel_mut(kernel);
        kernel.allocated = kernel.allocated.saturating_sub(owned);
        let component = kernel.parts.memory;
        match u32::try_from(pages).unwrap_or(u32::MAX) {
            0 => self.goto(at, pc),
            count => self.pay(at, pc, primitive, count, component, Crossing::None, Token::SystemCall),
        }
    }
}
