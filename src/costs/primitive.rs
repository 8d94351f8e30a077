//! The names of the mechanisms that cost something.

/// Declares [`Primitive`] with the name used in files, the unit, the label shown on screen, and what one use is.
macro_rules! primitives {
    ($($variant:ident $name:literal $unit:ident $label:literal $doc:literal;)*) => {
        /// One use of one mechanism.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Primitive {
            $(#[doc = $doc] $variant,)*
        }

        impl Primitive {
            /// All of them, in the order in which profiles list them.
            pub const ALL: &'static [Primitive] = &[$(Primitive::$variant,)*];

            /// The name in profiles and reports.
            pub const fn name(self) -> &'static str {
                match self { $(Primitive::$variant => $name,)* }
            }

            /// The label on screen: sentence case, the field's own terms.
            pub const fn label(self) -> &'static str {
                match self { $(Primitive::$variant => $label,)* }
            }

            /// What one use is.
            pub const fn meaning(self) -> &'static str {
                match self { $(Primitive::$variant => $doc,)* }
            }

            /// The unit of its value.
            pub const fn unit(self) -> super::Unit {
                match self { $(Primitive::$variant => super::Unit::$unit,)* }
            }

            /// The primitive called `name` in files.
            pub fn from_name(name: &str) -> Option<Primitive> {
                match name { $($name => Some(Primitive::$variant),)* _ => None }
            }
        }
    };
}

