//! What a device tells over its own HTTP interface.

use std::time::Duration;

use humantime::format_duration;
use sadp_isapi::{
    CertificateFingerprint, HttpFailure, HttpRefusal, SubStatus, TimeMode, Visibility,
};
use sadp_model::text::clean;
use sadp_ops::check::{
    DeviceClock, HttpActivation, HttpDetails, HttpFinding, HttpLogin, HttpStatus, LoginObstacle,
};

use super::first_password;
use crate::{Explanation, LinkedPage, Sentence, count, say};

/// What happened, and what to do next.
#[rustfmt::skip]
pub(super) fn explain(finding: &HttpFinding) -> Explanation {
    match finding {
        HttpFinding::NoAddress => say("not asked: it reports no IPv4 address")
            .next(Sentence::new("give it an address first: ").command("sadpctl net set DEVICE --ip ADDRESS", LinkedPage::NetworkSettings)),
        HttpFinding::AddressShared => say("not asked: another device has the same address, and either may answer")
            .next(Sentence::new("give it an address of its own first: ").command("sadpctl net set DEVICE --ip ADDRESS", LinkedPage::NetworkSettings)),
        HttpFinding::OffSubnet => say("not asked: its address is in none of this computer's networks")
            .next(Sentence::new("add an address in its network to this computer; to see how: ").command("sadpctl scan", LinkedPage::Doctor)),
        HttpFinding::NotFoundAgain => say("not asked: it was not found again")
            .next(Sentence::new("try the password when it is back: ").command("sadpctl check DEVICE --login", LinkedPage::Check)),
        HttpFinding::NotReached(failure) => not_reached(failure),
        HttpFinding::Withheld(obstacle) => withheld(obstacle),
        HttpFinding::WrongPassword { tries_left } => say(match tries_left {
            Some(left) => format!("the password is wrong: {} left", tries(*left)),
            None => "the password is wrong".into(),
        })
        .next("do not try other passwords: after a few wrong ones the device locks; ask who set it, or recover it"),
        HttpFinding::NotJudged(HttpRefusal::Locked { seconds }) => say(format!("it is locked{}, and did not look at the password", for_time(*seconds)))
            .next("wait until the lock is over, without another login: each one starts it again"),
        HttpFinding::NotJudged(refusal) => say(format!("it did not say whether the password is right: {}", refused(refusal)))
            .next("look at its own web page"),
        HttpFinding::Unanswered(failure) => say(format!("no whole reply to the login ({failure}): a try may be spent"))
            .next("look at its own web page before you try the password again"),
        HttpFinding::Unconfirmed(failure) => say(format!("no whole reply to the change ({failure}): it may have been made"))
            .next("run it again: it looks first, and changes only what is missing"),
        HttpFinding::Refused(HttpRefusal::Locked { seconds }) => say(format!("it is locked{}", for_time(*seconds)))
            .next("wait until the lock is over, without another login: each one starts it again"),
        HttpFinding::Refused(HttpRefusal::Booting) => say("it is still starting")
            .next("run it again in a minute"),
        HttpFinding::Refused(refusal) => say(format!("not done: {}", refused(refusal)))
            .next("look at its own web page, and whether the account may do that"),
        HttpFinding::NotDone(word) => say(not_done(word.as_ref()))
            .next("look at its own web page"),
        HttpFinding::NotReadable => say("its answer cannot be read")
            .next("look at its own web page; its firmware may be too new or too old for this"),
        HttpFinding::StatesDiffer => say("not sent: over HTTP it reports that it has no password, by SADP that it has")
            .next("scan again; another device may answer at its address"),
        HttpFinding::NotAlone => say("not sent: its newer activation over HTTP is known from one source only, and goes to one device at a time")
            .next(Sentence::new("name it alone: ").terminal_only("sadpctl activate DEVICE --via http")),
        HttpFinding::NotOffered => say("its firmware does not offer this")
            .next("look at its own web page; newer firmware may have it"),
        HttpFinding::NotRecorder { .. } => say("it is not a recorder: no cameras are behind it"),
        HttpFinding::NoTimeServer => say("its firmware has no time server to set; nothing was changed")
            .next(Sentence::new("set it from this computer's clock: ").terminal_only("sadpctl time set DEVICE --now")),
        HttpFinding::NoOnvifUsers => say("its firmware has no separate users of ONVIF; nothing was changed")
            .next(Sentence::default().or_on_page("leave --user out", "name no user").text(": the device's own account may log in by ONVIF")),
        HttpFinding::NotWrittenDown => say("not sent: it could not be written down before"),
    }
}

