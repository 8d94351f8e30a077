//! How wide things are: columns share the canvas by what their words ask for, each with a shaft that no word stands
//! in; parts stand beside the shaft of their column, or below and above the streets of a floor that all share.

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
    fn of(x0: f32, x1: f32) -> Span {
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
    /// The row of the floor around it that its first row is, for a hypervisor in a shared kernel.
    pub first_row: usize,
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
}

/// What may be left out where there is little room.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detail {
    /// Parts of floors in columns.
    pub columns: bool,
    /// Parts of the host's kernel.
    pub host: bool,
    /// Whether those that are alike stand alone as far as there is room, since somebody looks closer.
    pub opened: bool,
}

/// Who has more room than others.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Focus {
    /// The followed column.
    pub follow: Option<StackId>,
    /// One that must stand alone.
    pub alone: Option<StackId>,
}

/// More cores than this are drawn as one block of little squares.
const BLOCK: usize = 8;
/// The most columns that have a track of their own in a street.
pub const TRACKS: usize = 12;

/// Measures and places from left to right.
pub struct Ruler<'a> {
    topology: &'a Topology,
    metrics: &'a Metrics,
    theme: &'a Theme,
    /// The size of text, times how much it grows on a large canvas.
    unit: f32,
    grow: f32,
    detail: Detail,
    widths: Widths,
}

/// What wants a place in a row.
#[derive(Clone, Debug)]
struct Item {
    content: Content,
    least: f32,
    wants: f32,
    state: f32,
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
        let mut ruler = Ruler { topology, metrics, theme, unit, grow, detail, widths };
        if let Some(kernel) = &tree.kernel {
            ruler.host(tree, kernel, room, focus);
        } else if let Some(floor) = tree.floor {
            ruler.set(floor, room);
            ruler.widths.gutter = Span::of(room.x1, room.x1);
            let items = ruler.items(floor, &tree.parts);
            let (rows, cells) = ruler.flow(&items, room.inset(unit));
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
        let rail_wants = 165.0 * u;
        let wants: Vec<(f32, f32, f32)> = units
            .iter()
            .map(|unit| {
                let (least, most) = (self.least(unit.first()), self.most(unit.first()));
                let rail = if followed(unit) { rail_wants } else { 0.0 };
                // Who isn't followed makes room for who is.
                let most = if focus.follow.is_some() && rail == 0.0 { least.max(most * 0.55) } else { most };
                (least + rail, most.max(least) + rail, rail)
            })
            .collect();
        let inner = Span::of(room.x0 + 4.0, self.widths.gutter.x0 - 4.0);
        let free = inner.width() - gap * wants.len().saturating_sub(1) as f32;
        let least: Vec<f32> = wants.iter().map(|w| w.0).collect();
        let most: Vec<f32> = wants.iter().map(|w| w.1).collect();
        let sum: f32 = most.iter().sum();
        let given: Vec<f32> = if sum <= free {
            let factor = (free / sum.max(1.0)).min(1.7);
            most.iter().map(|w| w * factor).collect()
        } else {
            between(&least, &most, free)
        };
        let mut x = inner.x0;
        for ((unit, given), (_, _, rail)) in units.iter().zip(given).zip(&wants) {
            let whole = Span::of(x, x + given);
            x += given + gap;
            let rail = rail.min(given * 0.5);
            let span = Span::of(whole.x0, whole.x1 - rail);
            let members = self.stacks_of(unit);
            let column = self.widths.columns.len();
            let stack = members.first().copied().unwrap_or(StackId::NONE);
            let rail = (rail > 0.0).then(|| Span::of(span.x1 + 8.0 * u, whole.x1));
            self.widths.columns.push(Strip { stack, members, span, rail });
            self.unit_at(unit, span, None, column);
        }
        self.set(kernel.id, room);
        self.shared_kernel(kernel, room);
        if let Some(floor) = tree.floor {
            self.set(floor, room);
            let inner = Span::of(room.x0 + 9.0 * u, self.widths.gutter.x0 - 2.0);
            let items = self.items(floor, &tree.parts);
            let (rows, cells) = self.flow(&items, inner);
            self.widths.floors.insert(floor, Floor { rows, cells, shared: true, ..Floor::default() });
        }
    }

