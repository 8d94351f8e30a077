//! What is done from outside, at any time: by a scenario's script, or by somebody's hand.
//!
//! Real: somebody at a keyboard, or a program on another computer, asks the host (or a guest) for something: `docker
//! start`, `kill -9`, `virsh reboot`, a file of a cgroup. The request arrives as an interrupt, and some process does what
//! was asked for by system calls.
//! Modelled: that. Each order is an event; a process on the kernel that is meant is woken by an interrupt, does it at the
//! price of the system calls, and ends. A guest's kernel is reached through its hypervisor, by an interrupt that is
//! injected. An order comes before whatever else happens at the same instant, however it was given, so that a script and a
//! hand give the same run. Left out: shells and clients, sshd, the engine's own work.

use crate::costs::Primitive;
use crate::engine::Time;
use crate::trace::{ChangeKind, CpuId, Crossing, Ended, OperationKind, Refusal, StackId, Token};

use super::frame::{At, Frame, GroupId, Irq, IrqKind, Kind, Pc, TaskId, steps};
use super::journal::Ride;
use super::kernel::init::InitStep;
use super::life;
use super::plan::NodeId;
use super::spec::{CpuMax, Order};
use super::state::{KernelId, Phase, Process, Signal, Task};

pub use super::state::Action;
use super::turn::Turn;
use super::{Event, Machine};

/// Something that is done from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Input(pub(super) Action);

impl Machine {
    /// The event that switching a virtual machine on is.
    pub(super) fn switch_on(&self, node: NodeId) -> Event {
        Event::Input(Input(Action::Start(node)))
    }

    /// The event that an order is; `None` if nothing has the name.
    pub fn input(&self, order: &Order) -> Option<Event> {
        if let Some(action) = self.of_group(order) {
            return Some(Event::Input(Input(action)));
        }
        let node = match order.target() {
            Some(path) => *self.fixed.by_path.get(path)?,
            None => NodeId(u32::MAX),
        };
        Some(Event::Input(Input(match order {
            Order::Start(_) => Action::Start(node),
            Order::Stop(_) => Action::Stop(node),
            Order::Kill(_) => Action::Kill(node),
            Order::Restart(_) => Action::Restart(node),
            Order::SetCpuMax(..) | Order::SetCpuWeight(..) => Action::NoGroup(node),
            Order::Panic(_) => Action::Panic(node),
            Order::HostPanic => Action::HostPanic,
            Order::PowerCut => Action::PowerCut,
            Order::Shutdown => Action::Shutdown,
        })))
    }

    /// What an order does to a cgroup, if there is the one that it names.
    fn of_group(&self, order: &Order) -> Option<Action> {
        let fixed = &self.fixed;
        let own = |path: &String| fixed.by_path.get(path).and_then(|node| fixed.plans[node.index()].group());
        let group = |path: &String| own(path).or_else(|| fixed.named_groups.get(path).copied());
        match order {
            Order::SetCpuMax(path, max) => Some(Action::SetCpuMax(group(path)?, *max)),
            Order::SetCpuWeight(path, weight) => Some(Action::SetCpuWeight(group(path)?, *weight)),
            _ => None,
        }
    }
}

/// On whose kernel an order is to be done, and on which stack's behalf.
#[derive(Clone, Copy)]
struct Site {
    kernel: KernelId,
    stack: StackId,
    /// The virtual machine whose kernel it is.
    inside: Option<NodeId>,
}

/// What a process does that was born for an order: that, and then it ends.
fn act_frames() -> Vec<Frame> {
    vec![Frame::new(Kind::ExitThread { lent: false }, Ride::NONE), Frame::new(Kind::Act, Ride::NONE)]
}

steps! {
    /// [`Kind::Act`].
    enum ActStep { Enter, Work, Effect, Done }
}

