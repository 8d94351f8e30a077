//! How high things are. Every height lies between a least one and a comfortable one; one number, the ease, moves all
//! of them together until the picture is as high as the canvas.

use super::tree::{Kernel, Platform, Resident, ResidentKind};
use super::widths::Rows;

/// The heights at one ease.
#[derive(Clone, Copy, Debug)]
pub struct Heights {
    /// 0 is tight, 1 comfortable, above is generous.
    ease: f32,
    /// The size of text, times what everything is shrunk by where even the tight picture is too high.
    unit: f32,
    /// The size of text.
    scale: f32,
}

/// How high a kernel's residents are: above the line on which all programs stand, and below it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Need {
    /// Names of walls and membranes above the programs.
    pub above: f32,
    /// The programs and all between them and the kernel.
    pub below: f32,
}

impl Heights {
    /// The heights at which `platform` fills `room`, where text is `scale` times its size.
    pub fn fitting(platform: &Platform, rows: &Rows, room: f32, scale: f32) -> Heights {
        let at = |ease: f32, unit: f32| Heights { ease, unit, scale };
        let tight = at(0.0, scale).total(platform, rows);
        if tight > room {
            return at(0.0, scale * room / tight);
        }
        let (mut low, mut high) = (0.0, 1.6);
        for _ in 0..24 {
            let ease = (low + high) / 2.0;
            if at(ease, scale).total(platform, rows) > room { high = ease } else { low = ease }
        }
        at(low, scale)
    }

    /// The least height in which the words of `platform` can be read well.
    pub fn wanted(platform: &Platform, rows: &Rows, scale: f32) -> f32 {
        Heights { ease: 0.0, unit: scale * 0.78, scale }.total(platform, rows)
    }

    /// Whether words in the picture have the room that they need.
    pub fn readable(&self) -> bool {
        self.unit >= self.scale * 0.68
    }

    /// How much smaller words are than they should be.
    pub fn words(&self) -> f32 {
        (self.unit / self.scale.max(1e-3) + 0.1).clamp(0.75, 1.0)
    }

    fn between(&self, least: f32, comfortable: f32) -> f32 {
        (least + (comfortable - least) * self.ease) * self.unit
    }

    /// Around the whole picture.
    pub fn margin(&self) -> f32 {
        self.between(6.0, 14.0)
    }
    /// The strip of headings.
    pub fn heading(&self) -> f32 {
        self.between(24.0, 30.0)
    }
    /// The corridor between two slabs, in which tokens change columns.
    pub fn corridor(&self) -> f32 {
        self.between(14.0, 30.0)
    }
    /// A program.
    pub fn app(&self) -> f32 {
        self.between(26.0, 60.0)
    }
    /// A cgroup's valve.
    pub fn valve(&self) -> f32 {
        self.between(24.0, 44.0)
    }
    /// The strip of a floor's name.
    pub fn title(&self) -> f32 {
        self.between(21.0, 30.0)
    }
    /// A part in a floor.
    pub fn part(&self) -> f32 {
        self.between(20.0, 32.0)
    }
    /// Between parts, and below the last of them.
    pub fn space(&self) -> f32 {
        self.between(5.0, 10.0)
    }
    /// The strip of a wall's or membrane's name.
    pub fn wall_title(&self) -> f32 {
        self.between(25.0, 34.0)
    }
    /// The ledger's bar and its numbers.
    pub fn ledger(&self) -> f32 {
        self.between(34.0, 42.0)
    }
    /// The legend of layers.
    pub fn legend(&self) -> f32 {
        self.between(18.0, 24.0)
    }

    /// A floor with so many rows of parts.
    pub fn floor(&self, rows: usize) -> f32 {
        let rows = rows as f32;
        self.title() + rows * self.part() + (rows - 1.0).max(0.0) * self.space() + self.space() * 1.2
    }

    /// A kernel with what lies in it.
    pub fn kernel(&self, kernel: &Kernel, rows: &Rows) -> f32 {
        let parts = self.floor(rows.of(kernel.id));
        match &kernel.hypervisor {
            None => parts,
            Some(hypervisor) => {
                let inner = self.floor(rows.of(hypervisor.id));
                if rows.beside(kernel.id) {
                    parts.max(inner + 2.0 * self.space())
                } else {
                    parts + inner + self.space()
                }
            }
        }
    }

    /// The virtual or real hardware's slab.
    pub fn hardware(&self, platform: &Platform, rows: &Rows) -> f32 {
        self.floor(platform.floor.map_or(0, |floor| rows.of(floor)))
    }

    /// What the residents of `kernel` need, the corridor to the kernel included.
    pub fn residents(&self, kernel: &Kernel, rows: &Rows) -> Need {
        let mut need = Need { above: 0.0, below: self.app() };
        for resident in &kernel.residents {
            let one = self.resident(resident, rows);
            need = Need { above: need.above.max(one.above), below: need.below.max(one.below) };
        }
        Need { below: need.below + self.corridor(), ..need }
    }

    fn resident(&self, resident: &Resident, rows: &Rows) -> Need {
        let limited = |valve: bool| if valve { self.corridor() + self.valve() } else { 0.0 };
        match &resident.kind {
            ResidentKind::App { valve } => Need { above: 0.0, below: self.app() + limited(valve.is_some()) },
            ResidentKind::Container { valve, .. } => Need {
                // Where it is tight there is room for the name alone, not for what the namespaces are below it.
                above: self.wall_title() * (1.1 + 0.4 * self.ease.min(1.0)),
                below: self.app() + limited(valve.is_some()) + self.space() * 1.2,
            },
            ResidentKind::Vm { platform } => {
                let inner = platform.kernel.as_ref().map_or(Need { above: 0.0, below: self.app() }, |kernel| {
                    let residents = self.residents(kernel, rows);
                    Need { below: residents.below + self.kernel(kernel, rows) + self.corridor(), ..residents }
                });
                Need {
                    above: self.wall_title() + inner.above,
                    below: inner.below + self.hardware(platform, rows) + self.space() * 1.4,
                }
            }
        }
    }

    /// The whole picture.
    pub fn total(&self, platform: &Platform, rows: &Rows) -> f32 {
        let upper = platform.kernel.as_ref().map_or(0.0, |kernel| {
            let need = self.residents(kernel, rows);
            need.above + need.below + self.kernel(kernel, rows) + self.corridor()
        });
        2.0 * self.margin()
            + self.heading()
            + upper
            + self.hardware(platform, rows)
            + self.space()
            + self.ledger()
            + self.legend()
    }
}
