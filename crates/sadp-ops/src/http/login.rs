//! Logins of a batch: at most one password a device, and none after the first refusal.

use std::{cell::RefCell, time::Duration};

use futures_util::{StreamExt, stream::FuturesUnordered};
use sadp_isapi::{Client, HttpFailure, HttpRefusal, LoginOutcome, Timeouts, Transport, UserCheck};
use sadp_reset::{
    Account, Action, Attempt, AttemptId, AttemptResult, AttemptVerdict, LedgerError, RefusalWord,
    RememberedCertificate,
};

use super::{
    HttpAccess, HttpEndpoint, HttpFinding, HttpLogin, HttpLook, HttpStatus, LoggedIn,
    LoginObstacle, LoginTrial, PARALLEL, address,
};
use crate::{
    DiscoveredDevice, Event, Observer, OpsError, Outcome, OutcomeData, OutcomeStatus, Reason,
    Report, SafetyChecks, Selection, Session, StopReason, batch::PROVING,
};

/// An operation that logs in to devices.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HttpRun<'a> {
    /// What is done with each device.
    pub(crate) action: Action,
    /// How they are reached.
    pub(crate) access: &'a HttpAccess,
    /// The password.
    pub(crate) login: LoginTrial<'a>,
}

impl<'a> HttpRun<'a> {
    /// An action on devices that take this login.
    pub(crate) const fn new(action: Action, access: &'a HttpAccess, login: LoginTrial<'a>) -> Self {
        Self {
            action,
            access,
            login,
        }
    }

    /// Asks all devices without a login, then tries the password, and works on each
    /// device that took it. A device that says that it is locked or has one try left
    /// gets no login.
    ///
    /// The password goes to one device at a time until two accepted it, then to several
    /// at once; the first refusal ends that. Each login is written down before it is
    /// sent.
    pub(crate) async fn carry_out(
        self,
        selection: Selection,
        session: &mut Session,
        observer: &mut dyn Observer,
        work: impl AsyncFn(&mut LoggedIn<'_, '_>, HttpStatus) -> Outcome,
    ) -> Result<Report, OpsError> {
        let devices = selection.devices;
        let look = HttpLook {
            action: self.action,
            access: self.access,
            before_login: true,
        };
        let asked = look.ask_all(&devices, session, observer).await?;
        let batch = RefCell::new(LoginBatch {
            session,
            accepted: 0,
            stopped: None,
            failure: None,
        });
        let mut outcomes: Vec<Option<Outcome>> = devices.iter().map(|_| None).collect();
        let mut waiting = devices.iter().zip(asked).enumerate();
        let mut running = FuturesUnordered::new();
        let mut finished = 0;
        loop {
            while running.len() < batch.borrow().width()
                && let Some((place, (device, asked))) = waiting.next()
            {
                let (batch, work) = (&batch, &work);
                running.push(async move {
                    let outcome = self.visit(device, asked, batch, work).await;
                    (place, outcome)
                });
            }
            let Some((place, outcome)) = running.next().await else {
                break;
            };
            if let Some(slot) = outcomes.get_mut(place) {
                *slot = Some(outcome);
            }
            finished += 1;
            observer.observe(Event::Progress {
                action: self.action,
                finished,
                total: devices.len(),
                latest: devices.get(place),
            });
        }
        drop(running);
        let mut report = Report::new(selection.left_out);
        report.outcomes.extend(outcomes.into_iter().flatten());
        report.failure = batch.into_inner().failure;
        Ok(report)
    }

    /// A recorder searches its own network for some seconds before it answers.
    fn timeouts(self) -> Timeouts {
        let usual = Timeouts::default();
        match self.action {
            Action::Cameras => Timeouts {
                read: Duration::from_secs(30),
                whole: Duration::from_secs(30),
                ..usual
            },
            _ => usual,
        }
    }

