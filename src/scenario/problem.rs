//! What is wrong with a scenario file: every problem with its place, the text there and a suggestion.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;

use miette::{Diagnostic, LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use super::Source;
use super::locate::Node;
use crate::near::{did_you_mean, shortened};

/// How many problems are told at once; the rest are counted.
pub(super) const MOST: usize = 20;
/// Lines longer than this are shown in part.
const LONG_LINE: usize = 200;
/// Lines longer than this are kept in part: some files have one of megabytes.
const WHOLE_LINE: usize = 4096;
/// Messages longer than this are told in part, in characters: a file may have a name of a megabyte.
const LONG_MESSAGE: usize = 300;
/// As for messages; a help may list names.
pub(super) const LONG_HELP: usize = 1200;
/// How much of a long line is shown before and after the mistake, in bytes.
const WINDOW: usize = 60;

/// One thing wrong in a file.
#[derive(Clone, Debug)]
pub struct Problem {
    /// What is wrong: "no program is called \"raeder\"". Where the same is wrong in more places, it says in how many.
    pub message: String,
    /// What to do about it, if there is more to say.
    pub help: Option<String>,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// The line as it stands in the file; of a very long one, the part around the place.
    pub text: String,
    /// In how many places of the file the same is wrong; this is the first.
    pub times: usize,
    span: Range<usize>,
    source: Arc<Text>,
}

impl Problem {
    /// The file's name as it was given.
    pub fn file(&self) -> &str {
        &self.source.name
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}

impl Diagnostic for Problem {
    fn help(&self) -> Option<Box<dyn fmt::Display + '_>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self.source.as_ref())
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = LabeledSpan::new(None, self.span.start, self.span.len());
        Some(Box::new(std::iter::once(label)))
    }
}

/// The file, as miette shows parts of it.
#[derive(Debug)]
struct Text {
    name: String,
    text: String,
}

impl SourceCode for Text {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let (start, end) = (span.offset(), span.offset() + span.len());
        if self.text.get(start..end).is_none() {
            return Err(MietteError::OutOfBounds);
        }
        let line_start = self.text[..start].rfind('\n').map_or(0, |i| i + 1);
        let line = newlines(&self.text[..start]);
        let contents = |shown: Range<usize>, line, column| {
            let data = &self.text[shown.clone()];
            let lines = newlines(data) + 1;
            let span = SourceSpan::from(shown);
            MietteSpanContents::new_named(self.name.clone(), data.as_bytes(), span, line, column, lines)
        };
        if before + after == 0 {
            let column = self.text[line_start..start].chars().count();
            return Ok(Box::new(contents(start..end, line, column)));
        }
        let mut from = line_start;
        let mut lines_before = 0;
        while lines_before < before && from > 0 {
            from = self.text[..from - 1].rfind('\n').map_or(0, |i| i + 1);
            lines_before += 1;
        }
        let mut to = end;
        for _ in 0..=after {
            to = self.text[to..].find('\n').map_or(self.text.len(), |i| to + i + 1);
        }
        let to = if self.text[..to].ends_with('\n') { to - 1 } else { to }.max(end);
        if self.text[from..to].split('\n').any(|line| line.len() > LONG_LINE) {
            // Of the lines before, none are shown of a window.
            return Ok(Box::new(contents(self.window(start, end), line, 0)));
        }
        Ok(Box::new(contents(from..to, line - lines_before, 0)))
    }
}

fn newlines(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}

impl Text {
    /// The part of one line around a place in it.
    fn window(&self, start: usize, end: usize) -> Range<usize> {
        let line_start = self.text[..start].rfind('\n').map_or(0, |i| i + 1);
        let line_end = self.text[start..].find('\n').map_or(self.text.len(), |i| start + i);
        let from = floor_char(&self.text, start.saturating_sub(WINDOW)).max(line_start);
        let to = floor_char(&self.text, end.min(start + WINDOW) + WINDOW).min(line_end);
        from..to
    }
}

