//! Which lanes are shown, and in which order: pinned ones first, then group by group, each folded or not.

use std::collections::BTreeMap;

use super::{Group, Lane, LaneKind};

/// How the lanes are arranged.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arrangement {
    /// Groups that were folded (true) or unfolded by hand; the others are as there is room.
    folded: BTreeMap<Group, bool>,
    /// Lanes kept on top, in the order in which they were pinned.
    pinned: Vec<LaneKind>,
    /// The order made by hand: of whatever was moved, and of all beside it.
    order: Vec<LaneKind>,
}

/// A lane to be shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// Its index among the lanes, or after those among the heads.
    pub index: usize,
    /// What it folds: whether its group is folded; `None` where it heads nothing.
    pub folds: Option<bool>,
    /// Whether it is pinned.
    pub pinned: bool,
    /// Whether it lies in an unfolded group, below its head.
    pub inner: bool,
}

/// A lane by its index: those of the run, then the heads.
pub fn lane<'a>(lanes: &'a [Lane], heads: &'a [Lane], index: usize) -> Option<&'a Lane> {
    lanes.get(index).or_else(|| heads.get(index - lanes.len()))
}

impl Arrangement {
    /// The rows, where `most` have room. What no hand has folded is unfolded as far as it fits: first the hardware,
    /// then every stack; where not even the hardware fits, one row stands for it.
    pub fn rows(&self, lanes: &[Lane], heads: &[Lane], most: usize) -> Vec<Row> {
        let hardware = lanes.iter().filter(|lane| lane.group.is_none()).count();
        let inner = lanes.len() - hardware;
        let stacks = heads.len().saturating_sub(1);
        let all_fit = hardware + inner + stacks <= most;
        let hardware_fits = hardware <= 1 || hardware + stacks <= most;
        let folded = |group: Group| {
            let own = if group.is_some() { all_fit } else { hardware_fits };
            self.folded.get(&group).copied().unwrap_or(!own)
        };
        let mut rows: Vec<Row> = Vec::new();
        let index_of = |kind: LaneKind| {
            let all = lanes.iter().chain(heads);
            all.enumerate().find(|(_, lane)| lane.kind == kind).map(|(index, _)| index)
        };
        for index in self.pinned.iter().filter_map(|kind| index_of(*kind)) {
            rows.push(Row { index, folds: None, pinned: true, inner: false });
        }
        let mut members: BTreeMap<Group, Vec<usize>> = BTreeMap::new();
        for (index, lane) in lanes.iter().enumerate().filter(|(_, lane)| !self.pinned.contains(&lane.kind)) {
            members.entry(lane.group).or_default().push(index);
        }
        let mut groups: Vec<usize> = (0..heads.len()).collect();
        self.sort(&mut groups, |head| heads.get(head).map(|lane| lane.kind));
        for head in groups {
            let Some(group) = heads.get(head).map(|lane| lane.group) else { continue };
            let mut inner = members.remove(&group).unwrap_or_default();
            self.sort(&mut inner, |index| lanes.get(index).map(|lane| lane.kind));
            let (many, closed) = (!inner.is_empty(), folded(group));
            let own = heads.get(head).is_some_and(|lane| self.pinned.contains(&lane.kind));
            // The hardware has no row of its own above its cores: their first folds it.
            let headless = group.is_none() && !closed;
            if !own && !headless {
                let folds = many.then_some(closed);
                rows.push(Row { index: lanes.len() + head, folds, pinned: false, inner: false });
            }
            if !closed {
                let first = |at: usize| headless && at == 0 && inner.len() > 1;
                rows.extend(inner.iter().enumerate().map(|(at, index)| Row {
                    index: *index,
                    folds: first(at).then_some(false),
                    pinned: false,
                    inner: group.is_some(),
                }));
            }
        }
        rows
    }

    /// What a hand has moved stands where it was put; the rest stays in its own order.
    fn sort(&self, indices: &mut [usize], kind: impl Fn(usize) -> Option<LaneKind>) {
        if !self.order.is_empty() {
            let place = |index: &usize| {
                let kind = kind(*index);
                self.order.iter().position(|one| Some(*one) == kind).unwrap_or(usize::MAX)
            };
            indices.sort_by_key(place);
        }
    }

    /// Folds a group, or unfolds it.
    pub fn fold(&mut self, group: Group, folded: bool) {
        self.folded.insert(group, folded);
    }

    /// Pins a lane to the top, or lets it go.
    pub fn pin(&mut self, kind: LaneKind) {
        match self.pinned.iter().position(|one| *one == kind) {
            Some(at) => drop(self.pinned.remove(at)),
            None => self.pinned.push(kind),
        }
    }

