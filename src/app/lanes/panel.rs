//! The lanes as a panel: names, bars, axis, playhead, and what the pointer does to them.

use std::sync::Arc;

use egui::epaint::{Mesh, Vertex, WHITE_UV};
use egui::{Color32, Galley, PointerButton, Pos2, Rect, Response, ScrollArea, Sense, Shape, Stroke, Ui, Vec2};

use super::{Lane, Window, columns, tick_label, ticks};
use crate::app::panels::widgets::cut;
use crate::app::theme::{TextRole, Theme};
use crate::engine::Time;
use crate::machine::Topology;
use crate::trace::{ComponentId, JourneyId, Trace};

/// What the lanes remember between frames: only how they are looked at.
#[derive(Clone, Debug, Default)]
pub struct LanesState {
    /// The stretch shown; the whole run if none.
    pub window: Option<Window>,
    /// The time when last drawn.
    shown: Option<Time>,
    /// Meshes of the lanes as last drawn: they change with the view, not with the time.
    /// Two per lane: what has passed, and what is still to come.
    cache: Vec<[Cached; 2]>,
}

/// A mesh and what it was made from.
type Cached = Option<(MeshKey, Arc<Mesh>)>;

#[derive(Clone, Copy, Debug, PartialEq)]
struct MeshKey {
    window: Window,
    rect: Rect,
    dark: bool,
    run: u64,
    /// What is still to come is no more than hinted at.
    faint: bool,
}

/// What the pointer asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LanesResponse {
    /// A time to go to.
    pub seek: Option<Time>,
    /// A journey to open.
    pub journey: Option<JourneyId>,
    /// A part to open.
    pub component: Option<ComponentId>,
}

/// What there is to draw.
#[derive(Clone, Copy, Debug)]
pub struct Lanes<'a> {
    /// One per row.
    pub lanes: &'a [Lane],
    /// Their hops.
    pub trace: &'a Trace,
    /// The names of things.
    pub topology: &'a Topology,
    /// When the run ends.
    pub end: Time,
    /// The time shown.
    pub now: Time,
    /// Whether the playhead is to be kept in view.
    pub playing: bool,
    /// Which run this is: another number, other meshes.
    pub run: u64,
}

/// Draws axis and lanes in the room there is.
pub fn lanes_ui(ui: &mut Ui, state: &mut LanesState, lanes: Lanes<'_>, theme: &Theme) -> LanesResponse {
    let mut answer = LanesResponse::default();
    let room = ui.available_size();
    let names = names_width(ui, lanes, theme).clamp(60.0 * theme.scale, (room.x * 0.24).max(60.0 * theme.scale));
    // All lanes at once if they can still be told apart, as high as there is room for.
    let high = room.y - 24.0 * theme.scale;
    let each = high / lanes.lanes.len().max(1) as f32;
    let row = each.clamp(17.0 * theme.scale, 25.0 * theme.scale);
    // Where not all have room, as many as are seen are seen whole.
    let row = if each < row { high.max(row) / (high / row).floor().max(1.0) } else { row };
    let mut window = state.window.unwrap_or(Window::whole(lanes.end));
    if lanes.playing {
        window = window.follow(lanes.now, lanes.end);
    } else if state.shown != Some(lanes.now) && !(0.0..=1.0).contains(&window.share(lanes.now)) {
        // A step or a jump out of view takes the view along; a hand that moves the view does not move the time.
        window = window.follow(lanes.now, lanes.end);
    }
    state.shown = Some(lanes.now);
    let area = ui.available_rect_before_wrap();
    if area.width() < names + 40.0 || area.height() < row {
        return answer;
    }
    let axis = Rect::from_min_max(area.min, Pos2::new(area.right(), area.top() + 20.0 * theme.scale))
        .with_min_x(area.left() + names);
    axis_ui(ui, axis, &window, lanes, theme, &mut answer);
    let body = Rect::from_min_max(Pos2::new(area.left(), axis.bottom() + 2.0), area.max);
    ui.scope_builder(egui::UiBuilder::new().max_rect(body), |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        // The wheel zooms over the bars and scrolls over the names.
        let over_bars = ui.rect_contains_pointer(body.with_min_x(body.left() + names));
        let mut source = egui::containers::scroll_area::ScrollSource::ALL;
        source.drag = egui::containers::scroll_area::DragScroll::Never;
        source.mouse_wheel = !over_bars;
        ScrollArea::vertical().id_salt("lanes").auto_shrink([false, false]).scroll_source(source).show_rows(
            ui,
            row,
            lanes.lanes.len(),
            |ui, rows| {
                state.cache.resize(lanes.lanes.len(), [None, None]);
                for index in rows {
                    let (rect, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), row), Sense::hover());
                    let view = LaneView { lanes, index, window, theme };
                    lane_ui(ui, rect, names, state, view, &mut answer);
                }
            },
        );
    });
    let bars = body.with_min_x(body.left() + names);
    window = wheel(ui, bars.union(axis), window, lanes.end);
    window = drag(ui, bars, window, lanes.end, state);
    playhead_ui(ui, axis, bars, &window, lanes.now, theme);
    state.window = (window != Window::whole(lanes.end)).then_some(window);
    ui.advance_cursor_after_rect(area);
    answer
}

