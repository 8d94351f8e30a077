//! The words in the boxes of programs, virtual machines and valves: their names, and what they do at the moment shown.
//! What a program or a machine does follows from [`super::standing`], as a core's light does from [`super::state`], so that the two never disagree.

use std::collections::BTreeMap;

use super::doing::Standing;
use super::drawing::Shape;
use super::picture::Picture;
use super::stage::{Builder, brightness, dim, knowing};
use crate::engine::Time;
use crate::machine::{Component, ComponentKind, Presence};
use crate::trace::ComponentId;

/// What a program does that has no operation under way.
const AT_REST: &str = "at rest";

impl Picture<'_> {
    /// What writes words into boxes.
    pub(super) fn builder(&self) -> Builder<'_> {
        Builder {
            layout: self.layout,
            topology: self.topology,
            camera: self.camera,
            writer: self.writer,
            followed: self.followed,
            known: self.options.known,
            tokens: &self.index.tokens,
        }
    }

    /// The words of all programs and machines that can be seen.
    pub(super) fn modes(&self, time: Time, out: &mut Vec<Shape>) {
        let builder = self.builder();
        let seen = (self.trace, self.index);
        let mut programs = self.states.programs(self.topology, seen, time);
        let returned = self.returned().and_then(|hop| self.states.program(self.topology, seen, hop.journey));
        programs.extend(returned.map(|app| (app, vec![Standing::User])));
        for (id, component) in self.topology.iter() {
            let place = self.layout.place(id);
            let rect = self.camera.rect(place.rect);
            if !place.own || !rect.intersects(self.camera.canvas.expand(4.0)) || rect.width() <= 1.0 {
                continue;
            }
            let from = out.len();
            match component.kind {
                ComponentKind::App => {
                    let note = self.program_note((id, component), &programs);
                    builder.app_words((id, component), &note, out);
                }
                ComponentKind::DeviceModels => builder.app_words((id, component), &component.note, out),
                ComponentKind::VirtualMachine => {
                    let note = self.machine_note((id, component), time);
                    builder.wall_words((id, component), &note, out);
                }
                ComponentKind::Cgroup => {
                    let changed = self.options.presences.and_then(|presences| presences.quota(id, time));
                    let note = changed.map_or_else(|| component.note.clone(), |limit| limit.note());
                    builder.valve_words((id, component), &note, out);
                }
                _ => {}
            }
            let by = brightness(self.layout, self.followed, place.column) * knowing(self.options.known, id);
            dim(&mut out[from..], by);
        }
    }

    /// What a program does, then what it always is. A box that stands for several says only that.
    fn program_note(
        &self,
        (id, component): (ComponentId, &Component),
        programs: &BTreeMap<ComponentId, Vec<Standing>>,
    ) -> String {
        if self.layout.counts.contains_key(&id) {
            return component.note.clone();
        }
        joined(&doing(programs.get(&id).map_or(&[][..], Vec::as_slice)), &component.note)
    }

    /// What a machine always is, that it is being started, then what its vCPUs do.
    fn machine_note(&self, (id, component): (ComponentId, &Component), time: Time) -> String {
        let presence = self.options.presences.zip(component.node).map(|(presences, node)| presences.of(node, time));
        let starting = presence.filter(|presence| *presence == Presence::Starting).map_or("", |it| it.label());
        let inside = self.states.inside(self.topology, self.trace, id, time);
        let inside = inside.filter(|_| !self.layout.counts.contains_key(&id));
        joined(&joined(&component.note, starting), &inside.map_or(String::new(), |inside| inside.label()))
    }
}

/// What a program does, in words.
pub(super) fn doing(all: &[Standing]) -> String {
    match all {
        [] => AT_REST.to_owned(),
        [only] => only.label().to_owned(),
        several => several.iter().map(|one| first_words(one.label())).collect::<Vec<_>>().join(" and "),
    }
}

fn first_words(label: &str) -> &str {
    label.split(',').next().unwrap_or(label)
}

pub(super) fn joined(first: &str, second: &str) -> String {
    let texts = [first, second].into_iter().filter(|text| !text.is_empty());
    texts.collect::<Vec<_>>().join(" · ")
}
