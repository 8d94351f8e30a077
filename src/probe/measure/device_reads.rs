//! Whether direct reads reach a device.
//!
//! A file system that lies in memory, however many layers below, also answers reads that ask to pass the page cache;
//! what they take says nothing about a disk. The kernel counts for each process what it has fetched from devices: if
//! that is much less than what was asked for, the reads ended in memory, or on the way to somebody else's file system.
//! Left out: a layer below this kernel that keeps its disks in memory.

use std::path::Path;

use super::small_file::read_small;
use crate::amounts::bytes;

/// What the kernel had fetched from devices for this process, all its threads, when direct reads began.
#[derive(Clone, Copy, Debug)]
pub struct DeviceReads(Option<u64>);

impl DeviceReads {
    /// From now on.
    pub fn count() -> DeviceReads {
        DeviceReads(fetched())
    }

    /// That most of the `asked` bytes, read directly from `folder` since then, came from a device. True where this
    /// kernel does not count.
    ///
    /// # Errors
    /// They did not.
    pub fn reached(self, asked: u64, folder: &Path) -> Result<(), String> {
        match (self.0, fetched()) {
            (Some(before), Some(after)) if after.saturating_sub(before) < asked / 2 => Err(format!(
                "reads never reach a device: of {} read directly from {} the kernel fetched {} from one; set TMPDIR to \
                 a folder on a disk",
                bytes(asked),
                folder.display(),
                bytes(after.saturating_sub(before)),
            )),
            _ => Ok(()),
        }
    }
}

fn fetched() -> Option<u64> {
    parse(&read_small("/proc/self/io").ok()?)
}

fn parse(io: &str) -> Option<u64> {
    io.lines().find_map(|line| line.strip_prefix("read_bytes:")?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_that_no_device_served_are_refused_and_unknown_ones_are_not() {
        assert_eq!(parse("rchar: 5\nread_bytes: 4096\nwrite_bytes: 7\n"), Some(4096));
        assert_eq!(parse("nonsense"), None);
        let place = Path::new("/there");
        // Nothing is read meanwhile.
        if DeviceReads::count().0.is_some() {
            let said = DeviceReads::count().reached(1 << 20, place).unwrap_err();
            assert!(said.contains("never reach a device") && said.contains("/there"), "{said}");
        }
        assert_eq!(DeviceReads(None).reached(1 << 20, place), Ok(()));
    }
}
