//! Where the GUIDs come from that are given to devices.

use std::path::Path;

use jiff::Timestamp;
use sadp_proto::Guid;
use sadp_reset::{
    DeviceKey, GuidId, GuidRecord, GuidVoid, Ledger, Vault, VaultError, read_guid_file,
};
use secrecy::SecretString;

use super::trouble::{self, vault_failed};
use crate::{
    args::{GlobalArgs, GuidImportArgs},
    commands::reset::errand::Errand,
    failure::Failure,
    found::Found,
    outcome::{Ending, Outcome},
    secret, state,
};

/// Where GUIDs come from.
pub(super) enum Source {
    /// One file, for one device.
    File {
        /// What it holds.
        guid: Box<Guid>,
        /// Its name, as it was given.
        path: String,
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
}

/// A device with the GUID it is to be given.
pub(super) struct Taken {
    pub(super) found: Found,
    pub(super) guid: Guid,
    /// Its record, where it is from the vault.
    pub(super) record: Option<GuidId>,
    pub(super) path: String,
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
            return Self::read(path, passphrase);
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
        })))
    }

    fn read(
        path: &Path,
        passphrase: impl FnOnce() -> Result<Option<SecretString>, Failure>,
    ) -> Result<Self, Failure> {
        let mut guid = read_guid_file(path, None);
        if matches!(guid, Err(VaultError::PassphraseNeeded { .. }))
            && let Some(passphrase) = passphrase()?
        {
            guid = read_guid_file(path, Some(&passphrase));
        }
        Ok(Self::File {
            guid: Box::new(guid.map_err(vault_failed)?),
            path: path.display().to_string(),
        })
    }

    /// The GUID of a device, or what to say of a device for which there is none
    /// that can be used. `named` as for [`Errand::passed_over`].
    pub(super) fn take(
        &self,
        found: Found,
        (errand, named): (&Errand<'_>, bool),
    ) -> Result<Result<Taken, Outcome>, Failure> {
        let opened = match self {
            Self::File { guid, path } => {
                return Ok(Ok(Taken {
                    found,
                    guid: (**guid).clone(),
                    record: None,
                    path: path.clone(),
                }));
            }
            Self::Vault(opened) => opened,
            Self::Nothing => return Ok(Err(errand.passed_over(&found, NONE, named).next(OTHER))),
        };
        let record = match opened.newest(&found)? {
            Ok(record) => record,
            Err(why) => return Ok(Err(errand.passed_over(&found, &why, named).next(OTHER))),
        };
        let guid = opened.vault.load(&record, opened.passphrase.as_ref());
        let path = opened.vault.path_of(&record).display().to_string();
        Ok(match guid {
            Ok(guid) => Ok(Taken {
                found,
                guid,
                record: Some(record.id),
                path,
            }),
            Err(error) => Err(trouble::of_device(&found, errand, &error)),
        })
    }
}

const NONE: &str = "no GUID of it is in the vault";
const OTHER: &str =
    "give a file: sadpctl reset guid import DEVICE FILE; or use another way of recovery";

impl Opened {
    /// The newest GUID of a device that is not void, or why there is none.
    fn newest(&self, found: &Found) -> Result<Result<GuidRecord, String>, Failure> {
        let Some(device) = DeviceKey::of(&found.entry.device) else {
            return Ok(Err(NONE.into()));
        };
        let all = self.ledger.guids(Some(&device)).map_err(state::failed)?;
        let latest_void = all.first().and_then(|guid| guid.void);
        let usable = all.into_iter().find(|guid| guid.void.is_none());
        Ok(usable.ok_or_else(|| match latest_void {
            Some((why, at)) => void(why, at),
            None => NONE.into(),
        }))
    }
}

fn void(why: GuidVoid, at: Timestamp) -> String {
    let at = at.strftime("%Y-%m-%d");
    let why = super::meaning(why);
    format!("its GUID in the vault is void since {at}: {why}")
}
