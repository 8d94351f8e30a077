//! The boots of a run, part by part: what a report has a table of.

use super::{Change, ChangeKind, Crossing, ExitReason, Hop, StackId};
use crate::engine::Time;

/// One part of one boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BootPart {
    /// The number of the virtual machine that boots; [`BootPart::HOST`] for the host.
    pub node: u32,
    /// The stack that it is, or is part of.
    pub stack: StackId,
    /// Its name: an index into the topology's operation labels.
    pub label: u16,
    /// When it began.
    pub start: Time,
    /// When it was over; [`Time::MAX`] if it never was.
    pub end: Time,
    /// Reads from the machine's disk.
    pub reads: u32,
    /// Their bytes.
    pub bytes: u64,
    /// VM exits of its stack meanwhile, by [`ExitReason`].
    pub exits: [u64; ExitReason::ALL.len()],
}

impl BootPart {
    /// Stands for the host among the numbers of virtual machines.
    pub const HOST: u32 = u32::MAX;

    /// How long it took; `None` if it was never over.
    pub fn took(&self) -> Option<Time> {
        (self.end != Time::MAX).then(|| self.end - self.start)
    }
}

/// All parts of all boots, in the order of their beginnings.
#[derive(Clone, Debug, Default)]
pub struct Boots {
    /// The parts.
    pub parts: Vec<BootPart>,
    /// Those under way.
    open: Vec<usize>,
}

impl Boots {
    /// Takes what came, changed or went.
    pub fn change(&mut self, change: &Change) {
        match change.what {
            ChangeKind::Booting(label) => {
                self.close(change.node, |_| {});
                let (node, stack, start) = (change.node, change.stack, change.at);
                let exits = [0; ExitReason::ALL.len()];
                self.open.push(self.parts.len());
                self.parts.push(BootPart { node, stack, label, start, end: Time::MAX, reads: 0, bytes: 0, exits });
            }
            ChangeKind::Booted { reads, bytes, .. } => self.close(change.node, |part| {
                (part.end, part.reads, part.bytes) = (change.at, reads, bytes);
            }),
            ChangeKind::Ended(_) => self.close(change.node, |_| {}),
            _ => {}
        }
    }

    fn close(&mut self, node: u32, with: impl FnOnce(&mut BootPart)) {
        if let Some(place) = self.open.iter().position(|part| self.parts[*part].node == node) {
            with(&mut self.parts[self.open.remove(place)]);
        }
    }

    /// Takes one hop.
    #[inline]
    pub fn hop(&mut self, hop: &Hop) {
        if self.open.is_empty() {
            return;
        }
        let Crossing::VmExit(reason) = hop.crossing else { return };
        for &part in &self.open {
            if self.parts[part].stack == hop.stack {
                self.parts[part].exits[reason as usize] += 1;
            }
        }
    }
}
