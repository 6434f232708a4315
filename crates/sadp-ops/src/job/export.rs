use std::path::Path;

use sadp_reset::Contact;

use super::{FoundDevices, JobError, JobRun, PlannedTask};
use crate::{Report, recovery::request};

/// Asks first for the devices whose earlier request waits for its answer.
pub(super) async fn run(
    run: &mut JobRun<'_>,
    folder: &Path,
    contact: &Contact,
) -> Result<Report, JobError> {
    let found = run.look().await?;
    let named = found.is_single();
    let FoundDevices { inventory, devices } = found;
    let mut plan = request::plan(run.session, devices, named)?;
    if !plan.pending.is_empty()
        && run
            .ask(PlannedTask::RequestAgain(&plan.pending), &[])
            .await?
    {
        plan.include_pending(|_| true);
    }
    if plan.exports.is_empty() {
        return Ok(Report::new(plan.into_outcomes()));
    }
    run.confirm(PlannedTask::Request(&plan.exports), &plan.left_out)
        .await?;
    let settings = request::Settings {
        inventory: &inventory,
        out: folder,
        contact,
        parallel: run.settings.parallel,
    };
    let report = plan.carry_out(run.session, settings, run.operator);
    let mut report = report.await?;
    if report.failure.is_none() {
        report.failure = request::write_mailing(run.session, folder, contact).err();
    }
    Ok(report)
}
