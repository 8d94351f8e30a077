//! The lanes as a panel: rows, axis, playhead, and what the pointer does to them.

use egui::{PointerButton, Pos2, Rect, ScrollArea, Sense, Shape, Stroke, Ui, Vec2};

use super::arrows::{Chain, arrows_ui};
use super::given::{Lanes, LanesResponse};
use super::lane::{Asked, Cached, LaneView, lane_ui};
use super::rows::{Arrangement, Row, lane};
use super::{Lane, Window, tick_label, ticks};
use crate::app::rows::stop_ui;
use crate::app::theme::{TextRole, Theme};
use crate::engine::Time;
use crate::trace::StackId;

/// What the lanes remember between frames: only how they are looked at.
#[derive(Clone, Debug)]
pub struct LanesState {
    /// The stretch shown; the whole run if none.
    pub window: Option<Window>,
    /// What is folded, pinned, moved.
    pub arrangement: Arrangement,
    /// Whether arrows lead from what caused to what it caused, along the journey that the inspector shows.
    pub arrows: bool,
    /// The row that the keyboard is at.
    at: usize,
    /// The column that was followed when last drawn, and in how many rows.
    followed: (Option<StackId>, usize),
    /// The time when last drawn.
    shown: Option<Time>,
    /// Meshes of the lanes as last drawn: they change with the view, not with the time.
    pub(super) cache: Vec<Cached>,
    /// What is looked for, and the lanes with that alone.
    found: Option<(u64, Vec<Lane>)>,
    chain: Option<Chain>,
}

impl Default for LanesState {
    fn default() -> Self {
        LanesState {
            window: None,
            arrangement: Arrangement::default(),
            arrows: true,
            at: 0,
            followed: (None, 0),
            shown: None,
            cache: Vec::new(),
            found: None,
            chain: None,
        }
    }
}

/// The least and the most height of a lane.
const HEIGHTS: (f32, f32) = (15.0, 25.0);

/// Draws axis and lanes in the room there is.
pub fn lanes_ui(ui: &mut Ui, state: &mut LanesState, lanes: Lanes<'_>, theme: &Theme) -> LanesResponse {
    let mut answer = LanesResponse::default();
    let room = ui.available_size();
    let axis_height = 20.0 * theme.scale;
    let high = room.y - axis_height - 2.0;
    let most = (high / (HEIGHTS.0 * theme.scale)).floor().max(1.0);
    let rows = state.arrangement.rows(lanes.lanes, lanes.heads, most as usize);
    let names = names_width(ui, lanes, &rows, theme);
    let names = names.clamp(60.0 * theme.scale, (room.x * 0.26).max(60.0 * theme.scale));
    let each = high / rows.len().max(1) as f32;
    let row = each.clamp(HEIGHTS.0 * theme.scale, HEIGHTS.1 * theme.scale);
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
    let axis =
        Rect::from_min_max(area.min, Pos2::new(area.right(), area.top() + axis_height)).with_min_x(area.left() + names);
    axis_ui(ui, axis, &window, lanes, theme, &mut answer);
    let body = Rect::from_min_max(Pos2::new(area.left(), axis.bottom() + 2.0), area.max);
    find(state, lanes);
    let mut first: Option<(usize, f32)> = None;
    let mut asked: Option<(usize, Asked)> = None;
    let (list, walked) =
        stop_ui(ui, body.with_max_x(body.left() + names - 4.0), "Lanes, one a row", rows.len(), state.at);
    state.at = walked.map_or(state.at, |walked| walked.at);
    ui.scope_builder(egui::UiBuilder::new().max_rect(body), |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        // The wheel zooms over the bars and scrolls over the names.
        let over_bars = ui.rect_contains_pointer(body.with_min_x(body.left() + names));
        let mut source = egui::containers::scroll_area::ScrollSource::ALL;
        source.drag = egui::containers::scroll_area::DragScroll::Never;
        source.mouse_wheel = !over_bars;
        let area = ScrollArea::vertical().id_salt("lanes").auto_shrink([false, false]).scroll_source(source);
        // Whom one has just begun to follow is seen here too, however many lanes there are.
        let of_follow =
            |row: &Row| lane(lanes.lanes, lanes.heads, row.index).is_some_and(|lane| lane.group == lanes.follow);
        let begun = state.followed != (lanes.follow, rows.len()) && lanes.follow.is_some();
        let begun = begun.then(|| rows.iter().position(of_follow)).flatten();
        state.followed = (lanes.follow, rows.len());
        area.show_rows(ui, row, rows.len(), |ui, shown| {
            let wanted = if walked.is_some_and(|walked| walked.moved) { Some(state.at) } else { begun };
            if let Some(wanted) = wanted {
                let top = ui.min_rect().top() + (wanted as f32 - shown.start as f32) * row;
                ui.scroll_to_rect(Rect::from_x_y_ranges(ui.max_rect().x_range(), top..=top + row), None);
            }
            state.cache.resize(lanes.lanes.len() + lanes.heads.len(), [None, None, None]);
            for at in shown {
                let (rect, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), row), Sense::hover());
                first.get_or_insert((at, rect.top()));
                let index = rows[at].index;
                let (Some(lane), Some(cache)) = (lane(lanes.lanes, lanes.heads, index), state.cache.get_mut(index))
                else {
                    continue;
                };
                let found = state.found.as_ref().and_then(|(_, found)| found.get(index));
                let here = list.has_focus() && at == state.at;
                let here = (here, here && walked.is_some_and(|walked| walked.entered));
                let view =
                    LaneView { lanes, lane, found, row: rows[at], index, window, names, list: &list, here, theme };
                asked = lane_ui(ui, rect, view, cache, &mut answer).map(|asked| (at, asked)).or(asked);
            }
        });
    });
    if let Some((at, asked)) = asked {
        rearrange(state, lanes, &rows, at, asked, &mut answer);
    }
    let bars = body.with_min_x(body.left() + names);
    window = wheel(ui, bars.union(axis), window, lanes.end);
    window = drag(ui, bars, window, lanes.end, state);
    if let (true, Some((at, top))) = (state.arrows, first) {
        let middle = |index: usize| top + (index as f32 - at as f32 + 0.5) * row;
        arrows_ui(ui, bars, &mut state.chain, lanes, &rows, &window, &middle, theme);
    }
    playhead_ui(ui, axis, bars, &window, lanes.now, theme);
    state.window = (window != Window::whole(lanes.end)).then_some(window);
    ui.advance_cursor_after_rect(area);
    answer
}

