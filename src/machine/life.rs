//! Births and ends: everything that comes into being or passes away does so here, at time zero or later.
//!
//! What a description names has its place from the beginning (`plan.rs`). It is up, down, or being started: its [`Life`]
//! says which. What is up at time zero stands up all at once ([`State::stand_up`]); what is started later, by a program, an
//! order from outside or a guest's first process, comes up by the steps of `kernel/start.rs`, which end in the same
//! processes and threads. Something has ended when the last of its processes on the kernel that it stands on has.
//!
//! What ends with what: a container's other processes with its first one (`kernel/signal.rs`); a guest's kernel, and all
//! that stands on it, with its device model; everything with the host's power.
//! Modelled: that. Left out: what the end of a program that comes to its end by itself costs; namespaces, mounts and
//! cgroups of a container that has ended go without a cost.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::engine::{Stream, Time};
use crate::trace::{Change, ChangeKind, CpuId, Ended, StackId};

use super::frame::{Exit, Frame, GroupId, Kind, Owner, ProcessId, TaskId};
use super::hypervisor::ExitStep;
use super::journal::Ride;
use super::kernel::pipe::EchoStep;
use super::kernel::queue::Queue;
use super::kernel::scheduler::{IdleStep, NICE_0};
use super::plan::{MachinePlan, NodeId, Plan, Planned, ProgramPlan, Run};
use super::spec::{Backend, ContainerNetwork, Operation, Restart};
use super::state::{
    Asked, Asleep, Booting, Core, Cpu, Fixed, KernelId, Life, Link, Origin, Phase, Process, Signal, Space, State, Task,
    TaskState, VmId,
};
use super::turn::Turn;
use crate::trace::ComponentId;

/// The number of the first process of a kernel that is not its own.
pub const FIRST_PID: u32 = 1201;

/// The first wait before something that has ended is started again, and the longest: each is twice the one before. As
/// Docker does it.
const FIRST_RETRY: Time = Time::ms(100);
const LAST_RETRY: Time = Time::s(60);
/// What has been up for so long is not in a row of failures any more.
const LONG_UP: Time = Time::s(10);

/// The part that all stands on: the first of the tree.
const HARDWARE: ComponentId = ComponentId(0);

/// A process that has nothing of its own yet.
pub fn process(kernel: KernelId, stack: StackId, component: ComponentId) -> Process {
    Process {
        kernel,
        parent: ProcessId::NONE,
        pid: 0,
        component,
        stack,
        namespace: None,
        bridged: false,
        filters: 0,
        group: None,
        mounts: 0,
        nic: 0,
        space: Space::default(),
        threads: Vec::new(),
        children: Vec::new(),
        vm: None,
        ports: false,
        killed: None,
        stopping: false,
        node: None,
        order: None,
    }
}

/// What a process is that runs a described program: its namespaces and filters.
pub fn clothe(process: &mut Process, plan: &ProgramPlan) {
    process.ports = plan.ports;
    (process.nic, process.mounts) = (plan.nic, plan.mounts);
    if let Some(container) = plan.container {
        process.namespace = Some(container.membrane);
        process.filters = container.filters;
        process.bridged = container.network == ContainerNetwork::Bridge;
    }
}

impl State {
    /// A process is born: it gets the next number of its kernel, and is known to its parent.
    pub fn spawn(&mut self, mut process: Process) -> ProcessId {
        let (kernel, parent, node) = (process.kernel, process.parent, process.node);
        process.pid = self.kernel(kernel).next_pid;
        let id = ProcessId(self.processes.insert(process));
        let kernel = self.kernel_mut(kernel);
        kernel.next_pid += 1;
        kernel.processes.insert(id);
        if parent.some().is_some() {
            self.process_mut(parent).children.push(id);
        }
        if let Some(node) = node {
            let life = self.life_mut(node);
            if life.processes.is_empty() {
                life.main = id;
            }
            life.processes.push(id);
        }
        id
    }

