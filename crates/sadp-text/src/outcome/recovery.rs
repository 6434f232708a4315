//! What devices offer, and what became of those that were to set a new password.

use sadp_ops::{
    Offer, Outcome, OutcomeData, OutcomeStatus,
    recovery::{
        guid::ExportedGuid,
        mail::EarlierQr,
        password_reset::ResetFinding as Finding,
        questions::{ListedQuestion, ListedQuestions},
    },
};
use sadp_proto::QuestionList;
use sadp_reset::Action;

use sadp_model::text::clean;

use super::{FIRST_PASSWORD, guid};
use crate::{count, minute};

/// What happened, where the status alone tells it. `None` where it needs no words of
/// its own.
pub(super) fn plain(outcome: &Outcome) -> Option<String> {
    let text = match (outcome.status, &outcome.data, outcome.action) {
        (OutcomeStatus::Planned, OutcomeData::Mailbox(mailbox), _) => {
            let address = clean(mailbox.as_str());
            return Some(format!(
                "its reserved e-mail address would become {address}"
            ));
        }
        (OutcomeStatus::Done, OutcomeData::Mailbox(mailbox), _) => {
            let address = clean(mailbox.as_str());
            return Some(format!("the reserved e-mail address is {address}"));
        }
        (OutcomeStatus::Done, OutcomeData::Questions(list), _) => return Some(questions(list)),
        (OutcomeStatus::Done, OutcomeData::MailQr(qr), _) if qr.qr_is_raw => {
            "its QR code is here, but did not arrive in base64 as devices send it: it holds the text as received"
        }
        (OutcomeStatus::Done, OutcomeData::MailQr(_), _) => "its QR code is here",
        (OutcomeStatus::Planned, _, Action::MailQr) => {
            "a QR code would be fetched from it, and an earlier one become void"
        }
        (OutcomeStatus::Planned, _, Action::MailConfirm) => {
            "the code would be given to it and a new password set"
        }
        (OutcomeStatus::Planned, _, Action::QuestionsAnswer) => {
            "its questions would be answered and a new password set"
        }
        (OutcomeStatus::Planned, _, Action::QuestionsSet) => "its security questions would be set",
        (OutcomeStatus::Done, _, Action::QuestionsSet) => "the security questions are set",
        (OutcomeStatus::Planned, _, Action::GuidExport) => {
            "its GUID would be exported into the vault"
        }
        _ => guid::plain(outcome)?,
    };
    Some(text.into())
}

/// What to do next, where the status alone tells it.
pub(super) const fn after(outcome: &Outcome) -> Option<&'static str> {
    match &outcome.data {
        OutcomeData::MailQr(_) => Some("when the code has come: sadpctl reset mail confirm DEVICE"),
        OutcomeData::ExportedGuid(ExportedGuid { suspect: true, .. }) => Some(
            "export it again, and prepare another way of recovery; earlier GUIDs are kept and are preferred",
        ),
        _ => None,
    }
}

fn questions(list: &ListedQuestions) -> String {
    let text = |question: &ListedQuestion| match &question.name {
        Some(name) => format!("{} ({name})", question.id),
        None => question.id.to_string(),
    };
    let set: Vec<_> = list
        .questions
        .iter()
        .filter(|it| it.set)
        .map(text)
        .collect();
    let number = count(list.questions.len() as u64, "question", "questions");
    let ignored = match list.ignored {
        0 => String::new(),
        ignored => format!(
            "; {ignored} beyond the first {} are ignored, as by the vendor's tool",
            QuestionList::MOST
        ),
    };
    if set.is_empty() {
        return format!("none of {number} is set{ignored}");
    }
    format!("of {number} these are set: {}{ignored}", set.join(", "))
}

