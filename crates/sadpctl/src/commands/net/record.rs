//! What became of a plan, as a CSV file beside it.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter},
    path::{Path, PathBuf},
};

use csv::{Terminator, WriterBuilder};

use crate::{
    failure::{Exit, Failure},
    outcome::Outcome,
    output::harmless,
};

/// A file of results that is being written. It has its name only once it is
/// whole.
#[derive(Debug)]
pub(super) struct Record {
    path: PathBuf,
    part: PathBuf,
    file: Option<File>,
}

impl Record {
    /// Begins it, before anything is sent. Without a name of its own it stands
    /// beside the plan and never replaces another.
    pub(super) fn begin(plan: &Path, wanted: Option<&Path>, force: bool) -> Result<Self, Failure> {
        let path = match wanted {
            Some(path) if path.exists() && !force => {
                let message = format!("{} is there already", path.display());
                return Err(Failure::words(Exit::Machine, message)
                    .hint("name another file, or use --force to replace it; nothing was sent"));
            }
            Some(path) => path.to_owned(),
            None => beside(plan),
        };
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        let part = path.with_file_name(name);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&part)
            .map_err(|error| failed(&path, error))?;
        let file = Some(file);
        Ok(Self { path, part, file })
    }

    /// Writes it and gives it its name, which is returned.
    pub(super) fn finish(mut self, outcomes: &[Outcome]) -> Result<PathBuf, Failure> {
        let file = self.file.take();
        file.map_or(Ok(()), |file| write(file, outcomes))
            .and_then(|()| fs::rename(&self.part, &self.path))
            .map_err(|error| failed(&self.path, error))?;
        Ok(self.path.clone())
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        // Where it has its name there is none left.
        let _ = fs::remove_file(&self.part);
    }
}

fn failed(path: &Path, error: io::Error) -> Failure {
    let what = format!("cannot write the results to {}", path.display());
    Failure::new(Exit::Machine, anyhow::Error::new(error).context(what))
        .hint("name a file that you may write with --result")
}

/// The first of `plan.result.csv`, `plan.result-2.csv`, ... that is free.
fn beside(plan: &Path) -> PathBuf {
    let first = plan.with_extension("result.csv");
    let more = (2u32..).map(|number| plan.with_extension(format!("result-{number}.csv")));
    std::iter::once(first.clone())
        .chain(more)
        .find(|path| !path.exists())
        .unwrap_or(first)
}

fn write(file: File, outcomes: &[Outcome]) -> io::Result<()> {
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(BufWriter::new(file));
    writer.write_record(["mac", "serial", "ip", "result", "message"])?;
    for outcome in outcomes {
        let device = &outcome.device;
        let address = device.address.map(|address| address.to_string());
        writer.write_record([
            device.mac.clone().unwrap_or_default(),
            harmless(device.serial.as_deref().unwrap_or_default()),
            address.unwrap_or_default(),
            outcome.result.name().into(),
            harmless(&outcome.message),
        ])?;
    }
    let buffer = writer
        .into_inner()
        .map_err(csv::IntoInnerError::into_error)?;
    buffer
        .into_inner()
        .map_err(io::IntoInnerError::into_error)?
        .sync_all()
}
