//! How wide things are: columns share the canvas in proportion to what their words ask for, at every depth of
//! nesting, and parts fill their floor in as few rows as their names allow.

use super::metrics::Metrics;
use super::tree::{Kernel, Platform, Resident, ResidentKind};
use crate::app::theme::{TextRole, Theme};
use crate::machine::{ComponentKind, Topology};
use crate::trace::ComponentId;

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
        let pad = (12.0 * unit).min(self.width() * 0.06);
        Span { x0: self.x0 + pad, x1: self.x1 - pad }
    }
}

/// Where a part lies in its floor: its stretch, its row, and within a block of many equal ones, its cell.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    /// Which part.
    pub id: ComponentId,
    /// From left to right.
    pub span: Span,
    /// Which row, from above.
    pub row: usize,
    /// The rows of the block that it belongs to, if it is one of many, and its row there.
    pub block: Option<(usize, usize)>,
}

/// How many rows of parts each floor has, and which kernels have their hypervisor beside their parts.
#[derive(Clone, Debug)]
pub struct Rows {
    rows: Vec<usize>,
    /// Rows that are filled, where a floor has more for the sake of its neighbours.
    filled: Vec<usize>,
    beside: Vec<bool>,
}

impl Rows {
    /// Rows of parts in this floor.
    pub fn of(&self, floor: ComponentId) -> usize {
        self.rows.get(floor.index()).copied().unwrap_or(0)
    }
    /// Rows that are filled: the others make those higher.
    pub fn filled(&self, floor: ComponentId) -> usize {
        self.filled.get(floor.index()).copied().unwrap_or(0)
    }
    /// Whether this kernel's hypervisor lies beside its parts, not above them.
    pub fn beside(&self, kernel: ComponentId) -> bool {
        self.beside.get(kernel.index()).copied().unwrap_or(false)
    }
}

/// The horizontal half of a layout.
#[derive(Clone, Debug)]
pub struct Widths {
    /// By component; parts are in `cells`.
    pub spans: Vec<Option<Span>>,
    /// The vertical line in which tokens pass a column's floors, by component.
    pub lanes: Vec<f32>,
    /// All parts.
    pub cells: Vec<(ComponentId, Vec<Cell>)>,
    /// Rows by floor.
    pub rows: Rows,
}

/// More cores than this are drawn as one block of little squares.
const BLOCK: usize = 8;

/// Measures and places from left to right.
pub struct Ruler<'a> {
    topology: &'a Topology,
    metrics: &'a Metrics,
    theme: &'a Theme,
    /// The most rows of parts that a floor may have.
    most_rows: usize,
    widths: Widths,
}

impl<'a> Ruler<'a> {
    /// Places everything within `room`, in floors of at most so many rows of parts.
    pub fn place(
        topology: &'a Topology,
        platform: &Platform,
        metrics: &'a Metrics,
        theme: &'a Theme,
        (room, most_rows): (Span, usize),
    ) -> Widths {
        let n = topology.components.len();
        let rows = Rows { rows: vec![0; n], filled: vec![0; n], beside: vec![false; n] };
        let widths = Widths { spans: vec![None; n], lanes: vec![0.0; n], cells: Vec::new(), rows };
        let mut ruler = Ruler { topology, metrics, theme, most_rows, widths };
        let wanted = platform.kernel.as_ref().map_or(0.0, |kernel| ruler.kernel_wants(kernel));
        let slabs = platform.floor.map_or(0.0, |floor| ruler.floor_wants(floor, &platform.parts, 1));
        let width = (wanted * 1.9).max(slabs * 1.15).min(room.width());
        let middle = (room.x0 + room.x1) / 2.0;
        let span = Span { x0: middle - width / 2.0, x1: middle + width / 2.0 };
        ruler.platform(platform, span, None);
        ruler.level_rows(platform);
        ruler.widths
    }

    fn unit(&self) -> f32 {
        self.theme.scale
    }

    fn name_wants(&self, id: ComponentId, role: TextRole, strong: bool) -> f32 {
        self.topology.component(id).map_or(0.0, |c| self.metrics.width(&c.name, self.theme.size(role), strong))
    }

    fn note_wants(&self, id: ComponentId) -> f32 {
        self.topology.component(id).map_or(0.0, |c| self.metrics.width(&c.note, self.theme.size(TextRole::Note), false))
    }

    /// The width at which a part's name fits, with room for a token.
    fn part_wants(&self, id: ComponentId) -> f32 {
        let note = self.topology.component(id).map_or("", |c| c.note.as_str());
        let note = if note.is_empty() {
            0.0
        } else {
            self.metrics.width(note, self.theme.size(TextRole::Small), false) + 6.0 * self.unit()
        };
        self.name_wants(id, TextRole::Small, false) + note + 25.0 * self.unit()
    }

