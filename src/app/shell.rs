//! The whole window as plain data and one function that draws it: no bevy here, so that tests drive it headless.

use std::time::{Duration, Instant};

use crate::costs::Profile;
use crate::engine::Time;
use crate::scenario;
use crate::trace::{ComponentId, HopId, Recorder, StackId};

use super::command::{Below, Command, Side, Tab};
use super::events::Events;
use super::export::Choices;
use super::exporter::{Exporter, What};
use super::knobs::Knobs;
use super::lanes::{LanesState, Window};
use super::machine_page::MachinePage;
use super::machine_page::state::{LIVE, Task};
use super::panels::inspector::{JourneyView, PartView, SeenFrom};
use super::panels::library::Library;
use super::panels::sandbox::Sandbox;
use super::panels::tree::{Item, TreeState};
use super::playback::{Pace, Playback, Position, Step};
use super::present::Presenting;
use super::scene::{Scene, View};
use super::selection::Selection;
use super::session::{Session, Trouble};
use super::settings::Settings;
use super::theme::Theme;
use super::versus::{Kept, Versus};
use super::walk::Walk;

/// When the window next has to be drawn by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// As soon as possible: something moves.
    Now,
    /// After a while: a run is under way, or counters are due.
    After(Duration),
    /// Not before something happens.
    Never,
}

/// Everything that the window shows and remembers.
pub struct Shell {
    /// The open scenario and its run.
    pub session: Session,
    /// Where the picture stands in time.
    pub playback: Playback,
    /// What is kept between runs.
    pub settings: Settings,
    /// Where the learner is.
    pub walk: Walk,
    /// The page shown.
    pub tab: Tab,
    /// What the inspector shows.
    pub selection: Selection,
    /// The column that is followed, if one is.
    pub follow: Option<StackId>,
    /// Whether only the followed column's tokens are shown.
    pub solo: bool,
    /// The part of the picture that the keyboard has walked to.
    pub cursor: Option<ComponentId>,
    /// The big picture for a room, if it is shown.
    pub presenting: Option<Presenting>,
    /// What the panel below the picture shows.
    pub below: Below,
    /// The list of events: what is looked for, and what is chosen.
    pub events: Events,
    /// The machine as a list: what is folded, where the keyboard is.
    pub tree: TreeState,
    /// This run and those that it is compared with.
    pub runs_kept: RunsKept,
    /// Where only one panel has room beside the picture: which.
    pub front: Side,
    /// Whether that is so.
    pub cramped: bool,
    /// Whether the costs of the run are listed over the picture.
    pub costs: bool,
    /// Where the scene began, if that was a step back in time.
    pub back_to: Option<Time>,
    /// How often to play was asked for before a prediction was given.
    pub asked: u32,
    /// How the lanes are looked at.
    pub lanes: LanesState,
    /// What comes at the stops of a knob that is turned.
    pub knobs: Knobs,
    /// The scenario's text in the editor.
    pub sandbox: Sandbox,
    /// The page of scenarios.
    pub library: Library,
    /// The page of this computer.
    pub machine: MachinePage,
    /// What is exported.
    pub exporter: Exporter,
    /// Whether the shortcut sheet is shown.
    pub shortcuts: bool,
    /// What would lose the edited text, while it is asked whether that is wanted.
    pub asking: Option<Command>,
    /// Whether to leave.
    pub quit: bool,
    /// The colours and sizes in use.
    pub theme: Theme,
    /// How the scene is looked at.
    pub view: View,
    pub(super) scene: Option<Scene>,
    /// The picture's widget, once it has been drawn.
    pub(super) canvas: Option<egui::Id>,
    pub(super) runs: u64,
    /// The run and the column that the pace is of.
    pub(super) paced: Option<(u64, Option<StackId>)>,
    pub seen_from: usize,
    /// Whether the picture shows only what that viewer can name.
    pub lens: bool,
    pub(super) part: Option<(Position, PartView)>,
    pub(super) journey: Option<JourneyView>,
    pub(super) seen: SeenFrom,
    applied: Option<Theme>,
    /// How much larger text is because the window is large.
    factor: f32,
    fresh: bool,
    unsaved_since: Option<Instant>,
    saved: Settings,
}

