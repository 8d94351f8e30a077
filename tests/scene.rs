//! The cutaway over machines of every shape: nothing overlaps, nothing is lost, and the same moment looks the same.
#![cfg(feature = "app")]

#[path = "support/picture.rs"]
mod picture;

use std::collections::BTreeSet;

use egui::{Rect, Vec2, vec2};
use picture::{Node, machine, reads, walkthrough};
use proptest::prelude::*;
use strata::app::scene::{Drawing, Layout, Metrics, Scene, SceneOptions, Selection, Shape, View};
use strata::app::theme::Theme;
use strata::engine::Time;
use strata::machine::inspect::Fact;
use strata::machine::{ComponentKind, Topology};
use strata::trace::{ComponentId, JourneyId, Layer, Trace};

const CANVAS: Vec2 = vec2(980.0, 700.0);

fn options(theme: &Theme) -> SceneOptions<'_> {
    SceneOptions {
        theme,
        reduced_motion: false,
        selection: None,
        pointed_at: &[],
        provenance: &|_| "assumed",
        follow: None,
        solo: false,
        moment: None,
        facts: None,
    }
}

fn draw(topology: &Topology, trace: &Trace, canvas: Vec2, time: Time) -> Drawing {
    let theme = Theme::dark();
    Scene::new(topology, trace).draw(topology, trace, canvas, &View::default(), time, &options(&theme))
}

fn node(depth: u32) -> BoxedStrategy<Node> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Node::Process),
        (1..3u8, any::<bool>()).prop_map(|(apps, limited)| Node::Container(apps, limited)),
    ];
    if depth == 0 {
        return leaf.boxed();
    }
    let vm = prop::collection::vec(node(depth - 1), 0..3).prop_map(Node::Vm);
    prop_oneof![leaf, vm].boxed()
}

fn topology() -> impl Strategy<Value = Topology> {
    let few = prop::collection::vec(node(4), 1..8);
    let many = prop::collection::vec(node(1), 8..=64);
    (prop_oneof![few, many], prop_oneof![1..9u16, Just(64u16)]).prop_map(|(nodes, cores)| {
        let names: Vec<String> = (0..nodes.len()).map(|i| format!("stack number {i}")).collect();
        let stacks: Vec<(&str, Node)> = names.iter().map(String::as_str).zip(nodes).collect();
        machine(&stacks, cores)
    })
}

fn canvas() -> impl Strategy<Value = Vec2> {
    prop_oneof![Just(CANVAS), Just(vec2(664.0, 420.0)), Just(vec2(1600.0, 900.0))]
}

fn layout(topology: &Topology, canvas: Vec2) -> Layout {
    Layout::new(topology, &Metrics::without_window(), &Theme::dark(), canvas)
}

/// The boxes share more than a hair's breadth.
fn overlap(a: Rect, b: Rect) -> bool {
    let common = a.intersect(b);
    common.width() > 0.05 && common.height() > 0.05
}

/// Whether `inner` lies in its parent as boxes do: apps stand on a kernel, but lie in a container.
fn lies_in(topology: &Topology, id: ComponentId) -> Option<ComponentId> {
    use ComponentKind::{App, Cgroup, Container, Kernel, VirtualMachine};
    let component = topology.component(id)?;
    let parent = component.parent?;
    let on_kernel = topology.component(parent)?.kind == Kernel;
    match component.kind {
        App | Cgroup | Container if on_kernel => around(topology, parent),
        VirtualMachine => around(topology, topology.component(parent)?.parent?),
        Kernel => around(topology, id),
        _ => Some(parent),
    }
}

/// The virtual machine that a kernel is inside of.
fn around(topology: &Topology, kernel: ComponentId) -> Option<ComponentId> {
    let hardware = topology.component(kernel)?.parent?;
    topology.component(hardware)?.parent
}

