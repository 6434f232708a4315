use sadp_discovery::Pace;
use sadp_proto::{Command, CommandOutcome as Reply, Refusal};
use sadp_reset::{Action, Digest, GuidVoid};
use secrecy::SecretString;
use serde_json::json;

use super::source::{Source, Taken};
use crate::{
    args::{GlobalArgs, GuidImportArgs},
    commands::{
        batch::{self, Order, Orders},
        new_password,
        reset::errand::{self, Errand, Offer, Visit},
    },
    failure::{Exit, Failure},
    outcome::{Ending, Outcome},
    state,
    terminal::Terminal,
};

pub(super) fn run(
    args: &GuidImportArgs,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let errand = Errand {
        action: Action::GuidImport,
        offer: Offer::Guid,
        plan: "a GUID goes out once, to set a new password on",
        would: "its GUID would be given to it and a new password set",
        // Each device gets a secret of its own: a wrong one says nothing of
        // the next.
        pace: Pace::Together,
        parallel: args.parallel.into(),
        change: args.change,
        global,
    };
    errand.check()?;
    let password = new_password::read(&args.password, args.change, terminal)?;
    let source = Source::open(args, global)?;
    let choice = args.choice();
    let mut visit = Visit::begin(&args.ask, &choice.devices, (global, &mut *terminal))?;
    let chosen = batch::choose(&choice, visit.devices())?;
    let (mut fit, mut outcomes) = errand.fit(chosen, !args.all)?;
    if args.sync_cameras && !args.all {
        errand.fit_to_sync(&mut fit, &mut outcomes);
    }
    let mut taken = Vec::new();
    for found in fit {
        match source.take(found, (&errand, !args.all))? {
            Ok(it) => taken.push(it),
            Err(outcome) => outcomes.push(outcome),
        }
    }
    let nothing = taken.is_empty() && outcomes.iter().all(|it| it.exit == Exit::Done);
    let password = password.filter(|_| !args.change.dry_run && !taken.is_empty());
    let Some(password) = password else {
        outcomes.extend(taken.iter().map(|it| it.planned(&errand)));
        let exit = batch::print(&outcomes, None, global, terminal)?;
        return if nothing {
            Err(none_in_vault())
        } else {
            Ok(exit)
        };
    };
    let found: Vec<_> = taken.iter().map(|it| it.found.clone()).collect();
    visit.confirm(&errand, &found, terminal)?;
    let secret = (&password, args.sync_cameras);
    let (sent, trouble) = send(&visit, &errand, (taken, secret), terminal)?;
    outcomes.extend(sent);
    batch::print(&outcomes, trouble, global, terminal)
}

/// Sends, looks again, and tells what became of each GUID.
fn send(
    visit: &Visit,
    errand: &Errand<'_>,
    (taken, (password, sync_cameras)): (Vec<Taken>, (&SecretString, bool)),
    terminal: &mut Terminal,
) -> Result<(Vec<Outcome>, Option<Failure>), Failure> {
    let syncs = |it: &Taken| sync_cameras && errand::offers_sync(&it.found);
    let synced: Vec<_> = taken.iter().map(syncs).collect();
    let paths: Vec<_> = taken
        .iter()
        .map(|it| (it.path.clone(), it.suspect.clone()))
        .collect();
    let orders = orders(taken, password, &synced)?;
    let mut sent = visit.send(errand, orders, terminal)?;
    visit.conclude(&mut sent, terminal);
    let told = sent.outcomes.into_iter().zip(paths).zip(synced);
    let told = told.map(|(((_, outcome), (path, suspect)), synced)| {
        let mut outcome = tell(outcome);
        outcome.data.insert("path".into(), json!(path));
        if let Some(suspect) = suspect {
            outcome.message += "; a newer GUID in the vault is suspect and was not used";
            outcome.data.insert("not_preferred".into(), json!(suspect));
        }
        outcome.data.insert("sync_cameras".into(), json!(synced));
        outcome
    });
    Ok((told.collect(), sent.trouble))
}

fn none_in_vault() -> Failure {
    Failure::words(
        Exit::NotFound,
        "the vault holds no usable GUID of any device found",
    )
    .hint("sadpctl reset guid list shows what it holds; nothing was sent")
}

/// The orders. What becomes of a GUID is written down at once, wherever it came
/// from: one that was used, or called invalid, must not be given again.
fn orders(
    taken: Vec<Taken>,
    password: &SecretString,
    synced: &[bool],
) -> Result<Orders<'static>, Failure> {
    let mut spent = Vec::new();
    let mut list = Vec::new();
    for (it, &sync_cameras) in taken.into_iter().zip(synced) {
        spent.push((Digest::of_guid(&it.file.guid), it.record));
        let command = Command::ResetByGuid {
            guid: Box::new(it.file.guid),
            password: errand::sealable(password)?,
            sync_cameras,
        };
        list.push(Order {
            found: it.found,
            command,
        });
    }
    Ok(Orders::keeping(list, move |ledger, arrived| {
        let why = match arrived.reply {
            Reply::Done(_) => GuidVoid::Used,
            Reply::Refused(verdict) if verdict.refusal == Refusal::InvalidGuid => GuidVoid::Invalid,
            _ => return Ok(()),
        };
        let Some(&(digest, record)) = spent.get(arrived.place) else {
            return Ok(());
        };
        let device = arrived.found.key();
        let spent = device.map_or(Ok(()), |device| {
            ledger.spend_guid(&device, digest, why, arrived.at)
        });
        let void = record.map_or(Ok(()), |id| ledger.void_guid(id, why, arrived.at));
        spent.and(void).map_err(state::failed)
    }))
}

fn tell(mut outcome: Outcome) -> Outcome {
    if outcome.result == Ending::Done && outcome.next.is_none() {
        outcome.next = Some(
            "its former GUIDs are void: export a new one, sadpctl reset guid export DEVICE".into(),
        );
    }
    outcome
}
