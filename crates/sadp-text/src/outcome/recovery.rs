//! What devices offer, and what became of those that were to set a new password.

use sadp_ops::{
    Guard, Offer, OutcomeStatus, Preparation,
    owner::CloudStatus,
    recovery::{
        mail::EarlierQr,
        password_reset::ResetFinding as Finding,
        prepare::PreparedDevice,
        questions::{ListedQuestion, ListedQuestions},
    },
    verify::VerifyFinding,
};
use sadp_proto::QuestionList;
use sadp_reset::Action;

use super::{first_password, message, next_step};
use crate::{Explanation, LinkedPage, Sentence, count, minute, say};

/// Which questions are set.
pub(super) fn questions(list: &ListedQuestions) -> String {
    let text = |question: &ListedQuestion| match &question.name {
        Some(name) => format!("{} ({name})", question.id),
        None => question.id.to_string(),
    };
    let set = list.questions.iter().filter(|it| it.set);
    let set: Vec<_> = set.map(text).collect();
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

/// What is prepared on a device.
pub(super) fn prepared(device: &PreparedDevice) -> String {
    let steps = device.steps.iter().map(|step| {
        let (name, already, done) = match step.preparation {
            Preparation::Guid => ("GUID", "exported already", "exported"),
            Preparation::Mailbox => ("e-mail", "reserved already", "reserved"),
            Preparation::Questions => ("questions", "set already", "set"),
        };
        let text = match &step.outcome {
            None => already.into(),
            Some(outcome) => match outcome.status {
                OutcomeStatus::Done if next_step(outcome).is_none() => done.into(),
                OutcomeStatus::Planned => "planned".into(),
                _ => message(outcome),
            },
        };
        let way = if step.over_http { " over HTTP" } else { "" };
        format!("{name}{way}: {text}")
    });
    let CloudStatus { enabled, bound, .. } = device.cloud;
    let cloud = (device.cloud.supported == Some(true)).then(|| {
        let enabled = match enabled {
            Some(true) => "on",
            Some(false) => "off",
            None => "state not reported",
        };
        let bound = match bound {
            Some(true) => "bound",
            Some(false) => "not bound",
            None => "binding not reported",
        };
        format!("Hik-Connect: {enabled}, {bound}")
    });
    steps.chain(cloud).collect::<Vec<_>>().join("; ")
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

/// What a device does not offer, and what to do without it.
#[rustfmt::skip]
pub(super) fn missing(offer: Offer) -> Explanation {
    let other_way = Sentence::new("use another way of recovery; ")
        .lift(Guard::WayNotOffered)
        .text(" asks it anyway");
    match offer {
        Offer::Guid => say("it does not report GUID recovery").next(other_way),
        Offer::Questions => say("it does not report security questions").next(other_way),
        Offer::Mailbox => say("it does not report recovery by e-mail").next(other_way),
        Offer::Cloud => say("it does not report Hik-Connect")
            .next(sent_anyway("check its firmware")),
        Offer::Unbind => say("it does not report that a command can unbind it from Hik-Connect")
            .next(sent_anyway("unbind it in the app or on its own web page")),
        Offer::Deactivate => say("it does not report that a command can deactivate it")
            .next(sent_anyway("restore its factory settings on its own web page")),
    }
}

fn sent_anyway(first: &'static str) -> Sentence {
    Sentence::new(first)
        .text("; ")
        .lift(Guard::WayNotOffered)
        .text(" sends it anyway")
}

/// A GUID once a new password is set.
fn export_again() -> Sentence {
    Sentence::new("its former GUIDs are void: export a new one, ")
        .command("sadpctl reset guid export DEVICE", LinkedPage::GuidExport)
}

/// What is known of a new password, and what to do next.
#[rustfmt::skip]
pub(super) fn password_reset(finding: Finding, action: Action) -> Explanation {
    match finding {
        Finding::Set { seen: true } if action == Action::GuidImport => say("the new password is set")
            .next(export_again()),
        Finding::Set { seen: true } => say("the new password is set"),
        Finding::Set { seen: false } => say("it accepted the new password; it is not back on the network yet")
            .next("scan again: it may be restarting"),
        Finding::Unactivated => say("it reports that it has no password now").next(first_password("DEVICE")),
        Finding::NoReply { .. } => say("no reply: it may have the new password, or the former one")
            .next("try the new password in its own web page, once; send nothing again before that"),
        Finding::PossiblySetBefore { .. } => say("it refused: most likely what was sent before, without a reply, set its password already")
            .next("try the new password in its own web page, once; send nothing again before that"),
    }
}

/// What one login shows of a command that set a new password, and what to do next.
#[rustfmt::skip]
pub(super) fn verified(finding: VerifyFinding, action: Action) -> Explanation {
    match (finding, action) {
        (VerifyFinding::Set, Action::GuidImport) => say(SET)
            .next(export_again()),
        (VerifyFinding::Set, Action::ImportAnswer) => say(SET)
            .next(Sentence::new("prepare for the next time: ").command("sadpctl reset prepare DEVICE", LinkedPage::Prepare)),
        (VerifyFinding::Set, _) => say(SET),
        (VerifyFinding::NotSet, Action::Activate) => say("it has another password: somebody else may have activated it")
            .next(Sentence::new("ask who set it, or recover it: ").command("sadpctl reset ways DEVICE", LinkedPage::RecoveryMethods)),
        (VerifyFinding::NotSet, _) => say("the former password is still in force: one login with the new one was refused")
            .next(Sentence::new("run it again with ").lift(Guard::RefusedBefore).text("; if what was sent was wrong, that costs another try")),
        (VerifyFinding::Contradicted, _) => say("it reported success, but refused the new password in one login")
            .next(Sentence::new("find out which machine answers for it; then ").command("sadpctl reset ways DEVICE", LinkedPage::RecoveryMethods).text(" shows how to recover it")),
    }
}

const SET: &str = "the new password is set: verified by one login";

#[cfg(test)]
mod tests {
    use sadp_ops::{DeviceRef, Outcome, OutcomeData, OutcomeStatus, recovery::guid::ExportedGuid};

    use super::*;
    use crate::{message, next_step};

    fn done(action: Action, data: OutcomeData) -> Outcome {
        Outcome {
            data,
            ..Outcome::new(DeviceRef::default(), action, OutcomeStatus::Done)
        }
    }

    #[test]
    fn questions_beyond_the_fifteenth_are_reported() {
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
    fn a_suspect_guid_is_kept_and_reported() {
        let told = |suspect| {
            let exported = ExportedGuid {
                excluded: None,
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
