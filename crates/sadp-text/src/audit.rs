//! What an audit finds, and what mends it.

use sadp_model::Device;
use sadp_ops::{Preparation, audit::AuditFinding};

/// That devices were not asked, where an audit or a report says what is set up on them.
pub const NOT_ASKED: &str =
    "devices were not asked what is set up on them: what is not recorded here counts as not set up";

/// What a finding means, in a few words.
pub fn finding(finding: AuditFinding) -> String {
    match finding {
        AuditFinding::Unactivated => "no password yet".into(),
        AuditFinding::NotRecoverable => {
            "only the vendor's support can reset its password, as far as is known".into()
        }
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

/// What mends a finding of a device, which the commands name so.
pub fn mends(finding: AuditFinding, device: &Device, name: &str) -> String {
    let mut preparations = Preparation::ALL.into_iter();
    let offers_some = preparations.any(|it| it.offer().of(device) == Some(true));
    match finding {
        AuditFinding::NotRecoverable if !offers_some => {
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
        AuditFinding::ClockUnset => format!("sadpctl time set {name} --ntp HOST"),
        AuditFinding::FirmwareTooOld(_) | AuditFinding::ReplayablePassword => {
            "update its firmware from the vendor's site".into()
        }
    }
}
