//! Files: the page cache, read() and write().
//!
//! Real: read() finds the file's pages in the page cache and copies them; a missing page is allocated, read through
//! the block layer and waited for. With O_DIRECT the device writes into the reader's memory, past the page cache.
//! write() copies into the page cache; with O_SYNC it waits for the device.
//! Modelled: one watermark of cached bytes per file and kernel, reads and writes from the file's beginning, one
//! request for the whole range. A guest has a page cache of its own, and its disk bypasses the host's (cache=none).
//! Left out: readahead, writeback in the background, reclaim, journals and metadata, overlay copy-up.

use crate::costs::Primitive;
use crate::machine::frame::{At, Kind, TaskId};
use crate::machine::spec::Cache;
use crate::machine::state::RequestKind;
use crate::machine::turn::Turn;
use crate::trace::{Crossing, Token};

const PAGE: u64 = 4096;

fn pages(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(PAGE)).unwrap_or(u32::MAX)
}

impl Turn<'_> {
    /// read().
    pub fn step_read(&mut self, at: At, task: TaskId, file: u16, bytes: u64, cache: Cache, pc: u8) {
        let files = self.s.kernel_of(at.cpu).parts.files;
        let cached = self.s.kernel_of(at.cpu).cached[usize::from(file)];
        match pc {
            0 => self.enter_kernel(at, 1),
            1 => self.run_filters(at, task, 2),
            2 => self.pay(at, 3, Primitive::FileLookup, 1, files, Crossing::None, Token::SystemCall),
            3 => {
                let hit = match cache {
                    Cache::Cold | Cache::Direct => false,
                    Cache::Warm => true,
                    Cache::AsIs => cached >= bytes,
                };
                if hit {
                    self.find_further_pages(at, bytes, 7);
                } else if cache == Cache::Direct {
                    self.goto(at, 4);
                } else {
                    let count = pages(bytes);
                    self.pay(at, 4, Primitive::PageCacheInsert, count, files, Crossing::None, Token::IoRequest);
                }
            }
            4 => {
                self.goto(at, 5);
                self.submit_for(at, task, RequestKind::Read, bytes);
            }
            5 if !self.s.task(task).arrived => self.block(task),
            5 => {
                self.s.task_mut(task).arrived = false;
                self.goto(at, 6);
            }
            6 if cache == Cache::Direct => self.goto(at, 8),
            6 => self.find_further_pages(at, bytes, 7),
            7 => {
                let kernel = self.s.cpu(at.cpu).kernel;
                self.s.kernel_mut(kernel).cached[usize::from(file)] = cached.max(bytes);
                self.pay(at, 8, Primitive::Copy4k, pages(bytes), files, Crossing::None, Token::SystemCall);
            }
            _ => self.return_and_end(at),
        }
    }

    /// write().
    pub fn step_write(&mut self, at: At, task: TaskId, file: u16, bytes: u64, sync: bool, pc: u8) {
        let files = self.s.kernel_of(at.cpu).parts.files;
        let cached = self.s.kernel_of(at.cpu).cached[usize::from(file)];
        match pc {
            0 => self.enter_kernel(at, 1),
            1 => self.run_filters(at, task, 2),
            2 => self.pay(at, 3, Primitive::FileLookup, 1, files, Crossing::None, Token::SystemCall),
            3 => {
                let new = pages(bytes.saturating_sub(cached));
                let kernel = self.s.cpu(at.cpu).kernel;
                self.s.kernel_mut(kernel).cached[usize::from(file)] = cached.max(bytes);
                match new {
                    0 => self.find_further_pages(at, bytes, 4),
                    _ => {
                        let primitive = Primitive::PageCacheInsert;
                        self.pay(at, 4, primitive, new, files, Crossing::None, Token::SystemCall);
                    }
                }
            }
            4 => self.pay(at, 5, Primitive::Copy4k, pages(bytes), files, Crossing::None, Token::SystemCall),
            5 if sync => {
                self.goto(at, 6);
                self.submit_for(at, task, RequestKind::Write, bytes);
            }
            6 if !self.s.task(task).arrived => self.block(task),
            _ => {
                self.s.task_mut(task).arrived = false;
                self.return_and_end(at);
            }
        }
    }

    /// The first page is part of the lookup; each further one is looked for in turn.
    fn find_further_pages(&mut self, at: At, bytes: u64, next: u8) {
        let files = self.s.kernel_of(at.cpu).parts.files;
        match pages(bytes).saturating_sub(1) {
            0 => self.goto(at, next),
            more => self.pay(at, next, Primitive::PageLookup, more, files, Crossing::None, Token::SystemCall),
        }
    }

    fn submit_for(&mut self, at: At, task: TaskId, kind: RequestKind, bytes: u64) {
        let request = self.make_request(at, task, kind, bytes);
        self.push(at, Kind::SubmitBlock(request));
    }
}