#[rustfmt::skip]
fn not_reached(failure: &HttpFailure) -> Explanation {
    let message = format!("no answer over HTTP: {failure}");
    match failure {
        HttpFailure::NotConnected => say(message)
            .next("check its power, cable and address; its HTTP may be off, or at another port: then name the device by the URL of its web page"),
        HttpFailure::TlsTooOld => say(message).next("update its firmware from the vendor's site, or let it take plain HTTP"),
        HttpFailure::CertificateChanged { expected, seen } => other_certificate("not asked", expected, seen),
        HttpFailure::RedirectedAway => say(message).next("find out which machine answers at its address"),
        _ => say(message).next("run it again; if it stays so, look at its own web page"),
    }
}

#[rustfmt::skip]
fn withheld(obstacle: &LoginObstacle) -> Explanation {
    match obstacle {
        LoginObstacle::Locked { seconds } => say(format!("password not sent: it takes no login from this computer{}", for_time(*seconds)))
            .next("wait until the lock is over, without another login: each one starts it again"),
        LoginObstacle::NotActivated => say("password not sent: it has no password yet").next(first_password("DEVICE")),
        LoginObstacle::OneTryLeft => say("password not sent: a wrong one would lock it, because one try is left")
            .next("wait half an hour, or make sure of the password and sign in to its own web page: it then has all tries again"),
        LoginObstacle::NotNeeded => say("password not sent: it answers without one")
            .next("look at its own web page: anybody in its network can"),
        LoginObstacle::NoChallenge => say("password not sent: it offers no login that this program knows"),
        LoginObstacle::BasicOnly => say("password not sent: it takes it only unencrypted")
            .next(Sentence::new("where nobody else is in the network, sign in to its own web page, or")
                .or_on_page(": sadpctl check DEVICE --login --allow-basic", " let the password be sent unencrypted")),
        LoginObstacle::NoHttps(HttpFailure::CertificateChanged { expected, seen }) => other_certificate("password not sent", expected, seen),
        LoginObstacle::NoHttps(HttpFailure::NotConnected) => say("password not sent: it had HTTPS before, which does not answer at the usual or given port")
            .next(Sentence::new("if it answers at another port, ")
                .or_on_page("add --https-port N", "type that as its HTTPS port").text("; ").then(over_http())),
        LoginObstacle::NoHttps(HttpFailure::TlsTooOld) => say("password not sent: its HTTPS is older than TLS 1.2, which this program needs")
            .next(over_http()),
        LoginObstacle::NoHttps(failure) => say(format!("password not sent: {failure}"))
            .next(Sentence::new("run it again; ").then(over_http())),
        LoginObstacle::Refused(refusal) => say(format!("password not sent: {}", refused(refusal)))
            .next("run it again; if it stays so, look at its own web page"),
        LoginObstacle::EarlierUnanswered => say("password not sent: the device before it did not reply to it")
            .next("make sure of the password, then run it again"),
    }
}

fn over_http() -> Sentence {
    Sentence::new("to log in over HTTP instead, by an answer to its challenge, ")
        .or_on_page("add --http", "choose plain HTTP")
}

/// A certificate that is not the one that was seen first or named.
fn other_certificate(
    effect: &str,
    expected: &CertificateFingerprint,
    seen: &CertificateFingerprint,
) -> Explanation {
    say(format!(
        "{effect}: its certificate is {seen}, not {expected} as expected; another machine may answer"
    ))
    .next(
        Sentence::new("find out which machine it is; if the device was reset or replaced, ").or_on_page(
            format!("add this, to check DEVICE --login for example: --accept-certificate {seen}"),
            format!("type this as the certificate to accept, to check it alone for example: {seen}"),
        ),
    )
}

/// A refusal in the device's own words.
fn not_done(word: Option<&SubStatus>) -> String {
    match word {
        Some(word) => format!("it refused (\"{}\")", clean(&word.to_string())),
        None => "it refused, and does not tell why".into(),
    }
}

fn refused(refusal: &HttpRefusal) -> String {
    match refusal {
        HttpRefusal::Locked { .. } => "it is locked".into(),
        HttpRefusal::NotActivated => "it has no password yet".into(),
        HttpRefusal::NoSuchUrl => "its firmware cannot be asked that".into(),
        HttpRefusal::Booting => "it is still starting".into(),
        HttpRefusal::Forbidden { word: None } => "it refused, or is locked".into(),
        HttpRefusal::Forbidden { word } => not_done(word.as_ref()),
        HttpRefusal::Unexpected { status } => format!("it answered with HTTP status {status}"),
    }
}

