//! Exports of a run to the formats of other tools.

use std::io::{self, Write};

use crate::machine::Outcome;
use crate::trace::perfetto::{self, Labels};

/// Writes the trace of a run for <https://ui.perfetto.dev>. Nothing is written if the run kept no trace.
pub fn write_perfetto(outcome: &Outcome, out: &mut impl Write) -> io::Result<()> {
    let topology = &outcome.topology;
    let labels = Labels {
        parts: topology.iter().map(|(id, part)| (part.name.clone(), topology.path(id))).collect(),
        stacks: topology.stacks.iter().map(|stack| stack.name.clone()).collect(),
        cpus: topology.cpus.iter().map(|cpu| (cpu.name.clone(), cpu.stack)).collect(),
        cores: topology.cores,
        operations: topology.operations.clone(),
    };
    match &outcome.trace {
        Some(trace) => perfetto::write(&labels, trace, outcome.simulated, out),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use prost::Message;

    use super::*;
    use crate::costs::Profile;
    use crate::scenario::{Scenario, find, library};
    use crate::trace::perfetto::messages::TraceMessage;

    #[test]
    fn the_traces_of_all_built_in_scenarios_are_well_formed() {
        for built_in in library() {
            let scenario = Scenario::parse(&find(built_in.id).unwrap()).unwrap();
            let outcome = scenario.run(&Profile::xeon_2017(), &scenario.options(), |_, _| true).unwrap();
            let mut bytes = Vec::new();
            write_perfetto(&outcome, &mut bytes).unwrap();
            let mut open: HashMap<u64, (u64, Vec<u64>)> = HashMap::new();
            let mut journeys = 0;
            for packet in TraceMessage::decode(bytes.as_slice()).unwrap().packet {
                let Some(event) = packet.track_event else { continue };
                let (now, begins) = open.entry(event.track_uuid.unwrap()).or_default();
                let at = packet.timestamp.unwrap();
                assert!(*now <= at, "{}: time runs back", built_in.id);
                *now = at;
                match event.r#type {
                    Some(1) => begins.push(at),
                    _ => assert!(begins.pop().is_some_and(|begin| begin <= at), "{}: an end too many", built_in.id),
                }
                journeys += usize::from(event.categories.iter().any(|category| category == "operation"));
            }
            assert!(open.values().all(|(_, begins)| begins.is_empty()), "{}: a slice without end", built_in.id);
            assert_eq!(journeys, outcome.trace.unwrap().journeys.len());
        }
    }
}
