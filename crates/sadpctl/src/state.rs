//! The folder that keeps what one run must tell the next.

use std::path::PathBuf;

use etcetera::{AppStrategy, AppStrategyArgs, choose_app_strategy};
use sadp_ops::recovery::guid;
use sadp_reset::{Ledger, LedgerError, VaultError};
use sadp_text::Remedy as _;

use crate::{
    args::GlobalArgs,
    failure::{Exit, Failure},
};

/// The folder: `--state`, or the platform's place for a program's data.
pub(crate) fn folder(global: &GlobalArgs) -> Result<PathBuf, Failure> {
    if let Some(folder) = &global.state {
        return Ok(folder.clone());
    }
    let strategy = choose_app_strategy(this_program()).map_err(|error| {
        let error = anyhow::Error::new(error).context("cannot tell where this user keeps data");
        Failure::new(Exit::Machine, error).hint("name a folder with --state")
    })?;
    Ok(strategy.data_dir())
}

/// The folder of what the user set up once: the platform's place for a program's
/// configuration.
pub(crate) fn config_folder() -> Result<PathBuf, Failure> {
    let strategy = choose_app_strategy(this_program()).map_err(|error| {
        let what = "cannot tell where this user keeps configurations";
        Failure::new(Exit::Machine, anyhow::Error::new(error).context(what))
            .hint("set the home directory, HOME")
    })?;
    Ok(strategy.config_dir())
}

fn this_program() -> AppStrategyArgs {
    AppStrategyArgs {
        top_level_domain: String::new(),
        author: String::new(),
        app_name: "sadpctl".into(),
    }
}

/// Opens the ledger for reading. `None` where there is none yet.
pub(crate) fn open_existing(global: &GlobalArgs) -> Result<Option<Ledger>, Failure> {
    Ledger::open_existing(&folder(global)?).map_err(failed)
}

/// Why the ledger cannot be used, and what to do.
pub(crate) fn failed(error: LedgerError) -> Failure {
    if matches!(error, LedgerError::Busy { .. }) {
        return Failure::new(Exit::Machine, error).hint(
            "another sadpctl, or a program that has the file open, is writing: wait until it is done, then run this again",
        );
    }
    Failure::new(Exit::Machine, error)
        .hint("locks and commands sent are kept there: make it writable, or name another folder with --state")
}

/// Why a file of a GUID cannot be used, and what to do.
pub(crate) fn vault_failed(error: VaultError) -> Failure {
    let exit = match error {
        _ if guid::is_local_failure(&error) => Exit::Machine,
        VaultError::Missing { .. }
        | VaultError::Changed { .. }
        | VaultError::WrongPassphrase { .. } => Exit::Unsafe,
        _ => Exit::Usage,
    };
    let next = error.remedy();
    Failure::new(exit, error).hint(next)
}
