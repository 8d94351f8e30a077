//! The bar at the top: name, title, pages, whose costs.

use egui::{Align, Layout, Rect, RichText, Sense, Ui, UiBuilder, Vec2};
use egui_phosphor::regular as icon;

use super::widgets::{badge_with_ui, cut_label, menu_ui as menu_button_ui};
use crate::app::command::{self, Command, Side, Tab};
use crate::app::exporter::What;
use crate::app::fonts;
use crate::app::hint;
use crate::app::overlay;
use crate::app::settings::Settings;
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
    /// The median error of simulations with this computer's own costs, as a ratio, and of how many works, if that is
    /// known.
    pub error: Option<(f64, usize)>,
    /// How the window is looked at.
    pub settings: &'a Settings,
}

/// The height of the bar.
pub fn height(theme: &Theme) -> f32 {
    48.0 * theme.scale
}

/// Where things stand in the bar: what gives way first is the title, then the badge's words, at last the pages, which
/// become a menu.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Arrangement {
    /// The left edge of the pages.
    pages: f32,
    /// How the pages are shown.
    shown: Pages,
    /// The badge in few words.
    short: bool,
    /// There is no room for a badge at all.
    bare: bool,
}

/// How the pages are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pages {
    /// All their names.
    Names,
    /// A menu with the name of the open one.
    Menu,
    /// A menu without a word.
    Icon,
}

/// The widths of what the bar holds.
#[derive(Clone, Copy, Debug)]
struct Widths {
    name: f32,
    pages: f32,
    menu: f32,
    icon: f32,
    badge: f32,
    short: f32,
    icons: f32,
}

impl Widths {
    fn of(&self, pages: Pages) -> f32 {
        match pages {
            Pages::Names => self.pages,
            Pages::Menu => self.menu,
            Pages::Icon => self.icon,
        }
    }
}

/// The least distance between the bar's parts.
const GAP: f32 = 14.0;
/// The width below which a title says nothing.
const LEAST_TITLE: f32 = 60.0;

/// Arranges the bar's parts in a width of `full`.
fn arrange(full: f32, w: Widths) -> Arrangement {
    let left = w.name + GAP;
    let fits = |pages: f32, badge: f32| left + pages + GAP + badge + w.icons <= full;
    let (shown, short, bare) = match () {
        () if fits(w.pages, w.badge) => (Pages::Names, false, false),
        () if fits(w.pages, w.short) => (Pages::Names, true, false),
        () if fits(w.menu, w.badge) => (Pages::Menu, false, false),
        () if fits(w.menu, w.short) => (Pages::Menu, true, false),
        () if fits(w.menu, 0.0) => (Pages::Menu, true, true),
        () => (Pages::Icon, true, true),
    };
    let badge = match (bare, short) {
        (true, _) => 0.0,
        (_, true) => w.short,
        _ => w.badge,
    };
    let pages = w.of(shown);
    // In the middle, or as far left as the badge needs.
    let middle = full * 0.48 - pages / 2.0;
    let most = full - w.icons - badge - GAP - pages;
    Arrangement { pages: middle.min(most).max(left), shown, short, bare }
}

