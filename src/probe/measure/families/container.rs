//! A real container, made by the probe itself, as a user and as root; each step of its start timed.
//!
//! See [`crate::probe::sandbox::container`] for what it is made of and what it leaves out.

use std::collections::BTreeMap;
use std::time::Instant;

use super::super::bench::Bench;
use super::super::timing::Samples;
use crate::costs::Unit;
use crate::probe::sandbox::cgroups::find;
use crate::probe::sandbox::container::{self, Who};

macro_rules! names {
    ($($step:literal)*) => {
        /// The names of the steps, for a user and for root.
        pub const GIVES: &[(&str, Unit)] = &[
            $((concat!("container_user_", $step), Unit::Ns), (concat!("container_root_", $step), Unit::Ns),)*
        ];
    };
}

names! {
    "start" "user_namespace" "cgroup" "namespaces" "init" "private_mounts" "layers" "overlay" "proc" "pivot_root"
    "hostname" "seccomp" "exec" "end"
}

pub fn run(bench: &mut Bench) -> Result<(), String> {
    for (who, name) in [(Who::User, "user"), (Who::Root, "root")] {
        bench.doing(&format!("a container, made as {name}"));
        if let Err(because) = starts(bench, who, name) {
            for &(entry, unit) in GIVES.iter().filter(|(entry, _)| entry.starts_with(&format!("container_{name}_"))) {
                bench.missing(entry, unit, because.clone());
            }
        }
    }
    Ok(())
}

fn starts(bench: &mut Bench, who: Who, name: &str) -> Result<(), String> {
    if who == Who::Root && !crate::probe::sandbox::namespaces::is_privileged() {
        return Err("needs root (CAP_SYS_ADMIN); sudo strata probe measures it".to_owned());
    }
    let place = find(false);
    let effort = bench.effort();
    let mut steps: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    // The first start finds everything cold, and is dropped.
    container::run(who, bench.scratch()?, place.as_ref().ok())?;
    let begin = Instant::now();
    for run in 0..effort.runs {
        if run >= 5 && begin.elapsed() > effort.limit * 4 {
            break;
        }
        let started = container::run(who, bench.scratch()?, place.as_ref().ok())?;
        let whole = [("start".to_owned(), started.start), ("end".to_owned(), started.end)];
        for (step, time) in started.steps.into_iter().chain(whole) {
            steps.entry(step).or_default().push(time as f64);
        }
    }
    for (step, what) in WHAT {
        let entry = format!("container_{name}_{step}");
        match (steps.remove(step), &place) {
            (Some(values), _) => bench.put_ns(&entry, &Samples::of_events(values), what),
            (None, Err(because)) if step == "cgroup" => bench.missing(&entry, Unit::Ns, because.clone()),
            (None, _) if step == "user_namespace" => {
                bench.missing(&entry, Unit::Ns, "root's container needs no user namespace");
            }
            (None, _) => {
                bench.missing(&entry, Unit::Ns, "this host's kernel refused this step; the container runs without it")
            }
        }
    }
    Ok(())
}

const WHAT: [(&str, &str); 14] = [
    ("start", "from the beginning to the first instruction of the program inside"),
    ("user_namespace", "making the user namespace and mapping the user to root in it"),
    ("cgroup", "making the first process and a cgroup, and entering it"),
    ("namespaces", "making mount, pid, network, host name, IPC and cgroup namespaces in one call"),
    ("init", "forking pid 1 in them"),
    ("private_mounts", "making every mount private"),
    ("layers", "mounting a tmpfs, making the folders of the layers, writing the program"),
    ("overlay", "mounting the overlay of two layers"),
    ("proc", "mounting /proc"),
    ("pivot_root", "pivot_root and unmounting the old root"),
    ("hostname", "setting the host name"),
    ("seccomp", "installing a seccomp filter"),
    ("exec", "executing the static program until its first system call"),
    ("end", "from there until its processes, mounts and cgroup are gone"),
];
