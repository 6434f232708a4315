//! What an audit finds, and what mends it.

use sadp_model::Device;
use sadp_ops::{Preparation, audit::AuditFinding};

/// What a finding means, in a few words.
pub fn finding(finding: AuditFinding) -> String {
    match finding {
        AuditFinding::Unactivated => "no password yet".into(),
        AuditFinding::NotRecoverable => "only the vendor's support can reset its password".into(),
        AuditFinding::FirmwareTooOld(minimum) => format!("its firmware is older than {minimum}"),
        AuditFinding::DuplicateAddress => "another device has the same address".into(),
        AuditFinding::FactoryAddress => "still the address from the factory".into(),
        AuditFinding::ReplayablePassword => {
            "its firmware sends passwords in a replayable form".into()
        }
        AuditFinding::ClockUnset => "its clock was never set".into(),
        AuditFinding::GuidMissing => "no usable GUID in the vault".into(),
        AuditFinding::MailboxMissing => "no e-mail address reserved, as far as is known".into(),
        AuditFinding::QuestionsMissing => "no security questions set, as far as is known".into(),
        AuditFinding::CloudBound => "bound to a Hik-Connect account".into(),
    }
}

/// What mends a finding, for a device or `DEVICE`.
pub fn mends(finding: AuditFinding, device: Option<&Device>) -> String {
    let mac = device.and_then(|device| device.mac);
    let name = mac.map_or_else(|| "DEVICE".into(), |mac| mac.to_string());
    let prepares = |device: &Device| {
        let mut all = Preparation::ALL.into_iter();
        all.any(|it| it.offer().of(device) == Some(true))
    };
    match finding {
        AuditFinding::NotRecoverable if device.is_some_and(|device| !prepares(device)) => {
            format!("it offers nothing to prepare: sadpctl reset ways {name}")
        }
        AuditFinding::Unactivated => format!("sadpctl activate {name} --prepare"),
        AuditFinding::NotRecoverable | AuditFinding::GuidMissing => {
            format!("sadpctl reset prepare {name}")
        }
        AuditFinding::MailboxMissing => format!("sadpctl reset prepare {name} --mailbox ADDRESS"),
        AuditFinding::QuestionsMissing => {
            format!("sadpctl reset prepare {name} --make-answers FILE")
        }
        AuditFinding::DuplicateAddress | AuditFinding::FactoryAddress => {
            format!("sadpctl net set {name} --ip ADDRESS")
        }
        AuditFinding::CloudBound => {
            format!("make sure that the account is the owner's: sadpctl cloud show {name}")
        }
        AuditFinding::ClockUnset => "set time or NTP on its own web page".into(),
        AuditFinding::FirmwareTooOld(_) | AuditFinding::ReplayablePassword => {
            "update its firmware from the vendor's site".into()
        }
    }
}
