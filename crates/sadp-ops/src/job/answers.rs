use secrecy::SecretString;

use super::{JobError, JobNote, JobRun, PlannedTask};
use crate::{
    OpsError, Report,
    recovery::answer::{self, AnswerFor, AnswerInput, ResetChoice, Settings},
};

/// Sends the vendor's answers to the devices that they are for, or to the only device of
/// the job.
pub(super) async fn run(
    run: &mut JobRun<'_>,
    input: AnswerInput,
    password: Option<SecretString>,
) -> Result<Report, JobError> {
    let choice = ResetChoice {
        overrides: run.overrides(),
        sync_cameras: run.settings.sync_cameras,
    };
    let whose = match run.devices.as_slice() {
        [only] => Some(AnswerFor::Device(only.clone())),
        _ => None,
    };
    let matching = answer::match_requests(run.session, input, whose.as_ref(), choice.overrides)?;
    if !matching.unanswered.is_empty() {
        run.operator.note(JobNote::Unanswered(&matching.unanswered));
    }
    if matching.answers.is_empty() {
        return Ok(Report::new(matching.left_out));
    }
    let wanted = matching.devices();
    let (inventory, report) = run.session.look_for(&wanted, run.operator).await?;
    if inventory.devices.is_empty() {
        return Err(JobError::NothingFound(Box::new(report)));
    }
    let plan = answer::plan(run.session, &inventory, matching, &choice)?;
    if plan.answers.is_empty() {
        return Ok(Report::new(plan.into_outcomes()));
    }
    if plan.needs_password() && password.is_none() {
        return Err(OpsError::PasswordMissing.into());
    }
    run.confirm(PlannedTask::SendAnswers(&plan), &plan.left_out)
        .await?;
    let settings = Settings {
        inventory: &inventory,
        password: password.as_ref().filter(|_| plan.needs_password()),
        parallel: run.settings.parallel,
    };
    let report = plan.carry_out(run.session, settings, run.operator);
    Ok(report.await?)
}
