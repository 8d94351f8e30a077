//! Measures this host and prints what was found: `cargo run --release --example measure -- [--full] [--json] [NAME...]`.
//! With names, only the families whose title contains one of them.

#[cfg(target_os = "linux")]
fn main() {
    use std::sync::atomic::AtomicBool;
    use strata::probe::measure::{FAMILIES, Outcome, Plan, run_families};

    let words: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| words.iter().any(|w| w == flag);
    let names: Vec<&String> = words.iter().filter(|w| !w.starts_with("--")).collect();
    let wanted = |title: &str| names.is_empty() || names.iter().any(|name| title.contains(name.as_str()));
    let families: Vec<_> = FAMILIES.iter().copied().filter(|family| wanted(family.title)).collect();
    let plan = if has("--full") { Plan::Full } else { Plan::Quick };
    let mut progress = |p: strata::probe::measure::Progress| eprintln!("{}/{} {}", p.done, p.of, p.doing);
    let report = run_families(plan, std::time::Instant::now(), &families, &mut progress, &AtomicBool::new(false));
    if has("--json") {
        println!("{}", serde_json::to_string_pretty(&report).unwrap_or_default());
        return;
    }
    println!("{}, {}: {:.1} s", report.host, report.when, report.seconds);
    for m in &report.measurements {
        match &m.outcome {
            Outcome::Measured(v) => {
                let q = v.spread;
                let name = &m.primitive;
                print!(
                    "{name:34} {:14.1} {:4} [{:.1} .. {:.1} .. {:.1}]",
                    v.value,
                    m.unit.symbol(),
                    q.min,
                    q.p90,
                    q.max
                );
                println!(" x{} {:?}", v.runs, v.stability);
            }
            Outcome::NotMeasured { because } => println!("{:34} not measured: {because}", m.primitive),
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("the measurements need Linux");
}
