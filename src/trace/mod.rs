//! What happened: journeys, their hops, and everything that is counted from them.
//!
//! A [`Journey`] is one operation on its way through the layers. A [`Hop`] is one stretch of it, work or waiting.
//! The hops of a journey follow each other without a gap, so a ledger (time by layer) is their sum and nothing else;
//! every counter in a report is a count of hops. Work that no operation waits for (a vCPU going idle, a host
//! thread finishing up) is recorded too, as hops of journey [`JourneyId::NONE`]: it fills the lanes, not the ledger.

pub mod bars;
mod boots;
mod change;
pub mod exits;
mod hop;
mod journey;
pub mod perfetto;
mod recorder;
mod stats;
pub mod stays;
pub mod tallies;

pub use boots::{BootPart, Boots};
pub use change::{Change, ChangeKind, Ended, Refusal};
pub use hop::{ComponentId, CpuId, Crossing, ExitReason, Hop, HopId, JourneyId, Layer, StackId, Token, Wait, What};
pub use journey::{Journey, OperationKind};
pub use recorder::{Recorder, Trace};
pub use stats::{EXACT, LEAST_EXACT, Latency, StackStats, Statistic};
