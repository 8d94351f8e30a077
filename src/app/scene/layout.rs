//! Where every part of the machine is drawn: from the tree alone, for any number of stacks and any depth.
//!
//! Hardware is the ground floor. A kernel stands on it, programs and membranes stand on the kernel, walls stand on
//! the hypervisor inside it, and inside the walls the same begins again. In each column there is a shaft that no word
//! stands in; a floor that several columns use has streets instead, one track for each column. A gate stands where a
//! shaft passes from ring 3 to ring 0, a slit where it passes a machine's wall.

use std::collections::BTreeMap;

use egui::{Pos2, Rect, Vec2, pos2, vec2};

use super::heights::Heights;
use super::key;
use super::metrics::Metrics;
use super::tree::{Kernel, Platform, Resident, ResidentKind};
use super::widths::{Content, Detail, Focus, Ruler, Shown, Span, Widths};
use crate::app::theme::Theme;
use crate::machine::{ComponentKind, Topology};
use crate::trace::{ComponentId, CpuId, StackId};

/// Where a token stands that is served by a part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stop {
    /// In a column's shaft, at this height.
    Shaft {
        /// Which.
        shaft: usize,
        /// Level with the part.
        y: f32,
    },
    /// On a street, at the part.
    Street {
        /// Which.
        street: usize,
        /// The part's stretch.
        x0: f32,
        /// Its right end.
        x1: f32,
    },
}

/// Where one component is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// Its box.
    pub rect: Rect,
    /// Where its name stands.
    pub name: Rect,
    /// The slab it lies in; itself if it is one, or a program.
    pub floor: ComponentId,
    /// Where a token stands at it.
    pub stop: Stop,
    /// Whether it has this place for itself. Others share that of one like them, or of what they lie in.
    pub own: bool,
    /// Which column it is in; the last and one for what all share.
    pub column: usize,
}

/// A vertical way in a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shaft {
    /// Where.
    pub x: f32,
    /// Which shaft it joins, and at what height; the first street if it joins none.
    pub parent: Option<(usize, f32)>,
    /// Whose.
    pub column: usize,
}

/// A horizontal way in a floor that all use.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Street {
    /// Its floor.
    pub floor: ComponentId,
    /// The stretch of all of its tracks.
    pub rect: Rect,
}

/// What a gate separates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GateKind {
    /// Ring 3 above, ring 0 below.
    Ring,
    /// Non-root mode above, root mode below.
    Wall,
}

/// A place in a seam or wall where tokens pass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gate {
    /// Its middle.
    pub at: Pos2,
    /// The seam that it is in.
    pub seam: Span,
    /// What it separates.
    pub kind: GateKind,
    /// The program above it, or the machine whose wall it is in.
    pub of: ComponentId,
    /// Whose.
    pub column: usize,
    /// Half the height of its leaves.
    pub half: f32,
}

/// One column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The first of those it stands for.
    pub stack: StackId,
    /// All whose parts are drawn in it.
    pub members: Vec<StackId>,
    /// Where its heading stands.
    pub heading: Rect,
    /// Where it says what it does now.
    pub state: Rect,
    /// Where its labels stand, if it is followed.
    pub rail: Option<Rect>,
    /// All of its parts.
    pub area: Rect,
}

impl Column {
    /// What the column leaves free above it, and beside.
    fn taken(&self) -> key::Taken {
        key::Taken {
            top: self.rail.map_or(self.heading.top(), |rail| rail.top().min(self.heading.top())),
            left: self.area.left(),
            right: self.rail.map_or(self.area.right(), |rail| rail.right()),
        }
    }
}

/// The layout of a machine for a canvas.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// The canvas it was made for.
    pub canvas: Vec2,
    /// By component: every one has a place.
    pub places: Vec<Place>,
    /// From left to right.
    pub columns: Vec<Column>,
    /// By stack: which column it is drawn in.
    pub column_of: Vec<usize>,
    /// The vertical ways.
    pub shafts: Vec<Shaft>,
    /// The horizontal ways.
    pub streets: Vec<Street>,
    /// The bundle of ways at the right of shared floors.
    pub gutter: Span,
    /// Where ways lead from the first street down to the second, besides the gutter: none where there is more than
    /// one row of parts between the two.
    pub passages: Vec<f32>,
    /// Where tokens pass from ring to ring, and through walls.
    pub gates: Vec<Gate>,
    /// The strip below the hardware, over the whole width, in which the bars of all columns stand.
    pub bars: Rect,
    /// By core or vCPU: where its ring and mode are shown. None where there is no room for it.
    pub cores: BTreeMap<ComponentId, Rect>,
    /// By disk: the places of its queue, in order.
    pub slots: BTreeMap<ComponentId, Vec<Rect>>,
    /// By vCPU: where interrupts that are to be injected wait.
    pub mailboxes: BTreeMap<ComponentId, Rect>,
    /// By cgroup: where the CPU time that is left is shown.
    pub tanks: BTreeMap<ComponentId, Rect>,
    /// By kernel: where those stand that wait for a processor, and those that sleep.
    pub run_queues: BTreeMap<ComponentId, Rect>,
    /// By virtual machine: where its saved state lies while it is out.
    pub cards: BTreeMap<ComponentId, Rect>,
    /// By floor: how many of its parts are not drawn for want of room.
    pub hidden: BTreeMap<ComponentId, usize>,
    /// By what is drawn for several: how many, and which.
    pub counts: BTreeMap<ComponentId, String>,
    /// By component: the one that is drawn in its place; itself for most.
    pub drawn_as: Vec<ComponentId>,
    /// By part: where a token stands inside its box, not on the way beside it.
    pub stands: BTreeMap<ComponentId, Pos2>,
    /// Where the key stands, if there is an empty place for it.
    pub key: Option<Rect>,
    /// Half a token's height.
    pub token: f32,
    /// The height of a part.
    pub part: f32,
    /// How much smaller or bigger words are than the theme says.
    pub words: f32,
    /// The least height of a canvas of this width in which words can be read well.
    pub wanted: f32,
    /// The core or vCPU that each processor is drawn as.
    pub cpus: BTreeMap<CpuId, ComponentId>,
}

