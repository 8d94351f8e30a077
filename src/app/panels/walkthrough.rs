//! The left panel: what is said in a scene, the prediction, what the model leaves out, the way through the scenes.

use std::sync::LazyLock;

use egui::{Align, Layout, RichText, ScrollArea, Sense, Stroke, Ui, Vec2};
use egui_phosphor::regular as icon;

use super::knobs::{Turning, knobs_ui};
use super::widgets::{body, card, eyebrow_ui, fade_ui, heading_ui, keys_scroll, note, segments_ui, title_ui};
use crate::app::command::{self, Command};
use crate::app::hint;
use crate::app::markdown;
use crate::app::theme::{TextRole, Theme};
use crate::app::walk::{PredictionState, Walk};
use crate::engine::Time;
use crate::scenario::{Answer, Played, Predict, Scenario, Scene, Step};

/// What the panel shows.
#[derive(Clone, Copy, Debug)]
pub struct Guide<'a> {
    /// The scenario.
    pub scenario: &'a Scenario,
    /// Where the learner is.
    pub walk: &'a Walk,
    /// By scene: the answer to its question.
    pub answers: &'a [Option<Answer>],
    /// What the scene shows of the run.
    pub played: Option<Played>,
    /// Where the scene began, if that was a step back in time.
    pub back_to: Option<Time>,
    /// How often to play was asked for before a prediction was given.
    pub asked: u32,
    /// Whether time runs.
    pub playing: bool,
    /// Whether Space goes on to the next scene.
    pub at_end: bool,
    /// The id of the costs that the run was made with.
    pub costs: &'a str,
    /// What can be turned.
    pub turning: Turning<'a>,
}

impl Guide<'_> {
    fn answer(&self) -> Option<&Answer> {
        self.answers.get(self.walk.scene()).and_then(Option::as_ref)
    }
}

/// Draws the panel.
pub fn walkthrough_ui(ui: &mut Ui, guide: Guide<'_>, theme: &Theme) -> Vec<Command> {
    let mut out = Vec::new();
    if guide.scenario.walkthrough.is_empty() {
        no_walkthrough_ui(ui, guide.scenario, theme, &mut out);
        return out;
    }
    // What Space does is in view however long the text is.
    let scene = guide.scenario.walkthrough.get(guide.walk.scene());
    let footer = (44.0 + if scene.is_some() { 24.0 } else { 0.0 }) * theme.scale;
    let height = (ui.available_height() - footer).max(40.0);
    let next = match scene {
        Some(step) => {
            let in_view = scene_ui(ui, guide, step, height, theme, &mut out);
            Some(what_next(guide, step, in_view))
        }
        None => {
            closing_ui(ui, guide, height, theme, &mut out);
            None
        }
    };
    ui.with_layout(Layout::bottom_up(Align::Min), |ui| {
        way_ui(ui, guide, theme, &mut out);
        if let Some(text) = next {
            ui.add(egui::Label::new(note(text, theme).color(theme.accent)).truncate());
        }
    });
    out
}

/// How high the parts of a scene were when they were last drawn: what stands above the text, that and the text, and the
/// prediction.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Halves {
    head: f32,
    said: f32,
    asked: f32,
}

/// How a scene's text and its question share the panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Share {
    /// One below the other, all in view or scrolled together.
    Together,
    /// The question stands below, always in view; the text above it scrolls.
    Below,
    /// One at a time, whole: the panel is too low for both.
    Pages,
}

/// So many lines of the text are left above a question, or each has the panel for itself.
const LEAST_LINES: f32 = 9.0;
/// What is between text and question.
const BETWEEN: f32 = 14.0;

impl Share {
    fn of(halves: Halves, height: f32, theme: &Theme) -> Share {
        let line = theme.size(TextRole::Body) * 1.3;
        let left = height - halves.head - halves.asked - BETWEEN;
        match () {
            () if halves.asked == 0.0 || halves.said + BETWEEN + halves.asked <= height => Share::Together,
            () if left >= LEAST_LINES * line => Share::Below,
            () => Share::Pages,
        }
    }
}