    fn floor_wants(&self, floor: ComponentId, parts: &[ComponentId], rows: usize) -> f32 {
        let title = self.name_wants(floor, TextRole::Body, true) + 40.0 * self.unit();
        let grid = self.columns(&self.items(parts), rows);
        title.max(grid.iter().sum::<f32>() + 8.0 * self.unit() * grid.len() as f32 + 30.0 * self.unit())
    }

    fn app_wants(&self, id: ComponentId, valve: Option<ComponentId>) -> f32 {
        let words = self.name_wants(id, TextRole::Body, true).max(self.note_wants(id));
        let valve = valve.map_or(0.0, |v| self.valve_wants(v));
        (words + 46.0 * self.unit()).max(valve).clamp(185.0 * self.unit(), 300.0 * self.unit())
    }

    fn valve_wants(&self, valve: ComponentId) -> f32 {
        self.name_wants(valve, TextRole::Small, true) + self.note_wants(valve) + 56.0 * self.unit()
    }

    fn resident_wants(&self, resident: &Resident) -> f32 {
        let unit = self.unit();
        match &resident.kind {
            ResidentKind::App { valve } => self.app_wants(resident.id, *valve),
            ResidentKind::Container { apps, valve } => {
                let inner: f32 = apps.iter().map(|&app| self.app_wants(app, *valve) + 10.0 * unit).sum();
                (inner + 20.0 * unit).max(self.note_wants(resident.id) + 30.0 * unit).max(205.0 * unit)
            }
            ResidentKind::Vm { platform } => {
                let floor = platform.floor.map_or(0.0, |floor| self.floor_wants(floor, &platform.parts, 3));
                let kernel = platform.kernel.as_ref().map_or(0.0, |kernel| self.kernel_wants(kernel));
                floor.max(kernel).max(190.0 * unit) + 26.0 * unit
            }
        }
    }

    fn kernel_wants(&self, kernel: &Kernel) -> f32 {
        let residents: f32 = kernel.residents.iter().map(|r| self.resident_wants(r) + 14.0 * self.unit()).sum();
        let parts = self.floor_wants(kernel.id, &kernel.parts, 3);
        let hypervisor = kernel.hypervisor.as_ref().map_or(0.0, |h| self.floor_wants(h.id, &h.parts, 2));
        residents.max(parts).max(hypervisor + 24.0 * self.unit())
    }

    fn platform(&mut self, platform: &Platform, span: Span, lane: Option<f32>) {
        let lane = match &platform.kernel {
            Some(kernel) => self.kernel(kernel, span, lane),
            None => lane.unwrap_or(span.x1),
        };
        if let Some(floor) = platform.floor {
            self.floor(floor, &platform.parts, span, span, lane);
        }
    }

    /// Places a kernel and its residents; gives the lane of the rightmost column.
    fn kernel(&mut self, kernel: &Kernel, span: Span, lane: Option<f32>) -> f32 {
        let is_vm = |r: &Resident| matches!(r.kind, ResidentKind::Vm { .. });
        self.residents(kernel, span);
        let last = kernel.residents.last().map(|r| self.widths.lanes[r.id.index()]);
        let outermost = lane.is_none();
        let lane = last.or(lane).unwrap_or(span.x1 - (16.0 * self.unit()).min(span.width() * 0.1));
        let inner = span.inset(self.unit());
        let first_vm = kernel.residents.iter().find(|r| is_vm(r)).and_then(|r| self.widths.spans[r.id.index()]);
        // On the host, parts may use the whole width; in a machine the lane at the right stays free.
        let reach = if outermost { span.x1 } else { lane };
        let Some(hypervisor) = &kernel.hypervisor else {
            self.floor(kernel.id, &kernel.parts, span, Span { x0: span.x0, x1: reach }, lane);
            return lane;
        };
        let gap = (14.0 * self.unit()).min(span.width() * 0.02);
        let split = first_vm.map_or(span.x0 + span.width() * 0.55, |vm| vm.x0 - gap);
        let fits = |parts: &[ComponentId], rows: usize, width: f32| {
            self.shortfall(&self.items(parts), rows, width - 24.0 * self.unit(), 8.0 * self.unit()) <= 1.0
        };
        let beside = fits(&kernel.parts, 3, split - span.x0) && fits(&hypervisor.parts, 2, inner.x1 - split);
        self.widths.rows.beside[kernel.id.index()] = beside;
        let (parts, own) = if beside {
            (Span { x0: span.x0, x1: split }, Span { x0: split + gap, x1: inner.x1 })
        } else {
            (
                Span { x0: span.x0, x1: reach },
                Span { x0: first_vm.map_or(inner.x0, |vm| vm.x0.max(inner.x0)), x1: inner.x1 },
            )
        };
        self.floor(kernel.id, &kernel.parts, span, parts, lane);
        let reach = Span { x0: own.x0, x1: if outermost { own.x1 } else { reach.min(own.x1) } };
        self.floor(hypervisor.id, &hypervisor.parts, own, reach, lane);
        lane
    }

