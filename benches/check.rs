//! How long `strata check` takes for the largest files that it reads, of each kind that could be slow; and what reads
//! cost profiles and the files of a kernel. Two
//! seconds are the most that a person waits gladly; the last column marks what takes longer.
//!
//! `cargo bench --no-default-features --bench check`, or with a size in KiB behind `--`.

#[path = "../tests/support/large.rs"]
mod large;

use std::process::Command;
use std::time::Instant;

use strata::costs::Profile;
use strata::probe::inventory::{self, Entry, READ_LIMIT, Root};

fn slow(seconds: f64) -> &'static str {
    if seconds > 2.0 { "  SLOW" } else { "" }
}

fn main() {
    let kib = std::env::args().skip(1).find_map(|argument| argument.parse::<usize>().ok()).unwrap_or(3950);
    let path = std::env::temp_dir().join(format!("strata-check-{}.ron", std::process::id()));
    let mut worst: f64 = 0.0;
    for (kind, legal, make) in large::KINDS {
        let text = make(kib << 10);
        if let Err(error) = std::fs::write(&path, &text) {
            eprintln!("{}: {error}", path.display());
            return;
        }
        let start = Instant::now();
        let checked =
            Command::new(env!("CARGO_BIN_EXE_strata")).args(["check", "--costs", "xeon-2017"]).arg(&path).output();
        let seconds = start.elapsed().as_secs_f64();
        let code = checked.ok().and_then(|output| output.status.code());
        let right = code == Some(if *legal { 0 } else { 2 });
        let mark = if right { slow(seconds).to_owned() } else { format!("  WRONG: ended with {code:?}") };
        println!("{kind:50} {:5} KiB {seconds:6.2} s{mark}", text.len() >> 10);
        worst = worst.max(seconds);
    }
    let whole = include_str!("../assets/profiles/xeon-2017.ron");
    for (kind, make) in large::PROFILES {
        let text = make(kib << 10, whole);
        let start = Instant::now();
        // Most are none, which is told.
        let refused = Profile::parse(&text).is_err();
        let seconds = start.elapsed().as_secs_f64();
        let (size, said) = (text.len() >> 10, if refused { "refused" } else { "accepted" });
        println!("cost profile, {said}: {kind:29} {size:5} KiB {seconds:6.2} s{}", slow(seconds));
        worst = worst.max(seconds);
    }
    for (kind, files) in large::KERNELS {
        let mut root = Root::default();
        root.set_fact("system", "linux");
        // No file of a kernel is read beyond this.
        let size = READ_LIMIT.min(kib << 10) - 1024;
        for (path, make) in *files {
            root.insert(*path, Entry::File { bytes: make(size).into_bytes(), whole: false });
        }
        let start = Instant::now();
        let inventory = inventory::take(&root).to_text(true);
        let seconds = start.elapsed().as_secs_f64();
        println!("kernel: {kind:42} {:5} KiB {seconds:6.2} s{}, {} B told", size >> 10, slow(seconds), inventory.len());
        worst = worst.max(seconds);
    }
    println!("the slowest takes {worst:.2} s");
    let _ = std::fs::remove_file(path);
}
