//! The cutaway: one computer as floors, membranes, valves and walls, with tokens moving through them.
//!
//! The picture is a function of (layout, trace, time). [`Scene::new`] reads the trace once and indexes it by time;
//! [`Scene::draw`] gives the picture at a time as a list of primitives, a [`Drawing`], without any window;
//! [`Scene::ui`] paints that list with egui and says what was clicked. Nothing is animated by state of its own, so
//! scrubbing, stepping back and replaying look exactly the same. What [`Scene`] keeps between frames follows from
//! the canvas alone: the layout and the fixed part of the picture.
//!
//! | file | what it does |
//! |---|---|
//! | `tree` | sorts the machine's parts by what the layout does with them |
//! | `alike` | what is drawn as one and counted, for want of room |
//! | `widths`, `floors`, `heights`, `layout` | where everything is |
//! | `metrics`, `words` | how wide text is; fitting it |
//! | `camera` | pan and zoom |
//! | `index` | the trace by time |
//! | `gauge` | how much of their quotas groups have used |
//! | `route`, `tokens`, `trails` | where tokens go, are, and have been |
//! | `state`, `holds` | what cores, queues, rings and mailboxes hold at a time; drawing it |
//! | `standing`, `modes` | what programs and virtual machines do at a time; the words for it in their boxes |
//! | `bars` | one row for each column: medians of like operations |
//! | `stage`, `key`, `gates`, `facts`, `labels`, `gadgets`, `headings`, `heads`, `picture` | drawing |
//! | `drawing`, `paint` | the list of primitives; painting it with egui |

mod absent;
mod alike;
pub mod bars;
mod camera;
pub mod doing;
mod drawing;
mod facts;
mod floors;
mod gadgets;
mod gates;
mod gauge;
mod headings;
mod heads;
mod heights;
mod holds;
mod key;
mod labels;
mod layout;
mod metrics;
mod modes;
pub mod paint;
mod picture;
mod route;
mod stage;
pub mod standing;
pub mod state;
mod tokens;
mod trails;
mod tree;
mod widths;
mod words;

use std::sync::Arc;

use egui::{Pos2, Vec2};

pub use super::index::Index;
pub use camera::Camera;
pub use drawing::{Drawing, Ink, Paint, Shape};
pub use facts::Facts;
pub use layout::{Column, Gate, GateKind, Layout, Place, Shaft, Stop, Street};
pub use metrics::{Metrics, brief};
pub use widths::Focus;

use self::bars::{Strip, Wish};
use self::gauge::Gauge;
use self::paint::Canvas;
use self::picture::Picture;
use self::stage::Builder;
use self::state::States;
use self::tokens::Slots;
use self::words::Writer;
use super::theme::Theme;
use super::{glossary, names};
use crate::costs::Primitive;
use crate::engine::Time;
use crate::machine::{ComponentKind, Presences, Topology};
use crate::pace::Moment;
use crate::scenario::{Asked, Topic};
use crate::trace::bars::Bars;
use crate::trace::{ComponentId, JourneyId, StackId, Trace, What};

/// How far the canvas is moved and magnified. The default shows everything.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// Points that the picture's centre is moved by.
    pub pan: Vec2,
    /// 1 fits the whole machine into the canvas.
    pub zoom: f32,
}

impl Default for View {
    fn default() -> Self {
        View { pan: Vec2::ZERO, zoom: 1.0 }
    }
}

/// Something in the picture that can be looked into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Selection {
    /// A token: its journey.
    Journey(JourneyId),
    /// A floor, a wall, a part.
    Component(ComponentId),
}