/// The pages of a scene that has not room for both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Page {
    Text,
    Question,
}

/// What the learner has chosen to see, and what had happened when they did: after that the page turns by itself.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Turned {
    page: Page,
    when: (u32, bool, bool),
}

impl Guide<'_> {
    /// Whether play was asked for, a prediction given, the answer shown.
    fn so_far(&self) -> (u32, bool, bool) {
        (self.asked, self.walk.prediction().is_some(), self.walk.answered())
    }

    /// The page that is shown: what was turned to last, by hand or by what has happened.
    fn page(&self, turned: Option<Turned>) -> Page {
        match turned.filter(|turned| turned.when == self.so_far()) {
            Some(turned) => turned.page,
            // Whom a wrong answer led here is to read, and finds the way back there.
            None if self.walk.asked_in().is_some() => Page::Text,
            None if self.asked > 0 || self.walk.prediction().is_some() => Page::Question,
            None => Page::Text,
        }
    }
}

/// What is said, the prediction, and what the model leaves out, in `height`. Gives back whether the question is in view,
/// if there is one.
fn scene_ui(ui: &mut Ui, guide: Guide<'_>, step: &Step, height: f32, theme: &Theme, out: &mut Vec<Command>) -> bool {
    let scene = guide.walk.scene();
    // Another width or another size of text, other heights.
    let known = ui.id().with(("halves", scene, theme.scale.to_bits(), ui.available_width() as i32));
    let before: Halves = ui.data(|data| data.get_temp(known)).unwrap_or_default();
    let mut now = before;
    let ask = step.predict.as_ref();
    let share = if ask.is_some() { Share::of(before, height, theme) } else { Share::Together };
    let turned = ui.id().with(("page", scene));
    let page = guide.page(ui.data(|data| data.get_temp(turned)));
    if share == Share::Pages
        && let Some(page) = pages_ui(ui, guide, page, theme)
    {
        ui.data_mut(|data| data.insert_temp(turned, Turned { page, when: guide.so_far() }));
        ui.ctx().request_repaint();
    }
    let height = if share == Share::Pages { height - pages_height(theme) } else { height };
    let mut question_ui = |ui: &mut Ui, predict: &Predict, out: &mut Vec<Command>| {
        let top = ui.cursor().top();
        predict_ui(ui, guide, predict, theme, out);
        now.asked = ui.cursor().top() - top;
    };
    if let (Some(predict), Share::Pages, Page::Question) = (ask, share, page) {
        let area = ScrollArea::vertical().id_salt(("question", scene)).max_height(height);
        let shown = area.auto_shrink([false, false]).show(ui, |ui| question_ui(ui, predict, out));
        fade_ui(ui, &shown, theme.panel, theme);
        keys_scroll(ui, &shown, "The question");
    } else {
        let asked = if share == Share::Below { before.asked + BETWEEN } else { 0.0 };
        let area = ScrollArea::vertical().id_salt(("scene", scene)).max_height(height - asked);
        let (mut head, mut said) = (0.0, 0.0);
        let shown = area.auto_shrink([false, false]).show(ui, |ui| {
            let top = ui.cursor().top();
            if share != Share::Pages {
                eyebrow_ui(ui, &eyebrow(guide), theme);
            }
            let title = ui.cursor().top();
            title_ui(ui, &step.title, theme);
            ui.add_space(6.0);
            // Only what is there however the panel is shared, and on each visit: else one way of sharing asks for another.
            head = ui.cursor().top() - title;
            where_ui(ui, guide, step, theme, out);
            say_ui(ui, guide.scenario, &step.say, theme, out);
            said = ui.cursor().top() - top;
            if let Some(predict) = ask.filter(|_| share == Share::Together) {
                ui.add_space(BETWEEN);
                question_ui(ui, predict, out);
            }
            // What was asked is answered before anything is turned.
            if step.predict.is_none() || guide.walk.answered() {
                turning_ui(ui, guide, theme, out);
            }
            left_out_ui(ui, guide.scenario, step, theme, out);
        });
        fade_ui(ui, &shown, theme.panel, theme);
        keys_scroll(ui, &shown, "What is said");
        if let Some(predict) = ask.filter(|_| share == Share::Below) {
            ui.add_space((BETWEEN - ui.spacing().item_spacing.y).max(0.0));
            question_ui(ui, predict, out);
        }
        (now.head, now.said) = (head, said);
    }
    if now != before {
        ui.data_mut(|data| data.insert_temp(known, now));
        ui.ctx().request_repaint();
    }
    share != Share::Pages || page == Page::Question
}

