//! What `strata validate` found, work by work, kept between runs of the window.
//!
//! Each work can be compared again by itself, so the table grows line by line. A line that was predicted with costs
//! that have since been measured anew says so.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::validate::{Report, Work, Workload};

/// A file is some hundred KiB; nothing larger is read.
const MOST_BYTES: u64 = 16 << 20;

/// So many works say something about simulations in general.
const ENOUGH_WORKS: usize = 10;

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    /// What was predicted and what came out.
    pub workload: Workload,
    /// Predicted with costs that are no longer those of this computer.
    pub outdated: bool,
}

/// The table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// By the work's name.
    pub lines: BTreeMap<String, Compared>,
    /// The share of this computer's processors that others used during the last comparison, if that is known.
    pub others: Option<f64>,
}

impl Comparison {
    /// The names of all works, in the order of the table.
    pub fn names() -> Vec<String> {
        Work::all().into_iter().map(Work::name).collect()
    }

    /// Takes a report in.
    pub fn add(&mut self, report: Report) {
        self.others = report.others;
        for workload in report.workloads {
            self.lines.insert(workload.name.clone(), Compared { workload, outdated: false });
        }
    }

    /// The costs have changed.
    pub fn outdate(&mut self) {
        self.lines.values_mut().for_each(|line| line.outdated = true);
    }

    /// The median of the sizes of all errors, and how many there are.
    pub fn median_error(&self) -> Option<(f64, usize)> {
        median(self.lines.values())
    }

    /// By how much simulations with this computer's costs are off, for the badge: the median error of the works that
    /// were predicted with these costs, if they are enough to speak for others.
    pub fn error_of_costs(&self) -> Option<f64> {
        let (error, count) = median(self.lines.values().filter(|line| !line.outdated))?;
        (count >= ENOUGH_WORKS).then_some(error)
    }

    /// What was kept in `folder`; nothing if there is nothing, or nothing that can be read. `costs` is when the costs
    /// were measured last.
    pub fn load(folder: &Path, costs: Option<SystemTime>) -> Comparison {
        let path = path_in(folder);
        let Ok(about) = std::fs::metadata(&path) else { return Comparison::default() };
        if !about.is_file() || about.len() > MOST_BYTES {
            tracing::warn!("{} is not used: not a plain file of at most 16 MiB", path.display());
            return Comparison::default();
        }
        let read = std::fs::read_to_string(&path).map_err(|error| error.to_string());
        let parsed = read.and_then(|text| serde_json::from_str::<Comparison>(&text).map_err(|error| error.to_string()));
        let mut comparison = parsed.unwrap_or_else(|error| {
            tracing::warn!("{} is not used: {error}", path.display());
            Comparison::default()
        });
        if costs.zip(about.modified().ok()).is_some_and(|(costs, compared)| costs > compared) {
            comparison.outdate();
        }
        comparison
    }

    /// Keeps it in `folder`.
    pub fn save(&self, folder: &Path) {
        let path = path_in(folder);
        let text = serde_json::to_string(self).map_err(|error| error.to_string());
        let written = text.and_then(|text| {
            std::fs::create_dir_all(folder)
                .and_then(|()| std::fs::write(&path, text))
                .map_err(|error| error.to_string())
        });
        if let Err(error) = written {
            tracing::warn!("the comparison is not kept in {}: {error}", path.display());
        }
    }
}

fn median<'a>(lines: impl Iterator<Item = &'a Compared>) -> Option<(f64, usize)> {
    let mut sizes: Vec<f64> = lines.filter_map(|line| line.workload.error).map(f64::abs).collect();
    sizes.sort_by(f64::total_cmp);
    let middle = sizes.get(sizes.len() / 2)?;
    let other = sizes.get((sizes.len() - 1) / 2)?;
    Some(((middle + other) / 2.0, sizes.len()))
}

fn path_in(folder: &Path) -> PathBuf {
    folder.join("compared.json")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::{Statistic, Unit};

    fn workload(name: &str, error: Option<f64>) -> Workload {
        Workload {
            name: name.to_owned(),
            unit: Unit::Ns,
            statistic: Statistic::Median,
            predicted: error.map(|_| 110.0),
            measured: Some(100.0),
            error,
            spread_predicted: None,
            spread_measured: None,
            samples_predicted: vec![1.0],
            samples_measured: vec![2.0],
            not_predicted: error.is_none().then(|| "mechanism missing".to_owned()),
            not_measured: None,
        }
    }

    #[test]
    fn lines_are_replaced_one_by_one_and_survive_the_window() {
        let mut comparison = Comparison::default();
        let line = |w: Workload| (w.name.clone(), Compared { workload: w, outdated: false });
        comparison.lines.extend([line(workload("a", Some(-0.2))), line(workload("b", Some(0.1)))]);
        comparison.lines.extend([line(workload("c", None))]);
        assert!(comparison.median_error().is_some_and(|(error, count)| (error - 0.15).abs() < 1e-9 && count == 2));
        let folder = tempfile::tempdir().unwrap();
        comparison.save(&folder.path().join("new"));
        assert_eq!(Comparison::load(&folder.path().join("new"), None), comparison);
        let later = SystemTime::now() + std::time::Duration::from_secs(3600);
        let outdated = Comparison::load(&folder.path().join("new"), Some(later));
        assert!(outdated.lines.values().all(|line| line.outdated));
    }

    #[test]
    fn the_badge_tells_no_error_of_a_few_works_or_of_earlier_costs() {
        let mut comparison = Comparison::default();
        for number in 0..10 {
            assert_eq!(comparison.error_of_costs(), None);
            let line = Compared { workload: workload("", Some(-0.06)), outdated: false };
            comparison.lines.insert(number.to_string(), line);
        }
        assert!(comparison.error_of_costs().is_some_and(|error| (error - 0.06).abs() < 1e-9));
        comparison.outdate();
        assert_eq!(comparison.error_of_costs(), None);
    }

    #[test]
    fn a_broken_or_missing_file_is_an_empty_table() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Comparison::load(folder.path(), None), Comparison::default());
        std::fs::write(path_in(folder.path()), "{").unwrap();
        assert_eq!(Comparison::load(folder.path(), None), Comparison::default());
        assert_eq!(Comparison::default().median_error(), None);
    }
}
