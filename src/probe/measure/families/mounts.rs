//! Mounts, as a container's start makes them, and the overlay's copy on the first write.
//!
//! All in a mount namespace of a child, on a `tmpfs` in it. Each sample is a mount and its unmount later. Names are
//! relative to that `tmpfs`: an overlay takes its layers as a list in which commas and colons separate them. The child
//! is the first in a process namespace of its own, for only there its user may mount a process file system. Left out:
//! file systems on devices, and overlays of many layers.

use std::ffi::CString;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Instant;

use rustix::mount::{MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_bind, mount_change, unmount};
use rustix::thread::UnshareFlags;

use super::super::bench::Bench;
use super::super::timing::{Effort, Samples, elapsed_ns};
use crate::costs::Unit;
use crate::probe::sandbox::in_child;
use crate::probe::sandbox::namespaces::{CONTAINER_KINDS, become_root_inside, enter_new, is_privileged};

pub const GIVES: &[(&str, Unit)] = &[
    ("mount_tmpfs", Unit::Ns),
    ("mount_bind", Unit::Ns),
    ("mount_overlay", Unit::Ns),
    ("unmount", Unit::Ns),
    ("mount_proc", Unit::Ns),
    ("create_file", Unit::Ns),
    ("overlay_copy_up_4k", Unit::Ns),
    ("overlay_copy_up_1m", Unit::Ns),
    ("pivot_root", Unit::Ns),
    ("detach_mounts", Unit::Ns),
    ("mount_private", Unit::Ns),
];

pub fn run(bench: &mut Bench) -> Result<(), String> {
    let folder = bench.folder()?.join("mounts");
    fs::create_dir_all(&folder).map_err(|e| format!("making {}: {e}", folder.display()))?;
    let effort = bench.effort();
    let (mut all, no_proc): (Vec<Vec<f64>>, Option<String>) = in_child(|| enter(&folder, &effort))?;
    bench.doing("pivot_root");
    let (begin, mut pivots, mut detached, mut privates) = (Instant::now(), Vec::new(), Vec::new(), Vec::new());
    while pivots.len() < effort.runs && (pivots.len() < 5 || begin.elapsed() < effort.limit) {
        let (private, pivot, detach) = in_child(|| pivoted(&folder))?;
        privates.push(private);
        pivots.push(pivot);
        detached.push(detach);
    }
    all.extend([pivots, detached, privates]);
    let methods = [
        "mounting a tmpfs in a mount namespace of its own",
        "a bind mount of a folder",
        "mounting an overlay of one read-only and one writable layer",
        "unmounting a tmpfs, a bind mount and an overlay: the mean",
        "mounting a process file system",
        "making a folder in a tmpfs",
        "opening a file of 4 KiB of the read-only layer for writing, for the first time",
        "opening a file of 1 MiB of the read-only layer for writing, for the first time",
        "pivot_root into a tmpfs",
        "detaching the old root with everything that is mounted below it",
        "making every mount of a new mount namespace private",
    ];
    let call = bench.known("system_call").unwrap_or(0.0);
    for (((name, _), method), values) in GIVES.iter().zip(methods).zip(all) {
        match &no_proc {
            Some(because) if values.is_empty() => bench.missing(name, Unit::Ns, because.clone()),
            _ => bench.put_ns(name, &Samples::of_runs(values).minus(call), format!("{method}, less a system call")),
        }
    }
    Ok(())
}

/// What a child brings back: the times, and why no process file system could be mounted if none could.
type Times = (Vec<Vec<f64>>, Option<String>);

/// Measures in new namespaces; only a child is in that of the processes.
fn enter(folder: &Path, effort: &Effort) -> Result<Times, String> {
    if !is_privileged() {
        become_root_inside()?;
    }
    enter_new(UnshareFlags::NEWNS | UnshareFlags::NEWPID)
        .map_err(|e| format!("making mount and process namespaces: {e}"))?;
    in_child(|| measure(folder, effort))
}

fn measure(folder: &Path, effort: &Effort) -> Result<Times, String> {
    let text = |what: &'static str| move |e: std::io::Error| format!("{what}: {e}");
    let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    mount_change("/", private).map_err(|e| format!("making mounts private: {e}"))?;
    mount("strata", folder, "tmpfs", MountFlags::empty(), c"size=64m").map_err(|e| format!("mounting a tmpfs: {e}"))?;
    rustix::process::chdir(folder).map_err(|e| format!("changing to the tmpfs: {e}"))?;
    for name in ["a", "b", "lower", "merged"] {
        fs::create_dir(name).map_err(text("making folders"))?;
    }
    fs::write("lower/small", [1; 4096]).map_err(text("writing a file"))?;
    fs::write("lower/large", vec![1; 1 << 20]).map_err(text("writing a file"))?;

    // Three less: the root is moved by other processes.
    let (mut all, mut no_proc) = (vec![Vec::new(); GIVES.len() - 3], None);
    let begin = Instant::now();
    for run in 0..effort.runs {
        if run >= 5 && begin.elapsed() > effort.limit * 3 {
            break;
        }
        for (times, time) in all.iter_mut().zip(round(run)?) {
            match time {
                Ok(time) => times.push(time),
                Err(because) => no_proc = Some(because),
            }
        }
    }
    Ok((all, no_proc))
}

