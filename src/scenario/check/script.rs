//! What is done from outside: every entry of the script against the machine, and against those before it.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::programs::Program;
use super::{groups, scalar};
use crate::engine::Time;
use crate::machine::spec::{GroupSpec, HostSpec, NodeSpec, Order, ProgramId, Restart};
use crate::scenario::file::{EntryFile, OrderFile};
use crate::scenario::locate::Node;
use crate::scenario::problem::Problems;

/// Something that stands on a kernel.
struct Known<'a> {
    node: &'a NodeSpec,
    path: String,
    /// The virtual machine that it stands in.
    inside: Option<usize>,
    /// The last order that started or ended it: its number, and whether it started it.
    ordered: Option<(usize, bool)>,
}

/// What is known of something at a moment of the script.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Now {
    Down,
    Runs,
    /// It runs, if its program has not ended.
    MayHaveEnded,
}

struct Checker<'a> {
    /// In the order of the file, what stands in a machine behind it.
    known: Vec<Known<'a>>,
    /// Places there by path; of several with one path the first.
    index: HashMap<String, usize>,
    /// The paths of cgroups with names.
    groups: HashSet<String>,
    programs: &'a [Program],
    /// What programs start, by path.
    started: HashSet<&'a str>,
    problems: &'a mut Problems,
}

/// The script in the order of time.
pub(super) fn check(
    entries: &[EntryFile],
    at: &Node,
    (host, nodes): (&HostSpec, &[NodeSpec]),
    programs: &[Program],
    until: Option<Time>,
    problems: &mut Problems,
) -> Vec<(Time, Order)> {
    let mut known = Vec::new();
    collect(nodes, None, &mut known);
    let mut index = HashMap::with_capacity(known.len());
    for (i, known) in known.iter().enumerate() {
        index.entry(known.path.clone()).or_insert(i);
    }
    let started = programs.iter().flat_map(|of| of.needs.starts.iter().map(|(path, _)| path.as_str())).collect();
    let own = host.groups.iter().map(|group| group.name.clone());
    let inner = known.iter().flat_map(|known| {
        let groups: &[GroupSpec] = if let NodeSpec::Vm(vm) = known.node { &vm.groups } else { &[] };
        groups.iter().map(|group| format!("{}/{}", known.path, group.name))
    });
    let groups = own.chain(inner).collect();
    let mut checker = Checker { known, index, groups, programs, started, problems };
    checker.starts_of_programs();
    let mut orders: Vec<(Time, Order, Range<usize>)> = Vec::new();
    for (i, EntryFile::At(time, order)) in entries.iter().enumerate() {
        let entry = at.item(i);
        let when = scalar::duration(time, entry.item(0), "the time of this", checker.problems);
        if let Some(until) = until.filter(|until| when > *until)
            && let Some(problems) = checker.problems.given(&["until"])
        {
            let message = format!("this is to happen at {when}, and the run ends at {until}");
            let help = Some("write an earlier time, or a later \"until\"".to_owned());
            problems.add(entry.item(0).span.clone(), message, help);
        }
        let place = entry.item(1);
        if let Some(order) = checker.order(order, place) {
            orders.push((when, order, place.span.clone()));
        }
    }
    orders.sort_by_key(|(when, ..)| *when);
    if checker.problems.given(&["programs", "stacks"]).and_then(|sure| sure.given_all_of(&at.span)).is_some() {
        checker.in_turn(&orders);
    }
    orders.into_iter().map(|(when, order, _)| (when, order)).collect()
}

fn collect<'a>(nodes: &'a [NodeSpec], inside: Option<usize>, known: &mut Vec<Known<'a>>) {
    for node in nodes {
        let outer = inside.map(|outer| format!("{}/", known[outer].path)).unwrap_or_default();
        known.push(Known { node, path: outer + node.name(), inside, ordered: None });
        collect(node.inside(), Some(known.len() - 1), known);
    }
}

