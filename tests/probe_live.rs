//! The inventory and its capture on the computer that runs this, made odd on purpose: mounts of other groups, mount
//! points with a space, trees mounted again, an ordinary user, a signal.
//!
//! Needs root, a mount namespace and a control group of its own with a limit on processes; what cannot be made is
//! skipped with the reason.
#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_bind, mount_bind_recursive, mount_change};
use serde::{Deserialize, Serialize};
use strata::probe::gather;
use strata::probe::inventory::{Inventory, Resource, Root, take};
use strata::probe::sandbox::in_child;
use strata::probe::sandbox::namespaces::{enter_new, is_privileged};

/// The own group's limit on processes, and the other one's.
const OWN: u32 = 4242;
const OTHER: u32 = 77;

/// Two control groups beside each other with different limits, removed when dropped.
struct Groups {
    above: PathBuf,
    own: PathBuf,
    other: PathBuf,
}

impl Groups {
    fn new(test: &str) -> Result<Groups, String> {
        if !is_privileged() {
            return Err("this user may not make mounts and groups".into());
        }
        let mounts = fs::read_to_string("/proc/self/mountinfo").map_err(|e| e.to_string())?;
        let point = |line: &str| {
            let (front, back) = line.split_once(" - ")?;
            let mut back = back.split(' ');
            let (kind, options) = (back.next()?, back.nth(1)?);
            let limits = kind == "cgroup2" || (kind == "cgroup" && options.split(',').any(|option| option == "pids"));
            limits.then(|| PathBuf::from(front.split(' ').nth(4).unwrap_or_default()))
        };
        let mut why = "no tree of control groups is mounted".to_owned();
        for above in mounts.lines().filter_map(point) {
            match Groups::under(&above, test) {
                Ok(groups) => return Ok(groups),
                Err(error) => why = error,
            }
        }
        Err(why)
    }

    fn under(above: &Path, test: &str) -> Result<Groups, String> {
        let name = |which: &str| above.join(format!("strata-probe-{}-{test}-{which}", std::process::id()));
        let groups = Groups { above: above.into(), own: name("own"), other: name("other") };
        for (folder, limit) in [(&groups.own, OWN), (&groups.other, OTHER)] {
            fs::create_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
            fs::write(folder.join("pids.max"), limit.to_string())
                .map_err(|e| format!("{}: pids.max: {e}", folder.display()))?;
        }
        Ok(groups)
    }
}

impl Drop for Groups {
    fn drop(&mut self) {
        for folder in [&self.own, &self.other] {
            let _ = fs::remove_dir(folder);
        }
    }
}

/// What the inventory and a capture said.
#[derive(Serialize, Deserialize)]
struct Seen {
    limit: Option<f64>,
    set_at: Option<String>,
    live: Vec<String>,
    captured: Vec<String>,
    files: String,
}

/// What an inventory says, but for names that were taken out.
fn verdict(inventory: &Inventory) -> Vec<String> {
    let layers = inventory
        .layers
        .iter()
        .map(|l| format!("{:?} {} {} {:?} {}", l.layer, l.name, l.present, l.confidence, l.evidence.len()));
    let limits = inventory
        .limits
        .iter()
        .map(|l| format!("{:?} {:?} {} {:?} {}", l.resource, l.value, l.devices.len(), l.confidence, l.evidence.len()));
    layers.chain(limits).collect()
}

fn contents(folder: &Path) -> String {
    let entries = fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
    entries
        .map(|path| match path.is_dir() {
            true => contents(&path),
            false => format!("{}\n{}\n", path.display(), String::from_utf8_lossy(&fs::read(&path).unwrap())),
        })
        .collect()
}

