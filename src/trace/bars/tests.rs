//! Bars by hand: few operations whose numbers can be worked out, and many at random.

use proptest::prelude::*;

use super::*;
use crate::trace::{ComponentId, CpuId, Crossing, Hop, HopId, Journey, Token};

/// One operation: whose, its text, when it began, its hops as what was paid and for how long.
type Doing<'a> = (u32, u16, u64, &'a [(Primitive, Layer, u64)]);

fn trace(operations: &[Doing]) -> Trace {
    let mut trace = Trace::default();
    for (i, &(stack, label, start, hops)) in operations.iter().enumerate() {
        let id = JourneyId(i as u32);
        let (mut at, mut cause) = (start, HopId::NONE);
        for &(primitive, layer, takes) in hops {
            let serves = primitive == Primitive::DiskRead4k;
            let hop = Hop {
                start: Time(at),
                end: Time(at + takes),
                journey: id,
                cause,
                count: 1,
                component: ComponentId(0),
                cpu: CpuId::NONE,
                core: CpuId::NONE,
                stack: StackId(stack),
                what: What::Pay(primitive),
                crossing: if serves { Crossing::Device } else { Crossing::None },
                layer,
                token: if serves { Token::IoRequest } else { Token::Instruction },
            };
            (at, cause) = (at + takes, HopId(trace.hops.len() as u32));
            trace.hops.push(hop);
        }
        let kind = OperationKind::Read;
        let stack = StackId(stack);
        trace.journeys.push(Journey { stack, kind, label, start: Time(start), end: Time(at), last_hop: cause });
    }
    trace
}

fn texts() -> Vec<String> {
    ["read(data, 4 KiB)", "read(a, b, 4 KiB)", "read(data, 1 MiB)"].map(str::to_owned).to_vec()
}

const LOOK_UP: (Primitive, Layer, u64) = (Primitive::FileLookup, Layer::HostKernel, 10);

#[test]
fn only_like_is_compared_with_like() {
    let cached: &[_] = &[LOOK_UP];
    let disk: &[_] =
        &[LOOK_UP, (Primitive::PageCacheInsert, Layer::HostKernel, 5), (Primitive::DiskRead4k, Layer::Hardware, 80)];
    let direct: &[_] = &[LOOK_UP, (Primitive::DiskRead4k, Layer::Hardware, 80)];
    let ring = (Primitive::VirtioFill, Layer::GuestKernel, 3);
    let guest_device: &[_] = &[LOOK_UP, ring];
    let host_cache: &[_] = &[LOOK_UP, ring, LOOK_UP];
    // The second is of another file, the third of another size.
    let operations = [
        (0, 0, 0, cached),
        (0, 1, 1000, cached),
        (0, 2, 2000, cached),
        (0, 0, 3000, disk),
        (0, 0, 4000, direct),
        (1, 0, 0, guest_device),
        (1, 0, 1000, host_cache),
    ];
    let bars = Bars::new(&trace(&operations), &texts(), 2, 7);
    let labels: Vec<String> = bars.keys().map(|(_, key)| key.label()).collect();
    assert_eq!(
        labels,
        [
            "read, 4 KiB, from the page cache",
            "read, 1 MiB, from the page cache",
            "read, 4 KiB, from the disk",
            "read, 4 KiB, from the disk, past the page cache",
            "read, 4 KiB, from the virtual device",
            "read, 4 KiB, from the host's page cache",
        ]
    );
    assert_eq!(bars.total(KeyId(0), StackId(0)), 2);
    assert_eq!(bars.key_of(JourneyId(1)), Some(KeyId(0)));
}

#[test]
fn what_two_disks_serve_is_not_compared() {
    let disk: &[_] = &[LOOK_UP, (Primitive::DiskRead4k, Layer::Hardware, 80)];
    let mut trace = trace(&[(0, 0, 0, disk), (0, 0, 1000, disk), (0, 0, 2000, disk)]);
    let labels = |trace: &Trace| {
        let bars = Bars::new(trace, &texts(), 1, 7).named(|disk| format!("disk{}", disk.0));
        bars.keys().map(|(_, key)| key.label()).collect::<Vec<_>>()
    };
    assert_eq!(labels(&trace), ["read, 4 KiB, from the disk, past the page cache"]);
    trace.hops[3].component = ComponentId(1);
    let of_two = ["read, 4 KiB, from disk0, past the page cache", "read, 4 KiB, from disk1, past the page cache"];
    assert_eq!(labels(&trace), of_two);
}

#[test]
fn a_bar_holds_what_has_ended_and_nothing_that_has_not() {
    let hops: Vec<[(Primitive, Layer, u64); 1]> =
        [30, 10, 20].map(|ns| [(Primitive::FileLookup, Layer::User, ns)]).to_vec();
    let operations: Vec<Doing> = hops.iter().enumerate().map(|(i, hops)| (0, 0, i as u64 * 100, &hops[..])).collect();
    let mut bars = Bars::new(&trace(&operations), &texts(), 1, 7);
    let key = KeyId(0);
    let mut median = |at: u64| bars.at(key, Time(at))[0].map(|s| (s.count, s.length, s.low, s.high));
    assert_eq!(median(29), None);
    assert_eq!(median(30), Some((1, 30, 30, 30)));
    assert_eq!(median(500), Some((3, 20, 10, 30)));
    // Going back is as if one had never been further.
    assert_eq!(median(110), Some((2, 10, 10, 30)));
}

