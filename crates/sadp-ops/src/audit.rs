//! A site's readiness: which devices can be recovered, and what else needs attention.
//! Nothing is changed; [`methods::read_prepared`] asks devices before, at no cost.
//!
//! [`methods::read_prepared`]: crate::recovery::methods::read_prepared

use std::collections::BTreeMap;

use sadp_model::{
    Availability, FirmwareMinimum, MacAddr, MethodAssessment, RecoveryMethod, State,
    UnavailableReason, Warning,
};
use sadp_reset::LedgerError;
use serde::Serialize;
use strum::IntoStaticStr;

use crate::{
    DiscoveredDevice, Preparation, Session,
    recovery::methods::{self, AssessedDevice},
};

/// A device, and what was found of it.
#[derive(Clone, Debug)]
pub struct AuditedDevice {
    /// The device, with its recovery methods.
    pub assessed: AssessedDevice,
    /// What needs attention, the worst first.
    pub findings: Vec<AuditFinding>,
}

/// Something that needs attention. The name is what scripts read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum AuditFinding {
    /// It has no password yet.
    Unactivated,
    /// Only the vendor can recover it.
    NotRecoverable,
    /// Its firmware is older than a recovery method needs.
    FirmwareTooOld(FirmwareMinimum),
    /// Another device has its address.
    DuplicateAddress,
    /// It has the address from the factory.
    FactoryAddress,
    /// Its firmware sends the password in a form that can be recorded and replayed.
    ReplayablePassword,
    /// Its clock was never set.
    ClockUnset,
    /// No usable GUID of it is in the vault. Another method is ready.
    GuidMissing,
    /// No e-mail address is reserved, as far as is known. Another method is ready.
    MailboxMissing,
    /// No security questions are set, as far as is known. Another method is ready.
    QuestionsMissing,
    /// It is bound to a Hik-Connect account: it must be the owner's.
    CloudBound,
}

impl AuditFinding {
    /// Its name, e.g. `not-recoverable`.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether something is missing. The others are advice.
    pub const fn is_problem(self) -> bool {
        !matches!(
            self,
            Self::GuidMissing | Self::MailboxMissing | Self::QuestionsMissing | Self::CloudBound
        )
    }
}

/// What prepares the methods by which the owner alone recovers a device.
const OWN: [(Preparation, AuditFinding); 3] = [
    (Preparation::Guid, AuditFinding::GuidMissing),
    (Preparation::Mailbox, AuditFinding::MailboxMissing),
    (Preparation::Questions, AuditFinding::QuestionsMissing),
];

/// Audits these devices.
pub fn audit(
    session: &Session,
    devices: Vec<DiscoveredDevice>,
) -> Result<Vec<AuditedDevice>, LedgerError> {
    let assessed = methods::assess(session, devices)?.into_iter();
    Ok(assessed.map(AuditedDevice::new).collect())
}

impl AuditedDevice {
    pub(crate) fn new(assessed: AssessedDevice) -> Self {
        let mut audited = Self {
            assessed,
            findings: Vec::new(),
        };
        audited.findings = audited.find();
        audited
    }

    /// Whether the owner can recover it without the vendor's support.
    pub fn is_recoverable(&self) -> bool {
        OWN.iter().any(|(own, _)| self.is_ready(own.method()))
    }

    /// Whether nothing is known to be missing for a recovery method.
    pub fn is_ready(&self, method: RecoveryMethod) -> bool {
        let mut methods = self.assessed.methods.iter();
        let fit = methods.find(|fit| fit.method == method);
        fit.is_some_and(|fit| match &fit.availability {
            Availability::Ready => true,
            Availability::MayWork(needs) => needs.is_empty(),
            Availability::Needs(_) | Availability::NotForThisDevice(_) => false,
        })
    }

    /// Problems first.
    fn find(&self) -> Vec<AuditFinding> {
        let AssessedDevice { device, methods } = &self.assessed;
        let facts = &device.entry.device;
        let is_recoverable = self.is_recoverable();
        let recovery = if facts.state == Some(State::Unactivated) {
            Some(AuditFinding::Unactivated)
        } else {
            (!is_recoverable).then_some(AuditFinding::NotRecoverable)
        };
        let firmware = methods.iter().find_map(firmware_below);
        let warnings = device.warnings.iter();
        let warnings = warnings.filter_map(|warning| match warning {
            Warning::DuplicateIp => Some(AuditFinding::DuplicateAddress),
            Warning::FactoryAddress => Some(AuditFinding::FactoryAddress),
            Warning::ReplayablePassword => Some(AuditFinding::ReplayablePassword),
            Warning::ClockUnset => Some(AuditFinding::ClockUnset),
            _ => None,
        });
        let missing = OWN.iter().filter(|(own, _)| {
            let offered = own.offer().of(facts) == Some(true);
            is_recoverable && offered && !self.is_ready(own.method())
        });
        let bound = facts.cloud.bound == Some(true);
        recovery
            .into_iter()
            .chain(firmware.map(AuditFinding::FirmwareTooOld))
            .chain(warnings)
            .chain(missing.map(|(_, finding)| *finding))
            .chain(bound.then_some(AuditFinding::CloudBound))
            .collect()
    }
}

fn firmware_below(fit: &MethodAssessment) -> Option<FirmwareMinimum> {
    match fit.availability.obstacle()? {
        UnavailableReason::FirmwareBelow(minimum) => Some(minimum),
        _ => None,
    }
}

/// The findings of an earlier audit, by the MACs of its devices.
pub type EarlierAudit = BTreeMap<MacAddr, Vec<String>>;

/// What changed on a device since an earlier audit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ChangeSince {
    /// Whether it was not there.
    pub new: bool,
    /// Findings that were not there.
    pub found: Vec<&'static str>,
    /// Findings that are gone.
    pub mended: Vec<String>,
}

impl AuditedDevice {
    /// What changed on it since an earlier audit. `None` where it reports no MAC.
    pub fn since(&self, earlier: &EarlierAudit) -> Option<ChangeSince> {
        let mac = self.assessed.device.entry.device.mac?;
        let Some(before) = earlier.get(&mac) else {
            return Some(ChangeSince {
                new: true,
                ..ChangeSince::default()
            });
        };
        let now: Vec<_> = self.findings.iter().map(|it| it.name()).collect();
        let mut mended = before.clone();
        mended.retain(|it| !now.contains(&it.as_str()));
        let mut found = now;
        found.retain(|it| before.iter().all(|before| before != it));
        Some(ChangeSince {
            new: false,
            found,
            mended,
        })
    }
}