/// How to draw.
#[derive(Clone, Copy)]
pub struct SceneOptions<'a> {
    /// Colours and sizes.
    pub theme: &'a Theme,
    /// Tokens stand still, with chevrons along their path.
    pub reduced_motion: bool,
    /// What is drawn emphasized.
    pub selection: Option<Selection>,
    /// What is spoken of: it wears a soft frame.
    pub pointed_at: &'a [ComponentId],
    /// The word that says where a primitive's number is from: `measured`, `literature`, `derived`, `assumed`.
    pub provenance: &'a dyn Fn(Primitive) -> &'static str,
    /// What is spoken of: the bars are of that.
    pub topic: Topic,
    /// What is asked, if the bars are to show that, of the whole run; before it is answered, only what it is.
    pub asked: Option<&'a Asked>,
    /// The column that is followed: it has labels and room, the others are dimmed. `None` follows all alike.
    pub follow: Option<StackId>,
    /// Whether the tokens of the other columns are hidden, but for those in queues that are shared.
    pub solo: bool,
    /// The moment of the screen, for what simulated time alone can't tell: how far the hop that has the screen has
    /// come. `None` draws by simulated time.
    pub moment: Option<Moment>,
    /// By component: whether the viewer that is chosen can name it; the others are grey. `None` shows all alike.
    pub known: Option<&'a [bool]>,
    /// What a part knows at the moment shown, for parts that are magnified enough to write it into their boxes.
    pub facts: Option<&'a Facts<'a>>,
    /// What is there at a time. `None` draws everything as if it always were.
    pub presences: Option<&'a Presences>,
    /// While time runs in proportion: how much of it a second shows. What is over before it could be seen is faint then,
    /// so that nothing flickers. `None` while it stands, or is paced.
    pub rushes: Option<Time>,
}

impl<'a> SceneOptions<'a> {
    /// All columns alike, nothing chosen, by simulated time.
    pub fn plain(theme: &'a Theme, provenance: &'a dyn Fn(Primitive) -> &'static str) -> SceneOptions<'a> {
        SceneOptions {
            theme,
            reduced_motion: false,
            selection: None,
            pointed_at: &[],
            provenance,
            topic: Topic::default(),
            asked: None,
            follow: None,
            solo: false,
            moment: None,
            known: None,
            facts: None,
            presences: None,
            rushes: None,
        }
    }
}

/// What happened to the canvas in this frame.
#[derive(Clone, Debug)]
pub struct SceneResponse {
    /// What was clicked, if anything was. A click beside everything is `Some(None)`.
    pub clicked: Option<Option<Selection>>,
    /// What the pointer is over.
    pub hovered: Option<Selection>,
    /// The canvas as egui sees it.
    pub response: egui::Response,
}

/// The cutaway of one run.
#[derive(Clone, Debug)]
pub struct Scene {
    index: Arc<Index>,
    gauges: Vec<Gauge>,
    slots: Slots,
    bars: Bars,
    states: States,
    metrics: Option<Metrics>,
    laid_out: Option<LaidOut>,
}

/// What follows from the canvas alone, kept until that changes.
#[derive(Clone, Debug)]
struct LaidOut {
    key: Key,
    layout: Layout,
    staged: Option<Staged>,
}

/// What a layout follows from.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Key {
    canvas: Vec2,
    scale: f32,
    focus: Focus,
    /// The power of two below the zoom: how far what is counted may be opened.
    opens: u32,
}

/// The fixed part of the picture for one view.
#[derive(Clone, Debug)]
struct Staged {
    view: View,
    known: Option<Vec<bool>>,
    floors: Arc<Vec<Shape>>,
    words: Arc<Vec<Shape>>,
}

impl Scene {
    /// Reads the trace once and indexes it by time.
    pub fn new(topology: &Topology, trace: &Trace) -> Scene {
        Scene::indexed(topology, trace, Arc::new(Index::new(trace, topology.stacks.len())))
    }

    /// The same, of a trace that is indexed already.
    pub fn indexed(topology: &Topology, trace: &Trace, index: Arc<Index>) -> Scene {
        let (gauges, slots) = (gauge::gauges(topology, trace), Slots::new(topology, trace, &index));
        let name = |disk: ComponentId| topology.component(disk).map_or(String::new(), |disk| disk.name.clone());
        let bars = Bars::new(trace, &topology.operations, topology.stacks.len(), 0).named(name);
        let states = States::new(topology, trace, &index);
        Scene { index, gauges, slots, bars, states, metrics: None, laid_out: None }
    }

