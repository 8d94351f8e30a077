//! The works, really done on this host, each in a forked process that dies with the program.

mod calls;
mod guests;
mod load;
mod network;
mod quota;
mod reads;
mod starts;

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use load::Load;

use super::{Place, Work};
use crate::probe::cleanup::Scratch;
use crate::probe::measure::{Cpus, Effort, describe, install_seccomp, no_thread, pin};
use crate::probe::sandbox::namespaces::{CONTAINER_KINDS, become_root_inside, enter_new, is_privileged};
use crate::probe::sandbox::{in_child, in_child_until};

/// How long and how often a short work is repeated.
const EFFORT: Effort = Effort { run: Duration::from_millis(4), runs: 51, limit: Duration::from_millis(400) };

/// This host.
#[derive(Debug)]
pub struct Host<'a> {
    /// When this becomes true, the work under way is broken off.
    stop: &'a AtomicBool,
    cpus: Cpus,
    scratch: Result<Scratch, String>,
    interpreted: bool,
}

impl Host<'_> {
    /// Makes the folder that works may write to, and finds out how `/dev/kvm` runs its guests.
    pub fn new(stop: &AtomicBool) -> Host<'_> {
        let scratch = Scratch::new().map_err(|error| error.to_string());
        Host { stop, cpus: Cpus::choose(), scratch, interpreted: guests::interpreted() == Some(true) }
    }

    /// What it is, in a line.
    pub fn describe(&self) -> String {
        describe()
    }

    /// Does a work; its samples.
    ///
    /// # Errors
    /// It can't be done here, and why; or it was broken off.
    pub fn measure(&self, work: Work) -> Result<Vec<f64>, String> {
        let (main, stop) = (self.cpus.main, self.stop);
        match work {
            Work::Calls(place) => within(stop, place, main, || Ok(calls::rounds())),
            Work::PingPong { place, across } => {
                let other = if across { self.cpus.partner()? } else { main };
                within(stop, place, main, || calls::ping_pong(other))
            }
            Work::Late => within(stop, Place::Process, main, || Ok(calls::late())),
            Work::Throughput(percent) => quota::throughput(percent, self.scratch()?, main, stop),
            Work::Periodic(percent) => quota::periodic(percent, self.scratch()?, main, stop),
            Work::CachedReads => {
                let folder = self.scratch()?.path();
                within(stop, Place::Process, main, || reads::cached(folder))
            }
            Work::DirectReads(depth) => {
                let folder = self.scratch()?.path();
                in_child_until(stop, || reads::direct(folder, depth))
            }
            Work::Walk => within(stop, Place::Process, main, calls::walk),
            Work::RoundTrip(route) => {
                let other = self.cpus.partner()?;
                within(stop, Place::Process, main, || network::round_trip(route, other))
            }
            Work::ForkExec => {
                let folder = self.scratch()?.path();
                within(stop, Place::Process, main, || starts::fork_exec(folder))
            }
            Work::ContainerStart => {
                let scratch = self.scratch()?;
                // On a thread of its own, for its processor alone: what a container leaves half-made when it is broken
                // off is cleared away by this process, so no child that could be killed stands between them.
                std::thread::scope(|threads| {
                    let start = || pinned(main).and_then(|()| starts::container(scratch, stop));
                    let thread = std::thread::Builder::new().spawn_scoped(threads, start).map_err(no_thread)?;
                    thread.join().unwrap_or_else(|_| Err("the work's thread ended early".to_owned()))
                })
            }
            Work::VmStart => within(stop, Place::Process, main, guests::start),
            Work::Guest(work) => within(stop, Place::Process, main, || guests::run(work)),
        }
    }

    /// Runs `body` in a process of its own, so that this one stays small: a simulation leaves much memory behind, and
    /// the works fork this process, which costs the more the larger it is.
    ///
    /// # Errors
    /// Those of `body`, and what became of the process.
    pub fn apart(&self, body: impl FnOnce() -> Result<Vec<f64>, String>) -> Result<Vec<f64>, String> {
        in_child_until(self.stop, body)
    }

    /// Whether `/dev/kvm` interprets its guests here.
    pub fn interprets_guests(&self) -> bool {
        self.interpreted
    }

    fn scratch(&self) -> Result<&Scratch, String> {
        self.scratch.as_ref().map_err(Clone::clone)
    }
}

fn pinned(cpu: usize) -> Result<(), String> {
    pin(cpu).map_err(|e| format!("pinning to CPU {cpu}: {e}"))
}

/// Does `body` in a forked process on `cpu`, or in one in a container.
fn within<T: Serialize + DeserializeOwned>(
    stop: &AtomicBool,
    place: Place,
    cpu: usize,
    body: impl FnOnce() -> Result<T, String>,
) -> Result<T, String> {
    match place {
        Place::Process => in_child_until(stop, || pinned(cpu).and_then(|()| body())),
        Place::Container => in_child_until(stop, || {
            pinned(cpu)?;
            if !is_privileged() {
                become_root_inside()?;
            }
            enter_new(CONTAINER_KINDS).map_err(|e| format!("making namespaces: {e}"))?;
            in_child(|| install_seccomp().and_then(|()| body()))
        }),
    }
}
