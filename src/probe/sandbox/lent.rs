//! Children that share this process's memory instead of copying it: what vfork and posix_spawn make.
//!
//! Such a child runs on a stack of its own and does one thing: it ends at once, or executes a program. Left out: the
//! wish to die with the parent, because a child that shares memory lives for microseconds only.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::io;

use rustix::process::{Pid, WaitOptions, waitpid};

/// Bytes of a child's stack: it calls two functions.
const STACK: usize = 64 << 10;

/// Makes children that share memory, one at a time.
#[derive(Debug)]
pub struct Lender {
    // 16-byte words, as a stack is aligned.
    stack: Vec<u128>,
}

impl Default for Lender {
    fn default() -> Self {
        Lender { stack: vec![0; STACK / size_of::<u128>()] }
    }
}

/// A child that shares this process's memory. It must be waited for before the next one is made.
#[derive(Debug)]
#[must_use]
pub struct Borrower(Pid);

impl Borrower {
    /// Waits until it ends; its exit code.
    ///
    /// # Errors
    /// The kernel knows no such child.
    pub fn wait(self) -> io::Result<Option<i32>> {
        loop {
            match waitpid(Some(self.0), WaitOptions::empty()) {
                Ok(Some((_, status))) => return Ok(status.exit_status()),
                Ok(None) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

extern "C" fn end(_: *mut c_void) -> c_int {
    // SAFETY: never returns, and runs no code of this process.
    unsafe { libc::_exit(0) }
}

extern "C" fn execute(path: *mut c_void) -> c_int {
    let path = path.cast::<c_char>().cast_const();
    let (arguments, environment) = ([path, std::ptr::null()], [std::ptr::null()]);
    // SAFETY: the caller of `Lender::execute` holds the path and stands still; the arrays end with null.
    unsafe {
        libc::execve(path, arguments.as_ptr(), environment.as_ptr());
        libc::_exit(127)
    }
}

impl Lender {
    /// Makes a child that ends at once; if `stand_still`, this process goes on when it has.
    ///
    /// # Errors
    /// No process can be made.
    pub fn end(&mut self, stand_still: bool) -> io::Result<Borrower> {
        let still = if stand_still { libc::CLONE_VFORK } else { 0 };
        self.clone_with(end, still, std::ptr::null_mut())
    }

    /// Makes a child that executes the program at `path`; this process stands still until it does.
    ///
    /// # Errors
    /// No process can be made.
    pub fn execute(&mut self, path: &CStr) -> io::Result<Borrower> {
        self.clone_with(execute, libc::CLONE_VFORK, path.as_ptr().cast_mut().cast())
    }

    fn clone_with(
        &mut self,
        body: extern "C" fn(*mut c_void) -> c_int,
        flags: c_int,
        argument: *mut c_void,
    ) -> io::Result<Borrower> {
        let top = self.stack.as_mut_ptr_range().end.cast();
        // SAFETY: the child runs `body` on a stack that nobody else uses until it has been waited for, and touches
        // nothing but it and `argument`, which its parent keeps.
        let pid = unsafe { libc::clone(body, top, libc::CLONE_VM | libc::SIGCHLD | flags, argument) };
        Pid::from_raw(pid).filter(|_| pid > 0).map(Borrower).ok_or_else(io::Error::last_os_error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_on_lent_memory_ends_or_says_that_there_is_no_such_program() {
        let mut lender = Lender::default();
        for stand_still in [true, false] {
            assert_eq!(lender.end(stand_still).unwrap().wait().unwrap(), Some(0));
        }
        assert_eq!(lender.execute(c"/no/such/program").unwrap().wait().unwrap(), Some(127));
    }
}
