//! GUIDs from the vault or a file, each to its own device, once.

use std::path::PathBuf;

use jiff::Timestamp;
use sadp_proto::{Command, CommandOutcome as Reply, Refusal, seal::Password};
use sadp_reset::{
    Action, DeviceKey, Digest, GuidFile, GuidId, GuidRecord, GuidStanding, GuidVoid, Ledger,
    LedgerError, Vault,
};
use secrecy::SecretString;

use super::{GuidFinding, ImportedGuid, SentGuid};
use crate::{
    DiscoveredDevice, Guard, Impact, Observer, OpsError, Outcome, OutcomeData, OutcomeStatus,
    Overrides, PasswordSettings, Reason, Report, Requirements, SafetyChecks, Session,
    batch::{Batch, DeviceCommand, Keep, Replied},
    offer::offers_camera_sync,
    recovery::password_reset::conclude_all,
};

/// Which GUIDs are sent to which devices.
#[derive(Debug)]
pub struct Plan {
    /// The GUIDs to send.
    pub imports: Vec<PlannedImport>,
    /// The devices that are sent none, and why.
    pub left_out: Vec<Outcome>,
    sync_cameras: bool,
    parallel: usize,
}

/// A GUID to send to its device.
#[derive(Debug)]
pub struct PlannedImport {
    /// The device.
    pub device: DiscoveredDevice,
    file: GuidFile,
    /// Its record, where it is in the vault.
    record: Option<GuidId>,
    path: PathBuf,
    /// A newer GUID in the vault that was not preferred, because it is suspect.
    not_preferred: Option<PathBuf>,
}

/// How GUIDs are to be imported.
#[derive(Clone, Debug)]
pub struct ImportChoice {
    /// Where they come from.
    pub source: GuidSource,
    /// What the user lifted.
    pub overrides: Overrides,
    /// Have recorders pass the new password on to their cameras. A device that the
    /// user named and that does not offer it is left out.
    pub sync_cameras: bool,
    /// Whether the user named the devices.
    pub named: bool,
    /// The most devices at a time.
    pub parallel: usize,
}

/// Where GUIDs come from.
#[derive(Clone, Debug)]
pub enum GuidSource {
    /// A file, for one device.
    File {
        /// Its path.
        path: PathBuf,
        /// What it holds.
        file: Box<GuidFile>,
    },
    /// The vault.
    Vault {
        /// By which its encrypted files are read. Without, they cannot be.
        passphrase: Option<SecretString>,
    },
}

/// Whether the vault holds encrypted GUIDs that are not void.
pub fn needs_passphrase(session: &Session) -> Result<bool, LedgerError> {
    let Some(ledger) = session.ledger() else {
        return Ok(false);
    };
    let guids = ledger.guids(None)?;
    Ok(guids.iter().any(|it| it.encrypted && it.void.is_none()))
}

/// Plans to send GUIDs to these devices. Each encrypted file costs its passphrase
/// about a second of work.
pub fn plan(
    session: &Session,
    devices: Vec<DiscoveredDevice>,
    choice: &ImportChoice,
) -> Result<Plan, LedgerError> {
    // What is known of the GUID itself comes before what is known of others.
    let overrides = choice.overrides.asking_after_refusals();
    let requirements = Requirements::new(Action::GuidImport, overrides, choice.named);
    let mut selection = requirements.select(session, devices)?;
    if choice.sync_cameras && choice.named {
        selection.require_camera_sync();
    }
    let checks = SafetyChecks::new(Action::GuidImport, choice.overrides);
    let chooser = Chooser {
        ledger: session.ledger(),
        vault: Vault::new(session.state()),
        choice,
    };
    let mut imports = Vec::new();
    let mut left_out = selection.left_out;
    for device in selection.devices {
        match chooser.choose(&device)? {
            Ok(import) => match checks.blocked(session, &device)? {
                Some(outcome) => left_out.push(outcome),
                None => imports.push(import),
            },
            Err(finding) => {
                let reason = Reason::Guid(finding);
                left_out.push(Outcome::skipped(&device, Action::GuidImport, reason));
            }
        }
    }
    Ok(Plan {
        imports,
        left_out,
        sync_cameras: choice.sync_cameras,
        parallel: choice.parallel,
    })
}

