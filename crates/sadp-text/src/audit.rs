//! What an audit finds, and what mends it.

use sadp_model::{Availability, Device, MethodAssessment, RecoveryMethod};
use sadp_ops::{
    Preparation,
    audit::{AuditFinding, ChangeSince},
};

use crate::{LinkedPage, Sentence};

/// That devices were not asked, where an audit or a report says what is set up on them.
pub const NOT_ASKED: &str =
    "devices were not asked what is set up on them: what is not recorded here counts as not set up";

/// What an audit finds of a device: `problem`, `advice` or `ok`.
pub fn audit_result(findings: &[AuditFinding]) -> &'static str {
    match findings {
        [] => "ok",
        _ if findings.iter().any(|finding| finding.is_problem()) => "problem",
        _ => "advice",
    }
}

/// The methods that are ready of those by which the owner alone recovers a device.
pub fn ready_methods(methods: &[MethodAssessment]) -> String {
    let own = [
        RecoveryMethod::Guid,
        RecoveryMethod::Mail,
        RecoveryMethod::Questions,
    ];
    let ready = own.into_iter().filter(|own| {
        let mut methods = methods.iter();
        methods.any(|fit| fit.method == *own && fit.availability == Availability::Ready)
    });
    let names: Vec<_> = ready.map(RecoveryMethod::name).collect();
    names.join(", ")
}

/// What changed since an earlier audit. Empty where nothing did.
pub fn audit_change(since: &ChangeSince) -> String {
    let new = since.new.then(|| "not there before".to_owned());
    let found = since.found.iter().map(|it| format!("new: {it}"));
    let mended = since.mended.iter().map(|it| format!("mended: {it}"));
    let parts: Vec<_> = new.into_iter().chain(found).chain(mended).collect();
    parts.join(", ")
}

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
pub fn mends(finding: AuditFinding, device: &Device, name: &str) -> Sentence {
    let mut preparations = Preparation::ALL.into_iter();
    let offers_some = preparations.any(|it| it.offer().of(device) == Some(true));
    match finding {
        AuditFinding::NotRecoverable if !offers_some => {
            let command = format!("sadpctl reset ways {name}");
            Sentence::new("it offers nothing to prepare: ")
                .command(command, LinkedPage::RecoveryMethods)
        }
        AuditFinding::Unactivated => Sentence::of_command(
            format!("sadpctl activate {name} --prepare"),
            LinkedPage::Activate,
        ),
        AuditFinding::NotRecoverable | AuditFinding::GuidMissing => prepare(name, ""),
        AuditFinding::MailboxMissing => prepare(name, " --mailbox ADDRESS"),
        AuditFinding::QuestionsMissing => prepare(name, " --make-answers FILE"),
        AuditFinding::DuplicateAddress | AuditFinding::FactoryAddress => Sentence::of_command(
            format!("sadpctl net set {name} --ip ADDRESS"),
            LinkedPage::NetworkSettings,
        ),
        AuditFinding::CloudBound => {
            let command = format!("sadpctl cloud show {name}");
            Sentence::new("make sure that the account is the owner's: ").terminal_only(command)
        }
        AuditFinding::ClockUnset => {
            Sentence::default().terminal_only(format!("sadpctl time set {name} --ntp HOST"))
        }
        AuditFinding::FirmwareTooOld(_) | AuditFinding::ReplayablePassword => {
            "update its firmware from the vendor's site".into()
        }
    }
}

fn prepare(name: &str, options: &str) -> Sentence {
    let command = format!("sadpctl reset prepare {name}{options}");
    Sentence::of_command(command, LinkedPage::Prepare)
}
