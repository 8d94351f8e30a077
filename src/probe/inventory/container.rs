//! Whether this process is in a container, and whose.
//!
//! The kernel has no such thing as a container. There are namespaces, control groups, an own root file system, a
//! seccomp filter and dropped capabilities, put together by a runtime; and there are files that runtimes leave behind
//! so that programs may guess. The files prove nothing: an image made from a container and booted as a virtual machine
//! still carries `/.dockerenv`.
//!
//! So mechanisms decide, and markers only name. Where only markers speak, the line says "no container" and shows the
//! conflict.
//!
//! Two patched kernels do have such a thing, and number it: OpenVZ's and Linux-VServer's. A kernel that imitates Linux
//! ([`imitation`](super::imitation)) is itself the wall. Each distribution of WSL 2 has namespaces of its own and no
//! more; a container in one has more than those.
//!
//! Read: namespaces, the cgroup paths of this process and pid 1, mounts, seccomp, capabilities, uid map, names of
//! pid 1 and 2, and marker files' existence. Left out: a chroot, which leaves no trace that a program can read.
//! Where to read more: systemd's `src/basic/virt.c` for markers; the OCI runtime specification, `config-linux.md`.

use super::imitation::{Imitation, Kind};
use super::mounts::Mount;
use super::namespaces::{self, Namespace};
use super::root::quote;
use super::{Confidence, Layer, LayerKind, Root, cgroup, mounts, process};

/// Files that runtimes leave, and whose they are. Only `/run/.containerenv`, `/run/systemd/container` and
/// `/run/host/container-manager` are opened.
pub const MARKERS: &[(&str, &str)] = &[
    ("/.dockerenv", "Docker"),
    ("/.dockerinit", "Docker"),
    ("/run/.containerenv", "Podman"),
    ("/run/systemd/container", ""),
    ("/run/host/container-manager", ""),
    ("/dev/.lxc", "LXC"),
    ("/.singularity.d", "Apptainer"),
    ("/run/WSL", "WSL"),
    ("/.flatpak-info", "Flatpak"),
];

/// Sockets that LXD and Incus give to their containers, and by an agent to their virtual machines.
pub const INSTANCES: &[&str] = &["/dev/lxd/sock", "/dev/incus/sock"];

/// The capabilities that runtimes leave to a container unless told otherwise.
const DEFAULT_BOUNDS: &[(u64, &str)] =
    &[(0xa804_25fb, "Docker's and containerd's default"), (0x8004_05fb, "Podman's default")];

/// What speaks for and against a container.
#[derive(Default)]
struct Signs {
    /// Mechanisms in use that a container has and a plain process has not.
    mechanisms: u32,
    /// How many of them are a namespace that anybody may make with unshare(1).
    plain: u32,
    /// How many of them are namespaces of any kind.
    namespaces: u32,
    /// How many of them are mounts that a runtime made: layers at the root, files one by one.
    made: u32,
    /// The kernel itself says that this is a container.
    numbered: bool,
    /// Whether the pid namespace is the kernel's first.
    pid_initial: Option<bool>,
    /// Runtimes named by the kernel's own records: cgroup paths, mounts. Innermost first.
    named: Vec<&'static str>,
    /// Runtimes named by files and variables only.
    marked: Vec<&'static str>,
    /// Things found that only markers would explain.
    markers: Vec<String>,
    /// Lines of evidence, for and against.
    evidence: Vec<String>,
}

impl Signs {
    fn mechanism(&mut self, line: String) {
        self.mechanisms += 1;
        self.evidence.push(line);
    }

    /// Whether nothing but plain namespaces speaks for a container.
    fn only_plain(&self) -> bool {
        self.mechanisms == self.plain && self.named.is_empty()
    }

    fn name(&mut self, runtime: &'static str) {
        if !self.named.contains(&runtime) {
            self.named.push(runtime);
        }
    }
}

