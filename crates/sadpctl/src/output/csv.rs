use std::io::{self, Write};

use super::{
    columns::{ID, OWN, VENDOR},
    harmless,
};
use sadp_ops::DiscoveredDevice;

pub(super) fn write(out: &mut impl Write, devices: &[DiscoveredDevice]) -> io::Result<()> {
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
