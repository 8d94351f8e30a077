//! What columns say of themselves: one line of state in each head; beside the followed one its labels; and where none
//! is followed, the crossing that began last in a box in its column's head.

use egui::{Align2, Rect};

use super::drawing::{Ink, Shape};
use super::gadgets::{Bench, ball, trips};
use super::labels::{Label, Rail, words};
use super::picture::Picture;
use super::stage::{brightness, dim, knowing};
use super::tokens::{Cast, Held, Token, Tokens, alarms};
use crate::app::glossary::{self, Term};
use crate::app::theme::TextRole;
use crate::engine::Time;
use crate::machine::ComponentKind;
use crate::trace::{Crossing, Hop, Layer, StackId, What};

/// So many hops back the last crossing is looked for.
const BACK: usize = 60;
/// So many past labels stand beside the current one.
const PAST: usize = 3;

impl Picture<'_> {
    /// The crossing whose flash stands: the followed column's last, or the last of all. What waits, or is at a device,
    /// has left its crossing behind: there the flash is over.
    pub(super) fn held(&self, cast: &Cast, tokens: &Tokens) -> Option<Held> {
        let followed = |token: &&(usize, &Token)| self.followed.is_none_or(|column| token.1.column == column);
        let all: Vec<(usize, &Token)> = tokens.all.iter().enumerate().collect();
        let found = all.iter().filter(followed).rev().take(64).filter_map(|&(i, token)| {
            let ends = |hop: &Hop| alarms(hop.crossing) || hop.crossing == Crossing::Device || hop.is_wait();
            let first = token.position.saturating_sub(BACK);
            let last = |&position: &usize| cast.hop(token.journey, position).is_some_and(ends);
            let position = (first..=token.position).rev().find(last)?;
            cast.hop(token.journey, position).filter(|hop| alarms(hop.crossing))?;
            Some((cast.hop(token.journey, position)?.start, i, position))
        });
        let (_, token, position) = found.max_by_key(|(began, i, _)| (*began, *i))?;
        let spot = cast.spot(tokens.all[token].journey, position)?;
        Some(Held { token, position, spot })
    }

    /// One line of state in each head.
    pub(super) fn states(
        &self,
        (cast, tokens): (&Cast, &Tokens),
        held: Option<Held>,
        time: Time,
        out: &mut Vec<Shape>,
    ) {
        let heads = self.builder().heads();
        for (i, column) in self.layout.columns.iter().enumerate() {
            let rect = self.camera.rect(column.state);
            let named = heads.get(i).is_some_and(|head| head.below.is_some());
            if named || !rect.intersects(self.camera.canvas) {
                continue;
            }
            let from = out.len();
            let boxed = held.filter(|held| self.followed.is_none() && tokens.all[held.token].column == i);
            let crossing = boxed.and_then(|held| cast.hop(tokens.all[held.token].journey, held.position));
            let crossing = crossing.filter(|hop| self.stays(hop) >= 1.0);
            match crossing {
                Some(hop) => self.boxed(hop, rect, out),
                None => self.state((cast, tokens), i, time, rect, out),
            }
            let own = self.topology.stacks.get(column.stack.index()).map(|stack| stack.component);
            let about = crossing.map(|hop| hop.component).or(own);
            let known = about.map_or(1.0, |id| knowing(self.options.known, id));
            dim(&mut out[from..], brightness(self.layout, self.followed, i) * known);
        }
    }

    fn boxed(&self, hop: &Hop, rect: Rect, out: &mut Vec<Shape>) {
        let Some(size) = self.writer.size(TextRole::Note, rect.height() - 2.0) else { return };
        let (title, _) = words(hop, true, self.options.provenance);
        let pad = size * 0.45;
        let width = |text: &str| self.writer.metrics.width(text, size, true);
        let short = title.split_once(": ").map_or(title.as_str(), |(_, why)| why).to_owned();
        let cost = hop.duration();
        let room = rect.width() - 2.0 * pad;
        let choices = [format!("{title}, {cost}"), title.clone(), format!("{short}, {cost}"), short];
        let Some(text) = choices.into_iter().find(|text| width(text) <= room) else { return };
        let frame = rect.with_max_x(rect.left() + width(&text) + 2.0 * pad);
        let line = Some((1.2, Ink::Alarm.solid()));
        out.push(Shape::Rect { rect: frame, radius: 4.0, fill: Some(Ink::AlarmFill.solid()), line });
        let at = (rect.left() + pad, rect.center().y);
        out.extend(self.writer.line(&text, at, Align2::LEFT_CENTER, (size, true), room, Ink::Alarm.solid()));
    }

    fn state(&self, (cast, tokens): (&Cast, &Tokens), column: usize, time: Time, rect: Rect, out: &mut Vec<Shape>) {
        let Some(size) = self.writer.size(TextRole::Note, rect.height()) else { return };
        let own: Vec<&Token> = tokens.all.iter().filter(|token| token.column == column).collect();
        let beside = self.switches_beside(column, time).next();
        let text = match own[..] {
            _ if beside.is_some() => beside.map_or(String::new(), |hop| format!("meanwhile: {}", state_words(hop))),
            [] => "at rest".to_owned(),
            [only] => cast.hop(only.journey, only.position).map_or(String::new(), |hop| {
                if self.stays(hop) < 1.0 {
                    return "under way".to_owned();
                }
                // What is done for a machine outside of it says where that is.
                let machine = self.topology.stacks.get(self.layout.columns[column].stack.index());
                let machine = machine.and_then(|stack| self.topology.component(stack.component));
                let inside = self.topology.component(hop.component).is_some_and(|part| part.stack.is_some());
                let wall = matches!(hop.crossing, Crossing::VmExit(_) | Crossing::VmEntry | Crossing::Injection);
                let of_machine = machine.is_some_and(|part| part.kind == ComponentKind::VirtualMachine);
                let below = of_machine && !inside && !wall && matches!(hop.what, What::Pay(_));
                if below { format!("outside: {}", state_words(hop)) } else { state_words(hop) }
            }),
            _ => format!("{} under way", super::alike::grouped(own.len())),
        };
        // What a group stands for is said as long as there is room for it.
        let members = &self.layout.columns[column].members;
        let whole = match (members.first(), members.last()) {
            (Some(&first), Some(&last)) if members.len() > 1 => format!("{}, {text}", range(first, last)),
            _ => text.clone(),
        };
        let fits = |text: &String| self.writer.metrics.width(text, size, false) <= rect.width();
        let short = text.strip_prefix("outside: ").unwrap_or(&text).to_owned();
        let text = [whole, text, short].into_iter().find(fits);
        let Some(text) = text else { return };
        let at = (rect.left() + 1.0, rect.center().y);
        out.extend(self.writer.line(&text, at, Align2::LEFT_CENTER, (size, false), rect.width(), Ink::Muted.solid()));
    }

    /// The followed column's labels. Gives where they stand, and what there is to know of them.
    pub(super) fn rail(&self, cast: &Cast, tokens: &Tokens, time: Time, out: &mut Vec<Shape>) -> Vec<(Rect, String)> {
        let followed = self.followed.and_then(|i| Some((i, self.layout.columns.get(i)?)));
        let Some((i, column, rail)) = followed.and_then(|(i, column)| Some((i, column, column.rail?))) else {
            return Vec::new();
        };
        let rect = self.camera.rect(rail).intersect(self.camera.canvas);
        let cards = self.layout.cards.values().map(|card| self.camera.rect(*card)).filter(|card| card.intersects(rect));
        let mut taken: Vec<(f32, f32)> = cards.map(|card| (card.top(), card.bottom())).collect();
        let of_column = |token: &&Token| token.column == i;
        let selected = self.selected();
        let chosen = tokens.all.iter().filter(of_column).find(|token| Some(token.journey) == selected);
        let token = chosen.or_else(|| tokens.all.iter().rfind(of_column));
        let own = self.topology.stacks.get(column.stack.index()).map(|stack| stack.component);
        let from = out.len();
        taken.extend(self.gadget(cast, token, column.stack, (rect, &taken), time, out));
        dim(&mut out[from..], own.map_or(1.0, |own| knowing(self.options.known, own)));
        let Some(token) = token else { return Vec::new() };
        let mut labels = Vec::new();
        let first = token.position.saturating_sub(PAST);
        for position in (first..=token.position).rev() {
            let Some(hop) = cast.hop(token.journey, position) else { continue };
            let current = position == token.position;
            // A program's first instructions come after the return from what it did before.
            let crossing = hop.crossing != Crossing::None;
            let (title, notes) = words(hop, crossing, self.options.provenance);
            let title = match (hop.crossing, cast.by_device_model(token.journey, hop)) {
                (Crossing::SystemCall, true) => "System call by the device model".to_owned(),
                _ => title,
            };
            let spot = cast.spot(token.journey, position).unwrap_or_default();
            // A door between a part and its shaft is in no seam.
            let passes = cast.route(token.journey, position, 0).is_some_and(|route| {
                let gates = cast.router.gates(&route);
                let seam = |of| !self.layout.is_door(of);
                gates.iter().any(|(_, gate)| gate.at.distance(spot) < 0.5 && seam(gate.of))
            });
            let about = self.camera.point(spot);
            let number = position + 1;
            let more = self.more(hop);
            let by = knowing(self.options.known, hop.component);
            let alarm = alarms(hop.crossing);
            labels.push(Label { about, number, title, notes, alarm, current, seam: passes, more, by });
        }
        let edge = self.camera.rect(column.area).right();
        let clear = self.layout.token * self.camera.tokens * 1.5;
        Rail { writer: self.writer, rect, edge, clear, taken }.draw(&labels, out)
    }

    /// What there is to know of a hop: what is done in it, and what the word for its cost's source means.
    fn more(&self, hop: &Hop) -> String {
        let What::Pay(primitive) = hop.what else { return hop.what.label().to_owned() };
        let source = glossary::of((self.options.provenance)(primitive)).map_or(String::new(), Term::line);
        format!("{}: {}\n{source}", primitive.label(), primitive.meaning())
    }
}

