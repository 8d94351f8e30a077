//! What a file says and nothing uses: told as remarks, since it changes nothing and yet was meant to.

use std::collections::{HashMap, HashSet};

use crate::scenario::file::{
    BootFile, CgroupFile, ChoiceFile, EntryFile, FirmwareFile, Loose, Named, NodeFile, OrderFile, PaceFile, PeerFile,
    PlayFile, PredictFile, ScenarioFile, StatementFile, StepFile, VirtualDeviceFile,
};
use crate::scenario::locate::Node;
use crate::scenario::problem::Problems;
use crate::scenario::units;

pub(super) fn find(file: &ScenarioFile, root: &Node, remarks: &mut Problems) {
    let host = root.key("host");
    if let Some(boot) = &file.host.boot {
        self::boot(boot, host.key("boot"), remarks);
    }
    groups(&file.host.groups, &file.stacks, host.key("groups"), remarks);
    let files = Files::of(file);
    files.not_below(&file.host.mounts, host.key("mounts"), remarks);
    let named = Devices::on(&file.host.mounts, &file.stacks);
    named.beyond_the_first(&file.host.disks, host.key("disks"), "disk", remarks);
    named.beyond_the_first(&file.host.nics, host.key("nics"), "network card", remarks);
    let programs = root.key("programs");
    for (i, (_, body)) in file.programs.0.iter().enumerate() {
        statements(body, programs.item(i), remarks);
    }
    let mut run = HashSet::new();
    let mut started = HashSet::new();
    file.programs.0.iter().for_each(|(_, body)| starts(body, &mut started));
    started.extend(file.script.iter().filter_map(|EntryFile::At(_, order)| match order {
        OrderFile::Start(path) | OrderFile::Restart(path) => Some(path.as_str()),
        _ => None,
    }));
    // A copy of something is called as the first of them, " #2" behind it.
    let copied = |path: &str| path.match_indices(" #").map(|(i, _)| i).collect::<Vec<_>>();
    let first: Vec<&str> =
        started.iter().copied().flat_map(|path| copied(path).into_iter().map(|i| &path[..i])).collect();
    started.extend(first);
    never_started(&file.stacks, root.key("stacks"), "", &started, remarks);
    stacks(&file.stacks, root.key("stacks"), &files, &mut run, remarks);
    for (i, (name, _)) in file.programs.0.iter().enumerate() {
        if !run.contains(name.as_str()) {
            remarks.add(programs.key_span(i), format!("no stack runs the program \"{name}\""), None);
        }
    }
    let mut claimed = HashSet::new();
    for (i, claim) in file.claims.iter().enumerate().filter(|(_, claim)| !claimed.insert(claim.as_str())) {
        remarks.add(root.key("claims").item(i).span.clone(), format!("the claim \"{claim}\" stands here twice"), None);
    }
    let steps = root.key("walkthrough");
    for (i, step) in file.walkthrough.iter().enumerate() {
        self::step(step, steps.item(i), remarks);
    }
    if file.closing.is_some() && file.walkthrough.is_empty() {
        let text = "there is no walkthrough that this could stand after";
        remarks.add(root.key("closing").span.clone(), text, None);
    }
}

fn step(step: &StepFile, at: &Node, remarks: &mut Problems) {
    if matches!((&step.play, &step.pace), (PlayFile::Stay, PaceFile::Proportional { .. })) {
        let text = "this step plays nothing: how fast has no use";
        remarks.add(at.key("pace").span.clone(), text, None);
    }
    if let Some(predict) = &step.predict {
        choices(predict, at.key("predict"), remarks);
    }
}

/// The devices of one kernel that something names.
#[derive(Default)]
struct Devices<'a> {
    disks: HashSet<&'a str>,
    nics: HashSet<&'a str>,
}

