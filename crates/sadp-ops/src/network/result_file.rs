use std::{
    io,
    path::{Path, PathBuf},
};

use csv::{Terminator, WriterBuilder};
use sadp_model::text::spreadsheet_text;
use sadp_reset::NewFile;
use serde::Serialize;

use crate::Outcome;

/// What became of a plan: a CSV file beside it, written whole.
#[derive(Debug)]
pub struct ResultFile {
    file: NewFile,
    name: Name,
}

/// Where its name is from.
#[derive(Debug)]
enum Name {
    /// It is wanted.
    Wanted,
    /// It is wanted, in place of a file that has it.
    Replacing,
    /// It is made of this plan's.
    Plan(PathBuf),
}

/// Why results cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum ResultFileError {
    /// The file exists.
    #[error("{} is there already", .0.display())]
    Exists(PathBuf),
    /// The file cannot be made or written.
    #[error("cannot write the results to {}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// A row of the file.
#[derive(Serialize)]
struct ResultRow {
    mac: String,
    serial: String,
    ip: String,
    result: &'static str,
    message: String,
}

impl ResultFile {
    /// Begins it, before anything is sent. Without `wanted` it stands beside the
    /// plan and never replaces another file.
    pub fn begin(
        plan: &Path,
        wanted: Option<&Path>,
        replace: bool,
    ) -> Result<Self, ResultFileError> {
        let (path, name) = match wanted {
            Some(path) if path.symlink_metadata().is_ok() && !replace => {
                return Err(ResultFileError::Exists(path.to_owned()));
            }
            Some(path) if replace => (path.to_owned(), Name::Replacing),
            Some(path) => (path.to_owned(), Name::Wanted),
            None => (beside(plan), Name::Plan(plan.to_owned())),
        };
        match NewFile::begin(&path) {
            Ok(file) => Ok(Self { file, name }),
            Err(source) => Err(ResultFileError::Unwritable { path, source }),
        }
    }

    /// Writes it and gives it its name, which is returned. `message` makes the
    /// sentence of an outcome.
    pub fn finish(
        self,
        outcomes: &[Outcome],
        message: impl Fn(&Outcome) -> String,
    ) -> Result<PathBuf, ResultFileError> {
        let mut path = self.file.path().to_owned();
        let mut bytes = Vec::new();
        let written = write(&mut bytes, outcomes, message).and_then(|()| match self.name {
            Name::Replacing => self.file.replace(&bytes),
            _ => self.file.finish(&bytes),
        });
        let mut written = written;
        if let Name::Plan(plan) = &self.name {
            // Another run took the name meanwhile.
            while is_taken(&written) {
                path = beside(plan);
                written = NewFile::begin(&path).and_then(|file| file.finish(&bytes));
            }
        }
        match written {
            Ok(()) => Ok(path),
            Err(source) => Err(ResultFileError::Unwritable { path, source }),
        }
    }
}

fn is_taken(written: &io::Result<()>) -> bool {
    let error = written.as_ref().err();
    error.is_some_and(|error| error.kind() == io::ErrorKind::AlreadyExists)
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

fn write(
    out: &mut Vec<u8>,
    outcomes: &[Outcome],
    message: impl Fn(&Outcome) -> String,
) -> io::Result<()> {
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(out);
    for outcome in outcomes {
        let device = &outcome.device;
        let serial = device.serial.as_ref();
        writer.serialize(ResultRow {
            mac: device.mac.map_or_else(String::new, |mac| mac.to_string()),
            serial: serial.map_or_else(String::new, |it| spreadsheet_text(it.as_str())),
            ip: device.address.map_or_else(String::new, |it| it.to_string()),
            result: outcome.status.into(),
            message: spreadsheet_text(&message(outcome)),
        })?;
    }
    writer.flush()
}
