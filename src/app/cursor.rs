//! Walking the picture by keyboard: while it has the focus, arrows go from part to part.
//!
//! Parts stand in rows from top to bottom, each row from left to right: Up and Down change the row and stay as near
//! as they can, Left and Right stay in it. So every part can be reached, and from each the way back is the way come.

use egui::{Key, Pos2, Rect};

use super::scene::{Camera, Layout, View};
use crate::machine::Topology;
use crate::trace::ComponentId;

/// The parts by where they stand.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    rows: Vec<Vec<(f32, ComponentId)>>,
}

/// Parts whose middles are no further apart than this stand in one row.
const LEVEL: f32 = 5.0;

impl Rows {
    /// The rows of a layout: every part that has a place of its own.
    pub fn of(layout: &Layout, topology: &Topology) -> Rows {
        let places = topology.iter().map(|(id, _)| (id, layout.place(id)));
        let own = places.filter(|(_, place)| place.own && place.rect.is_positive());
        // A floor stands where its name does, so that it does not lie in one row with what is inside it.
        Rows::new(own.map(|(id, place)| {
            let name = if place.name.is_positive() { place.name.height() } else { place.rect.height() };
            (id, Pos2::new(place.rect.center().x, place.rect.top() + name / 2.0))
        }))
    }

    fn new(parts: impl Iterator<Item = (ComponentId, Pos2)>) -> Rows {
        let mut parts: Vec<(ComponentId, Pos2)> = parts.collect();
        parts.sort_by(|a, b| a.1.y.total_cmp(&b.1.y).then(a.1.x.total_cmp(&b.1.x)).then(a.0.cmp(&b.0)));
        let mut rows: Vec<Vec<(f32, ComponentId)>> = Vec::new();
        let mut top = f32::NEG_INFINITY;
        for (id, at) in parts {
            if at.y - top > LEVEL {
                top = at.y;
                rows.push(Vec::new());
            }
            if let Some(row) = rows.last_mut() {
                row.push((at.x, id));
            }
        }
        for row in &mut rows {
            row.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        }
        Rows { rows }
    }

    /// The part that the walk begins with: the first of the top row.
    pub fn first(&self) -> Option<ComponentId> {
        self.rows.first()?.first().map(|(_, id)| *id)
    }

    /// Every part, in the order of reading.
    pub fn all(&self) -> impl Iterator<Item = ComponentId> + '_ {
        self.rows.iter().flatten().map(|(_, id)| *id)
    }

    /// The part that an arrow leads to; the same one at an edge.
    pub fn walk(&self, from: ComponentId, key: Key) -> Option<ComponentId> {
        let place = |(row, parts): (usize, &Vec<(f32, ComponentId)>)| {
            parts.iter().position(|(_, id)| *id == from).map(|at| (row, at))
        };
        let Some((row, at)) = self.rows.iter().enumerate().find_map(place) else { return self.first() };
        let (row_to, at_to) = match key {
            Key::ArrowLeft => (row, at.saturating_sub(1)),
            Key::ArrowRight => (row, (at + 1).min(self.rows[row].len() - 1)),
            Key::ArrowUp | Key::ArrowDown => {
                let to = if key == Key::ArrowUp { row.saturating_sub(1) } else { (row + 1).min(self.rows.len() - 1) };
                let x = self.rows[row][at].0;
                let near = |(_, a): &(usize, f32), (_, b): &(usize, f32)| (a - x).abs().total_cmp(&(b - x).abs());
                let nearest = self.rows[to].iter().map(|(x, _)| *x).enumerate().min_by(near);
                if to == row { (row, at) } else { (to, nearest.map_or(0, |(at, _)| at)) }
            }
            _ => (row, at),
        };
        self.rows.get(row_to)?.get(at_to).map(|(_, id)| *id)
    }
}

/// Where a part is on the screen, on a canvas that lies at `canvas`.
pub fn on_screen(layout: &Layout, view: &View, canvas: Rect, id: ComponentId) -> Rect {
    let camera = Camera::over(view, canvas.size(), layout.canvas);
    camera.rect(layout.place(id).rect).translate(canvas.min.to_vec2())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_reached_by_arrows_however_they_stand() {
        let parts = [(0.0, 0.0), (90.0, 2.0), (40.0, 30.0), (5.0, 60.0), (80.0, 61.0), (200.0, 300.0), (41.0, 31.0)];
        let parts = parts.iter().enumerate().map(|(i, (x, y))| (ComponentId(i as u16), Pos2::new(*x, *y)));
        let rows = Rows::new(parts);
        let mut reached = vec![rows.first().expect("a part")];
        let mut next = 0;
        while let Some(from) = reached.get(next).copied() {
            next += 1;
            for key in [Key::ArrowLeft, Key::ArrowRight, Key::ArrowUp, Key::ArrowDown] {
                let to = rows.walk(from, key).expect("somewhere");
                if !reached.contains(&to) {
                    reached.push(to);
                }
            }
        }
        reached.sort();
        assert_eq!(reached, (0..7).map(ComponentId).collect::<Vec<_>>());
        assert_eq!(rows.walk(ComponentId(0), Key::ArrowUp), Some(ComponentId(0)), "at an edge one stays");
        assert_eq!(rows.walk(ComponentId(99), Key::ArrowUp), Some(ComponentId(0)), "what is gone begins anew");
    }
}
