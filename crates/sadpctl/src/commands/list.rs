//! Devices chosen and printed, as several commands do.

use std::slice;

use sadp_ops::{DeviceName, DiscoveredDevice, Inventory, Naming};
use sadp_text::{
    count,
    select::{self, Filter},
};

use crate::{
    args::{AskArgs, ChoiceArgs, Context, DeviceArgs, GuidImportArgs, ListArgs},
    failure::{Exit, Failure},
    output::{self, DeviceRow, Layout},
    run::Target,
};

/// Chooses, sorts and prints devices. Returns those printed.
pub(super) fn print(
    mut devices: Vec<DiscoveredDevice>,
    args: &ListArgs,
    context: &mut Context<'_>,
) -> Result<Vec<DiscoveredDevice>, Failure> {
    let all = devices.len();
    if let Some(filter) = &args.filter {
        devices.retain(|found| filter.holds(found));
    }
    select::by_urgency(&mut devices);
    if let Some(key) = &args.sort {
        select::by_key(&mut devices, key);
    }
    let Context { global, terminal } = context;
    let (width, wide) = (terminal.width(), args.wide);
    let rows: Vec<_> = devices.iter().map(DeviceRow).collect();
    output::write_rows(terminal.out(), &rows, global.format, Layout { width, wide })?;
    terminal.flush()?;
    match &args.filter {
        Some(filter) if devices.is_empty() && all > 0 => Err(none_chosen(all, filter)),
        _ => Ok(devices),
    }
}

impl Target for DeviceArgs {
    type Chosen = DiscoveredDevice;

    fn ask(&self) -> &AskArgs {
        &self.ask
    }

    fn names(&self) -> &[DeviceName] {
        slice::from_ref(&self.device)
    }

    fn choose(&self, found: &Inventory, naming: Naming) -> Result<DiscoveredDevice, Failure> {
        Ok(self.device.find(found, naming)?.clone())
    }
}

impl Target for ChoiceArgs {
    type Chosen = Vec<DiscoveredDevice>;

    fn ask(&self) -> &AskArgs {
        &self.ask
    }

    fn names(&self) -> &[DeviceName] {
        &self.devices
    }

    fn choose(&self, found: &Inventory, naming: Naming) -> Result<Vec<DiscoveredDevice>, Failure> {
        if self.all {
            return of_all(found, self.filter.as_ref());
        }
        let mut chosen = sadp_ops::select(found, &self.devices, naming)?;
        select::by_urgency(&mut chosen);
        Ok(chosen)
    }
}

impl Target for GuidImportArgs {
    type Chosen = Vec<DiscoveredDevice>;

    fn ask(&self) -> &AskArgs {
        &self.ask
    }

    fn names(&self) -> &[DeviceName] {
        self.device.as_slice()
    }

    fn choose(&self, found: &Inventory, naming: Naming) -> Result<Vec<DiscoveredDevice>, Failure> {
        match &self.device {
            Some(device) => Ok(vec![device.find(found, naming)?.clone()]),
            None => of_all(found, self.filter.as_ref()),
        }
    }
}

/// The devices that a filter chooses of all, in the order of `scan`. Fails where it
/// chooses none.
pub(super) fn of_all(
    found: &Inventory,
    filter: Option<&Filter>,
) -> Result<Vec<DiscoveredDevice>, Failure> {
    let mut devices = found.devices.clone();
    select::by_urgency(&mut devices);
    let Some(filter) = filter else {
        return Ok(devices);
    };
    devices.retain(|found| filter.holds(found));
    if devices.is_empty() {
        return Err(none_chosen(found.devices.len(), filter));
    }
    Ok(devices)
}

/// No device is what `--where` asks for.
fn none_chosen(all: usize, filter: &Filter) -> Failure {
    let devices = count(all as u64, "device", "devices");
    let message = format!("of {devices} found, none fits --where {}", filter.as_str());
    Failure::words(Exit::NotFound, message).hint("leave --where out to see them all")
}
