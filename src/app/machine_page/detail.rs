//! Everything that is known of one cost or size: what was measured, what was published, and how.

use egui::Ui;

use super::labels::value;
use super::rows::{Here, Row};
use crate::app::panels::widgets::{body, note};
use crate::app::theme::Theme;

/// Everything that is known of a row.
pub fn detail_ui(ui: &mut Ui, row: &Row, theme: &Theme) {
    ui.label(body(&row.label, theme).color(theme.text).strong());
    match &row.here {
        Ok(here) => here_ui(ui, row, here, theme),
        Err(why) => {
            ui.label(note(format!("Not measured here: {why}"), theme).color(theme.text_body));
        }
    }
    for other in &row.elsewhere {
        let write = |number: f64| value(&row.name, row.unit, number);
        let value = if other.low == other.high {
            write(other.low)
        } else {
            format!("{} to {}", write(other.low), write(other.high))
        };
        let tone = theme.legible(theme.provenance(other.word), theme.card);
        ui.label(note(format!("{value}, {}", meaning(other.word)), theme).color(tone));
        ui.label(note(&other.source, theme));
    }
    if row.elsewhere.is_empty() {
        ui.label(note("Nobody's figure is known to Strata", theme));
    }
}

/// What a word of provenance says.
fn meaning(word: &'static str) -> &'static str {
    match word {
        "literature" => "published",
        "derived" => "derived from what was published",
        "assumed" => "assumed",
        other => other,
    }
}

fn here_ui(ui: &mut Ui, row: &Row, here: &Here, theme: &Theme) {
    let duration = |number: f64| value(&row.name, row.unit, number);
    let runs = if here.runs > 0 { format!(", {} runs", here.runs) } else { String::new() };
    let value = format!("{} measured here, the median{runs}", duration(here.value));
    ui.label(note(value, theme).color(theme.provenance("measured")));
    if let Some(q) = here.spread {
        let spread = format!(
            "least {}, 90 % below {}, 99 % below {}, most {}",
            duration(q.min),
            duration(q.p90),
            duration(q.p99),
            duration(q.max)
        );
        ui.label(note(spread, theme).color(theme.text_body));
    }
    if !here.stable {
        ui.label(note("The runs don't agree: measure again when the computer is idle", theme).color(theme.alarm));
    }
    ui.label(note(&here.method, theme));
}
