//! A journey as the inspector shows it: one station for each hop, with where its number is from, and their exact sum.

use crate::app::lanes::tick_label;
use crate::app::recording::Recording;
use crate::engine::Time;
use crate::trace::{ComponentId, Crossing, Hop, JourneyId, Layer, What};

/// A point in time; the beginning of the run is plain 0.
pub fn moment(time: Time) -> String {
    tick_label(time, Time((time.as_ps() / 10_000).max(1)), time)
}

/// One hop as it is listed.
#[derive(Clone, Debug, PartialEq)]
pub struct Station {
    /// What is done: "block layer, submit".
    pub label: String,
    /// Where the number is from: `literature`; or why there is none.
    pub provenance: String,
    /// Source, formula or reason.
    pub detail: String,
    /// The boundary crossed on entering it, in words; empty if none.
    pub crossing: String,
    /// Whose work it is.
    pub layer: Layer,
    /// Where.
    pub component: ComponentId,
    /// When it began.
    pub start: Time,
    /// When it ended.
    pub end: Time,
}

/// A journey as the inspector shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct JourneyView {
    /// Which one.
    pub id: JourneyId,
    /// "read(data, 4 KiB)".
    pub title: String,
    /// "vm · operation 3 of 20".
    pub place: String,
    /// First to last.
    pub stations: Vec<Station>,
    /// When it began.
    pub start: Time,
    /// When it ended; [`Time::MAX`] if it never did.
    pub end: Time,
    /// The time shown.
    pub now: Time,
    /// Whether it was selected, rather than followed.
    pub pinned: bool,
    /// The bar that it is in, if there is one on the screen.
    pub bar: Option<BarOf>,
}

/// What the bars say of operations like this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BarOf {
    /// The letter of its column.
    pub letter: String,
    /// How many have ended.
    pub count: usize,
    /// Their median in picoseconds.
    pub median: u64,
    /// Whether this one is the thin bar above theirs.
    pub thin: bool,
}

impl JourneyView {
    /// The journey `id` of a run, seen at `now`.
    pub fn new(recording: &Recording, id: JourneyId, now: Time, pinned: bool) -> Option<JourneyView> {
        let (trace, topology) = (recording.trace(), recording.topology());
        let journey = trace.journeys.get(id.index())?;
        let stations = trace.hops_of(id).into_iter().filter_map(|hop| trace.hops.get(hop.index()));
        let stack = topology.stacks.get(journey.stack.index());
        let title = topology.operations.get(usize::from(journey.label));
        Some(JourneyView {
            id,
            title: title.cloned().unwrap_or_else(|| journey.kind.key().replace('_', " ")),
            place: format!("{} · began at {}", stack.map_or("", |stack| &stack.name), moment(journey.start)),
            stations: stations.map(|hop| Station::new(recording, hop)).collect(),
            start: journey.start,
            end: journey.end,
            now,
            pinned,
            bar: None,
        })
    }

    /// The station at which the token stands.
    pub fn current(&self) -> Option<usize> {
        let begun = self.stations.partition_point(|station| station.start <= self.now);
        (self.now < self.end).then_some(begun).and_then(|n| n.checked_sub(1))
    }

    /// The exact sum so far, and the bar that it is or is part of.
    pub fn sum_text(&self) -> String {
        let passed = |station: &Station| station.end.min(self.now).since(station.start.min(self.now));
        let sum: Time = self.stations.iter().map(passed).sum();
        let thin = self.bar.as_ref().filter(|bar| bar.thin);
        let sum = match (self.now >= self.end, sum, thin) {
            (true, sum, _) => format!("Sum {sum}"),
            (false, Time::ZERO, _) => "Not begun".to_owned(),
            (false, sum, Some(bar)) => format!("Sum {sum} so far = the thin bar of {}", bar.letter),
            (false, sum, None) => format!("Sum {sum} so far"),
        };
        let Some(bar) = self.bar.as_ref().filter(|bar| bar.count > 0) else { return sum };
        let (letter, median) = (&bar.letter, Time(bar.median));
        match bar.count {
            1 => format!("{sum}. The bar of {letter}: {median}, the only one that has ended"),
            count => format!("{sum}. The bar of {letter}: {median}, the median of {count}"),
        }
    }
}

impl Station {
    fn new(recording: &Recording, hop: &Hop) -> Station {
        let (provenance, detail) = match hop.what {
            What::Pay(primitive) => {
                let from = &recording.profile.cost(primitive).provenance;
                (from.word().to_owned(), format!("{}\n{}", primitive.meaning(), from.detail()))
            }
            What::UserCode => ("scenario".to_owned(), "As long as the scenario says".to_owned()),
            What::Return => ("included in the entry".to_owned(), String::new()),
            What::Wait(_) => ("waiting".to_owned(), "Nothing is done: it follows from what else goes on".to_owned()),
        };
        let times = if hop.count > 1 { format!(" × {}", hop.count) } else { String::new() };
        Station {
            label: format!("{}{times}", hop.what.label()),
            provenance,
            detail,
            crossing: if hop.crossing == Crossing::None { String::new() } else { hop.crossing.label() },
            layer: hop.layer,
            component: hop.component,
            start: hop.start,
            end: hop.end,
        }
    }
}