/// The container's layer. `imitation`: what imitates Linux here.
pub fn layer(root: &Root, namespaces: &[Namespace], imitation: Option<&Imitation>) -> Layer {
    let mut signs = Signs::default();
    let foreign = imitation.filter(|other| other.kind != Kind::UserMode);
    if foreign.is_none() {
        from_namespaces(root, namespaces, &mut signs);
    }
    from_patches(root, &mut signs);
    from_cgroups(root, namespaces, &mut signs);
    from_mounts(root, namespaces, &mut signs);
    from_markers(root, &mut signs);
    let restrictions = restrictions(root);
    let mut layer = match foreign {
        Some(other) => walled(other, &signs),
        None => judge(root, &signs),
    };
    let cut: Vec<String> = mounts::cut(root).into_iter().chain(cgroup::cut(root)).collect();
    if !cut.is_empty() && foreign.is_none() && layer.confidence == Confidence::Certain {
        layer.confidence = Confidence::Likely;
    }
    let only_plain = foreign.is_none() && signs.only_plain() && !is_wsl2(root);
    if let Some(other) = foreign {
        signs.evidence.splice(0..0, other.evidence.iter().cloned());
    }
    // Restrictions alone make no container: many services run with them.
    layer.evidence = signs.evidence;
    layer.evidence.extend(restrictions);
    layer.evidence.extend(cut);
    if layer.evidence.is_empty() {
        layer.evidence.extend(["/proc/self/cgroup", "/proc/self/mountinfo"].map(|path| root.missing(path)));
    }
    if !layer.present || only_plain {
        let all_marked =
            signs.markers.iter().map(|marker| format!("marker {marker}: no mechanism agrees, not confirmed"));
        layer.evidence.extend(all_marked);
    } else {
        layer.evidence.extend(signs.markers.iter().map(|marker| format!("marker {marker}")));
    }
    layer
}

/// Behind a kernel that imitates Linux.
fn walled(other: &Imitation, signs: &Signs) -> Layer {
    let name = match other.kind {
        Kind::Gvisor => "gVisor sandbox".into(),
        Kind::Wsl1 => "WSL 1 distribution".into(),
        _ => format!("a Linux environment of {}", other.name),
    };
    let mut layer = Layer::new(LayerKind::Container, name, other.confidence);
    layer.detail = match &signs.marked[..] {
        [] => other.is.into(),
        marked => format!("{}, by its markers · {}", marked.join(" or "), other.is),
    };
    layer
}

fn judge(root: &Root, signs: &Signs) -> Layer {
    let kind = kind(signs);
    let new = |name: String, confidence| Layer::new(LayerKind::Container, name, confidence);
    let none = |confidence| Layer { present: false, ..new("no container".into(), confidence) };
    let distribution = is_wsl2(root) && signs.named.is_empty() && signs.made == 0;
    let mut layer = match (signs.pid_initial, signs.mechanisms) {
        _ if signs.numbered => new(kind, Confidence::Certain),
        (Some(false), 1..) if distribution => new("WSL2 distribution".into(), Confidence::Likely),
        (Some(false), 1) => new("a pid namespace of its own".into(), Confidence::Likely),
        // As unshare(1) and sandboxes do, on the machine's own root file system and in its control groups.
        (Some(false), 2) if signs.only_plain() => new("pid and user namespaces of its own".into(), Confidence::Likely),
        // That it is one is certain; whose, if only markers say so, is not.
        (Some(false), 2..) if signs.named.is_empty() && !signs.marked.is_empty() => new(kind, Confidence::Likely),
        (Some(false), 2..) => new(kind, Confidence::Certain),
        // As services are locked up, which see the machine's processes and its root file system.
        (Some(true), 2..) if signs.mechanisms == signs.namespaces && signs.named.is_empty() => none(Confidence::Likely),
        (_, 2..) => new(kind, Confidence::Likely),
        (_, 1) if !signs.named.is_empty() => none(Confidence::Conflict),
        (None, 0) if root.text("/proc/self/cgroup").is_none() && root.text("/proc/self/mountinfo").is_none() => {
            let mut layer = new("container or not: unknown".into(), Confidence::Unknown);
            layer.present = false;
            layer
        }
        (pid, mechanisms) => {
            let sure = pid == Some(true) && mechanisms == 0;
            none(if sure { Confidence::Certain } else { Confidence::Likely })
        }
    };
    if layer.confidence == Confidence::Unknown && !signs.markers.is_empty() {
        layer.detail = format!("{}, and nothing else could be read", signs.markers.join(", "));
    } else if !layer.present && !signs.markers.is_empty() {
        layer.confidence = Confidence::Conflict;
        layer.detail = format!("{}, but nothing else agrees", signs.markers.join(", "));
    }
    // A marker that names another runtime than the kernel's records do.
    let foreign =
        signs.marked.iter().any(|marked| !signs.named.is_empty() && !signs.named.iter().any(|n| related(n, marked)));
    if layer.present && foreign {
        layer.confidence = Confidence::Conflict;
        layer.detail =
            format!("the kernel's records name {}, the markers {}", signs.named.join(", "), signs.marked.join(", "));
    } else if layer.present {
        let are = if signs.mechanisms == 1 { "is" } else { "are" };
        layer.detail = format!("{} of a container's mechanisms {are} in use", signs.mechanisms);
    }
    layer
}

