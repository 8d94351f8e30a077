//! Pace: from the learner's seconds to simulated time and back.
//!
//! A read takes tens of microseconds, of which the disk has nine tenths and a system call two thousandths. Shown in
//! proportion, everything worth seeing would be over in a frame. So each hop of the column that is followed has a
//! fixed time on the screen, whatever it costs: a move inside a floor 0.3 s, a gate 0.35 s and a flash of 0.4 s, a
//! wall 0.4 s and 0.6 s, a wait of 10 µs or more 1.2 s in all. The others are shown at the simulated time that
//! results.
//!
//! [`PaceMap`] is that map, a monotone table of knots built once from a trace and the followed column. Playing, going
//! back, dragging and a picture without a window all evaluate the same table, so they show the same. Where simulated
//! time rests and the screen's doesn't (a return to ring 3 costs nothing of its own, and yet has to be seen), a
//! [`Moment`] says how far the hop has come on the screen.
//!
//! Four rules keep an operation from taking longer than it is watched. A flash stands until the next crossing: it has
//! time of its own only as far as the moves before that are over sooner. A core that was idle has nothing to put away
//! and nobody to interrupt: what wakes it and what switches from there is half of what it is elsewhere. What an operation
//! does again (the same mechanism at the same part; of waking somebody, on whichever core) has been seen, and takes half
//! the time. And of an operation that takes longer than 12 s even so, what crosses nothing goes faster, up to twice, but
//! for what a hypervisor does.
//!
//! Hops of one column that overlap share screen time: each has at least what it needs. When all columns are followed
//! the same holds for all hops, without flashes: what overlaps flashes together. Speeds are left out here: they scale
//! the learner's seconds alike.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use crate::costs::Primitive;
use crate::engine::Time;
use crate::trace::{ComponentId, Crossing, Hop, HopId, JourneyId, Layer, OperationKind, StackId, Trace, What};

/// A hop is a wait or a dwell, and folded, from this length.
const LONG: Time = Time::us(10);
/// What a folded hop has in all.
const FOLDED: f64 = 1.2;
/// What a flash has of its own however much is to be seen before the next crossing.
const FLASH: f64 = 0.1;
/// A switch from an idle core: a card slides in, and none out.
const CARD_IN: f64 = 0.4;
/// What an operation does again takes this part of its time.
const AGAIN: f64 = 0.5;
/// So long an operation is watched without being hastened.
const WATCHED: f64 = 12.0;
/// What crosses nothing goes so much faster at most, where an operation is hastened.
const HASTENED: f64 = 0.5;
/// So many hops after it woke, a core's switch is still the one from being idle.
const WOKEN: usize = 4;
/// What waking somebody is made of: the same on whichever core.
const WAKING: [Primitive; 6] = [
    Primitive::WakeUp,
    Primitive::IpiSend,
    Primitive::IpiDelivery,
    Primitive::IdleExit,
    Primitive::InterruptEntry,
    Primitive::ContextSwitch,
];
/// How long the end of an operation stands before the next one begins.
const SETTLES: f64 = 0.3;
/// Equal round trips through a wall after the third, and ping-pongs after the third.
const ROUND_TRIP: f64 = 0.15;
/// Each of the first three of more than three equal round trips.
const FIRST_TRIPS: f64 = 0.5;
/// How many equal round trips are shown slowly.
const SLOW_TRIPS: usize = 3;
/// So many hops may overlap a crossing of the same column on the screen.
const OVERLAP: usize = 12;
/// A hop that stays where the one before it was.
const STAYS: f64 = 0.15;
/// Columns followed together share what lies closer than this.
const SLOT: f64 = 0.3;

/// Time on the screen at 1×, from the beginning of the run.
pub type Screen = Duration;

/// What the hop that has the screen is doing there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The token is on its way: [`Moment::phase`] says how far.
    Moving,
    /// It has crossed, and the flash is held.
    Flash,
    /// It has arrived and dwells, or nothing happens.
    Rest,
}

/// A moment of the screen: the simulated time, and how far what is shown has come where that time alone can't say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment {
    /// The simulated time.
    pub time: Time,
    /// The hop that has the screen: the followed column's that began last. [`HopId::NONE`] before the first.
    pub hop: HopId,
    /// How much of its move is done, from 0 to 1. Linear: easing is the drawing's.
    pub phase: f32,
    /// What it is doing.
    pub stage: Stage,
    /// Simulated time that a second of the screen is here, at 1×.
    pub per_second: Time,
}

