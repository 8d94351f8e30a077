//! The command line, driven as a process.

#[path = "support/ended.rs"]
mod ended;
mod golden;

use std::process::Stdio;
use std::time::Duration;

use assert_cmd::Command;
use serde_json::Value;

const SCENARIOS: [&str; 14] = [
    "one-read",
    "compute-only",
    "ping-pong",
    "throttled",
    "boot",
    "start-time",
    "duplication",
    "address-spaces",
    "memory",
    "page-cache",
    "lives",
    "drivers",
    "no-takeover",
    "vm-in-vm",
];

/// The program, without a display, without colours, and without a profile measured on this computer.
fn strata() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_strata"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).timeout(Duration::from_secs(300));
    command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").env("NO_COLOR", "1");
    command.env("XDG_DATA_HOME", env!("CARGO_TARGET_TMPDIR"));
    command
}

fn json(arguments: &[&str]) -> Value {
    let output = strata().args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn text(arguments: &[&str]) -> String {
    let output = strata().args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn stack<'a>(report: &'a Value, name: &str) -> &'a Value {
    report["stacks"].as_array().unwrap().iter().find(|stack| stack["name"] == name).unwrap()
}

#[test]
fn help_fits_into_80_columns_and_breaks_no_default() {
    for command in ["", "list", "run", "check", "compare", "play", "probe", "validate", "gather", "shot", "export"] {
        for help in ["--help", "-h"] {
            let mut strata = strata();
            strata.args((!command.is_empty()).then_some(command)).arg(help).env("COLUMNS", "80");
            let output = strata.output().unwrap();
            let told = String::from_utf8(output.stdout).unwrap();
            assert!(output.status.success() && told.contains("Usage: strata"), "{command}: {told}");
            for line in told.lines() {
                let open = line.rfind("[default").filter(|at| !line[*at..].contains(']'));
                assert!(line.chars().count() <= 80 && open.is_none(), "{command} {help}: {line}");
            }
        }
    }
}

#[test]
fn list_tells_every_built_in_scenario() {
    let list = json(&["list", "--report", "json"]);
    let ids: Vec<&str> = list["scenarios"].as_array().unwrap().iter().map(|s| s["id"].as_str().unwrap()).collect();
    assert_eq!(ids, SCENARIOS);
    assert!(list["scenarios"][0]["claims"].as_array().unwrap().contains(&Value::from("thinks-real")));
    let table = text(&["list"]);
    assert!(SCENARIOS.iter().all(|id| table.contains(id)), "{table}");
}

#[test]
fn a_report_has_the_documented_fields_and_ledgers_that_add_up() {
    for id in SCENARIOS {
        let report = json(&["run", id, "--report", "json"]);
        for field in ["scenario", "seed", "costs", "trace_hash", "simulated_ps", "events", "wall_s", "events_per_s"] {
            assert!(!report[field].is_null(), "{id}: {field}");
        }
        for stack in report["stacks"].as_array().unwrap() {
            for field in [
                "name",
                "kind",
                "operations",
                "throughput_per_s",
                "busy_ps",
                "exits",
                "system_calls",
                "context_switches",
                "page_faults",
                "interrupts",
                "start_ps",
                "memory_bytes",
                "image_bytes",
            ] {
                assert!(!stack[field].is_null(), "{id}: {field}");
            }
            let ledger = stack["ledger_ps"].as_object().unwrap();
            let sum: u64 = ledger.values().map(|ps| ps.as_u64().unwrap()).sum();
            assert_eq!(sum, stack["latency_ps"]["total"].as_u64().unwrap(), "{id}: {}", stack["name"]);
            for layer in ["user", "guest_kernel", "hypervisor", "host_kernel", "hardware", "waiting"] {
                assert!(ledger.contains_key(layer));
            }
            for figure in ["mean", "p50", "p95", "p99", "max"] {
                assert!(stack["latency_ps"][figure].is_u64());
            }
        }
        for expectation in report["expectations"].as_array().unwrap() {
            assert_eq!(expectation["passed"], true, "{id}: {expectation}");
            assert!(expectation["text"].is_string() && expectation["value"].is_number());
        }
    }
}

#[test]
fn what_the_four_stacks_pay_is_what_they_are() {
    let report = json(&["run", "one-read", "--report", "json"]);
    let exits = |name: &str| -> u64 {
        stack(&report, name)["exits"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum()
    };
    assert_eq!(exits("container"), 0);
    assert!(exits("vm") >= 20);
    assert_eq!(stack(&report, "container in a vm")["kind"], "container in vm");
    assert_eq!(stack(&report, "vm")["operations_by_kind"]["read"]["operations"], 20);
}

#[test]
fn the_same_scenario_gives_the_same_trace_with_and_without_writing_it() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("one-read.pftrace");
    let hash = |arguments: &[&str]| json(arguments)["trace_hash"].as_str().unwrap().to_owned();
    let first = hash(&["run", "one-read", "--report", "json"]);
    assert_eq!(first, hash(&["run", "one-read", "--report", "json"]));
    assert_eq!(first, hash(&["run", "one-read", "--report", "json", "--trace", trace.to_str().unwrap()]));
    assert_ne!(first, hash(&["run", "one-read", "--report", "json", "--seed", "8"]));
    // The first packet of a Perfetto trace: field 1, length-delimited.
    assert_eq!(std::fs::read(trace).unwrap()[0], 0x0a);
}

