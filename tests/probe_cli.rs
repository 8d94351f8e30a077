//! `probe`, `gather` and `validate`, driven as processes: fields, privileges, interruptions. Never absolute times.
#![cfg(target_os = "linux")]

#[path = "support/ended.rs"]
mod ended;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use strata::costs::{Primitive, Profile};
use strata::probe::inventory::{Root, take};

/// A folder for one test's data, temporary files and home, which another user may use too.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        for folder in ["data", "temporary"] {
            fs::create_dir(place.path(folder)).unwrap();
            fs::set_permissions(place.path(folder), fs::Permissions::from_mode(0o777)).unwrap();
        }
        fs::set_permissions(place.0.path(), fs::Permissions::from_mode(0o755)).unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// `program`, with everything that it writes in this folder.
    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir("/").env("NO_COLOR", "1").env("HOME", self.0.path());
        command.env("XDG_DATA_HOME", self.path("data")).env("TMPDIR", self.path("temporary"));
        command.env_remove("XDG_CACHE_HOME").stdin(Stdio::null());
        command
    }

    fn strata(&self) -> Command {
        self.command(Path::new(env!("CARGO_BIN_EXE_strata")))
    }

    fn left_over(&self) -> usize {
        fs::read_dir(self.path("temporary")).unwrap().count()
    }

    /// Whether there is a temporary file or folder whose name begins so.
    fn holds(&self, beginning: &str) -> bool {
        let mut entries = fs::read_dir(self.path("temporary")).unwrap();
        entries.any(|entry| entry.unwrap().file_name().to_string_lossy().starts_with(beginning))
    }

    /// Waits until the last process of the probes that were killed here is gone: until then the kernel holds the locks
    /// of their folders.
    fn wait_for_the_killed(&self) {
        let since = std::time::Instant::now();
        for entry in fs::read_dir(self.path("temporary")).unwrap() {
            let path = entry.unwrap().path().join("lock");
            let Ok(lock) = fs::File::open(&path) else { continue };
            while rustix::fs::flock(&lock, rustix::fs::FlockOperation::NonBlockingLockExclusive).is_err() {
                let patient = since.elapsed() < ended::PATIENCE;
                assert!(patient, "{} is held by a killed probe for {:?}", path.display(), ended::PATIENCE);
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }
}

fn json(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn assert_documented(report: &Value) {
    for field in ["host", "when", "plan", "seconds", "cancelled"] {
        assert!(!report[field].is_null(), "{field}");
    }
    let layers = report["layers"].as_array().unwrap();
    for layer in layers {
        for field in ["layer", "name", "detail", "present", "evidence", "confidence"] {
            assert!(!layer[field].is_null(), "{field} of {layer}");
        }
    }
    assert!(layers.iter().any(|layer| layer["layer"] == "kernel" && layer["confidence"] == "certain"));
    assert!(report["limits"].as_array().unwrap().iter().any(|limit| limit["resource"] == "memory"));
    let measurements = report["measurements"].as_array().unwrap();
    for m in measurements {
        let known = ["ns", "count", "bytes_per_second"].iter().any(|unit| m["unit"] == *unit);
        assert!(known && m["primitive"].is_string() && m["cost"].is_boolean(), "{m}");
        match m["value"].as_f64() {
            Some(value) => {
                assert!(value > 0.0 && m["runs"].as_u64().unwrap() > 0, "{m}");
                assert!(m["spread"]["min"].is_number() && m["spread"]["p99"].is_number(), "{m}");
                assert!(!m["method"].as_str().unwrap().is_empty() && m["not_measured"].is_null(), "{m}");
            }
            None => assert!(!m["not_measured"].as_str().unwrap().is_empty(), "{m}"),
        }
    }
    let has = |name: &str| measurements.iter().any(|m| m["primitive"] == name);
    assert!(Primitive::ALL.iter().all(|primitive| has(primitive.name())));
    let call = named(report, "system_call");
    assert!(call["value"].is_number() || was_busy(call), "{call}");
}

fn named<'a>(report: &'a Value, primitive: &str) -> &'a Value {
    report["measurements"].as_array().unwrap().iter().find(|m| m["primitive"] == primitive).unwrap()
}

