//! Preparing over HTTP what a device does not offer by SADP. Each device gets one login
//! that tries the password, then a login with each request.

use sadp_isapi::{
    HttpRefusal, IsapiRequest, SecurityCapabilities, Transport,
    fields::{FieldKey, Fields},
    prepare::{SecurityEmail, SecurityQuestion, export_guid},
};
use sadp_proto::SecretAnswers;
use sadp_reset::{Action, Vault, parse_guid};
use secrecy::SecretString;

use super::{
    Plan, PlannedDevice, PreparedDevice, PreparedStep, Settings, Step, StepProgress,
    WantedPreparation,
};
use crate::{
    DiscoveredDevice, Observer, OpsError, Outcome, OutcomeData, OutcomeStatus, Preparation, Reason,
    Selection, Session, StopReason,
    http::{HttpAccess, HttpFinding, HttpRun, HttpStatus, LoggedIn, LoginObstacle, LoginTrial},
    recovery::guid::export,
};

/// Carries out what is due over HTTP.
pub(super) async fn carry_out(
    plan: &mut Plan,
    session: &mut Session,
    settings: Settings<'_>,
    observer: &mut dyn Observer,
) -> Result<(), OpsError> {
    let (devices, wanted) = (&mut plan.devices, &plan.wanted);
    let due = devices.iter().filter(|it| it.is_due_over_http());
    let due = due.map(|it| it.device.clone());
    let selection = Selection::of(Action::Check, due.collect());
    if selection.devices.is_empty() {
        return Ok(());
    }
    let login = LoginTrial::new(settings.password, wanted.overrides);
    let access = HttpAccess::default();
    let run = HttpRun::new(Action::Check, &access, login);
    let prepare = async |login: &mut LoggedIn<'_, '_>, status: HttpStatus| {
        let device = login.device;
        let mut targets = devices.iter().filter(|it| it.is_due_over_http());
        let target = targets.find(|it| it.device.entry.device == device.entry.device);
        let steps = target.map_or(&[][..], |target| &target.steps);
        let preparing = DevicePreparation {
            device,
            wanted,
            settings,
            encrypted: status.transport == Some(Transport::Https),
        };
        let steps = preparing.all(steps, login).await;
        let prepared = PreparedDevice::new(device, steps);
        login.told(Ok(OutcomeData::Prepared(prepared)))
    };
    let report = run.carry_out(selection, session, observer, prepare).await?;
    let targets = devices.iter_mut().filter(|it| it.is_due_over_http());
    for (target, outcome) in targets.zip(report.outcomes) {
        target.take_in_over_http(outcome);
    }
    report.failure.map_or(Ok(()), Err)
}

impl Step {
    const fn is_due_over_http(&self) -> bool {
        self.is_due() && self.over_http
    }
}

impl PlannedDevice {
    fn is_due_over_http(&self) -> bool {
        self.steps.iter().any(Step::is_due_over_http)
    }

    /// Takes in what became of a device over HTTP. Where it did not take the login, that
    /// is what became of all its steps.
    fn take_in_over_http(&mut self, outcome: Outcome) {
        let steps = self.steps.iter_mut();
        let due = steps.filter(|step| step.is_due_over_http());
        if let OutcomeData::Prepared(prepared) = outcome.data {
            for (step, prepared) in due.zip(prepared.steps) {
                step.progress = match prepared.outcome {
                    None => StepProgress::Already,
                    Some(outcome) => StepProgress::Settled(Box::new(outcome)),
                };
            }
            return;
        }
        let then = match &outcome.reason {
            Reason::Http(finding) => ends(finding),
            _ => None,
        };
        let mut outcome = Outcome {
            data: OutcomeData::None,
            ..outcome
        };
        for step in due {
            outcome.action = step.preparation.action();
            step.progress = StepProgress::Settled(Box::new(outcome.clone()));
            // The password was sent once.
            if let Some(then) = &then {
                outcome = Outcome::skipped(&self.device, outcome.action, then.clone());
            }
        }
    }
}

/// What is done on one device that took the password.
struct DevicePreparation<'a> {
    device: &'a DiscoveredDevice,
    wanted: &'a WantedPreparation,
    settings: Settings<'a>,
    /// Whether the connection is encrypted, so that values need not be.
    encrypted: bool,
}

