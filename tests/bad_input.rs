//! Bad input: never a panic, a hang or a crash, always a pointed error and exit code 2.

mod golden;
#[path = "support/large.rs"]
mod large;

use std::path::PathBuf;
use std::time::Duration;

use assert_cmd::Command;
use strata::costs::Profile;
use strata::machine::{End, RunOptions};
use strata::scenario::{Scenario, Source, find, library};
use strata::trace::JourneyId;

fn strata() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_strata"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).env("NO_COLOR", "1").timeout(Duration::from_secs(300));
    command.env("XDG_DATA_HOME", env!("CARGO_TARGET_TMPDIR"));
    command
}

fn fixtures() -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/bad");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// The error of `strata check FILE`, which must end with code 2 and say nothing else.
fn error_of(file: &str) -> String {
    let output = strata().args(["check", file]).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{file}: {error}");
    assert!(output.stdout.is_empty(), "{file}");
    assert!(!error.contains("panicked"), "{error}");
    error
}

// Fails without suggestions, in the library's words, with terminal escapes left in, where values beside a wrong shape
// are not looked at or what follows from it is told, and where the same is told again.
#[test]
fn every_broken_file_is_told_with_its_place_the_text_and_code_2() {
    let files = fixtures();
    assert!(files.len() >= 70);
    for file in files {
        let stem = file.file_stem().unwrap().to_str().unwrap();
        let error = error_of(&format!("tests/fixtures/bad/{stem}.ron"));
        assert!(error.contains(&format!("{stem}.ron")), "{error}");
        golden::assert_golden(&format!("bad/{stem}.txt"), &error);
    }
}

// Fails where nothing is looked for that is not used, and where the same is remarked again.
#[test]
fn what_is_written_and_not_used_is_remarked() {
    let stems = [
        "unused",
        "steps",
        "the-same-in-many-places",
        "whole-number-with-a-point",
        "some-around-a-number",
        "boot-groups-and-mounts",
        "counts-with-points",
        "second-devices-of-a-guest",
    ];
    for stem in stems {
        let file = format!("tests/fixtures/unused/{stem}.ron");
        let output = strata().args(["check", &file, "--costs", "xeon-2017"]).output().unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0), "{file}: {}", String::from_utf8_lossy(&output.stderr));
        golden::assert_golden(&format!("unused/{stem}.txt"), &told);
    }
}

#[test]
fn a_problem_knows_file_line_column_and_text_for_the_window() {
    let source = find("tests/fixtures/bad/unknown-program.ron").unwrap();
    let errors = Scenario::parse(&source).unwrap_err();
    let problem = &errors.problems[0];
    assert_eq!((problem.line, problem.column), (22, 33));
    assert_eq!(problem.text.trim(), "\"process\": Process(run: \"raeder\"),");
    assert_eq!(problem.help.as_deref(), Some("did you mean \"reader\"?"));
    assert_eq!(problem.file(), "tests/fixtures/bad/unknown-program.ron");
}

// Fails without the limit of sizes.
#[test]
fn a_huge_file_is_refused_before_it_is_read_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huge.ron");
    std::fs::write(&path, vec![b' '; 5 << 20]).unwrap();
    assert!(error_of(path.to_str().unwrap()).contains("larger than 4 MiB"));
}