/// "Step 4 of 9".
fn eyebrow(guide: Guide<'_>) -> String {
    format!("Step {} of {}", guide.walk.scene() + 1, guide.scenario.walkthrough.len())
}

fn pages_height(theme: &Theme) -> f32 {
    34.0 * theme.scale
}

/// Where the scene is, and its two pages. Gives back the page that was turned to.
fn pages_ui(ui: &mut Ui, guide: Guide<'_>, page: Page, theme: &Theme) -> Option<Page> {
    let mut turned = None;
    let size = Vec2::new(ui.available_width(), pages_height(theme) - ui.spacing().item_spacing.y);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        let second = if guide.walk.answered() { "Answer" } else { "Predict" };
        turned = segments_ui(ui, &["Read", second], usize::from(page == Page::Question), theme);
        let step = format!("{} / {}", guide.walk.scene() + 1, guide.scenario.walkthrough.len());
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| ui.label(note(step, theme)));
    });
    turned.map(|index| if index == 0 { Page::Text } else { Page::Question })
}

/// How the scene came to be where it is: from a wrong answer, back in time, or not at all.
fn where_ui(ui: &mut Ui, guide: Guide<'_>, step: &Step, theme: &Theme, out: &mut Vec<Command>) {
    if let Some(scene) = guide.walk.asked_in() {
        let title = guide.scenario.walkthrough.get(scene).map_or("the question", |step| &step.title);
        let text = body(format!("{} Back to the question: {title}", icon::ARROW_LEFT), theme).color(theme.accent);
        if ui.add(egui::Button::new(text).wrap()).clicked() {
            out.push(Command::Scene(scene));
        }
        ui.add_space(4.0);
    }
    let happens = guide.played.is_none_or(|played| played.happens);
    let text = match (happens, guide.back_to) {
        (false, _) => {
            "What this scene waits for does not happen under these costs: there is nothing to play".to_owned()
        }
        (true, Some(time)) => {
            let whose = step.follow.as_ref().map_or(String::new(), |of| format!(", where “{}” begins", of.name));
            format!("{} Back in time: this scene starts at {time}{whose}", icon::CLOCK_COUNTER_CLOCKWISE)
        }
        (true, None) => return,
    };
    let said = ui.label(note(text, theme).color(theme.text));
    ui.ctx().accesskit_node_builder(said.id, |node| node.set_live(egui::accesskit::Live::Polite));
    ui.add_space(6.0);
}