/// Whether this is the kernel of WSL2, whose distributions have plain namespaces and no more.
///
/// People build kernels of their own for it, which may be called anything; then what Windows puts beside it tells.
fn is_wsl2(root: &Root) -> bool {
    let named = root.release().is_some_and(|release| {
        let release = release.to_ascii_lowercase();
        release.contains("microsoft") || release.ends_with("wsl2")
    });
    let windows = root.exists("/dev/dxg") || !root.names("/sys/bus/vmbus/devices").is_empty();
    named || (windows && root.exists("/run/WSL"))
}

/// The kernels that number their containers.
fn from_patches(root: &Root, signs: &mut Signs) {
    let number = |key: &str| process::status(root, key).and_then(|value| value.parse::<u64>().ok());
    let (vz, accounting) = (root.exists("/proc/vz"), root.exists("/proc/bc"));
    let openvz = match number("envID") {
        Some(0) => {
            signs.evidence.push("/proc/self/status, envID: 0, OpenVZ's number for the machine itself".into());
            None
        }
        Some(id) => Some(format!("/proc/self/status, envID: {id}, OpenVZ's number of this container")),
        None if vz && !accounting && root.refused("/proc/bc").is_none() => {
            Some("/proc/vz: there, and no /proc/bc, which OpenVZ shows to the machine itself only".into())
        }
        None if vz => {
            signs.evidence.push("/proc/vz and /proc/bc: there, as OpenVZ shows them to the machine itself".into());
            None
        }
        None => None,
    };
    let vserver = number("VxID").filter(|id| *id > 1);
    let vserver = vserver.map(|id| format!("/proc/self/status, VxID: {id}, Linux-VServer's number of this container"));
    for (line, runtime) in [(openvz, "OpenVZ"), (vserver, "Linux-VServer")] {
        let Some(line) = line else { continue };
        signs.mechanism(line);
        signs.name(runtime);
        signs.numbered = true;
    }
}

/// Kubernetes runs containers by Docker or containerd, Docker by containerd, LXC can hold any.
fn related(named: &str, marked: &str) -> bool {
    let family = |name| match name {
        "Kubernetes pod" | "Amazon ECS task" | "containerd" | "Docker" | "CRI-O" => 1,
        "Podman" | "rootless Podman" => 2,
        _ => 0,
    };
    named == marked || (family(named) != 0 && family(named) == family(marked)) || marked == "OCI"
}

fn kind(signs: &Signs) -> String {
    match &signs.named[..] {
        [] if signs.marked.is_empty() => "container of unknown kind".into(),
        [] => format!("container of unknown kind, {} by its markers", signs.marked.join(" or ")),
        [one] => one_of(one),
        [inner, rest @ ..] => format!("{} in {}", one_of(inner), rest.join(" in ")),
    }
}

/// What a runtime's containers are called.
fn one_of(runtime: &str) -> String {
    let has_a_word = runtime.ends_with("pod") || runtime.ends_with("task");
    format!("{runtime}{}", if has_a_word { "" } else { " container" })
}

