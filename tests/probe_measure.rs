//! The measurements on the real host: no times asserted, and nothing left behind.
//! What the host can't do is skipped with the reason printed. A test that changes what a process may do, or where it
//! writes, does it in a child of its own.

#![cfg(target_os = "linux")]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_change};
use rustix::process::{Resource, Rlimit, setrlimit};
use strata::costs::Primitive;
use strata::probe::cleanup::sweep;
use strata::probe::measure::{FAMILIES, Family, Outcome, Plan, Progress, Report, run, run_families};
use strata::probe::sandbox::namespaces::{become_root_inside, enter_new, is_privileged};
use strata::probe::sandbox::{Child, Exit, in_child};

fn some(titles: &[&str]) -> Vec<Family> {
    FAMILIES.iter().copied().filter(|family| titles.iter().any(|title| family.title.contains(title))).collect()
}

fn measure(titles: &[&str]) -> Report {
    run_families(Plan::Quick, Instant::now(), &some(titles), &mut |_| {}, &AtomicBool::new(false))
}

/// Why `name` has no value; `None` if it has one.
fn reason<'a>(report: &'a Report, name: &str) -> Option<&'a str> {
    match &report.get(name).unwrap_or_else(|| panic!("no {name}")).outcome {
        Outcome::Measured(_) => None,
        Outcome::NotMeasured { because } => Some(because),
    }
}

/// As [`measure`], with more time than even a busy machine needs: what still takes too long waits for nothing.
fn measure_patiently(titles: &[&str]) -> Report {
    let patience = Duration::from_secs(60);
    let families: Vec<Family> = some(titles).into_iter().map(|f| Family { quick: patience, ..f }).collect();
    let began = Instant::now() + patience * families.len() as u32;
    run_families(Plan::Quick, began, &families, &mut |_| {}, &AtomicBool::new(false))
}

/// As [`measure`], by a probe whose only folders are `temporary` and what is only memory. For forked children alone.
fn measure_in(temporary: &Path, titles: &[&str]) -> Report {
    only_folder(temporary);
    measure(titles)
}

fn only_folder(temporary: &Path) {
    // SAFETY: this process was forked for one test and has one thread.
    unsafe {
        std::env::set_var("TMPDIR", temporary);
        ["HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"].iter().for_each(|name| std::env::remove_var(name));
    }
}

/// Puts this process, forked for one test, where it may mount what no one else sees.
fn own_mounts_only() -> Result<(), String> {
    if !is_privileged() {
        become_root_inside()?;
    }
    enter_new(rustix::thread::UnshareFlags::NEWNS).map_err(|e| format!("a mount namespace: {e}"))?;
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC).map_err(|e| format!("private: {e}"))
}

fn limit(resource: Resource, to: u64) {
    setrlimit(resource, Rlimit { current: Some(to), maximum: Some(to) }).unwrap();
}

/// Panics unless `less` costs less than `more`. Only for costs that lie hundreds of times apart by their mechanism, the
/// lesser of which never waits for a processor: then a busy machine cannot turn them round, for it makes the median of
/// short runs on a processor hardly longer. Skipped, with a note, if one was not measured.
fn assert_far_apart(report: &Report, less: &str, more: &str) {
    match (report.value(less), report.value(more)) {
        (Some(a), Some(b)) => assert!(a < b, "{less} {a} < {more} {b}"),
        _ => println!("skipped: {:?}, {:?}", report.get(less), report.get(more)),
    }
}

#[test]
fn no_unit_is_mixed_up_between_costs_that_lie_orders_of_magnitude_apart() {
    let report = measure(&["system call", "single", "caches", "cached files", "faults", "switches", "processes"]);
    assert_far_apart(&report, "l1_hit", "pipe_round_trip_same_core");
    assert_far_apart(&report, "dram_access", "fork_exit_wait");
    assert_far_apart(&report, "cycle", "page_fault_huge");
    assert_far_apart(&report, "stat", "fork_exit_wait");
}

