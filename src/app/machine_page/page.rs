//! Where everything stands: the stack on the left, costs and works in the middle, what belongs to them on the right;
//! in a narrow window all below each other.

use egui::{Rect, ScrollArea, Ui, UiBuilder, Vec2};

use super::actions::actions_ui;
use super::costs::costs_ui;
use super::counters::counters_ui;
use super::export::export_ui;
use super::layers::{self, layers_ui};
use super::state::MachinePage;
use super::works::{distributions_ui, works_ui};
use crate::app::command::Command;
use crate::app::panels::widgets::{eyebrow_ui, fade_height, fade_ui, title_ui};
use crate::app::theme::Theme;

/// Draws the page.
pub fn machine_ui(ui: &mut Ui, page: &mut MachinePage, theme: &Theme) -> Vec<Command> {
    let mut out = Vec::new();
    let room = ui.available_size() / theme.scale;
    let gap = 36.0 * theme.scale;
    if room.x < 760.0 || room.y < 380.0 {
        let area = ScrollArea::vertical().id_salt("machine").auto_shrink([false, false]);
        let shown = area.show(ui, |ui| {
            ui.set_max_width((ui.available_width() - SCROLL_BAR).max(1.0));
            heading_ui(ui, "You are here", layers::title(page.inventory.as_ref()), theme);
            layers_ui(ui, page, theme);
            ui.add_space(8.0);
            out.extend(actions_ui(ui, page, theme));
            counters_ui(ui, &page.live, theme);
            ui.add_space(gap);
            main_ui(ui, page, false, 0.0, theme, &mut out);
        });
        fade_ui(ui, &shown, theme.background, theme);
        return out;
    }
    let all = ui.available_rect_before_wrap();
    let left = (all.width() * 0.36).clamp(300.0 * theme.scale, 520.0 * theme.scale);
    let (left, rest) = all.split_left_right_at_x(all.left() + left);
    ui.scope_builder(UiBuilder::new().max_rect(left), |ui| left_ui(ui, page, theme, &mut out));
    let rest = Rect::from_min_max(rest.min + Vec2::X * gap, rest.max);
    ui.scope_builder(UiBuilder::new().max_rect(rest), |ui| {
        let wide = rest.width() > 860.0 * theme.scale;
        let area = ScrollArea::vertical().id_salt("costs and works").auto_shrink([false, false]);
        let shown = area.show(ui, |ui| main_ui(ui, page, wide, SCROLL_BAR, theme, &mut out));
        fade_ui(ui, &shown, theme.background, theme);
    });
    out
}

/// A scroll bar lies over the right edge of what scrolls: so much is left free for it.
const SCROLL_BAR: f32 = 16.0;

fn heading_ui(ui: &mut Ui, eyebrow: &str, title: &str, theme: &Theme) {
    eyebrow_ui(ui, eyebrow, theme);
    title_ui(ui, title, theme);
    ui.add_space(4.0 * theme.scale);
}

/// The stack, which scrolls, over what measures, which stays in sight.
fn left_ui(ui: &mut Ui, page: &mut MachinePage, theme: &Theme, out: &mut Vec<Command>) {
    heading_ui(ui, "You are here", layers::title(page.inventory.as_ref()), theme);
    let all = ui.available_rect_before_wrap();
    if all.height() < 440.0 * theme.scale {
        // Too low for both: what measures comes first, so that Stop is in sight.
        let area = ScrollArea::vertical().id_salt("layers").auto_shrink([false, false]);
        let shown = area.show(ui, |ui| {
            ui.set_max_width((ui.available_width() - SCROLL_BAR).max(1.0));
            out.extend(actions_ui(ui, page, theme));
            counters_ui(ui, &page.live, theme);
            layers_ui(ui, page, theme);
        });
        return fade_ui(ui, &shown, theme.background, theme);
    }
    // What stands below is as high as it was in the last frame.
    let id = ui.id().with("height below");
    let below = ui.data(|data| data.get_temp::<f32>(id)).unwrap_or(110.0 * theme.scale).min(all.height() * 0.7);
    let (above, under) = all.split_top_bottom_at_y(all.bottom() - below);
    // The scroll bar stands in the gap beside the stack.
    let above = above.with_max_x(above.right() + SCROLL_BAR);
    ui.scope_builder(UiBuilder::new().max_rect(above), |ui| {
        ui.spacing_mut().item_spacing.y = 5.0 * theme.scale;
        let area = ScrollArea::vertical().id_salt("layers").auto_shrink([false, false]);
        let shown = area.show(ui, |ui| {
            ui.set_max_width((ui.available_width() - SCROLL_BAR).max(1.0));
            layers_ui(ui, page, theme);
        });
        fade_ui(ui, &shown, theme.background, theme);
    });
    let shown = ui.scope_builder(UiBuilder::new().max_rect(under), |ui| {
        ui.add_space(10.0 * theme.scale);
        out.extend(actions_ui(ui, page, theme));
        ui.add_space(4.0 * theme.scale);
        counters_ui(ui, &page.live, theme);
    });
    let height = shown.response.rect.height();
    if (height - below).abs() > 0.5 {
        ui.data_mut(|data| data.insert_temp(id, height));
        ui.ctx().request_repaint();
    }
}

