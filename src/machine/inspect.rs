//! Reading a machine's state for the inspector: what a part knows at this moment.
//!
//! Nothing here changes anything. How one fact looks from different floors is in [`super::viewpoint`].

use super::frame::{Context, GroupId, Kind, TaskId};
use super::state::{Cpu, Phase, State, TaskState, VmId};
use super::{ComponentKind, Machine, Topology};
use crate::amounts::bytes;
use crate::engine::Time;
use crate::trace::{ComponentId, CpuId};

/// One line of a part's state: "mode" is "non-root, ring 3", "run queue" is "2 tasks".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What it is.
    pub label: String,
    /// Its value, with its unit.
    pub value: String,
}

impl Fact {
    pub(super) fn new(label: impl Into<String>, value: impl Into<String>) -> Fact {
        Fact { label: label.into(), value: value.into() }
    }
}

/// What `component` knows at this moment: mode and task of a core, the run queues of a kernel, a cgroup's bucket, a
/// hypervisor's vCPUs, a device's queue.
pub fn state(machine: &Machine, topology: &Topology, component: ComponentId) -> Vec<Fact> {
    let look = Look { state: &machine.state, topology };
    let Some(part) = topology.component(component) else { return Vec::new() };
    let mut facts = look.standing(part);
    facts.extend(match part.kind {
        ComponentKind::Core => part.cpu.map_or(Vec::new(), |cpu| look.processor(cpu)),
        ComponentKind::Kernel | ComponentKind::KernelPart => look.kernel(component),
        ComponentKind::Hypervisor | ComponentKind::HypervisorPart | ComponentKind::DeviceModels => {
            look.hypervisor(component)
        }
        ComponentKind::VirtualMachine | ComponentKind::VirtualHardware => look.virtual_machine(component),
        ComponentKind::Cgroup => look.cgroup(component),
        ComponentKind::App => look.tasks(component),
        ComponentKind::Container => look.container(component),
        ComponentKind::Disk => look.disk(component),
        ComponentKind::Nic => look.nic(component),
        ComponentKind::Memory => look.memory(component),
        ComponentKind::Timer => look.timers(component),
        ComponentKind::Firmware => Vec::new(),
        ComponentKind::Hardware => {
            (0..topology.cores).map(|core| Fact::new(format!("core {core}"), look.doing(CpuId(core)))).collect()
        }
    });
    let own = topology.groups.iter().position(|group| group.node.is_some() && group.node == part.node);
    // Fewer than a u32 counts.
    facts.extend(own.map_or(Vec::new(), |id| look.group(GroupId(id as u32))));
    facts
}

pub(super) struct Look<'a> {
    pub(super) state: &'a State,
    pub(super) topology: &'a Topology,
}