#[test]
fn an_interpreted_guest_is_never_filed_as_hardware_assistance() {
    let report = measure(&["virtual machine"]);
    let assisted = ["guest_loop", "exit_cpuid", "exit_port", "exit_to_user_space", "halt_wake"];
    let emulated = ["emulated_instruction", "emulated_cpuid", "emulated_port", "emulated_halt_wake"];
    let any = |names: &[&str]| names.iter().any(|name| report.value(name).is_some());
    assert!(!any(&assisted) || !any(&emulated), "at most one kind of KVM");
    if !any(&assisted) && !any(&emulated) {
        // No KVM here, or its share of the time ran out before.
        println!("skipped: {:?}", report.get("native_loop"));
    }
    assert_far_apart(&report, "exit_cpuid", "vm_start");
    assert_far_apart(&report, "native_loop", "emulated_loop");
}

#[test]
fn every_primitive_and_every_promised_name_has_a_value_or_a_reason() {
    let report = measure(&["system call"]);
    let names: Vec<&str> = report.measurements.iter().map(|m| m.primitive.as_str()).collect();
    let unique: BTreeSet<&str> = names.iter().copied().collect();
    assert_eq!(names.len(), unique.len(), "no name twice");
    assert!(Primitive::ALL.iter().all(|p| unique.contains(p.name())));
    for m in &report.measurements {
        match &m.outcome {
            Outcome::Measured(v) => {
                let q = v.spread;
                assert!(v.value > 0.0 && v.runs > 0 && !v.method.is_empty(), "{}", m.primitive);
                assert!([q.min, q.p50, q.p90, q.p99, q.max].is_sorted(), "{}", m.primitive);
            }
            Outcome::NotMeasured { because } => assert!(!because.is_empty(), "{}", m.primitive),
        }
    }
}

#[test]
fn no_name_is_promised_twice_and_primitives_keep_their_units() {
    let promised: Vec<_> = FAMILIES.iter().flat_map(|family| family.gives).collect();
    let unique: BTreeSet<&str> = promised.iter().map(|(name, _)| *name).collect();
    assert_eq!(promised.len(), unique.len(), "no name in two families");
    for (name, unit) in promised {
        if let Some(primitive) = Primitive::from_name(name) {
            assert_eq!(primitive.unit(), *unit, "{name}");
        }
    }
}

#[test]
fn cancelling_ends_a_full_run_at_once_and_keeps_what_was_measured() {
    let cancel = AtomicBool::new(false);
    let mut progress = |p: Progress| cancel.store(p.done >= 1, Ordering::Relaxed);
    let report = run(Plan::Full, Instant::now(), &mut progress, &cancel);
    assert!(report.cancelled);
    // Either a value, or why a busy machine had none in time: it was not cancelled.
    let first = report.get("system_call").map(|m| &m.outcome).expect("in every report");
    assert!(!matches!(first, Outcome::NotMeasured { because } if because == "cancelled"), "{first:?}");
    let last = report.get("fork_exit_wait").map(|m| &m.outcome);
    assert!(matches!(last, Some(Outcome::NotMeasured { because }) if because == "cancelled"), "{last:?}");
}

#[test]
fn where_no_thread_can_be_made_that_is_the_reason_and_nobody_waits_for_one() {
    if !rustix::process::geteuid().is_root() {
        return println!("skipped: another user's processes can only be counted by root");
    }
    let place = tempfile::tempdir().unwrap();
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o777)).unwrap();
    // This process and its cell are all there may be; one more thread, and some of those wanted are there.
    for most in [2, 3] {
        let report = in_child(|| {
            // SAFETY: only this process, forked for this test, becomes a user without any other process.
            let user = 61_000 + std::process::id() % 3000;
            assert!(unsafe { libc::setgid(user) == 0 && libc::setuid(user) == 0 });
            limit(Resource::Nproc, most);
            only_folder(place.path());
            Ok(measure_patiently(&["system call", "switches", "idle", "processes and", "timers"]))
        })
        .unwrap();
        for name in ["wake_up", "idle_wake", "ipi_round_trip", "thread"] {
            let Some(because) = reason(&report, name) else { continue };
            let untrue = ["ended with code", "ended by signal", "longer than its share"];
            assert!(!untrue.iter().any(|untrue| because.contains(untrue)), "{name}: {because}");
        }
        let because = reason(&report, "wake_up").unwrap();
        assert!(because.contains("making a thread"), "{because}");
    }
}

