//! Recovery: requests and answers, GUIDs, the mailbox, questions, the button, and all that
//! can be prepared.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use sadp_proto::{Mailbox, SecretAnswers};
use sadp_reset::{Contact, QuestionNames};
use secrecy::SecretString;

use super::{JobError, JobNote, JobRun, PlannedTask};
use crate::{
    Inventory, OpsError, Outcome, OutcomeData, PasswordSettings, Report, Selection,
    recovery::{
        answer::{self, AnswerFor, AnswerInput, ResetChoice},
        button,
        guid::{
            export,
            import::{self, GuidSource, ImportChoice},
        },
        mail::{self, Setting},
        password_reset::{self, Method, OwnerSecret, PasswordReset},
        prepare::{self, WantedPreparation},
        questions::{self, NewQuestions, QuestionCheck, ReadSettings},
        request,
    },
};

impl JobRun<'_> {
    /// Asks first for the devices whose earlier request waits for its answer.
    pub(super) async fn export_requests(
        &mut self,
        folder: &Path,
        contact: &Contact,
    ) -> Result<Report, JobError> {
        let found = self.look().await?;
        let mut plan = request::plan(self.session, found.devices, found.named)?;
        let again = PlannedTask::RequestAgain(&plan.pending);
        if !plan.pending.is_empty() && self.ask(again, &[]).await? {
            plan.include_pending(|_| true);
        }
        if plan.exports.is_empty() {
            return Ok(Report::new(plan.into_outcomes()));
        }
        self.confirm(PlannedTask::Request(&plan.exports), &plan.left_out)
            .await?;
        let settings = request::Settings {
            inventory: &found.inventory,
            out: folder,
            contact,
            parallel: self.settings.parallel,
        };
        let report = plan.carry_out(self.session, settings, self.operator);
        let mut report = report.await?;
        if report.failure.is_none() {
            report.failure = request::write_mailing(self.session, folder, contact).err();
        }
        Ok(report)
    }

    /// Sends the vendor's answers to the devices that they are for, or to the only device of
    /// the job.
    pub(super) async fn send_answers(
        &mut self,
        input: AnswerInput,
        password: Option<SecretString>,
    ) -> Result<Report, JobError> {
        let choice = self.reset_choice();
        let whose = match self.devices.as_slice() {
            [only] => Some(AnswerFor::Device(only.clone())),
            _ => None,
        };
        let matching =
            answer::match_requests(self.session, input, whose.as_ref(), choice.overrides)?;
        if !matching.unanswered.is_empty() {
            self.operator
                .note(JobNote::Unanswered(&matching.unanswered));
        }
        if matching.answers.is_empty() {
            return Ok(Report::new(matching.left_out));
        }
        let wanted = matching.devices();
        let (inventory, report) = self.session.look_for(&wanted, self.operator).await?;
        if inventory.devices.is_empty() {
            return Err(JobError::NothingFound(Box::new(report)));
        }
        let plan = answer::plan(self.session, &inventory, matching, &choice)?;
        if plan.answers.is_empty() {
            return Ok(Report::new(plan.into_outcomes()));
        }
        if plan.needs_password() && password.is_none() {
            return Err(OpsError::PasswordMissing.into());
        }
        self.confirm(PlannedTask::SendAnswers(&plan), &plan.left_out)
            .await?;
        let settings = answer::Settings {
            inventory: &inventory,
            password: password.as_ref().filter(|_| plan.needs_password()),
            parallel: self.settings.parallel,
        };
        let report = plan.carry_out(self.session, settings, self.operator);
        Ok(report.await?)
    }

    pub(super) async fn export_guids(
        &mut self,
        password: SecretString,
        passphrase: Option<SecretString>,
    ) -> Result<Report, JobError> {
        let found = self.look().await?;
        let plan = export::plan(self.session, found.devices, self.overrides(), found.named)?;
        let selection = &plan.selection;
        if selection.devices.is_empty() {
            return Ok(Report::new(plan.selection.into_outcomes()));
        }
        let task = PlannedTask::ExportGuids(&selection.devices);
        self.confirm(task, &selection.left_out).await?;
        let settings = export::Settings {
            access: PasswordSettings::new(&found.inventory, &password),
            passphrase: passphrase.as_ref(),
        };
        let report = plan.carry_out(self.session, settings, self.operator);
        let report = report.await?;
        let mut data = report.outcomes.iter().map(|it| &it.data);
        if passphrase.is_none() && data.any(|it| matches!(it, OutcomeData::ExportedGuid(_))) {
            self.operator.note(JobNote::NotEncrypted);
        }
        Ok(report)
    }

    pub(super) async fn import_guids(
        &mut self,
        source: GuidSource,
        password: SecretString,
    ) -> Result<Report, JobError> {
        let found = self.look().await?;
        let choice = ImportChoice {
            source,
            overrides: self.overrides(),
            sync_cameras: self.settings.sync_cameras,
            named: found.named,
            parallel: self.settings.parallel,
        };
        let plan = import::plan(self.session, found.devices, &choice)?;
        if plan.is_nothing() {
            return Err(JobError::NoGuid);
        }
        if plan.imports.is_empty() {
            return Ok(Report::new(plan.into_outcomes()));
        }
        self.confirm(PlannedTask::ImportGuids(&plan.imports), &plan.left_out)
            .await?;
        let settings = PasswordSettings::new(&found.inventory, &password);
        let report = plan.carry_out(self.session, settings, self.operator);
        Ok(report.await?)
    }

    pub(super) async fn set_mailbox(
        &mut self,
        mailbox: Mailbox,
        password: SecretString,
    ) -> Result<Report, JobError> {
        let found = self.look().await?;
        let setting = Setting {
            mailbox: mailbox.clone(),
            overrides: self.overrides(),
            named: found.named,
        };
        let plan = mail::plan_set(self.session, found.devices, setting)?;
        let selection = &plan.selection;
        if selection.devices.is_empty() {
            return Ok(Report::new(plan.into_outcomes()));
        }
        let task = PlannedTask::SetMailbox(&selection.devices, &mailbox);
        self.confirm(task, &selection.left_out).await?;
        let settings = PasswordSettings::new(&found.inventory, &password);
        let report = plan.carry_out(self.session, settings, self.operator);
        Ok(report.await?)
    }

    /// Fetches the QR code of the first device. Asks where it makes an earlier one void.
    pub(super) async fn fetch_qr(&mut self) -> Result<Report, JobError> {
        let (inventory, device) = self.look().await?.into_first()?;
        let plan = mail::plan_qr(self.session, device)?;
        let selection = &plan.selection;
        if selection.devices.is_empty() {
            return Ok(Report::new(plan.selection.into_outcomes()));
        }
        if let Some(earlier) = &plan.earlier {
            let task = PlannedTask::FetchQrAgain(&selection.devices, earlier);
            self.confirm(task, &selection.left_out).await?;
        }
        let report = plan.carry_out(self.session, &inventory, self.operator);
        Ok(report.await?)
    }

    /// Changes nothing and costs no try, so nobody is asked.
    pub(super) async fn ask_questions(
        &mut self,
        names: &QuestionNames,
    ) -> Result<Report, JobError> {
        let found = self.look().await?;
        let plan = questions::plan_read(self.session, found.devices, found.named)?;
        let settings = ReadSettings {
            inventory: &found.inventory,
            names,
            parallel: self.settings.parallel,
        };
        let report = plan.carry_out(self.session, settings, self.operator);
        Ok(report.await?)
    }

    /// Sets the questions of the first device.
    pub(super) async fn set_questions(
        &mut self,
        answers: SecretAnswers,
        password: SecretString,
    ) -> Result<Report, JobError> {
        let (inventory, device) = self.look().await?.into_first()?;
        let mut plan = questions::plan_set(self.session, device, self.overrides())?;
        let selection = &mut plan.selection;
        self.require_listed(selection, &answers, &inventory).await?;
        if selection.devices.is_empty() {
            return Ok(Report::new(plan.selection.into_outcomes()));
        }
        let task = PlannedTask::SetQuestions(&selection.devices);
        self.confirm(task, &selection.left_out).await?;
        let settings = PasswordSettings::new(&inventory, &password);
        let questions = NewQuestions { answers, settings };
        let report = plan.carry_out(self.session, questions, self.operator);
        Ok(report.await?)
    }

    /// Sets a new password on the first device, by answers or by a mailed code.
    pub(super) async fn reset_password(
        &mut self,
        secret: OwnerSecret,
        password: SecretString,
    ) -> Result<Report, JobError> {
        let (inventory, device) = self.look().await?.into_first()?;
        let method = match &secret {
            OwnerSecret::Answers(_) => Method::Answers,
            OwnerSecret::MailedCode(_) => Method::MailedCode,
        };
        let mut plan = password_reset::plan(self.session, device, method, self.reset_choice())?;
        let selection = &mut plan.selection;
        if let OwnerSecret::Answers(answers) = &secret {
            self.require_listed(selection, answers, &inventory).await?;
        }
        if selection.devices.is_empty() {
            return Ok(Report::new(plan.selection.into_outcomes()));
        }
        let task = PlannedTask::ResetPassword(&selection.devices, method);
        self.confirm(task, &selection.left_out).await?;
        let reset = PasswordReset {
            settings: PasswordSettings::new(&inventory, &password),
            secret,
        };
        let report = plan.carry_out(self.session, reset, self.operator);
        Ok(report.await?)
    }

    /// Leaves devices out that do not list the questions.
    async fn require_listed(
        &mut self,
        selection: &mut Selection,
        answers: &SecretAnswers,
        inventory: &Inventory,
    ) -> Result<(), JobError> {
        let numbers: Vec<_> = answers.ids().collect();
        let check = QuestionCheck {
            numbers: &numbers,
            inventory,
        };
        let checked = check.apply(selection, self.session, self.operator);
        Ok(checked.await?)
    }

    const fn reset_choice(&self) -> ResetChoice {
        ResetChoice {
            overrides: self.overrides(),
            sync_cameras: self.settings.sync_cameras,
        }
    }

    pub(super) async fn prepare(
        &mut self,
        wanted: WantedPreparation,
        password: SecretString,
        passphrase: Option<SecretString>,
    ) -> Result<Report, JobError> {
        let found = self.look().await?;
        let wanted = WantedPreparation {
            overrides: self.overrides(),
            named: found.named,
            ..wanted
        };
        let plan = wanted.plan(self.session, &found.inventory, found.devices, self.operator);
        let plan = plan.await?;
        if plan.devices().next().is_none() {
            return Ok(Report::new(plan.into_outcomes()));
        }
        self.confirm(PlannedTask::Prepare(&plan), &[]).await?;
        let answers: Option<PathBuf> = plan.keep_answers()?.map(Path::to_owned);
        let settings = prepare::Settings {
            inventory: &found.inventory,
            password: &password,
            passphrase: passphrase.as_ref(),
            parallel: self.settings.parallel,
            settle: self.settings.settle,
        };
        let report = plan.carry_out(self.session, settings, self.operator).await;
        if let Some(path) = &answers {
            // What ended in between may have set some.
            let are_set = report.as_ref().map_or(true, |it| {
                it.outcomes.iter().any(Outcome::may_have_set_questions)
            });
            self.operator.note(if are_set {
                JobNote::AnswersKept(path)
            } else {
                JobNote::AnswersUnused(path)
            });
        }
        Ok(report?)
    }

    /// Follows the first device. Asks only before it gets its first password.
    pub(super) async fn await_button(
        &mut self,
        limit: Duration,
        first_password: Option<SecretString>,
    ) -> Result<Report, JobError> {
        let (inventory, device) = self.look().await?.into_first()?;
        let ended = match button::plan(device, &inventory.local, self.overrides()) {
            Ok(plan) => {
                let settings = button::Settings { limit, sweep: None };
                plan.carry_out(self.session, settings, self.operator).await
            }
            Err(ended) => *ended,
        };
        let reset = Report::new(vec![ended.outcome]);
        let (Some(_), Some(password)) = (ended.unactivated, first_password) else {
            return Ok(reset);
        };
        self.claim().await?;
        match self.activate(password).await {
            // It was reset nevertheless, and the outcome says what to do next.
            Err(JobError::NotConfirmed | JobError::NoneAnswers | JobError::NothingFound(_)) => {
                Ok(reset)
            }
            activated => activated,
        }
    }
}
