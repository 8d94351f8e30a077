//! The page "My machine" without a window: evidence by keyboard, a measurement that runs, ends, fails or is stopped.
//!
//! What measures is a script in `tests/fixtures/children`; nothing is measured here, and nothing of this host matters.
#![cfg(all(feature = "app", unix))]

#[path = "support/ended.rs"]
mod ended;

use std::path::Path;
use std::time::{Duration, Instant};

use egui::{Key, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use strata::app::command::{Command, Tab};
use strata::app::frame::shell_ui;
use strata::app::machine_page::Places;
use strata::app::machine_page::comparison::Comparison;
use strata::app::machine_page::state::Saved;
use strata::app::settings::Settings;
use strata::app::shell::{Shell, Wake};
use strata::costs::{Primitive, Profile, Provenance};
use strata::probe::inventory::{Confidence, Inventory, Layer, LayerKind};
use strata::probe::measure::Plan;

fn layer(kind: LayerKind, name: &str, present: bool, confidence: Confidence, evidence: &str) -> Layer {
    let (name, detail) = (name.to_owned(), format!("about {name}"));
    Layer {
        layer: kind,
        name,
        detail,
        present,
        evidence: vec!["a first sign".to_owned(), evidence.to_owned()],
        confidence,
    }
}

fn inventory() -> Inventory {
    let layers = vec![
        layer(LayerKind::Processor, "A processor", true, Confidence::Certain, "/proc/cpuinfo: a processor"),
        layer(LayerKind::Hypervisor, "KVM guest", true, Confidence::Likely, "CPUID leaf 0x40000000: KVMKVMKVM"),
        layer(LayerKind::Kernel, "Linux", true, Confidence::Certain, "/proc/version: Linux"),
        layer(LayerKind::KvmDevice, "no /dev/kvm", false, Confidence::Certain, "/dev/kvm: not there"),
        layer(LayerKind::Container, "no container", false, Confidence::Conflict, "/.dockerenv: not confirmed"),
        layer(LayerKind::Process, "strata", true, Confidence::Certain, "/proc/self/status: strata"),
    ];
    Inventory { layers, limits: Vec::new() }
}

fn script(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/children").join(name)
}

/// The page, with a script in place of the program, and an empty folder of data.
fn page(name: &str, size: Vec2) -> (Harness<'static, Shell>, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut shell = Shell::new(Settings::default(), None);
    shell.open("one-read");
    shell.finish_run();
    shell.machine.settle(Places { program: Some(script(name)), data: Some(folder.path().to_owned()) });
    shell.machine.inventory = Some(inventory());
    shell.apply(Command::Open(Tab::MyMachine));
    let app = |ui: &mut egui::Ui, shell: &mut Shell| {
        shell.update(ui.ctx(), 1.0 / 60.0);
        shell_ui(ui, shell);
    };
    let mut harness = Harness::builder().with_size(size).build_ui_state(app, shell);
    harness.run_steps(4);
    (harness, folder)
}

fn desk(name: &str) -> (Harness<'static, Shell>, tempfile::TempDir) {
    page(name, Vec2::new(1600.0, 1000.0))
}

/// Draws until `done`, for as long as a busy computer may take.
fn wait(harness: &mut Harness<'static, Shell>, done: impl Fn(&Shell) -> bool) {
    let began = Instant::now();
    while !done(harness.state()) && began.elapsed() < Duration::from_secs(600) {
        std::thread::sleep(Duration::from_millis(5));
        harness.run_steps(1);
    }
    harness.run_steps(2);
    assert!(done(harness.state()), "{:?}", harness.state().machine.notice);
}

#[test]
fn evidence_is_reached_by_the_keyboard_and_stays_when_it_is_chosen() {
    let (mut harness, _folder) = desk("saves.sh");
    harness.get_by_label("One hypervisor below this window");
    assert!(harness.query_by_label_contains("KVMKVMKVM").is_none());
    harness.get_by_label("hypervisor: KVM guest, likely").focus();
    harness.run_steps(3);
    harness.get_by_label_contains("KVMKVMKVM");
    harness.get_by_label("container: no container, conflict").focus();
    harness.run_steps(3);
    assert!(harness.query_by_label_contains("KVMKVMKVM").is_none(), "it was a hint");
    harness.get_by_label_contains("not confirmed");
    harness.key_press(Key::Enter);
    harness.run_steps(3);
    harness.get_by_label("process: strata, certain").focus();
    harness.run_steps(3);
    harness.get_by_label_contains("not confirmed");
    harness.key_press(Key::Escape);
    harness.run_steps(3);
    assert!(harness.query_by_label_contains("not confirmed").is_none());
}

#[test]
fn tab_reaches_layers_buttons_rows_works_and_the_export() {
    let (mut harness, _folder) = desk("saves.sh");
    let mut reached = std::collections::BTreeSet::new();
    for _ in 0..140 {
        harness.key_press(Key::Tab);
        harness.run_steps(1);
        let focused = harness.root().children_recursive().find(|node| node.is_focused());
        reached.extend(focused.and_then(|node| node.accesskit_node().label()));
    }
    for wanted in [
        "hypervisor: KVM guest, likely",
        "What would change this",
        "Quick, 10 s",
        "system call: not measured",
        "fork, exec and wait: not run yet",
        "Run it: fork, exec and wait",
        "Why",
    ] {
        assert!(reached.contains(wanted), "{wanted} is not among {reached:?}");
    }
}

#[test]
fn without_a_saved_profile_the_page_says_what_to_do_and_shows_what_others_measured() {
    let (mut harness, _folder) = desk("saves.sh");
    harness.get_by_label("not measured yet");
    harness.get_by_label_contains("nothing to export yet");
    harness.get_by_label("system call: not measured").focus();
    harness.run_steps(3);
    harness.get_by_label_contains("getpid without and with page-table isolation");
    assert_eq!(harness.state().wake(), Wake::After(Duration::from_secs(1)), "counters are read once a second");
    harness.state_mut().apply(Command::Open(Tab::Walkthrough));
    harness.run_steps(2);
    assert_eq!(harness.state().wake(), Wake::Never, "and not on other pages");
}

#[test]
fn stop_is_there_while_it_measures_and_ends_it() {
    let (mut harness, _folder) = desk("waits.sh");
    harness.key_press(Key::Q);
    harness.run_steps(2);
    wait(&mut harness, |shell| shell.machine.task().is_some_and(|(_, child)| child.step().is_some()));
    harness.get_by_label("14 of 31: context switch, two processes");
    assert!(harness.query_by_label("Quick, 10 s").is_none());
    harness.get_by_label("Stop").click();
    harness.run_steps(2);
    wait(&mut harness, |shell| shell.machine.task().is_none());
    harness.get_by_label_contains("Nothing was saved");
    harness.get_by_label("Quick, 10 s");
}

#[test]
fn a_measurement_goes_on_while_other_pages_are_open_and_ends_with_the_window() {
    let (mut harness, _folder) = desk("waits.sh");
    harness.state_mut().apply(Command::Measure(Plan::Full));
    harness.state_mut().apply(Command::Open(Tab::Library));
    harness.run_steps(2);
    wait(&mut harness, |shell| shell.machine.task().is_some_and(|(_, child)| child.step().is_some()));
    harness.state_mut().apply(Command::Quit);
    assert!(harness.state().machine.task().is_none());
}

/// A script that starts this program as a shell does in the background of a script: what Ctrl-C sends is ignored. What
/// it saves goes to `folder`.
fn deaf(folder: &Path) -> std::path::PathBuf {
    use std::os::unix::fs::PermissionsExt;

    let path = folder.join("deaf.sh");
    let program = env!("CARGO_BIN_EXE_strata");
    let text = format!("#!/bin/sh\ntrap '' INT\nXDG_DATA_HOME='{}' exec '{program}' \"$@\"\n", folder.display());
    std::fs::write(&path, text).expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("may be started");
    path
}

#[test]
#[cfg(target_os = "linux")]
fn a_real_measurement_that_inherited_no_ear_for_ctrl_c_is_stopped_and_saves_nothing() {
    let (mut harness, folder) = desk("waits.sh");
    harness.state_mut().machine.places.program = Some(deaf(folder.path()));
    harness.state_mut().apply(Command::Measure(Plan::Full));
    wait(&mut harness, |shell| shell.machine.task().is_some_and(|(_, child)| child.step().is_some()));
    let began = Instant::now();
    harness.state_mut().apply(Command::StopMeasuring);
    wait(&mut harness, |shell| shell.machine.task().is_none());
    // A full measurement takes more than a minute.
    assert!(began.elapsed() < Duration::from_secs(40), "{:?}", began.elapsed());
    harness.get_by_label_contains("Nothing was saved");
    assert!(!folder.path().join("strata/measured.ron").exists());
}

#[test]
#[cfg(target_os = "linux")]
fn a_measurement_ends_with_a_window_that_is_killed_whatever_it_inherited() {
    use std::process::{Command as Start, Stdio};

    let folder = tempfile::tempdir().expect("a folder");
    let script = format!("'{}' probe --full --save --progress json & echo $!; wait", deaf(folder.path()).display());
    let mut parent =
        Start::new("sh").args(["-c", &script]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let output = std::io::BufReader::new(parent.stdout.take().unwrap());
    let (said, _output) = ended::line(output, "the shell");
    let child: i32 = said.parse().unwrap();
    let progress = std::io::BufReader::new(parent.stderr.take().unwrap());
    let (said, _progress) = ended::line(progress, "the probe");
    assert!(said.contains("measuring"), "{said}");
    parent.kill().unwrap();
    parent.wait().unwrap();
    let alive = || {
        let status = std::fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
        !status.is_empty() && !status.contains(") Z")
    };
    let began = Instant::now();
    while alive() && began.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(!alive(), "it measures on");
    assert!(!folder.path().join("strata/measured.ron").exists());
}

#[test]
fn a_stop_that_comes_too_late_is_told() {
    let (mut harness, folder) = desk("finishes.sh");
    std::fs::write(folder.path().join("measured.ron"), Profile::xeon_2017().to_ron()).expect("written");
    harness.state_mut().apply(Command::Measure(Plan::Full));
    wait(&mut harness, |shell| shell.machine.task().is_some_and(|(_, child)| child.step().is_some()));
    harness.state_mut().apply(Command::StopMeasuring);
    wait(&mut harness, |shell| shell.machine.task().is_none());
    // The page settles: what was measured comes in above the message.
    harness.run_steps(10);
    harness.get_by_label_contains("the new costs are saved and used");
    harness.get_by_label("Close this message").click_accesskit();
    harness.run_steps(3);
    assert!(harness.query_by_label_contains("the new costs are saved").is_none());
}

/// A report of a full measurement, one of whose two costs is unsteady.
fn full_report() -> strata::probe::measure::Report {
    let text = r#"{"plan":"full","host":"a test","when":"2026-11-23","seconds":90.0,"cancelled":false,"measurements":[
        {"primitive":"system_call","value":100.0,"unit":"Ns","spread":{"min":90.0,"p50":100.0,"p90":110.0,"p99":120.0,
         "max":130.0},"runs":5,"method":"getppid","stable":true,"not_measured":null},
        {"primitive":"l1_bytes","value":32768.0,"unit":"Count","spread":{"min":1.0,"p50":1.0,"p90":1.0,"p99":1.0,
         "max":1.0},"runs":5,"method":"where loads get slower","stable":false,"not_measured":null}]}"#;
    serde_json::from_str(text).expect("a report")
}

