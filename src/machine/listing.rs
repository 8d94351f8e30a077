//! Tables of what a part knows at a moment: each part its own.
//!
//! A scheduler knows who waits and who has run; a page cache knows its files; the memory manager knows who has what; a
//! hypervisor knows its vCPUs. What has happened *so far* (exits by reason, hits and misses) is counted from the trace,
//! in [`crate::trace::exits`] and [`crate::trace::tallies`].

use super::frame::{GroupId, Kind, RequestId, TaskId};
use super::inspect::{Look, state_text};
use super::state::{Kernel, KernelId, Origin, RequestKind, TaskState};
use super::{ComponentKind, Machine, Topology};
use crate::amounts::bytes as bytes_text;
use crate::engine::Time;
use crate::trace::{ComponentId, CpuId};

/// So many rows are listed.
const MOST: usize = 48;

/// A table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// What it lists.
    pub title: String,
    /// The names of its columns.
    pub header: Vec<String>,
    /// As many cells as there are columns.
    pub rows: Vec<Vec<String>>,
    /// What has to be said about it; may be empty.
    pub note: String,
}

impl Listing {
    /// An empty table.
    pub fn new(title: impl Into<String>, header: &[&str]) -> Listing {
        let header = header.iter().map(|name| (*name).to_owned()).collect();
        Listing { title: title.into(), header, ..Listing::default() }
    }

    /// With something said below it.
    pub fn noted(self, note: impl Into<String>) -> Listing {
        Listing { note: note.into(), ..self }
    }

    /// At most so many rows as can be looked through; the others are counted.
    pub fn filled(mut self, rows: impl IntoIterator<Item = Vec<String>>) -> Listing {
        let mut rows = rows.into_iter();
        self.rows = rows.by_ref().take(MOST).collect();
        let more = rows.count();
        if more > 0 {
            self.note = format!("{} {more} more are not listed", self.note).trim().to_owned();
        }
        self
    }
}

/// The tables of `component` at this moment.
pub fn listings(machine: &Machine, topology: &Topology, component: ComponentId) -> Vec<Listing> {
    let look = Look { state: &machine.state, topology };
    let files = |index: usize| file_name(machine, index);
    let Some(part) = topology.component(component) else { return Vec::new() };
    let kernel = look.kernel_at(component);
    let tables = match (part.kind, kernel) {
        (ComponentKind::KernelPart, Some((id, kernel))) => look.kernel_part((id, kernel), component, &files),
        (ComponentKind::HypervisorPart, Some((id, kernel))) => look.hypervisor_part((id, kernel), component),
        (ComponentKind::Hypervisor, Some((id, _))) => vec![look.vcpu_threads(id), look.guest_memory(id)],
        (ComponentKind::Kernel, Some((id, _))) => vec![look.threads(id)],
        (ComponentKind::Core, _) => part.cpu.map_or(Vec::new(), |cpu| vec![look.queue_of(cpu)]),
        (ComponentKind::Memory, _) => {
            let kernels = (0..machine.state.kernels.len() as u16).map(KernelId);
            let owner = kernels.into_iter().find(|id| machine.state.kernel(*id).parts.hw_memory == component);
            owner.map_or(Vec::new(), |id| look.memory_of(id))
        }
        (ComponentKind::Disk, _) => look.disk_queue(component).into_iter().collect(),
        (ComponentKind::Cgroup, _) => look.valve(component),
        (ComponentKind::DeviceModels, Some((id, _))) => vec![look.backends(id), look.guest_memory(id)],
        (ComponentKind::App | ComponentKind::Container, _) => vec![inside_and_outside(topology, component)],
        _ => Vec::new(),
    };
    tables.into_iter().filter(|table| !table.header.is_empty()).collect()
}

/// A file's name, by its place in page caches.
fn file_name(machine: &Machine, index: usize) -> String {
    use super::spec::Operation::{Read, Write};
    let name = machine.fixed.operations.iter().find_map(|fixed| match &fixed.operation {
        Read { file, .. } | Write { file, .. } if usize::from(fixed.file) == index => Some(file.clone()),
        _ => None,
    });
    name.unwrap_or_else(|| format!("file {index}"))
}

