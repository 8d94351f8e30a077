//! The shape of a scenario file, as serde reads it. Nothing is checked here beyond the shape: numbers, durations and
//! names stay as they are written, so that [`super::check`] can tell everything that is wrong at once and point at it.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::machine::spec::{HugePages, Technique};

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(rename = "Scenario", deny_unknown_fields)]
pub(super) struct ScenarioFile {
    pub format: Loose,
    pub id: String,
    pub title: String,
    #[serde(default)]
    pub teaches: String,
    #[serde(default)]
    pub claims: Vec<String>,
    pub seed: Option<Loose>,
    #[serde(default)]
    pub costs: CostsFile,
    pub until: Option<Loose>,
    pub host: HostFile,
    pub programs: Named<Vec<StatementFile>>,
    pub stacks: Named<NodeFile>,
    pub copies: Option<Loose>,
    #[serde(default)]
    pub script: Vec<EntryFile>,
    #[serde(default)]
    pub walkthrough: Vec<StepFile>,
    pub closing: Option<ClosingFile>,
    #[serde(default)]
    pub expect: Vec<ExpectFile>,
    #[serde(default)]
    pub leaves_out: Vec<String>,
}

/// What a [`Loose`] may be, in words.
pub(super) const LOOSE: &str = "a number, or a text with a unit such as \"2 us\"";

/// A scalar as written: the check says what it should have been.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Loose {
    Whole(i128),
    Real(f64),
    Text(String),
}

impl Loose {
    /// The whole number that it is, also if it is written as `2.0`.
    pub fn whole(&self) -> Option<i128> {
        match self {
            Loose::Whole(n) => Some(*n),
            // Up to 2^53 each whole number is exactly one of these.
            Loose::Real(n) if n.fract() == 0.0 && n.abs() <= 9_007_199_254_740_992.0 => Some(*n as i128),
            _ => None,
        }
    }
}

impl fmt::Display for Loose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Loose::Whole(n) => write!(f, "{n}"),
            Loose::Real(n) => write!(f, "{n}"),
            Loose::Text(text) => write!(f, "\"{text}\""),
        }
    }
}

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Loose, D::Error> {
        struct Scalar;
        impl<'de> Visitor<'de> for Scalar {
            type Value = Loose;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(LOOSE)
            }
            fn visit_i64<E>(self, n: i64) -> Result<Loose, E> {
                Ok(Loose::Whole(i128::from(n)))
            }
            fn visit_u64<E>(self, n: u64) -> Result<Loose, E> {
                Ok(Loose::Whole(i128::from(n)))
            }
            fn visit_f64<E>(self, n: f64) -> Result<Loose, E> {
                Ok(Loose::Real(n))
            }
            fn visit_str<E>(self, text: &str) -> Result<Loose, E> {
                Ok(Loose::Text(text.to_owned()))
            }
            // It may stand around any value.
            fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Loose, D::Error> {
                Loose::deserialize(inner)
            }
        }
        deserializer.deserialize_any(Scalar)
    }
}

/// A scalar, or what it is drawn from: `Exponential("2 us")`, `Uniform("1 us", "3 us")`.
///
/// Of a value that may be either ron gives only what stands in the brackets. The name before them stands in the text, where
/// the check looks for it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum DrawnFile {
    Fixed(Loose),
    From(Vec<Loose>),
    /// The same with names before the values, which have none.
    Named,
}

