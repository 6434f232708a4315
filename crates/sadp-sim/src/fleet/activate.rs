//! How an activation is answered, and the return from it: `activate` and
//! `restoreInactive`.

use super::{
    command::{Answer, Order},
    memory::Memory,
    power, secret,
};
use crate::{Device, device::NewPassword};

/// Takes the first password, sealed in the session of the latest exchange,
/// which is spent by it.
pub(super) fn answer(device: &mut Device, memory: &mut Memory, order: Order<'_>) -> Answer {
    let session = memory.take_session(*order.asker.ip(), order.now);
    if device.state.activated {
        return Answer::refused("hasActivated");
    }
    let sealed = order.fields.first("Password").unwrap_or_default();
    let password = session.and_then(|session| session.open_password(sealed).ok());
    let Some(password) = password else {
        return Answer::refused("failed");
    };
    let user = device.user();
    match device.access.set(password, &user) {
        NewPassword::Risky => Answer::refused("riskPassword"),
        NewPassword::Set => {
            device.state.activated = true;
            Answer::success()
        }
    }
}

/// Returns to the unactivated state for who knows the password. Network settings
/// stay: a guess.
pub(super) fn undo(device: &mut Device, memory: &mut Memory, order: Order<'_>) -> Answer {
    if !device.state.activated {
        return Answer::refused("notActivated");
    }
    let proven = secret::open(memory, order)
        .and_then(|(_, password)| secret::prove(device, &password, order));
    if let Err(refused) = proven {
        return refused;
    }
    power::forget_owner(device);
    memory.forget_by_password();
    Answer::success()
}