/// The same facts of an app from within its namespaces and from its kernel.
fn inside_and_outside(topology: &Topology, component: ComponentId) -> Listing {
    let views = super::viewpoint::viewpoints(topology, component);
    let [(_, inside), (outside_label, outside), ..] = &views[..] else { return Listing::default() };
    let facts = |from: ComponentId| super::viewpoint::seen_from(topology, component, from);
    let bare = |label: &str| label.trim_start_matches("my ").trim_start_matches("its ").to_owned();
    let seen = facts(*outside);
    let outside_of = |label: &str| {
        let same = seen.iter().find(|fact| bare(&fact.label) == label);
        same.map_or("the same".to_owned(), |fact| fact.value.clone())
    };
    let rows = facts(*inside).into_iter().map(|fact| {
        let label = bare(&fact.label);
        let outside = outside_of(&label);
        let outside = if outside == fact.value { "the same".to_owned() } else { outside };
        vec![label, fact.value, outside]
    });
    let outside = format!("From the {outside_label}");
    Listing::new("Seen from within and from its kernel", &["What", "From within", &outside]).filled(rows)
}

impl Look<'_> {
    fn kernel_part(
        &self,
        (id, kernel): (KernelId, &Kernel),
        part: ComponentId,
        files: &dyn Fn(usize) -> String,
    ) -> Vec<Listing> {
        let parts = &kernel.parts;
        if part == parts.scheduler {
            self.scheduler(id)
        } else if part == parts.files {
            vec![self.files(kernel, files)]
        } else if part == parts.memory {
            self.memory_of(id)
        } else if part == parts.block || part == parts.driver {
            vec![self.requests(id)]
        } else if part == parts.network {
            vec![self.packets(id)]
        } else if part == parts.system_calls {
            vec![self.in_calls(id)]
        } else {
            Vec::new()
        }
    }

    fn hypervisor_part(&self, (id, kernel): (KernelId, &Kernel), part: ComponentId) -> Vec<Listing> {
        let parts = &kernel.parts;
        if part == parts.vcpus {
            vec![self.vcpu_threads(id)]
        } else if part == parts.backends {
            vec![self.backends(id)]
        } else if part == parts.nested_paging {
            vec![self.guest_memory(id)]
        } else if part == parts.exits {
            vec![self.exits_under_way(id)]
        } else {
            Vec::new()
        }
    }

    /// The kernel that a part is or lies in.
    fn kernel_at(&self, component: ComponentId) -> Option<(KernelId, &Kernel)> {
        let kernel = self.kernel_component(component)?;
        let id = self.cpus_of(kernel).first().map(|(_, cpu)| cpu.kernel)?;
        Some((id, self.state.kernel(id)))
    }

    fn cpu_name(&self, cpu: CpuId) -> String {
        self.topology.cpus.get(cpu.index()).map_or(String::new(), |cpu| cpu.name.clone())
    }

    /// Whose a task is: the name of its stack; the host's own have none.
    fn owner(&self, task: TaskId) -> String {
        let stack = self.state.task(task).stack;
        self.topology.stacks.get(stack.index()).map_or("the host".to_owned(), |stack| stack.name.clone())
    }

    /// A task so that it can be told from others: "app of process".
    fn whose(&self, task: TaskId) -> String {
        let (name, owner) = (self.task_name(task), self.owner(task));
        if name.contains(&owner) { name } else { format!("{name} of {owner}") }
    }

    fn tasks_of(&self, kernel: KernelId) -> impl Iterator<Item = TaskId> {
        let tasks = self.state.tasks.iter().filter(move |(_, task)| task.kernel == kernel);
        tasks.filter(|(_, task)| task.state != TaskState::Dead).map(|(key, _)| TaskId(key))
    }

    /// Who waits at each processor, and what each thread's share is.
    fn scheduler(&self, kernel: KernelId) -> Vec<Listing> {
        let cpus: Vec<CpuId> = self.state.kernel(kernel).cpu_ids().collect();
        let rows = cpus.iter().map(|&id| {
            let cpu = self.state.cpu(id);
            let runs = cpu.current.some().map_or("idle".to_owned(), |task| self.whose(task));
            let waiting = self.state.waiting_on(id);
            let more = waiting.len().saturating_sub(6);
            let waiting: Vec<String> = waiting.iter().take(6).map(|task| self.whose(*task)).collect();
            let waiting = match (waiting.len(), more) {
                (0, _) => "nobody".to_owned(),
                (_, 0) => waiting.join(", "),
                (_, more) => format!("{}, and {more} more", waiting.join(", ")),
            };
            vec![self.cpu_name(id), runs, waiting]
        });
        let queues =
            Listing::new("Run queue of each processor", &["Processor", "Runs", "Waiting, next first"]).filled(rows);
        let groups = self.groups(kernel);
        let mut tables = vec![queues, self.threads(kernel)];
        tables.extend((!groups.rows.is_empty()).then_some(groups));
        tables
    }

    /// A kernel's cgroups, an outer one before those in it.
    fn groups(&self, kernel: KernelId) -> Listing {
        let ids = (0..self.state.groups.len() as u32).map(GroupId);
        let rows = ids.filter(|id| self.state.group(*id).kernel == kernel).map(|id| {
            let used = self.state.group_use(id, Time::ZERO);
            let parent = self.state.group(id).parent.map_or("–", |parent| self.group_name(parent));
            let (max, this_period, throttled) = used.limit.map_or_else(
                || ["–"; 3].map(str::to_owned).into(),
                |limit| {
                    let max = format!("{} each {}", limit.max.quota, limit.max.period);
                    let throttled = format!("{} of {}", limit.throttled_periods, limit.periods);
                    (max, limit.used.to_string(), throttled)
                },
            );
            let (name, weight) = (self.group_name(id).to_owned(), used.cpu_weight.to_string());
            vec![name, parent.to_owned(), weight, used.used.to_string(), max, this_period, throttled]
        });
        let columns = ["Cgroup", "In", "Weight", "Used", "cpu.max", "Used this period", "Periods throttled"];
        Listing::new("Cgroups", &columns).filled(rows)
    }

    fn threads(&self, kernel: KernelId) -> Listing {
        let rows = self.tasks_of(kernel).map(|id| {
            let task = self.state.task(id);
            let least = self.state.min_vruntime(task.cpu, self.state.group_of(id));
            let ahead = Time(task.vruntime.saturating_sub(least));
            let ahead = if task.state == TaskState::Blocked { "–".to_owned() } else { ahead.to_string() };
            let state = format!("{} on {}", self.state_of(id), self.cpu_name(task.cpu));
            vec![self.whose(id), state, task.weight.to_string(), ahead]
        });
        let note = "Virtual time is run time over weight; who is ahead by least runs next.";
        Listing::new("Threads", &["Thread", "State", "Weight", "Ahead"]).noted(note).filled(rows)
    }

    fn queue_of(&self, id: CpuId) -> Listing {
        let cpu = self.state.cpu(id);
        let current = cpu.current.some().map(|task| (task, "runs"));
        let ready = self.state.waiting_on(id).into_iter().map(|task| (task, "waits"));
        let rows = current.into_iter().chain(ready).map(|(task, what)| {
            let of = self.state.task(task);
            let least = self.state.min_vruntime(id, self.state.group_of(task));
            let ahead = Time(of.vruntime.saturating_sub(least)).to_string();
            vec![self.whose(task), what.to_owned(), of.weight.to_string(), ahead]
        });
        Listing::new("Run queue, next first", &["Thread", "State", "Weight", "Ahead"]).filled(rows)
    }

    fn files(&self, kernel: &Kernel, name: &dyn Fn(usize) -> String) -> Listing {
        // By file, and within it by disk.
        let disks = kernel.devices.disks.len().max(1);
        let cached = kernel.cached.iter().enumerate().filter(|(_, bytes)| **bytes > 0);
        let rows = cached.map(|(i, bytes)| {
            let disk = kernel.devices.disks.get(i % disks).map(|disk| self.name(disk.component));
            let name = match disk.filter(|_| disks > 1) {
                _ if i + 1 == kernel.cached.len() => "what it has booted from".to_owned(),
                Some(disk) => format!("{} on {disk}", name(i / disks)),
                None => name(i / disks),
            };
            vec![name, bytes_text(*bytes), (bytes.div_ceil(4096)).to_string()]
        });
        Listing::new("Files in the page cache", &["File", "From its beginning", "Pages"]).filled(rows)
    }

    /// Who has what of a kernel's memory.
    fn memory_of(&self, kernel: KernelId) -> Vec<Listing> {
        let state = self.state.kernel(kernel);
        let mut rows = vec![
            vec!["given out in all".to_owned(), bytes_text(state.allocated)],
            vec!["page cache".to_owned(), bytes_text(state.cached.iter().sum())],
        ];
        let vms = self.state.vms.iter().filter(|vm| vm.host == kernel);
        rows.extend(vms.map(|vm| {
            let name = self.topology.stacks.get(vm.stack.index()).map_or(String::new(), |stack| stack.name.clone());
            vec![format!("frames of {name}'s machine"), bytes_text(vm.backed)]
        }));
        rows.push(vec!["the kernel itself".to_owned(), bytes_text(state.own() + state.kept)]);
        rows.push(vec!["free".to_owned(), bytes_text(state.free())]);
        let all = Listing::new("Who has what", &["Use", "Bytes"]).filled(rows);
        let processes = self.state.processes.iter().filter(|(_, process)| process.kernel == kernel);
        let rows = processes.map(|(_, process)| {
            let stack = self.topology.stacks.get(process.stack.index());
            let owner = stack.map_or("the host".to_owned(), |stack| stack.name.clone());
            let name = match process.vm {
                Some(_) => format!("device model of {owner}"),
                None => format!("{} of {owner}", self.name(process.component)),
            };
            let space = &process.space;
            vec![
                format!("{name}, pid {}", process.pid),
                bytes_text(space.touched),
                space.entries.to_string(),
                bytes_text(space.owned),
                (self.state.score(process)).to_string(),
            ]
        });
        let header = ["Process", "Touched", "Page-table entries", "Its own alone", "Out-of-memory score"];
        vec![all, Listing::new("Address spaces", &header).filled(rows)]
    }

    fn request_text(&self, request: RequestId) -> Vec<String> {
        let request = self.state.request(request);
        let stack = self.topology.stacks.get(request.stack.index());
        let owner = stack.map_or("the host".to_owned(), |stack| stack.name.clone());
        let what = match request.kind {
            RequestKind::Read => format!("read {}", bytes_text(request.bytes)),
            RequestKind::Write => format!("write {}", bytes_text(request.bytes)),
            RequestKind::Packet { .. } => format!("packet of {}", bytes_text(request.bytes)),
        };
        let whose = match request.origin {
            Origin::Task(_) | Origin::Polled(_) => owner,
            Origin::Guest(..) => format!("the device model of {owner}"),
        };
        let since =
            if request.started == Time::ZERO { "not yet".to_owned() } else { format!("at {}", request.started) };
        vec![whose, what, since]
    }

    fn under_way(&self, kernel: KernelId, packets: bool) -> Vec<RequestId> {
        let requests = self.state.requests.iter().filter(|(_, request)| request.kernel == kernel);
        let wanted = requests.filter(|(_, request)| matches!(request.kind, RequestKind::Packet { .. }) == packets);
        wanted.map(|(key, _)| RequestId(key)).collect()
    }

    fn requests(&self, kernel: KernelId) -> Listing {
        let rows = self.under_way(kernel, false).into_iter().map(|request| self.request_text(request));
        Listing::new("Requests under way", &["Of", "What", "Served since"]).filled(rows)
    }

    fn packets(&self, kernel: KernelId) -> Listing {
        let rows = self.under_way(kernel, true).into_iter().map(|request| self.request_text(request));
        Listing::new("Packets under way", &["Of", "What", "Sent"]).filled(rows)
    }

    /// The requests that a disk of the hardware has and has not yet answered.
    fn disk_queue(&self, component: ComponentId) -> Option<Listing> {
        self.state.disks.iter().find(|disk| disk.component == component)?;
        let of_disk = |kernel: &Kernel| kernel.devices.disks.iter().position(|disk| disk.component == component);
        let kernels = (0..self.state.kernels.len() as u16).map(KernelId);
        let (kernel, number) = kernels.into_iter().find_map(|id| Some((id, of_disk(self.state.kernel(id))?)))?;
        let requests = self.under_way(kernel, false).into_iter();
        let own = requests.filter(|request| usize::from(self.state.request(*request).device) == number);
        let rows = own.map(|request| self.request_text(request));
        Some(Listing::new("Requests in the device", &["Of", "What", "Served since"]).filled(rows))
    }

    /// Threads that are in the kernel on behalf of their programs.
    fn in_calls(&self, kernel: KernelId) -> Listing {
        let inside = self.tasks_of(kernel).filter(|task| self.state.task(*task).frames.len() > 1);
        let rows = inside.map(|id| {
            let task = self.state.task(id);
            vec![self.whose(id), state_text(task.state).to_owned(), self.cpu_name(task.cpu)]
        });
        Listing::new("Threads within an operation", &["Thread", "State", "Processor"]).filled(rows)
    }

    /// The vCPUs of the machines that a kernel runs.
    fn vcpus_of(&self, kernel: KernelId) -> Vec<CpuId> {
        let vms = self.state.vms.iter().filter(|vm| vm.host == kernel);
        vms.flat_map(|vm| self.state.kernel(vm.guest).cpu_ids()).collect()
    }

    fn vcpu_threads(&self, kernel: KernelId) -> Listing {
        let rows = self.vcpus_of(kernel).into_iter().map(|vcpu| {
            let thread = self.state.thread_of(vcpu).map(|thread| self.state.task(thread));
            // One of a machine that is not there has no thread.
            let state = thread.map_or("there is none".to_owned(), |thread| match thread.guest {
                Some(_) => "in guest mode".to_owned(),
                None => state_text(thread.state).to_owned(),
            });
            let place = thread.map_or("none".to_owned(), |thread| self.cpu_name(thread.cpu));
            vec![self.cpu_name(vcpu), state, place, self.state.cpu(vcpu).pending.len().to_string()]
        });
        Listing::new("vCPU threads", &["vCPU", "State", "Processor", "Interrupts pending"]).filled(rows)
    }

    fn exits_under_way(&self, kernel: KernelId) -> Listing {
        let out = self.vcpus_of(kernel).into_iter().filter_map(|vcpu| {
            let thread = self.state.task(self.state.thread_of(vcpu)?);
            let Some(Kind::Exit { exit, reflect }) = thread.frames.iter().rev().find_map(|frame| match frame.kind {
                kind @ Kind::Exit { .. } => Some(kind),
                _ => None,
            }) else {
                return None;
            };
            let whose = if reflect { "its own hypervisor's" } else { "handled here" };
            Some(vec![self.cpu_name(vcpu), exit.reason().label().to_owned(), whose.to_owned()])
        });
        Listing::new("Exits under way", &["vCPU", "Reason", "Whose"]).filled(out)
    }

    fn backends(&self, kernel: KernelId) -> Listing {
        let vms = self.state.vms.iter().filter(|vm| vm.host == kernel);
        let rows = vms.map(|vm| {
            let stack = self.topology.stacks.get(vm.stack.index());
            if !self.state.lives(vm.worker) {
                return Vec::new();
            }
            let worker = self.state.task(vm.worker);
            let served = worker.inbox.iter().filter(|request| self.state.request(**request).done).count();
            let new = worker.inbox.len() - served;
            let name = stack.map_or(String::new(), |stack| stack.name.clone());
            vec![name, state_text(worker.state).to_owned(), new.to_string(), served.to_string()]
        });
        Listing::new("Back ends", &["Of", "Thread", "To take", "To give back"])
            .filled(rows.filter(|row| !row.is_empty()))
    }

    fn guest_memory(&self, kernel: KernelId) -> Listing {
        let vms = self.state.vms.iter().filter(|vm| vm.host == kernel);
        let rows = vms.map(|vm| {
            let stack = self.topology.stacks.get(vm.stack.index());
            let given = self.state.kernel(vm.guest).allocated;
            let name = stack.map_or(String::new(), |stack| stack.name.clone());
            vec![name, bytes_text(vm.backed), bytes_text(given)]
        });
        Listing::new("Memory of guests", &["Of", "With frames here", "Given out in the guest"]).filled(rows)
    }

    fn valve(&self, component: ComponentId) -> Vec<Listing> {
        let group = self.state.groups.iter().find(|group| group.component == component);
        let Some(limit) = group.and_then(|group| group.limit.as_ref()) else { return Vec::new() };
        let rows = limit.throttled.iter().map(|&task| {
            let weight = self.state.task(task).weight.to_string();
            vec![self.whose(task), self.cpu_name(self.state.task(task).cpu), weight]
        });
        vec![Listing::new("Held at the valve", &["Thread", "Processor", "Weight"]).filled(rows)]
    }
}