fn from_namespaces(root: &Root, all: &[Namespace], signs: &mut Signs) {
    signs.pid_initial = namespaces::initial(all, "pid");
    for namespace in all {
        let counts = matches!(namespace.kind, "pid" | "user" | "uts" | "ipc");
        match (counts, namespace.initial) {
            (true, Some(false)) if matches!(namespace.kind, "pid" | "user") => {
                signs.mechanism(namespace.evidence.clone());
                signs.plain += 1;
                signs.namespaces += 1;
            }
            (true, Some(_)) | (_, Some(false)) => signs.evidence.push(namespace.evidence.clone()),
            _ => {}
        }
        let apart = namespace.kind == "mnt" && namespace.shared_with_pid1 == Some(false);
        if apart && namespace.initial.is_none() {
            signs.evidence.push(namespace.evidence.clone());
        }
    }
    if process::identity_map(root) == Some(false) {
        signs.evidence.extend(root.quoted("/proc/self/uid_map").map(|line| format!("{line}: ids are mapped")));
    }
    // kthreadd is pid 2 of the kernel's first pid namespace and of no other.
    match root.line("/proc/2/comm").as_deref() {
        Some("kthreadd") => {
            signs.evidence.push("/proc/2/comm: kthreadd, as in the kernel's first pid namespace".into())
        }
        Some(other) => signs.evidence.push(quote("/proc/2/comm, not kthreadd", other)),
        None => {}
    }
    signs.evidence.extend(root.quoted("/proc/1/comm"));
}

/// Words in cgroup paths that a runtime makes, outermost meaning first.
pub fn runtime_of(part: &str) -> Option<&'static str> {
    let starts = |prefix: &str| part.starts_with(prefix);
    Some(match part {
        "docker" => "Docker",
        "lxc" => "LXC",
        _ if starts("docker-") && part.ends_with(".scope") => "Docker",
        _ if starts("libpod-") || starts("libpod_") => "Podman",
        // `kubepods.slice`, or below a slice of the kubelet's own: `kubelet-kubepods-burstable.slice`.
        _ if part.split(['-', '.']).any(|word| word == "kubepods") => "Kubernetes pod",
        _ if starts("cri-containerd-") || starts("nerdctl-") => "containerd",
        _ if starts("crio-") => "CRI-O",
        _ if starts("lxc.payload") || starts("lxc.monitor") => "LXC",
        _ if starts("systemd-nspawn") => "systemd-nspawn",
        "garden" => "Garden",
        _ if starts("garden-") && !part.ends_with(".service") => "Garden",
        "ecs" => "Amazon ECS task",
        "mesos" => "Mesos",
        "buildkit" => "BuildKit",
        _ => return None,
    })
}

fn from_cgroups(root: &Root, all: &[Namespace], signs: &mut Signs) {
    let mut paths: Vec<String> = Vec::new();
    for file in ["/proc/self/cgroup", "/proc/1/cgroup"] {
        for (controllers, path) in cgroup::groups(root, file) {
            let named: Vec<&str> = path.split('/').rev().filter_map(runtime_of).collect();
            if !named.is_empty() && !paths.contains(&path) {
                let which = if controllers.is_empty() { "v2".into() } else { controllers.join(",") };
                signs.evidence.push(quote(file, &format!("{which} {path}")));
                paths.push(path.clone());
            }
            named.into_iter().for_each(|runtime| signs.name(runtime));
        }
    }
    let own = namespaces::initial(all, "cgroup") == Some(false);
    match (paths.is_empty(), own) {
        (false, _) => signs.mechanisms += 1,
        (true, true) => {
            signs.mechanism("a cgroup namespace of its own: the group's path above it is hidden".into());
            signs.namespaces += 1;
        }
        (true, false) => {
            let groups = cgroup::groups(root, "/proc/self/cgroup");
            if let Some((_, path)) = groups.iter().max_by_key(|(_, path)| path.len()) {
                let path = super::root::short(path);
                signs.evidence.push(format!("/proc/self/cgroup: {path}, no path names a container runtime"));
            }
        }
    }
}

/// Words in the root's source and folders where an operating system itself puts its root together: image-based ones,
/// live media, read-only roots with changes beside them.
const OWN_ROOTS: &[&str] =
    &["/ostree/", "composefs", "LiveOS", "/run/live/", "/run/rootfsbase", "overlayroot", "/rofs", "overlayfs:/overlay"];

/// Whether the root is the machine's own, however it is made: pid 1 of the machine has it too, or it is as operating
/// systems make it.
fn is_own_root(top: &Mount, namespaces: &[Namespace], pid_initial: Option<bool>) -> bool {
    let shared = namespaces.iter().find(|n| n.kind == "mnt").and_then(|n| n.shared_with_pid1);
    let folders = top.options.values().chain([&top.source, &top.root]);
    let known = || folders.into_iter().any(|text| OWN_ROOTS.iter().any(|word| format!("{text}/").contains(word)));
    pid_initial == Some(true) && shared.unwrap_or_else(known)
}

