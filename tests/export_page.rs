//! What is exported, looked at by those that it is for: a browser, an XML reader, a reader of pictures.
#![cfg(all(feature = "app", target_os = "linux"))]

#[path = "support/browser.rs"]
mod browser;

use std::path::Path;

use assert_cmd::Command;
use browser::Browser;
use serde_json::json;

fn strata(arguments: &[&str]) -> assert_cmd::assert::Assert {
    Command::new(env!("CARGO_BIN_EXE_strata")).args(arguments).env("NO_COLOR", "1").assert()
}

/// The page of a scenario, with published costs, so that it is the same everywhere.
fn page(scenario: &str, out: &Path, rate: &str) -> String {
    let out = out.to_str().unwrap();
    strata(&["export", scenario, "--html", out, "--costs", "xeon-2017", "--fps", rate]).success();
    std::fs::read_to_string(out).unwrap()
}

/// A scenario whose words are made to get out of where they belong.
const HOSTILE: &str = r#"Scenario(
    format: 1, id: "hostile", title: "</script><script>window.out=1</script>", teaches: "<img src=x onerror='window.out=2'> ]]> \u{2028}",
    costs: Profile("xeon-2017"),
    host: Host(cores: 1, memory: "2 GiB", disks: { "nvme0": Nvme(capacity: "1 TiB") }),
    programs: { "p": [Read(file: "data", bytes: "4 KiB", cache: Cold)] },
    stacks: { "a": Process(run: "p") },
    walkthrough: [
        Step(title: "<b>bold</b>", say: "<script>window.out=3</script>\n\n[x](<https://example.org/\" onmouseover=\"window.out=4>) {{player}} ]]> \u{2028}",
            predict: Predict(ask: "<i>which</i>?", choices: [Label("</button><script>window.out=5</script>", Number(0)), Label("b", Number(1))], answer: Exits(of: "a")),
            play: Until(End), leaves_out: ["<script>window.out=6</script>"]),
    ],
    leaves_out: ["</ul><script>window.out=7</script>"],
)"#;

#[test]
fn the_page_of_the_first_walkthrough_plays_steps_back_and_answers_without_a_network() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("one-read.html");
    let text = page("one-read", &file, "10");
    assert!(text.len() < 5 << 20, "{} bytes", text.len());
    assert!(text.contains("default-src 'none'"));
    let Some(name) = browser::found() else { return };
    let mut browser = Browser::start(name, folder.path());

    // It plays, and stops at its end.
    browser.open(&file, "scene=3");
    let begin = browser.state();
    browser.press(" ");
    browser.wait(&format!("strata.state().ps > {}", begin["ps"]));
    browser.press("End");
    let end = browser.state();
    assert_eq!((&end["playing"], &end["still"]), (&json!(false), &json!(end["stills"].as_u64().unwrap() - 1)));

    // Steps back show what was shown on the way, and other pictures.
    let mut shown = vec![end];
    for _ in 0..4 {
        browser.press("ArrowLeft");
        shown.push(browser.state());
    }
    assert!(shown.windows(2).all(|pair| pair[1]["ms"].as_u64() < pair[0]["ms"].as_u64()), "{shown:?}");
    assert!(shown.windows(2).any(|pair| pair[1]["hash"] != pair[0]["hash"]), "{shown:?}");
    for before in shown.iter().rev().skip(1) {
        browser.press("ArrowRight");
        assert_eq!(&browser.state(), before);
    }

    // A question comes before its answer, and the first prediction counts.
    let scenes = "JSON.parse(document.getElementById('meta').textContent).scenes";
    let scene = browser.value(&format!("{scenes}.findIndex((s) => s.choices > 1 && s.plays && s.right !== null)"));
    let scene = scene.as_u64().unwrap();
    let right = browser.value(&format!("{scenes}[{scene}].right")).as_u64().unwrap();
    let word = format!("document.querySelector('#scene-{scene} .word').textContent");
    let hidden = format!("document.querySelector('#scene-{scene} .verdict').hidden");
    for choice in [right, u64::from(right == 0)] {
        browser.open(&file, &format!("scene={}", scene + 1));
        browser.press(" ");
        let waits = browser.state();
        assert_eq!((&waits["asks"], &waits["playing"], &waits["still"]), (&json!(true), &json!(false), &json!(0)));
        browser.press(&(choice + 1).to_string());
        browser.press(&(right + 1).to_string());
        assert_eq!(browser.value(&hidden), json!(true), "the answer comes after the scene");
        assert_eq!(browser.state()["answered"], json!(false));
        browser.press("End");
        assert_eq!(browser.value(&hidden), json!(false));
        assert_eq!(browser.state()["answered"], json!(true), "the bars are of what was asked");
        browser.press("ArrowLeft");
        assert_eq!(browser.state()["answered"], json!(false));
        let said = browser.value(&word);
        let wanted = if choice == right { "Right" } else { "Not so" };
        assert!(said.as_str().unwrap().starts_with(wanted), "{choice} of {right}: {said}");
    }

    // Whoever wants no motion gets still pictures: each is one at which stepping stops.
    let features = json!({ "features": [{ "name": "prefers-reduced-motion", "value": "reduce" }] });
    browser.call("Emulation.setEmulatedMedia", features);
    browser.open(&file, "scene=3");
    assert_eq!(browser.value("document.getElementById('still').checked"), json!(true));
    browser.press(" ");
    browser.wait("strata.state().still > 0");
    for _ in 0..4 {
        assert_eq!(browser.state()["stop"], json!(true));
    }
    browser.press(" ");

    let elsewhere = |address: &&String| !["file:", "data:", "about:"].iter().any(|kind| address.starts_with(kind));
    let elsewhere: Vec<&String> = browser.requests.iter().filter(elsewhere).collect();
    assert!(elsewhere.is_empty() && !browser.requests.is_empty(), "{elsewhere:?}");
    assert!(browser.errors.is_empty(), "{:?}", browser.errors);
}

