//! The picture for those who do not see it: each part of the machine and each operation under way is a node of the
//! accessibility tree, with its name, its place and what is going on there.
//!
//! Nothing of this is made unless something asks for the tree; egui says whether.

use egui::accesskit::{Action, Role};
use egui::{Id, Rect, Response, Sense, Ui};

use super::command::Command;
use super::cursor::{Parts, on_screen};
use super::letters;
use super::names;
use super::panels::list;
use super::recording::Recording;
use super::scene::{Layout, View};
use crate::engine::Time;
use crate::machine::{Component, ComponentKind, Topology};
use crate::trace::ComponentId;

/// The node of a part, of the picture that `canvas` is.
pub fn node_of(canvas: Id, part: ComponentId) -> Id {
    canvas.with(("part", part.0))
}

/// Makes the nodes. Gives back what an assistive program has asked for.
pub fn picture_ui(
    ui: &Ui,
    canvas: &Response,
    (layout, view): (&Layout, &View),
    recording: &Recording,
    now: Time,
    cursor: Option<ComponentId>,
) -> Option<Command> {
    let topology = recording.topology();
    let label = picture_name(&recording.scenario.title, topology);
    ui.ctx().accesskit_node_builder(canvas.id, |node| {
        node.set_role(Role::Tree);
        node.set_label(label);
        node.set_description("Arrows walk its parts, Enter opens one, Escape gives the arrows back");
        if let Some(cursor) = cursor {
            node.set_active_descendant(node_of(canvas.id, cursor).accesskit_id());
        }
    })?;
    let mut asked = None;
    let mut add = |id: Id, rect: Rect, level: usize, name: String, chosen: bool, command: Command| {
        let part = ui.interact(rect.intersect(canvas.rect), id, Sense::hover());
        ui.ctx().accesskit_node_builder(part.id, |node| {
            node.set_role(Role::TreeItem);
            node.set_label(name);
            node.set_level(level);
            node.set_selected(chosen);
            node.add_action(Action::Click);
        });
        if ui.input(|input| input.has_accesskit_action_request(part.id, Action::Click)) {
            asked = Some(command);
        }
    };
    for id in Parts::of(layout, topology).all() {
        let Some(part) = topology.component(id) else { continue };
        let rect = on_screen(layout, view, canvas.rect, id);
        let name = part_name(part);
        add(node_of(canvas.id, id), rect, depth(topology, id), name, cursor == Some(id), Command::SelectComponent(id));
    }
    // Parts that are only counted in the picture, for want of room, are named here all the same.
    // So are device models that have no box: they are seen at the back ends, and are not the same.
    let models = |id: ComponentId| topology.component(id).is_some_and(|part| part.kind == ComponentKind::DeviceModels);
    let alone = |id: ComponentId| layout.drawn_as.get(id.index()) == Some(&id) || models(id);
    let counted = |id: ComponentId| !layout.place(id).own && alone(id);
    for (id, part) in topology.iter().filter(|(id, _)| counted(*id)) {
        let rect = on_screen(layout, view, canvas.rect, id);
        let level = depth(topology, id);
        add(node_of(canvas.id, id), rect, level, part_name(part), false, Command::SelectComponent(id));
    }
    for row in list::rows(recording, now) {
        let rect = on_screen(layout, view, canvas.rect, row.component);
        let id = canvas.id.with(("operation", row.journey.0));
        let level = depth(topology, row.component) + 1;
        add(id, rect, level, row.spoken(), false, Command::SelectJourney(row.journey));
    }
    asked
}

/// "One read(), four stacks: a machine of 62 parts, 4 stacks".
fn picture_name(title: &str, topology: &Topology) -> String {
    let stacks = topology.stacks.len();
    let stacks = if stacks == 1 { "1 stack".to_owned() } else { format!("{stacks} stacks") };
    format!("{title}: a machine of {} parts, {stacks}", topology.components.len())
}

/// "A, VM: 1 vCPU · 4 GiB", "host kernel: ring 0".
fn part_name(part: &Component) -> String {
    let whose = part.stack.map_or(String::new(), |stack| format!("{}, ", letters::letter(stack)));
    let note = if part.note.is_empty() { String::new() } else { format!(": {}", part.note) };
    format!("{whose}{}{note}", names::name(&part.name))
}

/// How deep a part lies in the machine's tree: 1 for the hardware.
pub fn depth(topology: &Topology, id: ComponentId) -> usize {
    let mut depth = 1;
    let mut at = topology.component(id).and_then(|part| part.parent);
    while let Some(id) = at {
        depth += 1;
        at = topology.component(id).and_then(|part| part.parent);
    }
    depth
}
