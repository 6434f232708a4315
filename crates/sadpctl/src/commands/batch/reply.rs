//! What became of a command: for the ledger, and in words.

use jiff::Timestamp;
use sadp_discovery::JobReport;
use sadp_ops::DiscoveredDevice;
use sadp_proto::CommandOutcome as Reply;
use sadp_reset::{Action, AttemptResult, AttemptVerdict, RefusalWord};

use super::stopped::Stopped;
use crate::outcome::{Ending, Outcome};

/// What the ledger keeps of a reply.
pub(super) fn verdict(reply: &Reply, at: Timestamp) -> AttemptVerdict {
    let plain = |result| AttemptVerdict::new(result, at);
    match reply {
        Reply::Done(_) => plain(AttemptResult::Done),
        Reply::Unknown => plain(AttemptResult::Unknown),
        Reply::NoAnswer => plain(AttemptResult::NoAnswer),
        Reply::Impostor | Reply::Failed(_) => plain(AttemptResult::Skipped),
        Reply::Refused(verdict) => AttemptVerdict {
            refusal: Some(RefusalWord::new(verdict.refusal.word())),
            number: verdict.refusal.number(),
            tries_left: verdict.tries_left,
            lock_minutes: verdict.lock_minutes,
            ..plain(AttemptResult::Refused)
        },
    }
}

/// What a batch tells of one device.
pub(super) fn outcome(
    found: &DiscoveredDevice,
    action: Action,
    report: JobReport,
    stopped: Option<Stopped>,
) -> Outcome {
    let mut outcome = of_reply(found, action, report.outcome, stopped);
    // Where nothing was sent, that is said already.
    if report.forged && outcome.result != Ending::Skipped {
        outcome.beware();
    }
    outcome
}

fn of_reply(
    found: &DiscoveredDevice,
    action: Action,
    reply: Option<Reply>,
    stopped: Option<Stopped>,
) -> Outcome {
    let new = |result, message: &str| Outcome::new(found, action, result, message);
    match reply {
        Some(Reply::Done(_)) => new(Ending::Done, "done"),
        Some(Reply::Refused(verdict)) => Outcome::refused(found, action, &verdict),
        Some(Reply::Unknown) => new(
            Ending::Unknown,
            "no reply: it may have been carried out or not",
        )
        .next("scan to see its state, then run it again"),
        Some(Reply::NoAnswer) => new(Ending::NoAnswer, unanswered(action))
            .next("check cable and power, scan again, then run it again"),
        Some(Reply::Impostor) => Outcome::unsafe_to_send(
            found,
            action,
            "not sent: something else on the network answered for it",
        )
        .next("find out which machine does so; connect the device to this machine alone"),
        Some(Reply::Failed(error)) => {
            Outcome::unsafe_to_send(found, action, format!("not sent: {error}"))
                .next("scan again, then run it again")
        }
        None => stopped
            .unwrap_or(Stopped::Interrupted)
            .outcome(found, action),
    }
}

/// What silence leaves open.
const fn unanswered(action: Action) -> &'static str {
    match action {
        Action::ExportRequest => {
            "no answer: it may have made a new request all the same; an older one may be void"
        }
        Action::MailQr => {
            "no answer: it may have made a new QR code all the same; an older one may be void"
        }
        _ => "no answer: nothing was changed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::Samples as _;

    #[test]
    fn silence_leaves_open_what_a_device_makes_anew() {
        let found = DiscoveredDevice::named("44:47:cc:00:00:05");
        for &action in Action::ALL {
            let report = JobReport {
                outcome: Some(Reply::NoAnswer),
                forged: false,
            };
            let told = outcome(&found, action, report, None).message;
            let makes_new = matches!(action, Action::ExportRequest | Action::MailQr);
            assert_eq!(told.contains("nothing was changed"), !makes_new, "{action}");
            assert_eq!(told.contains("may be void"), makes_new, "{action}");
        }
    }
}