/// A hop on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Which.
    pub hop: HopId,
    /// When it begins there.
    pub begin: Screen,
    /// When its token has arrived.
    pub moved: Screen,
    /// The last instant of its flash, or of its move if it has none.
    pub seen: Screen,
    /// Whether it crosses a boundary.
    pub crosses: bool,
}

#[derive(Clone, Copy, Debug)]
struct Knot {
    screen: u64,
    time: Time,
}

/// The map of one trace for one followed column, or for all of them.
#[derive(Clone, Debug, Default)]
pub struct PaceMap {
    /// Monotone in both.
    knots: Vec<Knot>,
    /// In the order of beginning.
    marks: Vec<Mark>,
    by_hop: HashMap<HopId, u32>,
    /// The last instants of the crossings' flashes, in order, and the instants at which they begin.
    seen: Vec<Screen>,
    flashes: Vec<Screen>,
    /// When an operation has ended and been seen to, in order.
    ended: Vec<(Screen, JourneyId)>,
}

/// What a hop needs on the screen, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Need {
    moving: f64,
    flash: f64,
    all: f64,
}

impl Need {
    fn of(hop: &Hop) -> Need {
        let (moving, flash) = match hop.crossing {
            Crossing::None | Crossing::Device => (0.3, 0.0),
            Crossing::SystemCall
            | Crossing::Return
            | Crossing::PageFault
            | Crossing::ProtectionFault
            | Crossing::Throttle
            | Crossing::Namespace => (0.35, 0.4),
            Crossing::VmExit(_) | Crossing::VmEntry => (0.4, 0.6),
            Crossing::Interrupt => (0.3, 0.4),
            Crossing::Injection => (0.4, 0.6),
            Crossing::ContextSwitch => (1.1, 0.0),
        };
        let folded = if hop.duration() >= LONG { FOLDED } else { 0.0 };
        Need { moving, flash, all: folded.max(moving + flash) }
    }

    fn without_flash(self) -> Need {
        self.with_flash(0.0)
    }

    fn with_flash(self, flash: f64) -> Need {
        Need { flash, all: self.all - self.flash + flash, ..self }
    }

    fn scaled(self, factor: f64) -> Need {
        Need { moving: self.moving * factor, flash: self.flash * factor, all: self.all * factor }
    }
}

/// A hop that is shown, with what it needs.
#[derive(Clone, Copy)]
struct Shown<'a> {
    id: HopId,
    hop: &'a Hop,
    need: Need,
}

impl PaceMap {
    /// Reads a trace that ends at `end`; `follow` is the column that sets the pace, `None` for all alike.
    pub fn new(trace: &Trace, end: Time, follow: Option<StackId>) -> PaceMap {
        let shown = needs(trace, end, follow);
        let mut knots = Builder::new(&shown, trace, end, follow);
        knots.stretch(&shown);
        knots.finish(&shown, trace, follow)
    }

    /// What is shown after so long on the screen.
    pub fn at(&self, screen: Screen) -> Moment {
        let ns = nanos(screen);
        let after = self.knots.partition_point(|knot| knot.screen <= ns);
        let (time, per_second) = match (after.checked_sub(1).map(|i| self.knots[i]), self.knots.get(after)) {
            (Some(from), Some(to)) => between(from, *to, ns),
            (Some(last), None) => (last.time, Time::ZERO),
            (None, _) => (Time::ZERO, Time::ZERO),
        };
        let Some(mark) = self.on(screen) else {
            return Moment { time, hop: HopId::NONE, phase: 1.0, stage: Stage::Rest, per_second };
        };
        let (phase, stage) = if screen < mark.moved {
            let (done, all) = (screen - mark.begin, mark.moved - mark.begin);
            ((done.as_secs_f64() / all.as_secs_f64().max(1e-9)) as f32, Stage::Moving)
        } else if mark.crosses && screen <= mark.seen {
            (1.0, Stage::Flash)
        } else {
            (1.0, Stage::Rest)
        };
        Moment { time, hop: mark.hop, phase: phase.clamp(0.0, 1.0), stage, per_second }
    }

