//! How a recorder passes a new password on to its cameras.

use sadp_model::Kind;

use super::{Fleet, command::Order};
use crate::{
    Device, Secret,
    device::{NewPassword, Support, read_flag},
};

/// The password a recorder has that is asked to pass a new one on. `None` where
/// it is not asked to, or does not say that it can.
pub(super) fn former_password(device: &Device, order: Order<'_>) -> Option<Secret> {
    const ELEMENT: &str = "SyncIPCPassword";
    let asked = read_flag(order.fields.first(ELEMENT)) == Some(true);
    (asked && device.supports(ELEMENT) == Support::Yes).then(|| device.access.password.clone())
}

impl Fleet {
    /// Gives a recorder's new password to its cameras: those it was told of, else
    /// all that had the password it had. One that is away, unactivated or finds
    /// the password risky keeps its own.
    pub(super) fn pass_password_on(&mut self, recorder: u32, former: &Secret, order: Order<'_>) {
        let Some(device) = self.device(recorder) else {
            return;
        };
        let password = device.access.password.text().clone();
        let addresses = device.recovery.cameras.clone();
        for number in 0..self.count() {
            let asleep = self.is_asleep(number, order.now);
            let Some(camera) = self.devices.get_mut(number as usize) else {
                continue;
            };
            let belongs = match &addresses {
                Some(addresses) => addresses.contains(&camera.settings.address),
                None => is_camera(camera) && camera.access.password.is(former.text()),
            };
            if number == recorder || !belongs || asleep || !camera.state.activated {
                continue;
            }
            let user = camera.user();
            if camera.access.set(password.clone(), &user) == NewPassword::Set {
                let memory = self.memories.entry(number).or_default();
                memory.forget_by_password();
                memory.executions.synced += 1;
                self.stats.executions.synced += 1;
            }
        }
    }
}

fn is_camera(device: &Device) -> bool {
    matches!(device.profile.kind(), Kind::IpCamera | Kind::Ptz)
}
