//! What others have measured: figures to put beside what is measured here. Simulations never use them; what they use
//! without a measurement is a [`Profile`](super::Profile).

use serde::Deserialize;

const PUBLISHED: &str = include_str!("../../assets/published.ron");

/// One published figure, or a range of them from one source.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// A measurement of the probe: a primitive's name, or one of its own such as `fork_exit_wait`.
    pub name: String,
    /// The least, in nanoseconds.
    pub low: f64,
    /// The greatest, in nanoseconds; as `low` for a single figure.
    pub high: f64,
    /// Who measured it, and on what.
    pub source: String,
}

/// All of them.
pub fn published() -> Vec<Published> {
    // A unit test parses the embedded file, so this can't fail in a program that passed its tests.
    ron::from_str(PUBLISHED).expect("the embedded figures are valid: tested below")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_published_figure_is_a_range_of_times_with_a_source() {
        let figures: Vec<Published> = ron::from_str(PUBLISHED).unwrap();
        for Published { name, low, high, source } in figures {
            assert!(low > 0.0 && high >= low && high < 1e12, "{name}: {low} to {high}");
            assert!(source.len() > 10, "{name}: {source}");
        }
    }
}
