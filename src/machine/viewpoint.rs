//! One fact from different floors: pid, hostname, disk, memory, processors and clock of an app, as itself, its kernel
//! and each kernel below see them.
//!
//! Real: a namespace is a translation table in one kernel (`pid_namespaces(7)`, `mount_namespaces(7)`); a virtual
//! machine has no table at all: the kernel below sees a process with threads and memory, never the guest's pids.
//! Modelled: the tables' contents, which cost nothing to look up. Left out: user ids, what /proc shows with lxcfs.

use super::inspect::Fact;
use super::{ComponentKind, Topology};
use crate::trace::ComponentId;

/// The first pid given to a stack's process on a kernel.
const FIRST_PID: u32 = 1201;

/// From where the same facts can be looked at, for an app or anything below it: the app, its kernel, each kernel
/// below, in this order. Labels are "app", "guest kernel", "host".
pub fn viewpoints(topology: &Topology, app: ComponentId) -> Vec<(String, ComponentId)> {
    let Some(app) = app_of(topology, app) else { return Vec::new() };
    let mut views = vec![("app".to_owned(), app)];
    let kernels = kernels_below(topology, app);
    let guests = kernels.len().saturating_sub(1);
    for (index, kernel) in kernels.into_iter().enumerate() {
        let label = match (index, guests) {
            (index, guests) if index == guests => "host".to_owned(),
            (_, 1) => "guest kernel".to_owned(),
            (index, _) => format!("guest kernel {}", index + 1),
        };
        views.push((label, kernel));
    }
    views
}

/// The facts pid, hostname, root, disk, memory, processors and clock of `app`, as `viewpoint` sees them.
pub fn seen_from(topology: &Topology, app: ComponentId, viewpoint: ComponentId) -> Vec<Fact> {
    let Some(app) = app_of(topology, app) else { return Vec::new() };
    let kernels = kernels_below(topology, app);
    let Some(&own) = kernels.first() else { return Vec::new() };
    let membrane =
        topology.component(app).and_then(|part| part.parent).filter(|id| is(topology, *id, ComponentKind::Container));
    let outermost = membrane.unwrap_or(app);
    let pid = pid_on(topology, own, outermost);
    if viewpoint == app {
        let contained = membrane.map(|id| name(topology, id));
        return vec![
            Fact::new("my pid", if contained.is_some() { "1".to_owned() } else { pid.to_string() }),
            Fact::new("my hostname", contained.unwrap_or_else(|| hostname(topology, own))),
            Fact::new(
                "my root",
                if membrane.is_some() { "overlay: image layers and one of my own" } else { "ext4 on the disk" },
            ),
            Fact::new("my disk", disk(topology, own)),
            Fact::new("my memory", format!("{} (what the kernel shows, limit or not)", memory(topology, own))),
            Fact::new("my CPUs", processors(topology, own)),
            Fact::new("my clock", "the kernel's"),
        ];
    }
    if viewpoint == own {
        let namespaces = membrane.and_then(|id| topology.component(id)).map(|part| part.note.clone());
        return vec![
            Fact::new("its pid", pid.to_string()),
            Fact::new("its namespaces", namespaces.unwrap_or_else(|| "mine".to_owned())),
            Fact::new("my hostname", hostname(topology, own)),
            Fact::new("my disk", format!("{}, \"real\"", disk(topology, own))),
            Fact::new("my memory", format!("{} from address 0", memory(topology, own))),
            Fact::new("my CPUs", format!("{}, ring 0 is mine", processors(topology, own))),
            Fact::new("my clock", clock(topology, own)),
        ];
    }
    // A kernel further down: it sees the virtual machine that stands on it, and nothing of what is inside.
    let above = kernels.iter().position(|&kernel| kernel == viewpoint).and_then(|at| kernels.get(at.checked_sub(1)?));
    let machine = above.and_then(|&kernel| machine_of(topology, kernel));
    let Some(machine) = machine else { return Vec::new() };
    let monitor = pid_on(topology, viewpoint, machine);
    vec![
        Fact::new("its pid", "none: I see no process of a guest"),
        Fact::new("the machine around it", format!("pid {monitor}, {}", name(topology, machine))),
        Fact::new("its disk", "requests of that process to mine"),
        Fact::new("its memory", format!("part of pid {monitor}'s address space")),
        Fact::new("its CPUs", format!("threads of pid {monitor}, scheduled like any other")),
        Fact::new("my hostname", hostname(topology, viewpoint)),
        Fact::new("my clock", clock(topology, viewpoint)),
    ]
}

