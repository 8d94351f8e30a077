//! Machines and traces made by hand, for tests of the picture alone.
#![allow(dead_code)]

use strata::costs::Primitive;
use strata::engine::Time;
use strata::machine::{Component, ComponentKind, CpuInfo, StackInfo, Topology};
use strata::trace::{
    ComponentId, CpuId, Crossing, ExitReason, Hop, HopId, Journey, JourneyId, Layer, OperationKind, StackId, Token,
    Trace, Wait, What,
};

/// What stands on a kernel.
#[derive(Clone, Debug)]
pub enum Node {
    /// A process, limited or not.
    Process(bool),
    /// A container with so many apps, limited or not.
    Container(u8, bool),
    /// A virtual machine.
    Vm(Vec<Node>),
}

/// The four stacks of the first walkthrough.
pub fn four() -> Vec<Node> {
    vec![
        Node::Process(false),
        Node::Container(1, true),
        Node::Vm(vec![Node::Process(false)]),
        Node::Vm(vec![Node::Container(1, true)]),
    ]
}

/// Builds a topology.
#[derive(Default)]
pub struct Builder {
    pub topology: Topology,
}

impl Builder {
    fn add(
        &mut self,
        kind: ComponentKind,
        name: &str,
        note: &str,
        parent: Option<ComponentId>,
        stack: Option<StackId>,
        layer: Layer,
    ) -> ComponentId {
        let id = ComponentId(self.topology.components.len() as u16);
        let component =
            Component { name: name.to_owned(), kind, parent, stack, layer, note: note.to_owned(), cpu: None };
        self.topology.components.push(component);
        id
    }

    fn cpu(&mut self, name: String, id: ComponentId, stack: Option<StackId>) {
        let cpu = CpuId(self.topology.cpus.len() as u16);
        self.topology.components[id.index()].cpu = Some(cpu);
        self.topology.cpus.push(CpuInfo { name, kernel: ComponentId(0), stack });
    }

    fn kernel(
        &mut self,
        floor: ComponentId,
        nodes: &[Node],
        stack: Option<StackId>,
    ) -> (ComponentId, Option<ComponentId>) {
        let host = stack.is_none();
        let layer = if host { Layer::HostKernel } else { Layer::GuestKernel };
        let (name, note) = if host { ("host kernel", "ring 0, root mode") } else { ("guest kernel", "ring 0") };
        let kernel = self.add(ComponentKind::Kernel, name, note, Some(floor), stack, layer);
        let driver = if host { "NVMe driver" } else { "virtio drivers" };
        for part in ["system calls", "files, page cache", "scheduler", "block layer", "network", driver] {
            self.add(ComponentKind::KernelPart, part, "", Some(kernel), stack, layer);
        }
        let hypervisor = nodes.iter().any(|n| matches!(n, Node::Vm(_))).then(|| {
            let id = self.add(ComponentKind::Hypervisor, "hypervisor", "KVM", Some(kernel), stack, Layer::Hypervisor);
            for part in ["exits", "nested paging", "vCPU threads", "vhost: disk, net"] {
                self.add(ComponentKind::HypervisorPart, part, "", Some(id), stack, Layer::Hypervisor);
            }
            id
        });
        (kernel, hypervisor)
    }

    fn node(
        &mut self,
        node: &Node,
        kernel: ComponentId,
        hypervisor: Option<ComponentId>,
        stack: StackId,
    ) -> ComponentId {
        let (id_of_stack, stack) = (stack, Some(stack));
        match node {
            Node::Process(limited) => {
                let app = self.add(ComponentKind::App, "app", "pid 4711 · ring 3", Some(kernel), stack, Layer::User);
                if *limited {
                    self.add(ComponentKind::Cgroup, "cgroup", "cpu.max 25 %", Some(kernel), stack, Layer::Throttled);
                }
                app
            }
            Node::Container(apps, limited) => {
                let note = "pid mnt net uts ipc user";
                let id = self.add(ComponentKind::Container, "namespaces", note, Some(kernel), stack, Layer::Namespaces);
                for _ in 0..*apps {
                    self.add(ComponentKind::App, "app", "sees pid 1", Some(id), stack, Layer::User);
                }
                if *limited {
                    self.add(ComponentKind::Cgroup, "cgroup", "cpu.max 50 %", Some(id), stack, Layer::Throttled);
                }
                id
            }
            Node::Vm(inner) => {
                let note = "2 vCPU · 4 GiB · non-root mode";
                let id = self.add(ComponentKind::VirtualMachine, "VM", note, hypervisor, stack, Layer::Hypervisor);
                let note = "what the guest believes is real";
                let floor = self.add(
                    ComponentKind::VirtualHardware,
                    "virtual hardware",
                    note,
                    Some(id),
                    stack,
                    Layer::Hardware,
                );
                for (kind, name) in [
                    (ComponentKind::Core, "vCPU 0"),
                    (ComponentKind::Core, "vCPU 1"),
                    (ComponentKind::Disk, "virtio disk"),
                    (ComponentKind::Nic, "virtio NIC"),
                    (ComponentKind::Timer, "timer"),
                ] {
                    let part = self.add(kind, name, "", Some(floor), stack, Layer::Hardware);
                    if kind == ComponentKind::Core {
                        self.cpu(format!("vm {name}"), part, stack);
                    }
                }
                let (kernel, hypervisor) = self.kernel(floor, inner, stack);
                for node in inner {
                    self.node(node, kernel, hypervisor, id_of_stack);
                }
                id
            }
        }
    }
}