    fn residents(&mut self, kernel: &Kernel, span: Span) {
        let wants: Vec<f32> = kernel.residents.iter().map(|r| self.resident_wants(r)).collect();
        let unit = self.unit();
        let gap = (14.0 * unit).min(span.width() * 0.2 / wants.len().max(1) as f32);
        for (resident, span) in kernel.residents.iter().zip(share(span, &wants, gap, 1e9)) {
            self.resident(resident, span);
        }
    }

    fn resident(&mut self, resident: &Resident, span: Span) {
        let unit = self.unit();
        let mut lane = self.lane_of_app(span);
        match &resident.kind {
            ResidentKind::App { valve } => {
                if let Some(valve) = valve {
                    self.set(*valve, span, lane);
                }
            }
            ResidentKind::Container { apps, valve } => {
                let inner = span.inset(unit);
                let wants = vec![1.0; apps.len()];
                for (&app, span) in apps.iter().zip(share(inner, &wants, (8.0 * unit).min(inner.width() * 0.04), 1e9)) {
                    lane = self.lane_of_app(span);
                    self.set(app, span, lane);
                }
                if let Some(valve) = valve {
                    self.set(*valve, inner, lane);
                }
            }
            ResidentKind::Vm { platform } => {
                let inner = span.inset(unit);
                lane = self.lane_of_app(inner);
                if let Some(last) = platform.kernel.as_ref().and_then(|k| k.residents.last()) {
                    // The lane of the rightmost program; known once the residents are placed, so place them first.
                    self.platform(platform, inner, Some(lane));
                    lane = self.widths.lanes[last.id.index()];
                } else {
                    self.platform(platform, inner, Some(lane));
                }
            }
        }
        self.set(resident.id, span, lane);
    }

    fn lane_of_app(&self, span: Span) -> f32 {
        span.x1 - (16.0 * self.unit()).min(span.width() * 0.25)
    }

    fn set(&mut self, id: ComponentId, span: Span, lane: f32) {
        self.widths.spans[id.index()] = Some(span);
        self.widths.lanes[id.index()] = lane;
    }

    /// A slab over `span` with its parts within `reach`.
    fn floor(&mut self, floor: ComponentId, parts: &[ComponentId], span: Span, reach: Span, lane: f32) {
        self.set(floor, span, lane);
        let gap = (8.0 * self.unit()).min(reach.width() * 0.04);
        let lane_room = (11.0 * self.unit()).min(reach.width() * 0.12);
        let inner = Span { x0: reach.x0 + span.inset(self.unit()).x0 - span.x0, x1: reach.x1 - lane_room };
        let items = self.items(parts);
        let most = self.most_rows;
        let rows =
            (1..=most).find(|&rows| self.shortfall(&items, rows, inner.width(), gap) <= 1.0).unwrap_or_else(|| {
                let lack = |rows: &usize| self.shortfall(&items, *rows, inner.width(), gap);
                (1..=most).min_by(|a, b| lack(a).total_cmp(&lack(b))).unwrap_or(1)
            });
        let columns = self.columns(&items, rows);
        let room = inner.width() - gap * columns.len().saturating_sub(1) as f32;
        // Where names do not fit in full, each column gets what stands for its names, and what is left goes to
        // those that lack most.
        let columns = if columns.iter().sum::<f32>() > room {
            between(&self.brief(&items, rows), &columns, room)
        } else {
            columns
        };
        let rows = if items.is_empty() { 0 } else { items.len().div_ceil(columns.len().max(1)) };
        let spans = share(inner, &columns, gap, 1.5);
        let mut cells = Vec::with_capacity(parts.len());
        for (i, item) in items.iter().enumerate() {
            let Some(&span) = spans.get(i % columns.len().max(1)) else { continue };
            push_cells(&mut cells, &item.ids, span, i / columns.len().max(1));
        }
        self.widths.rows.rows[floor.index()] = rows;
        self.widths.rows.filled[floor.index()] = rows;
        self.widths.cells.push((floor, cells));
    }

