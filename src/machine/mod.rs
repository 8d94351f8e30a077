//! The simulated machine: hardware, kernels, hypervisors, containers and programs, as one recursion.
//!
//! A kernel runs on processors that are cores of the hardware or vCPUs, and never knows which. A vCPU is a thread of
//! the kernel below. So a stack of any depth is the same parts again, and what depth costs follows from how often
//! the lower parts are used. [`Machine`] is plain state; [`Event`] is what can happen to it; `turn` is the loop that
//! finds what each core is in the middle of; every mechanism is a file with the steps of its frames.

mod arena;
mod boot;
mod build;
mod container;
mod execute;
mod frame;
mod group_use;
mod hardware;
mod hypervisor;
mod ids;
pub mod inspect;
pub mod instruction;
mod journal;
mod kernel;
mod life;
pub mod limits;
mod link;
pub mod listing;
mod memory_use;
mod mounts;
mod orders;
mod plan;
mod presence;
mod run;
mod sequence;
pub mod spec;
mod state;
mod step;
mod topology;
mod turn;
mod utilization;
pub mod viewpoint;
mod workload;

use std::sync::Arc;

pub use group_use::{GroupUse, LimitUse};
pub use limits::SpecError;
pub use memory_use::{MemoryUse, StackMemory, SwapUse};
pub use orders::Input;
pub use presence::{CpuLimit, LifeSpan, Presence, Presences};
pub use run::{End, Outcome, RunOptions, run};
pub use topology::{Component, ComponentKind, CpuInfo, GroupInfo, NodeInfo, StackInfo, Topology};
pub use utilization::{Hardware, Utilization};

use crate::costs::{Primitive, Table};
use crate::engine::{Model, Scheduler, Time};
use crate::trace::{CpuId, Crossing, Recorder, Token, What};

use frame::{Irq, IrqKind, RequestId};
use state::{Fixed, State};
use turn::Turn;

/// The state of the whole machine.
#[derive(Clone, Debug)]
pub struct Machine {
    state: State,
    fixed: Arc<Fixed>,
}

impl std::hash::Hash for Machine {
    fn hash<H: std::hash::Hasher>(&self, hasher: &mut H) {
        self.state.hash(hasher);
    }
}

/// What there is at a moment, in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Living {
    /// Processes, the device models of virtual machines among them.
    pub processes: usize,
    /// Their threads.
    pub threads: usize,
    /// Requests on their way to devices, or on their way back.
    pub requests: usize,
    /// Places for all of these: the most that there ever were at once.
    pub places: usize,
}

/// What can happen.
#[derive(Clone, Copy, Debug, Hash)]
pub enum Event {
    /// A core looks for something to do.
    Run(CpuId),
    /// The work under way on a core is done, unless it was interrupted in the meantime.
    #[allow(missing_docs)]
    SegmentEnd { core: CpuId, generation: u32 },
    /// A core's timer reaches its deadline, unless it was programmed anew.
    #[allow(missing_docs)]
    Timer { core: CpuId, generation: u32 },
    /// An inter-processor interrupt arrives.
    Ipi(Ipi),
    /// The disk has served a request.
    DiskDone(Served),
    /// A packet has reached the peer.
    PacketAtPeer(Served),
    /// The peer's answer has arrived.
    PacketArrives(Served),
    /// Something is done from outside.
    Input(Input),
}

/// An inter-processor interrupt on its way.
#[derive(Clone, Copy, Debug, Hash)]
pub struct Ipi {
    core: CpuId,
    irq: Irq,
    sent: Time,
}

/// A request that a device has served.
#[derive(Clone, Copy, Debug, Hash)]
pub struct Served(RequestId);

/// A machine at time zero, its parts, and the events that set it going.
pub type Start = (Machine, Topology, Vec<(Time, Event)>);

impl Machine {
    /// The machine that `spec` describes at time zero, its parts, and the events that set it going.
    ///
    /// # Errors
    /// Of a description that breaks one of the [`limits`] no machine is made. None that came from a file does.
    pub fn new(spec: &spec::Spec, costs: &Table, seed: u64) -> Result<Start, SpecError> {
        limits::check(spec)?;
        Ok(build::build(spec, costs, seed))
    }

    /// When the last hop so far ended.
    pub fn last_end(&self) -> Time {
        self.state.journal.last_end()
    }

    /// Up to where simulated time may run: no sum over threads or cores, and no weighted run time, passes a u64.
    fn end_of_time(&self) -> Time {
        let state = &self.state;
        let runs = || self.fixed.plans.iter().filter_map(|plan| plan.program()?.run.as_ref());
        // Those that are started later as well.
        let planned: usize = runs().map(|run| usize::from(run.threads) * (1 + run.links.len())).sum();
        let at_once = (state.tasks.len() + planned).max(state.cpus.len()) as u64;
        let weights = state.tasks.iter().map(|(_, task)| task.weight);
        let lightest = weights.chain(runs().map(|run| run.weight)).min().unwrap_or(kernel::scheduler::NICE_0);
        let stretch = u64::from(kernel::scheduler::NICE_0.div_ceil(lightest.max(1)));
        let groups = state.groups.iter();
        let of_group = |group: &state::Group| kernel::run_queue::stretch(group.weight, state.kernel(group.kernel).cpus);
        let stretch = groups.map(of_group).max().unwrap_or(1).max(stretch);
        Time(u64::MAX / at_once.max(stretch).max(1))
    }

