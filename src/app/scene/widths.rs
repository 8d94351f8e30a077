//! How wide columns are: they share the canvas by what their words ask for, each with a shaft that no word stands in.
//! What lies in a floor, `floors` places.

use std::collections::BTreeMap;

use super::alike::{Unit, fold};
use super::metrics::Metrics;
use super::tree::{Kernel, Platform, Resident, ResidentKind};
use crate::app::theme::{TextRole, Theme};
use crate::machine::{ComponentKind, Topology};
use crate::trace::{ComponentId, StackId};

/// A stretch from left to right.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Span {
    /// Left.
    pub x0: f32,
    /// Right.
    pub x1: f32,
}

impl Span {
    /// How wide it is.
    pub fn width(self) -> f32 {
        self.x1 - self.x0
    }
    /// Smaller on both sides by what looks right for its width.
    pub fn inset(self, unit: f32) -> Span {
        let pad = (9.0 * unit).min(self.width() * 0.06);
        Span { x0: self.x0 + pad, x1: self.x1 - pad }
    }
    pub(super) fn of(x0: f32, x1: f32) -> Span {
        Span { x0, x1: x1.max(x0) }
    }
}

/// What lies in a row of a floor.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// The floor's name.
    Title,
    /// One part, or a block of many equal ones.
    Parts(Vec<ComponentId>),
    /// Those that wait for a processor.
    Queue,
}

/// One place in a floor.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// What stands there.
    pub content: Content,
    /// From left to right.
    pub span: Span,
    /// The stretch in which the part's state is shown, beside its name.
    pub state: Option<Span>,
    /// Which row, from above.
    pub row: usize,
}

/// A floor's rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Floor {
    /// Rows of parts.
    pub rows: usize,
    /// What lies in them.
    pub cells: Vec<Cell>,
    /// Parts that are not drawn for want of room: they are counted.
    pub hidden: Vec<ComponentId>,
    /// Whether several columns use it: it has streets, not a shaft.
    pub shared: bool,
    /// How many of the rows lie above the first street: the ways of the columns pass between their parts.
    pub upper: usize,
}

/// A vertical way in a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shaft {
    /// Where.
    pub x: f32,
    /// The shaft that it joins below.
    pub parent: Option<usize>,
    /// Which column's.
    pub column: usize,
}

/// One column, from left to right.
#[derive(Clone, Debug, PartialEq)]
pub struct Strip {
    /// The first of those that it stands for.
    pub stack: StackId,
    /// What stands in it.
    pub resident: ComponentId,
    /// All of those.
    pub members: Vec<StackId>,
    /// Its parts.
    pub span: Span,
    /// Its labels, beside its parts, if it is followed.
    pub rail: Option<Span>,
}

/// The horizontal half of a layout.
#[derive(Clone, Debug, Default)]
pub struct Widths {
    /// By component: slabs, shells, programs, valves.
    pub spans: Vec<Option<Span>>,
    /// By component: the shaft that leads to it.
    pub shafts_of: Vec<Option<usize>>,
    /// All shafts.
    pub shafts: Vec<Shaft>,
    /// All floors.
    pub floors: BTreeMap<ComponentId, Floor>,
    /// The columns.
    pub columns: Vec<Strip>,
    /// Components that are drawn as another that is like them.
    pub same: Vec<(ComponentId, ComponentId)>,
    /// By component: how many more it stands for, and their names.
    pub counts: BTreeMap<ComponentId, String>,
    /// The bundle of ways at the right side of shared floors.
    pub gutter: Span,
    /// Where ways lead down between the parts of the host's kernel.
    pub passages: Vec<f32>,
}

/// How parts are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// With their whole names.
    Whole,
    /// As many in a row as fit with the short forms of their names.
    Brief,
    /// The same, and of virtual hardware the processors alone: what else is in it is counted.
    Kernels,
    /// Counted in the name of their floor.
    Counted,
}

/// What may be left out where there is little room.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detail {
    /// Parts of floors in columns.
    pub columns: Shown,
    /// Parts of the host's kernel.
    pub host: bool,
    /// Whether those that are alike stand alone as far as there is room, since somebody looks closer.
    pub opened: bool,
}

