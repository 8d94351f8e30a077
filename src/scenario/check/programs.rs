//! Programs: every operation with its numbers, and what a program needs of the machine that it runs on.

use std::ops::Range;

use super::{drawn, names, scalar};
use crate::engine::{Distribution, Time};
use crate::machine::instruction::Instruction;
use crate::machine::limits::MAX_VM_VCPUS;
use crate::machine::spec::{
    Cache, ContainerStart, Image, Operation, Peer, ProgramSpec, StartNetwork, Statement, VmStart,
};
use crate::scenario::file::{CacheFile, DrawnFile, ImageFile, Loose, Named, PeerFile, StartNetworkFile, StatementFile};
use crate::scenario::locate::Node;
use crate::scenario::problem::Problems;

/// The most bytes that one operation moves.
const MOST_BYTES: u64 = 1 << 30;
/// The most segments of an executable file.
const MOST_SEGMENTS: u64 = 1_000;
/// What the processes of a container's runtime write to where a scenario does not say it.
const RUNTIME_WRITES: u64 = 64 << 10;
/// How deep loops may lie in one another.
const MAX_LOOPS: usize = 8;
/// The most programs: [`crate::machine::spec::ProgramId`] is a u16.
const MOST_PROGRAMS: usize = 1024;
/// The most operations written in all programs together; loops repeat them as often as they like.
const MOST_OPERATIONS: usize = 1024;

/// A checked program, and where it needs something.
pub(super) struct Program {
    pub spec: ProgramSpec,
    pub needs: Needs,
}

/// What a program needs: the place of an operation that needs it.
#[derive(Default)]
pub(super) struct Needs {
    /// It never ends.
    pub until: Option<Range<usize>>,
    /// It reads or writes files.
    pub disk: Option<Range<usize>>,
    /// It asks another computer.
    pub nic: Option<Range<usize>>,
    /// Its partner is on another CPU.
    pub two_cpus: Option<Range<usize>>,
    /// What it starts, by its path.
    pub starts: Vec<(String, Range<usize>)>,
    /// The largest working set.
    pub memory: Option<(u64, Range<usize>)>,
}

pub(super) fn check(programs: &Named<Vec<StatementFile>>, at: &Node, problems: &mut Problems) -> Vec<Program> {
    names::names(programs, at, problems);
    if programs.0.len() > MOST_PROGRAMS {
        let help = Some(format!("{MOST_PROGRAMS} is the most"));
        problems.add(at.span.clone(), format!("{} programs", programs.0.len()), help);
    }
    let mut written = 0;
    let check_one = |(i, (name, body)): (usize, &(String, Vec<StatementFile>))| {
        let before = written;
        let mut reader = Reader { needs: Needs::default(), written: &mut written, problems };
        let body = reader.body(body, at.item(i), 0);
        if *reader.written > MOST_OPERATIONS && before <= MOST_OPERATIONS {
            let help = Some("use Repeat(times: …, body: […]) for what is done again and again".to_owned());
            let message = format!("more than {MOST_OPERATIONS} operations are written in the programs");
            reader.problems.add(at.item(i).span.clone(), message, help);
        }
        Program { spec: ProgramSpec { name: name.clone(), body }, needs: reader.needs }
    };
    programs.0.iter().take(MOST_PROGRAMS).enumerate().map(check_one).collect()
}

struct Reader<'a> {
    needs: Needs,
    /// How many statements have been read, over all programs.
    written: &'a mut usize,
    problems: &'a mut Problems,
}

