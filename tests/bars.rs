//! The bars below the columns: they compare like with like, and say nothing that the words and tables beside them
//! contradict.
#![cfg(feature = "app")]

#[path = "support/picture.rs"]
mod picture;

use egui::{Rect, vec2};
use picture::{Node, many};
use strata::app::scene::bars::{Chart, Row, Wish, answered, chart, shown_key};
use strata::app::scene::{Ink, Scene, SceneOptions, Shape, View};
use strata::app::theme::Theme;
use strata::engine::Time;
use strata::machine::{Outcome, Topology};
use strata::scenario::{self, Scenario, Topic, library};
use strata::trace::bars::{Bars, Ratio};
use strata::trace::{JourneyId, Layer, OperationKind, StackId, Trace};

/// One run, and what its bars are drawn from.
struct Ran {
    scenario: Scenario,
    outcome: Outcome,
    scene: Scene,
    bars: Bars,
}

impl Ran {
    fn of(id: &str) -> Ran {
        let scenario = Scenario::parse(&scenario::find(id).unwrap()).unwrap();
        let profile = scenario.costs.resolve(None).unwrap();
        let outcome = scenario.run(&profile, &scenario.options(), |_, _| true).unwrap();
        let trace = outcome.trace.as_ref().unwrap();
        let scene = Scene::new(&outcome.topology, trace).seeded(scenario.seed);
        let bars = bars(&outcome.topology, trace).seeded(scenario.seed);
        Ran { scenario, outcome, scene, bars }
    }

    fn trace(&self) -> &Trace {
        self.outcome.trace.as_ref().unwrap()
    }

    fn at(&mut self, topic: Topic, follow: Option<StackId>, time: Time) -> Chart {
        let wish = Wish { topic, follow, chosen: None };
        let seen = (self.outcome.trace.as_ref().unwrap(), self.scene.index());
        let key = shown_key(&self.bars, seen, wish, time).unwrap();
        chart(&mut self.bars, seen, key, (wish, 100), time).unwrap()
    }
}

fn bars(topology: &Topology, trace: &Trace) -> Bars {
    Bars::new(trace, &topology.operations, topology.stacks.len(), 7)
}

fn row(chart: &Chart, stack: usize) -> &Row {
    chart.rows.iter().find(|row| row.stack.index() == stack).unwrap()
}

fn topic(kind: OperationKind) -> Topic {
    Topic { kind: Some(kind), ..Topic::default() }
}

#[test]
fn the_first_walkthrough_ends_with_bars_that_say_what_its_text_says() {
    let mut ran = Ran::of("one-read");
    let end = ran.outcome.simulated;
    let last = ran.scenario.walkthrough.last().unwrap().topic();
    let shown = ran.at(last, None, end);
    assert_eq!(shown.title, "read, 4 KiB, from the disk");
    assert!(shown.rows.iter().all(|row| row.summary.unwrap().count == 20 && row.running.is_none()), "{shown:#?}");
    let container = row(&shown, 1);
    assert!(container.ratio.no_difference(), "{container:?}");
    assert!(container.comparison().1.ends_with("no difference seen"), "{:?}", container.comparison());
    // The virtual machine's row has the number of the answer, and both kernels.
    let step = ran.scenario.walkthrough.iter().find(|step| step.topic().measure.is_some()).unwrap();
    let answer = scenario::answer(step.predict.as_ref().unwrap(), &ran.outcome).value;
    let vm = row(&shown, 2);
    let Ratio::Times { ratio, low, high } = vm.ratio else { panic!("{:?}", vm.ratio) };
    assert!((ratio - answer.amount).abs() < 1e-9, "{ratio} {answer}");
    assert!(low > 1.0 && low <= ratio && ratio <= high);
    let parts = vm.summary.unwrap().parts;
    assert!(parts[Layer::GuestKernel as usize] > 0 && parts[Layer::HostKernel as usize] > 0);
    assert_eq!(row(&shown, 0).summary.unwrap().parts[Layer::GuestKernel as usize], 0);
}

#[test]
fn a_ratio_that_a_scene_asks_for_is_the_ratio_of_the_bars_beside_it() {
    let mut compared = 0;
    for built_in in library() {
        let mut ran = Ran::of(built_in.id);
        let end = ran.outcome.simulated;
        for step in ran.scenario.walkthrough.clone() {
            let Some(predict) = &step.predict else { continue };
            let scenario::Quantity::Ratio(over, _) = &predict.answer else { continue };
            let (scenario::Quantity::Latency { of, statistic: strata::trace::Statistic::P50, .. }, Some(measure)) =
                (&**over, step.topic().measure)
            else {
                continue;
            };
            let answer = predict.answer.value(&ran.outcome).amount;
            for follow in [None, Some(of.id), Some(measure)] {
                let shown = ran.at(step.topic(), follow, end);
                let Ratio::Times { ratio, .. } = row(&shown, of.id.index()).ratio else {
                    panic!("{}, {}: {:?}", built_in.id, step.title, row(&shown, of.id.index()))
                };
                assert!((ratio - answer).abs() < 1e-9, "{}, {}: {ratio} and {answer}", built_in.id, step.title);
                assert_eq!(row(&shown, measure.index()).ratio, Ratio::Measure);
            }
            compared += 1;
        }
    }
    assert!(compared >= 4, "{compared}: this test tests too little");
}