/// What Space does now. `in_view`: whether the question can be seen, if there is one.
fn what_next(guide: Guide<'_>, step: &Step, in_view: bool) -> &'static str {
    let open = step.predict.is_some() && guide.walk.prediction().is_none();
    let last = guide.walk.scene() + 1 == guide.scenario.walkthrough.len();
    match (guide.at_end, guide.playing, open) {
        (true, _, _) if last => "Space goes on to the end",
        (true, _, _) => "Space goes on to the next scene",
        (_, true, _) => "Space pauses",
        (_, _, true) if !in_view => "Space leads to the question",
        (_, _, true) => "Choose an answer, then Space plays",
        _ => "Space plays this scene",
    }
}

/// The page at the end: what was predicted and what came, what to do next, one link.
fn closing_ui(ui: &mut Ui, guide: Guide<'_>, height: f32, theme: &Theme, out: &mut Vec<Command>) {
    let next = guide.scenario.closing.as_ref().and_then(|closing| closing.next.as_deref());
    let link = if next.is_some() { 40.0 * theme.scale } else { 0.0 };
    let area =
        ScrollArea::vertical().id_salt("closing").max_height((height - link).max(40.0)).auto_shrink([false, false]);
    let shown = area.show(ui, |ui| {
        eyebrow_ui(ui, "The end", theme);
        title_ui(ui, &guide.scenario.title, theme);
        // What can be turned is in view, however much there was to predict.
        if guide.scenario.closing.is_some() {
            turning_ui(ui, guide, theme, out);
        }
        ui.add_space(6.0);
        heading_ui(ui, "What you predicted, and what came", theme);
        for (scene, step) in guide.scenario.walkthrough.iter().enumerate() {
            let answer = guide.answers.get(scene).and_then(Option::as_ref);
            if let (Some(predict), Some(answer)) = (&step.predict, answer) {
                summary_ui(ui, scene, predict, answer, guide.walk, theme, out);
            }
        }
        ui.add_space(10.0);
        ui.label(note(format!("Costs of this run: {}", guide.costs), theme));
        if let Some(turned) = &guide.turning.run.turned {
            let text = format!("The picture shows a run with {}. What came above is without that", turned.words);
            ui.label(note(text, theme).color(theme.text));
        }
        if let Some(closing) = &guide.scenario.closing {
            ui.add_space(8.0);
            say_ui(ui, guide.scenario, &closing.say, theme, out);
        }
    });
    fade_ui(ui, &shown, theme.panel, theme);
    keys_scroll(ui, &shown, "What came of it");
    // The link is in view however much was predicted.
    if let Some(next) = next {
        let title = crate::scenario::library().iter().find(|b| b.id == next).map_or("", |b| b.title());
        let text = body(format!("Next: {title} {}", icon::ARROW_RIGHT), theme).color(theme.accent);
        if ui.add(egui::Button::new(text).wrap()).clicked() {
            out.push(Command::OpenScenario(next.to_owned()));
        }
    }
}

/// One question: the prediction, and the answer. What has not been answered yet keeps its answer.
fn summary_ui(
    ui: &mut Ui,
    scene: usize,
    predict: &Predict,
    answer: &Answer,
    walk: &Walk,
    theme: &Theme,
    out: &mut Vec<Command>,
) {
    ui.add_space(8.0);
    ui.label(body(&predict.ask, theme).color(theme.text));
    let label = |i: usize| predict.choices.get(i).map_or("", |choice| choice.label.as_str());
    let (Some(given), true) = (walk.prediction_in(scene), walk.answered_in(scene)) else {
        ui.horizontal_wrapped(|ui| {
            ui.label(note("Not answered.", theme));
            if ui.link(note("Go to the question", theme).color(theme.accent)).clicked() {
                out.push(Command::Scene(scene));
            }
        });
        return;
    };
    let right = answer.correct_choice == Some(given);
    let (mark, color) = if right { (icon::CHECK, theme.namespace) } else { (icon::X, theme.alarm) };
    ui.label(body(format!("{mark} You: {}", label(given)), theme).color(color));
    let came = answer.correct_choice.map_or("none of the choices", label);
    let came = if right { answer.text.clone() } else { format!("{came}. {}", answer.text) };
    ui.label(body(format!("This run: {came}"), theme));
}

fn turning_ui(ui: &mut Ui, guide: Guide<'_>, theme: &Theme, out: &mut Vec<Command>) {
    let mut say = |ui: &mut Ui, text: &str, out: &mut Vec<Command>| say_ui(ui, guide.scenario, text, theme, out);
    knobs_ui(ui, guide.turning, guide.walk.scene(), theme, out, &mut say);
}

fn say_ui(ui: &mut Ui, scenario: &Scenario, text: &str, theme: &Theme, out: &mut Vec<Command>) {
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 9.0 * theme.scale;
        let size = theme.size(TextRole::Body);
        let followed = markdown::text_ui(ui, &linked(text), size, theme.text_body, theme);
        out.extend(followed.and_then(|target| go_to(ui, scenario, &target)));
    });
}

