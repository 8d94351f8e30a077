//! The ways that tokens take: up and down the shaft of their column, along the streets of floors that all use, each
//! column on a track of its own, and between those floors in the gutter at the right. No way leads through words.

use egui::{Pos2, Vec2, pos2};

use super::layout::{Gate, GateKind, Layout, Stop};
use super::widths::TRACKS;
use crate::machine::{ComponentKind, Topology};
use crate::trace::{ComponentId, Crossing};

/// A way along straight lines.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Route {
    /// Its corners, the ends included.
    pub points: Vec<Pos2>,
}

/// The scene's ways, and who may stand where.
pub struct Router<'a> {
    /// Where everything is.
    pub layout: &'a Layout,
    /// What everything is.
    pub topology: &'a Topology,
}

/// Where a token leaves its part for the ways.
#[derive(Clone, Copy, Debug)]
enum Door {
    Shaft(usize, f32),
    Street(usize, f32),
}

impl Router<'_> {
    /// The track of a column, and how many there are.
    fn track(&self, column: usize) -> (f32, f32) {
        let count = self.layout.columns.len().clamp(1, TRACKS);
        ((column.min(self.layout.columns.len().saturating_sub(1)) % count) as f32, count as f32)
    }

    /// The height of a column's track in a street.
    fn street_y(&self, street: usize, column: usize) -> f32 {
        let Some(street) = self.layout.streets.get(street) else { return self.layout.canvas.y / 2.0 };
        let (index, count) = self.track(column);
        let radius = self.layout.token.min(street.rect.height() / 2.0);
        let room = street.rect.height() - 2.0 * radius;
        street.rect.top() + radius + room * (index + 0.5) / count
    }

    /// The place of a column's track in the gutter.
    fn gutter_x(&self, column: usize) -> f32 {
        let (index, count) = self.track(column);
        let gutter = self.layout.gutter;
        gutter.x0 + gutter.width() * (index + 0.5) / count
    }

    /// How far from a part's middle a column's tokens stand, so that those side by side can be told apart.
    fn aside(&self, width: f32, column: usize) -> f32 {
        let (index, count) = self.track(column);
        let step = (self.layout.token * 2.1).min((width - 2.0 * self.layout.token).max(0.0) / count);
        (index - (count - 1.0) / 2.0) * step
    }

    /// Where a token of this column stands while it is served.
    pub fn station(&self, id: ComponentId, column: usize) -> Pos2 {
        if let Some(stand) = self.layout.stands.get(&id) {
            // Beside each other, but all above the door.
            let door = self.layout.gates.iter().find(|gate| gate.of == id).map_or(0.0, |gate| gate.seam.width());
            let width = (self.layout.token * 5.0).min(door + self.layout.token * 2.0);
            return *stand + Vec2::new(self.aside(width, column), 0.0);
        }
        match self.layout.place(id).stop {
            Stop::Shaft { shaft, y } => pos2(self.shaft_x(shaft), y),
            Stop::Street { street, x0, x1 } => {
                pos2((x0 + x1) / 2.0 + self.aside(x1 - x0, column), self.street_y(street, column))
            }
        }
    }

    fn shaft_x(&self, shaft: usize) -> f32 {
        self.layout.shafts.get(shaft).map_or(self.layout.canvas.x / 2.0, |shaft| shaft.x)
    }

    /// Where the number of those stands for whom a line has no place: behind its last place.
    pub fn behind(&self, id: ComponentId, column: usize) -> Pos2 {
        let last = (0..256).rev().find_map(|rank| self.queue(id, rank, column));
        let last = last.unwrap_or_else(|| self.station(id, column));
        let step = self.layout.token * 2.2;
        match self.layout.place(id).stop {
            Stop::Shaft { .. } => last - Vec2::new(0.0, step),
            Stop::Street { .. } => last - Vec2::new(step, 0.0),
        }
    }

    /// The place in the queue before a component: `rank` 0 is next. `None` where the line is full.
    pub fn queue(&self, id: ComponentId, rank: usize, column: usize) -> Option<Pos2> {
        let place = self.layout.place(id);
        let step = self.layout.token * 1.9;
        match place.stop {
            Stop::Shaft { shaft, y } => (rank <= 2).then(|| pos2(self.shaft_x(shaft), y - rank as f32 * step)),
            Stop::Street { street, x0, x1 } => {
                let right = x1 - step * 0.6;
                let room = ((right - x0) / step).max(0.0) as usize;
                (rank <= room).then(|| pos2(right - rank as f32 * step, self.street_y(street, column)))
            }
        }
    }

    /// The place of the `slot`th request in a disk's queue.
    pub fn slot(&self, id: ComponentId, slot: usize) -> Option<Pos2> {
        Some(self.layout.slots.get(&id)?.get(slot)?.center())
    }

    /// From where a token stands at a part to the way beside it.
    fn leave(&self, id: ComponentId, from: Pos2, column: usize) -> (Vec<Pos2>, Door) {
        let place = self.layout.place(id);
        match place.stop {
            Stop::Shaft { shaft, .. } => {
                let x = self.shaft_x(shaft);
                if (from.x - x).abs() < 0.5 {
                    return (vec![from], Door::Shaft(shaft, from.y));
                }
                // Out of its box, which is open towards the shaft.
                (vec![from, pos2(x, from.y)], Door::Shaft(shaft, from.y))
            }
            Stop::Street { street, .. } => {
                let y = self.street_y(street, column);
                if (from.y - y).abs() < 0.5 || self.layout.stands.contains_key(&id) {
                    return (vec![from, pos2(from.x, y)], Door::Street(street, from.x));
                }
                if !self.layout.slots.contains_key(&id) {
                    return (vec![from, pos2(from.x, y)], Door::Street(street, from.x));
                }
                // Out of a slot: along the slots to the box's right end, where its name does not reach, and up.
                let right = place.rect.right() - self.layout.token * 1.1;
                (vec![from, pos2(right, from.y), pos2(right, y)], Door::Street(street, right))
            }
        }
    }

    /// The way from `from`, at component `a`, to `to`, at component `b`, for a token of this column.
    pub fn route(&self, (a, from): (ComponentId, Pos2), (b, to): (ComponentId, Pos2), column: usize) -> Route {
        if a == b && self.layout.slots.contains_key(&a) {
            return Route { points: vec![from, to] };
        }
        let (mut points, door) = self.leave(a, from, column);
        let (mut back, other) = self.leave(b, to, column);
        match (door, other) {
            (Door::Shaft(s, y), Door::Shaft(t, z)) => match self.meet((s, y), (t, z)) {
                Some((up, down)) => {
                    points.extend(up);
                    back.extend(down);
                }
                None => {
                    points.extend(self.to_street((s, y), column));
                    back.extend(self.to_street((t, z), column));
                }
            },
            (Door::Shaft(s, y), Door::Street(street, x)) => {
                points.extend(self.to_street((s, y), column));
                let from = points.last().map_or(0.0, |point| point.x);
                points.extend(self.between((0, from), (street, x), column));
            }
            (Door::Street(street, x), Door::Shaft(t, z)) => {
                back.extend(self.to_street((t, z), column));
                let from = back.last().map_or(0.0, |point| point.x);
                back.extend(self.between((0, from), (street, x), column));
            }
            (Door::Street(street, from), Door::Street(other, x)) => {
                points.extend(self.between((street, from), (other, x), column));
            }
        }
        back.reverse();
        points.extend(back);
        Route::through(&points)
    }

    /// From a street to a place on another, by the nearest passage or the gutter; straight if it is the same street.
    fn between(&self, (from, at): (usize, f32), (to, x): (usize, f32), column: usize) -> Vec<Pos2> {
        let (y, z) = (self.street_y(from, column), self.street_y(to, column));
        if from == to {
            return vec![pos2(x, z)];
        }
        let gutter = self.gutter_x(column);
        let far = |by: &f32| (at - by).abs() + (x - by).abs();
        let passages = self.layout.passages.iter().map(|passage| passage + self.beside(column));
        let near = passages.filter(|_| from + to == 1).min_by(|a, b| far(a).total_cmp(&far(b)));
        let by = near.filter(|by| far(by) < far(&gutter)).unwrap_or(gutter);
        vec![pos2(by, y), pos2(by, z), pos2(x, z)]
    }

    /// How far a column's way lies from the middle of a passage.
    fn beside(&self, column: usize) -> f32 {
        let (index, count) = self.track(column);
        (index - (count - 1.0) / 2.0) * (self.layout.token * 0.5 / count)
    }

    /// A shaft and those that it joins, each with the height at which one comes to it.
    fn ancestors(&self, (shaft, y): (usize, f32)) -> Vec<(usize, f32)> {
        let mut chain = vec![(shaft, y)];
        let mut at = shaft;
        while let Some((parent, join)) = self.layout.shafts.get(at).and_then(|shaft| shaft.parent) {
            chain.push((parent, join));
            at = parent;
            if chain.len() > 32 {
                break;
            }
        }
        chain
    }

    /// The ways of two places in one column to the shaft that both use.
    fn meet(&self, a: (usize, f32), b: (usize, f32)) -> Option<(Vec<Pos2>, Vec<Pos2>)> {
        let (of_a, of_b) = (self.ancestors(a), self.ancestors(b));
        let (i, j) = of_a
            .iter()
            .enumerate()
            .find_map(|(i, (shaft, _))| of_b.iter().position(|(other, _)| other == shaft).map(|j| (i, j)))?;
        Some((self.along(&of_a[..=i]), self.along(&of_b[..=j])))
    }

    fn along(&self, chain: &[(usize, f32)]) -> Vec<Pos2> {
        let mut points = Vec::new();
        for (i, &(shaft, y)) in chain.iter().enumerate() {
            let x = self.shaft_x(shaft);
            points.push(pos2(x, y));
            if let Some(&(_, join)) = chain.get(i + 1) {
                points.push(pos2(x, join));
            }
        }
        points
    }

    /// Down a column to the first street.
    fn to_street(&self, from: (usize, f32), column: usize) -> Vec<Pos2> {
        let chain = self.ancestors(from);
        let mut points = self.along(&chain);
        if let Some(&(last, _)) = chain.last() {
            points.push(pos2(self.shaft_x(last), self.street_y(0, column)));
        }
        points
    }

    /// The gates that a way passes, each with how far along it is.
    pub fn gates(&self, route: &Route) -> Vec<(f32, &Gate)> {
        let mut passed: Vec<(f32, &Gate)> = Vec::new();
        let mut done = 0.0;
        for pair in route.points.windows(2) {
            if (pair[0].x - pair[1].x).abs() < 0.5 {
                let (low, high) = (pair[0].y.min(pair[1].y), pair[0].y.max(pair[1].y));
                let shared = |gate: &&Gate| gate.column >= self.layout.columns.len();
                let reach = |gate: &&Gate| if shared(gate) { gate.seam.width() / 2.0 } else { 0.5 };
                let on =
                    |gate: &&Gate| (gate.at.x - pair[0].x).abs() <= reach(gate) && (low..=high).contains(&gate.at.y);
                passed.extend(
                    self.layout.gates.iter().filter(on).map(|gate| (done + (gate.at.y - pair[0].y).abs(), gate)),
                );
            }
            if (pair[0].y - pair[1].y).abs() < 0.5 {
                // The door of a part beside a shaft.
                let (low, high) = (pair[0].x.min(pair[1].x), pair[0].x.max(pair[1].x));
                let on = |gate: &&Gate| {
                    let beside = self.layout.is_door(gate.of);
                    beside && (gate.at.y - pair[0].y).abs() < 1.0 && (low..=high).contains(&gate.at.x)
                };
                passed.extend(
                    self.layout.gates.iter().filter(on).map(|gate| (done + (gate.at.x - pair[0].x).abs(), gate)),
                );
            }
            done += pair[0].distance(pair[1]);
        }
        passed.sort_by(|a, b| a.0.total_cmp(&b.0));
        passed
    }

    /// How far along `route` the boundary is that `crossing` crosses, if the way leads through it.
    pub fn boundary(&self, route: &Route, crossing: Crossing) -> Option<f32> {
        let kind = match crossing {
            Crossing::VmExit(_) | Crossing::VmEntry | Crossing::Injection => GateKind::Wall,
            Crossing::SystemCall | Crossing::Return | Crossing::PageFault | Crossing::ProtectionFault => GateKind::Ring,
            Crossing::None
            | Crossing::Interrupt
            | Crossing::Namespace
            | Crossing::ContextSwitch
            | Crossing::Throttle
            | Crossing::Device => return None,
        };
        let passed = self.gates(route);
        let of_kind = passed.iter().filter(|(_, gate)| gate.kind == kind);
        // Of walls in walls, the outermost is where the machine's own hypervisor stands.
        of_kind.max_by(|a, b| a.1.at.y.total_cmp(&b.1.at.y)).map(|(at, _)| *at)
    }

    /// What a component is.
    pub fn kind(&self, id: ComponentId) -> Option<ComponentKind> {
        self.topology.component(id).map(|c| c.kind)
    }
}

