//! Devices chosen and printed, as several commands do.

use sadp_ops::DiscoveredDevice;

use crate::{
    args::{ChoiceArgs, ListArgs},
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

/// The devices a command is for, in the order of `scan`.
pub(super) fn choose(
    args: &ChoiceArgs,
    mut devices: Vec<DiscoveredDevice>,
) -> Result<Vec<DiscoveredDevice>, Failure> {
    select::by_urgency(&mut devices);
    let all = devices.len();
    if let Some(filter) = &args.filter {
        devices.retain(|found| filter.holds(found));
        if devices.is_empty() {
            return Err(none_chosen(all, filter));
        }
    }
    if args.all {
        return Ok(devices);
    }
    Ok(sadp_ops::select(devices, &args.devices)?)
}

/// No device is what `--where` asks for.
pub(super) fn none_chosen(all: usize, filter: &Filter) -> Failure {
    let devices = count(all as u64, "device", "devices");
    let message = format!("of {devices} found, none fits --where {}", filter.as_str());
    Failure::words(Exit::NotFound, message).hint("leave --where out to see them all")
}