    /// The same, with the scenario's seed for what is drawn by lot: the intervals beside ratios.
    pub fn seeded(mut self, seed: u64) -> Scene {
        self.bars = self.bars.seeded(seed);
        self
    }

    /// The trace by time: which journeys are under way, and what they have spent.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// Like operations of all columns, by number.
    pub fn bars(&mut self) -> (&mut Bars, &Index) {
        (&mut self.bars, &self.index)
    }

    /// What cores, vCPUs, rings and mailboxes hold.
    pub fn states(&self) -> &States {
        &self.states
    }

    /// The picture at `time`, on a canvas of this size. Text is measured in egui's own font unless
    /// [`Scene::ui`] has measured the window's.
    pub fn draw(
        &mut self,
        topology: &Topology,
        trace: &Trace,
        canvas: Vec2,
        view: &View,
        time: Time,
        options: &SceneOptions,
    ) -> Drawing {
        let metrics = self.metrics.get_or_insert_with(Metrics::without_window);
        let canvas = canvas.max(Vec2::splat(16.0));
        let theme = options.theme;
        let opens = view.zoom.clamp(1.0, 64.0).log2().floor() as u32;
        let key = Key { canvas, scale: theme.scale, focus: focus(topology, trace, options), opens };
        let laid_out = match self.laid_out.take().filter(|laid| laid.key == key) {
            Some(laid_out) => self.laid_out.insert(laid_out),
            None => {
                let layout = lay_out(topology, metrics, theme, key);
                self.laid_out.insert(LaidOut { key, layout, staged: None })
            }
        };
        let camera = Camera::over(view, canvas, laid_out.layout.canvas);
        let factor = camera.words * laid_out.layout.words;
        let writer = Writer { metrics, theme, factor };
        let followed = options.follow.map(|stack| laid_out.layout.column(stack));
        let followed = followed.filter(|&column| column < laid_out.layout.columns.len());
        let known = options.known;
        let same = |staged: &Staged| staged.view == *view && staged.known.as_deref() == known;
        let staged = match laid_out.staged.take().filter(same) {
            Some(staged) => laid_out.staged.insert(staged),
            None => {
                let layout = &laid_out.layout;
                let tokens = &self.index.tokens;
                let stage = Builder { layout, topology, camera, writer, followed, known, tokens }.build();
                let (floors, words) = (Arc::new(stage.floors), Arc::new(stage.words));
                laid_out.staged.insert(Staged { view: *view, known: known.map(<[bool]>::to_vec), floors, words })
            }
        };
        let (floors, words) = (staged.floors.clone(), staged.words.clone());
        let layout = &laid_out.layout;
        let (index, gauges, slots) = (&self.index, self.gauges.as_slice(), &self.slots);
        let chosen = match options.selection {
            Some(Selection::Journey(id)) => Some(id),
            _ => None,
        };
        let rect = camera.rect(layout.bars);
        let strip = Strip { rect, writer, topology, layers: &index.layers, follow: options.follow };
        let wish = Wish { topic: options.topic, chosen, follow: options.follow };
        // An operation that was chosen by hand is looked at, as long as nothing is answered.
        let chart = match options.asked.filter(|asked| asked.answered || chosen.is_none()) {
            Some(asked) => Some(bars::answered(&mut self.bars, asked, strip.most())),
            None => {
                let key = bars::shown_key(&self.bars, (trace, index), wish, time);
                let rows = (wish, strip.most());
                key.and_then(|key| bars::chart(&mut self.bars, (trace, index), key, rows, time))
            }
        };
        let chart = chart.filter(|_| rect.intersects(camera.canvas)).map(|chart| (strip, chart));
        let states = &self.states;
        let picture =
            Picture { topology, trace, index, slots, states, layout, camera, writer, gauges, chart, followed, options };
        picture.draw(floors, words, time)
    }

