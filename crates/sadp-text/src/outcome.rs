pub(crate) mod answer;
pub(crate) mod button;
pub(crate) mod guid;
pub(crate) mod http;
pub(crate) mod network;
pub(crate) mod onvif;
pub(crate) mod owner;
pub(crate) mod recovery;
pub(crate) mod request;
pub(crate) mod time;

use humantime::format_duration;
use sadp_model::{Contradiction, text::clean};
use sadp_ops::{
    BlockReason, Guard, NextStep, Outcome, OutcomeData, OutcomeStatus, Reason, Seen, StopReason,
    locate::Lamp,
};
use sadp_reset::{Account, Action};

use crate::{Explanation, LinkedPage, Sentence, cameras::cameras_in_brief, minute, refusal, say};

/// What happened, in a sentence without its device.
pub fn message(outcome: &Outcome) -> String {
    match &outcome.data {
        OutcomeData::Prepared(prepared) if !prepared.steps.is_empty() => {
            recovery::prepared(prepared)
        }
        _ => explain(outcome).message.to_string() + also(outcome),
    }
}

/// What was set before something failed, and what else is known. Empty for most outcomes.
fn also(outcome: &Outcome) -> &'static str {
    match (&outcome.data, &outcome.reason) {
        (OutcomeData::TimeChange(change), Reason::Http(_)) if change.server_written => {
            "; its time server is set already"
        }
        (OutcomeData::OnvifChange(change), Reason::Http(_)) if change.switch_written => {
            "; ONVIF is on already"
        }
        (OutcomeData::ImportedGuid(imported), _) if imported.not_preferred.is_some() => {
            "; a newer GUID in the vault is suspect and was not used"
        }
        _ => "",
    }
}

/// What to do next. `None` where there is nothing to do.
pub fn next_step(outcome: &Outcome) -> Option<Sentence> {
    if outcome.next == Some(NextStep::TryNewPassword) {
        return Some("try the new password in its own web page, once; if another machine answers for the device, that machine may know the password: then set another".into());
    }
    if outcome.impersonation_suspected {
        return Some("find out which machine answers for it before you send anything more: it may know what was sent; connect the device to this computer alone".into());
    }
    if let OutcomeData::Prepared(prepared) = &outcome.data
        && outcome.status == OutcomeStatus::Done
    {
        let steps = prepared.steps.iter();
        let mut outcomes = steps.filter_map(|step| step.outcome.as_ref());
        return outcomes.find_map(next_step);
    }
    match &outcome.next {
        Some(next) => Some(next_text(next, outcome.action)),
        None => explain(outcome).next,
    }
}

