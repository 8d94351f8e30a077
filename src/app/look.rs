//! What the inspector shows: what is worked out from the selection for the time shown.

use super::panels::inspector::{Inspector, JourneyView, PartView, SeenFrom};
use super::playback::Position;
use super::recording::Recording;
use super::selection::Selection;
use super::shell::Shell;
use crate::machine::{ComponentKind, inspect};
use crate::trace::{ComponentId, StackId};

impl Shell {
    /// The stack that the inspector shows something of.
    pub fn shown_stack(&self) -> Option<StackId> {
        let recording = self.session.recording.as_ref()?;
        match self.selection {
            Selection::Follow(stack) => Some(stack),
            Selection::Journey(id) => recording.trace().journeys.get(id.index()).map(|journey| journey.stack),
            Selection::Part(id) => recording.topology().component(id).and_then(|component| component.stack),
            Selection::Auto => self.follow.or((!recording.topology().stacks.is_empty()).then_some(StackId(0))),
        }
    }

    /// Works out what the inspector shows.
    pub(super) fn look(&mut self) {
        let stack = self.shown_stack();
        let (position, seen_from) = (self.playback.position(), self.seen_from);
        let Some(recording) = &mut self.session.recording else {
            (self.journey, self.part) = (None, None);
            return;
        };
        if let Selection::Part(id) = self.selection {
            self.journey = None;
            let current = self.part.as_ref().is_some_and(|(at, view)| *at == position && view.id == id);
            if !current {
                self.part = part_view(recording, id, position).map(|view| (position, view));
            }
            return;
        }
        self.part = None;
        let (id, pinned) = match (self.selection, stack) {
            (Selection::Journey(id), _) => (Some(id), true),
            (_, Some(stack)) => (recording.active(stack, position.time, 1).first().copied(), false),
            (_, None) => (None, false),
        };
        // Between two operations the last one stays in view.
        let id = id.or_else(|| recording.latest(stack?, position.time));
        match id {
            Some(id) if self.journey.as_ref().is_some_and(|view| view.id == id) => {
                if let Some(view) = &mut self.journey {
                    (view.now, view.pinned) = (position.time, pinned);
                }
            }
            Some(id) => self.journey = JourneyView::new(recording, id, position.time, pinned),
            None => self.journey = None,
        }
        self.seen = stack.map_or(SeenFrom::default(), |stack| seen_from_view(recording, stack, seen_from));
    }

    /// What the inspector is to draw.
    pub fn inspector(&self) -> Inspector<'_> {
        match (&self.part, &self.journey) {
            (Some((_, part)), _) => Inspector::Part(part),
            (None, Some(journey)) => Inspector::Journey(journey, &self.seen),
            (None, None) => Inspector::Nothing(&self.seen),
        }
    }
}

fn part_view(recording: &mut Recording, id: ComponentId, position: Position) -> Option<PartView> {
    let topology = recording.topology().clone();
    let component = topology.component(id)?;
    let name = |id: ComponentId| topology.component(id).map(|c| (id, c.name.clone()));
    let facts = inspect::state(recording.machine_at(position), &topology, id);
    Some(PartView {
        id,
        name: component.name.clone(),
        path: topology.path(id),
        note: component.note.clone(),
        layer: component.layer,
        facts,
        children: topology.children(id).map(|(id, child)| (id, child.name.clone())).take(64).collect(),
        parent: component.parent.and_then(name),
    })
}

fn seen_from_view(recording: &Recording, stack: StackId, chosen: usize) -> SeenFrom {
    let topology = recording.topology();
    let app = topology.iter().find(|(_, c)| c.kind == ComponentKind::App && c.stack == Some(stack));
    let Some((app, _)) = app else { return SeenFrom::default() };
    let viewpoints = inspect::viewpoints(topology, app);
    let chosen = chosen.min(viewpoints.len().saturating_sub(1));
    let facts = viewpoints.get(chosen).map_or(Vec::new(), |(_, from)| inspect::seen_from(topology, app, *from));
    let whose = topology.stacks.get(stack.index()).map_or(String::new(), |stack| stack.name.clone());
    SeenFrom { whose, viewpoints: viewpoints.into_iter().map(|(label, _)| label).collect(), chosen, facts }
}
