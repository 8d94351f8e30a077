//! What stands on the host's kernel and on the guests': every node against the platform that it stands on.

use std::collections::HashMap;
use std::ops::Range;

use super::programs::Program;
use super::{boot, groups, host, names, scalar};
use crate::machine::limits::{MAX_DEPTH, MAX_NODES, MAX_STACKS, MAX_VM_VCPUS, Total};
use crate::machine::spec::{
    Backend, CgroupSpec, ContainerNetwork, ContainerSpec, HostSpec, NodeSpec, ProcessSpec, ProgramId, Restart, Upkeep,
    VirtualDevice, VmSpec,
};
use crate::scenario::file::{
    BackendFile, CgroupFile, Loose, Named, NetworkFile, NodeFile, RestartFile, ScenarioFile, VirtualDeviceFile,
};
use crate::scenario::locate::Node;
use crate::scenario::problem::Problems;
use crate::scenario::scale;

/// The least memory with which a guest kernel starts.
const LEAST_GUEST: u64 = 16 << 20;
/// The largest image.
const MOST_IMAGE: u64 = 1 << 40;

/// The kernel on which nodes stand, and what it has to offer.
struct Platform<'a> {
    /// "the host", or the virtual machine's name.
    name: &'a str,
    cpus: u64,
    memory: u64,
    swap: u64,
    depth: usize,
    /// The names of its disks and network cards.
    disks: &'a [&'a str],
    nics: &'a [&'a str],
    /// The names of its cgroups.
    groups: &'a [&'a str],
}

struct Checker<'a> {
    host: &'a HostSpec,
    programs: &'a [Program],
    has_until: bool,
    total: Total,
    /// By name; of several the first.
    by_name: HashMap<&'a str, usize>,
    /// How many nodes have been made inside of virtual machines, copies included.
    made: u64,
    problems: &'a mut Problems,
}

pub(super) fn check(
    file: &ScenarioFile,
    root: &Node,
    host: &HostSpec,
    programs: &[Program],
    has_until: bool,
    problems: &mut Problems,
) -> Vec<NodeSpec> {
    let at = root.key("stacks");
    let copies = file
        .copies
        .as_ref()
        .map_or(1, |copies| scalar::whole(copies, root.key("copies"), "copies", 1..=MAX_STACKS as u64, problems));
    if file.stacks.0.is_empty() {
        let help = Some("write at least one, as in { \"process\": Process(run: \"reader\") }".to_owned());
        problems.add(at.span.clone(), "there are no stacks: nothing runs", help);
    }
    let mut by_name = HashMap::with_capacity(programs.len());
    for (i, program) in programs.iter().enumerate() {
        by_name.entry(program.spec.name.as_str()).or_insert(i);
    }
    let mut checker = Checker { host, programs, has_until, total: Total::default(), by_name, made: 0, problems };
    let disks: Vec<&str> = host.disks.iter().map(|disk| disk.name.as_str()).collect();
    let nics: Vec<&str> = host.nics.iter().map(|nic| nic.name.as_str()).collect();
    let groups: Vec<&str> = host.groups.iter().map(|group| group.name.as_str()).collect();
    let platform = Platform {
        name: "the host",
        groups: &groups,
        cpus: u64::from(host.cores),
        memory: host.memory,
        swap: host.swap,
        depth: 1,
        disks: &disks,
        nics: &nics,
    };
    let stacks = checker.nodes(&file.stacks, at, &platform, copies);
    let standing = stacks.iter().fold(0u64, |sum, (_, own)| sum.saturating_add(own.saturating_mul(copies)));
    let too_many = (standing > MAX_STACKS as u64).then_some((standing, MAX_STACKS as u64, "stacks"));
    if let Some((n, most, what)) = too_many.or(checker.total.too_many()) {
        let help = Some(format!("{most} is the most; \"copies\" multiply all that stands inside"));
        checker.problems.add(at.span.clone(), format!("{n} {what} in all"), help);
    }
    if checker.problems.is_empty() { expand(stacks, copies) } else { stacks.into_iter().map(|(n, _)| n).collect() }
}

