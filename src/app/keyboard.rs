//! The keyboard: which keys are commands, which belong to the widget that has the focus, and the ring around it.
//!
//! A focused button keeps Space and Enter, which press it. Whatever needs more than that says so while it has the
//! focus, with [`keep`]: a slider the arrows, the picture the arrows and Enter. All other keys of
//! [`super::command::table`] stay commands, so that Right steps whichever button was pressed last.

use egui::accesskit::{self, Action, ActionRequest};
use egui::{Context, Event, FocusDirection, Id, Key, LayerId, Modifiers, Order, Rect, Stroke, StrokeKind, Vec2};

use super::command::{Command, Entry, matches, table};
use super::letters;
use super::overlay::{self, Kind};
use super::theme::Theme;
use crate::trace::StackId;

/// The keys that a focused widget keeps for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keeps {
    /// Left and Right.
    pub across: bool,
    /// Up and Down.
    pub along: bool,
    /// Enter.
    pub enter: bool,
    /// Space.
    pub space: bool,
    /// Home, End, Page Up, Page Down.
    pub far: bool,
}

impl Keeps {
    /// What presses a button.
    pub const BUTTON: Keeps = Keeps { across: false, along: false, enter: true, space: true, far: false };
    /// What moves a slider.
    pub const SLIDER: Keeps = Keeps { across: true, along: true, ..Keeps::BUTTON };
    /// What walks a picture: Space still plays.
    pub const PICTURE: Keeps = Keeps { across: true, along: true, enter: true, space: false, far: false };
    /// What walks the rows of a table.
    pub const ROWS: Keeps = Keeps { across: false, along: true, enter: true, space: false, far: true };

    fn key(self, key: Key) -> bool {
        match key {
            Key::ArrowLeft | Key::ArrowRight => self.across,
            Key::ArrowUp | Key::ArrowDown => self.along,
            Key::Enter => self.enter,
            Key::Space => self.space,
            Key::Home | Key::End | Key::PageUp | Key::PageDown => self.far,
            _ => false,
        }
    }
}

/// Who has the focus, and what it needs, as last drawn.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    focused: Option<Id>,
    /// The page that it is on.
    page: Option<Id>,
    /// Who had it last: Tab begins there.
    last: Option<Id>,
    keeps: Option<(Id, Keeps)>,
    /// Where the ring is to be, if not around the whole widget.
    ring: Option<(Id, Ring)>,
    /// Who was last looked after, so that it is in sight.
    revealed: Option<Id>,
}

/// A ring around a part of a widget.
#[derive(Clone, Copy, Debug)]
struct Ring {
    around: Rect,
    /// Whether it stands within that: rows touch, and it is to cover no other.
    within: bool,
}

fn held(context: &Context) -> Held {
    context.data(|data| data.get_temp(Id::new("keyboard"))).unwrap_or_default()
}

fn change(context: &Context, change: impl FnOnce(&mut Held)) {
    context.data_mut(|data| change(data.get_temp_mut_or_default(Id::new("keyboard"))));
}

/// Says, while `response` has the focus, which keys it keeps.
pub fn keep(response: &egui::Response, keeps: Keeps) {
    if response.ctx.memory(|memory| memory.has_focus(response.id)) {
        change(&response.ctx, |held| held.keeps = Some((response.id, keeps)));
    }
}

/// Says that `response` is a panel's edge: the arrows move it, and it never takes the place of what has gone.
pub fn edge(response: &egui::Response) {
    keep(response, Keeps { across: true, along: true, enter: false, space: false, far: false });
    response.ctx.data_mut(|data| data.get_temp_mut_or_default::<Edges>(Id::new("edges")).0.insert(response.id));
}

/// The edges of panels.
#[derive(Clone, Debug, Default)]
struct Edges(egui::IdSet);

/// Says where within `response` its ring is to be.
pub fn ring_at(response: &egui::Response, rect: Rect) {
    change(&response.ctx, |held| held.ring = Some((response.id, Ring { around: rect, within: false })));
}

/// Says which row of `response` its ring is to be around.
pub fn ring_of_row(response: &egui::Response, rect: Rect) {
    change(&response.ctx, |held| held.ring = Some((response.id, Ring { around: rect, within: true })));
}

