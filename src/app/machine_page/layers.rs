//! The stack of layers, hardware at the bottom, this process on top; each with its evidence.

use egui::{Align, Color32, Frame, Layout, Margin, RichText, Sense, Shape, Stroke, Ui, Vec2};
use egui_phosphor::regular as icon;

use super::hints::hint_ui;
use super::state::MachinePage;
use crate::app::fonts;
use crate::app::panels::widgets::{body, note};
use crate::app::theme::{TextRole, Theme};
use crate::probe::inventory::{Confidence, Inventory, Layer, LayerKind};
use crate::probe::measure::Report;
use crate::trace;

/// What the layers say, in a title.
pub fn title(inventory: Option<&Inventory>) -> &'static str {
    let Some(inventory) = inventory else { return "Looking at this computer" };
    let sure = |kind| inventory.layer(kind).filter(|layer: &&Layer| layer.present).map(|layer| layer.confidence);
    match (sure(LayerKind::OuterHypervisor), sure(LayerKind::Hypervisor)) {
        (Some(Confidence::Certain), _) => "Two hypervisors below this window",
        (Some(_), _) => "One hypervisor below this window, perhaps two",
        (None, Some(_)) => "One hypervisor below this window",
        (None, None) => "No hypervisor below this window",
    }
}

/// The layers whose first evidence is worth a line.
const TELLING: [LayerKind; 3] = [LayerKind::Hypervisor, LayerKind::OuterHypervisor, LayerKind::KvmDevice];

/// The evidence that tells most: a hypervisor's own name, or what an exit costs; else the first.
fn telling(layer: &Layer) -> Option<&String> {
    let best = |line: &&String| line.starts_with("measured") || line.starts_with("CPUID 0x40000000");
    layer.evidence.iter().find(best).or(layer.evidence.first()).filter(|_| TELLING.contains(&layer.layer))
}

/// Draws the stack.
pub fn layers_ui(ui: &mut Ui, page: &mut MachinePage, theme: &Theme) {
    let Some(inventory) = &page.inventory else {
        ui.horizontal(|ui| {
            ui.add(egui::Spinner::new());
            ui.label(note("Reading /proc and /sys", theme));
        });
        return;
    };
    let roomy = ui.available_height() > 720.0 * theme.scale;
    let mut clicked = None;
    let stack = inventory.layers.iter().rev().filter(|layer| layer.layer != LayerKind::KvmDevice);
    for layer in stack {
        if layer_ui(ui, layer, page.opened == Some(layer.layer), roomy, theme) {
            clicked = Some(layer.layer);
        }
    }
    if let Some(layer) = inventory.layer(LayerKind::KvmDevice) {
        ui.add_space(6.0 * theme.scale);
        if layer_ui(ui, layer, page.opened == Some(layer.layer), roomy, theme) {
            clicked = Some(layer.layer);
        }
        kvm_ui(ui, layer, page.saved.report.as_ref(), &mut page.kvm_help, theme);
    }
    if clicked.is_some() {
        page.opened = clicked.filter(|kind| page.opened != Some(*kind));
    }
}

