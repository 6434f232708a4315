//! GUIDs: exported with the password, taken back without.

use sadp_proto::{Command, CommandOutcome, Guid, Refusal};
use sadp_sim::Access;

use super::{
    PASSWORD, UNACTIVATED,
    van::{Van, assert_refused, assert_try, done, is_done, password, refused, word},
};

const RECORDER: &str = "nvr-v3.4.106";

fn export(van: &mut Van, current: &str) -> CommandOutcome {
    let password = password(current);
    van.order(0, Command::ExportGuid { password })
}

fn exported(van: &mut Van) -> Guid {
    Guid::read(&done(export(van, Access::PASSWORD))).unwrap()
}

fn reset(van: &mut Van, guid: &Guid, new: &str) -> CommandOutcome {
    let command = Command::ResetByGuid {
        guid: Box::new(guid.clone()),
        password: password(new),
        sync_cameras: false,
    };
    van.order(0, command)
}

#[test]
fn a_guid_resets_the_password_once() {
    let mut van = Van::one(RECORDER, "restart = \"1m\"");
    let [guid, other] = [(); 2].map(|()| exported(&mut van));
    assert!(
        guid.to_bytes()
            .unwrap()
            .starts_with(b"SADPCTL-SIMULATED-GUID:")
    );
    assert_ne!(guid, other);
    van.wait(std::time::Duration::from_hours(9000));
    assert_refused(reset(&mut van, &guid, "Garden123"), &Refusal::RiskPassword);
    assert!(is_done(&reset(&mut van, &guid, PASSWORD)));
    assert!(van.has_password(0, PASSWORD));
    assert_try(reset(&mut van, &guid, PASSWORD), &Refusal::InvalidGuid, 6);
    assert_try(reset(&mut van, &other, PASSWORD), &Refusal::InvalidGuid, 5);
    let executions = van.fleet.executions(0);
    assert_eq!((executions.guid_exports, executions.guid_resets), (2, 1));
}

#[test]
fn a_guid_is_void_after_another_way_changed_the_password() {
    let mut van = Van::one(RECORDER, "");
    let guid = exported(&mut van);
    let reply = done(van.order(0, Command::GetEncryptString));
    let request = sadp_proto::RequestCode::read(&reply).unwrap();
    let request: sadp_sim::vendor_support::RequestText = request.as_str().parse().unwrap();
    let command = Command::Reset {
        code: super::van::code(&request.answer()),
        password: password(PASSWORD),
        sync_cameras: false,
    };
    assert!(is_done(&van.order(0, command)));
    assert_try(reset(&mut van, &guid, PASSWORD), &Refusal::InvalidGuid, 6);
}

#[test]
fn wrong_guids_lock_and_foreign_ones_are_wrong() {
    let mut van = Van::one(RECORDER, "");
    let good = exported(&mut van);
    let wrong = Guid::new(&[7; 128]).unwrap();
    for left in (1..7).rev() {
        assert_try(
            reset(&mut van, &wrong, PASSWORD),
            &Refusal::InvalidGuid,
            left,
        );
    }
    let verdict = refused(reset(&mut van, &wrong, PASSWORD));
    assert_eq!(
        (verdict.refusal, verdict.lock_minutes),
        (Refusal::Locked, Some(30))
    );
    assert_eq!(word(reset(&mut van, &good, PASSWORD)), Refusal::Locked);
    van.wait(std::time::Duration::from_mins(30));
    assert!(is_done(&reset(&mut van, &good, PASSWORD)));
}

#[test]
fn an_export_needs_the_password_and_shares_its_tries() {
    let mut van = Van::one(RECORDER, "tries = 3");
    assert_try(export(&mut van, "wrong"), &Refusal::PasswordError, 2);
    assert!(!van.has_password(0, "wrong"));
    let verdict = refused(export(&mut van, "wrong"));
    assert_eq!(
        (verdict.refusal, verdict.lock_minutes),
        (Refusal::Locked, Some(30))
    );
    assert_eq!(word(export(&mut van, Access::PASSWORD)), Refusal::Locked);
    assert_eq!(
        word(van.update(0, "192.168.1.9", Access::PASSWORD)),
        Refusal::Locked
    );
}

#[test]
fn who_has_no_password_or_no_guids_says_so() {
    let mut van = Van::one(RECORDER, UNACTIVATED);
    assert_refused(export(&mut van, "wrong"), &Refusal::Failed);
    let guid = Guid::new(&[7; 128]).unwrap();
    assert_refused(reset(&mut van, &guid, PASSWORD), &Refusal::NotActivated);
    let mut van = Van::one("ipc-v5.5.6", "");
    assert!(matches!(
        export(&mut van, Access::PASSWORD),
        CommandOutcome::Unknown
    ));
    let mut van = Van::one(RECORDER, "fields = { SupportGUID = \"false\" }");
    assert_refused(export(&mut van, Access::PASSWORD), &Refusal::Failed);
    assert_refused(reset(&mut van, &guid, PASSWORD), &Refusal::Failed);
}
