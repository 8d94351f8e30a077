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
use crate::probe::measure::{Cpus, Effort, describe, install_seccomp, pin};
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
    interpreted: Option<bool>,
}

impl Host<'_> {
    /// Makes the folder that works may write to, and finds out how `/dev/kvm` runs its guests.
    pub fn new(stop: &AtomicBool) -> Host<'_> {
        let scratch = Scratch::new().map_err(|error| error.to_string());
        Host { stop, cpus: Cpus::choose(), scratch, interpreted: guests::interpreted() }
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
                starts::container(scratch, stop)
            }
            Work::VmStart => within(stop, Place::Process, main, guests::start),
            Work::Guest(work) => within(stop, Place::Process, main, || guests::run(work)),
        }
    }

    /// Whether what this host really does with a work is what the simulated machine would do.
    ///
    /// # Errors
    /// It is not.
    pub fn predictable(&self, work: Work) -> Result<(), String> {
        match (work, self.interpreted) {
            (Work::Guest(_), Some(true)) => {
                Err("mechanism missing: full emulation; this host's /dev/kvm interprets its guests".to_owned())
            }
            _ => Ok(()),
        }
    }

    fn scratch(&self) -> Result<&Scratch, String> {
        self.scratch.as_ref().map_err(Clone::clone)
    }
}

/// Does `body` in a forked process on `cpu`, or in one in a container.
fn within<T: Serialize + DeserializeOwned>(
    stop: &AtomicBool,
    place: Place,
    cpu: usize,
    body: impl FnOnce() -> Result<T, String>,
) -> Result<T, String> {
    let pinned = || pin(cpu).map_err(|e| format!("pinning to CPU {cpu}: {e}"));
    match place {
        Place::Process => in_child_until(stop, || pinned().and_then(|()| body())),
        Place::Container => in_child_until(stop, || {
            pinned()?;
            if !is_privileged() {
                become_root_inside()?;
            }
            enter_new(CONTAINER_KINDS).map_err(|e| format!("making namespaces: {e}"))?;
            in_child(|| install_seccomp().and_then(|()| body()))
        }),
    }
}