impl<'de> Deserialize<'de> for DrawnFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<DrawnFile, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = DrawnFile;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(LOOSE)
            }
            fn visit_i64<E>(self, n: i64) -> Result<DrawnFile, E> {
                Ok(DrawnFile::Fixed(Loose::Whole(i128::from(n))))
            }
            fn visit_u64<E>(self, n: u64) -> Result<DrawnFile, E> {
                Ok(DrawnFile::Fixed(Loose::Whole(i128::from(n))))
            }
            fn visit_f64<E>(self, n: f64) -> Result<DrawnFile, E> {
                Ok(DrawnFile::Fixed(Loose::Real(n)))
            }
            fn visit_str<E>(self, text: &str) -> Result<DrawnFile, E> {
                Ok(DrawnFile::Fixed(Loose::Text(text.to_owned())))
            }
            // It may stand around any value.
            fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<DrawnFile, D::Error> {
                DrawnFile::deserialize(inner)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<DrawnFile, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(DrawnFile::Named)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<DrawnFile, A::Error> {
                let mut all = Vec::new();
                while let Some(value) = values.next_element()? {
                    all.push(value);
                }
                Ok(DrawnFile::From(all))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// A map keyed by name, in the order of the file. A name that stands there twice is kept twice.
#[derive(Debug)]
pub(super) struct Named<T>(pub Vec<(String, T)>);

impl<T> Default for Named<T> {
    fn default() -> Self {
        Named(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Named<T>, D::Error> {
        struct Entries<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
            type Value = Named<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map keyed by name, as in { \"app\": … }")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Named<T>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Named(entries))
            }
        }
        deserializer.deserialize_map(Entries(std::marker::PhantomData))
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename = "Costs", deny_unknown_fields)]
pub(super) enum CostsFile {
    #[default]
    Default,
    Profile(String),
}

#[derive(Debug, Deserialize)]
#[serde(rename = "Host", deny_unknown_fields)]
pub(super) struct HostFile {
    pub cores: Loose,
    pub memory: Loose,
    pub swap: Option<Loose>,
    #[serde(default)]
    pub transparent_huge_pages: HugePagesFile,
    #[serde(default)]
    pub disks: Named<DiskFile>,
    #[serde(default)]
    pub nics: Named<NicFile>,
    /// The names of disks, by path.
    #[serde(default)]
    pub mounts: Named<String>,
    #[serde(default)]
    pub groups: Named<CgroupFile>,
    pub hypervisor: Option<HypervisorFile>,
    pub boot: Option<BootFile>,
}

/// How a machine boots.
#[derive(Debug, Deserialize)]
#[serde(rename = "Boot", deny_unknown_fields)]
pub(super) struct BootFile {
    pub firmware: FirmwareFile,
    pub menu: Option<Loose>,
    pub kernel: Option<Loose>,
    pub unpacked: Option<Loose>,
    pub initrd: Option<Loose>,
    pub initrd_unpacked: Option<Loose>,
    pub services: Option<Loose>,
    pub service_bytes: Option<Loose>,
    pub service_work: Option<Loose>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename = "Firmware", deny_unknown_fields)]
pub(super) enum FirmwareFile {
    Bios,
    Uefi,
    Direct,
}

#[derive(Debug, Deserialize)]
#[serde(rename = "Hypervisor", deny_unknown_fields)]
pub(super) enum HypervisorFile {
    Kvm,
}

#[derive(Debug, Deserialize)]
#[serde(rename = "Disk", deny_unknown_fields)]
pub(super) enum DiskFile {
    Nvme { capacity: Loose },
    SataSsd { capacity: Loose },
    Hdd { capacity: Loose, rpm: Option<Loose> },
}

#[derive(Debug, Deserialize)]
#[serde(rename = "Network card", deny_unknown_fields)]
pub(super) enum NicFile {
    Nic { bandwidth: Loose },
}

/// A device of a virtual machine, on one of the kernel below.
#[derive(Debug, Deserialize)]
#[serde(rename = "Virtual device", deny_unknown_fields)]
pub(super) enum VirtualDeviceFile {
    Virtio {
        #[serde(default)]
        on: Option<String>,
    },
}

#[derive(Debug, Deserialize)]
#[serde(rename = "Operation", deny_unknown_fields)]
pub(super) enum StatementFile {
    Compute(DrawnFile),
    Cycles(Loose),
    Memory {
        working_set: Loose,
        accesses: Loose,
        #[serde(default)]
        huge_pages: bool,
    },
    SystemCall(String),
    Read {
        file: String,
        bytes: Loose,
        #[serde(default)]
        cache: CacheFile,
    },
    Write {
        file: String,
        bytes: Loose,
        #[serde(default)]
        sync: bool,
    },
    Request {
        send: Loose,
        receive: Loose,
        think: Option<DrawnFile>,
        #[serde(default)]
        peer: PeerFile,
    },
    PingPong {
        #[serde(default)]
        across_cpus: bool,
        bytes: Option<Loose>,
    },
    Sleep(DrawnFile),
    Open(String),
    Fsync(String),
    Fork {
        #[serde(default)]
        vfork: bool,
        writes: Option<Loose>,
        exec: Option<ImageFile>,
    },
    Exec(ImageFile),
    StartContainer {
        #[serde(default)]
        rootless: bool,
        #[serde(default = "yes")]
        cgroup: bool,
        #[serde(default)]
        network: StartNetworkFile,
        written: Option<Loose>,
        program: ImageFile,
    },
    StartVm {
        written: Loose,
        vcpus: Option<Loose>,
        #[serde(default)]
        technique: TechniqueFile,
    },
    Start(String),
    Cli,
    Sti,
    Hlt,
    In,
    Out,
    Lgdt,
    MovCr3,
    MovCr0,
    Wrmsr,
    Rdmsr,
    Invlpg,
    Popf,
    Sgdt,
    Smsw,
    Cpuid,
    Rdtsc,
    Repeat {
        times: Loose,
        body: Vec<StatementFile>,
    },
    Forever(Vec<StatementFile>),
}

