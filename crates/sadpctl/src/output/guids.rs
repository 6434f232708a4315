//! The GUIDs in the vault.

use std::io::{self, Write};

use serde::Serialize;

use super::{
    Layout, Row,
    table::{Plain, known},
};
use sadp_model::text::clean;

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

impl Row for GuidLine {
    const LIST: &'static str = "a list of GUIDs has";

    const COLUMNS: &'static str =
        "serial mac exported_at path encrypted state void void_at suspect";

    fn write_table(rows: &[Self], out: &mut impl Write, _layout: Layout) -> io::Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let titles = ["STATE", "MAC", "EXPORTED", "ENCRYPTED", "FILE", "NOTES"];
        let mut table = Plain::new(&titles, &[]);
        for line in rows {
            table.row([
                line.state.into(),
                known(line.mac.as_ref()),
                line.exported_at.clone(),
                if line.encrypted { "yes" } else { "no" }.into(),
                clean(&line.file).into_owned(),
                notes(line),
            ]);
        }
        // File names are copied: they never wrap.
        table.write(out)
    }
}

fn notes(line: &GuidLine) -> String {
    let suspect = (line.suspect == Some(true)).then_some("suspect: does not hold 128 bytes");
    let notes: Vec<_> = line.why.into_iter().chain(suspect).collect();
    notes.join("; ")
}
