//! What one use of one mechanism costs, and where each number comes from.
//!
//! A [`Primitive`] is one use of one mechanism: a world switch, one page-walk reference, one copy of 4 KiB. It is
//! never an outcome: there is no primitive for "a read in a VM". A [`Profile`] gives every primitive a [`Cost`]:
//! a value, its unit, its spread where that matters, and its [`Provenance`].

mod cost;
mod primitive;
mod profile;
mod published;

pub use cost::{Cost, Provenance, Quantiles, Unit};
pub use primitive::Primitive;
pub use profile::{Profile, ProfileError, Table, log2};
pub use published::{Published, published};
