//! Files: the page cache, read() and write().
//!
//! Real: read() finds the file's pages in the page cache and copies them; a missing page is allocated, read through
//! the block layer and waited for. With O_DIRECT the device writes into the reader's memory, past the page cache.
//! write() copies into the page cache; with O_SYNC it waits for the device. fsync() waits until all that has been written
//! to a file is on the device, and then for the journal's block that commits it. What a copy costs is in `copy.rs`.
//! Modelled: one watermark of cached bytes per file and kernel, reads and writes from the file's beginning, one
//! request for the whole range. A guest has a page cache of its own, and its disk bypasses the host's (cache=none).
//! Left out: readahead, writeback in the background, journals and metadata but for fsync's block, the flush of a disk's
//! own write cache, overlay copy-up.

use crate::costs::Primitive;
use crate::machine::frame::{At, Kind, Pc, TaskId, steps};
use crate::machine::spec::Cache;
use crate::machine::state::RequestKind;
use crate::machine::turn::Turn;
use crate::trace::{Crossing, Token};

const PAGE: u64 = 4096;

fn pages(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(PAGE)).unwrap_or(u32::MAX)
}

steps! {
    enum ReadStep { Enter, Filters, Lookup, Cached, Submit, Wait, Arrived, Keep, Copy, Return }
}

steps! {
    enum WriteStep { Enter, Filters, Lookup, Cached, Keep, Copy, Submit, Wait, Return }
}

steps! {
    enum FsyncStep { Enter, Filters, Lookup, Data, DataDone, Journal, Committed, Return }
}

/// What a file system's journal writes for one file: Linux's ext4 commits in blocks of 4 KiB.
const COMMIT: u64 = 4096;

steps! {
    enum OpenStep { Open, OpenFilters, Path, Close, CloseFilters, Return }
}

