//! Processes: fork, exec, exit and wait.
//!
//! Real: clone makes a task; without CLONE_VM it also copies the list of mappings and the page tables, each private
//! page write-protected in both copies, so that the first write to it faults and copies it. vfork lends the memory
//! instead, and the parent stands still until the child executes a program or ends; posix_spawn does the same. execve
//! makes a new address space, maps the file's segments and leaves the old one; the first touches of what it mapped
//! fault and find the file's pages in the page cache. exit takes the address space down and tells the parent, which
//! sleeps in wait. More: Linux, kernel/fork.c, fs/exec.c, kernel/exit.c.
//! Modelled: all of that, each with its own cost, page by page where it goes by pages. A child is born when it is made
//! and gone when it has told its end (`life.rs`). The journey goes with the child, from its making to its end, and back
//! with the news of it; what the parent does meanwhile is unattributed. Left out: the parent's own copying after a
//! fork, the flush of other processors' TLBs, dynamic linking, reading the program from the disk, what execve does to
//! other threads, `pids.max`.

use crate::costs::Primitive;
use crate::trace::{Crossing, Token};

use crate::machine::frame::{At, Frame, Kind, Owner, Pc, TaskId, steps};
use crate::machine::hardware::paging::page_bytes;
use crate::machine::journal::Ride;
use crate::machine::spec::Image;
use crate::machine::state::TaskState;
use crate::machine::turn::Turn;

use super::memory::PopulateStep;

/// Bytes of a mapped file that one fault maps: Linux's default fault_around_bytes.
const FAULT_AROUND: u64 = 64 << 10;

steps! {
    /// [`Kind::Clone`].
    enum CloneStep { Enter, Filters, CreateTask, CopySpace, CopyEntries, Start, Done }
}

steps! {
    /// fork, exec and wait, as its program sees them.
    enum ForkStep { Clone, Lent, Wait, WaitFilters, Reap }
}

steps! {
    /// [`Kind::Child`].
    enum ChildStep { Born, Write, Exec, Release, Exit }
}

steps! {
    /// [`Kind::CopyOnWrite`].
    enum CopyStep { Write, Handler, Copy, Copied }
}

steps! {
    /// [`Kind::Exec`].
    enum ExecStep { Enter, Filters, Image, Unmap, Drop, Map, Return, Touch, Fault }
}

steps! {
    /// [`Kind::ExitThread`].
    pub enum ExitStep {
        /// exit() itself; a fatal signal finds the thread in the kernel already.
        Call,
        Filters,
        Pages,
        Tables,
        Task,
        Tell,
        Gone,
    }
}

