//! One cost: value, unit, spread, provenance.

use serde::{Deserialize, Serialize};

/// What a value counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Unit {
    /// Nanoseconds for one use.
    Ns,
    /// A plain count: TLB entries, device channels.
    Count,
    /// Bytes per second.
    BytesPerSecond,
}

impl Unit {
    /// How the unit is written after a number.
    pub fn symbol(self) -> &'static str {
        match self {
            Unit::Ns => "ns",
            Unit::Count => "",
            Unit::BytesPerSecond => "B/s",
        }
    }
}

/// Where a number comes from. Every number has one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Provenance {
    /// Measured by the probe.
    Measured {
        /// The machine it was measured on.
        host: String,
        /// How.
        method: String,
        /// The day, as `2026-11-23`.
        when: String,
    },
    /// Read in a published source.
    Literature(String),
    /// Computed from other numbers by the formula given.
    Derived(String),
    /// Nobody has measured it for this profile; the reason says why this value is plausible.
    Assumed(String),
}

impl Provenance {
    /// One lower-case word for a badge: `measured`, `literature`, `derived`, `assumed`.
    pub fn word(&self) -> &'static str {
        match self {
            Provenance::Measured { .. } => "measured",
            Provenance::Literature(_) => "literature",
            Provenance::Derived(_) => "derived",
            Provenance::Assumed(_) => "assumed",
        }
    }

    /// The source, formula, reason, or host and method.
    pub fn detail(&self) -> String {
        match self {
            Provenance::Measured { host, method, when } => format!("{method}, on {host}, {when}"),
            Provenance::Literature(text) | Provenance::Derived(text) | Provenance::Assumed(text) => text.clone(),
        }
    }
}

/// A distribution by five of its quantiles, in the cost's unit; between them it is linear.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quantiles {
    /// The least value seen.
    pub min: f64,
    /// The median.
    pub p50: f64,
    /// Nine in ten are below.
    pub p90: f64,
    /// 99 in a hundred are below.
    pub p99: f64,
    /// The greatest value seen.
    pub max: f64,
}

/// What one use of a primitive costs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cost {
    /// The median, in `unit`.
    pub value: f64,
    /// What `value` counts.
    pub unit: Unit,
    /// How the value varies, where the spread matters (devices, wake-ups) or was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread: Option<Quantiles>,
    /// Where it comes from.
    pub provenance: Provenance,
}
