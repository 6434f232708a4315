use std::{collections::BTreeMap, path::PathBuf};

use sadp_proto::{Command, Guid, Outcome as Reply};
use sadp_reset::{Action, GuidExport, Vault};
use secrecy::SecretString;
use serde_json::json;

use super::vault_failed;
use crate::{
    args::{GlobalArgs, GuidExportArgs},
    commands::{
        batch::{self, Order, Orders},
        reset::errand::{self, Errand, ONE_BY_ONE, Offer, Visit},
    },
    failure::{Exit, Failure},
    outcome::{Ending, Outcome},
    secret, state,
    terminal::Terminal,
};

pub(super) fn run(
    args: &GuidExportArgs,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let errand = Errand {
        action: Action::GuidExport,
        offer: Offer::Guid,
        plan: "a GUID is exported into the vault from",
        would: "its GUID would be exported into the vault",
        // Encrypting takes a second, in which no other reply may be waited for.
        pace: ONE_BY_ONE,
        parallel: 1,
        change: args.change,
        global,
    };
    errand.check()?;
    let dry_run = args.change.dry_run;
    let password = errand.password(&args.password)?;
    let encrypts = args.encrypt || args.passphrase_file.is_some();
    let passphrase = (encrypts && !dry_run)
        .then(|| secret::new_passphrase(args.passphrase_file.as_deref()))
        .transpose()?;
    let mut visit = Visit::begin(&args.ask, &args.choice.devices, (global, &mut *terminal))?;
    let chosen = batch::choose(&args.choice, visit.devices())?;
    let (fit, mut outcomes) = errand.fit(chosen, !args.choice.all)?;
    let Some(password) = password.filter(|_| !fit.is_empty()) else {
        outcomes.extend(errand.planned(&fit));
        return batch::print(&outcomes, None, global, terminal);
    };
    let orders = errand::orders(&fit, &password, |password| Command::ExportGuid { password })?;
    visit.confirm(&errand, &fit, terminal)?;
    let (sent, kept) = send(&visit, &errand, (orders, passphrase.as_ref()), terminal)?;
    for (place, (_, mut outcome)) in sent.outcomes.into_iter().enumerate() {
        if outcome.result == Ending::Done {
            tell(&mut outcome, kept.get(&place), encrypts);
        }
        outcomes.push(outcome);
    }
    if !encrypts && !kept.is_empty() {
        terminal.note(
            "the files are not encrypted: keep them safe, whoever holds one can take its device over",
        );
    }
    batch::print(&outcomes, sent.trouble, global, terminal)
}

/// Where each GUID lies, by place among the orders.
type Kept = BTreeMap<usize, PathBuf>;

/// Sends, and puts each GUID into the vault the moment it arrives.
fn send(
    visit: &Visit,
    errand: &Errand<'_>,
    (orders, passphrase): (Vec<Order>, Option<&SecretString>),
    terminal: &mut Terminal,
) -> Result<(batch::Sent, Kept), Failure> {
    let vault = Vault::new(&state::folder(errand.global)?);
    let mut kept = Kept::new();
    let orders = Orders::keeping(orders, |ledger, arrived| {
        let Reply::Done(reply) = arrived.reply else {
            return Ok(());
        };
        let device = arrived.found.key();
        // One that cannot be read is told with its device; the others go on.
        let (Some(device), Ok(guid)) = (device, Guid::read(reply)) else {
            return Ok(());
        };
        let export = GuidExport {
            device: &device,
            guid: &guid,
            at: arrived.at,
        };
        let record = vault
            .store(ledger, export, passphrase)
            .map_err(vault_failed)?;
        kept.insert(arrived.place, vault.path_of(&record));
        Ok(())
    });
    let sent = visit.send(errand, orders, terminal)?;
    Ok((sent, kept))
}

fn tell(outcome: &mut Outcome, kept: Option<&PathBuf>, encrypted: bool) {
    if let Some(path) = kept {
        outcome.turn_done("its GUID is in the vault");
        let data = &mut outcome.data;
        data.insert("path".into(), json!(path.display().to_string()));
        data.insert("encrypted".into(), json!(encrypted));
        return;
    }
    outcome.result = Ending::Unknown;
    outcome.exit = Exit::Refused;
    outcome.message = "it took the password, but its GUID could not be kept".into();
    outcome.advise("export it again; if it stays so, use another way of recovery");
}
