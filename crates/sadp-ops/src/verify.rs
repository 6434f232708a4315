//! Whether a new password is in force: one login over HTTP with it on each device that
//! took it or may have, and what that shows of the command that set it.

use sadp_reset::{
    Account, Action, AttemptId, AttemptResult, CaseEnding, DeviceKey, GuidVoid, LedgerError,
};
use secrecy::SecretString;

pub use crate::outcome::http::VerifyFinding;
use crate::{
    DeviceRef, DiscoveredDevice, Guard, Inventory, KeepFailure, Observer, OpsError, Outcome,
    OutcomeData, OutcomeStatus, Overrides, Reason, Report, Seen, Session, StopReason,
    check::{self, HttpAccess, HttpFinding, HttpLogin, LoginTrial},
    offer::preparations,
    outcome::answer::{AnswerData, AnswerFinding, SentAnswer},
};

/// What verifying needs beside the report of the operation.
#[derive(Clone, Copy, Debug)]
pub struct Verification<'a> {
    /// The password that the operation set.
    pub password: &'a SecretString,
    /// How devices are reached.
    pub access: &'a HttpAccess,
}

/// Looks again for the devices of a report that were given a new password and took it or
/// may have, tries it once on each, and settles their outcomes by what that shows. The
/// logins are outcomes of [`Action::Check`] at the report's end.
///
/// Devices that replied that they took it come first. A refusal of one of them ends it; so
/// does one of another device, until two devices accepted the password: those may have
/// their former one. A report that something broke off is left as it is, and so is one of
/// a session that was asked to stop.
pub async fn verify(
    session: &mut Session,
    report: &mut Report,
    verification: Verification<'_>,
    observer: &mut dyn Observer,
) {
    let stop = &session.cancellation.stop;
    if report.failure.is_some() || stop.is_cancelled() {
        return;
    }
    let given = [OutcomeStatus::Done, OutcomeStatus::Unknown].map(|status| {
        let outcomes = report.outcomes.iter();
        let given = outcomes.filter(|it| it.status == status && was_given_password(it));
        given.map(|it| it.device.clone()).collect::<Vec<_>>()
    });
    let tried = look_and_log_in(session, report, given, verification, observer).await;
    report.failure.keep(tried);
}

/// Looks for the devices that took the password, and for those that may have, and tries it
/// on them in this order.
async fn look_and_log_in(
    session: &mut Session,
    report: &mut Report,
    [done, unknown]: [Vec<DeviceRef>; 2],
    verification: Verification<'_>,
    observer: &mut dyn Observer,
) -> Result<(), OpsError> {
    let may_refuse: Vec<_> = unknown.iter().filter_map(key).collect();
    let devices = [done, unknown].concat();
    if devices.is_empty() {
        return Ok(());
    }
    let keys: Vec<_> = devices.iter().filter_map(key).collect();
    let (found, missing) = match session.look_with(&keys, observer).await {
        Ok((inventory, _)) => (inventory, Reason::Http(HttpFinding::NotFoundAgain)),
        Err(OpsError::Stopped) => {
            let interrupted = Reason::Stopped(StopReason::Interrupted);
            (Inventory::default(), interrupted)
        }
        Err(error) => return Err(error),
    };
    let mut there = Vec::new();
    let mut skipped = Vec::new();
    for device in devices {
        match key(&device).and_then(|key| found.with_key(&key)) {
            Some(found) => there.push(found.clone()),
            None => skipped.push(Outcome::skipped(device, Action::Check, missing.clone())),
        }
    }
    report.outcomes.extend(skipped);
    log_in(session, report, there, &may_refuse, verification, observer).await
}

/// Tries the password once on these devices of a report, and settles their outcomes.
/// Those of `may_refuse` may have their former password.
pub(crate) async fn log_in(
    session: &mut Session,
    report: &mut Report,
    devices: Vec<DiscoveredDevice>,
    may_refuse: &[DeviceKey],
    verification: Verification<'_>,
    observer: &mut dyn Observer,
) -> Result<(), OpsError> {
    let login = LoginTrial {
        password: verification.password,
        // What a device refused before was another password.
        overrides: Overrides::default().with(Guard::RefusedBefore),
        may_refuse,
    };
    let checked = check::plan(devices.clone())
        .log_in(session, verification.access, login, false, observer)
        .await?;
    report.failure = checked.failure;
    let given = report.outcomes.iter_mut();
    for outcome in given.filter(|it| was_given_password(it)) {
        let key = key(&outcome.device);
        let is_same = |device: &DiscoveredDevice| match &key {
            Some(key) => device.is(key),
            None => DeviceRef::from(device) == outcome.device,
        };
        let Some(device) = devices.iter().find(|it| is_same(it)) else {
            continue;
        };
        let own = DeviceRef::from(device);
        let mut checks = checked.outcomes.iter();
        let Some(login) = checks.find(|it| it.device == own).and_then(login_of) else {
            continue;
        };
        let settled = settle(session, device, outcome, login);
        report.failure.keep(settled);
    }
    report.outcomes.extend(checked.outcomes);
    Ok(())
}

