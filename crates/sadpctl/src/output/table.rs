//! Tables for people.

use std::io::{self, Write};

use anstyle::Style;
use sadp_model::text::clean;
use sadp_text::{
    fields::columns,
    words::{notes, short_cells},
};
use textwrap::core::display_width;

use super::DeviceRow;
use crate::{
    fold::{Width, fold, fold_cell, longest_word},
    terminal::{BOLD, GREEN, RED, YELLOW},
};

/// A column, and what becomes of it where the terminal is narrow.
#[derive(Clone, Copy)]
pub(super) struct Column {
    title: &'static str,
    fit: Fit,
}

#[derive(Clone, Copy, PartialEq)]
enum Fit {
    /// It is copied: it stays as it is.
    Whole,
    /// The same; of less worth, so that it is left out first.
    Extra,
    /// It folds, but has this many columns. Else it goes below its line.
    Text(usize),
    /// It folds, down to its longest word.
    Folds,
    /// It always stands below its line.
    Below,
}

impl Column {
    pub(super) const fn whole(title: &'static str) -> Self {
        let fit = Fit::Whole;
        Self { title, fit }
    }

    pub(super) const fn extra(title: &'static str) -> Self {
        let fit = Fit::Extra;
        Self { title, fit }
    }

    /// A column without a title that always stands below its line; in a pipe it is the
    /// last.
    pub(super) const fn below() -> Self {
        let (title, fit) = ("", Fit::Below);
        Self { title, fit }
    }

    pub(super) const fn folds(title: &'static str) -> Self {
        let fit = Fit::Folds;
        Self { title, fit }
    }

    pub(super) const fn text(title: &'static str, least: usize) -> Self {
        let fit = Fit::Text(least);
        Self { title, fit }
    }
}

/// A column, and what stands in its cell of a row, made harmless.
pub(super) type CellColumn<T> = (Column, fn(&T) -> String);

/// A table whose columns have their cells.
pub(super) struct Table<'a, T> {
    pub(super) columns: &'a [CellColumn<T>],
    /// As those of [`Plain`].
    pub(super) styles: &'a [(&'a str, Style)],
}

impl<T> Table<'_, T> {
    /// Writes these rows, as wide as fits.
    pub(super) fn write(&self, out: &mut impl Write, rows: &[T], width: Width) -> io::Result<()> {
        let Self { columns, styles } = *self;
        let plain: Vec<_> = columns.iter().map(|(column, _)| *column).collect();
        let table = Plain {
            columns: &plain,
            styles,
            width,
        };
        table.write(out, rows, |row| {
            columns
                .iter()
                .map(|(_, cell)| cell(row))
                .collect::<Vec<_>>()
        })
    }
}

/// A table without lines. The cells of a row are made to measure the columns, and made again
/// to be written: a table of thousands of rows takes no memory.
pub(super) struct Plain<'a> {
    /// Without titles it has no header.
    pub(super) columns: &'a [Column],
    /// What may begin a line, and its style then.
    pub(super) styles: &'a [(&'a str, Style)],
    /// Without a width each row is a line.
    pub(super) width: Width,
}

/// Blanks between columns.
const GAP: usize = 2;

/// Blanks before what stands below its line.
const BELOW: &str = "    ";

/// Where the cells of a table stand.
#[derive(Default)]
struct Places {
    /// The columns beside each other, with their widths.
    beside: Vec<(usize, usize)>,
    /// Those below the line.
    below: Vec<usize>,
    /// Whether a cell beside others may take several lines.
    folds: bool,
}

/// What the cells of a column take.
struct Extent {
    column: Column,
    /// Whether any is more than empty.
    is_used: bool,
    /// The columns of the longest line.
    whole: usize,
    /// Those of the longest word, where the column folds.
    word: usize,
    /// Whether any has several lines.
    has_lines: bool,
}

impl Extent {
    fn of(column: &Column) -> Self {
        let mut extent = Self {
            column: *column,
            is_used: false,
            whole: 0,
            word: 0,
            has_lines: false,
        };
        extent.add(column.title);
        // A title alone is no column.
        extent.is_used = false;
        extent
    }

    fn add(&mut self, text: &str) {
        self.is_used |= !text.is_empty();
        self.has_lines |= text.contains('\n');
        let lines = text.lines().map(display_width);
        self.whole = self.whole.max(lines.max().unwrap_or(0));
        if matches!(self.column.fit, Fit::Text(_) | Fit::Folds) {
            self.word = self.word.max(longest_word(text));
        }
    }

    /// The least columns that it can have beside others.
    fn least(&self) -> usize {
        match self.column.fit {
            Fit::Text(least) => self.whole.min(self.word.max(least)),
            Fit::Folds => self.word,
            Fit::Whole | Fit::Extra | Fit::Below => self.whole,
        }
    }
}