#[test]
fn quick_asks_before_it_replaces_a_full_measurement_and_unsteady_costs_are_told() {
    let (mut harness, _folder) = desk("waits.sh");
    let saved = Saved { profile: Some(Profile::xeon_2017()), report: Some(full_report()), ..Saved::default() };
    harness.state_mut().machine.set_saved(saved);
    harness.run_steps(2);
    harness.get_by_label_contains("1 of 2 costs unsteady: measure again when the computer is idle");
    harness.get_by_label("Quick, 10 s").click();
    harness.run_steps(3);
    assert!(harness.state().machine.task().is_none());
    harness.key_press(Key::Escape);
    harness.run_steps(2);
    harness.get_by_label("Quick, 10 s").click();
    harness.run_steps(3);
    harness.get_by_label("Replace the full measurement").click();
    harness.run_steps(3);
    assert!(harness.state().machine.task().is_some());
}

#[test]
fn what_is_no_time_has_a_list_with_unit_published_value_and_method() {
    let (mut harness, _folder) = desk("saves.sh");
    let saved = Saved { profile: Some(Profile::xeon_2017()), report: Some(full_report()), ..Saved::default() };
    harness.state_mut().machine.set_saved(saved);
    harness.run_steps(3);
    harness.get_by_label("Sizes and rates").click();
    harness.run_steps(3);
    harness.get_by_label("L1 size: 32 KiB").focus();
    harness.run_steps(3);
    harness.get_by_label_contains("where loads get slower");
    assert!(harness.query_all_by_label_contains("2017 Xeon server:").next().is_some());
}

