//! What devices tell over their own HTTP interface: without a login, which costs no try,
//! and with one login where that is asked for.

use std::net::SocketAddr;

use sadp_isapi::{
    ActivateStatus, AskError, BasicLogin, Client, ClientSettings, HttpFailure, HttpRefusal,
    LoginOutcome, Transport, UserCheck, Withheld, digest::LoginCredentials,
};
use sadp_model::Warning;
use sadp_proto::{Refusal, RefusalReply};
use sadp_reset::{
    Account, Action, Attempt, AttemptId, AttemptResult, AttemptVerdict, LedgerError, RefusalWord,
};
use secrecy::SecretString;
use tokio::task::JoinSet;

pub use crate::outcome::http::{HttpActivation, HttpFinding, HttpLogin, HttpStatus, LoginObstacle};
use crate::{
    DiscoveredDevice, Event, Observer, OpsError, Outcome, OutcomeData, OutcomeStatus, Overrides,
    Reason, Report, SafetyChecks, Selection, Session, StopReason, batch::PROVING,
};

/// The most devices that are asked at once.
const PARALLEL: usize = 32;

/// The port where a device reports none.
const HTTP_PORT: u16 = 80;

/// Devices to ask.
#[derive(Debug)]
pub struct Plan {
    /// The devices that are asked, and the others.
    pub selection: Selection,
}

/// Plans to ask devices. Those without an address that leads to them alone are left out.
pub fn plan(devices: Vec<DiscoveredDevice>) -> Plan {
    let mut selection = Selection::none(Action::Check);
    for device in devices {
        let finding = if address(&device).is_none() {
            HttpFinding::NoAddress
        } else if device.warnings.contains(&Warning::DuplicateIp) {
            HttpFinding::AddressShared
        } else if device.reachable == Some(false) {
            HttpFinding::OffSubnet
        } else {
            selection.devices.push(device);
            continue;
        };
        let skipped = Outcome::skipped(&device, Action::Check, Reason::Http(finding));
        selection.left_out.push(skipped);
    }
    Plan { selection }
}

/// A password to try once on each device.
#[derive(Clone, Copy, Debug)]
pub struct LoginTrial<'a> {
    /// The password.
    pub password: &'a SecretString,
    /// What the user lifted.
    pub overrides: Overrides,
}

impl Plan {
    /// Asks all devices, several at once, without a login. Nothing is changed, nothing is
    /// recorded and no try is spent.
    ///
    /// With a login, the password then goes to one device after the other, at most once
    /// each; the first refusal ends that. A device that says that it is locked or has one
    /// try left gets none.
    pub async fn carry_out(
        self,
        session: &mut Session,
        login: Option<LoginTrial<'_>>,
        observer: &mut dyn Observer,
    ) -> Result<Report, OpsError> {
        let Selection {
            devices, left_out, ..
        } = self.selection;
        let mut report = Report::new(left_out);
        let asked = ask_all(&devices, session, observer).await?;
        let mut logins = LoginRun {
            login,
            accepted: 0,
            stopped: None,
            failure: None,
        };
        for (place, (device, asked)) in devices.iter().zip(asked).enumerate() {
            if login.is_some() {
                observer.observe(Event::Progress {
                    action: Action::Check,
                    finished: place,
                    total: devices.len(),
                });
            }
            let outcome = match asked {
                None => {
                    let reason = Reason::Stopped(StopReason::Interrupted);
                    Outcome::skipped(device, Action::Check, reason)
                }
                Some(Err(failure)) => Outcome {
                    reason: Reason::Http(HttpFinding::NotReached(failure)),
                    ..Outcome::new(device, Action::Check, OutcomeStatus::NoAnswer)
                },
                Some(Ok(status)) => match logins.send(device, status, session).await {
                    Ok(outcome) => outcome,
                    Err(error) => {
                        logins.fail(error);
                        let reason = Reason::Stopped(StopReason::LocalFailure);
                        Outcome::skipped(device, Action::Check, reason)
                    }
                },
            };
            report.outcomes.push(outcome);
        }
        report.failure = logins.failure;
        Ok(report)
    }
}

/// Asks all devices. `None` where the session was asked to stop before.
async fn ask_all(
    devices: &[DiscoveredDevice],
    session: &Session,
    observer: &mut dyn Observer,
) -> Result<Vec<Option<Result<HttpStatus, HttpFailure>>>, OpsError> {
    let stop = session.cancellation.stop.clone();
    let mut asked = vec![None; devices.len()];
    let mut waiting = devices.iter().enumerate();
    let mut tasks = JoinSet::new();
    let mut finished = 0;
    loop {
        while tasks.len() < PARALLEL
            && let Some((place, device)) = waiting.next()
        {
            let client = client(device)?;
            tasks.spawn(async move { (place, ask(&client).await) });
        }
        let next = tokio::select! {
            () = stop.cancelled() => None,
            next = tasks.join_next() => next,
        };
        // A task neither panics nor is aborted before the loop ends.
        let Some(Ok((place, status))) = next else {
            return Ok(asked);
        };
        if let Some(slot) = asked.get_mut(place) {
            *slot = Some(status);
        }
        finished += 1;
        observer.observe(Event::Progress {
            action: Action::Check,
            finished,
            total: devices.len(),
        });
    }
}