/// Takes the commands whose keys were pressed out of the input. Call before anything is drawn.
///
/// `scenes`: whether a walkthrough's scenes are shown, so that Page Up and Page Down turn them.
///
/// While text is being edited, only keys with Ctrl or Alt and function keys count.
pub fn pressed(context: &Context, presenting: bool, scenes: bool) -> Vec<Command> {
    reveal(context);
    let before = held(context);
    let over = overlay::begin(context, before.focused);
    if over == Some(Kind::Menu) {
        walk_menu(context);
        return Vec::new();
    }
    if over.is_none() {
        go_on_from(context, before.last);
    }
    let sheet = over == Some(Kind::Sheet);
    let presenting = presenting && !sheet;
    let editing = context.text_edit_focused();
    let focused = context.memory(|memory| memory.focused());
    let keeps = match (focused, before.keeps) {
        (None, _) => None,
        (Some(id), Some((of, keeps))) if of == id => Some(keeps),
        (Some(_), _) => Some(Keeps::BUTTON),
    };
    // Escape has taken the focus away already: that was all it was for.
    let left = focused.is_none() && before.focused.is_some();
    let table = table();
    let mut found = Vec::new();
    let mut arrows = false;
    context.input_mut(|input| {
        input.events.retain(|event| {
            let Event::Key { key, physical_key, pressed: true, modifiers, .. } = event else { return true };
            let key = &by_its_place(*key, *physical_key);
            let plain = !modifiers.command && !modifiers.alt;
            let arrow = matches!(key, Key::ArrowLeft | Key::ArrowRight | Key::ArrowUp | Key::ArrowDown);
            if plain && editing && !is_function_key(*key) {
                return true;
            }
            let kept = keeps.is_some_and(|keeps| keeps.key(*key)) && plain;
            // Egui would move the focus with arrows: here they are the widget's own, or commands.
            arrows |= arrow && plain;
            let turns = matches!(key, Key::PageUp | Key::PageDown) && plain && !scenes && !presenting;
            if kept || turns {
                return true;
            }
            match meant(&table, *key, *modifiers, presenting) {
                Some(Command::Dismiss) if left => found.push(Command::Close),
                // What lies below a sheet is not moved from there.
                Some(command) if sheet && !counts_over_a_sheet(&command) => {}
                Some(command) => found.push(command),
                None => return true,
            }
            false
        });
    });
    if arrows {
        context.memory_mut(|memory| memory.move_focus(FocusDirection::None));
    }
    change(context, |held| (held.keeps, held.ring) = (None, None));
    found
}

/// Scrolls to what the keyboard has just come to, wherever that lies in something that scrolls: the widget is asked to
/// come into view, as a screen reader would ask it. What is higher than half the window scrolls by itself, to where the
/// keyboard is within it; so does what has said where its ring is.
fn reveal(context: &Context) {
    let (focused, held) = (context.memory(|memory| memory.focused()), held(context));
    if focused == held.revealed {
        return;
    }
    change(context, |held| held.revealed = focused);
    let Some(response) = focused.and_then(|id| context.read_response(id)) else { return };
    let cut = response.rect.size() - response.interact_rect.size().max(Vec2::ZERO);
    let large = response.rect.height() > context.content_rect().height() * 0.5;
    let walks = held.ring.is_some_and(|(id, _)| id == response.id);
    if cut.max_elem() < 1.0 || large || walks {
        return;
    }
    let request = ActionRequest {
        action: Action::ScrollIntoView,
        target_tree: accesskit::TreeId::ROOT,
        target_node: response.id.accesskit_id(),
        data: None,
    };
    context.input_mut(|input| input.events.push(Event::AccessKitActionRequest(request)));
    context.request_repaint();
}

/// After Escape has taken the focus away, Tab begins where it was, if that is still there, and not at the top.
fn go_on_from(context: &Context, last: Option<Id>) {
    let tab = context.input(|input| input.key_pressed(Key::Tab));
    let last = last.filter(|_| tab).and_then(|last| {
        let stops: Stops = context.data(|data| data.get_temp(Id::new("stops"))).unwrap_or_default();
        stops.nearest(last, |id| context.read_response(id).is_some())
    });
    if let (Some(last), None) = (last, context.memory(|memory| memory.focused())) {
        context.memory_mut(|memory| {
            memory.request_focus(last);
            memory.move_focus(FocusDirection::None);
        });
    }
}

