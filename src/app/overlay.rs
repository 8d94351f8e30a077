//! What lies over the window: menus, choices, sheets, questions. The topmost has the keyboard: Tab stays in it, arrows
//! walk a menu, no key and no click reaches what lies below. When it closes, the focus is where it was before.

use egui::{Context, FocusDirection, Id, Key, LayerId, Order, Rect, Response};

/// What kind of thing has the keyboard for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A menu or a choice: arrows go from item to item.
    Menu,
    /// A sheet to read, or a question.
    Sheet,
}

/// Something that is open, and what had the focus before it was.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Open {
    layer: LayerId,
    home: Option<Id>,
}

impl Open {
    fn kind(&self) -> Kind {
        if self.layer.order == Order::Foreground { Kind::Menu } else { Kind::Sheet }
    }
}

/// What is open, from the lowest to the topmost.
#[derive(Clone, Debug, Default)]
struct Overlays {
    open: Vec<Open>,
    /// The sheets drawn in this frame.
    sheets: Vec<LayerId>,
    /// What had the focus when this frame began.
    before: Option<Id>,
    /// Whether a menu has just been opened by keyboard.
    entered: bool,
    /// Whether the last key went back.
    back: bool,
}

fn with<R>(context: &Context, change: impl FnOnce(&mut Overlays) -> R) -> R {
    context.data_mut(|data| change(data.get_temp_mut_or_default(Id::new("overlays"))))
}

/// Begins a frame, in which `focused` has the focus. Gives back what lies over everything else.
pub(super) fn begin(context: &Context, focused: Option<Id>) -> Option<Kind> {
    let (top, entered) = with(context, |overlays| {
        overlays.before = focused;
        overlays.sheets.clear();
        (overlays.open.last().map(Open::kind), overlays.entered)
    });
    if entered {
        walk(context, FocusDirection::Next, true);
    } else if focused.is_some() && focused == behind(context) {
        let back = with(context, |overlays| overlays.back);
        walk(context, if back { FocusDirection::Previous } else { FocusDirection::Next }, false);
    }
    top
}

/// What egui has behind the items of a menu, and lets have the focus: nothing that one could do something with.
fn behind(context: &Context) -> Option<Id> {
    let menu = with(context, |overlays| overlays.open.last().copied()).filter(|open| open.kind() == Kind::Menu)?;
    Some(menu.layer.id.with("move"))
}

/// Goes to the next item of the menu that is open, or to its first.
pub(super) fn walk(context: &Context, direction: FocusDirection, anew: bool) {
    context.memory_mut(|memory| {
        if let Some(focused) = memory.focused().filter(|_| anew) {
            memory.surrender_focus(focused);
        }
        memory.move_focus(direction);
    });
}

/// Says that a sheet is drawn, by the title of its window.
pub fn sheet(context: &Context, title: &str) {
    let layer = LayerId::new(Order::Middle, Id::new(title));
    with(context, |overlays| overlays.sheets.push(layer));
}

/// Whether a sheet has just been opened.
pub fn is_new(context: &Context, title: &str) -> bool {
    let layer = LayerId::new(Order::Middle, Id::new(title));
    with(context, |overlays| overlays.open.iter().all(|open| open.layer != layer))
}

/// Whether a click went beside a sheet that is not new.
pub fn clicked_beside(context: &Context, title: &str, rect: Rect) -> bool {
    let beside = context.input(|input| {
        let at = input.pointer.interact_pos();
        input.pointer.any_click() && at.is_some_and(|at| !rect.contains(at))
    });
    beside && !is_new(context, title)
}

/// An item of a menu: it is scrolled to, and whoever opens the menu by keyboard begins with the one that is `chosen`.
pub fn item(response: &Response, chosen: bool) {
    if response.gained_focus() {
        response.scroll_to_me(None);
    }
    if chosen && with(&response.ctx, |overlays| overlays.entered) {
        response.request_focus();
    }
}

/// Ends a frame: what was opened gets the keyboard, what was closed gives it back.
pub(super) fn end(context: &Context) {
    let menu = menu(context);
    let focused = context.memory(|memory| memory.focused());
    let back = context.input(|input| {
        let mut keys = input.events.iter().rev().filter_map(|event| match event {
            egui::Event::Key { key, pressed: true, modifiers, .. } => Some((*key, modifiers.shift)),
            _ => None,
        });
        keys.next().map(|(key, shift)| key == Key::ArrowUp || key == Key::Tab && shift)
    });
    let skips = focused.is_some() && focused == behind(context);
    let (top, home) = with(context, |overlays| {
        let shown: Vec<LayerId> = overlays.sheets.iter().copied().chain(menu).collect();
        let closed = overlays.open.iter().position(|open| !shown.contains(&open.layer));
        let home = closed.and_then(|at| overlays.open[at].home);
        overlays.open.retain(|open| shown.contains(&open.layer));
        overlays.entered = false;
        overlays.back = back.unwrap_or(overlays.back);
        for layer in shown {
            if overlays.open.iter().all(|open| open.layer != layer) {
                // What comes in another's place goes back where that would have.
                let open = Open { layer, home: if closed.is_some() { home } else { overlays.before } };
                overlays.entered |= open.kind() == Kind::Menu && open.home.is_some();
                overlays.open.push(open);
            }
        }
        // What has asked for the focus in this frame keeps it.
        let free = focused.is_none() || focused == overlays.before;
        (overlays.open.last().map(|open| open.layer), home.filter(|_| closed.is_some() && free))
    });
    // It may be gone: what was chosen closed its panel.
    let home = home.filter(|home| context.read_response(*home).is_some());
    context.memory_mut(|memory| {
        if let Some(layer) = top {
            memory.set_modal_layer(layer);
        }
        if let Some(home) = home {
            memory.request_focus(home);
        }
    });
    if skips || home.is_some() || with(context, |overlays| overlays.entered) {
        context.request_repaint();
    }
}

/// The layer of the menu that is open.
fn menu(context: &Context) -> Option<LayerId> {
    if !egui::Popup::is_any_open(context) {
        return None;
    }
    context.memory(|memory| {
        let shown = |layer: &LayerId| layer.order == Order::Foreground && memory.areas().is_visible(layer);
        memory.layer_ids().filter(shown).last()
    })
}
