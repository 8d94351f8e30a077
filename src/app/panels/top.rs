//! The bar at the top: name, title, pages, whose costs.

use egui::{Align, Layout, Rect, RichText, Sense, Ui, UiBuilder, Vec2};
use egui_phosphor::regular as icon;

use super::widgets::badge_ui;
use crate::app::command::{self, Command, Side, Tab};
use crate::app::fonts;
use crate::app::theme::{TextRole, Theme};
use crate::costs::Profile;

/// What the bar shows.
#[derive(Clone, Copy, Debug)]
pub struct Top<'a> {
    /// The scenario's title.
    pub title: &'a str,
    /// The page that is open.
    pub tab: Tab,
    /// Whose costs the run was made with.
    pub profile: Option<&'a Profile>,
    /// By how much simulations with this computer's own costs are off, as a ratio, if that is known.
    pub error: Option<f64>,
}

/// The height of the bar.
pub fn height(theme: &Theme) -> f32 {
    48.0 * theme.scale
}

/// Draws the bar.
pub fn top_ui(ui: &mut Ui, top: Top<'_>, theme: &Theme) -> Vec<Command> {
    let mut out = Vec::new();
    let full = ui.max_rect();
    let tabs = tabs_width(ui, theme);
    // The pages stand in the middle, and move left where the badge needs the room.
    let middle =
        Rect::from_center_size(full.center() - Vec2::new(full.width() * 0.02, 0.0), Vec2::new(tabs, full.height()));
    ui.scope_builder(UiBuilder::new().max_rect(middle), |ui| tabs_ui(ui, top.tab, theme, &mut out));
    let left = Rect::from_min_max(full.min, egui::pos2(middle.left() - 12.0, full.bottom()));
    ui.scope_builder(UiBuilder::new().max_rect(left).layout(Layout::left_to_right(Align::Center)), |ui| {
        ui.label(RichText::new("Strata").font(fonts::strong(ui.ctx(), TextRole::Page, theme)).color(theme.text));
        ui.add_space(14.0);
        let title = RichText::new(top.title).font(theme.font(TextRole::Heading)).color(theme.text_muted);
        ui.add(egui::Label::new(title).truncate());
    });
    let right = Rect::from_min_max(egui::pos2(middle.right() + 12.0, full.top()), full.max);
    ui.scope_builder(UiBuilder::new().max_rect(right).layout(Layout::right_to_left(Align::Center)), |ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        for (symbol, command) in [
            (icon::QUESTION, Command::ToggleShortcuts),
            (if theme.dark { icon::SUN } else { icon::MOON }, Command::ToggleTheme),
            (icon::SIDEBAR_SIMPLE, Command::TogglePanel(Side::Left)),
        ] {
            quiet_button_ui(ui, symbol, command, theme, &mut out);
        }
        if let Some(profile) = top.profile {
            ui.add_space(8.0);
            costs_badge_ui(ui, profile, top.error, theme);
        }
    });
    out
}

fn tabs_width(ui: &Ui, theme: &Theme) -> f32 {
    let font = fonts::strong(ui.ctx(), TextRole::Body, theme);
    let text = |tab: Tab| ui.painter().layout_no_wrap(tab.label().to_owned(), font.clone(), theme.text).size().x;
    Tab::ALL.into_iter().map(|tab| text(tab) + 28.0 * theme.scale).sum()
}

fn tabs_ui(ui: &mut Ui, open: Tab, theme: &Theme, out: &mut Vec<Command>) {
    let rect = ui.max_rect();
    let mut x = rect.left();
    for tab in Tab::ALL {
        let on = tab == open;
        let font = fonts::strong(ui.ctx(), TextRole::Body, theme);
        let galley = ui.painter().layout_no_wrap(tab.label().to_owned(), font, egui::Color32::PLACEHOLDER);
        let width = galley.size().x + 28.0 * theme.scale;
        let area = Rect::from_min_size(egui::pos2(x, rect.top()), Vec2::new(width, rect.height()));
        x += width;
        let response = ui.interact(area, ui.id().with(tab.label()), Sense::click());
        response.widget_info(|| egui::WidgetInfo::selected(egui::WidgetType::SelectableLabel, true, on, tab.label()));
        let strong = on || response.hovered() || response.has_focus();
        let color = if strong { theme.text } else { theme.text_muted };
        ui.painter().galley(area.center() - galley.size() / 2.0, galley, color);
        if on || response.has_focus() {
            let line = Rect::from_min_max(egui::pos2(area.left() + 10.0, rect.bottom() - 3.0), area.right_bottom());
            let line = line.with_max_x(area.right() - 10.0);
            ui.painter().rect_filled(line, 1.5, if on { theme.accent } else { theme.outline });
        }
        if response.on_hover_text(command::hint(ui.ctx(), &Command::Open(tab))).clicked() {
            out.push(Command::Open(tab));
        }
    }
}

fn quiet_button_ui(ui: &mut Ui, symbol: &str, command: Command, theme: &Theme, out: &mut Vec<Command>) {
    let text = RichText::new(symbol).font(egui::FontId::proportional(18.0 * theme.scale)).color(theme.text_muted);
    let hint = command::hint(ui.ctx(), &command);
    let response = ui.add(egui::Button::new(text).frame(false)).on_hover_text(&hint);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, &hint));
    if response.clicked() {
        out.push(command);
    }
}

/// Whose costs: measured here, or from the literature.
fn costs_badge_ui(ui: &mut Ui, profile: &Profile, error: Option<f64>, theme: &Theme) {
    let own = profile.id == Profile::THIS_HOST;
    let (text, color) = match error.filter(|_| own) {
        Some(error) => (format!("costs: this host, measured  ± {:.0} %", error * 100.0), theme.provenance("measured")),
        None if own => ("costs: this host, measured".to_owned(), theme.provenance("measured")),
        None => (format!("costs: {}", profile.title), theme.provenance("literature")),
    };
    let count = |word: &str| profile.costs.values().filter(|cost| cost.provenance.word() == word).count();
    let words = ["measured", "literature", "derived", "assumed"];
    let counts: Vec<String> = words
        .iter()
        .map(|word| (word, count(word)))
        .filter(|(_, n)| *n > 0)
        .map(|(word, n)| format!("{n} {word}"))
        .collect();
    let mut hint =
        format!("{}\n{}\n{} costs: {}", profile.title, profile.machine, profile.costs.len(), counts.join(", "));
    if let Some(error) = error.filter(|_| own) {
        hint += &format!(
            "\nThe median error of predictions on this computer is {:.0} %: My machine has them all",
            error * 100.0
        );
    }
    badge_ui(ui, &text, color, theme).on_hover_text(hint);
}
