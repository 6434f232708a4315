use std::collections::BTreeSet;

use sadp_ops::DiscoveredDevice;

use crate::{args::ChoiceArgs, commands::list, failure::Failure, select};

/// The devices a command is for, in the order of `scan`.
pub(in crate::commands) fn choose(
    args: &ChoiceArgs,
    mut devices: Vec<DiscoveredDevice>,
) -> Result<Vec<DiscoveredDevice>, Failure> {
    select::by_urgency(&mut devices);
    let all = devices.len();
    if let Some(filter) = &args.filter {
        devices.retain(|found| filter.holds(found));
        if devices.is_empty() {
            return Err(list::none_chosen(all, filter));
        }
    }
    if args.all {
        return Ok(devices);
    }
    // One named twice is meant once.
    let places = args.devices.iter().map(|name| name.find(&devices));
    let places = places.collect::<Result<BTreeSet<_>, _>>()?;
    let devices = devices.into_iter().enumerate();
    Ok(devices
        .filter_map(|(place, found)| places.contains(&place).then_some(found))
        .collect())
}
