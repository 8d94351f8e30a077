//! Doing things in processes that can't outlive the probe: forked children, and a real container made of them.

pub mod cgroups;
mod child;
pub mod container;
pub mod counts;
mod lent;
pub mod links;
pub mod namespaces;
pub mod netlink;
pub mod payload;

pub use child::{Child, Exit, die_with_parent, in_child, in_child_until, pipe, write_all};
pub use lent::{Borrower, Lender};
