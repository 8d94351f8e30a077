//! Everything that keys and buttons do, in one table: its names, its keys and its help are what the shortcut sheet
//! and the buttons' tooltips show.

use egui::{Key, KeyboardShortcut, Modifiers};

use crate::probe::measure::Plan;

/// The four pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Tab {
    /// The scenarios that come with the program.
    Library,
    /// The machine, with a walkthrough beside it.
    #[default]
    Walkthrough,
    /// The machine, with the scenario's text beside it.
    Sandbox,
    /// What this computer is and costs.
    MyMachine,
}

impl Tab {
    /// All of them, from left to right.
    pub const ALL: [Tab; 4] = [Tab::Library, Tab::Walkthrough, Tab::Sandbox, Tab::MyMachine];

    /// The label on screen.
    pub const fn label(self) -> &'static str {
        match self {
            Tab::Library => "Library",
            Tab::Walkthrough => "Walkthrough",
            Tab::Sandbox => "Sandbox",
            Tab::MyMachine => "My machine",
        }
    }

    /// What the line at the bottom says where nothing is pointed at: the keys that matter.
    pub const fn rest(self) -> &'static str {
        match self {
            Tab::Library => {
                "Arrows go from scenario to scenario, Enter opens one · Ctrl+2 goes back to the walkthrough"
            }
            Tab::Walkthrough => {
                "Space plays and pauses · Right and Left step · N next scene · Alt and a column's letter follows it · \
                 Ctrl+F finds · F1 keys and words"
            }
            Tab::Sandbox => {
                "Ctrl+Enter runs the text · what changed is under Comparison, below the picture · F1 keys and words"
            }
            Tab::MyMachine => "Q measures quickly, G thoroughly · V compares predicted and real · F1 keys and words",
        }
    }

    /// What it is for, in a few words.
    pub const fn about(self) -> &'static str {
        match self {
            Tab::Library => "All scenarios that come with the program, and files of your own",
            Tab::Walkthrough => "The machine, and a lesson that leads through it",
            Tab::Sandbox => "The machine, and its text: change it and run it",
            Tab::MyMachine => "What this computer is and costs, measured here",
        }
    }
}

/// A panel that can be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The walkthrough or the editor.
    Left,
    /// The inspector.
    Right,
    /// Transport and lanes.
    Bottom,
}

/// What the panel below the picture shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Below {
    /// The swim lanes.
    #[default]
    Lanes,
    /// The lanes and a list of what happened.
    Events,
    /// Totals of the run so far.
    Totals,
    /// This run beside another.
    Comparison,
}

impl Below {
    /// All of them, from left to right.
    pub const ALL: [Below; 4] = [Below::Lanes, Below::Events, Below::Totals, Below::Comparison];

    /// The label on screen.
    pub const fn label(self) -> &'static str {
        match self {
            Below::Lanes => "Lanes",
            Below::Events => "Events",
            Below::Totals => "Totals",
            Below::Comparison => "Comparison",
        }
    }

    /// What it shows, in a few words.
    pub const fn about(self) -> &'static str {
        match self {
            Below::Lanes => "What each core, device and column did, over time",
            Below::Events => "What happened, as a list beside the lanes",
            Below::Totals => "How long operations took so far, where the time went, why guests were left",
            Below::Comparison => "This run beside the one before, or one that you keep",
        }
    }
}