#[test]
fn a_disk_that_is_memory_some_layers_below_is_no_disk() {
    let place = tempfile::tempdir().unwrap();
    let report = in_child(|| {
        own_mounts_only()?;
        let at = |name: &str| place.path().join(name);
        mount("t", place.path(), "tmpfs", MountFlags::empty(), c"size=3g").map_err(|e| format!("tmpfs: {e}"))?;
        ["lower", "upper", "work", "merged"].iter().for_each(|name| fs::create_dir(at(name)).unwrap());
        rustix::process::chdir(place.path()).unwrap();
        let layers = c"lowerdir=lower,upperdir=upper,workdir=work";
        mount("o", "merged", "overlay", MountFlags::empty(), layers).map_err(|e| format!("overlay: {e}"))?;
        Ok(measure_in(&at("merged"), &["disk"]))
    });
    match report {
        Ok(report) => {
            for name in ["direct_read_4k", "direct_write_4k", "disk_channels"] {
                let because = reason(&report, name).unwrap_or_else(|| panic!("{name} was measured"));
                println!("{because}");
            }
            let profile = report.profile(&strata::costs::Profile::xeon_2017());
            assert!(profile.cost(Primitive::DiskRead4k).value > 0.0);
        }
        Err(why) => println!("skipped: {why}"),
    }
}

#[test]
fn a_process_without_huge_pages_measures_no_fault_of_one() {
    let report = in_child(|| {
        // SAFETY: changes this forked process alone, which has one thread.
        assert_eq!(unsafe { libc::prctl(libc::PR_SET_THP_DISABLE, 1, 0, 0, 0) }, 0);
        Ok(measure(&["faults"]))
    });
    let report = report.unwrap();
    let because = reason(&report, "page_fault_huge").expect("no huge page can be faulted in");
    assert!(because.contains("huge pages") || because.contains("longer than its share"), "{because}");
}

#[test]
fn what_could_not_be_tried_is_not_blamed_on_the_kernel() {
    let report = in_child(|| {
        // The report's pipe, and nothing for another.
        let open = fs::read_dir("/proc/self/fd").map_err(|e| e.to_string())?.count() as u64;
        limit(Resource::Nofile, open + 3);
        Ok(measure(&["single"]))
    });
    let report = report.unwrap();
    if let Some(because) = reason(&report, "exception") {
        assert!(!because.contains("switched off"), "{because}");
    }
}

#[test]
fn a_comma_and_a_colon_in_the_temporary_folder_separate_nothing() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("a,b:c");
    fs::create_dir(&folder).unwrap();
    let report = in_child(|| Ok(measure_in(&folder, &["mounts", "real container"]))).unwrap();
    for name in ["mount_overlay", "container_user_overlay", "container_root_overlay"] {
        if let Some(because) = reason(&report, name) {
            assert!(!because.contains("No such file"), "{name}: {because}");
        }
    }
}

#[test]
fn without_a_folder_that_can_be_written_only_what_needs_a_file_is_missing() {
    let reports = in_child(|| {
        own_mounts_only()?;
        // Not even root makes a folder there.
        let nowhere = Path::new("/proc");
        let in_memory = measure_in(nowhere, &["system call", "cached files"]);
        mount("t", "/dev/shm", "tmpfs", MountFlags::RDONLY, None).map_err(|e| format!("covering /dev/shm: {e}"))?;
        Ok((in_memory, measure_in(nowhere, &["system call", "cached files"])))
    });
    let (in_memory, nowhere) = match reports {
        Ok(reports) => reports,
        Err(why) => return println!("skipped: {why}"),
    };
    let lacks_folder = |report: &Report, name: &str| reason(report, name).is_some_and(|why| why.contains("TMPDIR"));
    assert!(!lacks_folder(&in_memory, "stat"), "{:?}", reason(&in_memory, "stat"));
    assert!(lacks_folder(&nowhere, "stat") && lacks_folder(&nowhere, "copy_4k"));
    for name in ["zero_4k", "page_cache_insert", "pipe_transfer"] {
        assert!(!lacks_folder(&nowhere, name), "{name}");
    }
}

#[test]
fn a_plans_time_counts_from_the_start_of_the_program_and_a_full_run_is_not_told_to_be_full() {
    for (plan, advice) in [(Plan::Quick, true), (Plan::Full, false)] {
        let Some(long_ago) = Instant::now().checked_sub(plan.deadline()) else {
            return println!("skipped: this computer has just been started");
        };
        let report = run(plan, long_ago, &mut |_| {}, &AtomicBool::new(false));
        assert!(report.measurements.iter().all(|m| m.measured().is_none()));
        let because = reason(&report, "system_call").unwrap();
        assert!(because.contains("time of this plan") && because.contains("--full") == advice, "{because}");
    }
}

