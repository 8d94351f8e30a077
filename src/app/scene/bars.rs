//! One row of bars for each column, all from one zero to one scale: what the operations of one kind took that have
//! ended by now, and, thin above it, the one that is running. The numbers are those of [`crate::trace::bars`].

use egui::{Align2, Rect, pos2, vec2};

use super::drawing::{Ink, Shape};
use super::words::{LINE, Writer};
use crate::app::index::Index;
use crate::app::letters::letter;
use crate::app::theme::TextRole;
use crate::engine::Time;
use crate::machine::Topology;
use crate::scenario::{Asked, Figure, Kind, Split, Topic, Value, capital};
use crate::trace::bars::{Bars, KeyId, Ratio, SMALL, Summary, scale, split};
use crate::trace::{JourneyId, Layer, OperationKind, StackId, Statistic, Trace};

/// So far back an operation is looked for that is more than arithmetic between two others.
const BACK: usize = 64;

/// What the bars should be of.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish {
    /// What is spoken of: the kind of operation, and whose bar the others are measured by.
    pub topic: Topic,
    /// An operation that is selected.
    pub chosen: Option<JourneyId>,
    /// The column that is followed.
    pub follow: Option<StackId>,
}

/// What is worked out for one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// What the operations are: "read, 4 KiB, from the disk".
    pub title: String,
    /// Of what the bars are: of all that happens in the run, or of what had happened by the moment shown.
    pub whole: bool,
    /// What the lengths count: times, or events in thousandths.
    pub kind: Kind,
    /// Which figure of the operations that have ended the lengths are.
    pub statistic: Statistic,
    /// The length of the scale, in picoseconds or thousandths.
    pub scale: u64,
    /// From top to bottom.
    pub rows: Vec<Row>,
    /// How many columns have no row, and the least and largest of their medians.
    pub more: Option<(usize, Option<(u64, u64)>)>,
    /// Whether it is told only what the rows will be: the scene has not been played.
    pub awaited: bool,
}

/// One column's row.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Whose.
    pub stack: StackId,
    /// The operations that have ended.
    pub summary: Option<Summary>,
    /// Beside that of the column that is the measure.
    pub ratio: Ratio,
    /// The one that is running, and its exact hops so far by layer.
    pub running: Option<(JourneyId, Parts)>,
    /// What was asked of it, in place of what the operations say.
    pub figure: Option<Figure>,
}

/// Picoseconds by layer.
pub type Parts = [u64; Layer::ALL.len()];

impl Row {
    /// Whether it is of no layer.
    fn is_whole(&self) -> bool {
        self.figure.as_ref().is_some_and(|figure| figure.split == Split::Whole)
    }

    /// What is said of how it compares: the number, and how sure it is.
    pub fn comparison(&self) -> (String, String) {
        if let Some(figure) = &self.figure {
            return match figure.beside.as_str() {
                "the measure" => ("".to_owned(), figure.beside.clone()),
                beside => (beside.to_owned(), String::new()),
            };
        }
        let times = |ratio: f64| {
            let digits = if ratio < 9.995 { 2 } else { usize::from(ratio < 99.95) };
            format!("{ratio:.digits$}")
        };
        match self.ratio {
            Ratio::Measure => ("1×".to_owned(), "the measure".to_owned()),
            Ratio::Nothing | Ratio::TooFew(_) => (String::new(), String::new()),
            Ratio::Times { ratio, low, high } if self.ratio.no_difference() => {
                (format!("{}×", times(ratio)), format!("{} to {}: no difference seen", times(low), times(high)))
            }
            Ratio::Times { ratio, low, high } => {
                (format!("{}×", times(ratio)), format!("{} to {}", times(low), times(high)))
            }
        }
    }

    /// How many there are, and whether they are too few to be compared.
    pub fn count(&self) -> String {
        if let Some(figure) = &self.figure {
            return figure.count.map_or(String::new(), |count| format!("n = {count}"));
        }
        match (self.summary, self.ratio) {
            (None, _) => String::new(),
            (Some(summary), Ratio::TooFew(few)) if few == summary.count => format!("n = {few}: too few to compare"),
            (Some(summary), _) => format!("n = {}", summary.count),
        }
    }
}