#[rustfmt::skip]
fn explain(outcome: &Outcome) -> Explanation {
    let verdict = outcome.verdict.as_ref();
    match &outcome.reason {
        Reason::Answer(finding) => answer::explain(finding, verdict),
        Reason::Owner(finding) => owner::explain(*finding, verdict),
        Reason::Button(finding) => button::explain(finding, outcome),
        Reason::Http(finding) => http::explain(finding),
        Reason::Verify(finding) => recovery::verified(*finding, outcome.action),
        Reason::LampLeftOn(reason) => {
            let cause = explain(&Outcome { reason: (**reason).clone(), ..outcome.clone() });
            say(format!("the lamp may still be on: {}", cause.message))
        }
        Reason::PasswordReset(finding) => recovery::password_reset(*finding, outcome.action),
        _ if let Some(verdict) = verdict => refusal::explain(verdict, outcome.action),
        Reason::Plain => plain(outcome),
        Reason::Checked { replied } => say(match &outcome.data {
            OutcomeData::Network(change) => network::checked(outcome, change, *replied),
            _ => checked(outcome, *replied).into(),
        }),
        Reason::Network(finding) => network::explain(finding),
        Reason::Blocked(BlockReason::Locked { until }) if outcome.action.is_over_http() => say(format!("it is remembered as locked until {}", minute(*until)))
            .next("wait until the lock is over, without a login"),
        Reason::Blocked(BlockReason::FewTries { left }) if outcome.action.is_over_http() => say(format!("tries left before it locks: {left}"))
            .next("wait half an hour, or make sure of the password and sign in to its own web page: it then has all tries again"),
        Reason::Blocked(reason) => blocked(reason),
        Reason::Stopped(reason) => stopped(*reason, outcome.action),
        Reason::Impersonated => say("not sent: something else on the network answered for it")
            .next("find out which machine that is; connect the device to this computer alone"),
        Reason::Contradicted => say("two different replies came, as from a network that duplicates datagrams, or from another machine: it may have been carried out or refused"),
        Reason::Unsealed(error) => say(format!("not sent: {error}")).next("scan again, then run it again"),
        Reason::AlreadyActive => say("already active").next(Sentence::new("if its password is forgotten: ").command("sadpctl reset ways DEVICE", LinkedPage::RecoveryMethods)),
        Reason::StateUnknown => say("its firmware does not report whether it has a password"),
        Reason::ActivatedEarlier { at } => say(format!("activated earlier: it is active since the password was sent on {}, to which no reply came", minute(*at))),
        Reason::Unactivated { .. } => say("it has no password yet").next(first_password("DEVICE")),
        Reason::NotOffered { offer, named: true } => recovery::missing(*offer),
        Reason::NotOffered { offer, named: false } => say(recovery::missing(*offer).message),
        Reason::NothingToPrepare { named } => {
            let nothing = say("it supports none of what was asked for");
            if *named { nothing.next(Sentence::default().command("sadpctl reset ways DEVICE", LinkedPage::RecoveryMethods).text(" shows which other ways it has")) } else { nothing }
        }
        Reason::EarlierUnknown => say("not sent: the device did not reply to the password before"),
        Reason::Guid(finding) => guid::explain(finding),
        Reason::QuestionsUnknown => say("not sent: the device did not reply which questions it has")
            .next(Sentence::new("run it again; ").command(SHOW_QUESTIONS, LinkedPage::Questions).text(" shows what it answers")),
        Reason::QuestionNotListed(number) => say(format!("not sent: the device does not list question {number}"))
            .next(Sentence::default().command(SHOW_QUESTIONS, LinkedPage::Questions).text(" shows the questions it lists")),
        Reason::NoMailQr => say("it answered without a QR code, or not all of it arrived").next("run it again"),
        Reason::NoCameraSync => say("it does not offer to pass a new password on to its cameras")
            .next(without_sync()),
        Reason::Lamp(switched) => say(lamp(outcome.status, *switched)),
        Reason::Request(finding) => request::explain(finding, outcome),
    }
}

const SHOW_QUESTIONS: &str = "sadpctl reset questions show DEVICE";

/// What to do with a device that has no password, which the command line calls `name`.
fn first_password(name: &str) -> Sentence {
    let command = format!("sadpctl activate {name}");
    Sentence::new("give it its first password: ").command(command, LinkedPage::Activate)
}

/// What to do with a recorder that does not pass passwords on.
fn without_sync() -> Sentence {
    let page = "do not have it pass the password on";
    let without = Sentence::default().or_on_page("leave --sync-cameras out", page);
    without.text(", and set the cameras' passwords one by one")
}

