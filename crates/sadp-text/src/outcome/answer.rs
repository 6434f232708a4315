//! What became of the vendor's answers.

use std::error::Error;

use sadp_ops::{
    Guard,
    recovery::answer::{AnswerFinding as Finding, AnswerSource as Source, CheckedAnswer, Plan},
};
use sadp_proto::RefusalReply;
use sadp_reset::{Action, AnswerProblem, InvalidReason};

use crate::{
    Confirmation, Explanation, LinkedPage, Remedy, Sentence,
    announcement::{listed, question},
    count, device_lines, invalid_reason, minute, objections, refusal, say,
};

/// What happened, and what to do next.
#[rustfmt::skip]
pub(super) fn explain(finding: &Finding, verdict: Option<&RefusalReply>) -> Explanation {
    match finding {
        Finding::Unusable(file) => say(unusable(file.cause())).next(file.cause().why.remedy()),
        Finding::AlreadyRecovered { at } => say(format!("it accepted its answer on {} already", minute(*at))),
        Finding::RequestInvalid(validity) => say(format!("not sent: {}", objections(validity)))
            .next(Sentence::new("export a new request and ask for a new answer; ").lift(Guard::StaleRequest).text(" sends it anyway")),
        Finding::NotFound => say("not sent: the device was not found; its request stays open")
            .next("connect it without restarting it, then run it again"),
        Finding::SeveralDevices => say("not sent: more than one device can be meant")
            .next("unplug the other, then run it again"),
        Finding::Unactivated => say("it has no password now: it was reset")
            .next(Sentence::new("activate it: ").command("sadpctl activate DEVICE", LinkedPage::Activate)),
        Finding::RefusedBefore { at } => say(format!("not sent: it refused an answer to this request on {}", minute(*at)))
            .next(Sentence::new("check which device the answer is for, and save the right one in its place; ").lift(Guard::RefusedBefore).text(" sends it anyway")),
        Finding::KindUnknown => say("its reply does not say which kind of answer it takes").next("scan again"),
        Finding::TakesNoKey => say("it takes no key, only the file that the vendor's support sends")
            .next("ask the support for the file, and import that"),
        Finding::NoSync => say("it does not offer to pass a new password on to its cameras")
            .next(super::without_sync()),
        Finding::NotAnAnswer(error) => say(format!("not sent: {error}")).next(error.remedy()),
        Finding::SeveralAnswers(source) => say(format!("not sent: {} is not the only answer for it", name(source)))
            .next("name one answer alone"),
        Finding::Planned { source, doubt } => say(with_doubt(format!("would be sent {}", name(source)), *doubt)),
        Finding::PasswordSet { synced: true, seen } => say(if *seen {
            "the new password is set, and passed on to its cameras (by one unauthenticated reply)"
        } else {
            "it accepted the new password, and passes it on to its cameras; it is not back on the network yet"
        })
        .next("try the new password on each camera, once: the recorder does not report which accepted it"),
        Finding::PasswordSet { synced: false, seen: true } => say("the new password is set (by one unauthenticated reply)")
            .next(Sentence::new("log in once with the new password to be sure; then prepare for the next time: ").command("sadpctl reset prepare DEVICE", LinkedPage::Prepare)),
        Finding::PasswordSet { .. } => say("it accepted the new password; it is not back on the network yet"),
        Finding::DefaultPassword { seen } => say(if *seen {
            "it has the default password of its own manual now"
        } else {
            "it accepted the answer, which sets the default password of its own manual; it is not back on the network yet"
        })
        .next(Sentence::new("give it a password of its own at once, in its own web page: the default is widely known; it is in its manual, ").or_on_page("sadpctl does not know it", "it is not known here")),
        Finding::NoReply => say("no reply: it is unknown whether it accepted the answer; its request stays open")
            .next(Sentence::new("try the new password in its own web page, once; if it is refused, import it again with ").lift(Guard::MayHaveWorked)),
        Finding::PossiblyTakenBefore => {
            let refused = verdict.map(|verdict| refusal::explain(verdict, Action::ImportAnswer).message.to_string());
            say(format!("{}: most likely it accepted the answer that was sent before without a reply", refused.unwrap_or_default()))
                .next("try the new password in its own web page, once; if it is refused, export a new request")
        }
        Finding::RequestSpent => match verdict.map(|verdict| refusal::explain(verdict, Action::ImportAnswer)) {
            Some(refused) => Explanation {
                message: format!("{}: its request is closed, by one unauthenticated reply", refused.message).into(),
                ..refused
            },
            None => say("its request is closed, by one unauthenticated reply"),
        },
        Finding::WrongAnswer { doubt } => {
            let details = verdict.map(refusal::details).unwrap_or_default();
            say(with_doubt(format!("it does not take this answer {details}"), *doubt)).next(match doubt {
                Some(_) => Sentence::new("export a new request").or_on_page(" with --again", "").text(", and ask for a new answer"),
                None => Sentence::new("check that the answer is for this very request, and was not changed; do not try others: each wrong one costs a try"),
            })
        }
    }
}

/// Which answer is sent to which device, and what to know before.
pub fn answers_question(plan: &Plan) -> Confirmation<'_> {
    let answers = &plan.answers;
    let number = count(answers.len() as u64, "device", "devices");
    let heading = format!("the vendor's answers are sent to {number}:");
    let names = device_lines(answers.iter().map(|it| &it.device)).into_iter();
    let sent = names.zip(answers).map(|(name, answer)| line(name, answer));
    let mut lines = vec![listed(heading, sent)];
    let by_folder = plan.matched_by_folder();
    if by_folder > 1 {
        lines.push(format!(
            "{by_folder} of them are matched by their folder alone: they are sent last, and no more of them once a device refuses one"
        ));
    }
    if plan.sync_cameras {
        lines.push("the recorders pass the new password on to their cameras".into());
    }
    Confirmation {
        action: Action::ImportAnswer,
        devices: answers.iter().map(|it| &it.device).collect(),
        plan: lines.join("\n"),
        text: question("Send the answers to {}?", answers.len()),
    }
}

fn line(device: String, answer: &CheckedAnswer) -> String {
    let mut line = device + "  <- " + &name(&answer.source);
    if answer.is_legacy() {
        line.push_str(", which sets its old default password");
    }
    with_doubt(line, answer.doubt)
}

fn with_doubt(text: String, doubt: Option<InvalidReason>) -> String {
    match doubt {
        Some(doubt) => format!("{text}; {}", invalid_reason(&doubt)),
        None => text,
    }
}

fn unusable(problem: &AnswerProblem) -> String {
    let path = problem.path.display();
    let cause = problem.why.source();
    let cause = cause.map_or_else(String::new, |cause| format!(" ({cause})"));
    format!("{path}: {}{cause}", problem.why)
}

fn name(source: &Source) -> String {
    match source {
        Source::File(path) => path.display().to_string(),
        Source::Key => "the key that was given".into(),
    }
}