/// All copies of all nodes. The whole list is copied `copies` times, so that copies of different stacks alternate.
fn expand(nodes: Vec<(NodeSpec, u64)>, copies: u64) -> Vec<NodeSpec> {
    let most = nodes.iter().map(|(_, n)| *n).max().unwrap_or(1) * copies;
    // Neither is above MAX_STACKS here.
    (1..=most as usize)
        .flat_map(|copy| {
            let wanted = nodes.iter().filter(move |(_, n)| copy as u64 <= n * copies);
            wanted.map(move |(node, _)| scale::copy_of(node, copy))
        })
        .collect()
}

fn upkeep(up: bool, restart: RestartFile) -> Upkeep {
    let restart = match restart {
        RestartFile::Never => Restart::Never,
        RestartFile::OnFailure => Restart::OnFailure,
        RestartFile::Always => Restart::Always,
    };
    Upkeep { up, restart }
}

/// What a guest calls its devices; the one that it has where none is written, if there is one below.
fn names<'a>(devices: &'a [VirtualDevice], below: &[&str], unnamed: &'a str) -> Vec<&'a str> {
    match devices {
        [] if below.is_empty() => Vec::new(),
        [] => vec![unnamed],
        devices => devices.iter().map(|device| device.name.as_str()).collect(),
    }
}

