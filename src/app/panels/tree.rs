//! The picture in words: every part of the machine as a tree, with what it knows and the operations that are at it.
//!
//! It is one stop for Tab, as the picture is: Up and Down walk its rows, Right and Left unfold and fold, Enter opens
//! what a row stands for. What is chosen here is what is chosen in the picture. Rows out of sight cost nothing but
//! their place.

use std::collections::{BTreeMap, BTreeSet};

use egui::accesskit::{Action, Role};
use egui::{Key, Pos2, Rect, Response, ScrollArea, Sense, Ui, Vec2};
use egui_phosphor::regular as icon;

use super::list;
use super::widgets::cut;
use crate::app::command::Command;
use crate::app::hint;
use crate::app::keyboard::{self, Keeps};
use crate::app::theme::{TextRole, Theme};
use crate::app::{letters, names};
use crate::machine::inspect::Fact;
use crate::machine::{Component, Topology};
use crate::trace::{ComponentId, JourneyId, Layer};

/// What a row stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Item {
    /// A part of the machine.
    Part(ComponentId),
    /// An operation under way.
    Operation(JourneyId),
}

/// What the tree remembers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TreeState {
    /// What the keyboard has walked to.
    pub at: Option<Item>,
    /// Whether the tree is to get the keyboard.
    pub enter: bool,
    /// The tree's widget, and what had the focus before it.
    own: Option<egui::Id>,
    home: Option<egui::Id>,
    /// Whether the list has just been closed.
    pub left: bool,
    /// Whether the operations under way are shown as a table in place of the tree.
    pub table: bool,
    /// Parts that a hand has folded or unfolded.
    folded: BTreeMap<ComponentId, bool>,
}

/// What there is to draw.
pub struct Tree<'a> {
    /// The machine.
    pub topology: &'a Topology,
    /// The operations under way.
    pub rows: &'a [list::Row],
    /// What a part knows at the moment.
    pub facts: &'a dyn Fn(ComponentId) -> Vec<Fact>,
    /// What the inspector shows.
    pub selected: Option<Item>,
}

/// One line.
#[derive(Clone, Debug, PartialEq)]
struct Line {
    item: Item,
    /// From 0.
    depth: usize,
    /// Whether it is folded; `None` where it holds nothing.
    folds: Option<bool>,
    parent: Option<Item>,
}

/// More parts than this are folded from the third level on, until a hand unfolds them.
const MANY: usize = 120;

impl TreeState {
    /// The lines in sight of a reader, from top to bottom.
    fn lines(&self, tree: &Tree<'_>) -> Vec<Line> {
        let count = tree.topology.components.len();
        let mut children: Vec<Vec<ComponentId>> = vec![Vec::new(); count];
        let mut roots = Vec::new();
        for (id, part) in tree.topology.iter() {
            match part.parent.and_then(|parent| children.get_mut(parent.index())) {
                Some(siblings) => siblings.push(id),
                None => roots.push(id),
            }
        }
        let mut operations: BTreeMap<ComponentId, Vec<JourneyId>> = BTreeMap::new();
        for row in tree.rows {
            operations.entry(row.component).or_default().push(row.journey);
        }
        let mut lines = Vec::new();
        // A part may be its own ancestor in a broken machine: each is shown once.
        let mut seen = BTreeSet::new();
        let mut open: Vec<(ComponentId, usize, Option<Item>)> =
            roots.into_iter().rev().map(|id| (id, 0, None)).collect();
        while let Some((id, depth, parent)) = open.pop() {
            if !seen.insert(id) {
                continue;
            }
            let own = operations.get(&id).map_or(&[][..], Vec::as_slice);
            let holds = !children[id.index()].is_empty() || !own.is_empty();
            let folded = self.folded.get(&id).copied().unwrap_or(count > MANY && depth >= 2);
            lines.push(Line { item: Item::Part(id), depth, folds: holds.then_some(folded), parent });
            if folded {
                continue;
            }
            let parent = Some(Item::Part(id));
            let below = own.iter().map(|journey| Line {
                item: Item::Operation(*journey),
                depth: depth + 1,
                folds: None,
                parent,
            });
            lines.extend(below);
            open.extend(children[id.index()].iter().rev().map(|child| (*child, depth + 1, parent)));
        }
        lines
    }

