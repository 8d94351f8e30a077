//! What happened, as a list: filtered by kind and column, searched by the name of a part, an operation or a reason.
//!
//! The list is made anew only when the run, the filter or the text looked for changes; drawing a frame costs as much
//! as there are rows in sight, however long the run is.

use crate::engine::Time;
use crate::machine::{Component, Topology};
use crate::trace::{ComponentId, Crossing, Hop, HopId, Layer, StackId, Trace, What};

use super::names;
use super::scene::brief;

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
    /// The one reason listed, whatever the kind: "VM exit: HLT"; all if none.
    pub reason: Option<Crossing>,
    /// The column listed; all if none.
    pub stack: Option<StackId>,
    /// Whether the field of the text is to get the keyboard.
    pub ask: bool,
    /// The rows chosen: from the first to the last, by their places in the list.
    pub chosen: Option<(usize, usize)>,
    /// The row that the keyboard is at.
    pub at: Option<usize>,
    found: Vec<HopId>,
    /// The parts that are called so; none where no text is looked for.
    parts: Vec<ComponentId>,
    /// What is bright on the lanes: all that is looked for, of any kind.
    marked: Vec<HopId>,
    /// Another number for every search.
    search: u64,
    reasons: Vec<(Crossing, usize)>,
    of: Option<Wanted>,
}

/// What was looked for.
#[derive(Clone, Debug, PartialEq)]
struct Wanted {
    run: u64,
    kind: Kind,
    reason: Option<Crossing>,
    stack: Option<StackId>,
    text: String,
}

impl Wanted {
    /// Whether anything is looked for besides a kind.
    fn narrows(&self) -> bool {
        self.reason.is_some() || self.stack.is_some() || !self.text.trim().is_empty()
    }
}

impl Events {
    /// Looks again, if anything has changed. `run` is another number for another run.
    pub fn update(&mut self, run: u64, trace: &Trace, topology: &Topology) {
        let wanted = Wanted { run, kind: self.kind, reason: self.reason, stack: self.stack, text: self.text.clone() };
        if self.of.as_ref() == Some(&wanted) {
            return;
        }
        if self.of.as_ref().is_none_or(|of| of.run != run) {
            self.reasons = reasons(trace);
        }
        // A reason says more than a kind.
        let kind = if wanted.reason.is_some() { Kind::All } else { wanted.kind };
        self.parts = parts(topology, &wanted.text);
        self.found = find(trace, topology, &Wanted { kind, ..wanted.clone() });
        self.marked = match (wanted.narrows(), kind) {
            (false, _) => Vec::new(),
            (true, Kind::All) => self.found.clone(),
            (true, _) => find(trace, topology, &Wanted { kind: Kind::All, ..wanted.clone() }),
        };
        self.search += 1;
        (self.chosen, self.at) = (None, None);
        self.of = Some(wanted);
    }

    /// What is looked for, and a number that is another for every search; nothing if nothing is.
    pub fn marked(&self) -> Option<(u64, &[HopId])> {
        self.of.as_ref().filter(|of| of.narrows()).map(|_| (self.search, self.marked.as_slice()))
    }

    /// The reasons that occur in this run, with how often each does.
    pub fn reasons(&self) -> &[(Crossing, usize)] {
        &self.reasons
    }

    /// Looks for everything again.
    pub fn clear(&mut self) {
        (self.kind, self.reason, self.stack) = (Kind::default(), None, None);
        self.text.clear();
    }

    /// The parts of the machine that are called so, or are such.
    pub fn parts(&self) -> &[ComponentId] {
        &self.parts
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
        self.at = Some(row);
    }

    /// Takes the keyboard to a row; with `more`, all on the way are chosen.
    pub fn walk_to(&mut self, row: usize, more: bool) {
        if more {
            let from = self.chosen.map(|(first, _)| first).or(self.at);
            self.chosen = Some((from.unwrap_or(row), row));
        }
        self.at = Some(row);
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

/// Every crossing that a run has, with its number, in the order of their labels.
fn reasons(trace: &Trace) -> Vec<(Crossing, usize)> {
    let mut counts: std::collections::HashMap<Crossing, usize> = std::collections::HashMap::new();
    for hop in trace.hops.iter().filter(|hop| hop.crossing != Crossing::None) {
        *counts.entry(hop.crossing).or_default() += 1;
    }
    let mut reasons: Vec<(Crossing, usize)> = counts.into_iter().collect();
    reasons.sort_by_key(|(crossing, _)| crossing.label());
    reasons
}

/// Whether a part is called so: by its path, by its name as on the screen, whole or short, by what stands below that,
/// or by what it is. `text` is in small letters.
fn says(topology: &Topology, id: ComponentId, part: &Component, text: &str) -> bool {
    let path = topology.path(id);
    is(part, text) || [names::path(&path), path].iter().any(|name| name.to_lowercase().contains(text))
}

/// As [`says`], but not by what it lies in.
fn is(part: &Component, text: &str) -> bool {
    let short = brief(&part.name).unwrap_or_default();
    let names = [names::name(&part.name), short, part.note.clone(), names::kind(part.kind).to_owned()];
    names.iter().any(|name| name.to_lowercase().contains(text))
}

/// The parts that are called so.
fn parts(topology: &Topology, text: &str) -> Vec<ComponentId> {
    let text = text.trim().to_lowercase();
    if text.is_empty() {
        return Vec::new();
    }
    topology.iter().filter(|(_, part)| is(part, &text)).map(|(id, _)| id).collect()
}

/// All that fits, in the order of time.
fn find(trace: &Trace, topology: &Topology, wanted: &Wanted) -> Vec<HopId> {
    let (kind, reason, stack) = (wanted.kind, wanted.reason, wanted.stack);
    let text = wanted.text.trim().to_lowercase();
    let holds = |name: &str| name.to_lowercase().contains(&text);
    // Each name is looked at once, not once per event.
    let parts: Vec<bool> = topology.iter().map(|(id, part)| says(topology, id, part, &text)).collect();
    let operations: Vec<bool> = topology.operations.iter().map(|name| holds(name)).collect();
    let operation = |hop: &Hop| {
        let journey = hop.journey.some().and_then(|id| trace.journeys.get(id.index()));
        journey.is_some_and(|journey| operations.get(usize::from(journey.label)) == Some(&true))
    };
    let fits = |hop: &Hop| {
        kind.has(hop)
            && reason.is_none_or(|reason| hop.crossing == reason)
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
