//! Which moments of a run a page shows, and for how long.
//!
//! A [`Take`] is one scene of a walkthrough as a row of stills, at the pace of the window ([`crate::pace`]). They stand
//! as close as a film's frames, and one more stands at each crossing that has been seen, where stepping stops. The
//! last take of a page is the whole run, a still for each crossing, or for every so many where they are too many.

use std::collections::HashMap;
use std::time::Duration;

use super::Choices;
use crate::app::recording::Recording;
use crate::engine::Time;
use crate::pace::{Moment, PaceMap, Screen, Stage};
use crate::scenario::{self, Asked, Play, Played, Topic};
use crate::trace::{ComponentId, HopId, StackId};

/// A moment that is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Still {
    /// Seconds on the screen since the take began, at 1×.
    pub at: f64,
    /// The simulated time, and how far what is shown has come.
    pub moment: Moment,
    /// Whether stepping stops here.
    pub stop: bool,
}

/// A scene as a row of stills, never empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Take {
    /// The moments, in order.
    pub stills: Vec<Still>,
    /// Whose column is followed, if one is.
    pub follow: Option<StackId>,
    /// The parts that are spoken of.
    pub pointed_at: Vec<ComponentId>,
    /// What is spoken of.
    pub topic: Topic,
    /// What is asked, in figures of the whole run.
    pub asked: Option<Asked>,
    /// Whether it plays at all.
    pub plays: bool,
    /// Whether what it waits for happens in this run.
    pub happens: bool,
    /// One in so many crossings is shown, if not all of them.
    pub one_in: usize,
}

impl Take {
    /// A take that follows nobody and of which nothing is said.
    fn nothing_said() -> Take {
        Take {
            stills: Vec::new(),
            follow: None,
            pointed_at: Vec::new(),
            topic: Topic::default(),
            asked: None,
            plays: false,
            happens: true,
            one_in: 1,
        }
    }
}

/// The most stills in all scenes together; beyond that they stand further apart.
const MOST: f64 = 8_000.0;
/// The fewest stills a second.
const LEAST_RATE: f64 = 2.0;
/// The longest scene, in seconds on the screen.
const LONGEST: f64 = 900.0;
/// The most stills of the whole run.
const WHOLE: usize = 1_200;
/// Seconds on the screen for each still of the whole run.
const EACH: f64 = 0.4;

/// The maps of a run, by whom they follow.
#[derive(Default)]
pub struct Maps(HashMap<Option<StackId>, PaceMap>);

impl Maps {
    fn of(&mut self, recording: &Recording, follow: Option<StackId>) -> &PaceMap {
        self.0.entry(follow).or_insert_with(|| PaceMap::new(recording.trace(), recording.moments.end(), follow))
    }
}

/// The scenes of a walkthrough, and the whole run.
pub fn takes(recording: &Recording, choices: &Choices) -> Vec<Take> {
    let mut maps = Maps::default();
    let scenes = 0..recording.scenario.walkthrough.len();
    // A few stills a second are enough to know how long a scene is.
    let length = |take: Take| take.stills.last().map_or(0.0, |still| still.at);
    let all: f64 = scenes.clone().map(|scene| length(take(recording, scene, LEAST_RATE, &mut maps))).sum();
    let rate = choices.rate.min(MOST / all.max(1.0)).max(LEAST_RATE);
    let mut takes: Vec<Take> = scenes.map(|scene| take(recording, scene, rate, &mut maps)).collect();
    takes.push(whole(recording, maps.of(recording, None)));
    takes
}

/// One scene of the walkthrough, with so many stills a second.
pub fn take(recording: &Recording, scene: usize, rate: f64, maps: &mut Maps) -> Take {
    let steps = &recording.scenario.walkthrough;
    let (Some(step), Some(&played)) = (steps.get(scene), recording.played.get(scene)) else {
        return whole(recording, maps.of(recording, None));
    };
    let follow = step.follow.as_ref().map(|of| of.id);
    let pointed_at = recording.looked_at.get(scene).cloned().unwrap_or_default();
    let map = maps.of(recording, follow);
    let plays = step.play != Play::Stay && played.happens;
    let stills = match step.pace {
        _ if !plays => Vec::new(),
        scenario::Pace::Paced => film(map, map.screen_of(played.from), stop_of(map, played, follow), rate),
        scenario::Pace::Proportional { per_second } => proportional(map, played, per_second, rate),
    };
    // What has nothing to play shows where it stands.
    let stays = Still { at: 0.0, moment: moment(map, played.until), stop: true };
    let stills = if stills.is_empty() { vec![stays] } else { stills };
    let (plays, happens) = (stills.len() > 1, played.happens);
    let asked = recording.asked(scene, true, false);
    Take { plays, stills, follow, pointed_at, topic: step.topic(), asked, happens, one_in: 1 }
}

