//! What became of a plan, as a CSV file beside it.

use std::{
    io,
    path::{Path, PathBuf},
};

use csv::{Terminator, WriterBuilder};
use sadp_reset::NewFile;

use crate::{
    failure::{Exit, Failure},
    outcome::Outcome,
    output::harmless,
};

/// A file of results that is being written.
#[derive(Debug)]
pub(super) struct Record {
    file: NewFile,
    name: Name,
}

/// Where its name is from.
#[derive(Debug)]
enum Name {
    /// It is asked for.
    Asked,
    /// It is asked for, in place of a file that has it.
    Replacing,
    /// It is made of this plan's.
    Plan(PathBuf),
}

impl Record {
    /// Begins it, before anything is sent. Without a name of its own it stands
    /// beside the plan and never replaces another.
    pub(super) fn begin(plan: &Path, wanted: Option<&Path>, force: bool) -> Result<Self, Failure> {
        let (path, name) = match wanted {
            Some(path) if path.symlink_metadata().is_ok() && !force => {
                let message = format!("{} is there already", path.display());
                return Err(Failure::words(Exit::Machine, message)
                    .hint("name another file, or use --force to replace it; nothing was sent"));
            }
            Some(path) if force => (path.to_owned(), Name::Replacing),
            Some(path) => (path.to_owned(), Name::Asked),
            None => (beside(plan), Name::Plan(plan.to_owned())),
        };
        let file = NewFile::begin(&path).map_err(|error| failed(&path, error))?;
        Ok(Self { file, name })
    }

    /// Writes it and gives it its name, which is returned.
    pub(super) fn finish(self, outcomes: &[Outcome]) -> Result<PathBuf, Failure> {
        let mut path = self.file.path().to_owned();
        let bytes = to_csv(outcomes).map_err(|error| failed(&path, error))?;
        let mut written = match self.name {
            Name::Replacing => self.file.replace(&bytes),
            _ => self.file.finish(&bytes),
        };
        if let Name::Plan(plan) = &self.name {
            // Another run took the name meanwhile.
            while is_taken(&written) {
                path = beside(plan);
                written = NewFile::begin(&path).and_then(|file| file.finish(&bytes));
            }
        }
        written.map_err(|error| failed(&path, error))?;
        Ok(path)
    }
}

fn is_taken(written: &io::Result<()>) -> bool {
    let error = written.as_ref().err();
    error.is_some_and(|error| error.kind() == io::ErrorKind::AlreadyExists)
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
        .find(|path| path.symlink_metadata().is_err())
        .unwrap_or(first)
}

fn to_csv(outcomes: &[Outcome]) -> io::Result<Vec<u8>> {
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(Vec::new());
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
    writer.into_inner().map_err(csv::IntoInnerError::into_error)
}
