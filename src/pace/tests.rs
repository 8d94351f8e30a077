use super::*;
use crate::costs::Profile;
use crate::machine::Outcome;
use crate::scenario::{Scenario, find, library};

fn outcome(id: &str) -> Outcome {
    let scenario = Scenario::parse(&find(id).expect("built in")).expect("right");
    scenario.run(&Profile::xeon_2017(), &scenario.options(), |_, _| true).expect("runs")
}

fn stack(outcome: &Outcome, name: &str) -> StackId {
    StackId(outcome.topology.stacks.iter().position(|s| s.name == name).expect("there") as u32)
}

fn trace(outcome: &Outcome) -> &Trace {
    outcome.trace.as_ref().expect("kept")
}

fn maps(outcome: &Outcome) -> Vec<(Option<StackId>, PaceMap)> {
    let stacks = (0..outcome.topology.stacks.len()).map(|i| Some(StackId(i as u32)));
    stacks.chain([None]).map(|of| (of, PaceMap::new(trace(outcome), outcome.simulated, of))).collect()
}

#[test]
fn going_back_and_forth_between_the_two_times_arrives_where_it_began() {
    for built_in in library() {
        let outcome = outcome(built_in.id);
        for (of, map) in maps(&outcome) {
            let ordered = map.knots.windows(2).all(|k| k[0].screen <= k[1].screen && k[0].time <= k[1].time);
            assert!(ordered, "{}, {of:?}: monotone in both", built_in.id);
            assert_eq!(map.at(map.length()).time, outcome.simulated);
            let mut before = Moment { time: Time::ZERO, ..map.at(Screen::ZERO) };
            for step in 0..=500u32 {
                let screen = map.length() * step / 500;
                let moment = map.at(screen);
                assert!(moment.time >= before.time, "time never runs back");
                let again = map.at(map.screen_of(moment.time)).time;
                // What takes no time on the screen is skipped to its end.
                let rounding = Time(moment.per_second.as_ps() / 1_000_000_000 + 1);
                assert!(again + rounding >= moment.time && again - moment.time < LONG, "{again} {}", moment.time);
                before = moment;
            }
        }
    }
}

#[test]
fn every_hop_of_the_followed_column_is_long_enough_to_be_seen() {
    for id in ["one-read", "ping-pong", "throttled"] {
        let outcome = outcome(id);
        let trace = trace(&outcome);
        for (of, map) in maps(&outcome).into_iter().filter(|(of, _)| of.is_some()) {
            for shown in needs(trace, outcome.simulated, of).iter().filter(|s| s.hop.end <= outcome.simulated) {
                let mark = map.mark(shown.id).expect("shown");
                let ends = if shown.hop.duration() == Time::ZERO { mark.seen } else { map.screen_of(shown.hop.end) };
                let lasts = (ends - mark.begin).as_secs_f64();
                assert!(lasts > shown.need.all - 1e-5, "{id}: {:?} {lasts} of {:?}", shown.hop, shown.need);
                assert!(mark.begin <= mark.moved && mark.moved <= mark.seen);
            }
        }
    }
}

#[test]
fn one_read_of_the_vm_takes_about_as_long_as_it_was_drawn_to() {
    let outcome = outcome("one-read");
    let (trace, vm) = (trace(&outcome), stack(&outcome, "vm"));
    let map = PaceMap::new(trace, outcome.simulated, Some(vm));
    let reads = trace.journeys.iter().enumerate().filter(|(_, j)| j.stack == vm && j.kind == OperationKind::Read);
    assert_eq!(reads.clone().count(), 20);
    for (i, journey) in reads {
        let from = map.screen_of(journey.start);
        let end = map.end_of(JourneyId(i as u32)).expect("it ends");
        let seconds = (end - from).as_secs_f64();
        assert!((10.0..15.0).contains(&seconds), "{i}: {seconds}");
        assert_eq!(map.at(end).time, journey.end, "its end is held, the next has not begun");
        assert_eq!(map.at(end).hop, journey.last_hop);
    }
}

