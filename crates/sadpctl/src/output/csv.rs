use std::io::{self, Write};

use super::columns::{ID, OWN, VENDOR};
use crate::{found::Found, text::clean};

pub(super) fn write(out: &mut impl Write, devices: &[Found]) -> io::Result<()> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(out);
    let columns = || VENDOR.iter().chain(&OWN);
    let titles = columns().map(|column| column.title);
    writer.write_record(std::iter::once(ID).chain(titles))?;
    for (number, found) in (1u64..).zip(devices) {
        let cells = columns().map(|column| harmless(&column.cell(found)));
        writer.write_record(std::iter::once(number.to_string()).chain(cells))?;
    }
    writer.flush()
}

/// A cell that a spreadsheet takes for text, whatever a device wrote.
pub(crate) fn harmless(cell: &str) -> String {
    let text = clean(cell);
    if cell
        .trim_start()
        .starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'])
    {
        return format!("'{text}");
    }
    text.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_that_would_be_formulas_are_text() {
        assert_eq!(harmless("=cmd|'/c calc'!A1"), "'=cmd|'/c calc'!A1");
        assert_eq!(harmless("+1"), "'+1");
        assert_eq!(harmless("-2"), "'-2");
        assert_eq!(harmless("@SUM"), "'@SUM");
        assert_eq!(harmless("\t=1"), "'\\u{9}=1");
        assert_eq!(harmless(" =1"), "' =1");
        assert_eq!(harmless("DS-2CD"), "DS-2CD");
        assert_eq!(harmless("a\r\nb"), "a\\u{d}\\u{a}b");
    }
}
