//! One lane: its name, which is a button with a menu, and its bar.

use std::sync::Arc;

use egui::epaint::{Mesh, Vertex, WHITE_UV};
use egui::{Color32, Galley, Pos2, Rect, Response, Sense, Shape, Ui, Vec2};
use egui_phosphor::regular as icon;

use super::given::{Lanes, LanesResponse};
use super::rows::Row;
use super::{Lane, Window, columns};
use crate::app::hint;
use crate::app::names;
use crate::app::overlay;
use crate::app::panels::widgets::cut;
use crate::app::rows;
use crate::app::theme::{TextRole, Theme};
use crate::trace::{StackId, Trace};

/// The meshes of a lane: what has passed, what is still to come, and what is looked for.
pub type Cached = [Option<(MeshKey, Arc<Mesh>)>; 3];

/// What a mesh was made from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeshKey {
    window: Window,
    rect: Rect,
    dark: bool,
    run: u64,
    /// How strong its colours are, in percent.
    strength: u8,
    /// Which search it is of.
    found: u64,
}

/// What a lane's menu asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Asked {
    /// What runs on it now, in the inspector.
    Open,
    /// To fold its group, or to unfold it.
    Fold(bool),
    /// To keep it on top, or to let it go.
    Pin,
    /// One place up or down.
    Move(isize),
    /// To follow its column.
    Follow(StackId),
}

/// One lane, and how it is looked at.
#[derive(Clone, Copy)]
pub struct LaneView<'a> {
    /// All of them.
    pub lanes: Lanes<'a>,
    /// This one.
    pub lane: &'a Lane,
    /// Of it, what is looked for.
    pub found: Option<&'a Lane>,
    /// How it is shown.
    pub row: Row,
    /// Its index.
    pub index: usize,
    /// The stretch of time.
    pub window: Window,
    /// The width of names.
    pub names: f32,
    /// All lanes: what has the focus while they are walked.
    pub list: &'a Response,
    /// Whether the keyboard is at this one, and whether it asks for its menu.
    pub here: (bool, bool),
    /// Its colours.
    pub theme: &'a Theme,
}

/// How far a name is moved to the right, before scaling.
pub fn indent(row: &Row) -> f32 {
    if row.inner { 22.0 } else { 15.0 }
}

/// Draws a lane. Gives back what its menu asked for.
pub fn lane_ui(
    ui: &mut Ui,
    rect: Rect,
    view: LaneView<'_>,
    cache: &mut Cached,
    answer: &mut LanesResponse,
) -> Option<Asked> {
    let asked = name_ui(ui, rect.with_max_x(rect.left() + view.names - 4.0), view);
    let bar = rect.with_min_x(rect.left() + view.names).shrink2(Vec2::new(0.0, (rect.height() * 0.12).max(1.5)));
    bar_ui(ui, bar, view, cache);
    let response = ui.interact(bar, ui.id().with(("lane", view.index)), Sense::CLICK | Sense::hover());
    pointer_ui(&response, bar, view, answer);
    asked
}

fn name_ui(ui: &mut Ui, rect: Rect, view: LaneView<'_>) -> Option<Asked> {
    let LaneView { lanes, lane, row, theme, .. } = view;
    let font = theme.font(TextRole::Small);
    let response = ui.interact(rect, ui.id().with(("lane name", view.index)), Sense::CLICK);
    let (here, menu) = view.here;
    let color = if response.hovered() || here { theme.text } else { theme.text_body };
    let left = rect.left() + indent(&row) * theme.scale;
    let galley = short_name(ui, &lane.name, &font, color, rect.right() - left - 2.0);
    ui.painter().galley(Pos2::new(left, rect.center().y - galley.size().y / 2.0), galley, color);
    let sign = match (row.pinned, row.folds) {
        (true, _) => icon::PUSH_PIN,
        (_, Some(true)) => icon::CARET_RIGHT,
        (_, Some(false)) => icon::CARET_DOWN,
        (_, None) => "",
    };
    let place = rect.with_max_x(left);
    let at = Pos2::new(rect.left(), rect.center().y);
    ui.painter().text(at, egui::Align2::LEFT_CENTER, sign, egui::FontId::proportional(11.0 * theme.scale), color);
    let doing = lane.at(lanes.now, lanes.trace).map_or("nothing", |(_, hop)| hop.what.label());
    rows::row_node(view.list, &response, &format!("Lane {}: {doing}", lane.name), false, here);
    let words = || format!("{}: {doing} now · Enter or a click: fold, pin, move", lane.name);
    hint::say(&response, words);
    if here {
        hint::say(view.list, words);
    }
    let mut asked = None;
    // The sign alone folds; the name opens the menu.
    let fold = ui.interact(place, ui.id().with(("lane fold", view.index)), Sense::CLICK);
    if let Some(folded) = row.folds.filter(|_| fold.clicked()) {
        asked = Some(Asked::Fold(!folded));
    }
    if menu {
        egui::Popup::open_id(ui.ctx(), egui::Popup::default_response_id(&response));
    }
    egui::Popup::menu(&response).show(|ui| {
        let mut item = |ui: &mut Ui, sign: &str, words: &str, what: Asked| {
            let button = ui.button(format!("{sign} {words}"));
            overlay::item(&button, false);
            if button.clicked() {
                asked = Some(what);
                ui.close();
            }
        };
        item(ui, icon::MAGNIFYING_GLASS, "Open what runs here now", Asked::Open);
        if let Some(folded) = row.folds {
            let (sign, words) =
                if folded { (icon::CARET_DOWN, "Unfold its lanes") } else { (icon::CARET_RIGHT, "Fold into one lane") };
            item(ui, sign, words, Asked::Fold(!folded));
        } else if row.inner {
            item(ui, icon::CARET_RIGHT, "Fold into its column's lane", Asked::Fold(true));
        }
        item(ui, icon::PUSH_PIN, if row.pinned { "Let it go from the top" } else { "Pin to the top" }, Asked::Pin);
        item(ui, icon::ARROW_UP, "Move up", Asked::Move(-1));
        item(ui, icon::ARROW_DOWN, "Move down", Asked::Move(1));
        if let Some(stack) = lane.group {
            item(ui, icon::EYE, "Follow this column", Asked::Follow(stack));
        }
    });
    asked
}