impl Plain<'_> {
    /// Writes these rows, each with its cells. Text of others is made harmless by the caller.
    pub(super) fn write<T, C: IntoIterator<Item = String>>(
        &self,
        out: &mut impl Write,
        rows: &[T],
        cells: impl Fn(&T) -> C,
    ) -> io::Result<()> {
        let cells = |row| self.in_lines(cells(row).into_iter().collect());
        let mut extents: Vec<_> = self.columns.iter().map(Extent::of).collect();
        for row in rows {
            for (extent, cell) in extents.iter_mut().zip(cells(row)) {
                extent.add(&cell);
            }
        }
        let places = self.places(&extents);
        self.write_titles(out, &places)?;
        rows.iter()
            .try_for_each(|row| self.write_row(out, &cells(row), &places))
    }

    /// Without a width a row is one line: what stands below goes behind the cell before.
    fn in_lines(&self, mut cells: Vec<String>) -> Vec<String> {
        if self.width.is_some() {
            return cells;
        }
        for cell in cells.iter_mut().filter(|cell| cell.contains('\n')) {
            *cell = cell.replace('\n', "; ");
        }
        let below = self.columns.last().is_some_and(|it| it.fit == Fit::Below);
        if let Some(text) = cells.pop_if(|text| below && !text.is_empty())
            && let Some(cell) = cells.last_mut()
        {
            cell.extend(["  ", &text]);
        }
        cells
    }

    fn write_titles(&self, out: &mut dyn Write, places: &Places) -> io::Result<()> {
        let titles = places.beside.iter().filter_map(|&(column, width)| {
            let column = self.columns.get(column)?;
            Some((width, column.title))
        });
        if titles.clone().all(|(_, title)| title.is_empty()) {
            return Ok(());
        }
        writeln!(out, "{BOLD}{}{BOLD:#}", beside_each_other(titles))
    }

    fn write_row(&self, out: &mut dyn Write, cells: &[String], places: &Places) -> io::Result<()> {
        let cell = |column: usize| cells.get(column).map_or("", |cell| &**cell);
        let Places { beside, below, .. } = places;
        if below.first() == Some(&0) {
            writeln!(out, "{BOLD}{}{BOLD:#}", fold(cell(0), self.width))?;
        }
        let texts = beside.iter().map(|&(column, width)| (width, cell(column)));
        if places.folds {
            self.write_folded(out, texts)?;
        } else {
            self.write_line(out, &beside_each_other(texts))?;
        }
        let known = below
            .iter()
            .filter(|column| **column > 0 && !matches!(cell(**column), "" | "-"));
        let (own, beside): (Vec<usize>, Vec<usize>) =
            known.partition(|column| self.fit(**column) == Some(Fit::Below));
        let beside = beside.into_iter().map(cell).collect::<Vec<_>>().join("  ");
        for line in beside
            .lines()
            .chain(own.into_iter().flat_map(|column| cell(column).lines()))
        {
            writeln!(out, "{}", fold(&format!("{BELOW}{line}"), self.width))?;
        }
        Ok(())
    }

    fn fit(&self, column: usize) -> Option<Fit> {
        self.columns.get(column).map(|column| column.fit)
    }

    /// Leaves out the first of less worth until the rest fits; before the last of those, and
    /// then as often as it takes, the last of those that fold goes below.
    fn places(&self, extents: &[Extent]) -> Places {
        let width = self.width.unwrap_or(usize::MAX);
        let mut places = Places::default();
        for (number, extent) in extents.iter().enumerate().filter(|(_, it)| it.is_used) {
            if extent.column.fit == Fit::Below {
                places.below.push(number);
            } else {
                places.beside.push((number, extent.least()));
            }
        }
        while places.taken() > width {
            let fits = |fits: fn(Fit) -> bool| {
                let all = places.beside.iter().enumerate();
                all.filter(|(_, column)| self.fit(column.0).is_some_and(fits))
                    .map(|(place, _)| place)
                    .collect::<Vec<_>>()
            };
            let extra = fits(|fit| fit == Fit::Extra);
            let text = fits(|fit| matches!(fit, Fit::Text(_)));
            match (&extra[..], &text[..]) {
                // One line more is better than a device without any of them.
                ([_], [.., last]) if places.below.is_empty() => places.move_below(*last),
                ([first, ..], _) => drop(places.beside.remove(*first)),
                ([], [.., last]) if places.beside.len() > 1 => places.move_below(*last),
                _ => break,
            }
        }
        let mut spare = width.saturating_sub(places.taken());
        let mut beside: Vec<_> = places.beside.iter_mut().collect();
        beside.sort_by_key(|(column, _)| self.fit(*column) != Some(Fit::Folds));
        for (column, width) in beside {
            let whole = extents.get(*column).map_or(0, |it| it.whole);
            let more = whole.saturating_sub(*width).min(spare);
            *width += more;
            spare -= more;
        }
        let mut beside = places.beside.iter();
        places.folds = extents.iter().any(|it| it.has_lines)
            || beside
                .any(|&(column, width)| extents.get(column).is_some_and(|it| it.whole > width));
        places
    }

    /// Writes the cells of a row that stand beside each other, in as many lines as they take.
    fn write_folded<'a>(
        &self,
        out: &mut dyn Write,
        cells: impl Iterator<Item = (usize, &'a str)>,
    ) -> io::Result<()> {
        let cells: Vec<_> = cells
            .map(|(width, cell)| (width, fold_cell(cell, width)))
            .collect();
        let height = cells.iter().map(|(_, lines)| lines.len()).max();
        for number in 0..height.unwrap_or(0) {
            let line = cells.iter().map(|(width, lines)| {
                let text = lines.get(number).map(AsRef::as_ref);
                (*width, text.unwrap_or_default())
            });
            self.write_line(out, &beside_each_other(line))?;
        }
        Ok(())
    }

    /// A header is bold, and what begins a line may have a style.
    fn write_line(&self, out: &mut dyn Write, line: &str) -> io::Result<()> {
        let mut styles = self.styles.iter();
        match styles.find_map(|(word, style)| Some((style, word, line.strip_prefix(word)?))) {
            Some((style, word, rest)) => writeln!(out, "{style}{word}{style:#}{rest}"),
            None => writeln!(out, "{line}"),
        }
    }
}

