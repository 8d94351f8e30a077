//! What the inspector says of a part: each its own tables, and in them the numbers of the report and of the machine.
#![cfg(feature = "app")]

use std::collections::{BTreeMap, BTreeSet};

use strata::app::command::Command;
use strata::app::panels::inspector::{Inspector, PartView};
use strata::app::selection::Selection;
use strata::app::settings::Settings;
use strata::app::shell::Shell;
use strata::engine::Time;
use strata::machine::ComponentKind;
use strata::machine::listing::Listing;
use strata::trace::{ComponentId, ExitReason, JourneyId, OperationKind, StackId};

fn shell(id: &str) -> Shell {
    let mut shell = Shell::new(Settings::default(), None);
    shell.open(id);
    shell.finish_run();
    assert!(shell.session.recording.is_some(), "{:?}", shell.session.trouble);
    shell
}

fn end(shell: &Shell) -> Time {
    shell.session.recording.as_ref().unwrap().moments.end()
}

/// A part by the end of its path.
fn part(shell: &Shell, path: &str) -> ComponentId {
    let topology = shell.session.recording.as_ref().unwrap().topology();
    let found = topology.iter().find(|(id, _)| topology.path(*id).ends_with(path));
    found.unwrap_or_else(|| panic!("{path}")).0
}

fn view(shell: &mut Shell, id: ComponentId, time: Time) -> PartView {
    shell.apply(Command::Seek(time));
    shell.apply(Command::SelectComponent(id));
    shell.finish_run();
    assert_eq!(shell.selection, Selection::Part(id));
    match shell.inspector() {
        Inspector::Part(view) => view.clone(),
        other => panic!("{other:?}"),
    }
}

fn table<'a>(view: &'a PartView, title: &str) -> &'a Listing {
    let found = view.tables.iter().find(|table| table.title == title);
    found.unwrap_or_else(|| panic!("{title} among {:?}", view.tables.iter().map(|t| &t.title).collect::<Vec<_>>()))
}

#[test]
fn each_part_has_tables_of_its_own() {
    let mut shell = shell("one-read");
    let time = Time(end(&shell).as_ps() / 2);
    let wanted = [
        ("host kernel/scheduler", "Run queue of each processor"),
        ("host kernel/files, page cache", "Files in the page cache"),
        ("host kernel/memory", "Who has what"),
        ("host kernel/block layer", "Requests under way"),
        ("host kernel/network", "Packets under way"),
        ("host kernel/system calls", "Threads within an operation"),
        ("hypervisor/exits", "Exits so far"),
        ("hypervisor/nested paging", "Memory of guests"),
        ("hypervisor/vCPU threads", "vCPU threads"),
        ("hypervisor/virtio back ends", "Back ends"),
        ("vCPU 0", "Exits so far"),
        ("core 0", "Run queue, next first"),
        ("hardware/nvme0", "Requests in the device"),
    ];
    let mut first: BTreeMap<String, &str> = BTreeMap::new();
    for (path, title) in wanted {
        let id = part(&shell, path);
        let view = view(&mut shell, id, time);
        table(&view, title);
        for table in &view.tables {
            let cells = table.header.len();
            assert!(cells >= 2 && table.rows.iter().all(|row| row.len() == cells), "{path}: {table:?}");
        }
        // No two parts say the same.
        let said = format!("{:?}", view.tables);
        let same = first.insert(said, path);
        assert_eq!(same, None, "{path} says what another says");
    }
}