    /// How long a core of the hardware has been idle, up to `now`.
    pub fn idle(&self, core: CpuId, now: Time) -> Time {
        let core = &self.state.cpu(core).core;
        core.idle_total + core.idle_since.map_or(Time::ZERO, |since| now - since)
    }

    /// A processor that has nothing to do and has been sent nothing, while a task that may run on it is ready in
    /// another's queue. There is never one: law 6.
    pub fn idle_beside_ready(&self) -> Option<CpuId> {
        let state = &self.state;
        let resting = |cpu: &state::Cpu| cpu.frames.iter().all(|frame| frame.kind == frame::Kind::Idle);
        let told = |cpu: &state::Cpu| cpu.claimed || cpu.reschedule || !cpu.pending.is_empty();
        let idle = |cpu: &state::Cpu| cpu.idle && resting(cpu) && !told(cpu);
        let waiting = |kernel: state::KernelId| {
            state.cpus.iter().any(|cpu| {
                // One of them is what the processor has been told to take up.
                cpu.kernel == kernel && cpu.root.movable > u32::from(cpu.claimed || cpu.reschedule)
            })
        };
        let ids = (0..state.cpus.len() as u16).map(CpuId);
        ids.into_iter().find(|&id| idle(state.cpu(id)) && waiting(state.cpu(id).kernel))
    }

    /// Once nothing is left to happen: a processor that has been told to take something up, and never will.
    pub fn told_for_nothing(&self) -> Option<CpuId> {
        let told = |cpu: &state::Cpu| cpu.claimed || cpu.reschedule || !cpu.pending.is_empty();
        let ids = (0..self.state.cpus.len() as u16).map(CpuId);
        ids.into_iter().find(|&id| told(self.state.cpu(id)))
    }

    /// Something that leads to what has ended, in words: a queue, a timer, a process without threads, a journey of nobody,
    /// something in a machine that is no more. There is never one.
    pub fn leftover(&self) -> Option<String> {
        let state = &self.state;
        let stale = |task: frame::TaskId| task.some().is_some() && !state.lives(task);
        for (index, cpu) in state.cpus.iter().enumerate() {
            if stale(cpu.current) || stale(cpu.next) {
                return Some(format!("processor {index} is to run a thread that has ended"));
            }
            if let Some(what) = state.queues_adrift(CpuId(index as u16)) {
                return Some(format!("processor {index} {what}"));
            }
            let alarm = |timer: &state::Timer| match timer {
                state::Timer::Wake(task) => stale(*task),
                state::Timer::Guest(vcpu) => state.thread_of(*vcpu).is_none(),
                _ => false,
            };
            if cpu.timers.iter().any(|(_, timer)| alarm(timer)) {
                return Some(format!("processor {index} has a timer for what has ended"));
            }
        }
        let held = |limit: &state::Limit| limit.throttled.iter().any(|&task| stale(task));
        if state.groups.iter().any(|group| group.limit.as_ref().is_some_and(held)) {
            return Some("a group holds a thread that has ended".to_owned());
        }
        if let Some(what) = state.loads_adrift() {
            return Some(what);
        }
        let orphan = |process: &state::Process| {
            process.threads.is_empty() || process.threads.iter().any(|&thread| stale(thread))
        };
        if let Some((_, process)) = state.processes.iter().find(|(_, process)| orphan(process)) {
            return Some(format!("process {} has no threads, or one that has ended", process.pid));
        }
        let carried = state.tasks.iter().filter(|(_, task)| task.journey != journal::Ride::NONE).count();
        if carried != state.journal.under_way() {
            return Some(format!("{} journeys are under way, of {carried} threads", state.journal.under_way()));
        }
        let down = |node: &plan::NodeId| state.life(*node).phase == state::Phase::Down;
        let nodes = (0..self.fixed.plans.len() as u32).map(plan::NodeId);
        nodes.filter(down).find_map(|node| self.left_by(node))
    }

    /// What is left of something that is down.
    fn left_by(&self, node: plan::NodeId) -> Option<String> {
        let (state, plan) = (&self.state, &self.fixed.plans[node.index()]);
        let left = |what: &str| Some(format!("\"{}\" has ended and left {what}", plan.path));
        let life = state.life(node);
        if !life.processes.is_empty() || life.stopping || life.again {
            return left("a process, or something that it was to do");
        }
        let machine = plan.machine()?;
        let (kernel, vm) = (state.kernel(machine.guest), state.vm(machine.vm));
        if !kernel.processes.is_empty() || kernel.allocated > 0 || kernel.cached.iter().any(|bytes| *bytes > 0) {
            return left("processes or memory");
        }
        if vm.backed > 0 || vm.at_devices > 0 || vm.model.some().is_some() || vm.off {
            return left("frames, or requests at a device");
        }
        let blank = |cpu: &state::Cpu| {
            let idle = cpu.frames.is_empty() && cpu.work.is_none() && cpu.pending.is_empty() && cpu.waiting() == 0;
            idle && cpu.queues.is_empty()
                && cpu.timers.is_empty()
                && cpu.thread.some().is_none()
                && cpu.deadline_below.is_none()
        };
        if !kernel.cpu_ids().all(|cpu| blank(state.cpu(cpu))) {
            return left("something on a processor");
        }
        let asked = state.requests.iter().any(|(_, request)| request.kernel == machine.guest);
        if asked { left("a request") } else { None }
    }

