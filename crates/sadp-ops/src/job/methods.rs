use sadp_reset::Action;

use super::{FoundDevices, JobError, JobRun};
use crate::{Outcome, OutcomeData, OutcomeStatus, Report, recovery::methods};

/// Changes nothing and costs no try, so nobody is asked.
pub(super) async fn ask(run: &mut JobRun<'_>) -> Result<Report, JobError> {
    let FoundDevices {
        inventory,
        mut devices,
    } = run.look().await?;
    methods::read_prepared(run.session, &inventory, &mut devices, run.operator).await?;
    methods::read_offered_over_http(run.session, &mut devices, run.operator).await?;
    let assessed = methods::assess(run.session, devices)?;
    let outcomes = assessed.into_iter().map(|assessed| Outcome {
        data: OutcomeData::Methods(Box::new(assessed.clone())),
        ..Outcome::new(&assessed.device, Action::SetUpRead, OutcomeStatus::Done)
    });
    Ok(Report::new(outcomes.collect()))
}