/// What a key or a button asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Play if paused, pause if playing.
    PlayPause,
    /// One step on.
    StepForward,
    /// One step back.
    StepBack,
    /// To the beginning.
    Start,
    /// To the end.
    End,
    /// To a time.
    Seek(crate::engine::Time),
    /// What a step counts.
    StepBy(super::playback::StepKind),
    /// How many a step takes.
    StepCount(u32),
    /// How long a step by time is.
    StepTime(crate::engine::Time),
    /// More or fewer a step: +1 or -1.
    StepMore(i32),
    /// Faster or slower by this factor.
    Faster(f64),
    /// A second shows so many picoseconds.
    PerSecond(f64),
    /// So many times as fast as at 1×, when paced.
    Speed(f64),
    /// Proportional or paced.
    Pace(super::playback::Pace),
    /// The other of the two.
    TogglePace,
    /// A page.
    Open(Tab),
    /// The next scene.
    NextScene,
    /// The scene before.
    PreviousScene,
    /// A scene by its index.
    Scene(usize),
    /// To the scene's first frame, with its prediction as it is.
    ReplayScene,
    /// To the page after the last scene.
    Closing,
    /// A prediction by the index of its choice.
    Predict(usize),
    /// A knob to one of its stops.
    Turn(crate::scenario::KnobPlace, usize),
    /// To the scene that corrects a wrong prediction.
    Correct,
    /// A built-in scenario's id or a file's path.
    OpenScenario(String),
    /// Ask for a file.
    AskForFile,
    /// Read the open scenario again and run it.
    Reload,
    /// Run the editor's text.
    RunText,
    /// Write the editor's text to its file.
    SaveText,
    /// Put the editor's text back.
    RevertText,
    /// Run the scenario as it was opened, not as it was edited; the editor keeps its text.
    AsItCame,
    /// Go on with what would lose the edited text.
    LoseText,
    /// Save the text, and go on if that went well.
    SaveFirst,
    /// Don't go on.
    KeepText,
    /// Stop the simulation that is running.
    CancelRun,
    /// Close or open a panel.
    TogglePanel(Side),
    /// Table instead of picture, or back.
    ToggleList,
    /// Dark or light.
    ToggleTheme,
    /// Larger or smaller text: +1 or -1.
    TextSize(i32),
    /// Moving tokens or still ones.
    ToggleMotion,
    /// The shortcut sheet.
    ToggleShortcuts,
    /// Close what is open: sheet, message, selection; then follow all columns.
    Dismiss,
    /// Close a sheet or a message, and no more: the key has taken the focus away already.
    Close,
    /// Zoom the lanes by this factor.
    ZoomLanes(f64),
    /// Show the whole run on the lanes.
    FitLanes,
    /// Show the whole machine.
    FitScene,
    /// Open a journey in the inspector.
    SelectJourney(crate::trace::JourneyId),
    /// Open a part of the machine in the inspector.
    SelectComponent(crate::trace::ComponentId),
    /// Follow what happens instead of a selection.
    Follow,
    /// Follow one column: it gets room and words, the others stand back.
    FollowColumn(crate::trace::StackId),
    /// Follow one column and hide the others' tokens; once more shows them again.
    Solo(crate::trace::StackId),
    /// Open an event: its time, and its journey or part in the inspector.
    SelectEvent(crate::trace::HopId),
    /// Find a part, an operation or a reason by its name.
    Search,
    /// What the panel below the picture shows.
    ShowBelow(Below),
    /// Keep this run, to compare others with it; or the run before again.
    KeepRun,
    /// Each cost of the run and where it comes from; or close that.
    ShowCosts,
    /// A big picture for a room, and nothing else; or back to the desk.
    Present,
    /// While presenting: one thing on, or one back.
    Onward(i32),
    /// While presenting: a dark screen, or the picture again.
    Blank,
    /// While presenting: a bright spot that follows the pointer.
    Spotlight,
    /// The next or the previous hop of the journey shown: +1 or -1.
    Hop(i32),
    /// The next or the previous stack's journey: +1 or -1.
    Stack(i32),
    /// Look from another viewpoint, by its index.
    SeenFrom(usize),
    /// Measure this computer.
    Measure(Plan),
    /// Stop what "My machine" has started.
    StopMeasuring,
    /// Do all works for real and simulated, or the one of this name.
    Compare(Option<String>),
    /// Write the measured costs to the path in the field.
    ExportProfile,
    /// Take the run or the picture elsewhere.
    Export(super::exporter::What),
    /// Leave.
    Quit,
}

/// A row of the table.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What is done.
    pub command: Command,
    /// The heading under which the sheet shows it.
    pub group: &'static str,
    /// A few words.
    pub name: &'static str,
    /// Its keys; the first is shown in tooltips.
    pub keys: &'static [KeyboardShortcut],
}

const fn key(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::NONE, key)
}
const fn command(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND, key)
}
const fn command_shift(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), key)
}
const fn shift(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::SHIFT, key)
}

macro_rules! table {
    ($($group:literal { $($name:literal [$($keys:expr),*] $command:expr;)* })*) => {
        vec![$($(Entry {
            command: $command,
            group: $group,
            name: $name,
            keys: const { &[$($keys),*] },
        },)*)*]
    };
}

