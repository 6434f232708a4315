//! Security questions: which are set, setting them, and the check that a device
//! lists them before answers leave. Answers set a new password: see
//! [`password_reset`](super::password_reset).

use std::collections::HashMap;

use sadp_proto::{Command, QuestionList, SecretAnswers, seal::Password};
use sadp_reset::{Action, LedgerError, QuestionNames};

pub use crate::outcome::recovery::{ListedQuestion, ListedQuestions};
use crate::{
    DiscoveredDevice, Inventory, Observer, OpsError, Outcome, OutcomeData, OutcomeStatus,
    Overrides, PasswordSettings, Reason, Report, Requirements, Selection, Session,
    batch::{QUERY_PARALLEL, Query},
};

/// Devices to ask for their questions.
#[derive(Debug)]
pub struct ReadPlan(Selection);

/// What reading needs beside its plan.
#[derive(Clone, Copy, Debug)]
pub struct ReadSettings<'a> {
    /// The look that the plan was made from.
    pub inventory: &'a Inventory,
    /// The names that the user gives questions.
    pub names: &'a QuestionNames,
    /// The most devices at a time.
    pub parallel: usize,
}

/// Plans to read which questions these devices list. It costs no try and changes
/// nothing.
pub fn plan_read(
    session: &Session,
    devices: Vec<DiscoveredDevice>,
    named: bool,
) -> Result<ReadPlan, LedgerError> {
    let requirements = Requirements::new(Action::QuestionsRead, Overrides::default(), named);
    requirements.select(session, devices).map(ReadPlan)
}

impl ReadPlan {
    /// Asks the devices.
    pub async fn carry_out(
        self,
        session: &mut Session,
        settings: ReadSettings<'_>,
        observer: &mut dyn Observer,
    ) -> Result<Report, OpsError> {
        let query = query(settings.parallel);
        let sent = query.send(self.0.devices, session, settings.inventory, observer);
        let (mut sent, mut lists) = sent.await?;
        for (place, (_, outcome)) in sent.outcomes.iter_mut().enumerate() {
            if outcome.status == OutcomeStatus::Done {
                let list = lists.remove(&place).unwrap_or_default();
                outcome.data = OutcomeData::Questions(ListedQuestions::new(&list, settings.names));
            }
        }
        Ok(sent.into_report(self.0.left_out))
    }
}

/// What asks devices for their questions.
const fn query(parallel: usize) -> Query<QuestionList> {
    Query {
        action: Action::QuestionsRead,
        command: || Command::GetQuestions,
        read: |reply| Some(QuestionList::read(reply)),
        parallel,
    }
}

/// The questions that a device must list before answers are sent to it: those to
/// others would cost a try.
#[derive(Clone, Copy, Debug)]
pub struct QuestionCheck<'a> {
    /// Their numbers.
    pub numbers: &'a [u32],
    /// The look that the plan was made from.
    pub inventory: &'a Inventory,
}

impl QuestionCheck<'_> {
    /// Asks the devices of a selection, and leaves those out that do not list the
    /// questions.
    pub async fn apply(
        &self,
        selection: &mut Selection,
        session: &mut Session,
        observer: &mut dyn Observer,
    ) -> Result<(), OpsError> {
        let devices = std::mem::take(&mut selection.devices);
        let query = query(1);
        let sent = query.send(devices.clone(), session, self.inventory, observer);
        let (sent, lists) = sent.await?;
        if let Some(failure) = sent.failure {
            return Err(failure);
        }
        for (place, device) in devices.into_iter().enumerate() {
            match objection(lists.get(&place), self.numbers.iter().copied()) {
                Some(reason) => {
                    let outcome = Outcome::skipped(&device, selection.action, reason);
                    selection.left_out.push(outcome);
                }
                None => selection.devices.push(device),
            }
        }
        Ok(())
    }
}

/// Why answers to these questions are not sent.
pub(super) fn objection(
    list: Option<&QuestionList>,
    mut numbers: impl Iterator<Item = u32>,
) -> Option<Reason> {
    let Some(list) = list else {
        return Some(Reason::QuestionsUnknown);
    };
    let missing = numbers.find(|number| !list.holds(*number))?;
    Some(Reason::QuestionNotListed(missing))
}

/// Reads which questions devices list, from those that offer it. Each comes with its place,
/// and so does its list.
pub(super) async fn lists(
    session: &mut Session,
    inventory: &Inventory,
    devices: impl Iterator<Item = (usize, &DiscoveredDevice)>,
    observer: &mut dyn Observer,
) -> Result<HashMap<usize, QuestionList>, OpsError> {
    let requirements = Requirements::new(Action::QuestionsRead, Overrides::default(), false);
    let able = devices.filter(|(_, it)| requirements.objection(&it.entry.device).is_none());
    let query = query(QUERY_PARALLEL);
    query.ask(able, session, inventory, observer).await
}

/// A device whose questions are to be set.
#[derive(Debug)]
pub struct QuestionsPlan {
    /// The device, where it may be sent the command.
    pub selection: Selection,
}

/// Plans to set the questions of a device.
pub fn plan_set(
    session: &Session,
    device: DiscoveredDevice,
    overrides: Overrides,
) -> Result<QuestionsPlan, LedgerError> {
    let requirements = Requirements::new(Action::QuestionsSet, overrides, true);
    let selection = requirements.select(session, vec![device])?;
    Ok(QuestionsPlan { selection })
}

impl QuestionsPlan {
    /// Sets three questions in place of any former ones, with the current password.
    pub async fn carry_out(
        self,
        session: &mut Session,
        questions: NewQuestions<'_>,
        observer: &mut dyn Observer,
    ) -> Result<Report, OpsError> {
        let NewQuestions { answers, settings } = questions;
        let password = Password::new(settings.password.clone())?;
        let command = Command::SetQuestions { answers, password };
        let (selection, inventory) = (self.selection, settings.inventory);
        let sent = selection.send_single(command, session, inventory, observer);
        let (left_out, sent) = sent.await?;
        Ok(sent.into_report(left_out))
    }
}

/// The questions to set.
#[derive(Debug)]
pub struct NewQuestions<'a> {
    /// Three, with their answers.
    pub answers: SecretAnswers,
    /// The look that the plan was made from, and the current password.
    pub settings: PasswordSettings<'a>,
}

#[cfg(test)]
mod tests {
    use sadp_proto::Question;

    use super::*;
    use crate::{DeviceRef, Impact};

    #[test]
    fn only_questions_that_the_device_lists_are_answered() {
        let questions = (1..=3).map(|id| Question { id, set: true }).collect();
        let list = QuestionList {
            questions,
            ignored: 0,
        };
        assert_eq!(impact(Some(&list), &[3, 1, 2]), None);
        assert_eq!(impact(Some(&list), &[1, 2, 20]), Some(Impact::Safety));
        let empty = QuestionList::default();
        assert_eq!(impact(Some(&empty), &[1]), Some(Impact::Safety));
        assert_eq!(impact(None, &[1]), Some(Impact::Device));
    }

    fn impact(list: Option<&QuestionList>, numbers: &[u32]) -> Option<Impact> {
        let reason = objection(list, numbers.iter().copied())?;
        let action = Action::QuestionsAnswer;
        let skipped = Outcome::skipped(DeviceRef::default(), action, reason);
        Some(skipped.impact())
    }
}