    /// A thread of `process` on `cpu` that has nothing to do yet.
    pub fn thread(&self, process: ProcessId, cpu: CpuId) -> Task {
        let of = self.process(process);
        Task {
            kernel: of.kernel,
            process,
            cpu,
            pinned: false,
            state: TaskState::Blocked,
            asleep: Asleep::Interruptible,
            doomed: false,
            frames: Vec::new(),
            work: None,
            guest: None,
            vcpu: CpuId::NONE,
            journey: Ride::NONE,
            incoming: Ride::NONE,
            vruntime: 0,
            weight: NICE_0,
            stack: of.stack,
            component: of.component,
            program: 0,
            pc: 0,
            rounds: Vec::new(),
            messages: 0,
            partners: [TaskId::NONE; Link::KINDS],
            link: Link::default(),
            asked: Asked::default(),
            received: 0,
            chance: None,
            child: TaskId::NONE,
            parent: TaskId::NONE,
            alarm: None,
            inbox: VecDeque::new(),
            arrived: false,
        }
    }

    /// A thread is born.
    pub fn add_thread(&mut self, task: Task) -> TaskId {
        let process = task.process;
        let id = TaskId(self.tasks.insert(task));
        self.process_mut(process).threads.push(id);
        self.join(id);
        id
    }

    /// A thread that has ended is forgotten, and with the last one its process, which is returned.
    pub fn bury(&mut self, id: TaskId) -> Option<(ProcessId, Process)> {
        let process = self.task(id).process;
        self.leave(id);
        self.tasks.remove(id.0);
        let of = self.process_mut(process);
        of.threads.retain(|thread| *thread != id);
        of.threads.is_empty().then(|| (process, self.end_process(process)))
    }

    fn end_process(&mut self, id: ProcessId) -> Process {
        let process = self.process_mut(id);
        let (kernel, parent) = (process.kernel, process.parent);
        let children = std::mem::take(&mut process.children);
        let ended = process.clone();
        self.give_back(kernel, Owner::Process(id), ended.space.owned);
        self.leave_swap(id);
        // Orphans belong to their kernel's first process.
        for child in children {
            self.process_mut(child).parent = ProcessId::NONE;
        }
        if parent.some().is_some() {
            self.process_mut(parent).children.retain(|child| *child != id);
        }
        let kernel = self.kernel_mut(kernel);
        kernel.processes.remove(&id);
        self.processes.remove(id.0);
        ended
    }

    /// What is described stands up at time zero, all at once, with what is to be up in it.
    /// What has to boot for that is added to `power`.
    pub fn stand_up(&mut self, fixed: &Fixed, node: NodeId, power: &mut Vec<NodeId>) {
        let plan = &fixed.plans[node.index()];
        if !plan.upkeep.up || !plan.runs() {
            return;
        }
        if plan.machine().is_some_and(|machine| machine.boots) {
            return power.push(node);
        }
        match &plan.what {
            Planned::Program(program) => {
                let Some(run) = &program.run else { return };
                let of = process(plan.kernel, plan.stack, program.app);
                let mut of = Process { node: Some(node), group: program.group, ..of };
                clothe(&mut of, program);
                let id = self.spawn(of);
                for _ in 0..run.threads {
                    let cpu = self.place(plan.kernel, run.cpu);
                    self.program_thread(id, run, cpu, true);
                }
            }
            Planned::Machine(machine) => {
                self.preallocate(machine);
                self.add_init(machine, node, plan.stack);
                for &inner in &machine.nodes {
                    self.stand_up(fixed, inner, power);
                }
                self.device_model(plan, machine, node);
            }
        }
        let life = self.life_mut(node);
        (life.phase, life.starts) = (Phase::Up, 1);
    }