/// Asks one device what it tells without a login.
async fn ask(client: &Client) -> Result<HttpStatus, HttpFailure> {
    let activation = client.activate_status().await;
    if activation == Err(AskError::Failed(HttpFailure::NotConnected)) {
        return Err(HttpFailure::NotConnected);
    }
    let check = client.user_check().await;
    if let (Err(AskError::Failed(failure)), Err(AskError::Failed(_))) = (&activation, &check) {
        return Err(*failure);
    }
    Ok(HttpStatus::new(activation, check))
}

impl HttpStatus {
    fn new(
        activation: Result<ActivateStatus, AskError>,
        check: Result<UserCheck, AskError>,
    ) -> Self {
        let not_activated = matches!(check, Err(AskError::Refused(HttpRefusal::NotActivated)));
        let activation = activation.ok();
        let check = check.unwrap_or_default();
        let by_login = match check.status_value {
            _ if not_activated => Some(false),
            // A device without a password wants no login.
            Some(401) => Some(true),
            _ => None,
        };
        Self {
            activated: activation
                .map(|it| it.activated)
                .or(check.is_activated)
                .or(by_login),
            activation: activation.map(|it| match it.support_version {
                Some(3..) => HttpActivation::V3,
                _ => HttpActivation::Legacy,
            }),
            check,
            ..Self::default()
        }
    }

    /// Why it must not be sent a login.
    fn obstacle(&self) -> Option<LoginObstacle> {
        if self.check.is_locked() {
            let seconds = self.check.unlock_time;
            return Some(LoginObstacle::Locked { seconds });
        }
        if self.activated == Some(false) {
            return Some(LoginObstacle::NotActivated);
        }
        let tries = self.check.retry_login_time;
        tries
            .is_some_and(|tries| tries <= 1)
            .then_some(LoginObstacle::OneTryLeft)
    }
}

/// The logins of a batch, one device after the other.
struct LoginRun<'a> {
    login: Option<LoginTrial<'a>>,
    /// How many devices accepted the password.
    accepted: usize,
    /// Why it goes to no other device.
    stopped: Option<Reason>,
    failure: Option<OpsError>,
}

impl LoginRun<'_> {
    fn fail(&mut self, error: impl Into<OpsError>) {
        self.stopped = Some(Reason::Stopped(StopReason::LocalFailure));
        self.failure.get_or_insert_with(|| error.into());
    }

    /// Concludes what a device told, and sends it the login where there is one.
    async fn send(
        &mut self,
        device: &DiscoveredDevice,
        mut status: HttpStatus,
        session: &mut Session,
    ) -> Result<Outcome, OpsError> {
        status.by_sadp = device.entry.device.state;
        let mut outcome = match self.login {
            None => Outcome::new(device, Action::Check, OutcomeStatus::Done),
            Some(login) => match self.objection(login, device, &status, session)? {
                Some(outcome) => outcome,
                None => self.log_in(login, device, &mut status, session).await?,
            },
        };
        outcome.data = OutcomeData::Http(Box::new(status));
        Ok(outcome)
    }

    /// The outcome of a device that must not be sent the password.
    fn objection(
        &self,
        login: LoginTrial<'_>,
        device: &DiscoveredDevice,
        status: &HttpStatus,
        session: &Session,
    ) -> Result<Option<Outcome>, LedgerError> {
        let reason = if let Some(reason) = &self.stopped {
            reason.clone()
        } else if session.cancellation.stop.is_cancelled() {
            Reason::Stopped(StopReason::Interrupted)
        } else if let Some(obstacle) = status.obstacle() {
            Reason::Http(HttpFinding::Withheld(obstacle))
        } else {
            let checks = SafetyChecks::new(Action::Check, login.overrides);
            return checks.blocked(session, device);
        };
        Ok(Some(Outcome::skipped(device, Action::Check, reason)))
    }

    /// Sends the login, and writes it down before. Fails where nothing was sent.
    async fn log_in(
        &mut self,
        login: LoginTrial<'_>,
        device: &DiscoveredDevice,
        status: &mut HttpStatus,
        session: &mut Session,
    ) -> Result<Outcome, OpsError> {
        let client = client(device)?;
        let account = Account::of(&device.entry.device);
        let attempt = Attempt {
            device: device.key(),
            address: address(device).map(|it| it.ip()),
            action: Action::Check,
            at: session.now(),
        };
        let id = session.ledger_mut()?.begin(&attempt)?;
        let credentials = LoginCredentials {
            user: &account.user_name,
            password: login.password,
        };
        let ended = client.verify(credentials, BasicLogin::Refuse).await;
        let outcome = self.conclude(device, status, ended);
        if let Err(error) = finish(session, id, &outcome) {
            self.fail(error);
        }
        Ok(outcome)
    }

    /// What a login means, for its device and for the others.
    fn conclude(
        &mut self,
        device: &DiscoveredDevice,
        status: &mut HttpStatus,
        ended: LoginOutcome,
    ) -> Outcome {
        let (result, reason) = match ended {
            LoginOutcome::Accepted(reply) => {
                self.accepted += 1;
                status.login = Some(HttpLogin::Verified);
                let told: UserCheck = reply.document().unwrap_or_default();
                status.check.is_default_password = told.is_default_password;
                status.check.is_risk_password = told.is_risk_password;
                return Outcome::new(device, Action::Check, OutcomeStatus::Done);
            }
            LoginOutcome::WrongPassword { tries_left } => {
                self.stopped = Some(Reason::Stopped(StopReason::WrongSecret));
                status.login = Some(HttpLogin::Refused);
                let finding = HttpFinding::WrongPassword { tries_left };
                (OutcomeStatus::Refused, finding)
            }
            LoginOutcome::Refused(refusal) => {
                if matches!(refusal, HttpRefusal::Locked { .. }) {
                    self.stopped = Some(Reason::Stopped(StopReason::DeviceLocked));
                }
                (OutcomeStatus::Refused, HttpFinding::NotJudged(refusal))
            }
            LoginOutcome::Unknown(failure) => {
                if self.accepted < PROVING {
                    let earlier = HttpFinding::Withheld(LoginObstacle::EarlierUnanswered);
                    self.stopped = Some(Reason::Http(earlier));
                }
                (OutcomeStatus::Unknown, HttpFinding::Unanswered(failure))
            }
            LoginOutcome::Withheld(Withheld::Failed(failure)) => {
                (OutcomeStatus::NoAnswer, HttpFinding::NotReached(failure))
            }
            LoginOutcome::Withheld(withheld) => {
                let obstacle = LoginObstacle::of(withheld);
                (OutcomeStatus::Skipped, HttpFinding::Withheld(obstacle))
            }
        };
        Outcome {
            verdict: verdict(&reason),
            reason: Reason::Http(reason),
            ..Outcome::new(device, Action::Check, result)
        }
    }
}

