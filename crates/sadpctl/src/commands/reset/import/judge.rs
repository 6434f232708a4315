//! Which answers may be sent.

use std::time::SystemTime;

use jiff::Timestamp;
use sadp_model::State;
use sadp_ops::recovery::History;
use sadp_proto::Refusal;
use sadp_reset::{
    Action, Answer, AttemptRecord, AttemptResult, CaseEnding, DeviceKey, KnownBy, RequestKind,
    Target,
};
use sadp_text::{doubt, minute, objections};
use serde_json::json;

use super::given::{Given, Source};
use crate::{
    advice::Remedy,
    args::GlobalArgs,
    commands::{
        batch::{self, Site},
        reset::errand::offers_sync,
    },
    failure::{Exit, Failure},
    found::Found,
    outcome::Outcome,
    state,
};

/// An answer that may be sent to this device.
pub(super) struct Ready {
    pub(super) found: Found,
    pub(super) target: Target,
    pub(super) source: Source,
    pub(super) known_by: KnownBy,
    pub(super) answer: Answer,
    pub(super) kind: RequestKind,
    /// An answer was sent before, and no reply came.
    pub(super) sent_before: bool,
    /// Why its request may be void, where that is not sure.
    pub(super) doubt: Option<String>,
}

impl Ready {
    /// Whether it goes out without a new password.
    pub(super) fn is_legacy(&self) -> bool {
        self.kind == RequestKind::LegacyCode
    }

    /// Adds to an outcome which file and request it is about.
    pub(super) fn add_data(&self, outcome: &mut Outcome) {
        self.source.add_data(outcome);
        if let Some(case) = self.target.case {
            outcome.data.insert("case".into(), json!(case.number()));
        }
    }
}

/// Leaves out, before anything is looked for, what was answered or spoilt
/// before.
pub(super) fn early(
    given: Vec<Given>,
    past: &History<'_>,
    force: bool,
    outcomes: &mut Vec<Outcome>,
) -> Vec<Given> {
    let mut open = Vec::new();
    for given in given {
        let Some(mut outcome) = settled(&given.target, past, force) else {
            open.push(given);
            continue;
        };
        given.source.add_data(&mut outcome);
        outcomes.push(outcome);
    }
    open
}

fn settled(target: &Target, past: &History<'_>, force: bool) -> Option<Outcome> {
    let key = Some(&target.device);
    let unseen = |why: String| Outcome::unseen(key, Action::ImportAnswer, why);
    if force {
        return None;
    }
    let ended = target.facts.ended;
    if let Some(ended) = ended.filter(|ended| ended.how == CaseEnding::Recovered) {
        let why = format!("it took its answer on {} already", minute(ended.at));
        let mut outcome = unseen(why);
        outcome.exit = Exit::Done;
        return Some(outcome);
    }
    let judgement = past.judge_unseen(&target.facts);
    judgement.stops_import().then(|| {
        let outcome = unseen(format!("not sent: {}", objections(&judgement)));
        outcome.next(ANEW)
    })
}

const ANEW: &str = "export a new request and ask for a new answer; --force sends it all the same";

/// Judges answers with the devices in sight.
pub(super) struct Late<'a> {
    pub(super) past: &'a History<'a>,
    pub(super) site: &'a Site,
    pub(super) force: bool,
    pub(super) sync_cameras: bool,
}

