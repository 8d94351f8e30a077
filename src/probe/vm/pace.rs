//! How fast a guest's programs run: in the guest, and two of them in this process.

use std::time::Instant;

use super::guest::Program;
use super::machine::Machine;
use crate::probe::measure::{Effort, Samples, elapsed_ns, per_iteration, try_runs};

/// A guest this many times slower than the host is interpreted. On the processor it is a few per cent.
const INTERPRETED: f64 = 8.0;

/// One turn of [`Program::Compute`], in this process and in a guest.
#[derive(Clone, Debug)]
pub struct Pace {
    /// In this process.
    pub outside: Samples,
    /// In the guest.
    pub inside: Samples,
}

impl Pace {
    /// Takes it.
    ///
    /// # Errors
    /// KVM refused, or the guest crashed.
    pub fn of(effort: &Effort, machine: &mut Machine) -> Result<Pace, String> {
        let outside = per_iteration(effort, native_loop);
        Ok(Pace { outside, inside: turns(effort, machine, Program::Compute, 0)? })
    }

    /// How many times longer it takes in the guest.
    pub fn ratio(&self) -> f64 {
        self.inside.median() / self.outside.median().max(f64::MIN_POSITIVE)
    }

    /// Whether this host's `/dev/kvm` interprets its guests.
    pub fn is_interpreted(&self) -> bool {
        self.ratio() > INTERPRETED
    }
}

/// Nanoseconds of one turn of `program` in the guest: a run of many, less a run of one, so that entering, leaving and
/// first touches drop out, however long they take. `rax` is where a walk begins.
///
/// # Errors
/// KVM refused, or the guest crashed.
pub fn turns(effort: &Effort, machine: &mut Machine, program: Program, rax: u64) -> Result<Samples, String> {
    let mut time = |turns| {
        let start = Instant::now();
        machine.run(program, turns, rax).map(|()| elapsed_ns(start)).map_err(|e| e.to_string())
    };
    let one = (0..3).map(|_| time(1)).collect::<Result<Vec<_>, _>>()?.into_iter().fold(f64::MAX, f64::min);
    let goal = effort.run.as_nanos() as f64 + 10.0 * one;
    let mut turns = 8;
    while time(turns)? < goal && turns < 1 << 36 {
        turns *= 2;
    }
    try_runs(effort, || Ok((time(turns)? - one).max(0.0) / (turns - 1) as f64))
}

/// [`Program::Compute`] in this process, instruction by instruction.
fn native_loop(turns: u64) {
    // SAFETY: touches registers alone.
    unsafe {
        std::arch::asm!(
            "2:",
            "add rax, {step}",
            "dec {turns}",
            "jnz 2b",
            step = in(reg) 3u64,
            turns = inout(reg) turns.max(1) => _,
            inout("rax") 0u64 => _,
            options(nomem, nostack),
        );
    }
}

/// [`Program::Scramble`] in this process, instruction by instruction.
pub fn native_scramble(turns: u64) {
    // SAFETY: touches registers alone.
    unsafe {
        std::arch::asm!(
            "2:",
            "mov rdx, rax",
            "shl rdx, 13",
            "xor rax, rdx",
            "mov rdx, rax",
            "shr rdx, 7",
            "xor rax, rdx",
            "mov rdx, rax",
            "shl rdx, 17",
            "xor rax, rdx",
            "imul rdx, rax",
            "test edx, edx",
            "js 3f",
            "add rcx, rdx",
            "jmp 4f",
            "3:",
            "xor rcx, rax",
            "rol rcx, 1",
            "4:",
            "dec {turns}",
            "jnz 2b",
            turns = inout(reg) turns.max(1) => _,
            inout("rax") super::SEED => _,
            inout("rcx") 0u64 => _,
            out("rdx") _,
            options(nomem, nostack),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_is_interpreted_if_a_turn_of_it_takes_many_times_longer() {
        let pace =
            |outside, inside| Pace { outside: Samples::of_runs(vec![outside]), inside: Samples::of_runs(vec![inside]) };
        assert!(!pace(0.3, 0.4).is_interpreted());
        assert!(pace(0.3, 900.0).is_interpreted());
    }
}