/// Which operations are shown: those like the chosen one; else of the kind that is spoken of, else of the kind that the
/// followed column, or the first, has begun last.
pub fn shown_key(bars: &Bars, (trace, index): (&Trace, &Index), wish: Wish, time: Time) -> Option<KeyId> {
    if let Some(key) = wish.chosen.and_then(|journey| bars.key_of(journey)) {
        return Some(key);
    }
    let fits = |id: &&JourneyId| {
        trace.journeys.get(id.index()).is_some_and(|journey| match wish.topic.kind {
            Some(kind) => journey.kind == kind,
            None => journey.kind != OperationKind::Compute,
        })
    };
    let of_stack = |stack: StackId| {
        // What begins at this very moment has nothing to show yet: what has just ended is still of interest.
        let latest = index.begun(trace, stack, time).iter().rev().take(BACK).find(fits);
        // Before it has begun anything, it is what it will do first.
        let all = index.begun(trace, stack, Time::MAX);
        let first = || all.iter().take(BACK).find(fits);
        latest.or_else(first).or(all.first().filter(|_| wish.topic.kind.is_none())).and_then(|id| bars.key_of(*id))
    };
    let stacks = || wish.follow.into_iter().chain((0..index.stacks() as u32).map(StackId)).take(BACK);
    stacks().find_map(of_stack).or_else(|| {
        let without = Wish { topic: Topic::default(), ..wish };
        wish.topic.kind.and_then(|_| shown_key(bars, (trace, index), without, time))
    })
}

/// The rows at `time`, at most `most` of them.
pub fn chart(
    bars: &mut Bars,
    (trace, index): (&Trace, &Index),
    key: KeyId,
    (wish, most): (Wish, usize),
    time: Time,
) -> Option<Chart> {
    let title = bars.key(key)?.label();
    let statistic = wish.topic.statistic;
    let summaries = bars.figures(key, statistic, time);
    let columns: Vec<StackId> = (0..summaries.len() as u32).map(StackId).collect();
    let takes_part: Vec<StackId> = columns.iter().copied().filter(|&stack| bars.total(key, stack) > 0).collect();
    let named = wish.topic.measure.filter(|measure| takes_part.contains(measure));
    let measure = named.or(takes_part.first().copied()).unwrap_or(StackId(0));
    let length = |stack: StackId| summaries.get(stack.index()).copied().flatten().map(|summary| summary.length);
    let chosen = wish.chosen.and_then(|id| trace.journeys.get(id.index())).map(|journey| journey.stack);
    let fixed: Vec<StackId> = wish.follow.into_iter().chain(chosen).chain([measure]).collect();
    let shown = if columns.len() <= most { columns.clone() } else { chosen_rows(&takes_part, &length, &fixed, most) };
    let rest = columns.iter().filter(|stack| !shown.contains(stack));
    let more = rest.clone().count();
    let lengths: Vec<u64> = rest.filter_map(|&stack| length(stack)).collect();
    let range = lengths.iter().min().copied().zip(lengths.iter().max().copied());
    let rows = shown.into_iter().map(|stack| Row {
        stack,
        summary: summaries.get(stack.index()).copied().flatten(),
        // An interval goes with medians alone.
        ratio: if statistic == Statistic::P50 { bars.ratio(key, stack, measure, time) } else { Ratio::Nothing },
        running: running(bars, (trace, index), key, stack, time),
        figure: None,
    });
    let rows: Vec<Row> = rows.collect();
    let largest = match bars.largest(key, statistic) {
        // None of them ever ends.
        0 => rows.iter().filter_map(|row| Some(index.ledger(trace, row.running?.0, Time::MAX).iter().sum())).max(),
        largest => Some(largest),
    };
    let (scale, more) = (scale(largest.unwrap_or(1)), (more > 0).then_some((more, range)));
    let whole = columns.iter().all(|stack| summaries_all(bars, key, *stack, &summaries));
    Some(Chart { title, whole, kind: Kind::Time, statistic, scale, rows, more, awaited: false })
}

/// Whether all of a stack's operations of a kind have ended.
fn summaries_all(bars: &Bars, key: KeyId, stack: StackId, summaries: &[Option<Summary>]) -> bool {
    let ended = summaries.get(stack.index()).copied().flatten().map_or(0, |summary| summary.count);
    ended == bars.total(key, stack)
}

