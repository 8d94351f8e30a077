//! What `strata validate` found, work by work, kept between runs of the window.
//!
//! Each work can be compared again by itself, so the table grows line by line. A line that was predicted with costs
//! that have since been measured anew says so.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::files;
use crate::validate::{Report, Work, Workload};

/// A file is some hundred KiB; nothing larger is read.
const MOST_BYTES: u64 = 16 << 20;

/// So many works say something about simulations in general.
const ENOUGH_WORKS: usize = 10;

/// The share of the computer that other programs may use while a work is compared for its error to speak for others.
const IDLE_ENOUGH: f64 = 0.1;

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    /// What was predicted and what came out.
    pub workload: Workload,
    /// Predicted with costs that are no longer those of this computer.
    pub outdated: bool,
    /// The share of this computer's processors that others used meanwhile, if that is known.
    #[serde(default)]
    pub others: Option<f64>,
}

/// The table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// By the work's name.
    pub lines: BTreeMap<String, Compared>,
    /// Why what was kept can't be used, if it can't.
    #[serde(skip)]
    pub trouble: Option<String>,
}

impl Comparison {
    /// The names of all works, in the order of the table.
    pub fn names() -> Vec<String> {
        Work::all().into_iter().map(Work::name).collect()
    }

    /// Takes a report in.
    pub fn add(&mut self, report: Report) {
        let others = report.others;
        for workload in report.workloads {
            self.lines.insert(workload.name.clone(), Compared { workload, outdated: false, others });
        }
        self.trouble = None;
    }

    /// The costs have changed.
    pub fn outdate(&mut self) {
        self.lines.values_mut().for_each(|line| line.outdated = true);
    }

    /// The median of the sizes of all errors, and how many there are.
    pub fn median_error(&self) -> Option<(f64, usize)> {
        median(self.lines.values())
    }

    /// The most that other programs used of this computer during any of the comparisons.
    pub fn others(&self) -> Option<f64> {
        self.lines.values().filter_map(|line| line.others).reduce(f64::max)
    }

    /// By how much simulations with this computer's costs are off, for the badge: the median error of the works that
    /// were predicted with these costs and done while this computer was idle but for them, and how many they are, if
    /// that is enough to speak for others.
    pub fn error_of_costs(&self) -> Option<(f64, usize)> {
        let idle = |line: &&Compared| line.others.is_none_or(|others| others <= IDLE_ENOUGH);
        median(self.lines.values().filter(|line| !line.outdated).filter(idle))
            .filter(|(_, count)| *count >= ENOUGH_WORKS)
    }

    /// What was kept in `folder`; nothing if there is nothing, or with the reason nothing that can be read. `costs` is
    /// when the costs were measured last.
    pub fn load(folder: &Path, costs: Option<SystemTime>) -> Comparison {
        let path = path_in(folder);
        let Ok(about) = std::fs::metadata(&path) else { return Comparison::default() };
        let read = files::read_text(&path, MOST_BYTES).map_err(|error| error.to_string());
        let parsed = read.and_then(|text| files::parse_json::<Comparison>(&text));
        let mut comparison = parsed.unwrap_or_else(|error| Comparison::broken(&path, &error));
        if costs.zip(about.modified().ok()).is_some_and(|(costs, compared)| costs > compared) {
            comparison.outdate();
        }
        comparison
    }

    fn broken(path: &Path, why: &str) -> Comparison {
        tracing::warn!("{} is not used: {why}", path.display());
        let trouble = Some(format!("Earlier comparisons can't be used: {}: {why}", path.display()));
        Comparison { trouble, ..Comparison::default() }
    }

    /// Keeps it in `folder`.
    pub fn save(&self, folder: &Path) {
        let path = path_in(folder);
        let text = serde_json::to_string(self).map_err(|error| error.to_string());
        let written = text.and_then(|text| {
            std::fs::create_dir_all(folder).map_err(|error| error.to_string())?;
            let told = |error: files::WriteError| format!("{error}; {}", error.advice());
            files::write(&path, &[], |file| file.write_all(text.as_bytes())).map_err(told)
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
        let line = |w: Workload| (w.name.clone(), Compared { workload: w, outdated: false, others: None });
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
            let line = Compared { workload: workload("", Some(-0.06)), outdated: false, others: Some(0.02) };
            comparison.lines.insert(number.to_string(), line);
        }
        assert!(comparison.error_of_costs().is_some_and(|(error, count)| (error - 0.06).abs() < 1e-9 && count == 10));
        comparison.lines.values_mut().take(1).for_each(|line| line.others = Some(0.5));
        assert_eq!(comparison.error_of_costs(), None, "one was compared on a busy computer");
        comparison.lines.values_mut().for_each(|line| line.others = None);
        assert!(comparison.error_of_costs().is_some());
        comparison.outdate();
        assert_eq!(comparison.error_of_costs(), None);
    }

    #[test]
    fn how_busy_the_computer_was_is_kept_for_each_line() {
        let report = |name: &str, others| Report {
            host: String::new(),
            costs: String::new(),
            seconds: 1.0,
            cancelled: false,
            others: Some(others),
            median_error: None,
            passed: false,
            workloads: vec![workload(name, Some(0.1))],
        };
        let mut comparison = Comparison::default();
        comparison.add(report("a", 0.4));
        comparison.add(report("b", 0.0));
        let kept: Vec<Option<f64>> = comparison.lines.values().map(|line| line.others).collect();
        assert_eq!((kept, comparison.others()), (vec![Some(0.4), Some(0.0)], Some(0.4)));
    }

    #[test]
    fn a_broken_or_missing_file_is_an_empty_table() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Comparison::load(folder.path(), None), Comparison::default());
        std::fs::write(path_in(folder.path()), "{").unwrap();
        let broken = Comparison::load(folder.path(), None);
        assert!(broken.lines.is_empty() && broken.trouble.is_some_and(|why| why.contains("compared.json")));
        assert_eq!(Comparison::default().median_error(), None);
    }
}
