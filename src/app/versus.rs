//! Two runs beside each other: what changed, column by column, in numbers.
//!
//! A run is kept as its totals, so that it can be compared with after the machine itself is gone. Columns are paired
//! as `strata compare` pairs them: by name, or, where no names agree, by place. Times are per operation, so that runs
//! of different lengths can be compared; counts are of the whole run.

use super::recording::Recording;
use super::totals::{COUNTED, Row};
use super::{letters, names};
use crate::engine::Time;
use crate::trace::{ExitReason, Layer, StackId};

/// A run as it is compared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Kept {
    /// The scenario's title.
    pub title: String,
    /// Whose costs.
    pub costs: String,
    /// What all chance comes from.
    pub seed: u64,
    /// The simulated time at its end.
    pub end: Time,
    /// Two runs of the same hash are the same to the last event.
    pub hash: u64,
    /// By stack: its name and its totals.
    pub stacks: Vec<(String, Row)>,
}

/// So many stacks are compared; the rest is said to be left out.
pub const MOST: usize = 64;

impl Kept {
    /// The whole of a run.
    pub fn of(recording: &Recording) -> Kept {
        let stacks = recording.topology().stacks.iter().take(MOST).enumerate();
        let end = recording.outcome.simulated;
        Kept {
            title: recording.scenario.title.clone(),
            costs: recording.profile.title.clone(),
            seed: recording.scenario.seed,
            end,
            hash: recording.outcome.trace_hash,
            stacks: stacks.map(|(i, stack)| (stack.name.clone(), recording.totals.at(i, end))).collect(),
        }
    }
}

/// One number in both runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// In the first run.
    pub before: u64,
    /// In the second.
    pub after: u64,
}

impl Change {
    /// By how much it changed, as "+14.2 %"; "=" if it did not.
    pub fn words(self) -> String {
        match (self.before, self.after) {
            (before, after) if before == after => "=".to_owned(),
            (0, _) => "new".to_owned(),
            (_, 0) => "gone".to_owned(),
            (before, after) => {
                let ratio = after as f64 / before as f64;
                match ratio {
                    ratio if ratio >= 3.0 => format!("{ratio:.3}×"),
                    ratio => format!("{:+.1} %", (ratio - 1.0) * 100.0),
                }
            }
        }
    }
}

/// A line of the comparison: one measure, in every pair of columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// "median", "hypervisor", "VM exits: HLT".
    pub label: String,
    /// Whether it is a time; else a count.
    pub time: bool,
    /// By pair.
    pub changes: Vec<Change>,
}

/// Two runs compared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Versus {
    /// The pairs: "C  VM", or "C  VM → D  container".
    pub pairs: Vec<String>,
    /// What is shown of them; where both have nothing in every pair, there is no line.
    pub lines: Vec<Line>,
    /// Columns that only one of the runs has, and which run that is.
    pub alone: Vec<(String, bool)>,
}

impl Versus {
    /// Compares two runs.
    pub fn of(a: &Kept, b: &Kept) -> Versus {
        let same = |name: &str| b.stacks.iter().position(|(other, _)| other == name);
        let mut pairs: Vec<(usize, usize)> =
            a.stacks.iter().enumerate().filter_map(|(i, (name, _))| same(name).map(|j| (i, j))).collect();
        if pairs.is_empty() {
            pairs = (0..a.stacks.len().min(b.stacks.len())).map(|i| (i, i)).collect();
        }
        let name = |kept: &Kept, i: usize| {
            let name = kept.stacks.get(i).map_or(String::new(), |(name, _)| names::name(name));
            format!("{}  {name}", letters::letter(StackId(i as u32)))
        };
        let title = |(i, j): &(usize, usize)| match (name(a, *i), name(b, *j)) {
            (before, after) if before == after => after,
            (before, after) if before.get(3..) == after.get(3..) => after,
            (before, after) => format!("{before} → {after}"),
        };
        let lines = measures().into_iter().filter_map(|(label, time, of)| {
            let change = |(i, j): &(usize, usize)| Change { before: of(&a.stacks[*i].1), after: of(&b.stacks[*j].1) };
            let changes: Vec<Change> = pairs.iter().map(change).collect();
            changes.iter().any(|change| change.before > 0 || change.after > 0).then_some(Line { label, time, changes })
        });
        let without = |kept: &Kept, second: bool| -> Vec<(String, bool)> {
            let paired = |i: usize| pairs.iter().any(|(x, y)| if second { *y == i } else { *x == i });
            (0..kept.stacks.len()).filter(|i| !paired(*i)).map(|i| (name(kept, i), second)).collect()
        };
        let alone = [without(a, false), without(b, true)].concat();
        Versus { pairs: pairs.iter().map(title).collect(), lines: lines.collect(), alone }
    }
}

