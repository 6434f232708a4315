//! Tables of which the last column is for reading.

use std::io::{self, Write};

use anstyle::Style;
use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets::NOTHING};

use crate::terminal::BOLD;

/// A table without lines.
pub(super) fn plain() -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING);
    table
}

/// Gives the last column what the others leave of `width`: those are copied and
/// never wrap.
pub(super) fn arrange(table: &mut Table, width: usize) {
    let width = u16::try_from(width).unwrap_or(u16::MAX);
    let contents = table.column_max_content_widths();
    let last = contents.len().saturating_sub(1);
    let fixed: u16 = contents.iter().take(last).map(|wanted| wanted + GAP).sum();
    for (index, column) in table.column_iter_mut().enumerate() {
        let wanted = contents.get(index).copied().unwrap_or(0);
        let (gap, width) = if index == last {
            (0, wanted.min(width.saturating_sub(fixed).max(MIN_LAST)))
        } else {
            (GAP, wanted + GAP)
        };
        column.set_padding((0, gap));
        column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width)));
    }
    // The widths are set already; this only makes the layout keep to them.
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::MAX);
}

/// Writes a table. A word that begins a line gets its style; a header is bold.
pub(super) fn write(
    out: &mut impl Write,
    table: &Table,
    styles: &[(&str, Style)],
) -> io::Result<()> {
    let has_header = table.header().is_some();
    for (number, line) in table.lines().enumerate() {
        let line = line.trim_end();
        let found = styles
            .iter()
            .find_map(|(word, style)| Some((style, word, line.strip_prefix(word)?)));
        match found {
            _ if number == 0 && has_header => writeln!(out, "{BOLD}{line}{BOLD:#}")?,
            Some((style, word, rest)) => writeln!(out, "{style}{word}{style:#}{rest}")?,
            None => writeln!(out, "{line}")?,
        }
    }
    Ok(())
}

/// Blanks between columns.
const GAP: u16 = 2;
const MIN_LAST: u16 = 24;
