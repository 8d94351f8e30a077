//! What stands at the lower end of a rail while an operation goes to and fro: a coil that has one turn for each of
//! many equal VM exits, and the ball of a ping-pong in its pipe.
//!
//! Both are counted from the trace: the exits of one reason in an operation, and the messages that were copied.

use egui::{Align2, Pos2, Rect, pos2, vec2};

use super::drawing::{Ink, Shape};
use super::tokens::Cast;
use super::words::{LINE, Writer};
use crate::app::theme::TextRole;
use crate::costs::Primitive;
use crate::trace::{ExitReason, Hop, JourneyId, Layer, OperationKind, What};

/// So many hops of a ping-pong are looked at.
const MOST: usize = 4096;

/// Equal VM exits of one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trips {
    /// Why they exit.
    pub reason: ExitReason,
    /// How many have begun.
    pub done: usize,
    /// How many there are.
    pub all: usize,
}

/// The equal exits of an operation, from the first of them on, if they are more than a few. `position` is the hop that
/// it is in.
pub fn trips(cast: &Cast, journey: JourneyId, position: usize) -> Option<Trips> {
    let (reason, done, all) = cast.index.exits_of(journey, position)?;
    (done > 0).then_some(Trips { reason, done, all })
}

/// Where the ball of a ping-pong is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ball {
    /// From 0, at ping, to 1, at pong.
    pub at: f32,
    /// How many copies into and out of the pipe have begun: four make a round.
    pub copies: usize,
}

/// The ball of an operation that is a ping-pong; `share` is how far the copy has come that its hop is.
pub fn ball(cast: &Cast, journey: JourneyId, position: usize, share: f32) -> Option<Ball> {
    let of = cast.trace.journeys.get(journey.index())?;
    if of.kind != OperationKind::PingPong {
        return None;
    }
    let is_copy = |hop: &Hop| hop.what == What::Pay(Primitive::PipeTransfer);
    let begun = (0..=position.min(MOST)).filter(|&i| cast.hop(journey, i).is_some_and(is_copy)).count();
    let copying = cast.hop(journey, position).is_some_and(is_copy);
    // Where it lies after so many copies.
    let rests = [0.0, 0.75, 1.0, 0.25, 0.0];
    let rest = |n: usize| rests[n.min(rests.len() - 1)];
    let at = if copying { rest(begun - 1) + (rest(begun) - rest(begun - 1)) * share } else { rest(begun) };
    Some(Ball { at, copies: begun })
}

/// The place of a gadget, at the lower end of a rail above what is taken there.
pub struct Bench<'a> {
    /// How texts are written.
    pub writer: Writer<'a>,
    /// The rail.
    pub rail: Rect,
    /// Where its free part ends.
    pub bottom: f32,
}

impl Bench<'_> {
    fn frame(&self, lines: f32, size: f32) -> Option<Rect> {
        let height = lines * size * LINE + size;
        let rect =
            Rect::from_min_max(pos2(self.rail.left(), self.bottom - height), pos2(self.rail.right(), self.bottom));
        (rect.top() >= self.rail.top() && rect.width() > size * 7.0).then_some(rect)
    }

    /// A coil with a turn for each round trip, and their number. Gives the place that it took.
    pub fn coil(&self, trips: Trips, out: &mut Vec<Shape>) -> Option<Rect> {
        let (small, big) = (
            self.writer.size(TextRole::Small, self.rail.height())?,
            self.writer.size(TextRole::Heading, self.rail.height())?,
        );
        let rect = self.frame(3.0, small)?;
        let pad = small * 0.5;
        let inner = rect.shrink(pad);
        let number = format!("×{}", trips.done);
        let wide = self.writer.metrics.width(&number, big, true);
        let text = format!("round trips of {}", trips.all);
        let y = inner.top() + small * LINE / 2.0;
        let room = inner.width() - wide - pad;
        let short = self.writer.metrics.fit(&text, small, false, room).unwrap_or_default();
        let texts = [(short.as_str(), y), (trips.reason.label(), y + small * LINE)];
        for (text, y) in texts {
            out.extend(self.writer.line(
                text,
                (inner.left(), y),
                Align2::LEFT_CENTER,
                (small, false),
                room,
                Ink::Muted.solid(),
            ));
        }
        let at = (inner.right(), inner.top() + big * LINE / 2.0);
        out.extend(self.writer.line(&number, at, Align2::RIGHT_CENTER, (big, true), f32::MAX, Ink::Text.solid()));
        let radius = small * 0.46;
        let most = ((inner.width() - 2.0 * radius) / (radius * 1.1)).max(1.0) as usize;
        // Where there are more than turns that fit, each turn is several.
        let (turns, each) = (trips.all.min(most), trips.all.div_ceil(most).max(1));
        let step = ((inner.width() - 2.0 * radius) / turns as f32).min(radius * 1.5);
        let row = rect.bottom() - pad - radius;
        for turn in 0..turns {
            let center = pos2(inner.left() + radius + turn as f32 * step, row);
            let done = trips.done > turn * each;
            let line = if done { (1.6, Ink::Layer(Layer::Hypervisor).solid()) } else { (1.0, Ink::Outline.solid()) };
            out.push(Shape::Ring { center, radius, line });
        }
        Some(rect)
    }

    /// Ping, pong and the pipe between them, with the ball. Gives the place that it took.
    /// The pipe has the colour of the kernel that it is in.
    pub fn pipe(&self, ball: Ball, layer: Layer, out: &mut Vec<Shape>) -> Option<Rect> {
        let size = self.writer.size(TextRole::Small, self.rail.height())?;
        let rect = self.frame(2.4, size)?;
        let inner = rect.shrink(size * 0.5);
        let y = inner.top() + size * LINE * 0.6;
        let width = |text: &str| self.writer.metrics.width(text, size, true);
        let runs = |one: bool| if one { Ink::Layer(Layer::User).solid() } else { Ink::Muted.solid() };
        let (left, right) = (ball.at < 0.5, ball.at > 0.5);
        let (ping, pong) = ((inner.left(), y), (inner.right(), y));
        let radius = size * 0.42;
        let (from, to) = (inner.left() + width("ping") + radius * 2.6, inner.right() - width("pong") - radius * 2.6);
        let pipe = Rect::from_min_max(pos2(from + radius, y - size * 0.5), pos2(to - radius, y + size * 0.5));
        if pipe.width() < size {
            return None;
        }
        out.extend(self.writer.line("ping", ping, Align2::LEFT_CENTER, (size, true), f32::MAX, runs(left)));
        out.extend(self.writer.line("pong", pong, Align2::RIGHT_CENTER, (size, true), f32::MAX, runs(right)));
        let kernel = Ink::Layer(layer);
        let line = Some((1.3, kernel.solid()));
        out.push(Shape::Rect { rect: pipe, radius: size * 0.3, fill: Some(kernel.faint(0.14)), line });
        let center: Pos2 = pos2(from - radius + (to - from + 2.0 * radius) * ball.at, y);
        let dot = Rect::from_center_size(center, vec2(radius * 2.0, radius * 2.0));
        out.push(Shape::Rect { rect: dot, radius, fill: Some(Ink::Text.solid()), line: None });
        let says = match ball.copies {
            0 => "ping has the byte",
            1 => "the byte is in the pipe",
            2 => "pong has the byte",
            3 => "on its way back",
            _ => "ping has it back",
        };
        let at = (inner.left(), inner.bottom() - size * LINE / 2.0);
        out.extend(self.writer.line(says, at, Align2::LEFT_CENTER, (size, false), inner.width(), Ink::Muted.solid()));
        Some(rect)
    }
}
