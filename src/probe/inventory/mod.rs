//! Where this program runs, as a stack of layers from the hardware up, each with its evidence.
//!
//! A program cannot ask one question and learn what it stands on. It sees a processor that may be filtered, firmware
//! that may be imitated, files that a layer above may have replaced, and markers that an image may carry from another
//! life. So the inventory works in two steps that never mix:
//!
//! 1. [`Root::host`] reads a fixed list of small files, links and CPUID leaves into memory. That is all that is ever
//!    read, and [`crate::probe::gather`] can save it.
//! 2. [`take`] is a pure function from what was read to an [`Inventory`]. A captured tree and a live host go the same
//!    way, so a bug report becomes a test.
//!
//! **What is read**: `/proc`, `/sys`, a few device nodes' permissions, a few marker files' existence, CPUID. Nothing
//! needs root, nothing is written, and no system call is made only to see whether it is blocked.
//!
//! **What is left out**: timing. A hypervisor that hides itself, or a second one below the first, often shows only
//! in what an exit costs. Whoever measured that adds it with [`Inventory::add_exit_cost`].

mod amounts;
mod capture;
mod cgroup;
mod container;
mod cpuid;
mod device_tree;
mod devices;
mod firmware;
mod hypervisor;
mod imitation;
mod kernel;
mod kvm_device;
mod limits;
mod mainframe;
mod makers;
mod mounts;
mod namespaces;
mod nesting;
mod process;
mod processor;
#[cfg(target_os = "linux")]
mod reads;
#[cfg(not(target_os = "linux"))]
#[path = "reads_elsewhere.rs"]
mod reads;
mod root;
mod scrub;
mod signatures;
mod signs;
mod text;
mod throttles;
mod translation;

pub use capture::CaptureError;
pub(super) use cgroup::{Hierarchy, hierarchies};
pub use cpuid::Cpuid;
pub use limits::{Limit, Resource};
pub use root::{Entry, READ_LIMIT, Root};
pub use throttles::{DiskUse, Throttle};

use serde::Serialize;

/// How sure a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// The kernel or the processor says so, and nothing read contradicts it.
    Certain,
    /// Several signs agree, none of which alone would prove it.
    Likely,
    /// One sign that has other explanations.
    Possible,
    /// What was read contradicts itself. The evidence lists both sides.
    Conflict,
    /// Nothing readable decides it. Raw codes are in the evidence.
    Unknown,
    /// This operating system gives no way to read it.
    NotMeasured,
}

impl Confidence {
    /// The word on the badge.
    pub fn word(self) -> &'static str {
        match self {
            Confidence::Certain => "certain",
            Confidence::Likely => "likely",
            Confidence::Possible => "possible",
            Confidence::Conflict => "conflict",
            Confidence::Unknown => "unknown",
            Confidence::NotMeasured => "not measured",
        }
    }
}

/// Which layer of the stack a line describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LayerKind {
    /// The processor as this program sees it.
    Processor,
    /// A hypervisor below the one this kernel runs on.
    OuterHypervisor,
    /// The hypervisor this kernel runs on.
    Hypervisor,
    /// Firmware; above the hypervisor when that imitates it.
    Firmware,
    /// Disks, network cards and other devices the kernel drives.
    Devices,
    /// The kernel.
    Kernel,
    /// `/dev/kvm`: whether virtual machines can be made here.
    KvmDevice,
    /// The control groups of this process, and the limits in force.
    Cgroups,
    /// The namespaces of this process.
    Namespaces,
    /// The container around this process, if any.
    Container,
    /// This process.
    Process,
}

impl LayerKind {
    /// The label on screen.
    pub fn label(self) -> &'static str {
        match self {
            LayerKind::Processor => "processor",
            LayerKind::OuterHypervisor => "outer hypervisor",
            LayerKind::Hypervisor => "hypervisor",
            LayerKind::Firmware => "firmware",
            LayerKind::Devices => "devices",
            LayerKind::Kernel => "kernel",
            LayerKind::KvmDevice => "/dev/kvm",
            LayerKind::Cgroups => "cgroups",
            LayerKind::Namespaces => "namespaces",
            LayerKind::Container => "container",
            LayerKind::Process => "process",
        }
    }
}

/// One layer of the stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Layer {
    /// Which layer.
    pub layer: LayerKind,
    /// What it is, in a few words: `KVM guest`, `no container`, `Linux 6.18.44`.
    pub name: String,
    /// One line more, for display. May be empty.
    pub detail: String,
    /// False where the line says that there is no such layer here.
    pub present: bool,
    /// What was read and where, quoted; one sentence each.
    pub evidence: Vec<String>,
    /// How sure the name is.
    pub confidence: Confidence,
}

impl Layer {
    /// A layer that is there, without evidence yet.
    fn new(layer: LayerKind, name: impl Into<String>, confidence: Confidence) -> Layer {
        Layer { layer, name: name.into(), detail: String::new(), present: true, evidence: Vec::new(), confidence }
    }
}

/// The stack this program runs on, and the limits in force.
///
/// Serializes to `{layers: [{layer, name, detail, present, evidence, confidence}], limits: [..]}`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Inventory {
    /// From the hardware up; the last is this process.
    pub layers: Vec<Layer>,
    /// What cgroups allow this process, the tightest along its whole path, one per resource.
    pub limits: Vec<Limit>,
}

impl Inventory {
    /// The layer of this kind, if the inventory has one.
    pub fn layer(&self, kind: LayerKind) -> Option<&Layer> {
        self.layers.iter().find(|layer| layer.layer == kind)
    }