proptest! {
    #![proptest_config(ProptestConfig { ..ProptestConfig::default() })]

    #[test]
    fn boxes_lie_in_what_holds_them_and_on_the_canvas(topology in topology(), canvas in canvas()) {
        let layout = layout(&topology, canvas);
        let all = Rect::from_min_size(egui::Pos2::ZERO, canvas).expand(0.1);
        for (id, component) in topology.iter() {
            let place = layout.place(id);
            prop_assert!(place.own, "{} has no place", component.name);
            prop_assert!(all.contains_rect(place.rect), "{} at {:?}", component.name, place.rect);
            if let Some(holder) = lies_in(&topology, id) {
                let outer = layout.place(holder).rect.expand(0.1);
                prop_assert!(outer.contains_rect(place.rect), "{} {:?} in {outer:?}", topology.path(id), place.rect);
            }
        }
    }

    #[test]
    fn siblings_do_not_overlap(topology in topology(), canvas in canvas()) {
        let layout = layout(&topology, canvas);
        let mut holders: Vec<(Option<ComponentId>, ComponentId)> =
            topology.iter().map(|(id, _)| (lies_in(&topology, id), id)).collect();
        holders.sort();
        for group in holders.chunk_by(|a, b| a.0 == b.0) {
            for (i, (_, a)) in group.iter().enumerate() {
                for (_, b) in &group[i + 1..] {
                    let (ra, rb) = (layout.place(*a).rect, layout.place(*b).rect);
                    prop_assert!(!overlap(ra, rb), "{} {ra:?}, {} {rb:?}", topology.path(*a), topology.path(*b));
                }
            }
        }
    }

    #[test]
    fn texts_do_not_overlap_and_are_not_cut_off(topology in topology(), canvas in canvas(), at in 0..200_000u64) {
        let trace = reads(&topology, 1, Time::ns(700));
        let drawing = draw(&topology, &trace, canvas, Time::ns(at));
        let all = Rect::from_min_size(egui::Pos2::ZERO, canvas).expand(0.5);
        let boxes: Vec<(&str, Rect)> = drawing.text_boxes().collect();
        for (i, (text, bounds)) in boxes.iter().enumerate() {
            prop_assert!(all.contains_rect(*bounds), "{text} at {bounds:?}");
            for (other, others) in &boxes[i + 1..] {
                prop_assert!(!overlap(*bounds, *others), "{text} {bounds:?}, {other} {others:?}");
            }
        }
    }

    #[test]
    fn the_same_moment_looks_the_same(topology in topology(), at in 0..200_000u64) {
        let trace = reads(&topology, 2, Time::ns(900));
        let theme = Theme::light();
        let mut travelled = Scene::new(&topology, &trace);
        let view = View { pan: vec2(30.0, -10.0), zoom: 1.7 };
        for ns in [0, 150_000, at / 2] {
            travelled.draw(&topology, &trace, CANVAS, &View::default(), Time::ns(ns), &options(&theme));
        }
        let later = travelled.draw(&topology, &trace, CANVAS, &view, Time::ns(at), &options(&theme));
        let fresh = Scene::new(&topology, &trace).draw(&topology, &trace, CANVAS, &view, Time::ns(at), &options(&theme));
        prop_assert_eq!(later, fresh);
    }

    #[test]
    fn every_token_is_drawn_or_counted(topology in topology(), at in 0..200_000u64) {
        let trace = reads(&topology, 2, Time::ns(900));
        let scene = Scene::new(&topology, &trace);
        let time = Time::ns(at);
        let slow: BTreeSet<JourneyId> = (0..trace.journeys.len() as u32)
            .map(JourneyId)
            .filter(|j| trace.journeys[j.index()].start <= time && time < trace.journeys[j.index()].end)
            .collect();
        let under_way: BTreeSet<JourneyId> = scene.index().under_way(&trace, time).into_iter().collect();
        prop_assert_eq!(&under_way, &slow);
        let drawing = draw(&topology, &trace, CANVAS, time);
        let drawn: BTreeSet<JourneyId> = drawing.hits.iter().filter_map(|(_, _, selection)| match selection {
            Selection::Journey(id) => Some(*id),
            Selection::Component(_) => None,
        }).collect();
        let hidden: usize = drawing.text_boxes().filter_map(|(text, _)| text.strip_prefix('+')?.parse::<usize>().ok()).sum();
        prop_assert!(drawn.is_subset(&slow));
        prop_assert_eq!(drawn.len() + hidden, slow.len());
    }

    #[test]
    fn the_bar_is_the_sum_of_the_hops(at in 0..400_000u64) {
        let topology = walkthrough();
        let trace = reads(&topology, 3, Time::ns(900));
        let scene = Scene::new(&topology, &trace);
        let time = Time::ns(at);
        for (i, journey) in trace.journeys.iter().enumerate() {
            let ledger = scene.index().ledger(&trace, JourneyId(i as u32), time);
            let mut sum = [0; Layer::ALL.len()];
            for hop in trace.hops_of(JourneyId(i as u32)).into_iter().map(|id| trace.hops[id.index()]) {
                sum[hop.layer as usize] += (hop.end.min(time) - hop.start).as_ps();
            }
            prop_assert_eq!(ledger, sum);
            let spent = journey.end.min(time) - journey.start;
            prop_assert_eq!(ledger.iter().sum::<u64>(), spent.as_ps());
        }
    }
}

