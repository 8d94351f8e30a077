//! Namespaces: what each kind costs to make and to enter.
//!
//! Each is made in a process of its own, which ends right after. As an ordinary user they are made inside a user
//! namespace, made before. Left out: what destroying one costs (the kernel does that later, on its own time) and what
//! goes into it afterwards (devices, mounts).

use std::fs::File;
use std::time::Instant;

use super::super::cell::Bench;
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
                let entering = if kind == "user" { None } else { entered(kind, flag, for_children).ok() };
                Ok((made, entering))
            });
            let one = match one {
                Ok((made, None)) if kind == "user" => in_child(|| Ok((made, entered(kind, flag, false).ok()))),
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
        let (made, entering): (Vec<f64>, Vec<Option<f64>>) = pairs.into_iter().unzip();
        let who = if privileged { "as root" } else { "inside a user namespace" };
        let method = format!("unshare into a new {kind} namespace, {who}, less a system call");
        bench.put_ns(&name, &Samples::of_runs(made).minus(call), method);
        let entering: Vec<f64> = entering.into_iter().flatten().collect();
        let method = format!("setns into an existing {kind} namespace, {who}");
        bench.put_ns(&enter_name, &Samples::of_runs(entering), method);
    }
    Ok(())
}

/// What entering another namespace of this kind costs: that of a child, made for it.
fn entered(kind: &str, flag: rustix::thread::UnshareFlags, for_children: bool) -> Result<f64, String> {
    let text = |e: std::io::Error| e.to_string();
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
    rustix::io::read(&ready_read, &mut ready).map_err(|e| e.to_string())?;
    if ready != [1] {
        return Err("the child could not make one".to_owned());
    }
    let namespace: File = open(&child.pid().as_raw_nonzero().to_string(), kind).map_err(text)?;
    let start = Instant::now();
    let result = enter(&namespace);
    let time = elapsed_ns(start);
    drop(write_all(&end_write, &[1]));
    result.map(|()| time).map_err(text)
}