#[test]
fn the_distributions_are_those_of_the_work_that_was_run_last_and_stay_in_sight() {
    let (mut harness, folder) = desk("compares.sh");
    let chart = |harness: &Harness<'static, Shell>| {
        let node = harness.get_by_label_contains("share of samples from");
        (node.accesskit_node().label().unwrap_or_default(), node.rect())
    };
    harness.state_mut().apply(Command::Compare(None));
    wait(&mut harness, |shell| shell.machine.task().is_none());
    harness.run_steps(2);
    // Without a choice, the first that was run, and its row is lit.
    assert!(chart(&harness).0.starts_with("sleep of 1 ms: how late: share of samples from 7.90 µs to 10.0 µs"));
    harness.get_by_label("fork, exec and wait: –").focus();
    harness.run_steps(2);
    harness.key_press(Key::Enter);
    harness.run_steps(3);
    assert!(chart(&harness).0.starts_with("fork, exec and wait: share of samples from 60.0 µs to 61.4 µs"));
    // Run again, it has other samples.
    let other = std::fs::read_to_string(script("compared.json")).expect("there").replace("61400.0", "80000.0");
    std::fs::write(folder.path().join("compared.json"), other).expect("written");
    std::fs::copy(script("compares.sh"), folder.path().join("compares.sh")).expect("copied");
    harness.state_mut().machine.places.program = Some(folder.path().join("compares.sh"));
    harness.state_mut().machine.work = None;
    harness.state_mut().apply(Command::Compare(Some("fork, exec and wait".to_owned())));
    wait(&mut harness, |shell| shell.machine.task().is_none());
    harness.run_steps(2);
    assert!(chart(&harness).0.contains("fork, exec and wait: share of samples from 60.0 µs to 80.0 µs"));
    harness.get_by_label_contains("guest: random loads over 24 MiB:").focus();
    harness.run_steps(60);
    let (words, place) = chart(&harness);
    assert!(place.top() > 60.0 && place.bottom() < 1000.0, "{words} is at {place:?}");
}

