//! Hints that the keyboard reaches as well as the pointer.

use egui::{Context, Order, Response, Tooltip, Ui};

/// Shows `add` beside a widget while the pointer is over it or the keyboard is on it, and brings it into view when the
/// keyboard comes to it. A window that lies over the page is not painted over.
pub fn hint_ui(response: &Response, width: f32, add: impl FnOnce(&mut Ui)) {
    if window_open(&response.ctx) {
        return;
    }
    let hint = if response.has_focus() { Tooltip::for_widget(response) } else { Tooltip::for_enabled(response) };
    hint.width(width).show(add);
}

/// Whether a window lies over the page; the page itself and its panels are in the background.
fn window_open(context: &Context) -> bool {
    context.memory(|memory| memory.areas().visible_layer_ids().iter().any(|layer| layer.order == Order::Middle))
}