impl Turn<'_> {
    /// read().
    pub fn step_read(&mut self, at: At, task: TaskId, file: u16, bytes: u64, cache: Cache, pc: Pc) {
        let files = self.s.kernel_of(at.cpu).parts.files;
        let (disk, page_cache) = self.place_of_file(at, task, file);
        let cached = self.s.kernel_of(at.cpu).cached[page_cache];
        match ReadStep::of(pc) {
            ReadStep::Enter => self.enter_kernel(at, ReadStep::Filters),
            ReadStep::Filters => self.run_filters(at, task, ReadStep::Lookup),
            ReadStep::Lookup => {
                let primitive = Primitive::FileLookup;
                self.pay(at, ReadStep::Cached, primitive, 1, files, Crossing::None, Token::SystemCall);
            }
            ReadStep::Cached => {
                let hit = match cache {
                    Cache::Cold | Cache::Direct => false,
                    Cache::Warm => true,
                    Cache::AsIs => cached >= bytes,
                };
                let more = bytes.saturating_sub(cached);
                if cache == Cache::Warm {
                    let kernel = self.s.cpu(at.cpu).kernel;
                    self.s.was_in_cache(kernel, page_cache, bytes);
                }
                if hit {
                    self.find_further_pages(at, bytes, ReadStep::Copy);
                } else if cache == Cache::Direct {
                    self.goto(at, ReadStep::Submit);
                } else if !self.take_from_cache(at, more, ReadStep::Cached) {
                    let (primitive, count) = (Primitive::PageCacheInsert, pages(bytes));
                    self.pay(at, ReadStep::Submit, primitive, count, files, Crossing::None, Token::IoRequest);
                }
            }
            ReadStep::Submit => {
                self.goto(at, ReadStep::Wait);
                self.submit_for(at, task, RequestKind::Read, disk, bytes);
            }
            ReadStep::Wait if self.has_arrived(task) => self.goto(at, ReadStep::Arrived),
            ReadStep::Wait => self.block_for_device(task),
            ReadStep::Arrived if cache == Cache::Direct => self.goto(at, ReadStep::Return),
            ReadStep::Arrived => self.find_further_pages(at, bytes, ReadStep::Keep),
            ReadStep::Keep => {
                self.goto(at, ReadStep::Copy);
                self.keep_in_cache(at, page_cache, bytes);
            }
            ReadStep::Copy => {
                let now = self.now;
                let kernel = self.s.cpu(at.cpu).kernel;
                self.s.kernel_mut(kernel).used[page_cache] = now;
                self.copy(at, ReadStep::Return, (bytes, bytes), files, Token::SystemCall);
            }
            ReadStep::Return => self.return_and_end(at),
        }
    }

    /// open() and close().
    pub fn step_open(&mut self, at: At, task: TaskId, pc: Pc) {
        let files = self.s.kernel_of(at.cpu).parts.files;
        match OpenStep::of(pc) {
            OpenStep::Open => self.enter_kernel(at, OpenStep::OpenFilters),
            OpenStep::OpenFilters => self.run_filters(at, task, OpenStep::Path),
            OpenStep::Path => {
                let primitive = Primitive::OpenFile;
                self.pay(at, OpenStep::Close, primitive, 1, files, Crossing::None, Token::SystemCall);
            }
            OpenStep::Close => self.enter_kernel(at, OpenStep::CloseFilters),
            OpenStep::CloseFilters => self.run_filters(at, task, OpenStep::Return),
            OpenStep::Return => self.return_and_end(at),
        }
    }

    /// write().
    pub fn step_write(&mut self, at: At, task: TaskId, file: u16, bytes: u64, sync: bool, pc: Pc) {
        let files = self.s.kernel_of(at.cpu).parts.files;
        let (disk, page_cache) = self.place_of_file(at, task, file);
        let cached = self.s.kernel_of(at.cpu).cached[page_cache];
        match WriteStep::of(pc) {
            WriteStep::Enter => self.enter_kernel(at, WriteStep::Filters),
            WriteStep::Filters => self.run_filters(at, task, WriteStep::Lookup),
            WriteStep::Lookup => {
                let primitive = Primitive::FileLookup;
                self.pay(at, WriteStep::Cached, primitive, 1, files, Crossing::None, Token::SystemCall);
            }
            WriteStep::Cached => {
                if self.take_from_cache(at, bytes.saturating_sub(cached), WriteStep::Cached) {
                    return;
                }
                match pages(bytes.saturating_sub(cached)) {
                    0 => self.find_further_pages(at, bytes, WriteStep::Copy),
                    new => {
                        let primitive = Primitive::PageCacheInsert;
                        self.pay(at, WriteStep::Keep, primitive, new, files, Crossing::None, Token::SystemCall);
                    }
                }
            }
            WriteStep::Keep => {
                self.goto(at, WriteStep::Copy);
                self.keep_in_cache(at, page_cache, bytes);
            }
            WriteStep::Copy => {
                if !sync {
                    let kernel = self.s.cpu(at.cpu).kernel;
                    let kernel = self.s.kernel_mut(kernel);
                    kernel.dirty[page_cache] = kernel.dirty[page_cache].max(bytes);
                }
                let next = if sync { WriteStep::Submit } else { WriteStep::Return };
                self.copy(at, next, (bytes, bytes), files, Token::SystemCall);
            }
            WriteStep::Submit => {
                self.goto(at, WriteStep::Wait);
                self.submit_for(at, task, RequestKind::Write, disk, bytes);
            }
            WriteStep::Wait if self.has_arrived(task) => self.goto(at, WriteStep::Return),
            WriteStep::Wait => self.block_for_device(task),
            WriteStep::Return => self.return_and_end(at),
        }
    }

    /// fsync(): what of the file has been written and not yet been given to the disk goes there, then the journal's block
    /// that says so. A file of which all is on the disk costs neither.
    pub fn step_fsync(&mut self, at: At, task: TaskId, file: u16, pc: Pc) {
        let files = self.s.kernel_of(at.cpu).parts.files;
        let (disk, page_cache) = self.place_of_file(at, task, file);
        match FsyncStep::of(pc) {
            FsyncStep::Enter => self.enter_kernel(at, FsyncStep::Filters),
            FsyncStep::Filters => self.run_filters(at, task, FsyncStep::Lookup),
            FsyncStep::Lookup => {
                let primitive = Primitive::FileLookup;
                self.pay(at, FsyncStep::Data, primitive, 1, files, Crossing::None, Token::SystemCall);
            }
            FsyncStep::Data => {
                let kernel = self.s.cpu(at.cpu).kernel;
                match std::mem::take(&mut self.s.kernel_mut(kernel).dirty[page_cache]) {
                    0 => self.goto(at, FsyncStep::Return),
                    bytes => {
                        self.goto(at, FsyncStep::DataDone);
                        self.submit_for(at, task, RequestKind::Write, disk, bytes);
                    }
                }
            }
            FsyncStep::DataDone if self.has_arrived(task) => self.goto(at, FsyncStep::Journal),
            FsyncStep::Journal => {
                self.goto(at, FsyncStep::Committed);
                self.submit_for(at, task, RequestKind::Write, disk, COMMIT);
            }
            FsyncStep::Committed if self.has_arrived(task) => self.goto(at, FsyncStep::Return),
            FsyncStep::DataDone | FsyncStep::Committed => self.block_for_device(task),
            FsyncStep::Return => self.return_and_end(at),
        }
    }

    fn keep_in_cache(&mut self, at: At, file: usize, bytes: u64) {
        // There are fewer files than a u32 counts.
        self.push(at, Kind::Cache { file: file as u32, bytes });
    }

    /// Whether what a task waits for has come; it is told once.
    pub fn has_arrived(&mut self, task: TaskId) -> bool {
        std::mem::take(&mut self.s.task_mut(task).arrived)
    }

    /// The first page is part of the lookup; each further one is looked for in turn.
    fn find_further_pages(&mut self, at: At, bytes: u64, next: impl Into<Pc>) {
        let files = self.s.kernel_of(at.cpu).parts.files;
        match pages(bytes).saturating_sub(1) {
            0 => self.goto(at, next),
            more => self.pay(at, next, Primitive::PageLookup, more, files, Crossing::None, Token::SystemCall),
        }
    }

    /// On which disk of its kernel a task finds a file, and where in its page cache: files of one name on two disks are
    /// two files.
    fn place_of_file(&self, at: At, task: TaskId, file: u16) -> (u16, usize) {
        let mounts = &self.f.mounts[self.s.process_of(task).mounts as usize];
        let disk = mounts.get(usize::from(file)).copied().unwrap_or_default();
        let disks = self.s.kernel_of(at.cpu).devices.disks.len().max(1);
        (disk, usize::from(file) * disks + usize::from(disk))
    }

    fn submit_for(&mut self, at: At, task: TaskId, kind: RequestKind, disk: u16, bytes: u64) {
        let request = self.make_request(at, task, kind, disk, bytes);
        self.push(at, Kind::SubmitBlock(request));
    }
}