impl Plan {
    /// Whether no GUID was found of any device, and nothing else speaks against one.
    pub fn is_nothing(&self) -> bool {
        let mut left_out = self.left_out.iter();
        self.imports.is_empty() && left_out.all(|it| it.impact() == Impact::None)
    }

    /// What would become of each device: a dry run.
    pub fn into_outcomes(self) -> Vec<Outcome> {
        let mut outcomes = self.left_out;
        outcomes.extend(self.imports.into_iter().map(|import| Outcome {
            data: OutcomeData::ImportedGuid(ImportedGuid {
                path: import.path,
                not_preferred: None,
                sync_cameras: None,
                sent: None,
            }),
            ..Outcome::new(&import.device, Action::GuidImport, OutcomeStatus::Planned)
        }));
        outcomes
    }

    /// Sends each GUID once with the new password, and looks at the devices again.
    pub async fn carry_out(
        self,
        session: &mut Session,
        settings: PasswordSettings<'_>,
        observer: &mut dyn Observer,
    ) -> Result<Report, OpsError> {
        let mut spender = Spender(Vec::new());
        let mut imported = Vec::new();
        let mut commands = Vec::new();
        for import in self.imports {
            let sync_cameras = self.sync_cameras && offers_camera_sync(&import.device);
            let sent = SentGuid {
                digest: Digest::of_guid(&import.file.guid),
                record: import.record,
            };
            spender.0.push(sent);
            imported.push(ImportedGuid {
                path: import.path,
                not_preferred: import.not_preferred,
                sync_cameras: Some(sync_cameras),
                sent: Some(sent),
            });
            let command = Command::ResetByGuid {
                guid: Box::new(import.file.guid),
                password: Password::new(settings.password.clone())?,
                sync_cameras,
            };
            let device = import.device;
            commands.push(DeviceCommand { device, command });
        }
        // Each device gets a secret of its own: a wrong one says nothing of the next.
        let batch = Batch {
            parallel: self.parallel,
            keep: Some(&mut spender),
            ..Batch::new(Action::GuidImport, commands)
        };
        let mut sent = session.send(batch, settings.inventory, observer).await?;
        conclude_all(session, &mut sent, settings.inventory, observer).await;
        for ((_, outcome), imported) in sent.outcomes.iter_mut().zip(imported) {
            outcome.data = OutcomeData::ImportedGuid(imported);
        }
        Ok(sent.into_report(self.left_out))
    }
}

/// Writes down what became of each GUID, by its command's place: one that was used,
/// or called invalid, must not be sent again, wherever it came from.
struct Spender(Vec<SentGuid>);

impl Keep for Spender {
    fn keep(&mut self, ledger: &mut Ledger, reply: Replied<'_>) -> Result<(), OpsError> {
        let why = match reply.reply {
            Reply::Done(_) => GuidVoid::Used,
            Reply::Refused(verdict) if verdict.refusal == Refusal::InvalidGuid => GuidVoid::Invalid,
            _ => return Ok(()),
        };
        let Some(sent) = self.0.get(reply.place) else {
            return Ok(());
        };
        Ok(sent.spend(ledger, reply.device.key().as_ref(), why, reply.at)?)
    }
}

impl SentGuid {
    /// Writes down that its device took it, or called it invalid.
    pub(crate) fn spend(
        self,
        ledger: &mut Ledger,
        device: Option<&DeviceKey>,
        why: GuidVoid,
        at: Timestamp,
    ) -> Result<(), LedgerError> {
        let Self { digest, record } = self;
        let spent = device.map_or(Ok(()), |device| ledger.spend_guid(device, digest, why, at));
        let void = record.map_or(Ok(()), |id| ledger.void_guid(id, why, at));
        spent.and(void)
    }
}

/// Chooses the GUID of each device.
struct Chooser<'a> {
    ledger: Option<&'a Ledger>,
    vault: Vault,
    choice: &'a ImportChoice,
}

/// What is chosen, or why nothing can be.
type Choice<T> = Result<Result<T, GuidFinding>, LedgerError>;