fn from_mounts(root: &Root, namespaces: &[Namespace], signs: &mut Signs) {
    let mounts = mounts::of(root);
    let own = |top: &&Mount| is_own_root(top, namespaces, signs.pid_initial);
    if let Some(top) = mounts::at_root(&mounts).filter(own) {
        let said = format!("/ is {} from {}, its root {}", top.kind, top.source, top.root);
        signs.evidence.push(format!("{}: the machine's own", quote("/proc/self/mountinfo", &said)));
    } else if let Some(top) = mounts::at_root(&mounts) {
        let said = format!("/ is {} from {}, its root {}", top.kind, top.source, top.root);
        let line = quote("/proc/self/mountinfo", &said);
        let overlay = matches!(top.kind.as_str(), "overlay" | "fuse.fuse-overlayfs" | "aufs");
        let subtree = top.root != "/" && top.kind != "btrfs";
        let kata = top.source == "kataShared";
        if overlay || subtree || kata {
            signs.mechanism(line);
            signs.made += 1;
        } else {
            signs.evidence.push(format!("{line}: not an overlay"));
        }
        if kata {
            signs.name("Kata");
        }
        let options = top.options.values().map(String::as_str).collect::<Vec<_>>().join(" ");
        let by_path = [
            ("/docker/", "Docker"),
            ("/buildkit/", "BuildKit"),
            ("/containers/storage/", "Podman"),
            ("io.containerd", "containerd"),
            ("/singularity/mnt/", "Apptainer"),
            ("/apptainer/mnt/", "Apptainer"),
            ("/lxc/", "LXC"),
            ("/lxd/", "LXC"),
            // Where the folders were moved elsewhere their arrangement stays.
            ("/overlay2/", "Docker"),
            ("/overlay/l/", "Podman"),
        ];
        for (text, runtime) in by_path {
            if (options.contains(text) || top.root.contains(text)) && signs.named.is_empty() {
                signs.evidence.push(format!("/proc/self/mountinfo: / is made of folders under …{text}…"));
                signs.name(runtime);
            }
        }
    }
    // On the machine itself it is mounted in a folder of its own, from which containers get it.
    let over = |mount: &&Mount| ["/proc", "/sys"].iter().any(|top| mounts::is_above(top, &mount.point));
    let lxcfs = mounts.iter().filter(|mount| mount.kind == "fuse.lxcfs").filter(over).count();
    if lxcfs > 0 {
        signs.mechanism(format!("/proc/self/mountinfo: {lxcfs} mounts of lxcfs, which rewrites files of /proc"));
    }
    let injected: Vec<_> = mounts
        .iter()
        .map(|mount| (mount.point.as_str(), mount.root.as_str()))
        .filter(|(point, _)| matches!(*point, "/etc/hosts" | "/etc/hostname" | "/etc/resolv.conf"))
        .collect();
    if injected.len() >= 2 {
        let points: Vec<&str> = injected.iter().map(|(point, _)| *point).collect();
        signs.mechanism(format!("/proc/self/mountinfo: mounted one by one: {}", points.join(", ")));
        signs.made += 1;
    }
    let by_source = [
        ("docker/containers/", "Docker"),
        ("overlay-containers/", "Podman"),
        ("kubelet/pods/", "Kubernetes pod"),
        ("/nerdctl/", "containerd"),
    ];
    for (text, runtime) in by_source {
        if let Some((point, source)) = injected.iter().find(|(_, source)| source.contains(text)) {
            signs.evidence.push(quote("/proc/self/mountinfo", &format!("{point} is {source}")));
            signs.name(runtime);
        }
    }
    for (point, source) in &injected {
        let Some(runtime) = arrangement(point, source).filter(|_| injected.len() >= 2) else { continue };
        if !signs.named.contains(&runtime) {
            signs
                .evidence
                .push(quote("/proc/self/mountinfo", &format!("{point} is {source}, as {runtime} arranges it")));
            signs.name(runtime);
        }
    }
    // systemd-nspawn mounts a folder of its own into each container, so that mounts can be made there later.
    let tunnel = mounts.iter().find(|mount| mount.root.contains("/systemd/nspawn/propagate/"));
    if let Some(mount) = tunnel {
        signs.mechanism(quote("/proc/self/mountinfo", &format!("{} is {}", mount.point, mount.root)));
        signs.name("systemd-nspawn");
    }
    // Others use it too.
    if lxcfs > 0 && signs.named.is_empty() {
        signs.name("LXC");
    }
    // What Kubernetes or Docker run by way of containerd, a person calls a pod or a Docker container.
    if signs.named.iter().any(|name| matches!(*name, "Kubernetes pod" | "Amazon ECS task")) {
        signs.named.retain(|name| !matches!(*name, "containerd" | "CRI-O" | "Docker" | "Podman"));
    } else if signs.named.contains(&"Docker") {
        signs.named.retain(|name| *name != "containerd");
    }
}

