//! A device's word of refusal, told to people.

use sadp_model::text::clean;
use sadp_proto::{Refusal, RefusalReply};
use sadp_reset::Action;

use crate::{Explanation, LinkedPage, Sentence, count, say};

/// Whether it brings a password back, by a secret that is tried only once.
const fn replaces_password(action: Action) -> bool {
    let spec = action.spec();
    spec.sets_password && spec.costs_try && !matches!(action, Action::Deactivate)
}

/// Explains a refusal: a sentence with the vendor's number, and the next step.
pub(crate) fn explain(verdict: &RefusalReply, action: Action) -> Explanation {
    let words = words(&verdict.refusal, action);
    Explanation {
        message: format!("{} {}", words.message, details(verdict)).into(),
        ..words
    }
}

/// The vendor's number and word, and what the device says of its tries.
pub(crate) fn details(verdict: &RefusalReply) -> String {
    let refusal = &verdict.refusal;
    let mut details = match (refusal, refusal.number()) {
        (Refusal::Other(word), _) => format!("(\"{}\")", clean(word)),
        (_, Some(number)) => format!("({number} {})", refusal.word()),
        (_, None) => format!("({})", refusal.word()),
    };
    if let Some(left) = verdict.tries_left {
        let tries = count(left.into(), "try", "tries");
        details.extend([", ", &tries, " left"]);
    }
    if let Some(minutes) = verdict.lock_minutes {
        let minutes = count(minutes.into(), "minute", "minutes");
        details.extend([", locked for ", &minutes]);
    }
    details
}

#[rustfmt::skip]
fn words(refusal: &Refusal, action: Action) -> Explanation {
    match refusal {
        Refusal::Failed if replaces_password(action) => say("it refused and gave no reason")
            .next("send it nothing more until you know the reason, and do not restart it: a restart makes requests and codes void; use another way of recovery"),
        Refusal::Failed if action.spec().costs_try => say("it refused and gave no reason")
            .next("do not send it again: some firmware replies so to a wrong password; otherwise it is bound to the cloud, changes by SADP are switched off, or it has just booted: look at its web page first"),
        Refusal::Failed if matches!(action, Action::ExportRequest | Action::QuestionsRead | Action::MailQr) => say("it refused and gave no reason")
            .next("it may be bound to the cloud, have SADP switched off, or have just booted: look at its web page, or use another way of recovery"),
        Refusal::Locked if replaces_password(action) => say("it is locked after too many wrong tries")
            .next("wait until the lock is over, without another try; then check what you send, or use another way of recovery"),
        Refusal::QuestionNumErr if action == Action::QuestionsSet => say("it does not take these questions")
            .next(Sentence::new("name three that it has: ").command("sadpctl reset questions show DEVICE", LinkedPage::Questions)),
        Refusal::NotExist if action == Action::MailSet => say("it does not take this address, or no reserved e-mail address at all")
            .next("check the address; if it is right, set security questions or export a GUID instead"),
        Refusal::Failed => say("it refused and gave no reason")
            .next("it may be bound to the cloud, have changes by SADP switched off, or have just booted: scan to see its state, and look at its web page"),
        Refusal::Locked => say("it is locked after too many wrong tries")
            .next("wait until the lock is over, without another try; then use the right password"),
        Refusal::NotActivated => say("it has no password yet")
            .next(Sentence::new("give it its first one: ").command("sadpctl activate DEVICE", LinkedPage::Activate)),
        Refusal::RiskPassword => say("it finds the new password too weak")
            .next("choose one of 8 to 16 characters of three kinds, without the user name, 123, or runs of digits"),
        Refusal::HasActivated => say("it has a password already")
            .next("use that password; if nobody knows it, it must be recovered"),
        Refusal::EmptyEncryptString => say("it has no open request for this answer")
            .next("it was restarted or the request was exported again: export again and ask for a new answer"),
        Refusal::ExportFileOverDue => say("the request is too old")
            .next("export a new request and ask for a new answer"),
        Refusal::PasswordError => say("the password is wrong")
            .next("do not try other passwords: after a few wrong ones the device locks; ask who set it, or recover it"),
        Refusal::LongAnswer => say("an answer is too long")
            .next("choose a shorter one: 192 bytes are sent at most, and it takes fewer"),
        Refusal::InvalidGuid => say("the GUID is of another device, was used, or is void")
            .next("do not try it again: seven wrong ones lock the device; use another way of recovery"),
        Refusal::AnswerError => say("an answer is wrong")
            .next("do not guess: after a few wrong ones it locks; ask who set the questions"),
        Refusal::QuestionNumErr => say("it wants another number of questions")
            .next("answer as many questions as it shows"),
        Refusal::CodeError => say("the code is wrong")
            .next("compare it with the mail; a restart or a newer code makes it void"),
        Refusal::ResetCodeError => say("the answer is wrong")
            .next("do not guess: after a few wrong ones it locks; check that it belongs to the latest request of this device"),
        Refusal::BindErrorDev => say("a device to be bound does not answer")
            .next("scan to see which devices there are"),
        Refusal::ExceedMaxBindNum => say("it binds no more devices")
            .next("take others off its list first"),
        Refusal::IllegalVerificationCode => say("the verification code does not meet its rules")
            .next("choose another, for example of 6 to 12 letters and digits"),
        Refusal::NotBound => say("it is not bound to a Hik-Connect account")
            .next("there is nothing to unbind"),
        Refusal::CloudDisabled => say("Hik-Connect is off on it")
            .next(Sentence::new("switch it on first: ").terminal_only("sadpctl cloud enable DEVICE")),
        Refusal::CloudOffline => say("it does not reach Hik-Connect")
            .next("give it a gateway and DNS with access to the internet, or unbind it in the app"),
        Refusal::NotExist => say("it does not have what the command names")
            .next("scan again and compare with what it says it supports"),
        Refusal::NotSetMailBox => say("no reserved e-mail address is set")
            .next("use another way of recovery, and set an address once the password is known"),
        Refusal::Other(_) if action == Action::Locate => say("it refused for an unknown reason")
            .next("this model may have no such lamp"),
        Refusal::Other(_) => say("it refused for an unknown reason")
            .next("scan again to see its state; the vendor's support may know what it means"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_is_never_answered_with_advice_to_repeat_it() {
        for &action in Action::ALL {
            let verdict = RefusalReply::from(Refusal::Failed);
            let Explanation { message, next } = explain(&verdict, action);
            let (message, next) = (message.to_string(), next.unwrap().to_string());
            assert_eq!(message, "it refused and gave no reason (2009 failed)");
            for repeat in [
                "once more",
                "try again",
                "run it again",
                "send it once",
                "retry",
            ] {
                assert!(!next.contains(repeat), "{action}: {next}");
            }
            let means = ["wrong password", "cloud", "SADP", "booted", "void"];
            assert!(means.iter().any(|it| next.contains(it)), "{action}: {next}");
        }
    }
}
