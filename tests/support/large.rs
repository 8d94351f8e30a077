//! Files of about a given size that are slow to check for a program that looks things up one after the other: legal
//! ones, and ones that are wrong in very many places.
#![allow(dead_code)]

use std::fmt::Write;

/// What a file is full of, whether it is legal, and how to make one of about so many bytes.
pub type Kind = (&'static str, bool, fn(usize) -> String);

/// All kinds.
pub const KINDS: &[Kind] = &[
    ("steps with ids", true, |n| walkthrough(&fill(n, |i| format!("Step(id:\"{i:05x}\",title:\"t\",say:\"\"),")))),
    ("parts to look at that are not there", true, |n| look_at(&fill(n, |_| "\"zzzz/guest kernel\",".to_owned()), 4096)),
    ("parts to look at, each another", true, |n| look_at(&fill(n, |i| format!("\"{:04x}/process\",", i % 4096)), 4096)),
    ("parts to look at by long ways", true, |n| {
        let words = ["hardware", "host kernel", "process", "scheduler"];
        let path = |i: usize| (0..8).map(|k| words[(i >> (2 * k)) & 3]).collect::<Vec<_>>().join("/");
        look_at(&fill(n, |i| format!("\"{}\",", path(i))), 4096)
    }),
    ("choices", true, |n| predict(&fill(n, |i| format!("Number({i}),")), "")),
    ("corrections", true, |n| {
        predict(&fill(n / 2, |i| format!("Number({i}),")), &fill(n / 2, |i| format!("Number({i}):\"one-read\",")))
    }),
    ("corrections of no choice", false, |n| {
        predict("Number(1),Number(2),", &fill(n, |i| format!("Number({i}):\"zzz\",")))
    }),
    ("predictions", true, |n| {
        let one = "Step(title:\"t\",say:\"\",predict:Predict(ask:\"\",choices:[Number(1),Number(2)],answer:\
                   Latency(\"s\",P50))),";
        walkthrough(&fill(n, |_| one.replace("(1)", "(\"1 us\")").replace("(2)", "(\"2 us\")")))
    }),
    ("expectations", true, |n| expect(&fill(n, |_| "AtLeast(Latency(\"s\",P99),\"0 us\"),".to_owned()))),
    ("expectations of unknown stacks", false, |n| expect(&fill(n, |i| format!("Equal(Exits(of:\"no {i}\"),0),")))),
    ("nested quantities", true, |n| {
        let mut deep = "Busy(of:\"s\")".to_owned();
        (0..12).for_each(|_| deep = format!("Difference({deep},Busy(of:\"s\"))"));
        expect(&fill(n, |_| format!("AtMost({deep},\"0 us\"),")))
    }),
    ("stacks", false, |n| whole("\"p\":[Cpuid]", &fill(n, |i| format!("\"{i:06x}\":Process(run:\"p\"),")), "")),
    ("stacks of unknown programs", false, |n| {
        whole("\"p\":[Cpuid]", &fill(n, |i| format!("\"{i:06x}\":Process(run:\"q{i}\"),")), "")
    }),
    ("long unknown names among long names", false, |n| {
        let long = |letters: &str| letters.repeat(150);
        let programs = fill(n / 2, |i| format!("\"{i:04}{}\":[Cpuid],", long("abcdefghij")));
        whole(&programs, &fill(n / 2, |i| format!("\"{i}\":Process(run:\"{}{i}\"),", long("jihgfedcba"))), "")
    }),
    ("names of 64 letters that are nearly right", false, |n| {
        let name = |i: usize| format!("{}{i:04}", "abcdefghijklmno".repeat(4));
        let programs = fill(80_000, |i| format!("\"{}\":[Cpuid],", name(i)));
        whole(&programs, &fill(n, |i| format!("\"{i}\":Process(run:\"{}\"),", name(i + 5000))), "")
    }),
    ("virtual machines full of copies", false, |n| {
        let vms =
            fill(n, |i| format!("\"{i}\":Vm(memory:\"16 MiB\",stacks:{{\"a\":Process(run:\"p\",copies:4096)}}),"));
        whole("\"p\":[Cpuid]", &vms, "")
    }),
    ("virtual machines in virtual machines", false, |n| {
        let mut deep = "Process(run:\"p\",copies:64)".to_owned();
        (0..6).for_each(|_| deep = format!("Vm(memory:\"16 MiB\",copies:4,stacks:{{\"a\":{deep}}})"));
        whole("\"p\":[Cpuid]", &fill(n, |i| format!("\"{i}\":{deep},")), "")
    }),
    ("operations", false, |n| whole(&format!("\"p\":[{}]", fill(n, |_| "Cpuid,".to_owned())), STACK, "")),
    ("programs", false, |n| whole(&fill(n, |i| format!("\"{i}\":[Cpuid],")), STACK, "")),
    ("disks", false, |n| {
        let disks = fill(n, |i| format!("\"{i}\":Nvme(capacity:\"1 TiB\"),"));
        whole("\"p\":[Cpuid]", STACK, "").replace("hypervisor: Kvm", &format!("disks: {{ {disks} }}, hypervisor: Kvm"))
    }),
    ("claims", false, |n| whole("\"p\":[Cpuid]", STACK, &format!("claims:[{}]", fill(n, |i| format!("\"c{i}\","))))),
    ("unknown operations", false, |n| whole(&format!("\"p\":[{}]", fill(n, |_| "Cpuic,".to_owned())), STACK, "")),
    ("unknown fields", false, |n| whole("\"p\":[Cpuid]", STACK, &fill(n, |i| format!("field{i}:1,")))),
    ("fields that are missing", false, |n| whole("\"p\":[Cpuid]", &fill(n, |i| format!("\"{i}\":Vm(vcpus:1),")), "")),
    ("numbers without a unit", false, |n| {
        whole(&format!("\"p\":[{}]", fill(n, |i| format!("Compute({i}),"))), STACK, "")
    }),
    ("comments in comments", true, |n| {
        format!("{}{}{}", "/*".repeat(n / 4), "*/".repeat(n / 4), whole("\"p\":[Cpuid]", STACK, ""))
    }),
    ("comments", true, |n| fill(n, |i| format!("// {i}\n")) + &whole("\"p\":[Cpuid]", STACK, "")),
    ("one text", true, |n| whole("\"p\":[Cpuid]", STACK, &format!("teaches:\"{}\"", "long ".repeat(n / 5)))),
    ("raw texts", true, |n| {
        whole("\"p\":[Cpuid]", STACK, &format!("leaves_out:[{}]", fill(n, |_| "r##\"a\"# b\"##,".to_owned())))
    }),
    ("hidden characters in a wrong line", false, |n| {
        whole("\"p\":[Cpuid]", STACK, &format!("teaches:\"{}\", nothing: 1", "\u{202e}\u{9b}".repeat(n / 5)))
    }),
    ("open brackets", false, |n| "(".repeat(n)),
    ("closed brackets", false, |n| ")".repeat(n)),
    ("quotation marks", false, |n| "\"".repeat(n)),
    ("lines", false, |n| "\n".repeat(n)),
    ("curly quotes", false, |n| format!("Scenario({}", "“a” ".repeat(n / 8))),
    ("claims that stand there again", true, |n| {
        whole("\"p\":[Cpuid]", STACK, &format!("claims:[{}]", fill(n, |_| "\"boot\",".to_owned())))
    }),
    ("ratios of ratios", false, |n| {
        let one = format!("AtMost({}Busy(of:\"s\"){},1),", "Ratio(".repeat(40), ",Busy(of:\"s\"))".repeat(40));
        expect(&fill(n, |_| one.clone()))
    }),
    ("labels in labels", false, |n| {
        predict(&fill(n, |i| format!("{}Number({i}){},", "Label(\"a\",".repeat(40), ")".repeat(40))), "")
    }),
    ("choices that lead nowhere", false, |n| {
        predict(&fill(n, |i| format!("Choice(label:\"a\",when:Number({i}),see:\"no {i}\"),")), "")
    }),
    ("stacks of one name", false, |n| whole("\"p\":[Cpuid]", &fill(n, |_| format!("{STACK},")), "")),
    ("programs of one name", false, |n| whole(&fill(n, |_| "\"p\":[Cpuid],".to_owned()), STACK, "")),
    ("steps of one id", false, |n| walkthrough(&fill(n, |_| "Step(id:\"a\",title:\"t\",say:\"\"),".to_owned()))),
    ("steps that follow nobody", false, |n| {
        walkthrough(&fill(n, |i| format!("Step(title:\"t\",say:\"\",follow:\"z{i}\"),")))
    }),
    ("steps up to each operation", true, |n| {
        walkthrough(&fill(n, |i| format!("Step(title:\"t\",say:\"\",play:Until(Operation(of:\"s\",nth:{}))),", i + 1)))
    }),
    ("one number", false, |n| whole("\"p\":[Cpuid]", STACK, &format!("seed:{}", "9".repeat(n)))),
    ("one word", false, |n| whole(&format!("\"p\":[{}]", "A".repeat(n)), STACK, "")),
    ("one name", false, |n| whole("\"p\":[Cpuid]", &format!("\"{}\":Process(run:\"p\")", "x".repeat(n)), "")),
    ("one path", true, |n| look_at(&format!("\"{}process\"", "host kernel/".repeat(n / 12)), 1)),
    ("one duration", false, |n| whole(&format!("\"p\":[Compute(\"{} us\")]", "1".repeat(n)), STACK, "")),
    ("long paths", true, |n| {
        let path = "hardware/host kernel/".repeat(30);
        look_at(&fill(n, |i| format!("\"{path}process{i}\",")), 1)
    }),
    ("mistakes in one field each", false, |n| {
        whole(&format!("\"p\":[{}]", fill(n, |i| format!("Read(file:\"f\",bytes:\"{i} gigs\"),"))), STACK, "")
    }),
    ("pins", false, |n| {
        whole("\"p\":[Cpuid]", &format!("\"v\":Vm(memory:\"1 GiB\",pin:[{}])", fill(n, |i| format!("{i},"))), "")
    }),
    ("fields that stand there again", false, |n| whole("\"p\":[Cpuid]", STACK, &fill(n, |_| "seed:1,".to_owned()))),
    ("a map for a list", false, |n| whole(&fill(n, |i| format!("\"{i}\":{{\"a\":1}},")), STACK, "")),
    ("nearly a value", false, |n| {
        whole(
            &format!("\"p\":[{}]", fill(n, |_| "Read(file:\"f\",bytes:\"4 KiB\",cache:Colld),".to_owned())),
            STACK,
            "",
        )
    }),
    ("commas that are missing", false, |n| whole(&format!("\"p\":[{}]", fill(n, |_| "Cpuid ".to_owned())), STACK, "")),
    ("a text that is not closed", false, |n| {
        format!("{}, teaches:\"{}", whole("\"p\":[Cpuid]", STACK, "").trim_end_matches(", )"), "x\n".repeat(n / 2))
    }),
    ("a comment that is not closed", false, |n| format!("/*{}", "x".repeat(n))),
    ("comments that are not closed", false, |n| "/*".repeat(n / 2)),
    ("texts over lines, and a mistake", false, |n| {
        let texts = fill(n, |_| "\"a\nb\",".to_owned());
        whole("\"p\":[Cpuid]", STACK, &format!("leaves_out:[{texts}\"a\nb\"c]"))
    }),
    ("texts with curly quotes, and one outside", false, |n| {
        whole("\"p\":[Cpuid]", STACK, &format!("leaves_out:[{}“x”]", fill(n, |_| "\"“a”\",".to_owned())))
    }),
    ("escapes", true, |n| whole("\"p\":[Cpuid]", STACK, &format!("teaches:\"{}\"", "\\u{41}".repeat(n / 6)))),
    ("hashes of a raw text", false, |n| whole("\"p\":[Cpuid]", STACK, &format!("teaches:r{}", "#".repeat(n)))),
    ("apostrophes", false, |n| whole("\"p\":[Cpuid]", STACK, &format!("teaches:{}", "'".repeat(n)))),
    ("lines as Windows ends them, and a mistake", false, |n| {
        format!("{}{}", "\r\n".repeat(n / 2), whole("\"p\":[Cpuid]", STACK, "nothing: 1"))
    }),
    ("a list of objects", false, |n| format!("{{{}}}", fill(n, |i| format!("\"a{i}\":[1,2,{{\"b\":null}}],")))),
    ("letters of several parts, and a mistake", false, |n| {
        whole("\"p\":[Cpuid]", STACK, &format!("teaches:\"{}\", nothing: 1", "👩‍💻e\u{301}".repeat(n / 14)))
    }),
    ("brackets that are not closed", false, |n| {
        format!("Scenario({}", fill(n, |i| format!("a{i}: [Cpuid(\"1 us\", {{\n")))
    }),
];

/// What a cost profile is full of, and how to make one of about so many bytes from the built-in one.
pub type MadeOf = (&'static str, fn(usize, &str) -> String);

/// Cost profiles.
pub const PROFILES: &[MadeOf] = &[
    ("costs of nothing", |n, whole| inserted(whole, &fill(n, |i| format!("\"zz{i}\": {COST},")))),
    ("costs that stand there again", |n, whole| inserted(whole, &fill(n, |_| format!("\"a\": {COST},")))),
    ("one name of a cost", |n, whole| inserted(whole, &format!("\"{}\": {COST},", "y".repeat(n)))),
    ("one id", |n, whole| whole.replacen("id: \"", &format!("id: \"{}", "x".repeat(n)), 1)),
    ("one source", |n, whole| whole.replacen("(\"", &format!("(\"{}", "x".repeat(n)), 1)),
    ("one number", |n, whole| whole.replacen("value: 1", &format!("value: {}", "1".repeat(n)), 1)),
    ("open brackets in a profile", |n, whole| inserted(whole, &"(".repeat(n))),
    ("comments that are not closed, behind a profile", |n, whole| format!("{whole}{}", "/*".repeat(n / 2))),
    ("lines before a profile that is none", |n, _| format!("{}x", "\n".repeat(n))),
];

const COST: &str = "(value: 1.0, unit: Ns, provenance: Assumed(\"x\"))";

fn inserted(whole: &str, costs: &str) -> String {
    whole.replacen("costs: {", &format!("costs: {{ {costs}"), 1)
}

/// A file of a kernel that is as large as one that is read: its path, and how to make it.
pub type KernelFile = (&'static str, fn(usize) -> String);

/// Kernels with such files.
pub const KERNELS: &[(&str, &[KernelFile])] = &[
    (
        "mounts of cgroup v1, and groups",
        &[
            ("/proc/self/mountinfo", |n| {
                fill(n, |i| format!("{} 29 0:{i} /c{i} /sys/fs/cgroup/m{i} rw - cgroup cgroup rw,memory\n", i + 30))
            }),
            ("/proc/self/cgroup", |n| fill(n, |i| format!("{i}:memory:/a/b/c{i}\n"))),
        ],
    ),
    (
        "mounts of cgroup v2, in a deep group",
        &[
            ("/proc/self/mountinfo", |n| {
                fill(n, |i| format!("{} 29 0:{i} / /sys/fs/cgroup/m{i} rw - cgroup2 none rw\n", i + 30))
            }),
            ("/proc/self/cgroup", |n| format!("0::/{}\n", "a/".repeat(n / 2))),
        ],
    ),
    (
        "a group above itself",
        &[
            ("/proc/self/mountinfo", |_| "30 29 0:1 / /sys/fs/cgroup rw - cgroup2 none rw\n".to_owned()),
            ("/proc/self/cgroup", |n| format!("0::/{}\n", "../".repeat(n / 3))),
        ],
    ),
    (
        "overlays on one another",
        &[("/proc/self/mountinfo", |n| {
            fill(n, |i| format!("{} {} 0:{i} / /mnt/{i} rw - overlay overlay rw,lowerdir=/a:/b\n", i + 30, i + 29))
        })],
    ),
    (
        "a mount of blanks",
        &[("/proc/self/mountinfo", |n| format!("30 29 0:1 / /{} rw - cgroup2 none rw\n", "\\040".repeat(n / 4)))],
    ),
    (
        "processors",
        &[("/proc/cpuinfo", |n| {
            fill(n, |i| format!("processor\t: {i}\nmodel name\t: X{i}\nflags\t\t: fpu hypervisor\n\n"))
        })],
    ),
    ("flags", &[("/proc/cpuinfo", |n| format!("processor\t: 0\nflags\t\t: {}\n", "hypervisor ".repeat(n / 11)))]),
    (
        "a list of processors, and namespaces",
        &[("/proc/self/status", |n| {
            let list = fill(n / 2, |i| format!("{},", 2 * i));
            format!("Name:\ta\nCpus_allowed_list:\t{list}0\nNSpid:\t{}\n", "1\t".repeat(n / 4))
        })],
    ),
    (
        "variables and groups of the first process",
        &[
            ("/proc/1/environ", |n| "container=x\0".repeat(n / 12)),
            ("/proc/1/cgroup", |n| fill(n, |i| format!("{i}:x:/docker/{i}\n"))),
        ],
    ),
    ("memory that is told again", &[("/proc/meminfo", |n| fill(n, |i| format!("MemTotal: {i} kB\n")))]),
];

const STACK: &str = "\"s\":Process(run:\"p\")";

/// As many pieces as fit into so many bytes.
fn fill(bytes: usize, piece: impl Fn(usize) -> String) -> String {
    let mut text = String::new();
    for i in 0.. {
        let piece = piece(i);
        if text.len() + piece.len() > bytes {
            break;
        }
        // Writing to a String can't fail.
        let _ = write!(text, "{piece}");
    }
    text
}

fn whole(programs: &str, stacks: &str, rest: &str) -> String {
    format!(
        "Scenario(format: 1, id: \"x\", title: \"t\", host: Host(cores: 2, memory: \"64 TiB\", hypervisor: Kvm), \
         programs: {{ {programs} }}, stacks: {{ {stacks} }}, {rest})"
    )
}

fn walkthrough(steps: &str) -> String {
    whole("\"p\":[Cpuid]", STACK, &format!("walkthrough: [{steps}]"))
}

fn look_at(paths: &str, stacks: usize) -> String {
    let stacks: String = (0..stacks).map(|i| format!("\"{i:04x}\":Process(run:\"p\"),")).collect();
    let step = format!("walkthrough: [Step(title:\"t\",say:\"s\",look_at:[{paths}])]");
    whole("\"p\":[Cpuid]", &stacks, &step)
}

fn predict(choices: &str, corrections: &str) -> String {
    walkthrough(&format!(
        "Step(title:\"t\",say:\"\",predict:Predict(ask:\"\",choices:[{choices}],answer:Exits(of:\"s\"),\
         if_wrong:{{{corrections}}}))"
    ))
}

fn expect(expectations: &str) -> String {
    whole("\"p\":[Cpuid]", STACK, &format!("expect: [{expectations}]"))
}
