use std::time::Duration;

use secrecy::SecretString;

use super::{FoundDevices, JobError, JobRun, PlannedTask};
use crate::{
    Inventory, Report,
    network::{self, AddressRange, DeviceChange, Login, Proposal, Settings, WantedSettings},
};

/// Changes the settings of the first device.
pub(super) async fn set(
    run: &mut JobRun<'_>,
    found: FoundDevices,
    wanted: WantedSettings,
    password: SecretString,
) -> Result<Report, JobError> {
    let FoundDevices { inventory, devices } = found;
    let Some(device) = devices.into_iter().next() else {
        return Ok(Report::new(Vec::new()));
    };
    let change = DeviceChange { device, wanted };
    let plan = network::set(run.session, &inventory, change, run.network_settings()).await?;
    if plan.changes.is_empty() {
        return Ok(Report::new(plan.into_outcomes()));
    }
    run.confirm(PlannedTask::Set(&plan), &plan.left_out).await?;
    let login = run.login(&inventory, &password, run.settings.settle);
    let report = plan.carry_out(run.session, login, run.operator);
    Ok(report.await?)
}

/// Gives the devices free addresses, in their order.
pub(super) async fn give_addresses(
    run: &mut JobRun<'_>,
    found: FoundDevices,
    range: AddressRange,
    password: SecretString,
) -> Result<Report, JobError> {
    let FoundDevices { inventory, devices } = found;
    let mut others = inventory.devices.clone();
    others.retain(|it| devices.iter().all(|chosen| it.key() != chosen.key()));
    let proposal = Proposal::new(devices, &others, &inventory.local, range)?;
    let rows = proposal.plan_rows();
    let plan = network::apply(run.session, &inventory, &rows, run.network_settings()).await;
    let plan = plan.map_err(JobError::Addresses)?;
    if plan.steps.is_empty() {
        return Ok(Report::new(plan.into_outcomes()));
    }
    run.confirm(PlannedTask::Addresses(&plan), &plan.left_out)
        .await?;
    let login = run.login(&inventory, &password, run.settings.wait_back);
    let report = plan.carry_out(run.session, login, run.operator);
    Ok(report.await?)
}

impl JobRun<'_> {
    fn network_settings(&self) -> Settings {
        Settings {
            overrides: self.overrides(),
            ..Settings::default()
        }
    }

    fn login<'i>(
        &self,
        inventory: &'i Inventory,
        password: &'i SecretString,
        wait_back: Duration,
    ) -> Login<'i> {
        Login {
            inventory,
            password,
            parallel: self.settings.parallel,
            settle: self.settings.settle,
            wait_back,
        }
    }
}
