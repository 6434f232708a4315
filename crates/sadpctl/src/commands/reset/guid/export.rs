use std::{collections::BTreeMap, path::PathBuf};

use sadp_proto::{Command, CommandOutcome as Reply, Guid};
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

/// What was kept, by place among the orders.
type KeptGuids = BTreeMap<usize, Kept>;

/// A GUID in the vault.
struct Kept {
    path: PathBuf,
    /// Whether it does not hold as many bytes as a GUID has.
    is_suspect: bool,
}

/// Sends, and puts each GUID into the vault the moment it arrives.
fn send(
    visit: &Visit,
    errand: &Errand<'_>,
    (orders, passphrase): (Vec<Order>, Option<&SecretString>),
    terminal: &mut Terminal,
) -> Result<(batch::Sent, KeptGuids), Failure> {
    let vault = Vault::new(&state::folder(errand.global)?);
    let mut kept = KeptGuids::new();
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
        let guid = Kept {
            path: vault.path_of(&record),
            is_suspect: !guid.is_whole(),
        };
        kept.insert(arrived.place, guid);
        Ok(())
    });
    let sent = visit.send(errand, orders, terminal)?;
    Ok((sent, kept))
}

fn tell(outcome: &mut Outcome, kept: Option<&Kept>, encrypted: bool) {
    if let Some(Kept { path, is_suspect }) = kept {
        outcome.turn_done("its GUID is in the vault");
        let data = &mut outcome.data;
        data.insert("path".into(), json!(path.display().to_string()));
        data.insert("encrypted".into(), json!(encrypted));
        data.insert("suspect".into(), json!(is_suspect));
        if *is_suspect {
            outcome.message +=
                ", but is suspect: it does not hold 128 bytes as every known GUID does";
            outcome.advise(
                "export it again, and prepare another way of recovery; earlier GUIDs are kept and are preferred",
            );
        }
        return;
    }
    outcome.result = Ending::Unknown;
    outcome.exit = Exit::Refused;
    outcome.message = "it took the password, but its GUID could not be kept".into();
    outcome.advise("export it again; if it stays so, use another way of recovery");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::Samples as _;
    use sadp_ops::DiscoveredDevice;

    #[test]
    fn a_suspect_guid_is_kept_and_told() {
        let told = |is_suspect| {
            let found = DiscoveredDevice::named("44:47:cc:00:00:05");
            let mut outcome = Outcome::new(&found, Action::GuidExport, Ending::Done, "done");
            let path = PathBuf::from("a.guid");
            tell(&mut outcome, Some(&Kept { path, is_suspect }), false);
            assert_eq!(outcome.data["suspect"], is_suspect);
            assert_eq!((outcome.result, outcome.exit), (Ending::Done, Exit::Done));
            outcome
        };
        assert_eq!(told(false).message, "its GUID is in the vault");
        assert_eq!(told(false).next, None);
        let suspect = told(true);
        assert!(suspect.message.contains("does not hold 128 bytes"));
        assert!(suspect.next.is_some());
    }
}
