//! The bar under each column: the exact sum of the hops of the stack's latest journey so far, by layer, all bars to
//! one scale. And the legend of layers.

use egui::{Align2, Rect, pos2, vec2};

use super::camera::Camera;
use super::drawing::{Ink, Shape};
use super::layout::Layout;
use super::words::Writer;
use crate::app::index::Index;
use crate::app::theme::TextRole;
use crate::engine::Time;
use crate::trace::{JourneyId, Layer, Trace};

/// Draws ledgers.
pub struct Ledgers<'a> {
    /// Where they stand.
    pub layout: &'a Layout,
    /// How they are shown.
    pub camera: Camera,
    /// How texts are written.
    pub writer: Writer<'a>,
    /// The trace.
    pub trace: &'a Trace,
    /// Its index.
    pub index: &'a Index,
    /// A journey that is shown instead of its stack's latest.
    pub chosen: Option<JourneyId>,
}

/// One stack's sum.
struct Sum {
    journey: JourneyId,
    ledger: [u64; Layer::ALL.len()],
    spent: u64,
    whole: u64,
    ended: bool,
}

impl Ledgers<'_> {
    /// All bars at `time`, and the legend.
    pub fn draw(&self, time: Time, out: &mut Vec<Shape>) {
        let sums: Vec<Option<Sum>> = self.layout.columns.iter().map(|column| self.sum(column.stack, time)).collect();
        let per_width = |(sum, column): (&Option<Sum>, &super::layout::Column)| {
            let whole = sum.as_ref().map_or(0, |s| s.whole);
            whole as f32 / column.ledger.width().max(1.0)
        };
        // The scale at which every bar, once its journey has ended, fits under its column.
        let scale = sums.iter().zip(&self.layout.columns).map(per_width).fold(0.0, f32::max);
        for (sum, column) in sums.iter().zip(&self.layout.columns) {
            let rect = self.camera.rect(column.ledger);
            if let Some(sum) = sum.as_ref().filter(|_| scale > 0.0 && rect.intersects(self.camera.canvas)) {
                self.bar(sum, rect, scale / self.camera.zoom, out);
                self.numbers(sum, rect, time, out);
            }
        }
        self.legend(out);
    }

    fn sum(&self, stack: crate::trace::StackId, time: Time) -> Option<Sum> {
        let of_stack = |j: &JourneyId| {
            self.trace.journeys.get(j.index()).is_some_and(|journey| journey.stack == stack && journey.start <= time)
        };
        let journey = match self.chosen.filter(of_stack) {
            Some(journey) => journey,
            None => self.index.latest(self.trace, stack, time)?.1,
        };
        let ledger = self.index.ledger(self.trace, journey, time);
        let whole = self.index.ledger(self.trace, journey, Time::MAX).iter().sum();
        let ended = self.trace.journeys.get(journey.index()).is_some_and(|j| j.end <= time);
        Some(Sum { journey, ledger, spent: ledger.iter().sum(), whole, ended })
    }

    fn bar(&self, sum: &Sum, rect: Rect, ps_per_point: f32, out: &mut Vec<Shape>) {
        let height = (rect.height() * 0.26).min(11.0 * self.camera.words);
        let top = rect.top() + rect.height() * 0.14;
        let track = Rect::from_min_size(pos2(rect.left(), top), vec2(sum.whole as f32 / ps_per_point, height));
        out.push(Shape::Rect { rect: track, radius: 2.0, fill: Some(Ink::Outline.faint(0.55)), line: None });
        let mut x = rect.left();
        for (layer, &ps) in Layer::ALL.iter().zip(&sum.ledger) {
            let width = ps as f32 / ps_per_point;
            if width > 0.2 {
                let gap = if width > 4.0 { 1.0 } else { 0.0 };
                let piece = Rect::from_min_size(pos2(x, top), vec2(width - gap, height));
                let fill = Some(Ink::Layer(*layer).solid());
                out.push(Shape::Rect { rect: piece, radius: if width > 6.0 { 2.0 } else { 0.0 }, fill, line: None });
            }
            x += width;
        }
    }

    fn numbers(&self, sum: &Sum, rect: Rect, time: Time, out: &mut Vec<Shape>) {
        let room = rect.height() * 0.52;
        let (Some(size), Some(small)) =
            (self.writer.size(TextRole::Body, room), self.writer.size(TextRole::Note, room))
        else {
            return;
        };
        let y = rect.bottom() - room / 2.0;
        let spent = Time(sum.spent).to_string();
        let text = if sum.ended { spent } else { format!("{spent} so far") };
        let line = self.writer.line(
            &text,
            (rect.left(), y),
            Align2::LEFT_CENTER,
            (size, true),
            rect.width(),
            Ink::Text.solid(),
        );
        let Some(line) = line else { return };
        let used = self.writer.metrics.width(&text, size, true) + 8.0;
        out.push(line);
        // What had to be shortened would be a wrong number, so the longest that fits whole is shown.
        let fits = |text: &&String| used + self.writer.metrics.width(text, small, false) <= rect.width();
        let comparisons = self.comparisons(sum, time);
        let Some(text) = comparisons.iter().find(fits) else { return };
        let at = (rect.right(), y);
        out.extend(self.writer.line(text, at, Align2::RIGHT_CENTER, (small, false), rect.width(), Ink::Muted.solid()));
    }

    /// How the journey compares with the first stack's latest like it; while it is under way, how the one before
    /// it did. The longest text first.
    fn comparisons(&self, sum: &Sum, time: Time) -> Vec<String> {
        let whole = |journey: JourneyId| self.index.ledger(self.trace, journey, Time::MAX).iter().sum::<u64>();
        let latest = |stack| self.index.latest_ended(self.trace, stack, time, sum.journey);
        let Some(journey) = self.trace.journeys.get(sum.journey.index()) else { return Vec::new() };
        let Some(own) = (if sum.ended { Some(sum.journey) } else { latest(journey.stack) }) else { return Vec::new() };
        let first = self.layout.columns.first().and_then(|column| latest(column.stack)).map(whole);
        let ratio = first.filter(|&first| first > 0).map(|first| {
            let ratio = whole(own) as f64 / first as f64;
            let digits = if ratio < 9.995 { 2 } else { usize::from(ratio < 99.95) };
            format!("{ratio:.digits$}×")
        });
        if sum.ended {
            return ratio.into_iter().collect();
        }
        let last = format!("last {}", Time(whole(own)));
        ratio.map(|ratio| format!("{last} · {ratio}")).into_iter().chain([last.clone()]).collect()
    }

    fn legend(&self, out: &mut Vec<Shape>) {
        let rect = self.camera.rect(self.layout.legend);
        let Some(size) = self.writer.size(TextRole::Small, rect.height()) else { return };
        let entries = legend_entries(&self.index.layers);
        let width = |name: &str| self.writer.metrics.width(name, size, false) + size * 2.6;
        let whole: f32 = entries.iter().map(|(_, name)| width(name)).sum();
        if whole > rect.width() {
            return;
        }
        let mut x = rect.left();
        for (layer, name) in entries {
            let swatch = Rect::from_center_size(pos2(x + size * 0.4, rect.center().y), vec2(size * 0.75, size * 0.75));
            out.push(Shape::Rect { rect: swatch, radius: 2.0, fill: Some(Ink::Layer(layer).solid()), line: None });
            let at = (x + size * 1.1, rect.center().y);
            out.extend(self.writer.line(name, at, Align2::LEFT_CENTER, (size, false), f32::MAX, Ink::Muted.solid()));
            x += width(name);
        }
    }
}

/// Layers of one colour share an entry.
fn legend_entries(layers: &[Layer]) -> Vec<(Layer, &'static str)> {
    let both = layers.contains(&Layer::GuestKernel) && layers.contains(&Layer::HostKernel);
    let entry = |&layer: &Layer| match layer {
        Layer::GuestKernel if both => (layer, "guest and host kernel"),
        _ => (layer, layer.label()),
    };
    layers.iter().filter(|&&l| !(both && l == Layer::HostKernel)).map(entry).collect()
}