#[test]
fn the_bar_is_the_median_of_the_report() {
    let mut compared = 0;
    for built_in in library() {
        let mut ran = Ran::of(built_in.id);
        let end = ran.outcome.simulated;
        let keys: Vec<_> = ran.bars.keys().map(|(id, key)| (id, key.kind)).collect();
        for (stack, stats) in ran.outcome.stats.iter().enumerate() {
            let stack = StackId(stack as u32);
            for kind in OperationKind::ALL {
                let of_kind: Vec<_> =
                    keys.iter().filter(|(id, k)| *k == kind && ran.bars.total(*id, stack) > 0).collect();
                let ([(key, _)], Some(latency)) = (&of_kind[..], stats.latency_of(kind)) else { continue };
                let bar = ran.bars.at(*key, end)[stack.index()].unwrap();
                assert_eq!(bar.count as u64, stats.operations_of(kind), "{} {stack:?} {kind:?}", built_in.id);
                assert_eq!(bar.length, latency.p50, "{} {stack:?} {kind:?}", built_in.id);
                assert_eq!(bar.parts.iter().sum::<u64>(), latency.p50);
                compared += 1;
            }
        }
    }
    assert!(compared > 20, "{compared}");
}

#[test]
fn identical_machines_have_bars_alike() {
    for (count, node) in [(8, Node::Vm(vec![Node::Process(false)])), (6, Node::Process(false))] {
        let (topology, trace) = picture::run(&many(count, &[node]), 16, 40);
        let scene = Scene::new(&topology, &trace);
        let mut bars = bars(&topology, &trace);
        let seen = (&trace, scene.index());
        let wish = Wish { topic: topic(OperationKind::Read), ..Wish::default() };
        let key = shown_key(&bars, seen, wish, Time::MAX).unwrap();
        let shown = chart(&mut bars, seen, key, (wish, 100), Time::MAX).unwrap();
        assert_eq!(shown.rows.len(), count);
        for row in &shown.rows[1..] {
            let Ratio::Times { ratio, .. } = row.ratio else { panic!("{row:?}") };
            assert!((0.9..1.1).contains(&ratio) && row.ratio.no_difference(), "{row:?}");
        }
    }
}

#[test]
fn at_the_end_of_an_operation_the_bar_stays_and_before_it_there_is_no_ratio() {
    let mut ran = Ran::of("one-read");
    let reads: Vec<(StackId, Time, Time)> = ran
        .trace()
        .journeys
        .iter()
        .filter(|journey| journey.kind == OperationKind::Read)
        .map(|journey| (journey.stack, journey.start, journey.end))
        .collect();
    for (i, &(stack, start, end)) in reads.iter().enumerate() {
        let before = reads.iter().filter(|(of, _, ended)| *of == stack && *ended < end).count();
        for topic in [Topic::default(), topic(OperationKind::Read)] {
            let follow = Some(stack).filter(|_| i % 2 == 0);
            let shown = ran.at(topic, follow, end);
            assert_eq!(shown.title, "read, 4 KiB, from the disk");
            assert_eq!(row(&shown, stack.index()).summary.unwrap().count, before + 1);
            // One step earlier it is the thin bar, and as long.
            let shown = ran.at(topic, follow, Time(end.as_ps() - 1));
            let one = row(&shown, stack.index());
            assert_eq!(one.summary.map_or(0, |summary| summary.count), before);
            let spent: u64 = one.running.unwrap().1.iter().sum();
            assert_eq!(spent + 1, (end - start).as_ps());
            if before == 0 {
                assert_eq!(one.ratio, Ratio::Nothing);
                assert_eq!(one.comparison(), (String::new(), String::new()));
            }
        }
    }
    assert_eq!(reads.len(), 80);
}