/// The machine with these stacks and so many cores.
pub fn machine(stacks: &[(&str, Node)], cores: u16) -> Topology {
    let mut b = Builder::default();
    let root = b.add(ComponentKind::Hardware, "hardware", "", None, None, Layer::Hardware);
    for core in 0..cores {
        let id = b.add(ComponentKind::Core, &format!("core {core}"), "", Some(root), None, Layer::Hardware);
        b.cpu(format!("core {core}"), id, None);
    }
    b.topology.cores = cores;
    for (kind, name) in [
        (ComponentKind::Memory, "memory 16 GiB"),
        (ComponentKind::Disk, "NVMe disk"),
        (ComponentKind::Nic, "NIC"),
        (ComponentKind::Timer, "timer"),
    ] {
        b.add(kind, name, "", Some(root), None, Layer::Hardware);
    }
    let nodes: Vec<Node> = stacks.iter().map(|(_, n)| n.clone()).collect();
    let (kernel, hypervisor) = b.kernel(root, &nodes, None);
    for (i, (name, node)) in stacks.iter().enumerate() {
        let component = b.node(node, kernel, hypervisor, StackId(i as u16));
        let kind = "process".to_owned();
        let info = StackInfo { name: (*name).to_owned(), kind, component, memory_bytes: 0, image_bytes: 0 };
        b.topology.stacks.push(info);
    }
    b.topology.operations = vec!["read(fd 5, 4 KiB)".to_owned()];
    b.topology
}

/// The machine of the first walkthrough.
pub fn walkthrough() -> Topology {
    let names = ["process", "container", "virtual machine", "container in a VM"];
    machine(&names.into_iter().zip(four()).collect::<Vec<_>>(), 2)
}

/// Finds a component of a stack, or of the host, by its name.
pub fn find(topology: &Topology, stack: Option<StackId>, name: &str) -> Option<ComponentId> {
    topology.iter().find(|(_, c)| c.stack == stack && c.name == name).map(|(id, _)| id)
}

/// One step of a journey made by hand: where, how long, what, crossing, layer, token.
type Step = (ComponentId, u64, What, Crossing, Layer, Token);

/// Adds a journey made of steps; gives its end.
pub fn journey(trace: &mut Trace, stack: StackId, start: Time, steps: &[Step]) -> Time {
    let id = JourneyId(trace.journeys.len() as u32);
    let mut at = start;
    let mut cause = HopId::NONE;
    for &(component, ns, what, crossing, layer, token) in steps {
        let end = at + Time::ns(ns);
        let core =
            if what == What::UserCode || matches!(what, What::Pay(_)) { CpuId(stack.0 % 2) } else { CpuId::NONE };
        let hop = Hop {
            start: at,
            end,
            journey: id,
            cause,
            count: 1,
            component,
            cpu: core,
            core,
            stack,
            what,
            crossing,
            layer,
            token,
        };
        cause = HopId(trace.hops.len() as u32);
        trace.hops.push(hop);
        at = end;
    }
    let kind = OperationKind::Read;
    trace.journeys.push(Journey { stack, kind, label: 0, start, end: at, last_hop: cause });
    at
}