impl Look<'_> {
    pub(super) fn name(&self, component: ComponentId) -> &str {
        self.topology.component(component).map_or("", |part| part.name.as_str())
    }

    /// Whether something that comes and goes is there, unless it has been since time zero.
    fn standing(&self, part: &super::Component) -> Vec<Fact> {
        let Some(life) = part.node.and_then(|node| self.state.lives.get(node as usize)) else { return Vec::new() };
        let text = match life.phase {
            Phase::Up if life.since == Time::ZERO => return Vec::new(),
            Phase::Up => format!("up since {}", life.since),
            Phase::Starting => "being started".to_owned(),
            Phase::Down => "does not run".to_owned(),
        };
        let mut facts = vec![Fact::new("state", text)];
        if life.stopping {
            facts.push(Fact::new("asked to end", "yes"));
        }
        if life.starts > 1 {
            facts.push(Fact::new("started", format!("{} times", life.starts)));
        }
        facts
    }

    /// A task by what it is: "app", "vCPU 0 of vm", "virtio back end of vm".
    pub(super) fn task_name(&self, id: TaskId) -> String {
        let task = self.state.task(id);
        if let Some(vcpu) = task.vcpu.some() {
            return self.topology.cpus[vcpu.index()].name.clone();
        }
        let stack = self.topology.stacks.get(task.stack.index()).map_or("", |stack| stack.name.as_str());
        match self.state.process_of(id).vm {
            Some(_) => format!("virtio back end of {stack}"),
            None => self.name(task.component).to_owned(),
        }
    }

    /// What a processor is doing, in a few words.
    fn doing(&self, id: CpuId) -> String {
        let cpu = self.state.cpu(id);
        if let Some(frame) = cpu.frames.last() {
            return match frame.kind {
                Kind::Interrupt(_) => "interrupt handler".to_owned(),
                Kind::Switch => "context switch".to_owned(),
                Kind::ProgramTimer => "programming its timer".to_owned(),
                Kind::Idle => "halted".to_owned(),
                _ => "kernel".to_owned(),
            };
        }
        match cpu.current.some() {
            Some(task) => self.task_name(task),
            None => "idle".to_owned(),
        }
    }

    /// Ring and mode of a processor: what its innermost frame runs as.
    fn mode(&self, id: CpuId) -> String {
        let cpu = self.state.cpu(id);
        let root = if self.state.kernel(cpu.kernel).vm.is_some() { "non-root" } else { "root" };
        let current = cpu.current.some().map(|task| self.state.task(task));
        if cpu.frames.is_empty()
            && let Some(guest) = current.and_then(|task| task.guest)
        {
            return format!("in guest mode: {}", self.mode(guest));
        }
        let user = |task: &super::state::Task| {
            let work = task.work.map(|work| work.component);
            cpu.frames.is_empty() && work == Some(task.component) && self.state.process(task.process).vm.is_none()
        };
        let ring = if current.is_some_and(user) { 3 } else { 0 };
        format!("ring {ring}, {root} mode")
    }

    fn processor(&self, id: CpuId) -> Vec<Fact> {
        let cpu = self.state.cpu(id);
        let deadline = match cpu.programmed {
            Time::MAX => "not set".to_owned(),
            at => format!("at {at}"),
        };
        let mut facts = vec![
            Fact::new("doing", self.doing(id)),
            Fact::new("mode", self.mode(id)),
            Fact::new("run queue", tasks_text(cpu.waiting())),
            Fact::new("interrupts pending", cpu.pending.len().to_string()),
            Fact::new("timer", deadline),
        ];
        match cpu.thread.some().filter(|thread| self.state.lives(*thread)) {
            None if self.state.kernel(cpu.kernel).vm.is_some() => {
                facts.push(Fact::new("its thread below", "there is none"));
            }
            Some(thread) => {
                let below = self.state.task(thread);
                let place = &self.topology.cpus[below.cpu.index()].name;
                facts.push(Fact::new("its thread below", format!("{} on {place}", state_text(below.state))));
            }
            None => {
                let segment = cpu.core.segment.map(|segment| segment.context);
                let what = match segment {
                    Some(Context::Task(task)) => format!("code of {}", self.task_name(task)),
                    Some(Context::Cpu(inner)) => format!("kernel code on {}", self.topology.cpus[inner.index()].name),
                    None => "nothing".to_owned(),
                };
                facts.push(Fact::new("executing", what));
            }
        }
        facts
    }

    pub(super) fn cpus_of(&self, kernel: ComponentId) -> Vec<(CpuId, &Cpu)> {
        let ids = (0..self.state.cpus.len() as u16).map(CpuId);
        ids.filter(|id| self.topology.cpus[id.index()].kernel == kernel).map(|id| (id, self.state.cpu(id))).collect()
    }

    /// The kernel that a component is or lies in.
    pub(super) fn kernel_component(&self, component: ComponentId) -> Option<ComponentId> {
        let mut at = Some(component);
        while let Some(id) = at {
            let part = self.topology.component(id)?;
            if part.kind == ComponentKind::Kernel {
                return Some(id);
            }
            at = part.parent;
        }
        None
    }

    fn kernel(&self, component: ComponentId) -> Vec<Fact> {
        let Some(kernel) = self.kernel_component(component) else { return Vec::new() };
        let cpus = self.cpus_of(kernel);
        let Some(id) = cpus.first().map(|(_, cpu)| cpu.kernel) else { return Vec::new() };
        let count = |wanted: TaskState| {
            self.state.tasks.iter().filter(|(_, task)| task.kernel == id && task.state == wanted).count()
        };
        let state = self.state.kernel(id);
        let mut facts = vec![
            Fact::new("running", tasks_text(count(TaskState::Running))),
            Fact::new("ready", tasks_text(count(TaskState::Ready))),
            Fact::new("blocked", tasks_text(count(TaskState::Blocked))),
            Fact::new("throttled", tasks_text(count(TaskState::Throttled))),
            Fact::new("page cache", bytes(state.cached.iter().sum())),
            Fact::new("memory given out", bytes(state.allocated)),
            Fact::new("memory free", bytes(state.free())),
        ];
        for (cpu, _) in cpus.iter().take(8) {
            facts.push(Fact::new(self.topology.cpus[cpu.index()].name.clone(), self.doing(*cpu)));
        }
        facts
    }

    pub(super) fn vms_of(&self, component: ComponentId) -> Vec<VmId> {
        let Some(kernel) = self.kernel_component(component) else { return Vec::new() };
        let Some(host) = self.cpus_of(kernel).first().map(|(_, cpu)| cpu.kernel) else { return Vec::new() };
        (0..self.state.vms.len() as u16).map(VmId).filter(|vm| self.state.vm(*vm).host == host).collect()
    }

    fn vm_facts(&self, vm: VmId, prefix: &str) -> Vec<Fact> {
        let vm = self.state.vm(vm);
        let guest = self.state.kernel(vm.guest);
        let mut facts = Vec::new();
        for vcpu in guest.cpu_ids() {
            let thread = self.state.thread_of(vcpu).filter(|thread| self.state.lives(*thread));
            let thread = thread.map(|thread| self.state.task(thread));
            let text = match thread {
                Some(thread) if thread.guest.is_some() => "in guest mode".to_owned(),
                Some(thread) => match thread.frames.last().map(|frame| frame.kind) {
                    Some(Kind::Exit { exit, .. }) => {
                        format!("{}, exit: {}", state_text(thread.state), exit.reason().label())
                    }
                    _ => state_text(thread.state).to_owned(),
                },
                None => String::new(),
            };
            facts.push(Fact::new(self.topology.cpus[vcpu.index()].name.clone(), text));
        }
        facts.push(Fact::new(format!("{prefix}memory with frames"), bytes(vm.backed)));
        let worker = Some(vm.worker).filter(|worker| self.state.lives(*worker));
        let text = match worker.map(|worker| self.state.task(worker)) {
            Some(worker) => format!("{}, {} in its ring", state_text(worker.state), requests_text(worker.inbox.len())),
            None => "there is none".to_owned(),
        };
        facts.push(Fact::new(format!("{prefix}virtio back end"), text));
        facts
    }

    fn hypervisor(&self, component: ComponentId) -> Vec<Fact> {
        let vms = self.vms_of(component);
        let mut facts = vec![Fact::new("virtual machines", vms.len().to_string())];
        for vm in vms {
            let stack = self.topology.stacks.get(self.state.vm(vm).stack.index());
            let name = stack.map_or(String::new(), |stack| format!("{}: ", stack.name));
            facts.extend(self.vm_facts(vm, &name));
        }
        facts
    }

    fn virtual_machine(&self, component: ComponentId) -> Vec<Fact> {
        let part = self.topology.component(component);
        let hardware = match part.map(|part| part.kind) {
            Some(ComponentKind::VirtualMachine) => {
                let mut children = self.topology.children(component);
                children.find(|(_, child)| child.kind == ComponentKind::VirtualHardware).map(|(id, _)| id)
            }
            _ => Some(component),
        };
        let first = hardware.and_then(|id| self.topology.children(id).find_map(|(_, child)| child.cpu));
        let vm = first.and_then(|cpu| self.state.kernel_of(cpu).vm);
        vm.map_or(Vec::new(), |vm| self.vm_facts(vm, ""))
    }

    fn cgroup(&self, component: ComponentId) -> Vec<Fact> {
        let id = self.state.groups.iter().position(|group| group.component == component);
        // Fewer than a u32 counts.
        id.map_or(Vec::new(), |id| self.group(GroupId(id as u32)))
    }

    /// A cgroup: its share, and if it is limited what is left of its quota and how often it held somebody.
    pub(super) fn group(&self, id: GroupId) -> Vec<Fact> {
        let used = self.state.group_use(id, Time::ZERO);
        let mut facts = vec![Fact::new("weight of the cgroup", used.cpu_weight.to_string())];
        if let Some(parent) = self.state.group(id).parent {
            facts.push(Fact::new("lies in the cgroup", self.group_name(parent)));
        }
        facts.push(Fact::new("CPU time used", used.used.to_string()));
        let Some(limit) = used.limit else { return facts };
        facts.extend([
            Fact::new("quota", format!("{} each {}", limit.max.quota, limit.max.period)),
            Fact::new("burst", limit.max.burst.to_string()),
            Fact::new("left in the bucket", limit.left.to_string()),
            Fact::new("used this period", limit.used.to_string()),
            Fact::new("waiting at the valve", tasks_text(limit.held)),
            Fact::new("throttled", format!("in {} of {} periods", limit.throttled_periods, limit.periods)),
            Fact::new("throttled for", limit.throttled_time.to_string()),
        ]);
        facts
    }

    pub(super) fn group_name(&self, id: GroupId) -> &str {
        self.topology.groups.get(id.index()).map_or("", |group| group.path.as_str())
    }

    /// The cgroup that holds a thread, if one does.
    fn held_by(&self, id: TaskId) -> Option<GroupId> {
        if self.state.task(id).state != TaskState::Throttled {
            return None;
        }
        let around = std::iter::successors(self.state.group_of(id), |group| self.state.group(*group).parent);
        let holds = |group: &GroupId| {
            let limit = self.state.group(*group).limit.as_ref();
            limit.is_some_and(|limit| limit.throttled.contains(&id))
        };
        around.into_iter().find(holds)
    }

    /// What a thread is doing, and at whose limit it waits: "running", "throttled by batch".
    pub(super) fn state_of(&self, id: TaskId) -> String {
        let state = state_text(self.state.task(id).state);
        match self.held_by(id) {
            Some(group) => format!("{state} by {}", self.group_name(group)),
            None => state.to_owned(),
        }
    }

    fn tasks(&self, app: ComponentId) -> Vec<Fact> {
        let mut facts = Vec::new();
        let processes = self.state.processes.iter().filter(|(_, process)| process.component == app);
        for (index, (_, process)) in processes.enumerate() {
            // The first is the program, the others its children.
            let whose = if index == 0 { String::new() } else { format!("child {}: ", process.pid) };
            for (index, &id) in process.threads.iter().enumerate() {
                let place = &self.topology.cpus[self.state.task(id).cpu.index()].name;
                let doing = format!("{} on {place}", self.state_of(id));
                facts.push(Fact::new(format!("{whose}thread {index}"), doing));
            }
            if process.space.touched > 0 {
                facts.push(Fact::new(format!("{whose}has touched"), bytes(process.space.touched)));
            }
        }
        facts
    }

    fn container(&self, membrane: ComponentId) -> Vec<Fact> {
        let mut facts = vec![Fact::new(
            "namespaces",
            self.topology.component(membrane).map_or(String::new(), |part| part.note.clone()),
        )];
        let apps = self.topology.children(membrane).filter(|(_, part)| part.kind == ComponentKind::App);
        facts.extend(apps.flat_map(|(id, _)| self.tasks(id)));
        facts
    }

    fn disk(&self, component: ComponentId) -> Vec<Fact> {
        let Some(disk) = self.state.disks.iter().find(|disk| disk.component == component) else {
            return self.virtual_device(component);
        };
        vec![
            Fact::new("being served", requests_text(disk.busy as usize)),
            match disk.batch {
                1 => Fact::new("at the same time at most", requests_text(disk.channels as usize)),
                _ => Fact::new("served and not yet told of", requests_text(disk.served.len())),
            },
            Fact::new("waiting in the device", requests_text(disk.waiting())),
            Fact::new(
                "served so far",
                format!("{}, {}", requests_text(disk.load.requests as usize), bytes(disk.load.bytes)),
            ),
        ]
    }

    fn nic(&self, component: ComponentId) -> Vec<Fact> {
        let Some(nic) = self.state.nics.iter().find(|nic| nic.component == component) else {
            return self.virtual_device(component);
        };
        vec![
            Fact::new("sending until", nic.sending.until.to_string()),
            Fact::new("receiving until", nic.receiving.until.to_string()),
        ]
    }

    fn virtual_device(&self, component: ComponentId) -> Vec<Fact> {
        let parent = self.topology.component(component).and_then(|part| part.parent);
        let mut facts = vec![Fact::new("what it is", "a ring in memory that another kernel reads")];
        facts.extend(parent.map_or(Vec::new(), |hardware| self.virtual_machine(hardware)));
        facts
    }

    fn memory(&self, component: ComponentId) -> Vec<Fact> {
        let kernel = self.state.kernels.iter().find(|kernel| kernel.parts.hw_memory == component);
        let Some(kernel) = kernel else { return Vec::new() };
        let mut facts = vec![Fact::new("given out by its kernel", bytes(kernel.allocated))];
        if let Some(vm) = kernel.vm {
            facts.push(Fact::new("with frames of the kernel below", bytes(self.state.vm(vm).backed)));
        }
        facts
    }

    fn timers(&self, component: ComponentId) -> Vec<Fact> {
        let kernel = self.state.kernels.iter().find(|kernel| kernel.parts.hw_timer == component);
        let Some(kernel) = kernel else { return Vec::new() };
        let deadline = |cpu: CpuId| match self.state.cpu(cpu).programmed {
            Time::MAX => "not set".to_owned(),
            at => format!("at {at}"),
        };
        kernel.cpu_ids().map(|cpu| Fact::new(self.topology.cpus[cpu.index()].name.clone(), deadline(cpu))).collect()
    }
}

pub(super) fn state_text(state: TaskState) -> &'static str {
    match state {
        TaskState::Ready => "ready",
        TaskState::Running => "running",
        TaskState::Blocked => "asleep",
        TaskState::Throttled => "throttled",
        TaskState::Dead => "ended",
    }
}

fn tasks_text(count: usize) -> String {
    if count == 1 { "1 task".to_owned() } else { format!("{count} tasks") }
}

fn requests_text(count: usize) -> String {
    if count == 1 { "1 request".to_owned() } else { format!("{count} requests") }
}
