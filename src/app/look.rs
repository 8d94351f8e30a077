//! What the inspector shows: what is worked out from the selection for the time shown.

use super::letters::letter;
use super::panels::inspector::{BarOf, Inspector, JourneyView, PartView, SeenFrom};
use super::playback::Position;
use super::recording::Recording;
use super::scene::Scene;
use super::scene::bars::{Wish, shown_key};
use super::selection::Selection;
use super::shell::Shell;
use super::so_far;
use crate::engine::Time;
use crate::machine::{ComponentKind, Presence, Topology, inspect, listing, viewpoint};
use crate::trace::{ComponentId, Ended, JourneyId, StackId};

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

    /// The operation of a column whose end is held: simulated time rests, and the next one has not begun.
    fn held(&self, stack: StackId) -> Option<JourneyId> {
        self.playback.position().screen?;
        let (trace, moment) = (self.session.recording.as_ref()?.trace(), self.playback.moment(false));
        let hop = trace.hops.get(moment.hop.index()).filter(|hop| hop.stack == stack)?;
        let journey = trace.journeys.get(hop.journey.index())?;
        (journey.last_hop == moment.hop && journey.end == moment.time).then_some(hop.journey)
    }

    /// Works out what the inspector shows.
    pub(super) fn look(&mut self) {
        let (stack, topic, follow) = (self.shown_stack(), self.topic(), self.follow);
        let held = stack.and_then(|stack| self.held(stack));
        let about = self.asked_here();
        let (position, seen_from, lens) = (self.playback.position(), self.seen_from, self.lens);
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
            (_, Some(stack)) => (held.or(recording.active(stack, position.time, 1).first().copied()), false),
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
        if let (Some(view), Some(scene)) = (&mut self.journey, &mut self.scene) {
            let wish = Wish { topic, follow, chosen: Some(view.id).filter(|_| pinned) };
            // Where the bars are of what is asked, no operation is in them.
            let seen = about.is_none_or(|asked| !asked.answered && pinned);
            view.bar = bar_of(recording, scene, wish, view).filter(|_| seen);
        }
        self.seen = stack
            .map_or(SeenFrom::default(), |stack| seen_from_view(recording, stack, position.time, (seen_from, lens)));
    }

    /// By component: whether the chosen viewer can name it, if the picture is looked at with a viewer's eyes.
    pub fn known(&self) -> Option<Vec<bool>> {
        let (recording, stack) = (self.session.recording.as_ref()?, self.shown_stack().filter(|_| self.lens)?);
        let topology = recording.topology();
        let app = app_of(topology, stack)?;
        let viewpoints = viewpoint::viewpoints(topology, app);
        let (_, from) = viewpoints.get(self.seen_from.min(viewpoints.len().saturating_sub(1)))?;
        Some(viewpoint::known_from(topology, app, *from))
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

/// So many columns have a row of bars each, however small the window.
const ROWS: usize = 4;

/// What the bars say of a journey, if it is one of those that they show.
fn bar_of(recording: &Recording, scene: &mut Scene, wish: Wish, view: &JourneyView) -> Option<BarOf> {
    let trace = recording.trace();
    let stack = trace.journeys.get(view.id.index())?.stack;
    let few = recording.topology().stacks.len() <= ROWS;
    if !few && wish.follow != Some(stack) && wish.chosen.is_none() {
        return None;
    }
    let (bars, index) = scene.bars();
    let key = shown_key(bars, (trace, index), wish, view.now)?;
    if bars.key_of(view.id) != Some(key) {
        return None;
    }
    let latest = index.latest(trace, stack, view.now).is_some_and(|(_, id)| id == view.id);
    let statistic = wish.topic.statistic;
    let ended = bars.figures(key, statistic, view.now).get(stack.index()).copied().flatten();
    let (count, length) = ended.map_or((0, 0), |ended| (ended.count, ended.length));
    Some(BarOf { letter: letter(stack), count, length, statistic, thin: latest && view.now < view.end })
}

fn part_view(recording: &mut Recording, id: ComponentId, position: Position) -> Option<PartView> {
    let topology = recording.topology().clone();
    let component = topology.component(id)?;
    let name = |id: ComponentId| topology.component(id).map(|c| (id, c.name.clone()));
    let machine = recording.machine_at(position);
    let facts = inspect::state(machine, &topology, id);
    let mut tables = listing::listings(machine, &topology, id);
    tables.extend(so_far::tables(recording, id, position.time));
    Some(PartView {
        id,
        name: component.name.clone(),
        path: topology.path(id),
        note: component.note.clone(),
        layer: component.layer,
        facts,
        tables,
        children: topology.children(id).map(|(id, child)| (id, child.name.clone())).take(64).collect(),
        parent: component.parent.and_then(name),
    })
}

/// The first program of a stack.
fn app_of(topology: &Topology, stack: StackId) -> Option<ComponentId> {
    topology.iter().find(|(_, c)| c.kind == ComponentKind::App && c.stack == Some(stack)).map(|(id, _)| id)
}

fn seen_from_view(recording: &Recording, stack: StackId, time: Time, (chosen, lens): (usize, bool)) -> SeenFrom {
    let topology = recording.topology();
    let Some(app) = app_of(topology, stack) else { return SeenFrom::default() };
    // Who isn't there knows nothing.
    let presence = recording.presences.at(app, time);
    if presence == Presence::NotYet || matches!(presence, Presence::Gone(why) if why != Ended::Finished) {
        return SeenFrom::default();
    }
    let viewpoints = viewpoint::viewpoints(topology, app);
    let chosen = chosen.min(viewpoints.len().saturating_sub(1));
    let facts = viewpoints.get(chosen).map_or(Vec::new(), |(_, from)| viewpoint::seen_from(topology, app, *from));
    let whose = topology.stacks.get(stack.index()).map_or(String::new(), |stack| stack.name.clone());
    SeenFrom { whose, viewpoints: viewpoints.into_iter().map(|(label, _)| label).collect(), chosen, facts, lens }
}