    /// The device model of a machine that is up, with its threads: one per vCPU and one for its devices.
    fn device_model(&mut self, plan: &Plan, machine: &MachinePlan, node: NodeId) {
        let component = self.kernel(plan.kernel).parts.vcpus;
        let of = process(plan.kernel, plan.stack, component);
        let of = Process { vm: Some(machine.vm), node: Some(node), group: machine.group, ..of };
        let model = self.spawn(of);
        for index in 0..machine.vcpus {
            let cpu = self.place(plan.kernel, machine.pin.get(usize::from(index)).copied());
            let active = self.cpu(CpuId(machine.first_cpu.0 + index)).waiting() > 0;
            let thread = self.vcpu_thread(model, machine, index, cpu, active);
            if active {
                self.make_ready(thread);
            }
        }
        let cpu = self.place(plan.kernel, None);
        let worker = self.add_thread(self.thread(model, cpu));
        self.make_worker(machine.vm, worker);
    }

    /// The thread behind vCPU `index`. `active`: its processor has something to do, so that it is about to enter guest
    /// mode; otherwise it stands in HLT.
    pub fn vcpu_thread(
        &mut self,
        model: ProcessId,
        machine: &MachinePlan,
        index: u16,
        cpu: CpuId,
        active: bool,
    ) -> TaskId {
        let vcpu = CpuId(machine.first_cpu.0 + index);
        let exit = |exit| Kind::Exit { exit, reflect: false };
        let top = match active {
            true => Frame::at(exit(Exit::ExternalInterrupt), Ride::NONE, ExitStep::Inject),
            false => Frame::at(exit(Exit::Hlt), Ride::NONE, ExitStep::Block),
        };
        if !active {
            self.cpu_mut(vcpu).frames.push(Frame::at(Kind::Idle, Ride::NONE, IdleStep::Halted));
        }
        let thread = Task {
            pinned: machine.pin.get(usize::from(index)).is_some(),
            vcpu,
            frames: vec![Frame::new(Kind::Vcpu, Ride::NONE), top],
            ..self.thread(model, cpu)
        };
        let thread = self.add_thread(thread);
        self.cpu_mut(vcpu).thread = thread;
        thread
    }

    /// A thread of a device model is the one that the machine's doorbells are for. What rings before it serves waits in
    /// its inbox, as a doorbell's eventfd counts what nobody has read yet.
    pub fn bind_doorbells(&mut self, vm: VmId, worker: TaskId) {
        let parts = self.kernel(self.vm(vm).host).parts;
        let component = match self.vm(vm).backend {
            Backend::UserSpace => parts.device_models,
            Backend::Vhost => parts.backends,
        };
        self.task_mut(worker).component = component;
        let model = self.task(worker).process;
        let vm = self.vm_mut(vm);
        (vm.worker, vm.model) = (worker, model);
    }

    /// A thread of a device model serves the machine's devices from now on.
    pub fn make_worker(&mut self, vm: VmId, worker: TaskId) {
        self.bind_doorbells(vm, worker);
        self.task_mut(worker).frames = vec![Frame::new(Kind::Backend, Ride::NONE)];
    }

    /// The first process of a guest's kernel, asleep.
    pub fn add_init(&mut self, machine: &MachinePlan, node: NodeId, stack: StackId) -> TaskId {
        let kernel = self.kernel(machine.guest);
        let component = kernel.parts.scheduler;
        let next = kernel.next_pid;
        self.kernel_mut(machine.guest).next_pid = 1;
        let id = self.spawn(process(machine.guest, stack, component));
        self.kernel_mut(machine.guest).next_pid = next;
        let frames = vec![Frame::at(Kind::Init(node), Ride::NONE, super::kernel::init::InitStep::Wait)];
        let init = self.add_thread(Task { frames, ..self.thread(id, machine.first_cpu) });
        self.vm_mut(machine.vm).init = init;
        init
    }

    /// The host is switched on: its first core runs the firmware, on what is to be the first process of its kernel.
    pub fn power_on(&mut self) {
        self.add_host_init(super::kernel::init::booting(NodeId::HOST));
        self.make_ready(self.host.init);
    }

    /// The first process of the host's kernel, which sleeps.
    pub fn add_host_init(&mut self, frames: Vec<Frame>) {
        let kernel = self.kernel_mut(KernelId(0));
        let (component, cpu) = (kernel.parts.scheduler, kernel.first_cpu);
        let next = std::mem::replace(&mut kernel.next_pid, 1);
        let id = self.spawn(process(KernelId(0), StackId::NONE, component));
        self.kernel_mut(KernelId(0)).next_pid = next;
        self.host.init = self.add_thread(Task { frames, ..self.thread(id, cpu) });
    }