/// The rows of what was asked, at most `most` of them, of the whole run as the answer is; none before it is answered.
pub fn answered(bars: &mut Bars, asked: &Asked, most: usize) -> Chart {
    // Events are few: their bars count thousandths.
    let unit = if asked.kind == Kind::Time { 1.0 } else { 1000.0 };
    let length = |figure: &Figure| (figure.value.amount * unit).max(0.0).round() as u64;
    let mut shown: Vec<&Figure> = asked.rows.iter().collect();
    let hidden =
        shown.split_off(shown.len().min(if shown.len() > most { most.saturating_sub(1).max(1) } else { most }));
    let rows = shown.into_iter().map(|figure| {
        let length = length(figure);
        let parts = parts_of(bars, figure, length);
        let count = figure.count.unwrap_or_default() as usize;
        Row {
            stack: figure.stack,
            summary: Some(Summary { count, length, low: length, high: length, parts }),
            ratio: Ratio::Nothing,
            running: None,
            figure: Some(figure.clone()),
        }
    });
    let rows: Vec<Row> = rows.collect();
    let largest = asked.rows.iter().map(length).max().unwrap_or(1).max(1);
    let lengths: Vec<u64> = hidden.iter().map(|figure| length(figure)).collect();
    let range = lengths.iter().min().copied().zip(lengths.iter().max().copied());
    let more = (!hidden.is_empty()).then_some((hidden.len(), range));
    Chart {
        title: asked.title.clone(),
        whole: true,
        kind: asked.kind,
        statistic: Statistic::default(),
        // Bytes are halved and doubled as they are written.
        scale: if asked.kind == Kind::Bytes {
            largest.div_ceil(1000).next_power_of_two() * 1000
        } else {
            scale(largest)
        },
        rows,
        more,
        awaited: !asked.answered,
    }
}

/// Of what layers a figure of this length is.
fn parts_of(bars: &mut Bars, figure: &Figure, length: u64) -> Parts {
    let (statistic, kind) = match figure.split {
        Split::Operations(statistic, kind) => (statistic, kind),
        Split::Whole => return Parts::default(),
        Split::Shares(shares) => return split(length, &shares),
        Split::Layer(layer) => {
            let mut parts = Parts::default();
            parts[layer as usize] = length;
            return parts;
        }
    };
    let of_kind = |(id, key): (KeyId, &crate::trace::bars::Key)| {
        kind.is_none_or(|kind| kind == key.kind).then_some(id).filter(|id| bars.total(*id, figure.stack) > 0)
    };
    let keys: Vec<KeyId> = bars.keys().filter_map(of_kind).collect();
    let mut of_stack = |key: &KeyId, statistic: Statistic| {
        bars.figures(*key, statistic, Time::MAX).get(figure.stack.index()).copied().flatten()
    };
    let summaries: Vec<Summary> = keys.iter().filter_map(|key| of_stack(key, statistic)).collect();
    // Operations of one kind, or that one of several kinds whose figure it is, as the longest of all is.
    let own = match &summaries[..] {
        [only] => Some(only.parts),
        several => several.iter().find(|summary| summary.length == length).map(|summary| summary.parts),
    };
    // Else of all that they did together.
    let together = |keys: &[KeyId], of: &mut dyn FnMut(&KeyId, Statistic) -> Option<Summary>| {
        let sums = keys.iter().filter_map(|key| of(key, Statistic::Total));
        sums.fold(Parts::default(), |all, sum| std::array::from_fn(|i| all[i].saturating_add(sum.parts[i])))
    };
    let shares = own.unwrap_or_else(|| together(&keys, &mut of_stack));
    split(length, &shares)
}

impl Chart {
    /// Into how many parts the scale is cut, so that each is round again.
    fn parts(&self) -> u64 {
        let whole = |row: &Row| row.summary.is_none_or(|summary| summary.length.is_multiple_of(1000));
        match self.kind {
            Kind::Bytes => 4,
            // There is no half of what is counted.
            Kind::Count if self.scale <= 5000 && self.rows.iter().all(whole) => (self.scale / 1000).max(1),
            _ if self.scale.to_string().starts_with('2') => 4,
            _ => 5,
        }
    }

    /// A length as it is written.
    fn written(&self, length: u64) -> String {
        match self.kind {
            Kind::Time => Time(length).to_string(),
            kind => Value { amount: length as f64 / 1000.0, kind }.to_string(),
        }
    }
}

