//! A reset by the button.

use std::time::Duration;

use humantime::format_duration;
use sadp_ops::{
    Guard, Outcome,
    recovery::button::{ButtonFinding as Finding, ButtonProgress as Progress},
};

use super::first_password;
use crate::{Explanation, Line, LinkedPage, Sentence, say, with_cause};

/// What happened, and what to do next.
#[rustfmt::skip]
pub(super) fn explain(finding: &Finding, outcome: &Outcome) -> Explanation {
    let mac = outcome.device.mac.filter(|mac| mac.is_identity());
    let name = mac.map_or_else(|| "DEVICE".into(), |mac| mac.to_string());
    let activate = first_password(&name);
    let try_again = "power it off, hold the button while powering it on and for more than 30 s, and run this again; nothing was changed from here";
    match finding {
        Finding::Unactivated => say("already unactivated: there is nothing to reset").next(activate),
        Finding::Reset => say("reset: it is back, unactivated").next(activate),
        Finding::NotForDevice { obstacle, others } => {
            let others: Vec<_> = others.iter().map(|way| way.label()).collect();
            let first = format!("ways that may fit it: {}; ", others.join(", "));
            say(obstacle.to_string()).next(
                Sentence::new(first)
                    .command("sadpctl reset ways", LinkedPage::RecoveryMethods)
                    .text(" shows what each needs; ")
                    .lift(Guard::WayNotOffered)
                    .or_on_page(" prints the steps and waits anyway", " waits anyway"),
            )
        }
        Finding::Unrecognisable => say("it reports neither a MAC of its own nor a serial: it could not be recognised after the reset")
            .next(Sentence::new("reset it by hand as its manual says, then look for it with ").command("sadpctl scan", LinkedPage::Devices)),
        Finding::StillActive => say("still active: not reset yet").next(try_again),
        Finding::NoRestart => say("it did not restart: not reset yet").next(try_again),
        Finding::StateUnknown => say("it restarted; its firmware does not report whether it has a password")
            .next("try the default password of its own manual, and give it a new one at once"),
        Finding::Offline => say("offline: it is not known whether it was reset")
            .next("power it on and scan: unactivated means that it was reset"),
    }
}

/// What happens while a reset is awaited.
pub(crate) fn line(progress: &Progress<'_>) -> Option<Line> {
    let text = match progress {
        Progress::Waiting { .. } => return None,
        Progress::Begins(limit) => {
            let limit = format_duration(*limit);
            format!("Waiting for it, {limit} at most. To stop the wait changes nothing.")
        }
        Progress::Offline => "It is offline: switched off, or starting.".into(),
        Progress::StillActive => "It is back and still active: the button was not held from before power-on, or not long enough. Power it off and try again.".into(),
        Progress::CannotLook(error) => {
            let why = with_cause(*error);
            let warning = format!("cannot look for it now: {why}; the wait goes on");
            return Some(Line::Warning(warning));
        }
        Progress::Back { before, now } => match (before, now) {
            (Some(before), Some(now)) if before != now => {
                format!("It is back and unactivated, at {now}; it was at {before}.")
            }
            (_, Some(now)) => format!("It is back and unactivated, at {now}."),
            (_, None) => "It is back and unactivated.".into(),
        },
    };
    Some(Line::Note(text.into()))
}

/// How long a reset has been awaited.
pub(crate) fn waiting(elapsed: Duration, offline: bool) -> String {
    let elapsed = format_duration(Duration::from_secs(elapsed.as_secs()));
    let seen = if offline { "offline" } else { "not reset yet" };
    format!("waiting, {elapsed}: {seen}")
}
