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

fn moments() -> Moments {
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
    let trace = Trace { hops: (0..200).map(hop).collect(), journeys: (0..40).map(journey).collect(), left_out: 0 };
    Moments::new(&trace, Time(200_000))
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
        let mut playback = Playback { step, ..Playback::default() };
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
            playback.step_back(&mut history, &mut (), &moments);
            prop_assert_eq!(playback.position(), position);
            prop_assert_eq!(hash_at(playback.position(), &mut history), hash);
        }
    }

    #[test]
    fn playing_in_small_pieces_arrives_where_one_piece_does(paced in any::<bool>(), pieces in 1u32..60, speed in 1e3f64..1e6) {
        let moments = moments();
        let run = |pieces: u32| {
            let mut playback = Playback::default();
            playback.clock.pace = if paced { Pace::Paced } else { Pace::Proportional };
            playback.clock.set_per_second(speed);
            playback.clock.set_crossings_per_second(10.0);
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
fn playing_stops_where_the_walkthrough_says_and_at_the_end() {
    let moments = moments();
    let mut playback = Playback { stop_at: Some(Time(12_345)), ..Playback::default() };
    playback.clock.pace = Pace::Proportional;
    playback.play(&moments);
    assert!(playback.advance(1.0, &moments));
    assert_eq!((playback.time(), playback.playing()), (Time(12_345), false));
    playback.play(&moments);
    while playback.playing() {
        playback.advance(10.0, &moments);
    }
    assert_eq!(playback.time(), moments.end());
    playback.play(&moments);
    assert_eq!((playback.time(), playback.playing()), (Time::ZERO, true));
}

#[test]
fn each_crossing_takes_the_same_time_when_paced() {
    let moments = moments();
    let mut playback = Playback::default();
    playback.clock.set_crossings_per_second(4.0);
    playback.play(&moments);
    for crossing in 1..20u64 {
        playback.advance(0.25, &moments);
        assert!(playback.time().as_ps().abs_diff(crossing * 2 * 997) <= crossing, "{crossing}: {}", playback.time());
    }
}

#[test]
fn a_step_without_a_next_instant_goes_to_the_end_and_back_to_the_beginning() {
    let moments = moments();
    let step = Step { kind: StepKind::Operation, count: 1000, time: Time(1) };
    assert_eq!(step.forward(Time(10), &moments), moments.end());
    assert_eq!(step.back(Time(10), &moments), Time::ZERO);
    assert_eq!(Step { count: 0, ..step }.forward(Time(0), &moments), Time(4_321));
}
