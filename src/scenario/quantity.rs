//! What can be asked of a run: one vocabulary for predictions and expectations.

use std::fmt;

use crate::costs::{Primitive, Unit};
use crate::engine::Time;
use crate::machine::{Outcome, StackMemory};
use crate::trace::{ChangeKind, ExitReason, Layer, OperationKind, StackId, StackStats, Statistic};

/// The stack that a quantity is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Its name in the file.
    pub name: String,
    /// Its place in the outcome.
    pub id: StackId,
}

/// Something that a stack's statistics count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counter {
    /// VM exits, of one reason or of all.
    Exits(Option<ExitReason>),
    /// System calls by programs and device models.
    SystemCalls,
    /// Switches to another task.
    ContextSwitches,
    /// Page faults.
    PageFaults,
    /// Interrupts taken.
    Interrupts,
    /// Times that a task was stopped by `cpu.max`.
    Throttles,
}

impl Counter {
    fn of(self, stats: &StackStats) -> u64 {
        match self {
            Counter::Exits(None) => stats.exits_total(),
            Counter::Exits(Some(reason)) => stats.exits[reason as usize],
            Counter::SystemCalls => stats.system_calls,
            Counter::ContextSwitches => stats.context_switches,
            Counter::PageFaults => stats.page_faults,
            Counter::Interrupts => stats.interrupts,
            Counter::Throttles => stats.throttles,
        }
    }

    fn label(self) -> String {
        match self {
            Counter::Exits(None) => "VM exits".to_owned(),
            Counter::Exits(Some(reason)) => format!("VM exits ({})", reason.label()),
            Counter::SystemCalls => "system calls".to_owned(),
            Counter::ContextSwitches => "context switches".to_owned(),
            Counter::PageFaults => "page faults".to_owned(),
            Counter::Interrupts => "interrupts".to_owned(),
            Counter::Throttles => "throttles".to_owned(),
        }
    }
}

/// A figure of a stack's memory, at the end of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holding {
    /// What a virtual machine was told that it has.
    Promised,
    /// Frames of the host.
    Resident,
    /// The most frames of the host that it had at once.
    Peak,
    /// Pages in the host's swap area.
    Swapped,
    /// The page caches of the kernels in it.
    PageCache,
}

impl Holding {
    fn of(self, memory: &StackMemory) -> u64 {
        match self {
            Holding::Promised => memory.promised,
            Holding::Resident => memory.resident,
            Holding::Peak => memory.peak,
            Holding::Swapped => memory.swapped,
            Holding::PageCache => memory.page_cache,
        }
    }

    fn label(self) -> &'static str {
        match self {
            Holding::Promised => "memory promised",
            Holding::Resident => "memory of the host in the end",
            Holding::Peak => "memory of the host at most",
            Holding::Swapped => "memory in swap in the end",
            Holding::PageCache => "page cache in the end",
        }
    }
}

/// What a value counts, and so how it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A count, perhaps per operation.
    Count,
    /// Picoseconds.
    Time,
    /// Bytes.
    Bytes,
    /// Per second.
    Rate,
    /// One quantity over another.
    Ratio,
    /// One quantity as a part of another: 0.5 is 50 %.
    Share,
}

/// A quantity's value in a run. Displays with three significant digits and its unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Value {
    /// The number; picoseconds for a time. Not a number where it has none (a ratio to nothing).
    pub amount: f64,
    /// What it counts.
    pub kind: Kind,
}

impl Value {
    /// A time as it is written, to three digits; other values as they are.
    pub fn as_written(self) -> Value {
        let written = || self.to_string().trim_start_matches('-').parse::<Time>().ok();
        match self.kind {
            Kind::Time if self.amount.is_finite() => {
                let amount = written().map_or(self.amount, |time| (time.as_ps() as f64).copysign(self.amount));
                Value { amount, ..self }
            }
            _ => self,
        }
    }

