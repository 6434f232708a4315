use std::time::Duration;

use secrecy::SecretString;

use super::{FoundDevices, JobError, JobRun, activate};
use crate::{
    Report,
    recovery::button::{self, Reset, Settings},
};

/// Follows the first device. Asks only before it gets its first password.
pub(super) async fn run(
    run: &mut JobRun<'_>,
    limit: Duration,
    first_password: Option<SecretString>,
) -> Result<Report, JobError> {
    let FoundDevices { inventory, devices } = run.look().await?;
    let Some(device) = devices.into_iter().next() else {
        return Ok(Report::new(Vec::new()));
    };
    let Reset {
        outcome,
        unactivated,
    } = match button::plan(device, &inventory.local, run.overrides()) {
        Ok(plan) => {
            let settings = Settings { limit, sweep: None };
            plan.carry_out(run.session, settings, run.operator).await
        }
        Err(ended) => *ended,
    };
    let reset = Report::new(vec![outcome]);
    let (Some(_), Some(password)) = (unactivated, first_password) else {
        return Ok(reset);
    };
    run.claim().await?;
    match activate::run(run, password).await {
        // It was reset nevertheless, and the outcome says what to do next.
        Err(JobError::NotConfirmed | JobError::NoneAnswers | JobError::NothingFound(_)) => {
            Ok(reset)
        }
        activated => activated,
    }
}
