//! Ctrl-C and its kin: ending at once, or asking a long piece of work to end itself.
//!
//! A signal ends the program at once, whatever it does: reading, checking, drawing tables. Only while a run or a
//! measurement [listens](listen), the first SIGINT, SIGTERM or SIGHUP sets a flag that it looks at, so that what was made
//! is removed and what was found is reported. The handler is then gone: a second one ends the program at once, and the
//! next start sweeps up. Forked children inherit the handler; they are killed, not asked.
//!
//! What was inherited as ignored: SIGINT and SIGHUP stay so, since the one who started this wants it (`nohup`, or `&`
//! in a script, whose shell ignores SIGINT for it). SIGTERM always counts: by it the window stops a measurement, and a
//! service its programs. SIGXFSZ is ignored, so that a file beyond the limit of sizes (`ulimit -f`) is an error that is
//! told, like a full disk, and not the end of the program.
//!
//! Left out: systems other than Linux, where nothing is measured and Ctrl-C ends the program.

use std::sync::atomic::{AtomicBool, Ordering};

static ASKED: AtomicBool = AtomicBool::new(false);

/// Whether somebody has asked for the end while something [listened](listen).
pub fn asked() -> bool {
    ASKED.load(Ordering::SeqCst)
}

/// What signals do from the start of the program on.
#[cfg(target_os = "linux")]
pub fn prepare() {
    // SAFETY: signal(2) with these constants touches no memory of this program, and no handler is set.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
        libc::signal(libc::SIGTERM, libc::SIG_DFL);
    }
}

/// Elsewhere signals do what they always do.
#[cfg(not(target_os = "linux"))]
pub fn prepare() {}

/// While it lives, the first request to stop sets a flag instead of ending the program.
#[must_use]
pub struct Listening {
    #[cfg(target_os = "linux")]
    before: Vec<(libc::c_int, libc::sigaction)>,
}

impl Listening {
    /// Set by the first request to stop, here or in an earlier piece of work.
    pub fn flag(&self) -> &'static AtomicBool {
        &ASKED
    }
}

/// Makes the first request to stop set a flag, until the guard that is returned is dropped.
#[cfg(target_os = "linux")]
pub fn listen() -> Listening {
    extern "C" fn asked(_: libc::c_int) {
        ASKED.store(true, Ordering::SeqCst);
    }

    let mut before = Vec::new();
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        // SAFETY: zeros are a valid sigaction; the handler only writes an atomic, which is safe at any moment. A
        // failure leaves the default, which ends the program.
        unsafe {
            let mut old: libc::sigaction = std::mem::zeroed();
            let known = libc::sigaction(signal, std::ptr::null(), &raw mut old) == 0;
            if known && (signal == libc::SIGTERM || old.sa_sigaction != libc::SIG_IGN) {
                let mut action: libc::sigaction = std::mem::zeroed();
                action.sa_sigaction = asked as *const () as libc::sighandler_t;
                action.sa_flags = libc::SA_RESETHAND;
                if libc::sigaction(signal, &raw const action, std::ptr::null_mut()) == 0 {
                    before.push((signal, old));
                }
            }
        }
    }
    Listening { before }
}

#[cfg(target_os = "linux")]
impl Drop for Listening {
    fn drop(&mut self) {
        for (signal, old) in &self.before {
            // SAFETY: `old` is what the system said to be in force before.
            unsafe { libc::sigaction(*signal, old, std::ptr::null_mut()) };
        }
    }
}

/// Has the kernel send SIGTERM to this process when the thread that started it ends: whoever asked is gone.
#[cfg(target_os = "linux")]
pub fn end_with_parent() {
    if let Err(error) = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::TERM)) {
        tracing::debug!("going on even if the parent ends: {error}");
    }
}

/// Lets SIGTERM end the program that `command` starts until that has a handler of its own, whatever was inherited.
#[cfg(target_os = "linux")]
pub fn can_be_stopped(command: &mut std::process::Command) {
    without_ignored(command, &[libc::SIGTERM]);
}

/// Starts the program of `command` as an interactive shell does in the foreground: no signal ignored.
#[cfg(target_os = "linux")]
pub fn in_the_foreground(command: &mut std::process::Command) {
    without_ignored(command, &[libc::SIGINT, libc::SIGTERM, libc::SIGHUP]);
}

#[cfg(target_os = "linux")]
fn without_ignored(command: &mut std::process::Command, signals: &'static [libc::c_int]) {
    use std::os::unix::process::CommandExt;

    // SAFETY: between fork and exec the closure only calls signal(2), which may be called there and touches no memory.
    unsafe {
        command.pre_exec(move || {
            for signal in signals {
                libc::signal(*signal, libc::SIG_DFL);
            }
            Ok(())
        });
    }
}

/// Elsewhere a child is killed.
#[cfg(not(target_os = "linux"))]
pub fn can_be_stopped(_: &mut std::process::Command) {}

/// Goes on even if the parent ends.
#[cfg(not(target_os = "linux"))]
pub fn end_with_parent() {}

/// A flag that nothing sets.
#[cfg(not(target_os = "linux"))]
pub fn listen() -> Listening {
    Listening {}
}
