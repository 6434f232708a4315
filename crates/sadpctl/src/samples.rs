//! Devices to try with.

use sadp_model::{Device, testing::recorded};
use sadp_ops::DiscoveredDevice;

/// A device of which nothing is known but its MAC.
pub(crate) fn named(mac: &str) -> DiscoveredDevice {
    let mut device = Device::unknown();
    device.mac = mac.parse().ok();
    DiscoveredDevice::assess_all(recorded([device]), &[]).remove(0)
}
