//! The library: the built-in scenarios as cards, and a way to open a file.

use egui::{RichText, ScrollArea, Ui};
use egui_phosphor::regular as icon;

use super::widgets::{body, card, eyebrow_ui, keys_scroll, note, title_ui};
use crate::app::command::Command;
use crate::app::fonts;
use crate::app::hint;
use crate::app::rows::Rows;
use crate::app::session::Trouble;
use crate::app::theme::{TextRole, Theme};
use crate::scenario::{self, Scenario, Source};

/// A scenario on its card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What it teaches.
    pub teaches: String,
    /// The claims it answers.
    pub claims: Vec<String>,
    /// How many scenes its walkthrough has.
    pub scenes: usize,
}

/// The library and the path being typed.
#[derive(Clone, Debug, Default)]
pub struct Library {
    /// One per built-in scenario.
    pub cards: Vec<Card>,
    /// The path in the field.
    pub path: String,
    /// Whether the field is to get the keyboard.
    pub ask: bool,
    /// Why there is nothing to open at the path.
    pub trouble: Option<Trouble>,
    /// Whether the open scenario is to get it.
    pub enter: bool,
}

impl Library {
    /// The built-in scenarios.
    pub fn new() -> Library {
        let card = |built_in: &scenario::BuiltIn| {
            let source = Source { name: format!("{}.ron", built_in.id), text: built_in.source.to_owned() };
            // A built-in scenario that can't be parsed fails a test; here it has no card.
            let scenario = Scenario::parse(&source).ok()?;
            Some(Card {
                id: built_in.id.to_owned(),
                title: scenario.title,
                teaches: scenario.teaches,
                claims: scenario.claims,
                scenes: scenario.walkthrough.len(),
            })
        };
        Library { cards: scenario::library().iter().filter_map(card).collect(), ..Library::default() }
    }
}

/// Draws the page. `open` is the id of the scenario that is open.
pub fn library_ui(ui: &mut Ui, library: &mut Library, open: &str, theme: &Theme) -> Vec<Command> {
    let mut out = Vec::new();
    let shown = ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        eyebrow_ui(ui, "Library", theme);
        title_ui(ui, "What would you like to see?", theme);
        ui.add_space(10.0);
        let gap = 16.0;
        let columns = ((ui.available_width() + gap) / (380.0 * theme.scale)).floor().clamp(1.0, 3.0) as usize;
        let width = (ui.available_width() - gap * (columns - 1) as f32) / columns as f32;
        let mut walked = Rows::new(ui.ctx(), egui::Id::new("cards of the library"), library.cards.len(), columns);
        if std::mem::take(&mut library.enter) {
            walked.enter(library.cards.iter().position(|card| card.id == open).unwrap_or(0));
        }
        for (row, cards) in library.cards.chunks(columns).enumerate() {
            ui.horizontal_top(|ui| {
                ui.spacing_mut().item_spacing.x = gap;
                for (at, entry) in cards.iter().enumerate() {
                    let at = row * columns + at;
                    ui.allocate_ui(egui::vec2(width, 0.0), |ui| {
                        card_ui(ui, entry, entry.id == open, (at, &mut walked), theme, &mut out);
                    });
                }
            });
            ui.add_space(gap - 6.0);
        }
        walked.end(ui.ctx());
        ui.add_space(8.0);
        open_file_ui(ui, library, theme, &mut out);
    });
    keys_scroll(ui, &shown, "Library");
    out
}

fn card_ui(
    ui: &mut Ui,
    entry: &Card,
    open: bool,
    (at, rows): (usize, &mut Rows),
    theme: &Theme,
    out: &mut Vec<Command>,
) {
    ui.vertical(|ui| {
        card(theme, if open { theme.accent } else { theme.outline }).show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.set_min_height(150.0 * theme.scale);
            ui.label(
                RichText::new(&entry.title).font(fonts::strong(ui.ctx(), TextRole::Heading, theme)).color(theme.text),
            );
            ui.label(body(&entry.teaches, theme));
            if !entry.claims.is_empty() {
                ui.label(note(format!("About: {}", about(&entry.claims)), theme));
            }
            ui.add_space(6.0);
            ui.horizontal(|ui| {
                let label = if open { "Open again" } else { "Open" };
                let button = ui.add(egui::Button::new(format!("{} {label}", icon::PLAY)).sense(rows.sense(at)));
                let name = format!("{label}: {}", entry.title);
                button.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, &name));
                rows.row(at, &button);
                hint::say(&button, || entry.teaches.clone());
                if button.clicked() {
                    out.push(Command::OpenScenario(entry.id.clone()));
                }
                let scenes = match entry.scenes {
                    0 => "no walkthrough".to_owned(),
                    1 => "1 scene".to_owned(),
                    n => format!("{n} scenes"),
                };
                ui.label(note(scenes, theme));
            });
        });
    });
}

/// What a card's claims are about, in words: their ids are for scenario files.
fn about(claims: &[String]) -> String {
    claims.iter().filter_map(|id| crate::scenario::about(id)).collect::<Vec<_>>().join(", ")
}

fn open_file_ui(ui: &mut Ui, library: &mut Library, theme: &Theme, out: &mut Vec<Command>) {
    title_ui(ui, "Or open a file of your own", theme);
    ui.label(body(
        "It is read again whenever you save it. A mistake is pointed at, and the last good run stays",
        theme,
    ));
    ui.add_space(4.0);
    let asked = std::mem::take(&mut library.ask);
    let row = ui.horizontal(|ui| {
        let width = (ui.available_width() - 100.0).clamp(80.0, 560.0);
        let edit = egui::TextEdit::singleline(&mut library.path)
            .hint_text("path/to/scenario.ron")
            .margin(egui::Margin::symmetric(8, 6))
            .desired_width(width);
        let response = ui.add(edit);
        response.ctx.accesskit_node_builder(response.id, |node| node.set_label("Path of a scenario file"));
        if asked {
            response.request_focus();
        }
        if response.changed() {
            library.trouble = None;
        }
        let entered = response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        let button = ui.button(format!("{} Open", icon::FOLDER_OPEN));
        if (entered || button.clicked()) && !library.path.trim().is_empty() {
            out.push(Command::OpenScenario(library.path.trim().to_owned()));
        }
    });
    let mut place = row.response.rect;
    if let Some(trouble) = &library.trouble {
        let said = trouble.details.iter().flat_map(|detail| [&detail.message, &detail.help]);
        for (at, words) in said.filter(|words| !words.is_empty()).enumerate() {
            let color = if at == 0 { theme.alarm } else { theme.text_body };
            let label = ui.add(egui::Label::new(body(words, theme).color(color)).wrap());
            ui.ctx().accesskit_node_builder(label.id, |node| node.set_live(egui::accesskit::Live::Polite));
            place |= label.rect;
        }
    }
    if asked {
        ui.scroll_to_rect(place, None);
    }
}