    /// The value for JSON: a number, or nothing where there is none.
    pub fn finite(&self) -> Option<f64> {
        self.amount.is_finite().then_some(self.amount)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.amount.is_finite() {
            return f.write_str("no value");
        }
        match self.kind {
            Kind::Count => f.write_str(&three_digits(self.amount)),
            Kind::Time if self.amount < 0.0 => write!(f, "-{}", Time((-self.amount).round() as u64)),
            Kind::Time => write!(f, "{}", Time(self.amount.round() as u64)),
            Kind::Bytes if self.amount < 0.0 => write!(f, "-{}", bytes(-self.amount)),
            Kind::Bytes => f.write_str(&bytes(self.amount)),
            Kind::Rate => write!(f, "{} per second", three_digits(self.amount)),
            Kind::Ratio if self.amount == 0.0 => f.write_str("0×"),
            Kind::Ratio => {
                let magnitude = self.amount.abs().max(0.1).log10().floor() as i32;
                let digits = (2 - magnitude).clamp(0, 3) as usize;
                write!(f, "{:.digits$}×", self.amount)
            }
            Kind::Share => {
                let percent = self.amount * 100.0;
                // Up to a tenth of a per cent, as far as it is more than nothing.
                let digits = if percent.abs() >= 9.95 || percent == 0.0 { 0 } else { 1 };
                write!(f, "{percent:.digits$} %")
            }
        }
    }
}

fn bytes(amount: f64) -> String {
    crate::amounts::bytes(amount.round() as u64)
}

/// Whole numbers up to 99,999 as they are; everything else to three significant digits.
fn three_digits(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 100_000.0 {
        return format!("{value:.0}");
    }
    let magnitude = value.abs().log10().floor() as i32;
    if magnitude >= 6 {
        let millions = value / 1e6;
        let digits = (2 - millions.abs().log10().floor() as i32).max(0) as usize;
        return format!("{millions:.digits$} million");
    }
    let digits = (2 - magnitude).clamp(0, 9) as usize;
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// Something that can be read off a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Quantity {
    /// How often something happened on a stack's behalf, in all or per operation of a kind.
    Count {
        /// Whose.
        of: Subject,
        /// What is counted.
        what: Counter,
        /// Divided by how many operations: `None` for not at all, `Some(None)` for all kinds.
        per: Option<Option<OperationKind>>,
    },
    /// How many operations ended.
    Operations {
        /// Whose.
        of: Subject,
        /// Of one kind, or of all.
        kind: Option<OperationKind>,
    },
    /// A figure of the latencies.
    Latency {
        /// Whose.
        of: Subject,
        /// Which figure.
        statistic: Statistic,
        /// Of one kind of operation, or of all.
        kind: Option<OperationKind>,
    },
    /// Operations per simulated second of the time that the stack had something to do.
    Throughput {
        /// Whose.
        of: Subject,
    },
    /// A line of the ledger: the time of all operations in one layer.
    Ledger {
        /// Whose.
        of: Subject,
        /// Which line.
        layer: Layer,
        /// Divided by how many operations, as for [`Quantity::Count`].
        per: Option<Option<OperationKind>>,
    },
    /// Time that the hardware's cores worked on a stack's behalf.
    Busy {
        /// Whose.
        of: Subject,
    },
    /// From when somebody began to start a stack for the first time until it was up; none if it was up at time zero.
    StartTime {
        /// Whose.
        of: Subject,
    },
    /// What a stack has of the host's memory.
    Memory {
        /// Whose.
        of: Subject,
        /// Which figure.
        what: Holding,
    },
    /// What one use of a mechanism costs: a time, a count or a rate.
    Cost(Primitive),
    /// Two quantities together.
    Sum(Box<Quantity>, Box<Quantity>),
    /// One quantity as a part of another, in per cent.
    Share(Box<Quantity>, Box<Quantity>),
    /// One quantity over another.
    Ratio(Box<Quantity>, Box<Quantity>),
    /// One quantity less another.
    Difference(Box<Quantity>, Box<Quantity>),
}

