use sadp_reset::{GuidRecord, Vault};

use super::vault_failed;
use crate::{
    args::GlobalArgs,
    failure::{Exit, Failure},
    output::{self, GuidLine},
    state,
    terminal::Terminal,
    text::count,
};

pub(super) fn run(global: &GlobalArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    global.format.check::<GuidLine>()?;
    let vault = Vault::new(&state::folder(global)?);
    let records = match state::open_existing(global)? {
        Some(ledger) => ledger.guids(None).map_err(state::failed)?,
        None => Vec::new(),
    };
    let lines: Vec<_> = records.iter().map(|record| line(record, &vault)).collect();
    output::print(&lines, global.format, terminal)?;
    let usable = lines.iter().filter(|line| line.is_valid()).count();
    let number = count(lines.len() as u64, "GUID", "GUIDs");
    terminal.note(&format!(
        "{number} in {}: {usable} to be used",
        vault.folder().display()
    ));
    for path in vault.unrecorded(&records).map_err(vault_failed)? {
        terminal.warn(&format!(
            "{} is in the vault's folder but not in its list: an export may have been broken off",
            path.display()
        ));
    }
    Ok(Exit::Done)
}

fn line(record: &GuidRecord, vault: &Vault) -> GuidLine {
    let path = vault.path_of(record);
    let state = match record.void {
        Some(_) => "void",
        None if !path.is_file() => "missing",
        None => "valid",
    };
    GuidLine {
        serial: record.device.serial().map(ToString::to_string),
        mac: record.device.mac().map(|mac| mac.to_string()),
        exported_at: record.exported_at.to_string(),
        path: path.display().to_string(),
        file: record.file_name.clone(),
        encrypted: record.encrypted,
        state,
        void: record.void.map(|(why, _)| why.name()),
        void_at: record.void.map(|(_, at)| at.to_string()),
        why: record.void.map(|(why, _)| super::meaning(why)),
        suspect: is_suspect(record, vault),
    }
}

/// Whether it does not hold as many bytes as every known GUID. `None` where it
/// cannot be read without a passphrase, or at all.
fn is_suspect(record: &GuidRecord, vault: &Vault) -> Option<bool> {
    if record.encrypted {
        return None;
    }
    let file = vault.load(record, None).ok()?;
    Some(!file.guid.is_whole())
}
