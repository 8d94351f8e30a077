//! Ctrl-C and its kin: asking a measurement to end itself.
//!
//! The first SIGINT, SIGTERM or SIGHUP sets a flag that the measurements look at, so that what was made is removed and
//! what was measured is reported. The handler is then gone: a second one ends the program at once, and the next start
//! sweeps up. Forked children inherit the handler; they are killed, not asked. Left out: systems other than Linux,
//! where nothing is measured and Ctrl-C ends the program.

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
        // failure leaves the default, which ends the program. One that is ignored (nohup) stays ignored.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            if libc::sigaction(signal, std::ptr::null(), &raw mut action) == 0 && action.sa_sigaction != libc::SIG_IGN {
                action = std::mem::zeroed();
                action.sa_sigaction = asked as *const () as libc::sighandler_t;
                action.sa_flags = libc::SA_RESETHAND;
                libc::sigaction(signal, &raw const action, std::ptr::null_mut());
            }
        }
    }
    &ASKED
}

/// Has the kernel send SIGINT to this process when the thread that started it ends: whoever asked is gone.
#[cfg(target_os = "linux")]
pub fn end_with_parent() {
    if let Err(error) = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::INT)) {
        tracing::debug!("going on even if the parent ends: {error}");
    }
}

/// Goes on even if the parent ends.
#[cfg(not(target_os = "linux"))]
pub fn end_with_parent() {}

/// A flag that nothing sets.
#[cfg(not(target_os = "linux"))]
pub fn flag() -> &'static AtomicBool {
    &ASKED
}