impl Quantity {
    /// The kind of operation that it is about, if it names one.
    pub fn operation(&self) -> Option<OperationKind> {
        match self {
            Quantity::Count { per, .. } => per.flatten(),
            Quantity::Operations { kind, .. } | Quantity::Latency { kind, .. } => *kind,
            Quantity::Ratio(a, b) | Quantity::Difference(a, b) | Quantity::Sum(a, b) | Quantity::Share(a, b) => {
                a.operation().or_else(|| b.operation())
            }
            Quantity::Ledger { per, .. } => per.flatten(),
            Quantity::Throughput { .. }
            | Quantity::Busy { .. }
            | Quantity::StartTime { .. }
            | Quantity::Memory { .. }
            | Quantity::Cost(_) => None,
        }
    }

    /// Which figure of latencies it looks at, if it looks at one.
    pub fn statistic(&self) -> Option<Statistic> {
        match self {
            Quantity::Latency { statistic, .. } => Some(*statistic),
            Quantity::Ratio(a, b) | Quantity::Difference(a, b) | Quantity::Sum(a, b) | Quantity::Share(a, b) => {
                a.statistic().or_else(|| b.statistic())
            }
            _ => None,
        }
    }

    /// Whose latency it divides another's by, if that is what it does.
    pub fn measure(&self) -> Option<StackId> {
        match self {
            Quantity::Ratio(over, under) => match (&**over, &**under) {
                (Quantity::Latency { of: a, .. }, Quantity::Latency { of: b, .. }) => Some(b.id).filter(|b| *b != a.id),
                _ => None,
            },
            _ => None,
        }
    }

    /// What its values count.
    pub fn kind(&self) -> Kind {
        match self {
            Quantity::Count { .. } | Quantity::Operations { .. } => Kind::Count,
            Quantity::Latency { .. } | Quantity::Ledger { .. } | Quantity::Busy { .. } | Quantity::StartTime { .. } => {
                Kind::Time
            }
            Quantity::Throughput { .. } => Kind::Rate,
            Quantity::Memory { .. } => Kind::Bytes,
            Quantity::Cost(primitive) => match primitive.unit() {
                Unit::Ns => Kind::Time,
                Unit::Count => Kind::Count,
                Unit::BytesPerSecond => Kind::Rate,
            },
            Quantity::Ratio(..) => Kind::Ratio,
            Quantity::Share(..) => Kind::Share,
            Quantity::Sum(a, _) | Quantity::Difference(a, _) => a.kind(),
        }
    }

    /// Its value in a run.
    pub fn value(&self, outcome: &Outcome) -> Value {
        Value { amount: self.amount(outcome), kind: self.kind() }
    }

    /// Its value for a text: a sum or a difference of times is that of the times as they are written, so that whoever
    /// adds up what stands there comes to the same.
    pub fn told(&self, outcome: &Outcome) -> Value {
        let (a, b, sign) = match self {
            Quantity::Sum(a, b) => (a, b, 1.0),
            Quantity::Difference(a, b) => (a, b, -1.0),
            _ => return self.value(outcome),
        };
        let (a, b) = (a.told(outcome).as_written(), b.told(outcome).as_written());
        Value { amount: a.amount + sign * b.amount, kind: self.kind() }
    }