impl Picture<'_> {
    /// What stands at the rail's lower end while its operation goes to and fro, until the next one begins. Gives the
    /// stretch that it took.
    fn gadget(
        &self,
        cast: &Cast,
        token: Option<&Token>,
        stack: StackId,
        (rail, taken): (Rect, &[(f32, f32)]),
        time: Time,
        out: &mut Vec<Shape>,
    ) -> Option<(f32, f32)> {
        let (journey, position, share) = match token {
            Some(token) => {
                let share = token.travelled / token.route.length().max(1e-3);
                (token.journey, token.position, share.min(1.0))
            }
            None => {
                let (_, journey) = self.index.latest(self.trace, stack, time)?;
                (journey, self.index.hops(journey).len().checked_sub(1)?, 1.0)
            }
        };
        let bottom = taken.iter().map(|(top, _)| top - 4.0).fold(rail.bottom(), f32::min);
        let bench = Bench { writer: self.writer, rail, bottom };
        let drawn = match (ball(cast, journey, position, share), trips(cast, journey, position)) {
            (Some(ball), _) => {
                let kernel = cast.app(journey).map_or(Layer::HostKernel, |app| self.kernel_layer(app));
                bench.pipe(ball, kernel, out)
            }
            (None, Some(trips)) => bench.coil(trips, out),
            (None, None) => None,
        };
        drawn.map(|rect| (rect.top(), rect.bottom()))
    }
}

fn state_words(hop: &Hop) -> String {
    match hop.crossing {
        Crossing::None | Crossing::Device => hop.what.label().to_owned(),
        crossing => crossing.label(),
    }
}

fn range(first: StackId, last: StackId) -> String {
    use crate::app::letters::letter;
    format!("{} to {}", letter(first), letter(last))
}
