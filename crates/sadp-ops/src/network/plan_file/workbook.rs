use std::{
    collections::BTreeMap,
    io::{self, Cursor, Read},
};

use calamine::{Data, Dimensions, Reader, Xlsx};
use csv::StringRecord;
use zip::ZipArchive;

use super::{Cause, header::PlanHeader, source::Source};

/// The most bytes of all parts of a workbook when unpacked.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// Columns behind these are not read.
const MAX_COLUMNS: usize = 256;

/// Whether a file is a workbook as Excel saves it since 2007, by its first bytes and the
/// names of its parts, which are not compressed.
pub(super) fn is_workbook(bytes: &[u8]) -> bool {
    let part = b"xl/";
    bytes.starts_with(b"PK\x03\x04") && bytes.windows(part.len()).any(|it| it == part)
}

/// Reads the sheet that has the titles of a plan, below a heading or not, else the first
/// one. A row of it is a line of the text, so that problems name it by its number. Of a
/// formula the value counts that was last computed.
pub(super) fn read(bytes: &[u8]) -> Result<Source, Cause> {
    check_size(bytes)
        .map_err(damaged)?
        .ok_or(Cause::WorkbookTooLarge(MAX_BYTES))?;
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(damaged)?;
    let names = workbook.sheet_names();
    let mut sheets = Vec::new();
    for name in &names {
        let text = text_of(&mut workbook, name)?;
        sheets.push((name.as_str(), text));
    }
    let is_several = sheets.len() > 1;
    let plans = sheets.iter().enumerate();
    let plans = plans.filter_map(|(place, (_, text))| Some((place, titles_line(text)?)));
    let plans: Vec<_> = plans.collect();
    if plans.len() > 1 {
        let names = plans.iter().filter_map(|(place, _)| sheets.get(*place));
        let names: Vec<_> = names.map(|(name, _)| *name).collect();
        return Err(Cause::SeveralSheets(names.join(", ")));
    }
    let (chosen, line) = plans.first().copied().unwrap_or_default();
    let (name, text) = sheets.get(chosen).ok_or(Cause::Empty)?;
    let merged = workbook.merge_cells_by_sheet_name(name).map_err(damaged)?;
    let below = |it: &&Dimensions| usize::try_from(it.end.0).is_ok_and(|row| row >= line);
    if let Some(Dimensions { start, end }) = merged.iter().find(below) {
        let cells = [*start, *end]
            .map(|(row, column)| cell_name(row, column))
            .join(":");
        return Err(Cause::MergedCells(cells));
    }
    Ok(Source {
        text: without_heading(text, line),
        separator: b',',
        sheet: is_several.then(|| (*name).to_owned()),
    })
}

#[expect(clippy::needless_pass_by_value, reason = "for use with map_err")]
fn damaged(error: impl ToString) -> Cause {
    Cause::WorkbookDamaged(error.to_string())
}

/// Unpacks all parts to nowhere: what an archive says of their sizes may be wrong. `None`
/// where they have more than [`MAX_BYTES`].
fn check_size(bytes: &[u8]) -> io::Result<Option<()>> {
    let mut archive = ZipArchive::new(Cursor::new(bytes))?;
    let mut left = MAX_BYTES;
    for index in 0..archive.len() {
        let part = archive.by_index(index)?;
        let read = io::copy(&mut part.take(left.saturating_add(1)), &mut io::sink())?;
        match left.checked_sub(read) {
            Some(rest) => left = rest,
            None => return Ok(None),
        }
    }
    Ok(Some(()))
}

