//! Where the tokens are at a time. A token travels from where its journey's last hop was in the first part of a hop,
//! stops at the boundary if the hop crosses one, and rests where the work is done, or in line where it waits.

use std::collections::HashMap;

use egui::{Pos2, Vec2};

use super::index::Index;
use super::route::{Route, Router, Track};
use crate::engine::Time;
use crate::machine::ComponentKind;
use crate::trace::{ComponentId, Crossing, Hop, HopId, JourneyId, StackId, Trace, Wait, What};

/// One journey's token at a time, in the layout's units.
#[derive(Clone, Debug)]
pub struct Token {
    /// Whose.
    pub journey: JourneyId,
    /// The hop that it is in.
    pub hop: HopId,
    /// Its position among the journey's hops.
    pub position: usize,
    /// The way of this hop.
    pub route: Route,
    /// How much of the way is done.
    pub travelled: f32,
    /// Where it is; `None` where a line is too long to show its end.
    pub at: Option<Pos2>,
    /// The flash of a crossing: where, and how far it has spread, from 0 to 1.
    pub flash: Option<(Pos2, f32)>,
}

/// Everything that tokens follow from.
pub struct Cast<'a> {
    /// Ways and stations.
    pub router: Router<'a>,
    /// The trace.
    pub trace: &'a Trace,
    /// Its index.
    pub index: &'a Index,
}

/// The tokens and the lines they stand in.
#[derive(Clone, Debug, Default)]
pub struct Tokens {
    /// In the order of starting.
    pub all: Vec<Token>,
    /// Components before which more wait than can be drawn, and how many more.
    pub overflow: Vec<(ComponentId, usize)>,
}

impl Cast<'_> {
    /// All tokens at `time`.
    pub fn at(&self, time: Time) -> Tokens {
        let journeys = self.index.under_way(self.trace, time);
        let current: Vec<(JourneyId, usize, &Hop)> = journeys
            .into_iter()
            .filter_map(|journey| {
                let position = self.index.hop_at(self.trace, journey, time)?;
                Some((journey, position, self.hop(journey, position)?))
            })
            .collect();
        let ranks = ranks(&current);
        let mut tokens = Tokens::default();
        let mut more: HashMap<ComponentId, usize> = HashMap::new();
        for (&(journey, position, hop), rank) in current.iter().zip(ranks) {
            let token = self.token(journey, position, hop, rank, time);
            if token.at.is_none() {
                *more.entry(hop.component).or_default() += 1;
            }
            tokens.all.push(token);
        }
        tokens.overflow = more.into_iter().collect();
        tokens.overflow.sort_unstable();
        tokens
    }

    fn hop(&self, journey: JourneyId, position: usize) -> Option<&Hop> {
        let id = self.index.hops(journey).get(position)?;
        self.trace.hops.get(id.index())
    }

    /// Where the journey stood before a hop.
    fn before(&self, journey: JourneyId, position: usize, track: Track) -> Option<(ComponentId, Pos2)> {
        let hop = self.hop(journey, position.checked_sub(1)?)?;
        Some((hop.component, self.rest(hop, 0, track)?))
    }

    /// Where a token stands when it has arrived; `rank` is its place in line.
    fn rest(&self, hop: &Hop, rank: usize, track: Track) -> Option<Pos2> {
        if in_line(hop) {
            return self.router.queue(hop.component, rank);
        }
        let station = self.router.station(hop.component, track);
        let rect = self.router.layout.place(hop.component).rect;
        let step = self.router.layout.token * 1.2;
        let room = ((station.x - rect.left()) / step).max(1.0) as usize;
        Some(station - Vec2::new((rank % room) as f32 * step, 0.0))
    }

    /// The way of a hop: from where the journey stood to where it will stand.
    pub fn route(&self, journey: JourneyId, position: usize, rank: usize) -> Option<Route> {
        let hop = self.hop(journey, position)?;
        let track = Track::of(self.router.topology, self.stack(journey));
        let to = (hop.component, self.rest(hop, rank, track)?);
        let from = self.before(journey, position, track).unwrap_or(to);
        Some(self.router.route(from, to, track))
    }

    fn stack(&self, journey: JourneyId) -> StackId {
        self.trace.journeys.get(journey.index()).map_or(StackId(0), |j| j.stack)
    }

    fn token(&self, journey: JourneyId, position: usize, hop: &Hop, rank: usize, time: Time) -> Token {
        let id = self.index.hops(journey)[position];
        let hidden =
            Token { journey, hop: id, position, route: Route::default(), travelled: 0.0, at: None, flash: None };
        let Some(route) = self.route(journey, position, rank) else { return hidden };
        let length = route.length();
        let progress = progress(hop, time);
        let previous =
            position.checked_sub(1).and_then(|p| self.hop(journey, p)).map_or(hop.component, |h| h.component);
        let boundary = self.router.boundary(&route, hop.crossing, previous, hop.component);
        let travelled = match boundary {
            Some(stop) => stop * eased(progress / 0.2) + (length - stop) * eased((progress - 0.7) / 0.2),
            None => length * eased(progress / travel_share(hop)),
        };
        let at = route.at(travelled).0;
        let flash = (hop.crossing != Crossing::None && (0.05..0.85).contains(&progress)).then(|| {
            let spot = boundary.map_or(at, |stop| route.at(stop).0);
            (spot, (progress - 0.05) / 0.8)
        });
        Token { route, travelled, at: Some(at), flash, ..hidden }
    }

    /// Whether a valve holds somebody at this time.
    pub fn shut(&self, tokens: &Tokens) -> Vec<ComponentId> {
        let mut shut: Vec<ComponentId> = tokens
            .all
            .iter()
            .filter_map(|token| self.trace.hops.get(token.hop.index()))
            .filter(|hop| matches!(hop.what, What::Wait(Wait::Throttled)))
            .map(|hop| hop.component)
            .filter(|&id| self.router.topology.component(id).is_some_and(|c| c.kind == ComponentKind::Cgroup))
            .collect();
        shut.sort_unstable();
        shut.dedup();
        shut
    }
}