/// Costs and works; what belongs to them beside them if it is `wide`, else below. At the right `free` is left.
fn main_ui(ui: &mut Ui, page: &mut MachinePage, wide: bool, free: f32, theme: &Theme, out: &mut Vec<Command>) {
    ui.set_max_width((ui.available_width() - free).max(1.0));
    let side = 270.0 * theme.scale;
    beside_ui(
        ui,
        page,
        "costs",
        wide.then_some(side),
        theme,
        |ui, page| {
            heading_ui(ui, "What one use costs", "Measured here, beside the literature", theme);
            costs_ui(ui, page, theme);
        },
        |ui, page| {
            eyebrow_ui(ui, "Where this goes", theme);
            ui.add_space(4.0);
            out.extend(export_ui(ui, page, theme));
        },
    );
    ui.add_space(26.0 * theme.scale);
    let mut asked = Vec::new();
    beside_ui(
        ui,
        page,
        "works",
        wide.then_some(side),
        theme,
        |ui, page| {
            heading_ui(ui, "Predicted and real", "The same work, simulated and run", theme);
            asked = works_ui(ui, page, !wide, theme);
        },
        |ui, page| {
            if wide {
                distributions_ui(ui, page, theme);
            }
        },
    );
    out.extend(asked);
    ui.add_space(20.0 * theme.scale);
}

/// Two things beside each other, the second so wide and always in sight while the first is; or below each other.
fn beside_ui(
    ui: &mut Ui,
    page: &mut MachinePage,
    salt: &str,
    side: Option<f32>,
    theme: &Theme,
    first: impl FnOnce(&mut Ui, &mut MachinePage),
    second: impl FnOnce(&mut Ui, &mut MachinePage),
) {
    let Some(side) = side else {
        first(ui, page);
        ui.add_space(14.0);
        second(ui, page);
        return;
    };
    let all = ui.available_rect_before_wrap();
    let gap = 32.0;
    let main = Rect::from_min_size(all.min, Vec2::new(all.width() - side - gap, all.height()));
    let mut child = ui.new_child(UiBuilder::new().id_salt((salt, 1)).max_rect(main));
    first(&mut child, page);
    let shown = child.min_rect();
    // As high as it was in the last frame.
    let id = ui.id().with(salt);
    let height = ui.data(|data| data.get_temp::<f32>(id)).unwrap_or(0.0);
    let lowest = (shown.bottom() - height).max(shown.top());
    // Below what fades at the upper edge, which is as much as has been scrolled there.
    let edge = ui.clip_rect().top();
    let faded = (edge - ui.min_rect().top()).clamp(0.0, fade_height(theme));
    let top = (edge + faded).clamp(shown.top(), lowest);
    let place = Rect::from_min_size(egui::pos2(main.right() + gap, top), Vec2::new(side, height.max(400.0)));
    let mut child = ui.new_child(UiBuilder::new().id_salt((salt, 2)).max_rect(place));
    second(&mut child, page);
    let drawn = child.min_rect();
    ui.data_mut(|data| data.insert_temp(id, drawn.height()));
    ui.advance_cursor_after_rect(shown.union(drawn));
}
