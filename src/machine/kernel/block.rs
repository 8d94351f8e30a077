//! The block layer and its drivers: from a request to the device that the platform offers.
//!
//! Real: blk-mq makes a request, gives it a tag on the submitting processor's queue and hands it to the driver:
//! NVMe writes a submission entry and a doorbell of the device; virtio-blk fills a ring and notifies.
//! Modelled: both drivers, one queue per processor, the completion interrupt on the processor that submitted.
//! Left out: merging, plugging, I/O schedulers, io.max, polling.

use crate::costs::Primitive;
use crate::machine::frame::{At, RequestId};
use crate::machine::turn::Turn;
use crate::trace::{Crossing, Token};

impl Turn<'_> {
    /// [`Kind::SubmitBlock`].
    pub fn step_submit_block(&mut self, at: At, request: RequestId, pc: u8) {
        let kernel = self.s.kernel_of(at.cpu);
        let (parts, vm) = (kernel.parts, kernel.vm);
        match pc {
            0 => self.pay(at, 1, Primitive::BlockSubmit, 1, parts.block, Crossing::None, Token::IoRequest),
            1 => {
                let primitive = if vm.is_some() { Primitive::VirtioFill } else { Primitive::NvmeSubmit };
                self.pay(at, 2, primitive, 1, parts.driver, Crossing::None, Token::IoRequest);
            }
            2 => {
                self.goto(at, 3);
                self.ring_doorbell(at, request);
            }
            _ => self.pop(at),
        }
    }
}