    /// Once the list is closed: the focus is where it was before.
    pub fn leave(&mut self, context: &egui::Context) {
        if !std::mem::take(&mut self.left) {
            return;
        }
        let (own, home) = (self.own.take(), self.home.take());
        context.memory_mut(|memory| {
            if memory.focused().is_some_and(|id| Some(id) != own) {
                return;
            }
            match home {
                Some(home) => memory.request_focus(home),
                None => own.into_iter().for_each(|own| memory.surrender_focus(own)),
            }
        });
    }

    /// Begins anew with another machine.
    pub fn of_another(self) -> TreeState {
        TreeState { table: self.table, ..TreeState::default() }
    }

    /// Unfolds what a part lies in, so that it has a line.
    pub fn reveal(&mut self, topology: &Topology, id: ComponentId) {
        let mut at = topology.component(id).and_then(|part| part.parent);
        for _ in 0..topology.components.len() {
            let Some(parent) = at else { return };
            self.folded.insert(parent, false);
            at = topology.component(parent).and_then(|part| part.parent);
        }
    }
}

/// Draws the tree.
pub fn tree_ui(ui: &mut Ui, state: &mut TreeState, tree: &Tree<'_>, theme: &Theme) -> Vec<Command> {
    let mut out = Vec::new();
    let height = (theme.size(TextRole::Body) * 1.7).round();
    let mut lines = state.lines(tree);
    let all = ui.available_rect_before_wrap();
    let whole = ui.interact(all, ui.id().with("tree"), Sense::focusable_noninteractive());
    if std::mem::take(&mut state.enter) {
        state.home = ui.memory(|memory| memory.focused()).filter(|id| *id != whole.id);
        state.own = Some(whole.id);
        whole.request_focus();
    }
    let stopped = whole.has_focus();
    let mut moved = whole.gained_focus();
    if stopped {
        keyboard::keep(&whole, Keeps { across: true, along: true, enter: true, space: false, far: true });
        let before = (state.at, state.folded.clone());
        keys(ui, state, &lines, &mut out);
        moved |= before.0 != state.at;
        if before.1 != state.folded {
            lines = state.lines(tree);
            moved = true;
        }
    }
    let place = |line: &Line| tree.rows.iter().find(|row| line.item == Item::Operation(row.journey));
    let area = ScrollArea::vertical().id_salt("machine as a list").auto_shrink([false, false]);
    area.show_viewport(ui, |ui, viewport| {
        ui.set_height(height * lines.len() as f32);
        let (left, top, width) = (ui.max_rect().left(), ui.max_rect().top(), ui.max_rect().width());
        let rect =
            |index: usize| Rect::from_min_size(Pos2::new(left, top + index as f32 * height), Vec2::new(width, height));
        let at = lines.iter().position(|line| Some(line.item) == state.at);
        if let Some(at) = at.filter(|_| stopped) {
            keyboard::ring_of_row(&whole, rect(at).intersect(all));
            if moved {
                ui.scroll_to_rect(rect(at), None);
            }
        }
        let (first, last) = ((viewport.top() / height) as usize, (viewport.bottom() / height).ceil() as usize);
        for (index, line) in lines.iter().enumerate().take(last.min(lines.len())).skip(first) {
            let words = match (line.item, place(line)) {
                (Item::Part(id), _) => Words::of_part(tree, id),
                (Item::Operation(_), Some(row)) => Words::of_operation(row),
                (Item::Operation(_), None) => continue,
            };
            let on = tree.selected == Some(line.item);
            line_ui(ui, rect(index), line, &words, on, state, theme, &mut out);
        }
        spoken(ui, &whole, &lines, &rect, state, tree, &mut out);
    });
    out
}

/// What a line says.
struct Words {
    letter: String,
    name: String,
    note: String,
    layer: Layer,
}

