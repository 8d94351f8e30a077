//! How a task and the partner that answers it are joined.

use super::spec::Peer;

/// How a task and its partner are joined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Link {
    /// A pair of pipes, both on one processor.
    #[default]
    PipeSameCpu,
    /// A pair of pipes between two processors.
    PipeAcrossCpus,
    /// A socket to the kernel's first network namespace.
    Socket,
    /// A socket to another network namespace.
    RoutedSocket,
}

impl Link {
    /// How many there are.
    pub const KINDS: usize = 4;

    /// Where the other end of a socket is; `None` for what is none.
    pub fn peer(self) -> Option<Peer> {
        match self {
            Link::Socket => Some(Peer::Local),
            Link::RoutedSocket => Some(Peer::Namespace),
            Link::PipeSameCpu | Link::PipeAcrossCpus => None,
        }
    }

    /// Whether both ends have places of their own, on which the point of the pair depends.
    pub fn is_pipe(self) -> bool {
        matches!(self, Link::PipeSameCpu | Link::PipeAcrossCpus)
    }
}