    /// A thread of a program on `cpu`, and the partners that its operations need. `ready`: it runs from time zero.
    pub fn program_thread(&mut self, process: ProcessId, run: &Run, cpu: CpuId, ready: bool) -> TaskId {
        let thread = self.thread(process, cpu);
        let thread = self.add_thread(Task { weight: run.weight, ..thread });
        self.give_program(thread, run);
        if ready {
            self.make_ready(thread);
        }
        self.add_partners(thread, run);
        thread
    }

    /// A thread runs a program from its beginning.
    pub fn give_program(&mut self, thread: TaskId, run: &Run) {
        let chance = self.chance(thread, run);
        let task = self.task_mut(thread);
        task.chance = chance;
        task.pinned = run.cpu.is_some() || run.links.iter().any(|link| link.is_pipe());
        (task.program, task.pc, task.weight) = (run.program, 0, run.weight);
        task.frames = vec![Frame::new(Kind::Program, Ride::NONE)];
    }

    /// What a thread that is about to run a program draws from: another stream for each thread and each life.
    fn chance(&self, thread: TaskId, run: &Run) -> Option<Stream> {
        let (seed, name) = run.chance.as_ref()?;
        let process = self.process_of(thread);
        let (number, life) = (process.threads.len(), process.node.map_or(0, |node| self.life(node).starts));
        Some(Stream::new(*seed, &format!("{name}, thread {number} of life {life}")))
    }

    /// The far ends of a thread's pipes and sockets, each waiting for a message.
    pub fn add_partners(&mut self, thread: TaskId, run: &Run) {
        let (process, cpu, kernel) = (self.task(thread).process, self.task(thread).cpu, self.task(thread).kernel);
        for &link in &run.links {
            let kernel = self.kernel(kernel);
            let other = match link {
                Link::PipeSameCpu => cpu,
                Link::PipeAcrossCpus | Link::Socket | Link::RoutedSocket => {
                    CpuId(kernel.first_cpu.0 + (cpu.0 - kernel.first_cpu.0 + 1) % kernel.cpus)
                }
            };
            let partner = Task {
                pinned: link.is_pipe(),
                weight: run.weight,
                link,
                partners: [thread; Link::KINDS],
                frames: vec![Frame::at(Kind::Echo, Ride::NONE, EchoStep::Wait)],
                ..self.thread(process, other)
            };
            let partner = self.add_thread(partner);
            self.task_mut(thread).partners[link as usize] = partner;
        }
    }

    fn make_ready(&mut self, thread: TaskId) {
        self.task_mut(thread).state = TaskState::Ready;
        self.insert(thread);
    }

    /// The processor with the fewest ready tasks, or the one asked for.
    fn place(&self, kernel: KernelId, wish: Option<u16>) -> CpuId {
        let kernel = self.kernel(kernel);
        match wish {
            Some(index) => CpuId(kernel.first_cpu.0 + index),
            None => kernel.cpu_ids().min_by_key(|cpu| (self.cpu(*cpu).waiting(), *cpu)).unwrap_or(kernel.first_cpu),
        }
    }

    /// A processor that nothing has happened on yet.
    fn reset_cpu(&mut self, id: CpuId) {
        let cpu = self.cpu_mut(id);
        *cpu = Cpu {
            kernel: cpu.kernel,
            thread: TaskId::NONE,
            component: cpu.component,
            stack: cpu.stack,
            frames: Vec::new(),
            work: None,
            pending: VecDeque::new(),
            current: TaskId::NONE,
            next: TaskId::NONE,
            root: Queue::default(),
            queues: BTreeMap::new(),
            idle: true,
            claimed: false,
            reschedule: false,
            timers: BTreeSet::new(),
            tick_at: Time::MAX,
            quota_at: Time::MAX,
            deadline_below: None,
            programmed: Time::MAX,
            charged_from: Time::MAX,
            grant: Time::ZERO,
            granted_at: Time::ZERO,
            // What is on its way to a core of the hardware finds that it comes too late.
            core: Core {
                segment: None,
                generation: cpu.core.generation.wrapping_add(1),
                timer_generation: cpu.core.timer_generation.wrapping_add(1),
                waking: None,
                ..cpu.core
            },
        };
    }
}

