//! Small pieces that panels share.

use egui::containers::menu::{MenuButton, MenuConfig};
use egui::scroll_area::ScrollAreaOutput;
use egui::{Align, Color32, Frame, Layout, Margin, Rect, Response, RichText, Sense, Stroke, Ui, Vec2, WidgetText};

use crate::app::command::{self, Command};
use crate::app::fonts;
use crate::app::hint;
use crate::app::keyboard;
use crate::app::overlay;
use crate::app::theme::{TextRole, Theme};

/// A small spaced heading in capitals: "STEP 4 OF 9".
pub fn eyebrow_ui(ui: &mut Ui, text: &str, theme: &Theme) -> Response {
    let font = fonts::strong(ui.ctx(), TextRole::Small, theme);
    let text = RichText::new(text.to_uppercase()).font(font).color(theme.text_muted);
    ui.label(text.extra_letter_spacing(1.2 * theme.scale))
}

/// The title of a page or panel.
pub fn title_ui(ui: &mut Ui, text: &str, theme: &Theme) -> Response {
    let font = fonts::strong(ui.ctx(), TextRole::Page, theme);
    ui.add(egui::Label::new(RichText::new(text).font(font).color(theme.text)).wrap())
}

/// A heading inside a panel.
pub fn heading_ui(ui: &mut Ui, text: &str, theme: &Theme) -> Response {
    let font = fonts::strong(ui.ctx(), TextRole::Body, theme);
    ui.label(RichText::new(text).font(font).color(theme.text))
}

/// Running text.
pub fn body(text: impl Into<String>, theme: &Theme) -> RichText {
    RichText::new(text).font(theme.font(TextRole::Body)).color(theme.text_body)
}

/// A text of one line, cut with "…" where it is too long; the whole of it is said elsewhere, not in a tooltip.
pub fn cut_label(text: RichText) -> egui::Label {
    egui::Label::new(text).truncate().show_tooltip_when_elided(false).selectable(false)
}

/// A less important remark.
pub fn note(text: impl Into<String>, theme: &Theme) -> RichText {
    RichText::new(text).font(theme.font(TextRole::Note)).color(theme.text_muted)
}

/// A card with an outline.
pub fn card(theme: &Theme, outline: Color32) -> Frame {
    Frame::new()
        .fill(theme.card)
        .stroke(Stroke::new(1.0, outline))
        .corner_radius(8)
        .inner_margin(Margin::same((14.0 * theme.scale) as i8))
}

/// The frame of a panel.
pub fn panel_frame(theme: &Theme) -> Frame {
    Frame::new().fill(theme.panel).inner_margin(Margin::symmetric((20.0 * theme.scale).min(24.0) as i8, 18))
}

/// A small rounded label in one colour.
pub fn badge_ui(ui: &mut Ui, text: &str, color: Color32, theme: &Theme) -> Response {
    badge_with_ui(ui, text, color, Sense::hover(), theme)
}

/// A badge that senses clicks, for one that leads somewhere.
pub fn badge_with_ui(ui: &mut Ui, text: &str, color: Color32, sense: Sense, theme: &Theme) -> Response {
    let font = fonts::strong(ui.ctx(), TextRole::Small, theme);
    let galley = cut(ui, text, &font, color, ui.available_width() - 28.0);
    let size = galley.size() + Vec2::new(24.0, 10.0) * theme.scale;
    let (rect, response) = ui.allocate_exact_size(size, sense);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Label, true, text));
    ui.painter().rect(rect, size.y / 2.0, theme.tint(color), Stroke::new(1.0, color), egui::StrokeKind::Inside);
    ui.painter().galley(rect.center() - galley.size() / 2.0, galley, color);
    response
}

/// A button with an icon and the command's help as its hint and its name for screen readers.
pub fn icon_button_ui(ui: &mut Ui, icon: &str, command: Command, theme: &Theme, out: &mut Vec<Command>) -> Response {
    let help = command::hint(ui.ctx(), &command);
    let text = RichText::new(icon).font(egui::FontId::proportional(17.0 * theme.scale)).color(theme.text);
    let size = Vec2::new(38.0, 30.0) * theme.scale;
    let response = ui.add_sized(size, egui::Button::new(text));
    let name = help.split(" (").next().unwrap_or_default().to_owned();
    response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, &name));
    hint::say(&response, || help.clone());
    if response.clicked() {
        out.push(command);
    }
    response
}