    fn amount(&self, outcome: &Outcome) -> f64 {
        let stats = |of: &Subject| outcome.stats.get(of.id.index());
        let or_none = |value: Option<f64>| value.unwrap_or(f64::NAN);
        match self {
            Quantity::Count { of, what, per } => or_none(stats(of).map(|s| {
                let count = what.of(s) as f64;
                per.map_or(count, |kind| count / operations(s, kind) as f64)
            })),
            Quantity::Operations { of, kind } => or_none(stats(of).map(|s| operations(s, *kind) as f64)),
            Quantity::Latency { of, statistic, kind } => or_none(stats(of).and_then(|s| {
                let latency = match kind {
                    None => (s.operations > 0).then(|| s.latency()),
                    Some(kind) => s.latency_of(*kind),
                };
                latency.map(|l| statistic.of(&l) as f64)
            })),
            Quantity::Throughput { of } => or_none(stats(of).map(|s| s.throughput(outcome.simulated))),
            Quantity::Ledger { of, layer, per } => or_none(stats(of).map(|s| {
                let time = s.ledger[*layer as usize] as f64;
                per.map_or(time, |kind| time / operations(s, kind) as f64)
            })),
            Quantity::Busy { of } => or_none(stats(of).map(|s| s.busy as f64)),
            Quantity::StartTime { of } => {
                or_none(start_of(outcome, of.id).map(|(from, up)| (up - from).as_ps() as f64))
            }
            Quantity::Memory { of, what } => {
                or_none(outcome.memory.stacks.get(of.id.index()).map(|memory| what.of(memory) as f64))
            }
            Quantity::Cost(primitive) => outcome.history.current().model.costs().get(*primitive) as f64,
            Quantity::Sum(a, b) => a.amount(outcome) + b.amount(outcome),
            Quantity::Ratio(a, b) | Quantity::Share(a, b) => a.amount(outcome) / b.amount(outcome),
            Quantity::Difference(a, b) => a.amount(outcome) - b.amount(outcome),
        }
    }
}

/// The stack that a quantity is of, by the kind of reference that there is to the quantity.
macro_rules! subject {
    ($quantity:expr) => {
        match $quantity {
            Quantity::Count { of, .. }
            | Quantity::Operations { of, .. }
            | Quantity::Latency { of, .. }
            | Quantity::Throughput { of }
            | Quantity::Ledger { of, .. }
            | Quantity::Busy { of }
            | Quantity::StartTime { of }
            | Quantity::Memory { of, .. } => Some(of),
            Quantity::Cost(_)
            | Quantity::Ratio(..)
            | Quantity::Difference(..)
            | Quantity::Sum(..)
            | Quantity::Share(..) => None,
        }
    };
}

impl Quantity {
    /// Its value in a run, as a sentence: "The median read of “vm”: 80.7 µs; of “process”: 58.9 µs. That
    /// is 1.37 times."
    pub fn says(&self, outcome: &Outcome) -> String {
        let value = self.told(outcome);
        let (Quantity::Ratio(a, b) | Quantity::Difference(a, b) | Quantity::Sum(a, b) | Quantity::Share(a, b)) = self
        else {
            let (subject, of) = (self.what(), self.owner());
            return format!("{}: {value}.", capital(&join(&subject, &of)));
        };
        let together = match self {
            Quantity::Ratio(..) if value.amount.is_finite() => format!("That is {} times.", times(value)),
            Quantity::Share(..) if value.amount.is_finite() => format!("That is {value}."),
            Quantity::Ratio(..) | Quantity::Share(..) => "There is nothing to divide by.".to_owned(),
            Quantity::Sum(..) => format!("Together {value}."),
            _ => format!("The difference is {value}."),
        };
        let mut said = String::new();
        let (mut what, mut whose) = (String::new(), String::new());
        let terms = if let Quantity::Sum(..) = self { self.addends() } else { vec![&**a, &**b] };
        for term in terms {
            let (this, of) = (term.what(), term.owner());
            // What is the same as before is said once.
            let words = match (this == what, of == whose) {
                (true, _) => of.clone(),
                (false, true) => this.clone(),
                (false, false) => join(&this, &of),
            };
            said += &format!("{}{words}: {}", if said.is_empty() { "" } else { "; " }, term.told(outcome));
            (what, whose) = (this, of);
        }
        format!("{}. {together}", capital(&said))
    }

