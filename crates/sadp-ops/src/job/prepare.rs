use std::path::Path;

use secrecy::SecretString;

use super::{FoundDevices, JobError, JobNote, JobRun, PlannedTask};
use crate::{
    Outcome, Report,
    recovery::prepare::{Settings, WantedPreparation},
};

pub(super) async fn run(
    run: &mut JobRun<'_>,
    wanted: WantedPreparation,
    password: SecretString,
    passphrase: Option<SecretString>,
) -> Result<Report, JobError> {
    let found = run.look().await?;
    let wanted = WantedPreparation {
        overrides: run.overrides(),
        named: found.is_single(),
        ..wanted
    };
    let FoundDevices { inventory, devices } = found;
    let plan = wanted
        .plan(run.session, &inventory, devices, run.operator)
        .await?;
    if plan.devices().next().is_none() {
        return Ok(Report::new(plan.into_outcomes()));
    }
    run.confirm(PlannedTask::Prepare(&plan), &[]).await?;
    let answers = plan.keep_answers()?.map(Path::to_owned);
    let settings = Settings {
        inventory: &inventory,
        password: &password,
        passphrase: passphrase.as_ref(),
        parallel: run.settings.parallel,
        settle: run.settings.settle,
    };
    let report = plan.carry_out(run.session, settings, run.operator).await;
    if let Some(path) = &answers {
        // What ended in between may have set some.
        let are_set = report.as_ref().map_or(true, |it| {
            it.outcomes.iter().any(Outcome::may_have_set_questions)
        });
        run.operator.note(if are_set {
            JobNote::AnswersKept(path)
        } else {
            JobNote::AnswersUnused(path)
        });
    }
    Ok(report?)
}
