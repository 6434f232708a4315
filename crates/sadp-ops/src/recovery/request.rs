//! Requests to the vendor's support, on the disk the moment a device gives them.

use std::{
    collections::HashMap,
    fs,
    net::IpAddr,
    path::{Path, PathBuf, absolute},
};

use jiff::Timestamp;
use sadp_model::State;
use sadp_proto::{Command, CommandOutcome as Reply, RequestCode};
use sadp_reset::{
    Action, Contact, ExportError, Exported, FileError, Ledger, LedgerError, Mailing, Package,
    PackageRequest, RequestCommand, RequestKind, export_request,
};

use super::History;
pub use crate::outcome::request::{ExportedRequest, RequestFinding};
use crate::{
    DiscoveredDevice, Inventory, Observer, OpsError, Outcome, OutcomeData, OutcomeStatus,
    Overrides, Reason, Report, SafetyChecks, Selection, Session,
    batch::{Batch, DeviceCommand, Keep, Replied},
};

/// From which devices requests are exported.
#[derive(Debug)]
pub struct Plan {
    /// The devices to export from.
    pub exports: Vec<Export>,
    /// Devices whose earlier request waits for its answer: another would make it
    /// void. They are left out unless [`Plan::include_pending`] takes them in.
    pub pending: Vec<Export>,
    /// The other devices, and why.
    pub left_out: Vec<Outcome>,
}

/// A request to export.
#[derive(Clone, Debug)]
pub struct Export {
    /// The device.
    pub device: DiscoveredDevice,
    /// What it takes.
    pub kind: RequestKind,
    /// When its request was exported that another would make void. `None` where
    /// no valid request waits for its answer.
    pub pending_since: Option<Timestamp>,
}

/// Plans to export requests from these devices. Unactivated devices are left out,
/// which is a failure only for those that the user `named`.
pub fn plan(
    session: &Session,
    devices: Vec<DiscoveredDevice>,
    named: bool,
) -> Result<Plan, LedgerError> {
    let history = History::read(session.ledger(), session.now())?;
    let able = Selection::of(Action::ExportRequest, devices).without(|device| {
        let is_unactivated = device.entry.device.state == Some(State::Unactivated);
        let finding = match kind(device) {
            _ if is_unactivated => RequestFinding::Unactivated { named },
            None => RequestFinding::KindUnknown,
            Some(_) => return None,
        };
        Some(Reason::Request(finding))
    });
    let checks = SafetyChecks::new(Action::ExportRequest, Overrides::default());
    let selection = checks.narrow(session, able)?;
    let mut plan = Plan {
        exports: Vec::new(),
        pending: Vec::new(),
        left_out: selection.left_out,
    };
    for device in selection.devices {
        let Some(kind) = kind(&device) else {
            continue;
        };
        let open = history.open_request(&device);
        let valid = open.filter(|(_, validity)| !validity.stops_import());
        let pending_since = valid.map(|(case, _)| case.request.exported_at);
        let list = match pending_since {
            Some(_) => &mut plan.pending,
            None => &mut plan.exports,
        };
        list.push(Export {
            device,
            kind,
            pending_since,
        });
    }
    Ok(plan)
}

fn kind(device: &DiscoveredDevice) -> Option<RequestKind> {
    let way = device.entry.device.recovery.request?;
    RequestKind::of(way)
}

/// What an export needs beside its plan.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    /// The look that the plan was made from.
    pub inventory: &'a Inventory,
    /// The folder for the packages. It is made where there is none.
    pub out: &'a Path,
    /// Who asks the vendor's support.
    pub contact: &'a Contact,
    /// The most devices at a time.
    pub parallel: usize,
}

impl Plan {
    /// Takes in those of the pending devices that `gives_up` names: their earlier
    /// requests become void.
    pub fn include_pending(&mut self, gives_up: impl FnMut(&mut Export) -> bool) {
        let included = self.pending.extract_if(.., gives_up);
        self.exports.extend(included);
    }

    /// What would become of each device: a dry run.
    pub fn into_outcomes(self) -> Vec<Outcome> {
        let mut outcomes = left_out(self.left_out, &self.pending);
        outcomes.extend(self.exports.iter().map(|export| {
            export.outcome(OutcomeStatus::Planned, RequestFinding::Planned(export.kind))
        }));
        outcomes
    }

    /// Asks each device for its request and writes it as a package, with a case
    /// in the ledger. A legacy device is sent nothing: the look has told all that
    /// support needs.
    ///
    /// Fails before anything is sent where the folder cannot be made.
    pub async fn carry_out(
        self,
        session: &mut Session,
        settings: Settings<'_>,
        observer: &mut dyn Observer,
    ) -> Result<Report, OpsError> {
        let mut report = Report::new(left_out(self.left_out, &self.pending));
        let exports = self.exports.into_iter();
        let (asked, known): (Vec<_>, Vec<_>) = exports.partition(|it| it.command().is_some());
        let mut writer = Writer {
            out: make_folder(settings.out)?,
            contact: settings.contact,
            exports: asked,
            kept: HashMap::new(),
        };
        for export in known {
            let at = session.now();
            let (outcome, failure) = writer.write(session.ledger_mut()?, &export, None, at);
            report.outcomes.push(outcome);
            if failure.is_some() {
                report.failure = failure;
                return Ok(report);
            }
        }
        if writer.exports.is_empty() {
            return Ok(report);
        }
        let commands = writer.exports.iter().filter_map(Export::command).collect();
        let batch = Batch {
            parallel: settings.parallel,
            keep: Some(&mut writer),
            ..Batch::new(Action::ExportRequest, commands)
        };
        let sent = session.send(batch, settings.inventory, observer).await?;
        for (place, (_, outcome)) in sent.outcomes.into_iter().enumerate() {
            report.outcomes.push(match writer.kept.remove(&place) {
                Some(kept) => Outcome {
                    status: kept.status,
                    reason: kept.reason,
                    data: kept.data,
                    ..outcome
                },
                None => outcome,
            });
        }
        report.failure = sent.failure;
        Ok(report)
    }
}

