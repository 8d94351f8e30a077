//! Many direct reads at once, from one thread: Linux AIO, as databases use it.
//!
//! With threads a deep queue costs a switch of threads for every request, so that one processor can't keep a fast
//! device busy. `io_submit` hands over many requests in one call, `io_getevents` takes what has been completed. The
//! structures are those of `linux/aio_abi.h`. Left out: writes, descriptors that tell of completions.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

use super::memory_region::Region;

/// `struct iocb`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Request {
    data: u64,
    /// `aio_key` and `aio_rw_flags`, which change places with the byte order; both are 0.
    key_and_flags: [u32; 2],
    opcode: u16,
    priority: i16,
    file: u32,
    buffer: u64,
    bytes: u64,
    offset: i64,
    reserved: u64,
    flags: u32,
    told_by: u32,
}

/// `struct io_event`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Completion {
    data: u64,
    request: u64,
    result: i64,
    second_result: i64,
}

/// `IOCB_CMD_PREAD`.
const READ: u16 = 0;

/// Reads in flight, each into its own part of a buffer.
pub struct Reads<'a> {
    context: libc::c_ulong,
    file: &'a File,
    buffer: &'a mut Region,
    block: usize,
    completions: Vec<Completion>,
}

impl<'a> Reads<'a> {
    /// Up to as many reads of `block` bytes at once as `buffer` has room for. The file is open with `O_DIRECT`.
    ///
    /// # Errors
    /// The kernel has no AIO, or no room for it.
    pub fn new(file: &'a File, buffer: &'a mut Region, block: usize) -> io::Result<Reads<'a>> {
        let depth = buffer.size() / block;
        let mut context: libc::c_ulong = 0;
        // SAFETY: the kernel writes one word to `context`, which is 0 as it demands.
        check(unsafe { libc::syscall(libc::SYS_io_setup, depth as libc::c_long, &raw mut context) })?;
        Ok(Reads { context, file, buffer, block, completions: vec![Completion::default(); depth] })
    }

    /// Begins a read at each of `offsets` into the part of the buffer that is given with it.
    ///
    /// # Errors
    /// The kernel did not take all of them.
    ///
    /// # Panics
    /// The buffer has no such part.
    pub fn begin(&mut self, offsets: &[(usize, u64)]) -> io::Result<()> {
        let parts = self.buffer.bytes_mut();
        let requests: Vec<Request> = offsets
            .iter()
            .map(|&(part, offset)| Request {
                data: part as u64,
                opcode: READ,
                file: self.file.as_raw_fd() as u32,
                buffer: parts[part * self.block..][..self.block].as_mut_ptr() as u64,
                bytes: self.block as u64,
                offset: offset as i64,
                ..Request::default()
            })
            .collect();
        let pointers: Vec<*const Request> = requests.iter().map(std::ptr::from_ref).collect();
        let mut given = 0;
        while given < pointers.len() {
            let left = &pointers[given..];
            // SAFETY: the kernel copies the requests during the call. What it writes to afterwards is `buffer`, which
            // is borrowed as long as this lives, and whose reads have ended before this is dropped.
            let taken = check(unsafe {
                libc::syscall(libc::SYS_io_submit, self.context, left.len() as libc::c_long, left.as_ptr())
            })?;
            given += taken;
        }
        Ok(())
    }

    /// Waits until at least one read has been completed; the parts of all that have.
    ///
    /// # Errors
    /// A read failed or was short, or waiting failed.
    pub fn wait(&mut self) -> io::Result<Vec<usize>> {
        let most = self.completions.len() as libc::c_long;
        let count = loop {
            // SAFETY: the kernel writes at most as many completions as there is room for.
            let count = check(unsafe {
                libc::syscall(
                    libc::SYS_io_getevents,
                    self.context,
                    1 as libc::c_long,
                    most,
                    self.completions.as_mut_ptr(),
                    std::ptr::null_mut::<libc::timespec>(),
                )
            });
            match count {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                count => break count?,
            }
        };
        let read = |done: &Completion| match done.result {
            result if result == self.block as i64 => Ok(done.data as usize),
            result if result < 0 => Err(io::Error::from_raw_os_error(-result as i32)),
            result => Err(io::Error::other(format!("{result} of {} bytes were read", self.block))),
        };
        self.completions[..count].iter().map(read).collect()
    }
}

impl Drop for Reads<'_> {
    fn drop(&mut self) {
        // SAFETY: the context is this one's own. The kernel waits for the reads in flight before it returns.
        unsafe { libc::syscall(libc::SYS_io_destroy, self.context) };
    }
}

fn check(result: libc::c_long) -> io::Result<usize> {
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}

#[cfg(test)]
mod tests {
    use super::super::memory_region::Pages;
    use super::*;

    #[test]
    fn reads_bring_what_the_file_has_each_into_its_own_part() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let blocks: Vec<u8> = (0..4u8).flat_map(|block| vec![block + 1; 4096]).collect();
        std::fs::write(&path, blocks).unwrap();
        // Without O_DIRECT, which not every file system has; the kernel then reads before it returns.
        let file = File::open(&path).unwrap();
        let mut buffer = Region::new(4 * 4096, Pages::Small).unwrap();
        match Reads::new(&file, &mut buffer, 4096) {
            Ok(mut reads) => {
                reads.begin(&[(0, 3 * 4096), (1, 2 * 4096), (2, 4096), (3, 0)]).unwrap();
                let mut done = Vec::new();
                while done.len() < 4 {
                    done.extend(reads.wait().unwrap());
                }
                done.sort_unstable();
                assert_eq!(done, [0, 1, 2, 3]);
                // Beyond the end there is nothing.
                reads.begin(&[(0, 1 << 20)]).unwrap();
                assert!(reads.wait().is_err());
            }
            Err(error) => return println!("skipped: no AIO: {error}"),
        }
        let first = [0, 4096, 8192, 12288].map(|at| buffer.bytes_mut()[at]);
        assert_eq!(first, [4, 3, 2, 1]);
    }
}
