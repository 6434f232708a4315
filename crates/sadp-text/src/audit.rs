//! What an audit finds, and what mends it; the audit as a JSON document and as a table, and
//! an earlier one read from the document.

use std::{
    io::{self, Write},
    net::IpAddr,
};

use sadp_model::{
    Availability, Device, MacAddr, MethodAssessment, RecoveryMethod, text::clean_json,
};
use sadp_ops::{
    DeviceRef, Preparation,
    audit::{AuditFinding, AuditedDevice, ChangeSince, EarlierAudit},
    cameras::CameraBehind,
};
use serde::{Deserialize, Serialize};

use crate::{LinkedPage, Sentence, camera_mends, camera_place, camera_state};

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
        AuditFinding::Unactivated => {
            let command = format!("sadpctl activate {name} --prepare");
            Sentence::default().command(command, LinkedPage::Activate)
        }
        AuditFinding::NotRecoverable | AuditFinding::GuidMissing => prepare(name, ""),
        AuditFinding::MailboxMissing => prepare(name, " --mailbox ADDRESS"),
        AuditFinding::QuestionsMissing => prepare(name, " --make-answers FILE"),
        AuditFinding::DuplicateAddress | AuditFinding::FactoryAddress => {
            let command = format!("sadpctl net set {name} --ip ADDRESS");
            Sentence::default().command(command, LinkedPage::NetworkSettings)
        }
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
    Sentence::default().command(command, LinkedPage::Prepare)
}

/// An audited device. The names and their order are a contract.
#[derive(Clone, Debug, Serialize)]
pub struct AuditEntry {
    /// `problem`, `advice` or `ok`.
    #[serde(skip)]
    pub result: &'static str,
    /// The methods by which the owner alone recovers it, as far as they are ready.
    #[serde(skip)]
    pub ready: String,
    /// By what it is named.
    pub device: AuditDevice,
    /// Its model.
    pub model: Option<String>,
    /// What people call it.
    pub name: Option<String>,
    /// Null where it is not known: of cameras that are known by their recorder alone.
    pub recoverable: Option<bool>,
    ways: Vec<AuditWay>,
    /// What is found.
    pub findings: Vec<FindingEntry>,
    /// What changed since an earlier audit.
    pub since: Option<ChangeSince>,
    /// The recorder that it is behind.
    pub behind: Option<BehindEntry>,
}

/// The names of an audited device.
#[derive(Clone, Debug, Serialize)]
pub struct AuditDevice {
    /// The complete serial number.
    pub serial: Option<String>,
    /// The MAC.
    pub mac: Option<String>,
    /// The address.
    pub address: Option<IpAddr>,
}

impl From<&DeviceRef> for AuditDevice {
    fn from(device: &DeviceRef) -> Self {
        Self {
            serial: device.serial.as_ref().map(ToString::to_string),
            mac: device.mac.map(|mac| mac.to_string()),
            address: device.address.map(IpAddr::V4),
        }
    }
}

/// A way of recovery, and whether it is ready.
#[derive(Clone, Debug, Serialize)]
struct AuditWay {
    way: &'static str,
    availability: &'static str,
}

/// A finding, and what mends it.
#[derive(Clone, Debug, Serialize)]
pub struct FindingEntry {
    finding: &'static str,
    /// Whether something is missing.
    pub problem: bool,
    /// What it means.
    pub message: String,
    next: String,
}

/// The recorder that a camera is behind, and what that said of it.
#[derive(Clone, Debug, Serialize)]
pub struct BehindEntry {
    recorder: AuditDevice,
    channel: Option<u32>,
    at: String,
    online: Option<bool>,
    reason: Option<String>,
    /// The same in words.
    pub message: String,
}

impl From<&CameraBehind> for BehindEntry {
    fn from(behind: &CameraBehind) -> Self {
        let camera = &behind.camera;
        Self {
            recorder: AuditDevice::from(&behind.recorder),
            channel: camera.channel,
            at: behind.at.to_string(),
            online: camera.online,
            reason: camera.result.clone(),
            message: camera_place(behind),
        }
    }
}

impl AuditEntry {
    /// Whether something is missing.
    pub fn has_problem(&self) -> bool {
        self.findings.iter().any(|it| it.problem)
    }

    /// The titles of the columns. The names and their order are a contract.
    pub const TITLES: &str =
        "mac serial address model name result recoverable ready findings next since behind";

