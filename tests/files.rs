//! Files that the program writes: whole or not at all, and never over what nobody gave it.
#![cfg(target_os = "linux")]

#[path = "support/ended.rs"]
mod ended;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const STRATA: &str = env!("CARGO_BIN_EXE_strata");

/// Runs the program with a limit of one block (512 bytes or 1 KiB) for each file that it writes, if `limited`.
fn strata(arguments: &[&str], folder: &Path, limited: bool) -> Output {
    run_limited(STRATA, arguments, folder, limited.then_some(1), &[])
}

fn run_limited(
    program: &str,
    arguments: &[&str],
    folder: &Path,
    blocks: Option<u32>,
    more: &[(&str, &Path)],
) -> Output {
    let limit = blocks.map_or(String::new(), |blocks| format!("ulimit -f {blocks};"));
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{limit} exec \"$0\" \"$@\""), program]).args(arguments).current_dir(folder);
    command.env("NO_COLOR", "1").env("XDG_DATA_HOME", folder.join("data"));
    ended::run(command.envs(more.iter().copied()))
}

/// What fits the reason of a writer that failed at `place`.
fn fits(place: &str, error: &str) {
    let error = error.split_whitespace().collect::<Vec<_>>().join(" ");
    let advice = match place {
        "a limit of file sizes" => "raise the limit of file sizes (\"ulimit -f\" shows it)",
        "a full disk" => "make room, or give the path of a file on another disk",
        _ => "give the path of a file in a folder that can be written to",
    };
    assert!(error.contains(advice), "{place}: {error}");
    assert!(!error.contains("os error"), "{place}: {error}");
}

fn error_of(output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{:?} {error}", output.status);
    error
}

/// The names in a folder, without those of its folders.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| !entry.file_type().unwrap().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// A file system of its own, so full that 64 KiB are left, or one that can't be written to. Only root can make one.
struct Disk(PathBuf);

impl Disk {
    fn new(options: &str, at: &Path) -> Option<Disk> {
        std::fs::create_dir(at).unwrap();
        let made = Command::new("mount").args(["-t", "tmpfs", "-o", options, "none"]).arg(at).output();
        if made.is_ok_and(|output| output.status.success()) {
            return Some(Disk(at.to_owned()));
        }
        eprintln!("SKIPPED on a disk of its own ({options}): no right to mount one");
        None
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// The old file, perhaps in a folder of its own. Returns where it lies.
fn put_old(place: &Path, old: &str) -> PathBuf {
    let path = place.join(old);
    let folder = path.parent().expect("in a place").to_owned();
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(path, "old").unwrap();
    folder
}

/// The places where a writer must fail, and leave `old` as it was where that is there: name, path, file size limited.
fn bad_places(folder: &Path, old: &str) -> (Vec<(&'static str, PathBuf, bool)>, Vec<Disk>) {
    let mut places = Vec::new();
    let mut disks = Vec::new();
    let limited = folder.join("limited");
    std::fs::create_dir(&limited).unwrap();
    put_old(&limited, old);
    places.push(("a limit of file sizes", limited, true));
    let full = folder.join("full");
    if let Some(disk) = Disk::new("size=64k", &full) {
        put_old(&full, old);
        // What is left is less than any of the files.
        let mut size = 1 << 20;
        while size > 256 {
            let filled = std::fs::write(full.join(format!("filler-{size}")), vec![1u8; size]).is_ok();
            if !filled {
                size /= 2;
            } else {
                break;
            }
        }
        while std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(full.join("more"))
            .and_then(|mut file| std::io::Write::write_all(&mut file, &[1; 4096]))
            .is_ok()
        {}
        places.push(("a full disk", full, false));
        disks.push(disk);
    }
    let read_only = folder.join("read-only");
    match Disk::new("size=64k", &read_only) {
        Some(disk) => {
            put_old(&read_only, old);
            assert!(Command::new("mount").args(["-o", "remount,ro"]).arg(&read_only).status().unwrap().success());
            disks.push(disk);
        }
        None => {
            let folder = put_old(&read_only, old);
            std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o555)).unwrap();
        }
    }
    places.push(("a read-only folder", read_only, false));
    (places, disks)
}

// Fails where the file is written in its place, where SIGXFSZ is not ignored, and with other advice.
#[test]
fn a_trace_that_can_not_be_written_leaves_the_old_one_and_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (places, _disks) = bad_places(folder.path(), "old.pftrace");
    for (place, path, limited) in &places {
        let before = names(path);
        let out = path.join("old.pftrace");
        let error = error_of(&strata(&["run", "one-read", "--trace", out.to_str().unwrap()], folder.path(), *limited));
        assert!(error.contains("can't write the trace") && error.contains("old.pftrace"), "{place}: {error}");
        fits(place, &error);
        assert_eq!(std::fs::read(&out).unwrap(), b"old", "{place}");
        assert_eq!(names(path), before, "{place}: something was left");
    }
    assert!(places.len() >= 2);
}