/// What of machines is kept in columns that share too little room.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Keep {
    /// All words.
    All,
    /// All parts: those who are followed keep their words.
    Narrow,
    /// Their parts, on one side of their ways; `programs`: and all programs beside each other.
    OneSide { programs: bool },
    /// What there is room for.
    Nothing,
}

/// Who has more room than others.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Focus {
    /// The followed column.
    pub follow: Option<StackId>,
    /// One that must stand alone.
    pub alone: Option<StackId>,
}

/// How much of a program's box its way takes, with the distance that words keep from it, in points at a desk.
const BESIDE_WAY: f32 = 31.0;

/// How much of the way from the least to the whole width of columns is left to them beside a box of device models.
const READABLE: f32 = 0.6;

/// The most columns that have a track of their own in a street.
pub const TRACKS: usize = 12;

/// Measures and places from left to right.
pub struct Ruler<'a> {
    pub(super) topology: &'a Topology,
    pub(super) metrics: &'a Metrics,
    pub(super) theme: &'a Theme,
    /// The size of text, times how much it grows on a large canvas.
    pub(super) unit: f32,
    pub(super) grow: f32,
    pub(super) detail: Detail,
    pub(super) widths: Widths,
    /// The hypervisor whose machines' device models have a box of their own.
    pub(super) boxed: Option<ComponentId>,
}

impl<'a> Ruler<'a> {
    /// Places everything within `room`.
    pub fn place(
        topology: &'a Topology,
        tree: &'a Platform,
        (metrics, theme, grow): (&'a Metrics, &'a Theme, f32),
        room: Span,
        (focus, detail): (Focus, Detail),
    ) -> Widths {
        let n = topology.components.len();
        let widths = Widths { spans: vec![None; n], shafts_of: vec![None; n], ..Widths::default() };
        let unit = theme.scale * grow;
        let mut ruler = Ruler { topology, metrics, theme, unit, grow, detail, widths, boxed: None };
        if let Some(kernel) = &tree.kernel {
            ruler.host(tree, kernel, room, focus);
        } else if let Some(floor) = tree.floor {
            ruler.set(floor, room);
            ruler.widths.gutter = Span::of(room.x1, room.x1);
            let items = ruler.items(floor, &tree.parts);
            let (rows, cells) = ruler.flow(&items, room.inset(unit), ruler.gap());
            ruler.widths.floors.insert(floor, Floor { rows, cells, shared: true, ..Floor::default() });
        }
        ruler.widths
    }

