//! Which recovery ways are set up: `getPasswordResetType`.

use super::{command::Answer, memory::Memory};
use crate::Device;

/// Tells which ways are set up, whoever asks.
pub(super) fn list(device: &Device, memory: &Memory) -> Answer {
    if !device.state.activated {
        return Answer::refused("notActivated");
    }
    let ways = [
        (
            "SecurityQuestionEnabled",
            !device.recovery.questions.is_empty(),
        ),
        ("GuidFileDataEnabled", memory.has_guid()),
        ("SecurityEmailEnabled", device.recovery.mailbox.is_some()),
        ("HCVerificationCodeEnabled", device.cloud.code.is_some()),
    ];
    let any = ways.iter().any(|(_, set)| *set);
    let answer = Answer::success().with("PasswordResetTypeEnabled", any.to_string());
    ways.into_iter().fold(answer, |answer, (name, set)| {
        answer.with(name, set.to_string())
    })
}
