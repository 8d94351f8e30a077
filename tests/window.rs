//! The real window, under a virtual X server with a software graphics driver: it opens, plays, steps back to the very
//! same picture, rests, and wakes when the open file is saved.
//!
//! Skipped, saying so, where the X server, the driver or a tool is missing; with STRATA_REQUIRE_WINDOW=1 that is a
//! failure. Needs (Debian): xvfb mesa-vulkan-drivers libvulkan1 xdotool imagemagick libx11-6 libxcursor1 libxi6
//! libxrandr2 libxkbcommon-x11-0
#![cfg(all(feature = "app", target_os = "linux"))]

#[path = "support/ended.rs"]
mod ended;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long anything may take before it counts as not happening. No machine that passes comes near it.
const PATIENCE: Duration = Duration::from_secs(240);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(250);
/// A picture that stays the same for so long rests.
const STILL: Duration = Duration::from_millis(1500);

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Window {
    display: String,
    folder: tempfile::TempDir,
    app: Running,
    _server: Running,
}

fn skip(why: &str) {
    assert!(std::env::var_os("STRATA_REQUIRE_WINDOW").is_none_or(|v| v != "1"), "the window can't be tested: {why}");
    eprintln!("skipped: {why}");
}

fn has(tool: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(tool).is_file())
}

fn has_software_vulkan() -> bool {
    let folders = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d", "/usr/local/share/vulkan/icd.d"];
    let files = folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
    let mut names = files.map(|file| file.file_name().to_string_lossy().into_owned());
    names.any(|name| name.contains("lvp"))
}

/// Starts an X server on a free display.
fn server(size: &str) -> Option<(String, Running)> {
    for number in 200..260 {
        if Path::new(&format!("/tmp/.X{number}-lock")).exists() {
            continue;
        }
        let display = format!(":{number}");
        let screen = format!("{size}x24");
        let child = Command::new("Xvfb")
            .args([&display, "-screen", "0", &screen, "-nolisten", "tcp"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut running = Running(child);
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(10) {
            if Path::new(&format!("/tmp/.X11-unix/X{number}")).exists() {
                return Some((display, running));
            }
            if running.0.try_wait().ok().flatten().is_some() {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    None
}

fn open() -> Option<Window> {
    for tool in ["Xvfb", "xdotool", "import"] {
        if !has(tool) {
            skip(&format!("{tool} is missing"));
            return None;
        }
    }
    if !has_software_vulkan() {
        skip("no software Vulkan driver (mesa-vulkan-drivers)");
        return None;
    }
    let Some((display, server)) = server("1280x720") else {
        skip("Xvfb does not start");
        return None;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let scenario = folder.path().join("scenario.ron");
    std::fs::write(&scenario, built_in("one-read")).expect("a scenario");
    let app = Command::new(env!("CARGO_BIN_EXE_strata"))
        .arg(&scenario)
        .env("DISPLAY", &display)
        .env_remove("WAYLAND_DISPLAY")
        .env("WGPU_BACKEND", "vulkan")
        .env("XDG_CONFIG_HOME", folder.path())
        .env("XDG_RUNTIME_DIR", folder.path())
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(folder.path().join("log")).expect("a log"))
        .spawn()
        .expect("the program starts");
    Some(Window { display, folder, app: Running(app), _server: server })
}

/// The text of a built-in scenario.
fn built_in(id: &str) -> &'static str {
    strata::scenario::library().iter().find(|built_in| built_in.id == id).expect("it is built in").source
}

impl Window {
    /// Saves the file that is open.
    fn save(&self, text: &str) {
        std::fs::write(self.folder.path().join("scenario.ron"), text).expect("saved");
    }

    fn xdotool(&self, arguments: &[&str]) -> bool {
        let mut command = Command::new("xdotool");
        ended::run(command.args(arguments).env("DISPLAY", &self.display)).status.success()
    }

    fn key(&self, key: &str) {
        assert!(self.xdotool(&["key", key]), "xdotool key {key}");
    }

    /// The screen, as pixels of three bytes.
    fn picture(&self) -> image::RgbImage {
        let path: PathBuf = self.folder.path().join("picture.png");
        let mut command = Command::new("import");
        command.args(["-window", "root"]).arg(&path).env("DISPLAY", &self.display);
        assert!(ended::run(&mut command).status.success(), "import takes a picture");
        image::open(&path).expect("a picture").to_rgb8()
    }

    /// Waits until pictures taken for [`STILL`] are all the same: nothing moves any more.
    fn still(&self) -> image::RgbImage {
        let (mut before, mut since) = (self.picture(), Instant::now());
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            std::thread::sleep(LOOK);
            let now = self.picture();
            if now != before {
                (before, since) = (now, Instant::now());
            } else if since.elapsed() > STILL {
                return now;
            }
        }
        panic!("the picture does not come to rest{}", self.log());
    }

    /// Presses a key that changes the picture, and waits until that has happened and nothing moves any more. On a
    /// busy machine a key is answered late, and a picture that rests is then the one from before it.
    fn pressed(&self, key: &str, before: &image::RgbImage) -> image::RgbImage {
        self.key(key);
        assert!(self.changed(before, 50).is_some(), "{key} changes nothing{}", self.log());
        self.still()
    }

    fn log(&self) -> String {
        let text = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        format!("\n{text}")
    }

    /// The first picture that differs from `before` in at least `pixels`, unless none does for a long time.
    fn changed(&self, before: &image::RgbImage, pixels: usize) -> Option<image::RgbImage> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            let picture = self.picture();
            if difference(before, &picture) >= pixels {
                return Some(picture);
            }
            std::thread::sleep(LOOK);
        }
        None
    }

    /// Clock ticks of processor time that the program has used.
    fn ticks(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.app.0.id())).unwrap_or_default();
        let after_name = stat.rsplit(')').next().unwrap_or_default();
        let fields: Vec<&str> = after_name.split_whitespace().collect();
        [11, 12].iter().filter_map(|i| fields.get(*i)?.parse::<u64>().ok()).sum()
    }
}

