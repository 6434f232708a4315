use jiff::Timestamp;
use sadp_isapi::HttpFailure;
use sadp_proto::Refusal;
use sadp_reset::{AttemptFilter, AttemptVerdict, CaseId};
use tempfile::TempDir;

use super::*;
use crate::{
    Cancellation, Impact, LedgerAccess, NextStep, SessionConfig, memory,
    outcome::{answer::AnswerData, guid::ImportedGuid, recovery::ResetFinding},
    recovery::{answer::new_case, button::ButtonFinding, guid::SentGuid},
};

/// A device, and a ledger in which an action was sent to it with this result.
fn sent(action: Action, result: AttemptResult) -> (Session, DiscoveredDevice, TempDir) {
    let state = tempfile::tempdir().unwrap();
    let mut session = Session::open(SessionConfig {
        scan: sadp_discovery::ScanConfig::default(),
        state: state.path().to_owned(),
        access: LedgerAccess::Write,
        cancellation: Cancellation::default(),
    })
    .unwrap();
    let address = [192, 168, 1, 64];
    let device = DiscoveredDevice::received_from(&[[address, address]]);
    record(&mut session, &device, action, result);
    (session, device, state)
}

fn record(session: &mut Session, device: &DiscoveredDevice, action: Action, result: AttemptResult) {
    let verdict = AttemptVerdict::new(result, session.now());
    let ledger = session.ledger_mut().unwrap();
    memory::tests::record(ledger, device.key(), action, &verdict);
}

/// What the ledger holds now of the commands of an action, latest first.
fn results(session: &Session, action: Action) -> Vec<AttemptResult> {
    let ledger = session.ledger().unwrap();
    let attempts = ledger.attempts(&AttemptFilter::default());
    let attempts = attempts.unwrap().into_iter();
    let own = attempts.filter(|it| it.attempt.action == action);
    own.map(|it| it.result()).collect()
}

#[test]
fn a_login_settles_what_no_reply_told() {
    use HttpLogin::{Refused, Verified};
    let done = (OutcomeStatus::Done, AttemptResult::Done);
    let refused = (OutcomeStatus::Refused, AttemptResult::Refused);
    for (action, login, (expected, recorded)) in [
        (Action::GuidImport, Verified, done),
        (Action::QuestionsAnswer, Verified, done),
        (Action::MailConfirm, Refused, refused),
        (Action::Activate, Verified, done),
        (Action::Activate, Refused, refused),
    ] {
        let (mut session, device, _state) = sent(action, AttemptResult::Unknown);
        let mut outcome = Outcome {
            next: Some(NextStep::ScanThenRepeat),
            ..Outcome::new(&device, action, OutcomeStatus::Unknown)
        };
        settle(&mut session, &device, &mut outcome, login).unwrap();
        assert_eq!(outcome.status, expected, "{action} {login:?}");
        assert_eq!(outcome.next, None, "{action} {login:?}");
        assert_eq!(results(&session, action), [recorded], "{action} {login:?}");
        let accepted = session.ledger().unwrap().account_of(&device.key().unwrap());
        assert_eq!(accepted.unwrap().is_some(), login == Verified, "{action}");
    }
}

#[test]
fn what_a_device_gives_when_it_replies_is_closed_by_a_login_too() {
    let (mut session, device, _state) = sent(Action::ImportAnswer, AttemptResult::Unknown);
    let case = new_case(device.key().unwrap());
    let id = session.ledger_mut().unwrap().open_case(&case).unwrap().id;
    let mut outcome = Outcome {
        data: answer(Some(id), false),
        ..Outcome::new(&device, Action::ImportAnswer, OutcomeStatus::Unknown)
    };
    settle(&mut session, &device, &mut outcome, HttpLogin::Verified).unwrap();
    let ledger = session.ledger().unwrap();
    let cases = ledger.cases();
    let ended = cases.unwrap()[0].ended.map(|it| it.how);
    assert_eq!(ended, Some(CaseEnding::Recovered));
    let OutcomeData::Answer(AnswerData {
        sent: Some(sent), ..
    }) = outcome.data
    else {
        panic!("{outcome:?}");
    };
    assert_eq!((sent.closed, sent.seen), (ended, Some(true)));
}

