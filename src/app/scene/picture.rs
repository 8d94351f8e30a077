//! Puts the picture together: the fixed stage below, what changes with time above.

use std::sync::Arc;

use egui::{Rect, Vec2, pos2};

use super::camera::Camera;
use super::drawing::{Drawing, Ink, Shape};
use super::gauge::Gauge;
use super::index::Index;
use super::labels::{Label, Placer, words};
use super::layout::Layout;
use super::ledger::Ledgers;
use super::route::Router;
use super::stage::{bar, highlight, point_at, track};
use super::tokens::{Cast, Token, Tokens};
use super::trails::{beneath, chevrons, trail};
use super::tree::is_part;
use super::words::Writer;
use super::{SceneOptions, Selection};
use crate::engine::Time;
use crate::machine::{ComponentKind, Topology};
use crate::trace::{ComponentId, Crossing, Hop, JourneyId, Layer, Trace, What};

/// So many journeys have trails, besides the selected one.
const TRAILS: usize = 8;
/// So many crossings have labels.
const LABELS: usize = 6;
/// With more tokens than this, only crossings and the selection are labelled.
const FEW: usize = 5;
/// With more tokens than this, they are drawn without outlines.
const CROWD: usize = 400;

/// What a picture is made from.
pub struct Picture<'a> {
    /// What everything is.
    pub topology: &'a Topology,
    /// The trace.
    pub trace: &'a Trace,
    /// Its index.
    pub index: &'a Index,
    /// Where everything is.
    pub layout: &'a Layout,
    /// How it is shown.
    pub camera: Camera,
    /// How texts are written.
    pub writer: Writer<'a>,
    /// How much of their quotas the groups have used.
    pub gauges: &'a [Gauge],
    /// The caller's wishes.
    pub options: &'a SceneOptions<'a>,
}