fn yes() -> bool {
    true
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename = "Network", deny_unknown_fields)]
pub(super) enum StartNetworkFile {
    Host,
    Own,
    #[default]
    Bridge,
}

#[derive(Debug, Deserialize)]
#[serde(rename = "Image", deny_unknown_fields)]
pub(super) struct ImageFile {
    pub bytes: Loose,
    pub segments: Option<Loose>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename = "Cache", deny_unknown_fields)]
pub(super) enum CacheFile {
    Cold,
    Warm,
    #[default]
    AsIs,
    Direct,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename = "Peer", deny_unknown_fields)]
pub(super) enum PeerFile {
    #[default]
    Remote,
    Local,
    Namespace,
}

#[derive(Debug, Deserialize)]
#[serde(rename = "Kind of stack", deny_unknown_fields)]
pub(super) enum NodeFile {
    Process {
        run: Option<String>,
        threads: Option<Loose>,
        weight: Option<Loose>,
        cpu: Option<Loose>,
        #[serde(default)]
        io_ports: bool,
        nic: Option<String>,
        cgroup: Option<Box<CgroupFile>>,
        #[serde(default = "yes")]
        up: bool,
        #[serde(default)]
        restart: RestartFile,
        copies: Option<Loose>,
    },
    Container {
        run: Option<String>,
        threads: Option<Loose>,
        weight: Option<Loose>,
        cpu: Option<Loose>,
        #[serde(default)]
        io_ports: bool,
        nic: Option<String>,
        disk: Option<String>,
        #[serde(default)]
        volumes: Named<String>,
        cgroup: Option<Box<CgroupFile>>,
        seccomp_filters: Option<Loose>,
        #[serde(default)]
        network: NetworkFile,
        image: Option<Loose>,
        #[serde(default = "yes")]
        up: bool,
        #[serde(default)]
        restart: RestartFile,
        copies: Option<Loose>,
    },
    Vm {
        vcpus: Option<Loose>,
        memory: Loose,
        swap: Option<Loose>,
        #[serde(default)]
        transparent_huge_pages: HugePagesFile,
        #[serde(default)]
        technique: TechniqueFile,
        #[serde(default)]
        backend: BackendFile,
        #[serde(default)]
        disks: Named<VirtualDeviceFile>,
        #[serde(default)]
        nics: Named<VirtualDeviceFile>,
        #[serde(default)]
        mounts: Named<String>,
        cgroup: Option<Box<CgroupFile>>,
        #[serde(default)]
        groups: Named<CgroupFile>,
        #[serde(default)]
        pin: Vec<Loose>,
        #[serde(default)]
        preallocated: bool,
        image: Option<Loose>,
        boot: Option<Box<BootFile>>,
        #[serde(default)]
        stacks: Named<NodeFile>,
        #[serde(default = "yes")]
        up: bool,
        #[serde(default)]
        restart: RestartFile,
        copies: Option<Loose>,
    },
}

impl NodeFile {
    pub fn copies(&self) -> Option<&Loose> {
        match self {
            NodeFile::Process { copies, .. } | NodeFile::Container { copies, .. } | NodeFile::Vm { copies, .. } => {
                copies.as_ref()
            }
        }
    }
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename = "Network", deny_unknown_fields)]
pub(super) enum NetworkFile {
    Host,
    #[default]
    Bridge,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename = "Technique", deny_unknown_fields)]
