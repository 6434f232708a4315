//! Recovery methods: what to type, and what to do at the device or in the vendor's apps.

use std::{fmt, path::Path};

use sadp_model::{
    Advice, Availability, Device, FormFactor, MethodAssessment, Note, Prerequisite, RecoveryMethod,
    Serial, State, UnavailableReason, text::clean,
};
use sadp_ops::recovery::AppCheck;
use sadp_proto::MailQr;

use crate::count;

/// A device by all that is printed on its label, and its address:
/// `DS-2CD2143G0-I C06891926, MAC c4:2f:90:2a:21:4d, at 192.168.1.101`.
pub fn device_label(device: &Device) -> String {
    let number = device.serial.as_ref().map(Serial::short);
    let model = device.model.as_deref().map(String::from);
    let kind: Vec<_> = model.into_iter().chain(number).collect();
    let kind = (!kind.is_empty()).then(|| kind.join(" "));
    let mac = device.mac.map(|mac| format!("MAC {mac}"));
    let address = device.ipv4.address.map(|address| format!("at {address}"));
    let parts: Vec<_> = [kind, mac, address].into_iter().flatten().collect();
    parts.join(", ")
}

/// GUIDs were exported without a passphrase.
pub const NOT_ENCRYPTED: &str =
    "the files are not encrypted: keep them safe, whoever holds one can take its device over";

/// How many request packages still wait for their answers.
pub fn unanswered(packages: usize) -> String {
    let packages = count(packages as u64, "package has", "packages have");
    format!("{packages} no answer yet")
}

/// Where the answers are that were made for devices.
pub fn answers_kept(path: &Path) -> String {
    let path = path.display();
    format!("the answers are in {path}: keep it safe, whoever has it can take the devices over")
}

/// Where answers are that no device took.
pub fn answers_unused(path: &Path) -> String {
    let path = path.display();
    format!("no device took the answers in {path}: they are of no use, delete them")
}

/// The command to type next for a method. `None` where the method does not fit.
pub fn method_command(fit: &MethodAssessment, device: &Device) -> Option<String> {
    let needs = fit.availability.needs();
    let mac = device.identity().map(|mac| mac.to_string());
    let address = || device.ipv4.address.map(|address| address.to_string());
    let name = mac.or_else(address).unwrap_or_else(|| "DEVICE".into());
    let command = match (fit.method, &fit.availability) {
        (_, Availability::NotForThisDevice(UnavailableReason::Unactivated)) => {
            return Some(format!("sadpctl activate {name}"));
        }
        (_, Availability::NotForThisDevice(_)) => return None,
        // No command of SADP is known to work.
        _ if fit.notes.contains(&Note::OfferedOverHttp) => return None,
        (RecoveryMethod::ResetButton, _) => format!("button {name}"),
        (RecoveryMethod::Questions, _) if needs.contains(&Prerequisite::QuestionsSet) => {
            format!("questions show {name}")
        }
        (RecoveryMethod::Questions, _) => format!("questions answer {name}"),
        (RecoveryMethod::Mail, _) => format!("mail qr {name}"),
        (RecoveryMethod::Request, _) => match needs.first() {
            Some(Prerequisite::WholeReply) => return Some(format!("sadpctl show {name}")),
            Some(Prerequisite::VendorAnswer(_)) => "import PATH".into(),
            _ => format!("export {name} --out DIR"),
        },
        (RecoveryMethod::Guid, _) => {
            let missing = |need: &Prerequisite| matches!(need, Prerequisite::GuidFile { .. });
            let file = needs.iter().any(missing).then_some(" FILE");
            format!("guid import {name}{}", file.unwrap_or_default())
        }
        (RecoveryMethod::HikConnect | RecoveryMethod::HikProConnect, _) => format!("app {name}"),
    };
    Some(format!("sadpctl reset {command}"))
}

/// Whether a method can be used now.
pub fn method_state(fit: &MethodAssessment) -> &'static str {
    match &fit.availability {
        Availability::NotForThisDevice(_) => "not for this device",
        Availability::MayWork(_) => "may work",
        other => other.name(),
    }
}