impl Turn<'_> {
    /// An order arrives.
    pub fn input(&mut self, action: Action) {
        match action {
            Action::PowerCut => self.go_dark(Ended::PowerCut),
            Action::HostPanic => self.go_dark(Ended::Panicked),
            Action::Off => self.go_dark(Ended::Stopped),
            Action::Shutdown => self.press_power_button(),
            Action::Start(node) => self.start_from_outside(node),
            Action::Restart(node) if self.s.life(node).phase == Phase::Down => self.start_from_outside(node),
            Action::Revive { node, starts } => {
                let life = self.s.life(node);
                if life.phase == Phase::Down && life.starts == starts && self.may_start(node).is_ok() {
                    self.start_from_outside(node);
                }
            }
            Action::GraceOver { node, starts } => {
                let life = self.s.life(node);
                if life.phase != Phase::Down && life.starts == starts && life.stopping {
                    self.send_to_do(node, action);
                }
            }
            Action::Stop(node) | Action::Kill(node) | Action::Restart(node) | Action::Panic(node) => {
                if self.s.life(node).phase == Phase::Down {
                    return self.change(node, ChangeKind::Refused(Refusal::DoesNotRun));
                }
                self.send_to_do(node, action);
            }
            Action::NoGroup(node) => self.change(node, ChangeKind::Refused(Refusal::NoLimit)),
            Action::SetCpuMax(group, _) | Action::SetCpuWeight(group, _) => self.write_to_group(group, action),
        }
    }

    /// Somebody is to write to a file of a cgroup.
    fn write_to_group(&mut self, id: GroupId, action: Action) {
        let of = self.f.groups[id.index()];
        if of.node.is_some_and(|node| self.s.life(node).phase == Phase::Down) {
            return self.group_changes(id, ChangeKind::Refused(Refusal::DoesNotRun));
        }
        let site = Site { kernel: self.s.group(id).kernel, stack: of.stack, inside: of.inside };
        if !self.operator(site, action, act_frames(), Ride::NONE) {
            self.group_changes(id, ChangeKind::Refused(Refusal::MachineIsDown));
        }
    }

    /// What is down is started after a while, unless it has been until then.
    pub fn start_soon(&mut self, node: NodeId, wait: Time) {
        let starts = self.s.life(node).starts;
        self.scheduler.after(wait, Event::Input(Input(Action::Revive { node, starts })));
    }

    /// The host is asked to turn itself off: an interrupt for its kernel's first process.
    fn press_power_button(&mut self) {
        // A first process that has ended, because the host goes down already or ran out of memory, hears nothing.
        if self.s.host.init.some().is_some_and(|init| !self.s.lives(init)) {
            return;
        }
        self.s.host.stopping = true;
        if self.s.host.init.some().is_none() {
            self.s.add_host_init(vec![Frame::at(Kind::Init(NodeId::HOST), Ride::NONE, InitStep::Wait)]);
        }
        let init = self.s.host.init;
        let core = self.s.task(init).cpu;
        self.interrupt(core, Irq { kind: IrqKind::Order(init), ride: Ride::NONE });
    }

    /// The power of the host is off, from the next event on.
    pub fn switch_off(&mut self) {
        self.scheduler.after(Time::ZERO, Event::Input(Input(Action::Off)));
    }

    fn start_from_outside(&mut self, node: NodeId) {
        let unreached = if self.s.host.up { Refusal::MachineIsDown } else { Refusal::NotBooted };
        let may = self.reached(self.site_of(node)).ok_or(unreached).and(self.may_start(node));
        if let Err(why) = may {
            return self.change(node, ChangeKind::Refused(why));
        }
        self.begin_start(node);
        let plan = &self.f.plans[node.index()];
        let label = self.f.operations[usize::from(plan.start)].label;
        let (stack, start, component) = (plan.stack, plan.start, plan.component);
        let ride = self.s.journal.begin(self.sink, stack, OperationKind::Start, label, component, self.now);
        let frames =
            vec![Frame::new(Kind::ExitThread { lent: false }, Ride::NONE), Frame::new(Kind::Operation(start), ride)];
        // It has been reached just now.
        self.operator(self.site_of(node), Action::Start(node), frames, ride);
    }

    fn site_of(&self, node: NodeId) -> Site {
        let plan = &self.f.plans[node.index()];
        Site { kernel: plan.kernel, stack: plan.stack, inside: plan.inside }
    }

    /// The processor of a kernel that an order comes to, and the core of the hardware that leads there; `None` while that
    /// kernel is not up.
    fn reached(&self, site: Site) -> Option<(CpuId, CpuId)> {
        if !self.s.host.up || site.inside.is_some_and(|outer| self.s.life(outer).phase != Phase::Up) {
            return None;
        }
        let kernel = self.s.kernel(site.kernel);
        let free = |cpu: &CpuId| self.s.cpu(*cpu).idle && !self.s.cpu(*cpu).claimed;
        let cpu = kernel.cpu_ids().find(free).unwrap_or(kernel.first_cpu);
        let mut core = cpu;
        while self.s.kernel_of(core).vm.is_some() {
            let thread = self.s.thread_of(core).filter(|thread| self.s.lives(*thread))?;
            core = self.s.task(thread).cpu;
        }
        Some((cpu, core))
    }

    /// A process on the kernel of `node` does what was ordered.
    fn send_to_do(&mut self, node: NodeId, action: Action) {
        if !self.operator(self.site_of(node), action, act_frames(), Ride::NONE) {
            self.change(node, ChangeKind::Refused(Refusal::MachineIsDown));
        }
    }

    /// A process on a kernel is born to do something. False: the kernel is not up.
    fn operator(&mut self, site: Site, action: Action, frames: Vec<Frame>, ride: Ride) -> bool {
        let component = self.s.kernel(site.kernel).parts.system_calls;
        let Some((cpu, core)) = self.reached(site) else { return false };
        let process = Process { order: Some(action), ..life::process(site.kernel, site.stack, component) };
        let process = self.s.spawn(process);
        let vruntime = self.s.min_vruntime(cpu, None);
        let task = Task { frames, vruntime, journey: ride, ..self.s.thread(process, cpu) };
        let task = self.s.add_thread(task);
        let ride = self.s.journal.hand_over(ride);
        self.s.task_mut(task).incoming = ride;
        self.interrupt(core, Irq { kind: IrqKind::Order(task), ride });
        true
    }

    /// The interrupt has come to a kernel: it is for a task of its own, which is woken, or for a kernel above.
    pub fn pass_order(&mut self, at: At, task: TaskId) {
        if !self.s.lives(task) {
            return;
        }
        if self.s.task(task).kernel == self.s.cpu(at.cpu).kernel {
            return self.push(at, Kind::Wake(task));
        }
        if let Some(vcpu) = self.way_to(at.cpu, task) {
            let irq = IrqKind::Order(task);
            let ride = self.pass_with(at.ride, irq);
            self.post(vcpu, irq, ride);
            self.push(At { ride, ..at }, Kind::Notify(vcpu));
        }
    }

    /// [`Kind::Act`]: what was ordered, by a system call.
    pub fn step_act(&mut self, at: At, pc: Pc) {
        let Some(task) = self.task_of(at) else { return self.pop(at) };
        let parts = self.s.kernel_of(at.cpu).parts;
        let action = self.s.process_of(task).order;
        match ActStep::of(pc) {
            ActStep::Enter => self.enter_kernel(at, ActStep::Work),
            ActStep::Work => {
                let (primitive, component) = match action {
                    // A file of the cgroup is opened and written.
                    Some(Action::SetCpuMax(..) | Action::SetCpuWeight(..)) => (Primitive::OpenFile, parts.files),
                    _ => (Primitive::SignalKill, parts.system_calls),
                };
                self.pay(at, ActStep::Effect, primitive, 1, component, Crossing::None, Token::SystemCall);
            }
            ActStep::Effect => {
                self.goto(at, ActStep::Done);
                if let Some(action) = action {
                    self.act(at, action);
                }
            }
            ActStep::Done => self.pop(at),
        }
    }

    fn act(&mut self, at: At, action: Action) {
        match action {
            Action::Kill(node) | Action::GraceOver { node, .. } => self.kill_all(at, node, Signal::Kill),
            Action::Panic(node) => self.kill_all(at, node, Signal::Panic),
            Action::Stop(node) => self.stop(at, node),
            Action::Restart(node) => {
                if self.s.life(node).phase == Phase::Down {
                    return self.start_soon(node, Time::ZERO);
                }
                self.s.life_mut(node).again = true;
                self.stop(at, node);
            }
            Action::SetCpuMax(group, max) => {
                self.set_cpu_max(at, group, max);
                let CpuMax { quota, period, burst } = max;
                self.group_changes(group, ChangeKind::CpuMax { quota, period, burst });
            }
            Action::SetCpuWeight(group, weight) => {
                self.set_cpu_weight(group, weight);
                self.group_changes(group, ChangeKind::CpuWeight(weight));
            }
            Action::NoGroup(_)
            | Action::Start(_)
            | Action::HostPanic
            | Action::PowerCut
            | Action::Shutdown
            | Action::Off
            | Action::Revive { .. } => {}
        }
    }

    fn stop(&mut self, at: At, node: NodeId) {
        if self.s.life(node).phase == Phase::Down {
            return;
        }
        self.ask_to_stop(at, node);
        let starts = self.s.life(node).starts;
        self.scheduler.after(Order::GRACE, Event::Input(Input(Action::GraceOver { node, starts })));
    }

    fn kill_all(&mut self, at: At, node: NodeId, signal: Signal) {
        let life = self.s.life_mut(node);
        // It may be on the way to its birth.
        life.doomed = life.phase == Phase::Starting && life.processes.is_empty();
        for process in self.s.life(node).processes.clone() {
            self.kill(at, process, signal);
        }
    }
}
