use std::collections::BTreeMap;

use sadp_discovery::Pace;
use sadp_proto::{Command, CommandOutcome as Reply, Question, QuestionList};
use sadp_reset::{Action, QuestionNames};
use serde_json::{Value, json};

use super::input;
use crate::{
    args::{ChangeArgs, GlobalArgs, QuestionsShowArgs},
    commands::{
        batch::{self, Order, Orders},
        reset::errand::{Errand, Offer, Visit},
    },
    failure::{Exit, Failure},
    outcome::{Ending, Outcome},
    terminal::Terminal,
    text::count,
};

pub(super) fn run(
    args: &QuestionsShowArgs,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let errand = Errand {
        action: Action::QuestionsShow,
        offer: Offer::Questions,
        plan: "",
        would: "",
        pace: Pace::Together,
        parallel: args.parallel.into(),
        // It changes nothing, so there is nothing to ask.
        change: ChangeArgs {
            yes: true,
            dry_run: false,
            force: false,
        },
        global,
    };
    errand.check()?;
    let names = input::names()?;
    let mut visit = Visit::begin(&args.ask, &args.choice.devices, (global, &mut *terminal))?;
    let chosen = batch::choose(&args.choice, visit.devices())?;
    let (fit, mut outcomes) = errand.fit(chosen, !args.choice.all)?;
    if fit.is_empty() {
        return batch::print(&outcomes, None, global, terminal);
    }
    let order = |found| Order {
        found,
        command: Command::GetQuestions,
    };
    let mut told = BTreeMap::new();
    let orders = Orders::keeping(fit.into_iter().map(order).collect(), |_, arrived| {
        if let Reply::Done(reply) = arrived.reply {
            told.insert(arrived.place, QuestionList::read(reply));
        }
        Ok(())
    });
    let sent = visit.send(&errand, orders, terminal)?;
    for (place, (_, mut outcome)) in sent.outcomes.into_iter().enumerate() {
        let list = told.remove(&place).unwrap_or_default();
        if outcome.result == Ending::Done {
            tell(&mut outcome, &list, &names);
        }
        outcomes.push(outcome);
    }
    batch::print(&outcomes, sent.trouble, global, terminal)
}

fn tell(outcome: &mut Outcome, list: &QuestionList, names: &QuestionNames) {
    let questions = &list.questions;
    let name = |question: &Question| names.of(question.id);
    let shown = questions
        .iter()
        .map(|question| json!({"id": question.id, "set": question.set, "name": name(question)}));
    outcome
        .data
        .insert("questions".into(), Value::Array(shown.collect()));
    let text = |question: &Question| match name(question) {
        Some(name) => format!("{} ({name})", question.id),
        None => question.id.to_string(),
    };
    let set: Vec<_> = questions.iter().filter(|it| it.set).map(text).collect();
    let number = count(questions.len() as u64, "question", "questions");
    outcome.message = if set.is_empty() {
        format!("none of {number} is set")
    } else {
        format!("of {number} these are set: {}", set.join(", "))
    };
    if list.ignored > 0 {
        let ignored = format!(
            "; {} beyond the first {} are ignored, as by the vendor's tool",
            list.ignored,
            QuestionList::MOST
        );
        outcome.message += &ignored;
        outcome.data.insert("ignored".into(), list.ignored.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::Samples as _;
    use sadp_ops::DiscoveredDevice;

    #[test]
    fn questions_beyond_the_fifteenth_are_told() {
        let told = |ignored| {
            let list = QuestionList {
                questions: (1..=15).map(|id| Question { id, set: id == 4 }).collect(),
                ignored,
            };
            let found = DiscoveredDevice::named("44:47:cc:00:00:05");
            let mut outcome = Outcome::new(&found, Action::QuestionsShow, Ending::Done, "done");
            tell(&mut outcome, &list, &QuestionNames::default());
            (outcome.message, outcome.data.get("ignored").cloned())
        };
        let (message, ignored) = told(17);
        assert_eq!(
            message,
            "of 15 questions these are set: 4; 17 beyond the first 15 are ignored, as by the vendor's tool"
        );
        assert_eq!(ignored, Some(json!(17)));
        assert_eq!(told(0).1, None);
    }
}
