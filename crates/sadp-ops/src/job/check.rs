use secrecy::SecretString;

use super::{FoundDevices, JobError, JobRun};
use crate::{
    Report,
    check::{self, LoginTrial},
};

/// Changes nothing, so nobody is asked. With a password, one login goes to each device, and
/// the first refusal ends the logins.
pub(super) async fn run(
    run: &mut JobRun<'_>,
    password: Option<SecretString>,
) -> Result<Report, JobError> {
    let FoundDevices { devices, .. } = run.look().await?;
    let plan = check::plan(devices);
    let Some(password) = &password else {
        return Ok(plan
            .ask(run.session, &run.settings.http, run.operator)
            .await?);
    };
    // Nobody is asked after refusals here: what was not lifted holds.
    let login = LoginTrial::new(password, run.settings.overrides);
    let report = plan.log_in(run.session, &run.settings.http, login, true, run.operator);
    Ok(report.await?)
}
