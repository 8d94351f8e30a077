//! What a file says and nothing uses: told as remarks, since it changes nothing and yet was meant to.

use std::collections::HashSet;

use crate::scenario::file::{CgroupFile, Named, NodeFile, PredictFile, ScenarioFile, StatementFile, VirtualDeviceFile};
use crate::scenario::locate::Node;
use crate::scenario::problem::Problems;

pub(super) fn find(file: &ScenarioFile, root: &Node, remarks: &mut Problems) {
    let host = root.key("host");
    let named = Devices::on(&file.host.mounts, &file.stacks);
    named.beyond_the_first(&file.host.disks, host.key("disks"), "disk", remarks);
    named.beyond_the_first(&file.host.nics, host.key("nics"), "network card", remarks);
    let programs = root.key("programs");
    for (i, (_, body)) in file.programs.0.iter().enumerate() {
        statements(body, programs.item(i), remarks);
    }
    let mut run = HashSet::new();
    stacks(&file.stacks, root.key("stacks"), &mut run, remarks);
    for (i, (name, _)) in file.programs.0.iter().enumerate() {
        if !run.contains(name.as_str()) {
            remarks.add(programs.key_span(i), format!("no stack runs the program \"{name}\""), None);
        }
    }
    let steps = root.key("walkthrough");
    for (i, step) in file.walkthrough.iter().enumerate() {
        if let Some(predict) = &step.predict {
            choices(predict, steps.item(i).key("predict"), remarks);
        }
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
            _ => {}
        }
    }
}

fn stacks<'a>(nodes: &'a Named<NodeFile>, at: &Node, run: &mut HashSet<&'a str>, remarks: &mut Problems) {
    for (i, (_, node)) in nodes.0.iter().enumerate() {
        let at = at.item(i);
        match node {
            NodeFile::Process { run: program, threads, weight, cpu, cgroup, .. } => {
                run.extend(program.as_deref());
                let given = [threads.is_some(), weight.is_some(), cpu.is_some(), cgroup.is_some(), false];
                process(program.is_some(), given, cgroup.as_ref(), at, remarks);
            }
            NodeFile::Container { run: program, threads, weight, cpu, cgroup, seccomp_filters, .. } => {
                run.extend(program.as_deref());
                let filters = seccomp_filters.is_some();
                let given = [threads.is_some(), weight.is_some(), cpu.is_some(), cgroup.is_some(), filters];
                process(program.is_some(), given, cgroup.as_ref(), at, remarks);
            }
            NodeFile::Vm { disks, nics, mounts, stacks: inside, .. } => {
                let named = Devices::on(mounts, inside);
                named.beyond_the_first(disks, at.key("disks"), "disk", remarks);
                named.beyond_the_first(nics, at.key("nics"), "network card", remarks);
                stacks(inside, at.key("stacks"), run, remarks);
            }
        }
    }
}

fn process(runs: bool, given: [bool; 5], cgroup: Option<&CgroupFile>, at: &Node, remarks: &mut Problems) {
    let fields = ["threads", "weight", "cpu", "cgroup", "seccomp_filters"];
    for (field, _) in fields.into_iter().zip(given).filter(|(_, given)| *given && !runs) {
        remarks.add(at.key(field).span.clone(), format!("no program runs here: {field} has no use"), None);
    }
    if runs && cgroup.is_some_and(|cgroup| cgroup.cpu_max.is_none()) {
        remarks.add(at.key("cgroup").span.clone(), "this cgroup limits nothing", None);
    }
}

fn choices(predict: &PredictFile, at: &Node, remarks: &mut Problems) {
    let mut seen = HashSet::new();
    for (i, choice) in predict.choices.iter().enumerate() {
        if !seen.insert(choice.key()) {
            let text = "this choice is never the right one: the same stands above it";
            remarks.add(at.key("choices").item(i).span.clone(), text, None);
        }
    }
    seen.clear();
    for (i, (choice, _)) in predict.if_wrong.0.iter().enumerate() {
        if !seen.insert(choice.key()) {
            let text = "this correction is never used: one for the same choice stands above it";
            remarks.add(at.key("if_wrong").key_span(i), text, None);
        }
    }
}
