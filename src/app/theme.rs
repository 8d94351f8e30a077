//! Every colour and text size of the window, dark and light. No colour stands anywhere else.
//!
//! Layers wear the colours of Okabe and Ito, which people with colour-blind eyes can tell apart; in the light theme
//! the same hues are darker, so that lines and words in them can be read on white.

use egui::style::{Selection, WidgetVisuals, Widgets};
use egui::{Color32, Context, CornerRadius, FontFamily, FontId, Stroke, TextStyle, Visuals};

use crate::probe::inventory::Confidence;
use crate::trace::Layer;

/// The colours and the size of text.
#[derive(Clone, Debug, PartialEq)]
pub struct Theme {
    /// Whether it is the dark one.
    pub dark: bool,
    /// Multiplies every text size: 1 at a desk, 1.25 to 2 on a projector.
    pub scale: f32,
    /// Behind the cutaway.
    pub background: Color32,
    /// Behind side panels and bars.
    pub panel: Color32,
    /// A card on a panel.
    pub card: Color32,
    /// A button or a field at rest.
    pub control: Color32,
    /// A button or a field under the pointer.
    pub control_hovered: Color32,
    /// What is chosen: its fill. Its outline is [`Theme::accent`].
    pub chosen: Color32,
    /// Lines between panels, around fields, and tracks without anything on them.
    pub outline: Color32,
    /// Headings and values.
    pub text: Color32,
    /// Running text.
    pub text_body: Color32,
    /// Notes, units, what is less important.
    pub text_muted: Color32,
    /// Links, keyboard focus, the present moment.
    pub accent: Color32,
    /// Behind the text of a virtual machine: the inside of its walls.
    pub inside: Color32,
    /// Around tokens, so that they stand out on any floor.
    pub token_outline: Color32,
    /// Crossings, errors and alarms.
    pub alarm: Color32,
    /// Behind a label in [`Theme::alarm`].
    pub alarm_fill: Color32,
    /// A quiet label's fill.
    pub label_fill: Color32,
    /// The ring around what has the keyboard's focus.
    pub focus: Color32,
    /// Namespaces' green.
    pub namespace: Color32,
    /// Cgroups' yellow.
    pub cgroup: Color32,
    user: Color32,
    guest_kernel: Color32,
    host_kernel: Color32,
    hypervisor: Color32,
    hardware: Color32,
    waiting: Color32,
}

/// How big a text is, by what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TextRole {
    /// The title of a panel's page.
    Page,
    /// The heading of a column or a card.
    Heading,
    /// The name of a floor, a value, running text.
    Body,
    /// A note below a name.
    Note,
    /// The name of a part, a badge.
    Small,
}

const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

impl Theme {
    /// For screens.
    pub fn dark() -> Theme {
        Theme {
            dark: true,
            scale: 1.0,
            background: rgb(0x10151E),
            panel: rgb(0x171E2A),
            card: rgb(0x1B2433),
            control: rgb(0x212C3D),
            control_hovered: rgb(0x2B384D),
            chosen: rgb(0x24405A),
            outline: rgb(0x2E3A4D),
            text: rgb(0xE3E9F1),
            text_body: rgb(0xBCC7D6),
            text_muted: rgb(0x8E9BAF),
            accent: rgb(0x56B4E9),
            inside: rgb(0x141B28),
            token_outline: rgb(0xFFFFFF),
            alarm: rgb(0xF0752B),
            alarm_fill: rgb(0x2B1A14),
            label_fill: rgb(0x1B2433),
            focus: rgb(0xFFD27A),
            namespace: rgb(0x17B68A),
            cgroup: rgb(0xF0E442),
            user: rgb(0x56B4E9),
            guest_kernel: rgb(0xE69F00),
            host_kernel: rgb(0xB07C0C),
            hypervisor: rgb(0xCC79A7),
            hardware: rgb(0x8A96A8),
            waiting: rgb(0x56627A),
        }
    }

    /// For bright rooms and paper.
    pub fn light() -> Theme {
        Theme {
            dark: false,
            scale: 1.0,
            background: rgb(0xF7F9FC),
            panel: rgb(0xFFFFFF),
            card: rgb(0xF1F4F9),
            control: rgb(0xE8EDF4),
            control_hovered: rgb(0xDCE4EE),
            chosen: rgb(0xD3E8F7),
            outline: rgb(0xC9D2DE),
            text: rgb(0x17202C),
            text_body: rgb(0x364254),
            text_muted: rgb(0x586578),
            accent: rgb(0x0072B2),
            inside: rgb(0xFFFFFF),
            token_outline: rgb(0x17202C),
            alarm: rgb(0xB84A00),
            alarm_fill: rgb(0xFDEEE4),
            label_fill: rgb(0xFFFFFF),
            focus: rgb(0x8A2BE2),
            namespace: rgb(0x007A5A),
            cgroup: rgb(0x857800),
            user: rgb(0x0072B2),
            guest_kernel: rgb(0xA86C00),
            host_kernel: rgb(0x6E4700),
            hypervisor: rgb(0xA8457D),
            hardware: rgb(0x5C687A),
            waiting: rgb(0x9AA6B8),
        }
    }