/// Writes the mailing of a folder: all requests in it that wait for their answer and are
/// still valid, also those of earlier exports. Returns `None`, and writes nothing, where
/// there is none.
pub fn write_mailing(
    session: &Session,
    out: &Path,
    contact: &Contact,
) -> Result<Option<Mailing>, OpsError> {
    let folder = absolute(out).unwrap_or_else(|_| out.to_owned());
    let packages = waiting(session, |path| path.parent() == Some(&folder))?;
    let mailing = Mailing::make(&packages, contact, session.now());
    let mailing = mailing.map_err(|source| FileError {
        doing: "make",
        path: out.join(Mailing::ARCHIVE_FILE),
        source,
    })?;
    if let Some(mailing) = &mailing {
        mailing.write(out)?;
    }
    Ok(mailing)
}

/// The packages of all requests that wait for their answer and are still valid, in the
/// folders that `is_wanted` names.
pub fn waiting(
    session: &Session,
    is_wanted: impl Fn(&Path) -> bool,
) -> Result<Vec<Package>, LedgerError> {
    let history = History::read(session.ledger(), session.now())?;
    let waiting = history.cases().iter().filter(|case| {
        let is_valid = || !history.judge(&history.facts(case), None).stops_import();
        case.is_open() && is_wanted(&case.request.package) && is_valid()
    });
    let packages = waiting.filter_map(|case| Package::read(&case.request.package).ok());
    Ok(packages.collect())
}

/// Those that are left out, with those whose requests wait.
fn left_out(mut outcomes: Vec<Outcome>, pending: &[Export]) -> Vec<Outcome> {
    outcomes.extend(pending.iter().filter_map(|export| {
        let since = export.pending_since?;
        Some(export.outcome(OutcomeStatus::Skipped, RequestFinding::Pending { since }))
    }));
    outcomes
}

fn make_folder(path: &Path) -> Result<PathBuf, OpsError> {
    let made = absolute(path).and_then(|path| fs::create_dir_all(&path).map(|()| path));
    made.map_err(|source| OpsError::Folder {
        path: path.to_owned(),
        source,
    })
}

impl Export {
    /// What brings the device's code. Legacy devices have none.
    fn command(&self) -> Option<DeviceCommand> {
        let command = match self.kind.command()? {
            RequestCommand::GetCode => Command::GetCode,
            RequestCommand::GetEncryptString => Command::GetEncryptString,
        };
        let device = self.device.clone();
        Some(DeviceCommand { device, command })
    }

    fn outcome(&self, status: OutcomeStatus, finding: RequestFinding) -> Outcome {
        Outcome {
            reason: Reason::Request(finding),
            ..Outcome::new(&self.device, Action::ExportRequest, status)
        }
    }
}

/// Writes packages into one folder.
struct Writer<'a> {
    out: PathBuf,
    contact: &'a Contact,
    /// Those that are asked, in the order of the commands.
    exports: Vec<Export>,
    /// What became of their requests, by the commands' places.
    kept: HashMap<usize, Outcome>,
}

impl Keep for Writer<'_> {
    fn keep(&mut self, ledger: &mut Ledger, reply: Replied<'_>) -> Result<(), OpsError> {
        let place = reply.place;
        let (Reply::Done(message), Some(export)) = (reply.reply, self.exports.get(place)) else {
            return Ok(());
        };
        let (outcome, failure) = if let Some(code) = RequestCode::read(message) {
            self.write(ledger, export, Some(&code), reply.at)
        } else {
            let finding = RequestFinding::NoCode;
            (export.outcome(OutcomeStatus::NoAnswer, finding), None)
        };
        self.kept.insert(place, outcome);
        failure.map_or(Ok(()), Err)
    }
}

impl Writer<'_> {
    /// Writes the package and the case, and returns what became of the request, and what
    /// failed. Once this returns, both are on the disk.
    fn write(
        &self,
        ledger: &mut Ledger,
        export: &Export,
        code: Option<&RequestCode>,
        at: Timestamp,
    ) -> (Outcome, Option<OpsError>) {
        let device = &export.device.entry.device;
        let request = PackageRequest {
            device,
            address: device.ipv4.address.map(IpAddr::V4),
            kind: export.kind,
            code: code.map(RequestCode::as_str),
            exported_at: at,
        };
        let (package, case, failure) =
            match export_request(ledger, &self.out, &request, self.contact) {
                Ok(Exported { package, case }) => (package, Some(case), None),
                Err(ExportError::Ledger { package, source }) => {
                    (*package, None, Some((*source).into()))
                }
                Err(ExportError::Package(error)) => {
                    let finding = RequestFinding::NotWritten;
                    let outcome = export.outcome(OutcomeStatus::Unknown, finding);
                    return (outcome, Some(error.into()));
                }
            };
        let finding = RequestFinding::Exported {
            kind: export.kind,
            lacks_serial: package.request.lacks_serial(),
            recorded: case.is_some(),
        };
        let takes_key = export.kind == RequestKind::FileOrKey;
        let exported = ExportedRequest {
            package,
            case,
            qr_text: request.text().filter(|_| takes_key),
        };
        let written = Outcome {
            data: OutcomeData::Request(Box::new(exported)),
            ..export.outcome(OutcomeStatus::Done, finding)
        };
        (written, failure)
    }
}