/// A cold read by a stack of this topology.
pub fn read(topology: &Topology, stack: StackId) -> Vec<Step> {
    use Primitive as P;
    let own = Some(stack);
    let app = find(topology, own, "app").or_else(|| find(topology, own, "VM")).unwrap_or(ComponentId(0));
    let guest = find(topology, own, "guest kernel").is_some();
    let (kernel, layer) = if guest { (own, Layer::GuestKernel) } else { (None, Layer::HostKernel) };
    let part = |of: Option<StackId>, name: &str| find(topology, of, name).unwrap_or(ComponentId(0));
    let pay = What::Pay;
    let mut steps = vec![
        (app, 400, What::UserCode, Crossing::None, Layer::User, Token::Instruction),
        (part(kernel, "system calls"), 170, pay(P::SystemCall), Crossing::SystemCall, layer, Token::SystemCall),
        (part(kernel, "files, page cache"), 1900, pay(P::FileLookup), Crossing::None, layer, Token::SystemCall),
        (part(kernel, "block layer"), 900, pay(P::BlockSubmit), Crossing::None, layer, Token::IoRequest),
    ];
    if guest {
        let exit = Crossing::VmExit(ExitReason::Doorbell);
        steps.extend([
            (part(own, "virtio drivers"), 600, pay(P::VirtioFill), Crossing::None, layer, Token::IoRequest),
            (part(None, "exits"), 1310, pay(P::VmExit), exit, Layer::Hardware, Token::VmExit),
            (part(None, "exits"), 500, pay(P::HandleDoorbell), Crossing::None, Layer::Hypervisor, Token::VmExit),
            (
                part(None, "vhost: disk, net"),
                2300,
                pay(P::VirtioBackendPop),
                Crossing::ContextSwitch,
                Layer::Hypervisor,
                Token::IoRequest,
            ),
            (part(None, "block layer"), 1200, pay(P::BlockSubmit), Crossing::None, Layer::HostKernel, Token::IoRequest),
        ]);
    }
    let wait = What::Wait(Wait::DeviceQueue);
    steps.extend([
        (part(None, "NVMe driver"), 300, pay(P::NvmeSubmit), Crossing::None, Layer::HostKernel, Token::IoRequest),
        (
            part(None, "NVMe disk"),
            4000 * (1 + u64::from(stack.0)),
            wait,
            Crossing::None,
            Layer::Waiting,
            Token::IoRequest,
        ),
        (part(None, "NVMe disk"), 81_000, pay(P::DiskRead4k), Crossing::Device, Layer::Hardware, Token::IoRequest),
        (
            part(None, "NVMe driver"),
            700,
            pay(P::InterruptEntry),
            Crossing::Interrupt,
            Layer::HostKernel,
            Token::Interrupt,
        ),
    ]);
    if guest {
        steps.extend([
            (
                part(None, "vhost: disk, net"),
                900,
                pay(P::VirtioBackendPush),
                Crossing::None,
                Layer::Hypervisor,
                Token::IoRequest,
            ),
            (
                part(own, "virtio disk"),
                800,
                pay(P::InjectInterrupt),
                Crossing::Injection,
                Layer::Hypervisor,
                Token::Interrupt,
            ),
            (part(own, "virtio drivers"), 500, pay(P::VirtioReap), Crossing::Interrupt, layer, Token::Interrupt),
        ]);
    }
    if let Some(valve) = find(topology, own, "cgroup") {
        let wait = What::Wait(Wait::Throttled);
        steps.push((valve, 5000, wait, Crossing::Throttle, Layer::Throttled, Token::Instruction));
    }
    steps.extend([
        (part(kernel, "block layer"), 600, pay(P::BlockComplete), Crossing::None, layer, Token::IoRequest),
        (part(kernel, "files, page cache"), 400, pay(P::Copy4k), Crossing::None, layer, Token::Return),
        (app, 100, What::Return, Crossing::Return, Layer::User, Token::Return),
    ]);
    steps
}

/// Every stack reads `count` times, the stacks a little apart.
pub fn reads(topology: &Topology, count: usize, apart: Time) -> Trace {
    let mut starts: Vec<(Time, StackId)> = Vec::new();
    let mut trace = Trace::default();
    let mut next: Vec<Time> = (0..topology.stacks.len()).map(|i| apart.times(i as u64)).collect();
    for _ in 0..count {
        for (i, at) in next.iter_mut().enumerate() {
            starts.push((*at, StackId(i as u16)));
            let length: u64 = read(topology, StackId(i as u16)).iter().map(|s| s.1).sum();
            *at += Time::ns(length);
        }
    }
    starts.sort();
    for (at, stack) in starts {
        journey(&mut trace, stack, at, &read(topology, stack));
    }
    trace
}
