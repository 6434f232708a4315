//! Commands by what they do, and what the ledger holds of them.

use sadp_proto::{Refusal, RefusalReply};
use sadp_reset::{Action, AttemptRecord, AttemptResult, RefusalWord};

use crate::refusal::explain;

/// What a command does, e.g. `set the first password`.
pub const fn action_text(action: Action) -> &'static str {
    words(action).0
}

/// What is done to devices, ending where their number follows.
pub(crate) const fn under_way(action: Action) -> &'static str {
    words(action).1
}

/// What a command does, and the same while it goes on.
#[rustfmt::skip]
const fn words(action: Action) -> (&'static str, &'static str) {
    match action {
        Action::Activate => ("set the first password", "activating"),
        Action::NetSet => ("change network settings", "sending new settings:"),
        Action::ExportRequest => ("export a request to the vendor's support", "exporting requests:"),
        Action::ImportAnswer => ("send the answer of the vendor's support", "sending answers:"),
        Action::GuidExport => ("export a GUID", "exporting GUIDs:"),
        Action::GuidImport => ("send a GUID", "sending GUIDs:"),
        Action::QuestionsRead => ("read which security questions are set", "asking devices:"),
        Action::QuestionsSet => ("set security questions", "setting questions:"),
        Action::QuestionsAnswer => ("send answers to security questions", "sending the answers:"),
        Action::MailSet => ("set the e-mail address for recovery", "setting e-mail addresses:"),
        Action::MailQr => ("fetch the QR code for a mailed code", "fetching QR codes:"),
        Action::MailConfirm => ("send a mailed code", "sending the code:"),
        Action::Locate => ("switch the lamp", "switching lamps:"),
        Action::SetUpRead => ("read which recovery methods are set up", "asking devices:"),
        Action::CloudShow => ("read the Hik-Connect state", "asking devices:"),
        Action::CloudSet => ("switch Hik-Connect on or off", "changing Hik-Connect:"),
        Action::CloudCode => ("set the Hik-Connect verification code", "changing Hik-Connect:"),
        Action::CloudUnbind => ("unbind from Hik-Connect", "changing Hik-Connect:"),
        Action::Deactivate => ("deactivate", "deactivating"),
        Action::Check => ("try the current password", "checking"),
        Action::TimeShow => ("read the clock", "asking devices:"),
        Action::TimeSet => ("set the clock", "setting clocks:"),
        Action::OnvifShow => ("read ONVIF settings", "asking devices:"),
        Action::OnvifSet => ("change ONVIF settings", "setting ONVIF:"),
        Action::Cameras => ("read the list of cameras", "asking devices:"),
    }
}

/// What became of a command, as far as the ledger knows.
pub fn attempt_text(record: &AttemptRecord) -> String {
    match (&record.verdict, record.carried_out) {
        (_, Some(true)) => "no reply; a login showed later that it was carried out".into(),
        (_, Some(false)) => "no reply; a login showed later that it was not carried out".into(),
        (None, None) => "no result was recorded: it may have been carried out".into(),
        (Some(verdict), None) => match verdict.result {
            AttemptResult::Done => "it was carried out".into(),
            AttemptResult::Unknown => "no reply: it may have been carried out".into(),
            AttemptResult::NoAnswer => "no reply".into(),
            AttemptResult::Skipped => "it was not sent".into(),
            AttemptResult::Refused => {
                let word = verdict.refusal.as_ref().map(RefusalWord::as_str);
                let Some(refusal) = word.and_then(Refusal::read) else {
                    return "it refused".into();
                };
                let reply = RefusalReply {
                    tries_left: verdict.tries_left,
                    lock_minutes: verdict.lock_minutes,
                    ..refusal.into()
                };
                explain(&reply, record.attempt.action).message.to_string()
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use sadp_reset::{Attempt, AttemptFilter, AttemptVerdict, Ledger};

    use super::*;

    #[test]
    fn every_end_of_a_command_has_words() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(folder.path()).unwrap();
        let at = Timestamp::UNIX_EPOCH;
        let refused = AttemptVerdict {
            refusal: Some(RefusalWord::new("PasswordError")),
            number: Some(2024),
            tries_left: Some(4),
            ..AttemptVerdict::new(AttemptResult::Refused, at)
        };
        let bare = AttemptResult::ALL.iter();
        let bare = bare.map(|it| AttemptVerdict::new(*it, at));
        for verdict in bare.chain([refused]).map(Some).chain([None]) {
            let attempt = Attempt {
                device: None,
                address: None,
                action: Action::Activate,
                at,
            };
            let id = ledger.begin(&attempt).unwrap();
            if let Some(verdict) = verdict {
                ledger.finish(id, &verdict).unwrap();
            }
        }
        let all = ledger.attempts(&AttemptFilter::default()).unwrap();
        let mut all = all.iter();
        let unknown = all.find(|it| it.result() == AttemptResult::Unknown);
        ledger.settle(unknown.unwrap().id, true, at).unwrap();
        let mut all = ledger.attempts(&AttemptFilter::default()).unwrap();
        all.reverse();
        let texts: Vec<_> = all.iter().map(attempt_text).collect();
        insta::assert_snapshot!(texts.join("\n"));
    }
}
