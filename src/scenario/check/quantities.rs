//! Quantities as written, to quantities of stacks that there are.

use std::collections::HashMap;

use crate::costs::Primitive;
use crate::machine::spec::NodeSpec;
use crate::scenario::file::{HoldingFile, PerFile, QuantityFile, StatisticFile};
use crate::scenario::locate::Node;
use crate::scenario::problem::Problems;
use crate::scenario::{Counter, Holding, Kind, Quantity, Subject};
use crate::trace::Statistic;
use crate::trace::{ExitReason, Layer, OperationKind, StackId};

/// The names of the stacks, copies included.
pub(super) struct Stacks {
    names: Vec<String>,
    /// The first of each name.
    index: HashMap<String, usize>,
}

impl Stacks {
    pub(super) fn of(nodes: &[NodeSpec]) -> Stacks {
        let names: Vec<String> = nodes.iter().map(|node| node.name().to_owned()).collect();
        let mut index = HashMap::with_capacity(names.len());
        for (i, name) in names.iter().enumerate() {
            index.entry(name.clone()).or_insert(i);
        }
        Stacks { names, index }
    }

    /// Whether a stack has this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.index.contains_key(name)
    }

    /// A name that two stacks have.
    pub(super) fn twice(&self) -> Option<&str> {
        let twice = |(i, name): &(usize, &String)| self.index.get(*name) != Some(i);
        self.names.iter().enumerate().find(twice).map(|(_, name)| name.as_str())
    }
}

/// What names in lessons refer to.
pub(super) struct Names<'a> {
    pub stacks: &'a Stacks,
    pub problems: &'a mut Problems,
}