#[test]
fn guest_kernels_are_level_and_programs_stand_on_one_line() {
    let topology = walkthrough();
    let layout = layout(&topology, CANVAS);
    let tops = |kind: ComponentKind, layer: Layer| -> Vec<f32> {
        let of_kind = topology.iter().filter(|(_, c)| c.kind == kind && c.layer == layer);
        of_kind.map(|(id, _)| layout.place(id).rect.top()).collect()
    };
    for tops in [tops(ComponentKind::App, Layer::User), tops(ComponentKind::Kernel, Layer::GuestKernel)] {
        assert!(tops.len() >= 2 && tops.iter().all(|top| (top - tops[0]).abs() < 0.01), "{tops:?}");
    }
}

#[test]
fn a_vm_exit_flashes_at_the_wall_and_says_what_it_costs() {
    let topology = walkthrough();
    let trace = reads(&topology, 1, Time::ZERO);
    // Before the exit the guest has spent 400 + 170 + 1900 + 900 + 600 ns; the exit takes 1310 ns.
    let drawing = draw(&topology, &trace, CANVAS, Time::ns(3970 + 600));
    let texts: Vec<&str> = drawing.text_boxes().map(|(text, _)| text).collect();
    assert!(texts.contains(&"VM exit: I/O doorbell"), "{texts:?}");
    assert!(texts.contains(&"1.31 µs · assumed"), "{texts:?}");
    let layout = layout(&topology, CANVAS);
    let wall = topology.iter().find(|(_, c)| c.kind == ComponentKind::VirtualMachine).map(|(id, _)| id).unwrap();
    let bottom = layout.place(wall).rect.bottom();
    let on_the_wall = drawing.hits.iter().filter(|(at, _, _)| (at.y - bottom).abs() < 0.5).count();
    assert_eq!(on_the_wall, 2, "both machines' tokens stand in their walls: {:?}", drawing.hits);
}

#[test]
fn those_that_wait_stand_in_line() {
    let nodes: Vec<(String, Node)> = (0..6).map(|i| (format!("p{i}"), Node::Process(false))).collect();
    let stacks: Vec<(&str, Node)> = nodes.iter().map(|(name, node)| (name.as_str(), node.clone())).collect();
    let topology = machine(&stacks, 8);
    let trace = reads(&topology, 1, Time::ZERO);
    // All have reached the disk's queue; the first waits 4 µs, each next one 4 µs longer.
    let drawing = draw(&topology, &trace, CANVAS, Time::ns(400 + 170 + 1900 + 900 + 300 + 3900));
    let mut xs: Vec<f32> = drawing.hits.iter().map(|(at, _, _)| at.x).collect();
    let y = drawing.hits[0].0.y;
    assert!(xs.len() >= 4 && drawing.hits.iter().all(|(at, _, _)| (at.y - y).abs() < 0.5), "{:?}", drawing.hits);
    xs.sort_by(f32::total_cmp);
    assert!(xs.windows(2).all(|w| w[1] - w[0] > 4.0), "{xs:?}");
    // Those who find no room in the line are counted.
    let more = format!("+{}", 6 - xs.len());
    assert!(xs.len() == 6 || drawing.text_boxes().any(|(text, _)| text == more));
}

#[test]
fn reduced_motion_shows_the_way_without_moving() {
    let topology = walkthrough();
    let trace = reads(&topology, 1, Time::ZERO);
    let theme = Theme::dark();
    let still = SceneOptions { reduced_motion: true, ..options(&theme) };
    let mut scene = Scene::new(&topology, &trace);
    let mut at = |ns: u64| scene.draw(&topology, &trace, CANVAS, &View::default(), Time::ns(ns), &still);
    // Twice within the same hops.
    let (a, b) = (at(700), at(1400));
    assert_eq!(a.hits, b.hits);
    assert!(a.tokens.iter().any(|shape| matches!(shape, Shape::Chevron { .. })));
}

#[test]
fn nothing_is_lost_on_tiny_and_empty_canvases() {
    let topology = walkthrough();
    let trace = reads(&topology, 1, Time::ZERO);
    for canvas in [Vec2::ZERO, vec2(1.0, 900.0), vec2(40.0, 30.0), vec2(f32::from(u16::MAX), 20.0)] {
        draw(&topology, &trace, canvas, Time::us(20));
    }
    let empty = Topology::default();
    draw(&empty, &Trace::default(), CANVAS, Time::us(20));
}

