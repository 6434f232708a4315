use sadp_proto::SecretAnswers;
use sadp_reset::QuestionNames;
use secrecy::SecretString;

use super::{FoundDevices, JobError, JobRun, PlannedTask};
use crate::{
    Inventory, PasswordSettings, Report, Selection,
    recovery::{
        password_reset::{self, Method, OwnerSecret, PasswordReset, ResetChoice},
        questions::{self, NewQuestions, QuestionCheck, ReadSettings},
    },
};

/// Changes nothing and costs no try, so nobody is asked.
pub(super) async fn ask(run: &mut JobRun<'_>, names: &QuestionNames) -> Result<Report, JobError> {
    let found = run.look().await?;
    let is_single = found.is_single();
    let FoundDevices { inventory, devices } = found;
    let plan = questions::plan_read(run.session, devices, is_single)?;
    let settings = ReadSettings {
        inventory: &inventory,
        names,
        parallel: run.settings.parallel,
    };
    let report = plan.carry_out(run.session, settings, run.operator);
    Ok(report.await?)
}

/// Sets the questions of the first device.
pub(super) async fn set(
    run: &mut JobRun<'_>,
    answers: SecretAnswers,
    password: SecretString,
) -> Result<Report, JobError> {
    let FoundDevices { inventory, devices } = run.look().await?;
    let Some(device) = devices.into_iter().next() else {
        return Ok(Report::new(Vec::new()));
    };
    let mut plan = questions::plan_set(run.session, device, run.overrides())?;
    let selection = &mut plan.selection;
    run.require_listed(selection, &answers, &inventory).await?;
    if selection.devices.is_empty() {
        return Ok(Report::new(plan.selection.into_outcomes()));
    }
    let task = PlannedTask::SetQuestions(&selection.devices);
    run.confirm(task, &selection.left_out).await?;
    let settings = PasswordSettings::new(&inventory, &password);
    let questions = NewQuestions { answers, settings };
    let report = plan.carry_out(run.session, questions, run.operator);
    Ok(report.await?)
}

/// Sets a new password on the first device, by answers or by a mailed code.
pub(super) async fn reset_password(
    run: &mut JobRun<'_>,
    secret: OwnerSecret,
    password: SecretString,
) -> Result<Report, JobError> {
    let FoundDevices { inventory, devices } = run.look().await?;
    let Some(device) = devices.into_iter().next() else {
        return Ok(Report::new(Vec::new()));
    };
    let choice = ResetChoice {
        overrides: run.overrides(),
        sync_cameras: run.settings.sync_cameras,
    };
    let method = match &secret {
        OwnerSecret::Answers(_) => Method::Answers,
        OwnerSecret::MailedCode(_) => Method::MailedCode,
    };
    let mut plan = password_reset::plan(run.session, device, method, choice)?;
    let selection = &mut plan.selection;
    if let OwnerSecret::Answers(answers) = &secret {
        run.require_listed(selection, answers, &inventory).await?;
    }
    if selection.devices.is_empty() {
        return Ok(Report::new(plan.selection.into_outcomes()));
    }
    let task = PlannedTask::ResetPassword(&selection.devices, method);
    run.confirm(task, &selection.left_out).await?;
    let reset = PasswordReset {
        settings: PasswordSettings::new(&inventory, &password),
        secret,
    };
    let report = plan.carry_out(run.session, reset, run.operator);
    Ok(report.await?)
}

impl JobRun<'_> {
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
}
