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

use super::{Facts, Place, Work};
use crate::probe::cleanup::Scratch;
use crate::probe::measure::{Cpus, Effort, describe, install_seccomp, no_thread, pin};
use crate::probe::sandbox::cgroups::{Cgroup, find};
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
            Work::Calls(place) => self.within(place, || Ok(calls::rounds())),
            Work::PingPong { place, across } => {
                let other = if across { self.cpus.partner()? } else { main };
                self.within(place, || calls::ping_pong(other))
            }
            Work::Late => self.within(Place::Process, || Ok(calls::late())),
            Work::Throughput(percent) => quota::throughput(percent, self.scratch()?, main, stop),
            Work::Periodic(percent) => quota::periodic(percent, self.scratch()?, main, stop),
            Work::CachedReads(depth) => {
                let folder = self.scratch()?.path();
                in_child_until(stop, || reads::cached(folder, depth))
            }
            Work::DirectReads(depth) => {
                let folder = self.scratch()?.path();
                in_child_until(stop, || reads::direct(folder, depth))
            }
            Work::Walk => self.within(Place::Process, calls::walk),
            Work::RoundTrip(route) => {
                let other = self.cpus.partner()?;
                self.within(Place::Process, || network::round_trip(route, other))
            }
            Work::ForkExec => {
                let folder = self.scratch()?.path();
                self.within(Place::Process, || starts::fork_exec(folder))
            }
            Work::ContainerStart => {
                let scratch = self.scratch()?;
                self.on_a_thread(|| starts::container(scratch, stop))
            }
            Work::VmStart => self.within(Place::Process, guests::start),
            Work::Guest(work) => self.within(Place::Process, || guests::run(work, self.interpreted)),
        }
    }

    /// Runs `body` in a process of its own, so that this one stays small: a simulation leaves much memory behind, and
    /// the works fork this process, which costs the more the larger it is. What is brought back must be small too.
    ///
    /// # Errors
    /// Those of `body`, and what became of the process.
    pub fn apart<T: Serialize + DeserializeOwned>(
        &self,
        body: impl FnOnce() -> Result<T, String>,
    ) -> Result<T, String> {
        in_child_until(self.stop, body)
    }

    /// What the simulations of these works begin with, counted in processes as theirs. What can't be counted here can't be
    /// done here either.
    pub fn facts(&self, works: &[Work]) -> Facts {
        let mut facts = Facts::default();
        (facts.rootless, facts.cgroup) = starts::containers_here();
        let Ok(scratch) = self.scratch() else { return facts };
        let fork_exec = || self.within(Place::Process, || starts::count_fork_exec(scratch.path()));
        if works.iter().any(|work| matches!(work, Work::ForkExec | Work::ContainerStart))
            && let Ok((forks, of_program)) = fork_exec()
        {
            facts.fork_exec = forks;
            if works.contains(&Work::ContainerStart)
                && let Ok(forks) = self.on_a_thread(|| starts::count_container(scratch, of_program))
            {
                facts.container = forks;
            }
        }
        facts
    }

    /// Does `body` on a thread of its own, for its processor alone: what a container leaves half-made when it is broken
    /// off is cleared away by this process, so no child that could be killed stands between them.
    fn on_a_thread<T: Send>(&self, body: impl FnOnce() -> Result<T, String> + Send) -> Result<T, String> {
        let main = self.cpus.main;
        std::thread::scope(|threads| {
            let work = || pinned(main).and_then(|()| body());
            let thread = std::thread::Builder::new().spawn_scoped(threads, work).map_err(no_thread)?;
            thread.join().unwrap_or_else(|_| Err("the work's thread ended early".to_owned()))
        })
    }

    /// Whether `/dev/kvm` interprets its guests here.
    pub fn interprets_guests(&self) -> bool {
        self.interpreted
    }

    /// Nanoseconds of a turn of the guests' arithmetic in a process of this host.
    ///
    /// # Errors
    /// It can't be had here, and why.
    pub fn native_arithmetic(&self) -> Result<f64, String> {
        self.within(Place::Process, guests::native_arithmetic)
    }

    fn scratch(&self) -> Result<&Scratch, String> {
        self.scratch.as_ref().map_err(Clone::clone)
    }

    /// Does `body` in a forked process on the main processor, or in one in a container.
    fn within<T: Serialize + DeserializeOwned>(
        &self,
        place: Place,
        body: impl FnOnce() -> Result<T, String>,
    ) -> Result<T, String> {
        let (main, stop) = (self.cpus.main, self.stop);
        match place {
            Place::Process => in_child_until(stop, || pinned(main).and_then(|()| body())),
            Place::Container => {
                // Where this user has one. It is removed when the processes in it are gone, however they ended.
                let at = find(false).ok().zip(self.scratch().ok());
                let cgroup = at.map(|(at, scratch)| Cgroup::new(&at, scratch, "contained")).transpose()?;
                in_child_until(stop, || contained(cgroup.as_ref(), main, body))
            }
        }
    }
}

fn pinned(cpu: usize) -> Result<(), String> {
    pin(cpu).map_err(|e| format!("pinning to CPU {cpu}: {e}"))
}

/// Takes this process to `cpu`, into the cgroup and into namespaces of its own, and does `body` in a child under a
/// filter.
fn contained<T: Serialize + DeserializeOwned>(
    cgroup: Option<&Cgroup>,
    cpu: usize,
    body: impl FnOnce() -> Result<T, String>,
) -> Result<T, String> {
    pinned(cpu)?;
    // Before the user namespace: the cgroup is the outer user's.
    cgroup.map_or(Ok(()), Cgroup::enter).map_err(|e| format!("entering a cgroup: {e}"))?;
    if !is_privileged() {
        become_root_inside()?;
    }
    enter_new(CONTAINER_KINDS).map_err(|e| format!("making namespaces: {e}"))?;
    in_child(|| install_seccomp().and_then(|()| body()))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering::SeqCst;
    use std::time::Instant;

    use super::*;
    use crate::probe::cleanup::PREFIX;

    #[test]
    fn a_contained_work_is_in_a_cgroup_which_is_gone_when_it_is_stopped() {
        let Ok(at) = find(false) else { return println!("skipped: {:?}", find(false)) };
        let folder = at.folder.join(format!("{PREFIX}{}-contained", std::process::id()));
        let stop = AtomicBool::new(false);
        let host = Host::new(&stop);
        let (was_in_it, ended) = std::thread::scope(|scope| {
            let (stop, folder) = (&stop, &folder);
            let watch = scope.spawn(move || {
                let begun = Instant::now();
                let inside = || std::fs::read_to_string(folder.join("cgroup.procs")).is_ok_and(|all| !all.is_empty());
                let waits = || begun.elapsed() < Duration::from_secs(60) && !stop.load(SeqCst);
                while !inside() && waits() {
                    std::thread::sleep(Duration::from_millis(1));
                }
                let found = inside();
                stop.store(true, SeqCst);
                found
            });
            let forever = || -> Result<u32, String> {
                loop {
                    std::thread::sleep(Duration::from_secs(1));
                }
            };
            let ended = host.within(Place::Container, forever);
            stop.store(true, SeqCst);
            (watch.join().unwrap(), ended.unwrap_err())
        });
        assert!(!folder.exists());
        // Namespaces may be refused; then there was nothing to stop.
        assert!(was_in_it && ended.contains("stopped") || ended.contains("namespaces"), "{ended}");
    }
}
