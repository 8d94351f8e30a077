//! The totals of the run so far, as tables: how long operations take, where their time went, what was done for them,
//! and why guests were left.

use egui::{RichText, ScrollArea, Ui};

use super::widgets::{keys_scroll, note};
use crate::app::letters;
use crate::app::names;
use crate::app::theme::{TextRole, Theme};
use crate::app::totals::{COUNTED, Row, Totals};
use crate::engine::Time;
use crate::machine::Topology;
use crate::trace::{ExitReason, Layer, StackId};

/// So many stacks are listed; more of them would take a frame's time.
const MOST: usize = 64;

/// Draws the tables.
pub fn totals_ui(ui: &mut Ui, totals: &Totals, topology: &Topology, now: Time, theme: &Theme) {
    let shown = topology.stacks.len().min(MOST);
    let rows: Vec<Row> = (0..shown).map(|stack| totals.at(stack, now)).collect();
    let names: Vec<String> = (0..shown)
        .map(|i| format!("{}  {}", letters::letter(StackId(i as u32)), names::name(&topology.stacks[i].name)))
        .collect();
    let shown = ScrollArea::both().id_salt("totals").auto_shrink([false, false]).show(ui, |ui| {
        let more = topology.stacks.len() - shown;
        let more = if more > 0 { format!("; {more} more stacks are not listed") } else { String::new() };
        ui.label(note(format!("From the start up to {now}{more}"), theme));
        let time = |ps: u64| if ps == 0 { "–".to_owned() } else { Time(ps).to_string() };
        let count = |n: u64| if n == 0 { "–".to_owned() } else { n.to_string() };
        let header = ["Operations", "Median", "95 %", "99 %", "Longest", "Mean"];
        table_ui(ui, "How long an operation takes", &header, &names, theme, |i| {
            let mut cells = vec![count(rows[i].operations)];
            cells.extend(rows[i].latency.map(time));
            cells
        });
        let layers: Vec<Layer> =
            Layer::ALL.into_iter().filter(|layer| rows.iter().any(|row| row.ledger[*layer as usize] > 0)).collect();
        let header: Vec<&str> = layers.iter().map(|layer| layer.label()).collect();
        table_ui(ui, "Where the time of ended operations went", &header, &names, theme, |i| {
            layers.iter().map(|layer| time(rows[i].ledger[*layer as usize])).collect()
        });
        table_ui(ui, "What was done for it", &COUNTED, &names, theme, |i| rows[i].counts.map(count).to_vec());
        let reasons: Vec<ExitReason> =
            ExitReason::ALL.into_iter().filter(|r| rows.iter().any(|row| row.exits[*r as usize] > 0)).collect();
        let header: Vec<&str> = reasons.iter().map(|reason| reason.label()).collect();
        table_ui(ui, "Why guests were left", &header, &names, theme, |i| {
            reasons.iter().map(|reason| count(rows[i].exits[*reason as usize])).collect()
        });
    });
    keys_scroll(ui, &shown, "Totals");
}

/// One table; nothing where it has no columns yet.
fn table_ui(
    ui: &mut Ui,
    title: &str,
    header: &[&str],
    names: &[String],
    theme: &Theme,
    cells: impl Fn(usize) -> Vec<String>,
) {
    if header.is_empty() {
        return;
    }
    let text = |text: &str, color: egui::Color32| RichText::new(text).font(theme.font(TextRole::Small)).color(color);
    ui.add_space(6.0);
    ui.label(text(title, theme.text));
    egui::Grid::new(title).striped(true).spacing([16.0 * theme.scale, 3.0 * theme.scale]).show(ui, |ui| {
        ui.label("");
        for name in header {
            ui.label(text(name, theme.text_muted));
        }
        ui.end_row();
        for (i, name) in names.iter().enumerate() {
            ui.label(text(name, theme.text));
            for cell in cells(i) {
                ui.label(text(&cell, theme.text_body));
            }
            ui.end_row();
        }
    });
}
