//! Hosts of the kinds that detectors get wrong: each is one of the captured hosts with a few things changed, and the
//! line that is right there.
//!
//! The hosts from public reports have their golden reports in `tests/fixtures/hosts`; here are others of each kind, so
//! that it is the mechanism that is right and not one case.
#![cfg(all(target_os = "linux", any(target_arch = "x86", target_arch = "x86_64")))]

mod captures;
mod containers;
mod kernels;
mod limits;
mod machines;
mod others;
mod reports;

use std::path::{Path, PathBuf};

use strata::probe::gather;
use strata::probe::inventory::{Confidence, Entry, Inventory, Layer, LayerKind, Limit, Resource, Root, take};

fn hosts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/hosts")
}

fn host(name: &str) -> Root {
    Root::load(&hosts().join(name)).unwrap()
}

fn text(content: &str) -> Entry {
    Entry::File { bytes: content.into(), whole: true }
}

/// A host with some files replaced; an empty one is taken away.
fn with(name: &str, files: &[(&str, &str)]) -> Root {
    let mut root = host(name);
    for (path, content) in files {
        root.insert(*path, if content.is_empty() { Entry::Refused("taken out".into()) } else { text(content) });
    }
    root
}

fn layer(root: &Root, kind: LayerKind) -> Layer {
    take(root).layer(kind).unwrap_or_else(|| panic!("no {kind:?}")).clone()
}

fn limit(root: &Root, resource: Resource) -> Limit {
    take(root).limits.into_iter().find(|limit| limit.resource == resource).unwrap()
}

/// CPUID's twelve letters at a leaf, with the bit of hypervisors.
fn signed(root: &mut Root, leaf: u32, letters: &[u8; 12]) {
    let mut cpuid = root.cpuid().clone();
    let word = |at: usize| u32::from_le_bytes([letters[at], letters[at + 1], letters[at + 2], letters[at + 3]]);
    cpuid.set(leaf, 0, [leaf + 1, word(0), word(4), word(8)]);
    let [a, b, c, d] = cpuid.get(1, 0).unwrap();
    cpuid.set(1, 0, [a, b, c | 1 << 31, d]);
    root.set_cpuid(cpuid);
}

const VENDOR: &str = "/sys/class/dmi/id/sys_vendor";
const PRODUCT: &str = "/sys/class/dmi/id/product_name";

/// What an inventory says, but for names that were taken out.
fn verdict(inventory: &Inventory) -> Vec<String> {
    let layers = inventory.layers.iter().map(|layer| {
        format!("{:?} {} {} {:?} {}", layer.layer, layer.name, layer.present, layer.confidence, layer.evidence.len())
    });
    let limits = inventory.limits.iter().map(|limit| {
        let set = limit.set_at.is_some();
        format!(
            "{:?} {:?} {} {} {:?} {}",
            limit.resource,
            limit.value,
            limit.devices.len(),
            set,
            limit.confidence,
            limit.evidence.len()
        )
    });
    layers.chain(limits).collect()
}

/// The inventory of a host, which a capture of it, with all that is somebody's own taken out, gives too.
fn settled(root: &Root) -> Inventory {
    let inventory = take(root);
    assert_eq!(verdict(&take(&root.scrubbed())), verdict(&inventory));
    inventory
}

/// A line of [`settled`].
fn of(root: &Root, kind: LayerKind) -> Layer {
    settled(root).layer(kind).unwrap_or_else(|| panic!("no {kind:?}")).clone()
}

/// A limit of [`settled`].
fn in_force(root: &Root, resource: Resource) -> Limit {
    settled(root).limits.into_iter().find(|limit| limit.resource == resource).unwrap()
}

/// This process and pid 1 in namespaces of these kinds that were made later, together.
fn contained(root: &mut Root, kinds: &[&str]) {
    for (at, kind) in kinds.iter().enumerate() {
        for who in ["self", "1"] {
            root.insert(
                format!("/proc/{who}/ns/{kind}"),
                Entry::Link(format!("{kind}:[{}]", 4026532700u64 + at as u64)),
            );
        }
    }
}