impl Route {
    /// Through points, leaving out those that change nothing.
    fn through(points: &[Pos2]) -> Route {
        let mut kept: Vec<Pos2> = Vec::with_capacity(points.len());
        for &point in points {
            if kept.last().is_some_and(|last| last.distance_sq(point) < 0.01) {
                continue;
            }
            if let [.., a, b] = kept[..] {
                let straight = ((a.x - b.x).abs() < 0.1
                    && (b.x - point.x).abs() < 0.1
                    && (b.y - a.y) * (point.y - b.y) >= 0.0)
                    || ((a.y - b.y).abs() < 0.1 && (b.y - point.y).abs() < 0.1 && (b.x - a.x) * (point.x - b.x) >= 0.0);
                if straight {
                    kept.pop();
                }
            }
            kept.push(point);
        }
        Route { points: kept }
    }

    /// Without corners that change nothing.
    pub fn tidy(self) -> Route {
        Route::through(&self.points)
    }

    /// From end to end.
    pub fn length(&self) -> f32 {
        self.points.windows(2).map(|w| w[0].distance(w[1])).sum()
    }

    /// The point at a distance from the beginning, and the direction there.
    pub fn at(&self, distance: f32) -> (Pos2, Vec2) {
        let mut left = distance;
        let mut along = Vec2::DOWN;
        for pair in self.points.windows(2) {
            let step = pair[1] - pair[0];
            let length = step.length();
            if length > 0.0 {
                along = step / length;
            }
            if left <= length {
                return (pair[0] + along * left, along);
            }
            left -= length;
        }
        (self.points.last().copied().unwrap_or_default(), along)
    }

    /// The part of the way from one distance to another.
    pub fn piece(&self, from: f32, to: f32) -> Vec<Pos2> {
        let mut points: Vec<Pos2> = vec![self.at(from).0];
        let mut done = 0.0;
        for pair in self.points.windows(2) {
            done += pair[0].distance(pair[1]);
            if done > from && done < to {
                points.push(pair[1]);
            }
        }
        points.push(self.at(to).0);
        points
    }
}
