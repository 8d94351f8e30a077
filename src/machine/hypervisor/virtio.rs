//! virtio: the guest's requests travel through a ring in shared memory to a thread of the kernel below.
//!
//! Real (OASIS virtio 1.2): the driver adds a descriptor chain to the available ring and writes the notify
//! register, which exits; KVM matches the address with an eventfd (ioeventfd) and wakes who waits for it: a thread
//! of the user-space device model, or a vhost kernel thread. That thread does the I/O on its own kernel, adds to the
//! used ring and signals another eventfd (irqfd), which injects an interrupt. While the thread is awake it asks for
//! no notifications (EVENT_IDX). A disk's data go to the guest's memory by DMA (cache=none); a packet's are copied: vhost
//! by one copy each way (`drivers/vhost/net.c`, without zero-copy, the default since Linux 5.3), a user-space device model
//! by one on the way out, and by two on the way in, into its own memory and from there into the guest's (QEMU,
//! `net/tap.c`, `hw/net/virtio-net.c`). Segments go through whole.
//! Modelled: all of that, one thread per VM for its disk and network. Left out: multiqueue, indirect descriptors,
//! interrupt coalescing, buffers that are merged for a long packet.

use crate::costs::Primitive;
use crate::engine::Time;
use crate::trace::{ComponentId, Crossing, Token, Wait};

use crate::machine::frame::{At, Exit, Frame, IrqKind, Kind, Pc, RequestId, TaskId, steps};
use crate::machine::journal::Ride;
use crate::machine::spec::Backend;
use crate::machine::state::{Origin, Request, RequestKind, TaskState, VmId};
use crate::machine::turn::Turn;

steps! {
    /// [`Kind::Backend`].
    enum BackendStep {
        Take,
        Taken,
        /// The bytes of a packet.
        CopyOut,
        Submit,
        Submitted,
        Reap,
        CopyIn,
        CopyInAgain,
        GiveBack,
        Signal,
        Signalled,
        Sleep,
    }
}

