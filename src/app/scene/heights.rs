//! How high things are. Every height lies between a least one and a comfortable one; one number, the ease, moves all
//! of them together until the picture is as high as the canvas.

use super::tree::{Kernel, Platform, Resident, ResidentKind};
use super::widths::{TRACKS, Widths};
use crate::machine::{ComponentKind, Topology};

/// So many lines high is the card of what a VM exit has saved.
pub const CARD_LINES: f32 = 4.4;

/// The heights at one ease.
#[derive(Clone, Copy, Debug)]
pub struct Heights {
    /// 0 is tight, 1 comfortable, above is generous.
    ease: f32,
    /// The size of text, times what everything is shrunk by where even the tight picture is too high.
    unit: f32,
    /// The size of text.
    scale: f32,
    level: Level,
}

/// Floors of the same kind have the same number of rows in all columns, so that they are level.
#[derive(Clone, Copy, Debug, Default)]
struct Level {
    kernels: usize,
    hardware: usize,
    hypervisors: usize,
    tracks: usize,
    bars: usize,
    key: bool,
}

/// Where the rows and streets of a shared floor are, from its upper edge.
#[derive(Clone, Debug, Default)]
pub struct Shared {
    /// The upper edge of each row.
    pub rows: Vec<f32>,
    /// The upper edge of each street.
    pub streets: Vec<f32>,
    /// All of it.
    pub height: f32,
}

impl Level {
    fn of(topology: &Topology, widths: &Widths, key: bool) -> Level {
        let most = |kind: ComponentKind| {
            let floors = widths.floors.iter().filter(|(_, floor)| !floor.shared);
            let of_kind = floors.filter(|(id, _)| topology.component(**id).is_some_and(|c| c.kind == kind));
            of_kind.map(|(_, floor)| floor.rows).max().unwrap_or(0)
        };
        Level {
            kernels: most(ComponentKind::Kernel),
            hardware: most(ComponentKind::VirtualHardware),
            hypervisors: most(ComponentKind::Hypervisor),
            tracks: widths.columns.len().clamp(1, TRACKS),
            bars: widths.columns.len().clamp(1, 10),
            key,
        }
    }
}

impl Heights {
    /// The heights at which `tree` fills `room`, where text is `scale` times its size. `key`: with a line for the key above
    /// it.
    pub fn fitting(
        topology: &Topology,
        tree: &Platform,
        widths: &Widths,
        (room, key): (f32, bool),
        scale: f32,
    ) -> Heights {
        let level = Level::of(topology, widths, key);
        let at = |ease: f32, unit: f32| Heights { ease, unit, scale, level };
        let tight = at(0.0, scale).total(tree, widths);
        if tight > room {
            return at(0.0, scale * room / tight);
        }
        let (mut low, mut high) = (0.0, 1.6);
        for _ in 0..24 {
            let ease = (low + high) / 2.0;
            if at(ease, scale).total(tree, widths) > room { high = ease } else { low = ease }
        }
        at(low, scale)
    }

    /// The least height in which the words of `tree` can be read well.
    pub fn wanted(topology: &Topology, tree: &Platform, widths: &Widths, scale: f32) -> f32 {
        Heights { ease: 0.0, unit: scale * 0.8, scale, level: Level::of(topology, widths, false) }.total(tree, widths)
    }

    /// Whether words in the picture have the room that they need: the least that can be read fit into a part.
    pub fn readable(&self) -> bool {
        self.unit >= (self.scale * 0.58).max(0.75)
    }

    /// The height of the smallest line that can be read.
    pub fn line(&self) -> f32 {
        super::words::LEAST * super::words::LINE * self.scale.min(1.0)
    }

    /// How much smaller words are than they should be.
    pub fn words(&self) -> f32 {
        (self.unit / self.scale.max(1e-3) + 0.12).clamp(0.5, 1.0)
    }

    fn between(&self, least: f32, comfortable: f32) -> f32 {
        (least + (comfortable - least) * self.ease) * self.unit
    }

    /// Around the whole picture.
    pub fn margin(&self) -> f32 {
        self.between(4.0, 12.0)
    }
    /// The key's line above the columns, where it has one.
    pub fn key(&self) -> f32 {
        if self.level.key { self.between(18.0, 24.0) } else { 0.0 }
    }
    /// A column's head: its name, and what it does now.
    pub fn head(&self) -> f32 {
        self.between(35.0, 42.0)
    }
    /// Between two slabs: the seam with its gates.
    pub fn corridor(&self) -> f32 {
        self.between(19.0, 32.0)
    }
    /// A program.
    pub fn app(&self) -> f32 {
        self.between(23.0, 42.0)
    }
    /// A cgroup's valve.
    pub fn valve(&self) -> f32 {
        self.between(26.0, 46.0)
    }
    /// The strip of a floor's name.
    pub fn title(&self) -> f32 {
        self.between(19.0, 26.0)
    }
    /// A part in a floor.
    pub fn part(&self) -> f32 {
        self.between(18.0, 30.0)
    }
    /// A part in a floor that all use.
    pub fn shared_part(&self) -> f32 {
        self.between(21.0, 36.0)
    }
    /// A part of the bare hardware, with its state below its name.
    pub fn hardware_part(&self) -> f32 {
        self.between(32.0, 54.0)
    }
    /// Between parts, and below the last of them.
    pub fn space(&self) -> f32 {
        self.between(4.0, 8.0)
    }
    /// The strip of a wall's or membrane's name.
    pub fn wall_title(&self) -> f32 {
        self.between(19.0, 27.0)
    }
    /// Between the two lines of a wall, where a token passes.
    pub fn wall(&self) -> f32 {
        self.between(15.0, 22.0)
    }
    /// The street of a shared floor.
    pub fn street(&self) -> f32 {
        let tracks = self.level.tracks as f32;
        self.between(14.0 + 1.6 * tracks, 18.0 + 2.4 * tracks)
    }
    /// The bars of all columns, their head and their axis.
    pub fn bars(&self) -> f32 {
        let rows = self.level.bars as f32;
        self.between(30.0 + 14.0 * rows, 42.0 + 22.0 * rows)
    }
    /// Half a token's height.
    pub fn token(&self) -> f32 {
        (self.between(6.4, 8.4)).clamp(2.0, 15.0)
    }