/// A measure: its label, whether it is a time, and where it stands.
type Measure = (String, bool, Box<dyn Fn(&Row) -> u64>);

fn measures() -> Vec<Measure> {
    let mut all: Vec<Measure> = vec![("operations".to_owned(), false, Box::new(|row| row.operations))];
    for (i, label) in ["median", "95 %", "99 %", "longest", "mean"].into_iter().enumerate() {
        all.push((label.to_owned(), true, Box::new(move |row| row.latency[i])));
    }
    for layer in Layer::ALL {
        let of = move |row: &Row| row.ledger[layer as usize].checked_div(row.operations).unwrap_or(0);
        all.push((format!("of it {}", layer.label()), true, Box::new(of)));
    }
    for (i, label) in COUNTED.into_iter().enumerate() {
        all.push((label.to_lowercase(), false, Box::new(move |row| row.counts[i])));
    }
    for reason in ExitReason::ALL {
        let of = move |row: &Row| row.exits[reason as usize];
        all.push((format!("VM exits: {}", reason.label()), false, Box::new(of)));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(stacks: &[(&str, u64, u64)]) -> Kept {
        let row = |operations, median| Row { operations, latency: [median, 0, 0, 0, median], ..Row::default() };
        let stacks = stacks.iter().map(|(name, n, median)| ((*name).to_owned(), row(*n, *median)));
        Kept { stacks: stacks.collect(), ..Kept::default() }
    }

    #[test]
    fn columns_are_paired_by_name_and_what_only_one_run_has_is_said() {
        let (a, b) = (kept(&[("app", 10, 100), ("vm", 10, 200)]), kept(&[("vm", 20, 300), ("box", 1, 5)]));
        let versus = Versus::of(&a, &b);
        assert_eq!(versus.pairs, ["A  VM"]);
        assert_eq!(versus.alone, [("A  app".to_owned(), false), ("B  box".to_owned(), true)]);
        let median = versus.lines.iter().find(|line| line.label == "median").expect("a median");
        assert_eq!(median.changes, [Change { before: 200, after: 300 }]);
        assert_eq!(median.changes[0].words(), "+50.0 %");
        assert!(versus.lines.iter().all(|line| line.label != "95 %"), "what nobody has is no line");
    }

    #[test]
    fn without_a_common_name_columns_are_paired_by_place() {
        let versus = Versus::of(&kept(&[("a", 1, 10)]), &kept(&[("b", 1, 10), ("c", 1, 1)]));
        assert_eq!(versus.pairs, ["A  a → A  b"]);
        assert_eq!(versus.alone, [("B  c".to_owned(), true)]);
    }

    #[test]
    fn changes_are_said_in_words() {
        for (before, after, words) in [
            (5, 5, "="),
            (0, 3, "new"),
            (3, 0, "gone"),
            (100, 90, "-10.0 %"),
            (100, 137, "+37.0 %"),
            (10, 98, "9.800×"),
        ] {
            assert_eq!(Change { before, after }.words(), words);
        }
    }
}