impl<'a> Devices<'a> {
    /// Those that a kernel's mounts and what stands on it name.
    fn on(mounts: &'a Named<String>, nodes: &'a Named<NodeFile>) -> Devices<'a> {
        let mut named = Devices::default();
        named.disks.extend(mounts.0.iter().map(|(_, disk)| disk.as_str()));
        let on = |(_, VirtualDeviceFile::Virtio { on }): &'a (String, VirtualDeviceFile)| on.as_deref();
        for (_, node) in &nodes.0 {
            match node {
                NodeFile::Process { nic, .. } => named.nics.extend(nic.as_deref()),
                NodeFile::Container { nic, disk, volumes, .. } => {
                    named.nics.extend(nic.as_deref());
                    named.disks.extend(disk.as_deref());
                    named.disks.extend(volumes.0.iter().map(|(_, disk)| disk.as_str()));
                }
                NodeFile::Vm { disks, nics, .. } => {
                    named.disks.extend(disks.0.iter().filter_map(on));
                    named.nics.extend(nics.0.iter().filter_map(on));
                }
            }
        }
        named
    }

    /// What nobody names is the first of its kind, or is not used.
    fn beyond_the_first<T>(&self, devices: &Named<T>, at: &Node, what: &str, remarks: &mut Problems) {
        let Some(((first, _), others)) = devices.0.split_first() else { return };
        let (named, used) = match what {
            "disk" => (&self.disks, "files lie on"),
            _ => (&self.nics, "requests leave by"),
        };
        for (i, (name, _)) in others.iter().enumerate().filter(|(_, (name, _))| !named.contains(name.as_str())) {
            let text = format!(
                "the {what} \"{name}\" is not used: {used} the first one, \"{first}\", where nothing names another"
            );
            remarks.add(at.key_span(i + 1), text, None);
        }
    }
}

/// What is sent at once between processes of one computer costs the same up to here and, in this model, beyond.
const MESSAGE: u64 = 64 << 10;

fn statements(body: &[StatementFile], at: &Node, remarks: &mut Problems) {
    for (i, statement) in body.iter().enumerate() {
        let at = at.item(i);
        match statement {
            StatementFile::Repeat { body, .. } => statements(body, at.key("body"), remarks),
            StatementFile::Forever(body) => statements(body, at.item(0), remarks),
            StatementFile::Fork { vfork: true, writes: Some(_), .. } => {
                let text = "with vfork no page is copied: what the child writes to has no use";
                remarks.add(at.key("writes").span.clone(), text, None);
            }
            StatementFile::Request { send, receive, peer: PeerFile::Local | PeerFile::Namespace, .. } => {
                for (name, size) in [("send", send), ("receive", receive)] {
                    if bytes(size).is_some_and(|bytes| bytes > MESSAGE) {
                        let text =
                            format!("a message on one computer costs the same whatever its size: {name} has no use");
                        remarks.add(at.key(name).span.clone(), text, None);
                    }
                }
            }
            _ => {}
        }
    }
}

/// What programs start.
fn starts<'a>(body: &'a [StatementFile], started: &mut HashSet<&'a str>) {
    for statement in body {
        match statement {
            StatementFile::Repeat { body, .. } | StatementFile::Forever(body) => starts(body, started),
            StatementFile::Start(path) => {
                started.insert(path.as_str());
            }
            _ => {}
        }
    }
}

fn never_started(nodes: &Named<NodeFile>, at: &Node, inside: &str, started: &HashSet<&str>, remarks: &mut Problems) {
    for (i, (name, node)) in nodes.0.iter().enumerate() {
        let (at, path) = (at.item(i), format!("{inside}{name}"));
        let up = match node {
            NodeFile::Process { up, .. } | NodeFile::Container { up, .. } | NodeFile::Vm { up, .. } => *up,
        };
        if !up && !started.contains(path.as_str()) {
            let text = format!("\"{path}\" is down at first, and nobody starts it");
            remarks.add(at.key("up").span.clone(), text, None);
        }
        if let NodeFile::Vm { stacks, .. } = node {
            never_started(stacks, at.key("stacks"), &format!("{path}/"), started, remarks);
        }
    }
}

fn bytes(size: &Loose) -> Option<u64> {
    match size {
        Loose::Text(text) => units::size(text).ok(),
        _ => None,
    }
}