/// Places from top to bottom.
struct Stack<'a> {
    topology: &'a Topology,
    widths: &'a Widths,
    heights: Heights,
    shared: usize,
    places: Vec<Option<Place>>,
    shafts: Vec<Shaft>,
    streets: Vec<Street>,
    gates: Vec<Gate>,
    states: States,
    hidden: BTreeMap<ComponentId, usize>,
    /// The device models' box, if they have one.
    models: Option<Rect>,
}

/// Where the state of parts is shown.
#[derive(Default)]
struct States {
    cores: BTreeMap<ComponentId, Rect>,
    slots: BTreeMap<ComponentId, Vec<Rect>>,
    mailboxes: BTreeMap<ComponentId, Rect>,
    tanks: BTreeMap<ComponentId, Rect>,
    run_queues: BTreeMap<ComponentId, Rect>,
    cards: BTreeMap<ComponentId, Rect>,
    stands: BTreeMap<ComponentId, Pos2>,
}

fn drawn_as(count: usize, same: &[(ComponentId, ComponentId)]) -> Vec<ComponentId> {
    let mut drawn: Vec<ComponentId> = (0..count).map(|i| ComponentId(i as u32)).collect();
    for &(id, as_this) in same {
        // What that is drawn as has been said before.
        drawn[id.index()] = drawn.get(as_this.index()).copied().unwrap_or(as_this);
    }
    drawn
}

/// So many parts high a rail is at least, where it can be: four labels and a gadget.
const RAIL: f32 = 10.0;

/// How high a canvas is for its width, usually.
const USUAL: f32 = 0.55;

/// How much text grows on a canvas larger than that of a laptop's window.
fn growth(canvas: Vec2) -> f32 {
    (canvas.x / 1000.0).min(canvas.y / 680.0).clamp(1.0, 3.0).powf(0.9)
}

impl Layout {
    /// Lays out the machine for a canvas of this size, all columns alike.
    pub fn new(topology: &Topology, metrics: &Metrics, theme: &Theme, canvas: Vec2) -> Layout {
        Layout::focused(topology, metrics, theme, (canvas, 1.0), Focus::default())
    }

    /// Lays out the machine on a sheet `magnified` times as large as the canvas, so that there is room for more.
    pub fn focused(
        topology: &Topology,
        metrics: &Metrics,
        theme: &Theme,
        (canvas, magnified): (Vec2, f32),
        focus: Focus,
    ) -> Layout {
        let with = |key: bool| Layout::with_key(topology, metrics, theme, (canvas, magnified, key), focus);
        let (layout, _) = with(false);
        if layout.key.is_some() || magnified > 1.0 {
            return layout;
        }
        // Where no place is empty the key has a line of its own, if that takes nothing else away.
        let (lined, readable) = with(true);
        if readable && lined.hidden == layout.hidden && lined.counts == layout.counts { lined } else { layout }
    }

