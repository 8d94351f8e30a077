//! How busy other programs keep this computer.

use std::time::Duration;

use rustix::param::clock_ticks_per_second;

/// Processor time so far, in seconds: everybody's, and this program's with its children that have ended.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    all: f64,
    idle: f64,
    own: f64,
}

impl Load {
    /// Now; `None` where the kernel does not say.
    pub fn now() -> Option<Load> {
        let stat = std::fs::read_to_string("/proc/stat").ok()?;
        let ticks: Vec<f64> = stat.lines().next()?.split_whitespace().skip(1).filter_map(|t| t.parse().ok()).collect();
        let tick = clock_ticks_per_second() as f64;
        // User, nice, system, idle, waiting for a disk, interrupts, soft interrupts, stolen; guests are in user.
        let all: f64 = ticks.iter().take(8).sum();
        let idle = ticks.get(3)? + ticks.get(4)?;
        // User, system, and both of the children: fields 14 to 17, counted after the name in brackets.
        let own = std::fs::read_to_string("/proc/self/stat").ok()?;
        let own: f64 =
            own.rsplit(')').next()?.split_whitespace().skip(11).take(4).filter_map(|t| t.parse::<f64>().ok()).sum();
        Some(Load { all: all / tick, idle: idle / tick, own: own / tick })
    }

    /// The share of all processors that others used since.
    pub fn others_since(&mut self) -> Option<f64> {
        let now = Load::now()?;
        let all = now.all - self.all;
        let others = all - (now.idle - self.idle) - (now.own - self.own);
        (all > Duration::from_millis(100).as_secs_f64()).then(|| (others / all).clamp(0.0, 1.0))
    }
}
