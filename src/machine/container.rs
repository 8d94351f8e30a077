//! Containers: the sequence that starts one.
//!
//! Real (the OCI runtime specification; crun, runc): a runtime makes a cgroup, forks, enters the cgroup and new
//! namespaces, forks again because a pid namespace only holds children, arranges the mounts (an overlay of the image's
//! layers, /proc), makes them its root, installs a seccomp filter, and executes the program. Root's needs no user
//! namespace. Docker's bridge network adds a veth pair.
//! Modelled: these steps, each with its own cost, on the journey of who starts it, until the program's first
//! instruction tells. The second process is the first one under another name, which only waits. Left out: the client,
//! the engine and the shim, which wait for this; images and their download; id ranges, device nodes, masked paths; the
//! bridge's addresses and rules; taking it all down, which the kernel does on its own time. After the start nothing
//! of this is on the path of a system call.

use crate::costs::Primitive::{self, *};
use crate::trace::{Crossing, Token};

use super::frame::{At, Frame, Kind, TaskId};
use super::kernel::process::EXIT;
use super::sequence::{Place, Step};
use super::spec::{ContainerStart, StartNetwork};
use super::turn::Turn;

/// The program counter at which a child's sequence begins: beyond those of any child.
pub const FIRST: u8 = 32;
/// Where it ends: the program is executed, and says that it runs.
const EXECUTE: u8 = 16;
const SAY: u8 = 17;
const SAY_FILTERS: u8 = 18;
const SAY_BODY: u8 = 19;
const SAID: u8 = 20;

/// Folders of the layers, and the program in them.
const ENTRIES: u32 = 7;

/// The steps of a start, from the first process's birth to the program.
fn steps(start: &ContainerStart) -> [Step; 24] {
    use Place::{Calls, Files, Memory, Network, Tasks};
    let when = |wanted: bool, step: Step| if wanted { step } else { Step::Skip };
    let call = |primitive, place| Step::Call(primitive, 1, place);
    let own_network = start.network != StartNetwork::Host;
    [
        call(CgroupCreate, Tasks),
        call(CgroupEnter, Tasks),
        when(start.rootless, call(NamespaceUser, Calls)),
        // Who is who inside: setgroups, uid_map, gid_map.
        when(start.rootless, Step::Call(OpenFile, 3, Files)),
        call(NamespaceMnt, Files),
        Step::Work(NamespacePid, Tasks),
        Step::Work(NamespaceUts, Calls),
        Step::Work(NamespaceIpc, Calls),
        Step::Work(NamespaceCgroup, Tasks),
        when(own_network, Step::Work(NamespaceNet, Network)),
        when(start.network == StartNetwork::Bridge, call(VethCreate, Network)),
        call(CreateTask, Tasks),
        Step::Work(CopyAddressSpace, Memory),
        Step::Work(WakeUp, Tasks),
        Step::Work(ContextSwitch, Tasks),
        call(MountPrivate, Files),
        call(MountTmpfs, Files),
        Step::Call(CreateFile, ENTRIES, Files),
        call(MountOverlay, Files),
        call(MountProc, Files),
        call(PivotRoot, Files),
        call(DetachMounts, Files),
        // The host name.
        Step::Call(SystemCall, 1, Calls),
        call(SeccompInstall, Calls),
    ]
}

impl Turn<'_> {
    /// A child of [`super::spec::Operation::StartContainer`], from its birth until it is a process like any.
    pub fn step_container(&mut self, at: At, child: TaskId, start: &ContainerStart, frame: Frame) {
        let parts = self.s.kernel_of(at.cpu).parts;
        let parent = self.s.task(child).partners[0];
        match frame.pc {
            EXECUTE => self.exec(at, start.image, false, SAY),
            SAY => self.enter_kernel(at, SAY_FILTERS),
            SAY_FILTERS => self.pay(
                at,
                SAY_BODY,
                Primitive::SeccompFilter,
                1,
                parts.system_calls,
                Crossing::None,
                Token::SystemCall,
            ),
            SAY_BODY => {
                self.pay(at, SAID, Primitive::PipeTransfer, 1, parts.files, Crossing::None, Token::SystemCall);
            }
            SAID => {
                self.goto(at, EXIT);
                self.push(at, Kind::Send(parent));
            }
            _ => {
                if !self.step_sequence(at, child, &steps(start), FIRST, frame) {
                    self.goto(at, EXECUTE);
                }
            }
        }
    }
}