impl Reader<'_> {
    /// `at` is the list; for the body of `Forever`, its statements lie one deeper.
    fn body(&mut self, body: &[StatementFile], at: &Node, loops: usize) -> Vec<Statement> {
        if body.is_empty() {
            let help = Some("write at least one operation, as in [Compute(\"2 us\")]".to_owned());
            self.problems.add(at.span.clone(), "there is nothing to do here", help);
        }
        for (i, statement) in body.iter().enumerate() {
            if matches!(statement, StatementFile::Forever(_)) && i + 1 < body.len() {
                let help = Some("move it before the Forever, or into it".to_owned());
                self.problems.add(at.item(i + 1).span.clone(), "nothing after Forever is ever reached", help);
            }
        }
        body.iter().enumerate().map(|(i, statement)| self.statement(statement, at.item(i), loops)).collect()
    }

    fn statement(&mut self, statement: &StatementFile, at: &Node, loops: usize) -> Statement {
        *self.written += 1;
        if loops > MAX_LOOPS {
            let help = Some(format!("loops may lie {MAX_LOOPS} deep"));
            self.problems.add(at.span.clone(), "too many loops in one another", help);
            return Statement::Repeat(Some(1), Vec::new());
        }
        match statement {
            StatementFile::Repeat { times, body } => {
                let times = self.whole(times, at.key("times"), "times", 1..=u64::MAX);
                Statement::Repeat(Some(times), self.body(body, at.key("body"), loops + 1))
            }
            StatementFile::Forever(body) => {
                self.needs.until.get_or_insert(at.span.clone());
                Statement::Repeat(None, self.body(body, at.item(0), loops + 1))
            }
            operation => Statement::Do(self.operation(operation, at)),
        }
    }

    fn operation(&mut self, operation: &StatementFile, at: &Node) -> Operation {
        match operation {
            StatementFile::Compute(time) => Operation::Compute(self.drawn(time, at.item(0), "the time to compute")),
            StatementFile::Cycles(n) => {
                Operation::Cycles(self.whole(n, at.item(0), "the number of cycles", 1..=1_000_000_000_000_000))
            }
            StatementFile::Memory { working_set, accesses, huge_pages } => {
                let set = scalar::size(working_set, at.key("working_set"), "working_set", 1..=64 << 40, self.problems);
                if self.needs.memory.as_ref().is_none_or(|(largest, _)| *largest < set) {
                    self.needs.memory = Some((set, at.key("working_set").span.clone()));
                }
                let accesses = self.whole(accesses, at.key("accesses"), "accesses", 1..=1_000_000_000);
                Operation::Memory { working_set: set, accesses, huge_pages: *huge_pages }
            }
            StatementFile::SystemCall(name) => Operation::SystemCall(self.name(name, at.item(0), "\"getpid\"")),
            StatementFile::Read { file, bytes, cache } => {
                self.needs.disk.get_or_insert(at.span.clone());
                Operation::Read {
                    file: self.name(file, at.key("file"), "\"data\""),
                    bytes: self.bytes(bytes, at, "bytes"),
                    cache: match cache {
                        CacheFile::Cold => Cache::Cold,
                        CacheFile::Warm => Cache::Warm,
                        CacheFile::AsIs => Cache::AsIs,
                        CacheFile::Direct => Cache::Direct,
                    },
                }
            }
            StatementFile::Write { file, bytes, sync } => {
                self.needs.disk.get_or_insert(at.span.clone());
                let file = self.name(file, at.key("file"), "\"data\"");
                Operation::Write { file, bytes: self.bytes(bytes, at, "bytes"), sync: *sync }
            }
            StatementFile::Request { send, receive, think, peer } => self.request(send, receive, think, *peer, at),
            StatementFile::PingPong { across_cpus, bytes } => {
                if *across_cpus {
                    self.needs.two_cpus.get_or_insert(at.span.clone());
                }
                let bytes = bytes.as_ref().map_or(1, |bytes| {
                    scalar::size(bytes, at.key("bytes"), "bytes", 1..=Operation::PIPE, self.problems)
                });
                Operation::PingPong { across_cpus: *across_cpus, bytes }
            }
            StatementFile::Sleep(time) => Operation::Sleep(self.drawn(time, at.item(0), "the time to sleep")),
            StatementFile::Open(file) => {
                self.needs.disk.get_or_insert(at.span.clone());
                Operation::Open(self.name(file, at.item(0), "\"data\""))
            }
            StatementFile::Fsync(file) => {
                self.needs.disk.get_or_insert(at.span.clone());
                Operation::Fsync(self.name(file, at.item(0), "\"data\""))
            }
            StatementFile::Fork { vfork, writes, exec } => Operation::Fork {
                vfork: *vfork,
                writes: writes
                    .as_ref()
                    .map_or(0, |bytes| scalar::size(bytes, at.key("writes"), "writes", 0..=MOST_BYTES, self.problems)),
                exec: exec.as_ref().map(|image| self.image(image, at.key("exec"))),
            },
            StatementFile::Exec(image) => Operation::Exec(self.image(image, at.item(0))),
            StatementFile::StartContainer { rootless, cgroup, network, written, program } => {
                Operation::StartContainer(ContainerStart {
                    rootless: *rootless,
                    cgroup: *cgroup,
                    written: written.as_ref().map_or(RUNTIME_WRITES, |bytes| {
                        scalar::size(bytes, at.key("written"), "written", 0..=MOST_BYTES, self.problems)
                    }),
                    network: match network {
                        StartNetworkFile::Host => StartNetwork::Host,
                        StartNetworkFile::Own => StartNetwork::Own,
                        StartNetworkFile::Bridge => StartNetwork::Bridge,
                    },
                    image: self.image(program, at.key("program")),
                })
            }
            StatementFile::StartVm { written, vcpus, technique } => {
                let most = u64::from(MAX_VM_VCPUS);
                let vcpus = vcpus.as_ref().map_or(1, |n| self.whole(n, at.key("vcpus"), "vcpus", 1..=most));
                Operation::StartVm(VmStart {
                    written: self.bytes(written, at, "written"),
                    // At most MAX_VM_VCPUS.
                    vcpus: vcpus as u16,
                    technique: (*technique).into(),
                })
            }
            StatementFile::Start(path) => {
                self.needs.starts.push((path.clone(), at.item(0).span.clone()));
                Operation::Start(path.clone())
            }
            StatementFile::Out => Operation::Out,
            StatementFile::Cli => Operation::Instruction(Instruction::Cli),
            StatementFile::Sti => Operation::Instruction(Instruction::Sti),
            StatementFile::In => Operation::Instruction(Instruction::In),
            StatementFile::Lgdt => Operation::Instruction(Instruction::Lgdt),
            StatementFile::MovCr3 => Operation::Instruction(Instruction::MovCr3),
            StatementFile::MovCr0 => Operation::Instruction(Instruction::MovCr0),
            StatementFile::Wrmsr => Operation::Instruction(Instruction::Wrmsr),
            StatementFile::Rdmsr => Operation::Instruction(Instruction::Rdmsr),
            StatementFile::Invlpg => Operation::Instruction(Instruction::Invlpg),
            StatementFile::Popf => Operation::Instruction(Instruction::Popf),
            StatementFile::Sgdt => Operation::Instruction(Instruction::Sgdt),
            StatementFile::Smsw => Operation::Instruction(Instruction::Smsw),
            StatementFile::Rdtsc => Operation::Instruction(Instruction::Rdtsc),
            StatementFile::Cpuid => Operation::Cpuid,
            // Loops are told apart by `statement`; an operation of no length stands in.
            StatementFile::Hlt | StatementFile::Repeat { .. } | StatementFile::Forever(_) => Operation::Hlt,
        }
    }

    fn image(&mut self, image: &ImageFile, at: &Node) -> Image {
        self.needs.disk.get_or_insert(at.span.clone());
        let segments =
            image.segments.as_ref().map_or(1, |n| self.whole(n, at.key("segments"), "segments", 1..=MOST_SEGMENTS));
        // At most 1,000.
        Image { bytes: self.bytes(&image.bytes, at, "bytes"), segments: segments as u16 }
    }

    fn request(
        &mut self,
        send: &Loose,
        receive: &Loose,
        think: &Option<DrawnFile>,
        peer: PeerFile,
        at: &Node,
    ) -> Operation {
        let peer = match peer {
            PeerFile::Remote => Peer::Remote,
            PeerFile::Local => Peer::Local,
            PeerFile::Namespace => Peer::Namespace,
        };
        if peer == Peer::Remote {
            self.needs.nic.get_or_insert(at.span.clone());
        }
        Operation::Request {
            send: self.bytes(send, at, "send"),
            receive: self.bytes(receive, at, "receive"),
            think: think.as_ref().map_or(Time::ZERO.into(), |time| self.drawn(time, at.key("think"), "think")),
            peer,
        }
    }

    fn bytes(&mut self, value: &Loose, at: &Node, what: &str) -> u64 {
        scalar::size(value, at.key(what), what, 1..=MOST_BYTES, self.problems)
    }

    fn whole(&mut self, value: &Loose, at: &Node, what: &str, range: std::ops::RangeInclusive<u64>) -> u64 {
        scalar::whole(value, at, what, range, self.problems)
    }

    fn drawn(&mut self, value: &DrawnFile, at: &Node, what: &str) -> Distribution {
        drawn::time(value, at, what, self.problems)
    }

    fn name(&mut self, name: &str, at: &Node, example: &str) -> String {
        if !names::can_be_a_name(name) {
            let help = Some(format!("write a name of 1 to 64 characters, as in {example}"));
            self.problems.add(at.span.clone(), names::no_name(name), help);
        }
        name.to_owned()
    }
}