/// The width that the longest name takes.
fn names_width(ui: &Ui, lanes: Lanes<'_>, theme: &Theme) -> f32 {
    let font = theme.font(TextRole::Small);
    let width = |lane: &Lane| {
        ui.painter().layout_no_wrap(lane.name.clone(), font.clone(), theme.text_body).size().x + 10.0 * theme.scale
    };
    // So many names decide; where there are more, most are alike.
    lanes.lanes.iter().take(64).map(width).fold(0.0, f32::max)
}

/// A lane's name in little room: whose it is may be cut, which one it is may not.
fn short_name(ui: &Ui, name: &str, font: &egui::FontId, color: Color32, room: f32) -> (Arc<Galley>, bool) {
    let layout = |text: String| ui.painter().layout_no_wrap(text, font.clone(), color);
    let whole = layout(name.to_owned());
    if whole.size().x <= room {
        return (whole, false);
    }
    if let Some((owner, own)) = name.rfind(" vCPU ").map(|at| name.split_at(at)) {
        for (end, _) in owner.char_indices().rev().take_while(|(end, _)| *end > 1) {
            let galley = layout(format!("{}…{own}", owner[..end].trim_end()));
            if galley.size().x <= room {
                return (galley, true);
            }
        }
    }
    (cut(ui, name, font, color, room), true)
}

fn wheel(ui: &Ui, area: Rect, window: Window, end: Time) -> Window {
    if !ui.rect_contains_pointer(area) {
        return window;
    }
    let (scroll, zoom, pointer) = ui.input(|i| (i.smooth_scroll_delta(), i.zoom_delta(), i.pointer.hover_pos()));
    let share = pointer.map_or(0.5, |p| f64::from((p.x - area.left()) / area.width()).clamp(0.0, 1.0));
    let mut window = window;
    if zoom != 1.0 {
        window = window.zoom(f64::from(zoom), share, end);
    }
    if scroll.y != 0.0 {
        window = window.zoom(f64::from(scroll.y / 160.0).exp(), share, end);
    }
    if scroll.x != 0.0 {
        window = window.pan(-f64::from(scroll.x / area.width()), end);
    }
    window
}

fn drag(ui: &Ui, bars: Rect, window: Window, end: Time, state: &mut LanesState) -> Window {
    let response = ui.interact(bars, ui.id().with("lanes drag"), Sense::DRAG);
    if response.double_clicked() {
        state.window = None;
        return Window::whole(end);
    }
    if response.dragged_by(PointerButton::Primary) || response.dragged_by(PointerButton::Middle) {
        return window.pan(-f64::from(response.drag_delta().x / bars.width()), end);
    }
    window
}

