//! Tables as files. In a workbook every cell is text as it stands, never a formula: a MAC,
//! a time and a number with leading zeros read back as they were written.

use std::{
    io::{self, Write},
    iter,
};

use csv::Terminator;
use rust_xlsxwriter::{Format, IgnoreError, Workbook, Worksheet, XlsxError};
use sadp_model::text::{clean, spreadsheet_text};
use sadp_ops::DiscoveredDevice;

use crate::fields::columns;

/// The most UTF-16 units that Excel takes in a cell. More are cut off.
const MAX_CELL: usize = 32_767;

/// A column of a [`Sheet`]: its title, and what stands in a row.
pub(crate) type SheetColumn<T> = (&'static str, fn(&T) -> String);

/// A table of texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// Its name in a workbook, at most 31 characters.
    pub name: &'static str,
    /// The titles of its columns.
    pub titles: Vec<&'static str>,
    /// Its rows, each with a cell a column.
    pub rows: Vec<Vec<String>>,
}

impl Sheet {
    /// A sheet of these columns with a row for each.
    pub(crate) fn of<T>(name: &'static str, columns: &[SheetColumn<T>], rows: &[T]) -> Self {
        let row = |row| columns.iter().map(|(_, cell)| cell(row)).collect();
        Self {
            name,
            titles: columns.iter().map(|(title, _)| *title).collect(),
            rows: rows.iter().map(row).collect(),
        }
    }

    /// Writes it as comma-separated values, as spreadsheets read them.
    pub fn write_csv(&self, out: &mut impl Write) -> io::Result<()> {
        let mut writer = csv::WriterBuilder::new();
        let mut writer = writer.terminator(Terminator::CRLF).from_writer(out);
        writer.write_record(&self.titles)?;
        for cells in &self.rows {
            writer.write_record(cells.iter().map(|cell| spreadsheet_text(cell)))?;
        }
        writer.flush()
    }

    /// The Excel workbook of these sheets.
    pub fn workbook(sheets: &[Self]) -> io::Result<Vec<u8>> {
        let mut workbook = Workbook::new();
        for sheet in sheets {
            let filled = sheet.fill(workbook.add_worksheet());
            filled.map_err(io::Error::other)?;
        }
        workbook.save_to_buffer().map_err(io::Error::other)
    }

    fn fill(&self, sheet: &mut Worksheet) -> Result<(), XlsxError> {
        let bold = Format::new().set_bold();
        sheet.set_name(self.name)?;
        for (title, column) in self.titles.iter().zip(0..) {
            sheet.write_string_with_format(0, column, *title, &bold)?;
        }
        for (cells, row) in self.rows.iter().zip(1..) {
            for (cell, column) in cells.iter().zip(0..) {
                sheet.write_string(row, column, cut(&clean(cell)))?;
            }
        }
        let last_row = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        let last_column = u16::try_from(self.titles.len()).unwrap_or(u16::MAX);
        let last_column = last_column.saturating_sub(1);
        sheet.set_freeze_panes(1, 0)?;
        sheet.autofilter(0, 0, last_row, last_column)?;
        // A serial number of digits alone is no mistake.
        sheet.ignore_error_range(0, 0, last_row, last_column, IgnoreError::NumberStoredAsText)?;
        sheet.autofit();
        Ok(())
    }
}

/// A list of devices: the number of each in it, then its fields by the places of their
/// columns.
pub fn device_sheet<'a>(devices: impl IntoIterator<Item = &'a DiscoveredDevice>) -> Sheet {
    let columns = columns();
    let titles = columns.iter().map(|(_, column)| column.title);
    let rows = (1u64..).zip(devices).map(|(number, found)| {
        let cells = columns.iter().map(|(field, _)| (field.value)(found).cell());
        iter::once(number.to_string()).chain(cells).collect()
    });
    Sheet {
        name: "sadpctl",
        rows: rows.collect(),
        titles: iter::once("ID").chain(titles).collect(),
    }
}

/// As much of a text as fits a cell.
fn cut(text: &str) -> &str {
    let ends = text.char_indices().scan(0, |units, (start, character)| {
        *units += character.len_utf16();
        (*units <= MAX_CELL).then_some(start + character.len_utf8())
    });
    let end = ends.last().unwrap_or(0);
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use calamine::{Data, Reader, Xlsx};

    use super::*;

    #[test]
    fn cells_read_back_as_they_were_written() {
        // A camera takes two units.
        let long = "\u{1f4f7}".repeat(MAX_CELL + 9);
        let half = "\u{1f4f7}".repeat(MAX_CELL / 2);
        let texts = [
            "44:47:cc:00:00:01",
            "084066092",
            "1e5",
            "2026-11-27T03:10:12Z",
            "=HYPERLINK(\"http://a\")",
            "+1",
            "-1",
            "@a",
            "a\r\nb\tc\u{1b}[2J\u{0}\u{202e}",
            "_x0041_ <&>\"'",
            "\u{fffe}",
            "",
            &long,
        ];
        let sheet = |name| Sheet {
            name,
            titles: vec!["=text", "number"],
            rows: texts.map(|it| vec![it.into(), "1".into()]).into(),
        };
        let bytes = Sheet::workbook(&[sheet("One"), sheet("Two")]).unwrap();
        let mut read = Xlsx::new(Cursor::new(&bytes)).unwrap();
        assert_eq!(read.sheet_names(), ["One", "Two"]);
        let formulas = read.worksheet_formula("One").unwrap();
        assert!(formulas.is_empty(), "{formulas:?}");
        let range = read.worksheet_range("Two").unwrap();
        assert_eq!(range.get_value((0, 0)), Some(&Data::String("=text".into())));
        for (row, text) in (1..).zip(texts) {
            let expected = clean(text);
            let expected = if text == long { &*half } else { &*expected };
            let cell = range.get_value((row, 0)).map(ToString::to_string);
            assert_eq!(cell.unwrap_or_default(), expected);
            assert_eq!(range.get_value((row, 1)), Some(&Data::String("1".into())));
        }
    }

    #[test]
    fn a_sheet_without_rows_is_a_sheet() {
        let sheet = Sheet::of::<()>("Devices", &[("a", |()| String::new())], &[]);
        let bytes = Sheet::workbook(&[sheet]).unwrap();
        let mut read = Xlsx::new(Cursor::new(&bytes)).unwrap();
        assert_eq!(read.worksheet_range("Devices").unwrap().height(), 1);
    }
}
