use super::{FoundDevices, JobError, JobRun};
use crate::{
    Report,
    locate::{self, Lamp},
};

/// Changes nothing that lasts, so nobody is asked.
pub(super) async fn run(run: &mut JobRun<'_>, lamp: Lamp) -> Result<Report, JobError> {
    let FoundDevices { inventory, devices } = run.look_briefly().await?;
    let Some(device) = devices.into_iter().next() else {
        return Ok(Report::new(Vec::new()));
    };
    let plan = locate::plan(run.session, device, lamp)?;
    let report = plan.carry_out(run.session, &inventory, run.operator);
    Ok(report.await?)
}
