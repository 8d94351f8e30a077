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
        IdleExit => "a program sees only the whole way from a timer to its own next instruction; see \"timer_latency\"",
        CpuMaxRefill => "the refill runs in a timer interrupt, where no program can time it; see \"quota_slack\"",
        SignalKill => "only the whole life of a process that ends by a fault can be timed; see \"fork_exit_wait\"",
        BlockSubmit | BlockComplete => {
            "the block layer can't be timed apart from its driver without tracing; see \"direct_read_4k\""
        }
        NvmeSubmit | NvmeComplete | NicTransmit | NicReceive | VirtioFill | VirtioReap => {
            "a driver's part can't be timed apart from its device without tracing the kernel"
        }
        HandleMsr | HandleIcr | HandleDoorbell | HandleEptViolation | HandleExternalInterrupt | InjectInterrupt => {
            "the hypervisor's handlers can't be timed apart from the exits that lead to them"
        }
        EmulateAccess | VirtioBackendPop | VirtioBackendPush => {
            "this is the work of a device model; the probe's own guest has none"
        }
        NestedReflect | NestedMerge | NestedTrappedAccesses => {
            "needs a hypervisor under the probe's control inside a guest; the probe runs no nested guest"
        }
        NetworkOneWay => "needs a second host on a real network",
        _ => "nothing on this system gives it",
    }
}