    fn host(&mut self, tree: &'a Platform, kernel: &'a Kernel, room: Span, focus: Focus) {
        let u = self.unit;
        let gap = (14.0 * u).min(room.width() * 0.2 / kernel.residents.len().clamp(1, 40) as f32);
        let units = self.units(kernel, room.width(), gap, focus);
        let tracks = units.len().clamp(1, TRACKS) as f32;
        self.widths.gutter = Span::of(room.x1 - (tracks * 3.5 + 9.0) * u.min(1.4), room.x1 - 3.0);
        let followed = |unit: &Unit| focus.follow.is_some_and(|stack| self.stacks_of(unit).contains(&stack));
        let rail_wants = (165.0 * u).min(room.width() * 0.19);
        // The floor's name stands left of the first way.
        let named = (130.0 * u).min(room.width() * 0.17);
        let inner = Span::of(room.x0 + 4.0, self.widths.gutter.x0 - 4.0);
        let free = inner.width() - gap * units.len().saturating_sub(1) as f32;
        // Who isn't followed makes room for who is. All keep their parts if there is room for them: else in columns that
        // are as narrow as that allows, if the followed one keeps its words; then on one side of their ways; and only
        // then some are folded.
        let asked = |keep: Keep| -> Vec<(f32, f32, f32)> {
            let asks = |(i, unit): (usize, &Unit)| {
                let first = unit.first();
                let (least, most) = (self.least(first), self.most(first));
                let machine = matches!(first.kind, ResidentKind::Vm { .. });
                let rail = match keep {
                    _ if !followed(unit) => 0.0,
                    Keep::OneSide { .. } => rail_wants.min(room.width() * 0.155),
                    _ => rail_wants,
                };
                let kept = if keep == Keep::Nothing { 0.0 } else { self.inside(first) };
                let least = if rail > 0.0 { least.max(self.inside(first)) } else { least };
                let least = if i == 0 { least.max(named) } else { least };
                let least = match (keep, rail > 0.0) {
                    (Keep::Narrow, true) => least.max(most),
                    (Keep::Narrow, false) => least.max(kept),
                    (Keep::OneSide { .. }, true) if machine => least.max(most),
                    (Keep::OneSide { programs }, _) => least.max(self.one_side(first, programs)),
                    (Keep::All | Keep::Nothing, _) => least,
                };
                let other = focus.follow.is_some() && rail == 0.0;
                let most = if other { least.max(most * 0.55).max(kept) } else { most };
                (least + rail, most.max(least) + rail, rail)
            };
            units.iter().enumerate().map(asks).collect()
        };
        // The device models stand at the foot of the followed machine's labels, or beside the first machine where there
        // is room.
        let all = asked(Keep::All);
        let machine = |unit: &Unit| matches!(unit.first().kind, ResidentKind::Vm { .. });
        let models = kernel.device_models.map(|id| (id, self.models_want(id)));
        let in_rail = units.iter().position(|unit| followed(unit) && machine(unit));
        let in_rail = in_rail.filter(|_| models.is_some_and(|(_, width)| rail_wants - 8.0 * u >= width * 0.85));
        let readable: f32 = all.iter().map(|w| w.0 + (w.1 - w.0) * READABLE).sum();
        let beside = units.iter().position(machine).filter(|_| in_rail.is_none());
        let beside = beside.filter(|_| models.is_some_and(|(_, width)| readable + gap + width <= free));
        let free = free - beside.and(models).map_or(0.0, |(_, width)| gap + width);
        let tries = [Keep::Narrow, Keep::OneSide { programs: true }, Keep::OneSide { programs: false }];
        let wants = if all.iter().map(|w| w.1).sum::<f32>() <= free {
            all
        } else {
            let fit = |wants: &Vec<(f32, f32, f32)>| wants.iter().map(|w| w.0).sum::<f32>() <= free;
            tries.into_iter().map(asked).find(fit).unwrap_or_else(|| asked(Keep::Nothing))
        };
        let in_rail = in_rail.filter(|&i| models.is_some_and(|(_, width)| wants[i].2 - 8.0 * u >= width * 0.85));
        let least: Vec<f32> = wants.iter().map(|w| w.0).collect();
        let most: Vec<f32> = wants.iter().map(|w| w.1).collect();
        let sum: f32 = most.iter().sum();
        let given: Vec<f32> = if sum <= free {
            let factor = (free / sum.max(1.0)).min(1.7);
            most.iter().map(|w| w * factor).collect()
        } else {
            let first = units.iter().position(followed);
            squeezed(&least, &most, free, first)
        };
        let mut x = inner.x0;
        for (i, ((unit, given), (_, _, rail))) in units.iter().zip(given).zip(&wants).enumerate() {
            let whole = Span::of(x, x + given);
            x += given + gap;
            if let Some((id, width)) = models.filter(|_| beside == Some(i)) {
                self.device_models(kernel, id, Span::of(x, x + width), units.len());
                x += width + gap;
            }
            let rail = rail.min(given * 0.5);
            let span = Span::of(whole.x0, whole.x1 - rail);
            let members = self.stacks_of(unit);
            let column = self.widths.columns.len();
            let stack = members.first().copied().unwrap_or(StackId::NONE);
            let rail = (rail > 0.0).then(|| Span::of(span.x1 + 8.0 * u, whole.x1));
            if let (Some((id, _)), Some(rail)) = (models.filter(|_| in_rail == Some(i)), rail) {
                self.device_models(kernel, id, rail, units.len());
            }
            self.widths.columns.push(Strip { stack, resident: unit.first().id, members, span, rail });
            self.unit_at(unit, span, None, column);
        }
        if in_rail.or(beside).is_none() {
            self.models_in_hypervisor(kernel);
        }
        self.set(kernel.id, room);
        let machines = self.first_machine(kernel);
        self.shared_kernel(kernel, room, machines);
        if let Some(floor) = tree.floor {
            self.set(floor, room);
            let inner = Span::of(room.x0 + 9.0 * u, self.widths.gutter.x0 - 2.0);
            let items = self.items(floor, &tree.parts);
            let (rows, cells) = self.flow(&items, inner, self.gap());
            self.widths.floors.insert(floor, Floor { rows, cells, shared: true, ..Floor::default() });
        }
    }

