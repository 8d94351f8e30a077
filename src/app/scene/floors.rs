//! What lies in a floor, from left to right: parts in rows on both sides of a column's shaft, or, in a floor that all
//! columns use, above and below its first street.
//!
//! In a shared floor the columns' ways come down to the first street, so what stands above that stands between them:
//! the floor's name at the left, and at the right, below the machines that rest on it, the hypervisor.

use super::metrics::brief;
use super::tree::{Kernel, ResidentKind};
use super::widths::{Cell, Content, Floor, Ruler, Shown, Span, between, is_back_end};
use crate::app::theme::TextRole;
use crate::machine::ComponentKind;
use crate::trace::ComponentId;

/// More cores than this are drawn as one block of little squares.
const BLOCK: usize = 8;
/// The most rows above the first street.
const UPPER: usize = 3;

/// What wants a place in a row.
#[derive(Clone, Debug)]
pub struct Item {
    /// What it is.
    pub content: Content,
    /// The width with the short form of its name.
    pub least: f32,
    /// The width with all of its words.
    pub wants: f32,
    /// How much of that shows its state.
    pub state: f32,
}

impl Ruler<'_> {
    /// The rows of a kernel that several columns use, and of the hypervisor in it. `machines` is where the first
    /// machine stands that rests on the hypervisor.
    pub(super) fn shared_kernel(&mut self, kernel: &Kernel, room: Span, machines: Option<f32>) {
        let u = self.unit;
        let (gap, pad) = (self.gap(), 8.0 * u);
        let inner = Span::of(room.x0 + 9.0 * u, self.widths.gutter.x0 - 2.0);
        let (parts, hidden) = self.kept(&kernel.parts, self.detail.host);
        let mut items = self.items(kernel.id, &parts);
        let title = items.remove(0);
        let (apart, most) = (inner.x0 + inner.width() * 0.45, inner.x0 + inner.width() * 0.62);
        let left = machines.unwrap_or(apart).min(most).max(inner.x0 + title.least);
        let free = self.between_ways(Span::of(inner.x0, left));
        let whole = free.iter().copied().find(|free| free.width() >= title.least);
        let at = whole.or_else(|| widest(&free)).unwrap_or(Span::of(inner.x0, inner.x0));
        let title_at = Span::of(at.x0, (at.x0 + title.wants).min(at.x1));
        let mut cells = vec![Cell { content: Content::Title, span: title_at, state: None, row: 0 }];
        // Those that wait stand beside the name, if there is a place.
        let queue = Item { content: Content::Queue, least: 60.0 * u, wants: 110.0 * u, state: 0.0 };
        let places = free.iter().map(|free| Span::of(free.x0.max(title_at.x1 + gap), free.x1));
        match widest(&places.collect::<Vec<_>>())
            .filter(|place| kernel.hypervisor.is_some() && place.width() >= queue.least)
        {
            Some(at) => {
                let span = Span::of(at.x0, at.x1.min(at.x0 + 2.4 * queue.wants));
                cells.push(Cell { content: Content::Queue, span, state: None, row: 0 });
            }
            None => items.push(queue),
        }
        let mut upper = 1;
        if let Some(hypervisor) = &kernel.hypervisor {
            let (own, mut own_hidden) = self.kept(&hypervisor.parts, self.detail.host);
            let mut all = self.items(hypervisor.id, &own);
            // Its name stands left of the first machine's way.
            let first = self.between_ways(Span::of(left, inner.x1)).first().map_or(inner.x1, |piece| piece.x1);
            let name = all[0].least + pad;
            let count = self.text(&format!(": {} parts", hypervisor.parts.len()), TextRole::Body, true);
            let slab_for = |name: f32| Span::of(left.min(first - name).max(title_at.x1 + gap), inner.x1);
            let ways_in = |ruler: &Self, slab: Span| ruler.between_ways(Span::of(slab.x0 + pad, slab.x1 - pad));
            let mut slab = slab_for(name);
            let ways = ways_in(self, slab);
            // In one row, as one follows the other. In several the back ends come last: nothing may stand below their door.
            let in_order = self.items(hypervisor.id, &self.ordered(&own));
            if self.around(&in_order, &ways).is_some_and(|(rows, _)| rows == 1) {
                all = in_order;
            }
            let placed = self.around(&all, &ways).filter(|_| own_hidden.is_empty());
            let (rows, own_cells) = placed.unwrap_or_else(|| {
                // Where they have no room they are counted beside the slab's name.
                own_hidden.clone_from(&hypervisor.parts);
                slab = slab_for(name + count + pad);
                let ways = ways_in(self, slab);
                let wide = ways.iter().copied().find(|way| way.width() >= (name + count) * 0.75);
                let span = wide.or_else(|| widest(&ways)).unwrap_or(Span::of(slab.x0, slab.x0));
                (1, vec![Cell { content: Content::Title, span, state: None, row: 0 }])
            });
            upper = rows;
            let floor = Floor { rows, cells: own_cells, hidden: own_hidden, shared: true, upper };
            self.widths.floors.insert(hypervisor.id, floor);
            self.set(hypervisor.id, slab);
        }
        // Where there is one row, the columns' ways to the hardware lead between its parts.
        let (rows, below) = self.flow(&items, inner, self.gap());
        let (rows, below) = match rows {
            1 => {
                let wider = self.flow(&items, inner, 13.0 * u);
                if wider.0 == 1 { wider } else { (rows, below) }
            }
            _ => (rows, below),
        };
        if rows == 1 {
            let gaps = below.windows(2).filter(|pair| pair[1].span.x0 - pair[0].span.x1 > 10.0 * u);
            self.widths.passages = gaps.map(|pair| (pair[0].span.x1 + pair[1].span.x0) / 2.0).collect();
        }
        cells.extend(below.into_iter().map(|cell| Cell { row: cell.row + upper, ..cell }));
        let floor = Floor { rows: upper + rows, cells, hidden, shared: true, upper };
        self.widths.floors.insert(kernel.id, floor);
    }

    /// Where the first machine stands on a kernel, if one does.
    pub(super) fn first_machine(&self, kernel: &Kernel) -> Option<f32> {
        let machines = kernel.residents.iter().filter(|resident| matches!(resident.kind, ResidentKind::Vm { .. }));
        let spans = machines.filter_map(|vm| self.widths.spans.get(vm.id.index()).copied().flatten());
        spans.map(|span| span.x0).reduce(f32::min)
    }

    /// The pieces of a stretch between the ways of the columns.
    fn between_ways(&self, span: Span) -> Vec<Span> {
        let clear = 13.0 * self.unit;
        let ways = self.widths.shafts.iter().filter(|shaft| shaft.parent.is_none()).map(|shaft| shaft.x);
        let mut ways: Vec<f32> = ways.filter(|x| *x > span.x0 - clear && *x < span.x1 + clear).collect();
        ways.sort_unstable_by(f32::total_cmp);
        let mut from = span.x0;
        let mut pieces = Vec::new();
        for x in ways {
            pieces.push(Span::of(from, x - clear));
            from = (x + clear).max(from);
        }
        pieces.push(Span::of(from, span.x1));
        pieces.retain(|piece| piece.width() > 4.0 * self.unit);
        pieces
    }

    /// Lays items in rows of the same pieces, in as few rows as they fit into: with all of their words, or with the
    /// short forms of their names. `None` if even so there are too many rows.
    fn around(&self, items: &[Item], pieces: &[Span]) -> Option<(usize, Vec<Cell>)> {
        let whole: Vec<f32> = items.iter().map(|item| item.wants).collect();
        let short: Vec<f32> = items.iter().map(|item| item.least).collect();
        (1..=UPPER).find_map(|rows| {
            let fitted = [&whole, &short].into_iter().find_map(|widths| self.packed(widths, pieces, rows))?;
            let mut cells = Vec::new();
            for (row, piece, range) in fitted {
                cells.extend(self.row(&items[range], piece, (row, self.gap())));
            }
            Some((cells.iter().map(|cell| cell.row + 1).max().unwrap_or(1), cells))
        })
    }

    /// Which items lie in which piece of which row, in order, if so many rows are enough.
    fn packed(
        &self,
        widths: &[f32],
        pieces: &[Span],
        rows: usize,
    ) -> Option<Vec<(usize, Span, std::ops::Range<usize>)>> {
        let mut packed = Vec::new();
        let mut next = 0;
        for row in 0..rows {
            for &piece in pieces {
                let from = next;
                let mut used = 0.0;
                while next < widths.len() && used + widths[next] <= piece.width() + 0.01 {
                    used += widths[next] + self.gap();
                    next += 1;
                }
                if next > from {
                    packed.push((row, piece, from..next));
                }
            }
        }
        (next == widths.len()).then_some(packed)
    }

    /// Items beside each other in a stretch: as wide as their words ask for, and some more if there is room.
    fn row(&self, items: &[Item], at: Span, (row, gap): (usize, f32)) -> Vec<Cell> {
        let room = at.width() - gap * items.len().saturating_sub(1) as f32;
        let (low, high): (Vec<f32>, Vec<f32>) = items.iter().map(|item| (item.least, item.wants)).unzip();
        let sum: f32 = high.iter().sum();
        let widths = if sum <= room {
            let factor = (room / sum.max(1.0)).min(2.0);
            high.iter().map(|width| width * factor).collect()
        } else {
            between(&low, &high, room)
        };
        let mut x = at.x0;
        let cell = |(item, width): (&Item, f32)| {
            let span = Span::of(x, (x + width).min(at.x1));
            x = span.x1 + gap;
            Cell { content: item.content.clone(), span, state: self.state_of(item, span), row }
        };
        items.iter().zip(widths).map(cell).collect()
    }

    /// Parts, or, if they are only to be counted, none of them.
    pub(super) fn kept(&self, parts: &[ComponentId], all: bool) -> (Vec<ComponentId>, Vec<ComponentId>) {
        if all { (parts.to_vec(), Vec::new()) } else { (Vec::new(), parts.to_vec()) }
    }

    /// The order in which a machine's parts come: those first that show a state, since they stand next to the shaft.
    pub(super) fn ordered(&self, parts: &[ComponentId]) -> Vec<ComponentId> {
        let first = |id: &&ComponentId| {
            let kind = self.topology.component(**id).map(|c| c.kind);
            matches!(kind, Some(ComponentKind::Core | ComponentKind::Disk))
        };
        let (mut ordered, mut rest): (Vec<&ComponentId>, Vec<&ComponentId>) = parts.iter().partition(first);
        rest.sort_by_key(|id| self.way_in_hypervisor(**id));
        ordered.extend(rest);
        ordered.into_iter().copied().collect()
    }

    /// Who follows whom in a hypervisor when a doorbell is rung: an exit, the back end that it is for, the vCPU's thread
    /// that goes on. What belongs together stands together.
    fn way_in_hypervisor(&self, id: ComponentId) -> usize {
        let part = self.topology.component(id).filter(|part| part.kind == ComponentKind::HypervisorPart);
        match part.map(|part| part.name.as_str()) {
            None | Some("exits") => 0,
            Some(name) if name.ends_with("back ends") => 1,
            Some("vCPU threads") => 2,
            Some(_) => 3,
        }
    }

    /// A floor with parts left and right of a shaft. All of them are drawn, or none; or, of virtual hardware, the
    /// processors alone.
    pub(super) fn private(&mut self, floor: ComponentId, parts: &[ComponentId], span: Span, (x, shaft): (f32, usize)) {
        let u = self.unit;
        self.set(floor, span);
        self.lead(floor, shaft);
        let pad = (7.0 * u).min(span.width() * 0.05);
        let half = self.shaft_width() / 2.0;
        let sides = [Span::of(span.x0 + pad, x - half), Span::of(x + half, span.x1 - pad)];
        let parts = self.ordered(parts);
        // On both sides, or where one is too narrow, on the other alone.
        let least = sides[0].width().min(sides[1].width());
        let within = |parts: &[ComponentId], room: f32| parts.iter().all(|&id| self.part(id).least <= room);
        let fits = |parts: &[ComponentId]| within(parts, least) || within(parts, sides[0].width());
        let kind = |id: ComponentId| self.topology.component(id).map(|part| part.kind);
        let (kept, hidden) = match self.detail.columns {
            Shown::Counted => self.kept(&parts, false),
            Shown::Kernels if kind(floor) == Some(ComponentKind::VirtualHardware) => {
                let (cores, rest): (Vec<ComponentId>, Vec<ComponentId>) =
                    parts.iter().partition(|id| kind(**id) == Some(ComponentKind::Core));
                if fits(&cores) { (cores, rest) } else { self.kept(&parts, false) }
            }
            _ => self.kept(&parts, fits(&parts)),
        };
        let sides = match within(&kept, least) {
            true => sides,
            false => [sides[0], Span::of(sides[1].x0, sides[1].x0)],
        };
        let items: Vec<Item> = kept.into_iter().map(|id| self.part(id)).collect();
        let [left, right] = self.rows_beside(items, sides);
        let mut cells = self.beside(left, sides[0], true);
        cells.extend(self.beside(right, sides[1], false));
        let rows = cells.iter().map(|cell| cell.row + 1).max().unwrap_or(0);
        self.widths.floors.insert(floor, Floor { rows, cells, hidden, ..Floor::default() });
    }

    /// The rows of parts left and right of a shaft: in turn, and several in a row if there is room. At most one of a
    /// row shows a state.
    fn rows_beside(&self, items: Vec<Item>, sides: [Span; 2]) -> [Vec<Vec<Item>>; 2] {
        let brief = matches!(self.detail.columns, Shown::Brief | Shown::Kernels);
        let asks = |item: &Item| if brief { item.least } else { item.wants };
        let joins = |row: Option<&Vec<Item>>, item: &Item, side: Span| {
            row.is_some_and(|row| {
                let used: f32 = row.iter().map(|other| asks(other) + self.gap()).sum();
                let one = item.state == 0.0 || row.iter().all(|other| other.state == 0.0);
                one && used + asks(item) <= side.width() + 0.01
            })
        };
        let mut rows: [Vec<Vec<Item>>; 2] = [Vec::new(), Vec::new()];
        let one_side = sides[1].width() <= 0.0;
        for item in items {
            let even = one_side || rows[0].len() == rows[1].len();
            let joined = (0..2).find(|&side| even && joins(rows[side].last(), &item, sides[side]));
            match joined.and_then(|side| rows[side].last_mut()) {
                Some(row) => row.push(item),
                None => rows[usize::from(!even)].push(vec![item]),
            }
        }
        rows
    }

    /// Rows on one side of a shaft end at it. What shows a state stands next to it.
    fn beside(&self, rows: Vec<Vec<Item>>, side: Span, left: bool) -> Vec<Cell> {
        let gap = self.gap();
        // All rows are equally wide: as wide as the widest asks for, and some more.
        let wide = |row: &Vec<Item>| row.iter().map(|item| item.wants * 1.3 + gap).sum::<f32>() - gap;
        let width = rows.iter().map(wide).fold(0.0, f32::max).min(side.width());
        let at = if left { Span::of(side.x1 - width, side.x1) } else { Span::of(side.x0, side.x0 + width) };
        let mut cells = Vec::new();
        for (n, mut row) in rows.into_iter().enumerate() {
            row.sort_by_key(|item| (item.state > 0.0) == left);
            let room = at.width() - gap * row.len().saturating_sub(1) as f32;
            let (low, high): (Vec<f32>, Vec<f32>) = row.iter().map(|item| (item.least, item.wants)).unzip();
            let sum: f32 = high.iter().sum();
            let widths = if sum <= room {
                high.iter().map(|wants| wants * room / sum.max(1.0)).collect()
            } else {
                between(&low, &high, room)
            };
            let mut x = at.x0;
            for (item, width) in row.iter().zip(widths) {
                let span = Span::of(x, x + width);
                x = span.x1 + gap;
                // Its state is on the side of the shaft.
                let state = self.state_of(item, span).map(|state| match left {
                    true => state,
                    false => Span::of(span.x0 + 3.0, span.x0 + state.width() + 3.0),
                });
                cells.push(Cell { content: item.content.clone(), span, state, row: n });
            }
        }
        cells
    }

    pub(super) fn gap(&self) -> f32 {
        7.0 * self.unit
    }

    /// What a part asks for.
    pub(super) fn part(&self, id: ComponentId) -> Item {
        let u = self.unit;
        let Some(component) = self.topology.component(id) else {
            return Item { content: Content::Parts(vec![id]), least: 0.0, wants: 0.0, state: 0.0 };
        };
        let name = self.text(&component.name, TextRole::Small, false);
        let short = brief(&component.name).map_or(name, |brief| self.text(&brief, TextRole::Small, false));
        let note = match component.note.as_str() {
            "" => 0.0,
            note => self.text(note, TextRole::Small, false) + 6.0 * u,
        };
        let state = u * match component.kind {
            ComponentKind::Core if component.stack.is_some() => 26.0,
            ComponentKind::Core => 50.0,
            ComponentKind::Disk if component.stack.is_some() => 48.0,
            ComponentKind::Disk => 96.0,
            // A door to the device models, where these have no box of their own.
            ComponentKind::HypervisorPart if is_back_end(self.topology, id) && component.parent != self.boxed => 24.0,
            _ => 0.0,
        };
        // Tokens of a few columns that are served there stand beside each other, not on each other.
        let served = match component.kind {
            ComponentKind::HypervisorPart => 14.0 * u * (self.topology.stacks.len().min(4) as f32 + 1.2),
            _ => 44.0 * u,
        };
        Item {
            content: Content::Parts(vec![id]),
            least: (short.min(name) + 12.0 * u + state * 0.5).max(38.0 * u),
            wants: (name + note + 16.0 * u + state).max(served),
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

    /// The name of a shared floor, and its parts.
    pub(super) fn items(&self, floor: ComponentId, parts: &[ComponentId]) -> Vec<Item> {
        let u = self.unit;
        let is_core = |id: &&ComponentId| self.topology.component(**id).is_some_and(|c| c.kind == ComponentKind::Core);
        let cores: Vec<ComponentId> = parts.iter().filter(is_core).copied().collect();
        let block = cores.len() > BLOCK;
        let title = self.topology.component(floor).map_or((0.0, 0.0), |c| {
            let name = self.text(&super::words::sentence(&c.name), TextRole::Body, true);
            let note = if c.note.is_empty() { 0.0 } else { self.text(&c.note, TextRole::Note, false) + 10.0 * u };
            (name + 14.0 * u, name + note + 26.0 * u)
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
    pub(super) fn flow(&self, items: &[Item], span: Span, gap: f32) -> (usize, Vec<Cell>) {
        let (low, high): (Vec<f32>, Vec<f32>) = items.iter().map(|item| (item.least, item.wants)).unzip();
        let (tight, loose) = (pack(&low, span.width(), gap), pack(&high, span.width(), gap));
        let rows = if loose.len() <= tight.len() { loose } else { tight };
        let cells = rows.iter().enumerate().flat_map(|(row, range)| self.row(&items[range.clone()], span, (row, gap)));
        (rows.len(), cells.collect())
    }
}

/// The widest of some pieces.
fn widest(pieces: &[Span]) -> Option<Span> {
    pieces.iter().copied().max_by(|a, b| a.width().total_cmp(&b.width()))
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