/// One moment, with nothing said of it.
pub fn still(recording: &Recording, time: Time, follow: Option<StackId>) -> Take {
    let map = PaceMap::new(recording.trace(), recording.moments.end(), follow);
    let stills = vec![Still { at: 0.0, moment: moment(&map, time), stop: true }];
    Take { stills, follow, plays: false, ..Take::nothing_said() }
}

/// A simulated time as a moment of the screen.
fn moment(map: &PaceMap, time: Time) -> Moment {
    Moment { time, ..map.at(map.screen_of(time)) }
}

/// Where a scene stops: after what it ends with has been seen.
fn stop_of(map: &PaceMap, played: Played, follow: Option<StackId>) -> Screen {
    played.stop(map, follow.is_some())
}

/// Stills at the map's pace, and one more at the end of each crossing.
fn film(map: &PaceMap, from: Screen, to: Screen, rate: f64) -> Vec<Still> {
    let to = to.min(from + Duration::from_secs_f64(LONGEST));
    let stops = std::iter::successors(map.crossing_after(from, 1), |&at| map.crossing_after(at, 1));
    let mut stops = stops.take_while(|&at| at < to).chain([to.max(from)]).peekable();
    let mut stills = Vec::new();
    let mut add = |screen: Screen, stop: bool| {
        stills.push(Still { at: (screen - from).as_secs_f64(), moment: map.at(screen), stop });
    };
    add(from, true);
    for frame in 1u32.. {
        let screen = (from + Duration::from_secs_f64(f64::from(frame) / rate)).min(to);
        while let Some(stop) = stops.next_if(|&stop| stop <= screen) {
            if stop > from {
                add(stop, true);
            }
        }
        if screen >= to {
            break;
        }
        add(screen, false);
    }
    stills
}

/// Stills at which a second shows a fixed length of simulated time.
fn proportional(map: &PaceMap, played: Played, per_second: Time, rate: f64) -> Vec<Still> {
    let length = (played.until - played.from).as_ps() as f64 / per_second.as_ps().max(1) as f64;
    let seconds = length.min(LONGEST);
    let frames = (seconds * rate).ceil().max(1.0) as u32;
    let still = |frame: u32| {
        let share = f64::from(frame) / f64::from(frames);
        let passed = (played.until - played.from).as_ps() as f64 * share * seconds / length.max(f64::MIN_POSITIVE);
        let stop = frame == 0 || frame == frames || frame.is_multiple_of((rate as u32).max(1));
        Still { at: share * seconds, moment: moment(map, played.from + Time(passed as u64)), stop }
    };
    (0..=frames).map(still).collect()
}

/// The whole run: a still at its beginning, at each crossing, or at one in so many, and at its end.
fn whole(recording: &Recording, map: &PaceMap) -> Take {
    let end = recording.moments.end();
    let next = |at: &Screen| map.crossing_after(*at, 1);
    let crossings: Vec<Screen> = std::iter::successors(map.crossing_after(Screen::ZERO, 1), next).collect();
    let one_in = crossings.len().div_ceil(WHOLE).max(1);
    let begin = Moment { time: Time::ZERO, hop: HopId::NONE, phase: 1.0, stage: Stage::Rest, per_second: Time::ZERO };
    let shown = crossings.iter().step_by(one_in).map(|&screen| map.at(screen)).filter(|moment| moment.time < end);
    let moments = std::iter::once(begin).chain(shown).chain([moment(map, end)]);
    let stills = moments.enumerate().map(|(i, moment)| Still { at: i as f64 * EACH, moment, stop: true }).collect();
    Take { stills, plays: end > Time::ZERO, one_in, ..Take::nothing_said() }
}