/// The rows of a sheet as CSV. A row without text is an empty line.
fn text_of(workbook: &mut Xlsx<Cursor<&[u8]>>, name: &str) -> Result<String, Cause> {
    let mut rows: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    let mut cells = workbook.worksheet_cells_reader(name).map_err(damaged)?;
    while let Some(cell) = cells.next_cell().map_err(damaged)? {
        let (row, column) = cell.get_position();
        let text = Data::from(cell.get_value().clone()).to_string();
        let text = text.replace(['\r', '\n'], " ").trim().to_owned();
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        if text.is_empty() || column >= MAX_COLUMNS {
            continue;
        }
        let cells = rows.entry(row).or_default();
        cells.resize(cells.len().max(column + 1), String::new());
        if let Some(cell) = cells.get_mut(column) {
            *cell = text;
        }
    }
    let mut text = Vec::new();
    let mut line = 0;
    let titles = rows.first_key_value().map_or(0, |(_, titles)| titles.len());
    for (row, mut cells) in rows {
        cells.resize(cells.len().max(titles), String::new());
        text.extend((line..row).map(|_| b'\n'));
        let mut writer = csv::Writer::from_writer(&mut text);
        writer.write_record(&cells).map_err(damaged)?;
        writer.flush().map_err(damaged)?;
        drop(writer);
        line = row + 1;
    }
    String::from_utf8(text).map_err(damaged)
}

/// The line, from 0, with the titles of a plan. Cells hold no line breaks.
fn titles_line(text: &str) -> Option<usize> {
    /// A heading has no more lines.
    const MOST_LINES: usize = 20;
    let is_titles = |line: &str| {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(line.as_bytes());
        let mut titles = StringRecord::new();
        reader.read_record(&mut titles).unwrap_or(false) && PlanHeader::read(&titles, 1).is_ok()
    };
    text.lines().take(MOST_LINES).position(is_titles)
}

/// The text with the lines above the titles left blank.
fn without_heading(text: &str, titles: usize) -> String {
    let rest = text.split_inclusive('\n').skip(titles);
    std::iter::repeat_n("\n", titles).chain(rest).collect()
}

