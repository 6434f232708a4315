//! Recorders that pass a new password on to their cameras.

use super::{Fleet, command::CommandRequest};
use crate::{
    Device, Secret,
    device::{Support, read_flag},
};

/// Returns the present password of a recorder that is to pass a new one on. `None` where
/// the command does not request it, or the recorder does not report that it can.
pub(super) fn former_password(device: &Device, request: CommandRequest<'_>) -> Option<Secret> {
    const ELEMENT: &str = "SyncIPCPassword";
    let asked = read_flag(request.fields.first(ELEMENT)) == Some(true);
    (asked && device.supports(ELEMENT) == Support::Yes).then(|| device.access.password.clone())
}

impl Fleet {
    /// Sets a recorder's new password on its cameras: the configured ones, else all with
    /// its former password. A camera that is offline, unactivated or refuses the password
    /// as risky keeps its own.
    pub(super) fn pass_password_on(
        &mut self,
        recorder: u32,
        former: &Secret,
        request: CommandRequest<'_>,
    ) {
        let Some(device) = self.device(recorder) else {
            return;
        };
        let password = device.access.password.text().clone();
        let addresses = device.recovery.cameras.clone();
        for number in 0..self.count() {
            let offline = self.is_offline(number, request.now);
            let Some(camera) = self.devices.get_mut(number as usize) else {
                continue;
            };
            let belongs = match &addresses {
                Some(addresses) => addresses.contains(&camera.settings.address),
                None => camera.profile.is_camera() && camera.access.password.is(former.text()),
            };
            if number == recorder || !belongs || offline || !camera.state.activated {
                continue;
            }
            if camera.set_password(password.clone()).is_ok() {
                let memory = self.memories.entry(number).or_default();
                memory.forget_by_password();
                memory.executions.synced += 1;
                self.stats.executions.synced += 1;
            }
        }
    }
}
