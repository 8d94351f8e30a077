//! The structure of the source, read off its `use` lines and paths: who imports whom.
//!
//! A file may know its own submodules, and they it: a folder is one thing. Anything else that imports what imports it,
//! straight or around other files, is a circle, and nothing in a circle can be understood, tested or moved alone. A
//! folder's own file counts among the others: what it takes from its submodules must not come round to it by way of a
//! file outside.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A module by its path: `["machine", "turn"]`. The library itself is the empty one.
type Module = Vec<String>;

/// The sources of all modules, without comments and without their tests.
fn sources(folder: &Path, above: &Module, into: &mut BTreeMap<Module, String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let mut module = above.clone();
        if path.is_dir() {
            module.push(stem);
            sources(&path, &module, into);
        } else if path.extension().is_some_and(|ending| ending == "rs") && !["main", "tests"].contains(&stem.as_str()) {
            module.extend((!["lib", "mod"].contains(&stem.as_str())).then_some(stem));
            let text = std::fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
            let code = text.lines().map(|line| line.split("//").next().unwrap());
            into.insert(module, code.collect::<Vec<_>>().join("\n"));
        }
    }
}

/// The paths that one `use` names: `a::{b, c::{d, e as f}}` are three.
fn paths(tree: &str, before: &[String], into: &mut Vec<Module>) {
    let (mut depth, mut start) = (0, 0);
    let mut branch = |part: &str| {
        let part = part.trim();
        if part.is_empty() {
            return;
        }
        let (path, inside) = part.split_once('{').map_or((part, None), |(path, inside)| (path, Some(inside)));
        let path = path.split(" as ").next().unwrap();
        let names = path.split("::").map(str::trim).filter(|name| !name.is_empty() && *name != "self");
        let path: Module = before.iter().cloned().chain(names.map(str::to_owned)).collect();
        match inside {
            Some(inside) => paths(inside.rsplit_once('}').map_or(inside, |(inside, _)| inside), &path, into),
            None => into.push(path),
        }
    };
    for (i, c) in tree.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                branch(&tree[start..i]);
                start = i + 1;
            }
            _ => {}
        }
    }
    branch(&tree[start..]);
}

/// What a source says after `use`, with whether it hands it on (`pub use`), and the rest of it.
fn uses(source: &str) -> (Vec<(bool, String)>, String) {
    let (mut found, mut rest) = (Vec::new(), String::new());
    let mut left = source;
    while let Some(i) = left.find("use ") {
        let line = left[..i].rfind('\n').map_or(0, |i| i + 1);
        let lead = left[line..i].trim();
        let end = left[i..].find(';').map_or(left.len(), |end| i + end);
        if lead.is_empty() || lead.starts_with("pub") {
            rest += &left[..line];
            found.push((lead.starts_with("pub"), left[i + 4..end].to_owned()));
        } else {
            rest += &left[..end];
        }
        left = &left[end..];
    }
    (found, rest + left)
}

/// Every path in code that begins with `crate`, `super` or `self`, or with a submodule.
fn inline(code: &str, submodules: &[String]) -> Vec<Module> {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let mut found = Vec::new();
    for first in ["crate", "super", "self"].into_iter().chain(submodules.iter().map(String::as_str)) {
        for (i, _) in code.match_indices(&format!("{first}::")) {
            if code[..i].ends_with(|c: char| word(c) || c == ':') {
                continue;
            }
            let end = code[i..].find(|c: char| !word(c) && c != ':').map_or(code.len(), |end| i + end);
            found.push(code[i..end].split("::").filter(|name| !name.is_empty()).map(str::to_owned).collect());
        }
    }
    found
}

/// The module graph.
struct Graph {
    sources: BTreeMap<Module, String>,
    /// What a module hands on: name to the module that it is from.
    handed_on: BTreeMap<(Module, String), Module>,
    edges: BTreeMap<Module, BTreeSet<Module>>,
}

impl Graph {
    fn of(folder: &Path) -> Graph {
        let mut sources_of = BTreeMap::new();
        sources(folder, &Vec::new(), &mut sources_of);
        let mut graph = Graph { sources: sources_of, handed_on: BTreeMap::new(), edges: BTreeMap::new() };
        let modules: Vec<Module> = graph.sources.keys().cloned().collect();
        let mut imports = Vec::new();
        for module in &modules {
            let (said, rest) = uses(&graph.sources[module]);
            for (handed, tree) in said {
                let mut named = Vec::new();
                paths(&tree, &[], &mut named);
                for path in named {
                    let Some((to, left)) = graph.resolve(module, &path) else { continue };
                    // What a folder hands on of its own files is theirs; what a file hands on of others it knows.
                    let own = to.starts_with(module.as_slice());
                    // A name that a file knows its submodules may take from it, handed on or not.
                    if let (false, Some(name)) = (left.is_empty(), path.last()) {
                        graph.handed_on.insert((module.clone(), name.clone()), to);
                    }
                    if !handed || !own {
                        imports.push((module.clone(), path));
                    }
                }
            }
            let inside = modules.iter().filter(|other| other.len() == module.len() + 1 && other.starts_with(module));
            let inside: Vec<String> = inside.filter_map(|other| other.last().cloned()).collect();
            imports.extend(inline(&rest, &inside).into_iter().map(|path| (module.clone(), path)));
        }
        for (from, path) in imports {
            if let Some(to) = graph.origin(&from, &path)
                // Submodules may know what they are parts of.
                && !from.starts_with(&to)
            {
                graph.edges.entry(from).or_default().insert(to);
            }
        }
        graph
    }

