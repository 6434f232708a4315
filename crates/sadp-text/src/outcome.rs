pub(crate) mod answer;
pub(crate) mod button;
pub(crate) mod guid;
pub(crate) mod network;
pub(crate) mod owner;
pub(crate) mod recovery;
mod request;

use std::borrow::Cow;

use humantime::format_duration;
use sadp_model::{Contradiction, text::clean};
use sadp_ops::{
    BlockReason, NextStep, Outcome, OutcomeData, OutcomeStatus, Preparation, Reason, Seen,
    StopReason, locate::Lamp,
};
use sadp_reset::{Account, Action};

use crate::{explain, minute};

/// What happened, in a sentence without its device.
pub fn message(outcome: &Outcome) -> String {
    sentence(outcome) + guid::also(outcome)
}

fn sentence(outcome: &Outcome) -> String {
    if let Reason::Answer(finding) = &outcome.reason {
        return answer::message(finding, outcome.verdict.as_ref()).into();
    }
    if let Reason::Owner(finding) = outcome.reason {
        return owner::message(finding, outcome.verdict.as_ref()).into();
    }
    if let Reason::LampLeftOn(reason) = &outcome.reason {
        let reason = Outcome {
            reason: (**reason).clone(),
            ..outcome.clone()
        };
        return format!("the lamp may still be on: {}", sentence(&reason));
    }
    if let Some(verdict) = &outcome.verdict {
        return explain(verdict, outcome.action).message;
    }
    match &outcome.reason {
        Reason::Plain | Reason::LampLeftOn(_) => match (&outcome.data, outcome.status) {
            (OutcomeData::Cloud(status), _) => owner::status(status),
            (OutcomeData::Network(change), OutcomeStatus::Planned) => {
                format!("would change {}", network::change_line(change))
            }
            _ => recovery::plain(outcome).unwrap_or_else(|| plain(outcome).into()),
        },
        Reason::Checked { replied } => match &outcome.data {
            OutcomeData::Network(change) => network::checked(outcome, change, *replied),
            _ => checked(outcome, *replied).into(),
        },
        Reason::Network(finding) => network::finding(finding),
        Reason::Blocked(reason) => blocked(reason),
        Reason::Stopped(reason) => stopped(*reason, outcome.action).into(),
        Reason::Impersonated => "not sent: something else on the network answered for it".into(),
        Reason::Contradicted => {
            "two different replies came: the command may have been carried out or refused".into()
        }
        Reason::Unsealed(error) => format!("not sent: {error}"),
        Reason::AlreadyActive => "already active".into(),
        Reason::StateUnknown => "its firmware does not report whether it has a password".into(),
        Reason::ActivatedEarlier { at } => format!(
            "activated earlier: it is active since the password was sent on {}, to which no reply came",
            minute(*at)
        ),
        Reason::Unactivated { .. } => "it has no password yet".into(),
        Reason::NotOffered { offer, .. } => recovery::missing(*offer).into(),
        Reason::Guid(finding) => guid::message(finding),
        Reason::QuestionsUnknown => {
            "not sent: the device did not reply which questions it has".into()
        }
        Reason::QuestionNotListed(number) => {
            format!("not sent: the device does not list question {number}")
        }
        Reason::NoMailQr => "it answered without a QR code, or not all of it arrived".into(),
        Reason::NoCameraSync => "it does not offer to pass a new password on to its cameras".into(),
        Reason::PasswordReset(finding) => recovery::password_reset(*finding).into(),
        Reason::Lamp(switched) => lamp(outcome.status, *switched),
        Reason::Request(finding) => request::message(finding, outcome),
        Reason::Answer(finding) => answer::message(finding, None).into(),
        Reason::Button(finding) => button::message(finding).into(),
        Reason::Owner(finding) => owner::message(*finding, None).into(),
    }
}

