//! The block layer and its drivers: from a request to the device that the platform offers.
//!
//! Real: blk-mq makes a request, gives it a tag on the submitting processor's queue and hands it to the driver:
//! NVMe writes a submission entry and a doorbell of the device; a SATA disk's goes through SCSI and libata to a slot of
//! the AHCI controller; virtio-blk fills a ring and notifies.
//! Modelled: these drivers, one queue per processor, the completion interrupt on the processor that submitted.
//! Left out: merging, plugging, I/O schedulers, io.max, polling.

use crate::costs::Primitive;
use crate::machine::frame::{At, Pc, RequestId, steps};
use crate::machine::turn::Turn;
use crate::trace::{Crossing, Token};

steps! {
    /// [`crate::machine::frame::Kind::SubmitBlock`].
    enum SubmitStep { Block, Driver, Doorbell, Done }
}

impl Turn<'_> {
    /// [`crate::machine::frame::Kind::SubmitBlock`].
    pub fn step_submit_block(&mut self, at: At, request: RequestId, pc: Pc) {
        let parts = self.s.kernel_of(at.cpu).parts;
        let pay = |turn: &mut Self, next: SubmitStep, primitive, component| {
            turn.pay(at, next, primitive, 1, component, Crossing::None, Token::IoRequest);
        };
        match SubmitStep::of(pc) {
            SubmitStep::Block => pay(self, SubmitStep::Driver, Primitive::BlockSubmit, parts.block),
            SubmitStep::Driver => {
                let primitive = self.submit_cost(request);
                pay(self, SubmitStep::Doorbell, primitive, parts.driver);
            }
            SubmitStep::Doorbell => {
                self.goto(at, SubmitStep::Done);
                self.ring_doorbell(at, request);
            }
            SubmitStep::Done => self.pop(at),
        }
    }
}
