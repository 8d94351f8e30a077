//! Lists: each is one stop for Tab, and arrows walk it.
//!
//! A list of which only the rows in sight are drawn has the focus itself and knows the row that the keyboard is at
//! ([`stop_ui`]). Where all rows are drawn, the one that the keyboard is at has the focus and the others can't be
//! tabbed to ([`Rows`]).

use egui::accesskit::{Action, Role};
use egui::{Context, Id, Key, Rect, Response, Sense, Ui};

use super::keyboard::{self, Keeps};

/// How a list is walked in this frame, while it has the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walked {
    /// The row that the keyboard is at.
    pub at: usize,
    /// Whether it has just come there.
    pub moved: bool,
    /// Whether Shift was held: all rows on the way are meant.
    pub more: bool,
    /// Whether Enter was pressed there.
    pub entered: bool,
}

/// Lets a list of `count` rows, which is one stop for Tab, be walked: Up, Down, Page Up, Page Down, Home and End go to
/// another row, Enter opens it. `None` while the list has not the focus, or is empty.
fn walk(list: &egui::Response, count: usize, at: usize) -> Option<Walked> {
    let last = count.checked_sub(1).filter(|_| list.has_focus())?;
    keyboard::keep(list, Keeps { space: false, ..Keeps::ROWS });
    let before = at.min(last);
    let (at, more, entered) = list.ctx.input(|input| {
        let times = |key: Key| input.num_presses(key) as i64;
        let by = times(Key::ArrowDown) - times(Key::ArrowUp) + 12 * (times(Key::PageDown) - times(Key::PageUp));
        let far = match (input.key_pressed(Key::Home), input.key_pressed(Key::End)) {
            (true, _) => 0,
            (_, true) => last as i64,
            _ => before as i64,
        };
        let at = (far + by).clamp(0, last as i64) as usize;
        (at, input.modifiers.shift, input.key_pressed(Key::Enter))
    });
    Some(Walked { at, moved: at != before || list.gained_focus(), more, entered })
}

/// The stop of a list that lies at `area`: its name, and how it is walked.
pub fn stop_ui(ui: &Ui, area: Rect, name: &str, count: usize, at: usize) -> (Response, Option<Walked>) {
    let sense = if count > 0 { Sense::focusable_noninteractive() } else { Sense::hover() };
    let list = ui.interact(area, ui.id().with(name), sense);
    let walked = walk(&list, count, at);
    ui.ctx().accesskit_node_builder(list.id, |node| {
        node.set_role(Role::ListBox);
        node.set_label(name);
        node.set_description("Up and Down walk it, Enter opens");
    });
    (list, walked)
}

/// A row of a table, of the height that it was given: egui lets what stands in it reach into the next one.
pub fn of_table(mut row: Response, height: f32) -> Response {
    let gap = row.ctx.global_style().spacing.item_spacing.y;
    row.rect.max.y = row.rect.min.y + height;
    row.rect = row.rect.expand2(egui::vec2(0.0, 0.5 * gap));
    row
}

/// A row of a list that has the focus itself: what it is called, and whether the keyboard is `here`.
pub fn row_node(list: &Response, row: &Response, name: &str, chosen: bool, here: bool) {
    row.ctx.accesskit_node_builder(row.id, |node| {
        node.set_role(Role::ListBoxOption);
        let (min, max) = (row.rect.min, row.rect.max);
        let [x0, y0, x1, y1] = [min.x, min.y, max.x, max.y].map(f64::from);
        node.set_bounds(egui::accesskit::Rect { x0, y0, x1, y1 });
        node.set_label(name);
        node.set_selected(chosen);
        node.add_action(Action::Click);
    });
    if here {
        row.ctx.accesskit_node_builder(list.id, |node| node.set_active_descendant(row.id.accesskit_id()));
        keyboard::ring_of_row(list, row.rect.intersect(list.rect));
    }
}

/// The rows of a list that are all drawn. The one that the keyboard is at is a stop.
#[derive(Clone, Copy, Debug)]
pub struct Rows {
    id: Id,
    count: usize,
    /// How many stand beside each other.
    across: usize,
    /// Whether the keyboard has gone to another row in this frame: a key moves it once.
    gone: bool,
    state: State,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct State {
    at: usize,
    /// Which row is to get the focus.
    wanted: Option<usize>,
}

impl Rows {
    /// A list of so many rows, of which `across` stand beside each other.
    pub fn new(context: &Context, id: Id, count: usize, across: usize) -> Rows {
        let mut state: State = context.data(|data| data.get_temp(id)).unwrap_or_default();
        state.at = state.at.min(count.saturating_sub(1));
        Rows { id, count, across: across.max(1), gone: false, state }
    }

    /// Gives a row the keyboard as soon as it is drawn.
    pub fn enter(&mut self, row: usize) {
        self.state = State { at: row, wanted: Some(row) };
    }

    /// What a row is to sense.
    pub fn sense(&self, row: usize) -> Sense {
        if row == self.state.at { Sense::click() } else { Sense::CLICK }
    }

    /// Lets the row that has the focus be walked from. Call for each row once it is drawn.
    pub fn row(&mut self, row: usize, response: &Response) {
        if self.state.wanted == Some(row) {
            (self.state.wanted, self.gone) = (None, true);
            response.request_focus();
            response.scroll_to_me(None);
        }
        if response.clicked() {
            self.state.at = row;
        }
        if response.has_focus() {
            self.state.at = row;
            if !self.gone {
                self.keys(response);
            }
        }
    }

    fn keys(&mut self, response: &Response) {
        let far = self.count > 1;
        keyboard::keep(response, Keeps { along: true, across: self.across > 1, far, ..Keeps::BUTTON });
        let Some(last) = self.count.checked_sub(1) else { return };
        let to = response.ctx.input(|input| {
            let times = |key: Key| input.num_presses(key) as i64;
            let across = if self.across > 1 { times(Key::ArrowRight) - times(Key::ArrowLeft) } else { 0 };
            let along = times(Key::ArrowDown) - times(Key::ArrowUp);
            let page = 8 * (times(Key::PageDown) - times(Key::PageUp));
            let from = match (input.key_pressed(Key::Home), input.key_pressed(Key::End)) {
                (true, _) => 0,
                (_, true) => last as i64,
                _ => self.state.at as i64,
            };
            (from + across + (along + page) * self.across as i64).clamp(0, last as i64) as usize
        });
        if to != self.state.at {
            self.gone = true;
            self.enter(to);
            response.ctx.request_repaint();
        }
    }

    /// Keeps where the keyboard is until the next frame.
    pub fn end(self, context: &Context) {
        context.data_mut(|data| data.insert_temp(self.id, self.state));
    }
}
