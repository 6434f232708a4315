//! Why a request can no longer be answered.

use jiff::{SignedDuration, Timestamp};
use sadp_ops::recovery::{CaseStep, ReviewedCase};
use sadp_reset::{Case, CaseEnding, InvalidReason, RequestValidity, VALID_FOR};

use crate::{count, key_name, minute};

/// What is wrong with a request, in a sentence without its device.
#[rustfmt::skip]
pub(crate) fn invalid_reason(reason: &InvalidReason) -> String {
    match reason {
        InvalidReason::Rebooted { exported, now } =>
            format!("the device has restarted since the export (started {exported} then, {now} now), which makes requests void"),
        InvalidReason::ExportedAgain { at } => format!("it was exported again on {}: only the last one counts", minute(*at)),
        InvalidReason::PossiblyExportedAgain { at } =>
            format!("another request was asked for on {} and none arrived: if the device made one, this one is void", minute(*at)),
        InvalidReason::Overdue { age } => format!("it is {} old: {} hours are the limit", self::age(*age), VALID_FOR.as_hours()),
        InvalidReason::Closed(ended) => format!("{} on {}", closed(ended.how), minute(ended.at)),
        InvalidReason::NotSeen { .. } => "the device was not seen since".into(),
    }
}

fn closed(how: CaseEnding) -> &'static str {
    match how {
        CaseEnding::Recovered => "the device accepted its answer",
        CaseEnding::Spent => "the device reported that it is no longer valid",
        CaseEnding::Superseded => "it was exported again",
        CaseEnding::Forgotten => "it was given up",
    }
}

/// `open`, or how a request ended. An open one that may no longer be valid is `invalid?`.
pub fn case_state(reviewed: &ReviewedCase) -> &'static str {
    match reviewed.case.ended {
        Some(ended) => ended.how.name(),
        None if reviewed.invalid_reasons.is_empty() => "open",
        None => "invalid?",
    }
}

/// How long an answer can still be given to an open request: `26 h of 48`.
pub fn case_time_left(reviewed: &ReviewedCase) -> Option<String> {
    let left = reviewed.time_left()?;
    Some(format!("{} of {}", age(left), VALID_FOR.as_hours()))
}

/// Why a request is no longer valid or may not be, in a sentence each.
pub fn case_reasons(reviewed: &ReviewedCase) -> Vec<String> {
    let reasons = reviewed.invalid_reasons.iter().map(invalid_reason);
    let aging = "older than a day: some firmware takes answers for 24 hours only";
    let aging = reviewed.aging.then(|| aging.into());
    let answered = reviewed.possibly_answered.map(minute);
    let answered = answered.map(|at| {
        format!(
            "an answer was sent on {at} and no certain reply came: most likely it was carried out"
        )
    });
    let ended = reviewed.case.ended.map(|ended| ended.how);
    let by_reply = matches!(ended, Some(CaseEnding::Recovered | CaseEnding::Spent));
    let by_reply = by_reply.then(|| "closed by one unauthenticated reply".into());
    let all = answered.into_iter().chain(reasons).chain(aging);
    all.chain(by_reply).collect()
}

/// What to do about an open request.
#[rustfmt::skip]
pub fn case_next(reviewed: &ReviewedCase) -> Option<String> {
    let request = &reviewed.case.request;
    let (name, package) = (key_name(&request.device), request.package.display());
    let import = format!("save the answer into {package}, then sadpctl reset import it");
    let export = format!("sadpctl reset export {name}");
    Some(match reviewed.next? {
        CaseStep::TryPassword => format!("try the new password in its own web page, once; if it is refused: sadpctl reset import {package} --force may-have-worked"),
        CaseStep::ExportAgain => format!("{export} --out DIR"),
        CaseStep::Import => import,
        CaseStep::ImportOrExportAgain => format!("{import}; or export again: {export} --again --out DIR"),
    })
}

/// Open requests with their numbers, one a line, to choose from.
pub fn open_requests(cases: &[&Case], now: Timestamp) -> String {
    let lines = cases.iter().map(|case| {
        let request = &case.request;
        let known = [
            request.device.serial().map(ToString::to_string),
            request.device.mac().map(|mac| mac.to_string()),
            request.address.map(|address| address.to_string()),
        ];
        let known: Vec<_> = known.into_iter().flatten().collect();
        let age = age(now.duration_since(request.exported_at));
        format!("\n  {}  {}  exported {age} ago", case.id, known.join("  "))
    });
    format!("Open requests:{}", lines.collect::<String>())
}

/// All that stops an answer, in one sentence.
pub(crate) fn objections(validity: &RequestValidity) -> String {
    let reasons = validity.reasons.iter();
    let stopping = reasons.filter(|reason| reason.stops_import());
    stopping.map(invalid_reason).collect::<Vec<_>>().join("; ")
}

/// `35 min`, `7 h`, `3 days`.
pub fn age(age: SignedDuration) -> String {
    let minutes = age.as_mins().max(0);
    match minutes {
        ..60 => format!("{minutes} min"),
        60..6000 => format!("{} h", minutes / 60),
        _ => count((minutes / 1440).unsigned_abs(), "day", "days"),
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use jiff::civil::date;
    use sadp_reset::CaseEnded;

    use super::*;

    #[test]
    fn every_reason_has_words() {
        let at = Timestamp::from_second(1_790_000_000).unwrap();
        let ended = |how| InvalidReason::Closed(CaseEnded { how, at });
        let all = [
            InvalidReason::Rebooted {
                exported: date(2026, 9, 18).at(9, 21, 28, 0),
                now: date(2026, 9, 20).at(10, 0, 5, 0),
            },
            InvalidReason::ExportedAgain { at },
            InvalidReason::PossiblyExportedAgain { at },
            InvalidReason::Overdue {
                age: SignedDuration::from_hours(49),
            },
            ended(CaseEnding::Recovered),
            ended(CaseEnding::Spent),
            ended(CaseEnding::Forgotten),
            InvalidReason::NotSeen { last: None },
        ];
        let told: Vec<_> = all.iter().map(invalid_reason).collect();
        // The zone is that of the computer.
        assert_snapshot!(told.join("\n").replace(&minute(at), "TIME"));
    }

    #[test]
    fn ages_are_round() {
        let minutes = [-5, 0, 59, 60, 5999, 6000, 100_000];
        let told = minutes.map(|minutes| age(SignedDuration::from_mins(minutes)));
        let expected = "0 min, 0 min, 59 min, 1 h, 99 h, 4 days, 69 days";
        assert_eq!(told.join(", "), expected);
    }
}