/// The text with a link wherever it names a built-in scenario: "play *Ping-pong* next" leads there.
fn linked(text: &str) -> String {
    static TITLES: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
        let library = crate::scenario::library().iter();
        library
            .map(|built_in| (format!("*{}*", built_in.title()), format!("[{}]({})", built_in.title(), built_in.id)))
            .collect()
    });
    TITLES.iter().fold(text.to_owned(), |text, (title, link)| text.replace(title, link))
}

/// Where a link leads: `#id` to a scene of this walkthrough, an id to a scenario, anything else to the browser.
fn go_to(ui: &Ui, scenario: &Scenario, target: &str) -> Option<Command> {
    if let Some(id) = target.strip_prefix('#') {
        let scene = scenario.walkthrough.iter().position(|step| step.id.as_deref() == Some(id));
        return scene.map(Command::Scene);
    }
    if crate::scenario::library().iter().any(|built_in| built_in.id == target) {
        return Some(Command::OpenScenario(target.to_owned()));
    }
    ui.ctx().open_url(egui::OpenUrl::new_tab(target));
    None
}

fn no_walkthrough_ui(ui: &mut Ui, scenario: &Scenario, theme: &Theme, out: &mut Vec<Command>) {
    let shown = ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        eyebrow_ui(ui, "Scenario", theme);
        title_ui(ui, &scenario.title, theme);
        ui.label(body(&scenario.teaches, theme));
        ui.add_space(10.0);
        ui.label(note("This scenario has no walkthrough. Play it, or step through it", theme));
        leaves_out_list_ui(ui, scenario, &scenario.leaves_out, theme, out);
    });
    keys_scroll(ui, &shown, "What is said");
}

/// The question, its choices, and once played the answer.
pub fn predict_ui(ui: &mut Ui, guide: Guide<'_>, predict: &Predict, theme: &Theme, out: &mut Vec<Command>) {
    let prediction = guide.walk.prediction();
    let revealed = guide.walk.answered();
    let frame = card(theme, theme.accent).inner_margin(egui::Margin::same((11.0 * theme.scale) as i8));
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = 5.0 * theme.scale;
        eyebrow_ui(ui, if revealed { "You predicted" } else { "Predict" }, theme);
        ui.label(body(&predict.ask, theme).color(theme.text));
        let correct = guide.answer().and_then(|answer| answer.correct_choice);
        for (index, choice) in predict.choices.iter().enumerate() {
            let state = choice_state(index, prediction, revealed.then_some(correct).flatten());
            choice_ui(ui, index, &choice.label, state, prediction.is_none(), theme, out);
        }
        if revealed {
            answer_ui(ui, guide, predict, theme, out);
        } else {
            let text = match (prediction.is_some(), guide.playing) {
                (false, _) if guide.asked > 0 => "First choose one, then Space plays. Or skip it with N".to_owned(),
                (false, _) => format!("Keys 1 to {}: your choice is locked in", predict.choices.len()),
                (true, false) => "Locked in. Space plays and shows the answer".to_owned(),
                (true, true) => "Locked in. Watch".to_owned(),
            };
            let wanted = guide.asked > 0 && prediction.is_none();
            let said = ui.label(note(text, theme).color(if wanted { theme.alarm } else { theme.text_muted }));
            ui.ctx().accesskit_node_builder(said.id, |node| node.set_live(egui::accesskit::Live::Polite));
        }
    });
}

fn choice_state(index: usize, prediction: Option<usize>, correct: Option<usize>) -> PredictionState {
    match (prediction == Some(index), correct) {
        (_, Some(right)) if right == index => PredictionState::Right,
        (true, Some(_)) => PredictionState::Wrong,
        (true, None) => PredictionState::Locked,
        (false, _) => PredictionState::Open,
    }
}

