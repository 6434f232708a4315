//! What an audit finds, and what mends it.

use std::net::IpAddr;

use sadp_model::{Availability, Device, MethodAssessment, RecoveryMethod};
use sadp_ops::{
    Preparation,
    audit::{AuditFinding, AuditedDevice, ChangeSince},
    cameras::CameraBehind,
};

use crate::{LinkedPage, Sentence, camera_mends, camera_place};

/// That devices were not asked, where an audit or a report says what is set up on them.
pub const NOT_ASKED: &str =
    "devices were not asked what is set up on them: what is not recorded here counts as not set up";

/// A line of an audit, for spreadsheets. What is not known is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditCells {
    /// `problem`, `advice` or `ok`.
    pub result: &'static str,
    /// The methods by which the owner alone recovers it, as far as they are ready.
    pub ready: String,
    mac: String,
    serial: String,
    address: String,
    model: String,
    name: String,
    recoverable: String,
    findings: Vec<&'static str>,
    next: Vec<String>,
    since: String,
    behind: String,
}

impl AuditCells {
    /// The titles of the columns. The names and their order are a contract.
    pub const TITLES: &str =
        "mac serial address model name result recoverable ready findings next since behind";

    /// An audited device, what changed since an earlier audit, and the recorder that it is
    /// behind.
    pub fn new(
        audited: &AuditedDevice,
        since: Option<&ChangeSince>,
        behind: Option<&CameraBehind>,
    ) -> Self {
        let found = &audited.assessed.device;
        let device = &found.entry.device;
        let mac = device.mac.map(|mac| mac.to_string());
        let name = mac.as_deref().unwrap_or("DEVICE");
        let findings = audited.findings.iter();
        let next = findings.clone().map(|&it| mends(it, device, name));
        Self {
            result: audit_result(&audited.findings),
            ready: ready_methods(&audited.assessed.methods),
            serial: text(device.serial.as_ref()),
            address: text(device.ipv4.address),
            model: text(device.model.as_deref()),
            name: found.called().unwrap_or_default(),
            recoverable: audited.is_recoverable().to_string(),
            next: next.map(|it| it.to_string()).collect(),
            findings: findings.map(|it| it.name()).collect(),
            since: since.map(audit_change).unwrap_or_default(),
            behind: behind.map(camera_place).unwrap_or_default(),
            mac: mac.unwrap_or_default(),
        }
    }

    /// A camera that is known by its recorder alone.
    pub fn behind(behind: &CameraBehind) -> Self {
        let camera = &behind.camera;
        let problem = behind.problem();
        let address = camera.address.as_deref();
        let address: Option<IpAddr> = address.and_then(|it| it.parse().ok());
        Self {
            result: if problem.is_some() { "problem" } else { "ok" },
            mac: text(camera.mac),
            serial: text(camera.serial.as_ref()),
            address: text(address),
            model: text(camera.model.as_deref()),
            name: text(camera.name.as_deref()),
            findings: problem.iter().map(|it| it.name()).collect(),
            next: problem
                .map(|it| camera_mends(it, &behind.recorder).to_string())
                .into_iter()
                .collect(),
            behind: camera_place(behind),
            ..Self::default()
        }
    }

    /// What stands in the columns.
    pub fn row(&self) -> Vec<String> {
        vec![
            self.mac.clone(),
            self.serial.clone(),
            self.address.clone(),
            self.model.clone(),
            self.name.clone(),
            self.result.into(),
            self.recoverable.clone(),
            self.ready.clone(),
            self.findings.join("; "),
            self.next.join("; "),
            self.since.clone(),
            self.behind.clone(),
        ]
    }
}

fn text(value: Option<impl ToString>) -> String {
    value.map(|it| it.to_string()).unwrap_or_default()
}

/// What an audit finds of a device: `problem`, `advice` or `ok`.
pub fn audit_result(findings: &[AuditFinding]) -> &'static str {
    if findings.iter().any(|finding| finding.is_problem()) {
        "problem"
    } else if findings.is_empty() {
        "ok"
    } else {
        "advice"
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
    ready
        .map(RecoveryMethod::name)
        .collect::<Vec<_>>()
        .join(", ")
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
        AuditFinding::NotRecoverable | AuditFinding::GuidMissing => {
            Sentence::of_command(format!("sadpctl reset prepare {name}"), LinkedPage::Prepare)
        }
        AuditFinding::MailboxMissing => Sentence::of_command(
            format!("sadpctl reset prepare {name} --mailbox ADDRESS"),
            LinkedPage::Prepare,
        ),
        AuditFinding::QuestionsMissing => Sentence::of_command(
            format!("sadpctl reset prepare {name} --make-answers FILE"),
            LinkedPage::Prepare,
        ),
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
