//! Making the machine through `/dev/kvm`, and running a program in it.

use std::time::Instant;

use kvm_bindings::{
    KVM_MAX_CPUID_ENTRIES, kvm_dtable, kvm_lapic_state, kvm_msi, kvm_regs, kvm_segment, kvm_userspace_memory_region,
};
use kvm_ioctls::{Kvm, VcpuExit, VcpuFd, VmFd};

use super::guest::{self, Program};
use crate::probe::measure::{PAGE, Pages, Region};

/// Why there is no machine, or why it stopped.
#[derive(Debug, thiserror::Error)]
pub enum VmError {
    /// The kernel has no `/dev/kvm`.
    #[error(
        "there is no /dev/kvm: this kernel has no KVM loaded; on a real computer switch on VT-x or AMD-V in the firmware \
         (then modprobe kvm_intel or kvm_amd), in a virtual machine nested virtualization in the layer below"
    )]
    Absent,
    /// This user may not open it.
    #[error(
        "no permission to open /dev/kvm; where its group may open it (mode 0660), sudo usermod -aG kvm $USER and a new \
         login give it to this user, else an administrator must first let the group: the layer kvm_device says which"
    )]
    Forbidden,
    /// KVM refused a request.
    #[error("KVM: {what}: {source}")]
    Refused {
        /// What was asked for.
        what: &'static str,
        /// What it answered.
        source: kvm_ioctls::Error,
    },
    /// No memory for the guest.
    #[error("memory for the guest: {0}")]
    Memory(String),
    /// The guest did something that none of its programs does.
    #[error("the guest stopped unexpectedly: {0}")]
    Stopped(String),
}

fn refused(what: &'static str) -> impl Fn(kvm_ioctls::Error) -> VmError {
    move |source| VmError::Refused { what, source }
}

/// A virtual machine with one processor, which has run nothing yet or has said that it is done.
#[derive(Debug)]
pub struct Machine {
    // Dropped in this order: nothing may run when the memory goes.
    vcpu: VcpuFd,
    vm: VmFd,
    memory: Region,
}

/// How long the steps of making a machine took, in nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Start {
    /// Opening `/dev/kvm` and creating the VM.
    pub create: f64,
    /// The interrupt controller.
    pub controller: f64,
    /// Giving it its memory (mapped, tables written).
    pub memory: f64,
    /// Creating the processor and setting its registers.
    pub processor: f64,
}

impl Machine {
    /// Makes a machine with `bytes` of memory, mapped inside and outside by `pages`.
    ///
    /// # Errors
    /// No KVM, no permission, no memory, or something that KVM refused.
    pub fn new(bytes: usize, pages: Pages) -> Result<(Machine, Start), VmError> {
        let mut clock = Instant::now();
        let mut lap = || std::mem::replace(&mut clock, Instant::now()).elapsed().as_nanos() as f64;
        let kvm = open()?;
        let vm = kvm.create_vm().map_err(refused("creating a VM"))?;
        let create = lap();

        // An unused place below 4 GiB that Intel processors without unrestricted guests need.
        vm.set_tss_address(0xfffb_d000).map_err(refused("setting the TSS address"))?;
        vm.create_irq_chip().map_err(refused("creating the interrupt controller"))?;
        let controller = lap();

        let bytes = bytes.clamp(guest::DATA, guest::MOST_MEMORY);
        let mut memory = Region::new(bytes, pages).map_err(VmError::Memory)?;
        guest::furnish(memory.bytes_mut(), pages);
        let slot = kvm_userspace_memory_region {
            slot: 0,
            flags: 0,
            guest_phys_addr: 0,
            memory_size: bytes as u64,
            userspace_addr: memory.as_ptr() as u64,
        };
        // SAFETY: the mapping lives in the same struct as the VM, and is dropped after it.
        unsafe { vm.set_user_memory_region(slot) }.map_err(refused("giving the VM memory"))?;
        let memory_time = lap();

        let vcpu = vm.create_vcpu(0).map_err(refused("creating a processor"))?;
        let cpuid = kvm.get_supported_cpuid(KVM_MAX_CPUID_ENTRIES).map_err(refused("asking for CPUID"))?;
        vcpu.set_cpuid2(&cpuid).map_err(refused("setting CPUID"))?;
        enter_long_mode(&vcpu)?;
        enable_apic(&vcpu)?;
        let start = Start { create, controller, memory: memory_time, processor: lap() };
        Ok((Machine { vcpu, vm, memory }, start))
    }