/// A cell as Excel names it, e.g. `B3`.
fn cell_name(row: u32, column: u32) -> String {
    let mut letters = Vec::new();
    let mut rest = Some(column);
    while let Some(number) = rest {
        letters.extend(char::from_digit(number % 26 + 10, 36));
        rest = (number / 26).checked_sub(1);
    }
    let letters: String = letters.iter().rev().collect();
    format!("{}{}", letters.to_uppercase(), u64::from(row) + 1)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use rust_xlsxwriter::{Format, Formula, Workbook, Worksheet};
    use zip::{ZipWriter, write::SimpleFileOptions};

    use super::{super::read as read_plan, *};

    const TITLES: [&str; 4] = ["mac", "serial", "ip", "http_port"];

    fn write_titles(sheet: &mut Worksheet, row: u32) {
        for (title, column) in TITLES.iter().zip(0..) {
            sheet.write_string(row, column, *title).unwrap();
        }
    }

    fn titled(sheet: &mut Worksheet) {
        write_titles(sheet, 0);
    }

    /// With a heading above the titles.
    fn headed(sheet: &mut Worksheet) {
        let format = Format::new();
        sheet.merge_range(0, 0, 0, 3, "Site plan", &format).unwrap();
        write_titles(sheet, 2);
        sheet.write_string(3, 0, "44:47:cc:00:00:01").unwrap();
        sheet.write_string(3, 2, "10.0.0.5").unwrap();
    }

    fn empty(_: &mut Worksheet) {}

    /// A workbook of sheets that are filled like this.
    fn workbook(sheets: &[&dyn Fn(&mut Worksheet)]) -> Vec<u8> {
        let mut workbook = Workbook::new();
        for fill in sheets {
            fill(workbook.add_worksheet());
        }
        workbook.save_to_buffer().unwrap()
    }

    fn one(fill: impl Fn(&mut Worksheet)) -> Vec<u8> {
        workbook(&[&|sheet| {
            titled(sheet);
            fill(sheet);
        }])
    }

    fn cause(bytes: &[u8]) -> Cause {
        let problems = read_plan(bytes).unwrap_err();
        problems[0].cause.clone()
    }

    #[test]
    fn a_workbook_is_read_as_its_rows_as_csv_are() {
        let bytes = one(|sheet| {
            sheet.write_string(1, 0, "44:47:cc:00:00:01").unwrap();
            sheet.write_string(1, 1, "084066092").unwrap();
            sheet.write_string(1, 2, " 10.0.0.5\n").unwrap();
            sheet.write_number(1, 3, 80).unwrap();
            sheet.write_string(4, 0, "44-47-CC-00-00-02").unwrap();
            let address = Formula::new("=\"10.0.0.\"&ROW()+1").set_result("10.0.0.6");
            sheet.write_formula(4, 2, address).unwrap();
            sheet.write_string(4, 300, "far away").unwrap();
        });
        let csv = "mac,serial,ip,http_port\n44:47:cc:00:00:01,084066092,10.0.0.5,80\n\n\n44-47-CC-00-00-02,,10.0.0.6,\n";
        assert_eq!(read_plan(&bytes), read_plan(csv.as_bytes()));
        let (rows, _) = read_plan(&bytes).unwrap();
        assert_eq!(rows[1].line, 5, "as Excel numbers it");
    }

    #[test]
    fn the_sheet_with_the_titles_is_read_and_named() {
        let notes = |sheet: &mut Worksheet| {
            let text = "mac addresses of the site";
            sheet.write_string(0, 0, text).unwrap();
        };
        let cameras = |sheet: &mut Worksheet| titled(sheet.set_name("Cameras").unwrap());
        let (_, table) = read_plan(&workbook(&[&notes, &cameras])).unwrap();
        assert_eq!(table.sheet.as_deref(), Some("Cameras"));
        assert_eq!(cause(&workbook(&[&empty])), Cause::Empty);
        let several = Cause::SeveralSheets("Sheet1, Sheet2".into());
        assert_eq!(cause(&workbook(&[&titled, &titled])), several);
        // A heading above the titles hides no sheet.
        assert_eq!(cause(&workbook(&[&headed, &titled])), several);
        let (rows, table) = read_plan(&workbook(&[&empty, &headed])).unwrap();
        assert_eq!((rows.len(), rows[0].line), (1, 4));
        assert_eq!(table.sheet.as_deref(), Some("Sheet2"));
    }

    #[test]
    fn what_is_not_clear_is_refused_by_name() {
        let merged = one(|sheet| {
            let format = Format::new();
            sheet.merge_range(1, 2, 4, 2, "10.0.0.5", &format).unwrap();
        });
        assert_eq!(cause(&merged), Cause::MergedCells("C2:C5".into()));
        let uncomputed = one(|sheet| {
            sheet.write_string(1, 0, "44:47:cc:00:00:01").unwrap();
            let formula = Formula::new("=A1").set_result("#REF!");
            sheet.write_formula(1, 2, formula).unwrap();
        });
        let Cause::Cell { column, .. } = cause(&uncomputed) else {
            panic!("{:?}", cause(&uncomputed));
        };
        assert_eq!(column, "ip");
        let damaged = cause(b"PK\x03\x04..xl/workbook.xml");
        assert!(matches!(damaged, Cause::WorkbookDamaged(_)), "{damaged}");
    }

    #[test]
    fn a_workbook_that_unpacks_to_more_than_the_limit_is_refused() {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let zeros = vec![0; 1 << 20];
        writer
            .start_file("xl/workbook.xml", SimpleFileOptions::default())
            .unwrap();
        for _ in 0..=MAX_BYTES >> 20 {
            writer.write_all(&zeros).unwrap();
        }
        let bomb = writer.finish().unwrap().into_inner();
        assert!(bomb.len() < 200_000);
        assert_eq!(cause(&bomb), Cause::WorkbookTooLarge(MAX_BYTES));
    }

    #[test]
    fn damage_anywhere_is_survived() {
        let whole = one(|sheet| {
            sheet.write_string(1, 0, "44:47:cc:00:00:01").unwrap();
        });
        for place in (0..whole.len()).step_by(5) {
            let mut bytes = whole.clone();
            bytes[place] ^= 0xff;
            let _ = read_plan(&bytes);
            let _ = read_plan(&whole[..place]);
        }
    }

    #[test]
    fn cells_are_named_as_excel_does() {
        for ((row, column), name) in [
            ((0, 0), "A1"),
            ((9, 25), "Z10"),
            ((0, 26), "AA1"),
            ((1, 701), "ZZ2"),
            ((1_048_575, 16_383), "XFD1048576"),
        ] {
            assert_eq!(cell_name(row, column), name);
        }
    }
}