#[test]
fn the_bar_names_the_page_and_the_table_says_whose_costs_predict() {
    let (mut harness, folder) = desk("saves.sh");
    harness.get_by_label("What this computer is");
    harness.get_by_label("Predicted with: 2017 Xeon server. Measure first");
    std::fs::write(folder.path().join("compared.json"), "{").expect("written");
    let places = harness.state().machine.places.clone();
    harness.state_mut().machine.settle(places);
    harness.run_steps(2);
    harness.get_by_label_contains("Earlier comparisons can't be used");
}

#[test]
fn two_hypervisors_are_a_fact_only_where_that_is_certain() {
    let (mut harness, _folder) = desk("saves.sh");
    for (confidence, words) in [
        (Confidence::Possible, "One hypervisor below this window, perhaps two"),
        (Confidence::Likely, "One hypervisor below this window, perhaps two"),
        (Confidence::Certain, "Two hypervisors below this window"),
    ] {
        let mut inventory = inventory();
        inventory.layers.push(layer(LayerKind::OuterHypervisor, "another hypervisor below", true, confidence, "none"));
        harness.state_mut().machine.inventory = Some(inventory);
        harness.run_steps(2);
        harness.get_by_label(words);
    }
}

#[test]
fn a_hint_is_not_painted_over_an_open_window() {
    let (mut harness, _folder) = desk("saves.sh");
    harness.get_by_label("system call: not measured").focus();
    harness.run_steps(3);
    harness.get_by_label_contains("getpid without and with page-table isolation");
    harness.key_press(Key::F1);
    harness.run_steps(4);
    assert!(harness.query_by_label_contains("getpid without and with page-table isolation").is_none());
}