/// What a boot is told and does not come to.
fn boot(boot: &BootFile, at: &Node, remarks: &mut Problems) {
    let direct = matches!(boot.firmware, FirmwareFile::Direct);
    let none = |size: &Option<Loose>| size.as_ref().map_or(direct, |size| bytes(size) == Some(0));
    let no_service = boot.services.as_ref().map_or(direct, |services| services.whole() == Some(0));
    let unused = [
        ("menu", boot.menu.is_some() && direct, "no loader runs, so nobody sees a menu"),
        ("initrd_unpacked", boot.initrd_unpacked.is_some() && none(&boot.initrd), "there is no initial RAM disk"),
        ("service_bytes", boot.service_bytes.is_some() && no_service, "no services are started"),
        ("service_work", boot.service_work.is_some() && no_service, "no services are started"),
    ];
    for (field, _, why) in unused.into_iter().filter(|(_, unused, _)| *unused) {
        remarks.add(at.key(field).span.clone(), format!("{why}: {field} has no use"), None);
    }
}

/// Cgroups of a kernel in which nothing of what stands on it lies, straight or further in.
fn groups(named: &Named<CgroupFile>, nodes: &Named<NodeFile>, at: &Node, remarks: &mut Problems) {
    let parents: HashMap<&str, &str> =
        named.0.iter().filter_map(|(name, group)| Some((name.as_str(), group.parent.as_deref()?))).collect();
    let mut used = HashSet::new();
    for (_, node) in &nodes.0 {
        let cgroup = match node {
            NodeFile::Process { cgroup, .. } | NodeFile::Container { cgroup, .. } | NodeFile::Vm { cgroup, .. } => {
                cgroup
            }
        };
        let mut group = cgroup.as_ref().and_then(|cgroup| cgroup.parent.as_deref());
        while let Some(name) = group.filter(|name| used.insert(*name)) {
            group = parents.get(name).copied();
        }
    }
    for (i, (name, _)) in named.0.iter().enumerate().filter(|(_, (name, _))| !used.contains(name.as_str())) {
        let text = format!("nothing lies in the cgroup \"{name}\"");
        remarks.add(at.key_span(i), text, Some("write cgroup: Cgroup(parent: …) where it should".to_owned()));
    }
}

/// The files that programs name, with each folder above them.
struct Files<'a>(HashSet<&'a str>);