/// The same with the first thing that is missing, for a column: `needs visit`.
pub fn method_brief(fit: &MethodAssessment) -> String {
    match (&fit.availability, fit.availability.needs().first()) {
        (Availability::NotForThisDevice(_), _) => "-".into(),
        (Availability::MayWork(_), _) => "may work".into(),
        (_, Some(need)) => format!("needs {}", brief_need(need)),
        (_, None) => fit.availability.name().into(),
    }
}

/// What is missing, in a word or two.
const fn brief_need(need: &Prerequisite) -> &'static str {
    match need {
        Prerequisite::AtDevice => "visit",
        Prerequisite::QuestionsSet | Prerequisite::MailboxSet => "setup",
        Prerequisite::GuidFile { .. } => "file",
        Prerequisite::VendorAnswer(_) => "answer",
        Prerequisite::NewRequest(_) => "another",
        Prerequisite::WholeReply => "look",
        Prerequisite::BoundAccount => "account",
        Prerequisite::InstallerSite => "site",
        Prerequisite::LockEnd(_) => "unlock",
    }
}

/// The vendor's advice, where that is to use the method and the device has it.
pub fn method_advice(fit: &MethodAssessment) -> Option<&'static str> {
    let is_advised = fit.advice == Advice::Recommended && fit.availability.obstacle().is_none();
    is_advised.then_some("recommended by the vendor")
}

/// What is missing for a method, or why it does not suit, and what else to know.
pub fn method_reasons(fit: &MethodAssessment) -> Vec<String> {
    let needs = fit.availability.needs().iter().map(ToString::to_string);
    let obstacle = fit.availability.obstacle().map(|it| it.to_string());
    let notes = fit.notes.iter().map(ToString::to_string);
    needs.chain(obstacle).chain(notes).collect()
}

/// What to do at a device to reset it by its button. Its text is for terminals.
#[derive(Clone, Debug)]
pub struct ButtonSteps {
    /// The device, by what is printed on its label.
    pub label: String,
    /// What to do, in this order.
    pub steps: [String; 5],
    /// What to know before.
    pub notes: Vec<String>,
}

impl ButtonSteps {
    /// The steps for a device that the method fits so.
    pub fn new(device: &Device, fit: &MethodAssessment) -> Self {
        let button = match FormFactor::of(device) {
            FormFactor::Recorder => ", if it has one".into(),
            housing => format!(": {}", housing.button_place()),
        };
        let mut notes = vec![
            "All its settings are lost with the password: expect factory values everywhere.".into(),
        ];
        if device.state.is_none() {
            notes.push("Its firmware does not report whether it has a password: from here only its restart is seen.".into());
        }
        // The steps name the place and the loss already.
        let named = |note: &&Note| matches!(note, Note::ButtonPlace(_) | Note::SettingsLost);
        let others = fit.notes.iter().filter(|note| !named(note));
        notes.extend(others.map(|note| format!("Note: {note}.")));
        if let Some(obstacle) = fit.availability.obstacle() {
            notes.push(format!("Note: {obstacle}. It may not work."));
        }
        Self {
            label: device_label(device),
            steps: [
                format!("Find the reset button{button}. The manual of the model has precedence."),
                "Power the device off. Where its network cable powers it, unplug that.".into(),
                "Press the button, hold it, and power the device on while you hold it.".into(),
                "Keep holding for more than 30 s after power-on. Then let go.".into(),
                "Let it start, on the same network as this computer. It comes back without a password, usually at the factory address 192.168.1.64.".into(),
            ],
            notes,
        }
    }
}

impl fmt::Display for ButtonSteps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "To reset {} by its button, at the device:", self.label)?;
        for (number, step) in (1..).zip(&self.steps) {
            write!(f, "\n  {number}. {step}")?;
            if number == 1 {
                f.write_str(" If it has none: sadpctl reset ways shows other ways.")?;
            }
        }
        self.notes.iter().try_for_each(|note| write!(f, "\n{note}"))
    }
}

/// What to do with the QR code that a device gave for a mailed code: to mail `picture`,
/// and to wait for the code.
pub fn mail_qr_steps(told: &MailQr, picture: &str) -> [String; 2] {
    let service = match &told.service_mailbox {
        Some(service) => format!("Mail {picture} to {}", clean(service)),
        None => format!("The device names no address: mail {picture} to the vendor's support"),
    };
    let mailbox = told.mailbox.as_deref().map(clean);
    let mailbox = mailbox.as_deref().unwrap_or("its reserved e-mail address");
    [
        format!("{service}, or scan it with the vendor's app, Hik-Connect."),
        format!("A code comes at {mailbox}, usually within minutes."),
    ]
}

