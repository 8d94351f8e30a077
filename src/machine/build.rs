//! From a description to a machine at time zero, and the tree of its parts.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use crate::amounts::bytes;
use crate::costs::Table;
use crate::engine::Time;
use crate::trace::{ComponentId, CpuId, Layer, StackId};

use super::arena::Arena;
use super::boot::{self, Part, Platform, Stage};
use super::frame::{GroupId, ProcessId, TaskId};
use super::hardware::disk::{Disk, DiskId};
use super::hardware::wire::{Nic, NicId};
use super::journal::Journal;
use super::kernel::devices::{Binding, Device, Devices};
use super::kernel::frames;
use super::kernel::queue::Queue;
use super::kernel::swap_area::Swap;
use super::mounts::FileSystems;
use super::plan::{ContainerPlan, GroupPlan, MachinePlan, NodeId, Plan, Planned, ProgramPlan, Run};
use super::spec::{
    BootSpec, CgroupSpec, ContainerNetwork, ContainerSpec, DiskKind, DiskSpec, Firmware, GroupSpec, HugePages, NicSpec,
    NodeSpec, Operation, ProcessSpec, Spec, Technique, VirtualDevice, VmSpec,
};
use super::state::{
    Booting, Code, Core, Cpu, Fixed, FixedOperation, Group, Host, Kernel, KernelId, Life, Limit, Link, Parts, Resident,
    State, Vm, VmId,
};
use super::topology::{Component, ComponentKind, CpuInfo, GroupInfo, NodeInfo, StackInfo, Topology};
use super::{CpuLimit, Event, Machine, Start, life, limits, workload};

/// What a device model writes of the guest's memory before it enters it: a BIOS image.
const FIRMWARE: u64 = 256 << 10;

/// Whose kernel, and where things stand, while a stack is being built.
#[derive(Clone, Copy)]
struct Site {
    kernel: KernelId,
    stack: StackId,
    inside: Option<NodeId>,
}

struct Builder<'a> {
    spec: &'a Spec,
    seed: u64,
    state: State,
    topology: Topology,
    operations: Vec<FixedOperation>,
    programs: Vec<Vec<Code>>,
    files: Vec<String>,
    /// The component of each kernel, and of its hypervisor if it has one.
    kernel_components: Vec<(ComponentId, Option<ComponentId>)>,
    /// By [`NodeId`].
    plans: Vec<Plan>,
    mounts: FileSystems,
    /// By [`KernelId`]: how it boots.
    boots: Vec<Vec<Part>>,
    /// By [`GroupId`].
    groups: Vec<GroupPlan>,
    /// By path.
    named_groups: HashMap<String, GroupId>,
}

/// Builds the machine, its tree, and the events that set it going. `spec` keeps the [`super::limits`].
pub fn build(spec: &Spec, costs: &Table, seed: u64) -> Start {
    let mut builder = Builder {
        spec,
        seed,
        state: State {
            journal: Journal::default(),
            cpus: Vec::new(),
            processes: Arena::default(),
            tasks: Arena::default(),
            kernels: Vec::new(),
            vms: Vec::new(),
            groups: Vec::new(),
            disks: Vec::new(),
            nics: Vec::new(),
            requests: Arena::default(),
            lives: Vec::new(),
            resident: vec![Resident::default(); spec.stacks.len()],
            dark: false,
            host: Host { up: spec.host.boot.is_none(), stopping: false, init: TaskId::NONE },
        },
        topology: Topology::default(),
        operations: Vec::new(),
        programs: Vec::new(),
        files: Vec::new(),
        kernel_components: Vec::new(),
        plans: Vec::new(),
        mounts: FileSystems::default(),
        boots: Vec::new(),
        groups: Vec::new(),
        named_groups: HashMap::new(),
    };
    builder.compile_programs();
    builder.host(costs);
    let nodes: Vec<NodeId> =
        spec.stacks.iter().enumerate().map(|(index, node)| builder.stack(StackId(index as u32), node)).collect();
    builder.services();
    let by_path = by_path(&builder.plans);
    builder.resolve_starts(&by_path);
    let cores = spec.host.cores;
    let fixed = Fixed {
        costs: costs.clone(),
        layers: builder.topology.components.iter().map(|component| component.layer).collect(),
        programs: builder.programs,
        operations: builder.operations,
        mounts: builder.mounts.into_lists(),
        plans: builder.plans,
        by_path,
        groups: builder.groups,
        named_groups: builder.named_groups,
        top: nodes.clone(),
        boots: builder.boots,
    };
    let mut state = builder.state;
    let mut power = Vec::new();
    if state.host.up {
        nodes.iter().for_each(|node| state.stand_up(&fixed, *node, &mut power));
    } else {
        state.power_on();
    }
    for cpu in &mut state.cpus {
        cpu.reschedule = cpu.waiting() > 0;
        cpu.idle = cpu.waiting() == 0;
    }
    let machine = Machine::from_parts(state, fixed);
    let cores = (0..cores).map(|core| (Time::ZERO, Event::Run(CpuId(core))));
    let orders = spec.script.iter().filter_map(|(at, order)| Some((*at, machine.input(order)?)));
    // What boots is switched on at time zero.
    let power = power.into_iter().map(|node| (Time::ZERO, machine.switch_on(node)));
    let first = cores.chain(power).chain(orders).collect();
    (machine, builder.topology, first)
}

