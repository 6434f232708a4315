use secrecy::SecretString;

use super::{FoundDevices, JobError, JobRun, PlannedTask};
use crate::{
    Report,
    activate::{self, Activation},
};

pub(super) async fn run(run: &mut JobRun<'_>, password: SecretString) -> Result<Report, JobError> {
    let found = run.look().await?;
    let named = found.is_single();
    let FoundDevices { inventory, devices } = found;
    let plan = activate::plan(run.session, devices, run.overrides(), named)?;
    let selection = &plan.selection;
    if !selection.devices.is_empty() {
        let task = PlannedTask::Activate(&selection.devices);
        run.confirm(task, &selection.left_out).await?;
    }
    let activation = Activation {
        inventory: &inventory,
        password: &password,
        parallel: run.settings.parallel,
        settle: run.settings.settle,
    };
    let report = plan.carry_out(run.session, activation, run.operator);
    Ok(report.await?)
}