/// Everything that is wrong with a file, in the order of the file. Never empty.
#[derive(Clone, Debug)]
pub struct ScenarioErrors {
    /// The file's name as it was given.
    pub file: String,
    /// At most 20, no two of which say the same.
    pub problems: Vec<Problem>,
    /// How many more there are that none of them stands for.
    pub more: usize,
    /// Whether there may be still more, which were not looked for.
    pub stopped: bool,
}

impl fmt::Display for ScenarioErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.iter().map(|problem| problem.times).sum::<usize>() + self.more {
            n if self.stopped => write!(f, "{} has {n} mistakes or more", self.file),
            1 => write!(f, "{} has a mistake", self.file),
            n => write!(f, "{} has {n} mistakes", self.file),
        }?;
        if self.more > 0 || self.stopped {
            write!(f, "; the first {}:", self.problems.len())?;
        }
        Ok(())
    }
}

impl std::error::Error for ScenarioErrors {}

impl Diagnostic for ScenarioErrors {
    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(self.problems.iter().map(|problem| problem as &dyn Diagnostic)))
    }
}

/// Something in a file that is not wrong and yet probably not meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// What there is to say; where the same is to be said of more places, with how many.
    pub text: String,
    /// Of how many places of the file the same is to be said; this is the first.
    pub times: usize,
}

/// All that is to be remarked, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remarks {
    /// At most 20, no two of which say the same.
    pub told: Vec<Remark>,
    /// How many more there are that none of them stands for.
    pub more: usize,
}

/// A problem before its place is looked up: there may be many thousands, of which [`MOST`] are told.
struct Found {
    span: Range<usize>,
    message: String,
    help: Option<String>,
}

/// Where one and the same thing is wrong.
#[derive(Clone, Copy)]
struct Same {
    times: usize,
    /// Where it begins for the first and for the second time, in the order of the file.
    first: usize,
    second: usize,
}

/// What other parts of a file are judged by. Where something of them could not be read, the judgement is not told.
const JUDGES: [&str; 4] = ["host", "programs", "stacks", "until"];

/// Collects problems while a file is checked: the first [`MOST`] in the order of the file, and how many there are. What
/// is wrong in the same words at many places is told at the first of them, with their number. What is not told costs no
/// more than counting it.
pub(super) struct Problems {
    source: Arc<Text>,
    /// In the order of the file; of one place, in the order in which they were found. No two say the same.
    found: Vec<Found>,
    all: usize,
    /// By the hash of the message.
    same: HashMap<u64, Same>,
    /// What [`Problems::add_once`] has told, and where.
    told: HashSet<(usize, u64)>,
    /// Where something could not be read: it has been left out of the text, or something else has been put there.
    unread: Vec<Range<usize>>,
    /// Which of [`JUDGES`] that concerns.
    doubtful: Vec<&'static str>,
    /// Whether not all of the file was looked at.
    pub(super) stopped: bool,
}

impl Problems {
    pub(super) fn new(source: &Source) -> Problems {
        Problems::about(Arc::new(Text { name: source.name.clone(), text: source.text.clone() }))
    }

    fn about(source: Arc<Text>) -> Problems {
        let (found, unread, doubtful) = (Vec::new(), Vec::new(), Vec::new());
        Problems { source, found, all: 0, same: HashMap::new(), told: HashSet::new(), unread, doubtful, stopped: false }
    }

    /// Another collection about the same file.
    pub(super) fn of_the_same_file(&self) -> Problems {
        Problems::about(Arc::clone(&self.source))
    }

    /// A collection about the rest of a text of which something could not be read: what is wrong for sure.
    pub(super) fn of_the_rest(source: &Source, root: &Node, unread: Vec<Range<usize>>) -> Problems {
        let mut problems = Problems { unread, ..Problems::new(source) };
        problems.doubtful = JUDGES.into_iter().filter(|field| problems.is_doubtful(&root.key(field).span)).collect();
        problems
    }

