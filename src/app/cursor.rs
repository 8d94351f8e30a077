//! Walking the picture by keyboard: while it has the focus, arrows go from part to part.
//!
//! Each arrow goes to the nearest part that lies in its direction: Up and Down within the column, and to and from what
//! all columns share; Left and Right across. Nothing moves where nothing lies in that direction.

use egui::{Key, Rect, Vec2};

use super::scene::{Camera, Layout, View};
use crate::machine::Topology;
use crate::trace::ComponentId;

/// A part and where its words stand.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Part {
    id: ComponentId,
    at: Rect,
    /// `None` for what all columns share.
    column: Option<usize>,
}

/// The parts by where they stand.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parts {
    parts: Vec<Part>,
}

/// Parts whose middles are no further apart than this stand beside each other.
const LEVEL: f32 = 5.0;

impl Parts {
    /// The parts of a layout: each that has a place of its own.
    pub fn of(layout: &Layout, topology: &Topology) -> Parts {
        let places = topology.iter().map(|(id, _)| (id, layout.place(id)));
        let own = places.filter(|(_, place)| place.own && place.rect.is_positive());
        Parts::new(own.map(|(id, place)| {
            // A floor stands where its name does, so that it is not around what is inside it.
            let floor = topology.children(id).next().is_some();
            let at = if floor && place.name.is_positive() { place.name } else { place.rect };
            Part { id, at, column: (place.column < layout.columns.len()).then_some(place.column) }
        }))
    }

    fn new(parts: impl Iterator<Item = Part>) -> Parts {
        let mut parts: Vec<Part> = parts.collect();
        let place = |part: &Part| ((part.at.center().y / LEVEL).round() as i64, part.at.left() as i64, part.id);
        parts.sort_by_key(place);
        Parts { parts }
    }

    /// The part that the walk begins with: the first of the top row.
    pub fn first(&self) -> Option<ComponentId> {
        self.parts.first().map(|part| part.id)
    }

    /// Each part, as one reads.
    pub fn all(&self) -> impl Iterator<Item = ComponentId> + '_ {
        self.parts.iter().map(|part| part.id)
    }

    /// The part that an arrow leads to; the same one where nothing lies in that direction.
    pub fn walk(&self, from: ComponentId, key: Key) -> Option<ComponentId> {
        let Some(part) = self.parts.iter().find(|part| part.id == from) else { return self.first() };
        let (direction, within) = match key {
            Key::ArrowLeft => (-Vec2::X, false),
            Key::ArrowRight => (Vec2::X, false),
            Key::ArrowUp => (-Vec2::Y, true),
            Key::ArrowDown => (Vec2::Y, true),
            _ => return Some(from),
        };
        let near = |to: &Part| match within && to.column != part.column && to.column.is_some() && part.column.is_some()
        {
            true => None,
            false => Some((way(part.at, to.at, direction)?, to.id)),
        };
        let nearest = self.parts.iter().filter_map(near).min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        Some(nearest.map_or(from, |(_, id)| id))
    }
}

/// Where an arrow points, in words: "to the right of".
pub fn side(key: Key) -> &'static str {
    match key {
        Key::ArrowLeft => "to the left of",
        Key::ArrowRight => "to the right of",
        Key::ArrowUp => "above",
        _ => "below",
    }
}

/// How far it is from one place to another that lies in a direction; `None` if it does not.
fn way(from: Rect, to: Rect, direction: Vec2) -> Option<f32> {
    let between = |a: egui::Rangef, b: egui::Rangef| (b.min - a.max).max(a.min - b.max).max(0.0);
    let (across, along) = (between(from.x_range(), to.x_range()), between(from.y_range(), to.y_range()));
    let (along, aside) = if direction.x == 0.0 { (along, across) } else { (across, along) };
    let middle = to.center() - from.center();
    let ahead = middle.dot(direction);
    // Aside is further than ahead: an arrow does not mean what lies more to its side.
    (ahead > LEVEL && (aside == 0.0 || aside <= ahead)).then_some(along + 2.0 * aside + 0.1 * middle.length())
}

/// Where a part is on the screen, on a canvas that lies at `canvas`.
pub fn on_screen(layout: &Layout, view: &View, canvas: Rect, id: ComponentId) -> Rect {
    let camera = Camera::over(view, canvas.size(), layout.canvas);
    camera.rect(layout.place(id).rect).translate(canvas.min.to_vec2())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(id: usize, (x, y): (f32, f32), column: Option<usize>) -> Part {
        let at = Rect::from_center_size(egui::pos2(x, y), egui::vec2(30.0, 10.0));
        Part { id: ComponentId(id as u32), at, column }
    }

    /// Two columns of two parts beside each other and one below, over a floor that both share.
    fn parts() -> Parts {
        let places = [
            ((20.0, 0.0), Some(0)),
            ((60.0, 0.0), Some(0)),
            ((20.0, 30.0), Some(0)),
            ((120.0, 0.0), Some(1)),
            ((160.0, 0.0), Some(1)),
            ((160.0, 30.0), Some(1)),
            ((90.0, 90.0), None),
        ];
        Parts::new(places.into_iter().enumerate().map(|(i, (at, column))| part(i, at, column)))
    }

    #[test]
    fn an_arrow_goes_to_the_nearest_part_in_its_direction_and_up_and_down_stay_in_the_column() {
        use Key::{ArrowDown as Down, ArrowLeft as Left, ArrowRight as Right, ArrowUp as Up};
        let parts = parts();
        for (from, key, to) in [
            (0, Right, 1),
            (1, Right, 3),
            (4, Left, 3),
            (4, Right, 4),
            (0, Down, 2),
            (1, Down, 2),
            (3, Down, 5),
            (2, Down, 6),
            (5, Down, 6),
            (6, Down, 6),
            (2, Up, 0),
            (5, Up, 4),
            (2, Right, 1),
            (0, Up, 0),
        ] {
            assert_eq!(parts.walk(ComponentId(from), key), Some(ComponentId(to)), "{from} {key:?}");
        }
        assert_eq!(parts.walk(ComponentId(99), Up), Some(ComponentId(0)), "what is gone begins anew");
        assert_eq!(parts.all().count(), 7);
    }
}