impl Checker<'_> {
    /// The nodes on one kernel, each with how many copies of it there are to be.
    fn nodes(&mut self, nodes: &Named<NodeFile>, at: &Node, on: &Platform, copies: u64) -> Vec<(NodeSpec, u64)> {
        names::names(nodes, at, self.problems);
        groups::apart(nodes, at, on.groups, self.problems);
        let mut promised: u64 = 0;
        let mut checked = Vec::new();
        for (i, (name, node)) in nodes.0.iter().enumerate() {
            let place = at.item(i);
            let own = node
                .copies()
                .map_or(1, |n| scalar::whole(n, place.key("copies"), "copies", 1..=MAX_STACKS as u64, self.problems));
            let all = own.saturating_mul(copies);
            let before = std::mem::take(&mut self.total);
            let spec = self.node(names::beginning(name), node, place, on);
            self.total = before.plus(self.total.plus(Total::of(&spec)).times(all));
            // What is not there from the start may be promised more often than it is there, and lacks later.
            if let NodeSpec::Vm(vm) = &spec
                && vm.preallocated
            {
                let before = promised;
                promised = promised.saturating_add(vm.memory.saturating_mul(all));
                if before <= on.memory && promised > on.memory {
                    self.beyond_memory(vm.memory, all, promised, place.key("memory").span.clone(), on);
                }
            }
            checked.push((spec, own));
        }
        checked
    }

    fn beyond_memory(&mut self, memory: u64, copies: u64, promised: u64, span: Range<usize>, on: &Platform) {
        let size = crate::amounts::bytes;
        let times = if copies > 1 { format!(" ({copies} copies of {})", size(memory)) } else { String::new() };
        let message = format!(
            "with this the virtual machines have {}{times} from the start, and {} has {}",
            size(promised),
            on.name,
            size(on.memory)
        );
        if let Some(problems) = self.problems.given(&["host", "stacks"]) {
            problems.add(span, message, Some(format!("leave out preallocated, or give {} more memory", on.name)));
        }
    }

    fn node(&mut self, name: &str, node: &NodeFile, at: &Node, on: &Platform) -> NodeSpec {
        match node {
            NodeFile::Process { run, threads, weight, cpu, io_ports, nic, cgroup, up, restart, .. } => {
                let process = self.process(name, run, [threads, weight, cpu], cgroup, at, on);
                let (nic, upkeep) = (self.nic(nic, at, on), upkeep(*up, *restart));
                NodeSpec::Process(ProcessSpec { io_ports: *io_ports, nic, upkeep, ..process })
            }
            NodeFile::Container {
                run,
                threads,
                weight,
                cpu,
                io_ports,
                nic,
                disk,
                volumes,
                cgroup,
                seccomp_filters,
                network,
                image,
                up,
                restart,
                ..
            } => {
                let disk =
                    disk.as_ref().and_then(|name| host::device(name, "disk", on.disks, at.key("disk"), self.problems));
                let filters = seccomp_filters.as_ref().map_or(0, |n| {
                    scalar::whole(n, at.key("seccomp_filters"), "seccomp_filters", 0..=64, self.problems)
                });
                NodeSpec::Container(ContainerSpec {
                    process: ProcessSpec {
                        io_ports: *io_ports,
                        upkeep: upkeep(*up, *restart),
                        nic: self.nic(nic, at, on),
                        ..self.process(name, run, [threads, weight, cpu], cgroup, at, on)
                    },
                    seccomp_filters: filters as u16,
                    network: match network {
                        NetworkFile::Host => ContainerNetwork::Host,
                        NetworkFile::Bridge => ContainerNetwork::Bridge,
                    },
                    image_bytes: self.image(image, at),
                    disk,
                    volumes: host::mounts(volumes, at.key("volumes"), on.disks, self.problems),
                })
            }
            NodeFile::Vm {
                vcpus,
                memory,
                swap,
                transparent_huge_pages,
                technique,
                backend,
                disks,
                nics,
                mounts,
                cgroup,
                groups,
                pin,
                preallocated,
                image,
                boot,
                stacks,
                up,
                restart,
                ..
            } => {
                let vcpus = vcpus.as_ref().map_or(1, |n| {
                    scalar::whole(n, at.key("vcpus"), "vcpus", 1..=u64::from(MAX_VM_VCPUS), self.problems)
                });
                let memory = scalar::size(memory, at.key("memory"), "memory", LEAST_GUEST..=64 << 40, self.problems);
                self.needs_hypervisor(at);
                let disks = self.virtual_devices(disks, at.key("disks"), "disk", on.disks);
                let nics = self.virtual_devices(nics, at.key("nics"), "network card", on.nics);
                // Where none is written there is one.
                let disk_names = names(&disks, on.disks, "disk");
                let nic_names = names(&nics, on.nics, "NIC");
                let groups = groups::named(groups, at.key("groups"), self.problems);
                let group_names: Vec<&str> = groups.iter().map(|group| group.name.as_str()).collect();
                let swap = host::swap(swap.as_ref(), at.key("swap"), name, !disk_names.is_empty(), self.problems);
                NodeSpec::Vm(VmSpec {
                    name: name.to_owned(),
                    vcpus: vcpus as u16,
                    memory,
                    technique: (*technique).into(),
                    backend: match backend {
                        BackendFile::Virtio => Backend::UserSpace,
                        BackendFile::Vhost => Backend::Vhost,
                    },
                    pin: self.pins(pin, vcpus, at.key("pin"), on),
                    preallocated: *preallocated,
                    swap,
                    huge_pages: (*transparent_huge_pages).into(),
                    image_bytes: self.image(image, at),
                    boot: boot::check(boot.as_deref(), at.key("boot"), true, memory, self.problems),
                    mounts: host::mounts(mounts, at.key("mounts"), &disk_names, self.problems),
                    stacks: self.guests(
                        Platform {
                            name,
                            cpus: vcpus,
                            memory,
                            swap,
                            depth: on.depth + 1,
                            disks: &disk_names,
                            nics: &nic_names,
                            groups: &group_names,
                        },
                        stacks,
                        at,
                    ),
                    disks: disks.clone(),
                    nics: nics.clone(),
                    cgroup: self.cgroup(cgroup, at, on).unwrap_or_default(),
                    groups: groups.clone(),
                    upkeep: upkeep(*up, *restart),
                })
            }
        }
    }

    /// The number of the network card that a process names; the first one where it names none.
    fn nic(&mut self, nic: &Option<String>, at: &Node, on: &Platform) -> u16 {
        let found =
            nic.as_ref().and_then(|name| host::device(name, "network card", on.nics, at.key("nic"), self.problems));
        found.unwrap_or_default()
    }

    /// The disks or network cards of a virtual machine, each on one of the kernel below, called as in `below`.
    fn virtual_devices(
        &mut self,
        devices: &Named<VirtualDeviceFile>,
        at: &Node,
        what: &str,
        below: &[&str],
    ) -> Vec<VirtualDevice> {
        let device =
            |name: &str, VirtualDeviceFile::Virtio { on }: &VirtualDeviceFile, at: &Node, problems: &mut Problems| {
                let on = on.as_ref().and_then(|on| host::device(on, what, below, at.key("on"), problems));
                VirtualDevice { name: name.to_owned(), on: on.unwrap_or_default() }
            };
        host::devices(devices, at, &format!("{what}s"), device, self.problems)
    }

    fn guests(&mut self, platform: Platform, stacks: &Named<NodeFile>, at: &Node) -> Vec<NodeSpec> {
        let inside = at.key("stacks");
        if platform.depth > MAX_DEPTH && !stacks.0.is_empty() {
            let help = Some(format!("stacks may stand {MAX_DEPTH} deep"));
            self.problems.add(inside.span.clone(), "too many virtual machines in one another", help);
            return Vec::new();
        }
        let before = self.made;
        let guests = self.nodes(stacks, inside, &platform, 1);
        // Copies of copies are counted before they are made; what is made must fit into one machine.
        let made = before.saturating_add(self.total.nodes());
        let fits = self.total.too_many().is_none() && made <= MAX_NODES;
        if self.problems.is_empty() && fits {
            self.made = made;
            expand(guests, 1)
        } else {
            guests.into_iter().map(|(n, _)| n).collect()
        }
    }

    fn process(
        &mut self,
        name: &str,
        run: &Option<String>,
        [threads, weight, cpu]: [&Option<Loose>; 3],
        cgroup: &Option<Box<CgroupFile>>,
        at: &Node,
        on: &Platform,
    ) -> ProcessSpec {
        let mut whole = |value: &Option<Loose>, what: &str, range, default| {
            value.as_ref().map_or(default, |n| scalar::whole(n, at.key(what), what, range, self.problems))
        };
        let threads = whole(threads, "threads", 1..=1024, 1) as u16;
        let weight = whole(weight, "weight", 1..=100_000, 1024) as u32;
        ProcessSpec {
            program: run.as_ref().and_then(|run| self.program(run, name, at.key("run"), on)),
            threads,
            weight,
            cpu: cpu.as_ref().and_then(|cpu| self.cpu(cpu, at.key("cpu"), "cpu", on)),
            cgroup: self.cgroup(cgroup, at, on),
            ..ProcessSpec::new(name)
        }
    }

    /// A CPU's number below the number of CPUs.
    fn cpu(&mut self, value: &Loose, at: &Node, what: &str, on: &Platform) -> Option<u16> {
        let number = scalar::whole(value, at, what, 0..=u64::from(u16::MAX - 1), self.problems);
        if number >= on.cpus {
            let has = if on.cpus == 1 { "1 CPU".to_owned() } else { format!("{} CPUs", on.cpus) };
            let message = format!("there is no CPU {number}: {} has {has}", on.name);
            let problems = self.problems.given(&["host", "stacks"])?;
            problems.add(at.span.clone(), message, Some(format!("CPUs count from 0 to {}", on.cpus - 1)));
            return None;
        }
        Some(number as u16)
    }

    fn pins(&mut self, pin: &[Loose], vcpus: u64, at: &Node, on: &Platform) -> Vec<u16> {
        if !pin.is_empty()
            && pin.len() as u64 != vcpus
            && let Some(problems) = self.problems.given(&["stacks"])
        {
            let help = Some("give one CPU for each vCPU, or none at all".to_owned());
            let message = format!("{} pins for {vcpus} vCPUs", pin.len());
            problems.add(at.span.clone(), message, help);
        }
        pin.iter().enumerate().filter_map(|(i, cpu)| self.cpu(cpu, at.item(i), "pin", on)).collect()
    }

    fn needs_hypervisor(&mut self, at: &Node) {
        if !self.host.hypervisor
            && let Some(problems) = self.problems.given(&["host"])
        {
            let help = Some("add hypervisor: Kvm to the host".to_owned());
            problems.add(at.span.clone(), "a virtual machine on a host without a hypervisor", help);
        }
    }

    fn image(&mut self, image: &Option<Loose>, at: &Node) -> u64 {
        image.as_ref().map_or(0, |size| scalar::size(size, at.key("image"), "image", 0..=MOST_IMAGE, self.problems))
    }

    fn cgroup(&mut self, cgroup: &Option<Box<CgroupFile>>, at: &Node, on: &Platform) -> Option<CgroupSpec> {
        let own = cgroup.as_ref();
        own.map(|cgroup| groups::cgroup(cgroup, at.key("cgroup"), on.groups, self.problems))
    }

    /// The program called `run`, which this platform must be able to run.
    fn program(&mut self, run: &str, stack: &str, at: &Node, on: &Platform) -> Option<ProgramId> {
        let Some(&index) = self.by_name.get(run) else {
            let known = self.programs.iter().map(|program| program.spec.name.as_str());
            self.problems.given(&["programs"])?.unknown(at.span.clone(), "program", run, known);
            return None;
        };
        let needs = &self.programs[index].needs;
        let mut need = |place: &Option<Range<usize>>, missing: bool, message: String, help: &str| {
            if let (Some(span), true) = (place, missing)
                && let Some(problems) = self.problems.given(&["host", "stacks", "until"])
            {
                problems.add_once(span.clone(), message, Some(help.to_owned()));
            }
        };
        need(
            &needs.until,
            !self.has_until,
            format!("the program \"{run}\" never ends, and the scenario has no \"until\""),
            "add until: \"10 ms\" to the scenario, or use Repeat(times: …, body: […])",
        );
        need(
            &needs.disk,
            self.host.disks.is_empty(),
            "a file is used, and the host has no disk".to_owned(),
            "add disks: { \"nvme0\": Nvme(capacity: \"1 TiB\") } to the host",
        );
        need(
            &needs.nic,
            self.host.nics.is_empty(),
            "another computer is asked, and the host has no network card".to_owned(),
            "add nics: { \"eth0\": Nic(bandwidth: \"10 Gbit/s\") } to the host, or ask peer: Local",
        );
        need(
            &needs.two_cpus,
            on.cpus < 2,
            format!("the partner is to be on another CPU, and for \"{stack}\" {} has only one", on.name),
            "give it a second CPU, or write across_cpus: false",
        );
        if let Some((set, span)) = &needs.memory
            && *set > on.memory.saturating_add(on.swap)
            && let Some(problems) = self.problems.given(&["host", "stacks"])
        {
            let size = crate::amounts::bytes;
            let with = if on.swap > 0 { format!(" and {} of swap", size(on.swap)) } else { String::new() };
            let (want, has) = (size(*set), size(on.memory));
            let message = format!("a working set of {want}, and for \"{stack}\" {} has {has}{with}", on.name);
            problems.add_once(span.clone(), message, Some("make it smaller, or give more memory".to_owned()));
        }
        // `programs::check` keeps the index within a u16.
        Some(ProgramId(index as u16))
    }
}
