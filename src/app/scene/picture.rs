//! Puts the picture together: the fixed stage below, what changes with time above.

use std::sync::Arc;

use egui::{Align2, Pos2, Rect, Vec2, pos2};

use super::bars::{Chart, Strip};
use super::camera::Camera;
use super::drawing::{Drawing, Ink, Shape};
use super::gauge::Gauge;
use super::layout::Layout;
use super::route::Router;
use super::stage::{brightness, dim, highlight, knowing, point_at};
use super::state::States;
use super::tokens::{Cast, Held, Slots, Token, Tokens, in_line};
use super::trails::{chevrons, trail};
use super::tree::is_part;
use super::words::Writer;
use super::{SceneOptions, Selection};
use crate::app::index::Index;
use crate::app::letters::{HOST, letter};
use crate::engine::Time;
use crate::machine::{ComponentKind, Presence, Topology};
use crate::pace::Stage;
use crate::trace::{ComponentId, CpuId, Crossing, Ended, Hop, JourneyId, Layer, StackId, Trace, What};

/// So many journeys have trails, besides the selected one.
const TRAILS: usize = 8;
/// So long, in seconds, something stands on the screen that can be seen.
const SEEN: f32 = 0.2;
/// How bright a token is at least that stands much shorter.
const FLEETING: f32 = 0.15;
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
    /// Who has which place in a disk's queue.
    pub slots: &'a Slots,
    /// What the parts hold.
    pub states: &'a States,
    /// Where everything is.
    pub layout: &'a Layout,
    /// How it is shown.
    pub camera: Camera,
    /// How texts are written.
    pub writer: Writer<'a>,
    /// How much of their quotas the groups have used.
    pub gauges: &'a [Gauge],
    /// The bars, if anything was done that they could show.
    pub chart: Option<(Strip<'a>, Chart)>,
    /// The column that is followed.
    pub followed: Option<usize>,
    /// The caller's wishes.
    pub options: &'a SceneOptions<'a>,
}