    /// A layout in which the key has a line above the columns, or an empty place; and whether its words can be read well.
    fn with_key(
        topology: &Topology,
        metrics: &Metrics,
        theme: &Theme,
        (canvas, magnified, key): (Vec2, f32, bool),
        focus: Focus,
    ) -> (Layout, bool) {
        let tree = Platform::of(topology);
        let grow = growth(canvas);
        let scale = theme.scale * grow;
        let mut sheet = canvas * magnified;
        let side = (14.0 * scale).min(sheet.x * 0.02);
        let room = Span { x0: side, x1: sheet.x - side };
        // Where there is too little height, names are shortened, and then parts are counted rather than written too
        // small to be read: of virtual hardware first, since a guest's kernel is what most is told of.
        let tries = [(Shown::Brief, true), (Shown::Kernels, true), (Shown::Counted, true), (Shown::Counted, false)];
        let fitting = |height: f32, grow: f32| {
            let try_with = |(columns, host): (Shown, bool)| {
                let detail = Detail { columns, host, opened: magnified > 1.0 };
                let widths = Ruler::place(topology, &tree, (metrics, theme, grow), room, (focus, detail));
                let heights = Heights::fitting(topology, &tree, &widths, (height, key), theme.scale * grow);
                (widths, heights)
            };
            let mut found = try_with((Shown::Whole, true));
            for fewer in tries {
                if found.1.readable() {
                    break;
                }
                found = try_with(fewer);
            }
            found
        };
        let (widths, heights) = fitting(sheet.y, grow);
        // What is wanted must not hang on the height that was given, which follows from it: the picture and the panel
        // below it would push each other to and fro.
        let usual = vec2(canvas.x, canvas.x * USUAL);
        let wanted = fitting(usual.y, growth(usual)).0;
        let wanted = Heights::wanted(topology, &tree, &wanted, theme.scale * growth(usual));
        // A sheet is no higher than what is drawn on it.
        sheet.y = if magnified > 1.0 { heights.total(&tree, &widths).clamp(canvas.y, sheet.y) } else { sheet.y };
        let spare = (sheet.y - heights.total(&tree, &widths)).max(0.0) / 2.0;
        let above = spare + heights.margin();
        let top = above + heights.key() + heights.head();
        let shafts = widths.shafts.iter().map(|s| Shaft { x: s.x, parent: None, column: s.column }).collect();
        let mut stack = Stack {
            topology,
            widths: &widths,
            heights,
            shared: widths.columns.len(),
            places: vec![None; topology.components.len()],
            shafts,
            streets: Vec::new(),
            gates: Vec::new(),
            states: States::default(),
            hidden: BTreeMap::new(),
            models: None,
        };
        let bottom = stack.machine(&tree, top);
        stack.cards();
        let columns = stack.columns(top, bottom + heights.space());
        let bars_top = bottom + heights.space();
        let bars = Rect::from_min_max(pos2(room.x0, bars_top), pos2(room.x1, bars_top + heights.bars()));
        let shared = widths.columns.len();
        let mut column_of = vec![shared; topology.stacks.len()];
        for (i, column) in columns.iter().enumerate() {
            for member in &column.members {
                if let Some(slot) = column_of.get_mut(member.index()) {
                    *slot = i;
                }
            }
        }
        let (shafts, streets, gates) =
            (std::mem::take(&mut stack.shafts), std::mem::take(&mut stack.streets), std::mem::take(&mut stack.gates));
        let (states, hidden) = (std::mem::take(&mut stack.states), std::mem::take(&mut stack.hidden));
        let places = stack.fill_in();
        let taken: Vec<key::Taken> = columns.iter().map(Column::taken).collect();
        let line = Rect::from_min_max(pos2(room.x0, above), pos2(room.x1, above + heights.key() * 0.9));
        let place = if key { Some(line) } else { key::place(&taken, (above, scale * heights.words())) };
        let layout = Layout {
            canvas: sheet,
            places,
            column_of,
            shafts,
            streets,
            gutter: widths.gutter,
            passages: widths.passages.clone(),
            gates,
            bars,
            cores: states.cores,
            slots: states.slots,
            mailboxes: states.mailboxes,
            tanks: states.tanks,
            run_queues: states.run_queues,
            cards: states.cards,
            hidden,
            counts: widths.counts.clone(),
            drawn_as: drawn_as(topology.components.len(), &widths.same),
            stands: states.stands,
            key: place,
            columns,
            token: heights.token(),
            part: heights.part(),
            words: heights.words() * grow,
            wanted,
            cpus: topology.iter().filter_map(|(id, c)| Some((c.cpu?, id))).collect(),
        };
        (layout, heights.readable())
    }

    /// Where a component is; the whole canvas for one that is not part of the machine.
    pub fn place(&self, id: ComponentId) -> Place {
        self.places.get(id.index()).copied().unwrap_or(Place {
            rect: Rect::from_min_size(Pos2::ZERO, self.canvas),
            name: Rect::from_min_size(Pos2::ZERO, Vec2::ZERO),
            floor: id,
            stop: Stop::Street { street: usize::MAX, x0: 0.0, x1: self.canvas.x },
            own: false,
            column: self.columns.len(),
        })
    }

    /// The column that a stack is drawn in; the number of columns for none.
    pub fn column(&self, stack: StackId) -> usize {
        self.column_of.get(stack.index()).copied().unwrap_or(self.columns.len())
    }

    /// Whether the gate of a part is a door between it and the way beside it, in no seam.
    pub fn is_door(&self, of: ComponentId) -> bool {
        self.stands.contains_key(&of) && self.place(of).floor != of
    }