/// What must be the same before and after.
#[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
struct Traces {
    mounts: String,
    links: BTreeSet<PathBuf>,
    cgroups: BTreeSet<PathBuf>,
    folders: BTreeSet<PathBuf>,
    processes: BTreeSet<PathBuf>,
}

impl Traces {
    /// Of the probes whose folders lie in `temporary` and whose processes are in the session `session`.
    fn now(temporary: &Path, session: &str) -> Traces {
        let list =
            |path: &Path| fs::read_dir(path).map(|d| d.flatten().map(|e| e.path()).collect()).unwrap_or_default();
        let in_session = |process: &PathBuf| {
            let stat = fs::read_to_string(process.join("stat")).unwrap_or_default();
            let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
            // One that has ended and waits for its new parent, process 1, to take note is no longer running.
            fields.get(3) == Some(&session) && fields[0] != "Z"
        };
        let mut cgroups = BTreeSet::new();
        find_cgroups(Path::new("/sys/fs/cgroup"), &mut cgroups, 8);
        Traces {
            mounts: own_mounts(temporary),
            links: list(Path::new("/sys/class/net")),
            cgroups,
            folders: list(temporary),
            processes: list(Path::new("/proc")).into_iter().filter(in_session).collect(),
        }
    }
}

/// The mounts of a probe's folders, which lie in `temporary`: other mounts come and go as others like.
fn own_mounts(temporary: &Path) -> String {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let own = |line: &&str| line.contains("strata-probe-") || line.contains(&temporary.display().to_string());
    mounts.lines().filter(own).collect()
}

/// Cgroups with the name of a probe that is no more: those of one that runs beside this test are its own.
fn find_cgroups(folder: &Path, found: &mut BTreeSet<PathBuf>, depth: usize) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten().filter(|e| e.file_type().is_ok_and(|t| t.is_dir())) {
        let name = entry.file_name().to_string_lossy().into_owned();
        let owner = name.strip_prefix("strata-probe-").map(|rest| rest.split('-').next().unwrap_or_default());
        if owner.is_some_and(|process| !Path::new("/proc").join(process).exists()) {
            found.insert(entry.path());
        }
        if depth > 0 {
            find_cgroups(&entry.path(), found, depth - 1);
        }
    }
}

#[test]
fn what_waits_below_a_killed_process_is_killed_with_it() {
    // Measuring ends by itself soon; what only waits shows whether the kernel was asked for a signal.
    let said = tempfile::NamedTempFile::new().unwrap();
    let killed = Child::spawn(|| {
        let wait = || {
            std::thread::sleep(Duration::from_secs(600));
            0
        };
        let Ok(waits) = Child::spawn(wait) else { return 1 };
        let written = fs::write(said.path(), waits.pid().as_raw_nonzero().to_string());
        wait() + i32::from(written.is_err())
    });
    let patience = |began: Instant, what: &str| {
        assert!(began.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(5));
    };
    let began = Instant::now();
    let number = loop {
        match fs::read_to_string(said.path()).unwrap() {
            number if !number.is_empty() => break number,
            _ => patience(began, "it started nothing"),
        }
    };
    drop(killed);
    let stat = || fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
    let began = Instant::now();
    while stat().rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with(" Z")) {
        patience(began, "it outlives its parent");
    }
}

#[test]
fn twenty_runs_killed_at_random_moments_of_a_whole_one_leave_nothing() {
    // In a process and session of its own: it sets an environment variable, and its descendants can be told by it.
    let result = in_child(|| {
        rustix::process::setsid().map_err(|e| e.to_string())?;
        Ok(killed_runs())
    });
    let (before, after) = result.unwrap();
    assert_eq!(after, before);
}