#[test]
fn a_row_never_shows_a_ratio_of_few_or_of_other_operations() {
    for built_in in library() {
        let mut ran = Ran::of(built_in.id);
        let hops = ran.trace().hops.len();
        for i in 0..120 {
            let time = ran.trace().hops[i * hops / 120].end;
            let shown = ran.at(Topic::default(), Some(StackId((i % ran.outcome.stats.len()) as u32)), time);
            let measure = shown.rows.iter().find(|row| row.ratio == Ratio::Measure);
            for row in &shown.rows {
                let (ratio, interval) = row.comparison();
                let Ratio::Times { ratio: times, low, high } = row.ratio else { continue };
                let (own, first) = (row.summary.unwrap(), measure.unwrap().summary.unwrap());
                assert!(own.count >= 8 && first.count >= 8);
                assert!((times - own.length as f64 / first.length as f64).abs() < 1e-9);
                assert_eq!(interval.contains("no difference"), low <= 1.0 && high >= 1.0, "{ratio} {interval}");
            }
        }
    }
}

#[test]
fn an_operation_that_is_selected_says_which_are_shown() {
    let mut ran = Ran::of("vm-in-vm");
    let journeys = ran.trace().journeys.clone();
    for (i, journey) in journeys.iter().enumerate().step_by(journeys.len() / 40 + 1) {
        let id = JourneyId(i as u32);
        let wish = Wish { chosen: Some(id), topic: topic(OperationKind::Read), follow: None };
        let seen = (ran.outcome.trace.as_ref().unwrap(), ran.scene.index());
        let key = shown_key(&ran.bars, seen, wish, journey.start).unwrap();
        assert_eq!(Some(key), ran.bars.key_of(id));
        assert_eq!(ran.bars.key(key).unwrap().kind, journey.kind);
        chart(&mut ran.bars, seen, key, (wish, 4), journey.start).unwrap();
    }
}

#[test]
fn of_more_columns_than_rows_the_others_are_counted() {
    let (topology, trace) = picture::run(&many(64, &picture::four()), 64, 10);
    let scene = Scene::new(&topology, &trace);
    let mut bars = bars(&topology, &trace);
    let seen = (&trace, scene.index());
    let wish = Wish { topic: topic(OperationKind::Read), follow: Some(StackId(41)), chosen: None };
    let key = shown_key(&bars, seen, wish, Time::MAX).unwrap();
    for most in [1, 2, 3, 10, 64, 100] {
        let shown = chart(&mut bars, seen, key, (wish, most), Time::MAX).unwrap();
        let more = shown.more.map_or(0, |(more, _)| more);
        assert_eq!(shown.rows.len() + more, 64, "{most}");
        assert!(shown.rows.len() + usize::from(more > 0) <= most, "{most}");
        assert!(most < 2 || shown.rows.iter().any(|row| row.stack == StackId(41)));
        assert!(shown.more.is_none_or(|(_, range)| range.is_some_and(|(low, high)| low <= high)));
    }
}

/// The rectangles of a layer in the strip, and the texts in it.
#[test]
fn drawn_lengths_are_as_the_numbers_and_start_together() {
    let mut ran = Ran::of("one-read");
    let (end, theme) = (ran.outcome.simulated, Theme::dark());
    let shown = ran.at(topic(OperationKind::Read), None, end);
    let options = SceneOptions { topic: topic(OperationKind::Read), ..SceneOptions::plain(&theme, &|_| "assumed") };
    let trace = ran.outcome.trace.as_ref().unwrap();
    let drawing = ran.scene.draw(&ran.outcome.topology, trace, vec2(1000.0, 700.0), &View::default(), end, &options);
    let strip = ran.scene.layout().unwrap().bars;
    let texts: Vec<(&str, Rect)> =
        drawing.text_boxes().filter(|(_, bounds)| strip.contains_rect(bounds.shrink(1.0))).collect();
    let mut left = Vec::new();
    for row in &shown.rows {
        let summary = row.summary.unwrap();
        let median = Time(summary.length).to_string();
        let (_, line) =
            texts.iter().find(|(text, _)| *text == median).unwrap_or_else(|| panic!("{median} in {texts:?}"));
        let pieces: Vec<Rect> = drawing
            .tokens
            .iter()
            .filter_map(|shape| match shape {
                Shape::Rect { rect, fill: Some(fill), line: None, .. } => {
                    let part = matches!(fill.ink, Ink::Layer(_)) && fill.alpha == 1.0;
                    (part && line.y_range().contains(rect.center().y) && strip.contains_rect(*rect)).then_some(*rect)
                }
                _ => None,
            })
            .collect();
        let all = pieces.iter().fold(Rect::NOTHING, |all, piece| all.union(*piece));
        left.push((all.left(), all.width() as f64 / summary.length as f64));
    }
    assert!(left.len() == 4 && left.iter().all(|(x, _)| (x - left[0].0).abs() < 0.1), "{left:?}");
    // Parts thinner than a hair are not drawn.
    assert!(left.iter().all(|(_, scale)| (scale / left[0].1 - 1.0).abs() < 0.01), "{left:?}");
    assert!(texts.iter().any(|(text, _)| text.ends_with("no difference seen")), "{texts:?}");
    assert!(texts.iter().any(|(text, _)| *text == "n = 20"), "{texts:?}");
}

