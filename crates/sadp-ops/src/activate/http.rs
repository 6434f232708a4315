//! First passwords over the devices' own HTTP interface, for devices that SADP does not
//! reach.

use std::time::Duration;

use getrandom::{SysRng, rand_core::UnwrapErr};
use sadp_isapi::{
    ActivateError, Client, HttpRefusal, Transport,
    activation::{Handshake, Scheme},
};
use sadp_model::State;
use sadp_proto::seal::Password;
use sadp_reset::Action;

use super::{Plan, record};
use crate::{
    DiscoveredDevice, Event, KeepFailure, Observer, OpsError, Outcome, OutcomeData, OutcomeStatus,
    Overrides, Reason, Report, SafetyChecks, Seen, Session, StopReason,
    http::{
        self, HttpAccess, HttpActivation, HttpEndpoint, HttpFinding, HttpLook, HttpStatus, not_told,
    },
    offer::preparations,
    verify::{self, Verification},
};

/// How often a device is asked whether it took the password: some restart.
const ASKED_AFTER: usize = 5;

/// How long to wait before each of these questions but the first.
const PAUSE: Duration = Duration::from_secs(2);

/// Asks these devices, without a login, whether they have a password, and plans the
/// activation of those that have none. `named` is whether the user named them.
///
/// The newer activation is known from one public source. It is planned only for one
/// device that is named.
pub async fn plan_over_http(
    session: &Session,
    devices: Vec<DiscoveredDevice>,
    overrides: Overrides,
    named: bool,
    observer: &mut dyn Observer,
) -> Result<Plan<HttpStatus>, OpsError> {
    let alone = named && devices.len() == 1;
    let checks = SafetyChecks::new(Action::Activate, overrides).over_http();
    let checked = checks.narrow(session, http::select(devices, Action::Activate))?;
    let look = HttpLook {
        action: Action::Activate,
        access: &HttpAccess::HTTP_ONLY,
        before_login: false,
    };
    let asked = look.ask_all(&checked.devices, session, observer).await?;
    let mut plan = Plan::new();
    plan.selection.left_out = checked.left_out;
    for (device, asked) in checked.devices.into_iter().zip(asked) {
        let status = match asked {
            Some(Ok(status)) => status,
            other => {
                let failure = other.and_then(Result::err);
                let outcome = not_told(&device, Action::Activate, failure);
                plan.selection.left_out.push(outcome);
                continue;
            }
        };
        let by_sadp = status.by_sadp.filter(|it| *it != State::Unactivated);
        match (status.activated, status.activation) {
            (Some(true), _) => plan.leave_out_active(session, device, named)?,
            (Some(false), _) if by_sadp.is_some() => {
                plan.leave_out(&device, Reason::Http(HttpFinding::StatesDiffer));
            }
            (Some(false), Some(HttpActivation::V3)) if !alone => {
                plan.leave_out(&device, Reason::Http(HttpFinding::NotAlone));
            }
            (Some(false), Some(_)) => {
                plan.selection.devices.push(device);
                plan.told.push(status);
            }
            _ => plan.leave_out(&device, Reason::StateUnknown),
        }
    }
    Ok(plan)
}

impl Plan<HttpStatus> {
    /// Whether the device takes the newer activation, which is known from one source.
    pub fn is_v3(&self) -> bool {
        let mut activations = self.told.iter().map(|it| it.activation);
        activations.any(|it| it == Some(HttpActivation::V3))
    }

