//! Whether two reports of `strata probe --report json` agree:
//!
//! ```sh
//! strata probe --full --report json > a.json
//! strata probe --full --report json > b.json
//! cargo run --no-default-features --example agree -- a.json b.json
//! ```
//!
//! A name agrees if the median of one run lies within the other's stated spread, from its least to 99 in a hundred. How
//! many agree both ways is told too. Names without a value in either report are left out. The exit code is 0 if nine in
//! ten agree.

use std::process::ExitCode;

use serde_json::Value;

/// What one run says of one name.
struct Line {
    name: String,
    median: f64,
    least: f64,
    p99: f64,
}

fn read(path: &str) -> Result<Vec<Line>, String> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("{path}: {e}"))?;
    let report: Value = serde_json::from_str(&text).map_err(|e| format!("{path}: {e}"))?;
    let lines = report["measurements"].as_array().ok_or_else(|| format!("{path}: it is no report of strata probe"))?;
    let line = |m: &Value| {
        Some(Line {
            name: m["primitive"].as_str()?.to_owned(),
            median: m["value"].as_f64()?,
            least: m["spread"]["min"].as_f64()?,
            p99: m["spread"]["p99"].as_f64()?,
        })
    };
    Ok(lines.iter().filter_map(line).collect())
}

fn within(value: f64, of: &Line) -> bool {
    (of.least..=of.p99).contains(&value)
}

fn agree(first: &str, second: &str) -> Result<bool, String> {
    let (first, second) = (read(first)?, read(second)?);
    let pairs: Vec<_> = first.iter().filter_map(|a| Some((a, second.iter().find(|b| b.name == a.name)?))).collect();
    let (same, other): (Vec<_>, Vec<_>) = pairs.iter().partition(|(a, b)| within(a.median, b) || within(b.median, a));
    let both_ways = same.iter().filter(|(a, b)| within(a.median, b) && within(b.median, a)).count();
    for (a, b) in &other {
        let line = |l: &Line| format!("{:14.1} ({:.1} to {:.1})", l.median, l.least, l.p99);
        println!("{:32} {}   {}", a.name, line(a), line(b));
    }
    println!("{} of {} agree, {both_ways} of them both ways", same.len(), pairs.len());
    Ok(!pairs.is_empty() && same.len() * 10 >= pairs.len() * 9)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [first, second] = arguments.as_slice() else {
        eprintln!("give two files written by strata probe --report json");
        return ExitCode::from(2);
    };
    match agree(first, second) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::from(2)
        }
    }
}
