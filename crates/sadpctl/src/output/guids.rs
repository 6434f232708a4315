//! The GUIDs in the vault.

use std::io::{self, Write};

use comfy_table::{ContentArrangement, Table, presets::NOTHING};
use serde::Serialize;

use super::{ListFormat, harmless};
use crate::{terminal::BOLD, text::clean};

/// A GUID in the vault. What is not known is null. The names and their order
/// are a contract.
#[derive(Debug, Serialize)]
pub(crate) struct GuidLine {
    pub(crate) serial: Option<String>,
    pub(crate) mac: Option<String>,
    pub(crate) exported_at: String,
    pub(crate) path: String,
    pub(crate) encrypted: bool,
    /// `valid`, `void` or `missing`.
    pub(crate) state: &'static str,
    /// Why it is void.
    pub(crate) void: Option<&'static str>,
    pub(crate) void_at: Option<String>,
    /// Whether it does not hold 128 bytes; null where it cannot be read, or not
    /// without a passphrase.
    pub(crate) suspect: Option<bool>,
    /// The path without its folders, in which the serial stands.
    #[serde(skip)]
    pub(crate) file: String,
    /// Why it is void, for people.
    #[serde(skip)]
    pub(crate) why: Option<&'static str>,
}

impl GuidLine {
    /// Whether it can be used.
    pub(crate) fn is_valid(&self) -> bool {
        self.state == "valid"
    }
}

/// Writes GUIDs.
pub(crate) fn write_guids(
    out: &mut impl Write,
    lines: &[GuidLine],
    format: ListFormat,
) -> io::Result<()> {
    match format {
        ListFormat::Json(json) => json.write(out, lines),
        ListFormat::Csv => write_csv(out, lines),
        ListFormat::Table => write_table(out, lines),
    }
}

fn write_csv(out: &mut impl Write, lines: &[GuidLine]) -> io::Result<()> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(out);
    writer.write_record([
        "serial",
        "mac",
        "exported_at",
        "path",
        "encrypted",
        "state",
        "void",
        "void_at",
        "suspect",
    ])?;
    for line in lines {
        let known = |text: &Option<String>| text.as_deref().map(harmless).unwrap_or_default();
        writer.write_record([
            known(&line.serial),
            known(&line.mac),
            line.exported_at.clone(),
            harmless(&line.path),
            line.encrypted.to_string(),
            line.state.into(),
            line.void.unwrap_or_default().into(),
            known(&line.void_at),
            line.suspect.map(|it| it.to_string()).unwrap_or_default(),
        ])?;
    }
    writer.flush()
}

fn write_table(out: &mut impl Write, lines: &[GuidLine]) -> io::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(NOTHING);
    table.set_header(["STATE", "MAC", "EXPORTED", "ENCRYPTED", "FILE", "NOTES"]);
    for line in lines {
        table.add_row(cells(line));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    // File names are copied: they never wrap.
    table.set_content_arrangement(ContentArrangement::Disabled);
    for (number, line) in table.lines().enumerate() {
        let line = line.trim_end();
        match number {
            0 => writeln!(out, "{BOLD}{line}{BOLD:#}")?,
            _ => writeln!(out, "{line}")?,
        }
    }
    Ok(())
}

fn cells(line: &GuidLine) -> [String; 6] {
    [
        line.state.into(),
        clean(line.mac.as_deref().unwrap_or("-")).into_owned(),
        line.exported_at.clone(),
        if line.encrypted { "yes" } else { "no" }.into(),
        clean(&line.file).into_owned(),
        notes(line),
    ]
}

fn notes(line: &GuidLine) -> String {
    let suspect = (line.suspect == Some(true)).then_some("suspect: does not hold 128 bytes");
    let notes: Vec<_> = line.why.into_iter().chain(suspect).collect();
    notes.join("; ")
}