/// What to do next. `None` where there is nothing to do.
pub fn next_step(outcome: &Outcome) -> Option<Cow<'static, str>> {
    if outcome.impersonation_suspected {
        return Some("find out which machine answers for it before you send it anything more: what was sent may be known there; connect the device to this machine alone".into());
    }
    if let Some(next) = &outcome.next {
        return Some(next_text(next, outcome.action));
    }
    if let Reason::Answer(finding) = &outcome.reason {
        return answer::next_step(finding);
    }
    if let Reason::Owner(finding) = outcome.reason {
        return owner::next_step(finding, outcome.verdict.as_ref());
    }
    if let Reason::Button(finding) = &outcome.reason {
        return Some(button::next_step(finding, outcome));
    }
    if let Some(verdict) = &outcome.verdict {
        return Some(explain(verdict, outcome.action).next.into());
    }
    let next = match &outcome.reason {
        Reason::Blocked(reason) => unblock(reason),
        Reason::Network(finding) => network::next_step(finding)?,
        Reason::Stopped(StopReason::WrongSecret) if outcome.action == Action::ImportAnswer => {
            "check each file against the support's mail; then put the device's serial number into its name, or import it alone with --device"
        }
        Reason::Stopped(StopReason::NetworkGone) => {
            "check the cable and the switch, then run it again"
        }
        Reason::Impersonated => {
            "find out which machine does so; connect the device to this machine alone"
        }
        Reason::Unactivated { .. } => FIRST_PASSWORD,
        // Of many, those that cannot are no news.
        Reason::NotOffered { offer, named } if *named => recovery::other_way(*offer),
        Reason::Plain => recovery::after(outcome)?,
        Reason::Guid(finding) => guid::next_step(finding),
        Reason::QuestionsUnknown => {
            "run it again; sadpctl reset questions show DEVICE shows what it answers"
        }
        Reason::QuestionNotListed(_) => {
            "sadpctl reset questions show DEVICE shows the questions it lists"
        }
        Reason::NoMailQr => "run it again",
        Reason::NoCameraSync => {
            "leave --sync-cameras out, and set the cameras' passwords one by one"
        }
        Reason::PasswordReset(finding) => recovery::after_reset(*finding, outcome.action)?,
        Reason::Unsealed(_) => "scan again, then run it again",
        Reason::Request(finding) => request::next_step(finding)?,
        _ => return None,
    };
    Some(next.into())
}

const FIRST_PASSWORD: &str = "give it its first password: sadpctl activate DEVICE";

const fn plain(outcome: &Outcome) -> &'static str {
    match (outcome.status, outcome.action) {
        (OutcomeStatus::Planned, Action::Activate) => "would be given its first password",
        (OutcomeStatus::Done | OutcomeStatus::Planned, _) => "done",
        (OutcomeStatus::Refused, _) => "refused",
        (OutcomeStatus::Unknown, _) => "no reply: it may have been carried out or not",
        (OutcomeStatus::NoAnswer, Action::ExportRequest) => {
            "no answer: it may have made a new request all the same; an older one may be void"
        }
        (OutcomeStatus::NoAnswer, Action::MailQr) => {
            "no answer: it may have made a new QR code all the same; an older one may be void"
        }
        (OutcomeStatus::NoAnswer, _) => "no answer: nothing was changed",
        (OutcomeStatus::Skipped, _) => "not sent",
    }
}

/// What a look after an activation shows.
const fn checked(outcome: &Outcome, replied: bool) -> &'static str {
    match (replied, outcome.seen) {
        (true, Some(Seen::Changed)) => "activated",
        (true, Some(Seen::Unchanged)) => {
            "it said it is activated, but still reports that it is not"
        }
        (true, _) => "it accepted the password; it is not back on the network yet",
        (false, Some(Seen::Changed)) => "no reply, but the device is active now",
        (false, Some(Seen::Unchanged)) => "no reply, and it is still unactivated",
        (false, _) => "no reply, and it was not seen again",
    }
}

fn lamp(status: OutcomeStatus, lamp: Lamp) -> String {
    match (status, lamp) {
        (OutcomeStatus::Planned, Lamp::On) => "its lamp would be switched on".into(),
        (OutcomeStatus::Planned, Lamp::Off) => "its lamp would be switched off".into(),
        (OutcomeStatus::Planned, Lamp::For(time)) => {
            let time = format_duration(time);
            format!("its lamp would be switched on, and off after {time}")
        }
        (_, Lamp::On) => "lamp on".into(),
        (_, Lamp::Off) => "lamp off".into(),
        (_, Lamp::For(_)) => "the lamp was on, and is off again".into(),
    }
}