impl Words {
    fn of_part(tree: &Tree<'_>, id: ComponentId) -> Words {
        let Some(part) = tree.topology.component(id) else {
            return Words { letter: String::new(), name: String::new(), note: String::new(), layer: Layer::Hardware };
        };
        let facts: Vec<String> = (tree.facts)(id).iter().map(|fact| format!("{} {}", fact.label, fact.value)).collect();
        let note = [part.note.clone()].into_iter().filter(|note| !note.is_empty()).chain(facts);
        Words {
            letter: part.stack.map_or(String::new(), letters::letter),
            name: names::title(&part.name),
            note: note.collect::<Vec<_>>().join(" · "),
            layer: part.layer,
        }
    }

    fn of_operation(row: &list::Row) -> Words {
        Words {
            letter: row.stack.split(' ').next().unwrap_or_default().to_owned(),
            name: row.operation.clone(),
            note: format!("{} · {}", row.doing, row.time),
            layer: row.layer,
        }
    }
}

#[allow(clippy::too_many_arguments)]
fn line_ui(
    ui: &Ui,
    rect: Rect,
    line: &Line,
    words: &Words,
    on: bool,
    state: &mut TreeState,
    theme: &Theme,
    out: &mut Vec<Command>,
) {
    let response = ui.interact(rect, ui.id().with(("line", line.item)), Sense::CLICK);
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    if on || response.hovered() {
        painter.rect_filled(rect, 4.0, if on { theme.chosen } else { theme.control });
    }
    let step = 16.0 * theme.scale;
    let mut x = rect.left() + 4.0 + step * line.depth as f32;
    let y = rect.center().y;
    let sign = match line.folds {
        Some(true) => icon::CARET_RIGHT,
        Some(false) => icon::CARET_DOWN,
        None => "",
    };
    let small = egui::FontId::proportional(12.0 * theme.scale);
    painter.text(Pos2::new(x, y), egui::Align2::LEFT_CENTER, sign, small, theme.text_muted);
    let fold = Rect::from_min_max(Pos2::new(rect.left(), rect.top()), Pos2::new(x + step, rect.bottom()));
    x += step;
    // Shape and colour as in the picture: a bar of the layer's colour for a part, a dot for what is on its way.
    let color = theme.layer(words.layer);
    match line.item {
        Item::Part(_) => {
            let bar = Rect::from_center_size(Pos2::new(x + 2.0, y), Vec2::new(4.0, rect.height() * 0.6));
            painter.rect_filled(bar, 1.0, color);
        }
        Item::Operation(_) => drop(painter.circle_filled(Pos2::new(x + 2.0, y), 4.0 * theme.scale, color)),
    }
    x += 12.0 * theme.scale;
    let font = theme.font(TextRole::Body);
    let put = |x: &mut f32, text: &str, color: egui::Color32, gap: f32| {
        let room = rect.right() - *x - 4.0;
        if text.is_empty() || room < 12.0 {
            return;
        }
        let galley = cut(ui, text, &font, color, room);
        let width = galley.size().x;
        painter.galley(Pos2::new(*x, y - galley.size().y / 2.0), galley, color);
        *x += width + gap * theme.scale;
    };
    put(&mut x, &words.letter, theme.text_muted, 8.0);
    put(&mut x, &words.name, theme.text, 14.0);
    put(&mut x, &words.note, theme.text_muted, 0.0);
    if response.hovered() {
        hint::say_here(ui.ctx(), &format!("{} · {}", words.name, words.note));
    }
    if response.clicked() {
        state.at = Some(line.item);
        let on_sign = response.interact_pointer_pos().is_some_and(|at| fold.contains(at));
        match (line.item, line.folds) {
            (Item::Part(id), Some(folded)) if on_sign => drop(state.folded.insert(id, !folded)),
            (item, _) => out.push(open(item)),
        }
    }
}

fn open(item: Item) -> Command {
    match item {
        Item::Part(id) => Command::SelectComponent(id),
        Item::Operation(id) => Command::SelectJourney(id),
    }
}