    /// The same with every text `scale` times as big.
    pub fn scaled(mut self, scale: f32) -> Theme {
        self.scale = scale;
        self
    }

    /// The colour of a layer, for lines, bars, tokens and names: the only table there is. A guest kernel is bright amber,
    /// the host kernel dark amber.
    pub fn layer(&self, layer: Layer) -> Color32 {
        match layer {
            Layer::User => self.user,
            Layer::GuestKernel => self.guest_kernel,
            Layer::HostKernel => self.host_kernel,
            Layer::Hypervisor => self.hypervisor,
            Layer::Hardware => self.hardware,
            Layer::Namespaces => self.namespace,
            Layer::Throttled => self.cgroup,
            Layer::Waiting => self.waiting,
        }
    }

    /// A colour laid thinly over a panel: the fill of what it outlines.
    pub fn tint(&self, color: Color32) -> Color32 {
        mix(self.panel, color, if self.dark { 0.13 } else { 0.10 })
    }

    /// A colour laid over the canvas, 0 for nothing to 1 for all of it. The result covers: how transparent colours
    /// blend depends on the driver's surface, and a theme should not.
    pub fn faint(&self, color: Color32, alpha: f32) -> Color32 {
        mix(self.background, color, alpha)
    }

    /// A colour moved towards that of text until words in it can be read on `on`.
    pub fn legible(&self, color: Color32, on: Color32) -> Color32 {
        let mut tones = (0..=20).map(|step| mix(color, self.text, step as f32 / 20.0));
        tones.find(|tone| contrast(*tone, on) >= WORDS).unwrap_or(self.text)
    }

    /// The bar of what was published: the accent, fainter, yet to be told from what is behind it.
    pub fn published(&self) -> Color32 {
        self.faint(self.accent, if self.dark { 0.6 } else { 0.75 })
    }

    /// A colour that reads on a solid area of `on`: black or white, whichever is further away.
    pub fn text_on(&self, on: Color32) -> Color32 {
        if on.intensity() > 0.5 { rgb(0x10151E) } else { rgb(0xFFFFFF) }
    }

    /// The colour of a provenance word: `measured`, `literature`, `derived`, `assumed`.
    pub fn provenance(&self, word: &str) -> Color32 {
        match word {
            "measured" => self.namespace,
            "literature" => self.accent,
            "derived" => self.hypervisor,
            "assumed" => self.cgroup,
            _ => self.text_muted,
        }
    }

    /// The colour of how sure something is.
    pub fn confidence(&self, confidence: Confidence) -> Color32 {
        match confidence {
            Confidence::Certain => self.namespace,
            Confidence::Likely => self.cgroup,
            Confidence::Possible => self.accent,
            Confidence::Conflict => self.alarm,
            Confidence::Unknown | Confidence::NotMeasured => self.text_muted,
        }
    }

    /// A text's size in points.
    pub fn size(&self, role: TextRole) -> f32 {
        let size = match role {
            TextRole::Page => 20.0,
            TextRole::Heading => 16.0,
            TextRole::Body => 14.0,
            TextRole::Note => 12.5,
            TextRole::Small => 12.0,
        };
        size * self.scale
    }

    /// A text's font.
    pub fn font(&self, role: TextRole) -> FontId {
        FontId::new(self.size(role), FontFamily::Proportional)
    }

    /// Makes egui's own widgets look like the rest.
    pub fn apply(&self, context: &Context) {
        context.set_theme(if self.dark { egui::Theme::Dark } else { egui::Theme::Light });
        context.all_styles_mut(|style| {
            style.visuals = self.visuals();
            style.text_styles = [
                (TextStyle::Heading, self.font(TextRole::Page)),
                (TextStyle::Body, self.font(TextRole::Body)),
                (TextStyle::Button, self.font(TextRole::Body)),
                (TextStyle::Small, self.font(TextRole::Small)),
                (TextStyle::Monospace, FontId::new(self.size(TextRole::Note), FontFamily::Monospace)),
            ]
            .into();
            style.spacing.item_spacing = egui::vec2(8.0, 6.0) * self.scale;
            // Ours is `widgets::fade_ui`: this one is a shadow on light paper under bevy_egui, which mixes colours otherwise.
            style.spacing.scroll.fade.strength = 0.0;
            style.spacing.button_padding = egui::vec2(10.0, 5.0) * self.scale;
            style.spacing.interact_size.y = 26.0 * self.scale;
        });
    }

