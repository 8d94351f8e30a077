//! The way that a journey has come, faintly: each stretch once, in the colour of the layer it led to.

use std::collections::BTreeMap;

use egui::{Pos2, pos2};

use super::camera::Camera;
use super::drawing::{Ink, Shape};
use super::route::Route;
use super::tokens::{Cast, Token};
use crate::trace::Layer;

/// So many hops back a trail reaches: of the followed or selected journey, and of any other.
const MEMORY: usize = 200;
const SHORT_MEMORY: usize = 7;

/// Stretches on one line: vertical or not, its place in quarter points, its layer.
type Line = (bool, i32, Layer);

/// Collects stretches, joining those that overlap.
#[derive(Default)]
pub struct Trail {
    lines: BTreeMap<Line, Vec<(f32, f32)>>,
}

impl Trail {
    fn add(&mut self, points: &[Pos2], layer: Layer) {
        for pair in points.windows(2) {
            // Between the places of one line there is no way to show.
            if (pair[0].x - pair[1].x).abs() > 0.5 && (pair[0].y - pair[1].y).abs() > 0.5 {
                continue;
            }
            let vertical = (pair[0].x - pair[1].x).abs() < (pair[0].y - pair[1].y).abs();
            let (at, a, b) =
                if vertical { (pair[0].x, pair[0].y, pair[1].y) } else { (pair[0].y, pair[0].x, pair[1].x) };
            self.lines.entry((vertical, (at * 4.0).round() as i32, layer)).or_default().push((a.min(b), a.max(b)));
        }
    }

    fn shapes(self, camera: &Camera, width: f32, alpha: f32, out: &mut Vec<Shape>) {
        for ((vertical, at, layer), mut stretches) in self.lines {
            stretches.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
            let mut joined: Vec<(f32, f32)> = Vec::new();
            for stretch in stretches {
                match joined.last_mut() {
                    Some(last) if stretch.0 <= last.1 + 0.1 => last.1 = last.1.max(stretch.1),
                    _ => joined.push(stretch),
                }
            }
            let at = at as f32 / 4.0;
            for (a, b) in joined.into_iter().filter(|(a, b)| b - a > 0.5) {
                let ends = if vertical { [pos2(at, a), pos2(at, b)] } else { [pos2(a, at), pos2(b, at)] };
                let points = ends.map(|p| camera.point(p)).to_vec();
                out.push(Shape::Line { points, line: (width, Ink::Layer(layer).faint(alpha)) });
            }
        }
    }
}

/// The road of one token: what it has come by thin, what it is on stronger, and what lies ahead faint, up to the next
/// gate. `emphasis` is how much of it shows.
pub fn trail(cast: &Cast, token: &Token, camera: &Camera, (emphasis, long): (f32, bool), out: &mut Vec<Shape>) {
    let hops = cast.index.hops(token.journey);
    let mut past = Trail::default();
    let memory = if long { MEMORY } else { SHORT_MEMORY };
    for position in token.position.saturating_sub(memory)..token.position {
        let Some(hop) = hops.get(position).and_then(|id| cast.trace.hops.get(id.index())) else { continue };
        if let Some(route) = cast.route(token.journey, position, 0) {
            past.add(&route.points, hop.layer);
        }
    }
    let width = 1.5 * camera.tokens.min(1.6);
    past.shapes(camera, width, 0.42 * emphasis, out);
    let Some(hop) = cast.trace.hops.get(token.hop.index()) else { return };
    let on_canvas = |points: Vec<Pos2>| points.into_iter().map(|p| camera.point(p)).collect::<Vec<_>>();
    let upright = |points: &[Pos2]| {
        let straight = |pair: &[Pos2]| (pair[0].x - pair[1].x).abs() < 1.0 || (pair[0].y - pair[1].y).abs() < 1.0;
        points.len() > 1 && points.windows(2).all(straight)
    };
    let here = on_canvas(token.route.piece(0.0, token.travelled));
    if upright(&here) {
        out.push(Shape::Line { points: here, line: (width + 1.0, Ink::Layer(hop.layer).faint(0.9 * emphasis)) });
    }
    if !long {
        return;
    }
    let length = token.route.length();
    let gates = cast.router.gates(&token.route);
    let gate = gates.into_iter().map(|(at, _)| at).find(|at| *at > token.travelled + 1.0);
    let ahead = on_canvas(token.route.piece(token.travelled, gate.unwrap_or(length)));
    if upright(&ahead) {
        out.push(Shape::Line { points: ahead, line: (width, Ink::Layer(hop.layer).faint(0.22 * emphasis)) });
    }
}

/// Chevrons along the rest of a hop's way, where nothing may move.
pub fn chevrons(route: &Route, layer: Layer, camera: &Camera, radius: f32, out: &mut Vec<Shape>) {
    let length = route.length() * camera.zoom;
    let step = (radius * 5.0).max(24.0);
    let count = (length / step).floor().min(40.0) as usize;
    for i in 1..=count {
        let (at, along) = route.at(i as f32 * step / camera.zoom);
        let line = (1.8, Ink::Layer(layer).faint(0.9));
        out.push(Shape::Chevron { at: camera.point(at), along, radius: radius * 0.55, line });
    }
}