    /// The layout that the last picture was drawn with.
    pub fn layout(&self) -> Option<&Layout> {
        self.laid_out.as_ref().map(|laid| &laid.layout)
    }

    /// Paints the picture at `time` into all the space that `ui` has left, and takes the pointer's panning, zooming
    /// and clicking. `topology` and `trace` are those that the scene was made from.
    pub fn ui(
        &mut self,
        ui: &mut egui::Ui,
        topology: &Topology,
        trace: &Trace,
        time: Time,
        view: &mut View,
        options: &SceneOptions,
    ) -> SceneResponse {
        let metrics = Some(Metrics::of(ui.ctx()));
        if self.metrics != metrics {
            (self.metrics, self.laid_out) = (metrics, None);
        }
        let (rect, response) = ui.allocate_exact_size(ui.available_size(), egui::Sense::click_and_drag());
        navigate(ui, &response, view);
        let drawing = self.draw(topology, trace, rect.size(), view, time, options);
        Canvas::new(ui.painter(), options.theme, rect).draw(&drawing);
        let local = |pos: Pos2| pos - rect.min.to_vec2();
        let under = |pos: Pos2| self.under(topology, &drawing, view, local(pos));
        let hovered = response.hover_pos().and_then(under);
        let clicked = response.clicked().then(|| response.interact_pointer_pos().and_then(under));
        // Said in the line below, so that nothing covers the picture.
        let token = |selection: &Selection| matches!(selection, Selection::Journey(_));
        let told = |pos: Pos2| drawing.told.iter().find(|(rect, _)| rect.contains(local(pos)));
        let told = response.hover_pos().and_then(told).filter(|_| !hovered.as_ref().is_some_and(token));
        let said = match told {
            Some((_, words)) => Some(words.clone()),
            None => hovered.and_then(|selection| self.words_of((topology, trace), selection, time)),
        };
        let headed = || self.head_at(topology, view, local(response.hover_pos()?));
        if let Some(words) = said.or_else(headed) {
            super::hint::say_here(ui.ctx(), &words);
        }
        SceneResponse { clicked, hovered, response }
    }

    /// What is drawn at a point of the canvas.
    fn under(&self, topology: &Topology, drawing: &Drawing, view: &View, point: Pos2) -> Option<Selection> {
        let token = drawing.hits.iter().rev().find(|(center, radius, _)| center.distance(point) <= radius.max(6.0));
        if let Some((_, _, selection)) = token {
            return Some(*selection);
        }
        let laid_out = self.laid_out.as_ref()?;
        let camera = Camera::over(view, laid_out.key.canvas, laid_out.layout.canvas);
        laid_out.layout.at(topology, camera.back(point)).map(Selection::Component)
    }
}

