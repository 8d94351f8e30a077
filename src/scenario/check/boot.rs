//! How a machine boots: what is written, and for the rest what distributions install.

use super::scalar;
use crate::machine::limits::MAX_SERVICES;
use crate::machine::spec::{BootSpec, Firmware};
use crate::scenario::file::{BootFile, FirmwareFile, Loose};
use crate::scenario::locate::Node;
use crate::scenario::problem::Problems;

/// The largest kernel, initial RAM disk and service.
const MOST: u64 = 4 << 30;
/// What the machine has beside what a boot fills: tables, the firmware's own.
const ASIDE: u64 = 16 << 20;

/// `in_guest`: a device model is below, which can put a kernel into memory. `memory`: bytes that the machine has.
pub(super) fn check(
    boot: Option<&BootFile>,
    at: &Node,
    in_guest: bool,
    memory: u64,
    problems: &mut Problems,
) -> Option<BootSpec> {
    let boot = boot?;
    let otherwise = match boot.firmware {
        FirmwareFile::Direct => BootSpec::direct(),
        FirmwareFile::Bios => BootSpec::installed(Firmware::Bios),
        FirmwareFile::Uefi => BootSpec::installed(Firmware::Uefi),
    };
    if otherwise.firmware == Firmware::None && !in_guest {
        let help = Some("write firmware: Uefi or firmware: Bios".to_owned());
        problems.add(
            at.key("firmware").span.clone(),
            "nothing below the host could put a kernel into its memory",
            help,
        );
    }
    let mut size = |value: &Option<Loose>, what: &'static str, least: u64, otherwise: u64| {
        value.as_ref().map_or(otherwise, |value| scalar::size(value, at.key(what), what, least..=MOST, problems))
    };
    let kernel = size(&boot.kernel, "kernel", 1 << 20, otherwise.kernel);
    let packed = otherwise.unpacked > otherwise.kernel;
    let unpacked =
        size(&boot.unpacked, "unpacked", 1 << 20, if packed { otherwise.unpacked.max(kernel) } else { kernel });
    let initrd = size(&boot.initrd, "initrd", 0, otherwise.initrd);
    // As much larger as what distributions install.
    let initrd_unpacked = size(&boot.initrd_unpacked, "initrd_unpacked", 0, initrd * 11 / 4);
    let service_bytes =
        size(&boot.service_bytes, "service_bytes", 0, BootSpec::installed(Firmware::Uefi).service_bytes);
    let services = boot.services.as_ref().map_or(u64::from(otherwise.services), |services| {
        scalar::whole(services, at.key("services"), "services", 0..=u64::from(MAX_SERVICES), problems)
    });
    let time = |value: &Option<Loose>, what: &'static str, otherwise, problems: &mut Problems| {
        value.as_ref().map_or(otherwise, |value| scalar::duration(value, at.key(what), what, problems))
    };
    let menu = time(&boot.menu, "menu", otherwise.menu, problems);
    let whole = BootSpec::installed(Firmware::Uefi);
    let service_work = time(&boot.service_work, "service_work", whole.service_work, problems);
    let spec = BootSpec {
        menu,
        kernel,
        unpacked,
        initrd,
        initrd_unpacked,
        services: services as u16,
        service_bytes,
        service_work,
        ..otherwise
    };
    let filled = kernel + unpacked + initrd + initrd_unpacked + memory / 64 + ASIDE;
    if filled > memory
        && let Some(problems) = problems.given(&["host", "stacks"])
    {
        let (needs, has) = (crate::amounts::bytes(filled), crate::amounts::bytes(memory));
        let message = format!("this boot fills {needs} of memory, and the machine has {has}");
        let help = "give it more memory, or a smaller kernel and initial RAM disk".to_owned();
        problems.add(at.span.clone(), message, Some(help));
    }
    Some(spec)
}