    /// The width of the device models' box: their name, and a way beside it.
    fn models_want(&self, id: ComponentId) -> f32 {
        self.name_wants(id, TextRole::Body, true) + (BESIDE_WAY + 20.0) * self.unit
    }

    /// The device models in a box of their own, with a way that all machines use.
    fn device_models(&mut self, kernel: &Kernel, id: ComponentId, span: Span, column: usize) {
        self.set(id, span);
        let x = span.x1 - (24.0 * self.unit).min(span.width() * 0.28);
        let shaft = self.shaft(x, None, column);
        self.lead(id, shaft);
        self.boxed = kernel.hypervisor.as_ref().map(|hypervisor| hypervisor.id);
    }

    /// Where there is no room for such a box the device models are seen at the back ends, behind a door.
    fn models_in_hypervisor(&mut self, kernel: &Kernel) {
        let parts = kernel.hypervisor.iter().flat_map(|hypervisor| &hypervisor.parts);
        let mut back_ends = parts.filter(|id| is_back_end(self.topology, **id));
        if let (Some(id), Some(&back_ends)) = (kernel.device_models, back_ends.next()) {
            self.widths.same.push((id, back_ends));
        }
    }

    /// What is drawn on a kernel, folded where there is too little room for each.
    fn units(&self, kernel: &'a Kernel, room: f32, gap: f32, focus: Focus) -> Vec<Unit<'a>> {
        let alone = |resident: &Resident| {
            let stack = self.topology.component(resident.id).and_then(|c| c.stack);
            stack.is_some() && (stack == focus.follow || stack == focus.alone)
        };
        let rail = if focus.follow.is_some() { 120.0 * self.unit } else { 0.0 };
        fold(
            self.topology,
            &kernel.residents,
            (room - rail, self.detail.opened, 2),
            |resident| self.readable(resident) + gap,
            alone,
        )
    }

    fn stacks_of(&self, unit: &Unit) -> Vec<StackId> {
        unit.members.iter().filter_map(|resident| self.topology.component(resident.id)?.stack).collect()
    }

    pub(super) fn name_wants(&self, id: ComponentId, role: TextRole, strong: bool) -> f32 {
        self.topology.component(id).map_or(0.0, |c| self.text(&c.name, role, strong))
    }

    pub(super) fn text(&self, text: &str, role: TextRole, strong: bool) -> f32 {
        self.metrics.width(text, self.theme.size(role) * self.grow, strong)
    }

    /// The least width that a resident is squeezed to.
    fn least(&self, resident: &Resident) -> f32 {
        let name = |id: ComponentId| self.name_wants(id, TextRole::Body, true) * 0.8 + 40.0 * self.unit;
        let low = self.unit
            * match &resident.kind {
                ResidentKind::App { .. } => 62.0,
                ResidentKind::Container { apps, .. } => 48.0 + 26.0 * apps.len().clamp(1, 3) as f32,
                ResidentKind::Vm { .. } => 92.0,
            };
        let low = low.max(self.heading(resident) * 0.6);
        match &resident.kind {
            ResidentKind::App { .. } => low.max(name(resident.id).min(104.0 * self.unit)),
            ResidentKind::Container { .. } | ResidentKind::Vm { .. } => low,
        }
    }

    /// The width of the head of a column: its letter and its name, so far as a name is no text.
    fn heading(&self, resident: &Resident) -> f32 {
        let stack = self.topology.component(resident.id).and_then(|c| c.stack);
        let info = stack.and_then(|stack| self.topology.stacks.get(stack.index()));
        let info = info.filter(|info| info.component == resident.id);
        let name = info.map_or(0.0, |info| self.text(&super::words::sentence(&info.name), TextRole::Heading, true));
        (name + 34.0 * self.unit).min(190.0 * self.unit)
    }

    /// The width in which a machine's parts can be named.
    fn inside(&self, resident: &Resident) -> f32 {
        let ResidentKind::Vm { platform } = &resident.kind else { return 0.0 };
        let (left, right) = self.sides(platform, false);
        left + right + self.shaft_width() + 20.0 * self.unit
    }

    /// The width below which alike residents are drawn as one.
    fn readable(&self, resident: &Resident) -> f32 {
        self.unit
            * match &resident.kind {
                ResidentKind::App { .. } => 66.0,
                ResidentKind::Container { apps, .. } => 56.0 + 26.0 * apps.len().clamp(1, 3) as f32,
                ResidentKind::Vm { .. } => 104.0,
            }
    }

    /// The width of the smallest box on a guest's kernel: beside the way in it a program's name can be read, or that the
    /// program is not there. Where there is less, several are counted in one box.
    fn smallest(&self, resident: &Resident) -> f32 {
        let ResidentKind::App { .. } = resident.kind else { return self.readable(resident) * 0.9 };
        let size = super::words::LEAST * self.theme.scale.min(1.0);
        let width = |text: &str| self.metrics.width(text, size, true);
        let name = self.topology.component(resident.id).map_or(0.0, |app| width(&app.name)).min(64.0 * self.unit);
        name.max(width(super::metrics::SHORTEST)) / 0.9 + BESIDE_WAY * self.unit
    }

    /// The width in which a machine's parts can be named one below the other, on one side of its way, and its programs
    /// beside each other.
    fn one_side(&self, resident: &Resident, programs: bool) -> f32 {
        let ResidentKind::Vm { platform } = &resident.kind else { return 0.0 };
        let Some(kernel) = &platform.kernel else { return 0.0 };
        let u = self.unit;
        let least = |parts: &[ComponentId]| parts.iter().map(|&id| self.part(id).least).fold(0.0, f32::max);
        let inner = kernel.hypervisor.as_ref().map_or(0.0, |hypervisor| least(&hypervisor.parts) + 25.0 * u);
        let within = kernel.residents.iter().map(|r| self.one_side(r, programs) + 18.0 * u).fold(0.0, f32::max);
        let parts = (least(&kernel.parts).max(least(&platform.parts)) + 54.0 * u).max(inner).max(within);
        let beside: f32 = kernel.residents.iter().map(|r| self.smallest(r) + 10.0 * u).sum();
        let several = programs && (2..=3).contains(&kernel.residents.len());
        if several { parts.max(beside + 14.0 * u) } else { parts }
    }

    /// The width in which its words are whole.
    fn most(&self, resident: &Resident) -> f32 {
        let u = self.unit;
        let words = match &resident.kind {
            ResidentKind::App { valve } => self.app_wants(resident.id, *valve),
            ResidentKind::Container { apps, valve } => {
                let apps: f32 = apps.iter().map(|&app| self.app_wants(app, *valve) + 8.0 * u).sum();
                (apps + 18.0 * u).max(165.0 * u)
            }
            ResidentKind::Vm { platform } => {
                let (left, right) = self.sides(platform, true);
                let inner: f32 = platform.kernel.as_ref().map_or(0.0, |kernel| {
                    kernel.residents.iter().take(4).map(|r| self.most(r) + 12.0 * u).sum::<f32>()
                });
                (left + right + self.shaft_width() + 20.0 * u).max(inner + 20.0 * u)
            }
        };
        words.max(self.heading(resident))
    }

    fn app_wants(&self, id: ComponentId, valve: Option<ComponentId>) -> f32 {
        let u = self.unit;
        let note = self.topology.component(id).map_or("", |c| c.note.as_str());
        let note = self.text(&format!("{} · {note}", super::doing::LONGEST), TextRole::Note, false);
        let words = self.name_wants(id, TextRole::Body, true).max(note) + 54.0 * u;
        let valve = valve.and_then(|v| self.topology.component(v));
        let valve = valve.map_or(0.0, |v| self.text(&v.note, TextRole::Note, false) + 90.0 * u);
        words.max(valve).clamp(118.0 * u, 250.0 * u)
    }

    /// How wide the way in a column is: a token and its halo.
    pub(super) fn shaft_width(&self) -> f32 {
        26.0 * self.unit
    }

    /// What the parts left and right of a machine's shaft ask for, in all its floors.
    fn sides(&self, platform: &Platform, comfortable: bool) -> (f32, f32) {
        let u = self.unit;
        let widest = |parts: &[ComponentId], odd: usize| {
            let wants = |&id: &ComponentId| if comfortable { self.part(id).wants } else { self.part(id).least };
            parts.iter().skip(odd).step_by(2).map(wants).fold(0.0, f32::max)
        };
        let pad = 9.0 * u;
        let own = self.ordered(&platform.parts);
        let mut sides = (widest(&own, 0), widest(&own, 1));
        let mut hold = |parts: &[ComponentId], more: f32| {
            sides = (sides.0.max(widest(parts, 0) + more), sides.1.max(widest(parts, 1) + more));
        };
        if let Some(kernel) = &platform.kernel {
            hold(&kernel.parts, 0.0);
            if let Some(hypervisor) = &kernel.hypervisor {
                hold(&hypervisor.parts, pad);
            }
            if let [only] = &kernel.residents[..]
                && let ResidentKind::Vm { platform } = &only.kind
            {
                let (left, right) = self.sides(platform, comfortable);
                sides = (sides.0.max(left + pad), sides.1.max(right + pad));
            }
        }
        (sides.0 + pad + 7.0 * u, sides.1 + pad + 7.0 * u)
    }

    pub(super) fn set(&mut self, id: ComponentId, span: Span) {
        self.widths.spans[id.index()] = Some(span);
    }

    fn shaft(&mut self, x: f32, parent: Option<usize>, column: usize) -> usize {
        self.widths.shafts.push(Shaft { x, parent, column });
        self.widths.shafts.len() - 1
    }

    pub(super) fn lead(&mut self, id: ComponentId, shaft: usize) {
        self.widths.shafts_of[id.index()] = Some(shaft);
    }

    /// Where the shaft is in a box without parts: at its right, so that words have the rest.
    fn lane(&self, span: Span) -> f32 {
        span.x1 - (18.0 * self.unit).min(span.width() * 0.28)
    }

    fn unit_at(&mut self, unit: &Unit<'a>, span: Span, parent: Option<usize>, column: usize) {
        let first = unit.first();
        self.resident(first, span, (parent, None), column);
        if let Some(text) = unit.count(self.topology) {
            self.widths.counts.insert(first.id, text);
        }
        self.widths.same.extend(unit.same(self.topology));
    }

    /// Places a resident; `shaft` is the one that its own is to join, and the one that it has to use.
    fn resident(
        &mut self,
        resident: &'a Resident,
        span: Span,
        (parent, given): (Option<usize>, Option<usize>),
        column: usize,
    ) {
        let u = self.unit;
        self.set(resident.id, span);
        match &resident.kind {
            ResidentKind::App { valve } => {
                let x = self.lane(span);
                let shaft = given.unwrap_or_else(|| self.shaft(x, parent, column));
                self.lead(resident.id, shaft);
                if let Some(valve) = *valve {
                    self.set(valve, span);
                    self.lead(valve, shaft);
                }
            }
            ResidentKind::Container { apps, valve } => {
                let inner = span.inset(u);
                let gap = (8.0 * u).min(inner.width() * 0.04);
                let mut last = given;
                for (&app, at) in apps.iter().zip(equal(inner, apps.len(), gap)) {
                    let x = self.lane(at);
                    let own = if apps.len() == 1 { given } else { None };
                    let shaft = own.unwrap_or_else(|| self.shaft(x, parent.or(given), column));
                    self.set(app, at);
                    self.lead(app, shaft);
                    last = Some(shaft);
                }
                let x = self.lane(inner);
                let shaft = last.unwrap_or_else(|| self.shaft(x, parent, column));
                if let Some(valve) = *valve {
                    self.set(valve, inner);
                    self.lead(valve, shaft);
                }
                self.lead(resident.id, shaft);
            }
            ResidentKind::Vm { platform } => {
                let shaft = self.vm(platform, span, (parent, given), column);
                self.lead(resident.id, shaft);
            }
        }
    }

    fn vm(
        &mut self,
        platform: &'a Platform,
        span: Span,
        (parent, given): (Option<usize>, Option<usize>),
        column: usize,
    ) -> usize {
        let u = self.unit;
        let inner = span.inset(u);
        let shaft = given.unwrap_or_else(|| {
            let (left, right) = self.sides(platform, false);
            let room = inner.width() - self.shaft_width();
            let x = if left + right <= room && self.detail.columns != Shown::Counted {
                inner.x0 + left + (room - left - right) * left / (left + right).max(1.0) + self.shaft_width() / 2.0
            } else {
                let depth = depth(platform) as f32;
                // So far in from the side are the boxes within each other.
                inner.x1 - (16.0 * u).min(inner.width() * 0.2) - depth * (9.0 * u).min(inner.width() * 0.06)
            };
            self.shaft(x, parent, column)
        });
        let x = self.widths.shafts[shaft].x;
        if let Some(floor) = platform.floor {
            self.private(floor, &platform.parts, inner, (x, shaft));
        }
        let Some(kernel) = &platform.kernel else { return shaft };
        self.private(kernel.id, &kernel.parts, inner, (x, shaft));
        if let Some(hypervisor) = &kernel.hypervisor {
            self.private(hypervisor.id, &hypervisor.parts, inner.inset(u), (x, shaft));
            self.models_in_hypervisor(kernel);
        }
        if let [only] = &kernel.residents[..] {
            self.resident(only, inner, (None, Some(shaft)), column);
            return shaft;
        }
        let gap = (10.0 * u).min(inner.width() * 0.2 / kernel.residents.len().max(1) as f32);
        let units = fold(
            self.topology,
            &kernel.residents,
            (inner.width() + gap, self.detail.opened, 1),
            |r| self.smallest(r) + gap,
            |_| false,
        );
        if let [only] = &units[..] {
            let first = only.first();
            self.resident(first, inner, (None, Some(shaft)), column);
            self.widths.counts.extend(only.count(self.topology).map(|text| (first.id, text)));
            self.widths.same.extend(only.same(self.topology));
            return shaft;
        }
        let wants: Vec<f32> = units.iter().map(|unit| self.smallest(unit.first())).collect();
        let sum: f32 = wants.iter().sum();
        let room = inner.width() - gap * units.len().saturating_sub(1) as f32;
        let mut at = inner.x0;
        for (unit, want) in units.iter().zip(wants) {
            let width = room * want / sum.max(1.0);
            self.unit_at(unit, Span::of(at, at + width), Some(shaft), column);
            at += width + gap;
        }
        shaft
    }
}

/// Whether a part of a hypervisor is where its machines' virtio devices are served.
pub(super) fn is_back_end(topology: &Topology, id: ComponentId) -> bool {
    let part = topology.component(id).filter(|part| part.kind == ComponentKind::HypervisorPart);
    part.is_some_and(|part| part.name.ends_with("back ends"))
}

/// How many machines lie within a machine, one in the other.
fn depth(platform: &Platform) -> usize {
    let Some(kernel) = &platform.kernel else { return 0 };
    match &kernel.residents[..] {
        [only] => match &only.kind {
            ResidentKind::Vm { platform } => 1 + depth(platform),
            ResidentKind::Container { .. } => 1,
            ResidentKind::App { .. } => 0,
        },
        _ => 0,
    }
}

/// Widths between the least and the most that columns ask for; where there is too little room for the least, the
/// followed column keeps its own as far as the others keep most of theirs.
fn squeezed(least: &[f32], most: &[f32], room: f32, followed: Option<usize>) -> Vec<f32> {
    let sum: f32 = least.iter().sum();
    let Some(first) = followed.filter(|_| sum > room) else { return between(least, most, room) };
    let others = sum - least[first];
    let rest = (room - least[first]).max(others * 0.85).min(room);
    let share = rest / others.max(1e-3);
    let width = |(i, least): (usize, &f32)| if i == first { room - rest } else { least * share };
    least.iter().enumerate().map(width).collect()
}

/// Widths between the least and the most that columns ask for, all by the same share of the way, so that they fill
/// `room` if it lies between their sums; below the sum of the least, all are smaller alike.
pub(super) fn between(least: &[f32], most: &[f32], room: f32) -> Vec<f32> {
    let (low, high): (f32, f32) = (least.iter().sum(), most.iter().sum());
    if low > room {
        return least.iter().map(|w| w * (room / low.max(1e-3)).max(0.0)).collect();
    }
    let share = ((room - low) / (high - low).max(1e-3)).clamp(0.0, 1.0);
    least.iter().zip(most).map(|(least, most)| least + (most - least) * share).collect()
}

/// Cuts a stretch into equal pieces.
fn equal(span: Span, count: usize, gap: f32) -> Vec<Span> {
    let width = (span.width() - gap * count.saturating_sub(1) as f32) / count.max(1) as f32;
    let piece = |i: usize| {
        let x0 = span.x0 + i as f32 * (width + gap);
        Span::of(x0, x0 + width)
    };
    (0..count).map(piece).collect()
}
