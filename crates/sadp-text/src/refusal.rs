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
    let (sentence, next) = words(&verdict.refusal, action);
    let next = Sentence::new(next).then(command(&verdict.refusal, action));
    say(format!("{sentence} {}", details(verdict))).next(next)
}

/// What stands at the end of the next step.
fn command(refusal: &Refusal, action: Action) -> Sentence {
    let none = Sentence::default();
    match refusal {
        Refusal::QuestionNumErr if action == Action::QuestionsSet => {
            none.command("sadpctl reset questions show DEVICE", LinkedPage::Questions)
        }
        Refusal::NotActivated => none.command("sadpctl activate DEVICE", LinkedPage::Activate),
        Refusal::CloudDisabled => none.terminal_only("sadpctl cloud enable DEVICE"),
        _ => none,
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
fn words(refusal: &Refusal, action: Action) -> (&'static str, &'static str) {
    match refusal {
        Refusal::Failed if replaces_password(action) => ("it refused and gave no reason",
            "send it nothing more until you know the reason, and do not restart it: a restart makes requests and codes void; use another way of recovery"),
        Refusal::Failed if action.spec().costs_try => ("it refused and gave no reason",
            "do not send it again: some firmware replies so to a wrong password; otherwise it is bound to the cloud, changes by SADP are switched off, or it has just booted: look at its web page first"),
        Refusal::Failed if matches!(action, Action::ExportRequest | Action::QuestionsRead | Action::MailQr) => ("it refused and gave no reason",
            "it may be bound to the cloud, have SADP switched off, or have just booted: look at its web page, or use another way of recovery"),
        Refusal::Locked if replaces_password(action) => ("it is locked after too many wrong tries",
            "wait until the lock is over, without another try; then check what you send, or use another way of recovery"),
        Refusal::QuestionNumErr if action == Action::QuestionsSet => ("it does not take these questions",
            "name three that it has: "),
        Refusal::NotExist if action == Action::MailSet => ("it does not take this address, or no reserved e-mail address at all",
            "check the address; if it is right, set security questions or export a GUID instead"),
        Refusal::Failed => ("it refused and gave no reason",
            "it may be bound to the cloud, have changes by SADP switched off, or have just booted: scan to see its state, and look at its web page"),
        Refusal::Locked => ("it is locked after too many wrong tries",
            "wait until the lock is over, without another try; then use the right password"),
        Refusal::NotActivated => ("it has no password yet",
            "give it its first one: "),
        Refusal::RiskPassword => ("it finds the new password too weak",
            "choose one of 8 to 16 characters of three kinds, without the user name, 123, or runs of digits"),
        Refusal::HasActivated => ("it has a password already",
            "use that password; if nobody knows it, it must be recovered"),
        Refusal::EmptyEncryptString => ("it has no open request for this answer",
            "it was restarted or the request was exported again: export again and ask for a new answer"),
        Refusal::ExportFileOverDue => ("the request is too old",
            "export a new request and ask for a new answer"),
        Refusal::PasswordError => ("the password is wrong",
            "do not try other passwords: after a few wrong ones the device locks; ask who set it, or recover it"),
        Refusal::LongAnswer => ("an answer is too long",
            "choose a shorter one: 192 bytes are sent at most, and it takes fewer"),
        Refusal::InvalidGuid => ("the GUID is of another device, was used, or is void",
            "do not try it again: seven wrong ones lock the device; use another way of recovery"),
        Refusal::AnswerError => ("an answer is wrong",
            "do not guess: after a few wrong ones it locks; ask who set the questions"),
        Refusal::QuestionNumErr => ("it wants another number of questions",
            "answer as many questions as it shows"),
        Refusal::CodeError => ("the code is wrong",
            "compare it with the mail; a restart or a newer code makes it void"),
        Refusal::ResetCodeError => ("the answer is wrong",
            "do not guess: after a few wrong ones it locks; check that it belongs to the latest request of this device"),
        Refusal::BindErrorDev => ("a device to be bound does not answer",
            "scan to see which devices there are"),
        Refusal::ExceedMaxBindNum => ("it binds no more devices",
            "take others off its list first"),
        Refusal::IllegalVerificationCode => ("the verification code does not meet its rules",
            "choose another, for example of 6 to 12 letters and digits"),
        Refusal::NotBound => ("it is not bound to a Hik-Connect account",
            "there is nothing to unbind"),
        Refusal::CloudDisabled => ("Hik-Connect is off on it",
            "switch it on first: "),
        Refusal::CloudOffline => ("it does not reach Hik-Connect",
            "give it a gateway and DNS with access to the internet, or unbind it in the app"),
        Refusal::NotExist => ("it does not have what the command names",
            "scan again and compare with what it says it supports"),
        Refusal::NotSetMailBox => ("no reserved e-mail address is set",
            "use another way of recovery, and set an address once the password is known"),
        Refusal::Other(_) if action == Action::Locate => ("it refused for an unknown reason",
            "this model may have no such lamp"),
        Refusal::Other(_) => ("it refused for an unknown reason",
            "scan again to see its state; the vendor's support may know what it means"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_is_never_answered_with_advice_to_repeat_it() {
        for &action in Action::ALL {
            let verdict = RefusalReply {
                refusal: Refusal::Failed,
                tries_left: None,
                lock_minutes: None,
                without_mac: false,
            };
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
