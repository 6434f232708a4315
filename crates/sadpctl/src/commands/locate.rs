use sadp_discovery::Pace;
use sadp_proto::Command;
use sadp_reset::Action;

use super::{
    batch::{self, Order, Sending, Site},
    survey,
};
use crate::{
    args::{ChangeArgs, GlobalArgs, LocateArgs, Switch},
    failure::{Exit, Failure},
    outcome::{Ending, Outcome},
    terminal::Terminal,
};

const NO_LAMP: &str = "this model may have no such lamp";

pub(super) fn run(
    args: &LocateArgs,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let change = ChangeArgs {
        yes: args.yes,
        dry_run: args.dry_run,
        force: false,
    };
    batch::check_format(global)?;
    batch::must_be_asked(change)?;
    let config = survey::config(&args.ask, global, args.device.address())?;
    let runtime = survey::runtime()?;
    let site = Site::look(&runtime, &config, global, terminal)?;
    let found = args.device.choose(site.devices)?;
    let on = args.lamp == Switch::On;
    let word = if on { "on" } else { "off" };
    let (fit, mut outcomes) = batch::vet(vec![found], Action::Locate, false, global)?;
    if args.dry_run {
        let message = format!("its lamp would be switched {word}");
        let planned = fit
            .iter()
            .map(|found| Outcome::new(found, Action::Locate, Ending::Planned, message.clone()));
        outcomes.extend(planned);
        return batch::print(&outcomes, None, global, terminal);
    }
    if fit.is_empty() {
        return batch::print(&outcomes, None, global, terminal);
    }
    let plan = format!("the lamp of one device is switched {word}");
    batch::confirm(&runtime, &plan, change, terminal)?;
    let sending = Sending {
        action: Action::Locate,
        pace: Pace::Together,
        parallel: 1,
        link: &config.link,
        local: &site.local,
    };
    let order = |found| Order {
        found,
        command: Command::Lamp { on },
    };
    let orders: Vec<_> = fit.into_iter().map(order).collect();
    let sent = batch::send(&runtime, sending, orders, (global, &mut *terminal))?;
    for (_, mut outcome) in sent.outcomes {
        match outcome.result {
            Ending::Done => outcome.turn_done(format!("lamp {word}")),
            Ending::NoAnswer => outcome.next = Some(NO_LAMP.into()),
            _ => {}
        }
        outcomes.push(outcome);
    }
    batch::print(&outcomes, sent.trouble, global, terminal)
}