impl Late<'_> {
    /// Parts the answers that may be sent from the others.
    pub(super) fn judge(
        &self,
        given: Vec<Given>,
        outcomes: &mut Vec<Outcome>,
    ) -> Result<Vec<Ready>, Failure> {
        let mut ready: Vec<Ready> = Vec::new();
        for given in given {
            let source = given.source.clone();
            match self.one(given)? {
                Ok(one) => ready.push(one),
                Err(mut outcome) => {
                    source.add_data(&mut outcome);
                    outcomes.push(*outcome);
                }
            }
        }
        Ok(ready)
    }

    fn one(&self, given: Given) -> Result<Result<Ready, Box<Outcome>>, Failure> {
        let found = match self.device(&given.target.device) {
            Ok(found) => found.clone(),
            Err(outcome) => return Ok(Err(outcome)),
        };
        if let Some(outcome) = self.objection(&found, &given.target) {
            return Ok(Err(Box::new(outcome)));
        }
        let target = given.target.clone();
        let history = self.history(&target)?;
        let source = given.source.clone();
        let known_by = given.known_by;
        if let Some(outcome) = self.repetition(&found, &source, &history) {
            return Ok(Err(Box::new(outcome)));
        }
        let offered = found
            .entry
            .device
            .recovery
            .request
            .and_then(RequestKind::of);
        let unfit = |why: &str, next: &str| {
            let outcome = Outcome::unsafe_to_send(&found, Action::ImportAnswer, why);
            Ok(Err(Box::new(outcome.next(next))))
        };
        let Some(kind) = target.kind.or(offered) else {
            return unfit(
                "its reply does not tell which answer it takes",
                "scan again",
            );
        };
        if kind == RequestKind::File && source == Source::Key {
            return unfit(
                "it takes no key, only the file that the vendor's support sends",
                "ask the support for the file, and import that",
            );
        }
        // A dated code sets no password that could be passed on.
        let passes_on = offers_sync(&found) && kind != RequestKind::LegacyCode;
        if self.sync_cameras && !passes_on {
            return unfit(
                "it does not offer to pass a new password on to its cameras",
                "leave --sync-cameras out, and set the cameras' passwords one by one",
            );
        }
        let answer = match given.answer(kind) {
            Ok(answer) => answer,
            Err(error) => return unfit(&format!("not sent: {error}"), &error.remedy()),
        };
        Ok(Ok(Ready {
            doubt: doubt(&self.past.judge(&target.facts, &found)),
            sent_before: history
                .iter()
                .any(|record| record.result() == AttemptResult::Unknown),
            found,
            target,
            source,
            known_by,
            answer,
            kind,
        }))
    }

    /// The one device that is meant.
    fn device(&self, key: &DeviceKey) -> Result<&Found, Box<Outcome>> {
        let devices = self.site.devices.iter();
        let all: Vec<_> = devices.filter(|found| found.is(key)).collect();
        let unseen = |why: &str| Outcome::unseen(Some(key), Action::ImportAnswer, why);
        match all[..] {
            [found] => Ok(found),
            [] => {
                let outcome = unseen("not sent: the device was not found; its request stays open");
                let mut outcome =
                    outcome.next("connect it without restarting it, then run it again");
                outcome.exit = Exit::Refused;
                Err(Box::new(outcome))
            }
            _ => {
                let outcome = unseen("not sent: more than one device can be meant");
                Err(Box::new(
                    outcome.next("unplug the other, then run it again"),
                ))
            }
        }
    }

    /// Why a device is not given the answer to this request.
    fn objection(&self, found: &Found, target: &Target) -> Option<Outcome> {
        let unsafe_to_send =
            |why: String| Outcome::unsafe_to_send(found, Action::ImportAnswer, why);
        if found.entry.device.state == Some(State::Unactivated) {
            let outcome = unsafe_to_send("it has no password now: it was reset".into());
            return Some(outcome.next("activate it: sadpctl activate DEVICE"));
        }
        let judgement = self.past.judge(&target.facts, found);
        if judgement.stops_import() && !self.force {
            let outcome = unsafe_to_send(format!("not sent: {}", objections(&judgement)));
            return Some(outcome.next(ANEW));
        }
        None
    }

    /// The answers sent since the request was exported.
    fn history(&self, target: &Target) -> Result<Vec<AttemptRecord>, Failure> {
        let since = target.facts.exported_at;
        let Some(since) = since else {
            return Ok(Vec::new());
        };
        let mut all = self
            .past
            .attempts(&target.device, Some(since))
            .map_err(state::failed)?;
        all.retain(|record| record.attempt.action == Action::ImportAnswer);
        Ok(all)
    }

    /// A file that was there when the device refused an answer is that answer:
    /// sending it again costs another try. A key may have been mistyped.
    fn repetition(
        &self,
        found: &Found,
        source: &Source,
        history: &[AttemptRecord],
    ) -> Option<Outcome> {
        let Source::File(path) = source else {
            return None;
        };
        let refused = history.iter().find_map(refused_at)?;
        let changed = std::fs::metadata(path).and_then(|meta| meta.modified());
        let newer = changed.is_ok_and(|changed| changed > SystemTime::from(refused));
        (!newer && !self.force).then(|| {
            let at = minute(refused);
            let why = format!("not sent: it refused an answer to this request on {at}");
            Outcome::unsafe_to_send(found, Action::ImportAnswer, why)
                .next("check whose answer it is, and save the right one anew in its place; --force sends it all the same")
        })
    }
}

/// When a device called an answer wrong.
fn refused_at(record: &AttemptRecord) -> Option<Timestamp> {
    let verdict = record.verdict.as_ref()?;
    let refusal = Refusal::read(verdict.refusal.as_ref()?.as_str())?;
    refusal.is_wrong_answer().then_some(verdict.at)
}

/// Leaves out devices that are locked or nearly so, and those that two answers
/// would reach.
pub(super) fn vet(
    ready: Vec<Ready>,
    force: bool,
    (global, outcomes): (&GlobalArgs, &mut Vec<Outcome>),
) -> Result<Vec<Ready>, Failure> {
    let devices = ready.iter().map(|ready| ready.found.clone()).collect();
    let (fit, unfit) = batch::vet(devices, Action::ImportAnswer, force, global)?;
    outcomes.extend(unfit);
    let fit: Vec<_> = fit.iter().map(Found::key).collect();
    let mut kept = Vec::new();
    for ready in ready {
        let own = ready.found.key();
        match fit.iter().filter(|fit| **fit == own).count() {
            0 => {}
            1 => kept.push(ready),
            _ => {
                let why = format!("not sent: {} is not the only answer for it", ready.source);
                let outcome = Outcome::unsafe_to_send(&ready.found, Action::ImportAnswer, why);
                outcomes.push(outcome.next("name one answer alone"));
            }
        }
    }
    Ok(kept)
}