/// This run, the one before it, and one that a hand has kept.
#[derive(Clone, Debug, Default)]
pub struct RunsKept {
    /// This run.
    pub this: Option<Kept>,
    /// The one before.
    pub before: Option<Kept>,
    /// The one that a hand has kept.
    pub held: Option<Kept>,
    /// This run and the one it is compared with.
    pub versus: Option<Versus>,
}

impl RunsKept {
    /// The run that this one is compared with.
    pub fn other(&self) -> Option<&Kept> {
        self.held.as_ref().or(self.before.as_ref())
    }

    /// A new run. The same run again takes nobody's place.
    fn take_in(&mut self, run: Kept) {
        if self.this.as_ref().is_some_and(|this| (this.hash, &this.title) != (run.hash, &run.title)) {
            self.before = self.this.take();
        }
        self.this = Some(run);
        self.compare();
    }

    /// Keeps this run to compare others with it, or lets the one go that was kept.
    fn keep(&mut self) {
        self.held = if self.held.is_some() { None } else { self.this.clone() };
        self.compare();
    }

    fn compare(&mut self) {
        self.versus = self.other().zip(self.this.as_ref()).map(|(a, b)| Versus::of(a, b));
    }
}

impl Shell {
    /// A window with nothing open.
    pub fn new(settings: Settings, measured: Option<Profile>) -> Shell {
        let mut playback = Playback::default();
        playback.step = settings.step;
        playback.clock.pace = settings.pace;
        playback.clock.set_per_second(settings.ps_per_second);
        playback.clock.set_speed(settings.speed);
        Shell {
            session: Session::new(measured),
            playback,
            walk: Walk::default(),
            tab: Tab::default(),
            selection: Selection::default(),
            follow: None,
            solo: false,
            cursor: None,
            presenting: None,
            below: Below::default(),
            events: Events::default(),
            tree: TreeState::default(),
            runs_kept: RunsKept::default(),
            front: Side::Left,
            cramped: false,
            costs: false,
            back_to: None,
            asked: 0,
            paced: None,
            lanes: LanesState::default(),
            knobs: Knobs::default(),
            sandbox: Sandbox::default(),
            library: Library::new(),
            machine: MachinePage::new(),
            exporter: Exporter::default(),
            shortcuts: false,
            asking: None,
            quit: false,
            theme: theme_of(&settings),
            view: View::default(),
            scene: None,
            canvas: None,
            runs: 0,
            seen_from: 0,
            lens: false,
            part: None,
            journey: None,
            seen: SeenFrom::default(),
            applied: None,
            factor: 1.0,
            fresh: false,
            unsaved_since: None,
            saved: settings.clone(),
            settings,
        }
    }

    /// Opens a built-in scenario or a file, from its beginning.
    pub fn open(&mut self, id_or_path: &str) {
        if let Err(trouble) = self.try_open(id_or_path) {
            self.session.trouble = Some(trouble);
        }
    }

    /// As [`Shell::open`]; where there is nothing to open, all stays as it is.
    fn try_open(&mut self, id_or_path: &str) -> Result<(), Trouble> {
        self.session.open(id_or_path)?;
        self.fresh = true;
        self.knobs = Knobs::default();
        self.sandbox = Sandbox::default();
        self.library.trouble = None;
        Ok(())
    }

    /// Lets `seconds` pass: playing goes on, runs come in. Call once a frame, before drawing.
    pub fn update(&mut self, context: &egui::Context, seconds: f64) {
        self.session.wake(context);
        if self.applied.is_none() {
            super::fonts::install(context);
        }
        self.fit(context.content_rect().size());
        if self.applied.as_ref() != Some(&self.theme) {
            self.theme.apply(context);
            self.applied = Some(self.theme.clone());
        }
        self.exporter.update();
        let now = Instant::now();
        if let Some(presenting) = &mut self.presenting {
            presenting.told = presenting.told.filter(|_| presenting.told_until().is_some_and(|until| until > now));
        }
        if self.session.update() {
            self.take_in_run();
        }
        self.take_in_text();
        if self.machine.update(context, self.tab == Tab::MyMachine) {
            self.session.measured = self.machine.saved.profile.clone();
            self.session.reload();
        }
        self.keep_pace();
        if let Some(recording) = &self.session.recording {
            self.playback.advance(seconds, &recording.moments);
        }
        self.keep_answers();
        self.look();
        self.keep_settings();
    }