pub(super) enum TechniqueFile {
    #[default]
    Hardware,
    Interpreted,
}

impl From<TechniqueFile> for Technique {
    fn from(technique: TechniqueFile) -> Technique {
        match technique {
            TechniqueFile::Hardware => Technique::Hardware,
            TechniqueFile::Interpreted => Technique::Interpreted,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename = "Huge pages", deny_unknown_fields)]
pub(super) enum HugePagesFile {
    Never,
    #[default]
    Madvise,
    Always,
}

impl From<HugePagesFile> for HugePages {
    fn from(huge_pages: HugePagesFile) -> HugePages {
        match huge_pages {
            HugePagesFile::Never => HugePages::Never,
            HugePagesFile::Madvise => HugePages::Madvise,
            HugePagesFile::Always => HugePages::Always,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename = "Backend", deny_unknown_fields)]
pub(super) enum BackendFile {
    #[default]
    Virtio,
    Vhost,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename = "Restart", deny_unknown_fields)]
pub(super) enum RestartFile {
    #[default]
    Never,
    OnFailure,
    Always,
}

/// An entry of the script.
#[derive(Debug, Deserialize)]
#[serde(rename = "Entry", deny_unknown_fields)]
pub(super) enum EntryFile {
    At(Loose, OrderFile),
}

#[derive(Debug, Deserialize)]
#[serde(rename = "Order", deny_unknown_fields)]
pub(super) enum OrderFile {
    Start(String),
    Stop(String),
    Kill(String),
    Restart(String),
    SetQuota { of: String, quota: Loose, period: Option<Loose>, burst: Option<Loose> },
    SetWeight { of: String, cpu_weight: Loose },
    Panic(String),
    PowerCut,
    Shutdown,
}

#[derive(Debug, Deserialize)]
#[serde(rename = "Cgroup", deny_unknown_fields)]
pub(super) struct CgroupFile {
    pub cpu_weight: Option<Loose>,
    pub cpu_max: Option<CpuMaxFile>,
    pub parent: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename = "CpuMax", deny_unknown_fields)]
pub(super) struct CpuMaxFile {
    pub quota: Loose,
    pub period: Option<Loose>,
    pub burst: Option<Loose>,
}

#[derive(Debug, Deserialize)]
#[serde(rename = "Step", deny_unknown_fields)]
pub(super) struct StepFile {
    pub id: Option<String>,
    pub title: String,
    pub say: String,
    #[serde(default)]
    pub look_at: Vec<String>,
    pub follow: Option<String>,
    pub predict: Option<PredictFile>,
    pub from: Option<MomentFile>,
    #[serde(default)]
    pub play: PlayFile,
    #[serde(default)]
    pub pace: PaceFile,
    #[serde(default)]
    pub knobs: Vec<KnobFile>,
    #[serde(default)]
    pub leaves_out: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename = "Knob", deny_unknown_fields)]
pub(super) struct KnobFile {
    pub name: String,
    pub say: Option<String>,
    pub turns: Vec<String>,
    pub from: Loose,
    pub to: Loose,
    pub shows: Option<QuantityFile>,
    pub shown_as: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename = "Closing", deny_unknown_fields)]
pub(super) struct ClosingFile {
    pub say: String,
    #[serde(default)]
    pub knobs: Vec<KnobFile>,
    pub next: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename = "Predict", deny_unknown_fields)]
pub(super) struct PredictFile {
    pub ask: String,
    pub choices: Vec<ChoiceFile>,
    pub answer: QuantityFile,
    #[serde(default)]
    pub if_wrong: Pairs,
}

/// Choices and the scenes that correct them, in the order of the file.
#[derive(Debug, Default)]
pub(super) struct Pairs(pub Vec<(ChoiceFile, String)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Pairs, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Pairs;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map from a choice to a scene, as in { Number(4096): \"doorbell\" }")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Pairs(entries))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename = "Choice", deny_unknown_fields)]
pub(super) enum ChoiceFile {
    Number(Loose),
    Between(Loose, Loose),
    Label(String, Box<ChoiceFile>),
    Choice { label: String, when: Box<ChoiceFile>, why: Option<String>, see: Option<String> },
}

