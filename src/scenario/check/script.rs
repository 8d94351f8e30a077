//! What is done from outside: every entry of the script against the machine, and against those before it.

use std::collections::HashMap;
use std::ops::Range;

use super::programs::Program;
use super::{scalar, stacks};
use crate::engine::Time;
use crate::machine::spec::{NodeSpec, Order, ProgramId};
use crate::scenario::file::{EntryFile, OrderFile};
use crate::scenario::locate::Node;
use crate::scenario::problem::Problems;

/// Something that stands on a kernel, by its path.
struct Known<'a> {
    node: &'a NodeSpec,
    /// The virtual machine that it stands in.
    inside: Option<String>,
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
    known: HashMap<String, Known<'a>>,
    /// In the order of the file.
    paths: Vec<String>,
    programs: &'a [Program],
    now: HashMap<String, Now>,
    problems: &'a mut Problems,
}

/// The script in the order of time.
pub(super) fn check(
    entries: &[EntryFile],
    at: &Node,
    nodes: &[NodeSpec],
    programs: &[Program],
    until: Option<Time>,
    problems: &mut Problems,
) -> Vec<(Time, Order)> {
    let (mut known, mut paths) = (HashMap::new(), Vec::new());
    collect(nodes, None, &mut known, &mut paths);
    let mut checker = Checker { known, paths, programs, now: HashMap::new(), problems };
    checker.starts_of_programs();
    let mut orders: Vec<(Time, Order, Range<usize>)> = Vec::new();
    for (i, EntryFile::At(time, order)) in entries.iter().enumerate() {
        let entry = at.item(i);
        let when = scalar::duration(time, entry.item(0), "the time of this", checker.problems);
        if let Some(until) = until.filter(|until| when > *until) {
            let message = format!("this is to happen at {when}, and the run ends at {until}");
            let help = Some("write an earlier time, or a later \"until\"".to_owned());
            checker.problems.add(entry.item(0).span.clone(), message, help);
        }
        let place = entry.item(1);
        if let Some(order) = checker.order(order, place) {
            orders.push((when, order, place.span.clone()));
        }
    }
    orders.sort_by_key(|(when, ..)| *when);
    checker.in_turn(&orders);
    orders.into_iter().map(|(when, order, _)| (when, order)).collect()
}

fn collect<'a>(
    nodes: &'a [NodeSpec],
    inside: Option<&str>,
    known: &mut HashMap<String, Known<'a>>,
    paths: &mut Vec<String>,
) {
    for node in nodes {
        let path = inside.map_or_else(|| node.name().to_owned(), |outer| format!("{outer}/{}", node.name()));
        collect(node.inside(), Some(&path), known, paths);
        paths.push(path.clone());
        known.entry(path).or_insert(Known { node, inside: inside.map(str::to_owned) });
    }
}

