//! Two distributions on one axis: what was simulated and what really happened.

use egui::{Color32, Sense, Ui, Vec2};
use egui_plot::{AxisHints, Bar, BarChart, Plot};

use super::works::amount;
use crate::app::panels::widgets::note;
use crate::app::theme::{TextRole, Theme};
use crate::validate::Workload;

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
    /// Bins that hold 97 in a hundred of both sides; the last holds what lies beyond too.
    pub fn of(predicted: &[f64], measured: &[f64]) -> Option<Bins> {
        let reach = |samples: &[f64]| samples.get(samples.len().saturating_sub(1) * 97 / 100).copied();
        let least = |samples: &[f64]| samples.first().copied();
        let from = [least(predicted), least(measured)].into_iter().flatten().reduce(f64::min)?;
        let to = [reach(predicted), reach(measured)].into_iter().flatten().reduce(f64::max)?;
        // One value only still gets a bar of some width.
        let margin = if to - from > from.abs() * 1e-3 { 0.0 } else { from.abs().max(1e-9) * 0.05 };
        let (from, to) = (from - margin, to + margin);
        Some(Bins { from, width: (to - from) / BINS as f64 })
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

/// Draws both distributions of a work and what the colours mean.
pub fn histogram_ui(ui: &mut Ui, workload: &Workload, height: f32, theme: &Theme) {
    let (predicted, measured) = (&workload.samples_predicted, &workload.samples_measured);
    let Some(bins) = Bins::of(predicted, measured) else {
        ui.label(note("There are no samples of it to draw", theme));
        return;
    };
    let unit = workload.unit;
    let chart = |name: &'static str, samples: &[f64], side: f64, color: Color32| {
        let bar = |(i, share): (usize, f64)| {
            let middle = bins.from + bins.width * (i as f64 + 0.5 + side * 0.22);
            Bar::new(middle, share).width(bins.width * 0.42).fill(color).stroke(egui::Stroke::NONE)
        };
        let bars = bins.shares(samples).into_iter().enumerate().filter(|(_, share)| *share > 0.0).map(bar).collect();
        BarChart::new(name, bars).element_formatter(Box::new(move |bar: &Bar, _: &BarChart| {
            let i = ((bar.argument - bins.from) / bins.width).floor();
            let (from, to) = (bins.from + bins.width * i, bins.from + bins.width * (i + 1.0));
            format!("{name}: {:.0} % from {} to {}", bar.value, amount(from, unit), amount(to, unit))
        }))
    };
    let (here, there) = (theme.provenance("measured"), theme.accent);
    let charts = [chart("real", measured, -1.0, here), chart("predicted", predicted, 1.0, there)];
    let (from, to) = (bins.from, bins.from + bins.width * BINS as f64);
    Plot::new("distributions")
        .width(ui.available_width())
        .height(height)
        .show_axes([true, false])
        .show_grid(false)
        .show_background(false)
        .show_x(false)
        .show_y(false)
        .show_crosshair(false)
        .allow_zoom(false)
        .allow_drag(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_axis_zoom_drag(false)
        .allow_double_click_reset(false)
        .sense(Sense::hover())
        .default_x_bounds(from, to)
        .include_y(0.0)
        .x_grid_spacer(move |_| {
            [0.1, 0.5, 0.9]
                .map(|share| egui_plot::GridMark { value: from + (to - from) * share, step_size: to - from })
                .to_vec()
        })
        .custom_x_axes(vec![
            AxisHints::new_x()
                .formatter(move |mark, _| amount(mark.value, unit))
                .tick_label_color(theme.text_muted)
                .tick_label_font(theme.font(TextRole::Small)),
        ])
        .show(ui, |plot| charts.into_iter().for_each(|chart| plot.bar_chart(chart)));
    ui.horizontal_wrapped(|ui| {
        for (color, words, samples) in [(here, "real", measured), (there, "predicted", predicted)] {
            let (rect, _) = ui.allocate_exact_size(Vec2::splat(10.0 * theme.scale), Sense::hover());
            ui.painter().rect_filled(rect, 2.0, color);
            let none = if samples.is_empty() { ", none" } else { "" };
            ui.label(note(format!("{words}{none}"), theme));
            ui.add_space(6.0);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_are_whole_and_a_single_value_is_a_bar() {
        let many: Vec<f64> = (0..200).map(f64::from).collect();
        let bins = Bins::of(&many, &[50.0]).unwrap();
        for samples in [&many[..], &[50.0], &[1e9, 1e10]] {
            assert!((bins.shares(samples).iter().sum::<f64>() - 100.0).abs() < 1e-6);
        }
        let bins = Bins::of(&[2570.0; 9], &[]).unwrap();
        assert!(bins.width > 0.0 && bins.shares(&[2570.0; 8]).contains(&100.0));
        assert_eq!(Bins::of(&[], &[]), None);
    }
}
