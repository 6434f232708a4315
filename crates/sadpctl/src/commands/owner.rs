//! Commands that change one device by its current password: Hik-Connect, and the
//! return to the unactivated state.

use jiff::Timestamp;
use sadp_model::{Device, State};
use sadp_ops::DiscoveredDevice;
use sadp_proto::{Command, VerificationCode, seal::Password};
use sadp_reset::Action;
use secrecy::SecretString;
use serde_json::json;

use super::{
    batch::{self, Order, Sent},
    cloud::{self, UnbindStatus},
    reset::errand::{self, Errand, ONE_BY_ONE, Offer, Visit},
};
use crate::{
    args::{GlobalArgs, OwnerArgs},
    failure::{Exit, Failure},
    outcome::{Ending, Outcome},
    state,
    terminal::Terminal,
};

/// What is done.
#[derive(Debug)]
pub(super) enum Task {
    /// Hik-Connect is switched on or off.
    Cloud(bool),
    /// The verification code is set. `None` in a dry run.
    Code(Option<SecretString>),
    /// The device is unbound from its account.
    Unbind,
    /// The device is returned to the unactivated state.
    Deactivate,
}

pub(super) fn run(
    task: &Task,
    args: &OwnerArgs,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let errand = Errand {
        action: task.action(),
        offer: task.offer(),
        plan: task.plan(),
        would: task.would(),
        pace: ONE_BY_ONE,
        parallel: 1,
        change: args.change,
        global,
    };
    errand.check()?;
    let password = errand.password(&args.password)?;
    let mut visit = Visit::begin(&args.ask, [&args.device], (global, &mut *terminal))?;
    let found = args.device.choose(visit.devices())?;
    if let Some(message) = task.is_done(&found.entry.device) {
        let outcome = Outcome::new(&found, task.action(), Ending::Done, message);
        return batch::print(&[outcome], None, global, terminal);
    }
    let (mut fit, mut outcomes) = errand.fit(vec![found], true)?;
    let Some(password) = password.filter(|_| !fit.is_empty()) else {
        outcomes.extend(errand.planned(&fit));
        return batch::print(&outcomes, None, global, terminal);
    };
    let Some(found) = fit.pop() else {
        return batch::print(&outcomes, None, global, terminal);
    };
    if matches!(task, Task::Unbind)
        && let Some(outcome) = cannot_unbind(&visit, &found, global, terminal)?
    {
        return batch::print(&[outcome], None, global, terminal);
    }
    let command = task.command(errand::sealable(&password)?)?;
    if matches!(task, Task::Deactivate) {
        confirm_serial(&visit, args, &found, terminal)?;
    } else {
        visit.confirm(&errand, std::slice::from_ref(&found), terminal)?;
    }
    let mut sent = visit.send(&errand, vec![Order { found, command }], terminal)?;
    let mut settled = sent.outcomes.iter();
    if settled.any(|(_, outcome)| is_open(outcome)) {
        let replied = sent.outcomes.iter().all(|(_, outcome)| is_done(outcome));
        visit.look_after(&mut sent, terminal, |outcome, now| {
            task.conclude(outcome, now);
        });
        if !replied {
            record_proven(&mut sent, task.action(), global);
        }
    }
    outcomes.extend(sent.outcomes.into_iter().map(|(_, outcome)| outcome));
    batch::print(&outcomes, sent.trouble, global, terminal)
}

/// A code that can be sent.
pub(super) fn verification_code(code: &SecretString) -> Result<VerificationCode, Failure> {
    VerificationCode::new(code).map_err(|error| {
        let error = anyhow::Error::new(error).context("the verification code cannot be sent");
        Failure::new(Exit::Usage, error)
            .hint("choose a code of 6 to 12 letters and digits; nothing was sent")
    })
}

