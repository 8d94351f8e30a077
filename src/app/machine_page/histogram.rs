//! Two distributions on one axis: what was simulated and what really happened.
//!
//! Drawn anew from the samples each time: nothing of another work, or of an earlier run of this one, can stay.

use egui::{Align2, Color32, Pos2, Rect, Sense, Shape, Stroke, StrokeKind, Ui, Vec2};

use super::amounts::{amount, ticks};
use crate::app::panels::widgets::note;
use crate::app::theme::{TextRole, Theme};
use crate::validate::{Statistic, Workload};

/// Bars of each side.
const BINS: usize = 22;

/// Where bins begin and how wide they are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bins {
    /// The least value.
    pub from: f64,
    /// The width of one.
    pub width: f64,
}

impl Bins {
    /// Bins that hold 97 in a hundred of both sides, and the `compared` values; the last holds what lies beyond too.
    pub fn of(predicted: &[f64], measured: &[f64], compared: [Option<f64>; 2]) -> Option<Bins> {
        let reach = |samples: &[f64]| samples.get(samples.len().saturating_sub(1) * 97 / 100).copied();
        let least = |samples: &[f64]| samples.first().copied();
        let from = [least(predicted), least(measured)].into_iter().flatten().reduce(f64::min)?;
        let reaches = [reach(predicted), reach(measured)];
        let to = reaches.into_iter().chain(compared).flatten().reduce(f64::max)?;
        // One value only still gets a bar of some width.
        let margin = if to - from > from.abs() * 1e-3 { 0.0 } else { from.abs().max(1e-9) * 0.05 };
        let (from, to) = (from - margin, to + margin);
        Some(Bins { from, width: (to - from) / BINS as f64 })
    }

    /// The end of the last.
    fn to(&self) -> f64 {
        self.from + self.width * BINS as f64
    }

    /// The share of `samples` in each bin, in percent.
    pub fn shares(&self, samples: &[f64]) -> [f64; BINS] {
        let mut shares = [0.0; BINS];
        for sample in samples {
            let bin = ((sample - self.from) / self.width).floor().max(0.0) as usize;
            shares[bin.min(BINS - 1)] += 100.0 / samples.len() as f64;
        }
        shares
    }
}

/// What a statistic is called.
pub fn statistic(statistic: Statistic) -> &'static str {
    match statistic {
        Statistic::Median => "median",
        Statistic::P99 => "99th percentile",
        Statistic::Mean => "mean",
    }
}