    /// Moves a row up (-1) or down (1) among its like: pinned ones, groups, or the lanes of its group.
    pub fn shift(&mut self, rows: &[Row], row: usize, by: isize, lanes: &[Lane], heads: &[Lane]) {
        let like = |one: &Row| {
            let lane = lane(lanes, heads, one.index);
            (one.pinned, lane.map(|lane| (matches!(lane.kind, LaneKind::Stack(_) | LaneKind::Hardware), lane.group)))
        };
        let same = |a: &Row, b: &Row| match (like(a), like(b)) {
            ((true, _), (true, _)) => true,
            ((false, Some((true, _))), (false, Some((head, _)))) => head,
            ((false, Some((false, group))), (false, Some((false, other)))) => group == other,
            _ => false,
        };
        let Some(own) = rows.get(row) else { return };
        let mut beside: Vec<usize> = (0..rows.len()).filter(|at| same(own, &rows[*at])).collect();
        let Some(at) = beside.iter().position(|one| *one == row) else { return };
        let Some(to) = at.checked_add_signed(by).filter(|to| *to < beside.len()) else { return };
        beside.swap(at, to);
        let kinds: Vec<LaneKind> =
            beside.iter().filter_map(|at| Some(lane(lanes, heads, rows[*at].index)?.kind)).collect();
        let list = if own.pinned { &mut self.pinned } else { &mut self.order };
        // The hardware stands first, unfolded as well, unless it was moved itself.
        if !own.pinned
            && kinds.iter().any(|kind| matches!(kind, LaneKind::Stack(_)))
            && !list.contains(&LaneKind::Hardware)
        {
            list.insert(0, LaneKind::Hardware);
        }
        list.retain(|kind| !kinds.contains(kind));
        list.extend(kinds);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{ComponentId, CpuId, StackId, Trace};

    /// Two cores, a disk, and two stacks of which the second has a vCPU.
    fn lanes() -> (Vec<Lane>, Vec<Lane>) {
        let lane = |kind: LaneKind, group: Group| Lane::empty(kind, group, &Trace::default());
        let second = Some(StackId(1));
        let lanes = vec![
            lane(LaneKind::Cpu(CpuId(0)), None),
            lane(LaneKind::Cpu(CpuId(1)), None),
            lane(LaneKind::Cpu(CpuId(2)), second),
            lane(LaneKind::Device(ComponentId(9)), None),
        ];
        let heads = vec![
            lane(LaneKind::Hardware, None),
            lane(LaneKind::Stack(StackId(0)), Some(StackId(0))),
            lane(LaneKind::Stack(StackId(1)), second),
        ];
        (lanes, heads)
    }

    fn shown(arrangement: &Arrangement, most: usize) -> Vec<LaneKind> {
        let (lanes, heads) = lanes();
        let kind = |row: &Row| lane(&lanes, &heads, row.index).expect("a lane").kind;
        arrangement.rows(&lanes, &heads, most).iter().map(kind).collect()
    }

    const CORES: [LaneKind; 3] = [LaneKind::Cpu(CpuId(0)), LaneKind::Cpu(CpuId(1)), LaneKind::Device(ComponentId(9))];
    const STACKS: [LaneKind; 2] = [LaneKind::Stack(StackId(0)), LaneKind::Stack(StackId(1))];
    const VCPU: LaneKind = LaneKind::Cpu(CpuId(2));

    #[test]
    fn as_much_is_unfolded_as_there_is_room_for_and_a_hand_decides_otherwise() {
        let mut arrangement = Arrangement::default();
        assert_eq!(shown(&arrangement, 6), [&CORES[..], &STACKS, &[VCPU]].concat());
        assert_eq!(shown(&arrangement, 5), [&CORES[..], &STACKS].concat());
        assert_eq!(shown(&arrangement, 4), [&[LaneKind::Hardware][..], &STACKS].concat());
        arrangement.fold(Some(StackId(1)), false);
        assert_eq!(shown(&arrangement, 4), [&[LaneKind::Hardware][..], &STACKS, &[VCPU]].concat());
        arrangement.fold(None, true);
        assert_eq!(shown(&arrangement, 90), [&[LaneKind::Hardware][..], &STACKS, &[VCPU]].concat());
    }

    #[test]
    fn what_is_pinned_stands_on_top_once_and_comes_back_to_its_place() {
        let mut arrangement = Arrangement::default();
        arrangement.pin(VCPU);
        arrangement.pin(CORES[1]);
        let rows = shown(&arrangement, 90);
        assert_eq!(rows[..2], [VCPU, CORES[1]]);
        assert_eq!(rows.len(), 6);
        arrangement.pin(VCPU);
        arrangement.pin(CORES[1]);
        assert_eq!(shown(&arrangement, 90), [&CORES[..], &STACKS, &[VCPU]].concat());
    }

    #[test]
    fn a_row_moves_among_its_like_and_no_further() {
        let (lanes, heads) = lanes();
        let mut arrangement = Arrangement::default();
        let shift = |arrangement: &mut Arrangement, what: LaneKind, by: isize| {
            let rows = arrangement.rows(&lanes, &heads, 90);
            let at = rows.iter().position(|row| lane(&lanes, &heads, row.index).expect("a lane").kind == what);
            arrangement.shift(&rows, at.expect("it is shown"), by, &lanes, &heads);
        };
        shift(&mut arrangement, CORES[2], -1);
        assert_eq!(shown(&arrangement, 90)[..3], [CORES[0], CORES[2], CORES[1]]);
        shift(&mut arrangement, CORES[0], -1);
        assert_eq!(shown(&arrangement, 90)[..3], [CORES[0], CORES[2], CORES[1]], "the first stays the first");
        shift(&mut arrangement, STACKS[1], -1);
        let wanted = [&[CORES[0], CORES[2], CORES[1]][..], &[STACKS[1], VCPU, STACKS[0]]].concat();
        assert_eq!(shown(&arrangement, 90), wanted, "a group moves with what is in it");
        shift(&mut arrangement, VCPU, 1);
        assert_eq!(shown(&arrangement, 90), wanted, "and what is in it does not leave it");
    }
}