    /// One device from what it told to its outcome.
    async fn visit(
        self,
        device: &DiscoveredDevice,
        asked: Option<Result<HttpStatus, HttpFailure>>,
        batch: &RefCell<LoginBatch<'_>>,
        work: &impl AsyncFn(&mut LoggedIn<'_, '_>, HttpStatus) -> Outcome,
    ) -> Outcome {
        let mut status = match asked {
            Some(Ok(status)) => status,
            other => return not_told(device, self.action, other.and_then(Result::err)),
        };
        let begun = batch.borrow_mut().begin(self, device, &status);
        let attempt = match begun {
            Ok(Ok(attempt)) => attempt,
            Ok(Err(outcome)) => return self.with_status(*outcome, status),
            Err(error) => {
                batch.borrow_mut().fail(error);
                let reason = Reason::Stopped(StopReason::LocalFailure);
                return Outcome::skipped(device, self.action, reason);
            }
        };
        let mut login = LoggedIn {
            run: self,
            device,
            client: attempt.client,
            account: attempt.account,
            batch,
            ended: None,
        };
        let (credentials, basic) = (login.credentials(), self.access.basic);
        let ended = login.client.verify(credentials, basic).await;
        let mut known = self.login.may_refuse.iter();
        let may_refuse = known.any(|it| device.is(it));
        let concluded = batch.borrow_mut().conclude(attempt.id, ended, may_refuse);
        match concluded {
            Ok(told) => {
                status.login = Some(HttpLogin::Verified);
                status.check.is_default_password = told.is_default_password;
                status.check.is_risk_password = told.is_risk_password;
            }
            Err(finding) => {
                if let HttpFinding::WrongPassword { .. } = finding {
                    status.login = Some(HttpLogin::Refused);
                }
                let outcome = finding.outcome(device, self.action);
                return self.with_status(outcome, status);
            }
        }
        work(&mut login, status).await
    }

    /// What a device told goes with the outcome of a check, whatever came of it.
    fn with_status(self, mut outcome: Outcome, status: HttpStatus) -> Outcome {
        if self.action == Action::Check {
            outcome.data = OutcomeData::Http(Box::new(status));
        }
        outcome
    }
}

/// The outcome of a device that told nothing: it was not asked, or did not answer.
pub(crate) fn not_told(
    device: &DiscoveredDevice,
    action: Action,
    failure: Option<HttpFailure>,
) -> Outcome {
    match failure {
        None => Outcome::skipped(device, action, Reason::Stopped(StopReason::Interrupted)),
        Some(failure) => HttpFinding::NotReached(failure).outcome(device, action),
    }
}

/// What the logins of a batch share.
pub(super) struct LoginBatch<'s> {
    pub(super) session: &'s mut Session,
    /// How many devices accepted the password.
    accepted: usize,
    /// Why it goes to no other device.
    stopped: Option<Reason>,
    failure: Option<OpsError>,
}

/// A login that is written down and not yet sent.
struct BegunLogin {
    id: AttemptId,
    client: Client,
    account: Account,
}