/// Draws both distributions of a work and what the marks mean.
pub fn histogram_ui(ui: &mut Ui, workload: &Workload, height: f32, theme: &Theme) {
    let (predicted, measured) = (&workload.samples_predicted, &workload.samples_measured);
    let compared = [workload.measured, workload.predicted];
    let Some(bins) = Bins::of(predicted, measured, compared) else {
        ui.label(note("There are no samples of it to draw", theme));
        return;
    };
    let (here, there) = (theme.provenance("measured"), theme.accent);
    let shares = [bins.shares(measured), bins.shares(predicted)];
    let most = shares.iter().flatten().copied().fold(0.0, f64::max).max(1.0);
    let (all, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), height), Sense::hover());
    let words = format!(
        "{}: share of samples from {} to {}",
        workload.name,
        amount(bins.from, workload.unit),
        amount(bins.to(), workload.unit)
    );
    response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Image, true, &words));
    let small = theme.font(TextRole::Small);
    let line = 18.0 * theme.scale;
    ui.painter().text(
        all.left_top(),
        Align2::LEFT_TOP,
        format!("share of samples, at most {most:.0} %"),
        small.clone(),
        theme.text_muted,
    );
    let area = Rect::from_min_max(all.min + Vec2::Y * (line + 4.0), all.max - Vec2::Y * line);
    let x = |value: f64| egui::remap(value, bins.from..=bins.to(), f64::from(area.left())..=f64::from(area.right()));
    for (side, color) in [(0, here), (1, there)] {
        for (i, share) in shares[side].iter().enumerate().filter(|(_, share)| **share > 0.0) {
            let middle = area.left() + area.width() * (i as f32 + 0.28 + 0.44 * side as f32) / BINS as f32;
            let size = Vec2::new(area.width() * 0.4 / BINS as f32, area.height() * (share / most) as f32);
            let bar = Rect::from_min_size(Pos2::new(middle - size.x / 2.0, area.bottom() - size.y), size);
            bar_ui(ui, bar, side == 0, color);
        }
        if let Some(value) = compared[side] {
            let at = x(value) as f32;
            let ends = [Pos2::new(at, area.top()), Pos2::new(at, area.bottom())];
            let stroke = Stroke::new(1.5, color);
            ui.painter().extend(match side {
                0 => vec![Shape::line_segment(ends, stroke)],
                _ => Shape::dashed_line(&ends, stroke, 4.0, 3.0),
            });
        }
    }
    ui.painter().hline(area.x_range(), area.bottom(), Stroke::new(1.0, theme.text_muted));
    let mut free = f32::NEG_INFINITY;
    for (value, label) in ticks(bins.from, bins.to(), workload.unit) {
        let at = x(value) as f32;
        let text = ui.painter().layout_no_wrap(label, small.clone(), theme.text_muted);
        let left = (at - text.size().x / 2.0).clamp(all.left(), (all.right() - text.size().x).max(all.left()));
        ui.painter().vline(at, area.bottom()..=area.bottom() + 4.0, Stroke::new(1.0, theme.text_muted));
        if left > free {
            free = left + text.size().x + 8.0;
            ui.painter().galley(Pos2::new(left, area.bottom() + 4.0), text, theme.text_muted);
        }
    }
    let hovered = response.hover_pos().map(|at| ((at.x - area.left()) / area.width() * BINS as f32).max(0.0) as usize);
    if let Some(bin) = hovered.map(|bin| bin.min(BINS - 1)) {
        let from = amount(bins.from + bins.width * bin as f64, workload.unit);
        let to = match bin {
            last if last == BINS - 1 => "and more".to_owned(),
            _ => format!("to {}", amount(bins.from + bins.width * (bin + 1) as f64, workload.unit)),
        };
        let words = format!("{from} {to}: real {:.0} %, predicted {:.0} % of samples", shares[0][bin], shares[1][bin]);
        response.on_hover_text_at_pointer(words);
    }
    legend_ui(ui, workload, theme);
}

/// What is real is solid, what is predicted an outline: the colours are not needed to tell them apart.
fn bar_ui(ui: &Ui, bar: Rect, solid: bool, color: Color32) {
    if solid {
        ui.painter().rect_filled(bar, 0.0, color);
    } else {
        ui.painter().rect_stroke(bar, 0.0, Stroke::new(1.5, color), StrokeKind::Inside);
    }
}

fn legend_ui(ui: &mut Ui, workload: &Workload, theme: &Theme) {
    ui.horizontal_wrapped(|ui| {
        let sides = [
            (theme.provenance("measured"), "real", &workload.samples_measured),
            (theme.accent, "predicted", &workload.samples_predicted),
        ];
        for (color, words, samples) in sides {
            let (rect, _) = ui.allocate_exact_size(Vec2::splat(10.0 * theme.scale), Sense::hover());
            bar_ui(ui, rect, words == "real", color);
            let none = if samples.is_empty() { ", none" } else { "" };
            ui.label(note(format!("{words}{none}"), theme));
            ui.add_space(6.0);
        }
    });
    let words = format!("lines: the {}, compared; dashed where predicted", statistic(workload.statistic));
    ui.add(egui::Label::new(note(words, theme)).wrap());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_are_whole_and_a_single_value_is_a_bar() {
        let many: Vec<f64> = (0..200).map(f64::from).collect();
        let bins = Bins::of(&many, &[50.0], [None, None]).unwrap();
        for samples in [&many[..], &[50.0], &[1e9, 1e10]] {
            assert!((bins.shares(samples).iter().sum::<f64>() - 100.0).abs() < 1e-6);
        }
        let bins = Bins::of(&[2570.0; 9], &[], [None, None]).unwrap();
        assert!(bins.width > 0.0 && bins.shares(&[2570.0; 8]).contains(&100.0));
        assert_eq!(Bins::of(&[], &[], [None, None]), None);
        assert!(Bins::of(&many, &[], [Some(400.0), None]).unwrap().to() >= 400.0, "what is compared is in sight");
    }
}