    /// What it is made of, made one by one: `vcpus` processors and `slots` pieces of memory of a page each; how long
    /// making the VM, its interrupt controller, all pieces, asking for CPUID and all processors took, in nanoseconds.
    ///
    /// # Errors
    /// As [`Machine::new`].
    pub fn parts(vcpus: u8, slots: u32) -> Result<[f64; 5], VmError> {
        let kvm = open()?;
        let mut clock = Instant::now();
        let mut lap = || std::mem::replace(&mut clock, Instant::now()).elapsed().as_nanos() as f64;
        let vm = kvm.create_vm().map_err(refused("creating a VM"))?;
        let create = lap();
        vm.set_tss_address(0xfffb_d000).map_err(refused("setting the TSS address"))?;
        vm.create_irq_chip().map_err(refused("creating the interrupt controller"))?;
        let controller = lap();
        let size = PAGE * slots as usize;
        let memory = Region::new(size, Pages::Small).map_err(VmError::Memory)?;
        lap();
        for slot in 0..slots {
            let offset = PAGE as u64 * u64::from(slot);
            let piece = kvm_userspace_memory_region {
                slot,
                flags: 0,
                // Apart from one another, so that none is grown by the next.
                guest_phys_addr: 2 * offset,
                memory_size: PAGE as u64,
                userspace_addr: memory.as_ptr() as u64 + offset,
            };
            // SAFETY: no processor ever runs, so nobody touches the memory.
            unsafe { vm.set_user_memory_region(piece) }.map_err(refused("giving the VM memory"))?;
        }
        let given = lap();
        let cpuid = kvm.get_supported_cpuid(KVM_MAX_CPUID_ENTRIES).map_err(refused("asking for CPUID"))?;
        let asked = lap();
        for number in 0..vcpus {
            let vcpu = vm.create_vcpu(number.into()).map_err(refused("creating a processor"))?;
            vcpu.set_cpuid2(&cpuid).map_err(refused("setting CPUID"))?;
            enter_long_mode(&vcpu)?;
            enable_apic(&vcpu)?;
        }
        let processors = lap();
        drop(vm);
        Ok([create, controller, given, asked, processors])
    }

    /// Its memory. Nothing runs while it is borrowed.
    pub fn memory(&mut self) -> &mut Region {
        &mut self.memory
    }

    /// Where a walk may begin and how long its memory is.
    pub fn data(&self) -> (usize, usize) {
        (guest::DATA, self.memory.size() - guest::DATA)
    }

    /// Runs `program` with `count` turns until it says that it is done; `rax` is where a walk begins, or [`guest::SEED`].
    ///
    /// # Errors
    /// KVM refused, or the guest crashed.
    pub fn run(&mut self, program: Program, count: u64, rax: u64) -> Result<(), VmError> {
        self.prepare(program, count, rax)?;
        while self.next_port()? != guest::DONE_PORT {}
        Ok(())
    }

    /// Sets the registers so that `program` runs next.
    ///
    /// # Errors
    /// KVM refused.
    pub fn prepare(&mut self, program: Program, count: u64, rax: u64) -> Result<(), VmError> {
        let regs = kvm_regs {
            rip: program.entry(),
            rsp: guest::STACK_TOP,
            rflags: 2,
            rax,
            rbx: guest::MMIO,
            r14: guest::APIC_EOI,
            r15: count.max(1),
            ..Default::default()
        };
        self.vcpu.set_regs(&regs).map_err(refused("setting registers"))
    }