/// Whether something was not measured because the computer had other things to do, which is no mistake of the program.
fn was_busy(measurement: &Value) -> bool {
    let because = measurement["not_measured"].as_str().unwrap_or_default();
    ["the time of this plan was used up", "longer than its share", "noise of what had to be subtracted"]
        .iter()
        .any(|reason| because.contains(reason))
}

#[test]
fn a_quick_probe_has_the_documented_fields_and_its_costs_are_used_once_they_are_saved() {
    let place = Place::new();
    let output = ended::run(place.strata().args(["probe", "--quick", "--save", "--report", "json"]));
    let report = json(&output);
    assert_documented(&report);
    assert_eq!(report["plan"], "quick");
    assert_eq!(place.left_over(), 0);
    assert!(String::from_utf8_lossy(&output.stderr).contains("measured.ron"));
    let saved = strata::probe::saved::load_report_from(&place.path("data").join("strata/measured.json"));
    let saved = saved.unwrap().expect("the report lies beside the profile");
    assert_eq!(saved.measurements.len(), report["measurements"].as_array().unwrap().len());

    let costs = |arguments: &[&str]| json(&ended::run(place.strata().args(arguments)))["costs"].clone();
    let run = ["run", "compute-only", "--report", "json"];
    assert_eq!(costs(&run), Profile::THIS_HOST);
    assert_eq!(costs(&[&run[..], &["--costs", "measured"]].concat()), Profile::THIS_HOST);
    assert_eq!(costs(&[&run[..], &["--costs", "xeon-2017"]].concat()), "xeon-2017");
}

#[test]
fn an_ordinary_user_gets_the_same_report_with_less_in_it() {
    if !rustix::process::geteuid().is_root() {
        println!("skipped: the other tests already run as an ordinary user");
        return;
    }
    let place = Place::new();
    let program = place.path("strata");
    fs::copy(env!("CARGO_BIN_EXE_strata"), &program).unwrap();
    let mut command = place.command(Path::new("setpriv"));
    command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]).arg(&program);
    if Command::new("setpriv").arg("--version").output().is_err() {
        return println!("skipped: there is no setpriv");
    }
    let output = ended::run(command.args(["probe", "--quick", "--report", "json"]));
    let report = json(&output);
    assert_documented(&report);
    let start = named(&report, "container_root_start");
    assert!(start["not_measured"].as_str().unwrap().contains("needs root") || was_busy(start), "{start}");
    // Where user namespaces are allowed and /proc is whole, a process file system can be mounted in them.
    let proc = named(&report, "mount_proc");
    let because = proc["not_measured"].as_str().unwrap_or_default();
    let tmpfs = named(&report, "mount_tmpfs")["value"].is_number();
    assert!(!tmpfs || proc["value"].is_number() || because.contains("are covered") || was_busy(proc), "{proc}");
    assert_eq!(place.left_over(), 0);
}

#[test]
fn a_broken_saved_profile_is_told_and_the_published_costs_are_used() {
    let place = Place::new();
    let folder = place.path("data").join("strata");
    fs::create_dir(&folder).unwrap();
    for broken in ["", "(id: \"x\"", "\u{0}\u{1}\u{2}"] {
        fs::write(folder.join("measured.ron"), broken).unwrap();
        let output = ended::run(place.strata().args(["run", "compute-only", "--report", "json"]));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("measured.ron") && said.contains("strata probe --save"), "{said}");
        assert_eq!(json(&output)["costs"], "xeon-2017");
        let asked = ended::run(place.strata().args(["run", "compute-only", "--costs", "measured"]));
        assert_eq!(asked.status.code(), Some(2));
    }
}

#[test]
fn costs_of_another_computer_are_used_and_told_to_be_that() {
    let place = Place::new();
    let folder = place.path("data").join("strata");
    fs::create_dir(&folder).unwrap();
    let mut profile = Profile::xeon_2017();
    profile.id = Profile::THIS_HOST.to_owned();
    let here = strata::probe::measure::describe();
    for (machine, foreign) in [("AMD-K6, 1 processor, Linux 2.2.26".to_owned(), true), (here, false)] {
        profile.machine = machine;
        fs::write(folder.join("measured.ron"), profile.to_ron()).unwrap();
        for costs in [&[][..], &["--costs", "measured"]] {
            let mut command = place.strata();
            let output = ended::run(command.args(["run", "compute-only", "--report", "json"]).args(costs));
            assert_eq!(json(&output)["costs"], Profile::THIS_HOST);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(said.contains("another computer: AMD-K6"), foreign, "{said}");
        }
    }
}