#[cfg(feature = "app")]
#[test]
fn an_export_that_can_not_be_written_leaves_the_old_one_and_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (places, _disks) = bad_places(folder.path(), "old.svg");
    for (place, path, limited) in &places {
        let before = names(path);
        let out = path.join("old.svg");
        let arguments = ["export", "compute-only", "--at", "5us", "--svg", out.to_str().unwrap()];
        let error = error_of(&strata(&arguments, folder.path(), *limited));
        assert!(error.contains("can't write the export") && error.contains("old.svg"), "{place}: {error}");
        fits(place, &error);
        assert_eq!(std::fs::read(&out).unwrap(), b"old", "{place}");
        assert_eq!(names(path), before, "{place}: something was left");
    }
    let twice = ["export", "compute-only", "--at", "5us", "--svg", "a", "--html", "a"];
    assert!(error_of(&strata(&twice, folder.path(), false)).contains("two exports"));
}

#[cfg(feature = "app")]
#[test]
fn a_shot_that_can_not_be_written_leaves_the_old_one_and_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (places, _disks) = bad_places(folder.path(), "old.png");
    for (place, path, limited) in &places {
        let before = names(path);
        let out = path.join("old.png");
        let arguments = ["shot", "compute-only", "--at", "5us", "--size", "320x200", "--out", out.to_str().unwrap()];
        let error = error_of(&strata(&arguments, folder.path(), *limited));
        if error.contains("driver") {
            eprintln!("SKIPPED a shot at {place}: {error}");
        } else {
            assert!(error.contains("can't write the picture") && error.contains("old.png"), "{place}: {error}");
            fits(place, &error);
        }
        assert_eq!(std::fs::read(&out).unwrap(), b"old", "{place}");
        assert_eq!(names(path), before, "{place}: something was left");
    }
}

/// The settings are written by the window when it is closed: this program, started again, stands for it.
#[cfg(feature = "app")]
#[test]
fn settings_that_can_not_be_kept_leave_the_old_ones() {
    use strata::app::settings::Settings;
    const CHILD: &str = "STRATA_TEST_SAVES_SETTINGS";
    if std::env::var_os(CHILD).is_some() {
        strata::probe::interrupt::prepare();
        Settings { text_percent: 130, ..Settings::default() }.save();
        println!("saved or not");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let this = std::env::current_exe().unwrap();
    let arguments = ["--exact", "settings_that_can_not_be_kept_leave_the_old_ones", "--nocapture"];
    let save = |config: &Path, limited: bool| {
        let more = [("XDG_CONFIG_HOME", config), (CHILD, Path::new("1"))];
        // Settings are smaller than a block.
        let blocks = limited.then_some(0);
        let output = run_limited(this.to_str().unwrap(), &arguments, folder.path(), blocks, &more);
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && told.contains("saved or not"), "{:?} {told}", output.status);
    };
    // Where nothing is in the way they are kept.
    let config = folder.path().join("config");
    std::fs::create_dir(&config).unwrap();
    save(&config, false);
    let kept = config.join("strata");
    let [name] = &names(&kept)[..] else { panic!("{:?}", names(&kept)) };
    assert!(std::fs::read_to_string(kept.join(name)).unwrap().contains("130"));
    let (places, _disks) = bad_places(folder.path(), &format!("strata/{name}"));
    for (place, path, limited) in &places {
        let there = path.join("strata");
        save(path, *limited);
        assert_eq!(std::fs::read(there.join(name)).unwrap(), b"old", "{place}");
        assert_eq!(names(&there), [name.as_str()], "{place}: something was left");
    }
}