/// One layer: what it is, how sure that is, and on demand why. True if it was clicked.
///
/// Where it is `roomy`, the first evidence of those layers stands there that people ask about most.
fn layer_ui(ui: &mut Ui, layer: &Layer, open: bool, roomy: bool, theme: &Theme) -> bool {
    let color = color(layer.layer, theme);
    let place = ui.painter().add(Shape::Noop);
    let inside = Frame::new().inner_margin(Margin::symmetric((14.0 * theme.scale) as i8, (6.0 * theme.scale) as i8));
    let shown = inside.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = 2.0 * theme.scale;
        let row = Vec2::new(ui.available_width(), 21.0 * theme.scale);
        ui.allocate_ui_with_layout(row, Layout::right_to_left(Align::Center), |ui| {
            chip_ui(ui, layer.confidence.word(), theme.confidence(layer.confidence), theme);
            if layer.layer == LayerKind::Process {
                chip_ui(ui, "you are here", theme.accent, theme);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let font = fonts::strong(ui.ctx(), TextRole::Body, theme);
                let name = RichText::new(&layer.name).font(font).color(theme.legible(color, theme.faint(color, 0.17)));
                ui.add(egui::Label::new(name).truncate().selectable(false));
            });
        });
        if !layer.detail.is_empty() {
            let text = note(&layer.detail, theme).color(theme.text_body);
            ui.add(egui::Label::new(text).wrap().selectable(false));
        }
        if roomy
            && !open
            && let Some(line) = telling(layer)
        {
            ui.add(egui::Label::new(note(line, theme)).truncate().selectable(false));
        }
        if open {
            ui.add_space(4.0 * theme.scale);
            evidence_ui(ui, layer, theme);
        }
    });
    let rect = shown.response.rect;
    let response = ui.interact(rect, ui.id().with(("layer", layer.layer)), Sense::click());
    let words = format!("{}: {}, {}", layer.layer.label(), layer.name, layer.confidence.word());
    response.widget_info(|| egui::WidgetInfo::selected(egui::WidgetType::CollapsingHeader, true, open, &words));
    let strong = response.hovered() || response.has_focus() || open;
    let fill = if layer.present { theme.faint(color, if strong { 0.17 } else { 0.11 }) } else { theme.background };
    let width = if response.has_focus() { 2.5 } else { 1.5 };
    let mut shapes = vec![Shape::rect_filled(rect, 8.0, fill)];
    shapes.extend(outline(rect, Stroke::new(width, if strong { theme.text } else { color }), !layer.present));
    ui.painter().set(place, Shape::Vec(shapes));
    if !open {
        hint_ui(&response, 460.0 * theme.scale, |ui| {
            ui.label(body(format!("{}: {}", layer.layer.label(), layer.name), theme).color(theme.text));
            if !layer.detail.is_empty() {
                ui.label(note(&layer.detail, theme).color(theme.text_body));
            }
            evidence_ui(ui, layer, theme);
        });
    }
    response.clicked()
}

/// Why it is thought so: what was read, and where.
fn evidence_ui(ui: &mut Ui, layer: &Layer, theme: &Theme) {
    ui.label(note("Evidence", theme).strong());
    for line in &layer.evidence {
        ui.add(egui::Label::new(note(line, theme).color(theme.text_body)).wrap().selectable(false));
    }
}

/// A small rounded label.
fn chip_ui(ui: &mut Ui, text: &str, color: Color32, theme: &Theme) {
    let fill = theme.faint(color, 0.16);
    let tone = theme.legible(color, fill);
    let galley = ui.painter().layout_no_wrap(text.to_owned(), fonts::strong(ui.ctx(), TextRole::Small, theme), tone);
    let size = galley.size() + Vec2::new(18.0, 4.0) * theme.scale;
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    ui.painter().rect(rect, size.y / 2.0, fill, Stroke::new(1.0, color), egui::StrokeKind::Inside);
    ui.painter().galley(rect.center() - galley.size() / 2.0, galley, tone);
}

/// The outline of a card; dashed around what is not there.
fn outline(rect: egui::Rect, stroke: Stroke, dashed: bool) -> Vec<Shape> {
    if !dashed {
        return vec![Shape::rect_stroke(rect, 8.0, stroke, egui::StrokeKind::Inside)];
    }
    let rect = rect.shrink(1.0);
    let corners = [rect.left_top(), rect.right_top(), rect.right_bottom(), rect.left_bottom(), rect.left_top()];
    Shape::dashed_line(&corners, stroke, 6.0, 4.0)
}

fn color(kind: LayerKind, theme: &Theme) -> Color32 {
    use trace::Layer::{Hardware, HostKernel, Hypervisor, Namespaces, Throttled, User};
    theme.layer(match kind {
        LayerKind::Process => User,
        LayerKind::Container | LayerKind::Namespaces => Namespaces,
        LayerKind::Cgroups => Throttled,
        LayerKind::Kernel => HostKernel,
        LayerKind::Hypervisor | LayerKind::OuterHypervisor | LayerKind::KvmDevice => Hypervisor,
        LayerKind::Processor | LayerKind::Firmware | LayerKind::Devices => Hardware,
    })
}

/// What guests made here run on, and what would change that.
fn kvm_ui(ui: &mut Ui, layer: &Layer, report: Option<&Report>, open: &mut bool, theme: &Theme) {
    let word = if *open { icon::CARET_DOWN } else { icon::CARET_RIGHT };
    let text = RichText::new(format!("What would change this {word}")).font(theme.font(TextRole::Note));
    let link = ui.add(egui::Button::new(text.color(theme.accent)).frame(false));
    link.widget_info(|| {
        egui::WidgetInfo::selected(egui::WidgetType::CollapsingHeader, true, *open, "What would change this")
    });
    if link.clicked() {
        *open = !*open;
    }
    if *open {
        for line in changes(layer, guests(report)) {
            ui.add(egui::Label::new(note(line, theme).color(theme.text_body)).wrap());
        }
    }
}