    /// Runs until the next exit to user space that is a port or MMIO write; the port, or 0 for MMIO.
    ///
    /// # Errors
    /// KVM refused, or the guest crashed.
    #[inline]
    pub fn next_port(&mut self) -> Result<u16, VmError> {
        loop {
            match self.vcpu.run() {
                Ok(VcpuExit::IoOut(port, _)) => return Ok(port),
                Ok(VcpuExit::MmioWrite(guest::MMIO, _)) => return Ok(0),
                Ok(other) => return Err(VmError::Stopped(format!("{other:?}"))),
                Err(error) if error.errno() == libc::EINTR => {}
                Err(source) => return Err(VmError::Refused { what: "running the processor", source }),
            }
        }
    }

    /// Splits into the processor, for a thread that runs it, and the sender of the interrupt that wakes
    /// [`Program::Halt`].
    pub fn split(&mut self) -> (Processor<'_>, Interrupter<'_>) {
        (Processor(&mut self.vcpu), Interrupter(&self.vm))
    }
}

/// A machine's processor, alone.
#[derive(Debug)]
pub struct Processor<'a>(&'a mut VcpuFd);

impl Processor<'_> {
    /// Runs until the guest says that an interrupt woke it. False if it did anything else.
    pub fn sleep_until_woken(&mut self) -> bool {
        matches!(self.0.run(), Ok(VcpuExit::IoOut(guest::AWAKE_PORT, _)))
    }
}

/// Sends interrupts to a machine's processor, from any thread.
#[derive(Debug)]
pub struct Interrupter<'a>(&'a VmFd);

impl Interrupter<'_> {
    /// Sends a message-signalled interrupt to processor 0.
    ///
    /// # Errors
    /// KVM refused.
    pub fn send(&self) -> Result<(), VmError> {
        let msi = kvm_msi { address_lo: 0xfee0_0000, data: u32::from(guest::VECTOR), ..Default::default() };
        self.0.signal_msi(msi).map(drop).map_err(refused("sending an interrupt"))
    }
}

fn open() -> Result<Kvm, VmError> {
    Kvm::new().map_err(|source| match source.errno() {
        libc::ENOENT | libc::ENODEV | libc::ENXIO => VmError::Absent,
        libc::EACCES | libc::EPERM => VmError::Forbidden,
        _ => VmError::Refused { what: "opening /dev/kvm", source },
    })
}

/// Paging on, 64-bit code, flat segments, the tables of [`guest`].
fn enter_long_mode(vcpu: &VcpuFd) -> Result<(), VmError> {
    let mut sregs = vcpu.get_sregs().map_err(refused("reading segments"))?;
    let segment = |selector: u16, type_: u8, l: u8| kvm_segment {
        base: 0,
        limit: 0xffff_ffff,
        selector,
        type_,
        present: 1,
        dpl: 0,
        db: 1 - l,
        s: 1,
        l,
        g: 1,
        ..Default::default()
    };
    sregs.cs = segment(8, 0xb, 1);
    let data = segment(16, 0x3, 0);
    (sregs.ds, sregs.es, sregs.fs, sregs.gs, sregs.ss) = (data, data, data, data, data);
    sregs.gdt = kvm_dtable { base: guest::GDT, limit: 23, ..Default::default() };
    sregs.idt = kvm_dtable { base: guest::IDT, limit: 4095, ..Default::default() };
    sregs.cr3 = guest::PML4;
    // Physical address extension; paging, protection, extension type; long mode enabled and active.
    sregs.cr4 = 1 << 5;
    sregs.cr0 = 1 << 31 | 1 << 4 | 1;
    sregs.efer = 1 << 10 | 1 << 8;
    vcpu.set_sregs(&sregs).map_err(refused("setting segments"))
}

/// Switches the local interrupt controller on, as an operating system would by its spurious-interrupt register.
fn enable_apic(vcpu: &VcpuFd) -> Result<(), VmError> {
    const SPURIOUS: usize = 0xf0;
    let mut lapic: kvm_lapic_state = vcpu.get_lapic().map_err(refused("reading the interrupt controller"))?;
    lapic.regs[SPURIOUS] = -1;
    lapic.regs[SPURIOUS + 1] |= 1;
    vcpu.set_lapic(&lapic).map_err(refused("setting the interrupt controller"))
}
