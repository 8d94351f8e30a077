//! Where the tokens are at a time. A token travels from where its journey's last hop was in the first part of a hop,
//! stops in the gate or wall if the hop crosses one, and rests where the work is done: beside a part, in a disk's
//! slot, in a mailbox, in the wall that it is to pass, or in line where it waits.

use std::collections::{BTreeMap, HashMap};

use egui::{Pos2, Vec2};

use super::layout::{GateKind, Layout};
use super::route::{Route, Router};
use crate::app::index::Index;
use crate::engine::Time;
use crate::machine::{ComponentKind, Topology};
use crate::pace::{Moment, Stage};
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
    /// The column that it is drawn in.
    pub column: usize,
    /// The way of this hop.
    pub route: Route,
    /// How much of the way is done.
    pub travelled: f32,
    /// Where it is; `None` where a line is too long to show its end, or another stands for it.
    pub at: Option<Pos2>,
    /// Where a boundary is being crossed.
    pub flash: Option<Pos2>,
    /// The token that it is drawn as, by its place in [`Tokens::all`]: itself, but for those that are alike.
    pub drawn_as: usize,
}

/// A crossing that stands until the next one begins.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    /// Its token, by its place in [`Tokens::all`].
    pub token: usize,
    /// Its hop's position in the journey.
    pub position: usize,
    /// Where it is seen.
    pub spot: Pos2,
}

/// Everything that tokens follow from.
pub struct Cast<'a> {
    /// Ways and stations.
    pub router: Router<'a>,
    /// The trace.
    pub trace: &'a Trace,
    /// Its index.
    pub index: &'a Index,
    /// Who has which place in a disk's queue.
    pub slots: &'a Slots,
    /// The moment of the screen, if it is paced.
    pub moment: Option<Moment>,
}

/// The tokens and the lines they stand in.
#[derive(Clone, Debug, Default)]
pub struct Tokens {
    /// In the order of starting.
    pub all: Vec<Token>,
    /// Where the numbers of those stand that a line has no place for, and how many they are.
    pub overflow: Vec<(Pos2, usize, ComponentId)>,
}

/// Which place in a disk's queue each request has: the lowest that is free when it comes.
#[derive(Clone, Debug, Default)]
pub struct Slots(HashMap<HopId, u16>);

impl Slots {
    /// Reads the whole trace once.
    pub fn new(topology: &Topology, trace: &Trace, index: &Index) -> Slots {
        let is_disk = |id: ComponentId| topology.component(id).is_some_and(|c| c.kind == ComponentKind::Disk);
        let mut stays: Vec<(Time, Time, ComponentId, Vec<HopId>)> = Vec::new();
        for journey in 0..trace.journeys.len() {
            let hops = index.hops(JourneyId(journey as u32));
            for group in hops.chunk_by(|a, b| trace.hops[a.index()].component == trace.hops[b.index()].component) {
                let (first, last) = (&trace.hops[group[0].index()], &trace.hops[group[group.len() - 1].index()]);
                if is_disk(first.component) {
                    stays.push((first.start, last.end, first.component, group.to_vec()));
                }
            }
        }
        stays.sort_by_key(|(start, _, disk, hops)| (*disk, *start, hops[0]));
        let mut slots = HashMap::new();
        for of_disk in stays.chunk_by(|a, b| a.2 == b.2) {
            let mut until: Vec<Time> = Vec::new();
            for (start, end, _, hops) in of_disk {
                let free = until.iter().position(|taken| taken <= start).unwrap_or(until.len());
                match until.get_mut(free) {
                    Some(taken) => *taken = *end,
                    None => until.push(*end),
                }
                slots.extend(hops.iter().map(|hop| (*hop, free as u16)));
            }
        }
        Slots(slots)
    }

    /// The place of a hop at a disk.
    pub fn of(&self, hop: HopId) -> Option<usize> {
        self.0.get(&hop).map(|&slot| usize::from(slot))
    }
}

/// Whether a crossing is a boundary that is passed: not a device that begins to serve, and not a name that is looked
/// up, which leads nowhere.
pub fn alarms(crossing: Crossing) -> bool {
    !matches!(crossing, Crossing::None | Crossing::Device | Crossing::Namespace)
}

