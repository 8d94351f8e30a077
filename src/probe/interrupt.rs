//! Ctrl-C and its kin: asking a measurement to end itself.
//!
//! The first SIGINT, SIGTERM or SIGHUP sets a flag that the measurements look at, so that what was made is removed and
//! what was measured is reported. The handler is then gone: a second one ends the program at once, and the next start
//! sweeps up. Forked children inherit the handler; they are killed, not asked. SIGINT and SIGHUP stay ignored where the
//! one who started this wants so (`nohup`, or `&` in a script, whose shell ignores SIGINT for it). SIGTERM always
//! counts: by it the window stops a measurement. Left out: systems other than Linux, where nothing is measured and
//! Ctrl-C ends the program.

use std::sync::atomic::AtomicBool;

static ASKED: AtomicBool = AtomicBool::new(false);

/// Makes the first request to stop set the flag that is returned, instead of ending the program.
#[cfg(target_os = "linux")]
pub fn flag() -> &'static AtomicBool {
    use std::sync::atomic::Ordering::SeqCst;

    extern "C" fn asked(_: libc::c_int) {
        ASKED.store(true, SeqCst);
    }

    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        // SAFETY: zeros are a valid sigaction; the handler only writes an atomic, which is safe at any moment. A
        // failure leaves the default, which ends the program.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            let known = libc::sigaction(signal, std::ptr::null(), &raw mut action) == 0;
            if known && (signal == libc::SIGTERM || action.sa_sigaction != libc::SIG_IGN) {
                action = std::mem::zeroed();
                action.sa_sigaction = asked as *const () as libc::sighandler_t;
                action.sa_flags = libc::SA_RESETHAND;
                libc::sigaction(signal, &raw const action, std::ptr::null_mut());
            }
        }
    }
    &ASKED
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
    use std::os::unix::process::CommandExt;

    // SAFETY: between fork and exec the closure only calls signal(2), which may be called there and touches no memory.
    unsafe {
        command.pre_exec(|| {
            libc::signal(libc::SIGTERM, libc::SIG_DFL);
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
pub fn flag() -> &'static AtomicBool {
    &ASKED
}