/// In a mount namespace of its own, in the own group, after `arrange`, as this user.
fn seen(groups: &Groups, place: &Path, user: u32, arrange: impl Fn() -> std::io::Result<()>) -> Result<Seen, String> {
    let folder = place.join(format!("capture-{user}"));
    in_child(|| {
        let told = |what: &'static str| move |e: std::io::Error| format!("{what}: {e}");
        enter_new(rustix::thread::UnshareFlags::NEWNS).map_err(|e| format!("a mount namespace: {e}"))?;
        let flags = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
        mount_change("/", flags).map_err(|e| format!("private mounts: {e}"))?;
        fs::write(groups.own.join("cgroup.procs"), "0").map_err(told("entering the group"))?;
        arrange().map_err(told("arranging mounts"))?;
        // SAFETY: this process was forked for this and has one thread.
        if user != 0 && unsafe { libc::setgid(user) != 0 || libc::setuid(user) != 0 } {
            return Err("becoming another user".into());
        }
        let live = take(&Root::host());
        gather::save(&folder).map_err(|e| e.to_string())?;
        let captured = take(&Root::load(&folder).map_err(|e| e.to_string())?);
        let pids = live.limits.iter().find(|limit| limit.resource == Resource::Pids).cloned();
        Ok(Seen {
            limit: pids.as_ref().and_then(|limit| limit.value),
            set_at: pids.and_then(|limit| limit.set_at),
            live: verdict(&live),
            captured: verdict(&captured),
            files: contents(&folder),
        })
    })
}

/// A folder that every user may write to.
fn place() -> tempfile::TempDir {
    let place = tempfile::Builder::new().prefix("strata-live").tempdir().unwrap();
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o777)).unwrap();
    place
}

/// Arranges mounts and looks, as root and as an ordinary user; the own limit must be found, the same in a capture.
fn holds(
    test: &str,
    expected: impl Fn(&Groups, &Path) -> PathBuf,
    arrange: impl Fn(&Groups, &Path) -> std::io::Result<()>,
) {
    let groups = match Groups::new(test) {
        Ok(groups) => groups,
        Err(why) => return println!("skipped: {why}"),
    };
    for user in [0, 65534] {
        let place = place();
        let found = match seen(&groups, place.path(), user, || arrange(&groups, place.path())) {
            Ok(found) => found,
            Err(why) => return println!("skipped: {why}"),
        };
        assert_eq!(found.limit, Some(f64::from(OWN)), "user {user}: set at {:?}", found.set_at);
        let expected = expected(&groups, place.path());
        assert_eq!(found.set_at.as_deref(), expected.to_str(), "user {user}");
        assert_eq!(found.captured, found.live, "user {user}: the capture says something else");
        assert!(!found.files.contains("SECRET"), "user {user}: {}", found.files);
    }
}

#[test]
fn a_tree_that_is_mounted_again_in_a_folder_of_somebody_s_changes_nothing_and_its_name_is_told_to_nobody() {
    let own = |groups: &Groups, _: &Path| groups.own.clone();
    holds("again", own, |_, place| {
        let inside = place.join("SECRET");
        fs::create_dir(&inside)?;
        mount("t", &inside, "tmpfs", MountFlags::empty(), None)?;
        fs::create_dir_all(inside.join("chroot/sys"))?;
        Ok(mount_bind_recursive("/sys", inside.join("chroot/sys"))?)
    });
}

#[test]
fn another_group_s_folder_that_is_mounted_elsewhere_limits_nothing() {
    let own = |groups: &Groups, _: &Path| groups.own.clone();
    holds("other", own, |groups, place| {
        fs::create_dir(place.join("SECRET"))?;
        Ok(mount_bind(&groups.other, place.join("SECRET"))?)
    });
}

#[test]
fn a_mount_point_with_odd_letters_that_alone_is_left_is_read() {
    for (name, letters) in [("space", "my groups"), ("back", "my\\groups"), ("tab", "my\tgroups")] {
        let expected = |groups: &Groups, place: &Path| place.join(letters).join(groups.own.file_name().unwrap());
        holds(name, expected, |groups, place| {
            fs::create_dir(place.join(letters))?;
            mount_bind(&groups.above, place.join(letters))?;
            Ok(mount("t", "/sys/fs/cgroup", "tmpfs", MountFlags::empty(), None)?)
        });
    }
}

#[test]
fn a_capture_that_is_stopped_leaves_nothing() {
    let place = place();
    let folder = place.path().join("g");
    let stop = std::sync::atomic::AtomicBool::new(true);
    let error = gather::read().save_unless(&folder, &stop).unwrap_err();
    assert!(error.to_string().contains("stopped"), "{error}");
    assert!(!folder.exists());
    // A folder that was there stays, empty as it was.
    fs::create_dir(&folder).unwrap();
    gather::read().save_unless(&folder, &stop).unwrap_err();
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    // A part without its list is no capture.
    fs::write(folder.join("cpuid.txt"), "").unwrap();
    assert!(Root::load(&folder).unwrap_err().to_string().contains("facts.txt"));
}
