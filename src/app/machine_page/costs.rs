//! The plot of costs: one row a mechanism on a logarithmic axis, what was measured here over what was published.

use egui::{Align2, Color32, LayerId, Order, Pos2, Rangef, Rect, Sense, Shape, Stroke, Ui, Vec2};
use egui_plot::{GridMark, Line, MarkerShape, Plot, PlotPoint, PlotPoints, PlotTransform, PlotUi, Points};

use super::amounts::duration;
use super::detail::detail_ui;
use super::hints::hint_ui;
use super::rows::Row;
use super::sizes::sizes_ui;
use super::state::MachinePage;
use crate::app::fonts;
use crate::app::panels::widgets::{cut, segments_ui};
use crate::app::rows::Rows;
use crate::app::theme::{TextRole, Theme};
use crate::engine::Time;

/// Draws the choice of rows, the plot and its legend.
pub fn costs_ui(ui: &mut Ui, page: &mut MachinePage, theme: &Theme) {
    if let Some(chosen) = segments_ui(ui, &["The main ones", "All times"], usize::from(page.all_costs), theme) {
        page.all_costs = chosen == 1;
        ui.ctx().request_repaint();
    }
    plot_ui(ui, &page.rows, theme);
    legend_ui(ui, theme);
    sizes_ui(ui, &page.sizes, &mut page.all_sizes, theme);
}

/// A line of the plot.
enum Entry<'a> {
    Heading(&'static str),
    Row(&'a Row),
}

/// The rows, each group of them below its heading.
fn entries(rows: &[Row]) -> Vec<Entry<'_>> {
    let mut out = Vec::new();
    let mut group = "";
    for row in rows {
        if row.group != group {
            group = row.group;
            out.push(Entry::Heading(group));
        }
        out.push(Entry::Row(row));
    }
    out
}

/// The height of a row.
fn pitch(theme: &Theme) -> f32 {
    (13.0 * theme.scale + 10.0).round()
}