    /// The rows of a kernel that several columns use, and of the hypervisor in it.
    fn shared_kernel(&mut self, kernel: &Kernel, room: Span) {
        let u = self.unit;
        let inner = Span::of(room.x0 + 9.0 * u, self.widths.gutter.x0 - 2.0);
        let (parts, hidden) = self.kept(&kernel.parts, self.detail.host);
        let mut items = self.items(kernel.id, &parts);
        items.push(Item { content: Content::Queue, least: 60.0 * u, wants: 110.0 * u, state: 0.0 });
        let floor = |rows: usize, cells: Vec<Cell>, first_row: usize, hidden: Vec<ComponentId>| Floor {
            rows,
            cells,
            hidden,
            shared: true,
            first_row,
        };
        let Some(hypervisor) = &kernel.hypervisor else {
            let (rows, cells) = self.flow(&items, inner);
            self.widths.floors.insert(kernel.id, floor(rows, cells, 0, hidden));
            return;
        };
        let (own_parts, own_hidden) = self.kept(&hypervisor.parts, self.detail.host);
        let own_items = self.items(hypervisor.id, &own_parts);
        let pad = 8.0 * u;
        // Its rows come first, whatever the width, so that it is in the same place in every window.
        let narrow = Span::of(inner.x0 + pad, inner.x1 - pad);
        let (own_rows, own_cells) = self.flow(&own_items, narrow);
        let (rows, cells) = self.flow(&items, inner);
        let cells = cells.into_iter().map(|cell| Cell { row: cell.row + own_rows, ..cell }).collect();
        self.widths.floors.insert(kernel.id, floor(rows + own_rows, cells, 0, hidden));
        self.widths.floors.insert(hypervisor.id, floor(own_rows, own_cells, 0, own_hidden));
        self.set(hypervisor.id, inner);
    }