fn key(device: &DeviceRef) -> Option<DeviceKey> {
    DeviceKey::new(device.mac, device.serial.clone())
}

/// What became of a login, where one was sent and judged.
fn login_of(checked: &Outcome) -> Option<HttpLogin> {
    match &checked.data {
        OutcomeData::Http(status) => status.login,
        _ => None,
    }
}

/// Whether a device was sent this run's new password, and took it or may have.
fn was_given_password(outcome: &Outcome) -> bool {
    let sets = outcome.action.spec().sets_password && outcome.action != Action::Deactivate;
    let is_another = match (&outcome.reason, &outcome.data) {
        (Reason::ActivatedEarlier { .. } | Reason::Button(_), _) => true,
        (_, OutcomeData::Answer(answer)) => answer.sent.is_none_or(|it| it.sets_default),
        _ => false,
    };
    sets && !is_another && outcome.may_have_happened()
}

/// Adds to an outcome, and to the ledger, what a login with the new password shows.
fn settle(
    session: &mut Session,
    device: &DiscoveredDevice,
    outcome: &mut Outcome,
    login: HttpLogin,
) -> Result<(), LedgerError> {
    let was_done = outcome.status == OutcomeStatus::Done;
    match (login, was_done) {
        (HttpLogin::Verified, true) => {
            verified(outcome, device);
            Ok(())
        }
        (HttpLogin::Verified, false) => {
            let recorded = record_done(session, device, outcome);
            outcome.status = OutcomeStatus::Done;
            verified(outcome, device);
            recorded
        }
        (HttpLogin::Refused, true) => {
            outcome.status = OutcomeStatus::Unknown;
            outcome.reason = Reason::Verify(VerifyFinding::Contradicted);
            outcome.next = None;
            match device.key() {
                Some(key) => session.ledger_mut()?.forget_password(&key),
                None => Ok(()),
            }
        }
        (HttpLogin::Refused, false) => {
            outcome.status = OutcomeStatus::Refused;
            outcome.next = None;
            if outcome.verdict.is_some() {
                // It refused what this run sent. What was sent before stays unknown.
                outcome.reason = Reason::Plain;
                return Ok(());
            }
            outcome.reason = Reason::Verify(VerifyFinding::NotSet);
            let at = session.now();
            match unknown_attempt(session, device, outcome.action)? {
                Some(id) => session.ledger_mut()?.settle(id, false, at),
                None => Ok(()),
            }
        }
    }
}

/// Adds that the device has the new password.
fn verified(outcome: &mut Outcome, device: &DiscoveredDevice) {
    if outcome.action == Action::Activate {
        if outcome.seen == Some(Seen::Changed) {
            return;
        }
        outcome.seen = Some(Seen::Changed);
    }
    if let OutcomeData::Answer(AnswerData {
        sent: Some(sent), ..
    }) = &mut outcome.data
    {
        sent.seen = Some(true);
    }
    match &mut outcome.reason {
        Reason::Answer(AnswerFinding::PasswordSet { synced: true, seen }) => *seen = true,
        reason => *reason = Reason::Verify(VerifyFinding::Set),
    }
    let is_first = outcome.action == Action::Activate;
    outcome.next = is_first.then(|| preparations(device)).flatten();
}

/// Writes down that a device carried out a command to which no reply came, as the
/// operation does when one comes.
fn record_done(
    session: &mut Session,
    device: &DiscoveredDevice,
    outcome: &mut Outcome,
) -> Result<(), LedgerError> {
    let at = session.now();
    if let Some(id) = unknown_attempt(session, device, outcome.action)? {
        session.ledger_mut()?.settle(id, true, at)?;
    }
    let Some(key) = device.key() else {
        return Ok(());
    };
    match &mut outcome.data {
        OutcomeData::Answer(answer) => {
            let how = CaseEnding::Recovered;
            if let Some(case) = answer.case {
                session.ledger_mut()?.close_case(case, how, at)?;
                let sent = answer.sent.take();
                answer.sent = sent.map(|it| SentAnswer {
                    closed: Some(how),
                    ..it
                });
            }
        }
        OutcomeData::ImportedGuid(guid) => {
            if let Some(sent) = guid.sent {
                sent.spend(session.ledger_mut()?, Some(&key), GuidVoid::Used, at)?;
            }
        }
        _ => {}
    }
    session.record_success(device, outcome.action)?;
    let account = Account::of(&device.entry.device);
    session.remember_account(&key, &account)
}

/// The last command of this action that the device was sent and whose result is unknown.
fn unknown_attempt(
    session: &Session,
    device: &DiscoveredDevice,
    action: Action,
) -> Result<Option<AttemptId>, LedgerError> {
    let (Some(ledger), Some(own)) = (session.ledger(), device.attempts()) else {
        return Ok(None);
    };
    let attempts = ledger.attempts(&own)?;
    let mut own = attempts.iter().filter(|it| it.attempt.action == action);
    let last = own.find(|it| it.result() == AttemptResult::Unknown);
    Ok(last.map(|it| it.id))
}

#[cfg(test)]
mod tests;