    /// Text grows with the window: what can be read on a desk can be read on a wall.
    fn fit(&mut self, size: egui::Vec2) {
        let factor = if size.is_finite() { (size.y / 1000.0).min(size.x / 1600.0).clamp(1.0, 2.5) } else { 1.0 };
        // In steps, so that dragging the window's edge does not fill the font's texture with sizes.
        self.factor = (factor * 20.0).floor() / 20.0;
        self.theme = self.fitting();
    }

    fn fitting(&self) -> Theme {
        let room = if self.presenting.is_some() { Presenting::TEXT } else { 1.0 };
        let theme = theme_of(&self.settings);
        let scale = theme.scale * self.factor * room;
        theme.scaled(scale)
    }

    /// Waits for the run under way and takes it in. For tests and pictures without a window.
    pub fn finish_run(&mut self) {
        if self.session.finish() {
            self.take_in_run();
        }
        self.take_in_text();
        self.look();
    }

    /// What the scene of the walkthrough is about.
    pub(super) fn topic(&self) -> scenario::Topic {
        let recording = self.session.recording.as_deref().filter(|_| self.tab == Tab::Walkthrough);
        let step = recording.and_then(|recording| recording.scenario.walkthrough.get(self.walk.scene()));
        step.map_or_else(scenario::Topic::default, scenario::Step::topic)
    }

    /// What the scene asks. Once it is answered and its flag is reached the bars say what the answer says.
    pub(super) fn asked_here(&self) -> Option<scenario::Asked> {
        let recording = self.session.recording.as_deref().filter(|_| self.tab == Tab::Walkthrough)?;
        let shown = self.walk.answered() && self.scene_played() && !self.playback.playing();
        recording.asked(self.walk.scene(), shown, self.walk.prediction().is_none())
    }

    /// Where everything is in the picture, once it has been drawn.
    pub fn layout(&self) -> Option<&super::scene::Layout> {
        self.scene.as_ref().and_then(Scene::layout)
    }

    /// When to draw again without being asked.
    pub fn wake(&self) -> Wake {
        self.wake_at(Instant::now())
    }

    /// As [`Shell::wake`], at a moment of the clock on the wall.
    pub fn wake_at(&self, now: Instant) -> Wake {
        let told = self.presenting.and_then(|presenting| presenting.told_until());
        if self.playback.playing() {
            Wake::Now
        } else if self.session.progress().is_some() || self.exporter.progress().is_some() || self.knobs.working() {
            Wake::After(Duration::from_millis(100))
        } else if self.tab == Tab::MyMachine && self.machine.counts(now) {
            Wake::After(LIVE)
        } else if self.unsaved_since.is_some() {
            Wake::After(Duration::from_secs(1))
        } else if let Some(until) = told.filter(|until| *until > now) {
            Wake::After(until - now)
        } else {
            Wake::Never
        }
    }

    /// A text was read: the editor shows it, unless that would throw away what was typed.
    fn take_in_text(&mut self) {
        if let Some(text) = self.session.take_text().filter(|_| !self.sandbox.changed()) {
            self.sandbox.open(&text);
        }
    }

    /// Whether the picture is of a text that was edited, and not saved since.
    pub fn edited(&self) -> bool {
        self.session.ran().is_some_and(|ran| ran != self.sandbox.opened && self.sandbox.tried == ran)
    }

    /// Whether a command would lose the edited text.
    fn loses_text(&self, command: &Command) -> bool {
        self.sandbox.changed() && matches!(command, Command::Quit | Command::OpenScenario(_))
    }

    /// A new run: another machine, another trace; the place in time and in the walkthrough stays if it was only
    /// edited.
    fn take_in_run(&mut self) {
        let Some(recording) = &self.session.recording else { return };
        self.runs += 1;
        self.runs_kept.take_in(Kept::of(recording));
        self.scene = Some(recording.scene());
        let scenes = recording.scenario.walkthrough.len();
        self.part = None;
        self.cursor = None;
        self.tree = std::mem::take(&mut self.tree).of_another();
        if self.fresh {
            self.fresh = false;
            self.walk = Walk::new(scenes);
            self.selection = Selection::Auto;
            (self.follow, self.solo, self.lens) = (None, false, false);
            self.lanes = LanesState::default();
            self.view = View::default();
            self.playback.seek(Time::ZERO, &recording.moments);
            self.playback.stop_at = None;
            self.enter_scene();
        } else {
            self.walk = std::mem::take(&mut self.walk).resized(scenes);
            // What was seen to its end is to be seen to its end with a knob turned as well.
            let turned = recording.turned.is_some() || self.knobs.at().is_some();
            let until = recording.played.get(self.walk.scene()).map_or(recording.moments.end(), |played| played.until);
            let time = if turned && self.playback.seen_to_its_end() { until } else { self.playback.time() };
            self.playback.seek(time, &recording.moments);
            self.playback.stop_at = None;
            if matches!(self.selection, Selection::Journey(_) | Selection::Part(_)) {
                self.selection = Selection::Auto;
            }
        }
        // A run as its text has it: no knob is turned in it, and what came at their stops was of another text.
        if std::mem::take(&mut self.session.as_written) {
            self.knobs = Knobs::default();
        }
    }