/// How the guests ran that the probe made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guests {
    /// On the processor.
    OnHardware,
    /// Instruction by instruction, in software.
    Interpreted,
    /// None has run.
    Unknown,
}

fn guests(report: Option<&Report>) -> Guests {
    let has = |matches: &dyn Fn(&str) -> bool| {
        report.is_some_and(|r| r.measurements.iter().any(|m| matches(&m.primitive) && m.measured().is_some()))
    };
    match (has(&|name| name == "exit_cpuid"), has(&|name| name.starts_with("emulated_"))) {
        (true, _) => Guests::OnHardware,
        (false, true) => Guests::Interpreted,
        (false, false) => Guests::Unknown,
    }
}

/// What would give virtual machines on the hardware here.
fn changes(layer: &Layer, guests: Guests) -> Vec<String> {
    let mut lines = Vec::new();
    if guests == Guests::OnHardware {
        lines.push("Nothing needs to change: virtual machines run on the processor here, as was measured.".to_owned());
        return lines;
    }
    if guests == Guests::Interpreted {
        lines.push(
            "The probe made a guest here, and found it interpreted: some thousand times slower than the processor."
                .to_owned(),
        );
    }
    // Only where the layer says so: a device that can be opened may do without AMD-V or VT-x, and be slow.
    let offered = ["guests can run on", "is offered here"].iter().any(|words| layer.detail.contains(words));
    if layer.present && layer.confidence == Confidence::Certain && guests == Guests::Unknown && offered {
        lines.push(
            "Nothing needs to change: virtual machines can be made here. Measure to see what an exit costs.".into(),
        );
        return lines;
    }
    if !layer.detail.is_empty() {
        lines.push(format!("Here: {}.", layer.detail));
    }
    lines.push(
        "On a computer of your own: switch on VT-x or SVM in the firmware, load kvm_intel or kvm_amd, and join the \
         group kvm."
            .to_owned(),
    );
    lines.push(
        "In a virtual machine: its owner has to offer nested virtualization, as some cloud instances do and \
         bare-metal ones need not."
            .to_owned(),
    );
    lines.push("In a container: whoever starts it has to pass the device in, as with --device /dev/kvm.".to_owned());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::costs::{Quantiles, Unit};
    use crate::probe::measure::{Measured, Measurement, Outcome, Plan, Stability};

    fn report(name: &str) -> Report {
        let spread = Quantiles { min: 1.0, p50: 1.0, p90: 1.0, p99: 1.0, max: 1.0 };
        let (method, stability) = (String::new(), Stability::Stable);
        let outcome = Outcome::Measured(Measured { value: 1.0, spread, runs: 1, method, formula: None, stability });
        let measurements = vec![Measurement { primitive: name.to_owned(), unit: Unit::Ns, outcome }];
        let (host, when) = (String::new(), String::new());
        Report { plan: Plan::Quick, host, when, seconds: 0.0, cancelled: false, in_guest: true, measurements }
    }

    fn device(detail: &str) -> Layer {
        let (name, detail) = ("/dev/kvm can be opened".to_owned(), detail.to_owned());
        let confidence = Confidence::Certain;
        Layer { layer: LayerKind::KvmDevice, name, detail, present: true, evidence: Vec::new(), confidence }
    }

    #[test]
    fn nothing_needs_to_change_only_where_guests_run_on_the_processor() {
        let nothing = |layer: &Layer, guests| changes(layer, guests)[0].starts_with("Nothing needs to change");
        let (good, without) = (device("guests can run on VT-x"), device("no AMD-V here: guests run in software"));
        assert!(nothing(&good, Guests::Unknown) && !nothing(&without, Guests::Unknown));
        assert!(
            !nothing(&good, guests(Some(&report("emulated_port")))),
            "any of them says that guests are interpreted"
        );
        assert!(nothing(&good, guests(Some(&report("exit_cpuid")))));
        assert_eq!(guests(None), Guests::Unknown);
    }
}
