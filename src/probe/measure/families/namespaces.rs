//! Namespaces: what each kind costs to make and to enter.
//!
//! Each is made in a process of its own, which ends right after. As an ordinary user they are made inside a user
//! namespace, made before. Left out: what destroying one costs (the kernel does that later, on its own time) and what
//! goes into it afterwards (devices, mounts).

use std::fs::File;
use std::time::Instant;

use super::super::bench::Bench;
use super::super::timing::{Samples, elapsed_ns};
use rustix::thread::UnshareFlags;

use crate::costs::Unit;
use crate::probe::sandbox::namespaces::{KINDS, become_root_inside, enter, enter_new, is_privileged, open};
use crate::probe::sandbox::{Child, in_child, pipe, write_all};

pub const GIVES: &[(&str, Unit)] = &[
    ("namespace_user", Unit::Ns),
    ("namespace_user_enter", Unit::Ns),
    ("namespace_mnt", Unit::Ns),
    ("namespace_mnt_enter", Unit::Ns),
    ("namespace_pid", Unit::Ns),
    ("namespace_pid_enter", Unit::Ns),
    ("namespace_net", Unit::Ns),
    ("namespace_net_enter", Unit::Ns),
    ("namespace_uts", Unit::Ns),
    ("namespace_uts_enter", Unit::Ns),
    ("namespace_ipc", Unit::Ns),
    ("namespace_ipc_enter", Unit::Ns),
    ("namespace_cgroup", Unit::Ns),
    ("namespace_cgroup_enter", Unit::Ns),
    ("namespace_time", Unit::Ns),
    ("namespace_time_enter", Unit::Ns),
];

pub fn run(bench: &mut Bench) -> Result<(), String> {
    let privileged = is_privileged();
    let effort = bench.effort();
    let call = bench.known("system_call").unwrap_or(0.0);
    for (kind, flag, for_children) in KINDS {
        bench.doing(&format!("namespace, {kind}"));
        let (begin, mut pairs, mut failure) = (Instant::now(), Vec::new(), None);
        while pairs.len() < effort.runs && (pairs.len() < 5 || begin.elapsed() < effort.limit) && failure.is_none() {
            let one = in_child(|| {
                if !privileged && kind != "user" {
                    become_root_inside()?;
                }
                // Changes nothing; the first call's page faults are not the mechanism's.
                enter_new(UnshareFlags::empty()).map_err(|e| format!("making no namespace: {e}"))?;
                let start = Instant::now();
                enter_new(flag).map_err(|e| format!("making a {kind} namespace: {e}"))?;
                let made = elapsed_ns(start);
                // Who is in a new user namespace without being mapped to anyone can't look into another's.
                let entering = (kind != "user").then(|| entered(kind, flag, for_children));
                Ok((made, entering))
            });
            let one = match one {
                Ok((made, None)) => in_child(|| Ok((made, Some(entered(kind, flag, false))))),
                other => other,
            };
            match one {
                Ok(pair) => pairs.push(pair),
                Err(because) => failure = Some(because),
            }
        }
        let (name, enter_name) = (format!("namespace_{kind}"), format!("namespace_{kind}_enter"));
        if let Some(because) = failure {
            bench.missing(&name, Unit::Ns, because.clone());
            bench.missing(&enter_name, Unit::Ns, because);
            continue;
        }
        let (made, entering): (Vec<f64>, Vec<Option<Result<f64, String>>>) = pairs.into_iter().unzip();
        let who = if privileged { "as root" } else { "inside a user namespace" };
        let method = format!("unshare into a new {kind} namespace, {who}, less a system call");
        bench.put_ns(&name, &Samples::of_runs(made).minus(call), method);
        let (entered, refused): (Vec<_>, Vec<_>) = entering.into_iter().flatten().partition(Result::is_ok);
        let entering = match refused.into_iter().next() {
            Some(Err(because)) if entered.is_empty() => Err(because),
            _ => Ok(Samples::of_runs(entered.into_iter().flatten().collect())),
        };
        let method = format!("setns into an existing {kind} namespace, {who}");
        bench.put_or_missing(&enter_name, entering, method);
    }
    Ok(())
}

/// What entering another namespace of this kind costs: that of a child, made for it.
fn entered(kind: &str, flag: rustix::thread::UnshareFlags, for_children: bool) -> Result<f64, String> {
    let text = |e: std::io::Error| format!("entering a {kind} namespace: {e}");
    let ((ready_read, ready_write), (end_read, end_write)) = (pipe().map_err(text)?, pipe().map_err(text)?);
    let child = Child::spawn(|| {
        // A child of a process that has made a pid or time namespace is already in it.
        let ready = for_children || enter_new(flag).is_ok();
        let _ = write_all(&ready_write, &[u8::from(ready)]);
        // Until the parent has entered, or is gone.
        let _ = rustix::io::read(&end_read, &mut [0]);
        0
    })
    .map_err(text)?;
    let mut ready = [0];
    rustix::io::read(&ready_read, &mut ready).map_err(|e| text(e.into()))?;
    if ready != [1] {
        return Err(format!("a second {kind} namespace could not be made"));
    }
    let opened = open(&child.pid().as_raw_nonzero().to_string(), kind);
    let namespace: File = opened.map_err(|e| format!("opening another process's {kind} namespace in /proc: {e}"))?;
    let start = Instant::now();
    let result = enter(&namespace);
    let time = elapsed_ns(start);
    drop(write_all(&end_write, &[1]));
    result.map(|()| time).map_err(text)
}