#[test]
fn the_trace_of_each_built_in_scenario_is_held_fixed() {
    let line = |id: &&str| {
        let report = json(&["run", id, "--report", "json", "--costs", "xeon-2017"]);
        format!("{id} {} {}\n", report["trace_hash"].as_str().unwrap(), report["events"])
    };
    golden::assert_golden("trace-hashes.txt", &SCENARIOS.iter().map(line).collect::<String>());
}

#[test]
fn every_built_in_scenario_passes_its_own_check_without_remarks() {
    let mut arguments = vec!["check", "--costs", "xeon-2017"];
    arguments.extend(SCENARIOS);
    let checked = text(&arguments);
    assert_eq!(checked.lines().filter(|line| line.starts_with("ok: ")).count(), SCENARIOS.len(), "{checked}");
    assert!(!checked.contains("remark"), "{checked}");
}

#[test]
fn a_failed_expectation_is_told_with_code_1() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wrong.ron");
    let source = std::fs::read_to_string("scenarios/compute-only.ron").unwrap();
    std::fs::write(&path, source.replace("Equal(Operations(of: \"vm\"), 50)", "Equal(Operations(of: \"vm\"), 51)"))
        .unwrap();
    for command in ["check", "run"] {
        let output = strata().args([command, path.to_str().unwrap()]).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let told = String::from_utf8(output.stdout).unwrap();
        assert!(told.contains("FAILED operations of vm is 51: 50"), "{told}");
    }
}

#[test]
fn what_a_part_of_a_run_fulfils_is_not_called_ok() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.ron");
    let text = r#"Scenario(format: 1, id: "long", title: "Long", host: Host(cores: 2, memory: "1 GiB"),
        programs: { "p": [Repeat(times: 18446744073709551615, body: [Sleep("1440 min")])] },
        stacks: { "a": Process(run: "p", threads: 100) }, expect: [AtLeast(Operations(of: "a"), 0)])"#;
    std::fs::write(&path, text).unwrap();
    let output = strata().arg("check").arg(&path).output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.starts_with("INCOMPLETE: "), "{told}");
    assert_eq!(output.status.code(), Some(1), "{told}");
}

#[cfg(target_os = "linux")]
#[test]
fn an_interrupted_run_reports_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("endless.ron");
    let text = r#"Scenario(format: 1, id: "endless", title: "Endless", until: "24000 min",
        host: Host(cores: 1, memory: "1 GiB"), programs: { "spin": [Forever([Cpuid])] },
        stacks: { "a": Process(run: "spin") })"#;
    std::fs::write(&path, text).unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_strata"));
    command.arg("run").arg(&path).args(["--report", "json", "--costs", "xeon-2017", "--events", "1000000000000"]);
    // Whoever runs the tests may ignore SIGINT, as a script does for what it starts in the background.
    strata::probe::interrupt::in_the_foreground(&mut command);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_until_it_listens(&mut child);
    std::thread::sleep(Duration::from_millis(200));
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::INT).unwrap();
    let output = ended::output_of(child, "the interrupted run");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &report["end"]), (Some(130), &Value::from("cancelled")));
    assert!(report["stacks"][0]["operations"].is_u64() && report["events"].is_u64(), "{report}");
}

/// Waits until a process has a handler for SIGINT: before, the signal ends it.
#[cfg(target_os = "linux")]
fn wait_until_it_listens(child: &mut std::process::Child) {
    const INTERRUPT: u64 = 1 << (2 - 1);
    let since = std::time::Instant::now();
    loop {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).map(str::trim).unwrap_or("0");
        if u64::from_str_radix(mask, 16).unwrap() & INTERRUPT != 0 {
            return;
        }
        assert!(child.try_wait().unwrap().is_none(), "it ended before it listened for SIGINT");
        assert!(since.elapsed() < Duration::from_secs(120), "it did not listen for SIGINT within two minutes");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn until_stops_a_run_at_that_time() {
    let output = strata().args(["run", "one-read", "--until", "50us", "--report", "json"]).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["simulated_ps"], 50_000_000);
    assert_eq!(report["end"], "until");
}

#[test]
fn compare_puts_two_ledgers_side_by_side() {
    let compared = text(&["compare", "one-read", "vm-in-vm", "--costs", "xeon-2017"]);
    assert!(compared.contains("host kernel") && compared.contains("B / A"), "{compared}");
    assert!(compared.contains("Only in A: container, container in a vm"), "{compared}");
    let report = json(&["compare", "one-read", "one-read", "--report", "json"]);
    assert_eq!(report["a"]["trace_hash"], report["b"]["trace_hash"]);
}