// Fails where it is not asked whether a file is a plain one.
#[cfg(unix)]
#[test]
fn pipes_devices_and_folders_are_refused_without_waiting_for_them() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe.ron");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert!(error_of(pipe.to_str().unwrap()).contains("a pipe or a device"));
    assert!(error_of("/dev/zero").contains("a pipe or a device"));
    assert!(error_of(folder.path().to_str().unwrap()).contains("a folder"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_of_the_kernel_that_blocks_its_reader_is_not_waited_for() {
    // It looks like a plain file. Only root may read it; anybody else is told so.
    if std::path::Path::new("/proc/kmsg").exists() {
        assert!(error_of("/proc/kmsg").contains("/proc/kmsg"));
    }
}

// Fails with the number of the system's error in its words, and where a name is taken for a profile's unless it has a slash.
#[test]
fn what_is_there_and_can_not_be_read_is_told_as_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("other", folder.path().join("round")).unwrap();
    std::os::unix::fs::symlink("round", folder.path().join("other")).unwrap();
    std::fs::create_dir(folder.path().join("costs")).unwrap();
    let told = |arguments: &[&str]| {
        let output = strata().args(arguments).current_dir(folder.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    let round = told(&["check", "round"]);
    assert!(round.contains("symbolic links") && !round.contains("os error") && round.contains("help"), "{round}");
    let costs = told(&["run", "one-read", "--costs", "costs"]);
    assert!(costs.contains("a folder, not a plain file"), "{costs}");
}

#[test]
fn a_misspelt_id_is_told_with_the_one_that_was_meant() {
    assert!(error_of("one-raed").contains("did you mean the built-in scenario one-read?"));
    assert!(error_of("nothing-like-it/at-all.ron").contains("the built-in scenarios are one-read"));
}

#[test]
fn wrong_arguments_are_told_with_code_2() {
    for (arguments, text) in [
        (vec!["run", "one-read", "--until", "5 parsecs"], "not a unit of time"),
        (vec!["run", "one-read", "--until", "-5us"], "\"-5us\" is negative"),
        (vec!["run", "one-read", "--until", "50"], "write ps, ns, us, ms, s or min"),
        (vec!["run", "one-read", "--seed", "many"], "a seed is a whole number from 0 to 18446744073709551615"),
        (vec!["compare", "one-read", "vm-in-vm", "--seed", "-1"], "a seed is a whole number from 0"),
        (vec!["shot", "one-read", "--at", "-1us", "--out", "x.png"], "\"-1us\" is negative"),
        (vec!["run", "one-read", "--costs", "xeon-2071"], "no cost profile"),
        (vec!["run", "one-read", "--costs", "nowhere/costs.ron"], "nowhere/costs.ron"),
        (vec!["run", "one-read", "--trace", "/nowhere/at/all"], "can't write the trace"),
        (vec!["run"], "required"),
        (vec!["shot", "one-read", "--at", "5us", "--out", "x.png", "--size", "huge"], "not a size"),
        (vec!["check"], "required"),
    ] {
        let output = strata().args(&arguments).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(error.contains(text), "{arguments:?}: {error}");
    }
}

#[test]
fn a_run_without_end_stops_at_a_limit_with_what_was_simulated_so_far() {
    let text = r#"Scenario(format: 1, id: "endless", title: "Endless", until: "24000 min",
        host: Host(cores: 1, memory: "1 GiB"), programs: { "spin": [Forever([Cpuid])] },
        stacks: { "a": Process(run: "spin") })"#;
    let source = Source { name: "endless.ron".to_owned(), text: text.to_owned() };
    let scenario = Scenario::parse(&source).unwrap();
    let mut options = scenario.options();
    options.max_events = 10_000;
    let outcome = scenario.run(&Profile::xeon_2017(), &options, |_, _| true).unwrap();
    assert_eq!(outcome.end, End::EventLimit);
    assert!(outcome.stats[0].operations > 1_000);
    options.max_events = u64::MAX;
    options.max_hops = 1_000;
    let outcome = scenario.run(&Profile::xeon_2017(), &options, |_, _| true).unwrap();
    assert_eq!(outcome.end, End::HopLimit);
}

#[test]
fn a_trace_that_there_is_no_room_for_does_not_change_the_run() {
    let text = std::fs::read_to_string("scenarios/ping-pong.ron").unwrap();
    let scenario = Scenario::parse(&Source { name: "ping-pong.ron".to_owned(), text }).unwrap();
    let run = |options: &RunOptions| scenario.run(&Profile::xeon_2017(), options, |_, _| true).unwrap();
    let whole = run(&scenario.options());
    let partial = run(&RunOptions { max_hops: 100, partial_trace: true, ..scenario.options() });
    assert_eq!((whole.trace_hash, whole.events, whole.end), (partial.trace_hash, partial.events, partial.end));
    assert_eq!(whole.core_busy, partial.core_busy);
    assert!(whole.stats.iter().zip(&partial.stats).all(|(a, b)| a.ledger == b.ledger && a.operations == b.operations));
    let (whole, kept) = (whole.trace.unwrap(), partial.trace.as_ref().unwrap());
    assert_eq!(kept.hops[..], whole.hops[..100]);
    assert_eq!(kept.left_out, whole.hops.len() as u64 - 100);
    assert!(kept.journeys.len() < whole.journeys.len());
    assert!(
        (0..kept.journeys.len()).all(|i| !kept.hops_of(JourneyId(i as u32)).is_empty()),
        "each kept journey is seen"
    );
    strata::scenario::write_perfetto(&partial, &mut std::io::sink()).unwrap();
}

// Fails where a text that ends too early is a panic.
#[test]
fn cut_or_garbled_files_never_panic() {
    // A fixed sequence of places and bytes, so that a failure repeats.
    let mut state = 1u64;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below.max(1)
    };
    let profile = Profile::xeon_2017();
    for built_in in library() {
        for _ in 0..300 {
            let mut text: Vec<u8> = built_in.source.into();
            match next(3) {
                0 => text.truncate(next(text.len())),
                1 => {
                    let at = next(text.len());
                    let end = (at + next(40)).min(text.len());
                    text.drain(at..end);
                }
                _ => {
                    for _ in 0..=next(3) {
                        let at = next(text.len());
                        text[at] = b"()[]{}\":,0-9\\/*#ra\n"[next(19)];
                    }
                }
            }
            let text = String::from_utf8_lossy(&text).into_owned();
            match Scenario::parse(&Source { name: "garbled.ron".to_owned(), text }) {
                Err(errors) => {
                    assert!(!errors.problems.is_empty());
                    let mut shown = String::new();
                    miette::GraphicalReportHandler::new().render_report(&mut shown, &errors).unwrap();
                }
                Ok(scenario) => {
                    let options = RunOptions { max_events: 2_000, ..scenario.options() };
                    let outcome = scenario.run(&profile, &options, |_, _| true).unwrap();
                    scenario.check(&outcome);
                }
            }
        }
    }
}

fn outcome_of(program: &str, threads_and_weight: &str) -> strata::machine::Outcome {
    let text = format!(
        r#"Scenario(format: 1, id: "long", title: "Long", host: Host(cores: 2, memory: "1 GiB"),
        programs: {{ "p": [Repeat(times: 18446744073709551615, body: [{program}])] }},
        stacks: {{ "a": Process(run: "p", {threads_and_weight}), "b": Process(run: "p") }})"#
    );
    let scenario = Scenario::parse(&Source { name: "long.ron".to_owned(), text }).unwrap();
    let options = RunOptions { max_events: 200_000, keep_trace: false, ..scenario.options() };
    scenario.run(&Profile::xeon_2017(), &options, |_, _| true).unwrap()
}

