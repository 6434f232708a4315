//! Hik-Connect on a device.

use sadp_discovery::Pace;
use sadp_model::{Device, State};
use sadp_ops::DiscoveredDevice;
use sadp_proto::{Command, CommandOutcome as Reply, Refusal};
use sadp_reset::Action;
use serde_json::{Value, json};

use super::{
    batch::{self, Arrived, Order, Orders},
    owner::{self, Task},
    reset::errand::{Errand, Offer, Visit},
};
use crate::{
    args::{ChangeArgs, CloudCommand, CloudShowArgs, GlobalArgs},
    failure::{Exit, Failure},
    outcome::{Ending, Outcome},
    secret,
    terminal::Terminal,
};

pub(super) fn run(
    command: &CloudCommand,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    match command {
        CloudCommand::Show(args) => show(args, global, terminal),
        CloudCommand::Enable(args) => owner::run(&Task::Cloud(true), args, global, terminal),
        CloudCommand::Disable(args) => owner::run(&Task::Cloud(false), args, global, terminal),
        CloudCommand::Unbind(args) => owner::run(&Task::Unbind, args, global, terminal),
        CloudCommand::Code(args) => {
            let asks = args.code_file.is_some() || !args.owner.change.dry_run;
            let code = asks.then(|| secret::verification_code(args.code_file.as_deref()));
            let code = code.transpose()?;
            if let Some(code) = &code {
                owner::verification_code(code)?;
            }
            owner::run(&Task::Code(code), &args.owner, global, terminal)
        }
    }
}

fn show(
    args: &CloudShowArgs,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    batch::check_format(global)?;
    let mut visit = Visit::begin(&args.ask, [&args.device], (global, &mut *terminal))?;
    let found = args.device.choose_to_read(visit.devices())?;
    let device = &found.entry.device;
    let asks = device.cloud.can_unbind == Some(true) && device.state != Some(State::Unactivated);
    let (fit, unfit) = if asks {
        batch::vet(vec![found.clone()], Action::CloudShow, false, global)?
    } else {
        (Vec::new(), Vec::new())
    };
    if fit.is_empty() && !unfit.is_empty() {
        return batch::print(&unfit, None, global, terminal);
    }
    let Some(asked) = fit.first() else {
        return batch::print(&[told(&found, None)], None, global, terminal);
    };
    let (status, mut outcome, trouble) = unbind_status(&visit, asked, global, terminal)?;
    if status.is_some() || outcome.result == Ending::Done {
        outcome = told(&found, status.as_ref());
    }
    batch::print(&[outcome], trouble, global, terminal)
}

/// What a device answers to the question whether it can be unbound.
#[derive(Debug)]
pub(super) enum UnbindStatus {
    /// It is bound and can be unbound.
    Ready,
    /// It says why it cannot.
    Refused(Refusal),
}

/// Asks a device whether it can be unbound. The status is `None` where no usable
/// answer came.
pub(super) fn unbind_status(
    visit: &Visit,
    found: &DiscoveredDevice,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<(Option<UnbindStatus>, Outcome, Option<Failure>), Failure> {
    let errand = Errand {
        action: Action::CloudShow,
        offer: Offer::Unbind,
        plan: "",
        would: "",
        pace: Pace::Together,
        parallel: 1,
        // It changes nothing, so there is nothing to ask.
        change: ChangeArgs {
            yes: true,
            dry_run: false,
            force: false,
        },
        global,
    };
    let mut status = None;
    let order = Order {
        found: found.clone(),
        command: Command::GetUnbindStatus,
    };
    let keep = |_: &mut _, arrived: Arrived<'_>| {
        status = match arrived.reply {
            Reply::Done(_) => Some(UnbindStatus::Ready),
            Reply::Refused(verdict) => Some(UnbindStatus::Refused(verdict.refusal.clone())),
            _ => None,
        };
        Ok(())
    };
    let mut sent = visit.send(&errand, Orders::keeping(vec![order], keep), terminal)?;
    let outcome = sent.outcomes.pop().map(|(_, outcome)| outcome);
    let outcome = outcome.unwrap_or_else(|| {
        Outcome::new(
            found,
            Action::CloudShow,
            Ending::NoAnswer,
            "it was not asked",
        )
    });
    Ok((status, outcome, sent.trouble))
}

/// The state of Hik-Connect, as the device reports it.
fn told(found: &DiscoveredDevice, status: Option<&UnbindStatus>) -> Outcome {
    let device = &found.entry.device;
    let bound = match status {
        Some(UnbindStatus::Ready) => Some(true),
        Some(UnbindStatus::Refused(Refusal::NotBound)) => Some(false),
        _ => device.cloud.bound,
    };
    let mut outcome = Outcome::new(
        found,
        Action::CloudShow,
        Ending::Done,
        sentence(device, bound, status),
    );
    let unbind = match status {
        Some(UnbindStatus::Ready) => json!("ready"),
        Some(UnbindStatus::Refused(refusal)) => json!(refusal.word()),
        None => Value::Null,
    };
    outcome.data.extend([
        ("supported".into(), json!(device.cloud.supported)),
        ("enabled".into(), json!(device.cloud.enabled)),
        ("bound".into(), json!(bound)),
        ("unbind".into(), unbind),
    ]);
    outcome
}

fn sentence(device: &Device, bound: Option<bool>, status: Option<&UnbindStatus>) -> String {
    if device.cloud.supported == Some(false) {
        return "it has no Hik-Connect".into();
    }
    let enabled = match device.cloud.enabled {
        Some(true) => "Hik-Connect is on",
        Some(false) => "Hik-Connect is off",
        None => "it does not report whether Hik-Connect is on",
    };
    let bound = match bound {
        Some(true) => "bound to an account",
        Some(false) => "not bound to an account",
        None => "it does not report whether it is bound to an account",
    };
    let offline = matches!(status, Some(UnbindStatus::Refused(Refusal::CloudOffline)));
    let offline = if offline {
        "; it cannot reach the service now"
    } else {
        ""
    };
    format!("{enabled}; {bound}{offline}")
}