fn axis_ui(ui: &mut Ui, axis: Rect, window: &Window, lanes: Lanes<'_>, theme: &Theme, answer: &mut LanesResponse) {
    let response = ui.interact(axis, ui.id().with("axis"), Sense::click_and_drag());
    response.widget_info(|| egui::WidgetInfo::slider(true, lanes.now.as_secs_f64(), "Time"));
    if (response.clicked() || response.dragged())
        && let Some(pointer) = response.interact_pointer_pos()
    {
        let share = f64::from((pointer.x - axis.left()) / axis.width()).clamp(0.0, 1.0);
        answer.seek = Some(window.time(share).min(lanes.end));
    }
    let font = theme.font(TextRole::Small);
    let most = (axis.width() / (96.0 * theme.scale)) as usize;
    let (step, instants) = ticks(window, most.max(2));
    let painter = ui.painter().with_clip_rect(axis.expand2(Vec2::new(1.0, 0.0)));
    let mut free = f32::NEG_INFINITY;
    for time in instants.into_iter().filter(|time| *time <= lanes.end + step) {
        let x = axis.left() + window.share(time) as f32 * axis.width();
        painter.line_segment(
            [Pos2::new(x, axis.bottom() - 4.0), Pos2::new(x, axis.bottom())],
            Stroke::new(1.0, theme.outline),
        );
        let text = tick_label(time, step, window.time(1.0));
        let galley = painter.layout_no_wrap(text, font.clone(), theme.text_muted);
        let left = (x - galley.size().x / 2.0).clamp(axis.left(), axis.right() - galley.size().x);
        // The playhead's head covers no label.
        let head = axis.left() + window.share(lanes.now) as f32 * axis.width();
        let covered = (left - 8.0..left + galley.size().x + 8.0).contains(&head);
        if left > free && !covered {
            free = left + galley.size().x + 6.0;
            painter.galley(Pos2::new(left, axis.top()), galley, theme.text_muted);
        }
    }
}

/// One lane, and how it is looked at.
#[derive(Clone, Copy)]
struct LaneView<'a> {
    lanes: Lanes<'a>,
    index: usize,
    window: Window,
    theme: &'a Theme,
}

fn lane_ui(
    ui: &mut Ui,
    rect: Rect,
    names: f32,
    state: &mut LanesState,
    view: LaneView<'_>,
    answer: &mut LanesResponse,
) {
    let LaneView { lanes, index, window, theme } = view;
    let lane = &lanes.lanes[index];
    let font = theme.font(TextRole::Small);
    let (name, shortened) = short_name(ui, &lane.name, &font, theme.text_body, names - 8.0);
    ui.painter().galley(Pos2::new(rect.left(), rect.center().y - name.size().y / 2.0), name, theme.text_body);
    if shortened {
        let place = rect.with_max_x(rect.left() + names - 4.0);
        ui.interact(place, ui.id().with(("lane name", index)), Sense::hover()).on_hover_text(&lane.name);
    }
    let bar = rect.with_min_x(rect.left() + names).shrink2(Vec2::new(0.0, (rect.height() * 0.12).max(1.5)));
    ui.painter().rect_filled(bar, 3.0, theme.background);
    let now = bar.left() + (window.share(lanes.now) as f32).clamp(0.0, 1.0) * bar.width();
    let painter = ui.painter().with_clip_rect(bar.intersect(ui.clip_rect()));
    for (half, part) in [(0, bar.with_max_x(now)), (1, bar.with_min_x(now))] {
        let key = MeshKey { window, rect: bar, dark: theme.dark, run: lanes.run, faint: half == 1 };
        let Some(slot) = state.cache.get_mut(index).map(|halves| &mut halves[half]) else { continue };
        let mesh = match slot {
            Some((old, mesh)) if *old == key => Arc::clone(mesh),
            _ => Arc::new(mesh(lane, lanes.trace, &key, theme)),
        };
        *slot = Some((key, Arc::clone(&mesh)));
        painter.with_clip_rect(part.intersect(painter.clip_rect())).add(Shape::Mesh(mesh));
    }
    let response = ui.interact(bar, ui.id().with(("lane", index)), Sense::click());
    response.widget_info(|| {
        let doing = lane.at(lanes.now, lanes.trace).map_or("nothing", |(_, hop)| hop.what.label());
        egui::WidgetInfo::labeled(egui::WidgetType::SelectableLabel, true, format!("Lane {}: {doing}", lane.name))
    });
    pointer_ui(&response, bar, view, answer);
}

