//! What happened, as a list: filtered by kind and column, searched by the name of a part, an operation or a reason.
//!
//! The list is made anew only when the run, the filter or the text looked for changes; drawing a frame costs as much
//! as there are rows in sight, however long the run is.

use crate::engine::Time;
use crate::machine::Topology;
use crate::trace::{Crossing, Hop, HopId, Layer, StackId, Trace, What};

use super::names;

/// What kind of event is listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Every crossing of a boundary.
    #[default]
    Crossings,
    /// VM exits and entries.
    Exits,
    /// System calls and returns from them.
    SystemCalls,
    /// Page faults and other faults.
    Faults,
    /// Interrupts, real and injected.
    Interrupts,
    /// Another task gets the CPU.
    Switches,
    /// Waiting, at whatever.
    Waits,
    /// Everything.
    All,
}

impl Kind {
    /// All of them, in the order of the menu.
    pub const ALL: [Kind; 8] = [
        Kind::Crossings,
        Kind::Exits,
        Kind::SystemCalls,
        Kind::Faults,
        Kind::Interrupts,
        Kind::Switches,
        Kind::Waits,
        Kind::All,
    ];

    /// The label on screen.
    pub const fn label(self) -> &'static str {
        match self {
            Kind::Crossings => "All crossings",
            Kind::Exits => "VM exits and entries",
            Kind::SystemCalls => "System calls",
            Kind::Faults => "Faults",
            Kind::Interrupts => "Interrupts",
            Kind::Switches => "Context switches",
            Kind::Waits => "Waits",
            Kind::All => "Everything",
        }
    }

    fn has(self, hop: &Hop) -> bool {
        match self {
            Kind::Crossings => hop.crossing != Crossing::None,
            Kind::Exits => matches!(hop.crossing, Crossing::VmExit(_) | Crossing::VmEntry),
            Kind::SystemCalls => matches!(hop.crossing, Crossing::SystemCall | Crossing::Return),
            Kind::Faults => matches!(hop.crossing, Crossing::PageFault | Crossing::ProtectionFault),
            Kind::Interrupts => matches!(hop.crossing, Crossing::Interrupt | Crossing::Injection),
            Kind::Switches => hop.crossing == Crossing::ContextSwitch,
            Kind::Waits => matches!(hop.what, What::Wait(_)),
            Kind::All => true,
        }
    }
}

/// What is looked for, what was found, and what is chosen of it.
#[derive(Clone, Debug, Default)]
pub struct Events {
    /// The text looked for.
    pub text: String,
    /// The kind listed.
    pub kind: Kind,
    /// The column listed; all if none.
    pub stack: Option<StackId>,
    /// Whether the field of the text is to get the keyboard.
    pub ask: bool,
    /// The rows chosen: from the first to the last, by their places in the list.
    pub chosen: Option<(usize, usize)>,
    found: Vec<HopId>,
    of: Option<(u64, Kind, Option<StackId>, String)>,
}

impl Events {
    /// Looks again, if anything has changed. `run` is another number for another run.
    pub fn update(&mut self, run: u64, trace: &Trace, topology: &Topology) {
        let wanted = (run, self.kind, self.stack, self.text.clone());
        if self.of.as_ref() == Some(&wanted) {
            return;
        }
        self.found = find(trace, topology, self.kind, self.stack, &self.text);
        self.chosen = None;
        self.of = Some(wanted);
    }

    /// What was found, in the order of time.
    pub fn found(&self) -> &[HopId] {
        &self.found
    }

    /// The place in the list of the last event that has begun by `now`.
    pub fn latest(&self, trace: &Trace, now: Time) -> Option<usize> {
        self.found.partition_point(|id| trace.hops[id.index()].start <= now).checked_sub(1)
    }

    /// Chooses a row; with `more`, all from the first chosen to it.
    pub fn choose(&mut self, row: usize, more: bool) {
        self.chosen = Some(match self.chosen.filter(|_| more) {
            Some((first, _)) => (first, row),
            None => (row, row),
        });
    }

    /// How many rows are chosen, how long they take together, and that by layer.
    pub fn sum(&self, trace: &Trace) -> Option<(usize, Time, [u64; Layer::ALL.len()])> {
        let (a, b) = self.chosen?;
        let rows = self.found.get(a.min(b)..=a.max(b).min(self.found.len().checked_sub(1)?))?;
        let mut layers = [0; Layer::ALL.len()];
        for hop in rows.iter().filter_map(|id| trace.hops.get(id.index())) {
            layers[hop.layer as usize] += hop.duration().as_ps();
        }
        Some((rows.len(), Time(layers.iter().sum()), layers))
    }
}

/// What an event is, in a few words: "VM exit: HLT", "block layer, submit".
pub fn words(hop: &Hop) -> String {
    match hop.crossing {
        Crossing::None => hop.what.label().to_owned(),
        crossing => crossing.label(),
    }
}

/// All that fits, in the order of time.
fn find(trace: &Trace, topology: &Topology, kind: Kind, stack: Option<StackId>, text: &str) -> Vec<HopId> {
    let text = text.trim().to_lowercase();
    let holds = |name: &str| name.to_lowercase().contains(&text);
    // Each name is looked at once, not once per event.
    let parts: Vec<bool> =
        topology.iter().map(|(id, _)| holds(&topology.path(id)) || holds(&names::path(&topology.path(id)))).collect();
    let operations: Vec<bool> = topology.operations.iter().map(|name| holds(name)).collect();
    let operation = |hop: &Hop| {
        let journey = hop.journey.some().and_then(|id| trace.journeys.get(id.index()));
        journey.is_some_and(|journey| operations.get(usize::from(journey.label)) == Some(&true))
    };
    let fits = |hop: &Hop| {
        kind.has(hop)
            && stack.is_none_or(|stack| hop.stack == stack)
            && (text.is_empty()
                || parts.get(hop.component.index()) == Some(&true)
                || operation(hop)
                || holds(hop.what.label())
                || (hop.crossing != Crossing::None && holds(&hop.crossing.label())))
    };
    let found = trace.hops.iter().enumerate().filter(|(_, hop)| fits(hop)).map(|(i, _)| HopId(i as u32));
    let mut found: Vec<HopId> = found.collect();
    found.sort_by_key(|id| trace.hops[id.index()].start);
    found
}