/// Of many columns: the fixed ones, those with the least and the largest median, then the others as they come; the
/// last row is left for how many more there are.
fn chosen_rows(
    all: &[StackId],
    median: &dyn Fn(StackId) -> Option<u64>,
    fixed: &[StackId],
    most: usize,
) -> Vec<StackId> {
    let known = || all.iter().filter_map(|&stack| Some((median(stack)?, stack)));
    let extremes = [known().min(), known().max()].into_iter().flatten().map(|(_, stack)| stack);
    let wanted = fixed.iter().copied().chain(extremes).chain(all.iter().copied());
    let mut rows = Vec::new();
    for stack in wanted {
        if rows.len() + 1 >= most {
            break;
        }
        if !rows.contains(&stack) {
            rows.push(stack);
        }
    }
    rows.sort_unstable();
    rows
}

fn running(
    bars: &Bars,
    (trace, index): (&Trace, &Index),
    key: KeyId,
    stack: StackId,
    time: Time,
) -> Option<(JourneyId, Parts)> {
    let (_, journey) = index.latest(trace, stack, time)?;
    let under_way = trace.journeys.get(journey.index()).is_some_and(|j| j.end > time);
    (under_way && bars.key_of(journey) == Some(key)).then(|| (journey, index.ledger(trace, journey, time)))
}

/// Draws the strip.
pub struct Strip<'a> {
    /// Where it is, on the canvas.
    pub rect: Rect,
    /// How texts are written.
    pub writer: Writer<'a>,
    /// The names of stacks.
    pub topology: &'a Topology,
    /// The layers that occur.
    pub layers: &'a [Layer],
    /// The column that is followed.
    pub follow: Option<StackId>,
}

/// The texts of a row.
struct Words {
    median: String,
    ratio: String,
    interval: String,
    count: String,
}

/// Where the columns of the strip are: left ends of letters and intervals, right ends of numbers.
struct Tracks {
    letter: f32,
    named: bool,
    bars: Rect,
    median: Option<f32>,
    ratio: Option<f32>,
    interval: Option<f32>,
    count: Option<f32>,
}