/// What the status tells, with what else is known of the device.
#[rustfmt::skip]
fn plain(outcome: &Outcome) -> Explanation {
    match (outcome.status, &outcome.data, outcome.action) {
        (_, OutcomeData::Cloud(status), _) => say(owner::status(status)),
        (_, OutcomeData::Http(status), _) => say(http::status(status)),
        (_, OutcomeData::Cameras(cameras), _) => say(cameras_in_brief(cameras)),
        (_, OutcomeData::Clock(status), _) => time::shown(status),
        (_, OutcomeData::Onvif(status), _) => onvif::shown(status),
        (_, OutcomeData::OnvifChange(change), _) => onvif::changed(change, outcome),
        (_, OutcomeData::TimeChange(change), _) => time::changed(change, outcome),
        (OutcomeStatus::Planned, OutcomeData::Network(change), _) => say(format!("would change {}", network::change_line(change))),
        (OutcomeStatus::Planned, OutcomeData::Mailbox(mailbox), _) => say(format!("its reserved e-mail address would become {}", clean(mailbox.as_str()))),
        (OutcomeStatus::Done, OutcomeData::Mailbox(mailbox), _) => say(format!("the reserved e-mail address is {}", clean(mailbox.as_str()))),
        (OutcomeStatus::Done, OutcomeData::Questions(list), _) => say(recovery::questions(list)),
        (OutcomeStatus::Done, OutcomeData::MailQr(qr), _) => say(if qr.qr_is_raw {
            "its QR code is here, but did not arrive in base64 as devices send it: it holds the text as received"
        } else {
            "its QR code is here"
        })
        .next(Sentence::new("when the code has come: ").command("sadpctl reset mail confirm DEVICE", LinkedPage::MailedCode)),
        (_, OutcomeData::ExportedGuid(guid), _) if guid.suspect =>
            say("its GUID is in the vault, but is suspect: it does not hold 128 bytes as every known GUID does")
                .next("export it again, and prepare another way of recovery; earlier GUIDs are kept and are preferred"),
        (_, OutcomeData::ExportedGuid(guid), _) => match guid.excluded {
            Some(reason) => say(format!("its GUID is in the vault; it may work, although {reason}"))
                .next(Sentence::new("prepare another way of recovery, too: ").command("sadpctl reset ways DEVICE", LinkedPage::RecoveryMethods)),
            None => say("its GUID is in the vault"),
        },
        (OutcomeStatus::Done, _, Action::QuestionsSet) => say("the security questions are set"),
        (OutcomeStatus::Planned, _, Action::Activate) => say("would be given its first password"),
        (OutcomeStatus::Planned, _, Action::GuidExport) => say("its GUID would be exported into the vault"),
        (OutcomeStatus::Planned, _, Action::GuidImport) => say("its GUID would be given to it and a new password set"),
        (OutcomeStatus::Planned, _, Action::MailConfirm) => say("the code would be given to it and a new password set"),
        (OutcomeStatus::Planned, _, Action::MailQr) => say("a QR code would be fetched from it, and an earlier one become void"),
        (OutcomeStatus::Planned, _, Action::QuestionsAnswer) => say("its questions would be answered and a new password set"),
        (OutcomeStatus::Planned, _, Action::QuestionsSet) => say("its security questions would be set"),
        (OutcomeStatus::Planned, _, Action::Check | Action::TimeShow | Action::OnvifShow | Action::Cameras) => say("would be asked over HTTP"),
        (OutcomeStatus::Planned | OutcomeStatus::Done, ..) => say("done"),
        (OutcomeStatus::Refused, ..) => say("refused"),
        (OutcomeStatus::Unknown, ..) => say("no reply: it is unknown whether it was carried out"),
        (OutcomeStatus::NoAnswer, _, Action::ExportRequest) => say("no answer: it may have made a new request; an older one may be void"),
        (OutcomeStatus::NoAnswer, _, Action::MailQr) => say("no answer: it may have made a new QR code; an older one may be void"),
        (OutcomeStatus::NoAnswer, ..) => say("no answer: nothing was changed"),
        (OutcomeStatus::Skipped, ..) => say("not sent"),
    }
}

/// What a look after an activation shows.
#[rustfmt::skip]
const fn checked(outcome: &Outcome, replied: bool) -> &'static str {
    match (replied, outcome.seen) {
        (true, Some(Seen::Changed)) => "activated",
        (true, Some(Seen::Unchanged)) => "it reported success, but still reports that it is unactivated",
        (true, _) => "it accepted the password; it is not back on the network yet",
        (false, Some(Seen::Changed)) => "no reply, but the device is active now",
        (false, Some(Seen::Unchanged)) => "no reply, and it is still unactivated",
        (false, _) => "no reply, and it was not seen again",
    }
}

#[rustfmt::skip]
fn lamp(status: OutcomeStatus, lamp: Lamp) -> String {
    match (status, lamp) {
        (OutcomeStatus::Planned, Lamp::On) => "its lamp would be switched on".into(),
        (OutcomeStatus::Planned, Lamp::Off) => "its lamp would be switched off".into(),
        (OutcomeStatus::Planned, Lamp::For(time)) => format!("its lamp would be switched on, and off after {}", format_duration(time)),
        (_, Lamp::On) => "lamp on".into(),
        (_, Lamp::Off) => "lamp off".into(),
        (_, Lamp::For(_)) => "the lamp was on, and is off again".into(),
    }
}

