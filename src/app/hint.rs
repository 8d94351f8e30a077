//! The line at the bottom of the window: what the pointer or the keyboard is at. Nothing pops up over the picture, and
//! whoever uses the keyboard reads the same as whoever points.
//!
//! A widget says its words while it is drawn, with [`say`]; the line is painted last, with [`line_ui`]. Screen readers
//! get the words as the widget's description.

use egui::{Context, Id, Rect, Response, Ui};

use super::theme::{TextRole, Theme};

/// What has been said while this frame was drawn.
#[derive(Clone, Debug, Default)]
struct Said {
    /// By what the pointer is at.
    pointed: Option<String>,
    /// By what the keyboard is at.
    focused: Option<String>,
}

fn key() -> Id {
    Id::new("said of what is pointed at")
}

/// Says what a widget is or does, if it is pointed at or has the focus.
pub fn say(response: &Response, words: impl Fn() -> String) {
    let context = &response.ctx;
    // Only where somebody listens; and not while the tree is being written, since the words may ask the context.
    if context.accesskit_node_builder(response.id, |_| ()).is_some() {
        let words = words();
        context.accesskit_node_builder(response.id, |node| node.set_description(words));
    }
    let (pointed, focused) = (response.hovered(), response.has_focus());
    if pointed || focused {
        tell(context, &words(), pointed);
    }
}

/// Says something of what lies under the pointer within a widget: a part of the picture, a piece of a lane.
pub fn say_here(context: &Context, words: &str) {
    tell(context, words, true);
}

/// Says something of where the keyboard is within a widget that has the focus.
pub fn say_of_focus(context: &Context, words: &str) {
    tell(context, words, false);
}

fn tell(context: &Context, words: &str, pointed: bool) {
    let words = words.lines().filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" · ");
    context.data_mut(|data| {
        let said = data.get_temp_mut_or_default::<Said>(key());
        let slot = if pointed { &mut said.pointed } else { &mut said.focused };
        *slot = Some(words);
    });
}

/// Whether a key was pressed since the pointer moved: who walks by keyboard is not told of where the pointer rests.
pub fn keyboard_was_last(context: &Context) -> bool {
    let (pressed, now, rests) = context.input(|input| {
        let key = |event: &egui::Event| matches!(event, egui::Event::Key { pressed: true, .. });
        let moved = input.pointer.is_moving() || input.pointer.any_down();
        (input.events.iter().any(key), input.time, !moved)
    });
    let at = Id::new("when a key was pressed, and the pointer moved");
    let (mut key, mut pointer): (f64, f64) = context.data(|data| data.get_temp(at)).unwrap_or((-1.0, 0.0));
    if pressed {
        key = now;
    }
    if !rests {
        pointer = now;
    }
    context.data_mut(|data| data.insert_temp(at, (key, pointer)));
    key > pointer
}

/// The height of the line.
pub fn height(theme: &Theme) -> f32 {
    (theme.size(TextRole::Note) * 1.35 + 8.0).round()
}

/// Paints the line into `place`, and forgets what was said. Where it has much to say it grows upward, up to `top`.
pub fn line_ui(ui: &Ui, place: Rect, top: f32, rest: &str, theme: &Theme) {
    let said = ui.data_mut(|data| std::mem::take(data.get_temp_mut_or_default::<Said>(key())));
    let said = if keyboard_was_last(ui.ctx()) { said.focused.or(said.pointed) } else { said.pointed.or(said.focused) };
    let (words, color) = match said.filter(|words| !words.is_empty()) {
        Some(words) => (words, theme.text),
        None => (rest.to_owned(), theme.text_muted),
    };
    let pad = egui::vec2(14.0 * theme.scale, 4.0);
    let font = theme.font(TextRole::Note);
    let mut job = egui::text::LayoutJob::simple(words, font, color, (place.width() - 2.0 * pad.x).max(8.0));
    let line = height(theme) - 2.0 * pad.y;
    job.wrap.max_rows = (((place.bottom() - top - 2.0 * pad.y) / line) as usize).clamp(1, 4);
    let galley = ui.painter().layout_job(job);
    let all = place.with_min_y(place.top().min(place.bottom() - galley.size().y - 2.0 * pad.y));
    let painter = ui.ctx().layer_painter(egui::LayerId::new(egui::Order::Background, Id::new("hint")));
    painter.rect_filled(all, 0.0, theme.panel);
    painter.hline(all.x_range(), all.top(), egui::Stroke::new(1.0, theme.outline));
    painter.galley(all.min + pad, galley, color);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pointed_at_comes_before_what_has_the_focus_and_each_is_said_for_one_frame() {
        let context = Context::default();
        tell(&context, "focus", false);
        tell(&context, "pointer\n\nmore", true);
        let said: Said = context.data_mut(|data| std::mem::take(data.get_temp_mut_or_default(key())));
        assert_eq!(said.pointed.as_deref(), Some("pointer · more"));
        assert_eq!(said.focused.as_deref(), Some("focus"));
        let said: Said = context.data_mut(|data| std::mem::take(data.get_temp_mut_or_default(key())));
        assert!(said.pointed.is_none() && said.focused.is_none());
    }
}
