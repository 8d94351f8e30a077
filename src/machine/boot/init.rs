//! The first process and what it starts, up to readiness.
//!
//! Real (systemd): the kernel executes a program from the root file system as process 1. It reads what is to be started
//! from some hundred small files, brings that into an order, and starts it: each program is read from the disk with the
//! libraries that nobody has read before, forked and executed, and works until it is ready. A network card's link comes up,
//! and a server offers an address.
//! Modelled: that, in order; whatever stands in the machine by the description comes last (`kernel/init.rs`). Left out:
//! what starts at the same time on several processors, so that the whole takes the sum of all; keys that are made and
//! disks that are checked on a first boot.

use crate::costs::Primitive;
use crate::engine::Time;
use crate::machine::boot::draft::{Act, Draft, Place, Platform, Stage};
use crate::machine::spec::{BootSpec, Image};

/// systemd with its libraries; and a small program that starts one other, as in microVMs.
const SYSTEM: Image = Image { bytes: 2 << 20, segments: 12 };
const SMALL: Image = Image { bytes: 128 << 10, segments: 4 };
/// Files that say what is to be started, for each service: its own, links and folders among them.
const FILES_PER_SERVICE: u32 = 4;
/// Reading ahead fetches at most so much at a time (Linux's default).
const AHEAD: u64 = 128 << 10;
/// What is touched of a service's program and its libraries before it is ready.
const SERVICE: Image = Image { bytes: 1 << 20, segments: 12 };
/// Processor cycles for the text of one file, and for bringing it into the order.
const PER_FILE: u64 = 300_000;

pub fn parts(spec: &BootSpec, on: &Platform) -> Vec<Draft> {
    let services = u32::from(spec.services);
    let program = if services > 0 { SYSTEM } else { SMALL };
    let mut first = vec![read(program.bytes), Act::Become(program)];
    if services > 0 {
        let files = services * FILES_PER_SERVICE;
        first.push(Act::Read { bytes: 4 << 10, times: files, polled: false });
        first.push(Act::Work(Primitive::Cycle, u64::from(files) * PER_FILE));
    }
    let part = |name, acts| Draft { stage: Stage::Init, name, place: Place::Tasks, acts };
    let mut parts = vec![part("init: first process", first)];
    if services > 0 && on.nics > 0 {
        // The link of a virtual card is there at once.
        let link = (!on.guest).then_some(Act::Rest(Primitive::LinkUp, 1));
        let acts = link.into_iter().chain([Act::Rest(Primitive::AddressOffer, 1)]).collect();
        parts.push(part("init: network", acts));
    }
    if services > 0 {
        let work = (spec.service_work > Time::ZERO).then_some(Act::Compute(spec.service_work));
        let each = |_| [read(spec.service_bytes), Act::Programs(SERVICE, 1)].into_iter().chain(work);
        parts.push(part("init: services", (0..services).flat_map(each).collect()));
    }
    parts
}

fn read(bytes: u64) -> Act {
    let piece = AHEAD.min(bytes).max(512);
    Act::Read { bytes: piece, times: u32::try_from(bytes.div_ceil(piece)).unwrap_or(u32::MAX), polled: false }
}