    /// Adds what one exit to the hypervisor was measured to cost, in nanoseconds, as evidence on nesting.
    ///
    /// A CPUID that exits costs about 1 µs where hardware catches it and one hypervisor answers; several times that
    /// when each exit is itself reflected through a second one. Tens of nanoseconds mean that nothing intercepts it.
    pub fn add_exit_cost(&mut self, cpuid_ns: f64) {
        nesting::add_exit_cost(&mut self.layers, cpuid_ns);
    }

    /// The stack as text, this process on top, as it stands.
    ///
    /// `evidence` adds the quoted lines under each layer.
    pub fn to_text(&self, evidence: bool) -> String {
        text::render(self, evidence)
    }
}

/// Judges what was read.
///
/// Pure: the same root gives the same inventory on every machine of the same architecture.
pub fn take(root: &Root) -> Inventory {
    if root.fact("system") != Some("linux") {
        return elsewhere(root);
    }
    match translation::of(root) {
        Some(translation) => translated(root, &translation),
        None => of_linux(root),
    }
}

/// The inventory of a program that is translated: what the machine itself says, with what that means.
fn translated(root: &Root, translation: &translation::Translation) -> Inventory {
    let mut inventory = of_linux(&translation.taken_away(root));
    for layer in &mut inventory.layers {
        match layer.layer {
            LayerKind::Hypervisor => layer.evidence.push(translation.of_cpuid()),
            LayerKind::Process => {
                layer.detail = format!("{} · {}", layer.detail, translation.told());
                layer.evidence.extend(translation.evidence.iter().cloned());
            }
            _ => {}
        }
    }
    inventory
}

fn of_linux(root: &Root) -> Inventory {
    let namespaces = namespaces::of(root);
    let processor = processor::layer(root);
    let imitation = imitation::of(root);
    let signs = signs::of(root, imitation.as_ref());
    let hypervisor = hypervisor::layer(root, &signs);
    let below = kvm_device::Below {
        guest: hypervisor.present,
        certain: hypervisor.confidence == Confidence::Certain,
        privileged: signs.privileged,
        imitation: imitation.as_ref().map(|other| other.name),
    };
    let kvm_device = kvm_device::layer(root, below);
    let mut layers = vec![processor];
    match (hypervisor.present, signs.privileged) {
        (true, None) => {
            let firmware = firmware::layer(root, Some(hypervisor.confidence));
            layers.extend([nesting::layer(root, &signs), hypervisor, firmware]);
        }
        // What manages the machine has the machine's own firmware, which started the hypervisor too.
        (true, Some(_)) => {
            let imitated = nesting::below_privileged(&signs).is_some() || !signs.below.is_empty();
            let outer = nesting::layer(root, &signs);
            let firmware = firmware::layer(root, imitated.then_some(outer.confidence));
            layers.extend([outer, firmware, hypervisor]);
        }
        (false, _) => layers.extend([firmware::layer(root, None), hypervisor]),
    }
    let limits = limits::in_force(root, &namespaces);
    layers.extend([
        devices::layer(root),
        kernel::layer(root, imitation.as_ref()),
        kvm_device,
        limits::layer(root, &limits, &namespaces),
        namespaces::layer(&namespaces),
        container::layer(root, &namespaces, imitation.as_ref()),
        process::layer(root),
    ]);
    let mut inventory = Inventory { layers, limits };
    if let Some(other) = imitation.filter(|other| other.kind != imitation::Kind::UserMode) {
        imitated(&mut inventory, &other);
    }
    inventory
}

/// What a kernel that imitates Linux says of its own namespaces, groups and filters holds for no other.
fn imitated(inventory: &mut Inventory, other: &imitation::Imitation) {
    let own = other.of_its_own();
    for layer in &mut inventory.layers {
        match layer.layer {
            LayerKind::Namespaces => {
                layer.name = format!("namespaces of {}'s own", other.name);
                layer.detail = "which of the machine's hold it can't be seen".into();
                layer.confidence = Confidence::Unknown;
                layer.evidence.push(own.clone());
            }
            LayerKind::Hypervisor if other.kind == imitation::Kind::Gvisor => {
                layer.evidence.push(format!("{}{}", hypervisor::NOT_THE_PROCESSOR, other.name));
            }
            LayerKind::Cgroups if layer.confidence != Confidence::Unknown => {
                layer.confidence = Confidence::Possible;
                layer.evidence.push(own.clone());
            }
            LayerKind::Process => {
                layer.detail = format!("{} · as {} says", layer.detail, other.name);
                layer.evidence.push(own.clone());
            }
            _ => {}
        }
    }
    for limit in inventory.limits.iter_mut().filter(|limit| limit.confidence != Confidence::Unknown) {
        limit.confidence = Confidence::Possible;
        limit.evidence.push(own.clone());
    }
}

/// The inventory where only the processor can be asked.
fn elsewhere(root: &Root) -> Inventory {
    let system = root.fact("system").unwrap_or("unknown system");
    let mut kernel = Layer::new(LayerKind::Kernel, root.fact("kernel").unwrap_or("unknown"), Confidence::Certain);
    kernel.evidence.push("the operating system's own name and version".into());
    let hypervisor = hypervisor::layer(root, &signs::of(root, None));
    let mut layers = vec![processor::layer(root), hypervisor, kernel];
    for kind in
        [LayerKind::Firmware, LayerKind::Devices, LayerKind::Cgroups, LayerKind::Namespaces, LayerKind::Container]
    {
        let mut layer = Layer::new(kind, "not measured on this system", Confidence::NotMeasured);
        layer.present = false;
        layer.evidence.push(format!("{system}: has neither /proc nor /sys"));
        layers.push(layer);
    }
    let mut process = Layer::new(LayerKind::Process, "strata", Confidence::Certain);
    process.evidence.push("it is this one that asks".into());
    layers.push(process);
    Inventory { layers, limits: Vec::new() }
}