#[test]
fn a_guid_from_a_file_is_used_up_by_a_login_too() {
    let (mut session, device, _state) = sent(Action::GuidImport, AttemptResult::Unknown);
    let guid = sadp_proto::Guid::new(&[7; 128]).unwrap();
    let digest = sadp_reset::Digest::of_guid(&guid);
    let mut outcome = Outcome {
        data: OutcomeData::ImportedGuid(ImportedGuid {
            path: "own.guid".into(),
            not_preferred: None,
            sync_cameras: None,
            sent: Some(SentGuid {
                digest,
                record: None,
            }),
        }),
        ..Outcome::new(&device, Action::GuidImport, OutcomeStatus::Unknown)
    };
    settle(&mut session, &device, &mut outcome, HttpLogin::Verified).unwrap();
    let file = sadp_reset::GuidFile {
        guid,
        sha256: digest,
    };
    let standing = session.ledger().unwrap();
    let standing = standing
        .guid_standing(&device.key().unwrap(), &file)
        .unwrap();
    assert!(matches!(
        standing,
        sadp_reset::GuidStanding::Void(GuidVoid::Used, _)
    ));
}

/// A login with the password of this run says nothing of the one of an earlier run.
#[test]
fn what_an_earlier_run_sent_is_settled_only_where_its_password_is_this_one() {
    use AttemptResult::{Done, Refused, Unknown};
    for (login, status, earlier) in [
        (HttpLogin::Verified, OutcomeStatus::Done, Done),
        (HttpLogin::Refused, OutcomeStatus::Refused, Unknown),
    ] {
        let action = Action::MailConfirm;
        let (mut session, device, _state) = sent(action, Unknown);
        record(&mut session, &device, action, Refused);
        let at = session.now();
        let mut outcome = Outcome {
            verdict: Some(Refusal::CodeError.into()),
            reason: Reason::PasswordReset(ResetFinding::PossiblySetBefore { at }),
            ..Outcome::new(&device, action, OutcomeStatus::Unknown)
        };
        settle(&mut session, &device, &mut outcome, login).unwrap();
        assert_eq!(outcome.status, status);
        assert_eq!(results(&session, action), [Refused, earlier], "{login:?}");
    }
}

#[test]
fn a_device_that_took_the_password_and_refuses_it_contradicts_itself() {
    let (mut session, device, _state) = sent(Action::GuidImport, AttemptResult::Done);
    let mut outcome = Outcome::new(&device, Action::GuidImport, OutcomeStatus::Done);
    settle(&mut session, &device, &mut outcome, HttpLogin::Refused).unwrap();
    assert_eq!(outcome.status, OutcomeStatus::Unknown);
    assert_eq!(outcome.reason, Reason::Verify(VerifyFinding::Contradicted));
    assert_eq!(outcome.impact(), Impact::Device);
    let recorded = results(&session, Action::GuidImport);
    assert_eq!(recorded, [AttemptResult::Done], "the device's own word");
}

#[test]
fn only_what_was_sent_this_password_is_tried() {
    use OutcomeStatus::{Done, NoAnswer, Refused, Skipped, Unknown};
    let at = Timestamp::UNIX_EPOCH;
    let earlier = Reason::ActivatedEarlier { at };
    let button = Reason::Button(ButtonFinding::Reset);
    for (action, status, reason, tried) in [
        (Action::GuidImport, Done, Reason::Plain, true),
        (Action::GuidImport, Unknown, Reason::Contradicted, true),
        (Action::GuidImport, Refused, Reason::Plain, false),
        (Action::GuidImport, Skipped, Reason::Plain, false),
        (Action::Activate, Done, Reason::Plain, true),
        (Action::Activate, Done, earlier, false),
        (Action::Activate, Done, button, false),
        (Action::Deactivate, Done, Reason::Plain, false),
        (Action::GuidExport, NoAnswer, Reason::Plain, false),
        (Action::NetSet, Done, Reason::Plain, false),
    ] {
        let outcome = Outcome {
            reason,
            ..Outcome::new(DeviceRef::default(), action, status)
        };
        assert_eq!(was_given_password(&outcome), tried, "{outcome:?}");
    }
    for (status, sets_default) in [(Done, false), (Unknown, true)] {
        let outcome = Outcome {
            data: answer(None, sets_default),
            ..Outcome::new(DeviceRef::default(), Action::ImportAnswer, status)
        };
        assert_eq!(was_given_password(&outcome), !sets_default, "{outcome:?}");
    }
}

/// An answer that was sent, for a request where there is one.
fn answer(case: Option<CaseId>, sets_default: bool) -> OutcomeData {
    let sent = SentAnswer {
        closed: None,
        seen: None,
        sets_default,
    };
    OutcomeData::Answer(AnswerData {
        case,
        sent: Some(sent),
        ..AnswerData::default()
    })
}

#[test]
fn a_login_that_was_not_judged_settles_nothing() {
    let unanswered = Outcome {
        reason: Reason::Http(HttpFinding::Unanswered(HttpFailure::Timeout)),
        data: OutcomeData::Http(Box::default()),
        ..Outcome::new(DeviceRef::default(), Action::Check, OutcomeStatus::Unknown)
    };
    assert_eq!(login_of(&unanswered), None);
}