#[test]
fn words_of_a_scenario_run_nothing_in_its_page() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = folder.path().join("hostile.ron");
    std::fs::write(&scenario, HOSTILE).unwrap();
    let file = folder.path().join("hostile.html");
    let text = page(scenario.to_str().unwrap(), &file, "5");
    assert!(
        !text.contains("<script>window.out")
            && !text.contains('\u{2028}')
            && !text.contains("<img")
            && !text.contains("\" onmouseover")
    );
    let Some(name) = browser::found() else { return };
    let mut browser = Browser::start(name, folder.path());
    browser.open(&file, "");
    assert_eq!(browser.value("typeof window.out"), json!("undefined"));
    let title = browser.value("document.querySelector('h1').textContent");
    assert_eq!(title, json!("</script><script>window.out=1</script>"));
    let said = browser.value("document.getElementById('scene-0').textContent");
    assert!(said.as_str().unwrap().contains("{{player}}"), "{said}");
    assert!(browser.errors.is_empty(), "{:?}", browser.errors);
}

#[test]
fn what_can_not_be_exported_is_told_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let gone = folder.path().join("no/such/folder.html");
    let out = folder.path().join("x");
    let (gone, out) = (gone.to_str().unwrap(), out.to_str().unwrap());
    let cases: [(&[&str], &str); 5] = [
        (&["export", "one-read"], "--html"),
        (&["export", "one-read", "--svg", out], "--at"),
        (&["export", "one-read", "--gif", out], "--scene"),
        (&["export", "one-read", "--gif", out, "--scene", "99"], "from 1 to"),
        (&["export", "one-read", "--svg", gone, "--at", "10us"], "folder"),
    ];
    for (arguments, wanted) in cases {
        let output = strata(arguments).code(2).get_output().stderr.clone();
        let text = String::from_utf8(output).unwrap();
        assert!(text.contains(wanted), "{arguments:?}: {text}");
    }
    assert!(!Path::new(out).exists());
}

#[test]
fn a_picture_as_svg_is_the_same_each_time_and_says_what_it_shows() {
    let folder = tempfile::tempdir().unwrap();
    let svg = |name: &str| {
        let out = folder.path().join(name);
        let arguments = ["export", "one-read", "--svg", out.to_str().unwrap(), "--at", "90us", "--costs", "xeon-2017"];
        strata(&arguments).success();
        std::fs::read_to_string(out).unwrap()
    };
    let text = svg("a.svg");
    assert_eq!(text, svg("b.svg"));
    assert!(text.contains("<title") && text.contains("t = 90") && text.contains("host kernel"), "{text}");
    assert!(!text.contains("href") && !text.contains("url("));
}
