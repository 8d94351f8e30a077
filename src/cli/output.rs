//! Writing: reports to the standard output, errors to the standard error. Everything that a command says passes through
//! here, and with that through [`visible`].

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode,
    SourceSpan, SpanContents,
};

use super::Failure;
use crate::visible::{one_line, visible, visible_json};

/// A plain error for people, with advice.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{message}")]
pub(super) struct Told {
    message: String,
    #[help]
    help: Option<String>,
}

/// An error of one sentence, and what to do about it.
pub(super) fn failure(message: impl Into<String>, help: Option<String>) -> Failure {
    Box::new(Told { message: message.into(), help })
}

/// The stack that is meant by a name.
#[cfg(feature = "app")]
pub(super) fn column(name: &str, topology: &crate::machine::Topology) -> Result<crate::trace::StackId, Failure> {
    let stacks = &topology.stacks;
    let found = stacks.iter().position(|stack| stack.name == *name);
    found.map(|i| crate::trace::StackId(i as u32)).ok_or_else(|| {
        let names: Vec<String> = stacks.iter().take(8).map(|stack| format!("\"{}\"", stack.name)).collect();
        failure(format!("no stack is called \"{name}\""), Some(format!("there are {}", names.join(", "))))
    })
}

/// Writes a report. When the reader has gone (`| head`) there is nobody to tell.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    write_out(&visible(text))
}

/// Writes one JSON object.
pub(super) fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let mut text = serde_json::to_string_pretty(value)
        .map_err(|error| failure(format!("can't write the report as JSON: {error}"), None))?;
    text.push('\n');
    write_out(&visible_json(&text))
}

fn write_out(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(failure(format!("can't write to the standard output: {error}"), None))
        }
        _ => Ok(()),
    }
}

/// A line beside the report.
pub(super) fn note(text: &str) {
    write_beside(&visible(text));
}

fn write_beside(text: &str) {
    // Nobody to tell if the standard error is closed.
    let _ = writeln!(io::stderr(), "{text}");
}

/// Tells an error: with colours and boxes in a terminal, plainly elsewhere and with `NO_COLOR`.
pub(super) fn tell(error: &dyn Diagnostic) {
    let terminal = io::stderr().is_terminal();
    let theme = match (terminal, colours()) {
        (true, true) => GraphicalTheme::unicode(),
        (true, false) => GraphicalTheme::unicode_nocolor(),
        (false, _) => GraphicalTheme::none(),
    };
    let handler = GraphicalReportHandler::new_themed(theme).with_links(false).with_width(110).with_context_lines(1);
    // A name with dashes stays in one piece, to be copied.
    let handler = handler.with_word_splitter(textwrap::WordSplitter::NoHyphenation);
    let mut text = String::new();
    match handler.render_report(&mut text, &Seen::of(error)) {
        // Its colours are the only escapes in it.
        Ok(()) => write_beside(text.trim_end()),
        Err(_) => note(&error.to_string()),
    }
}

/// Tells what is wrong with the arguments, or the help that was asked for; the exit code.
pub(super) fn tell_usage(error: &clap::Error) -> std::process::ExitCode {
    let plain = error.render().to_string();
    match visible(&plain) {
        // Nothing in it but the program's own words: in colours, where there are any.
        Cow::Borrowed(_) => {
            let _ = error.print();
        }
        Cow::Owned(text) => write_beside(text.trim_end()),
    }
    std::process::ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

/// An error as it may be shown: every text in it made [`visible`], and so the part of the file that it points at.
#[derive(Debug)]
struct Seen {
    message: String,
    help: Option<String>,
    source: Option<Excerpt>,
    related: Vec<Seen>,
}

impl Seen {
    fn of(error: &dyn Diagnostic) -> Seen {
        let label = error.labels().and_then(|mut labels| labels.next());
        Seen {
            message: visible(&error.to_string()).into_owned(),
            help: error.help().map(|help| visible(&help.to_string()).into_owned()),
            source: error.source_code().zip(label).and_then(|(source, label)| Excerpt::of(source, *label.inner())),
            related: error.related().map_or(Vec::new(), |related| related.map(Seen::of).collect()),
        }
    }
}

impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Seen {}

impl Diagnostic for Seen {
    fn help(&self) -> Option<Box<dyn std::fmt::Display + '_>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn std::fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let source = self.source.as_ref()?;
        Some(Box::new(std::iter::once(LabeledSpan::new_with_span(None, source.label))))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(self.related.iter().map(|related| related as &dyn Diagnostic)))
    }
}

/// The lines around a place, made visible; the place is where it was, in the text as it is shown.
#[derive(Debug)]
struct Excerpt {
    name: String,
    text: String,
    /// In `text`.
    label: SourceSpan,
    /// Of the first line shown, from 0.
    first_line: usize,
    /// Of the place in the file, from 0.
    place: (usize, usize),
}

impl Excerpt {
    fn of(source: &dyn SourceCode, span: SourceSpan) -> Option<Excerpt> {
        let place = source.read_span(&span, 0, 0).ok()?;
        let lines = source.read_span(&span, 1, 1).ok()?;
        let text = String::from_utf8_lossy(lines.data());
        let at = |offset: usize| offset.checked_sub(lines.span().offset()).and_then(|at| text.get(..at));
        let (before, to) = (at(span.offset())?, at(span.offset() + span.len())?);
        let (start, end) = (shown(before).len(), shown(to).len());
        Some(Excerpt {
            name: one_line(lines.name().unwrap_or_default()).into_owned(),
            text: shown(&text),
            label: SourceSpan::from(start..end),
            first_line: lines.line(),
            place: (place.line(), place.column()),
        })
    }
}

/// Lines of a file, made visible. What ends a line is not, as Windows writes it either.
fn shown(lines: &str) -> String {
    visible(lines.replace("\r\n", "\n").trim_end_matches('\r')).into_owned()
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        _: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let (line, column) = if before + after == 0 { self.place } else { (self.first_line, 0) };
        let whole = SourceSpan::from(0..self.text.len());
        let lines = self.text.matches('\n').count() + 1;
        let contents =
            MietteSpanContents::new_named(self.name.clone(), self.text.as_bytes(), whole, line, column, lines);
        Ok(Box::new(contents))
    }
}

/// Whether colours are wanted: <https://no-color.org>.
fn colours() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