/// Whose arrangement of folders a file mounted at `point` comes from, wherever those lie: `…/containers/ID/hosts`.
fn arrangement(point: &str, source: &str) -> Option<&'static str> {
    let mut parts = source.rsplit('/');
    let own = parts.next()? == point.rsplit('/').next()?;
    let (folder, above, top) = (parts.next()?, parts.next()?, parts.next());
    match (own, folder, above, top) {
        (true, "userdata", _, Some("overlay-containers")) => Some("Podman"),
        (true, _, "containers", _) => Some("Docker"),
        (true, _, "sandboxes", _) => Some("containerd"),
        _ => None,
    }
}

fn from_markers(root: &Root, signs: &mut Signs) {
    for &(path, runtime) in MARKERS {
        if !root.exists(path) {
            continue;
        }
        let said = root.line(path).unwrap_or_default();
        let runtime = if runtime.is_empty() { named_in(&said) } else { Some(runtime) };
        let rootless = root.text(path).is_some_and(|text| text.lines().any(|line| line == "rootless=1"));
        signs.marked.extend(runtime.map(|runtime| if rootless { "rootless Podman" } else { runtime }));
        signs.markers.push(if said.is_empty() { path.to_owned() } else { quote(path, &said) });
        if rootless {
            signs.named.iter_mut().filter(|name| **name == "Podman").for_each(|name| *name = "rootless Podman");
        }
    }
    for path in INSTANCES.iter().filter(|path| root.exists(path)) {
        signs.evidence.push(format!("{path}: there, as in LXD's or Incus' containers and virtual machines"));
        // In a machine it names nobody.
        if signs.mechanisms > 0 {
            signs.marked.push("LXC");
        }
    }
    let init = root.text("/proc/1/environ");
    let init = init.as_ref().and_then(|text| text.split('\0').find_map(|v| v.trim().strip_prefix("container=")));
    for (place, value) in [("/proc/1/environ", init), ("environment of this process", root.fact("container"))] {
        let Some(value) = value.filter(|value| !value.is_empty()) else { continue };
        signs.marked.extend(named_in(value));
        signs.markers.push(quote(place, &format!("container={value}")));
    }
    signs.marked.dedup();
}

/// What runtimes write into the `container` variable or a manager file, and whose it is.
const MANAGERS: &[(&str, &str)] = &[
    ("lxc", "LXC"),
    ("podman", "Podman"),
    ("docker", "Docker"),
    ("systemd-nspawn", "systemd-nspawn"),
    ("oci", "OCI"),
    ("wsl", "WSL"),
    ("flatpak", "Flatpak"),
    ("apptainer", "Apptainer"),
    ("singularity", "Apptainer"),
];

/// The runtime that the `container` variable or a manager file names: its own word, and its name.
pub fn manager(value: &str) -> Option<(&'static str, &'static str)> {
    MANAGERS.iter().find(|(text, _)| value.trim().starts_with(text)).copied()
}

fn named_in(value: &str) -> Option<&'static str> {
    manager(value).map(|(_, runtime)| runtime)
}

/// The restrictions that runtimes put on what they start.
fn restrictions(root: &Root) -> Vec<String> {
    let mut out = Vec::new();
    if let Some(mode) = process::status(root, "Seccomp") {
        out.push(quote("/proc/self/status, Seccomp", &mode));
    }
    if let Some(bound) = process::capabilities(root, "CapBnd") {
        let known = DEFAULT_BOUNDS.iter().find(|(set, _)| *set == bound).map(|(_, name)| format!(", {name}"));
        out.push(format!("/proc/self/status, CapBnd: {bound:#x}{}", known.unwrap_or_default()));
    }
    out
}