/// Every command that has keys, by group.
pub fn table() -> Vec<Entry> {
    use super::exporter::What;
    use super::playback::StepKind;
    table! {
        "Time" {
            "Play or pause" [key(Key::Space)] Command::PlayPause;
            "Step forward" [key(Key::ArrowRight), key(Key::Period)] Command::StepForward;
            "Step back" [key(Key::ArrowLeft), key(Key::Comma)] Command::StepBack;
            "To the start" [key(Key::Home)] Command::Start;
            "To the end" [key(Key::End)] Command::End;
            "Step by event" [key(Key::E)] Command::StepBy(StepKind::Event);
            "Step by layer crossing" [key(Key::C)] Command::StepBy(StepKind::Crossing);
            "Step by operation" [key(Key::O)] Command::StepBy(StepKind::Operation);
            "Step by time" [key(Key::T)] Command::StepBy(StepKind::Time);
            "More per step" [key(Key::CloseBracket)] Command::StepMore(1);
            "Fewer per step" [key(Key::OpenBracket)] Command::StepMore(-1);
            "Faster" [key(Key::Plus), key(Key::Equals)] Command::Faster(2.0);
            "Slower" [key(Key::Minus)] Command::Faster(0.5);
            "Paced or proportional" [key(Key::P)] Command::TogglePace;
        }
        "Walkthrough" {
            "Next scene" [key(Key::PageDown), key(Key::N)] Command::NextScene;
            "Previous scene" [key(Key::PageUp), shift(Key::N)] Command::PreviousScene;
            "Replay the scene" [key(Key::R)] Command::ReplayScene;
            "Predict choice 1" [key(Key::Num1)] Command::Predict(0);
            "Predict choice 2" [key(Key::Num2)] Command::Predict(1);
            "Predict choice 3" [key(Key::Num3)] Command::Predict(2);
            "Predict choice 4" [key(Key::Num4)] Command::Predict(3);
            "Predict choice 5" [key(Key::Num5)] Command::Predict(4);
            "Predict choice 6" [key(Key::Num6)] Command::Predict(5);
            "See why a prediction was wrong" [key(Key::W)] Command::Correct;
        }
        "Look" {
            "Next hop of the journey" [key(Key::J), key(Key::ArrowDown)] Command::Hop(1);
            "Previous hop of the journey" [key(Key::K), key(Key::ArrowUp)] Command::Hop(-1);
            "Journey of the next stack" [key(Key::S)] Command::Stack(1);
            "Journey of the previous stack" [shift(Key::S)] Command::Stack(-1);
            "Seen from the app" [shift(Key::Num1)] Command::SeenFrom(0);
            "Seen from its kernel" [shift(Key::Num2)] Command::SeenFrom(1);
            "Seen from the kernel below" [shift(Key::Num3)] Command::SeenFrom(2);
            "The machine as a list" [key(Key::L)] Command::ToggleList;
            "Whole machine" [key(Key::F)] Command::FitScene;
            "Zoom lanes in" [key(Key::Z)] Command::ZoomLanes(2.0);
            "Zoom lanes out" [key(Key::X)] Command::ZoomLanes(0.5);
            "Whole run on the lanes" [shift(Key::F)] Command::FitLanes;
            "Find a part, an operation, a reason" [command(Key::F)] Command::Search;
            "Events beside the lanes" [key(Key::I)] Command::ShowBelow(Below::Events);
            "Totals so far" [key(Key::A)] Command::ShowBelow(Below::Totals);
            "Compare with another run" [shift(Key::A)] Command::ShowBelow(Below::Comparison);
            "Keep this run to compare with" [shift(Key::K)] Command::KeepRun;
            "Costs of this run" [key(Key::Y)] Command::ShowCosts;
            "Close what is open, follow all" [key(Key::Escape)] Command::Dismiss;
        }
        "Window" {
            "Library" [command(Key::Num1)] Command::Open(Tab::Library);
            "Walkthrough" [command(Key::Num2)] Command::Open(Tab::Walkthrough);
            "Sandbox" [command(Key::Num3)] Command::Open(Tab::Sandbox);
            "My machine" [command(Key::Num4)] Command::Open(Tab::MyMachine);
            "Left panel" [command(Key::B)] Command::TogglePanel(Side::Left);
            "Inspector" [command(Key::I)] Command::TogglePanel(Side::Right);
            "Lanes" [command(Key::J)] Command::TogglePanel(Side::Bottom);
            "Dark or light" [key(Key::D)] Command::ToggleTheme;
            "Larger text" [command(Key::Plus), command(Key::Equals)] Command::TextSize(1);
            "Smaller text" [command(Key::Minus)] Command::TextSize(-1);
            "Reduced motion" [key(Key::M)] Command::ToggleMotion;
            "Keys and words" [key(Key::F1)] Command::ToggleShortcuts;
        }
        "Presenting" {
            "Present to a room" [key(Key::F11)] Command::Present;
            "Blank the screen" [key(Key::B)] Command::Blank;
            "Spotlight" [shift(Key::R)] Command::Spotlight;
        }
        "My machine" {
            "Measure" [key(Key::G)] Command::Measure(Plan::Full);
            "Measure quickly" [key(Key::Q)] Command::Measure(Plan::Quick);
            "Compare predicted and real" [key(Key::V)] Command::Compare(None);
            "Stop measuring" [key(Key::H)] Command::StopMeasuring;
            "Export the costs" [key(Key::U)] Command::ExportProfile;
        }
        "Scenario" {
            "Open a file" [command(Key::O)] Command::AskForFile;
            "Read the file again and run" [key(Key::F5), command(Key::R)] Command::Reload;
            "Run the text" [command(Key::Enter)] Command::RunText;
            "Save the text" [command(Key::S)] Command::SaveText;
            "Export the run as a page" [command(Key::E)] Command::Export(What::Page);
            "Export the picture as SVG" [command_shift(Key::E)] Command::Export(What::Picture);
            "Quit" [command(Key::Q)] Command::Quit;
        }
    }
}