#[test]
fn without_a_display_the_first_walkthrough_is_played_in_the_terminal() {
    let output = strata().output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.lines().count(), 1, "{said}");
    let reason = if cfg!(feature = "app") { "no display" } else { "no window" };
    assert!(said.contains(reason), "{said}");
    let played = String::from_utf8(output.stdout).unwrap();
    assert!(played.starts_with("One read(), four stacks"), "{played}");
    assert!(played.contains("Step 11 of 11") && played.contains("The run says:"), "{played}");
    assert!(!played.contains("none of these"), "{played}");
}

#[test]
fn every_walkthrough_plays_to_its_end() {
    for id in SCENARIOS {
        let played = text(&["play", id, "--costs", "xeon-2017"]);
        assert!(played.contains("The run says:") && played.contains("All of it"), "{id}: {played}");
        assert!(!played.contains("no value"), "{id}: {played}");
    }
}

#[test]
fn a_reader_who_leaves_early_causes_no_panic() {
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_strata"))
        .args(["play", "one-read"])
        .env("XDG_DATA_HOME", env!("CARGO_TARGET_TMPDIR"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = ended::output_of(child, "a walkthrough that nobody reads");
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn a_profile_file_can_be_given_by_its_path() {
    let report = json(&["run", "compute-only", "--report", "json", "--costs", "assets/profiles/xeon-2017.ron"]);
    assert_eq!(report["costs"], "xeon-2017");
}

#[test]
fn the_example_in_the_authors_guide_passes_its_check() {
    let guide = std::fs::read_to_string("docs/scenario.md").unwrap();
    let example = guide.split("```ron\n").nth(1).unwrap().split("```").next().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("homework.ron");
    std::fs::write(&path, example).unwrap();
    assert!(text(&["check", path.to_str().unwrap()]).starts_with("ok: "));
}

#[test]
fn a_limit_of_events_can_be_raised_and_lowered_and_says_how() {
    let output = strata().args(["run", "one-read", "--events", "1_000", "--report", "json"]).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["events"], &report["end"]), (&Value::from(1000), &Value::from("event_limit")));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--events raises it"));
    for wrong in ["0", "-1", "many", "1.5"] {
        assert_eq!(strata().args(["run", "one-read", "--events", wrong]).output().unwrap().status.code(), Some(2));
    }
    assert_eq!(report["stacks"][0]["latency_ps"]["exact"], true);
}

#[test]
fn nothing_from_a_file_acts_on_the_terminal_in_any_command() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("e\u{1b}[31m\u{202e}.ron");
    let escape = r"\u{1b}]0;x\u{7}\u{9b}2J\u{202e}\r";
    let text = format!(
        r#"Scenario(format: 1, id: "esc", title: "T{escape}", teaches: "X{escape}",
        host: Host(cores: 2, memory: "8 GiB"), programs: {{ "p": [Cpuid] }},
        stacks: {{ "a": Process(run: "p") }},
        walkthrough: [Step(title: "t{escape}", say: "s{escape}", look_at: ["l{escape}"], leaves_out: ["o{escape}"],
            predict: Predict(ask: "q{escape}", choices: [Label("c{escape}", Number(7)), Number(3)],
                answer: Exits(of: "a")))],
        leaves_out: ["L{escape}"])"#
    );
    std::fs::write(&path, &text).unwrap();
    let broken = folder.path().join("broken\u{1b}.ron");
    std::fs::write(&broken, text.replace(r"\u{1b}", "\u{1b}").replace("p\")", "q\u{1b}[0m\")")).unwrap();
    let costs = folder.path().join("costs.ron");
    let profile =
        include_str!("../assets/profiles/xeon-2017.ron").replacen("id: \"xeon-2017\"", "id: \"x\u{1b}[5m\"", 1);
    std::fs::write(&costs, profile).unwrap();
    let (path, broken, costs) = (path.to_str().unwrap(), broken.to_str().unwrap(), costs.to_str().unwrap());
    for arguments in [
        vec!["check", path],
        vec!["run", path, "--costs", costs],
        vec!["run", path, "--report", "json", "--costs", costs],
        vec!["play", path],
        vec!["compare", path, path],
        vec!["compare", path, path, "--report", "json"],
        vec!["check", broken],
        vec!["run", broken],
        vec!["run", "nothing\u{1b}[2J"],
        vec!["run", path, "--costs", "\u{9b}31m"],
        vec!["run", path, "--until", "\u{1b}[1m"],
        vec!["\u{1b}[1m", "two"],
        vec!["validate", "--only", "\u{1b}[1m"],
        vec!["run", path, "--trace", "/nowhere\u{1b}/x"],
    ] {
        let output = strata().args(&arguments).output().unwrap();
        for bytes in [output.stdout, output.stderr] {
            let said = String::from_utf8(bytes).unwrap();
            let hidden = |c: char| strata::visible::is_hidden(c) && c != '\n' && c != '\t';
            assert!(!said.contains(hidden), "{arguments:?}: {said:?}");
        }
    }
}
