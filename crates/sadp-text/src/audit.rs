//! What an audit finds, and what mends it.

use sadp_model::Device;
use sadp_ops::{Preparation, audit::Finding};

/// What a finding means, in a few words.
pub fn finding(finding: Finding) -> String {
    match finding {
        Finding::Unactivated => "no password yet".into(),
        Finding::NotRecoverable => "only the vendor's support can reset its password".into(),
        Finding::FirmwareTooOld(minimum) => format!("its firmware is older than {minimum}"),
        Finding::DuplicateAddress => "another device has the same address".into(),
        Finding::FactoryAddress => "still the address from the factory".into(),
        Finding::ReplayablePassword => "its firmware sends passwords in a replayable form".into(),
        Finding::ClockUnset => "its clock was never set".into(),
        Finding::GuidMissing => "no usable GUID in the vault".into(),
        Finding::MailboxMissing => "no e-mail address reserved, as far as is known".into(),
        Finding::QuestionsMissing => "no security questions set, as far as is known".into(),
        Finding::CloudBound => "bound to a Hik-Connect account".into(),
    }
}

/// What mends a finding, for a device or `DEVICE`.
pub fn mends(finding: Finding, device: Option<&Device>) -> String {
    let mac = device.and_then(|device| device.mac);
    let name = mac.map_or_else(|| "DEVICE".into(), |mac| mac.to_string());
    let prepares = |device: &Device| {
        let mut all = Preparation::ALL.into_iter();
        all.any(|it| it.offer().of(device) == Some(true))
    };
    match finding {
        Finding::NotRecoverable if device.is_some_and(|device| !prepares(device)) => {
            format!("it offers nothing to prepare: sadpctl reset ways {name}")
        }
        Finding::Unactivated => format!("sadpctl activate {name} --prepare"),
        Finding::NotRecoverable | Finding::GuidMissing => format!("sadpctl reset prepare {name}"),
        Finding::MailboxMissing => format!("sadpctl reset prepare {name} --mailbox ADDRESS"),
        Finding::QuestionsMissing => format!("sadpctl reset prepare {name} --make-answers FILE"),
        Finding::DuplicateAddress | Finding::FactoryAddress => {
            format!("sadpctl net set {name} --ip ADDRESS")
        }
        Finding::CloudBound => format!(
            "sadpctl cloud show {name}: the account must be the owner's; sadpctl cloud unbind {name} removes it"
        ),
        Finding::ClockUnset => "set time or NTP on its own web page".into(),
        Finding::FirmwareTooOld(_) | Finding::ReplayablePassword => {
            "update its firmware from the vendor's site".into()
        }
    }
}