/// Whether the keys are exactly the shortcut's. Where a sign needs Shift on some keyboards, Shift doesn't count.
pub(super) fn matches(shortcut: &KeyboardShortcut, key: Key, modifiers: Modifiers) -> bool {
    let sign = matches!(key, Key::Plus | Key::Equals | Key::Minus | Key::OpenBracket | Key::CloseBracket);
    let wanted = shortcut.modifiers;
    shortcut.logical_key == key
        && wanted.command == modifiers.command
        && wanted.alt == modifiers.alt
        && (sign || wanted.shift == modifiers.shift)
}

/// "Play or pause (Space)", for tooltips; the name alone where there are no keys.
pub fn hint(context: &egui::Context, command: &Command) -> String {
    table().iter().find(|entry| entry.command == *command).map_or(String::new(), |entry| match entry.keys.first() {
        Some(shortcut) => format!("{} ({})", entry.name, keys_text(context, shortcut)),
        None => entry.name.to_owned(),
    })
}

/// "Play or pause": the name of a command that has keys.
pub fn name(command: &Command) -> &'static str {
    table().iter().find(|entry| entry.command == *command).map_or("", |entry| entry.name)
}

/// "Ctrl+1": the keys alone, for the tooltip of what shows its name already.
pub fn keys_hint(context: &egui::Context, command: &Command) -> String {
    let table = table();
    let entry = table.iter().find(|entry| entry.command == *command);
    entry.and_then(|entry| entry.keys.first()).map_or(String::new(), |keys| keys_text(context, keys))
}

/// The keys as written on the sheet: "Ctrl+O".
pub fn keys_text(context: &egui::Context, shortcut: &KeyboardShortcut) -> String {
    let (name, symbol) = (shortcut.logical_key.name(), shortcut.logical_key.symbol_or_name());
    let text = context.format_shortcut(shortcut);
    match text.strip_suffix(name) {
        Some(modifiers) if symbol.chars().all(|c| c.is_ascii_punctuation() || c == '−') => {
            format!("{modifiers}{symbol}")
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_commands_share_a_key() {
        let mut seen: Vec<(KeyboardShortcut, &str)> = Vec::new();
        for entry in table() {
            for shortcut in entry.keys {
                if let Some((_, other)) = seen.iter().find(|(key, _)| key == shortcut) {
                    panic!("{shortcut:?} is both {other} and {}", entry.name);
                }
                seen.push((*shortcut, entry.name));
            }
        }
    }
}
