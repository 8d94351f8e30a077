//! The same facts from the app, from its kernel, from the host.

use egui::{RichText, Ui};

use super::part::facts_ui;
use crate::app::command::Command;
use crate::app::names;
use crate::app::panels::widgets::{note, segments_ui};
use crate::app::theme::{TextRole, Theme};
use crate::machine::inspect::Fact;

/// One app's facts from one viewpoint.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SeenFrom {
    /// Whose app it is: the name of its stack.
    pub whose: String,
    /// "app", "guest kernel", "host".
    pub viewpoints: Vec<String>,
    /// Which of them is taken.
    pub chosen: usize,
    /// What is seen from there.
    pub facts: Vec<Fact>,
    /// Whether the picture shows what is seen from there, and the rest in grey.
    pub lens: bool,
}

/// Draws the switch and the facts.
pub fn seen_from_ui(ui: &mut Ui, seen: &SeenFrom, theme: &Theme, out: &mut Vec<Command>) {
    if seen.viewpoints.is_empty() {
        return;
    }
    ui.add_space(8.0);
    let heading = if seen.whose.is_empty() {
        "Seen from".to_owned()
    } else {
        format!("{} · seen from", names::title(&seen.whose))
    };
    ui.label(RichText::new(heading).font(theme.font(TextRole::Note)).color(theme.text_body));
    let labels: Vec<&str> = seen.viewpoints.iter().map(String::as_str).collect();
    // One is lit while the picture is looked at with its eyes, and no longer.
    let lit = if seen.lens { seen.chosen } else { labels.len() };
    if let Some(index) = segments_ui(ui, &labels, lit, theme) {
        out.push(Command::SeenFrom(index));
    }
    let about = if seen.lens {
        "Grey in the picture: what it has no name for. Choose it again to see all".to_owned()
    } else {
        let whose = labels.get(seen.chosen).copied().unwrap_or_default();
        format!("Choose one to see the picture with its eyes. What the {whose} knows:")
    };
    ui.label(note(about, theme));
    ui.add_space(4.0);
    facts_ui(ui, &seen.facts, theme);
}
