//! The typefaces: Inter for words, Phosphor for icons, egui's own for code.

use std::sync::Arc;

use egui::{Context, FontData, FontDefinitions, FontFamily, FontId};

use super::theme::{TextRole, Theme};

/// Inter.
pub(super) const REGULAR: &[u8] = include_bytes!("../../assets/fonts/Inter-Regular.otf");
/// Inter, bolder.
pub(super) const STRONG: &[u8] = include_bytes!("../../assets/fonts/Inter-SemiBold.otf");

fn strong_family() -> FontFamily {
    FontFamily::Name("strong".into())
}

/// Makes the typefaces known to `context`, from its next frame on.
pub fn install(context: &Context) {
    let mut fonts = FontDefinitions::default();
    for (name, data) in [("inter", REGULAR), ("inter-strong", STRONG)] {
        fonts.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(data)));
    }
    fonts.families.entry(FontFamily::Proportional).or_default().insert(0, "inter".to_owned());
    egui_phosphor::add_to_fonts(&mut fonts, egui_phosphor::Variant::Regular);
    let mut strong = fonts.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    strong.insert(0, "inter-strong".to_owned());
    fonts.families.insert(strong_family(), strong);
    context.set_fonts(fonts);
}

/// The bolder family; the ordinary one before [`install`] has taken effect.
pub fn strong_family_of(context: &Context) -> FontFamily {
    let there = context.fonts(|fonts| fonts.definitions().families.contains_key(&strong_family()));
    if there { strong_family() } else { FontFamily::Proportional }
}

/// A bolder font of the role's size; the ordinary one before [`install`] has taken effect.
pub fn strong(context: &Context, role: TextRole, theme: &Theme) -> FontId {
    FontId::new(theme.size(role), strong_family_of(context))
}