impl LoginObstacle {
    fn of(withheld: Withheld) -> Self {
        match withheld {
            Withheld::NotNeeded(_) => Self::NotNeeded,
            Withheld::Refused(HttpRefusal::Locked { seconds }) => Self::Locked { seconds },
            Withheld::Refused(HttpRefusal::NotActivated) => Self::NotActivated,
            Withheld::Refused(refusal) => Self::Refused(refusal),
            Withheld::OneTryLeft => Self::OneTryLeft,
            Withheld::BasicOnly => Self::BasicOnly,
            Withheld::NoChallenge | Withheld::Failed(_) => Self::NoChallenge,
        }
    }
}

/// A refusal in the words that devices use by SADP, so that scripts read one kind.
fn verdict(finding: &HttpFinding) -> Option<RefusalReply> {
    let (refusal, tries_left, lock_minutes) = match *finding {
        HttpFinding::WrongPassword { tries_left } => (Refusal::PasswordError, tries_left, None),
        HttpFinding::NotJudged(HttpRefusal::Locked { seconds }) => {
            (Refusal::Locked, None, seconds.map(|it| it.div_ceil(60)))
        }
        _ => return None,
    };
    Some(RefusalReply {
        refusal,
        tries_left,
        lock_minutes,
        without_mac: false,
    })
}

/// Writes down how a login ended. Locks and tries over HTTP are counted for this
/// computer's address: what the device told by SADP stays as it is.
fn finish(session: &mut Session, id: AttemptId, outcome: &Outcome) -> Result<(), LedgerError> {
    let result = match outcome.status {
        OutcomeStatus::Done => AttemptResult::Done,
        OutcomeStatus::Refused => AttemptResult::Refused,
        OutcomeStatus::Unknown => AttemptResult::Unknown,
        OutcomeStatus::NoAnswer | OutcomeStatus::Skipped | OutcomeStatus::Planned => {
            AttemptResult::Skipped
        }
    };
    let told = outcome.verdict.as_ref();
    let at = session.now();
    let verdict = AttemptVerdict {
        refusal: told.map(|it| RefusalWord::new(it.refusal.word())),
        tries_left: told.and_then(|it| it.tries_left),
        lock_minutes: told.and_then(|it| it.lock_minutes),
        ..AttemptVerdict::new(result, at)
    };
    session.ledger_mut()?.finish(id, &verdict)
}

/// A client that leaves by the interface on which the device was heard: two may see the
/// same address.
fn client(device: &DiscoveredDevice) -> Result<Client, OpsError> {
    let address = address(device).ok_or(OpsError::NoAddress)?;
    let heard = device.entry.reply_address();
    let settings = ClientSettings {
        interface: heard.map(|it| it.interface.to_string()),
        ..ClientSettings::new(address, Transport::Http)
    };
    Ok(Client::new(&settings)?)
}

/// Where the device answers HTTP, as it reports by SADP.
fn address(device: &DiscoveredDevice) -> Option<SocketAddr> {
    let device = &device.entry.device;
    let ip = device.ipv4.address.filter(|it| !it.is_unspecified())?;
    Some((ip, device.ports.http.unwrap_or(HTTP_PORT)).into())
}
