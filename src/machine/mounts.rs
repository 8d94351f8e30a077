//! On which disk of its kernel a file lies: a mount table, read once.
//!
//! Real: a path is walked folder by folder; where another file system is mounted on one, the walk goes on there. Of several
//! mounts at one place the last hides the others. A container has a table of its own: its layers and volumes, and what its
//! kernel has mounted only where that is handed in.
//! Modelled: the outcome, once for each file of the programs and each table, as programs open the same files again and again
//! and nothing is mounted while a machine runs. Left out: mount as an operation, mount namespaces that change, symbolic
//! links.

use std::collections::HashMap;

use super::spec::{ContainerSpec, MountSpec};
use super::state::KernelId;

/// Which disk is mounted where, by the path without the slash at its end.
type Table = HashMap<String, u16>;

fn table(mounts: &[MountSpec]) -> Table {
    mounts.iter().map(|mount| (mount.path.trim_end_matches('/').to_owned(), mount.disk)).collect()
}

/// The disk that is mounted at the longest of a file's folders, by the first of `tables` that has it; else `disk`.
fn disk_of(file: &str, disk: u16, tables: &[&Table]) -> u16 {
    let folders = std::iter::successors(Some(file), |path| path.rsplit_once('/').map(|(above, _)| above));
    let mut found = folders.chain([""]).filter_map(|path| tables.iter().find_map(|table| table.get(path)));
    found.next().copied().unwrap_or(disk)
}

/// What is mounted in each kernel of a machine that is being built.
#[derive(Debug, Default)]
pub struct FileSystems {
    /// By the number of a file: its disk. Each list once, for all who mount alike.
    lists: Vec<Vec<u16>>,
    numbers: HashMap<Vec<u16>, u32>,
    /// By [`KernelId`]: its table, and the list that follows from it.
    kernels: Vec<(Table, u32)>,
}

impl FileSystems {
    /// The kernel that comes next has mounted this.
    pub fn add_kernel(&mut self, files: &[String], mounts: &[MountSpec]) {
        let table = table(mounts);
        let list = self.list(files, 0, &[&table]);
        self.kernels.push((table, list));
    }

    /// The number of the list for a kernel's own processes.
    pub fn of_kernel(&self, kernel: KernelId) -> u32 {
        self.kernels[usize::from(kernel.0)].1
    }

    /// The number of the list for a container: its layers and volumes, and for the rest of them its kernel's.
    pub fn of_container(&mut self, files: &[String], kernel: KernelId, container: &ContainerSpec) -> u32 {
        let volumes = table(&container.volumes);
        match container.disk {
            Some(disk) => self.list(files, disk, &[&volumes]),
            None if volumes.is_empty() => self.of_kernel(kernel),
            None => {
                let below = &self.kernels[usize::from(kernel.0)].0;
                let list = files.iter().map(|file| disk_of(file, 0, &[&volumes, below])).collect();
                self.number(list)
            }
        }
    }

    /// The lists, by their numbers.
    pub fn into_lists(self) -> Vec<Vec<u16>> {
        self.lists
    }

    fn list(&mut self, files: &[String], disk: u16, tables: &[&Table]) -> u32 {
        let list = files.iter().map(|file| disk_of(file, disk, tables)).collect();
        self.number(list)
    }

    fn number(&mut self, list: Vec<u16>) -> u32 {
        // No more lists than there are processes, of which a machine has fewer than a u32 counts.
        let next = self.lists.len() as u32;
        *self.numbers.entry(list).or_insert_with_key(|list| {
            self.lists.push(list.clone());
            next
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_lies_where_its_longest_folder_is_mounted_and_last() {
        let mounts = [("/", 1), ("/data", 2), ("/data/", 3), ("/data/logs", 4), ("srv", 5)];
        let mounts = mounts.map(|(path, disk)| MountSpec { path: path.to_owned(), disk });
        let lies = |file: &str| disk_of(file, 0, &[&table(&mounts)]);
        for (file, disk) in [
            ("/data/logs/a", 4),
            ("/data/logs", 4),
            ("/data/logs-of-old", 3),
            ("/data/a/b/c", 3),
            ("/database", 1),
            ("srv/a", 5),
            ("service", 1),
        ] {
            assert_eq!(lies(file), disk, "{file}");
        }
        assert_eq!(disk_of("/data/a", 7, &[&table(&mounts[4..])]), 7);
        let volumes = [MountSpec { path: "/data".to_owned(), disk: 6 }];
        let inside = |file: &str| disk_of(file, 0, &[&table(&volumes), &table(&mounts)]);
        assert_eq!((inside("/data/a"), inside("/data/logs/a")), (6, 4));
    }
}
