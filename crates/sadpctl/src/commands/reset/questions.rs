//! Security questions: shown, set, answered.

mod answer;
mod input;
mod set;
mod show;

use sadp_discovery::Pace;
use sadp_ops::DiscoveredDevice;
use sadp_proto::{Command, CommandOutcome as Reply, QuestionList};
use sadp_reset::Action;

use super::errand::{Errand, Visit};
use crate::{
    args::{GlobalArgs, QuestionsCommand},
    commands::batch::{Order, Orders},
    failure::{Exit, Failure},
    outcome::{Ending, Outcome},
    terminal::Terminal,
};

pub(super) fn run(
    command: &QuestionsCommand,
    global: &GlobalArgs,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    match command {
        QuestionsCommand::Show(args) => show::run(args, global, terminal),
        QuestionsCommand::Set(args) => set::run(args, global, terminal),
        QuestionsCommand::Answer(args) => answer::run(args, global, terminal),
    }
}

/// What a device tells of its questions: `None` where it tells nothing.
pub(super) struct Listed(Option<QuestionList>);

/// Reads which questions a device lists, before anything is sent that costs a
/// try.
pub(super) fn listed(
    found: &DiscoveredDevice,
    visit: &Visit,
    errand: &Errand<'_>,
    terminal: &mut Terminal,
) -> Result<Listed, Failure> {
    let read = Errand {
        action: Action::QuestionsShow,
        pace: Pace::Together,
        ..*errand
    };
    let order = Order {
        found: found.clone(),
        command: Command::GetQuestions,
    };
    let mut list = None;
    let orders = Orders::keeping(vec![order], |_, arrived| {
        if let Reply::Done(reply) = arrived.reply {
            list = Some(QuestionList::read(reply));
        }
        Ok(())
    });
    let sent = visit.send(&read, orders, terminal)?;
    sent.trouble.map_or(Ok(Listed(list)), Err)
}

impl Listed {
    /// Why answers to the questions of these numbers are not sent.
    pub(super) fn objection(
        &self,
        found: &DiscoveredDevice,
        action: Action,
        numbers: &[u32],
    ) -> Option<Outcome> {
        let Some(list) = &self.0 else {
            let why = "not sent: the device did not tell which questions it has";
            let mut outcome = Outcome::new(found, action, Ending::Skipped, why)
                .next("run it again; sadpctl reset questions show DEVICE tells what it answers");
            outcome.exit = Exit::Refused;
            return Some(outcome);
        };
        let missing = numbers.iter().find(|number| !list.holds(**number))?;
        let why = format!("not sent: the device does not list question {missing}");
        let next = "sadpctl reset questions show DEVICE tells the questions it lists";
        Some(Outcome::unsafe_to_send(found, action, why).next(next))
    }
}

#[cfg(test)]
mod tests {
    use sadp_proto::Question;

    use super::*;
    use crate::samples::Samples as _;

    #[test]
    fn only_questions_that_the_device_lists_are_answered() {
        let found = DiscoveredDevice::named("44:47:cc:00:00:05");
        let questions = (1..=3).map(|id| Question { id, set: true }).collect();
        let list = QuestionList {
            questions,
            ignored: 0,
        };
        let objection = |list: Option<QuestionList>, numbers: &[u32]| {
            let objection = Listed(list).objection(&found, Action::QuestionsAnswer, numbers);
            objection.map(|outcome| outcome.exit)
        };
        assert_eq!(objection(Some(list.clone()), &[3, 1, 2]), None);
        assert_eq!(objection(Some(list), &[1, 2, 20]), Some(Exit::Unsafe));
        let empty = QuestionList::default();
        assert_eq!(objection(Some(empty), &[1]), Some(Exit::Unsafe));
        assert_eq!(objection(None, &[1]), Some(Exit::Refused));
    }
}
