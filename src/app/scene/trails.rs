//! The way that a journey has come, faintly: each stretch once, in the colour of the layer it led to.

use std::collections::BTreeMap;

use egui::{Pos2, Rect, pos2, vec2};

use super::camera::Camera;
use super::drawing::{Ink, Paint, Shape};
use super::route::Route;
use super::tokens::{Cast, Token};
use crate::trace::Layer;

/// So many hops back a trail reaches: the selected journey's, and any other's, so that the picture stays readable.
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

/// The trail of one token.
pub fn trail(cast: &Cast, token: &Token, camera: &Camera, emphasis: f32, out: &mut Vec<Shape>) {
    let hops = cast.index.hops(token.journey);
    let mut past = Trail::default();
    let memory = if emphasis > 1.0 { MEMORY } else { SHORT_MEMORY };
    for position in token.position.saturating_sub(memory)..token.position {
        let Some(hop) = hops.get(position).and_then(|id| cast.trace.hops.get(id.index())) else { continue };
        if let Some(route) = cast.route(token.journey, position, 0) {
            past.add(&route.points, hop.layer);
        }
    }
    let width = 2.6 * camera.tokens.min(1.6);
    past.shapes(camera, width, 0.34 * emphasis, out);
    if let Some(hop) = cast.trace.hops.get(token.hop.index()) {
        let points: Vec<Pos2> = token.route.up_to(token.travelled).into_iter().map(|p| camera.point(p)).collect();
        let straight = |pair: &[Pos2]| (pair[0].x - pair[1].x).abs() < 1.0 || (pair[0].y - pair[1].y).abs() < 1.0;
        if points.len() > 1 && points.windows(2).all(straight) {
            out.push(Shape::Line { points, line: (width + 0.4, Ink::Layer(hop.layer).faint(0.85 * emphasis)) });
        }
    }
}

/// How much of a trail shows beneath words.
const BENEATH: f32 = 0.18;

/// A trail as it runs beneath words: nearly gone there, so that they can be read.
pub fn beneath(shape: Shape, words: &[Rect]) -> Vec<Shape> {
    let Shape::Line { points, line } = shape else { return vec![shape] };
    let mut pieces = Vec::new();
    let mut run: Vec<Pos2> = points.first().copied().into_iter().collect();
    for pair in points.windows(2) {
        let (from, along) = (pair[0], pair[1] - pair[0]);
        for (enters, leaves) in hidden(pair[0], pair[1], words) {
            run.push(from + along * enters);
            pieces.push(Shape::Line { points: std::mem::take(&mut run), line });
            let (width, paint) = line;
            let faint = Paint { alpha: paint.alpha * BENEATH, ..paint };
            let ends = vec![from + along * enters, from + along * leaves];
            pieces.push(Shape::Line { points: ends, line: (width, faint) });
            run.push(from + along * leaves);
        }
        run.push(pair[1]);
    }
    pieces.push(Shape::Line { points: run, line });
    let long = |shape: &Shape| match shape {
        Shape::Line { points, .. } => points.windows(2).any(|pair| pair[0].distance(pair[1]) > 0.3),
        _ => true,
    };
    pieces.retain(long);
    pieces
}

/// The stretches of a line from `a` to `b`, as shares of it, that run through words; in order and apart.
fn hidden(a: Pos2, b: Pos2, words: &[Rect]) -> Vec<(f32, f32)> {
    // Lines are upright or level, so that a stretch's bounds are the stretch.
    let reach = Rect::from_two_pos(a, b).expand(2.0);
    let share = |at: Pos2| {
        let along = b - a;
        ((at - a).dot(along) / along.length_sq().max(1e-3)).clamp(0.0, 1.0)
    };
    let crossed = words.iter().map(|word| word.expand2(vec2(2.0, 0.0))).filter(|word| word.intersects(reach));
    let ends = crossed.map(|word| (share(word.min), share(word.max)));
    let mut stretches: Vec<(f32, f32)> = ends.map(|(s, t)| (s.min(t), s.max(t))).filter(|(s, t)| s < t).collect();
    stretches.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let mut apart: Vec<(f32, f32)> = Vec::new();
    for stretch in stretches {
        match apart.last_mut() {
            Some(last) if stretch.0 <= last.1 => last.1 = last.1.max(stretch.1),
            _ => apart.push(stretch),
        }
    }
    apart
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
