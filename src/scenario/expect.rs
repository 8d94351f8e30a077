//! Expectations: what must come out of a run, checked like a test.

use crate::machine::Outcome;

use super::quantity::{Quantity, Value};

/// What a quantity must be.
#[derive(Clone, Debug, PartialEq)]
pub enum Bound {
    /// From the first to the second, both included; picoseconds for times.
    Between(f64, f64),
    /// Exactly this, to one part in a billion.
    Equal(f64),
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
    /// Less than another quantity.
    LessThan(Quantity),
}

/// One expectation.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// As shown: "VM exits of container = 0".
    pub text: String,
    /// What is looked at.
    pub quantity: Quantity,
    /// What it must be.
    pub bound: Bound,
}

/// An expectation after a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    /// As shown.
    pub text: String,
    /// What came out.
    pub value: Value,
    /// Whether it is as expected.
    pub passed: bool,
}

impl Expectation {
    /// Tests it against a run. What has no value (a latency of nothing) never passes.
    pub fn check(&self, outcome: &Outcome) -> Checked {
        let value = self.quantity.value(outcome);
        let v = value.amount;
        let passed = match &self.bound {
            Bound::Between(from, to) => (*from..=*to).contains(&v),
            Bound::Equal(n) => (v - n).abs() <= n.abs() * 1e-9,
            Bound::AtLeast(n) => v >= *n,
            Bound::AtMost(n) => v <= *n,
            Bound::LessThan(other) => v < other.value(outcome).amount,
        };
        Checked { text: self.text.clone(), value, passed }
    }
}