    /// Whether a panel is open behind the other, since only one has room.
    fn hidden(&self, side: Side) -> bool {
        let (left, right) = (self.settings.left.open, self.settings.right.open);
        self.cramped && left && right && side != Side::Bottom && self.front != side
    }

    /// What the inspector shows, as a line of the machine's list.
    pub(super) fn tree_item(&self) -> Option<Item> {
        match self.selection {
            Selection::Part(id) => Some(Item::Part(id)),
            Selection::Journey(id) => Some(Item::Operation(id)),
            Selection::Follow(_) | Selection::Auto => None,
        }
    }

    /// Which of two panels a command is about, where only one has room.
    fn bring_forward(&mut self, command: &Command) {
        use Command::*;
        match command {
            SelectJourney(_) | SelectComponent(_) | SelectEvent(_) | Hop(_) | Stack(_) | SeenFrom(_) => {
                self.front = Side::Right;
            }
            NextScene | PreviousScene | Scene(_) | ReplayScene | Closing | Predict(_) | Correct | OpenScenario(_)
            | Dismiss | Open(_) | RunText => self.front = Side::Left,
            PlayPause if self.unanswered() => self.front = Side::Left,
            _ => {}
        }
    }

    /// Does what was asked for.
    pub fn apply(&mut self, command: Command) {
        if self.loses_text(&command) {
            self.asking = Some(command);
            return;
        }
        self.bring_forward(&command);
        if let Some(presenting) = &mut self.presenting {
            presenting.told = None;
        }
        match command {
            Command::PlayPause => self.play_or_pause(),
            Command::StepForward | Command::StepBack | Command::Start | Command::End | Command::Seek(_) => {
                self.move_in_time(&command)
            }
            Command::StepBy(kind) => self.playback.step.kind = kind,
            Command::StepCount(count) => self.playback.step.count = count.clamp(1, Step::MAX_COUNT),
            Command::StepTime(time) => self.playback.step.time = time.max(Time(1)),
            Command::StepMore(by) => {
                let count = i64::from(self.playback.step.count) + i64::from(by);
                self.playback.step.count = count.clamp(1, i64::from(Step::MAX_COUNT)) as u32;
            }
            Command::Faster(factor) => self.playback.clock.faster(factor),
            Command::PerSecond(ps) => self.playback.clock.set_per_second(ps),
            Command::Speed(speed) => self.playback.clock.set_speed(speed),
            Command::Pace(pace) => self.playback.clock.pace = pace,
            Command::TogglePace => {
                self.playback.clock.pace = match self.playback.clock.pace {
                    Pace::Paced => Pace::Proportional,
                    Pace::Proportional => Pace::Paced,
                }
            }
            Command::Open(tab) => {
                self.tab = tab;
                // What was told on one page is not told on the next.
                self.exporter.close();
            }
            Command::NextScene => self.go_to_scene(self.walk.scene() + 1),
            Command::PreviousScene => self.go_to_scene(self.walk.scene().saturating_sub(1)),
            Command::Scene(scene) => self.go_to_scene(scene),
            Command::Predict(choice) => self.predict(choice),
            Command::Turn(place, stop) => self.turn(place, stop),
            Command::ReplayScene => self.replay_scene(),
            Command::Closing => {
                let scenes = self.session.recording.as_ref().map_or(0, |r| r.scenario.walkthrough.len());
                self.go_to_scene(scenes);
            }
            Command::Correct => self.correct(),
            Command::OpenScenario(id) => {
                // What was typed in the library is put right where it was typed.
                match self.try_open(&id) {
                    Ok(()) => self.tab = Tab::Walkthrough,
                    Err(trouble) if self.tab == Tab::Library => {
                        (self.library.trouble, self.library.ask) = (Some(trouble), true);
                    }
                    Err(trouble) => self.session.trouble = Some(trouble),
                }
            }
            Command::AskForFile => {
                self.tab = Tab::Library;
                self.library.ask = true;
            }
            Command::Reload => self.session.reload(),
            Command::RunText => self.run_text(),
            Command::SaveText if self.tab == Tab::Sandbox => self.save_text(),
            Command::SaveText => {}
            Command::RevertText => self.revert_text(),
            Command::AsItCame => self.run_as_it_came(),
            Command::LoseText => {
                if let Some(command) = self.asking.take() {
                    self.sandbox.opened = self.sandbox.text.clone();
                    self.apply(command);
                }
            }
            Command::SaveFirst => {
                self.save_text();
                match self.sandbox.changed() {
                    true => self.asking = None,
                    false => self.apply(Command::LoseText),
                }
            }
            Command::KeepText => self.asking = None,
            Command::CancelRun => self.session.cancel(),
            // Where the other one stands before it, it comes forward.
            Command::TogglePanel(side) if self.hidden(side) => self.front = side,
            Command::TogglePanel(side) => {
                let panel = match side {
                    Side::Left => &mut self.settings.left,
                    Side::Right => &mut self.settings.right,
                    Side::Bottom => &mut self.settings.bottom,
                };
                panel.open = !panel.open;
            }
            Command::ToggleList => {
                self.settings.list = !self.settings.list;
                self.tree.left = !self.settings.list;
                if let (true, Some(recording)) = (self.settings.list, &self.session.recording) {
                    let shown = self.tree_item().or(self.cursor.map(Item::Part));
                    if let Some(Item::Part(id)) = shown {
                        self.tree.reveal(recording.topology(), id);
                    }
                    self.tree.at = shown.or(self.tree.at);
                    self.tree.enter = true;
                }
            }
            Command::ToggleTheme => self.settings.dark = !self.settings.dark,
            Command::TextSize(by) => self.settings.text_percent = self.settings.text_step(by),
            Command::ToggleMotion => self.settings.reduced_motion = !self.settings.reduced_motion,
            Command::ToggleShortcuts => (self.shortcuts, self.costs) = (!self.shortcuts, false),
            Command::Dismiss if !self.close() => {
                (self.follow, self.solo) = (None, false);
                self.apply(Command::Follow);
            }
            Command::Dismiss => {}
            Command::Close => {
                self.close();
            }
            Command::ZoomLanes(factor) => self.zoom_lanes(factor),
            Command::FitLanes => self.lanes.window = None,
            Command::FitScene => self.view = View::default(),
            Command::SelectJourney(journey) => self.selection = Selection::Journey(journey),
            Command::SelectComponent(component) => {
                self.selection = Selection::Part(component);
                // Whoever comes to the picture by keyboard goes on from there.
                self.cursor = Some(component);
            }
            Command::Follow => self.selection = self.shown_stack().map_or(Selection::Auto, Selection::Follow),
            Command::FollowColumn(stack) => self.follow_column(stack, false),
            Command::Solo(stack) => self.follow_column(stack, !(self.solo && self.follow == Some(stack))),
            Command::SelectEvent(hop) => self.select_event(hop),
            Command::ShowBelow(below) => {
                let again = self.settings.bottom.open && self.below == below;
                self.below = if again { Below::Lanes } else { below };
                self.settings.bottom.open = true;
            }
            Command::Search => {
                (self.below, self.settings.bottom.open) = (Below::Events, true);
                self.events.ask = true;
            }
            Command::KeepRun => {
                self.runs_kept.keep();
                (self.below, self.settings.bottom.open) = (Below::Comparison, true);
            }
            Command::ShowCosts => (self.costs, self.shortcuts) = (!self.costs, false),
            Command::Present => {
                self.presenting = self.presenting.is_none().then(Presenting::new);
                self.tab = Tab::Walkthrough;
            }
            Command::Onward(by) => self.onward(by),
            Command::Blank => self.presenting.iter_mut().for_each(|presenting| presenting.blank ^= true),
            Command::Spotlight => self.presenting.iter_mut().for_each(|presenting| presenting.spotlight ^= true),
            Command::Hop(by) => self.go_to_hop(by),
            Command::Stack(by) => self.follow_stack(by),
            Command::SeenFrom(index) => {
                // The same again takes the lens away.
                self.lens = !(self.lens && self.seen_from == index);
                self.seen_from = index;
            }
            Command::Measure(plan) => self.start(Task::Measure(plan)),
            Command::Compare(work) => self.start(Task::Compare(work)),
            Command::StopMeasuring if self.tab == Tab::MyMachine => self.machine.stop(),
            Command::ExportProfile if self.tab == Tab::MyMachine => self.machine.export_profile(),
            Command::StopMeasuring | Command::ExportProfile => {}
            Command::Export(what) => self.export(what),
            Command::Quit => {
                self.machine.leave();
                self.quit = true;
            }
        }
        self.keep_pace();
        self.keep_answers();
        self.theme = self.fitting();
    }