fn plot_ui(ui: &mut Ui, rows: &[Row], theme: &Theme) {
    if rows.is_empty() {
        return;
    }
    let labels = (230.0 * theme.scale).min(ui.available_width() * 0.42);
    // Beside the plot the values stand as numbers.
    let values = (92.0 * theme.scale).min(ui.available_width() * 0.2);
    let width = (ui.available_width() - labels - values).max(60.0);
    let axis = 24.0 * theme.scale;
    let entries = entries(rows);
    // A long list has its axis above as well.
    let long = entries.len() > rows.len();
    if long {
        ui.add_space(axis);
    }
    let height = pitch(theme) * entries.len() as f32;
    let (all, _) = ui.allocate_exact_size(Vec2::new(labels + width + values, height + axis), Sense::hover());
    let behind = ui.painter().add(Shape::Noop);
    let bounds = bounds(rows);
    let (from, to) = (bounds.min, bounds.max);
    let area = Rect::from_min_size(Pos2::new(all.left() + labels, all.top()), Vec2::new(width, all.height()));
    let plot = Plot::new("costs")
        .width(area.width())
        .height(area.height() - axis)
        .show_axes([false, false])
        .show_grid([true, false])
        .show_background(false)
        .show_x(false)
        .show_y(false)
        .show_crosshair(false)
        .allow_zoom(false)
        .allow_drag(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_axis_zoom_drag(false)
        .allow_double_click_reset(false)
        .set_margin_fraction(Vec2::ZERO)
        .sense(Sense::hover())
        .grid_color(theme.outline)
        .grid_fade(0.0)
        .x_grid_spacer(move |_| decades(from, to))
        .default_x_bounds(f64::from(from), f64::from(to))
        .default_y_bounds(-(entries.len() as f64) + 0.5, 0.5);
    let mut child = ui.new_child(egui::UiBuilder::new().max_rect(area));
    let shown = plot.show(&mut child, |plot| {
        plot.set_plot_bounds_x(f64::from(from)..=f64::from(to));
        plot.set_plot_bounds_y(-(entries.len() as f64) + 0.5..=0.5);
        for (i, entry) in entries.iter().enumerate() {
            if let Entry::Row(row) = entry {
                draw_row(plot, row, -(i as f64), theme);
            }
        }
    });
    // The plot's own axis would take the focus, without a name.
    let below = all.with_min_y(all.bottom() - axis);
    marks(ui.painter(), below, &shown.transform, Rangef::new(from, to), theme);
    let mut marked = Vec::new();
    let (mut walked, mut at) = (Rows::new(ui.ctx(), ui.id().with("rows of costs"), rows.len(), 1), 0);
    for (i, entry) in entries.iter().enumerate() {
        let y = shown.transform.position_from_point(&PlotPoint::new(f64::from(from), -(i as f64))).y;
        let strip = Rect::from_x_y_ranges(all.x_range(), y - pitch(theme) / 2.0..=y + pitch(theme) / 2.0);
        match entry {
            Entry::Row(row) => {
                row_ui(ui, row, strip, labels, (at, &mut walked), theme, &mut marked);
                at += 1;
            }
            Entry::Heading(words) => heading_ui(ui, words, strip, labels, theme),
        }
    }
    walked.end(ui.ctx());
    ui.painter().set(behind, Shape::Vec(marked));
    if long {
        axis_above_ui(ui, &shown.transform, all, Rangef::new(from, to), axis, theme);
    }
}

/// The name of a family over its rows.
fn heading_ui(ui: &Ui, words: &str, strip: Rect, labels: f32, theme: &Theme) {
    // Sentence case.
    let mut letters = words.chars();
    let words: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    let font = fonts::strong(ui.ctx(), TextRole::Small, theme);
    let text = cut(ui, &words, &font, theme.text_muted, labels - 12.0);
    let at = Pos2::new(strip.left() + 4.0, strip.bottom() - text.size().y - 2.0);
    ui.painter().galley(at, text, theme.text_muted);
}

/// The axis above the plot, which stays at the upper edge of what is in sight.
fn axis_above_ui(ui: &Ui, transform: &PlotTransform, all: Rect, bounds: Rangef, height: f32, theme: &Theme) {
    let clip = ui.clip_rect();
    let top = (all.top() - height).max(clip.top()).min(all.bottom() - height);
    let strip = Rect::from_min_size(Pos2::new(all.left(), top), Vec2::new(all.width(), height));
    // Over the rows, and over what fades them at the edge; below windows and hints.
    let layer = LayerId::new(Order::Background, ui.id().with("axis above"));
    let painter = ui.ctx().layer_painter(layer).with_clip_rect(clip);
    painter.rect_filled(strip, 0.0, theme.background);
    marks(&painter, strip, transform, bounds, theme);
}

/// The powers of ten along a strip, as many as have room.
fn marks(painter: &egui::Painter, strip: Rect, transform: &PlotTransform, bounds: Rangef, theme: &Theme) {
    let mut free = f32::NEG_INFINITY;
    for mark in decades(bounds.min, bounds.max) {
        let x = transform.position_from_point(&PlotPoint::new(mark.value, 0.0)).x;
        let text = painter.layout_no_wrap(power(mark.value), theme.font(TextRole::Small), theme.text_muted);
        let left = x - text.size().x / 2.0;
        if left > free {
            free = left + text.size().x + 3.0;
            painter.galley(Pos2::new(left, strip.center().y - text.size().y / 2.0), text, theme.text_muted);
        }
    }
}

/// "100 ns" of 2.
fn power(power: f64) -> String {
    Time((10f64.powf(power) * 1000.0).round() as u64).to_string()
}

/// A row's label, and its hint over the whole strip.
fn row_ui(
    ui: &mut Ui,
    row: &Row,
    strip: Rect,
    labels: f32,
    (at, rows): (usize, &mut Rows),
    theme: &Theme,
    marked: &mut Vec<Shape>,
) {
    let response = ui.interact(strip, ui.id().with(("cost", &row.name)), rows.sense(at));
    rows.row(at, &response);
    let words = match &row.here {
        Ok(here) => format!("{}: {} measured", row.label, duration(here.value)),
        Err(_) => format!("{}: not measured", row.label),
    };
    response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::SelectableLabel, true, &words));
    if response.clicked() {
        // The hint stays until the keyboard or another click goes elsewhere.
        response.request_focus();
    }
    if response.hovered() || response.has_focus() {
        marked.push(Shape::rect_filled(strip, 4.0, theme.card));
    }
    if response.has_focus() {
        marked.push(Shape::rect_stroke(strip, 4.0, Stroke::new(1.5, theme.accent), egui::StrokeKind::Inside));
    }
    let color = if row.here.is_ok() { theme.text } else { theme.text_muted };
    let text = cut(ui, &row.label, &theme.font(TextRole::Note), color, labels - 12.0);
    let at = Pos2::new(strip.left() + 4.0, strip.center().y - text.size().y / 2.0);
    ui.painter().galley(at, text, color);
    let (value, color) = match &row.here {
        Ok(here) => (duration(here.value), theme.text),
        Err(_) => ("not measured".to_owned(), theme.text_muted),
    };
    let end = Pos2::new(strip.right() - 4.0, strip.center().y);
    ui.painter().text(end, Align2::RIGHT_CENTER, value, theme.font(TextRole::Note), color);
    hint_ui(&response, 460.0 * theme.scale, |ui| detail_ui(ui, row, theme));
}

/// From 10 ns to 10 ms, and further where something lies there; in powers of ten of nanoseconds.
fn bounds(rows: &[Row]) -> Rangef {
    let mut bounds = Rangef::new(1.0, 7.0);
    let mut include = |ns: f64| {
        if ns > 0.0 {
            let power = ns.log10() as f32;
            bounds = Rangef::new(bounds.min.min((power - 0.1).floor()), bounds.max.max((power + 0.1).ceil()));
        }
    };
    for row in rows {
        if let Ok(here) = &row.here {
            include(here.value);
            here.spread.iter().for_each(|spread| include(spread.p90));
        }
        row.range().iter().for_each(|(low, high, _)| [*low, *high].into_iter().for_each(&mut include));
    }
    bounds
}

