use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::engine::{Scheduler, Simulation};
use crate::trace::{ComponentId, CpuId, Crossing, Hop, HopId, Journey, JourneyId, Layer, OperationKind, StackId};
use crate::trace::{Token, Trace, What};

/// A model whose events come in bursts at the same instant.
#[derive(Clone, Hash)]
struct Toy {
    handled: u64,
}

impl Model for Toy {
    type Event = u64;
    type Sink = ();
    fn handle(&mut self, event: u64, scheduler: &mut Scheduler<u64>, _sink: &mut ()) {
        self.handled = self.handled.wrapping_mul(31).wrapping_add(event);
        if event < 400 {
            scheduler.after(Time(event % 3 * 700), event + 1);
        }
    }
}

fn toy() -> History<Toy> {
    History::new(Simulation::new(Toy { handled: 0 }, [(Time::ZERO, 0)]), 16, 8)
}

fn hash_at(position: Position, history: &mut History<Toy>) -> u64 {
    position.restore(history, &mut ());
    history.current().state_hash()
}

fn trace() -> Trace {
    let hop = |n: u64| Hop {
        start: Time(n * 997),
        end: Time(n * 997 + 500),
        journey: JourneyId(0),
        cause: HopId::NONE,
        count: 1,
        component: ComponentId(0),
        cpu: CpuId::NONE,
        core: CpuId::NONE,
        stack: StackId(0),
        what: What::UserCode,
        crossing: if n.is_multiple_of(2) { Crossing::SystemCall } else { Crossing::None },
        layer: Layer::User,
        token: Token::Instruction,
    };
    let journey = |n: u64| Journey {
        stack: StackId(0),
        kind: OperationKind::Read,
        label: 0,
        start: Time(n * 5_000),
        end: Time(n * 5_000 + 4_321),
        last_hop: HopId::NONE,
    };
    Trace { hops: (0..200).map(hop).collect(), journeys: (0..40).map(journey).collect(), left_out: 0 }
}

fn moments() -> Moments {
    Moments::new(Time(200_000))
}

fn playback() -> Playback {
    let mut playback = Playback::default();
    playback.set_map(Arc::new(PaceMap::new(&trace(), moments().end(), Some(StackId(0)))));
    playback
}

fn steps() -> impl Strategy<Value = Step> {
    (prop::sample::select(StepKind::ALL.to_vec()), 1u32..9, 1u64..5_000).prop_map(|(kind, count, ps)| Step {
        kind,
        count,
        time: Time(ps),
    })
}

proptest! {
    #[test]
    fn n_steps_forward_and_n_back_restore_the_state(start in 0u64..150_000, step in steps(), n in 1usize..30) {
        let (moments, mut history) = (moments(), toy());
        let mut playback = Playback { step, ..playback() };
        playback.seek(Time(start), &moments);
        let mut trail = Vec::new();
        for _ in 0..n {
            trail.push((playback.position(), hash_at(playback.position(), &mut history)));
            let before = playback.position();
            playback.step_forward(&mut history, &mut (), &moments, 401);
            if playback.position() == before {
                trail.pop();
                break;
            }
            prop_assert!(playback.time() >= before.time);
        }
        while let Some((position, hash)) = trail.pop() {
            playback.step_back(&mut history, &mut ());
            prop_assert_eq!(playback.position(), position);
            prop_assert_eq!(hash_at(playback.position(), &mut history), hash);
        }
    }

    #[test]
    fn playing_in_small_pieces_arrives_where_one_piece_does(paced in any::<bool>(), pieces in 1u32..60, speed in 1e3f64..1e6) {
        let moments = moments();
        let run = |pieces: u32| {
            let mut playback = playback();
            playback.clock.pace = if paced { Pace::Paced } else { Pace::Proportional };
            playback.clock.set_per_second(speed);
            playback.play(&moments);
            for _ in 0..pieces {
                playback.advance(0.1 / f64::from(pieces), &moments);
            }
            playback.time().as_ps() as i64
        };
        prop_assert!((run(1) - run(pieces)).abs() <= i64::from(pieces) + 1);
    }
}

#[test]
fn playing_stops_where_the_walkthrough_says_holds_it_and_stops_at_the_end() {
    let moments = moments();
    let mut playback = Playback { stop_at: Some(Position::at(Time(12_345))), ..playback() };
    playback.clock.pace = Pace::Proportional;
    playback.play(&moments);
    assert!(playback.advance(1.0, &moments));
    assert_eq!((playback.time(), playback.playing(), playback.stopped()), (Time(12_345), true, false), "it is held");
    assert!(!playback.advance(0.5, &moments));
    assert!(playback.advance(0.5, &moments));
    assert_eq!((playback.time(), playback.playing(), playback.stopped()), (Time(12_345), false, true));
    playback.play(&moments);
    while playback.playing() {
        playback.advance(10.0, &moments);
    }
    assert_eq!(playback.time(), moments.end());
    playback.play(&moments);
    assert_eq!((playback.time(), playback.playing()), (Time::ZERO, true));
}

#[test]
fn speeds_scale_the_screen_and_nothing_else() {
    let moments = moments();
    let after = |speed: f64, seconds: f64| {
        let mut playback = playback();
        playback.clock.set_speed(speed);
        playback.play(&moments);
        playback.advance(seconds, &moments);
        playback.moment(false)
    };
    for speed in Clock::SPEEDS {
        assert_eq!(after(speed, 0.12 / speed.max(1.0)), after(1.0, 0.12 / speed.max(1.0) * speed));
    }
    let mut clock = Clock::default();
    for (asked, got) in [(0.0, 1.0), (f64::NAN, 1.0), (1e9, 2.0), (0.3, 0.25), (1e-9, 0.25)] {
        clock.set_speed(asked);
        assert_eq!(clock.speed(), got);
        clock.set_speed(1.0);
    }
}

#[test]
fn frames_that_come_late_show_every_flash() {
    let moments = moments();
    let map = PaceMap::new(&trace(), moments.end(), Some(StackId(0)));
    let mut playback = playback();
    playback.play(&moments);
    let mut flashes = Vec::new();
    for _ in 0..2000 {
        // Two frames a second, and then none for ten seconds.
        playback.advance(if flashes.len().is_multiple_of(7) { 10.0 } else { 0.5 }, &moments);
        flashes.push(playback.moment(false).hop);
    }
    let crossings = map.marks(Screen::ZERO, map.length()).iter().filter(|mark| mark.crosses);
    for mark in crossings {
        assert!(flashes.contains(&mark.hop), "{mark:?}");
    }
}

#[test]
fn a_step_without_a_next_instant_goes_to_the_end_and_back_to_the_beginning() {
    let (moments, map) = (moments(), PaceMap::new(&trace(), moments().end(), Some(StackId(0))));
    let step = Step { kind: StepKind::Operation, count: 1000, time: Time(1) };
    let from = Position::at(Time(10));
    let screen = map.screen_of(from.time);
    assert_eq!(step.forward(from, screen, &map, &moments), Position::at(moments.end()));
    assert_eq!(step.back(from, screen, &map), Position::default());
}

#[test]
fn a_step_by_crossing_shows_the_crossing_and_not_only_its_instant() {
    let moments = moments();
    let mut playback = playback();
    playback.step_forward(&mut toy(), &mut (), &moments, 401);
    let moment = playback.moment(false);
    assert_eq!((moment.hop, moment.phase), (HopId(0), 1.0));
    assert!(moment.time < Time(997), "the next hop has not begun");
}
