//! What is wrong with a scenario file: every problem with its place, the text there and a suggestion.

use std::collections::HashSet;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use miette::{Diagnostic, LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use super::Source;

/// How many problems are told at once; the rest are counted.
const MOST: usize = 20;
/// Lines longer than this are shown in part.
const LONG_LINE: usize = 200;
/// Lines longer than this are kept in part: some files have one of megabytes.
const WHOLE_LINE: usize = 4096;
/// Messages longer than this are told in part, in characters: a file may have a name of a megabyte.
const LONG_MESSAGE: usize = 300;
/// As for messages; a help may list names.
const LONG_HELP: usize = 900;
/// How much of a long line is shown before and after the mistake, in bytes.
const WINDOW: usize = 60;

/// One thing wrong in a file.
#[derive(Clone, Debug)]
pub struct Problem {
    /// What is wrong: "no program is called \"raeder\"".
    pub message: String,
    /// What to do about it, if there is more to say.
    pub help: Option<String>,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// The line as it stands in the file; of a very long one, the part around the place.
    pub text: String,
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
        let found = self.text.read_span(span, before, after)?;
        let long = found.data().split(|byte| *byte == b'\n').any(|line| line.len() > LONG_LINE);
        let (data, shown) = if long && before + after > 0 {
            let window = self.window(span.offset(), span.offset() + span.len());
            (self.text[window.clone()].as_bytes(), SourceSpan::from(window))
        } else {
            (found.data(), *found.span())
        };
        // Of the lines before, none are shown of a window.
        let line = if long { self.text[..span.offset()].matches('\n').count() } else { found.line() };
        let contents =
            MietteSpanContents::new_named(self.name.clone(), data, shown, line, found.column(), found.line_count());
        Ok(Box::new(contents))
    }
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
    /// At most 20.
    pub problems: Vec<Problem>,
    /// How many more there are.
    pub more: usize,
}

impl fmt::Display for ScenarioErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.len() + self.more {
            1 => write!(f, "{} has a mistake", self.file),
            n => write!(f, "{} has {n} mistakes", self.file),
        }?;
        if self.more > 0 {
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

/// A problem before its place is looked up: there may be many thousands, of which [`MOST`] are told.
struct Found {
    span: Range<usize>,
    message: String,
    help: Option<String>,
}

/// Collects problems while a file is checked.
pub(super) struct Problems {
    source: Arc<Text>,
    found: Vec<Found>,
    /// What [`Problems::add_once`] has told, and where.
    told: HashSet<(usize, String)>,
}

impl Problems {
    pub(super) fn new(source: &Source) -> Problems {
        let text = Text { name: source.name.clone(), text: source.text.clone() };
        Problems { source: Arc::new(text), found: Vec::new(), told: HashSet::new() }
    }

    /// Adds a problem with the text at `span` (bytes).
    pub(super) fn add(&mut self, span: Range<usize>, message: impl Into<String>, help: Option<String>) {
        self.found.push(Found { span, message: message.into(), help });
    }

    /// Adds a problem unless the same is already told at the same place.
    pub(super) fn add_once(&mut self, span: Range<usize>, message: String, help: Option<String>) {
        if self.told.insert((span.start, message.clone())) {
            self.add(span, message, help);
        }
    }

    /// What stands in the file at `span`.
    pub(super) fn written(&self, span: &Range<usize>) -> &str {
        self.source.text.get(span.clone()).unwrap_or_default()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.found.len()
    }

    /// All of them as one error.
    pub(super) fn into_errors(mut self) -> ScenarioErrors {
        self.found.sort_by_key(|found| found.span.start);
        let more = self.found.len().saturating_sub(MOST);
        let source = &self.source;
        let problems = self.found.into_iter().take(MOST).map(|found| placed(source, found)).collect();
        ScenarioErrors { file: self.source.name.clone(), problems, more }
    }
}

/// A problem with its line, its column and the text of the line.
fn placed(source: &Arc<Text>, Found { span, message, help }: Found) -> Problem {
    let text = &source.text;
    let start = floor_char(text, span.start);
    let end = floor_char(text, span.end.max(start));
    let line_start = text[..start].rfind('\n').map_or(0, |i| i + 1);
    let line_end = text[start..].find('\n').map_or(text.len(), |i| start + i);
    let shown = if line_end - line_start <= WHOLE_LINE { line_start..line_end } else { source.window(start, end) };
    Problem {
        message: shortened(message, LONG_MESSAGE),
        help: help.map(|help| shortened(help, LONG_HELP)),
        line: text[..start].matches('\n').count() + 1,
        column: text[line_start..start].chars().count() + 1,
        text: text[shown].trim_end().to_owned(),
        // A label over several lines hides more than it shows.
        span: start..end.min(line_end).min(floor_char(text, start + 2 * WINDOW)),
        source: Arc::clone(source),
    }
}

/// A text with its middle left out where it is longer than `most` characters: what is wrong stands at its ends.
fn shortened(text: String, most: usize) -> String {
    if text.chars().count() <= most {
        return text;
    }
    let end: Vec<char> = text.chars().rev().take(most / 3).collect();
    let start = text.chars().take(most - most / 3 - 1);
    start.chain(std::iter::once('…')).chain(end.into_iter().rev()).collect()
}

fn floor_char(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0)
}

/// The one of `known` that `name` was probably meant to be.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let folded = |s: &str| s.to_lowercase().replace(['_', ' '], "-");
    let name = folded(name);
    let scored = known.map(|k| (strsim::jaro_winkler(&folded(k), &name), k)).filter(|(score, _)| *score > 0.75);
    scored.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, k)| k)
}

/// `did you mean "vm"?`, or `there are: …`, for a name that is none of `known`.
pub(super) fn did_you_mean<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> Option<String> {
    if let Some(near) = nearest(name, known.clone()) {
        return Some(format!("did you mean \"{near}\"?"));
    }
    let all: Vec<&str> = known.filter(|name| !name.is_empty()).take(12).collect();
    match all.as_slice() {
        [] => None,
        [only] => Some(format!("there is only {only}")),
        all => Some(format!("there are: {}", all.join(", "))),
    }
}