impl Places {
    fn move_below(&mut self, place: usize) {
        let (column, _) = self.beside.remove(place);
        self.below.insert(0, column);
    }

    fn taken(&self) -> usize {
        let gaps = GAP * self.beside.len().saturating_sub(1);
        self.beside.iter().map(|(_, width)| width).sum::<usize>() + gaps
    }
}

/// A line of cells, each with its width.
fn beside_each_other<'a>(cells: impl Iterator<Item = (usize, &'a str)>) -> String {
    let mut line = String::new();
    for (width, text) in cells {
        let blanks = (width + GAP).saturating_sub(display_width(text));
        line.push_str(text);
        line.extend(std::iter::repeat_n(' ', blanks));
    }
    line.truncate(line.trim_end().len());
    line
}

/// A cell, made harmless; `-` where it is not known.
pub(super) fn known(cell: impl IntoIterator<Item: ToString>) -> String {
    let cell = cell.into_iter().next();
    cell.map_or_else(|| "-".into(), |it| harmless(&it.to_string()))
}

/// The same, but empty where it is not known.
pub(super) fn blank(cell: impl IntoIterator<Item: ToString>) -> String {
    let cell = cell.into_iter().next();
    cell.map_or_else(String::new, |it| harmless(&it.to_string()))
}

/// A cell with text of others.
pub(super) fn harmless(cell: &str) -> String {
    clean(cell).into_owned()
}

/// Writes the short table: what an installer wants first.
pub(super) fn write_short(
    out: &mut impl Write,
    devices: &[DeviceRow<'_>],
    width: Width,
) -> io::Result<()> {
    let table = Plain {
        columns: &COLUMNS,
        styles: &STYLES,
        width,
    };
    table.write(out, devices, |DeviceRow(found)| {
        let [state, model, rest @ ..] = short_cells(found);
        let called = found.called().unwrap_or_default();
        let cells = [state, called, model].into_iter().chain(rest);
        cells.chain([notes(found)])
    })
}

/// Writes the vendor tool's columns and some of our own, however wide.
pub(super) fn write_wide(out: &mut impl Write, devices: &[DeviceRow<'_>]) -> io::Result<()> {
    let mut columns = columns();
    columns.retain(|(_, column)| column.wide);
    let titles = columns
        .iter()
        .map(|(_, column)| Column::whole(column.title));
    let titles: Vec<_> = std::iter::once(Column::whole("ID")).chain(titles).collect();
    let table = Plain {
        columns: &titles,
        styles: &STYLES,
        width: None,
    };
    let rows: Vec<_> = (1u64..).zip(devices).collect();
    table.write(out, &rows, |(number, DeviceRow(found))| {
        let cells = columns.iter().map(|(field, _)| (field.value)(found).cell());
        std::iter::once(number.to_string()).chain(cells.map(|it| harmless(&it)))
    })
}

/// What an installer wants to know of a device first.
const COLUMNS: [Column; 8] = [
    Column::whole("STATE"),
    Column::text("NAME", 10),
    Column::text("MODEL", 10),
    Column::whole("ADDRESS"),
    Column::whole("MAC"),
    Column::extra("FIRMWARE"),
    Column::extra("SERIAL"),
    Column::text("NOTES", 14),
];

const STYLES: [(&str, Style); 3] = [("unactivated", YELLOW), ("active", GREEN), ("locked", RED)];