/// Walks the lines: as trees are walked everywhere.
fn keys(ui: &Ui, state: &mut TreeState, lines: &[Line], out: &mut Vec<Command>) {
    let Some(last) = lines.len().checked_sub(1) else { return };
    let mut at = lines.iter().position(|line| Some(line.item) == state.at).unwrap_or(0);
    let pressed: Vec<Key> = ui.input(|input| {
        let keys = [
            Key::ArrowUp,
            Key::ArrowDown,
            Key::ArrowLeft,
            Key::ArrowRight,
            Key::Home,
            Key::End,
            Key::PageUp,
            Key::PageDown,
            Key::Enter,
        ];
        keys.into_iter().filter(|key| input.key_pressed(*key)).collect()
    });
    for key in pressed {
        let line = &lines[at];
        let part = match line.item {
            Item::Part(id) => Some(id),
            Item::Operation(_) => None,
        };
        match (key, line.folds, part) {
            (Key::ArrowUp, ..) => at = at.saturating_sub(1),
            (Key::ArrowDown, ..) => at = (at + 1).min(last),
            (Key::Home, ..) => at = 0,
            (Key::End, ..) => at = last,
            (Key::PageUp, ..) => at = at.saturating_sub(12),
            (Key::PageDown, ..) => at = (at + 12).min(last),
            (Key::ArrowRight, Some(true), Some(id)) => drop(state.folded.insert(id, false)),
            (Key::ArrowRight, Some(false), _) => at = (at + 1).min(last),
            (Key::ArrowLeft, Some(false), Some(id)) => drop(state.folded.insert(id, true)),
            (Key::ArrowLeft, ..) => {
                at = line.parent.and_then(|item| lines.iter().position(|line| line.item == item)).unwrap_or(at);
            }
            (Key::Enter, ..) => out.push(open(line.item)),
            _ => {}
        }
    }
    state.at = lines.get(at).map(|line| line.item);
}

/// The tree for those who do not see it.
fn spoken(
    ui: &Ui,
    whole: &Response,
    lines: &[Line],
    rect: &dyn Fn(usize) -> Rect,
    state: &mut TreeState,
    tree: &Tree<'_>,
    out: &mut Vec<Command>,
) {
    let at = state.at.map(|item| ui.id().with(("spoken", item)).accesskit_id());
    let wanted = ui.ctx().accesskit_node_builder(whole.id, |node| {
        node.set_role(Role::Tree);
        node.set_label("The machine as a list");
        node.set_description("Up and Down walk it, Right and Left unfold and fold, Enter opens");
        if let Some(at) = at {
            node.set_active_descendant(at);
        }
    });
    if wanted.is_none() {
        return;
    }
    let part_name = |part: &Component| {
        let whose = part.stack.map_or(String::new(), |stack| format!("{}, ", letters::letter(stack)));
        let note = if part.note.is_empty() { String::new() } else { format!(": {}", part.note) };
        format!("{whose}{}{note}", names::name(&part.name))
    };
    for (index, line) in lines.iter().enumerate() {
        let name = match line.item {
            Item::Part(id) => tree.topology.component(id).map_or(String::new(), part_name),
            Item::Operation(id) => {
                tree.rows.iter().find(|row| row.journey == id).map_or(String::new(), list::Row::spoken)
            }
        };
        let node = ui.interact(rect(index), ui.id().with(("spoken", line.item)), Sense::hover());
        let chosen = tree.selected == Some(line.item);
        ui.ctx().accesskit_node_builder(node.id, |node| {
            node.set_role(Role::TreeItem);
            node.set_label(name);
            node.set_level(line.depth + 1);
            node.set_selected(chosen);
            node.add_action(Action::Click);
            if let Some(folded) = line.folds {
                node.set_expanded(!folded);
            }
        });
        if ui.input(|input| input.has_accesskit_action_request(node.id, Action::Click)) {
            state.at = Some(line.item);
            out.push(open(line.item));
        }
    }
}
