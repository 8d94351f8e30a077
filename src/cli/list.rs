//! `strata list`: the built-in scenarios.

use serde::Serialize;

use super::output::{print, print_json};
use super::{Failure, Format, Verdict, run, tables};
use crate::scenario::library;

/// What `list` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// How to write the list
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    report: Format,
}

#[derive(Serialize)]
struct List {
    scenarios: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    id: String,
    title: String,
    claims: Vec<String>,
    teaches: String,
}

pub(super) fn list(arguments: &Arguments) -> Result<Verdict, Failure> {
    let entry =
        |id: &str| run::read(id).map(|s| Entry { id: s.id, title: s.title, claims: s.claims, teaches: s.teaches });
    let scenarios = library().iter().map(|built_in| entry(built_in.id)).collect::<Result<Vec<_>, _>>()?;
    match arguments.report {
        Format::Json => print_json(&List { scenarios })?,
        Format::Text => {
            let header = ["id", "title", "what it teaches", "claims"].map(str::to_owned);
            let rows = scenarios.into_iter().map(|s| vec![s.id, s.title, s.teaches, s.claims.join(", ")]);
            let mut table = tables::table(&header, rows, 4);
            table.set_content_arrangement(comfy_table::ContentArrangement::Dynamic);
            if table.width().is_none() {
                table.set_width(110);
            }
            print(&format!("{table}\n"))?;
        }
    }
    Ok(Verdict::Fine)
}
