//! What became of the vendor's answers.

use std::{borrow::Cow, error::Error};

use sadp_ops::recovery::answer::{
    AnswerFinding as Finding, AnswerSource as Source, CheckedAnswer, Plan,
};
use sadp_proto::RefusalReply;
use sadp_reset::{Action, AnswerProblem, InvalidReason};

use crate::{
    Question, Remedy,
    announcement::{listed, question},
    count, device_line, explain, invalid_reason, minute, objections, refusal,
};

/// What happened.
pub(super) fn message(finding: &Finding, verdict: Option<&RefusalReply>) -> Cow<'static, str> {
    let text = match finding {
        Finding::Unusable(file) => return unusable(file.problem()).into(),
        Finding::AlreadyRecovered { at } => {
            return format!("it took its answer on {} already", minute(*at)).into();
        }
        Finding::RequestInvalid(validity) => {
            return format!("not sent: {}", objections(validity)).into();
        }
        Finding::NotFound => "not sent: the device was not found; its request stays open",
        Finding::SeveralDevices => "not sent: more than one device can be meant",
        Finding::Unactivated => "it has no password now: it was reset",
        Finding::RefusedBefore { at } => {
            let at = minute(*at);
            return format!("not sent: it refused an answer to this request on {at}").into();
        }
        Finding::KindUnknown => "its reply does not tell which answer it takes",
        Finding::TakesNoKey => "it takes no key, only the file that the vendor's support sends",
        Finding::NoSync => "it does not offer to pass a new password on to its cameras",
        Finding::NotAnAnswer(error) => return format!("not sent: {error}").into(),
        Finding::SeveralAnswers(source) => {
            return format!("not sent: {} is not the only answer for it", name(source)).into();
        }
        Finding::Planned { source, doubt } => {
            return with_doubt(format!("would be sent {}", name(source)), *doubt).into();
        }
        Finding::PasswordSet { synced, seen } => match (synced, seen) {
            (true, true) => "the new password is set, and passed on to its cameras",
            (true, false) => {
                "it accepted the new password, and passes it on to its cameras; it is not back on the network yet"
            }
            (false, true) => "the new password is set",
            (false, false) => "it accepted the new password; it is not back on the network yet",
        },
        Finding::DefaultPassword { seen: true } => {
            "it has the default password of its own manual now"
        }
        Finding::DefaultPassword { seen: false } => {
            "it accepted the answer, which sets the default password of its own manual; it is not back on the network yet"
        }
        Finding::NoReply => "no reply: it may have taken the answer or not; its request stays open",
        Finding::PossiblyTakenBefore => {
            let refused = verdict.map(|verdict| explain(verdict, Action::ImportAnswer).message);
            return format!(
                "{}: most likely it took the answer that was sent before and got no reply",
                refused.unwrap_or_default()
            )
            .into();
        }
        Finding::WrongAnswer { doubt } => {
            let details = verdict.map(refusal::details).unwrap_or_default();
            let text = format!("it does not take this answer {details}");
            return with_doubt(text, *doubt).into();
        }
    };
    text.into()
}

/// What to do next.
pub(super) fn next_step(finding: &Finding) -> Option<Cow<'static, str>> {
    let next = match finding {
        Finding::Unusable(file) => return Some(file.problem().why.remedy()),
        Finding::NotAnAnswer(error) => return Some(error.remedy()),
        Finding::RequestInvalid(_) => {
            "export a new request and ask for a new answer; --force stale-request sends it all the same"
        }
        Finding::NotFound => "connect it without restarting it, then run it again",
        Finding::SeveralDevices => "unplug the other, then run it again",
        Finding::Unactivated => "activate it: sadpctl activate DEVICE",
        Finding::RefusedBefore { .. } => {
            "check whose answer it is, and save the right one in its place; --force refused-before sends it all the same"
        }
        Finding::KindUnknown => "scan again",
        Finding::TakesNoKey => "ask the support for the file, and import that",
        Finding::NoSync => "leave --sync-cameras out, and set the cameras' passwords one by one",
        Finding::SeveralAnswers(_) => "name one answer alone",
        Finding::PasswordSet { synced: true, .. } => {
            "try the new password on each camera, once: the recorder does not tell which took it"
        }
        Finding::DefaultPassword { .. } => {
            "give it a password of its own at once, in its own web page: the default is widely known; it is in its manual, sadpctl does not know it"
        }
        Finding::NoReply => {
            "try the new password in its own web page, once; if it is refused, import it again with --force may-have-worked"
        }
        Finding::PossiblyTakenBefore => {
            "try the new password in its own web page, once; if it is refused, export a new request"
        }
        Finding::WrongAnswer { doubt: Some(_) } => {
            "export a new request with --again, and ask for a new answer"
        }
        Finding::WrongAnswer { doubt: None } => {
            "check that the answer is for this very request, and was not changed; do not try others: each wrong one costs a try"
        }
        Finding::AlreadyRecovered { .. }
        | Finding::Planned { .. }
        | Finding::PasswordSet { synced: false, .. } => return None,
    };
    Some(next.into())
}

/// Which answer is sent to which device, and what to know before.
pub fn answers_question(plan: &Plan) -> Question<'_> {
    let answers = &plan.answers;
    let number = count(answers.len() as u64, "device", "devices");
    let heading = format!("the vendor's answers are sent to {number}:");
    let mut lines = vec![listed(heading, answers.iter().map(line), 40)];
    let by_folder = plan.matched_by_folder();
    if by_folder > 1 {
        lines.push(format!(
            "of {by_folder} only the folder tells whose they are: they are sent last, and none any more once a device refuses one"
        ));
    }
    if plan.sync_cameras {
        lines.push("the recorders pass the new password on to their cameras".into());
    }
    Question {
        action: Action::ImportAnswer,
        devices: answers.iter().map(|it| &it.device).collect(),
        plan: lines.join("\n"),
        text: question("Send the answers to {}?", answers.len()),
    }
}

fn line(answer: &CheckedAnswer) -> String {
    let mut line = format!(
        "{}  <- {}",
        device_line(&answer.device),
        name(&answer.source)
    );
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