#[test]
fn a_ratio_needs_enough_of_both_and_says_if_there_is_no_difference() {
    let of = |stack: u32, count: u64, takes: u64| {
        (0..count).map(move |i| (stack, i * 10_000, [(Primitive::FileLookup, Layer::User, takes + i % 5)]))
    };
    let all: Vec<_> = of(0, 20, 100).chain(of(1, 20, 200)).chain(of(2, 7, 100)).chain(of(3, 20, 100)).collect();
    let operations: Vec<Doing> = all.iter().map(|(stack, start, hops)| (*stack, 0, *start, &hops[..])).collect();
    let mut bars = Bars::new(&trace(&operations), &texts(), 5, 7);
    let mut ratio = |stack: u32| bars.ratio(KeyId(0), StackId(stack), StackId(0), Time::MAX);
    assert_eq!(ratio(0), Ratio::Measure);
    let Ratio::Times { ratio: twice, low, high } = ratio(1) else { panic!("a ratio") };
    assert!((1.9..2.1).contains(&twice) && low <= twice && twice <= high && low > 1.5, "{twice} {low} {high}");
    assert_eq!(ratio(2), Ratio::TooFew(7));
    assert!(ratio(3).no_difference());
    assert_eq!(ratio(4), Ratio::Nothing);
}

#[test]
fn operations_whose_hops_were_not_all_kept_are_left_out() {
    let mut trace = trace(&[(0, 0, 0, &[LOOK_UP]), (0, 0, 100, &[LOOK_UP])]);
    trace.journeys[1].end = Time(500);
    let bars = Bars::new(&trace, &texts(), 1, 7);
    assert_eq!(bars.total(KeyId(0), StackId(0)), 1);
}

#[test]
fn scales_are_round() {
    let round = [(0, 1), (1, 1), (3, 5), (5, 5), (6, 10), (99, 100), (100_001, 200_000), (u64::MAX, u64::MAX)];
    for (largest, wanted) in round {
        assert_eq!(scale(largest), wanted, "{largest}");
    }
}

#[test]
fn the_quick_bootstrap_is_the_plain_one() {
    let hops: Vec<_> = (0..11u64).map(|i| [(Primitive::FileLookup, Layer::User, 100 + i * i)]).collect();
    let operations: Vec<Doing> = hops.iter().map(|hops| (0, 0, 0, &hops[..])).collect();
    let mut bars = Bars::new(&trace(&operations), &texts(), 1, 7);
    bars.at(KeyId(0), Time::MAX);
    let prefix = bars.prefixes(KeyId(0))[0].as_ref().unwrap();
    let mut stream = crate::engine::Stream::new(1, "test");
    let share = |draws: Vec<u64>, most: u64| draws.iter().filter(|&&d| d <= most).count() as f64 / draws.len() as f64;
    let quick: Vec<u64> = (0..20_000).map(|_| ratio::resampled(prefix, &mut stream) as u64).collect();
    let plain: Vec<u64> = (0..20_000)
        .map(|_| {
            let mut sample: Vec<u64> = (0..11).map(|_| prefix.latency(stream.below(11) as usize)).collect();
            sample.sort_unstable();
            sample[5]
        })
        .collect();
    for most in (0..11).map(|i| 100 + i * i) {
        let (quick, plain) = (share(quick.clone(), most), share(plain.clone(), most));
        assert!((quick - plain).abs() < 0.02, "{most}: {quick} {plain}");
    }
}

proptest! {
    #[test]
    fn parts_add_up_to_the_whole(whole in any::<u64>(), shares in prop::array::uniform8(0..1u64 << 60)) {
        let sum: u64 = split(whole, &shares).iter().sum();
        prop_assert_eq!(sum, if shares == [0; 8] { 0 } else { whole });
    }

    /// However one has come to a moment, and in whatever order what had ended by then ended, the bar is the same; and
    /// it is what sorting gives.
    #[test]
    fn a_bar_does_not_depend_on_the_way(
        takes in prop::collection::vec((1..1000u64, 0..1000u64), 1..60), detours in prop::collection::vec(0..70_000u64, 0..6),
        at in 0..70_000u64,
    ) {
        let hops: Vec<_> = takes
            .iter()
            .map(|&(a, b)| [(Primitive::FileLookup, Layer::User, a), (Primitive::FileLookup, Layer::HostKernel, b)])
            .collect();
        let operations: Vec<Doing> = hops.iter().enumerate().map(|(i, hops)| (0, 0, i as u64 * 1000, &hops[..])).collect();
        let mut straight = Bars::new(&trace(&operations), &texts(), 1, 7);
        let mut wandering = straight.clone();
        for detour in detours {
            wandering.at(KeyId(0), Time(detour));
        }
        let summary = straight.at(KeyId(0), Time(at))[0];
        prop_assert_eq!(wandering.at(KeyId(0), Time(at))[0], summary);
        let ended = takes.iter().enumerate().filter(|(i, (a, b))| *i as u64 * 1000 + a + b <= at);
        let mut sorted: Vec<u64> = ended.map(|(_, (a, b))| a + b).collect();
        sorted.sort_unstable();
        prop_assert_eq!(summary.map(|s| (s.count, s.length)),
            (!sorted.is_empty()).then(|| (sorted.len(), sorted[(sorted.len() * 50).div_ceil(100) - 1])));
        if let Some(summary) = summary {
            prop_assert_eq!(summary.parts.iter().sum::<u64>(), summary.length);
            prop_assert!(summary.low <= summary.length && summary.length <= summary.high);
        }
        // The same operations, ended by then, in the other order.
        let mut last_first = operations.clone();
        last_first.reverse();
        for (i, operation) in last_first.iter_mut().enumerate() {
            operation.2 = i as u64 * 1000;
        }
        let mut turned = Bars::new(&trace(&last_first), &texts(), 1, 7);
        prop_assert_eq!(turned.at(KeyId(0), Time::MAX), straight.at(KeyId(0), Time::MAX));
    }
}
