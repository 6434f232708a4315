//! Where the GUIDs come from that are given to devices.

use std::path::Path;

use jiff::Timestamp;
use sadp_ops::DiscoveredDevice;
use sadp_reset::{
    DeviceKey, GuidFile, GuidId, GuidRecord, GuidStanding, GuidVoid, Ledger, Vault, VaultError,
    read_any_guid_file, read_guid_file,
};
use secrecy::SecretString;

use super::trouble::{self, vault_failed};
use crate::{
    args::{GlobalArgs, GuidImportArgs},
    commands::reset::errand::Errand,
    failure::Failure,
    outcome::{Ending, Outcome},
    secret, state,
};

/// Where GUIDs come from.
pub(super) enum Source {
    /// One file, for one device.
    File {
        /// What it holds.
        file: Box<GuidFile>,
        /// Its name, as it was given.
        path: String,
        /// What became of GUIDs so far.
        ledger: Option<Ledger>,
        /// Whether one that is suspect, or known to be worth nothing, is given all
        /// the same.
        force: bool,
    },
    /// The vault.
    Vault(Box<Opened>),
    /// There is no vault yet.
    Nothing,
}

/// The vault, with what is needed to read it.
pub(super) struct Opened {
    ledger: Ledger,
    vault: Vault,
    passphrase: Option<SecretString>,
    /// Whether one that is suspect is given all the same.
    force: bool,
}

/// A device with the GUID it is to be given.
pub(super) struct Taken {
    pub(super) found: DiscoveredDevice,
    pub(super) file: GuidFile,
    /// Its record, where it is in the vault.
    pub(super) record: Option<GuidId>,
    pub(super) path: String,
    /// A newer GUID in the vault that was not preferred, because it is suspect.
    pub(super) suspect: Option<String>,
}

impl Taken {
    /// What a dry run tells.
    pub(super) fn planned(&self, errand: &Errand<'_>) -> Outcome {
        let Self { found, path, .. } = self;
        let mut outcome = Outcome::new(found, errand.action, Ending::Planned, errand.would);
        outcome.data.insert("path".into(), path.as_str().into());
        outcome
    }
}

impl Source {
    /// Reads the file, or opens the vault; a passphrase is asked for where it
    /// is needed. To be called before any device is looked for.
    pub(super) fn open(args: &GuidImportArgs, global: &GlobalArgs) -> Result<Self, Failure> {
        let file = args.passphrase_file.as_deref();
        let may_ask = !args.change.dry_run || file.is_some();
        let passphrase = || {
            let passphrase = may_ask.then(|| secret::passphrase(file)).transpose();
            passphrase.map(Option::flatten)
        };
        if let Some(path) = &args.file {
            return Ok(Self::File {
                file: Box::new(read(path, args.change.force, passphrase)?),
                path: path.display().to_string(),
                ledger: state::open_existing(global)?,
                force: args.change.force,
            });
        }
        let Some(ledger) = state::open_existing(global)? else {
            return Ok(Self::Nothing);
        };
        let mut all = ledger.guids(None).map_err(state::failed)?.into_iter();
        let encrypted = all.any(|guid| guid.encrypted && guid.void.is_none());
        Ok(Self::Vault(Box::new(Opened {
            ledger,
            vault: Vault::new(&state::folder(global)?),
            passphrase: if encrypted { passphrase()? } else { None },
            force: args.change.force,
        })))
    }

