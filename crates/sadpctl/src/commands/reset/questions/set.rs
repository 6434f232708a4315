use sadp_proto::{Command, SecretAnswers};
use sadp_reset::Action;

use super::input;
use crate::{
    args::{GlobalArgs, QuestionsSetArgs},
    commands::{
        batch::{self, Order},
        reset::errand::{self, Errand, ONE_BY_ONE, Offer, Visit},
    },
    failure::{Exit, Failure},
    outcome::Ending,
    terminal::Terminal,
};

pub(super) fn run(
    args: &QuestionsSetArgs,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let errand = Errand {
        action: Action::QuestionsSet,
        offer: Offer::Questions,
        plan: "the security questions are set, in place of any former ones, on",
        would: "its security questions would be set",
        pace: ONE_BY_ONE,
        parallel: 1,
        change: args.change,
        global,
    };
    errand.check()?;
    let dry_run = args.change.dry_run;
    // A line of standard input, before all the rest of it.
    let password = errand.password(&args.password)?;
    let answers = input::answers(&args.answers, SecretAnswers::to_set, dry_run, terminal)?;
    let mut visit = Visit::begin(&args.ask, [&args.device], (global, &mut *terminal))?;
    let found = args.device.choose(visit.devices())?;
    let (mut fit, mut outcomes) = errand.fit(vec![found], true)?;
    let (Some(password), Some(answers), false) = (password, answers, fit.is_empty()) else {
        outcomes.extend(errand.planned(&fit));
        return batch::print(&outcomes, None, global, terminal);
    };
    if let [found] = &fit[..] {
        let numbers: Vec<_> = answers.ids().collect();
        let list = super::listed(found, &visit, &errand, terminal)?;
        if let Some(outcome) = list.objection(found, errand.action, &numbers) {
            outcomes.push(outcome);
            return batch::print(&outcomes, None, global, terminal);
        }
    }
    let password = errand::sealable(&password)?;
    visit.confirm(&errand, &fit, terminal)?;
    let orders: Vec<_> = fit
        .pop()
        .map(|found| Order {
            found,
            command: Command::SetQuestions { answers, password },
        })
        .into_iter()
        .collect();
    let sent = visit.send(&errand, orders, terminal)?;
    for (_, mut outcome) in sent.outcomes {
        if outcome.result == Ending::Done {
            outcome.turn_done("the security questions are set");
        }
        outcomes.push(outcome);
    }
    batch::print(&outcomes, sent.trouble, global, terminal)
}
