//! What every command that lists devices does at its end.

use sadp_ops::DiscoveredDevice;

use crate::{
    args::ListArgs,
    failure::{Exit, Failure},
    output::{self, DeviceRow, Format, Layout},
    select::{self, Filter},
    terminal::Terminal,
    text::count,
};

/// Chooses, sorts and prints devices. Returns those printed.
pub(super) fn print(
    mut devices: Vec<DiscoveredDevice>,
    args: &ListArgs,
    format: Format,
    terminal: &mut Terminal,
) -> Result<Vec<DiscoveredDevice>, Failure> {
    if let Some(filter) = &args.filter {
        devices.retain(|found| filter.holds(found));
    }
    select::by_urgency(&mut devices);
    if let Some(key) = &args.sort {
        select::by_key(&mut devices, key);
    }
    let layout = Layout {
        width: terminal.width(),
        wide: args.wide,
    };
    let rows: Vec<_> = devices.iter().map(DeviceRow).collect();
    output::write_rows(terminal.out(), &rows, format, layout)?;
    terminal.flush()?;
    Ok(devices)
}

/// No device is what `--where` asks for.
pub(super) fn none_chosen(all: usize, filter: &Filter) -> Failure {
    let devices = count(all as u64, "device", "devices");
    let message = format!("of {devices} found, none fits --where {}", filter.as_str());
    Failure::words(Exit::NotFound, message).hint("leave --where out to see them all")
}
