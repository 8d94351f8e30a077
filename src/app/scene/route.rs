//! The ways that tokens take: straight lines and right angles, along the column's lane from floor to floor, along
//! the corridors between slabs from column to column. Each stack keeps to its own track, so that lines that run
//! side by side can be told apart.

use egui::{Pos2, Vec2, pos2};

use super::layout::{Layout, Place};
use crate::machine::{ComponentKind, Topology};
use crate::trace::{ComponentId, Crossing, StackId};

/// Which of so many stacks' tracks to keep to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Track {
    /// The stack's number.
    pub index: usize,
    /// How many stacks there are.
    pub count: usize,
}

impl Track {
    /// The track of a stack.
    pub fn of(topology: &Topology, stack: StackId) -> Track {
        let count = topology.stacks.len().max(1);
        Track { index: stack.index().min(count - 1), count }
    }

    /// How far from the corridor's middle this track is.
    fn in_corridor(self, corridor: f32) -> f32 {
        let step = (corridor * 0.6 / self.count as f32).min(4.0);
        (self.index as f32 - (self.count - 1) as f32 / 2.0) * step
    }
}

/// A way along straight lines.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Route {
    /// Its corners, the ends included.
    pub points: Vec<Pos2>,
}

/// The scene's units of length and who may stand where.
pub struct Router<'a> {
    /// Where everything is.
    pub layout: &'a Layout,
    /// What everything is.
    pub topology: &'a Topology,
}