impl Turn<'_> {
    /// A child of `parent`'s process, made for an operation: it has what its parent has, and a copy of its memory
    /// unless that is only lent (`vfork`). It does not run yet.
    pub fn fork(&mut self, parent: TaskId, operation: u16, vfork: bool) -> TaskId {
        let fixed = self.f;
        let made_for = &fixed.operations[usize::from(operation)];
        let maker = self.s.task(parent).process;
        let of = self.s.process(maker);
        let entries = if vfork { 0 } else { of.space.entries };
        let mut child = Process {
            parent: maker,
            namespace: of.namespace,
            bridged: of.bridged,
            filters: of.filters,
            ports: of.ports,
            group: of.group,
            mounts: of.mounts,
            nic: of.nic,
            node: of.node,
            stopping: of.stopping,
            space: Space { entries, ..Space::default() },
            ..process(of.kernel, of.stack, of.component)
        };
        let mut kind = match &made_for.operation {
            Operation::StartContainer(_) => Kind::ContainerChild(operation),
            _ => Kind::Child(operation),
        };
        let mut wish = None;
        if let Some(node) = made_for.node {
            let plan = &fixed.plans[node.index()];
            // It is the first process of what is being started, and nothing of who starts it.
            let component = plan.program().map_or(self.s.kernel(of.kernel).parts.vcpus, |program| program.app);
            let space = child.space;
            let stopping = self.s.life(node).stopping;
            let of = process(of.kernel, plan.stack, component);
            // A machine's threads are in its group from the beginning; a program's enter theirs when they become it.
            let group = plan.machine().and_then(|machine| machine.group);
            child = Process { parent: maker, node: Some(node), space, stopping, group, ..of };
            kind = match &plan.what {
                Planned::Program(ProgramPlan { container: None, .. }) => kind,
                Planned::Program(_) => Kind::ContainerChild(operation),
                Planned::Machine(_) => Kind::Model { operation, node },
            };
            wish = plan.program().and_then(|program| program.run.as_ref()?.cpu);
        }
        let process = self.s.spawn(child);
        let maker = self.s.task(parent);
        let first_cpu = self.s.kernel(maker.kernel).first_cpu;
        let described = made_for.node.is_some();
        let child = Task {
            pinned: if described { wish.is_some() } else { maker.pinned },
            weight: if described { NICE_0 } else { maker.weight },
            parent,
            frames: vec![Frame::new(kind, Ride::NONE)],
            ..self.s.thread(process, wish.map_or(maker.cpu, |index| CpuId(first_cpu.0 + index)))
        };
        let child = self.s.add_thread(child);
        // As far ahead in its queue as its maker is in its own.
        let of = |state: &State, task| state.min_vruntime(state.task(task).cpu, state.group_of(task));
        let ahead = self.s.task(parent).vruntime.saturating_sub(of(self.s, parent));
        self.s.task_mut(child).vruntime = of(self.s, child).saturating_add(ahead);
        self.s.task_mut(parent).child = child;
        if let Some(node) = made_for.node.filter(|node| self.s.life(*node).doomed) {
            self.s.process_mut(process).killed = Some(Signal::Kill);
            self.s.task_mut(child).doomed = true;
            self.s.life_mut(node).doomed = false;
        }
        child
    }

    /// A thread that has ended is forgotten, and whatever ends with it. Returns who is to be told.
    pub fn bury(&mut self, id: TaskId) -> Option<TaskId> {
        let (id, process) = self.s.bury(id)?;
        if let Some(vm) = process.vm {
            self.end_guest(vm);
        }
        let node = process.node?;
        let life = self.s.life_mut(node);
        life.processes.retain(|other| *other != id);
        if life.main == id {
            life.fate = process.killed;
        }
        if !life.processes.is_empty() {
            return None;
        }
        let why = match (life.fate, life.stopping) {
            (Some(Signal::Panic), _) => Ended::Panicked,
            (Some(Signal::Segv), _) => Ended::Faulted,
            (Some(Signal::Kill | Signal::ParentDeath), _) => Ended::Killed,
            (Some(Signal::OutOfMemory), _) => Ended::OutOfMemory,
            (_, true) => Ended::Stopped,
            (Some(Signal::PowerOff), _) => Ended::Stopped,
            (None | Some(Signal::Exit), _) => Ended::Finished,
        };
        self.ended(node, why);
        self.who_waits_for(node)
    }

    /// A process, container or virtual machine has ended.
    fn ended(&mut self, node: NodeId, why: Ended) {
        self.change(node, ChangeKind::Ended(why));
        let now = self.now;
        let life = self.s.life_mut(node);
        let long = life.phase == Phase::Up && now - life.since >= LONG_UP;
        let retries = if long { 0 } else { life.retries };
        let wanted = match self.f.plans[node.index()].upkeep.restart {
            Restart::Always => !life.stopping,
            Restart::OnFailure => !life.stopping && why.is_failure(),
            Restart::Never => false,
        };
        let (again, starts) = (life.again, life.starts);
        *life = Life { starts, retries, ..Life::default() };
        if matches!(why, Ended::WithItsMachine | Ended::PowerCut) {
            return;
        }
        if again {
            self.s.life_mut(node).retries = 0;
            self.start_soon(node, Time::ZERO);
        } else if wanted {
            self.s.life_mut(node).retries = retries + 1;
            let wait = FIRST_RETRY.times(1 << retries.min(16));
            self.start_soon(node, wait.min(LAST_RETRY));
        }
    }

    /// Something came, changed or went.
    pub fn change(&mut self, node: NodeId, what: ChangeKind) {
        let plan = self.f.plans.get(node.index());
        let (component, stack) = plan.map_or((HARDWARE, StackId::NONE), |plan| (plan.component, plan.stack));
        let change = Change { at: self.now, node: node.0, component, stack, what };
        self.s.journal.change(self.sink, change);
    }

    /// A cgroup changed, or was not changed: its owner did, or of one with a name the cgroup itself.
    pub fn group_changes(&mut self, id: GroupId, what: ChangeKind) {
        let of = self.f.groups[id.index()];
        if let Some(node) = of.node {
            return self.change(node, what);
        }
        let component = self.s.group(id).component;
        let change = Change { at: self.now, node: Change::GROUPS - id.0, component, stack: of.stack, what };
        self.s.journal.change(self.sink, change);
    }

    /// The device model of a virtual machine has ended, and with it the machine, its kernel and all that stands on it.
    fn end_guest(&mut self, vm: VmId) {
        let guest = self.s.vm(vm).guest;
        for id in self.s.kernel(guest).processes.clone() {
            if let Some(inner) = self.s.process(id).vm {
                self.end_guest(inner);
            }
            for thread in self.s.process(id).threads.clone() {
                self.forget(thread);
                self.s.tasks.remove(thread.0);
            }
            self.s.processes.remove(id.0);
        }
        let orphans: Vec<_> = self.s.requests.iter().filter(|(_, of)| of.kernel == guest).map(|(id, _)| id).collect();
        orphans.into_iter().for_each(|id| self.s.requests.remove(id));
        for cpu in self.s.kernel(guest).cpu_ids() {
            self.forget_deadline(cpu);
            self.s.reset_cpu(cpu);
        }
        self.reset_groups(guest);
        let kernel = self.s.kernel_mut(guest);
        kernel.forget_cache();
        (kernel.allocated, kernel.kept, kernel.next_pid) = (0, 0, FIRST_PID);
        kernel.boot = Booting::default();
        kernel.swap.forget();
        kernel.processes.clear();
        kernel.short.clear();
        let node = self.s.vm(vm).node;
        let fixed = self.f;
        let Some(machine) = fixed.plans[node.index()].machine() else { return };
        // What the guest had is the kernel's below again.
        let (host, backed) = (self.s.vm(vm).host, self.s.vm(vm).backed);
        self.s.give_back(host, Owner::Guest(vm), backed);
        self.s.guest_leaves_swap(vm);
        let vm = self.s.vm_mut(vm);
        (vm.model, vm.worker, vm.init) = (ProcessId::NONE, TaskId::NONE, TaskId::NONE);
        (vm.backed, vm.asked, vm.at_devices, vm.off) = (0, 0, 0, false);
        vm.owing = 0;
        for &inner in &machine.nodes {
            self.gone_with(inner, Ended::WithItsMachine);
        }
    }

    /// What stood on something that is no more.
    fn gone_with(&mut self, node: NodeId, why: Ended) {
        if self.s.life(node).phase != Phase::Down {
            self.ended(node, why);
        }
    }

    /// Everything stops at once: the host has lost its power, or its kernel has panicked.
    pub fn go_dark(&mut self, why: Ended) {
        for core in 0..self.s.cpus.len() as u16 {
            self.end_segment(CpuId(core));
        }
        let tasks: Vec<TaskId> = self.s.tasks.iter().map(|(id, _)| TaskId(id)).collect();
        for task in tasks {
            self.forget(task);
            self.s.tasks.remove(task.0);
        }
        let now = self.now;
        for index in 0..self.s.cpus.len() as u16 {
            let core = &mut self.s.cpu_mut(CpuId(index)).core;
            core.idle_since.get_or_insert(now);
            self.s.reset_cpu(CpuId(index));
        }
        self.s.processes = super::arena::Arena::default();
        self.s.tasks = super::arena::Arena::default();
        self.s.requests = super::arena::Arena::default();
        for kernel in 0..self.s.kernels.len() as u16 {
            self.reset_groups(KernelId(kernel));
            let kernel = self.s.kernel_mut(KernelId(kernel));
            kernel.processes.clear();
            kernel.forget_cache();
            (kernel.allocated, kernel.kept) = (0, 0);
            kernel.swap.forget();
            kernel.short.clear();
        }
        for vm in &mut self.s.vms {
            (vm.model, vm.worker, vm.init) = (ProcessId::NONE, TaskId::NONE, TaskId::NONE);
            (vm.backed, vm.asked, vm.at_devices, vm.off) = (0, 0, 0, false);
            (vm.swapped, vm.owing) = (0, 0);
        }
        self.s.resident.iter_mut().for_each(|resident| resident.now = 0);
        self.s.disks.iter_mut().for_each(|disk| disk.forget(now));
        for node in 0..self.f.plans.len() as u32 {
            self.gone_with(NodeId(node), why);
        }
        (self.s.dark, self.s.host.up, self.s.host.init) = (true, false, TaskId::NONE);
    }

    /// A request that a device model made of a disk is done. Returns the thread of the device model that waits for that
    /// before it takes the memory down, if there is one.
    pub fn back_from_device(&mut self, vm: VmId) -> Option<TaskId> {
        let vm = self.s.vm_mut(vm);
        vm.at_devices = vm.at_devices.saturating_sub(1);
        let (model, left) = (vm.model, vm.at_devices);
        let model = model.some().filter(|model| left == 0 && self.s.processes.has(model.0))?;
        let waits = |thread: &TaskId| {
            let task = self.s.task(*thread);
            let ends = matches!(task.frames.first(), Some(Frame { kind: Kind::ExitThread { .. }, .. }));
            ends && task.state == TaskState::Blocked
        };
        self.s.process(model).threads.iter().copied().find(waits)
    }

    /// Whether a guest still waits for a request: it may have ended since.
    pub fn is_waited_for(&self, origin: Origin) -> bool {
        match origin {
            Origin::Task(task) | Origin::Polled(task) => self.s.lives(task),
            Origin::Guest(vm, request) => self.s.requests.has(request.0) && self.s.lives(self.s.vm(vm).worker),
        }
    }
}