    /// Starts what measures; its keys count on its page only.
    fn start(&mut self, task: Task) {
        if self.tab == Tab::MyMachine {
            self.machine.start(task);
        }
    }

    fn move_in_time(&mut self, command: &Command) {
        let Some(recording) = &mut self.session.recording else { return };
        let moments = &recording.moments;
        match command {
            Command::Start => self.playback.seek(Time::ZERO, moments),
            Command::End => self.playback.seek(moments.end(), moments),
            Command::Seek(time) => self.playback.seek(*time, moments),
            Command::StepForward => {
                let last = recording.outcome.events;
                self.playback.step_forward(&mut recording.outcome.history, &mut Recorder::discard(), moments, last);
            }
            Command::StepBack => {
                self.playback.step_back(&mut recording.outcome.history, &mut Recorder::discard());
            }
            _ => {}
        }
    }

    fn export(&mut self, what: What) {
        let Some(recording) = &self.session.recording else { return };
        let choices = Choices { follow: self.follow, theme: self.theme.clone(), ..Choices::new() };
        self.exporter.start(what, recording, self.playback.time(), choices, self.session.path());
    }

    fn run_text(&mut self) {
        if self.tab != Tab::Sandbox {
            return;
        }
        let name = self.session.recording.as_ref().map_or("sandbox.ron".to_owned(), |r| r.source.name.clone());
        self.sandbox.tried = self.sandbox.text.clone();
        let name = if self.session.recording.as_ref().is_some_and(|r| r.source.text == self.sandbox.text) {
            name
        } else {
            EDITED.to_owned()
        };
        self.session.run(scenario::Source { name, text: self.sandbox.text.clone() });
    }