    fn is_doubtful(&self, span: &Range<usize>) -> bool {
        self.unread.iter().any(|unread| unread.start < span.end && span.start < unread.end)
    }

    /// For what follows from other fields of the file, of [`JUDGES`]: `None` where something of them could not be read.
    pub(super) fn given(&mut self, fields: &[&str]) -> Option<&mut Problems> {
        (!fields.iter().any(|field| self.doubtful.contains(field))).then_some(self)
    }

    /// For what follows from anything at `span`: `None` where something of it could not be read.
    pub(super) fn given_all_of(&mut self, span: &Range<usize>) -> Option<&mut Problems> {
        (!self.is_doubtful(span)).then_some(self)
    }

    /// Adds a problem with the text at `span` (bytes).
    pub(super) fn add(&mut self, span: Range<usize>, message: impl Into<String>, help: Option<String>) {
        self.add_with(span, message, || help);
    }

    /// As [`Problems::add`], where finding help takes longer than counting the problem.
    pub(super) fn add_with(
        &mut self,
        span: Range<usize>,
        message: impl Into<String>,
        help: impl FnOnce() -> Option<String>,
    ) {
        if self.is_doubtful(&span) {
            return;
        }
        let message = message.into();
        self.all += 1;
        let new = Same { times: 0, first: usize::MAX, second: usize::MAX };
        let same = self.same.entry(hash(&message)).or_insert(new);
        same.times += 1;
        if same.first <= span.start {
            same.second = same.second.min(span.start);
            return;
        }
        (same.second, same.first) = (same.first, span.start);
        if same.times > 1 {
            self.found.retain(|found| found.message != message);
        }
        let at = self.found.partition_point(|found| found.span.start <= span.start);
        if at < MOST {
            self.found.truncate(MOST - 1);
            self.found.insert(at, Found { span, message, help: help() });
        }
    }

    /// Adds a problem unless the same is already told at the same place.
    pub(super) fn add_once(&mut self, span: Range<usize>, message: String, help: Option<String>) {
        if self.told.insert((span.start, hash(&message))) {
            self.add(span, message, help);
        }
    }

    /// Adds that there is no `what` called `name`, and which of those `known` may have been meant.
    pub(super) fn unknown<'a>(
        &mut self,
        span: Range<usize>,
        what: &str,
        name: &str,
        known: impl Iterator<Item = &'a str> + Clone,
    ) {
        self.add_with(span, format!("no {what} is called \"{name}\""), || did_you_mean(name, known));
    }

    /// What stands in the file at `span`.
    pub(super) fn written(&self, span: &Range<usize>) -> &str {
        self.source.text.get(span.clone()).unwrap_or_default()
    }

    /// Whether nothing is wrong, and nothing could not be read.
    pub(super) fn is_empty(&self) -> bool {
        self.all == 0 && self.unread.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.all
    }

    /// The same about `source`, of which the text was made that these are about; `original` is where a place was there.
    pub(super) fn back_in(self, source: &Source, original: impl Fn(usize) -> usize) -> Problems {
        let found = self.found.into_iter().map(|found| {
            let span = original(found.span.start)..original(found.span.end);
            Found { span, ..found }
        });
        let same = self.same.into_iter().map(|(said, same)| {
            let (first, second) = (original(same.first), original(same.second));
            (said, Same { first, second, ..same })
        });
        Problems { found: found.collect(), same: same.collect(), all: self.all, ..Problems::new(source) }
    }

    /// All of them as one error.
    pub(super) fn into_errors(self) -> ScenarioErrors {
        let stopped = self.stopped;
        let (problems, more) = self.placed();
        let file = problems.first().map_or(String::new(), |problem| problem.file().to_owned());
        ScenarioErrors { file, problems, more, stopped }
    }

    /// All of them as remarks.
    pub(super) fn into_remarks(self) -> Remarks {
        let (problems, more) = self.placed();
        let remark = |problem: Problem| {
            let Problem { line, column, message, times, .. } = problem;
            Remark { line, column, text: message, times }
        };
        Remarks { told: problems.into_iter().map(remark).collect(), more }
    }

    /// Those that are told, with their places, and how many more there are.
    pub(super) fn placed(self) -> (Vec<Problem>, usize) {
        let source = &self.source;
        // Each has been counted when it was added.
        let same = |found: &Found| self.same[&hash(&found.message)];
        let told = self.found.into_iter().map(|found| {
            let same = same(&found);
            placed(source, found, same)
        });
        let told: Vec<Problem> = told.collect();
        let more = self.all - told.iter().map(|problem| problem.times).sum::<usize>();
        (told, more)
    }
}

