use std::time::Duration;

use sadp_reset::DeviceKey;
use secrecy::SecretString;

use super::{FoundDevices, JobError, JobNote, JobRun, PlannedTask};
use crate::{
    Inventory, Report, naming,
    network::{
        self, AddressRange, DeviceChange, Login, Proposal, Settings, WantedSettings,
        plan_file::PlanRow,
    },
};

/// Changes the settings of the first device.
pub(super) async fn set(
    run: &mut JobRun<'_>,
    wanted: WantedSettings,
    password: SecretString,
) -> Result<Report, JobError> {
    let FoundDevices { inventory, devices } = run.look().await?;
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
    range: AddressRange,
    password: SecretString,
) -> Result<Report, JobError> {
    let FoundDevices { inventory, devices } = run.look().await?;
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

/// Applies a plan, and keeps the names in it.
pub(super) async fn apply(
    run: &mut JobRun<'_>,
    rows: Vec<PlanRow>,
    password: SecretString,
) -> Result<Report, JobError> {
    let devices = rows.iter().map(|row| DeviceKey::new(Some(row.mac), None));
    let devices: Vec<_> = devices.flatten().collect();
    let (inventory, report) = run.session.look_with(&devices, run.operator).await?;
    if inventory.devices.is_empty() {
        return Err(JobError::NothingFound(Box::new(report)));
    }
    let plan = network::apply(run.session, &inventory, &rows, run.network_settings()).await;
    let plan = plan.map_err(JobError::Plan)?;
    if !plan.steps.is_empty() {
        run.confirm(PlannedTask::Addresses(&plan), &plan.left_out)
            .await?;
    }
    let named = naming::keep_planned(run.session, &rows)?;
    if named > 0 {
        run.operator.note(JobNote::Named(named));
    }
    if plan.steps.is_empty() {
        return Ok(Report::new(plan.into_outcomes()));
    }
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