/// A row of buttons of which one is chosen. Returns the index of the one that was clicked.
pub fn segments_ui(ui: &mut Ui, labels: &[&str], chosen: usize, theme: &Theme) -> Option<usize> {
    let labels: Vec<(&str, &str)> = labels.iter().map(|label| (*label, "")).collect();
    segments_said_ui(ui, &labels, chosen, theme)
}

/// As [`segments_ui`], with what each of them is for.
pub fn segments_said_ui(ui: &mut Ui, labels: &[(&str, &str)], chosen: usize, theme: &Theme) -> Option<usize> {
    let mut clicked = None;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        for (i, (label, about)) in labels.iter().enumerate() {
            let on = i == chosen;
            let text = RichText::new(*label).font(theme.font(TextRole::Note)).color(if on {
                theme.text
            } else {
                theme.text_body
            });
            let fill = if on { theme.chosen } else { theme.control };
            let line = if on { theme.accent } else { theme.outline };
            let button = egui::Button::new(text).fill(fill).stroke(Stroke::new(1.0, line));
            let response = ui.add(button);
            response.widget_info(|| egui::WidgetInfo::selected(egui::WidgetType::RadioButton, true, on, *label));
            if !about.is_empty() {
                hint::say(&response, || (*about).to_owned());
            }
            if response.clicked() {
                clicked = Some(i);
            }
        }
    });
    clicked
}

/// A box that opens a choice: its name, what stands in it, the least width, and the items, of which one is chosen.
/// Returns the index of the one that was picked. Arrows walk the items, Enter picks, Escape closes.
pub fn choice_ui(
    ui: &mut Ui,
    name: &str,
    shown: RichText,
    width: f32,
    items: &[String],
    chosen: usize,
) -> Option<usize> {
    let words = format!("{name}: {}", shown.text());
    let mut picked = None;
    let opened = egui::ComboBox::from_id_salt(name).width(width).selected_text(shown).show_ui(ui, |ui| {
        for (index, words) in items.iter().enumerate() {
            let item = ui.selectable_label(index == chosen, words);
            overlay::item(&item, index == chosen);
            if item.clicked() {
                picked = Some(index);
                // A key is no click, and would leave it open.
                ui.close();
            }
        }
    });
    opened.response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::ComboBox, true, &words));
    picked
}

/// A button that opens a menu. What is in it stays open until something in it says otherwise: a number that is turned
/// by several clicks is in sight all the while.
pub fn menu_ui(ui: &mut Ui, words: RichText, add: impl FnOnce(&mut Ui)) -> Response {
    let stays = MenuConfig::new().close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside);
    MenuButton::new(words).config(stays).ui(ui, add).0
}

/// A label on the left and a value on the right of one row.
pub fn row_ui(ui: &mut Ui, label: impl Into<WidgetText>, value: impl Into<WidgetText>) {
    ui.horizontal(|ui| {
        ui.label(label);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| ui.label(value));
    });
}

/// Draws at the right edge of a row, in the order in which one reads: Tab goes the same way.
pub fn at_right_ui<R>(ui: &mut Ui, name: &str, add: impl FnOnce(&mut Ui) -> R) -> R {
    let id = ui.id().with(name);
    let place = ui.available_rect_before_wrap();
    // As wide as it was when last drawn.
    let width = ui.data(|data| data.get_temp::<f32>(id)).unwrap_or(place.width());
    let left = (place.right() - width).max(place.left());
    let builder = egui::UiBuilder::new().id_salt(name).max_rect(place.with_min_x(left));
    let shown = ui.scope_builder(builder.layout(Layout::left_to_right(Align::Center)), add);
    let wide = shown.response.rect.width();
    if (wide - width).abs() > 0.5 {
        ui.data_mut(|data| data.insert_temp(id, wide));
        ui.ctx().request_repaint();
    }
    shown.inner
}

/// In so many steps an edge fades.
const STRIPS: u8 = 14;

/// How much of an edge fades at most.
pub fn fade_height(theme: &Theme) -> f32 {
    2.0 * f32::from(STRIPS) * theme.scale
}