fn hash(message: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    message.hash(&mut hasher);
    hasher.finish()
}

/// A problem with its line, its column and the text of the line.
fn placed(source: &Arc<Text>, Found { span, message, help }: Found, same: Same) -> Problem {
    let text = &source.text;
    let start = floor_char(text, span.start);
    let end = floor_char(text, span.end.max(start));
    let line_start = text[..start].rfind('\n').map_or(0, |i| i + 1);
    let line_end = text[start..].find('\n').map_or(text.len(), |i| start + i);
    let shown = if line_end - line_start <= WHOLE_LINE { line_start..line_end } else { source.window(start, end) };
    let line = newlines(&text[..start]) + 1;
    let next = newlines(&text[..floor_char(text, same.second)]) + 1;
    Problem {
        message: shortened(message, LONG_MESSAGE) + &more_times(same.times - 1, line, next),
        help: help.map(|help| shortened(help, LONG_HELP)),
        line,
        column: text[line_start..start].chars().count() + 1,
        text: text[shown].trim_end().to_owned(),
        times: same.times,
        // A label over several lines hides more than it shows.
        span: start..end.min(line_end).min(floor_char(text, start + 2 * WINDOW)),
        source: Arc::clone(source),
    }
}

/// How often the same is wrong behind `line`, for the first time in line `next`.
fn more_times(more: usize, line: usize, next: usize) -> String {
    match more {
        0 => String::new(),
        1 if next == line => " (and once more in this line)".to_owned(),
        1 => format!(" (and once more, in line {next})"),
        _ if next == line => format!(" (and {more} times more)"),
        _ => format!(" (and {more} times more, next in line {next})"),
    }
}

fn floor_char(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_problems_of_a_file_are_told_in_whatever_order_they_are_found() {
        let source = Source { name: "a.ron".to_owned(), text: "x".repeat(200) };
        let mut problems = Problems::new(&source);
        let mut asked = 0;
        for i in (0..100).rev().chain(100..200) {
            problems.add_with(i..i + 1, i.to_string(), || {
                asked += 1;
                None
            });
        }
        let errors = problems.into_errors();
        let told: Vec<String> = errors.problems.iter().map(|problem| problem.message.clone()).collect();
        assert_eq!(told, (0..20).map(|i| i.to_string()).collect::<Vec<_>>());
        assert_eq!((errors.more, asked), (180, 100));
    }
    #[test]
    fn what_is_wrong_in_many_places_is_told_at_the_first_with_their_number() {
        let source = Source { name: "a.ron".to_owned(), text: "line\n".repeat(100) };
        let mut problems = Problems::new(&source);
        // The first place is found last, and something else thrice in one line.
        for i in (0..12).rev() {
            problems.add(5 * i..5 * i + 1, "the same", None);
        }
        for i in 0..3 {
            problems.add(250 + i..252, "the other", None);
        }
        problems.add(300..301, "one more", None);
        problems.add(350..351, "one more", None);
        let errors = problems.into_errors();
        let told: Vec<String> = errors.problems.iter().map(|p| format!("{}: {}", p.line, p.message)).collect();
        assert_eq!(
            told,
            [
                "1: the same (and 11 times more, next in line 2)",
                "51: the other (and 2 times more)",
                "61: one more (and once more, in line 71)"
            ]
        );
        assert_eq!((errors.to_string().as_str(), errors.more), ("a.ron has 17 mistakes", 0));
    }
}
