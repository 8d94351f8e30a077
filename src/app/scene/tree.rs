//! The machine's tree of parts, sorted by what the layout does with them: platforms that carry a kernel, floors with
//! parts in them, and what stands on a kernel.

use crate::machine::{ComponentKind, Topology};
use crate::trace::ComponentId;

/// Hardware, real or virtual, and the kernel on it.
#[derive(Clone, Debug, Default)]
pub struct Platform {
    /// The slab of (virtual) hardware.
    pub floor: Option<ComponentId>,
    /// Cores, memory, devices.
    pub parts: Vec<ComponentId>,
    /// The kernel that runs on it.
    pub kernel: Option<Box<Kernel>>,
}

/// A kernel, what lies in it and what stands on it.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// The slab.
    pub id: ComponentId,
    /// System calls, page cache, and so on.
    pub parts: Vec<ComponentId>,
    /// A hypervisor inside this kernel.
    pub hypervisor: Option<Hypervisor>,
    /// The programs that play the devices of the machines on it.
    pub device_models: Option<ComponentId>,
    /// From left to right: processes and containers, then virtual machines, each in the order of the scenario.
    pub residents: Vec<Resident>,
}

/// A hypervisor inside a kernel.
#[derive(Clone, Debug)]
pub struct Hypervisor {
    /// The slab.
    pub id: ComponentId,
    /// Exits, nested paging, and so on.
    pub parts: Vec<ComponentId>,
}

/// What stands on a kernel.
#[derive(Clone, Debug)]
pub struct Resident {
    /// The app, container or virtual machine.
    pub id: ComponentId,
    /// What it is.
    pub kind: ResidentKind,
}

/// What a resident is.
#[derive(Clone, Debug)]
pub enum ResidentKind {
    /// A bare process, with the cgroup that limits it.
    App {
        /// Its valve.
        valve: Option<ComponentId>,
    },
    /// A container.
    Container {
        /// What runs in it.
        apps: Vec<ComponentId>,
        /// Its valve.
        valve: Option<ComponentId>,
    },
    /// A virtual machine.
    Vm {
        /// Its virtual hardware and all above.
        platform: Platform,
    },
}

impl Platform {
    /// The whole machine, from its hardware up.
    pub fn of(topology: &Topology) -> Platform {
        let root = topology.iter().find(|(_, c)| c.parent.is_none()).map(|(id, _)| id);
        let children = Children::of(topology);
        root.map_or_else(Platform::default, |root| Platform::at(topology, &children, root))
    }

    fn at(topology: &Topology, children: &Children, floor: ComponentId) -> Platform {
        let kernel = children.kind(topology, floor, ComponentKind::Kernel).next();
        Platform {
            floor: Some(floor),
            parts: children.parts(topology, floor),
            kernel: kernel.map(|id| Box::new(Kernel::at(topology, children, id))),
        }
    }
}

impl Kernel {
    fn at(topology: &Topology, children: &Children, id: ComponentId) -> Kernel {
        let hypervisor = children.kind(topology, id, ComponentKind::Hypervisor).next();
        let mut residents = Vec::new();
        let apps: Vec<ComponentId> = children.kind(topology, id, ComponentKind::App).collect();
        let valves = pair_valves(topology, children.kind(topology, id, ComponentKind::Cgroup), &apps);
        for &child in children.of_parent(id) {
            match topology.component(child).map(|c| c.kind) {
                Some(ComponentKind::App) => {
                    let valve = valves.iter().find(|(app, _)| *app == child).map(|(_, valve)| *valve);
                    residents.push(Resident { id: child, kind: ResidentKind::App { valve } });
                }
                Some(ComponentKind::Container) => {
                    let apps = children.kind(topology, child, ComponentKind::App).collect();
                    let valve = children.kind(topology, child, ComponentKind::Cgroup).next();
                    residents.push(Resident { id: child, kind: ResidentKind::Container { apps, valve } });
                }
                _ => {}
            }
        }
        // A machine may stand on the hypervisor, or, in a simpler tree, on the kernel that holds it.
        let below = hypervisor.into_iter().chain([id]);
        for vm in below.flat_map(|below| children.kind(topology, below, ComponentKind::VirtualMachine)) {
            let floor = children.kind(topology, vm, ComponentKind::VirtualHardware).next();
            let platform = floor.map_or_else(Platform::default, |floor| Platform::at(topology, children, floor));
            residents.push(Resident { id: vm, kind: ResidentKind::Vm { platform } });
        }
        Kernel {
            id,
            parts: children.parts(topology, id),
            device_models: children.kind(topology, id, ComponentKind::DeviceModels).next(),
            hypervisor: hypervisor.map(|id| Hypervisor { id, parts: children.parts(topology, id) }),
            residents,
        }
    }
}

/// Which of a kernel's programs each of its cgroups limits: the one that it follows, or if there is none without a
/// cgroup, the one that it precedes.
fn pair_valves(
    topology: &Topology,
    valves: impl Iterator<Item = ComponentId>,
    apps: &[ComponentId],
) -> Vec<(ComponentId, ComponentId)> {
    let stack = |id: ComponentId| topology.component(id).and_then(|c| c.stack);
    let mut pairs: Vec<(ComponentId, ComponentId)> = Vec::new();
    for valve in valves {
        let free = |app: &&ComponentId| stack(**app) == stack(valve) && pairs.iter().all(|(taken, _)| taken != *app);
        let before = apps.iter().rev().filter(|app| **app < valve).find(free);
        if let Some(&app) = before.or_else(|| apps.iter().filter(|app| **app > valve).find(free)) {
            pairs.push((app, valve));
        }
    }
    pairs
}

/// The children of every component, found once.
struct Children(Vec<Vec<ComponentId>>);

impl Children {
    fn of(topology: &Topology) -> Children {
        let mut lists = vec![Vec::new(); topology.components.len()];
        for (id, component) in topology.iter() {
            if let Some(list) = component.parent.and_then(|parent| lists.get_mut(parent.index())) {
                list.push(id);
            }
        }
        Children(lists)
    }

    fn of_parent(&self, id: ComponentId) -> &[ComponentId] {
        self.0.get(id.index()).map_or(&[], Vec::as_slice)
    }

    fn kind<'a>(
        &'a self,
        topology: &'a Topology,
        parent: ComponentId,
        kind: ComponentKind,
    ) -> impl Iterator<Item = ComponentId> + 'a {
        let of_kind = move |id: &ComponentId| topology.component(*id).is_some_and(|c| c.kind == kind);
        self.of_parent(parent).iter().copied().filter(of_kind)
    }

    fn parts(&self, topology: &Topology, floor: ComponentId) -> Vec<ComponentId> {
        let is_part = |id: &ComponentId| topology.component(*id).is_some_and(|c| is_part(c.kind));
        self.of_parent(floor).iter().copied().filter(is_part).collect()
    }
}

/// Whether it is drawn as a box in a floor.
pub fn is_part(kind: ComponentKind) -> bool {
    use ComponentKind::{Core, Disk, Firmware, HypervisorPart, KernelPart, Memory, Nic, Timer};
    matches!(kind, Core | Memory | Disk | Nic | Timer | Firmware | KernelPart | HypervisorPart)
}