/// The first question of a scene that fits, with its run.
fn question(id: &str, fits: impl Fn(&scenario::Step) -> bool) -> (Ran, scenario::Step) {
    let ran = Ran::of(id);
    let step = ran.scenario.walkthrough.iter().find(|step| fits(step)).unwrap().clone();
    (ran, step)
}

fn asked(ran: &Ran, step: &scenario::Step) -> scenario::Asked {
    scenario::asked(&step.predict.as_ref().unwrap().answer, &ran.outcome).unwrap()
}

#[test]
fn beside_a_sum_of_counts_stand_the_counts_that_add_up_to_it() {
    let (mut ran, step) = question("memory", |step| step.id.as_deref() == Some("overcommit"));
    let asked = asked(&ran, &step);
    let shown = answered(&mut ran.bars, &asked, 10);
    let names: Vec<&str> =
        shown.rows.iter().map(|row| ran.outcome.topology.stacks[row.stack.index()].name.as_str()).collect();
    assert_eq!(names, ["first", "second", "third"]);
    let sum: f64 = shown.rows.iter().map(|row| row.figure.as_ref().unwrap().value.amount).sum();
    assert_eq!(sum, scenario::answer(step.predict.as_ref().unwrap(), &ran.outcome).value.amount);
    assert!(shown.rows.iter().all(|row| row.count().is_empty()), "a count is of no operations: {shown:#?}");
}

#[test]
fn before_an_answer_no_bar_of_operations_stands_beside_a_question_about_something_else() {
    let (theme, mut others, mut same) = (Theme::dark(), 0, 0);
    for built_in in library() {
        let mut ran = Ran::of(built_in.id);
        for step in ran.scenario.walkthrough.clone().iter().filter(|step| step.predict.is_some()) {
            let (asked, end) = (asked(&ran, step), ran.outcome.simulated);
            let awaited = asked.awaited();
            let options = SceneOptions {
                topic: step.topic(),
                asked: awaited.as_ref(),
                follow: step.follow.as_ref().map(|of| of.id),
                ..SceneOptions::plain(&theme, &|_| "assumed")
            };
            let (canvas, trace) = (vec2(1000.0, 700.0), ran.outcome.trace.as_ref().unwrap());
            let drawing = ran.scene.draw(&ran.outcome.topology, trace, canvas, &View::default(), end, &options);
            let strip = ran.scene.layout().unwrap().bars;
            let bars = drawing.tokens.iter().any(|shape| {
                matches!(shape, Shape::Rect { rect, fill: Some(_), line: None, .. } if strip.contains_rect(*rect))
            });
            let at = format!("{}, {}", built_in.id, step.title);
            assert_eq!(bars, asked.of_operations, "{at}");
            let said =
                drawing.text_boxes().any(|(text, bounds)| strip.intersects(bounds) && text.contains("whole run"));
            assert!(said || asked.of_operations, "{at}: it is said what will stand there");
            if asked.of_operations { same += 1 } else { others += 1 }
        }
    }
    assert!(others >= 5 && same >= 8, "{others}, {same}");
}

#[test]
fn the_bar_of_a_start_is_split_by_what_it_was_spent_on() {
    // Of whom was not asked about nothing is shown: it would answer what is asked later.
    for (title, count) in [("A container boots", 1), ("The whole play", 2)] {
        let (ran, step) = question("boot", |step| step.title.starts_with(title));
        start_is_split(ran, &step, count);
    }
}

fn start_is_split(mut ran: Ran, step: &scenario::Step, count: usize) {
    let asked = asked(&ran, step);
    assert!(asked.withheld().rows.is_empty() && !asked.withheld().answered, "an open question shows no figure");
    let shown = answered(&mut ran.bars, &asked, 10);
    assert_eq!(shown.rows.len(), count);
    for row in &shown.rows {
        let summary = row.summary.unwrap();
        assert_eq!(summary.parts.iter().sum::<u64>(), summary.length);
        let Some(scenario::Split::Shares(shares)) = row.figure.as_ref().map(|figure| figure.split) else { panic!() };
        // Little of it is anybody's but those who start it.
        let told: u64 = shares.iter().sum();
        assert!(told >= summary.length / 100 * 95 && told <= summary.length, "{told} of {}", summary.length);
        let name = ran.outcome.topology.stacks[row.stack.index()].name.as_str();
        let guest = summary.parts[Layer::GuestKernel as usize];
        assert_eq!(guest > 0, name != "container", "{name}: {shares:?}");
        assert!(summary.parts[Layer::HostKernel as usize] > 0, "{name}: {shares:?}");
        assert!(summary.parts[Layer::User as usize] < summary.length / 2, "{name}: {shares:?}");
    }
}
