//! What was typed, in the order in which it was.
//!
//! bevy_egui gives every key of a frame the modifiers that are held at the frame's end, and a letter's text without
//! asking for them; egui moves the focus once in a frame, and a field that a key has opened has the focus in the next.
//! In a slow frame, as on a machine without a graphics processor, a quick Ctrl+S would so become an "s", a second Tab
//! be lost, and what is typed after Ctrl+F be taken for commands.
//!
//! Here the keys of a frame are cut where that could happen, and the rest comes in the next frame.

use std::collections::VecDeque;

use bevy::app::{App, First, Plugin};
use bevy::ecs::message::{MessageCursor, MessageUpdateSystems, MessageWriter, Messages};
use bevy::ecs::prelude::*;
use bevy::input::keyboard::{KeyCode, KeyboardInput};
use bevy::window::RequestRedraw;

/// Keys come in the order in which they were pressed.
pub struct TypedPlugin;

impl Plugin for TypedPlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(First, in_order.after(MessageUpdateSystems));
    }
}

/// What waits for the next frames.
#[derive(Default)]
struct Waiting {
    keys: VecDeque<KeyboardInput>,
    /// Ctrl, Alt or Super is held by what has been passed on.
    held: Held,
    /// The last key was a command: what it opens is drawn before the next key comes.
    settles: bool,
}

fn in_order(
    mut messages: ResMut<Messages<KeyboardInput>>,
    mut cursor: Local<MessageCursor<KeyboardInput>>,
    mut waiting: Local<Waiting>,
    mut redraw: MessageWriter<RequestRedraw>,
) {
    waiting.keys.extend(cursor.read(&messages).cloned());
    if waiting.keys.is_empty() {
        return;
    }
    // Those of the frame before have been read by all.
    messages.clear();
    if std::mem::take(&mut waiting.settles) {
        redraw.write(RequestRedraw);
    } else {
        let keys: Vec<Typed> = waiting.keys.iter().map(Typed::of).collect();
        let (count, settles) = of_one_frame(&keys, &mut waiting.held);
        waiting.settles = settles;
        for key in waiting.keys.drain(..count) {
            messages.write(key);
        }
    }
    cursor.clear(&messages);
    if !waiting.keys.is_empty() {
        redraw.write(RequestRedraw);
    }
}

/// One key going down or up.
#[derive(Clone, Copy, Debug)]
struct Typed {
    code: KeyCode,
    down: bool,
}

impl Typed {
    fn of(key: &KeyboardInput) -> Typed {
        Typed { code: key.key_code, down: key.state.is_pressed() }
    }
}

/// Which keys are held that make commands of others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Held {
    ctrl: bool,
    alt: bool,
}

fn is_modifier(code: KeyCode) -> bool {
    use KeyCode::*;
    matches!(code, ShiftLeft | ShiftRight | AltLeft | AltRight | ControlLeft | ControlRight | SuperLeft | SuperRight)
}

/// How many of these belong to one frame, and whether the last of them is a command that may open something. All of a
/// frame's keys have the same modifiers, and nothing follows a key that moves the focus.
fn of_one_frame(keys: &[Typed], held: &mut Held) -> (usize, bool) {
    let mut last: Option<KeyCode> = None;
    let ends = |code: KeyCode, held: &Held| {
        let function = format!("{code:?}").strip_prefix('F').is_some_and(|number| number.parse::<u8>().is_ok());
        held.ctrl || held.alt || function || matches!(code, KeyCode::Tab | KeyCode::Enter | KeyCode::Escape)
    };
    let opens = |last: Option<KeyCode>, held: &Held| last.is_some_and(|code| code != KeyCode::Tab && ends(code, held));
    for (i, key) in keys.iter().enumerate() {
        if is_modifier(key.code) {
            if last.is_some() {
                return (i, opens(last, held));
            }
            match key.code {
                KeyCode::ControlLeft | KeyCode::ControlRight | KeyCode::SuperLeft | KeyCode::SuperRight => {
                    held.ctrl = key.down;
                }
                KeyCode::AltLeft | KeyCode::AltRight => held.alt = key.down,
                _ => {}
            }
        } else if key.down {
            if last.is_some_and(|code| ends(code, held)) {
                return (i, opens(last, held));
            }
            last = Some(key.code);
        }
    }
    (keys.len(), opens(last, held))
}

#[cfg(test)]
mod tests {
    use super::*;
    use KeyCode::*;

    /// The frames that keys come in, each key with whether it goes down.
    fn frames(keys: &[(KeyCode, bool)]) -> Vec<Vec<(KeyCode, bool)>> {
        let mut held = Held::default();
        let mut rest: Vec<Typed> = keys.iter().map(|&(code, down)| Typed { code, down }).collect();
        let mut frames = Vec::new();
        while !rest.is_empty() {
            let (count, settles) = of_one_frame(&rest, &mut held);
            assert!(count > 0, "some key comes in each frame: {rest:?}");
            frames.push(rest.drain(..count).map(|key| (key.code, key.down)).collect());
            if settles {
                frames.push(Vec::new());
            }
        }
        frames
    }

    fn stroke(code: KeyCode) -> [(KeyCode, bool); 2] {
        [(code, true), (code, false)]
    }

    #[test]
    fn ctrl_is_held_in_the_frame_of_its_key() {
        let keys = [vec![(ControlLeft, true)], stroke(KeyS).to_vec(), vec![(ControlLeft, false)]].concat();
        let frames = frames(&keys);
        assert_eq!(frames[0].len(), 3, "{frames:?}");
        assert_eq!(frames.last().unwrap(), &vec![(ControlLeft, false)]);
        let after = [stroke(KeyA).to_vec(), keys].concat();
        assert_eq!(super::tests::frames(&after)[0], stroke(KeyA).to_vec(), "what came before it is no command");
    }

    #[test]
    fn what_is_typed_after_a_command_waits_until_that_has_opened_something() {
        let find = [vec![(ControlLeft, true)], stroke(KeyF).to_vec(), vec![(ControlLeft, false)]].concat();
        let frames = frames(&[find, stroke(KeyD).to_vec(), stroke(KeyO).to_vec()].concat());
        assert!(frames[1].is_empty(), "{frames:?}");
        let letters = frames.iter().position(|frame| frame.contains(&(KeyD, true))).unwrap();
        assert!(letters >= 2 && frames[letters].contains(&(KeyO, true)), "{frames:?}");
    }

    #[test]
    fn no_tab_is_lost_and_letters_come_together() {
        let tabs: Vec<(KeyCode, bool)> = (0..5).flat_map(|_| stroke(Tab)).collect();
        let frames_of_tabs = frames(&tabs);
        assert!(frames_of_tabs.iter().all(|frame| frame.iter().filter(|key| key.1).count() == 1), "{frames_of_tabs:?}");
        let letters: Vec<(KeyCode, bool)> = [KeyA, KeyB, KeyC].into_iter().flat_map(stroke).collect();
        assert_eq!(frames(&letters).len(), 1);
    }

    #[test]
    fn shift_is_held_for_the_key_that_it_was_pressed_with_alone() {
        let keys =
            [vec![(ShiftLeft, true)], stroke(ArrowDown).to_vec(), vec![(ShiftLeft, false)], stroke(KeyN).to_vec()];
        let frames = frames(&keys.concat());
        assert_eq!(frames[0].len(), 3, "{frames:?}");
        assert!(frames[1].contains(&(ShiftLeft, false)) && frames[1].contains(&(KeyN, true)), "{frames:?}");
    }
}
