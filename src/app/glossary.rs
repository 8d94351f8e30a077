//! The words of the field that the window uses, each in one or two sentences. Where one occurs first in a text it has a
//! faint line under it, as numbers have, and the line at the bottom tells it; so it is for the parts and the hops of the
//! picture that are called after one; and F1 lists them all.
//!
//! Left out: words that say what they mean ("memory", "timer"), and whatever a scene is there to explain at length.

/// A word and what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// The word, in the singular.
    pub word: &'static str,
    /// Other words for which the same is said.
    pub also: &'static [&'static str],
    /// What it means.
    pub says: &'static str,
}

impl Term {
    /// "VM exit: the processor leaves …".
    pub fn line(&self) -> String {
        let mut says = self.says.chars();
        let first = says.next().map_or(String::new(), |c| c.to_lowercase().to_string());
        let second = says.as_str().chars().next();
        // "TLB" and "KVM" keep their capitals.
        if second.is_some_and(char::is_uppercase) {
            return format!("{}: {}", self.word, self.says);
        }
        format!("{}: {first}{}", self.word, says.as_str())
    }

    fn forms(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.word).chain(self.also.iter().copied())
    }
}

macro_rules! terms {
    ($($word:literal $([$($also:literal),*])? $says:literal;)*) => {
        /// All of them, as F1 lists them.
        pub const TERMS: &[Term] = &[$(Term { word: $word, also: &[$($($also),*)?], says: $says },)*];
    };
}

terms! {
    // Processor and kernel
    "ring 3" ["ring 0"] "The privileges of a program: what could harm others is refused. A kernel runs in ring 0, where nothing is.";
    "system call" ["system calls", "SYSCALL"] "How a program asks its kernel for something: an instruction that changes to ring 0, at an address that the kernel has set.";
    "interrupt" ["interrupt handler"] "The signal of a device, a timer or another core: the core leaves what it runs for the kernel's handler.";
    "IPI" ["inter-processor interrupt"] "An interrupt that one core sends to another.";
    "page fault" [] "An address without a page behind it was used: the processor calls the kernel, which finds one or ends the program.";
    "page table" ["page walk"] "The tree in memory by which the processor turns a program's addresses into those of memory. Going through it is a page walk.";
    "TLB" [] "Where a core keeps the last results of its page walks, so as not to walk again.";
    "CPUID" [] "The instruction by which a processor tells what it is and can. On Intel's it leads out of a guest each time.";
    "HLT" [] "Stops a processor until an interrupt comes. A guest's leads out to the hypervisor, so that somebody else can have the core.";
    "scheduler" ["run queue"] "Decides which thread has the core. Those that could run and have none stand in its run queue.";
    "context switch" [] "From one thread to another on one core: other registers and, between processes, other page tables.";
    "page cache" [] "What a kernel has read of files and keeps in memory. What is in it needs no disk.";
    "block layer" [] "What stands in a kernel between files and the driver of a disk: it makes requests, and ends them when the disk is done.";
    "driver" ["drivers"] "The part of a kernel that knows one kind of device: its registers, its queue, its interrupt.";
    "copy-on-write" [] "Two share a page until one of them writes to it: only then it is copied.";
    // Containers
    "namespace" ["namespaces"] "A table in which the kernel looks up names: processes, mounts, network devices, the host's name. Others see another table.";
    "cgroup" ["cgroups", "control group"] "An account that the kernel keeps for a group of processes: what they have used, and what they may use at most.";
    "cpu.max" ["throttled", "quota"] "So much processor time in each period for a cgroup. Who has used it up is throttled: waits for the next period.";
    "seccomp filter" ["filter"] "A small program that the kernel runs at each system call of a process, to decide whether it may make it.";
    "image" [] "The files that a container or a machine starts from.";
    "veth" ["bridge"] "A cable made of software: what goes in at one end comes out in another network namespace. A bridge is the switch that such cables lead to.";
    // Virtual machines
    "hypervisor" ["KVM"] "Makes several machines of one: runs guests directly on the processor, and does for them what they can't do there. KVM is the one in Linux.";
    "guest kernel" ["guest"] "The kernel inside a virtual machine. It has its own rings, page cache and scheduler.";
    "non-root mode" ["root mode"] "The processor's mode for guests, with rings 3 and 0 of its own. What the hypervisor has listed leads out of it, to root mode, where host and hypervisor run.";
    "VM exit" ["world switch", "exits"] "The processor leaves non-root mode: it saves the guest's state, notes the reason, and goes on in the hypervisor.";
    "VM entry" [] "The way back: the processor loads the guest's state and goes on where it was.";
    "VMCS" [] "Virtual-machine control structure: where the processor keeps a virtual CPU's state while that is out, what leads out, and why it went last.";
    "exit dispatch" [] "What the hypervisor does at every exit before it can serve it: saves what the processor did not, and finds who handles the reason.";
    "virtual CPU" ["vCPU", "vCPU threads", "vCPUs"] "A processor of a virtual machine. To the host it is a thread like others, which runs the guest until something leads out.";
    "nested paging" ["EPT", "EPT violation", "nested table"] "Second page tables, the hypervisor's, from what a guest takes for memory to memory. An address with nothing behind it leads out: an EPT violation.";
    "virtio" ["virtqueue"] "Devices made for virtual machines: a queue in memory that both sides know, and a doorbell.";
    "doorbell" [] "A device's register that a driver writes to when there is something new in the queue.";
    "reap" [] "A driver takes out of its device's queue what is done.";
    "back end" ["back ends", "virtio back ends"] "Who serves a virtio device's queue: a thread of the device model, or one in the host's kernel (vhost).";
    "device model" ["device models"] "The program that plays a virtual machine's devices, such as QEMU: an ordinary process of the host.";
    "eventfd" [] "A counter in a kernel that one side adds to and another waits for. KVM tells of doorbells, and is told of interrupts, by them.";
    "injection" ["pending"] "An interrupt for a guest is pending until the hypervisor writes it into a virtual CPU's state, which is the injection: the guest takes it as it is entered.";
    "balloon" [] "A driver in a guest that takes memory from it, so that the host can give it to others.";
    // What the picture says
    "hop" [] "One stretch of an operation's way: one thing done at one part, and the time that it takes.";
    "median" ["p50"] "As many took less as took more. p5 and p95: 5 and 95 of 100 took less.";
    "measured" [] "The cost was measured by My machine, on the machine that is named there.";
    "literature" [] "The cost stands in something published, which is named on the sheet of costs (Y).";
    "derived" [] "The cost follows from others, by the formula on the sheet of costs (Y).";
    "assumed" [] "Nobody has measured the cost for this machine; the sheet of costs (Y) says why the value is plausible.";
}