fn colours(picture: &image::RgbImage) -> usize {
    picture.pixels().map(|pixel| pixel.0).collect::<std::collections::HashSet<_>>().len()
}

/// How many pixels differ.
fn difference(a: &image::RgbImage, b: &image::RgbImage) -> usize {
    a.pixels().zip(b.pixels()).filter(|(a, b)| a != b).count()
}

#[test]
fn the_window_plays_steps_back_to_the_same_picture_rests_and_wakes_for_a_saved_file() {
    let Some(mut window) = open() else { return };
    let began = Instant::now();
    // Until something like the main screen is there: an empty window has a handful of colours.
    loop {
        if let Some(status) = window.app.0.try_wait().expect("asked") {
            panic!("the program ended with {status}{}", window.log());
        }
        if window.xdotool(&["search", "--name", "^Strata$", "windowfocus"]) && colours(&window.picture()) > 100 {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "no picture{}", window.log());
        std::thread::sleep(LOOK);
    }
    window.xdotool(&["mousemove", "3", "3"]);
    // The third scene: it plays long enough to be paused in its middle.
    let first = window.still();
    let second = window.pressed("n", &first);
    let start = window.pressed("n", &second);
    assert!(colours(&start) > 100, "the picture is blank");

    let began = Instant::now();
    loop {
        let before = window.ticks();
        std::thread::sleep(Duration::from_secs(3));
        let idle = window.ticks() - before;
        if idle <= 30 {
            break;
        }
        let rests = began.elapsed() < PATIENCE;
        assert!(rests, "paused and untouched, the program uses {idle} ticks of processor time in 3 s");
    }

    window.key("space");
    let playing = window.changed(&start, 200);
    assert!(playing.is_some(), "playing changes nothing{}", window.log());
    assert!(playing.is_some_and(|picture| window.changed(&picture, 1).is_some()), "playing goes on");
    window.key("space");
    let paused = window.still();
    assert!(difference(&start, &paused) > 50, "paused where it began");

    let one = window.pressed("Right", &paused);
    let two = window.pressed("Right", &one);
    let one_again = window.pressed("Left", &two);
    let back = window.pressed("Left", &one_again);
    if let Some(folder) = std::env::var_os("STRATA_KEEP") {
        let folder = Path::new(&folder);
        for (name, picture) in [("paused", &paused), ("one", &one), ("one-again", &one_again), ("back", &back)] {
            picture.save(folder.join(format!("{name}.png"))).expect("kept");
        }
    }
    assert_eq!(difference(&one, &one_again), 0, "one step back is the picture of one step before");
    assert_eq!(difference(&paused, &back), 0, "two steps back is the picture where it was paused");
    let earlier = window.pressed("Prior", &back);
    let again = window.pressed("Next", &earlier);
    if let Some(folder) = std::env::var_os("STRATA_KEEP") {
        let folder = Path::new(&folder);
        start.save(folder.join("start.png")).expect("kept");
        again.save(folder.join("again.png")).expect("kept");
    }
    assert_eq!(difference(&start, &again), 0, "the beginning of the scene looks as it did");

    // It rests now, and nothing is pressed or moved any more: only the saved file can wake it.
    window.save("format: 7");
    assert!(window.changed(&start, 2000).is_some(), "a broken file is saved, and nothing says so{}", window.log());
    let broken = window.still();
    window.save(built_in("one-read"));
    assert!(window.changed(&broken, 2000).is_some(), "the mended file is not shown{}", window.log());
}