impl LoginBatch<'_> {
    /// How many logins may be under way.
    fn width(&self) -> usize {
        if self.accepted < PROVING { 1 } else { PARALLEL }
    }

    pub(super) fn fail(&mut self, error: impl Into<OpsError>) {
        self.stopped = Some(Reason::Stopped(StopReason::LocalFailure));
        self.failure.get_or_insert_with(|| error.into());
    }

    /// Writes a login down, unless the device must not be sent one. Then its outcome is
    /// known.
    fn begin(
        &mut self,
        run: HttpRun<'_>,
        device: &DiscoveredDevice,
        status: &HttpStatus,
    ) -> Result<Result<BegunLogin, Box<Outcome>>, OpsError> {
        if let Some(outcome) = self.objection(run, device, status)? {
            return Ok(Err(Box::new(outcome)));
        }
        let remembered = match (device.key(), self.session.ledger()) {
            // It does not report its account itself.
            (Some(key), Some(ledger)) if device.entry.seen.is_empty() => ledger.account_of(&key)?,
            _ => None,
        };
        let account = remembered.unwrap_or_else(|| Account::of(&device.entry.device));
        let client = self.connect(run, device, status)?;
        let id = write_down(self.session, device, Action::Check)?;
        Ok(Ok(BegunLogin {
            id,
            client,
            account,
        }))
    }

    /// A client for the login, by the transport of the look before. Over HTTPS the device
    /// must have the certificate that it had then, which is remembered from now on.
    fn connect(
        &mut self,
        run: HttpRun<'_>,
        device: &DiscoveredDevice,
        status: &HttpStatus,
    ) -> Result<Client, OpsError> {
        let route = HttpEndpoint::new(device, run.access, self.session)?;
        let mut route = route.with(run.timeouts());
        let transport = status.transport.unwrap_or(Transport::Http);
        if let (Transport::Https, Some(certificate)) = (transport, status.certificate) {
            route.certificate = Some(certificate);
            let at = self.session.now();
            let fingerprint = <[u8; 32]>::from(certificate).into();
            let it = RememberedCertificate { fingerprint, at };
            let ledger = self.session.ledger_mut()?;
            match (device.key(), address(device)) {
                (Some(key), _) => ledger.remember_certificate(&key, it)?,
                (None, Some(at)) => ledger.remember_certificate_at(at.ip(), it)?,
                (None, None) => {}
            }
        }
        Ok(route.client(transport)?)
    }

    /// The outcome of a device that must not be sent the password.
    fn objection(
        &self,
        run: HttpRun<'_>,
        device: &DiscoveredDevice,
        status: &HttpStatus,
    ) -> Result<Option<Outcome>, LedgerError> {
        let reason = if let Some(reason) = &self.stopped {
            reason.clone()
        } else if self.session.cancellation.stop.is_cancelled() {
            Reason::Stopped(StopReason::Interrupted)
        } else if let Some(obstacle) = status.obstacle() {
            Reason::Http(HttpFinding::Withheld(obstacle))
        } else {
            let checks = SafetyChecks::new(run.action, run.login.overrides);
            return checks.blocked(self.session, device);
        };
        Ok(Some(Outcome::skipped(device, run.action, reason)))
    }

    /// What a login means, for its device and for the others. `may_refuse` is whether the
    /// device may have another password than the others.
    fn conclude(
        &mut self,
        id: AttemptId,
        ended: LoginOutcome,
        may_refuse: bool,
    ) -> Result<UserCheck, HttpFinding> {
        let result = match ended {
            LoginOutcome::Accepted(reply) => {
                self.accepted += 1;
                Ok(reply.document().unwrap_or_default())
            }
            other => Err(HttpFinding::of(other)),
        };
        let finding = result.as_ref().err();
        let is_expected = matches!(finding, Some(HttpFinding::WrongPassword { .. }))
            && may_refuse
            && self.accepted >= PROVING;
        if let Some(finding) = finding.filter(|_| !is_expected) {
            self.heed(finding);
        }
        if let Err(error) = finish(self.session, id, finding) {
            self.fail(error);
        }
        result
    }

    /// Stops the logins to other devices, where one was not accepted.
    pub(super) fn heed(&mut self, finding: &HttpFinding) {
        let reason = match finding {
            HttpFinding::WrongPassword { .. } => Reason::Stopped(StopReason::WrongSecret),
            HttpFinding::NotJudged(HttpRefusal::Locked { .. })
            | HttpFinding::Refused(HttpRefusal::Locked { .. }) => {
                Reason::Stopped(StopReason::DeviceLocked)
            }
            HttpFinding::Unanswered(_) if self.accepted < PROVING => {
                Reason::Http(HttpFinding::Withheld(LoginObstacle::EarlierUnanswered))
            }
            _ => return,
        };
        self.stopped.get_or_insert(reason);
    }
}

/// Writes down a request that is about to be sent.
pub(crate) fn write_down(
    session: &mut Session,
    device: &DiscoveredDevice,
    action: Action,
) -> Result<AttemptId, LedgerError> {
    let attempt = Attempt {
        device: device.key(),
        address: address(device).map(|it| it.ip()),
        action,
        at: session.now(),
    };
    session.ledger_mut()?.begin(&attempt)
}

/// Writes down how a request ended. Locks and tries over HTTP are counted for this
/// computer's address: what the device told by SADP stays as it is.
pub(crate) fn finish(
    session: &mut Session,
    id: AttemptId,
    finding: Option<&HttpFinding>,
) -> Result<(), LedgerError> {
    let result = match finding.map(HttpFinding::status) {
        None | Some(OutcomeStatus::Done) => AttemptResult::Done,
        Some(OutcomeStatus::Refused) => AttemptResult::Refused,
        Some(OutcomeStatus::Unknown) => AttemptResult::Unknown,
        Some(OutcomeStatus::NoAnswer | OutcomeStatus::Skipped | OutcomeStatus::Planned) => {
            AttemptResult::Skipped
        }
    };
    let told = finding.and_then(HttpFinding::verdict);
    let verdict = AttemptVerdict {
        refusal: told.as_ref().map(|it| RefusalWord::new(it.refusal.word())),
        tries_left: told.as_ref().and_then(|it| it.tries_left),
        lock_minutes: told.as_ref().and_then(|it| it.lock_minutes),
        ..AttemptVerdict::new(result, session.now())
    };
    session.ledger_mut()?.finish(id, &verdict)
}
