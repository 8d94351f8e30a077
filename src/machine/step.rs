//! One step of a sequence: what is done, at what price, and where it shows.

use super::state::Parts;
use crate::costs::Primitive;
use crate::trace::ComponentId;

/// Where a step's work shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Calls,
    Tasks,
    Memory,
    Files,
    Network,
    /// Of the hypervisor, where the kernel has one.
    Vcpus,
    Backends,
    DeviceModels,
}

impl Place {
    pub fn of(self, parts: &Parts) -> ComponentId {
        match self {
            Place::Calls => parts.system_calls,
            Place::Tasks => parts.scheduler,
            Place::Memory => parts.memory,
            Place::Files => parts.files,
            Place::Network => parts.network,
            Place::Vcpus => parts.vcpus,
            Place::Backends => parts.backends,
            Place::DeviceModels => parts.device_models,
        }
    }
}

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A system call with this as its body, so many times.
    Call(Primitive, u32, Place),
    /// Work without a call: more of the same one's, or of the hardware.
    Work(Primitive, Place),
    /// The same, so often.
    Times(Primitive, u32, Place),
    /// So many bytes are touched for the first time.
    Touch(u64),
    /// Not here.
    Skip,
}