/// Draws the bar.
pub fn top_ui(ui: &mut Ui, top: Top<'_>, theme: &Theme) -> Vec<Command> {
    let mut out = Vec::new();
    let full = ui.max_rect();
    let words = top.profile.map(|profile| (profile, badge_words(profile, top.error)));
    let small = fonts::strong(ui.ctx(), TextRole::Small, theme);
    let badge = |text: &str| width_of(ui, text, small.clone()) + 24.0 * theme.scale + 12.0;
    let body = fonts::strong(ui.ctx(), TextRole::Body, theme);
    let widths = Widths {
        name: width_of(ui, NAME, fonts::strong(ui.ctx(), TextRole::Page, theme)),
        pages: tabs_width(ui, theme),
        menu: width_of(ui, &menu_words(top.tab), body.clone()) + 24.0 * theme.scale,
        icon: width_of(ui, icon::LIST, body) + 24.0 * theme.scale,
        badge: words.as_ref().map_or(0.0, |(_, words)| badge(&words.long)),
        short: words.as_ref().map_or(0.0, |(_, words)| badge(&words.short)),
        icons: 3.0 * (width_of(ui, icon::QUESTION, icon_font(theme)) + 11.0 * theme.scale) + 14.0,
    };
    let places = arrange(full.width(), widths);
    let pages = widths.of(places.shown);
    let middle =
        Rect::from_min_size(egui::pos2(full.left() + places.pages, full.top()), Vec2::new(pages, full.height()));
    ui.scope_builder(UiBuilder::new().max_rect(middle).layout(Layout::left_to_right(Align::Center)), |ui| {
        let out = &mut out;
        match places.shown {
            Pages::Names => tabs_ui(ui, top.tab, theme, out),
            Pages::Menu => menu_ui(ui, top.tab, &menu_words(top.tab), theme, out),
            Pages::Icon => menu_ui(ui, top.tab, icon::LIST, theme, out),
        }
    });
    let left = Rect::from_min_max(full.min, egui::pos2(middle.left() - 12.0, full.bottom()));
    ui.scope_builder(UiBuilder::new().max_rect(left).layout(Layout::left_to_right(Align::Center)), |ui| {
        ui.label(RichText::new(NAME).font(fonts::strong(ui.ctx(), TextRole::Page, theme)).color(theme.text));
        if ui.available_width() > LEAST_TITLE * theme.scale + GAP {
            ui.add_space(GAP);
            let title = RichText::new(top.title).font(theme.font(TextRole::Heading)).color(theme.text_muted);
            let shown = ui.add(cut_label(title));
            hint::say(&shown, || top.title.to_owned());
        }
    });
    // From left to right, so that Tab goes as one reads.
    let shown_badge = match (&words, places.bare, places.short) {
        (None, ..) | (_, true, _) => 0.0,
        (_, _, true) => widths.short,
        (_, _, false) => widths.badge,
    };
    let left = (full.right() - widths.icons - shown_badge).max(middle.right() + 2.0);
    let right = Rect::from_min_max(egui::pos2(left, full.top()), full.max);
    ui.scope_builder(UiBuilder::new().max_rect(right).layout(Layout::left_to_right(Align::Center)), |ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        if let Some((profile, words)) = words.filter(|_| !places.bare) {
            let text = if places.short { &words.short } else { &words.long };
            let color = theme.provenance(words.provenance);
            let button = badge_with_ui(ui, text, color, egui::Sense::click(), theme);
            let name = format!("{}. {}", words.long, command::hint(ui.ctx(), &Command::ShowCosts));
            button.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, &name));
            hint::say(&button, || badge_hint(profile, top.error));
            if button.on_hover_cursor(egui::CursorIcon::PointingHand).clicked() {
                out.push(Command::ShowCosts);
            }
            ui.add_space(4.0);
        }
        view_ui(ui, top.settings, theme, &mut out);
        for (symbol, command) in
            [(icon::EXPORT, Command::Export(What::Page)), (icon::QUESTION, Command::ToggleShortcuts)]
        {
            quiet_button_ui(ui, symbol, command, theme, &mut out);
        }
    });
    out
}

const NAME: &str = "Strata";

fn width_of(ui: &Ui, text: &str, font: egui::FontId) -> f32 {
    ui.painter().layout_no_wrap(text.to_owned(), font, egui::Color32::PLACEHOLDER).size().x
}

fn icon_font(theme: &Theme) -> egui::FontId {
    egui::FontId::proportional(18.0 * theme.scale)
}

fn menu_words(open: Tab) -> String {
    format!("{} {}", icon::LIST, open.label())
}

/// The pages in a menu, where there is no room for their names.
fn menu_ui(ui: &mut Ui, open: Tab, words: &str, theme: &Theme, out: &mut Vec<Command>) {
    let font = fonts::strong(ui.ctx(), TextRole::Body, theme);
    let text = RichText::new(words).font(font).color(theme.text);
    let shown = menu_button_ui(ui, text, |ui| {
        for tab in Tab::ALL {
            let button = ui.add(egui::Button::new(tab.label()).selected(tab == open));
            overlay::item(&button, tab == open);
            hint::say(&button, || page_hint(&button.ctx, tab));
            if button.clicked() {
                out.push(Command::Open(tab));
                ui.close();
            }
        }
    });
    let words = format!("Pages: {}", open.label());
    shown.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, &words));
}

fn tabs_width(ui: &Ui, theme: &Theme) -> f32 {
    let font = fonts::strong(ui.ctx(), TextRole::Body, theme);
    Tab::ALL.into_iter().map(|tab| width_of(ui, tab.label(), font.clone()) + 28.0 * theme.scale).sum()
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
        hint::say(&response, || page_hint(&response.ctx, tab));
        if response.clicked() {
            out.push(Command::Open(tab));
        }
    }
}

/// How the window is looked at, in a menu: panels, colours, size of text, motion; and what leaves it.
fn view_ui(ui: &mut Ui, settings: &Settings, theme: &Theme, out: &mut Vec<Command>) {
    let sign = RichText::new(icon::SLIDERS_HORIZONTAL).font(icon_font(theme)).color(theme.text_muted);
    let shown = ui.scope(|ui| {
        ui.visuals_mut().widgets.inactive.weak_bg_fill = egui::Color32::TRANSPARENT;
        ui.visuals_mut().widgets.inactive.bg_stroke = egui::Stroke::NONE;
        menu_button_ui(ui, sign, |ui| {
            item_ui(ui, Some(settings.left.open), Command::TogglePanel(Side::Left), out);
            item_ui(ui, Some(settings.right.open), Command::TogglePanel(Side::Right), out);
            item_ui(ui, Some(settings.bottom.open), Command::TogglePanel(Side::Bottom), out);
            item_ui(ui, Some(settings.list), Command::ToggleList, out);
            item_ui(ui, None, Command::Present, out);
            ui.separator();
            item_ui(ui, None, Command::ToggleTheme, out);
            item_ui(ui, Some(settings.reduced_motion), Command::ToggleMotion, out);
            ui.horizontal(|ui| {
                ui.label(format!("  Text {} %", settings.text_percent));
                for (by, sign) in [(-1, icon::MINUS), (1, icon::PLUS)] {
                    let command = Command::TextSize(by);
                    let name = command::name(&command);
                    let button = ui.button(sign);
                    overlay::item(&button, false);
                    button.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, name));
                    hint::say(&button, || command::hint(&button.ctx, &command));
                    if button.clicked() {
                        out.push(command.clone());
                    }
                }
            });
            ui.separator();
            item_ui(ui, None, Command::Export(What::Page), out);
            item_ui(ui, None, Command::Export(What::Picture), out);
            item_ui(ui, None, Command::AskForFile, out);
            item_ui(ui, None, Command::Quit, out);
        })
    });
    let button = shown.inner;
    button.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, "View and settings"));
    hint::say(&button, || "Panels, list, size of text, colours, presenting, exports".to_owned());
}