/// Why a device that is asked first cannot be unbound. The password is not sent
/// then.
fn cannot_unbind(
    visit: &Visit,
    found: &DiscoveredDevice,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Option<Outcome>, Failure> {
    let (status, outcome, trouble) = cloud::unbind_status(visit, found, global, terminal)?;
    if let Some(trouble) = trouble {
        return Err(trouble);
    }
    if matches!(status, Some(UnbindStatus::Ready)) {
        return Ok(None);
    }
    let mut outcome = outcome.under(Action::CloudUnbind);
    if outcome.result == Ending::NoAnswer {
        outcome.message =
            "it did not say whether it can be unbound; the password was not sent".into();
    }
    Ok(Some(outcome))
}

/// Has the serial number of a device typed again, or wants it as DEVICE where
/// nothing is asked.
fn confirm_serial(
    visit: &Visit,
    args: &OwnerArgs,
    found: &DiscoveredDevice,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let device = &found.entry.device;
    let Some(serial) = &device.serial else {
        let message = "the device reports no serial number to confirm it by; nothing was sent";
        return Err(Failure::words(Exit::Unsafe, message)
            .hint("restore its factory settings on its own web page"));
    };
    let plan = batch::plan(Task::Deactivate.plan(), std::slice::from_ref(found));
    if args.change.yes {
        if args.device.is_serial_of(found) {
            terminal.note(&plan);
            return Ok(());
        }
        let message = "with --yes, deactivate needs the full serial number as DEVICE";
        return Err(Failure::words(Exit::Usage, message)
            .hint(format!("this device is {serial}; nothing was sent")));
    }
    terminal.tell(&plan);
    let question = "Type its serial number in full to go on:";
    let hint = "type the serial number as it is shown";
    match visit.ask(question, terminal).as_deref() {
        Some(typed) if typed.eq_ignore_ascii_case(serial.as_str()) => Ok(()),
        None | Some("") => {
            let message = "not confirmed: nothing was sent";
            Err(Failure::words(Exit::Refused, message).hint(hint))
        }
        Some(_) => {
            let message = "that is not its serial number: nothing was sent";
            Err(Failure::words(Exit::Unsafe, message).hint(hint))
        }
    }
}

/// Writes down that a command without a reply was carried out, where the look
/// after it proves that.
fn record_proven(sent: &mut Sent, action: Action, global: &GlobalArgs) {
    let proven = sent.outcomes.iter().filter(|(_, outcome)| is_done(outcome));
    for key in proven.filter_map(|(found, _)| found.key()) {
        let recorded = state::open(global).and_then(|mut ledger| {
            let recorded = ledger.record_success(&key, action, Timestamp::now());
            recorded.map_err(state::failed)
        });
        if let Err(failure) = recorded {
            sent.trouble.get_or_insert(failure);
        }
    }
}

fn is_done(outcome: &Outcome) -> bool {
    outcome.result == Ending::Done
}

/// Whether a look at the device can tell more of it.
fn is_open(outcome: &Outcome) -> bool {
    matches!(outcome.result, Ending::Done | Ending::Unknown)
}

impl Task {
    const fn action(&self) -> Action {
        match self {
            Self::Cloud(_) => Action::CloudSet,
            Self::Code(_) => Action::CloudCode,
            Self::Unbind => Action::CloudUnbind,
            Self::Deactivate => Action::Deactivate,
        }
    }

    const fn offer(&self) -> Offer {
        match self {
            Self::Cloud(_) | Self::Code(_) => Offer::Cloud,
            Self::Unbind => Offer::Unbind,
            Self::Deactivate => Offer::Deactivate,
        }
    }

    /// What is done, ending where the number of devices follows.
    const fn plan(&self) -> &'static str {
        match self {
            Self::Cloud(true) => "Hik-Connect is switched on for",
            Self::Cloud(false) => "Hik-Connect is switched off for",
            Self::Code(_) => "the Hik-Connect verification code is set on",
            Self::Unbind => "the Hik-Connect account is unbound from",
            Self::Deactivate => {
                "the password, security questions, e-mail address and GUIDs are deleted on"
            }
        }
    }

    const fn would(&self) -> &'static str {
        match self {
            Self::Cloud(true) => "Hik-Connect would be switched on",
            Self::Cloud(false) => "Hik-Connect would be switched off",
            Self::Code(_) => "its verification code would be set",
            Self::Unbind => "it would be unbound from its account",
            Self::Deactivate => "its password would be deleted, and it would be unactivated",
        }
    }

    /// What is said where a device needs no change.
    fn is_done(&self, device: &Device) -> Option<&'static str> {
        match self {
            Self::Cloud(true) if device.cloud.enabled == Some(true) => {
                Some("Hik-Connect is on already; nothing was sent")
            }
            Self::Cloud(false)
                if device.cloud.supported == Some(true) && device.cloud.enabled == Some(false) =>
            {
                Some("Hik-Connect is off already; nothing was sent")
            }
            Self::Deactivate if device.state == Some(State::Unactivated) => {
                Some("it is unactivated already; nothing was sent")
            }
            _ => None,
        }
    }

    fn command(&self, password: Password) -> Result<Command, Failure> {
        Ok(match self {
            &Self::Cloud(enabled) => Command::SetCloud { enabled, password },
            Self::Code(code) => {
                let code = code.clone().unwrap_or_default();
                let code = verification_code(&code)?;
                Command::SetVerificationCode { code, password }
            }
            Self::Unbind => Command::Unbind { password },
            Self::Deactivate => Command::Deactivate { password },
        })
    }

    /// Whether the device reports what was to be done. `None` where it does not
    /// say, or was not seen again.
    fn confirmed(&self, now: Option<&Device>) -> Option<bool> {
        let now = now?;
        match self {
            Self::Cloud(enabled) => now.cloud.enabled.map(|now| now == *enabled),
            Self::Code(_) => None,
            Self::Unbind => now.cloud.bound.map(|bound| !bound),
            Self::Deactivate => now.state.map(|state| state == State::Unactivated),
        }
    }

    /// What is said once it is done.
    const fn done(&self) -> &'static str {
        match self {
            Self::Cloud(true) => "Hik-Connect is on",
            Self::Cloud(false) => "Hik-Connect is off",
            Self::Code(_) => "the verification code is set",
            Self::Unbind => "it is unbound from its account",
            Self::Deactivate => "it is unactivated: it has no password now",
        }
    }

    /// What a device that accepted the command, or did not answer, reports
    /// afterwards.
    fn conclude(&self, outcome: &mut Outcome, now: Option<&Device>) {
        if !is_open(outcome) {
            return;
        }
        let confirmed = self.confirmed(now);
        outcome.data.insert("confirmed".into(), json!(confirmed));
        match (outcome.result, confirmed) {
            (_, Some(true)) => {
                outcome.turn_done(self.done());
                if matches!(self, Self::Deactivate) {
                    outcome.advise("give it its first password: sadpctl activate DEVICE");
                }
            }
            (Ending::Done, Some(false)) => {
                outcome.result = Ending::Unknown;
                outcome.exit = Exit::Refused;
                outcome.message = "it accepted the command, but does not report the change".into();
                outcome.advise("wait a minute and look again before you send it anything");
            }
            (Ending::Done, None) if now.is_some() => outcome.turn_done(self.done()),
            (Ending::Done, None) => {
                outcome.message = "it accepted the command; it was not seen again yet".into();
                outcome.advise("scan again: it may be restarting");
            }
            (_, Some(false)) => {
                outcome.message = "no reply, and it does not report the change".into();
                outcome.advise(
                    "wait a minute and look again; sending it again uses the password once more",
                );
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::Samples as _;

    #[test]
    fn what_is_seen_afterwards_decides() {
        let found = DiscoveredDevice::named("44:47:cc:00:00:05");
        let on = Task::Cloud(true);
        for (result, enabled, expected) in [
            (Ending::Done, Some(true), Ending::Done),
            (Ending::Done, Some(false), Ending::Unknown),
            (Ending::Done, None, Ending::Done),
            (Ending::Unknown, Some(true), Ending::Done),
            (Ending::Unknown, Some(false), Ending::Unknown),
            (Ending::Unknown, None, Ending::Unknown),
            (Ending::Refused, Some(true), Ending::Refused),
        ] {
            let mut now = found.entry.device.clone();
            now.cloud.enabled = enabled;
            let mut outcome = Outcome::new(&found, Action::CloudSet, result, "told");
            on.conclude(&mut outcome, Some(&now));
            assert_eq!(outcome.result, expected, "{result:?} {enabled:?}");
        }
        let mut unseen = Outcome::new(&found, Action::Deactivate, Ending::Done, "told");
        Task::Deactivate.conclude(&mut unseen, None);
        assert!(
            unseen.message.contains("not seen again"),
            "{}",
            unseen.message
        );
    }
}
