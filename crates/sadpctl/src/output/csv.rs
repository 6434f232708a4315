//! Comma-separated values, as spreadsheets read them.

use std::io::{self, Write};

use sadp_model::text::spreadsheet_text;

use super::Row;

pub(super) fn write<R: Row>(out: &mut impl Write, rows: &[R]) -> io::Result<()> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(out);
    writer.write_record(R::titles())?;
    for cells in R::cells(rows)? {
        writer.write_record(cells.iter().map(|cell| spreadsheet_text(cell)))?;
    }
    writer.flush()
}