fn by_path(plans: &[Plan]) -> HashMap<String, NodeId> {
    let mut by_path = HashMap::with_capacity(plans.len());
    for (i, plan) in plans.iter().enumerate() {
        by_path.entry(plan.path.clone()).or_insert(NodeId(i as u32));
    }
    by_path
}

impl Builder<'_> {
    fn compile_programs(&mut self) {
        let spec = self.spec;
        for program in &spec.programs {
            let mut code = Vec::new();
            workload::compile(&program.body, &mut |operation| self.operation(operation), &mut code);
            self.programs.push(code);
        }
    }

    /// What programs start is known by its path once all plans are made.
    fn resolve_starts(&mut self, by_path: &HashMap<String, NodeId>) {
        for operation in &mut self.operations {
            if let Operation::Start(path) = &operation.operation {
                operation.node = by_path.get(path).copied();
            }
        }
    }

    /// The number of a text among those of operations.
    fn label(&mut self, text: String) -> u16 {
        let label = self.topology.operations.iter().position(|known| *known == text).unwrap_or_else(|| {
            self.topology.operations.push(text);
            self.topology.operations.len() - 1
        });
        // Fewer texts than operations and parts of boots, of which there are fewer than a u16 counts.
        label as u16
    }

    fn operation(&mut self, operation: &Operation) -> u16 {
        let label = self.label(describe(operation));
        let file = match operation {
            Operation::Read { file, .. } | Operation::Write { file, .. } | Operation::Fsync(file) => {
                self.files.iter().position(|known| known == file).unwrap_or_else(|| {
                    self.files.push(file.clone());
                    self.files.len() - 1
                })
            }
            _ => 0,
        };
        self.operations.push(FixedOperation {
            operation: operation.clone(),
            kind: operation.kind(),
            label,
            file: file as u16,
            node: None,
        });
        (self.operations.len() - 1) as u16
    }

    fn add(
        &mut self,
        kind: ComponentKind,
        name: impl Into<String>,
        parent: Option<ComponentId>,
        stack: Option<StackId>,
        layer: Layer,
        note: impl Into<String>,
    ) -> ComponentId {
        let id = ComponentId(self.topology.components.len() as u32);
        let (name, note) = (name.into(), note.into());
        self.topology.components.push(Component { name, kind, parent, stack, layer, note, cpu: None, node: None });
        id
    }

    fn host(&mut self, costs: &Table) {
        let host = &self.spec.host;
        let hardware = self.add(ComponentKind::Hardware, "hardware", None, None, Layer::Hardware, "");
        let first_cpu = self.cpus(hardware, host.cores, KernelId(0), None, "core");
        self.topology.cores = host.cores;
        let part = |b: &mut Self, kind, name: &str, note: String| {
            b.add(kind, name, Some(hardware), None, Layer::Hardware, note)
        };
        let memory = part(self, ComponentKind::Memory, "memory", bytes(host.memory));
        let mut devices = Devices::default();
        let unnamed = [DiskSpec { name: "disk".to_owned(), kind: DiskKind::Nvme, capacity: 0 }];
        for (index, disk) in or_else(&host.disks, &unnamed).iter().enumerate() {
            let kind = disk.kind.text();
            let note = if disk.capacity > 0 { format!("{kind} · {}", bytes(disk.capacity)) } else { kind };
            let component = part(self, ComponentKind::Disk, &disk.name, note);
            self.state.disks.push(Disk::new(component, disk.kind, costs, self.seed, index));
            devices.disks.push(Device { component, binding: Binding::Hardware(DiskId(index as u16)) });
        }
        let unnamed = [NicSpec { name: "NIC".to_owned(), bandwidth: 10_000_000_000 }];
        for (index, nic) in or_else(&host.nics, &unnamed).iter().enumerate() {
            let known = !host.nics.is_empty();
            let note = if known { format!("{} Gbit/s", nic.bandwidth as f64 / 1e9) } else { String::new() };
            let component = part(self, ComponentKind::Nic, &nic.name, note);
            self.state.nics.push(Nic::new(component, nic.bandwidth));
            devices.nics.push(Device { component, binding: Binding::Hardware(NicId(index as u16)) });
        }
        let timer = part(self, ComponentKind::Timer, "timer", String::new());
        let has_vms = self.spec.stacks.iter().any(|node| matches!(node, NodeSpec::Vm(_)));
        self.mounts.add_kernel(&self.files, &host.mounts);
        let parts = self.boot_parts(hardware, host.boot.as_ref(), None, "root mode");
        let count = |of: fn(DiskKind) -> bool| self.state.disks.iter().filter(|disk| of(disk.kind)).count() as u32;
        let platform = Platform {
            cpus: host.cores,
            memory: host.memory,
            nvme: count(|kind| kind == DiskKind::Nvme),
            sata: count(|kind| kind != DiskKind::Nvme),
            virtio: 0,
            nics: devices.nics.len() as u32,
            guest: false,
        };
        self.kernel(
            hardware,
            None,
            first_cpu,
            host.cores,
            None,
            has_vms,
            [memory, timer],
            devices,
            (host.memory, host.swap, host.huge_pages, host.boot.is_some()),
        );
        self.plan_boot(host.boot.as_ref(), &platform, parts);
        self.named_groups(Site { kernel: KernelId(0), stack: StackId::NONE, inside: None }, &host.groups);
    }

    /// The parts of a machine that its firmware and its loader are, if it boots and has them.
    fn boot_parts(
        &mut self,
        hardware: ComponentId,
        boot: Option<&BootSpec>,
        stack: Option<StackId>,
        mode: &str,
    ) -> [ComponentId; 2] {
        if boot.is_none_or(|boot| boot.firmware == Firmware::None) {
            return [hardware; 2];
        }
        let note = format!("ring 0, {mode}");
        ["firmware", "loader"]
            .map(|name| self.add(ComponentKind::Firmware, name, Some(hardware), stack, Layer::Hardware, note.clone()))
    }

    /// What the kernel that has been added last does from power to its first process.
    fn plan_boot(&mut self, boot: Option<&BootSpec>, on: &Platform, [firmware, loader]: [ComponentId; 2]) {
        let drafts = boot.map_or_else(Vec::new, |boot| boot::drafts(boot, on));
        let Some(parts) = self.state.kernels.last().map(|kernel| kernel.parts) else { return };
        let planned = drafts.into_iter().map(|draft| {
            let component = match (draft.place, draft.stage) {
                (boot::Place::Own, Stage::Loader) => loader,
                (boot::Place::Own, _) => firmware,
                (boot::Place::Memory, _) => parts.memory,
                (boot::Place::Drivers, _) => parts.driver,
                (boot::Place::Files, _) => parts.files,
                (boot::Place::Tasks, _) => parts.scheduler,
            };
            let program = draft.acts.iter().find_map(|act| match act {
                boot::Act::Programs(image, _) => Some(*image),
                _ => None,
            });
            let fork = |image| Operation::Fork { vfork: true, writes: 0, exec: Some(image) };
            let operation = program.map_or(0, |image| self.operation(&fork(image)));
            let label = self.label(draft.name.to_owned());
            Part { label, component, programs: component, acts: draft.acts, operation }
        });
        let planned = planned.collect();
        self.boots.push(planned);
    }

    /// What the services of a boot compute is in ring 3: on each kernel that starts any, one box stands for them, behind
    /// whatever the description names.
    fn services(&mut self) {
        for index in 0..self.boots.len() {
            let computes = |part: &Part| part.acts.iter().any(|act| matches!(act, boot::Act::Compute(_)));
            if !self.boots[index].iter().any(computes) {
                continue;
            }
            let (kernel, _) = self.kernel_components[index];
            let stack = self.topology.components[kernel.index()].stack;
            let programs =
                self.add(ComponentKind::App, "services", Some(kernel), stack, Layer::User, "started by init");
            self.boots[index].iter_mut().for_each(|part| part.programs = programs);
        }
    }

    /// Processors of one kernel, with their components.
    fn cpus(
        &mut self,
        hardware: ComponentId,
        count: u16,
        kernel: KernelId,
        stack: Option<StackId>,
        word: &str,
    ) -> CpuId {
        let first = CpuId(self.state.cpus.len() as u16);
        for index in 0..count {
            let id = CpuId(self.state.cpus.len() as u16);
            let name = format!("{word} {index}");
            let component = self.add(ComponentKind::Core, name.clone(), Some(hardware), stack, Layer::Hardware, "");
            self.topology.components[component.index()].cpu = Some(id);
            let lane = match stack {
                Some(_) => format!("{} {name}", self.vm_name(hardware)),
                None => name,
            };
            self.topology.cpus.push(CpuInfo { name: lane, kernel: ComponentId::NONE, stack });
            self.state.cpus.push(Cpu {
                kernel,
                thread: TaskId::NONE,
                component,
                stack: stack.unwrap_or(StackId::NONE),
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
                core: Core::default(),
            });
        }
        first
    }

    fn vm_name(&self, hardware: ComponentId) -> String {
        let vm = self.topology.component(hardware).and_then(|component| component.parent);
        vm.and_then(|id| self.topology.component(id)).map_or(String::new(), |component| component.name.clone())
    }

    #[allow(clippy::too_many_arguments)]
    fn kernel(
        &mut self,
        hardware: ComponentId,
        vm: Option<VmId>,
        first_cpu: CpuId,
        cpus: u16,
        stack: Option<StackId>,
        has_vms: bool,
        [hw_memory, hw_timer]: [ComponentId; 2],
        devices: Devices,
        (memory_bytes, swap, huge_pages, boots): (u64, u64, HugePages, bool),
    ) -> KernelId {
        let id = KernelId(self.state.kernels.len() as u16);
        let (layer, name, note) = match vm {
            Some(vm) if self.state.vm(vm).technique == Technique::Interpreted => {
                (Layer::GuestKernel, "guest kernel", "runs in ring 0, interpreted")
            }
            Some(_) => (Layer::GuestKernel, "guest kernel", "runs in ring 0, non-root mode"),
            None => (Layer::HostKernel, "host kernel", "runs in ring 0, root mode"),
        };
        let kernel = self.add(ComponentKind::Kernel, name, Some(hardware), stack, layer, note);
        let part = |b: &mut Self, name: &str| b.add(ComponentKind::KernelPart, name, Some(kernel), stack, layer, "");
        let system_calls = part(self, "system calls");
        let scheduler = part(self, "scheduler");
        let files = part(self, "files, page cache");
        let memory = part(self, "memory");
        let network = part(self, "network");
        let block = part(self, "block layer");
        let driver = part(self, if vm.is_some() { "virtio drivers" } else { "drivers" });
        let mut parts = Parts {
            system_calls,
            files,
            block,
            scheduler,
            memory,
            network,
            driver,
            hw_memory,
            hw_timer,
            exits: scheduler,
            nested_paging: memory,
            vcpus: scheduler,
            backends: driver,
            device_models: driver,
        };
        let mut hypervisor = None;
        if has_vms {
            let layer = Layer::Hypervisor;
            let floor = self.add(ComponentKind::Hypervisor, "hypervisor", Some(kernel), stack, layer, "KVM");
            let part =
                |b: &mut Self, name: &str| b.add(ComponentKind::HypervisorPart, name, Some(floor), stack, layer, "");
            parts.exits = part(self, "exits");
            parts.nested_paging = part(self, "nested paging");
            parts.vcpus = part(self, "vCPU threads");
            parts.backends = part(self, "virtio back ends");
            let (kind, name) = (ComponentKind::DeviceModels, "device models");
            parts.device_models = self.add(kind, name, Some(kernel), stack, Layer::User, "ring 3");
            hypervisor = Some(floor);
        }
        self.kernel_components.push((kernel, hypervisor));
        for cpu in first_cpu.0..first_cpu.0 + cpus {
            self.topology.cpus[usize::from(cpu)].kernel = kernel;
        }
        // And what a boot reads.
        let files = self.files.len().max(1) * devices.disks.len().max(1) + 1;
        self.state.kernels.push(Kernel {
            vm,
            first_cpu,
            cpus,
            parts,
            cached: vec![0; files],
            dirty: vec![0; files],
            used: vec![Time::ZERO; files],
            devices,
            memory: memory_bytes,
            allocated: 0,
            kept: 0,
            records: if boots { 0 } else { frames::records(memory_bytes) },
            short: Vec::new(),
            victim: ProcessId::NONE,
            swap: Swap { size: swap, ..Swap::default() },
            huge_pages,
            processes: BTreeSet::new(),
            next_pid: life::FIRST_PID,
            boot: Booting::default(),
            stack: stack.unwrap_or(StackId::NONE),
        });
        id
    }

    fn stack(&mut self, id: StackId, node: &NodeSpec) -> NodeId {
        let site = Site { kernel: KernelId(0), stack: id, inside: None };
        let planned = self.node(site, node);
        let component = self.plans[planned.index()].component;
        let (memory_bytes, image_bytes) = sizes(node, self.spec);
        let kind = kind_of(node);
        self.topology.stacks.push(StackInfo {
            name: node.name().to_owned(),
            kind,
            component,
            memory_bytes,
            image_bytes,
        });
        planned
    }

    /// A node's plan, with a harmless stand-in for what is not known yet; what stands in it comes after it.
    fn node(&mut self, site: Site, node: &NodeSpec) -> NodeId {
        let id = NodeId(self.plans.len() as u32);
        let path = self.path(site, node.name());
        let start = self.operation(&Operation::Start(path.clone()));
        self.plans.push(Plan {
            path,
            kernel: site.kernel,
            stack: site.stack,
            component: ComponentId::NONE,
            inside: site.inside,
            upkeep: node.upkeep(),
            start,
            what: Planned::Program(ProgramPlan {
                app: ComponentId::NONE,
                container: None,
                group: None,
                ports: false,
                nic: 0,
                mounts: 0,
                run: None,
            }),
        });
        self.state.lives.push(Life::default());
        self.topology.nodes.push(NodeInfo {
            path: self.plans[id.index()].path.clone(),
            component: ComponentId::NONE,
            outer: site.inside.map(|outer| outer.0),
            up: node.upkeep().up
                && node.runs()
                && !node.boots()
                && (site.inside.is_some() || self.spec.host.boot.is_none()),
        });
        let (component, what) = match node {
            NodeSpec::Process(process) => self.process(site, id, process),
            NodeSpec::Container(container) => self.container(site, id, container),
            NodeSpec::Vm(vm) => self.vm(site, id, vm),
        };
        let plan = &mut self.plans[id.index()];
        (plan.component, plan.what) = (component, what);
        self.topology.components[component.index()].node = Some(id.0);
        self.topology.nodes[id.index()].component = component;
        id
    }

    fn process(&mut self, site: Site, node: NodeId, process: &ProcessSpec) -> (ComponentId, Planned) {
        let (kernel, _) = self.kernel_components[usize::from(site.kernel.0)];
        let name = process.name.as_str();
        let app = self.add(ComponentKind::App, name, Some(kernel), Some(site.stack), Layer::User, "");
        let path = self.plans[node.index()].path.clone();
        let group = process.cgroup.as_ref().map(|cgroup| self.group(site, &path, Some(node), cgroup, Some(kernel)));
        let (ports, run, nic) = (process.io_ports, self.run(node, process), process.nic);
        let mounts = self.mounts.of_kernel(site.kernel);
        (app, Planned::Program(ProgramPlan { app, container: None, group, ports, nic, mounts, run }))
    }

    fn container(&mut self, site: Site, node: NodeId, container: &ContainerSpec) -> (ComponentId, Planned) {
        let (kernel, _) = self.kernel_components[usize::from(site.kernel.0)];
        let stack = Some(site.stack);
        let namespaces = match container.network {
            ContainerNetwork::Host => "pid mnt uts ipc user",
            ContainerNetwork::Bridge => "pid mnt net uts ipc user",
        };
        let name = container.process.name.as_str();
        let membrane = self.add(ComponentKind::Container, name, Some(kernel), stack, Layer::Namespaces, namespaces);
        let note = match container.seccomp_filters {
            0 => "sees pid 1".to_owned(),
            n => format!("sees pid 1 · seccomp × {n}"),
        };
        let app = self.add(ComponentKind::App, "app", Some(membrane), stack, Layer::User, note);
        let cgroup = container.process.cgroup.clone().unwrap_or_default();
        let path = self.plans[node.index()].path.clone();
        let group = Some(self.group(site, &path, Some(node), &cgroup, Some(membrane)));
        let (network, filters) = (container.network, container.seccomp_filters);
        let (ports, run) = (container.process.io_ports, self.run(node, &container.process));
        let (nic, mounts) = (container.process.nic, self.mounts.of_container(&self.files, site.kernel, container));
        let container = Some(ContainerPlan { membrane, network, filters });
        (membrane, Planned::Program(ProgramPlan { app, container, group, ports, nic, mounts, run }))
    }

    /// The groups of a kernel that have names, each behind the one that it lies in.
    fn named_groups(&mut self, site: Site, groups: &[GroupSpec]) {
        let mut inner: Vec<&GroupSpec> = groups.iter().collect();
        // None lies in itself.
        inner.sort_by_key(|group| limits::group_depth(groups, group));
        for group in inner {
            let path = self.path(site, &group.name);
            let id = self.group(site, &path, None, &group.cgroup, None);
            self.named_groups.insert(path, id);
        }
    }

    /// A path as orders name it: "web", "vm/app".
    fn path(&self, site: Site, name: &str) -> String {
        match site.inside {
            Some(outer) => format!("{}/{name}", self.plans[outer.index()].path),
            None => name.to_owned(),
        }
    }

    /// The own group of a process, container or virtual machine, or one with a name. `valve`: the part in or beside which
    /// its limit is drawn, if it is.
    fn group(
        &mut self,
        site: Site,
        path: &str,
        node: Option<NodeId>,
        cgroup: &CgroupSpec,
        valve: Option<ComponentId>,
    ) -> GroupId {
        let component = match (cgroup.cpu_max, valve) {
            (Some(max), Some(valve)) => {
                let note = CpuLimit { since: Time::ZERO, quota: max.quota, period: max.period }.note();
                let stack = Some(site.stack);
                self.add(ComponentKind::Cgroup, "cgroup", Some(valve), stack, Layer::Throttled, note)
            }
            _ => self.state.kernel(site.kernel).parts.scheduler,
        };
        let parent = cgroup.parent.as_ref().map(|parent| self.path(site, parent));
        let parent = parent.and_then(|parent| self.named_groups.get(&parent).copied());
        let depth = parent.map_or(0, |parent| self.state.group(parent).depth) + 1;
        self.state.groups.push(Group {
            kernel: site.kernel,
            parent,
            depth,
            weight: cgroup.cpu_weight,
            load: 0,
            used: Time::ZERO,
            limit: cgroup.cpu_max.map(|max| Limit::new(max, Time::ZERO)),
            component,
        });
        self.groups.push(GroupPlan { stack: site.stack, inside: site.inside, node });
        let (kernel, _) = self.kernel_components[usize::from(site.kernel.0)];
        let (path, parent, node) = (path.to_owned(), parent.map(|parent| parent.0), node.map(|node| node.0));
        self.topology.groups.push(GroupInfo { path, parent, kernel, node });
        // Each is a part of the machine, or belongs to one, of which there are fewer than a u32 counts.
        GroupId((self.state.groups.len() - 1) as u32)
    }

    fn run(&self, node: NodeId, process: &ProcessSpec) -> Option<Run> {
        let program = process.program?.0;
        let (threads, weight, cpu) = (process.threads, process.weight, process.cpu);
        let drawn = self.operations_of(program).any(Operation::is_drawn);
        let chance = drawn.then(|| (self.seed, format!("program of {}", self.plans[node.index()].path)));
        Some(Run { program, threads, weight, cpu, links: self.links(program), chance })
    }

    fn operations_of(&self, program: u16) -> impl Iterator<Item = &Operation> {
        self.programs[usize::from(program)].iter().filter_map(|instruction| match instruction {
            Code::Do(index) => Some(&self.operations[usize::from(*index)].operation),
            _ => None,
        })
    }

    /// The partners that a program's operations need, each once.
    fn links(&self, program: u16) -> Vec<Link> {
        let mut links: Vec<Link> = Vec::new();
        for link in self.operations_of(program).filter_map(workload::link_of) {
            if !links.contains(&link) {
                links.push(link);
            }
        }
        links
    }

    fn vm(&mut self, site: Site, node: NodeId, spec: &VmSpec) -> (ComponentId, Planned) {
        let (kernel, hypervisor) = self.kernel_components[usize::from(site.kernel.0)];
        let stack = Some(site.stack);
        let how = if spec.technique == Technique::Interpreted { " · interpreted" } else { "" };
        let note = format!("{} vCPU · {}{how}", spec.vcpus, bytes(spec.memory));
        let below = hypervisor.unwrap_or(kernel);
        let name = spec.name.as_str();
        let wall = self.add(ComponentKind::VirtualMachine, name, Some(below), stack, Layer::Hypervisor, note);
        let note = "what the guest believes is real";
        let hardware =
            self.add(ComponentKind::VirtualHardware, "virtual hardware", Some(wall), stack, Layer::Hardware, note);
        let guest = KernelId(self.state.kernels.len() as u16);
        let first_cpu = self.cpus(hardware, spec.vcpus, guest, stack, "vCPU");
        let part = |b: &mut Self, kind, name: &str, note: String| {
            b.add(kind, name, Some(hardware), stack, Layer::Hardware, note)
        };
        let memory = part(self, ComponentKind::Memory, "memory", bytes(spec.memory));
        let mut devices = Devices::default();
        let one = |name: &str| [VirtualDevice { name: name.to_owned(), on: 0 }];
        for disk in or_else(&spec.disks, &one("disk")) {
            let note = self.served_by(site.kernel, ComponentKind::Disk, spec.disks.len(), disk.on);
            let component = part(self, ComponentKind::Disk, &disk.name, note);
            devices.disks.push(Device { component, binding: Binding::Virtio { below: disk.on } });
        }
        for nic in or_else(&spec.nics, &one("NIC")) {
            let note = self.served_by(site.kernel, ComponentKind::Nic, spec.nics.len(), nic.on);
            let component = part(self, ComponentKind::Nic, &nic.name, note);
            devices.nics.push(Device { component, binding: Binding::Virtio { below: nic.on } });
        }
        let timer = part(self, ComponentKind::Timer, "timer", String::new());
        let vm = VmId(self.state.vms.len() as u16);
        self.state.vms.push(Vm {
            host: site.kernel,
            guest,
            backend: spec.backend,
            technique: spec.technique,
            node,
            model: ProcessId::NONE,
            worker: TaskId::NONE,
            init: TaskId::NONE,
            backed: 0,
            asked: 0,
            swapped: 0,
            owing: 0,
            locked: spec.preallocated,
            asks_for_huge: spec.boot.is_none_or(|boot| boot.firmware != Firmware::None),
            at_devices: 0,
            off: false,
            stack: site.stack,
        });
        let path = self.plans[node.index()].path.clone();
        let group = Some(self.group(site, &path, Some(node), &spec.cgroup, None));
        let has_vms = spec.stacks.iter().any(|node| matches!(node, NodeSpec::Vm(_)));
        self.mounts.add_kernel(&self.files, &spec.mounts);
        let mode = if spec.technique == Technique::Interpreted { "interpreted" } else { "non-root mode" };
        let parts = self.boot_parts(hardware, spec.boot.as_ref(), stack, mode);
        let platform = Platform {
            cpus: spec.vcpus,
            memory: spec.memory,
            nvme: 0,
            sata: 0,
            virtio: devices.disks.len() as u32,
            nics: devices.nics.len() as u32,
            guest: true,
        };
        let sizes = (spec.memory, spec.swap, spec.huge_pages, spec.boot.is_some());
        self.kernel(hardware, Some(vm), first_cpu, spec.vcpus, stack, has_vms, [memory, timer], devices, sizes);
        self.plan_boot(spec.boot.as_ref(), &platform, parts);
        let inner = Site { kernel: guest, stack: site.stack, inside: Some(node) };
        self.named_groups(inner, &spec.groups);
        let nodes = spec.stacks.iter().map(|node| self.node(inner, node)).collect();
        let preallocated = if spec.preallocated { spec.memory } else { 0 };
        let (vcpus, pin) = (spec.vcpus, spec.pin.clone());
        let boots = spec.boot.is_some();
        let loaded = match spec.boot {
            Some(BootSpec { firmware: Firmware::None, kernel, initrd, .. }) => kernel + initrd,
            _ => FIRMWARE,
        };
        (
            wall,
            Planned::Machine(MachinePlan {
                vm,
                guest,
                first_cpu,
                vcpus,
                group,
                pin,
                preallocated,
                nodes,
                boots,
                loaded,
            }),
        )
    }

    /// Words for a virtual device: what it is and, where the file says it, by which device below it is served.
    fn served_by(&self, below: KernelId, kind: ComponentKind, written: usize, on: u16) -> String {
        let devices = &self.state.kernel(below).devices;
        let device = match kind {
            ComponentKind::Disk => devices.disks.get(usize::from(on)).map(|disk| disk.component),
            _ => devices.nics.get(usize::from(on)).map(|nic| nic.component),
        };
        match device.and_then(|id| self.topology.component(id)) {
            Some(device) if written > 0 => format!("virtio, on {}", device.name),
            _ => "virtio".to_owned(),
        }
    }
}