    fn revert_text(&mut self) {
        if let Some(text) = self.sandbox.before(self.session.ran()).map(str::to_owned) {
            (self.sandbox.tried, self.sandbox.text) = (text.clone(), text);
            self.session.trouble = None;
        }
    }

    /// Runs the scenario as it was opened. What was typed stays in the editor.
    fn run_as_it_came(&mut self) {
        let Some(recording) = &self.session.recording else { return };
        let name = format!("{}.ron", recording.scenario.id);
        self.session.run(scenario::Source { name, text: self.sandbox.opened.clone() });
    }

    fn save_text(&mut self) {
        let Some(path) = self.session.path() else {
            let title = "The text is not saved: it has no file".to_owned();
            let message = "This scenario came with Strata. Copy the text (Ctrl+A, Ctrl+C) into a file of your own and \
                           open that with Ctrl+O; from then on Ctrl+S saves it"
                .to_owned();
            let detail = super::session::Detail { message, ..Default::default() };
            self.session.trouble = Some(super::session::Trouble { title, details: vec![detail] });
            return;
        };
        match crate::files::write(path, &[], |out| out.write_all(self.sandbox.text.as_bytes())) {
            // The watcher sees the change and runs it.
            Ok(()) => self.sandbox.open(&self.sandbox.text.clone()),
            Err(error) => {
                let message = format!("{error}; {}", error.advice());
                let detail = super::session::Detail { message, ..Default::default() };
                let title = "The text is not saved".to_owned();
                self.session.trouble = Some(super::session::Trouble { title, details: vec![detail] });
            }
        }
    }