#[test]
fn where_nothing_can_be_measured_nothing_is_saved_and_the_costs_that_were_are_kept() {
    if !rustix::process::geteuid().is_root() {
        return println!("skipped: another user's processes can only be counted by root");
    }
    let place = Place::new();
    let folder = place.path("data").join("strata");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
    let before = Profile::xeon_2017().to_ron();
    fs::write(folder.join("measured.ron"), &before).unwrap();
    let program = place.path("strata");
    fs::copy(env!("CARGO_BIN_EXE_strata"), &program).unwrap();
    let mut command = place.command(&program);
    let user = 64_000 + std::process::id() % 1000;
    command.args(["probe", "--save"]).uid(user).gid(user);
    // SAFETY: one system call, between fork and exec.
    unsafe {
        command.pre_exec(|| {
            let one = rustix::process::Rlimit { current: Some(1), maximum: Some(1) };
            Ok(rustix::process::setrlimit(rustix::process::Resource::Nproc, one)?)
        });
    }
    let output = ended::run(&mut command);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("no cost could be measured") && said.contains("forking"), "{said}");
    assert_eq!(fs::read_to_string(folder.join("measured.ron")).unwrap(), before);
    assert!(!folder.join("measured.json").exists());
}

#[test]
fn what_is_gathered_gives_the_same_layers_as_the_host() {
    let place = Place::new();
    let folder = place.path("gathered");
    let gather = || ended::run(place.strata().arg("gather").arg(&folder));
    assert_eq!(gather().status.code(), Some(0));
    let names = |root: &Root| take(root).layers.into_iter().map(|l| (l.layer, l.confidence)).collect::<Vec<_>>();
    assert_eq!(names(&Root::load(&folder).unwrap()), names(&Root::host()));
    // A second time it is not empty.
    assert_eq!(gather().status.code(), Some(2));
}

/// Starts a probe and sends it `signal` once it measures.
fn signalled(place: &Place, signal: rustix::process::Signal) -> Output {
    signalled_while(place, &["probe", "--full", "--save", "--report", "json"], signal)
}

/// Starts `arguments` and sends it `signal` once it is at work: from then on it has a folder of its own, which it makes
/// after it has begun to listen to signals.
fn signalled_while(place: &Place, arguments: &[&str], signal: rustix::process::Signal) -> Output {
    let mut command = place.strata();
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    // Whoever runs the tests may ignore SIGINT, as a script does for what it starts in the background.
    strata::probe::interrupt::in_the_foreground(&mut command);
    let mut child = command.spawn().unwrap();
    let own = format!("strata-probe-{}-", child.id());
    let since = std::time::Instant::now();
    while !place.holds(&own) {
        assert!(child.try_wait().unwrap().is_none(), "{arguments:?} ended before it was at work");
        assert!(since.elapsed() < Duration::from_secs(300), "{arguments:?} was not at work within five minutes");
        std::thread::sleep(Duration::from_millis(10));
    }
    // Into the work; nothing depends on how far.
    std::thread::sleep(Duration::from_millis(700));
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, signal).unwrap();
    ended::output_of(child, &format!("{arguments:?} after {signal:?}"))
}

#[test]
fn an_interrupted_probe_reports_what_it_has_saves_nothing_and_leaves_nothing() {
    let place = Place::new();
    let output = signalled(&place, rustix::process::Signal::INT);
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["cancelled"], true);
    assert_eq!(place.left_over(), 0);
    assert!(!place.path("data").join("strata").exists());
}