    fn items(&self, parts: &[ComponentId]) -> Vec<Item> {
        let is_core = |id: &&ComponentId| self.topology.component(**id).is_some_and(|c| c.kind == ComponentKind::Core);
        let cores: Vec<ComponentId> = parts.iter().filter(is_core).copied().collect();
        let block = cores.len() > BLOCK;
        let mut items = Vec::new();
        if block {
            let wants = (cores.len() as f32 * 9.0).clamp(150.0, 420.0) * self.unit();
            items.push(Item { ids: cores, wants });
        }
        for &id in parts.iter().filter(|id| !(block && is_core(id))) {
            items.push(Item { ids: vec![id], wants: self.part_wants(id).max(44.0 * self.unit()) });
        }
        items
    }

    /// The widths that so many rows' columns ask for if each item asks for its brief name alone.
    fn brief(&self, items: &[Item], rows: usize) -> Vec<f32> {
        let brief = |item: &Item| match item.ids[..] {
            [id] => {
                let name = self.topology.component(id).map_or("", |c| Metrics::brief(&c.name).unwrap_or(&c.name));
                let wants = self.metrics.width(name, self.theme.size(TextRole::Small), false) + 18.0 * self.unit();
                Item { ids: item.ids.clone(), wants: wants.min(item.wants) }
            }
            _ => Item { ids: item.ids.clone(), wants: item.wants },
        };
        self.columns(&items.iter().map(brief).collect::<Vec<_>>(), rows)
    }

    /// The widths that so many rows' columns ask for.
    fn columns(&self, items: &[Item], rows: usize) -> Vec<f32> {
        let count = items.len().div_ceil(rows.max(1));
        let widest =
            |column: usize| items.iter().skip(column).step_by(count.max(1)).map(|i| i.wants).fold(0.0, f32::max);
        (0..count).map(widest).collect()
    }

    /// By how much the columns ask for more than there is.
    fn shortfall(&self, items: &[Item], rows: usize, width: f32, gap: f32) -> f32 {
        let columns = self.columns(items, rows);
        let wants: f32 = columns.iter().sum();
        wants / (width - gap * columns.len().saturating_sub(1) as f32).max(1.0)
    }

    /// Floors of the same kind have the same number of rows, so that they are level across columns.
    fn level_rows(&mut self, root: &Platform) {
        let guests = |kind: ComponentKind| {
            let host = root.kernel.as_ref().map(|k| k.id);
            move |id: ComponentId, topology: &Topology| {
                Some(id) != host && topology.component(id).is_some_and(|c| c.kind == kind)
            }
        };
        for kind in [ComponentKind::Kernel, ComponentKind::VirtualHardware] {
            let same = guests(kind);
            let ids: Vec<ComponentId> =
                self.topology.iter().map(|(id, _)| id).filter(|&id| same(id, self.topology)).collect();
            let most = ids.iter().map(|&id| self.widths.rows.of(id)).max().unwrap_or(0);
            for id in ids {
                self.widths.rows.rows[id.index()] = most;
            }
        }
    }
}

/// One box of a floor: a part, or a block of many cores.
struct Item {
    ids: Vec<ComponentId>,
    wants: f32,
}

/// Widths between the least and the most that columns ask for, all by the same share of the way, so that they fill
/// `room` if it lies between their sums.
fn between(least: &[f32], most: &[f32], room: f32) -> Vec<f32> {
    let (low, high): (f32, f32) = (least.iter().sum(), most.iter().sum());
    let share = ((room - low) / (high - low).max(1e-3)).clamp(0.0, 1.0);
    least.iter().zip(most).map(|(least, most)| least + (most - least) * share).collect()
}

/// Cuts `span` into pieces in proportion to `wants`, none more than `most` times as wide as it wants; what is left
/// over stays at the right.
fn share(span: Span, wants: &[f32], gap: f32, most: f32) -> Vec<Span> {
    let sum: f32 = wants.iter().sum();
    let room = span.width() - gap * wants.len().saturating_sub(1) as f32;
    let factor = (room / sum.max(1e-3)).min(most);
    let mut x = span.x0;
    let piece = |want: &f32| {
        let piece = Span { x0: x, x1: (x + want * factor).min(span.x1) };
        x = piece.x1 + gap;
        piece
    };
    wants.iter().map(piece).collect()
}

/// One cell, or a block's grid of them.
fn push_cells(cells: &mut Vec<Cell>, ids: &[ComponentId], span: Span, row: usize) {
    if let [id] = ids {
        cells.push(Cell { id: *id, span, row, block: None });
        return;
    }
    let rows = if ids.len() > 64 { 4 } else { 2 };
    let columns = ids.len().div_ceil(rows);
    let width = span.width() / columns as f32;
    let gap = (width * 0.2).min(3.0);
    for (i, &id) in ids.iter().enumerate() {
        let x0 = span.x0 + (i % columns) as f32 * width;
        cells.push(Cell { id, span: Span { x0, x1: x0 + width - gap }, row, block: Some((rows, i / columns)) });
    }
}