/// What is written, or what there is where nothing is.
fn or_else<'a, T>(written: &'a [T], otherwise: &'a [T]) -> &'a [T] {
    if written.is_empty() { otherwise } else { written }
}

/// `container in vm`, `vm in vm`: the innermost first.
fn kind_of(node: &NodeSpec) -> String {
    match node {
        NodeSpec::Process(_) => "process".to_owned(),
        NodeSpec::Container(_) => "container".to_owned(),
        NodeSpec::Vm(vm) => match vm.stacks.first() {
            None | Some(NodeSpec::Process(_)) => "vm".to_owned(),
            Some(inner) => format!("{} in vm", kind_of(inner)),
        },
    }
}

/// Memory and image of a stack: what a VM is promised, what a process's program touches.
fn sizes(node: &NodeSpec, spec: &Spec) -> (u64, u64) {
    match node {
        NodeSpec::Vm(vm) => (vm.memory, vm.image_bytes),
        NodeSpec::Container(container) => (working_set(&container.process, spec), container.image_bytes),
        NodeSpec::Process(process) => (working_set(process, spec), 0),
    }
}

fn working_set(process: &ProcessSpec, spec: &Spec) -> u64 {
    fn largest(body: &[super::spec::Statement]) -> u64 {
        use super::spec::Statement;
        body.iter()
            .map(|statement| match statement {
                Statement::Do(Operation::Memory { working_set, .. }) => *working_set,
                Statement::Do(_) => 0,
                Statement::Repeat(_, body) => largest(body),
            })
            .max()
            .unwrap_or(0)
    }
    let program = process.program.and_then(|id| spec.programs.get(usize::from(id.0)));
    program.map_or(0, |program| largest(&program.body)) * u64::from(process.threads)
}