/// The traces before and after.
fn killed_runs() -> (Traces, Traces) {
    let temporary = tempfile::tempdir().unwrap();
    // SAFETY: this process was forked for this test and has one thread.
    unsafe { std::env::set_var("TMPDIR", temporary.path()) };
    let session = std::process::id().to_string();
    let families = some(&["switches", "namespaces", "mounts", "groups", "container", "virtual", "devices"]);
    let probe = || {
        Child::spawn(|| {
            run_families(Plan::Quick, Instant::now(), &families, &mut |_| {}, &AtomicBool::new(false));
            0
        })
    };
    let mut before = Traces::now(temporary.path(), &session);
    let began = Instant::now();
    assert_eq!(probe().unwrap().wait().unwrap(), Exit::Code(0));
    let whole = began.elapsed();
    let mut random = std::process::id();
    // One in each twentieth of a whole run, so that none of its families is always spared.
    for part in 0..20 {
        random = random.wrapping_mul(1_103_515_245).wrapping_add(12_345);
        let killed = probe().unwrap();
        std::thread::sleep(whole.mul_f64((f64::from(part) + f64::from(random >> 16) / 65_536.0) / 20.0));
        // Dropping kills with SIGKILL.
        drop(killed);
    }
    assert_eq!(probe().unwrap().wait().unwrap(), Exit::Code(0));
    // What somebody else's killed probe had left is removed as well, and no longer there; devices may go as they like.
    let look = |before: &mut Traces| {
        let after = Traces::now(temporary.path(), &session);
        before.cgroups.retain(|cgroup| after.cgroups.contains(cgroup));
        before.links.retain(|link| after.links.contains(link));
        after
    };
    // On a busy machine the kernel may take longer to be done with the last ones than the whole run waited for it: the
    // next start sweeps again.
    let mut after = look(&mut before);
    let began = Instant::now();
    while after != before && began.elapsed() < Duration::from_secs(300) {
        std::thread::sleep(Duration::from_millis(50));
        sweep(temporary.path());
        after = look(&mut before);
    }
    (before, after)
}

/// What one killed run left, at once and after `rmdir` of its groups and the next start's sweep.
#[derive(serde::Serialize, serde::Deserialize)]
struct Left {
    mounts_or_links: bool,
    processes_in_groups: usize,
    groups_that_stay: Vec<PathBuf>,
    folders: Vec<PathBuf>,
    after_the_sweep: usize,
}

#[test]
fn a_kill_leaves_at_most_the_probe_s_folder_and_empty_groups_that_rmdir_removes() {
    let result = in_child(|| {
        rustix::process::setsid().map_err(|e| e.to_string())?;
        let temporary = tempfile::tempdir().map_err(|e| e.to_string())?;
        // SAFETY: this process was forked for this test and has one thread.
        unsafe { std::env::set_var("TMPDIR", temporary.path()) };
        let session = std::process::id().to_string();
        let families = some(&["groups", "container"]);
        let before = Traces::now(temporary.path(), &session);
        let killed = Child::spawn(|| {
            run_families(Plan::Quick, Instant::now(), &families, &mut |_| {}, &AtomicBool::new(false));
            0
        });
        std::thread::sleep(Duration::from_millis(150));
        drop(killed);
        let began = Instant::now();
        let mut after = Traces::now(temporary.path(), &session);
        // Its children are killed by the kernel, each in its own time.
        while after.processes != before.processes && began.elapsed() < Duration::from_secs(300) {
            std::thread::sleep(Duration::from_millis(20));
            after = Traces::now(temporary.path(), &session);
        }
        let groups: Vec<PathBuf> = after.cgroups.difference(&before.cgroups).cloned().collect();
        let processes = |group: &PathBuf| fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default();
        let processes_in_groups = groups.iter().map(|group| processes(group).lines().count()).sum();
        groups.iter().for_each(|group| drop(fs::remove_dir(group)));
        let folders = after.folders.difference(&before.folders).cloned().collect();
        sweep(temporary.path());
        Ok(Left {
            mounts_or_links: after.mounts != before.mounts || !after.links.is_subset(&before.links),
            processes_in_groups,
            groups_that_stay: groups.into_iter().filter(|group| group.exists()).collect(),
            folders,
            after_the_sweep: fs::read_dir(temporary.path()).map_or(0, Iterator::count),
        })
    });
    let left = result.unwrap();
    assert!(!left.mounts_or_links, "a mount or a network device outlives a kill");
    assert_eq!((left.processes_in_groups, left.groups_that_stay.len()), (0, 0), "{:?}", left.groups_that_stay);
    let own = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("strata-probe-"));
    assert!(left.folders.len() <= 1 && left.folders.iter().all(own), "{:?}", left.folders);
    assert_eq!(left.after_the_sweep, 0, "the next start removes the folder");
}
