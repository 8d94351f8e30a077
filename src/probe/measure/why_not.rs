//! Why some primitives can't be measured by an ordinary program: the reasons, said once.

use crate::costs::Primitive;

/// Why no measurement gives `primitive`.
pub fn why_not(primitive: Primitive) -> &'static str {
    use Primitive::*;
    match primitive {
        IpiSend | IpiDelivery => {
            "a program sees only the round trip of an inter-processor interrupt; see \"ipi_round_trip\""
        }
        InterruptEntry | TimerHandler => {
            "a program sees only the gap that an interrupt leaves, handler included; see \"interrupt_gap\""
        }
        IdleExit | IdleExitDeep => {
            "a program sees only the whole way from a wake-up to its own next instruction; see \"idle_wake\". The profile derives it"
        }
        PageWalkReference => {
            "only whole walks are seen, and in a guest none in one dimension; see \"page_walk\". On bare hardware the \
             profile derives it"
        }
        NestedWalkReference => {
            "only whole walks are seen; see \"page_walk\", and on bare hardware \"guest_walk_4k\". The profile derives it"
        }
        EmulatedExitToUserSpace => {
            "where guests are interpreted, only the whole of a write and its way out is seen; see \"emulated_mmio\". The profile derives it"
        }
        SocketSend | SocketReceive => {
            "how the way through the network stack splits can't be seen; see \"tcp_send_receive\". The profile gives each half"
        }
        DiskRead4k | DiskWrite4k => {
            "the device can't be timed apart from the kernel's way to it; see \"direct_read_4k\". The profile derives it"
        }
        CpuMaxRefill => "the refill runs in a timer interrupt, where no program can time it; see \"quota_slack\"",
        SignalKill => "only the whole life of a process that ends by a fault can be timed; see \"fork_exit_wait\"",
        BlockSubmit | BlockComplete => {
            "the block layer can't be timed apart from its driver without tracing; see \"direct_read_4k\""
        }
        NvmeSubmit | NvmeComplete | NicTransmit | NicReceive | VirtioFill | VirtioReap => {
            "a driver's part can't be timed apart from its device without tracing the kernel"
        }
        HandleMsr => {
            "the handler can't be timed apart from its exit; in a guest the profile derives it from \"timer_program_in_guest\""
        }
        HandleIcr => {
            "the handler can't be timed apart from its exit; in a guest the profile derives it from \"idle_wake_paid\""
        }
        HandleDoorbell | HandleEptViolation | HandleExternalInterrupt | InjectInterrupt => {
            "the hypervisor's handlers can't be timed apart from the exits that lead to them"
        }
        EmulateAccess | VirtioBackendPop | VirtioBackendPush => {
            "this is the work of a device model; the probe's own guest has none"
        }
        NestedReflect | NestedMerge | NestedTrappedAccesses => {
            "only a guest in a guest pays it, and only as part of a whole exit: see \"exit_cpuid\". Where this computer is a \
             guest and the hardware runs the probe's, the profile derives it"
        }
        VmExit | VmEntry | ExitDispatch | HandleCpuid => {
            "only a whole exit is seen, in a guest \"cpuid_exit_below\", on bare hardware \"exit_cpuid\". The profile derives it"
        }
        NetworkOneWay => "needs a second host on a real network",
        _ => "nothing on this system gives it",
    }
}