impl Turn<'_> {
    /// A guest driver has filled the ring with `request`: it rings the doorbell, unless the other end is awake.
    pub fn kick(&mut self, at: At, vm: VmId, request: RequestId) {
        let worker = self.s.vm(vm).worker;
        // It may be about to end; the machine then ends with it.
        if !self.s.lives(worker) {
            return;
        }
        if self.s.task(worker).state == TaskState::Blocked {
            if let Some(thread) = self.s.thread_of(at.cpu) {
                self.exit_guest(thread, Exit::Doorbell(request), false, at.ride);
            }
        } else {
            self.queue_for_backend(worker, request, at.ride);
        }
    }

    /// The exit's handler: the doorbell belongs to a VM's backend, which is woken.
    pub fn doorbell(&mut self, at: At, request: RequestId) {
        let kernel = self.s.request(request).kernel;
        let Some(vm) = self.s.kernel(kernel).vm else { return };
        let worker = self.s.vm(vm).worker;
        if !self.s.lives(worker) {
            return;
        }
        let ride = self.queue_for_backend(worker, request, at.ride);
        if self.s.task(worker).state == TaskState::Blocked {
            self.push(At { ride, ..at }, Kind::Wake(worker));
        }
    }

    fn queue_for_backend(&mut self, worker: TaskId, request: RequestId, ride: Ride) -> Ride {
        let ride = self.hand_on(ride, request);
        self.s.request_mut(request).ride = ride;
        self.s.task_mut(worker).inbox.push_back(request);
        self.wait_for_backend(worker, ride);
        ride
    }

    /// [`Kind::Backend`]: the thread that serves a VM's devices. Its inbox holds guest requests to take and served
    /// ones to give back.
    pub fn step_backend(&mut self, at: At, frame: Frame) {
        let Some(worker) = self.task_of(at) else { return self.pop(at) };
        let parts = self.s.kernel_of(at.cpu).parts;
        let Some(vm) = self.s.process_of(worker).vm else { return self.pop(at) };
        let user_space = self.s.vm(vm).backend == Backend::UserSpace;
        let mut at = at;
        match BackendStep::of(frame.pc) {
            BackendStep::Take => {
                let Some(&request) = self.s.task(worker).inbox.front() else {
                    return self.goto(at, BackendStep::Sleep);
                };
                // From here on it is this thread that carries it, not the one that is still waking it.
                let ride = self.s.journal.hand_over(self.s.request(request).ride);
                self.s.request_mut(request).ride = ride;
                self.carry(&mut at, ride);
                let done = self.s.request(request).done;
                let next = if done { BackendStep::Reap } else { BackendStep::Taken };
                if user_space {
                    // poll() returns with the eventfd, or io_getevents() with the completion.
                    self.system_call_of_device_model(at, next, parts.system_calls);
                } else {
                    self.goto(at, next);
                }
            }
            BackendStep::Taken => {
                let component = self.s.task(worker).component;
                let primitive = Primitive::VirtioBackendPop;
                self.pay(at, BackendStep::CopyOut, primitive, 1, component, Crossing::None, Token::IoRequest);
            }
            BackendStep::CopyOut => {
                let bytes = self.packet_at(worker).map_or(0, |(out, _)| out);
                let component = self.s.task(worker).component;
                self.copy_message(at, BackendStep::Submit, (bytes, bytes), component, Token::Packet);
            }
            BackendStep::Submit => {
                if user_space {
                    self.system_call_of_device_model(at, BackendStep::Submitted, parts.system_calls);
                } else {
                    self.goto(at, BackendStep::Submitted);
                }
            }
            BackendStep::Submitted => {
                self.goto(at, BackendStep::Take);
                let Some(guest_request) = self.s.task_mut(worker).inbox.pop_front() else { return };
                let guest = *self.s.request(guest_request);
                let device = self.s.device_below(guest_request);
                let request = self.s.add_request(Request {
                    ride: Ride::NONE,
                    origin: Origin::Guest(vm, guest_request),
                    kernel: self.s.cpu(at.cpu).kernel,
                    cpu: at.cpu,
                    device,
                    started: Time::ZERO,
                    done: false,
                    with: None,
                    ..guest
                });
                match guest.kind {
                    RequestKind::Packet { .. } => self.push(at, Kind::SubmitPacket(request)),
                    _ => {
                        self.s.vm_mut(vm).at_devices += 1;
                        self.push(at, Kind::SubmitBlock(request));
                    }
                }
            }
            BackendStep::Reap => {
                let component = self.s.task(worker).component;
                let primitive = Primitive::VirtioBackendPush;
                self.pay(at, BackendStep::CopyIn, primitive, 1, component, Crossing::None, Token::IoRequest);
            }
            BackendStep::CopyIn | BackendStep::CopyInAgain => {
                let bytes = self.packet_at(worker).map_or(0, |(_, back)| back);
                let component = self.s.task(worker).component;
                let once_more = user_space && BackendStep::of(frame.pc) == BackendStep::CopyIn;
                let next = if once_more { BackendStep::CopyInAgain } else { BackendStep::GiveBack };
                self.copy_message(at, next, (bytes, bytes), component, Token::Packet);
            }
            BackendStep::GiveBack => {
                if user_space {
                    // The write to the irqfd.
                    self.system_call_of_device_model(at, BackendStep::Signal, parts.system_calls);
                } else {
                    self.goto(at, BackendStep::Signal);
                }
            }
            BackendStep::Signal => {
                self.goto(at, BackendStep::Signalled);
                let Some(request) = self.s.task_mut(worker).inbox.pop_front() else { return };
                let vcpu = self.s.request(request).cpu;
                let ride = self.s.journal.hand_over(at.ride);
                self.s.request_mut(request).ride = ride;
                // A driver that polls has asked for no interrupt (VIRTQ_AVAIL_F_NO_INTERRUPT).
                if self.is_polled(request) {
                    return;
                }
                self.post(vcpu, IrqKind::Device(request), ride);
                self.s.journal.wait(self.sink, ride, Wait::VcpuPreempted, Some(parts.vcpus), self.now);
                self.push(At { ride, ..at }, Kind::Notify(vcpu));
            }
            BackendStep::Signalled => self.goto(at, BackendStep::Take),
            BackendStep::Sleep => {
                self.goto(at, BackendStep::Take);
                if self.s.task(worker).inbox.is_empty() {
                    self.block(worker);
                }
            }
        }
    }

    /// Bytes out and bytes back of the packet that a backend is at; `None` for a disk's request.
    fn packet_at(&self, worker: TaskId) -> Option<(u64, u64)> {
        let request = self.s.request(*self.s.task(worker).inbox.front()?);
        match request.kind {
            RequestKind::Packet { receive, .. } => Some((request.bytes, receive)),
            RequestKind::Read | RequestKind::Write => None,
        }
    }

    fn system_call_of_device_model(&mut self, at: At, next: impl Into<Pc>, component: ComponentId) {
        self.pay(at, next, Primitive::SystemCall, 1, component, Crossing::SystemCall, Token::SystemCall);
    }

    /// A request of a backend has been served: it goes into the backend's inbox. Returns the thread to wake.
    pub fn served_for_guest(&mut self, vm: VmId, guest_request: RequestId, ride: Ride) -> TaskId {
        let worker = self.s.vm(vm).worker;
        let request = self.s.request_mut(guest_request);
        request.done = true;
        request.ride = ride;
        self.s.task_mut(worker).inbox.push_back(guest_request);
        self.wait_for_backend(worker, ride);
        worker
    }

    /// The eventfd counts what the thread has not read yet: it lies in the kernel, whoever reads it.
    fn wait_for_backend(&mut self, worker: TaskId, ride: Ride) {
        let component = self.s.kernel(self.s.task(worker).kernel).parts.backends;
        self.s.journal.wait(self.sink, ride, Wait::WorkerQueue, Some(component), self.now);
    }
}
