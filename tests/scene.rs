//! The cutaway over machines of every shape, built from scenarios: nothing overlaps, nothing is lost, no road runs
//! through words, and the same moment looks the same.
#![cfg(feature = "app")]

#[path = "support/picture.rs"]
mod picture;

use std::collections::BTreeSet;

use egui::{Pos2, Rect, Vec2, vec2};
use picture::{Node, built_in, four, lived, many, run};
use proptest::prelude::*;
use strata::app::scene::{Drawing, Focus, Ink, Layout, Metrics, Scene, SceneOptions, Selection, Shape, View};
use strata::app::theme::Theme;
use strata::costs::Profile;
use strata::engine::Time;
use strata::machine::inspect::Fact;
use strata::machine::spec::{NodeSpec, ProcessSpec};
use strata::machine::{ComponentKind, Presence, Presences, Topology};
use strata::pace::{Moment, PaceMap};
use strata::scenario::Scenario;
use strata::trace::{ComponentId, Crossing, JourneyId, Layer, StackId, Trace};

const CANVAS: Vec2 = vec2(980.0, 700.0);

fn options(theme: &Theme) -> SceneOptions<'_> {
    SceneOptions::plain(theme, &|_| "assumed")
}

fn draw(topology: &Topology, trace: &Trace, canvas: Vec2, time: Time) -> Drawing {
    let theme = Theme::dark();
    Scene::new(topology, trace).draw(topology, trace, canvas, &View::default(), time, &options(&theme))
}

fn node(depth: u32) -> BoxedStrategy<Node> {
    let leaf = prop_oneof![any::<bool>().prop_map(Node::Process), any::<bool>().prop_map(Node::Container)];
    if depth == 0 {
        return leaf.boxed();
    }
    let vm = prop::collection::vec(node(depth - 1), 1..3).prop_map(Node::Vm);
    prop_oneof![leaf, vm].boxed()
}