#[test]
fn exits_in_the_inspector_are_those_of_the_report() {
    for id in ["one-read", "ping-pong", "vm-in-vm", "compute-only"] {
        let mut shell = shell(id);
        let time = end(&shell);
        let recording = shell.session.recording.as_ref().unwrap();
        let machines: Vec<(ComponentId, Option<StackId>, bool)> = recording
            .topology()
            .iter()
            .filter(|(_, part)| part.kind == ComponentKind::VirtualMachine)
            .map(|(id, part)| {
                let around = recording.topology().path(id).matches("virtual hardware").count();
                (id, part.stack, around > 0)
            })
            .collect();
        let reported: Vec<BTreeMap<ExitReason, u64>> = recording
            .outcome
            .stats
            .iter()
            .map(|stats| ExitReason::ALL.into_iter().map(|reason| (reason, stats.exits[reason as usize])).collect())
            .collect();
        let mut counted: Vec<BTreeMap<ExitReason, u64>> = vec![BTreeMap::new(); reported.len()];
        for (machine, stack, _) in machines {
            let view = view(&mut shell, machine, time);
            for row in &table(&view, "Exits so far").rows {
                let Some(reason) = ExitReason::ALL.into_iter().find(|reason| reason.label() == row[0]) else {
                    continue;
                };
                *counted[stack.unwrap().index()].entry(reason).or_default() += row[1].parse::<u64>().unwrap();
            }
        }
        for (counted, reported) in counted.iter().zip(&reported) {
            let reported: BTreeMap<ExitReason, u64> = reported.clone().into_iter().filter(|(_, n)| *n > 0).collect();
            assert_eq!(counted, &reported, "{id}");
        }
    }
}

#[test]
fn time_in_tables_grows_with_the_time_shown_and_begins_at_nothing() {
    let mut shell = shell("one-read");
    let end = end(&shell).as_ps();
    let id = part(&shell, "hypervisor/exits");
    let mut last = 0;
    for share in [0, 1, 2, 3, 4] {
        let view = view(&mut shell, id, Time(end / 4 * share));
        let all = table(&view, "Exits so far").rows.last().map_or(0, |row| row[1].parse::<u64>().unwrap());
        assert!(all > last || share == 0 && all == 0, "{share}: {all} after {last}");
        last = all;
    }
}

#[test]
fn who_ran_on_a_core_adds_up_to_no_more_than_the_time() {
    let mut shell = shell("one-read");
    let end = end(&shell);
    let scheduler = part(&shell, "host kernel/scheduler");
    let view = view(&mut shell, scheduler, end);
    let ran = table(&view, "Ran so far");
    let processors: BTreeSet<&String> = ran.rows.iter().map(|row| &row[1]).collect();
    assert!(processors.len() >= 2, "{ran:?}");
    for processor in processors {
        let shares = ran.rows.iter().filter(|row| &row[1] == processor).map(|row| &row[3]);
        let sum: f64 = shares.map(|share| share.trim_end_matches(" %").parse::<f64>().unwrap()).sum();
        assert!(sum <= 102.0, "{processor}: {sum}");
    }
}

#[test]
fn a_container_is_seen_from_within_and_from_its_kernel() {
    let mut shell = shell("one-read");
    let topology = shell.session.recording.as_ref().unwrap().topology().clone();
    let container = topology.iter().find(|(_, part)| part.kind == ComponentKind::Container).unwrap().0;
    let view = view(&mut shell, container, Time::us(10));
    let seen = table(&view, "Seen from within and from its kernel");
    let pid = seen.rows.iter().find(|row| row[0] == "pid").unwrap();
    assert_eq!(pid[1], "1");
    assert!(pid[2].parse::<u32>().unwrap() > 1, "{pid:?}");
    let hostname = seen.rows.iter().find(|row| row[0] == "hostname").unwrap();
    assert_ne!(hostname[1], hostname[2]);
    // A process outside of all namespaces has one number only.
    let process = topology.iter().find(|(_, part)| part.kind == ComponentKind::App).unwrap().0;
    let view = self::view(&mut shell, process, Time::us(10));
    let pid = table(&view, "Seen from within and from its kernel").rows.iter().find(|row| row[0] == "pid").unwrap();
    assert_eq!(pid[2], "the same");
}

#[test]
fn every_part_of_every_built_in_scenario_can_be_opened_at_any_time() {
    for built_in in strata::scenario::library() {
        let mut shell = shell(built_in.id);
        let end = end(&shell).as_ps();
        let parts = shell.session.recording.as_ref().unwrap().topology().components.len();
        for i in 0..parts {
            let id = ComponentId(i as u32);
            for share in [0, 3, 10] {
                let view = view(&mut shell, id, Time(end / 10 * share));
                for table in &view.tables {
                    assert!(!table.title.is_empty());
                    assert!(table.rows.iter().all(|row| row.len() == table.header.len()), "{}: {table:?}", view.path);
                    let texts = table.rows.iter().flatten().chain(&table.header);
                    assert!(texts.clone().all(|text| !text.is_empty()), "{}: {table:?}", view.path);
                }
            }
        }
    }
}