/// Lets what goes on beyond the edges of a scroll area fade into `color` there, so that no line looks cut.
pub fn fade_ui<R>(ui: &Ui, shown: &ScrollAreaOutput<R>, color: Color32, theme: &Theme) {
    let (inner, offset) = (shown.inner_rect, shown.state.offset.y);
    let beyond = shown.content_size.y - inner.height() - offset;
    let strip = fade_height(theme) / f32::from(STRIPS);
    let fade = |hidden: f32, edge: f32, inwards: f32| {
        // Little hidden, little faded: at the very end nothing is.
        let most = (hidden / (f32::from(STRIPS) * strip)).clamp(0.0, 1.0);
        for i in 0..STRIPS {
            let (near, far) = (edge + inwards * f32::from(i) * strip, edge + inwards * f32::from(i + 1) * strip);
            let rect = Rect::from_x_y_ranges(inner.x_range(), near.min(far)..=near.max(far));
            ui.painter().rect_filled(rect, 0.0, mixed(color, most * (1.0 - f32::from(i) / f32::from(STRIPS))));
        }
    };
    fade(offset, inner.top(), 1.0);
    fade(beyond, inner.bottom(), -1.0);
}

/// `color` at an opacity, as bevy_egui's shader has to be given it: it turns colours that are already multiplied by
/// their opacity from gamma to linear, so they must be multiplied before, in linear space.
fn mixed(color: Color32, opacity: f32) -> Color32 {
    let [r, g, b, _] = egui::Rgba::from(color).multiply(opacity).to_array();
    let gamma = |linear: f32| (egui::ecolor::gamma_from_linear(linear) * 255.0).round() as u8;
    Color32::from_rgba_premultiplied(gamma(r), gamma(g), gamma(b), (opacity * 255.0).round() as u8)
}

/// Lets a scroll area be scrolled by keyboard: where it has more than it shows, it is a stop for Tab, and Up, Down,
/// Page Up, Page Down, Home and End move it while it has the focus.
pub fn keys_scroll<R>(ui: &Ui, shown: &ScrollAreaOutput<R>, name: &str) {
    let hidden = shown.content_size - shown.inner_rect.size();
    if hidden.y <= 1.0 && hidden.x <= 1.0 {
        return;
    }
    let response = ui.interact(shown.inner_rect, shown.id.with("keys"), Sense::focusable_noninteractive());
    let name = format!("{name}: Up and Down scroll");
    response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Label, true, &name));
    if !response.has_focus() {
        return;
    }
    let sideways = hidden.x > 1.0;
    keyboard::keep(&response, keyboard::Keeps { across: sideways, enter: false, ..keyboard::Keeps::ROWS });
    let (line, page) = (40.0, shown.inner_rect.height() * 0.9);
    let by = ui.input(|input| {
        let times = |key: egui::Key| input.num_presses(key) as f32;
        let along = line * (times(egui::Key::ArrowDown) - times(egui::Key::ArrowUp))
            + page * (times(egui::Key::PageDown) - times(egui::Key::PageUp))
            + hidden.y * (times(egui::Key::End) - times(egui::Key::Home));
        let across = if sideways { line * (times(egui::Key::ArrowRight) - times(egui::Key::ArrowLeft)) } else { 0.0 };
        Vec2::new(across, along)
    });
    if by != Vec2::ZERO {
        let mut state = shown.state;
        state.offset = (state.offset + by).clamp(Vec2::ZERO, hidden.max(Vec2::ZERO));
        state.store(ui.ctx(), shown.id);
        ui.ctx().request_repaint();
    }
}

/// Gives a window's content the keyboard when the window opens: whoever opened it by a key reads on by keys.
pub fn focus_new<R>(ui: &Ui, shown: &ScrollAreaOutput<R>, window: &str) {
    if overlay::is_new(ui.ctx(), window) {
        ui.memory_mut(|memory| memory.request_focus(shown.id.with("keys")));
    }
}

/// A thin line across.
pub fn rule_ui(ui: &mut Ui, theme: &Theme) {
    let (rect, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 1.0), Sense::hover());
    ui.painter().rect_filled(rect, 0.0, theme.outline);
}

/// A text cut with "…" where it would be wider than `width`.
pub fn cut(ui: &Ui, text: &str, font: &egui::FontId, color: Color32, width: f32) -> std::sync::Arc<egui::Galley> {
    let mut job = egui::text::LayoutJob::simple_singleline(text.to_owned(), font.clone(), color);
    job.wrap = egui::text::TextWrapping::truncate_at_width(width.max(1.0));
    ui.painter().layout_job(job)
}