impl Strip<'_> {
    /// The heights of a line of the head and of a row, for so many rows.
    fn heights(&self, rows: usize) -> (f32, f32) {
        let line = self.writer.theme.size(TextRole::Small) * self.writer.factor * LINE;
        // However low the strip is, it says what it shows.
        let head = line.min((self.rect.height() * 0.2).max(self.writer.least() * LINE));
        let axis = if self.axis() { head } else { 0.0 };
        (head, ((self.rect.height() - head - axis) / rows.max(1) as f32).min(line * 1.9))
    }

    /// Whether there is room for numbers below the rows.
    fn axis(&self) -> bool {
        self.rect.height() >= 5.5 * self.writer.theme.size(TextRole::Small) * self.writer.factor
    }

    /// How many rows there is room for.
    pub fn most(&self) -> usize {
        let (head, _) = self.heights(1);
        let room = self.rect.height() - if self.axis() { 2.0 * head } else { head };
        ((room / (self.writer.least() * LINE)).floor() as usize).max(1)
    }

    /// Everything.
    pub fn draw(&self, chart: &Chart, out: &mut Vec<Shape>) {
        let lines = chart.rows.len() + usize::from(chart.more.is_some());
        let (head, row) = self.heights(lines);
        let Some(size) = self.writer.size(TextRole::Note, row.min(head * 1.4)) else { return };
        self.head(chart, head, out);
        if chart.awaited {
            return;
        }
        let words: Vec<Words> = chart.rows.iter().map(words).collect();
        let Some(tracks) = self.tracks(chart, &words, size, head) else { return };
        let top = self.rect.top() + head;
        let (rows, all) = (top + row * chart.rows.len() as f32, top + row * lines as f32);
        self.ticks(chart, &tracks, (top, rows, all), head, out);
        for (i, (one, words)) in chart.rows.iter().zip(&words).enumerate() {
            let y = top + row * i as f32;
            if self.follow == Some(one.stack) {
                let rect = Rect::from_min_max(pos2(self.rect.left(), y), pos2(self.rect.right(), y + row));
                out.push(Shape::Rect { rect, radius: 3.0, fill: Some(Ink::Accent.faint(0.14)), line: None });
            }
            self.bar(one, chart.scale, &tracks, (y, row), out);
            self.texts(one, words, &tracks, (y + row / 2.0, size), out);
        }
        if let Some((more, range)) = chart.more {
            let y = top + row * (lines as f32 - 0.5);
            let range = range.map(|(low, high)| match (chart.written(low), chart.written(high)) {
                (low, high) if low == high => format!(": {low}"),
                (low, high) => format!(": {low} to {high}"),
            });
            let text = format!("and {more} more{}", range.unwrap_or_default());
            let room = self.rect.width();
            out.extend(self.write(&text, (tracks.letter, y), Align2::LEFT_CENTER, size, room, Ink::Muted));
        }
    }

    /// Whose a row is, or which of his figures.
    fn name(&self, row: &Row) -> String {
        let what = row.figure.as_ref().and_then(|figure| figure.what.as_deref());
        let stack = self.topology.stacks.get(row.stack.index()).map_or("", |stack| stack.name.as_str());
        what.map_or_else(|| super::words::sentence(stack), |what| capital(&crate::app::names::name(what)))
    }

    fn write(&self, text: &str, at: (f32, f32), anchor: Align2, size: f32, room: f32, ink: Ink) -> Option<Shape> {
        if text.is_empty() { None } else { self.writer.line(text, at, anchor, (size, false), room, ink.solid()) }
    }

    /// What is compared, how to read it, and the legend of layers.
    fn head(&self, chart: &Chart, height: f32, out: &mut Vec<Shape>) {
        let Some(size) = self.writer.size(TextRole::Small, height) else { return };
        let (metrics, y) = (self.writer.metrics, self.rect.top() + height / 2.0);
        let by_layer = chart.rows.iter().any(|row| !row.is_whole());
        let legend = if by_layer { self.legend(size, y, out) } else { 0.0 };
        let room = self.rect.width() - legend - size;
        let span = if chart.whole { "whole run" } else { "so far" };
        // Words, whatever they begin with: no name of a device or file.
        let title = format!("{}, {span}", capital(&crate::app::names::name(&chart.title)));
        let at = (self.rect.left(), y);
        out.extend(self.writer.line(&title, at, Align2::LEFT_CENTER, (size, true), room, Ink::Text.solid()));
        let used = metrics.width(&title, size, true) + size * 1.5;
        let mut counts = chart.rows.iter().filter_map(|row| row.summary.map(|summary| summary.count));
        let whisker =
            if counts.any(|count| count < SMALL) { "least to most, from 20 on 5 to 95 %" } else { "5 to 95 %" };
        let asked = chart.rows.iter().any(|row| row.figure.is_some());
        let how = match asked {
            _ if chart.awaited => {
                vec!["stands here with the answer".to_owned(), "with the answer".to_owned()]
            }
            true => vec!["what was asked, as the answer counts it".to_owned(), "as the answer counts it".to_owned()],
            false if chart.statistic == Statistic::P50 => vec![
                format!("bar: median of those that ended · whisker: {whisker} · thin: running now"),
                format!("median · whisker: {whisker} · thin: running now"),
                "bar: median · thin: running now".to_owned(),
            ],
            false => {
                let what = chart.statistic.of_several();
                vec![
                    format!("bar: {what} of those that ended · thin: running now"),
                    format!("bar: {what} · thin: running now"),
                    format!("bar: {what}"),
                ]
            }
        };
        let fits = |how: &&String| used + metrics.width(how, size, false) <= room;
        if let Some(how) = how.iter().find(fits) {
            out.extend(self.write(how, (at.0 + used, y), Align2::LEFT_CENTER, size, room - used, Ink::Muted));
        }
    }

    /// From the right; gives its width.
    fn legend(&self, size: f32, y: f32, out: &mut Vec<Shape>) -> f32 {
        let width = |layer: &Layer| self.writer.metrics.width(layer.label(), size, false) + size * 2.2;
        let whole: f32 = self.layers.iter().map(width).sum();
        if whole > self.rect.width() * 0.6 {
            return 0.0;
        }
        let mut x = self.rect.right() - whole;
        for layer in self.layers {
            let swatch = Rect::from_center_size(pos2(x + size * 0.4, y), vec2(size * 0.75, size * 0.75));
            out.push(Shape::Rect { rect: swatch, radius: 2.0, fill: Some(Ink::Layer(*layer).solid()), line: None });
            let at = (x + size * 1.1, y);
            out.extend(self.write(layer.label(), at, Align2::LEFT_CENTER, size, f32::MAX, Ink::Muted));
            x += width(layer);
        }
        whole
    }

    /// Where there is little room, intervals go first, then names, then how many there are.
    fn tracks(&self, chart: &Chart, words: &[Words], size: f32, head: f32) -> Option<Tracks> {
        let width = |text: &str| self.writer.metrics.width(text, size, true);
        let widest = |of: fn(&Words) -> &String| words.iter().map(|w| width(of(w))).fold(0.0, f32::max);
        let gap = size * 0.9;
        let names = chart.rows.iter().map(|row| width(&self.name(row))).fold(0.0, f32::max);
        let names = names.min(self.rect.width() * 0.2) + gap;
        let letter = self.rect.left() + size * 2.6;
        let columns = [widest(|w| &w.median), widest(|w| &w.ratio), widest(|w| &w.interval), widest(|w| &w.count)];
        let top = self.rect.top() + head;
        let room = self.rect.width() * 0.25;
        let choices = [(true, true, true), (true, false, true), (false, false, true), (false, false, false)];
        choices.into_iter().find_map(|(named, interval, count)| {
            let left = letter + if named { names } else { 0.0 };
            let kept = [true, true, interval, count];
            let mut ends = [None; 4];
            let mut x = self.rect.right();
            for i in (0..4).rev().filter(|&i| kept[i] && columns[i] > 0.0) {
                ends[i] = Some(x);
                x -= columns[i] + gap;
            }
            (x - left >= room).then_some(Tracks {
                letter: self.rect.left() + size * 0.3,
                named,
                bars: Rect::from_min_max(pos2(left, top), pos2(x, self.rect.bottom())),
                median: ends[0],
                ratio: ends[1],
                interval: ends[2].map(|end| end - columns[2]),
                count: ends[3],
            })
        })
    }

    /// The lines of the scale, and their numbers below the rows.
    fn ticks(
        &self,
        chart: &Chart,
        tracks: &Tracks,
        (top, rows, bottom): (f32, f32, f32),
        height: f32,
        out: &mut Vec<Shape>,
    ) {
        let scale = chart.scale;
        let parts = chart.parts();
        let size = self.writer.size(TextRole::Small, height).filter(|_| self.axis());
        let mut free = f32::NEG_INFINITY;
        for i in 0..=parts {
            let x = tracks.bars.left() + tracks.bars.width() * i as f32 / parts as f32;
            let line = (1.0, Ink::Outline.faint(0.7));
            out.push(Shape::Line { points: vec![pos2(x, top), pos2(x, rows)], line });
            let Some(size) = size else { continue };
            let value = (u128::from(scale) * i as u128 / parts as u128) as u64;
            let text = if i == 0 { "0".to_owned() } else { chart.written(value) };
            let half = self.writer.metrics.width(&text, size, false) / 2.0;
            if x - half < free || bottom + size * LINE > self.rect.bottom() + 1.0 {
                continue;
            }
            free = x + half + size * 0.5;
            let at = (x, bottom + size * LINE / 2.0);
            out.extend(self.write(&text, at, Align2::CENTER_CENTER, size, f32::MAX, Ink::Muted));
        }
    }

    fn bar(&self, row: &Row, scale: u64, tracks: &Tracks, (y, height): (f32, f32), out: &mut Vec<Shape>) {
        let track = tracks.bars;
        let x = |ps: u64| track.left() + (ps as f64 / scale.max(1) as f64).min(1.0) as f32 * track.width();
        let (thin, thick) = ((height * 0.16).clamp(1.5, 4.0), (height * 0.46).min(12.0));
        let (thin_y, thick_y) = (y + height * 0.14, y + height * 0.38);
        if let Some((_, running)) = row.running {
            pieces(&running, &x, (thin_y, thin), out);
            let whole: u64 = running.iter().sum();
            // What is longer than the scale has a second tip.
            for tip in 0..1 + usize::from(whole > scale) {
                let at = pos2(x(whole) + thin * (1.0 - 1.6 * tip as f32), thin_y + thin / 2.0);
                let along = vec2(1.0, 0.0);
                out.push(Shape::Chevron { at, along, radius: thin, line: (1.2, Ink::Text.solid()) });
            }
        }
        let Some(summary) = row.summary else { return };
        if row.is_whole() {
            let rect = Rect::from_min_max(pos2(x(0), thick_y), pos2(x(summary.length), thick_y + thick));
            out.push(Shape::Rect { rect, radius: 0.0, fill: Some(Ink::Muted.solid()), line: None });
        }
        pieces(&summary.parts, &x, (thick_y, thick), out);
        if summary.low == summary.high {
            return;
        }
        let (low, high, middle) = (x(summary.low), x(summary.high), thick_y + thick / 2.0);
        let line = (1.3, Ink::Text.faint(0.9));
        out.push(Shape::Line { points: vec![pos2(low, middle), pos2(high, middle)], line });
        for end in [low, high] {
            let points = vec![pos2(end, middle - thick * 0.3), pos2(end, middle + thick * 0.3)];
            out.push(Shape::Line { points, line });
        }
    }

    fn texts(&self, row: &Row, words: &Words, tracks: &Tracks, (y, size): (f32, f32), out: &mut Vec<Shape>) {
        let mark = letter(row.stack);
        let frame = Rect::from_min_size(pos2(tracks.letter, y - size * 0.62), vec2(size * 1.7, size * 1.24));
        let followed = self.follow == Some(row.stack);
        let ink = if followed { Ink::Text } else { Ink::Muted };
        out.push(Shape::Rect { rect: frame, radius: 3.0, fill: None, line: Some((1.0, ink.solid())) });
        let small = if mark.len() > 1 { size * 0.7 } else { size * 0.85 };
        let at = (frame.center().x, y);
        out.extend(self.writer.line(&mark, at, Align2::CENTER_CENTER, (small, true), f32::MAX, ink.solid()));
        let name = self.name(row);
        if tracks.named && !name.is_empty() {
            let left = frame.right() + size * 0.5;
            let room = tracks.bars.left() - left - size * 0.4;
            let weight = (size, followed);
            out.extend(self.writer.line(&name, (left, y), Align2::LEFT_CENTER, weight, room, ink.solid()));
        }
        let mut right = |text: &str, x: Option<f32>, strong: bool, ink: Ink| {
            if let Some(x) = x.filter(|_| !text.is_empty()) {
                out.extend(self.writer.line(text, (x, y), Align2::RIGHT_CENTER, (size, strong), f32::MAX, ink.solid()));
            }
        };
        right(&words.median, tracks.median, true, Ink::Text);
        right(&words.ratio, tracks.ratio, true, Ink::Text);
        right(&words.count, tracks.count, false, Ink::Muted);
        if let Some(x) = tracks.interval {
            out.extend(self.write(&words.interval, (x, y), Align2::LEFT_CENTER, size, f32::MAX, Ink::Muted));
        }
    }
}