#[test]
fn the_sum_in_the_inspector_is_the_thin_bar_and_the_median_is_the_bar() {
    let mut shell = shell("one-read");
    let trace = shell.session.recording.as_ref().unwrap().trace().clone();
    let reads: Vec<JourneyId> = (0..trace.journeys.len() as u32)
        .map(JourneyId)
        .filter(|id| trace.journeys[id.index()].kind == OperationKind::Read && trace.journeys[id.index()].stack.0 == 2)
        .collect();
    let read = trace.journeys[reads[9].index()];
    let medians = |time: Time| {
        let ended = reads.iter().map(|id| trace.journeys[id.index()]).filter(|read| read.end <= time);
        let mut times: Vec<u64> = ended.map(|read| (read.end - read.start).as_ps()).collect();
        times.sort_unstable();
        (times.len(), times[(times.len() * 50).div_ceil(100) - 1])
    };
    let said = |shell: &mut Shell, time: Time| {
        shell.apply(Command::Seek(time));
        shell.apply(Command::SelectJourney(reads[9]));
        shell.finish_run();
        match shell.inspector() {
            Inspector::Journey(view, _) => view.sum_text(),
            other => panic!("{other:?}"),
        }
    };
    let middle = Time(read.start.as_ps() / 2 + read.end.as_ps() / 2);
    let (count, median) = medians(middle);
    let so_far = middle - read.start;
    let wanted =
        format!("Sum {so_far} so far = the thin bar of C. The bar of C: {}, the median of {count}", Time(median));
    assert_eq!(said(&mut shell, middle), wanted);
    let (count, median) = medians(read.end);
    let wanted = format!("Sum {}. The bar of C: {}, the median of {count}", read.end - read.start, Time(median));
    assert_eq!(said(&mut shell, read.end), wanted);
    assert_eq!(count, 10);
}

#[test]
fn who_looks_knows_its_kernels_part_of_the_machine_and_nothing_behind_a_wall() {
    let mut shell = shell("one-read");
    let topology = shell.session.recording.as_ref().unwrap().topology().clone();
    let named = |known: &[bool]| {
        let names = topology.iter().filter(|(id, _)| known[id.index()]).map(|(id, _)| topology.path(id));
        names.collect::<BTreeSet<String>>()
    };
    let mut seen = |stack: u32, viewpoint: usize| {
        shell.selection = Selection::Follow(StackId(stack));
        shell.lens = false;
        shell.apply(Command::SeenFrom(viewpoint));
        let known = shell.known().unwrap();
        shell.apply(Command::SeenFrom(viewpoint));
        assert_eq!(shell.known(), None, "the same again takes the lens away");
        named(&known)
    };
    let has = |names: &BTreeSet<String>, end: &str| names.iter().any(|name| name.ends_with(end));
    // The container's program knows itself, the kernel and the hardware, and no neighbour.
    let container = seen(1, 0);
    assert!(has(&container, "container/app") && has(&container, "host kernel") && has(&container, "core 0"));
    for hidden in ["host kernel/process", "host kernel/hypervisor", "/vm", "exits", "virtual hardware"] {
        assert!(!has(&container, hidden), "{hidden}: {container:?}");
    }
    // The plain process sees the others as processes; of the machines nothing but that they are there.
    let process = seen(0, 0);
    assert!(has(&process, "host kernel/process") && has(&process, "container/app") && has(&process, "/vm"));
    assert!(!has(&process, "exits") && !has(&process, "guest kernel"));
    // The host's kernel knows all of its own, and nothing within a wall.
    let host = seen(2, 2);
    assert!(has(&host, "hypervisor/exits") && has(&host, "/vm") && has(&host, "host kernel/process"));
    assert!(!has(&host, "guest kernel") && !has(&host, "vCPU 0") && !has(&host, "vm/app"));
    // A guest's kernel knows its own hardware, and nothing below it.
    let guest = seen(2, 1);
    assert!(has(&guest, "guest kernel/scheduler") && has(&guest, "vCPU 0"));
    assert!(!has(&guest, "host kernel") && !has(&guest, "core 0") && !has(&guest, "nvme0"));
    assert!(guest.iter().all(|name| name.contains("virtual hardware")), "{guest:?}");
}