fn choice_ui(
    ui: &mut Ui,
    index: usize,
    label: &str,
    state: PredictionState,
    enabled: bool,
    theme: &Theme,
    out: &mut Vec<Command>,
) {
    let (fill, line, symbol) = match state {
        PredictionState::Open => (theme.control, theme.outline, None),
        PredictionState::Locked => (theme.chosen, theme.accent, None),
        PredictionState::Right => (theme.tint(theme.namespace), theme.namespace, Some((icon::CHECK, theme.namespace))),
        PredictionState::Wrong => (theme.alarm_fill, theme.alarm, Some((icon::X, theme.alarm))),
    };
    let width = ui.available_width();
    let pad = Vec2::new(10.0, 4.5) * theme.scale;
    let mark = if symbol.is_some() { 22.0 * theme.scale } else { 0.0 };
    let font = theme.font(TextRole::Body);
    let color = if enabled || state != PredictionState::Open { theme.text } else { theme.text_muted };
    // Its number is its key.
    let number = ui.painter().layout_no_wrap((index + 1).to_string(), font.clone(), theme.text_muted);
    let before = number.size().x + 8.0 * theme.scale;
    let room = (width - 2.0 * pad.x - mark - before).max(8.0);
    let galley = ui.painter().layout(label.to_owned(), font, color, room);
    let size = Vec2::new(width, galley.size().y + 2.0 * pad.y);
    let sense = if enabled { Sense::click() } else { Sense::hover() };
    let (rect, response) = ui.allocate_exact_size(size, sense);
    let chosen = state != PredictionState::Open;
    response.widget_info(|| egui::WidgetInfo::selected(egui::WidgetType::RadioButton, enabled, chosen, label));
    if enabled {
        hint::say(&response, || format!("Predicts this ({}). The first choice counts", index + 1));
    }
    let hovered = enabled && (response.hovered() || response.has_focus());
    let (fill, line) = if hovered { (theme.control_hovered, theme.accent) } else { (fill, line) };
    ui.painter().rect(rect, 5.0, fill, Stroke::new(1.0, line), egui::StrokeKind::Inside);
    ui.painter().galley(rect.min + pad, number, theme.text_muted);
    ui.painter().galley(rect.min + pad + Vec2::X * before, galley, color);
    if let Some((symbol, color)) = symbol {
        let font = egui::FontId::proportional(16.0 * theme.scale);
        ui.painter().text(
            rect.right_center() - egui::vec2(pad.x, 0.0),
            egui::Align2::RIGHT_CENTER,
            symbol,
            font,
            color,
        );
    }
    if response.clicked() {
        out.push(Command::Predict(index));
    }
}

fn answer_ui(ui: &mut Ui, guide: Guide<'_>, predict: &Predict, theme: &Theme, out: &mut Vec<Command>) {
    let (Some(answer), Some(chosen)) = (guide.answer(), guide.walk.prediction()) else { return };
    let right = answer.correct_choice == Some(chosen);
    let (word, color) = if right { ("Right", theme.namespace) } else { ("Not so", theme.alarm) };
    ui.label(
        RichText::new(format!("{word}. This run says, as a whole:")).font(theme.font(TextRole::Body)).color(color),
    );
    ui.label(body(&answer.text, theme).color(theme.text));
    if answer.correct_choice.is_none() {
        ui.label(note("No choice is right under these costs", theme));
    }
    // A link in view, before what has to be scrolled to.
    if !right && let Some(scene) = predict.correction(chosen) {
        let label = match scene {
            Scene::Step(index) => {
                guide.scenario.walkthrough.get(*index).map_or("the scene", |step| &step.title).to_owned()
            }
            Scene::Scenario(id) => {
                crate::scenario::library().iter().find(|b| b.id == *id).map_or(id.as_str(), |b| b.title()).to_owned()
            }
        };
        let text = body(format!("See why: {label} {}", icon::ARROW_RIGHT), theme).color(theme.accent).underline();
        if ui.add(egui::Link::new(text)).clicked() {
            out.push(Command::Correct);
        }
    }
    let why = |i: usize| predict.choices.get(i).and_then(|choice| choice.why.as_deref());
    // Why the chosen one is wrong, then why the right one is right.
    for text in [Some(chosen).filter(|_| !right), answer.correct_choice].into_iter().flatten().filter_map(why) {
        ui.add_space(3.0);
        say_ui(ui, guide.scenario, text, theme, out);
    }
}