// Fails where what was made is not removed, and where SIGXFSZ is not ignored.
#[test]
fn a_capture_that_can_not_be_written_leaves_nothing_and_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (places, _disks) = bad_places(folder.path(), "old");
    for (place, path, limited) in &places {
        let before = names(path);
        let error = error_of(&strata(&["gather", path.join("g").to_str().unwrap()], folder.path(), *limited));
        assert!(error.contains("/g") && !error.contains("os error"), "{place}: {error}");
        assert!(!path.join("g").exists(), "{place}: half a capture is left");
        assert_eq!(names(path), before, "{place}");
    }
}

// Fails where the file is written in its place, and where SIGXFSZ is not ignored.
#[test]
fn costs_that_can_not_be_saved_leave_the_old_ones_and_are_told() {
    let folder = tempfile::tempdir().unwrap();
    // One probe takes some seconds: the limit of sizes stands for the full disk, a link for what is not to be replaced.
    let data = folder.path().join("data").join("strata");
    std::fs::create_dir_all(&data).unwrap();
    std::fs::write(data.join("measured.ron"), "old").unwrap();
    std::fs::write(data.join("measured.json"), "old").unwrap();
    let error = error_of(&strata(&["probe", "--quick", "--save"], folder.path(), true));
    assert!(error.contains("not saved") && error.contains("measured"), "{error}");
    fits("a limit of file sizes", &error);
    assert_eq!(names(&data), ["measured.json", "measured.ron"]);
    assert!(names(&data).iter().all(|name| std::fs::read(data.join(name)).unwrap() == b"old"));
    let elsewhere = folder.path().join("elsewhere");
    std::fs::write(&elsewhere, "not yours").unwrap();
    for name in ["measured.ron", "measured.json"] {
        std::fs::remove_file(data.join(name)).unwrap();
        std::os::unix::fs::symlink(&elsewhere, data.join(name)).unwrap();
        let output = strata(&["probe", "--full", "--save"], folder.path(), false);
        let error = error_of(&output);
        assert!(error.contains("symbolic link") && error.contains("elsewhere"), "{error}");
        assert!(output.stdout.is_empty(), "{name}: it is told before anything is measured");
        assert_eq!(std::fs::read(&elsewhere).unwrap(), b"not yours");
        std::fs::remove_file(data.join(name)).unwrap();
        std::fs::write(data.join(name), "old").unwrap();
    }
}

#[test]
fn costs_for_which_there_is_no_place_are_refused_before_anything_is_measured() {
    let folder = tempfile::tempdir().unwrap();
    let (places, _disks) = bad_places(folder.path(), "strata/measured.ron");
    let (_, read_only, _) = places.iter().find(|(place, ..)| *place == "a read-only folder").unwrap();
    let save = |data: &Path| {
        let more = [("XDG_DATA_HOME", data)];
        run_limited(STRATA, &["probe", "--full", "--save"], folder.path(), None, &more)
    };
    // The folder is there, or would have to be made.
    for data in [read_only.clone(), read_only.join("new"), folder.path().join("file/new")] {
        std::fs::write(folder.path().join("file"), "a file").unwrap();
        let output = save(&data);
        let error = error_of(&output).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(error.contains("not saved") && error.contains("XDG_DATA_HOME"), "{}: {error}", data.display());
        assert!(output.stdout.is_empty(), "{}: something was measured", data.display());
    }
    assert_eq!(std::fs::read(read_only.join("strata/measured.ron")).unwrap(), b"old");
}

/// A disk with room for one of the two files only: the profile and the report stay those of one measurement.
// Fails where the costs are in their place before there is room for the report, as when each is written by itself.
#[test]
fn a_disk_that_fills_up_between_costs_and_report_leaves_both_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    // A profile takes some 40 KiB, and a report more than that.
    for kibibytes in [4, 48, 64, 96, 128] {
        let Some(_disk) = Disk::new(&format!("size={}k", kibibytes + 8), &data) else { return };
        std::fs::create_dir(data.join("strata")).unwrap();
        for name in ["measured.ron", "measured.json"] {
            std::fs::write(data.join("strata").join(name), "old").unwrap();
        }
        let output = strata(&["probe", "--quick", "--save"], folder.path(), false);
        let contents = ["measured.ron", "measured.json"].map(|name| std::fs::read(data.join("strata").join(name)));
        let old = contents.map(|content| content.unwrap() == b"old");
        match output.status.code() {
            Some(2) => assert_eq!(old, [true, true], "{kibibytes} KiB"),
            code => assert_eq!((code, old), (Some(0), [false, false]), "{kibibytes} KiB"),
        }
        assert_eq!(names(&data.join("strata")), ["measured.json", "measured.ron"], "{kibibytes} KiB");
        drop(_disk);
        std::fs::remove_dir(&data).unwrap();
    }
}