fn blocked(reason: &BlockReason) -> String {
    match reason {
        BlockReason::NoMac => {
            "it reports no MAC of its own, by which commands are addressed".into()
        }
        BlockReason::RawEthernetOnly => {
            "it answers only by raw Ethernet frames: it does not receive commands".into()
        }
        BlockReason::FragmentOnly => {
            "only the first part of its reply arrived: what a command is made of may be in the rest"
                .into()
        }
        BlockReason::DuplicateMac => {
            "another device has the same MAC: a command would reach both".into()
        }
        BlockReason::TwoSenders { used, other } => format!(
            "{used} and {other} both answer for it: one may be somebody who wants its password"
        ),
        BlockReason::JustMoved { from, to } => {
            format!("it answered from {from}, and a moment ago from {to} for the first time")
        }
        BlockReason::MoveUnconfirmed { former, at } => format!(
            "it moved away from {former} on {}, and nothing has confirmed since that it is the same device",
            minute(*at)
        ),
        BlockReason::ContradictsItself(what) => format!(
            "it reported {} in two ways: one of the replies may be somebody else's",
            contradictions(what)
        ),
        BlockReason::SharedSalt => {
            "another device reports the same salt: one may be a copy that is to be sent the password of the other".into()
        }
        BlockReason::AccountChanged { before, now } => {
            let [before, now] = [before, now].map(account);
            format!("it reports {now}, and it was {before} when it last accepted a secret")
        }
        BlockReason::Locked { until } => {
            let until = until.strftime("%Y-%m-%d %H:%M UTC");
            format!("it is remembered as locked until {until}")
        }
        BlockReason::FewTries { left } => format!("tries left before it locks: {left}"),
        BlockReason::RefusedBefore { at } => format!(
            "not sent: it refused a secret of this kind on {}, and each wrong one costs a try",
            minute(*at)
        ),
        BlockReason::MayHaveWorked { at } => format!(
            "not sent: a secret of this kind was sent on {} and no reply came: most likely it worked",
            minute(*at)
        ),
    }
}

/// Several things in one list: `its salt and its gateway`.
fn contradictions(what: &[Contradiction]) -> String {
    let names = what.iter().map(|it| match it {
        Contradiction::Serial => "its serial number",
        Contradiction::Salt => "its salt",
        Contradiction::UserName => "its account",
        Contradiction::Encrypt => "whether it encrypts passwords",
        Contradiction::Gateway => "its gateway",
        Contradiction::Dhcp => "whether it uses DHCP",
    });
    names.collect::<Vec<_>>().join(" and ")
}

fn account(account: &Account) -> String {
    let name = clean(&account.user_name);
    let salted = if account.salted { "with" } else { "without" };
    format!("account {name} {salted} a salt")
}

const fn unblock(reason: &BlockReason) -> &'static str {
    match reason {
        BlockReason::NoMac => "set it up in its own web page",
        BlockReason::RawEthernetOnly => {
            "set it up in its own web page, or with its own menu; it may answer once its address is right"
        }
        BlockReason::FragmentOnly => {
            "add an address in its network to this machine, then run it again"
        }
        BlockReason::DuplicateMac => {
            "unplug one of the two, then run it again; if there is only one, --force two-senders sends all the same"
        }
        BlockReason::TwoSenders { .. } => {
            "find out which machine answers at each address, and connect the device to this machine alone; --force two-senders sends to the first address all the same"
        }
        BlockReason::JustMoved { .. } => {
            "make sure that the device is at its new address: compare its label with its own web page, or switch its lamp on with sadpctl locate; then --force two-senders sends there"
        }
        BlockReason::MoveUnconfirmed { .. } => {
            "make sure that it is the device which answers now: compare its label with its own web page, or switch its lamp on with sadpctl locate; then --force two-senders sends there"
        }
        BlockReason::ContradictsItself(_) => {
            "find out which machine answers for it, and connect the device to this machine alone; --force contradicts-itself sends all the same"
        }
        BlockReason::SharedSalt => {
            "find the other one by its warning in sadpctl scan, and unplug it if it is not yours; a device with two network ports reports its salt twice: --force shared-salt sends all the same"
        }
        BlockReason::AccountChanged { .. } => {
            "make sure that it was reset or got other firmware, and that it is the device which answers; --force account-changed sends all the same"
        }
        BlockReason::Locked { .. } => {
            "wait until the lock is over; --force locked sends all the same"
        }
        BlockReason::FewTries { .. } => {
            "make sure of the password first; --force few-tries sends all the same, and a wrong one locks it"
        }
        BlockReason::RefusedBefore { .. } => {
            "make sure that it is the right one, in its own web page for example; --force refused-before sends it"
        }
        BlockReason::MayHaveWorked { .. } => {
            "try the new password in its own web page, once; if it is refused, --force may-have-worked sends it again"
        }
    }
}

