//! The figures beside an answer: what was asked, of the whole run, for each stack that has it.
//!
//! An answer is computed from all of a run. Whatever stands beside it has to be the same quantity over the same span,
//! or the two contradict each other. So a question is taken apart here: into one figure, which each stack has, and what
//! the figure is measured by; or, where it compares or adds several figures, into those. Bars of operations may stand
//! there until it is answered only where they tell of the same.

use super::quantity::{Counter, Kind, Quantity, Value, start_of};
use crate::machine::Outcome;
use crate::trace::{Hop, Layer, OperationKind, StackId, Statistic};

/// What was asked, in figures.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// What the figures are: "the median read".
    pub title: String,
    /// What they count.
    pub kind: Kind,
    /// One for each stack that the question names, in the order of stacks; or one for each figure that was compared or
    /// added. Those of other stacks would answer what is asked later. None where they are not to be seen yet.
    pub rows: Vec<Figure>,
    /// Whether bars of operations tell of the same: it is how long they take, or what happens in one of them.
    pub of_operations: bool,
    /// Whether the scene has been played, and the figures may be seen.
    pub answered: bool,
}

impl Asked {
    /// What stands beside the question before it is answered: what is asked, without its figures. `None` where bars of
    /// operations say no other thing than is asked.
    pub fn awaited(&self) -> Option<Asked> {
        (!self.of_operations).then(|| self.withheld())
    }

    /// What is asked, without its figures.
    pub fn withheld(&self) -> Asked {
        Asked { rows: Vec::new(), answered: false, ..self.clone() }
    }
}

/// One of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Whose.
    pub stack: StackId,
    /// What it is, where rows are of several figures.
    pub what: Option<String>,
    /// The figure.
    pub value: Value,
    /// How it compares with what it is measured by: "1.37×", "the measure"; empty where nothing is compared.
    pub beside: String,
    /// Of how many operations it is; `None` where it is of none, as memory is.
    pub count: Option<u64>,
    /// Of what layers it is.
    pub split: Split,
}

/// Of what layers a figure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// Of none: memory has no layer.
    Whole,
    /// Of one.
    Layer(Layer),
    /// Of those of operations: which figure of them, and of which kind, or of all.
    Operations(Statistic, Option<OperationKind>),
    /// In these shares, by [`Layer`].
    Shares([u64; Layer::ALL.len()]),
}

/// The figures of a question; `None` where it is about no stack.
pub fn asked(answer: &Quantity, outcome: &Outcome) -> Option<Asked> {
    let terms = answer.terms();
    let first = *terms.first()?;
    let added = matches!(answer, Quantity::Sum(..));
    let by = answer.compared_with();
    let one = first.stack()?;
    let alike = terms.iter().all(|term| term.stack().is_some() && first.about(one) == term.about(one));
    let mut named: Vec<StackId> = terms.iter().filter_map(|term| term.stack()).collect();
    named.sort_unstable();
    named.dedup();
    let figures: Vec<(StackId, &Quantity, Option<String>)> = match (alike, added) {
        (true, false) => named.into_iter().map(|stack| (stack, first, None)).collect(),
        (true, true) => terms.iter().filter_map(|term| Some((term.stack()?, *term, None))).collect(),
        (false, _) => terms.iter().filter_map(|term| Some((term.stack()?, *term, Some(term.what())))).collect(),
    };
    let measure = by.map(|by| by.value(outcome).amount);
    let row = |(stack, figure, what): (StackId, &Quantity, Option<String>)| {
        let value = figure.about(stack).value(outcome);
        let is_measure = if alike { by.and_then(Quantity::stack) == Some(stack) } else { Some(figure) == by };
        let beside = match measure {
            None => String::new(),
            Some(_) if is_measure => "the measure".to_owned(),
            Some(measure) => answer.beside(value.amount, measure),
        };
        let (count, split) = (figure.operations(stack, outcome), figure.split(stack, outcome));
        Some(Figure { stack, what, value, beside, count, split }).filter(|figure| figure.value.amount.is_finite())
    };
    let rows: Vec<Figure> = figures.into_iter().filter_map(row).collect();
    let mut titles: Vec<String> = terms.iter().map(|term| term.what()).collect();
    titles.dedup();
    let (title, of_operations) = (titles.join(" and "), answer.is_of_operations());
    let all = Asked { title, kind: first.kind(), rows, of_operations, answered: true };
    Some(all).filter(|asked| !asked.rows.is_empty())
}