/// By component: whether `viewpoint`, `app` itself or one of the kernels below it, can name it.
///
/// A kernel knows its parts, the hardware that it takes for real, and what stands on it: of a virtual machine the wall,
/// nothing within. A program knows of its kernel's processes what its namespaces show: in a container itself alone; of
/// the kernel itself that it is there, but not what it runs as a hypervisor.
pub fn known_from(topology: &Topology, app: ComponentId, viewpoint: ComponentId) -> Vec<bool> {
    let nothing = || vec![false; topology.components.len()];
    let Some(app) = app_of(topology, app) else { return nothing() };
    let Some(&own) = kernels_below(topology, app).first() else { return nothing() };
    let kernel = if viewpoint == app { own } else { viewpoint };
    let hardware = topology.component(kernel).and_then(|part| part.parent);
    let mut known = nothing();
    // A parent comes before its children.
    for (id, part) in topology.iter() {
        let parent = part.parent;
        let of_parent = parent.is_some_and(|parent| known[parent.index()]);
        let inside = parent.is_some_and(|parent| is(topology, parent, ComponentKind::VirtualMachine));
        known[id.index()] = match part.kind {
            // Another kernel on the same hardware there is none.
            ComponentKind::Kernel => id == kernel,
            ComponentKind::Hardware | ComponentKind::VirtualHardware => Some(id) == hardware,
            _ => of_parent && !inside,
        };
    }
    if viewpoint == app {
        let membrane = topology.component(app).and_then(|part| part.parent);
        let membrane = membrane.filter(|id| is(topology, *id, ComponentKind::Container));
        let around = |id: ComponentId| {
            std::iter::successors(Some(id), |id| topology.component(*id)?.parent).any(|id| Some(id) == membrane)
        };
        for (id, part) in topology.iter() {
            let hidden = match part.kind {
                ComponentKind::Hypervisor | ComponentKind::HypervisorPart => true,
                ComponentKind::VirtualMachine
                | ComponentKind::DeviceModels
                | ComponentKind::App
                | ComponentKind::Container
                | ComponentKind::Cgroup => membrane.is_some() && !around(id),
                _ => false,
            };
            known[id.index()] &= !hidden;
        }
        // A machine that stands on the hidden hypervisor is a process like others.
        if membrane.is_none() {
            let machines = topology.iter().filter(|(_, part)| part.kind == ComponentKind::VirtualMachine);
            for (id, part) in machines {
                let below = part.parent.and_then(|floor| topology.component(floor)).and_then(|floor| floor.parent);
                known[id.index()] = below == Some(kernel);
            }
        }
    }
    known
}

fn is(topology: &Topology, id: ComponentId, kind: ComponentKind) -> bool {
    topology.component(id).is_some_and(|part| part.kind == kind)
}

fn name(topology: &Topology, id: ComponentId) -> String {
    topology.component(id).map_or(String::new(), |part| part.name.clone())
}

/// The component itself if it is an app, else the first app that stands on it or lies in it.
fn app_of(topology: &Topology, id: ComponentId) -> Option<ComponentId> {
    if is(topology, id, ComponentKind::App) {
        return Some(id);
    }
    topology.children(id).find_map(|(child, _)| app_of(topology, child))
}

/// The kernels from the app's own down to the host's.
fn kernels_below(topology: &Topology, app: ComponentId) -> Vec<ComponentId> {
    let mut kernels = Vec::new();
    let mut at = topology.component(app).and_then(|part| part.parent);
    while let Some(id) = at {
        if is(topology, id, ComponentKind::Kernel) {
            kernels.push(id);
        }
        at = topology.component(id).and_then(|part| part.parent);
    }
    kernels
}

/// The virtual machine that a guest kernel runs in.
fn machine_of(topology: &Topology, kernel: ComponentId) -> Option<ComponentId> {
    let hardware = topology.component(kernel)?.parent?;
    topology.component(hardware)?.parent
}

/// The pid of a process, container or VM's device model on a kernel: in the order of the file.
fn pid_on(topology: &Topology, kernel: ComponentId, wanted: ComponentId) -> u32 {
    let stands_on = |id: ComponentId| {
        let parent = topology.component(id).and_then(|part| part.parent);
        let below = parent.filter(|&id| is(topology, id, ComponentKind::Hypervisor));
        below.map_or(parent, |floor| topology.component(floor).and_then(|part| part.parent))
    };
    let processes = topology.iter().filter(|(_, part)| {
        matches!(part.kind, ComponentKind::App | ComponentKind::Container | ComponentKind::VirtualMachine)
    });
    let position = processes.filter(|(id, _)| stands_on(*id) == Some(kernel)).position(|(id, _)| id == wanted);
    FIRST_PID + position.unwrap_or(0) as u32
}

fn hostname(topology: &Topology, kernel: ComponentId) -> String {
    machine_of(topology, kernel).map_or_else(|| "host".to_owned(), |vm| name(topology, vm))
}

/// A part of the hardware, real or virtual, that a kernel stands on.
fn hardware_note(topology: &Topology, kernel: ComponentId, kind: ComponentKind) -> Option<(String, String)> {
    let hardware = topology.component(kernel)?.parent?;
    let part = topology.children(hardware).find(|(_, part)| part.kind == kind)?;
    Some((part.1.name.clone(), part.1.note.clone()))
}

fn disk(topology: &Topology, kernel: ComponentId) -> String {
    let hardware = topology.component(kernel).and_then(|part| part.parent);
    let children = hardware.into_iter().flat_map(|hardware| topology.children(hardware));
    let disks: Vec<String> = children
        .filter(|(_, part)| part.kind == ComponentKind::Disk)
        .map(|(_, part)| format!("/dev/{}", part.name))
        .collect();
    // Which of several a file lies on is a question of mounts.
    if disks.len() > 1 && machine_of(topology, kernel).is_none() {
        return disks.join(", ");
    }
    match hardware_note(topology, kernel, ComponentKind::Disk) {
        Some((_, note)) if machine_of(topology, kernel).is_some() => format!("/dev/vda, {note}"),
        Some((name, note)) => format!("/dev/{name}, {note}"),
        None => "none".to_owned(),
    }
}

fn memory(topology: &Topology, kernel: ComponentId) -> String {
    hardware_note(topology, kernel, ComponentKind::Memory).map_or(String::new(), |(_, note)| note)
}

fn processors(topology: &Topology, kernel: ComponentId) -> String {
    let count = topology.cpus.iter().filter(|cpu| cpu.kernel == kernel).count();
    if count == 1 { "1 CPU".to_owned() } else { format!("{count} CPUs") }
}

fn clock(topology: &Topology, kernel: ComponentId) -> &'static str {
    match machine_of(topology, kernel) {
        Some(_) => "TSC with an offset, kvm-clock",
        None => "TSC",
    }
}
