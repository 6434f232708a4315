//! What happens while an operation runs.

use std::time::Duration;

use sadp_discovery::Notice;
use sadp_model::text::clean;
use sadp_ops::{Event, OpsError, recovery::button::ButtonProgress};
use sadp_proto::DiscoveryStats;
use sadp_reset::ClaimHolder;

use crate::{
    Line, Remedy, Sentence, count, device_name, first_of, history::under_way, minute,
    outcome::button, seconds, with_cause,
};

/// The lines about an event. None where it only says how far an operation is.
#[rustfmt::skip]
pub fn lines(event: &Event<'_>) -> Vec<Line> {
    match event {
        Event::LookBegins { links, raw } => {
            let links = links.iter().map(|link| format!("asking on {} ({})", link.interface, link.network));
            let raw = raw.iter().map(|interface| format!("asking on {interface} by raw Ethernet frames too"));
            links.chain(raw).map(Line::Detail).collect()
        }
        Event::LookLimited(notice) => vec![Line::Warning(with_cause(notice)), Line::Hint(notice.remedy())],
        Event::LookTally(tally) => losses(tally).into_iter().map(Line::Warning).collect(),
        Event::LookFailed(error) => warning(format!("could not check the result: {}", with_cause(*error))),
        Event::SendingAgain(devices) => note(format!("no reply from {}, and no change: sent again", count(*devices as u64, "device", "devices"))),
        Event::WaitingFor { missing, all, .. } => note(Sentence::new(format!("waiting for {missing} of {} to come back", count(*all as u64, "device", "devices"))).or_on_page("; Ctrl-C ends the wait", "")),
        // Commands were sent before this stop.
        Event::BatchEnds(Some(OpsError::Stopped)) => warning("nothing more is sent: interrupted"),
        Event::BatchEnds(Some(error)) => warning(format!("nothing more is sent: {}", with_cause(*error))),
        Event::BatchEnds(None) => warning("nothing more is sent: no device answers any more"),
        Event::WaitingForClaim { holder, at_most } => note(format!("waiting {} s at most: {}", at_most.as_secs_f64().ceil(), claimed(*holder))),
        Event::LocksUnreadable(error) => warning(format!("remembered locks are not shown: {}", with_cause(*error))),
        Event::ClockSetBack(error) => {
            let mut lines = warning("this computer's clock was set back since locks were recorded: they count from now");
            let again = error.map(|error| format!("the next run will count them from its own start again: {}", with_cause(error)));
            lines.extend(again.map(Line::Warning));
            lines
        }
        Event::SenderConflict { device, used, other } => warning(format!(
            "{} also replied from {other}: another device may pretend to be it; only replies from {used} count", device_name(device))),
        Event::LampIsOn(time) => note(Sentence::new(format!("the lamp is on for {}; ", humantime::format_duration(*time))).or_on_page("Ctrl-C", "Stop").text(" switches it off at once")),
        Event::Stopping => note("interrupted: nothing more is sent; waiting for replies to what was sent"),
        Event::SendingLimited(notice) => sending_limited(notice),
        Event::ImpersonationSuspected(device) => warning(format!(
            "replies of {} contradict each other: another machine on the network may answer for it", device_name(device))),
        Event::Button(progress) => button::line(progress).into_iter().collect(),
        Event::Looking(_) | Event::LookEnds | Event::Progress { .. } => Vec::new(),
    }
}

/// How far an operation is: a line that the next one replaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is done, e.g. `activating 12 of 40`.
    pub text: String,
    /// How much is done, and of how much.
    pub done: Option<(u64, u64)>,
    /// How long it takes at most, where that is known.
    pub left: Option<Duration>,
}

/// How far an operation is. None where the event does not say.
pub fn progress(event: &Event<'_>) -> Option<Progress> {
    let mut done = None;
    let mut left = None;
    let text = match event {
        Event::Looking(progress) => {
            let devices = count(progress.devices as u64, "device", "devices");
            match progress.sweep {
                Some(sweep) => {
                    let (probed, addresses) = (sweep.probed, sweep.addresses);
                    let again = if sweep.pass > 1 { " again" } else { "" };
                    done = Some((probed, addresses));
                    left = Some(sweep.left).filter(|left| !left.is_zero());
                    format!("asked {probed} of {addresses} addresses{again}, {devices}")
                }
                None => format!("listening, {}: {devices}", seconds(progress.elapsed)),
            }
        }
        Event::Progress {
            action,
            finished,
            total,
            ..
        } => {
            done = Some((*finished as u64, *total as u64));
            format!("{} {finished} of {total}", under_way(*action))
        }
        Event::WaitingFor {
            missing,
            all,
            left: most,
        } => {
            left = Some(*most);
            let all = count(*all as u64, "device", "devices");
            format!("waiting for {missing} of {all} to return")
        }
        Event::LampIsOn(time) => {
            left = Some(*time);
            "the lamp is on".into()
        }
        Event::Button(ButtonProgress::Waiting { elapsed, offline }) => {
            button::waiting(*elapsed, *offline)
        }
        _ => return None,
    };
    Some(Progress { text, done, left })
}

fn note(text: impl Into<Sentence>) -> Vec<Line> {
    vec![Line::Note(text.into())]
}

fn warning(text: impl Into<String>) -> Vec<Line> {
    vec![Line::Warning(text.into())]
}

/// Which run changes devices with the same state folder.
pub fn claimed(holder: Option<&ClaimHolder>) -> String {
    let claimed = "another run changes devices with the same state folder";
    let Some(holder) = holder else {
        return claimed.into();
    };
    let (command, since) = (clean(&holder.command), minute(holder.since));
    let process = holder.process;
    format!("{claimed}: {command} (process {process}, since {since})")
}

/// What limits the sending of commands.
#[rustfmt::skip]
fn sending_limited(notice: &Notice) -> Vec<Line> {
    let text = match notice {
        Notice::NotSent { interface, source } =>
            format!("cannot send on {interface} ({source}): commands to devices there may not have left this computer"),
        Notice::TargetsNotSent { source, .. } => format!("{notice} ({source}): commands may not have left this computer"),
        Notice::NotHeard { interface, source } =>
            format!("listening on {interface} failed ({source}): answers of devices there may be missing"),
        _ => return Vec::new(),
    };
    vec![Line::Warning(text), Line::Hint(notice.remedy())]
}

/// What was received and could not be read, or was not kept. Shown always.
fn losses(tally: &DiscoveryStats) -> Vec<String> {
    const MAX_SENDERS: usize = 4;
    let mut losses = Vec::new();
    if tally.unreadable > 0 {
        let senders = tally.unreadable_from.iter();
        let senders = senders.map(|(from, error)| format!("{from} ({error})"));
        let senders = first_of(senders, MAX_SENDERS, |_| "others".into());
        let number = count(tally.unreadable, "datagram", "datagrams");
        losses.push(format!("{number} could not be read, from {senders}"));
    }
    if tally.refused > 0 {
        let number = count(tally.refused, "reply was", "replies were");
        let from = tally.refused_from.iter().rev();
        let most = from.max_by_key(|(_, times)| **times);
        let most = most.map_or_else(String::new, |(from, _)| {
            format!(", most of them from {from}: a machine there may be sending invented devices")
        });
        losses.push(format!("{number} left out, because the list is full{most}"));
    }
    losses
}