#[test]
fn operations_of_days_stop_before_a_sum_overflows() {
    for (program, threads_and_weight) in [
        ("Sleep(\"1440 min\")", "threads: 100"),
        ("Sleep(\"1440 min\")", "threads: 1"),
        ("Compute(\"1440 min\")", "threads: 1, weight: 1, cpu: 0"),
        ("Cycles(1000000000000000)", "threads: 64, weight: 1"),
    ] {
        let outcome = outcome_of(program, threads_and_weight);
        assert!(matches!(outcome.end, End::TimeLimit | End::EventLimit), "{program}: {:?}", outcome.end);
        for stats in &outcome.stats {
            let latency = stats.latency();
            assert_eq!(stats.ledger.iter().sum::<u64>(), latency.total);
            // Simulated time has not run into its end, where everything would take no time at all.
            assert!(latency.p50 > 0 || stats.operations == 0, "{program}");
        }
    }
}

#[test]
fn a_check_runs_as_far_as_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("many.ron");
    let text = r#"Scenario(format: 1, id: "many", title: "Many", host: Host(cores: 1, memory: "1 GiB"),
        programs: { "p": [Repeat(times: 3200000, body: [Compute("1 us")])] }, stacks: { "a": Process(run: "p") },
        expect: [Equal(Operations(of: "a"), 3200000)])"#;
    std::fs::write(&path, text).unwrap();
    let output = strata().arg("check").arg(&path).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), told.as_str()), (Some(0), ""));
}

#[test]
fn as_many_stacks_as_there_may_be_are_accepted_and_no_more() {
    let text = |copies: u32| {
        format!(
            r#"Scenario(format: 1, id: "many", title: "Many", copies: {copies},
            host: Host(cores: 4, memory: "16 TiB", hypervisor: Kvm), programs: {{ "p": [Cpuid] }},
            stacks: {{ "a": Process(run: "p"), "b": Container(run: "p"),
                "c": Vm(memory: "64 MiB", stacks: {{ "app": Process(run: "p") }}),
                "d": Vm(memory: "64 MiB", stacks: {{ "app": Container(run: "p") }}) }})"#
        )
    };
    let parse = |copies| Scenario::parse(&Source { name: "many.ron".to_owned(), text: text(copies) });
    let scenario = parse(4096).unwrap();
    assert_eq!(scenario.spec.stacks.len(), 16_384);
    let outcome = scenario.run(&Profile::xeon_2017(), &scenario.options(), |_, _| true).unwrap();
    assert_eq!(outcome.end, End::Finished);
    assert!(outcome.stats.iter().all(|stats| stats.operations == 1));
    assert!(parse(4097).unwrap_err().problems[0].message.contains("16388 stacks"));
}

#[test]
fn a_byte_order_mark_is_no_mistake() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("marked.ron");
    std::fs::write(&path, format!("\u{feff}{}", std::fs::read_to_string("scenarios/compute-only.ron").unwrap()))
        .unwrap();
    let source = find(path.to_str().unwrap()).unwrap();
    assert_eq!(Scenario::parse(&source).map(|scenario| scenario.id).unwrap(), "compute-only");
}