    /// The hop that has the screen: the one that began last, but a crossing keeps it until its flash is over.
    fn on(&self, screen: Screen) -> Option<Mark> {
        let begun = self.marks.partition_point(|mark| mark.begin <= screen);
        let latest = &self.marks[begun.saturating_sub(OVERLAP)..begun];
        let crossing = latest.iter().rev().find(|mark| mark.crosses && screen <= mark.seen);
        crossing.or(latest.last()).copied()
    }

    /// When `time` is on the screen: where simulated time rests, the end of the rest.
    pub fn screen_of(&self, time: Time) -> Screen {
        let after = self.knots.partition_point(|knot| knot.time <= time);
        let (Some(from), to) = (after.checked_sub(1).map(|i| self.knots[i]), self.knots.get(after)) else {
            return Screen::ZERO;
        };
        let Some(to) = to else { return Screen::from_nanos(from.screen) };
        let (done, all) = ((time - from.time).as_ps(), (to.time - from.time).as_ps().max(1));
        let passed = u128::from(to.screen - from.screen) * u128::from(done) / u128::from(all);
        Screen::from_nanos(from.screen + passed as u64)
    }

    /// How long the whole run is on the screen.
    pub fn length(&self) -> Screen {
        Screen::from_nanos(self.knots.last().map_or(0, |knot| knot.screen))
    }

    /// A hop on the screen, if this map shows it.
    pub fn mark(&self, hop: HopId) -> Option<&Mark> {
        self.by_hop.get(&hop).and_then(|&i| self.marks.get(i as usize))
    }

    /// The hops that begin on the screen between two instants, the first included.
    pub fn marks(&self, from: Screen, to: Screen) -> &[Mark] {
        let index = |at: Screen| self.marks.partition_point(|mark| mark.begin < at);
        &self.marks[index(from)..index(to.max(from))]
    }

    /// The last instant at which an operation's end is held, if this map shows it.
    pub fn end_of(&self, journey: JourneyId) -> Option<Screen> {
        self.ended.iter().find(|(_, id)| *id == journey).map(|(at, _)| *at)
    }

    /// The `nth` (from 1) crossing after an instant that has been seen to its end.
    pub fn crossing_after(&self, screen: Screen, nth: usize) -> Option<Screen> {
        let from = self.seen.partition_point(|&at| at <= screen);
        self.seen.get(from + nth.max(1) - 1).copied()
    }

    /// The `nth` (from 1) crossing before an instant.
    pub fn crossing_before(&self, screen: Screen, nth: usize) -> Option<Screen> {
        let to = self.seen.partition_point(|&at| at < screen);
        to.checked_sub(nth.max(1)).map(|i| self.seen[i])
    }

    /// The `nth` (from 1) end of an operation after an instant.
    pub fn operation_after(&self, screen: Screen, nth: usize) -> Option<Screen> {
        let from = self.ended.partition_point(|(at, _)| *at <= screen);
        self.ended.get(from + nth.max(1) - 1).map(|(at, _)| *at)
    }

    /// The `nth` (from 1) end of an operation before an instant.
    pub fn operation_before(&self, screen: Screen, nth: usize) -> Option<Screen> {
        let to = self.ended.partition_point(|(at, _)| *at < screen);
        to.checked_sub(nth.max(1)).map(|i| self.ended[i].0)
    }

    /// The still picture that stands for an instant when nothing moves: the hop that has the screen, arrived.
    pub fn still(&self, screen: Screen) -> Moment {
        let now = self.at(screen);
        match self.on(screen) {
            Some(mark) if screen < mark.moved => Moment {
                time: self.at(mark.moved).time,
                phase: 1.0,
                stage: if mark.crosses { Stage::Flash } else { Stage::Rest },
                ..now
            },
            _ => now,
        }
    }

    /// Where a frame that comes late may go at most: the next crossing's flash, so that none falls between frames.
    pub fn next_flash(&self, screen: Screen) -> Option<Screen> {
        let from = self.flashes.partition_point(|&at| at <= screen);
        self.flashes.get(from).copied()
    }
}

fn nanos(screen: Screen) -> u64 {
    u64::try_from(screen.as_nanos()).unwrap_or(u64::MAX)
}

