//! What to do at the device, in words.

use sadp_model::{Device, FormFactor, MethodAssessment, Note};

use crate::commands::reset::name;

/// The steps for one device.
pub(super) fn text(device: &Device, fit: &MethodAssessment) -> String {
    let button = match FormFactor::of(device) {
        FormFactor::Recorder => ", if it has one".into(),
        housing => format!(": {}", housing.button_place()),
    };
    let mut lines = vec![
        format!("To reset {} by its button, at the device:", name(device)),
        format!("  1. Find the reset button{button}."),
        "     That is advice: the manual of the model knows better. If it has none, take another"
            .into(),
        "     way: sadpctl reset ways.".into(),
        "  2. Power the device off. Where its network cable powers it, unplug that.".into(),
        "  3. Press the button, hold it, and power the device on while you hold it.".into(),
        "  4. Keep holding for more than 30 s after power-on. Then let go.".into(),
        "  5. Let it start, on the same network as this machine. It comes back without a password,"
            .into(),
        "     usually at the factory address 192.168.1.64.".into(),
        "All its settings are lost with the password: expect factory values everywhere.".into(),
    ];
    if device.state.is_none() {
        lines.push(
            "Its firmware does not tell whether it has a password: from here only its restart is seen."
                .into(),
        );
    }
    // The place and the loss are told above.
    let told = |note: &&Note| matches!(note, Note::ButtonPlace(_) | Note::SettingsLost);
    let notes = fit.notes.iter().filter(|note| !told(note));
    lines.extend(notes.map(|note| format!("Note: {note}.")));
    if let Some(obstacle) = fit.availability.obstacle() {
        lines.push(format!("Note: {obstacle}. It may not work."));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use sadp_model::{Kind, State};

    use super::*;

    fn device(model: &str, state: Option<State>) -> Device {
        let mut device = Device::unknown();
        device.model = Some(model.into());
        device.kind = Kind::of_model(model);
        device.mac = "44:47:cc:00:00:01".parse().ok();
        device.ipv4.address = Some([192, 168, 1, 101].into());
        device.state = state;
        device
    }

    #[test]
    fn steps_for_each_shape() {
        let told = [
            ("DS-2CD2042WD-I", Some(State::Active)),
            ("DS-2CD2T47G1-L", Some(State::Active)),
            ("DS-2CD2143G0-I", Some(State::Active)),
            ("DS-2CD2343G0-I", Some(State::Active)),
            ("DS-2DF8236I-AEL", Some(State::Active)),
            ("DS-2CD2032-I", None),
            ("DS-KH6210-L", Some(State::Active)),
            ("DS-7608NI-K2", Some(State::Active)),
        ]
        .map(|(model, state)| {
            let device = device(model, state);
            text(&device, &super::super::fit(&device))
        });
        assert_snapshot!(told.join("\n\n"));
    }
}
