//! What a processor does while its machine boots: the acts of each part, one after the other.

use crate::costs::Primitive;
use crate::engine::Time;
use crate::trace::{ChangeKind, Crossing, OperationKind, Token, Wait, What};

use super::draft::{Act, Part};
use crate::machine::frame::{At, Exit, Frame, Kind, Owner, RequestId, TaskId, steps};
use crate::machine::ids::{KernelId, NodeId};
use crate::machine::journal::Ride;
use crate::machine::kernel::memory::PopulateStep;
use crate::machine::state::{Origin, RequestKind, Timer};
use crate::machine::turn::Turn;

/// How much is written for the first time at once.
const PAGE: u64 = 4096;
/// What a command of the firmware's driver takes on a disk of the hardware: registers of the controller and of its port.
const COMMAND: u32 = 12;
/// The firmware looks whether the disk is done after this time, and then after twice the time before, as OVMF's drivers do,
/// until it is a bit more than a millisecond.
const FIRST_LOOK: Time = Time::us(1);
const DOUBLED: u32 = 10;

steps! {
    /// [`Kind::Boot`].
    enum BootStep { Begin, Do, Submit, Ring, Look, Wait }
}

impl Turn<'_> {
    /// [`Kind::Boot`]: act number `act` of part number `part` of the machine's boot.
    pub fn step_boot(&mut self, mut at: At, part: u16, act: u16, frame: Frame) {
        let fixed = self.f;
        let kernel = self.s.cpu(at.cpu).kernel;
        let parts = &fixed.boots[usize::from(kernel.0)];
        let (Some(task), Some(of)) = (self.task_of(at), parts.get(usize::from(part))) else { return self.pop(at) };
        match BootStep::of(frame.pc) {
            BootStep::Begin => {
                self.goto(at, BootStep::Do);
                self.s.kernel_mut(kernel).boot = Default::default();
                self.tell_of_boot(kernel, ChangeKind::Booting(of.label));
            }
            BootStep::Do => {
                if self.s.task(task).journey == Ride::NONE {
                    let (stack, kind) = (self.s.task(task).stack, OperationKind::Boot);
                    let ride = self.s.journal.begin(self.sink, stack, kind, of.label, of.component, self.now);
                    self.s.task_mut(task).journey = ride;
                    self.carry(&mut at, ride);
                }
                match of.acts.get(usize::from(act)) {
                    Some(what) => self.act_of_boot(at, task, of, *what, frame),
                    None => self.part_is_over(at, task, part, of),
                }
            }
            BootStep::Submit => {
                let guest = self.is_virtual(at.cpu);
                let (primitive, count) =
                    if guest { (Primitive::VirtioFill, 1) } else { (Primitive::PortWrite, COMMAND) };
                self.pay(at, BootStep::Ring, primitive, count, of.component, Crossing::Device, Token::IoRequest);
            }
            BootStep::Ring => {
                self.goto(at, BootStep::Look);
                if let Some(Act::Read { bytes, .. }) = of.acts.get(usize::from(act)) {
                    let request = self.read_of_boot(at, task, *bytes);
                    self.s.request_mut(request).origin = Origin::Polled(task);
                    self.ring_doorbell(at, request);
                }
            }
            BootStep::Look if self.has_arrived(task) => {
                self.reclaim(&mut at);
                self.again(at, BootStep::Do);
            }
            BootStep::Look => {
                let looks = &mut self.s.kernel_mut(kernel).boot.looks;
                let wait = FIRST_LOOK.times(1 << (*looks).min(DOUBLED));
                *looks += 1;
                // The journey is the disk's meanwhile.
                let (at, what) = (At { ride: Ride::NONE, ..at }, What::Pay(Primitive::PortWrite));
                let token = Token::Instruction;
                self.spend(at, BootStep::Look, what, wait, 1, of.component, Crossing::None, token);
                // The clock that it waits by is a register as well.
                if let Some(thread) = self.s.thread_of(at.cpu) {
                    self.exit_guest(thread, Exit::Io, false, Ride::NONE);
                }
            }
            BootStep::Wait if self.has_arrived(task) => match of.acts.get(usize::from(act)) {
                Some(Act::Read { bytes, .. }) => {
                    self.again(at, BootStep::Do);
                    self.keep_of_boot(at, kernel, *bytes);
                }
                _ => self.next_act(at),
            },
            BootStep::Wait => match of.acts.get(usize::from(act)) {
                Some(Act::Read { .. }) => self.block_for_device(task),
                _ => {
                    self.s.journal.wait(self.sink, at.ride, Wait::Sleep, None, self.now);
                    self.block(task);
                }
            },
        }
    }

    fn act_of_boot(&mut self, at: At, task: TaskId, of: &Part, act: Act, frame: Frame) {
        let guest = self.s.thread_of(at.cpu);
        let count = |uses: u64| u32::try_from(uses).unwrap_or(u32::MAX);
        let work = |turn: &mut Self, primitive, time: Time, uses, crossing| {
            turn.next_act(at);
            let (what, token) = (What::Pay(primitive), Token::Instruction);
            turn.spend(at, BootStep::Do, what, time, uses, of.component, crossing, token);
        };
        match act {
            Act::Work(_, 0) => self.next_act(at),
            Act::Work(primitive, uses) => {
                let time = self.f.time(primitive).times(uses);
                work(self, primitive, time, count(uses), Crossing::None);
            }
            Act::Compute(time) => {
                self.next_act(at);
                let (what, token) = (What::UserCode, Token::Instruction);
                self.spend(at, BootStep::Do, what, time, 1, of.programs, Crossing::None, token);
            }
            Act::Bytes(primitive, bytes) => {
                let time = crate::machine::hardware::disk::transfer(bytes, self.f.count(primitive));
                work(self, primitive, time, 1, Crossing::None);
            }
            Act::Registers(uses) | Act::Cpuid(uses) if frame.count >= uses => self.next_act(at),
            Act::Registers(uses) | Act::Cpuid(uses) => {
                let (exit, primitive) = match act {
                    Act::Cpuid(_) => (Exit::Cpuid, Primitive::Cpuid),
                    _ => (Exit::Io, Primitive::PortWrite),
                };
                match guest {
                    Some(thread) => {
                        self.again(at, BootStep::Do);
                        self.exit_guest(thread, exit, false, at.ride);
                    }
                    None => {
                        let time = self.f.time(primitive).times(u64::from(uses));
                        let crossing = if exit == Exit::Io { Crossing::Device } else { Crossing::None };
                        work(self, primitive, time, uses, crossing);
                    }
                }
            }
            Act::Fill(bytes) if u64::from(frame.count) >= bytes.div_ceil(PAGE) => self.next_act(at),
            Act::Fill(_) => {
                self.again(at, BootStep::Do);
                let kind = Kind::Populate { owner: Owner::Kernel, bytes: PAGE };
                self.frames(at.context).push(Frame::at(kind, at.ride, PopulateStep::Allocate));
            }
            Act::Rest(primitive, uses) => self.rest(at, task, self.f.time(primitive).times(uses)),
            Act::Sleep(time) => self.rest(at, task, time),
            Act::Read { times, .. } if frame.count >= times => self.next_act(at),
            Act::Read { polled: true, .. } => {
                self.s.kernel_mut(self.s.cpu(at.cpu).kernel).boot.looks = 0;
                self.goto(at, BootStep::Submit);
            }
            Act::Read { bytes, .. } => {
                self.goto(at, BootStep::Wait);
                let request = self.read_of_boot(at, task, bytes);
                self.push(at, Kind::SubmitBlock(request));
            }
            Act::Programs(_, times) if frame.count >= times => self.next_act(at),
            Act::Programs(..) => {
                // It ends this journey: the next act begins another.
                self.again(at, BootStep::Do);
                self.push(at, Kind::Operation(of.operation));
            }
            Act::Become(image) => {
                self.next_act(at);
                self.push(at, Kind::Exec { image, lent: false });
            }
        }
    }

    fn rest(&mut self, at: At, task: TaskId, time: Time) {
        if time == Time::ZERO {
            return self.next_act(at);
        }
        self.goto(at, BootStep::Wait);
        let due = self.now + time;
        self.s.cpu_mut(at.cpu).timers.insert((due, Timer::Wake(task)));
        self.s.task_mut(task).alarm = Some((at.cpu, due));
        self.push(at, Kind::ProgramTimer);
    }

    fn read_of_boot(&mut self, at: At, task: TaskId, bytes: u64) -> RequestId {
        let kernel = self.s.cpu(at.cpu).kernel;
        let boot = &mut self.s.kernel_mut(kernel).boot;
        (boot.reads, boot.bytes) = (boot.reads + 1, boot.bytes + bytes);
        self.make_request(at, task, RequestKind::Read, 0, bytes)
    }

    /// What a booting kernel reads stays in its page cache, as one file behind all that programs read.
    fn keep_of_boot(&mut self, at: At, kernel: KernelId, bytes: u64) {
        let kernel = self.s.kernel(kernel);
        let file = kernel.cached.len() - 1;
        let bytes = kernel.cached[file] + bytes;
        // There are fewer files than a u32 counts.
        self.push(at, Kind::Cache { file: file as u32, bytes });
    }

    /// Whether a request that is done is one that a firmware's driver looks for by itself: it is told without an interrupt.
    pub fn is_polled(&mut self, id: RequestId) -> bool {
        let Origin::Polled(task) = self.s.request(id).origin else { return false };
        let ride = self.s.request(id).ride;
        self.s.requests.remove(id.0);
        if self.s.lives(task) {
            self.s.task_mut(task).arrived = true;
        }
        self.s.journal.wait(self.sink, ride, Wait::Polling, None, self.now);
        true
    }

    fn next_act(&mut self, at: At) {
        if let Some(top) = self.frames(at.context).last_mut()
            && let Kind::Boot { part, act } = top.kind
        {
            *top = Frame::at(Kind::Boot { part, act: act + 1 }, at.ride, BootStep::Do);
        }
    }

    fn part_is_over(&mut self, mut at: At, task: TaskId, part: u16, of: &Part) {
        self.reclaim(&mut at);
        self.s.journal.end(self.sink, at.ride, self.now);
        self.s.task_mut(task).journey = Ride::NONE;
        let kernel = self.s.cpu(at.cpu).kernel;
        let boot = self.s.kernel(kernel).boot;
        self.tell_of_boot(kernel, ChangeKind::Booted { label: of.label, reads: boot.reads, bytes: boot.bytes });
        let more = usize::from(part) + 1 < self.f.boots[usize::from(kernel.0)].len();
        match self.frames(at.context).last_mut() {
            Some(top) if more => *top = Frame::new(Kind::Boot { part: part + 1, act: 0 }, Ride::NONE),
            _ => self.pop(at),
        }
    }

    fn tell_of_boot(&mut self, kernel: KernelId, what: ChangeKind) {
        let node = self.s.kernel(kernel).vm.map_or(NodeId::HOST, |vm| self.s.vm(vm).node);
        self.change(node, what);
    }
}
