//! The vendor's answers, each to its own device.

mod conclude;
mod deliver;
mod gather;
mod given;
mod judge;

use jiff::Timestamp;
use sadp_ops::recovery::History;
use sadp_reset::{Action, DeviceKey};
use secrecy::SecretString;

use self::{
    deliver::{Delivery, There},
    gather::Input,
    given::Given,
    judge::{Late, Ready},
};
use crate::{
    args::{GlobalArgs, ImportArgs},
    commands::{
        batch::{self, Site},
        new_password, survey,
    },
    failure::{Exit, Failure},
    found::Found,
    outcome::{Ending, Outcome},
    secret, state,
    terminal::Terminal,
};

pub(super) fn run(
    args: &ImportArgs,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    batch::check_format(global)?;
    batch::must_be_asked(args.change)?;
    let ledger = state::open_existing(global)?;
    let past = History::read(ledger.as_ref(), Timestamp::now()).map_err(state::failed)?;
    match &args.device {
        None => by_match(args, &past, (global, terminal)),
        Some(_) => by_name(args, &past, (global, terminal)),
    }
}

/// Answers that are matched to their requests before anything is looked for.
fn by_match(
    args: &ImportArgs,
    past: &History<'_>,
    (global, terminal): (&GlobalArgs, &mut Terminal),
) -> Result<Exit, Failure> {
    let input = Input::read(args)?;
    let mut outcomes = Vec::new();
    let given = input.assign(past, None, &mut outcomes, terminal);
    let given = judge::early(given, past, args.change.force, &mut outcomes);
    if given.is_empty() {
        return nothing_open(&outcomes, (global, terminal));
    }
    let password = if given.iter().all(Given::is_legacy) {
        None
    } else {
        new_password::read(&args.password, args.change, terminal)?
    };
    let config = survey::config(&args.ask, global, None)?;
    let runtime = survey::runtime()?;
    let wanted: Vec<_> = given.iter().map(|one| one.target.device.clone()).collect();
    let site = Site::look_for(&runtime, &config, &wanted, (global, &mut *terminal))?;
    let there = There {
        runtime: &runtime,
        config: &config,
        site: &site,
    };
    let rest = Rest { args, past, there };
    rest.go((given, outcomes), password, (global, terminal))
}

/// An answer or a key for the device that was named.
fn by_name(
    args: &ImportArgs,
    past: &History<'_>,
    (global, terminal): (&GlobalArgs, &mut Terminal),
) -> Result<Exit, Failure> {
    let input = Input::read(args)?;
    let mut outcomes = Vec::new();
    if input.is_empty() {
        input.assign(past, None, &mut outcomes, terminal);
        return nothing_open(&outcomes, (global, terminal));
    }
    let name = args.device.as_ref();
    let named = |key: &DeviceKey| name.is_some_and(|name| name.names(key));
    // Who holds a dated code has no new password to give.
    let known = past.cases().iter().find(|case| named(&case.request.device));
    let legacy = known.is_some_and(|case| given::is_legacy(Some(case.request.kind)));
    let can_be_had = secret::new_is_given(&args.password) || Terminal::can_ask();
    let password = if can_be_had && !legacy {
        new_password::read(&args.password, args.change, terminal)?
    } else {
        None
    };
    let also = name.and_then(crate::select::DeviceName::address);
    let config = survey::config(&args.ask, global, also)?;
    let runtime = survey::runtime()?;
    let site = Site::look(&runtime, &config, global, terminal)?;
    let found = match name {
        Some(name) => site.devices.get(name.find(&site.devices)?),
        None => None,
    };
    let key = found.and_then(Found::key);
    let given = input.assign(past, key.as_ref(), &mut outcomes, terminal);
    let given = judge::early(given, past, args.change.force, &mut outcomes);
    if given.is_empty() {
        return nothing_open(&outcomes, (global, terminal));
    }
    let there = There {
        runtime: &runtime,
        config: &config,
        site: &site,
    };
    let rest = Rest { args, past, there };
    rest.go((given, outcomes), password, (global, terminal))
}

/// No answer may be sent. Says so where all of them did their work before.
fn nothing_open(
    outcomes: &[Outcome],
    (global, terminal): (&GlobalArgs, &mut Terminal),
) -> Result<Exit, Failure> {
    if outcomes.is_empty() {
        let message = "no answer was found there";
        return Err(Failure::words(Exit::Usage, message).hint(
            "save each answer into the folder of its request, or name the file and --device; nothing was sent",
        ));
    }
    let exit = batch::print(outcomes, None, global, terminal)?;
    if exit == Exit::Done {
        terminal.note("nothing is left to do: these devices took their answers before");
    }
    Ok(exit)
}

/// What follows once it is known who is there.
struct Rest<'a> {
    args: &'a ImportArgs,
    past: &'a History<'a>,
    there: There<'a>,
}

impl Rest<'_> {
    fn go(
        &self,
        (given, mut outcomes): (Vec<Given>, Vec<Outcome>),
        password: Option<SecretString>,
        (global, terminal): (&GlobalArgs, &mut Terminal),
    ) -> Result<Exit, Failure> {
        let Self { args, past, there } = *self;
        let late = Late {
            past,
            site: there.site,
            force: args.change.force,
            sync_cameras: args.sync_cameras,
        };
        let ready = late.judge(given, &mut outcomes)?;
        let ready = judge::vet(ready, args.change.force, (global, &mut outcomes))?;
        if args.change.dry_run || ready.is_empty() {
            outcomes.extend(ready.iter().map(planned));
            return batch::print(&outcomes, None, global, terminal);
        }
        let password = match password {
            None if !ready.iter().all(Ready::is_legacy) => {
                new_password::read(&args.password, args.change, terminal)?
            }
            password => password,
        };
        let delivery = Delivery::new(ready, password.as_ref(), args.sync_cameras)?;
        batch::confirm(there.runtime, &delivery.plan(), args.change, terminal)?;
        let parallel = args.parallel.into();
        let (delivered, trouble) = delivery.send(there, parallel, (global, &mut *terminal))?;
        outcomes.extend(delivered);
        batch::print(&outcomes, trouble, global, terminal)
    }
}

fn planned(ready: &Ready) -> Outcome {
    let mut message = format!("would be sent {}", ready.source);
    if let Some(doubt) = &ready.doubt {
        message.push_str("; ");
        message.push_str(doubt);
    }
    let mut outcome = Outcome::new(&ready.found, Action::ImportAnswer, Ending::Planned, message);
    ready.add_data(&mut outcome);
    outcome
}