// Fails where it is not asked what is there.
#[test]
fn nothing_is_written_over_what_is_read_nor_through_a_link_nor_into_a_pipe() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let scenario = include_str!("../scenarios/one-read.ron");
    let costs = include_str!("../assets/profiles/xeon-2017.ron");
    std::fs::write(at("s.ron"), scenario).unwrap();
    std::fs::write(at("costs.ron"), costs).unwrap();
    std::fs::hard_link(at("s.ron"), at("same.ron")).unwrap();
    std::os::unix::fs::symlink(at("s.ron"), at("link")).unwrap();
    std::os::unix::fs::symlink(at("new"), at("dangling")).unwrap();
    assert!(Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
    std::fs::create_dir(at("folder")).unwrap();
    for (out, reason) in [
        ("s.ron", "what this command reads"),
        ("./s.ron", "what this command reads"),
        ("same.ron", "what this command reads"),
        ("costs.ron", "what this command reads"),
        ("link", "a symbolic link to"),
        ("dangling", "a symbolic link to"),
        ("pipe", "a pipe, a socket or a device"),
        ("folder", "a folder"),
        ("/dev/full", "a pipe, a socket or a device"),
        ("missing/new", "can't be written"),
    ] {
        let run = ["run", "s.ron", "--costs", "costs.ron", "--trace", out];
        let mut commands = vec![&run[..]];
        let shot = ["shot", "s.ron", "--at", "5us", "--out", out];
        let export = ["export", "s.ron", "--costs", "costs.ron", "--at", "5us", "--svg", out];
        if cfg!(feature = "app") {
            commands.push(&export[..]);
            commands.extend((out != "costs.ron").then_some(&shot[..]));
        }
        for command in commands {
            let error = error_of(&strata(command, folder.path(), false));
            assert!(error.replace('\n', " ").contains(reason), "{command:?}: {error}");
        }
    }
    assert_eq!(std::fs::read_to_string(at("s.ron")).unwrap(), scenario);
    assert_eq!(std::fs::read_to_string(at("costs.ron")).unwrap(), costs);
    assert!(!at("new").exists());
    assert_eq!(names(folder.path()), ["costs.ron", "dangling", "link", "pipe", "s.ron", "same.ron"]);
}

// Fails where the file is written in its place, and where the new one has a name from the beginning.
#[test]
fn a_kill_while_a_trace_is_written_leaves_the_old_one_and_nothing_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let text = r#"Scenario(format: 1, id: "long", title: "Long", until: "200 ms", host: Host(cores: 2, memory: "1 GiB"),
        programs: { "p": [Forever([SystemCall("getpid")])] }, stacks: { "a": Process(run: "p") })"#;
    std::fs::write(folder.path().join("long.ron"), text).unwrap();
    let out = folder.path().join("out.pftrace");
    // At moments spread over the whole run, so that some lie within the writing.
    for milliseconds in (0..24).map(|i| 150 * i) {
        std::fs::write(&out, "old").unwrap();
        let mut child = Command::new(STRATA)
            .args(["run", "long.ron", "--trace", "out.pftrace", "--costs", "xeon-2017"])
            .current_dir(folder.path())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(milliseconds));
        child.kill().unwrap();
        let ended = child.wait().unwrap();
        let kept = std::fs::read(&out).unwrap();
        assert!(kept == b"old" || kept.len() > 1 << 20, "after {milliseconds} ms: {} bytes", kept.len());
        assert_eq!(names(folder.path()), ["long.ron", "out.pftrace"], "after {milliseconds} ms");
        if ended.success() {
            break;
        }
    }
}
