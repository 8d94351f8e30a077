//! A journey as the inspector shows it: one station for each hop, with where its number is from, and their exact sum.
//!
//! While a journey is with somebody else, its own vCPU goes on: it enters its guest again, finds nothing to do and executes
//! HLT. None of that is the journey's, and none of it is in the sum; it stands beside the line, or the guest would be
//! taken for waiting at the doorbell.

use std::collections::HashSet;

use crate::app::lanes::tick_label;
use crate::app::recording::Recording;
use crate::engine::Time;
use crate::trace::{ComponentId, CpuId, Crossing, Hop, Journey, JourneyId, Layer, Statistic, What};

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
    /// Whether it is no hop of the journey: an exit of its stack's vCPU meanwhile, or its going on.
    pub beside: bool,
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
    /// Its length in picoseconds.
    pub length: u64,
    /// Which figure of theirs that is.
    pub statistic: Statistic,
    /// Whether this one is the thin bar above theirs.
    pub thin: bool,
}

impl JourneyView {
    /// The journey `id` of a run, seen at `now`.
    pub fn new(recording: &Recording, id: JourneyId, now: Time, pinned: bool) -> Option<JourneyView> {
        let (trace, topology) = (recording.trace(), recording.topology());
        let journey = trace.journeys.get(id.index())?;
        let hops: Vec<&Hop> = trace.hops_of(id).into_iter().filter_map(|hop| trace.hops.get(hop.index())).collect();
        let mut stations = meanwhile(recording, journey, &hops);
        stations.extend(hops.iter().map(|hop| Station::new(recording, hop)));
        stations.sort_by_key(|station| (station.start, station.end));
        let stack = topology.stacks.get(journey.stack.index());
        let title = topology.operations.get(usize::from(journey.label));
        Some(JourneyView {
            id,
            title: title.cloned().unwrap_or_else(|| journey.kind.key().replace('_', " ")),
            place: format!("{} · began at {}", stack.map_or("", |stack| &stack.name), moment(journey.start)),
            stations,
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
        let own = self.stations[..begun].iter().rposition(|station| !station.beside);
        own.filter(|_| self.now < self.end)
    }

    /// The exact sum so far, and the bar that it is or is part of.
    pub fn sum_text(&self) -> String {
        let passed = |station: &Station| station.end.min(self.now).since(station.start.min(self.now));
        let sum: Time = self.stations.iter().filter(|station| !station.beside).map(passed).sum();
        let thin = self.bar.as_ref().filter(|bar| bar.thin);
        let sum = match (self.now >= self.end, sum, thin) {
            (true, sum, _) => format!("Sum {sum}"),
            (false, Time::ZERO, _) => "Not begun".to_owned(),
            (false, sum, Some(bar)) => format!("Sum {sum} so far = the thin bar of {}", bar.letter),
            (false, sum, None) => format!("Sum {sum} so far"),
        };
        let Some(bar) = self.bar.as_ref().filter(|bar| bar.count > 0) else { return sum };
        let (letter, length) = (&bar.letter, Time(bar.length));
        match bar.count {
            1 => format!("{sum}. The bar of {letter}: {length}, the only one that has ended"),
            count => format!("{sum}. The bar of {letter}: {length}, the {} of {count}", bar.statistic.of_several()),
        }
    }
}

/// What the vCPUs of a journey's stack do while it lasts that is no hop of it.
fn meanwhile(recording: &Recording, journey: &Journey, hops: &[&Hop]) -> Vec<Station> {
    let topology = recording.topology();
    let of = |cross: fn(Crossing) -> bool, at: fn(&Hop) -> Time| {
        hops.iter().filter(|hop| cross(hop.crossing)).map(|hop| at(hop)).collect::<HashSet<Time>>()
    };
    let exits = of(|crossing| matches!(crossing, Crossing::VmExit(_)), |hop| hop.start);
    let entries = of(|crossing| crossing == Crossing::VmEntry, |hop| hop.end);
    let mut stations = Vec::new();
    let vcpus = (topology.cores..topology.cpus.len() as u16).map(CpuId);
    for vcpu in vcpus.filter(|vcpu| topology.cpus[vcpu.index()].stack == Some(journey.stack)) {
        let Some((part, _)) = topology.iter().find(|(_, part)| part.cpu == Some(vcpu)) else { continue };
        for &(from, until, reason) in recording.exits.between(vcpu, journey.start, journey.end) {
            let mut add =
                |label: String, crossing: Crossing, at: Time| stations.push(Station::beside(label, crossing, part, at));
            if !exits.contains(&from) {
                add(format!("{} leaves the guest", topology.cpus[vcpu.index()].name), Crossing::VmExit(reason), from);
            }
            if !entries.contains(&until) && until < journey.end {
                add(format!("{} goes on in the guest", topology.cpus[vcpu.index()].name), Crossing::VmEntry, until);
            }
        }
    }
    stations
}

impl Station {
    fn beside(label: String, crossing: Crossing, component: ComponentId, at: Time) -> Station {
        Station {
            label,
            provenance: "meanwhile".to_owned(),
            detail: "No hop of this journey, and not in its sum".to_owned(),
            crossing: crossing.label(),
            beside: true,
            layer: Layer::Hypervisor,
            component,
            start: at,
            end: at,
        }
    }

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
            beside: false,
            layer: hop.layer,
            component: hop.component,
            start: hop.start,
            end: hop.end,
        }
    }
}