impl Chooser<'_> {
    /// The GUID of a device, or why there is none that can be used.
    fn choose(&self, device: &DiscoveredDevice) -> Choice<PlannedImport> {
        match &self.choice.source {
            GuidSource::File { path, file } => {
                let standing = self.standing(device, file)?;
                let finding = objection(&standing).or_else(|| suspect(file));
                if let Some(finding) = finding.filter(|_| !self.may_be_refused()) {
                    return Ok(Err(finding));
                }
                Ok(Ok(PlannedImport {
                    device: device.clone(),
                    file: (**file).clone(),
                    record: match standing {
                        GuidStanding::Valid(id) => Some(id),
                        _ => None,
                    },
                    path: path.clone(),
                    not_preferred: None,
                }))
            }
            GuidSource::Vault { passphrase } => match self.usable(device)? {
                Ok(records) => self.best(device, records, passphrase.as_ref()),
                Err(finding) => Ok(Err(finding)),
            },
        }
    }

    /// Whether a GUID may be sent that the device would most likely refuse.
    fn may_be_refused(&self) -> bool {
        self.choice.overrides.lifts(Guard::RefusedBefore)
    }

    const fn none(&self) -> GuidFinding {
        let named = self.choice.named;
        GuidFinding::NoneInVault { named }
    }

    /// What the ledger knows of a GUID for this device.
    fn standing(
        &self,
        device: &DiscoveredDevice,
        file: &GuidFile,
    ) -> Result<GuidStanding, LedgerError> {
        match (self.ledger, device.key()) {
            (Some(ledger), Some(key)) => ledger.guid_standing(&key, file),
            _ => Ok(GuidStanding::Unknown),
        }
    }

    /// The GUIDs of a device that are not void, latest first: at least one, or why
    /// there is none.
    fn usable(&self, device: &DiscoveredDevice) -> Choice<Vec<GuidRecord>> {
        let (Some(ledger), Some(key)) = (self.ledger, device.key()) else {
            return Ok(Err(self.none()));
        };
        let mut records = ledger.guids(Some(&key))?;
        let latest_void = records.first().and_then(|guid| guid.void);
        records.retain(|guid| guid.void.is_none());
        if !records.is_empty() {
            return Ok(Ok(records));
        }
        let named = self.choice.named;
        Ok(Err(match latest_void {
            Some((why, at)) => GuidFinding::VoidInVault { why, at, named },
            None => self.none(),
        }))
    }

    /// The newest of these GUIDs, but a whole one before one that is suspect.
    fn best(
        &self,
        device: &DiscoveredDevice,
        records: Vec<GuidRecord>,
        passphrase: Option<&SecretString>,
    ) -> Choice<PlannedImport> {
        let mut suspect_one: Option<PlannedImport> = None;
        for record in records {
            let mut import = match self.load(device, &record, passphrase)? {
                Ok(import) => import,
                Err(finding) if suspect_one.is_none() => return Ok(Err(finding)),
                // The newer one can still be used.
                Err(_) => continue,
            };
            if import.file.guid.is_whole() {
                import.not_preferred = suspect_one.map(|suspect| suspect.path);
                return Ok(Ok(import));
            }
            suspect_one.get_or_insert(import);
        }
        Ok(match suspect_one {
            Some(import) if self.may_be_refused() => Ok(import),
            Some(_) => Err(GuidFinding::Suspect),
            None => Err(self.none()),
        })
    }

    /// Reads one GUID out of the vault, unless it is void.
    fn load(
        &self,
        device: &DiscoveredDevice,
        record: &GuidRecord,
        passphrase: Option<&SecretString>,
    ) -> Choice<PlannedImport> {
        let file = match self.vault.load(record, passphrase) {
            Ok(file) => file,
            Err(error) => return Ok(Err(GuidFinding::Unusable(error.into()))),
        };
        // The same GUID may have been spent as a file, or exported twice.
        if let GuidStanding::Void(why, at) = self.standing(device, &file)? {
            let named = self.choice.named;
            return Ok(Err(GuidFinding::VoidInVault { why, at, named }));
        }
        Ok(Ok(PlannedImport {
            device: device.clone(),
            file,
            record: Some(record.id),
            path: self.vault.path_of(record),
            not_preferred: None,
        }))
    }
}

/// Why the GUID of a file would only cost the device a try.
fn objection(standing: &GuidStanding) -> Option<GuidFinding> {
    match standing {
        GuidStanding::Unknown | GuidStanding::Valid(_) => None,
        &GuidStanding::Void(why, at) => Some(GuidFinding::Void { why, at }),
        GuidStanding::OfAnother(device) => Some(GuidFinding::OfAnother(device.clone())),
    }
}

fn suspect(file: &GuidFile) -> Option<GuidFinding> {
    (!file.guid.is_whole()).then_some(GuidFinding::Suspect)
}