/// What makes a mailed code void.
pub const MAILED_CODE_VOID: &str = "Until then do not restart the device, nor change its reserved address, nor fetch another QR code: each makes the code void.";

// --- the vendor's apps: the names of their menus are not known here, so none is given ---

/// What was checked.
#[rustfmt::skip]
pub fn app_check(check: &AppCheck) -> String {
    match check {
        AppCheck::Kind(kind, advice) => {
            let advice = match advice {
                Advice::Recommended => "the vendor recommends this method",
                Advice::Listed => "the vendor lists this method",
                Advice::Unknown => "the vendor's document does not cover this kind of device",
                Advice::Unlisted => "the vendor's document excludes this method for it",
            };
            format!("kind {kind}: {advice}")
        }
        AppCheck::Firmware { firmware, series } => {
            let firmware = firmware.as_ref().map_or_else(|| "unknown".into(), ToString::to_string);
            match series {
                Some(series) => format!("firmware {firmware}: {} or newer is needed ({series})", series.minimum()),
                None => format!("firmware {firmware}: the minimum for this series is not known"),
            }
        }
        AppCheck::CloudSupported(Some(true)) => "the device has Hik-Connect".into(),
        AppCheck::CloudSupported(Some(false)) => "the device does not report Hik-Connect".into(),
        AppCheck::CloudSupported(None) => "the device reports nothing about Hik-Connect".into(),
        AppCheck::CloudEnabled(Some(true)) => "Hik-Connect is on".into(),
        AppCheck::CloudEnabled(Some(false)) => "Hik-Connect is off; the device may be bound to no account".into(),
        AppCheck::CloudEnabled(None) => "the device does not report whether Hik-Connect is on".into(),
    }
}

/// What only the vendor's service knows.
pub const fn app_unknowns(way: RecoveryMethod) -> [&'static str; 3] {
    let owner = if matches!(way, RecoveryMethod::HikProConnect) {
        "whether the device was handed over to your company's site"
    } else {
        "whether the device is bound to an account, and to whose"
    };
    [
        owner,
        "whether the service reaches the device now",
        "whether your version of the app offers it for this model",
    ]
}

/// What to do, where the app fits the device.
pub fn app_steps(fit: &MethodAssessment) -> &'static [&'static str] {
    match fit.method {
        _ if fit.availability.obstacle().is_some() => &[],
        RecoveryMethod::HikProConnect => &HIK_PRO_CONNECT,
        _ => &HIK_CONNECT,
    }
}

/// What to do where no app fits the device.
pub fn instead_of_apps(device: &Device) -> &'static str {
    if device.state == Some(State::Unactivated) {
        "it needs no recovery: sadpctl activate gives it its first password"
    } else {
        "sadpctl reset ways shows which other methods fit it"
    }
}

const HIK_CONNECT: [&str; 5] = [
    "Take the phone with the account that the device is bound to: usually its owner's.",
    "Leave the device powered on, with a way to the internet.",
    "In the Hik-Connect app, open this device's settings and look for resetting its password.",
    "Do as the app says, and note the new password at once.",
    "Sign in to the device with it. Whether it worked cannot be seen from here.",
];

const HIK_PRO_CONNECT: [&str; 5] = [
    "Sign in to Hik-ProConnect with the installer's account whose site holds the device: its owner must have handed it over.",
    "Leave the device powered on, with a way to the internet.",
    "Open this device in the site and look for resetting its password.",
    "Do as it says, and note the new password at once.",
    "Sign in to the device with it. Whether it worked cannot be seen from here.",
];

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use sadp_model::{Kind, RecoverySetup};

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
            let (method, setup) = (RecoveryMethod::ResetButton, RecoverySetup::default());
            let fit = MethodAssessment::judge(method, &device, &setup);
            ButtonSteps::new(&device, &fit).to_string()
        });
        assert_snapshot!(told.join("\n\n"));
    }
}
