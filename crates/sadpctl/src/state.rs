//! The folder that keeps what one run must tell the next.

use std::path::{Path, PathBuf};

use etcetera::{AppStrategy, AppStrategyArgs, choose_app_strategy};
use sadp_discovery::ScanConfig;
use sadp_ops::{Cancellation, DiscoveredDevice, LedgerAccess, Session, SessionConfig};
use sadp_reset::{LastScan, ScannedDevice};

use crate::{
    args::{Context, GlobalArgs},
    failure::{Exit, Failure},
};

/// The folder: `--state`, or the platform's place for a program's data.
pub(crate) fn folder(global: &GlobalArgs) -> Result<PathBuf, Failure> {
    if let Some(folder) = &global.state {
        return Ok(folder.clone());
    }
    let strategy = choose_app_strategy(this_program()).map_err(|error| {
        let what = "cannot find out where this user keeps data";
        Failure::because(Exit::Machine, what, error).hint("name a folder with --state")
    })?;
    Ok(of_user(strategy.data_dir(), strategy.home_dir()))
}

/// Keeps which devices a scan found. A folder that `--state` names is not made for it.
pub(crate) fn keep_scan(global: &GlobalArgs, found: &[DiscoveredDevice]) -> Result<(), Failure> {
    let devices = found.iter();
    let devices = devices.map(|it| ScannedDevice::new(&it.entry.device, it.site_name.as_deref()));
    let make = global.state.is_none();
    Ok(LastScan::write(&folder(global)?, devices, make)?)
}

/// The devices of the last scan; none where that is not known.
pub(crate) fn last_scan() -> Vec<ScannedDevice> {
    let global = GlobalArgs {
        state: std::env::var_os("SADPCTL_STATE").map(PathBuf::from),
        ..GlobalArgs::default()
    };
    let folder = folder(&global).ok();
    folder.map_or_else(Vec::new, |it| LastScan::read(&it).unwrap_or_default())
}

/// The folder of what the user set up once: the platform's place for a program's
/// configuration.
pub(crate) fn config_folder() -> Result<PathBuf, Failure> {
    let strategy = choose_app_strategy(this_program()).map_err(|error| {
        let what = "cannot find out where this user keeps configurations";
        Failure::because(Exit::Machine, what, error).hint("set the home directory, HOME")
    })?;
    Ok(of_user(strategy.config_dir(), strategy.home_dir()))
}

/// Under sudo the same folder of the user who called it: a ledger of root's own would
/// not know which devices are locked.
fn of_user(folder: PathBuf, home: &Path) -> PathBuf {
    let in_home = folder.strip_prefix(home).ok();
    match (in_home, home_of_caller()) {
        (Some(place), Some(home)) => home.join(place),
        _ => folder,
    }
}

/// The home directory of the user who called sudo.
#[cfg(unix)]
pub(crate) fn home_of_caller() -> Option<PathBuf> {
    use nix::unistd::{Uid, User};
    if !Uid::effective().is_root() {
        return None;
    }
    let caller = std::env::var("SUDO_UID").ok()?.parse().ok()?;
    let caller = User::from_uid(Uid::from_raw(caller)).ok().flatten()?;
    Some(caller.dir)
}

#[cfg(not(unix))]
pub(crate) fn home_of_caller() -> Option<PathBuf> {
    None
}

fn this_program() -> AppStrategyArgs {
    AppStrategyArgs {
        top_level_domain: String::new(),
        author: String::new(),
        app_name: "sadpctl".into(),
    }
}

/// Opens a session on the state folder: the one place that opens the ledger. Where no
/// folder can be found, what only reads goes on without a ledger, after a warning.
pub(crate) fn open_session(
    scan: ScanConfig,
    access: LedgerAccess,
    context: &mut Context<'_>,
) -> Result<Session, Failure> {
    let (state, access) = match folder(context.global) {
        _ if access == LedgerAccess::Unavailable => (PathBuf::new(), access),
        Ok(folder) => (folder, access),
        Err(failure) if access == LedgerAccess::Optional => {
            context.terminal.warn(&format!(
                "locks and earlier commands are not known: {}",
                failure.message()
            ));
            (PathBuf::new(), LedgerAccess::Unavailable)
        }
        Err(failure) => return Err(failure),
    };
    let session = Session::open(SessionConfig {
        scan,
        state,
        access,
        cancellation: Cancellation::default(),
    });
    Ok(session?)
}