const fn stopped(reason: StopReason, action: Action) -> &'static str {
    match (reason, action) {
        (StopReason::LocalFailure, _) => "not sent: something could not be written on this machine",
        (StopReason::WrongSecret, Action::ImportAnswer) => {
            "not sent: an answer before it was refused as another's, so folders may be mixed up, and its folder is all that tells whose this one is"
        }
        (StopReason::WrongSecret, _) => {
            "not sent: the batch ended when a device refused the password"
        }
        (StopReason::PossiblyWrongSecret, _) => {
            "not sent: the batch ended when a device refused: the password may be wrong"
        }
        (StopReason::DeviceLocked, _) => "not sent: the batch ended at a device that is locked",
        (StopReason::Interrupted, _) => "not sent: interrupted",
        (StopReason::NetworkGone, _) => {
            "not sent: three devices in a row did not answer, and then none at all"
        }
    }
}

fn next_text(next: &NextStep, action: Action) -> Cow<'static, str> {
    match next {
        NextStep::ScanThenRepeat => "scan to see its state, then run it again".into(),
        NextStep::ScanAgain => "scan again: it may be restarting".into(),
        NextStep::WaitThenRepeat => {
            "scan again after a minute, then run it again if need be".into()
        }
        NextStep::Repeat => "run it again".into(),
        NextStep::ScanWhetherDone if action == Action::NetSet => {
            "scan to see what it has now; then run it again if need be".into()
        }
        NextStep::ScanWhetherDone => {
            "scan to see whether it is active; if it is not, run it again".into()
        }
        NextStep::CheckCable => "check cable and power, scan again, then run it again".into(),
        NextStep::MayHaveNoLamp => "this model may have no such lamp".into(),
        NextStep::SwitchLampOff => "switch it off: sadpctl locate DEVICE off".into(),
        NextStep::Prepare(preparations) => {
            let commands: Vec<_> = preparations.iter().copied().map(command).collect();
            format!(
                "prepare now for the day the password is forgotten: {}",
                commands.join(", ")
            )
            .into()
        }
    }
}

const fn command(preparation: Preparation) -> &'static str {
    match preparation {
        Preparation::Questions => "sadpctl reset questions set",
        Preparation::Mailbox => "sadpctl reset mail set",
        Preparation::Guid => "sadpctl reset guid export",
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use jiff::Timestamp;
    use sadp_ops::{DeviceRef, Guard};

    use super::*;

    #[test]
    fn what_is_blocked_names_the_word_that_sends_it_all_the_same() {
        let [used, other] = ["192.168.1.64", "192.168.1.66"].map(str::parse::<IpAddr>);
        let (used, other) = (used.unwrap(), other.unwrap());
        let account = Account {
            user_name: "admin".into(),
            salted: true,
        };
        for reason in [
            BlockReason::NoMac,
            BlockReason::TwoSenders { used, other },
            BlockReason::DuplicateMac,
            BlockReason::JustMoved {
                from: used,
                to: other,
            },
            BlockReason::MoveUnconfirmed {
                former: used,
                at: Timestamp::UNIX_EPOCH,
            },
            BlockReason::ContradictsItself(vec![Contradiction::Salt]),
            BlockReason::SharedSalt,
            BlockReason::AccountChanged {
                before: account.clone(),
                now: account,
            },
            BlockReason::Locked {
                until: Timestamp::UNIX_EPOCH,
            },
            BlockReason::FewTries { left: 2 },
            BlockReason::RefusedBefore {
                at: Timestamp::UNIX_EPOCH,
            },
            BlockReason::MayHaveWorked {
                at: Timestamp::UNIX_EPOCH,
            },
        ] {
            let word = reason.guard().map(|it| format!("--force {}", it.word()));
            let told = unblock(&reason);
            match word {
                Some(word) => assert!(told.contains(&word), "{told}"),
                None => assert!(!told.contains("--force"), "{told}"),
            }
        }
        assert_eq!(Guard::WORDS.len(), 12);
    }

    #[test]
    fn silence_leaves_open_what_a_device_makes_anew() {
        for &action in Action::ALL {
            let device = DeviceRef::default();
            let told = message(&Outcome::new(device, action, OutcomeStatus::NoAnswer));
            let makes_new = matches!(action, Action::ExportRequest | Action::MailQr);
            assert_eq!(told.contains("nothing was changed"), !makes_new, "{action}");
            assert_eq!(told.contains("may be void"), makes_new, "{action}");
        }
    }
}
