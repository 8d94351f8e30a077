//! How a walkthrough is led: entering a scene, playing it when the learner says so, stopping after its point has been
//! seen, asking, answering, going to what corrects a wrong answer and back.
//!
//! A scene is entered at its first frame, paused. Space plays it; at the flag Space goes on to the next one. Where
//! something is asked, Space waits for an answer: whoever doesn't want to give one goes on with the next scene's key.

use std::sync::Arc;

use super::command::{Command, Tab};
use super::lanes::Window;
use super::playback::{Pace, Position};
use super::selection::Selection;
use super::shell::Shell;
use crate::engine::Time;
use crate::pace::PaceMap;
use crate::scenario::{self, Ends, KnobPlace, Play, Played, Scene as Correction};
use crate::trace::StackId;

impl Shell {
    /// What the scene shows of this run.
    pub fn scene_plays(&self) -> Option<Played> {
        self.session.recording.as_ref()?.played.get(self.walk.scene()).copied()
    }

    /// Makes the pace that of the column that is followed, if another one, or another run, came since.
    pub(super) fn keep_pace(&mut self) {
        let Some(recording) = &self.session.recording else { return };
        if self.paced == Some((self.runs, self.follow)) {
            return;
        }
        self.paced = Some((self.runs, self.follow));
        let map = PaceMap::new(recording.trace(), recording.moments.end(), self.follow);
        self.playback.set_map(Arc::new(map));
        if let Some(stop) = self.playback.stop_at {
            self.playback.stop_at = Some(self.scene_plays().map_or(stop, |played| self.stop_of(played)));
        }
    }

    /// Where a scene stops on the map in use: after what it ends with has been seen, if that column is followed.
    fn stop_of(&self, played: Played) -> Position {
        let map = self.playback.map();
        let screen = match played.ends {
            Ends::Time => None,
            Ends::Crossing(hop) => map.mark(hop).map(|mark| mark.seen),
            Ends::Operation(journey) => map.end_of(journey).filter(|_| self.follow.is_some()),
        };
        let time = screen.map_or(played.until, |screen| map.at(screen).time);
        Position { time, events: None, screen }
    }

    /// Goes to where the scene begins, and sets whom it follows, how far and how fast it plays.
    pub(super) fn enter_scene(&mut self) {
        self.playback.pause();
        self.asked = 0;
        let Some(recording) = &self.session.recording else { return };
        let index = self.walk.scene();
        let (Some(step), Some(played)) = (recording.scenario.walkthrough.get(index), recording.played.get(index))
        else {
            self.playback.stop_at = None;
            self.back_to = None;
            return;
        };
        let (played, stays, pace) = (*played, step.play == Play::Stay, step.pace);
        let ended = index.checked_sub(1).and_then(|before| recording.played.get(before)).map(|before| before.until);
        let goes_on = ended == Some(played.from) && self.playback.reached();
        let before = self.playback.time();
        let follow = step.follow.as_ref().map(|of| of.id);
        // What follows what is said, where the scene names nobody.
        let mentioned = || step.look_at.iter().rev().find_map(|path| self.stack_of(path));
        if let Some(stack) = follow.or_else(mentioned) {
            self.selection = Selection::Follow(stack);
        }
        self.follow = follow;
        self.keep_pace();
        // A paced scene that goes on does so from what is seen, not from the instant at which the one before had its
        // point: what was seen there took its time.
        let paced = matches!(pace, scenario::Pace::Paced) && self.playback.clock.pace == Pace::Paced;
        let seen = goes_on && paced && before > played.from && before < played.until;
        let from = if seen { before } else { played.from };
        // What the words can't tell apart is no step back.
        self.back_to = (from < before && from.to_string() != before.to_string()).then_some(from);
        self.seek(from);
        self.playback.stop_at = (!stays).then(|| self.stop_of(played));
        match pace {
            scenario::Pace::Paced => self.playback.clock.pace = Pace::Paced,
            scenario::Pace::Proportional { per_second } => {
                self.playback.clock.pace = Pace::Proportional;
                self.playback.clock.set_per_second(per_second.as_ps() as f64);
            }
        }
        self.lanes.window = self.window_of(played).filter(|_| !stays);
    }

    /// The lanes show what a scene plays, with a little before and after.
    fn window_of(&self, played: Played) -> Option<Window> {
        let end = self.session.recording.as_ref()?.moments.end();
        let (from, to) = (played.from.as_ps() as f64, played.until.as_ps() as f64);
        let (before, after) = ((to - from) * 0.04, (to - from) * 0.12);
        let window = Window { from: (from - before).max(0.0), to: to + after };
        (to > from).then(|| window.pan(0.0, end))
    }

    fn seek(&mut self, time: Time) {
        if let Some(recording) = &self.session.recording {
            self.playback.seek(time, &recording.moments);
        }
    }

