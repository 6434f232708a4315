//! XML with the names of the columns.

use std::io::{self, Write};

use quick_xml::{
    Writer,
    events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event},
};
use sadp_model::text::clean;

use super::Row;

pub(super) fn write<R: Row>(out: &mut impl Write, rows: &[R]) -> io::Result<()> {
    let names: Vec<_> = R::titles().into_iter().map(name).collect();
    let mut writer = Writer::new_with_indent(&mut *out, b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    writer.write_event(Event::Start(BytesStart::new("Devices")))?;
    for cells in R::cells(rows)? {
        writer.write_event(Event::Start(BytesStart::new("Device")))?;
        for (name, cell) in names.iter().zip(cells) {
            writer
                .create_element(&**name)
                .write_text_content(BytesText::new(&clean(&cell)))?;
        }
        writer.write_event(Event::End(BytesEnd::new("Device")))?;
    }
    writer.write_event(Event::End(BytesEnd::new("Devices")))?;
    writeln!(out)
}

/// An element's name: the column's title without what a name cannot hold, e.g.
/// `DeviceSerialNo`.
fn name(title: &str) -> String {
    title.chars().filter(char::is_ascii_alphanumeric).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::output::DeviceRow;

    #[test]
    fn every_column_has_a_name_of_its_own() {
        let titles = DeviceRow::titles();
        let names: HashSet<_> = titles.iter().map(|title| name(title)).collect();
        assert_eq!(names.len(), titles.len());
        assert!(
            names
                .iter()
                .all(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()))
        );
        assert!(names.contains("EncodingChannels"));
    }
}
