//! What happens at a moment, in words: one line for each column, for those who can't see the picture and for those who
//! want it said.

use crate::app::recording::Recording;
use crate::engine::Time;
use crate::trace::{Crossing, Hop, StackId, What};

/// So many columns are told of; the rest are counted.
const MOST: usize = 8;

/// One line for each column: "vm: read(data, 4 KiB): VM exit: doorbell, world switch out, 105 ns, literature".
pub fn spoken(recording: &Recording, time: Time, follow: Option<StackId>) -> Vec<String> {
    let stacks = recording.topology().stacks.len();
    let all = (0..stacks).map(|i| StackId(i as u32));
    // The followed one is told of first.
    let others = all.filter(|&stack| Some(stack) != follow);
    let mut lines: Vec<String> =
        follow.into_iter().chain(others).take(MOST).map(|stack| line(recording, time, stack)).collect();
    if stacks > MOST {
        lines.push(format!("and {} more", stacks - MOST));
    }
    lines
}

fn line(recording: &Recording, time: Time, stack: StackId) -> String {
    let (topology, trace) = (recording.topology(), recording.trace());
    let name = topology.stacks.get(stack.index()).map_or("", |stack| stack.name.as_str());
    let latest = recording.active(stack, time, 1).first().copied().or_else(|| recording.latest(stack, time));
    let Some((id, journey)) = latest.and_then(|id| Some((id, trace.journeys.get(id.index())?))) else {
        return format!("{name}: nothing yet");
    };
    let operation = topology.operations.get(usize::from(journey.label)).map_or("operation", String::as_str);
    if journey.end <= time {
        return format!("{name}: {operation} done after {}", journey.end - journey.start);
    }
    let hop = recording.hop_at(id, time).and_then(|hop| trace.hops.get(hop.index()));
    hop.map_or(format!("{name}: {operation} begins"), |hop| {
        let part = topology.component(hop.component).map_or("", |part| part.name.as_str());
        format!("{name}: {operation}: {}, in {part}", what(recording, hop))
    })
}

fn what(recording: &Recording, hop: &Hop) -> String {
    let crossing = if hop.crossing == Crossing::None { String::new() } else { format!("{}: ", hop.crossing.label()) };
    let source = match hop.what {
        What::Pay(primitive) => format!(", {}", recording.profile.cost(primitive).provenance.word()),
        _ => String::new(),
    };
    let times = if hop.count > 1 { format!("{} × ", hop.count) } else { String::new() };
    format!("{crossing}{times}{}, {}{source}", hop.what.label(), hop.duration())
}
