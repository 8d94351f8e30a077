//! The works, really done on this host, each in a forked process that dies with the program.

mod calls;
mod guests;
mod load;
mod network;
mod quota;
mod reads;
mod starts;

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use load::Load;

use super::{Place, Work};
use crate::probe::cleanup::Scratch;
use crate::probe::measure::{Cpus, Effort, describe, install_seccomp, pin};
use crate::probe::sandbox::in_child;
use crate::probe::sandbox::namespaces::{CONTAINER_KINDS, become_root_inside, enter_new, is_privileged};

/// How long and how often a short work is repeated.
const EFFORT: Effort = Effort { run: Duration::from_millis(4), runs: 51, limit: Duration::from_millis(400) };

/// This host.
#[derive(Debug)]
pub struct Host {
    cpus: Cpus,
    scratch: Result<Scratch, String>,
    interpreted: bool,
}

impl Host {
    /// Makes the folder that works may write to, and finds out how `/dev/kvm` runs its guests.
    pub fn new() -> Host {
        let scratch = Scratch::new().map_err(|error| error.to_string());
        Host { cpus: Cpus::choose(), scratch, interpreted: guests::interpreted() == Some(true) }
    }

    /// What it is, in a line.
    pub fn describe(&self) -> String {
        describe()
    }

    /// Does a work; its samples.
    ///
    /// # Errors
    /// It can't be done here, and why.
    pub fn measure(&self, work: Work) -> Result<Vec<f64>, String> {
        let main = self.cpus.main;
        match work {
            Work::Calls(place) => within(place, main, || Ok(calls::rounds())),
            Work::PingPong { place, across } => {
                let other = if across { self.cpus.partner()? } else { main };
                within(place, main, || calls::ping_pong(other))
            }
            Work::Late => within(Place::Process, main, || Ok(calls::late())),
            Work::Throughput(percent) => quota::throughput(percent, self.scratch()?, main),
            Work::Periodic(percent) => quota::periodic(percent, self.scratch()?, main),
            Work::CachedReads => {
                let folder = self.scratch()?.path();
                within(Place::Process, main, || reads::cached(folder))
            }
            Work::DirectReads(depth) => {
                let folder = self.scratch()?.path();
                in_child(|| reads::direct(folder, depth))
            }
            Work::Walk => within(Place::Process, main, calls::walk),
            Work::RoundTrip(route) => {
                let other = self.cpus.partner()?;
                within(Place::Process, main, || network::round_trip(route, other))
            }
            Work::ForkExec => {
                let folder = self.scratch()?.path();
                within(Place::Process, main, || starts::fork_exec(folder))
            }
            Work::ContainerStart => {
                let scratch = self.scratch()?;
                within(Place::Process, main, || starts::container(scratch))
            }
            Work::VmStart => within(Place::Process, main, guests::start),
            Work::Guest(work) => within(Place::Process, main, || guests::run(work)),
        }
    }

    /// Whether `/dev/kvm` interprets its guests here.
    pub fn interprets_guests(&self) -> bool {
        self.interpreted
    }

    fn scratch(&self) -> Result<&Scratch, String> {
        self.scratch.as_ref().map_err(Clone::clone)
    }
}

/// Does `body` in a forked process on `cpu`, or in one in a container.
fn within<T: Serialize + DeserializeOwned>(
    place: Place,
    cpu: usize,
    body: impl FnOnce() -> Result<T, String>,
) -> Result<T, String> {
    let pinned = || pin(cpu).map_err(|e| format!("pinning to CPU {cpu}: {e}"));
    match place {
        Place::Process => in_child(|| pinned().and_then(|()| body())),
        Place::Container => in_child(|| {
            pinned()?;
            if !is_privileged() {
                become_root_inside()?;
            }
            enter_new(CONTAINER_KINDS).map_err(|e| format!("making namespaces: {e}"))?;
            in_child(|| install_seccomp().and_then(|()| body()))
        }),
    }
}