/// Why an earlier QR code speaks against fetching another.
pub fn earlier_qr(earlier: &EarlierQr) -> String {
    let fetched = minute(earlier.fetched_at);
    let void = earlier.possibly_void_since.map_or_else(String::new, |at| {
        let at = minute(at);
        format!(", and so may have done the one that was asked for on {at} and did not arrive")
    });
    format!("a QR code was fetched from this device on {fetched}: a new one makes it void{void}")
}

/// What a device does not offer.
pub(super) const fn missing(offer: Offer) -> &'static str {
    match offer {
        Offer::Guid => "it does not report GUID recovery",
        Offer::Questions => "it does not report security questions",
        Offer::Mailbox => "it does not report recovery by e-mail",
        Offer::Cloud => "it does not report Hik-Connect",
        Offer::Unbind => "it does not report that a command can unbind it from Hik-Connect",
        Offer::Deactivate => "it does not report that a command can deactivate it",
    }
}

/// What to do without it.
pub(super) const fn other_way(offer: Offer) -> &'static str {
    match offer {
        Offer::Guid | Offer::Questions | Offer::Mailbox => {
            "use another way of recovery; --force way-not-offered asks it all the same"
        }
        Offer::Cloud => "check its firmware; --force way-not-offered sends it all the same",
        Offer::Unbind => {
            "unbind it in the app or on its own web page; --force way-not-offered sends it all the same"
        }
        Offer::Deactivate => {
            "restore its factory settings on its own web page; --force way-not-offered sends it all the same"
        }
    }
}

/// What is known of a new password.
pub(super) const fn password_reset(finding: Finding) -> &'static str {
    match finding {
        Finding::Set { seen: true } => "the new password is set",
        Finding::Set { seen: false } => {
            "it accepted the new password; it is not back on the network yet"
        }
        Finding::Unactivated => "it reports that it has no password now",
        Finding::NoReply { .. } => "no reply: it may have the new password, or the former one",
    }
}

/// What to do next.
pub(super) fn after_reset(finding: Finding, action: Action) -> Option<&'static str> {
    Some(match finding {
        Finding::Set { seen: true } if action == Action::GuidImport => {
            "its former GUIDs are void: export a new one, sadpctl reset guid export DEVICE"
        }
        Finding::Set { seen: true } => return None,
        Finding::Set { seen: false } => "scan again: it may be restarting",
        Finding::Unactivated => FIRST_PASSWORD,
        Finding::NoReply { .. } => {
            "try the new password in its own web page, once; send nothing again before that"
        }
    })
}

#[cfg(test)]
mod tests {
    use sadp_ops::DeviceRef;

    use super::*;
    use crate::{message, next_step};

    fn done(action: Action, data: OutcomeData) -> Outcome {
        Outcome {
            data,
            ..Outcome::new(DeviceRef::default(), action, OutcomeStatus::Done)
        }
    }

    #[test]
    fn questions_beyond_the_fifteenth_are_told() {
        let told = |ignored| {
            let questions = (1..=15).map(|id| ListedQuestion {
                id,
                set: id == 4,
                name: None,
            });
            let list = ListedQuestions {
                questions: questions.collect(),
                ignored,
            };
            message(&done(Action::QuestionsRead, OutcomeData::Questions(list)))
        };
        assert_eq!(
            told(17),
            "of 15 questions these are set: 4; 17 beyond the first 15 are ignored, as by the vendor's tool"
        );
        assert_eq!(told(0), "of 15 questions these are set: 4");
    }

    #[test]
    fn a_suspect_guid_is_kept_and_told() {
        let told = |suspect| {
            let exported = ExportedGuid {
                path: "a.guid".into(),
                encrypted: false,
                suspect,
            };
            let outcome = done(Action::GuidExport, OutcomeData::ExportedGuid(exported));
            (message(&outcome), next_step(&outcome))
        };
        assert_eq!(told(false), ("its GUID is in the vault".into(), None));
        let (message, next) = told(true);
        assert!(message.contains("does not hold 128 bytes"), "{message}");
        assert!(next.is_some());
    }
}