fn timed<T, E>(action: impl FnOnce() -> Result<T, E>) -> Result<f64, E> {
    let start = Instant::now();
    action().map(|_| elapsed_ns(start))
}

/// Why the kernel refuses a process file system: it would show what is covered in the one that is there.
fn refused(error: rustix::io::Errno) -> String {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let covered = mounts.lines().any(|line| line.split(' ').nth(4).is_some_and(|at| at.starts_with("/proc/")));
    let why = if covered { "; parts of this /proc are covered, as in a container, and it would show them" } else { "" };
    format!("mounting a process file system: {}{why}", io::Error::from(error))
}

/// One of each, with fresh writable layers.
fn round(run: usize) -> Result<[Result<f64, String>; 8], String> {
    let (a, b, merged) = (Path::new("a"), Path::new("b"), Path::new("merged"));
    let failed = |what: &'static str| move |e: rustix::io::Errno| format!("{what}: {}", std::io::Error::from(e));
    let end = |path: &Path| timed(|| unmount(path, UnmountFlags::empty())).map_err(failed("unmounting"));
    let tmpfs = timed(|| mount("strata", a, "tmpfs", MountFlags::empty(), None)).map_err(failed("mounting a tmpfs"))?;
    let bind = timed(|| mount_bind(a, b)).map_err(failed("a bind mount"))?;
    let mut unmounts = end(b)? + end(a)?;
    let proc = timed(|| mount("proc", a, "proc", MountFlags::empty(), None)).map_err(refused);
    if proc.is_ok() {
        end(a)?;
    }

    let (upper, work) = (format!("upper{run}"), format!("work{run}"));
    let mut made = 0.0;
    for layer in [&upper, &work] {
        made += timed(|| fs::create_dir(layer)).map_err(|e| format!("making a layer: {e}"))?;
    }
    let options = format!("lowerdir=lower,upperdir={upper},workdir={work}");
    let options = CString::new(options).map_err(|e| e.to_string())?;
    let overlay = timed(|| mount("strata", merged, "overlay", MountFlags::empty(), options.as_c_str()))
        .map_err(failed("mounting an overlay"))?;
    let copy = |name: &str| {
        timed(|| fs::OpenOptions::new().write(true).open(merged.join(name)))
            .map_err(|e| format!("copying {name} up: {e}"))
    };
    let (small, large) = (copy("small")?, copy("large")?);
    unmounts += end(merged)?;
    // Else the memory adds up; what can't be removed goes with the namespace.
    let _ = fs::remove_dir_all(&upper);
    let _ = fs::remove_dir_all(&work);
    let [tmpfs, bind, overlay, unmounts] = [tmpfs, bind, overlay, unmounts / 3.0].map(Ok);
    Ok([tmpfs, bind, overlay, unmounts, proc, Ok(made / 2.0), Ok(small), Ok(large)])
}

/// Moves the root of a process and mount namespace made for it into a tmpfs, and detaches the old one: how long
/// making mounts private and both of these took.
///
/// It has all the namespaces of a container. Detaching waits until every processor has passed a quiet moment, which an
/// idle one has; but one that takes down the network namespace of the container before, as one does while the next is
/// started, has to be interrupted for it.
fn pivoted(folder: &Path) -> Result<(f64, f64, f64), String> {
    let failed = |what: &'static str| move |e: rustix::io::Errno| format!("{what}: {}", io::Error::from(e));
    if !is_privileged() {
        become_root_inside()?;
    }
    enter_new(CONTAINER_KINDS).map_err(|e| format!("making namespaces: {e}"))?;
    let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    let private = timed(|| mount_change("/", private)).map_err(failed("making mounts private"))?;
    mount("strata", folder, "tmpfs", MountFlags::empty(), None).map_err(failed("mounting a tmpfs"))?;
    let old = folder.join("old");
    fs::create_dir(&old).map_err(|e| format!("making a folder: {e}"))?;
    let pivot = timed(|| rustix::process::pivot_root(folder, &old)).map_err(failed("pivot_root"))?;
    rustix::process::chdir("/").map_err(failed("changing to the new root"))?;
    let detach = timed(|| unmount("/old", UnmountFlags::DETACH)).map_err(failed("detaching the old root"))?;
    Ok((private, pivot, detach))
}
