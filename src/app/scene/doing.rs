//! The words for what a program does; what it follows from stands in [`standing`](super::standing).

/// What a program's thread does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Its own instructions run.
    User,
    /// Its kernel's run on its behalf.
    Kernel,
    /// Ready, and not running yet.
    Ready,
    /// An interrupt, or work for others, has its processor.
    Interrupted,
    /// The vCPU that it runs on is out of guest mode.
    Stopped,
    /// Its cgroup has used its quota.
    Throttled,
    /// In its kernel until something happens.
    Asleep,
}

impl Standing {
    /// In a box; what stands behind the comma goes first where there is no room.
    pub const fn label(self) -> &'static str {
        match self {
            Standing::User => "ring 3",
            Standing::Kernel => "ring 0, in the kernel",
            Standing::Ready => "waits for a CPU",
            Standing::Interrupted => "interrupted",
            Standing::Stopped => "stopped, vCPU out",
            Standing::Throttled => "throttled",
            Standing::Asleep => "asleep, in the kernel",
        }
    }
}

/// Whether these are words for what a program does, without what stands behind the comma.
pub fn is_whole(words: &str) -> bool {
    use Standing::{Asleep, Kernel, Stopped};
    [Kernel, Stopped, Asleep].iter().any(|standing| standing.label().split(',').next() == Some(words))
}

/// The longest of the words for what a program does.
pub const LONGEST: &str = Standing::Asleep.label();