impl Scene {
    /// The full text about what is under the pointer: nothing in it is cut, however little room its box has.
    fn words_of(&self, (topology, trace): (&Topology, &Trace), selection: Selection, time: Time) -> Option<String> {
        let stack = |id: StackId| topology.stacks.get(id.index()).map(|stack| names::name(&stack.name));
        match selection {
            Selection::Component(id) => {
                let component = topology.component(id)?;
                let whose = component.stack.and_then(stack).filter(|stack| *stack != names::name(&component.name));
                let name = modes::joined(&words::sentence(&component.name), &whose.unwrap_or_default());
                let note = match component.kind {
                    ComponentKind::App => {
                        let programs = self.states.programs(topology, (trace, &self.index), time);
                        let now = modes::doing(programs.get(&id).map_or(&[][..], Vec::as_slice));
                        modes::joined(&now, &component.note)
                    }
                    _ => modes::joined(&component.note, &self.folded(topology, id)),
                };
                let meaning = glossary::of(&component.name).map_or(String::new(), |term| term.line());
                Some([name, note, meaning].into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n"))
            }
            Selection::Journey(id) => {
                let journey = trace.journeys.get(id.index())?;
                let operation = topology.operations.get(usize::from(journey.label)).map_or("operation", String::as_str);
                let stack = stack(journey.stack).unwrap_or_default();
                let hop = self.index.hops(id).get(self.index.hop_at(trace, id, time)?)?;
                let hop = trace.hops.get(hop.index())?;
                let now = format!("{operation}\n{stack} · {} · {}", hop.what.label(), hop.duration());
                Some(match hop.what {
                    What::Pay(primitive) => format!("{now}\n{}", primitive.meaning()),
                    _ => now,
                })
            }
        }
    }

    /// The names of a floor's parts for which there is no room; empty if there are none.
    fn folded(&self, topology: &Topology, floor: ComponentId) -> String {
        let hidden = |layout: &Layout| {
            let within = topology.iter().filter(|(id, part)| {
                let place = layout.place(*id);
                tree::is_part(part.kind) && !place.own && place.floor == floor && layout.drawn_as[id.index()] == *id
            });
            within.map(|(_, part)| names::name(&part.name)).collect::<Vec<_>>().join(", ")
        };
        let layout = self.layout().filter(|layout| layout.hidden.contains_key(&floor));
        layout.map_or(String::new(), hidden)
    }

    /// The whole names of those whose head is at a point.
    fn head_at(&self, topology: &Topology, view: &View, point: Pos2) -> Option<String> {
        let laid_out = self.laid_out.as_ref()?;
        let camera = Camera::over(view, laid_out.key.canvas, laid_out.layout.canvas);
        let point = camera.back(point);
        let column =
            laid_out.layout.columns.iter().find(|column| column.heading.union(column.state).contains(point))?;
        let name = |id: &StackId| topology.stacks.get(id.index()).map(|stack| names::name(&stack.name));
        let all: Vec<String> = column.members.iter().filter_map(name).collect();
        Some(format!("{}: {}", super::letters::letter(column.stack), all.join(", ")))
    }
}

/// Who has more room than others: the followed column, and the one whose journey or part is selected.
fn focus(topology: &Topology, trace: &Trace, options: &SceneOptions) -> Focus {
    let alone = match options.selection {
        Some(Selection::Journey(id)) => trace.journeys.get(id.index()).map(|journey| journey.stack),
        Some(Selection::Component(id)) => topology.component(id).and_then(|component| component.stack),
        None => None,
    };
    Focus { follow: options.follow, alone }
}

/// The layout for a canvas. Where parts are only counted for want of room, magnifying makes room for them: the sheet
/// is as much larger as it takes to draw them all, at most as the zoom allows.
fn lay_out(topology: &Topology, metrics: &Metrics, theme: &Theme, key: Key) -> Layout {
    let at = |magnified: f32| Layout::focused(topology, metrics, theme, (key.canvas, magnified), key.focus);
    let mut best = at(1.0);
    for power in 1..=key.opens {
        if best.counts.is_empty() && best.hidden.is_empty() {
            break;
        }
        best = at(2.0_f32.powi(power as i32));
    }
    best
}

/// Drags pan, scrolling zooms to the pointer, a double click shows everything again.
fn navigate(ui: &egui::Ui, response: &egui::Response, view: &mut View) {
    if response.dragged() {
        view.pan += response.drag_delta();
        *view = view.within(response.rect.size());
    }
    if response.double_clicked() {
        *view = View::default();
    }
    let Some(pointer) = response.hover_pos() else { return };
    let (scroll, pinch) = ui.input(|input| (input.smooth_scroll_delta().y, input.zoom_delta()));
    let factor = (scroll * 0.0025).exp() * pinch;
    if (factor - 1.0).abs() > 1e-4 {
        view.zoom_at(pointer - response.rect.min.to_vec2(), response.rect.size(), factor);
    }
}
