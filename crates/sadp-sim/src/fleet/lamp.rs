//! How the lamp is switched.

use super::command::{Answer, Order};
use crate::Device;

/// Switches the lamp, whoever asks.
pub(super) fn answer(device: &mut Device, order: Order<'_>) -> Answer {
    device.state.lamp = match order.fields.first("Action") {
        Some("open") => true,
        Some("close") => false,
        _ => return Answer::refused("failed"),
    };
    Answer::success()
}