    fn visuals(&self) -> Visuals {
        let base = if self.dark { Visuals::dark() } else { Visuals::light() };
        let widget = |fill: Color32, line: Color32, text: Color32| WidgetVisuals {
            bg_fill: fill,
            weak_bg_fill: fill,
            bg_stroke: Stroke::new(1.0, line),
            corner_radius: CornerRadius::same(6),
            fg_stroke: Stroke::new(1.2, text),
            expansion: 0.0,
        };
        Visuals {
            dark_mode: self.dark,
            widgets: Widgets {
                noninteractive: widget(self.panel, self.outline, self.text_body),
                inactive: widget(self.control, self.outline, self.text),
                hovered: widget(self.control_hovered, self.accent, self.text),
                active: widget(self.chosen, self.accent, self.text),
                open: widget(self.control_hovered, self.outline, self.text),
            },
            selection: Selection { bg_fill: self.chosen, stroke: Stroke::new(1.2, self.accent) },
            weak_text_color: Some(self.text_muted),
            hyperlink_color: self.accent,
            faint_bg_color: self.card,
            extreme_bg_color: self.background,
            code_bg_color: self.control,
            warn_fg_color: self.cgroup,
            error_fg_color: self.alarm,
            window_fill: self.card,
            window_stroke: Stroke::new(1.0, self.outline),
            window_corner_radius: CornerRadius::same(8),
            menu_corner_radius: CornerRadius::same(6),
            panel_fill: self.panel,
            slider_trailing_fill: true,
            // A window in which nobody types is not drawn again.
            text_cursor: egui::style::TextCursorStyle { blink: false, ..base.text_cursor.clone() },
            ..base
        }
    }
}

/// The contrast that words need, by WCAG 2.
const WORDS: f32 = 4.5;

/// The ratio of WCAG 2: 1 for no contrast, 21 for black on white.
fn contrast(a: Color32, b: Color32) -> f32 {
    let luminance = |c: Color32| {
        let channel = |v: u8| {
            let v = f32::from(v) / 255.0;
            if v <= 0.03928 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(c.r()) + 0.7152 * channel(c.g()) + 0.0722 * channel(c.b())
    };
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn mix(below: Color32, above: Color32, share: f32) -> Color32 {
    let channel = |a: u8, b: u8| (f32::from(a) + (f32::from(b) - f32::from(a)) * share.clamp(0.0, 1.0)).round() as u8;
    Color32::from_rgb(channel(below.r(), above.r()), channel(below.g(), above.g()), channel(below.b(), above.b()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_can_be_read_on_what_they_stand_on() {
        for theme in [Theme::dark(), Theme::light()] {
            for on in [theme.background, theme.panel, theme.card] {
                for text in [theme.text, theme.text_body, theme.text_muted, theme.accent, theme.alarm] {
                    assert!(contrast(text, on) >= 4.5, "{text:?} on {on:?}: {}", contrast(text, on));
                }
            }
            for layer in [Layer::User, Layer::HostKernel, Layer::Hypervisor, Layer::Hardware, Layer::Namespaces] {
                assert!(contrast(theme.layer(layer), theme.background) >= 3.0, "{layer:?}");
            }
            assert!(contrast(theme.layer(Layer::HostKernel), theme.layer(Layer::GuestKernel)) >= 1.4);
            for behind in [theme.background, theme.card] {
                assert!(contrast(theme.published(), behind) >= 3.0, "what was published on {behind:?}");
                assert!(contrast(theme.focus, behind) >= 3.0, "the ring on {behind:?}");
            }
        }
    }

    #[test]
    fn every_colour_has_a_tone_for_words_on_what_it_tints() {
        for theme in [Theme::dark(), Theme::light()] {
            let layers = [Layer::User, Layer::HostKernel, Layer::Hypervisor, Layer::Hardware, Layer::Namespaces];
            let layers = layers.into_iter().chain([Layer::Throttled]).map(|layer| theme.layer(layer));
            let sure = [Confidence::Certain, Confidence::Likely, Confidence::Possible, Confidence::Conflict];
            for color in layers.chain(sure.map(|sure| theme.confidence(sure))) {
                for on in [theme.background, theme.chosen, theme.faint(color, 0.11), theme.faint(color, 0.17)] {
                    let tone = theme.legible(color, on);
                    assert!(contrast(tone, on) >= WORDS, "{color:?} on {on:?}: {}", contrast(tone, on));
                }
            }
        }
    }
}