/// Up and Down go from item to item of the menu that is open.
fn walk_menu(context: &Context) {
    let (up, down) = context.input(|input| (input.num_presses(Key::ArrowUp), input.num_presses(Key::ArrowDown)));
    let direction = match up.cmp(&down) {
        std::cmp::Ordering::Greater => FocusDirection::Previous,
        std::cmp::Ordering::Less => FocusDirection::Next,
        // Egui goes wherever something lies to the left or right.
        std::cmp::Ordering::Equal if context.input(across) => FocusDirection::None,
        std::cmp::Ordering::Equal => return,
    };
    overlay::walk(context, direction, false);
}

fn across(input: &egui::InputState) -> bool {
    input.key_pressed(Key::ArrowLeft) || input.key_pressed(Key::ArrowRight)
}

/// What closes a sheet, or changes how it looks.
fn counts_over_a_sheet(command: &Command) -> bool {
    use Command::*;
    matches!(command, Dismiss | Close | ToggleShortcuts | ShowCosts | ToggleTheme | TextSize(_) | Quit)
}

/// A digit is the key that it stands on, whatever sign a keyboard has above it or needs Shift for.
fn by_its_place(key: Key, physical: Option<Key>) -> Key {
    physical.filter(|key| key.name().len() == 1 && key.name().bytes().all(|byte| byte.is_ascii_digit())).unwrap_or(key)
}

/// The command of a key. A clicker's keys go forward and back while presenting.
fn meant(table: &[Entry], key: Key, modifiers: Modifiers, presenting: bool) -> Option<Command> {
    if presenting && !modifiers.any() {
        match key {
            Key::PageDown | Key::ArrowRight | Key::ArrowDown | Key::Enter => return Some(Command::Onward(1)),
            Key::PageUp | Key::ArrowLeft | Key::ArrowUp | Key::Backspace => return Some(Command::Onward(-1)),
            Key::B => return Some(Command::Blank),
            Key::R => return Some(Command::Spotlight),
            Key::Escape => return Some(Command::Present),
            _ => {}
        }
    }
    let entry = table.iter().find(|entry| entry.keys.iter().any(|shortcut| matches(shortcut, key, modifiers)));
    entry.map(|entry| entry.command.clone()).or_else(|| column(key, modifiers))
}

/// Alt and a column's letter follow it, with Shift it is alone.
fn column(key: Key, modifiers: Modifiers) -> Option<Command> {
    let name = key.name();
    let letter = name.len() == 1 && name.bytes().all(|byte| byte.is_ascii_uppercase());
    let stack: StackId = letters::stack_of(name).filter(|_| letter && modifiers.alt && !modifiers.command)?;
    Some(if modifiers.shift { Command::Solo(stack) } else { Command::FollowColumn(stack) })
}

fn is_function_key(key: Key) -> bool {
    key.name().strip_prefix('F').is_some_and(|number| number.parse::<u8>().is_ok())
}

/// Draws the ring around what has the focus, over everything else. Call after everything has been drawn.
///
/// `page` is what is shown: what has the focus goes with its page, and nothing takes its place.
pub fn ring_ui(context: &Context, page: Id, theme: &Theme) {
    overlay::end(context);
    let focused = context.memory(|memory| memory.focused());
    let (ring, revealed) = (held(context).ring, held(context).revealed);
    if focused != revealed {
        // Where it is, is known now; it comes into view with the next frame.
        context.request_repaint();
    }
    let focused = neighbour_of_what_went(context, focused, page);
    // On another page Tab does not begin beside something of this one.
    let stays = held(context).page == Some(page);
    let there = |id: &Id| context.viewport(|viewport| viewport.this_pass.widgets.contains(*id));
    let last = held(context).last.filter(|id| stays || there(id));
    change(context, |held| (held.focused, held.last, held.page) = (focused, focused.or(last), Some(page)));
    let Some(response) = focused.and_then(|id| context.read_response(id)) else { return };
    let whole = Ring { around: response.rect, within: false };
    let ring = ring.filter(|(id, _)| *id == response.id).map_or(whole, |(_, ring)| ring);
    // As far as it can be seen: a row that is scrolled half out of sight has half a ring.
    let seen = response.interact_rect.expand(RING * 2.0);
    let painter = context.layer_painter(LayerId::new(Order::Debug, Id::new("focus ring"))).with_clip_rect(seen);
    let inner = if ring.within { ring.around.shrink(RING) } else { ring.around.expand(1.0) };
    if !ring.within {
        painter.rect_stroke(inner, 5.0, Stroke::new(RING + 2.0, theme.background), StrokeKind::Outside);
    }
    painter.rect_stroke(inner, 5.0, Stroke::new(RING, theme.focus), StrokeKind::Outside);
}