/// Why nothing is sent, and what sends it.
#[rustfmt::skip]
fn blocked(reason: &BlockReason) -> Explanation {
    match reason {
        BlockReason::NoMac => say("it reports no MAC of its own, by which commands are addressed")
            .next("set it up in its own web page"),
        BlockReason::RawEthernetOnly => say("it answers only by raw Ethernet frames: it does not receive commands")
            .next("set it up in its own web page, or with its own menu; it may answer once its address is right"),
        BlockReason::FragmentOnly => say("only the first part of its reply arrived: fields that a command needs may be missing")
            .next("add an address in its network to this computer, then run it again"),
        BlockReason::DuplicateMac => say("another device has the same MAC: a command would reach both")
            .next(Sentence::new("unplug one of the two, then run it again; if there is only one, ").lift(Guard::TwoSenders).text(" sends anyway")),
        BlockReason::TwoSenders { used, other } => say(format!("{used} and {other} both answer for it: another device may pretend to be it, to get its password"))
            .next(Sentence::new("find out which machine answers at each address, and connect the device to this computer alone; ").lift(Guard::TwoSenders).text(" sends to the first address anyway")),
        BlockReason::JustMoved { from, to } => say(format!("a moment ago it answered from {to} for the first time, and before from {from}"))
            .next(compare_label("make sure that the device is at its new address")),
        BlockReason::MoveUnconfirmed { former, at } => say(format!("it moved away from {former} on {}, and it is not confirmed that it is the same device", minute(*at)))
            .next(compare_label("make sure that the device itself answers")),
        BlockReason::ContradictsItself(what) => say(format!("it reported two values for {}: one reply may be another device's", contradictions(*what)))
            .next(Sentence::new("find out which machine answers for it, and connect the device to this computer alone; ").lift(Guard::ContradictsItself).text(" sends anyway")),
        BlockReason::SharedSalt => say("another device reports the same salt: one may be a copy made to get the password of the other")
            .next(Sentence::new("find the other one by its warning in ").command("sadpctl scan", LinkedPage::Devices).text(", and unplug it if it is not yours; a device with two network ports reports its salt twice: ").lift(Guard::SharedSalt).text(" sends anyway")),
        BlockReason::AccountChanged { before, now } => {
            let [before, now] = [before, now].map(account);
            say(format!("it reports {now}, and it was {before} when it last accepted a secret"))
                .next(Sentence::new("make sure that it was reset or updated, and that the device itself answers; ").lift(Guard::AccountChanged).text(" sends anyway"))
        }
        BlockReason::Locked { until } => say(format!("it is remembered as locked until {}", minute(*until)))
            .next(Sentence::new("wait until the lock is over; ").lift(Guard::Locked).text(" sends anyway")),
        BlockReason::FewTries { left } => say(format!("tries left before it locks: {left}"))
            .next(Sentence::new("check the password first; ").lift(Guard::FewTries).text(" sends anyway, and a wrong one locks it")),
        BlockReason::RefusedBefore { at } => say(format!("not sent: a secret of this kind, sent on {}, did not work, and each wrong one costs a try", minute(*at)))
            .next(Sentence::new("make sure that it is the right one, in its own web page for example; ").lift(Guard::RefusedBefore).text(" sends it")),
        BlockReason::MayHaveWorked { at } => say(format!("not sent: a secret of this kind was sent on {}: most likely it was carried out", minute(*at)))
            .next(Sentence::new("try the new password in its own web page, once; if it is refused, ").lift(Guard::MayHaveWorked).text(" sends it again")),
    }
}

/// To make sure of a device by its label, before the conflict of its senders is lifted.
fn compare_label(first: &'static str) -> Sentence {
    Sentence::new(first)
        .text(": compare its label with its own web page, or switch its lamp on with ")
        .command("sadpctl locate", LinkedPage::Lamp)
        .text("; then ")
        .lift(Guard::TwoSenders)
        .text(" sends there")
}

