//! Where every part of the machine is drawn: from the tree alone, for any number of stacks and any depth.
//!
//! Hardware is the ground floor. A kernel stands on it, programs and membranes stand on the kernel, walls stand on
//! the hypervisor inside it, and inside the walls the same begins again. All programs stand on one line, so that the
//! same privilege is at the same height in every column.

use std::collections::BTreeMap;

use egui::{Pos2, Rect, Vec2, pos2};

use super::heights::Heights;
use super::metrics::Metrics;
use super::tree::{Kernel, Platform, ResidentKind};
use super::widths::{Ruler, Span, Widths};
use crate::app::theme::Theme;
use crate::machine::{ComponentKind, Topology};
use crate::trace::{ComponentId, CpuId, StackId};

/// Where one component is drawn, and how tokens come to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// Its box.
    pub rect: Rect,
    /// How much of the box's top its name may use.
    pub title: f32,
    /// The slab it lies in; itself if it is one, or a program.
    pub floor: ComponentId,
    /// The height of the corridor above its slab.
    pub above: f32,
    /// The height of the corridor below its slab.
    pub below: f32,
    /// The vertical line in which its column's tokens pass.
    pub lane: f32,
    /// Whether tokens rest in the middle of the lane (programs) or on the lower edge (parts).
    pub on_lane: bool,
    /// Whether it has this place for itself. A component that the layout does not know shares its parent's.
    pub own: bool,
}

/// One stack's column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Column {
    /// Whose.
    pub stack: StackId,
    /// Where its heading stands.
    pub heading: Rect,
    /// Where its ledger stands.
    pub ledger: Rect,
}

/// The layout of a machine for a canvas.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// The canvas it was made for.
    pub canvas: Vec2,
    /// By component: every one has a place.
    pub places: Vec<Place>,
    /// By stack.
    pub columns: Vec<Column>,
    /// Where the legend stands.
    pub legend: Rect,
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
    /// Half a token's height.
    pub token: f32,
    /// The height of a corridor.
    pub corridor: f32,
    /// The height of a part.
    pub part: f32,
    /// How much smaller words are, where the canvas is too low for the machine.
    pub words: f32,
    /// The least height of a canvas of this width in which words can be read well.
    pub wanted: f32,
    /// The machine's tree.
    pub tree: Platform,
    /// The core or vCPU that each processor is drawn as.
    pub cpus: BTreeMap<CpuId, ComponentId>,
}

impl PartialEq for Platform {
    /// Trees come from the topology alone; a layout is compared by its places.
    fn eq(&self, other: &Platform) -> bool {
        self.floor == other.floor
    }
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
}

impl States {
    fn of(topology: &Topology, places: &[Place]) -> States {
        let mut states = States::default();
        for (id, component) in topology.iter() {
            let Some(place) = places.get(id.index()).filter(|place| place.own) else { continue };
            let rect = place.rect;
            // The right half of a box; its name stands in the left one.
            let right = Rect::from_min_max(pos2(rect.center().x, rect.top()), rect.max).shrink(3.0);
            let roomy = right.width() >= 16.0 && right.height() >= 10.0;
            match component.kind {
                _ if !roomy => {}
                ComponentKind::Core if component.stack.is_some() => {
                    states.mailboxes.insert(id, right);
                }
                ComponentKind::Core => {
                    states.cores.insert(id, right);
                }
                ComponentKind::Disk => {
                    let count = ((right.width() / right.height()) as usize).clamp(1, 8);
                    let step = right.width() / count as f32;
                    let slot = |i: usize| {
                        let min = pos2(right.left() + i as f32 * step, right.top());
                        Rect::from_min_size(min, Vec2::new(step - 2.0, right.height()))
                    };
                    states.slots.insert(id, (0..count).map(slot).collect());
                }
                ComponentKind::Cgroup => {
                    states.tanks.insert(id, right);
                }
                ComponentKind::Kernel => {
                    let strip = Rect::from_min_max(pos2(right.left(), rect.top()), right.max);
                    let strip = strip.with_max_y(rect.top() + place.title);
                    states.run_queues.insert(id, strip.shrink(2.0));
                }
                ComponentKind::VirtualMachine => {
                    let size = Vec2::new(rect.width().min(120.0), rect.height().min(60.0));
                    states.cards.insert(id, Rect::from_min_max(rect.max - size, rect.max));
                }
                _ => {}
            }
        }
        states
    }
}

