//! Writing: reports to the standard output, errors to the standard error.

use std::io::{self, IsTerminal, Write};

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};

use super::Failure;

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

/// Writes a report. When the reader has gone (`| head`) there is nobody to tell.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(failure(format!("can't write to the standard output: {error}"), None))
        }
        _ => Ok(()),
    }
}

/// Writes one JSON object.
pub(super) fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let mut text = serde_json::to_string_pretty(value)
        .map_err(|error| failure(format!("can't write the report as JSON: {error}"), None))?;
    text.push('\n');
    print(&text)
}

/// A line beside the report.
pub(super) fn note(text: &str) {
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
    let mut text = String::new();
    match handler.render_report(&mut text, error) {
        Ok(()) => note(text.trim_end()),
        Err(_) => note(&error.to_string()),
    }
}

/// Whether colours are wanted: <https://no-color.org>.
fn colours() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