impl Picture<'_> {
    /// The picture at `time` upon a stage.
    pub fn draw(&self, floors: Arc<Vec<Shape>>, names: Arc<Vec<Shape>>, time: Time) -> Drawing {
        let router = Router { layout: self.layout, topology: self.topology };
        let cast =
            Cast { router, trace: self.trace, index: self.index, slots: self.slots, moment: self.options.moment };
        let tokens = cast.at(time);
        let held = self.held(&cast, &tokens);
        let mut drawing = Drawing { floors, words: names, ..Drawing::default() };
        self.absent(time, &mut drawing.tokens);
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
        self.holds(&tokens, time, &mut drawing.trails);
        self.modes(time, &mut drawing.trails);
        self.shut(&cast, &tokens, &mut drawing.trails);
        self.trails(&cast, &tokens, &mut drawing.trails);
        self.gates(&tokens, &mut drawing.trails);
        if let Some(held) = held {
            let from = drawing.trails.len();
            self.rings(held, &mut drawing.trails);
            let hop = self.hop(&tokens.all[held.token]);
            let by = |hop: &Hop| knowing(self.options.known, hop.component) * self.stays(hop);
            dim(&mut drawing.trails[from..], hop.map_or(1.0, by));
        }
        self.at_rest(&cast, &tokens, time, &mut drawing.tokens);
        self.meanwhile(&cast, time, &mut drawing.tokens);
        self.tokens(&tokens, &mut drawing);
        self.overflow(&tokens, &mut drawing.tokens);
        if let Some((strip, chart)) = &self.chart {
            strip.draw(chart, &mut drawing.tokens);
        }
        self.states((&cast, &tokens), held, time, &mut drawing.tokens);
        drawing.told = self.rail(&cast, &tokens, time, &mut drawing.tokens);
        drawing.told.extend(self.kept(time));
        drawing
    }

    fn hop(&self, token: &Token) -> Option<&Hop> {
        self.trace.hops.get(token.hop.index())
    }

    /// The return that has the screen while simulated time rests.
    pub(super) fn returned(&self) -> Option<&Hop> {
        let moment = self.options.moment?;
        let hop = self.trace.hops.get(moment.hop.index())?;
        let seen = moment.stage != Stage::Rest || moment.time == hop.end;
        Some(hop).filter(|hop| hop.what == What::Return && hop.start == hop.end && seen)
    }

    /// The journey that is selected.
    pub(super) fn selected(&self) -> Option<JourneyId> {
        match self.options.selection {
            Some(Selection::Journey(id)) => Some(id),
            _ => None,
        }
    }

    fn stack(&self, journey: JourneyId) -> StackId {
        self.trace.journeys.get(journey.index()).map_or(StackId::NONE, |journey| journey.stack)
    }

    /// Cores and vCPUs light up in the colour of what they do, parts while they serve.
    fn busy(&self, tokens: &Tokens, out: &mut Vec<Shape>) {
        let mut lit: Vec<(ComponentId, Layer)> = Vec::new();
        for token in &tokens.all {
            let Some(hop) = self.hop(token) else { continue };
            lit.extend(
                [hop.cpu, hop.core].into_iter().filter_map(|cpu| Some((*self.layout.cpus.get(&cpu)?, hop.layer))),
            );
            let arrived = token.travelled >= token.route.length() - 0.5;
            if arrived && self.topology.component(hop.component).is_some_and(|c| is_part(c.kind)) {
                lit.push((self.layout.drawn_as[hop.component.index()], hop.layer));
            }
        }
        lit.sort_unstable();
        lit.dedup_by_key(|(id, _)| *id);
        for (id, layer) in lit {
            let place = self.layout.place(id);
            if !place.own {
                continue;
            }
            let rect = self.camera.rect(place.rect);
            let by = brightness(self.layout, self.followed, place.column);
            let fill = Some(Ink::Layer(layer).faint(0.34 * by));
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

    /// The journeys whose roads are shown: the followed column's and the selected one, and the latest few.
    fn trails(&self, cast: &Cast, tokens: &Tokens, out: &mut Vec<Shape>) {
        let selected = self.selected();
        let few = tokens.all.len() <= TRAILS;
        let mut shown = 0;
        for token in tokens.all.iter().rev().filter(|token| token.at.is_some() && !self.hidden(token)) {
            let chosen = Some(token.journey) == selected;
            let followed = self.followed == Some(token.column);
            shown += 1;
            if shown > TRAILS && !chosen {
                continue;
            }
            let other = self.followed.is_some() && !followed;
            let emphasis = if other { 0.4 } else { 1.0 } * self.hop(token).map_or(1.0, |hop| self.stays(hop));
            trail(cast, token, &self.camera, (emphasis, chosen || followed || (few && !other)), out);
        }
    }

    /// Whether a token is hidden: solo leaves of others what is in queues that all use.
    fn hidden(&self, token: &Token) -> bool {
        let Some(followed) = self.followed.filter(|_| self.options.solo) else { return false };
        let shared = self.hop(token).is_some_and(|hop| {
            let part = self.topology.component(hop.component);
            part.is_some_and(|c| c.stack.is_none() && (in_line(hop) || c.kind == ComponentKind::Disk))
        });
        token.column != followed && !shared
    }

    /// How well a hop can be seen while time rushes: what is over too soon would only flicker.
    pub(super) fn stays(&self, hop: &Hop) -> f32 {
        let share = |second: Time| hop.duration().as_ps() as f32 / (SEEN * second.as_ps().max(1) as f32);
        self.options.rushes.map_or(1.0, |second| share(second).clamp(FLEETING, 1.0))
    }

    /// What stands on a token: its column's letter, or how many it is.
    fn mark(&self, tokens: &Tokens, token: &Token, i: usize) -> String {
        let count = tokens.all.iter().filter(|other| other.drawn_as == i && other.column == token.column).count();
        match self.stack(token.journey) {
            _ if count > 1 => count.to_string(),
            StackId::NONE => HOST.to_owned(),
            stack => letter(stack),
        }
    }

    fn tokens(&self, tokens: &Tokens, drawing: &mut Drawing) {
        let radius = self.layout.token * self.camera.tokens;
        let outlined = tokens.all.len() <= CROWD;
        let mut places: Vec<Option<Pos2>> = vec![None; tokens.all.len()];
        // Where there is no room to stand apart, whom one follows stands before the others.
        let first = |(_, token): &(usize, &Token)| self.followed != Some(token.column);
        let (others, followed): (Vec<_>, Vec<_>) = tokens.all.iter().enumerate().partition(first);
        for (i, token) in others.into_iter().chain(followed) {
            let Some(hop) = self.hop(token) else { continue };
            if self.hidden(token) {
                continue;
            }
            let Some(at) = token.at else { continue };
            let end = token.route.points.last().copied().unwrap_or(at);
            let center = self.camera.point(if self.options.reduced_motion { end } else { at });
            places[i] = Some(center);
            if !self.camera.canvas.expand(radius * 6.0).contains(center) {
                continue;
            }
            let ink = if token.flash.is_some() { Ink::Alarm } else { Ink::Layer(hop.layer) };
            if self.options.reduced_motion {
                chevrons(&token.route, hop.layer, &self.camera, radius, &mut drawing.tokens);
            }
            if self.selected() == Some(token.journey) {
                drawing.tokens.push(Shape::Ring { center, radius: radius * 1.5, line: (2.0, Ink::Accent.solid()) });
            }
            let mark = if outlined { self.mark(tokens, token, i) } else { String::new() };
            let shared = self.topology.component(hop.component).is_none_or(|c| c.stack.is_none());
            let by = if shared { 1.0 } else { brightness(self.layout, self.followed, token.column) };
            let by = by * knowing(self.options.known, hop.component) * self.stays(hop);
            let paint = ink.faint(by);
            drawing.tokens.push(Shape::Token { center, radius, token: hop.token, paint, outlined, mark });
            drawing.hits.push((center, radius * 1.4, Selection::Journey(token.journey)));
        }
        // Those that another stands for are where that is, which may come later in the list.
        for token in tokens.all.iter().filter(|token| token.at.is_none() && !self.hidden(token)) {
            if let Some(Some(center)) = places.get(token.drawn_as) {
                drawing.hits.push((*center, radius * 1.4, Selection::Journey(token.journey)));
            }
        }
    }

    /// The world switches of a column at `time` that no operation waits for.
    pub(super) fn switches_beside(&self, column: usize, time: Time) -> impl Iterator<Item = &Hop> {
        let switches = |hop: &&Hop| matches!(hop.crossing, Crossing::VmEntry | Crossing::VmExit(_));
        let beside = self.states.running(self.trace, time).filter(|hop| hop.journey == JourneyId::NONE);
        beside.filter(switches).filter(move |hop| self.layout.column(hop.stack) == column)
    }

    /// World switches that no operation waits for, such as the one after which a guest finds nothing to run: they are seen
    /// on their way through the wall of the machine that is followed, fainter than what an operation waits for.
    fn meanwhile(&self, cast: &Cast, time: Time, out: &mut Vec<Shape>) {
        let Some(column) = self.followed else { return };
        let radius = self.layout.token * self.camera.tokens;
        let part_of = |cpu: CpuId| self.topology.iter().find(|(_, part)| part.cpu == Some(cpu)).map(|(id, _)| id);
        for hop in self.switches_beside(column, time) {
            let enters = hop.crossing == Crossing::VmEntry;
            let vcpu = self.states.switches(self.topology, hop).and_then(part_of);
            let (Some(vcpu), Some(core)) = (vcpu, part_of(hop.core)) else { continue };
            let stop = |id: ComponentId| {
                let id = self.layout.drawn_as[id.index()];
                (id, cast.router.station(id, column))
            };
            let (from, to) = if enters { (core, vcpu) } else { (vcpu, core) };
            let route = cast.router.route(stop(from), stop(to), column);
            let share = (time - hop.start).as_ps() as f32 / hop.duration().as_ps().max(1) as f32;
            let share = if self.options.reduced_motion { 1.0 } else { share };
            let center = self.camera.point(route.at(route.length() * share).0);
            let paint = Ink::Layer(hop.layer).faint(0.85 * knowing(self.options.known, vcpu));
            let line = (1.4, Ink::Layer(hop.layer).faint(0.6 * knowing(self.options.known, vcpu)));
            out.push(Shape::Ring { center, radius: radius * 1.5, line });
            out.push(Shape::Token { center, radius, token: hop.token, paint, outlined: true, mark: letter(hop.stack) });
        }
    }

    /// Programs between two operations, and before the first: their instructions run, or they sleep, in ring 3.
    fn at_rest(&self, cast: &Cast, tokens: &Tokens, time: Time, out: &mut Vec<Shape>) {
        let radius = self.layout.token * self.camera.tokens;
        for (i, column) in self.layout.columns.iter().enumerate() {
            let solo = self.options.solo && self.followed.is_some_and(|followed| followed != i);
            if solo || tokens.all.iter().any(|token| token.column == i) {
                continue;
            }
            let last = self.index.latest(self.trace, column.stack, time).and_then(|(_, journey)| cast.app(journey));
            let of_stack = self.topology.iter().filter(|(_, c)| c.stack == Some(column.stack));
            let first = || of_stack.filter(|(_, c)| c.kind == ComponentKind::App).map(|(id, _)| id).next();
            let Some(app) = last.or_else(first) else { continue };
            // Where nothing stands nothing rests.
            let presence = self.options.presences.map_or(Presence::Here, |presences| presences.at(app, time));
            if !matches!(presence, Presence::Here | Presence::Gone(Ended::Finished)) {
                continue;
            }
            let center = self.camera.point(cast.router.station(self.layout.drawn_as[app.index()], i));
            let by = brightness(self.layout, self.followed, i) * 0.8 * knowing(self.options.known, app);
            let (token, paint) = (crate::trace::Token::Instruction, Ink::Layer(Layer::User).faint(by));
            let mark = letter(column.stack);
            out.push(Shape::Token { center, radius, token, paint, outlined: true, mark });
        }
    }

    /// How many more wait than a line shows.
    fn overflow(&self, tokens: &Tokens, out: &mut Vec<Shape>) {
        let radius = self.layout.token * self.camera.tokens;
        for same in tokens.overflow.chunk_by(|a, b| a.2 == b.2) {
            let count: usize = same.iter().map(|(_, count, _)| count).sum();
            let at = self.camera.point(same[0].0);
            let size = (radius * 1.5).max(self.writer.least());
            let text = format!("+{count}");
            let width = self.writer.metrics.width(&text, size, true);
            let x = at.x.max(self.camera.canvas.left() + width / 2.0 + 4.0);
            let frame = Rect::from_center_size(pos2(x, at.y), Vec2::new(width + 4.0, size * 1.25));
            out.push(Shape::Rect { rect: frame, radius: 3.0, fill: Some(Ink::LabelFill.solid()), line: None });
            let (text, at) = ((text, size), (x, at.y));
            let ink = Ink::Text.solid();
            out.extend(self.writer.line(&text.0, at, Align2::CENTER_CENTER, (text.1, true), f32::MAX, ink));
        }
    }

    /// How much of their quota groups have left in the period that `time` lies in.
    fn gauges(&self, time: Time, out: &mut Vec<Shape>) {
        for gauge in self.gauges {
            let Some(tank) = self.layout.tanks.get(&gauge.valve).map(|tank| self.camera.rect(*tank)) else { continue };
            let changed = self.options.presences.and_then(|presences| presences.quota(gauge.valve, time));
            let left = 1.0 - gauge.share(time, changed);
            if left > 0.0 && tank.intersects(self.camera.canvas) {
                let inner = tank.shrink(1.5);
                let rect = inner.with_min_y(inner.bottom() - inner.height() * left);
                let fill = Some(Ink::Layer(Layer::Throttled).faint(0.85));
                out.push(Shape::Rect { rect, radius: 1.0, fill, line: None });
            }
        }
    }

    /// The rings of a flash: they stand until the next crossing begins.
    fn rings(&self, held: Held, out: &mut Vec<Shape>) {
        let center = self.camera.point(held.spot);
        let radius = self.layout.token * self.camera.tokens;
        for (size, alpha) in [(1.5, 0.8), (2.0, 0.45)] {
            let line = (1.4, Ink::Alarm.faint(alpha));
            out.push(Shape::Ring { center, radius: radius * size, line });
        }
    }
}
