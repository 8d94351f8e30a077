//! A virtual machine: its start, and programs in it.

use crate::validate::GuestWork;

#[cfg(not(target_arch = "x86_64"))]
const ABSENT: &str = "the probe's guest is written for x86-64";

/// Whether this host's `/dev/kvm` interprets its guests; `None` if no guest runs here.
#[cfg(not(target_arch = "x86_64"))]
pub fn interpreted() -> Option<bool> {
    None
}

/// Nanoseconds of a turn of the guest's arithmetic in this process.
#[cfg(not(target_arch = "x86_64"))]
pub fn native_arithmetic() -> Result<f64, String> {
    Err(ABSENT.to_owned())
}

/// Nanoseconds from nothing to a guest's first exit.
#[cfg(not(target_arch = "x86_64"))]
pub fn start() -> Result<Vec<f64>, String> {
    Err(ABSENT.to_owned())
}

/// Nanoseconds of a turn of a program in a guest.
#[cfg(not(target_arch = "x86_64"))]
pub fn run(_: GuestWork, _: bool) -> Result<Vec<f64>, String> {
    Err(ABSENT.to_owned())
}

#[cfg(target_arch = "x86_64")]
pub use x86::{interpreted, native_arithmetic, run, start};

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::time::{Duration, Instant};

    use super::GuestWork;
    use crate::probe::measure::{Effort, LINE, Pages, Plan, elapsed_ns, per_iteration};
    use crate::probe::sandbox::in_child;
    use crate::probe::vm::{Machine, Pace, Program, SEED, native_scramble, turns};
    use crate::validate::work::WALK_BYTES;

    const LONG: Duration = Duration::from_millis(400);
    const EFFORT: Effort = Effort { run: Duration::from_millis(8), runs: 50, limit: LONG };
    const LEAST_MEMORY: usize = 2 << 20;

    /// Whether this host's `/dev/kvm` interprets its guests; `None` if no guest runs here.
    pub fn interpreted() -> Option<bool> {
        let interpreted = in_child(|| {
            let (mut machine, _) = Machine::new(LEAST_MEMORY, Pages::Small).map_err(|e| e.to_string())?;
            Ok(Pace::of(&Plan::Quick.effort(), &mut machine)?.is_interpreted())
        });
        interpreted.ok()
    }

    /// Nanoseconds of a turn of the guest's arithmetic in this process.
    pub fn native_arithmetic() -> Result<f64, String> {
        Ok(per_iteration(&EFFORT, native_scramble).median())
    }

    /// Nanoseconds from nothing to a guest's first exit.
    pub fn start() -> Result<Vec<f64>, String> {
        let begin = Instant::now();
        let mut times = Vec::new();
        while begin.elapsed() < LONG || times.len() < 6 {
            let clock = Instant::now();
            let (mut machine, _) = Machine::new(LEAST_MEMORY, Pages::Small).map_err(|e| e.to_string())?;
            machine.run(Program::First, 1, 0).map_err(|e| e.to_string())?;
            times.push(elapsed_ns(clock));
        }
        Ok(times.split_off(1))
    }

    /// Nanoseconds of a turn of a program in a guest.
    pub fn run(work: GuestWork, interpreted: bool) -> Result<Vec<f64>, String> {
        let memory = if work == GuestWork::Walk { WALK_BYTES + (2 << 20) } else { LEAST_MEMORY };
        let (mut machine, _) = Machine::new(memory, Pages::Small).map_err(|e| e.to_string())?;
        let (program, rax) = match work {
            GuestWork::Compute => (Program::Scramble, SEED),
            GuestWork::Exits if interpreted => (Program::Outs, 0),
            GuestWork::Exits => (Program::Mixed, 0),
            GuestWork::Walk => (Program::Walk, lay(&mut machine)),
        };
        turns(&EFFORT, &mut machine, program, rax).map(|samples| samples.into_values())
    }

    /// Lays a random cycle through the guest's memory; where it begins.
    fn lay(machine: &mut Machine) -> u64 {
        let (start, len) = machine.data();
        let offsets: Vec<usize> = (start..start + len).step_by(LINE).collect();
        machine.memory().lay(&offsets, 0);
        offsets.first().map_or(0, |&offset| offset as u64)
    }
}