impl Cast<'_> {
    fn layout(&self) -> &Layout {
        self.router.layout
    }

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
        let current = self.returning(current);
        let (ranks, firsts) = self.ranks(&current);
        let mut tokens = Tokens::default();
        let mut more: BTreeMap<(ComponentId, usize), usize> = BTreeMap::new();
        for (i, (&(journey, position, hop), rank)) in current.iter().zip(ranks).enumerate() {
            let mut token = self.token((journey, position), hop, rank, time);
            let grouped = self.grouped(token.column);
            token.drawn_as = if grouped { firsts[i] } else { i };
            if token.drawn_as != i {
                token.at = None;
            } else if token.at.is_none() {
                *more.entry((self.drawn(hop.component), token.column)).or_default() += 1;
            }
            tokens.all.push(token);
        }
        // Who stands for others may itself be only counted.
        for (i, token) in tokens.all.iter().enumerate().filter(|(i, token)| token.drawn_as != *i) {
            if tokens.all.get(token.drawn_as).is_none_or(|first| first.at.is_none()) {
                *more.entry((self.drawn(current[i].2.component), token.column)).or_default() += 1;
            }
        }
        for ((id, column), count) in more {
            tokens.overflow.push((self.router.behind(id, column), count, id));
        }
        tokens.overflow.sort_by_key(|a| (a.2, a.1));
        tokens
    }

    /// The tokens of a moment: a return takes no simulated time, so while it has the screen it stands for what the same
    /// program does next.
    fn returning<'b>(&'b self, mut current: Vec<(JourneyId, usize, &'b Hop)>) -> Vec<(JourneyId, usize, &'b Hop)> {
        let Some(moment) = self.moment else { return current };
        // What has not begun has not ended.
        let hop = self.trace.hops.get(moment.hop.index()).filter(|hop| hop.start <= moment.time);
        let Some(hop) = hop else { return current };
        // The end of an operation is held: while simulated time rests, the next one has not begun.
        if moment.stage == Stage::Rest && moment.time != hop.end {
            return current;
        }
        let over = hop.journey != JourneyId::NONE && current.iter().all(|(journey, _, _)| *journey != hop.journey);
        let position = self.index.hops(hop.journey).iter().position(|id| *id == moment.hop);
        if let (true, Some(position)) = (over, position) {
            let app = self.app(hop.journey);
            current.retain(|(journey, position, next)| {
                *position > 0 || next.start != hop.end || self.app(*journey) != app || next.stack != hop.stack
            });
            current.push((hop.journey, position, hop));
        }
        current
    }

    /// Whether a column stands for several stacks.
    fn grouped(&self, column: usize) -> bool {
        self.layout().columns.get(column).is_some_and(|column| column.members.len() > 1)
    }

    fn drawn(&self, id: ComponentId) -> ComponentId {
        self.layout().drawn_as.get(id.index()).copied().unwrap_or(id)
    }

    /// A hop of a journey, by its position.
    pub fn hop(&self, journey: JourneyId, position: usize) -> Option<&Hop> {
        let id = self.index.hops(journey).get(position)?;
        self.trace.hops.get(id.index())
    }

    fn stack(&self, journey: JourneyId) -> StackId {
        self.trace.journeys.get(journey.index()).map_or(StackId::NONE, |j| j.stack)
    }

    /// The column that a journey is drawn in.
    pub fn column(&self, journey: JourneyId) -> usize {
        self.layout().column(self.stack(journey))
    }

    /// Where a token stands when it has arrived; `rank` is its place in line.
    fn rest(&self, journey: JourneyId, position: usize, rank: usize) -> Option<(ComponentId, Pos2)> {
        let hop = self.hop(journey, position)?;
        let column = self.column(journey);
        let id = self.drawn(hop.component);
        match hop.crossing {
            // What enters a machine is seen in its wall first.
            Crossing::VmEntry => {
                if let Some((of, at)) = self.wall(journey, position) {
                    return Some((of, at));
                }
            }
            Crossing::Injection => {
                if let Some(mailbox) = self.mailbox(journey, position) {
                    return Some(mailbox);
                }
            }
            _ => {}
        }
        let hop_id = self.index.hops(journey).get(position).copied()?;
        if let (Some(slot), true) = (self.slots.of(hop_id), self.layout().slots.contains_key(&id)) {
            return self.router.slot(id, slot).map(|at| (id, at));
        }
        if in_line(hop) {
            return self.router.queue(id, rank, column).map(|at| (id, at));
        }
        let station = self.router.station(id, column);
        let step = self.layout().token * 0.9;
        let aside = (rank % 3) as f32 * step;
        // In a shaft one stands above the other, in a street beside.
        let aside = match self.layout().place(id).stop {
            super::layout::Stop::Shaft { .. } => Vec2::new(0.0, -aside),
            super::layout::Stop::Street { .. } => Vec2::new(-aside, 0.0),
        };
        Some((id, station + aside))
    }

    /// The slit in the wall that a journey enters by at this hop: of the outermost that it is about to pass.
    fn wall(&self, journey: JourneyId, position: usize) -> Option<(ComponentId, Pos2)> {
        let target = (position + 1..position + 8).find_map(|next| {
            let hop = self.hop(journey, next)?;
            let component = self.router.topology.component(hop.component)?;
            let inside = component.stack.is_some() && self.walls(hop.component).next().is_some();
            inside.then_some(hop.component)
        });
        let own = self.router.topology.stacks.get(self.stack(journey).index()).map(|info| info.component);
        let of = self.walls(target.or(own)?).last()?;
        let of = self.drawn(of);
        let gates = self.layout().gates.iter();
        gates.filter(|gate| gate.kind == GateKind::Wall && gate.of == of).map(|gate| (of, gate.at)).next()
    }

    /// The machines around a component, the innermost first.
    fn walls(&self, id: ComponentId) -> impl Iterator<Item = ComponentId> {
        let topology = self.router.topology;
        let up = std::iter::successors(Some(id), move |id| topology.component(*id)?.parent);
        up.filter(move |id| topology.component(*id).is_some_and(|c| c.kind == ComponentKind::VirtualMachine))
    }

    /// The mailbox that an injected interrupt goes to.
    fn mailbox(&self, journey: JourneyId, position: usize) -> Option<(ComponentId, Pos2)> {
        let topology = self.router.topology;
        let is_vcpu = |id: ComponentId| {
            topology.component(id).is_some_and(|c| c.kind == ComponentKind::Core && c.stack.is_some())
        };
        let next = (position + 1..position + 8)
            .filter_map(|next| self.hop(journey, next))
            .map(|hop| hop.component)
            .find(|id| is_vcpu(*id));
        let own = topology.stacks.get(self.stack(journey).index())?.component;
        let first = || {
            let within = |id: ComponentId| self.walls(id).any(|wall| wall == own);
            topology.iter().map(|(id, _)| id).find(|id| is_vcpu(*id) && within(*id))
        };
        let vcpu = self.drawn(next.or_else(first)?);
        Some((vcpu, self.layout().mailboxes.get(&vcpu)?.center()))
    }

    /// The program whose journey it is: where it returns to, or the first of its stack.
    pub fn app(&self, journey: JourneyId) -> Option<ComponentId> {
        let is_app = |id: &ComponentId| self.router.kind(*id) == Some(ComponentKind::App);
        let hops = self.index.hops(journey);
        let last = hops.last().and_then(|id| self.trace.hops.get(id.index())).map(|hop| hop.component).filter(is_app);
        let first = self.hop(journey, 0).map(|hop| hop.component).filter(is_app);
        let stack = self.stack(journey);
        last.or(first).or_else(|| {
            let of_stack = self.router.topology.iter().filter(|(_, c)| c.stack == Some(stack));
            of_stack.map(|(id, _)| id).find(is_app)
        })
    }

    /// Where the same program's journey before this one did its last work, if it ended as this one began.
    fn earlier(&self, journey: JourneyId) -> Option<(ComponentId, Pos2)> {
        let before = self.index.before(self.trace, journey)?;
        if self.app(before)? != self.app(journey)? {
            return None;
        }
        let count = self.index.hops(before).len();
        let returns =
            |hop: &Hop| hop.what == What::Return || self.router.kind(hop.component) == Some(ComponentKind::App);
        let last = (0..count).rev().take(4).find(|&i| self.hop(before, i).is_some_and(|hop| !returns(hop)))?;
        let ended = self.hop(before, count.checked_sub(1)?)?;
        (ended.crossing == Crossing::Return).then(|| self.rest(before, last, 0))?
    }

    /// The way of a hop: from where the journey stood to where it will stand, by the program or device model whose
    /// gate it passes.
    pub fn route(&self, journey: JourneyId, position: usize, rank: usize) -> Option<Route> {
        let hop = self.hop(journey, position)?;
        let column = self.column(journey);
        let to = self.rest(journey, position, rank)?;
        let station = |id: ComponentId| (id, self.router.station(id, column));
        let mut stops = Vec::new();
        if position == 0 {
            // On a paced screen the return has been seen already.
            let seen = self.moment.is_some_and(|m| self.index.hops(journey).first() == Some(&m.hop));
            stops.extend(self.earlier(journey).filter(|_| !seen));
            stops.extend(self.app(journey).map(|app| station(self.drawn(app))));
        } else {
            stops.extend(self.rest(journey, position - 1, 0));
            // What leaves a machine right after it was entered was the machine's own hypervisor, if it has one.
            let entered = self.hop(journey, position - 1).is_some_and(|hop| hop.crossing == Crossing::VmEntry);
            if entered && matches!(hop.crossing, Crossing::VmExit(_)) {
                stops.extend(self.inner_hypervisor(journey, position - 1).map(station));
            }
        }
        stops.push(to);
        let ring = matches!(hop.crossing, Crossing::SystemCall);
        let mut route = self.through(&stops, column);
        if ring && position > 0 && self.router.boundary(&route, hop.crossing).is_none() {
            // A thread that was asleep in the kernel has come back to ring 3 and calls again: the program's own, or
            // where that has another kernel, the device model's.
            let app = self.app(journey).filter(|app| self.kernel_of(*app) == self.kernel_of(hop.component));
            if let Some(by) = app.map(|app| self.drawn(app)).or_else(|| self.device_model(hop.component)) {
                stops.insert(1, station(by));
                route = self.through(&stops, column);
            }
        }
        Some(route)
    }

    /// The kernel that a part lies in, or that a program stands on.
    fn kernel_of(&self, id: ComponentId) -> Option<ComponentId> {
        let topology = self.router.topology;
        let up = std::iter::successors(Some(id), |id| topology.component(*id)?.parent);
        up.into_iter().find(|id| topology.component(*id).is_some_and(|c| c.kind == ComponentKind::Kernel))
    }

    /// Whether a hop is done for an operation by a program of another kernel than the one that its own program is on.
    pub fn by_device_model(&self, journey: JourneyId, hop: &Hop) -> bool {
        let app = self.app(journey).and_then(|app| self.kernel_of(app));
        app.is_some() && app != self.kernel_of(hop.component)
    }

    /// The hypervisor inside the machine whose wall a journey leaves: what runs there while a guest has a guest.
    fn inner_hypervisor(&self, journey: JourneyId, position: usize) -> Option<ComponentId> {
        let (of, _) = self.wall(journey, position)?;
        let topology = self.router.topology;
        let lies_in = |id: ComponentId| self.walls(id).last() == Some(of);
        let inside = |(id, component): &(ComponentId, &crate::machine::Component)| {
            component.kind == ComponentKind::HypervisorPart && lies_in(*id)
        };
        topology.iter().find(inside).map(|(id, _)| self.drawn(id))
    }

    /// The device models' place in the kernel that a part lies in.
    fn device_model(&self, part: ComponentId) -> Option<ComponentId> {
        let kernel = self.kernel_of(self.drawn(part));
        let of_kernel = |id: &&ComponentId| self.kernel_of(**id) == kernel;
        self.layout().stands.keys().find(of_kernel).copied()
    }

    fn through(&self, stops: &[(ComponentId, Pos2)], column: usize) -> Route {
        match stops {
            [only] => Route { points: vec![only.1, only.1] },
            _ => {
                let pieces = stops.windows(2).map(|pair| self.router.route(pair[0], pair[1], column));
                Route { points: pieces.flat_map(|piece| piece.points).collect() }.tidy()
            }
        }
    }

    fn token(&self, (journey, position): (JourneyId, usize), hop: &Hop, rank: usize, time: Time) -> Token {
        let id = self.index.hops(journey)[position];
        let column = self.column(journey);
        let hidden = Token {
            journey,
            hop: id,
            position,
            column,
            route: Route::default(),
            travelled: 0.0,
            at: None,
            flash: None,
            drawn_as: 0,
        };
        let Some(route) = self.route(journey, position, rank) else { return hidden };
        let length = route.length();
        let boundary = self.boundary(&route, hop, position);
        let paced = self.moment.filter(|moment| moment.hop == id);
        let progress = match paced {
            // The phase is the move's alone.
            Some(moment) if moment.stage == Stage::Moving => moment.phase * MOVED,
            Some(moment) if moment.stage == Stage::Flash => MOVED,
            Some(_) => 1.0,
            None => progress(hop, time),
        };
        let share = if paced.is_some() { MOVED } else { TRAVEL };
        let travelled = match boundary {
            Some(stop) => stop * eased(progress / 0.25) + (length - stop) * eased((progress - 0.6) / 0.25),
            None => length * eased(progress / share),
        };
        let at = route.at(travelled).0;
        let crossing = alarms(hop.crossing) || (position == 0 && boundary.is_some());
        let flash = (crossing && (0.05..0.9).contains(&progress)).then(|| boundary.map_or(at, |stop| route.at(stop).0));
        Token { route, travelled, at: Some(at), flash, ..hidden }
    }

    /// Where on its way a token passes a boundary at this hop. A program's first instruction comes after a return.
    fn boundary(&self, route: &Route, hop: &Hop, position: usize) -> Option<f32> {
        let returned = position == 0 && hop.crossing == Crossing::None;
        let crossing = if returned { Crossing::Return } else { hop.crossing };
        self.router.boundary(route, crossing)
    }

    /// Where the crossing of a hop is seen: in its gate or wall, else where the token arrives.
    pub fn spot(&self, journey: JourneyId, position: usize) -> Option<Pos2> {
        let hop = self.hop(journey, position)?;
        let route = self.route(journey, position, 0)?;
        let boundary = self.boundary(&route, hop, position);
        boundary.map(|stop| route.at(stop).0).or(route.points.last().copied())
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

    /// The place of each token among those of the same part that wait, or of the same column that are served; and
    /// the first of those.
    fn ranks(&self, current: &[(JourneyId, usize, &Hop)]) -> (Vec<usize>, Vec<usize>) {
        let key = |i: usize| {
            let (journey, _, hop) = current[i];
            let column = self.column(journey);
            let line = in_line(hop) && !self.grouped(column);
            (self.drawn(hop.component), line, if line { usize::MAX } else { column })
        };
        let mut order: Vec<usize> = (0..current.len()).collect();
        order.sort_unstable_by_key(|&i| (key(i), current[i].2.start, current[i].0));
        let (mut ranks, mut firsts) = (vec![0; current.len()], vec![0; current.len()]);
        let (mut rank, mut first) = (0, 0);
        for (n, &i) in order.iter().enumerate() {
            let same = n > 0 && key(order[n - 1]) == key(i);
            (rank, first) = if same { (rank + 1, first) } else { (0, i) };
            (ranks[i], firsts[i]) = (rank, first);
        }
        (ranks, firsts)
    }
}

/// How much of a hop has passed when its token has arrived behind a gate.
const MOVED: f32 = 0.85;
/// How much of a hop a token is on its way.
const TRAVEL: f32 = 0.25;

/// Whether the token stands in line: it waits for its turn, not for time to pass.
pub fn in_line(hop: &Hop) -> bool {
    matches!(hop.what, What::Wait(wait) if !matches!(wait, Wait::Sleep | Wait::Peer | Wait::Interrupted))
}

/// How much of a hop has passed, from 0 to 1.
fn progress(hop: &Hop, time: Time) -> f32 {
    let length = hop.duration().as_ps();
    if length == 0 { 1.0 } else { ((time - hop.start).as_ps() as f64 / length as f64).min(1.0) as f32 }
}

/// From rest to rest.
fn eased(t: f32) -> f32 {
    let t = t.clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}