#[test]
fn the_bar_holds_its_parts_apart_in_any_window() {
    for size in [Vec2::new(1400.0, 800.0), Vec2::new(700.0, 600.0), Vec2::new(480.0, 400.0)] {
        let (mut harness, _folder) = page("saves.sh", size);
        for _ in 0..5 {
            harness.run_steps(2);
            let bar = 48.0 * harness.state().theme.scale;
            let parts: Vec<(String, egui::Rect)> = harness
                .root()
                .children_recursive()
                .filter_map(|node| {
                    let node = node.accesskit_node();
                    let (words, place) = (node.label().or(node.value())?, node.bounding_box()?);
                    let (min, max) = ((place.x0 as f32, place.y0 as f32), (place.x1 as f32, place.y1 as f32));
                    Some((words, egui::Rect::from_min_max(min.into(), max.into()).shrink(1.0)))
                })
                .filter(|(_, place)| place.bottom() <= bar && place.width() > 4.0)
                .collect();
            assert!(parts.len() >= 4, "{parts:?}");
            for (i, (words, a)) in parts.iter().enumerate() {
                assert!(a.right() <= size.x, "{size}: {words} at {a:?}");
                for (other, b) in &parts[i + 1..] {
                    assert!(!a.intersects(*b) || a == b, "{size}: {words} {a:?} lies over {other} {b:?}");
                }
            }
            harness.state_mut().apply(Command::TextSize(1));
        }
        // Where the pages are a menu, each can be reached through it.
        if size.x < 600.0 {
            harness.get_by_label("Pages: My machine").click();
            harness.run_steps(3);
            harness.get_by_label("Sandbox").click();
            harness.run_steps(3);
            assert_eq!(harness.state().tab, Tab::Sandbox);
        }
    }
}

#[test]
fn what_a_failed_measurement_said_is_shown_with_what_to_do() {
    let (mut harness, _folder) = desk("fails.sh");
    harness.get_by_label("Quick, 10 s").click();
    harness.run_steps(2);
    wait(&mut harness, |shell| shell.machine.notice.is_some());
    harness.get_by_label_contains("Measuring failed");
    harness.get_by_label_contains("no space left on device");
    harness.get_by_label_contains("strata probe --quick --save");
    harness.key_press(Key::Escape);
    harness.run_steps(2);
    assert!(harness.query_by_label_contains("Measuring failed").is_none());
}

#[test]
fn a_program_that_is_gone_is_an_error_and_no_panic() {
    let (mut harness, _folder) = desk("no-such-script.sh");
    harness.get_by_label("Measure, up to 2 min").click();
    harness.run_steps(3);
    harness.get_by_label_contains("could not be started");
    harness.get_by_label_contains("strata probe --full --save");
}

#[test]
fn new_costs_are_used_by_the_simulation_as_soon_as_they_are_saved() {
    let (mut harness, folder) = desk("saves.sh");
    let mut profile = Profile::xeon_2017();
    profile.id = Profile::THIS_HOST.to_owned();
    let provenance = Provenance::Measured { host: "a test".into(), method: "none".into(), when: "2026-11-23".into() };
    profile.set(Primitive::SystemCall, 77.0, None, provenance);
    std::fs::write(folder.path().join("measured.ron"), profile.to_ron()).expect("written");
    harness.get_by_label_contains("costs: 2017 Xeon server");
    harness.get_by_label("Quick, 10 s").click();
    harness.run_steps(2);
    wait(&mut harness, |shell| shell.session.measured.is_some() && shell.session.progress().is_none());
    harness.state_mut().finish_run();
    harness.run_steps(2);
    let used = harness.state().session.recording.as_ref().map(|r| r.profile.cost(Primitive::SystemCall).value);
    assert_eq!(used, Some(77.0));
    harness.get_by_label_contains("costs: this host, 1 of ");
    harness.get_by_label("system call: 77.0 ns measured");
    harness.get_by_label_contains("just now, 1 costs");
}