// Fails where messages are told whole.
#[test]
fn a_name_of_a_megabyte_does_not_flood_the_error() {
    let long = "x".repeat(1 << 20);
    let host = "Host(cores: 1, memory: \"1 GiB\")";
    for text in [
        format!("Scenario({long}: 1)"),
        format!(r#"Scenario(format: 1, id: "{long}", title: "A", host: {host}, programs: {{}}, stacks: {{}})"#),
        format!(
            r#"Scenario(format: 1, id: "a", title: "A", host: {host}, programs: {{ "p": [Compute("1 {long}")] }},
            stacks: {{ "a": Process(run: "{long}") }})"#
        ),
    ] {
        let errors = Scenario::parse(&Source { name: "long.ron".to_owned(), text }).unwrap_err();
        let mut shown = String::new();
        miette::GraphicalReportHandler::new().render_report(&mut shown, &errors).unwrap();
        assert!(shown.len() < 8_000, "{} bytes", shown.len());
        assert!(errors.problems.iter().all(|problem| problem.message.len() < 1_000));
    }
}

#[test]
fn without_a_display_what_can_not_be_read_is_told_alone() {
    let output = strata().arg("nosuch").env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(error.contains("nosuch") && !error.contains("walkthrough in the terminal"), "{error}");
}

// Fails where a time that can't be read is told to be zero as well.
#[test]
fn one_mistake_is_told_once() {
    let text = r#"Scenario(format: 1, id: "a", title: "A", until: "5 parsecs", host: Host(cores: 1, memory: "1 GiB"),
        programs: { "p": [Cpuid] }, stacks: { "a": Process(run: "p") })"#;
    let errors = Scenario::parse(&Source { name: "a.ron".to_owned(), text: text.to_owned() }).unwrap_err();
    assert_eq!(errors.problems.len(), 1, "{errors:?}");
}

#[test]
fn a_mistake_in_each_of_many_stacks_on_one_long_line_does_not_hang() {
    let stacks: String = (0..40_000).map(|i| format!("\"p{i}\": Process(run: \"q{i}\"),")).collect();
    let text = format!(
        r#"Scenario(format: 1, id: "a", title: "A", host: Host(cores: 1, memory: "1 GiB"),
        programs: {{ "p": [Cpuid] }}, stacks: {{ {stacks} }})"#
    );
    // Not a matter of speed: with quadratic work this test would take hours.
    let errors = Scenario::parse(&Source { name: "a.ron".to_owned(), text }).unwrap_err();
    assert_eq!(errors.problems.len(), 20);
    assert!(errors.more >= 39_980);
    assert!(errors.problems.iter().all(|problem| problem.text.len() <= 4096));
}

// Does not end in minutes where all mistakes are kept.
#[test]
fn a_large_file_of_any_kind_is_answered_and_its_mistakes_are_counted() {
    // Not a matter of speed: with quadratic work these would take minutes each. `cargo bench --bench check` measures.
    for (kind, legal, make) in large::KINDS {
        let text = make(512 << 10);
        assert!(text.len() > 256 << 10, "{kind}: {} bytes", text.len());
        match Scenario::parse(&Source { name: "large.ron".to_owned(), text }) {
            Ok(_) => assert!(legal, "{kind} is accepted"),
            Err(errors) => {
                assert!(!legal, "{kind}: {}", errors.problems[0]);
                assert!(errors.problems.len() <= 20, "{kind}");
                let told: usize = errors.problems.iter().map(|p| p.message.len() + p.text.len()).sum();
                assert!(told < 200_000, "{kind}: {told} bytes are told");
            }
        }
    }
}

// Fails where messages are told whole.
#[test]
fn a_large_cost_profile_of_any_kind_is_answered_in_few_words() {
    for (kind, make) in large::PROFILES {
        let text = make(512 << 10, include_str!("../assets/profiles/xeon-2017.ron"));
        assert!(text.len() > 256 << 10, "{kind}: {} bytes", text.len());
        if let Err(error) = Profile::parse(&text) {
            let told = error.to_string();
            assert!(told.len() < 1000, "{kind}: {} bytes are told", told.len());
        }
    }
}

// Fails where lines of evidence are quoted whole.
#[test]
fn large_files_of_a_kernel_are_answered() {
    use strata::probe::inventory::{Entry, Root, take};
    for (kind, files) in large::KERNELS {
        let mut root = Root::default();
        root.set_fact("system", "linux");
        for (path, make) in *files {
            root.insert(*path, Entry::File { bytes: make(512 << 10).into_bytes(), whole: false });
        }
        let told = take(&root).to_text(true);
        assert!(told.len() < 64 << 10, "{kind}: {} bytes are told", told.len());
    }
}