/// Makes the lanes of what is looked for, if that is something else than before.
fn find(state: &mut LanesState, lanes: Lanes<'_>) {
    let Some((number, found)) = lanes.found else {
        state.found = None;
        return;
    };
    if state.found.as_ref().is_some_and(|(of, _)| *of == number) {
        return;
    }
    let mut keep = vec![false; lanes.trace.hops.len()];
    for id in found {
        if let Some(slot) = keep.get_mut(id.index()) {
            *slot = true;
        }
    }
    let all = lanes.lanes.iter().chain(lanes.heads);
    let only = all.map(|lane| lane.only(|id| keep.get(id.index()) == Some(&true), lanes.trace)).collect();
    state.found = Some((number, only));
}

/// Does what a lane's menu asked for.
fn rearrange(
    state: &mut LanesState,
    lanes: Lanes<'_>,
    rows: &[Row],
    at: usize,
    asked: Asked,
    answer: &mut LanesResponse,
) {
    let Some(lane) = rows.get(at).and_then(|row| lane(lanes.lanes, lanes.heads, row.index)) else { return };
    match asked {
        Asked::Open => {
            if let Some((_, hop)) = lane.at(lanes.now, lanes.trace) {
                (answer.journey, answer.component) = (hop.journey.some(), Some(hop.component));
            }
        }
        Asked::Fold(folded) => state.arrangement.fold(lane.group, folded),
        Asked::Pin => state.arrangement.pin(lane.kind),
        Asked::Move(by) => state.arrangement.shift(rows, at, by, lanes.lanes, lanes.heads),
        Asked::Follow(stack) => answer.follow = Some(stack),
    }
}

/// The width that the longest name takes.
fn names_width(ui: &Ui, lanes: Lanes<'_>, rows: &[Row], theme: &Theme) -> f32 {
    let font = theme.font(TextRole::Small);
    let width = |row: &Row| {
        let name = lane(lanes.lanes, lanes.heads, row.index).map_or("", |lane| lane.name.as_str());
        let text = ui.painter().layout_no_wrap(name.to_owned(), font.clone(), theme.text_body).size().x;
        text + (12.0 + super::lane::indent(row)) * theme.scale
    };
    // So many names decide; where there are more, most are alike.
    rows.iter().take(64).map(width).fold(0.0, f32::max)
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
        // In less room than a label takes, it begins at the left.
        let left = (x - galley.size().x / 2.0).min(axis.right() - galley.size().x).max(axis.left());
        // The playhead's head covers no label.
        let head = axis.left() + window.share(lanes.now) as f32 * axis.width();
        let covered = (left - 8.0..left + galley.size().x + 8.0).contains(&head);
        if left > free && !covered {
            free = left + galley.size().x + 6.0;
            painter.galley(Pos2::new(left, axis.top()), galley, theme.text_muted);
        }
    }
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
