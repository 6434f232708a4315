use sadp_proto::Command;
use sadp_reset::Action;

use crate::{
    args::{GlobalArgs, MailSetArgs},
    commands::{
        batch,
        reset::errand::{self, Errand, ONE_BY_ONE, Offer, Visit},
    },
    failure::{Exit, Failure},
    outcome::Ending,
    terminal::Terminal,
    text::clean,
};

pub(super) fn run(
    args: &MailSetArgs,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let address = clean(args.mailbox.as_str());
    let plan =
        format!("the reserved e-mail address, which travels unencrypted, becomes {address} on");
    let would = format!("its reserved e-mail address would become {address}");
    let errand = Errand {
        action: Action::MailSet,
        offer: Offer::Mailbox,
        plan: &plan,
        would: &would,
        pace: ONE_BY_ONE,
        parallel: 1,
        change: args.change,
        global,
    };
    errand.check()?;
    let password = errand.password(&args.password)?;
    let mut visit = Visit::begin(&args.ask, &args.choice.devices, (global, &mut *terminal))?;
    let chosen = batch::choose(&args.choice, visit.devices())?;
    let (fit, mut outcomes) = errand.fit(chosen, !args.choice.all)?;
    let Some(password) = password.filter(|_| !fit.is_empty()) else {
        outcomes.extend(errand.planned(&fit));
        return batch::print(&outcomes, None, global, terminal);
    };
    let orders = errand::orders(&fit, &password, |password| Command::SetMailbox {
        mailbox: args.mailbox.clone(),
        password,
    })?;
    visit.confirm(&errand, &fit, terminal)?;
    let sent = visit.send(&errand, orders, terminal)?;
    for (_, mut outcome) in sent.outcomes {
        if outcome.result == Ending::Done {
            outcome.turn_done(format!("the reserved e-mail address is {address}"));
        }
        outcomes.push(outcome);
    }
    batch::print(&outcomes, sent.trouble, global, terminal)
}