/// Whether the token stands in line: it waits for its turn, not for time to pass.
fn in_line(hop: &Hop) -> bool {
    matches!(hop.what, What::Wait(wait) if !matches!(wait, Wait::Sleep | Wait::Peer | Wait::Interrupted))
}

/// The place of each token among those of the same component that wait, or of the same stack that are served.
fn ranks(current: &[(JourneyId, usize, &Hop)]) -> Vec<usize> {
    let key = |hop: &Hop| (hop.component, in_line(hop), if in_line(hop) { StackId::NONE } else { hop.stack });
    let mut order: Vec<usize> = (0..current.len()).collect();
    order.sort_unstable_by_key(|&i| (key(current[i].2), current[i].2.start, current[i].0));
    let mut ranks = vec![0; current.len()];
    let mut rank = 0;
    for (n, &i) in order.iter().enumerate() {
        let same = n > 0 && key(current[order[n - 1]].2) == key(current[i].2);
        rank = if same { rank + 1 } else { 0 };
        ranks[i] = rank;
    }
    ranks
}

/// How much of a hop has passed, from 0 to 1.
fn progress(hop: &Hop, time: Time) -> f32 {
    let length = hop.duration().as_ps();
    if length == 0 { 1.0 } else { ((time - hop.start).as_ps() as f64 / length as f64).min(1.0) as f32 }
}

/// How much of a hop a token is on its way: less of a long one, which is spent at its end.
fn travel_share(hop: &Hop) -> f32 {
    let most = if hop.is_wait() { 0.15 } else { 0.3 };
    let long = hop.duration().as_ps() as f64 / Time::us(20).as_ps() as f64;
    (most / (1.0 + long as f32)).max(0.05)
}

/// From rest to rest.
fn eased(t: f32) -> f32 {
    let t = t.clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}
