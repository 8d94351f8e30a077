//! A headless Chromium that is told what to do through a pipe: the DevTools protocol, one JSON message after the
//! other, each ended by a zero byte.
#![allow(dead_code)]

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde_json::{Value, json};

/// The names under which it is looked for.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// How long an answer may take: only a hang takes longer.
const PATIENCE: Timespec = Timespec { tv_sec: 300, tv_nsec: 0 };

/// A browser with one page.
pub struct Browser {
    child: Child,
    to: File,
    from: BufReader<File>,
    sent: u64,
    session: String,
    /// Every address that was asked for.
    pub requests: Vec<String>,
    /// Every error that the page had.
    pub errors: Vec<String>,
}

/// The name of a browser, if there is one. With `STRATA_REQUIRE_BROWSER` there has to be.
pub fn found() -> Option<&'static str> {
    let works = |name: &&&str| {
        let version = Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        version.is_ok_and(|status| status.success())
    };
    let name = NAMES.iter().find(works).copied();
    if name.is_none() {
        let what = "no Chromium is installed: apt-get install chromium";
        assert!(std::env::var_os("STRATA_REQUIRE_BROWSER").is_none(), "{what}");
        eprintln!("SKIPPED: {what}");
    }
    name
}

impl Browser {
    /// Starts it with `folder` for its own files.
    pub fn start(name: &str, folder: &Path) -> Browser {
        let (input, output) = (folder.join("to"), folder.join("from"));
        for pipe in [&input, &output] {
            assert!(Command::new("mkfifo").arg(pipe).status().unwrap().success());
        }
        // The browser reads its file 3 and writes its file 4.
        let script = "exec \"$1\" --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run \
                      --disable-background-networking --disable-component-update --remote-debugging-pipe \
                      --user-data-dir=\"$2/profile\" about:blank 3<\"$2/to\" 4>\"$2/from\"";
        let child = Command::new("sh")
            .args(["-c", script, "sh", name])
            .arg(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let to = OpenOptions::new().write(true).open(input).unwrap();
        let from = BufReader::new(File::open(output).unwrap());
        let mut browser =
            Browser { child, to, from, sent: 0, session: String::new(), requests: Vec::new(), errors: Vec::new() };
        let target = browser.call("Target.createTarget", json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session = browser.call("Target.attachToTarget", attach);
        browser.session = session["sessionId"].as_str().unwrap().to_owned();
        for domain in ["Page", "Network", "Runtime", "Log"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        browser
    }

    /// Calls a method and waits for its answer; events on the way are taken in.
    pub fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.sent += 1;
        let mut message = json!({ "id": self.sent, "method": method, "params": parameters });
        if !self.session.is_empty() {
            message["sessionId"] = json!(self.session);
        }
        self.to.write_all(message.to_string().as_bytes()).unwrap();
        self.to.write_all(&[0]).unwrap();
        loop {
            let answer: Value = serde_json::from_slice(&self.next(method)).unwrap();
            if answer["id"] == json!(self.sent) {
                assert!(answer["error"].is_null(), "{method}: {answer}");
                return answer["result"].clone();
            }
            self.take_in(&answer);
        }
    }

    /// The next message, without its zero byte; `method` is what was called.
    fn next(&mut self, method: &str) -> Vec<u8> {
        let mut message = Vec::new();
        loop {
            if self.from.buffer().is_empty() {
                let mut there = [PollFd::new(self.from.get_ref(), PollFlags::IN)];
                let ready = poll(&mut there, Some(&PATIENCE)).unwrap();
                assert!(ready > 0, "the browser has not answered {method} within {} s", PATIENCE.tv_sec);
            }
            let part = self.from.fill_buf().unwrap();
            assert!(!part.is_empty(), "the browser has ended instead of answering {method}");
            let end = part.iter().position(|byte| *byte == 0);
            message.extend_from_slice(&part[..end.unwrap_or(part.len())]);
            let taken = end.map_or(part.len(), |end| end + 1);
            self.from.consume(taken);
            if end.is_some() {
                return message;
            }
        }
    }

    fn take_in(&mut self, event: &Value) {
        let parameters = &event["params"];
        match event["method"].as_str() {
            Some("Network.requestWillBeSent") => {
                self.requests.push(parameters["request"]["url"].as_str().unwrap_or_default().to_owned());
            }
            Some("Runtime.exceptionThrown") => self.errors.push(parameters["exceptionDetails"].to_string()),
            Some("Log.entryAdded") if parameters["entry"]["level"] == "error" => {
                self.errors.push(parameters["entry"].to_string());
            }
            _ => {}
        }
    }

    /// The value of an expression of the page.
    pub fn value(&mut self, expression: &str) -> Value {
        let parameters = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.call("Runtime.evaluate", parameters);
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// Opens a file, with what is behind `#`, and waits until its pictures are there.
    pub fn open(&mut self, file: &Path, fragment: &str) {
        // Another fragment alone would not load the page again.
        self.call("Page.navigate", json!({ "url": "about:blank" }));
        self.call("Page.navigate", json!({ "url": format!("file://{}#{fragment}", file.display()) }));
        self.wait("typeof strata === 'object' && (() => { try { return strata.state().stills > 0 } catch { return false } })()");
    }

    /// Waits until an expression is true. What never comes ends the test after a minute or more.
    pub fn wait(&mut self, expression: &str) {
        for _ in 0..1200 {
            if self.value(expression) == json!(true) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!("never true: {expression}; {:?}", self.errors);
    }

    /// Presses a key, as the DevTools protocol names keys: "ArrowLeft", "1", " ".
    pub fn press(&mut self, key: &str) {
        for kind in ["keyDown", "keyUp"] {
            self.call("Input.dispatchKeyEvent", json!({ "type": kind, "key": key }));
        }
    }

    /// What the page shows.
    pub fn state(&mut self) -> Value {
        self.value("strata.state()")
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