    /// The rows and streets of a floor that all use: `upper` rows, the first street, and the other rows, each next to
    /// a street.
    pub fn shared(&self, (rows, upper): (usize, usize), part: f32) -> Shared {
        let (pad, space, street) = (self.space() * 0.6, self.space(), self.street());
        let mut shared = Shared::default();
        let mut y = pad * if upper > 0 { 2.0 } else { 0.5 };
        for row in 0..upper {
            y += if row > 0 { space } else { 0.0 };
            shared.rows.push(y);
            y += part;
        }
        y += if upper > 0 { pad } else { 0.0 };
        shared.streets.push(y);
        y += street + pad * 0.5;
        let lower = rows.max(1).saturating_sub(upper);
        for row in 0..lower {
            if row > 0 && row % 2 == 0 {
                shared.streets.push(y);
                y += street + pad;
            } else if row > 0 {
                y += space;
            }
            shared.rows.push(y);
            y += part + if row % 2 == 1 { pad } else { 0.0 };
        }
        if lower > 0 && lower.is_multiple_of(2) {
            shared.streets.push(y);
            y += street;
        }
        shared.height = y + pad;
        shared
    }

    /// A floor in a column, with so many rows of parts.
    fn private(&self, rows: usize) -> f32 {
        let rows = rows as f32;
        self.title() + rows * self.part() + (rows - 1.0).max(0.0) * self.space() + self.space()
    }

    /// A hypervisor's slab in a guest's kernel.
    pub fn inner_hypervisor(&self) -> f32 {
        self.private(self.level.hypervisors)
    }

    /// A guest's kernel with what lies in it.
    pub fn guest_kernel(&self, kernel: &Kernel) -> f32 {
        let hypervisor = kernel.hypervisor.as_ref().map_or(0.0, |_| self.inner_hypervisor() + self.space());
        self.private(self.level.kernels) + hypervisor
    }

    /// A virtual hardware's slab.
    pub fn virtual_hardware(&self) -> f32 {
        self.private(self.level.hardware)
    }

    /// The host's kernel.
    pub fn host_kernel(&self, kernel: &Kernel, widths: &Widths) -> Shared {
        self.shared(widths.floors.get(&kernel.id).map_or((1, 0), |floor| (floor.rows, floor.upper)), self.shared_part())
    }

    /// The bare hardware.
    pub fn hardware(&self, tree: &Platform, widths: &Widths) -> Shared {
        let rows = tree.floor.and_then(|id| widths.floors.get(&id)).map_or(1, |floor| floor.rows);
        self.shared((rows, 0), self.hardware_part())
    }

    /// The highest of a kernel's residents, without the corridor below.
    pub fn residents(&self, kernel: &Kernel) -> f32 {
        kernel.residents.iter().map(|resident| self.resident(resident)).fold(0.0, f32::max)
    }

    /// One resident, from its upper to its lower edge.
    pub fn resident(&self, resident: &Resident) -> f32 {
        let limited = |valve: bool| if valve { self.valve() + self.corridor() * 0.4 } else { 0.0 };
        match &resident.kind {
            ResidentKind::App { valve } => self.app() + limited(valve.is_some()),
            ResidentKind::Container { valve, .. } => {
                self.wall_title() + self.app() + limited(valve.is_some()) + self.space()
            }
            ResidentKind::Vm { platform } => {
                let inside = platform.kernel.as_ref().map_or(self.app(), |kernel| {
                    self.residents(kernel).max(self.app() * 0.6) + self.corridor() + self.guest_kernel(kernel)
                });
                self.wall_title() + inside + self.lane() + self.virtual_hardware() + self.space() + self.wall()
            }
        }
    }

    /// Between a guest's kernel and its virtual hardware.
    pub fn lane(&self) -> f32 {
        self.corridor() * 0.45
    }

    /// The whole picture.
    pub fn total(&self, tree: &Platform, widths: &Widths) -> f32 {
        let upper = tree.kernel.as_ref().map_or(0.0, |kernel| {
            self.residents(kernel) + self.corridor() + self.host_kernel(kernel, widths).height + self.lane()
        });
        2.0 * self.margin()
            + self.key()
            + self.head()
            + upper
            + self.hardware(tree, widths).height
            + self.space()
            + self.bars()
    }
}
