//! Containers: the sequence that starts one.
//!
//! Real (the OCI runtime specification; crun, runc): a runtime makes a cgroup, forks, enters the cgroup and new
//! namespaces, forks again because a pid namespace only holds children, arranges the mounts (an overlay of the image's
//! layers, /proc), makes them its root, installs a seccomp filter, and executes the program. Root's needs no user
//! namespace. Docker's bridge network adds a veth pair.
//! Modelled: these steps, each with its own cost, on the journey of who starts it, until the program's first
//! instruction tells. The two forks copy the page tables of who forks, and what both processes write to is copied page
//! by page. The second process is the first one under another name, which only waits. The program ends when who
//! started it says so, who waits for that end; no journey is about it. Left out: the client, the engine and the shim,
//! which wait for this; images and their download; id ranges, device nodes, masked paths; the bridge's addresses and
//! rules; taking the rest down, which the kernel does on its own time; what these steps leave cold in the caches for
//! each other. After the start nothing of this is on the path of a system call.

use crate::costs::Primitive::{self, *};
use crate::trace::{Crossing, Token};

use super::frame::{At, Frame, Kind, TaskId};
use super::journal::Ride;
use super::kernel::process::EXIT;
use super::sequence::{Place, Step};
use super::spec::{ContainerStart, StartNetwork};
use super::state::Link;
use super::turn::Turn;

/// The program counter at which a child's sequence begins: beyond those of any child.
pub const FIRST: u8 = 32;
/// Where it ends: the program is executed, and says that it runs.
const EXECUTE: u8 = 16;
const SAY: u8 = 17;
const SAY_FILTERS: u8 = 18;
const SAY_BODY: u8 = 19;
const SAID: u8 = 20;
const WAIT: u8 = 21;
const WAIT_FILTERS: u8 = 22;
const WAIT_BODY: u8 = 23;

/// Steps of who starts it, beyond those of a fork: the message that it runs, then its end.
const TOLD: u8 = 9;
const END: u8 = 10;
const REAP: u8 = 11;
const REAP_FILTERS: u8 = 12;
const REAPED: u8 = 13;

/// Folders of the layers, and the program in them.
const ENTRIES: u32 = 7;

/// System calls of the runtime that do next to nothing: that it dies with its parent, in both processes; the new root
/// as its folder; the host name; no new privileges; the program's descriptors.
const SMALL_CALLS: u32 = 9;

/// The steps of a start, from the first process's birth to the program. A fork copies so many `entries`.
fn steps(start: &ContainerStart, entries: u64) -> [Step; 27] {
    use Place::{Calls, Files, Memory, Network, Tasks};
    let when = |wanted: bool, step: Step| if wanted { step } else { Step::Skip };
    let call = |primitive, place| Step::Call(primitive, 1, place);
    let own_network = start.network != StartNetwork::Host;
    [
        when(start.cgroup, call(CgroupCreate, Tasks)),
        when(start.cgroup, call(CgroupEnter, Tasks)),
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
        Step::Times(CopyPageEntry, u32::try_from(entries).unwrap_or(u32::MAX), Memory),
        Step::Work(WakeUp, Tasks),
        Step::Work(ContextSwitch, Tasks),
        call(MountPrivate, Files),
        call(MountTmpfs, Files),
        Step::Call(CreateFile, ENTRIES, Files),
        // The program is written.
        call(PageCacheInsert, Files),
        call(MountOverlay, Files),
        call(MountProc, Files),
        call(PivotRoot, Files),
        call(DetachMounts, Files),
        Step::Call(SystemCall, SMALL_CALLS, Calls),
        call(SeccompInstall, Calls),
        // What the runtime has to tell.
        call(PipeTransfer, Files),
    ]
}

impl Turn<'_> {
    /// Who starts it: a fork, until the program tells that it runs. Then, on no journey, its end.
    pub fn step_start_container(&mut self, at: At, task: TaskId, index: u16, pc: u8) {
        let told = self.s.task(task).messages > 0;
        match pc {
            TOLD if told => {
                self.s.task_mut(task).messages -= 1;
                self.return_and_end(at);
                self.frames(at.context).push(Frame::at(Kind::Operation(index), Ride::NONE, END));
            }
            END => {
                self.goto(at, REAP);
                let child = self.s.task(task).partners[Link::Child as usize];
                self.push(at, Kind::Send(child));
            }
            REAP => self.enter_kernel(at, REAP_FILTERS),
            REAP_FILTERS => self.run_filters(at, task, REAPED),
            REAPED if told => {
                self.s.task_mut(task).messages -= 1;
                self.pop(at);
            }
            REAPED => self.block(task),
            _ => self.step_fork(at, task, index, false, pc),
        }
    }

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
                self.goto(at, WAIT);
                self.push(at, Kind::Send(parent));
            }
            WAIT => self.enter_kernel(at, WAIT_FILTERS),
            WAIT_FILTERS => self.run_filters(at, child, WAIT_BODY),
            WAIT_BODY if self.s.task(child).messages == 0 => self.block(child),
            WAIT_BODY => {
                self.s.task_mut(child).messages -= 1;
                self.goto(at, EXIT);
            }
            _ => {
                let entries = self.s.task(child).entries;
                if !self.step_sequence(at, child, &steps(start, entries), FIRST, frame) {
                    self.goto(at, EXECUTE);
                }
            }
        }
    }
}
