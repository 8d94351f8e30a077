//! How long `strata check` takes for the largest files that it reads, of each kind that could be slow. Two
//! seconds are the most that a person waits gladly; the last column marks what takes longer.
//!
//! `cargo bench --no-default-features --bench check`, or with a size in KiB behind `--`.

#[path = "../tests/support/large.rs"]
mod large;

use std::process::Command;
use std::time::Instant;

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
        let mark = match (right, seconds > 2.0) {
            (false, _) => format!("  WRONG: ended with {code:?}"),
            (true, true) => "  SLOW".to_owned(),
            (true, false) => String::new(),
        };
        println!("{kind:45} {:5} KiB {seconds:6.2} s{mark}", text.len() >> 10);
        worst = worst.max(seconds);
    }
    println!("the slowest takes {worst:.2} s");
    let _ = std::fs::remove_file(path);
}
