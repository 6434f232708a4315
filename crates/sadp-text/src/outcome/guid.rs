//! What became of GUIDs.

use sadp_ops::{
    Outcome, OutcomeData, OutcomeStatus,
    recovery::guid::{ExportedGuid, GuidFinding as Finding},
};
use sadp_reset::{DeviceKey, GuidVoid, VaultError};

use crate::Remedy;

/// What is found of a GUID that was not exported or not sent.
pub(super) fn message(finding: &Finding) -> String {
    match finding {
        Finding::NotKept => "it took the password, but its GUID could not be kept".into(),
        Finding::NoneInVault { .. } => "no GUID of it is in the vault".into(),
        Finding::VoidInVault { why, at, .. } => {
            format!("its GUID in the vault is {}", void(*why, *at))
        }
        Finding::Void { why, at } => format!("not sent: this GUID is {}", void(*why, *at)),
        Finding::OfAnother(device) => {
            format!(
                "not sent: another device exported this GUID, {}",
                name(device)
            )
        }
        Finding::Suspect => {
            "not sent: this GUID is suspect, it does not hold 128 bytes as every known GUID does"
                .into()
        }
        Finding::Unusable(file) => format!("not sent: {}", file.error()),
    }
}

/// What to do next.
pub(super) fn next_step(finding: &Finding) -> &'static str {
    match finding {
        Finding::NotKept => "export it again; if it stays so, use another way of recovery",
        Finding::NoneInVault { .. } | Finding::VoidInVault { .. } => {
            "give a file: sadpctl reset guid import DEVICE FILE; or use another way of recovery"
        }
        Finding::Void { .. } | Finding::OfAnother(_) | Finding::Suspect => {
            "take another file, or another way of recovery; --force refused-before sends it all the same and may cost a try"
        }
        Finding::Unusable(file) => remedy(file.error()),
    }
}

/// What happened to a GUID that was exported or sent.
pub(super) const fn plain(outcome: &Outcome) -> Option<&'static str> {
    Some(match (outcome.status, &outcome.data) {
        (_, OutcomeData::ExportedGuid(ExportedGuid { suspect: true, .. })) => {
            "its GUID is in the vault, but is suspect: it does not hold 128 bytes as every known GUID does"
        }
        (_, OutcomeData::ExportedGuid(_)) => "its GUID is in the vault",
        (OutcomeStatus::Planned, OutcomeData::ImportedGuid(_)) => {
            "its GUID would be given to it and a new password set"
        }
        _ => return None,
    })
}

/// What to add to what became of a GUID. Empty where there is nothing to add.
pub(super) const fn also(outcome: &Outcome) -> &'static str {
    match &outcome.data {
        OutcomeData::ImportedGuid(imported) if imported.not_preferred.is_some() => {
            "; a newer GUID in the vault is suspect and was not used"
        }
        _ => "",
    }
}

/// Why a GUID is void.
pub const fn guid_void(why: GuidVoid) -> &'static str {
    match why {
        GuidVoid::PasswordChanged => "the device has another password now",
        GuidVoid::Used => "it was used, and works once",
        GuidVoid::Invalid => "the device called it invalid",
    }
}

fn void(why: GuidVoid, at: jiff::Timestamp) -> String {
    format!("void since {}: {}", at.strftime("%Y-%m-%d"), guid_void(why))
}

fn name(device: &DeviceKey) -> String {
    let mac = device.mac().map(|mac| mac.to_string());
    let name = mac.or_else(|| device.serial().map(ToString::to_string));
    name.unwrap_or_default()
}

impl Remedy for VaultError {
    fn remedy(&self) -> std::borrow::Cow<'static, str> {
        remedy(self).into()
    }
}

fn remedy(error: &VaultError) -> &'static str {
    match error {
        VaultError::File(error) if error.source.kind() == std::io::ErrorKind::FileTooLarge => {
            "a GUID file has 128 bytes, or base64 text of 172 to 512: check whether it is the right one"
        }
        VaultError::File(_) => "check the path, its permissions and that the disk is not full",
        VaultError::Ledger { .. } | VaultError::Seal(_) => {
            "make the state folder writable, or name another with --state"
        }
        VaultError::Missing { .. } | VaultError::Changed { .. } => {
            "bring the file back from a copy, or give a copy: sadpctl reset guid import DEVICE FILE"
        }
        VaultError::PassphraseNeeded { .. } => {
            "give the passphrase with --passphrase-file FILE or in SADPCTL_PASSPHRASE"
        }
        VaultError::WrongPassphrase { .. } => {
            "give the passphrase it was encrypted with; nothing was sent"
        }
        VaultError::Open { .. } => {
            "check whether the file is whole and the right one; nothing was sent"
        }
        VaultError::NotAGuid { .. } => {
            "a GUID file has 128 bytes, or base64 text of 172 to 512: check whether it is whole and the right one; \
             nothing was sent; --force refused-before sends another text all the same and may cost a try"
        }
    }
}