    /// The innermost component at a point.
    pub fn at(&self, topology: &Topology, point: Pos2) -> Option<ComponentId> {
        let inside = topology.iter().filter(|(id, _)| {
            let place = self.place(*id);
            place.own && place.rect.contains(point)
        });
        let area = |id: ComponentId| {
            let size = self.place(id).rect.size();
            size.x * size.y
        };
        inside.map(|(id, _)| id).min_by(|a, b| area(*a).total_cmp(&area(*b)))
    }
}

impl Stack<'_> {
    fn span(&self, id: ComponentId) -> Option<Span> {
        self.widths.spans.get(id.index()).copied().flatten()
    }

    /// The shaft that leads to a component, and its column.
    fn shaft_of(&self, id: ComponentId) -> (usize, usize) {
        let shaft = self.widths.shafts_of.get(id.index()).copied().flatten();
        shaft.map_or((usize::MAX, self.shared), |shaft| (shaft, self.shafts[shaft].column))
    }

    /// Puts a box into a column; `stop` is where a token stands at it.
    fn put(&mut self, id: ComponentId, (y0, y1): (f32, f32), title: f32, stop: f32) {
        let Some(span) = self.span(id) else { return };
        let rect = Rect::from_min_max(pos2(span.x0, y0), pos2(span.x1.max(span.x0), y1.max(y0)));
        let (shaft, column) = self.shaft_of(id);
        let name = Rect::from_min_max(rect.min, pos2(rect.right(), rect.top() + title));
        let stop = Stop::Shaft { shaft, y: stop };
        self.places[id.index()] = Some(Place { rect, name, floor: id, stop, own: true, column });
    }

    /// The part of a box's name that is left of its shaft.
    fn left_of_shaft(&self, rect: Rect, shaft: usize) -> Rect {
        let token = self.heights.token();
        let way = self.shafts.get(shaft).map_or(f32::INFINITY, |shaft| shaft.x);
        // In a narrow box the name comes closer to the way.
        let clear = if way - rect.left() < token * 7.0 { 1.1 } else { 1.7 };
        let x = way - token * clear;
        rect.with_max_x(rect.right().min(x).max(rect.left()))
    }

    /// The whole machine below `top`; gives its lower edge.
    fn machine(&mut self, tree: &Platform, top: f32) -> f32 {
        let h = self.heights;
        let mut hardware_top = top;
        if let Some(kernel) = &tree.kernel {
            let kernel_top = top + h.residents(kernel) + h.corridor();
            hardware_top = kernel_top + h.host_kernel(kernel, self.widths).height + h.lane();
            self.host_kernel(kernel, kernel_top);
            self.residents(kernel, kernel_top, None);
            self.device_models(kernel, kernel_top);
        }
        let shared = h.hardware(tree, self.widths);
        if let Some(floor) = tree.floor {
            self.shared_floor(floor, (hardware_top, hardware_top + shared.height), &shared, h.hardware_part());
        }
        hardware_top + shared.height
    }

    /// A floor that all use, with its streets.
    fn shared_floor(&mut self, id: ComponentId, (top, bottom): (f32, f32), rows: &super::heights::Shared, part: f32) {
        let Some(span) = self.span(id) else { return };
        let first = self.streets.len();
        let h = self.heights;
        for y in &rows.streets {
            let rect = Rect::from_min_max(pos2(span.x0 + 2.0, top + y), pos2(span.x1 - 2.0, top + y + h.street()));
            self.streets.push(Street { floor: id, rect });
        }
        let rect = Rect::from_min_max(pos2(span.x0, top), pos2(span.x1, bottom));
        let stop = Stop::Street { street: first, x0: span.x0, x1: span.x1 };
        let slab = Place { rect, name: Rect::NOTHING, floor: id, stop, own: true, column: self.shared };
        self.places[id.index()] = Some(slab);
        self.row_cells(id, top, rows, first, part);
    }

    /// The parts of a shared floor, or of the hypervisor that lies in it.
    fn row_cells(&mut self, id: ComponentId, top: f32, rows: &super::heights::Shared, first: usize, part: f32) {
        let widths = self.widths;
        let Some(floor) = widths.floors.get(&id) else { return };
        if !floor.hidden.is_empty() {
            self.hidden.insert(id, floor.hidden.len());
        }
        for cell in &floor.cells {
            let row = cell.row;
            let y0 = top + rows.rows.get(row).copied().unwrap_or_default();
            let rect = Rect::from_min_max(pos2(cell.span.x0, y0), pos2(cell.span.x1, y0 + part));
            let street = first + (row + 1).saturating_sub(floor.upper) / 2;
            let stop = Stop::Street { street, x0: rect.left(), x1: rect.right() };
            match &cell.content {
                Content::Title => {
                    if let Some(place) = &mut self.places[id.index()] {
                        place.name = rect;
                    }
                }
                Content::Queue => {
                    self.states.run_queues.insert(id, rect);
                }
                Content::Parts(ids) => self.parts(ids, rect, (id, stop, self.shared), cell.state),
            }
        }
    }

    /// One part, or a block of many equal ones.
    fn parts(
        &mut self,
        ids: &[ComponentId],
        rect: Rect,
        (floor, stop, column): (ComponentId, Stop, usize),
        state: Option<Span>,
    ) {
        if let [id] = *ids {
            // A line of text below which a token has room.
            let line = (self.heights.part() * 0.82).max(12.5);
            let street = matches!(stop, Stop::Street { .. });
            // Whoever runs on a core is told by a word below its name, or beside it where that can't be read.
            let words = if self.is_core(id) { self.heights.line() + 3.0 } else { 0.0 };
            let below = street && state.is_some() && rect.height() - line >= (self.heights.token() * 2.0).max(words);
            let name = match state {
                Some(_) if below => rect.with_max_y(rect.top() + line),
                Some(state) if state.x0 - rect.left() < rect.right() - state.x1 && !street => {
                    rect.with_min_x(state.x1.min(rect.right()))
                }
                Some(state) => rect.with_max_x(state.x0.max(rect.left())),
                None => rect,
            };
            // At the right end of a disk's box requests come and go.
            let lane = street && state.is_some() && self.is_disk(id);
            let end = if lane { rect.right() - 2.4 * self.heights.token() } else { rect.right() };
            let name = name.with_max_x(name.right().min(end).max(name.left()));
            self.places[id.index()] = Some(Place { rect, name, floor, stop, own: true, column });
            if let Some(state) = state {
                let at = if below {
                    Rect::from_min_max(pos2(rect.left() + 4.0, name.bottom()), rect.max - Vec2::splat(3.0))
                } else {
                    Rect::from_min_max(pos2(state.x0, rect.top() + 2.0), pos2(state.x1, rect.bottom() - 2.0))
                };
                self.state(id, at);
            }
            return;
        }
        let rows = if ids.len() > 64 { 4 } else { 2 };
        let columns = ids.len().div_ceil(rows);
        let (width, height) = (rect.width() / columns as f32, rect.height() / rows as f32);
        let gap = (width * 0.2).min(3.0);
        for (i, &id) in ids.iter().enumerate() {
            let min = pos2(rect.left() + (i % columns) as f32 * width, rect.top() + (i / columns) as f32 * height);
            let rect = Rect::from_min_size(min, Vec2::new(width - gap, height * 0.8));
            let stop = match stop {
                Stop::Street { street, .. } => Stop::Street { street, x0: rect.left(), x1: rect.right() },
                stop @ Stop::Shaft { .. } => stop,
            };
            self.places[id.index()] = Some(Place { rect, name: rect, floor, stop, own: true, column });
        }
    }

    fn is_core(&self, id: ComponentId) -> bool {
        self.topology.component(id).is_some_and(|c| c.kind == ComponentKind::Core)
    }

    fn is_disk(&self, id: ComponentId) -> bool {
        self.topology.component(id).is_some_and(|c| c.kind == ComponentKind::Disk)
    }

    /// Where a part's state is shown.
    fn state(&mut self, id: ComponentId, rect: Rect) {
        let Some(component) = self.topology.component(id) else { return };
        if rect.width() < 8.0 || rect.height() < 6.0 {
            return;
        }
        match component.kind {
            ComponentKind::Core if component.stack.is_some() => {
                self.states.mailboxes.insert(id, rect);
            }
            ComponentKind::Core => {
                self.states.cores.insert(id, rect);
            }
            ComponentKind::Disk => {
                let size = (self.heights.token() * 2.3).min(rect.height());
                let count = ((rect.width() / (size * 1.12)) as usize).clamp(1, 8);
                let step = rect.width() / count as f32;
                let slot = |i: usize| {
                    let center = pos2(rect.left() + (i as f32 + 0.5) * step, rect.center().y);
                    Rect::from_center_size(center, Vec2::new((step * 0.9).min(size), size))
                };
                self.states.slots.insert(id, (0..count).map(slot).collect());
            }
            ComponentKind::HypervisorPart => {
                // The door is where its way is: above or below, by the street, or beside, by the shaft.
                let Some(place) = self.places[id.index()] else { return };
                let at = match place.stop {
                    Stop::Street { street, .. } => {
                        let above = self.streets.get(street).is_some_and(|s| s.rect.top() < place.rect.top());
                        pos2(rect.center().x, if above { place.rect.top() } else { place.rect.bottom() })
                    }
                    Stop::Shaft { .. } if rect.center().x < place.rect.center().x => {
                        pos2(place.rect.left(), rect.center().y)
                    }
                    Stop::Shaft { .. } => pos2(place.rect.right(), rect.center().y),
                };
                let (seam, half) = (Span { x0: rect.left(), x1: rect.right() }, self.heights.token() * 0.6);
                let column = self.shared;
                self.gates.push(Gate { at, seam, kind: GateKind::Ring, of: id, column, half });
                self.states.stands.insert(id, rect.center());
            }
            _ => {}
        }
    }

    /// The host's kernel, and the hypervisor in it.
    fn host_kernel(&mut self, kernel: &Kernel, top: f32) {
        let h = self.heights;
        let rows = h.host_kernel(kernel, self.widths);
        let first = self.streets.len();
        self.shared_floor(kernel.id, (top, top + rows.height), &rows, h.shared_part());
        let Some(hypervisor) = &kernel.hypervisor else { return };
        let (Some(span), Some(floor)) = (self.span(hypervisor.id), self.widths.floors.get(&hypervisor.id)) else {
            return;
        };
        let pad = h.space() * 0.55;
        let at = |row: usize| top + rows.rows.get(row).or(rows.rows.last()).copied().unwrap_or_default();
        let lower = at(floor.rows.max(1) - 1) + h.shared_part() + pad;
        let rect = Rect::from_min_max(pos2(span.x0, at(0) - pad), pos2(span.x1, lower));
        let stop = Stop::Street { street: first, x0: span.x0, x1: span.x1 };
        let slab = Place { rect, name: Rect::NOTHING, floor: hypervisor.id, stop, own: true, column: self.shared };
        self.places[hypervisor.id.index()] = Some(slab);
        self.row_cells(hypervisor.id, top, &rows, first, h.shared_part());
    }

    /// What stands on a kernel: each on the seam above it.
    fn residents(&mut self, kernel: &Kernel, kernel_top: f32, joins: Option<usize>) {
        let h = self.heights;
        let bottom = kernel_top - h.corridor();
        let (gate, join) = (kernel_top - h.corridor() * 0.55, kernel_top - h.corridor() * 0.16);
        for resident in &kernel.residents {
            let Some(span) = self.span(resident.id) else { continue };
            let top = bottom - h.resident(resident);
            self.resident(resident, (top, bottom));
            let mut doors: Vec<(ComponentId, usize)> = Vec::new();
            match &resident.kind {
                ResidentKind::App { .. } => doors.push((resident.id, self.shaft_of(resident.id).0)),
                ResidentKind::Container { apps, .. } => {
                    doors.extend(apps.iter().map(|&app| (app, self.shaft_of(app).0)));
                }
                ResidentKind::Vm { .. } => {}
            }
            let pieces = doors.len().max(1) as f32;
            for (i, &(of, shaft)) in doors.iter().enumerate() {
                let Some(at) = self.shafts.get(shaft).map(|shaft| (shaft.x, shaft.column)) else { continue };
                let width = span.width() / pieces;
                let x0 = span.x0 + i as f32 * width;
                let seam = Span { x0, x1: x0 + width };
                let half = h.corridor() * 0.2;
                self.gates.push(Gate { at: pos2(at.0, gate), seam, kind: GateKind::Ring, of, column: at.1, half });
            }
            let own = doors.iter().map(|(_, shaft)| *shaft).chain([self.shaft_of(resident.id).0]);
            for shaft in own {
                if let (Some(parent), Some(shaft)) =
                    (joins, self.shafts.get_mut(shaft).filter(|_| Some(shaft) != joins))
                {
                    shaft.parent = Some((parent, join));
                }
            }
        }
    }

    /// The programs that play machines' devices stand on the kernel as others do.
    fn device_models(&mut self, kernel: &Kernel, kernel_top: f32) {
        let h = self.heights;
        let Some((id, span)) = kernel.device_models.and_then(|id| Some((id, self.span(id)?))) else { return };
        let bottom = kernel_top - h.corridor();
        self.app(id, (bottom - h.app(), bottom));
        let (shaft, column) = self.shaft_of(id);
        let (Some(x), Some(place)) = (self.shafts.get(shaft).map(|shaft| shaft.x), self.places[id.index()]) else {
            return;
        };
        let (at, half) = (pos2(x, kernel_top - h.corridor() * 0.55), h.corridor() * 0.2);
        let seam = Span { x0: span.x0, x1: span.x1 };
        self.gates.push(Gate { at, seam, kind: GateKind::Ring, of: id, column, half });
        self.states.stands.insert(id, pos2(x, place.rect.center().y));
        self.models = Some(place.rect);
    }

    fn resident(&mut self, resident: &Resident, (top, bottom): (f32, f32)) {
        let h = self.heights;
        let id = resident.id;
        match &resident.kind {
            ResidentKind::App { valve } => {
                self.app(id, (top, top + h.app()));
                self.valve(*valve, bottom);
            }
            ResidentKind::Container { apps, valve } => {
                self.put(id, (top, bottom), h.wall_title(), bottom);
                let app_top = top + h.wall_title();
                for &app in apps {
                    self.app(app, (app_top, app_top + h.app()));
                }
                self.valve(*valve, bottom - h.space());
            }
            ResidentKind::Vm { platform } => {
                let wall = bottom - h.wall() / 2.0;
                self.put(id, (top, bottom), h.wall_title(), wall);
                let (shaft, column) = self.shaft_of(id);
                if let (Some(span), Some(x)) = (self.span(id), self.shafts.get(shaft).map(|shaft| shaft.x)) {
                    let seam = Span { x0: span.x0, x1: span.x1 };
                    let half = h.wall() / 2.0;
                    self.gates.push(Gate { at: pos2(x, wall), seam, kind: GateKind::Wall, of: id, column, half });
                }
                let floor_bottom = bottom - h.wall() - h.space();
                let floor_top = floor_bottom - h.virtual_hardware();
                if let Some(floor) = platform.floor {
                    self.private(floor, (floor_top, floor_bottom), floor_top);
                }
                let Some(kernel) = &platform.kernel else { return };
                let kernel_bottom = floor_top - h.lane();
                let kernel_top = kernel_bottom - h.guest_kernel(kernel);
                let mut parts_top = kernel_top;
                if let Some(hypervisor) = &kernel.hypervisor {
                    let inner_top = kernel_top + h.title();
                    let inner_bottom = inner_top + h.inner_hypervisor();
                    parts_top = inner_bottom + h.space() - h.title();
                    self.private(kernel.id, (kernel_top, kernel_bottom), parts_top);
                    self.private(hypervisor.id, (inner_top, inner_bottom), inner_top);
                } else {
                    self.private(kernel.id, (kernel_top, kernel_bottom), parts_top);
                }
                let main = self.shaft_of(kernel.id).0;
                self.residents(kernel, kernel_top, Some(main));
            }
        }
    }

    fn app(&mut self, id: ComponentId, (top, bottom): (f32, f32)) {
        self.put(id, (top, bottom), bottom - top, (top + bottom) / 2.0);
        let (shaft, _) = self.shaft_of(id);
        let Some(rect) = self.places[id.index()].map(|place| place.rect) else { return };
        let name = self.left_of_shaft(rect, shaft);
        if let Some(place) = &mut self.places[id.index()] {
            place.name = name;
        }
    }

    fn valve(&mut self, valve: Option<ComponentId>, bottom: f32) {
        let h = self.heights;
        let Some(id) = valve else { return };
        let top = bottom - h.valve();
        // Those who are held stand above the bar.
        self.put(id, (top, bottom), h.valve(), top);
        let Some(rect) = self.places[id.index()].map(|place| place.rect) else { return };
        let shaft = self.shaft_of(id).0;
        let left = self.left_of_shaft(rect, shaft);
        let tank = Vec2::new((rect.height() * 0.62).min(left.width() * 0.3), rect.height() * 0.76);
        let tank = Rect::from_min_size(pos2(rect.left() + 6.0, rect.center().y - tank.y / 2.0), tank);
        self.states.tanks.insert(id, tank);
        if let Some(place) = &mut self.places[id.index()] {
            place.name = left.with_min_x((tank.right() + 2.0).min(left.right()));
        }
    }

    /// A floor in one column: its name, and its parts on both sides of the shaft.
    fn private(&mut self, id: ComponentId, (top, bottom): (f32, f32), parts_top: f32) {
        let h = self.heights;
        self.put(id, (top, bottom), h.title(), (top + bottom) / 2.0);
        let (shaft, column) = self.shaft_of(id);
        let widths = self.widths;
        let (Some(floor), Some(place)) = (widths.floors.get(&id), self.places[id.index()]) else { return };
        let name = self.left_of_shaft(place.name, shaft);
        if let Some(place) = &mut self.places[id.index()] {
            place.name = name;
        }
        let x = self.shafts.get(shaft).map_or(place.rect.right(), |shaft| shaft.x);
        let clear = h.token() * 1.7;
        let right = Rect::from_min_max(pos2(x + clear, top + 2.0), pos2(place.rect.right() - 4.0, top + h.title()));
        let is_kernel = self.topology.component(id).is_some_and(|c| c.kind == ComponentKind::Kernel);
        if is_kernel && right.width() > 5.0 * h.token() {
            self.states.run_queues.insert(id, right);
        }
        let rows_top = parts_top + h.title();
        // Where neighbours have more rows, these are in the middle.
        let room = bottom - h.space() - rows_top;
        let used = floor.rows as f32 * h.part() + floor.rows.saturating_sub(1) as f32 * h.space();
        let rows_top = rows_top + ((room - used) / 2.0).max(0.0);
        for cell in &floor.cells {
            let y0 = rows_top + cell.row as f32 * (h.part() + h.space());
            let rect = Rect::from_min_max(pos2(cell.span.x0, y0), pos2(cell.span.x1, y0 + h.part()));
            if let Content::Parts(ids) = &cell.content {
                self.parts(ids, rect, (id, Stop::Shaft { shaft, y: rect.center().y }, column), cell.state);
            }
        }
        let hidden = floor.hidden.len();
        if hidden > 0 {
            self.hidden.insert(id, hidden);
            // Where no parts are, what counts them stands below the name.
            let alone = floor.cells.is_empty() && parts_top <= top + 0.5;
            if let Some(place) = self.places[id.index()].as_mut().filter(|_| alone) {
                place.name = place.name.with_max_y(bottom);
            }
        }
        // Parts that are not drawn have their stops at heights of their own all the same.
        for (i, &part) in floor.hidden.iter().enumerate() {
            let y = top + (bottom - top) * (i as f32 + 0.5) / hidden as f32;
            let stop = Stop::Shaft { shaft, y };
            self.places[part.index()] = Some(Place { stop, floor: id, own: false, ..place });
        }
    }

    /// A machine's saved state lies at the lower end of its rail, beside its wall.
    fn cards(&mut self) {
        let h = self.heights;
        let walls: Vec<Gate> = self.gates.iter().filter(|gate| gate.kind == GateKind::Wall).copied().collect();
        for wall in walls {
            let Some(rail) = self.widths.columns.get(wall.column).and_then(|column| column.rail) else { continue };
            let bottom = self.rail_bottom(rail, wall.at.y + h.wall() / 2.0);
            let readable = h.line() * super::heights::CARD_LINES;
            let height = (h.part() * 3.4).min(h.residents_height(self.places[wall.of.index()])).max(readable);
            let rect = Rect::from_min_max(pos2(rail.x0, bottom - height), pos2(rail.x1, bottom));
            let is_outer = self.states.cards.values().all(|card| !card.intersects(rect));
            if is_outer {
                self.states.cards.insert(wall.of, rect);
            }
        }
    }

    /// Where a rail ends that would reach down to `bottom`: above the device models, if these stand in it.
    fn rail_bottom(&self, rail: Span, bottom: f32) -> f32 {
        let in_rail = self.models.filter(|models| models.left() < rail.x1 && models.right() > rail.x0);
        in_rail.map_or(bottom, |models| bottom.min(models.top() - self.heights.space()))
    }

    fn columns(&self, top: f32, bars: f32) -> Vec<Column> {
        let h = self.heights;
        let kernel = self.streets.first().and_then(|street| self.places[street.floor.index()]);
        let kernel_top = kernel.map_or(bars, |kernel| kernel.rect.top() - 1.0);
        let strips = self.widths.columns.iter();
        let column = |strip: &super::widths::Strip| {
            let place = self.places[strip.resident.index()];
            let upper = place.map_or(top, |place| place.rect.top());
            let rect = |x: Span, y0: f32, y1: f32| Rect::from_min_max(pos2(x.x0, y0), pos2(x.x1, y1.max(y0)));
            let middle = upper - h.head() * 0.44;
            // Beside a low column there is room above it for its labels, and above those for a key.
            let bottom = kernel_top - h.corridor() * 0.1;
            let rail_bottom = strip.rail.map_or(bottom, |rail| self.rail_bottom(rail, bottom));
            let rail_top =
                (upper - h.head() * 0.4).min(rail_bottom - h.part() * RAIL).max(top.min(upper - h.head() * 0.4));
            Column {
                stack: strip.stack,
                members: strip.members.clone(),
                heading: rect(strip.span, upper - h.head(), middle),
                state: rect(strip.span, middle, upper - h.head() * 0.04),
                rail: strip.rail.map(|rail| rect(rail, rail_top, rail_bottom)),
                area: rect(strip.span, upper, kernel_top),
            }
        };
        strips.map(column).collect()
    }

    /// Gives components that have no place of their own that of one like them, or of what they lie in.
    fn fill_in(self) -> Vec<Place> {
        let nowhere = Place {
            rect: Rect::from_min_size(pos2(0.0, 0.0), Vec2::ZERO),
            name: Rect::from_min_size(pos2(0.0, 0.0), Vec2::ZERO),
            floor: ComponentId(0),
            stop: Stop::Street { street: usize::MAX, x0: 0.0, x1: 0.0 },
            own: false,
            column: self.shared,
        };
        let mut places = self.places;
        let mut shares = vec![false; places.len()];
        self.widths.same.iter().for_each(|(id, _)| shares[id.index()] = true);
        // Parts of what is drawn come before those that share their places, and those before what only one of several
        // that are drawn as one has in it.
        let topology = self.topology;
        let in_parents = |places: &mut Vec<Option<Place>>| {
            for (i, component) in topology.components.iter().enumerate() {
                let parent = component.parent.and_then(|p| places.get(p.index()).copied().flatten());
                if let Some(parent) = parent.filter(|_| places[i].is_none() && !shares[i]) {
                    places[i] = Some(Place { own: false, ..parent });
                }
            }
        };
        in_parents(&mut places);
        for &(id, drawn) in &self.widths.same {
            let place = places.get(drawn.index()).copied().flatten().unwrap_or(nowhere);
            places[id.index()] = Some(Place { own: false, ..place });
        }
        in_parents(&mut places);
        places.into_iter().map(|place| place.unwrap_or(nowhere)).collect()
    }
}

impl Heights {
    fn residents_height(&self, place: Option<Place>) -> f32 {
        place.map_or(0.0, |place| place.rect.height() * 0.5)
    }
}