/// Several things in one list: `its salt and its gateway`.
fn contradictions(what: impl IntoIterator<Item = Contradiction>) -> String {
    let names = what.into_iter().map(|it| match it {
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

#[rustfmt::skip]
fn stopped(reason: StopReason, action: Action) -> Explanation {
    say(match (reason, action) {
        (StopReason::LocalFailure, _) => "not sent: something could not be written on this computer",
        (StopReason::WrongSecret, Action::ImportAnswer) => {
            return say("not sent: an answer before it was refused as another's, so folders may be mixed up, and only its folder shows which device this one is for")
                .next(Sentence::new("check each file against the support's mail; then put the device's serial number into its name, or ")
                    .or_on_page("import it alone with --device", "send it alone, and choose its request"));
        }
        (StopReason::WrongSecret, _) => "not sent: the batch ended when a device refused the password",
        (StopReason::PossiblyWrongSecret, _) => "not sent: the batch ended when a device refused: the password may be wrong",
        (StopReason::DeviceLocked, _) => "not sent: the batch ended at a device that is locked",
        (StopReason::Interrupted, _) => "not sent: interrupted",
        (StopReason::NetworkGone, _) => {
            return say("not sent: three devices in a row did not answer, and then none at all")
                .next("check the cable and the switch, then run it again");
        }
    })
}

#[rustfmt::skip]
fn next_text(next: &NextStep, action: Action) -> Sentence {
    Sentence::new(match next {
        NextStep::ScanThenRepeat => "scan to see its state, then run it again",
        NextStep::ScanAgain => "scan again: it may be restarting",
        NextStep::WaitThenRepeat => "scan again after a minute, then run it again if need be",
        NextStep::Repeat => "run it again",
        NextStep::TryNewPassword => "try the new password in its own web page, once",
        NextStep::ScanWhetherDone if action == Action::NetSet => "scan to see what it has now; then run it again if need be",
        NextStep::ScanWhetherDone => "scan to see whether it is active; if it is not, run it again",
        NextStep::CheckCable => "check cable and power, scan again, then run it again",
        NextStep::MayHaveNoLamp => "this model may have no such lamp",
        NextStep::SwitchLampOff => {
            return Sentence::new("switch it off: ").command("sadpctl locate DEVICE off", LinkedPage::Lamp);
        }
        NextStep::Prepare(_) => {
            return Sentence::new("prepare now for a forgotten password: ")
                .command("sadpctl reset prepare DEVICE", LinkedPage::Prepare)
                .or_on_page(", or --all", "");
        }
    })
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use jiff::Timestamp;
    use sadp_ops::DeviceRef;

    use super::*;

    #[test]
    fn what_is_blocked_names_the_word_that_sends_it_all_the_same() {
        let [used, other] = ["192.168.1.64", "192.168.1.66"].map(str::parse::<IpAddr>);
        let (used, other) = (used.unwrap(), other.unwrap());
        let (from, to, former, at) = (used, other, used, Timestamp::UNIX_EPOCH);
        let before = Account {
            user_name: "admin".into(),
            salted: true,
        };
        let now = before.clone();
        for reason in [
            BlockReason::NoMac,
            BlockReason::TwoSenders { used, other },
            BlockReason::DuplicateMac,
            BlockReason::JustMoved { from, to },
            BlockReason::MoveUnconfirmed { former, at },
            BlockReason::ContradictsItself(Contradiction::Salt.into()),
            BlockReason::SharedSalt,
            BlockReason::AccountChanged { before, now },
            BlockReason::Locked { until: at },
            BlockReason::FewTries { left: 2 },
            BlockReason::RefusedBefore { at },
            BlockReason::MayHaveWorked { at },
        ] {
            let word = reason.guard().map(|it| format!("--force {}", it.word()));
            let told = blocked(&reason).next.unwrap().to_string();
            match word {
                Some(word) => assert!(told.contains(&word), "{told}"),
                None => assert!(!told.contains("--force"), "{told}"),
            }
        }
        assert_eq!(Guard::WORDS.len(), 12);
    }

    #[test]
    fn silence_leaves_open_what_a_device_makes_again() {
        for &action in Action::ALL {
            let device = DeviceRef::default();
            let told = message(&Outcome::new(device, action, OutcomeStatus::NoAnswer));
            let makes_new = matches!(action, Action::ExportRequest | Action::MailQr);
            assert_eq!(told.contains("nothing was changed"), !makes_new, "{action}");
            assert_eq!(told.contains("may be void"), makes_new, "{action}");
        }
    }
}
