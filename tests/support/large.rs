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
    ("stacks of one unknown program", false, |n| {
        whole("\"p\":[Cpuid]", &fill(n, |i| format!("\"{i:06x}\":Process(run:\"q\"),")), "")
    }),
    ("mistakes in values beside one in the shape", false, |n| {
        let reads = fill(n, |i| format!("Read(file:\"f\",bytes:\"{i} gigs\"),"));
        whole(&format!("\"p\":[{reads}]"), "\"s\":Vm(memry:\"1 GiB\")", "")
    }),
    ("stacks of unknown programs beside mistakes in the shape", false, |n| {
        let stacks = fill(n, |i| format!("\"{i:06x}\":Process(run:\"q{i}\"),"));
        whole("\"p\":[Cpuid]", &stacks, "seed: 1, sed: 1, expect: [Eqal(Exits(of: \"s\"), 0)]")
    }),
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
    ("computed numbers in a text, each another", true, |n| said(&fill(n, |i| format!("{{Busy(of:'s'/*{i}*/)}}")))),
    ("computed numbers behind escapes", true, |n| {
        said(&fill(n, |i| format!("\\u{{e9}}{{Busy(of:\\\"s\\\"/*{i}*/)}}")))
    }),
    ("computed numbers of hidden braces", true, |n| {
        said(&fill(n, |i| format!("\\u{{7b}}Busy(of:'s'/*{i}*/)}} {{Busy(of:'s'/*{i}*/)}}")))
    }),
    ("computed numbers in very many texts", true, |n| {
        let texts = fill(n, |i| format!("\"{{Busy(of:'s'/*{i}*/)}}\","));
        whole("\"p\":[Cpuid]", STACK, &format!("leaves_out:[{texts}]"))
    }),
    ("computed numbers under a name that is written otherwise", true, |n| {
        let texts = fill(n, |i| format!("\"{{Busy(of:'s'/*{i}*/)}}\","));
        whole("\"p\":[Cpuid]", STACK, &format!("r#leaves_out:[{texts}]"))
    }),
    ("computed numbers in what may be left out", true, |n| {
        let choices = fill(n, |i| format!("Label(\"{{Busy(of:'s'/*{i}*/)}}\",Number({i})),"));
        predict(&choices, "").replace("Predict(", "Some(Predict(").replace("if_wrong:{}))", "if_wrong:{})))")
    }),
    ("computed numbers of nobody", false, |n| said(&fill(n, |i| format!("{{Busy(of:'no {i}')}}")))),
    ("computed numbers that can't be read", false, |n| said(&fill(n, |i| format!("{{Busy(of:{i})}}")))),
    ("computed numbers that are not closed", false, |n| {
        let texts = fill(n, |i| format!("\"{{Busy(of:'s'/*{i}*/\","));
        whole("\"p\":[Cpuid]", STACK, &format!("leaves_out:[{texts}]"))
    }),
    ("braces", true, |n| said(&"{a".repeat(n / 2))),
    ("numbers of the file in a text", true, |n| {
        let step = |i: usize| format!("Step(title:\"t\",say:\"\",play:Until(Operation(of:\"s\",nth:{}))),", i + 1);
        let say = fill(n / 2, |i| format!("{{Written('walkthrough/{}/play/Operation/nth')}}", i % (n / 160) + 1));
        walkthrough(&format!("{}Step(title:\"t\",say:\"{say}\")", fill(n / 2, step)))
    }),
    ("numbers of the file by ways that lead nowhere", false, |n| {
        let say = fill(n / 2, |i| format!("{{Written('walkthrough/no{i}')}}"));
        let steps = fill(n / 2, |_| "Step(title:\"t\",say:\"\"),".to_owned());
        walkthrough(&format!("{steps}Step(title:\"t\",say:\"{say}\")"))
    }),
    ("a long text that is named as a number", false, |n| {
        let say = fill(n / 2, |i| format!("{{Written('teaches'/*{i}*/)}}"));
        let teaches = format!("teaches:\"{}\",", "1".repeat(n / 2));
        walkthrough(&format!("Step(title:\"t\",say:\"{say}\")")).replace("host:", &format!("{teaches} host:"))
    }),
    ("knobs", true, |n| {
        let knob = "Knob(name:\"k\",turns:[\"host/cores\"],from:1,to:4,shows:Busy(of:\"s\")),".repeat(8);
        walkthrough(&fill(n, |_| format!("Step(title:\"t\",say:\"\",knobs:[{knob}]),")))
    }),
    ("knobs at one place", false, |n| {
        let knob = "Knob(name:\"k\",turns:[\"host/cores\"],from:1,to:4,shows:Busy(of:\"s\")),";
        let knobs = fill(n, |_| knob.to_owned());
        walkthrough(&format!("Step(title:\"t\",say:\"\",knobs:[{knobs}])"))
    }),
    ("a knob that turns very much", true, |n| {
        let stacks: String = (0..1000).map(|i| format!("\"{i:03}\":Process(run:\"p\",threads:2),")).collect();
        let turns = fill(n, |i| format!("\"stacks/{:03}/threads\",", i % 1000));
        let knob = format!("Knob(name:\"k\",turns:[{turns}],from:1,to:3,shows:Busy(of:\"000\"))");
        let step = format!("walkthrough:[Step(title:\"t\",say:\"\",knobs:[{knob}])]");
        whole("\"p\":[Cpuid]", &stacks, &step)
    }),
    ("knobs that turn nothing", false, |n| {
        let knob = |i: usize| format!("Knob(name:\"k\",turns:[\"stacks/{i}/x\"],from:1,to:4,shows:Busy(of:\"s\")),");
        walkthrough(&fill(n, |i| format!("Step(title:\"t\",say:\"\",knobs:[{}]),", knob(i))))
    }),
    ("orders", true, |n| {
        let stack = "\"s\":Process(run:\"p\",cgroup:Cgroup(cpu_max:CpuMax(quota:\"50 ms\")))";
        let orders = fill(n, |i| format!("At(\"1 ms\",SetQuota(of:\"s\",quota:\"{} ms\")),", i % 50 + 1));
        let rest = format!("until:\"1 ms\",script:[{orders}]");
        whole("\"p\":[Forever([Compute(\"1 ms\")])]", stack, &rest)
    }),
    ("orders, the latest first", false, |n| {
        script(1, &fill(n, |i| format!("At(\"{} us\",Stop(\"s\")),", 1_000_000 - i)))
    }),
    ("orders to a machine in which much stands", false, |n| {
        script(4000, &fill(n, |i| format!("At(\"{i} us\",Restart(\"v\")),At(\"{i} us\",Kill(\"v/{}\")),", i % 4000)))
    }),
    ("orders to nobody", false, |n| script(1, &fill(n, |i| format!("At(\"{i} us\",Kill(\"no {i}\")),")))),
    ("operations that start others", false, |n| {
        let starts = fill(n / 2, |i| format!("Start(\"{i}\"),"));
        whole(&format!("\"p\":[{starts}]"), &fill(n / 2, |i| format!("\"{i}\":Process(run:\"p\"),")), "")
    }),
    ("operations that start others, in very many machines", false, |n| {
        let starts = fill(n / 2, |i| format!("Start(\"{i}\"),"));
        let vm = |i: usize| format!("\"{i}\":Vm(memory:\"16 MiB\",stacks:{{\"a\":Process(run:\"p\")}}),");
        whole(&format!("\"p\":[{starts}]"), &fill(n / 2, vm), "")
    }),
    ("what is down at first, and orders", false, |n| {
        let stacks = fill(n / 3, |i| format!("\"{i}\":Process(run:\"p\",up:false),"));
        let orders = fill(n / 2, |i| format!("At(\"{i} us\",Start(\"{i}\")),"));
        whole("\"p\":[Cpuid]", &stacks, &format!("script:[{orders}]"))
    }),
    ("a machine of a long name, and what stands in it", false, |n| {
        let inside = fill(n / 2, |i| format!("\"{i}\":Process(run:\"p\"),"));
        let vm = format!("\"{}\":Vm(memory:\"1 GiB\",stacks:{{{inside}}})", "v".repeat(n / 2));
        whole("\"p\":[PingPong(across_cpus:true),Memory(working_set:\"2 GiB\",accesses:1)]", &vm, "")
    }),
    ("disks, and who uses them", false, |n| {
        let disks = fill(n / 2, |i| format!("\"{i}\":Nvme(capacity:\"1 TiB\"),"));
        let last = n / 80;
        let stacks = fill(n / 2, |i| format!("\"{i}\":Container(run:\"p\",disk:\"{last}\"),"));
        whole("\"p\":[Cpuid]", &stacks, "")
            .replace("hypervisor: Kvm", &format!("disks: {{ {disks} }}, hypervisor: Kvm"))
    }),
    ("mounts", true, |n| {
        let mounts = fill(n, |i| format!("\"/{i}\":\"d\","));
        let host = format!("disks: {{ \"d\": Nvme(capacity:\"1 TiB\") }}, mounts: {{ {mounts} }}, hypervisor: Kvm");
        let reads: String = (0..1000).map(|i| format!("Read(file:\"/{i}/a\",bytes:\"4 KiB\"),")).collect();
        whole(&format!("\"p\":[{reads}]"), STACK, "").replace("hypervisor: Kvm", &host)
    }),
    ("volumes", true, |n| {
        let volumes = fill(n, |i| format!("\"/{i}\":\"d\","));
        let stack = format!("\"s\":Container(run:\"p\",volumes:{{{volumes}}})");
        let host = "disks: { \"d\": Nvme(capacity:\"1 TiB\") }, hypervisor: Kvm";
        whole("\"p\":[Open(\"/1\")]", &stack, "").replace("hypervisor: Kvm", host)
    }),
    ("a title of digits", true, |n| {
        whole("\"p\":[Cpuid]", STACK, "")
            .replace("title: \"t\"", &format!("title: \"{}\"", "1234567890".repeat(n / 10)))
    }),
    ("a list of numbers", false, |n| whole("\"p\":[Cpuid]", STACK, &format!("teaches:[{}]", "1,".repeat(n / 2)))),
    ("a list of numbers for names", false, |n| {
        whole("\"p\":[Cpuid]", STACK, &format!("claims:[{}]", fill(n, |i| format!("{i}.5,"))))
    }),
    ("brackets in brackets, again and again", false, |n| {
        whole(&format!("\"p\":[{}]", "((((),),),),".repeat(n / 12)), STACK, "")
    }),
    ("maps of one number", false, |n| whole(&format!("\"p\":[{}]", "{0:0},".repeat(n / 6)), STACK, "")),
    ("empty brackets", false, |n| whole(&format!("\"p\":[{}]", "(),".repeat(n / 3)), STACK, "")),
    ("words of one letter", false, |n| whole(&format!("\"p\":[{}]", "a,".repeat(n / 2)), STACK, "")),
    ("words for a number", false, |n| whole("\"p\":[Cpuid]", STACK, &format!("seed:[{}]", "a,".repeat(n / 2)))),
    ("links that lead nowhere", false, |n| {
        let links = "[a](b) ".repeat(n / 7);
        whole("\"p\":[Cpuid]", STACK, &format!("walkthrough:[Step(title:\"t\",say:\"{links}\",play:Stay)]"))
    }),
    ("digits and points", false, |n| whole("\"p\":[Cpuid]", STACK, &format!("seed:{}", "1.".repeat(n / 2)))),
    ("numbers with a sign", false, |n| whole("\"p\":[Cpuid]", STACK, &format!("seed:[{}]", "-1e9,".repeat(n / 5)))),
    ("a name of digits", false, |n| whole(&format!("\"{}\":[Cpuid]", "1".repeat(n)), STACK, "")),
    ("a value with digits for a unit", false, |n| {
        whole(&format!("\"p\":[Compute(\"1 {}\")]", "1.".repeat(n / 2)), STACK, "")
    }),
    ("values of a long name each", false, |n| {
        let name = "n".repeat(n / 2);
        whole(&format!("\"{name}\":[Forever([Cpuid])]"), &format!("\"s\":Process(run:\"{name}\")"), "")
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
    ("a title of digits", |n, whole| {
        whole.replacen("title: \"", &format!("title: \"{}", "1234567890".repeat(n / 10)), 1)
    }),
    ("a list of numbers", |n, whole| inserted(whole, &format!("\"a\": [{}],", "1,".repeat(n / 2)))),
    ("numbers for costs", |n, whole| inserted(whole, &fill(n, |i| format!("\"a{i}\": {i}.5,")))),
    ("digits and points", |n, whole| whole.replacen("value: 1", &format!("value: {}", "1.".repeat(n / 2)), 1)),
    ("a source of digits", |n, whole| whole.replacen("(\"", &format!("(\"{}", "1.".repeat(n / 2)), 1)),
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

fn said(say: &str) -> String {
    walkthrough(&format!("Step(title:\"t\",say:\"{say}\")"))
}

/// With so many processes in a machine; the last order can't be.
fn script(processes: usize, orders: &str) -> String {
    let inside: String = (0..processes).map(|i| format!("\"{i}\":Process(run:\"p\"),")).collect();
    let stacks = format!("{STACK},\"v\":Vm(memory:\"1 GiB\",stacks:{{{inside}}})");
    whole("\"p\":[Cpuid]", &stacks, &format!("script:[{orders}At(\"1 s\",Stop(\"nobody\"))]"))
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