impl ChoiceFile {
    /// The same for choices that are right of the same values.
    pub fn key(&self) -> String {
        let key = |value: &Loose| value.whole().map_or_else(|| value.to_string(), |whole| whole.to_string());
        match self.bare() {
            ChoiceFile::Number(n) => key(n),
            ChoiceFile::Between(from, to) => format!("{} to {}", key(from), key(to)),
            // `bare` takes all labels away.
            ChoiceFile::Label(label, _) | ChoiceFile::Choice { label, .. } => label.clone(),
        }
    }

    /// What is right for this choice, without its label.
    pub fn bare(&self) -> &ChoiceFile {
        let mut choice = self;
        while let ChoiceFile::Label(_, inner) | ChoiceFile::Choice { when: inner, .. } = choice {
            choice = inner;
        }
        choice
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename = "Play", deny_unknown_fields)]
pub(super) enum PlayFile {
    #[default]
    Stay,
    Until(MomentFile),
}

#[derive(Debug, Deserialize)]
#[serde(rename = "Moment", deny_unknown_fields)]
pub(super) enum MomentFile {
    Start,
    End,
    Time(Loose),
    Operation {
        of: String,
        kind: Option<String>,
        nth: Option<Loose>,
        #[serde(default)]
        at: EdgeFile,
    },
    Crossing {
        of: String,
        what: BoundaryFile,
        nth: Option<Loose>,
    },
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename = "Edge", deny_unknown_fields)]
pub(super) enum EdgeFile {
    Begin,
    #[default]
    End,
}

#[derive(Debug, Deserialize)]
#[serde(rename = "Boundary", deny_unknown_fields)]
pub(super) enum BoundaryFile {
    SystemCall,
    Return,
    PageFault,
    ProtectionFault,
    VmExit,
    VmExitFor(String),
    VmEntry,
    Interrupt,
    Injection,
    ContextSwitch,
    Throttle,
    Namespace,
    Device,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename = "Pace", deny_unknown_fields)]
pub(super) enum PaceFile {
    #[default]
    Paced,
    Proportional {
        per_second: Loose,
    },
}

#[derive(Debug, Deserialize)]
#[serde(rename = "Quantity", deny_unknown_fields)]
pub(super) enum QuantityFile {
    Exits { of: String, reason: Option<String>, per: Option<PerFile> },
    SystemCalls { of: String, per: Option<PerFile> },
    ContextSwitches { of: String, per: Option<PerFile> },
    PageFaults { of: String, per: Option<PerFile> },
    Interrupts { of: String, per: Option<PerFile> },
    Throttles { of: String, per: Option<PerFile> },
    Operations { of: String, kind: Option<String> },
    Latency(String, StatisticFile),
    OperationLatency(String, String, StatisticFile),
    Throughput { of: String },
    Ledger { of: String, layer: String, per: Option<PerFile> },
    Busy { of: String },
    StartTime { of: String },
    Memory { of: String, what: HoldingFile },
    Cost(String),
    Sum(Box<QuantityFile>, Box<QuantityFile>),
    Share(Box<QuantityFile>, Box<QuantityFile>),
    Ratio(Box<QuantityFile>, Box<QuantityFile>),
    Difference(Box<QuantityFile>, Box<QuantityFile>),
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename = "Holding", deny_unknown_fields)]
pub(super) enum HoldingFile {
    Promised,
    Resident,
    Peak,
    Swapped,
    PageCache,
}

#[derive(Debug, Deserialize)]
#[serde(rename = "Per", deny_unknown_fields)]
pub(super) enum PerFile {
    Operation(String),
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename = "Statistic", deny_unknown_fields)]
pub(super) enum StatisticFile {
    P50,
    P95,
    P99,
    Mean,
    Max,
    Total,
}

#[derive(Debug, Deserialize)]
#[serde(rename = "Expectation", deny_unknown_fields)]
pub(super) enum ExpectFile {
    Ratio { of: QuantityFile, to: QuantityFile, between: (Loose, Loose) },
    Equal(QuantityFile, Loose),
    Between(QuantityFile, Loose, Loose),
    AtLeast(QuantityFile, Loose),
    AtMost(QuantityFile, Loose),
    Less(QuantityFile, QuantityFile),
}