primitives! {
    // Processor and memory
    Cycle "cycle" Ns "processor cycle" "One cycle of a core at its sustained frequency";
    L1Hit "l1_hit" Ns "L1 hit" "One dependent load that hits the first-level data cache";
    L2Hit "l2_hit" Ns "L2 hit" "One dependent load that hits the second-level cache";
    L3Hit "l3_hit" Ns "L3 hit" "One dependent load that hits the last-level cache";
    DramAccess "dram_access" Ns "DRAM access" "One dependent load from memory, its translation in the TLB";
    L1Bytes "l1_bytes" Count "L1 size" "Bytes in the first-level data cache";
    L2Bytes "l2_bytes" Count "L2 size" "Bytes in the second-level cache";
    L3Bytes "l3_bytes" Count "L3 size" "Bytes of last-level cache one core can fill";
    TlbEntries4k "tlb_entries_4k" Count "TLB entries, 4 KiB" "Entries of the last-level TLB for 4 KiB pages";
    TlbEntries2m "tlb_entries_2m" Count "TLB entries, 2 MiB" "Entries of the last-level TLB for 2 MiB pages";
    PageWalkReference "page_walk_reference" Ns "page-walk reference" "One memory reference of a page walk, mostly served by paging-structure caches";
    Cpuid "cpuid" Ns "CPUID" "CPUID executed natively";
    Exception "exception" Ns "exception entry and return" "A fault taken from ring 3 to ring 0 and IRET back, without the handler";
    InterruptEntry "interrupt_entry" Ns "interrupt entry and return" "An interrupt taken by a running core, acknowledged, and IRET, without the handler";
    IpiSend "ipi_send" Ns "send IPI" "Writing the interrupt command register natively";
    IpiDelivery "ipi_delivery" Ns "IPI delivery" "From the interrupt command register to the target core's first instruction of the handler";
    TimerProgram "timer_program" Ns "program timer" "Writing the TSC deadline natively";
    IdleExit "idle_exit" Ns "wake from idle" "From the interrupt to the first instruction of a core that stood in HLT or a shallow idle state";

    IdleExitDeep "idle_exit_deep" Ns "wake from deep idle" "The same from the deepest state that an idle core sinks into";
    IdleDeepAfter "idle_deep_after" Ns "idle until deep" "How long a core must have been idle to be in its deepest state";

    // Kernel: entry, scheduling
    SystemCall "system_call" Ns "system call" "SYSCALL, entry code, dispatch, exit code, SYSRET, with this profile's mitigations and an empty body";
    SeccompFilter "seccomp_filter" Ns "seccomp filter" "One seccomp filter run on one system call";
    ContextSwitch "context_switch" Ns "context switch" "Picking the next task, switching address space and registers";
    WakeUp "wake_up" Ns "wake up a task" "Making a blocked task runnable: choosing a CPU, enqueueing";
    SignalKill "signal_kill" Ns "deliver a fatal signal" "Turning a fault into a signal and ending the task";
    SleepSetup "sleep_setup" Ns "set up a sleep" "nanosleep's body: starting a high-resolution timer";
    TimerHandler "timer_handler" Ns "timer handler" "The local timer interrupt's handler: finding what expired";
    CpuMaxRefill "cpu_max_refill" Ns "refill cpu.max" "The period timer of a cgroup: refilling its quota and unthrottling";

    // Kernel: memory and files
    PageFault "page_fault" Ns "page-fault handler" "The kernel's handler for a minor fault, without exception entry and zeroing";
    ZeroPage "zero_4k" Ns "zero 4 KiB" "Clearing a page";
    Copy4k "copy_4k" Ns "copy 4 KiB" "Copying 4 KiB between kernel and user that lie in a cache";
    FileLookup "file_lookup" Ns "file lookup" "From the file descriptor to the file's page in the page cache: permission, position, lookup";
    PageLookup "page_lookup" Ns "page lookup" "Finding one more page of the same read or write in the page cache";
    PageCacheInsert "page_cache_insert" Ns "add a page" "Allocating a page and adding it to the page cache";
    BlockSubmit "block_submit" Ns "block layer, submit" "Making a request, tagging it, handing it to the driver";
    BlockComplete "block_complete" Ns "block layer, complete" "Ending a request and its pages";

    // Drivers
    NvmeSubmit "nvme_submit" Ns "NVMe, submit" "Writing a submission entry and the doorbell of a real NVMe device";
    NvmeComplete "nvme_complete" Ns "NVMe, complete" "Reaping a completion entry";
    VirtioFill "virtio_fill" Ns "virtio, fill the ring" "Adding a descriptor chain to the available ring";
    VirtioReap "virtio_reap" Ns "virtio, reap" "Taking a used descriptor in the guest";
    NicTransmit "nic_transmit" Ns "NIC, transmit" "Queueing a packet on a real NIC and its doorbell";
    NicReceive "nic_receive" Ns "NIC, receive" "Polling a received packet off a real NIC";

    // Pipes and network
    PipeTransfer "pipe_transfer" Ns "pipe transfer" "The body of a small pipe read or write, without the wake-up";
    SocketSend "socket_send" Ns "socket and TCP, send" "send() down to the device: socket, TCP, IP, queueing discipline";
    SocketReceive "socket_receive" Ns "socket and TCP, receive" "From the device to the socket's queue: IP, TCP, and recv()";
    VethHop "veth_hop" Ns "veth" "One packet through a veth pair into the other network namespace";
    BridgeHop "bridge_hop" Ns "bridge" "One packet through the bridge: finding out where it goes, and handing it over";
    NatHop "nat_hop" Ns "NAT" "One packet through connection tracking and address translation, routing aside";

    // Hypervisor
    VmExit "vm_exit" Ns "world switch out" "The hardware's switch from non-root to root mode";
    VmEntry "vm_entry" Ns "world switch in" "The hardware's switch from root to non-root mode";
    ExitDispatch "exit_dispatch" Ns "exit dispatch" "Saving and restoring what the hardware does not, mitigations, finding the handler";
    HandleCpuid "handle_cpuid" Ns "emulate CPUID" "Looking up the guest's CPUID leaf";
    HandleMsr "handle_msr" Ns "emulate MSR access" "Emulating a trapped RDMSR or WRMSR, the TSC deadline among them";
    HandleIcr "handle_icr" Ns "emulate ICR write" "Finding the target vCPU of a guest's IPI";
    HandleHlt "handle_hlt" Ns "handle HLT" "Deciding to block the vCPU thread";
    HandleDoorbell "handle_doorbell" Ns "match the doorbell" "Finding the eventfd that belongs to a doorbell address";
    HandleEptViolation "handle_ept_violation" Ns "fix an EPT violation" "Finding the memory slot, pinning a frame and mapping it in the nested page tables";
    HandleExternalInterrupt "handle_external_interrupt" Ns "hand over an interrupt" "Running the host's handler for an interrupt that ended guest mode";
    InjectInterrupt "inject_interrupt" Ns "inject an interrupt" "Setting the interrupt up for the next VM entry";
    ExitToUserSpace "exit_to_user_space" Ns "leave KVM_RUN" "Returning from the KVM_RUN ioctl to the device model and calling it again";
    EmulateAccess "emulate_access" Ns "emulate a device register" "The device model decoding one access to a device register";
    VirtioBackendPop "virtio_backend_pop" Ns "virtio back end, take" "Taking a descriptor chain off the available ring, translating its addresses";
    VirtioBackendPush "virtio_backend_push" Ns "virtio back end, give back" "Adding to the used ring and signalling the call eventfd";
    NestedReflect "nested_reflect" Ns "reflect an exit" "Emulating a VM exit into a guest hypervisor: writing its exit fields, switching the active VMCS";
    NestedMerge "nested_merge" Ns "merge VMCS" "Emulating a guest hypervisor's VMRESUME: checking its VMCS, merging it with one's own";
    NestedTrappedAccesses "nested_trapped_accesses" Count "privileged accesses per exit" "Privileged accesses that an exit handler makes and that trap when the hypervisor is itself a guest (VMCS fields that are not shadowed, MSRs)";

    // Devices
    DiskRead4k "disk_read_4k" Ns "NVMe read, 4 KiB" "The device's service of one random 4 KiB read";
    DiskWrite4k "disk_write_4k" Ns "NVMe write, 4 KiB" "The device's service of one random 4 KiB write";
    DiskChannels "disk_channels" Count "NVMe channels" "Requests the device serves at the same time";
    DiskRequest "disk_request" Ns "NVMe controller, one request" "How long one request holds the part of the device that all requests pass one after the other, its data aside";
    DiskBandwidth "disk_bandwidth" BytesPerSecond "NVMe bandwidth" "Bytes a second over that same part, beyond the first 4 KiB of a request";
    NetworkOneWay "network_one_way" Ns "network, one way" "Wire, switch and NIC hardware from one host's memory to the other's";

    // Processes. New ones are added at the end: their numbers are part of the trace hash.
    OpenFile "open_file" Ns "open a file" "Looking up a path whose parts are in the directory cache, making a descriptor, and closing it again, without the two system calls";
    CreateTask "create_task" Ns "create a task" "clone's own work: a task with its kernel stack, its number, its tables of files and signals, all memory shared";
    CopyAddressSpace "copy_address_space" Ns "copy an address space" "fork's copy of a small program's list of mappings and the tables above its pages";
    CopyPageEntry "copy_page_entry" Ns "copy a page-table entry" "fork's copy of one page's entry, write-protected in both copies";
    DropAddressSpace "drop_address_space" Ns "drop an address space" "Taking down the last user's list of mappings and tables, without the pages";
    UnmapPage "unmap_page" Ns "unmap a page" "Taking one page out of an address space and giving its frame back";
    ExecImage "exec_image" Ns "exec" "Opening the program, reading its header, making a new address space with a stack and arguments, leaving the old one, without its segments";
    MapSegment "map_segment" Ns "map a segment" "Mapping one segment of a program";
    FileFault "file_fault" Ns "file-page fault handler" "The kernel's handler for the first touch of a mapped file in the page cache, its neighbours mapped along, without exception entry";
    ExitTask "exit_task" Ns "end a task" "Ending a task, leaving its tables, telling its parent, and the parent's taking note";

    // Starting containers and virtual machines
    NamespaceUser "namespace_user" Ns "make a user namespace" "unshare's work for a new user namespace";
    NamespaceMnt "namespace_mnt" Ns "make a mount namespace" "unshare's work for a new mount namespace: a copy of every mount";
    NamespacePid "namespace_pid" Ns "make a pid namespace" "unshare's work for a new pid namespace";
    NamespaceNet "namespace_net" Ns "make a network namespace" "unshare's work for a new network namespace, its loopback device and tables";
    NamespaceUts "namespace_uts" Ns "make a host-name namespace" "unshare's work for a new UTS namespace";
    NamespaceIpc "namespace_ipc" Ns "make an IPC namespace" "unshare's work for a new IPC namespace";
    NamespaceCgroup "namespace_cgroup" Ns "make a cgroup namespace" "unshare's work for a new cgroup namespace";
    CgroupCreate "cgroup_create" Ns "make a cgroup" "mkdir of a cgroup";
    CgroupEnter "cgroup_enter" Ns "enter a cgroup" "Moving a process into an empty cgroup";
    VethCreate "veth_create" Ns "make a veth pair" "Making a pair of virtual network devices across two namespaces";
    MountPrivate "mount_private" Ns "make mounts private" "Cutting every mount of a namespace off from the others'";
    MountTmpfs "mount_tmpfs" Ns "mount a tmpfs" "Mounting a file system in memory";
    MountOverlay "mount_overlay" Ns "mount an overlay" "Mounting an overlay of one read-only and one writable layer";
    MountProc "mount_proc" Ns "mount /proc" "Mounting a process file system";
    PivotRoot "pivot_root" Ns "pivot_root" "Making a mount the root of all processes in its namespace";
    DetachMounts "detach_mounts" Ns "detach mounts" "Detaching a tree of mounts from its namespace, and waiting until nobody looks at it";
    CreateFile "create_file" Ns "make a file or folder" "Making an entry in a folder of a file system in memory";
    SeccompInstall "seccomp_install" Ns "install a seccomp filter" "Checking a filter, compiling it and attaching it to the task";
    KvmCreateVm "kvm_create_vm" Ns "KVM_CREATE_VM" "Making a virtual machine without anything in it";
    KvmCreateIrqchip "kvm_create_irqchip" Ns "KVM_CREATE_IRQCHIP" "Making a virtual machine's interrupt controllers";
    KvmMemorySlot "kvm_memory_slot" Ns "give memory to a VM" "KVM_SET_USER_MEMORY_REGION: a new memory slot, and waiting until every processor sees it";
    KvmCreateVcpu "kvm_create_vcpu" Ns "KVM_CREATE_VCPU" "Making a virtual processor and setting its registers";
    PortWrite "port_write" Ns "OUT" "OUT to a register of a device on bare hardware";

    // Full emulation
    EmulatedInstruction "emulated_instruction" Ns "interpret an instruction" "Fetching, decoding and executing one guest instruction in software";
    EmulatedLoad "emulated_load" Ns "interpret a load" "The same for an instruction that loads from memory, its address translated in software, without the load itself";
    EmulatedCpuid "emulated_cpuid" Ns "interpret CPUID" "What CPUID takes an interpreter more than any instruction";
    EmulatedExitToUserSpace "emulated_exit_to_user_space" Ns "leave an interpreted KVM_RUN" "From the interpreter behind KVM_RUN out to the device model and back to the next guest instruction";
    KvmSupportedCpuid "kvm_supported_cpuid" Ns "KVM_GET_SUPPORTED_CPUID" "Asking which CPUID leaves a virtual processor can have: KVM executes CPUID once for each";
    NestedWalkReference "nested_walk_reference" Ns "page-walk reference, nested" "One memory reference of a page walk in two dimensions: more of them are served by paging-structure caches than of a native walk's";

    // Idle states and disks, more exactly
    IdleShallowUntil "idle_shallow_until" Ns "idle until less shallow" "How long a core may have been idle and still be in its shallowest state; from there it sinks to the deepest one";
    DiskBatch "disk_batch" Count "requests told together" "Most requests of which the device tells by one interrupt, when it has served all; 1: each as it is done";

    // Routing
    ForwardHop "forward_hop" Ns "routing" "One packet routed from one device to another: looking up the route, and the second device's queue";

    LeavePage "leave_page" Ns "leave a shared page" "Taking out of an address space one page that something else keeps: another process, the page cache";

    // More kinds of disks
    DiskWriteBandwidth "disk_write_bandwidth" BytesPerSecond "NVMe bandwidth, writing" "As disk_bandwidth, of what is written";
    SataRead4k "sata_read_4k" Ns "SATA SSD read, 4 KiB" "The device's service of one random 4 KiB read";
    SataWrite4k "sata_write_4k" Ns "SATA SSD write, 4 KiB" "The device's service of one random 4 KiB write";
    SataQueue "sata_queue" Count "native command queue" "Commands that a SATA device holds at the same time; more wait in the kernel";
    SataRequest "sata_request" Ns "SATA controller, one read" "How long one read holds the part of the device that all pass one after the other, its data aside";
    SataWriteRequest "sata_write_request" Ns "SATA controller, one write" "The same for a write";
    SataBandwidth "sata_bandwidth" BytesPerSecond "SATA bandwidth" "Bytes a second over the link, beyond the first 4 KiB of a request";
    SataWriteBandwidth "sata_write_bandwidth" BytesPerSecond "SATA bandwidth, writing" "As sata_bandwidth, of what is written";
    HddSeekTrack "hdd_seek_track" Ns "seek to the next track" "Moving a spinning disk's arm by one track, and settling there";
    HddSeekAverage "hdd_seek_average" Ns "average seek" "The mean over all pairs of places, as data sheets give it";
    HddTurn "hdd_turn" Ns "one turn" "One revolution of the platters at 7,200 revolutions a minute; at another speed in proportion";
    HddBandwidth "hdd_bandwidth" BytesPerSecond "spinning disk, transfer" "Bytes a second that pass under the head, the mean over all tracks";
    AhciSubmit "ahci_submit" Ns "AHCI, submit" "Through libata and SCSI to a command slot of the controller and its registers";
    AhciComplete "ahci_complete" Ns "AHCI, complete" "Reading the controller's interrupt and command registers, and back through SCSI and libata";

    // Boot
    FlashRead "flash_read" BytesPerSecond "read the firmware's chip" "Bytes a second that the processor reads from the flash chip with the firmware";
    UnpackDense "unpack_dense" BytesPerSecond "unpack LZMA" "Bytes a second that one core makes of code packed with LZMA";
    Unpack "unpack" BytesPerSecond "unpack" "Bytes a second that one core makes of a kernel or an initial RAM disk packed with gzip";
    MemoryTraining "memory_training" Ns "memory training" "Trying out the timings of the memory's signals, when a machine is switched on";
    MemoryClear "memory_clear" BytesPerSecond "clear memory" "Bytes a second that the firmware clears, so that error correction finds valid words";
    PcieReady "pcie_ready" Ns "PCIe devices settle" "How long software must wait after a reset before it may ask a PCI Express device anything";
    UsbPort "usb_port" Ns "set a USB port up" "How long a port of USB takes from something plugged in to something that can be asked: debouncing, reset, recovery";
    SataReset "sata_reset" Ns "SATA link reset" "How long a driver waits after the reset of a SATA port before it asks the disk";
    PageRecord "page_record" Ns "make a page's record" "Setting up the kernel's record of one page of memory";
    Initcall "initcall" Ns "initializer" "One initializer of a part of the kernel, the mean over all of them";
    StartProcessor "start_processor" Ns "start a processor" "Starting one more processor: waking it, its microcode, comparing clocks";
    GracePeriod "grace_period" Ns "RCU grace period" "Waiting until every processor has passed a point where it holds nothing old";
    LinkUp "link_up" Ns "network link comes up" "How long the two ends of a cable take to agree, from the driver's start of the card";
    AddressOffer "address_offer" Ns "network address" "How long a server takes to offer an address on the network (DHCP)";

    // Bytes
    Copy4kMemory "copy_4k_memory" Ns "copy 4 KiB, from memory" "Copying 4 KiB between kernel and user that lie in no cache";
}

