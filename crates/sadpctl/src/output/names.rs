//! Devices by the names that people gave them.

use std::io::{self, Write};

use sadp_model::MacAddr;
use sadp_reset::{SiteName, SiteText};
use serde::Serialize;

use super::{
    Layout, Row,
    table::{CellColumn, Column, Table, known},
};

/// A device with its name. What it has not is null. The names and their order are a
/// contract.
#[derive(Debug, Serialize)]
pub(crate) struct NameRow {
    mac: String,
    name: Option<String>,
    place: Option<String>,
}

impl NameRow {
    pub(crate) fn new(mac: MacAddr, site_name: &SiteName) -> Self {
        let text = |text: &Option<SiteText>| text.as_ref().map(|it| it.as_str().to_owned());
        Self {
            mac: mac.to_string(),
            name: text(&site_name.name),
            place: text(&site_name.place),
        }
    }
}

impl Row for NameRow {
    const LIST: &'static str = "a list of names has";

    const COLUMNS: &'static str = "mac name place";

    fn write_table(rows: &[Self], out: &mut impl Write, layout: Layout) -> io::Result<()> {
        let columns: &[CellColumn<Self>] = &[
            (Column::whole("MAC"), |it| it.mac.clone()),
            (Column::folds("NAME"), |it| known(&it.name)),
            (Column::folds("PLACE"), |it| known(&it.place)),
        ];
        let styles = &[];
        Table { columns, styles }.write(out, rows, layout.width)
    }
}