    fn stack_of(&self, path: &str) -> Option<StackId> {
        let stacks = &self.session.recording.as_ref()?.topology().stacks;
        let first = path.split('/').next()?;
        stacks.iter().position(|stack| stack.name == first).map(|i| StackId(i as u32))
    }

    /// Whether the scene has been played to its end: what it is about has been seen.
    pub fn scene_played(&self) -> bool {
        let Some(played) = self.scene_plays() else { return false };
        match self.playback.stop_at {
            Some(_) => self.playback.reached(),
            None => self.playback.time() >= played.until,
        }
    }

    /// Whether this scene asks something that has not been answered.
    pub fn unanswered(&self) -> bool {
        let Some(recording) = &self.session.recording else { return false };
        let step = recording.scenario.walkthrough.get(self.walk.scene());
        let asks = step.is_some_and(|step| step.predict.is_some());
        self.tab == Tab::Walkthrough && asks && self.walk.prediction().is_none()
    }

    /// Whether the scene has played up to its flag, or has nothing to play: Space goes on.
    pub fn at_scene_end(&self) -> bool {
        let Some(played) = self.scene_plays() else { return false };
        let nothing = !played.happens || self.playback.stop_at.is_none() && played.from == played.until;
        let stopped = self.playback.stopped() || nothing && !self.playback.playing();
        self.tab == Tab::Walkthrough && stopped && !self.unanswered()
    }

    /// Plays or pauses; at the flag goes on to the next scene; waits where something is asked.
    pub(super) fn play_or_pause(&mut self) {
        if self.at_scene_end() {
            return self.go_to_scene(self.walk.scene() + 1);
        }
        if self.unanswered() && !self.playback.playing() {
            self.asked = self.asked.saturating_add(1);
            return;
        }
        if let Some(recording) = &self.session.recording {
            self.playback.toggle(&recording.moments);
        }
    }

    /// What has been played is answered, and stays so.
    pub(super) fn keep_answers(&mut self) {
        if self.tab == Tab::Walkthrough && self.scene_played() {
            self.walk.played();
        }
    }

    pub(super) fn go_to_scene(&mut self, scene: usize) {
        if self.walk.go(scene) {
            self.enter_scene();
        }
        self.tab = Tab::Walkthrough;
    }

    /// To the scene's first frame, as it was entered.
    pub(super) fn replay_scene(&mut self) {
        if self.tab == Tab::Walkthrough {
            self.enter_scene();
            self.back_to = None;
        }
    }

    /// Turns a knob: the run is made anew, and what comes at its other stops as well.
    pub(super) fn turn(&mut self, place: KnobPlace, stop: usize) {
        if let Some(file) = self.session.lesson() {
            self.knobs.turn(file, place, stop, self.session.waker());
        }
        self.session.turn(place, stop);
    }

    pub(super) fn predict(&mut self, choice: usize) {
        let Some(recording) = &self.session.recording else { return };
        let step = recording.scenario.walkthrough.get(self.walk.scene());
        let choices = step.and_then(|step| step.predict.as_ref()).map_or(0, |predict| predict.choices.len());
        if choice < choices && self.tab == Tab::Walkthrough {
            self.walk.predict(choice);
            self.asked = 0;
        }
    }

    pub(super) fn correct(&mut self) {
        let Some(recording) = self.session.lesson() else { return };
        let scene = self.walk.scene();
        let step = recording.scenario.walkthrough.get(scene);
        let chosen = self.walk.prediction().filter(|_| self.walk.answered());
        let right = recording.answers.get(scene).and_then(Option::as_ref).and_then(|answer| answer.correct_choice);
        let (Some(step), Some(chosen)) = (step, chosen.filter(|chosen| right != Some(*chosen))) else { return };
        match step.predict.as_ref().and_then(|predict| predict.correction(chosen)).cloned() {
            Some(Correction::Step(index)) if self.walk.go_to_correction(index) => self.enter_scene(),
            Some(Correction::Scenario(id)) => self.apply(Command::OpenScenario(id)),
            Some(Correction::Step(_)) | None => {}
        }
    }

    /// One thing on, or one back: a clicker has two keys. On plays the scene, and once it plays or has been played
    /// goes to the next; back goes to the scene's beginning, and from there to the one before.
    pub(super) fn onward(&mut self, by: i32) {
        if let Some(presenting) = self.presenting.as_mut().filter(|presenting| presenting.blank) {
            presenting.blank = false;
            return;
        }
        let scene = self.walk.scene();
        let begun = self.scene_plays().is_some_and(|played| self.playback.time() > played.from);
        match by > 0 {
            true if self.playback.playing() || self.scene_played() => self.go_to_scene(scene + 1),
            true => {
                if let Some(recording) = &self.session.recording {
                    self.playback.play(&recording.moments);
                }
            }
            false if begun || self.playback.playing() => self.replay_scene(),
            false => self.go_to_scene(scene.saturating_sub(1)),
        }
    }
}
