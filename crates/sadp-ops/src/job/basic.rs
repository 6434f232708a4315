//! The first password, the lamp, a check over HTTP, and a recorded scan.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use sadp_discovery::{
    CaptureRecorder,
    messages::{MessageFile, Redaction},
};
use secrecy::SecretString;

use super::{JobError, JobNote, JobRun, PlannedTask};
use crate::{
    Report,
    activate::{self, Activation},
    check::{self, LoginTrial},
    locate::{self, Lamp},
};

impl JobRun<'_> {
    pub(super) async fn activate(&mut self, password: SecretString) -> Result<Report, JobError> {
        let found = self.look().await?;
        let plan = activate::plan(self.session, found.devices, self.overrides(), found.named)?;
        let selection = &plan.selection;
        if !selection.devices.is_empty() {
            let task = PlannedTask::Activate(&selection.devices);
            self.confirm(task, &selection.left_out).await?;
        }
        let activation = Activation {
            inventory: &found.inventory,
            password: &password,
            parallel: self.settings.parallel,
            settle: self.settings.settle,
        };
        let report = plan.carry_out(self.session, activation, self.operator);
        Ok(report.await?)
    }

    /// Changes nothing that lasts, so nobody is asked.
    pub(super) async fn switch_lamp(&mut self, lamp: Lamp) -> Result<Report, JobError> {
        let (inventory, device) = self.look_briefly().await?.into_first()?;
        let plan = locate::plan(self.session, device, lamp)?;
        let report = plan.carry_out(self.session, &inventory, self.operator);
        Ok(report.await?)
    }

    /// Changes nothing, so nobody is asked. With a password, one login goes to each device,
    /// and the first refusal ends the logins.
    pub(super) async fn check(
        &mut self,
        password: Option<SecretString>,
    ) -> Result<Report, JobError> {
        let plan = check::plan(self.look().await?.devices);
        let access = &self.settings.http;
        let Some(password) = &password else {
            return Ok(plan.ask(self.session, access, self.operator).await?);
        };
        // Nobody is asked after refusals here: what was not lifted holds.
        let login = LoginTrial::new(password, self.settings.overrides);
        let report = plan.log_in(self.session, access, login, true, self.operator);
        Ok(report.await?)
    }

    /// Changes nothing, so nobody is asked. A request to stop ends the scan, and what was
    /// recorded by then is kept.
    pub(super) async fn record(&mut self, path: &Path) -> Result<Report, JobError> {
        let recorder = CaptureRecorder::create(path).map_err(JobError::Recording)?;
        self.session.record(recorder.clone());
        let (inventory, _) = self.session.look_until_stopped(self.operator).await?;
        let packets = recorder.finish().map_err(JobError::Recording)?;
        self.operator.note(JobNote::Recorded {
            packets,
            devices: inventory.devices.len(),
        });
        let recording = File::open(path).map_err(JobError::Recording)?;
        let redacted = redacted_path(path);
        let out = CaptureRecorder::create(&redacted).map_err(JobError::Recording)?;
        let mut redaction = Redaction::new(Some(out.clone()));
        MessageFile::from_reader(recording, Some(&mut redaction)).map_err(JobError::Redaction)?;
        out.finish().map_err(JobError::Recording)?;
        Ok(Report::new(Vec::new()))
    }
}

/// Where the redacted recording stands: `scan-redacted.pcapng` beside `scan.pcapng`.
pub fn redacted_path(recording: &Path) -> PathBuf {
    let mut name = recording.file_stem().unwrap_or_default().to_owned();
    name.push("-redacted");
    let mut path = recording.with_file_name(name);
    if let Some(ending) = recording.extension() {
        path.set_extension(ending);
    }
    path
}