fn pointer_ui(response: &Response, bar: Rect, view: LaneView<'_>, answer: &mut LanesResponse) {
    let LaneView { lanes, index, window, theme } = view;
    let lane = &lanes.lanes[index];
    let Some(pointer) = response.hover_pos() else { return };
    let time = window.time(f64::from((pointer.x - bar.left()) / bar.width()));
    let Some((_, hop)) = lane.at(time, lanes.trace) else { return };
    if response.clicked() {
        answer.journey = hop.journey.some();
        answer.component = Some(hop.component);
        answer.seek = Some(time);
    }
    response.clone().on_hover_ui_at_pointer(|ui| {
        ui.label(format!("{} · {}", hop.what.label(), hop.duration()));
        let place = lanes.topology.path(hop.component).replace('/', " › ");
        ui.label(egui::RichText::new(place).font(theme.font(TextRole::Note)).color(theme.text_muted));
        let stack = lanes.topology.stacks.get(hop.stack.index()).map_or("nobody's", |stack| &stack.name);
        let text = format!("{} · for {stack} · from {}", hop.layer.label(), hop.start);
        ui.label(egui::RichText::new(text).font(theme.font(TextRole::Note)).color(theme.text_muted));
    });
}

fn mesh(lane: &Lane, trace: &Trace, key: &MeshKey, theme: &Theme) -> Mesh {
    let (bar, mut mesh) = (key.rect, Mesh::default());
    for column in columns(lane, trace, &key.window, bar.width()) {
        let wide = column.to - column.from;
        let gap = if wide > 4.0 { 1.0 } else { 0.0 };
        let rect = Rect::from_min_max(
            Pos2::new(bar.left() + column.from, bar.top()),
            Pos2::new(bar.left() + column.to - gap, bar.bottom()),
        );
        // Mixed here, not blended on the screen: the same in every theme and on every driver.
        let strength = column.busy * if key.faint { 0.2 } else { 1.0 };
        add_rect(&mut mesh, rect, theme.background.lerp_to_gamma(theme.layer(column.layer), strength));
    }
    mesh
}

fn add_rect(mesh: &mut Mesh, rect: Rect, color: Color32) {
    let first = mesh.vertices.len() as u32;
    for pos in [rect.left_top(), rect.right_top(), rect.right_bottom(), rect.left_bottom()] {
        mesh.vertices.push(Vertex { pos, uv: WHITE_UV, color });
    }
    mesh.indices.extend([first, first + 1, first + 2, first, first + 2, first + 3]);
}

fn playhead_ui(ui: &Ui, axis: Rect, bars: Rect, window: &Window, now: Time, theme: &Theme) {
    let share = window.share(now);
    if !(0.0..=1.0).contains(&share) {
        return;
    }
    let x = bars.left() + share as f32 * bars.width();
    let painter = ui.painter();
    painter
        .line_segment([Pos2::new(x, axis.bottom() - 8.0), Pos2::new(x, bars.bottom())], Stroke::new(1.5, theme.text));
    let (y, size) = (axis.bottom() - 2.0, 6.0 * theme.scale);
    let points = vec![Pos2::new(x - size, y - 1.4 * size), Pos2::new(x + size, y - 1.4 * size), Pos2::new(x, y)];
    painter.add(Shape::convex_polygon(points, theme.text, Stroke::NONE));
}