/// A row of the menu: ticked if it is on, with its keys.
fn item_ui(ui: &mut Ui, on: Option<bool>, command: Command, out: &mut Vec<Command>) {
    let mark = if on == Some(true) { icon::CHECK } else { " " };
    let name = command::name(&command);
    let keys = command::keys_hint(ui.ctx(), &command);
    let button = ui.add(egui::Button::new(format!("{mark} {name}")).shortcut_text(keys));
    overlay::item(&button, false);
    button.widget_info(|| match on {
        Some(on) => egui::WidgetInfo::selected(egui::WidgetType::Checkbox, true, on, name),
        None => egui::WidgetInfo::labeled(egui::WidgetType::Button, true, name),
    });
    if button.clicked() {
        out.push(command);
        ui.close();
    }
}

/// What a page is for, and its keys.
fn page_hint(context: &egui::Context, tab: Tab) -> String {
    format!("{} ({})", tab.about(), command::keys_hint(context, &Command::Open(tab)))
}

fn quiet_button_ui(ui: &mut Ui, symbol: &str, command: Command, theme: &Theme, out: &mut Vec<Command>) {
    let text = RichText::new(symbol).font(icon_font(theme)).color(theme.text_muted);
    let help = command::hint(ui.ctx(), &command);
    let response = ui.add(egui::Button::new(text).frame(false));
    response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, &help));
    hint::say(&response, || help.clone());
    if response.clicked() {
        out.push(command);
    }
}

/// What the badge says.
struct BadgeWords {
    long: String,
    short: String,
    provenance: &'static str,
}

/// Whose costs: measured here, or from the literature.
fn badge_words(profile: &Profile, error: Option<(f64, usize)>) -> BadgeWords {
    if profile.id != Profile::THIS_HOST {
        let (long, short) = (format!("costs: {}", profile.title), profile.title.clone());
        return BadgeWords { long, short, provenance: "literature" };
    }
    let measured = profile.costs.values().filter(|cost| cost.provenance.word() == "measured").count();
    let all = profile.costs.len();
    let error = |gap: &str| error.map_or(String::new(), |(error, _)| format!("{gap}± {:.0} %", error * 100.0));
    BadgeWords {
        long: format!("costs: this host, {measured} of {all} measured{}", error("  ")),
        short: format!("this host{}", error(" ")),
        provenance: "measured",
    }
}

fn badge_hint(profile: &Profile, error: Option<(f64, usize)>) -> String {
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
    if let Some((error, works)) = error.filter(|_| profile.id == Profile::THIS_HOST) {
        hint += &format!(
            "\nThe median error of predictions on this computer, of {works} works, is {:.0} %: half are off by more. \
             My machine has them all",
            error * 100.0
        );
    }
    hint
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDTHS: Widths =
        Widths { name: 60.0, pages: 380.0, menu: 130.0, icon: 40.0, badge: 240.0, short: 130.0, icons: 120.0 };

    #[test]
    fn nothing_overlaps_in_any_width_and_what_matters_least_goes_first() {
        for full in (100..2400).map(|full| full as f32) {
            let a = arrange(full, WIDTHS);
            let pages = WIDTHS.of(a.shown);
            let badge = if a.bare {
                0.0
            } else if a.short {
                WIDTHS.short
            } else {
                WIDTHS.badge
            };
            assert!(a.pages >= WIDTHS.name + GAP, "{full}: {a:?}");
            let right = a.pages + pages + badge + WIDTHS.icons;
            // The name, a menu and the icons have to stand somewhere.
            assert!(right <= full || full < WIDTHS.name + GAP + WIDTHS.icon + GAP + WIDTHS.icons, "{full}: {a:?}");
        }
        assert_eq!(
            arrange(1600.0, WIDTHS),
            Arrangement { pages: 578.0, shown: Pages::Names, short: false, bare: false }
        );
        assert!(arrange(900.0, WIDTHS).pages < 900.0 * 0.48 - 190.0, "moved to the left");
        assert!(
            arrange(750.0, WIDTHS).short && arrange(600.0, WIDTHS).shown == Pages::Menu && arrange(350.0, WIDTHS).bare
        );
    }
}