impl Primitive {
    /// The mechanisms that only virtualization needs. With all of them at zero a VM costs what a process costs.
    pub const VIRTUALIZATION: &'static [Primitive] = &[
        Primitive::VmExit,
        Primitive::VmEntry,
        Primitive::ExitDispatch,
        Primitive::HandleCpuid,
        Primitive::HandleMsr,
        Primitive::HandleIcr,
        Primitive::HandleHlt,
        Primitive::HandleDoorbell,
        Primitive::HandleEptViolation,
        Primitive::HandleExternalInterrupt,
        Primitive::InjectInterrupt,
        Primitive::ExitToUserSpace,
        Primitive::EmulateAccess,
        Primitive::VirtioBackendPop,
        Primitive::VirtioBackendPush,
        Primitive::NestedReflect,
        Primitive::NestedMerge,
        Primitive::KvmCreateVm,
        Primitive::KvmCreateIrqchip,
        Primitive::KvmMemorySlot,
        Primitive::KvmCreateVcpu,
        Primitive::EmulatedInstruction,
        Primitive::EmulatedLoad,
        Primitive::EmulatedCpuid,
        Primitive::EmulatedExitToUserSpace,
        Primitive::KvmSupportedCpuid,
        Primitive::NestedWalkReference,
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_read_back() {
        for &primitive in Primitive::ALL {
            assert_eq!(Primitive::from_name(primitive.name()), Some(primitive));
        }
    }
}
