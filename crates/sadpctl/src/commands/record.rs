//! Records of what a command sent and received.

use std::{io, path::Path};

use sadp_discovery::CaptureRecorder;

use crate::{
    args::RecordArgs,
    failure::{Exit, Failure},
    terminal::Terminal,
};

/// Begins the record that is asked for, if one is.
pub(super) fn begin(args: &RecordArgs) -> Result<Option<CaptureRecorder>, Failure> {
    args.record.as_deref().map(create).transpose()
}

/// Begins a record in a new file.
pub(super) fn create(path: &Path) -> Result<CaptureRecorder, Failure> {
    CaptureRecorder::create(path).map_err(|error| incomplete(error, path))
}

/// Writing a record failed.
pub(super) fn incomplete(error: io::Error, path: &Path) -> Failure {
    let what = format!("cannot record to {}", path.display());
    Failure::because(Exit::Machine, what, error)
        .hint("name a new file in a folder you may write to: a file that exists is left alone")
}

/// Tells where the record is.
pub(super) fn tell(args: &RecordArgs, terminal: &mut Terminal) {
    if let Some(path) = &args.record {
        let path = path.display();
        terminal.note(&format!(
            "recorded in {path}, with the serial numbers and addresses of the site; without them: \
             sadpctl decode {path} --redact --out report.pcapng"
        ));
    }
}