#[test]
fn an_interrupted_validation_reports_what_it_has_and_leaves_nothing() {
    let place = Place::new();
    let folder = place.path("data").join("strata");
    fs::create_dir(&folder).unwrap();
    // Saved costs, so that it begins with the works at once. All of them take much longer than it is given.
    fs::write(folder.join("measured.ron"), Profile::xeon_2017().to_ron()).unwrap();
    for (arguments, is_json) in [(&["validate", "--report", "json"][..], true), (&["validate"][..], false)] {
        let output = signalled_while(&place, arguments, rustix::process::Signal::INT);
        assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
        if is_json {
            let report: Value = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!((&report["cancelled"], &report["passed"]), (&Value::Bool(true), &Value::Bool(false)));
            let works = report["workloads"].as_array().unwrap();
            assert!(works.iter().all(|work| work["measured"].is_number() || work["not_measured"].is_string()));
        } else {
            assert!(String::from_utf8_lossy(&output.stdout).contains("Stopped before the end"));
        }
        assert_eq!(place.left_over(), 0);
    }
}

#[test]
fn what_a_killed_probe_leaves_is_gone_after_the_next_one() {
    let place = Place::new();
    assert_eq!(signalled(&place, rustix::process::Signal::KILL).status.signal(), Some(9));
    place.wait_for_the_killed();
    // Interrupted, the next one is short; it sweeps when it starts.
    let next = signalled(&place, rustix::process::Signal::TERM);
    assert_eq!(next.status.code(), Some(130), "{}", String::from_utf8_lossy(&next.stderr));
    assert_eq!(place.left_over(), 0);
}

#[test]
fn a_validation_predicts_at_least_ten_works_and_says_what_is_missing() {
    let place = Place::new();
    let output = ended::run(place.strata().args(["validate", "--report", "json"]));
    // A busy machine may fail it, which is no mistake of the program.
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let works = report["workloads"].as_array().unwrap();
    let have = |field: &str| works.iter().filter(|work| work[field].is_number()).count();
    // How many can be done depends on the host and on what else it does; how many are predicted does not.
    let (predicted, compared) = (have("predicted"), have("error"));
    assert!(works.len() >= 20 && predicted >= 10 && compared >= 1, "{compared} and {predicted} of {}", works.len());
    for work in works {
        for (value, spread, why) in
            [("predicted", "spread_predicted", "not_predicted"), ("measured", "spread_measured", "not_measured")]
        {
            assert_eq!(work[value].is_number(), work[spread]["p50"].is_number(), "{work}");
            assert_eq!(work[value].is_null(), work[why].is_string(), "{work}");
        }
        if let (Some(p), Some(m), Some(error)) =
            (work["predicted"].as_f64(), work["measured"].as_f64(), work["error"].as_f64())
        {
            assert!((p / m - 1.0 - error).abs() < 1e-9, "{work}");
        }
    }
    assert_eq!(report["passed"] == true, output.status.code() == Some(0));
    assert_eq!(place.left_over(), 0);
}

#[test]
fn one_work_is_compared_alone_with_its_samples_and_progress_for_a_program() {
    let place = Place::new();
    fs::create_dir(place.path("data").join("strata")).unwrap();
    fs::write(place.path("data").join("strata/measured.ron"), Profile::xeon_2017().to_ron()).unwrap();
    let arguments = ["validate", "--only", "Arithmetic, PROCESS", "--report", "json", "--progress", "json"];
    let output = ended::run(place.strata().args(arguments));
    // The published costs are not this computer's, so it may fail.
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let [work] = &report["workloads"].as_array().unwrap()[..] else { panic!("{report}") };
    assert_eq!(work["name"], "system calls and arithmetic, process");
    for (samples, spread) in [("samples_predicted", "spread_predicted"), ("samples_measured", "spread_measured")] {
        let samples: Vec<f64> = work[samples].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
        assert!(!samples.is_empty() && samples.len() <= 200 && samples.is_sorted(), "{samples:?}");
        let (least, most) = (work[spread]["min"].as_f64().unwrap(), work[spread]["max"].as_f64().unwrap());
        assert!(samples.iter().all(|v| (least - 0.001..=most + 0.001).contains(v)), "{least} to {most}: {samples:?}");
    }
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let steps: Vec<Value> = errors.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert!(steps.iter().any(|step| step["stage"] == "comparing" && step["of"] == 1 && step["done"] == 0), "{errors}");
}

#[test]
fn a_work_that_does_not_exist_is_an_error_that_lists_those_that_do() {
    let output = ended::run(Place::new().strata().args(["validate", "--only", "ping-pong", "--only", "no such work"]));
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("no such work") && said.contains("fork, exec and wait"), "{said}");
}