/// Places from top to bottom.
struct Stack<'a> {
    topology: &'a Topology,
    widths: &'a Widths,
    heights: Heights,
    places: Vec<Option<Place>>,
    app_y: f32,
}

impl Layout {
    /// Lays out the machine for a canvas of this size.
    pub fn new(topology: &Topology, metrics: &Metrics, theme: &Theme, canvas: Vec2) -> Layout {
        let tree = Platform::of(topology);
        let side = (18.0 * theme.scale).min(canvas.x * 0.02);
        let room = Span { x0: side, x1: canvas.x - side };
        let rows = |most: usize| {
            let widths = Ruler::place(topology, &tree, metrics, theme, (room, most));
            let heights = Heights::fitting(&tree, &widths.rows, canvas.y, theme.scale);
            (widths, heights)
        };
        // Names in full, in as many rows as that takes, where they can still be read; otherwise fewer rows.
        let fitting = [4, 3, 2].into_iter().map(rows).find(|(_, heights)| heights.readable());
        let (widths, heights) = fitting.unwrap_or_else(|| rows(2));
        let wanted = Heights::wanted(&tree, &widths.rows, theme.scale);
        let spare = (canvas.y - heights.total(&tree, &widths.rows)).max(0.0) / 2.0;
        let top = spare + heights.margin() + heights.heading();
        let mut stack =
            Stack { topology, widths: &widths, heights, places: vec![None; topology.components.len()], app_y: 0.0 };
        let bottom = stack.machine(&tree, top);
        let (places, slab) = (stack.fill_in(), tree.floor.and_then(|f| widths.spans.get(f.index()).copied().flatten()));
        let slab = slab.unwrap_or(Span { x0: side, x1: canvas.x - side });
        let ledger = bottom + heights.space();
        let columns = topology.stacks.iter().enumerate().map(|(i, info)| {
            let place = places.get(info.component.index());
            let (x0, x1) = place.map_or((slab.x0, slab.x0), |p| (p.rect.left(), p.rect.right()));
            let strip = |y: f32, height: f32| Rect::from_min_max(pos2(x0, y), pos2(x1, y + height));
            Column {
                stack: StackId(i as u16),
                heading: strip(top - heights.heading(), heights.heading()),
                ledger: strip(ledger, heights.ledger()),
            }
        });
        let legend = ledger + heights.ledger();
        let states = States::of(topology, &places);
        Layout {
            bars: Rect::from_min_max(pos2(slab.x0, ledger), pos2(slab.x1, legend + heights.legend())),
            cores: states.cores,
            slots: states.slots,
            mailboxes: states.mailboxes,
            tanks: states.tanks,
            run_queues: states.run_queues,
            cards: states.cards,
            canvas,
            columns: columns.collect(),
            legend: Rect::from_min_max(pos2(slab.x0, legend), pos2(slab.x1, legend + heights.legend())),
            token: (heights.part() * 0.28).clamp(2.0, 9.0),
            corridor: heights.corridor(),
            part: heights.part(),
            words: heights.words(),
            wanted,
            tree,
            places,
            cpus: topology.iter().filter_map(|(id, c)| Some((c.cpu?, id))).collect(),
        }
    }