impl Router<'_> {
    /// Where a token of this track stands while it is served.
    pub fn station(&self, id: ComponentId, track: Track) -> Pos2 {
        let place = self.layout.place(id);
        let rect = place.rect;
        if place.on_lane {
            let y = if self.is_shell(id) { rect.bottom() } else { rect.center().y };
            return pos2(place.lane.clamp(rect.left(), rect.right()), y);
        }
        let shared = self.topology.component(id).is_none_or(|c| c.stack.is_none());
        let slot = if shared { track.index as f32 } else { 0.0 };
        let room = (rect.width() - 4.0 * self.layout.token).max(0.0);
        let step = (self.layout.token * 2.2).min(room / track.count as f32);
        let edge = (self.layout.token * 1.7).min(rect.width() / 2.0);
        let y = if place.floor == id { rect.top() + place.title / 2.0 } else { rect.bottom() };
        pos2(rect.right() - edge - slot * step, y)
    }

    /// The place in the queue before a component: `rank` 0 is next. `None` where the line is full.
    pub fn queue(&self, id: ComponentId, rank: usize) -> Option<Pos2> {
        let place = self.layout.place(id);
        let rect = place.rect;
        let step = self.layout.token * 1.9;
        let (x, y) = if place.on_lane && !self.is_valve(id) {
            (place.lane.clamp(rect.left(), rect.right()) - step, rect.bottom())
        } else if place.on_lane {
            (place.lane.clamp(rect.left(), rect.right()), rect.top())
        } else if place.floor == id {
            (rect.right() - step, rect.top())
        } else {
            (rect.right() - step * 0.7, rect.top())
        };
        let room = ((x - rect.left()) / step).max(0.0) as usize;
        (rank == 0 || rank < room).then(|| pos2(x - rank as f32 * step, y))
    }

    fn kind(&self, id: ComponentId) -> Option<ComponentKind> {
        self.topology.component(id).map(|c| c.kind)
    }

    fn is_shell(&self, id: ComponentId) -> bool {
        self.kind(id).is_some_and(super::layout::is_shell)
    }

    fn is_valve(&self, id: ComponentId) -> bool {
        self.kind(id) == Some(ComponentKind::Cgroup)
    }

    /// The way from `from`, at component `a`, to `to`, at component `b`.
    pub fn route(&self, (a, from): (ComponentId, Pos2), (b, to): (ComponentId, Pos2), track: Track) -> Route {
        if a == b {
            return Route { points: vec![from, to] };
        }
        let (pa, pb) = (self.layout.place(a), self.layout.place(b));
        if let Some(y) = self.shared_bus(&pa, &pb, track) {
            return Route::through([from, pos2(from.x, y), pos2(to.x, y), to]);
        }
        let (ra, rb) = (self.layout.place(pa.floor).rect, self.layout.place(pb.floor).rect);
        if ra.bottom() <= rb.top() + 0.5 {
            self.down((pa, from), (pb, to), track)
        } else if rb.bottom() <= ra.top() + 0.5 {
            let mut route = self.down((pb, to), (pa, from), track);
            route.points.reverse();
            route
        } else {
            self.across((pa, from), (pb, to), track)
        }
    }

    /// The line along which parts of the same slab, or of a slab in a slab, reach each other.
    fn shared_bus(&self, a: &Place, b: &Place, track: Track) -> Option<f32> {
        if a.on_lane && b.on_lane {
            // A program and its valve, or its membrane, on the same lane.
            return ((a.lane - b.lane).abs() < 0.5 && a.above == b.above)
                .then_some(a.rect.bottom().min(b.rect.bottom()));
        }
        if a.on_lane != b.on_lane {
            return None;
        }
        let (fa, fb) = (self.layout.place(a.floor).rect, self.layout.place(b.floor).rect);
        let offset = track.in_corridor(self.layout.corridor) * 0.4;
        let gap = self.layout.token * 0.5;
        if a.floor == b.floor {
            return Some(fa.top() + self.layout.place(a.floor).title - gap + offset.clamp(-gap, gap));
        }
        let (inner, outer) = if fa.contains_rect(fb) { (fb, fa) } else { (fa, fb) };
        if !outer.contains_rect(inner) {
            return None;
        }
        let beside = outer.bottom() - inner.bottom() < self.layout.corridor;
        let y = if beside { (inner.bottom() + outer.bottom()) / 2.0 } else { inner.bottom() + gap };
        Some(y + offset.clamp(-gap, gap))
    }

    /// From a higher floor to a lower one.
    fn down(&self, (upper, from): (Place, Pos2), (lower, to): (Place, Pos2), track: Track) -> Route {
        let offset = track.in_corridor(self.layout.corridor);
        let (leave, enter) = (upper.below + offset, lower.above + offset);
        if (upper.below - lower.above).abs() < 1.0 {
            return Route::through([from, pos2(from.x, enter), pos2(to.x, enter), to]);
        }
        let lane = if lower.on_lane { lower.lane } else { upper.lane };
        Route::through([from, pos2(from.x, leave), pos2(lane, leave), pos2(lane, enter), pos2(to.x, enter), to])
    }

    /// Between columns: down to the lower of the two corridors, over, and up.
    fn across(&self, (a, from): (Place, Pos2), (b, to): (Place, Pos2), track: Track) -> Route {
        let offset = track.in_corridor(self.layout.corridor);
        let host = self.layout.tree.kernel.as_ref().map_or(a.below.max(b.below), |k| self.layout.place(k.id).above);
        let common = if (a.below - b.below).abs() < 1.0 { a.below } else { host } + offset;
        let (ya, yb) = (a.below + offset, b.below + offset);
        Route::through([
            from,
            pos2(from.x, ya),
            pos2(a.lane, ya),
            pos2(a.lane, common),
            pos2(b.lane, common),
            pos2(b.lane, yb),
            pos2(to.x, yb),
            to,
        ])
    }

    /// How far along `route` the boundary is that `crossing` crosses on the way from `a` to `b`, if the way leads
    /// through it.
    pub fn boundary(&self, route: &Route, crossing: Crossing, a: ComponentId, b: ComponentId) -> Option<f32> {
        let y = match crossing {
            Crossing::VmExit(_) | Crossing::VmEntry | Crossing::Injection => self.wall_between(a, b)?,
            Crossing::SystemCall
            | Crossing::Return
            | Crossing::PageFault
            | Crossing::ProtectionFault
            | Crossing::Namespace => {
                let (pa, pb) = (self.layout.place(a), self.layout.place(b));
                let lower = if pa.rect.top() > pb.rect.top() { pa } else { pb };
                self.layout.place(lower.floor).rect.top()
            }
            Crossing::Interrupt => {
                let (pa, pb) = (self.layout.place(a), self.layout.place(b));
                let upper = if pa.rect.top() < pb.rect.top() { pa } else { pb };
                self.layout.place(upper.floor).rect.bottom()
            }
            Crossing::None | Crossing::ContextSwitch | Crossing::Throttle | Crossing::Device => return None,
        };
        route.crosses(y)
    }

    /// The lower edge of the wall that stands between two components: of the outermost if there are several.
    fn wall_between(&self, a: ComponentId, b: ComponentId) -> Option<f32> {
        let walls = |mut id: ComponentId| {
            let mut walls = Vec::new();
            while let Some(component) = self.topology.component(id) {
                if component.kind == ComponentKind::VirtualMachine {
                    walls.push(id);
                }
                match component.parent {
                    Some(parent) => id = parent,
                    None => break,
                }
            }
            walls
        };
        let (wa, wb) = (walls(a), walls(b));
        let only = wa.iter().filter(|w| !wb.contains(w)).chain(wb.iter().filter(|w| !wa.contains(w)));
        only.map(|&wall| self.layout.place(wall).rect.bottom()).max_by(f32::total_cmp)
    }
}

impl Route {
    /// Through points, leaving out those that change nothing.
    fn through<const N: usize>(points: [Pos2; N]) -> Route {
        let mut kept: Vec<Pos2> = Vec::with_capacity(N);
        for point in points {
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

    /// The part of the way up to a distance.
    pub fn up_to(&self, distance: f32) -> Vec<Pos2> {
        let mut left = distance;
        let mut points: Vec<Pos2> = self.points.first().copied().into_iter().collect();
        for pair in self.points.windows(2) {
            let length = pair[0].distance(pair[1]);
            if left <= length {
                let t = if length > 0.0 { left / length } else { 0.0 };
                points.push(pair[0] + (pair[1] - pair[0]) * t);
                return points;
            }
            points.push(pair[1]);
            left -= length;
        }
        points
    }

    /// The distance at which the way first passes this height.
    fn crosses(&self, y: f32) -> Option<f32> {
        let mut done = 0.0;
        for pair in self.points.windows(2) {
            let (low, high) = (pair[0].y.min(pair[1].y), pair[0].y.max(pair[1].y));
            if low <= y && y <= high && high > low {
                return Some(done + (y - pair[0].y).abs());
            }
            done += pair[0].distance(pair[1]);
        }
        None
    }
}