fn left_out_ui(ui: &mut Ui, scenario: &Scenario, step: &Step, theme: &Theme, out: &mut Vec<Command>) {
    let items = if step.leaves_out.is_empty() { &scenario.leaves_out } else { &step.leaves_out };
    leaves_out_list_ui(ui, scenario, items, theme, out);
}

fn leaves_out_list_ui(ui: &mut Ui, scenario: &Scenario, items: &[String], theme: &Theme, out: &mut Vec<Command>) {
    if items.is_empty() {
        return;
    }
    ui.add_space(16.0);
    ui.label(RichText::new("What this model leaves out").font(theme.font(TextRole::Note)).color(theme.text_body));
    for item in items {
        let followed = markdown::text_ui(ui, item, theme.size(TextRole::Note), theme.text_muted, theme);
        out.extend(followed.and_then(|target| go_to(ui, scenario, &target)));
    }
}

/// Dots, one per scene, and the way to the next and the previous.
fn way_ui(ui: &mut Ui, guide: Guide<'_>, theme: &Theme, out: &mut Vec<Command>) {
    let (scene, count) = (guide.walk.scene(), guide.scenario.walkthrough.len());
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        let arrow = |ui: &mut Ui, symbol: &str, command: Command, enabled: bool, out: &mut Vec<Command>| {
            let text = RichText::new(symbol).font(egui::FontId::proportional(16.0 * theme.scale));
            let help = command::hint(ui.ctx(), &command);
            let response = ui.add_enabled(enabled, egui::Button::new(text));
            response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, enabled, &help));
            hint::say(&response, || help.clone());
            if response.clicked() {
                out.push(command);
            }
        };
        arrow(ui, icon::CARET_LEFT, Command::PreviousScene, scene > 0, out);
        ui.add_space(6.0);
        let room = ui.available_width() - 60.0 * theme.scale;
        let pitch = (room / count.max(1) as f32).clamp(2.0, 18.0 * theme.scale);
        for index in 0..count {
            dot_ui(ui, index, scene, pitch, &guide.scenario.walkthrough[index].title, theme, out);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if guide.at_end {
                let widgets = &mut ui.visuals_mut().widgets;
                for state in [&mut widgets.inactive, &mut widgets.hovered] {
                    (state.weak_bg_fill, state.bg_stroke) = (theme.chosen, Stroke::new(1.0, theme.accent));
                }
            }
            arrow(ui, icon::CARET_RIGHT, Command::NextScene, scene < count, out);
        });
    });
}

fn dot_ui(ui: &mut Ui, index: usize, scene: usize, pitch: f32, title: &str, theme: &Theme, out: &mut Vec<Command>) {
    let (rect, response) = ui.allocate_exact_size(Vec2::new(pitch, 26.0 * theme.scale), Sense::click());
    let label = format!("Scene {}: {title}", index + 1);
    response.widget_info(|| egui::WidgetInfo::selected(egui::WidgetType::RadioButton, true, index == scene, &label));
    let color = if index <= scene { theme.accent } else { theme.outline };
    let radius = (pitch * 0.28).min(4.5 * theme.scale);
    ui.painter().circle_filled(rect.center(), radius, color);
    if index == scene || response.hovered() || response.has_focus() {
        ui.painter().circle_stroke(rect.center(), radius + 3.0, Stroke::new(1.2, theme.accent));
    }
    hint::say(&response, || label.clone());
    if response.clicked() {
        out.push(Command::Scene(index));
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_scenario_that_is_named_is_a_link_to_it() {
        let one = &crate::scenario::library()[0];
        let text = format!("Now play *{}* next, *not* this.", one.title());
        assert_eq!(super::linked(&text), format!("Now play [{}]({}) next, *not* this.", one.title(), one.id));
    }
}
