//! What became of GUIDs.

use std::io::ErrorKind;

use sadp_ops::{
    Guard,
    recovery::guid::{GuidFinding as Finding, ListedGuid},
};
use sadp_reset::{GuidVoid, VaultError};

use crate::{Explanation, LinkedPage, Remedy, Sentence, key_name, minute, say};

const IMPORT: &str = "sadpctl reset guid import DEVICE FILE";

/// What is found of a GUID that was not exported or not sent, and what to do next.
#[rustfmt::skip]
pub(super) fn explain(finding: &Finding) -> Explanation {
    let other_file = Sentence::new("take another file, or another way of recovery; ").lift(Guard::RefusedBefore).text(" sends it anyway and may cost a try");
    let give_file = Sentence::new("give a file: ").command(IMPORT, LinkedPage::GuidImport).text("; or use another way of recovery");
    match finding {
        Finding::NotKept => say("it took the password, but its GUID could not be kept")
            .next("export it again; if it stays so, use another way of recovery"),
        Finding::NoneInVault { .. } => say("no GUID of it is in the vault").next(give_file),
        Finding::VoidInVault { why, at, .. } => say(format!("its GUID in the vault is {}", void(*why, *at))).next(give_file),
        Finding::Void { why, at } => say(format!("not sent: this GUID is {}", void(*why, *at))).next(other_file),
        Finding::OfAnother(device) => say(format!("not sent: another device exported this GUID, {}", key_name(device))).next(other_file),
        Finding::Suspect => say("not sent: this GUID is suspect, it does not hold 128 bytes as every known GUID does").next(other_file),
        Finding::Unusable(file) => say(format!("not sent: {}", file.cause())).next(file.cause().remedy()),
    }
}

/// `valid`, `void`, or `missing` where its file is not in the vault.
pub const fn guid_state(guid: &ListedGuid) -> &'static str {
    match guid.record.void {
        Some(_) => "void",
        None if !guid.exists => "missing",
        None => "valid",
    }
}

/// Why a GUID in the vault is void, and that it is suspect. Empty where there is nothing to
/// say.
pub fn guid_notes(guid: &ListedGuid) -> String {
    let void = guid.record.void.map(|(why, _)| guid_void(why));
    let suspect = (guid.suspect == Some(true)).then_some("suspect: does not hold 128 bytes");
    let notes: Vec<_> = void.into_iter().chain(suspect).collect();
    notes.join("; ")
}

/// Why a GUID is void.
const fn guid_void(why: GuidVoid) -> &'static str {
    match why {
        GuidVoid::PasswordChanged => "the device has another password now",
        GuidVoid::Used => "it was used, and works once",
        GuidVoid::Invalid => "the device called it invalid",
    }
}

fn void(why: GuidVoid, at: jiff::Timestamp) -> String {
    format!("void since {}: {}", minute(at), guid_void(why))
}

impl Remedy for VaultError {
    #[rustfmt::skip]
    fn remedy(&self) -> Sentence {
        Sentence::new(match self {
            Self::File(error) if error.source.kind() == ErrorKind::FileTooLarge =>
                "a GUID file has 128 bytes, or base64 text of 172 to 512: check whether it is the right one",
            Self::File(_) => "check the path, its permissions and that the disk is not full",
            Self::Ledger { .. } | Self::Seal(_) => return Sentence::new("make the state folder writable, or ").then(crate::remedy::other_state()),
            Self::Missing { .. } | Self::Changed { .. } =>
                return Sentence::new("bring the file back from a copy, or give a copy: ").command(IMPORT, LinkedPage::GuidImport),
            Self::PassphraseNeeded { .. } => return Sentence::default().or_on_page("give the passphrase with --passphrase-file FILE or in SADPCTL_PASSPHRASE", "type its passphrase; nothing was sent"),
            Self::WrongPassphrase { .. } => "give the passphrase it was encrypted with; nothing was sent",
            Self::Open { .. } => "check whether the file is whole and the right one; nothing was sent",
            Self::NotAGuid { .. } =>
                return Sentence::new("a GUID file has 128 bytes, or base64 text of 172 to 512: check whether it is whole and the right one; nothing was sent; ").lift(Guard::RefusedBefore).text(" sends another text anyway and may cost a try"),
        })
    }
}
