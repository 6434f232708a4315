//! Sending changed settings, and what became of them.

use sadp_model::{Device, State, Warning};
use sadp_proto::{Command, Credentials, NetworkSettings, Update, UpdateError, seal::Password};
use sadp_reset::Action;
use secrecy::SecretString;
use serde_json::Value;

use super::change::{Change, shown};
use crate::{
    args::NetChangeArgs,
    commands::batch::Order,
    failure::{Exit, Failure},
    found::Found,
    outcome::{Ending, Outcome},
};

/// Why a device is not sent a password, whatever its settings are to be.
pub(super) fn objection(found: &Found, args: &NetChangeArgs) -> Option<Outcome> {
    let unsafe_to_send = |why: &str| Outcome::unsafe_to_send(found, Action::NetSet, why);
    if found.entry.device.state == Some(State::Unactivated) {
        let outcome = unsafe_to_send("it has no password yet");
        return Some(outcome.next("activate it first: sadpctl activate"));
    }
    if let Err(error) = Update::check(&found.entry.device, args.account.as_deref()) {
        let next = match error {
            UpdateError::UnknownAccount => {
                "name the account that the password belongs to: --account NAME"
            }
            _ => "its password cannot be sent this way: use its own web page",
        };
        return Some(unsafe_to_send(&format!("not sent: {error}")).next(next));
    }
    if !args.allow_replayable && found.warnings.contains(&Warning::ReplayablePassword) {
        let why = "it takes the password only in a form that whoever overhears it can send again";
        return Some(unsafe_to_send(why).next(
            "use its own web page, or connect it to this machine alone and add --allow-replayable",
        ));
    }
    None
}

/// The current password, and the account it belongs to where the user named it.
#[derive(Clone, Copy)]
pub(super) struct Login<'a> {
    pub(super) password: &'a SecretString,
    pub(super) account: Option<&'a str>,
}

/// The command that gives a device these settings.
pub(super) fn order(
    found: Found,
    settings: NetworkSettings,
    login: Login<'_>,
) -> Result<Order, Failure> {
    let failed = |error| {
        Failure::new(
            Exit::Unsafe,
            anyhow::Error::new(error).context("the current password cannot be sent"),
        )
        .hint("check the password and scan again; nothing was sent")
    };
    let password = Password::new(login.password.clone())
        .map_err(UpdateError::from)
        .map_err(failed)?;
    let credentials = Credentials {
        password: &password,
        account: login.account,
    };
    let update = Update::new(&found.entry.device, settings, credentials).map_err(failed)?;
    let command = Command::Update(Box::new(update));
    Ok(Order { found, command })
}

/// An outcome of `--dry-run`.
pub(super) fn planned(found: &Found, change: &Change) -> Outcome {
    let message = format!("would change {}", change.line());
    let mut outcome = Outcome::new(found, Action::NetSet, Ending::Planned, message);
    add_data(&mut outcome, change, Value::Null);
    outcome
}

/// An outcome of a device that has the settings.
pub(super) fn already(found: &Found, change: &Change) -> Outcome {
    let mut outcome = Outcome::new(found, Action::NetSet, Ending::Skipped, "already so");
    add_data(&mut outcome, change, Value::Bool(true));
    outcome
}

/// Adds what the device says of itself afterwards.
pub(super) fn conclude(outcome: &mut Outcome, change: &Change, now: Option<&Device>) {
    let seen = now.map(|device| change.is_seen_in(device));
    if matches!(outcome.result, Ending::Skipped | Ending::Planned) {
        add_data(outcome, change, Value::Null);
        return;
    }
    add_data(outcome, change, seen.map_or(Value::Null, Value::Bool));
    match (outcome.result, seen) {
        (Ending::Done, Some(true)) => outcome.turn_done(change.line()),
        (Ending::Unknown, Some(true)) => {
            outcome.turn_done(format!("no reply, but it is so now: {}", change.line()));
        }
        (Ending::Done, Some(false)) => {
            outcome.result = Ending::Unknown;
            outcome.exit = Exit::Refused;
            outcome.message = "it said it is done, but still tells its former settings".into();
            outcome.advise("scan again after a minute, then run it again if need be");
        }
        (Ending::Done, None) => {
            outcome.message = format!(
                "{}, by its own word; it was not seen again yet",
                change.line()
            );
            outcome.advise("scan again: it may be restarting");
        }
        (Ending::Unknown, Some(false)) => {
            outcome.message = "no reply, and it still has its former settings".into();
            outcome.advise("run it again");
        }
        (Ending::Unknown, None) => {
            outcome.message = "no reply, and it was not seen again".into();
            outcome.advise("scan to see what it has now; then run it again if need be");
        }
        _ => {}
    }
}

fn add_data(outcome: &mut Outcome, change: &Change, confirmed: Value) {
    let data = &mut outcome.data;
    data.insert("before".into(), shown(&change.before));
    data.insert("after".into(), shown(&change.after));
    data.insert("confirmed".into(), confirmed);
}
