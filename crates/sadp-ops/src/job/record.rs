use std::{
    fs::File,
    path::{Path, PathBuf},
};

use sadp_discovery::{
    CaptureRecorder,
    messages::{MessageFile, Redaction},
};

use super::{JobError, JobNote, JobRun};
use crate::Report;

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

/// Changes nothing, so nobody is asked. A request to stop ends the scan, and what was
/// recorded by then is kept.
pub(super) async fn run(run: &mut JobRun<'_>, path: &Path) -> Result<Report, JobError> {
    let recorder = CaptureRecorder::create(path).map_err(JobError::Recording)?;
    run.session.record(recorder.clone());
    let (inventory, _) = run.session.look_until_stopped(run.operator).await?;
    let packets = recorder.finish().map_err(JobError::Recording)?;
    run.operator.note(JobNote::Recorded {
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