    /// The GUID of a device, or what to say of a device for which there is none
    /// that can be used. `named` as for [`Errand::passed_over`].
    pub(super) fn take(
        &self,
        found: DiscoveredDevice,
        (errand, named): (&Errand<'_>, bool),
    ) -> Result<Result<Taken, Outcome>, Failure> {
        let opened = match self {
            Self::File {
                file,
                path,
                ledger,
                force,
            } => {
                let standing = standing(ledger.as_ref(), &found, file)?;
                let why = objection(&standing).or_else(|| suspect(file));
                if let Some(why) = why.filter(|_| !force) {
                    return Ok(Err(
                        Outcome::unsafe_to_send(&found, errand.action, why).next(ANOTHER)
                    ));
                }
                let record = match standing {
                    GuidStanding::Valid(id) => Some(id),
                    _ => None,
                };
                return Ok(Ok(Taken {
                    found,
                    file: (**file).clone(),
                    record,
                    path: path.clone(),
                    suspect: None,
                }));
            }
            Self::Vault(opened) => opened,
            Self::Nothing => return Ok(Err(errand.passed_over(&found, NONE, named).next(OTHER))),
        };
        let records = match opened.usable(&found)? {
            Ok(records) => records,
            Err(why) => return Ok(Err(errand.passed_over(&found, &why, named).next(OTHER))),
        };
        opened.best(&found, records, (errand, named))
    }
}

fn read(
    path: &Path,
    force: bool,
    passphrase: impl FnOnce() -> Result<Option<SecretString>, Failure>,
) -> Result<GuidFile, Failure> {
    let read = if force {
        read_any_guid_file
    } else {
        read_guid_file
    };
    let mut file = read(path, None);
    if matches!(file, Err(VaultError::PassphraseNeeded { .. }))
        && let Some(passphrase) = passphrase()?
    {
        file = read(path, Some(&passphrase));
    }
    file.map_err(vault_failed)
}

/// What the ledger knows of a GUID for this device.
fn standing(
    ledger: Option<&Ledger>,
    found: &DiscoveredDevice,
    file: &GuidFile,
) -> Result<GuidStanding, Failure> {
    let (Some(ledger), Some(device)) = (ledger, DeviceKey::of(&found.entry.device)) else {
        return Ok(GuidStanding::Unknown);
    };
    ledger.guid_standing(&device, file).map_err(state::failed)
}

/// Why a GUID would only cost the device a try.
fn objection(standing: &GuidStanding) -> Option<String> {
    match standing {
        GuidStanding::Unknown | GuidStanding::Valid(_) => None,
        GuidStanding::Void(why, at) => Some(format!("not sent: this GUID is {}", void(*why, *at))),
        GuidStanding::OfAnother(device) => {
            let mac = device.mac().map(|mac| mac.to_string());
            let name = mac.or_else(|| device.serial().map(ToString::to_string));
            let name = name.unwrap_or_default();
            Some(format!(
                "not sent: another device exported this GUID, {name}"
            ))
        }
    }
}

const NONE: &str = "no GUID of it is in the vault";
const OTHER: &str =
    "give a file: sadpctl reset guid import DEVICE FILE; or use another way of recovery";
const ANOTHER: &str = "take another file, or another way of recovery; --force sends it all the same and may cost a try";

impl Opened {
    /// The GUIDs of a device that are not void, latest first: at least one, or why
    /// there is none.
    fn usable(&self, found: &DiscoveredDevice) -> Result<Result<Vec<GuidRecord>, String>, Failure> {
        let Some(device) = DeviceKey::of(&found.entry.device) else {
            return Ok(Err(NONE.into()));
        };
        let all = self.ledger.guids(Some(&device)).map_err(state::failed)?;
        let latest_void = all.first().and_then(|guid| guid.void);
        let mut usable = all;
        usable.retain(|guid| guid.void.is_none());
        if !usable.is_empty() {
            return Ok(Ok(usable));
        }
        Ok(Err(match latest_void {
            Some((why, at)) => format!("its GUID in the vault is {}", void(why, at)),
            None => NONE.into(),
        }))
    }

    /// The newest of these GUIDs, but a whole one before one that is suspect.
    fn best(
        &self,
        found: &DiscoveredDevice,
        records: Vec<GuidRecord>,
        (errand, named): (&Errand<'_>, bool),
    ) -> Result<Result<Taken, Outcome>, Failure> {
        let mut suspect_one: Option<Taken> = None;
        for record in records {
            let taken = match self.load(found, &record, (errand, named))? {
                Ok(taken) => taken,
                Err(outcome) if suspect_one.is_none() => return Ok(Err(outcome)),
                // The newer one can still be used.
                Err(_) => continue,
            };
            if taken.file.guid.is_whole() {
                let suspect = suspect_one.map(|suspect| suspect.path);
                return Ok(Ok(Taken { suspect, ..taken }));
            }
            suspect_one.get_or_insert(taken);
        }
        let Some(taken) = suspect_one else {
            return Ok(Err(errand.passed_over(found, NONE, named).next(OTHER)));
        };
        match suspect(&taken.file).filter(|_| !self.force) {
            Some(why) => Ok(Err(
                Outcome::unsafe_to_send(found, errand.action, why).next(ANOTHER)
            )),
            None => Ok(Ok(taken)),
        }
    }

    /// Takes one GUID out of the vault, unless it is void.
    fn load(
        &self,
        found: &DiscoveredDevice,
        record: &GuidRecord,
        (errand, named): (&Errand<'_>, bool),
    ) -> Result<Result<Taken, Outcome>, Failure> {
        let file = match self.vault.load(record, self.passphrase.as_ref()) {
            Ok(file) => file,
            Err(error) => return Ok(Err(trouble::of_device(found, errand, &error))),
        };
        // The same GUID may have been spent as a file, or exported twice.
        if let GuidStanding::Void(why, at) = standing(Some(&self.ledger), found, &file)? {
            let why = format!("its GUID in the vault is {}", void(why, at));
            return Ok(Err(errand.passed_over(found, &why, named).next(OTHER)));
        }
        Ok(Ok(Taken {
            path: self.vault.path_of(record).display().to_string(),
            found: found.clone(),
            file,
            record: Some(record.id),
            suspect: None,
        }))
    }
}

/// Why a GUID of unusual length is not sent.
fn suspect(file: &GuidFile) -> Option<String> {
    (!file.guid.is_whole()).then(|| {
        "not sent: this GUID is suspect, it does not hold 128 bytes as every known GUID does".into()
    })
}

fn void(why: GuidVoid, at: Timestamp) -> String {
    let at = at.strftime("%Y-%m-%d");
    let why = super::meaning(why);
    format!("void since {at}: {why}")
}
