//! From a lane to columns of pixels.

use crate::engine::Time;
use crate::trace::{Layer, Trace};

use super::{Lane, Window};

/// One coloured piece of a lane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Column {
    /// Pixels from the left edge.
    pub from: f32,
    /// Pixels from the left edge.
    pub to: f32,
    /// Its colour.
    pub layer: Layer,
    /// How much of it is busy, from 0 to 1.
    pub busy: f32,
}

/// The columns that show `lane` in `window` on `width` pixels: one per hop where hops are wide enough, one per
/// pixel where they are not. At most about twice as many as pixels, however many hops there are.
pub fn columns(lane: &Lane, trace: &Trace, window: &Window, width: f32) -> Vec<Column> {
    let mut columns = Vec::new();
    let pixels = f64::from(width.max(1.0));
    let x = |time: Time| (window.share(time) * pixels).clamp(0.0, pixels) as f32;
    let end = window.time(1.0);
    let mut index = lane.first_ending_after(window.time(0.0));
    while let Some((_, hop)) = lane.hop(index, trace) {
        if hop.start >= end {
            break;
        }
        let (from, to) = (x(hop.start), x(hop.end));
        if to - from >= 1.0 {
            columns.push(Column { from, to, layer: hop.layer, busy: 1.0 });
            index += 1;
            continue;
        }
        // Everything that begins within this pixel is one column.
        let next_pixel = window.time((f64::from(from).floor() + 1.0) / pixels);
        let after = lane.first_starting_at(next_pixel.max(hop.start + Time(1)), trace).max(index + 1);
        // The last of them may reach far beyond the pixel: then it is drawn for itself.
        let wide = |(_, hop): (_, &crate::trace::Hop)| x(hop.end) - x(hop.start) >= 1.0;
        let after = if after > index + 1 && lane.hop(after - 1, trace).is_some_and(wide) { after - 1 } else { after };
        let sums = lane.sum(index, after, trace);
        let total: u64 = sums.iter().sum();
        let most = sums.iter().enumerate().max_by_key(|(_, ps)| **ps).map_or(0, |(i, _)| i);
        let busy = (total as f64 / (window.length() / pixels)).clamp(0.25, 1.0) as f32;
        let left = from.floor();
        columns.push(Column { from: left, to: left + 1.0, layer: Layer::ALL[most], busy });
        index = after;
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::{Component, ComponentKind, CpuInfo, Topology};
    use crate::trace::{ComponentId, CpuId, Crossing, Hop, HopId, JourneyId, StackId, Token, What};

    fn topology() -> Topology {
        let kernel = Component {
            name: "host kernel".to_owned(),
            kind: ComponentKind::Kernel,
            parent: None,
            stack: None,
            layer: Layer::HostKernel,
            note: String::new(),
            cpu: None,
            node: None,
        };
        let cpu = CpuInfo { name: "core 0".to_owned(), kernel: ComponentId(0), stack: None };
        Topology { components: vec![kernel], cpus: vec![cpu], cores: 1, ..Topology::default() }
    }

    fn busy_lane(hops: u64) -> (Trace, Lane) {
        let hop = |n: u64| Hop {
            start: Time(n * 1000),
            end: Time(n * 1000 + 900),
            journey: JourneyId::NONE,
            cause: HopId::NONE,
            count: 1,
            component: ComponentId(0),
            cpu: CpuId(0),
            core: CpuId(0),
            stack: StackId::NONE,
            what: What::UserCode,
            crossing: Crossing::None,
            layer: Layer::ALL[(n % 3) as usize],
            token: Token::Instruction,
        };
        let trace = Trace { hops: (0..hops).map(hop).collect(), ..Trace::default() };
        let topology = topology();
        let lane = super::super::lanes(&topology, &trace).remove(0);
        (trace, lane)
    }

    #[test]
    fn a_million_hops_are_drawn_as_columns_no_more_than_two_a_pixel() {
        let (trace, lane) = busy_lane(1_000_000);
        let end = Time(1_000_000_000);
        for zoom in [1.0, 10.0, 1e3, 1e5] {
            let window = Window::whole(end).zoom(zoom, 0.4, end);
            let columns = columns(&lane, &trace, &window, 800.0);
            assert!(!columns.is_empty() && columns.len() <= 1602, "zoom {zoom}: {}", columns.len());
            assert!(columns.iter().all(|c| c.from <= c.to && c.to <= 801.0));
        }
    }

    #[test]
    fn a_long_hop_that_begins_in_the_pixel_of_a_short_one_is_drawn_whole() {
        let (mut trace, _) = busy_lane(2);
        trace.hops[1].end = Time(1_000_000_000);
        let lane = super::super::lanes(&topology(), &trace).remove(0);
        let columns = columns(&lane, &trace, &Window { from: 0.0, to: 1e9 }, 800.0);
        assert!(columns.iter().any(|column| column.to - column.from > 790.0), "{columns:?}");
    }

    #[test]
    fn sums_over_blocks_equal_sums_one_by_one() {
        let (trace, lane) = busy_lane(1000);
        for (from, to) in [(0, 1000), (3, 9), (60, 130), (64, 128), (999, 1000), (5, 5), (900, 5000)] {
            let slow = (from..to.min(1000)).map(|i| lane.sum(i, i + 1, &trace)).fold([0; 8], |mut a, b| {
                a.iter_mut().zip(b).for_each(|(x, y)| *x += y);
                a
            });
            assert_eq!(lane.sum(from, to, &trace), slow, "{from}..{to}");
        }
    }
}