#[test]
fn simulated_time_rests_while_a_return_is_seen() {
    let outcome = outcome("one-read");
    let (trace, process) = (trace(&outcome), stack(&outcome, "process"));
    let map = PaceMap::new(trace, outcome.simulated, Some(process));
    let back = |h: &(usize, &Hop)| h.1.stack == process && h.1.crossing == Crossing::Return;
    let (i, hop) = trace.hops.iter().enumerate().find(back).expect("it returns");
    let mark = *map.mark(HopId(i as u32)).expect("shown");
    let half = map.at(mark.begin + (mark.moved - mark.begin) / 2);
    assert_eq!((half.time, half.hop, half.stage), (hop.start, mark.hop, Stage::Moving));
    assert!((half.phase - 0.5).abs() < 0.01);
    assert_eq!(map.at(mark.seen).stage, Stage::Flash);
    assert_eq!(map.at(mark.seen).time, hop.start);
}

#[test]
fn many_equal_round_trips_are_counted_and_not_watched() {
    let outcome = outcome("vm-in-vm");
    let (trace, nested) = (trace(&outcome), stack(&outcome, "vm in a vm"));
    let map = PaceMap::new(trace, outcome.simulated, Some(nested));
    let cpuid = |j: &(usize, &crate::trace::Journey)| j.1.stack == nested && j.1.kind == OperationKind::Cpuid;
    let (i, journey) = trace.journeys.iter().enumerate().find(cpuid).expect("it asks");
    let seconds = (map.end_of(JourneyId(i as u32)).expect("ends") - map.screen_of(journey.start)).as_secs_f64();
    assert!((4.0..16.0).contains(&seconds), "{seconds}");
    let balls = outcome_map("ping-pong", "process");
    assert!(balls.length().as_secs_f64() < 80.0, "{:?}", balls.length());
}

fn outcome_map(id: &str, name: &str) -> PaceMap {
    let outcome = outcome(id);
    PaceMap::new(trace(&outcome), outcome.simulated, Some(stack(&outcome, name)))
}

#[test]
fn nothing_moves_in_a_still_picture_and_no_crossing_is_missed() {
    let map = outcome_map("one-read", "vm");
    let mut still = Vec::new();
    for ms in 0..30_000u64 {
        let moment = map.still(Screen::from_millis(ms));
        assert!(moment.hop == HopId::NONE || moment.stage != Stage::Moving);
        if still.last() != Some(&moment.hop) {
            still.push(moment.hop);
        }
    }
    let until = Screen::from_secs(30);
    let crossings = map.marks(Screen::ZERO, until).iter().filter(|mark| mark.crosses);
    assert!(crossings.clone().all(|mark| still.contains(&mark.hop)));
    // A frame that comes late goes no further than the next flash.
    let (mut at, mut flashes) = (Screen::ZERO, 0);
    while let Some(next) = map.next_flash(at).filter(|next| *next < until) {
        (at, flashes) = (next, flashes + 1);
    }
    assert!(flashes > 8 && flashes <= crossings.count());
}

/// The longest stretch of the screen in which a followed column's picture doesn't change: nothing moves, no flash
/// begins, and nothing that waits or works goes on.
fn longest_stand(map: &PaceMap) -> (f64, Screen) {
    let (mut longest, mut at, mut last) = (0.0, Screen::ZERO, Screen::ZERO);
    let mut changes: Vec<Screen> = map.marks.iter().flat_map(|mark| [mark.begin, mark.moved]).collect();
    // Between two knots of different times the lines under what waits fill, tanks sink, and the other columns go on.
    changes.extend(map.knots.windows(2).filter(|k| k[0].time < k[1].time).flat_map(|k| {
        let (from, to) = (k[0].screen, k[1].screen);
        (0..=(to - from) / 500_000_000).map(move |n| Screen::from_nanos((from + n * 500_000_000).min(to)))
    }));
    changes.push(map.length());
    changes.sort_unstable();
    for change in changes {
        if (change - last).as_secs_f64() > longest {
            (longest, at) = ((change - last).as_secs_f64(), last);
        }
        last = change;
    }
    (longest, at)
}

#[test]
fn no_picture_stands_still_for_over_two_seconds() {
    for built_in in library() {
        let outcome = outcome(built_in.id);
        for (of, map) in maps(&outcome) {
            let (stands, at) = longest_stand(&map);
            assert!(stands <= 2.0, "{}, {of:?}: {stands:.1} s from {at:?}", built_in.id);
        }
    }
}