    /// What a sum is made of, from left to right; of anything else, itself.
    fn addends(&self) -> Vec<&Quantity> {
        match self {
            Quantity::Sum(a, b) => [a.addends(), b.addends()].concat(),
            one => vec![one],
        }
    }

    /// What is looked at, without whose it is: "the median read".
    pub(super) fn what(&self) -> String {
        match self {
            Quantity::Count { what, per: None, .. } => what.label(),
            Quantity::Count { what, per: Some(kind), .. } => format!("{} per {}", what.label(), operation_word(*kind)),
            Quantity::Operations { kind: None, .. } => "operations".to_owned(),
            Quantity::Operations { kind, .. } => several(*kind),
            Quantity::Latency { statistic, kind, .. } => {
                let what = operation_word(*kind);
                match statistic {
                    Statistic::P50 => format!("the median {what}"),
                    Statistic::P95 => format!("the 95th of a hundred {}", several(*kind)),
                    Statistic::P99 => format!("the 99th of a hundred {}", several(*kind)),
                    Statistic::Mean => format!("the mean {what}"),
                    Statistic::Max => format!("the longest {what}"),
                    Statistic::Total => format!("all {} together", several(*kind)),
                }
            }
            Quantity::Throughput { .. } => "operations".to_owned(),
            Quantity::Ledger { layer, per, .. } => {
                let per = per.map_or(String::new(), |kind| format!(" per {}", operation_word(kind)));
                match layer {
                    Layer::Waiting | Layer::Throttled => format!("time {}{per}", layer.label()),
                    layer => format!("{} time{per}", layer.label().replace(' ', "-")),
                }
            }
            Quantity::Busy { .. } => "time of the cores".to_owned(),
            Quantity::StartTime { .. } => "the start".to_owned(),
            Quantity::Memory { what, .. } => what.label().to_owned(),
            Quantity::Cost(primitive) => format!("the cost “{}”", primitive.label()),
            Quantity::Ratio(..) | Quantity::Difference(..) | Quantity::Sum(..) | Quantity::Share(..) => {
                self.to_string()
            }
        }
    }

    /// Whose it is, in quotation marks as the file calls it.
    fn owner(&self) -> String {
        self.subject().map_or(String::new(), |of| format!("of “{}”", of.name))
    }

    /// The stack whose figure it is; `None` for a cost, and for what is made of other quantities.
    pub fn subject(&self) -> Option<&Subject> {
        subject!(self)
    }

    /// As [`Quantity::subject`].
    pub fn subject_mut(&mut self) -> Option<&mut Subject> {
        subject!(self)
    }
}

/// From when somebody began to start a stack for the first time until it was up; `None` if it was up from the beginning.
pub(super) fn start_of(outcome: &Outcome, of: StackId) -> Option<(Time, Time)> {
    let component = outcome.topology.stacks.get(of.index())?.component;
    let node = outcome.topology.component(component)?.node?;
    let of_node = |what: ChangeKind| outcome.changes.iter().find(|change| change.node == node && change.what == what);
    Some((of_node(ChangeKind::Starting)?.at, of_node(ChangeKind::Up)?.at))
}