/// The stops of a layer, in the order of Tab, as they were when what has the focus was there.
#[derive(Clone, Debug, Default)]
struct Stops {
    order: Vec<Id>,
}

impl Stops {
    /// What is nearest to `gone` of those that are left: what came next, else what came before.
    fn nearest(&self, gone: Id, left: impl Fn(Id) -> bool) -> Option<Id> {
        let at = self.order.iter().position(|id| *id == gone)?;
        let (before, next) = self.order.split_at(at);
        next.iter().chain(before.iter().rev()).copied().find(|id| left(*id))
    }
}

/// Where what had the focus is gone, or can't be pressed any more, its nearest neighbour gets it. Gives back what has
/// the focus.
fn neighbour_of_what_went(context: &Context, focused: Option<Id>, page: Id) -> Option<Id> {
    let widget = |id: Id| context.viewport(|viewport| viewport.this_pass.widgets.get(id).copied());
    // Egui takes the focus from a button that is greyed by itself.
    let greyed = |id: &Id| widget(*id).is_some_and(|widget| !takes_focus(&widget));
    let before = held(context).focused;
    let id = focused.or(before.filter(greyed))?;
    let place = Id::new("stops");
    let Some(layer) = widget(id).filter(takes_focus).map(|widget| widget.layer_id) else {
        let stops: Stops = context.data(|data| data.get_temp(place)).unwrap_or_default();
        let stays = held(context).page == Some(page) && before == Some(id);
        let left = |id: Id| widget(id).is_some_and(|widget| takes_focus(&widget));
        let next = stops.nearest(id, left).filter(|_| stays);
        if let Some(next) = next {
            context.memory_mut(|memory| memory.request_focus(next));
            context.request_repaint();
        }
        return next.or(focused);
    };
    let edges: Edges = context.data(|data| data.get_temp(Id::new("edges"))).unwrap_or_default();
    let order = context.viewport(|viewport| {
        let stops = viewport.this_pass.widgets.get_layer(layer).filter(|widget| takes_focus(widget));
        stops.map(|widget| widget.id).filter(|other| *other == id || !edges.0.contains(other)).collect()
    });
    context.data_mut(|data| data.insert_temp(place, Stops { order }));
    focused
}

fn takes_focus(widget: &egui::WidgetRect) -> bool {
    widget.enabled && widget.sense.is_focusable()
}

/// How thick the ring is, in points.
pub const RING: f32 = 2.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_next_takes_the_place_of_what_went_and_else_what_came_before() {
        let id = |number: u32| Id::new(number);
        let stops = Stops { order: (0..5).map(id).collect() };
        let nearest = |gone: u32, left: &[u32]| {
            let left: Vec<Id> = left.iter().copied().map(id).collect();
            stops.nearest(id(gone), |id| left.contains(&id))
        };
        assert_eq!(nearest(2, &[0, 1, 3, 4]), Some(id(3)));
        assert_eq!(nearest(2, &[0, 1, 4]), Some(id(4)));
        assert_eq!(nearest(4, &[0, 1, 2]), Some(id(2)));
        assert_eq!(nearest(2, &[]), None);
        assert_eq!(nearest(9, &[0, 1]), None, "what was never a stop has no neighbour");
    }

    #[test]
    fn every_column_has_a_key_that_no_command_has() {
        for key in Key::ALL.iter().filter(|key| key.name().len() == 1 && key.name() >= "A") {
            for modifiers in [Modifiers::ALT, Modifiers::ALT | Modifiers::SHIFT] {
                let stack = letters::stack_of(key.name()).expect("a letter");
                let wanted = if modifiers.shift { Command::Solo(stack) } else { Command::FollowColumn(stack) };
                assert_eq!(meant(&table(), *key, modifiers, false), Some(wanted), "{key:?} {modifiers:?}");
            }
        }
    }

    #[test]
    fn function_keys_are_told_from_the_letter() {
        assert!(is_function_key(Key::F11) && !is_function_key(Key::F) && !is_function_key(Key::Num1));
    }
}
