use std::{fmt, path::PathBuf, time::Duration};

use sadp_reset::DeviceKey;
use secrecy::SecretString;

use super::{FoundDevices, JobError, JobNote, JobRun, PlannedTask};
use crate::{
    Inventory, Outcome, Report, naming,
    network::{
        self, AddressRange, DeviceChange, Login, PlanResults, Proposal, ResultFile, Settings,
        WantedSettings,
        plan_file::{PlanRow, PlanTable},
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

/// A plan as it was read from its file, and where its results go.
pub struct PlanToApply {
    /// Its rows.
    pub rows: Vec<PlanRow>,
    /// The same as it stands in its file.
    pub table: PlanTable,
    /// The new file of what became of it.
    pub results: PathBuf,
    /// The sentence of an outcome, for that file.
    pub message: fn(&Outcome) -> String,
}

/// Without its table: people write passwords into plans.
impl fmt::Debug for PlanToApply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlanToApply")
            .field("rows", &self.rows)
            .field("results", &self.results)
            .finish_non_exhaustive()
    }
}

/// Applies a plan, keeps the names in it, and writes down what became of it.
pub(super) async fn apply(
    run: &mut JobRun<'_>,
    plan: PlanToApply,
    password: SecretString,
) -> Result<Report, JobError> {
    let PlanToApply {
        rows,
        table,
        results,
        message,
    } = plan;
    let devices = rows.iter().map(|row| DeviceKey::new(Some(row.mac), None));
    let devices: Vec<_> = devices.flatten().collect();
    let (inventory, report) = run.session.look_with(&devices, run.operator).await?;
    if inventory.devices.is_empty() {
        return Err(JobError::NothingFound(Box::new(report)));
    }
    let plan = network::apply(run.session, &inventory, &rows, run.network_settings()).await;
    let plan = plan.map_err(JobError::Plan)?;
    let results = ResultFile::begin(&results, Some(&results), false)?;
    if !plan.steps.is_empty() {
        run.confirm(PlannedTask::Addresses(&plan), &plan.left_out)
            .await?;
    }
    let named = naming::keep_planned(run.session, &rows)?;
    if named > 0 {
        run.operator.note(JobNote::Named(named));
    }
    let report = if plan.steps.is_empty() {
        Report::new(plan.into_outcomes())
    } else {
        let login = run.login(&inventory, &password, run.settings.wait_back);
        plan.carry_out(run.session, login, run.operator).await?
    };
    let became = PlanResults {
        plan: &table,
        rows: &rows,
        outcomes: &report.outcomes,
        at: run.session.now(),
    };
    // The outcomes are reported, whatever becomes of the file.
    match results.finish(became, message) {
        Ok(path) => run.operator.note(JobNote::ResultsKept(&path)),
        Err(error) => run.operator.note(JobNote::ResultsLost(&error)),
    }
    Ok(report)
}

impl JobRun<'_> {
    fn network_settings(&self) -> Settings {
        Settings {
            account: self.settings.account.clone(),
            allow_replayable: self.settings.allow_replayable,
            overrides: self.overrides(),
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
