use std::{fmt, path::PathBuf, time::Duration};

use sadp_reset::DeviceKey;
use secrecy::SecretString;

use super::{JobError, JobNote, JobRun, PlannedTask};
use crate::{
    Inventory, Outcome, Report, naming,
    network::{
        self, AddressRange, DeviceChange, Login, PlanResults, Proposal, ResultFile, Settings,
        WantedSettings,
        plan_file::{PlanRow, PlanTable},
    },
};

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

impl JobRun<'_> {
    /// Changes the settings of the first device.
    pub(super) async fn set(
        &mut self,
        wanted: WantedSettings,
        password: SecretString,
    ) -> Result<Report, JobError> {
        let (inventory, device) = self.look().await?.into_first()?;
        let change = DeviceChange { device, wanted };
        let plan = network::set(self.session, &inventory, change, self.network_settings()).await?;
        if plan.changes.is_empty() {
            return Ok(Report::new(plan.into_outcomes()));
        }
        self.confirm(PlannedTask::Set(&plan), &plan.left_out)
            .await?;
        let login = self.login(&inventory, &password, self.settings.settle);
        Ok(plan.carry_out(self.session, login, self.operator).await?)
    }

    /// Gives the devices free addresses, in their order.
    pub(super) async fn give_addresses(
        &mut self,
        range: AddressRange,
        password: SecretString,
    ) -> Result<Report, JobError> {
        let found = self.look().await?;
        let mut others = found.inventory.devices.clone();
        others.retain(|it| found.devices.iter().all(|chosen| it.key() != chosen.key()));
        let proposal = Proposal::new(found.devices, &others, &found.inventory.local, range)?;
        let rows = proposal.plan_rows();
        let plan = network::apply(
            self.session,
            &found.inventory,
            &rows,
            self.network_settings(),
        )
        .await;
        let plan = plan.map_err(JobError::Addresses)?;
        if plan.steps.is_empty() {
            return Ok(Report::new(plan.into_outcomes()));
        }
        self.confirm(PlannedTask::Addresses(&plan), &plan.left_out)
            .await?;
        let login = self.login(&found.inventory, &password, self.settings.wait_back);
        Ok(plan.carry_out(self.session, login, self.operator).await?)
    }

    /// Applies a plan, keeps the names in it, and writes down what became of it.
    pub(super) async fn apply(
        &mut self,
        to_apply: PlanToApply,
        password: SecretString,
    ) -> Result<Report, JobError> {
        let rows = &to_apply.rows;
        let devices = rows.iter().map(|row| DeviceKey::new(Some(row.mac), None));
        let devices: Vec<_> = devices.flatten().collect();
        let (inventory, report) = self.session.look_with(&devices, self.operator).await?;
        if inventory.devices.is_empty() {
            return Err(JobError::NothingFound(Box::new(report)));
        }
        let plan = network::apply(self.session, &inventory, rows, self.network_settings()).await;
        let plan = plan.map_err(JobError::Plan)?;
        let results = ResultFile::begin(&to_apply.results, Some(&to_apply.results), false)?;
        if !plan.steps.is_empty() {
            self.confirm(PlannedTask::Addresses(&plan), &plan.left_out)
                .await?;
        }
        let named = naming::keep_planned(self.session, rows)?;
        if named > 0 {
            self.operator.note(JobNote::Named(named));
        }
        let report = if plan.steps.is_empty() {
            Report::new(plan.into_outcomes())
        } else {
            let login = self.login(&inventory, &password, self.settings.wait_back);
            plan.carry_out(self.session, login, self.operator).await?
        };
        let became = PlanResults {
            plan: &to_apply.table,
            rows,
            outcomes: &report.outcomes,
            at: self.session.now(),
        };
        // The outcomes are reported, whatever becomes of the file.
        match results.finish(became, to_apply.message) {
            Ok(path) => self.operator.note(JobNote::ResultsKept(&path)),
            Err(error) => self.operator.note(JobNote::ResultsLost(&error)),
        }
        Ok(report)
    }

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
