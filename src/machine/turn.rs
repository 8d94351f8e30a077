//! The run loop of a core: finding what it is in the middle of, through all levels, and taking the next step.
//!
//! A core runs its kernel's current task; if that is a vCPU thread in guest mode, it runs that vCPU's current task;
//! and so on. The innermost of these is the leaf, and it alone uses time. At each level on the way an interrupt that
//! is pending there comes first: in guest mode it ends guest mode, elsewhere it enters its handler. Nothing here
//! knows how deep the stack is.

use crate::costs::Primitive;
use crate::engine::{Scheduler, Time};
use crate::trace::{ComponentId, CpuId, Crossing, Layer, Recorder, Token, Wait, What};

use super::Event;
use super::frame::{At, Context, Exit, Frame, Irq, IrqKind, Kind, Pc, TaskId, Work};
use super::journal::{Doer, Ride};
use super::state::{Fixed, Segment, State};

/// Steps that a core may take at one instant before it gives the event loop a chance to count: the guard against
/// programs that do nothing for ever.
const STEPS_PER_EVENT: u32 = 4_096;

/// Everything that a step can reach.
pub struct Turn<'a> {
    pub s: &'a mut State,
    pub f: &'a Fixed,
    pub scheduler: &'a mut Scheduler<Event>,
    pub sink: &'a mut Recorder,
    pub now: Time,
}

/// What the innermost level of a core is.
enum Leaf {
    Run(Context, CpuId),
    Idle,
}

