//! What someone sees who follows one column of a run: the key tells its signs, its labels have an order and can be asked
//! about, and no token stands on another.
#![cfg(feature = "app")]

#[path = "support/picture.rs"]
mod picture;

use egui::{Vec2, vec2};
use picture::built_in;
use strata::app::scene::{Drawing, GateKind, Scene, SceneOptions, Shape, View};
use strata::app::theme::Theme;
use strata::costs::Primitive;
use strata::engine::Time;
use strata::machine::{ComponentKind, Topology};
use strata::trace::{StackId, Token, Trace, What};

/// What the panels leave of windows of 1600x1000 and 1280x720.
const DESK: Vec2 = vec2(984.0, 684.0);
const SMALL: Vec2 = vec2(744.0, 480.0);

fn draw(topology: &Topology, trace: &Trace, follow: Option<u32>, canvas: Vec2, time: Time) -> Drawing {
    drawn((topology, trace), follow, canvas, time, false)
}

/// With `rests`, each token is where it will stand when it has arrived.
fn drawn(
    (topology, trace): (&Topology, &Trace),
    follow: Option<u32>,
    canvas: Vec2,
    time: Time,
    rests: bool,
) -> Drawing {
    let theme = Theme::dark();
    let options = SceneOptions {
        reduced_motion: rests,
        follow: follow.map(StackId),
        ..SceneOptions::plain(&theme, &|_| "assumed")
    };
    Scene::new(topology, trace).draw(topology, trace, canvas, &View::default(), time, &options)
}

/// The middles of so many hops of a stack.
fn moments(trace: &Trace, stack: u32, count: usize) -> Vec<Time> {
    let hops: Vec<_> = trace.hops.iter().filter(|hop| hop.stack == StackId(stack) && !hop.is_wait()).collect();
    let middle = |i: usize| {
        let hop = hops[i * hops.len() / count];
        Time((hop.start.as_ps() + hop.end.as_ps()) / 2)
    };
    (0..count.min(hops.len())).map(middle).collect()
}

#[test]
fn the_key_tells_gates_walls_and_interrupts_whoever_is_followed() {
    let (topology, trace) = built_in("one-read");
    for canvas in [DESK, SMALL] {
        for follow in [None, Some(0), Some(1), Some(2), Some(3)] {
            let drawing = draw(&topology, &trace, follow, canvas, Time::us(3));
            let texts: Vec<&str> = drawing.text_boxes().map(|(text, _)| text).collect();
            for sign in ["interrupt", "gate", "wall", "whose"] {
                assert!(
                    texts.iter().any(|text| text.starts_with(sign)),
                    "{canvas:?} {follow:?}: no {sign} in {texts:?}"
                );
            }
        }
    }
}

#[test]
fn labels_are_numbered_in_the_order_of_time_and_can_be_asked_about() {
    let (topology, trace) = built_in("one-read");
    let mut asked = 0;
    for time in moments(&trace, 2, 60) {
        let drawing = draw(&topology, &trace, Some(2), DESK, time);
        let number = |shape: &Shape| match shape {
            Shape::Text { text, .. } => text.parse::<usize>().ok(),
            _ => None,
        };
        let boxes: Vec<_> = drawing.told.iter().filter(|(_, words)| words.contains('\n')).collect();
        asked += boxes.len();
        for (rect, words) in boxes {
            let within = drawing.tokens.iter().filter(|shape| match shape {
                Shape::Text { bounds, .. } => rect.expand(0.5).contains_rect(*bounds),
                _ => false,
            });
            let numbers: Vec<usize> = within.filter_map(number).collect();
            assert_eq!(numbers.len(), 1, "{words} has its number at {time}");
            assert!(words.contains("assumed: nobody has measured"), "{words}");
        }
    }
    assert!(asked > 60, "{asked} labels");
}

#[test]
fn no_token_covers_that_of_the_column_that_is_followed() {
    let (topology, trace) = built_in("one-read");
    let mut near = 0;
    for time in moments(&trace, 2, 300) {
        let drawing = drawn((&topology, &trace), Some(2), DESK, time, true);
        let tokens: Vec<(egui::Pos2, f32, &str)> = drawing
            .tokens
            .iter()
            .filter_map(|shape| match shape {
                Shape::Token { center, radius, mark, outlined: true, token, .. } if *token != Token::Instruction => {
                    Some((*center, *radius, mark.as_str()))
                }
                _ => None,
            })
            .collect();
        for (i, (of_c, radius, _)) in tokens.iter().enumerate().filter(|(_, (_, _, mark))| *mark == "C") {
            let over = |(at, _, mark): &&(egui::Pos2, f32, &str)| *mark != "C" && at.distance(*of_c) < radius * 1.2;
            near += tokens.iter().filter(over).count();
            let above = tokens[i + 1..].iter().find(over);
            assert!(above.is_none(), "{above:?} covers C at {of_c:?}, {time}");
        }
    }
    assert!(near > 0, "{near} tokens stand that near");
}

/// Seen red with the device models at the back ends, in the kernel.
#[test]
fn a_device_model_stands_on_the_hosts_kernel_and_calls_it_through_a_gate_of_its_own() {
    let (topology, trace) = built_in("one-read");
    let theme = Theme::dark();
    let kind = |kind: ComponentKind| topology.iter().find(|(_, part)| part.kind == kind).unwrap().0;
    let (models, machine) = (kind(ComponentKind::DeviceModels), kind(ComponentKind::VirtualMachine));
    let pays = |primitive| {
        let of_vm = trace.hops.iter().filter(|hop| hop.stack == StackId(2));
        let mut hops = of_vm.filter(move |hop| hop.what == What::Pay(primitive));
        *hops.next().unwrap()
    };
    let takes = pays(Primitive::VirtioBackendPop);
    assert_eq!(takes.component, models);
    for (canvas, boxed) in [(DESK, true), (vec2(400.0, 300.0), false)] {
        let options = SceneOptions {
            reduced_motion: true,
            follow: Some(StackId(2)),
            ..SceneOptions::plain(&theme, &|_| "assumed")
        };
        let mut scene = Scene::new(&topology, &trace);
        let drawing = scene.draw(&topology, &trace, canvas, &View::default(), takes.start, &options);
        let layout = scene.layout().unwrap();
        let place = layout.place(models);
        assert_eq!(place.own, boxed, "{canvas:?}");
        if !boxed {
            continue;
        }
        let gate = layout.gates.iter().find(|gate| gate.of == models && gate.kind == GateKind::Ring).unwrap();
        let kernel = layout.place(topology.component(models).unwrap().parent.unwrap()).rect;
        assert!(place.rect.bottom() < gate.at.y && gate.at.y < kernel.top(), "{place:?} {gate:?} {kernel:?}");
        assert!(!place.rect.intersects(layout.place(machine).rect));
        let c = drawing.tokens.iter().find_map(|shape| match shape {
            Shape::Token { center, mark, outlined: true, .. } if mark == "C" => Some(*center),
            _ => None,
        });
        assert!(place.rect.contains(c.unwrap()), "{c:?} at {place:?}");
    }
}
