//! Arrows from what caused to what it caused: along one journey, from lane to lane.

use std::collections::BTreeMap;

use egui::{Pos2, Rect, Shape, Stroke, Ui, Vec2};

use super::given::Lanes;
use super::rows::{Row, lane};
use super::{LaneKind, Window};
use crate::app::theme::Theme;
use crate::engine::Time;
use crate::trace::{CpuId, HopId, JourneyId, StackId, Trace};

/// The hops of a journey that lie on lanes, in the order of time, each with the one that led to it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chain {
    of: Option<(u64, JourneyId)>,
    links: Vec<(HopId, HopId)>,
}

impl Chain {
    /// The links of a journey. Waits lie on no lane of their own: what ended one follows from what began it.
    fn of(trace: &Trace, run: u64, journey: JourneyId) -> Chain {
        let mut links = Vec::new();
        let mut before = HopId::NONE;
        for id in trace.hops_of(journey) {
            let Some(hop) = trace.hops.get(id.index()) else { continue };
            if hop.is_wait() || hop.end == hop.start {
                continue;
            }
            // A journey's first hop follows from what started it, if that is known.
            let cause = if before.some().is_some() { before } else { hop.cause };
            if cause.some().is_some() {
                links.push((cause, id));
            }
            before = id;
        }
        Chain { of: Some((run, journey)), links }
    }
}

/// Draws the arrows of the journey that is looked at. `middle` is where a row's middle is.
#[allow(clippy::too_many_arguments)]
pub fn arrows_ui(
    ui: &Ui,
    bars: Rect,
    chain: &mut Option<Chain>,
    lanes: Lanes<'_>,
    rows: &[Row],
    window: &Window,
    middle: &dyn Fn(usize) -> f32,
    theme: &Theme,
) {
    let Some(journey) = lanes.journey else { return };
    if chain.as_ref().is_none_or(|chain| chain.of != Some((lanes.run, journey))) {
        *chain = Some(Chain::of(lanes.trace, lanes.run, journey));
    }
    let Some(chain) = chain else { return };
    let place: BTreeMap<LaneKind, usize> = (rows.iter().enumerate())
        .filter_map(|(at, row)| Some((lane(lanes.lanes, lanes.heads, row.index)?.kind, at)))
        .collect();
    let x = |time: Time| bars.left() + window.share(time) as f32 * bars.width();
    let painter = ui.painter().with_clip_rect(bars.intersect(ui.clip_rect()));
    let mut last = f32::NEG_INFINITY;
    for (cause, effect) in &chain.links {
        let hop = |id: &HopId| lanes.trace.hops.get(id.index());
        let (Some(from), Some(to)) = (hop(cause), hop(effect)) else { continue };
        let (Some(a), Some(b)) = (row_of(from, lanes, &place), row_of(to, lanes, &place)) else { continue };
        let (start, end) = (Pos2::new(x(from.end), middle(a)), Pos2::new(x(to.start), middle(b)));
        // Where they lie too close to be told apart, one stands for them.
        if a == b || end.x < bars.left() || start.x > bars.right() || end.x - last < 3.0 {
            continue;
        }
        last = end.x;
        let under_way = to.start <= lanes.now && lanes.now < to.end;
        let (color, width) = match (under_way, to.start <= lanes.now) {
            (true, _) => (theme.text, 2.0),
            (false, true) => (theme.text_body, 1.3),
            (false, false) => (theme.text_muted.gamma_multiply(0.6), 1.0),
        };
        arrow(&painter, start, end, Stroke::new(width * theme.scale.min(1.5), color));
    }
}

/// The row on which a hop lies: that of its vCPU, core or device, or of what these are folded into.
fn row_of(hop: &crate::trace::Hop, lanes: Lanes<'_>, place: &BTreeMap<LaneKind, usize>) -> Option<usize> {
    let row = |kind: LaneKind| place.get(&kind).copied();
    let cpu = |cpu: CpuId| {
        cpu.some()?;
        let group = |stack: Option<StackId>| stack.map_or(LaneKind::Hardware, LaneKind::Stack);
        let owner = lanes.topology.cpus.get(cpu.index()).map(|cpu| cpu.stack);
        row(LaneKind::Cpu(cpu)).or_else(|| row(group(owner?)))
    };
    let device = || {
        hop.core.some().is_none().then_some(())?;
        row(LaneKind::Device(hop.component)).or_else(|| row(LaneKind::Hardware))
    };
    cpu(hop.cpu).or_else(|| cpu(hop.core)).or_else(device)
}

fn arrow(painter: &egui::Painter, start: Pos2, end: Pos2, stroke: Stroke) {
    let along = (end - start).normalized();
    let across = Vec2::new(-along.y, along.x);
    let head = 4.0 + stroke.width;
    painter.line_segment([start, end - along * head * 0.6], stroke);
    painter.circle_filled(start, 1.0 + stroke.width * 0.6, stroke.color);
    let points = vec![end, end - along * head + across * head * 0.5, end - along * head - across * head * 0.5];
    painter.add(Shape::convex_polygon(points, stroke.color, Stroke::NONE));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::costs::Profile;
    use crate::machine::RunOptions;
    use crate::scenario::{Scenario, find};

    #[test]
    fn each_link_leads_from_what_ended_to_what_began_no_earlier_and_waits_are_passed_over() {
        let source = find("one-read").expect("it is built in");
        let scenario = Scenario::parse(&source).expect("it parses");
        let profile = scenario.costs.resolve(None::<Profile>).expect("costs");
        let options = RunOptions { max_hops: 100_000, ..scenario.options() };
        let outcome = scenario.run(&profile, &options, |_, _| true).expect("it runs");
        let trace = outcome.trace.expect("it is kept");
        let mut linked = 0;
        for journey in 0..trace.journeys.len().min(80) {
            let chain = Chain::of(&trace, 1, JourneyId(journey as u32));
            for (cause, effect) in &chain.links {
                let (cause, effect) = (trace.hops[cause.index()], trace.hops[effect.index()]);
                assert!(!effect.is_wait() && cause.end <= effect.start, "{cause:?} leads to {effect:?}");
                linked += 1;
            }
        }
        assert!(linked > 100, "{linked}");
    }
}