impl Checker<'_> {
    /// One entry by itself.
    fn order(&mut self, order: &OrderFile, at: &Node) -> Option<Order> {
        let name = at.item(0);
        match order {
            OrderFile::Start(path) => self.named(path, name).map(|_| Order::Start(path.clone())),
            OrderFile::Stop(path) => self.named(path, name).map(|_| Order::Stop(path.clone())),
            OrderFile::Kill(path) => self.named(path, name).map(|_| Order::Kill(path.clone())),
            OrderFile::Restart(path) => self.named(path, name).map(|_| Order::Restart(path.clone())),
            OrderFile::Panic(path) => {
                let known = self.named(path, name)?;
                if !matches!(self.known[known].node, NodeSpec::Vm(_))
                    && let Some(problems) = self.problems.given(&["stacks"])
                {
                    let message = format!("\"{path}\" has no kernel of its own that could panic");
                    let help = Some("name a virtual machine; PowerCut ends the host".to_owned());
                    problems.add(name.span.clone(), message, help);
                }
                Some(Order::Panic(path.clone()))
            }
            OrderFile::SetQuota { of, quota, period, burst } => {
                let max = groups::cpu_max(quota, period, burst, at, self.problems);
                self.group(of, at.key("of"))?;
                Some(Order::SetCpuMax(of.clone(), max))
            }
            OrderFile::SetWeight { of, cpu_weight } => {
                let weight = groups::weight(cpu_weight, at, self.problems);
                self.group(of, at.key("of"))?;
                Some(Order::SetCpuWeight(of.clone(), weight))
            }
            OrderFile::PowerCut => Some(Order::PowerCut),
            OrderFile::Shutdown => Some(Order::Shutdown),
        }
    }

    /// Tells if nothing of the name has a cgroup.
    fn group(&mut self, path: &str, at: &Node) -> Option<()> {
        if self.groups.contains(path) {
            return Some(());
        }
        let known = self.named(path, at).filter(|_| self.problems.given(&["host", "stacks"]).is_some())?;
        let has_none = match self.known[known].node {
            NodeSpec::Process(process) => process.cgroup.is_none(),
            NodeSpec::Container(_) | NodeSpec::Vm(_) => false,
        };
        if has_none {
            let message = format!("\"{path}\" has no cgroup of its own");
            let help = "give it one to begin with: cgroup: Cgroup(cpu_max: CpuMax(quota: \"50 ms\"))";
            self.problems.add(at.span.clone(), message, Some(help.to_owned()));
        }
        Some(())
    }

    /// What has the name, and can be up or down.
    fn named(&mut self, path: &str, at: &Node) -> Option<usize> {
        let Some(known) = self.index.get(path).copied() else {
            let paths = self.known.iter().map(|known| known.path.as_str());
            self.problems.given(&["host", "stacks"])?.unknown(at.span.clone(), "stack", path, paths);
            return None;
        };
        if !self.known[known].node.runs() {
            let help = Some(format!("give \"{path}\" a program, as in run: \"reader\""));
            let message = format!("no program runs in \"{path}\": it can't be started or ended");
            self.problems.given(&["stacks"])?.add(at.span.clone(), message, help);
            return None;
        }
        Some(known)
    }

    /// One after the other: what each finds when its time has come, as far as that is certain.
    fn in_turn(&mut self, orders: &[(Time, Order, Range<usize>)]) {
        let mut dark = None;
        for (number, (when, order, span)) in orders.iter().enumerate() {
            if let Some(cut) = dark {
                let message = format!("at {when} the host has no power any more");
                let help = Some(format!("it was cut at {cut}: nothing can happen after that"));
                self.problems.add(span.clone(), message, help);
                continue;
            }
            let Some(node) = order.target().and_then(|path| self.index.get(path).copied()) else {
                if matches!(order, Order::PowerCut | Order::HostPanic) {
                    dark = Some(*when);
                }
                continue;
            };
            match order {
                Order::Start(path) => {
                    if self.now(node) == Now::Runs {
                        let message = format!("\"{path}\" runs already at {when}");
                        let help = "write up: false there to have it down at first, or Restart here".to_owned();
                        self.problems.add(span.clone(), message, Some(help));
                    }
                    self.stands(node, *when, span);
                    self.known[node].ordered = Some((number, true));
                }
                Order::Restart(_) => {
                    self.stands(node, *when, span);
                    self.known[node].ordered = Some((number, true));
                }
                Order::Stop(_) | Order::Kill(_) | Order::Panic(_) => {
                    self.needs_running(node, *when, span);
                    self.known[node].ordered = Some((number, false));
                }
                Order::SetCpuMax(..) | Order::SetCpuWeight(..) => self.needs_running(node, *when, span),
                Order::PowerCut | Order::HostPanic | Order::Shutdown => {}
            }
        }
    }

    /// What the last order has left of something: one of its own, or one of a machine that it stands in.
    fn now(&self, node: usize) -> Now {
        let around = std::iter::successors(Some(node), |node| self.known[*node].inside);
        let ordered = around.filter_map(|node| self.known[node].ordered.map(|ordered| (ordered, node)));
        let Known { node: spec, .. } = &self.known[node];
        match ordered.max() {
            None if spec.upkeep().up => self.runs(spec),
            None => Now::Down,
            // What is started again within a machine starts as it did at first; what a policy brings back may run.
            Some(((_, true), of)) if of == node || spec.upkeep().up => self.runs(spec),
            Some(((_, false), _)) if spec.upkeep().restart != Restart::Never => Now::MayHaveEnded,
            Some(_) => Now::Down,
        }
    }

    fn runs(&self, node: &NodeSpec) -> Now {
        let ends = |program: Option<ProgramId>| {
            program.and_then(|id| self.programs.get(usize::from(id.0))).is_none_or(|of| of.needs.until.is_none())
        };
        let for_ever = match node {
            NodeSpec::Process(process) => !ends(process.program),
            NodeSpec::Container(container) => !ends(container.process.program),
            NodeSpec::Vm(_) => true,
        };
        if for_ever { Now::Runs } else { Now::MayHaveEnded }
    }

    fn needs_running(&mut self, node: usize, when: Time, span: &Range<usize>) {
        if !self.stands(node, when, span) {
            return;
        }
        let path = &self.known[node].path;
        if self.now(node) == Now::Down && !self.started.contains(path.as_str()) {
            let message = format!("\"{path}\" does not run at {when}");
            let help = Some(format!("start it before: At(\"…\", Start(\"{path}\"))"));
            self.problems.add(span.clone(), message, help);
        }
    }

    /// Whether the virtual machine that it stands in runs; told if not.
    fn stands(&mut self, node: usize, when: Time, span: &Range<usize>) -> bool {
        let down = self.known[node].inside.filter(|outer| self.now(*outer) == Now::Down);
        if let Some(outer) = down {
            let (outer, path) = (&self.known[outer].path, &self.known[node].path);
            let message = format!("\"{outer}\", in which \"{path}\" stands, does not run at {when}");
            let help = Some(format!("start it before: At(\"…\", Start(\"{outer}\"))"));
            self.problems.add(span.clone(), message, help);
        }
        down.is_none()
    }

    /// What programs start must be there, and stand on the same kernel as each process of the program.
    fn starts_of_programs(&mut self) {
        let Some(problems) = self.problems.given(&["programs", "stacks"]) else { return };
        // Of the kernels on which a program runs two will do: no target stands on both.
        let mut runs_on: Vec<Vec<usize>> = vec![Vec::new(); self.programs.len()];
        for (i, known) in self.known.iter().enumerate() {
            let program = match known.node {
                NodeSpec::Process(process) => process.program,
                NodeSpec::Container(container) => container.process.program,
                NodeSpec::Vm(_) => None,
            };
            let Some(on) = program.and_then(|id| runs_on.get_mut(usize::from(id.0))) else { continue };
            if on.len() < 2 && on.iter().all(|other| self.known[*other].inside != known.inside) {
                on.push(i);
            }
        }
        for (program, on) in self.programs.iter().zip(runs_on).filter(|(_, on)| !on.is_empty()) {
            for (target, span) in &program.needs.starts {
                let Some(found) = self.index.get(target).map(|found| &self.known[*found]) else {
                    let paths = self.known.iter().map(|known| known.path.as_str());
                    problems.unknown(span.clone(), "stack", target, paths);
                    continue;
                };
                if let Some(other) = on.iter().map(|i| &self.known[*i]).find(|known| known.inside != found.inside) {
                    let message = format!("\"{}\" can't start \"{target}\": it stands on another kernel", other.path);
                    let help = Some("a program starts what stands beside it".to_owned());
                    problems.add(span.clone(), message, help);
                } else if !found.node.runs() {
                    let message = format!("no program runs in \"{target}\": it can't be started");
                    problems.add(span.clone(), message, None);
                }
            }
        }
    }
}