#[test]
fn zooming_in_keeps_the_point_and_opens_the_floors() {
    let topology =
        machine(&[("a", Node::Vm(vec![Node::Vm(vec![Node::Process(true)])])), ("b", Node::Process(false))], 4);
    let trace = reads(&topology, 1, Time::ZERO);
    let theme = Theme::dark();
    let mut scene = Scene::new(&topology, &trace);
    let small = vec2(360.0, 260.0);
    let mut texts = |view: &View| scene.draw(&topology, &trace, small, view, Time::us(1), &options(&theme)).words.len();
    let mut view = View::default();
    let before = texts(&view);
    view.zoom_at(egui::pos2(120.0, 120.0), small, 4.0);
    assert!(texts(&view) != before && view.zoom == 4.0);
    view.zoom_at(egui::pos2(120.0, 120.0), small, 0.25);
    assert!((view.zoom - 1.0).abs() < 1e-4 && view.pan.length() < 0.01, "{view:?}");
}

#[test]
fn a_magnified_part_shows_what_it_knows() {
    let topology = walkthrough();
    let trace = reads(&topology, 1, Time::ZERO);
    let theme = Theme::dark();
    let facts = |id: ComponentId| vec![Fact { label: "run queue".to_owned(), value: format!("{} tasks", id.0) }];
    let with_facts = SceneOptions { facts: Some(&facts), ..options(&theme) };
    let mut scene = Scene::new(&topology, &trace);
    let mut shown = |zoom: f32| {
        let view = View { zoom, ..View::default() };
        let drawing = scene.draw(&topology, &trace, CANVAS, &view, Time::us(1), &with_facts);
        let boxes: Vec<Rect> = drawing.text_boxes().map(|(_, bounds)| bounds).collect();
        for (i, a) in boxes.iter().enumerate() {
            assert!(boxes[i + 1..].iter().all(|b| !overlap(*a, *b)));
        }
        drawing.text_boxes().filter(|(text, _)| text.ends_with(" tasks")).count()
    };
    assert_eq!(shown(1.0), 0);
    assert!(shown(4.5) > 0);
}

#[test]
fn columns_whose_names_begin_alike_are_told_apart() {
    let stacks = [
        ("process", Node::Process(false)),
        ("container", Node::Container(1, false)),
        ("process, one CPU", Node::Process(false)),
        ("vm", Node::Vm(vec![Node::Process(false)])),
        ("vm, one vCPU", Node::Vm(vec![Node::Process(false)])),
    ];
    let topology = machine(&stacks, 8);
    let trace = reads(&topology, 1, Time::ZERO);
    for canvas in [vec2(664.0, 420.0), vec2(744.0, 480.0), CANVAS, vec2(1600.0, 900.0)] {
        let drawing = draw(&topology, &trace, canvas, Time::ZERO);
        let texts: Vec<&str> = drawing.text_boxes().map(|(text, _)| text).collect();
        assert!(texts.iter().any(|text| text.ends_with("one CPU")), "{canvas:?}: {texts:?}");
    }
}

#[test]
fn trails_fade_beneath_words() {
    let topology = walkthrough();
    let trace = reads(&topology, 1, Time::ns(700));
    let (mut faded, theme) = (0, Theme::dark());
    let mut scene = Scene::new(&topology, &trace);
    for us in 1..40 {
        let drawing = scene.draw(&topology, &trace, CANVAS, &View::default(), Time::us(us), &options(&theme));
        let words: Vec<Rect> = drawing.words.iter().filter_map(bounds).collect();
        for shape in &drawing.trails {
            let Shape::Line { points, line } = shape else { continue };
            for pair in points.windows(2) {
                let reach = Rect::from_two_pos(pair[0], pair[1]);
                let through = |word: &&Rect| {
                    let common = word.intersect(reach.expand(0.01));
                    common.width() > 0.0 && common.height() > 0.0 && common.width().max(common.height()) > 0.5
                };
                if words.iter().any(|word| through(&word)) {
                    faded += 1;
                    assert!(line.1.alpha < 0.25, "a trail at {pair:?} runs through words at {us} µs");
                }
            }
        }
    }
    assert!(faded > 0, "no trail ran beneath words: this test tests nothing");
}

fn bounds(shape: &Shape) -> Option<Rect> {
    match shape {
        Shape::Text { bounds, .. } => Some(*bounds),
        _ => None,
    }
}