    /// Where a component is; the whole canvas for one that is not part of the machine.
    pub fn place(&self, id: ComponentId) -> Place {
        self.places.get(id.index()).copied().unwrap_or(Place {
            rect: Rect::from_min_size(Pos2::ZERO, self.canvas),
            title: 0.0,
            floor: id,
            above: 0.0,
            below: self.canvas.y,
            lane: self.canvas.x / 2.0,
            on_lane: true,
            own: false,
        })
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
    fn span(&self, id: ComponentId) -> Span {
        self.widths.spans.get(id.index()).copied().flatten().unwrap_or_default()
    }

    fn put(&mut self, id: ComponentId, (y0, y1): (f32, f32), place: Place) {
        let span = self.span(id);
        let rect = Rect::from_min_max(pos2(span.x0, y0), pos2(span.x1.max(span.x0), y1.max(y0)));
        let lane = self.widths.lanes.get(id.index()).copied().unwrap_or_default();
        self.places[id.index()] = Some(Place { rect, lane, ..place });
    }

    /// The whole machine below `top`; gives its lower edge.
    fn machine(&mut self, tree: &Platform, top: f32) -> f32 {
        let h = self.heights;
        let rows = &self.widths.rows;
        let Some(kernel) = &tree.kernel else {
            return self.hardware(tree, top, top - h.corridor() / 2.0, top + h.hardware(tree, rows) + 4.0);
        };
        let need = h.residents(kernel, rows);
        self.app_y = top + need.above;
        let kernel_top = self.app_y + need.below;
        let hardware_top = kernel_top + h.kernel(kernel, rows) + h.corridor();
        self.kernel(kernel, top, kernel_top);
        let below = hardware_top + h.hardware(tree, rows) + h.space() / 2.0;
        self.hardware(tree, hardware_top, hardware_top - h.corridor() / 2.0, below)
    }

    /// A platform's slab from `top` down; gives its lower edge.
    fn hardware(&mut self, platform: &Platform, top: f32, above: f32, below: f32) -> f32 {
        let bottom = top + self.heights.hardware(platform, &self.widths.rows);
        if let Some(floor) = platform.floor {
            self.floor(floor, (top, bottom), top + self.heights.title(), above, below);
        }
        bottom
    }

    /// A slab and its parts, whose first row begins at `parts_top`.
    fn floor(&mut self, floor: ComponentId, (top, bottom): (f32, f32), parts_top: f32, above: f32, below: f32) {
        let h = self.heights;
        let slab =
            Place { rect: Rect::NOTHING, title: h.title(), floor, above, below, lane: 0.0, on_lane: false, own: true };
        self.put(floor, (top, bottom), slab);
        let widths = self.widths;
        let lane = widths.lanes[floor.index()];
        // Where neighbours have more rows, these are higher, and in the middle.
        let (rows, filled) = (widths.rows.of(floor) as f32, (widths.rows.filled(floor) as f32).max(1.0));
        let room = rows * h.part() + (rows - 1.0).max(0.0) * h.space();
        let part = ((room - (filled - 1.0) * h.space()) / filled).clamp(0.0, h.part() * 1.5);
        let parts_top = parts_top + (room - filled * part - (filled - 1.0) * h.space()).max(0.0) / 2.0;
        for cell in widths.cells.iter().filter(|(id, _)| *id == floor).flat_map(|(_, cells)| cells) {
            let y0 = parts_top + cell.row as f32 * (part + h.space());
            let (y0, y1) = match cell.block {
                None => (y0, y0 + part),
                Some((rows, row)) => {
                    let step = part / rows as f32;
                    (y0 + row as f32 * step, y0 + (row as f32 + 0.8) * step)
                }
            };
            let rect = Rect::from_min_max(pos2(cell.span.x0, y0), pos2(cell.span.x1, y1));
            self.places[cell.id.index()] = Some(Place { rect, title: y1 - y0, lane, ..slab });
        }
    }

    /// A kernel at `kernel_top`, and its residents between `top` and the corridor above it.
    fn kernel(&mut self, kernel: &Kernel, top: f32, kernel_top: f32) {
        let h = self.heights;
        let rows = &self.widths.rows;
        let bottom = kernel_top + h.kernel(kernel, rows);
        let (above, below) = (kernel_top - h.corridor() / 2.0, bottom + h.corridor() / 2.0);
        let mut parts_top = kernel_top + h.title();
        if let Some(hypervisor) = &kernel.hypervisor {
            let height = h.floor(rows.of(hypervisor.id));
            if rows.beside(kernel.id) {
                // Beside the kernel's parts it is as high as they are, its own parts in the middle.
                let (own_top, own_bottom) = (kernel_top + h.space(), bottom - h.space());
                let spare = (own_bottom - own_top - height).max(0.0) / 2.0;
                self.floor(hypervisor.id, (own_top, own_bottom), own_top + h.title() + spare, above, below);
            } else {
                self.floor(hypervisor.id, (parts_top, parts_top + height), parts_top + h.title(), above, below);
                parts_top += height + h.space();
            }
        }
        self.floor(kernel.id, (kernel_top, bottom), parts_top, above, below);
        for resident in &kernel.residents {
            let area = (top, kernel_top - h.corridor());
            self.resident(resident.id, &resident.kind, area, above);
        }
    }

    fn resident(&mut self, id: ComponentId, kind: &ResidentKind, (top, bottom): (f32, f32), corridor: f32) {
        let h = self.heights;
        let shell = |floor: ComponentId, title: f32| Place {
            rect: Rect::NOTHING,
            title,
            floor,
            above: corridor,
            below: corridor,
            lane: 0.0,
            on_lane: true,
            own: true,
        };
        match kind {
            ResidentKind::App { valve } => {
                self.put(id, (self.app_y, self.app_y + h.app()), shell(id, h.app()));
                if let Some(valve) = *valve {
                    self.put(valve, (bottom - h.valve(), bottom), shell(valve, h.valve()));
                }
            }
            ResidentKind::Container { apps, valve } => {
                self.put(id, (top, bottom), shell(id, self.app_y - top));
                for &app in apps {
                    self.put(app, (self.app_y, self.app_y + h.app()), shell(app, h.app()));
                }
                if let Some(valve) = *valve {
                    let bottom = bottom - h.space() * 1.2;
                    self.put(valve, (bottom - h.valve(), bottom), shell(valve, h.valve()));
                }
            }
            ResidentKind::Vm { platform } => {
                self.put(id, (top, bottom), shell(id, h.wall_title()));
                let floor_top = bottom - h.space() * 1.4 - h.hardware(platform, &self.widths.rows);
                let gap = floor_top - h.corridor() / 2.0;
                self.hardware(platform, floor_top, gap, corridor);
                if let Some(kernel) = &platform.kernel {
                    let kernel_top = floor_top - h.corridor() - h.kernel(kernel, &self.widths.rows);
                    self.kernel(kernel, top + h.wall_title(), kernel_top);
                }
            }
        }
    }

    /// Gives components that the tree has no place for that of their nearest ancestor that has one.
    fn fill_in(self) -> Vec<Place> {
        let mut filled: Vec<Place> = Vec::with_capacity(self.places.len());
        let nowhere = Place {
            rect: Rect::from_min_size(pos2(0.0, 0.0), Vec2::ZERO),
            title: 0.0,
            floor: ComponentId(0),
            above: 0.0,
            below: 0.0,
            lane: 0.0,
            on_lane: true,
            own: false,
        };
        for (place, component) in self.places.iter().zip(&self.topology.components) {
            // A parent comes before its children, so its place is filled in already.
            let parent = component.parent.and_then(|p| filled.get(p.index())).copied().unwrap_or(nowhere);
            filled.push(place.unwrap_or(Place { own: false, ..parent }));
        }
        filled
    }
}

/// Whether tokens pass through it on their lane, as through a wall.
pub fn is_shell(kind: ComponentKind) -> bool {
    matches!(kind, ComponentKind::VirtualMachine | ComponentKind::Container)
}
