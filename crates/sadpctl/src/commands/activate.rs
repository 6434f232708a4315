use ipnet::Ipv4Net;
use sadp_discovery::{Pace, ScanConfig};
use sadp_model::State;
use sadp_proto::{Command, seal::Password};
use sadp_reset::Action;
use secrecy::SecretString;
use serde_json::Value;
use tokio::runtime::Runtime;

use super::{
    batch::{self, Order, Sending, Site},
    new_password, survey,
};
use crate::{
    args::{ActivateArgs, GlobalArgs},
    failure::{Exit, Failure},
    found::Found,
    outcome::{Ending, Outcome},
    select::DeviceName,
    terminal::Terminal,
};

pub(super) fn run(
    args: &ActivateArgs,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    batch::check_format(global)?;
    batch::must_be_asked(args.change)?;
    let password = new_password::read(&args.password, args.change, terminal)?;
    let named = args.choice.devices.iter();
    let config = survey::config(&args.ask, global, named.filter_map(DeviceName::address))?;
    let runtime = survey::runtime()?;
    let site = Site::look(&runtime, &config, global, terminal)?;
    let chosen = batch::choose(&args.choice, site.devices)?;
    let (fresh, mut outcomes) = unactivated(chosen);
    let (fit, unfit) = batch::vet(fresh, Action::Activate, args.change.force, global)?;
    outcomes.extend(unfit);
    let Some(password) = password.filter(|_| !args.change.dry_run) else {
        let planned = |found: &Found| {
            let message = "would be given its first password";
            Outcome::new(found, Action::Activate, Ending::Planned, message)
        };
        outcomes.extend(fit.iter().map(planned));
        return batch::print(&outcomes, None, global, terminal);
    };
    if fit.is_empty() {
        return batch::print(&outcomes, None, global, terminal);
    }
    let plan = batch::plan("the first password is set on", &fit);
    batch::confirm(&runtime, &plan, args.change, terminal)?;
    let activation = Activation {
        runtime: &runtime,
        config: &config,
        local: &site.local,
        parallel: args.parallel.into(),
    };
    let (sent, trouble) = activation.send(fit, &password, (global, &mut *terminal))?;
    outcomes.extend(sent);
    batch::print(&outcomes, trouble, global, terminal)
}

/// Setting first passwords: where, and how many at once.
pub(super) struct Activation<'a> {
    pub(super) runtime: &'a Runtime,
    pub(super) config: &'a ScanConfig,
    /// This machine's networks.
    pub(super) local: &'a [Ipv4Net],
    pub(super) parallel: usize,
}

impl Activation<'_> {
    /// Sends the password once to each device and looks at them again. Tells
    /// what became of it, and what ended it on this machine.
    pub(super) fn send(
        &self,
        devices: Vec<Found>,
        password: &SecretString,
        (global, terminal): (&GlobalArgs, &mut Terminal),
    ) -> Result<(Vec<Outcome>, Option<Failure>), Failure> {
        let sending = Sending {
            action: Action::Activate,
            // It costs no try: there is no password yet that could be wrong.
            pace: Pace::Together,
            parallel: self.parallel,
            link: &self.config.link,
            local: self.local,
        };
        let orders = orders(devices, password)?;
        let sent = batch::send(self.runtime, sending, orders, (global, &mut *terminal))?;
        let after = Site::look_again(self.runtime, self.config, terminal);
        let outcomes = sent.outcomes.into_iter().map(|(found, mut outcome)| {
            confirm(&mut outcome, after.same(&found));
            if outcome.result == Ending::Done && outcome.next.is_none() {
                outcome.next = preparations(&found);
            }
            outcome
        });
        Ok((outcomes.collect(), sent.trouble))
    }
}

/// Parts the devices without a password from those that are passed over.
fn unactivated(chosen: Vec<Found>) -> (Vec<Found>, Vec<Outcome>) {
    let mut fresh = Vec::new();
    let mut passed_over = Vec::new();
    for found in chosen {
        let why = match found.entry.device.state {
            Some(State::Unactivated) => {
                fresh.push(found);
                continue;
            }
            Some(_) => "already active",
            None => "its firmware does not tell whether it has a password",
        };
        passed_over.push(Outcome::new(&found, Action::Activate, Ending::Skipped, why));
    }
    (fresh, passed_over)
}

fn orders(devices: Vec<Found>, password: &SecretString) -> Result<Vec<Order>, Failure> {
    let order = |found| {
        let password = Password::new(password.clone()).map_err(|error| {
            Failure::new(Exit::Unsafe, error).hint("choose another password; nothing was sent")
        })?;
        let command = Command::Activate { password };
        Ok(Order { found, command })
    };
    devices.into_iter().map(order).collect()
}

/// What is best set up while the password is known, as far as the device offers
/// it.
fn preparations(found: &Found) -> Option<String> {
    let recovery = &found.entry.device.recovery;
    let offered = [
        (recovery.questions, "sadpctl reset questions set"),
        (recovery.mailbox, "sadpctl reset mail set"),
        (recovery.guid, "sadpctl reset guid export"),
    ];
    let commands: Vec<_> = offered
        .into_iter()
        .filter_map(|(offered, command)| (offered == Some(true)).then_some(command))
        .collect();
    (!commands.is_empty()).then(|| {
        format!(
            "prepare now for the day the password is forgotten: {}",
            commands.join(", ")
        )
    })
}

/// Adds what the device says of itself afterwards.
fn confirm(outcome: &mut Outcome, after: Option<&Found>) {
    if outcome.result == Ending::Skipped {
        return;
    }
    let state = after.and_then(|found| found.entry.device.state);
    let active = state.map(|state| state != State::Unactivated);
    let confirmed = active.map_or(Value::Null, Value::Bool);
    outcome.data.insert("confirmed".into(), confirmed);
    match (outcome.result, active) {
        (Ending::Done, Some(true)) => outcome.turn_done("activated"),
        (Ending::Done, Some(false)) => {
            outcome.result = Ending::Unknown;
            outcome.exit = Exit::Refused;
            outcome.message = "it said it is activated, but still tells that it is not".into();
            outcome.advise("scan again after a minute, then run it again if need be");
        }
        (Ending::Done, None) => {
            outcome.message = "activated, by its own word; it was not seen again yet".into();
            outcome.advise("scan again: it may be restarting");
        }
        (Ending::Unknown, Some(true)) => {
            outcome.turn_done("no reply, but the device is active now");
        }
        (Ending::Unknown, Some(false)) => {
            outcome.message = "no reply, and it is still unactivated".into();
            outcome.advise("run it again");
        }
        (Ending::Unknown, None) => {
            outcome.message = "no reply, and it was not seen again".into();
            outcome.advise("scan to see whether it is active; if it is not, run it again");
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_two_answered_nothing_says_to_send_it_again() {
        let found = Found::named("44:47:cc:00:00:05");
        let mut seen = found.clone();
        for result in [Ending::Done, Ending::Unknown, Ending::Refused] {
            for state in [None, Some(State::Unactivated), Some(State::Active)] {
                seen.entry.device.state = state;
                let mut outcome = Outcome::new(&found, Action::Activate, result, "told");
                outcome.beware();
                confirm(&mut outcome, state.map(|_| &seen));
                let next = outcome.next.unwrap();
                assert!(
                    next.starts_with("find out which machine"),
                    "{result:?} {state:?}"
                );
            }
        }
    }
}