impl Turn<'_> {
    /// [`Kind::Clone`]: a child is made and goes its own way. It keeps the journey.
    pub fn step_clone(&mut self, at: At, operation: u16, vfork: bool, pc: Pc) {
        let Some(task) = self.task_of(at) else { return self.pop(at) };
        let parts = self.s.kernel_of(at.cpu).parts;
        let pay = |turn: &mut Self, next: CloneStep, primitive, count| {
            turn.pay(at, next, primitive, count, parts.memory, Crossing::None, Token::SystemCall);
        };
        match CloneStep::of(pc) {
            CloneStep::Enter => self.enter_kernel(at, CloneStep::Filters),
            CloneStep::Filters => self.run_filters(at, task, CloneStep::CreateTask),
            CloneStep::CreateTask => {
                let next = if vfork { CloneStep::Start } else { CloneStep::CopySpace };
                self.pay(at, next, Primitive::CreateTask, 1, parts.scheduler, Crossing::None, Token::SystemCall);
            }
            CloneStep::CopySpace => pay(self, CloneStep::CopyEntries, Primitive::CopyAddressSpace, 1),
            CloneStep::CopyEntries => match self.s.process_of(task).space.entries {
                0 => self.goto(at, CloneStep::Start),
                entries => {
                    let entries = u32::try_from(entries).unwrap_or(u32::MAX);
                    pay(self, CloneStep::Start, Primitive::CopyPageEntry, entries);
                }
            },
            CloneStep::Start => {
                self.goto(at, CloneStep::Done);
                let child = self.fork(task, operation, vfork);
                self.push(at, Kind::Wake(child));
            }
            CloneStep::Done => self.pop(at),
        }
    }

    /// The parent's side: clone, and waiting for the child's end. `operation` is its index.
    pub fn step_fork(&mut self, at: At, task: TaskId, operation: u16, vfork: bool, pc: Pc) {
        match ForkStep::of(pc) {
            ForkStep::Clone => {
                self.goto(at, if vfork { ForkStep::Lent } else { ForkStep::Wait });
                self.push(at, Kind::Clone { operation, vfork });
            }
            // What is lent is not used meanwhile.
            ForkStep::Lent if self.take_message(task) => self.goto(at, ForkStep::Wait),
            ForkStep::Lent => self.block(task),
            ForkStep::Wait => self.enter_kernel(at, ForkStep::WaitFilters),
            ForkStep::WaitFilters => self.run_filters(at, task, ForkStep::Reap),
            ForkStep::Reap if self.take_message(task) => self.return_and_end(at),
            ForkStep::Reap => self.block(task),
        }
    }

    /// Takes a message that has been left for a task, if there is one.
    pub fn take_message(&mut self, task: TaskId) -> bool {
        let messages = &mut self.s.task_mut(task).messages;
        let some = *messages > 0;
        *messages = messages.saturating_sub(1);
        some
    }

    /// [`Kind::Child`]: a child's whole life.
    pub fn step_child(&mut self, at: At, operation: u16, pc: Pc) {
        let Some(child) = self.task_of(at) else { return self.pop(at) };
        let Some((vfork, writes, exec, becomes)) = self.child_of(operation) else { return self.pop(at) };
        match ChildStep::of(pc) {
            ChildStep::Born => {
                self.goto(at, ChildStep::Write);
                let component = self.user_component(at);
                self.return_to_user(at, component);
            }
            ChildStep::Write => {
                self.goto(at, ChildStep::Exec);
                if !vfork {
                    self.push(at, Kind::CopyOnWrite(writes));
                }
            }
            ChildStep::Exec => match exec {
                Some(image) => self.exec(at, image, vfork, ChildStep::Release),
                None => self.goto(at, ChildStep::Exit),
            },
            ChildStep::Release => {
                self.goto(at, ChildStep::Exit);
                if vfork {
                    self.release(at, child);
                }
                if let Some(node) = becomes {
                    self.take_up(at, node);
                }
            }
            ChildStep::Exit => self.push(at, Kind::ExitThread { lent: vfork && exec.is_none() }),
        }
    }

    /// [`Kind::CopyOnWrite`]: a write to a page that another process has as well faults, and copies it.
    pub fn step_copy_on_write(&mut self, at: At, bytes: u64, frame: Frame) {
        let Some(task) = self.task_of(at) else { return self.pop(at) };
        let (memory, page) = (self.s.kernel_of(at.cpu).parts.memory, page_bytes(false));
        let pay = |turn: &mut Self, next: CopyStep, primitive, crossing| {
            turn.pay(at, next, primitive, 1, memory, crossing, Token::PageFault);
        };
        match CopyStep::of(frame.pc) {
            CopyStep::Write if self.is_doomed(task) => self.unwind(task),
            CopyStep::Write if u64::from(frame.count) >= bytes.div_ceil(page) => self.pop(at),
            CopyStep::Write => pay(self, CopyStep::Handler, Primitive::Exception, Crossing::PageFault),
            CopyStep::Handler => pay(self, CopyStep::Copy, Primitive::PageFault, Crossing::None),
            CopyStep::Copy => self.copy(at, CopyStep::Copied, (page, bytes), memory, Token::PageFault),
            CopyStep::Copied => {
                self.s.space_mut(task).own_entries += 1;
                self.again(at, CopyStep::Write);
                // It is overwritten by the copy: no need to clear it.
                let kind = Kind::Populate { owner: Owner::Process(self.s.task(task).process), bytes: page };
                self.frames(at.context).push(Frame::at(kind, at.ride, PopulateStep::Allocate));
            }
        }
    }

    /// Executes a program in place of memory that is the task's own or `lent`, then goes on at `next`.
    pub fn exec(&mut self, at: At, image: Image, lent: bool, next: impl Into<Pc>) {
        self.goto(at, next);
        self.push(at, Kind::Exec { image, lent });
    }

    /// [`Kind::Exec`]: execve, and the first touches of the program.
    pub fn step_exec(&mut self, at: At, image: Image, lent: bool, frame: Frame) {
        let Some(task) = self.task_of(at) else { return self.pop(at) };
        let parts = self.s.kernel_of(at.cpu).parts;
        let pay = |turn: &mut Self, next: ExecStep, primitive, count| {
            turn.pay(at, next, primitive, count, parts.memory, Crossing::None, Token::SystemCall);
        };
        match ExecStep::of(frame.pc) {
            ExecStep::Enter => self.enter_kernel(at, ExecStep::Filters),
            ExecStep::Filters => self.run_filters(at, task, ExecStep::Image),
            ExecStep::Image => pay(self, ExecStep::Unmap, Primitive::ExecImage, 1),
            ExecStep::Unmap => self.unmap_all(at, task, ExecStep::Unmap, ExecStep::Drop),
            // What was lent has other users.
            ExecStep::Drop if lent => self.goto(at, ExecStep::Map),
            ExecStep::Drop => pay(self, ExecStep::Map, Primitive::DropAddressSpace, 1),
            ExecStep::Map => pay(self, ExecStep::Return, Primitive::MapSegment, u32::from(image.segments)),
            ExecStep::Return => {
                self.goto(at, ExecStep::Touch);
                let component = self.user_component(at);
                self.return_to_user(at, component);
            }
            ExecStep::Touch if self.is_doomed(task) => self.unwind(task),
            ExecStep::Touch if u64::from(frame.count) < image.bytes.div_ceil(FAULT_AROUND) => {
                let (primitive, crossing) = (Primitive::Exception, Crossing::PageFault);
                self.pay(at, ExecStep::Fault, primitive, 1, parts.memory, crossing, Token::PageFault);
            }
            ExecStep::Touch => {
                self.s.space_mut(task).entries = image.bytes.div_ceil(page_bytes(false));
                self.pop(at);
            }
            ExecStep::Fault => {
                let primitive = Primitive::FileFault;
                self.pay(at, ExecStep::Touch, primitive, 1, parts.memory, Crossing::None, Token::PageFault);
                self.again(at, ExecStep::Touch);
            }
        }
    }

    /// [`Kind::ExitThread`]: the thread ends; the last one of a process takes its memory down and tells who waits.
    pub fn step_exit_thread(&mut self, at: At, lent: bool, pc: Pc) {
        let Some(task) = self.task_of(at) else { return self.pop(at) };
        let parts = self.s.kernel_of(at.cpu).parts;
        match ExitStep::of(pc) {
            ExitStep::Call => self.enter_kernel(at, ExitStep::Filters),
            ExitStep::Filters => self.run_filters(at, task, ExitStep::Pages),
            // Others use the memory still.
            ExitStep::Pages if !self.is_last(task, ExitStep::Pages) => self.goto(at, ExitStep::Task),
            // A device is at work on it.
            ExitStep::Pages if self.s.process_of(task).vm.is_some_and(|vm| self.s.vm(vm).at_devices > 0) => {
                self.block_for_device(task);
            }
            ExitStep::Pages => self.unmap_all(at, task, ExitStep::Pages, ExitStep::Tables),
            ExitStep::Tables if lent => {
                self.goto(at, ExitStep::Task);
                self.release(at, task);
            }
            ExitStep::Tables => {
                let primitive = Primitive::DropAddressSpace;
                self.pay(at, ExitStep::Task, primitive, 1, parts.memory, Crossing::None, Token::SystemCall);
            }
            ExitStep::Task => {
                let primitive = Primitive::ExitTask;
                self.pay(at, ExitStep::Tell, primitive, 1, parts.scheduler, Crossing::None, Token::SystemCall);
            }
            ExitStep::Tell => {
                self.goto(at, ExitStep::Gone);
                let process = self.s.task(task).process;
                if self.is_last(task, ExitStep::Tell) {
                    self.kill_dependents(at, process);
                }
                if let Some(parent) = self.s.task(task).parent.some() {
                    self.push(at, Kind::Send(parent));
                }
            }
            ExitStep::Gone => self.frames(at.context).clear(),
        }
    }

    /// Whether all other threads of its process have come further than `step` on the way to their end.
    fn is_last(&self, task: TaskId, step: ExitStep) -> bool {
        let further = |id: &TaskId| {
            let other = self.s.task(*id);
            let at = |frame: &Frame| match frame.kind {
                Kind::ExitThread { .. } => ExitStep::of(frame.pc) > step,
                _ => false,
            };
            *id == task || other.state == TaskState::Dead || other.frames.first().is_some_and(at)
        };
        self.s.process_of(task).threads.iter().all(further)
    }

    /// The next round of a step that repeats.
    pub fn again(&mut self, at: At, step: impl Into<Pc>) {
        if let Some(top) = self.frames(at.context).last_mut() {
            top.pc = step.into();
            top.count += 1;
        }
    }

    /// The first round of another step that repeats.
    pub fn anew(&mut self, at: At, step: impl Into<Pc>) {
        if let Some(top) = self.frames(at.context).last_mut() {
            (top.pc, top.count) = (step.into(), 0);
        }
    }

    /// What a guest has been given is memory of its device model, which ends.
    fn own_guest_memory(&mut self, task: TaskId) {
        let Some(vm) = self.s.process_of(task).vm else { return };
        self.s.guest_leaves_swap(vm);
        let bytes = std::mem::take(&mut self.s.vm_mut(vm).backed);
        let space = self.s.space_mut(task);
        // It is the device model's memory all along.
        space.owned += bytes;
        space.own_entries += bytes.div_ceil(page_bytes(false));
        space.entries += bytes.div_ceil(page_bytes(false));
    }

    /// The parent of `child`, which stands still in vfork, goes on. The child keeps the journey.
    fn release(&mut self, at: At, child: TaskId) {
        let parent = self.s.task(child).parent;
        self.push(At { ride: Ride::NONE, ..at }, Kind::Send(parent));
    }

    /// Takes all pages out of a task's address space: first, at the step `here`, those that are its own alone, which
    /// its kernel then has for others; those that something else keeps cost less. Goes on at `next`.
    fn unmap_all(&mut self, at: At, task: TaskId, here: impl Into<Pc>, next: impl Into<Pc>) {
        self.own_guest_memory(task);
        let kernel = self.s.cpu(at.cpu).kernel;
        let process = self.s.task(task).process;
        self.s.leave_swap(process);
        let space = self.s.space_mut(task);
        let owned = space.owned;
        let pages = std::mem::take(&mut space.own_entries);
        space.touched = 0;
        let (pc, primitive, pages) = match pages {
            0 => (next.into(), Primitive::LeavePage, std::mem::take(&mut space.entries)),
            pages => {
                space.entries = space.entries.saturating_sub(pages);
                (here.into(), Primitive::UnmapPage, pages)
            }
        };
        self.s.give_back(kernel, Owner::Process(process), owned);
        let component = self.s.kernel(kernel).parts.memory;
        match u32::try_from(pages).unwrap_or(u32::MAX) {
            0 => self.goto(at, pc),
            count => self.pay(at, pc, primitive, count, component, Crossing::None, Token::SystemCall),
        }
        self.wake_the_short(at, kernel);
    }
}
