//! Ctrl-C and SIGTERM in each phase of a command, and what a program does whose starter ignores signals.
#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use strata::probe::interrupt;

/// How long a program may take for something that it does at once: only a hang takes longer.
const PATIENCE: Duration = Duration::from_secs(120);

/// The program as an interactive shell starts it, whoever runs these tests.
fn strata(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_strata"));
    command.args(arguments).current_dir(folder).env("NO_COLOR", "1").env("XDG_DATA_HOME", folder.join("data"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    interrupt::in_the_foreground(&mut command);
    command
}

/// Waits for the end of `child`; `what` is told if that takes too long.
fn end_of(child: &mut Child, what: &str) -> ExitStatus {
    let since = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if since.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("{what} did not end within {PATIENCE:?}");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Waits until `is` holds of a process; `what` is told if it ends before, or if that takes too long.
fn wait_until(child: &mut Child, what: &str, is: impl Fn(u32) -> bool) {
    let since = Instant::now();
    while !is(child.id()) {
        assert!(child.try_wait().unwrap().is_none(), "it ended before {what}");
        if since.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("{what}: not within {PATIENCE:?}");
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Whether a bit is set in one of a process's masks of signals.
fn in_mask(process: u32, mask: &str, signal: Signal) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix(mask)).map(str::trim).unwrap_or("0");
    u64::from_str_radix(mask, 16).unwrap_or(0) & (1 << (signal.as_raw() - 1)) != 0
}

fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// A legal file of the largest size, all of it steps: it takes some time to read and to check.
fn large(folder: &Path) {
    let steps: String = (0..60_000).map(|i| format!("Step(id: \"{i:05x}\", title: \"t\", say: \"\"),")).collect();
    let text = format!(
        r#"Scenario(format: 1, id: "x", title: "t", host: Host(cores: 1, memory: "1 GiB"),
        programs: {{ "p": [Cpuid] }}, stacks: {{ "s": Process(run: "p") }}, walkthrough: [{steps}])"#
    );
    std::fs::write(folder.join("large.ron"), text).unwrap();
}

const ENDLESS: &str = r#"Scenario(format: 1, id: "endless", title: "Endless", until: "24000 min",
    host: Host(cores: 1, memory: "1 GiB"), programs: { "spin": [Forever([Cpuid])] },
    stacks: { "a": Process(run: "spin") })"#;

// Fails where the program listens from its start on.
#[test]
fn one_signal_ends_a_command_at_once_while_it_reads_and_checks() {
    let folder = tempfile::tempdir().unwrap();
    large(folder.path());
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        for command in ["check", "run", "play", "compare"] {
            let mut arguments = vec![command, "large.ron"];
            arguments.extend((command == "compare").then_some("large.ron"));
            let mut child = strata(folder.path(), &arguments).spawn().unwrap();
            // The first thing that the program does; long before the file is read.
            wait_until(&mut child, "ignoring SIGXFSZ", |id| in_mask(id, "SigIgn:", Signal::XFSZ));
            send(&child, signal);
            let status = end_of(&mut child, command);
            use std::os::unix::process::ExitStatusExt;
            assert!(status.signal() == Some(signal.as_raw()) || status.code() == Some(130), "{command}: {status:?}");
        }
    }
}

// Fails where a run does not listen.
#[test]
fn a_run_that_is_interrupted_reports_and_a_second_signal_ends_it_at_once() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("endless.ron"), ENDLESS).unwrap();
    for signal in [Signal::INT, Signal::TERM] {
        let arguments = ["run", "endless.ron", "--costs", "xeon-2017", "--events", "1000000000000"];
        let mut child = strata(folder.path(), &arguments).spawn().unwrap();
        wait_until(&mut child, "listening for the signal", |id| in_mask(id, "SigCgt:", signal));
        send(&child, signal);
        assert_eq!(end_of(&mut child, "the run").code(), Some(130), "{signal:?}");
    }
}

#[test]
fn costs_that_block_their_reader_are_refused_and_a_profile_that_does_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    assert!(Command::new("mkfifo").arg(path.join("pipe.ron")).status().unwrap().success());
    let data = path.join("data/strata");
    std::fs::create_dir_all(&data).unwrap();
    for blocking in ["pipe.ron", "/proc/kmsg", "/dev/zero", "/"] {
        let mut child = strata(path, &["run", "one-read", "--costs", blocking]).spawn().unwrap();
        assert_eq!(end_of(&mut child, &format!("--costs {blocking}")).code(), Some(2), "{blocking}");
        let link = data.join("measured.ron");
        let _ = std::fs::remove_file(&link);
        std::os::unix::fs::symlink(path.join(blocking), &link).unwrap();
        // A saved profile that can't be used is told and passed over.
        let mut child = strata(path, &["run", "one-read"]).spawn().unwrap();
        assert_eq!(end_of(&mut child, &format!("measured.ron at {blocking}")).code(), Some(0), "{blocking}");
        let mut child = strata(path, &["run", "one-read", "--costs", "measured"]).spawn().unwrap();
        assert_eq!(end_of(&mut child, &format!("measured at {blocking}")).code(), Some(2), "{blocking}");
    }
}

// Fails where a run listens for what was inherited as ignored.
#[test]
fn what_the_starter_ignores_stays_ignored_but_sigterm_always_counts() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("endless.ron"), ENDLESS).unwrap();
    // As "nohup strata … &" in a script, and worse.
    let script = "trap '' INT HUP TERM; exec \"$0\" run endless.ron --costs xeon-2017 --events 1000000000000";
    let mut child = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_strata")])
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_until(&mut child, "listening for SIGTERM", |id| in_mask(id, "SigCgt:", Signal::TERM));
    for signal in [Signal::INT, Signal::HUP] {
        assert!(in_mask(child.id(), "SigIgn:", signal), "{signal:?}");
        send(&child, signal);
    }
    std::thread::sleep(Duration::from_millis(300));
    assert!(child.try_wait().unwrap().is_none(), "an ignored signal ended it");
    send(&child, Signal::TERM);
    assert_eq!(end_of(&mut child, "the run").code(), Some(130));
}
