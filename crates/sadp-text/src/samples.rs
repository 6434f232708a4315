//! Devices to try with.

use sadp_model::{Device, testing::recorded};
use sadp_ops::DiscoveredDevice;

/// The devices as if each had replied from its address.
pub(crate) fn discovered(devices: impl IntoIterator<Item = Device>) -> Vec<DiscoveredDevice> {
    DiscoveredDevice::assess_all(recorded(devices), &[])
}
