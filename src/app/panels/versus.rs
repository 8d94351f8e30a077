//! Two runs beside each other: what changed, column by column.

use egui::{RichText, ScrollArea, Ui};

use super::widgets::{bar_width, body, keys_scroll, note};
use crate::app::command::{self, Command};
use crate::app::hint;
use crate::app::theme::{TextRole, Theme};
use crate::app::versus::{Change, Kept, MOST, Versus};
use crate::engine::Time;

/// What is compared: the first run, if there is one, and this one.
#[derive(Clone, Copy, Debug)]
pub struct Compared<'a> {
    /// The run to compare with.
    pub before: Option<&'a Kept>,
    /// Whether a hand kept it; else it is the one that ran before.
    pub by_hand: bool,
    /// This run.
    pub after: &'a Kept,
    /// Both.
    pub versus: Option<&'a Versus>,
}

/// Draws the comparison.
pub fn versus_ui(ui: &mut Ui, compared: Compared<'_>, theme: &Theme) -> Vec<Command> {
    let mut out = Vec::new();
    ui.horizontal_wrapped(|ui| {
        let words = if compared.by_hand { "Let it go" } else { "Keep this run" };
        let keep = ui.button(note(words, theme).color(theme.text));
        keep.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, words));
        hint::say(&keep, || match compared.by_hand {
            true => "Compares with the run before again, not with the one that was kept".to_owned(),
            false => command::hint(&keep.ctx, &Command::KeepRun),
        });
        if keep.clicked() {
            out.push(Command::KeepRun);
        }
        ui.label(note(headline(compared), theme));
    });
    let (Some(before), Some(versus)) = (compared.before, compared.versus) else {
        ui.label(body(
            "Change a number in the sandbox and run it, or open another scenario: here stands what changed. To compare \
             several runs with this one, keep it",
            theme,
        ));
        return out;
    };
    if before.hash == compared.after.hash {
        ui.label(body("Both runs are the same, to the last event", theme).color(theme.text));
    }
    let width = ui.available_width() - bar_width(theme);
    let shown = ScrollArea::both().id_salt("comparison").auto_shrink([false, false]).show(ui, |ui| {
        table_ui(ui, versus, width, theme);
        for (name, second) in &versus.alone {
            ui.label(note(format!("Only {}: {name}", if *second { "in this run" } else { "before" }), theme));
        }
        if compared.after.stacks.len() == MOST {
            ui.label(note(format!("The first {MOST} columns are compared"), theme));
        }
    });
    keys_scroll(ui, &shown, "Comparison");
    out
}

/// "Before: One read(), seed 7, costs …. Now: …".
fn headline(compared: Compared<'_>) -> String {
    let run = |kept: &Kept| format!("“{}”, seed {}, {}, {}", kept.title, kept.seed, kept.costs, kept.end);
    match compared.before {
        None => format!("Now: {}. There is no run before it yet", run(compared.after)),
        Some(before) => {
            let first = if compared.by_hand { "Kept" } else { "Before" };
            format!("{first}: {}. Now: {}", run(before), run(compared.after))
        }
    }
}

/// The least width of a column, in points at 100 %: a number, or what became of it on a line of its own.
const LEAST: f32 = 64.0;

/// The table is as wide as the panel: what has no room on one line takes two. Where not even that has room, it
/// scrolls.
fn table_ui(ui: &mut Ui, versus: &Versus, width: f32, theme: &Theme) {
    let text = |text: &str, color: egui::Color32| RichText::new(text).font(theme.font(TextRole::Small)).color(color);
    let gap = 16.0 * theme.scale;
    let name = (150.0 * theme.scale).min(width * 0.22);
    let count = versus.pairs.len().max(1) as f32;
    let each = ((width - name) / count - gap).max(LEAST * theme.scale);
    let put = |ui: &mut Ui, words: &str, color: egui::Color32, width: f32| {
        ui.vertical(|ui| {
            ui.set_width(width);
            ui.add(egui::Label::new(text(words, color)).wrap());
        });
    };
    egui::Grid::new("comparison").striped(true).spacing([gap, 3.0 * theme.scale]).show(ui, |ui| {
        ui.label("");
        for pair in &versus.pairs {
            put(ui, pair, theme.text, each);
        }
        ui.end_row();
        for line in &versus.lines {
            put(ui, &line.label, theme.text_body, name);
            for change in &line.changes {
                let (words, changed) = cell(*change, line.time);
                put(ui, &words, if changed { theme.text } else { theme.text_muted }, each);
            }
            ui.end_row();
        }
    });
}

/// "58.9 µs → 61.2 µs, +3.9 %", or the number alone where it did not change.
fn cell(change: Change, time: bool) -> (String, bool) {
    let number = |n: u64| match (n, time) {
        (0, _) => "–".to_owned(),
        (n, true) => Time(n).to_string(),
        (n, false) => n.to_string(),
    };
    if change.before == change.after {
        return (number(change.after), false);
    }
    (format!("{} → {}, {}", number(change.before), number(change.after), change.words()), true)
}
