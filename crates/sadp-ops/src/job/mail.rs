use sadp_proto::Mailbox;
use secrecy::SecretString;

use super::{FoundDevices, JobError, JobRun, PlannedTask};
use crate::{
    PasswordSettings, Report,
    recovery::mail::{self, Setting},
};

pub(super) async fn set(
    run: &mut JobRun<'_>,
    mailbox: Mailbox,
    password: SecretString,
) -> Result<Report, JobError> {
    let found = run.look().await?;
    let setting = Setting {
        mailbox: mailbox.clone(),
        overrides: run.overrides(),
        named: found.is_single(),
    };
    let FoundDevices { inventory, devices } = found;
    let plan = mail::plan_set(run.session, devices, setting)?;
    let selection = &plan.selection;
    if selection.devices.is_empty() {
        return Ok(Report::new(plan.into_outcomes()));
    }
    let task = PlannedTask::SetMailbox(&selection.devices, &mailbox);
    run.confirm(task, &selection.left_out).await?;
    let settings = PasswordSettings::new(&inventory, &password);
    let report = plan.carry_out(run.session, settings, run.operator);
    Ok(report.await?)
}

/// Fetches the QR code of the first device. Asks where it makes an earlier one void.
pub(super) async fn fetch_qr(run: &mut JobRun<'_>) -> Result<Report, JobError> {
    let FoundDevices { inventory, devices } = run.look().await?;
    let Some(device) = devices.into_iter().next() else {
        return Ok(Report::new(Vec::new()));
    };
    let plan = mail::plan_qr(run.session, device)?;
    let selection = &plan.selection;
    if selection.devices.is_empty() {
        return Ok(Report::new(plan.selection.into_outcomes()));
    }
    if let Some(earlier) = &plan.earlier {
        let task = PlannedTask::FetchQrAgain(&selection.devices, earlier);
        run.confirm(task, &selection.left_out).await?;
    }
    let report = plan.carry_out(run.session, &inventory, run.operator);
    Ok(report.await?)
}