    /// The module that a path leads into, and what is left of the path there.
    fn resolve(&self, from: &Module, path: &[String]) -> Option<(Module, Module)> {
        let mut at = from.clone();
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => (at, rest) = (Vec::new(), &path[1..]),
            "self" => rest = &path[1..],
            "super" => {
                while rest.first().is_some_and(|name| name == "super") {
                    at.pop();
                    rest = &rest[1..];
                }
            }
            first => {
                let inside: Module = from.iter().cloned().chain([first.to_owned()]).collect();
                self.sources.contains_key(&inside).then_some(())?;
            }
        }
        while let Some(name) = rest.first() {
            let inside: Module = at.iter().cloned().chain([name.clone()]).collect();
            if !self.sources.contains_key(&inside) {
                break;
            }
            (at, rest) = (inside, &rest[1..]);
        }
        Some((at, rest.to_vec()))
    }

    /// The module in which what a path names is written, whoever hands it on.
    fn origin(&self, from: &Module, path: &[String]) -> Option<Module> {
        let (mut at, left) = self.resolve(from, path)?;
        let name = left.first().cloned().unwrap_or_default();
        while let Some(next) = self.handed_on.get(&(at.clone(), name.clone())) {
            at = next.clone();
        }
        Some(at)
    }

    /// What can be reached from a module.
    fn reached(&self, from: &Module) -> BTreeSet<&Module> {
        let mut reached = BTreeSet::new();
        let mut next: Vec<&Module> = self.edges.get(from).into_iter().flatten().collect();
        while let Some(module) = next.pop() {
            if reached.insert(module) {
                next.extend(self.edges.get(module).into_iter().flatten());
            }
        }
        reached
    }

    /// The modules in circles, each circle once.
    fn circles(&self) -> BTreeSet<Vec<String>> {
        let mut circles = BTreeSet::new();
        for module in self.edges.keys() {
            let reached = self.reached(module);
            if reached.contains(module) {
                let circle = reached.into_iter().filter(|other| self.reached(other).contains(module));
                circles.insert(circle.map(|module| module.join("::")).collect());
            }
        }
        circles
    }

    fn knows(&self, from: &str, to: &str) -> bool {
        let module = |path: &str| path.split("::").map(str::to_owned).collect::<Module>();
        self.edges.get(&module(from)).is_some_and(|edges| edges.contains(&module(to)))
    }
}

fn graph() -> Graph {
    Graph::of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
}

// Failed of disk, hdd, state, turn and devices while the arm of a spinning disk was kept in the file that moves it.
#[test]
fn no_file_imports_what_imports_it() {
    let circles = graph().circles();
    assert!(circles.is_empty(), "{circles:#?}");
}

#[test]
fn the_graph_sees_imports_of_all_kinds() {
    let graph = graph();
    assert!(graph.sources.len() > 200 && graph.edges.values().map(BTreeSet::len).sum::<usize>() > 1000);
    for (from, to) in [
        ("machine::container", "machine::step"), // use super::step::{Place, Step};
        ("machine::turn", "trace::recorder"),    // handed on by trace
        ("scenario::source", "near"),            // in code: crate::near::nearest
        ("scenario::check::stacks", "amounts"),  // in code: crate::amounts::bytes
        ("probe::measure::families::caches", "probe::measure::bench"), // super::super
        ("machine::hardware::disk", "machine::hardware::disk::arm"), // arm::Arm, from a folder's file to one in it
    ] {
        assert!(
            graph.knows(from, to),
            "{from} imports {to}: {:?}",
            graph.edges.get(&from.split("::").map(str::to_owned).collect::<Module>())
        );
    }
}

#[test]
fn rooms_know_only_those_below_them() {
    let graph = graph();
    // As the table in src/lib.rs says it; who is not in it may know all.
    let may: &[(&str, &[&str])] = &[
        ("amounts", &[]),
        ("visible", &[]),
        ("files", &[]),
        ("near", &[]),
        ("syntax", &["near", "visible"]),
        ("engine", &[]),
        ("costs", &["near", "syntax"]),
        ("trace", &["engine", "costs"]),
        ("pace", &["engine", "costs", "trace"]),
        ("machine", &["amounts", "engine", "costs", "trace"]),
        ("scenario", &["amounts", "visible", "files", "near", "syntax", "engine", "costs", "trace", "pace", "machine"]),
        ("probe", &["amounts", "visible", "files", "engine", "costs"]),
    ];
    let mut wrong = Vec::new();
    for (from, edges) in &graph.edges {
        let Some((room, known)) = may.iter().find(|(room, _)| from.first().is_some_and(|first| first == room)) else {
            continue;
        };
        for to in edges.iter().filter_map(|to| to.first().map(|first| (first.as_str(), to))) {
            if to.0 != *room && !known.contains(&to.0) {
                wrong.push(format!("{} knows {}", from.join("::"), to.1.join("::")));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