    fn kept(&self, parts: &[ComponentId], all: bool) -> (Vec<ComponentId>, Vec<ComponentId>) {
        if all { (parts.to_vec(), Vec::new()) } else { (Vec::new(), parts.to_vec()) }
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
            (room - rail, self.detail.opened),
            |resident| self.readable(resident) + gap,
            alone,
        )
    }

    fn stacks_of(&self, unit: &Unit) -> Vec<StackId> {
        unit.members.iter().filter_map(|resident| self.topology.component(resident.id)?.stack).collect()
    }

    fn name_wants(&self, id: ComponentId, role: TextRole, strong: bool) -> f32 {
        self.topology.component(id).map_or(0.0, |c| self.text(&c.name, role, strong))
    }

    fn text(&self, text: &str, role: TextRole, strong: bool) -> f32 {
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
        match &resident.kind {
            ResidentKind::App { .. } => low.max(name(resident.id).min(104.0 * self.unit)),
            ResidentKind::Container { .. } | ResidentKind::Vm { .. } => low,
        }
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

    /// The width in which its words are whole.
    fn most(&self, resident: &Resident) -> f32 {
        let u = self.unit;
        match &resident.kind {
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
        }
    }

    fn app_wants(&self, id: ComponentId, valve: Option<ComponentId>) -> f32 {
        let u = self.unit;
        let note = self.topology.component(id).map_or(0.0, |c| self.text(&c.note, TextRole::Note, false));
        let words = self.name_wants(id, TextRole::Body, true).max(note) + 54.0 * u;
        let valve = valve.and_then(|v| self.topology.component(v));
        let valve = valve.map_or(0.0, |v| self.text(&v.note, TextRole::Note, false) + 90.0 * u);
        words.max(valve).clamp(118.0 * u, 250.0 * u)
    }

    /// How wide the way in a column is: a token and its halo.
    fn shaft_width(&self) -> f32 {
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
        let mut sides = (widest(&platform.parts, 0), widest(&platform.parts, 1));
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

    fn set(&mut self, id: ComponentId, span: Span) {
        self.widths.spans[id.index()] = Some(span);
    }

    fn shaft(&mut self, x: f32, parent: Option<usize>, column: usize) -> usize {
        self.widths.shafts.push(Shaft { x, parent, column });
        self.widths.shafts.len() - 1
    }

    fn lead(&mut self, id: ComponentId, shaft: usize) {
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
            let x = if left + right <= room && self.detail.columns {
                inner.x0 + left + (room - left - right) * left / (left + right).max(1.0) + self.shaft_width() / 2.0
            } else {
                let depth = depth(platform) as f32;
                inner.x1 - (16.0 * u).min(inner.width() * 0.2) - depth * 9.0 * u
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
        }
        if let [only] = &kernel.residents[..] {
            self.resident(only, inner, (None, Some(shaft)), column);
            return shaft;
        }
        let gap = (10.0 * u).min(inner.width() * 0.2 / kernel.residents.len().max(1) as f32);
        let units = fold(
            self.topology,
            &kernel.residents,
            (inner.width() + gap, self.detail.opened),
            |r| self.readable(r) * 0.9 + gap,
            |_| false,
        );
        if let [only] = &units[..] {
            let first = only.first();
            self.resident(first, inner, (None, Some(shaft)), column);
            self.widths.counts.extend(only.count(self.topology).map(|text| (first.id, text)));
            self.widths.same.extend(only.same(self.topology));
            return shaft;
        }
        let wants: Vec<f32> = units.iter().map(|unit| self.readable(unit.first())).collect();
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

    /// A floor with parts left and right of a shaft. All of them are drawn, or none.
    fn private(&mut self, floor: ComponentId, parts: &[ComponentId], span: Span, (x, shaft): (f32, usize)) {
        let u = self.unit;
        self.set(floor, span);
        self.lead(floor, shaft);
        let pad = (7.0 * u).min(span.width() * 0.05);
        let half = self.shaft_width() / 2.0;
        let sides = [Span::of(span.x0 + pad, x - half), Span::of(x + half, span.x1 - pad)];
        let fits = |(i, &id): (usize, &ComponentId)| self.part(id).least <= sides[i % 2].width();
        let drawn = self.detail.columns && parts.iter().enumerate().all(fits);
        let (kept, hidden) = self.kept(parts, drawn);
        // Parts on one side are equally wide.
        let widest = |odd: usize| kept.iter().skip(odd).step_by(2).map(|&id| self.part(id).wants).fold(0.0, f32::max);
        let wants = [widest(0), widest(1)];
        let cells = kept.iter().enumerate().map(|(i, &id)| {
            let item = self.part(id);
            let side = sides[i % 2];
            let most = wants[i % 2] * 1.2;
            // Parts stand close to the shaft.
            let span = match i % 2 {
                0 => Span::of(side.x0.max(side.x1 - most), side.x1),
                _ => Span::of(side.x0, side.x1.min(side.x0 + most)),
            };
            // Its state is on the side of the shaft.
            let state = self.state_of(&item, span).map(|state| match i % 2 {
                0 => state,
                _ => Span::of(span.x0 + 3.0, span.x0 + state.width() + 3.0),
            });
            Cell { state, content: item.content, span, row: i / 2 }
        });
        let cells: Vec<Cell> = cells.collect();
        let rows = kept.len().div_ceil(2);
        self.widths.floors.insert(floor, Floor { rows, cells, hidden, ..Floor::default() });
    }

    fn gap(&self) -> f32 {
        7.0 * self.unit
    }

    fn part(&self, id: ComponentId) -> Item {
        let u = self.unit;
        let Some(component) = self.topology.component(id) else {
            return Item { content: Content::Parts(vec![id]), least: 0.0, wants: 0.0, state: 0.0 };
        };
        let name = self.text(&component.name, TextRole::Small, false);
        let brief = Metrics::brief(&component.name).map_or(name, |brief| self.text(brief, TextRole::Small, false));
        let note = match component.note.as_str() {
            "" => 0.0,
            note => self.text(note, TextRole::Small, false) + 6.0 * u,
        };
        let state = u * match component.kind {
            ComponentKind::Core if component.stack.is_some() => 26.0,
            ComponentKind::Core => 50.0,
            ComponentKind::Disk if component.stack.is_some() => 48.0,
            ComponentKind::Disk => 96.0,
            ComponentKind::HypervisorPart if component.name.ends_with("back ends") => 24.0,
            _ => 0.0,
        };
        let pad = 16.0 * u;
        let brief = brief.min(name);
        Item {
            content: Content::Parts(vec![id]),
            least: (brief + pad + state * 0.5).max(40.0 * u),
            wants: (name + note + pad + state).max(44.0 * u),
            state,
        }
    }

    /// The right end of a part's box, where its state is shown.
    fn state_of(&self, item: &Item, span: Span) -> Option<Span> {
        let least = item.state * 0.5;
        (item.state > 0.0).then(|| {
            let most = (span.width() - (item.least - least)).max(least);
            Span::of(span.x1 - most.min(item.state * 1.6), span.x1 - 3.0)
        })
    }

    fn items(&self, floor: ComponentId, parts: &[ComponentId]) -> Vec<Item> {
        let u = self.unit;
        let is_core = |id: &&ComponentId| self.topology.component(**id).is_some_and(|c| c.kind == ComponentKind::Core);
        let cores: Vec<ComponentId> = parts.iter().filter(is_core).copied().collect();
        let block = cores.len() > BLOCK;
        let title = self.topology.component(floor).map_or((0.0, 0.0), |c| {
            let name = self.text(&super::words::sentence(&c.name), TextRole::Body, true);
            let note = if c.note.is_empty() { 0.0 } else { self.text(&c.note, TextRole::Note, false) + 10.0 * u };
            (name + 26.0 * u, name + note + 26.0 * u)
        });
        let mut items = vec![Item { content: Content::Title, least: title.0, wants: title.1, state: 0.0 }];
        if block {
            let wants = (cores.len() as f32 * 9.0).clamp(150.0, 420.0) * u;
            items.push(Item { content: Content::Parts(cores), least: wants * 0.6, wants, state: 0.0 });
        }
        items.extend(parts.iter().filter(|id| !(block && is_core(id))).map(|&id| self.part(id)));
        items
    }

    /// Lays items in rows within a stretch, in as few rows as they ask for.
    fn flow(&self, items: &[Item], span: Span) -> (usize, Vec<Cell>) {
        let gap = self.gap();
        let (low, high) = (least(items), items.iter().map(|item| item.wants).collect::<Vec<_>>());
        let (tight, loose) = (pack(&low, span.width(), gap), pack(&high, span.width(), gap));
        let rows = if loose.len() <= tight.len() { loose } else { tight };
        let mut cells = Vec::new();
        for (row, range) in rows.iter().enumerate() {
            let room = span.width() - gap * range.len().saturating_sub(1) as f32;
            let (low, high) = (&low[range.clone()], &high[range.clone()]);
            let sum: f32 = high.iter().sum();
            let widths = if sum <= room {
                let factor = (room / sum.max(1.0)).min(1.5);
                high.iter().map(|w| w * factor).collect()
            } else {
                between(low, high, room)
            };
            let mut x = span.x0;
            for (item, width) in items[range.clone()].iter().zip(widths) {
                let at = Span::of(x, (x + width).min(span.x1));
                x = at.x1 + gap;
                cells.push(Cell { content: item.content.clone(), span: at, state: self.state_of(item, at), row });
            }
        }
        (rows.len(), cells)
    }
}

fn least(items: &[Item]) -> Vec<f32> {
    items.iter().map(|item| item.least).collect()
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

/// Which items come in which row, each row filled before the next.
fn pack(widths: &[f32], room: f32, gap: f32) -> Vec<std::ops::Range<usize>> {
    let mut rows = Vec::new();
    let (mut from, mut used) = (0, 0.0);
    for (i, width) in widths.iter().enumerate() {
        if i > from && used + gap + width > room + 0.01 {
            rows.push(from..i);
            (from, used) = (i, 0.0);
        }
        used += width + if i > from { gap } else { 0.0 };
    }
    if from < widths.len() {
        rows.push(from..widths.len());
    }
    rows
}

/// Widths between the least and the most that columns ask for, all by the same share of the way, so that they fill
/// `room` if it lies between their sums; below the sum of the least, all are smaller alike.
fn between(least: &[f32], most: &[f32], room: f32) -> Vec<f32> {
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