impl Turn<'_> {
    /// Runs a core until it is busy with something that takes time, or idle.
    pub fn run(&mut self, core: CpuId) {
        let mut steps = 0;
        loop {
            let (context, cpu) = match self.leaf(core) {
                Leaf::Idle => {
                    let core = &mut self.s.cpu_mut(core).core;
                    core.idle_since.get_or_insert(self.now);
                    return;
                }
                Leaf::Run(context, cpu) => (context, cpu),
            };
            if let Some(work) = self.work_of(context) {
                self.begin_segment(core, context, cpu, work);
                return;
            }
            steps += 1;
            if steps > STEPS_PER_EVENT {
                self.scheduler.after(Time::ZERO, Event::Run(core));
                return;
            }
            self.step(context, cpu, core);
        }
    }

    /// Finds the leaf. On the way, interrupts that are pending at a level are taken there.
    fn leaf(&mut self, core: CpuId) -> Leaf {
        let mut cpu_id = core;
        loop {
            let cpu = self.s.cpu(cpu_id);
            if !cpu.frames.is_empty() {
                return Leaf::Run(Context::Cpu(cpu_id), cpu_id);
            }
            let current = cpu.current;
            if let Some(&irq) = cpu.pending.front() {
                match current.some() {
                    Some(thread) if self.s.task(thread).guest.is_some() => {
                        // The interrupt ends guest mode; it is taken when the exit has been dispatched.
                        let ride = self.ride_of_exit(cpu_id, thread, irq);
                        self.exit_guest(thread, Exit::ExternalInterrupt, false, ride);
                        continue;
                    }
                    Some(task) if self.masked(task) => {}
                    _ => {
                        self.take_interrupt(cpu_id);
                        continue;
                    }
                }
            }
            let cpu = self.s.cpu(cpu_id);
            if current.some().is_none() || cpu.reschedule && !self.masked(current) {
                if cpu.idle && !cpu.reschedule {
                    return Leaf::Idle;
                }
                // A core in guest mode leaves it before its kernel changes tasks.
                if let Some(thread) = current.some()
                    && self.s.task(thread).guest.is_some()
                {
                    self.exit_guest(thread, Exit::ExternalInterrupt, false, Ride::NONE);
                    continue;
                }
                self.s.cpu_mut(cpu_id).frames.push(Frame::new(Kind::Switch, Ride::NONE));
                continue;
            }
            match self.s.task(current).guest {
                Some(guest) => cpu_id = guest,
                None => return Leaf::Run(Context::Task(current), cpu_id),
            }
        }
    }

    /// Starts the handler of the first pending interrupt.
    fn take_interrupt(&mut self, cpu_id: CpuId) {
        self.stop_charging(cpu_id);
        // An interrupt that ended guest mode was entered by the exit.
        let entered = self.is_entered_by_exit(cpu_id);
        let cpu = self.s.cpu_mut(cpu_id);
        let Some(Irq { kind, ride }) = cpu.pending.pop_front() else { return };
        // Whoever was still bringing it is too late.
        let ride = self.pass_with(ride, kind);
        self.begin_handler(cpu_id, kind, ride, entered);
    }

    fn work_of(&self, context: Context) -> Option<Work> {
        match context {
            Context::Task(task) => self.s.task(task).work,
            Context::Cpu(cpu) => self.s.cpu(cpu).work,
        }
    }

    fn set_work(&mut self, context: Context, work: Option<Work>) {
        match context {
            Context::Task(task) => self.s.task_mut(task).work = work,
            Context::Cpu(cpu) => self.s.cpu_mut(cpu).work = work,
        }
    }

    fn begin_segment(&mut self, core_id: CpuId, context: Context, cpu: CpuId, work: Work) {
        self.s.journal.account_wait(self.sink, work.ride, self.now);
        let end = self.now + self.stretch(cpu, &work);
        let core = &mut self.s.cpu_mut(core_id).core;
        if let Some(since) = core.idle_since.take() {
            core.idle_total += self.now - since;
        }
        core.generation = core.generation.wrapping_add(1);
        core.segment = Some(Segment { context, cpu, start: self.now, end });
        let generation = core.generation;
        self.scheduler.at(end, Event::SegmentEnd { core: core_id, generation });
    }

    /// The work under way on a core stops here, finished or interrupted. Returns false if there was none.
    pub fn end_segment(&mut self, core_id: CpuId) -> bool {
        let core = &mut self.s.cpu_mut(core_id).core;
        let Some(segment) = core.segment.take() else { return false };
        core.generation = core.generation.wrapping_add(1);
        let Some(mut work) = self.work_of(segment.context) else { return false };
        let stack = match segment.context {
            Context::Task(task) => self.s.task(task).stack,
            Context::Cpu(cpu) => self.s.cpu(cpu).stack,
        };
        let doer = Doer { cpu: segment.cpu, core: core_id, stack };
        let done = self.now - segment.start;
        let finished = done >= work.left;
        // Work that has not begun to run is not worth a hop: it is begun again later.
        if finished || self.now > segment.start {
            self.s.journal.work(
                self.sink,
                work.ride,
                doer,
                work.what,
                work.count,
                work.component,
                self.f.layer(work.component),
                work.crossing,
                work.token,
                segment.start,
                self.now,
            );
            self.interpret(segment.cpu, &work, done);
            work.count = 0;
            work.crossing = Crossing::None;
        }
        work.left = work.left - done;
        self.set_work(segment.context, (!finished).then_some(work));
        if !finished {
            self.s.journal.wait(self.sink, work.ride, Wait::Interrupted, None, self.now);
        }
        true
    }

    /// Something has become pending at a core or in a guest that runs on it: it looks again.
    pub fn poke(&mut self, core: CpuId) {
        self.end_segment(core);
        self.run(core);
    }

    /// An interrupt arrives at a core of the hardware.
    pub fn interrupt(&mut self, core_id: CpuId, irq: Irq) {
        let cpu = self.s.cpu_mut(core_id);
        cpu.pending.push_back(irq);
        if let Some(since) = cpu.core.idle_since {
            cpu.core.waking = Some(super::hardware::idle::exit(&self.f.costs, self.now - since));
        }
        self.look_again(core_id, core_id);
    }

    /// An interrupt has become pending at `cpu`, which runs on `core`: the core looks again, unless interrupts are
    /// off there; then it does so by itself when they are on again.
    pub fn look_again(&mut self, cpu: CpuId, core: CpuId) {
        let state = self.s.cpu(cpu);
        let masked = !state.frames.is_empty() || state.current.some().is_some_and(|task| self.masked(task));
        if !masked || self.s.cpu(core).core.segment.is_none() {
            self.poke(core);
        }
    }

    /// The journey on whose time an exit for an interrupt goes: the interrupt's, if it is for the stack that has to
    /// leave guest mode. Otherwise the exit is that stack's own burden, and the interrupt's journey waits.
    fn ride_of_exit(&mut self, cpu: CpuId, thread: TaskId, irq: Irq) -> Ride {
        if self.s.journal.stack(irq.ride) != Some(self.s.task(thread).stack) {
            self.s.journal.wait(self.sink, irq.ride, Wait::GuestMode, None, self.now);
            return Ride::NONE;
        }
        // Whoever was still bringing it is too late.
        let ride = self.pass_with(irq.ride, irq.kind);
        if let Some(first) = self.s.cpu_mut(cpu).pending.front_mut() {
            first.ride = ride;
        }
        ride
    }

    /// Takes one step of the top frame.
    fn step(&mut self, context: Context, cpu: CpuId, core: CpuId) {
        let Some(frame) = self.frames(context).last().copied() else {
            // A task without frames has ended.
            if let Context::Task(task) = context {
                self.end_task(task);
            }
            return;
        };
        let at = At { context, cpu, core, ride: frame.ride };
        match frame.kind {
            Kind::Program => self.step_program(at),
            Kind::Operation(operation) => self.step_operation(at, operation, frame),
            Kind::Echo => self.step_echo(at, frame),
            Kind::Clone { operation, vfork } => self.step_clone(at, operation, vfork, frame.pc),
            Kind::Child(operation) => self.step_child(at, operation, frame.pc),
            Kind::ContainerChild(operation) => self.step_container(at, operation, frame.pc),
            Kind::TakeUp(node) => self.step_take_up(at, node, frame),
            Kind::Model { operation, node } => self.step_model(at, operation, node, frame),
            Kind::Init(node) => self.step_init(at, node, frame),
            Kind::Boot { part, act } => self.step_boot(at, part, act, frame),
            Kind::Act => self.step_act(at, frame.pc),
            Kind::CopyOnWrite(bytes) => self.step_copy_on_write(at, bytes, frame),
            Kind::Exec { image, lent } => self.step_exec(at, image, lent, frame),
            Kind::Sequence { operation, index } => self.step_sequence(at, operation, index, frame),
            Kind::ExitThread { lent } => self.step_exit_thread(at, lent, frame.pc),
            Kind::Backend => self.step_backend(at, frame),
            Kind::Vcpu => self.enter_guest(at),
            Kind::SubmitBlock(request) => self.step_submit_block(at, request, frame.pc),
            Kind::SubmitPacket(request) => self.step_submit_packet(at, request, frame.pc),
            Kind::BetweenNamespaces { bridged, peer, inward, place } => {
                self.step_between_namespaces(at, (bridged, peer), inward, place, frame);
            }
            Kind::Populate { owner, bytes } => self.step_populate(at, owner, bytes, frame.pc),
            Kind::Cache { file, bytes } => self.step_cache(at, file as usize, bytes),
            Kind::Touch(bytes) => self.step_touch(at, bytes, frame),
            Kind::SwapOut { owner, bytes } => self.step_swap_out(at, owner, bytes, frame.pc),
            Kind::SwapIn { owner, pages } => self.step_swap_in(at, owner, pages, frame),
            Kind::TouchSwapped { pages } => self.step_touch_swapped(at, pages, frame),
            Kind::Wake(task) => self.step_wake(at, task, 0, frame.pc),
            Kind::Send(task) => self.step_wake(at, task, 1, frame.pc),
            Kind::SendIpi(target, irq) => self.step_send_ipi(at, target, irq, frame.pc),
            Kind::Notify(guest_cpu) => self.step_notify(at, guest_cpu),
            Kind::ProgramTimer => self.step_program_timer(at, frame.pc),
            Kind::Exit { exit, reflect } => self.step_exit(at, exit, reflect, frame),
            Kind::Interpret { by, instructions } => self.step_interpret(at, by, instructions, frame.pc),
            Kind::Interrupt(kind) => self.step_interrupt(at, kind, frame.pc),
            Kind::Switch => self.step_switch(at, frame.pc),
            Kind::Idle => self.step_idle(at, frame.pc),
        }
    }

    pub fn frames(&mut self, context: Context) -> &mut Vec<Frame> {
        match context {
            Context::Task(task) => &mut self.s.task_mut(task).frames,
            Context::Cpu(cpu) => &mut self.s.cpu_mut(cpu).frames,
        }
    }

    /// Pushes a frame that carries the same journey.
    pub fn push(&mut self, at: At, kind: Kind) {
        self.frames(at.context).push(Frame::new(kind, at.ride));
    }

    pub fn pop(&mut self, at: At) {
        self.frames(at.context).pop();
    }

    /// The step that comes next.
    pub fn goto(&mut self, at: At, step: impl Into<Pc>) {
        if let Some(frame) = self.frames(at.context).last_mut() {
            frame.pc = step.into();
        }
    }

    /// From here on the top frame carries `ride`.
    pub fn carry(&mut self, at: &mut At, ride: Ride) {
        at.ride = ride;
        if let Some(frame) = self.frames(at.context).last_mut() {
            frame.ride = ride;
        }
    }

    /// Pays `count` uses of `primitive` at `component`, then goes on at `next`.
    #[allow(clippy::too_many_arguments)]
    pub fn pay(
        &mut self,
        at: At,
        next: impl Into<Pc>,
        primitive: Primitive,
        count: u32,
        component: ComponentId,
        crossing: Crossing,
        token: Token,
    ) {
        let left = self.f.time(primitive).times(u64::from(count));
        self.goto(at, next);
        self.set_work(
            at.context,
            Some(Work { left, what: What::Pay(primitive), count, component, crossing, token, ride: at.ride }),
        );
    }

    /// Works for `left` at `component`, then goes on at `next`.
    #[allow(clippy::too_many_arguments)]
    pub fn spend(
        &mut self,
        at: At,
        next: impl Into<Pc>,
        what: What,
        left: Time,
        count: u32,
        component: ComponentId,
        crossing: Crossing,
        token: Token,
    ) {
        self.goto(at, next);
        self.set_work(at.context, Some(Work { left, what, count, component, crossing, token, ride: at.ride }));
    }

    /// Returns to ring 3: no time of its own, but a crossing to be seen.
    pub fn return_to_user(&mut self, at: At, component: ComponentId) {
        let stack = match at.context {
            Context::Task(task) => self.s.task(task).stack,
            Context::Cpu(cpu) => self.s.cpu(cpu).stack,
        };
        let doer = Doer { cpu: at.cpu, core: at.core, stack };
        self.s.journal.account_wait(self.sink, at.ride, self.now);
        self.s.journal.work(
            self.sink,
            at.ride,
            doer,
            What::Return,
            0,
            component,
            self.f.layer(component),
            Crossing::Return,
            Token::Return,
            self.now,
            self.now,
        );
    }

    /// A hop of the hardware alone: a device, a wire, an interrupt on its way.
    pub fn hardware_hop(
        &mut self,
        ride: Ride,
        what: What,
        component: ComponentId,
        crossing: Crossing,
        token: Token,
        start: Time,
    ) {
        self.hardware_hop_until(ride, what, component, crossing, token, start, self.now);
    }

    /// The same for one that ended before now.
    #[allow(clippy::too_many_arguments)]
    pub fn hardware_hop_until(
        &mut self,
        ride: Ride,
        what: What,
        component: ComponentId,
        crossing: Crossing,
        token: Token,
        start: Time,
        end: Time,
    ) {
        // Carried on in the meantime (a posted interrupt that was seen at an entry): nothing is left to tell.
        if self.s.journal.accounted(ride).is_none_or(|until| until > start) {
            return;
        }
        self.s.journal.account_wait(self.sink, ride, start);
        self.s.journal.work(
            self.sink,
            ride,
            Doer::DEVICE,
            what,
            1,
            component,
            Layer::Hardware,
            crossing,
            token,
            start,
            end,
        );
    }

    /// Sends an interrupt to a processor of any level: a core takes it at once; a virtual processor has it pending.
    pub fn post(&mut self, cpu: CpuId, kind: IrqKind, ride: Ride) {
        self.s.cpu_mut(cpu).pending.push_back(Irq { kind, ride });
    }
}