fn words(row: &Row) -> Words {
    let (ratio, interval) = row.comparison();
    let running = row.running.map(|(_, parts)| Time(parts.iter().sum()));
    if let Some(figure) = &row.figure {
        return Words { median: figure.value.to_string(), ratio, interval, count: row.count() };
    }
    let median = match (row.summary, running) {
        (Some(summary), _) => Time(summary.length).to_string(),
        (None, Some(so_far)) if so_far > Time::ZERO => format!("{so_far} so far"),
        (None, Some(_)) => "begins".to_owned(),
        (None, None) => "none yet".to_owned(),
    };
    Words { median, ratio, interval, count: row.count() }
}

/// The parts of a bar, one after the other.
fn pieces(parts: &Parts, x: &dyn Fn(u64) -> f32, (top, height): (f32, f32), out: &mut Vec<Shape>) {
    let mut from = 0u64;
    for (layer, &ps) in Layer::ALL.iter().zip(parts) {
        let (left, right) = (x(from), x(from.saturating_add(ps)));
        from = from.saturating_add(ps);
        if right - left > 0.2 {
            let rect = Rect::from_min_max(pos2(left, top), pos2(right, top + height));
            out.push(Shape::Rect { rect, radius: 0.0, fill: Some(Ink::Layer(*layer).solid()), line: None });
        }
    }
}