/// What is said of a name: of a part of the picture, or of what a hop does. The longest word in it counts.
pub fn of(name: &str) -> Option<&'static Term> {
    let found = TERMS.iter().flat_map(|term| term.forms().map(move |form| (form, term)));
    let within = found.filter(|(form, _)| find(name, form).is_some());
    within.max_by_key(|(form, _)| form.len()).map(|(_, term)| term)
}

/// Where words stand first in a text: the bytes from and up to which they go, in order, no two in one place. Those that
/// were `told` already are left out, and those that are found are told from then on.
pub fn first(text: &str, told: &mut Vec<&'static str>) -> Vec<(std::ops::Range<usize>, &'static Term)> {
    let mut forms: Vec<(&'static str, &'static Term)> =
        TERMS.iter().flat_map(|term| term.forms().map(move |form| (form, term))).collect();
    // "VM exit" before "exits", so that the longer word has its place.
    forms.sort_by_key(|(form, _)| std::cmp::Reverse(form.len()));
    let mut found: Vec<(std::ops::Range<usize>, &'static Term)> = Vec::new();
    for (form, term) in forms {
        let Some(at) = find(text, form) else { continue };
        let range = at..at + form.len();
        let free = found.iter().all(|(other, _)| other.end <= range.start || other.start >= range.end);
        let new = !told.contains(&term.word) && found.iter().all(|(_, other)| other.word != term.word);
        if free && new {
            found.push((range, term));
        }
    }
    found.sort_by_key(|(range, _)| range.start);
    told.extend(found.iter().map(|(_, term)| term.word));
    found
}

/// Where a whole word stands in a text, whatever the size of its letters if it has no capitals of its own.
fn find(text: &str, word: &str) -> Option<usize> {
    let sized = word.chars().any(char::is_uppercase);
    let lower;
    let (text, word) = if sized {
        (text, word.to_owned())
    } else {
        lower = text.to_ascii_lowercase();
        (lower.as_str(), word.to_ascii_lowercase())
    };
    let part = |c: char| c.is_alphanumeric();
    text.match_indices(&word).map(|(at, _)| at).find(|&at| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(|c| part(c) || c == '.' || c == '-') && !after.is_some_and(|c| part(c) || c == '-')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_words_have_one_form_and_each_says_a_sentence() {
        let mut forms: Vec<&str> = TERMS.iter().flat_map(Term::forms).collect();
        let all = forms.len();
        forms.sort_unstable();
        forms.dedup();
        assert_eq!(forms.len(), all);
        for term in TERMS {
            assert!(term.says.ends_with('.') && term.says.len() > 20, "{}", term.word);
        }
    }

    #[test]
    fn a_word_is_found_whole_and_once_and_the_longer_one_first() {
        let mut told = Vec::new();
        let text = "The VM exit is noted in the VMCS; nobody exits for a redriver. A VM exit again, by KVM.";
        let words = |found: Vec<(std::ops::Range<usize>, &Term)>| -> Vec<String> {
            found.into_iter().map(|(range, _)| text[range].to_owned()).collect()
        };
        assert_eq!(words(first(text, &mut told)), ["VM exit", "VMCS", "KVM"]);
        assert!(words(first(text, &mut told)).is_empty(), "what was told is not told again");
    }

    #[test]
    fn parts_and_hops_are_told_by_the_longest_word_in_their_name() {
        let word = |name: &str| of(name).map(|term| term.word);
        assert_eq!(word("virtio back ends"), Some("back end"));
        assert_eq!(word("virtio, reap"), Some("virtio"));
        assert_eq!(word("nested paging"), Some("nested paging"));
        assert_eq!(word("memory"), None);
    }
}