    /// Sends the password to each device in turn, once, and asks it again whether it has
    /// one now. After the newer activation, and where `always_verify` says so, the password is
    /// then tried once: an outcome of its own.
    pub async fn carry_out(
        self,
        session: &mut Session,
        verification: Verification<'_>,
        always_verify: bool,
        observer: &mut dyn Observer,
    ) -> Result<Report, OpsError> {
        self.record_earlier(session)?;
        let devices = self.selection.devices;
        let mut report = Report::new(self.selection.left_out);
        let password = Password::new(verification.password.clone())?;
        let number = session.ledger_mut()?.draw_password_number()?;
        let mut to_verify = Vec::new();
        let total = devices.len();
        for (finished, (mut device, status)) in devices.into_iter().zip(self.told).enumerate() {
            if session.cancellation.stop.is_cancelled() {
                let reason = Reason::Stopped(StopReason::Interrupted);
                let skipped = Outcome::skipped(&device, Action::Activate, reason);
                report.outcomes.push(skipped);
                continue;
            }
            let is_v3 = status.activation == Some(HttpActivation::V3);
            let outcome = match activate(&device, status, &password, session).await {
                Ok(outcome) => outcome,
                Err(error) => {
                    report.failure = Some(error);
                    break;
                }
            };
            if outcome.status == OutcomeStatus::Done {
                report.failure.keep(record(&device, number, session));
            }
            observer.observe(Event::Progress {
                action: Action::Activate,
                finished: finished + 1,
                total,
                latest: Some(&device),
            });
            if outcome.may_have_happened() && (always_verify || is_v3) {
                // What it reported by SADP was true before.
                device.entry.device.state = None;
                to_verify.push(device);
            }
            report.outcomes.push(outcome);
            if report.failure.is_some() {
                break;
            }
        }
        if report.failure.is_none() && !to_verify.is_empty() {
            let tried =
                verify::log_in(session, &mut report, to_verify, &[], verification, observer).await;
            report.failure.keep(tried);
        }
        Ok(report)
    }
}

/// Activates one device, written down before. Fails where nothing was sent.
async fn activate(
    device: &DiscoveredDevice,
    mut status: HttpStatus,
    password: &Password,
    session: &mut Session,
) -> Result<Outcome, OpsError> {
    let scheme = match status.activation {
        Some(HttpActivation::V3) => Scheme::V3,
        _ => Scheme::Legacy,
    };
    let client =
        HttpEndpoint::new(device, &HttpAccess::HTTP_ONLY, session)?.client(Transport::Http)?;
    let Ok(handshake) = Handshake::start(scheme, &mut UnwrapErr(SysRng)) else {
        return Ok(HttpFinding::NotReadable.outcome(device, Action::Activate));
    };
    let attempt = http::write_down(session, device, Action::Activate)?;
    let finding = match client.activate(&handshake, password).await {
        Ok(told) if told.is_done() => None,
        Ok(told) => Some(HttpFinding::NotDone(told.sub_status)),
        Err(ActivateError::Refused(HttpRefusal::Forbidden { word })) => {
            Some(HttpFinding::NotDone(word))
        }
        Err(ActivateError::Refused(refusal)) => Some(HttpFinding::Refused(refusal)),
        Err(ActivateError::Handshake(_) | ActivateError::Body(_)) => Some(HttpFinding::NotReadable),
        Err(ActivateError::Failed(failure)) => Some(HttpFinding::NotReached(failure)),
        Err(ActivateError::Unknown(failure)) => Some(HttpFinding::Unanswered(failure)),
    };
    http::finish(session, attempt, finding.as_ref())?;
    let mut outcome = match finding {
        None => Outcome::new(device, Action::Activate, OutcomeStatus::Done),
        Some(finding) => finding.outcome(device, Action::Activate),
    };
    if outcome.may_have_happened() {
        let activated = activated(&client).await;
        status.activated = activated.or(status.activated);
        outcome.check(Seen::of(activated));
        if outcome.status == OutcomeStatus::Done {
            outcome.next = outcome.next.or_else(|| preparations(device));
        }
    }
    outcome.data = OutcomeData::Http(Box::new(status));
    Ok(outcome)
}

/// Whether the device has a password now. `None` where it does not answer.
async fn activated(client: &Client) -> Option<bool> {
    let mut told = None;
    for round in 0..ASKED_AFTER {
        if round > 0 {
            tokio::time::sleep(PAUSE).await;
        }
        if let Ok(status) = client.activate_status().await {
            told = Some(status.activated);
            if status.activated {
                break;
            }
        }
    }
    told
}
