use std::io::{self, Write};

use quick_xml::{
    Writer,
    events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event},
};

use sadp_ops::DiscoveredDevice;

use super::columns::{ID, OWN, VENDOR};
use crate::text::clean;

pub(super) fn write(out: &mut impl Write, devices: &[DiscoveredDevice]) -> io::Result<()> {
    let mut writer = Writer::new_with_indent(&mut *out, b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    writer.write_event(Event::Start(BytesStart::new("Devices")))?;
    for (number, found) in (1u64..).zip(devices) {
        writer.write_event(Event::Start(BytesStart::new("Device")))?;
        element(&mut writer, ID, &number.to_string())?;
        for column in VENDOR.iter().chain(&OWN) {
            element(&mut writer, column.title, &column.cell(found))?;
        }
        writer.write_event(Event::End(BytesEnd::new("Device")))?;
    }
    writer.write_event(Event::End(BytesEnd::new("Devices")))?;
    writeln!(out)
}

fn element(writer: &mut Writer<impl Write>, title: &str, text: &str) -> io::Result<()> {
    writer
        .create_element(name(title))
        .write_text_content(BytesText::new(&clean(text)))?;
    Ok(())
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

    #[test]
    fn every_column_has_a_name_of_its_own() {
        let names: HashSet<_> = VENDOR
            .iter()
            .chain(&OWN)
            .map(|column| name(column.title))
            .collect();
        assert_eq!(names.len(), VENDOR.len() + OWN.len());
        assert!(
            names
                .iter()
                .all(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()))
        );
        assert!(names.contains("EncodingChannels"));
    }
}
