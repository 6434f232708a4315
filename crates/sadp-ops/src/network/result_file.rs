use std::{
    collections::HashMap,
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use csv::{Terminator, WriterBuilder};
use jiff::Timestamp;
use sadp_model::text::spreadsheet_text;
use sadp_reset::NewFile;

use super::plan_file::{PlanRow, PlanTable, holds_passwords};
use crate::{Outcome, OutcomeData, OutcomeStatus, Seen};

/// The columns behind those of the plan.
const COLUMNS: [&str; 5] = ["old_ip", "new_ip", "result", "verified_at", "message"];

/// What became of a plan: a CSV file beside it, written whole by each run.
#[derive(Debug)]
pub struct ResultFile {
    file: NewFile,
}

/// A plan and what became of it.
#[derive(Clone, Copy, Debug)]
pub struct PlanResults<'a> {
    /// The plan as it stands in its file.
    pub plan: &'a PlanTable,
    /// Its rows, as read.
    pub rows: &'a [PlanRow],
    /// The outcome of each.
    pub outcomes: &'a [Outcome],
    /// When the last look ended.
    pub at: Timestamp,
}

/// Why results cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum ResultFileError {
    /// The file exists, and holds no results.
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

impl ResultFile {
    /// Begins it, before anything is sent. Without `wanted` it stands beside the
    /// plan. A file of the same name is replaced where it holds the results of an
    /// earlier run, or where `replace` says so.
    pub fn begin(
        plan: &Path,
        wanted: Option<&Path>,
        replace: bool,
    ) -> Result<Self, ResultFileError> {
        let path = wanted.map_or_else(|| plan.with_extension("result.csv"), Path::to_owned);
        if path.symlink_metadata().is_ok() && !replace && !holds_results(&path) {
            return Err(ResultFileError::Exists(path));
        }
        match NewFile::begin(&path) {
            Ok(file) => Ok(Self { file }),
            Err(source) => Err(ResultFileError::Unwritable { path, source }),
        }
    }

    /// Writes it and gives it its name, which is returned. `message` makes the
    /// sentence of an outcome.
    pub fn finish(
        self,
        results: PlanResults<'_>,
        message: impl Fn(&Outcome) -> String,
    ) -> Result<PathBuf, ResultFileError> {
        let path = self.file.path().to_owned();
        let mut bytes = Vec::new();
        let written = results
            .write(&mut bytes, message)
            .and_then(|()| self.file.replace(&bytes));
        match written {
            Ok(()) => Ok(path),
            Err(source) => Err(ResultFileError::Unwritable { path, source }),
        }
    }
}

/// Whether a file begins as results of an earlier run do.
fn holds_results(path: &Path) -> bool {
    /// The longest line of titles that is read.
    const MAX_BYTES: u64 = 1 << 16;
    let mut titles = String::new();
    let is_file = path.symlink_metadata().is_ok_and(|it| it.is_file());
    let read = is_file
        && File::open(path)
            .and_then(|file| BufReader::new(file.take(MAX_BYTES)).read_line(&mut titles))
            .is_ok();
    read && titles.trim_end().ends_with(&COLUMNS.join(","))
}

impl PlanResults<'_> {
    /// How many devices were seen to have the settings.
    pub fn verified(&self) -> usize {
        self.outcomes.iter().filter(|it| is_verified(it)).count()
    }

    fn write(&self, out: &mut Vec<u8>, message: impl Fn(&Outcome) -> String) -> io::Result<()> {
        let mut writer = WriterBuilder::new()
            .terminator(Terminator::CRLF)
            .from_writer(out);
        // The results of an earlier run may be the plan. A password is not copied.
        let is_kept = |place: &usize| {
            let title = self.plan.columns.get(*place);
            title.is_some_and(|it| !COLUMNS.contains(&it.trim()) && !holds_passwords(it))
        };
        let kept: Vec<_> = (0..self.plan.columns.len()).filter(is_kept).collect();
        let titles = kept.iter().filter_map(|it| self.plan.columns.get(*it));
        writer.write_record(titles.map(String::as_str).chain(COLUMNS))?;
        let by_line: HashMap<_, _> = self.rows.iter().map(|row| (row.line, row)).collect();
        let by_mac = self.outcomes.iter().map(|it| (it.device.mac, it));
        let by_mac: HashMap<_, _> = by_mac.collect();
        for (line, cells) in &self.plan.rows {
            let Some(row) = by_line.get(line) else {
                continue;
            };
            let kept = kept
                .iter()
                .map(|it| cells.get(*it).map_or("", String::as_str));
            let mut record: Vec<_> = kept.map(spreadsheet_text).collect();
            let outcome = by_mac.get(&Some(row.mac)).copied();
            record.extend(match outcome {
                Some(outcome) => self.cells(row, outcome, &message(outcome)),
                None => Default::default(),
            });
            writer.write_record(&record)?;
        }
        writer.flush()
    }

    fn cells(&self, row: &PlanRow, outcome: &Outcome, message: &str) -> [String; 5] {
        let before = match &outcome.data {
            OutcomeData::Network(change) => change.before.ipv4.address,
            _ => outcome.device.address,
        };
        let verified = is_verified(outcome).then(|| self.at.strftime("%Y-%m-%dT%H:%M:%SZ"));
        [
            before.map_or_else(String::new, |it| it.to_string()),
            row.address.to_string(),
            <&str>::from(outcome.status).into(),
            verified.map_or_else(String::new, |it| it.to_string()),
            spreadsheet_text(message),
        ]
    }
}

/// Whether a look shows that the device has the settings.
fn is_verified(outcome: &Outcome) -> bool {
    let status = outcome.status;
    outcome.seen == Some(Seen::Changed)
        && matches!(status, OutcomeStatus::Done | OutcomeStatus::Skipped)
}
