//! The page "My machine" without a window: evidence by keyboard, a measurement that runs, ends, fails or is stopped.
//!
//! What measures is a script in `tests/fixtures/children`; nothing is measured here, and nothing of this host matters.
#![cfg(all(feature = "app", unix))]

use std::path::Path;
use std::time::{Duration, Instant};

use egui::{Key, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use strata::app::command::{Command, Tab};
use strata::app::frame::shell_ui;
use strata::app::machine_page::Places;
use strata::app::machine_page::comparison::Comparison;
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
    harness.get_by_label_contains("costs: this host, measured");
    harness.get_by_label("system call: 77 ns measured");
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
    harness.get_by_label_contains("25 % of this computer meanwhile");
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
    harness.get_by_label_contains("Can't write");
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