/// A lane's name in little room: whose it is may be cut, which one it is may not.
fn short_name(ui: &Ui, name: &str, font: &egui::FontId, color: Color32, room: f32) -> Arc<Galley> {
    let layout = |text: String| ui.painter().layout_no_wrap(text, font.clone(), color);
    let whole = layout(name.to_owned());
    if whole.size().x <= room {
        return whole;
    }
    if let Some((owner, own)) = name.rfind(" vCPU ").map(|at| name.split_at(at)) {
        for (end, _) in owner.char_indices().rev().take_while(|(end, _)| *end > 1) {
            let galley = layout(format!("{}…{own}", owner[..end].trim_end()));
            if galley.size().x <= room {
                return galley;
            }
        }
    }
    cut(ui, name, font, color, room)
}

/// What has passed is bright, what is to come faint. Where something is looked for, only that is bright.
fn bar_ui(ui: &Ui, bar: Rect, view: LaneView<'_>, cache: &mut Cached) {
    let LaneView { lanes, lane, found, window, theme, .. } = view;
    ui.painter().rect_filled(bar, 3.0, theme.background);
    let now = bar.left() + (window.share(lanes.now) as f32).clamp(0.0, 1.0) * bar.width();
    let painter = ui.painter().with_clip_rect(bar.intersect(ui.clip_rect()));
    let looked_for = found.is_some();
    let parts = [
        (Some(lane), bar.with_max_x(now), if looked_for { 16 } else { 100 }),
        (Some(lane), bar.with_min_x(now), if looked_for { 16 } else { 20 }),
        (found, bar, 100),
    ];
    for ((lane, part, strength), slot) in parts.into_iter().zip(cache) {
        let Some(lane) = lane else { continue };
        let found = lanes.found.map_or(0, |(number, _)| number);
        let key = MeshKey { window, rect: bar, dark: theme.dark, run: lanes.run, strength, found };
        let mesh = match slot {
            Some((old, mesh)) if *old == key => Arc::clone(mesh),
            _ => Arc::new(mesh(lane, lanes.trace, &key, theme)),
        };
        *slot = Some((key, Arc::clone(&mesh)));
        painter.with_clip_rect(part.intersect(painter.clip_rect())).add(Shape::Mesh(mesh));
    }
}

fn pointer_ui(response: &Response, bar: Rect, view: LaneView<'_>, answer: &mut LanesResponse) {
    let LaneView { lanes, lane, window, .. } = view;
    let Some(pointer) = response.hover_pos() else { return };
    let time = window.time(f64::from((pointer.x - bar.left()) / bar.width()));
    let Some((_, hop)) = lane.at(time, lanes.trace) else { return };
    if response.clicked() {
        answer.journey = hop.journey.some();
        answer.component = Some(hop.component);
        answer.seek = Some(time);
    }
    let place = names::path(&lanes.topology.path(hop.component));
    let stack = lanes.topology.stacks.get(hop.stack.index());
    let whose = stack.map_or("for nobody".to_owned(), |stack| format!("for {}", names::name(&stack.name)));
    let crossing = match hop.crossing {
        crate::trace::Crossing::None => String::new(),
        crossing => format!("{} · ", crossing.label()),
    };
    let words = format!(
        "{crossing}{} · {} · {} · {place} · {whose} · from {}",
        hop.what.label(),
        hop.duration(),
        hop.layer.label(),
        hop.start
    );
    hint::say_here(&response.ctx, &words);
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
        let strength = column.busy * f32::from(key.strength) / 100.0;
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