    /// Closes what lies over or beside the picture. Returns false if there was nothing.
    fn close(&mut self) -> bool {
        if self.asking.is_some() {
            self.asking = None;
        } else if self.shortcuts {
            self.shortcuts = false;
        } else if self.costs {
            self.costs = false;
        } else if self.exporter.dismiss() {
            // The first press closes what was told of the export, or stops it.
        } else if self.session.trouble.is_some() {
            self.session.trouble = None;
        } else if self.session.progress().is_some() {
            self.session.cancel();
        } else if self.tab == Tab::Library && self.library.trouble.is_some() {
            self.library.trouble = None;
        } else if self.lens && self.tab == Tab::Walkthrough {
            self.lens = false;
        } else if self.tab == Tab::MyMachine {
            self.machine.notice = None;
            self.machine.replace_full = false;
            self.machine.opened = None;
        } else {
            return self.close_beside();
        }
        true
    }

    /// Closes what a key has opened in the place of the picture or of the lanes. Returns false if there was nothing.
    fn close_beside(&mut self) -> bool {
        if !matches!(self.tab, Tab::Walkthrough | Tab::Sandbox) || self.presenting.is_some() {
            return false;
        }
        if self.settings.list {
            (self.settings.list, self.tree.left) = (false, true);
        } else if self.settings.bottom.open && self.below != Below::Lanes {
            self.below = Below::Lanes;
        } else {
            return false;
        }
        true
    }

    /// Follows a column that there is, alone or among the others.
    fn follow_column(&mut self, stack: StackId, solo: bool) {
        let stacks = self.session.recording.as_ref().map_or(0, |recording| recording.topology().stacks.len());
        if stack.index() < stacks {
            (self.follow, self.solo) = (Some(stack), solo);
            self.selection = Selection::Follow(stack);
        }
    }

    /// Goes to where an event begins and opens what it belongs to.
    fn select_event(&mut self, id: HopId) {
        let Some(recording) = &self.session.recording else { return };
        let Some(hop) = recording.trace().hops.get(id.index()) else { return };
        let (start, journey, component) = (hop.start, hop.journey.some(), hop.component);
        self.apply(Command::Seek(start));
        self.selection = journey.map_or(Selection::Part(component), Selection::Journey);
    }

    fn zoom_lanes(&mut self, factor: f64) {
        let Some(recording) = &self.session.recording else { return };
        let end = recording.moments.end();
        let window = self.lanes.window.unwrap_or(Window::whole(end));
        let share = window.share(self.playback.time());
        let share = if (0.0..=1.0).contains(&share) { share } else { 0.5 };
        self.lanes.window = Some(window.zoom(factor, share, end));
    }

    fn go_to_hop(&mut self, by: i32) {
        let Some(view) = &self.journey else { return };
        let begun = view.stations.partition_point(|station| station.start <= view.now) as i64;
        let wanted = (begun - 1 + i64::from(by)).clamp(0, view.stations.len() as i64 - 1);
        let start = usize::try_from(wanted).ok().and_then(|i| view.stations.get(i)).map(|station| station.start);
        let id = view.id;
        if let Some(start) = start {
            self.selection = Selection::Journey(id);
            self.apply(Command::Seek(start));
        }
    }

    fn follow_stack(&mut self, by: i32) {
        let Some(recording) = &self.session.recording else { return };
        let count = recording.topology().stacks.len() as i64;
        if count > 0 {
            let at = self.shown_stack().map_or(-1, |stack| i64::from(stack.0));
            self.selection = Selection::Follow(StackId((at + i64::from(by)).rem_euclid(count) as u32));
        }
    }

    /// Writes changed settings a second after the last change.
    fn keep_settings(&mut self) {
        self.settings.step = self.playback.step;
        self.settings.pace = self.playback.clock.pace;
        self.settings.ps_per_second = self.playback.clock.per_second().as_ps() as f64;
        self.settings.speed = self.playback.clock.speed();
        if self.settings == self.saved {
            self.unsaved_since = None;
        } else if self.unsaved_since.is_none() {
            self.unsaved_since = Some(Instant::now());
        }
    }

    /// The settings, if they are due to be written.
    pub fn settings_to_save(&mut self, leaving: bool) -> Option<Settings> {
        let due = self.unsaved_since.is_some_and(|since| since.elapsed() >= Duration::from_millis(900));
        if (due || leaving) && self.settings != self.saved {
            self.saved = self.settings.clone();
            self.unsaved_since = None;
            return Some(self.saved.clone());
        }
        None
    }
}

/// What a text is called that is no longer the file's.
const EDITED: &str = "The edited text";

fn theme_of(settings: &Settings) -> Theme {
    let theme = if settings.dark { Theme::dark() } else { Theme::light() };
    theme.scaled(settings.text_percent as f32 / 100.0)
}