fn between(from: Knot, to: Knot, ns: u64) -> (Time, Time) {
    let (screen, time) = ((to.screen - from.screen).max(1), (to.time - from.time).as_ps());
    let part = |ns: u64| u128::from(time) * u128::from(ns) / u128::from(screen);
    let per_second = u64::try_from(part(1_000_000_000)).unwrap_or(u64::MAX);
    (from.time + Time(part(ns - from.screen) as u64), Time(per_second))
}

/// The hops that are shown, by their beginnings, with what each needs.
fn needs(trace: &Trace, end: Time, follow: Option<StackId>) -> Vec<Shown<'_>> {
    let ids = (0..).map(HopId).zip(&trace.hops);
    let mut shown: Vec<Shown<'_>> = ids
        .filter(|(_, hop)| hop.start <= end && follow.is_none_or(|stack| hop.stack == stack))
        // What no operation waits for is seen where it crosses a boundary.
        .filter(|(_, hop)| hop.journey != JourneyId::NONE || hop.crossing != Crossing::None)
        .map(|(id, hop)| {
            let need = Need::of(hop);
            Shown { id, hop, need: if follow.is_some() { need } else { need.without_flash() } }
        })
        .collect();
    for one in &mut shown {
        let before = trace.hops.get(one.hop.cause.index());
        let stays = before.is_some_and(|h| h.journey == one.hop.journey && h.component == one.hop.component);
        if stays && one.hop.crossing == Crossing::None && one.hop.duration() < LONG {
            one.need = Need { moving: STAYS, flash: 0.0, all: STAYS };
        }
    }
    shown.sort_by_key(|shown| (shown.hop.start, shown.hop.end, shown.id));
    if follow.is_some() {
        wake_from_idle(&mut shown, trace);
        hasten_what_comes_again(&mut shown);
        let of_its_own = flashes(&shown);
        for (one, flash) in shown.iter_mut().zip(of_its_own) {
            one.need = one.need.with_flash(flash);
        }
        hasten_long_operations(&mut shown);
        fold_round_trips(&mut shown, trace);
        fold_ping_pongs(&mut shown, trace);
    }
    shown
}

