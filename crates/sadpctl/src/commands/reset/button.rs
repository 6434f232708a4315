//! The reset button: what to do at the device, then waiting until it is back
//! without a password.

mod course;
mod first_password;
mod steps;
mod wait;

use ipnet::Ipv4Net;
use sadp_discovery::ScanConfig;
use sadp_model::{Device, MethodAssessment, RecoveryMethod, RecoverySetup, State};
use sadp_ops::DiscoveredDevice;
use serde_json::Value;

use self::{first_password::FirstPassword, wait::Unfinished};
use crate::{
    args::{ButtonArgs, ChangeArgs, GlobalArgs},
    commands::{
        batch::{self, Site},
        new_password, survey,
    },
    failure::{Exit, Failure},
    outcome::{Ending, Outcome},
    terminal::Terminal,
};

/// The name of outcomes that are of no command to a device.
const BUTTON: &str = "button";

pub(super) fn run(
    args: &ButtonArgs,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    batch::check_format(global)?;
    // Before anything is waited for: a password that will not do is told now.
    let password = if args.activate {
        new_password::read(&args.password, change(args), terminal)?
    } else {
        None
    };
    let config = survey::config(&args.ask, global, args.device.address())?;
    let runtime = survey::runtime()?;
    let Site { devices, local, .. } = Site::look(&runtime, &config, global, terminal)?;
    let found = args.device.choose(devices)?;
    let first_password = FirstPassword {
        args,
        runtime: &runtime,
        password,
    };
    if found.entry.device.state == Some(State::Unactivated) {
        let message = "already unactivated: there is nothing to reset";
        terminal.note(message);
        return first_password.offer((found, local), message, (global, terminal));
    }
    let fit = fit(&found.entry.device);
    if !args.force
        && let Some(outcome) = objection(&found, &fit)
    {
        return batch::print(&[outcome], None, global, terminal);
    }
    let key = found.key().ok_or_else(nameless)?;
    terminal.tell(&steps::text(&found.entry.device, &fit));
    let gentle = gentle(args, &config)?;
    let waited = wait::until_back(&runtime, &gentle, (&found, &key, args.limit), terminal);
    match waited {
        Ok(back) => {
            terminal.note(&back_at(&found, &back.0));
            let message = "reset: it is back, unactivated";
            first_password.offer(back, message, (global, terminal))
        }
        Err(unfinished) => {
            let outcome = told(&found, unfinished);
            batch::print(&[outcome], None, global, terminal)
        }
    }
}

fn change(args: &ButtonArgs) -> ChangeArgs {
    ChangeArgs {
        yes: args.activate,
        dry_run: false,
        force: args.force,
    }
}

/// How the reset button fits a device.
fn fit(device: &Device) -> MethodAssessment {
    MethodAssessment::judge(
        RecoveryMethod::ResetButton,
        device,
        &RecoverySetup::default(),
    )
}

/// Why the way is not gone, with those that are left.
fn objection(found: &DiscoveredDevice, fit: &MethodAssessment) -> Option<Outcome> {
    let obstacle = fit.availability.obstacle()?;
    let left: Vec<_> = sadp_model::assess_methods(&found.entry.device, &RecoverySetup::default())
        .into_iter()
        .filter(|fit| fit.availability.obstacle().is_none())
        .map(|fit| fit.method)
        .collect();
    let labels: Vec<_> = left.iter().map(|way| way.label()).collect();
    let names = left.iter().map(|way| way.name().into()).collect();
    let next = format!(
        "ways that may fit it: {}; sadpctl reset ways tells what each needs; --force prints the steps and waits all the same",
        labels.join(", ")
    );
    let mut outcome = aside(found, Ending::Skipped, obstacle.to_string()).next(next);
    outcome.exit = Exit::Unsafe;
    outcome.data.insert("ways".into(), Value::Array(names));
    Some(outcome)
}

/// What is told where the device is not known to be unactivated.
fn told(found: &DiscoveredDevice, unfinished: Unfinished) -> Outcome {
    let again = "power it off, hold the button while powering it on and for more than 30 s, \
                 and run this again; nothing was changed from here";
    let (ending, message, next) = match unfinished {
        Unfinished::Active => (Ending::Skipped, "still active: not reset yet", again),
        Unfinished::Unchanged => (Ending::Skipped, "it did not restart: not reset yet", again),
        Unfinished::Untold => (
            Ending::Unknown,
            "it restarted; its firmware does not tell whether it has a password",
            "try the default password of its own manual, and give it a new one at once",
        ),
        Unfinished::Silent => (
            Ending::NoAnswer,
            "not heard any more: not known whether it was reset",
            "power it on and scan: unactivated means that it was reset",
        ),
    };
    let state = (unfinished == Unfinished::Active).then_some(State::Active);
    let mut outcome = aside(found, ending, message).next(next);
    outcome.exit = Exit::Refused;
    outcome.data.insert("state".into(), state_value(state));
    outcome
}

fn aside(found: &DiscoveredDevice, ending: Ending, message: impl Into<String>) -> Outcome {
    Outcome::aside(found, BUTTON, ending, message)
}

fn state_value(state: Option<State>) -> Value {
    state.map_or(Value::Null, |state| state.name().into())
}

fn nameless() -> Failure {
    let message = "the device tells neither a MAC of its own nor a serial: it would not be known again after the reset";
    Failure::words(Exit::Unsafe, message)
        .hint("reset it by hand as its manual says, then look for it with sadpctl scan")
}

/// Where the device is now, and where it was.
fn back_at(before: &DiscoveredDevice, after: &DiscoveredDevice) -> String {
    let address = |found: &DiscoveredDevice| found.entry.device.ipv4.address;
    match (address(before), address(after)) {
        (Some(before), Some(after)) if before != after => {
            format!("It is back and unactivated, at {after}; it was at {before}.")
        }
        (_, Some(after)) => format!("It is back and unactivated, at {after}."),
        _ => "It is back and unactivated.".into(),
    }
}

/// The scan that is repeated while waiting: short, and without networks to walk
/// through address by address.
fn gentle(args: &ButtonArgs, config: &ScanConfig) -> Result<ScanConfig, Failure> {
    let single = |network: &&Ipv4Net| network.prefix_len() == 32;
    let targets: Vec<_> = args
        .ask
        .reach
        .targets
        .iter()
        .filter(single)
        .copied()
        .collect();
    let sweep = (!targets.is_empty())
        .then(|| sadp_proto::Sweep::new(&targets, args.ask.reach.rate))
        .transpose()
        .map_err(|error| Failure::new(Exit::Usage, error))?;
    Ok(ScanConfig {
        stop: wait::stop_condition(config.stop),
        sweep,
        ..config.clone()
    })
}
