//! The GUIDs in the vault.

use std::io::{self, Write};

use sadp_model::text::local_minute;
use sadp_ops::recovery::guid::ListedGuid;
use sadp_reset::SiteName;
use sadp_text::{guid_notes, guid_state};
use serde::Serialize;

use super::{
    Layout, Row,
    table::{CellColumn, Column, Table, blank, harmless, known},
};

/// A GUID in the vault. What is not known is null. The names and their order
/// are a contract.
#[derive(Debug, Serialize)]
pub(crate) struct GuidLine {
    serial: Option<String>,
    mac: Option<String>,
    exported_at: String,
    path: String,
    encrypted: bool,
    /// `valid`, `void` or `missing`.
    state: &'static str,
    /// Why it is void.
    void: Option<&'static str>,
    void_at: Option<String>,
    /// Whether it does not hold 128 bytes; null where it cannot be read, or not
    /// without a passphrase.
    suspect: Option<bool>,
    /// What people call the device.
    name: Option<String>,
    /// When it was exported, for people.
    #[serde(skip)]
    exported: String,
    /// The path without its folders, in which the serial stands.
    #[serde(skip)]
    file: String,
    /// What to know of it, for people.
    #[serde(skip)]
    notes: String,
}

impl GuidLine {
    pub(crate) fn new(guid: &ListedGuid) -> Self {
        let record = &guid.record;
        Self {
            serial: record.device.serial().map(ToString::to_string),
            mac: record.device.mac().map(|mac| mac.to_string()),
            exported_at: record.exported_at.to_string(),
            exported: local_minute(record.exported_at),
            path: guid.path.display().to_string(),
            file: record.file_name.clone(),
            encrypted: record.encrypted,
            state: guid_state(guid),
            void: record.void.map(|(why, _)| why.name()),
            void_at: record.void.map(|(_, at)| at.to_string()),
            notes: guid_notes(guid),
            suspect: guid.suspect,
            name: guid.site_name.as_ref().and_then(SiteName::called),
        }
    }

    /// Whether it can be used.
    pub(crate) fn is_valid(&self) -> bool {
        self.state == "valid"
    }
}

impl Row for GuidLine {
    const LIST: &'static str = "a list of GUIDs has";

    const COLUMNS: &'static str =
        "serial mac exported_at path encrypted state void void_at suspect name";

    fn write_table(rows: &[Self], out: &mut impl Write, layout: Layout) -> io::Result<()> {
        let columns: &[CellColumn<Self>] = &[
            (Column::whole("STATE"), |it| it.state.into()),
            (Column::whole("MAC"), |it| known(&it.mac)),
            (Column::whole("EXPORTED"), |it| it.exported.clone()),
            (Column::extra("ENCRYPTED"), |it| {
                if it.encrypted { "yes" } else { "no" }.into()
            }),
            (Column::text("NAME", 10), |it| blank(&it.name)),
            (Column::text("FILE", 24), |it| harmless(&it.file)),
            (Column::text("NOTES", 24), |it| it.notes.clone()),
        ];
        let styles = &[];
        Table { columns, styles }.write(out, rows, layout.width)
    }
}
