//! What goes wrong with GUID files, and what to do.

use std::io;

use sadp_ops::DiscoveredDevice;
use sadp_reset::VaultError;

use crate::{
    commands::reset::errand::Errand,
    failure::{Exit, Failure},
    outcome::Outcome,
};

/// A file that ends the command.
pub(super) fn vault_failed(error: VaultError) -> Failure {
    let (exit, next) = meaning(&error);
    Failure::new(exit, error).hint(next)
}

/// A file that leaves one device out.
pub(super) fn of_device(
    found: &DiscoveredDevice,
    errand: &Errand<'_>,
    error: &VaultError,
) -> Outcome {
    let (exit, next) = meaning(error);
    let why = format!("not sent: {error}");
    let mut outcome = Outcome::unsafe_to_send(found, errand.action, why).next(next);
    if exit == Exit::Machine {
        outcome.exit = exit;
    }
    outcome
}

fn meaning(error: &VaultError) -> (Exit, &'static str) {
    match error {
        VaultError::File(error) if error.source.kind() == io::ErrorKind::FileTooLarge => (
            Exit::Usage,
            "a GUID file has 128 bytes, or base64 text of 172 to 512: check whether it is the right one",
        ),
        VaultError::File(_) => (
            Exit::Machine,
            "check the path, its permissions and that the disk is not full",
        ),
        VaultError::Ledger { .. } | VaultError::Seal(_) => (
            Exit::Machine,
            "make the state folder writable, or name another with --state",
        ),
        VaultError::Missing { .. } | VaultError::Changed { .. } => (
            Exit::Unsafe,
            "bring the file back from a copy, or give a copy: sadpctl reset guid import DEVICE FILE",
        ),
        VaultError::PassphraseNeeded { .. } => (
            Exit::Usage,
            "give the passphrase with --passphrase-file FILE or in SADPCTL_PASSPHRASE",
        ),
        VaultError::WrongPassphrase { .. } => (
            Exit::Unsafe,
            "give the passphrase it was encrypted with; nothing was sent",
        ),
        VaultError::Open { .. } => (
            Exit::Usage,
            "check whether the file is whole and the right one; nothing was sent",
        ),
        VaultError::NotAGuid { .. } => (
            Exit::Usage,
            "a GUID file has 128 bytes, or base64 text of 172 to 512: check whether it is whole and the right one; \
             nothing was sent; --force sends another text all the same and may cost a try",
        ),
    }
}