impl Quantity {
    /// The figures of stacks that it is made of, from left to right; costs have none.
    fn terms(&self) -> Vec<&Quantity> {
        match self {
            Quantity::Ratio(a, b) | Quantity::Difference(a, b) | Quantity::Share(a, b) | Quantity::Sum(a, b) => {
                [a.terms(), b.terms()].concat()
            }
            one => one.stack().map(|_| one).into_iter().collect(),
        }
    }

    /// The one figure that the others are compared with, where there is such a one.
    fn compared_with(&self) -> Option<&Quantity> {
        match self {
            Quantity::Ratio(_, b) | Quantity::Difference(_, b) | Quantity::Share(_, b) => {
                Some(&**b).filter(|b| b.stack().is_some())
            }
            _ => None,
        }
    }

    /// Whether operations tell of it: it is how long they take, how much of that a layer has, or what happens in one.
    /// Several of them added are no operation's.
    fn is_of_operations(&self) -> bool {
        match self {
            Quantity::Latency { .. } | Quantity::Ledger { .. } | Quantity::Count { per: Some(_), .. } => true,
            Quantity::Ratio(a, b) | Quantity::Difference(a, b) | Quantity::Share(a, b) => {
                [a, b].iter().all(|one| one.is_of_operations() || matches!(***one, Quantity::Cost(_)))
            }
            _ => false,
        }
    }

    /// How two amounts compare, as this quantity compares them.
    fn beside(&self, amount: f64, measure: f64) -> String {
        let (amount, kind) = match self {
            Quantity::Ratio(..) => (amount / measure, Kind::Ratio),
            Quantity::Share(..) => (amount / measure, Kind::Share),
            // As they stand beside it.
            Quantity::Difference(a, _) => {
                let written = |amount: f64| Value { amount, kind: a.kind() }.as_written().amount;
                (written(amount) - written(measure), a.kind())
            }
            _ => return String::new(),
        };
        let value = Value { amount, kind };
        match value {
            _ if !amount.is_finite() => String::new(),
            _ if matches!(self, Quantity::Difference(..)) && amount >= 0.0 => format!("+{value}"),
            _ => value.to_string(),
        }
    }

    /// Whose figure it is, if it is one stack's.
    fn stack(&self) -> Option<StackId> {
        self.subject().map(|of| of.id)
    }

    /// The same figure of another stack.
    fn about(&self, stack: StackId) -> Quantity {
        let mut other = self.clone();
        if let Some(of) = other.subject_mut() {
            (of.id, of.name) = (stack, String::new());
        }
        other
    }

    /// The layers in which the time or the events of a stack's figure are.
    fn split(&self, stack: StackId, outcome: &Outcome) -> Split {
        match self {
            Quantity::Ledger { layer, .. } => Split::Layer(*layer),
            Quantity::Count { what: Counter::Exits(_), .. } => Split::Layer(Layer::Hypervisor),
            Quantity::Count { what: Counter::Throttles, .. } => Split::Layer(Layer::Throttled),
            Quantity::Latency { statistic, kind, .. } => Split::Operations(*statistic, *kind),
            Quantity::StartTime { .. } => Split::Shares(start_by_layer(stack, outcome)),
            _ => Split::Whole,
        }
    }

    /// How many operations of a stack the figure is of, if it is of operations.
    fn operations(&self, stack: StackId, outcome: &Outcome) -> Option<u64> {
        let kind = match self {
            Quantity::Count { per: Some(kind), .. } | Quantity::Ledger { per: Some(kind), .. } => *kind,
            Quantity::Latency { kind, .. } => *kind,
            Quantity::Ledger { per: None, .. } => None,
            _ => return None,
        };
        let stats = outcome.stats.get(stack.index())?;
        Some(kind.map_or(stats.operations, |kind| stats.operations_of(kind)))
    }
}

/// The time of each layer while a stack was started: that of the operations that start it and of its boot.
fn start_by_layer(stack: StackId, outcome: &Outcome) -> [u64; Layer::ALL.len()] {
    let mut layers = [0; Layer::ALL.len()];
    let (Some((from, up)), Some(trace)) = (start_of(outcome, stack), &outcome.trace) else { return layers };
    let starts = |hop: &&Hop| {
        let journey = trace.journeys.get(hop.journey.index());
        journey.is_some_and(|j| j.stack == stack && matches!(j.kind, OperationKind::Start | OperationKind::Boot))
    };
    for hop in trace.hops.iter().filter(starts) {
        let within = hop.end.min(up).as_ps().saturating_sub(hop.start.max(from).as_ps());
        layers[hop.layer as usize] += within;
    }
    layers
}
