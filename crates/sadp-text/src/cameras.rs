//! The cameras behind recorders, in words.

use sadp_isapi::DetectResult;
use sadp_model::{MacAddr, text::clean};
use sadp_ops::{
    DeviceRef,
    cameras::{CameraBehind, CameraProblem},
};
use sadp_reset::RecorderCamera;

use crate::{Sentence, count, in_states, minute};

/// `5 channels: 3 online, 2 not; 1 more camera found, on no channel`.
pub(crate) fn cameras_in_brief(cameras: &[RecorderCamera]) -> String {
    let (channels, others): (Vec<_>, Vec<_>) = cameras.iter().partition(|it| it.channel.is_some());
    let with = |online| channels.iter().filter(|it| it.online == online).count();
    let states = [
        (with(Some(true)), "online"),
        (with(Some(false)), "not online"),
        (with(None), "not known"),
    ];
    let number = count(channels.len() as u64, "channel", "channels");
    let channels = in_states(number, &states);
    if others.is_empty() {
        return channels;
    }
    let more = count(others.len() as u64, "more camera", "more cameras");
    format!("{channels}; {more} found, on no channel")
}

/// How a camera behind a recorder stands: `online`, `offline: it cannot be reached`.
pub fn camera_state(camera: &RecorderCamera) -> String {
    let reason = camera.result.as_deref().and_then(reason);
    let state = match (camera.online, reason) {
        (Some(true), _) => Some("online".into()),
        (Some(false), Some(reason)) => Some(format!("offline: {reason}")),
        (Some(false), None) => Some("offline".into()),
        (None, Some(reason)) => Some(reason),
        (None, None) if camera.channel.is_none() => Some("on no channel".into()),
        (None, None) => None,
    };
    match (camera.activated, state) {
        (Some(false), Some(state)) => format!("not activated; {state}"),
        (Some(false), None) => "not activated".into(),
        (_, state) => state.unwrap_or_else(|| "not known".into()),
    }
}

/// Where a camera is: `behind DS-7616NXI-K2 192.168.1.100, channel 3, as of 2026-11-27
/// 21:30: online`.
pub fn camera_place(behind: &CameraBehind) -> String {
    let (at, state) = (minute(behind.at), camera_state(&behind.camera));
    format!("behind {}, as of {at}: {state}", recorder_channel(behind))
}

/// `DS-7616NXI-K2 192.168.1.100, channel 3`.
pub(crate) fn recorder_channel(behind: &CameraBehind) -> String {
    let recorder = recorder_name(&behind.recorder);
    let channel = behind.camera.channel.map(|it| format!(", channel {it}"));
    recorder + &channel.unwrap_or_default()
}

/// A recorder for people: its name, else its model, and its address.
pub(crate) fn recorder_name(recorder: &DeviceRef) -> String {
    let name = recorder.called.as_deref().or(recorder.model.as_deref());
    let address = recorder.address.map(|it| it.to_string());
    let mac = || recorder.mac.map(|mac: MacAddr| mac.to_string());
    let parts = [name.map(Into::into), address.or_else(mac)];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    clean(&parts.join(" ")).into_owned()
}

/// What mends what is wrong with a camera behind a recorder.
pub fn camera_mends(problem: CameraProblem, recorder: &DeviceRef) -> Sentence {
    match problem {
        CameraProblem::Unactivated => "activate it on the recorder's own web page".into(),
        CameraProblem::Offline => {
            let mac = recorder.mac.map(|it| it.to_string());
            let name = mac.or_else(|| recorder.address.map(|it| it.to_string()));
            let recorder = name.unwrap_or_else(|| "RECORDER".into());
            Sentence::new("look at it, then: ").terminal_only(format!("sadpctl cameras {recorder}"))
        }
    }
}

/// Why a recorder does not show a camera. `None` where it does.
fn reason(word: &str) -> Option<String> {
    // An unknown word is one, too.
    let result = word.parse();
    let text = match result.unwrap_or_else(|_| DetectResult::Other(word.into())) {
        DetectResult::Connect => return None,
        DetectResult::Connecting => "the recorder connects to it",
        DetectResult::OverSysBandwidth => "the recorder has no bandwidth left for it",
        DetectResult::DomainError => "its host name cannot be resolved",
        DetectResult::IpcStreamFail => "it sends no video",
        DetectResult::ChannelNumberError => "its channel number is wrong",
        DetectResult::ConflictWithRecorder => "address conflict with the recorder",
        DetectResult::ConflictWithCamera => "address conflict with another camera",
        DetectResult::WrongPassword => "the recorder has a wrong password or user for it",
        DetectResult::NetUnreachable => "it cannot be reached",
        DetectResult::UnknownError => "the recorder does not know why",
        DetectResult::NotExist => "there is no camera",
        DetectResult::IpcStreamTypeNotSupport => "the recorder does not take its stream type",
        DetectResult::IpcResolutionNotSupport => "the recorder does not take its resolution",
        DetectResult::Other(word) => {
            return Some(format!("the recorder says \"{}\"", clean(&word)));
        }
    };
    Some(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_told_in_words() {
        let state = |channel, online, result: Option<&str>, activated| {
            let result = result.map(Into::into);
            camera_state(&RecorderCamera {
                channel,
                online,
                result,
                activated,
                ..RecorderCamera::default()
            })
        };
        let (shown, no, wrong) = (Some(1), Some(false), Some("errorUserNameOrPasswd"));
        let wrong = state(shown, no, wrong, Some(true));
        let unknown = state(shown, None, Some("melted\u{1b}[2J"), None);
        for (told, expected) in [
            (state(shown, Some(true), Some("connect"), None), "online"),
            (state(shown, no, None, None), "offline"),
            (
                wrong,
                "offline: the recorder has a wrong password or user for it",
            ),
            (unknown, "the recorder says \"melted\\u{1b}[2J\""),
            (state(shown, None, None, None), "not known"),
            (state(None, None, None, no), "not activated; on no channel"),
        ] {
            assert_eq!(told, expected);
        }
    }
}
