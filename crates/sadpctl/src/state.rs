//! The folder that keeps what one run must tell the next.

use std::path::PathBuf;

use etcetera::{AppStrategy, AppStrategyArgs, choose_app_strategy};
use jiff::Timestamp;
use sadp_model::DeviceRecord;
use sadp_ops::recovery::guid;
use sadp_reset::{Ledger, LedgerError, VaultError};
use sadp_text::Remedy as _;

use crate::{
    args::GlobalArgs,
    failure::{Exit, Failure},
    terminal::Terminal,
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

/// Opens the ledger for writing, made where there is none. Without it nothing
/// that changes a device is sent.
pub(crate) fn open(global: &GlobalArgs) -> Result<Ledger, Failure> {
    Ledger::open(&folder(global)?).map_err(failed)
}

/// Opens the ledger for reading. `None` where there is none yet.
pub(crate) fn open_existing(global: &GlobalArgs) -> Result<Option<Ledger>, Failure> {
    Ledger::open_existing(&folder(global)?).map_err(failed)
}

/// Marks the devices that are remembered as locked. What cannot be read is
/// told, and all else goes on.
pub(crate) fn mark_locks(
    entries: &mut [DeviceRecord],
    global: &GlobalArgs,
    terminal: &mut Terminal,
) {
    let marked = open_existing(global).and_then(|ledger| match ledger {
        Some(ledger) => mark(entries, &ledger, global, terminal),
        None => Ok(()),
    });
    if let Err(failure) = marked {
        let error = failure.error;
        terminal.warn(&format!("locks remembered are not shown: {error:#}"));
    }
}

fn mark(
    entries: &mut [DeviceRecord],
    ledger: &Ledger,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let now = Timestamp::now();
    ledger.apply_locks(entries, now).map_err(failed)?;
    if !ledger.is_ahead_of(now).map_err(failed)? {
        return Ok(());
    }
    terminal.warn("this machine's clock was set back since locks were remembered: they are taken as told just now");
    let followed = open(global).and_then(|mut ledger| ledger.follow_clock(now).map_err(failed));
    if let Err(failure) = followed {
        let error = failure.error;
        terminal.warn(&format!("they will be again by the next run: {error:#}"));
    }
    Ok(())
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