impl Names<'_> {
    pub(super) fn subject(&mut self, name: &str, at: &Node) -> Subject {
        let index = self.stacks.index.get(name).copied();
        if index.is_none()
            && let Some(problems) = self.problems.given(&["stacks"])
        {
            let known = self.stacks.names.iter().map(String::as_str);
            problems.unknown(at.span.clone(), "stack", name, known);
        }
        Subject { name: name.to_owned(), id: StackId(index.unwrap_or(0) as u32) }
    }

    /// The kind of operation called `name`; `any` is none in particular.
    pub(super) fn operation(&mut self, name: &str, at: &Node) -> Option<OperationKind> {
        let keys = OperationKind::ALL.iter().map(|kind| kind.key()).chain(["any"]);
        let known = |kind: &OperationKind| kind.key() == name;
        let kind = OperationKind::ALL.into_iter().find(known);
        self.known(kind.is_some() || name == "any", "operation", name, keys, at);
        kind
    }

    pub(super) fn reason(&mut self, name: &str, at: &Node) -> Option<ExitReason> {
        let reason = ExitReason::ALL.into_iter().find(|reason| reason.key() == name);
        self.known(reason.is_some(), "reason for a VM exit", name, ExitReason::ALL.iter().map(|r| r.key()), at);
        reason
    }

    fn layer(&mut self, name: &str, at: &Node) -> Layer {
        let layer = Layer::ALL.into_iter().find(|layer| layer.key() == name);
        self.known(layer.is_some(), "layer", name, Layer::ALL.iter().map(|l| l.key()), at);
        layer.unwrap_or(Layer::User)
    }

    fn known<'a>(
        &mut self,
        known: bool,
        what: &str,
        name: &str,
        keys: impl Iterator<Item = &'a str> + Clone,
        at: &Node,
    ) {
        if !known {
            self.problems.unknown(at.span.clone(), what, name, keys);
        }
    }

    /// What kind of quantity stands at `at`, if all of it could be read.
    pub(super) fn kind_of(&mut self, quantity: &Quantity, at: &Node) -> Option<Kind> {
        self.problems.given_all_of(&at.span).map(|_| quantity.kind())
    }

    pub(super) fn quantity(&mut self, file: &QuantityFile, at: &Node) -> Quantity {
        match file {
            QuantityFile::Exits { of, reason, per } => {
                let reason = reason.as_ref().and_then(|reason| self.reason(reason, at.key("reason")));
                self.count(of, Counter::Exits(reason), per, at)
            }
            QuantityFile::SystemCalls { of, per } => self.count(of, Counter::SystemCalls, per, at),
            QuantityFile::ContextSwitches { of, per } => self.count(of, Counter::ContextSwitches, per, at),
            QuantityFile::PageFaults { of, per } => self.count(of, Counter::PageFaults, per, at),
            QuantityFile::Interrupts { of, per } => self.count(of, Counter::Interrupts, per, at),
            QuantityFile::Throttles { of, per } => self.count(of, Counter::Throttles, per, at),
            QuantityFile::Operations { of, kind } => Quantity::Operations {
                of: self.subject(of, at.key("of")),
                kind: kind.as_ref().and_then(|kind| self.operation(kind, at.key("kind"))),
            },
            QuantityFile::Latency(of, figure) => {
                Quantity::Latency { of: self.subject(of, at.item(0)), statistic: statistic(*figure), kind: None }
            }
            QuantityFile::OperationLatency(of, kind, figure) => Quantity::Latency {
                of: self.subject(of, at.item(0)),
                kind: self.operation(kind, at.item(1)),
                statistic: statistic(*figure),
            },
            QuantityFile::Throughput { of } => Quantity::Throughput { of: self.subject(of, at.key("of")) },
            QuantityFile::Ledger { of, layer, per } => Quantity::Ledger {
                of: self.subject(of, at.key("of")),
                layer: self.layer(layer, at.key("layer")),
                per: per.as_ref().map(|PerFile::Operation(kind)| self.operation(kind, at.key("per").item(0))),
            },
            QuantityFile::Busy { of } => Quantity::Busy { of: self.subject(of, at.key("of")) },
            QuantityFile::StartTime { of } => Quantity::StartTime { of: self.subject(of, at.key("of")) },
            QuantityFile::Memory { of, what } => {
                let what = match what {
                    HoldingFile::Promised => Holding::Promised,
                    HoldingFile::Resident => Holding::Resident,
                    HoldingFile::Peak => Holding::Peak,
                    HoldingFile::Swapped => Holding::Swapped,
                    HoldingFile::PageCache => Holding::PageCache,
                };
                Quantity::Memory { of: self.subject(of, at.key("of")), what }
            }
            QuantityFile::Cost(name) => {
                let primitive = Primitive::from_name(name);
                let names = Primitive::ALL.iter().map(|primitive| primitive.name());
                self.known(primitive.is_some(), "cost", name, names, at.item(0));
                Quantity::Cost(primitive.unwrap_or(Primitive::Cycle))
            }
            QuantityFile::Sum(a, b) => {
                let (a, b) = self.pair(a, b, at);
                Quantity::Sum(Box::new(a), Box::new(b))
            }
            QuantityFile::Share(a, b) => {
                let (a, b) = self.pair(a, b, at);
                Quantity::Share(Box::new(a), Box::new(b))
            }
            QuantityFile::Ratio(a, b) => {
                let (a, b) = self.pair(a, b, at);
                Quantity::Ratio(Box::new(a), Box::new(b))
            }
            QuantityFile::Difference(a, b) => {
                let (a, b) = self.pair(a, b, at);
                Quantity::Difference(Box::new(a), Box::new(b))
            }
        }
    }

    fn pair(&mut self, a: &QuantityFile, b: &QuantityFile, at: &Node) -> (Quantity, Quantity) {
        let pair = (self.quantity(a, at.item(0)), self.quantity(b, at.item(1)));
        self.same_kind(&pair.0, &pair.1, at);
        pair
    }

    /// A time can't be compared with a count.
    pub(super) fn same_kind(&mut self, a: &Quantity, b: &Quantity, at: &Node) {
        if a.kind() != b.kind()
            && let Some(problems) = self.problems.given_all_of(&at.span)
        {
            let message = format!("{} can't be compared with {}", kind_words(a.kind()), kind_words(b.kind()));
            problems.add(at.span.clone(), message, Some("compare two of a kind".to_owned()));
        }
    }

    fn count(&mut self, of: &str, what: Counter, per: &Option<PerFile>, at: &Node) -> Quantity {
        let of = self.subject(of, at.key("of"));
        let per = per.as_ref().map(|PerFile::Operation(kind)| self.operation(kind, at.key("per").item(0)));
        Quantity::Count { of, what, per }
    }
}

/// "a time", "a count".
pub(super) fn kind_words(kind: Kind) -> &'static str {
    match kind {
        Kind::Count => "a count",
        Kind::Time => "a time",
        Kind::Bytes => "a size",
        Kind::Rate => "a rate",
        Kind::Ratio => "a ratio",
        Kind::Share => "a share",
    }
}

fn statistic(file: StatisticFile) -> Statistic {
    match file {
        StatisticFile::P50 => Statistic::P50,
        StatisticFile::P95 => Statistic::P95,
        StatisticFile::P99 => Statistic::P99,
        StatisticFile::Mean => Statistic::Mean,
        StatisticFile::Max => Statistic::Max,
        StatisticFile::Total => Statistic::Total,
    }
}
