//! Which answers may be sent to the devices that were found.

use std::time::SystemTime;

use jiff::Timestamp;
use sadp_model::State;
use sadp_proto::Refusal;
use sadp_reset::{
    Action, Answer, AnswerTarget, AttemptRecord, AttemptResult, DeviceKey, InvalidReason,
    LedgerError, MatchBasis, RequestKind,
};

use super::{
    AnswerData, AnswerFinding, AnswerSource,
    pending::{PendingAnswer, skipped},
};
use crate::{
    DeviceRef, DiscoveredDevice, Guard, Inventory, Outcome, OutcomeData, OutcomeStatus, Overrides,
    Reason, SafetyChecks, Selection, Session, recovery::History,
};

/// An answer that may be sent to its device.
#[derive(Debug)]
pub struct CheckedAnswer {
    /// The device.
    pub device: DiscoveredDevice,
    /// The request.
    pub target: AnswerTarget,
    /// Where the answer came from.
    pub source: AnswerSource,
    /// What tells that it is this device's.
    pub basis: MatchBasis,
    /// What the device takes.
    pub kind: RequestKind,
    /// Why its request may be void, where that is not certain.
    pub doubt: Option<InvalidReason>,
    pub(super) answer: Answer,
    /// An answer was sent before, and no reply came.
    pub(super) sent_before: bool,
}

impl CheckedAnswer {
    /// Whether it sets the default password of an old device, and no new one.
    pub fn is_legacy(&self) -> bool {
        self.kind == RequestKind::LegacyCode
    }

    pub(super) fn data(&self) -> AnswerData {
        AnswerData {
            case: self.target.case,
            ..AnswerData::from(&self.source)
        }
    }

    /// What would be sent.
    pub(super) fn planned(&self) -> Outcome {
        let finding = AnswerFinding::Planned {
            source: self.source.clone(),
            doubt: self.doubt,
        };
        Outcome {
            reason: Reason::Answer(finding),
            data: OutcomeData::Answer(self.data()),
            ..Outcome::new(&self.device, Action::ImportAnswer, OutcomeStatus::Planned)
        }
    }
}

/// Checks answers against the devices that a look found.
pub(super) struct AnswerCheck<'a> {
    pub(super) session: &'a Session,
    pub(super) history: History,
    pub(super) inventory: &'a Inventory,
    pub(super) overrides: Overrides,
    pub(super) sync_cameras: bool,
}

impl AnswerCheck<'_> {
    /// Checks one answer. The error is why it is not sent.
    pub(super) fn check(&self, pending: PendingAnswer) -> Result<CheckedAnswer, Box<Outcome>> {
        let device = match self.device(&pending.target.device) {
            Ok(device) => device,
            Err(finding) => return Err(pending.skipped(finding).into()),
        };
        let data = AnswerData::from(&pending.source);
        self.fit(device, pending)
            .map_err(|finding| skipped(DeviceRef::from(device), finding, data).into())
    }

    /// The one device with this key.
    fn device(&self, key: &DeviceKey) -> Result<&DiscoveredDevice, AnswerFinding> {
        let devices = self.inventory.devices.iter();
        let all: Vec<_> = devices.filter(|device| device.is(key)).collect();
        match all[..] {
            [device] => Ok(device),
            [] => Err(AnswerFinding::NotFound),
            _ => Err(AnswerFinding::SeveralDevices),
        }
    }

    fn fit(
        &self,
        device: &DiscoveredDevice,
        pending: PendingAnswer,
    ) -> Result<CheckedAnswer, AnswerFinding> {
        if device.entry.device.state == Some(State::Unactivated) {
            return Err(AnswerFinding::Unactivated);
        }
        let target = pending.target.clone();
        let validity = self.history.judge(&target.facts, Some(device));
        if validity.stops_import() && !self.overrides.lifts(Guard::StaleRequest) {
            return Err(AnswerFinding::RequestInvalid(validity));
        }
        let since = target.facts.exported_at;
        let sent = since.map(|since| self.history.answers_since(since, &target.device));
        let attempts: Vec<_> = sent.into_iter().flatten().collect();
        let mut taken = attempts
            .iter()
            .filter(|it| it.result() == AttemptResult::Done);
        if let Some(taken) = taken.next()
            && !self.overrides.lifts(Guard::StaleRequest)
        {
            let at = taken.attempt.at;
            return Err(AnswerFinding::AlreadyRecovered { at });
        }
        if let Some(at) = self.refused_before(&pending, &attempts) {
            return Err(AnswerFinding::RefusedBefore { at });
        }
        let recovery = &device.entry.device.recovery;
        let offered = recovery.request.and_then(RequestKind::of);
        let kind = target.kind.or(offered).ok_or(AnswerFinding::KindUnknown)?;
        // A dated code sets no password that could be passed on.
        let passes_on =
            recovery.sync_camera_passwords == Some(true) && kind != RequestKind::LegacyCode;
        if self.sync_cameras && !passes_on {
            return Err(AnswerFinding::NoSync);
        }
        let mut attempts = attempts.iter();
        let mut reasons = validity.reasons.into_iter();
        Ok(CheckedAnswer {
            device: device.clone(),
            target,
            source: pending.source.clone(),
            basis: pending.basis,
            kind,
            doubt: reasons.find(|it| matches!(it, InvalidReason::PossiblyExportedAgain { .. })),
            answer: pending.into_answer(kind)?,
            sent_before: attempts.any(|it| it.result() == AttemptResult::Unknown),
        })
    }

    /// When the device refused this very answer. A file that was there then is
    /// that answer: sending it again costs another try. A key may have been
    /// mistyped.
    fn refused_before(
        &self,
        pending: &PendingAnswer,
        attempts: &[&AttemptRecord],
    ) -> Option<Timestamp> {
        if pending.source == AnswerSource::Key || self.overrides.lifts(Guard::RefusedBefore) {
            return None;
        }
        let refused = attempts.iter().copied().find_map(refused_at)?;
        let newer = pending
            .written_at
            .is_some_and(|at| at > SystemTime::from(refused));
        (!newer).then_some(refused)
    }

    /// Leaves out devices that are locked or nearly so, and those that two
    /// answers would reach.
    pub(super) fn split(
        &self,
        checked: Vec<CheckedAnswer>,
    ) -> Result<(Vec<CheckedAnswer>, Vec<Outcome>), LedgerError> {
        let devices = checked.iter().map(|it| it.device.clone()).collect();
        let checks = SafetyChecks::new(Action::ImportAnswer, self.overrides);
        let selection = Selection::of(Action::ImportAnswer, devices);
        let mut selection = checks.narrow(self.session, selection)?;
        let fit = selection.devices.iter().map(DiscoveredDevice::key);
        let fit: Vec<_> = fit.collect();
        let mut kept = Vec::new();
        for one in checked {
            let own = one.device.key();
            match fit.iter().filter(|fit| **fit == own).count() {
                0 => {}
                1 => kept.push(one),
                _ => {
                    let reason = Reason::Answer(AnswerFinding::SeveralAnswers(one.source));
                    let outcome = Outcome::skipped(&one.device, Action::ImportAnswer, reason);
                    selection.left_out.push(outcome);
                }
            }
        }
        Ok((kept, selection.left_out))
    }
}

/// When a device called an answer wrong.
fn refused_at(record: &AttemptRecord) -> Option<Timestamp> {
    let verdict = record.verdict.as_ref()?;
    let refusal = Refusal::read(verdict.refusal.as_ref()?.as_str())?;
    refusal.is_wrong_answer().then_some(verdict.at)
}
