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

use super::frame::{At, Frame, Kind, Pc, TaskId, steps};
use super::journal::Ride;
use super::spec::{ContainerStart, StartNetwork};
use super::step::{Place, Step};
use super::turn::Turn;

steps! {
    /// Who starts it: until the program tells that it runs; then, unattributed, its end.
    enum StartStep { Clone, Wait, WaitFilters, Told, End, Reap, ReapFilters, Reaped }
}

steps! {
    /// [`Kind::ContainerChild`]: up to the program, which says that it runs, and waits until it is told to end.
    enum ChildStep {
        Born, Write, Arrange, Execute, Say, SayFilters, SayBody, Said, Wait, WaitFilters, WaitBody, Exit
    }
}

/// Folders of the layers, and the program in them.
const ENTRIES: u32 = 7;

/// System calls of the runtime that do next to nothing: that it dies with its parent, in both processes; the new root
/// as its folder; the host name; no new privileges; the program's descriptors.
const SMALL_CALLS: u32 = 9;

/// Step number `index` of a start, from the first process's birth to the program. A fork copies so many `entries`.
pub fn step(start: &ContainerStart, entries: u64, index: usize) -> Option<Step> {
    steps(start, entries).get(index).copied()
}

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
    /// [`super::spec::Operation::StartContainer`].
    pub fn step_start_container(&mut self, at: At, task: TaskId, operation: u16, pc: Pc) {
        match StartStep::of(pc) {
            StartStep::Clone => {
                self.goto(at, StartStep::Wait);
                self.push(at, Kind::Clone { operation, vfork: false });
            }
            StartStep::Wait => self.enter_kernel(at, StartStep::WaitFilters),
            StartStep::WaitFilters => self.run_filters(at, task, StartStep::Told),
            StartStep::Told if self.take_message(task) => {
                self.return_and_end(at);
                self.frames(at.context).push(Frame::at(Kind::Operation(operation), Ride::NONE, StartStep::End));
            }
            StartStep::Told => self.block(task),
            StartStep::End => {
                self.goto(at, StartStep::Reap);
                let child = self.s.task(task).child;
                self.push(at, Kind::Send(child));
            }
            StartStep::Reap => self.enter_kernel(at, StartStep::ReapFilters),
            StartStep::ReapFilters => self.run_filters(at, task, StartStep::Reaped),
            StartStep::Reaped if self.take_message(task) => self.pop(at),
            StartStep::Reaped => self.block(task),
        }
    }

    /// [`Kind::ContainerChild`]: from its birth until it is a process like any.
    pub fn step_container(&mut self, at: At, operation: u16, pc: Pc) {
        let Some(child) = self.task_of(at) else { return self.pop(at) };
        let Some((start, becomes)) = self.container_start(operation) else { return self.pop(at) };
        let parts = self.s.kernel_of(at.cpu).parts;
        let pay = |turn: &mut Self, next: ChildStep, primitive, component| {
            turn.pay(at, next, primitive, 1, component, Crossing::None, Token::SystemCall);
        };
        match ChildStep::of(pc) {
            ChildStep::Born => {
                self.goto(at, ChildStep::Write);
                let component = self.user_component(at);
                self.return_to_user(at, component);
            }
            ChildStep::Write => {
                self.goto(at, ChildStep::Arrange);
                self.push(at, Kind::CopyOnWrite(start.written));
            }
            ChildStep::Arrange => {
                self.goto(at, ChildStep::Execute);
                self.push(at, Kind::Sequence { operation, index: 0 });
            }
            ChildStep::Execute => self.exec(at, start.image, false, ChildStep::Say),
            ChildStep::Say if becomes.is_some() => becomes.into_iter().for_each(|node| self.take_up(at, node)),
            ChildStep::Say => self.enter_kernel(at, ChildStep::SayFilters),
            ChildStep::SayFilters => pay(self, ChildStep::SayBody, Primitive::SeccompFilter, parts.system_calls),
            ChildStep::SayBody => pay(self, ChildStep::Said, Primitive::PipeTransfer, parts.files),
            ChildStep::Said => {
                self.goto(at, ChildStep::Wait);
                let parent = self.s.task(child).parent;
                self.push(at, Kind::Send(parent));
            }
            ChildStep::Wait => self.enter_kernel(at, ChildStep::WaitFilters),
            ChildStep::WaitFilters => self.run_filters(at, child, ChildStep::WaitBody),
            ChildStep::WaitBody if self.take_message(child) => self.goto(at, ChildStep::Exit),
            ChildStep::WaitBody => self.block(child),
            ChildStep::Exit => self.push(at, Kind::ExitThread { lent: false }),
        }
    }
}