fn decades(from: f32, to: f32) -> Vec<GridMark> {
    let marks = (from.ceil() as i32)..=(to.floor() as i32);
    marks.map(|power| GridMark { value: f64::from(power), step_size: 1.0 }).collect()
}

/// What was published as a bar or a mark, what was measured as a dot with its spread.
fn draw_row(plot: &mut PlotUi, row: &Row, y: f64, theme: &Theme) {
    if let Some((low, high, word)) = row.range() {
        let (low, high) = (low.log10(), high.log10());
        // A single figure gets a short bar of its own width.
        let (low, high) =
            if high - low < 0.06 { ((low + high) / 2.0 - 0.03, (low + high) / 2.0 + 0.03) } else { (low, high) };
        if word == "literature" {
            plot.line(bar(low, high, y, theme.published(), 8.0 * theme.scale));
        } else {
            let shape = if word == "derived" { MarkerShape::Square } else { MarkerShape::Diamond };
            plot.points(
                Points::new("", [(low + high) / 2.0, y])
                    .shape(shape)
                    .filled(false)
                    .radius(4.5 * theme.scale)
                    .color(theme.provenance(word))
                    .allow_hover(false),
            );
        }
    }
    let Ok(here) = &row.here else { return };
    let color = theme.provenance("measured");
    if let Some(spread) = here.spread.filter(|spread| spread.min > 0.0) {
        plot.line(bar(spread.min.log10(), spread.p90.max(spread.min).log10(), y, color, 2.0 * theme.scale));
    }
    if here.value > 0.0 {
        let dot = Points::new("", [here.value.log10(), y]).radius(4.5 * theme.scale).color(color).filled(here.stable);
        plot.points(dot.allow_hover(false));
    }
}

fn bar(from: f64, to: f64, y: f64, color: Color32, width: f32) -> Line<'static> {
    Line::new("", PlotPoints::from(vec![[from, y], [to, y]])).color(color).width(width).allow_hover(false)
}

/// What the marks mean.
fn legend_ui(ui: &mut Ui, theme: &Theme) {
    ui.horizontal_wrapped(|ui| {
        let size = Vec2::new(22.0, 14.0) * theme.scale;
        // In one piece, so that a mark never stands on another line than its words.
        let mark = |ui: &mut Ui, draw: &dyn Fn(&egui::Painter, Rect), text: &str| {
            let words = cut(ui, text, &theme.font(TextRole::Note), theme.text_muted, ui.max_rect().width() - size.x);
            let whole = Vec2::new(size.x + 8.0 + words.size().x + 14.0 * theme.scale, words.size().y.max(size.y));
            let (rect, response) = ui.allocate_exact_size(whole.min(ui.max_rect().size()), Sense::hover());
            response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Label, true, text));
            draw(ui.painter(), Rect::from_center_size(rect.left_center() + Vec2::X * size.x / 2.0, size));
            let at = Pos2::new(rect.left() + size.x + 8.0, rect.center().y - words.size().y / 2.0);
            ui.painter().galley(at, words, theme.text_muted);
        };
        let here = theme.provenance("measured");
        mark(
            ui,
            &|painter, rect| {
                painter.hline(rect.x_range(), rect.center().y, Stroke::new(2.0 * theme.scale, here));
                painter.circle_filled(rect.center(), 4.5 * theme.scale, here);
            },
            "measured here; line: fastest run to 90 % of runs",
        );
        mark(
            ui,
            &|painter, rect| {
                painter.circle_stroke(rect.center(), 4.5 * theme.scale, Stroke::new(1.0, here));
            },
            "ring: runs disagree",
        );
        let bar = theme.published();
        mark(
            ui,
            &|painter, rect| {
                let rect = Rect::from_center_size(rect.center(), Vec2::new(rect.width(), 8.0 * theme.scale));
                painter.rect_filled(rect, 0.0, bar);
            },
            "published",
        );
        let derived = theme.provenance("derived");
        mark(
            ui,
            &|painter, rect| {
                let square = Rect::from_center_size(rect.center(), Vec2::splat(6.4 * theme.scale));
                painter.rect_stroke(square, 0.0, Stroke::new(1.0, derived), egui::StrokeKind::Middle);
            },
            "derived",
        );
        let assumed = theme.provenance("assumed");
        mark(
            ui,
            &|painter, rect| {
                let r = 4.5 * theme.scale;
                let c = rect.center();
                let corners = [c - Vec2::X * r, c - Vec2::Y * r, c + Vec2::X * r, c + Vec2::Y * r];
                painter.add(Shape::closed_line(corners.to_vec(), Stroke::new(1.0, assumed)));
            },
            "assumed",
        );
    });
}