#[test]
fn predicted_and_real_stand_beside_each_other_with_the_error_and_the_reason() {
    let (mut harness, folder) = desk("compares.sh");
    harness.state_mut().apply(Command::Compare(None));
    harness.run_steps(2);
    wait(&mut harness, |shell| shell.machine.task().is_none());
    assert_eq!(harness.state().machine.notice, None, "predictions that are off are no failure");
    harness.get_by_label("sleep of 1 ms: how late: −21 %").click();
    harness.run_steps(3);
    harness.get_by_label_contains("Error 21 %, one work compared");
    harness.get_by_label("sleep of 1 ms: how late: −21 %").focus();
    harness.run_steps(3);
    harness.get_by_label_contains("predicted: median 7.90 µs, least 7.90 µs, 90 % below 7.90 µs");
    harness.get_by_label_contains("up to 25 % of this computer meanwhile");
    harness.get_by_label("fork, exec and wait: –").focus();
    harness.run_steps(2);
    harness.key_press(Key::Enter);
    harness.run_steps(3);
    assert!(harness.query_all_by_label_contains("mechanism missing: fork, exec and exit").next().is_some());
    assert_eq!(Comparison::load(folder.path(), None), harness.state().machine.comparison);
}

#[test]
fn an_export_writes_a_profile_that_can_be_read_and_asks_before_it_replaces_a_file() {
    let (mut harness, folder) = desk("saves.sh");
    let path = folder.path().join("mine.ron");
    harness.state_mut().machine.saved.profile = Some(Profile::xeon_2017());
    harness.state_mut().machine.export.path = path.display().to_string();
    harness.run_steps(2);
    harness.get_by_label("Export profile").click();
    harness.run_steps(2);
    harness.get_by_label_contains("Written to");
    std::fs::write(&path, "somebody's").expect("written");
    harness.get_by_label("Export profile").click();
    harness.run_steps(2);
    assert_eq!(std::fs::read_to_string(&path).expect("there"), "somebody's");
    harness.get_by_label("Replace the file").click();
    harness.run_steps(2);
    let text = std::fs::read_to_string(&path).expect("there");
    assert_eq!(Profile::parse(&text).expect("a profile"), Profile::xeon_2017());
    harness.state_mut().machine.export.path = folder.path().join("no/such/folder.ron").display().to_string();
    harness.state_mut().apply(Command::ExportProfile);
    harness.run_steps(2);
    harness.get_by_label_contains("can't be written");
    assert!(harness.query_by_label_contains("os error").is_none(), "a number of the system's tells nothing");
}

#[test]
fn the_page_stands_in_small_windows_with_large_text_and_all_rows() {
    for size in [Vec2::new(1280.0, 720.0), Vec2::new(640.0, 400.0), Vec2::new(60.0, 60.0)] {
        let (mut harness, _folder) = page("saves.sh", size);
        harness.state_mut().machine.all_costs = true;
        harness.state_mut().machine.why = true;
        harness.state_mut().machine.kvm_help = true;
        for _ in 0..5 {
            harness.state_mut().apply(Command::TextSize(1));
            harness.state_mut().apply(Command::ToggleTheme);
            harness.run_steps(3);
        }
    }
}

#[test]
fn nothing_reaches_beyond_the_window_at_any_text_size() {
    for size in [Vec2::new(1600.0, 1000.0), Vec2::new(1280.0, 720.0), Vec2::new(900.0, 700.0)] {
        let (mut harness, _folder) = page("compares.sh", size);
        harness.state_mut().apply(Command::Compare(None));
        wait(&mut harness, |shell| shell.machine.task().is_none());
        harness.state_mut().machine.work = Some("fork, exec and wait".to_owned());
        harness.state_mut().machine.why = true;
        harness.state_mut().machine.kvm_help = true;
        harness.state_mut().machine.opened = Some(LayerKind::Hypervisor);
        for percent in [100, 150] {
            while harness.state().settings.text_percent < percent {
                harness.state_mut().apply(Command::TextSize(1));
            }
            harness.run_steps(4);
            for node in harness.root().children_recursive() {
                let node = node.accesskit_node();
                let Some(place) = node.bounding_box() else { continue };
                let words = node.label().or(node.value());
                let right = place.x1 as f32;
                assert!(right <= size.x + 1.0, "{size} at {percent} %: {words:?} ends at {right}");
            }
        }
    }
}
