//! Tables for people.

use std::{
    io::{self, Write},
    ops::Range,
};

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
pub(super) struct PlainColumn {
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

impl PlainColumn {
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

/// A table without lines. What begins a line may have a style.
pub(super) struct Plain<'a> {
    columns: Vec<PlainColumn>,
    cells: Cells,
    styles: &'a [(&'a str, Style)],
}

/// All cells, row by row. Those of thousands of devices take little memory so.
#[derive(Default)]
struct Cells {
    text: String,
    /// Where each ends.
    ends: Vec<usize>,
}

impl Cells {
    fn push(&mut self, cell: &str) {
        self.text.push_str(cell);
        self.ends.push(self.text.len());
    }

    fn at(&self, place: usize) -> &str {
        let before = place.checked_sub(1).and_then(|it| self.ends.get(it));
        let start = before.copied().unwrap_or(0);
        let end = self.ends.get(place).copied().unwrap_or(start);
        self.text.get(start..end).unwrap_or_default()
    }
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

impl<'a> Plain<'a> {
    /// A table of these columns; without titles it has no header.
    pub(super) fn new(columns: &[PlainColumn], styles: &'a [(&'a str, Style)]) -> Self {
        Self {
            columns: columns.to_vec(),
            cells: Cells::default(),
            styles,
        }
    }

    /// Adds a row. Text of others is made harmless by the caller.
    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let mut cells = cells.into_iter();
        for _ in &self.columns {
            self.cells.push(&cells.next().unwrap_or_default());
        }
    }

    fn rows(&self) -> Range<usize> {
        0..self.cells.ends.len() / self.columns.len().max(1)
    }

    fn cell(&self, row: usize, column: usize) -> &str {
        self.cells.at(row * self.columns.len() + column)
    }

    /// Writes it. Without a width each row is a line.
    pub(super) fn write(mut self, out: &mut impl Write, width: Width) -> io::Result<()> {
        if width.is_none() {
            self.join_lines();
        }
        let Places {
            beside,
            below,
            folds,
        } = self.places(width.unwrap_or(usize::MAX));
        let columns = beside
            .iter()
            .map(|&(column, width)| (self.columns.get(column), width));
        let titles: Vec<_> = columns
            .filter_map(|(column, width)| Some((width, column?.title)))
            .collect();
        if titles.iter().any(|(_, title)| !title.is_empty()) {
            writeln!(
                out,
                "{BOLD}{}{BOLD:#}",
                beside_each_other(titles.into_iter())
            )?;
        }
        for row in self.rows() {
            let cell = |column| self.cell(row, column);
            if below.first() == Some(&0) {
                writeln!(out, "{BOLD}{}{BOLD:#}", fold(cell(0), width))?;
            }
            if folds {
                self.write_folded(out, row, &beside)?;
            } else {
                let cells = beside.iter().map(|&(column, width)| (width, cell(column)));
                self.write_line(out, &beside_each_other(cells))?;
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
                writeln!(out, "{}", fold(&format!("{BELOW}{line}"), width))?;
            }
        }
        Ok(())
    }

    /// One line a row: what stands below goes behind the cell before.
    fn join_lines(&mut self) {
        let below = self.columns.last().is_some_and(|it| it.fit == Fit::Below);
        if !below && !self.cells.text.contains('\n') {
            return;
        }
        let mut joined = Self::new(&self.columns, self.styles);
        for row in self.rows() {
            let columns = 0..self.columns.len();
            let cells = columns.map(|column| self.cell(row, column).replace('\n', "; "));
            let mut cells: Vec<_> = cells.collect();
            if let Some(text) = cells.pop_if(|text| below && !text.is_empty())
                && let Some(cell) = cells.last_mut()
            {
                cell.extend(["  ", &text]);
            }
            joined.row(cells);
        }
        *self = joined;
    }

    fn fit(&self, column: usize) -> Option<Fit> {
        self.columns.get(column).map(|column| column.fit)
    }

    /// Leaves out the first of less worth until the rest fits; before the last of those, and
    /// then as often as it takes, the last of those that fold goes below.
    fn places(&self, width: usize) -> Places {
        let mut places = Places::default();
        let mut wanted = Vec::new();
        for (number, column) in self.columns.iter().enumerate() {
            let texts = || self.rows().map(|row| self.cell(row, number));
            if texts().all(str::is_empty) {
                wanted.push(0);
                continue;
            }
            let lines = texts().flat_map(str::lines).chain([column.title]);
            let whole = lines.map(display_width).max().unwrap_or(0);
            let words = texts().chain([column.title]).map(longest_word);
            let least = match column.fit {
                Fit::Text(least) => whole.min(words.max().unwrap_or(0).max(least)),
                Fit::Folds => words.max().unwrap_or(0),
                Fit::Whole | Fit::Extra | Fit::Below => whole,
            };
            wanted.push(whole);
            if column.fit == Fit::Below {
                places.below.push(number);
            } else {
                places.beside.push((number, least));
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
            let more = wanted
                .get(*column)
                .copied()
                .unwrap_or(0)
                .saturating_sub(*width)
                .min(spare);
            *width += more;
            spare -= more;
        }
        let mut beside = places.beside.iter();
        places.folds = self.cells.text.contains('\n')
            || beside.any(|&(column, width)| wanted.get(column) > Some(&width));
        places
    }

    /// Writes the cells of a row that stand beside each other, in as many lines as they take.
    fn write_folded(
        &self,
        out: &mut impl Write,
        row: usize,
        beside: &[(usize, usize)],
    ) -> io::Result<()> {
        let cells = beside
            .iter()
            .map(|&(column, width)| (width, fold_cell(self.cell(row, column), width)));
        let cells: Vec<_> = cells.collect();
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
    fn write_line(&self, out: &mut impl Write, line: &str) -> io::Result<()> {
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

/// A cell: `-` where it is not known, else made harmless.
pub(super) fn known(cell: Option<impl AsRef<str>>) -> String {
    cell.map_or_else(|| "-".into(), |cell| clean(cell.as_ref()).into_owned())
}

/// Writes the short table: what an installer wants first.
pub(super) fn write_short(
    out: &mut impl Write,
    devices: &[DeviceRow<'_>],
    width: Width,
) -> io::Result<()> {
    let mut table = Plain::new(&COLUMNS, &STYLES);
    for DeviceRow(found) in devices {
        let [state, model, rest @ ..] = short_cells(found);
        let called = found.called().unwrap_or_default();
        let cells = [state, called, model].into_iter().chain(rest);
        table.row(cells.chain([notes(found)]));
    }
    table.write(out, width)
}

/// Writes the vendor tool's columns and some of our own, however wide.
pub(super) fn write_wide(out: &mut impl Write, devices: &[DeviceRow<'_>]) -> io::Result<()> {
    let mut columns = columns();
    columns.retain(|(_, column)| column.wide);
    let titles = columns
        .iter()
        .map(|(_, column)| PlainColumn::whole(column.title));
    let titles: Vec<_> = std::iter::once(PlainColumn::whole("ID"))
        .chain(titles)
        .collect();
    let mut table = Plain::new(&titles, &STYLES);
    for (number, DeviceRow(found)) in (1u64..).zip(devices) {
        let cells = columns.iter().map(|(field, _)| (field.value)(found).cell());
        let cells = cells.map(|cell| clean(&cell).into_owned());
        table.row(std::iter::once(number.to_string()).chain(cells));
    }
    table.write(out, None)
}

/// What an installer wants to know of a device first.
const COLUMNS: [PlainColumn; 8] = [
    PlainColumn::whole("STATE"),
    PlainColumn::text("NAME", 10),
    PlainColumn::text("MODEL", 10),
    PlainColumn::whole("ADDRESS"),
    PlainColumn::whole("MAC"),
    PlainColumn::extra("FIRMWARE"),
    PlainColumn::extra("SERIAL"),
    PlainColumn::text("NOTES", 14),
];

const STYLES: [(&str, Style); 3] = [("unactivated", YELLOW), ("active", GREEN), ("locked", RED)];
