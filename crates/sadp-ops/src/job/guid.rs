use secrecy::SecretString;

use super::{FoundDevices, JobError, JobNote, JobRun, PlannedTask};
use crate::{
    OutcomeData, PasswordSettings, Report,
    recovery::guid::{
        export::{self, Settings},
        import::{self, GuidSource, ImportChoice},
    },
};

pub(super) async fn export(
    run: &mut JobRun<'_>,
    password: SecretString,
    passphrase: Option<SecretString>,
) -> Result<Report, JobError> {
    let found = run.look().await?;
    let named = found.is_single();
    let FoundDevices { inventory, devices } = found;
    let plan = export::plan(run.session, devices, run.overrides(), named)?;
    if plan.selection.devices.is_empty() {
        return Ok(Report::new(plan.selection.into_outcomes()));
    }
    run.confirm(
        PlannedTask::ExportGuids(&plan.selection.devices),
        &plan.selection.left_out,
    )
    .await?;
    let settings = Settings {
        access: PasswordSettings::new(&inventory, &password),
        passphrase: passphrase.as_ref(),
    };
    let report = plan.carry_out(run.session, settings, run.operator);
    let report = report.await?;
    let mut data = report.outcomes.iter().map(|it| &it.data);
    if passphrase.is_none() && data.any(|it| matches!(it, OutcomeData::ExportedGuid(_))) {
        run.operator.note(JobNote::NotEncrypted);
    }
    Ok(report)
}

pub(super) async fn import(
    run: &mut JobRun<'_>,
    source: GuidSource,
    password: SecretString,
) -> Result<Report, JobError> {
    let found = run.look().await?;
    let choice = ImportChoice {
        source,
        overrides: run.overrides(),
        sync_cameras: run.settings.sync_cameras,
        named: found.is_single(),
        parallel: run.settings.parallel,
    };
    let FoundDevices { inventory, devices } = found;
    let plan = import::plan(run.session, devices, &choice)?;
    if plan.is_nothing() {
        return Err(JobError::NoGuid);
    }
    if plan.imports.is_empty() {
        return Ok(Report::new(plan.into_outcomes()));
    }
    run.confirm(PlannedTask::ImportGuids(&plan.imports), &plan.left_out)
        .await?;
    let settings = PasswordSettings::new(&inventory, &password);
    let report = plan.carry_out(run.session, settings, run.operator);
    Ok(report.await?)
}