/// A core that was woken from being idle has no task to put away first, and none that is interrupted.
fn wake_from_idle(shown: &mut [Shown<'_>], trace: &Trace) {
    let idle = |hop: &Hop| {
        let before = std::iter::successors(trace.hops.get(hop.cause.index()), |hop| trace.hops.get(hop.cause.index()));
        let mut woken = before.take_while(|before| before.journey == hop.journey).take(WOKEN);
        woken.any(|before| before.what == What::Pay(Primitive::IdleExit))
    };
    for one in shown.iter_mut() {
        match one.hop.crossing {
            Crossing::ContextSwitch if idle(one.hop) => {
                one.need = Need { moving: CARD_IN, flash: 0.0, all: one.need.all - one.need.moving + CARD_IN };
            }
            Crossing::Interrupt if idle(one.hop) => one.need = one.need.with_flash(one.need.flash.min(FLASH)),
            _ => {}
        }
    }
}

/// What an operation does for the second time and later is shown in half the time; waiting is not.
fn hasten_what_comes_again(shown: &mut [Shown<'_>]) {
    let mut seen: HashSet<(JourneyId, Option<ComponentId>, What, Crossing)> = HashSet::new();
    for one in shown.iter_mut().filter(|one| one.hop.journey != JourneyId::NONE && one.hop.duration() < LONG) {
        let wakes = matches!(one.hop.what, What::Pay(primitive) if WAKING.contains(&primitive));
        let place = (!wakes).then_some(one.hop.component);
        if !seen.insert((one.hop.journey, place, one.hop.what, one.hop.crossing)) {
            one.need = one.need.scaled(AGAIN);
        }
    }
}

/// Of an operation that takes long, what crosses nothing is hastened.
fn hasten_long_operations(shown: &mut [Shown<'_>]) {
    // What a hypervisor does is what an exit sets off: the doorbell's other end, and the injection's, are looked for.
    let plain = |hop: &Hop| hop.crossing == Crossing::None && hop.duration() < LONG && hop.layer != Layer::Hypervisor;
    let mut sums: HashMap<JourneyId, (f64, f64)> = HashMap::new();
    for one in shown.iter().filter(|one| one.hop.journey != JourneyId::NONE) {
        let (all, moves) = sums.entry(one.hop.journey).or_default();
        *all += one.need.all;
        *moves += if plain(one.hop) { one.need.all } else { 0.0 };
    }
    for one in shown.iter_mut().filter(|one| plain(one.hop)) {
        let Some((all, moves)) = sums.get(&one.hop.journey).filter(|(all, moves)| *all > WATCHED && *moves > 0.0)
        else {
            continue;
        };
        let factor = ((WATCHED - (all - moves)) / moves).clamp(HASTENED, 1.0);
        one.need = one.need.scaled(factor);
    }
}

/// What each flash has of its own: what the moves up to the next crossing don't give it.
fn flashes(shown: &[Shown<'_>]) -> Vec<f64> {
    let mut until_next = 0.0;
    let mut of_its_own = vec![0.0; shown.len()];
    for (one, own) in shown.iter().zip(&mut of_its_own).rev() {
        let Need { flash, all, .. } = one.need;
        *own = if flash > 0.0 { (flash - until_next).max(flash.min(FLASH)) } else { 0.0 };
        until_next = if one.hop.crossing == Crossing::None { until_next + all } else { 0.0 };
    }
    of_its_own
}

/// What makes two round trips equal.
type Turn = Vec<(ComponentId, What, Crossing)>;

fn turn(hops: &[Shown<'_>]) -> Turn {
    hops.iter().map(|shown| (shown.hop.component, shown.hop.what, shown.hop.crossing)).collect()
}

/// From a VM exit to the next one is a round trip. More than three equal ones in one operation are counted rather
/// than watched.
fn fold_round_trips(shown: &mut [Shown<'_>], trace: &Trace) {
    let mut starts: Vec<Time> = Vec::new();
    if let Some(first) = shown.first() {
        starts.extend(trace.journeys.iter().filter(|j| j.stack == first.hop.stack).map(|j| j.start));
        starts.sort_unstable();
    }
    let exits: Vec<usize> =
        (0..shown.len()).filter(|&i| matches!(shown[i].hop.crossing, Crossing::VmExit(_))).collect();
    let mut groups: HashMap<(usize, Turn), Vec<(usize, usize)>> = HashMap::new();
    for pair in exits.windows(2) {
        let operation = starts.partition_point(|&start| start <= shown[pair[0]].hop.start);
        groups.entry((operation, turn(&shown[pair[0]..pair[1]]))).or_default().push((pair[0], pair[1]));
    }
    for trips in groups.values().filter(|trips| trips.len() > SLOW_TRIPS) {
        for (n, &(from, to)) in trips.iter().enumerate() {
            shrink(&mut shown[from..to], if n < SLOW_TRIPS { FIRST_TRIPS } else { ROUND_TRIP });
        }
    }
}

/// The fourth and later of equal ping-pongs.
fn fold_ping_pongs(shown: &mut [Shown<'_>], trace: &Trace) {
    let of = |shown: &Shown<'_>| trace.journeys.get(shown.hop.journey.index()).map(|journey| journey.kind);
    let mut by_journey: HashMap<JourneyId, Vec<usize>> = HashMap::new();
    for (i, one) in shown.iter().enumerate().filter(|(_, one)| of(one) == Some(OperationKind::PingPong)) {
        by_journey.entry(one.hop.journey).or_default().push(i);
    }
    let mut journeys: Vec<_> = by_journey.into_iter().collect();
    journeys.sort_by_key(|(id, _)| *id);
    let mut seen: HashMap<Turn, usize> = HashMap::new();
    let mut folded: Vec<(Time, Time)> = Vec::new();
    for (id, hops) in journeys {
        let key: Turn = hops.iter().flat_map(|&i| turn(&shown[i..=i])).collect();
        let n = seen.entry(key).or_default();
        *n += 1;
        if *n > SLOW_TRIPS {
            let all: f64 = hops.iter().map(|&i| shown[i].need.all).sum();
            for i in hops {
                shown[i].need = shown[i].need.scaled((ROUND_TRIP / all.max(ROUND_TRIP)).min(1.0));
            }
            folded.extend(trace.journeys.get(id.index()).map(|journey| (journey.start, journey.end)));
        }
    }
    // What happens beside a folded one does not hold it up.
    folded.sort_unstable();
    for one in shown.iter_mut().filter(|one| one.hop.journey == JourneyId::NONE) {
        let before = folded.partition_point(|(start, _)| *start <= one.hop.start);
        if before.checked_sub(1).is_some_and(|i| one.hop.start < folded[i].1) {
            one.need = one.need.scaled(0.0);
        }
    }
}

fn shrink(hops: &mut [Shown<'_>], to: f64) {
    let all: f64 = hops.iter().map(|shown| shown.need.all).sum();
    let factor = if all > to { to / all } else { 1.0 };
    for shown in hops {
        shown.need = shown.need.scaled(factor);
    }
}

/// Where simulated time rests: a hop without length, or the end of an operation.
#[derive(Clone, Copy)]
enum Rest {
    Hop(usize),
    End(JourneyId),
}

/// The map while it is made: the run cut at every beginning and end.
struct Builder {
    /// The cuts, sorted.
    cuts: Vec<Time>,
    /// Seconds of the screen from each cut to the next.
    seconds: Vec<f64>,
    /// The rests, by their cuts.
    rests: Vec<(Time, Rest)>,
}

impl Builder {
    fn new(shown: &[Shown<'_>], trace: &Trace, end: Time, follow: Option<StackId>) -> Builder {
        let mut cuts: Vec<Time> = shown.iter().flat_map(|s| [s.hop.start, s.hop.end]).collect();
        cuts.extend([Time::ZERO, end]);
        cuts.retain(|&at| at <= end);
        cuts.sort_unstable();
        cuts.dedup();
        let seconds = vec![0.0; cuts.len()];
        let ends = |id: JourneyId| trace.journeys.get(id.index()).filter(|j| j.end <= end).map(|j| (j.end, j.last_hop));
        let mut rests = Vec::new();
        for (i, one) in shown.iter().enumerate() {
            let last = ends(one.hop.journey).filter(|(_, last)| *last == one.id);
            if one.hop.duration() == Time::ZERO {
                rests.push((one.hop.start, Rest::Hop(i)));
            }
            if let Some((at, _)) = last {
                rests.push((at, Rest::End(one.hop.journey)));
            }
        }
        // What ends with a hop of some length has ended before what begins there.
        let first = |rest: &Rest| match rest {
            Rest::End(id) => ends(*id).is_some_and(|(_, last)| trace.hops[last.index()].duration() > Time::ZERO),
            Rest::Hop(_) => false,
        };
        rests.sort_by_key(|(at, rest)| (*at, !first(rest)));
        if follow.is_none() {
            // Followed together, ends don't hold the others up.
            rests.retain(|(_, rest)| matches!(rest, Rest::Hop(_)));
        }
        Builder { cuts, seconds, rests }
    }

    fn cut(&self, at: Time) -> usize {
        self.cuts.partition_point(|&cut| cut < at)
    }

    /// Gives every hop what it needs: the short ones first, so that a long one has what happens during it.
    fn stretch(&mut self, shown: &[Shown<'_>]) {
        let mut order: Vec<usize> = (0..shown.len()).filter(|&i| shown[i].hop.duration() > Time::ZERO).collect();
        order.sort_by_key(|&i| (shown[i].hop.duration(), i));
        for i in order {
            let Shown { hop, need, .. } = &shown[i];
            let range = self.cut(hop.start)..self.cut(hop.end).min(self.cuts.len() - 1);
            let mut missing = need.all;
            for at in range.clone() {
                missing -= self.seconds[at];
                if missing <= 0.0 {
                    break;
                }
            }
            let length = self.cuts.get(range.end).map_or(0.0, |&to| (to - self.cuts[range.start]).as_ps() as f64);
            if missing > 0.0 && length > 0.0 {
                for at in range {
                    self.seconds[at] += missing * (self.cuts[at + 1] - self.cuts[at]).as_ps() as f64 / length;
                }
            }
        }
        // Nobody that is followed does anything: only a long time of it is felt.
        for at in 0..self.cuts.len().saturating_sub(1) {
            if self.seconds[at] == 0.0 && self.cuts[at + 1] - self.cuts[at] >= LONG {
                self.seconds[at] = FOLDED;
            }
        }
    }

    /// Adds everything up.
    fn finish(self, shown: &[Shown<'_>], trace: &Trace, follow: Option<StackId>) -> PaceMap {
        let ns = |seconds: f64| (seconds * 1e9).round() as u64;
        let mut map = PaceMap::default();
        let mut begins: Vec<(u64, u64, usize)> = Vec::new();
        let (mut screen, mut rest, mut next) = (0u64, 0usize, 0usize);
        let mut slot = 0u64;
        for (at, &time) in self.cuts.iter().enumerate() {
            map.knots.push(Knot { screen, time });
            while let Some((_, what)) = self.rests.get(rest).filter(|(when, _)| *when == time) {
                rest += 1;
                let begin = screen;
                match what {
                    Rest::Hop(i) => {
                        // Followed together, rests that lie close share one.
                        let shared = follow.is_none() && screen < slot + ns(SLOT) && slot > 0;
                        screen += if shared { 0 } else { ns(shown[*i].need.all) };
                        slot = if shared { slot } else { screen.max(1) };
                        begins.push((begin, screen, *i));
                    }
                    Rest::End(journey) => {
                        let folded = shrunk(shown, trace, *journey);
                        screen += ns(if folded { 0.0 } else { SETTLES });
                        map.ended.push((Screen::from_nanos(screen.saturating_sub(1).max(begin)), *journey));
                    }
                }
                map.knots.push(Knot { screen, time });
            }
            while let Some(one) = shown.get(next).filter(|one| one.hop.start == time) {
                if one.hop.duration() > Time::ZERO {
                    begins.push((screen, u64::MAX, next));
                }
                next += 1;
            }
            screen += ns(self.seconds.get(at).copied().unwrap_or(0.0));
        }
        if follow.is_none() {
            let ends =
                trace.journeys.iter().zip(0..).filter(|(j, _)| self.cuts.last().is_some_and(|&end| j.end <= end));
            map.ended = ends.map(|(j, id)| (map.screen_of(j.end), JourneyId(id))).collect();
            map.ended.sort_unstable_by_key(|(at, id)| (*at, id.0));
        }
        map.mark_all(begins, shown);
        map
    }
}

/// Whether an operation is one of many equal ones, whose end is not held: it goes faster than what is only hastened.
fn shrunk(shown: &[Shown<'_>], trace: &Trace, journey: JourneyId) -> bool {
    let Some(last) = trace.journeys.get(journey.index()).map(|j| j.last_hop) else { return false };
    let hop = &trace.hops[last.index()];
    let from = shown.partition_point(|one| (one.hop.start, one.hop.end, one.id) < (hop.start, hop.end, last));
    let least = |one: &Shown<'_>| Need::of(one.hop).moving.min(CARD_IN) * AGAIN * HASTENED;
    shown.get(from).is_some_and(|one| one.need.moving + 1e-9 < least(one).min(STAYS * HASTENED))
}

impl PaceMap {
    fn mark_all(&mut self, mut begins: Vec<(u64, u64, usize)>, shown: &[Shown<'_>]) {
        // Of those that begin together, a crossing comes last and has the screen.
        begins.sort_unstable_by_key(|&(begin, end, i)| (begin, shown[i].hop.crossing != Crossing::None, end, i));
        for (begin, end, i) in begins {
            let Shown { id, hop, need } = &shown[i];
            // A hop of some length ends before what begins where it ends.
            let end = if end == u64::MAX { self.before(hop.end) } else { end };
            let span = end.saturating_sub(begin);
            let part = |seconds: f64| (begin + (seconds * 1e9) as u64).min(begin + span.saturating_sub(1));
            let mark = Mark {
                hop: *id,
                begin: Screen::from_nanos(begin),
                moved: Screen::from_nanos(part(need.moving)),
                seen: Screen::from_nanos(part(need.moving + need.flash)),
                crosses: hop.crossing != Crossing::None,
            };
            self.by_hop.insert(*id, self.marks.len() as u32);
            self.marks.push(mark);
        }
        let crossings = || self.marks.iter().filter(|mark| mark.crosses);
        let sorted = |mut instants: Vec<Screen>| {
            instants.sort_unstable();
            instants.dedup();
            instants
        };
        (self.seen, self.flashes) =
            (sorted(crossings().map(|mark| mark.seen).collect()), sorted(crossings().map(|mark| mark.moved).collect()));
    }

    /// When `time` comes on the screen: where simulated time rests, the beginning of the rest.
    fn before(&self, time: Time) -> u64 {
        let at = self.knots.partition_point(|knot| knot.time < time);
        self.knots.get(at).map_or(self.knots.last().map_or(0, |knot| knot.screen), |knot| knot.screen)
    }
}

#[cfg(test)]
mod tests;
