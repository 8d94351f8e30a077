//! The figures beside an answer: what was asked, of the whole run, for each stack that has it.
//!
//! An answer is computed from all of a run. Whatever stands beside it has to be the same quantity over the same span,
//! or the two contradict each other. So a question is taken apart here: into one figure, which each stack has, and what
//! the figure is measured by; or, where it compares two figures of one stack, into those two.

use super::quantity::{Counter, Kind, Quantity, Value};
use crate::machine::Outcome;
use crate::trace::{Layer, OperationKind, StackId, Statistic};

/// What was asked, in figures.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// What the figures are: "the median read, whole run".
    pub title: String,
    /// What they count.
    pub kind: Kind,
    /// One for each stack that has the figure, in the order of stacks; or one for each figure that was compared.
    pub rows: Vec<Figure>,
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
    /// Whether the question names it.
    pub named: bool,
    /// Of how many operations it is.
    pub count: u64,
    /// Of what layers it is.
    pub split: Split,
}

/// Of what layers a figure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// Of one.
    Layer(Layer),
    /// Of those of operations: which figure of them, and of which kind, or of all.
    Operations(Statistic, Option<OperationKind>),
}

/// The figures of a question; `None` where it is about no stack.
pub fn asked(answer: &Quantity, outcome: &Outcome) -> Option<Asked> {
    let (first, second) = answer.compared();
    let owner = first.stack()?;
    let by = second.filter(|by| by.stack().is_some());
    let alike = by.is_none_or(|by| first.about(owner) == by.about(owner));
    let figures: Vec<(StackId, &Quantity, Option<String>)> = if alike {
        (0..outcome.stats.len() as u16).map(|stack| (StackId(stack), first, None)).collect()
    } else {
        let each = [Some(first), by].into_iter().flatten();
        each.filter_map(|figure| Some((figure.stack()?, figure, Some(figure.what())))).collect()
    };
    let named = [Some(owner), by.and_then(Quantity::stack)];
    let measure = by.map(|by| by.value(outcome).amount);
    let row = |(stack, figure, what): (StackId, &Quantity, Option<String>)| {
        let value = figure.about(stack).value(outcome);
        let is_measure = if alike { by.and_then(Quantity::stack) == Some(stack) } else { Some(figure) == by };
        let beside = match measure {
            None => String::new(),
            Some(_) if is_measure => "the measure".to_owned(),
            Some(measure) => answer.beside(value.amount, measure),
        };
        let named = !alike || named.contains(&Some(stack));
        let count = figure.operations(stack, outcome);
        let split = figure.split();
        Some(Figure { stack, what, value, beside, named, count, split })
            .filter(|figure| figure.value.amount.is_finite())
    };
    let rows: Vec<Figure> = figures.into_iter().filter_map(row).collect();
    let title =
        if alike { first.what() } else { format!("{} and {}", first.what(), by.map_or(String::new(), Quantity::what)) };
    Some(Asked { title, kind: first.kind(), rows }).filter(|asked| !asked.rows.is_empty())
}

impl Quantity {
    /// The figure that is looked at, and what it is compared with.
    fn compared(&self) -> (&Quantity, Option<&Quantity>) {
        match self {
            Quantity::Ratio(a, b) | Quantity::Difference(a, b) | Quantity::Share(a, b) => (&**a, Some(&**b)),
            Quantity::Sum(a, _) => (&**a, None),
            one => (one, None),
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

    /// The layers in which the time or the events of the figure are.
    fn split(&self) -> Split {
        match self {
            Quantity::Ledger { layer, .. } => Split::Layer(*layer),
            Quantity::Count { what: Counter::Exits(_), .. } => Split::Layer(Layer::Hypervisor),
            Quantity::Count { what: Counter::Throttles, .. } => Split::Layer(Layer::Throttled),
            Quantity::Latency { statistic, kind, .. } => Split::Operations(*statistic, *kind),
            _ => Split::Layer(Layer::User),
        }
    }

    /// How many operations of a stack the figure is of.
    fn operations(&self, stack: StackId, outcome: &Outcome) -> u64 {
        let kind = match self {
            Quantity::Count { per: Some(kind), .. } | Quantity::Ledger { per: Some(kind), .. } => *kind,
            Quantity::Latency { kind, .. } | Quantity::Operations { kind, .. } => *kind,
            _ => None,
        };
        outcome.stats.get(stack.index()).map_or(0, |stats| match kind {
            Some(kind) => stats.operations_of(kind),
            None => stats.operations,
        })
    }
}