fn join(a: &str, b: &str) -> String {
    [a, b].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// With a capital letter at its beginning.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// "1.37", without the sign.
fn times(value: Value) -> String {
    value.to_string().trim_end_matches('×').to_owned()
}

fn operations(stats: &StackStats, kind: Option<OperationKind>) -> u64 {
    kind.map_or(stats.operations, |kind| stats.operations_of(kind))
}

/// What is asked, as a person would say it: "VM exits of vm per read".
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Quantity::Count { of, what, per } => {
                write!(f, "{} of {}", what.label(), of.name)?;
                match per {
                    None => Ok(()),
                    Some(kind) => write!(f, " per {}", operation_word(*kind)),
                }
            }
            Quantity::Operations { of, kind: None } => write!(f, "operations of {}", of.name),
            Quantity::Operations { of, kind: Some(kind) } => {
                write!(f, "{} operations of {}", kind.key().replace('_', " "), of.name)
            }
            Quantity::Latency { of, statistic, kind: None } => write!(f, "{} of {}", statistic.label(), of.name),
            Quantity::Latency { of, statistic, kind } => {
                let word = operation_word(*kind);
                let article = if word.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" };
                write!(f, "{} of {article} {word} of {}", statistic.label(), of.name)
            }
            Quantity::Throughput { of } => write!(f, "throughput of {}", of.name),
            Quantity::Ledger { of, layer, per } => {
                write!(f, "time of {} in {}", of.name, layer.label())?;
                per.map_or(Ok(()), |kind| write!(f, " per {}", operation_word(kind)))
            }
            Quantity::Busy { of } => write!(f, "core time of {}", of.name),
            Quantity::StartTime { of } => write!(f, "start of {}", of.name),
            Quantity::Memory { of, what } => write!(f, "{} of {}", what.label(), of.name),
            Quantity::Cost(primitive) => write!(f, "cost of one {}", primitive.label()),
            Quantity::Sum(a, b) => write!(f, "{a} and {b}"),
            Quantity::Share(a, b) => write!(f, "{a} as a part of {b}"),
            Quantity::Ratio(a, b) => write!(f, "{a} over {b}"),
            Quantity::Difference(a, b) => write!(f, "{a} less {b}"),
        }
    }
}

/// What one of them is called: "read", "use of memory", "operation".
fn operation_word(kind: Option<OperationKind>) -> String {
    match kind {
        None => "operation".to_owned(),
        Some(OperationKind::Compute) => "computation".to_owned(),
        Some(OperationKind::Memory) => "use of memory".to_owned(),
        Some(kind) => kind.key().replace('_', " "),
    }
}

/// What several of them are called: "reads", "uses of memory".
fn several(kind: Option<OperationKind>) -> String {
    match kind {
        Some(OperationKind::Memory) => "uses of memory".to_owned(),
        kind => format!("{}s", operation_word(kind)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_that_of_the_times_as_they_are_written() {
        let time = |amount: f64| Value { amount, kind: Kind::Time };
        // 79.34 less 57.96 is 21.38, but 79.3 less 58 is 21.3.
        let (a, b) = (time(79_340_000.0).as_written(), time(57_960_000.0).as_written());
        assert_eq!((a.to_string(), b.to_string()), ("79.3 µs".to_owned(), "58 µs".to_owned()));
        assert_eq!(time(a.amount - b.amount).to_string(), "21.3 µs");
        assert_eq!(time(-1_314_159.0).as_written().amount, -1_310_000.0);
        assert_eq!(Value { amount: 1.23456, kind: Kind::Ratio }.as_written().amount, 1.23456);
    }

    #[test]
    fn values_are_written_as_a_person_would() {
        let text = |amount: f64, kind: Kind| Value { amount, kind }.to_string();
        assert_eq!(text(2.0, Kind::Count), "2");
        assert_eq!(text(2.05, Kind::Count), "2.05");
        assert_eq!(text(0.1, Kind::Count), "0.1");
        assert_eq!(text(24_067.47, Kind::Count), "24067");
        assert_eq!(text(3_141_592.0, Kind::Count), "3.14 million");
        assert_eq!(text(1_310_000.0, Kind::Time), "1.31 µs");
        assert_eq!(text(-1_310_000.0, Kind::Time), "-1.31 µs");
        assert_eq!(text(1.0, Kind::Ratio), "1.00×");
        assert_eq!(text(13.04, Kind::Ratio), "13.0×");
        assert_eq!(text(0.0, Kind::Ratio), "0×");
        assert_eq!(text(0.372, Kind::Share), "37 %");
        assert_eq!(text(0.0049, Kind::Share), "0.5 %");
        assert_eq!(text(f64::NAN, Kind::Ratio), "no value");
        assert_eq!(text(f64::INFINITY, Kind::Count), "no value");
    }
}