impl<'a> Files<'a> {
    fn of(file: &'a ScenarioFile) -> Files<'a> {
        let mut files = Files(HashSet::new());
        file.programs.0.iter().for_each(|(_, body)| files.add(body));
        files
    }

    fn add(&mut self, body: &'a [StatementFile]) {
        for statement in body {
            match statement {
                StatementFile::Repeat { body, .. } | StatementFile::Forever(body) => self.add(body),
                StatementFile::Read { file, .. } | StatementFile::Write { file, .. } | StatementFile::Fsync(file) => {
                    let mut path = Some(file.as_str());
                    // What is above it is known already if it is.
                    while let Some(known) = path.filter(|path| self.0.insert(path)) {
                        path = known.rsplit_once('/').map(|(above, _)| above);
                    }
                }
                _ => {}
            }
        }
    }

    /// Mounts at which no file is looked for.
    fn not_below(&self, mounts: &Named<String>, at: &Node, remarks: &mut Problems) {
        for (i, (path, _)) in mounts.0.iter().enumerate() {
            let place = path.trim_end_matches('/');
            if !place.is_empty() && !self.0.contains(place) {
                let text = format!("no program reads or writes a file below \"{path}\"");
                remarks.add(at.key_span(i), text, None);
            }
        }
    }
}

fn stacks<'a>(
    nodes: &'a Named<NodeFile>,
    at: &Node,
    files: &Files<'_>,
    run: &mut HashSet<&'a str>,
    remarks: &mut Problems,
) {
    for (i, (_, node)) in nodes.0.iter().enumerate() {
        let at = at.item(i);
        match node {
            NodeFile::Process { run: program, threads, weight, cpu, io_ports, nic, cgroup, .. } => {
                run.extend(program.as_deref());
                let given = [
                    ("threads", threads.is_some()),
                    ("weight", weight.is_some()),
                    ("cpu", cpu.is_some()),
                    ("io_ports", *io_ports),
                    ("nic", nic.is_some()),
                    ("cgroup", cgroup.is_some()),
                ];
                process(program.is_some(), &given, cgroup.as_deref(), at, remarks);
            }
            NodeFile::Container {
                run: program,
                threads,
                weight,
                cpu,
                io_ports,
                nic,
                disk,
                volumes,
                cgroup,
                seccomp_filters,
                ..
            } => {
                run.extend(program.as_deref());
                if program.is_some() {
                    files.not_below(volumes, at.key("volumes"), remarks);
                }
                let given = [
                    ("threads", threads.is_some()),
                    ("weight", weight.is_some()),
                    ("cpu", cpu.is_some()),
                    ("io_ports", *io_ports),
                    ("nic", nic.is_some()),
                    ("disk", disk.is_some()),
                    ("volumes", !volumes.0.is_empty()),
                    ("cgroup", cgroup.is_some()),
                    ("seccomp_filters", seccomp_filters.is_some()),
                ];
                process(program.is_some(), &given, cgroup.as_deref(), at, remarks);
            }
            NodeFile::Vm { disks, nics, mounts, stacks: inside, groups: named, boot, .. } => {
                if let Some(boot) = boot {
                    self::boot(boot, at.key("boot"), remarks);
                }
                groups(named, inside, at.key("groups"), remarks);
                files.not_below(mounts, at.key("mounts"), remarks);
                let named = Devices::on(mounts, inside);
                named.beyond_the_first(disks, at.key("disks"), "disk", remarks);
                named.beyond_the_first(nics, at.key("nics"), "network card", remarks);
                stacks(inside, at.key("stacks"), files, run, remarks);
            }
        }
    }
}

/// `given`: which of the fields that are about its program a process has.
fn process(runs: bool, given: &[(&str, bool)], cgroup: Option<&CgroupFile>, at: &Node, remarks: &mut Problems) {
    for (field, _) in given.iter().filter(|(_, given)| *given && !runs) {
        remarks.add(at.key(field).span.clone(), format!("no program runs here: {field} has no use"), None);
    }
    let says_nothing =
        |cgroup: &CgroupFile| cgroup.cpu_max.is_none() && cgroup.cpu_weight.is_none() && cgroup.parent.is_none();
    if runs && cgroup.is_some_and(says_nothing) {
        remarks.add(at.key("cgroup").span.clone(), "this cgroup limits nothing", None);
    }
}

fn choices(predict: &PredictFile, at: &Node, remarks: &mut Problems) {
    let mut seen = HashSet::new();
    for (i, choice) in predict.choices.iter().enumerate() {
        let at = at.key("choices").item(i);
        if !seen.insert(choice.key()) {
            let text = "this choice is never the right one: the same stands above it";
            remarks.add(at.span.clone(), text, None);
        }
        let inner = match choice {
            ChoiceFile::Label(_, inner) => Some((inner, at.item(1))),
            ChoiceFile::Choice { when, .. } => Some((when, at.key("when"))),
            ChoiceFile::Number(_) | ChoiceFile::Between(..) => None,
        };
        if let Some((_, at)) = inner.filter(|(inner, _)| has_words(inner)) {
            remarks.add(at.span.clone(), "the words in here are not used: those around them are", None);
        }
    }
    seen.clear();
    for (i, (choice, _)) in predict.if_wrong.0.iter().enumerate() {
        let at = at.key("if_wrong").key_span(i);
        if has_words(choice) {
            remarks.add(at.clone(), "the words in here are not used: those of the choice are", None);
        }
        if !seen.insert(choice.key()) {
            let text = "this correction is never used: one for the same choice stands above it";
            remarks.add(at, text, None);
        }
    }
}

/// Whether a choice has words of its own.
fn has_words(choice: &ChoiceFile) -> bool {
    matches!(choice, ChoiceFile::Label(..) | ChoiceFile::Choice { .. })
}
