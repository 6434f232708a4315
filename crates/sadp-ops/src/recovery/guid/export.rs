//! GUIDs out of devices, in the vault the moment they arrive.

use std::collections::HashMap;

use jiff::Timestamp;
use sadp_model::{MethodAssessment, RecoveryMethod};
use sadp_proto::{Command, CommandOutcome as Reply, Guid};
use sadp_reset::{Action, GuidExport, Ledger, LedgerError, Vault};
use secrecy::SecretString;

use super::{ExportedGuid, GuidFinding};
use crate::{
    DiscoveredDevice, Observer, OpsError, Outcome, OutcomeData, OutcomeStatus, Overrides,
    PasswordSettings, Reason, Report, Requirements, Selection, Session,
    batch::{Keep, Replied},
    offer::PasswordCommands,
};

/// From which devices GUIDs are exported.
#[derive(Debug)]
pub struct Plan {
    /// The devices, and the others.
    pub selection: Selection,
}

/// What an export needs beside its plan.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    /// The look that the plan was made from, and the current password.
    pub access: PasswordSettings<'a>,
    /// By which the files are encrypted. Without, they are not.
    pub passphrase: Option<&'a SecretString>,
}

/// Plans to export GUIDs from these devices.
pub fn plan(
    session: &Session,
    devices: Vec<DiscoveredDevice>,
    overrides: Overrides,
    named: bool,
) -> Result<Plan, LedgerError> {
    let requirements = Requirements::new(Action::GuidExport, overrides, named);
    let selection = requirements.select(session, devices)?;
    Ok(Plan { selection })
}

impl Plan {
    /// Asks one device after the other: encrypting takes a second, in which no other
    /// reply may be waited for. The first refusal that may be about the password
    /// ends it.
    pub async fn carry_out(
        self,
        session: &mut Session,
        settings: Settings<'_>,
        observer: &mut dyn Observer,
    ) -> Result<Report, OpsError> {
        let mut keeper = Keeper::new(Vault::new(session.state()), settings.passphrase);
        let commands = PasswordCommands {
            settings: settings.access,
            command: &|password| Command::ExportGuid { password },
            keep: Some(&mut keeper),
        };
        let sent = self
            .selection
            .send_with_password(session, commands, observer);
        let (left_out, mut sent) = sent.await?;
        for (place, (_, outcome)) in sent.outcomes.iter_mut().enumerate() {
            keeper.conclude(place, outcome);
        }
        Ok(sent.into_report(left_out))
    }
}

/// Puts each GUID into the vault.
pub(crate) struct Keeper<'a> {
    vault: Vault,
    passphrase: Option<&'a SecretString>,
    /// By the commands' places.
    kept: HashMap<usize, ExportedGuid>,
}

impl<'a> Keeper<'a> {
    pub(crate) fn new(vault: Vault, passphrase: Option<&'a SecretString>) -> Self {
        Self {
            vault,
            passphrase,
            kept: HashMap::new(),
        }
    }

    /// Adds what was kept to the outcome of the command at this place.
    pub(crate) fn conclude(&mut self, place: usize, outcome: &mut Outcome) {
        conclude(outcome, self.kept.remove(&place));
    }

    /// Puts a GUID into the vault. Of a device that nothing identifies it keeps none.
    pub(crate) fn store(
        &self,
        ledger: &mut Ledger,
        new: ArrivedGuid<'_>,
    ) -> Result<Option<ExportedGuid>, OpsError> {
        let ArrivedGuid { device, guid, at } = new;
        let Some(key) = device.key() else {
            return Ok(None);
        };
        let export = GuidExport {
            device: &key,
            guid,
            at,
        };
        let record = self.vault.store(ledger, export, self.passphrase)?;
        Ok(Some(ExportedGuid {
            excluded: MethodAssessment::excluded(RecoveryMethod::Guid, &device.entry.device),
            path: self.vault.path_of(&record),
            encrypted: self.passphrase.is_some(),
            suspect: !guid.is_whole(),
        }))
    }
}

/// Adds to the outcome of a device that gave its GUID what was kept.
pub(crate) fn conclude(outcome: &mut Outcome, kept: Option<ExportedGuid>) {
    match kept {
        _ if outcome.status != OutcomeStatus::Done => {}
        Some(exported) => outcome.data = OutcomeData::ExportedGuid(exported),
        None => {
            outcome.status = OutcomeStatus::Unknown;
            outcome.reason = Reason::Guid(GuidFinding::NotKept);
        }
    }
}

/// A GUID that arrived.
#[derive(Clone, Copy)]
pub(crate) struct ArrivedGuid<'a> {
    pub(crate) device: &'a DiscoveredDevice,
    pub(crate) guid: &'a Guid,
    pub(crate) at: Timestamp,
}

impl Keep for Keeper<'_> {
    fn keep(&mut self, ledger: &mut Ledger, reply: Replied<'_>) -> Result<(), OpsError> {
        let Reply::Done(message) = reply.reply else {
            return Ok(());
        };
        // An unreadable GUID is reported with its device; the batch goes on.
        let Ok(guid) = Guid::read(message) else {
            return Ok(());
        };
        let new = ArrivedGuid {
            device: reply.device,
            guid: &guid,
            at: reply.at,
        };
        let exported = self.store(ledger, new)?;
        self.kept.extend(exported.map(|it| (reply.place, it)));
        Ok(())
    }
}
