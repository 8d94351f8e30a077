//! Which moments of a run a page shows, and for how long.
//!
//! A [`Take`] is one scene of a walkthrough as a row of stills. They stand as close as a film's frames, and one more
//! stands exactly at each crossing, where stepping stops. The last take of a page is the whole run, a still for each
//! crossing, or for every so many where they are too many for a page.

use super::Choices;
use crate::app::playback::{Moments, Pace, Playback};
use crate::app::recording::Recording;
use crate::engine::Time;
use crate::scenario::{self, Play};
use crate::trace::{ComponentId, StackId};

/// A moment that is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Still {
    /// Seconds on the screen since the take began, at 1×.
    pub at: f64,
    /// The simulated time.
    pub time: Time,
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
    /// Whether it plays at all.
    pub plays: bool,
    /// One in so many crossings is shown, if not all of them.
    pub one_in: usize,
}

/// The most stills in all scenes together; beyond that they stand further apart.
const MOST: f64 = 8_000.0;
/// The fewest stills a second.
const LEAST_RATE: f64 = 4.0;
/// The longest scene, in seconds on the screen.
const LONGEST: f64 = 900.0;
/// The most stills of the whole run.
const WHOLE: usize = 1_200;
/// Seconds on the screen for each still of the whole run.
const EACH: f64 = 0.4;

/// The scenes of a walkthrough, and the whole run.
pub fn takes(recording: &Recording, choices: &Choices) -> Vec<Take> {
    let lengths = (0..recording.scenario.walkthrough.len()).map(|scene| length(recording, scene));
    let all: f64 = lengths.sum::<f64>().max(1.0);
    let rate = choices.rate.min(MOST / all).max(LEAST_RATE);
    let scenes = 0..recording.scenario.walkthrough.len();
    scenes.map(|scene| take(recording, scene, rate)).chain([whole(recording)]).collect()
}

/// One scene of the walkthrough, with so many stills a second.
pub fn take(recording: &Recording, scene: usize, rate: f64) -> Take {
    let Some(step) = recording.scenario.walkthrough.get(scene) else { return whole(recording) };
    let (from, to) = bounds(recording, scene);
    let pointed_at = recording.looked_at.get(scene).cloned().unwrap_or_default();
    let plays = step.play != Play::Stay && to > from;
    let stills =
        if plays { film(recording, step.pace, from, to, rate) } else { vec![Still { at: 0.0, time: to, stop: true }] };
    Take { stills, follow: None, pointed_at, plays, one_in: 1 }
}

/// One moment, with nothing said of it.
pub fn still(time: Time) -> Take {
    let stills = vec![Still { at: 0.0, time, stop: true }];
    Take { stills, follow: None, pointed_at: Vec::new(), plays: false, one_in: 1 }
}

/// From when to when a scene plays.
pub fn bounds(recording: &Recording, scene: usize) -> (Time, Time) {
    let Some(step) = recording.scenario.walkthrough.get(scene) else {
        return (Time::ZERO, recording.moments.end());
    };
    let to = recording.step_ends.get(scene).copied().unwrap_or(Time::ZERO);
    (scenario::play_from(step, &recording.scenario, &recording.outcome).min(to), to)
}

/// How long a scene is on the screen.
fn length(recording: &Recording, scene: usize) -> f64 {
    // A few stills a second are enough to know.
    take(recording, scene, LEAST_RATE).stills.last().map_or(0.0, |still| still.at)
}

/// A playback that stands at the beginning of a scene and will stop at its end.
fn playback(moments: &Moments, pace: scenario::Pace, from: Time, to: Time) -> Playback {
    let mut playback = Playback::default();
    playback.stop_at = Some(to);
    match pace {
        scenario::Pace::Paced => playback.clock.pace = Pace::Paced,
        scenario::Pace::Proportional { per_second } => {
            playback.clock.pace = Pace::Proportional;
            playback.clock.set_per_second(per_second.as_ps() as f64);
        }
    }
    playback.seek(from, moments);
    playback.play(moments);
    playback
}

fn film(recording: &Recording, pace: scenario::Pace, from: Time, to: Time, rate: f64) -> Vec<Still> {
    let moments = &recording.moments;
    let mut playback = playback(moments, pace, from, to);
    let mut stills = vec![Still { at: 0.0, time: from, stop: true }];
    let (mut at, mut before) = (0.0, from);
    while playback.playing() && at < LONGEST {
        playback.advance(1.0 / rate, moments);
        let now = playback.time();
        let crossed = |&&crossing: &&Time| before < crossing && crossing <= now;
        for &crossing in moments.crossings().iter().filter(crossed) {
            let share = (crossing - before).as_ps() as f64 / (now - before).as_ps().max(1) as f64;
            stills.push(Still { at: at + share / rate, time: crossing, stop: true });
        }
        at += 1.0 / rate;
        if stills.last().is_none_or(|last| last.time < now) {
            stills.push(Still { at, time: now, stop: false });
        }
        before = now;
    }
    if let Some(last) = stills.last_mut() {
        last.stop = true;
    }
    stills
}

/// The whole run: a still at its beginning, at each crossing, or at one in so many, and at its end.
fn whole(recording: &Recording) -> Take {
    let (crossings, end) = (recording.moments.crossings(), recording.moments.end());
    let one_in = crossings.len().div_ceil(WHOLE).max(1);
    let mut times: Vec<Time> = std::iter::once(Time::ZERO).chain(crossings.iter().copied().step_by(one_in)).collect();
    times.push(end);
    times.dedup();
    let stills = times.into_iter().enumerate().map(|(i, time)| Still { at: i as f64 * EACH, time, stop: true });
    Take { stills: stills.collect(), follow: None, pointed_at: Vec::new(), plays: end > Time::ZERO, one_in }
}