/// Machines of many shapes, and the beginning of a run on each.
fn machines() -> impl Strategy<Value = (Topology, Trace)> {
    let few = prop::collection::vec(node(2), 1..8);
    let many = prop::collection::vec(node(1), 8..=64);
    (prop_oneof![few, many], prop_oneof![1..9u16, Just(64u16)]).prop_map(|(nodes, cores)| {
        let stacks: Vec<(String, Node)> =
            nodes.into_iter().enumerate().map(|(i, node)| (format!("stack number {i}"), node)).collect();
        run(&stacks, cores, 1)
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
    use ComponentKind::{App, Cgroup, Container, DeviceModels, Kernel, VirtualMachine};
    let component = topology.component(id)?;
    let parent = component.parent?;
    let on_kernel = topology.component(parent)?.kind == Kernel;
    match component.kind {
        App | Cgroup | Container | DeviceModels if on_kernel => around(topology, parent),
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

/// Every part has a place of its own, or is drawn as one like it, or is counted in the floor that it lies in.
fn unaccounted<'a>(topology: &'a Topology, layout: &Layout) -> Vec<&'a str> {
    let counted = |id: ComponentId| {
        let place = layout.place(id);
        place.own || layout.drawn_as[id.index()] != id || layout.hidden.contains_key(&place.floor)
    };
    topology.iter().filter(|(id, _)| !counted(*id)).map(|(_, c)| c.name.as_str()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn boxes_lie_in_what_holds_them_and_on_the_canvas((topology, _) in machines(), canvas in canvas()) {
        let layout = layout(&topology, canvas);
        let all = Rect::from_min_size(Pos2::ZERO, canvas).expand(0.1);
        prop_assert!(unaccounted(&topology, &layout).is_empty(), "{:?}", unaccounted(&topology, &layout));
        for (id, component) in topology.iter().filter(|(id, _)| layout.place(*id).own) {
            let place = layout.place(id);
            prop_assert!(all.contains_rect(place.rect), "{} at {:?}", component.name, place.rect);
            if let Some(holder) = lies_in(&topology, id) {
                let outer = layout.place(holder).rect.expand(0.1);
                prop_assert!(outer.contains_rect(place.rect), "{} {:?} in {outer:?}", topology.path(id), place.rect);
            }
        }
    }

    #[test]
    fn siblings_do_not_overlap((topology, _) in machines(), canvas in canvas()) {
        let layout = layout(&topology, canvas);
        let own = topology.iter().filter(|(id, _)| layout.place(*id).own);
        let mut holders: Vec<(Option<ComponentId>, ComponentId)> =
            own.map(|(id, _)| (lies_in(&topology, id), id)).collect();
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
    fn texts_do_not_overlap_and_are_not_cut_off((topology, trace) in machines(), canvas in canvas(), at in 0..200_000u64) {
        let drawing = draw(&topology, &trace, canvas, Time::ns(at));
        prop_assert_eq!(texts_apart(&drawing, canvas), None);
    }

    #[test]
    fn the_same_moment_looks_the_same((topology, trace) in machines(), at in 0..200_000u64) {
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
    fn every_token_is_drawn_or_counted((topology, trace) in machines(), at in 0..200_000u64) {
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
}

/// A process, container or virtual machine of a scenario that has no box in the picture, nor is in one whose number is
/// right.
fn missing(nodes: &[NodeSpec], outer: &str, topology: &Topology, layout: &Layout) -> Option<String> {
    use ComponentKind::{App, Container, VirtualMachine};
    let fault = |node: &NodeSpec| {
        let path = if outer.is_empty() { node.name().to_owned() } else { format!("{outer}/{}", node.name()) };
        let Some(known) = topology.nodes.iter().find(|known| known.path == path) else {
            return Some(format!("the machine has no {path}"));
        };
        let kind = match node {
            NodeSpec::Process(_) => App,
            NodeSpec::Container(_) => Container,
            NodeSpec::Vm(_) => VirtualMachine,
        };
        let inside = topology.children(known.component).find(|(_, part)| part.kind == App).map(|(id, _)| id);
        let boxes = match kind {
            Container => vec![Some(known.component), inside],
            _ => vec![Some(known.component)],
        };
        for (id, kind) in boxes.into_iter().zip([kind, App]) {
            let Some(id) = id.filter(|id| topology.component(*id).is_some_and(|part| part.kind == kind)) else {
                return Some(format!("{path} has no {kind:?}"));
            };
            // The outermost that is drawn as another is in a box with others.
            let around = std::iter::successors(Some(id), |id| topology.component(*id)?.parent);
            let folded = around.filter(|id| layout.drawn_as[id.index()] != *id).last();
            let Some(unit) = folded.map(|folded| layout.drawn_as[folded.index()]) else {
                match layout.place(id).own {
                    true => continue,
                    false => return Some(format!("{path} has no box for its {kind:?}")),
                }
            };
            let is_member = |(id, part): &(ComponentId, &strata::machine::Component)| {
                let in_unit = |id: ComponentId| layout.drawn_as[id.index()] == unit;
                let inside = part.parent.is_some_and(in_unit);
                in_unit(*id) && !inside && matches!(part.kind, App | Container | VirtualMachine)
            };
            let members = topology.iter().filter(is_member).count();
            let said = layout.counts.get(&unit).map(|count| count.replace(',', ""));
            let number = said.as_ref().and_then(|count| count.split([' ', ':']).nth(1)?.parse::<usize>().ok());
            if number != Some(members) || !layout.place(unit).own {
                return Some(format!("{path} is one of {members}, in a box that says {said:?}"));
            }
        }
        missing(node.inside(), &path, topology, layout)
    };
    nodes.iter().find_map(fault)
}

/// The places of what is not there: nothing below them is seen.
fn covers(drawing: &Drawing) -> Vec<Rect> {
    let cover = |shape: &Shape| match shape {
        Shape::Rect { rect, fill: Some(fill), .. } if fill.ink == Ink::Background && fill.alpha >= 1.0 => Some(*rect),
        _ => None,
    };
    drawing.tokens.iter().filter_map(cover).collect()
}

/// The texts that can be seen, and where.
fn seen_texts(drawing: &Drawing) -> Vec<(&str, Rect)> {
    let covers = covers(drawing);
    let hidden = |bounds: Rect| covers.iter().any(|cover| cover.expand(0.5).contains_rect(bounds));
    let text = |shape: &'_ Shape| matches!(shape, Shape::Text { .. });
    let above = drawing.tokens.iter().filter(|shape| text(shape)).count();
    let all: Vec<(&str, Rect)> = drawing.text_boxes().collect();
    let below = all.len() - above;
    all.into_iter()
        .enumerate()
        .filter(|(i, (_, bounds))| *i >= below || !hidden(*bounds))
        .map(|(_, text)| text)
        .collect()
}

/// Two texts that lie on each other, or one that is not on the canvas.
fn texts_apart(drawing: &Drawing, canvas: Vec2) -> Option<String> {
    let all = Rect::from_min_size(Pos2::ZERO, canvas).expand(0.5);
    let boxes = seen_texts(drawing);
    for (i, (text, bounds)) in boxes.iter().enumerate() {
        if !all.contains_rect(*bounds) {
            return Some(format!("“{text}” at {bounds:?} is not on the canvas of {canvas:?}"));
        }
        let over = boxes[i + 1..].iter().find(|(_, others)| overlap(*bounds, *others));
        if let Some((other, others)) = over {
            return Some(format!("“{text}” {bounds:?} and “{other}” {others:?}"));
        }
    }
    None
}

/// A road or token that runs through words. A text's box is a line high; its letters are less.
fn through_words(drawing: &Drawing) -> Option<String> {
    let letters = |bounds: Rect| bounds.shrink2(vec2(0.5, bounds.height() * 0.2));
    let words: Vec<(&str, Rect)> =
        seen_texts(drawing).into_iter().map(|(text, bounds)| (text, letters(bounds))).collect();
    // How many more wait in a line stands on a plate of its own above the road.
    let counts = |text: &str| text.starts_with('+');
    for shape in drawing.trails.iter().chain(&drawing.tokens) {
        match shape {
            Shape::Line { points, .. } => {
                for pair in points.windows(2) {
                    let reach = Rect::from_two_pos(pair[0], pair[1]).expand(0.2);
                    let over = words.iter().find(|(text, bounds)| !counts(text) && overlap(*bounds, reach));
                    if let Some((text, bounds)) = over {
                        return Some(format!("a line {pair:?} runs through “{text}” {bounds:?}"));
                    }
                }
            }
            Shape::Token { center, radius, mark, .. } => {
                let reach = Rect::from_center_size(*center, Vec2::splat(radius * 1.7));
                let hit = words.iter().find(|(text, bounds)| !counts(text) && overlap(*bounds, reach));
                if let Some((text, bounds)) = hit {
                    return Some(format!("token {mark} at {center:?} lies on “{text}” {bounds:?}"));
                }
            }
            _ => {}
        }
    }
    None
}

/// A label that lies outside the rail or head of its column, or one too many.
fn astray(drawing: &Drawing, layout: &Layout) -> Option<String> {
    let framed = drawing.tokens.iter().filter_map(|shape| match shape {
        Shape::Rect { rect, fill: Some(fill), line: Some(_), .. }
            if matches!(fill.ink, Ink::AlarmFill | Ink::LabelFill) =>
        {
            Some(*rect)
        }
        _ => None,
    });
    let framed: Vec<Rect> = framed.collect();
    if framed.len() > 1 {
        return Some(format!("{} boxed labels", framed.len()));
    }
    let homes = layout.columns.iter().flat_map(|column| column.rail.into_iter().chain([column.state]));
    let homes: Vec<Rect> = homes.map(|home| home.expand(0.6)).collect();
    let lost = framed.iter().find(|label| !homes.iter().any(|home| home.contains_rect(**label)));
    if let Some(label) = lost {
        return Some(format!("the label at {label:?} is in no rail or head"));
    }
    let rails = layout.columns.iter().filter_map(|column| column.rail);
    for rail in rails {
        let over = layout.columns.iter().find(|column| overlap(column.area, rail) || overlap(column.state, rail));
        if let Some(column) = over {
            return Some(format!("the rail {rail:?} lies over the column of {:?}", column.stack));
        }
    }
    None
}

/// Moments at which something moves: spread over the hops, not over time, and over every part of a hop.
fn moments(trace: &Trace, count: usize) -> Vec<Time> {
    let hops = trace.hops.len();
    let at = |i: usize| {
        let hop = &trace.hops[i * hops / count];
        let share = (i * 37 % 97) as f64 / 97.0;
        Time(hop.start.as_ps() + (hop.duration().as_ps() as f64 * share) as u64)
    };
    (0..count).map(at).collect()
}

/// Moments of the animation as it is shown: spread over the screen's time at the pace of a column.
fn shown(trace: &Trace, end: Time, follow: Option<StackId>, count: usize) -> Vec<Moment> {
    let map = PaceMap::new(trace, end, follow);
    let length = map.length();
    (0..count).map(|i| map.at(length.mul_f64((i as f64 + 0.37) / count as f64))).collect()
}

/// What the panels leave of a window of 1280x720, 1600x1000 and 2560x1440.
const CANVASES: [Vec2; 3] = [vec2(744.0, 480.0), vec2(984.0, 684.0), vec2(1944.0, 1110.0)];

/// How many moments of each scenario are looked at, in each size, with each column followed.
const MOMENTS: usize = 400;

/// What is wrong with a picture: words on words, a road or token on words, a label outside its column, a part that is
/// neither named nor counted.
fn fault(drawing: &Drawing, (topology, layout): (&Topology, &Layout), canvas: Vec2) -> Option<String> {
    texts_apart(drawing, canvas)
        .or_else(|| through_words(drawing))
        .or_else(|| astray(drawing, layout))
        .or_else(|| unnamed(drawing, topology, layout))
}

/// Nothing lies on words, in a built-in scenario, at 400 moments, in each size, with each column followed: half of
/// them spread over the hops, half over the animation.
fn stays_clear(id: &str) {
    let (topology, trace, presences) = lived(&strata::scenario::find(id).unwrap());
    let end = trace.journeys.iter().map(|journey| journey.end).max().unwrap_or(Time::ZERO);
    let mut theme = Theme::dark();
    let mut faults: Vec<String> = Vec::new();
    let all = std::iter::once(None).chain((0..topology.stacks.len()).map(|i| Some(StackId(i as u32))));
    for follow in all {
        let of_hops = moments(&trace, MOMENTS / 2).into_iter().map(|time| (time, None));
        let of_screen = shown(&trace, end, follow, MOMENTS / 2).into_iter().map(|moment| (moment.time, Some(moment)));
        let looked_at: Vec<(Time, Option<Moment>)> = of_hops.chain(of_screen).collect();
        for scale in [1.0, 2.0] {
            theme.scale = scale;
            for canvas in CANVASES {
                let mut scene = Scene::new(&topology, &trace);
                for &(time, moment) in &looked_at {
                    let options = SceneOptions { follow, moment, presences: Some(&presences), ..options(&theme) };
                    let drawing = scene.draw(&topology, &trace, canvas, &View::default(), time, &options);
                    let layout = scene.layout().unwrap();
                    if let Some(fault) = fault(&drawing, (&topology, layout), canvas) {
                        faults.push(format!("{id} {canvas:?} at {scale}, follow {follow:?}, {time}: {fault}"));
                        break;
                    }
                }
            }
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// The built-in scenarios in five parts, so that they are tried beside each other; new ones are tried without a word.
fn part_stays_clear(part: usize) {
    for (i, source) in strata::scenario::library().iter().enumerate() {
        if i % 5 == part {
            stays_clear(source.id);
        }
    }
}

#[test]
fn built_ins_have_nothing_on_words_first_part() {
    part_stays_clear(0);
}

#[test]
fn built_ins_have_nothing_on_words_second_part() {
    part_stays_clear(1);
}

#[test]
fn built_ins_have_nothing_on_words_third_part() {
    part_stays_clear(2);
}

#[test]
fn built_ins_have_nothing_on_words_fourth_part() {
    part_stays_clear(3);
}

#[test]
fn built_ins_have_nothing_on_words_fifth_part() {
    part_stays_clear(4);
}

#[test]
fn each_part_is_named_or_counted_on_canvases_of_every_shape() {
    let mut faults: Vec<String> = Vec::new();
    for built_in in strata::scenario::library() {
        let source = strata::scenario::find(built_in.id).unwrap();
        let (topology, trace, presences) = lived(&source);
        let stacks = Scenario::parse(&source).unwrap().spec.stacks;
        let mut theme = Theme::dark();
        let mut scene = Scene::new(&topology, &trace);
        for (i, width) in (600..2400).step_by(220).enumerate() {
            for height in (476..1300).step_by(76) {
                let scales = if height < 560 { [1.0, 1.0, 1.0] } else { [1.0, 1.25, 2.0] };
                theme.scale = scales[(i + height / 76) % 3];
                let canvas = vec2(width as f32, height as f32);
                let follow = Some(StackId((height / 76 % (topology.stacks.len() + 1)) as u32));
                let follow = follow.filter(|stack| stack.index() < topology.stacks.len());
                // Before, while and after what is started later is started.
                let time = Time::ms([0, 11, 300][(i + height / 76) % 3]) + Time::us(30);
                let options = SceneOptions { follow, presences: Some(&presences), ..options(&theme) };
                let drawing = scene.draw(&topology, &trace, canvas, &View::default(), time, &options);
                let layout = scene.layout().unwrap();
                let fault = fault(&drawing, (&topology, layout), canvas);
                let fault = fault.or_else(|| missing(&stacks, "", &topology, layout));
                faults.extend(fault.map(|why| format!("{} {canvas:?} at {}: {why}", built_in.id, theme.scale)));
            }
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn each_scenario_file_is_among_the_built_ins() {
    let ids: BTreeSet<&str> = strata::scenario::library().iter().map(|source| source.id).collect();
    for entry in std::fs::read_dir("scenarios").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "ron") {
            assert!(ids.contains(path.file_stem().unwrap().to_str().unwrap()), "{path:?} is in no test of the picture");
        }
    }
}

#[test]
fn the_tests_of_the_picture_see_what_is_wrong() {
    let (topology, trace) = built_in("one-read");
    let theme = Theme::dark();
    let follow = SceneOptions { follow: Some(StackId(2)), ..options(&theme) };
    let mut scene = Scene::new(&topology, &trace);
    let drawing = scene.draw(&topology, &trace, CANVAS, &View::default(), Time::us(6), &follow);
    let layout = scene.layout().unwrap().clone();
    let seen = |drawing: &Drawing| fault(drawing, (&topology, &layout), CANVAS);
    assert_eq!(seen(&drawing), None);
    let words = |of: &Drawing, text: &str| of.text_boxes().find(|(other, _)| *other == text).unwrap().1;
    let name = words(&drawing, "system calls");
    let with = |shape: Shape| {
        let mut broken = drawing.clone();
        broken.tokens.push(shape);
        seen(&broken)
    };
    let line = (1.0, Ink::Text.solid());
    // A word on a word, a road through one, a token on one, a label in another column, a word off the canvas.
    let text = |bounds: Rect| Shape::Text {
        text: "x".to_owned(),
        at: bounds.min,
        anchor: egui::Align2::LEFT_TOP,
        size: 10.0,
        strong: false,
        paint: Ink::Text.solid(),
        bounds,
    };
    assert!(with(text(name)).unwrap().contains("system calls"));
    assert!(with(text(name.translate(vec2(-400.0, 0.0)))).unwrap().contains("not on the canvas"));
    let road = vec![name.left_center() - vec2(9.0, 0.0), name.right_center()];
    assert!(with(Shape::Line { points: road, line }).unwrap().contains("runs through"));
    let token = Shape::Token {
        center: name.center(),
        radius: 6.0,
        token: strata::trace::Token::SystemCall,
        paint: Ink::Text.solid(),
        outlined: true,
        mark: "C".to_owned(),
    };
    assert!(with(token).unwrap().contains("lies on"));
    let elsewhere = layout.columns[3].area.shrink(4.0);
    let label = Shape::Rect { rect: elsewhere, radius: 0.0, fill: Some(Ink::AlarmFill.solid()), line: Some(line) };
    assert!(with(label).is_some());
    // A container without its program, and a part of the scenario that the machine does not have.
    let stacks = Scenario::parse(&strata::scenario::find("one-read").unwrap()).unwrap().spec.stacks;
    assert_eq!(missing(&stacks, "", &topology, &layout), None);
    let mut without = topology.clone();
    let in_container = |(id, part): (ComponentId, &strata::machine::Component)| {
        let outer = part.parent.and_then(|outer| topology.component(outer));
        outer.filter(|outer| outer.kind == ComponentKind::Container).map(|_| id)
    };
    for id in topology.iter().filter_map(in_container) {
        without.components[id.index()].kind = ComponentKind::KernelPart;
    }
    assert!(missing(&stacks, "", &without, &layout).unwrap().contains("has no App"));
    without.nodes.pop();
    assert!(missing(&stacks, "", &without, &layout).is_some());
    // A box that counts too few.
    let (crowd, _) = run(&many(64, &four()), 64, 1);
    let source = many(64, &four());
    let mut few = Layout::new(&crowd, &Metrics::without_window(), &theme, CANVAS);
    let names: Vec<NodeSpec> = source.iter().map(|(name, _)| NodeSpec::Process(ProcessSpec::new(name))).collect();
    let of_processes: Vec<NodeSpec> = names.into_iter().step_by(4).collect();
    assert_eq!(missing(&of_processes, "", &crowd, &few), None);
    few.counts.values_mut().for_each(|count| *count = count.replace("× ", "× 1"));
    assert!(missing(&of_processes, "", &crowd, &few).unwrap().contains("in a box that says"));
    // A part without its name.
    let mut nameless = drawing.clone();
    let kept = |shape: &Shape| !matches!(shape, Shape::Text { text, .. } if text == "scheduler");
    nameless.words = std::sync::Arc::new(drawing.words.iter().filter(|shape| kept(shape)).cloned().collect());
    assert!(seen(&nameless).unwrap().contains("scheduler"));
}

/// Whether a text names a part: whole, in a short form, by one of its words, or by its beginning with an ellipsis.
fn names(text: &str, part: &str) -> bool {
    let (text, part) = (text.to_lowercase(), strata::app::names::name(part).to_lowercase());
    let short = strata::app::scene::brief(&part).map(|short| short.to_lowercase());
    let cut = text.strip_suffix('…').is_some_and(|begun| !begun.is_empty() && part.starts_with(begun.trim_end()));
    text.contains(&part)
        || short.is_some_and(|short| text.contains(&short))
        || cut
        || part.split(' ').any(|word| word == text)
}

/// A floor, program or part with a place of its own and without its name, or a floor that does not say how many of its
/// parts are not drawn.
fn unnamed(drawing: &Drawing, topology: &Topology, layout: &Layout) -> Option<String> {
    use ComponentKind::{App, Cgroup, Container, Core, VirtualMachine};
    let words = seen_texts(drawing);
    let covers = covers(drawing);
    let cores = topology.iter().filter(|(_, c)| c.kind == Core && c.stack.is_none()).count();
    for (id, component) in topology.iter() {
        let place = layout.place(id);
        // Many cores are a block of little squares, counted by the list beside the picture.
        let block = component.kind == Core && (cores > 8 || place.rect.width() < 24.0);
        // What a column's head names, its shell need not.
        let shell = matches!(component.kind, VirtualMachine | Container | Cgroup);
        let headed = component.kind == App && topology.stacks.iter().any(|stack| stack.component == id);
        if !place.own || block || shell || headed {
            continue;
        }
        let within = |rect: Rect| {
            let within = words.iter().filter(move |(_, bounds)| rect.expand(0.5).contains_rect(*bounds));
            within.map(|(text, _)| *text).collect::<Vec<&str>>()
        };
        // Where something is not there, it says why.
        if let Some(cover) = covers.iter().find(|cover| cover.expand(0.5).contains_rect(place.rect)) {
            if within(*cover).is_empty() {
                return Some(format!("{} {:?} does not say why it is not there", topology.path(id), place.rect));
            }
            continue;
        }
        let texts = within(place.rect);
        if let Some(hidden) = layout.hidden.get(&id) {
            // A number alone says nothing.
            let counts = [format!("{hidden} part"), format!("{hidden} more part")];
            if !texts.iter().any(|text| counts.iter().any(|count| text.contains(count))) {
                return Some(format!("{}: {hidden} parts are not counted: {texts:?}", topology.path(id)));
            }
        } else if let Some(count) = layout.counts.get(&id) {
            // A box that stands for several says for how many, or names each of them.
            let members = count.split_once(": ").map_or("", |(_, members)| members).replace(" and ", ", ");
            let all = |text: &&&str| !members.is_empty() && members.split(", ").all(|member| text.contains(member));
            if texts.iter().any(|text| all(&text)) {
                continue;
            }
            let number = count.split([' ', ':']).take(2).collect::<Vec<_>>().join(" ");
            if !texts.iter().any(|text| text.starts_with(&number) || text.contains(&format!(" {number}"))) {
                return Some(format!("{} does not say “{number}”: {texts:?}", topology.path(id)));
            }
        } else if !texts.iter().any(|text| names(text, &component.name)) {
            return Some(format!("{} {:?} has no name: {texts:?}", topology.path(id), place.rect));
        }
    }
    None
}

#[test]
fn programs_in_one_box_are_counted_by_name_and_none_is_said_to_be_absent_for_another() {
    let (topology, trace, presences) = lived(&strata::scenario::find("start-time").unwrap());
    let theme = Theme::dark();
    let mut scene = Scene::new(&topology, &trace);
    let options = SceneOptions { presences: Some(&presences), ..options(&theme) };
    let canvas = vec2(600.0, 704.0);
    let mut both = 0;
    // In its boot the machine's services run before its program.
    for ms in 0..40 {
        let time = Time::ms(ms * 80);
        let drawing = scene.draw(&topology, &trace, canvas, &View::default(), time, &options);
        let layout = scene.layout().unwrap();
        let counted = layout.counts.keys().find(|id| topology.component(**id).unwrap().kind == ComponentKind::App);
        let drawn = *counted.expect("two programs have one box");
        let members = || topology.iter().filter(|(id, _)| layout.drawn_as[id.index()] == drawn);
        let there = members().filter(|(id, _)| presences.at(*id, time) == Presence::Here).count();
        let covered = covers(&drawing).iter().any(|cover| cover.contains_rect(layout.place(drawn).rect));
        assert!(there == 0 || !covered, "{time}: {there} of {} are there", members().count());
        both += usize::from(there > 0 && there < members().count());
    }
    assert!(both > 0, "never is one there without the other");
}

#[test]
fn what_a_vm_exit_saves_is_seen_beside_a_small_windows_panels() {
    let (topology, trace) = built_in("one-read");
    let theme = Theme::dark();
    for (stack, canvas) in [(2, SMALL), (3, SMALL), (2, CANVASES[1]), (3, CANVASES[1])] {
        let stack = StackId(stack);
        let out = |hop: &&strata::trace::Hop| hop.stack == stack && matches!(hop.crossing, Crossing::VmExit(_));
        let time = trace.hops.iter().find(out).unwrap().end + Time(1);
        let options = SceneOptions { follow: Some(stack), ..options(&theme) };
        let drawing = Scene::new(&topology, &trace).draw(&topology, &trace, canvas, &View::default(), time, &options);
        let texts: Vec<&str> = drawing.text_boxes().map(|(text, _)| text).collect();
        assert!(texts.iter().any(|text| text.starts_with("VMCS")), "{stack:?} {canvas:?}: {texts:?}");
        assert!(texts.iter().any(|text| text.starts_with("exit: ")), "{stack:?} {canvas:?}: {texts:?}");
    }
}

#[test]
fn the_hosts_own_column_has_its_head_right_above_its_box() {
    let mut seen = 0;
    for source in strata::scenario::library() {
        let topology = built_in(source.id).0;
        for canvas in [SMALL, CANVASES[1]] {
            let layout = layout(&topology, canvas);
            for column in &layout.columns {
                let top = topology
                    .iter()
                    .map(|(id, _)| layout.place(id))
                    .filter(|place| place.own && place.rect.left() >= column.area.left() - 0.1)
                    .filter(|place| place.rect.right() <= column.area.right() + 0.1)
                    .filter(|place| place.rect.bottom() <= column.area.bottom() + 1.0)
                    .map(|place| place.rect.top())
                    .fold(f32::INFINITY, f32::min);
                let gap = top - column.state.bottom();
                assert!(gap.abs() < 12.0, "{} {canvas:?} {:?}: {gap} above its box", source.id, column.stack);
                seen += usize::from(column.stack == StackId::NONE);
            }
        }
    }
    assert!(seen > 0, "no host has a program of its own");
}

#[test]
fn no_label_is_bright_of_what_the_chosen_viewer_can_not_know() {
    let (topology, trace) = built_in("one-read");
    let (theme, stack) = (Theme::dark(), StackId(2));
    let known = vec![false; topology.components.len()];
    let time = moments(&trace, 40);
    for follow in [None, Some(stack)] {
        let mut scene = Scene::new(&topology, &trace);
        for &time in &time {
            let options = SceneOptions { follow, known: Some(&known), ..options(&theme) };
            let drawing = scene.draw(&topology, &trace, CANVAS, &View::default(), time, &options);
            let layout = scene.layout().unwrap();
            let homes = layout.columns.iter().flat_map(|column| column.rail.into_iter().chain([column.state]));
            let homes: Vec<Rect> = homes.collect();
            for shape in drawing.trails.iter().chain(&drawing.tokens) {
                let Shape::Text { text, paint, bounds, .. } = shape else { continue };
                let bright = paint.alpha > 0.5 && homes.iter().any(|home| home.contains(bounds.center()));
                assert!(!bright, "{follow:?} {time}: “{text}” is bright");
            }
        }
    }
}

#[test]
fn the_bar_is_the_sum_of_the_hops() {
    let (topology, trace) = built_in("one-read");
    let scene = Scene::new(&topology, &trace);
    for time in moments(&trace, 60) {
        for (i, journey) in trace.journeys.iter().enumerate().filter(|(_, j)| j.start <= time) {
            let ledger = scene.index().ledger(&trace, JourneyId(i as u32), time);
            let mut sum = [0; Layer::ALL.len()];
            for hop in trace.hops_of(JourneyId(i as u32)).into_iter().map(|id| trace.hops[id.index()]) {
                sum[hop.layer as usize] += (hop.end.min(time) - hop.start).as_ps();
            }
            assert_eq!(ledger, sum);
            let spent = journey.end.min(time) - journey.start;
            assert_eq!(ledger.iter().sum::<u64>(), spent.as_ps());
        }
    }
}

#[test]
fn guest_kernels_are_level_and_programs_stand_on_their_kernels() {
    let (topology, _) = built_in("one-read");
    let layout = layout(&topology, CANVAS);
    let tops: Vec<f32> = topology
        .iter()
        .filter(|(_, c)| c.kind == ComponentKind::Kernel && c.layer == Layer::GuestKernel)
        .map(|(id, _)| layout.place(id).rect.top())
        .collect();
    assert!(tops.len() >= 2 && tops.iter().all(|top| (top - tops[0]).abs() < 0.01), "{tops:?}");
    for (id, app) in topology.iter().filter(|(_, c)| c.kind == ComponentKind::App) {
        let kernel = std::iter::successors(app.parent, |id| topology.component(*id)?.parent)
            .find(|id| topology.component(*id).is_some_and(|c| c.kind == ComponentKind::Kernel));
        let gap = layout.place(kernel.unwrap()).rect.top() - layout.place(id).rect.bottom();
        assert!(gap > 0.0 && gap < layout.part * 2.6, "{}: {gap}", topology.path(id));
    }
}

#[test]
fn what_crosses_is_seen_in_a_gate_or_wall() {
    for id in ["one-read", "ping-pong"] {
        let (topology, trace) = built_in(id);
        let theme = Theme::dark();
        let mut scene = Scene::new(&topology, &trace);
        let crossing =
            |crossing: Crossing| matches!(crossing, Crossing::SystemCall | Crossing::VmExit(_) | Crossing::VmEntry);
        let hops = trace.hops.iter().filter(|hop| crossing(hop.crossing) && hop.journey != JourneyId::NONE);
        let (mut seen, mut missed) = (0, BTreeSet::new());
        for hop in hops.step_by(7).take(300) {
            // A call is in its gate in the middle of its hop; an entry has come to its wall at the end.
            let share = if hop.crossing == Crossing::VmEntry { 0.95 } else { 0.5 };
            let time = Time(hop.start.as_ps() + (hop.duration().as_ps() as f64 * share) as u64);
            let drawing = scene.draw(&topology, &trace, CANVAS, &View::default(), time, &options(&theme));
            let at = drawing.hits.iter().find(|(_, _, of)| *of == Selection::Journey(hop.journey)).map(|hit| hit.0);
            let layout = scene.layout().unwrap();
            let near = |at: Pos2| layout.gates.iter().any(|gate| gate.at.distance(at) < layout.token * 2.5);
            if at.is_some_and(near) {
                seen += 1;
            } else {
                let place = topology.path(hop.component);
                missed.insert(format!("{} at {place}, {time}, seen at {at:?}", hop.crossing.label()));
            }
        }
        assert!(missed.is_empty(), "{id}: {seen} seen; not: {missed:#?}");
        assert!(seen > 10, "{id}");
    }
}

#[test]
fn the_label_names_the_hop_that_runs_now() {
    let (topology, trace) = built_in("one-read");
    let theme = Theme::dark();
    let follow = SceneOptions { follow: Some(StackId(2)), ..options(&theme) };
    let mut scene = Scene::new(&topology, &trace);
    let exit = trace.hops.iter().find(|hop| hop.stack == StackId(2) && matches!(hop.crossing, Crossing::VmExit(_)));
    let exit = exit.unwrap();
    let middle = Time((exit.start.as_ps() + exit.end.as_ps()) / 2);
    let texts = |drawing: &Drawing| drawing.text_boxes().map(|(text, _)| text.to_owned()).collect::<Vec<_>>();
    let drawing = scene.draw(&topology, &trace, CANVAS, &View::default(), middle, &follow);
    let found = texts(&drawing);
    assert!(found.iter().any(|text| text == "VM exit: I/O doorbell"), "{found:?}");
    assert!(found.iter().any(|text| text == &format!("{} · assumed", exit.duration())), "{found:?}");
    // The hop before it is still named as what it was.
    let before = Time(exit.start.as_ps() - 1);
    let drawing = scene.draw(&topology, &trace, CANVAS, &View::default(), before, &follow);
    assert!(!texts(&drawing).iter().any(|text| text == "VM exit: I/O doorbell"));
}

#[test]
fn tokens_carry_their_columns_letter() {
    let (topology, trace) = built_in("one-read");
    let drawing = draw(&topology, &trace, CANVAS, Time::us(6));
    let marks: BTreeSet<&str> = drawing
        .tokens
        .iter()
        .filter_map(|shape| match shape {
            Shape::Token { mark, .. } => Some(mark.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(marks, BTreeSet::from(["A", "B", "C", "D"]));
    let heads: Vec<&str> = drawing
        .words
        .iter()
        .filter_map(|shape| match shape {
            Shape::Text { text, .. } if text.len() == 1 && text.starts_with(char::is_uppercase) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(heads, ["A", "B", "C", "D"]);
}

#[test]
fn solo_hides_the_tokens_of_others_but_for_those_in_shared_queues() {
    let (topology, trace) = built_in("one-read");
    let theme = Theme::dark();
    let mut scene = Scene::new(&topology, &trace);
    let mut others = 0;
    for time in moments(&trace, 200) {
        let solo = SceneOptions { follow: Some(StackId(2)), solo: true, ..options(&theme) };
        let drawing = scene.draw(&topology, &trace, CANVAS, &View::default(), time, &solo);
        for (_, _, selection) in &drawing.hits {
            let Selection::Journey(id) = selection else { continue };
            let journey = trace.journeys[id.index()];
            if journey.stack == StackId(2) {
                continue;
            }
            others += 1;
            let hops = scene.index().hops(*id);
            let hop = trace.hops[hops[scene.index().hop_at(&trace, *id, time).unwrap()].index()];
            assert!(topology.component(hop.component).unwrap().stack.is_none(), "{:?} at {time}", hop.component);
        }
    }
    assert!(others > 0, "nobody else was ever at the disk: this test tests nothing");
}

#[test]
fn requests_at_the_disk_have_places_of_their_own() {
    let (topology, trace) = run(&many(6, &[Node::Process(false)]), 8, 1);
    let drawing = draw(&topology, &trace, vec2(1600.0, 900.0), Time::us(20));
    let layout = layout(&topology, vec2(1600.0, 900.0));
    let slots: Vec<Rect> = layout.slots.values().flatten().copied().collect();
    let held = slots.iter().filter(|slot| drawing.hits.iter().any(|(at, _, _)| slot.contains(*at))).count();
    assert!(held >= 4, "{held} of {} places hold a request: {:?}", slots.len(), drawing.hits);
}

#[test]
fn reduced_motion_shows_the_way_without_moving() {
    let (topology, trace) = built_in("one-read");
    let theme = Theme::dark();
    let still = SceneOptions { reduced_motion: true, ..options(&theme) };
    let mut scene = Scene::new(&topology, &trace);
    let mut at = |ns: u64| scene.draw(&topology, &trace, CANVAS, &View::default(), Time::ns(ns), &still);
    // Twice within the same hops: the block layer works for 900 ns from 4.27 and 5.88 µs on.
    let (a, b) = (at(6100), at(6500));
    assert_eq!(a.hits, b.hits);
    let chevrons = (0..40).map(|i| at(i * 500)).any(|d| d.tokens.iter().any(|s| matches!(s, Shape::Chevron { .. })));
    assert!(chevrons);
}

#[test]
fn nothing_is_lost_on_tiny_and_empty_canvases() {
    let (topology, trace) = built_in("one-read");
    for canvas in [Vec2::ZERO, vec2(1.0, 900.0), vec2(40.0, 30.0), vec2(f32::from(u16::MAX), 20.0)] {
        draw(&topology, &trace, canvas, Time::us(20));
    }
    let empty = Topology::default();
    draw(&empty, &Trace::default(), CANVAS, Time::us(20));
}

#[test]
fn what_there_is_no_room_for_is_counted_and_zooming_in_opens_it() {
    let eight = many(8, &[Node::Vm(vec![Node::Container(false); 5])]);
    let kinds = [Node::Process(false), Node::Container(false), Node::Vm(vec![Node::Process(false)])];
    for (stacks, cores) in [(eight, 8), (many(64, &four()), 64), (many(1080, &kinds), 64)] {
        let count = stacks.len();
        let (topology, trace) = run(&stacks, cores, 1);
        let theme = Theme::dark();
        for canvas in CANVASES {
            let mut scene = Scene::new(&topology, &trace);
            let drawing = scene.draw(&topology, &trace, canvas, &View::default(), Time::us(9), &options(&theme));
            let layout = scene.layout().unwrap();
            assert!(unaccounted(&topology, layout).is_empty(), "{count}: {:?}", unaccounted(&topology, layout));
            let drawn: usize = layout.columns.iter().map(|column| column.members.len()).sum();
            assert_eq!(drawn, count);
            let texts: Vec<&str> = drawing.text_boxes().map(|(text, _)| text).collect();
            let groups = layout.columns.iter().filter(|column| column.members.len() > 1);
            for group in groups {
                let count = strata_count(group.members.len());
                assert!(texts.iter().any(|text| text.contains(&count)), "{canvas:?}: {count} in {texts:?}");
            }
            assert_eq!(fault(&drawing, (&topology, layout), canvas), None, "{count}");
        }
        let named = |zoom: f32| {
            let view = View { zoom, ..View::default() };
            let mut scene = Scene::new(&topology, &trace);
            scene.draw(&topology, &trace, CANVAS, &view, Time::us(9), &options(&theme));
            let layout = scene.layout().unwrap();
            topology.iter().filter(|(id, _)| layout.place(*id).own).count()
        };
        assert!(named(16.0) > named(1.0), "{count}");
    }
}

/// "× 1,080", as it stands on the canvas.
fn strata_count(count: usize) -> String {
    if count < 1000 { format!("× {count}") } else { format!("× {},{:03}", count / 1000, count % 1000) }
}

#[test]
fn who_is_followed_or_selected_stands_alone() {
    let (topology, _) = run(&many(64, &four()), 64, 1);
    let (metrics, theme) = (Metrics::without_window(), Theme::dark());
    for (follow, alone) in [(Some(StackId(37)), None), (None, Some(StackId(62)))] {
        let focus = Focus { follow, alone };
        let layout = Layout::focused(&topology, &metrics, &theme, (CANVAS, 1.0), focus);
        let stack = follow.or(alone).unwrap();
        let column = &layout.columns[layout.column(stack)];
        assert_eq!(column.members, [stack]);
        assert_eq!(column.rail.is_some(), follow.is_some());
    }
}

#[test]
fn zooming_in_keeps_the_point_and_opens_the_floors() {
    let stacks =
        [("a".to_owned(), Node::Vm(vec![Node::Vm(vec![Node::Process(true)])])), ("b".to_owned(), Node::Process(false))];
    let (topology, trace) = run(&stacks, 4, 1);
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
    let (topology, trace) = built_in("one-read");
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
    let (topology, trace) = built_in("ping-pong");
    for canvas in [vec2(664.0, 420.0), vec2(744.0, 480.0), CANVAS, vec2(1600.0, 900.0)] {
        let drawing = draw(&topology, &trace, canvas, Time::ZERO);
        let texts: Vec<&str> = drawing.text_boxes().map(|(text, _)| text).collect();
        assert!(texts.iter().any(|text| text.ends_with("one CPU")), "{canvas:?}: {texts:?}");
        for letter in ["A", "B", "C", "D", "E"] {
            assert!(texts.contains(&letter), "{canvas:?}: {texts:?}");
        }
    }
}

#[test]
fn what_a_program_does_is_told_whole_where_its_box_has_room() {
    let (topology, trace) = built_in("one-read");
    let vm = StackId(topology.stacks.iter().position(|stack| stack.name == "vm").unwrap() as u32);
    let out = |hop: &&strata::trace::Hop| hop.stack == vm && matches!(hop.crossing, Crossing::VmExit(_));
    let time = trace.hops.iter().find(out).unwrap().end + Time(1);
    let theme = Theme::dark();
    for canvas in [CANVASES[1], CANVASES[2]] {
        let mut scene = Scene::new(&topology, &trace);
        let options = SceneOptions { follow: Some(vm), ..options(&theme) };
        let drawing = scene.draw(&topology, &trace, canvas, &View::default(), time, &options);
        let app = scene.layout().unwrap().columns[2].area;
        let texts = drawing.text_boxes().filter(|(_, bounds)| app.contains_rect(*bounds)).map(|(text, _)| text);
        let texts: Vec<&str> = texts.collect();
        assert!(texts.contains(&"stopped, vCPU out"), "{canvas:?}: {texts:?}");
    }
}

#[test]
fn a_machine_that_boots_is_no_empty_box() {
    let scenario = Scenario::parse(&strata::scenario::find("boot").unwrap()).unwrap();
    let outcome = scenario.run(&Profile::xeon_2017(), &scenario.options(), |_, _| true).unwrap();
    let (topology, trace) = (&outcome.topology, outcome.trace.as_ref().unwrap());
    let presences = Presences::new(topology, &outcome.changes);
    let (theme, mut scene) = (Theme::dark(), Scene::new(topology, trace));
    let (machine, _) = topology.iter().find(|(_, c)| c.kind == ComponentKind::VirtualMachine).unwrap();
    let kernel = topology.iter().find(|(id, c)| c.kind == ComponentKind::Kernel && topology.path(*id).contains("VM"));
    let (kernel, _) = kernel.unwrap();
    let starting = trace.hops.iter().find(|hop| presences.at(machine, hop.start) == Presence::Starting).unwrap();
    let half = Time(starting.start.as_ps() + 30_000_000_000);
    assert_eq!(presences.at(machine, half), Presence::Starting, "half of its boot");
    for (time, seen) in [(Time::ms(1), false), (half, true), (outcome.simulated, true)] {
        let options = SceneOptions { presences: Some(&presences), ..options(&theme) };
        let drawing = scene.draw(topology, trace, CANVAS, &View::default(), time, &options);
        let place = scene.layout().unwrap().place(kernel).rect;
        let covers = drawing.tokens.iter().any(|shape| {
            matches!(shape, Shape::Rect { rect, fill: Some(fill), .. }
                if fill.ink == Ink::Background && rect.contains_rect(place))
        });
        assert_eq!(covers, !seen, "{time}");
        let said = drawing.text_boxes().any(|(text, _)| text.contains("starting"));
        assert_eq!(said, time == half, "{time}: it is said that it is being started");
    }
}

/// What stands beside a small window's panels.
const SMALL: Vec2 = vec2(744.0, 466.0);

#[test]
fn a_columns_name_is_whole_or_says_that_it_is_cut() {
    let (theme, mut wrapped) = (Theme::dark(), 0);
    for source in strata::scenario::library() {
        let (topology, trace) = built_in(source.id);
        let all = std::iter::once(None).chain((0..topology.stacks.len()).map(|i| Some(StackId(i as u32))));
        for (follow, canvas) in all.flat_map(|follow| [SMALL, CANVASES[1]].map(|canvas| (follow, canvas))) {
            let mut scene = Scene::new(&topology, &trace);
            let options = SceneOptions { follow, ..options(&theme) };
            let drawing = scene.draw(&topology, &trace, canvas, &View::default(), Time::ZERO, &options);
            // What the host itself runs is in no stack.
            let columns = &scene.layout().unwrap().columns;
            for column in columns.iter().filter(|column| column.stack != StackId::NONE) {
                let name = strata::app::names::title(&topology.stacks[column.stack.index()].name);
                let within = |rect: Rect| {
                    let boxes = drawing.text_boxes().filter(move |(_, bounds)| rect.expand(1.0).contains_rect(*bounds));
                    boxes.map(|(text, _)| text.to_owned()).collect::<Vec<_>>()
                };
                let (head, below) = (within(column.heading), within(column.state));
                let letter = strata::app::letters::letter(column.stack);
                let first = head.iter().find(|text| **text != letter).cloned().unwrap_or_default();
                let both = below.iter().any(|below| format!("{first} {below}").trim() == name);
                wrapped += usize::from(both);
                let said = first == name || first.contains(['…', '×']) || both;
                assert!(said, "{} {follow:?} {canvas:?}: {name} is {head:?} over {below:?}", source.id);
            }
        }
    }
    assert!(wrapped > 0, "no name goes on below");
}

#[test]
fn the_key_is_there_on_small_canvases_as_well() {
    let metrics = Metrics::without_window();
    for id in ["throttled", "one-read", "vm-in-vm", "boot", "lives", "no-takeover", "compute-only"] {
        let topology = built_in(id).0;
        for follow in std::iter::once(None).chain((0..topology.stacks.len()).map(|i| Some(StackId(i as u32)))) {
            let focus = Focus { follow, alone: None };
            let layout = Layout::focused(&topology, &metrics, &Theme::dark(), (SMALL, 1.0), focus);
            let key = layout.key.unwrap_or_else(|| panic!("{id}, {follow:?}: no key"));
            let over = layout
                .columns
                .iter()
                .find(|column| overlap(column.heading, key) || column.rail.is_some_and(|rail| overlap(rail, key)));
            assert!(over.is_none(), "{id}, {follow:?}: the key {key:?} lies over {over:?}");
        }
    }
}

#[test]
fn a_tokens_letter_stands_in_it_wherever_the_canvas_is() {
    use strata::app::scene::paint::Canvas;
    let theme = Theme::dark();
    for token in [strata::trace::Token::Instruction, strata::trace::Token::SystemCall, strata::trace::Token::Interrupt]
    {
        for corner in [egui::pos2(0.0, 0.0), egui::pos2(300.0, 50.0)] {
            let place = Rect::from_min_size(corner, vec2(400.0, 300.0));
            let center = egui::pos2(200.0, 150.0);
            let (radius, paint, mark) = (9.0, Ink::Layer(Layer::User).solid(), "C".to_owned());
            let shape = Shape::Token { center, radius, token, paint, outlined: true, mark };
            let input = egui::RawInput {
                screen_rect: Some(Rect::from_min_size(Pos2::ZERO, vec2(900.0, 700.0))),
                ..Default::default()
            };
            let context = egui::Context::default();
            let mut output = context.run_ui(input, |ui| Canvas::new(ui.painter(), &theme, place).shape(&shape));
            output.textures_delta.clear();
            let letters = output.shapes.iter().filter_map(|clipped| match &clipped.shape {
                egui::Shape::Text(text) => Some(text.visual_bounding_rect()),
                _ => None,
            });
            let letters: Vec<Rect> = letters.collect();
            assert_eq!(letters.len(), 1, "{token:?}");
            let away = letters[0].center().distance(center + corner.to_vec2());
            assert!(away < radius * 1.3, "{token:?} at {corner:?}: its letter is {away} away");
        }
    }
}