impl Checker<'_> {
    /// One entry by itself.
    fn order(&mut self, order: &OrderFile, at: &Node) -> Option<Order> {
        let name = at.item(0);
        match order {
            OrderFile::Start(path) => self.named(path, name).map(|()| Order::Start(path.clone())),
            OrderFile::Stop(path) => self.named(path, name).map(|()| Order::Stop(path.clone())),
            OrderFile::Kill(path) => self.named(path, name).map(|()| Order::Kill(path.clone())),
            OrderFile::Restart(path) => self.named(path, name).map(|()| Order::Restart(path.clone())),
            OrderFile::Panic(path) => {
                self.named(path, name)?;
                if !matches!(self.known[path].node, NodeSpec::Vm(_)) {
                    let message = format!("\"{path}\" has no kernel of its own that could panic");
                    let help = Some("name a virtual machine; PowerCut ends the host".to_owned());
                    self.problems.add(name.span.clone(), message, help);
                }
                Some(Order::Panic(path.clone()))
            }
            OrderFile::SetQuota { of, quota, period, burst } => {
                let max = stacks::cpu_max(quota, period, burst, at, self.problems);
                self.named(of, at.key("of"))?;
                let cgroup = match self.known[of].node {
                    NodeSpec::Process(process) => process.cgroup.as_ref(),
                    NodeSpec::Container(container) => container.process.cgroup.as_ref(),
                    NodeSpec::Vm(_) => None,
                };
                if cgroup.is_none_or(|cgroup| cgroup.cpu_max.is_none()) {
                    let message = format!("\"{of}\" has no quota that could be changed");
                    let help = "give it one to begin with: cgroup: Cgroup(cpu_max: CpuMax(quota: \"50 ms\"))";
                    self.problems.add(at.key("of").span.clone(), message, Some(help.to_owned()));
                }
                Some(Order::SetCpuMax(of.clone(), max))
            }
            OrderFile::PowerCut => Some(Order::PowerCut),
            OrderFile::Shutdown => Some(Order::Shutdown),
        }
    }

    /// Whether something has the name, and can be up or down.
    fn named(&mut self, path: &str, at: &Node) -> Option<()> {
        let Some(known) = self.known.get(path) else {
            let paths = self.paths.iter().map(String::as_str);
            self.problems.unknown(at.span.clone(), "stack", path, paths);
            return None;
        };
        if !known.node.runs() {
            let help = Some(format!("give \"{path}\" a program, as in run: \"reader\""));
            let message = format!("no program runs in \"{path}\": it can't be started or ended");
            self.problems.add(at.span.clone(), message, help);
            return None;
        }
        Some(())
    }

    /// One after the other: what each finds when its time has come, as far as that is certain.
    fn in_turn(&mut self, orders: &[(Time, Order, Range<usize>)]) {
        for path in self.paths.clone() {
            if let Some(known) = self.known.get(&path) {
                let up = known.node.upkeep().up;
                let now = if up { self.runs(&path) } else { Now::Down };
                self.now.insert(path, now);
            }
        }
        let mut dark = None;
        for (when, order, span) in orders {
            if let Some(cut) = dark {
                let message = format!("at {when} the host has no power any more");
                let help = Some(format!("it was cut at {cut}: nothing can happen after that"));
                self.problems.add(span.clone(), message, help);
                continue;
            }
            match order {
                Order::PowerCut | Order::HostPanic => dark = Some(*when),
                Order::Shutdown => {}
                Order::Start(path) => {
                    if self.now.get(path) == Some(&Now::Runs) {
                        let message = format!("\"{path}\" runs already at {when}");
                        let help = "write up: false there to have it down at first, or Restart here".to_owned();
                        self.problems.add(span.clone(), message, Some(help));
                    }
                    self.stands(path, *when, span);
                    self.set(path, true);
                }
                Order::Restart(path) => {
                    self.stands(path, *when, span);
                    self.set(path, true);
                }
                Order::Stop(path) | Order::Kill(path) | Order::Panic(path) => {
                    self.needs_running(path, *when, span);
                    self.set(path, false);
                }
                Order::SetCpuMax(path, _) => self.needs_running(path, *when, span),
            }
        }
    }

    fn runs(&self, path: &str) -> Now {
        let ends = |program: Option<ProgramId>| {
            program.and_then(|id| self.programs.get(usize::from(id.0))).is_none_or(|of| of.needs.until.is_none())
        };
        let for_ever = match self.known[path].node {
            NodeSpec::Process(process) => !ends(process.program),
            NodeSpec::Container(container) => !ends(container.process.program),
            NodeSpec::Vm(_) => true,
        };
        if for_ever { Now::Runs } else { Now::MayHaveEnded }
    }

    /// From now on it is up or down, and with a machine all that stands in it.
    fn set(&mut self, path: &str, up: bool) {
        let inside = format!("{path}/");
        for other in self.paths.clone() {
            if other == path || other.starts_with(&inside) {
                // What is started again within a machine starts as it did at first; what a policy brings back may run.
                let known = &self.known[&other];
                let comes_up = other == path || known.node.upkeep().up;
                let back = known.node.upkeep().restart != crate::machine::spec::Restart::Never;
                let now = match up {
                    true if comes_up => self.runs(&other),
                    false if back => Now::MayHaveEnded,
                    _ => Now::Down,
                };
                self.now.insert(other, now);
            }
        }
    }

    fn needs_running(&mut self, path: &str, when: Time, span: &Range<usize>) {
        if !self.stands(path, when, span) {
            return;
        }
        let started_by_a_program = self.programs.iter().any(|of| of.needs.starts.iter().any(|(name, _)| name == path));
        if self.now.get(path) == Some(&Now::Down) && !started_by_a_program {
            let message = format!("\"{path}\" does not run at {when}");
            let help = Some(format!("start it before: At(\"…\", Start(\"{path}\"))"));
            self.problems.add(span.clone(), message, help);
        }
    }

    /// Whether the virtual machine that it stands in runs; told if not.
    fn stands(&mut self, path: &str, when: Time, span: &Range<usize>) -> bool {
        let outer = self.known.get(path).and_then(|known| known.inside.clone());
        let down = outer.filter(|outer| self.now.get(outer) == Some(&Now::Down));
        if let Some(outer) = &down {
            let message = format!("\"{outer}\", in which \"{path}\" stands, does not run at {when}");
            let help = Some(format!("start it before: At(\"…\", Start(\"{outer}\"))"));
            self.problems.add(span.clone(), message, help);
        }
        down.is_none()
    }

    /// What programs start must be there, and stand on the same kernel as the program.
    fn starts_of_programs(&mut self) {
        for path in self.paths.clone() {
            let Some(known) = self.known.get(&path) else { continue };
            let (program, inside) = match known.node {
                NodeSpec::Process(process) => (process.program, known.inside.clone()),
                NodeSpec::Container(container) => (container.process.program, known.inside.clone()),
                NodeSpec::Vm(_) => continue,
            };
            let Some(program) = program.and_then(|id| self.programs.get(usize::from(id.0))) else { continue };
            for (target, span) in &program.needs.starts {
                let Some(found) = self.known.get(target) else {
                    let paths = self.paths.iter().map(String::as_str);
                    let help = crate::scenario::near::did_you_mean(target, paths);
                    self.problems.add_once(span.clone(), format!("no stack is called \"{target}\""), help);
                    continue;
                };
                if found.inside != inside {
                    let message = format!("\"{path}\" can't start \"{target}\": it stands on another kernel");
                    let help = Some("a program starts what stands beside it".to_owned());
                    self.problems.add_once(span.clone(), message, help);
                } else if !found.node.runs() {
                    let message = format!("no program runs in \"{target}\": it can't be started");
                    self.problems.add_once(span.clone(), message, None);
                }
            }
        }
    }
}