    /// An audited device, what changed since an earlier audit, and the recorder that it is
    /// behind.
    pub fn new(
        audited: &AuditedDevice,
        since: Option<ChangeSince>,
        behind: Option<&CameraBehind>,
    ) -> Self {
        let found = &audited.assessed.device;
        let device = &found.entry.device;
        let ways = audited.assessed.methods.iter().map(|fit| AuditWay {
            way: fit.method.name(),
            availability: fit.availability.name(),
        });
        let mac = device.mac.map(|mac| mac.to_string());
        let name = mac.as_deref().unwrap_or("DEVICE");
        let findings = audited.findings.iter().map(|&it| FindingEntry {
            finding: it.name(),
            problem: it.is_problem(),
            message: finding(it),
            next: mends(it, device, name).into(),
        });
        Self {
            result: audit_result(&audited.findings),
            ready: ready_methods(&audited.assessed.methods),
            device: AuditDevice::from(&DeviceRef::from(found)),
            model: device.model.as_deref().map(Into::into),
            name: found.called(),
            recoverable: Some(audited.is_recoverable()),
            ways: ways.collect(),
            findings: findings.collect(),
            since,
            behind: behind.map(Into::into),
        }
    }

    /// A camera that is known by its recorder alone.
    pub fn behind(behind: &CameraBehind) -> Self {
        let camera = &behind.camera;
        let finding = behind.problem().map(|problem| FindingEntry {
            finding: problem.name(),
            problem: true,
            message: camera_state(camera),
            next: camera_mends(problem, &behind.recorder).into(),
        });
        let address = camera.address.as_deref();
        Self {
            result: if finding.is_some() { "problem" } else { "ok" },
            ready: String::new(),
            device: AuditDevice {
                serial: camera.serial.as_ref().map(ToString::to_string),
                mac: camera.mac.map(|mac| mac.to_string()),
                address: address.and_then(|it| it.parse().ok()),
            },
            model: camera.model.clone(),
            name: camera.name.clone(),
            recoverable: None,
            ways: Vec::new(),
            findings: finding.into_iter().collect(),
            since: None,
            behind: Some(behind.into()),
        }
    }

    /// What changed since an earlier audit. Empty where nothing did.
    pub fn change(&self) -> String {
        self.since.as_ref().map(audit_change).unwrap_or_default()
    }

    /// What stands in the columns of a table. What is not known is empty.
    pub fn row(&self) -> Vec<String> {
        let device = &self.device;
        let findings = self.findings.iter();
        let next: Vec<_> = findings.clone().map(|it| &*it.next).collect();
        let findings: Vec<_> = findings.map(|it| it.finding).collect();
        vec![
            text(device.mac.as_ref()),
            text(device.serial.as_ref()),
            text(device.address),
            text(self.model.as_ref()),
            text(self.name.as_ref()),
            self.result.into(),
            text(self.recoverable),
            self.ready.clone(),
            findings.join("; "),
            next.join("; "),
            self.change(),
            text(self.behind.as_ref().map(|it| &it.message)),
        ]
    }
}

fn text(value: Option<impl ToString>) -> String {
    value.map(|it| it.to_string()).unwrap_or_default()
}

/// Writes one JSON array, an element a line. Characters that a terminal obeys are escaped.
pub fn write_json_array<T: Serialize>(out: &mut impl Write, elements: &[T]) -> io::Result<()> {
    let mut before = "[\n";
    for element in elements {
        let json = serde_json::to_string(element)?;
        write!(out, "{before}{}", clean_json(&json))?;
        before = ",\n";
    }
    if elements.is_empty() {
        return writeln!(out, "[]");
    }
    writeln!(out, "\n]")
}

/// The JSON of an earlier audit, as far as it is compared.
#[derive(Deserialize)]
struct EarlierRow {
    device: EarlierDevice,
    findings: Vec<EarlierFinding>,
}

#[derive(Deserialize)]
struct EarlierDevice {
    mac: Option<String>,
}

#[derive(Deserialize)]
struct EarlierFinding {
    finding: String,
}

/// Reads the JSON document of an earlier audit.
pub fn read_earlier_audit(json: &[u8]) -> Result<EarlierAudit, serde_json::Error> {
    let rows: Vec<EarlierRow> = serde_json::from_slice(json)?;
    let known = rows.into_iter().filter_map(|row| {
        let mac: MacAddr = row.device.mac?.parse().ok()?;
        let findings = row.findings.into_iter().map(|it| it.finding);
        Some((mac, findings.collect()))
    });
    Ok(known.collect())
}