impl DevicePreparation<'_> {
    /// One after the other, until the device does not take the password again.
    async fn all(&self, steps: &[Step], login: &mut LoggedIn<'_, '_>) -> Vec<PreparedStep> {
        let mut prepared = Vec::new();
        let mut stopped = None;
        let mut offered = None;
        for step in steps.iter().filter(|step| step.is_due_over_http()) {
            let preparation = step.preparation;
            let action = preparation.action();
            let outcome = if let Some(reason) = &stopped {
                let reason = Reason::clone(reason);
                Some(Outcome::skipped(self.device, action, reason))
            } else {
                match self.one(preparation, &mut offered, login).await {
                    Ok(outcome) => outcome,
                    Err(finding) => {
                        stopped = ends(&finding);
                        Some(finding.outcome(self.device, action))
                    }
                }
            };
            prepared.push(PreparedStep {
                preparation,
                outcome,
                over_http: true,
            });
        }
        prepared
    }

    /// `None` where it was prepared before.
    async fn one(
        &self,
        preparation: Preparation,
        offered: &mut Option<SecurityCapabilities>,
        login: &mut LoggedIn<'_, '_>,
    ) -> Result<Option<Outcome>, HttpFinding> {
        let offered = if let Some(offered) = offered {
            offered
        } else {
            let user = login.credentials().user.to_owned();
            let read = login.read(&SecurityCapabilities::request(&user)).await?;
            offered.insert(read.unwrap_or_default())
        };
        let refused = match preparation {
            Preparation::Guid => offered.guid_export,
            Preparation::Mailbox => offered.mail,
            Preparation::Questions => offered.questions,
        };
        if refused == Some(false) {
            return Err(HttpFinding::NotOffered);
        }
        let fields = self.fields(offered, login)?;
        match preparation {
            Preparation::Guid => self.export(&fields, login).await.map(Some),
            Preparation::Mailbox => self.reserve(&fields, login).await,
            Preparation::Questions => self.set_questions(&fields, login).await,
        }
    }

    /// How secret values are written: the password inside a request never goes in the
    /// clear.
    fn fields(
        &self,
        offered: &SecurityCapabilities,
        login: &LoggedIn<'_, '_>,
    ) -> Result<Fields, HttpFinding> {
        let mut iv = [0; 16];
        let key = FieldKey::derive(offered, login.credentials());
        match key.filter(|_| getrandom::fill(&mut iv).is_ok()) {
            Some(key) => Ok(Fields::Sealed { key, iv }),
            None if self.encrypted => Ok(Fields::Plain),
            None => Err(HttpFinding::Withheld(LoginObstacle::BasicOnly)),
        }
    }

    fn password(&self) -> &SecretString {
        self.settings.password
    }

    fn done(&self, preparation: Preparation) -> Outcome {
        Outcome::new(self.device, preparation.action(), OutcomeStatus::Done)
    }

    /// The GUID is in the vault before anything else is done with the device.
    async fn export(
        &self,
        fields: &Fields,
        login: &mut LoggedIn<'_, '_>,
    ) -> Result<Outcome, HttpFinding> {
        let request = export_guid(self.password(), fields);
        let reply = login.change(Action::GuidExport, &request).await?;
        let mut outcome = self.done(Preparation::Guid);
        let mut kept = None;
        if let Ok(guid) = parse_guid(&reply.body) {
            let stored = login.with_session(|session| {
                let keeper =
                    export::Keeper::new(Vault::new(session.state()), self.settings.passphrase);
                let new = export::ArrivedGuid {
                    device: self.device,
                    guid: &guid,
                    at: session.now(),
                };
                keeper.store(session.ledger_mut()?, new)
            });
            kept = stored.unwrap_or_else(|error| {
                login.fail(error);
                None
            });
        }
        export::conclude(&mut outcome, kept);
        Ok(outcome)
    }

    async fn reserve(
        &self,
        fields: &Fields,
        login: &mut LoggedIn<'_, '_>,
    ) -> Result<Option<Outcome>, HttpFinding> {
        let Some(mailbox) = &self.wanted.mailbox else {
            return Err(HttpFinding::NotOffered);
        };
        let known = login.send(&IsapiRequest::get(SecurityEmail::PATH)).await?;
        let known = known.body().map(|body| SecurityEmail::read(&body));
        if known.is_ok_and(|it| it.addresses.iter().any(|it| !it.is_empty())) {
            return Ok(None);
        }
        let request = SecurityEmail::set(mailbox.as_str(), self.password(), fields);
        login.change(Action::MailSet, &request).await?;
        Ok(Some(Outcome {
            data: OutcomeData::Mailbox(mailbox.clone()),
            ..self.done(Preparation::Mailbox)
        }))
    }

    async fn set_questions(
        &self,
        fields: &Fields,
        login: &mut LoggedIn<'_, '_>,
    ) -> Result<Option<Outcome>, HttpFinding> {
        let answers = self.wanted.answers_of(&self.device.entry.device);
        let listed = login
            .read_list(&IsapiRequest::get(SecurityQuestion::PATH))
            .await?;
        let (Some(answers), Some(listed)) = (answers, listed) else {
            return Err(HttpFinding::NotOffered);
        };
        let listed: Vec<SecurityQuestion> = listed;
        if listed.iter().filter(|it| it.mark).count() >= SecretAnswers::COUNT {
            return Ok(None);
        }
        let mut ids = answers.ids();
        if let Some(id) = ids.find(|id| listed.iter().all(|it| it.id != *id)) {
            let reason = Reason::QuestionNotListed(id);
            let action = Action::QuestionsSet;
            return Ok(Some(Outcome::skipped(self.device, action, reason)));
        }
        let request = SecurityQuestion::set(answers, self.password(), fields);
        login.change(Action::QuestionsSet, &request).await?;
        Ok(Some(self.done(Preparation::Questions)))
    }
}

/// Why nothing more is sent to a device of which this is found. `None` where its next step
/// may be done.
const fn ends(finding: &HttpFinding) -> Option<Reason> {
    match finding {
        HttpFinding::WrongPassword { .. } => Some(Reason::Stopped(StopReason::WrongSecret)),
        HttpFinding::Refused(HttpRefusal::Locked { .. }) | HttpFinding::NotJudged(_) => {
            Some(Reason::Stopped(StopReason::DeviceLocked))
        }
        HttpFinding::Unanswered(_) => Some(Reason::EarlierUnknown),
        HttpFinding::NotWrittenDown => Some(Reason::Stopped(StopReason::LocalFailure)),
        _ => None,
    }
}