/// What a device tells.
pub(super) fn status(status: &HttpStatus) -> String {
    let check = &status.check;
    let verified = status.login == Some(HttpLogin::Verified);
    let mut parts = Vec::new();
    if verified {
        parts.push("the password is right".to_owned());
        if status.certificate.is_some() {
            parts.push("it went over HTTPS".into());
        }
        if check.is_default_password == Some(true) {
            parts.push("it is the one from the factory".into());
        } else if check.is_risk_password == Some(true) {
            parts.push("the device finds it weak".into());
        }
    } else {
        let activation = match (status.activated, status.activation) {
            (Some(true), _) => "activated",
            (Some(false), Some(HttpActivation::V3)) => "not activated (newer activation over HTTP)",
            (Some(false), _) => "not activated",
            (None, _) => "it answers, but does not tell whether it is activated",
        };
        parts.push(activation.into());
    }
    if check.is_locked() {
        parts.push(format!("locked{}", for_time(check.unlock_time)));
    } else if let Some(left) = check.retry_login_time.filter(|_| !verified) {
        parts.push(format!("{} left", tries(left)));
    }
    if status.is_contradictory() {
        parts.push("by SADP it reports the opposite".into());
    }
    if let Some(told) = &status.details {
        parts.extend(details(told));
    }
    parts.join("; ")
}

/// What a device tells with a login.
fn details(details: &HttpDetails) -> Vec<String> {
    let info = details.info.as_ref();
    let words = info.map(|it| [&it.model, &it.firmware_version, &it.firmware_released_date]);
    let words = words.iter().flatten().copied().flatten();
    let words: Vec<_> = words.map(|word| clean(word)).collect();
    let mut parts = Vec::new();
    if !words.is_empty() {
        parts.push(words.join(" "));
    }
    if let Some(mac) = details.other_mac {
        parts.push(format!(
            "over HTTP it reports another MAC, {mac}: another device may answer at its address"
        ));
    }
    let clock = details.clock.as_ref().map(clock_in_brief);
    parts.extend(clock.map(|clock| format!("clock {clock}")));
    let mode = details.discovery.as_ref();
    if mode.is_some_and(|it| it.sadp == Some(Visibility::NonDiscoverable)) {
        parts.push("it does not answer SADP".into());
    }
    if mode.is_some_and(|it| it.link_layer == Some(Visibility::NonDiscoverable)) {
        parts.push("it does not answer raw Ethernet".into());
    }
    parts
}

/// How far a clock is from this computer's, and what sets it: `right, set by NTP`.
pub(super) fn clock_in_brief(clock: &DeviceClock) -> String {
    let by = match &clock.time.time_mode {
        TimeMode::Ntp => "NTP".into(),
        TimeMode::Manual => "hand".into(),
        TimeMode::Platform => "the vendor's cloud".into(),
        other => clean(&other.to_string()).into_owned(),
    };
    format!("{}, set by {by}", deviation(clock))
}

/// How far a clock is from this computer's: `1h behind`.
pub(super) fn deviation(clock: &DeviceClock) -> String {
    const HOUR: u64 = 60 * 60;
    const DAY: u64 = 24 * HOUR;
    let Some(deviation) = clock.deviation else {
        return "not readable".into();
    };
    if clock.is_right() {
        return "right".into();
    }
    let seconds = deviation.unsigned_abs().as_secs();
    let rounded = |unit: u64| seconds.saturating_add(unit / 2) / unit;
    let text = match seconds {
        ..HOUR => format_duration(Duration::from_secs(seconds)).to_string(),
        HOUR..DAY => format_duration(Duration::from_mins(rounded(60))).to_string(),
        _ => count(rounded(DAY), "day", "days"),
    };
    let side = if deviation.is_positive() {
        "ahead"
    } else {
        "behind"
    };
    format!("{text} {side}")
}

fn tries(left: u32) -> String {
    count(left.into(), "try", "tries")
}

/// ` for 30 minutes`; nothing where the device does not tell.
fn for_time(seconds: Option<u32>) -> String {
    let minutes = seconds.map(|seconds| u64::from(seconds).div_ceil(60));
    let minutes = minutes.map(|minutes| count(minutes, "minute", "minutes"));
    minutes.map_or_else(String::new, |minutes| format!(" for {minutes}"))
}