impl Picture<'_> {
    /// The picture at `time` upon a stage.
    pub fn draw(&self, floors: Arc<Vec<Shape>>, names: Arc<Vec<Shape>>, time: Time) -> Drawing {
        let router = Router { layout: self.layout, topology: self.topology };
        let cast = Cast { router, trace: self.trace, index: self.index };
        let tokens = cast.at(time);
        let mut drawing = Drawing { floors, words: names, ..Drawing::default() };
        self.busy(&tokens, &mut drawing.trails);
        let pointed = self.options.pointed_at.iter().filter_map(|&id| point_at(self.layout, &self.camera, id));
        drawing.trails.extend(pointed);
        if let Some(Selection::Component(id)) = self.options.selection {
            drawing.trails.extend(highlight(self.layout, &self.camera, id));
        }
        if let Some(facts) = self.options.facts {
            self.facts(facts, &mut drawing.trails);
        }
        self.gauges(time, &mut drawing.trails);
        self.shut(&cast, &tokens, &mut drawing.trails);
        let mut lines = Vec::new();
        self.trails(&cast, &tokens, &mut lines);
        let names: Vec<Rect> = drawing.text_boxes().map(|(_, bounds)| bounds).collect();
        drawing.trails.extend(lines.into_iter().flat_map(|line| beneath(line, &names)));
        self.tokens(&tokens, &mut drawing);
        let chosen = self.selected();
        let ledgers = Ledgers {
            layout: self.layout,
            camera: self.camera,
            writer: self.writer,
            trace: self.trace,
            index: self.index,
            chosen,
        };
        ledgers.draw(time, &mut drawing.tokens);
        self.labels(&tokens, &cast, &mut drawing);
        drawing
    }

    fn hop(&self, token: &Token) -> Option<&Hop> {
        self.trace.hops.get(token.hop.index())
    }

    fn selected(&self) -> Option<JourneyId> {
        match self.options.selection {
            Some(Selection::Journey(id)) => Some(id),
            _ => None,
        }
    }

    /// Cores and vCPUs light up in the colour of what they do.
    fn busy(&self, tokens: &Tokens, out: &mut Vec<Shape>) {
        let mut lit: Vec<(ComponentId, Layer)> = Vec::new();
        for hop in tokens.all.iter().filter_map(|token| self.hop(token)) {
            lit.extend(
                [hop.cpu, hop.core].into_iter().filter_map(|cpu| Some((*self.layout.cpus.get(&cpu)?, hop.layer))),
            );
        }
        lit.sort_unstable();
        lit.dedup_by_key(|(id, _)| *id);
        for (id, layer) in lit {
            let rect = self.camera.rect(self.layout.place(id).rect);
            let fill = Some(Ink::Layer(layer).faint(0.38));
            out.push(Shape::Rect { rect, radius: 4.0_f32.min(rect.height() * 0.25), fill, line: None });
        }
    }

    /// A bar across a valve that holds somebody.
    fn shut(&self, cast: &Cast, tokens: &Tokens, out: &mut Vec<Shape>) {
        for id in cast.shut(tokens) {
            let rect = self.camera.rect(self.layout.place(id).rect);
            let line = (3.0 * self.camera.words, Ink::Alarm.solid());
            out.push(Shape::Line { points: vec![rect.left_top(), rect.right_top()], line });
        }
    }

    /// The journeys whose trails are shown: the selected one, and the latest few.
    fn trails(&self, cast: &Cast, tokens: &Tokens, out: &mut Vec<Shape>) {
        let selected = self.selected();
        let emphasis = if selected.is_some() { 0.55 } else { 1.0 };
        let latest = tokens.all.len().saturating_sub(TRAILS);
        for token in &tokens.all[latest..] {
            if Some(token.journey) != selected {
                trail(cast, token, &self.camera, emphasis, out);
            }
        }
        if let Some(token) = tokens.all.iter().find(|t| Some(t.journey) == selected) {
            trail(cast, token, &self.camera, 1.2, out);
        }
    }

    fn tokens(&self, tokens: &Tokens, drawing: &mut Drawing) {
        let radius = self.layout.token * self.camera.tokens;
        let outlined = tokens.all.len() <= CROWD;
        for token in &tokens.all {
            let (Some(at), Some(hop)) = (token.at, self.hop(token)) else { continue };
            let center = self.camera.point(at);
            if !self.camera.canvas.expand(radius * 6.0).contains(center) {
                continue;
            }
            let crossing = token.flash.is_some() && hop.crossing != Crossing::None;
            let ink = if crossing { Ink::Alarm } else { Ink::Layer(hop.layer) };
            if self.options.reduced_motion {
                self.still(token, hop, radius, drawing);
                continue;
            }
            if let Some((spot, spread)) = token.flash.filter(|_| outlined) {
                rings(self.camera.point(spot), radius, spread, &mut drawing.tokens);
            }
            let chosen = self.selected() == Some(token.journey);
            if chosen {
                drawing.tokens.push(Shape::Ring { center, radius: radius * 1.7, line: (2.0, Ink::Accent.solid()) });
            }
            let shape = Shape::Token { center, radius, token: hop.token, paint: ink.solid(), outlined };
            drawing.tokens.push(shape);
            drawing.hits.push((center, radius * 1.4, Selection::Journey(token.journey)));
        }
    }

    /// Reduced motion: the whole way of the hop in chevrons, and the token at its end.
    fn still(&self, token: &Token, hop: &Hop, radius: f32, drawing: &mut Drawing) {
        let Some(&end) = token.route.points.last() else { return };
        chevrons(&token.route, hop.layer, &self.camera, radius, &mut drawing.tokens);
        let center = self.camera.point(end);
        let paint = Ink::Layer(hop.layer).solid();
        drawing.tokens.push(Shape::Token { center, radius, token: hop.token, paint, outlined: true });
        drawing.hits.push((center, radius * 1.4, Selection::Journey(token.journey)));
    }

    /// The column that a label about a token belongs to, if the token is within it.
    fn home(&self, token: &Token, about: egui::Pos2) -> Rect {
        let stack = self.trace.journeys.get(token.journey.index()).map(|journey| journey.stack);
        let own = stack.and_then(|stack| self.topology.stacks.get(stack.index())).map(|stack| stack.component);
        let rect = own.map(|id| self.camera.rect(self.layout.place(id).rect));
        rect.filter(|rect| rect.contains(about)).map_or(self.camera.canvas, |rect| {
            let below = rect.bottom() + self.layout.corridor * self.camera.zoom;
            Rect::from_x_y_ranges(rect.x_range(), self.camera.canvas.top()..=below)
        })
    }

    /// Parts, programs and valves that can be seen.
    fn boxes(&self) -> Vec<Rect> {
        let boxed = |kind: ComponentKind| is_part(kind) || matches!(kind, ComponentKind::App | ComponentKind::Cgroup);
        let parts = self.topology.iter().filter(|(_, component)| boxed(component.kind));
        let rects = parts.map(|(id, _)| self.layout.place(id)).filter(|place| place.own);
        let rects = rects.map(|place| self.camera.rect(place.rect));
        rects.filter(|rect| rect.intersects(self.camera.canvas)).collect()
    }

    /// How many more wait than the line shows.
    fn overflow(&self, tokens: &Tokens, cast: &Cast, placer: &mut Placer, out: &mut Vec<Shape>) {
        let radius = self.layout.token * self.camera.tokens;
        for (id, more) in &tokens.overflow {
            let Some(first) = cast.router.queue(*id, 0) else { continue };
            let rect = self.camera.rect(self.layout.place(*id).rect);
            let about = pos2(rect.left(), self.camera.point(first).y);
            let (title, note) = (format!("+{more}"), "more in line".to_owned());
            let label = Label { about, home: self.camera.canvas, clear: radius * 1.5, title, note, alarm: false };
            placer.place(&label, true, out);
        }
    }

    /// Where a valve's gauge is.
    fn track(&self, valve: ComponentId) -> Option<Rect> {
        let rect = self.camera.rect(self.layout.place(valve).rect);
        if rect.intersects(self.camera.canvas) { track(rect, self.writer.pad(rect)) } else { None }
    }

    /// How much of their quota the groups have used in the period that `time` lies in.
    fn gauges(&self, time: Time, out: &mut Vec<Shape>) {
        for gauge in self.gauges {
            let (Some(track), share) = (self.track(gauge.valve), gauge.share(time)) else { continue };
            if share > 0.0 {
                let size = egui::vec2(track.width() * share, track.height());
                out.push(bar(Rect::from_min_size(track.min, size), Ink::Layer(Layer::Throttled).solid()));
            }
        }
    }

    fn labels(&self, tokens: &Tokens, cast: &Cast, drawing: &mut Drawing) {
        let radius = self.layout.token * self.camera.tokens;
        let mut names: Vec<Rect> = drawing.text_boxes().map(|(_, bounds)| bounds).collect();
        names.extend(self.gauges.iter().filter_map(|gauge| self.track(gauge.valve)));
        let line = (self.layout.part * self.camera.words).max(13.5 * self.writer.theme.scale);
        // The ledgers stay free: a label over a bar would hide what it adds up to.
        let ledgers = self.layout.columns.iter().map(|column| self.camera.rect(column.ledger).top());
        let bottom = ledgers.fold(self.camera.canvas.bottom(), f32::min);
        let above = self.camera.canvas.with_max_y(bottom);
        let bounds = if above.height() > self.camera.canvas.height() * 0.5 { above } else { self.camera.canvas };
        let mut placer = Placer::new(self.writer, bounds, line, names, self.boxes());
        for (center, radius, _) in drawing.hits.iter().take(CROWD) {
            placer.keep_clear(Rect::from_center_size(*center, Vec2::splat(radius * 1.6)));
        }
        self.overflow(tokens, cast, &mut placer, &mut drawing.tokens);
        let selected = self.selected();
        let few = tokens.all.len() <= FEW;
        let wanted = |token: &&Token| token.flash.is_some() || few || Some(token.journey) == selected;
        let mut speakers: Vec<&Token> = tokens.all.iter().filter(wanted).collect();
        // The selected journey first, then crossings, then the latest.
        speakers.sort_by_key(|t| (Some(t.journey) != selected, t.flash.is_none(), std::cmp::Reverse(t.journey)));
        // What happens to several at the same place is said once.
        let mut said: Vec<(ComponentId, Crossing, What, bool)> = Vec::new();
        for token in speakers {
            let (Some(at), Some(hop)) = (token.at, self.hop(token)) else { continue };
            let what = if token.flash.is_some() { What::Return } else { hop.what };
            let saying = (hop.component, hop.crossing, what, token.flash.is_some());
            let again = (token.flash.is_some() || !hop.is_wait()) && said.contains(&saying);
            if said.len() >= LABELS || again {
                continue;
            }
            said.push(saying);
            let flash = token.flash.map(|(spot, _)| spot);
            let about = self.camera.point(if self.options.reduced_motion { at } else { flash.unwrap_or(at) });
            if !self.camera.canvas.contains(about) {
                continue;
            }
            let (title, note) = words(hop, flash.is_some(), self.options.provenance);
            let alarm = flash.is_some();
            let clear = if alarm { radius * 3.6 } else { radius * 1.9 };
            let label = Label { about, home: self.home(token, about), clear, title, note, alarm };
            placer.place(&label, Some(token.journey) == selected, &mut drawing.tokens);
        }
    }
}

/// The rings of a flash.
fn rings(center: egui::Pos2, radius: f32, spread: f32, out: &mut Vec<Shape>) {
    for i in 0..3 {
        let size = radius * (1.5 + 0.75 * i as f32 + 0.6 * spread);
        let alpha = (0.55 - 0.16 * i as f32) * (1.15 - spread * 0.6);
        out.push(Shape::Ring { center: pos2(center.x, center.y), radius: size, line: (1.5, Ink::Alarm.faint(alpha)) });
    }
}
