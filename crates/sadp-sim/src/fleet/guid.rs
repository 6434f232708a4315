//! How a GUID is exported and taken back: `ExportGUID` and `GUIDReset`.

use rand::{RngExt, rngs::Xoshiro256PlusPlus};
use sadp_proto::Guid;

use super::{
    command::{Answer, Order},
    memory::Memory,
    secret,
};
use crate::Device;

/// What a simulated device's GUID begins with. The rest is random.
const MARK: &[u8] = b"SADPCTL-SIMULATED-GUID:";

/// Gives a GUID to who knows the password.
pub(super) fn export(
    device: &mut Device,
    memory: &mut Memory,
    order: Order<'_>,
    rng: &mut Xoshiro256PlusPlus,
) -> Answer {
    let proven = secret::open(memory, order).and_then(|(_, password)| {
        // It has no word for a device that has no password yet.
        if !device.state.activated {
            return Err(Answer::refused("failed"));
        }
        secret::prove(device, &password, order)
    });
    if let Err(refused) = proven {
        return refused;
    }
    let mut bytes = [0; Guid::BYTES];
    rng.fill(&mut bytes);
    for (slot, byte) in bytes.iter_mut().zip(MARK) {
        *slot = *byte;
    }
    let Ok(guid) = Guid::new(&bytes) else {
        return Answer::refused("failed");
    };
    let answer = Answer::success().with("GUID", guid.as_str().to_owned());
    memory.keep_guid(guid);
    answer
}

/// Takes a GUID exported since the password was last changed, with a new
/// password.
pub(super) fn reset(device: &mut Device, memory: &mut Memory, order: Order<'_>) -> Answer {
    if !device.state.activated {
        return Answer::refused("notActivated");
    }
    take(device, memory, order).unwrap_or_else(|refused| refused)
}

fn take(device: &mut Device, memory: &mut Memory, order: Order<'_>) -> Result<Answer, Answer> {
    let (_, password) = secret::open(memory, order)?;
    secret::check_lock(&mut device.recovery.tries, order)?;
    let text = order.fields.first("GUID").unwrap_or_default();
    let known = Guid::from_text(text).is_ok_and(|guid| memory.knows_guid(&guid));
    if !known {
        return Err(secret::deny(
            &mut device.recovery.tries,
            order,
            "invalidGUID",
        ));
    }
    secret::replace(device, memory, password)
}