    /// How many threads live, and how many requests are under way to devices: both, and the places that they take, stay
    /// as small as what lives at once, however much was started and ended.
    pub fn living(&self) -> Living {
        let state = &self.state;
        Living {
            processes: state.processes.len(),
            threads: state.tasks.len(),
            requests: state.requests.len(),
            places: state.processes.slots() + state.tasks.slots() + state.requests.slots(),
        }
    }

    /// How many run queues of cgroups there are on all processors: of each, where it has threads.
    pub fn queues(&self) -> usize {
        self.state.cpus.iter().map(|cpu| cpu.queues.len()).sum()
    }

    /// A kernel whose frames are not what their owners have together, or whose swap area is not, in words. There is never
    /// one.
    pub fn frames_adrift(&self) -> Option<String> {
        self.state.frames_adrift().or_else(|| self.state.swap_adrift())
    }

    /// A cgroup that holds threads though its next period has begun, or with no timer that would let them through, in
    /// words. There is never one.
    pub fn held_beside_quota(&self) -> Option<String> {
        let state = &self.state;
        let forgotten = |id: &usize| {
            let refill = |timer: &state::Timer| *timer == state::Timer::Refill(frame::GroupId(*id as u32));
            let limit = state.groups[*id].limit.as_ref().filter(|limit| !limit.throttled.is_empty());
            limit.is_some_and(|limit| {
                let armed = |(cpu, due): (CpuId, Time)| {
                    state.cpu(cpu).timers.iter().any(|(at, timer)| *at == due && refill(timer))
                };
                !limit.refill_at.is_some_and(armed)
            })
        };
        let id = (0..state.groups.len()).find(forgotten)?;
        Some(format!("group {id} holds threads, and nothing will let them through"))
    }

    /// The most CPU time that each cgroup with `cpu.max` used in one of its periods, beside its quota and burst; and the
    /// most that it ever used beyond, to be paid for by the next period.
    pub fn quota_use(&self) -> Vec<(Time, Time, Time)> {
        let limits = self.state.groups.iter().filter_map(|group| group.limit.as_ref());
        limits.map(|limit| (limit.most_used, limit.max.quota + limit.max.burst, limit.most_owed)).collect()
    }

    fn from_parts(state: State, fixed: Fixed) -> Machine {
        Machine { state, fixed: Arc::new(fixed) }
    }

    /// What each mechanism costs here.
    pub fn costs(&self) -> &Table {
        &self.fixed.costs
    }

    /// The hash over every hop so far.
    pub fn trace_hash(&self) -> u64 {
        self.state.journal.hash()
    }
}

impl Model for Machine {
    type Event = Event;
    type Sink = Recorder;

    fn bytes(&self) -> usize {
        self.state.bytes()
    }

    fn is_input(event: &Event) -> bool {
        matches!(event, Event::Input(_))
    }

    fn handle(&mut self, event: Event, scheduler: &mut Scheduler<Event>, sink: &mut Recorder) {
        if self.state.dark {
            return;
        }
        let now = scheduler.now();
        let mut turn = Turn { s: &mut self.state, f: &self.fixed, scheduler, sink, now };
        match event {
            Event::Run(core) => {
                if turn.s.cpu(core).core.segment.is_none() {
                    turn.run(core);
                }
            }
            Event::SegmentEnd { core, generation } => {
                if turn.s.cpu(core).core.generation == generation {
                    turn.poke(core);
                }
            }
            Event::Timer { core, generation } => {
                if turn.s.cpu(core).core.timer_generation == generation {
                    turn.timer_fired(core);
                }
            }
            Event::Ipi(Ipi { core, irq, sent }) => {
                let component = turn.s.cpu(core).component;
                let what = What::Pay(Primitive::IpiDelivery);
                turn.hardware_hop(irq.ride, what, component, Crossing::None, Token::Interrupt, sent);
                match irq.kind {
                    IrqKind::Posted(vcpu) => turn.look_again(vcpu, core),
                    _ => turn.interrupt(core, irq),
                }
            }
            Event::Input(Input(action)) => turn.input(action),
            Event::DiskDone(Served(request)) => turn.disk_done(request),
            Event::PacketAtPeer(Served(request)) => turn.packet_at_peer(request),
            Event::PacketArrives(Served(request)) => turn.packet_arrives(request),
        }
    }
}