/// An operation as text: "read(data, 4 KiB)".
fn describe(operation: &Operation) -> String {
    match operation {
        Operation::Compute(time) => format!("compute {time}"),
        Operation::Cycles(cycles) => format!("compute {cycles} cycles"),
        Operation::Memory { working_set, accesses, .. } => format!("{accesses} loads from {}", bytes(*working_set)),
        Operation::SystemCall(name) => format!("{name}()"),
        Operation::Read { file, bytes: size, .. } => format!("read({file}, {})", bytes(*size)),
        Operation::Write { file, bytes: size, sync } => {
            format!("write({file}, {}{})", bytes(*size), if *sync { ", sync" } else { "" })
        }
        Operation::Request { send, receive, .. } => format!("request({} out, {} back)", bytes(*send), bytes(*receive)),
        Operation::PingPong { bytes: 1, .. } => "pipe round trip".to_owned(),
        Operation::PingPong { bytes: size, .. } => format!("pipe round trip of {}", bytes(*size)),
        Operation::Sleep(time) => format!("sleep({time})"),
        Operation::Cpuid => "CPUID".to_owned(),
        Operation::Hlt => "HLT".to_owned(),
        Operation::Open(file) => format!("open({file})"),
        Operation::Fsync(file) => format!("fsync({file})"),
        Operation::Fork { vfork, exec, .. } => {
            let call = if *vfork { "vfork" } else { "fork" };
            let exec = exec.map_or(String::new(), |image| format!(", exec({})", bytes(image.bytes)));
            format!("{call}{exec}, wait")
        }
        Operation::Exec(image) => format!("exec({})", bytes(image.bytes)),
        Operation::StartContainer(start) => match start.rootless {
            true => "start a rootless container".to_owned(),
            false => "start a container".to_owned(),
        },
        Operation::StartVm(_) => "start a virtual machine".to_owned(),
        Operation::Start(path) => format!("start {path}"),
        Operation::Out => "OUT".to_owned(),
        Operation::Instruction(instruction) => instruction.mnemonic().to_owned(),
    }
}
